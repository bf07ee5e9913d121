"""What a search found: a node of a lattice, or combinations put into classes whose levels differ.

What peeling leaves over joins classes, region by region or one by one, or is suppressed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.local import Peeling
    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


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
        The judged node that needs the fewest records suppressed, and how many.
    nearest_is_least : bool
        Whether it is proved that no node needs fewer.
    """

    node: tuple[int, ...] | None
    loss: float
    suppressed: int
    optimal: bool
    bound: float
    judged: int
    reason: str = ""
    nearest: tuple[tuple[int, ...], int] | None = None
    nearest_is_least: bool = False


@dataclass
class Partition:
    """Combinations put into classes, with their levels.

    Attributes
    ----------
    class_of : array of int64, shape (n_combos,)
        The class; -1 for what is left.
    levels : array of int64, shape (n_columns, n_combos)
        The level of each cell.
    """

    class_of: Ints
    levels: Ints

    @classmethod
    def empty(cls, n_columns: int, n_combos: int) -> Partition:
        """Return that of combinations that are all left."""
        return cls(np.full(n_combos, -1, dtype=np.int64), np.zeros((n_columns, n_combos), dtype=np.int64))

    @property
    def left(self) -> Ints:
        """The combinations without a class."""
        return np.flatnonzero(self.class_of < 0)


def tighten(task: Task, partition: Partition) -> None:
    """Lower each class to the levels that its records share."""
    known = np.flatnonzero(partition.class_of >= 0)
    if not len(known):
        return
    order = known[np.argsort(partition.class_of[known], kind="stable")]
    first = starts(partition.class_of[order])
    lengths = np.diff(np.append(first, len(order)))
    for place, ladder in enumerate(task.coding.ladders):
        now = partition.levels[place, order[first]]
        values = task.coding.combos[place, order]
        for level in range(ladder.n_levels - 1, task.least_levels[place] - 1, -1):
            codes = ladder.levels[level].codes[values]
            same = np.maximum.reduceat(codes, first) == np.minimum.reduceat(codes, first)
            now = np.where(same & (now == level + 1), level, now)
        partition.levels[place, order] = np.repeat(now, lengths)


#: More combinations than this are suppressed, not put into classes one by one.
JOINING = 50


def absorb(peeling: Peeling) -> None:
    """Let the remaining combinations join classes that lie in one region with them, in small regions first.

    At each node, cheapest first, all that is left in a region joins the smallest class there, if the two together
    still meet the criteria. The levels of the joined class become the node's; tightening lowers them again.
    """
    partition = peeling.partition
    if not peeling.n_classes:
        return
    order, _ = peeling.prices()
    left = partition.left
    for place in np.argsort(order, kind="stable"):
        if not len(left):
            return
        if peeling.deadline is not None and time.monotonic() > peeling.deadline:
            return
        left = _at(peeling, tuple(int(level) for level in peeling.nodes[place]), left)


def _at(peeling: Peeling, node: tuple[int, ...], left: Ints) -> Ints:
    coding, partition = peeling.coding, peeling.partition
    members = np.flatnonzero(partition.class_of >= 0)
    members = members[np.argsort(partition.class_of[members], kind="stable")]
    first = starts(partition.class_of[members])
    lead, sizes = members[first], np.add.reduceat(coding.counts[members], first)
    inside = np.ones(len(lead), dtype=bool)
    for column, (ladder, level) in enumerate(zip(coding.ladders, node, strict=True)):
        inside &= ladder.nested[partition.levels[column, lead], level]
    if not inside.any():
        return left
    codes = peeling.codes(node, np.concatenate([lead[inside], left]))
    theirs, ours = codes[: int(inside.sum())], codes[int(inside.sum()) :]
    # The smallest class of each region comes first.
    order = np.lexsort((sizes[inside], theirs))
    regions, hosts = theirs[order], lead[inside][order]
    begin = starts(regions)
    regions, hosts = regions[begin], hosts[begin]
    spot = np.minimum(np.searchsorted(regions, ours), len(regions) - 1)
    known = regions[spot] == ours
    if not known.any():
        return left
    joined = np.zeros(len(left), dtype=bool)
    if peeling.judge.superset_closed:
        joined = known
    else:
        for region in np.unique(spot[known]):
            group = known & (spot == region)
            host = partition.class_of[hosts[region]]
            together = np.concatenate([members[partition.class_of[members] == host], left[group]])
            joined |= group & peeling.holds(together)
    if not joined.any():
        return left
    target = partition.class_of[hosts[spot[joined]]]
    partition.class_of[left[joined]] = target
    changed = np.isin(partition.class_of, np.unique(target))
    partition.levels[:, changed] = np.array(node, dtype=np.int64)[:, None]
    return left[~joined]


def cell_costs(task: Task) -> list[list[Floats]]:
    """Return per column and level what a record in each group costs, weighted; a raw value costs 0."""
    answer = []
    for place, ladder in enumerate(task.coding.ladders):
        scale = task.measure.weights[place] * len(task.coding.ladders) / (1 - ladder.base if ladder.base < 1 else 1)
        answer.append([np.maximum(step.shares - ladder.base, 0.0) * scale for step in ladder.levels])
    return answer


def place_left(peeling: Peeling) -> None:
    """Let the records that are left join classes, where they are few."""
    left = peeling.partition.left
    if len(left) <= JOINING and bool((peeling.partition.class_of >= 0).any()):
        for combo in left:
            _join(peeling, int(combo))


def _join(peeling: Peeling, combo: int) -> None:
    """Put one combination into the class to which it costs least among those that still meet the criteria, if any."""
    task, partition, coding = peeling.task, peeling.partition, peeling.coding
    known = np.flatnonzero(partition.class_of >= 0)
    order = known[np.argsort(partition.class_of[known], kind="stable")]
    lead = order[starts(partition.class_of[order])]
    sizes = np.bincount(partition.class_of[known], weights=coding.counts[known])
    sizes = sizes[sizes > 0]
    costs = cell_costs(task)
    levels, extra = partition.levels[:, lead].copy(), np.zeros(len(lead))
    fits = np.ones(len(lead), dtype=bool)
    for place, ladder in enumerate(coding.ladders):
        table = np.array([step.codes for step in ladder.levels])
        mine, theirs = coding.combos[place, combo], coding.combos[place, lead]
        before, now = levels[place], levels[place].copy()
        for level in range(ladder.n_levels):
            apart = (now == level) & (table[level, mine] != table[level, theirs])
            now = np.where(apart, level + 1, now)
        fits &= now <= task.most_levels[place]
        now = np.minimum(now, ladder.n_levels - 1)
        flat = [costs[place][level][ladder.levels[level].codes] for level in range(ladder.n_levels)]
        cost = np.array(flat)
        extra += sizes * (cost[now, theirs] - cost[before, theirs]) + coding.counts[combo] * cost[now, theirs]
        levels[place] = now
    ranked = np.argsort(np.where(fits, extra, np.inf), kind="stable")[: 1 if peeling.judge.superset_closed else 200]
    for place in ranked:
        if not fits[place]:
            return
        members = np.flatnonzero(partition.class_of == partition.class_of[lead[place]])
        together = np.append(members, combo)
        if peeling.holds(together):
            partition.class_of[combo] = partition.class_of[lead[place]]
            partition.levels[:, together] = levels[:, place][:, None]
            return
