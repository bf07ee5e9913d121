"""Which engine's own columns and tables a lazy frame has. Each engine's module is loaded when its first frame comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import narwhals as nw

    from privkit.tally.engines.native import Native


def native_of(frame: nw.LazyFrame[Any]) -> Native | None:
    """Return what brings a lazy frame's columns, or None for engines that are not known."""
    found = frame.implementation
    if found.is_polars():
        from privkit.tally.engines.of_polars import PolarsNative

        return PolarsNative()
    if found.is_duckdb():
        from privkit.tally.engines.of_duckdb import DuckdbNative

        return DuckdbNative()
    if found.is_ibis():
        from privkit.tally.engines.of_ibis import ibis_native

        return ibis_native(frame.to_native())
    if found.is_pyspark() or found.is_pyspark_connect():
        from privkit.tally.engines.of_spark import SparkNative

        return SparkNative()
    return None
