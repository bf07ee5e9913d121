"""Lazy frames of Polars.

Columns of Polars as Arrow arrays, whatever they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from privkit.tally.cells import cells as kinds
from privkit.tally.cells.cells import Kind
from privkit.tally.engines.native import BATCH, COUNT, OWN, RAW, VOID, WORDED, Column, Native, beyond

if TYPE_CHECKING:
    import pyarrow as pa


class PolarsNative(Native):
    """Polars compares text by its bytes, and casts between its types without raising where `strict` is off."""

    library = "polars"
    is_here = True
    computes_floats = True
    rounds_to_zero = True
    encodes_text = False
    joins_decimals = False  # Polars 1.32.0 cannot

    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of a lazy frame."""
        return {name: _column(dtype) for name, dtype in frame.collect_schema().items()}

    def plain(self, frame: Any, columns: Mapping[str, Column]) -> Any:
        """Return the columns: categories as their texts, times as counts, floats without NaN and without -0.0."""
        return frame.select([_plain(name, column) for name, column in columns.items()])

    def joined(self, frame: Any, columns: Mapping[str, tuple[str, Column]]) -> Any:
        """Return the frame with more columns."""
        return frame.with_columns([_plain(own, column).alias(name) for name, (own, column) in columns.items()])

    def sent(self, frame: Any, table: pa.Table) -> Any:
        """Return a small table as a lazy frame."""
        import polars as pl

        return pl.LazyFrame(pl.from_arrow(table))

    def within(self, frame: Any, name: str, column: Column, low: int | None, high: int | None) -> Any:
        """Return wide numbers as floats, clipped as wide numbers."""
        import polars as pl

        own, wide = pl.col(name), frame.collect_schema()[name]
        clipped = own
        for sign, end in beyond(low, high):  # unsigned numbers have no negative ones to clip to
            bound = pl.lit(max(end, 0) if str(wide).startswith("UInt") else end).cast(wide)
            clipped = pl.when(own < bound if sign == "<" else own > bound).then(bound).otherwise(clipped)
        return frame.with_columns(clipped.cast(pl.Float64).alias(name))

    def on_grid(self, frame: Any, name: str, least: float, most: float, factor: float) -> Any | None:
        """Return floats on a grid: clipping leaves NaN, of which the cast makes null; it cuts off what floor would."""
        import polars as pl

        number = pl.col(name).clip(least, most) * factor + 0.5
        whole = number if least >= 0 else number.floor()
        return frame.with_columns(whole.cast(pl.Int64, strict=False).alias(name))

    def in_parts(self, frame: Any, person: str, name: str, parts: int) -> Any:
        """Return the frame with a column for the part."""
        import polars as pl

        return frame.with_columns((pl.col(person).hash() % parts).cast(pl.Int64).alias(name))

    def arrow(self, frame: Any) -> pa.Table:
        """Run a lazy frame by the streaming engine, which keeps no more of the rows than it must."""
        import polars as pl

        return frame.collect(engine="streaming").to_arrow(compat_level=pl.CompatLevel.oldest())

    def batches(self, frame: Any) -> Iterator[pa.Table]:
        """Run a lazy frame, a part of the rows at a time where this release of Polars can."""
        import polars as pl

        if not hasattr(frame, "collect_batches"):
            yield self.arrow(frame)
            return
        for batch in frame.collect_batches(chunk_size=BATCH, maintain_order=False):
            yield batch.to_arrow(compat_level=pl.CompatLevel.oldest())


def _column(dtype: Any) -> Column:
    import polars as pl
    import pyarrow as pa

    shown = str(dtype)
    fixed = {
        pl.Boolean: pa.bool_(),
        pl.UInt64: pa.uint64(),
        pl.Binary: pa.large_binary(),
        pl.String: pa.large_string(),
        pl.Categorical: pa.large_string(),
        pl.Enum: pa.large_string(),
    }
    base = dtype.base_type()
    if base in fixed:
        return Column.of(fixed[base], OWN, shown)
    if base == pl.Decimal:
        return Column.of(pa.decimal128(dtype.precision or 38, dtype.scale), OWN, shown)
    if dtype.is_float():
        return Column.of(pa.float64(), OWN, shown)
    if dtype.is_integer():
        wide = base in {getattr(pl, name) for name in ("Int128", "UInt128") if hasattr(pl, name)}
        return Column.of(pa.decimal256(39, 0), WORDED, shown) if wide else Column.of(pa.int64(), OWN, shown)
    if base == pl.Date:
        return Column.of(pa.date32(), COUNT, shown)
    if base == pl.Datetime:
        return Column.of(pa.timestamp(dtype.time_unit, dtype.time_zone), COUNT, shown)
    if base == pl.Time:
        return Column.of(pa.time64("ns"), COUNT, shown)
    if base == pl.Duration:
        return Column.of(pa.duration(dtype.time_unit), COUNT, shown)
    return Column.of(pa.null(), VOID, shown) if base == pl.Null else Column.refused(shown)


def _plain(name: str, column: Column) -> Any:
    import polars as pl
    import pyarrow as pa

    own = pl.col(name)
    if column.form == VOID:
        return own.cast(pl.Boolean)
    if column.form == COUNT:
        return own.to_physical().cast(pl.Int64)
    if column.kind.name == kinds.FLOAT:
        if column.form == RAW:
            return own.cast(pl.Float64)
        number = own.cast(pl.Float64).fill_nan(None)
        return pl.when(number == 0.0).then(0.0).otherwise(number).alias(name)  # the optimizer takes "+ 0.0" away
    if column.native.startswith(("Categorical", "Enum")):
        return own.cast(pl.String)
    return own.cast(pl.Int64) if column.arrow == pa.int64() else own


def kind_of_polars(dtype: Any) -> Kind:
    """Return the kind of a Polars column by its type alone.

    Objects of Python and nested values are of no kind.
    """
    import polars as pl

    shown = str(dtype)
    if isinstance(dtype, pl.Datetime):
        return Kind(kinds.INSTANT, dtype.time_unit or "us", dtype.time_zone or "", shown)
    if isinstance(dtype, pl.Duration):
        return Kind(kinds.DURATION, dtype.time_unit or "us", shown=shown)
    if dtype in (pl.Date, pl.Time):
        return Kind(kinds.DATE, "D", shown=shown) if dtype == pl.Date else Kind(kinds.TIME, "ns", shown=shown)
    if isinstance(dtype, pl.Decimal) or shown == "Int128":
        return Kind(kinds.WIDE, shown=shown)
    for name, types in (
        (kinds.BOOLEAN, (pl.Boolean,)),
        (kinds.INTEGER, (pl.Int8, pl.Int16, pl.Int32, pl.Int64)),
        (kinds.UNSIGNED, (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)),
        (kinds.FLOAT, (pl.Float32, pl.Float64)),
        (kinds.TEXT, (pl.String, pl.Categorical, pl.Enum)),
        (kinds.BYTES, (pl.Binary,)),
        (kinds.OBJECT, (pl.Null,)),
    ):
        if isinstance(dtype, types) or dtype in types:
            return Kind(name, shown=shown)
    return Kind(kinds.FLOAT if shown == "Float16" else kinds.OTHER, shown=shown)


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
