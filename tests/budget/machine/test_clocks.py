"""Clocks that were ahead, and windows beyond the calendar (L12)."""

from __future__ import annotations

import pytest
from budget_terms import eps, release, terms

import privkit as pk
from privkit.budget.chain import Sums
from privkit.budget.ledger import Ledger
from privkit.budget.store.store import Store
from privkit.budget.terms import Window
from privkit.errors.ledger import LedgerTamperedError
from privkit.errors.project import ClockError, InsufficientBudgetError


@pytest.fixture
def clock(monkeypatch):
    """Set the clock: ``clock("2026-03-01")``."""

    def set_to(day):
        monkeypatch.setattr(Store, "now", lambda *_: f"{day}T12:00:00Z")

    set_to("2026-01-01")
    return set_to


@pytest.fixture
def account(store, clock):
    with pytest.warns(UserWarning, match="renews nothing"):
        account = Ledger.open(store).begin("paced", terms(3, window=Window(30, eps(0.3)), per_analyst=eps(2)))
    release(account, "a", 0.1)
    clock("2099-06-01")
    release(account, "b", 0.2)
    clock("2026-01-10")
    return account


def refused(account, cost):
    with pytest.raises(InsufficientBudgetError, match="for this window of time") as caught:
        account.reserve(None, {}, eps(cost))
    return str(caught.value)


def test_a_clock_that_was_ahead_is_told_and_set_back_on_record(account, clock, store):
    told = refused(account, 0.25)
    assert "The ledger's last entry is of 2099-06-01T12:00:00Z" in told
    assert "project.set_clock_back(reason='...')" in told
    clock("2040-01-01")
    assert "set_clock_back" in refused(account, 0.25)  # for years
    clock("2026-01-10")
    entry = account.set_clock_back("a flat battery")
    assert (entry.cost, entry.time, entry.kind) == (eps(0), "2026-01-10T12:00:00Z", "clock")
    assert entry.question["reason"] == "a flat battery"
    assert entry.question["from"] == "2099-06-01T12:00:00Z"
    told = refused(account, 0.25)  # nothing is freed by it: what was charged counts from now on
    assert "set_clock_back" not in told
    assert account.spent == eps(0.3)
    clock("2026-02-08")
    refused(account, 0.25)
    clock("2026-02-10")
    assert release(account, "c", 0.25).time == "2026-02-10T12:00:00Z"
    refused(account, 0.25)
    assert account.verify().charged == eps(0.55)
    assert Ledger.open(store).account("paced").verify().entries == 4


def test_what_follows_the_setting_back_is_paced_as_ever(account, clock):
    account.set_clock_back("a flat battery")
    clock("2026-02-20")
    release(account, "c", 0.3)
    for day, cost in (("2026-03-10", 0.1), ("2026-03-21", None)):
        clock(day)
        refused(account, cost) if cost else None
    clock("2026-03-23")
    release(account, "d", 0.3)
    assert account.verify().entries == 5


def test_a_clock_that_is_not_ahead_is_not_set_back(account, clock):
    account.set_clock_back("a flat battery")
    with pytest.raises(ClockError, match="not more than a day ahead"):
        account.set_clock_back("once more")
    clock("2026-01-09")
    with pytest.raises(ClockError, match="No budget was spent"):
        account.set_clock_back("a day is no error of a clock")
    assert account.balance().entries == 3


def test_no_other_entry_may_go_back_in_time_l7(account, monkeypatch, clock):
    reserved = Sums.reserved
    held = "2026-01-10T12:00:00Z"

    def earlier(sums, cost, time, own):
        return reserved(sums, cost, held, own)

    monkeypatch.setattr(Sums, "reserved", earlier)
    monkeypatch.setattr("privkit.budget.account.Reservation", lambda *args: Reservation(args[0], args[1], held))
    from privkit.budget.entry import Reservation

    release(account, "forged", 0.05)
    monkeypatch.undo()
    with pytest.raises(LedgerTamperedError, match="breaks the rules"):
        account.verify()


def test_windows_beyond_the_calendar_are_refused_at_opening(ledger_path):
    for days in (36_526, 10**6):
        with pytest.raises(pk.ParameterError, match=r"36525 days \(a hundred years\) at most"):
            pk.open_project("paced", epsilon=1, unit=pk.ROW, window=(days, 0.5), store=ledger_path)
    with pytest.warns(UserWarning, match="renews nothing"):
        pk.open_project("paced", epsilon=1, unit=pk.ROW, window=(36_525, 0.5), store=ledger_path)


@pytest.mark.parametrize("days", [700_000, 10**6, 10**12])
def test_a_window_that_an_earlier_version_recorded_counts_all(store, days):
    with pytest.warns(UserWarning, match="renews nothing"):
        account = Ledger.open(store).begin("paced", terms(3, window=Window(days, eps(0.3))))
    release(account, "a", 0.2)
    refused(account, 0.2)
    assert release(account, "b", 0.1).seq == 2


def test_the_way_out_is_the_projects(ledger_path, clock):
    with pytest.warns(UserWarning, match="renews nothing"):
        project = pk.open_project("paced", epsilon=1, unit=pk.ROW, window=(30, 0.3), store=ledger_path)
    clock("2099-01-01")
    release(project.account, "a", 0.2)
    clock("2026-01-01")
    for blank in ("", "  ", None):
        with pytest.raises(pk.ParameterError, match="reason"):
            project.set_clock_back(blank)
    project.set_clock_back("a resumed machine")
    assert "the clock was set back" in project.ledger.to_frame()["question"].iloc[-1]
    assert "the clock was set back" in repr(project.ledger)
    assert "the clock was set back" in project.ledger.to_csv()
