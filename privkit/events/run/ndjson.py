"""Files of events, one JSON object a line, streamed from one to another.

Lines of JSON: by orjson where it is installed, else by the standard library, with the same answers.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from privkit.errors.events import EventsInputError, MalformedLineError
from privkit.events.run.plain import Unfit
from privkit.values.files import whole_file

if TYPE_CHECKING:
    from privkit.events.run.closures import Engine


try:
    import orjson
except ImportError:  # an optional extra
    orjson = None  # type: ignore[assignment]

#: Levels of an event: far from where recipes, walking it, meet the end of Python's stack.
DEEPEST = 500
_LONG = re.compile(rb"\d{19}")
_SPACED = (b" :", b"\t:", b"\r:")
_BOM = b"\xef\xbb\xbf"


def reader_of_lines() -> Callable[[bytes], dict[str, Any]]:
    """Return the function from a line to an event.

    It raises Unfit for what is no JSON object, for doubled keys (readers differ in which one they take), for NaN and
    infinity, and for what is nested too deeply. The text names nothing of the content.
    """
    quick, quickly = (orjson.loads, _by_writing) if orjson is not None else (_strict_loads, n_keys)
    spaced_a, spaced_b, spaced_c = _SPACED
    long = _LONG.search

    def read(line: bytes) -> dict[str, Any]:
        # orjson reads a whole number beyond 64 bits as a float, without a word.
        loads, counted = (_strict_loads, n_keys) if long(line) else (quick, quickly)
        try:
            event = loads(line)
        except (ValueError, RecursionError):  # JSONDecodeError holds the line: leave the block before raising
            event = None
            reason = "it is no valid JSON" if _is_utf8(line) else "it is no UTF-8, as JSON always is: convert the file"
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


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


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


_EVERY = 5_000
_BUFFER = 1 << 20
_QUARANTINE_NOTE = "raw lines that were set apart, as they came in: personal data, not treated by any rule"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    events : int
        Lines read.
    share : float
        Of the file's bytes, 0 to 1.
    """

    events: int
    share: float


def stream(
    engine: Engine,
    source: Path,
    output: Path,
    quarantine: Path | None,
    progress: Callable[[Progress], object] | None,
) -> None:
    """Run an engine from one file to another. The output, and the quarantine file, appear only when complete.

    Parameters
    ----------
    engine : Engine
        A fresh run of a recipe.
    source, output : Path
        The files; packed where the name ends with ``.gz``.
    quarantine : Path or None
        Where malformed lines and events that cannot be treated go; None raises.

    Raises
    ------
    MalformedLineError, EventError, UnmatchedFieldsError, EventsInputError
    """
    with ExitStack() as stack:
        lines = stack.enter_context(opened(source))
        apart = None if quarantine is None else stack.enter_context(_Quarantine(quarantine))
        with _complete(output) as out:
            _treat_lines(engine, lines, out.write, apart, _Ticker(source, lines, progress))
            write = writer_of_lines()
            for event in engine.finish():
                out.write(write(event))
            if apart is not None:
                apart.keep()
            engine.commit()


def _treat_lines(
    engine: Engine, lines: IO[bytes], out: Callable[[bytes], object], apart: _Quarantine | None, ticker: _Ticker
) -> None:
    read, write, treat = reader_of_lines(), writer_of_lines(), engine.treat
    account = engine.account
    for number, raw in enumerate(lines, 1):
        line = stripped(raw, number)
        if not line:
            continue
        before = account.n_apart
        try:
            event, reason = read(line), ""
        except Unfit as unfit:
            event, reason = {}, str(unfit)
        if reason:
            _malformed(engine, number, reason, raise_it=apart is None)
        else:
            treated = treat(event, number)
            if treated is not None:
                out(write(treated))
        if apart is not None and account.n_apart > before:
            apart.add(number, account, raw)
        if number % _EVERY == 0:
            ticker(number)
    ticker(account.n_in, 1.0)


def _malformed(engine: Engine, number: int, reason: str, *, raise_it: bool) -> None:
    if raise_it:
        raise MalformedLineError.of(number, reason)
    engine.account.n_in += 1
    engine.account.set_apart(number, reason)


@contextmanager
def opened(source: Path) -> Iterator[IO[bytes]]:
    """Open a file of events; one that ends with ``.gz`` is unpacked."""
    try:
        file = source.open("rb", buffering=_BUFFER)
    except OSError as error:
        raise EventsInputError.output(f"cannot read the file {source.name!r}: {error.strerror}.") from None
    with file:
        if source.suffix == ".gz":
            try:
                with gzip.open(file) as unpacked:
                    yield unpacked  # type: ignore[misc]
            except (EOFError, gzip.BadGzipFile, zlib.error):
                raise EventsInputError.output(
                    f"cannot read the file {source.name!r}: it is not packed by gzip, or its end is missing."
                ) from None
        else:
            yield file


@contextmanager
def _complete(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that gets its name when it is complete; until then it has another, and afterwards none."""
    with ExitStack() as opened:
        try:
            draft = opened.enter_context(whole_file(path, private=True, durable=True))
            file = opened.enter_context(draft.open("wb", buffering=_BUFFER))
        except OSError as error:
            raise EventsInputError.output(f"cannot write beside {path.name!r}: {error.strerror}.") from None
        if path.suffix == ".gz":
            file = opened.enter_context(gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0))  # type: ignore
        yield file


class _Quarantine:
    """The file of what was set apart; made with the first such line, and kept only if the run completes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        self._file: IO[str] | None = None

    def __enter__(self) -> _Quarantine:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()
        self._draft.unlink(missing_ok=True)

    def add(self, number: int, account: Any, raw: bytes) -> None:
        if self._file is None:
            handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(handle, "w", encoding="utf-8")
            self._file.write(json.dumps({"privkit": "quarantine", "note": _QUARANTINE_NOTE}) + "\n")
        reason = account.last_reason
        try:
            told: dict[str, object] = {"line": number, "reason": reason, "raw": raw.decode("utf-8").rstrip("\r\n")}
        except UnicodeDecodeError:
            told = {"line": number, "reason": reason, "raw_base64": base64.b64encode(raw).decode()}
        self._file.write(json.dumps(told, ensure_ascii=False) + "\n")

    def keep(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._draft.replace(self._path)


class _Ticker:
    """Tells how far a run is, by the bytes that were read."""

    def __init__(self, source: Path, lines: IO[bytes], tell: Callable[[Progress], object] | None) -> None:
        self._tell, self._size = tell, source.stat().st_size
        self._file = lines.fileobj if isinstance(lines, gzip.GzipFile) else lines

    def __call__(self, events: int, share: float | None = None) -> None:
        if self._tell is not None:
            self._tell(
                Progress(events, share if share is not None else min(self._file.tell() / max(self._size, 1), 1.0))
            )
