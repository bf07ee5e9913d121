"""Values as bytes, so that a keyed hash tells different values apart and equal values never.

Events as plain dicts, lists and scalars, copied so that the user's stay as they are.

What a rule raises when it meets a value that it cannot work with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from privkit.errors.root import type_told

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


class Unfit(Exception):  # noqa: N818  # never leaves this room: apply() turns it into an EventError
    """A value does not fit a rule; the text names its kind, never the value."""

    @classmethod
    def of(cls, needed: str, found: Any) -> Unfit:
        """The rule needs `needed`, and met a value of another kind."""
        return cls(f"{needed} is needed, but it is {kind_of(found)}")


def kind_of(value: Any) -> str:
    """Return what kind of value it is, in JSON's terms."""
    return "null" if value is None else _KINDS.get(type(value), type_told(value))


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


_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain_event(event: Any) -> dict[str, Any]:
    """Return a copy of one event.

    Raises
    ------
    Unfit
        If it is no object, a field's name is no text, or it is nested too deeply.
    """
    if not isinstance(event, Mapping):
        raise Unfit.of("an object", event)
    try:
        return plain(event)  # type: ignore[no-any-return]
    except RecursionError:
        pass
    raise Unfit("the event is nested too deeply, or holds itself")


def plain(node: Any) -> Any:
    """Return a copy with dicts for mappings, lists for sequences and arrays, and Python's numbers for NumPy's."""
    kind = type(node)
    if kind in _SCALARS:
        return node
    if kind is dict:
        for name in node:
            if type(name) is not str:
                raise Unfit("the name of a field must be text")
        return {name: plain(value) for name, value in node.items()}
    if kind is list or kind is tuple:
        return [plain(value) for value in node]
    if isinstance(node, Mapping):
        return plain(dict(node))
    if hasattr(node, "tolist") and hasattr(node, "dtype"):  # of NumPy, which may not be loaded
        found = node.tolist()
        return found if type(found) in _SCALARS or not isinstance(found, list) else plain(found)
    return _missing_to_none(node)


def _missing_to_none(node: Any) -> Any:
    """Return None for pandas' missing values, which are equal to nothing."""
    if type(node).__name__ in ("NAType", "NaTType"):
        return None
    return node
