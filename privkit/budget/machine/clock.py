"""A clock that was once ahead, and its setting back on record.

The time of an entry is never before that of the entry before it: else who turns a clock back would empty a window. So
one entry under a clock that was ahead dates all later ones, and a window stays closed until that time is past.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from privkit.budget.canonical import canonical
from privkit.budget.chain import SET_BACK
from privkit.budget.entry import Entry, Reservation
from privkit.budget.store import query
from privkit.errors.project import ClockError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from privkit.budget.book import Book

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


def set_clock_back(book: Book, analyst: str, reason: str) -> Entry:
    """Record that the time of the last entries was wrong, and go on from the right one. Costs nothing.

    Nothing leaves a window by this. What was charged up to here was charged before it, and is found in the totals of
    its entry: so it counts as charged now, at the latest, and leaves the window when this entry does.

    Parameters
    ----------
    book : Book
    analyst : str
    reason : str
        Why; it is recorded.

    Raises
    ------
    ClockError
        If the last entry is not more than a day ahead of the clock.
    """
    with book.store.writing() as connection:
        head = book.locked(connection)
        book.check(connection, head)
        now = book.store.now(connection)
        if not ahead(head.sums.clock, now):
            raise ClockError.of(book.name, head.sums.clock, now)
        held = Reservation(head.sums.entries + 1, book.zero, now)
        question = canonical({"statistic": SET_BACK, "from": head.sums.clock, "reason": reason})
        head = book.charge(connection, head, held, analyst=analyst, question=question)
        row = query.entry_row(connection, book.id, held.seq)
        assert row is not None
        head = book.end(connection, head, row, "orphaned", kind="clock")
        entry = query.entry_of({**row, "state": "orphaned", "kind": "clock", "hash": head.hash}, book.zero)
    book.remember(head)
    book.changed()
    return entry
