"""Damage under an open kernel is seen before anything more is charged (L7, L9)."""

from __future__ import annotations

import sqlite3

import pytest
from budget_terms import eps, release, terms

from privkit.budget.ledger import Ledger
from privkit.budget.terms import Window
from privkit.errors.ledger import LedgerError, LedgerTamperedError

FIELDS = ("sums", "prev", "hash", "entry", "answer", "state", "kind")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


def change(path, sql, *values):
    """Change the file as a flipped bit would: no trigger is asked."""
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER privkit_record_UPDATE")
        connection.execute(sql, values)


def test_one_flipped_bit_in_the_last_total_does_not_overspend(path):
    account = Ledger.open(path).begin("churn", terms(1))
    release(account, "first", 0.9)
    content = path.read_bytes()
    # '9' and '1' differ in one bit. The last record lies before the first in its page.
    place = content.index(b'["0.9","0"]') + len('["0.')
    flipped = content[:place] + bytes([content[place] ^ 0x08]) + content[place + 1 :]
    path.write_bytes(flipped)
    assert account.spent == eps(0.1)  # what is only told is not checked; what is charged is
    with pytest.raises(LedgerTamperedError, match=r"entry 1 .*does not fit its hash") as caught:
        account.reserve("second", {}, eps(0.1))
    assert caught.value.budget == "No budget was spent."
    with pytest.raises(LedgerTamperedError):
        account.verify()
    path.write_bytes(content)
    assert release(account, "second", 0.1).seq == 2


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_the_last_record_is_covered(path, field):
    account = Ledger.open(path).begin("churn", terms(3))
    release(account, "first", 0.5)
    value = {"entry": 7, "state": "failed", "answer": "8", "kind": "x"}.get(field, "0" * 64)
    if field == "sums":
        value = '[1,"2026-01-01T00:00:00Z",["0","0"],["0","0"],0,null]'
    change(path, f"UPDATE privkit_record SET {field} = ? WHERE seq = 2", value)
    with pytest.raises(LedgerError):
        account.reserve("second", {}, eps(0.1))


def test_what_an_analyst_was_charged_is_checked_too(path):
    ada = Ledger.open(path).begin("churn", terms(3, per_analyst=eps(0.5)))
    release(ada, "first", 0.5)
    release(Ledger.open(path, analyst="grace").account("churn"), "second", 0.5)
    change(path, 'UPDATE privkit_record SET sums = replace(sums, \'["0.5","0"]]\', \'["0.1","0"]]\') WHERE seq = 1')
    with pytest.raises(LedgerTamperedError, match="entry 1"):
        ada.reserve("third", {}, eps(0.25))


def test_what_a_window_frees_is_checked_too(path, monkeypatch):
    monkeypatch.setattr("privkit.budget.store.store.Store.now", lambda *_: "2026-01-01T00:00:00Z")
    with pytest.warns(UserWarning, match="renews nothing"):
        account = Ledger.open(path).begin("churn", terms(3, window=Window(7, eps(0.5))))
    release(account, "first", 0.1)
    monkeypatch.setattr("privkit.budget.store.store.Store.now", lambda *_: "2026-01-07T12:00:00Z")
    release(account, "second", 0.4)
    monkeypatch.setattr("privkit.budget.store.store.Store.now", lambda *_: "2026-01-08T12:00:00Z")
    change(path, 'UPDATE privkit_record SET sums = replace(sums, \'["0.1","0"]\', \'["0.4","0"]\') WHERE seq = 1')
    with pytest.raises(LedgerTamperedError, match="entry 1"):
        account.reserve("third", {}, eps(0.35))


def test_an_answer_is_not_stored_behind_damage_and_its_cost_is_told(path):
    account = Ledger.open(path).begin("churn", terms(3))
    held = account.reserve("first", {}, eps(0.5))
    change(path, "UPDATE privkit_record SET question = '{}' || ' ' WHERE seq = 1")
    with pytest.raises(LedgerTamperedError, match=r"ε = 0.5 stays spent \(ledger entry 1\)"):
        account.commit(held, "7")
