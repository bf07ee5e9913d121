"""Counts of a line of cells in a tree, so that any range is a sum of few noisy numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


@lru_cache(maxsize=64)
def spread(tree: Tree, above: int, of: int) -> tuple[float, float]:
    """Return the largest L2 and L∞ norms of the weights of (of − above)·before − above·after, over all cuts.

    A cut lies between two leaves. The score of a candidate, whose own leaf counts on neither side, is a mean of those
    of the cuts on both its sides, so that its norms are no larger.
    """
    leaf, cut = np.arange(tree.leaves)[None, :], np.arange(1, tree.leaves)[:, None]
    weights = tree.weights(np.where(leaf < cut, float(of - above), -float(above)))
    return float(np.sqrt((weights**2).sum(axis=1).max())), float(np.abs(weights).max())
