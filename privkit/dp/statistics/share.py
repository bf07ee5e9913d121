"""The share of rows, or of persons, that meet a condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from privkit.dp.measurement import Rounding
from privkit.dp.statistics.counts import OncePerGroup, anew
from privkit.dp.statistics.moments import Mean, split
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.dp.statistics.sums import person_totals
from privkit.tally.cells.numbers import Grid, WholeGrid
from privkit.values.bounds import ValueBounds
from privkit.values.expression.left_out import untold_by

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.tally.looking import Extent
    from privkit.values.expression.selection import Selection

#: What a row counts at least and at most.
NONE_OR_ALL = ValueBounds(0.0, 1.0)
#: Which rows of persons are left out.
UNTOLD = "; rows of which it cannot be told are left out"
#: From the names of a mean's numbers to those of a share's.
_NAMES = {"mean": "share", "sum": "met", "count": "count"}


@dataclass(frozen=True, slots=True)
class Share(Mean):
    """The share of rows that meet a condition, with how many do and how many rows there are, at the same price.

    Released are two counts by group: of the rows that do not meet it, A, and of those that do, B. From them follow the
    share B / (A + B), B itself, and A + B.

    Attributes
    ----------
    column : str
        The condition, as a derived column that is true or false for a row. Rows of which it cannot be told are left
        out, which depends on that row alone.
    bounds : ValueBounds
        0 and 1.

    Notes
    -----
    *Claim.* One row more or less moves the pair (A, B) by 1 in L1, L2 and L∞, so both counts cost what one of them
    would. *Proof.* Whether a row meets the condition depends on that row alone, and it does or it does not: so it adds
    (0, 1) or (1, 0) to its group, or (0, 0) if it is left out. It is the pair of :class:`Mean` for the numbers 0 and 1
    on a grid of step 1, with full weight M = 1. ∎

    *Interval.* For the exact share θ = B / (A + B), B − θ·(A + B) = 0; so the same of the noisy counts is nothing but
    noise, and Fieller's argument (1954) gives a set of confidence 1 − alpha however many rows there are
    (`privkit.dp.noise.ratios.ratio_limits`). Whole numbers are not rounded, so nothing is added to it.
    """

    bounds: ValueBounds = NONE_OR_ALL

    name = "share"
    steady = ("met", "count")

    def extents(self) -> tuple[Extent, ...]:
        """Nothing: a condition is met or not."""
        return ()

    @property
    def linear(self) -> frozenset[str]:
        """Both counts."""
        return frozenset({"met", "count"})

    @property
    def grid(self) -> Grid:
        """The whole numbers 0 and 1."""
        return WholeGrid(1.0, 0, 1)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the share, how many meet the condition, and how many there are."""
        return {_NAMES[name]: found for name, found in Mean.estimates(self, cells).items()}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of all three, each for itself."""
        return {_NAMES[name]: found for name, found in Mean.limits(self, cells, noise, alpha).items()}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of all three; those of the counts need no number of rows."""
        return {_NAMES[name]: width for name, width in Mean.half_widths(self, noise, alpha, rows).items()}

    def rounding(self, name: str) -> Rounding:
        """Return that of whole numbers: none."""
        return Rounding()

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return Statistic.canonical(self)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say that rows are left out where a missing value can leave the condition untold."""
        if not self.may_be_untold(selected):
            return ()
        return (f"rows of which {self.column} cannot be told, since a value is missing, are left out",)

    def unit_of(self, name: str) -> str:
        """Return what is counted; a share has no unit."""
        return "" if name == self.name else Statistic.unit_of(self, name)

    def along(self) -> tuple[str, ...]:
        """Say which numbers come along."""
        return ("how many meet it, and how many rows there are, come with it, at no further cost: .to_frame()",)

    def may_be_untold(self, selected: Selection) -> bool:
        """Whether a missing value can leave it untold if a row meets the condition."""
        derived = dict(selected.derive)
        condition = derived.get(self.column)
        return condition is None or bool(untold_by(condition, derived))

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """Nothing: no number of a column is clipped."""
        return {}

    @property
    def clips(self) -> str:
        """Nothing: a row meets the condition or does not."""
        return ""

    def __str__(self) -> str:
        return f"share of rows with {self.column}"


@dataclass(frozen=True, slots=True)
class PersonShare(OncePerGroup, Share):
    """The share of persons with a row that meets a condition, among those who have a row at all.

    Attributes
    ----------
    window : str
        The unit's window in words, like " in a month": a person counts anew in each.

    Notes
    -----
    *Claim.* With a person in at most G groups, one person more or less moves the pairs of all groups by G in L1, √G in
    L2 and 1 in L∞. *Proof.* The contribution is that a person has a row in a group: one per person and group. It adds
    (0, 1) if one of these rows meets the condition, else (1, 0): the number of those that do, clipped to 1, which
    depends on that person's rows alone. ∎
    """

    window: str = ""

    name = "share"
    mark: ClassVar[dict[str, str]] = {"statistic": "share", "of": "persons"}

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count persons with and without such a row exactly."""
        return split(person_totals(self.column, self.grid, data, question), self.full)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say who is left out."""
        told = (f"a person meets {self.column} by any row{UNTOLD if self.may_be_untold(selected) else ''}",)
        return (*told, anew(self.window)) if self.window else told

    def along(self) -> tuple[str, ...]:
        """Say which numbers come along."""
        return ("how many persons meet it, and how many there are, come with it, at no further cost: .to_frame()",)

    def __str__(self) -> str:
        return f"share of persons{self.window} with {self.column}"
