"""A simulated project, and its ledger: for teaching alone, and all that it shows says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from privkit.errors.simulation import SimulatedError
from privkit.project.ledger_view import LedgerView
from privkit.project.project import Project
from privkit.values.arguments import public, spending
from privkit.values.show import Simulated

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.simulated import SimulatedAccount
    from privkit.values.bounds import ContributionBounds


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
