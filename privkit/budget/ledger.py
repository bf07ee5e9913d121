"""The ledger: projects with their budgets, in one SQLite file or PostgreSQL database.

What it promises; tests cite the numbers.

- L1 Spend before reveal: a noisy value is returned only after its charge, and then its answer, are durable.
- L2 Atomic admission: totals are read, checked and raised in one locked transaction.
- L3 No refunds: a reservation ends as committed, failed or orphaned, and stays charged.
- L4 Same question, same data, same answer, at no cost; ``again=True`` draws anew and is charged.
- L5 Orphans are visible, with the price of asking again.
- L6 Exact arithmetic.
- L7 Append-only, in a chain of hashes that `verify` checks; with it, that no charge is above the terms of its place.
- L8 An older copy is noticed, by an anchor outside the file. Detection, not prevention: who owns the file and the data
  can always cheat.
- L9 Fail closed: a ledger that cannot be read or written refuses; none is begun in place of a lost one.
- L10 Durable: rollback journal, ``synchronous=EXTRA``, a local file system.
- L11 The budget belongs to the population that the owner declares, not to a frame, a copy or a folder.
- L12 Several limits hold at once: total, one release, one analyst, a window of time. The owner may raise the total and
  those of analysts by an entry that says why; nothing lowers them.
- L13 One privacy measure per project.
- L14 Nothing private is stored: no rows, true values, sizes, durations or error texts.
"""

from __future__ import annotations

import getpass
import os
import uuid
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sqlalchemy import func, insert, select

from privkit.budget.account import Account
from privkit.budget.book import Book
from privkit.budget.canonical import canonical
from privkit.budget.chain import FORGOTTEN, first_link
from privkit.budget.directory import Directory
from privkit.budget.entry import Reservation
from privkit.budget.machine.state import recall, recall_all, retire
from privkit.budget.names import alike, check_name, close_names, close_words, known_as, lookalikes, tidy
from privkit.budget.noted import refuse_ended
from privkit.budget.store import query
from privkit.budget.store.connections import lets_go, transaction
from privkit.budget.store.file_system import warn_unless_local
from privkit.budget.store.opening import check_file, make_file, open_server, there
from privkit.budget.store.place import ledger_place
from privkit.budget.store.schema import project_table
from privkit.budget.store.store import TIMEOUT, Store
from privkit.errors import ParameterError
from privkit.errors.ledger import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerMissingError,
    LedgerMovedError,
    LedgerReadOnlyError,
)
from privkit.errors.project import ProjectCopyError, ProjectMismatchError, ProjectNameError, ProjectNotFoundError
from privkit.values.show import warn

if TYPE_CHECKING:
    from sqlalchemy.engine import RowMapping

    from privkit.budget.machine.state import Anchor
    from privkit.budget.terms import ProjectTerms


class Ledger:
    """An open ledger. Holds no connection; may be used by several threads and after a fork.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from privkit.budget.terms import ProjectTerms
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

    def __init__(self, store: Store, analyst: str, *, adopt: bool = False, new: bool = False, reason: str = "") -> None:
        self._store = store
        self.analyst = analyst
        self._adopt, self._new, self._reason = adopt, new, reason

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled or copied.

        Raises
        ------
        ProjectCopyError
        """
        raise ProjectCopyError.of("a ledger", "...")

    @property
    def store(self) -> str:
        """Where the ledger is, without a password."""
        return self._store.place.shown

    @classmethod
    @lets_go
    def open(
        cls,
        store: str | os.PathLike[str] | None = None,
        *,
        create: bool = True,
        read_only: bool = False,
        adopt: bool = False,
        new: bool = False,
        reason: str = "",
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
        read_only : bool
            Look only: nothing is begun, charged, migrated or remembered.
        adopt : bool
            Go on from this ledger although this machine remembers another place, or a later state; what it forgot is
            charged again.
        new : bool
            Begin a project although this machine remembers one of its name; needs a `reason`, which is recorded.
        reason : str
            Why.
        analyst : str, optional
            To whom charges are written; ``PRIVKIT_ANALYST``, else the name of the user account.
        timeout : float
            How many seconds to wait for a lock.

        Raises
        ------
        LedgerError
            One of its kinds: missing, damaged, read-only, busy, newer, at a place that cannot hold one, unreachable.
        """
        if new and not reason.strip():
            raise ParameterError.together(
                ("new", "reason"), "new=True needs a reason, which is recorded. Example: reason='2027 survey'."
            )
        by = _analyst() if analyst is None else analyst
        check_name(by, "analyst")
        place = ledger_place(store)
        if place.path is not None and not read_only:
            warn_unless_local(place.file_system, place.shown)
        database = Store(replace(place, read_only=True) if read_only else place, timeout)
        ledger = cls(database, by, adopt=adopt, new=new, reason=reason)
        ledger._open(create=create and not read_only, default=store is None)
        return ledger

    def _open(self, *, create: bool, default: bool) -> None:
        place = self._store.place
        if place.path is None:
            open_server(self._store, create=create)
        else:
            self._open_file(place.path, create=create, default=default)
        with self._store.reading() as connection:
            self._store.identify(connection)

    def _open_file(self, path: Path, *, create: bool, default: bool) -> None:
        place = self._store.place
        if not there(path, place):
            self._expect_none()
            if not create or place.read_only:
                raise LedgerMissingError.of(place.shown)
            with transaction():  # no fork while SQLite makes it
                make_file(place, default=default)
        check_file(self._store)

    def _expect_none(self) -> None:
        """Refuse to begin a ledger where one was (L9)."""
        gone = [anchor for anchor in self._recalled() if anchor.store == self.store]
        if gone and not self._new:
            raise LedgerMissingError.gone(self.store, [anchor.name for anchor in gone])
        for anchor in gone:
            retire(anchor, self._reason)

    def _recalled(self) -> list[Anchor]:
        return [] if self._store.place.temporary else recall_all()

    @lets_go
    def projects(self) -> tuple[str, ...]:
        """Return the names of the projects, in the order in which they were begun; without those that were removed."""
        return tuple(self._directory().standing)

    @lets_go
    def removed(self) -> list[Account]:
        """Return the accounts of the projects that were removed: for looking at what their chains hold."""
        with self._store.reading() as connection:
            known = Directory.of(connection)
            gone = [name for name in known.recorded if name not in known.standing.values()]
            rows = [row for name in gone if (row := query.project_row(connection, name)) is not None]
        return [Account(self._book(row), self.analyst) for row in rows]

    def _directory(self) -> Directory:
        with self._store.reading() as connection:
            return Directory.of(connection)

    @lets_go
    def account(self, name: str) -> Account:
        """Return a project's account.

        Raises
        ------
        ProjectNotFoundError, ProjectRemovedError
        LedgerMovedError
            If this machine remembers the project at another place, or further on.
        """
        row = self._row(name)
        if row is None:
            self.refuse_removed(name)
            raise ProjectNotFoundError.of(name, self.projects())
        return self._account(row)

    @lets_go
    def refuse_removed(self, name: str) -> None:
        """Refuse the name of a project that was removed, and not begun anew since.

        Raises
        ------
        ProjectRemovedError
        """
        with self._store.reading() as connection:
            row = Directory.of(connection).gone(connection, name)
            if row is not None:
                refuse_ended(self._book(row), connection)

    @lets_go
    def begin(self, name: str, terms: ProjectTerms) -> Account:
        """Begin a project; or return its account, if it was begun on the same terms.

        Raises
        ------
        ProjectMismatchError
            If it was begun on other terms.
        LedgerMovedError
            If this machine remembers a project of this name in another ledger.
        """
        check_name(tidy(name) if isinstance(name, str) else name)
        row = self._row(name)
        fresh = row is None
        if row is None:
            name = tidy(name)
            if not self._new:
                self.refuse_removed(name)
            self._expect_no_other(name)
            row = self._begun(name, terms)
        account = self._account(row)
        account.fresh = fresh
        if fresh and (near := close_names(name, [other for other in self.projects() if other != name])):
            warn(close_words(name, near, str(account.terms.budget)))
        if differences := account.terms.differences(terms, account.earlier_terms):
            raise ProjectMismatchError.of(name, differences)
        return account

    def named(self, name: str) -> str | None:
        """Return the name under which the ledger holds a project, however its letters are composed; or None."""
        return known_as(name, self.projects())

    def _row(self, name: str) -> RowMapping | None:
        """Return a project's row, however the letters of its name are composed."""
        with self._store.reading() as connection:
            return Directory.of(connection).row(connection, name)

    def _expect_no_other(self, name: str) -> None:
        """Refuse to begin a project that this machine remembers (L11)."""
        # In this order: what another process just began is in the ledger before this machine remembers it.
        recalled = self._recalled()
        known = self._directory()
        held = tuple(known.standing)
        if not self._new and (found := lookalikes(name, held)):
            raise ProjectNameError.of(name, found)
        for anchor in recalled:
            if anchor.uid in known.uids and anchor.name not in held:  # removed, by another machine
                continue
            here = self._here(anchor)
            if alike(anchor.name) != alike(name) or (here and anchor.name in held):
                continue
            if not self._new:
                if here:
                    raise LedgerMovedError.replaced(anchor.name, self.store, anchor.charged)
                gone = "://" not in anchor.store and not Path(anchor.store).exists()
                raise LedgerMovedError.second(anchor.name, anchor.store, self.store, gone=gone)
            if here:
                retire(anchor, self._reason)

    def _here(self, anchor: Anchor) -> bool:
        """Whether an anchor is of this ledger: not by its address, since a server's may have several."""
        if self._store.place.path is None and anchor.ledger:
            return (anchor.ledger, anchor.home) == (self._store.id, self._store.home)
        return anchor.store == self.store

    def _begun(self, name: str, terms: ProjectTerms) -> RowMapping:
        if terms.window is not None:
            warn(terms.window.warning)
        with self._store.writing() as connection:
            self._store.lock_all(connection)
            self._store.check_version(self._store.version(connection))
            known = Directory.of(connection)
            row = known.row(connection, name)
            if row is None:  # else another process was faster
                if not self._new and (found := lookalikes(name, list(known.standing))):
                    raise ProjectNameError.of(name, found)
                fields = {
                    "uid": uuid.uuid4().hex,
                    "name": known.free(name),
                    "terms": terms.completed().to_json(),
                    "begun": self._store.now(connection),
                    "note": self._reason if self._new else "",
                }
                number = (connection.execute(select(func.max(project_table.c.id))).scalar_one() or 0) + 1
                connection.execute(insert(project_table), {"id": number, **fields, "hash": first_link(**fields)})
                row = query.project_row(connection, fields["name"])
        assert row is not None
        return row

    def _book(self, row: RowMapping) -> Book:
        """Return the book of a project's row, whose hash is checked."""
        fields = {field: row[field] for field in ("uid", "name", "terms", "begun", "note")}
        if not all(isinstance(value, str) for value in fields.values()) or first_link(**fields) != row["hash"]:
            raise LedgerDamagedError.of(self.store, f"the terms of project {row['name']!r} were changed")
        return Book(self._store, row)

    def _account(self, row: RowMapping) -> Account:
        book = self._book(row)
        if book.watched:
            self._expect_here(book)
        with self._store.reading() as connection:
            book.check_end(connection)
            book.in_force(connection)
            pending = book.head(connection).sums.pending
        if pending:
            with suppress(LedgerReadOnlyError, LedgerBusyError), self._store.writing() as connection:
                book.sweep(connection)
        return Account(book, self.analyst)

    def _expect_here(self, book: Book) -> None:
        """Refuse a project that this machine remembers elsewhere, further on or otherwise (L8, L11), unless adopted."""
        anchor = recall(book.uid)
        elsewhere = anchor.store if anchor is not None and not self._here(anchor) else ""
        if anchor is None:
            # Of this very project there may be one by now: another process opened it too.
            uids = self._directory().uids  # those of projects that were removed here are of this ledger too
            others = [known.store for known in self._recalled() if known.name == book.name and known.uid not in uids]
            elsewhere = others[0] if others and not self._new else ""
        if elsewhere and self._store.place.read_only:  # a backup is looked at as it is
            book.note = (
                f"the ledger at {self.store} is a copy: this machine knows project {book.name!r} at {elsewhere}"
                f"{'' if anchor is None else f', where it reached record {anchor.seq}'}. It is only looked at."
            )
            return
        if elsewhere and not self._adopt:
            raise LedgerMovedError.elsewhere(book.name, elsewhere, self.store)
        with self._store.reading() as connection:
            head = book.head(connection)
            lost = None if anchor is None else book.lost(connection, head, anchor)
            if not self._adopt:
                book.check(connection, head)
        if lost is not None and anchor is not None and self._store.place.read_only:
            book.note = (
                f"the ledger at {self.store} is not as far on as, or another than, what this machine remembers of "
                f"project {book.name!r}: record {anchor.seq}. It is only looked at."
            )
        elif lost is not None and anchor is not None:
            self._charge_again(book, anchor)
        elif anchor is None or elsewhere:
            book.remember(head, force=True)

    def _charge_again(self, book: Book, anchor: Anchor) -> None:
        """Charge what an adopted copy forgot, so that restoring an older one frees nothing (L3)."""
        with self._store.writing() as connection:
            head = book.locked(connection)
            lost = book.lost(connection, head, anchor)
            if lost is not None and lost != book.zero:
                held = Reservation(head.sums.entries + 1, lost, head.now)
                question = canonical({"statistic": FORGOTTEN})
                head = book.charge(connection, head, held, analyst=self.analyst, question=question)
                row = query.entry_row(connection, book.id, held.seq)
                assert row is not None
                head = book.end(connection, head, row, "orphaned", kind="forgotten")
        book.remember(head, force=True)


def _analyst() -> str:
    if named := os.environ.get("PRIVKIT_ANALYST"):
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
