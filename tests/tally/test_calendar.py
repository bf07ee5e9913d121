"""Dates by the calendar: as Python's datetimes and zones say, at every instant, and total beyond them."""

from __future__ import annotations

import datetime as dt
import struct
import warnings
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privkit.tally.cells.calendar import FIRST, LAST, NONE, date_part, local_days, offsets, windows, zone_known
from privkit.tally.cells.cells import DATE, INSTANT, Kind
from privkit.values.unit import PERIODS

EPOCH = dt.datetime(1970, 1, 1)
SECOND = dt.timedelta(seconds=1)
A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
#: 400 years are a whole number of weeks: calendars and rules come again.
CYCLE = 146_097 * 86_400
EDGES = (-(2**63), -(2**63) + 1, 2**63 - 1, 0, -1, 2**53 + 1, -(2**62))
#: Of every sort: no change at all, by rule, without one, of half hours, of days, two slashes, digits and underscores.
ZONES = [
    "Europe/Zurich",
    "Europe/London",
    "Europe/Dublin",  # summer time is its standard time
    "America/New_York",
    "America/Sao_Paulo",
    "America/Port-au-Prince",
    "America/Argentina/Buenos_Aires",
    "America/Nuuk",  # changes at ten in the evening
    "America/Metlakatla",
    "Africa/Casablanca",  # a month without summer time in each year
    "Africa/Monrovia",
    "Asia/Kathmandu",
    "Asia/Manila",  # one day twice, a day less
    "Asia/Gaza",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # no 30 December 2011
    "Pacific/Kwajalein",
    "Antarctica/Troll",  # by two hours
    "Etc/GMT+1",
    "EST5EDT",
    "UTC",
]


def of_zoneinfo(seconds: int, zone: zoneinfo.ZoneInfo) -> int:
    """Return the offset at an instant; where Python has no datetime, that of 400 years away."""
    if seconds < (FIRST + 2) * 86_400:
        return early(zone)
    while seconds >= (LAST - 1) * 86_400:
        seconds -= CYCLE
    utc = EPOCH + dt.timedelta(seconds=seconds)
    return (zone.fromutc(utc.replace(tzinfo=zone)).replace(tzinfo=None) - utc) // SECOND


def early(zone: zoneinfo.ZoneInfo) -> int:
    """Return the offset before the zone's first change."""
    utc = dt.datetime(1, 1, 3)
    return (zone.fromutc(utc.replace(tzinfo=zone)).replace(tzinfo=None) - utc) // SECOND


def changes(zone: zoneinfo.ZoneInfo, start: int, end: int) -> list[int]:
    """Return the first second after each change of the offset: looked for every quarter of an hour."""
    found = []
    for low in range(start, end, 900):
        if of_zoneinfo(low, zone) != of_zoneinfo(low + 900, zone):
            found += [at for at in range(low + 1, low + 901) if of_zoneinfo(at, zone) != of_zoneinfo(at - 1, zone)]
    return found


@pytest.mark.parametrize("name", ZONES)
@given(st.integers(1880, 2120) | st.integers(1, 9998))
@settings(max_examples=3)
@pytest.mark.sample(0.2)
def test_offsets_are_those_of_zoneinfo(name, year):
    zone = zoneinfo.ZoneInfo(name)
    start = (dt.datetime(year, 1, 1) - EPOCH) // SECOND
    at = changes(zone, start, start + 366 * 86_400)
    asked = sorted({start, *(second + more for second in at for more in (-3601, -1, 0, 1, 3600))})
    found = np.broadcast_to(offsets(np.array(asked), name), len(asked)).tolist()
    assert found == [of_zoneinfo(second, zone) for second in asked]


@pytest.mark.parametrize("name", ZONES)
@given(st.lists(st.integers((FIRST - 400) * 86_400, (LAST + 400) * 86_400), min_size=1, max_size=50))
@settings(max_examples=20)
def test_offsets_agree_at_any_instants_together(name, seconds):
    zone = zoneinfo.ZoneInfo(name)
    found = np.broadcast_to(offsets(np.array(seconds), name), len(seconds)).tolist()
    assert found == [of_zoneinfo(second, zone) for second in seconds]


@pytest.mark.parametrize(
    ("spelled", "ahead"),
    [
        ("UTC", 0),
        ("+02:00", 7200),
        ("-00:30", -1800),
        ("+0530", 19800),
        ("UTC+02:00", 7200),
        ("UTC-03:30", -12600),
        ("+01:02:03", 3723),
        (str(dt.timezone(dt.timedelta(hours=-7))), -25200),
        (str(pd.Timestamp("2026-01-01T00:00+05:45").tz), 20700),
        ("pytz.FixedOffset(-90)", -5400),
        ("tzutc()", 0),
        ("tzoffset(None, -3600)", -3600),
        ("tzoffset('x', 60)", 60),
    ],
)
def test_a_fixed_offset_is_known_however_it_is_spelled(spelled, ahead):
    assert zone_known(spelled)
    assert np.broadcast_to(offsets(np.array([0, 10**10]), spelled), 2).tolist() == [ahead, ahead]


def test_zones_of_dateutil_are_known_by_their_files():
    tz = pytest.importorskip("dateutil.tz").gettz("Europe/Zurich")
    asked = np.array([1_750_000_000])
    for spelled in (str(tz), f"dateutil/{tz._filename}", "tzfile('Europe/Zurich')"):
        assert offsets(asked, spelled) == 7200, spelled


@pytest.mark.parametrize(
    "spelled",
    ["", "Mars/Base", "/etc/passwd", "../UTC", "Europe", "a\0b", "\ud800", "tzlocal()", "<zone>", "+25", "x" * 999],
)
def test_an_unknown_zone_is_told_before_any_instant_is_looked_at(spelled):
    assert not zone_known(spelled)
    with pytest.raises(LookupError):
        offsets(np.array([0]), spelled)


DAYS = st.integers(FIRST, LAST) | st.sampled_from([FIRST, LAST, 0, -1, 11016, 11017, -25509, 47540])
PARTS = {
    "year": lambda day: day.year,
    "month": lambda day: day.month,
    "day": lambda day: day.day,
    "weekday": lambda day: day.isoweekday(),
}


@given(st.lists(DAYS, min_size=1, max_size=40), st.integers(0, 86_399))
def test_parts_of_dates_are_those_of_python(days, second):
    dates = [dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in days]
    units = [Kind(DATE, "D"), *(Kind(INSTANT, unit) for unit in A_SECOND)]
    for kind in units:
        counts = [day if kind.unit == "D" else (86_400 * day + second) * A_SECOND[kind.unit] for day in days]
        fitting = [place for place, count in enumerate(counts) if abs(count) < 2**63]
        cells = np.array([counts[place] for place in fitting], dtype=np.int64)
        for part, of in PARTS.items():
            assert date_part(part, cells, kind).tolist() == [of(dates[place]) for place in fitting]
        assert (date_part("hour", cells, kind) == (0 if kind.unit == "D" else second // 3600)).all()


NAMES = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


@given(st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=40), st.sampled_from(PERIODS))
def test_windows_are_numbered_as_the_periods_of_pandas(days, per):
    periods = pd.Series(np.array(days).astype("datetime64[D]")).dt.to_period(NAMES[per])
    first = pd.Period("1970-01-01", NAMES[per]).ordinal
    expected = [period.ordinal - first for period in periods]
    assert windows(np.array(days), Kind(DATE, "D"), per).tolist() == expected


@pytest.mark.parametrize("zone", ["", "UTC", "+14:00", "-23:59", "Europe/Zurich", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@given(st.lists(st.sampled_from(EDGES) | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
@example([(LAST * 86_400 + 86_399) * 1, FIRST * 86_400, FIRST * 86_400 - 1, (LAST + 1) * 86_400])
@settings(max_examples=15)
def test_every_count_has_the_local_date_that_python_would_give_it_or_none(zone, unit, counts):
    kind = Kind(INSTANT, unit, zone)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        values = np.array(counts, dtype=np.int64)
        days = local_days(values, kind).tolist()
        parts = {part: date_part(part, values, kind).tolist() for part in (*PARTS, "hour")}
        numbers = {per: windows(values, kind, per).tolist() for per in PERIODS}
    for place, count in enumerate(counts):
        seconds = count // A_SECOND[unit]
        outside = not (FIRST - 3) * 86_400 < seconds < (LAST + 3) * 86_400
        local = seconds if outside or not zone else seconds + int(np.ravel(offsets(np.array([seconds]), zone))[0])
        day = local // 86_400
        if not FIRST <= day <= LAST:
            assert {days[place], *(found[place] for found in (*parts.values(), *numbers.values()))} == {NONE}
            continue
        date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
        assert days[place] == day
        assert all(parts[part][place] == of(date) for part, of in PARTS.items())
        assert parts["hour"][place] == local % 86_400 // 3600
        assert numbers["year"][place] == date.year - 1970
        assert numbers["month"][place] == 12 * (date.year - 1970) + date.month - 1


@pytest.mark.parametrize("edge", [dt.date(1, 1, 1), dt.date(9999, 12, 31)])
def test_the_first_and_the_last_date_have_parts_and_their_neighbors_beyond_have_none(edge):
    day = (edge - dt.date(1970, 1, 1)).days
    beyond = day + (1 if edge.year == 9999 else -1)
    for zone, ahead in (("", 0), ("+03:00", 10_800), ("-03:00", -10_800)):
        kind = Kind(INSTANT, "s", zone)
        seconds = np.array([day * 86_400, day * 86_400 + 86_399, beyond * 86_400, beyond * 86_400 + 86_399]) - ahead
        assert date_part("year", seconds, kind).tolist() == [edge.year, edge.year, NONE, NONE]
    for part in ("day", "hour"):
        found = date_part(part, np.array([day, beyond, *EDGES]), Kind(DATE, "D")).tolist()
        within = [edge.day, NONE, NONE, NONE, NONE, 1, 31, NONE, NONE]
        assert found == [each if part == "day" or each == NONE else 0 for each in within]


def test_a_rule_holds_after_the_last_change_that_a_file_lists(tmp_path):
    """Of a file made for it, whose last listed change differs from the rule."""
    types = struct.pack(">lbB", 3600, 0, 0) + struct.pack(">lbB", 1800, 0, 2)
    head = b"TZif2" + bytes(15)
    block = head + struct.pack(">6l", 0, 0, 0, 1, 2, 4)
    data = block + struct.pack(">l", 1000) + b"\1" + types + b"A\0B\0"
    data += block + struct.pack(">q", 1000) + b"\1" + types + b"A\0B\0" + b"\n<X>-5<Y>,M3.2.0,M11.1.0/30\n"
    (tmp_path / "Made").mkdir()
    (tmp_path / "Made" / "Up").write_bytes(data)
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([tmp_path, *before])
    try:
        zone = zoneinfo.ZoneInfo("Made/Up")
        at = changes(zone, 0, 366 * 86_400)
        asked = [-(10**9), 999, 1000, 1001, *at, *(second - 1 for second in at), 10**11]
        assert len(at) == 4
        assert offsets(np.array(asked), "Made/Up").tolist() == [of_zoneinfo(second, zone) for second in asked]
    finally:
        zoneinfo.reset_tzpath(before)


def test_the_repeated_and_the_missing_hour():
    kind = Kind(INSTANT, "us", "Europe/Zurich")
    at = [dt.datetime(2025, 10, 26, hour) for hour in (0, 1)] + [dt.datetime(2026, 3, 29, hour) for hour in (0, 1)]
    counts = np.array([(moment - EPOCH) // dt.timedelta(microseconds=1) for moment in at])
    assert date_part("hour", counts, kind).tolist() == [2, 2, 1, 3]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30), st.data())
def test_a_date_depends_on_its_own_count_alone(counts, data):
    kind = data.draw(
        st.sampled_from(
            [Kind(DATE, "D"), *(Kind(INSTANT, unit, zone) for unit in ("s", "ns") for zone in ("", "America/Nuuk"))]
        )
    )
    whole = {part: date_part(part, np.array(counts), kind) for part in PARTS}
    for place, count in enumerate(counts):
        for part, found in whole.items():
            assert date_part(part, np.array([count]), kind)[0] == found[place]
    order = data.draw(st.permutations(range(len(counts))))
    shuffled = windows(np.array(counts)[order], kind, "quarter")
    assert (shuffled == windows(np.array(counts), kind, "quarter")[order]).all()


def test_no_rows_have_no_dates():
    none = np.empty(0, dtype=np.int64)
    for kind in (Kind(DATE, "D"), Kind(INSTANT, "ns", "Europe/Zurich")):
        assert (
            len(local_days(none, kind)) == len(windows(none, kind, "month")) == len(date_part("hour", none, kind)) == 0
        )
