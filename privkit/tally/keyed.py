"""Counts for public keys: rows matched to groups that the user named.

Dates that a user names, as values of a column's kind: keys and bounds as dates, datetimes or ISO 8601 text.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from privkit.errors import KeysError, ZoneError
from privkit.tally.cells.cells import BYTES, DATE, DURATION, OTHER, TIME
from privkit.tally.engines.opening import engine_of
from privkit.values.expression import checking
from privkit.values.keys import refuse_doubled

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind
    from privkit.values.keys import Keys


def check_key_types(data: object, keys: Keys) -> None:
    """Refuse keys that no value of their column could equal. Reads the schema, never a row.

    Numbers fit columns of numbers, text fits text and categories of text, dates fit dates, and datetimes fit datetimes
    that agree on having a time zone. A column of Python objects tells no type without reading it: every key fits, and
    stands also for cells that write it in another type (:func:`privkit.tally.cells.finding.value_finder`).

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError
    KeysError
        If text is asked of a column of numbers, or the like.
    """
    engine = engine_of(data, keys.by, "by")
    for place, name in enumerate(keys.by):
        kind, shown = column_kind(engine, name)
        if kind == "object":
            continue
        for value in keys.samples[place]:
            if value is not None and key_kind(value) != kind:
                raise KeysError.shape(
                    f"of type {key_kind(value)} for the column {name!r} of type {shown}", f"of type {kind} there"
                )


def key_kind(value: object) -> str:
    """Return what a person calls the kind of a key's value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, datetime):
        return "datetime" if value.tzinfo is None else "datetime with time zone"
    if isinstance(value, date):
        return "date"
    return "text" if isinstance(value, str) else "missing"


def check_derived_keys(derived: Mapping[str, str], keys: Keys) -> None:
    """Refuse keys that no value of a derived column could equal, by the kinds of the expression language.

    Raises
    ------
    KeysError
    """
    for place, name in enumerate(keys.by):
        kind = {"integer": "number"}.get(derived.get(name, ""), derived.get(name, ""))
        if kind not in ("number", "text", "boolean"):
            continue
        for value in keys.samples[place]:
            if value is not None and key_kind(value) != kind:
                found = f"of type {key_kind(value)} for the derived column {name!r} of type {kind}"
                raise KeysError.shape(found, f"of type {kind} there")


def column_kind(data: object, name: str) -> tuple[str, str]:
    """Return what kind of values a column's type promises, and the type's name. Reads the schema, never a row."""
    kind = engine_of(data).schema[name]
    if kind.name in (BYTES, TIME, DURATION, OTHER):
        return f"{kind.word} (no key has it)", kind.shown
    return kind.word, kind.shown


def keyed_counts(data: object, keys: Keys) -> NDArray[np.int64]:
    """Count the rows of each public key; rows of no key are not counted. Shape (len(keys),).

    Stability: a row is counted for at most one key, which depends on that row alone. Reads rows; exact; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.keys import public_keys
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"]})
    >>> keyed_counts(people, public_keys(["zip"], ["8003", "8004"])).tolist()
    [0, 2]
    """
    return engine_of(data, keys.by, "by").keyed_counts(keys)


def date_kind(data: object, column: object) -> Kind | None:
    """Return the kind of a column of dates or instants; None for others. Reads the schema, never a row."""
    kind = engine_of(data).schema.get(column) if isinstance(column, str) else None
    return kind if kind is not None and kind.has_dates else None


_TOO_FINE = re.compile(r"[.,]\d{6}0*[1-9]")


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
        if _TOO_FINE.search(value):  # Python would cut it off, and take it for another moment
            return value
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
