"""A ledger that a landed version wrote opens, verifies, shows and replays for good.

``data/format1.db`` was written by privkit 0.1.0, before it normalized names, under ``PRIVKIT_KEY`` as below.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.cli import main

NAMES = ("churn", "caf\u00e9", "cafe\u0301", "caf\u00e9 ", " caf\u00e9", "Caf\u00e9", "paced")
#: Text by the name that its type has in pandas 3 (``str``) and on pandas 2: the type belongs to what was asked.
ZIPS = pd.Series(["8001", "8002", "8001"], dtype=pd.StringDtype(na_value=np.nan))
FRAME = pd.DataFrame({"zip": ZIPS, "age": [31, 44, 57]})


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_KEY", "correct horse battery staple")
    shutil.copy(Path(__file__).parent / "data" / "format1.db", tmp_path / "ledger.db")
    return tmp_path / "ledger.db"


def test_it_opens_verifies_and_shows(path, capsys):
    ledger = Ledger.open(path)
    assert ledger.projects() == NAMES
    assert [ledger.account(name).verify().entries for name in NAMES] == [6, 1, 1, 1, 1, 1, 0]
    entries = ledger.account("churn").entries()
    assert [entry.state for entry in entries] == ["committed"] * 3 + ["failed", "orphaned", "orphaned"]
    assert (str(ledger.account("churn").spent), entries[0].time) == ("ε = 1.1375", "2026-11-28T15:14:27Z")
    for action in (["list"], ["verify"], ["show", "churn"], ["export", "churn"]):
        assert main(["ledger", *action, "--store", str(path)]) == 0
    assert diagnose(path).healthy
    assert "1.1375" in capsys.readouterr().out


def test_it_replays(path):
    project = pk.open_project("churn", store=path)
    for _ in range(2):
        one = FRAME.privacy.dp_count("zip", keys=["8001", "8002"], epsilon=0.25)
        assert (one.replayed, one.value.tolist()) == (True, [-1, 1])
    assert len(project.ledger) == 6


def test_each_of_its_names_is_its_own_project(path):
    found = {name: pk.open_project(name, store=path).account.uid for name in NAMES}
    assert len(set(found.values())) == len(NAMES)


def test_it_goes_on(path):
    for name in NAMES[:-1]:
        project = pk.open_project(name, store=path)
        before = len(project.ledger)
        FRAME.privacy.dp_count(where="age > 40", epsilon=0.1)
        assert project.ledger.verify().entries == before + 1
    paced = pk.open_project("paced", store=path, max_rows=2)  # its window is longer than the calendar
    FRAME.privacy.dp_count(epsilon=0.4, project=paced)
    with pytest.raises(pk.errors.InsufficientBudgetError, match="for this window of time"):
        FRAME.privacy.dp_count(where="age > 40", epsilon=0.4, project=paced)
