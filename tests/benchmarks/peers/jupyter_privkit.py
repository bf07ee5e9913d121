"""privkit, with its ledger on disk: each run is a new charge."""

import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from worker import BANDS, EACH, GROUPS, KEYS, LOWER, UPPER, banded, main, read

import privkit as pk
from privkit.project import counts, quantiles, sums

FOLDER = tempfile.TemporaryDirectory()


def prepare(path, task):
    frame = banded(read(path)) if task == "e" else read(path)
    unit = pk.ROW if task in "abcde" else "user_id"
    project = pk.open_project("bench", epsilon=10_000, unit=unit, store=Path(FOLDER.name) / "ledger.db")
    price = {"epsilon": 1, "again": True, "project": project}
    if task == "a":
        return lambda: {"count": [counts.dp_count(frame, **price).value]}
    if task == "b":
        return lambda: {"count": counts.dp_count(frame, "zip3", keys=KEYS, **price).value}
    if task == "c":

        def moments():
            release = sums.dp_mean(frame, "amount", "zip3", keys=KEYS, bounds=(LOWER, UPPER), **price)
            return {"sum": release.estimates["sum"], "mean": release.estimates["mean"]}

        return moments
    if task == "d":
        return lambda: {"median": [quantiles.dp_median(frame, "age", candidates=list(range(18, 96)), **price).value]}
    if task == "e":
        keys = {"zip3": KEYS, "band": BANDS}
        return lambda: {"count": counts.dp_crosstab(frame, "zip3", "band", keys=keys, **price).value}
    bounds = {"max_groups": GROUPS, "per_group": EACH} if task == "ub" else {"max_rows": GROUPS * EACH}
    return lambda: {"count": counts.dp_count(frame, "zip3", keys=KEYS, **bounds, **price).value}


try:
    installed = version("jupyter-privkit")
except PackageNotFoundError:
    installed = "checkout"
main("privkit, ledger included", installed, prepare)
