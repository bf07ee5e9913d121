"""Ordinary least squares from noisy sums of products: coefficients with intervals that hold noise and sampling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.measurement import Reach
from privkit.dp.noise.sampling import least_level
from privkit.dp.statistics.inference.least_squares import LIFT, Fit, all_products, ordered_products
from privkit.dp.statistics.inference.of_products import OfProducts, hidden, least_rows
from privkit.dp.statistics.of_groups import dependent_rows
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.tally.products import FULL, moment_sums
from privkit.values.bounds import ValueBounds
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection

#: The rows for which a plan tells what to expect, where it was not told how many there are.
_EXAMPLE = 10_000
#: The name of the first coefficient.
INTERCEPT = "intercept"


@dataclass(frozen=True, slots=True)
class LeastSquares(OfProducts, Statistic):
    """The fit of one column by others and a constant, all of them clipped to public bounds.

    Attributes
    ----------
    response : str
    predictors : tuple of str
    ends : tuple of ValueBounds
        Of the predictors in their order, then of the response; none of width 0.
    robust : bool
        Whether intervals hold where residuals spread unequally, for which products of up to four are summed too.

    Notes
    -----
    *What is estimated.* The coefficients of the best linear prediction of the *clipped* response by the *clipped*
    predictors in the population that the rows were drawn from, independently of each other.

    *Reach.* Released are the sums of all w products of two of (1, z₁, …, y), symmetric ones once: see
    `privkit.dp.statistics.inference.of_products`. Where the fit is `robust`, these stand L = 4 times as large, and
    beside them stand the sums of v products of three and four (`privkit.dp.statistics.inference.least_squares`): whole
    numbers from −F to F of one row, F = 2**24. So a row moves all cells by at most (w·L + v)·F in L1, √(w·L² + v)·F in
    L2 and L·F in L∞, all of which a row at the corner of all bounds reaches.

    *Interval.* Let Ŝ be the noisy sums of products of the predictors, ĝ(β) the noisy Σ x·(y − x'β). Then ĝ(β̂) = 0 for
    the estimate, and ĝ is linear with slope −Ŝ: so β̂ − β = Ŝ⁻¹·ĝ(β) exactly, however large the noise is. For the true
    β, ĝ(β) is a sum of n independent terms of mean 0 and a weighted sum of the noise, with weights made of (−β, 1).
    Where residuals spread alike everywhere, by σ², the first has the variance σ²·S. So a combination a'β̂ errs by a
    normal variable with the variance σ²·a'Ŝ⁻¹a and by noise with known weights, whose quantile is that of
    `privkit.dp.noise.sampling.widths` (Ferrando, Wang and Sheldon 2022 simulate it). σ² is the noisy sum of squared
    residuals, which is a weighted sum of cells too, at its upper limit, over the lower limit of n less the number of
    coefficients; each of these two fails with probability alpha/20, which the quantile leaves over. What the fit takes
    from the residuals by following the noise, tr(Ŝ⁻¹·cov ĝ), is added.

    *A robust interval* takes nothing of the residuals' spread: a'Ŝ⁻¹·ĝ(β) has the sampling variance
    n·E (b'x)²·e² with b = Ŝ⁻¹a, whatever e's spread is at x (Eicker 1967, White 1980), and so where the line is but the
    best linear prediction. Σ (b'x)²·(y − x'β̂)² is a weighted sum of the noisy cells of up to four factors, and is taken
    at its upper limit, which fails with probability alpha/20, times n/(n − p) (MacKinnon and White 1985), at the lower
    limit of n. That β̂ follows the noise adds Σ (b'x)²·(x'(β̂ − β))² to it on average, which only widens, and takes from
    it what its own noise shares with that of ĝ: their covariance is added where it takes something.

    *A design that noise can make singular* is not fitted: where the least eigenvalue of Ŝ is not twice what noise moves
    it by (`privkit.dp.statistics.inference.least_squares.stirred`), every interval is infinite, and the answer says so.
    It has been paid for: whether it is so depends on the rows, and is told by noisy numbers alone.

    *What rests on many rows, or on the model.* That ĝ is near normal; that residuals spread alike for all x, as the
    textbook's standard errors have it: where they do not, intervals hold less often, unless they are robust; that
    rounding to 2**-24 of the
    half of each range moves no coefficient by what matters. What was seen is in ``docs/proofs.md``.
    """

    response: str
    predictors: tuple[str, ...]
    ends: tuple[ValueBounds, ...]
    robust: bool = False

    name = "ols"
    makes = "model"

    @property
    def main(self) -> str:
        """The first coefficient."""
        return INTERCEPT

    @property
    def numbers(self) -> tuple[str, ...]:
        """The coefficients, and R²."""
        return (INTERCEPT, *self.predictors, "r2")

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The coefficients, the slopes with p-values, then R²."""
        slopes = ((name, name, f"p_{name}") for name in self.predictors)
        return (INTERCEPT, INTERCEPT, ""), *slopes, ("R²", "r2", "")

    @property
    def columns(self) -> tuple[str, ...]:
        """The predictors, then the response."""
        return (*self.predictors, self.response)

    @property
    def width(self) -> int:
        """How many products of 1, the predictors and the response are summed."""
        return len(all_products(len(self.predictors), fourth=self.robust))

    @property
    def _two(self) -> int:
        """How many of them are of two."""
        return len(all_products(len(self.predictors), fourth=False))

    @property
    def _full(self) -> int:
        """What 1 is in the sums of products of two."""
        return LIFT * FULL if self.robust else FULL

    @property
    def step(self) -> float:
        """What one step of a sum of products of two is worth, of numbers between −1 and 1."""
        return 1 / self._full

    @property
    def reach(self) -> Reach:
        """The size of each cell, in all of them."""
        full, more = self._full, (self.width - self._two) * FULL
        l2 = math.sqrt(self._two * full**2 + more * FULL)
        return Reach(self._two * full + more, math.nextafter(l2, math.inf), full, self.width)

    @property
    def _canonical_places(self) -> list[int]:
        """The places of the predictors by their names in ascending order: an answer does not depend on theirs."""
        return sorted(range(len(self.predictors)), key=self.predictors.__getitem__)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Sum all products exactly, of the predictors by their names; shape (1, cells)."""
        grids = self.grids
        names = (*sorted(self.predictors), self.response)
        ordered = {name: grids[name] for name in names}
        wanted = all_products(len(self.predictors), fourth=self.robust)
        found = moment_sums(data, ordered, wanted, unit=question.who, bounds=question.bounds)
        found[: self._two] *= self._full // FULL
        return found.reshape(1, -1)

    def _fits(self, cells: NDArray[np.int64], noise: Noise | None) -> list[Fit]:
        """Return the fit of each row of cells, the predictors in the order in which they were asked for."""
        turned = (*np.argsort(self._canonical_places).tolist(), len(self.predictors))
        return [self._fit(row, noise) for row in cells[:, ordered_products(turned, fourth=self.robust)]]

    def _fit(self, row: NDArray[np.int64], noise: Noise | None) -> Fit:
        """Return the fit of cells that stand in the order in which the predictors were asked for."""
        return Fit.of(row, noise, FULL, len(self.ends) + 1 if self.robust else None)

    def _units(self) -> tuple[NDArray[np.float64], float]:
        """Return the matrix that turns coefficients of the scaled numbers into those of the columns, and what is added.

        y = m + h·z_y and z = (x − m_x)/h_x give b = h·β/h_x for each slope, and m + h·β₀ − Σ b·m_x for the intercept.
        """
        grids = [*self.grids.values()]
        half = np.array([grid.range * grid.step / 2 for grid in grids])
        middle = np.array([grid.low * grid.step for grid in grids]) + half
        turned = np.diag(np.append(half[-1], half[-1] / half[:-1]))
        turned[0, 1:] = -turned.diagonal()[1:] * middle[:-1]
        return turned, float(middle[-1])

    def _coefficients(self, fit: Fit) -> NDArray[np.float64]:
        turned, more = self._units()
        found = turned @ fit.coefficients
        found[0] += more
        return found

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the coefficients, R², and how many rows there are."""
        fits = self._fits(cells, None)
        found = np.array([self._coefficients(fit) for fit in fits]).reshape(len(fits), -1)
        told = dict(zip((INTERCEPT, *self.predictors), found.T, strict=True))
        return {**told, "r2": np.array([fit.explained for fit in fits]), "count": np.array([fit.rows for fit in fits])}

    def tests(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return the p-value of each slope's being 0."""
        slopes = range(1, len(self.ends))
        turned, _ = self._units()
        found = np.ones((len(cells), len(slopes)))
        for place, fit in enumerate(self._fits(cells, noise)):
            found[place] = self._p_values(fit, turned[1:])
        return {f"p_{name}": values for name, values in zip(self.predictors, found.T, strict=True)}

    @staticmethod
    def _p_values(fit: Fit, turned: NDArray[np.float64]) -> NDArray[np.float64]:
        def p_value(one: NDArray[np.float64]) -> NDArray[np.float64]:
            size = np.abs(one @ fit.coefficients)
            return least_level(lambda alpha: size > fit.half_widths(one, alpha), 1)

        return np.concatenate([p_value(one) for one in turned[:, None]])

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the population's coefficients, and of the count of rows."""
        found, turned = self.estimates(cells), self._units()[0]
        half = np.array([fit.half_widths(turned, alpha) for fit in self._fits(cells, noise)]).reshape(len(cells), -1)
        told = {
            name: (found[name] - own, found[name] + own)
            for name, own in zip((INTERCEPT, *self.predictors), half.T, strict=True)
        }
        reach = float(noise.combined(np.full((1, 1), self.step), alpha)[0])
        return {**told, "count": (found["count"] - reach, found["count"] + reach)}

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say where nothing could be fitted."""
        if np.isfinite(self._fits(cells[:1], noise)[0].half_widths(self._units()[0], 0.05)).all():
            return ()
        return (
            "noise can make this design singular, so that nothing is said of its coefficients: too few rows, too small "
            "a price, bounds far too wide, or a predictor that follows from others. It was charged",
        )

    def _expected(self, rows: int) -> NDArray[np.int64]:
        """Return the cells of numbers that spread evenly within their bounds, independently of each other."""
        even = {0: 1.0, 1: 0.0, 2: 1 / 3, 3: 0.0, 4: 1 / 5}
        wanted = all_products(len(self.predictors), fourth=self.robust)
        each = np.array([math.prod(even[of.count(place)] for place in set(of)) for of in wanted]) * rows
        each[: self._two] *= self._full // FULL
        return np.rint(each * FULL).astype(np.int64)

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return how far the intercept errs at most, with so many rows as :meth:`half_widths` has it."""
        return self.half_widths(noise, alpha, rows)[INTERCEPT]

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return those of coefficients where numbers spread evenly within their bounds, independently of each other."""
        found: dict[str, float | None] = dict.fromkeys((INTERCEPT, *self.predictors, "r2"))
        if rows is not None:
            half = self._fit(self._expected(rows), noise).half_widths(self._units()[0], alpha)
            each = [float(own) if math.isfinite(own) else None for own in half]
            found.update(zip((INTERCEPT, *self.predictors), each, strict=True))
        count = float(noise.combined(np.full((1, 1), self.step), alpha)[0])
        return {**found, "count": count, **dict.fromkeys(f"p_{name}" for name in self.predictors)}

    def dominated(self, lower: NDArray[Any], upper: NDArray[Any]) -> NDArray[np.bool_]:
        """Return where the interval is infinite: a coefficient near 0 may be what is asked for."""
        return ~np.isfinite(upper - lower)

    def unit_of(self, name: str) -> str:
        """Return the response's column for the intercept; a slope is of two units."""
        return "rows" if name == "count" else self.response if name == INTERCEPT else ""

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is estimated."""
        spread = (
            "residuals may spread unequally (robust)"
            if self.robust
            else "residuals are taken to spread alike for all predictors: where they do not, ask for robust=True"
        )
        return (
            self.clipping(),
            "estimated are the coefficients of the clipped numbers in the population that the rows were drawn from: "
            "bounds that clip much of a column give those of another line",
            f"intervals and p-values hold noise and sampling; {spread}",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say what standard errors to expect."""
        many = rows or _EXAMPLE
        fit, plain = (self._fit(self._expected(many), each) for each in (noise, None))
        one = {"alpha": 0.3173}  # of which a normal variable's half-width is one deviation
        told = []
        for place, name in enumerate((INTERCEPT, *self.predictors)):
            turned = self._units()[0][place : place + 1]
            both = (float(each.half_widths(turned, **one)[0]) for each in (fit, plain))
            noisy, own = (error_text(width) if math.isfinite(width) else "no bound" for width in both)
            told.append(f"{name} {noisy} ({own} without noise)")
        return (
            f"standard errors to expect with {many:,} rows that spread evenly within the bounds: {', '.join(told)}",
            *self._dearer(),
            *hidden(least_rows(lambda many: self._fitted(many, noise)), rows, "the coefficients"),
            *dependent_rows(question),
        )

    def _dearer(self) -> tuple[str, ...]:
        """Say what robust intervals cost: by how much larger the noise on products of two is."""
        if not self.robust:
            return ()
        plain, own = LeastSquares(self.response, self.predictors, self.ends).reach, self.reach
        l1, l2 = error_text(own.l1 / plain.l1 / LIFT), error_text(own.l2 / plain.l2 / LIFT)
        return (
            f"robust intervals ask for {self.width - self._two:,} more sums: noise on the coefficients is {l2} times "
            f"as large as without, and {l1} times where it is Laplace's",
        )

    def _fitted(self, rows: int, noise: Noise) -> bool:
        """Whether something can be said of numbers that spread evenly within their bounds."""
        half = self._fit(self._expected(rows), noise).half_widths(self._units()[0], 0.05)
        return bool(np.isfinite(half).all())

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        each = {name: ends.canonical() for name, ends in zip(self.columns, self.ends, strict=True)}
        names = sorted(self.predictors)
        ends = [each[name] for name in (*names, self.response)]
        told: dict[str, object] = {**self.mark, "column": self.response, "predictors": names, "ends": ends}
        return {**told, "robust": True} if self.robust else told

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the fit that a record tells."""
        ends = tuple(ValueBounds(float(each[0]), float(each[1])) for each in record["ends"])
        if len(ends) != len(record["predictors"]) + 1:
            raise ValueError("bounds do not fit the columns")
        return cls(record["column"], tuple(record["predictors"]), ends, record.get("robust", False) is True)

    def __str__(self) -> str:
        """Return the fit in words."""
        spread = ", with robust intervals" if self.robust else ""
        return f"least squares of {self.response!r} by {', '.join(map(repr, self.predictors))}{spread}"
