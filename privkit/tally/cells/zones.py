"""Time zones: how far local time is ahead of UTC, at any instant, in whole numbers.

The rules are those of `zoneinfo`, that is of the time zone database. They are read once for each zone: the instants at
which its offset changes, from the zone's file, and beyond the last of them what its rule says of each of the fourteen
calendars that a year can have. So an offset is found by one binary search, and no instant is out of range.
"""

from __future__ import annotations

import re
import struct
import zoneinfo
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
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
