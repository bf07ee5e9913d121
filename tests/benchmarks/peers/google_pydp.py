"""PyDP (Google's C++ library): a loop over the groups."""

from importlib.metadata import version

import pydp.algorithms.laplacian as laplacian
from worker import KEYS, LOWER, UPPER, exact, main, read


def prepare(folder, question, unit):
    if unit != "row":
        return "knows no persons with several rows"
    frame = read(folder, question)
    if question == "d":

        def median():
            found = laplacian.Median(epsilon=1.0, lower_bound=18, upper_bound=95, dtype="int")
            found.add_entries(frame["age"].tolist())
            return {"median": [found.result()]}

        return median
    if question == "c":

        def moments():
            sums, means = dict.fromkeys(KEYS, 0.0), dict.fromkeys(KEYS, 0.0)
            for key, values in frame["amount"].groupby(frame["zip3"]):
                added = laplacian.BoundedSum(epsilon=0.5, lower_bound=LOWER, upper_bound=UPPER, dtype="float")
                added.add_entries(values.tolist())
                sums[key] = added.result()
                means[key] = sums[key] / max(counted(len(values), 0.5), 1)
            return {"sum": list(sums.values()), "mean": list(means.values())}

        return moments
    return lambda: {"count": [counted(size, 1.0) for size in exact(frame, question)["count"]]}


def counted(size, epsilon):
    count = laplacian.Count(epsilon=epsilon, dtype="int")
    count.add_entries([1] * int(size))
    return count.result()


notes = {"": "no grouping and no keys: the loop over exact groups is ours; entries go in as Python lists"}
main("PyDP", version("python-dp"), prepare, notes)
