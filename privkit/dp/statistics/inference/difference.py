"""The difference of the means, or of the shares, of two groups: A against B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.noise.sampling import cell_variance, least_level, widths
from privkit.dp.statistics.moments import Mean
from privkit.dp.statistics.of_groups import OfGroups, dependent_rows, key_codes, read_keys
from privkit.dp.statistics.share import Share
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic, recorded_statistic
from privkit.values.keys import Keys
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection

#: The share of alpha that goes to each of the four limits on which an interval rests: of two spreads and two counts.
_LIMIT = 1 / 40
#: Fewer rows than this in a group, as far as the noise tells, say nothing of a mean.
_FEWEST = 5
#: The rows in each group for which a plan tells what to expect, where it was not told how many there are.
_EXAMPLE = 1000


@dataclass(frozen=True, slots=True)
class Difference(OfGroups, Statistic):
    """The mean of a clipped column in one group less that in another, both with their counts.

    Attributes
    ----------
    inner : Mean
        The moments of each group: those of the variance, or the two counts of a share.
    groups : Keys
        The two groups, A and B.

    Notes
    -----
    *What is estimated.* μ_A − μ_B, where μ_g is the mean of the *clipped* number (or the share that meets the
    condition) in the population from which the rows of group g were drawn, independently of each other. It is not the
    mean without clipping.

    *Reach.* Released are the moments of both groups: the cells of `inner` by two public keys. A row is in one group at
    most, so that one row moves all of them by what it moves those of `inner`, and a person by
    :class:`~privkit.dp.measurement.Sensitivity`, in at most two groups.

    *Interval.* Let T_g(μ) = Σ (u − μ) over the rows of group g, u the number in shares of its range, and T̂_g the same
    of the noisy cells; n̂_g is the noisy count and μ̂_g the estimate. Then T̂_g(μ̂_g) = 0, and since T̂_g(μ) is linear
    in μ with slope −n̂_g, μ̂_g − μ_g = T̂_g(μ_g) / n̂_g exactly, however large the noise is. T̂_g(μ_g) is the sum of
    T_g(μ_g), a sum of n_g independent terms of mean 0, and of a weighted sum of the noise. So the difference errs by Σ
    ± T̂_g(μ_g)/n̂_g, and is compared with the quantile of a normal variable with the variance of the T_g and the noise
    with its weights (`privkit.dp.noise.sampling.widths`). Variances are those of each group (Welch 1947): the sum of
    squares V_g = Σ(u − μ)² is a weighted sum of cells too. V_g is taken at its upper limit, n_g at its lower one; each
    of these four fails with probability alpha/40, which the quantile leaves over. Where a group has fewer than five
    rows by its lower limit, the interval is all that is possible.

    *What rests on many rows.* That T_g is near normal, and that the weights at μ̂_g stand for those at μ_g. What was
    seen is in ``docs/proofs.md``.

    *Test.* The p-value is the least alpha whose interval leaves out 0.
    """

    inner: Mean
    groups: Keys

    name = "difference"
    framed = True
    needs_rows = True

    @property
    def linear(self) -> frozenset[str]:
        """None: it is a ratio of sums."""
        return frozenset()

    @property
    def steady(self) -> tuple[str, ...]:  # type: ignore[override]
        """Both counts."""
        return ("count_a", "count_b")

    @property
    def _of(self) -> str:
        return "share" if isinstance(self.inner, Share) else "mean"

    @property
    def numbers(self) -> tuple[str, ...]:
        """The difference, what it is of, and the p-value."""
        return (self.name, f"{self._of}_a", f"{self._of}_b", "p_value")

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The difference with its p-value, then both groups."""
        (a, b), (name, of_a, of_b, p_value) = self._words, self.numbers
        return (f"{a} less {b}", name, p_value), (a, of_a, ""), (b, of_b, "")

    # -- what the cells tell -------------------------------------------------------------------------------------------

    def _moments(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the moments of each group, A first, in rows; shape (n, 2, width)."""
        found = cells.reshape(-1, len(self.groups), self.inner.width) / self.inner.full
        return found[:, np.argsort(self.groups.canonical_order)]

    def _shares(self, moments: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the means of u, between 0 and 1."""
        above, below = self.inner._weights()
        share, count = moments @ above, moments @ below
        return np.clip(np.divide(share, count, out=np.full_like(count, 0.5), where=count > 0), 0.0, 1.0)

    def _squares(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights of the moments in Σ(u − μ)²: (u·(1−μ) − μ·(1−u))², in the Bernstein basis."""
        ends = [shares**2, (1 - shares) ** 2]
        if self.inner.degree > 1:
            ends.insert(1, -shares * (1 - shares))
        return np.stack(ends, axis=-1)

    def _error(
        self, cells: NDArray[np.int64], noise: Noise | None, limit: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return of each group's mean of u the sampling variance, the weights of the noise, and the least n.

        All at their limits, each of which fails with probability `limit`; shapes (n, 2), (n, 2, width), (n, 2).
        """
        moments, full = self._moments(cells), self.inner.full
        shares, count = self._shares(moments), moments @ np.ones(self.inner.width)
        squares = self._squares(shares)

        def above(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            found = widths(noise, weights.reshape(-1, self.inner.width) / full, 2 * limit)
            return found.reshape(shares.shape)

        least = np.maximum(count - above(np.ones_like(squares)), 1.0 + 1e-9)
        sums = self.inner._weights()[0] - shares[..., None]
        noisy = cell_variance(noise) * (sums**2).sum(axis=-1) / full**2
        spread = np.maximum((moments * squares).sum(axis=-1), 0.0) + above(squares) + noisy / least
        if self.inner.degree > 1:  # squares are rounded, as in `Variance`
            spread += np.maximum(count, 0.0) * (2 + 2.0**-18) / full
        return spread / (least * (least - 1)), sums / (full * least[..., None]), least

    def _half(
        self, cells: NDArray[np.int64], noise: Noise | None, alpha: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far the difference, and both means, of u err with probability 1 − alpha; shapes (n,), (n, 2)."""
        sampling, weights, least = self._error(cells, noise, alpha * _LIMIT)
        rest, degrees = alpha * (1 - 4 * _LIMIT), least - 1
        flat = weights.reshape(len(weights), -1)
        both = sampling.sum(axis=1)
        shared = both**2 / (sampling**2 / degrees).sum(axis=1)
        apart = widths(noise, flat, rest, both, shared)
        each = widths(
            noise, weights.reshape(-1, self.inner.width), rest, sampling.reshape(-1), degrees.reshape(-1)
        ).reshape(least.shape)
        few = least < _FEWEST
        return np.where(few.any(axis=1), np.inf, apart), np.where(few, np.inf, each)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the difference, both means or shares, and both counts."""
        moments = self._moments(cells)
        shares, counts = self._shares(moments), moments @ np.ones(self.inner.width)
        means = self.inner._bounded(self.inner.grid.low * self.inner.grid.step + self.inner.extent * shares)
        return {
            self.name: means[:, 0] - means[:, 1],
            f"{self._of}_a": means[:, 0],
            f"{self._of}_b": means[:, 1],
            "count_a": counts[:, 0],
            "count_b": counts[:, 1],
        }

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the population's difference and means, and of the counts in the data."""
        found, (apart, each) = self.estimates(cells), self._half(cells, noise, alpha)
        rounding, ends, most = self.inner.grid.rounding, self.inner.bounds, self.inner.bounds.width
        half = self._within(apart, 2 * rounding)
        told = {self.name: tuple(np.clip(found[self.name] + sign * half, -most, most) for sign in (-1, 1))}
        reach = float(noise.combined(np.ones((1, self.inner.width)) / self.inner.full, alpha)[0])
        for place, mark in enumerate("ab"):
            mean, count = found[f"{self._of}_{mark}"], found[f"count_{mark}"]
            own = self._within(each[:, place], rounding)
            told[f"{self._of}_{mark}"] = tuple(np.clip(mean + s * own, ends.lower, ends.upper) for s in (-1, 1))
            told[f"count_{mark}"] = (count - reach, count + reach)
        return {name: (low, high) for name, (low, high) in ((name, told[name]) for name in found)}

    def _within(self, half: NDArray[np.float64], rounding: float) -> NDArray[np.float64]:
        """Return half-widths of u, which may be infinite, in the column's unit: none is wider than all possible."""
        most = 2 * self.inner.bounds.width
        told = np.where(np.isfinite(half), half, 0.0) * self.inner.extent + rounding
        return np.asarray(np.where(np.isfinite(half), np.minimum(told, most), most))

    def tests(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return the p-value of no difference: the least alpha whose interval leaves out 0."""
        shares = self._shares(self._moments(cells))
        apart = np.abs(shares[:, 0] - shares[:, 1])
        return {"p_value": least_level(lambda alpha: apart > self._half(cells, noise, alpha)[0], len(apart))}

    # -- what to expect ------------------------------------------------------------------------------------------------

    def _expected(self, rows: int) -> NDArray[np.int64]:
        """Return the cells of groups of so many rows at 0 and 1: for each mean none spread more. A grid of means."""
        shares = np.linspace(0.0, 0.5, 11)
        own = np.zeros((len(shares), len(self.groups), self.inner.width))
        own[..., 0], own[..., -1] = (1 - shares)[:, None], shares[:, None]
        return np.rint(own * rows * self.inner.full).astype(np.int64).reshape(len(shares), -1)

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the difference errs at most with so many rows in each group, however they spread."""
        return self.half_widths(noise, alpha, rows)[self.name]

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return the half-widths of all numbers; those of means for the widest spread that the bounds allow."""
        reach = float(noise.combined(np.ones((1, self.inner.width)) / self.inner.full, alpha)[0])
        counts: dict[str, float | None] = {"count_a": reach, "count_b": reach}
        if rows is None:
            return {self.name: None, f"{self._of}_a": None, f"{self._of}_b": None, **counts, "p_value": None}
        apart, each = self._half(self._expected(rows), noise, alpha)
        most, rounding = self.inner.bounds.width, self.inner.grid.rounding
        mean = min(float(each.max()) * self.inner.extent + rounding, most)
        found = min(float(apart.max()) * self.inner.extent + 2 * rounding, 2 * most)
        return {self.name: found, f"{self._of}_a": mean, f"{self._of}_b": mean, **counts, "p_value": None}

    def dominated(self, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the interval of the difference holds half of all that is possible."""
        return upper - lower >= self.inner.bounds.width

    def drowned(self, name: str, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the interval of one number says next to nothing: a mean's, where it holds half of the bounds."""
        if name.startswith(self._of):
            return self.inner.dominated(lower, upper)
        return self.dominated(lower, upper) if name == self.name else Statistic.dominated(self, lower, upper)

    def unit_of(self, name: str) -> str:
        """Return what is counted, and the column of means; a share and a p-value have no unit."""
        if name.startswith("count"):
            return "rows"
        return "" if self._of == "share" or name == "p_value" else self.inner.column

    # -- in words ------------------------------------------------------------------------------------------------------

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is estimated."""
        return (*self.inner.notes(selected, dates), *self._meant())

    def _meant(self) -> tuple[str, ...]:
        what = "shares" if self._of == "share" else "means of the clipped numbers"
        a, b = self._words
        return (
            f"a is {a}, b is {b}; the difference is a less b",
            f"estimated are the {what} of the population that the rows were drawn from: intervals and p-value hold "
            "noise and sampling, each group with its own variance",
            "the intervals of the counts hold the noise alone",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say what to expect of the noise, and where rows are not drawn by themselves."""
        many = rows or _EXAMPLE
        cells = self._expected(many)
        _, weights, _ = self._error(cells, noise, _LIMIT)
        noisy = np.sqrt(cell_variance(noise) * (weights**2).sum(axis=(1, 2))).max() * self.inner.extent
        most = self.inner.extent * np.sqrt(2 * 0.25 / many)
        told = [
            f"with {many:,} rows in each group, noise adds {error_text(float(noisy))} to the standard error of "
            f"the difference, where sampling has at most {error_text(float(most))}: both add up by their squares",
        ]
        return (*told, *dependent_rows(question))

    @property
    def _words(self) -> tuple[str, ...]:
        return tuple("missing" if key[0] is None else repr(key[0]) for key in self.groups.values)

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values: the same cells tell A less B and B less A."""
        of = self.inner.canonical()
        own = {"column": self.inner.column, "of": of, "group": self.groups.by[0]}
        return {**self.mark, **own, "groups": key_codes(self.counted, 0)}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the difference that a record tells."""
        inner = recorded_statistic(record["of"])
        if not isinstance(inner, Mean):
            raise ValueError("what is compared is of no known kind")
        return cls(inner, Keys((record["group"],), read_keys(record["groups"])))

    def __str__(self) -> str:
        """Return the difference in words."""
        inner, (a, b) = self.inner, self._words
        shares = f"shares of rows with {inner.column}"
        what = shares if self._of == "share" else f"means of {inner.column!r}{inner.clips}"
        return f"difference of {what}: {a} less {b} of {self.groups.by[0]!r}"
