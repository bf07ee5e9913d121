"""The digamma function, so that the population models need no SciPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: From here on the asymptotic series is exact to double precision.
_LARGE = 10


def digamma(x: float) -> float:
    """Return ψ(x) = d/dx ln Γ(x) for x > 0.

    ψ(x) = ψ(x + 1) - 1/x up to x >= 10, then the asymptotic series (Abramowitz and Stegun 6.3.18).

    Examples
    --------
    >>> round(digamma(1.0), 12)
    -0.577215664902
    """
    below = 0.0
    while x < _LARGE:
        below -= 1 / x
        x += 1
    return math.log(x) - _tail(x) + below


def digammas(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ψ of each element."""
    values, below = np.array(x, dtype=np.float64), np.zeros(len(x))
    while (small := values < _LARGE).any():
        below -= np.where(small, 1 / values, 0.0)
        values = np.where(small, values + 1, values)
    result: NDArray[np.float64] = np.log(values) - _tail(values) + below
    return result


def _tail(x: Any) -> Any:
    """Return ln(x) - ψ(x) for large x."""
    r = 1 / x**2
    return 0.5 / x + r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
