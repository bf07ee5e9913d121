"""Visits of many nodes, block by block: where no class of a block's coarsest node is large enough, none of it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.local import Peeling

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


class StopError(Exception):
    """The deadline has passed."""


class Blocks:
    """Visits nodes of a lattice of trees, where a class needs nothing but its size.

    The classes of a block's nodes lie within those of the levels that are the highest of each column in it. So what is
    in a class too small there is in none of the block that is large enough: it is left out of all visits in it, and
    where nothing else is left, the block is never visited again.
    """

    def __init__(self, peeling: Peeling, price: Floats) -> None:
        self.peeling, self.price = peeling, price
        self.counts = peeling.coding.counts
        self.least = peeling.judge.least
        self.shares = [
            [cost[step.codes] for cost, step in zip(costs, ladder.levels, strict=True)]
            for costs, ladder in zip(peeling.costs, peeling.coding.ladders, strict=True)
        ]

    def visit(self, places: Ints, left: Ints, step: float) -> None:
        """Cut off what costs at most `step` at some nodes, and set the price from which another visit of each pays."""
        if not len(places):
            return
        if self.peeling.late():
            raise StopError
        left = left[self.peeling.partition.class_of[left] < 0]
        nodes = self.peeling.nodes[places]
        node = nodes.max(axis=0)
        group, sizes = self._grouped(tuple(node.tolist()), left)
        large = sizes >= self.least
        if not large.any():
            self.price[places] = np.inf
        elif len(places) == 1:
            self.price[places] = self._cut(node, left, group, large, step)
        else:
            inside = left if large.all() else left[large[group]]
            spread = nodes.max(axis=0) - nodes.min(axis=0)
            column = int(spread.argmax())
            low = nodes[:, column] <= (nodes[:, column].max() + nodes[:, column].min()) // 2
            self.visit(places[low], inside, step)
            self.visit(places[~low], inside, step)

    def _grouped(self, node: tuple[int, ...], left: Ints) -> tuple[Ints, Ints]:
        import pandas as pd

        group, found = pd.factorize(self.peeling.codes(node, left))
        return group, np.bincount(group, weights=self.counts[left], minlength=len(found))

    def _cut(self, node: Ints, left: Ints, group: Ints, large: NDArray[np.bool_], step: float) -> float:
        peeling = self.peeling
        lead = np.empty(len(large), dtype=np.int64)
        lead[group] = left
        chosen = large.nonzero()[0]
        cost = np.zeros(len(chosen))
        for column, level in enumerate(node.tolist()):
            cost += self.shares[column][level][peeling.coding.combos[column, lead[chosen]]]
        cheap = cost <= step
        later = cost[~cheap]
        if cheap.any():
            number = np.full(len(large), -1, dtype=np.int64)
            number[chosen[cheap]] = np.arange(int(cheap.sum()))
            own = number[group]
            taken = own >= 0
            peeling.partition.class_of[left[taken]] = peeling.n_classes + own[taken]
            peeling.partition.levels[:, left[taken]] = node[:, None]
            peeling.n_classes += int(cheap.sum())
        return float(later.min()) if len(later) else np.inf
