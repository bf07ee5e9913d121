"""A question's turn: from being asked to being answered, with an end wherever it is interrupted (L3, L5).

Notice within a process, for panels: of changes, and of stored answers that were given again.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from privkit.errors.calls import on_leaving
from privkit.errors.ledger import LedgerError
from privkit.errors.project import ReservationError
from privkit.errors.root import NOTHING_SPENT

if TYPE_CHECKING:
    from privkit.budget.abstract_account import BaseAccount
    from privkit.budget.entry import Entry, Reservation


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
