"""Simulated projects: everything of a project but its ledger and its protection."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NoReturn

from privkit.budget.simulated import SimulatedAccount
from privkit.errors.project import SimulatedError
from privkit.project.ledger_view import LedgerView
from privkit.project.project import Project
from privkit.values.arguments import whole
from privkit.values.show import Simulated

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.terms import ProjectTerms
    from privkit.values.bounds import ContributionBounds


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
    return SimulatedProject(SimulatedAccount(name, terms, whole(seed, "open_project", "seed")), bounds)
