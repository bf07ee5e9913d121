"""Means, variances and what comes with them, from sums that split each row's weight of 1."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.measurement import Reach, Rounding
from privkit.dp.noise.ratios import ratio_estimates, ratio_half_width, ratio_limits
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.dp.statistics.sums import BITS, ROWS, OfClipped, grid_of
from privkit.tally.cells.numbers import Grid
from privkit.tally.sums import power_sums
from privkit.values.bounds import ValueBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question


@dataclass(frozen=True, slots=True)
class Mean(OfClipped, Statistic):
    """The mean of a column clipped to public bounds, with its sum and its count at the same price.

    Released are Σ(U−x) and Σ(x−L) by group. From them follow n = (Σ(x−L) + Σ(U−x)) / (U−L),
    Σx = (U·Σ(x−L) + L·Σ(U−x)) / (U−L), and the mean L + (U−L)·Σ(x−L) / (Σ(x−L) + Σ(U−x)), which lies in the bounds.

    Attributes
    ----------
    column : str
    bounds : ValueBounds

    Notes
    -----
    *Reach.* On the grid a row has a whole number v from 0 to M and adds (M−v, v) to its group, both ≥ 0. It moves the
    pair by M in L1, by √(v² + (M−v)²) ≤ M in L2, and no cell by more than M. So sum, mean and count cost what one
    of them would (Fitzsimons, Honaker, Shoemate and Singhal, arXiv 2408.10438).

    *Rounding.* A number, clipped, is at most r from its place on the grid (`Grid.rounding`). So the exact mean is at
    most r from that of the places, which the cells tell: r is added to both limits. The exact sum S is at most r·n from
    theirs, and n is a weighted sum of the cells as well: S ≤ Σ (wᵢ + r·cᵢ)·Bᵢ with the weights w of the sum and c of
    the count. The same of the noisy cells is more than h below it with probability at most alpha / 2, where h is the
    two-sided quantile of that sum's noise; and likewise on the other side. So both limits together miss at most
    alpha, and rounding costs no probability.
    """

    column: str
    bounds: ValueBounds

    name = "mean"
    needs_rows = True
    steady = ("sum", "count")
    degree = 1

    @property
    def linear(self) -> frozenset[str]:
        """Sum and count."""
        return frozenset({"sum", "count"})

    @property
    def grid(self) -> Grid:
        """The grid, made of the bounds alone; the range takes at most 2**30 steps."""
        return grid_of(self.bounds.lower, self.bounds.upper, self.bounds.width)

    @property
    def full(self) -> int:
        """What one row adds to its cells together: the grid's range."""
        return max(self.grid.range, 1)

    @property
    def step(self) -> float:
        """What one step of the cells is worth: in units of the column to the power of the degree."""
        grid = self.grid
        return grid.step if self.degree == 1 else grid.step * (grid.step * self.full)

    @property
    def extent(self) -> float:
        """How far the grid's ends are apart, in units of the column."""
        return self.grid.range * self.grid.step

    @property
    def reach(self) -> Reach:
        """The full weight of one row, in every norm."""
        return Reach(self.full, float(self.full), self.full, self.degree + 1)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Split each row's weight among its group's cells, exactly."""
        sums = power_sums(
            data,
            self.column,
            self.grid,
            keys=question.keys,
            degree=self.degree,
            unit=question.who,
            bounds=question.bounds,
        )
        return split(sums, self.full)

    def _weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the cells in Σ(x−L)/(U−L) and in n, times the full weight."""
        return np.arange(self.degree + 1) / self.degree, np.ones(self.degree + 1)

    def _of_sum(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the cells in the sum, in units of the column, and in the count."""
        above, below = self._weights()
        return (above * self.extent + below * (self.grid.low * self.grid.step)) / self.full, below / self.full

    def _bounded(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return means within the bounds, which the ends of the grid may leave by half a step."""
        return np.clip(means, self.bounds.lower, self.bounds.upper)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return mean, sum and count."""
        above, below = self._weights()
        share, count = cells @ above, cells @ below
        ratio = ratio_estimates(share, count)
        low, width = self.grid.low * self.grid.step, self.extent
        return {
            "mean": self._bounded(low + width * ratio),
            "sum": (share * width + count * low) / self.full,
            "count": count / self.full,
        }

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the mean by Fieller's argument, of sum and count by the tails of weighted noise."""
        above, below = self._weights()
        lower, upper = ratio_limits(cells, above, below, noise, alpha, self._slack)
        low, width, rounding = self.grid.low * self.grid.step, self.extent, self.grid.rounding
        sums, counts = self._of_sum()
        reach = float(noise.combined(counts[None, :], alpha)[0])
        return {
            "mean": (self._bounded(low + width * lower - rounding), self._bounded(low + width * upper + rounding)),
            "sum": weighted_limits(cells, sums, self.rounding("sum"), noise, alpha),
            "count": (cells @ counts - reach, cells @ counts + reach),
        }

    @property
    def _slack(self) -> float:
        """How far what is averaged may lie from a group's cells in all, beside `Grid.rounding` for each number."""
        return 0.0

    def rounding(self, name: str) -> Rounding:
        """Return how far a sum may be from that of the cells: by the rounding of each of its rows."""
        return Rounding(weights=self.grid.rounding * self._of_sum()[1]) if name == "sum" else Rounding()

    def _sums(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float]:
        """Return the half-widths of sum and count; the sum's allows for rounding of the rows assumed, or of ROWS."""
        each = noise.combined(np.stack(self._of_sum()), alpha)
        rounding = self.rounding("sum").fixed or (rows or ROWS) * self.grid.rounding
        return {"sum": float(each[0]) + rounding, "count": float(each[1])}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of the mean, and of sum and count, which need no number of rows."""
        return {"mean": Mean.half_width(self, noise, alpha, rows), **self._sums(noise, alpha, rows)}

    def reference(self, rows: int) -> float | None:
        """Return the middle of the bounds; None where that is 0."""
        return abs(self.bounds.middle) or None

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the mean of `rows` rows errs at most, wherever it lies."""
        if rows is None:
            return None
        above, below = self._weights()
        share = ratio_half_width(above, below, float(rows * self.full), noise, alpha, self._slack)
        return min(self.extent * share + self.grid.rounding, self.bounds.width)

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of the mean is at least half as wide as the bounds."""
        return upper - lower >= self.bounds.width / 2

    def drowned(self, name: str, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of one number says next to nothing: a mean's beside a variance as a mean's."""
        kinds = [kind for kind in type(self).__mro__ if issubclass(kind, Mean) and kind.name == name]
        return kinds[0].dominated(self, lower, upper) if kinds else Statistic.drowned(self, name, lower, upper)

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values, marked where earlier versions stored answers on another grid.

        Those had squares on a coarser one; and where narrow bounds are far from 0, a finer one.
        """
        own = Statistic.canonical(self)
        other = self.degree > 1 or 0 < self.grid.range < 2 ** (BITS - 1) - 2
        return {**own, "grid": BITS} if other else own

    def along(self) -> tuple[str, ...]:
        """Say which numbers come along: those of the same sums."""
        names = {"var": "mean, sum and count", "std": "variance, mean, sum and count"}.get(self.name, "sum and count")
        return (f"{names} come with it, at no further cost: .to_frame()",)


@dataclass(frozen=True, slots=True)
class Variance(Mean):
    """The variance of a column clipped to public bounds, with its mean, sum and count at the same price.

    Notes
    -----
    *Reach.* With v from 0 to M as for the mean, and q = round(v²/M), a row adds (M − 2v + q, 2v − 2q, q) to its group:
    the Bernstein polynomials of degree 2, divided by M and rounded so that they stay whole. They add up to M. And they
    are ≥ 0: q is rounded from v²/M, reckoned in 64-bit floats, so |q − v²/M| < 1/2 + 2**-20 (v²/M ≤ 2**31 has an error
    of less than 2**-21). From v²/M ≤ v follows q ≤ v, and from v²/M ≥ 2v − M (for (M−v)² ≥ 0) that
    q > 2v − M − 1; all three are whole numbers. So a row moves the triple by M in L1, hence by at most M in L2 and L∞,
    and four statistics cost what one would: the pair's argument, one degree up. n and Σv are linear in the triple, and
    so is Σv² but for the rounding of q. A sum of 2**31 rows fits in 64 bits, with M up to 2**30; were it Σv² itself, M
    could be 2**15 at most.

    *Rounding.* Of the mean square of 2v/M − 1 the cells tell that with q in place of v²/M, which is off by at most
    e = (2 + 2**-18) / M. Shifted by e and shrunk, it lies in [0, 1] as Fieller's argument wants it. So limits of the
    variance V of the places on the grid are found; the exact one belongs to numbers that are at most r from their
    places (`Grid.rounding`). A standard deviation is the norm of a centered vector, divided by √n, and centering makes
    no vector longer, so that by the triangle inequality the two deviations differ by at most r. So the roots of V's
    limits, less and more r, are those of the deviation, and their squares those of the variance.
    """

    name = "var"
    degree = 2

    @property
    def _square_rounding(self) -> float:
        """How far the mean square of 2v/M − 1 may be from what the cells tell."""
        return (2 + 2.0**-18) / self.full

    def _spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the cells in Σ(2u−1)², u = v/M, and in n."""
        return np.array([1.0, -1.0, 1.0]), np.ones(3)

    def unit_of(self, name: str) -> str:
        """Return in what a number is told: a variance, in squares."""
        of = Mean.unit_of(self, name)
        return f"{of}²" if name == "var" else of

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return variance, mean, sum and count; the variance of the population, between 0 and (U−L)²/4."""
        above, below = self._spread()
        share, count = cells @ Mean._weights(self)[0], cells @ below
        first = ratio_estimates(share, count)
        second = ratio_estimates(cells @ above, count)
        variance = np.clip(second - (2 * first - 1) ** 2, 0.0, 1.0) * self.extent**2 / 4
        return {"var": np.minimum(variance, self.bounds.width**2 / 4), **Mean.estimates(self, cells)}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the variance from those of the mean and of the second moment, each at half of alpha."""
        lower, upper = self._deviations(cells, noise, alpha)
        return {"var": (lower**2, upper**2), **Mean.limits(self, cells, noise, alpha)}

    def _deviations(
        self, cells: NDArray[np.int64], noise: Noise, alpha: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return limits of the standard deviation."""
        above, below = self._weights()
        low, high = (2 * limit - 1 for limit in ratio_limits(cells, above, below, noise, alpha / 2))
        error, (above, below) = self._square_rounding, self._spread()
        shifted = ratio_limits(cells, (above + error * below) / (1 + 2 * error), below, noise, alpha / 2)
        least, most = shifted[0] * (1 + 2 * error) - 2 * error, shifted[1] * (1 + 2 * error)
        squares = np.maximum(low**2, high**2), np.where((low <= 0) & (high >= 0), 0.0, np.minimum(low**2, high**2))
        found = (np.sqrt(np.clip(m - s, 0.0, 1.0)) for m, s in zip((least, most), squares, strict=True))
        half, rounding = self.extent / 2, self.grid.rounding
        lower, upper = (deviation * half for deviation in found)
        return np.maximum(lower - rounding, 0.0), np.minimum(upper + rounding, self.bounds.width / 2)

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of the variance, and of what comes with it."""
        return {"var": Variance.half_width(self, noise, alpha, rows), **Mean.half_widths(self, noise, alpha, rows)}

    def reference(self, rows: int) -> float | None:
        """Nothing: a spread has no middle."""
        return None

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of the variance is at least half as wide as what is possible."""
        return upper - lower >= self.bounds.width**2 / 8

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the variance of `rows` rows errs at most: second moment and square of the mean together."""
        if rows is None:
            return None
        total = float(rows * self.full)
        second = ratio_half_width(*self._spread(), total, noise, alpha / 2) + self._square_rounding
        mean = 2 * ratio_half_width(*self._weights(), total, noise, alpha / 2)
        found = min(second + mean * (2 + mean), 1.0) * self.extent**2 / 4
        rounding = self.grid.rounding
        return min(found + rounding * (self.bounds.width + rounding), self.bounds.width**2 / 4)


@dataclass(frozen=True, slots=True)
class Deviation(Variance):
    """The standard deviation: the root of the variance, with everything that comes with it."""

    name = "std"

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the root of the variance, then what the variance gives."""
        found = Variance.estimates(self, cells)
        return {"std": np.sqrt(found["var"]), **found}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the deviation, then those of what the variance gives."""
        return {"std": self._deviations(cells, noise, alpha), **Variance.limits(self, cells, noise, alpha)}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of the deviation, and of what comes with it."""
        return {"std": self.half_width(noise, alpha, rows), **Variance.half_widths(self, noise, alpha, rows)}

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of the deviation is at least half as wide as what is possible."""
        return upper - lower >= self.bounds.width / 4

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return the root of the variance's half-width: |√a − √b| ≤ √|a − b|."""
        width = Variance.half_width(self, noise, alpha, rows)
        return None if width is None else sqrt(width)


def split(sums: NDArray[np.int64], full: int) -> NDArray[np.int64]:
    """Return each group's cells from its sums: (full−v, v) of each row, or (full − 2v + q, 2v − 2q, q); exact.

    Examples
    --------
    >>> split(np.array([[2, 3]]), 4).tolist()  # v = 1 and v = 2: (3, 1) + (2, 2)
    [[5, 3]]
    >>> split(np.array([[2, 3, 1]]), 4).tolist()  # q = 0 and q = 1: (2, 2, 0) + (1, 2, 1)
    [[3, 4, 1]]
    """
    count, first = sums[:, 0], sums[:, 1]
    if sums.shape[1] == 2:
        return np.stack([count * full - first, first], axis=1)
    second = sums[:, 2]
    return np.stack([count * full - 2 * first + second, 2 * (first - second), second], axis=1)


def weighted_limits(
    cells: NDArray[np.int64], weights: NDArray[np.float64], rounding: Rounding, noise: Noise, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return limits of a weighted sum of cells with what rounding may add; the proof is in :class:`Mean`."""
    more = np.zeros_like(weights) if rounding.weights is None else rounding.weights
    reach = noise.combined(np.stack([weights - more, weights + more]), alpha)
    return (
        cells @ (weights - more) - reach[0] - rounding.fixed,
        cells @ (weights + more) + reach[1] + rounding.fixed,
    )
