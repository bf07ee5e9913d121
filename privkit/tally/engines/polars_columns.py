"""Columns of Polars as Arrow arrays, whatever they hold."""

from __future__ import annotations

from typing import Any

from privkit.tally.cells.kind import (
    BOOLEAN,
    BYTES,
    DATE,
    DURATION,
    FLOAT,
    INSTANT,
    INTEGER,
    OBJECT,
    OTHER,
    TEXT,
    TIME,
    UNSIGNED,
    WIDE,
    Kind,
)


def kind_of_polars(dtype: Any) -> Kind:
    """Return the kind of a Polars column by its type alone.

    Objects of Python and nested values are of no kind.
    """
    import polars as pl

    shown = str(dtype)
    if isinstance(dtype, pl.Datetime):
        return Kind(INSTANT, dtype.time_unit or "us", dtype.time_zone or "", shown)
    if isinstance(dtype, pl.Duration):
        return Kind(DURATION, dtype.time_unit or "us", shown=shown)
    if dtype in (pl.Date, pl.Time):
        return Kind(DATE, "D", shown=shown) if dtype == pl.Date else Kind(TIME, "ns", shown=shown)
    if isinstance(dtype, pl.Decimal) or shown == "Int128":
        return Kind(WIDE, shown=shown)
    for name, types in (
        (BOOLEAN, (pl.Boolean,)),
        (INTEGER, (pl.Int8, pl.Int16, pl.Int32, pl.Int64)),
        (UNSIGNED, (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)),
        (FLOAT, (pl.Float32, pl.Float64)),
        (TEXT, (pl.String, pl.Categorical, pl.Enum)),
        (BYTES, (pl.Binary,)),
        (OBJECT, (pl.Null,)),
    ):
        if isinstance(dtype, types) or dtype in types:
            return Kind(name, shown=shown)
    return Kind(FLOAT if shown == "Float16" else OTHER, shown=shown)


def arrow_column(column: Any) -> Any:
    """Return a Polars column as an Arrow array; no value is turned into a Python object.

    Times are taken by their counts, and whole numbers of 128 bits by two halves: Arrow's own conversion refuses some.
    """
    import polars as pl
    import pyarrow as pa

    if str(column.dtype) == "Int128":
        return _wide(column)
    if column.dtype == pl.Null:
        return pa.nulls(len(column))
    if isinstance(column.dtype, pl.Datetime | pl.Duration) or column.dtype in (pl.Date, pl.Time):
        counts = column.to_physical().rechunk().to_arrow()
        return counts.view(_time_type(column.dtype))
    return column.to_arrow()


def _time_type(dtype: Any) -> Any:
    import polars as pl
    import pyarrow as pa

    if dtype == pl.Date:
        return pa.date32()
    if dtype == pl.Time:
        return pa.time64("ns")
    unit = dtype.time_unit or "us"
    return pa.duration(unit) if isinstance(dtype, pl.Duration) else pa.timestamp(unit)


def _wide(column: Any) -> Any:
    """Return whole numbers of 128 bits as decimals over the same bits: the low half first, as Arrow has them."""
    import numpy as np
    import polars as pl
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.fill_null(0).cast(pl.Int128)
    step = pl.Series([2**64], dtype=pl.Int128)
    high = whole // step
    halves = np.empty((len(column), 2), dtype=np.uint64)
    halves[:, 0] = (whole - high * step).cast(pl.UInt64).to_numpy()
    halves[:, 1] = high.cast(pl.Int64).to_numpy().view(np.uint64)
    mask = column.is_null().to_arrow()
    valid = None if not column.null_count() else pc.invert(mask).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(38, 0), len(column), [valid, pa.py_buffer(halves)])
