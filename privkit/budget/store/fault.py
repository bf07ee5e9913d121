"""Which of privkit's errors a fault of the database is. No text of a driver is passed on: it may hold answers."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from privkit.budget.canonical import UnreadableError
from privkit.errors.ledger import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerMissingError,
    LedgerReadOnlyError,
    LedgerUnreachableError,
)

if TYPE_CHECKING:
    from privkit.budget.store.place import Place

# SQLite's primary result codes: https://www.sqlite.org/rescode.html
SQLITE_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 10, 11, 13, 14, 26


def fault(error: BaseException, place: Place, timeout: float, budget: str | None) -> LedgerError:
    """Return the error that tells a user about a fault of SQLite or PostgreSQL.

    Parameters
    ----------
    error : sqlite3.Error or SQLAlchemyError
    place : Place
        The ledger's place.
    timeout : float
        How many seconds a lock was waited for.
    budget : str or None
        What happened to the budget.
    """
    if isinstance(error, UnicodeEncodeError):
        return LedgerError.unknown(place.shown, "its encoding lacks a character of this entry", budget=budget)
    if isinstance(error, UnreadableError | UnicodeDecodeError):
        return LedgerDamagedError.of(place.shown, "a record cannot be read", budget=budget)
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if place.path is not None:
        return _of_file(cause, place, timeout, budget)
    return _of_server(error, cause, place.shown, timeout, budget)


def _of_file(cause: BaseException, place: Place, timeout: float, budget: str | None) -> LedgerError:
    store = place.shown
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in (SQLITE_BUSY, _LOCKED):
        return LedgerBusyError.of(store, timeout, budget=budget)
    if code == _FULL:
        return LedgerFullError.of(store, budget=budget)
    if isinstance(cause, PermissionError) or (code == _CANTOPEN and not _readable(place)):
        return LedgerReadOnlyError.denied(store, budget=budget)
    if isinstance(cause, FileNotFoundError) or (code == _CANTOPEN and not _there(place)):
        return LedgerMissingError.of(store)
    if code in (_READONLY, _CANTOPEN) and _journal(place):
        return LedgerReadOnlyError.interrupted(store, budget=budget)
    if code in (_READONLY, _CANTOPEN) or getattr(cause, "errno", None) == errno.EROFS:
        return LedgerReadOnlyError.of(store, budget=budget)
    if code == _NOTADB:
        return LedgerDamagedError.of(store, "it is no database, or its beginning is overwritten", budget=budget)
    if code == _CORRUPT:
        return LedgerDamagedError.of(store, "its pages do not fit together", budget=budget)
    if isinstance(cause, sqlite3.OperationalError) and "no such" in str(cause):
        return LedgerDamagedError.of(store, "a table or column is missing", budget=budget)
    if code == _IOERR or isinstance(cause, OSError):
        return LedgerError.unknown(store, "a disk error", budget=budget)
    name = getattr(cause, "sqlite_errorname", type(cause).__name__)
    return LedgerError.unknown(store, name, budget=budget)


def _there(place: Place) -> bool:
    """Whether the file is there, as far as this user may see."""
    return place.path is not None and os.path.exists(place.path)  # noqa: PTH110 - it never raises


def _readable(place: Place) -> bool:
    """Whether this user may read the file, or it is not there at all."""
    path = place.path
    if path is None:
        return True
    try:
        path.stat()
    except PermissionError:
        return False
    except OSError:
        return True
    return os.access(path, os.R_OK)


def _journal(place: Place) -> bool:
    return place.path is not None and os.path.exists(f"{place.path}-journal")  # noqa: PTH110


def _of_server(
    error: BaseException, cause: BaseException, store: str, timeout: float, budget: str | None
) -> LedgerError:
    state = getattr(cause, "sqlstate", None) or ""
    if state == "57014":
        return LedgerBusyError.stopped(store, budget=budget)
    if state in ("55P03", "40001", "40P01"):
        return LedgerBusyError.of_server(store, timeout, budget=budget)
    if state == "53100":
        return LedgerFullError.of(store, budget=budget)
    if taken(cause):
        return LedgerBusyError.crowded(store, timeout, budget=budget)
    if state in ("25006", "42501"):
        return LedgerReadOnlyError.of_server(store, budget=budget)
    if state in ("42P01", "42703", "3F000"):
        return LedgerDamagedError.of_server(store, budget=budget)
    if state in ("22P05", "22021"):
        return LedgerError.unknown(store, "its encoding lacks a character of this entry", budget=budget)
    if state.startswith(("08", "57P", "28", "3D")) or (
        not state and isinstance(error, OperationalError | InterfaceError)
    ):
        return LedgerUnreachableError.of(store, budget=budget)
    kind = f"SQLSTATE {state}" if state else type(cause).__name__
    return LedgerError.unknown(store, kind, budget=budget)


def taken(error: BaseException) -> bool:
    """Whether a server refused a connection since all it may have are in use.

    The driver has no SQLSTATE (53300) for a connection that failed, so its words are looked at, which are English
    unless the whole server speaks another language; then it counts as one that cannot be reached.
    """
    words = ("too many clients", "too many connections", "connection slots are reserved", "no more connections")
    return getattr(error, "sqlstate", None) == "53300" or any(one in str(error) for one in words)


#: What the drivers and the file system raise, and what reading a damaged record does.
FAULTS = (sqlite3.Error, SQLAlchemyError, UnreadableError, UnicodeError, OSError)
