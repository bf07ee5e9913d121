"""Ratios of two noisy sums: limits by Fieller's method, estimates, and how far they err."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise


#: Parts of [0, 1] on which a ratio is ruled out, or not.
_PARTS = 128


def ratio_limits(  # noqa: PLR0917
    cells: NDArray[np.int64],
    above: NDArray[np.float64],
    below: NDArray[np.float64],
    noise: Noise,
    alpha: float,
    slack: float = 0.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return limits for Σ aboveᵢ·Bᵢ / Σ belowᵢ·Bᵢ, known to lie in [0, 1], from noisy cells of B.

    For the true ratio θ, Σ (aboveᵢ − θ·belowᵢ)·Bᵢ = 0, so the same sum over the noisy cells is nothing but noise, and
    exceeds its quantile h(θ) with probability at most alpha. All θ that this does not rule out are a confidence set
    (Fieller 1954), whatever the denominator is; returned is the least interval that holds it. On each of 128 parts of
    [0, 1] h is bounded by its value at the largest size of every weight there, which only widens the interval.

    Parameters
    ----------
    cells : array of int64, shape (groups, k)
    above, below : arrays, shape (k,)
    slack : float
        How far Σ aboveᵢ·Bᵢ may be from the numerator that is meant: then |Σ (aboveᵢ − θ·belowᵢ)·Bᵢ| ≤ slack.

    Returns
    -------
    lower, upper : arrays, shape (groups,)
        (0, 1) where nothing is ruled out, or all is.
    """
    edges = np.linspace(0.0, 1.0, _PARTS + 1)
    weights = np.abs(above - edges[:, None] * below)
    reach = noise.combined(np.maximum(weights[:-1], weights[1:]), alpha) + slack
    numerator, denominator = cells @ above, cells @ below
    # |numerator − θ·denominator| ≤ reach on each part: an interval of θ, cut to the part.
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.stack([(numerator[:, None] - reach), (numerator[:, None] + reach)]) / denominator[:, None]
    first, last = np.fmin(ends[0], ends[1]), np.fmax(ends[0], ends[1])
    free = (denominator == 0)[:, None]
    possible = np.where(free, np.abs(numerator[:, None]) <= reach, (first <= edges[1:]) & (last >= edges[:-1]))
    lower = np.where(possible, np.maximum(np.where(free, 0.0, first), edges[:-1]), np.inf).min(axis=1)
    upper = np.where(possible, np.minimum(np.where(free, 1.0, last), edges[1:]), -np.inf).max(axis=1)
    empty = ~possible.any(axis=1)
    return np.where(empty, 0.0, lower), np.where(empty, 1.0, upper)


def ratio_estimates(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ratio in [0, 1] that noisy sums contradict least; 0.5 where nothing tells.

    That is their quotient where it lies there, whatever their signs are. Else |numerator − θ·denominator| is least at
    one end of [0, 1], to which θ is set. So where an interval of :func:`ratio_limits` rules anything out, it holds
    this: at the ends, which weigh cells alike, the noise reaches as far as between them, or farther.

    Examples
    --------
    >>> ratio_estimates(np.array([3.0, -1.0, 5.0, -3.0, 0.0]), np.array([4.0, 4.0, -2.0, -4.0, 0.0])).tolist()
    [0.75, 0.0, 0.0, 0.75, 0.5]
    """
    end = (1 + np.sign(np.abs(numerator) - np.abs(numerator - denominator))) / 2
    found = np.divide(numerator, denominator, out=end.copy(), where=denominator != 0)
    return np.where((found >= 0) & (found <= 1), found, end)


def ratio_half_width(  # noqa: PLR0917
    above: NDArray[np.float64], below: NDArray[np.float64], total: float, noise: Noise, alpha: float, slack: float = 0.0
) -> float:
    """Return t such that a ratio whose denominator is `total` errs by at most t with probability 1 − alpha.

    The estimate errs by more than t above (below) only if Σ (aboveᵢ − (θ ± t)·belowᵢ)·noiseᵢ exceeds t·total on one
    side. Both sides together miss alpha if each of the two sums has its two-sided quantile below t·total. The worst θ
    in [0, 1] is taken, so the width holds for every ratio; `slack` is that of :func:`ratio_limits`. 1 at most.
    """
    thetas = np.linspace(0.0, 1.0, 17)[:, None]

    def fits(width: float) -> bool:
        weights = np.concatenate([above - (thetas + sign * width) * below for sign in (-1, 1)])
        return bool(noise.combined(weights, alpha).max() + slack <= width * total)

    if not fits(1.0):
        return 1.0
    high = 1.0
    while high > 1e-15 and fits(high / 2):
        high /= 2
    low = high / 2
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
