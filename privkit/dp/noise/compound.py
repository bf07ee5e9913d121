"""Noise that is made of others', and what measurements cost together."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.dp.noise.noise import ALPHA, Noise, with_delta

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.measurement import Sensitivity


@dataclass(frozen=True, slots=True)
class Compound(Noise):
    """Several noises in one: what is said of its cells is said of those of one part, the leading one."""

    @property
    @abstractmethod
    def leading(self) -> Noise:
        """The noise of the cells that the answer is told by."""

    def measurement(self) -> Any:
        """Each part has its own."""
        raise TypeError(f"{self.name} has one measurement for each part")

    def distance(self, sensitivity: Sensitivity) -> float:
        """Return the distance of the leading part."""
        return self.leading.distance(sensitivity)

    def half_width(self, alpha: float = ALPHA) -> int:
        """Return the half-width of the leading part's cells."""
        return self.leading.half_width(alpha)

    def chance(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of each error of the leading part's cells."""
        return self.leading.chance(errors)

    def combined(self, weights: NDArray[np.float64], alpha: float = ALPHA) -> NDArray[np.float64]:
        """Return half-widths for weighted sums of the leading part's cells."""
        return self.leading.combined(weights, alpha)


def added(stated: Iterable[Any]) -> tuple[Fraction, Fraction]:
    """Return the sum of what OpenDP's maps state, each a main loss or a pair of it and δ; exact.

    Examples
    --------
    >>> added([0.5, (0.25, 0.125)])
    (Fraction(3, 4), Fraction(1, 8))
    """
    pairs = [with_delta(found) for found in stated]
    return sum((Fraction(p[0]) for p in pairs), Fraction(0)), sum((Fraction(p[1]) for p in pairs), Fraction(0))
