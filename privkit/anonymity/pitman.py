"""Population uniques by Pitman's sampling formula.

The digamma function, so that the population models need no SciPy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

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


#: The largest α that is told from 1.
_LARGEST_ALPHA = 1 - 1e-9


def pitman(
    j: NDArray[np.int64], counts: NDArray[np.int64], population: int
) -> tuple[float | None, dict[str, float], str]:
    """Estimate population uniques by Pitman's sampling formula, fitted by maximum likelihood (Hoshino 2001).

    L(θ, α) = Π_{i=1}^{u-1} (θ + iα) / Π_{i=1}^{n-1} (θ + i) · Π_j [Π_{l=1}^{j-1} (l - α)]^{s_j};
    E[S1] = Γ(θ + 1) / Γ(θ + α) N^α. Sums are differences of digammas, so that the cost does not grow with n.

    Parameters
    ----------
    j, counts : arrays of int64
        The class sizes that occur, ascending, and how many classes have each.
    population : int
    """
    n, u = int((j * counts).sum()), int(counts.sum())
    if u == n:
        return None, {}, "Every row is a sample unique: the likelihood grows up to α = 1."
    if u == 1:
        return None, {}, "One class alone determines no model."
    alpha = _alpha(j, counts, n, u)
    if alpha >= _LARGEST_ALPHA:
        return None, {}, "The likelihood has no maximum below α = 1."
    theta = _theta(alpha, n, u)
    uniques = (
        math.exp(math.lgamma(theta + 1) - math.lgamma(theta + alpha) + alpha * math.log(population))
        if (theta + alpha > 0)
        else None
    )
    return uniques, {"theta": theta, "alpha": alpha}, ""


def _alpha(j: NDArray[np.int64], counts: NDArray[np.int64], n: int, u: int) -> float:
    """Return the α at which the profile likelihood is largest; 0 where it falls from there on."""

    def slope(alpha: float) -> float:
        theta = _theta(alpha, n, u)
        shares = float(np.sum(counts * (digammas((j - alpha).astype(np.float64)) - digamma(1 - alpha))))
        return _sum_of_ratios(theta, alpha, u) - shares

    low, high = 0.0, _LARGEST_ALPHA
    if slope(low) <= 0:
        return low
    return high if slope(high) > 0 else _root(slope, low, high)


def _sum_of_ratios(theta: float, alpha: float, u: int) -> float:
    """Return Σ_{i=1}^{u-1} i / (θ + iα)."""
    if alpha < 1e-8:
        return u * (u - 1) / 2 / theta
    return (u - 1 - theta * _sum_of_inverses(theta, alpha, u)) / alpha


def _sum_of_inverses(theta: float, alpha: float, u: int) -> float:
    """Return Σ_{i=1}^{u-1} 1 / (θ + iα)."""
    if alpha < 1e-8:
        return (u - 1) / theta
    return (digamma(theta / alpha + u) - digamma(theta / alpha + 1)) / alpha


def _theta(alpha: float, n: int, u: int) -> float:
    """Return the θ > -α at which the likelihood is largest for this α.

    Its slope Σ 1/(θ + iα) - Σ 1/(θ + i) falls from +∞ at -α to below 0 (as u < n), so it has a root.
    """

    def slope(log: float) -> float:
        theta = math.exp(log) - alpha
        return _sum_of_inverses(theta, alpha, u) - (digamma(theta + n) - digamma(theta + 1))

    low, high = math.log(1e-12), 1.0
    while slope(high) >= 0 and high < 60:
        high += 2
    return math.exp(_root(slope, low, high)) - alpha


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that is positive at `low` and negative at `high` changes sign.

    Illinois: the secant of the bracket, where the value of an end that stays is halved; every fourth step bisects.
    """
    at_low, at_high = function(low), function(high)
    for step in range(400):
        middle = (low + high) / 2 if step % 4 == 3 else low + (high - low) * at_low / (at_low - at_high)
        if not low < middle < high:
            middle = (low + high) / 2
        if middle in {low, high} or high - low <= 1e-14 * max(abs(low), abs(high)):
            break
        value = function(middle)
        if value == 0:
            return middle
        if value > 0:
            low, at_low, at_high = middle, value, at_high / 2
        else:
            high, at_high, at_low = middle, value, at_low / 2
    return (low + high) / 2
