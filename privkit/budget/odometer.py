"""Two views of an account: the odometer tells what was spent, the filter what may still be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from privkit.budget.canonical import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from privkit.budget.base import BaseAccount
    from privkit.values.loss import PrivacyLoss


@dataclass(frozen=True, slots=True)
class Reading:
    """The odometer after one entry.

    Attributes
    ----------
    entry : int
        The entry's number.
    time, analyst, state : str
    cost, total, left : PrivacyLoss
        What the entry cost, what was charged up to and with it, and what was left of the budget.
    """

    entry: int
    time: str
    analyst: str
    state: str
    cost: PrivacyLoss
    total: PrivacyLoss
    left: PrivacyLoss


class Readings(Sequence[Reading]):
    """A reading per entry, in order, read by pages as it is asked for: no more than a page of them is held.

    Their totals are summed anew as they are read one after the other; one from the middle begins at the stored total.
    """

    def __init__(self, account: BaseAccount, count: int) -> None:
        self._account, self._count = account, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Reading]:
        return self._walk(0, self._count)

    @overload
    def __getitem__(self, place: int) -> Reading: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Reading, ...]: ...

    def __getitem__(self, place: int | slice) -> Reading | tuple[Reading, ...]:
        """Return one reading, or a tuple of those that a slice names."""
        places = range(self._count)[place]
        if isinstance(places, int):
            return next(self._walk(places, places + 1))
        if not places:
            return ()
        return tuple(self._walk(min(places[0], places[-1]), max(places[0], places[-1]) + 1))[:: places.step]

    def _walk(self, start: int, stop: int) -> Iterator[Reading]:
        """Yield the readings of the entries above number `start` and up to number `stop`."""
        account, budget = self._account, self._account.terms.budget
        total = account.charged_at([start])[0].total if start else budget - budget
        for page in account.pages(after=start, most=stop - start):
            for entry in page:
                total = total + entry.cost
                yield Reading(entry.seq, entry.time, entry.analyst, entry.state, entry.cost, total, budget - total)


@dataclass(frozen=True, eq=False, repr=False)
class Odometer:
    """What a project's releases have cost, one after the other: it tells, and refuses nothing.

    It tells of the entries that there were when it was asked for. The totals are sums (basic composition), which bound
    the loss for adaptively chosen costs too: Rogers, Roth, Ullman and Vadhan 2016 ("Privacy odometers and filters") for
    ε and δ, Feldman and Zrnic 2021 ("Individual privacy accounting via a Rényi filter") for ρ.

    Attributes
    ----------
    project : str
    budget : PrivacyLoss
    total : PrivacyLoss
        What was charged in all.
    readings : Readings
        A sequence with a reading per entry, read from the ledger by pages.
    by_analyst : Mapping
        What each analyst was charged. Looks through all entries, in the database.
    """

    project: str
    budget: PrivacyLoss
    total: PrivacyLoss
    readings: Readings

    @classmethod
    def of(cls, account: BaseAccount) -> Odometer:
        """Return the odometer of an account. One look-up, however long the ledger is."""
        balance = account.balance()
        total = balance.spent + balance.reserved
        return cls(account.name, balance.budget, total, Readings(account, balance.entries))

    @property
    def left(self) -> PrivacyLoss:
        """What is left of the budget."""
        return self.budget - self.total

    @cached_property
    def by_analyst(self) -> Mapping[str, PrivacyLoss]:
        """What each analyst was charged."""
        return self.readings._account.charged_by(until=len(self.readings))

    def __repr__(self) -> str:
        """Return the totals."""
        count = len(self.readings)
        entries = f"{count} {'entry' if count == 1 else 'entries'}"
        return f"The odometer of {self.project!r}: {self.total} charged in {entries}, {self.left} left."

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a dict per reading, with exact amounts as text."""
        return [
            {
                "entry": reading.entry,
                "time": reading.time,
                "analyst": reading.analyst,
                "state": reading.state,
                "cost": amount_text(reading.cost.main),
                "total": amount_text(reading.total.main),
                "left": amount_text(reading.left.main),
                "cost_delta": amount_text(reading.cost.delta),
                "total_delta": amount_text(reading.total.delta),
                "left_delta": amount_text(reading.left.delta),
            }
            for reading in self.readings
        ]


@dataclass(frozen=True, slots=True)
class Headroom:
    """How many more releases of one price the filter would admit: by public facts, never by the data.

    Attributes
    ----------
    cost : PrivacyLoss
    times : int
        How many more of them; each would have to be reserved, so others may be faster.
    limit : str
        Which limit ends it: ``"ceiling"``, ``"total"``, ``"analyst"`` or ``"window"``.
    left : PrivacyLoss
        What that limit leaves.
    """

    cost: PrivacyLoss
    times: int
    limit: str
    left: PrivacyLoss

    def __str__(self) -> str:
        """Return the answer in words."""
        if self.limit == "ceiling":
            return f"None at {self.cost} at once: the project's ceiling for one release is below it."
        count = {0: "No more", 1: "1 more"}.get(self.times, f"About {self.times} more")
        scope = {"total": "the budget", "analyst": "this analyst's limit", "window": "the window"}[self.limit]
        return f"{count} like this ({self.cost} each): {scope} has {self.left} left."


def times(cost: PrivacyLoss, left: PrivacyLoss) -> int:
    """Return how often `cost` fits in what is left.

    Examples
    --------
    >>> from privkit.values.loss import PrivacyLoss
    >>> times(PrivacyLoss.of(epsilon=0.1), PrivacyLoss.of(epsilon=0.3))
    3
    """
    fits = [left.main // cost.main]
    if cost.delta > 0:
        fits.append(left.delta // cost.delta)
    return max(0, min(fits))
