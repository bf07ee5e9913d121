"""Means, variances and what comes with them, from sums that split each row's weight of 1."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, sqrt
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.ratio import ratio_half_width, ratio_limits
from privkit.dp.sensitivity import Reach
from privkit.dp.statistic import Estimates, Limits, Statistic
from privkit.dp.sums import BITS, clipped
from privkit.tally.rows import Grid
from privkit.tally.sums import power_sums
from privkit.values.bounds import ValueBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise import Noise
    from privkit.dp.question import Question


@dataclass(frozen=True, slots=True)
class Mean(Statistic):
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
    """

    column: str
    bounds: ValueBounds

    name = "mean"
    needs_rows = True
    steady = ("sum", "count")
    degree = 1

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.column,)

    @property
    def grid(self) -> Grid:
        """The grid, made of the bounds alone; the range to the power of the degree takes at most 2**30 steps."""
        return Grid.fitting(self.bounds.lower, self.bounds.upper, self.bounds.width, bits=BITS // self.degree)

    @property
    def full(self) -> int:
        """What one row adds to its cells together: the grid's range to the power of the degree."""
        return int(max(self.grid.range, 1) ** self.degree)

    @property
    def step(self) -> float:
        """What one step of the cells is worth: in units of the column to the power of the degree."""
        return self.grid.step**self.degree

    @property
    def reach(self) -> Reach:
        """The full weight of one row, in every norm."""
        return Reach(self.full, float(self.full), self.full, self.degree + 1)

    def exact(self, data: object, question: Question, function: str) -> NDArray[np.int64]:
        """Split each row's weight among its group's cells, exactly."""
        sums = power_sums(
            data,
            self.column,
            self.grid,
            keys=question.keys,
            degree=self.degree,
            unit=question.who,
            bounds=question.bounds,
            function=function,
        )
        return split(sums, max(self.grid.range, 1))

    def _weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the cells in Σ(x−L)/(U−L) and in n, times the full weight."""
        return np.arange(self.degree + 1) / self.degree, np.ones(self.degree + 1)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return mean, sum and count."""
        above, below = self._weights()
        share, count = cells @ above, cells @ below
        ratio = np.clip(np.divide(share, count, out=np.full(len(cells), 0.5), where=count > 0), 0.0, 1.0)
        low, width = self.grid.low * self.grid.step, self.grid.range * self.grid.step
        return {
            "mean": low + width * ratio,
            "sum": (share * width + count * low) / self.full,
            "count": count / self.full,
        }

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the mean by Fieller's argument, of sum and count by the tails of weighted noise."""
        above, below = self._weights()
        lower, upper = ratio_limits(cells, above, below, noise, alpha)
        low, width = self.grid.low * self.grid.step, self.grid.range * self.grid.step
        found = self.estimates(cells)
        told: Limits = {"mean": (low + width * lower, low + width * upper)}
        for name, reach in self._sums(noise, alpha).items():
            told[name] = (found[name] - reach, found[name] + reach)
        return told

    def _sums(self, noise: Noise, alpha: float) -> dict[str, float]:
        """Return the half-widths of sum and count, which are weighted sums of the cells."""
        above, below = self._weights()
        low, width = self.grid.low * self.grid.step, self.grid.range * self.grid.step
        weights = np.stack([above * width + below * low, below]) / self.full
        each = noise.combined(weights, alpha)
        return {"sum": float(each[0]), "count": float(each[1])}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of the mean, and of sum and count, which need no number of rows."""
        return {"mean": Mean.half_width(self, noise, alpha, rows), **self._sums(noise, alpha)}

    def reference(self, rows: int) -> float | None:
        """Return the middle of the bounds; None where that is 0."""
        return abs(self.bounds.middle) or None

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the mean of `rows` rows errs at most, wherever it lies."""
        if rows is None:
            return None
        above, below = self._weights()
        width = self.grid.range * self.grid.step
        return width * ratio_half_width(above, below, float(rows * self.full), noise, alpha)

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of the mean is at least half as wide as the bounds."""
        return upper - lower >= self.grid.range * self.grid.step / 2

    def notes(self) -> tuple[str, ...]:
        """Say what is clipped, and what comes along."""
        return (*clipped(self.column, self.bounds), "sum and count come with it, at no further cost: .to_frame()")

    def __str__(self) -> str:
        """Return the statistic in words."""
        return f"{self.name} of {self.column!r} in {self.bounds}"


@dataclass(frozen=True, slots=True)
class Variance(Mean):
    """The variance of a column clipped to public bounds, with its mean, sum and count at the same price.

    Notes
    -----
    *Reach.* With v from 0 to M as for the mean, a row adds ((M−v)², 2v(M−v), v²) to its group: the Bernstein
    polynomials of degree 2, which are ≥ 0 and add up to M². So it moves the triple by M² in L1, hence by at most M²
    in L2 and L∞, and four statistics cost what one would: the pair's argument, one degree up. The counts n, Σv and Σv²
    are linear in the triple.
    """

    name = "var"
    degree = 2

    def _spread(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the weights of the cells in Σ(2u−1)², u = v/M, and in n."""
        return np.array([1.0, -1.0, 1.0]), np.ones(3)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return variance, mean, sum and count; the variance of the population, between 0 and (U−L)²/4."""
        found = Mean.estimates(self, cells)
        width = self.grid.range * self.grid.step
        share = 2 * (found["mean"] - self.grid.low * self.grid.step) / width - 1 if width else np.zeros(len(cells))
        above, below = self._spread()
        count = cells @ below
        second = np.clip(np.divide(cells @ above, count, out=np.ones(len(cells)), where=count > 0), 0.0, 1.0)
        variance = np.clip(second - share**2, 0.0, 1.0) * width**2 / 4
        return {"var": variance, **found}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the variance from those of the mean and of the second moment, each at half of alpha."""
        width = self.grid.range * self.grid.step
        above, below = self._weights()
        low, high = (2 * limit - 1 for limit in ratio_limits(cells, above, below, noise, alpha / 2))
        least, most = ratio_limits(cells, *self._spread(), noise, alpha / 2)
        squares = np.maximum(low**2, high**2), np.where((low <= 0) & (high >= 0), 0.0, np.minimum(low**2, high**2))
        limits = tuple(np.clip(m - s, 0.0, 1.0) * width**2 / 4 for m, s in zip((least, most), squares, strict=True))
        return {"var": (limits[0], limits[1]), **Mean.limits(self, cells, noise, alpha)}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of the variance, and of what comes with it."""
        return {"var": Variance.half_width(self, noise, alpha, rows), **Mean.half_widths(self, noise, alpha, rows)}

    def reference(self, rows: int) -> float | None:
        """Nothing: a spread has no middle."""
        return None

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of the variance is at least half as wide as what is possible."""
        return upper - lower >= (self.grid.range * self.grid.step) ** 2 / 8

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the variance of `rows` rows errs at most: second moment and square of the mean together."""
        if rows is None:
            return None
        width, total = self.grid.range * self.grid.step, float(rows * self.full)
        second = ratio_half_width(*self._spread(), total, noise, alpha / 2)
        mean = 2 * ratio_half_width(*self._weights(), total, noise, alpha / 2)
        return min(second + mean * (2 + mean), 1.0) * width**2 / 4


@dataclass(frozen=True, slots=True)
class Deviation(Variance):
    """The standard deviation: the root of the variance, with everything that comes with it."""

    name = "std"

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the root of the variance, then what the variance gives."""
        found = Variance.estimates(self, cells)
        return {"std": np.sqrt(found["var"]), **found}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the roots of the variance's limits, then those of what the variance gives."""
        found = Variance.limits(self, cells, noise, alpha)
        lower, upper = found["var"]
        return {"std": (np.sqrt(lower), np.sqrt(upper)), **found}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of the deviation, and of what comes with it."""
        return {"std": self.half_width(noise, alpha, rows), **Variance.half_widths(self, noise, alpha, rows)}

    def dominated(self, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return where the interval of the deviation is at least half as wide as what is possible."""
        return upper - lower >= self.grid.range * self.grid.step / 4

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return the root of the variance's half-width: |√a − √b| ≤ √|a − b|."""
        width = Variance.half_width(self, noise, alpha, rows)
        return None if width is None else sqrt(width)


def split(sums: NDArray[np.int64], full: int) -> NDArray[np.int64]:
    """Return Σ C(d,i)·vⁱ·(full−v)^(d−i), i = 0 … d, from Σ1, Σv … Σv^d; exact.

    Examples
    --------
    >>> split(np.array([[2, 3, 5]]), 4).tolist()  # v = 1 and v = 2: (9, 6, 1) + (4, 8, 4)
    [[13, 14, 5]]
    """
    degree = sums.shape[1] - 1
    cells = np.zeros_like(sums)
    for index in range(degree + 1):
        for more in range(degree - index + 1):
            factor = comb(degree, index) * comb(degree - index, more) * (-1) ** more * full ** (degree - index - more)
            cells[:, index] += factor * sums[:, index + more]
    return cells
