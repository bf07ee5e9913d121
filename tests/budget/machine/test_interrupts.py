"""An interrupt at any line leaves an entry committed, orphaned or not begun, and no lock; it says what was spent."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import pytest
from budget_terms import eps, release, terms
from interrupts import Lines, every_line, free, of_ledger

from privkit.budget.account import Account
from privkit.budget.entry import in_hand
from privkit.budget.ledger import Ledger
from privkit.budget.store.connections import lets_go, transaction
from privkit.errors.ledger import LedgerBusyError
from privkit.errors.project import OrphanedReleaseError


@pytest.fixture
def apart():
    """Run a function in a thread of its own, and raise what it raises.

    CPython keeps an exception that a trace function raised in the midst of another as the context of all that this
    thread raises from then on, also in other tests.
    """

    def run(function):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function).result()

    return run


@pytest.mark.landing
def test_an_interrupt_at_many_lines_of_the_ledger_l3_l5(tmp_path, capsys, apart):
    found, lines = apart(lambda: every_line(tmp_path, of_ledger, step=31))  # the slow tests do all of them
    assert min(found["not begun"], found["orphaned"], found["committed"]) > 0
    with capsys.disabled():
        print(f"\n{lines} lines, one in 31: {dict(found)}", end=" ")


def test_an_interrupt_after_the_charge_is_an_orphan_while_its_traceback_is_kept_l5(account, monkeypatch):
    remember = type(account._book).remember
    gc.collect()
    held = len(in_hand)  # by other tests of this process

    def interrupts(book, head, **options):
        remember(book, head, **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(type(account._book), "remember", interrupts)
        with pytest.raises(KeyboardInterrupt) as kept:
            account.reserve("k", {}, eps(0.25))
    assert kept.value.__notes__ == [
        "ε = 0.25 was spent (ledger entry 1), and no answer was stored. Asking again costs again: again=True."
    ]
    assert [(entry.state, entry.kind) for entry in account.entries()] == [("orphaned", "interrupted")]
    assert len(in_hand) <= held
    with pytest.raises(OrphanedReleaseError):
        account.reserve("k", {}, eps(0.25), wait=0)


def test_what_cannot_be_noted_is_an_orphan_all_the_same_and_noted_later_l5(account, monkeypatch):
    def interrupts(book, head, **options):
        monkeypatch.setattr(Account, "settle", busy)
        raise KeyboardInterrupt

    settle = Account.settle

    def busy(account, held):
        account._book.left = True
        account.drop(held)
        raise LedgerBusyError.of("here", 30)

    with monkeypatch.context() as context:
        context.setattr(type(account._book), "remember", interrupts)
        with pytest.raises(KeyboardInterrupt) as kept:
            account.reserve("k", {}, eps(0.25))
    monkeypatch.setattr(Account, "settle", settle)
    assert kept.value.__notes__ == ["It is not known whether ε = 0.25 was spent (ledger entry 1); see project.ledger."]
    assert [entry.state for entry in account.entries()] == ["orphaned"]
    release(account, "another")
    assert [(entry.state, entry.kind) for entry in account.entries()] == [("orphaned", "died"), ("committed", None)]
    assert account.reserved == eps(0)


def test_no_lock_outlives_an_interrupted_reading(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    account = Ledger.open(path, timeout=0.2).begin("churn", terms())
    kept = []
    for at in range(1, 200, 3):
        with Lines(of_ledger, at) as lines:
            try:
                account.balance()
            except KeyboardInterrupt as error:
                kept.append(error)
        assert free(path), lines.where
    assert len(kept) > 20
    with transaction():  # throwing the tracebacks away in the midst of another call closes nothing of it
        release(account, "before")
        kept.clear()
        release(account, "after")
    assert account.balance().entries == 2


def test_a_statement_that_was_left_half_read_keeps_no_lock(tmp_path):
    path = tmp_path / "ledger.db"
    account = Ledger.open(path).begin("churn", terms())
    release(account, "k")
    kept = []

    @lets_go
    def interrupted():
        with account._book.store.writing() as connection:
            raw = connection.connection.dbapi_connection
            reading = raw.execute("SELECT * FROM privkit_record")
            reading.fetchone()
            connection.exec_driver_sql("INSERT INTO privkit_ledger VALUES ('x', 1, 'now')")
            kept.append((reading, raw))
            raise KeyboardInterrupt

    try:
        interrupted()
    except KeyboardInterrupt as error:
        kept.append(error)
    assert free(path)
    kept.clear()

    @lets_go
    def left():  # by an interrupt before the block's end, which nothing then ends
        block = account._book.store.writing()
        kept.append(block)
        reading = block.__enter__().connection.dbapi_connection.execute("SELECT * FROM privkit_record")
        reading.fetchone()
        kept.append(reading)

    left()
    assert free(path)
    assert release(account, "k2").seq == 2
