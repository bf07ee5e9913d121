"""How large a crowd each row, or each person, stands in: what every figure of risk on a table is counted from.

A row stands among the rows of its class; with a unit, among its persons. A person stands in the least crowd of all its
rows: whoever knows one of them needs no other. Reports, criteria and searches take their figures from here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Criterion
    from privkit.tally.classes import Members, Tally

    Ints = NDArray[np.int64]

#: What the sum of floats 1/f may be off by, as a share: where an exact sum decides.
_NEAR = 1e-12


def persons_of(criterion: Criterion) -> str | None:
    """Return the column of persons, where a part of a criterion counts them; None where all count rows."""
    return next((part.columns[0] for part in criterion.parts if part.counts_units and part.columns), None)


@dataclass(frozen=True, eq=False)
class Crowds:
    """How many rows, or persons, stand in crowds of which sizes.

    Attributes
    ----------
    sizes, counts : arrays of int64, shape (n,)
        A crowd's size, at least 1, and how many of those who are counted stand in one.
    """

    sizes: Ints
    counts: Ints

    @classmethod
    def of_rows(cls, tally: Tally, sizes: Ints | None = None) -> Crowds:
        """Return the crowds of the rows; `sizes` are the classes' sizes elsewhere, in a population."""
        return cls(tally.counts if sizes is None else sizes, tally.sizes)

    @classmethod
    def of_persons(cls, members: Members, sizes: Ints) -> Crowds:
        """Return the crowds of the persons: each stands in the least of its classes'."""
        found, counts = np.unique(members.least(sizes), return_counts=True)
        return cls(found, counts.astype(np.int64))

    @classmethod
    def of(cls, tally: Tally, sizes: Ints | None = None) -> Crowds:
        """Return the crowds of the persons where a unit was named, else those of the rows.

        Examples
        --------
        >>> import pandas as pd
        >>> from privkit.tally.classes import class_sizes
        >>> calls = pd.DataFrame({"cell": list("xxy"), "who": ["a", "b", "a"]})
        >>> Crowds.of(class_sizes(calls, "cell", unit="who")).average
        0.75
        """
        if tally.members is None:
            return cls.of_rows(tally, sizes)
        return cls.of_persons(tally.members, tally.counts if sizes is None else sizes)

    @property
    def total(self) -> int:
        """How many rows, or persons, there are."""
        return int(self.counts.sum())

    @property
    def least(self) -> int:
        """The size of the least crowd; 0 where nobody is there."""
        return int(self.sizes.min()) if len(self.sizes) else 0

    @property
    def highest(self) -> float:
        """The highest risk, 1 over the least crowd; 0 where nobody is there."""
        return 1 / self.least if self.least else 0.0

    @property
    def average(self) -> float:
        """The mean of 1 over the size of each one's crowd; 0 where nobody is there."""
        total = self.total
        if not total:
            return 0.0
        # Where a crowd is a class of rows its members' risks add up to 1: u / n, rounded once.
        whole = self.sizes == self.counts
        rest = (self.counts[~whole] / self.sizes[~whole]).tolist()
        return (int(np.count_nonzero(whole)) + math.fsum(rest)) / total

    @property
    def alone(self) -> int:
        """How many stand in a crowd of one."""
        return self.within(1)

    def within(self, size: int) -> int:
        """Return how many stand in a crowd of at most `size`."""
        return int(self.counts[self.sizes <= size].sum())

    def average_within(self, limit: Fraction) -> bool:
        """Return whether the average is at most `limit`, exactly."""
        gap = self.average - float(limit)
        if abs(gap) > _NEAR * max(self.average, float(limit)):
            return gap < 0
        return self._sum() <= limit * self.total

    def _sum(self) -> Fraction:
        """Return the sum of the risks, exactly: one division for each size that occurs."""
        found, place = np.unique(self.sizes, return_inverse=True)
        counts = np.bincount(place, weights=self.counts, minlength=len(found)).astype(np.int64)
        return sum(map(Fraction, counts.tolist(), found.tolist()), start=Fraction(0))


@dataclass(frozen=True, eq=False)
class SuppressionOrder:
    """Classes in the order in which a search lets them go, and what is left without the first g, for g = 0 ... n.

    Attributes
    ----------
    rows : array of int64, shape (n_classes,)
        Rows of each class.
    members : mapping of str to Members
        Of each unit that is asked for: who is in which class.
    """

    rows: Ints
    members: Mapping[str, Members]

    def sizes(self, unit: str | None) -> Ints:
        """Return the persons of each class, or its rows."""
        if unit is None:
            return self.rows
        return self.members[unit].counts(len(self.rows))

    def total(self, unit: str | None) -> Ints:
        """Return how many persons, or rows, are left."""
        if unit is None:
            return _from(self.rows)
        return self._still(self._last(unit, np.ones(len(self.rows), dtype=bool)))

    def alone(self, unit: str | None) -> Ints:
        """Return how many of them are alone in a class."""
        if unit is None:
            return _from(self.rows == 1)
        last = self._last(unit, self.sizes(unit) == 1)
        return self._still(last[last >= 0])

    def averages_within(self, unit: str | None, limit: Fraction) -> NDArray[np.bool_]:
        """Return whether the average risk of those who are left is at most `limit`, exactly."""
        total = self.total(unit)
        if unit is None:
            return np.asarray(_from(np.ones_like(self.rows)) * limit.denominator <= total * limit.numerator)
        risks = self._risks(unit)
        gap = risks - float(limit) * total
        met: NDArray[np.bool_] = gap <= 0
        rounding = 1e-15 * (len(self.members[unit].class_of) + 1) * max(float(risks.max(initial=0.0)), 1.0)
        for gone in np.flatnonzero(np.abs(gap) <= rounding).tolist():
            met[gone] = self.left(unit, gone).average_within(limit)
        return met

    def left(self, unit: str, gone: int) -> Crowds:
        """Return the crowds of the persons who are left without the first classes."""
        there = np.arange(gone, len(self.rows))
        return Crowds.of_persons(self.members[unit].ordered(there), self.sizes(unit)[gone:])

    def _risks(self, unit: str) -> NDArray[np.float64]:
        """Return the sum of the highest risks of the persons who are left, rounded.

        A person's classes at the places i, j, ... are all left up to g = i; then those from j on up to g = j. So each
        pair of a person and a class counts, from the place of the person's class before to its own, 1 over the least
        of its class and those after it.
        """
        members, n = self.members[unit], len(self.rows)
        order = np.lexsort((members.class_of, members.person_of))
        place, person = members.class_of[order], members.person_of[order]
        if not len(place):
            return np.zeros(n + 1)
        same = np.concatenate(([False], person[1:] == person[:-1]))
        before = np.where(same, np.concatenate(([-1], place[:-1])), -1)
        sizes = self.sizes(unit)[place]
        # From the last pair to the first: a person's numbers lie below those of all who come after.
        least, wide = np.cumsum(~same), int(sizes.max()) + 1
        least = np.minimum.accumulate((least * wide + sizes)[::-1])[::-1] % wide
        begins, ends = (np.bincount(at + 1, weights=1 / least, minlength=n + 2) for at in (before, place))
        left: NDArray[np.float64] = np.cumsum(begins - ends)[: n + 1]
        return left

    def _last(self, unit: str, of_classes: NDArray[np.bool_]) -> Ints:
        """Return the place of each person's last class among the chosen; -1 where it is in none."""
        return -self.members[unit].least(np.where(of_classes, -np.arange(len(self.rows)), 1))

    def _still(self, last: Ints) -> Ints:
        return np.cumsum(np.bincount(last, minlength=len(self.rows) + 1)[::-1])[::-1]


def _from(values: NDArray[Any]) -> Ints:
    """Return the sum of the values from each place on, and 0 after the last."""
    return np.append(np.cumsum(values[::-1])[::-1], 0)
