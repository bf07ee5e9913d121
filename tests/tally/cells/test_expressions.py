"""Expressions on cells: total, one row at a time, and what a value that stands for missing becomes."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from cells_told import values_of
from expression_cells import (
    DATED,
    LITERALS,
    LONE,
    MADE,
    MOMENTS,
    NUMBERS,
    OBJECTS,
    OPERATORS,
    STRINGS,
    TEXTS,
    WIDEST,
    columns_of,
    silence,
    table_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors.expression import ExpressionError
from privkit.tally.cells.cells import (
    BOOLEAN,
    DATE,
    FLOAT,
    INSTANT,
    INTEGER,
    OBJECT,
    TEXT,
    UNSIGNED,
    WIDE,
    Cells,
    Kind,
    Table,
)
from privkit.tally.cells.columns import cells_of_arrow
from privkit.tally.cells.expressions import derived_kinds, selected
from privkit.tally.predicate import apply, check_selection
from privkit.values.expression import Selection, cut, prefix, recode, selection
from privkit.values.expression.choosing import When
from privkit.values.expression.nodes import (
    Arithmetic,
    Both,
    Column,
    Compare,
    DatePart,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
)

# -- one row at a time -------------------------------------------------------------------------------------------------


def numeric(depth: int) -> st.SearchStrategy[Expression]:
    leaves = st.sampled_from(NUMBERS).map(Column) | st.builds(
        DatePart, st.sampled_from(["year", "month", "day", "weekday"]), st.sampled_from(ALL_DATES).map(Column)
    )
    if not depth:
        return leaves
    side = numeric(depth - 1)
    return leaves | st.builds(
        Arithmetic, st.sampled_from(["+", "-", "*", "/", "//", "%"]), side, side | LITERALS.map(Literal)
    )


ALL_DATES = [name for names in DATED.values() for name in names]
TEXT_LITERALS = st.sampled_from([*TEXTS, *LONE]).map(Literal)


def textual() -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.sampled_from([*STRINGS, "object"]).map(Column),
        st.builds(prefix, st.sampled_from([*STRINGS, "object"]), st.integers(1, 3)),
        numeric(1).map(lambda of: cut(of, [-math.inf, -1, 0, 0.5, 2**63, math.inf])),
        st.sampled_from(ALL_DATES).map(lambda of: cut(of, every="month", start="1969-12-01", end="2026-12-31")),
        numeric(0).map(lambda of: recode(of, {0: "none", 65: "some", 2**53: None}, other="more")),
        st.sampled_from([*STRINGS, "object"]).map(lambda of: recode(of, {"a": "b", "": "none", "\ud800": "odd"})),
        st.builds(
            lambda one, two: When((one, two), ("one", None), "other"),
            st.builds(Compare, OPERATORS, numeric(0), LITERALS.map(Literal)),
            st.just(Column("bool")),
        ),
    )


def true(depth: int) -> st.SearchStrategy[Expression]:
    dates = st.sampled_from(
        [(name, text) for words, names in DATED.items() for name in names for text in MOMENTS[words]]
    )
    leaves = st.one_of(
        st.just(Column("bool")),
        st.builds(Compare, OPERATORS, numeric(1), numeric(1) | LITERALS.map(Literal)),
        st.builds(Compare, OPERATORS, textual(), textual() | TEXT_LITERALS),
        st.builds(Compare, OPERATORS, st.just(Column("object")), st.sampled_from(OBJECTS[5:15]).map(Literal)),
        st.builds(lambda sign, pair: Compare(sign, Column(pair[0]), Literal(pair[1])), OPERATORS, dates),
        st.builds(IsMissing, st.sampled_from(list(MADE)).map(Column) | numeric(1) | textual(), st.booleans()),
        st.builds(IsIn, textual(), st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4).map(tuple), st.booleans()),
        st.builds(IsIn, numeric(0), st.lists(LITERALS, min_size=1, max_size=5).map(tuple), st.booleans()),
    )
    if not depth:
        return leaves
    part = true(depth - 1)
    return st.one_of(
        leaves,
        st.builds(Both, st.sampled_from(["and", "or"]), st.lists(part, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, part),
        st.builds(Compare, st.sampled_from(["==", "!="]), part, part | st.booleans().map(Literal)),
        st.builds(IsMissing, part, st.booleans()),
    )


FILLS = {
    "i64": [7, 0.5, 2**63, math.inf],
    "i8": [300, -1],
    "u64": [-1, 2**64 - 1],
    "f64": [0, 2**70],
    "w2": [1, 0.125, 1e300, math.inf],
    "bool": [True],
    "text": ["none", "\ud800"],
    "python": ["none"],
    "object": ["a", 1, 0.5, True],
    "date": ["2026-01-01"],
    "zoned_us": ["2026-01-01T00:00+01:00"],
}
FILLED = st.sampled_from([(name, value) for name, values in FILLS.items() for value in values])
#: Made once: their making takes long.
DERIVED, TRUE = st.lists(numeric(2) | textual() | true(1), max_size=2), st.none() | true(2)


@st.composite
def selections(draw) -> Selection:
    derive = draw(DERIVED)
    missing = dict(draw(st.lists(FILLED, max_size=2)))
    missing |= draw(st.dictionaries(st.sampled_from(list(MADE)), st.none(), max_size=1))
    where = draw(TRUE)
    if derive and where is not None and draw(st.booleans()):
        where = Both("or", (where, IsMissing(Column("new0"), True)))
    return Selection(where, tuple((f"new{n}", each) for n, each in enumerate(derive)), tuple(sorted(missing.items())))


@given(selections(), st.data(), st.booleans())
@settings(max_examples=150)
def test_a_table_becomes_what_each_of_its_rows_becomes_alone(chosen, data, coded):
    columns = data.draw(columns_of(*chosen.columns, least=1)) if chosen.columns else {"i64": [1, None]}
    table = table_of(columns, coded)
    with silence():
        whole = selected(table, chosen, None)
        alone = [selected(table.at(slice(row, row + 1)), chosen, None) for row in range(len(table))]
    assert whole.rows == sum(row.rows for row in alone)
    assert all(len(cells) == whole.rows for cells in whole.columns.values())
    for name, cells in whole.columns.items():
        expected = [value for row in alone for value in values_of(row[name])]
        assert [*map(repr, values_of(cells))] == [*map(repr, expected)], name
        assert all(row.kinds == whole.kinds for row in alone)
    assert whole.kinds == derived_kinds(table.kinds, chosen)


@given(selections(), st.data(), st.booleans())
@settings(max_examples=60)
def test_a_column_that_a_selection_names_comes_out_as_it_went_in(chosen, data, coded):
    """But for what stands for missing: no number becomes a float, no object goes away."""
    columns = data.draw(columns_of(*chosen.columns)) if chosen.columns else {"i64": [1, None]}
    chosen = Selection(chosen.where, chosen.derive, tuple((n, None) for n, value in chosen.missing if value is None))
    table = table_of(columns, coded)
    rows = Table({**table.columns, "row": Cells(Kind(INTEGER), np.arange(len(table)))}, len(table))
    found = selected(rows, chosen, [*columns, "row"])
    places = values_of(found["row"])
    for name in columns:
        assert found[name].kind == table[name].kind
        before = values_of(table[name])
        assert [*map(repr, values_of(found[name]))] == [repr(before[place]) for place in places]


def test_ids_that_a_filter_names_stay_apart():
    ids = [2**60, 2**60 + 5, 2**63 + 1, 2**63 + 3]
    frame = pd.DataFrame({"who": pd.array(ids, dtype="uint64[pyarrow]")})
    found = apply(frame, selection("who > 0")).collect(["who"])["who"]
    assert found.values.tolist() == ids


def test_blocks_of_rows_become_one_table():
    rows = 2**17 + 3
    values = np.arange(rows)
    missing = values % 5 == 0
    text = cells_of_arrow(pa.array([None if n % 7 == 0 else f"{n:06d}" for n in range(rows)]))
    table = Table({"n": Cells(Kind(INTEGER), values, missing), "t": text}, rows)
    chosen = selection(
        "n % 3 == 0 or n is missing",
        {"p": prefix("t", 3), "c": cut("n", [0, 10, 10**6]), "m": "n * 2"},
        {"m": -1, "n": 0},
    )
    found = selected(table, chosen, None)
    kept = [n for n in range(rows) if n % 3 == 0 or n % 5 == 0]
    assert found.rows == len(kept)
    assert values_of(found["n"]) == [0 if n % 5 == 0 else n for n in kept]
    assert values_of(found["m"]) == [-1 if n % 5 == 0 else 2 * n for n in kept]
    assert values_of(found["p"]) == [None if n % 7 == 0 else f"{n:06d}"[:3] for n in kept]
    assert values_of(found["c"]) == [None if n % 5 == 0 else "[0, 10)" if n < 10 else "[10, 1e+06)" for n in kept]


# -- what stands for missing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "kind", "expected"),
    [
        ("i64", 7, INTEGER, 7),
        ("i64", 7.0, INTEGER, 7),
        ("i64", 0.5, FLOAT, 0.5),
        ("i64", 2**63, FLOAT, 2.0**63),
        ("i8", 300, INTEGER, 300),
        ("u64", 2**64 - 1, UNSIGNED, 2**64 - 1),
        ("u8", -1, FLOAT, -1.0),
        ("f64", 2**70, FLOAT, 2.0**70),
        ("w2", 0.1, WIDE, Decimal("0.10")),
        ("w2", 0.125, WIDE, Decimal("0.12")),
        ("w2", 1e300, WIDE, Decimal(10**38 - 1).scaleb(-2, WIDEST)),
        ("w9", -math.inf, WIDE, Decimal(1 - 10**76).scaleb(-9, WIDEST)),
        ("bool", True, BOOLEAN, True),
        ("text", "none", TEXT, "none"),
        ("short", "\ud800", TEXT, "\ud800"),
        ("python", "\ud800", TEXT, "\ud800"),
        ("object", 0.5, OBJECT, 0.5),
        ("object", True, OBJECT, True),
        ("date", "1970-01-02", DATE, 1),
        ("local_ns", "1970-01-01T00:00:00.5", INSTANT, 5 * 10**8),
        ("zoned_ms", "1970-01-01T01:00:01+01:00", INSTANT, 1000),
    ],
)
@pytest.mark.parametrize("coded", [False, True])
def test_a_value_stands_for_missing_in_the_columns_own_kind(name, value, kind, expected, coded):
    some = MADE[name][1][1]
    for values in ([some, None, some], [None], [some], [None, None]):
        with silence():
            found = selected(table_of({name: values}, coded), Selection(missing=((name, value),)), [name])[name]
        assert found.kind.name == kind
        assert not found.is_missing().any()
        told = values_of(found)
        assert all(told[row] == expected for row, one in enumerate(values) if one is None)


def test_a_date_that_a_column_cannot_hold_is_refused_before_any_row():
    frame = pd.DataFrame({"s": pd.Series([], dtype="datetime64[s]"), "ns": pd.Series([], dtype="datetime64[ns]")})
    for name, value in (("s", "2026-01-01T00:00:00.5"), ("ns", "0001-01-01")):
        with pytest.raises(ExpressionError, match="cannot hold"):
            check_selection(frame, selection(missing={name: value}))
        check_selection(frame, selection(missing={name: "2026-01-01"}))


def test_a_zone_that_is_not_known_is_refused_by_the_schema():
    column = pd.Series(
        pa.array([], type=pa.timestamp("us", "Mars/Base")), dtype=pd.ArrowDtype(pa.timestamp("us", "Mars/Base"))
    )
    frame = pd.DataFrame({"t": column})
    for chosen in (
        selection("hour(t) == 3"),
        selection("not (t is missing or 1 + year(t) > 3)"),
        selection(derive={"y": "year(t)"}),
    ):
        with pytest.raises(ExpressionError, match="rules of t's time zone 'Mars/Base' are not known"):
            check_selection(frame, chosen)
    check_selection(frame, selection("t > '2026-01-01T00:00+00:00'"))


def test_every_kind_has_the_words_of_the_language():
    schema = {
        "half": pa.float16(),
        "large": pa.uint64(),
        "decimal": pa.decimal128(5, 2),
        "band": pa.dictionary(pa.int8(), pa.string()),
        "at": pa.timestamp("us", "UTC"),
        "raw": pa.binary(),
    }
    table = pa.table({name: pa.array([], type=kind) for name, kind in schema.items()})
    check = "half > 0.5 and large > 3 and decimal == 0.1 and prefix(band, 1) == 'a' and at > '2026-01-01T00:00Z'"
    kinds = check_selection(table, selection(check))
    assert kinds == {
        "half": "number",
        "large": "number",
        "decimal": "number",
        "band": "text",
        "at": "datetime with time zone",
    }
    with pytest.raises(ExpressionError, match="raw is other"):
        check_selection(table, selection("raw == 'a'"))
    assert apply(table, selection(check)).n_rows() == 0
