"""The book of one project: its chain of records, read and extended within transactions."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from privkit.budget.abstract_account import notify
from privkit.budget.canonical import amounts, readable
from privkit.budget.chain import Sums, link
from privkit.budget.entry import Entry, Reservation, State, in_hand
from privkit.budget.machine.process import Holder, seen
from privkit.budget.machine.state import Anchor, recall, remember, shown_state, writable
from privkit.budget.names import called
from privkit.budget.notes import CLOSED, EXTENDED, NAMES, REMOVED, Extension
from privkit.budget.store import query
from privkit.budget.store.schema import record_table
from privkit.budget.terms import ProjectTerms
from privkit.errors import ParameterError
from privkit.errors.ledger import LedgerDamagedError, LedgerMovedError, LedgerTamperedError
from privkit.values.show import warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.budget.store.store import Store
    from privkit.values.loss import PrivacyLoss

#: How many seconds a reservation of a process that cannot be seen from here is taken to be alive.
LEASE = 600
#: Of which projects it was warned that no anchor is kept.
_warned: set[tuple[str, str]] = set()
_COLUMNS = tuple(column.name for column in record_table.c)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain.

    Attributes
    ----------
    seq, hash, prev : int, str, str
        The last record's number, its hash, and the hash of the one before it.
    sums : Sums
        The totals after it.
    now : str
        When the chain was locked; empty if it was only read. Never before the last reservation (L12).
    """

    seq: int
    sums: Sums
    hash: str
    prev: str = ""
    now: str = ""


class Book:
    """A project's records.

    Parameters
    ----------
    store : Store
    row : Mapping
        The project's row.
    """

    def __init__(self, store: Store, row: Mapping[Any, Any]) -> None:
        self.store = store
        #: Where the ledger is, without a password.
        self.place = store.place.shown
        self.id: int = row["id"]
        self.recorded: str = row["name"]
        self.name = called(self.recorded)
        self.uid: str = row["uid"]
        self.begun: str = row["begun"]
        self.first: str = row["hash"]
        #: The terms that held one after the other, as far as they were read: those it was begun on, then extended ones.
        self.held: tuple[ProjectTerms, ...] = (ProjectTerms.from_json(row["terms"]),)
        self.zero = self.terms.budget - self.terms.budget
        self.note = ""  # what to know of a copy that is only looked at: then no anchor counts
        self.left = False  # True where this process may have left a reservation without an end

    @property
    def terms(self) -> ProjectTerms:
        """The terms that held when the ledger was read last."""
        return self.held[-1]

    def standing(self, connection: Connection) -> list[RowMapping]:
        """Return the records by which the project goes on or not: that it was extended, closed or removed."""
        return query.named_any(connection, self.id, (NAMES[EXTENDED], NAMES[CLOSED], NAMES[REMOVED]))

    def in_force(self, connection: Connection, standing: Sequence[RowMapping] | None = None) -> ProjectTerms:
        """Return the terms that hold now: read anew, since another process may have extended them. One look-up.

        Parameters
        ----------
        standing : sequence, optional
            What :meth:`standing` has just found.

        Raises
        ------
        LedgerTamperedError
        """
        held = (self.held[0], *(one.after for one in self.extensions(connection, standing)))
        if len(held) > len(self.held):  # they only grow: a reader that was slow does not bring earlier ones back
            self.held = held
        return held[-1]

    @readable
    def extensions(self, connection: Connection, standing: Sequence[RowMapping] | None = None) -> list[Extension]:
        """Return when, by whom and why the terms were extended, in order.

        Raises
        ------
        LedgerTamperedError
        """
        found, before = list[Extension](), self.held[0]
        for record in self.standing(connection) if standing is None else standing:
            if record["key"] != NAMES[EXTENDED]:
                continue
            self.check_hash(record)
            told = json.loads(record["question"])
            try:
                after = before.extended(told["to"])
            except ParameterError:
                where = {"entry": record["entry"], "record": record["seq"]}
                raise LedgerTamperedError.of(self.place, self.name, **where, found="lowers the budget") from None
            by, time = record["analyst"], record["time"]
            found.append(Extension(record["entry"], time, by, told["to"], told["reason"], before, after))
            before = after
        return found

    # -- the head of the chain -------------------------------------------------------------------------------------

    @readable
    def head(self, connection: Connection) -> Head:
        """Return the end of the chain."""
        row = query.head(connection, self.id)
        if row is None:
            return Head(0, Sums.start(self.zero), self.first)
        return Head(row["seq"], Sums.from_json(row["sums"], self.zero), row["hash"], row["prev"])

    @readable
    def check_end(self, connection: Connection) -> None:
        """Refuse a chain whose last records do not hold together; `verify` looks at all of them.

        Raises
        ------
        LedgerTamperedError
        """
        records = query.tail(connection, self.id)
        for index, record in enumerate(records):
            if index + 1 < len(records):
                prev = records[index + 1]["hash"]
            else:
                prev = self.first if record["seq"] == 1 else record["prev"]
            if record["prev"] != prev or link(record) != record["hash"]:
                raise LedgerTamperedError.of(
                    self.place, self.name, entry=record["entry"], record=record["seq"], found="does not fit its hash"
                )

    def locked(self, connection: Connection) -> Head:
        """Return the end of the chain, which nobody else extends until the transaction ends.

        SQLite's transaction is a lock; on PostgreSQL the project's row is locked first, then the chain is read.
        """
        row = query.project_row(connection, self.recorded, lock=True)
        if row is None or row["uid"] != self.uid:
            raise LedgerDamagedError.of(self.place, f"project {self.name!r} is no longer in it")
        if "version" in row:
            self.store.check_version(row["version"])
        head = self._whole_head(connection)
        return replace(head, now=max(self.store.now(connection, row), head.sums.clock))

    @readable
    def _whole_head(self, connection: Connection) -> Head:
        """Return the end of the chain, its own hash checked: what is spent next rests on its totals alone (L7, L9).

        It costs one hash. `verify` looks at all records; a wrong one in the middle changes no total that counts here.

        Raises
        ------
        LedgerTamperedError
        """
        record = query.last(connection, self.id)
        if record is None:
            return Head(0, Sums.start(self.zero), self.first)
        sums = self._sums(record)
        return Head(record["seq"], sums, record["hash"], record["prev"])

    def _sums(self, record: Mapping[Any, Any]) -> Sums:
        """Return the totals after a record, its hash checked."""
        self.check_hash(record)
        return Sums.from_json(record["sums"], self.zero)

    def check_hash(self, record: Mapping[Any, Any]) -> None:
        """Refuse a record that does not fit its hash.

        Raises
        ------
        LedgerTamperedError
        """
        try:
            fits = link(record) == record["hash"]
        except (TypeError, ValueError):  # something else than text stands where text should
            fits = False
        if not fits:
            raise LedgerTamperedError.of(
                self.place, self.name, entry=record["entry"], record=record["seq"], found="does not fit its hash"
            )

    def append(self, connection: Connection, head: Head, sums: Sums, **fields: Any) -> Head:
        """Add a record after the head, and return the new head."""
        record: dict[str, Any] = dict.fromkeys(_COLUMNS)
        record |= fields
        record |= {"project": self.id, "seq": head.seq + 1, "prev": head.hash, "sums": sums.to_json()}
        record["hash"] = link(record)
        query.add(connection, record)
        return Head(record["seq"], sums, record["hash"], head.hash, head.now)

    def charge(
        self,
        connection: Connection,
        head: Head,
        held: Reservation,
        *,
        analyst: str,
        question: str,
        key: str | None = None,
        draw: int = 1,
        own: PrivacyLoss | None = None,
    ) -> Head:
        """Begin an entry: it is charged from here on, whatever becomes of it.

        Parameters
        ----------
        own : PrivacyLoss, optional
            What the analyst was charged so far (:meth:`charged_to`), if the caller has just asked for it.
        """
        own = self.charged_to(connection, analyst) if own is None else own
        main, delta = amounts(held.cost)
        return self.append(
            connection,
            head,
            head.sums.reserved(held.cost, held.time, own),
            entry=held.seq,
            state="reserved",
            key=key,
            draw=draw,
            time=held.time,
            analyst=analyst,
            holder=str(Holder.this()),
            token=held.token,
            question=question,
            main=main,
            delta=delta,
        )

    def charged_to(self, connection: Connection, analyst: str) -> PrivacyLoss | None:
        """Return what an analyst was charged so far; None, and not looked up, where the terms do not limit it."""
        if self.terms.per_analyst is None:
            return None
        record = query.last_of(connection, self.id, analyst)
        return (record and self._sums(record).own) or self.zero

    def charged_until(self, connection: Connection, time: str) -> PrivacyLoss:
        """Return what was charged in all up to and including a `time`."""
        record = query.last_until(connection, self.id, time)
        return self._sums(record).spent if record else self.zero

    def end(self, connection: Connection, head: Head, row: RowMapping, state: State, **fields: Any) -> Head:
        """End an entry."""
        sums = head.sums.ended(query.loss_of(row, self.zero))
        return self.append(connection, head, sums, entry=row["entry"], state=state, **fields)

    def answered(self, connection: Connection, row: Mapping[Any, Any]) -> Entry:
        """Return a committed entry, its answer checked against its hash: a damaged one is not replayed (L4, L7).

        Raises
        ------
        LedgerTamperedError
        """
        record = query.end_row(connection, self.id, row["entry"])
        if record is None:
            raise LedgerTamperedError.of(self.place, self.name, entry=row["entry"], record=0, found="lost its answer")
        self.check_hash(record)
        return query.entry_of(row, self.zero)

    # -- who holds a reservation -----------------------------------------------------------------------------------

    @readable
    def state_of(self, connection: Connection, row: Mapping[Any, Any], now: str) -> State:
        """Return an entry's state: a reservation whose process is dead is orphaned (L5).

        One that cannot be seen from here lives while its lease runs, or its server tells that it is there.
        """
        state: State = row["state"]
        if state != "reserved":
            return state
        holder = Holder.parse(row["holder"])
        if holder == Holder.this():
            return "reserved" if row["token"] in in_hand else "orphaned"
        alive = holder.alive()
        if alive is None:
            age = (datetime.fromisoformat(now) - datetime.fromisoformat(row["time"])).total_seconds()
            alive = age < LEASE or seen(connection, holder)
        return "reserved" if alive else "orphaned"

    def sweep(self, connection: Connection) -> Head:
        """Note the entries whose process is dead as orphaned."""
        head = self.locked(connection)
        for row in query.unanswered(connection, self.id) if head.sums.pending else ():
            if self.state_of(connection, row, head.now) == "orphaned":
                head = self.end(connection, head, row, "orphaned", kind="died")
        return head

    # -- what this machine remembers -------------------------------------------------------------------------------

    @property
    def watched(self) -> bool:
        """Whether an anchor outside the ledger counts: everywhere but in folders for temporary files, and in copies."""
        return not (self.store.place.temporary or self.note)

    @property
    def unwatched(self) -> str:
        """Why an older copy of the ledger, put back, would not be noticed, though it should be; empty if it would."""
        if not self.watched or writable("anchors"):
            return ""
        return (
            f"this machine cannot remember how far the ledger of {self.name!r} came, since {shown_state()} cannot be "
            "written: an older copy of it, put back, would let the same budget be spent again, unnoticed. Set "
            "PRIVKIT_STATE_DIR to a folder of your own that lasts."
        )

    def remember(self, head: Head, *, force: bool = False) -> None:
        """Write the head down outside the ledger, after the ledger's commit; warn, once, where that cannot be done."""
        if self.watched and not self.store.place.read_only:
            main, delta = amounts(head.sums.spent)
            measure, store = self.zero.measure.name, self.store
            told = (self.uid, self.name, self.place, head.seq, head.hash, measure, (main, delta), store.id, store.home)
            if not remember(Anchor(*told), force=force) and (self.place, self.uid) not in _warned:
                _warned.add((self.place, self.uid))
                warn(self.unwatched or "what this machine remembers cannot be written")

    def check(self, connection: Connection, head: Head) -> None:
        """Refuse a chain that is older than, or another than, the one that this machine remembers (L8).

        Raises
        ------
        LedgerMovedError
        """
        anchor = recall(self.uid) if self.watched else None
        if anchor is not None and (lost := self.lost(connection, head, anchor)) is not None:
            if head.seq < anchor.seq:
                raise LedgerMovedError.behind(self.name, self.place, remembered=anchor.seq, found=head.seq, lost=lost)
            raise LedgerMovedError.forked(self.name, self.place, anchor.seq, lost)

    def lost(self, connection: Connection, head: Head, anchor: Anchor) -> PrivacyLoss | None:
        """Return what was charged after this chain left the remembered one, at most; None if it did not leave it.

        An older copy lacks what was charged since. Where both went on apart, it cannot be told what they share, so
        all that was remembered counts.
        """
        charged = anchor.charged
        if anchor.seq in (head.seq, head.seq - 1):  # as a rule; so nothing is looked up
            found = head.hash if anchor.seq == head.seq else head.prev
        else:
            found = (query.hash_at(connection, self.id, anchor.seq) or "") if anchor.seq else self.first
        if found == anchor.hash:
            return None
        return charged.shortfall(head.sums.spent) if head.seq < anchor.seq else charged

    def changed(self) -> None:
        """Tell the panels of this process."""
        notify(self.place, self.uid)
