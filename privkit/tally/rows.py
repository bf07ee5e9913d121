"""Rows on their way into a statistic: each with its key, its number in steps of a grid, and its person.

Finding each row's public key: one pass over the rows, in blocks that stay in the cache.

Persons told apart by an id: a code for each row, and a keyed hash of the id itself.

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
from privkit.tally.cells.coding import coded, hashed, narrow_codes, spread
from privkit.tally.cells.finding import Finder, over_blocks, value_finder
from privkit.tally.cells.scalars import scalar_text
from privkit.tally.cells.showing import as_told
from privkit.values.unit import PrivacyUnit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.cells.numbers import Numbers
    from privkit.values.keys import Keys


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

    found = all_rows(work, len(cells))
    return found if cells.missing is None else np.where(cells.missing, NONE, found)


#: Codes up to this are looked up in a table, beyond by binary search.
_TABLE = 1 << 22


def key_finder(table: Table, keys: Keys | None) -> Finder:
    """Return a function from a block of rows to the place of each row's key; ``len(keys)`` where a row has none.

    A row's place depends on that row's cells alone: a cell equals a key's value if both are the same value in the
    column's kind, and missing is a value of its own. Without keys every row has place 0.
    """
    if keys is None:
        return lambda rows: np.zeros(rows.stop - rows.start, dtype=np.int32)
    finder: Finder | None = None
    asked = np.zeros(len(keys), dtype=np.int64)
    prefixes = 1
    for place, name in enumerate(keys.by):
        values, ranks = distinct_keys(keys, place)
        column = value_finder(as_told(table[name]) if keys.told else table[name], values, exactly=keys.told)
        asked = asked * (len(values) + 1) + ranks
        if finder is None:
            finder, prefixes = column, len(values)
            continue
        last = place == len(keys.by) - 1
        known, inverse = (asked, np.arange(len(keys))) if last else np.unique(asked, return_inverse=True)
        finder = _joined(finder, column, len(values) + 1, (prefixes + 1) * (len(values) + 1), known)
        prefixes, asked = len(known), inverse.astype(np.int64)
    assert finder is not None  # keys have at least one column
    return finder


def distinct_keys(keys: Keys, place: int) -> tuple[list[object], NDArray[np.int64]]:
    """Return the values that keys have in one column, each once, and where each key's is among them.

    True is not 1, and the two instants of a repeated hour, which Python takes for equal, are two.
    """
    once: dict[str | None, int] = {}
    values: list[object] = []
    ranks = np.empty(len(keys), dtype=np.int64)
    for at, key in enumerate(keys.values):
        value = key[place]
        rank = once.setdefault(scalar_text(value), len(values))
        if rank == len(values):
            values.append(value)
        ranks[at] = rank
    return values, ranks


def _joined(left: Finder, right: Finder, width: int, bound: int, known: NDArray[np.int64]) -> Finder:
    """Return the finder of pairs: the place of left * width + right, below `bound`, among the distinct `known`."""
    if bound <= _TABLE:
        table = np.full(bound, len(known), dtype=np.int32)
        table[known] = np.arange(len(known))
        return lambda rows: table[left(rows).astype(np.int64) * width + right(rows)]
    order = np.argsort(known)
    ranked = known[order]

    def search(rows: slice) -> NDArray[np.int64]:
        code = left(rows).astype(np.int64) * width + right(rows)
        spot = np.minimum(np.searchsorted(ranked, code), len(ranked) - 1)
        return np.where(ranked[spot] == code, order[spot], len(known))

    return search


def all_rows(work: Callable[[slice], NDArray[np.int64]], rows: int) -> NDArray[np.int64]:
    """Return `work` of all rows in one array."""
    return np.concatenate([np.empty(0, dtype=np.int64), *over_blocks(work, rows)])


@dataclass(frozen=True, eq=False)
class Source:
    """Rows that a statistic reads in blocks.

    Attributes
    ----------
    table : Table
    place : Finder
        The place of each row's key; `cells` for a row of no key.
    cells : int
        How many keys there are, 1 without keys.
    who : Persons or None
        The person of each row, where a unit column is named.
    """

    table: Table
    place: Finder
    cells: int
    who: Persons | None

    def __len__(self) -> int:
        return len(self.table)


def source_of(table: Table, keys: Keys | None, unit: str | PrivacyUnit | None = None) -> Source:
    """Return rows with their keys and persons."""
    return Source(
        table,
        key_finder(table, keys),
        1 if keys is None else len(keys),
        None if unit is None else units(table, unit),
    )


@dataclass(frozen=True, eq=False)
class KeptRows:
    """Rows that count.

    Attributes
    ----------
    place : array of int64, shape (n_rows,)
        The place of each row's key.
    values : array of int64, shape (n_rows,)
        Each row's number, in steps.
    """

    place: NDArray[np.int64]
    values: NDArray[np.int64]


def known_rows(source: Source, value: Numbers) -> tuple[NDArray[np.int64], KeptRows]:
    """Return persons, places and values of the rows that have an id, a key and a value."""

    def read(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        place = source.place(rows)
        number, missing = value(rows)
        person = np.zeros(len(place), dtype=np.int64) if source.who is None else source.who.codes[rows]
        known = (person >= 0) & (place < source.cells)
        if missing is not None:
            known &= ~missing
        return person[known], place[known].astype(np.int64), number[known].astype(np.int64)

    parts = over_blocks(read, len(source))
    empty = np.empty(0, dtype=np.int64)
    person, place, values = (
        np.concatenate([empty, *column]) for column in (zip(*parts, strict=True) if parts else [[]] * 3)
    )
    return person, KeptRows(place, values)
