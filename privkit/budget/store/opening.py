"""Opening a ledger's file or database, or making a new one whole.

Migration: an older ledger is brought to this format in one transaction, with every entry and hash as it was.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, inspect, select

from privkit.budget.chain import verify_chain
from privkit.budget.store import query, schema
from privkit.budget.store.fault import fault
from privkit.budget.store.place import FOLDER, Place
from privkit.budget.store.schema import APPLICATION_ID, ledger_table, project_table, record_table, statements
from privkit.budget.store.store import TIMEOUT, Store
from privkit.budget.terms import ProjectTerms
from privkit.errors.ledger import (
    LedgerDamagedError,
    LedgerMissingError,
    LedgerPlaceError,
    LedgerReadOnlyError,
    LedgerVersionError,
)
from privkit.errors.root import NOTHING_SPENT
from privkit.values.files import put

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from privkit.budget.store.store import Store


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


#: Up to this many bytes (about 15,000 entries) all pages are looked at when a file is opened.
QUICK = 16_000_000


def there(path: Path, place: Place) -> bool:
    """Whether a ledger's file is there.

    Raises
    ------
    LedgerReadOnlyError
        If this user may not even see.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        raise LedgerReadOnlyError.denied(place.shown) from None
    except OSError as error:
        raise fault(error, place, TIMEOUT, NOTHING_SPENT) from None
    return True


def make_file(place: Place, *, default: bool) -> None:
    """Make the file of a new ledger, whole under another name first: an empty file is never a ledger.

    Two processes at once make one ledger: who comes second uses the first one's.

    Parameters
    ----------
    place : Place
    default : bool
        Whether nobody named the place; its folder may then be made.
    """
    path = place.path
    assert path is not None
    try:
        if default or path.parent.name == FOLDER:
            _make_folder(path.parent)
        if not path.parent.is_dir():
            raise LedgerMissingError.of(place.shown)
        _make(path)
    except PermissionError:
        raise LedgerReadOnlyError.of(place.shown, budget=NOTHING_SPENT) from None
    except OSError as error:
        if isinstance(error, LedgerMissingError):
            raise
        raise fault(error, place, TIMEOUT, NOTHING_SPENT) from None
    except sqlite3.Error as error:
        if not os.access(path.parent, os.W_OK):
            raise LedgerReadOnlyError.of(place.shown, budget=NOTHING_SPENT) from None
        raise fault(error, place, TIMEOUT, NOTHING_SPENT) from None


def _make_folder(folder: Path) -> None:
    """Make ``.privkit``, with a note to git to leave it alone: released answers do not belong into a repository."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _make(path: Path) -> None:
    draft = path.with_name(f".{uuid.uuid4().hex[:12]}.draft")
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=EXTRA")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={schema.VERSION}")
            for statement in statements("sqlite"):
                connection.execute(statement)
            row = (uuid.uuid4().hex, schema.VERSION, _today())
            connection.execute("INSERT INTO privkit_ledger VALUES (?, ?, ?)", row)
            connection.execute("COMMIT")
        draft.chmod(0o600)
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
        draft.with_name(draft.name + "-journal").unlink(missing_ok=True)


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def check_file(store: Store) -> None:
    """Refuse a file whose pages do not fit together, or that is no ledger.

    All pages of a large file would take too long at each opening: there, `privkit ledger doctor` looks at them, and
    the end of each chain is checked when its project is opened.

    Raises
    ------
    LedgerDamagedError, LedgerVersionError
    """
    migrate(store)
    with store.reading() as connection:
        large = store.size() > QUICK
        if not large and connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() != "ok":
            raise LedgerDamagedError.of(store.place.shown, "its pages do not fit together")
        if connection.execute(select(func.count()).select_from(ledger_table)).scalar_one() == 0:
            raise LedgerDamagedError.of(store.place.shown, "its first row is missing")


def open_server(store: Store, *, create: bool) -> None:
    """Check the tables on a server, or make them.

    Raises
    ------
    LedgerMissingError, LedgerVersionError
    """
    with store.reading() as connection:
        found = inspect(connection).has_table(ledger_table.name)
    if found:
        migrate(store)
        return
    if not create:
        raise LedgerMissingError.of(store.place.shown)
    store.ready = False
    with store.writing() as connection:
        store.lock_all(connection)
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise LedgerPlaceError.of(
                store.place.shown,
                f"the database's encoding is {encoding}, which does not hold every name",
                "Make one for it: createdb --encoding=UTF8 --template=template0 privacy.",
            )
        if not inspect(connection).has_table(ledger_table.name):  # else another process was faster
            for statement in statements("postgresql"):
                connection.exec_driver_sql(statement)
            row = {"id": uuid.uuid4().hex, "version": schema.VERSION, "made": _today()}
            connection.execute(insert(ledger_table), row)
    store.ready = True
