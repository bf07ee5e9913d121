"""Colleagues on other machines: who is still measuring is not taken for dead, whatever the lease says (L5)."""

from __future__ import annotations

import os
import signal
import time

import pytest
from budget_terms import eps, terms
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
    monkeypatch.setattr(presence, "show", lambda connection: None)  # an earlier version, or no session left
    Ledger.open(postgres_url).begin("churn", terms(3))
    monkeypatch.setattr(book, "LEASE", 600)  # before anybody looks: who opens a ledger notes what it takes for dead
    pid = measuring(postgres_url)
    account = Ledger.open(postgres_url).account("churn")
    assert account.entries()[0].state == "reserved"
    monkeypatch.setattr(book, "LEASE", 0)
    assert account.entries()[0].state == "orphaned"
    os.kill(pid, signal.SIGKILL)
    ended(pid)


def test_a_broken_connection_is_replaced_and_the_next_charge_tells_anew(postgres_url, elsewhere):
    account = Ledger.open(postgres_url).begin("churn", terms(3))
    first = account.reserve("a", {}, eps(0.5))
    account._book.store.engine().pool.dispose()
    assert Ledger.open(postgres_url, read_only=True).account("churn").entries()[0].state == "reserved"  # by its token
    second = account.reserve("b", {}, eps(0.5))
    with account._book.store.reading() as connection:
        assert presence.seen(connection, Holder.this())
    for held in (first, second):
        account.commit(held, "42")
    with Ledger.open(postgres_url)._store.reading() as connection:
        assert not presence.seen(connection, Holder.this())
