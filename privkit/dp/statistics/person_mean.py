"""The mean of what persons have in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from privkit.dp.measurement import Rounding
from privkit.dp.statistics.counts import OncePerGroup
from privkit.dp.statistics.moments import Mean, split
from privkit.dp.statistics.statistic import Statistic
from privkit.dp.statistics.sums import ROWS, grid_of, person_totals, total_clipped
from privkit.tally.cells.numbers import Grid
from privkit.tally.looking import Extent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection


@dataclass(frozen=True, slots=True)
class PersonMean(OncePerGroup, Mean):
    """The mean over persons of each person's total in a group, that total clipped to public bounds.

    With it come the sum of the totals and the number of persons, at the same price.

    Attributes
    ----------
    window : str
        The unit's window in words, like " in a month": a person has a total in each.

    Notes
    -----
    *Reach.* That of the mean, with a person's total in a group as the contribution: on the grid it is a whole number v
    from 0 to M, which depends on that person's rows alone, and adds (M−v, v), which is M in L1. There is one
    contribution per person and group, and a person has at most ``max_groups`` of them.

    *Rounding.* That of `privkit.dp.statistics.sums.PersonSum`: all n rows of a group, together, move the sum of its
    totals by at most n·r. So for the mean θ of what is averaged, in shares of the grid's range, |Σ v − θ·Σ M| ≤ n·r /
    step over the exact cells; n up to 2**24 is allowed for.
    """

    window: str = ""

    name = "mean"
    mark: ClassVar[dict[str, str]] = {"statistic": "mean", "of": "person totals"}

    @property
    def grid(self) -> Grid:
        """The grid, made of the bounds alone: the larger bound takes at most 2**30 steps, so that totals fit."""
        return grid_of(self.bounds.lower, self.bounds.upper, self.bounds.largest)

    @property
    def _slack(self) -> float:
        """What ROWS rows may add to the totals of a group, in steps."""
        return ROWS * (self.grid.rounding / self.grid.step)

    def rounding(self, name: str) -> Rounding:
        """Return how far a sum of totals may be from that of the cells."""
        return Rounding(ROWS * self.grid.rounding) if name == "sum" else Rounding()

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which persons' totals are clipped."""
        return (Extent(self.column, self.bounds.lower, self.bounds.upper, "clipped", self.grid),)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Split each person's weight among the group's cells, exactly."""
        sums = person_totals(self.column, self.grid, data, question)
        sums[:, 1] -= sums[:, 0] * self.grid.low
        return split(sums, self.full)

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return Statistic.canonical(self)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is clipped."""
        return (total_clipped(self.column, self.bounds, self.window),)

    def along(self) -> tuple[str, ...]:
        """Say which numbers come along."""
        return (
            f"the sum of the totals and the number of persons{self.window} come with it, at no further cost: "
            ".to_frame()",
        )

    def __str__(self) -> str:
        return f"mean of each person's {self.column!r}{self.window}, in all within {self.bounds}"
