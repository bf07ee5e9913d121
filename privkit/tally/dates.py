"""Dates that a user names, as values of a column's kind: keys and bounds as dates, datetimes or ISO 8601 text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from privkit.errors import ZoneError
from privkit.tally.cells.cells import DATE
from privkit.tally.engines.opening import engine_of
from privkit.values.expression import checking
from privkit.values.keys import Keys, refuse_doubled

if TYPE_CHECKING:
    from privkit.tally.cells.cells import Kind


def date_kind(data: object, column: object) -> Kind | None:
    """Return the kind of a column of dates or instants; None for others. Reads the schema, never a row."""
    kind = engine_of(data).schema.get(column) if isinstance(column, str) else None
    return kind if kind is not None and kind.has_dates else None


def dated(value: Any, kind: Kind, argument: str, column: str) -> Any:
    """Return a date as its column has it; what is no date of that kind comes back as it was given.

    A column of dates takes days, whose datetimes are at midnight. A column of datetimes takes datetimes, and days for
    their first moment. Where the column has a time zone, a value must have one, for a day begins at another moment in
    each; and where the column has none, a value must have none.

    Raises
    ------
    ZoneError

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> dated("2026-11-23", Kind("date", "D"), "keys", "on")
    datetime.date(2026, 11, 23)
    >>> dated(date(2026, 11, 23), Kind("instant", "us"), "keys", "on")
    datetime.datetime(2026, 11, 23, 0, 0)
    """
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return value
    elif isinstance(value, date) and not isinstance(value, datetime):
        if kind.name == DATE:
            return value
        found = datetime(value.year, value.month, value.day)
    elif not isinstance(value, datetime):
        return value
    if (found.tzinfo is not None) != bool(kind.zone):
        raise ZoneError.differing(argument, column, kind.word, kind.zone)
    if kind.name != DATE:
        if kind.zone and checking.moment(found.isoformat(), checking.MOMENT) is None:  # it has no date in UTC
            return value
        return found
    whole = found.time() == datetime.min.time() and not getattr(found, "nanosecond", 0)
    return found.date() if whole else value


def dated_keys(data: object, keys: Keys) -> Keys:
    """Return keys in which dates are values of their columns' kinds, however they were written. Reads the schema.

    Raises
    ------
    ZoneError, KeysError
        Also if two ways to write one date stand beside each other.
    """
    kinds = {place: kind for place, name in enumerate(keys.by) if (kind := date_kind(data, name)) is not None}
    if not kinds:
        return keys
    made = tuple(
        tuple(
            dated(value, kinds[place], "keys", keys.by[place]) if place in kinds else value
            for place, value in enumerate(key)
        )
        for key in keys.values
    )
    if all(
        one is two for key, other in zip(made, keys.values, strict=True) for one, two in zip(key, other, strict=True)
    ):
        return keys
    refuse_doubled(made)
    return replace(keys, values=made)
