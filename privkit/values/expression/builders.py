"""Derived columns by function: what `derive=` takes beside text."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from privkit.errors import NotPublicError, ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import typed
from privkit.values.expression.days import DateCut, at_days, is_day, windowed
from privkit.values.expression.nodes import Column, Cut, DatePart, Expression, IsIn, Prefix, Scalar
from privkit.values.vouched import vouched

if TYPE_CHECKING:
    from privkit.values.inputs import Labels, Points, Values

#: Intervals of one cut, at most.
_MOST = 1000


def column_of(column: object) -> Expression:
    """Return the column of a name, or the expression that was given in its place."""
    if isinstance(column, Expression):
        return column
    if isinstance(column, str) and column:
        return Column(column)
    raise ParameterError.of("column", type_told(column), "a column's name")


def _plain_list(values: object, argument: str) -> list[object]:
    values, _ = vouched(values)
    if hasattr(values, "dtype") or hasattr(values, "__array__"):
        raise NotPublicError.of(argument, type(values).__name__)
    if not isinstance(values, list | tuple | range):
        raise ParameterError.of(argument, type_told(values), "a list")
    for value in values:
        if hasattr(value, "dtype"):
            raise NotPublicError.of(argument, f"list of {type(value).__name__}")
    return list(values)


@typed
def cut(
    column: str | Expression,
    edges: Points | None = None,
    labels: Labels | None = None,
    *,
    right: bool = False,
    every: str | None = None,
    start: str | date | None = None,
    end: str | date | None = None,
) -> Cut | DateCut:
    """Return the interval in which a column's number or date lies, for `derive=`. Reads nothing.

    Parameters
    ----------
    column : str
        A column of numbers, or of dates.
    edges : list of numbers or of days, optional
        Ascending; public facts, never taken from the data. ``-math.inf`` and ``math.inf`` leave an end open. Days are
        dates or ISO 8601 text. What lies outside all intervals is missing: of ``[0, 18, 65, 120]`` all from 120 on. A
        plan says so.
    labels : list of str, optional
        One name per interval; by default ``"[18, 30)"`` and so on. Those of `every` are ``"2026-11-23"`` (a day, and
        the Monday of a week), ``"2026-11"``, ``"2026-Q4"`` and ``"2026"``.
    right : bool
        Whether an interval of numbers holds its right edge instead of its left, as in ``pd.cut``.
    every : {"day", "week", "month", "quarter", "year"}, optional
        In place of `edges`: windows of the calendar, of which those count that hold a day from `start` to `end`, each
        as a whole. Weeks begin on Monday.
    start, end : date or str, optional
        The first and the last day that must be in a window; public facts. Days are those of the column's own calendar:
        of a datetime with time zone, in that zone.

    Returns
    -------
    Cut or DateCut
        Its `.labels` are the public keys that go with it.

    Raises
    ------
    ParameterError, NotPublicError

    Examples
    --------
    >>> cut("age", [0, 18, 65, 120]).labels
    ('[0, 18)', '[18, 65)', '[65, 120)')
    >>> cut("ordered", every="week", start="2026-01-01", end="2026-01-18").labels
    ('2025-12-29', '2026-01-05', '2026-01-12')
    """
    of = column_of(column)
    if every is not None or start is not None or end is not None:
        given = {"every": every, "start": start, "end": end}
        if edges is not None or None in given.values() or right:
            rule = "give edges, or in their place every=, start= and end=, all three and without right=."
            raise ParameterError.together([name for name in given if given[name] is not None], rule)
        found: Cut | DateCut = windowed(of, every, start, end)
    else:
        numbers = _plain_list(edges, "edges")
        if numbers and all(is_day(edge) for edge in numbers):
            if right:
                raise ParameterError.together(("right",), "right= is for edges that are numbers: a day has no end.")
            found = at_days(of, numbers)
        else:
            found = _at_numbers(of, numbers, right)
    return found if labels is None else _labelled(found, labels)


def _at_numbers(of: Expression, numbers: list[object], right: bool) -> Cut:
    if any(not _is_edge(edge) for edge in numbers):
        raise ParameterError.of("edges", "a list with something else", "a list of numbers, or one of days")
    ascending = [edge for edge in numbers if isinstance(edge, int | float)]
    if len(ascending) < 2 or len(ascending) > _MOST + 1 or any(a >= b for a, b in pairwise(ascending)):
        allowed = f"2 to {_MOST + 1} numbers in ascending order"
        raise ParameterError.of("edges", f"a list of {len(ascending)} numbers", allowed, "Example: [0, 18, 65, 120].")
    named = tuple(interval(a, b, right) for a, b in pairwise(ascending))
    return Cut(of, tuple(ascending), named, bool(right))


def _labelled(found: Cut | DateCut, labels: object) -> Cut | DateCut:
    """Return a cut with other labels."""
    given = _plain_list(labels, "labels")
    named = tuple(label for label in given if isinstance(label, str))
    many = len(found.labels)
    if len(given) != many or len(set(named)) != len(given):
        raise ParameterError.of("labels", f"a list of {len(given)}", f"{many} different names, one for each interval")
    return replace(found, labels=named, every="") if isinstance(found, DateCut) else replace(found, labels=named)


def _is_edge(edge: object) -> bool:
    if isinstance(edge, int):
        return not isinstance(edge, bool) and edge.bit_length() < 1024  # that a float can be near to
    return isinstance(edge, float) and not math.isnan(edge)


def interval(low: int | float, high: int | float, right: bool) -> str:
    """Return the interval between two edges as a cut names it."""
    ends = ("(", "]") if right else ("[", ")")
    left = "(" if math.isinf(low) else ends[0]
    return (
        f"{left}{low:g}, {high:g}{')' if math.isinf(high) else ends[1]}"
        if _short(low, high)
        else (f"{left}{low!r}, {high!r}{')' if math.isinf(high) else ends[1]}")
    )


def _short(*numbers: int | float) -> bool:
    return all(math.isinf(number) or float(f"{number:g}") == number for number in numbers)


@typed
def year(column: str | Expression) -> DatePart:
    """Return the year of a date column, for `derive=`."""
    return DatePart("year", column_of(column))


@typed
def month(column: str | Expression) -> DatePart:
    """Return the month (1 to 12) of a date column, for `derive=`."""
    return DatePart("month", column_of(column))


@typed
def day(column: str | Expression) -> DatePart:
    """Return the day of the month (1 to 31) of a date column, for `derive=`."""
    return DatePart("day", column_of(column))


@typed
def weekday(column: str | Expression) -> DatePart:
    """Return the day of the week (Monday is 1, Sunday 7) of a date column, for `derive=`."""
    return DatePart("weekday", column_of(column))


@typed
def hour(column: str | Expression) -> DatePart:
    """Return the hour (0 to 23) of a datetime column, for `derive=`."""
    return DatePart("hour", column_of(column))


@typed
def prefix(column: str | Expression, length: int) -> Prefix:
    """Return the first characters of a text column, for `derive=`.

    Examples
    --------
    >>> prefix("zip", 3)
    <expression prefix(zip, 3)>
    """
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 1000:
        found = str(length) if isinstance(length, int) else type_told(length)
        raise ParameterError.of("length", found, "a whole number from 1 to 1000")
    return Prefix(column_of(column), length)


@typed
def isin(column: str | Expression, values: Values) -> IsIn:
    """Return whether a column's value is one of a list, for `where=` and `derive=`.

    Examples
    --------
    >>> isin("plan", ["basic", "plus"]).canonical()
    "(plan in ['basic', 'plus'])"
    """
    plain = _plain_list(values, "values")
    given = tuple(
        value
        for value in plain
        if isinstance(value, str | int | float) and not (isinstance(value, float) and math.isnan(value))
    )
    if not plain or len(given) != len(plain) or len({_kind(value) for value in given}) != 1:
        raise ParameterError.of("values", "a list with something else", "a list of text, of numbers or of booleans")
    return IsIn(column_of(column), given)


def _kind(value: Scalar) -> str:
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
