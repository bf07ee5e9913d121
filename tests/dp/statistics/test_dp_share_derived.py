"""A share by derived columns, and of a condition on them: what a count with the same condition says."""

import numpy as np
import pandas as pd
import pytest
from dp_asking import duckdb_relation
from hypothesis import given
from hypothesis import strategies as st

import privkit as pk
from privkit.tally.predicate import apply
from privkit.values.expression.nodes import inlined
from privkit.values.expression.parsing import parsed
from privkit.values.expression.selection import Selection, selection

N = 600
PEOPLE = pd.DataFrame(
    {
        "age": np.where(np.arange(N) % 13 == 0, np.nan, np.arange(N) % 97),
        "plan": np.array(["a", "b", "c", None], dtype=object)[np.arange(N) % 4],
        "on": pd.date_range("2026-01-01", periods=N, freq="h"),
        "who": np.arange(N) // 3,
    }
)
#: Derived columns that bring their keys, and a condition on each.
DERIVED = {
    "cut": (pk.cut("age", [18, 65, 90]), "d == '[18, 65)'"),
    "recode": (pk.recode("plan", {"a": "A", "b": "A"}, other="B"), "d == 'A'"),
    "when": (pk.when("age >= 65", "old").when("age < 18", "young").otherwise("mid"), "d in ('old', 'young')"),
    "lookup": (pk.lookup("plan", {"a": "x", "b": "y"}), "not d == 'x'"),
    "month": (pk.month("on"), "d == 1 and age > 20"),
    "weekday": (pk.weekday("on"), "d > 5 or plan == 'a'"),
    "days": (pk.cut("on", every="week", start="2026-01-01", end="2026-01-20"), "d is missing or d != '2026-01-05'"),
}
ENGINES = {
    "pandas": lambda frame: frame,
    "polars": lambda frame: pytest.importorskip("polars").from_pandas(frame).lazy(),
    "duckdb": duckdb_relation,
}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("derived", epsilon=10**7, ceiling=10**7, unit=pk.ROW, store=ledger_path)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.sample(0.4)
def test_a_share_by_a_derived_column_has_the_groups_and_rows_of_a_count(project, name, engine):
    frame, derive = ENGINES[engine](PEOPLE), {"d": DERIVED[name][0]}
    share = pk.dp_share(frame, "age >= 50", "d", derive=derive, epsilon=10**4).to_frame()
    met = pk.dp_count(frame, "d", where="age >= 50", derive=derive, epsilon=10**4).value
    there = pk.dp_count(frame, "d", where="age >= 50 or age < 50", derive=derive, epsilon=10**4).value
    assert share.index.equals(met.index)
    assert share["met"].tolist() == met.tolist()
    assert share["count"].tolist() == there.tolist()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.sample(0.4)
def test_a_condition_on_a_derived_column_is_that_of_a_count(project, name, engine):
    frame, (derived, where) = ENGINES[engine](PEOPLE), DERIVED[name]
    share = pk.dp_share(frame, where, derive={"d": derived}, epsilon=10**4)
    met = pk.dp_count(frame, where=where, derive={"d": derived}, epsilon=10**4)
    not_met = pk.dp_count(frame, where=f"not ({where})", derive={"d": derived}, epsilon=10**4)
    assert share.to_frame()[["met", "count"]].iloc[0].tolist() == [met.value, met.value + not_met.value]
    assert 0 < share.value < 1
    assert not any("left out, since nothing of the question uses it" in note for note in share.plan.notes)


def test_the_groups_may_be_those_of_the_condition_and_other_columns_stay(project):
    derive = {"d": DERIVED["recode"][0], "band": DERIVED["cut"][0], "idle": "age > 3"}
    release = pk.dp_share(PEOPLE, "d == 'A'", ["d", "band"], derive=derive, epsilon=10**4)
    assert release.value.xs("A").eq(1).all()
    assert release.value.xs("B").eq(0).all()
    assert any("'idle'" in note for note in release.plan.notes)


def test_what_stands_for_missing_comes_after_the_condition_as_in_a_count(project):
    frame = PEOPLE.fillna({"plan": "a"}).assign(plan=PEOPLE["plan"])
    derive = {"d": pk.recode("plan", {"a": "A", "b": "B"})}
    for missing in ({"d": "none"}, {"d": "drop"}):
        share = pk.dp_share(frame, "d == 'A'", "d", derive=derive, missing=missing, epsilon=10**4)
        met = pk.dp_count(frame, "d", where="d == 'A'", derive=derive, missing=missing, epsilon=10**4)
        assert share.to_frame()["met"].tolist() == met.value.tolist()


def test_persons_meet_a_condition_on_a_derived_column(ledger_path):
    pk.open_project("persons", epsilon=10**6, ceiling=10**6, unit="who", store=ledger_path)
    release = PEOPLE.privacy.dp_share("d == 'old'", of="persons", derive={"d": DERIVED["when"][0]}, epsilon=10**4)
    assert release.to_frame()["met"].iloc[0] == PEOPLE[PEOPLE["age"] >= 65]["who"].nunique()


def test_another_derived_column_of_the_same_name_is_another_question(project):
    first = pk.dp_share(PEOPLE, "d == 'A'", derive={"d": pk.recode("plan", {"a": "A"}, other="B")}, epsilon=1)
    other = pk.dp_share(PEOPLE, "d == 'A'", derive={"d": pk.recode("plan", {"b": "A"}, other="B")}, epsilon=1)
    assert not other.replayed
    assert first.plan.canonical() != other.plan.canonical()
    own = pk.dp_share(PEOPLE, "plan == 'a'", epsilon=1)  # without derived columns nothing is otherwise than before
    assert own.plan.question.selected.canonical()["derive"] == {"(plan == 'a')": "(plan == 'a')"}


@pytest.mark.parametrize(
    ("where", "derive", "error", "says"),
    [
        ("d == 3", {"d": DERIVED["recode"][0]}, pk.ExpressionError, "compared"),
        ("d", {"d": DERIVED["recode"][0]}, pk.ExpressionError, "true or false"),
        ("e == 'A'", {"d": DERIVED["recode"][0]}, pk.ColumnNotFoundError, "'e'"),
        ("age > 3", {"age": "who > 3"}, pk.ExpressionError, "Choose another name"),
        ("age > 3", ["d"], pk.ParameterError, "derive"),
    ],
)
def test_what_does_not_fit_is_refused_and_costs_nothing(project, where, derive, error, says):
    with pytest.raises(error, match=says) as caught:
        PEOPLE.privacy.dp_share(where, derive=derive, epsilon=1)
    assert "No budget was spent." in str(caught.value)
    assert project.spent.main == 0


@given(
    st.lists(
        st.tuples(st.sampled_from([None, 0.0, 17.5, 18.0, 65.0, 200.0]), st.sampled_from(["a", "b", "", None])),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(
        [
            ("d == '[18, 65)'", pk.cut("age", [18, 65, 90])),
            ("not (d == 'A' or age > 20)", pk.recode("plan", {"a": "A", "b": "B"})),
            ("d is missing or not d != 'A'", pk.recode("plan", {"a": "A"})),
            ("d in ('old', 'young') and age < 100", DERIVED["when"][0]),
            ("d and not d", parsed("age > 17")),
            ("prefix(d, 1) == 'A' and d > 'A'", pk.recode("plan", {"a": "A", "b": "AB"})),
            ("d + 1 > age", parsed("age * 2 - 18")),
        ]
    ),
)
def test_an_inlined_condition_keeps_the_rows_that_the_derived_column_keeps(rows, asked):
    """The law that the share rests on, by the evaluation of a filter over derived columns."""
    where, derived = asked
    frame = pd.DataFrame(rows, columns=["age", "plan"]).assign(row=range(len(rows)))
    frame = frame.astype({"age": "float64", "plan": object})
    by_column = apply(frame, selection(where, {"d": derived})).collect(["row"])["row"].values.tolist()
    alone = Selection(inlined(parsed(where, "where"), {"d": derived}))
    assert apply(frame, alone).collect(["row"])["row"].values.tolist() == by_column
