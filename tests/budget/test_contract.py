"""What a ledger promises, on SQLite and PostgreSQL alike. Names cite its promises l1 to l14."""

from __future__ import annotations

from fractions import Fraction

import pytest
from budget_terms import eps, release, terms

from privkit.budget.entry import Entry, Reservation
from privkit.budget.keys import request_key
from privkit.budget.ledger import Ledger
from privkit.errors.ledger import MeasureMismatchError, OrphanedReleaseError, PendingReleaseError, ReservationError
from privkit.errors.project import CeilingError, InsufficientBudgetError, ProjectMismatchError, ProjectNotFoundError
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
