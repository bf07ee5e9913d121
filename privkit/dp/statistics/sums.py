"""Sums of clipped numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.dp.measurement import Reach, Rounding
from privkit.dp.statistics.counts import OncePerGroup, anew
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.tally.cells.numbers import Grid
from privkit.tally.looking import Extent
from privkit.tally.sums import person_sums, power_sums
from privkit.values.bounds import ContributionBounds, ValueBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection

#: Steps of a grid between 0 and the larger bound: 2**30.
BITS = 30
#: A sum tells nothing of how many rows it has, so its error allows for the rounding of so many in a group.
ROWS = 2**24


@lru_cache(maxsize=256)
def grid_of(lower: float, upper: float, extent: float) -> Grid:
    """Return the grid of public bounds on which `extent` takes at most 2**30 steps: asked for with every number."""
    return Grid.fitting(lower, upper, extent, bits=BITS)


class OfClipped:
    """A statistic of a column of numbers, each clipped to public bounds."""

    __slots__ = ()

    name: ClassVar[str]
    column: str
    bounds: ValueBounds

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which numbers are clipped."""
        return (Extent(self.column, self.bounds.lower, self.bounds.upper, "clipped"),)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is clipped, and of missing values where nothing stands for them."""
        told = f"values of {self.column!r} are clipped to {self.bounds}"
        told += "" if selected.fills(self.column) else "; missing ones are left out"
        if self.bounds.lower == self.bounds.upper:
            told += "; with equal bounds it is a scaled count" if self.bounds.upper else "; so each counts as 0"
        return (told,)

    @property
    def clips(self) -> str:
        """To what the numbers are clipped."""
        return f" clipped to {self.bounds}"

    def __str__(self) -> str:
        return f"{self.name} of {self.column!r}{self.clips}"


@dataclass(frozen=True, slots=True)
class Sum(OfClipped, Statistic):
    """The sum of a column, each number clipped to public bounds.

    Attributes
    ----------
    column : str
    bounds : ValueBounds

    Notes
    -----
    *Reach.* A row adds v = clip(floor(x / step + 1/2), l, h) to its group, a whole number between l and h, whatever x
    is; the grid comes from the bounds alone. So it moves one cell by at most max(|l|, |h|). Sums of whole numbers are
    exact, so that neither the order of the rows nor rounding adds to it (Casacuberta, Shoemate, Vadhan and Wagaman
    2022; Mironov 2012). A missing value adds nothing, which depends on that row alone.

    *Rounding.* A number, clipped, lies within r of v · step (`Grid.rounding`, half a step and next to nothing), so n
    rows move the sum by at most n·r. How many rows there are is not released; so intervals and accuracies add ROWS · r,
    which is at most 1.6 % of the larger bound, and hold the exact sum of up to 2**24 rows in a group. In a larger group
    each further row may add r, less than 2**-30 of the larger bound.
    """

    column: str
    bounds: ValueBounds

    name = "sum"

    @property
    def linear(self) -> frozenset[str]:
        """The sum."""
        return frozenset({self.name})

    @property
    def grid(self) -> Grid:
        """The grid, made of the bounds alone."""
        return grid_of(self.bounds.lower, self.bounds.upper, self.bounds.largest)

    @property
    def step(self) -> float:
        """The grid's step."""
        return self.grid.step

    @property
    def reach(self) -> Reach:
        """The larger bound, in steps."""
        largest = max(self.grid.largest, 1)  # where both bounds are 0 the sum is 0, and any noise does
        return Reach(largest, float(largest), largest)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Sum exactly, in steps."""
        sums = power_sums(data, self.column, self.grid, keys=question.keys, unit=question.who, bounds=question.bounds)
        return (sums[:, 1] + sums[:, 0] * self.grid.low).reshape(-1, 1)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the noisy sums."""
        return {self.name: cells[:, 0] * self.step}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the sums less and more the half-width."""
        sums, width = cells[:, 0] * self.step, Sum.half_width(self, noise, alpha, None)
        return {self.name: (sums - width, sums + width)}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return the noise's half-width and what rounding may add, in units of the sum."""
        return noise.half_width(alpha) * self.step + ROWS * self.grid.rounding

    def rounding(self, name: str) -> Rounding:
        """Return how far the exact sum may be from that of the cells: by what ROWS rows are rounded."""
        return Rounding(ROWS * self.grid.rounding)

    def reference(self, rows: int) -> float | None:
        """Return the sum of `rows` numbers in the middle of the bounds; None where that is 0."""
        return rows * abs(self.bounds.middle) or None


@dataclass(frozen=True, slots=True)
class PersonSum(OncePerGroup, Sum):
    """The sum over persons of each person's total in a group, that total clipped to public bounds.

    Attributes
    ----------
    window : str
        The unit's window in words, like " in a month": a person has a total in each.

    Notes
    -----
    *Reach.* The contribution is a person's total in a group, one per person and group: a whole number between l and h
    that depends on that person's rows alone. A person has at most ``max_groups`` of them.

    *Rounding.* Each of a person's rows moves the total by at most r, and the ends to which it is clipped are moved by
    no more; clipping brings no two numbers farther apart than they or the ends were. So all rows of a group together
    move its sum by at most n·r, as above.
    """

    window: str = ""

    name = "sum"
    mark: ClassVar[dict[str, str]] = {"statistic": "sum", "of": "person totals"}

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which persons' totals are clipped."""
        return (Extent(self.column, self.bounds.lower, self.bounds.upper, "clipped", self.grid),)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Sum the clipped totals exactly, in steps."""
        return person_totals(self.column, self.grid, data, question)[:, 1:]

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is clipped."""
        return (total_clipped(self.column, self.bounds, self.window),)

    @property
    def clips(self) -> str:
        """To what the totals are clipped."""
        return f", totals clipped to {self.bounds}"

    def __str__(self) -> str:
        return f"sum of each person's {self.column!r}{self.window}, in all within {self.bounds}"


def person_totals(column: str, grid: Grid, data: object, question: Question) -> NDArray[np.int64]:
    """Return how many persons each group has, and the sum of their clipped totals in steps from 0. Reads rows."""
    assert question.who is not None
    groups = question.bounds.l0
    return person_sums(data, column, grid, unit=question.who, groups=groups, keys=question.keys)


def total_clipped(column: str, bounds: ValueBounds, window: str) -> str:
    """Return the note on how persons' totals are clipped, and how often a person has one."""
    told = f"each person's total of {column!r}{window} in a group is clipped to {bounds}"
    return f"{told}; {anew(window)}" if window else told


def one_total_in(groups: int) -> ContributionBounds:
    """Return the bounds of persons' totals: one contribution in each of `groups` groups."""
    return ContributionBounds(max_groups=groups, per_group=1)
