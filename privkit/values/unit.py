"""The privacy unit: what one protected person is in a table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import positive_int, public, typed

#: The calendar windows that a unit may be limited to.
PERIODS = ("day", "week", "month", "quarter", "year")


@public
@dataclass(frozen=True, slots=True)
class PrivacyUnit:
    """A row, so many rows, all rows with one id, or all rows with one id within a calendar window.

    Attributes
    ----------
    column : str or None
        The id's column; None where no id tells persons apart.
    per : str or None
        "day", "week" (from Monday), "month", "quarter" or "year": then what is protected is what one person has in
        one of them. Over n windows a person's loss is up to n times as much.
    time : str or None
        The column of dates that tells a row's window.
    max_rows : int or None
        Without an id: how many rows one person has at most, which is vouched for; None for one.
    """

    column: str | None = None
    per: str | None = None
    time: str | None = None
    max_rows: int | None = None

    @property
    def is_row(self) -> bool:
        """Whether no id tells persons apart: one row is one person, or so many at most are."""
        return self.column is None

    @property
    def recorded(self) -> str | dict[str, int] | None:
        """How a ledger and its questions tell it, beside the window."""
        return self.column if self.max_rows is None else {"rows": self.max_rows}

    @classmethod
    def of_record(cls, unit: Any, window: Sequence[str] = ()) -> PrivacyUnit:
        """Return the unit that a ledger tells.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it tells none.

        Examples
        --------
        >>> PrivacyUnit.of_record("who", ["month", "day"]), PrivacyUnit.of_record(rows(36).recorded)
        (unit='who', per='month', time='day', pk.rows(36))
        """
        if not isinstance(unit, Mapping):
            per, time = window or (None, None)
            return cls(unit, per, time)
        if isinstance(unit["rows"], bool) or not isinstance(unit["rows"], int) or unit["rows"] < 2:
            raise ValueError("no number of rows")
        return cls(max_rows=unit["rows"])

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
        if self.max_rows is not None:
            return f"{self.max_rows} rows of one person"
        if self.column is None:
            return "one row"
        window = "" if self.per is None else f" within one {self.per} of {self.time!r}"
        return f"all rows of one {self.column!r}{window}"

    def __repr__(self) -> str:
        """Return what a user types for it."""
        if self.max_rows is not None:
            return f"pk.rows({self.max_rows})"
        if self.column is None:
            return "pk.ROW"
        window = "" if self.per is None else f", per={self.per!r}, time={self.time!r}"
        return f"unit={self.column!r}{window}"


#: Every row is a person of its own. It must be said: ``unit=pk.ROW``.
ROW = PrivacyUnit()


#: What is no column, but one of the units without an id, typed as a text.
_NO_COLUMN = re.compile(r"((pk|privkit)\.)?(row|rows\s*(\(.*\))?)", re.IGNORECASE)


@typed
def rows(most: int) -> PrivacyUnit:
    """Return the unit of tables without an id, in which one person has at most so many rows: ``unit=pk.rows(36)``.

    What is protected is all that one person has, up to `most` rows. That nobody has more is a fact that you vouch for,
    like bounds and keys: no id tells persons apart, so it is not checked and rows are not sampled. A person with more
    rows is protected less. It is recorded with the project and told in each plan and release. Spends nothing.

    Parameters
    ----------
    most : int
        From the table's making, never from its rows: 36 where it holds one row a month, of three years.

    Returns
    -------
    PrivacyUnit
        For 1 it is ``pk.ROW``.

    Raises
    ------
    ParameterError
        If it is no whole number above 0.

    Notes
    -----
    *Claim.* If one row moves an answer by at most (l0, l1, l2, l∞) in the norms, k rows of one person move it by at
    most k times each. *Proof.* Add or remove the rows one after the other: each step moves the answer by one row's
    norms, whatever the others are, and the triangle inequality adds the k steps up; the number of cells that change
    is at most the sum of those of the steps. All k may be in one group, so that L0 = L1 = L2 = L∞ = k are each
    reached. ∎ They go into OpenDP's maps and thresholds as they are. ε and δ are never divided by k: group privacy by
    division would promise (ε, δ) by (ε/k, δ/k), and yet cost δ·(e^ε − 1)/(k·(e^(ε/k) − 1)): 1.69 δ for ε = 1, k = 36.

    Examples
    --------
    >>> rows(36), rows(36).max_rows, rows(1)
    (pk.rows(36), 36, pk.ROW)
    """
    many = positive_int(most, "most")
    return ROW if many == 1 else PrivacyUnit(max_rows=many)


def privacy_unit(unit: object, *, per: object = None, time: object = None) -> PrivacyUnit:
    """Return the unit that the user named, by ``pk.ROW``, ``pk.rows`` or a column, in a calendar window or in all.

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
            kept = "single rows" if unit.max_rows is None else str(unit)
            together = f"per= and time= limit a unit column to a window, but this project protects {kept}."
            raise ParameterError.together(("per", "time"), together)
        return unit
    if isinstance(unit, PrivacyUnit):
        unit = unit.column
    if isinstance(unit, str) and _NO_COLUMN.fullmatch(unit.strip()):
        hint = "Without quotes: unit=pk.ROW, or unit=pk.rows(36). Rename a column that is really called so."
        raise ParameterError.of("unit", repr(unit), "the column that tells persons apart, pk.ROW or pk.rows(k)", hint)
    if isinstance(unit, str) and unit:
        return PrivacyUnit(unit) if per is None and time is None else _within(unit, per, time)
    raise ParameterError.of(
        "unit",
        type_told(unit),
        "the column that tells persons apart, pk.ROW or pk.rows(k)",
        "It says whom the budget protects. Examples: unit='customer_id'; unit=pk.ROW if one row is one person; "
        "unit=pk.rows(36) if one person has at most 36 rows and no id.",
    )


def _within(unit: str, per: object, time: object) -> PrivacyUnit:
    example = "Example: unit='customer_id', per='quarter', time='ordered'."
    if not isinstance(per, str) or per not in PERIODS:
        found = repr(per) if isinstance(per, str) else type_told(per)
        raise ParameterError.of("per", found, f"one of {', '.join(map(repr, PERIODS))}", example)
    if not isinstance(time, str) or not time or time == unit:
        found = repr(time) if isinstance(time, str) else type_told(time)
        raise ParameterError.of("time", found, "the column of dates that tells a row's window", example)
    return PrivacyUnit(unit, per, time)
