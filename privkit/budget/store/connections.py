"""The connections that this process has open: none outlives the call that opened it, and none is there at a fork.

A ``with`` block does not suffice against Ctrl-C: an interrupt can fall between its last line and its ``__exit__``, and
then the traceback, which a notebook keeps, holds an open connection with its lock. So every call that may open one
closes at its end what its thread has left open since its beginning, twice: an interrupt may hit the first time.

SQLite's mutexes that another thread holds at a fork stay locked in the child for good. So a fork waits until no other
thread is in a transaction, and a transaction begins after the fork.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

from privkit.errors.ledger import LedgerError

P = ParamSpec("P")
R = TypeVar("R")

#: How many seconds a fork waits for the transactions of other threads; then it goes on, as it did before.
PATIENCE = 60.0
# All without locks: a lock is what a fork, or an interrupt before its release, leaves locked. A change of one entry of
# a dict is atomic.
_opened: dict[int, list[Any]] = {}
_forking: dict[int, bool] = {}


class FileConnection(sqlite3.Connection):
    """A connection that is closed when it is told to be, whatever reads from it.

    SQLite puts off the closing of a connection, with its lock, until the last statement on it is finished; and one that
    an interrupt left half read is held by the interrupt's traceback. So its cursors are closed first.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, *args: Any, **options: Any) -> Any:
        """Return a cursor, and remember it as long as it is used."""
        cursor = super().cursor(*args, **options)
        self._cursors.add(cursor)
        return cursor

    def execute(self, *args: Any) -> Any:
        """Run a statement on a cursor that is remembered, unlike that of the base class."""
        return self.cursor().execute(*args)

    def close(self) -> None:
        """Close the cursors, undo what is not committed, which ends every lock, and close the connection.

        The locks must not wait for the closing, which may itself wait for a statement that somebody holds.
        """
        for cursor in list(self._cursors):
            with suppress(sqlite3.Error):  # closed already, with the connection
                cursor.close()
        with suppress(sqlite3.Error):
            super().rollback()
        super().close()


def enter() -> object:
    """Note that this thread begins a transaction, after a fork that is under way; return what `leave` takes."""
    me, token = threading.get_ident(), object()
    while not (mine := _opened.get(me)):
        _opened.setdefault(me, []).append(token)
        if not _forking or me in _forking:
            return token
        _opened.pop(me, None)
        time.sleep(0.001)
    mine.append(token)
    return token


def opened(connection: Any) -> None:
    """Note a connection that this thread opened."""
    if mine := _opened.get(threading.get_ident()):
        mine.append(connection)


def returned(connection: Any) -> None:
    """Note that a connection went back to its pool."""
    if mine := _opened.get(threading.get_ident()):
        mine[:] = [other for other in mine if other is not connection]


def leave(token: object) -> None:
    """Close what this thread opened after it got this `token` and left open.

    A token that is gone closes nothing: the block of an interrupted call may end long after the call, when its
    traceback is thrown away in the midst of another one.
    """
    mine = _opened.get(threading.get_ident(), [])
    for start, other in enumerate(mine):
        if other is token:
            _close(mine, start)
            return


def _close(mine: list[Any], start: int) -> None:
    for connection in mine[start:]:
        if hasattr(connection, "close"):
            with suppress(Exception):  # it is broken: its server, or its file, has let go of it
                connection.close()
    del mine[start:]
    if not mine:
        _opened.pop(threading.get_ident(), None)


@contextmanager
def transaction() -> Iterator[None]:
    """Let no fork happen within the block, and leave no connection open after it."""
    token = enter()
    try:
        yield
    finally:
        leave(token)


def lets_go(function: Callable[P, R]) -> Callable[P, R]:
    """Close at the end of each call whatever connection it left open, however it ends.

    What a driver said is taken off privkit's errors too: it may hold answers, or parts of an address.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        start = len(_opened.get(threading.get_ident(), ()))
        try:
            try:
                return function(*args, **kwargs)
            except LedgerError as error:
                error.__context__ = error.__cause__ = None
                raise
            finally:
                if (mine := _opened.get(threading.get_ident())) is not None:
                    _close(mine, start)
        finally:
            if (mine := _opened.get(threading.get_ident())) is not None:
                _close(mine, start)

    return call


def _before_fork() -> None:
    me = threading.get_ident()
    _forking[me] = True
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        living = {thread.ident for thread in threading.enumerate()}
        if not any(other != me and other in living for other in list(_opened)):
            return
        time.sleep(0.001)


def _after_fork_in_parent() -> None:
    _forking.pop(threading.get_ident(), None)


def _after_fork_in_child() -> None:
    _forking.clear()
    _opened.clear()  # not closed: they belong to the parent


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
