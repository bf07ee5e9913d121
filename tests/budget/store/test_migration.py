"""Formats: an older ledger is brought up to date with every entry kept; what fails leaves it as it was."""

from __future__ import annotations

import signal

import pytest
from budget_terms import eps, release, terms
from crashes import Steps, ended, fork
from sqlalchemy import inspect

from privkit.budget.ledger import Ledger
from privkit.budget.store import opening as migration
from privkit.budget.store import schema
from privkit.budget.store.place import ledger_place
from privkit.budget.store.store import Store
from privkit.errors.ledger import LedgerDamagedError, LedgerError, LedgerVersionError

ADD = ["ALTER TABLE privkit_record ADD COLUMN remark TEXT", "CREATE TABLE privkit_remark (entry INTEGER)"]


@pytest.fixture
def old(store):
    """A ledger of this format, to be met by a privkit of the next one."""
    ledger = Ledger.open(store)
    for name in ("churn", "other"):
        account = ledger.begin(name, terms(3))
        for index in range(5):
            release(account, f"k{index}", 0.25, answer=f"answer {index}")
        account.fail(account.reserve("failed", {}, eps(0.1)))
    return ledger.account("churn")


def next_format(monkeypatch, statements):
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    monkeypatch.setitem(migration.STEPS, schema.VERSION - 1, lambda _dialect: list(statements))


def test_a_migration_keeps_every_entry_answer_and_hash(store, old, monkeypatch):
    entries, verified = old.entries(), old.verify()
    with monkeypatch.context() as context:
        next_format(context, ADD)
        account = Ledger.open(store).account("churn")
        assert account.entries() == entries
        assert account.verify() == verified
        with account._book.store.reading() as connection:
            assert "remark" in {column["name"] for column in inspect(connection).get_columns("privkit_record")}
        assert release(account, "k0", 0.25).answer == "answer 0"
        assert release(account, "new", 0.25).seq == 7
        assert Ledger.open(store).account("other").verify().entries == 6
    with pytest.raises(LedgerVersionError, match="Update privkit"):  # the older privkit, still open, stops
        release(old, "newer", 0.25)


def test_a_file_is_copied_before_it_is_changed(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    account = Ledger.open(path).begin("churn", terms(3))
    release(account, "k")
    verified = account.verify()
    with monkeypatch.context() as context:
        next_format(context, ADD)
        Ledger.open(path)
    copy = Ledger.open(tmp_path / "ledger.db.format1")
    assert copy.account("churn").verify() == verified


@pytest.mark.parametrize(
    ("statements", "error"),
    [
        ([*ADD, "DROP TABLE privkit_nothing"], LedgerError),
        ([*ADD, "DROP TRIGGER {guard}", "DELETE FROM privkit_record WHERE seq > 4"], LedgerDamagedError),
    ],
    ids=["fails", "loses entries"],
)
def test_a_migration_that_fails_or_loses_entries_changes_nothing(store, old, monkeypatch, statements, error):
    verified = old.verify()
    sqlite = not store.startswith("postgresql")
    guard = "privkit_record_DELETE" if sqlite else "privkit_record_guard ON privkit_record"
    with monkeypatch.context() as context:
        next_format(context, [statement.format(guard=guard) for statement in statements])
        with pytest.raises(error):
            Ledger.open(store)
    account = Ledger.open(store).account("churn")
    assert account.verify() == verified
    assert release(account, "new", 0.25).seq == 7


def test_an_older_ledger_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    Ledger.open(path).begin("churn", terms(3))
    with monkeypatch.context() as context:
        next_format(context, ADD)
        with pytest.raises(LedgerVersionError, match="brought up to date"):
            Ledger.open(f"sqlite:///file:{path}?mode=ro&uri=true")
    with monkeypatch.context() as context:
        context.setattr(schema, "VERSION", 3)
        with pytest.raises(LedgerVersionError):
            Ledger.open(path)


@pytest.mark.landing
def test_a_kill_at_any_statement_of_a_migration_leaves_one_of_the_two_formats(store, old, monkeypatch):
    verified = old.verify()

    def migrate(at):
        Steps(at)
        next_format(monkeypatch, ADD)
        Ledger.open(store)

    at, step = 1, 3 if store.startswith("postgresql") else 1
    while ended(fork(lambda at=at: migrate(at))) == -signal.SIGKILL:
        with looking(store) as connection:
            version = old._book.store.version(connection)
        if version == schema.VERSION:
            assert old.verify() == verified
        at += step
    assert at > 10
    with monkeypatch.context() as context:
        next_format(context, ADD)
        assert Ledger.open(store).account("churn").verify() == verified


def looking(store):
    """Read a ledger of any format."""
    found = Store(ledger_place(store))
    found.ready = False
    return found.reading()
