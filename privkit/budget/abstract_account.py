"""What every account does in the same way, in a ledger or in memory.

A question's turn: from being asked to being answered, with an end wherever it is interrupted (L3, L5).

Notice within a process, for panels: of changes, and of stored answers that were given again.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

from privkit.budget.odometer import Headroom, Odometer, in_measure, times
from privkit.errors.calls import on_leaving
from privkit.errors.ledger import LedgerError
from privkit.errors.project import ProjectCopyError, ReservationError
from privkit.errors.root import NOTHING_SPENT
from privkit.values.interrupts import INTERRUPTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privkit.budget.entry import Balance, Charged, Entry, Reservation, State
    from privkit.budget.machine.keys import FirstForm
    from privkit.budget.notes import Extension
    from privkit.budget.terms import ProjectTerms
    from privkit.values.loss import Measure, PrivacyLoss

#: How many entries are read at once where all of them are asked for: more are no faster, and need more memory.
PAGE = 500


class BaseAccount(ABC):
    """A project's account: what it says of itself, and how a reservation ends.

    Attributes
    ----------
    name : str
        The project's name.
    uid : str
        What tells the project apart from others of the same name.
    store : str
        Where the account is kept, without a password.
    begun : str
        When the project was begun, in UTC.
    analyst : str
        To whom charges of this process are written.
    """

    #: Whether its answers are drawn by a simulator.
    simulated: ClassVar[bool] = False

    def __init__(self, name: str, uid: str, *, store: str, begun: str, analyst: str) -> None:
        self.name = name
        self.uid = uid
        self.store = store
        self.begun = begun
        self.analyst = analyst

    # -- what it says ----------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def terms(self) -> ProjectTerms:
        """The project's terms."""

    @property
    def measure(self) -> Measure:
        """How the project counts privacy loss: it stands in its terms, and no extension changes it."""
        return self.terms.budget.measure

    @property
    def earlier_terms(self) -> tuple[ProjectTerms, ...]:
        """The terms that held before they were extended, the latest first."""
        return ()

    def extensions(self) -> list[Extension]:
        """Return when, by whom and why the budget was extended, in order, each with the terms before and after."""
        return []

    @abstractmethod
    def balance(self) -> Balance:
        """Return what is spent, reserved and left."""

    @abstractmethod
    def entries(self, *, after: int = 0, until: int | None = None, most: int | None = None) -> list[Entry]:
        """Return the first `most` entries numbered above `after` and up to `until`, in order; by default all."""

    @abstractmethod
    def charged_at(self, numbers: Sequence[int]) -> list[Charged]:
        """Return when the entries with these numbers were charged, and the total then."""

    @abstractmethod
    def costs(self) -> Counter[PrivacyLoss]:
        """Return how many times each price was charged."""

    @abstractmethod
    def charged_by(self, *, until: int) -> dict[str, PrivacyLoss]:
        """Return what each analyst was charged up to an entry, in the order in which they first asked."""

    def pages(self, *, after: int = 0, most: int | None = None) -> Iterator[list[Entry]]:
        """Yield the first `most` entries numbered above `after`, in order, a page at a time."""
        left = most
        while left is None or left > 0:
            page = self.entries(after=after, most=PAGE if left is None else min(PAGE, left))
            if not page:
                return
            yield page
            after, left = page[-1].seq, None if left is None else left - len(page)

    def each(self) -> Iterator[Entry]:
        """Yield all entries in order, without holding them all."""
        return chain.from_iterable(self.pages())

    @abstractmethod
    def _limits(self) -> list[tuple[str, PrivacyLoss, PrivacyLoss]]:
        """Return each limit's name, amount and what is left of it now."""

    @property
    def note(self) -> str:
        """What to know of a ledger that is only looked at: that it is a copy, or an older state; empty if it is not."""
        return ""

    @property
    def unwatched(self) -> str:
        """Why an older copy of its ledger, put back, would not be noticed; empty where it would, or there is none."""
        return ""

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

    @property
    def first_form(self) -> FirstForm | None:
        """What an earlier version was asked in this project; None if nothing."""
        return None

    def holds(self, has: str, lacks: str) -> bool:
        """Return whether the text of some question has the one and lacks the other."""
        return False

    def version(self) -> int:
        """Return a number that grows with every change of the account, by whichever process: cheap to poll."""
        return self.balance().seq

    def odometer(self) -> Odometer:
        """Return what each release cost, and the totals after it. It tells; `reserve` is the filter that refuses."""
        return Odometer.of(self)

    def headroom(self, cost: PrivacyLoss) -> Headroom:
        """Return how many more releases of this `cost` the limits admit: "about N more like this".

        Reads the account alone, so it depends on public facts only.

        Raises
        ------
        MeasureMismatchError
        """
        cost = in_measure(self.name, self.terms, cost)
        limits = self._limits()
        if self.terms.ceiling is not None and cost.main > self.terms.ceiling:
            return Headroom(cost, 0, "ceiling", self.terms.budget.replace(self.terms.ceiling))
        rooms = [Headroom(cost, times(cost, left), name, left) for name, _, left in limits]
        return min(rooms, key=lambda room: room.times)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change that this process makes; returns what ends the subscription."""
        return subscribe(self.store, self.uid, callback)

    def looking(self, seconds: float) -> Self:
        """Return the account for reading alone, which waits for a lock no longer than `seconds`.

        A kernel that redraws a panel must not stand still for as long as a release may wait.
        """
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled or copied: what a project is made of comes here too.

        Raises
        ------
        ProjectCopyError
        """
        raise ProjectCopyError.of("a project's account", self.name)

    # -- how a reservation ends ------------------------------------------------------------------------------------

    @abstractmethod
    def _ended(
        self, reservation: Reservation, state: State, *, answer: str | None = None, kind: str | None = None
    ) -> Entry:
        """End a reservation in this state, and tell who subscribed."""

    @abstractmethod
    def settle(self, reservation: Reservation) -> Entry | None:
        """End a reservation as orphaned, unless it has an end; return what the account holds of it, None if nothing.

        Raises
        ------
        LedgerError
            If the ledger cannot be asked. The reservation is no longer held by this process all the same.
        """

    def drop(self, reservation: Reservation) -> None:
        """Hold a reservation no longer, whatever the account says of it."""
        del reservation  # by default nothing is held beside the account

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
                if isinstance(error, INTERRUPTS):
                    self.orphan(reservation)
                else:
                    self.fail(reservation)
            raise


class Turn:
    """What one question holds of its account.

    A reservation is named here before it is written. So whoever catches an interrupt, at whichever line it fell, can
    ask the ledger what became of it, and end it: nobody then waits for an answer that nobody draws.

    Attributes
    ----------
    held : Reservation or None
        What was, or may have been, charged.
    """

    def __init__(self, account: BaseAccount) -> None:
        self.account = account
        self.held: Reservation | None = None
        self._told = False
        on_leaving(self.left)

    def left(self, error: BaseException) -> None:
        """End what is still unanswered when `error` leaves the turn; tell an interrupted person what was charged.

        May be called twice for one error, in case the first call was itself interrupted.
        """
        interrupted = not isinstance(error, Exception)
        if self.held is None:
            self._tell(error, NOTHING_SPENT, interrupted)
            return
        if isinstance(error, LedgerError):  # the ledger does not answer, and its error says what is known
            self.account.drop(self.held)
            return
        try:
            entry = self.account.settle(self.held)
        except (LedgerError, ReservationError):
            held = self.held
            told = f"It is not known whether {held.cost} was spent (ledger entry {held.seq}); see project.ledger."
            self._tell(error, told, interrupted)
        else:
            self._tell(error, _told(entry), interrupted)

    def _tell(self, error: BaseException, text: str, interrupted: bool) -> None:
        if interrupted and not self._told:
            error.add_note(text)
            self._told = True


def _told(entry: Entry | None) -> str:
    """Say what became of a question, and what asking again costs."""
    if entry is None:
        return NOTHING_SPENT
    spent = f"{entry.cost} was spent (ledger entry {entry.seq})"
    if entry.state != "committed":
        return f"{spent}, and no answer was stored. Asking again costs again: again=True."
    if entry.key is None:
        return f"{spent} and its answer is stored, but without a key it cannot be replayed: see project.ledger."
    return f"{spent} and its answer is stored: run the cell again, and it is replayed at no cost."


Callback = Callable[[], None]
_subscribers: dict[tuple[str, str], list[Callback]] = {}
_replays: dict[tuple[str, str], Counter[int]] = {}


def subscribe(store: str, uid: str, callback: Callback) -> Callable[[], None]:
    """Call `callback` after each change of a project by this process; returns what ends the subscription."""
    callbacks = _subscribers.setdefault((store, uid), [])
    callbacks.append(callback)

    def end() -> None:
        if callback in callbacks:
            callbacks.remove(callback)

    return end


def notify(store: str, uid: str) -> None:
    """Tell the subscribers. One that fails is warned about: a panel must not undo a release."""
    for callback in list(_subscribers.get((store, uid), ())):
        try:
            callback()
        except Exception as error:  # noqa: BLE001
            warnings.warn(f"a subscriber of the ledger failed ({type(error).__name__})", RuntimeWarning, stacklevel=2)


def replayed(store: str, uid: str, entry: int) -> None:
    """Count that this process was given a stored answer again. In memory alone: a durable count would cost a write."""
    _replays.setdefault((store, uid), Counter())[entry] += 1


def replays(store: str, uid: str) -> Mapping[int, int]:
    """Return how often this process was given each entry's answer again, since it began.

    Examples
    --------
    >>> replayed("a ledger", "a project", 3)
    >>> dict(replays("a ledger", "a project"))
    {3: 1}
    """
    return MappingProxyType(_replays.get((store, uid), Counter()))
