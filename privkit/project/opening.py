"""Opening a project: by its name, or begun with its budget and its unit.

A simulated project, and its ledger: for teaching alone, and all that it shows says so.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from privkit.budget.ledger import Ledger
from privkit.budget.simulated import SimulatedAccount
from privkit.budget.terms import LONGEST, ProjectTerms, Window, shares
from privkit.errors import ParameterError, ProjectNotFoundError
from privkit.errors.facts import ProjectClosedError, SimulatedError
from privkit.errors.root import type_told
from privkit.project.current import opened
from privkit.project.ledger_view import LedgerView
from privkit.project.project import Project
from privkit.project.session import tell_session
from privkit.values.arguments import positive_int, public, spending, typed, whole
from privkit.values.bounds import ContributionBounds, contribution_bounds
from privkit.values.exact import exact
from privkit.values.loss import PrivacyLoss
from privkit.values.show import Simulated
from privkit.values.unit import PrivacyUnit, privacy_unit

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.inputs import Allotments, Amount


@typed
def open_project(
    name: str,
    *,
    epsilon: Amount | None = None,
    delta: Amount | None = None,
    rho: Amount | None = None,
    unit: str | PrivacyUnit | None = None,
    per: str | None = None,
    time: str | None = None,
    max_rows: int | None = None,
    max_groups: int | None = None,
    per_group: int | None = None,
    ceiling: Amount | None = None,
    per_analyst: Allotments | None = None,
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
    terms again. Its owner may raise the budget (:meth:`Project.extend`); it then opens with the new total and with
    those before. Spends nothing; reads no rows.

    Parameters
    ----------
    name : str
        The project's name; a ledger holds many.
    epsilon, delta : number, optional
        The budget in ε, or in (ε, δ).
    rho : number, optional
        The budget in ρ (zero-concentrated differential privacy), in place of ε.
    unit : str, pk.ROW or pk.rows(k)
        The column whose values tell persons apart; ``pk.ROW`` if one row is one person; ``pk.rows(36)`` if nobody has
        more than 36 rows and there is no such column. It must be said.
    per, time : str, optional
        A window, ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``, and the column of dates that tells a
        row's: then what is protected is all that one person has within one of them. It is less than protecting the
        person: over n windows the loss is up to n times as much. Contribution bounds hold in each window.
    max_rows : int, optional
        How many rows of one person count, where a call does not say it; or `max_groups` with `per_group`.
    ceiling : number, optional
        The largest ε (or ρ) of one release; 10 (or 1) by default.
    per_analyst : number or mapping, optional
        The limit of each analyst, in ε (or ρ); the total still holds. A mapping from names allots by analyst:
        ``{"ada": 0.6, "grace": 0.3}``; whoever is not named gets nothing, or the amount of None.
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
    ProjectClosedError
        If a new one is to begin (`new`) instead of one that was closed in this ledger.
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
    if not isinstance(name, str) or not name.strip():
        raise ParameterError.of("name", "a blank" if isinstance(name, str) else type_told(name), "a name")
    budget = None
    if epsilon is not None or rho is not None:
        budget = PrivacyLoss.of(epsilon=epsilon, rho=rho, delta=delta)
    elif delta is not None:
        raise ParameterError.together(("delta",), "delta= needs epsilon= or rho= beside it.")
    if simulate:
        _refuse_beside_simulate(store=store, adopt=adopt, new=new, reason=reason, analyst=analyst)
        if budget is None:
            raise ParameterError.together(("epsilon", "rho"), "simulate=True needs epsilon= or rho=.")
        if isinstance(per_analyst, Mapping):
            raise ParameterError.together(("per_analyst",), "a simulated project has one analyst: give one amount.")
        _refuse_spelled(unit)
        terms = _limited(_terms(None, budget, _unit(unit, per, time)), ceiling, per_analyst, window)
        bounds = _default_bounds(terms.unit, max_rows, max_groups, per_group)
        return opened(begin_simulated(name, terms, bounds, seed=seed))
    if seed is not None:
        raise ParameterError.together(("seed",), "seed= belongs to simulate=True: real noise has no seed.")
    ledger = Ledger.open(store, create=budget is not None, adopt=adopt, new=new, reason=reason, analyst=analyst)
    known = ledger.named(name)
    recorded = None if known is None else ledger.account(known).terms
    if new and known is not None and (ended := ledger.account(known).ended) is not None:
        raise ProjectClosedError.anew(name, ended.time, ended.analyst, ended.reason)
    if recorded is None and budget is None:
        ledger.refuse_removed(name)
        raise ProjectNotFoundError.of(name, ledger.projects())
    if recorded is None:
        _refuse_spelled(unit)
    terms = _terms(recorded, budget, _unit(unit, per, time))
    bounds = _default_bounds(terms.unit, max_rows, max_groups, per_group)
    # Of a project that exists, the bounds of this session's calls are no term.
    terms = replace(terms, bounds=bounds if recorded is None else recorded.bounds)
    terms = _limited(terms, ceiling, per_analyst, window)
    account = ledger.begin(name, terms)
    tell_session(account)
    return opened(Project(account, bounds))


def _unit(unit: object, per: object, time: object) -> PrivacyUnit | None:
    """Return the unit that is named; None where nothing is, as when a project is reopened."""
    return None if unit is None and per is None and time is None else privacy_unit(unit, per=per, time=time)


def _refuse_spelled(unit: object) -> None:
    """Refuse ``pk.ROW`` written as text: it would be taken for a column, and the project's terms are fixed for good.

    A column of that name is a unit all the same, by :class:`~privkit.values.unit.PrivacyUnit`.
    """
    if isinstance(unit, str) and unit.strip() in {"ROW", "pk.ROW"}:
        hint = f"A column of this name: unit=PrivacyUnit({unit!r})."
        raise ParameterError.of("unit", f"the text {unit!r}", "pk.ROW, without quotes, for single rows", hint)


def _refuse_beside_simulate(**given: object) -> None:
    """Refuse what belongs to a ledger: a simulated project has none."""
    if named := [name for name, value in given.items() if value]:
        raise ParameterError.together(named, f"{named[0]}= belongs to a ledger; simulate=True has none.")


def _limited(terms: ProjectTerms, ceiling: object, per_analyst: object, window: object) -> ProjectTerms:
    """Return terms with the limits that are given beside the budget."""
    each, named = (None, ()) if per_analyst is None else shares(terms.budget, per_analyst)
    return replace(
        terms,
        ceiling=None if ceiling is None else exact(ceiling, "ceiling"),
        per_analyst=each,
        allotments=named,
        window=None if window is None else _window(terms.budget, window),
    )


def _terms(recorded: ProjectTerms | None, budget: PrivacyLoss | None, unit: PrivacyUnit | None) -> ProjectTerms:
    """Return budget and unit: those that are given, else those that are recorded."""
    if recorded is None:
        assert budget is not None
        return ProjectTerms(budget, privacy_unit(unit))
    return ProjectTerms(budget or recorded.budget, unit or recorded.unit)


def _limit(budget: PrivacyLoss, amount: object, argument: str) -> PrivacyLoss:
    """Return a limit in the budget's measure; δ is limited by the budget alone."""
    return budget.replace(exact(amount, argument), budget.delta)


def _window(budget: PrivacyLoss, window: object) -> Window:
    if not isinstance(window, tuple) or len(window) != 2:
        raise ParameterError.of("window", type_told(window), "(days, number)", "Example: (30, 0.5).")
    days, amount = window
    whole = positive_int(days, "window")
    if whole > LONGEST:
        raise ParameterError.of(
            "window", f"{whole} days", f"{LONGEST} days (a hundred years) at most", "Example: (30, 0.5)."
        )
    return Window(whole, _limit(budget, amount, "window"))


def _default_bounds(
    unit: PrivacyUnit, max_rows: object, max_groups: object, per_group: object
) -> ContributionBounds | None:
    if max_rows is None and max_groups is None and per_group is None:
        return None
    return contribution_bounds(unit, max_rows=max_rows, max_groups=max_groups, per_group=per_group)


@public
class SimulatedLedger(Simulated, LedgerView):
    """The entries of a simulated project, as long as the session lasts."""

    def to_frame(self, *, after: int = 0, most: int | None = None) -> pd.DataFrame:
        """Return a frame with a row per entry, marked as simulated."""
        return super().to_frame(after=after, most=most).assign(simulated=True)

    def verify(self, *, progress: bool = False) -> NoReturn:
        """There is no chain to check.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.verify(self.account.name)


@spending
class SimulatedProject(Simulated, Project):
    """A project for teaching: its noise comes from a seed, its account from memory, and all it shows says so.

    Attributes
    ----------
    seed : int
    """

    def __init__(self, account: SimulatedAccount, bounds: ContributionBounds | None = None) -> None:
        super().__init__(account, bounds)  # type: ignore[arg-type]  # it has the account's interface
        self.ledger = SimulatedLedger(account)  # type: ignore[arg-type]
        self.seed = account.seed


def begin_simulated(
    name: str, terms: ProjectTerms, bounds: ContributionBounds | None = None, *, seed: object = None
) -> SimulatedProject:
    """Begin a simulated project in memory. Writes no file, reads no rows.

    Parameters
    ----------
    name : str
    terms : ProjectTerms
    bounds : ContributionBounds, optional
    seed : int, optional
        From 0 on; by default one that is drawn, and told as `.seed`.

    Raises
    ------
    ParameterError
        For a seed that is no whole number.
    """
    if seed is None:
        seed = secrets.randbelow(2**32)
    return SimulatedProject(SimulatedAccount(name, terms, whole(seed, "seed")), bounds)
