"""Names of questions: one look-up finds the answer, and who asked the same of whatever data, on every store."""

from __future__ import annotations

from budget_terms import eps

from privkit.budget.entry import Entry
from privkit.budget.machine.keys import request_key
from privkit.budget.store.query import SECOND, alike, older

SECRET = bytes(range(32))


def ask(account, question, data, **options):
    key = request_key(SECRET, question, data)
    held = account.reserve(key, question, eps(0.1), **options)
    return held if isinstance(held, Entry) else account.commit(held, "[1]")


def test_who_asked_the_same_is_found_by_the_name_the_latest_first(account):
    one, two = {"statistic": "count"}, {"statistic": "sum"}
    for data in (b"a", b"b", "v1"):
        ask(account, one, data)
        ask(account, two, data)
    found, others = account.asked(request_key(SECRET, one, b"c"))
    assert found is None
    assert [(other.entry, other.question) for other in others] == [(5, one), (3, one), (1, one)]
    found, others = account.asked(request_key(SECRET, two, b"b"))
    assert (found.seq, others) == (4, [])
    assert account.asked(request_key(SECRET, {"statistic": "mean"}, b"a")) == (None, [])


def test_what_is_still_unanswered_is_no_answer_and_is_found_under_its_name(account):
    key = request_key(SECRET, {"statistic": "count"}, b"a")
    account.reserve(key, {"statistic": "count"}, eps(0.1))
    found, others = account.asked(key)
    assert found is None
    assert [other.key for other in others] == [key]


def test_a_name_of_the_form_before_is_the_same_question(account):
    question = {"statistic": "count"}
    key = request_key(SECRET, question, b"a")
    held = account.reserve(older(key), question, eps(0.1))
    first = account.commit(held, "[1]")
    assert older(key).startswith(SECOND)
    assert account.find(key) == account.asked(key)[0] == first
    assert ask(account, question, b"a") == first
    second = ask(account, question, b"a", again=True)
    assert (second.seq, account.find(key)) == (2, second), "the latest draw"
    assert account.balance().entries == 2


def test_a_caller_who_has_looked_is_still_answered_under_the_lock(account):
    question = {"statistic": "count"}
    first = ask(account, question, b"a")
    assert ask(account, question, b"a", looked=True) == first
    assert account.balance().entries == 1


def test_names_of_one_question_lie_together_and_tell_nothing_without_the_key():
    one, two = (request_key(SECRET, {"a": 1}, data) for data in (b"x", b"y"))
    low, high = alike(one)
    assert low <= two < high
    assert alike(two) == (low, high)
    assert not low <= request_key(SECRET, {"a": 2}, b"x") < high
    assert low != alike(request_key(bytes(32), {"a": 1}, b"x"))[0]
    assert alike("ab" * 32) is None
