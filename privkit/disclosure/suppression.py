"""What an attacker can say of a suppressed cell, by linear programs over all tables; and which cells to suppress.

The fewest that protect are found by cutting planes, few that do by one cell at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.disclosure import DisclosureError
from privkit.errors.engines import LibraryRequiredError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.disclosure.cells import Cells

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]


#: What a figure of the solver may differ by, of counts.
TOLERANCE = 1e-6
#: Sums are solved for as multiples of what makes the largest one this, so that the solver's own tolerance is small.
_LARGEST = 1e6


def optimizer() -> Any:
    """Return SciPy's solvers, or say which extra brings them."""
    try:
        import scipy.optimize
    except ImportError:
        raise LibraryRequiredError.of("SciPy", "risk") from None
    return scipy.optimize


@dataclass(frozen=True, slots=True)
class Cut:
    """Of the cells in `cells`, suppress so many that the sum of `weights` is 1 or more."""

    cells: Ints
    weights: Floats


@dataclass(eq=False)
class Attacker:
    """Who knows every published cell, that each count is at least 0, and how the cells are sums of joint cells.

    Attributes
    ----------
    cells : Cells
    whole : bool
        Whether bounds are those of whole numbers, as counts of people are. Sums of amounts are bounded in real numbers,
        of which the whole ones within are told.
    scale : float
        What the solver's figures are multiples of: 1 for counts.
    joint : array of float64, shape (n_joint,)
        Joint counts that have all these sums: any one, where the tables tell of several.
    own : array of int64, shape (n_joint,)
        A cell that is this joint cell alone; -1 where no table has it.
    """

    cells: Cells
    whole: bool = True
    scale: float = field(init=False)
    values: Floats = field(init=False)
    joint: Floats = field(init=False)
    own: Ints = field(init=False)
    _known: list[tuple[Bools, Floats]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Find joint counts, or say that there are none."""
        sums = self.cells.sums
        n = sums.shape[1]
        self.scale = 1.0 if self.whole else max(float(self.cells.counts.max(initial=0)) / _LARGEST, 1.0)
        self.values = self.cells.counts / self.scale
        self.own = np.full(n, -1)
        single = np.flatnonzero(np.diff(sums.indptr) == 1)
        self.own[sums.indices[sums.indptr[single]]] = single
        if not n:
            raise DisclosureError.contradicting()
        known = self.cells.counts >= 0
        found = optimizer().linprog(np.ones(n), A_eq=sums[known], b_eq=self.values[known], method="highs")
        if found.status == _INFEASIBLE:
            raise DisclosureError.contradicting()
        if found.x is None:
            raise DisclosureError.unsolved()
        self.joint = np.maximum(found.x, 0.0)

    def interval(self, suppressed: Bools, cell: int, end: float = np.inf) -> tuple[float, float]:
        """Return the least and the greatest value of a cell, ∞ where nothing bounds it, NaN after `end`.

        min and max of Σ t over the cell's joint cells t, subject to every published sum and t = 0, 1, 2, …: a linear
        program (Fischetti and Salazar 2001, Management Science 47(7)), and where its best t are no whole numbers, as
        sums of three columns and more allow, the integer program.
        """
        low, high = (self._end(suppressed, cell, sign, end) for sign in (1.0, -1.0))
        return low, high

    def _end(self, suppressed: Bools, cell: int, sign: float, end: float) -> float:
        if (left := end - monotonic()) <= 0:
            return np.nan
        found = self._solve(suppressed, cell, sign, None)
        if found.status == _UNBOUNDED:  # of whole numbers too: the truth fits, and the directions are rational
            return np.inf
        if not self.whole:
            value, slack = sign * found.fun * self.scale, TOLERANCE * self.scale
            return float(np.ceil(value - slack) if sign > 0 else np.floor(value + slack)) + 0.0
        if np.abs(found.x - np.round(found.x)).max() > TOLERANCE:
            solve, published = optimizer(), ~suppressed
            sums, counts = self.cells.sums[published], self.cells.counts[published]
            known = [solve.LinearConstraint(sums, lb=counts, ub=counts)] if published.any() else []
            cost = sign * self.cells.sums[[cell]].toarray()[0]
            limited = {"mip_rel_gap": 0.0, **({"time_limit": left} if np.isfinite(left) else {})}
            found = solve.milp(cost, integrality=np.ones(len(cost)), constraints=known, options=limited)
            if found.status == _STOPPED and np.isfinite(left):
                return np.nan
            if found.status != _SOLVED:
                raise DisclosureError.unsolved()
        return float(np.round(sign * found.fun)) + 0.0

    def cut(self, suppressed: Bools, cell: int, goal: int, sign: int) -> Cut | None:
        """Return what must be suppressed for a cell to be able to be as great (`sign` 1) or small (-1) as `goal`.

        None if it can. Let γ be the dual values of the published sums, and ρ = ±a − Σ γ_c a_c the reduced costs of
        joint cells, a being the cell's own row of sums. Then for every other joint table that fits,
        ±(x_i − n_i) = Σ γ_c (x_c − n_c) + Σ ρ_t (t − n_t), where a published cell's term is 0, and none is above
        n_c |r_c| where its factor r_c is negative. So the sum of these over suppressed cells must reach what is
        lacking, ±(goal − n_i); factors are cut off there (Fischetti and Salazar 2001).
        """
        wanted = goal / self.scale
        lacking = float(sign) * (wanted - float(self.values[cell]))
        if lacking <= 0 or self._seen(suppressed, cell, wanted, sign):
            return None
        found = self._solve(suppressed, cell, -float(sign), wanted)
        if found.status == _UNBOUNDED or -found.fun >= sign * wanted - TOLERANCE:
            if found.x is not None:
                self._known.append((np.abs(self.cells.sums @ found.x - self.values) > TOLERANCE, found.x))
            return None
        published = np.flatnonzero(~suppressed)
        factors = np.zeros(len(self.cells.counts))
        factors[published] = -found.eqlin.marginals  # of a minimum of the negative
        reduced = sign * self.cells.sums[[cell]].toarray()[0] - self.cells.sums.T @ factors
        np.add.at(factors, self.own[self.own >= 0], reduced[self.own >= 0])
        rest = float(np.maximum(-reduced, 0.0) @ np.where(self.own < 0, self.joint, 0.0))
        lacking = lacking - rest
        factors[np.abs(factors) < _SMALL] = 0.0
        weights = np.where(factors > 0, lacking, np.minimum(-factors * self.values, lacking)) / lacking
        weights[(self.cells.counts == 0) | (factors == 0)] = 0.0
        used = np.flatnonzero(weights > 0)
        return Cut(used, weights[used])

    def changed(self, suppressed: Bools, cell: int, goal: int) -> Bools:
        """Return which cells differ where a cell has the value `goal`, and as little else differs as can be.

        min Σ s_c over published cells above 0, subject to |x_c − n_c| ≤ s_c, x_cell = goal and t ≥ 0.
        """
        from scipy.sparse import block_array, eye_array

        counts, sums = self.values, self.cells.sums
        published = np.flatnonzero(~suppressed & (counts > 0))
        part, one = sums[published], eye_array(len(published))
        found = optimizer().linprog(
            np.concatenate([np.zeros(sums.shape[1]), np.ones(len(published))]),
            A_ub=block_array([[part, -one], [-part, -one]]).tocsr(),
            b_ub=np.concatenate([counts[published], -counts[published]]),
            A_eq=block_array([[sums[[cell]], np.zeros((1, len(published)))]]).tocsr(),
            b_eq=[goal / self.scale],
            method="highs",
        )
        if found.x is None:
            raise DisclosureError.unsolved()
        return np.abs(sums @ found.x[: sums.shape[1]] - counts) > TOLERANCE

    def _seen(self, suppressed: Bools, cell: int, goal: float, sign: int) -> bool:
        """Return whether a joint table that was found before fits what is published, and reaches the goal."""
        row = self.cells.sums[[cell]]
        return any(
            sign * float((row @ joint)[0]) >= sign * goal - TOLERANCE and not (differs & ~suppressed).any()
            for differs, joint in self._known
        )

    def _solve(self, suppressed: Bools, cell: int, sign: float, goal: float | None) -> Any:
        """Minimize `sign` times the cell, stopping at the goal where there is one."""
        row = self.cells.sums[[cell]]
        options: dict[str, Any] = {}
        if goal is not None:
            options = {"A_ub": -sign * row, "b_ub": [-sign * goal]}
        published = ~suppressed
        if published.any():
            options |= {"A_eq": self.cells.sums[published], "b_eq": self.values[published]}
        for presolve in (True, False):  # which may not tell infeasible from unbounded
            found = optimizer().linprog(
                sign * row.toarray()[0], method="highs", options={"presolve": presolve}, **options
            )
            if found.status in (_SOLVED, _UNBOUNDED):
                return found
        raise DisclosureError.unsolved()


_SOLVED, _STOPPED, _INFEASIBLE, _UNBOUNDED = 0, 1, 2, 3
#: Smaller factors of a cut are 0.
_SMALL = 1e-7


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
