"""Combinations put into classes whose levels differ, and the lowest levels that each class can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]


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
