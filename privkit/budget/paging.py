"""A ledger's entries by pages, so that nobody waits for, or holds, more of them than are asked for.

Each page is a reading transaction of its own: on SQLite a writer waits for the readers before it commits, and must not
wait for the whole of a long ledger. Entries are only added, so pages that are read one after the other fit together.

Words sought in entries: the database leaves out what cannot hold them, and what is left is looked at closely.

A word stands in an entry if it stands in how the entry is told: its number, its question in words, its notebook,
analyst, state, time and cost. The database knows the stored columns alone, so it is asked for what a told word must
have left there: each run of ASCII letters and digits in it, in one column or another. What it finds is checked by
whoever knows how entries are told.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, cast, func, literal_column, or_

from privkit.budget.abstract_account import BaseAccount
from privkit.budget.canonical import UnreadableError, readable
from privkit.budget.chain import Sums, Verification, verify_chain
from privkit.budget.entry import Charged, Entry, State
from privkit.budget.notes import EXTENDED, NAMES
from privkit.budget.store import query
from privkit.budget.store.connections import lets_go
from privkit.budget.store.fault import fault
from privkit.budget.store.query import EVERY, end_part, entries_query, start_part, within
from privkit.errors.ledger import LedgerDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.engine import Connection, RowMapping

    from privkit.budget.book import Book
    from privkit.values.loss import PrivacyLoss


#: Letters whose lower case begins with an ASCII letter: no word finds them, since the database folds ASCII alone.
_STRANGE = str.maketrans({"\u0130": "\ufffd", "\u212a": "\ufffd"})
#: What stands in a told entry without being stored.
_TOLD = ("of", "and", "by", "where", "keys", "release")
_RUN = re.compile(r"[a-z0-9]+")


def folded(text: str) -> str:
    """Return text as it is compared: without regard to case.

    Examples
    --------
    >>> folded("Mean of ÄGE")
    'mean of äge'
    """
    return text.translate(_STRANGE).lower()


def runs(words: Sequence[str]) -> tuple[str, ...]:
    """Return what an entry in which all these folded words stand must hold in its columns.

    Examples
    --------
    >>> runs(["zip,", "(age", "mean", "of", "(2", "größe"])
    ('zip', 'age', 'mean', 'gr')
    """
    found = dict.fromkeys(run for word in words for run in _RUN.findall(word) if not _unstored(word, run))
    return tuple(found)


def _unstored(word: str, run: str) -> bool:
    """Return whether a run may be told without being stored: a word that privkit adds, or a number of keys."""
    return any(run in told for told in _TOLD) or re.fullmatch(r"\(?[0-9]+", word) is not None


def found_rows(
    connection: Connection, project: int, sought: Sequence[str], *, after: int, until: int = EVERY, most: int = EVERY
) -> list[RowMapping]:
    """Return the last `most` entries numbered above `after` and up to `until` that may hold what is sought, backwards.

    Parameters
    ----------
    sought : sequence of str
        Of :func:`runs`.
    """
    asked: dict[str, Any] = {"project": project, "after": after, "until": until, "most": most}
    asked |= {f"run{place}": f"%{run}%" for place, run in enumerate(sought)}
    return list(connection.execute(_query(len(sought), connection.dialect.name), asked).mappings())


def _query(count: int, dialect: str) -> Select[Any]:
    tests = [_holds(bindparam(f"run{place}", type_=Text), dialect) for place in range(count)]
    return entries_query().where(within(), *tests).order_by(start_part.c.entry.desc()).limit(bindparam("most"))


def _holds(run: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    """Return whether a run stands in a column, in ASCII letters of either case."""

    def like(column: ColumnElement[Any]) -> ColumnElement[bool]:
        if dialect == "sqlite":
            return column.op("LIKE", is_comparison=True)(run)
        return column.collate("C").op("ILIKE", is_comparison=True)(run)

    start = start_part.c
    told = literal_column("'#'").concat(cast(start.entry, Text))
    # A fraction may be told as a decimal; an unanswered entry as reserved or as orphaned.
    fraction = start.main.like("%/%") | start.delta.like("%/%")
    state = func.coalesce(end_part.c.state, literal_column("'reserved'"))
    columns = (start.question, start.analyst, start.time, told, start.main, start.delta, state)
    # Of the few extensions, amounts and whose they are are told in words of their own.
    return or_(*map(like, columns), fraction, end_part.c.seq.is_(None), start.key == NAMES[EXTENDED])


#: How many records are read in one transaction.
_PAGE = 5000


class Paged(BaseAccount):
    """What an account in a ledger reads of its entries."""

    _book: Book

    @lets_go
    def entries(self, *, after: int = 0, until: int | None = None, most: int | None = None) -> list[Entry]:
        """Return the first `most` entries numbered above `after` and up to `until`, in order; by default all.

        One that is unanswered shows as orphaned if its process died.
        """
        asked = {"after": after, "until": EVERY if until is None else until, "most": EVERY if most is None else most}
        with self._book.store.reading() as connection:
            return self._shown(connection, query.entry_rows(connection, self._book.id, **asked))

    @lets_go
    def entry(self, seq: int) -> Entry | None:
        """Return one entry, or None."""
        with self._book.store.reading() as connection:
            row = query.entry_row(connection, self._book.id, seq)
            return None if row is None else self._shown(connection, [row])[0]

    @lets_go
    def sought(self, words: Sequence[str], *, after: int, until: int, most: int) -> list[Entry]:
        """Return the last `most` entries from above `after` up to `until` in which all words may stand, backwards.

        The database looks at its columns; whether they do stand in how an entry is told is for the caller to see.

        Parameters
        ----------
        words : sequence of str
            Folded (:func:`privkit.budget.paging.folded`), without blanks.
        """
        with self._book.store.reading() as connection:
            rows = found_rows(connection, self._book.id, runs(words), after=after, until=until, most=most)
            return self._shown(connection, rows)

    @lets_go
    def charged_at(self, numbers: Sequence[int]) -> list[Charged]:
        """Return when the entries with these numbers were charged, and the total then: one look-up for each."""
        with self._book.store.reading() as connection:
            return [self._charged(row) for row in query.charged_at(connection, self._book.id, numbers)]

    @readable
    def _charged(self, row: Mapping[Any, Any]) -> Charged:
        sums = Sums.from_json(row["sums"], self._book.zero)
        return Charged(row["entry"], row["time"], sums.spent)

    @lets_go
    def charged_between(self, begin: date, end: date) -> PrivacyLoss:
        """Return what was charged from the beginning of one day to that of another, in UTC; reservations count.

        Two look-ups. What was charged under a clock that was set back counts as charged by then, as it does for a
        window.
        """
        before = [f"{day - timedelta(days=1)}T23:59:59Z" if day > date.min else "" for day in (begin, end)]
        with self._book.store.reading() as connection:
            first, last = (self._book.charged_until(connection, time) for time in before)
        return last - first

    @lets_go
    def costs(self) -> Counter[PrivacyLoss]:
        """Return how many times each price was charged."""
        with self._book.store.reading() as connection:
            rows = query.costs(connection, self._book.id)
            return Counter({query.loss_of(row, self._book.zero): int(row["times"]) for row in rows})

    @lets_go
    def charged_by(self, *, until: int) -> dict[str, PrivacyLoss]:
        """Return what each analyst was charged up to an entry, in the order in which they first asked."""
        zero, owned = self._book.zero, dict[str, "PrivacyLoss"]()
        with self._book.store.reading() as connection:
            for row in query.costs_by(connection, self._book.id, until):
                cost, count = query.loss_of(row, zero), int(row["times"])
                cost = cost.replace(cost.main * count, cost.delta * count)
                owned[row["analyst"]] = owned.get(row["analyst"], zero) + cost
        return owned

    @lets_go
    def numbers_of(self, state: State, most: int) -> list[int]:
        """Return the numbers of the first `most` entries in a state."""
        with self._book.store.reading() as connection:
            open_ones = self._shown(connection, query.unanswered(connection, self._book.id))
            ended = query.ended_as(connection, self._book.id, state, most)
        return sorted([*ended, *(entry.seq for entry in open_ones if entry.state == state)])[:most]

    @lets_go
    def verify(self, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Check the chain from the first record to the last, every total and every rule on the way (L7).

        Records are read by pages, so that it takes no more memory and holds up no writer, however long the ledger is.

        Parameters
        ----------
        progress : callable, optional
            Told how many records were checked, and how many there were when it began.

        Raises
        ------
        LedgerTamperedError
            Naming the first bad entry.
        LedgerMovedError
            If the chain holds but is not the one that this machine remembers.
        """
        book = self._book
        with book.store.reading() as connection:
            row, head = query.project_row(connection, book.recorded), query.head(connection, book.id)
        if row is None:
            raise LedgerDamagedError.of(self.store, f"project {self.name!r} is no longer in it", budget=None)
        total = 0 if head is None else head["seq"]
        tell = None if progress is None else lambda done: progress(done, max(done, total))
        try:
            told = verify_chain(self.store, row, self._records(tell), book.held[0])
        except UnreadableError as error:
            raise fault(error, book.store.place, book.store.timeout, None) from None
        with book.store.reading() as connection:
            book.check(connection, book.head(connection))
        return told

    def _records(self, tell: Callable[[int], None] | None = None) -> Iterator[RowMapping]:
        """Yield all records in the order of the chain, by pages; `tell` hears of the number of each page's last."""
        after = 0
        while True:
            with self._book.store.reading() as connection:
                page = list(query.records(connection, self._book.id, after=after, most=_PAGE))
            yield from page
            if not page:
                return
            after = page[-1]["seq"]
            if tell is not None:
                tell(after)

    def _shown(self, connection: Connection, rows: Sequence[RowMapping]) -> list[Entry]:
        pending = any(row["state"] == "reserved" for row in rows)
        now = self._book.store.now(connection) if pending else ""
        return [query.entry_of(row, self._book.zero, self._book.state_of(connection, row, now)) for row in rows]
