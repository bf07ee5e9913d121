"""The presence of a process, told to colleagues by the server: a measurement may take longer than any lease (L5).

A process on another machine cannot be seen. So each process that charges holds a lock of the server's that is named
after it, in a session of its own, for as long as it lives; the server lets go of it when the process ends, or cannot be
reached any more. While it is held, nobody takes the process's reservations for orphans, however old they are. Where it
is not held, a lease counts as before: an earlier version of privkit holds none, and a connection can break.

The lock is shared and excludes nobody: nothing waits for it.
"""

from __future__ import annotations

import atexit
import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from privkit.budget.holder import Holder

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from privkit.budget.store import Store

# One session for each server, by process: after a fork the child has none of its own yet.
_sessions: dict[tuple[int, str], Any] = {}
_HELD = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid::bigint = :high AND objid::bigint = :low)"
)


def show(store: Store) -> None:
    """Let the server tell of this process, if the ledger is on one; once, and anew where the session broke.

    A server that has no session left, or a role that may not, changes nothing: the lease counts then.
    """
    url = store.place.url
    if url is None:
        return
    key = (os.getpid(), url.render_as_string(hide_password=False))
    if (session := _sessions.get(key)) is not None and not session.closed:
        return
    dialect = store.engine().dialect
    with suppress(dialect.loaded_dbapi.Error):
        arguments, options = dialect.create_connect_args(url)
        session = dialect.connect(*arguments, **{**options, "connect_timeout": 10, "autocommit": True})
        session.execute("SELECT pg_advisory_lock_shared(%s)", (_key(Holder.this()),))
        _sessions[key] = session


def seen(connection: Connection, holder: Holder) -> bool:
    """Whether the server tells that a process is there; False on SQLite, where processes see each other or not."""
    if connection.dialect.name == "sqlite":
        return False
    key = _key(holder) & (2**64 - 1)
    return bool(connection.execute(_HELD, {"high": key >> 32, "low": key & (2**32 - 1)}).scalar_one())


@atexit.register
def leave() -> None:
    """Close this process's sessions: what it still measures has a lease from here on."""
    for pid, url in list(_sessions):
        if pid == os.getpid():
            _sessions.pop((pid, url)).close()


def _key(holder: Holder) -> int:
    """Return the name of a process's lock: 64 bits, signed."""
    return int.from_bytes(hashlib.sha256(f"privkit holder {holder}".encode()).digest()[:8], "big", signed=True)
