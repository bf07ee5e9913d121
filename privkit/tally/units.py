"""Persons told apart by an id: a code for each row, and a keyed hash of the id itself.

Persons within calendar windows: one person in one quarter is a unit of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells import calendar
from privkit.tally.cells.calendar import NONE
from privkit.tally.cells.cells import Cells
from privkit.tally.cells.coding import coded, narrow_codes
from privkit.tally.cells.finding import over_blocks
from privkit.tally.cells.hashing import hashed, spread
from privkit.values.unit import PrivacyUnit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Cells, Table


__all__ = ["Persons", "persons", "spread"]

#: Codes stay below this.
_NARROW = 2**31


@dataclass(frozen=True, eq=False)
class Persons:
    """The person of each row.

    Attributes
    ----------
    codes : array of int64, shape (n_rows,)
        Which person, below 2**31; -1 for a row without an id. A code depends on who else is in the data.
    hashed : function
        From codes and a salt of 16 bytes to a keyed hash, uint64, of each code's id: of the id, not of the code, so
        that it depends on nobody else.
    """

    codes: NDArray[np.int64]
    hashed: Callable[[NDArray[np.int64], bytes], NDArray[np.uint64]]


def persons(cells: Cells) -> Persons:
    """Return the person of each row. Two rows are one person only if their ids are the same value.

    Examples
    --------
    >>> from privkit.tally.cells.cells import INTEGER, Kind
    >>> who = persons(Cells(Kind(INTEGER), np.array([2**60, 2**60 + 5, 2**60])))
    >>> int(who.codes[0]) == int(who.codes[2]) != int(who.codes[1])
    True
    """
    narrow = narrow_codes(cells, _NARROW)
    if narrow is not None:
        codes, least = narrow
        dtype = cells.values.dtype
        wide = np.uint64 if dtype.kind == "u" else np.int64
        return Persons(codes, lambda of, salt: hashed(Cells(cells.kind, of.astype(wide) + wide(least)), salt))
    codes, distinct = coded(cells)
    return Persons(codes, lambda of, salt: _hashed_ids(distinct, of, salt))


def _hashed_ids(distinct: Cells, codes: NDArray[np.int64], salt: bytes) -> NDArray[np.uint64]:
    """Return the hash of each code's id, made once for each id that is asked for."""
    needed = np.flatnonzero(np.bincount(codes, minlength=len(distinct)))
    table = np.zeros(len(distinct), dtype=np.uint64)
    table[needed] = hashed(distinct.at(needed), salt)
    return table[codes]


#: Windows have numbers from here on, of days; fewer than 2**22 of them lie within the years 1 to 9999.
_FIRST, _WINDOWS = calendar.FIRST, 2**22


def unit_columns(unit: str | PrivacyUnit | None) -> tuple[str, ...]:
    """Return the columns that tell units apart."""
    if unit is None:
        return ()
    return (unit,) if isinstance(unit, str) else unit.columns


def units(table: Table, unit: str | PrivacyUnit) -> Persons:
    """Return the unit of each row: its person, or its person within its window.

    A row without an id or a date is of no unit. Two rows are of one unit if their ids are the same value and their
    dates lie in one window, whatever else is in the table; the keyed hash is that of (id, window), so it depends on
    nobody else.

    Examples
    --------
    >>> import numpy as np
    >>> from privkit.tally.cells.cells import Cells, Table
    >>> from privkit.tally.cells.cells import Kind
    >>> days = np.array(["2026-01-01", "2026-03-31", "2026-04-01", "NaT"], dtype="datetime64[D]").view(np.int64)
    >>> on = Cells(Kind("date", "D"), days, np.array([False, False, False, True]))
    >>> calls = Table({"who": Cells(Kind("integer"), np.array([7, 7, 7, 7])), "on": on}, 4)
    >>> units(calls, PrivacyUnit("who", "quarter", "on")).codes.tolist()
    [0, 0, 1, -1]
    """
    import pandas as pd

    if isinstance(unit, str) or unit.time is None or unit.per is None:
        column = unit if isinstance(unit, str) else unit.column
        assert column is not None
        return persons(table[column])
    assert unit.column is not None
    who, window = persons(table[unit.column]), windows(table[unit.time], unit.per)
    known = (who.codes >= 0) & (window != NONE)
    pairs, pair = pd.factorize(who.codes[known] * _WINDOWS + (window[known] - _FIRST))
    found = np.full(len(window), -1, dtype=np.int64)
    found[known] = pairs
    person_of, window_of = np.divmod(pair.astype(np.int64, copy=False), _WINDOWS)

    def hashed(of: NDArray[np.int64], salt: bytes) -> NDArray[np.uint64]:
        key = np.frombuffer(salt, dtype="<u8", count=2)[1]
        own = spread((window_of[of] + _FIRST).view(np.uint64) ^ key)
        return spread(who.hashed(person_of[of], salt) ^ own)

    return Persons(found, hashed)


def windows(cells: Cells, per: str) -> NDArray[np.int64]:
    """Return the number of each date's window, counted from 1970; the least integer where it has none.

    A date with a time zone lies in the window of its own local time. What is missing, or outside the years 1 to 9999,
    is in no window.

    Examples
    --------
    >>> import numpy as np
    >>> from privkit.tally.cells.cells import Cells
    >>> from privkit.tally.cells.cells import Kind
    >>> days = np.array(["1970-01-01", "1969-12-28", "2026-11-25"], dtype="datetime64[D]").view(np.int64)
    >>> windows(Cells(Kind("date", "D"), days), "week").tolist()
    [0, -1, 2969]
    """
    if cells.codes is not None:
        return np.append(windows(cells.of_values, per), NONE)[cells.codes]

    def work(rows: slice) -> NDArray[np.int64]:
        return calendar.windows(cells.values[rows], cells.kind, per)

    found = np.concatenate([np.empty(0, dtype=np.int64), *over_blocks(work, len(cells))])
    return found if cells.missing is None else np.where(cells.missing, NONE, found)
