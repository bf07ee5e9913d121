"""The secret key of a project, and the keyed name of a question, by which its answer is found again.

Names of questions that earlier versions gave, in ledgers that they wrote.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, literal_column, select

from privkit.budget.canonical import canonical
from privkit.budget.machine.state import private_folder, shown_state, write_private
from privkit.budget.store import query
from privkit.budget.store.connections import lets_go
from privkit.budget.store.query import joined
from privkit.budget.store.schema import record_table
from privkit.errors import ParameterError
from privkit.values.show import warn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from privkit.budget.book import Book


#: How many bytes a key has, and how many different ones at least: fewer, and it was not drawn at random. (Of 32 random
#: bytes, 16 or fewer are different once in 10^14 draws.)
SIZE, VARIETY = 32, 17
#: The same for the characters of a shared one, which people may write.
SHARED_SIZE, SHARED_VARIETY = 16, 5


def project_key(uid: str) -> bytes | None:
    """Return the secret key of the project with this `uid`, made on first use.

    Teams share one by the environment variable ``PRIVKIT_KEY`` (16 characters or more); otherwise it lies in the user's
    state folder, readable by the user alone. Without a key there is no replay, and every question is a new charge: an
    unkeyed name of a question and its data could be guessed by anyone who reads the ledger.

    Returns
    -------
    bytes or None
        32 bytes; None, with a warning, if the state folder or the file in it cannot be used.

    Raises
    ------
    ParameterError
        If ``PRIVKIT_KEY`` is too weak to keep a secret.
    """
    if shared := shared_key():
        return hmac.new(shared, uid.encode(), hashlib.sha256).digest()
    try:
        path = private_folder("keys") / f"{uid}.key"
        if not path.exists():
            write_private(path, secrets.token_hex(SIZE), replace=False, durable=True)
        key = read_key(path)
    except OSError:
        way = "Set PRIVKIT_STATE_DIR to a folder of your own, or PRIVKIT_KEY."
        _warn(f"the project's key in {shown_state()} cannot be used", way)
        return None
    if key is None:
        way = "Put its backup back; or move that file away, and a new key is made."
        _warn(f"the project's key in {path} cannot be used (it is not the {SIZE} random bytes that were written)", way)
    return key


def shared_key() -> bytes | None:
    """Return what ``PRIVKIT_KEY`` holds, without the end of line that files and shells add; None if it is not set.

    Raises
    ------
    ParameterError
        If it is short, blank or so uniform that it can be guessed.
    """
    shared = os.environ.get("PRIVKIT_KEY", "").rstrip("\r\n")
    if not shared:
        if os.environ.get("PRIVKIT_KEY"):
            raise ParameterError.of("PRIVKIT_KEY", "an empty line", _STRONG)
        return None
    if len(shared) < SHARED_SIZE:
        raise ParameterError.of("PRIVKIT_KEY", f"{len(shared)} characters", _STRONG)
    if len(set(shared)) < SHARED_VARIETY:
        found = f"{len(set(shared))} different characters, which can be guessed"
        raise ParameterError.of("PRIVKIT_KEY", found, _STRONG)
    return shared.encode("utf-8", "surrogateescape")


_STRONG = (
    f"{SHARED_SIZE} characters or more, {SHARED_VARIETY} different ones at least: "
    "python -c 'import secrets; print(secrets.token_hex(32))'"
)


def read_key(path: Path) -> bytes | None:
    """Return the key in a file; None if it holds anything else than one: cut, empty, not drawn at random.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        return None
    return key if len(key) == SIZE and len(set(key)) >= VARIETY else None


def _warn(found: str, way: str) -> None:
    cost = "no answer is replayed, and none is kept for replay, so every question is charged anew"
    warn(f"{found}: {cost}. {way}")


def request_key(key: bytes | None, question: object, data: bytes | str, schema: object = None) -> str | None:
    """Return the keyed name of a question on its data, by HMAC-SHA-256; its form is `privkit.budget.store.query`'s.

    Parameters
    ----------
    key : bytes or None
        From :func:`project_key`.
    question : mapping
        The canonical question.
    data : bytes or str
        The fingerprint of the frame, or its declared version; bytes and text never collide.
    schema : list, optional
        Beside a version: the names and kinds of all columns, so that it names a state of one table alone.

    Returns
    -------
    str or None
        None without a key.

    Raises
    ------
    ValueError
        For a key of another length: a name under a short one could be guessed.

    Examples
    --------
    >>> request_key(bytes(32), {}, "1", [["a", "text"]]) == request_key(bytes(32), {}, "1", [["b", "text"]])
    False
    """
    if key is not None and len(key) != SIZE:
        raise ValueError(f"a key has {SIZE} bytes")
    told = ("bytes", data.hex()) if isinstance(data, bytes) else ("version", data, schema)
    if key is None:
        return None
    text = canonical(question)  # once: it may hold thousands of candidates
    return joined(_digits(key, f'["question",{text}]'), _digits(key, f"[{text},{canonical(list(told))}]"))


def first_request_key(key: bytes | None, question: object, data: bytes | str) -> str | None:
    """Return the name that the first form gave, in which a version named no table."""
    told = ("bytes", data.hex()) if isinstance(data, bytes) else ("version", data)
    return None if key is None else _digits(key, canonical([question, list(told)]))


def _digits(key: bytes, text: str) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


_table = record_table.c
_is_start: ColumnElement[bool] = (_table.project == bindparam("project")) & (
    _table.state == literal_column("'reserved'")
)
#: Names of the first form are digits in hexadecimal; later ones begin with "v" (`privkit.budget.store.query`).
_FIRST = _is_start & (_table.key < literal_column("'g'"))
_ANY = select(_table.entry).where(_FIRST).limit(literal_column("1"))
_QUESTIONS = select(_table.entry, _table.question).where(_FIRST).order_by(_table.seq.desc())


class FirstForm:
    """What a project was asked under names of the first form."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @classmethod
    def of(cls, book: Book, connection: Connection) -> FirstForm | None:
        """Return it; None where the project has no such name. One look-up."""
        return None if connection.execute(_ANY, {"project": book.id}).first() is None else cls(book)

    @lets_go
    def entry(self, key: str | None) -> int | None:
        """Return the entry that has this name, whether it was answered or not; None if there is none."""
        if key is None:
            return None
        with self._book.store.reading() as connection:
            row = query.asked(connection, self._book.id, key)
            return None if row is None else int(row["entry"])

    @lets_go
    def alike(self, question: Mapping[str, Any], *, but: frozenset[str] = frozenset()) -> int | None:
        """Return the last entry that asked the same question, of whatever data; None if there is none.

        What stands under the names in `but` may differ.
        """
        asked = _without(json.loads(canonical(question)), but)
        with self._book.store.reading() as connection:
            rows = connection.execute(_QUESTIONS, {"project": self._book.id}, execution_options={"yield_per": 500})
            for entry, text in rows:
                told = json.loads(text)
                told.pop("notebook", None)
                if _without(told, but) == asked:
                    return int(entry)
        return None


def _without(part: Any, names: frozenset[str]) -> Any:
    """Return a JSON value without what stands under some names, at any depth."""
    if isinstance(part, dict):
        return {name: _without(value, names) for name, value in part.items() if name not in names}
    return [_without(value, names) for value in part] if isinstance(part, list) else part
