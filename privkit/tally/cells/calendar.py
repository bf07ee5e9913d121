"""Dates by the calendar: parts and windows of cells that count time, in whole numbers.

Every function is total: what lies outside the years 1 to 9999 in its own local time has no date and gets `NONE`. A
date depends on its count and on the column's kind alone.

Dates that a user typed, as counts of a column's unit.

Time zones: how far local time is ahead of UTC, at any instant, in whole numbers.

The rules are those of `zoneinfo`, that is of the time zone database. They are read once for each zone: the instants at
which its offset changes, from the zone's file, and beyond the last of them what its rule says of each of the fourteen
calendars that a year can have. So an offset is found by one binary search, and no instant is out of range.
"""

from __future__ import annotations

import re
import struct
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.cells import DATE, Kind
from privkit.values.expression import checking

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Transitions = tuple[NDArray[np.int64], NDArray[np.int64]]
_EPOCH = datetime(1970, 1, 1)
_DAY = 86_400
#: How often a rule is asked: no two of its changes take each other back within half a day.
_STEP = _DAY // 2
_NEVER = np.iinfo(np.int64).min
#: "+02:00", "UTC-03:30", "-00:25:21".
_FIXED = re.compile(r"(?:UTC|GMT)?([+-])(\d\d):?(\d\d)(?::?(\d\d))?")
#: How pytz and dateutil write an offset, in minutes and in seconds.
_MINUTES, _SECONDS = re.compile(r"pytz\.FixedOffset\((-?\d+)\)"), re.compile(r"tzoffset\([^,]*, (-?\d+)\)")
#: A file of the database, as dateutil writes its zones.
_FILE = re.compile(r"(?:tzfile\(|dateutil/)['\"]?(?:.*zoneinfo/)?([^'\"]+)['\"]?\)?")


def zone_known(zone: str) -> bool:
    """Whether the zone's offsets are known; a column of a zone that is not is refused by its kind.

    Examples
    --------
    >>> zone_known("America/Port-au-Prince"), zone_known("Etc/GMT+1"), zone_known("+02:00"), zone_known("Mars/Base")
    (True, True, True, False)
    """
    try:
        _transitions(zone)
    except LookupError:
        return False
    return True


def offsets(seconds: NDArray[np.int64], zone: str) -> NDArray[np.int64] | np.int64:
    """Return how many seconds local time is ahead of UTC at each second since 1970; one number where all agree.

    Before the first change of a zone its first offset holds (its local mean time, mostly), and after the year 9999
    what holds in the year 10000.

    Raises
    ------
    LookupError
        If the zone is not known: see `zone_known`.

    Examples
    --------
    >>> offsets(np.array([1761440399, 1761440400]), "Europe/Zurich").tolist()  # the end of summer time in 2025
    [7200, 3600]
    """
    instants, ahead = _transitions(zone)
    if not len(seconds):
        return ahead[0]
    # Rows mostly lie within a few years: the search is among their changes alone.
    low, high = np.searchsorted(instants, [seconds.min(), seconds.max()], side="right")
    if low == high:
        return ahead[low]
    if high - low == 1:
        return np.where(seconds >= instants[low], ahead[high], ahead[low])
    found: NDArray[np.int64] = ahead[low : high + 1][np.searchsorted(instants[low:high], seconds, side="right")]
    return found


@lru_cache(maxsize=256)
def _transitions(zone: str) -> Transitions:
    """Return the instants at which the offset changes, and the offset before the first and from each one on."""
    if (fixed := _fixed(zone)) is not None:
        return np.empty(0, dtype=np.int64), np.array([fixed], dtype=np.int64)
    key = found.group(1) if (found := _FILE.fullmatch(zone)) else zone
    try:
        rules, listed = zoneinfo.ZoneInfo(key), _listed(key)
    except (KeyError, ValueError, OSError, struct.error) as error:
        raise LookupError("no such time zone") from error
    instants = [*listed, *(at + 1 for at in listed[-1:])]  # a rule holds after the last listed change, not at it
    ahead = [_offset(rules, at) for at in instants]
    first = _offset(rules, _seconds(datetime(1, 1, 3)))
    later, ahead_later = _ruled(rules, listed[-1] if listed else None)
    every = np.append(np.array(instants, dtype=np.int64), later)
    values = np.append(np.array([first, *ahead], dtype=np.int64), ahead_later)
    changed = np.flatnonzero(values[1:] != values[:-1])
    return every[changed], values[np.append(0, changed + 1)]


def _fixed(zone: str) -> int | None:
    if zone in ("UTC", "utc", "Z", "GMT", "tzutc()"):
        return 0
    if found := _MINUTES.fullmatch(zone):
        return 60 * int(found.group(1))
    if found := _SECONDS.fullmatch(zone):
        return int(found.group(1))
    if not (found := _FIXED.fullmatch(zone)):
        return None
    sign, hours, minutes, seconds = found.groups(default="0")
    return (-1 if sign == "-" else 1) * (3600 * int(hours) + 60 * int(minutes) + int(seconds))


def _listed(key: str) -> list[int]:
    """Return the changes that the zone's file lists; its format is RFC 8536."""
    data = next((path.read_bytes() for folder in zoneinfo.TZPATH if (path := Path(folder, key)).is_file()), None)
    if data is None:
        package, _, name = f"tzdata/zoneinfo/{key}".rpartition("/")
        data = resources.files(package.replace("/", ".")).joinpath(name).read_bytes()
    header = struct.Struct(">4sc15x6l")
    _, version, utc, standard, leaps, times, types, letters = header.unpack_from(data)
    start, size = header.size, 4
    if version != b"\0":  # the second part, in 64 bits
        start += 5 * times + 6 * types + letters + 8 * leaps + standard + utc
        times = header.unpack_from(data, start)[5]
        start, size = start + header.size, 8
    # Some files begin with a change before all time.
    return [at for at in np.frombuffer(data, f">i{size}", times, start).tolist() if at > _seconds(datetime(1, 1, 3))]


def _ruled(rules: zoneinfo.ZoneInfo, last: int | None) -> Transitions:
    """Return the changes of the years after the last listed one, through the year 10000, and the offsets from them."""
    first = 0 if last is None else (_EPOCH + timedelta(seconds=last)).year
    years = np.arange(first, 10_001)
    begins, ends = (_year_days(each) * _DAY for each in (years, years + 1))
    # A rule speaks of weekdays and days of the year: all years of one length and first weekday are alike.
    calendars = (ends - begins) + begins // _DAY % 7
    instants, ahead = [], []
    sample = (years > first) & (years >= 1600) & (years < max(first + 1, 1600) + 400)
    for calendar in np.unique(calendars[sample]):
        place = int(np.flatnonzero(sample & (calendars == calendar))[0])
        same = begins[calendars == calendar]
        for after, offset in _changes(rules, int(begins[place]), int(ends[place])):
            instants.append(same + after)
            ahead.append(np.full(len(same), offset, dtype=np.int64))
    found, offsets_from = np.concatenate(instants), np.concatenate(ahead)
    later = found > (_NEVER if last is None else last + 1)
    order = np.argsort(found[later])
    return found[later][order], offsets_from[later][order]


def _changes(rules: zoneinfo.ZoneInfo, start: int, end: int) -> list[tuple[int, int]]:
    """Return the offset at the start of a year and at each change, by the seconds since then."""
    offset = _offset(rules, start)
    found, low = [(0, offset)], start
    for high in (*range(start + _STEP, end, _STEP), end - 1):
        last = _offset(rules, high)
        while offset != last:
            before, after = low, high
            while after - before > 1:  # the offset is the old one at `before`, and another at `after`
                middle = (before + after) // 2
                before, after = (middle, after) if _offset(rules, middle) == offset else (before, middle)
            low, offset = after, _offset(rules, after)
            found.append((low - start, offset))
        low = high
    return found


def _offset(rules: zoneinfo.ZoneInfo, seconds: int) -> int:
    utc = _EPOCH + timedelta(seconds=seconds)
    return _seconds(rules.fromutc(utc.replace(tzinfo=rules)).replace(tzinfo=None)) - seconds


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _year_days(years: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the day from 1970 on which each year begins."""
    past = years - 1
    return past * 365 + past // 4 - past // 100 + past // 400 - 719_162


#: No date. What stands where a cell is missing may get any number.
NONE = np.iinfo(np.int64).min
#: How many of each unit of time are in a second, and in a day.
A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
A_DAY = {"D": 1} | {unit: 86_400 * many for unit, many in A_SECOND.items()}
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
        If the kind's zone is not known: see `privkit.tally.cells.calendar.zone_known`.

    Examples
    --------
    >>> local_days(np.array([0, 82_800, 2**62]), Kind("instant", "s", "Europe/Zurich")).tolist()
    [0, 1, -9223372036854775808]
    """
    if kind.zone:
        return _guarded(_local_seconds(counts, kind) // 86_400)
    unit = A_DAY[kind.unit]
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
_MICROSECONDS = 86_400 * 10**6


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
        microseconds = (found - date(1970, 1, 1)).days * _MICROSECONDS
    else:
        since = found - datetime(1970, 1, 1, tzinfo=UTC if kind.zone else None)
        microseconds = (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
    if kind.unit == "D":
        return Fraction(microseconds, _MICROSECONDS)
    return microseconds * _A_MICROSECOND[kind.unit]
