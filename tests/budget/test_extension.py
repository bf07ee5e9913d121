"""Extensions of a budget, and limits of analysts by name: on each store, across processes, and in old ledgers."""

from __future__ import annotations

import json
import shutil
import signal
from fractions import Fraction
from pathlib import Path

import pytest
from budget_terms import eps, release, terms
from crashes import Steps, ended, fork
from hypothesis import given
from hypothesis import strategies as st

from privkit.budget.canonical import amount_text, canonical
from privkit.budget.chain import link
from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.budget.notes import EXTENDED, NAMES
from privkit.budget.odometer import Recent, window_start
from privkit.budget.simulated import SimulatedAccount
from privkit.budget.terms import ProjectTerms, Window
from privkit.errors import ParameterError
from privkit.errors.facts import ProjectClosedError, ProjectRemovedError, SimulatedError
from privkit.errors.ledger import LedgerTamperedError
from privkit.errors.project import InsufficientBudgetError, ProjectMismatchError

TWO = {"epsilon": "2"}


def allotted(default=0, **named):
    """Terms with an amount for each analyst."""
    shares = tuple(sorted((name, eps(amount)) for name, amount in named.items()))
    return terms(3, per_analyst=eps(default), allotments=shares)


# -- the budget --------------------------------------------------------------------------------------------------------


def test_an_extension_is_an_entry_of_no_cost_that_says_why(account, store):
    answer = release(account, "a", 0.9)
    entry = account.extend(TWO, "a second year")
    assert (entry.cost, entry.analyst, entry.state) == (eps(0), "ada", "committed")
    assert entry.question == {"statistic": EXTENDED, "to": TWO, "reason": "a second year"}
    assert (account.terms.budget, account.remaining, account.spent) == (eps(2), eps(1.1), eps(0.9))
    assert release(account, "a", 0.9) == answer  # replays as ever
    release(account, "b", 1.1)
    with pytest.raises(InsufficientBudgetError, match="of 2 left"):
        account.reserve("c", {}, eps(0.000001))
    again = Ledger.open(store, read_only=True).account("churn")
    assert (again.terms.budget, again.verify().charged) == (eps(2), eps(2))
    (told,) = again.extensions()
    assert (told.entry, told.analyst, told.reason) == (2, "ada", "a second year")
    assert (told.before.budget, told.after.budget) == (eps(1), eps(2))
    assert [reading.left for reading in again.odometer().readings] == [eps(0.1), eps(1.1), eps(0)]
    assert again.odometer().readings[0].left == eps(0.1)  # as it was then
    found = [finding.what for finding in diagnose(store).findings]
    assert any(what.endswith("by ada: a budget of ε = 2 from entry 2 on") for what in found)


def test_the_same_call_again_notes_nothing_and_less_is_refused(account):
    account.extend(TWO, "a second year")
    account.extend({"epsilon": "3"}, "a third")
    assert account.extend(TWO, "a second year") is None  # all cells of a notebook are run again
    for to in (TWO, {"epsilon": "3"}, {"epsilon": "0.5"}):
        with pytest.raises(ParameterError):
            account.extend(to, "less")
    assert (account.verify().entries, account.terms.budget) == (2, eps(3))


@pytest.mark.parametrize("to", [{"rho": "2"}, {"delta": "0.1"}, {"per_analyst": "2"}, {"allotments": {"ada": "2"}}])
def test_what_the_terms_do_not_have_is_not_raised(account, to):
    with pytest.raises(ParameterError):
        account.extend(to, "no")
    assert account.balance().entries == 0


def test_delta_is_extended_for_all_limits_at_once(ledger):
    window = Window(30, eps(1, 1e-6))
    account = ledger.begin("churn", terms(1, delta=1e-6, per_analyst=eps(1, 1e-6), window=window))
    account.reserve("a", {}, eps(0.1, 1e-6))
    with pytest.raises(InsufficientBudgetError):
        account.reserve("b", {}, eps(0.1, 1e-6))
    account.extend({"delta": "0.00001"}, "the law allows it")
    account.reserve("b", {}, eps(0.1, 9e-6))
    assert account.verify().charged == eps(0.2, 1e-5)


def test_an_ended_project_is_not_extended(ledger):
    closed, removed = ledger.begin("churn", terms()), ledger.begin("sales", terms())
    closed.extend(TWO, "a second year")
    closed.close("over")
    removed.close("a slip", removed=True)
    assert closed.extend(TWO, "a second year") is None
    for account, kind in ((closed, ProjectClosedError), (removed, ProjectRemovedError)):
        with pytest.raises(kind):
            account.extend({"epsilon": "3"}, "more")
        account.verify()


def test_a_simulated_project_is_not_extended():
    with pytest.raises(SimulatedError, match="not extended"):
        SimulatedAccount("lesson", terms(), 1).extend(TWO, "more")


def test_a_project_opens_with_each_total_that_held_and_no_other(account, store):
    account.extend(TWO, "a second year")
    account.extend({"epsilon": "3"}, "a third")
    for amount in (1, 2, 3):
        assert Ledger.open(store).begin("churn", terms(amount)).terms.budget == eps(3)
    for amount in (0.5, 2.5, 4):
        with pytest.raises(ProjectMismatchError, match=r"budget is ε = 3 \(begun with ε = 1\)") as caught:
            Ledger.open(store).begin("churn", terms(amount))
        assert caught.value.differences == ("budget",)


# -- processes -----------------------------------------------------------------------------------------------------


def test_who_has_it_open_charges_by_what_another_process_granted(account, store):
    colleague = Ledger.open(store, analyst="bo").account("churn")
    release(account, "a", 1)
    with pytest.raises(InsufficientBudgetError):
        colleague.reserve("b", {}, eps(0.5))

    def child():
        Ledger.open(store).account("churn").extend(TWO, "a second year")

    assert ended(fork(child)) == 0
    assert colleague.headroom(eps(0.5)).times == 2
    release(colleague, "b", 0.5)
    assert (colleague.terms.budget, colleague.remaining) == (eps(2), eps(0.5))
    with pytest.raises(InsufficientBudgetError):  # who granted nothing and knows no more does not overspend either
        account.reserve("c", {}, eps(0.6))
    assert account.verify().charged == eps(1.5)


def test_many_who_extend_and_spend_at_once_overspend_nothing(account, store, tmp_path):
    def child(number):
        mine = Ledger.open(store).account("churn")
        mine.extend({"epsilon": str(number + 2)}, "a year more") if number % 2 else None
        granted = 0
        for turn in range(12):
            try:
                release(mine, f"{number}-{turn}", 0.1)
                granted += 1
            except InsufficientBudgetError:
                pass
        (tmp_path / f"granted{number}").write_text(str(granted))

    children = [fork(lambda number=number: child(number)) for number in (0, 1, 2)]  # one extends, to 3
    assert [ended(pid) for pid in children] == [0] * 3
    granted = sum(int((tmp_path / f"granted{number}").read_text()) for number in (0, 1, 2))
    account.verify()
    assert account.balance().budget == eps(3)
    assert account.spent == eps(Fraction(granted, 10))
    assert granted <= 30


def test_a_kill_at_every_statement_boundary_extends_it_wholly_or_not_at_all(store, tmp_path):
    account = Ledger.open(store).begin("churn", terms())
    counted = tmp_path / "counted"

    def count():
        mine, steps = Ledger.open(store).account("churn"), Steps()
        mine.extend(TWO, "counted")
        counted.write_text(str(steps.count))

    assert ended(fork(count)) == 0
    whole = none = 0
    boundaries = int(counted.read_text())
    for at in {*range(1, boundaries, 5), boundaries - 1, boundaries}:
        to = {"epsilon": str(2 + at)}

        def child(at=at, to=to):
            mine = Ledger.open(store).account("churn")
            Steps(at)
            mine.extend(to, "a year more")

        before = account.balance()
        assert ended(fork(child)) == -signal.SIGKILL
        after = account.balance()
        done = after.budget != before.budget
        assert (after.entries - before.entries, after.seq - before.seq) == ((1, 2) if done else (0, 0))
        whole, none = whole + done, none + (not done)
        assert (account.extend(to, "a year more") is None) is done  # the cell is run again
    assert min(whole, none) > 0
    account.verify()


# -- old ledgers and earlier versions --------------------------------------------------------------------------------


def test_a_ledger_of_an_earlier_version_is_extended_and_verifies(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_KEY", "correct horse battery staple")
    shutil.copy(Path(__file__).parent / "data" / "format1.db", tmp_path / "ledger.db")
    account = Ledger.open(tmp_path / "ledger.db").account("churn")
    begun = account.terms.budget
    account.extend({"epsilon": str(begun.main + 1)}, "a second year")
    release(account, "new", begun.main + Fraction(1, 2) - account.spent.main)
    assert account.verify().charged == eps(begun.main + Fraction(1, 2))
    assert Ledger.open(tmp_path / "ledger.db").account("churn").terms.budget == eps(begun.main + 1)


def test_an_earlier_version_admits_by_the_first_terms_and_takes_the_entry_for_one_of_no_cost(account, store):
    """It finds ends by their names, the terms in the project's row, and refuses only names that begin as notes do."""
    account.extend(TWO, "a second year")
    reopened = Ledger.open(store)
    row = reopened._row("churn")
    assert ProjectTerms.from_json(row["terms"]).budget == eps(1)
    assert not NAMES[EXTENDED].startswith("note:")
    assert NAMES[EXTENDED] > "g"


def test_an_earlier_version_reads_the_least_of_the_allotments(ledger):
    text = ledger.begin("churn", allotted(0.2, ada=0.6, bo=0.1)).terms.to_json()
    assert json.loads(text)["per_analyst"] == ["0.1", "0"]  # one limit of each is all that it knows
    assert ProjectTerms.from_json(text) == allotted(0.2, ada=0.6, bo=0.1).completed()
    assert json.loads(allotted(0, ada=0.6).to_json())["per_analyst"] == ["0", "0"]
    assert "allotments" not in terms(3, per_analyst=eps(1)).to_json()


# -- allotments ------------------------------------------------------------------------------------------------------


def test_analysts_have_what_is_allotted_to_them(ledger, store):
    ledger.begin("churn", allotted(0.1, ada=0.6, bo=0.3))
    people = {name: Ledger.open(store, analyst=name).account("churn") for name in ("ada", "bo", "cy", "di")}
    for name, most in (("ada", 0.6), ("bo", 0.3), ("cy", 0.1), ("di", 0.1)):
        release(people[name], name, most)
        with pytest.raises(InsufficientBudgetError, match="for one analyst"):
            people[name].reserve(name + "2", {}, eps(0.001))
        assert people[name].headroom(eps(0.001)).limit == "analyst"
    assert people["ada"].verify().charged == eps(1.1)
    people["cy"].extend({"allotments": {"di": "0.2"}}, "a colleague joins")
    release(people["di"], "di2", 0.1)
    with pytest.raises(InsufficientBudgetError):
        people["cy"].reserve("cy2", {}, eps(0.1))
    people["ada"].extend({"per_analyst": "0.2"}, "all others")
    release(people["cy"], "cy2", 0.1)
    assert people["ada"].verify().charged == eps(1.3)


def test_who_is_not_named_is_told_so(ledger, store):
    ledger.begin("churn", allotted(ada=0.6))
    with pytest.raises(InsufficientBudgetError, match="for 'eve', to whom nothing is allotted"):
        Ledger.open(store, analyst="eve").account("churn").reserve("a", {}, eps(0.1))


def test_other_allotments_are_other_terms(ledger, store):
    ledger.begin("churn", allotted(ada=0.6)).extend({"allotments": {"bo": "0.2"}}, "bo joins")
    for given_ in (allotted(ada=0.6), allotted(ada=0.6, bo=0.2)):
        Ledger.open(store).begin("churn", given_)
    for given_ in (allotted(ada=0.5), allotted(0.1, ada=0.6), terms(3, per_analyst=eps(0.6))):
        with pytest.raises(ProjectMismatchError, match=r"per_analyst is ε = 0.6 for ada; ε = 0.2 for bo; nothing for"):
            Ledger.open(store).begin("churn", given_)


# -- what verify says ------------------------------------------------------------------------------------------------


def refused(account, monkeypatch, change, match):
    """Give verification a chain in which records were changed, and all hashes and totals after them made anew."""
    records, before, costs, ended_ones = [dict(one) for one in account._records()], None, {}, set()
    for record in records:
        change(record)
        if record["state"] == "reserved":
            costs[record["entry"]] = Fraction(record["main"])
        else:
            ended_ones.add(record["entry"])
        sums, total = json.loads(record["sums"]), sum(costs.values(), Fraction(0))
        sums[2][0] = amount_text(total)
        sums[3][0] = amount_text(sum((costs[one] for one in costs.keys() - ended_ones), Fraction(0)))
        if sums[5] is not None:
            sums[5][0] = amount_text(total)  # of one analyst alone
        record["sums"] = canonical(sums)
        record["prev"] = before or record["prev"]
        record["hash"] = before = link(record)
    monkeypatch.setattr(type(account), "_records", lambda *_: iter(records))
    with pytest.raises(LedgerTamperedError, match=match) as caught:
        account.verify()
    return caught.value


@pytest.mark.parametrize(
    "others", [{}, {"per_analyst": eps(1)}, {"window": Window(30, eps(1))}, {"ceiling": Fraction(1)}]
)
def test_verify_refuses_a_charge_above_the_terms_that_held_at_its_place(ledger, monkeypatch, others):
    account = ledger.begin("churn", terms(2 if others else 1, **others))
    release(account, "a", 0.5)
    release(account, "b", 0.25)
    account.extend({"epsilon": "3"}, "a second year")
    account.verify()

    def more(record):
        if (record["entry"], record["state"]) == (2, "reserved"):
            record["main"] = "1.25" if "ceiling" in others else "0.75"

    refused(account, monkeypatch, more, "charged more than the terms allowed")


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"to": {"epsilon": "0.9"}}, "breaks the rules"),
        ({"to": {"epsilon": "1"}}, "breaks the rules"),
        ({"to": {}}, "breaks the rules"),
        ({"to": {"rho": "2"}}, "breaks the rules"),
        ({"to": {"epsilon": "much"}}, "breaks the rules"),
        ({"to": [2]}, "breaks the rules"),
        ({"reason": None}, "breaks the rules"),
        ({"to": {"epsilon": "1.5"}}, "charged more than the terms allowed"),
    ],
)
def test_verify_refuses_an_extension_that_is_none_or_less(account, monkeypatch, told, match):
    account.extend(TWO, "a second year")
    release(account, "a", 1.75)
    account.verify()

    def other(record):
        if (record["entry"], record["state"]) == (1, "reserved"):
            record["question"] = canonical(json.loads(record["question"]) | told)

    refused(account, monkeypatch, other, match)


def test_what_an_older_copy_forgot_may_be_more_than_its_budget(tmp_path, watched):
    path = tmp_path / "ledger.db"
    account = Ledger.open(path).begin("churn", terms())
    release(account, "a", 0.5)
    shutil.copy(path, tmp_path / "backup.db")
    account.extend(TWO, "a second year")
    release(account, "b", 1)
    shutil.copy(tmp_path / "backup.db", path)  # the extension is lost with it
    adopted = Ledger.open(path, adopt=True).account("churn")
    assert (adopted.spent, adopted.terms.budget) == (eps(1.5), eps(1))
    assert adopted.verify().charged == eps(1.5)
    with pytest.raises(InsufficientBudgetError):
        adopted.reserve("c", {}, eps(0.001))
    adopted.extend(TWO, "a second year")
    release(adopted, "c", 0.5)
    assert adopted.verify().charged == eps(2)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=12))
def test_what_falls_into_a_window_is_what_a_sum_over_it_says(steps):
    window, total, told, day = Window(10, None), eps(0), [], 0
    recent = Recent(window, eps(0))
    for gap, cost in steps:
        day += gap
        now = f"2026-{1 + day // 28 % 12:02}-{1 + day % 28:02}T12:00:00Z" if day < 28 * 12 else "2027-01-01T12:00:00Z"
        start = window_start(window, now)
        expected = sum((paid.main for time, paid in told if time > start), Fraction(0))
        assert recent.of(total, now).main == expected
        total += eps(cost)
        told.append((now, eps(cost)))
        recent.add(now, total)


def test_what_a_charge_looks_up_is_found_by_an_index_however_long_the_ledger_is(tmp_path):
    """Under the lock all others wait. A search in the order of all records would read every one of them."""
    import sqlite3
    from contextlib import closing

    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    path, asked = tmp_path / "ledger.db", []
    account = Ledger.open(path).begin("churn", terms(9, per_analyst=eps(9), window=Window(30, eps(9))))
    release(account, "a", 0.1)
    account.extend({"epsilon": "10"}, "a second year")

    def hear(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        release(account, "b", 0.1, again=True)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    with closing(sqlite3.connect(path)) as connection:
        for statement, parameters in asked:
            if "FROM privkit_record" not in statement:
                continue
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            first = plan[0][-1]
            bounded = "LIMIT" in statement and "ORDER BY" in statement and "IN (" not in statement
            assert bounded or first.count("=?") > 1, (statement, plan)
