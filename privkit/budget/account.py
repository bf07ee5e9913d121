"""One project's account: reserve, then commit. What is reserved is spent."""

from __future__ import annotations

import os
import time
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.abstract_account import Turn
from privkit.budget.canonical import canonical
from privkit.budget.entry import Balance, Entry, Reservation, State, Unanswered, in_hand
from privkit.budget.machine import process as presence
from privkit.budget.machine.keys import FirstForm, project_key
from privkit.budget.noted import Noted, refuse_ended, why_late
from privkit.budget.odometer import Before, Ways, admit, in_measure, limits_left, window_start
from privkit.budget.store import query
from privkit.budget.store.connections import lets_go
from privkit.budget.store.place import FOLDER
from privkit.budget.store.store import Store
from privkit.errors.ledger import LedgerDamagedError, LedgerError
from privkit.errors.project import OrphanedReleaseError, PendingReleaseError, ReservationError
from privkit.errors.root import nothing_spent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.budget.book import Book, Head
    from privkit.budget.chain import Sums
    from privkit.budget.store.query import Alike
    from privkit.budget.terms import ProjectTerms
    from privkit.values.loss import PrivacyLoss

#: How many seconds to wait for the same question's answer from another process.
WAIT = 10.0


class Account(Noted):
    """A project's account in a ledger. Get one from :meth:`privkit.budget.ledger.Ledger.begin`.

    Reads no rows of any data. Every amount is exact.
    """

    def __init__(self, book: Book, analyst: str) -> None:
        super().__init__(book.name, book.uid, store=book.place, begun=book.begun, analyst=analyst)
        self._book = book
        self.fresh = False
        self._holds: dict[tuple[str, str], bool] = {}

    @property
    def key(self) -> bytes | None:
        """The project's secret key, or None where there is no replay."""
        return project_key(self.uid)

    @property
    def unwatched(self) -> str:
        """Why an older copy of the ledger, put back, would not be noticed, though it should be; empty if it would."""
        return self._book.unwatched

    @property
    def note(self) -> str:
        """What to know of a ledger that is only looked at: that it is a copy, or an older state; empty if it is not."""
        return self._book.note

    @property
    def folder(self) -> Path:
        """Where files about it lie: the ledger's folder; of a server, the ``.privkit`` of the working directory."""
        path = self._book.store.place.path
        return Path.cwd() / FOLDER if path is None else path.parent

    def looking(self, seconds: float) -> Account:
        """Return the same account for reading alone; itself on a server, where readers wait for nobody."""
        if self._book.store.place.path is None:
            return self
        reading = copy(self._book)
        reading.store = Store(replace(self._book.store.place, read_only=True), seconds)
        return Account(reading, self.analyst)

    # -- what it says ----------------------------------------------------------------------------------------------

    @property
    def terms(self) -> ProjectTerms:
        """The terms that held when the ledger was read last; each charge reads them anew."""
        return self._book.held[-1]

    @property
    def earlier_terms(self) -> tuple[ProjectTerms, ...]:
        """The terms that held before, the latest first."""
        return self._book.held[-2::-1]

    @lets_go
    def find(self, key: str | None) -> Entry | None:
        """Return the stored answer to a question, found by its keyed name; None if there is none.

        Costs nothing (L4) and waits for nobody.
        """
        if key is None:
            return None
        with self._book.store.reading() as connection:
            row = query.asked(connection, self._book.id, key)
            return self._book.answered(connection, row) if row is not None and row["state"] == "committed" else None

    @lets_go
    def asked(self, key: str) -> tuple[Entry | None, list[Alike]]:
        """Return the stored answer to a question; where there is none, who asked the same of whatever data."""
        with self._book.store.reading() as connection:
            row = query.asked(connection, self._book.id, key)
            if row is not None and row["state"] == "committed":
                return self._book.answered(connection, row), []
            return None, query.asked_alike(connection, self._book.id, key)

    @lets_go
    def balance(self) -> Balance:
        """Return what is spent, reserved and left. Two look-ups, however long the ledger is."""
        with self._book.store.reading() as connection:
            head = self._book.head(connection)
            budget, sums = self._book.in_force(connection).budget, head.sums
        return Balance(
            budget, sums.spent - sums.held, sums.held, budget - sums.spent, sums.entries, seq=head.seq, hash=head.hash
        )

    @lets_go
    def _limits(self) -> list[tuple[str, PrivacyLoss, PrivacyLoss]]:
        with self._book.store.reading() as connection:
            sums = self._book.head(connection).sums
            now = max(self._book.store.now(connection), sums.clock)
            terms = self._book.in_force(connection)
            own, recent = self._limited(connection, sums, now)
        return limits_left(terms, Before(sums.spent, own or self._book.zero, recent, self.analyst))

    # -- reserve ---------------------------------------------------------------------------------------------------

    @cached_property
    @lets_go
    def first_form(self) -> FirstForm | None:
        """What an earlier version was asked in this project; None if nothing. Looked up once: nobody adds to it."""
        with self._book.store.reading() as connection:
            return FirstForm.of(self._book, connection)

    @lets_go
    def holds(self, has: str, lacks: str) -> bool:
        """Return whether the text of some question has the one and lacks the other. Looked up once, as `first_form`."""
        if (has, lacks) not in self._holds:
            with self._book.store.reading() as connection:
                self._holds[has, lacks] = query.holds(connection, self._book.id, has, lacks)
        return self._holds[has, lacks]

    def reserve(
        self,
        key: str | None,
        question: Mapping[str, Any],
        cost: PrivacyLoss,
        *,
        again: bool = False,
        ways: Ways | None = None,
        wait: float = WAIT,
        turn: Turn | None = None,
        looked: bool = False,
    ) -> Reservation | Entry:
        """Charge the cost of a question, durably and before anything is drawn; or return the answer it already has.

        Parameters
        ----------
        key : str or None
            The keyed name of the question and its data (:func:`privkit.budget.machine.keys.request_key`). None: no
            replay.
        question : Mapping
            The canonical question, of public facts only; it is stored.
        cost : PrivacyLoss
            What to charge: the requested amount, never less than what the measurement maps to.
        again : bool
            Draw anew and charge, whatever was answered before.
        ways : callable, optional
            Told what is left, says how to go on, for `InsufficientBudgetError`.
        wait : float
            How many seconds to wait while another process answers the same question.
        turn : Turn, optional
            Told what is charged before it is, for a caller who ends what an interrupt leaves.
        looked : bool
            Whether the caller has just found no answer (:meth:`asked`): it is then looked for under the lock alone.

        Returns
        -------
        Reservation or Entry
            A reservation, to be ended by `commit`, `fail` or `orphan`; or the stored entry, at no cost.

        Raises
        ------
        InsufficientBudgetError, CeilingError, MeasureMismatchError
            If the charge breaks a limit. Nothing is spent.
        PendingReleaseError
            If the same question is still being answered elsewhere.
        OrphanedReleaseError
            If the same question was charged and never answered; names the price of asking again.
        LedgerMovedError
            If the ledger is older than, or another than, the one that this machine remembers.
        LedgerError
            If the ledger cannot be written. Nothing is spent, unless the message says that this is unknown.
        """
        turn = Turn(self) if turn is None else turn
        try:
            with nothing_spent():  # unless the error knows better
                return self._reserved(key, question, cost, again, looked, ways=ways, wait=wait, turn=turn)
        except BaseException as error:
            turn.left(error)
            raise

    @lets_go  # before what it left is ended: that needs the lock
    def _reserved(
        self,
        key: str | None,
        question: Mapping[str, Any],
        cost: PrivacyLoss,
        again: bool,
        looked: bool,
        *,
        ways: Ways | None,
        wait: float,
        turn: Turn,
    ) -> Reservation | Entry:
        cost = in_measure(self.name, self.terms, cost)
        text = canonical(question)
        if not (again or looked) and (entry := self.find(key)) is not None:
            return entry
        deadline = time.monotonic() + wait
        while True:
            result = self._admitted(key, text, cost, again=again, ways=ways, turn=turn)
            if not isinstance(result, Unanswered):
                return result
            if result.state != "reserved":
                self._book.changed()
                raise OrphanedReleaseError.of(
                    self.name, entry=result.seq, state=result.state, cost=result.cost, price=cost
                )
            if time.monotonic() >= deadline:
                raise PendingReleaseError.of(self.name, result.seq, result.time, wait)
            time.sleep(min(0.05, wait))

    def _admitted(
        self, key: str | None, question: str, cost: PrivacyLoss, *, again: bool, ways: Ways | None, turn: Turn
    ) -> Reservation | Entry | Unanswered:
        """Look, check and charge in one transaction (L2)."""
        book = self._book
        reservation: Reservation | None = None
        try:
            with book.store.writing() as connection:
                presence.show(connection)  # before the lock: while one is at it, all others wait
                head = book.sweep(connection) if book.left else book.locked(connection)
                book.check(connection, head)
                if key is not None and not again and (row := query.asked(connection, book.id, key)) is not None:
                    return self._earlier(connection, head, row)
                standing = book.standing(connection)
                if standing:
                    refuse_ended(book, connection, standing)
                terms = book.in_force(connection, standing)
                own, recent = self._limited(connection, head.sums, head.now)
                late = partial(why_late, book, connection, head.sums.clock)
                before = Before(head.sums.spent, own or book.zero, recent, self.analyst)
                admit(self.name, terms, cost, before, ways=ways, late=late)
                reservation = Reservation(head.sums.entries + 1, cost, head.now)
                turn.held = in_hand[reservation.token] = reservation  # before others can see it
                book.store.hold(reservation)
                draw = query.last_draw(connection, book.id, key) + 1 if key is not None and again else 1
                head = book.charge(
                    connection, head, reservation, analyst=self.analyst, question=question, key=key, draw=draw, own=own
                )
        except LedgerError as error:
            if reservation is None or not error.uncertain or not self._arrived(error, reservation):
                raise
        assert reservation is not None
        book.left = False
        book.remember(head)
        book.changed()
        return reservation

    def _arrived(self, error: LedgerError, held: Reservation) -> bool:
        """Return whether a charge is in the ledger although its confirmation was lost.

        Waits for the project's lock, so that a write that is still under way is seen.
        """
        book = self._book
        try:
            with book.store.writing() as connection:
                book.locked(connection)
                presence.show(connection)  # the connection that did is lost
                row = query.entry_row(connection, book.id, held.seq)
        except LedgerError:
            note = f"It is not known whether {held.cost} was spent (ledger entry {held.seq}); nothing was drawn."
            error.budget = note
            raise error from None
        return row is not None and row["token"] == held.token

    def _limited(self, connection: Connection, sums: Sums, now: str) -> tuple[PrivacyLoss | None, PrivacyLoss]:
        """Return what this analyst, and what the window, was charged; None and zero where the terms do not limit it."""
        book, terms = self._book, self.terms
        own, recent = book.charged_to(connection, self.analyst), book.zero
        if terms.window is not None:
            start = window_start(terms.window, now)
            recent = sums.spent - book.charged_until(connection, start)
        return own, recent

    def _earlier(self, connection: Connection, head: Head, row: RowMapping) -> Entry | Unanswered:
        """Return what became of the same question: its answer, or that it has none, noting a dead process's entry."""
        state = self._book.state_of(connection, row, head.now)
        if state == "committed":
            return self._book.answered(connection, row)
        if state != row["state"]:
            self._book.end(connection, head, row, state, kind="died")
        return Unanswered(row["entry"], state, row["time"], query.loss_of(row, self._book.zero))

    def drop(self, reservation: Reservation) -> None:
        """Hold a reservation no longer: if it is in the ledger without an end, it is orphaned."""
        in_hand.pop(reservation.token, None)
        self._book.store.let_go(reservation)

    @lets_go
    def settle(self, reservation: Reservation) -> Entry | None:
        """End a reservation as orphaned, unless it has an end; return what the ledger holds of it, None if nothing.

        Raises
        ------
        LedgerError
            If the ledger cannot be asked. To this process it is an orphan all the same, and noted as one as soon as
            the ledger can be written.
        ReservationError
            If it belongs to the parent of a forked process.
        """
        if reservation.pid != os.getpid():
            raise ReservationError.forked(self.name, reservation.seq, reservation.cost)
        book = self._book
        book.left = True
        self.drop(reservation)
        with book.store.writing() as connection:
            head = book.locked(connection)
            row = query.entry_row(connection, book.id, reservation.seq)
            if row is not None and row["token"] == reservation.token and row["state"] == "reserved":
                book.end(connection, head, row, "orphaned", kind="interrupted")
                row = query.entry_row(connection, book.id, reservation.seq)
        book.left = False
        book.changed()
        return None if row is None or row["token"] != reservation.token else query.entry_of(row, book.zero)

    # -- end -------------------------------------------------------------------------------------------------------

    @lets_go
    def _ended(
        self, reservation: Reservation, state: State, *, answer: str | None = None, kind: str | None = None
    ) -> Entry:
        if reservation.pid != os.getpid():
            raise ReservationError.forked(self.name, reservation.seq, reservation.cost)
        try:
            entry = self._end(reservation, state, answer, kind)
        except LedgerError as error:
            if not error.uncertain:
                raise
            entry = self._end(reservation, state, answer, kind)  # once more: what arrived is found there
        finally:
            self.drop(reservation)  # whatever came of it, asking again must not wait for it
        self._book.changed()
        return entry

    def _end(self, reservation: Reservation, state: State, answer: str | None, kind: str | None) -> Entry:
        book, seq, cost = self._book, reservation.seq, reservation.cost
        note = f"{cost} stays spent (ledger entry {seq})."
        with book.store.writing(note) as connection:
            head = book.locked(connection)
            row = query.entry_row(connection, book.id, seq)
            if row is None or row["token"] != reservation.token:
                raise LedgerDamagedError.of(self.store, f"entry {seq} is not in it", budget=note)
            if (row["state"], row["answer"]) == (state, answer):  # it arrived when it was first tried
                return query.entry_of(row, book.zero)
            if row["state"] != "reserved":
                raise ReservationError.closed(self.name, seq, row["state"], cost)
            head = book.end(connection, head, row, state, answer=answer, kind=kind)
        return query.entry_of({**row, "state": state, "answer": answer, "kind": kind, "hash": head.hash}, book.zero)
