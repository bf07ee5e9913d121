"""Bounds of values: the public interval into which a column is clipped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from privkit.errors import NotPublicError
from privkit.errors.dp import ValueBoundsError, ValueBoundsRequiredError
from privkit.values.keys import PublicValues

#: Their squares are floats, with room for what is made of them.
_LARGEST = 1e150


@dataclass(frozen=True, slots=True)
class ValueBounds:
    """A closed interval; values outside are clipped to it.

    Attributes
    ----------
    lower, upper : float
    reason : str or None
        Why they are public, where the user had to vouch for them.
    """

    lower: float
    upper: float
    reason: str | None = None

    @property
    def width(self) -> float:
        """The interval's length."""
        return self.upper - self.lower

    @property
    def middle(self) -> float:
        """The interval's middle."""
        return self.lower / 2 + self.upper / 2

    @property
    def largest(self) -> float:
        """The largest absolute value in it."""
        return max(abs(self.lower), abs(self.upper))

    def canonical(self) -> list[str]:
        """Return the bounds as text that tells every float apart."""
        return [repr(self.lower), repr(self.upper)]

    def __str__(self) -> str:
        """Return the interval."""
        return f"[{self.lower:g}, {self.upper:g}]"


def value_bounds(bounds: object, function: str, column: str, argument: str = "bounds") -> ValueBounds:
    """Return the bounds that the user named for a column, through one strict gate.

    NumPy and pandas scalars, arrays and Series are refused by their type, since ``df.x.min()`` gives one: bounds taken
    from the data would leak it. ``pk.public_values(..., reason=)`` vouches for them.

    Raises
    ------
    ValueBoundsRequiredError, ValueBoundsError, NotPublicError

    Examples
    --------
    >>> value_bounds((0, 500), "dp_sum", "spend")
    ValueBounds(lower=0.0, upper=500.0, reason=None)
    """
    if bounds is None or isinstance(bounds, str):
        raise ValueBoundsRequiredError.of(function, column, argument)
    reason = None
    if isinstance(bounds, PublicValues):
        reason, bounds = bounds.reason, _plain(bounds.values)
    if hasattr(bounds, "dtype") or hasattr(bounds, "columns"):
        raise NotPublicError.of(function, argument, type(bounds).__name__)
    if not _pair(bounds):
        raise ValueBoundsError.of_column(function, column, argument, f"as a {type(bounds).__name__}")
    assert isinstance(bounds, tuple | list)
    lower, upper = (_number(value, function, column, argument) for value in bounds)
    if lower > upper:
        raise ValueBoundsError.of_column(function, column, argument, "with the lower above the upper")
    return ValueBounds(lower, upper, reason)


def _plain(values: Any) -> object:
    """Return vouched-for values without their NumPy types."""
    values = values.tolist() if hasattr(values, "tolist") else values
    return [_plain(value) for value in values] if isinstance(values, list | tuple) else values


def _pair(bounds: object) -> bool:
    return isinstance(bounds, tuple | list) and len(bounds) == 2


def _number(value: object, function: str, column: str, argument: str) -> float:
    if hasattr(value, "dtype"):
        raise NotPublicError.of(function, argument, f"pair with a {type(value).__name__}")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise ValueBoundsError.of_column(function, column, argument, f"with a {type(value).__name__}")
    try:
        number = float(value) + 0.0
    except OverflowError:
        number = math.inf
    if not abs(number) < _LARGEST:  # NaN as well
        raise ValueBoundsError.of_column(function, column, argument, "that are not finite")
    return number
