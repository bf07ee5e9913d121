"""What the workers share: one process per tool and task, which times the query alone and measures its error.

``python peers/<tool>.py table.parquet task runs`` prints one line of JSON: {seconds, rmse, peak_mb, notes, version}.
Nothing here needs more than pandas, NumPy and pyarrow, in the versions that each tool asks for.
"""

import json
import resource
import sys
import time
from itertools import pairwise

KEYS = [f"{number:03d}" for number in range(100, 1000)]
EDGES = [18, 25, 35, 45, 55, 65, 75, 85, 95]
BANDS = [f"[{low}, {high})" for low, high in pairwise(EDGES)]
LOWER, UPPER = 0.0, 500.0
GROUPS, EACH = 3, 5


def read(path):
    import pandas as pd

    return pd.read_parquet(path)


def banded(frame):
    """Add the age band as a column, outside of what is timed: every tool gets it for free."""
    import pandas as pd

    return frame.assign(band=pd.cut(frame["age"], EDGES, right=False, labels=BANDS).astype(str))


def exact(path, task):
    """Return what the task asks, exactly: {statistic: numbers in the order of the keys}."""
    import numpy as np
    import pandas as pd

    frame = read(path)
    if task == "a":
        return {"count": np.array([len(frame)])}
    if task == "d":
        return {"median": np.array([frame["age"].median()])}
    if task == "e":
        index = pd.MultiIndex.from_product([KEYS, BANDS])
        return {"count": banded(frame).groupby(["zip3", "band"]).size().reindex(index, fill_value=0).to_numpy()}
    groups = frame["amount"].clip(LOWER, UPPER).groupby(frame["zip3"])
    if task == "c":
        return {"sum": groups.sum().reindex(KEYS).to_numpy(), "mean": groups.mean().reindex(KEYS).to_numpy()}
    return {"count": groups.size().reindex(KEYS, fill_value=0).to_numpy()}


def main(tool, version, prepare, notes=None):
    """Run one task: `prepare(path, task)` returns a callable that answers it, or None where the tool cannot.

    Parameters
    ----------
    notes : dict, optional
        What to know about the tool, by task; "" for all of them.
    """
    import numpy as np

    path, task, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    told = [text for name, text in (notes or {}).items() if not name or task in name.split()]
    try:
        ask = prepare(path, task)
        if ask is None:
            print(json.dumps({"tool": tool, "version": version, "skipped": "cannot answer it", "notes": told}))
            return
        seconds, answers = [], []
        for _ in range(runs + 1):
            start = time.perf_counter()
            answers.append(ask())
            seconds.append(time.perf_counter() - start)
    except Exception as error:  # noqa: BLE001  # of any tool; the table is synthetic
        text = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        print(json.dumps({"tool": tool, "version": version, "failed": text, "notes": told}))
        return
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    truth = exact(path, task)
    rmse = {
        name: float(np.sqrt(np.mean([(np.asarray(answer[name], dtype=float) - values) ** 2 for answer in answers])))
        for name, values in truth.items()
        if name in answers[0]
    }
    print(
        json.dumps(
            {"tool": tool, "version": version, "seconds": seconds[1:], "rmse": rmse, "peak_mb": peak, "notes": told}
        )
    )
