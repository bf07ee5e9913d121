"""Who did what, when and from where, and what of it is unusual: each rule against entries whose times are set."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk
from privkit.budget.store.store import Store
from privkit.study.trail import Trail

PEOPLE = pd.DataFrame({"plan": ["basic", "plus"] * 50})
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """A clock of the ledger's that a test sets."""

    class Clock:
        now = NOON

        def ahead(self, **more):
            self.now += timedelta(**more)

    found = Clock()
    monkeypatch.setattr(Store, "now", lambda *_: f"{found.now:%Y-%m-%dT%H:%M:%SZ}")
    return found


@pytest.fixture
def by(ledger_path):
    """The project, opened by an analyst."""
    return lambda name: pk.open_project("p", epsilon=9, unit=pk.ROW, store=ledger_path, analyst=name)


def charge(project, clock, minutes=0):
    clock.ahead(minutes=minutes)
    PEOPLE.privacy.dp_count(epsilon=0.01, project=project, again=True)


def kinds(trail, **how):
    return [(one.kind, one.event.entry) for one in trail.unusual(**how)]


def test_everything_that_was_done_is_told_in_order(by, clock, tmp_path):
    project = by("ada")
    charge(project, clock)
    project.public(plan=["basic", "plus"])
    project.requests.open("access", received="2026-03-02")
    project.close(reason="it is over")
    found = list(project.trail)
    assert [one.entry for one in found] == [1, 2, 3, 4]
    assert [one.what.partition(":")[0] for one in found] == [
        "count", "public facts", "register", "the project was closed",
    ]  # fmt: skip
    assert [one.charged for one in found] == [True, False, False, False]
    assert {(one.by, one.notebook, one.host, one.time) for one in found} == {("ada", "", "", NOON)}
    assert len(project.trail) == len(project.trail.to_frame()) == 4
    assert repr(project.trail).startswith("4 events in project 'p' by 1 person; 0 unusual.")
    assert "it is over" in project.trail._repr_html_()


def test_a_new_spender_is_told_once_and_the_first_is_none(by, clock):
    ada, bo = by("ada"), by("bo")
    for project in (ada, ada, bo, bo, ada):
        charge(project, clock)
    assert kinds(ada.trail) == [("new spender", 3)]
    ada.requests.open("access", received="2026-03-02")  # costs nothing
    assert kinds(ada.trail) == [("new spender", 3)]


@pytest.mark.parametrize(
    ("hours", "zone", "unusual"),
    [((6, 22), "UTC", [1, 4]), ((6, 22), "Europe/Zurich", [3, 4]), ((22, 6), "UTC", [2, 3]), ((0, 24), "UTC", [])],
)
def test_an_hour_is_judged_in_its_zone(by, clock, hours, zone, unusual):
    project = by("ada")
    clock.now = datetime(2026, 3, 2, 5, 59, tzinfo=UTC)  # 06:59 in Zurich
    charge(project, clock)
    charge(project, clock, minutes=1)
    charge(project, clock, minutes=15 * 60)  # 21:00
    charge(project, clock, minutes=60)  # 22:00
    assert kinds(project.trail, hours=hours, zone=zone) == [("hour", one) for one in unusual]


def test_a_burst_is_told_once_until_it_has_ebbed_away(by, clock):
    ada, bo = by("ada"), by("bo")
    for project in (ada, bo, ada, bo, ada, ada, ada):  # ada's third is entry 5
        charge(project, clock, minutes=1)
    assert kinds(ada.trail, burst=3) == [("new spender", 2), ("burst", 6)]
    charge(ada, clock, minutes=61)
    for _ in range(3):
        charge(ada, clock)
    assert kinds(ada.trail, burst=3)[2:] == [("burst", 11)]
    assert kinds(ada.trail, burst=5, minutes=1)[1:] == []


def test_a_session_tells_of_itself_once_where_it_opts_in(by, clock, monkeypatch):
    project = by("ada")
    charge(project, clock)
    assert "session" not in project.ledger.to_json()
    monkeypatch.setenv("PRIVKIT_TELL", "notebook, host")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/secret clients/churn\u202e.ipynb")
    monkeypatch.setattr("platform.node", lambda: "desk-7")
    for _ in range(2):
        project = by("ada")
    charge(project, clock)
    last = list(project.trail)[-1]
    assert (len(project.trail), last.notebook, last.host, last.entry) == (3, "churn.ipynb", "desk-7", 3)
    assert "secret clients" not in project.ledger.to_json()
    assert not project.spent.fits(project.spent - project.spent)
    assert project.ledger.verify().entries == 3
    monkeypatch.setenv("JPY_SESSION_NAME", "other.ipynb")
    charge(by("ada"), clock)
    assert kinds(project.trail) == [("new notebook", 5)]
    monkeypatch.setenv("PRIVKIT_TELL", "user")
    with pytest.raises(pk.ParameterError, match="PRIVKIT_TELL"):
        by("ada")


def test_the_notebook_that_a_question_was_asked_in_is_told_of_without_opting_in(by, clock, monkeypatch):
    """It is recorded with each question: so a panel leads back to it, and the trail says it."""
    monkeypatch.delenv("PRIVKIT_TELL", raising=False)
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/churn\u202e.ipynb")
    charge(by("ada"), clock)
    monkeypatch.setenv("JPY_SESSION_NAME", "other.ipynb")
    charge(by("ada"), clock)
    assert [(one.notebook, one.host) for one in by("ada").trail] == [("churn.ipynb", ""), ("other.ipynb", "")]
    assert kinds(by("ada").trail) == [("new notebook", 2)]


def test_charges_of_another_process_are_its_own(ledger_path, by, clock, tmp_path):
    charge(by("ada"), clock)
    script = tmp_path / "job.py"
    script.write_text(
        "import pandas as pd, privkit as pk, sys\n"
        "p = pk.open_project('p', store=sys.argv[1])\n"
        "pd.DataFrame({'a': [1, 2]}).privacy.dp_count(epsilon=0.1, project=p)\n"
    )
    told = {
        **os.environ,
        "PRIVKIT_TELL": "notebook",
        "PRIVKIT_ANALYST": "ada",
        "PYTHONPATH": str(Path(pk.__file__).parents[1]),
    }
    subprocess.run([sys.executable, script, ledger_path], env={**os.environ, **told}, check=True)
    assert [one.notebook for one in by("ada").trail] == ["", "job.py", "job.py"]


@pytest.mark.parametrize(
    "how",
    [{"hours": (6,)}, {"hours": (6, 25)}, {"hours": (6, 6)}, {"hours": 6}, {"zone": "Nowhere"}, {"zone": 5},
     {"zone": "../x"}, {"burst": 0}, {"minutes": -1}, {"minutes": True}],
)  # fmt: skip
def test_wrong_limits_are_told(by, how):
    with pytest.raises(pk.ParameterError):
        by("ada").trail.unusual(**how)


def test_what_is_simulated_has_no_trail():
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, simulate=True)
    with pytest.raises(pk.SimulatedError):
        Trail(project)
