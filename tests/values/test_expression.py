"""The expression language: what it reads, what it refuses and where, and what it takes as the same."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from privkit.errors import NotPublicError, ParameterError
from privkit.errors.expression import ExpressionError
from privkit.values.expression import Expression, cut, day, hour, isin, month, parsed, prefix, selection, weekday, year


def canonical(text: str) -> str:
    return parsed(text).canonical()


ALIKE = [
    ("a >= 1", "1 <= a", "  a>=1.0 ", "(a >= 1)", "not a < 1", "not not a >= 1", "a >= 2 - 1"),
    ("a == 1 and b == 2", "b==2 and (1 == a)", "(a in [1]) and b in (2,)", "a == 1 and b == 2 and a == 1.0"),
    (
        "a == 1 and b == 2 and c",
        "(a == 1 and b == 2) and c",
        "c and (b == 2 and a == 1)",
        "not (a != 1 or b != 2 or not c)",
    ),
    ("18 <= age < 65", "age >= 18 and age < 65", "not (age < 18 or age >= 65)"),
    ("x in ['a', 'b']", "x in ('b', 'a', 'b')", "isin(x, ['b', 'a'])", "not x not in ['a', 'b']"),
    ("x is missing", "x is None", "not x is not missing"),
    ("a + b > 3", "3 < b + a"),
    ("a < b", "b > a"),
    ("year(d) == 2026", "2026 == year( d )"),
    ("col('a') > 3", "a > 3"),
    ("x == 'ä'", 'x == "ä"'),
    ("a > -1", "-1 < a", "a > - 1.0"),
]


@pytest.mark.parametrize("ways", ALIKE)
def test_ways_to_say_the_same_have_one_canonical_form(ways):
    assert {canonical(way) for way in ways} == {canonical(ways[0])}
    assert canonical(canonical(ways[0])) == canonical(ways[0])


def test_different_questions_have_different_forms():
    texts = [
        *[
            "a > 1",
            "a >= 1",
            "a < 1",
            "a == 1",
            "a != 1",
            "a == '1'",
            "a == True",
            "b == 1",
            "a is missing",
            "a is not missing",
        ],
        *[
            "a in [1, 2]",
            "a in [1, 3]",
            "a in ['1', '2']",
            "a not in [1, 2]",
            "a > 1 and b > 1",
            "a > 1 or b > 1",
            "a",
            "not a",
        ],
        *[
            "a - b > 1",
            "b - a > 1",
            "a / b > 1",
            "a // b > 1",
            "a % b > 1",
            "a * b > 1",
            "a + b > 1",
            "a > b",
            "a >= b",
        ],
        *[
            "year(a) == 1",
            "month(a) == 1",
            "prefix(a, 1) == 'x'",
            "prefix(a, 2) == 'x'",
            "col('a b') == 1",
            "a == 'x '",
        ],
        *[
            "a == 'x'",
            "a == 'X'",
            "(a > 1 and b > 1) or c",
            "a > 1 and (b > 1 or c)",
            "a > 9007199254740993",
            "a > 9007199254740992",
        ],
    ]
    assert len({canonical(text) for text in texts}) == len(texts)


def test_columns_are_named():
    assert parsed("a + col('b c') > 3 or prefix(d, 2) in ['x'] and e is missing").columns == ("a", "b c", "d", "e")
    assert parsed("age >= 65").text() == "(age >= 65)"
    assert repr(parsed("age >= 65")) == "<expression (age >= 65)>"
    assert hash(parsed("a > 1")) == hash(parsed("a>1"))


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        ("age >", None, "cannot be read"),
        ("age > 3 foo", None, "cannot be read"),
        ("", None, "cannot be read"),
        ("age.max() > 3", 0, "no methods"),
        ("age > df.x.age", 6, "no attributes"),
        ("a[1] > 3", 0, "no subscripts"),
        ("b and (lambda x: x)", 7, "no functions"),
        ("b and (1 if a else 2)", 7, "no if"),
        ("b and [x for x in a]", 6, "no comprehensions"),
        ("a == f'{a}'", 5, "no formatted text"),
        ("a + [1] > 3", 4, "no lists outside"),
        ("a == b'x'", 5, "no literal of this kind"),
        ("a > 1j", 4, "no literal of this kind"),
        ("a == ...", 5, "no literal of this kind"),
        ("a > 1e999", 4, "no literal of this kind"),
        ("a ** 2 > 3", 0, "no operators"),
        ("a == missing", 5, "is missing"),
        ("a is b", 5, "'is' goes with 'missing'"),
        ("a in b", 5, "needs a list of literals"),
        ("a in year(b)", 5, "needs a list of literals"),
        ("a in []", 0, "must hold text alone"),
        ("a in [1, 'a']", 0, "must hold text alone"),
        ("a in [1, None]", 9, "is missing"),
        ("a in [1, b]", 9, "no literal"),
        ("maximum(a) > 3", 0, "no function 'maximum'"),
        ("yaer(a) > 3", 0, "Close matches: 'year'"),
        ("eval('1')", 0, "no function 'eval'"),
        ("__import__('os')", 0, "no function '__import__'"),
        ("year(a, b) > 3", 0, r"Write year\(column\)"),
        ("prefix(a) == 'x'", 0, r"Write prefix\(column, n\)"),
        ("prefix(a, 0) == 'x'", 0, r"Write prefix\(column, n\)"),
        ("prefix(a, b) == 'x'", 0, r"Write prefix\(column, n\)"),
        ("prefix(a, n=3) == 'x'", 0, "by place"),
        ("col(a) == 3", 0, r"Write col\('name"),
        ("1 < 2", 0, "must name a column"),
        ("True", 0, "must name a column"),
        ("a > 1 and 1 < 2", 10, "must name a column"),
        ("a > 1 / 0", 4, "no number for a value"),
        ("a > 'x' + 'y'", 4, "no number for a value"),
        ("ä > 1 and x.y.z", 10, "no attributes"),
        ("a == 'x' 'y'", 9, "between quotes of the other kind"),
    ],
)
def test_what_the_language_has_not_is_refused_with_its_place(text, position, told):
    with pytest.raises(ExpressionError, match=told) as error:
        parsed(text)
    assert (error.value.argument, error.value.text) == ("where", text)
    if position is not None:
        assert error.value.position == position
        assert f"\n    {text}\n    {' ' * position}^\n" in str(error.value)
    assert isinstance(error.value, ValueError)
    assert error.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300 + "a" + ")" * 300 + " > 1",
        "not " * 80 + "a",
        "a" + " + a" * 400 + " > 1",
        "a > 1 or " * 3000 + "b",
        "a\0 > 1",
        "a > " + "9" * 9000,
        "'\ud800' == a and",
    ],
)
def test_long_and_deep_text_is_refused_or_read_but_never_crashes(text):
    try:
        parsed(text).canonical()
    except ExpressionError as error:
        assert len(str(error)) < 1_500  # noqa: PT017


@pytest.mark.parametrize(
    "what", [lambda row: True, 3, None, ["a > 1"], b"a > 1", pd.Series([True]), np.array([True]), len]
)
def test_only_text_and_expressions_are_taken(what):
    with pytest.raises(ExpressionError, match="Python functions are refused"):
        parsed(what)


# -- functions -----------------------------------------------------------------------------------------------------


def test_builders_say_what_text_says():
    for built, text in (
        (year("d"), "year(d)"),
        (month("d"), "month(d)"),
        (day("d"), "day(d)"),
        (weekday("d"), "weekday(d)"),
        (hour("d"), "hour(d)"),
        (prefix("zip", 3), "prefix(zip, 3)"),
        (isin("a", ["x", "y"]), "a in ['x', 'y']"),
    ):
        assert isinstance(built, Expression)
        assert built.canonical() == canonical(text)
        assert parsed(built) is built


def test_cuts_name_their_intervals():
    assert cut("age", [0, 18, 65.5]).labels == ("[0, 18)", "[18, 65.5)")
    assert cut("age", (0, 18), right=True).labels == ("(0, 18]",)
    assert cut("age", [-math.inf, 0, math.inf]).labels == ("(-inf, 0)", "[0, inf)")
    assert cut("age", [1e-7, 1234567.5]).labels == ("[1e-07, 1234567.5)",)
    assert cut("age", [0, 1234567, 1234568]).labels == ("[0, 1234567)", "[1234567, 1234568)")
    assert cut("age", range(3), ["a", "b"]).labels == ("a", "b")
    assert (
        cut("age", [0, 1.0]).canonical()
        == cut("age", [0.0, 1]).canonical()
        != cut("age", [0, 1], right=True).canonical()
    )


@pytest.mark.parametrize(
    "edges",
    [
        *([], [1], [1, 1], [2, 1], [0, math.nan], [0, "1"], [0, True]),
        "01",
        3,
        None,
        [*range(1_005)],
        [0, 1j],
        [0, 10**400],
    ],
)
def test_edges_ascend(edges):
    with pytest.raises(ParameterError, match=r"cut\(\) got edges="):
        cut("age", edges)


@pytest.mark.parametrize("labels", [[], ["a"], ["a", "a"], ["a", 1], ["a", None], "ab", ["a", "b", "c"]])
def test_labels_are_different_names(labels):
    with pytest.raises(ParameterError, match=r"cut\(\) got labels="):
        cut("age", [0, 1, 2], labels)


@pytest.mark.parametrize(
    "held",
    [pd.Series([0, 1]), pd.Index([0, 1]), np.array([0, 1]), [np.float64(0), np.float64(1)]],
    ids=lambda v: type(v).__name__,
)
def test_edges_and_values_from_data_are_refused(held):
    with pytest.raises(NotPublicError):
        cut("age", held)
    with pytest.raises(NotPublicError):
        isin("age", held)


def test_builders_refuse_what_they_cannot_mean():
    for call in (
        lambda: prefix("a", 0),
        lambda: prefix("a", True),
        lambda: prefix("a", 2.0),
        lambda: year(3),
        lambda: year(""),
        lambda: isin("a", []),
        lambda: isin("a", [1, "a"]),
        lambda: isin("a", [math.nan]),
        lambda: isin("a", [None]),
        lambda: isin("a", "abc"),
    ):
        with pytest.raises(ParameterError):
            call()


# -- selections ----------------------------------------------------------------------------------------------------


def test_a_selection_says_what_it_reads():
    chosen = selection(
        "band == 'old' and plan == 'x'", {"band": cut("age", [0, 1]), "y": year("joined")}, {"plan": "none"}
    )
    assert chosen.columns == ("age", "joined", "plan")
    assert chosen.derived == ("band", "y")
    assert bool(chosen)
    assert not selection()
    assert selection(missing="drop", column="age").missing == (("age", None),)
    assert selection(missing=0, column="age").missing == (("age", 0),)


def test_a_selection_has_one_canonical_form():
    one = selection("a >= 1 and b == 2", {"x": "c > 1", "y": year("d")}, {"b": 0, "a": "drop"})
    two = selection("2 == b and 1 <= a", {"y": "year(d)", "x": "1 < c"}, {"a": "drop", "b": 0.0})
    assert one.canonical() == two.canonical()
    assert one.canonical() != selection("a >= 1 and b == 2", {"x": "c > 1"}, {"b": 0, "a": "drop"}).canonical()


@pytest.mark.parametrize("derive", [["a"], "a > 1", {1: "a > 1"}, {"": "a > 1"}, 3])
def test_derived_columns_come_as_a_dict(derive):
    with pytest.raises(ParameterError, match="derive"):
        selection(derive=derive)


@pytest.mark.parametrize("missing", ["drop", 0, {"a": None}, {"a": math.nan}, {"a": [1]}, {1: "drop"}, {"a": pd.NA}])
def test_what_becomes_of_missing_is_said_by_column(missing):
    with pytest.raises(ParameterError, match="missing"):
        selection(missing=missing)


def test_errors_in_derived_columns_name_the_column():
    with pytest.raises(ExpressionError, match=r"privkit got derive\['x'\]="):
        selection(derive={"x": "a +"})
