"""Cells are compared exactly, whatever their kinds and forms: with literals, with each other, in cuts and recodings."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from cells_told import values_of
from expression_cells import (
    COMPARE,
    DATED,
    LENGTH,
    LITERALS,
    LONE,
    MADE,
    MOMENTS,
    NUMBERS,
    OPERATORS,
    STRINGS,
    TEXTS,
    UNSIGNED_WHOLE,
    WHOLE,
    columns_of,
    silence,
    table_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.tally.cells.cells import (
    FLOAT,
    WIDE,
    Table,
)
from privkit.tally.cells.expressions import selected
from privkit.values.expression import Selection, cut, prefix, recode
from privkit.values.expression.nodes import (
    Column,
    Compare,
    Expression,
    IsIn,
    IsMissing,
    Literal,
)

QUICK = settings(max_examples=60)


EXACT = ["i64", "i8", "u64", "u8", "w0", "w2", "w9"]


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


def derived(table: Table, expression: Expression) -> list:
    """Return the values of an expression."""
    with silence():
        found = selected(table, Selection(derive=(("new", expression),)), ["new"])
    return values_of(found["new"])


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
