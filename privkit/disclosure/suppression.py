"""Which cells to suppress with those that are unsafe: the fewest, by cutting planes, or few, by one cell at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.disclosure.bounds import TOLERANCE, Attacker, Cut, optimizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Suppression:
    """Cells to suppress.

    Attributes
    ----------
    suppressed : array of bool, shape (n_cells,)
    least : int
        No fewer cells can protect: proved by the master problem's bound, or the number of unsafe cells.
    """

    suppressed: Bools
    least: int


@dataclass(eq=False)
class Search:
    """The search for cells that protect the unsafe ones.

    Attributes
    ----------
    attacker : Attacker
    unsafe : array of bool, shape (n_cells,)
    low, high : array of int64, shape (n_cells,)
        The interval that an attacker must not be able to narrow, of each unsafe cell.
    """

    attacker: Attacker
    unsafe: Bools
    low: Ints
    high: Ints
    _cuts: list[Cut] = field(default_factory=list)

    def least(self, seconds: float) -> Suppression:
        """Return the fewest cells that protect; after so many seconds, few, with the bound that was reached.

        A master problem (binary y: minimize Σ y subject to the cuts so far) proposes cells; each unsafe cell that
        they leave unprotected gives a cut that they break; until there is none (Fischetti and Salazar 2001). The
        proposal is then a least one, as every set that protects keeps all cuts.
        """
        end = monotonic() + seconds
        least = int(self.unsafe.sum())
        proposed = self.unsafe
        while True:
            lacking = self._lacking(proposed, end)
            if lacking is None:
                break
            if not lacking:
                return Suppression(proposed, int(proposed.sum()))
            self._cuts += lacking
            found = self._master(max(end - monotonic(), 0.0))
            least = max(least, int(np.ceil((found.mip_dual_bound or 0.0) - TOLERANCE)))
            if found.status != 0:
                break
            proposed = found.x > 0.5
        return Suppression(self.few(proposed), least)

    def few(self, start: Bools) -> Bools:
        """Return cells that protect, and hold `start`: for each unsafe cell in turn, as few more as it needs.

        A linear program finds joint counts that fit what is published, and in which the cell has its bound, with the
        least change of published cells, each change being weighed alike; what it changes is suppressed.
        """
        chosen = start.copy()
        for cell in np.flatnonzero(self.unsafe):
            for goal, sign in self._goals(int(cell)):
                if self.attacker.cut(chosen, int(cell), goal, sign) is not None:
                    chosen |= self.attacker.changed(chosen, int(cell), goal)
        return chosen

    def _goals(self, cell: int) -> list[tuple[int, int]]:
        return [(int(self.high[cell]), 1), (int(self.low[cell]), -1)]

    def _lacking(self, proposed: Bools, end: float) -> list[Cut] | None:
        """Return a cut for every bound that is not reached; None if there is no time for it."""
        found = []
        for cell in np.flatnonzero(self.unsafe):
            for goal, sign in self._goals(int(cell)):
                if monotonic() > end:
                    return None
                one = self.attacker.cut(proposed, int(cell), goal, sign)
                if one is not None:
                    found.append(one)
        return found

    def _master(self, seconds: float) -> Any:
        """Return the least proposal that keeps all cuts."""
        from scipy.sparse import csr_array

        n = len(self.unsafe)
        row = np.repeat(np.arange(len(self._cuts)), [len(cut.cells) for cut in self._cuts])
        column = np.concatenate([cut.cells for cut in self._cuts])
        weights = np.concatenate([cut.weights for cut in self._cuts])
        solve = optimizer()
        matrix = csr_array((weights, (row, column)), shape=(len(self._cuts), n))
        return solve.milp(
            np.ones(n),
            integrality=np.ones(n),
            bounds=solve.Bounds(self.unsafe.astype(float), (self.attacker.cells.counts > 0).astype(float)),
            constraints=solve.LinearConstraint(matrix, lb=1 - TOLERANCE),
            options={"time_limit": seconds, "mip_rel_gap": 0.0},
        )
