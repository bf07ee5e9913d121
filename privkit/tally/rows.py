"""Rows on their way into a statistic: each with its key, its number in steps of a grid, and its person."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.errors import DuplicateColumnError
from privkit.tally.classes import _to_pandas
from privkit.tally.frame import open_frame
from privkit.tally.ids import Persons, spread
from privkit.tally.lookup import Finder, key_finder, over_blocks
from privkit.tally.persons import _least, _starts, row_hashes
from privkit.tally.windows import unit_columns, units

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class Grid:
    """A fixed-point grid, made of public bounds alone.

    A number x becomes the whole number ``clip(round(x / step), low, high)``, whatever x is: clipping comes last, so
    that no rounding leaves the range.

    Attributes
    ----------
    step : float
        A power of two.
    low, high : int
        The bounds in steps.

    Examples
    --------
    >>> Grid.fitting(0, 500, 500, bits=30)
    Grid(step=4.76837158203125e-07, low=0, high=1048576000)
    """

    step: float
    low: int
    high: int

    @classmethod
    def fitting(cls, lower: float, upper: float, extent: float, *, bits: int) -> Grid:
        """Return the finest grid on which `extent` takes at most 2**bits steps."""
        step = 2.0 ** max(math.ceil(math.log2(extent)) - bits, -1000) if extent > 0 else 1.0
        while True:
            grid = cls(step, round(lower / step), round(upper / step))
            if max(grid.high - grid.low, 0 if extent == upper - lower else grid.largest) <= 2**bits:
                return grid
            step *= 2.0

    @property
    def range(self) -> int:
        """How many steps lie between the bounds."""
        return self.high - self.low

    @property
    def largest(self) -> int:
        """The largest absolute value, in steps."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True, eq=False)
class Source:
    """A frame's columns that a statistic needs, opened for reading in blocks.

    Attributes
    ----------
    table : pandas.DataFrame
    place : Finder
        The place of each row's key; `cells` for a row of no key.
    cells : int
        How many keys there are, 1 without keys.
    who : Persons or None
        The person of each row, where a unit column is named.
    """

    table: pd.DataFrame
    place: Finder
    cells: int
    who: Persons | None

    def __len__(self) -> int:
        return len(self.table)


def open_source(
    data: object, keys: Keys | None, unit: str | PrivacyUnit | None, values: Sequence[str] = (), *, function: str
) -> Source:
    """Open what a statistic needs of a frame.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError
    """
    by = keys.by if keys is not None else ()
    apart = unit_columns(unit)
    if apart and (apart[0] in by or apart[0] in values):
        raise DuplicateColumnError.in_argument(function, "by", [apart[0]])
    table = needed_columns(data, [*by, *values, *apart], function)
    if keys is None:
        place: Finder = lambda rows: np.zeros(rows.stop - rows.start, dtype=np.int32)  # noqa: E731
    else:
        place = key_finder({name: table[name] for name in by}, keys)
    return Source(table, place, 1 if keys is None else len(keys), None if unit is None else units(table, unit))


def needed_columns(data: object, names: Sequence[str], function: str) -> pd.DataFrame:
    """Return the named columns as a pandas frame; a pandas frame is returned whole, without a copy."""
    needed = list(dict.fromkeys(names))
    frame = open_frame(data, function, needed, "columns")
    if not isinstance(frame, nw.LazyFrame) and frame.implementation.is_pandas():
        native: pd.DataFrame = frame.to_native()
        return native
    chosen = frame.select(*needed) if needed else frame
    return _to_pandas(chosen.collect("pandas") if isinstance(chosen, nw.LazyFrame) else chosen)


def floats(column: pd.Series) -> NDArray[np.float64]:
    """Return a column of numbers as floats; every kind of missing is NaN."""
    values = column.to_numpy()
    if values.dtype.kind in "fiub":
        return values if values.dtype == np.float64 else values.astype(np.float64)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def stepped(column: pd.Series, grid: Grid) -> Callable[[slice], NDArray[np.float64]]:
    """Return a function from a block of rows to whole numbers of steps, as floats; NaN where the value is missing."""
    array = column.to_numpy() if column.dtype.kind in "fiu" and isinstance(column.dtype, np.dtype) else floats(column)

    def steps(rows: slice) -> NDArray[np.float64]:
        block = array[rows].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            block /= grid.step
            np.rint(block, out=block)
            return np.clip(block, grid.low, grid.high, out=block)

    return steps


@dataclass(frozen=True, eq=False)
class KeptRows:
    """The rows that count, after each person was bounded.

    Attributes
    ----------
    place : array of int64, shape (n_rows,)
        The place of each row's key.
    values : array of int64, shape (n_rows,)
        Each row's number, in steps.
    """

    place: NDArray[np.int64]
    values: NDArray[np.int64]


def known_rows(source: Source, value: Callable[[slice], NDArray[Any]]) -> tuple[NDArray[np.int64], KeptRows]:
    """Return persons, places and values of the rows that have an id, a key and a value."""

    def read(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        place, number = source.place(rows), value(rows)
        person = np.zeros(len(place), dtype=np.int64) if source.who is None else source.who.codes[rows]
        known = (person >= 0) & (place < source.cells)
        if number.dtype.kind == "f":
            known &= ~np.isnan(number)
        return person[known], place[known].astype(np.int64), number[known].astype(np.int64)

    parts = over_blocks(read, len(source))
    empty = np.empty(0, dtype=np.int64)
    person, place, values = (
        np.concatenate([empty, *column]) for column in (zip(*parts, strict=True) if parts else [[]] * 3)
    )
    return person, KeptRows(place, values)


def bounded_rows(
    source: Source, value: Callable[[slice], NDArray[Any]], bounds: ContributionBounds, salt: bytes
) -> KeptRows:
    """Return the rows that count when each person is kept within `bounds`.

    Rows without an id, a key or a value are left out first, row by row. Then each person is bounded on its own, by a
    keyed hash of (person, key, value, place among equal rows): which rows of a person stay depends on the multiset of
    that person's rows and on the salt, never on the order or on others. Without a unit column every row stays.
    """
    person, rows = known_rows(source, value)
    if source.who is None:
        return rows
    if bounds.max_rows is not None:
        kept = _at_most(source.who, person, rows, person, bounds.max_rows, salt)
    else:
        pair = dense(person) * source.cells + rows.place
        kept = _at_most(source.who, person, rows, pair, bounds.linf, salt)
        kept &= in_few_groups(source.who, person, rows.place, pair, bounds.l0, salt)
    return KeptRows(rows.place[kept], rows.values[kept])


def dense(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return codes that count from 0 without holes."""
    import pandas as pd

    return pd.factorize(codes)[0].astype(np.int64, copy=False)


def _at_most(  # noqa: PLR0917
    who: Persons, person: NDArray[np.int64], rows: KeptRows, group: NDArray[np.int64], most: int, salt: bytes
) -> NDArray[np.bool_]:
    """Return which rows stay when each `group` (a person, or a person's rows of one key) keeps at most `most`."""
    kept = np.ones(len(person), dtype=bool)
    codes = dense(group)
    sizes = np.bincount(codes)
    concerned = np.flatnonzero(sizes[codes] > most)
    if not len(concerned):
        return kept
    order = np.lexsort((rows.values[concerned], rows.place[concerned], codes[concerned]))
    concerned = concerned[order]
    who_, place, value, of = person[concerned], rows.place[concerned], rows.values[concerned], codes[concerned]
    same = (of[1:] == of[:-1]) & (place[1:] == place[:-1]) & (value[1:] == value[:-1])
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    within = np.arange(len(concerned)) - np.repeat(starts, np.diff(starts, append=len(concerned)))
    hashed = row_hashes(who, who_, place, within, salt)
    hashed = spread(hashed ^ spread(value.view(np.uint64)))
    kept[concerned] = _least(of, hashed, most)
    return kept


def in_few_groups(  # noqa: PLR0917
    who: Persons,
    person: NDArray[np.int64],
    place: NDArray[np.int64],
    pair: NDArray[np.int64],
    most: int,
    salt: bytes,
) -> NDArray[np.bool_]:
    """Return which rows stay when each person keeps at most `most` keys."""
    codes = dense(pair)
    first = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first[codes] = np.arange(len(codes))
    order = first[np.argsort(person[first], kind="stable")]
    starts = _starts(person[order])
    groups = np.diff(starts, append=len(order))
    concerned = order[np.repeat(groups > most, groups)]
    if not len(concerned):
        return np.ones(len(person), dtype=bool)
    stays = np.ones(len(first), dtype=bool)
    hashed = row_hashes(who, person[concerned], place[concerned], np.zeros(len(concerned), dtype=np.int64), salt)
    stays[codes[concerned]] = _least(person[concerned], hashed, most)
    return stays[codes]
