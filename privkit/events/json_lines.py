"""Lines of JSON: by orjson where it is installed, else by the standard library, with the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import repeat
from typing import Any

from privkit.events.unfit import Unfit

try:
    import orjson
except ImportError:  # an optional extra
    orjson = None  # type: ignore[assignment]

#: Levels of an event: far from where recipes, walking it, meet the end of Python's stack.
DEEPEST = 500
_SPACED = (b" :", b"\t:", b"\r:")
_BOM = b"\xef\xbb\xbf"


def reader_of_lines() -> Callable[[bytes], dict[str, Any]]:
    """Return the function from a line to an event.

    It raises Unfit for what is no JSON object, for doubled keys (readers differ in which one they take), for NaN and
    infinity, and for what is nested too deeply. The text names nothing of the content.
    """
    loads, counted = (orjson.loads, _by_writing) if orjson is not None else (_strict_loads, n_keys)
    spaced_a, spaced_b, spaced_c = _SPACED

    def read(line: bytes) -> dict[str, Any]:
        try:
            event = loads(line)
        except (ValueError, RecursionError):  # JSONDecodeError holds the line: leave the block before raising
            event = None
            reason = "it is no valid JSON"
        else:
            reason = "it is no JSON object"
        if type(event) is not dict:
            raise Unfit(reason)
        # Each key has one '":', unless space stands between; so with as many of them as keys, none is doubled.
        try:
            n_written = counted(event)
        except RecursionError:
            raise Unfit("it is nested too deeply") from None
        if line.count(b'":') != n_written or spaced_a in line or spaced_b in line or spaced_c in line:
            _refuse_doubled(line)
        return event

    return read


def _by_writing(event: dict[str, Any]) -> int:
    """Return how many '":' the line of an event has, in which no key is doubled."""
    try:
        return orjson.dumps(event).count(b'":')
    except TypeError:  # it reads a thousand levels, and writes a fourth of them
        return n_keys(event)


def n_keys(event: Any, levels: int = DEEPEST) -> int:
    """Return how many keys an object has, with all those inside; a RecursionError where it has more levels."""
    if type(event) is dict:
        own, inside = len(event), list(event.values())
    elif type(event) is list:
        own, inside = 0, event
    else:
        return 0
    if not levels:
        raise RecursionError
    return own + sum(map(n_keys, inside, repeat(levels - 1)))


def _refuse_doubled(line: bytes) -> None:
    doubled = False

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        event = dict(found)
        doubled = doubled or len(event) < len(found)
        return event

    try:
        json.loads(line, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        doubled = True
    if doubled:
        raise Unfit("a key of it is doubled")


def _strict_loads(line: bytes) -> Any:
    event = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    if b"\\ud" in line.lower():  # half a character cannot be written as UTF-8: an error here, as in orjson
        json.dumps(event, ensure_ascii=False).encode()
    return event


def _no_constant(name: str) -> float:
    raise ValueError("NaN and infinity are no JSON")


def _json_line(event: dict[str, Any]) -> bytes:
    """Return an event as a line, by the standard library."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def writer_of_lines() -> Callable[[dict[str, Any]], bytes]:
    """Return the function from an event to its line."""
    if orjson is None:
        return _json_line
    option, dumps = orjson.OPT_APPEND_NEWLINE, orjson.dumps

    def write(event: dict[str, Any]) -> bytes:
        try:
            return dumps(event, option=option)
        except TypeError:  # a whole number beyond 64 bits
            return _json_line(event)

    return write


def stripped(line: bytes, number: int) -> bytes:
    """Return a line without its ends, the first one without a byte order mark."""
    return (line.removeprefix(_BOM) if number == 1 else line).strip()
