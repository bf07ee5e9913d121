"""States in which a SQLite ledger cannot be read, each for the length of a block; put the file's bytes back after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def damaged(ledger: Path) -> Iterator[None]:
    """Write other bytes over the file."""
    ledger.write_bytes(b"not a ledger" * 1000)
    yield


@contextmanager
def newer(ledger: Path) -> Iterator[None]:
    """Give the file a format that no version has yet."""
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA user_version = 99999")
    yield


@contextmanager
def locked(ledger: Path) -> Iterator[None]:
    """Hold the file's lock."""
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def missing(ledger: Path) -> Iterator[None]:
    """Remove the file."""
    ledger.unlink()
    yield
