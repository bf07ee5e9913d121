"""The best node of the lattice: predictive tagging, bounds in closed form, roll-up of class counts.

1. For separable measures the loss of every node without suppression follows from per-column sums; it is a bound for
   all nodes before any class is counted.
2. A few dives find a first solution. Then nodes whose bound is below it are judged, those of the largest bound first.
3. A node that needs more than the limit suppressed, in rows that no refinement can keep (`tally.forced`), rules out
   every finer node. A feasible one sharpens the bound of the finer nodes: what is forced out there costs 1 in each.
4. Measures of class sizes are bounded the other way: a node's value without suppression bounds all coarser nodes.

Ties (equal to 1e-12) go to the smaller sum of levels, then to the smaller levels in the alphabetical order of the
columns. So the answer does not depend on the order of rows, or of columns.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from privkit.transform.search.found import Found
from privkit.transform.search.measures import Measure, Separable
from privkit.transform.search.node_classes import Classes, Rollup, middles, outer_sum
from privkit.transform.search.task import pair_failures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding
    from privkit.transform.search.judge import Judge, Verdict

    Floats = NDArray[np.float64]
    Progress = Callable[[int, int, float | None], None]

#: Losses closer than this are equal.
TIE = 1e-12
#: Lattices above this many nodes are searched by dives alone.
LARGEST = 5_000_000
_DIVES = 2_000
#: Levels above what is open from which it is tried to be ruled out first.
_HEIGHT = 4


@dataclass
class Search:
    """One search over the lattice of a coding."""

    coding: Coding
    judge: Judge
    measure: Measure
    limit: int
    deadline: float | None = None
    progress: Progress | None = None
    most_levels: Sequence[int] = ()
    least_levels: Sequence[int] = ()
    below: float = float("inf")
    best: tuple[int, ...] | None = field(default=None, init=False)
    loss: float = field(default=float("inf"), init=False)
    suppressed: int = field(default=0, init=False)
    cut: float = field(default=float("inf"), init=False)
    judged: int = field(default=0, init=False)
    nearest: tuple[tuple[int, ...], int] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.rollup = Rollup(self.coding)
        self.most = tuple(self.most_levels) or tuple(size - 1 for size in self.coding.shape)
        self.least = tuple(self.least_levels) or (0,) * len(self.most)
        self.shape = tuple(level + 1 for level in self.most)
        self.nested = [
            ladder.nested[:span, :span] for ladder, span in zip(self.coding.ladders, self.shape, strict=True)
        ]
        self.trees = all(bool(nested[np.triu_indices(len(nested))].all()) for nested in self.nested)
        self.height = _HEIGHT
        self._beat(self.below)
        self.alphabetical = np.argsort(np.array(self.coding.columns, dtype=object), kind="stable").tolist()

    def run(self) -> Found:
        """Search; Ctrl-C and the deadline return the best so far."""
        size = math.prod(self.shape)
        try:
            if size > LARGEST:
                return self._answer(self._dive_only(), optimal=False, reason=f"the lattice has {size:,} nodes")
            return self._sweep()
        except _OutOfTimeError:
            return self._answer(self._open_bound(), optimal=False, reason="the time limit was reached")
        except KeyboardInterrupt:
            return self._answer(self._open_bound(), optimal=False, reason="the search was interrupted")

    def _answer(self, bound: float, *, optimal: bool, reason: str = "") -> Found:
        return Found(
            self.best, self.loss, self.suppressed, optimal, min(bound, self.loss, self.below), self.judged, reason,
            self.nearest, self.nearest is not None and self._top_keeps_most(),
        )  # fmt: skip

    # -- one node ---------------------------------------------------------------------------------------------------

    def look(self, node: tuple[int, ...]) -> tuple[Classes, Verdict, bool]:
        """Judge one node and remember it if it is the best so far."""
        self._in_time()
        classes = self.rollup.at(node)
        verdict = self.judge.judge(classes)
        self.judged += 1
        suppressed = int(classes.sizes[verdict.violating].sum())
        if self.nearest is None or suppressed < self.nearest[1]:
            self.nearest = (node, suppressed)
        feasible = suppressed <= self.limit
        if feasible:
            self._remember(node, self.measure.value(self.rollup, classes, verdict.violating), suppressed)
        return classes, verdict, feasible

    def _remember(self, node: tuple[int, ...], loss: float, suppressed: int) -> None:
        tie = TIE * max(1.0, abs(loss))
        if loss > self.below + tie:
            return
        better = self.best is None or loss < self.loss - tie
        if better or (loss <= self.loss + tie and self._rank(node) < self._rank(self.best or node)):
            self.best, self.loss, self.suppressed = node, loss, suppressed
            self._beat(loss)

    def _beat(self, loss: float) -> None:
        """Look at no node whose bound is above a loss."""
        if loss < np.inf:
            scaled = self.measure.summed(loss) if isinstance(self.measure, Separable) else loss
            self.cut = min(self.cut, scaled + TIE * max(1.0, abs(scaled)))

    def _rank(self, node: tuple[int, ...]) -> tuple[int, ...]:
        return (sum(node), *(node[place] for place in self.alphabetical))

    # -- the sweep --------------------------------------------------------------------------------------------------

    def _sweep(self) -> Found:
        self.open = np.zeros(self.shape, dtype=bool)
        self.open[tuple(slice(level, None) for level in self.least)] = True
        self.bounds = self._first_bounds()
        feasible = self._visit(self.most)
        if not feasible and self._up_set():
            return self._answer(float("inf"), optimal=True)
        self._rule_out_pairs()
        self._dive()
        self._downwards() if isinstance(self.measure, Separable) else self._layered()
        return self._answer(self.loss, optimal=True)

    def _up_set(self) -> bool:
        """Whether a feasible node makes the coarsest one feasible."""
        return self._top_keeps_most() or (self._below_top() and self.limit == 0 and self.judge.criterion.merges)

    def _below_top(self) -> bool:
        """Whether the classes of every node are parts of those of the coarsest."""
        return all(bool(nested[:, -1].all()) for nested in self.nested)

    def _top_keeps_most(self) -> bool:
        """Whether no node suppresses fewer records than the coarsest, which is judged first.

        Where rows never hurt, what a node keeps can be kept in the classes of the coarsest that hold it. Where levels
        do not nest in the coarsest one, as intervals of 10 and of 15 do not, another node may suppress fewer; and what
        is ruled out unseen needs more than the limit, which says nothing of the nearest.
        """
        return self._below_top() and self.judge.superset_closed and self.judge.whole_is_monotone

    def _first_bounds(self) -> Floats:
        """Return the bounds of all nodes, for separable measures as sums over columns."""
        if not isinstance(self.measure, Separable):
            return np.full(self.shape, -np.inf)
        return outer_sum(self._columns())

    def _columns(self) -> list[Floats]:
        assert isinstance(self.measure, Separable)
        return [column[:span] for column, span in zip(self.measure.columns, self.shape, strict=True)]

    def _rule_out_pairs(self) -> None:
        least = self.judge.least_of_two
        if least < 2 or self.limit >= self.coding.n_rows:
            return
        for one, two, failed in pair_failures(self.coding, least, self.limit):
            if failed.any():
                view = np.moveaxis(self.open, (one, two), (0, 1))
                view[failed[: self.shape[one], : self.shape[two]]] = False

    def _left(self) -> NDArray[np.int64]:
        """Return the flat places of the nodes that could still be better, or tie."""
        return np.flatnonzero(self.open & (self.bounds <= self.cut))

    def _open_bound(self) -> float:
        if not hasattr(self, "bounds"):
            return 0.0
        left = self._left()
        if not len(left):
            return self.loss
        least = float(self.bounds.ravel()[left].min())
        return float(self.measure.unscale(least)) if isinstance(self.measure, Separable) else least

    def _visit(self, node: tuple[int, ...]) -> bool:
        if self._hopeless(node):
            self.open[self._finer(node)] = False
            self._tell()
            return False
        classes, verdict, feasible = self.look(node)
        self.open[node] = False
        separable = isinstance(self.measure, Separable)
        if self.judge.infeasible_below(classes, verdict, self.limit):
            self.open[self._finer(node)] = False
        elif separable and self.limit:
            self._sharpen(node, classes, verdict)
        if not separable:
            above = self._coarser(node)
            self.bounds[above] = np.maximum(self.bounds[above], self.measure.bound(self.rollup, classes))
        self._tell()
        return feasible

    def _hopeless(self, node: tuple[int, ...]) -> bool:
        """Whether a node is seen to need more than the limit, as every finer one does, without its exact classes.

        Most nodes that are judged do. How many rows exactly is of no use once some node needs no more than the limit;
        measures of class sizes need the classes themselves.
        """
        if self.nearest is None or self.nearest[1] > self.limit or not isinstance(self.measure, Separable):
            return False
        self._in_time()
        if self.rollup.lost_at_least(node, self.judge.least) <= self.limit:
            return False
        self.judged += 1
        return True

    def _in_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise _OutOfTimeError

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self.judged, int(self.open.size), self.loss if self.best else None)

    def _finer(self, node: tuple[int, ...]) -> tuple[slice | NDArray[np.int64], ...]:
        if self.trees:
            return tuple(slice(0, level + 1) for level in node)
        return np.ix_(
            *[np.flatnonzero(nested[: level + 1, level]) for nested, level in zip(self.nested, node, strict=True)]
        )

    def _coarser(self, node: tuple[int, ...]) -> tuple[slice | NDArray[np.int64], ...]:
        if self.trees:
            return tuple(slice(level, None) for level in node)
        return np.ix_(*[np.flatnonzero(nested[level]) for nested, level in zip(self.nested, node, strict=True)])

    def _sharpen(self, node: tuple[int, ...], classes: Classes, verdict: Verdict) -> None:
        measure = self.measure
        assert isinstance(measure, Separable)
        columns = measure.after_forced(self.rollup, classes, verdict.forced)
        if columns is None:
            return
        below = self._finer(node)
        parts = [
            column[place if isinstance(place, slice) else place.ravel()]
            for column, place in zip(columns, below, strict=True)
        ]
        bounds = outer_sum(parts)
        self.bounds[below] = np.maximum(self.bounds[below], bounds)

    def _downwards(self) -> None:
        """Judge what is open, largest bound first: what fails rules out most."""
        opened, bounds = self.open.reshape(-1), self.bounds.reshape(-1)
        while len(left := self._left()):
            before = self.loss
            for place in left[np.argsort(-bounds[left], kind="stable")]:
                if opened[place] and bounds[place] <= self.cut:
                    self._visit(self._node(place)) if self.below == np.inf else self._rule_out(self._node(place))
                    if self.loss < before:
                        break

    def _rule_out(self, node: tuple[int, ...]) -> None:
        """Judge a node, or coarser ones that rule it out with many more.

        Where a good answer is known already, as a rule all that is open is infeasible: then what is judged first is as
        far up, along the cheapest levels, as the last node was ruled out from; nearer where that rules out nothing.
        """
        path = list(self._way_up(node))
        step = most = min(self.height, len(path) - 1)
        while self.open[node] and self.bounds[node] <= self.cut:
            if step == 0 or self.open[path[step]]:
                self._visit(path[step])
            step //= 2 if self.open[node] else 1
        alone = step == 0 and bool(self.open[self._finer(node)].any())
        self.height = 2 * step + 1 if step == most and not alone else step

    def _way_up(self, node: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Yield a node, and coarser ones up to the coarsest: one level up each, where the bound is the least."""
        yield node
        while node != self.most:
            above = [
                (*node[:place], level + 1, *node[place + 1 :])
                for place, level in enumerate(node)
                if level < self.most[place]
            ]
            node = min(above, key=lambda one: (self.bounds[one], one))
            yield node

    def _layered(self) -> None:
        """Judge what is open layer by layer, the middle of the open layers first.

        What fails closes the finer nodes; what is feasible bounds the coarser ones from below.
        """
        opened, bounds = self.open.reshape(-1), self.bounds.reshape(-1)
        left = self._left()
        layers = np.add.reduce(np.unravel_index(left, self.shape))
        for layer in middles(int(layers.min(initial=0)), int(layers.max(initial=-1))):
            for place in left[layers == layer]:
                if opened[place] and bounds[place] <= self.cut:
                    self._visit(self._node(place))

    def _node(self, place: int) -> tuple[int, ...]:
        return tuple(int(level) for level in np.unravel_index(int(place), self.shape))

    # -- dives ------------------------------------------------------------------------------------------------------

    def _dive(self) -> None:
        """Walk from the top to a node below which nothing is feasible, along the cheapest children."""
        node = self.most
        while True:
            children = [child for child in self._children(node) if self.open[child]]
            children.sort(key=lambda child: (self.bounds[child], child))
            found = next((child for child in children if self.bounds[child] <= self.cut and self._visit(child)), None)
            if found is None:
                return
            node = found

    def _children(self, node: tuple[int, ...]) -> list[tuple[int, ...]]:
        answer = []
        for place, level in enumerate(node):
            if level > self.least[place]:
                answer.append((*node[:place], level - 1, *node[place + 1 :]))
        return answer

    def _dive_only(self) -> float:
        """Dive from the top, once straight and then with each column first; return a bound for all nodes.

        Alone, with every other column at its top, a column needs at least some level; the bound is that of the node
        of these levels, which no feasible node is below (where adding rows to a class never breaks it).
        """
        top = self.most
        if not self.look(top)[2]:
            return float("inf") if self._up_set() else self._floor_bound()
        for lead in range(-1, len(top)):
            node, tried = top, set()
            while True:
                children = sorted(
                    self._children(node), key=lambda child: (child[lead] if lead >= 0 else 0, self._cheapness(child))
                )
                found = None
                for child in children:
                    if child not in tried:
                        tried.add(child)
                        if self.look(child)[2]:
                            found = child
                            break
                if found is None:
                    break
                node = found
            if self.judged > _DIVES:
                break
        return self._floor_bound()

    def _cheapness(self, node: tuple[int, ...]) -> float:
        if isinstance(self.measure, Separable):
            return float(sum(column[level] for column, level in zip(self.measure.columns, node, strict=True)))
        return float(sum(node))

    def _floor_bound(self) -> float:
        """Return the bound of the node of the levels that each column needs alone."""
        if not isinstance(self.measure, Separable) or not self._up_set():
            return 0.0
        total = 0.0
        for place in range(len(self.shape)):
            level = self.least[place]
            while level < self.most[place] and not self._alone(place, level):
                level += 1
            total += float(self.measure.columns[place][level])
        return float(self.measure.unscale(total))

    def _alone(self, place: int, level: int) -> bool:
        node = (*self.most[:place], level, *self.most[place + 1 :])
        classes = self.rollup.at(node)
        return int(classes.sizes[self.judge.violating(classes)].sum()) <= self.limit


class _OutOfTimeError(Exception):
    """The deadline has passed."""
