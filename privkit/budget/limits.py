"""Admission: whether one more charge fits every limit of a project. Exact, and blind to the data."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from privkit.errors.ledger import MeasureMismatchError
from privkit.errors.project import CeilingError, InsufficientBudgetError
from privkit.values.loss import Measure, PrivacyLoss

if TYPE_CHECKING:
    from privkit.budget.chain import Sums
    from privkit.budget.terms import ProjectTerms, Window

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


def admit(
    project: str,
    terms: ProjectTerms,
    cost: PrivacyLoss,
    sums: Sums,
    *,
    own: PrivacyLoss,
    recent: PrivacyLoss,
    ways: Ways | None = None,
    late: Callable[[], str] | None = None,
) -> None:
    """Refuse a charge that breaks one of the limits: ceiling, total, analyst's and window's (L2, L12).

    Parameters
    ----------
    sums : Sums
        What was charged before, in all.
    own, recent : PrivacyLoss
        What of it this analyst was charged, and what falls into the window.
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
    for name, limit, left in limits_left(terms, sums, own=own, recent=recent):
        if not cost.fits(left):
            raise InsufficientBudgetError.of(
                project,
                needed=cost,
                left=left,
                limit=limit,
                short=cost.shortfall(left),
                scope=_SCOPE[name],
                ways=ways(left) if ways is not None else "",
                why=late() if late is not None and name == "window" else "",
            )


_SCOPE = {"total": "", "analyst": " for one analyst", "window": " for this window of time"}


def limits_left(
    terms: ProjectTerms, sums: Sums, *, own: PrivacyLoss, recent: PrivacyLoss
) -> list[tuple[str, PrivacyLoss, PrivacyLoss]]:
    """Return each limit's name, amount and what is left of it."""
    limits = [("total", terms.budget, terms.budget - sums.spent)]
    if terms.per_analyst is not None:
        limits.append(("analyst", terms.per_analyst, terms.per_analyst - own))
    if terms.window is not None:
        limits.append(("window", terms.window.limit, terms.window.limit - recent))
    return limits


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
