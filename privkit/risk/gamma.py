"""The digamma function, so that the population models need no SciPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: From here on the asymptotic series is exact to double precision.
_LARGE = 10


def digamma(x: ArrayLike) -> NDArray[np.float64]:
    """Return ψ(x) = d/dx ln Γ(x) for x > 0.

    ψ(x) = ψ(x + 1) - 1/x up to x >= 10, then the asymptotic series (Abramowitz and Stegun 6.3.18).

    Examples
    --------
    >>> float(digamma(1.0).round(12))
    -0.577215664902
    """
    values = np.array(x, dtype=np.float64)
    below = np.zeros_like(values)
    for _ in range(_LARGE):
        small = values < _LARGE
        if not small.any():
            break
        below -= np.where(small, 1 / np.where(small, values, 1.0), 0.0)
        values = np.where(small, values + 1, values)
    r = 1 / values**2
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))
    result: NDArray[np.float64] = np.log(values) - 0.5 / values - series + below
    return result
