"""Public candidates of a column of dates: what bounds and candidates come to, as counts of the column's unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from privkit.dp.statistics.quantile import CANDIDATES
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.dp import ValueBoundsRequiredError
from privkit.errors.root import type_told
from privkit.tally.cells.calendar import A_SECOND, moment_count
from privkit.tally.cells.cells import DATE, OBJECT, TEXT
from privkit.tally.engines.opening import engine_of
from privkit.tally.groups import dated

if TYPE_CHECKING:
    from privkit.tally.cells.cells import Kind

#: Floats hold whole seconds of nanoseconds up to here (from 1824 to 2115), and beyond it every second one.
_EXACT = 2**62
_EXAMPLE = "bounds=('2026-01-01', '2026-12-31')"


def date_candidates(kind: Kind, column: str, bounds: object, candidates: object) -> tuple[float, ...]:
    """Return the public candidates of a column of dates, ascending: whole days, or whole seconds of datetimes.

    They are counts of the column's unit, and exact as floats.

    Parameters
    ----------
    kind : Kind
        Of the column.
    bounds : (date, date), optional
        The candidates are 1,001 dates between them, as even as days or seconds allow; each day where there are fewer.
    candidates : list of date, optional

    Raises
    ------
    ParameterError, NotPublicError, ZoneError

    Notes
    -----
    A date is a whole number of its column's unit, and that number alone says which candidate it counts at: what
    `privkit.dp.statistics.quantile` proves of numbers holds as it stands. Dates are made of the chosen counts, which is
    post-processing.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> date_candidates(Kind("date", "D"), "on", ("1970-01-01", "1970-01-04"), None)
    (0.0, 1.0, 2.0, 3.0)
    """
    if (bounds is None) == (candidates is None):
        if bounds is None:
            raise ValueBoundsRequiredError.dates(column)
        raise ParameterError.together(("bounds", "candidates"), "give bounds= or candidates=, not both.")
    if candidates is None:
        if not isinstance(bounds, list | tuple) or len(bounds) != 2:
            hint = f"Example: {_EXAMPLE}."
            raise ParameterError.of(
                "bounds", type_told(bounds), f"two days or datetimes, for {column!r} holds dates", hint
            )
        low, high = (_count(end, kind, "bounds", column) for end in bounds)
        if high < low:
            raise ParameterError.of("bounds", "an earlier end than its start", "two dates in their order")
        return _between(low, high, kind)
    if not isinstance(candidates, Sequence) or isinstance(candidates, str) or not candidates:
        if hasattr(candidates, "dtype") or hasattr(candidates, "columns"):
            raise NotPublicError.of("candidates", type(candidates).__name__)
        raise ParameterError.of("candidates", type_told(candidates), "a list of dates, each once")
    found = sorted(_count(each, kind, "candidates", column) for each in candidates)
    if len(set(found)) < len(found):
        raise ParameterError.of("candidates", "dates more than once", "a list of dates, each once")
    return tuple(map(float, found))


def check_undated(data: object, column: str, **given: object) -> None:
    """Refuse dates as bounds or candidates of a column whose type is text or none: the column's type is what is wrong.

    Raises
    ------
    ColumnKindError
    """
    engine = engine_of(data)
    if (kind := engine.schema.get(column)) is None or kind.name not in (TEXT, OBJECT):
        return
    for argument, values in given.items():
        if isinstance(values, list | tuple) and any(_is_date(value) for value in values):
            raise ColumnKindError.undated(column, kind.shown, argument, engine.library)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, date) or (isinstance(value, str) and bool(datetime.fromisoformat(value)))
    except ValueError:
        return False


def _between(low: int, high: int, kind: Kind) -> tuple[float, ...]:
    """Return even candidates from one count to another."""
    step = _step(kind, 0)
    many = (high - low) // step
    if many < CANDIDATES:
        places = [low + step * place for place in range(many + 1)]
    else:
        places = [low + (many * place // (CANDIDATES - 1)) * step for place in range(CANDIDATES)]
    return tuple(dict.fromkeys(float(place - place % _step(kind, abs(place))) for place in places))


def _step(kind: Kind, size: int) -> int:
    """Return what a candidate of this size is a multiple of, so that a float holds it."""
    if kind.name == DATE:
        return 1
    return A_SECOND[kind.unit] * (2 if size >= _EXACT else 1)


def _count(value: Any, kind: Kind, argument: str, column: str) -> int:
    """Return a date as a count of the column's unit."""
    if hasattr(value, "dtype"):
        raise NotPublicError.of(argument, f"list of {type(value).__name__}")
    found = dated(value, kind, argument, column)
    words = "days" if kind.name == DATE else "days, or datetimes of whole seconds"
    allowed = f"{words}, for {column!r} holds {kind.word}s"
    if isinstance(found, str) or not hasattr(found, "isoformat") or found != found:  # noqa: PLR0124  # NaT
        raise ParameterError.of(argument, f"{type_told(value)} among them", allowed, f"Example: {_EXAMPLE}.")
    if kind.name == DATE and hasattr(found, "hour"):
        raise ParameterError.of(argument, "a time of a day among them", allowed)
    if getattr(found, "nanosecond", 0) or getattr(found, "microsecond", 0):
        raise ParameterError.of(argument, "a part of a second among them", allowed)
    count = moment_count(found.isoformat(), kind)
    whole = int(count)
    if count != whole or abs(whole) >= 2**63 or whole % _step(kind, abs(whole)):
        hint = f"Count in microseconds: df[{column!r}].astype('datetime64[us]')."
        allowed = "a moment that nanoseconds reach, from 1824 to 2115 of whole seconds, else of even ones"
        raise ParameterError.of(argument, f"a moment beyond {column!r}", allowed, hint)
    return whole
