"""Local recoding by lattice peeling: the cheapest class that meets the criteria is cut off first, wherever it lies.

Every (node, class) pair of the lattice is a candidate. Classes are cut off the remaining records in ascending order of
what they cost per record, in small steps; a node at which no class is large enough any more is never visited again.
Then each class is tightened to the lowest levels that its records share, and the few records that are left are
suppressed or join the class to which they cost least. The result is compared with the best node of the lattice, and
the better of the two is returned: so it is never worse. Each class is judged when it is cut off, beside the table as
it was given, and all of them are judged again by their final labels, beside what is kept.

It contains Mondrian's strict multidimensional partitions on hierarchies (LeFevre et al. 2006), and needs no iteration
of whole searches over suppressed records (Prasser et al. 2020, which ARX follows).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors.anonymity import InfeasibleError
from privkit.tally.cells.coding import first_rows
from privkit.transform.costs import cell_labels, cell_value, final_classes
from privkit.transform.search.found import JOINING, Partition, absorb, cell_costs, place_left, tighten
from privkit.transform.search.large_classes import LargeClasses
from privkit.transform.search.node_classes import Rollup, classes_of, outer_sum
from privkit.transform.search.sweeps import refine, sweep

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.found import Found
    from privkit.transform.search.judge import Judge
    from privkit.transform.search.large_classes import Large
    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: Steps of the price at which classes are cut off.
_STEPS = 60
_NODES = 20_000
#: Runs of peeling, each beside what the last one kept, where that moves away from what classes are built beside.
_RUNS = 3
#: Where nodes times combinations are more, what local recoding would lose is not told: about a second.
_TOLD = 300_000_000
#: Lattices of more nodes are searched only for what loses less than peeling.
_SMALL = 1_000
_LATE = "the time limit was reached"


@dataclass(frozen=True, eq=False)
class Recoding:
    """What local recoding chose.

    Attributes
    ----------
    levels : array of int64, shape (n_columns, n_combos)
        The level of each cell.
    gone : array of bool, shape (n_combos,)
        Which combinations are suppressed.
    reason : str
        Why it ended early, or "".
    """

    levels: Ints
    gone: NDArray[np.bool_]
    reason: str = ""

    def lost(self, task: Task) -> int:
        """Return how many records are suppressed."""
        return int(task.coding.counts[self.gone].sum())

    def value(self, task: Task) -> float:
        """Return the task's measure of it."""
        return cell_value(task, self.levels, self.gone)

    def settled(self, task: Task) -> Recoding:
        """Suppress the classes, by their final labels, that the criteria do not let stand."""
        class_of, kept = final_classes(task, self.levels, self.gone)
        classes = classes_of(task.coding, class_of, kept)
        if task.judge.by_sets:
            first = first_rows(class_of, len(classes.sizes))
            classes = replace(classes, labels=cell_labels(task, self.levels, kept)[:, first])
        gone = self.gone.copy()
        gone[kept[task.judge.violating(classes)[class_of]]] = True
        return replace(self, gone=gone)


def recode_locally(task: Task, find: Callable[[float], Found], deadline: float | None) -> tuple[Recoding, Found]:
    """Return the better of peeling and of the best node, tightened; and that node, where it is of use.

    Peeling comes first: `find` then has to look for no node that loses more, which leaves few.

    Raises
    ------
    InfeasibleError
        If neither local recoding nor any node meets the criteria within the limit.
    """
    options = []
    peeling = Peeling(task, deadline, task.judge)
    for _ in range(_RUNS):
        option = _peeled(peeling)
        options.append(option.settled(task))
        if option.lost(task) > task.limit or options[-1].lost(task) <= task.limit:
            break
        # What was kept has moved away from what its classes were built beside.
        peeling = Peeling(task, deadline, task.judge.beside(np.flatnonzero(~options[-1].gone)))
    good = [(option.value(task), option) for option in options if option.lost(task) <= task.limit]
    large = math.prod(high + 1 - low for low, high in task.allowed) > _SMALL
    found = find(min(value for value, _ in good) if good and large else np.inf)
    if found.node is not None:
        options.append(_tightened_node(task, found.node).settled(task))
        if options[-1].lost(task) <= task.limit:
            good.append((options[-1].value(task), options[-1]))
    if good:
        return replace(min(good, key=lambda one: one[0])[1], reason=peeling.reason), found
    if found.node is not None:
        # Tightening may merge labels; the node itself was judged as it is.
        levels = np.repeat(np.array(found.node, dtype=np.int64)[:, None], len(task.coding.counts), axis=1)
        return Recoding(levels, _tightened_node(task, found.node).gone, peeling.reason), found
    raise no_recoding(task, found, options, "of local recoding")


def no_recoding(task: Task, found: Found, options: Sequence[Recoding], levels: str) -> InfeasibleError:
    """Return the error that tells the nearest of what a recoding suppresses, and of the nodes that were judged."""
    if found.reason:
        return InfeasibleError.none_so_far(repr(task.criterion), found.reason, found.judged)
    lost = min((option.lost(task) for option in options), default=task.coding.n_rows)
    told: object = levels
    if found.nearest is not None and found.nearest[1] < lost:
        node, lost = found.nearest
        at = dict(zip(task.coding.columns, node, strict=True))
        told = {name: at[name] for name in task.qi}
    return InfeasibleError.no_node(
        repr(task.criterion),
        suppressed=lost,
        limit=task.limit,
        rows=task.coding.n_rows,
        levels=told,
        everybody=task.judge.everybody,
    )


def local_loss(task: Task) -> float | None:
    """Return what local recoding loses at most, by one run of peeling; None where that takes long, or finds nothing."""
    nodes = math.prod(high + 1 - low for low, high in task.allowed)
    if min(nodes, _NODES) * len(task.coding.counts) > _TOLD:
        return None
    option = _peeled(Peeling(task, None, task.judge)).settled(task)
    return option.value(task) if option.lost(task) <= task.limit else None


def _peeled(peeling: Peeling) -> Recoding:
    """Return the levels, and what is suppressed, of one run of peeling, or of sweeps."""
    task = peeling.task
    sweeps = bool(peeling.judge.columns) and not peeling.judge.superset_closed and not peeling.judge.whole
    if sweeps:
        sweep(peeling)
    else:
        peeling.run()
        tighten(task, peeling.partition)
    left = peeling.partition.left
    if int(task.coding.counts[left].sum()) > peeling.room if sweeps else len(left) > JOINING:
        absorb(peeling)
        tighten(task, peeling.partition)
    place_left(peeling)
    if sweeps:
        refine(peeling)
    return Recoding(peeling.partition.levels, peeling.partition.class_of < 0)


class Peeling:
    """One run of lattice peeling."""

    def __init__(self, task: Task, deadline: float | None, judge: Judge) -> None:
        self.task = task
        self.coding = task.coding
        self.judge = judge
        self.deadline = deadline
        self.rollup = Rollup(task.coding)
        self.weights = task.coding.counts.astype(np.float64)
        self.costs = cell_costs(task)
        self.nodes = _nodes(task)
        self.reason = ""
        # What is suppressed moves what classes are compared with: sweeps suppress nothing there.
        self.room = 0 if judge.moving is not None else task.limit
        self.by_size = not self.judge.columns and not self.judge.whole
        self.begin()

    def begin(self) -> None:
        """Put everything back to what is left."""
        n_combos = len(self.coding.counts)
        self.partition = Partition.empty(len(self.coding.shape), n_combos)
        self.left = np.arange(n_combos)
        self.rows = self.coding.n_rows
        self.n_classes = 0

    def late(self) -> bool:
        """Whether it was stopped, or the deadline has passed; the reason says so then."""
        if not self.reason and self.deadline is not None and time.monotonic() > self.deadline:
            self.stop(_LATE)
        return bool(self.reason)

    def stop(self, reason: str) -> None:
        """End early, with what there is."""
        self.reason = reason

    def cost(self) -> float:
        """Return what the classes, and the records without one, cost together."""
        coding, total = self.coding, 0.0
        gone = self.partition.class_of < 0
        for place, (ladder, costs) in enumerate(zip(coding.ladders, self.costs, strict=True)):
            table = np.array([cost[step.codes] for cost, step in zip(costs, ladder.levels, strict=True)])
            cells = table[self.partition.levels[place], coding.combos[place]]
            total += float((np.where(gone, 1.0, cells) * coding.counts).sum())
        return total

    def run(self) -> None:
        """Cut off classes at ever higher prices until the records, or the nodes, are used up."""
        if not len(self.left):
            return
        average, price = self.prices()
        order = np.argsort(average, kind="stable")
        top = sum(float(max(level.max() for level in column)) for column in self.costs)
        classes = LargeClasses(self.coding, self.costs, self.nodes, self.judge.least, self._check)
        try:
            for step in [*(np.geomspace(min(0.01, top), max(top, 0.01), _STEPS) if top else ()), np.inf]:
                # Where a class is large enough and cheap now: no other node can have one before the next step.
                due = order[price[order] <= step]
                classes.look(due, price, self.partition.class_of < 0)
                for place in due[price[due] <= step].tolist():
                    self._check()
                    found = classes.at(place, self.partition.class_of < 0)
                    price[place] = self._visit(self.nodes[place], found, float(step))
                    if self.rows < self.judge.least:
                        return
        except (_StopError, KeyboardInterrupt) as stop:
            self.reason = _LATE if isinstance(stop, _StopError) else "it was interrupted"
            # What is left forms classes at the top, if it can.
            node = np.array(self.task.most_levels, dtype=np.int64)
            self._visit(node, classes.of(node, self.partition.left), np.inf)
        finally:
            self.left = self.partition.left

    def _check(self) -> None:
        if self.late():
            raise _StopError

    def codes(self, node: tuple[int, ...], combos: Ints) -> Ints:
        """Return one code per combination for its class at a node."""
        if self.rollup.packed:
            return self.coding.keys[combos] & self.coding.mask(node)
        return self.coding.node_codes(node, combos)

    def holds(self, combos: Ints) -> bool:
        """Return whether some combinations, as one class, meet the criteria."""
        alone = classes_of(self.task.coding, np.zeros(len(combos), dtype=np.int64), combos)
        return bool(self.judge.fits(alone).all())

    def prices(self) -> tuple[Floats, Floats]:
        """Return what a record costs at each node: on average, and at least."""
        average = np.zeros(len(self.nodes))
        least = np.zeros(len(self.nodes))
        n = max(self.coding.n_rows, 1)
        for place, ladder in enumerate(self.coding.ladders):
            rows = np.bincount(self.coding.combos[place], weights=self.coding.counts, minlength=len(ladder.values))
            means = [
                float((rows * cost[step.codes]).sum()) / n
                for cost, step in zip(self.costs[place], ladder.levels, strict=True)
            ]
            average += np.array(means)[self.nodes[:, place]]
            least += np.array([float(cost.min()) if len(cost) else 0.0 for cost in self.costs[place]])[
                self.nodes[:, place]
            ]
        return average, least

    def _visit(self, node: Ints, found: Large | None, price: float) -> float:
        """Cut off what costs at most `price` at a node; return the price from which another visit pays."""
        if found is None:
            return np.inf
        inside = self.partition.class_of[found.combos] < 0
        rows = self.weights[found.combos] * inside
        ok = np.bincount(found.group, weights=rows, minlength=len(found.cost)) >= self.judge.least
        chosen = ok & (found.cost <= price)
        again = float(found.cost[ok & ~chosen].min(initial=np.inf))
        if not chosen.any():
            return again
        cut = chosen
        if not self.by_size:
            cut = self._judged(chosen, found, inside)
            if (cut != chosen).any():
                # Rows of other classes leave; what remains here may meet the criteria later.
                again = min(again, price * 3)
        if cut.any():
            self._cut(node, found.combos[inside], found.group[inside], cut)
        return again

    def _judged(self, chosen: NDArray[np.bool_], found: Large, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which of the classes meet the criteria on the remaining records."""
        inside = inside & chosen[found.group]
        number = (np.cumsum(chosen) - 1)[found.group[inside]]
        answer = chosen.copy()
        answer[chosen] = self.judge.fits(classes_of(self.task.coding, number, found.combos[inside]))
        return answer

    def _cut(self, node: Ints, combos: Ints, group: Ints, cut: NDArray[np.bool_]) -> None:
        inside = cut[group]
        taken = combos[inside]
        # Levels first: whenever it is interrupted, what has a class has its levels.
        self.partition.levels[:, taken] = node[:, None]
        self.partition.class_of[taken] = self.n_classes + (np.cumsum(cut) - 1)[group[inside]]
        self.n_classes += int(cut.sum())
        self.rows -= int(self.coding.counts[taken].sum())


class _StopError(Exception):
    """The deadline has passed."""


def _nodes(task: Task) -> Ints:
    """Return the nodes to visit: all of them, or where they are too many an even choice along their order."""
    spans = [high + 1 - low for low, high in task.allowed]
    return _chosen(spans, len(task.coding.counts)) + np.array(task.least_levels, dtype=np.int64)


def _chosen(spans: list[int], n_combos: int) -> Ints:
    size = 1
    for span in spans:
        size *= span
    cap = int(np.clip(4e8 / max(n_combos, 1), 2_000, _NODES))
    if size <= cap:
        return np.array(np.unravel_index(np.arange(size), spans), dtype=np.int64).T
    if size <= 2_000_000:
        costs = [np.arange(span) / max(span - 1, 1) for span in spans]
        order = np.argsort(outer_sum(costs).ravel(), kind="stable")
        picked = order[np.unique(np.linspace(0, size - 1, cap).astype(np.int64))]
        return np.array(np.unravel_index(picked, spans), dtype=np.int64).T
    return np.array(list(_chains(spans, cap)), dtype=np.int64)


def _chains(spans: list[int], cap: int) -> Iterator[tuple[int, ...]]:
    """Yield nodes on random walks from the bottom to the top; the same ones each time."""
    random = np.random.default_rng(0)
    seen: set[tuple[int, ...]] = set()
    steps = [place for place, span in enumerate(spans) for _ in range(span - 1)]
    for _ in range(cap):
        node = [0] * len(spans)
        for place in [-1, *random.permutation(steps).tolist()]:
            if place >= 0:
                node[place] += 1
            if tuple(node) not in seen:
                seen.add(tuple(node))
                yield tuple(node)
        if len(seen) >= cap:
            return


def _tightened_node(task: Task, node: tuple[int, ...]) -> Recoding:
    rollup = Rollup(task.coding)
    violating = task.judge.violating(rollup.at(node))
    class_of = rollup.class_of_combo(node)
    gone = violating[class_of] if len(class_of) else np.zeros(0, dtype=bool)
    levels = np.repeat(np.array(node, dtype=np.int64)[:, None], len(class_of), axis=1)
    partition = Partition(np.where(gone, -1, class_of), levels)
    tighten(task, partition)
    return Recoding(partition.levels, gone)
