"""Cells of one column, and of several.

Kinds of cells: what a column's schema alone promises of its values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


BOOLEAN = "boolean"
#: Whole numbers that fit in 64 bits with a sign, and those that fit in 64 bits without one.
INTEGER, UNSIGNED = "integer", "unsigned"
#: Whole numbers beyond 64 bits, and decimals: exact, never through a float.
WIDE = "wide"
FLOAT = "float"
TEXT, BYTES = "text", "bytes"
#: Counts of days; of a unit of time since 1970, in UTC where the kind has a zone; since midnight; and between moments.
DATE, INSTANT, TIME, DURATION = "date", "instant", "time", "duration"
#: Python objects, read one by one.
OBJECT = "object"
#: Whatever cannot be told apart value by value: nested values, intervals, periods, complex numbers.
OTHER = "other"

#: Kinds whose cells are numbers that can be clipped, summed and ranked.
NUMBERS = (BOOLEAN, INTEGER, UNSIGNED, WIDE, FLOAT)
#: Kinds whose cells are counts of a unit of time, in 64 bits.
COUNTS = (DATE, INSTANT, TIME, DURATION)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the schema promises of a column's cells. Two columns of one kind hold cells that can be compared.

    Attributes
    ----------
    name : str
        One of the constants of this module.
    unit : {"", "D", "s", "ms", "us", "ns"}
        What a count of time counts.
    zone : str
        The time zone in which the dates of an instant are read; "" for one without a zone.
    shown : str
        The type's own name, for messages.
    """

    name: str
    unit: str = ""
    zone: str = ""
    shown: str = field(default="", compare=False)

    @property
    def is_number(self) -> bool:
        """Whether cells can be summed and ranked."""
        return self.name in NUMBERS

    @property
    def has_dates(self) -> bool:
        """Whether cells have a date: a year, a month, a window."""
        return self.name in (DATE, INSTANT)

    @property
    def word(self) -> str:
        """What a person calls it; messages say it.

        Examples
        --------
        >>> Kind(UNSIGNED).word, Kind(INSTANT, "us", "Europe/Zurich").word
        ('number', 'datetime with time zone')
        """
        if self.name == BOOLEAN:
            return "boolean"
        if self.is_number:
            return "number"
        if self.name == INSTANT:
            return "datetime with time zone" if self.zone else "datetime"
        return self.name


@dataclass(frozen=True, eq=False)
class Cells:
    """One column: what each row holds, in buffers.

    Attributes
    ----------
    kind : Kind
    values : array or pyarrow.Array
        By kind: bool; integers of any width; floats, in which NaN is missing; counts of `kind.unit` as int64; text as
        an Arrow string array or as an array of Python texts (None is missing); bytes and wide numbers as Arrow arrays;
        objects as texts that tell type and value (see `privkit.tally.cells.scalars`). What stands where a cell is
        missing means nothing.
    missing : array of bool, optional
        Which of `values` are missing, beside NaN, None and Arrow's nulls.
    codes : array of integers, optional
        Where values are kept once, like those of a categorical: the place of each row's value, -1 for missing. The
        values need not be distinct, and need not all occur.
    """

    kind: Kind
    values: Any
    missing: NDArray[np.bool_] | None = None
    codes: NDArray[Any] | None = None

    def __len__(self) -> int:
        return len(self.values) if self.codes is None else len(self.codes)

    @property
    def of_values(self) -> Cells:
        """The kept values as cells of their own, one per code."""
        return self if self.codes is None else Cells(self.kind, self.values, self.missing)

    def of_values_alone(self) -> Cells:
        """Return the same cells with one value per row; values that are kept once are repeated."""
        return self if self.codes is None else self._repeated(self.codes)

    def _repeated(self, codes: NDArray[Any]) -> Cells:
        absent = codes < 0
        values, missing = self.values, self.of_values.is_missing()
        if not len(values):  # no value, so every row is missing
            return Cells(self.kind, _nothing(values, len(codes)), np.ones(len(codes), dtype=bool))
        places = np.where(absent, 0, codes)
        taken = values[places] if isinstance(values, np.ndarray) else values.take(places)
        gone = absent | missing[places]
        if not gone.any():
            return Cells(self.kind, taken)
        if isinstance(taken, np.ndarray) and taken.dtype.kind in "fO":
            taken[gone] = None if taken.dtype == object else np.nan
            return Cells(self.kind, taken)
        return Cells(self.kind, taken, gone)

    def is_missing(self) -> NDArray[np.bool_]:
        """Return which rows are missing."""
        if self.codes is not None:
            return np.append(self.of_values.is_missing(), True)[self.codes]
        if not isinstance(self.values, np.ndarray):
            found = np.asarray(self.values.is_null())
            return found if self.missing is None else found | self.missing
        if self.missing is not None:
            found = self.missing
        elif self.values.dtype == object:
            found = np.fromiter((value is None for value in self.values), dtype=bool, count=len(self.values))
        else:
            found = np.zeros(len(self.values), dtype=bool)
        if self.kind.name == FLOAT and isinstance(self.values, np.ndarray):
            found = found | np.isnan(self.values)
        return found

    def at(self, rows: slice | NDArray[Any]) -> Cells:
        """Return the cells of some rows: of a slice, of places, or of those where a mask is true."""
        if self.codes is not None:
            return Cells(self.kind, self.values, self.missing, self.codes[rows])
        missing = None if self.missing is None else self.missing[rows]
        if isinstance(self.values, np.ndarray):
            return Cells(self.kind, self.values[rows], missing)
        if isinstance(rows, slice):
            return Cells(self.kind, self.values[rows], missing)
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Cells(self.kind, self.values.take(places), missing)


def _nothing(values: Any, rows: int) -> Any:
    """Return `rows` missing cells in a buffer like `values`, which is empty."""
    if isinstance(values, np.ndarray):
        return np.full(rows, None) if values.dtype == object else np.zeros(rows, dtype=values.dtype)
    import pyarrow as pa

    return pa.nulls(rows, type=values.type)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows in cells.

    Attributes
    ----------
    columns : mapping of str to Cells
    rows : int
        How many there are, also where there are no columns.
    """

    columns: Mapping[str, Cells]
    rows: int

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> Cells:
        return self.columns[name]

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each column."""
        return {name: cells.kind for name, cells in self.columns.items()}

    def at(self, rows: slice | NDArray[Any]) -> Table:
        """Return some rows."""
        columns = {name: cells.at(rows) for name, cells in self.columns.items()}
        if isinstance(rows, slice):
            return Table(columns, len(range(*rows.indices(self.rows))))
        return Table(columns, int(rows.sum()) if rows.dtype == bool else len(rows))

    def select(self, names: tuple[str, ...]) -> Table:
        """Return some columns."""
        return Table({name: self.columns[name] for name in names}, self.rows)

    def joined(self, more: Mapping[str, Cells]) -> Table:
        """Return the table with more columns, or others in place of them."""
        return Table({**self.columns, **more}, self.rows)
