"""Contribution bounds: how much of one person may count.

Bounds of values: the public interval into which a column is clipped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from privkit.errors import BoundsRequiredError, NotPublicError, ParameterError
from privkit.errors.dp import ValueBoundsError, ValueBoundsRequiredError
from privkit.errors.root import type_told
from privkit.values.arguments import positive_int, public
from privkit.values.exact import as_typed
from privkit.values.unit import PrivacyUnit
from privkit.values.vouched import vouched


@public
@dataclass(frozen=True, slots=True)
class ContributionBounds:
    """At most `max_rows` rows per person in all; or at most `max_groups` groups with `per_group` rows in each.

    The norms bound how far one person can move a vector of counts over disjoint groups:
    with `max_rows` = R, L0 = L∞ = L1 = L2 = R; with (`max_groups`, `per_group`) = (G, P), L0 = G, L∞ = P,
    L1 = G·P, L2 = √G·P. With the row as the unit all of them are 1, and with k rows (`privkit.values.unit.rows`) all
    are k.

    Examples
    --------
    >>> ContributionBounds(max_rows=10).l1, ContributionBounds(max_groups=4, per_group=5).l2
    (10, 10.0)
    """

    max_rows: int | None = None
    max_groups: int | None = None
    per_group: int | None = None

    @property
    def l0(self) -> int:
        """How many groups one person can move."""
        return self.max_rows if self.max_rows is not None else self.max_groups or 1

    @property
    def linf(self) -> int:
        """How far one person can move one group."""
        return self.max_rows if self.max_rows is not None else self.per_group or 1

    @property
    def l1(self) -> int:
        """How far one person can move all groups together."""
        return self.max_rows if self.max_rows is not None else self.l0 * self.linf

    @property
    def l2(self) -> float:
        """How far one person can move the groups, as the Euclidean norm."""
        return float(self.max_rows) if self.max_rows is not None else math.sqrt(self.l0) * self.linf

    def __str__(self) -> str:
        """Return the bounds in words."""
        if self.max_rows is not None:
            return f"at most {_plural(self.max_rows, 'row')} of one person"
        return f"at most {_plural(self.max_groups, 'group')} of one person, {_plural(self.per_group, 'row')} in each"


def _plural(count: int | None, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


#: The row is the unit: one person is one row.
ONE_ROW = ContributionBounds(max_rows=1)


def contribution_bounds(
    unit: PrivacyUnit,
    *,
    max_rows: object = None,
    max_groups: object = None,
    per_group: object = None,
    default: ContributionBounds | None = None,
) -> ContributionBounds:
    """Return the bounds of a call: from its arguments, else the project's, else an error.

    Raises
    ------
    BoundsRequiredError
        If the unit is a column and neither the call nor the project bounds its rows.
    ParameterError
        If the bounds contradict each other, or are given although the unit is the row.
    """
    if unit.is_row:
        if max_rows is not None or max_groups is not None or per_group is not None:
            kept = "single rows" if unit.max_rows is None else str(unit)
            raise ParameterError.together(
                ("max_rows", "max_groups", "per_group"),
                f"contribution bounds belong to a unit column, but this project protects {kept} (unit={unit!r}).",
            )
        return ONE_ROW if unit.max_rows is None else ContributionBounds(max_rows=unit.max_rows)
    if max_rows is not None:
        if max_groups is not None or per_group is not None:
            raise ParameterError.together(
                ("max_rows", "max_groups", "per_group"), "give max_rows=, or max_groups= with per_group=, not both."
            )
        return ContributionBounds(max_rows=positive_int(max_rows, "max_rows"))
    if (max_groups is None) != (per_group is None):
        raise ParameterError.together(
            ("max_groups", "per_group"), "max_groups= and per_group= go together. Example: max_groups=3, per_group=5."
        )
    if max_groups is not None:
        return ContributionBounds(
            max_groups=positive_int(max_groups, "max_groups"),
            per_group=positive_int(per_group, "per_group"),
        )
    if default is not None:
        return default
    assert unit.column is not None
    raise BoundsRequiredError.contribution(unit.column)


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
        return f"[{as_typed(self.lower)}, {as_typed(self.upper)}]"


def value_bounds(bounds: object, column: str, argument: str = "bounds") -> ValueBounds:
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
        raise ValueBoundsRequiredError.of(column, argument)
    bounds, reason = vouched(bounds)
    if hasattr(bounds, "dtype") or hasattr(bounds, "columns"):
        raise NotPublicError.of(argument, type(bounds).__name__)
    if not _pair(bounds):
        raise ValueBoundsError.of_column(column, argument, f"as {type_told(bounds)}")
    assert isinstance(bounds, tuple | list)
    lower, upper = (_number(value, column, argument) for value in bounds)
    if lower > upper:
        raise ValueBoundsError.of_column(column, argument, "with the lower above the upper")
    return ValueBounds(lower, upper, reason)


def _pair(bounds: object) -> bool:
    return isinstance(bounds, tuple | list) and len(bounds) == 2


def _number(value: object, column: str, argument: str) -> float:
    if hasattr(value, "dtype"):
        raise NotPublicError.of(argument, f"pair with {type_told(value)}")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction):
        raise ValueBoundsError.of_column(column, argument, f"with {type_told(value)}")
    try:
        number = float(value) + 0.0
    except OverflowError:
        number = _LARGEST
    if not abs(number) < _LARGEST:  # NaN as well
        found = "of 1e150 in size or more" if math.isfinite(number) else "that are not finite"
        raise ValueBoundsError.of_column(column, argument, found)
    return number
