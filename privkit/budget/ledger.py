"""The ledger: projects with their budgets, in one SQLite file or PostgreSQL database.

What it promises; tests cite the numbers.

- L1 Spend before reveal: a noisy value is returned only after its charge, and then its answer, are durable.
- L2 Atomic admission: totals are read, checked and raised in one locked transaction.
- L3 No refunds: a reservation ends as committed, failed or orphaned, and stays charged.
- L4 Same question, same data, same answer, at no cost; ``again=True`` draws anew and is charged.
- L5 Orphans are visible, with the price of asking again.
- L6 Exact arithmetic.
- L7 Append-only, in a chain of hashes that `verify` checks.
- L8 An older copy is noticed, by an anchor outside the file. Detection, not prevention: who owns the file and the data
  can always cheat.
- L9 Fail closed: a ledger that cannot be read or written refuses; none is begun in place of a lost one.
- L10 Durable: rollback journal, ``synchronous=EXTRA``, a local file system.
- L11 The budget belongs to the population that the owner declares, not to a frame, a copy or a folder.
- L12 Several limits hold at once: total, one release, one analyst, a window of time.
- L13 One privacy measure per project.
- L14 Nothing private is stored: no rows, true values, sizes, durations or error texts.
"""

from __future__ import annotations

import getpass
import os
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, inspect, select

from privkit.budget import query
from privkit.budget.account import Account
from privkit.budget.chain import first_link
from privkit.budget.fault import fault
from privkit.budget.place import FOLDER, Place, ledger_place
from privkit.budget.schema import APPLICATION_ID, VERSION, ledger_table, project_table, statements
from privkit.budget.state import put
from privkit.budget.store import TIMEOUT, Store
from privkit.budget.terms import ProjectTerms
from privkit.errors import ParameterError
from privkit.errors.base import NOTHING_SPENT
from privkit.errors.ledger import LedgerDamagedError, LedgerMissingError, LedgerReadOnlyError, LedgerVersionError
from privkit.errors.project import ProjectMismatchError, ProjectNotFoundError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, RowMapping


class Ledger:
    """An open ledger. Holds no connection; may be used by several threads and after a fork.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from privkit.values.loss import PrivacyLoss
    >>> from privkit.values.unit import ROW
    >>> folder = tempfile.TemporaryDirectory()
    >>> ledger = Ledger.open(pathlib.Path(folder.name) / "ledger.db")
    >>> account = ledger.begin("churn", ProjectTerms(PrivacyLoss.of(epsilon=1), ROW))
    >>> held = account.reserve(None, {"ask": "count"}, PrivacyLoss.of(epsilon=0.2))
    >>> account.commit(held, "812").answer, account.remaining
    ('812', ε = 0.8)
    >>> folder.cleanup()
    """

    def __init__(self, store: Store, analyst: str) -> None:
        self._store = store
        self.analyst = analyst

    @property
    def store(self) -> str:
        """Where the ledger is, without a password."""
        return self._store.place.shown

    @classmethod
    def open(
        cls,
        store: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
        analyst: str | None = None,
        timeout: float = TIMEOUT,
    ) -> Ledger:
        """Open a ledger, or begin one.

        Parameters
        ----------
        store : path or str, optional
            A file, or a SQLAlchemy URL of SQLite or PostgreSQL; ``.privkit/ledger.db`` in the working directory.
        create : bool
            Whether to begin a ledger where there is none.
        analyst : str, optional
            To whom charges are written; ``PRIVKIT_ANALYST``, else the name of the user account.
        timeout : float
            How many seconds to wait for a lock.

        Raises
        ------
        LedgerError
            One of its kinds: missing, damaged, read-only, busy, newer, at a place that cannot hold one, unreachable.
        """
        place = ledger_place(store)
        database = Store(place, timeout)
        if place.path is not None:
            _open_file(place, create=create, default=store is None)
            _check_file(database)
        else:
            _open_server(database, create=create)
        return cls(database, analyst or _analyst())

    def projects(self) -> tuple[str, ...]:
        """Return the names of the projects, in the order in which they were begun."""
        with self._store.reading() as connection:
            return tuple(connection.execute(select(project_table.c.name).order_by(project_table.c.id)).scalars())

    def account(self, name: str) -> Account:
        """Return a project's account.

        Raises
        ------
        ProjectNotFoundError
        """
        with self._store.reading() as connection:
            row = query.project_row(connection, name)
        if row is None:
            raise ProjectNotFoundError.of(name, self.projects())
        return self._account(row)

    def begin(self, name: str, terms: ProjectTerms) -> Account:
        """Begin a project; or return its account, if it was begun on the same terms.

        Raises
        ------
        ProjectMismatchError
            If it was begun on other terms.
        """
        _check_name(name)
        with self._store.reading() as connection:
            row = query.project_row(connection, name)
        if row is None:
            row = self._begun(name, terms)
        if differences := ProjectTerms.from_json(row["terms"]).differences(terms):
            raise ProjectMismatchError.of(name, differences)
        return self._account(row)

    def _begun(self, name: str, terms: ProjectTerms, note: str = "") -> RowMapping:
        with self._store.writing() as connection:
            self._store.lock_all(connection)
            row = query.project_row(connection, name)
            if row is None:  # else another process was faster
                fields = {"uid": uuid.uuid4().hex, "name": name, "terms": terms.completed().to_json(), "note": note}
                fields["begun"] = self._store.now(connection)
                number = (connection.execute(select(func.max(project_table.c.id))).scalar_one() or 0) + 1
                connection.execute(insert(project_table), {"id": number, **fields, "hash": first_link(**fields)})
                row = query.project_row(connection, name)
        assert row is not None
        return row

    def _account(self, row: RowMapping) -> Account:
        fields = {field: row[field] for field in ("uid", "name", "terms", "begun", "note")}
        if first_link(**fields) != row["hash"]:
            raise LedgerDamagedError.of(self.store, f"the terms of project {row['name']!r} were changed")
        return Account(self._store, row, self.analyst)


def _analyst() -> str:
    if named := os.environ.get("PRIVKIT_ANALYST"):
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise ParameterError.of("open_project", "name", f"a {type(name).__name__}", "a name (str)")
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise ParameterError.of(
            "open_project", "name", repr(name[:40]), "1 to 200 printable characters", "Example: open_project('churn')."
        )


def _open_file(place: Place, *, create: bool, default: bool) -> None:
    """Make the file of a new ledger, complete under another name first: an empty file is never a ledger."""
    path = place.path
    assert path is not None
    if path.exists():
        return
    if not create or place.read_only:
        raise LedgerMissingError.of(place.shown)
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        if default or path.parent.name == FOLDER:
            path.parent.mkdir(parents=True, exist_ok=True)
            ignore = path.parent / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n", encoding="utf-8")
        if not path.parent.is_dir():
            raise LedgerMissingError.of(place.shown)
        try:
            with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
                _fill(connection)
            put(draft, path)
        finally:
            draft.unlink(missing_ok=True)
            draft.with_name(draft.name + "-journal").unlink(missing_ok=True)
    except PermissionError:
        raise LedgerReadOnlyError.of(place.shown, budget=NOTHING_SPENT) from None
    except sqlite3.Error as error:
        raise fault(error, place, TIMEOUT, NOTHING_SPENT) from None


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements("sqlite"):
        connection.execute(statement)
    connection.execute("INSERT INTO privkit_ledger VALUES (?, ?, ?)", (uuid.uuid4().hex, VERSION, _today()))
    connection.execute("COMMIT")


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _check_file(store: Store) -> None:
    """Refuse a file whose pages do not fit together, or that is not a ledger of this format."""
    with store.reading() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise LedgerDamagedError.of(store.place.shown, "its pages do not fit together")
        connection.execute(select(ledger_table)).one()


def _open_server(store: Store, *, create: bool) -> None:
    with store.reading() as connection:
        if inspect(connection).has_table("privkit_ledger"):
            version = connection.execute(select(ledger_table.c.version)).scalar_one()
            if version > VERSION:
                raise LedgerVersionError.newer(store.place.shown, version, VERSION)
            return
    if not create:
        raise LedgerMissingError.of(store.place.shown)
    with store.writing() as connection:
        store.lock_all(connection)
        _fill_server(connection)


def _fill_server(connection: Connection) -> None:
    if inspect(connection).has_table("privkit_ledger"):  # another process was faster
        return
    for statement in statements("postgresql"):
        connection.exec_driver_sql(statement)
    connection.execute(insert(ledger_table), {"id": uuid.uuid4().hex, "version": VERSION, "made": _today()})
