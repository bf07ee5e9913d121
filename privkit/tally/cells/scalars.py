"""Python objects, one by one: a text that tells what a cell of an object column is.

A cell is what its *exact* type says. No method of a class that is not listed here is ever called: no ``__eq__``, no
``__hash__``, no ``repr``. A cell of any other type, and one whose value has no text, is missing.

The texts begin with a letter for the type: s text, n number, b boolean, d date, t instant without a zone, z instant in
UTC, c time of day, p duration, x bytes, u UUID. Two cells have one text only if they hold the same value; numbers that
are equal are one, whatever their type: 1, 1.0 and Decimal(1), and 0.0 and -0.0.
"""

from __future__ import annotations

import datetime as dt
import math
import sys
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

#: Whole numbers of more bits, or digits, are told in sixteens: Python writes no more than 4300 digits in tens.
_MOST_BITS, _MOST_DIGITS = 13_000, 3_900
#: Decimals with larger exponents have no text here.
_MOST_EXPONENT = 10_000
_EPOCH = dt.date(1970, 1, 1).toordinal()
#: Nanoseconds in a unit of NumPy's and pandas' times.
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "D": 86_400_000_000_000,
    "W": 604_800_000_000_000,
}
#: Where zones come from whose offsets are looked up; a zone of another module makes its instant missing.
_ZONES = ("datetime", "zoneinfo", "pytz", "dateutil")


def scalar_text(value: object) -> str | None:
    """Return the text that tells an object's type and value; None where it is missing. Never fails.

    Examples
    --------
    >>> from decimal import Decimal
    >>> scalar_text(1), scalar_text(1.0), scalar_text(Decimal("1.00")), scalar_text(True), scalar_text("1")
    ('n1', 'n1', 'n1', 'b1', 's1')
    >>> scalar_text(float("nan")) is None, scalar_text([1]) is None
    (True, True)
    """
    teller = teller_of(type(value))
    if teller is None:
        return None
    try:
        return teller(value)
    except (ValueError, OverflowError, ArithmeticError, TypeError):
        return None


def number_text(value: int | float | Decimal) -> str | None:
    """Return the text of a number: its digits without trailing zeros, and the power of ten.

    Examples
    --------
    >>> number_text(-1200), number_text(0.5), number_text(float("inf")), number_text(-0.0)
    ('n-12e2', 'n5e-1', 'ninf', 'n0')
    """
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "ninf" if value > 0 else "n-inf"
        value = int(value) if value.is_integer() else Decimal(value)
    if isinstance(value, int):
        # Python refuses to write thousands of digits in tens: such numbers are told in sixteens.
        return f"nx{value:x}" if value.bit_length() > _MOST_BITS else _digits_text(value < 0, str(abs(value)), 0)
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return {"F": "n-inf" if sign else "ninf"}.get(str(exponent))
    if abs(exponent) + len(digits) > _MOST_EXPONENT:
        return None
    if exponent + len(digits) > _MOST_DIGITS and value == value.to_integral_value():
        return number_text(int(value))
    return _digits_text(bool(sign), "".join(map(str, digits)), exponent)


def _digits_text(negative: bool, digits: str, exponent: int) -> str:
    digits = digits.lstrip("0")
    short = digits.rstrip("0")
    if not short:
        return "n0"
    exponent += len(digits) - len(short)
    return f"n{'-' if negative else ''}{short}{f'e{exponent}' if exponent else ''}"


def number_of(text: str) -> int | float | Decimal:
    """Return the number that :func:`number_text` told: whole ones as int, others as float where that is exact.

    Examples
    --------
    >>> [number_of(number_text(number)) for number in (120, 0.5, -3.0)]
    [120, 0.5, -3]
    """
    if text.endswith("inf"):
        return float(text[1:])
    if text.startswith("nx"):
        return int(text[2:], 16)
    value = Decimal(text[1:])
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(float(value)) == value else value


def value_of(text: str) -> Any:
    """Return the Python value that :func:`scalar_text` told, or one that equals it.

    Examples
    --------
    >>> [value_of(scalar_text(value)) for value in ("a", 1.0, True, b"x")]
    ['a', 1, True, b'x']
    """
    letter, rest = text[0], text[1:]
    if letter == "d":
        return dt.date.fromordinal(int(rest) + _EPOCH)
    if letter in "tzcp":
        return _time_of(letter, int(rest))
    return {
        "s": lambda: rest,
        "n": lambda: number_of(text),
        "b": lambda: rest == "1",
        "x": lambda: bytes.fromhex(rest),
        "u": lambda: uuid.UUID(rest),
    }[letter]()


def _time_of(letter: str, count: int) -> Any:
    """Return a time in microseconds, as Python has it; one beyond its years as NumPy's."""
    if letter == "c":
        return (dt.datetime.min + dt.timedelta(microseconds=count // 1000)).time()
    try:
        past = dt.timedelta(microseconds=count // 1000)
        if letter == "p":
            return past
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC if letter == "z" else None) + past
    except OverflowError:
        kind = np.timedelta64 if letter == "p" else np.datetime64
        return kind(count // 1_000_000_000, "s")


def _told_datetime(value: dt.datetime) -> str | None:
    days = value.toordinal() - _EPOCH
    seconds = days * 86_400 + value.hour * 3600 + value.minute * 60 + value.second
    nanoseconds = (seconds * 1_000_000 + value.microsecond) * 1_000
    zone = value.tzinfo
    if zone is None:
        return f"t{nanoseconds}"
    if type(zone).__module__.partition(".")[0] not in _ZONES:
        return None
    offset = value.utcoffset()
    if offset is None:
        return None
    microseconds = (offset.days * 86_400 + offset.seconds) * 1_000_000 + offset.microseconds
    return f"z{nanoseconds - microseconds * 1_000}"


def _told_time(value: dt.time) -> str | None:
    if value.tzinfo is not None:
        return None
    microseconds = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    return f"c{microseconds * 1_000}"


def _told_count(letter: str, value: Any) -> str | None:
    """Return the text of a NumPy time by its nanoseconds; None for what is not a time, or counts months."""
    unit, step = np.datetime_data(value.dtype)
    if unit not in _NANOSECONDS or np.isnat(value):
        return None
    return f"{letter}{int(value.view(np.int64)) * step * _NANOSECONDS[unit]}"


_TELLERS: dict[type, Callable[[Any], str | None]] = {
    str: lambda value: f"s{value}",
    np.str_: lambda value: f"s{value}",
    **dict.fromkeys((bool, np.bool_), lambda value: "b1" if value else "b0"),
    int: number_text,
    float: number_text,
    Decimal: number_text,
    dt.date: lambda value: f"d{value.toordinal() - _EPOCH}",
    dt.datetime: _told_datetime,
    dt.time: _told_time,
    dt.timedelta: lambda value: f"p{value // dt.timedelta(microseconds=1) * 1_000}",
    bytes: lambda value: f"x{value.hex()}",
    bytearray: lambda value: f"x{value.hex()}",
    uuid.UUID: lambda value: f"u{value.hex}",
    np.datetime64: lambda value: _told_count("t", value),
    np.timedelta64: lambda value: _told_count("p", value),
    **dict.fromkeys(
        (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64),
        lambda value: number_text(int(value)),
    ),
    **dict.fromkeys((np.float16, np.float32, np.float64), lambda value: number_text(float(value))),
    **dict.fromkeys((np.longlong, np.ulonglong), lambda value: number_text(int(value))),
}


#: By the identity of the type: the hash of a foreign type may be that of a metaclass.
_BY_ID = {id(kind): teller for kind, teller in _TELLERS.items()}


def teller_of(kind: type) -> Callable[[Any], str | None] | None:
    """Return what tells the values of exactly this type; None where nothing does."""
    if (found := _BY_ID.get(id(kind))) is not None or "pandas" not in sys.modules:
        return found
    import pandas as pd

    if kind is pd.Timestamp:
        return lambda value: _told_count("t" if value.tzinfo is None else "z", value.asm8)
    return (lambda value: _told_count("p", value.asm8)) if kind is pd.Timedelta else None
