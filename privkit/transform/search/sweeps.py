"""Local recoding under criteria that more rows may break, as t-closeness: sweeps over the lattice, then splits.

Peeling at ever higher prices takes what meets such a criterion by chance: small classes, a few rows at a time, until
what remains is so unlike the table that no class of it meets anything. A sweep visits some of the nodes once, cheapest
first, and cuts off all classes that meet the criteria and are not small, wherever the rest may still be kept: it
meets the criteria as one class, or is within the suppression limit. How good a sweep is depends much on where it
begins, so several are made over different nodes, and the cheapest is kept. Its classes are then split as far as parts
of them meet the criteria; parts that do not stay together, join others, or are suppressed where that costs less.

Every class is judged by `Judge`, exactly, and once more by its final labels, as all of local recoding is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import starts
from privkit.transform.search.found import tighten
from privkit.transform.search.large_classes import CELLS, Counting, Spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privkit.transform.search.local import Peeling

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

#: Nodes of one sweep, and sweeps.
_NODES, _SWEEPS = 1_080, 1
#: Nodes that are looked at together.
_AHEAD = 8
#: A class of fewer than so many times the least rows meets a criterion by chance.
_FEW = 6


def sweep(peeling: Peeling) -> None:
    """Put combinations into classes, by the best of some sweeps."""
    average, _ = peeling.prices()
    order = np.argsort(average, kind="stable")
    step = max(-(-len(order) // _NODES), 1)
    best, found = (np.inf, np.inf), (peeling.partition, peeling.left, peeling.n_classes)
    for turn in range(min(_SWEEPS, step)):
        peeling.begin()
        # The top comes last: it takes all that is left, where that meets the criteria as one class.
        _run(peeling, np.append(order[turn::step], order[-1:]))
        tighten(peeling.task, peeling.partition)
        rows = int(peeling.coding.counts[peeling.left].sum())
        rank = (max(rows - peeling.room, 0), peeling.cost())
        if rank < best:
            best, found = rank, (peeling.partition, peeling.left, peeling.n_classes)
        if peeling.late():
            break
    peeling.partition, peeling.left, peeling.n_classes = found


def _run(peeling: Peeling, places: Ints) -> None:
    """Cut off classes at some nodes, one after the other."""
    coding, n = peeling.coding, len(places) - 1
    spread, ahead = Spread(coding, peeling.judge.columns), Counting(coding, peeling.judge.least * _FEW)
    here, size = 0, _AHEAD
    try:
        while here < n and len(peeling.left) and not peeling.late():
            size = max(min(size, CELLS // len(peeling.left)), 1)
            nodes = peeling.nodes[places[here : min(here + size, n)]]
            Sweeping(peeling, ahead, spread, nodes).run()
            here += len(nodes)
    except KeyboardInterrupt:
        peeling.stop("it was interrupted")
        peeling.left = peeling.partition.left
    if len(peeling.left):
        Sweeping(peeling, Counting(coding, peeling.judge.least), spread, peeling.nodes[places[-1:]]).run()


class Sweeping:
    """The large classes among what is left at some nodes, looked for in one call, and kept up as rows leave.

    Most nodes have none that meets the criteria. Where one is cut off, only the classes that lose rows by it have to be
    judged again at the nodes that follow.
    """

    def __init__(self, peeling: Peeling, counting: Counting, spread: Spread, nodes: Ints) -> None:
        self.peeling, self.spread, self.nodes, self.least = peeling, spread, nodes, counting.least
        self.rows = counting.rows
        number, combos = counting.maybe(nodes, peeling.left)
        self.owner, _, group = counting.large(nodes, number, combos)
        inside = group >= 0
        self.combos, self.group = combos[inside], group[inside]
        self.sizes, self.counts = self._summed(self.combos, self.group)
        self.good = np.zeros(len(self.owner), dtype=bool)
        self._judge(np.arange(len(self.owner)))

    def run(self) -> None:
        """Cut off classes at the nodes, one after the other."""
        for number in range(len(self.nodes)):
            first, last = np.searchsorted(self.owner, [number, number + 1])
            chosen = first + np.flatnonzero(self.good[first:last])
            if len(chosen) and self._spared(chosen):
                self._cut(number, chosen)

    def _spared(self, chosen: Ints) -> bool:
        """Whether what is left without some classes can be kept as one class, or suppressed."""
        peeling, left = self.peeling, self.peeling.left
        rows = int(peeling.coding.counts[left].sum() - self.sizes[chosen].sum())
        if rows <= peeling.room:
            return True
        totals = self.spread.counts(left, np.zeros(len(left), dtype=np.int64), 1)
        rest = {name: counts - self.counts[name][chosen].sum(axis=0) for name, counts in totals.items()}
        return bool(peeling.judge.meet(np.array([rows]), rest).all())

    def _cut(self, number: int, chosen: Ints) -> None:
        import pandas as pd

        peeling, partition = self.peeling, self.peeling.partition
        inside = np.isin(self.group, chosen)
        combos = self.combos[inside]
        # Classes are numbered in the order of their first combinations.
        partition.levels[:, combos] = self.nodes[number][:, None]
        partition.class_of[combos] = peeling.n_classes + pd.factorize(self.group[inside])[0]
        peeling.n_classes += len(chosen)
        peeling.left = partition.left
        self._leave(partition.class_of >= 0)

    def _leave(self, gone: Mask) -> None:
        """Take rows out of the classes, and judge those that lose some again."""
        out = gone[self.combos]
        combos, group = self.combos[out], self.group[out]
        self.combos, self.group = self.combos[~out], self.group[~out]
        sizes, counts = self._summed(combos, group)
        self.sizes -= sizes
        for name, rows in counts.items():
            self.counts[name] -= rows
        self._judge(np.flatnonzero(sizes))

    def _summed(self, combos: Ints, group: Ints) -> tuple[Ints, dict[str, Ints]]:
        sizes = np.bincount(group, weights=self.rows[combos], minlength=len(self.owner)).astype(np.int64)
        return sizes, self.spread.counts(combos, group, len(self.owner))

    def _judge(self, classes: Ints) -> None:
        self.good[classes] = False
        large = classes[self.sizes[classes] >= self.least]
        if len(large):
            counts = {name: rows[large] for name, rows in self.counts.items()}
            self.good[large] = self.peeling.judge.meet(self.sizes[large], counts)


def refine(peeling: Peeling) -> None:
    """Split classes where their parts meet the criteria, and suppress parts where that pays and the limit has room."""
    partition, splitter = peeling.partition, Splitter(peeling)
    room = peeling.room - int(peeling.coding.counts[partition.left].sum())
    known = np.flatnonzero(partition.class_of >= 0)
    order = known[np.argsort(partition.class_of[known], kind="stable")]
    todo = np.split(order, starts(partition.class_of[order])[1:]) if len(order) else []
    while todo and not peeling.late():
        combos = todo.pop()
        levels = splitter.tightened(combos, partition.levels[:, combos[0]])
        partition.levels[:, combos] = levels[:, None]
        if (split := splitter.best(combos, levels, room)) is None:
            continue
        number, down = split
        for part in range(int(number.max()) + 1):
            if len(own := combos[number == part]):
                partition.class_of[own] = peeling.n_classes
                partition.levels[:, own] = (down if part else levels)[:, None]
                peeling.n_classes += 1
                todo.append(own)
        gone = combos[number < 0]
        partition.class_of[gone] = -1
        room -= int(peeling.coding.counts[gone].sum())


class Splitter:
    """Finds the split of a class that saves most."""

    def __init__(self, peeling: Peeling) -> None:
        self.coding, self.judge, self.least_levels = peeling.coding, peeling.judge, peeling.task.least_levels
        self.gone = float(len(self.coding.ladders))
        self.cells = [
            [cost[step.codes][codes] * self.coding.counts for cost, step in zip(costs, ladder.levels, strict=True)]
            for costs, ladder, codes in zip(peeling.costs, self.coding.ladders, self.coding.combos, strict=True)
        ]
        self.spread = Spread(self.coding, self.judge.columns)

    def tightened(self, combos: Ints, levels: Ints) -> Ints:
        """Return the lowest levels that the records of a class share."""
        answer = levels.copy()
        for place, ladder in enumerate(self.coding.ladders):
            values = self.coding.combos[place, combos]
            while answer[place] > self.least_levels[place]:
                codes = ladder.levels[answer[place] - 1].codes[values]
                if (codes != codes[0]).any():
                    break
                answer[place] -= 1
        return answer

    def best(self, combos: Ints, levels: Ints, room: int) -> tuple[Ints, Ints] | None:
        """Return the part of each combination (0: what stays together as it is, -1: suppressed), and the parts' levels.

        None where nothing saves anything.
        """
        best, saved = None, 1e-9
        counts = self.coding.counts[combos]
        columns = np.flatnonzero(levels > self.least_levels)
        if not len(columns):
            return None
        for place, parts in zip(columns.tolist(), self._parts(combos, levels, columns), strict=True):
            low = levels[place] - 1
            gain = self.cells[place][levels[place]][combos] - self.cells[place][low][combos]
            for number in self._ways(parts, room):
                net, gone = float(gain[number > 0].sum()), number < 0
                if gone.any():
                    own = np.sum([self.cells[other][level][combos] for other, level in enumerate(levels)], axis=0)
                    net -= float((counts[gone] * self.gone - own[gone]).sum())
                if net > saved:
                    down = levels.copy()
                    down[place] = low
                    best, saved = (number, down), net
        return best

    def _parts(self, combos: Ints, levels: Ints, columns: Ints) -> Iterator[Parts]:
        """Yield per column the parts of a class at the level below its own; all are judged in one call."""
        steps = [self.coding.ladders[place].levels[levels[place] - 1] for place in columns]
        ends = np.cumsum([0, *[len(step.labels) for step in steps]])
        codes = [step.codes[self.coding.combos[place, combos]] for place, step in zip(columns, steps, strict=True)]
        part = np.array(codes).reshape(len(steps), len(combos)) + ends[:-1, None]
        seen = np.zeros(ends[-1], dtype=bool)
        seen[part] = True
        rank = np.append(0, np.cumsum(seen))
        part, ends = rank[part], rank[ends]
        every = np.tile(combos, len(steps))
        sizes = np.bincount(part.ravel(), weights=self.coding.counts[every], minlength=ends[-1]).astype(np.int64)
        counts = self.spread.counts(every, part.ravel(), int(ends[-1]))
        good = self.judge.meet(sizes, counts)
        for own, first, last in zip(part, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
            matrices = {name: matrix[first:last] for name, matrix in counts.items()}
            yield Parts(own - first, sizes[first:last], matrices, good[first:last])

    def _ways(self, parts: Parts, room: int) -> Iterator[Ints]:
        """Yield ways to split a class in parts: those that meet the criteria alone, the others together or suppressed.

        Where the others do not meet them together, parts that do join these, the smallest first.
        """
        part, sizes, good = parts.part, parts.sizes, parts.good
        if len(sizes) < 2 or not good.any():
            return
        if good.all():
            yield part + 1
            return
        bad = int((~good).sum())
        order = np.lexsort((sizes, good))
        joined = {name: np.cumsum(matrix[order], axis=0)[bad - 1 : -1] for name, matrix in parts.counts.items()}
        met = self.judge.meet(np.cumsum(sizes[order])[bad - 1 : -1], joined)
        if met.any():
            together = np.zeros(len(sizes), dtype=bool)
            together[order[: bad + int(met.argmax())]] = True
            yield np.where(together[part], 0, part + 1)
        if not met[:1].any() and int(sizes[~good].sum()) <= room:
            yield np.where(good[part], part + 1, -1)


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts into which a class falls at a finer level of one column.

    Attributes
    ----------
    part : array of int64, shape (n_combos,)
        The part of each combination of the class.
    sizes : array of int64, shape (n_parts,)
    counts : dict of str to array of int64, shape (n_parts, n_values)
        The rows of each value in them.
    good : array of bool, shape (n_parts,)
        Which of them meet the criteria.
    """

    part: Ints
    sizes: Ints
    counts: dict[str, Ints]
    good: Mask
