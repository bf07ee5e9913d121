"""Frames of PySpark, classic and Connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from privkit.tally.cells.cells import FLOAT
from privkit.tally.engines.native import COUNT, ENCODED, OWN, RAW, VOID, Column, Native, sql_clipped

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE = ("tinyint", "smallint", "int", "bigint")


class SparkNative(Native):
    """Spark raises by value under ANSI rules, and its workers may print: only what cannot raise is asked of it."""

    library = "pyspark"
    rounds_to_zero = True
    divides = True

    def renamed(self, name: str) -> str | None:
        """Return what renames a column: a dot is read as a part of it, and a backtick as a quote."""
        other = name.replace(".", "_").replace("`", "_")
        return f"df.withColumnRenamed({name!r}, {other!r})" if other != name else None

    def columns(self, frame: Any) -> dict[str, Column]:
        """Return the columns of a frame."""
        session = frame.sparkSession
        zone = str(session.conf.get("spark.sql.session.timeZone"))
        return {field.name: _column(field.dataType.simpleString(), zone) for field in frame.schema.fields}

    def plain(self, frame: Any, columns: Mapping[str, Column]) -> Any:
        """Return the columns by expressions in SQL."""
        return frame.selectExpr(*(f"{_plain(name, column)} AS {_quoted(name)}" for name, column in columns.items()))

    def joined(self, frame: Any, columns: Mapping[str, tuple[str, Column]]) -> Any:
        """Return the frame with more columns."""
        more = (f"{_plain(own, column)} AS {_quoted(name)}" for name, (own, column) in columns.items())
        return frame.selectExpr("*", *more)

    def sent(self, frame: Any, table: pa.Table) -> Any:
        """Return a small table as a frame of the same session."""
        return frame.sparkSession.createDataFrame(table)

    def within(self, frame: Any, name: str, column: Column, low: int | None, high: int | None) -> Any:
        """Return decimals as floats, clipped as decimals."""
        own, wide = _quoted(name), column.native
        clipped = sql_clipped(own, wide, low, high)
        return frame.withColumn(name, _expression(f"CAST({clipped} AS DOUBLE)", frame))

    def in_parts(self, frame: Any, person: str, name: str, parts: int) -> Any:
        """Return the frame with a column for the part."""
        return frame.withColumn(name, _expression(f"pmod(xxhash64({_quoted(person)}), {parts}L)", frame))

    def arrow(self, frame: Any) -> pa.Table:
        """Run a frame."""
        return frame.toArrow()


def _expression(text: str, frame: Any) -> Any:
    if type(frame).__module__.startswith("pyspark.sql.connect"):
        from pyspark.sql.connect.functions import expr
    else:
        from pyspark.sql.functions import expr
    return expr(text)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _column(native: str, zone: str) -> Column:
    import pyarrow as pa

    fixed = {
        "boolean": (pa.bool_(), OWN),
        "float": (pa.float64(), OWN),
        "double": (pa.float64(), OWN),
        "binary": (pa.large_binary(), OWN),
        "date": (pa.date32(), COUNT),
        "timestamp": (pa.timestamp("us", zone), COUNT),
        "timestamp_ntz": (pa.timestamp("us"), OWN),
        "void": (pa.null(), VOID),
    }
    if native in fixed:
        return Column.of(*fixed[native], native)
    if native in _WHOLE:
        return Column.of(pa.int64(), OWN, native)
    if native.startswith(("string", "char(", "varchar(")):
        return Column.of(pa.large_string(), ENCODED, native)
    if native.startswith("decimal("):
        precision, scale = (int(part) for part in native[8:-1].split(","))
        return Column.of(pa.decimal128(precision, scale), OWN, native)
    if native.startswith("interval ") and not {"year", "month"} & set(native.split()):
        return Column.of(pa.duration("us"), OWN, native)
    return Column.refused(native)


def _plain(name: str, column: Column) -> str:
    own, native = _quoted(name), column.native
    if column.form == VOID:
        return "CAST(NULL AS BOOLEAN)"
    if column.form == ENCODED:  # bytes that encode no text are no text
        text = f"CAST({own} AS STRING)"
        return f"CASE WHEN is_valid_utf8({text}) THEN CAST({text} AS BINARY) END"
    if column.form == COUNT:
        return f"CAST(unix_date({own}) AS BIGINT)" if native == "date" else f"unix_micros({own})"
    if column.form == RAW:
        return f"CAST({own} AS DOUBLE)"
    if column.kind.name == FLOAT:
        return f"CASE WHEN isnan({own}) THEN NULL ELSE CAST({own} AS DOUBLE) + 0.0D END"
    return f"CAST({own} AS BIGINT)" if native in _WHOLE else own
