"""DuckDB columns behind Ibis."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import door_duckdb
from door_schema import Row, Schema

#: Types that Ibis has no word for: their columns are refused.
_UNKNOWN = ("UHUGEINT",)
SCHEMAS = tuple(
    replace(each, engine="ibis", kind="any" if each.dtype in _UNKNOWN else each.kind) for each in door_duckdb.SCHEMAS
)


@cache
def _backend(zone: str) -> Any:
    """Return a backend on a connection of its own, in a zone: Ibis sets that of its connections to UTC."""
    import ibis

    connection = door_duckdb.new_connection(zone)
    found = ibis.duckdb.from_connection(connection)
    connection.execute(f"set timezone = '{zone}'")
    return found


def frame(schema: Schema, rows: list[Row], tag: str) -> Any:
    """Return an Ibis table on a table of its own."""
    backend = _backend(schema.dtype.partition(" in ")[2] or "UTC")
    return backend.table(door_duckdb.frame(schema, rows, tag, backend.con).alias)
