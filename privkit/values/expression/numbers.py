"""The language's arithmetic and comparisons of numbers, exact where Python's are."""

from __future__ import annotations

import math
from fractions import Fraction


def computed(operator: str, left: float, right: float) -> float | None:
    """Return `left operator right` in double precision; None (missing) where no number comes out.

    `//` rounds the quotient down, `%` is what it leaves: ``left - (left // right) * right``.
    """
    left, right = as_float(left), as_float(right)
    if operator in ("/", "//", "%") and right == 0:
        return None
    result = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
        "//": lambda: _floor(left / right),
        "%": lambda: left - _floor(left / right) * right,
    }[operator]()
    return None if math.isnan(result) else result


def _floor(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


def as_float(value: float) -> float:
    """Return the nearest float; beyond the largest one, infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def for_whole(operator: str, limit: float | Fraction, low: int, high: int) -> tuple[str, int] | bool:
    """Return a comparison of integers from `low` to `high` with one of them that says the same, or its one answer.

    Examples
    --------
    >>> for_whole("<", 2.5, 0, 255), for_whole(">=", -1, 0, 255), for_whole("==", 0.5, 0, 255)
    (('<=', 2), True, False)
    """
    if isinstance(limit, float) and math.isinf(limit):
        limit = high + 1 if limit > 0 else low - 1
    whole = math.floor(limit)
    if whole != limit:
        if operator in ("==", "!="):
            return operator == "!="
        operator, whole = ("<=", whole) if "<" in operator else (">=", whole + 1)
    if whole > high:
        return operator in ("<", "<=", "!=")
    if whole < low:
        return operator in (">", ">=", "!=")
    return operator, whole


def for_floats(operator: str, limit: float) -> tuple[str, float] | bool:
    """Return a comparison of floats with a float that says the same, or the one answer it has."""
    nearest = as_float(limit)
    if nearest == limit:
        return operator, nearest
    if operator in ("==", "!="):
        return operator == "!="
    if "<" in operator:  # no float lies between the limit and the float nearest to it
        return ("<=" if nearest < limit else "<"), nearest
    return (">" if nearest < limit else ">="), nearest
