"""Values as bytes, so that a keyed hash tells different values apart and equal values never."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from typing import Any

from privkit.events.unfit import Unfit


def joined(parts: Iterable[bytes]) -> bytes:
    """Return the parts one after the other, each with its length before it: ("ab", "c") is not ("a", "bc").

    Examples
    --------
    >>> joined([b"ab", b"c"]) == joined([b"a", b"bc"])
    False
    """
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def encoded(value: Any) -> bytes:
    """Return one value as bytes: injective on texts, numbers, booleans and times.

    Numbers that are equal are one value (5 and 5.0: JSON and pandas do not tell them apart); text and number never
    are (5 and "5").

    Raises
    ------
    Unfit
        For an object or a list, NaN or infinity, and for a float of 2**53 or more: whole numbers of that size
        are not told apart by every reader of JSON, so two ids could become one.
    """
    kind = type(value)
    if kind is str:
        return b"s" + value.encode("utf-8", "surrogatepass")
    if kind is bool:
        return b"b1" if value else b"b0"
    if kind is int:
        return b"n%d" % value
    return _float(value) if kind is float else _other(value)


def _other(value: Any) -> bytes:
    """Encode what JSON does not have, or a type derived from what it has."""
    for base in (str, float):
        if isinstance(value, base):
            return encoded(base(value))
    if isinstance(value, date):
        return b"t" + value.isoformat().encode()
    if isinstance(value, bytes):
        return b"y" + value
    raise Unfit.of("a text, a number or a time", value)


def _float(value: float) -> bytes:
    if not math.isfinite(value):
        raise Unfit("a finite number is needed, but it is NaN or infinite")
    if value.is_integer():
        if abs(value) >= 2**53:
            raise Unfit("the number is too large to be told apart from its neighbors; write ids as text")
        return b"n%d" % int(value)
    return b"n" + float(value).hex().encode()


def encoded_or_none(value: Any) -> bytes:
    """Return one value as bytes; null and missing are one, and no other value's bytes."""
    return b"-" if value is None else encoded(value)
