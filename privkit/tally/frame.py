"""Opening a frame: any engine that Narwhals reads, with its columns checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.errors.root import type_told
from privkit.tally.engines.native import untold
from privkit.values.arguments import named_by_text

if TYPE_CHECKING:
    import pandas as pd


#: A frame on any engine, seen through Narwhals.
Frame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"


def column_names(columns: object, argument: str, *, empty: bool = False) -> tuple[str, ...]:
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
        raise ParameterError.of(argument, type_told(columns), "a column name or a list of them")
    names = tuple(columns)
    if any(not isinstance(name, str) for name in names):
        hint = named_by_text(names)
        raise ParameterError.of(argument, f"a list with {_kinds(names)}", "a list of column names (str)", hint)
    if not names and not empty:
        raise ParameterError.of(argument, "an empty list", "at least one column name")
    if doubled := [name for name, times in Counter(names).items() if times > 1]:
        raise DuplicateColumnError.in_argument(argument, doubled)
    return names


def _kinds(names: Sequence[object]) -> str:
    return ", ".join(sorted({type(name).__name__ for name in names if not isinstance(name, str)}))


def open_frame(data: object, columns: Sequence[str] = (), argument: str = "columns") -> Frame:
    """Return `data` as a Narwhals frame that has each of `columns` once.

    Reads the schema, never a row.

    Parameters
    ----------
    data : dataframe
        pandas, Polars (eager or lazy), DuckDB relation, or another that Narwhals reads.
    argument : str
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
    EngineError
        If a lazy frame's engine cannot tell its columns: its connection is closed, or its plan names what is not there.
    """
    present = pandas_names(data)
    if present is not None:
        data = checked_pandas(data, present, columns, argument)
    try:
        frame: Frame = nw.from_native(data)  # type: ignore[call-overload]
    except TypeError:
        raise FrameError.unsupported(type_told(data)) from None
    if present is None:
        known = names_of(frame)
        if missing := [name for name in columns if name not in known]:
            raise ColumnNotFoundError.of(argument, list(columns), missing, known)
    return frame


def names_of(frame: Frame) -> list[str]:
    """Return the names of a frame's columns.

    Without their types where the names are at hand: some types of Ibis and of Arrow Narwhals refuses with an error.

    Raises
    ------
    EngineError
    """
    with untold():
        if isinstance(frame, nw.DataFrame) or frame.implementation.is_ibis():
            return list(frame.columns)
        return list(frame.collect_schema().names())


def checked_pandas(data: Any, present: Sequence[object], columns: Sequence[str] = (), argument: str = "columns") -> Any:
    """Return a pandas frame that has each of `columns` once; without those that Narwhals refuses, if it has such.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError
    """
    doubled = [] if len(set(present)) == len(present) else [n for n, times in Counter(present).items() if times > 1]
    if asked := [name for name in doubled if not columns or name in columns]:
        raise DuplicateColumnError.in_frame(asked)
    if missing := [name for name in columns if name not in present]:
        raise ColumnNotFoundError.of(argument, list(columns), missing, list(present))
    if doubled or not all(isinstance(name, str) for name in present):
        return data[list(dict.fromkeys(columns))]  # Narwhals refuses such a frame whole
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
