"""A hierarchy laid on the values of one column: what each value becomes at each level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: The label of a value that is fully generalized or suppressed.
STAR = "*"


@dataclass(frozen=True, eq=False)
class Level:
    """One level, on the distinct values of a column.

    Attributes
    ----------
    name : str
        What the level is called.
    codes : array of int64, shape (n_values,)
        The group of each value.
    labels : list, length n_groups
        The label of each group, in the hierarchy's order.
    shares : array of float64, shape (n_groups,)
        The share of the domain that the group covers, in (0, 1].
    """

    name: str
    codes: NDArray[np.int64]
    labels: list[Any]
    shares: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ladder:
    """The levels of one column, from the raw values (level 0) upwards.

    Attributes
    ----------
    column : str
        The column.
    values : pandas.Index, shape (n_values,)
        Its distinct values; missing, where it occurs, is the last.
    levels : tuple of Level
        Level 0 holds the values themselves.
    base : float
        The share of a single raw value, which counts as no loss.
    heights : int
        The levels of the hierarchy itself, for the precision measure.
    """

    column: str
    values: pd.Index
    levels: tuple[Level, ...]
    base: float

    @property
    def n_levels(self) -> int:
        """How many levels there are, the raw values included."""
        return len(self.levels)

    @cached_property
    def nested(self) -> NDArray[np.bool_]:
        """Whether each group of level i lies within one group of level j; shape (n_levels, n_levels)."""
        answer = np.eye(self.n_levels, dtype=bool)
        for fine in range(self.n_levels):
            for coarse in range(fine + 1, self.n_levels):
                answer[fine, coarse] = _within(self.levels[fine].codes, self.levels[coarse].codes)
        return answer

    @cached_property
    def fields(self) -> tuple[tuple[NDArray[np.int64], int], ...]:
        """For each level the bits that tell a group from its siblings, per value, and how many bits they are.

        A level's group is known from its own field together with the fields of the levels that it nests in.
        In a tree that is the path from the root; a level that nests in no other but the top (weeks, say)
        gets a field that stands alone.
        """
        fields: list[tuple[NDArray[np.int64], int]] = [(np.empty(0, np.int64), 0)] * self.n_levels
        for place in reversed(range(self.n_levels)):
            code = self.levels[place].codes
            above = [p for p in range(place + 1, self.n_levels) if self.nested[place, p]]
            rank = _rank_within(code, self.levels[above[0]].codes if above else np.zeros_like(code))
            fields[place] = (rank, int(rank.max(initial=0)).bit_length())
        return tuple(fields)


def _within(fine: NDArray[np.int64], coarse: NDArray[np.int64]) -> bool:
    first = np.zeros(int(fine.max(initial=-1)) + 1, dtype=np.int64)
    first[fine] = coarse
    return bool((first[fine] == coarse).all())


def _rank_within(code: NDArray[np.int64], parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each group's number among the groups of the same parent."""
    width = int(code.max(initial=0)) + 1
    pairs, place = np.unique(parent * width + code, return_inverse=True)
    owner = pairs // width
    start = np.searchsorted(owner, owner)
    return (np.arange(len(pairs)) - start)[place].astype(np.int64)
