"""How many of the rows were clipped, beside a sum, mean or spread: what the interval of a clipped number leaves out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.measurement import Reach, Rounding
from privkit.dp.noise.ratios import ratio_half_width, ratio_limits
from privkit.dp.statistics.moments import Mean
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic, recorded_statistic
from privkit.dp.statistics.sums import Sum
from privkit.tally.sums import positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.dp.statistics.statistic import Read
    from privkit.tally.cells.cells import Kind
    from privkit.tally.looking import Extent
    from privkit.values.expression.selection import Selection

#: What a clipped row weighs beside the full weight of a row: an eighth more noise on what is asked, nine rows of noise
#: where a count alone had one.
_PART = 8


@dataclass(frozen=True, slots=True)
class WithClipped(Statistic):
    """A sum, mean, variance or deviation of clipped numbers, with the share of the rows that were clipped.

    Attributes
    ----------
    inner : Mean or Sum
        What is asked.

    Notes
    -----
    *Reach.* A row moves the cells of `inner` by at most M in L1, hence in L2 and L∞ (the full weight of a mean's row,
    the larger bound of a sum), and one cell more by W, an eighth of M rounded down, if its number lies outside the
    bounds, which depends on that row alone. A sum tells nothing of how many rows there are: beside it stands a second
    cell, which the row moves by W if its number lies within them. So it moves one of the two and never both, and that
    costs no more than the first alone. The same row moves the inner cells and one of these: all of them together by at
    most M + W in L1, √(M² + W²) in L2, and none by more than the larger of M and W. Where a person's rows are bounded,
    that holds of both parts whichever of the rows are kept for each: a person's norms in them are at most those of
    `Sensitivity.of`, and L1 norms add up, L2 norms by their squares.

    *Interval.* Beside a mean the last cell is W times the number of clipped rows, and the others add up to M·n; beside
    a sum the two last ones add up to W·n. So the share is a ratio of weighted sums of cells, with Fieller's interval
    (`privkit.dp.noise.ratios.ratio_limits`), which holds for every number of rows. Nothing in it is rounded.
    """

    inner: Mean | Sum

    name = "with clipped"

    @property
    def needs_rows(self) -> bool:  # type: ignore[override]
        """Whether what is asked needs them."""
        return self.inner.needs_rows

    @property
    def _alone(self) -> bool:
        """Whether the inner cells tell nothing of how many rows there are."""
        return isinstance(self.inner, Sum)

    @property
    def linear(self) -> frozenset[str]:
        """None: sum and count have noise of their own, which other releases of them do not share."""
        return frozenset()

    @property
    def steady(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of the inner statistic."""
        return self.inner.steady

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of numbers."""
        return self.inner.columns

    @property
    def main(self) -> str:
        """What is asked."""
        return self.inner.main

    @property
    def step(self) -> float:
        """That of the inner statistic."""
        return self.inner.step

    @property
    def weight(self) -> int:
        """What a clipped row weighs, in steps."""
        return max(self.inner.reach.linf // _PART, 1)

    @property
    def reach(self) -> Reach:
        """What one row adds to the inner cells, and what it weighs as a clipped one."""
        full, weight = self.inner.reach.linf, self.weight
        both = math.nextafter(math.nextafter(math.hypot(full, weight), math.inf), math.inf)
        return Reach(full + weight, both, max(full, weight), self.inner.width + (2 if self._alone else 1))

    def extents(self) -> tuple[Extent, ...]:
        """Return those of the inner statistic."""
        return self.inner.extents()

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the inner cells, and W times the clipped rows (beside a sum the others, too), by group. Exact."""
        own, ends = self.inner.exact(data, question), self.inner.bounds
        counts = positions(
            data,
            self.inner.column,
            (ends.lower, ends.upper) if ends.width else (ends.lower,),
            keys=question.keys,
            unit=question.who,
            bounds=question.bounds,
        )
        outside = counts[:, :1] + counts[:, -1:]
        more = [outside, counts.sum(axis=1, keepdims=True) - outside] if self._alone else [outside]
        return np.concatenate([own, *(self.weight * each for each in more)], axis=1)

    def _ratio(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the cells in the share's numerator and denominator."""
        above, below = np.zeros(self.width), np.ones(self.width)
        if self._alone:
            below[: self.inner.width], above[-2] = 0.0, 1.0
        else:
            above[-1], below[-1] = self.inner.reach.linf / self.weight, 0.0
        return above, below

    def _own(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the inner cells, which come first."""
        return cells[:, : self.inner.width]

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return what was asked, and the share of clipped rows."""
        above, below = self._ratio()
        clipped, count = cells @ above, cells @ below
        share = np.clip(np.divide(clipped, count, out=np.zeros(len(cells)), where=count > 0), 0.0, 1.0)
        return {**self.inner.estimates(self._own(cells)), "clipped": share}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the limits of what was asked, and those of the share."""
        own = self.inner.limits(self._own(cells), noise, alpha)
        return {**own, "clipped": ratio_limits(cells, *self._ratio(), noise, alpha)}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return that of what was asked."""
        return self.inner.half_width(noise, alpha, rows)

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return those of all numbers."""
        each = self.weight if self._alone else self.inner.reach.linf
        total = None if rows is None else float(rows * each)
        share = None if total is None else ratio_half_width(*self._ratio(), total, noise, alpha)
        return {**self.inner.half_widths(noise, alpha, rows), "clipped": share}

    def rounding(self, name: str) -> Rounding:
        """Return that of the inner statistic, whose cells come first."""
        found = self.inner.rounding(name)
        more = np.zeros(self.width - self.inner.width)
        return found if found.weights is None else Rounding(found.fixed, np.append(found.weights, more))

    def reference(self, rows: int) -> float | None:
        """Return that of the inner statistic."""
        return self.inner.reference(rows)

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return that of the inner statistic."""
        return self.inner.dominated(lower, upper)

    def drowned(self, name: str, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return that of the inner statistic; of the share that comes along, where half of all shares are possible."""
        return upper - lower >= 0.5 if name == "clipped" else self.inner.drowned(name, lower, upper)

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what both parts ask of an engine."""
        yield from self.inner.reads(question)
        if question.who is None:
            yield "positions", question.columns, self.inner.column

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of the inner statistic."""
        return self.inner.clipped

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Return those of the inner statistic."""
        return self.inner.notes(selected, dates)

    def unit_of(self, name: str) -> str:
        """Return in what a number is told, as the inner statistic has it; a share has no unit."""
        return "" if name == "clipped" else self.inner.unit_of(name)

    def along(self) -> tuple[str, ...]:
        """Say what comes along with the inner statistic."""
        return self.inner.along()

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say what the share of clipped rows costs."""
        more = 100 * self.weight / self.inner.reach.linf
        others = f"the {self.main}" if self._alone else "the others"
        return (
            *self.inner.price_notes(noise, question, rows),
            f"the share of rows that are clipped comes with it, for {more:.4g} % more noise on {others}: one row "
            "moves both",
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return {**self.mark, "column": self.inner.column, "of": self.inner.canonical(), "weight": f"1/{_PART}"}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the statistic that a record tells."""
        inner = recorded_statistic(record["of"])
        if not isinstance(inner, Mean | Sum) or record["weight"] != f"1/{_PART}":
            raise ValueError("what is asked is of no known kind")
        return cls(inner)

    @property
    def clips(self) -> str:
        """What the inner statistic is of."""
        return self.inner.clips

    def __str__(self) -> str:
        return f"{self.inner} and share of clipped rows"
