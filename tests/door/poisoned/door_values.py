"""Values of every kind, the odd ones first: what a column of that kind may hold, whatever made it."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction

import numpy as np
import pandas as pd

DAY = 86_400
#: Seconds since 1970 of moments at which calendars and clocks end, or are odd.
MOMENTS = {
    "year 1": -62_135_596_800,
    "year 1, six hours in": -62_135_596_800 + 6 * 3600,
    "before year 1": -62_135_596_801,
    "end of 9999": 253_402_300_799,
    "near the end of 9999": 253_402_300_799 - 3 * 3600,
    "year 10000": 253_402_300_800,
    "year 10122": 253_402_300_800 + DAY * 365 * 122,
    "before 1677": -9_300_000_000,
    "after 2262": 9_300_000_000,
    "1970": 0,
    "before 1970": -1,
    "first of two half past two": 1_761_438_600,  # 2025-10-26 00:30 UTC, 02:30 summer time in Zurich
    "second of two half past two": 1_761_442_200,
    "beside the missing hour": 1_743_296_400,  # 2025-03-30 01:00 UTC
    "first of two in New York": 1_762_061_400,  # 2025-11-02 05:30 UTC
    "second of two in New York": 1_762_065_000,
    "the half hour of Lord Howe": 1_743_865_200,  # 2025-04-05 15:00 UTC
    "the missing day of Apia": 1_325_239_200,  # 2011-12-30 10:00 UTC
    "local mean time": -2_717_650_800,
    "leap day": 1_709_164_800,
}
ZONES = (
    "Europe/Zurich",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Port-au-Prince",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Etc/GMT+1",
    "Asia/Kathmandu",
    "UTC",
    "+05:30",
)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
LEAST, MOST = -(2**63), 2**63 - 1


def counts(unit: str) -> tuple[int, ...]:
    """Moments in a unit of time, as 64-bit integers; and the ends of these."""
    found = [second * PER_SECOND[unit] for second in MOMENTS.values()]
    return (*[count for count in found if LEAST < count <= MOST], LEAST + 1, MOST, 2**53 + 1, 1, 2)


#: Ordinary moments, hours of 2026-01-01 UTC and one of 2025.
PLAIN_SECONDS = (1_767_225_600, 1_767_229_200, 1_735_689_600)
PLAIN_DAYS = (20_454, 20_455, 20_089)
DAYS = (
    LEAST // 2**32,
    MOST // 2**32,
    -719_162,  # year 1
    -719_163,
    2_932_896,  # end of 9999
    2_932_897,
    3_000_000,
    0,
    -1,
)

FLOATS = (
    math.nan,
    math.inf,
    -math.inf,
    -0.0,
    0.0,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    -1.7976931348623157e308,
    2.0**53,
    2.0**53 + 2,
    2.0**63,
    2.0**64,
    -(2.0**63),
    0.1,
    9.999999999999998,
    10.0,
    1e-300,
)
INTEGERS = (
    LEAST,
    LEAST + 1,
    MOST,
    MOST - 1,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**60,
    2**60 + 5,
    0,
    -1,
    10,
    2**31,
)
UNSIGNED = (2**64 - 1, 2**64 - 2, 2**63, 2**63 - 1, 2**53 + 1, 2**60 + 5, 0, 10)
WIDES = (10**38 - 1, -(10**38) + 1, 2**53 + 1, 2**63, 2**63 - 1, 2**64, 2**64 - 1, -(2**63) - 1, 0, 10)
TEXTS = (
    "",
    "\0",
    "a\0b",
    "a\0",
    "A",
    "a ",
    " a",
    "é",
    "e\u0301",
    "\uff41",
    "ß",
    "İ",
    "\ufeff",
    "\n",
    "\u2028",
    '"',
    "'",
    "\\",
    "nan",
    "None",
    "NaN",
    "1",
    "1.0",
    "\U0001f468\u200d\U0001f469",
    "\U0010ffff",
    "long " * 2000,
)
SURROGATES = ("\ud800", "a\udfff", "\udce9")
BINARIES = (b"", b"\0", b"a\0", b"A", b"\xff\xfe", b"\xed\xa0\x80", b"x" * 5000)
#: Counts of a time of day and of a duration.
TIMES = (0, 1, 86_399)
SPANS = (LEAST + 1, MOST, 0, -1, 2**53 + 1)


class Text(str, Enum):  # noqa: UP042  # members of StrEnum print as their values
    BASIC = "a"


class Whole(IntEnum):
    ONE = 1


class SubText(str):
    __slots__ = ()


class SubWhole(int):
    pass


class SubFloat(float):
    def __eq__(self, other):
        raise RuntimeError("SECRET-VALUE")

    __hash__ = float.__hash__


class Hostile:
    """Whatever is called of it fails, and says what must not be said."""

    def _fails(self, *_):
        print("SECRET-VALUE")
        raise RuntimeError("SECRET-VALUE")

    __eq__ = __ne__ = __lt__ = __gt__ = __hash__ = __repr__ = __str__ = __bool__ = __len__ = __iter__ = _fails
    __float__ = __int__ = __index__ = __getattr__ = __contains__ = __array__ = _fails


class Interrupting:
    """What stops a program, where something of it is called."""

    def __hash__(self):
        raise KeyboardInterrupt

    def __eq__(self, other):
        raise SystemExit(3)


class Sly:
    """Equal to everything, so that it takes the place of another value."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("a")


class Zone(dt.tzinfo):
    def utcoffset(self, when):
        raise RuntimeError("SECRET-VALUE")

    dst = tzname = utcoffset


def recursive() -> list:
    found: list = []
    found.append(found)
    return found


def deep() -> list:
    found: list = []
    for _ in range(20_000):
        found = [found]
    return found


EAST, WEST = dt.timezone(dt.timedelta(hours=23)), dt.timezone(-dt.timedelta(hours=23))
OBJECTS = (
    True,
    1.0,
    Decimal(1),
    Fraction(1, 3),
    -0.0,
    math.nan,
    math.inf,
    10**400,
    -(10**5000),
    2**53 + 1,
    2**64,
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("-Infinity"),
    Decimal("1E+1000000"),
    Decimal("-0"),
    1j,
    b"a",
    bytearray(b"a"),
    memoryview(b"a"),
    "\ud800",
    "a\0b",
    "A",
    dt.date.min,
    dt.date.max,
    dt.datetime.max,
    dt.datetime.min.replace(tzinfo=EAST),
    dt.datetime.max.replace(tzinfo=WEST),
    dt.datetime(2026, 1, 1, tzinfo=Zone()),
    dt.time(1, 2, tzinfo=Zone()),
    dt.time.max,
    dt.timedelta.max,
    pd.Timestamp.max,
    pd.Timestamp("2026-01-01", tz="Europe/Zurich"),
    pd.Timedelta.min,
    pd.NaT,
    pd.NA,
    np.datetime64("NaT"),
    np.datetime64(2**62, "s"),
    np.timedelta64(1, "Y"),
    np.int64(1),
    np.float64("nan"),
    np.float32(0.1),
    np.longdouble("1e4000"),
    np.str_("a"),
    np.bool_(True),
    np.array([1, 2]),
    np.array(1),
    pd.Series([1, 2]),
    pd.Interval(0, 1),
    pd.Period("2026-01"),
    uuid.UUID(int=7),
    Text.BASIC,
    Whole.ONE,
    SubText("a"),
    SubWhole(1),
    SubFloat(1.0),
    Hostile(),
    Interrupting(),
    Sly(),
    [1],
    ("a", [1]),
    ("a", Hostile()),
    {"a": Hostile()},
    {1, 2},
    frozenset({1}),
    recursive(),
    deep(),
    Ellipsis,
    int,
    len,
    range(3),
)
