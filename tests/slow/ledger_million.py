"""A ledger of a million entries: how long each act takes until its first answer, and how much memory it needs.

Run ``python -m pytest tests/slow/ledger_million.py -s``. It writes 1.6 GB (PostgreSQL: as for tests/budget, about as
much), and each act runs in a process of its own. `PRIVKIT_ENTRIES` sets another number of entries.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "budget"))

from budget_terms import terms
from conftest import postgres_database, postgres_server, postgres_url  # noqa: F401
from many_entries import NEEDLE, fill

from privkit.budget.ledger import Ledger

ENTRIES = int(os.environ.get("PRIVKIT_ENTRIES", "1_000_000"))
#: Seconds until the first answer, and megabytes at the peak, the libraries' own included.
SECONDS, MEGABYTES = 1.0, 300

#: What a person waits for.
ACTS = {
    "open": "pk.open_project('many', store=sys.argv[1])",
    "len": "len(project.ledger)",
    "repr": "repr(project), repr(project.ledger), project.ledger._repr_html_()",
    "panel": "project.panel().still()",
    "plot": "project.ledger.plot().figure.canvas.draw()",
    "the last thousand as a frame": "project.ledger.to_frame(after=len(project.ledger) - 1000)",
    "odometer": "project.ledger.odometer()",
    "first part of CSV": "next(csv_parts(project.account))",
    "first part of JSON": "[part for part, _ in zip(json_parts(project.account), range(100))]",
    "first records of verify": "[part for part, _ in zip(project.account._records(), range(100))]",
    "side panel, first page": "page()",
    "side panel, middle": "page(before=len(project.ledger) // 2)",
    "side panel, last page": "page(before=51)",
    "search, common words": "page(search='mean of spend')",
    "search, one entry": f"page(search='{NEEDLE}')",
    "search, no entry": "page(search='nosuchword')",
    "search, a number": "page(search='#7')",
}
#: What goes through all entries: constant memory (of a frame, little beside its columns), whatever the time.
WHOLE = {
    "to_frame": "project.ledger.to_frame()",
    "odometer by analyst": "project.ledger.odometer().by_analyst",
    "all readings of the odometer": "all(project.ledger.odometer().readings)",
    "to_csv": "project.ledger.to_csv(os.devnull)",
    "to_json": "project.ledger.to_json(os.devnull)",
    "verify": "project.ledger.verify()",
    "whole search": "every(search='nosuchword')",
}
CODE = """
import json, os, resource, sys, time
import privkit as pk
import privkit.view.project.panel
if "plot" in sys.argv[2]:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot
    import privkit.view.project.plots
from privkit.budget.export import csv_parts, json_parts
from privkit.lab import reading

project = pk.open_project("many", store=sys.argv[1])
reading._ledger = lambda root, path: project_ledger
from privkit.budget.ledger import Ledger
project_ledger = Ledger.open(sys.argv[1], read_only=True)

def page(**options):
    return reading.entries_of(None, "", "many", **options)

def every(**options):
    before = None
    while (found := page(before=before, **options))["next"] is not None:
        before = found["next"]

start, spent = time.perf_counter(), time.process_time()
eval(sys.argv[2])
seconds, spent = time.perf_counter() - start, time.process_time() - spent
print(json.dumps([seconds, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger(request, tmp_path_factory):
    if request.param == "sqlite":
        store = str(tmp_path_factory.mktemp("million") / "ledger.db")
    else:
        # The whole module shares it: a schema of a session's database.
        store = request.getfixturevalue("postgres_database")
    os.environ["PRIVKIT_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    fill(Ledger.open(store).begin("many", terms(10**6)), ENTRIES)
    return store


def measured(store, what, state):
    command = [sys.executable, "-c", CODE, store, what]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | state)
    return json.loads(done.stdout)


@pytest.mark.parametrize("act", [*ACTS, *WHOLE])
def test_no_act_needs_much_and_each_first_answer_is_soon_here(ledger, act, privkit_state):
    seconds, spent, megabytes = measured(ledger, (ACTS | WHOLE)[act], {"PRIVKIT_STATE_DIR": str(privkit_state)})
    print(f"\n{act}: {seconds:.2f} s ({spent:.2f} s of this process), {megabytes:.0f} MB at the peak")
    assert megabytes < MEGABYTES
    if act in ACTS:
        assert seconds < SECONDS
