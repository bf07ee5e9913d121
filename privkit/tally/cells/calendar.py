"""Dates by the calendar: parts and windows of cells that count time, in whole numbers.

Every function is total: what lies outside the years 1 to 9999 in its own local time has no date and gets `NONE`. A
date depends on its count and on the column's kind alone.

Dates that a user typed, as counts of a column's unit.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.cells import DATE, Kind
from privkit.tally.cells.zones import offsets
from privkit.values.expression import checking

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


#: No date. What stands where a cell is missing may get any number.
NONE = np.iinfo(np.int64).min
#: How many of each unit of time are in a second, and in a day.
A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_A_DAY = {"D": 1} | {unit: 86_400 * many for unit, many in A_SECOND.items()}
#: 0001-01-01 and 9999-12-31, in days from 1970.
FIRST, LAST = -719_162, 2_932_896


def local_days(counts: NDArray[np.int64], kind: Kind) -> NDArray[np.int64]:
    """Return the number of each date's day, counted from 1970; an instant's is that of its own time zone.

    Parameters
    ----------
    counts : array of int64
        Counts of the kind's unit.
    kind : Kind
        Of dates or instants.

    Raises
    ------
    LookupError
        If the kind's zone is not known: see `privkit.tally.cells.zones.zone_known`.

    Examples
    --------
    >>> local_days(np.array([0, 82_800, 2**62]), Kind("instant", "s", "Europe/Zurich")).tolist()
    [0, 1, -9223372036854775808]
    """
    if kind.zone:
        return _guarded(_local_seconds(counts, kind) // 86_400)
    unit = _A_DAY[kind.unit]
    return _guarded(counts if unit == 1 else counts // unit)


def date_part(part: str, counts: NDArray[np.int64], kind: Kind) -> NDArray[np.int64]:
    """Return the year, month, day, weekday (Monday is 1) or hour of each date, in its own time zone.

    Raises
    ------
    LookupError
        If the kind's zone is not known.

    Examples
    --------
    >>> march = np.array([1_000 * 86_400 * 60 + 1])
    >>> [int(date_part(part, march, Kind("instant", "ms"))[0]) for part in ("year", "month", "day", "weekday")]
    [1970, 3, 2, 1]
    """
    if part == "hour":
        seconds = _local_seconds(counts, kind)
        days = seconds // 86_400
        return np.where(_guarded(days) == NONE, NONE, (seconds - days * 86_400) // 3600)
    days = local_days(counts, kind)
    if part == "weekday":
        return np.where(days == NONE, NONE, _weekdays(days))
    return _by_day(days, lambda known: _civil(known)[("year", "month", "day").index(part)])


def windows(counts: NDArray[np.int64], kind: Kind, per: str) -> NDArray[np.int64]:
    """Return the number of each date's window, counted from 1970: the day, week, month, quarter or year it lies in.

    Raises
    ------
    LookupError
        If the kind's zone is not known.

    Examples
    --------
    >>> days = np.array([0, -4, 20_782])  # 1970-01-01, 1969-12-28, 2026-11-25
    >>> windows(days, Kind("date", "D"), "week").tolist()
    [0, -1, 2969]
    """
    days = local_days(counts, kind)
    if per == "day":
        return days
    if per == "week":  # 1970 began on a Thursday
        return np.where(days == NONE, NONE, (np.maximum(days, FIRST) + 3) // 7)
    months = {"month": 1, "quarter": 3, "year": 12}[per]

    def number(known: NDArray[np.int64]) -> NDArray[np.int64]:
        year, month, _ = _civil(known)
        return ((year - 1970) * 12 + month - 1) // months

    return _by_day(days, number)


def _guarded(days: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the days that are of the years 1 to 9999, and `NONE` for others."""
    if not len(days) or (days.min() >= FIRST and days.max() <= LAST):
        return days
    return np.where((days >= FIRST) & (days <= LAST), days, NONE)


def _local_seconds(counts: NDArray[np.int64], kind: Kind) -> NDArray[np.int64]:
    """Return each instant in whole seconds of local time; beyond all dates some number that is beyond them."""
    if kind.unit == "D":
        return np.clip(counts, FIRST - 1, LAST + 1) * 86_400
    seconds = counts // A_SECOND[kind.unit]
    # Near the ends of 64 bits the sum may wrap around, from beyond all dates to beyond all dates.
    return seconds + offsets(seconds, kind.zone) if kind.zone else seconds


def _weekdays(days: NDArray[np.int64]) -> NDArray[np.int64]:
    return (np.maximum(days, FIRST) + 3) % 7 + 1


def _by_day(days: NDArray[np.int64], work: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return `work` of each day: of each day of the span once, where many rows share few days."""
    if not len(days):
        return days
    low, high = int(days.min()), int(days.max())
    if low == NONE:
        known = days != NONE
        found = np.full(len(days), NONE, dtype=np.int64)
        found[known] = _by_day(days[known], work)
        return found
    if high - low < len(days):
        return work(np.arange(low, high + 1, dtype=np.int64))[days - low]
    return work(days)


def _civil(days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return year, month and day of days within the years 1 to 9999.

    Years are counted from March, so that the day that a leap year has more is the last one: H. Hinnant, "chrono-
    Compatible Low-Level Date Algorithms", 2013.
    """
    shifted = days + 719_468  # from 0000-03-01
    era = shifted // 146_097
    of_era = shifted - era * 146_097
    years = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    from_march = (5 * of_year + 2) // 153
    day = of_year - (153 * from_march + 2) // 5 + 1
    month = np.where(from_march < 10, from_march + 3, from_march - 9)
    return years + era * 400 + (month <= 2), month, day


#: Units of time in a second, and their length in days.
_A_MICROSECOND = {"s": Fraction(1, 10**6), "ms": Fraction(1, 10**3), "us": Fraction(1), "ns": Fraction(10**3)}
_DAY = 86_400 * 10**6


def moment_count(text: str, kind: Kind) -> Fraction:
    """Return how many of the kind's units lie between 1970 and the date that a text names; exact.

    Examples
    --------
    >>> moment_count("1970-01-02T00:00:00.5", Kind("instant", "s"))
    Fraction(172801, 2)
    >>> moment_count("1970-01-01T01:00+01:00", Kind("instant", "ns", "Europe/Zurich"))
    Fraction(0, 1)
    """
    words = checking.DATE if kind.name == DATE else checking.MOMENT if kind.zone else checking.DATETIME
    found = checking.moment(text, words)
    assert found is not None  # the language's checks came before
    if not isinstance(found, datetime):
        microseconds = (found - date(1970, 1, 1)).days * _DAY
    else:
        since = found - datetime(1970, 1, 1, tzinfo=UTC if kind.zone else None)
        microseconds = (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
    if kind.unit == "D":
        return Fraction(microseconds, _DAY)
    return microseconds * _A_MICROSECOND[kind.unit]
