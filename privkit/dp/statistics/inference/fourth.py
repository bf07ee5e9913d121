"""How far residuals spread, weighted by where the predictors lie: from sums of products of up to four numbers."""

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
