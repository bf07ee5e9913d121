"""Opening a frame, its columns checked: from any frame that Narwhals reads to its engine."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw

from privkit.errors import (
    ColumnNotFoundError,
    DuplicateColumnError,
    FrameError,
    LibraryRequiredError,
    ParameterError,
)
from privkit.errors.root import type_told
from privkit.tally.cells.cells import Table
from privkit.tally.cells.columns import pandas_dtypes
from privkit.tally.engines.eager import EagerEngine, of_arrow, of_pandas
from privkit.tally.engines.native import untold
from privkit.tally.rows import unit_columns
from privkit.values.arguments import named_by_text

if TYPE_CHECKING:
    from privkit.tally.engines.contract import Engine
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

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
        check_pandas(present, columns, argument)
        if len(set(present)) < len(present) or not all(isinstance(name, str) for name in present):
            data = data[list(dict.fromkeys(columns))]  # type: ignore[index]  # Narwhals refuses such a frame whole
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


def check_pandas(present: Sequence[object], columns: Sequence[str] = (), argument: str = "columns") -> None:
    """Refuse a pandas frame that has not each of `columns` once.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError
    """
    if len(set(present)) < len(present):
        doubled = [name for name, times in Counter(present).items() if times > 1]
        if asked := [name for name in doubled if not columns or name in columns]:
            raise DuplicateColumnError.in_frame(asked)
    if columns and (missing := [name for name in columns if name not in present]):
        raise ColumnNotFoundError.of(argument, list(columns), missing, list(present))


def pandas_names(data: object) -> list[Any] | None:
    """Return a pandas frame's columns; None for other engines, which have unique names by construction."""
    import pandas as pd

    return [*data.columns.tolist()] if isinstance(data, pd.DataFrame) else None


def schema_mark(data: object) -> object:
    """Return what changes whenever a pandas frame's columns or their types do; None for others. Reads no row.

    A plan keeps it, so that its release need not look at the schema again, and does if the frame changed in between.
    """
    import pandas as pd

    return (data.columns.tolist(), pandas_dtypes(data)) if isinstance(data, pd.DataFrame) else None


def engine_of(data: object, columns: Sequence[str] = (), argument: str = "columns") -> Engine:
    """Return the engine of a frame that has each of `columns` once; an engine is returned as it is.

    Reads the schema, never a row.

    Raises
    ------
    FrameError, ColumnNotFoundError, DuplicateColumnError, LibraryRequiredError
    """
    if isinstance(data, Table):
        data = EagerEngine.of_table(data)
    if hasattr(type(data), "keyed_counts"):  # of the contract: a protocol's own check would resolve a lazy schema
        engine: Any = data
        if columns and (missing := [name for name in columns if name not in engine.schema]):
            raise ColumnNotFoundError.of(argument, list(columns), missing, list(engine.schema))
        return _with_names(engine, columns)
    if (present := pandas_names(data)) is not None:
        check_pandas(present, columns, argument)
        return of_pandas(data)  # the frame itself, with the names that Narwhals would refuse
    frame = open_frame(data, columns, argument)
    native: Any = frame.to_native()
    if frame.implementation.is_pandas():
        return of_pandas(native)
    _with_arrow(frame.implementation.value)
    if frame.implementation.is_pyarrow():
        return of_arrow(native)
    import narwhals as nw

    return _with_names(_lazy(frame), columns) if isinstance(frame, nw.LazyFrame) else of_polars(native)


def _with_names(engine: Engine, columns: Sequence[str]) -> Engine:
    """Return a lazy engine that can call each of `columns` by its name.

    Raises
    ------
    FrameError
    """
    if (native := getattr(engine, "native", None)) is not None:
        from privkit.tally.engines.native import refuse_names

        refuse_names(native, columns)
    return engine


def _with_arrow(library: str) -> None:
    """Refuse a frame that arrives by Arrow where pyarrow is not installed.

    Raises
    ------
    LibraryRequiredError
        Naming the extra of the frame's library.
    """
    if "pyarrow" not in sys.modules and find_spec("pyarrow") is None:
        engine = library.partition("_")[0].replace("pyspark", "spark")
        extra = engine if engine in ("polars", "duckdb", "ibis", "spark") else "parquet"
        raise LibraryRequiredError.of("pyarrow", extra)


def lazy_engine(data: object, columns: Sequence[str] = (), argument: str = "columns") -> LazyEngine | None:
    """Return the engine of a lazy frame that has `columns`; None for frames whose rows are here.

    Raises
    ------
    FrameError, ColumnNotFoundError, DuplicateColumnError
    """
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return None
    found = engine_of(data, columns, argument)
    if not found.is_lazy:
        return None
    from privkit.tally.engines.lazy import LazyEngine

    return found if isinstance(found, LazyEngine) else None


def engine_for(data: object, keys: Keys | None, unit: str | PrivacyUnit | None, values: Sequence[str]) -> Engine:
    """Return the engine of a frame that has the columns of keys, of the unit and of numbers.

    Raises
    ------
    FrameError, ColumnNotFoundError, DuplicateColumnError
        The unit's column can be neither a group nor a number.
    """
    by = keys.by if keys is not None else ()
    apart = unit_columns(unit)
    if apart and (apart[0] in by or apart[0] in values):
        raise DuplicateColumnError.in_argument("by", [apart[0]])
    return engine_of(data, tuple(dict.fromkeys((*by, *values, *apart))), "columns")


def needed(value: str, keys: Keys | None, unit: str | PrivacyUnit | None) -> tuple[str, ...]:
    """Return the columns that a statistic of numbers reads."""
    return tuple(dict.fromkeys((value, *(keys.by if keys is not None else ()), *unit_columns(unit))))


def of_polars(frame: Any) -> EagerEngine:
    """Return the engine of a Polars frame: by Arrow, over the same memory where that is possible."""
    from privkit.tally.cells.columns import cells_of_arrow
    from privkit.tally.engines.of_polars import arrow_column, kind_of_polars

    schema = {name: kind_of_polars(dtype) for name, dtype in frame.schema.items()}
    return EagerEngine(
        schema, partial(_polars_cells, frame, schema, cells_of_arrow, arrow_column), frame.height, None, "polars"
    )


def _polars_cells(frame: Any, schema: Any, cells_of_arrow: Any, arrow_column: Any, name: str) -> Any:
    from privkit.tally.cells.cells import Cells

    found = cells_of_arrow(arrow_column(frame.get_column(name)))
    return Cells(schema[name], found.values, found.missing, found.codes)


def _lazy(frame: nw.LazyFrame[Any]) -> Engine:
    from privkit.tally.engines.lazy import LazyEngine

    return LazyEngine.of(frame)
