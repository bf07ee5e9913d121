"""PyDP (Google's C++ library): a loop over the groups."""

import pandas as pd
import pydp.algorithms.laplacian as laplacian
from worker import BANDS, KEYS, LOWER, UPPER, banded, main, read


def prepare(path, task):
    frame = banded(read(path)) if task == "e" else read(path)
    if task == "a":
        return lambda: {"count": [counted(len(frame), 1.0)]}
    if task in ("b", "e"):
        by = ["zip3", "band"] if task == "e" else "zip3"
        index = pd.MultiIndex.from_product([KEYS, BANDS]) if task == "e" else pd.Index(KEYS)
        return lambda: {"count": [counted(n, 1.0) for n in frame.groupby(by).size().reindex(index, fill_value=0)]}
    if task == "c":

        def moments():
            sums, means = [], []
            for _, values in frame["amount"].groupby(frame["zip3"]):
                added = laplacian.BoundedSum(epsilon=0.5, lower_bound=LOWER, upper_bound=UPPER, dtype="float")
                added.add_entries(values.tolist())
                sums.append(added.result())
                means.append(sums[-1] / max(counted(len(values), 0.5), 1))
            return {"sum": sums, "mean": means}

        return moments
    if task == "d":

        def median():
            found = laplacian.Median(epsilon=1.0, lower_bound=18, upper_bound=95, dtype="int")
            found.add_entries(frame["age"].tolist())
            return {"median": [found.result()]}

        return median
    return None


def counted(size, epsilon):
    count = laplacian.Count(epsilon=epsilon, dtype="int")
    count.add_entries([1] * int(size))
    return count.result()


notes = {"": "no grouping and no keys: the loop is ours; entries go in as Python lists", "ub ur": "knows no persons"}
main("PyDP", "1.1.5", prepare, notes)
