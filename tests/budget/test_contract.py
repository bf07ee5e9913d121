"""What a ledger promises, on SQLite and PostgreSQL alike. Names cite its promises l1 to l14."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from threading import Thread

import pytest
from budget_terms import eps, release, terms

from privkit.budget.entry import Entry, Reservation
from privkit.budget.ledger import Ledger
from privkit.budget.machine.keys import request_key
from privkit.budget.machine.process import Holder
from privkit.budget.store import query, schema
from privkit.budget.store.store import Store
from privkit.budget.terms import Window
from privkit.errors import ParameterError
from privkit.errors.ledger import LedgerError, LedgerTamperedError, MeasureMismatchError
from privkit.errors.project import (
    CeilingError,
    InsufficientBudgetError,
    OrphanedReleaseError,
    PendingReleaseError,
    ProjectMismatchError,
    ProjectNotFoundError,
    ReservationError,
)
from privkit.values.loss import PrivacyLoss


def test_a_release_is_charged_before_it_is_answered_l1(account):
    held = account.reserve("k", {"ask": "count"}, eps(0.2))
    assert isinstance(held, Reservation)
    assert account.reserved == eps(0.2)
    assert account.remaining == eps(0.8)
    entry = account.commit(held, "41")
    assert (entry.seq, entry.state, entry.answer, entry.cost) == (1, "committed", "41", eps(0.2))
    assert (account.spent, account.reserved) == (eps(0.2), eps(0))


def test_ten_tenths_fit_in_one_and_nothing_after_them_l6(account):
    for index in range(10):
        release(account, f"k{index}")
    assert account.remaining == eps(0)
    with pytest.raises(InsufficientBudgetError) as caught:
        account.reserve("more", {}, PrivacyLoss.of(epsilon=Fraction(1, 10**9)))
    assert caught.value.short.main == Fraction(1, 10**9)
    assert "No budget was spent." in str(caught.value)


@pytest.mark.parametrize("answer", ["1", '{"b": 1,  "a":"\\u00e9 é"}', "[-0.0, 1e-300]", " spaced "])
def test_the_same_question_replays_byte_for_byte_at_no_cost_l4(account, store, answer):
    release(account, "k", answer=answer)
    again = Ledger.open(store).account("churn")
    entry = again.reserve("k", {"ask": "count"}, eps(0.1))
    assert isinstance(entry, Entry)
    assert entry.answer == answer
    assert again.spent == eps(0.1)


def test_again_draws_anew_is_charged_and_becomes_the_answer_l4(account):
    release(account, "k", answer="1")
    entry = release(account, "k", answer="2", again=True)
    assert (entry.draw, account.spent) == (2, eps(0.2))
    assert release(account, "k").answer == "2"


def test_without_a_key_every_question_is_a_new_charge_l4(account):
    assert [release(account, None).seq for _ in range(3)] == [1, 2, 3]


def test_what_fails_stays_charged_and_asking_again_names_its_price_l3_l5(account):
    held = account.reserve("k", {}, eps(0.3))
    assert account.fail(held).state == "failed"
    assert account.spent == eps(0.3)
    with pytest.raises(OrphanedReleaseError, match=r"again=True") as caught:
        account.reserve("k", {}, eps(0.2))
    assert (caught.value.entry, caught.value.state, caught.value.price) == (1, "failed", eps(0.2))
    assert release(account, "k", 0.2, again=True).seq == 2


def test_a_reservation_in_hand_makes_others_wait_and_one_dropped_is_an_orphan_l5(account):
    held = account.reserve("k", {}, eps(0.3))
    with pytest.raises(PendingReleaseError, match="entry 1"):
        account.reserve("k", {}, eps(0.3), wait=0.05)
    assert account.entries()[0].state == "reserved"
    del held
    assert account.entries()[0].state == "orphaned"
    with pytest.raises(OrphanedReleaseError, match="entry 1"):
        account.reserve("k", {}, eps(0.3))
    assert (account.spent, account.reserved, len(account.entries())) == (eps(0.3), eps(0), 1)


def test_a_reservation_ends_once_l3(account):
    held = account.reserve("k", {}, eps(0.3))
    account.commit(held, "1")
    with pytest.raises(ReservationError, match="already committed"):
        account.commit(held, "2")
    with pytest.raises(ReservationError):
        account.fail(held)
    assert account.entries()[0].answer == "1"


def test_a_block_that_fails_or_is_interrupted_ends_its_reservation_l3(account):
    for error, state in ((ValueError, "failed"), (KeyboardInterrupt, "orphaned")):
        held = account.reserve(None, {}, eps(0.1))
        with pytest.raises(error), account.ending(held):
            raise error("CANARY-7f3a")
        assert account.entries()[-1].state == state
    assert "CANARY" not in repr(account.entries())


def test_terms_are_fixed_and_projects_apart(ledger):
    first = ledger.begin("churn", terms(1))
    ledger.begin("other", terms(2, unit=terms().unit))
    release(first, "k", 0.5)
    assert ledger.projects() == ("churn", "other")
    assert ledger.account("other").spent == eps(0)
    assert ledger.begin("churn", terms(1)).spent == eps(0.5)
    with pytest.raises(ProjectMismatchError, match="ε = 1, not ε = 2"):
        ledger.begin("churn", terms(2))
    with pytest.raises(ProjectNotFoundError):
        ledger.account("nobody")


def test_one_measure_and_pure_costs_count_in_it_l13(ledger):
    both = ledger.begin("both", terms(1, delta=1e-6))
    release(both, "k", 0.25)
    assert both.spent == eps(0.25, 0).__class__.zero(both.terms.budget.measure).replace(Fraction(1, 4))
    with pytest.raises(MeasureMismatchError):
        both.reserve("r", {}, PrivacyLoss.of(rho=0.1))
    with pytest.raises(InsufficientBudgetError):
        both.reserve("d", {}, PrivacyLoss.of(epsilon=0.1, delta=1e-5))


def test_a_project_in_rho_adds_up_exactly_l6_l13(ledger):
    rho = PrivacyLoss.of(rho=0.3)
    account = ledger.begin("concentrated", replace(terms(), budget=rho))
    for index in range(3):
        account.commit(account.reserve(f"k{index}", {}, PrivacyLoss.of(rho=0.1)), "1")
    assert (account.spent, account.remaining.rho) == (rho, 0)
    with pytest.raises(MeasureMismatchError):
        account.reserve("k", {}, eps(0.1))
    assert ledger.account("concentrated").terms.ceiling == 1


def test_one_release_has_a_ceiling_l12(ledger):
    account = ledger.begin("big", terms(100))
    with pytest.raises(CeilingError):
        account.reserve("k", {}, eps(10.5))
    assert account.reserve("k", {}, eps(10)).cost == eps(10)


def test_verify_tells_the_head(account):
    release(account, "k")
    told = account.verify()
    assert (told.entries, told.records, told.charged, told.head) == (1, 2, eps(0.1), account.balance().hash)


def test_keys_are_kept_and_keyed(account):
    key = account.key
    assert key is not None
    assert key == account.key
    assert request_key(key, {"a": 1}, b"x") != request_key(key, {"a": 1}, "x")
    assert request_key(None, {"a": 1}, b"x") is None


def test_a_change_is_told_to_subscribers_and_pollers(account):
    heard = []
    end = account.subscribe(lambda: heard.append(account.version()))
    before = account.version()
    release(account, "k")
    assert heard == [before + 1, before + 2]
    end()
    release(account, "l")
    assert len(heard) == 2


HOSTILE = [
    "a'; DROP TABLE privkit_record; --",
    'q"uote',
    "%s %(x)s :bind",
    "ü 漢 🎈",
    "../../etc/passwd",
    "<script>",
    "\\x00",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_names(store, name):
    ledger = Ledger.open(store, analyst=name)
    account = ledger.begin(name, terms())
    held = account.reserve(name, {name: name}, eps(0.1))
    entry = account.commit(held, name)
    assert (entry.analyst, entry.answer, entry.question) == (name, name, {name: name})
    assert ledger.projects() == (name,)
    assert Ledger.open(store).account(name).find(name) == entry
    assert account.verify().entries == 1


@pytest.mark.parametrize("name", ["", "   ", "line\nbreak", "nul\0", "\x1b[31mred", "x" * 201, 7, None, "\u202egnp"])
def test_names_that_cannot_be_read_are_refused(store, name):
    ledger = Ledger.open(store)
    with pytest.raises(ParameterError):
        ledger.begin(name, terms())
    if name is not None:
        with pytest.raises(ParameterError):
            Ledger.open(store, analyst=name)
    assert ledger.projects() == ()


def test_each_analyst_has_a_limit_within_the_total_l12(store):
    fixed = terms(1, per_analyst=eps(0.6))
    ada = Ledger.open(store, analyst="ada").begin("churn", fixed)
    bob = Ledger.open(store, analyst="bob").begin("churn", fixed)
    release(ada, "a", 0.6)
    with pytest.raises(InsufficientBudgetError, match="for one analyst"):
        ada.reserve("b", {}, eps(0.1))
    release(bob, "c", 0.4)
    with pytest.raises(InsufficientBudgetError) as caught:
        bob.reserve("d", {}, eps(0.1))
    assert (caught.value.left, caught.value.limit) == (eps(0), eps(1))
    assert release(ada, "c").answer == "7"  # a colleague's answer replays


def moved_clock(monkeypatch, times):
    """Let the store's clock tell these times, one after the other, then the last."""
    left = list(times)
    monkeypatch.setattr(Store, "now", lambda *_: left.pop(0) if len(left) > 1 else left[0])


def test_a_clock_that_goes_back_neither_reorders_nor_reopens_a_window_l12(store, monkeypatch):
    moved_clock(monkeypatch, ["2026-03-01T00:00:00Z"])
    with pytest.warns(UserWarning, match="renews nothing"):
        account = Ledger.open(store).begin("churn", terms(3, window=Window(7, eps(0.5))))
    release(account, "a", 0.5)
    moved_clock(monkeypatch, ["2026-01-01T00:00:00Z"])
    with pytest.raises(InsufficientBudgetError):
        account.reserve("b", {}, eps(0.1))
    moved_clock(monkeypatch, ["2026-03-07T23:59:59Z"])
    with pytest.raises(InsufficientBudgetError):
        account.reserve("b", {}, eps(0.1))
    moved_clock(monkeypatch, ["2026-03-08T00:00:00Z"])
    release(account, "b", 0.5)
    moved_clock(monkeypatch, ["2026-03-02T00:00:00Z"])
    with pytest.raises(InsufficientBudgetError):
        account.reserve("c", {}, eps(0.1))
    assert [entry.time for entry in account.entries()] == ["2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z"]
    assert account.verify().entries == 2


def test_a_process_that_cannot_be_seen_has_a_lease_l5(account, monkeypatch):
    elsewhere = replace(Holder.this(), machine="another", boot="another")
    monkeypatch.setattr(Holder, "this", classmethod(lambda _cls: elsewhere))
    moved_clock(monkeypatch, ["2026-03-01T00:00:00Z"])
    held = account.reserve("k", {}, eps(0.2))
    monkeypatch.undo()
    moved_clock(monkeypatch, ["2026-03-01T00:09:59Z"])
    with pytest.raises(PendingReleaseError):
        account.reserve("k", {}, eps(0.2), wait=0)
    moved_clock(monkeypatch, ["2026-03-01T00:10:00Z"])
    account._book.store.engine().pool.dispose()  # by its connection a server would tell that it is still there
    with pytest.raises(OrphanedReleaseError):
        account.reserve("k", {}, eps(0.2), wait=0)
    with pytest.raises(ReservationError, match="already orphaned"):  # it comes back too late: nothing is shown
        account.commit(held, "1")
    assert account.entries()[0].answer is None


def test_threads_with_one_question_draw_it_once_l4(account):
    draws, answers = [], []

    def ask(index):
        held = account.reserve("same", {}, eps(0.1))
        if isinstance(held, Entry):
            answers.append(held.answer)
        else:
            draws.append(index)
            answers.append(account.commit(held, f"drawn by {index}").answer)

    threads = [Thread(target=ask, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(draws), len(answers), len(set(answers))) == (1, 8, 1)
    assert account.spent == eps(0.1)


@pytest.mark.parametrize("question", [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}, {"a": b"x"}])
def test_a_question_that_is_not_plain_is_refused_before_it_costs(account, question):
    with pytest.raises((TypeError, ValueError)):
        account.reserve("k", question, eps(0.1))
    assert account.balance().entries == 0


def test_a_new_account_shares_nothing_but_the_ledger_l11(store):
    first = Ledger.open(store).begin("churn", terms())
    second = Ledger.open(store).begin("churn", terms())
    release(first, "k", 0.75)
    with pytest.raises(InsufficientBudgetError):
        second.reserve("other frame", {}, eps(0.5))


def test_ways_are_told_what_is_left(account):
    release(account, "a", 0.75)
    with pytest.raises(InsufficientBudgetError, match=r"Ways on: try ε = 0.25\."):
        account.reserve("b", {}, eps(0.5), ways=lambda left: f"try {left}")


FIELDS = ["state", "time", "analyst", "question", "main", "answer", "sums", "prev", "hash", "key", "token", "holder"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.sample(0.4)
def test_a_changed_field_is_named_by_its_entry_l7(store, field):
    account = Ledger.open(store).begin("churn", terms())
    for index in range(4):
        release(account, f"k{index}")
    changed = {"state": "failed", "main": "0.05"}.get(field, "2020")
    seq = 4 if field in ("state", "answer") else 3  # of entry 2
    tamper(account, f"UPDATE privkit_record SET {field} = '{changed}' WHERE seq = {seq}")
    with pytest.raises(LedgerTamperedError) as caught:
        account.verify()
    assert (caught.value.entry, caught.value.record) == (2, seq)
    assert "entry 2" in str(caught.value)


def test_a_changed_answer_is_not_replayed_l4_l7(account):
    for index in range(60):  # beyond what opening looks at
        release(account, f"k{index}", 0.001)
    tamper(account, "UPDATE privkit_record SET answer = '9' WHERE seq = 2")
    with pytest.raises(LedgerTamperedError, match="entry 1"):
        account.reserve("k0", {}, eps(0.001))
    assert release(account, "k1", 0.001).answer == "7"


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("DELETE FROM privkit_record WHERE seq = 3", 2),
        ("DELETE FROM privkit_record WHERE seq IN (3, 4)", 3),
        ("UPDATE privkit_record SET seq = seq + 100 WHERE seq > 6", 4),
        ("UPDATE privkit_project SET terms = replace(terms, '\"1\"', '\"9\"')", 0),
    ],
)
@pytest.mark.sample(0.5)
def test_removed_and_moved_records_are_named_l7(store, statement, entry):
    account = Ledger.open(store).begin("churn", terms())
    for index in range(4):
        release(account, f"k{index}")
    tamper(account, statement)
    with pytest.raises(LedgerTamperedError) as caught:
        account.verify()
    assert caught.value.entry == entry
    with pytest.raises(LedgerError):
        Ledger.open(store).account("churn")


def tamper(account, statement):
    """Change rows as an owner of the database can: without the triggers."""
    store = account._book.store
    with store.engine().connect() as connection, connection.begin():
        for table in schema.TABLES:
            if store.dialect == "sqlite":
                connection.exec_driver_sql(f"DROP TRIGGER {table}_UPDATE")
                connection.exec_driver_sql(f"DROP TRIGGER {table}_DELETE")
            else:
                connection.exec_driver_sql(f"DROP TRIGGER {table}_guard ON {table}")
        connection.exec_driver_sql(statement)


def test_nothing_but_public_facts_and_answers_is_stored_l14(account, store):
    """What a record holds is listed here; a new column must be argued for."""
    release(account, "k", answer="41")
    with account._book.store.reading() as connection:
        (start, end) = query.tail(connection, account._book.id)[::-1]
    told = {name for name, value in start.items() if value is not None}
    assert told == {
        *("project", "seq", "entry", "state", "key", "draw", "time", "analyst", "holder", "token", "question"),
        *("main", "delta", "sums", "prev", "hash"),
    }
    told = {name for name, value in end.items() if value is not None}
    # No time: how long a measurement took may tell about the data.
    assert told == {"project", "seq", "entry", "state", "answer", "sums", "prev", "hash"}
    assert len(start["time"]) == len("2026-01-01T00:00:00Z")  # to the second
