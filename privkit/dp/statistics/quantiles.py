"""Several quantiles of a column from one noisy tree of counts.

Counts of a line of cells in a tree, so that any range is a sum of few noisy numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.dates import ends
from privkit.dp.measurement import Reach
from privkit.dp.noise.noise import Laplace
from privkit.dp.statistics.ranks import AmongCandidates, placed
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection


#: Lines longer than this get three levels, shorter ones two: what errs least at their ends.
_LONG = 300


@dataclass(frozen=True, slots=True)
class Tree:
    """A complete tree over a line of leaves: `depth` levels below a root that is not counted, `branch` children each.

    Attributes
    ----------
    leaves : int
        How many leaves are used; those beyond are always 0.
    branch, depth : int
    """

    leaves: int
    branch: int
    depth: int

    @classmethod
    def over(cls, leaves: int) -> Tree:
        """Return the tree for so many leaves.

        Examples
        --------
        >>> Tree.over(2003)
        Tree(leaves=2003, branch=13, depth=3)
        """
        depth = 3 if leaves > _LONG else 2
        branch = 2
        while branch**depth < leaves:
            branch += 1
        return cls(leaves, branch, depth)

    @property
    def widths(self) -> tuple[int, ...]:
        """How many nodes each level has, from the top."""
        return tuple(self.branch**level for level in range(1, self.depth + 1))

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return sum(self.widths)

    def counted(self, leaves: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sums of all nodes, level by level; shape (n, nodes) from (n, leaves). Exact."""
        level = np.zeros((len(leaves), self.widths[-1]), dtype=leaves.dtype)
        level[:, : leaves.shape[1]] = leaves
        levels: list[NDArray[Any]] = [level]
        for _ in range(self.depth - 1):
            levels.insert(0, self._summed(levels[0]))
        return np.concatenate(levels, axis=1)

    def fitted(self, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the leaves that fit noisy nodes best: the least squares under the sums, shape (n, leaves).

        A weighted mean of each node and the sum of its children, from below; then what is missing in a sum is shared
        among the children, from above (Hay, Rastogi, Miklau and Suciu 2010, theorem 3). Linear in the nodes.

        Examples
        --------
        >>> Tree(4, 2, 2).fitted(np.array([[4.0, 0.0, 1.0, 1.0, 0.0, 0.0]])).round(3).tolist()
        [[1.667, 1.667, 0.0, 0.0]]
        """
        own = self._levels(nodes)
        better: list[NDArray[Any]] = [own[-1]]
        for level in range(self.depth - 2, -1, -1):
            mine, theirs = self._shares(level)
            better.insert(0, mine * own[level] + theirs * self._summed(better[0]))
        found = better[0]
        for level in range(1, self.depth):
            short = (found - self._summed(better[level])) / self.branch
            found = better[level] + np.repeat(short, self.branch, axis=1)
        return found[:, : self.leaves]

    def weights(self, leaves: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return w with ``nodes @ w.T == fitted(nodes) @ leaves.T``: the adjoint; shape (n, nodes) from (n, leaves)."""
        of = np.zeros((len(leaves), self.widths[-1]))
        of[:, : self.leaves] = leaves
        back: list[NDArray[Any]] = [of]
        for _ in range(self.depth - 1):
            above = self._summed(back[0]) / self.branch
            back[0] = back[0] - np.repeat(above, self.branch, axis=1)
            back.insert(0, above)
        found = []
        for level in range(self.depth - 1):
            mine, theirs = self._shares(level)
            found.append(mine * back[level])
            back[level + 1] = back[level + 1] + theirs * np.repeat(back[level], self.branch, axis=1)
        return np.concatenate([*found, back[-1]], axis=1)

    def _shares(self, level: int) -> tuple[float, float]:
        """Return how much a node counts in its own mean, and how much its children's sum."""
        high, low = self.branch ** (self.depth - level), self.branch ** (self.depth - level - 1)
        return (high - low) / (high - 1), (low - 1) / (high - 1)

    def _summed(self, level: NDArray[Any]) -> NDArray[Any]:
        return level.reshape(len(level), -1, self.branch).sum(axis=2)

    def _levels(self, nodes: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        return np.split(nodes, np.cumsum(self.widths)[:-1], axis=1)


#: Cuts whose weights are held at once, and by how much norms are raised: more than rounding takes away.
_BLOCK, _RAISED = 256, 1 + 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """What the norms of all scores over a tree need, whatever the quantile.

    A score's weights are linear in its leaves, so those of (of − above)·before − above·after, at a cut between two
    leaves, are of·A − above·B: A are the weights of the leaves before the cut, and B those of all leaves.

    Attributes
    ----------
    squares, products : array of float64, shape (leaves - 1,)
        A·A and A·B for each cut.
    low, high, whole : array of float64, shape (nodes,)
        The least and the largest of A for each node over all cuts, and B.
    """

    squares: NDArray[np.float64]
    products: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: NDArray[np.float64]


@lru_cache(maxsize=16)
def cuts_of(tree: Tree) -> Cuts:
    """Return what all cuts of a tree have, which is found once for all quantiles."""
    leaf, whole = np.arange(tree.leaves)[None, :], tree.weights(np.ones((1, tree.leaves)))[0]
    squares, products, low, high = [], [], np.full(tree.nodes, np.inf), np.full(tree.nodes, -np.inf)
    for first in range(1, tree.leaves, _BLOCK):
        cut = np.arange(first, min(first + _BLOCK, tree.leaves))[:, None]
        before = tree.weights((leaf < cut).astype(float))
        squares.append(np.einsum("ij,ij->i", before, before))
        products.append(before @ whole)
        low, high = np.minimum(low, before.min(axis=0)), np.maximum(high, before.max(axis=0))
    return Cuts(np.concatenate(squares), np.concatenate(products), low, high, whole)


@lru_cache(maxsize=64)
def spread(tree: Tree, above: int, of: int) -> tuple[float, float]:
    """Return the largest L2 and L∞ norms of the weights of (of − above)·before − above·after, over all cuts.

    A cut lies between two leaves. The score of a candidate, whose own leaf counts on neither side, is a mean of those
    of the cuts on both its sides, so that its norms are no larger.

    By cut, the square of the first is of²·A·A − 2·of·above·A·B + above²·B·B (:class:`Cuts`). The second is the largest
    |of·a − above·b| over all nodes and cuts; it is convex in a, so that the least and the largest a of a node decide.
    Both are raised by 10⁻⁹ of themselves, more than rounding takes away, so that no error is told too small.
    """
    cuts = cuts_of(tree)
    all_squared = float(cuts.whole @ cuts.whole)
    squared = of**2 * cuts.squares - 2 * of * above * cuts.products + above**2 * all_squared
    tall = max(float(np.abs(of * end - above * cuts.whole).max()) for end in (cuts.low, cuts.high))
    return float(np.sqrt(squared.max())) * _RAISED, tall * _RAISED


#: From so many quantiles on a tree of counts is better than a choice for each: in ε measured at about 5 for tenths and
#: 9 for medians, where one choice's error grows with their number.
ENOUGH = 6


@dataclass(frozen=True, slots=True)
class Quantiles(AmongCandidates, Statistic):
    """The candidates nearest to several quantiles, all from the same counts, each with an interval.

    Attributes
    ----------
    column : str
    probabilities : tuple of (int, int)
        α = above / of, ascending.
    candidates : tuple of float
        Public, ascending.

    Notes
    -----
    The candidates cut the line into 2m + 1 places: between two of them, and at one. Numbers count at the nearest
    candidate (:func:`privkit.dp.statistics.quantile.placed`), which keeps their order. The rows of each place are
    counted in a tree (:class:`privkit.dp.statistics.quantiles.Tree`), and all quantiles are read from it.

    *Reach.* A row is in one place, hence in one node of each of the tree's d levels, and adds 1 there: it moves the
    cells by d in L1, by √d in L2, and none by more than 1. How many quantiles are read does not matter, since that is
    post-processing; d is 2 or 3 (the tree: Hay, Rastogi, Miklau and Suciu 2010).

    *Interval.* Let e be the noise of one candidate's score, a weighted sum of independent noise, with weights w of
    norms at most V in L2 and W in L∞. For discrete Laplace noise of scale s, E exp(λe) ≤ Π 1/(1 − λ²s²w²) ≤ exp(λ²s²V²
    / (1 − λ²s²W²)) for λ < 1/(sW): its generating function is 1/(1 − (cosh λ − 1)/(cosh(1/s) − 1)), and
    (cosh x − 1)/x² ascends. So P(e > t) ≤ min over λ of exp(λ²s²V²/(1 − λ²s²W²) − λt); for Gaussian noise
    exp(−t²/2s²V²), since the discrete one is subgaussian with its scale (Canonne, Kamath and Steinke 2020). The
    α-quantile v of the numbers lies above all candidates c with (of−above)·#(x ≤ c) − above·#(x > c) < 0 and at or
    below the first other one, whose noisy value is below −t with probability at most that of P(e > t); likewise from
    above. So the interval from the first candidate that may reach it to the last holds the quantile of the numbers as
    they count, which is the candidate nearest to v, since rounding keeps their order; and the one from the candidate
    before the first to the one after the last holds v, put between the outer candidates.
    """

    column: str
    probabilities: tuple[tuple[int, int], ...]
    candidates: tuple[float, ...]

    name = "quantiles"
    framed = True

    @property
    def tree(self) -> Tree:
        """The tree over the places among the candidates."""
        return Tree.over(2 * len(self.candidates) + 1)

    @property
    def reach(self) -> Reach:
        """One node in each level."""
        depth = self.tree.depth
        return Reach(depth, math.nextafter(math.sqrt(depth), math.inf), 1, self.tree.nodes)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The quantiles as percentages."""
        return tuple(percentage(above, of) for above, of in self.probabilities)

    @property
    def main(self) -> str:
        """The first quantile."""
        return self.numbers[0]

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count the rows of every node exactly, each person within the bounds; shape (groups, nodes)."""
        counts = placed(self.column, self.candidates, data, question)
        return self.tree.counted(counts)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the candidates whose noisy scores are nearest to 0."""
        before, until, total = self._ranks(cells)
        told: Estimates = {}
        for name, (above, of) in zip(self.numbers, self.probabilities, strict=True):
            scores = np.abs((of - above) * before - above * (total - until))
            told[name] = np.asarray(self.candidates)[scores.argmin(axis=1)]
        ordered = np.sort(np.stack([*told.values()]), axis=0)  # they do not cross; this lowers their errors
        return dict(zip(told, ordered, strict=True))

    def _ranks(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the noisy numbers of rows before each candidate, before or at it, and of all rows."""
        sums = np.cumsum(self.tree.fitted(cells.astype(float)), axis=1)
        return sums[:, 0:-1:2], sums[:, 1::2], sums[:, -1:]

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the candidates between which each quantile lies."""
        before, until, total = self._ranks(cells)
        values, last = np.asarray(self.candidates), len(self.candidates) - 1
        told: Limits = {}
        for name, (above, of) in zip(self.numbers, self.probabilities, strict=True):
            reach = self._reach(noise, above, of, math.log(2 / alpha))
            enough = (of - above) * until - above * (total - until) >= -reach
            not_more = (of - above) * before - above * (total - before) <= reach
            low = np.where(enough.any(axis=1), enough.argmax(axis=1), last) - 1
            high = np.where(not_more.any(axis=1), last - not_more[:, ::-1].argmax(axis=1), 0) + 1
            told[name] = (values[np.clip(low, 0, last)], values[np.clip(high, 0, last)])
        lower, upper = (np.stack([pair[end] for pair in told.values()]) for end in (0, 1))
        lower, upper = np.minimum.accumulate(lower[::-1], axis=0)[::-1], np.maximum.accumulate(upper, axis=0)
        return {name: (low, high) for name, low, high in zip(told, lower, upper, strict=True)}

    def _reach(self, noise: Noise, above: int, of: int, bits: float) -> float:
        """Return t with P(e > t) ≤ exp(−bits) for the error e of any candidate's score."""
        wide, tall = spread(self.tree, above, of)
        if not isinstance(noise, Laplace):
            return noise.scale * wide * math.sqrt(2 * bits)
        shares = np.linspace(0.001, 0.999, 999) / tall
        return noise.scale * float(np.min((shares * wide**2) / (1 - (shares * tall) ** 2) + bits / shares))

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return by which share of the rows the rank of any of them may be off, beyond the best candidate's.

        The largest of all, as an accuracy that is asked for is one for each.
        """
        return max(
            (width for width in self.half_widths(noise, alpha, rows).values() if width is not None), default=None
        )

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the same of each quantile: the errors of its score and of the best one's, all candidates at once."""
        if rows is None:
            return dict.fromkeys(self.numbers)
        bits = math.log(2 * len(self.candidates) / alpha)
        pairs = zip(self.numbers, self.probabilities, strict=True)
        return {name: min(2 * self._reach(noise, above, of, bits) / (of * rows), 1.0) for name, (above, of) in pairs}

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is chosen, and what an accuracy means."""
        return (
            f"each quantile is one of {len(self.candidates):,} public candidates {ends(self.candidates, dates)}; "
            "an accuracy is the share of rows by which a rank may be off",
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        own = {**self.mark, "column": self.column}
        told = [f"{above}/{of}" for above, of in self.probabilities]
        return {**own, "probabilities": told, "candidates": [repr(value) for value in self.candidates]}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the quantiles that a record tells."""
        pairs = [tuple(map(int, text.split("/"))) for text in record["probabilities"]]
        return cls(record["column"], tuple((above, of) for above, of in pairs), tuple(map(float, record["candidates"])))

    def __str__(self) -> str:
        return f"quantiles {', '.join(self.numbers)} of {self.column!r}"


def quantiles_of(column: str, probabilities: Sequence[tuple[int, int]], candidates: tuple[float, ...]) -> Quantiles:
    """Return the quantiles in ascending order, each once."""
    ordered = sorted(set(probabilities), key=lambda q: Fraction(*q))
    return Quantiles(column, tuple(ordered), candidates)


def percentage(above: int, of: int) -> str:
    """Return a quantile's name as pandas writes it.

    Examples
    --------
    >>> percentage(1, 4), percentage(1, 2000)
    ('25%', '0.05%')
    """
    return f"{100 * above / of:g}%"
