"""Rows as codes: which equivalence class each row is in, and each class's code in every column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError
from privkit.tally.cells.coding import coded
from privkit.tally.cells.showing import series_of
from privkit.tally.classes import refuse_nested
from privkit.tally.engines.opening import engine_of, lazy_engine
from privkit.tally.factorized import factorized
from privkit.tally.frame import column_names, open_frame
from privkit.tally.packed import packed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.engines.lazy import LazyEngine


@dataclass(frozen=True, eq=False)
class RowClasses:
    """The equivalence classes of a frame as codes, and each row's class.

    Attributes
    ----------
    by : tuple of str
        The columns.
    codes : array of int64, shape (n_columns, n_classes)
        Each class's code in each column, from 0; missing is a code of its own.
    sizes : array of int64, shape (n_classes,)
        Rows of each class.
    index : pandas.Index
        The labels of the rows; where rows lie in an engine, the values of the classes.
    """

    by: tuple[str, ...]
    codes: NDArray[np.int64]
    sizes: NDArray[np.int64]
    index: pd.Index
    _class_of: NDArray[np.int64] | None

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.sizes.sum())

    @property
    def class_of(self) -> NDArray[np.int64]:
        """The class of each row, in the order of the rows; shape (n_rows,).

        Raises
        ------
        FrameError
            Where rows lie in an engine.
        """
        if self._class_of is None:
            raise FrameError.rows_elsewhere("class_of", "Take the classes.")
        return self._class_of

    def spread(self, of_classes: NDArray[Any], name: str) -> pd.Series:
        """Return what each row has of its class, by the rows' labels; of each class, where rows lie in an engine."""
        import pandas as pd

        values = of_classes if self._class_of is None else of_classes[self._class_of]
        return pd.Series(values, index=self.index, name=name)


def row_classes(
    data: object, by: str | Sequence[str], *, function: str = "row_classes", argument: str = "by"
) -> RowClasses:
    """Return the classes as codes, and the class of each row, where rows are here.

    Missing is a value of its own, as in `class_sizes`. Of a lazy frame the classes alone are fetched. Reads rows;
    exact; spends nothing.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> found = row_classes(pd.DataFrame({"zip": ["a", "b", "a"], "age": [1, 1, 1]}), ["zip", "age"])
    >>> found.class_of.tolist(), found.sizes.tolist(), found.codes.tolist()
    ([0, 1, 0], [2, 1], [[0, 1], [0, 0]])
    """
    import pandas as pd

    columns = column_names(by, function, argument)
    if (engine := lazy_engine(data, function, columns, argument)) is not None:
        return _classes_there(engine, columns, function)
    table = chosen_columns(data, columns, function, argument)
    codes = [codes_of(table[name], function)[0] for name in columns]
    class_of, distinct = pd.factorize(packed(codes)[0])
    first = first_rows(class_of, len(distinct))
    sizes = np.bincount(class_of, minlength=len(distinct))
    at_first = np.array([column[first] for column in codes], dtype=np.int64).reshape(len(columns), len(distinct))
    return RowClasses(columns, at_first, sizes, table.index, class_of.astype(np.int64))


def _classes_there(engine: LazyEngine, columns: tuple[str, ...], function: str) -> RowClasses:
    import pandas as pd

    refuse_nested(engine.schema, columns, function)
    table, sizes = engine.classes(columns)
    values = pd.DataFrame({name: series_of(table[name]) for name in columns})
    found = [coded(table[name]) for name in columns]
    codes = np.array([np.where(own < 0, len(distinct), own) for own, distinct in found], dtype=np.int64)
    index = pd.MultiIndex.from_frame(values) if len(columns) > 1 else pd.Index(values[columns[0]])
    return RowClasses(columns, codes.reshape(len(columns), len(sizes)), sizes, index, None)


def codes_of(column: pd.Series, function: str) -> tuple[NDArray[np.int64], int]:
    """Return each row's code and how many values are not missing; missing is the code after theirs.

    Raises
    ------
    FrameError
        If the values cannot be compared.
    """
    codes, values = factorized(column, function)
    return np.where(codes < 0, len(values), codes).astype(np.int64, copy=False), len(values)


def first_rows(class_of: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return the place of the first row of each class."""
    first = np.zeros(n_classes, dtype=np.int64)
    first[class_of[::-1]] = np.arange(len(class_of) - 1, -1, -1)
    return first


def chosen_columns(data: object, columns: Sequence[str], function: str, argument: str) -> pd.DataFrame:
    """Return some columns as a pandas frame; a pandas frame's own columns are not copied."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        open_frame(data, function, columns, argument)
        return data[list(columns)]
    engine = engine_of(data, function, columns, argument)
    refuse_nested(engine.schema, columns, function)
    table = engine.collect(columns)
    return pd.DataFrame({name: series_of(table[name]) for name in columns})


def row_numbers(data: object, column: str, *, function: str, argument: str) -> pd.Series:
    """Return one column as it is, in the order of the rows."""
    return chosen_columns(data, [column], function, argument)[column]
