"""Equivalence classes: how many rows, and how many persons, share each combination of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.tally.cells.cells import OTHER, TEXT, Table
from privkit.tally.cells.coding import classes_of
from privkit.tally.cells.showing import series_of
from privkit.tally.engines.opening import engine_of
from privkit.tally.frame import column_names

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind

#: What stands for a value that is wholly generalized, or suppressed.
STAR = "*"
#: How the types of nested values begin, in Arrow's words, Polars' and those of databases.
_NESTED = ("list", "large_list", "fixed_size_list", "struct", "map", "List", "Struct", "Array", "Object", "Map")


@dataclass(frozen=True, eq=False)
class Tally:
    """The equivalence classes of a frame by some columns. The order of the classes means nothing.

    Attributes
    ----------
    by : tuple of str
        The columns.
    sizes : array of int64, shape (n_classes,)
        Rows in each class.
    persons : array of int64, shape (n_classes,), or None
        Distinct persons in each class, where a unit column was named.
    table : Table
        The classes' values in cells, one row per class, one column per name in `by`.
    """

    by: tuple[str, ...]
    sizes: NDArray[np.int64]
    persons: NDArray[np.int64] | None
    table: Table

    @property
    def n_rows(self) -> int:
        """How many rows were counted."""
        return int(self.sizes.sum())

    @property
    def n_classes(self) -> int:
        """How many classes there are."""
        return len(self.sizes)

    @property
    def counts(self) -> NDArray[np.int64]:
        """What a class is measured in: persons where a unit was named, else rows."""
        return self.sizes if self.persons is None else self.persons

    @cached_property
    def keys(self) -> pd.DataFrame:
        """The classes' values as a pandas frame, one row per class, in the order of `sizes`."""
        import pandas as pd

        return pd.DataFrame({name: series_of(self.table[name]) for name in self.by}, index=range(self.n_classes))

    def may_hold(self, name: str, value: str) -> bool:
        """Whether a column could hold a text; true where looking costs as much as `keys`."""
        return self.table[name].kind.name == TEXT

    @cached_property
    def starred(self) -> int:
        """Rows that have `*` in every column: suppressed ones, where others have values."""
        if not self.by or not all(self.may_hold(name, STAR) for name in self.by):
            return 0
        stars = np.logical_and.reduce([self.keys[name].astype(object).eq(STAR).to_numpy() for name in self.by])
        rows = int(self.sizes[stars].sum())
        return rows if rows < self.n_rows else 0


def class_sizes(data: object, by: str | Sequence[str], *, unit: str | None = None) -> Tally:
    """Count rows, and distinct persons, by the values of some columns.

    Missing is a value of its own (null and NaN are one), and categories that do not occur are no classes.
    Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        On any engine that Narwhals reads.
    by : str or sequence of str
        The columns.
    unit : str, optional
        A column whose distinct values are the persons. Rows without an id count as one person of
        their class, which can only understate how many there are.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({"zip": ["8004", "8004", None], "who": ["a", "a", "b"]})
    >>> tally = class_sizes(calls, "zip", unit="who")
    >>> sorted(tally.sizes.tolist()), sorted(tally.persons.tolist())
    ([1, 2], [1, 1])
    """
    columns = column_names(by, "by")
    if unit in columns:
        raise DuplicateColumnError.in_argument("unit", [unit])
    if unit is None:
        table, sizes = grouped_sizes(data, columns)
        return Tally(columns, sizes, None, table)
    pairs, rows = grouped_sizes(data, (*columns, unit))
    class_of, first, persons = classes_of([pairs[name] for name in columns])
    sizes = np.bincount(class_of, weights=rows, minlength=len(first)).astype(np.int64)
    return Tally(columns, sizes, persons, pairs.select(columns).at(first))


def whole_table(data: object) -> Tally:
    """Return a table as one class, by no column; no class where it has no rows."""
    rows = engine_of(data).n_rows()
    sizes = np.array([rows] if rows else [], dtype=np.int64)
    return Tally((), sizes, None, Table({}, len(sizes)))


def grouped_sizes(data: object, columns: Sequence[str]) -> tuple[Table, NDArray[np.int64]]:
    """Return the distinct combinations of `columns`, and how many rows have each."""
    engine = engine_of(data, columns, "columns")
    refuse_nested(engine.schema, columns)
    try:
        return engine.classes(columns)
    except TypeError:  # its text may hold a value
        raise FrameError.column_type(
            columns[0] if len(columns) == 1 else list(columns), "object", "Its values cannot be compared."
        ) from None


def refuse_nested(schema: Mapping[str, Kind], columns: Sequence[str]) -> None:
    """Refuse columns whose values cannot be told apart, by their type."""
    for name in columns:
        if schema[name].name == OTHER and schema[name].shown.startswith(_NESTED):
            hint = "Take its parts as columns of their own."
            raise FrameError.column_type(name, schema[name].shown, hint)
