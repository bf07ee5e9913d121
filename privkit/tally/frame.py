"""Opening a frame: any engine that Narwhals reads, with its columns checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

#: A frame on any engine, seen through Narwhals.
Frame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"


def column_names(columns: object, function: str, argument: str, *, empty: bool = False) -> tuple[str, ...]:
    """Return the names that a user gave as one name or a sequence of names.

    Raises
    ------
    ParameterError
        If something else stands there, or nothing does and `empty` is False.
    DuplicateColumnError
        If a name stands twice.
    """
    if isinstance(columns, str):
        return (columns,)
    if not isinstance(columns, Sequence) or isinstance(columns, bytes):
        raise ParameterError.of(function, argument, f"a {type(columns).__name__}", "a column name or a list of them")
    names = tuple(columns)
    if any(not isinstance(name, str) for name in names):
        raise ParameterError.of(function, argument, f"a list with {_kinds(names)}", "a list of column names (str)")
    if not names and not empty:
        raise ParameterError.of(function, argument, "an empty list", "at least one column name")
    if doubled := [name for name, times in Counter(names).items() if times > 1]:
        raise DuplicateColumnError.in_argument(function, argument, doubled)
    return names


def _kinds(names: Sequence[object]) -> str:
    return ", ".join(sorted({type(name).__name__ for name in names if not isinstance(name, str)}))


def open_frame(data: object, function: str, columns: Sequence[str] = (), argument: str = "columns") -> Frame:
    """Return `data` as a Narwhals frame that has each of `columns` once.

    Reads the schema, never a row.

    Parameters
    ----------
    data : dataframe
        pandas, Polars (eager or lazy), DuckDB relation, or another that Narwhals reads.
    function, argument : str
        Who asked and by which argument, for the errors.
    columns : sequence of str
        The columns that must exist.

    Raises
    ------
    FrameError
        If `data` is no dataframe.
    ColumnNotFoundError
        If a column is missing; names close matches.
    DuplicateColumnError
        If one of `columns` stands more than once in the frame.
    """
    present = pandas_names(data)
    if present is not None:
        data = checked_pandas(data, present, function, columns, argument)
    try:
        frame: Frame = nw.from_native(data)  # type: ignore[call-overload]
    except TypeError:
        raise FrameError.unsupported(function, f"a {type(data).__name__}") from None
    if present is None:
        known = frame.collect_schema().names()
        if missing := [name for name in columns if name not in known]:
            raise ColumnNotFoundError.of(function, argument, list(columns), missing, known)
    return frame


def checked_pandas(
    data: Any, present: Sequence[object], function: str, columns: Sequence[str] = (), argument: str = "columns"
) -> Any:
    """Return a pandas frame that has each of `columns` once; without those that Narwhals refuses, if it has such.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError
    """
    doubled = [] if len(set(present)) == len(present) else [n for n, times in Counter(present).items() if times > 1]
    if asked := [name for name in doubled if not columns or name in columns]:
        raise DuplicateColumnError.in_frame(function, asked)
    if missing := [name for name in columns if name not in present]:
        raise ColumnNotFoundError.of(function, argument, list(columns), missing, list(present))
    if doubled or not all(isinstance(name, str) for name in present):
        return data[list(columns)]  # Narwhals refuses such a frame whole
    return data


def pandas_names(data: object) -> list[Any] | None:
    """Return a pandas frame's columns; None for other engines, which have unique names by construction."""
    import pandas as pd

    return [*data.columns.tolist()] if isinstance(data, pd.DataFrame) else None


# Every question looks at them several times, and making Series of them takes longer than what is done with them.


def pandas_dtypes(frame: pd.DataFrame) -> list[Any]:
    """Return the dtypes of a pandas frame."""
    found = getattr(getattr(frame, "_mgr", None), "get_dtypes", None)
    return list(frame.dtypes if found is None else found())


def pandas_array(frame: pd.DataFrame, place: int) -> Any:
    """Return the array of a pandas column: NumPy's, or one of pandas' own."""
    found = getattr(frame, "_get_column_array", None)
    return frame.iloc[:, place].array if found is None else found(place)
