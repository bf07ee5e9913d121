"""A project: one privacy budget for one population, kept in a ledger."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from privkit.budget.ledger import Ledger
from privkit.budget.terms import LONGEST, ProjectTerms, Window
from privkit.errors import ParameterError, ProjectNotFoundError
from privkit.project.current import opened
from privkit.project.ledger_view import LedgerView
from privkit.values.arguments import typed
from privkit.values.bounds import contribution_bounds, positive_int
from privkit.values.exact import exact
from privkit.values.loss import PrivacyLoss
from privkit.values.show import Plotted
from privkit.values.unit import PrivacyUnit, privacy_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.budget.account import Account
    from privkit.budget.odometer import Headroom
    from privkit.dp.plan import Plan
    from privkit.project.price_list import StudyPrice
    from privkit.values.bounds import ContributionBounds


class Project(Plotted):
    """One privacy budget for one population. Get one from :func:`open_project`.

    A project holds no data: every frame released under it is charged to it.

    Attributes
    ----------
    name : str
    ledger : LedgerView
        Every release and reservation, with ``.to_frame()`` and ``.verify()``.
    """

    #: Whether the noise is a simulator's, for teaching: nothing is protected then, and all that is shown says so.
    simulated = False

    def __init__(self, account: Account, bounds: ContributionBounds | None = None) -> None:
        self.account = account
        self.name = account.name
        self.ledger = LedgerView(account)
        self._bounds = bounds

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be pickled or copied, in the words of its account.

        Raises
        ------
        ProjectCopyError
        """
        return self.account.__reduce_ex__(protocol)

    @property
    def budget(self) -> PrivacyLoss:
        """The limit of all releases together."""
        return self.account.terms.budget

    @property
    def unit(self) -> PrivacyUnit:
        """Whom the budget protects."""
        return self.account.terms.unit

    @property
    def bounds(self) -> ContributionBounds | None:
        """How much of one person counts, where a call does not say it."""
        return self._bounds or self.account.terms.bounds

    @property
    def spent(self) -> PrivacyLoss:
        """What is gone for good: released, failed and orphaned; exact, with `.epsilon` and `.delta` (or `.rho`)."""
        return self.account.spent

    @property
    def reserved(self) -> PrivacyLoss:
        """What is set aside for releases that are being measured now."""
        return self.account.reserved

    @property
    def remaining(self) -> PrivacyLoss:
        """What is left to spend, exact."""
        return self.account.remaining

    def price(self, plans: Sequence[Plan]) -> StudyPrice:
        """Return what several plans would cost together, and whether that fits. Reads no rows, spends nothing."""
        from privkit.project.price_list import priced

        return priced(self.name, plans, self.remaining)

    def headroom(self, plan: Plan) -> Headroom:
        """Return how many more releases like `plan` every limit would admit. Spends nothing."""
        return self.account.headroom(plan.loss)

    def epsilon_at(self, delta: object) -> float:
        """Return the ε of all that was charged, told as (ε, δ); for reports, converted by OpenDP from ρ.

        Parameters
        ----------
        delta : number
            Above 0 and below 1.
        """
        from privkit.dp.conversion import epsilon_at

        return epsilon_at(self.spent + self.reserved, delta)

    def tighter_epsilon(self, delta: object) -> float:
        """Return the ε of all that was charged under the optimal composition, for reports: never above `epsilon_at`.

        It counts only where prices were fixed beforehand; what may still be spent is decided by sums. Needs the extra
        ``accounting``.

        Parameters
        ----------
        delta : number
            Above 0 and below 1.
        """
        from privkit.dp.conversion import tighter_epsilon

        return tighter_epsilon(self.account.costs(), delta)

    def set_clock_back(self, reason: str) -> None:
        """Record that a clock was ahead when the last entries were written, and go on from the right time.

        A project with a `window` stays closed until the time of its last entry is past; an entry that was written
        while a clock was years ahead closes it for years. This adds an entry to the ledger, at no cost. What was
        charged before counts from now on: nothing leaves the window by it.

        Parameters
        ----------
        reason : str
            Why; it is recorded.

        Raises
        ------
        ClockError
            If the last entry is not more than a day ahead of the clock.
        """
        if not isinstance(reason, str) or not reason.strip():
            raise ParameterError.of(
                "set_clock_back",
                "reason",
                "a blank",
                "a reason, which is recorded",
                "Example: 'flat battery on 3 May'.",
            )
        self.account.set_clock_back(reason)

    def panel(self) -> Any:
        """Return a live panel of the budget: what is spent and left, and every release.

        It updates by itself when a cell spends. Where no kernel runs, its last picture stands still.

        Returns
        -------
        ipywidgets.Widget
        """
        from privkit.values.show import _view

        return _view("panel").panel_of(self)


@typed
def open_project(
    name: str,
    *,
    epsilon: object = None,
    delta: object = None,
    rho: object = None,
    unit: str | PrivacyUnit | None = None,
    per: str | None = None,
    time: str | None = None,
    max_rows: int | None = None,
    max_groups: int | None = None,
    per_group: int | None = None,
    ceiling: object = None,
    per_analyst: object = None,
    window: tuple[int, object] | None = None,
    store: str | os.PathLike[str] | None = None,
    analyst: str | None = None,
    adopt: bool = False,
    new: bool = False,
    reason: str = "",
    simulate: bool = False,
    seed: int | None = None,
) -> Project:
    """Open a project by its name, or begin it with its budget and its unit; it becomes the current project.

    The terms of a project are fixed when it begins, in its ledger; reopening it takes its name alone, or the same
    terms again. Spends nothing; reads no rows.

    Parameters
    ----------
    name : str
        The project's name; a ledger holds many.
    epsilon, delta : number, optional
        The budget in ε, or in (ε, δ).
    rho : number, optional
        The budget in ρ (zero-concentrated differential privacy), in place of ε.
    unit : str or pk.ROW
        The column whose values tell persons apart, or ``pk.ROW`` if one row is one person. It must be said.
    per, time : str, optional
        A window, ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``, and the column of dates that tells a
        row's: then what is protected is all that one person has within one of them. It is less than protecting the
        person: over n windows the loss is up to n times as much. Contribution bounds hold in each window.
    max_rows : int, optional
        How many rows of one person count, where a call does not say it; or `max_groups` with `per_group`.
    ceiling : number, optional
        The largest ε (or ρ) of one release; 10 (or 1) by default.
    per_analyst : number, optional
        The limit of each analyst, in ε (or ρ); the total still holds.
    window : (days, number), optional
        A limit on what is spent within any stretch of days; the total still holds.
    store : path or SQLAlchemy URL, optional
        Where the ledger lies; ``.privkit/ledger.db`` in the working directory by default.
    analyst : str, optional
        To whom this session's charges are written; the environment variable ``PRIVKIT_ANALYST``, else the user's name.
    adopt : bool
        Go on from this ledger although this machine remembers the project at another place, or further on.
    new : bool
        Begin a project although this machine remembers one of its name elsewhere; needs a `reason`, which is recorded.
    reason : str
        Why.
    simulate : bool
        For teaching: draw from a seeded simulator, keep the account in memory, and mark every answer, plot and panel as
        simulated. It protects nobody, and never writes into a ledger.
    seed : int, optional
        The simulator's.

    Returns
    -------
    Project

    Raises
    ------
    ProjectMismatchError
        If the project was begun on other terms.
    LedgerMovedError
        If this machine remembers the project in another ledger, or further on than this one; see `adopt` and `new`.
    ProjectNotFoundError
        If only a name is given and the ledger does not hold it.
    ParameterError
        If a budget or the unit is missing or out of range.
    LedgerError
        If the ledger cannot be read or written.

    Examples
    --------
    >>> import privkit as pk
    >>> project = pk.open_project("churn", epsilon=1.0, unit=pk.ROW, store=ledger_path)
    >>> project.remaining
    ε = 1
    """
    function = "open_project"
    if not isinstance(name, str) or not name.strip():
        raise ParameterError.of(
            function, "name", "a blank" if isinstance(name, str) else f"a {type(name).__name__}", "a name"
        )
    budget = None
    if epsilon is not None or rho is not None:
        budget = PrivacyLoss.of(epsilon=epsilon, rho=rho, delta=delta, function=function)
    elif delta is not None:
        raise ParameterError.together(function, ("delta",), "delta= needs epsilon= or rho= beside it.")
    if simulate:
        _refuse_beside_simulate(store=store, adopt=adopt, new=new, reason=reason, analyst=analyst)
        return opened(_simulated(name, budget, _unit(unit, per, time), (max_rows, max_groups, per_group), seed))
    if seed is not None:
        raise ParameterError.together(function, ("seed",), "seed= belongs to simulate=True: real noise has no seed.")
    ledger = Ledger.open(store, create=budget is not None, adopt=adopt, new=new, reason=reason, analyst=analyst)
    known = ledger.named(name)
    recorded = None if known is None else ledger.account(known).terms
    if recorded is None and budget is None:
        raise ProjectNotFoundError.of(name, ledger.projects())
    terms = _terms(recorded, budget, _unit(unit, per, time))
    bounds = _default_bounds(terms.unit, max_rows, max_groups, per_group)
    terms = replace(
        terms,
        ceiling=None if ceiling is None else exact(ceiling, function, "ceiling"),
        per_analyst=None if per_analyst is None else _limit(terms.budget, per_analyst, "per_analyst"),
        window=None if window is None else _window(terms.budget, window),
        # Of a project that exists, the bounds of this session's calls are no term.
        bounds=bounds if recorded is None else recorded.bounds,
    )
    account = ledger.begin(name, terms)
    return opened(Project(account, bounds))


def _unit(unit: object, per: object, time: object) -> PrivacyUnit | None:
    """Return the unit that is named; None where nothing is, as when a project is reopened."""
    return None if unit is None and per is None and time is None else privacy_unit(unit, per=per, time=time)


def _refuse_beside_simulate(**given: object) -> None:
    """Refuse what belongs to a ledger: a simulated project has none."""
    if named := [name for name, value in given.items() if value]:
        raise ParameterError.together(
            "open_project", named, f"{named[0]}= belongs to a ledger; simulate=True has none."
        )


def _simulated(
    name: str, budget: PrivacyLoss | None, unit: PrivacyUnit | None, limits: tuple[object, object, object], seed: object
) -> Project:
    from privkit.project.simulated import begin_simulated

    if budget is None:
        raise ParameterError.together("open_project", ("epsilon", "rho"), "simulate=True needs epsilon= or rho=.")
    terms = _terms(None, budget, unit).completed()
    return begin_simulated(name, terms, _default_bounds(terms.unit, *limits), seed=seed)


def _terms(recorded: ProjectTerms | None, budget: PrivacyLoss | None, unit: PrivacyUnit | None) -> ProjectTerms:
    """Return budget and unit: those that are given, else those that are recorded."""
    if recorded is None:
        assert budget is not None
        return ProjectTerms(budget, privacy_unit(unit))
    return ProjectTerms(budget or recorded.budget, unit or recorded.unit)


def _limit(budget: PrivacyLoss, amount: object, argument: str) -> PrivacyLoss:
    """Return a limit in the budget's measure; δ is limited by the budget alone."""
    return budget.replace(exact(amount, "open_project", argument), budget.delta)


def _window(budget: PrivacyLoss, window: object) -> Window:
    if not isinstance(window, tuple) or len(window) != 2:
        raise ParameterError.of(
            "open_project", "window", f"a {type(window).__name__}", "(days, number)", "Example: (30, 0.5)."
        )
    days, amount = window
    whole = positive_int(days, "open_project", "window")
    if whole > LONGEST:
        raise ParameterError.of(
            "open_project",
            "window",
            f"{whole} days",
            f"{LONGEST} days (a hundred years) at most",
            "Example: (30, 0.5).",
        )
    return Window(whole, _limit(budget, amount, "window"))


def _default_bounds(
    unit: PrivacyUnit, max_rows: object, max_groups: object, per_group: object
) -> ContributionBounds | None:
    if max_rows is None and max_groups is None and per_group is None:
        return None
    return contribution_bounds(unit, "open_project", max_rows=max_rows, max_groups=max_groups, per_group=per_group)
