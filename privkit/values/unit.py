"""The privacy unit: what one protected person is in a table."""

from __future__ import annotations

from dataclasses import dataclass

from privkit.errors import ParameterError
from privkit.values.arguments import public

#: The calendar windows that a unit may be limited to.
PERIODS = ("day", "week", "month", "quarter", "year")


@public
@dataclass(frozen=True, slots=True)
class PrivacyUnit:
    """A row, all rows with one id, or all rows with one id within a calendar window.

    Attributes
    ----------
    column : str or None
        The id's column; None where every row is a person of its own.
    per : str or None
        "day", "week" (from Monday), "month", "quarter" or "year": then what is protected is what one person has in
        one of them. Over n windows a person's loss is up to n times as much.
    time : str or None
        The column of dates that tells a row's window.
    """

    column: str | None = None
    per: str | None = None
    time: str | None = None

    @property
    def is_row(self) -> bool:
        """Whether one row is one person."""
        return self.column is None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that tell units apart."""
        return tuple(name for name in (self.column, self.time) if name is not None)

    @property
    def window(self) -> str:
        """In words what a person counts anew in: " in a month", or nothing.

        Examples
        --------
        >>> PrivacyUnit("who", "month", "day").window
        ' in a month'
        """
        return "" if self.per is None else f" in a {self.per}"

    @property
    def nouns(self) -> str:
        """What is counted where units are: a person within two months is two persons in a month.

        Examples
        --------
        >>> PrivacyUnit("who").nouns, PrivacyUnit("who", "month", "day").nouns
        ('persons', 'persons in a month')
        """
        return "rows" if self.is_row else f"persons{self.window}"

    def __str__(self) -> str:
        """Return whom the unit protects, in words."""
        if self.column is None:
            return "one row"
        window = "" if self.per is None else f" within one {self.per} of {self.time!r}"
        return f"all rows of one {self.column!r}{window}"

    def __repr__(self) -> str:
        """Return what a user types for it."""
        if self.column is None:
            return "pk.ROW"
        window = "" if self.per is None else f", per={self.per!r}, time={self.time!r}"
        return f"unit={self.column!r}{window}"


#: Every row is a person of its own. It must be said: ``unit=pk.ROW``.
ROW = PrivacyUnit()


def privacy_unit(unit: object, *, per: object = None, time: object = None) -> PrivacyUnit:
    """Return the unit that the user named, by ``pk.ROW`` or a column, in a calendar window or in all.

    Raises
    ------
    ParameterError
        For None and for anything that names neither; for a window without its column of dates, or of a row.

    Examples
    --------
    >>> privacy_unit("customer_id").column
    'customer_id'
    >>> privacy_unit("customer_id", per="quarter", time="ordered")
    unit='customer_id', per='quarter', time='ordered'
    """
    if isinstance(unit, PrivacyUnit) and (unit.is_row or (per is None and time is None)):
        if per is not None or time is not None:
            together = "per= and time= limit a unit column to a window, but this project protects single rows."
            raise ParameterError.together(("per", "time"), together)
        return unit
    if isinstance(unit, PrivacyUnit):
        unit = unit.column
    if isinstance(unit, str) and unit:
        return PrivacyUnit(unit) if per is None and time is None else _within(unit, per, time)
    raise ParameterError.of(
        "unit",
        "None" if unit is None else f"a {type(unit).__name__}",
        "the column that tells persons apart, or pk.ROW",
        "It says whom the budget protects. Examples: unit='customer_id'; unit=pk.ROW if one row is one person.",
    )


def _within(unit: str, per: object, time: object) -> PrivacyUnit:
    example = "Example: unit='customer_id', per='quarter', time='ordered'."
    if not isinstance(per, str) or per not in PERIODS:
        found = repr(per) if isinstance(per, str) else "None" if per is None else f"a {type(per).__name__}"
        raise ParameterError.of("per", found, f"one of {', '.join(map(repr, PERIODS))}", example)
    if not isinstance(time, str) or not time or time == unit:
        found = repr(time) if isinstance(time, str) else "None" if time is None else f"a {type(time).__name__}"
        raise ParameterError.of("time", found, "the column of dates that tells a row's window", example)
    return PrivacyUnit(unit, per, time)
