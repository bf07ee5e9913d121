"""privkit, with its ledger on disk: each run is a new charge."""

import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from worker import BANDS, EACH, GROUPS, KEYS, LOWER, ROWS, UPPER, main, read

import privkit as pk
from privkit.project.dp import counts, quantiles, sums, tables

FOLDER = tempfile.TemporaryDirectory()
AGES = list(range(18, 96))


def prepare(folder, question, unit):
    frame = read(folder, question)
    whose = pk.ROW if unit == "row" else "user_id"
    project = pk.open_project("bench", epsilon=10_000, unit=whose, store=Path(FOLDER.name) / "ledger.db")
    price = {"epsilon": 1, "again": True, "project": project}
    price |= {"row": {}, "15": {"max_rows": ROWS}, "3x5": {"max_groups": GROUPS, "per_group": EACH}}[unit]
    if question == "a":
        return lambda: {"count": [counts.dp_count(frame, **price).value]}
    if question == "b":
        return lambda: {"count": counts.dp_count(frame, "zip3", keys=KEYS, **price).value}
    if question == "c":

        def moments():
            release = sums.dp_mean(frame, "amount", "zip3", keys=KEYS, bounds=(LOWER, UPPER), **price)
            return {"sum": release.estimates["sum"], "mean": release.estimates["mean"]}

        return moments
    if question == "d":
        return lambda: {"median": [quantiles.dp_median(frame, "age", candidates=AGES, **price).value]}
    keys = {"zip3": KEYS, "band": BANDS}
    return lambda: {"count": tables.dp_crosstab(frame, "zip3", "band", keys=keys, **price).value}


try:
    installed = version("jupyter-privkit")
except PackageNotFoundError:
    installed = "checkout"
main("privkit, ledger included", installed, prepare)
