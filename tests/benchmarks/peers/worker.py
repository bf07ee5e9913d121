"""What the workers share: one process for each tool and question, which times the query and measures its error.

``python peers/<tool>.py "{json}"`` prints one line of JSON. Nothing here needs
more than pandas, NumPy and pyarrow, in the versions that each tool asks for.
"""

import gc
import json
import os
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

KEYS = [f"{number:03d}" for number in range(100, 1000)]
EDGES = [18, 25, 35, 45, 55, 65, 75, 85, 95]
BANDS = [f"[{low}, {high})" for low, high in pairwise(EDGES)]
LOWER, UPPER = 0.0, 500.0
#: The two ways to bound a person: 3 groups with 5 rows in each, or 15 rows in all.
GROUPS, EACH = 3, 5
ROWS = GROUPS * EACH
#: A query slower than this has its first run timed, and no other; one slower than a second has three.
SLOW = 5.0
#: How many answers are drawn at most to measure an error.
DRAWS = 100


def table_of(folder, question):
    """Return the path of the question's table: its age bands are a column of their own, free for every tool."""
    return Path(folder) / ("banded.parquet" if question == "e" else "purchases.parquet")


def read(folder, question):
    import pandas as pd

    return pd.read_parquet(table_of(folder, question))


def groups_of(question):
    """Return the columns that a question groups by."""
    return {"a": [], "d": [], "e": ["zip3", "band"]}.get(question, ["zip3"])


def cells_of(question):
    """Return the public keys of a question, as a pandas index."""
    import pandas as pd

    return pd.MultiIndex.from_product([KEYS, BANDS], names=["zip3", "band"]) if question == "e" else pd.Index(KEYS)


def bounded(frame, by, unit):
    """Return the rows that stay when each person keeps the first ones: bounding without sampling."""
    if unit == "row":
        return frame
    if unit == "15":
        return frame[frame.groupby("user_id").cumcount() < ROWS]
    each = frame[frame.groupby(["user_id", *by]).cumcount() < EACH]
    pairs = each[["user_id", *by]].drop_duplicates()
    return each.merge(pairs[pairs.groupby("user_id").cumcount() < GROUPS])


def exact(frame, question):
    """Return what the question asks, exactly and of all rows: {statistic: numbers in the order of the keys}."""
    if question == "a":
        return {"count": [len(frame)]}
    if question == "d":
        return {"median": [frame["age"].median()]}
    if question == "c":
        found = frame["amount"].clip(LOWER, UPPER).groupby(frame["zip3"]).agg(["sum", "mean"]).reindex(KEYS)
        return {"sum": found["sum"], "mean": found["mean"]}
    return {"count": frame.groupby(groups_of(question)).size().reindex(cells_of(question), fill_value=0)}


def main(tool, version, prepare, notes=None):
    """Run one question: `prepare(folder, question, unit)` returns a callable that answers it, or why the tool cannot.

    Parameters
    ----------
    notes : dict, optional
        What to know about the tool, by the letters of questions, or by a unit; "" for all of them.
    """
    asked = json.loads(sys.argv[1])
    question, unit, limit = asked["question"], asked["unit"], asked["limit"]
    told = [text for on, text in (notes or {}).items() if not on or question in on.split() or unit in on.split()]
    said = {"tool": tool, "version": version, "notes": told}
    try:
        ask = prepare(asked["folder"], question, unit)
        if isinstance(ask, str):
            tell({**said, "skipped": ask})
        watch = threading.Timer(limit, lambda: tell({**said, "failed": f"over {limit:g} s", "slow": True}))
        watch.daemon = True
        watch.start()
        seconds, answers = timed(ask, asked["runs"])
        watch.cancel()
        peak = peak_mb()
        answers += drawn(ask, seconds, asked["draw_seconds"])
    except Exception as error:  # noqa: BLE001  # of any tool; the table is synthetic
        tell({**said, "failed": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"})
    found = errors(answers, asked["truth"])
    tell({**said, "seconds": seconds, "draws": len(answers), "peak_mb": peak, "errors": found})


def tell(answer):
    """Print the answer and end the process, whatever threads and virtual machines it has."""
    print(json.dumps(answer), flush=True)
    os._exit(0)


def timed(ask, runs):
    """Return the seconds of warm runs, and their answers."""
    seconds, answers = [], []
    wanted = runs + 1
    while len(seconds) < wanted:
        gc.collect()
        start = time.perf_counter()
        answers.append(ask())
        seconds.append(time.perf_counter() - start)
        if seconds[0] > SLOW:
            return seconds, answers
        wanted = min(wanted, 4) if seconds[-1] > 1 else wanted
    return seconds[1:], answers


def drawn(ask, seconds, room):
    """Return more answers, for the error, as long as there is room."""
    answers, end = [], time.perf_counter() + room
    while len(answers) < DRAWS and time.perf_counter() + seconds[-1] < end:
        answers.append(ask())
    return answers


def errors(answers, truth):
    """Return of each statistic the RMSE over all cells and answers, its standard error, and the spread.

    The spread is the root mean variance of a cell's answers: the error without what bounding persons takes away.
    """
    import numpy as np

    known = np.load(truth)
    found = {}
    for name in set(known) & set(answers[0]):
        drawn = np.array([np.asarray(answer[name], dtype=float) for answer in answers])
        if name == "mean":  # as anybody may do at no cost
            drawn = np.clip(drawn, LOWER, UPPER)
        squares = (drawn - known[name]) ** 2
        rmse = float(np.sqrt(np.nanmean(squares)))
        found[name] = {
            "rmse": rmse,
            "se": float(np.nanstd(squares) / np.sqrt(squares.size) / 2 / rmse) if rmse else 0.0,
            "spread": float(np.sqrt(np.nanmean(np.nanvar(drawn, axis=0, ddof=1)))) if len(drawn) > 1 else None,
            "missing": int(np.isnan(squares).sum()),
            "drawn": squares.size,
        }
    return found


def peak_mb():
    """Return the largest resident size of this process and of those it started, each at its own peak.

    Read of the process itself: ``getrusage`` begins with the peak of the process that started this one.
    """
    parents = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:  # it has just ended
            continue
        parents[int(status.parent.name)] = (int(lines["PPid"]), int(lines.get("VmHWM", "0 kB").split()[0]))
    own = {os.getpid()}
    while more := {child for child, (parent, _) in parents.items() if parent in own} - own:
        own |= more
    return sum(parents[process][1] for process in own) / 1024
