"""Compiled expressions: the same rows on every engine as in plain Python, and no row that makes them fail."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from expression_oracle import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st
from predicate_told import by_row, kept, told
from test_classes import NO_MISSING_INTEGER

from privkit.errors import ColumnNotFoundError
from privkit.errors.expression import ExpressionError
from privkit.tally.predicate import apply, check_selection
from privkit.values.expression import (
    Selection,
    cut,
    hour,
    parsed,
    prefix,
    recode,
    selection,
)
from privkit.values.expression.choosing import When
from privkit.values.expression.nodes import (
    Arithmetic,
    Both,
    Column,
    Compare,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
    Prefix,
)

# Objects of numbers have no type that the schema tells.
TYPED = [engine for engine in ENGINES if engine != "pandas object"]
WHOLE = [0, 1, -1, 65, 2**53 + 1, 2**63 - 1, -(2**63)]
REAL = [0.0, -0.0, 0.5, -2.5, 65.0, 1e308, 5e-324, math.inf, -math.inf, 2.0**53]
TEXTS = ["", "a", "ab", "abc", "Ä", "äb", "😀x", "65", "a\0b"]
ROW = {
    "i": st.sampled_from(WHOLE),
    "j": st.sampled_from(WHOLE),
    "x": st.sampled_from([*REAL, math.nan]),
    "y": st.sampled_from([*REAL, math.nan]),
    "s": st.sampled_from(TEXTS),
    "t": st.sampled_from(TEXTS),
    "b": st.booleans(),
}
COMPARISON = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
NUMBER_LITERALS = st.sampled_from([*WHOLE, *REAL, 2**70, -(2**70), 10**400, 0.1, -65.5, 2**53 + 1.0]).map(Literal)


def recoded(of, keys, values) -> st.SearchStrategy[Expression]:
    """Return recodings: some of the values become missing, others stay unnamed."""
    pairs = st.dictionaries(keys, st.none() | values, min_size=1, max_size=4)
    return st.builds(
        lambda of, pairs, one, other: recode(of, {**pairs, next(iter(pairs)): one}, other=other),
        of,
        pairs,
        values,
        st.none() | values,
    )


def chosen(conditions, values) -> st.SearchStrategy[Expression]:
    """Return choices by one to three conditions."""
    branch = st.tuples(conditions, st.none() | values)

    def made(branches, last, other) -> When:
        conditions, named = zip(*branches, last, strict=True)
        return When(conditions, named, other, True)

    return st.builds(made, st.lists(branch, max_size=2), st.tuples(conditions, values), st.none() | values)


#: Numbers that stand beside each other: whole ones beyond 2**53 are refused beside fractions.
PLAIN = st.sampled_from([n for n in [*WHOLE, *REAL] if math.isfinite(n) and float(n) == n])


def numbers(depth: int) -> st.SearchStrategy[Expression]:
    columns = st.sampled_from("ijxy").map(Column)
    columns |= recoded(columns, PLAIN, PLAIN) | recoded(
        st.sampled_from("st").map(Column), st.sampled_from(TEXTS), PLAIN
    )
    if not depth:
        return columns
    side = numbers(depth - 1)
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%"])
    return (
        columns
        | st.builds(Arithmetic, operators, side, side | NUMBER_LITERALS)
        | st.builds(Arithmetic, operators, NUMBER_LITERALS, side)
    )


def texts() -> st.SearchStrategy[Expression]:
    columns = st.sampled_from("st").map(Column)
    edges = st.lists(st.sampled_from([-math.inf, -1, 0, 0.5, 65, 2**53, math.inf]), min_size=2, max_size=5, unique=True)
    cuts = st.builds(lambda of, edges, right: cut(of, sorted(edges), right=right), numbers(1), edges, st.booleans())
    words = st.sampled_from([*TEXTS, "b"])
    return st.one_of(
        columns,
        st.builds(Prefix, columns, st.integers(1, 3)),
        cuts,
        recoded(columns, words, words),
        recoded(st.sampled_from("ijxy").map(Column), PLAIN, words),
        recoded(st.just(Column("b")), st.booleans(), words),
        chosen(SIMPLE, words),
    )


SIMPLE = st.one_of(
    st.just(Column("b")),
    st.builds(Compare, COMPARISON, st.sampled_from("ijxy").map(Column), NUMBER_LITERALS),
    st.builds(IsMissing, st.sampled_from("ijxystb").map(Column), st.booleans()),
)


def truths(depth: int) -> st.SearchStrategy[Expression]:
    text_literals = st.sampled_from([*TEXTS, "b"])
    leaves = st.one_of(
        st.just(Column("b")),
        recoded(st.sampled_from("st").map(Column), st.sampled_from(TEXTS), st.booleans()),
        chosen(SIMPLE, st.booleans()),
        st.builds(Compare, COMPARISON, numbers(1), numbers(1) | NUMBER_LITERALS),
        st.builds(Compare, COMPARISON, NUMBER_LITERALS, numbers(1)),
        st.builds(Compare, COMPARISON, texts(), texts() | text_literals.map(Literal)),
        st.builds(IsIn, texts(), st.lists(text_literals, min_size=1, max_size=4).map(tuple), st.booleans()),
        st.builds(
            IsIn,
            numbers(0),
            st.lists(NUMBER_LITERALS.map(lambda n: n.value), min_size=1, max_size=5).map(tuple),
            st.booleans(),
        ),
        st.builds(IsMissing, numbers(1) | texts() | st.just(Column("b")), st.booleans()),
    )
    if not depth:
        return leaves
    part = truths(depth - 1)
    return st.one_of(
        leaves,
        st.builds(Both, st.sampled_from(["and", "or"]), st.lists(part, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, part),
        st.builds(Compare, st.sampled_from(["==", "!="]), part, part | st.booleans().map(Literal)),
        st.builds(IsMissing, part, st.booleans()),
    )


ROWS = st.lists(st.tuples(*(st.none() | cells for cells in ROW.values())), min_size=1, max_size=12)
#: So that the engines can tell each column's type.
TYPES = (1, 1, 0.5, 0.5, "a", "a", True)


def table_of(rows: list[tuple], engine: str) -> dict[str, list]:
    if engine in NO_MISSING_INTEGER:  # nor are there numbers or booleans beside None in one column
        rows = [
            tuple(TYPES[i] if cell is None and i in (0, 1, 6) else cell for i, cell in enumerate(row)) for row in rows
        ]
    columns = dict(zip(ROW, map(list, zip(*[*rows, TYPES], strict=True)), strict=True))
    return columns | {"row": list(range(len(rows) + 1))}


def rows_of(columns: dict[str, list]) -> list[dict[str, object]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize("engine", TYPED)
@given(ROWS, truths(2))
@settings(max_examples=20)
def test_a_filter_keeps_the_rows_where_plain_python_says_true(engine, rows, where):
    columns = table_of(rows, engine)
    expected = [row["row"] for row in rows_of(columns) if evaluate(where, row) is True]
    assert kept(apply(ENGINES[engine](columns), Selection(where), keep=["row"])) == expected


@pytest.mark.parametrize("engine", TYPED)
@given(ROWS, numbers(2) | texts() | truths(1))
@settings(max_examples=12)
def test_a_derived_column_holds_what_plain_python_says(engine, rows, expression):
    columns = table_of(rows, engine)
    found = apply(ENGINES[engine](columns), Selection(derive=(("new", expression),)), keep=["row", "new"])
    assert by_row(found) == {row["row"]: evaluate(expression, row) for row in rows_of(columns)}


@given(ROWS, truths(3))
@settings(max_examples=150)
def test_the_normal_form_and_the_text_mean_the_same(rows, where):
    from privkit.values.expression.nodes import normal

    for row in rows_of(table_of(rows, "polars")):
        assert evaluate(normal(where), row) == evaluate(where, row)
    assert normal(normal(where)) == normal(where)
    if not any(word in where.text() for word in ("inf", "nan", "cut(", "recode(", "when(")):
        try:
            again = parsed(where.text())
        except ExpressionError:  # a comparison of the test's own that the language has no words for
            return
        assert again.canonical() == where.canonical()


def test_categories_count_as_what_they_are_of():
    frame = pd.DataFrame(
        {
            "c": pd.Categorical(["b", None, "a"], ["z", "b", "a"]),
            "n": pd.Categorical([1, None, 3], [3, 1]),
            "row": range(3),
        }
    )
    for text, expected in (
        ("c < 'b'", [2]),
        ("n >= 3", [2]),
        ("not n >= 3", [0]),
        ("c is missing", [1]),
        ("prefix(c, 1) == 'b'", [0]),
    ):
        assert kept(apply(frame, selection(text))) == expected


def test_objects_are_compared_one_by_one():
    column = pd.Series(["b", 1, None, ["a"], "a", math.nan, b"a", True, 2.5], dtype=object)
    frame = pd.DataFrame({"o": column, "row": range(9)})
    for text, expected in (
        ("o >= 'a'", [0, 4]),  # of a text and a number none comes first: missing
        ("not o >= 'b'", [4]),
        ("o > 0", [1, 8]),
        ("o <= 1.0", [1]),
        ("o == 1", [1]),
        ("o == True", [7]),
        ("o in [1.0, 2.5]", [1, 8]),
        ("o is missing", [2, 3, 5]),
        ("not o == 'a'", [0, 1, 6, 7, 8]),
        ("o != 'a'", [0, 1, 6, 7, 8]),
        ("o == o", [0, 1, 4, 6, 7, 8]),
        ("o <= o", [0, 1, 4, 8]),
        ("prefix(o, 1) in ['a']", [4]),
    ):
        assert kept(apply(frame, selection(text))) == expected, text
    for text in ("o + 1 > 1", "o > row"):
        with pytest.raises(ExpressionError, match="Python objects"):
            apply(frame, selection(text))
    with pytest.raises(ExpressionError, match="no order"):
        apply(frame, selection("o < True"))


@pytest.mark.parametrize("engine", ENGINES)
def test_missing_values_are_left_out_or_replaced_as_said(engine):
    frame = ENGINES[engine]({"s": ["a", None, "b"], "row": [0, 1, 2]})
    assert kept(apply(frame, selection(missing={"s": "drop"}))) == [0, 2]
    filled = apply(frame, selection(missing={"s": "none"}))
    assert sorted(told(filled, "s")["s"]) == ["a", "b", "none"]


def test_a_cut_has_public_keys_and_a_place_for_missing():
    chosen = selection(derive={"band": cut("age", [0, 18, 65], ["young", "old"])}, missing={"band": "unknown"})
    assert chosen.labels("band") == ("young", "old", "unknown")
    assert chosen.labels("age") is None
    frame = pd.DataFrame({"age": [17.0, 18, 65, -1, None]})
    assert told(apply(frame, chosen), "band")["band"] == ["young", "old", "unknown", "unknown", "unknown"]


def test_the_filter_may_use_derived_columns_and_only_asked_columns_are_kept():
    frame = pd.DataFrame({"zip": ["8004", "9000"], "age": [70, 20], "other": [1, 2]})
    chosen = selection("zip2 == '80' and old", {"zip2": prefix("zip", 2), "old": "age >= 65"})
    found = apply(frame, chosen, keep=["zip2", "other"])
    assert list(found.schema) == ["zip2", "other"]
    assert told(found, "zip2", "other") == {"zip2": ["80"], "other": [1]}
    assert list(frame.columns) == ["zip", "age", "other"]


FRAME = pd.DataFrame(
    {
        "age": [1],
        "zip": pd.Series(["a"], dtype=pd.StringDtype(na_value=np.nan)),
        "when": pd.to_datetime(["2026-01-01"]),
        "ok": [True],
        "span": pd.to_timedelta([1]),
    }
)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("agee > 3", "Close matches: 'age'"),
        ("age > 'a'", "cannot be compared"),
        ("zip > 3", "cannot be compared"),
        ("zip == when", "cannot be compared"),
        ("ok < True", "no order"),
        ("ok > 1", "cannot be compared"),
        ("when > 'tomorrow'", "compare it with text like '2026-11-23T08:00'"),
        ("when > '2026-01-01T00:00+01:00'", "compare it with text"),
        ("when > 3", "cannot be compared"),
        ("age and ok", "and, or and not join"),
        ("not zip", "and, or and not join"),
        ("zip + 1 > 2", "takes numbers"),
        ("ok + 1 > 2", "takes numbers"),
        ("year(age) > 2000", "takes dates"),
        ("prefix(age, 2) == 'a'", "takes text"),
        ("age in ['a']", "cannot be compared"),
        ("span > 3", "cannot be compared"),
        ("age + 1", "a filter must be true or false"),
        ("age", "a filter must be true or false"),
    ],
)
def test_what_does_not_fit_the_columns_is_refused_before_any_row(where, told):
    for data in (FRAME, FRAME.iloc[:0]):
        with pytest.raises((ExpressionError, ColumnNotFoundError), match=told) as error:
            check_selection(data, selection(where))
        assert str(error.value).startswith("privkit got where=")
        assert "2026-01-01 " not in str(error.value)


def test_derived_names_must_be_new_and_derived_types_count():
    with pytest.raises(ExpressionError, match="Choose another name"):
        check_selection(FRAME, selection(derive={"age": "age > 3"}))
    with pytest.raises(ExpressionError, match="cannot be compared"):
        check_selection(FRAME, selection("band > 3", {"band": cut("age", [0, 1])}))
    with pytest.raises(ColumnNotFoundError):
        check_selection(FRAME, selection(derive={"a": "age > 3", "b": "a == True"}))
    with pytest.raises(ExpressionError):
        check_selection(FRAME, selection(missing={"age": "none"}))
    with pytest.raises(ColumnNotFoundError):
        check_selection(FRAME, selection(missing={"nobody": "drop"}))
    kinds = check_selection(FRAME, selection(derive={"h": hour("when"), "old": "age > 3", "r": "age / 2"}))
    assert (kinds["h"], kinds["old"], kinds["r"]) == ("integer", "boolean", "number")
