"""What a search found: a node of a lattice, or combinations put into classes whose levels differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]


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
