"""Values of public facts: the gate of each kind, how a ledger holds them, and which of them cannot hold together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from privkit.dp.statistics.histogram import bin_edges
from privkit.dp.statistics.quantile import public_candidates
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.facts import FactsError
from privkit.errors.root import type_told
from privkit.values.bounds import value_bounds
from privkit.values.expression.builders import cut
from privkit.values.keys import KeyValue, codes_of, public_keys

#: A text that begins with a day as ISO 8601 writes it; others are no dates where nothing says that they are.
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?![^T ])")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TOO_FINE = re.compile(r"[.,]\d*[1-9]")
_EXAMPLES = {
    "bounds": "(date(2026, 1, 1), date(2026, 12, 31))",
    "bins": "[date(2026, 1, 1), date(2026, 7, 1), date(2027, 1, 1)]",
    "candidates": "[date(2026, 1, 1), date(2026, 7, 1)]",
}


def is_end(value: object) -> bool:
    """Whether a value may be an end of bounds: a number, a date, a datetime, or ISO text of one.

    Examples
    --------
    >>> is_end(18), is_end("2026-01-31"), is_end("basic"), is_end(True)
    (True, True, False, False)
    """
    return is_number(value) or is_moment(value)


def is_number(value: object) -> bool:
    """Whether a value is a number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_moment(value: object) -> bool:
    """Whether a value is a date or a datetime, or ISO text of one."""
    if not isinstance(value, str):
        return isinstance(value, date)
    if not _ISO.match(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def checked(column: str, kind: str, value: object) -> list[Any]:
    """Return a fact's value as JSON values, refused as the argument of a call would be."""
    if kind != "keys" and isinstance(value, list | tuple) and any(map(is_moment, value)):
        return [_told(column, one) for one in _moments(column, kind, value)]
    if kind == "bounds":
        return value_bounds(value, column).canonical()
    if kind == "bins":
        return [repr(edge) for edge in bin_edges(value)]
    if kind == "candidates":
        return [repr(number) for number in public_candidates(None, value, column)]
    if isinstance(value, list | tuple | set | frozenset):
        value = [_from_toml(one) for one in value]
    keys = [key[0] for key in public_keys([column], value).values]
    return [_told(column, key) for key in keys]


def _moments(column: str, kind: str, values: Sequence[Any]) -> list[date]:
    """Return the dates of bounds, bins or candidates, in their order; of bounds and bins that order is checked.

    A datetime at midnight without a time zone is its day, as calls take it.
    """
    found = [_moment(column, kind, one) for one in values]
    if kind == "bounds" and len(found) != 2:
        raise ParameterError.of(kind, f"{len(found)} dates", f"two dates, for {column!r}", _hint(kind))
    if kind == "bins":
        cut(column, found)  # its gate: days that ascend
        return found
    zoned = {isinstance(one, datetime) and one.tzinfo is not None for one in found}
    if len(zoned) > 1:
        told = "dates of which some have a time zone and some have none"
        raise ParameterError.of(kind, told, f"dates of one kind, for {column!r}", _hint(kind))
    if kind == "bounds":
        if _instant(found[0]) > _instant(found[1]):
            raise ParameterError.of(kind, "an earlier end than its start", "two dates in their order", _hint(kind))
        return found
    if len(set(map(_instant, found))) < len(found):
        raise ParameterError.of(kind, "dates more than once", "a list of dates, each once")
    return sorted(found, key=_instant)


def _moment(column: str, kind: str, value: Any) -> date:
    """Return one date as Python's own, a whole day or a whole second."""
    if hasattr(value, "dtype"):
        raise NotPublicError.of(kind, f"list of {type(value).__name__}")
    if not is_moment(value) or value != value:  # noqa: PLR0124  # NaT
        allowed = f"dates alone, for {column!r} has some"
        raise ParameterError.of(kind, f"{type_told(value)} among dates", allowed, _hint(kind))
    if isinstance(value, str):
        fine = bool(_TOO_FINE.search(value))
        found: date = date.fromisoformat(value) if _DAY.fullmatch(value) else datetime.fromisoformat(value)
    else:
        fine, found = bool(getattr(value, "nanosecond", 0) or getattr(value, "microsecond", 0)), value
    if fine:
        raise ParameterError.of(kind, "a part of a second among dates", "days, or datetimes of whole seconds")
    if not isinstance(found, datetime):
        return found
    found = datetime.fromisoformat(datetime.isoformat(found))  # of a Timestamp, too
    return found.date() if found.tzinfo is None and found.time() == time.min else found


def _hint(kind: str) -> str:
    return f"Example: {_EXAMPLES[kind]}."


def _instant(value: date) -> datetime:
    """Return the first moment of a day, or the moment itself."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


def _told(column: str, key: KeyValue) -> Any:
    """Return a value as a JSON value that is read again as the same: text, integer, boolean and None as they are."""
    if isinstance(key, datetime):
        if getattr(key, "nanosecond", 0):
            raise FactsError.missing(column, "an instant finer than a microsecond")
        return {"datetime": datetime.isoformat(key)}
    if isinstance(key, date):
        return {"date": key.isoformat()}
    return {"float": repr(key)} if isinstance(key, float) else key


_READERS: Mapping[str, Callable[[str], KeyValue]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "float": float,
}


def values_from(kind: str, told: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values of a fact as they were said, from what the ledger holds.

    Examples
    --------
    >>> values_from("bounds", ["18.0", "100.0"]), values_from("bounds", [{"date": "2026-01-01"}])
    ((18.0, 100.0), (datetime.date(2026, 1, 1),))
    """
    return tuple(_from(one) if kind == "keys" or isinstance(one, dict) else float(one) for one in told)


def _from(told: Any) -> KeyValue:
    if not isinstance(told, dict):
        return told  # type: ignore[no-any-return]
    ((name, text),) = told.items()
    return _READERS[name](text)


def same(kind: str, one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two values of a fact are the same, as the ledger holds them."""
    if kind != "keys":
        return list(one) == list(other)
    return codes_of(values_from(kind, one)) == codes_of(values_from(kind, other))


def _from_toml(value: object) -> object:
    """Return a key of a file: missing, which TOML has no word for, is ``{missing = true}``."""
    return None if value == {"missing": True} else value


def refuse_contradictions(told: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse facts of a column that cannot hold together.

    Raises
    ------
    FactsError
    """
    for column, kinds in told.items():
        if "bounds" not in kinds:
            continue
        values = {kind: values_from(kind, fact["is"]) for kind, fact in kinds.items()}
        lower, upper = values["bounds"]
        candidates, edges = values.get("candidates", ()), values.get("bins", ())
        _refuse_mixed(column, lower, (*candidates, *edges))
        if any(not _between(one, lower, upper) for one in candidates):
            way = "Values outside the bounds are clipped, so no candidate lies there."
            raise FactsError.contradiction(column, "candidates lie outside its bounds", way)
        _refuse_keys(column, values.get("keys", ()), lower, upper)
        if edges and lower != upper and (_ascends(edges[-1], lower) or _ascends(upper, edges[0])):
            raise FactsError.contradiction(column, "all of its bins lie outside its bounds", "Name bins within them.")


def _refuse_mixed(column: str, lower: Any, others: Sequence[Any]) -> None:
    """Refuse bounds of numbers beside candidates or bins of dates, and the other way round."""
    if any(isinstance(one, date) != isinstance(lower, date) for one in others):
        raise FactsError.contradiction(column, "some are of numbers, and some of dates", "Name those of one kind.")


def _refuse_keys(column: str, keys: Sequence[Any], lower: Any, upper: Any) -> None:
    """Refuse keys outside bounds, and keys that are no such values at all."""
    dates = isinstance(lower, date)
    alike = [key for key in map(_read_moment, keys) if (isinstance(key, date) if dates else is_number(key))]
    if any(not _between(key, lower, upper) for key in alike):
        raise FactsError.contradiction(column, "keys lie outside its bounds", "Widen the bounds, or drop those keys.")
    if keys and not alike and any(key is not None and not isinstance(key, bool) for key in keys):
        words = "dates" if dates else "numbers"
        told = f"it has bounds of {words}, and keys that are none"
        raise FactsError.contradiction(column, told, "Name one of them.")


def _read_moment(key: Any) -> Any:
    return datetime.fromisoformat(key) if isinstance(key, str) and is_moment(key) else key


def _between(value: Any, lower: Any, upper: Any) -> bool:
    return _ascends(lower, value) and _ascends(value, upper)


def _ascends(one: Any, other: Any) -> bool:
    """Whether `other` lies at `one`, or above it; a day and a moment are compared by their days."""
    return bool(_day(one) <= _day(other) if _by_day(one, other) else one <= other)


def _by_day(one: Any, other: Any) -> bool:
    """Whether two values are compared by day: where one is a day, or one of two moments has no time zone."""
    if not (isinstance(one, date) and isinstance(other, date)):
        return False
    if not (isinstance(one, datetime) and isinstance(other, datetime)):
        return True
    return (one.tzinfo is None) != (other.tzinfo is None)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
