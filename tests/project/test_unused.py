"""What nothing of a question uses makes no other question, and what ledgers hold of such questions replays."""

from __future__ import annotations

import pandas as pd
import pytest

import privkit as pk
from privkit.errors import ColumnNotFoundError
from privkit.values.expression.selection import Selection, selection

PEOPLE = pd.DataFrame({"age": [20.0, 40, 60, None] * 5, "city": ["a", "b"] * 10})
BAND = {"band": pk.cut("age", [0, 30, 65])}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("unused", epsilon=100, unit=pk.ROW, store=ledger_path)


def test_what_nothing_uses_is_told_and_makes_no_other_question(project):
    first = PEOPLE.privacy.dp_count("city", keys=["a", "b"], epsilon=1)
    plan = PEOPLE.privacy.plan.dp_count("city", keys=["a", "b"], derive=BAND, missing={"age": 0}, epsilon=1)
    assert plan.question == first.plan.question
    assert plan.standing.replays
    assert (
        "'band', 'age' of derive= or missing= is left out, since nothing of the question uses it: it is the same "
        "question without" in plan.notes
    )
    assert plan.release().value.equals(first.value)
    assert project.spent.epsilon == 1
    assert "missing=" not in repr(PEOPLE.privacy.plan.dp_count(epsilon=1))


@pytest.mark.parametrize(
    "asking",
    [
        {"by": "band", "derive": BAND},
        {"where": "band == '[0, 30)'", "derive": BAND},
        {"derive": BAND, "missing": {"band": "drop"}},
        {"missing": {"age": "drop"}},
        {"by": "city", "keys": ["a", "none"], "missing": {"city": "none"}},
    ],
)
def test_what_something_uses_makes_another_question(project, asking):
    PEOPLE.privacy.dp_count(epsilon=1)
    plan = PEOPLE.privacy.plan.dp_count(epsilon=1, **asking)
    assert not any("nothing of the question" in note for note in plan.notes)
    assert plan.question.selected == selection(*(asking.get(name) for name in ("where", "derive", "missing")))
    assert not plan.release().replayed


def test_a_mistake_in_what_nothing_uses_is_refused_all_the_same(project):
    with pytest.raises(ColumnNotFoundError):
        PEOPLE.privacy.plan.dp_count(derive={"band": pk.cut("aeg", [0, 30])}, epsilon=1)


def test_statistics_use_derived_columns_by_their_own_reading(project):
    made = {"old": "age >= 40", "double": "age * 2", "idle": "age + 1"}
    for plan, used in (
        (PEOPLE.privacy.plan.dp_sum("double", bounds=(0, 99), derive=made, epsilon=1), {"double"}),
        (PEOPLE.privacy.plan.dp_query({"m": ("mean", "double", (0, 99))}, derive=made, epsilon=1), {"double"}),
        (PEOPLE.privacy.plan.dp_nunique("old", derive=made, epsilon=1), {"old"}),
        (PEOPLE.privacy.plan.dp_histogram("double", bins=[0, 99], derive=made, epsilon=1), {"double"}),
    ):
        assert set(plan.question.selected.derived) == used


@pytest.mark.parametrize("asked", ["dp_count", "dp_median"])
def test_what_a_ledger_holds_of_such_a_question_replays(project, asked, monkeypatch):
    """Questions were recorded with what nothing uses, and medians as another statistic."""
    column = {"column": "age", "bounds": (0, 99), "assume_rows": 20} if asked == "dp_median" else {}
    call = {**column, "derive": {"idle": "age + 1"}, "epsilon": 1}
    with monkeypatch.context() as before:
        before.setattr(Selection, "used_by", lambda self, columns: self)
        plan = getattr(PEOPLE.privacy.plan, asked)(**call)
        assert plan.question.selected.derived == ("idle",)
        first = plan.release()
    now = getattr(PEOPLE.privacy.plan, asked)(**call)
    assert now.question.selected.derived == ()
    assert now.standing == (1, True, ())
    again = now.release()
    assert again.replayed
    assert again.value == first.value
    assert (project.spent.epsilon, project.price([now]).total.epsilon) == (1, 0)


def test_forms_of_earlier_versions_are_asked_one_after_the_other(project, monkeypatch):
    monkeypatch.setattr(type(project.account), "holds", lambda *_: True)
    plan = PEOPLE.privacy.plan.dp_median("age", bounds=(0, 99), derive={"idle": "age + 1"}, epsilon=1)
    forms = [(one.question.selected.derived, type(one.question.asked).__name__) for one in plan.asked_as()]
    assert len(forms) == len(set(forms)) == 6  # three forms of a median, each with and without what it does not use
    assert [derived for derived, _ in forms] == [(), (), (), ("idle",), ("idle",), ("idle",)]
    assert [one.loss.epsilon for one in plan.repriced(2).asked_as()] == [2] * 6
