"""Equivalence classes: how many rows, and how many persons, share each combination of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.errors.engine import EngineError
from privkit.tally.frame import Frame, column_names, open_frame
from privkit.tally.lookup import plain_floats

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


def class_sizes(
    data: object, by: str | Sequence[str], *, unit: str | None = None, function: str = "class_sizes"
) -> Tally:
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
        coded, objects = _coded_objects(selected)
        table = collected(coded.group_by(*columns).agg(nw.len().alias(_SIZE)), function)
        return _with_objects(table, objects)
    except TypeError:  # its text may hold a value
        raise FrameError.column_type(
            function, columns[0] if len(columns) == 1 else list(columns), "object", "Its values cannot be compared."
        ) from None


def _coded_objects(frame: Frame) -> tuple[Frame, dict[str, NDArray[np.object_]]]:
    """Return a pandas frame with codes in place of Python objects, and what they stand for; -1 is missing.

    pandas would give the groups' values another type, and turn integers beside None into floats.
    """
    import pandas as pd

    if isinstance(frame, nw.LazyFrame) or not frame.implementation.is_pandas():
        return frame, {}
    native = frame.to_native()
    objects, codes = {}, {}
    for name in native.columns:
        if native[name].dtype == object:
            codes[name], distinct = pd.factorize(native[name].to_numpy(), use_na_sentinel=True)
            objects[name] = np.append(distinct, [None])
    return (nw.from_native(native.assign(**codes)) if codes else frame), objects


def _with_objects(table: nw.DataFrame[Any], objects: dict[str, NDArray[np.object_]]) -> nw.DataFrame[Any]:
    if not objects:
        return table
    import pandas as pd

    native = table.to_native()
    restored = {
        name: pd.Series(values[native[name]], index=native.index, dtype=object) for name, values in objects.items()
    }
    return nw.from_native(native.assign(**restored), eager_only=True)


def collected(frame: Frame, function: str) -> nw.DataFrame[Any]:
    """Run a lazy frame; whatever its engine raises, whose text may hold values, is told without them."""
    if not isinstance(frame, nw.LazyFrame):
        return frame
    try:
        return frame.collect()
    except Exception:  # noqa: BLE001
        raise EngineError.of(function) from None


def one_missing(frame: Frame, function: str) -> Frame:
    """Return `frame` with NaN as null and 0.0 without sign, after refusing columns that cannot be grouped."""
    eager_pandas = frame.implementation.is_pandas()
    schema = frame.collect_schema()
    for name, dtype in schema.items():
        if isinstance(dtype, _GROUPABLE_NOT) or (isinstance(dtype, nw.Object) and not eager_pandas):
            raise FrameError.column_type(function, name, str(dtype), "Take its parts as columns of their own.")
    if eager_pandas:  # which takes NumPy's NaN, None and NaT for one already, but not those of Arrow
        native: pd.DataFrame = frame.to_native()
        changed = {name: plain for name in native.columns if (plain := plain_floats(native[name])) is not native[name]}
        return nw.from_native(native.assign(**changed), eager_only=True) if changed else frame
    floats = [name for name, dtype in schema.items() if dtype.is_float()]
    return frame.with_columns(nw.col(*floats).fill_nan(None) + 0.0) if floats else frame


def _int64(series: nw.Series[Any]) -> NDArray[np.int64]:
    return np.ascontiguousarray(series.to_numpy(), dtype=np.int64)


def _to_pandas(table: nw.DataFrame[Any]) -> pd.DataFrame:
    """Return the same values in pandas; integers beside missing stay integers."""
    import pandas as pd

    if table.implementation.is_pandas():
        native: pd.DataFrame = table.to_native()
        return native.reset_index(drop=True)
    return pd.DataFrame({name: _pandas_column(table[name]) for name in table.columns})


def _pandas_column(column: nw.Series[Any]) -> pd.Series:
    import pandas as pd

    values = column.to_list()
    if column.dtype.is_integer() and column.null_count():
        return pd.Series(values, dtype="UInt64" if column.dtype.is_unsigned_integer() else "Int64")
    return pd.Series(values, dtype=None if values else _empty_dtype(column.dtype))


def _empty_dtype(dtype: nw.dtypes.DType) -> str:
    return "float64" if dtype.is_float() else "int64" if dtype.is_integer() else "object"
