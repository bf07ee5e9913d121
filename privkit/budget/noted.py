"""What an account in a ledger notes beside charges: facts, its register, extensions of its budget, its end.

The rules are those of `privkit.budget.notes`.

A clock that was once ahead is set back on record too. The time of an entry is never before that of the entry before it:
else who turns a clock back would empty a window. So one entry under a clock that was ahead dates all later ones, and a
window stays closed until that time is past.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import UnreadableError, canonical, readable
from privkit.budget.chain import SET_BACK
from privkit.budget.entry import Counts, Entry, Reservation, in_hand
from privkit.budget.machine.state import recall, retire
from privkit.budget.notes import (
    CLOSED,
    EXTENDED,
    FACTS,
    NAMES,
    NOTED,
    REGISTER,
    REMOVED,
    Ending,
    Extension,
    Uses,
    changed,
    merged,
    news,
)
from privkit.budget.paging import Paged
from privkit.budget.store import query
from privkit.budget.store.connections import lets_go
from privkit.errors.facts import FactsChangedError, ProjectUsedError
from privkit.errors.project import ClockError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.budget.account import Account
    from privkit.budget.book import Book, Head
    from privkit.budget.entry import Balance
    from privkit.budget.notes import Declared


@readable
def ending(book: Book, connection: Connection, standing: Sequence[RowMapping] | None = None) -> Ending | None:
    """Return how a project ended; None while it is open. One look-up, unless :meth:`Book.standing` made it."""
    known = book.standing(connection) if standing is None else standing
    record = next((one for one in known if one["key"] in (NAMES[CLOSED], NAMES[REMOVED])), None)
    if record is None:
        return None
    book.check_hash(record)
    removed = record["key"] == NAMES[REMOVED]
    return Ending(removed, record["time"], record["analyst"], json.loads(record["question"])["reason"])


def refuse_ended(book: Book, connection: Connection, standing: Sequence[RowMapping] | None = None) -> None:
    """Refuse to go on in a project that was closed or removed.

    Raises
    ------
    ProjectClosedError, ProjectRemovedError
    """
    if (found := ending(book, connection, standing)) is not None:
        found.refuse(book.name)


def counts_of(account: Account, balance: Balance) -> Counts:
    """Return how many of a project's entries were charged, and how many only note something."""
    noted = account.n_noted
    return Counts(balance.entries - sum(noted), *noted)


#: A clock that is this much behind the ledger's is told of: no colleague's clock differs by as much.
AHEAD = timedelta(days=1)


def ahead(clock: str, now: str) -> bool:
    """Whether the time of the last entry is beyond what any clock shows.

    Examples
    --------
    >>> ahead("2099-06-01T12:00:00Z", "2026-06-01T12:00:00Z"), ahead("", "2026-06-01T12:00:00Z")
    (True, False)
    """
    return bool(clock) and datetime.fromisoformat(clock) - datetime.fromisoformat(now) > AHEAD


def why_late(book: Book, connection: Connection, clock: str) -> str:
    """Say why a window stays closed where a clock was once ahead; empty where none was."""
    if not ahead(clock, now := book.store.now(connection)):
        return ""
    return (
        f"The ledger's last entry is of {clock}, since a clock was ahead, and it is {now}: what was charged leaves "
        "the window only after that time. If this machine's clock is right, let the ledger record that its own is "
        "set back: project.set_clock_back(reason='...'). What is in the window counts from then.\n"
    )


#: How an entry of no cost ends.
_DONE = {"state": "committed", "answer": NOTED}


class Noted(Paged):
    """What an account in a ledger notes beside charges."""

    def facts(self) -> Sequence[Entry]:
        """Return the entries that declare public facts, in order."""
        return _facts(self._book)

    @lets_go
    def declare(self, told: Mapping[str, Any], check: Callable[[Mapping[str, Any]], None]) -> Entry | None:
        """Note public facts; return None where all of them are known. Costs nothing.

        Parameters
        ----------
        told : Mapping
            Column → kind → {"is": value, "reason": text}.
        check : callable
            Told all facts together, within the transaction, refuses what contradicts itself.

        Raises
        ------
        FactsChangedError
            If a fact would change, or go, that a release used.
        """
        book = self._book
        if not news(_declared(_facts(book)), told):
            return None
        with book.store.writing() as connection:
            head = book.locked(connection)
            book.check(connection, head)
            refuse_ended(book, connection)
            records = query.named(connection, book.id, NAMES[FACTS])
            known = _declared([_entry(book, record) for record in records])
            if not (new := news(known, told)):
                return None
            if changed(known, new) and (used := _uses(book, connection).of(new)):
                raise FactsChangedError.of(self.name, used)
            check(merged(known, new))
            question = {"statistic": FACTS, "facts": new}
            head, entry = _note(book, connection, head, self.analyst, question, draw=len(records) + 1)
        book.remember(head)
        book.changed()
        return entry

    @property
    @lets_go
    def n_noted(self) -> tuple[int, int, int, int]:
        """How many entries declare public facts, end the project, are of the register, and extend the budget."""
        book = self._book
        with book.store.reading() as connection:
            facts, registered = (query.last_draw(connection, book.id, NAMES[what]) for what in (FACTS, REGISTER))
            standing = book.standing(connection)
            extended = sum(record["key"] == NAMES[EXTENDED] for record in standing)
            return facts, int(ending(book, connection, standing) is not None), registered, extended

    @lets_go
    def registered(self) -> list[Entry]:
        """Return the entries of the register in order, whatever became of them."""
        with self._book.store.reading() as connection:
            return self._registered(connection)

    def _registered(self, connection: Connection) -> list[Entry]:
        for record in query.named(connection, self._book.id, NAMES[REGISTER]):
            self._book.check_hash(record)
        return self._shown(connection, query.entries_named(connection, self._book.id, NAMES[REGISTER]))

    @lets_go
    def register(self, record: Mapping[str, Any], check: Callable[[Sequence[Entry]], None]) -> Entry:
        """Note a record in the register, where the project is closed too. Costs nothing.

        Parameters
        ----------
        record : Mapping
            What JSON holds; no cell value.
        check : callable
            Told the register as it stands, within the transaction, refuses what does not fit.
        """
        book = self._book
        with book.store.writing() as connection:
            head, question, draw = self._registering(connection, record, check)
            head, entry = _note(book, connection, head, self.analyst, question, draw=draw)
        book.remember(head)
        book.changed()
        return entry

    @lets_go
    def begin_record(self, record: Mapping[str, Any], check: Callable[[Sequence[Entry]], None]) -> Reservation:
        """Begin a record of the register that stands only once it is ended by `commit`: see :meth:`register`."""
        book = self._book
        with book.store.writing() as connection:
            head, question, draw = self._registering(connection, record, check)
            held = Reservation(head.sums.entries + 1, book.zero, head.now)
            in_hand[held.token] = held  # before others can see it
            text = canonical(question)
            head = book.charge(
                connection, head, held, analyst=self.analyst, question=text, key=NAMES[REGISTER], draw=draw
            )
        book.remember(head)
        book.changed()
        return held

    def _registering(
        self, connection: Connection, record: Mapping[str, Any], check: Callable[[Sequence[Entry]], None]
    ) -> tuple[Head, dict[str, Any], int]:
        """Return the head under lock, the question and its place, once the record is found to fit."""
        book = self._book
        head = book.sweep(connection)
        book.check(connection, head)
        if (found := ending(book, connection)) is not None and found.removed:
            found.refuse(book.name)
        known = self._registered(connection)
        check(known)
        return head, {"statistic": REGISTER, "record": dict(record)}, len(known) + 1

    @lets_go
    def extensions(self) -> list[Extension]:
        """Return when, by whom and why the budget was extended, in order, each with the terms before and after."""
        with self._book.store.reading() as connection:
            return self._book.extensions(connection)

    @lets_go
    def extend(self, to: Mapping[str, Any], reason: str) -> Entry | None:
        """Note higher limits, which hold for every charge from there on; None where just this was noted before.

        Parameters
        ----------
        to : Mapping
            See :meth:`privkit.budget.terms.ProjectTerms.extended`.
        reason : str
            Why.

        Raises
        ------
        ParameterError
            If something would fall, or nothing would rise.
        ProjectClosedError, ProjectRemovedError
        """
        book, question = self._book, {"statistic": EXTENDED, "to": dict(to), "reason": reason}
        with book.store.writing() as connection:
            head = book.locked(connection)
            book.check(connection, head)
            standing = book.standing(connection)
            known = book.extensions(connection, standing)
            if any((one.to, one.reason) == (question["to"], reason) for one in known):  # a cell that is run again
                return None
            refuse_ended(book, connection, standing)
            held = (book.held[0], *(one.after for one in known))
            held = (*held, held[-1].extended(to))
            head, entry = _note(book, connection, head, self.analyst, question, draw=len(known) + 1)
        book.held = held
        book.remember(head)
        book.changed()
        return entry

    @property
    def ended(self) -> Ending | None:
        """How the project was closed or removed; None while it is open."""
        return _ended(self._book)

    @lets_go
    def close(self, reason: str, *, removed: bool = False) -> None:
        """Note that nothing is charged to this project any more; with `removed`, that it is as if it never was.

        Raises
        ------
        ProjectUsedError
            If it is to be removed, and something was charged to it.
        """
        book = self._book
        with book.store.writing() as connection:
            head = book.sweep(connection)
            book.check(connection, head)
            refuse_ended(book, connection)
            if removed and head.sums.spent != book.zero:
                raise ProjectUsedError.of(self.name, head.sums.spent)
            question = {"statistic": REMOVED if removed else CLOSED, "reason": reason}
            head, _ = _note(book, connection, head, self.analyst, question)
        book.remember(head)
        if removed and book.watched and (anchor := recall(book.uid)) is not None:
            retire(anchor, reason)
        book.changed()

    @lets_go
    def set_clock_back(self, reason: str) -> Entry:
        """Record that the time of the last entries was wrong, and go on from the right one. Costs nothing.

        Nothing leaves a window by this. What was charged up to here was charged before it, and is found in the totals
        of its entry: so it counts as charged now, at the latest, and leaves the window when this entry does.

        Parameters
        ----------
        reason : str
            Why; it is recorded.

        Raises
        ------
        ClockError
            If the last entry is not more than a day ahead of the clock.
        """
        book = self._book
        with book.store.writing() as connection:
            head = book.locked(connection)
            book.check(connection, head)
            now = book.store.now(connection)
            if not ahead(head.sums.clock, now):
                raise ClockError.of(book.name, head.sums.clock, now)
            question = {"statistic": SET_BACK, "from": head.sums.clock, "reason": reason}
            end = {"state": "orphaned", "kind": "clock"}
            head, entry = _note(book, connection, replace(head, now=now), self.analyst, question, end=end)
        book.remember(head)
        book.changed()
        return entry


def _note(
    book: Book,
    connection: Connection,
    head: Head,
    analyst: str,
    question: Mapping[str, Any],
    *,
    draw: int = 1,
    end: Mapping[str, Any] = _DONE,
) -> tuple[Head, Entry]:
    """Add an entry of no cost, with its end; return the new head, and the entry."""
    held = Reservation(head.sums.entries + 1, book.zero, head.now)
    name = NAMES.get(question["statistic"])
    head = book.charge(connection, head, held, analyst=analyst, question=canonical(question), key=name, draw=draw)
    row = query.entry_row(connection, book.id, held.seq)
    assert row is not None
    head = book.end(connection, head, row, **end)
    return head, query.entry_of({**row, **end, "hash": head.hash}, book.zero)


@lets_go
def _ended(book: Book) -> Ending | None:
    with book.store.reading() as connection:
        return ending(book, connection)


@lets_go
def _facts(book: Book) -> list[Entry]:
    with book.store.reading() as connection:
        records = query.named(connection, book.id, NAMES[FACTS])
    return [_entry(book, record) for record in records]


@readable
def _entry(book: Book, record: Mapping[Any, Any]) -> Entry:
    """Return the entry that a reserved record begins, its hash checked."""
    book.check_hash(record)
    return query.entry_of({**record, "state": "committed", "answer": NOTED, "kind": None}, book.zero)


@readable
def _uses(book: Book, connection: Connection) -> Uses:
    """Return which entries used the facts that are in force."""
    found = Uses()
    for record in query.of_facts(connection, book.id, NAMES[FACTS]):
        found.take(record["entry"], record["key"], json.loads(record["question"]))
    return found


def _declared(entries: Sequence[Entry]) -> Declared:
    """Return the facts in force."""
    found: Declared = {}
    for entry in entries:
        if not isinstance(told := entry.question.get("facts"), dict):
            raise UnreadableError
        found = merged(found, told)
    return found
