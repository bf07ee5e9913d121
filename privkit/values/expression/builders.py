"""Derived columns by function: what `derive=` takes beside text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from privkit.errors import NotPublicError, ParameterError
from privkit.values.arguments import typed
from privkit.values.expression.nodes import Column, Cut, DatePart, Expression, IsIn, Prefix, Scalar

#: Intervals of one cut, at most.
_MOST = 1000


def _of(column: object) -> Expression:
    if isinstance(column, Expression):
        return column
    if isinstance(column, str) and column:
        return Column(column)
    raise ParameterError.of("column", f"a {type(column).__name__}", "a column's name")


def _plain_list(values: object, argument: str) -> list[object]:
    if hasattr(values, "dtype") or hasattr(values, "__array__"):
        raise NotPublicError.of(argument, type(values).__name__)
    if not isinstance(values, list | tuple | range):
        raise ParameterError.of(argument, f"a {type(values).__name__}", "a list")
    for value in values:
        if hasattr(value, "dtype"):
            raise NotPublicError.of(argument, f"list of {type(value).__name__}")
    return list(values)


@typed
def cut(
    column: str | Expression,
    edges: Sequence[int | float],
    labels: Sequence[str] | None = None,
    *,
    right: bool = False,
) -> Cut:
    """Return the interval in which a column's number lies, for `derive=`. Reads nothing.

    Parameters
    ----------
    column : str
        A column of numbers.
    edges : list of numbers
        Ascending; public facts, never taken from the data. ``-math.inf`` and ``math.inf`` leave an end open. A number
        outside all intervals is missing.
    labels : list of str, optional
        One name per interval; by default ``"[18, 30)"`` and so on.
    right : bool
        Whether an interval holds its right edge instead of its left.

    Returns
    -------
    Cut
        Its `.labels` are the public keys that go with it.

    Raises
    ------
    ParameterError, NotPublicError

    Examples
    --------
    >>> cut("age", [0, 18, 65, 120]).labels
    ('[0, 18)', '[18, 65)', '[65, 120)')
    """
    numbers = _plain_list(edges, "edges")
    if any(not _is_edge(edge) for edge in numbers):
        raise ParameterError.of("edges", "a list with something else", "a list of numbers")
    ascending = [edge for edge in numbers if isinstance(edge, int | float)]
    if len(ascending) < 2 or len(ascending) > _MOST + 1 or any(a >= b for a, b in pairwise(ascending)):
        allowed = f"2 to {_MOST + 1} numbers in ascending order"
        raise ParameterError.of("edges", f"a list of {len(ascending)} numbers", allowed, "Example: [0, 18, 65, 120].")
    named = tuple(_interval(a, b, right) for a, b in pairwise(ascending))
    if labels is not None:
        given = _plain_list(labels, "labels")
        named = tuple(label for label in given if isinstance(label, str))
        if len(given) != len(ascending) - 1 or len(set(named)) != len(given):
            allowed = f"{len(ascending) - 1} different names, one for each interval"
            raise ParameterError.of("labels", f"a list of {len(given)}", allowed)
    return Cut(_of(column), tuple(ascending), named, bool(right))


def _is_edge(edge: object) -> bool:
    if isinstance(edge, int):
        return not isinstance(edge, bool) and edge.bit_length() < 1024  # that a float can be near to
    return isinstance(edge, float) and not math.isnan(edge)


def _interval(low: int | float, high: int | float, right: bool) -> str:
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
    return DatePart("year", _of(column))


@typed
def month(column: str | Expression) -> DatePart:
    """Return the month (1 to 12) of a date column, for `derive=`."""
    return DatePart("month", _of(column))


@typed
def day(column: str | Expression) -> DatePart:
    """Return the day of the month (1 to 31) of a date column, for `derive=`."""
    return DatePart("day", _of(column))


@typed
def weekday(column: str | Expression) -> DatePart:
    """Return the day of the week (Monday is 1, Sunday 7) of a date column, for `derive=`."""
    return DatePart("weekday", _of(column))


@typed
def hour(column: str | Expression) -> DatePart:
    """Return the hour (0 to 23) of a datetime column, for `derive=`."""
    return DatePart("hour", _of(column))


@typed
def prefix(column: str | Expression, length: int) -> Prefix:
    """Return the first characters of a text column, for `derive=`.

    Examples
    --------
    >>> prefix("zip", 3)
    <expression prefix(zip, 3)>
    """
    if isinstance(length, bool) or not isinstance(length, int) or not 1 <= length <= 1000:
        found = str(length) if isinstance(length, int) else f"a {type(length).__name__}"
        raise ParameterError.of("length", found, "a whole number from 1 to 1000")
    return Prefix(_of(column), length)


@typed
def isin(column: str | Expression, values: Sequence[Scalar]) -> IsIn:
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
    return IsIn(_of(column), given)


def _kind(value: Scalar) -> str:
    return "boolean" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
