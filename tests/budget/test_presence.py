"""Colleagues on other machines: who is still measuring is not taken for dead, whatever the lease says (L5)."""

from __future__ import annotations

import os
import signal
import time

import pytest
from budget_terms import eps, release, terms
from crashes import ended, fork

from privkit.budget import book
from privkit.budget.ledger import Ledger
from privkit.budget.machine import process as presence
from privkit.budget.machine.process import Holder

pytestmark = pytest.mark.postgres


@pytest.fixture
def elsewhere(monkeypatch):
    """No process can be seen from here, and no lease is long."""
    monkeypatch.setattr(book, "LEASE", 0)
    monkeypatch.setattr(Holder, "alive", lambda self: None)


def measuring(url, work=lambda account, held: time.sleep(60)):
    """A process that charges and goes on measuring; returns when the charge is in the ledger."""

    def child():
        account = Ledger.open(url).account("churn")
        work(account, account.reserve("k", {}, eps(0.5)))

    pid = fork(child)
    account = Ledger.open(url).account("churn")
    deadline = time.monotonic() + 20
    while not account.balance().entries and time.monotonic() < deadline:
        time.sleep(0.02)
    assert account.balance().entries == 1
    return pid


def test_a_measurement_that_outlives_its_lease_is_no_orphan(postgres_url, elsewhere, tmp_path):
    Ledger.open(postgres_url).begin("churn", terms(3))
    looked = tmp_path / "looked"

    def work(account, held):
        while not looked.exists():
            time.sleep(0.02)
        account.commit(held, "42")

    pid = measuring(postgres_url, work)
    colleague = Ledger.open(postgres_url).account("churn")  # which notes what it takes for dead
    try:
        assert [entry.state for entry in colleague.entries()] == ["reserved"]
    finally:
        looked.touch()
    assert ended(pid) == 0
    assert [entry.answer for entry in colleague.entries()] == ["42"]


def test_who_died_is_an_orphan_as_soon_as_the_server_knows(postgres_url, elsewhere):
    Ledger.open(postgres_url).begin("churn", terms(3))
    pid = measuring(postgres_url)
    assert [entry.state for entry in Ledger.open(postgres_url).account("churn").entries()] == ["reserved"]
    os.kill(pid, signal.SIGKILL)
    ended(pid)
    deadline = time.monotonic() + 10
    while Ledger.open(postgres_url).account("churn").entries()[0].state == "reserved" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [entry.kind for entry in Ledger.open(postgres_url).account("churn").entries()] == ["died"]


def test_who_holds_no_lock_has_a_lease(postgres_url, elsewhere, monkeypatch):
    monkeypatch.setattr(presence, "show", lambda store: None)  # an earlier version, or no session left
    Ledger.open(postgres_url).begin("churn", terms(3))
    monkeypatch.setattr(book, "LEASE", 600)  # before anybody looks: who opens a ledger notes what it takes for dead
    pid = measuring(postgres_url)
    account = Ledger.open(postgres_url).account("churn")
    assert account.entries()[0].state == "reserved"
    monkeypatch.setattr(book, "LEASE", 0)
    assert account.entries()[0].state == "orphaned"
    os.kill(pid, signal.SIGKILL)
    ended(pid)


def test_one_session_serves_a_process_and_is_made_anew_where_it_broke(postgres_url):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    for index in range(3):
        release(Ledger.open(postgres_url).account("churn"), f"k{index}")
    mine = [session for (pid, _), session in presence._sessions.items() if pid == os.getpid() and not session.closed]
    before = len(mine)
    mine[-1].close()
    release(account, "last")
    assert len([session for session in presence._sessions.values() if not session.closed]) == before
