"""The register of a project: records in its ledger that cost nothing, from the first to the last.

What was handed out, what persons asked for, which drills were held and that something was measured are read from one
chain of records, each with who noted it and when. A record holds words of the owner, names of tables and files, dates,
numbers of entries and checksums; no cell value, no row, no size, and no id of a person.
"""

from __future__ import annotations

import calendar
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from privkit.errors import ParameterError
from privkit.errors.ledger import LedgerDamagedError
from privkit.errors.root import PrivkitError, type_told
from privkit.errors.study import RegisterError
from privkit.inventory.column_entry import day, today
from privkit.values.arguments import public, whole
from privkit.values.show import Shown, refuse_simulated

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Entry

R = TypeVar("R")
T = TypeVar("T")

#: What records are.
PACKAGE, DELETION, REVOCATION, APPROVALS = "package", "deletion confirmed", "package revoked", "approvals required"
REQUEST, EXTENSION, ANSWER, REFUSAL = "request", "request extended", "request answered", "request refused"
DRILL, MEASUREMENT = "breach drill", "measurement"
#: The first day that is registered: the first data protection act is of 1970. What is older is a slip of the year.
OLDEST = date(1970, 1, 1)


def account_of(project: Any) -> Account:
    """Return a project's account, or refuse a simulated one, of which nothing is handed out.

    Raises
    ------
    SimulatedError
    """
    refuse_simulated(project)
    account: Account = project.account
    return account


def told(entries: Iterable[Entry], *whats: str) -> Iterator[tuple[Entry, Mapping[str, Any]]]:
    """Yield the entries that stand and are of one of these kinds, with their records."""
    for entry in entries:
        record = entry.question["record"]
        if entry.state == "committed" and record.get("what") in whats:
            yield entry, record


def legible(store: str, read: Callable[[Iterable[Entry]], R], entries: Iterable[Entry]) -> R:
    """Return what is read from entries; what cannot be read is told as damage.

    Raises
    ------
    LedgerDamagedError
    """
    try:
        return read(entries)
    except PrivkitError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError):
        raise LedgerDamagedError.of(store, "a record of its register cannot be read", budget=None) from None


def plain_number(id: object) -> int | None:
    """Return the number of an entry, NumPy's included, as `to_frame` has them; None for what is none."""
    try:
        return whole(id, "id")
    except ParameterError:
        return None


def past_day(value: object, argument: str) -> date:
    """Return a day that is not to come, nor before all that is registered; today where none is given.

    Raises
    ------
    ParameterError
    """
    found = today() if value is None else day(value, argument)
    if found > today():
        raise ParameterError.of(argument, "a day to come", "today or before (in UTC)")
    if found < OLDEST:
        raise ParameterError.of(argument, f"a day of the year {found.year}", f"a day from {OLDEST.isoformat()} on")
    return found


def months_after(start: date, months: int) -> date:
    """Return the day so many months later; the last of a month that has no such day.

    So Regulation (EEC, Euratom) No 1182/71, Art. 3(2)(c), counts. Its Art. 3(4), by which a period that would end on a
    holiday or a weekend ends on the next working day, is not made use of: nobody is late by it.

    Examples
    --------
    >>> months_after(date(2026, 1, 31), 1), months_after(date(2026, 11, 30), 3)
    (datetime.date(2026, 2, 28), datetime.date(2027, 2, 28))
    """
    years, place = divmod(start.month - 1 + months, 12)
    last = calendar.monthrange(start.year + years, place + 1)[1]
    return date(start.year + years, place + 1, min(start.day, last))


@public
class Register(Shown, Generic[T]):
    """What a project's register holds of one kind, by the numbers of their entries. Iterate for all, in order.

    Attributes
    ----------
    project : str
    """

    #: What one of them is called.
    _what = ""

    def __init__(self, project: Any) -> None:
        self.account = account_of(project)
        self.project = self.account.name
        self._held: list[Entry] | None = None

    def as_it_stands(self) -> Self:
        """Return the register as it is now: what is noted later does not change it."""
        found = copy(self)
        found._held = self._entries()
        return found

    def _entries(self) -> list[Entry]:
        return self.account.registered() if self._held is None else self._held

    @abstractmethod
    def _read(self, entries: Iterable[Entry]) -> dict[int, T]:
        """Return what stands in these entries, by their numbers, as later records left them."""

    def _known(self, entries: Iterable[Entry]) -> dict[int, T]:
        return legible(self.account.store, self._read, entries)

    def _all(self) -> tuple[T, ...]:
        return tuple(self._known(self._entries()).values())

    def _one(self, entries: Iterable[Entry], id: object) -> T:
        known, number = self._known(entries), plain_number(id)
        if number not in known:
            raise RegisterError.unknown(self._what, type_told(id) if number is None else number, list(known))
        return known[number]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[T]:
        return iter(self._all())

    def __getitem__(self, id: int) -> T:
        """Return one by its number.

        Raises
        ------
        RegisterError
        """
        return self._one(self._entries(), id)
