"""Least squares from a noisy matrix of sums of products: coefficients, and how far noise and sampling carry them.

How far residuals spread, weighted by where the predictors lie: from sums of products of up to four numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.noise.sampling import cell_variance, widths
from privkit.tally.products import FULL, Product, products

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise


#: By how many times products of two stand larger than those of more: noise on these only widens an interval a little.
LIFT = 4


@lru_cache(maxsize=16)
def all_products(predictors: int, *, fourth: bool) -> tuple[Product, ...]:
    """Return the products that a regression asks for, the response in the last place.

    First those of two of 1 and the numbers. Where `fourth`, then those of three and four that stand in the products of
    two predictors (and 1) with the square of a residual: so the response stands in them twice at most.

    Examples
    --------
    >>> all_products(1, fourth=True)[6:]
    ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 0, 0, 0), (0, 0, 0, 1), (0, 0, 1, 1))
    """
    two = products(predictors + 1)
    if not fourth:
        return two
    every = (of for size in (3, 4) for of in combinations_with_replacement(range(predictors + 1), size))
    return (*two, *(of for of in every if of.count(predictors) <= 2))


@lru_cache(maxsize=64)
def ordered_products(turned: tuple[int, ...], *, fourth: bool) -> NDArray[np.int64]:
    """Return where the products of numbers in another order stand: number i of theirs is number ``turned[i]``.

    Examples
    --------
    >>> ordered_products((1, 0, 2), fourth=False).tolist()  # 1, z₁, z₀, y, z₁², z₁z₀, z₁y, ...
    [0, 2, 1, 3, 7, 5, 8, 4, 6, 9]
    """
    wanted = all_products(len(turned) - 1, fourth=fourth)
    known = {of: place for place, of in enumerate(wanted)}
    return np.array([known[tuple(sorted(turned[place] for place in of))] for of in wanted])


@lru_cache(maxsize=16)
def _places(predictors: int) -> NDArray[np.int64]:
    """Return the cell of each product of a pair of (1, x) and a pair of (1, x, y)."""
    known = {of: place for place, of in enumerate(all_products(predictors, fourth=True))}
    left, right = products(predictors), products(predictors + 1)
    return np.array([[known[tuple(sorted((*one, *other)))] for other in right] for one in left])


def folded(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of the upper half of a matrix, where both halves are the same cell."""
    both = weights + weights.T - np.diag(np.diag(weights))
    return np.asarray(both[np.triu_indices(len(both))])


@dataclass(frozen=True, slots=True, eq=False)
class Fourth:
    """The noisy sums of all products that a regression asks for.

    Attributes
    ----------
    sums : array of float64, shape (w,)
    noise : Noise or None
    predictors : int
    """

    sums: NDArray[np.float64]
    noise: Noise | None
    predictors: int

    @property
    def _units(self) -> NDArray[np.float64]:
        """What one step of the noise of each cell is worth."""
        two = len(products(self.predictors + 1))
        return np.where(np.arange(len(self.sums)) < two, 1 / (LIFT * FULL), 1 / FULL)

    def _weights(self, row: NDArray[np.float64], form: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights of the cells in Σ (row'x)²·v'Tv, v = (x, y), for a symmetric form T."""
        both = np.outer(folded(np.outer(row, row)), folded(form))
        places = _places(self.predictors).ravel()
        return np.asarray(np.bincount(places, weights=both.ravel(), minlength=len(self.sums)), dtype=np.float64)

    def spread(
        self, row: NDArray[np.float64], turned: NDArray[np.float64], inverse: NDArray[np.float64], alpha: float
    ) -> float:
        """Return an upper limit of Σ (row'x)²·(turned'v)², which fails with probability alpha/2.

        Parameters
        ----------
        row : array, shape (p,)
        turned : array, shape (p + 1,)
            (−β, 1) of a fit to the same cells.
        inverse : array, shape (p, p)
            Of the noisy design.
        alpha : float
        """
        weights = self._weights(row, np.outer(turned, turned))
        above = float(widths(self.noise, (weights * self._units)[None], alpha)[0])
        return max(float(weights @ self.sums), 0.0) + above + self._followed(row, turned, inverse)

    def _followed(self, row: NDArray[np.float64], turned: NDArray[np.float64], inverse: NDArray[np.float64]) -> float:
        """Return what the fit takes from the sum on average by following the noise of the cells of two, where it does.

        With δ = inverse @ g, g the noise of the scores, the sum moves by −2·Σₖ δₖ·Lₖ, where Lₖ is the noise of
        Σ (row'x)²·xₖ·(turned'v): their covariance comes from the cells that both have.
        """
        size = len(row)
        taken = 0.0
        scores = np.stack([folded(np.outer(np.append(one, 0.0), turned)) for one in np.eye(size)])
        for place, own in enumerate(np.eye(size + 1)[:size]):
            half = np.outer(own, turned)
            cells = self._weights(row, (half + half.T) / 2)[: scores.shape[1]]
            taken += float(inverse[place] @ (scores @ cells))
        return max(2 * taken * cell_variance(self.noise) / (LIFT * FULL) ** 2, 0.0)


#: The share of alpha that goes to each of the two limits on which intervals rest: of the residuals and of the rows.
_LIMIT = 1 / 20
#: By how many times what noise may do to the design its least eigenvalue must exceed.
_CLEAR = 2.0
#: Fewer rows than these beside one for each coefficient, as far as the noise tells, say nothing.
_FEWEST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fit of the last variable by the others, of which the first is 1, in the scale of the sums.

    Attributes
    ----------
    sums : array of float64, shape (p + 1, p + 1)
        Noisy sums of products of (1, z₁, …, y), in rows.
    noise : Noise or None
    full : int
        What one step of the noise is a share of.
    coefficients : array of float64, shape (p,)
    inverse : array of float64, shape (p, p)
        Of the noisy design.
    usable : bool
        Whether the design is clear of the noise.
    fourth : Fourth or None
        The sums of products of up to four, where residuals are not taken to spread alike.
    """

    sums: NDArray[np.float64]
    noise: Noise | None
    full: int
    coefficients: NDArray[np.float64]
    inverse: NDArray[np.float64]
    usable: bool
    fourth: Fourth | None = None

    @classmethod
    def of(cls, cells: NDArray[np.int64], noise: Noise | None, full: int, size: int | None = None) -> Fit:
        """Fit the noisy cells: the upper half of a matrix, row by row, of so many variables with 1 and y.

        Where a `size` is told, those of products of three and four follow, and the first ones stand `LIFT` times as
        large (`privkit.dp.statistics.inference.least_squares`).
        """
        fourth = None
        if size is None:
            size = int(np.sqrt(2 * len(cells)))
        else:
            two = size * (size + 1) // 2
            sums = np.append(cells[:two] / (LIFT * full), cells[two:] / full)
            cells, full, fourth = cells[:two], LIFT * full, Fourth(sums, noise, size - 2)
        sums = np.zeros((size, size))
        sums[np.triu_indices(size)] = cells / full
        sums = sums + np.triu(sums, 1).T
        design, moments = sums[:-1, :-1], sums[:-1, -1]
        usable = bool(np.linalg.eigvalsh(design)[0] > _CLEAR * stirred(noise, full, size - 1))
        inverse: NDArray[np.float64] = np.asarray(np.linalg.pinv(design, hermitian=True), dtype=np.float64)
        return cls(sums, noise, full, inverse @ moments, inverse, usable, fourth)

    @property
    def rows(self) -> float:
        """The noisy number of rows."""
        return float(self.sums[0, 0])

    @property
    def residuals(self) -> float:
        """The noisy sum of squares of residuals."""
        turned = np.append(-self.coefficients, 1.0)
        return float(turned @ self.sums @ turned)

    @property
    def explained(self) -> float:
        """R²: the share of the spread of y that the fit explains, between 0 and 1."""
        total = self.sums[-1, -1] - self.sums[0, -1] ** 2 / max(self.rows, 1.0)
        return float(np.clip(1 - self.residuals / total, 0.0, 1.0)) if total > 0 else 0.0

    def half_widths(self, combinations: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
        """Return how far linear combinations of the coefficients, in rows, err with probability 1 − alpha.

        The proof is in `privkit.dp.statistics.inference.regression`.
        """
        if not self.usable:
            return np.full(len(combinations), np.inf)
        count, turned = len(self.coefficients), np.append(-self.coefficients, 1.0)
        limit = alpha * _LIMIT
        least = self.rows - float(widths(self.noise, np.ones((1, 1)) / self.full, 2 * limit)[0])
        if least < count + _FEWEST:
            return np.full(len(combinations), np.inf)
        pulled = combinations @ self.inverse
        weights = np.stack([folded(_with(row, turned)) for row in pulled])
        if self.fourth is None:
            sampling = self._even(pulled, turned, 2 * limit, least - count)
        else:
            each = [self.fourth.spread(row, turned, self.inverse, 2 * limit) for row in pulled]
            sampling = np.array(each) * least / (least - count)
        return widths(self.noise, weights / self.full, alpha * (1 - 2 * _LIMIT), sampling, least - count)

    def _even(
        self, pulled: NDArray[np.float64], turned: NDArray[np.float64], alpha: float, freedom: float
    ) -> NDArray[np.float64]:
        """Return an upper limit of σ²·Σ(row'x)², of residuals that spread alike, which fails with alpha/2."""
        count, spread = len(self.coefficients), cell_variance(self.noise) / self.full**2
        above = float(widths(self.noise, folded(np.outer(turned, turned))[None] / self.full, alpha)[0])
        scores = np.stack([folded(_with(row, turned)) for row in np.eye(count)])
        excess = spread * float(np.trace(self.inverse @ scores @ scores.T))
        variance = (max(self.residuals, 0.0) + above + excess) / freedom
        return np.asarray(variance * np.einsum("ij,jk,ik->i", pulled, self.sums[:-1, :-1], pulled))


def stirred(noise: Noise | None, full: int, size: int) -> float:
    """Return about the most by which noise moves the eigenvalues of a design of so many coefficients.

    The norm of a symmetric matrix of independent entries of deviation s is near 2s·√p (Wigner 1955); three deviations
    are added.
    """
    return float(np.sqrt(cell_variance(noise))) / full * (2 * np.sqrt(size) + 3)


def _with(row: NDArray[np.float64], turned: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of the sums in Σ rowᵢ · (sums @ turned)ᵢ."""
    return np.outer(np.append(row, 0.0), turned)
