"""The error about a column whose declared type does not fit a statistic, with what can be asked of it instead."""

from __future__ import annotations

from privkit.errors.calls import called
from privkit.errors.casts import DATES, HOURS, NUMBER, TEXT, UTC, cast
from privkit.errors.root import PrivkitError

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
    def undated(cls, column: str, dtype: str, argument: str, library: str = "pandas") -> ColumnKindError:
        """The values of `argument` are dates, or text of some, and the column's type is not."""
        way = cast(library, column, DATES, "text" if dtype.lower().startswith("str") else "")
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
