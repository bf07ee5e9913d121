"""One project's account: reserve, then commit. What is reserved is spent."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from privkit.budget import query
from privkit.budget.canonical import amount_text, canonical
from privkit.budget.chain import Sums, link
from privkit.budget.entry import Entry, Reservation, State, in_hand
from privkit.budget.holder import Holder
from privkit.budget.keys import project_key
from privkit.budget.limits import Ways, admit, in_measure, window_start
from privkit.budget.notice import notify, subscribe
from privkit.budget.schema import record_table
from privkit.budget.terms import ProjectTerms
from privkit.budget.verification import Verification, verify_chain
from privkit.errors.ledger import (
    LedgerDamagedError,
    LedgerError,
    OrphanedReleaseError,
    PendingReleaseError,
    ReservationError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.budget.store import Store
    from privkit.values.loss import PrivacyLoss

#: How many seconds to wait for the same question's answer from another process.
WAIT = 10.0
#: How many seconds a reservation of a process that cannot be seen from here is taken to be alive.
LEASE = 600


@dataclass(frozen=True, slots=True)
class Balance:
    """What a project has spent, at one moment.

    Attributes
    ----------
    budget, spent, reserved, remaining : PrivacyLoss
        The budget is the sum of the three others. Spent is all that is answered, failed or orphaned.
    entries : int
        How many entries there are.
    seq, hash : int, str
        The head of the chain.
    """

    budget: PrivacyLoss
    spent: PrivacyLoss
    reserved: PrivacyLoss
    remaining: PrivacyLoss
    entries: int
    seq: int
    hash: str


class Account:
    """A project's account in a ledger.

    Reads no rows of any data. Every amount is exact.

    Attributes
    ----------
    name, uid : str
        The project's name, and what tells it apart from others of the same name.
    terms : ProjectTerms
    analyst : str
        To whom charges of this process are written.
    """

    def __init__(self, store: Store, row: Mapping[Any, Any], analyst: str) -> None:
        self._store = store
        self._id: int = row["id"]
        self._first: str = row["hash"]
        self.name: str = row["name"]
        self.uid: str = row["uid"]
        self.begun: str = row["begun"]
        self.terms = ProjectTerms.from_json(row["terms"])
        self.analyst = analyst
        self._zero = self.terms.budget.replace(self.terms.budget.main - self.terms.budget.main)

    # -- what it says ------------------------------------------------------------------------------------------

    @property
    def store(self) -> str:
        """Where the ledger is, without a password."""
        return self._store.place.shown

    @property
    def key(self) -> bytes | None:
        """The project's secret key, or None where there is no replay."""
        return project_key(self.uid)

    def balance(self) -> Balance:
        """Return what is spent, reserved and left. One look-up, however long the ledger is."""
        with self._store.reading() as connection:
            seq, sums, last = self._head(connection)
        budget = self.terms.budget
        return Balance(
            budget, sums.spent - sums.held, sums.held, budget - sums.spent, entries=sums.entries, seq=seq, hash=last
        )

    @property
    def spent(self) -> PrivacyLoss:
        """What was charged and is answered, failed or orphaned."""
        return self.balance().spent

    @property
    def reserved(self) -> PrivacyLoss:
        """What is charged and not yet answered."""
        return self.balance().reserved

    @property
    def remaining(self) -> PrivacyLoss:
        """What may still be charged."""
        return self.balance().remaining

    def version(self) -> int:
        """Return a number that grows with every change of the account, by whichever process: cheap to poll."""
        return self.balance().seq

    def entries(self, *, after: int = 0) -> list[Entry]:
        """Return the entries numbered above `after`, in order.

        One that is unanswered shows as orphaned if its process died.
        """
        with self._store.reading() as connection:
            rows = query.entry_rows(connection, self._id, after=after)
            now = self._store.now(connection) if any(row["state"] == "reserved" for row in rows) else ""
        return [query.entry_of(row, self._zero, self._seen(row, now)) for row in rows]

    def entry(self, number: int) -> Entry | None:
        """Return one entry, or None."""
        with self._store.reading() as connection:
            row = query.entry_row(connection, self._id, number)
            now = self._store.now(connection)
        return None if row is None else query.entry_of(row, self._zero, self._seen(row, now))

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change that this process makes; returns what ends the subscription."""
        return subscribe(self.store, self.uid, callback)

    # -- reserve -----------------------------------------------------------------------------------------------

    def find(self, key: str | None) -> Entry | None:
        """Return the stored answer to a question, found by its keyed name; None if there is none.

        Costs nothing (L4) and waits for nobody.
        """
        if key is None:
            return None
        with self._store.reading() as connection:
            row = query.asked(connection, self._id, key)
        return query.entry_of(row, self._zero) if row is not None and row["state"] == "committed" else None

    def reserve(
        self,
        key: str | None,
        question: Mapping[str, Any],
        cost: PrivacyLoss,
        *,
        again: bool = False,
        ways: Ways | None = None,
        wait: float = WAIT,
    ) -> Reservation | Entry:
        """Charge the cost of a question, durably and before anything is drawn; or return the answer it already has.

        Parameters
        ----------
        key : str or None
            The keyed name of the question and its data (:func:`privkit.budget.keys.request_key`). None: no replay.
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
        LedgerError
            If the ledger cannot be written. Nothing is spent, unless the message says that this is unknown.
        """
        cost = in_measure(self.name, self.terms, cost)
        text = canonical(question)
        if not again and (entry := self.find(key)) is not None:
            return entry
        deadline = time.monotonic() + wait
        while True:
            result = self._admitted(key, text, cost, again=again, ways=ways)
            if not isinstance(result, _Unanswered):
                return result
            if result.state != "reserved":
                notify(self.store, self.uid)
                raise OrphanedReleaseError.of(
                    self.name, entry=result.number, state=result.state, cost=result.cost, price=cost
                )
            if time.monotonic() >= deadline:
                raise PendingReleaseError.of(self.name, result.number, result.time, wait)
            time.sleep(min(0.05, wait))

    def _admitted(
        self, key: str | None, question: str, cost: PrivacyLoss, *, again: bool, ways: Ways | None
    ) -> Reservation | Entry | _Unanswered:
        """Decide and charge in one transaction (L2)."""
        reservation: Reservation | None = None
        try:
            with self._store.writing() as connection:
                seq, sums, last = self._locked(connection)
                now = max(self._store.now(connection), sums.clock)  # the ledger's clock never goes back
                if key is not None and not again and (row := query.asked(connection, self._id, key)) is not None:
                    return self._earlier(connection, row, now, (seq, sums, last))
                own = query.charged_to(connection, self._id, self.analyst, self._zero)
                recent = self._recent(connection, sums, now)
                admit(self.name, self.terms, cost, sums, own=own, recent=recent, ways=ways)
                reservation = Reservation(sums.entries + 1, cost, now)
                in_hand[reservation.token] = reservation  # before others can see it
                draw = 1 if key is None else query.last_draw(connection, self._id, key) + 1
                self._append(
                    connection,
                    (seq, last),
                    sums.reserved(cost, now, own),
                    entry=reservation.seq,
                    state="reserved",
                    key=key,
                    draw=draw,
                    time=now,
                    analyst=self.analyst,
                    holder=str(Holder.this()),
                    token=reservation.token,
                    question=question,
                    main=amount_text(cost.main),
                    delta=amount_text(cost.delta),
                )
        except LedgerError as error:
            if not error.uncertain or reservation is None:
                raise
            self._settle(error, reservation, "reserved")
        assert reservation is not None
        notify(self.store, self.uid)
        return reservation

    def _recent(self, connection: Connection, sums: Sums, now: str) -> PrivacyLoss:
        if self.terms.window is None:
            return self._zero
        start = window_start(self.terms.window, now)
        return sums.spent - query.charged_until(connection, self._id, start, self._zero)

    def _earlier(
        self, connection: Connection, row: RowMapping, now: str, head: tuple[int, Sums, str]
    ) -> Entry | _Unanswered:
        """Return what became of the same question: its answer; or that it has none, noting a dead holder's entry."""
        state: State = self._seen(row, now)
        if state == "committed":
            return query.entry_of(row, self._zero)
        if state == "orphaned" and row["state"] == "reserved":
            self._end(connection, row, head, "orphaned", kind="died")
        return _Unanswered(row["entry"], state, row["time"], query.loss_of(row, self._zero))

    # -- end ---------------------------------------------------------------------------------------------------

    def commit(self, reservation: Reservation, answer: str) -> Entry:
        """Store the answer of a reservation, byte for byte. Only what this returns may be shown (L1).

        Raises
        ------
        ReservationError
            If the reservation already ended, or belongs to the parent of a forked process.
        LedgerError
            If the answer could not be stored. It must not be shown; its cost stays spent.
        """
        return self._ended(reservation, "committed", answer=answer)

    def fail(self, reservation: Reservation, kind: str = "measurement") -> Entry:
        """Note that the measurement failed. The cost stays spent (L3).

        Parameters
        ----------
        reservation : Reservation
        kind : str
            One word of the program's choice; never the text or class of an error, which may depend on the data.
        """
        return self._ended(reservation, "failed", kind=kind)

    def orphan(self, reservation: Reservation) -> Entry:
        """Note that the measurement was interrupted. The cost stays spent (L3)."""
        return self._ended(reservation, "orphaned", kind="interrupted")

    @contextmanager
    def ending(self, reservation: Reservation) -> Iterator[None]:
        """Note as failed, or as orphaned where it was interrupted, what leaves the block with an error."""
        try:
            yield
        except BaseException as error:
            with suppress(LedgerError, ReservationError):
                if isinstance(error, Exception):
                    self.fail(reservation)
                else:
                    self.orphan(reservation)
            raise

    def _ended(
        self, reservation: Reservation, state: State, *, answer: str | None = None, kind: str | None = None
    ) -> Entry:
        number, cost = reservation.seq, reservation.cost
        if reservation.pid != os.getpid():
            raise ReservationError.forked(self.name, number, cost)
        note = f"{cost} stays spent (ledger entry {number})."
        try:
            with self._store.writing(note) as connection:
                head = self._locked(connection)
                row = query.entry_row(connection, self._id, number)
                if row is None or row["token"] != reservation.token:
                    raise LedgerDamagedError.of(self.store, f"entry {number} is not in it", budget=note)
                if row["state"] != "reserved":
                    raise ReservationError.closed(self.name, number, row["state"], cost)
                self._end(connection, row, head, state, answer=answer, kind=kind)
        except LedgerError as error:
            if not error.uncertain:
                raise
            self._settle(error, reservation, state, answer)
        in_hand.pop(reservation.token, None)
        notify(self.store, self.uid)
        entry = self.entry(number)
        assert entry is not None
        return entry

    def _settle(self, error: LedgerError, reservation: Reservation, state: State, answer: str | None = None) -> None:
        """Look whether a write arrived although its confirmation was lost; raise the error unless it did."""
        number, cost = reservation.seq, reservation.cost
        try:
            with self._store.reading() as connection:
                row = query.entry_row(connection, self._id, number)
        except LedgerError:
            if state == "reserved":
                error.budget = f"It is not known whether {cost} was spent (ledger entry {number}); nothing was drawn."
            raise error from None
        if row is None or row["token"] != reservation.token or row["state"] != state or row["answer"] != answer:
            raise error

    def verify(self) -> Verification:
        """Check the chain of records from the first to the last, and every rule of the ledger on the way (L7).

        Raises
        ------
        LedgerTamperedError
            Naming the first bad entry.
        """
        with self._store.reading() as connection:
            row = query.project_row(connection, self.name)
            assert row is not None
            return verify_chain(self.store, row, query.records(connection, self._id), self.terms)

    # -- records -----------------------------------------------------------------------------------------------

    def _head(self, connection: Connection) -> tuple[int, Sums, str]:
        """Return seq, totals and hash of the last record."""
        row = query.head(connection, self._id)
        if row is None:
            return 0, Sums.start(self._zero), self._first
        return row["seq"], Sums.from_json(row["sums"], self._zero), row["hash"]

    def _locked(self, connection: Connection) -> tuple[int, Sums, str]:
        """Lock the project (on PostgreSQL; SQLite's transaction is locked), then read its head."""
        row = query.project_row(connection, self.name, lock=True)
        if row is None or row["uid"] != self.uid:
            raise LedgerDamagedError.of(self.store, f"project {self.name!r} is no longer in it")
        return self._head(connection)

    def _end(
        self, connection: Connection, row: RowMapping, head: tuple[int, Sums, str], state: State, **fields: Any
    ) -> None:
        seq, sums, last = head
        ended = sums.ended(query.loss_of(row, self._zero))
        self._append(connection, (seq, last), ended, entry=row["entry"], state=state, **fields)

    def _append(self, connection: Connection, head: tuple[int, str], sums: Sums, **fields: Any) -> None:
        record: dict[str, Any] = dict.fromkeys(column.name for column in record_table.c)
        record |= fields
        record |= {"project": self._id, "seq": head[0] + 1, "prev": head[1], "sums": sums.to_json()}
        record["hash"] = link(record)
        connection.execute(insert(record_table), record)

    def _seen(self, row: Mapping[Any, Any], now: str) -> State:
        """Return an entry's state, with a reservation whose process is dead as orphaned."""
        state: State = row["state"]
        if state != "reserved":
            return state
        holder = Holder.parse(row["holder"])
        if holder == Holder.this():
            return "reserved" if row["token"] in in_hand else "orphaned"
        alive = holder.alive()
        if alive is None:
            alive = _seconds(row["time"], now) < LEASE
        return "reserved" if alive else "orphaned"


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """The same question's entry, without an answer."""

    number: int
    state: State
    time: str
    cost: PrivacyLoss


def _seconds(start: str, end: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
