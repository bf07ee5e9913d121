"""Expressions on cells: exact for every kind, total, and one row at a time."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from cells_told import values_of
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors.expression import ExpressionError
from privkit.tally.cells.cells import (
    BOOLEAN,
    BYTES,
    DATE,
    DURATION,
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
from privkit.tally.cells.scalars import scalar_text
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

QUICK = settings(max_examples=60)
COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS = st.sampled_from(list(COMPARE))
WIDEST = Context(prec=200)
LENGTH = {"D": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@contextmanager
def silence() -> Iterator[None]:
    """Let every warning fail the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# -- cells of every kind and form --------------------------------------------------------------------------------------


def near(*numbers: int) -> list[int]:
    return [number + more for number in numbers for more in (-1, 0, 1)]


WHOLE = near(0, 65, 2**53, -(2**53), 2**63 - 2, -(2**63) + 1)
UNSIGNED_WHOLE = near(1, 65, 2**53, 2**63, 2**64 - 2)
REAL = [0.0, -0.0, 0.5, -2.5, 65.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, 2.0**53, 2.0**63, 0.1, 1 / 3]
DIGITS = [0, 1, -1, 10, 65_00, 10**18, 2**64 * 100, 10**38 - 1, -(10**38) + 1, 123_456_789]
TEXTS = ["", "a", "ab", "abc", "Ä", "äb", "😀x", "65", "a\0b", "e\u0301", "ß"]
LONE = ["\ud800", "a\udfff"]
OBJECTS = [
    *("a", "b", "65", "", "\ud800"),
    *(0, 1, -1, 2**53 + 1, 10**30, 0.5, -0.0, 65.0, math.inf, -math.inf, Decimal("0.1"), Decimal("1E-30")),
    *(True, False, b"a", pd.Timestamp("2026-01-01")),
]
COUNTS = [*near(0, -(2**63) + 1, 2**63 - 2, 86_400, 20_454, 1_767_225_600, 1_767_225_600 * 10**6), -719_162, 2_932_896]

MADE = {
    "i64": (Kind(INTEGER), WHOLE, np.int64),
    "i8": (Kind(INTEGER), [0, 1, -128, 127, 65], np.int8),
    "u64": (Kind(UNSIGNED), UNSIGNED_WHOLE, np.uint64),
    "u8": (Kind(UNSIGNED), [0, 1, 255, 65], np.uint8),
    "f64": (Kind(FLOAT), REAL, np.float64),
    "f32": (Kind(FLOAT), [0.0, -0.0, 0.1, 65.0, math.inf, -math.inf, 3.4e38, 1e-45], np.float32),
    "w0": (Kind(WIDE), [number * 1000 for number in DIGITS[:7]], pa.decimal128(38, 0)),
    "w2": (Kind(WIDE), DIGITS, pa.decimal128(38, 2)),
    "w9": (Kind(WIDE), [*DIGITS, 10**75, -(10**75)], pa.decimal256(76, 9)),
    "bool": (Kind(BOOLEAN), [True, False], np.bool_),
    "text": (Kind(TEXT), TEXTS, pa.large_string()),
    "short": (Kind(TEXT), TEXTS, pa.string()),
    "python": (Kind(TEXT), [*TEXTS, *LONE], object),
    "object": (Kind(OBJECT), OBJECTS, "object"),
    "date": (Kind(DATE, "D"), COUNTS, np.int64),
    "local_s": (Kind(INSTANT, "s"), COUNTS, np.int64),
    "local_ns": (Kind(INSTANT, "ns"), COUNTS, np.int64),
    "zoned_us": (Kind(INSTANT, "us", "Europe/Zurich"), COUNTS, np.int64),
    "zoned_ms": (Kind(INSTANT, "ms", "America/New_York"), COUNTS, np.int64),
    "span": (Kind(DURATION, "us"), COUNTS, np.int64),
    "bytes": (Kind(BYTES), [b"", b"a", b"\0"], pa.large_binary()),
}
NUMBERS = ["i64", "i8", "u64", "u8", "f64", "f32", "w0", "w2", "w9"]
EXACT = ["i64", "i8", "u64", "u8", "w0", "w2", "w9"]
STRINGS = ["text", "short", "python"]
DATED = {"date": ["date"], "datetime": ["local_s", "local_ns"], "moment": ["zoned_us", "zoned_ms"]}


def cells_of(name: str, values: list, coded: bool = False) -> Cells:
    """Return cells that hold the values (None: missing); with `coded`, each value once."""
    kind, _, form = MADE[name]
    if coded or form == "object":
        kept = list({scalar_text(value): value for value in values if value is not None}.items())
        places = {text: place for place, (text, _) in enumerate(kept)}
        codes = np.array([-1 if value is None else places[scalar_text(value)] for value in values], dtype=np.int64)
        if form == "object":
            texts = np.empty(len(kept), dtype=object)
            texts[:] = [text for text, _ in kept]
            return Cells(kind, texts, None, codes)
        own = cells_of(name, [value for _, value in kept])
        return Cells(kind, own.values, own.missing, codes)
    missing = np.array([value is None for value in values], dtype=bool)
    if isinstance(form, pa.DataType):
        if kind.name == WIDE:
            values = [None if value is None else Decimal(value).scaleb(-form.scale, WIDEST) for value in values]
        return cells_of_arrow(pa.array(values, type=form))
    if form is object:
        found = np.empty(len(values), dtype=object)
        found[:] = values
        return Cells(kind, found)
    filler = math.nan if kind.name == FLOAT else 1
    plain = np.array([filler if value is None else value for value in values], dtype=form)
    return Cells(kind, plain, None if kind.name == FLOAT or not missing.any() else missing)


def exact(name: str, value: object) -> object:
    """Return what a cell's value is: an exact number, of nanoseconds for times; text or a boolean as they are."""
    kind, _, form = MADE[name]
    if value is None:
        return None
    if kind.name == WIDE:
        return Fraction(value) / 10**form.scale
    if kind.unit:
        return Fraction(value * LENGTH[kind.unit])
    if kind.name == FLOAT:
        value = float(form(value))
    return value if isinstance(value, str | bool) or value in (math.inf, -math.inf) else Fraction(value)


def columns_of(*names: str, least: int = 0) -> st.SearchStrategy[dict[str, list]]:
    row = st.tuples(*(st.none() | st.sampled_from(MADE[name][1]) for name in names))
    return st.lists(row, min_size=least, max_size=8).map(
        lambda rows: {name: [row[place] for row in rows] for place, name in enumerate(names)}
    )


def table_of(columns: dict[str, list], coded: bool = False) -> Table:
    rows = len(next(iter(columns.values())))
    return Table({name: cells_of(name, values, coded) for name, values in columns.items()}, rows)


def derived(table: Table, expression: Expression) -> list:
    """Return the values of an expression."""
    with silence():
        found = selected(table, Selection(derive=(("new", expression),)), ["new"])
    return values_of(found["new"])


# -- compared exactly --------------------------------------------------------------------------------------------------

LITERALS = st.sampled_from(
    [*WHOLE, *UNSIGNED_WHOLE, *REAL, 2**70, -(2**70), 10**400, 0.01, 0.015, 1e18, 6.5, -128, 128]
)


@pytest.mark.parametrize("name", NUMBERS)
@given(st.data(), OPERATORS, LITERALS, st.booleans())
@QUICK
def test_a_number_is_compared_with_the_literal_itself(name, data, sign, literal, coded):
    """A decimal with the number as it is typed, any other with the double that Python makes of it."""
    columns = data.draw(columns_of(name))
    typed = literal
    if literal not in (math.inf, -math.inf):
        typed = Fraction(repr(literal)) if name[0] == "w" else Fraction(literal)
    expected = [None if value is None else COMPARE[sign](exact(name, value), typed) for value in columns[name]]
    assert derived(table_of(columns, coded), Compare(sign, Column(name), Literal(literal))) == expected
    turned = derived(table_of(columns, coded), Compare(sign, Literal(literal), Column(name)))
    assert turned == [None if value is None else COMPARE[sign](typed, exact(name, value)) for value in columns[name]]


@pytest.mark.parametrize("name", NUMBERS)
@given(st.data(), st.lists(LITERALS, min_size=1, max_size=6), st.booleans(), st.booleans())
@QUICK
def test_a_number_is_one_of_a_list_where_it_is_equal_to_one(name, data, literals, negated, coded):
    columns = data.draw(columns_of(name))
    table = table_of(columns, coded)
    ones = [derived(table, Compare("==", Column(name), Literal(literal))) for literal in literals]
    expected = [None if None in row else any(row) != negated for row in zip(*ones, strict=True)]
    assert derived(table, IsIn(Column(name), tuple(literals), negated)) == (expected if columns[name] else [])


@given(st.sampled_from(EXACT), st.sampled_from(EXACT), st.data(), OPERATORS, st.booleans())
@settings(max_examples=200)
def test_whole_numbers_and_decimals_of_two_columns_are_compared_exactly(one, two, data, sign, coded):
    columns = data.draw(columns_of(one, two)) if one != two else {one: data.draw(columns_of(one))[one]}
    pairs = zip(columns[one], columns[two], strict=True)
    expected = [None if None in pair else COMPARE[sign](exact(one, pair[0]), exact(two, pair[1])) for pair in pairs]
    assert derived(table_of(columns, coded), Compare(sign, Column(one), Column(two))) == expected


@given(st.sampled_from(NUMBERS), st.data(), OPERATORS)
@QUICK
def test_a_float_and_another_number_are_compared_as_doubles(name, data, sign):
    columns = data.draw(columns_of(name, "f64")) if name != "f64" else data.draw(columns_of("f64"))
    pairs = zip(columns[name], columns["f64"], strict=True)

    def double(value):
        found = exact(name, value)
        return float(found)

    expected = [None if None in pair else COMPARE[sign](double(pair[0]), pair[1]) for pair in pairs]
    assert derived(table_of(columns), Compare(sign, Column(name), Column("f64"))) == expected


@pytest.mark.parametrize("name", NUMBERS)
@given(st.data(), st.lists(LITERALS, min_size=2, max_size=5), st.booleans(), st.booleans())
@QUICK
def test_a_cut_puts_every_number_between_its_edges(name, data, edges, right, coded):
    edges = sorted({edge for edge in edges if edge != 10**400})
    if len(edges) < 2:
        return
    columns = data.draw(columns_of(name))
    table = table_of(columns, coded)
    expression = cut(name, edges, right=right)
    passed = [derived(table, Compare(">" if right else ">=", Column(name), Literal(edge))) for edge in edges]
    places = [None if None in row else sum(row) - 1 for row in zip(*passed, strict=True)]
    labels = [
        None if place is None or not 0 <= place < len(edges) - 1 else expression.labels[place] for place in places
    ]
    assert derived(table, expression) == labels


LOOKED_UP = {
    **{
        name: [*WHOLE, *UNSIGNED_WHOLE, 0.0, 0.5, -2.5, 65.0, 0.1, 1e18, 6.5, -128, 128, 1e308, 5e-324]
        for name in NUMBERS
    },
    **{name: [*TEXTS, *LONE, "b"] for name in STRINGS},
    "object": ["a", "b", "65", "", "\ud800"],
    "bool": [True, False],
}


@pytest.mark.parametrize("name", LOOKED_UP)
@given(st.data(), st.booleans())
@QUICK
def test_a_recoding_finds_what_a_comparison_finds(name, data, coded):
    """For every kind: one pass over the cells says what `==` with each key does, one key after the other."""
    keys = data.draw(st.lists(st.sampled_from(LOOKED_UP[name]), min_size=1, max_size=8, unique=True))
    keys = [
        key for key in keys if isinstance(key, float) or not isinstance(key, int) or -(2**63) <= key < 2**63
    ] or keys[:0]
    if not keys:
        return
    values = data.draw(st.lists(st.integers(0, 3) | st.none(), min_size=len(keys), max_size=len(keys)))
    other = data.draw(st.sampled_from([None, 9]))
    if other is None and set(values) == {None}:
        values[0] = 1
    columns = data.draw(columns_of(name))
    table = table_of(columns, coded)
    found = [derived(table, Compare("==", Column(name), Literal(key))) for key in keys]
    expected = [
        None if row[0] is None else next((value for value, holds in zip(values, row, strict=True) if holds), other)
        for row in zip(*found, strict=True)
    ]
    assert derived(table, recode(name, dict(zip(keys, values, strict=True)), other=other)) == expected


@pytest.mark.parametrize("name", STRINGS)
@given(st.data(), OPERATORS, st.sampled_from([*TEXTS, *LONE, "b"]), st.booleans())
@QUICK
def test_text_is_compared_by_its_characters(name, data, sign, literal, coded):
    columns = data.draw(columns_of(name, "text" if name != "text" else "short"))
    table = table_of(columns, coded)
    expected = [None if value is None else COMPARE[sign](value, literal) for value in columns[name]]
    assert derived(table, Compare(sign, Column(name), Literal(literal))) == expected
    one = [None if value is None else value in (literal, "a") for value in columns[name]]
    assert derived(table, IsIn(Column(name), (literal, "a"))) == one
    other = next(column for column in columns if column != name)
    pairs = zip(columns[name], columns[other], strict=True)
    both = [None if None in pair else COMPARE[sign](*pair) for pair in pairs]
    assert derived(table, Compare(sign, Column(name), Column(other))) == both


@pytest.mark.parametrize("name", STRINGS)
@given(st.data(), st.integers(1, 3), st.booleans())
@QUICK
def test_a_prefix_has_whole_characters_on_every_storage(name, data, length, coded):
    columns = data.draw(columns_of(name))
    expected = [None if value is None else value[:length] for value in columns[name]]
    assert derived(table_of(columns, coded), prefix(name, length)) == expected


def scalar(value: object) -> tuple[str, object] | None:
    """Return what an object is, in a pair that is equal for equal values alone."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, int | float | Decimal):
        return "number", value if value in (math.inf, -math.inf) else Fraction(value)
    return None if value is None else (type(value).__name__, value)


@given(columns_of("object"), OPERATORS, st.sampled_from(["a", "b", "65", "", 0, 1, 65.0, 0.5, 0.1, 10**30, math.inf]))
@settings(max_examples=150)
def test_objects_are_equal_by_value_and_in_order_within_texts_and_within_numbers(columns, sign, literal):
    def told(one, two):
        if one is None or two is None:
            return None
        if sign in ("==", "!="):
            return COMPARE[sign](one, two)
        return COMPARE[sign](one[1], two[1]) if one[0] == two[0] and one[0] in ("str", "number") else None

    table = table_of(columns)
    values = [scalar(value) for value in columns["object"]]
    expected = [told(value, scalar(literal)) for value in values]
    assert derived(table, Compare(sign, Column("object"), Literal(literal))) == expected
    assert derived(table, Compare(sign, Column("object"), Column("object"))) == [told(one, one) for one in values]
    assert derived(table, IsIn(Column("object"), (literal,))) == [
        None if value is None else value == scalar(literal) for value in values
    ]
    assert derived(table, Compare("==", Column("object"), Literal(True))) == [
        None if value is None else value == ("boolean", True) for value in values
    ]
    assert derived(table, IsMissing(Column("object"))) == [value is None for value in values]
    begun = [value[1][:1] if value is not None and value[0] == "str" else None for value in values]
    assert derived(table, prefix("object", 1)) == begun


@given(st.data(), OPERATORS, st.sampled_from([*STRINGS]))
@QUICK
def test_objects_are_compared_with_text(data, sign, name):
    columns = data.draw(columns_of("object", name))
    pairs = list(zip(columns["object"], columns[name], strict=True))
    expected = [
        None
        if None in pair
        else COMPARE[sign](*pair)
        if isinstance(pair[0], str)
        else {"==": False, "!=": True}.get(sign)
        for pair in pairs
    ]
    assert derived(table_of(columns), Compare(sign, Column("object"), Column(name))) == expected


MOMENTS = {
    "date": {"1970-01-01": 0, "2026-01-01": 20_454 * LENGTH["D"], "0001-01-01": -719_162 * LENGTH["D"]},
    "datetime": {
        "2026-01-01": 1_767_225_600 * 10**9,
        "1970-01-01T00:00:00.000001": 10**3,
        "9999-12-31T23:59:59.999999": (2_932_897 * 86_400 * 10**6 - 1) * 10**3,
    },
    "moment": {
        "2026-01-01T00:00+00:00": 1_767_225_600 * 10**9,
        "2026-01-01T01:00:00.5+01:00": 1_767_225_600 * 10**9 + 5 * 10**8,
        "1969-12-31T23:59:59.999999Z": -(10**3),
    },
}


@pytest.mark.parametrize(("words", "name"), [(words, name) for words, names in DATED.items() for name in names])
@given(st.data(), OPERATORS, st.booleans())
@QUICK
def test_dates_are_compared_as_instants_whatever_the_unit(words, name, data, sign, coded):
    text = data.draw(st.sampled_from(list(MOMENTS[words])))
    columns = data.draw(columns_of(*DATED[words]))
    table = table_of(columns, coded)
    expected = [
        None if value is None else COMPARE[sign](exact(name, value), MOMENTS[words][text]) for value in columns[name]
    ]
    assert derived(table, Compare(sign, Column(name), Literal(text))) == expected
    other = DATED[words][-1]
    for one, two in ((name, other), (other, name)):
        pairs = zip(columns[one], columns[two], strict=True)
        both = [None if None in pair else COMPARE[sign](exact(one, pair[0]), exact(two, pair[1])) for pair in pairs]
        assert derived(table, Compare(sign, Column(one), Column(two))) == both


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
