"""What a person types to bring a column to another type, in the words of the library that the frame is of."""

from __future__ import annotations

from dataclasses import dataclass, field

#: What a column can be brought to, or a number that can be taken of it.
TEXT, NUMBER, DATES, UTC, HOURS = "text", "number", "dates", "UTC", "hours"


@dataclass(frozen=True)
class _Words:
    """How one library has it; in its texts ``{of}`` is the column's name in quotes, and ``{own}`` the column.

    Attributes
    ----------
    own : str
        The column.
    replaced, added : str
        The frame with ``{new}`` in place of the column, and with it as a column `hours` beside the others.
    ways : dict of (str, str) to str
        The new column, by what it is to be and of which kind it is now; "" for kinds that are not named.
    whole : dict of str to str
        What changes the frame by itself, by what the column is to be.
    """

    own: str
    replaced: str
    added: str
    ways: dict[tuple[str, str], str]
    whole: dict[str, str] = field(default_factory=dict)


#: The words of each library, by the name of its module.
_LIBRARIES = {
    "pandas": _Words(
        "df[{of}]",
        "df.assign(**{{{of}: {new}}})",
        "df.assign(hours={new})",
        {
            (DATES, ""): "pd.to_datetime({own})",
            (DATES, "period"): "{own}.dt.start_time",
            (UTC, ""): "{own}.dt.tz_convert('UTC')",
            (HOURS, "duration"): "{own}.dt.total_seconds() / 3600",
            (HOURS, "time"): "{own}.map(lambda time: time.hour, na_action='ignore')",
        },
        {TEXT: "df.astype({{{of}: 'str'}})", NUMBER: "df.astype({{{of}: 'float64'}})"},
    ),
    "polars": _Words(
        "pl.col({of})",
        "df.with_columns({new})",
        "df.with_columns(hours={new})",
        {
            (TEXT, ""): "{own}.cast(pl.String)",
            (TEXT, "bytes"): "{own}.bin.encode('hex')",
            (TEXT, "duration"): "{own}.dt.to_string()",
            (TEXT, "other"): "pl.when({own}.is_not_null()).then(pl.struct({of}).struct.json_encode()).alias({of})",
            (TEXT, "object"): "{own}.map_elements(str, return_dtype=pl.String)",
            (NUMBER, ""): "{own}.cast(pl.Float64)",
            (DATES, ""): "{own}.cast(pl.Datetime)",
            (DATES, "text"): "{own}.str.to_datetime()",
            (UTC, ""): "{own}.dt.convert_time_zone('UTC')",
            (HOURS, "duration"): "{own}.dt.total_seconds() / 3600",
            (HOURS, "time"): "{own}.dt.hour()",
        },
    ),
    "pyarrow": _Words(
        "table[{of}]",
        "table.set_column(table.column_names.index({of}), {of}, {new})",
        "table.append_column('hours', {new})",
        {
            (TEXT, ""): "{own}.cast('string')",
            (TEXT, "bytes"): "pa.array([None if each is None else each.hex() for each in {own}.to_pylist()], 'string')",
            (TEXT, "other"): "pa.array([None if each is None else str(each) for each in {own}.to_pylist()], 'string')",
            (NUMBER, ""): "{own}.cast('float64')",
            (DATES, ""): "{own}.cast(pa.timestamp('us'))",
            (UTC, ""): "{own}.cast(pa.timestamp('us', 'UTC'))",
            (HOURS, "duration"): "pc.divide({own}.cast(pa.duration('s'), safe=False).cast('int64'), 3600.0)",
            (HOURS, "time"): "pc.hour({own})",
        },
    ),
    "duckdb": _Words(
        "{sql}",
        "* REPLACE ({new} AS {own})",
        "*, {new} AS hours",
        {
            (TEXT, ""): "CAST({own} AS VARCHAR)",
            (TEXT, "bytes"): "hex({own})",
            (NUMBER, ""): "CAST({own} AS DOUBLE)",
            (DATES, ""): "CAST({own} AS TIMESTAMP)",
            (UTC, ""): "{own} AT TIME ZONE 'UTC'",
            (HOURS, "interval"): "epoch({own}) / 3600",
            (HOURS, "time"): "hour({own})",
        },
    ),
    "ibis": _Words(
        "table[{of}]",
        "table.mutate({new}.name({of}))",
        "table.mutate(hours={new})",
        {
            (TEXT, ""): "{own}.cast('string')",
            (NUMBER, ""): "{own}.cast('float64')",
            (DATES, ""): "{own}.cast('timestamp')",
            (UTC, ""): "{own}.cast(\"timestamp('UTC')\")",
            (HOURS, "time"): "{own}.hour()",
        },
    ),
    "pyspark": _Words(
        "df[{of}]",
        "df.withColumn({of}, {new})",
        "df.withColumn('hours', {new})",
        {
            (TEXT, ""): "{own}.cast('string')",
            (TEXT, "bytes"): "F.hex({own})",
            (NUMBER, ""): "{own}.cast('double')",
            (DATES, ""): "{own}.cast('timestamp')",
            (HOURS, "duration"): "{own}.cast('interval second').cast('decimal(18, 6)').cast('double') / 3600",
            (HOURS, "time"): "F.hour({own})",
        },
        {UTC: "df.sparkSession.conf.set('spark.sql.session.timeZone', 'UTC')"},
    ),
}


def cast(library: str, column: str, to: str, kind: str = "") -> str:
    """Return what brings a column to another type.

    Parameters
    ----------
    library : str
        The module of the frame's library; another one is answered as pandas.
    column : str
    to : {"text", "number", "dates", "UTC", "hours"}
        What it is to be; "hours" is a new column of numbers, taken of a duration or of a time of the day (in DuckDB
        also of an "interval", which is of no kind).
    kind : str
        The kind of cells that the column has now, or "".

    Examples
    --------
    >>> print(cast("pandas", "zip", TEXT))
    df.astype({'zip': 'str'})
    >>> print(cast("duckdb", "zip", TEXT))
    relation.project('* REPLACE (CAST("zip" AS VARCHAR) AS "zip")')
    >>> print(cast("polars", "stay", HOURS, "duration"))
    df.with_columns(hours=pl.col('stay').dt.total_seconds() / 3600)
    """
    words = _LIBRARIES.get(library, _LIBRARIES["pandas"])
    names = {"of": repr(column), "sql": '"' + column.replace('"', '""') + '"'}
    if to in words.whole:
        return words.whole[to].format(**names)
    names["own"] = words.own.format(**names)
    way = words.ways.get((to, kind)) or words.ways[to, ""]
    made = (words.added if to == HOURS else words.replaced).format(new=way.format(**names), **names)
    return f"relation.project({made!r})" if library == "duckdb" else made
