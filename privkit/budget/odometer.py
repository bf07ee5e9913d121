"""Two views of an account: the odometer tells what was spent, the filter what may still be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from privkit.budget.entry import Entry
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


@dataclass(frozen=True, slots=True)
class Odometer:
    """What a project's releases have cost, one after the other: it tells, and refuses nothing.

    The totals are sums (basic composition), which bound the loss for adaptively chosen costs too: Rogers, Roth, Ullman
    and Vadhan 2016 ("Privacy odometers and filters") for ε and δ, Feldman and Zrnic 2021 ("Individual privacy
    accounting via a Rényi filter") for ρ.

    Attributes
    ----------
    project : str
    budget : PrivacyLoss
    readings : tuple of Reading
    by_analyst : Mapping
        What each analyst was charged.
    """

    project: str
    budget: PrivacyLoss
    readings: tuple[Reading, ...]
    by_analyst: Mapping[str, PrivacyLoss]

    @classmethod
    def of(cls, project: str, budget: PrivacyLoss, entries: Iterable[Entry]) -> Odometer:
        """Return the odometer of a project's entries."""
        total = zero = budget - budget
        readings, owned = [], dict[str, "PrivacyLoss"]()
        for entry in entries:
            total = total + entry.cost
            owned[entry.analyst] = owned.get(entry.analyst, zero) + entry.cost
            readings.append(
                Reading(entry.seq, entry.time, entry.analyst, entry.state, entry.cost, total, budget - total)
            )
        return cls(project, budget, tuple(readings), owned)

    @property
    def total(self) -> PrivacyLoss:
        """What was charged in all."""
        return self.readings[-1].total if self.readings else self.budget - self.budget

    @property
    def left(self) -> PrivacyLoss:
        """What is left of the budget."""
        return self.budget - self.total

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
