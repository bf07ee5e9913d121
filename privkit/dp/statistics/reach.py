"""How far one contribution moves the cells of its group, how far one person moves all, and what rounding adds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.values.bounds import ContributionBounds


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one contribution moves the `width` cells of its own group: by at most `l1`, `l2` and `linf`.

    Attributes
    ----------
    l1, linf : int
        In steps of the answer's grid.
    l2 : float
        Rounded up.
    width : int
        How many cells a group has.
    """

    l1: int = 1
    l2: float = 1.0
    linf: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How far one person moves the whole answer: at most `l0` cells, one of them by `linf`, all by `l1` and `l2`.

    A person has at most R contributions in all, or at most P in each of G groups. Each moves its group's block of
    cells by a vector of norms at most (l1, l2, l∞), and blocks are disjoint. By the triangle inequality within a block
    and orthogonality across blocks:

    - R in all: L1 = R·l1, L2 = R·l2 (worst in one block), L∞ = R·l∞;
    - (G, P): L1 = G·P·l1, L2 = √G·P·l2, L∞ = P·l∞.

    Examples
    --------
    >>> from privkit.values.bounds import ContributionBounds
    >>> Sensitivity.of(ContributionBounds(max_groups=4, per_group=5), Reach())
    Sensitivity(l0=4, l1=20, l2=10.0, linf=5)
    """

    l0: int
    l1: int
    l2: float
    linf: int

    @classmethod
    def of(cls, bounds: ContributionBounds, reach: Reach) -> Sensitivity:
        """Return the sensitivity of a statistic whose single contributions have this `reach`."""
        return cls(
            bounds.l0 * reach.width, bounds.l1 * reach.l1, product_up(bounds.l2, reach.l2), bounds.linf * reach.linf
        )


def product_up(left: float, right: float) -> float:
    """Return the product of two floats, not below the exact product of what they stand for.

    Either factor may be a square root rounded to nearest: two steps up cover both roundings and the product's own.
    """
    if left.is_integer() and right.is_integer() and abs(left * right) < 2**53:
        return left * right
    return math.nextafter(math.nextafter(math.nextafter(left * right, math.inf), math.inf), math.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """How far the exact bounded number may lie from the same weighted sum of exact cells.

    At most by ``fixed``, and by a weighted sum of the exact cells (like so much per row, of which they tell how many).
    Public facts and released integers alone; no probability is in it.

    Attributes
    ----------
    fixed : float
    weights : array of float64, shape (width,), or None
        All at least 0.
    """

    fixed: float = 0.0
    weights: NDArray[np.float64] | None = None

    @property
    def is_none(self) -> bool:
        """Whether there is none."""
        return not self.fixed and self.weights is None

    def bounds(self, cells: NDArray[np.int64], noise: Noise, miss: float) -> NDArray[np.float64]:
        """Return bounds for each group from noisy cells, which fail with probability at most `miss` each.

        The weighted sum of exact cells is that of the noisy ones less the noise, which exceeds its two-sided quantile
        h at one side with probability at most miss / 2.
        """
        if self.weights is None:
            return np.full(len(cells), self.fixed)
        reach = float(noise.combined(self.weights[None, :], miss)[0])
        return self.fixed + np.maximum(cells @ self.weights + reach, 0.0)
