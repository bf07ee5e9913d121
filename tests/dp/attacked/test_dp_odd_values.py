"""Columns of Python objects, attacked: whatever one row holds, the others count as before, and nothing fails."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from dp_asking import WHO, ask, count_question, exact, norms
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.question import Question
from privkit.dp.statistics.counts import DistinctCount, OpenCount
from privkit.tally.groups import group_counts
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.unit import ROW

#: Equal to each other across types, unhashable, unprintable, missing in four ways, out of every range.
ODD = {
    "1": 1,
    "1.0": 1.0,
    "True": True,
    "np.int64": np.int64(1),
    "Decimal": Decimal(1),
    "complex": 1 + 0j,
    "text": "1",
    "None": None,
    "nan": float("nan"),
    "NaT": pd.NaT,
    "NA": pd.NA,
    "Decimal nan": Decimal("nan"),
    "Decimal snan": Decimal("snan"),
    "list": [1],
    "dict": {"a": 1},
    "array": np.array([1, 2]),
    "bytes": b"1",
    "tuple": (1, "a"),
    "huge": 10**5000,
    "minus huge": -(10**400),
    "surrogate": "\ud800",
    "instant": pd.Timestamp("2026-01-01T00:00:00.000000001"),
    "later": pd.Timestamp("2026-01-01T00:00:00.000000002"),
    "duration": pd.Timedelta(1),
    "interval": pd.Interval(0, 1),
    "inf": float("inf"),
    "-0.0": -0.0,
    "False": False,
}
QUICK = settings(max_examples=60)


def column(names):
    values = np.empty(len(names), dtype=object)
    for place, name in enumerate(names):
        values[place] = ODD[name]
    return pd.Series(values, dtype=object)


@st.composite
def odd_frames(draw):
    names = draw(st.lists(st.sampled_from(list(ODD)), min_size=1, max_size=10))
    ids = draw(st.lists(st.sampled_from(list(ODD)), min_size=len(names), max_size=len(names)))
    return pd.DataFrame({"k": column(names), "who": column(ids), "x": np.arange(float(len(names)))})


def within(moved, sensitivity):
    l0, l1, l2, linf = norms(moved)
    return (
        l0 <= sensitivity.l0
        and l1 <= sensitivity.l1
        and l2 <= sensitivity.l2 * (1 + 1e-12)
        and linf <= sensitivity.linf
    )


def open_difference(more, less):
    return [more.get(key, 0) - less.get(key, 0) for key in {*more, *less}]


@QUICK
@given(frame=odd_frames())
def test_a_row_more_or_less_moves_one_open_group_by_one(frame):
    question = Question(OpenCount(("k",)), ROW, ONE_ROW)
    whole = question.asked.counted(frame, question)
    for place in range(len(frame)):
        rest = question.asked.counted(frame.drop(index=place), question)
        assert within(open_difference(whole, rest), question.sensitivity)


@QUICK
@given(frame=odd_frames())
def test_a_row_more_or_less_moves_counts_and_distinct_counts_by_one(frame):
    for question in (
        ask(DistinctCount("k")),
        count_question("k", [None, 1, "1", "a", 0]),
        ask(DistinctCount("x"), "k", [None, 1, "1"]),
    ):
        whole = exact(question, frame)
        for place in range(len(frame)):
            assert within(whole - exact(question, frame.drop(index=place)), question.sensitivity)


@QUICK
@given(frame=odd_frames(), salt=st.binary(min_size=16, max_size=16))
def test_a_person_of_any_kind_of_id_moves_counts_within_the_bounds(frame, salt):
    """Wide bounds: then nobody is sampled, and what is left is who is who."""
    bounds = ContributionBounds(max_rows=20)
    question = Question(DistinctCount("k"), WHO, bounds)
    whole = exact(question, frame, salt)
    for place in range(len(frame)):
        same = [is_same(frame["who"][place], other) for other in frame["who"]]
        rest = exact(question, frame[~np.array(same)], salt)
        assert 0 <= whole[0] - rest[0] <= sum(same)


def is_same(one, other):
    try:
        return bool(hash(one) == hash(other) and one == other) or one is other
    except (TypeError, ValueError, ArithmeticError):
        return one is other


@pytest.mark.parametrize(
    "dtype", ["datetime64[ns]", "datetime64[ns, Europe/Zurich]", "timestamp[ns][pyarrow]", "category"]
)
@pytest.mark.parametrize("unit", [None, "who"])
def test_instants_that_are_told_by_one_text_are_one_group(dtype, unit):
    instants = pd.to_datetime(["2026-01-01T00:00:00.000000001"] * 9 + ["2026-01-01T00:00:00.000000002"])
    frame = pd.DataFrame({"k": pd.Series(instants).astype("datetime64[ns]"), "who": range(10)})
    frame["k"] = frame["k"].dt.tz_localize("Europe/Zurich") if "Zurich" in dtype else frame["k"].astype(dtype)
    bounds = ONE_ROW if unit is None else ContributionBounds(None, 2, 1)
    assert list(group_counts(frame, ["k"], unit, bounds).values()) == [10]
    assert list(group_counts(frame.iloc[:9], ["k"], unit, bounds).values()) == [9]


def test_one_persons_instants_are_bounded_as_the_group_they_are_told_as():
    frame = pd.DataFrame({"k": np.arange(900).astype("datetime64[ns]"), "who": "p"})
    for bounds in (ContributionBounds(None, 3, 2), ContributionBounds(max_rows=2)):
        assert list(group_counts(frame, ["k"], "who", bounds).values()) == [2]


def test_years_that_python_does_not_have_are_no_group():
    frame = pd.DataFrame({"k": np.array(["30000-01-01", "2026-01-01"], dtype="datetime64[s]")})
    for data in (frame, frame.astype("timestamp[s][pyarrow]")):
        assert list(group_counts(data, ["k"], None, ONE_ROW).values()) == [1]


def test_groups_of_a_type_that_has_no_text_are_refused_by_the_schema(ledger_path):
    project = pk.open_project("open", epsilon=3, delta=1e-5, unit=pk.ROW, store=ledger_path)
    for rows in ([], [1, 2]):
        frame = pd.DataFrame({"k": pd.Series(rows, dtype="int64").astype("timedelta64[ns]")})
        with pytest.raises(TypeError, match=r"groups by text(?s:.*)No budget was spent\.$"):
            frame.privacy.dp_count("k", epsilon=1, delta=1e-6)
    assert len(project.ledger) == 0


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("place", ["k", "who", "other"])
@pytest.mark.sample(0.1)
def test_no_call_fails_for_what_one_row_holds(tmp_path, odd, place):
    """A frame with one such row behaves as one without it: answers, charges, replays."""
    seen = []
    for side, name in enumerate(["text", odd]):
        frame = pd.DataFrame({"k": column(["text"] * 3), "who": column(["text"] * 3), "other": column(["text"] * 3)})
        frame[place] = column(["text", "text", name])
        project = pk.open_project("p", epsilon=9, delta=1e-3, unit="who", max_rows=2, store=tmp_path / f"{side}.db")
        told = []
        for call in (
            lambda data: data.privacy.dp_count("k", keys=["1", None], epsilon=0.5),
            lambda data: data.privacy.dp_nunique("k", epsilon=0.5),
            lambda data: data.privacy.dp_count("k", epsilon=0.5, delta=1e-6),
            lambda data: data.privacy.dp_count(where="k == '1'", epsilon=0.5),
            lambda data: data.privacy.dp_top_k("k", 1, keys=["1", "a"], epsilon=0.5),
        ):
            release = call(frame)
            told.append((type(release.value), release.replayed, str(project.spent)))
        seen.append(told)
    assert seen[0] == seen[1]
