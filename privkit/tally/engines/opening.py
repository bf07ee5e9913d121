"""From a frame to its engine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, LibraryRequiredError
from privkit.tally.cells.cells import Table
from privkit.tally.engines.eager import EagerEngine, of_arrow, of_pandas
from privkit.tally.frame import checked_pandas, open_frame, pandas_names
from privkit.tally.rows import unit_columns

if TYPE_CHECKING:
    import narwhals as nw

    from privkit.tally.engines.contract import Engine
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


def engine_of(data: object, columns: Sequence[str] = (), argument: str = "columns") -> Engine:
    """Return the engine of a frame that has each of `columns` once; an engine is returned as it is.

    Reads the schema, never a row.

    Raises
    ------
    FrameError, ColumnNotFoundError, DuplicateColumnError, LibraryRequiredError
    """
    if (present := pandas_names(data)) is not None:
        checked_pandas(data, present, columns, argument)
        return of_pandas(data)  # the frame itself, with the names that Narwhals would refuse

    if isinstance(data, Table):
        data = EagerEngine.of_table(data)
    if hasattr(type(data), "keyed_counts"):  # of the contract: a protocol's own check would resolve a lazy schema
        engine: Any = data
        if missing := [name for name in columns if name not in engine.schema]:
            raise ColumnNotFoundError.of(argument, list(columns), missing, list(engine.schema))
        _with_names(engine, columns)
        return engine  # type: ignore[no-any-return]
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
