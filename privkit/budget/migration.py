"""Migration: an older ledger is brought to this format in one transaction, with every entry and hash as it was."""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from privkit.budget import query, schema
from privkit.budget.schema import ledger_table, project_table, record_table
from privkit.budget.state import put
from privkit.budget.terms import ProjectTerms
from privkit.budget.verification import verify_chain
from privkit.errors.ledger import LedgerDamagedError, LedgerVersionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from privkit.budget.store import Store

#: Format n to the statements, by dialect, that make it n + 1. They may add tables, columns and indexes; a column of a
#: record enters its hash only where it is not null, so what is there keeps its hashes. Format 1 is the first.
STEPS: dict[int, Callable[[str], list[str]]] = {}


def migrate(store: Store) -> None:
    """Bring a ledger to this format, unless it has it.

    A file is copied to ``<name>.format<n>`` first. All chains are verified before and after; if one does not hold, or
    anything fails, the ledger stays as it was.

    Raises
    ------
    LedgerVersionError
        If the format is newer than this privkit, or older and the ledger is read-only.
    LedgerTamperedError, LedgerDamagedError
        If a chain does not hold.
    """
    store.ready = False
    with store.reading() as connection:
        found = store.version(connection)
    if found > schema.VERSION:
        raise LedgerVersionError.newer(store.place.shown, found, schema.VERSION)
    if found < schema.VERSION:
        if store.place.read_only or any(step not in STEPS for step in range(found, schema.VERSION)):
            raise LedgerVersionError.older(store.place.shown, found, schema.VERSION)
        _back_up(store, found)
        with store.writing() as connection:
            store.lock_all(connection)
            _steps(store, connection)
    store.ready = True


def _steps(store: Store, connection: Connection) -> None:
    before = _verified(store, connection)
    for step in range(store.version(connection), schema.VERSION):  # none, if another process was faster
        for statement in STEPS[step](store.dialect):
            connection.exec_driver_sql(statement)
        row = {"id": uuid.uuid4().hex, "version": step + 1, "made": store.now(connection)}
        connection.execute(insert(ledger_table), row)
        if store.dialect == "sqlite":
            connection.exec_driver_sql(f"PRAGMA user_version={step + 1}")
    if _verified(store, connection) != before:
        raise LedgerDamagedError.of(store.place.shown, "its entries would not survive the change of format")


def _verified(store: Store, connection: Connection) -> dict[str, tuple[int, str]]:
    """Return the number of records and the head of each project, all verified."""
    found = {}
    for row in connection.execute(select(project_table)).mappings().all():
        terms = ProjectTerms.from_json(row["terms"])
        told = verify_chain(store.place.shown, row, query.records(connection, row["id"]), terms)
        found[row["uid"]] = (told.records, told.head)
    counted = connection.execute(select(func.count()).select_from(record_table)).scalar_one()
    if counted != sum(records for records, _ in found.values()):
        raise LedgerDamagedError.of(store.place.shown, "it holds records of no project")
    return found


def _back_up(store: Store, found: int) -> None:
    """Copy a file beside itself; a server has its own backups."""
    path = store.place.path
    if path is None:
        return
    draft = path.with_name(f".{uuid.uuid4().hex[:12]}.draft")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # for its owner alone, as the ledger is
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as target:
            source.backup(target)
        draft.chmod(0o600)
        put(draft, path.with_name(f"{path.name}.format{found}"))
    except OSError as error:
        raise LedgerDamagedError.of(store.place.shown, f"it could not be copied first ({error.strerror})") from None
    finally:
        draft.unlink(missing_ok=True)
