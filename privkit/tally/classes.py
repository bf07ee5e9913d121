"""Equivalence classes: how many rows, and how many persons, share each combination of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.tally.frame import Frame, column_names, open_frame

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_SIZE = "__privkit_size"
_GROUPABLE_NOT = (nw.List, nw.Struct, nw.Array)


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
    table : narwhals.DataFrame
        The classes' values, one row per class, one column per name in `by`.
    """

    by: tuple[str, ...]
    sizes: NDArray[np.int64]
    persons: NDArray[np.int64] | None
    table: nw.DataFrame[Any]

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
        return _to_pandas(self.table)


def class_sizes(data: object, by: str | Sequence[str], *, unit: str | None = None, function: str = "class_sizes") -> Tally:
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
    function : str
        Who asks, for the errors.

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
    columns = column_names(by, function, "by")
    if unit in columns:
        raise DuplicateColumnError.in_argument(function, "unit", [unit])
    frame = open_frame(data, function, [*columns, unit] if unit is not None else columns, "columns")
    if unit is None:
        table = grouped_sizes(frame, columns, function)
        return Tally(columns, _int64(table[_SIZE]), None, table.select(*columns))
    pairs = grouped_sizes(frame, (*columns, unit), function)
    grouped = pairs.group_by(*columns).agg(nw.col(_SIZE).sum(), nw.len().alias(_SIZE + "s"))
    return Tally(columns, _int64(grouped[_SIZE]), _int64(grouped[_SIZE + "s"]), grouped.select(*columns))


def grouped_sizes(frame: Frame, columns: Sequence[str], function: str) -> nw.DataFrame[Any]:
    """Return the distinct combinations of `columns` and, in the column ``__privkit_size``, their rows."""
    selected = one_missing(frame.select(*columns), function)
    try:
        table = selected.group_by(*columns).agg(nw.len().alias(_SIZE))
        return table.collect("pandas") if isinstance(table, nw.LazyFrame) else table
    except TypeError:  # its text may hold a value
        raise FrameError.column_type(
            function, columns[0] if len(columns) == 1 else list(columns), "object", "Its values cannot be compared."
        ) from None


def one_missing(frame: Frame, function: str) -> Frame:
    """Return `frame` with NaN told apart from null nowhere, after refusing columns that cannot be grouped."""
    schema = frame.collect_schema()
    for name, dtype in schema.items():
        if isinstance(dtype, _GROUPABLE_NOT):
            raise FrameError.column_type(function, name, str(dtype), "Take its parts as columns of their own.")
    # pandas groups NaN and null as one already.
    floats = [] if frame.implementation.is_pandas() else [name for name, dtype in schema.items() if dtype.is_float()]
    return frame.with_columns(nw.col(*floats).fill_nan(None)) if floats else frame


def _int64(series: nw.Series[Any]) -> NDArray[np.int64]:
    return np.ascontiguousarray(series.to_numpy(), dtype=np.int64)


def _to_pandas(table: nw.DataFrame[Any]) -> pd.DataFrame:
    import pandas as pd

    if table.implementation.is_pandas():
        return table.to_native().reset_index(drop=True)
    return pd.DataFrame({name: pd.Series(table[name].to_list(), dtype=None) for name in table.columns})
