"""Class sizes and figures: in bands, below a line that moves, and what each column contributes to those below it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.crowds import Crowds
from privkit.tally.class_values import coarser

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.kanonymity import KAnonymityReport
    from privkit.anonymity.reports import ClassReport
    from privkit.tally.classes import Members, Tally

#: Where bands of class sizes begin.
_EDGES = (1, 2, 3, 5, 11, 21, 51, 101, 1001, 10_001)
#: Up to so many whole figures have a band each; else there are so many bands of equal width.
_MOST = 10


@dataclass(frozen=True, slots=True)
class Band:
    """The classes whose size or figure lies in a range.

    Attributes
    ----------
    low, high : float
        The range, both ends included; high is not, where figures have bands of equal width.
    classes, rows : int
    rows_short : int
        Rows in classes that fall short.
    """

    low: float
    high: float
    classes: int
    rows: int
    rows_short: int

    @property
    def short(self) -> bool:
        """Whether all rows of the band fall short."""
        return 0 < self.rows == self.rows_short


def size_bands(report: KAnonymityReport) -> list[Band]:
    """Return the bands of class sizes from 1 to the largest class; the required k begins one."""
    counts = report.tally.counts
    if not len(counts):
        return []
    required = report.required or 1
    edges = np.array(sorted({*_EDGES, required}))
    edges = edges[edges <= max(counts.max(), 1)]
    highs = [*(edges[1:] - 1).tolist(), int(counts.max())]
    ends = list(zip(edges.tolist(), highs, strict=True))
    return _filled(np.searchsorted(edges, counts, side="right") - 1, ends, report.tally.sizes, counts < required)


def figure_bands(report: ClassReport) -> list[Band]:
    """Return the bands of a report's figures, from the least to the largest."""
    figures = np.asarray(report.figures, dtype=np.float64)
    short = np.zeros(len(figures), dtype=bool) if report.short is None else report.short
    finite = figures[np.isfinite(figures)]
    distinct = np.unique(finite)[: _MOST + 1]
    if len(distinct) <= _MOST and all(value.is_integer() for value in distinct.tolist()):
        ends = [(value, value) for value in distinct.tolist()]
        place = np.searchsorted(distinct, figures)
    else:
        edges = _round_edges(float(finite.min()), float(finite.max()))
        ends = list(itertools.pairwise(edges))
        place = np.clip(np.searchsorted(edges, figures, side="right") - 1, 0, len(ends) - 1)
    if len(finite) < len(figures):
        place = np.where(np.isfinite(figures), place, len(ends))
        ends.append((math.inf, math.inf))
    return _filled(place, ends, report.classes.sizes, short)


def _round_edges(low: float, high: float) -> list[float]:
    """Return edges of at most ten equal bands around the figures, at round numbers.

    Examples
    --------
    >>> _round_edges(0.04, 0.75)
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    """
    rough = max((high - low) / (_MOST - 1), 1e-9)
    scale = math.floor(math.log10(rough))
    step = next(step for step in (1, 2, 5, 10) if step * 10.0**scale >= rough * (1 - 1e-9))
    first, last = math.floor(low / (step * 10.0**scale)), math.ceil(high / (step * 10.0**scale))
    return [float(f"{step * place}e{scale}") for place in range(first, max(last, first + 1) + 1)]


def _filled(
    place: NDArray[np.int64], ends: list[tuple[float, float]], sizes: NDArray[np.int64], short: NDArray[np.bool_]
) -> list[Band]:
    n = len(ends)
    classes = np.bincount(place, minlength=n)
    rows = np.bincount(place, weights=sizes, minlength=n).astype(np.int64)
    rows_short = np.bincount(place, weights=np.where(short, sizes, 0), minlength=n).astype(np.int64)
    columns = (classes.tolist(), rows.tolist(), rows_short.tolist())
    return [Band(*values, *counted) for values, *counted in zip(ends, *columns, strict=True)]


@dataclass(frozen=True, eq=False)
class Sizes:
    """Class sizes in order, so that any line through them is told at once.

    Attributes
    ----------
    counts, rows : arrays of int64, shape (n_classes,)
        What a class is measured in, ascending; and its rows.
    """

    counts: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, counts: NDArray[np.int64], rows: NDArray[np.int64]) -> Sizes:
        """Return the sizes in ascending order of `counts`."""
        order = np.argsort(counts, kind="stable")
        return cls(counts[order], rows[order])

    @cached_property
    def _until(self) -> NDArray[np.int64]:
        return np.concatenate(([0], np.cumsum(self.rows)))

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self._until[-1])

    @property
    def smallest(self) -> int:
        """The size of the smallest class; 0 where there are none."""
        return int(self.counts[0]) if len(self.counts) else 0

    @property
    def largest(self) -> int:
        """The size of the largest class; 0 where there are none."""
        return int(self.counts[-1]) if len(self.counts) else 0

    def classes_below(self, k: float) -> int:
        """Return how many classes are smaller than `k`."""
        return int(np.searchsorted(self.counts, k, side="left"))

    def rows_below(self, k: float) -> int:
        """Return how many rows are in classes smaller than `k`."""
        return int(self._until[self.classes_below(k)])


@dataclass(frozen=True, slots=True)
class Contribution:
    """One column's part in the rows, or the persons, that fall short of a class size k.

    Attributes
    ----------
    column : str
    alone : int
        Those that fall short by this column alone.
    without : int
        Those that fall short by all the other columns.
    contribution : int
        Those that fall short with the column, and would not without it.
    """

    column: str
    alone: int
    without: int
    contribution: int


def _crowds(rows: NDArray[np.int64], members: Members | None) -> Sizes:
    """Return rows by the size of their class, or persons by that of the least of theirs."""
    if members is None:
        return Sizes.of(rows, rows)
    found = Crowds.of_persons(members, members.counts(len(rows)))
    return Sizes(found.sizes, found.counts)


class Contributions:
    """The columns of a tally, and what each contributes at any k."""

    def __init__(self, tally: Tally) -> None:
        found = coarser(tally)
        self.what = "rows" if tally.members is None else "persons"
        self._all = _crowds(tally.sizes, tally.members)
        self._alone = {name: _crowds(*merged) for name, merged in found.alone.items()}
        self._without = {name: _crowds(*merged) for name, merged in found.without.items()}

    def short(self, k: int) -> int:
        """Return how many rows, or persons, fall short of `k`."""
        return self._all.rows_below(k)

    def shares(self, k: int) -> list[Contribution]:
        """Return each column's part, the largest contribution first.

        Merging classes only makes them larger, so nobody falls short without a column who does not with it.
        """
        short = self.short(k)
        shares = [
            Contribution(name, self._alone[name].rows_below(k), without.rows_below(k), short - without.rows_below(k))
            for name, without in self._without.items()
        ]
        return sorted(shares, key=lambda share: -share.contribution)
