"""Errors of reservations: what was charged and is not answered, yet or for good."""

from __future__ import annotations

from privkit.errors.base import NOTHING_SPENT, PrivkitError


class ReservationError(PrivkitError, RuntimeError):
    """A reservation was used twice, or in another process than the one that made it."""

    @classmethod
    def closed(cls, project: str, entry: int, state: str, cost: object) -> ReservationError:
        """The reservation already came to an end, as `state`."""
        return cls(
            f"entry {entry} of project {project!r} is already {state}, so this answer cannot be stored, nor shown.",
            budget=f"{cost} stays spent (ledger entry {entry}).",
        )

    @classmethod
    def forked(cls, project: str, entry: int, cost: object) -> ReservationError:
        """The process was forked after the reservation."""
        return cls(
            f"entry {entry} of project {project!r} was reserved by another process (this one was forked from it). "
            "Ask in this process again.",
            budget=f"{cost} stays spent (ledger entry {entry}).",
        )


class PendingReleaseError(PrivkitError, TimeoutError):
    """The same question is being answered by another process.

    Attributes
    ----------
    entry : int
    """

    entry: int = 0

    # TimeoutError is an OSError, whose text would show errno.
    __str__ = PrivkitError.__str__

    @classmethod
    def of(cls, project: str, entry: int, since: str, seconds: float) -> PendingReleaseError:
        """Entry number `entry` was reserved at `since` and is still unanswered after a wait of `seconds`."""
        error = cls(
            f"the same question is being answered right now: entry {entry} of project {project!r}, "
            f"reserved at {since}, had no answer after {seconds:g} s. "
            "Run the cell again later: its answer will be replayed at no cost.",
            budget=NOTHING_SPENT,
        )
        error.entry = entry
        return error


class OrphanedReleaseError(PrivkitError, RuntimeError):
    """The same question was charged before, and never answered.

    Attributes
    ----------
    entry : int
        The charged entry.
    state : str
        ``"orphaned"`` (its process died or was interrupted) or ``"failed"``.
    cost, price : PrivacyLoss
        What the entry cost, and what asking again costs.
    """

    entry: int = 0
    state: str = "orphaned"
    cost: object = None
    price: object = None

    @classmethod
    def of(cls, project: str, *, entry: int, state: str, cost: object, price: object) -> OrphanedReleaseError:
        """Entry number `entry` of the same question ended in `state`."""
        why = (
            "its measurement failed"
            if state == "failed"
            else "its process ended, or was interrupted, before the answer was stored"
        )
        error = cls(
            f"this question was asked before, as entry {entry} of project {project!r}, and {why}. "
            f"That {cost} stays spent: what was drawn may have been seen.\n"
            f"Asking again costs {price} more: again=True.",
            budget="No further budget was spent.",
        )
        error.entry, error.state, error.cost, error.price = entry, state, cost, price
        return error
