"""Pearson's correlation of clipped columns, from noisy moments: intervals hold noise and sampling, of any law."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.dates import limit_names
from privkit.dp.statistics.inference.of_products import OfProducts, Pair, hidden, least_rows, products_of
from privkit.dp.statistics.of_groups import dependent_rows
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.tally.products import FULL, moment_sums
from privkit.values.bounds import ValueBounds
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection

#: The rows for which a plan tells what to expect, where it was not told how many there are.
_EXAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class Correlation(OfProducts, Statistic):
    """The correlations of all pairs of a few columns, all of them clipped to public bounds.

    Attributes
    ----------
    names : tuple of str
        Two columns or more.
    ends : tuple of ValueBounds
        Of each of them; none of width 0.

    Notes
    -----
    *What is estimated.* ρ = E(x−μ)(y−ν) / √(E(x−μ)²·E(y−ν)²) of the *clipped* numbers, in the population that the rows
    were drawn from, independently of each other. It is not the correlation without clipping.

    *Reach.* Released are the sums of all w products of up to four of the numbers with at most two different ones among
    them (15 for two columns): see `privkit.dp.statistics.inference.of_products`, whose proof asks of a product nothing
    but that it lies in [−F, F] and depends on one row; the row at the corner of all bounds adds F to every one.

    *Interval.* Let Ĉxx, Ĉxy, Ĉyy be the noisy sums of squares and products about the noisy means, λ = √(Ĉyy/Ĉxx), and
    e = (x−μ)(y−ν) − (ρ/2)·(λ·(x−μ)² + (y−ν)²/λ) of one row, of mean 0 at the true μ, ν, ρ, λ. The noisy sum of e is 0
    at the estimates, and its slope in ρ is −√(ĈxxĈyy); its slopes in the means are 0 there, and that in λ is 0 too,
    for λ makes λ·Ĉxx + Ĉyy/λ least. So r − ρ is, but for products of two errors, the noisy sum of e over √(ĈxxĈyy):
    a sum of n independent terms of variance E e², and a weighted sum of the noise of six cells, whose quantile is that
    of `privkit.dp.noise.sampling.widths`. Σ e² is a weighted sum of cells too, those of four factors among them, and is
    taken at its upper limit: nothing is assumed of the numbers' law, where the textbook's (1−ρ²)²/n asks for normal
    ones. Where n or a spread is not clear of the noise, by limits that fail with probability alpha/40 each, the
    interval is all that is possible, [−1, 1], and the answer says so. It has been paid for: whether it is so depends
    on the rows, and is told by noisy numbers alone.

    *What rests on many rows.* That the sum of e is near normal, and that products of two errors are small beside one.
    What was seen is in ``docs/proofs.md``.

    *Test.* The p-value is the least alpha whose interval leaves out 0.
    """

    names: tuple[str, ...]
    ends: tuple[ValueBounds, ...]

    name = "correlation"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, as they were asked for."""
        return self.names

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All pairs of columns, as they were asked for."""
        return tuple(combinations(self.names, 2))

    @property
    def main(self) -> str:
        """The first correlation."""
        return self.numbers[0]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The correlation of each pair: of two columns by its name, else by those of the columns."""
        if len(self.names) == 2:
            return (self.name,)
        return tuple(f"{a} × {b}" for a, b in self.pairs)

    @property
    def tested(self) -> tuple[str, ...]:
        """The p-value of each pair."""
        return ("p_value",) if len(self.names) == 2 else tuple(f"p_{name}" for name in self.numbers)

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """Each pair with its p-value."""
        told = (f"{a} × {b}" for a, b in self.pairs)
        return tuple(zip(told, self.numbers, self.tested, strict=True))

    @property
    def width(self) -> int:
        """How many products are summed."""
        return len(products_of(len(self.names)))

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Sum all products exactly, of the columns by their names; shape (1, cells)."""
        grids = self.grids
        ordered = {name: grids[name] for name in sorted(self.names)}
        wanted = products_of(len(ordered))
        return moment_sums(data, ordered, wanted, unit=question.who, bounds=question.bounds).reshape(1, -1)

    # -- what the cells tell -------------------------------------------------------------------------------------------

    def _each(self, row: NDArray[np.int64], noise: Noise | None) -> list[Pair]:
        """Return what one row of cells says of each pair."""
        sums, order = row / FULL, sorted(self.names)
        return [Pair(sums, noise, len(order), order.index(a), order.index(b)) for a, b in self.pairs]

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the correlations, and how many rows there are."""
        found = np.array([[pair.correlation for pair in self._each(row, None)] for row in cells])
        told = dict(zip(self.numbers, np.clip(found, -1.0, 1.0).reshape(len(cells), -1).T, strict=True))
        return {**told, "count": cells[:, 0] / FULL}

    def tests(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return the p-value of each correlation's being 0: the least alpha whose interval leaves it out."""
        found = np.array([_p_values(self, row.tobytes(), noise) for row in np.asarray(cells, dtype=np.int64)])
        return dict(zip(self.tested, found.reshape(len(cells), -1).T, strict=True))

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the population's correlations, and of the count of rows."""
        each = [self._each(row, noise) for row in cells]
        raw = np.array([[pair.correlation for pair in row] for row in each]).reshape(len(cells), -1)
        half = np.array([[pair.half_width(alpha) for pair in row] for row in each]).reshape(len(cells), -1)
        ends = [np.clip(np.where(np.isfinite(half), raw + sign * half, sign), -1.0, 1.0).T for sign in (-1, 1)]
        told = dict(zip(self.numbers, zip(*ends, strict=True), strict=True))
        reach = float(noise.combined(np.full((1, 1), 1 / FULL), alpha)[0])
        count = cells[:, 0] / FULL
        return {**told, "count": (count - reach, count + reach)}

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say of which pairs nothing can be said."""
        unsaid = [
            f"{a!r} and {b!r}"
            for (a, b), pair in zip(self.pairs, self._each(cells[0], noise), strict=True)
            if not math.isfinite(pair.half_width(0.05))
        ]
        if not unsaid:
            return ()
        more = f" and of {len(unsaid) - 3:,} more" if len(unsaid) > 3 else ""
        return (
            f"noise hides how far the numbers spread, so that nothing is said of {', '.join(unsaid[:3])}{more}: too "
            "few rows, too small a price, or bounds far too wide. It was charged",
        )

    # -- what to expect ------------------------------------------------------------------------------------------------

    def _expected(self, rows: int) -> NDArray[np.int64]:
        """Return the cells of numbers that spread evenly within their bounds, independently of each other."""
        even = {0: 1.0, 1: 0.0, 2: 1 / 3, 3: 0.0, 4: 1 / 5}
        found = [math.prod(even[of.count(place)] for place in set(of)) for of in products_of(len(self.names))]
        return np.rint(np.array([found]) * rows * FULL).astype(np.int64)

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the first correlation errs at most, with so many rows as :meth:`half_widths` has it."""
        return self.half_widths(noise, alpha, rows)[self.main]

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return those of correlations where numbers spread evenly within their bounds, independently of each other."""
        half = None
        if rows is not None:
            half = min(self._each(self._expected(rows)[0], noise)[0].half_width(alpha), 1.0)
        count = float(noise.combined(np.full((1, 1), 1 / FULL), alpha)[0])
        return {**dict.fromkeys(self.numbers, half), "count": count, **dict.fromkeys(self.tested)}

    def dominated(self, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the interval holds half of all that is possible."""
        return upper - lower >= 1.0

    def unit_of(self, name: str) -> str:
        """Return what is counted; a correlation and a p-value have no unit."""
        return "rows" if name == "count" else ""

    # -- in words ------------------------------------------------------------------------------------------------------

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is estimated."""
        return (
            self.clipping(),
            "estimated are the correlations of the clipped numbers in the population that the rows were drawn from: "
            "intervals and p-values hold noise and sampling, and ask nothing of the numbers' law",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say what standard error to expect, and warn where nothing could be said."""
        many, one = rows or _EXAMPLE, 0.3173  # of which a normal variable's half-width is one deviation
        cells = self._expected(many)[0]
        both = [self._each(cells, each)[0].half_width(one) for each in (noise, None)]
        noisy, own = (error_text(width) if math.isfinite(width) else "no bound" for width in both)
        told = f"a correlation's standard error to expect with {many:,} rows that spread evenly within the bounds: "

        def known(of: int) -> bool:
            return math.isfinite(self._each(self._expected(of)[0], noise)[0].half_width(0.05))

        return (
            f"{told}{noisy} ({own} without noise)",
            *hidden(least_rows(known), rows, "how far the numbers spread"),
            *dependent_rows(question),
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values: an answer does not depend on the order of the columns."""
        each = {name: ends.canonical() for name, ends in zip(self.names, self.ends, strict=True)}
        names = sorted(self.names)
        return {**self.mark, "columns": names, "ends": [each[name] for name in names]}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the correlations that a record tells."""
        ends = tuple(ValueBounds(float(each[0]), float(each[1])) for each in record["ends"])
        if len(ends) != len(record["columns"]) or len(ends) < 2:
            raise ValueError("bounds do not fit the columns")
        return cls(tuple(record["columns"]), ends)

    def __str__(self) -> str:
        return f"correlation of {', '.join(map(repr, self.names[:-1]))} and {self.names[-1]!r}"


@lru_cache(maxsize=64)
def _p_values(asked: Correlation, cells: bytes, noise: Noise | None) -> tuple[float, ...]:
    """Return the p-values of one answer, reckoned once: values, frame, text and page ask for them again and again."""
    return tuple(pair.p_value for pair in asked._each(np.frombuffer(cells, dtype=np.int64), noise))


def alike(names: Sequence[str]) -> str | None:
    """Return a name that two numbers of the answer would have; None if there is none.

    Examples
    --------
    >>> alike(("a", "b", "c")), alike(("a", "b × c", "a × b", "c"))
    (None, 'a × b × c')
    """
    statistic = Correlation(tuple(names), (ValueBounds(0.0, 1.0),) * len(names))
    numbers = (*statistic.numbers, "count")
    ends = (end for name in numbers for end in limit_names(name, numbers[0]))
    every = [*numbers, *statistic.tested, *ends]
    return next((name for name in every if every.count(name) > 1), None)
