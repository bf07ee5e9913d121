"""Rows on their way into a statistic: each with its key, its number in steps of a grid, and its person.

Finding each row's public key: one pass over the rows, in blocks that stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.finding import Finder, over_blocks, value_finder
from privkit.tally.cells.scalars import scalar_text
from privkit.tally.cells.showing import as_told
from privkit.tally.grid import Grid
from privkit.tally.units import units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.cells.numbers import Numbers
    from privkit.tally.units import Persons
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


__all__ = ["Finder", "Grid", "KeptRows", "Source", "key_finder", "known_rows", "over_blocks", "source_of"]

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


def whole(work: Callable[[slice], NDArray[np.int64]], rows: int) -> NDArray[np.int64]:
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
