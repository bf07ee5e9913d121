"""What an account in a ledger notes beside charges: facts, its register, extensions of its budget, its end.

The rules are those of `privkit.budget.notes`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import UnreadableError, canonical, readable
from privkit.budget.entry import Counts, Entry, Reservation, in_hand
from privkit.budget.machine.anchor import recall, retire
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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.budget.account import Account
    from privkit.budget.book import Book, Head
    from privkit.budget.entry import Balance
    from privkit.budget.notes import Declared
    from privkit.budget.terms import ProjectTerms


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

    @property
    def terms(self) -> ProjectTerms:
        """The terms that held when the ledger was read last; each charge reads them anew."""
        return self._book.terms

    @property
    def earlier_terms(self) -> tuple[ProjectTerms, ...]:
        """The terms that held before, the latest first."""
        return self._book.held[-2::-1]

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


def _note(  # noqa: PLR0917
    book: Book, connection: Connection, head: Head, analyst: str, question: Mapping[str, Any], draw: int = 1
) -> tuple[Head, Entry]:
    """Add an entry of no cost, with its end; return the new head, and the entry."""
    held = Reservation(head.sums.entries + 1, book.zero, head.now)
    name = NAMES[question["statistic"]]
    head = book.charge(connection, head, held, analyst=analyst, question=canonical(question), key=name, draw=draw)
    row = query.entry_row(connection, book.id, held.seq)
    assert row is not None
    head = book.end(connection, head, row, "committed", answer=NOTED)
    return head, query.entry_of({**row, "state": "committed", "answer": NOTED, "hash": head.hash}, book.zero)


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
