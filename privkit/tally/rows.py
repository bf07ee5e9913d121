"""Rows on their way into a statistic: each with its key, its number in steps of a grid, and its person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.grid import Grid
from privkit.tally.lookup import Finder, key_finder, over_blocks
from privkit.tally.windows import units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.cells.numbers import Numbers
    from privkit.tally.ids import Persons
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

__all__ = ["Grid", "KeptRows", "Source", "known_rows", "source_of"]


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
