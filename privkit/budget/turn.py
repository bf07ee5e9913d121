"""A question's turn: from being asked to being answered, with an end wherever it is interrupted (L3, L5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.errors.base import NOTHING_SPENT
from privkit.errors.ledger import LedgerError
from privkit.errors.reservation import ReservationError

if TYPE_CHECKING:
    from privkit.budget.base import BaseAccount
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
