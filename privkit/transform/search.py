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

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from privkit.transform.classes import Classes, Rollup
from privkit.transform.measures import Measure, Separable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.coding import Coding
    from privkit.transform.judge import Judge, Verdict

    Floats = NDArray[np.float64]
    Progress = Callable[[int, int, float | None], None]

#: Losses closer than this are equal.
TIE = 1e-12
_UNKNOWN, _RULED_OUT, _JUDGED = 0, 1, 2
#: Lattices above this many nodes are searched by dives alone.
LARGEST = 5_000_000


@dataclass(frozen=True, eq=False)
class Found:
    """The best node of a search.

    Attributes
    ----------
    node : tuple of int or None
        Its levels; None if none was found feasible.
    loss : float
        Its measure.
    suppressed : int
        Records that its violating classes hold.
    optimal : bool
        Whether it is proved to be the best of the lattice.
    bound : float
        No node can be better than this.
    judged : int
        Nodes whose classes were counted.
    reason : str
        Why the search ended early, or "".
    nearest : tuple of (node, int) or None
        The node that needs the fewest records suppressed, and how many, where none is feasible.
    """

    node: tuple[int, ...] | None
    loss: float
    suppressed: int
    optimal: bool
    bound: float
    judged: int
    reason: str = ""
    nearest: tuple[tuple[int, ...], int] | None = None


@dataclass
class Search:
    """One search over the lattice of a coding."""

    coding: Coding
    judge: Judge
    measure: Measure
    limit: int
    deadline: float | None = None
    progress: Progress | None = None
    least_levels: Sequence[int] = ()
    most_levels: Sequence[int] = ()
    best: tuple[int, ...] | None = field(default=None, init=False)
    loss: float = field(default=float("inf"), init=False)
    suppressed: int = field(default=0, init=False)
    judged: int = field(default=0, init=False)
    nearest: tuple[tuple[int, ...], int] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.rollup = Rollup(self.coding)
        self.shape = self.coding.shape
        self.nested = [ladder.nested for ladder in self.coding.ladders]
        self.alphabetical = np.argsort(np.array(self.coding.columns, dtype=object), kind="stable").tolist()
        self.least = tuple(self.least_levels) or (0,) * len(self.shape)
        self.most = tuple(self.most_levels) or tuple(size - 1 for size in self.shape)

    def run(self) -> Found:
        """Search; Ctrl-C and the deadline return the best so far."""
        size = 1
        for low, high in zip(self.least, self.most, strict=True):
            size *= high - low + 1
        try:
            if size > LARGEST:
                return self._answer(self._dive_only(), optimal=False, reason=f"the lattice has {size:,} nodes")
            return self._sweep()
        except _OutOfTime:
            return self._answer(self._open_bound(), optimal=False, reason="the time limit was reached")
        except KeyboardInterrupt:
            return self._answer(self._open_bound(), optimal=False, reason="the search was interrupted")

    def _answer(self, bound: float, *, optimal: bool, reason: str = "") -> Found:
        return Found(
            self.best, self.loss, self.suppressed, optimal, min(bound, self.loss), self.judged, reason, self.nearest
        )

    # -- one node ---------------------------------------------------------------------------------------------------

    def look(self, node: tuple[int, ...], *, keep: bool = False) -> tuple[Classes, Verdict, bool]:
        """Judge one node and remember it if it is the best so far."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise _OutOfTime
        classes = self.rollup.at(node, keep=keep)
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
        if loss < self.loss - tie or (loss <= self.loss + tie and (self.best is None or self._rank(node) < self._rank(self.best))):
            self.best, self.loss, self.suppressed = node, min(loss, self.loss) if self.best else loss, suppressed

    def _rank(self, node: tuple[int, ...]) -> tuple[int, ...]:
        return (sum(node), *(node[place] for place in self.alphabetical))

    # -- the sweep --------------------------------------------------------------------------------------------------

    def _sweep(self) -> Found:
        self.state = np.full(self.shape, _RULED_OUT, dtype=np.uint8)
        self.state[tuple(slice(low, high + 1) for low, high in zip(self.least, self.most, strict=True))] = _UNKNOWN
        self.bounds = self._first_bounds()
        top = tuple(self.most)
        self._visit(top)
        if self.best is None and self.judge.criterion.merges and self.judge.superset_closed and self._all_nested():
            return self._answer(float("inf"), optimal=True)
        self._dive()
        if isinstance(self.measure, Separable):
            self._downwards()
        else:
            self._upwards()
        return self._answer(self.loss, optimal=True)

    def _all_nested(self) -> bool:
        return all(bool(nested[low : high + 1, high].all()) for nested, low, high in zip(self.nested, self.least, self.most, strict=True))

    def _first_bounds(self) -> Floats:
        if not isinstance(self.measure, Separable):
            return np.full(self.shape, -np.inf)
        return np.asarray(self.measure.unscale(outer_sum(self.measure.columns)))

    def _open(self) -> NDArray[np.int64]:
        """Return the flat places of the nodes that could still be better, or tie."""
        if self.best is None:
            return np.flatnonzero(self.state == _UNKNOWN)
        return np.flatnonzero((self.state == _UNKNOWN) & (self.bounds <= self.loss + TIE * max(1.0, abs(self.loss))))

    def _open_bound(self) -> float:
        if not hasattr(self, "bounds"):
            return 0.0
        left = self._open()
        return float(self.bounds.ravel()[left].min()) if len(left) else self.loss

    def _visit(self, node: tuple[int, ...], *, keep: bool = False) -> bool:
        classes, verdict, feasible = self.look(node, keep=keep)
        if self.state[node] == _UNKNOWN:
            self.state[node] = _JUDGED
        if self.judge.infeasible_below(classes, verdict, self.limit):
            self._rule_out(node)
        elif isinstance(self.measure, Separable):
            if self.limit and verdict.forced.any():
                self._sharpen(node, classes, verdict)
        if not isinstance(self.measure, Separable):
            self._raise_coarser(node, self.measure.bound(self.rollup, classes))
        if self.progress is not None:
            self.progress(self.judged, int(self.state.size), self.loss if self.best else None)
        return feasible

    def _finer(self, node: tuple[int, ...]) -> tuple[NDArray[np.int64], ...]:
        return np.ix_(*[np.flatnonzero(nested[: level + 1, level]) for nested, level in zip(self.nested, node, strict=True)])

    def _coarser(self, node: tuple[int, ...]) -> tuple[NDArray[np.int64], ...]:
        return np.ix_(*[np.flatnonzero(nested[level]) for nested, level in zip(self.nested, node, strict=True)])

    def _rule_out(self, node: tuple[int, ...]) -> None:
        below = self._finer(node)
        box = self.state[below]
        self.state[below] = np.where(box == _UNKNOWN, _RULED_OUT, box)

    def _sharpen(self, node: tuple[int, ...], classes: Classes, verdict: Verdict) -> None:
        measure = self.measure
        assert isinstance(measure, Separable)
        columns = measure.after_forced(self.rollup, classes, verdict.forced)
        if columns is None:
            return
        below = self._finer(node)
        parts = [column[place.ravel()] for column, place in zip(columns, below, strict=True)]
        self.bounds[below] = np.maximum(self.bounds[below], measure.unscale(outer_sum(parts)))

    def _raise_coarser(self, node: tuple[int, ...], bound: float) -> None:
        above = self._coarser(node)
        self.bounds[above] = np.maximum(self.bounds[above], bound)

    def _downwards(self) -> None:
        """Judge what is open, largest bound first: what fails rules out most."""
        while len(left := self._open()):
            bounds = self.bounds.ravel()[left]
            before = self.loss
            for place in left[np.argsort(-bounds, kind="stable")]:
                if self.state.ravel()[place] != _UNKNOWN:
                    continue
                if self.best is not None and self.bounds.ravel()[place] > self.loss + TIE * max(1.0, abs(self.loss)):
                    continue
                self._visit(self._node(place), keep=self.judged % 4 == 0)
                if self.loss < before:
                    break

    def _upwards(self) -> None:
        """Judge what is open from fine to coarse: a coarser node is bounded by the finer ones."""
        left = self._open()
        sums = np.add.reduce(np.unravel_index(left, self.shape))
        for place in left[np.argsort(sums, kind="stable")]:
            if self.state.ravel()[place] == _UNKNOWN and (
                self.best is None or self.bounds.ravel()[place] <= self.loss + TIE * max(1.0, abs(self.loss))
            ):
                self._visit(self._node(place), keep=self.judged % 4 == 0)

    def _node(self, place: int) -> tuple[int, ...]:
        return tuple(int(level) for level in np.unravel_index(int(place), self.shape))

    # -- dives ------------------------------------------------------------------------------------------------------

    def _dive(self) -> None:
        """Walk from the top to a node below which nothing is feasible, along the cheapest children."""
        node = tuple(self.most)
        while True:
            children = [child for child in self._children(node) if self.state[child] == _UNKNOWN]
            if isinstance(self.measure, Separable):
                children.sort(key=lambda child: (self.bounds[child], child))
            else:
                children.sort()
            node_next = next((child for child in children if self._visit(child, keep=True)), None)
            if node_next is None:
                return
            node = node_next

    def _children(self, node: tuple[int, ...]) -> list[tuple[int, ...]]:
        answer = []
        for place, level in enumerate(node):
            if level > self.least[place]:
                answer.append((*node[:place], level - 1, *node[place + 1 :]))
        return answer

    def _dive_only(self) -> float:
        raise NotImplementedError


class _OutOfTime(Exception):
    """The deadline has passed."""


def outer_sum(columns: Sequence[Floats]) -> Floats:
    """Return the array of all sums of one entry per column."""
    total = np.zeros(())
    for column in columns:
        total = np.add.outer(total, column)
    return np.asarray(total)
