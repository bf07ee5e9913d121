"""Two views of an account: the odometer tells what was spent, the filter what may still be.

Admission: whether one more charge fits every limit of a project. Exact, and blind to the data.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from privkit.budget.canonical import amount_text
from privkit.errors.ledger import MeasureMismatchError
from privkit.errors.project import CeilingError, InsufficientBudgetError
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from privkit.budget.abstract_account import BaseAccount
    from privkit.budget.terms import ProjectTerms, Window
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
        What the entry cost, what was charged up to and with it, and what was left of the budget as it was then.
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
        account, ahead = self._account, deque(self._account.extensions())
        budget = ahead[0].before.budget if ahead else account.terms.budget
        total = account.charged_at([start])[0].total if start else budget - budget
        for page in account.pages(after=start, most=stop - start):
            for entry in page:
                while ahead and ahead[0].entry <= entry.seq:
                    budget = ahead.popleft().after.budget
                total = total + entry.cost
                yield Reading(entry.seq, entry.time, entry.analyst, entry.state, entry.cost, total, budget - total)


@dataclass(frozen=True, eq=False, repr=False)
class Odometer(Shown):
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


@dataclass(frozen=True, slots=True, repr=False)
class Headroom(Shown):
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

    @property
    def words(self) -> str:
        """The answer in words."""
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


#: Says how to go on, given what is left.
Ways = Callable[[PrivacyLoss], str]


def in_measure(project: str, terms: ProjectTerms, cost: PrivacyLoss) -> PrivacyLoss:
    """Return the cost in the project's measure: pure ε counts as (ε, 0), pure ρ as (ρ, 0); all else is refused (L13).

    Raises
    ------
    MeasureMismatchError
    """
    wanted = terms.budget.measure
    if cost.measure is wanted:
        return cost
    if (cost.measure, wanted) in (
        (Measure.PURE, Measure.APPROXIMATE),
        (Measure.ZERO_CONCENTRATED, Measure.APPROXIMATE_ZERO_CONCENTRATED),
    ):
        return terms.budget.replace(cost.main, cost.delta)
    raise MeasureMismatchError.of(project, wanted.value, cost.measure.value)


class Before(NamedTuple):
    """What was charged before a charge: in all, to its analyst, and of it within the window.

    Attributes
    ----------
    spent, own, recent : PrivacyLoss
    by : str
        The analyst.
    """

    spent: PrivacyLoss
    own: PrivacyLoss
    recent: PrivacyLoss
    by: str


def admit(
    project: str,
    terms: ProjectTerms,
    cost: PrivacyLoss,
    before: Before,
    *,
    ways: Ways | None = None,
    late: Callable[[], str] | None = None,
) -> None:
    """Refuse a charge that breaks one of the limits: ceiling, total, analyst's and window's (L2, L12).

    Parameters
    ----------
    ways : callable, optional
        Told what is left, says how to go on.
    late : callable, optional
        Says why a window may be closed for longer than it is long, if it is.

    Raises
    ------
    CeilingError, InsufficientBudgetError
    """
    if terms.ceiling is not None and cost.main > terms.ceiling:
        raise CeilingError.of(project, cost, terms.budget.replace(terms.ceiling))
    for name, limit, left in limits_left(terms, before):
        if not cost.fits(left):
            nothing = name == "analyst" and limit.main == 0
            raise InsufficientBudgetError.of(
                project,
                needed=cost,
                left=left,
                limit=limit,
                short=cost.shortfall(left),
                scope=f" for {before.by!r}, to whom nothing is allotted" if nothing else _SCOPE[name],
                ways=ways(left) if ways is not None else "",
                why=late() if late is not None and name == "window" else "",
            )


_SCOPE = {"total": "", "analyst": " for one analyst", "window": " for this window of time"}


def limits_left(terms: ProjectTerms, before: Before) -> list[tuple[str, PrivacyLoss, PrivacyLoss]]:
    """Return each limit's name, amount and what is left of it."""
    limits = [("total", terms.budget, terms.budget - before.spent)]
    if (each := terms.limit_of(before.by)) is not None:
        limits.append(("analyst", each, each - before.own))
    if terms.window is not None:
        limits.append(("window", terms.window.limit, terms.window.limit - before.recent))
    return limits


def exceeded(terms: ProjectTerms, cost: PrivacyLoss, before: Before) -> bool:
    """Return whether a charge breaks one of the limits, those of :func:`admit`."""
    if terms.ceiling is not None and cost.main > terms.ceiling:
        return True
    return not all(cost.fits(left) for _, _, left in limits_left(terms, before))


class Recent:
    """What falls into a window of time, told charge by charge, in the order of a chain.

    It holds what the window may still need alone. Where a clock is set back beyond that, it tells too little, not too
    much: it is there to find what a ledger would have refused.
    """

    def __init__(self, window: Window | None, zero: PrivacyLoss) -> None:
        self._window = window
        self._before = zero
        self._totals: list[tuple[str, int, PrivacyLoss]] = []
        self._count = 0

    def of(self, spent: PrivacyLoss, now: str) -> PrivacyLoss:
        """Return what of all that was `spent` falls into the window that ends `now`."""
        if self._window is None:
            return spent - spent
        past = bisect_right(self._totals, (window_start(self._window, now), self._count + 1))
        if past:
            self._before = self._totals[past - 1][2]
            del self._totals[:past]
        return spent - self._before

    def add(self, time: str, spent: PrivacyLoss) -> None:
        """Take the total after an entry that was charged at a `time`."""
        if self._window is not None:
            self._count += 1
            insort(self._totals, (time, self._count, spent), key=lambda told: told[:2])


def window_start(window: Window, now: str) -> str:
    """Return the time after which a charge falls into the window that ends `now`; empty if that is every charge.

    Examples
    --------
    >>> from privkit.budget.terms import Window
    >>> week, always = Window(7, None), Window(10**6, None)
    >>> window_start(week, "2026-03-08T12:00:00Z"), window_start(always, "2026-03-08T12:00:00Z")
    ('2026-03-01T12:00:00Z', '')
    """
    try:
        moment = datetime.fromisoformat(now) - window.length
    except OverflowError:  # it begins before the calendar does: nothing was earlier
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment.year >= 1000 else ""
