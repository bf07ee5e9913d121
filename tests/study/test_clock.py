"""One clock: whatever zone the machine is set to, a day is the ledger's, in UTC; and none is before all records."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pandas as pd
import pytest

import privkit as pk
from privkit.study import register
from privkit.study.assessments import measured

PEOPLE = pd.DataFrame({"zip": ["8001", "8002"] * 6, "age": list(range(12))})


@pytest.fixture
def elsewhere(monkeypatch):
    """Set the machine to a zone in which it is another day than in UTC."""
    ahead = datetime.now(UTC).hour >= 11
    monkeypatch.setenv("TZ", "XXX-14" if ahead else "XXX+13")
    time.tzset()
    assert date.today() != datetime.now(UTC).date()
    yield
    monkeypatch.undo()
    time.tzset()


def test_dossier_papers_checks_and_gate_are_dated_by_the_ledgers_clock(elsewhere, ledger_path):
    project = pk.open_project("one clock", epsilon=1, unit=pk.ROW, store=ledger_path)
    PEOPLE.privacy.dp_count(epsilon=0.5, project=project)
    inventory = pk.audit(PEOPLE).assign("zip", retention=datetime.now(UTC).date())  # may be kept today
    made = pk.dossier(project=project, inventory=inventory)
    assert made.made.isoformat() == project.account.entry(1).time[:10] == project.account.begun[:10]
    assert pk.papers(inventory).made == made.made
    assert inventory.check(PEOPLE).today == made.made
    assert register.past_day(None, "on") == made.made


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", date(206, 3, 31)])
def test_a_day_before_all_records_is_refused_and_not_noted(ledger_path, day):
    project = pk.open_project("old", epsilon=1, unit=pk.ROW, store=ledger_path)
    for refused in (
        lambda: project.record(pk.risk(PEOPLE, ["zip"]), table="people", on=day),
        lambda: project.requests.open("access", received=day),
    ):
        with pytest.raises(pk.ParameterError, match="a day from 1970-01-01 on"):
            refused()
    assert len(project.ledger) == 0


def test_a_day_that_an_earlier_version_took_makes_no_thousands_of_quarters(ledger_path, monkeypatch):
    project = pk.open_project("old", epsilon=1, unit=pk.ROW, store=ledger_path)
    with monkeypatch.context() as before:
        before.setattr(measured, "past_day", lambda value, _: date.fromisoformat(value))
        project.record(pk.risk(PEOPLE, ["zip"]), table="people", on="0001-01-01")
    found = project.quarters()
    assert found.quarters[0].begin == date(1970, 1, 1)
    assert len(found.quarters) == (datetime.now(UTC).year - 1970) * 4 + (datetime.now(UTC).month - 1) // 3 + 1
    assert [one.id for one in project.measured] == [1]  # it is still there


def test_a_drill_began_in_living_memory_too(ledger_path):
    project = pk.open_project("drill", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ParameterError, match="from 1970-01-01 on"):
        project.breach_drill(pk.audit(PEOPLE), persons=2, scenario="lost", known_since="0001-01-01T00:00Z")
    assert len(project.ledger) == 0


def test_a_dossier_says_what_is_kept_too_long_and_is_looked_at_again_later(elsewhere):
    inventory = pk.audit(PEOPLE).assign("zip", retention="2026-11-29").assign("age", retention="2026-11-30")
    made = pk.dossier(inventory=inventory, today="2026-11-30", review="2026-11-30")
    told = "Kept too long by 2026-11-30, by the owner's word: 'zip'."
    assert told in made.to_html().replace("&#39;", "'").replace("&#x27;", "'")
    assert told in made.to_markdown()
    assert "Kept too long" not in pk.dossier(inventory=inventory, today="2026-11-29").to_markdown()
    with pytest.raises(pk.ParameterError, match="review=a day before the dossier is made"):
        pk.dossier(inventory=inventory, today="2026-11-30", review="2026-11-29")


def test_what_is_no_number_is_not_quoted_as_one(ledger_path):
    project = pk.open_project("numbers", epsilon=1, unit=pk.ROW, store=ledger_path)
    request = project.requests.open("access")
    for given, told in (("2", "a str"), (99, "99")):
        with pytest.raises(pk.errors.RegisterError, match=f"got {told}, but .* Give one of {request.id}"):
            project.requests[given]
