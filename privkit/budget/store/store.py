"""Transactions on a ledger's database: short, locked from the start where they write, durable when they return."""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import time
import weakref
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.pool import NullPool, QueuePool

from privkit.budget.store import connections, schema
from privkit.budget.store.fault import FAULTS, SQLITE_BUSY, fault, taken
from privkit.budget.store.schema import APPLICATION_ID, ledger_table
from privkit.errors.calls import at_end
from privkit.errors.ledger import LedgerDamagedError, LedgerError, LedgerReadOnlyError, LedgerVersionError
from privkit.errors.root import NOTHING_SPENT, PrivkitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.engine import Connection, Engine

    from privkit.budget.entry import Reservation
    from privkit.budget.store.place import Place

_VERSION = select(func.max(ledger_table.c.version))
_NOW = select(func.now())
_ID = select(ledger_table.c.id).order_by(ledger_table.c.version).limit(1)
_DATABASE = text(
    "SELECT has_function_privilege('pg_control_system()', 'EXECUTE'), oid FROM pg_database "
    "WHERE datname = current_database()"
)
_SYSTEM = text("SELECT system_identifier FROM pg_control_system()")
#: What each connection to a file begins with: what returned is on the disk, and damage is noticed.
_DURABLE = ("PRAGMA synchronous=EXTRA", "PRAGMA cell_size_check=ON")
#: How many seconds a lock is waited for.
TIMEOUT = 30.0


def _leave(engines: dict[int, Engine]) -> None:
    """Close what a store that is gone held open, of this process; a parent's connections are its own."""
    while engines:
        pid, engine = engines.popitem()
        engine.dispose(close=pid == os.getpid())


# Neither is a method of the store: its engine would hold it, and never let go of its connections.


def _connected(timeout: float, dialect: Any, _record: object, arguments: Any, options: Any) -> Any:
    """Return a connection; where the server has none left, wait for one: those of privkit are short.

    Each trial costs the server a process, some 3 ms of its time. A hundred that try every tenth of a second leave it no
    time for those who are connected; so trials are seconds apart where many wait.
    """
    deadline, pause = time.monotonic() + timeout, 0.25
    while True:
        try:
            return dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.OperationalError as error:
            if not taken(error) or time.monotonic() >= deadline:
                raise
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - no secret
        pause = min(2 * pause, 2.0)


def _prepare(timeout: float, connection: Any, _record: object) -> None:
    """Make commits durable and waits bounded, whatever the server's defaults are."""
    connection.autocommit = True  # in one round trip, for it is done for each question
    connection.execute(
        "SET synchronous_commit TO on; SET datestyle TO ISO; "  # dates as the driver reads them
        f"SET lock_timeout TO {int(timeout * 1000)}"
    )
    connection.autocommit = False


class Store:
    """A database that holds a ledger.

    On SQLite a writing transaction begins with ``BEGIN IMMEDIATE``, so that two kernels never read the same total;
    on PostgreSQL its first statement locks the project's row. SQLite runs with a rollback journal and
    ``synchronous=EXTRA``: what returned survives a loss of power. No connection outlives a transaction on SQLite. On
    PostgreSQL, where making one costs more than using it, none outlives the public call that made it, unless what that
    call charged is still measured; and none is used by a forked child. So a kernel that waits for its user takes none
    of the connections that a server has, which are a hundred as a rule.

    Parameters
    ----------
    place : Place
    timeout : float
        How many seconds a lock is waited for.
    """

    def __init__(self, place: Place, timeout: float = TIMEOUT) -> None:
        self.place = place
        self.timeout = timeout
        self.dialect = "sqlite" if place.path is not None else "postgresql"
        self.ready = True  # False while its tables are made or migrated
        self.id = self.home = ""  # until it is identified
        self._held: dict[int, WeakSet[Reservation]] = {}  # by process, as the engines
        self._engines: dict[int, Engine] = {}  # by process
        weakref.finalize(self, _leave, self._engines)

    def engine(self) -> Engine:
        """Return this process's engine, a new one after a fork.

        Without a lock, which a fork might leave locked: of two threads that make one at once, both use the first.
        """
        pid = os.getpid()
        if (engine := self._engines.get(pid)) is None:
            for other in [other for other in list(self._engines) if other != pid]:
                if (inherited := self._engines.pop(other, None)) is not None:
                    inherited.dispose(close=False)  # the connections belong to the parent
            engine = self._engines.setdefault(pid, self._made())
        return engine

    def _made(self) -> Engine:
        if self.dialect == "sqlite":
            engine = create_engine(
                "sqlite://",
                creator=self._connect,
                poolclass=NullPool,
                pool_reset_on_return=None,  # it is closed, which undoes what is open; and it may be closed already
                hide_parameters=True,
            )
            event.listen(engine, "begin", _begin)
            return engine
        assert self.place.url is not None
        engine = create_engine(
            self.place.url,
            poolclass=QueuePool,
            pool_size=0,  # any number, until `rest`: one that is closed for its number no longer tells of its process
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",  # what is read after a lock must be the latest
            hide_parameters=True,
            connect_args={"connect_timeout": 10},
        )
        event.listen(engine, "do_connect", partial(_connected, self.timeout))
        event.listen(engine, "connect", partial(_prepare, self.timeout))
        event.listen(engine, "checkout", lambda connection, *_: connections.opened(connection))
        event.listen(engine, "checkin", lambda connection, *_: connections.returned(connection))
        return engine

    def hold(self, reservation: Reservation) -> None:
        """Keep the connection by which the server tells that this process is there, as long as something is measured.

        See :mod:`privkit.budget.machine.process`.
        """
        self._held.setdefault(os.getpid(), WeakSet()).add(reservation)

    def let_go(self, reservation: Reservation) -> None:
        """Keep no connection for this reservation any longer."""
        self._held.get(os.getpid(), WeakSet()).discard(reservation)
        self.rest()

    def rest(self) -> None:
        """Close the connections that nobody uses: at the end of the call that is answered, now where there is none."""
        engine, held = self._engines.get(os.getpid()), self._held.get(os.getpid())
        if self.dialect == "sqlite" or engine is None or held or at_end(self.rest):
            return
        engine.pool.dispose()  # not the engine's: that begins another pool, and what is in use would not come back

    def _connect(self) -> sqlite3.Connection:
        assert self.place.path is not None
        path = self.place.path
        # A killed writer's journal can be rolled back by a connection that may write alone, even for reading.
        settles = os.path.exists(f"{path}-journal") and os.access(path, os.W_OK)  # noqa: PTH110 - it never raises
        # Never "rwc": an empty ledger must not appear by itself.
        mode = "ro" if self.place.read_only and not settles else "rw"
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self.timeout,
            isolation_level=None,
            check_same_thread=False,
            factory=connections.FileConnection,
        )
        connections.opened(connection)
        try:
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        """Refuse a file that is no ledger of this format; make commits durable."""
        cursor = connection.cursor()
        for pragma in _DURABLE:
            cursor.execute(pragma)
        if sys.platform == "darwin":
            cursor.execute("PRAGMA fullfsync=ON")
        (version,) = cursor.execute("PRAGMA user_version").fetchone()
        (application,) = cursor.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            found = "it is empty" if self.size() == 0 else "it is a database of another program"
            raise LedgerDamagedError.of(self.place.shown, found)
        self.check_version(version)
        if self.place.read_only:
            cursor.execute("PRAGMA query_only=ON")
        elif cursor.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
            cursor.execute("PRAGMA journal_mode=DELETE")
        cursor.close()

    def size(self) -> int:
        """Return the file's size in bytes."""
        assert self.place.path is not None
        return self.place.path.stat().st_size

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection in a reading transaction.

        Raises
        ------
        LedgerError
            If the database cannot be read.
        """
        thrown_away = False
        try:
            with connections.transaction(), self.engine().connect() as connection:
                try:
                    yield connection
                except GeneratorExit:  # of an interrupted call, whose connection is closed since
                    thrown_away = True
                    raise
        except PrivkitError:  # some of them are errors of the system too
            raise
        except FAULTS as error:
            if not thrown_away:
                raise fault(error, self.place, self.timeout, None) from None
        finally:
            self.rest()

    @contextmanager
    def writing(self, budget: str = NOTHING_SPENT) -> Iterator[Connection]:
        """Yield a connection in a writing transaction, committed when the block ends without an error.

        Parameters
        ----------
        budget : str
            What happened to the budget if this fails, whatever of the ledger it fails by.

        Raises
        ------
        LedgerError
            If the database cannot be written. Its `uncertain` is True if the commit may have arrived.
        """
        if self.place.read_only:
            raise LedgerReadOnlyError.of(self.place.shown, budget=budget)
        committing = thrown_away = False
        try:
            with connections.transaction(), self.engine().connect() as connection:
                connection = connection.execution_options(privkit_write=self.timeout)  # noqa: PLW2901
                with connection.begin() as transaction:
                    try:
                        yield connection
                    except GeneratorExit:
                        thrown_away = True
                        raise
                    committing = True
                    transaction.commit()
                    committing = False
        except PrivkitError as error:  # some of them are errors of the system too
            if isinstance(error, LedgerError) and budget != NOTHING_SPENT and error.budget in (None, NOTHING_SPENT):
                error.budget = budget
            raise
        except FAULTS as error:
            if thrown_away:
                return
            found = fault(error, self.place, self.timeout, budget)
            found.uncertain = committing
            raise found from None
        finally:
            self.rest()

    def identify(self, connection: Connection) -> None:
        """Learn the ledger's own id, and which database it lies in, by whatever name and role that was reached.

        A copy has the id too. So a file is known by its path, and a server's database by the server's own number and
        its own number there; where a role may not ask for the first, by the second.
        """
        self.id = connection.execute(_ID).scalar_one_or_none() or ""
        if self.dialect == "sqlite":
            self.home = self.place.shown
            return
        may, number = connection.execute(_DATABASE).one()
        system = connection.execute(_SYSTEM).scalar_one() if may else ""
        self.home = f"{system}/{number}"

    def version(self, connection: Connection) -> int:
        """Return the format of the ledger."""
        if self.dialect == "sqlite":
            return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
        version: int | None = connection.execute(_VERSION).scalar_one()
        if version is None:
            raise LedgerDamagedError.of(self.place.shown, "its first row is missing")
        return version

    def check_version(self, version: int | None) -> None:
        """Refuse a ledger of another format, unless it is being migrated.

        A file is checked whenever it is opened, which is for each transaction; a server when its project is locked.
        """
        if not self.ready:
            return
        if version is None:
            raise LedgerDamagedError.of(self.place.shown, "its first row is missing")
        if version > schema.VERSION:
            raise LedgerVersionError.newer(self.place.shown, version, schema.VERSION)
        if version < schema.VERSION:
            raise LedgerVersionError.older(self.place.shown, version, schema.VERSION)

    def lock_all(self, connection: Connection) -> None:
        """Let no other process make tables or begin a project until this transaction ends."""
        if self.dialect == "postgresql":  # on SQLite the transaction itself is the lock
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPLICATION_ID})

    def now(self, connection: Connection, row: Mapping[Any, Any] | None = None) -> str:
        """Return the time in UTC, to the second: the server's on PostgreSQL, so that a team has one clock.

        Parameters
        ----------
        connection : Connection
        row : Mapping, optional
            What locked the project, if something did: on a server it brought the time along.
        """
        if self.dialect == "sqlite":
            moment = datetime.now(UTC)
        else:
            moment = row["now"] if row is not None else connection.execute(_NOW).scalar_one()
        return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _begin(connection: Connection) -> None:
    seconds = connection.get_execution_options().get("privkit_write")
    if seconds is None:
        connection.exec_driver_sql("BEGIN")
        return
    # SQLite's own waiting backs off to 100 ms, which starves some of a crowd; short random pauses do not.
    raw = cast("sqlite3.Connection", connection.connection.dbapi_connection).cursor()
    raw.execute("PRAGMA busy_timeout=0")
    deadline = time.monotonic() + seconds
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(random.uniform(0.001, 0.005))  # noqa: S311 - no secret
    raw.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    raw.close()
