"""Recodings, choices and cuts of dates: what they take, what they refuse, what is one question, and missing values."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, NotPublicError, ParameterError
from privkit.errors.expression import ExpressionError
from privkit.tally.predicate import check_selection
from privkit.values.expression import cut, day, hour, lookup, month, parsed, recode, selection, weekday, when, year
from privkit.values.expression.left_out import notes_of, untold_by
from privkit.values.expression.nodes import Both, Column, Compare, IsIn, IsMissing, Literal, Not
from privkit.values.keys import public_values
from privkit.values.unit import PERIODS

sys.path.insert(0, str(Path(__file__).parent))
from expression_oracle import evaluate

# -- windows of the calendar -------------------------------------------------------------------------------------------

DAYS = st.dates(dt.date(1, 1, 8), dt.date(9998, 1, 1))
FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


@given(DAYS, st.integers(0, 900), st.sampled_from(PERIODS))
@settings(max_examples=150)
def test_windows_are_whole_follow_each_other_and_hold_every_day(start, days, every):
    end = start + dt.timedelta(days=days)
    made = cut("on", every=every, start=start, end=end.isoformat())
    edges = [dt.date.fromisoformat(edge) for edge in made.edges]
    assert edges == sorted(set(edges))
    assert edges[0] <= start < edges[1]
    assert edges[-2] <= end < edges[-1]
    assert sorted(made.labels) == list(made.labels)
    assert len(set(made.labels)) == len(edges) - 1
    for begin in edges:
        assert {"day": True, "week": begin.weekday() == 0, "month": begin.day == 1}.get(
            every, begin.day == 1 and begin.month in ((1, 4, 7, 10) if every == "quarter" else (1,))
        )


@pytest.mark.parametrize("every", PERIODS)
def test_windows_are_those_of_pandas(every):
    made = cut("on", every=every, start="2023-12-30", end="2026-03-05")
    periods = pd.period_range("2023-12-30", "2026-03-05", freq=FREQUENCY[every])
    assert list(made.edges[:-1]) == [str(period.start_time.date()) for period in periods]
    pandas = {"quarter": [str(p).replace("Q", "-Q") for p in periods], "month": [str(p) for p in periods]}
    assert list(made.labels) == pandas.get(
        every, list(made.edges[:-1]) if every != "year" else [str(p) for p in periods]
    )


def test_one_cut_is_one_question_however_its_days_are_written():
    ways = [
        cut("on", every="month", start="2026-01-01", end="2026-03-31"),
        cut("on", every="month", start=dt.date(2026, 1, 9), end=dt.datetime(2026, 3, 1)),
        cut("on", every="month", start=pd.Timestamp("2026-01-31"), end="2026-03-02T00:00"),
    ]
    assert len({way.canonical() for way in ways}) == 1
    assert ways[0].text() == "cut(on, every='month', start='2026-01-01', end='2026-03-31')"
    others = [
        cut("on", every="month", start="2026-01-01", end="2026-04-01"),
        cut("at", every="month", start="2026-01-01", end="2026-03-31"),
        cut("on", every="month", start="2026-01-01", end="2026-03-31", labels=["a", "b", "c"]),
        cut("on", ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]),
        cut("on", every="quarter", start="2026-01-01", end="2026-03-31"),
    ]
    assert len({made.canonical() for made in (*others, ways[0])}) == 6
    assert others[3].labels[0] == "[2026-01-01, 2026-02-01)"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"every": "week"}, "all three"),
        ({"every": "week", "start": "2026-01-01", "end": "2026-02-01", "right": True}, "without right"),
        ({"edges": [1, 2], "every": "week", "start": "2026-01-01", "end": "2026-02-01"}, "in their place"),
        ({"every": "hour", "start": "2026-01-01", "end": "2026-02-01"}, "'day', 'week'"),
        ({"every": "week", "start": "2026-02-01", "end": "2026-01-01"}, "from start=2026-02-01 on"),
        ({"every": "day", "start": "2000-01-01", "end": "2026-01-01"}, "within 4,000 windows"),
        ({"every": "week", "start": "yesterday", "end": "2026-01-01"}, "text of 9 characters"),
        ({"every": "week", "start": dt.datetime(2026, 1, 1, 8), "end": "2026-01-01"}, "a time of a day"),
        ({"every": "week", "start": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "end": "2026-01-01"}, "with time zone"),
        ({"every": "week", "start": pd.NaT, "end": "2026-01-01"}, "a time of a day"),
        ({"every": "year", "start": "2026-01-01", "end": "9999-01-01"}, "before the year 9999"),
        ({"edges": ["2026-01-02", "2026-01-01"]}, "ascending order"),
        ({"edges": ["2026-01-02"]}, "ascending order"),
        ({"edges": ["2026-01-02", 5]}, "something else"),
        ({"edges": ["2026-01-01", "2026-01-02"], "right": True}, "a day has no end"),
        ({"edges": ["2026-01-01", "2026-01-02"], "labels": ["a", "b"]}, "1 different names"),
        ({"edges": None}, "list"),
        ({"every": 7, "start": "2026-01-01", "end": "2026-02-01"}, "every=an? int"),
    ],
)
def test_what_is_no_cut_is_refused(given, told):
    with pytest.raises(ParameterError, match=told):
        cut("on", **given)


def test_numpy_dates_may_come_from_the_data():
    with pytest.raises(NotPublicError):
        cut("on", every="week", start=np.datetime64("2026-01-01"), end="2026-02-01")


FRAME = pd.DataFrame({"x": [1.0], "city": ["a"], "ok": [True], "on": pd.to_datetime(["2026-01-01"]), "n": [1]}).assign(
    zoned=lambda f: f.on.dt.tz_localize("Europe/Zurich")
)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (cut("x", every="week", start="2026-01-01", end="2026-02-01"), "takes dates"),
        (cut("on", [1, 2]), "takes numbers"),
        (recode("city", {1: "a"}), "they cannot be compared"),
        (recode("on", {"yesterday": 1}), "compare it with text like '2026-11-23T08:00'"),
        (recode("zoned", {"2026-01-01": 1}), r"08:00\+01:00"),
        (recode("on", {"2026-01-01": 1, "2026-01-01T00:00": 2}), "two of its keys are one date"),
        (when("x", "a"), "when.. takes conditions"),
        (when("x > 'a'", "a"), "they cannot be compared"),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(made, told):
    with pytest.raises(ExpressionError, match=told):
        check_selection(FRAME, selection(derive={"new": made}))
    with pytest.raises(ColumnNotFoundError):
        check_selection(FRAME, selection(derive={"new": when("nowhere > 1", "a")}))


def test_kinds_of_what_is_chosen():
    derive = {
        "text": recode("city", {"a": "b"}),
        "integer": when("x > 1", 1).otherwise(None),
        "number": recode("n", {1: 1, 2: 0.5}),
        "boolean": when("ok", True).otherwise(False),
    }
    found = check_selection(FRAME, selection("boolean and number > 0", derive))
    assert {name: found[name] for name in derive} == {name: name for name in derive}


# -- public values -----------------------------------------------------------------------------------------------------


def test_recodings_and_choices_bring_their_keys():
    chosen = selection(
        derive={
            "area": recode("city", {"Bern": "BE", "Thun": "BE", "gone": None}, other="else"),
            "age": when("a > 65", "old").when("a > 18", None).otherwise("young"),
            "m": month("on"),
            "w": weekday("on"),
            "h": hour("on"),
            "d": day("on"),
            "y": year("on"),
            "free": "a > 1",
        },
        missing={"area": "unknown", "m": 0, "age": "old"},
    )
    assert chosen.labels("area") == ("BE", "else", "unknown")
    assert chosen.labels("age") == ("old", "young")
    assert chosen.labels("m") == (*range(1, 13), 0)
    assert chosen.labels("w") == tuple(range(1, 8))
    assert chosen.labels("h") == tuple(range(24))
    assert chosen.labels("d") == tuple(range(1, 32))
    assert chosen.labels("y") is None
    assert chosen.labels("free") is None


def test_one_recoding_is_one_question_however_its_pairs_are_ordered():
    one = recode("x", {1: "a", 2: "b"}, other="c")
    assert one.canonical() == recode("x", {2.0: "b", 1: "a"}, other="c").canonical()
    others = [
        recode("x", {1: "a", 2: "b"}),
        recode("x", {1: "b", 2: "a"}, other="c"),
        recode("y", {1: "a", 2: "b"}, other="c"),
        recode("x", {"1": "a", "2": "b"}, other="c"),
        lookup("x", public_values({1: "a", 2: "b"}, reason="printed"), other="c"),
        when("x == 1", "a").when("x == 2", "b").otherwise("c"),
        when("x == 2", "b").when("x == 1", "a").otherwise("c"),
    ]
    assert len({made.canonical() for made in (*others, one)}) == len(others) + 1
    assert when("x>1", 1).canonical() == when("1 < x", 1.0).otherwise(None).canonical()


def test_a_long_table_is_told_by_its_digest():
    long = {f"zip{number}": number % 5 for number in range(500)}
    one, other = lookup("zip", long), lookup("zip", {**long, "zip7": 4})
    assert len(one.text()) < 200
    assert one.canonical() != other.canonical()
    assert one.canonical() == lookup("zip", dict(reversed(long.items()))).canonical()


def test_tables_are_looked_up_by_key_however_they_are_held():
    pairs = {"8004": "east", "1201": "west"}
    frame = pd.DataFrame({"zip": list(pairs), "region": list(pairs.values()), "n": [1, 2]})
    told = [
        lookup("zip", public_values(frame, reason="post"), "region"),
        lookup("zip", public_values(frame[["zip", "region"]], reason="post")),
        lookup("zip", public_values(frame.rename(columns={"zip": "code"}), reason="post"), "region", key="code"),
        lookup("zip", public_values(pd.Series(pairs), reason="post")),
        lookup("zip", public_values(pairs, reason="post")),
    ]
    for library in ("polars", "pyarrow"):
        table = pytest.importorskip("polars").from_pandas(frame)
        told.append(
            lookup("zip", public_values(table if library == "polars" else table.to_arrow(), reason="post"), "region")
        )
    assert len({made.canonical() for made in told}) == 1
    assert "post" in told[0].text()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: recode("x", ["a"]), "must be a dict"),
        (lambda: recode("x", {}), "1 to 100,000 values"),
        (lambda: recode("x", {"a": "b", 1: "c"}), "keys of one kind"),
        (lambda: recode("x", {"a": "b", "c": 1}), "values of one kind"),
        (lambda: recode("x", {"a": "b"}, other=1), "values of one kind"),
        (lambda: recode("x", {"a": None}), "which one is not missing"),
        (lambda: recode("x", {None: "a"}), "a missing value stays missing"),
        (lambda: recode("x", {"a": [1]}), "a list"),
        (lambda: recode("x", {2**70: "a"}), "beyond 64 bits"),
        (lambda: when("x > 1", "a").otherwise(1), "values of one kind"),
        (lambda: when("x > 1", "a").otherwise("b").when("x > 0", "c"), "stands last"),
        (lambda: when("x > 1", "a").otherwise("b").otherwise("c"), "said already"),
        (lambda: lookup("x", [1]), "a dict, or pk.public_values"),
        (lambda: lookup("x", {1: 2}, "region"), "name columns of a frame"),
        (lambda: lookup("x", public_values(pd.DataFrame({"a": [1], "b": [2]}), reason="r")), "key=None"),
        (lambda: lookup("a", public_values(pd.DataFrame({"a": [1, 1], "b": [2, 3]}), reason="r")), "stand twice"),
        (lambda: lookup("a", public_values(pd.DataFrame({"a": [1], "b": [2], "c": [3]}), reason="r")), "value=None"),
        (lambda: lookup("a", public_values(pd.DataFrame({"a": [1], "b": [2]}), reason="r"), "z"), "one of the table's"),
    ],
)
def test_what_is_no_table_or_choice_is_refused(ask, told):
    with pytest.raises(ParameterError, match=told):
        ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: recode("x", pd.Series({1: "a"})),
        lambda: recode("x", {np.int64(1): "a"}),
        lambda: lookup("x", pd.DataFrame({"x": [1], "y": [2]})),
        lambda: when("x > 1", np.float64(1)),
    ],
)
def test_what_may_come_from_the_data_must_be_vouched_for(ask):
    with pytest.raises(NotPublicError):
        ask()


# -- missing values ----------------------------------------------------------------------------------------------------

NAMES = st.sampled_from("xyz")
LEAVES = st.one_of(
    st.builds(Compare, st.sampled_from(["==", "!=", "<"]), NAMES.map(Column), st.sampled_from([0, 1]).map(Literal)),
    st.builds(Compare, st.just("=="), NAMES.map(Column), NAMES.map(Column)),
    st.builds(IsMissing, NAMES.map(Column), st.booleans()),
    st.builds(IsIn, NAMES.map(Column), st.just((0, 2)), st.booleans()),
    st.builds(
        lambda name, one: Compare("==", recode(name, {0: one}, other="b"), Literal("a")), NAMES, st.sampled_from("ab")
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda part: st.one_of(
        st.builds(Both, st.sampled_from(["and", "or"]), st.lists(part, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, part),
        st.builds(lambda one, two: when(one, True).when(two, False).otherwise(True), part, part),
        st.builds(lambda one, two: IsMissing(when(one, 1).otherwise(None), two), part, st.booleans()),
    ),
    max_leaves=5,
)
ROWS = [dict(zip("xyz", row, strict=True)) for row in itertools.product([None, 0, 1, 2], repeat=3)]


def test_columns_that_leave_a_row_out_only_together_are_told():
    """Where z is missing, too, the condition is told: so neither one of them nor all of them show it."""
    assert untold_by(parsed("z is not missing and (x == 0 or y is not missing)")) == ("x", "y")
    assert untold_by(parsed("z is not missing and (x == 0 or y is not missing or x is missing)")) == ()


@given(CONDITIONS)
@settings(max_examples=300)
def test_every_row_that_a_missing_value_leaves_out_is_told_of_and_the_hint_keeps_it(condition):
    """By all rows of four values, in plain Python."""
    untold = [row for row in ROWS if evaluate(condition, row) is None]
    told = untold_by(condition)
    assert set(told) <= set(condition.columns)
    alone = {
        name
        for row in untold
        for name in condition.columns
        if [n for n in condition.columns if row[n] is None] == [name]
    }
    assert alone <= set(told)
    assert bool(told) or not untold
    for note in notes_of(condition, {}, ()):
        hint = note.partition("add: ")[2]
        kept = Both("or", (condition, *(IsMissing(Column(name)) for name in told)))
        assert hint == " ".join(f"or {name} is missing" for name in told)
        assert not untold_by(kept)
        assert all(evaluate(kept, row) is True for row in untold if any(row[name] is None for name in told))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("x != 99", ("x",)),
        ("not x == 99", ("x",)),
        ("x != 99 or x is missing", ()),
        ("x is not missing and x != 99", ()),
        ("x > 1 and y > 1", ("x", "y")),
        ("x / y > 1", ("x", "y")),
        ("x is missing or y / x > 1", ("y",)),
        ("year(on) == 2026", ("on",)),
        ("prefix(zip, 2) in ['80']", ("zip",)),
        ("x in [1, 2] or y is missing", ("x",)),
        ("ok", ("ok",)),
    ],
)
def test_columns_by_which_a_condition_leaves_rows_out(text, columns):
    assert untold_by(parsed(text)) == columns


def test_a_filter_over_derived_columns_is_about_the_frames_own():
    derived = {"old": parsed("age >= 65"), "kind": when("age is missing", "none").otherwise("some")}
    assert untold_by(parsed("old and x > 1"), derived) == ("age", "x")
    assert untold_by(parsed("kind == 'some'"), derived) == ()
    told = notes_of(None, {"g": when("age >= 65", "old").otherwise("young")}, ["g"])
    assert "'age' is missing" in told[0]
    assert "pk.when('age is missing', ...)" in told[0]
    assert not notes_of(None, {"g": when("age is missing", "?").otherwise("young")}, ["g"])
