"""The mapping store: which value a random token or a number stands for, until it is forgotten."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from privkit.errors.events import MappingStoreError
from privkit.events.run.plain import encoded, encoded_or_none
from privkit.values.arguments import public

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mapping (
    scope TEXT NOT NULL, value BLOB NOT NULL, token, PRIMARY KEY (scope, value), UNIQUE (scope, token)
) WITHOUT ROWID
"""
_APPLICATION = 0x70726D70


@public
class MappingStore:
    """An SQLite file, of mode 0600, that remembers what each random token and each number stands for.

    It holds the identifiers in clear: whoever has it can reverse the pseudonyms. Keep it apart from the data.
    One run uses it at a time. What a run adds is committed when its output is complete.

    Parameters
    ----------
    path : str or Path
        The file; made when a recipe first uses it.

    Examples
    --------
    >>> import tempfile
    >>> from privkit import events as ev
    >>> store = ev.MappingStore(tempfile.mkdtemp() + "/who.db")
    >>> token = ev.Recipe([ev.pseudonymize("to", mapping=store)]).apply([{"to": "Ada"}]).events[0]["to"]
    >>> store.original(token, "to")
    'Ada'
    >>> store.forget()
    >>> store
    <mapping store 'who.db', forgotten>
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self._forgotten = False

    def __repr__(self) -> str:
        return f"<mapping store {self.path.name!r}{', forgotten' if self._forgotten else ''}>"

    def original(self, token: str | int, path: str = "", *, scope: str | None = None, per: Any = None) -> Any:
        """Return the value that a token or number stands for.

        Parameters
        ----------
        token : str or int
            The pseudonym.
        path : str
            The field that it is in.
        scope : str, optional
            The scope, where the rule named one.
        per : value, optional
            What the rule's field `per` holds, where it named one.

        Raises
        ------
        MappingStoreError
            If the store does not know it, is in use, or was forgotten.
        """
        column = column_of(path, scope)
        columns = [column if per is None else column_per(column, per), column_per(column, per)]
        with self._connection() as connection:
            query = "SELECT value FROM mapping WHERE token = ? AND scope IN (?, ?)"
            row = connection.execute(query, (token, *columns)).fetchone()
        if row is None:
            raise MappingStoreError.unknown_token(self.path.name)
        return _decoded(row[0])

    def __len__(self) -> int:
        """Return how many values are remembered."""
        with self._connection() as connection:
            return int(connection.execute("SELECT count(*) FROM mapping").fetchone()[0])

    def forget_value(self, value: Any) -> int:
        """Forget one value in all scopes, as when a person asks for erasure; return how many entries went.

        Its tokens stay in the data, and nobody can tell any more what they stood for.
        """
        with self._connection() as connection:
            gone = connection.execute("DELETE FROM mapping WHERE value = ?", (encoded(value),)).rowcount
            connection.commit()
            connection.execute("VACUUM")
        return gone

    def forget(self) -> None:
        """Destroy the store: its pseudonyms cannot be reversed any more.

        The content is overwritten and the file removed. Copies and backups of it are yours to remove; a solid-state
        disk may keep old blocks until it reuses them.

        Raises
        ------
        MappingStoreError
            If another run has it open.
        """
        if self.path.exists():
            with self._connection() as connection:
                connection.execute("DELETE FROM mapping")
                connection.commit()
                connection.execute("VACUUM")
            with suppress(OSError), self.path.open("r+b") as file:
                file.write(b"\0" * self.path.stat().st_size)
                file.flush()
                os.fsync(file.fileno())
            self.path.unlink(missing_ok=True)
        self._forgotten = True

    @contextmanager
    def session(self) -> Iterator[MappingSession]:
        """Open the store for one run, alone; what is not committed is rolled back.

        Raises
        ------
        MappingStoreError
            If another run has it open, it was forgotten, or the file is something else.
        """
        with self._connection(create=True) as connection:
            session = MappingSession(connection)
            try:
                yield session
            finally:
                connection.rollback()

    @contextmanager
    def _connection(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        if self._forgotten:
            raise MappingStoreError.forgotten(self.path.name)
        if not create and not self.path.exists():
            raise MappingStoreError.missing(self.path.name)
        connection, failure = None, None
        try:
            connection = _open(self.path)
        except sqlite3.OperationalError as error:
            busy = "locked" in str(error) or "busy" in str(error)
            failure = MappingStoreError.busy if busy else MappingStoreError.unreadable
        except (sqlite3.DatabaseError, OSError):
            failure = MappingStoreError.unreadable
        if connection is None:
            assert failure is not None
            raise failure(self.path.name)
        try:
            yield connection
        finally:
            connection.close()


def _open(path: Path) -> sqlite3.Connection:
    """Open the file for this process alone."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection = sqlite3.connect(path, timeout=0.2, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN EXCLUSIVE")
        known = connection.execute("PRAGMA application_id").fetchone()[0]
        if known not in (0, _APPLICATION) or (
            known == 0 and connection.execute("SELECT * FROM sqlite_master").fetchone()
        ):
            raise sqlite3.DatabaseError("another application's")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(_SCHEMA)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    connection.isolation_level = "DEFERRED"
    return connection


class MappingSession:
    """A store while one run uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._last: dict[str, int] = {}

    def token(self, scope: str, value: bytes, make: Callable[[], str]) -> str:
        """Return the token of a value, made and remembered if it is new."""
        found = self._find(scope, value)
        return found if found is not None else self._add(scope, value, make())

    def number(self, scope: str, value: bytes, start: int) -> int:
        """Return the number of a value, the next free one if it is new."""
        found = self._find(scope, value)
        if found is not None:
            return int(found)
        if scope not in self._last:
            query = "SELECT max(token) FROM mapping WHERE scope = ?"
            last = self._connection.execute(query, (scope,)).fetchone()[0]
            self._last[scope] = start - 1 if last is None else int(last)
        self._last[scope] += 1
        return int(self._add(scope, value, self._last[scope]))

    def commit(self) -> None:
        """Make what was added durable."""
        self._connection.commit()

    def _find(self, scope: str, value: bytes) -> Any:
        query = "SELECT token FROM mapping WHERE scope = ? AND value = ?"
        row = self._connection.execute(query, (scope, value)).fetchone()
        return None if row is None else row[0]

    def _add(self, scope: str, value: bytes, token: Any) -> Any:
        self._connection.execute("INSERT INTO mapping VALUES (?, ?, ?)", (scope, value, token))
        return token


def column_of(path: object, scope: str | None) -> str:
    """Return the name that values of a field are remembered and hashed under: the scope, or the path itself."""
    return f"scope:{scope}" if scope else f"path:{path}"


def column_per(column: str, per: Any) -> str:
    """Return the name of the part of a column that belongs to one value of `per`."""
    return f"{column} {encoded_or_none(per).hex()}"


def as_store(mapping: object) -> MappingStore | None:
    """Return what a user gave as a mapping store."""
    return mapping if mapping is None or isinstance(mapping, MappingStore) else MappingStore(mapping)  # type: ignore[arg-type]


def _decoded(value: bytes) -> Any:
    """Return the value that :func:`encoded` wrote; times come back as text."""
    kind, rest = value[:1], value[1:]
    if kind == b"s":
        return rest.decode("utf-8", "surrogatepass")
    if kind == b"b":
        return rest == b"1"
    if kind == b"n":
        text = rest.decode()
        return float.fromhex(text) if "x" in text else int(text)
    return rest if kind == b"y" else rest.decode()
