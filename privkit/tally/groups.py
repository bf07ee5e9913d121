"""Counts of groups: of public keys that the user named, and of all that occur, by a text of their values and types.

Dates that a user names, as values of a column's kind: keys and bounds as dates, datetimes or ISO 8601 text.

How many distinct values a column has for each key, nobody counting for more than the bounds allow.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import DuplicateColumnError, KeysError, ZoneError
from privkit.tally.bounding import bounded_cells, bounded_rows, grouped_pairs
from privkit.tally.cells.cells import BYTES, DATE, DURATION, OTHER, TIME, Table
from privkit.tally.cells.coding import classes_of, coded, hash_bytes, hashed
from privkit.tally.cells.showing import MISSING, as_told, group_text, told
from privkit.tally.engines.eager import distinct_pairs, told_apart
from privkit.tally.frame import engine_for, engine_of, needed
from privkit.tally.rows import Source, source_of, unit_columns, units
from privkit.values.expression import checking
from privkit.values.keys import refuse_doubled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind
    from privkit.values.bounds import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


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


#: The key of the hash that stands for a group; secrecy comes from the salt of the counts.
_MARKING = bytes(16)


def group_counts(
    data: object,
    by: Sequence[str],
    unit: str | PrivacyUnit | None,
    bounds: ContributionBounds,
    *,
    salt: bytes | None = None,
) -> dict[str, int]:
    """Count the rows of every group that occurs, each person within the bounds; groups with none left are not there.

    A row's group is the text of its own values (1 and 1.0 are one group, True is another; instants are told to the
    microsecond), whatever other rows hold. Rows with a value that has no such text (a list, a date of the year 10000,
    an integer of thousands of digits) are left out, those in objects as missing. Which rows of a person over the bounds
    stay is told by a keyed hash of the
    person, the group's text and the place among equal rows: never by which other groups occur. Reads rows; spends
    nothing. That a group is there at all is private.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ONE_ROW
    >>> group_counts(pd.DataFrame({"zip": ["8004", "8004", None]}), ["zip"], None, ONE_ROW)
    {'[["s","8004"]]': 2, '[["n",""]]': 1}
    """
    columns = tuple(by)
    apart = unit_columns(unit)
    if apart and apart[0] in columns:
        raise DuplicateColumnError.in_argument("by", [apart[0]])
    engine = engine_of(data, (*columns, *apart), "by")
    found: Counter[str] = Counter()
    if unit is None:
        table, sizes = engine.classes(columns)
        for text, size in zip(_texts(table, columns), sizes.tolist(), strict=True):
            if text is not None:
                found[text] += size
        return dict(found)
    salt = secrets.token_bytes(16) if salt is None else salt
    for rows in engine.parts(apart[0], (*columns, *apart)):
        for text, count in _bounded(rows, columns, unit, bounds, salt):
            found[text] += count
    return dict(found)


def _bounded(
    table: Table, by: tuple[str, ...], unit: str | PrivacyUnit, bounds: ContributionBounds, salt: bytes
) -> Iterator[tuple[str, int]]:
    """Give each group's text and the rows that are kept of it."""
    class_of, first, _ = classes_of([as_told(table[name]) for name in by])
    texts = _texts(table.at(first), by)
    names = {text: place for place, text in enumerate(dict.fromkeys(text for text in texts if text is not None))}
    place_of = np.array([names.get(text, len(names)) for text in texts], dtype=np.int64)  # type: ignore[arg-type]
    places = place_of[class_of]
    source = Source(table, lambda rows: places[rows], len(names), units(table, unit))
    marks = hash_bytes([text.encode("utf-8", "surrogatepass") for text in names], _MARKING)
    for text, count in zip(
        names, bounded_cells(grouped_pairs(source, None), bounds, len(names), salt, marks), strict=True
    ):
        if count > 0:
            yield text, int(count)


def _texts(table: Table, by: tuple[str, ...]) -> list[str | None]:
    """Return the text of each group; None where one of its values has none."""
    columns = []
    for name in by:
        codes, distinct = coded(table[name])
        names = [*told(distinct), MISSING]
        columns.append([names[code] for code in codes.tolist()])
    return [group_text(parts) for parts in zip(*columns, strict=True)]


def key_text(key: Sequence[object]) -> str:
    """Return a group's values as text, each with its type."""
    return json.dumps([_coded(value) for value in key], separators=(",", ":"))


def _coded(value: object) -> tuple[str, str]:
    if value is None:
        return "n", ""
    for kind, types in (("b", bool), ("i", int), ("s", str), ("t", datetime), ("d", date)):
        if isinstance(value, types):
            return kind, value.isoformat() if isinstance(value, date) else str(value)
    if isinstance(value, float):
        return "f", repr(value)
    raise TypeError("a group's value has a type that cannot be released")


def key_values(text: str) -> tuple[Any, ...]:
    """Return the values that :func:`key_text` told.

    Examples
    --------
    >>> key_values(key_text(["8004", None, 3, True, 0.5]))
    ('8004', None, 3, True, 0.5)
    """
    return tuple(_decoded(kind, value) for kind, value in json.loads(text))


def _decoded(kind: str, text: str) -> Any:
    readers: dict[str, Callable[[str], Any]] = {
        "b": lambda t: t == "True",
        "i": int,
        "s": str,
        "f": float,
        "D": Decimal,
        "n": lambda _: None,
        "t": datetime.fromisoformat,
        "d": date.fromisoformat,
    }
    value = readers[kind](text)
    return None if isinstance(value, float) and math.isnan(value) else value


#: The key of the hash that stands for a value where a person's rows are chosen; secrecy comes from the salt.
_TELLING = bytes(16)


def distinct_values(
    data: object,
    value: str,
    *,
    keys: Keys | None = None,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Count the distinct values of `value` in each key's rows; missing values are left out. Shape (n_keys,).

    With a `unit` each person is bounded first. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ONE_ROW
    >>> visits = pd.DataFrame({"shop": ["a", "b", "a", None]})
    >>> distinct_values(visits, "shop", bounds=ONE_ROW).tolist()
    [2]
    """
    engine = engine_for(data, keys, unit, [value])
    if unit is None:
        return engine.distinct(value, keys)
    # Values of two parts could not be compared, so that all rows come in one.
    table = engine.collect(needed(value, keys, unit))
    source = source_of(table, keys, unit)
    codes, known = coded(table[value])
    salt = secrets.token_bytes(16) if salt is None else salt
    kept = bounded_rows(source, told_apart(codes), bounds, salt, marks=hashed(known, _TELLING))
    return distinct_pairs(kept, source.cells, len(known))
