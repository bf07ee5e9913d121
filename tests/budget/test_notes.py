"""Notes in the chain: public facts, and that a project is closed or removed, on each store."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from budget_terms import eps, release, terms

from privkit.budget.canonical import canonical
from privkit.budget.chain import link
from privkit.budget.doctor import diagnose
from privkit.budget.entry import Entry
from privkit.budget.ledger import Ledger
from privkit.budget.machine.state import recall, recall_all
from privkit.budget.notes import CLOSED, FACTS, NAMES, REMOVED
from privkit.budget.store.store import Store
from privkit.errors.facts import FactsChangedError, ProjectClosedError, ProjectRemovedError, ProjectUsedError
from privkit.errors.ledger import LedgerMovedError, LedgerTamperedError
from privkit.errors.project import ProjectNotFoundError

AGE = {"age": {"bounds": {"is": ["18.0", "100.0"]}}}
OTHER = {"age": {"bounds": {"is": ["18.0", "99.0"]}}}
PLAN = {"plan": {"keys": {"is": ["basic", "plus"], "reason": "price list"}}}


def nothing(_):
    """Refuse nothing."""


def asking(entry):
    """Return a question that uses the bounds of 'age' as an entry says them."""
    return {"ask": "count", "public": [{"column": "age", "what": "bounds", "entry": entry}]}


def test_facts_are_an_entry_of_no_cost_with_who_said_it(account, store):
    entry = account.declare(AGE, nothing)
    assert (entry.cost, entry.analyst, entry.state, entry.question["facts"]) == (eps(0), "ada", "committed", AGE)
    assert account.declare(AGE, nothing) is None  # said again, it is noted once
    account.declare({**AGE, **PLAN}, nothing)
    told = [(one.seq, one.question["facts"]) for one in account.facts()]
    assert told == [(1, AGE), (2, PLAN)]  # what is new alone
    assert [type(one) for one in account.facts()] == [Entry, Entry]
    again = Ledger.open(store, read_only=True).account("churn")
    assert [one.question["facts"] for one in again.facts()] == [AGE, PLAN]
    assert again.declare(AGE, nothing) is None  # what is known needs no writing
    assert account.verify().entries == 2
    assert account.spent == eps(0)


def test_a_reason_is_added_and_a_value_changed_until_a_release_used_it(account):
    account.declare(AGE, nothing)
    account.declare(OTHER, nothing)
    with_reason = {"age": {"bounds": {"is": ["18.0", "99.0"], "reason": "by law"}}}
    assert account.declare(with_reason, nothing).question["facts"] == with_reason
    release(account, "a", 0.1, question=asking(3))
    with pytest.raises(FactsChangedError, match="bounds of 'age'") as caught:
        account.declare({**AGE, **PLAN}, nothing)
    assert caught.value.facts == (("age", "bounds"),)
    assert str(caught.value).endswith("No budget was spent.")
    assert len(account.facts()) == 3  # nothing of it was noted, PLAN neither
    account.declare(PLAN, nothing)  # others may be added
    assert account.verify().charged == eps(0.1)


def test_what_the_check_refuses_is_not_noted(account):
    def check(facts):
        assert facts == {**AGE, **PLAN}
        raise ValueError

    account.declare(AGE, nothing)
    with pytest.raises(ValueError):
        account.declare(PLAN, check)
    assert account.verify().entries == 1


def test_many_who_declare_at_once_note_it_once(store):
    Ledger.open(store).begin("churn", terms())

    def say(_):
        return Ledger.open(store).account("churn").declare(AGE, nothing)

    with ThreadPoolExecutor(4) as threads:
        noted = [entry for entry in threads.map(say, range(8)) if entry is not None]
    account = Ledger.open(store).account("churn")
    assert len(noted) == len(account.facts()) == account.verify().entries == 1


def test_a_closed_project_charges_nothing_and_replays(account, store):
    answer = release(account, "a", 0.1)
    held = account.reserve("b", {"ask": "b"}, eps(0.1))
    account.close("the study is over")
    account.commit(held, "7")  # what was being answered ends
    for tried in (
        lambda: account.reserve("c", {}, eps(0.1)),
        lambda: account.reserve("a", {}, eps(0.1), again=True),
        lambda: account.declare(AGE, nothing),
        lambda: account.close("twice"),
        lambda: account.close("twice", removed=True),
    ):
        with pytest.raises(ProjectClosedError, match=r"by ada \(the study is over\)") as caught:
            tried()
        assert str(caught.value).endswith("No budget was spent.")
    again = Ledger.open(store).account("churn")
    assert again.reserve("a", {}, eps(0.1)) == answer
    assert (again.ended.removed, again.ended.reason) == (False, "the study is over")
    assert again.verify().entries == 3
    found = [finding.what for finding in diagnose(store).findings]
    assert any("was closed on" in what for what in found)


def test_only_an_untouched_project_is_removed(account):
    account.declare(AGE, nothing)  # which touches nobody
    held = account.reserve("a", {}, eps(0.1))
    with pytest.raises(ProjectUsedError, match=r"project.close"):
        account.close("a slip", removed=True)
    account.fail(held)
    with pytest.raises(ProjectUsedError):
        account.close("a slip", removed=True)
    assert account.ended is None


def test_a_removed_projects_name_is_told_and_free_again(ledger, store):
    ledger.begin("churn", terms(3)).close("meant another", removed=True)
    assert ledger.projects() == ()
    for tried in (lambda: ledger.account("churn"), lambda: ledger.begin("churn", terms(1))):
        with pytest.raises(ProjectRemovedError, match=r"removed on .* by ada \(meant another\)"):
            tried()
    anew = Ledger.open(store, new=True, reason="the right one").begin("churn", terms(1))
    assert (anew.name, anew.fresh, anew.terms.budget) == ("churn", True, eps(1))
    release(anew, "a", 0.1)
    again = Ledger.open(store)
    assert again.projects() == ("churn",)
    assert again.account("churn").spent == eps(0.1)
    assert again.begin("churn", terms(1)).fresh is False
    assert [one.verify().entries for one in (again.account("churn"), *again.removed())] == [1, 1]
    diagnosis = diagnose(store)
    assert diagnosis.healthy, diagnosis
    assert sum("a project 'churn' was removed" in finding.what for finding in diagnosis.findings) == 1


def test_a_name_is_removed_as_often_as_it_was_begun(store):
    for number in range(3):
        account = Ledger.open(store, new=True, reason="again").begin("churn", terms(number + 1))
        with pytest.raises(ProjectNotFoundError):
            Ledger.open(store).account("chur")
        account.close("no", removed=True)
    ledger = Ledger.open(store)
    assert [one.terms.budget for one in ledger.removed()] == [eps(1), eps(2), eps(3)]
    assert {one.name for one in ledger.removed()} == {"churn"}


def test_a_removed_project_takes_no_charge_by_who_has_it_open(account, store):
    colleague = Ledger.open(store).account("churn")
    account.close("a slip", removed=True)
    with pytest.raises(ProjectRemovedError):
        colleague.reserve("a", {}, eps(0.1))
    assert account.verify().charged == eps(0)


def test_anchors_of_removed_projects_hold_up_nobody(watched, store, tmp_path, monkeypatch):
    account = Ledger.open(store).begin("churn", terms())
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "colleague"))
    Ledger.open(store).account("churn")  # whose machine remembers it too
    assert recall(account.uid) is not None
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "own"))
    Ledger.open(store).account("churn").close("a slip", removed=True)
    assert [known.name for known in recall_all()] == []
    Ledger.open(store, new=True, reason="anew").begin("churn", terms(2))
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "colleague"))
    assert Ledger.open(store).account("churn").terms.budget == eps(2)
    assert Ledger.open(store).begin("Sales", terms()).fresh
    elsewhere = tmp_path / "other" / "ledger.db"
    elsewhere.parent.mkdir()
    with pytest.raises(LedgerMovedError):  # a second budget for the same people is noticed as ever
        Ledger.open(elsewhere).begin("churn", terms(2))


def _rewritten(account, monkeypatch, *, at, **fields):
    """Give verification a chain in which a record was changed, and all hashes after it made anew."""
    records, before = [dict(one) for one in account._records()], None
    for record in records:
        if record["seq"] == at:
            record.update(fields)
        if before is not None:
            record["prev"] = before
        record["hash"] = before = link(record)
    monkeypatch.setattr(type(account), "_records", lambda *_: iter(records))
    with pytest.raises(LedgerTamperedError, match="breaks the rules") as caught:
        account.verify()
    return str(caught.value)


@pytest.mark.parametrize(
    ("at", "fields"),
    [
        (7, {"question": canonical({"statistic": FACTS, "facts": OTHER})}),  # changes a fact after a release
        (7, {"question": canonical({"statistic": FACTS, "facts": ["age"]})}),
        (7, {"question": canonical({"statistic": CLOSED, "reason": "no"})}),  # says something else than its name
        (7, {"question": canonical({"statistic": "count"})}),
        (7, {"key": "note:else"}),
        (
            7,
            {"key": NAMES[CLOSED], "question": canonical({"statistic": CLOSED, "reason": "no"})},
        ),  # others follow
        (7, {"key": NAMES[REMOVED], "question": canonical({"statistic": REMOVED, "reason": "no"})}),
        (1, {"main": "0.1"}),  # costs something
    ],
)
@pytest.mark.sample(0.5)
def test_verify_refuses_a_chain_whose_notes_break_the_rules(account, monkeypatch, at, fields):
    account.declare(AGE, nothing)
    account.declare(OTHER, nothing)
    account.declare(AGE, nothing)
    release(account, "a", 0.1, question=asking(3))
    account.declare(PLAN, nothing)
    account.verify()
    if at == 7:
        records = [dict(one) for one in account._records()]
        at = next(one["seq"] for one in records if one["entry"] == 5 and one["state"] == "reserved")
        if fields.get("key") in (NAMES[CLOSED], NAMES[REMOVED]):
            at = next(one["seq"] for one in records if one["entry"] == 3 and one["state"] == "reserved")
    assert "entry" in _rewritten(account, monkeypatch, at=at, **fields)


def test_a_changed_note_is_not_used(account, monkeypatch, store):
    if "://" in store:
        pytest.skip("one store is enough: the hash is checked above it")
    account.declare(AGE, nothing)
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("DROP TRIGGER privkit_record_UPDATE")
        told = canonical({"statistic": FACTS, "facts": OTHER})
        connection.execute("UPDATE privkit_record SET question = ? WHERE state = 'reserved'", (told,))
    with pytest.raises(LedgerTamperedError):
        account.facts()


def test_notes_are_found_by_the_index_however_long_the_ledger_is(account, store):
    if "://" in store:
        pytest.skip("PostgreSQL plans by size")
    account.declare(AGE, nothing)
    import sqlite3
    from contextlib import closing

    sought = "SELECT * FROM privkit_record WHERE project = 1 AND state = 'reserved' AND key = 'x' ORDER BY draw"
    with closing(sqlite3.connect(store)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sought}").fetchall()
    assert "privkit_one_draw" in plan[0][-1]


def test_no_question_has_the_name_of_a_note(account):
    assert account.first_form is None
    account.declare(AGE, nothing)
    reopened = type(account)(account._book, "ada")
    assert reopened.first_form is None  # names of the first form are hexadecimal digits
    assert all(name > "g" and not name.startswith("v2:") for name in NAMES.values())
    assert json.loads(canonical(account.facts()[0].question)) == {"statistic": FACTS, "facts": AGE}


def test_an_earlier_version_reads_past_notes(account, monkeypatch):
    """What it knew of entries is all that notes need: states, sums, hashes and questions that are JSON."""
    account.declare(AGE, nothing)
    release(account, "a", 0.1)
    records = [dict(one) for one in account._records()]
    assert [one["state"] for one in records] == ["reserved", "committed"] * 2
    assert {one["seq"] for one in records if link(one) == one["hash"]} == {1, 2, 3, 4}
    assert account.balance().entries == 2
    monkeypatch.setattr(Store, "now", lambda *_: "2099-01-01T00:00:00Z")
    assert account.declare(PLAN, nothing).time == "2099-01-01T00:00:00Z"


# -- the register ------------------------------------------------------------------------------------------------------


def test_the_register_costs_nothing_and_goes_on_when_the_project_is_closed(account, store):
    release(account, "a", 0.1)
    first = account.register({"what": "x"}, nothing)
    held = account.begin_record({"what": "y"}, nothing)
    assert [one.state for one in account.registered()] == ["committed", "reserved"]
    account.commit(held, "{}")
    account.close("the study is over")
    last = account.register({"what": "z"}, nothing)
    assert (first.cost, first.analyst) == (eps(0), "ada")
    again = Ledger.open(store, read_only=True).account("churn")
    assert [(one.seq, one.question["record"]["what"]) for one in again.registered()] == [
        (first.seq, "x"),
        (held.seq, "y"),
        (last.seq, "z"),
    ]
    assert (again.n_noted[2], again.ended.removed) == (3, False)
    assert account.verify().charged == eps(0.1)


def test_what_is_begun_by_a_process_that_died_is_told_as_orphaned(account, store):
    held = account.begin_record({"what": "y"}, nothing)
    account.drop(held)  # as if this process were another one
    assert [one.state for one in Ledger.open(store).account("churn").registered()] == ["orphaned"]
    assert account.verify().entries == 1


def test_a_check_refuses_within_the_transaction(account):
    account.register({"what": "x"}, nothing)

    def check(known):
        assert [one.question["record"]["what"] for one in known] == ["x"]
        raise ValueError

    for begin in (account.register, account.begin_record):
        with pytest.raises(ValueError):
            begin({"what": "y"}, check)
    assert account.n_noted[2] == 1


def test_a_removed_project_registers_nothing(account):
    account.register({"what": "x"}, nothing)
    account.close("mistyped", removed=True)
    with pytest.raises(ProjectRemovedError):
        account.register({"what": "y"}, nothing)
    assert account.verify().entries == 2
