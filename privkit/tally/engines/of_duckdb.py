"""Relations of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from privkit.tally.cells.cells import FLOAT
from privkit.tally.engines.native import BATCH, COUNT, ENCODED, OWN, RAW, VOID, WORDED, Column, Native, sql_clipped

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_TEXTS = ("VARCHAR", "UUID", "JSON")


class DuckdbNative(Native):
    """DuckDB compares text by a collation, of the column or by default: so text stands as its bytes."""

    library = "duckdb"
    is_here = True
    has_infinite_nanoseconds = True
    rounds_to_zero = True
    divides = True
    groups_by_any_name = False

    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of a relation."""
        types = [str(dtype) for dtype in frame.types]
        zone = ""
        if "TIMESTAMP WITH TIME ZONE" in types:  # dates are read in the session's
            zoned = frame.project(quoted(frame.columns[types.index("TIMESTAMP WITH TIME ZONE")]))
            zone = zoned.limit(0).to_arrow_table().schema.field(0).type.tz
        return {name: duckdb_column(dtype, zone) for name, dtype in zip(frame.columns, types, strict=True)}

    def plain(self, frame: Any, columns: Mapping[str, Column]) -> Any:
        """Return the columns by expressions in SQL."""
        return frame.project(", ".join(f"{_plain(name, each)} AS {quoted(name)}" for name, each in columns.items()))

    def joined(self, frame: Any, columns: Mapping[str, tuple[str, Column]]) -> Any:
        """Return the relation with more columns."""
        more = (f"{_plain(own, column)} AS {quoted(name)}" for name, (own, column) in columns.items())
        return frame.project(", ".join(("*", *more)))

    def sent(self, frame: Any, table: pa.Table) -> Any:
        """Return a small table as a relation of the same connection, which finds it by the name of a variable.

        Connections can forbid that (`python_enable_replacements`, as Ibis does); there it is written out in SQL.
        """
        import duckdb

        privkit_sent_table = table  # noqa: F841
        try:
            return frame.limit(0).query("privkit_no_rows", "SELECT sent.* FROM privkit_sent_table AS sent")
        except duckdb.Error:
            return frame.limit(0).query("privkit_no_rows", _written(table))

    def within(self, frame: Any, name: str, column: Column, low: int | None, high: int | None) -> Any:
        """Return wide numbers as floats, clipped as wide numbers."""
        own, wide = quoted(name), column.native
        if wide == "UHUGEINT":  # has no negative numbers to clip to
            low, high = (None if end is None else max(end, 0) for end in (low, high))
        clipped = sql_clipped(own, wide, low, high)
        return frame.project(f"* REPLACE (CAST({clipped} AS DOUBLE) AS {own})")

    def in_parts(self, frame: Any, person: str, name: str, parts: int) -> Any:
        """Return the relation with a column for the part."""
        return frame.project(f"*, CAST(hash({quoted(person)}) % {parts} AS BIGINT) AS {quoted(name)}")

    def arrow(self, frame: Any) -> pa.Table:
        """Run a relation."""
        return frame.to_arrow_table()

    def batches(self, frame: Any) -> Iterator[pa.Table]:
        """Run a relation, a part of the rows at a time."""
        import pyarrow as pa

        read = getattr(frame, "to_arrow_reader", None) or frame.fetch_record_batch
        for batch in read(BATCH):
            yield pa.Table.from_batches([batch])


def _written(table: pa.Table) -> str:
    """Return SQL that gives a table's rows: each value as a text that DuckDB reads back as the same value."""
    import duckdb

    connection = duckdb.connect()
    relation = connection.from_arrow(table)
    ways = {"VARCHAR": ("hex(encode({}))", "decode(unhex({}))"), "BLOB": ("hex({})", "unhex({})")}
    given, told = [], []
    for place, (name, dtype) in enumerate(zip(relation.columns, map(str, relation.types), strict=True)):
        text, value = ways.get(dtype, ("CAST({} AS VARCHAR)", f"CAST({{}} AS {dtype})"))
        given.append(f"{text.format(quoted(name))} AS c{place}")
        told.append(f"{value.format(f'c{place}')} AS {quoted(name)}")
    rows = relation.project(", ".join(given)).fetchall()
    cells = (", ".join("NULL" if each is None else "'" + each.replace("'", "''") + "'" for each in row) for row in rows)
    none = ", ".join(["CAST(NULL AS VARCHAR)"] * len(told))
    values = " UNION ALL ".join([f"SELECT {none} WHERE false", *([f"VALUES ({'), ('.join(cells)})"] if rows else [])])
    names = ", ".join(f"c{place}" for place in range(len(told)))
    return f"SELECT {', '.join(told)} FROM ({values}) AS sent({names})"  # noqa: S608  # values are quoted


def quoted(name: str) -> str:
    """Return a column's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def duckdb_column(native: str, zone: str) -> Column:
    """Return the column of a type of DuckDB."""
    import pyarrow as pa

    fixed = {
        "BOOLEAN": (pa.bool_(), OWN),
        "UBIGINT": (pa.uint64(), OWN),
        "HUGEINT": (pa.decimal256(39, 0), WORDED),
        "UHUGEINT": (pa.decimal256(39, 0), WORDED),
        "FLOAT": (pa.float64(), OWN),
        "DOUBLE": (pa.float64(), OWN),
        "BLOB": (pa.large_binary(), OWN),
        "DATE": (pa.date32(), COUNT),
        "TIMESTAMP": (pa.timestamp("us"), COUNT),
        "TIMESTAMP_NS": (pa.timestamp("ns"), COUNT),
        "TIMESTAMP WITH TIME ZONE": (pa.timestamp("us", zone or "UTC"), COUNT),
        # Not every second or millisecond of these is a microsecond: they travel as they are.
        "TIMESTAMP_S": (pa.timestamp("s"), OWN),
        "TIMESTAMP_MS": (pa.timestamp("ms"), OWN),
        "TIME": (pa.time64("us"), OWN),
        "TIME_NS": (pa.time64("ns"), OWN),
        '"NULL"': (pa.null(), VOID),
        "NULL": (pa.null(), VOID),
    }
    if native in fixed:
        return Column.of(*fixed[native], native)
    if native in _WHOLE:
        return Column.of(pa.int64(), OWN, native)
    if native in _TEXTS or native.startswith("ENUM("):
        return Column.of(pa.large_string(), ENCODED, native)
    if native.startswith("DECIMAL(") and native.endswith(")"):
        precision, scale = (int(part) for part in native[8:-1].split(","))
        return Column.of(pa.decimal128(precision, scale), OWN, native)
    return Column.refused(native)


def _plain(name: str, column: Column) -> str:
    own, native = quoted(name), column.native
    if column.form == VOID:
        return "CAST(NULL AS BOOLEAN)"
    if column.form == ENCODED:
        return f"encode({own})" if native == "VARCHAR" else f"encode(CAST({own} AS VARCHAR))"
    if native == "DATE":
        return f"CAST({own} - DATE '1970-01-01' AS BIGINT)"
    if column.form == COUNT:
        epoch = "epoch_ns" if native == "TIMESTAMP_NS" else "epoch_us"
        infinite = f"CASE WHEN {own} > CAST('1970-01-01' AS {native}) THEN {2**63 - 1} ELSE {1 - 2**63} END"
        return f"CASE WHEN {own} IS NULL THEN NULL WHEN isfinite({own}) THEN {epoch}({own}) ELSE {infinite} END"
    if column.form == RAW:
        return own if native == "DOUBLE" else f"CAST({own} AS DOUBLE)"
    if column.kind.name == FLOAT:
        return f"CASE WHEN isnan({own}) THEN NULL ELSE CAST({own} AS DOUBLE) + 0.0::DOUBLE END"
    return f"CAST({own} AS BIGINT)" if native in _WHOLE else own
