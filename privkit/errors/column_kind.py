"""The error about a column whose declared type does not fit a statistic, with what can be asked of it instead.

What a person types to bring a column to another type, in the words of the library that the frame is of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError

# Where an engine can, what is no number or no date becomes missing: a strict cast fails on a single value, so that the
# failure of a lazy frame's plan, which is charged, would tell of one row.
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
            (DATES, "text"): "pd.to_datetime({own}, format='ISO8601', errors='coerce')",
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
            (NUMBER, "text"): "{own}.cast(pl.String).cast(pl.Float64, strict=False)",
            (DATES, ""): "{own}.cast(pl.Datetime)",
            (DATES, "text"): "{own}.cast(pl.String).str.to_datetime('%Y-%m-%d', strict=False)",
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
            (NUMBER, "text"): "TRY_CAST({own} AS DOUBLE)",
            (DATES, ""): "CAST({own} AS TIMESTAMP)",
            (DATES, "text"): "TRY_CAST({own} AS TIMESTAMP)",
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
            # Not every backend has a cast that gives null; of a choice it computes the branch that is taken.
            (NUMBER, "text"): (
                "{own}.cast('string').re_search('^-?[0-9]{{1,15}}([.][0-9]{{1,15}})?$')"
                ".ifelse({own}.cast('string'), None).cast('float64')"
            ),
            (NUMBER, "decimal"): "{own}.clip(-10**15, 10**15).cast('float64')",
            (NUMBER, "money"): "{own}.cast('decimal(38, 2)')",
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
            (NUMBER, "text"): "{own}.try_cast('double')",
            (DATES, ""): "{own}.cast('timestamp')",
            (DATES, "text"): "{own}.try_cast('timestamp_ntz')",
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


#: How columns of a kind are told, by the first word of the kind.
_PLURAL = {
    "bytes": "bytes",
    "date": "dates",
    "datetime": "datetimes",
    "duration": "durations",
    "text": "text",
    "time": "times of the day",
}


def _way(column: str, holds: str, library: str, *, derived: bool) -> str | None:
    """Return what can be asked of a column that holds no numbers; None where its values may be numbers."""
    kind, of = holds.partition(" ")[0], repr(column)
    if kind in ("date", "datetime"):
        part = "month" if kind == "date" else "hour"
        zone = "T00:00+00:00" if holds.endswith("zone") else ""
        return (
            f"For its middle date: dp_median({of}, bounds=('2026-01-01{zone}', '2026-12-31{zone}')). For rows by week: "
            f"dp_histogram({of}, every='week', start='2026-01-01', end='2026-12-31'). For a number of it: "
            f"derive={{'{part}': pk.{part}({of})}}."
        )
    if kind == "duration":
        return f"Make it a number in a unit first: {cast(library, column, HOURS, kind)}."
    if kind == "time":
        return f"Make it a number first, as in {cast(library, column, HOURS, kind)}."
    if kind == "text":
        share = f"; for the share of one: dp_share(\"{column} == 'a'\")" if column.isidentifier() else ""
        told = f"For rows of each value: dp_count({of}, keys=['a', 'b']){share}."
        if derived:
            return told
        return f"{told} Where the texts are numbers, declare that first: {cast(library, column, NUMBER, kind)}."
    if kind == "bytes":
        return f"For rows of each value, as text: {cast(library, column, TEXT, kind)}."
    return None


def _refused(dtype: str) -> str:
    """Return which kind of refused values a type has."""
    return "object" if dtype == "Object" else "other"


class ColumnKindError(PrivkitError, TypeError):
    """A column's declared type does not fit the statistic.

    Attributes
    ----------
    column, dtype : str
    """

    column: str = ""
    dtype: str = ""

    @classmethod
    def numbers(cls, column: str, dtype: str, holds: str = "", library: str = "pandas") -> ColumnKindError:
        """The statistic needs a column of numbers, and this one `holds` another kind of values."""
        asked = f"{called()} needs numbers, but column {column!r}"
        if (way := _way(column, holds, library, derived=dtype == holds)) is not None:
            shown = f"holds {_PLURAL[holds.partition(' ')[0]]}" + ("" if dtype == holds else f" (type {dtype})")
            return cls._about(column, dtype, f"{asked} {shown}. {way}")
        cure = f"so that it does not depend on the rows: {cast(library, column, NUMBER)}."
        return cls._of(column, dtype, f"{asked} has", cure)

    @classmethod
    def dates(cls, column: str, dtype: str, kind: str = "", library: str = "pandas") -> ColumnKindError:
        """The project's unit needs a column of dates; `kind` is what it is one of."""
        asked = f"{called()} needs dates to tell a row's window, but column {column!r} has"
        return cls._of(column, dtype, asked, f"for instance by {cast(library, column, DATES, kind)}.")

    @classmethod
    def undated(cls, column: str, dtype: str, kind: str, argument: str, library: str = "pandas") -> ColumnKindError:
        """The values of `argument` are dates, or text of some, and the column is one of a `kind` that is not."""
        way = cast(library, column, DATES, kind)
        message = f"{called()} got dates as {argument}=, but column {column!r} has the type {dtype}. "
        return cls._about(column, dtype, f"{message}Make dates of it first: {way}.")

    @classmethod
    def windows(cls, column: str, dtype: str, kind: str, argument: str, library: str = "pandas") -> ColumnKindError:
        """Bins of dates, asked for by `argument`, are of a column of a `kind` that has none; "" of a derived one."""
        asked = f"{called()} got {argument}=, which counts the dates of a column, but {column!r}"
        if not kind:
            return cls._about(column, dtype, f"{asked} is made by derive=. Take a column of dates of the frame itself.")
        way = "Take a column of dates."
        if kind in ("text", "object"):
            way = f"Make dates of it first: {cast(library, column, DATES, kind)}."
        elif kind == "number":
            way = "For a column of numbers give the edges, as in bins=[0, 18, 65]."
        return cls._about(column, dtype, f"{asked} has the type {dtype}. {way}")

    @classmethod
    def values(cls, column: str, dtype: str, library: str = "pandas") -> ColumnKindError:
        """Values of this type cannot be told apart, each by itself."""
        way = cast(library, column, NUMBER if dtype.startswith("float") else TEXT, _refused(dtype))
        parts = "or take its parts as columns of their own"
        if dtype.startswith("period["):  # pandas' intervals of time
            parts = f"or take each interval at its start: {cast(library, column, DATES, 'period')}"
        if library == "ibis" and (number := re.match("decimal|money", dtype)):  # of any size, as PostgreSQL has them
            parts = f"or, to count with it: {cast(library, column, NUMBER, number[0])}"
        if dtype == "INTERVAL":  # as DuckDB tells it
            parts = f"or take it as a number: {cast(library, column, HOURS, 'interval')}; a month has no fixed length"
        return cls._about(
            column,
            dtype,
            f"{called()} reads column {column!r}, but values of its type, {dtype}, are not told apart one by one. "
            f"Declare another first: {way}, {parts}.",
        )

    @classmethod
    def zone(cls, column: str, zone: str, library: str = "pandas") -> ColumnKindError:
        """The rules of the time zone of a column of dates are not known."""
        return cls._about(
            column,
            zone,
            f"{called()} needs dates to tell a row's window, but the rules of column {column!r}'s time zone {zone!r} "
            f"are not known. Convert it first, for instance by {cast(library, column, UTC)}.",
        )

    @classmethod
    def _of(cls, column: str, dtype: str, asked: str, cure: str) -> ColumnKindError:
        return cls._about(column, dtype, f"{asked} the type {dtype}. Declare its type first, {cure}")

    @classmethod
    def _about(cls, column: str, dtype: str, message: str) -> ColumnKindError:
        error = cls(message)
        error.column, error.dtype = column, dtype
        return error

    @classmethod
    def groups(cls, column: str, dtype: str, kind: str = "", library: str = "pandas") -> ColumnKindError:
        """No group can have a value of this type, which is of a `kind`."""
        return cls._about(
            column,
            dtype,
            f"{called()} groups by text, numbers, booleans, dates or datetimes, but column {column!r} has the type "
            f"{dtype}. Convert it first: {cast(library, column, TEXT, kind)}.",
        )
