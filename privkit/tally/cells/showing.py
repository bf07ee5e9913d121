"""What a cell is called where it names a group: a letter for the type of value, and a text.

Cells as a pandas column: for exact reports and new frames, which are for the owner's eyes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells import cells as kinds
from privkit.tally.cells.cells import Cells, Kind
from privkit.tally.cells.scalars import _MOST_BITS, _NANOSECONDS, number_of, value_of

if TYPE_CHECKING:
    import pandas as pd


#: Takes zeros off a decimal, and no digit.
_EXACTLY = Context(prec=20_000, Emax=MAX_EMAX, Emin=MIN_EMIN)
#: A missing value's.
MISSING = ("n", "")
_EPOCH = date(1970, 1, 1).toordinal()
_A_DAY = 86_400_000_000_000
#: The first and the last day that has a text, as counts since 1970.
_DAYS = (1 - _EPOCH, date.max.toordinal() - _EPOCH)

Told = tuple[str, str]


def told(cells: Cells) -> list[Told | None]:
    """Return for each cell its letter and text; None where it has none, so that it can name no group.

    Numbers are told by value, whole ones without a point: 8004 and 8004.0 are one name; decimals by their digits.
    Instants are told to the microsecond, those of a zone with its offset then. Dates outside the years 1 to 9999, times
    of day, durations and bytes have no text. What a cell is called depends on that cell and the schema alone.

    Parameters
    ----------
    cells : Cells
        Distinct ones: this goes through Python objects.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> told(Cells(Kind(kinds.FLOAT), np.array([8004.0, 0.5, np.nan])))
    [('i', '8004'), ('f', '0.5'), ('n', '')]
    """
    cells = cells.of_values_alone()
    missing = cells.is_missing()
    name = cells.kind.name
    values: Sequence[Any] = [] if name not in _TELLERS and name != kinds.INSTANT else _scalars(cells)
    if name == kinds.INSTANT:
        found = [_instant(int(value) * _NANOSECONDS[cells.kind.unit], cells.kind.zone) for value in values]
    elif name in _TELLERS:
        found = [_TELLERS[name](value) for value in values]
    else:
        found = [None] * len(cells)
    return [MISSING if gone else text for gone, text in zip(missing, found, strict=True)]


def as_told(cells: Cells) -> Cells:
    """Return instants as they are told: two of one microsecond are in one group."""
    if cells.kind.name != kinds.INSTANT or cells.kind.unit != "ns":
        return cells
    inner = cells.of_values
    return Cells(Kind(kinds.INSTANT, "us", cells.kind.zone), inner.values // 1000, inner.missing, cells.codes)


def _scalars(cells: Cells) -> Sequence[Any]:
    values = cells.values
    if isinstance(values, np.ndarray):
        return values.tolist()  # type: ignore[no-any-return]
    if cells.kind.name == kinds.WIDE:
        return values.to_pylist()  # type: ignore[no-any-return]
    from privkit.tally.cells.coding import encoded

    return [text.decode("utf-8", "replace") for text in encoded(values)]


def _number(value: Any) -> Told | None:
    """Return a number's name; None is what stands where a cell is missing."""
    if value is None:
        return None
    if isinstance(value, int):
        return ("i", str(value)) if value.bit_length() <= _MOST_BITS else None
    if isinstance(value, Decimal):
        return _number(int(value)) if value == value.to_integral_value() else ("D", str(value.normalize(_EXACTLY)))
    return ("i", str(int(value))) if value.is_integer() else ("f", repr(value))


def _day(value: int) -> Told | None:
    return ("d", date.fromordinal(value + _EPOCH).isoformat()) if _DAYS[0] <= value <= _DAYS[1] else None


def _instant(nanoseconds: int, zone: str) -> Told | None:
    microseconds = nanoseconds // 1000
    if not _DAYS[0] <= nanoseconds // _A_DAY <= _DAYS[1]:
        return None
    naive = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)  # of local time, or of UTC
    if not zone:
        return "t", naive.isoformat()
    try:
        return "t", naive.replace(tzinfo=UTC).astimezone(_zone(zone)).isoformat()
    except (OverflowError, ValueError):  # a local date outside of Python's
        return None


def _zone(name: str) -> Any:
    """Return a time zone by its name; UTC for one that is not known: a name is public, so no row decides that."""
    from zoneinfo import ZoneInfo

    shift = name.removeprefix("UTC")
    try:
        if shift[:1] in ("+", "-"):
            hours, minutes = int(shift[1:3]), int(shift[-2:])
            offset = timedelta(hours=hours, minutes=minutes)
            return timezone(-offset if shift[0] == "-" else offset)
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):
        return UTC


def _object(text: str) -> Told | None:
    """Return the name of what `privkit.tally.cells.scalars` told."""
    letter, rest = text[0], text[1:]
    if letter == "s":
        return "s", rest
    if letter == "n":
        return _number(number_of(text))
    if letter == "b":
        return "b", str(rest == "1")
    if letter == "d":
        return _day(int(rest))
    if letter in "tz":
        return _instant(int(rest), "UTC" if letter == "z" else "")
    return None


_TELLERS: dict[str, Any] = {
    kinds.BOOLEAN: lambda value: ("b", str(bool(value))),
    kinds.INTEGER: _number,
    kinds.UNSIGNED: _number,
    kinds.FLOAT: _number,
    kinds.WIDE: _number,
    kinds.TEXT: lambda value: None if value is None else ("s", value),
    kinds.DATE: _day,
    kinds.OBJECT: _object,
}


def group_text(parts: Sequence[Told | None]) -> str | None:
    """Return a group's text from its values', or None if one has none."""
    return json.dumps(parts, separators=(",", ":")) if all(part is not None for part in parts) else None


def series_of(cells: Cells) -> pd.Series:
    """Return cells as a pandas column that holds the same values; whole numbers beside missing stay whole.

    Dates are Python's, those beyond the year 9999 texts; times of day count nanoseconds.

    Examples
    --------
    >>> from privkit.tally.cells.cells import INTEGER, Kind
    >>> series_of(Cells(Kind(INTEGER), np.array([1, 2]), np.array([False, True]))).dtype
    Int64Dtype()
    """
    import pandas as pd

    cells = cells.of_values_alone()
    name, values, missing = cells.kind.name, cells.values, cells.is_missing()
    if name == kinds.INSTANT:
        found = pd.Series(np.where(missing, np.iinfo(np.int64).min, values).view(f"M8[{cells.kind.unit}]"))
        return _in_zone(found, cells.kind.zone)
    if name == kinds.DURATION:
        return pd.Series(np.where(missing, np.iinfo(np.int64).min, values).view(f"m8[{cells.kind.unit}]"))
    if name == kinds.FLOAT:
        return pd.Series(values.astype(np.float64, copy=False))
    if name == kinds.DATE:
        return pd.Series(
            [None if gone else _shown_day(int(day)) for day, gone in zip(values, missing, strict=True)], dtype=object
        )
    if name in (kinds.TEXT, kinds.BYTES, kinds.WIDE, kinds.OBJECT) or not isinstance(values, np.ndarray):
        return _of_objects(cells)
    if missing.any():
        dtype = "boolean" if name == kinds.BOOLEAN else "UInt64" if values.dtype.kind == "u" else "Int64"
        wide = values if name == kinds.BOOLEAN else values.astype(dtype.lower())
        array: Any = pd.arrays.BooleanArray if name == kinds.BOOLEAN else pd.arrays.IntegerArray
        return pd.Series(array(wide, missing))
    return pd.Series(values)


def _shown_day(count: int) -> date | str:
    return date.fromordinal(count + _EPOCH) if _DAYS[0] <= count <= _DAYS[1] else f"day {count} since 1970"


def _in_zone(column: pd.Series, zone: str) -> pd.Series:
    if not zone:
        return column
    aware = column.dt.tz_localize("UTC")
    try:
        return aware.dt.tz_convert(zone)
    except (KeyError, ValueError, OSError):  # a zone that pandas does not know
        return aware


def _of_objects(cells: Cells) -> pd.Series:
    import pandas as pd

    if isinstance(cells.values, np.ndarray):
        values = cells.values.tolist()
        if cells.kind.name == kinds.OBJECT:
            values = [None if text is None else value_of(text) for text in values]
    elif cells.kind.name == kinds.TEXT:
        from privkit.tally.cells.coding import encoded

        gone = cells.is_missing()
        texts = [text.decode("utf-8", "replace") for text in encoded(cells.values)]
        values = [None if absent else text for text, absent in zip(texts, gone, strict=True)]
    else:
        values = cells.values.to_pylist()
    return pd.Series(values, dtype=None if values and cells.kind.name == kinds.TEXT else object)
