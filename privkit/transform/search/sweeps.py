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
from privkit.transform.search.partition import tighten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privkit.transform.search.local import Peeling

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

#: Nodes of one sweep, and sweeps.
_NODES, _SWEEPS = 1_080, 1
#: A class of fewer than so many times the least rows meets a criterion by chance.
_FEW = 6


@dataclass(eq=False)
class Remaining:
    """The combinations that are left, and the rows of each value of the criteria's columns in them."""

    peeling: Peeling
    combos: Ints
    entries: dict[str, tuple[Ints, Ints, Ints]]

    @classmethod
    def of(cls, peeling: Peeling) -> Remaining:
        """Return what a run of peeling has left."""
        place = np.full(len(peeling.coding.counts), -1, dtype=np.int64)
        place[peeling.left] = np.arange(len(peeling.left))
        entries = {}
        for name in peeling.judge.columns:
            other = peeling.coding.others[name]
            owner = place[other.combo_of]
            known = owner >= 0
            entries[name] = owner[known], other.value_of[known], other.counts[known]
        return cls(peeling, peeling.left, entries)

    def counts(self, class_of: Ints, n_classes: int) -> dict[str, Ints]:
        """Return the rows of each value in each class; -1 is none."""
        answer = {}
        for name, (owner, value, rows) in self.entries.items():
            width = len(self.peeling.judge.table[name])
            group = class_of[owner]
            known = group >= 0
            place = group[known] * width + value[known]
            counts = np.bincount(place, weights=rows[known], minlength=n_classes * width)
            answer[name] = counts.astype(np.int64).reshape(n_classes, width)
        return answer

    def without(self, gone: Mask) -> Remaining:
        """Return what is left without some of it."""
        kept = ~gone
        place = np.cumsum(kept) - 1
        entries = {}
        for name, (owner, value, rows) in self.entries.items():
            known = kept[owner]
            entries[name] = place[owner[known]], value[known], rows[known]
        return Remaining(self.peeling, self.combos[kept], entries)


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
    remaining = Remaining.of(peeling)
    totals = remaining.counts(np.zeros(len(remaining.combos), dtype=np.int64), 1)
    top = tuple(int(level) for level in peeling.nodes[places[-1]])
    try:
        for place in places[:-1]:
            if not len(remaining.combos) or peeling.late():
                break
            node = tuple(int(level) for level in peeling.nodes[place])
            remaining = _cut(peeling, remaining, node, peeling.judge.least * _FEW, totals)
    except KeyboardInterrupt:
        peeling.stop("it was interrupted")
    if len(remaining.combos):
        remaining = _cut(peeling, remaining, top, peeling.judge.least, totals)
    peeling.left = remaining.combos


def _cut(
    peeling: Peeling, remaining: Remaining, node: tuple[int, ...], least: int, totals: dict[str, Ints]
) -> Remaining:
    import pandas as pd

    rows = peeling.coding.counts[remaining.combos]
    group, found = pd.factorize(peeling.codes(node, remaining.combos))
    sizes = np.bincount(group, weights=rows, minlength=len(found)).astype(np.int64)
    large = np.flatnonzero(sizes >= least)
    if not len(large):
        return remaining
    number = np.full(len(found), -1, dtype=np.int64)
    number[large] = np.arange(len(large))
    counts = remaining.counts(number[group], len(large))
    good = peeling.judge.meet(sizes[large], counts)
    if not good.any():
        return remaining
    rest = {name: totals[name] - matrix[good].sum(axis=0) for name, matrix in counts.items()}
    left = int(rows.sum() - sizes[large[good]].sum())
    if left > peeling.room and not peeling.judge.meet(np.array([left]), rest).all():
        return remaining
    totals.update(rest)
    number[large[~good]] = -1
    taken = number[group] >= 0
    chosen, where = peeling.partition, remaining.combos[taken]
    chosen.class_of[where] = peeling.n_classes + (np.cumsum(good) - 1)[number[group[taken]]]
    chosen.levels[:, where] = np.array(node, dtype=np.int64)[:, None]
    peeling.n_classes += int(good.sum())
    return remaining.without(taken)


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
        self.entries = {}
        for name in self.judge.columns:
            other = self.coding.others[name]
            order = np.argsort(other.combo_of, kind="stable")
            begin = np.searchsorted(other.combo_of[order], np.arange(len(self.coding.counts) + 1))
            self.entries[name] = begin, other.value_of[order], other.counts[order]

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
        own = np.sum([self.cells[place][level][combos] for place, level in enumerate(levels)], axis=0)
        for place, ladder in enumerate(self.coding.ladders):
            if levels[place] <= self.least_levels[place]:
                continue
            low = levels[place] - 1
            codes = ladder.levels[low].codes[self.coding.combos[place, combos]]
            gain = self.cells[place][levels[place]][combos] - self.cells[place][low][combos]
            for number in self._ways(combos, np.unique(codes, return_inverse=True)[1], room):
                gone = number < 0
                net = float(gain[number > 0].sum()) - float((counts[gone] * self.gone - own[gone]).sum())
                if net > saved:
                    down = levels.copy()
                    down[place] = low
                    best, saved = (number, down), net
        return best

    def _ways(self, combos: Ints, part: Ints, room: int) -> Iterator[Ints]:
        """Yield ways to split a class in parts: those that meet the criteria alone, the others together or suppressed.

        Where the others do not meet them together, parts that do join these, the smallest first.
        """
        n_parts = int(part.max()) + 1
        sizes = np.bincount(part, weights=self.coding.counts[combos], minlength=n_parts).astype(np.int64)
        counts = {name: self._counts(name, combos, part, n_parts) for name in self.entries}
        good = self.judge.meet(sizes, counts)
        if n_parts < 2 or not good.any():
            return
        if good.all():
            yield part + 1
            return
        bad = int((~good).sum())
        order = np.lexsort((sizes, good))
        joined = {name: np.cumsum(matrix[order], axis=0)[bad - 1 : -1] for name, matrix in counts.items()}
        met = self.judge.meet(np.cumsum(sizes[order])[bad - 1 : -1], joined)
        if met.any():
            together = np.isin(part, order[: bad + int(met.argmax())])
            yield np.where(together, 0, part + 1)
        if not met[:1].any() and int(sizes[~good].sum()) <= room:
            yield np.where(good[part], part + 1, -1)

    def _counts(self, name: str, combos: Ints, part: Ints, n_parts: int) -> Ints:
        begin, value, rows = self.entries[name]
        lengths = begin[combos + 1] - begin[combos]
        place = np.repeat(begin[combos] - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
        width = len(self.judge.table[name])
        cell = np.repeat(part, lengths) * width + value[place]
        counts = np.bincount(cell, weights=rows[place], minlength=n_parts * width)
        return counts.astype(np.int64).reshape(n_parts, width)
