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
from privkit.tally.lookup import Finder, key_finder, over_blocks
from privkit.tally.windows import unit_columns, units

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.ids import Persons
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
