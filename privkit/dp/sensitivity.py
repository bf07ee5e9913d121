"""How far one person can move what is released, in each norm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privkit.values.contribution import ContributionBounds


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
    >>> from privkit.values.contribution import ContributionBounds
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
