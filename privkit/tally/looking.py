"""Exact figures for whoever looks before paying: numbers outside public bounds, persons over theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.frame import engine_for
from privkit.tally.sums import person_totals_of

if TYPE_CHECKING:
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.numbers import Grid
    from privkit.values.bounds import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class Extent:
    """The public interval within which numbers of a column count, and what becomes of others.

    Attributes
    ----------
    column : str
    lower, upper : float
    fate : str
        In words.
    grid : Grid or None
        Where it is persons' totals that are clipped: the grid of their sums.
    """

    column: str
    lower: float
    upper: float
    fate: str
    grid: Grid | None = None

    @property
    def totals(self) -> bool:
        """Whether it is each person's total that counts within it."""
        return self.grid is not None


@dataclass(frozen=True, slots=True)
class Outside:
    """How many numbers (or persons' totals) there are, missing ones left out, and how many lie outside an interval."""

    values: int
    below: int
    above: int


@dataclass(frozen=True, slots=True)
class PersonsOver:
    """How many persons have rows among those that are asked for, how many of them more than count, and the most rows.

    Attributes
    ----------
    persons, over : int
    most_rows, most_groups : int
        The most rows, and groups, that one of them has; 0 where there is nobody.
    """

    persons: int
    over: int
    most_rows: int
    most_groups: int


def outside(data: object, column: str, interval: tuple[float, float], *, keys: Keys | None = None) -> Outside:
    """Count numbers below and above an interval, in the rows of public keys, if there are any. Reads rows.

    Infinities lie outside, missing values are left out. It is the aggregate by which quantiles are counted, so every
    engine reckons it where its rows lie.

    Examples
    --------
    >>> import pandas as pd
    >>> outside(pd.DataFrame({"x": [1, 5, 5.5, float("inf"), None]}), "x", (2, 5))
    Outside(values=4, below=1, above=2)
    """
    ends = np.unique(np.asarray(interval, dtype=np.float64))
    counts = engine_for(data, keys, None, [column]).positions(column, ends, keys).sum(axis=0)
    return Outside(int(counts.sum()), int(counts[0]), int(counts[-1]))


def totals_outside(
    data: object, column: str, grid: Grid, *, unit: str | PrivacyUnit, keys: Keys | None = None
) -> Outside:
    """Count persons' totals of a column, in each group, below and above the ends of the grid. Reads rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.tally.cells.numbers import Grid
    >>> spent = pd.DataFrame({"who": ["a", "a", "b", "c"], "paid": [3, 4, 5, 6]})
    >>> totals_outside(spent, "paid", Grid(1.0, 0, 5), unit="who")
    Outside(values=3, below=0, above=2)
    """
    values = below = above = 0
    for _, _, totals in person_totals_of(data, column, grid, unit=unit, keys=keys, beyond=1):
        values += len(totals)
        below += int(np.count_nonzero(totals < grid.low))
        above += int(np.count_nonzero(totals > grid.high))
    return Outside(values, below, above)


def persons_over(parts: Iterator[PersonGroups], bounds: ContributionBounds, *, once: bool = False) -> PersonsOver:
    """Count the persons who have more rows, or groups, than count of one.

    With `once` a person counts once in a group, so that rows there are never too many. Rows without an id or a public
    key are not looked at. Rows whose number is missing are, though they count nothing.
    """
    persons = over = most_rows = most_groups = 0
    for pairs in parts:
        if not len(pairs.rows):
            continue
        rows, groups = np.add.reduceat(pairs.rows, pairs.starts), pairs.groups
        if bounds.max_rows is not None:
            beyond = rows > bounds.max_rows
        else:
            beyond = groups > bounds.l0
            beyond |= np.full(len(rows), not once) & (np.maximum.reduceat(pairs.rows, pairs.starts) > bounds.linf)
        persons, over = persons + len(rows), over + int(np.count_nonzero(beyond))
        most_rows, most_groups = max(most_rows, int(rows.max())), max(most_groups, int(groups.max()))
    return PersonsOver(persons, over, most_rows, most_groups)
