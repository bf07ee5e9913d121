"""How far noise and sampling together carry a number: half-widths of their sum.

The error of an estimate from noisy moments is a sum of two: what the rows that were drawn differ from the population,
near normal with many rows, and a weighted sum of the noise of the cells.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.noise.noise import Gaussian, Laplace, Noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: No p-value is told below this one: so far out nobody knows the tails of what is nearly normal.
LEAST_P = 1e-9
#: Noise of a smaller scale is 0, but with a chance below 1e-14.
_SILENT = 0.03
#: Where noise has a smaller share of the variance, the sum is taken for normal.
_NO_SHARE = 1e-9


def cell_variance(noise: Noise | None) -> float:
    """Return a bound on the variance of one cell's noise, in steps squared; 0 where there is none.

    A discrete Laplace has less than the 2·scale² of the continuous one, a discrete Gaussian at most scale² (Canonne,
    Kamath and Steinke 2020, corollary 9).

    Examples
    --------
    >>> cell_variance(Laplace(10.0)), cell_variance(Gaussian(10.0)), cell_variance(None)
    (200.0, 100.0, 0.0)
    """
    if noise is None or noise.scale < _SILENT:
        return 0.0
    assert isinstance(noise, Laplace | Gaussian)
    return (2.0 if isinstance(noise, Laplace) else 1.0) * noise.scale**2


def widths(
    noise: Noise | None,
    weights: NDArray[np.float64],
    alpha: float,
    sampling: NDArray[np.float64] | float = 0.0,
    degrees: NDArray[np.float64] | float = np.inf,
) -> NDArray[np.float64]:
    """Return h with P(|N + Σ wᵢ·Xᵢ| ≤ h) ≥ 1 − alpha, one h for each row of weights.

    X are the cells' independent noises; N is normal with the variance `sampling`, which was estimated with so many
    `degrees` of freedom (inf: it is known).

    *Normal noise* adds its variance. *Laplace noise* see :func:`laplace_and_normal`. A discrete Laplace X is a
    continuous L less an independent symmetric variable (the parts after the point of two exponential ones), and so for
    Gaussian noise but for what no eye sees; so N + ΣwX is less spread than N + ΣwL where it is unimodal (Anderson
    1955): where N is as wide as a step. Elsewhere h is Σ|wᵢ| wider (`privkit.dp.noise.noise.laplace_quantile`).

    *Student.* Where the variance is estimated, what Student's quantile exceeds the normal one by is added, by its
    expansion to 1/ν³ (Fisher and Cornish 1960), at Welch's and Satterthwaite's degrees of freedom of the sum: the
    noise's part is known.

    Parameters
    ----------
    noise : Noise or None
    weights : array, shape (n, k)
    alpha : float
    sampling, degrees : array, shape (n,), or float

    Returns
    -------
    array of float64, shape (n,)

    Examples
    --------
    >>> widths(Gaussian(1e6), np.array([[1.0, 0.0], [3.0, 4.0]]), 0.05, np.array([0.0, 11e12])).round(-4)
    array([ 1960000., 11760000.])
    """
    own = cell_variance(noise) * weights**2
    total = np.maximum(sampling + own.sum(axis=1), np.finfo(float).tiny)
    z = NormalDist().inv_cdf(1 - alpha / 2)
    few = (np.asarray(sampling, dtype=float) / total) ** 2 / degrees
    student = (z**3 + z) * few / 4 + (5 * z**5 + 16 * z**3 + 3 * z) * few**2 / 96
    student = student + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) * few**3 / 384
    shares = own / total[:, None]
    reach = np.full(len(own), z)
    if isinstance(noise, Laplace) and (heavy := shares.sum(axis=1) > _NO_SHARE).any():
        reach[heavy] = laplace_and_normal(shares[heavy], alpha)
    sizes = np.abs(weights)
    coarse = (np.sqrt(sampling) < sizes.max(axis=1)) & (cell_variance(noise) > 0)
    return np.asarray(np.sqrt(total) * (reach + student) + np.where(coarse, sizes.sum(axis=1), 0.0))


#: Steps of the inversion in t, and how many: to t = 40 by 0.2, of a variable of variance 1.
_STEP, _STEPS = 0.2, 200
#: What the inversion leaves out of a tail at most; and at levels above 0.15, near the middle.
_SPARE, _SPARE_NEAR, _NEAR = 3.2e-5, 4e-4, 0.15
#: Below this level tails are bounded as Chernoff has it.
_DEEP = 1e-4


def laplace_and_normal(shares: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return h with P(|S| ≤ h) ≥ 1 − alpha for a sum S of variance 1 of Laplace variables and a normal one.

    *By inversion.* S has the characteristic function φ(t) = exp(−τ²t²/2) / Π(1 + bᵢ²t²), and P(|S| > h) is 1 −
    (2/π)·∫φ(t)·sin(ht)/t dt. Beyond T = 40, φ(t)/t falls, so that the integral is at most (2/h)·φ(T)/T there (second
    mean value theorem); and φ(T) ≤ 1/(1 + T²/2), since each factor of its inverse is at least 1 + vᵢT²/2, with the
    variances vᵢ of sum 1. For h ≥ 1.25 that is less than 3.2e-5, and for any h less than (2/π)/T², 4e-4: they are given
    away, the second one at levels above 0.15, whose h may be smaller. The midpoint rule of step 0.2 wraps S on a period
    of 31 deviations, beyond which is nothing. The tail is convex in h, as S is unimodal, so that Newton's steps come
    from below to its place.

    *Deep tails*, below 1e-4: P(|S| > h) ≤ 2·exp(τ²t²/2 − Σ log(1 − bᵢ²t²) − th) for each t below all 1/bᵢ (Chernoff).

    Parameters
    ----------
    shares : array, shape (n, k)
        The variances of the Laplace variables; the rest of 1 is that of the normal one.
    alpha : float

    Examples
    --------
    >>> laplace_and_normal(np.array([[1.0], [0.0]]), 0.05).round(3)  # ln(20)/√2, and 1.96
    array([2.119, 1.96 ])
    """
    shares, back = np.unique(np.round(shares, 9), axis=0, return_inverse=True)
    normal = np.maximum(1 - shares.sum(axis=1), 0.0)
    back = back.ravel()
    if alpha < _DEEP:
        return _chernoff(shares, normal, alpha)[back]
    return _inverted(shares, normal, alpha - (_SPARE if alpha <= _NEAR else _SPARE_NEAR))[back]


def _inverted(shares: NDArray[np.float64], normal: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    times = (np.arange(_STEPS) + 0.5) * _STEP
    shape = np.exp(-normal[:, None] * times**2 / 2)
    for part in shares.T:
        shape /= 1 + part[:, None] * times**2 / 2
    shape *= 2 / np.pi * _STEP
    found = np.zeros(len(shape))
    for _ in range(40):
        turned = found[:, None] * times
        tail = 1 - (shape * np.sin(turned) / times).sum(axis=1)
        steps = (tail - alpha) / (shape * np.cos(turned)).sum(axis=1)
        found += np.maximum(steps, 0.0)
        if steps.max(initial=0) < 1e-7:
            break
    return found * (1 + 1e-6)


def _chernoff(shares: NDArray[np.float64], normal: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    most = 0.999 / np.sqrt(np.maximum(shares.max(axis=1, initial=0.0) / 2, 1e-12))
    times = np.minimum(np.geomspace(0.3, 30.0, 120), most[:, None])
    growth = normal[:, None] * times**2 / 2
    for part in shares.T:
        growth -= np.log1p(-part[:, None] / 2 * times**2)
    return np.asarray(((growth + np.log(2 / alpha)) / times).min(axis=1))


def least_level(rejects: Callable[[float], NDArray[np.bool_]], size: int) -> NDArray[np.float64]:
    """Return for each number the least alpha at which a test rejects: its p-value, not below 1e-9.

    Parameters
    ----------
    rejects : callable
        From alpha to what is rejected there, shape (size,); what is rejected at an alpha is so at every larger one.

    Examples
    --------
    >>> least_level(lambda alpha: np.array([alpha >= 0.02, alpha >= 2.0]), 2).round(9)
    array([0.02, 1.  ])
    """
    found, most, least = np.ones(size), rejects(1.0 - 1e-12), rejects(LEAST_P)
    found[least] = LEAST_P
    for place in np.flatnonzero(most & ~least):
        low, high = np.log(LEAST_P), 0.0
        while high - low > 1e-10:
            middle = (low + high) / 2
            low, high = (low, middle) if rejects(float(np.exp(middle)))[place] else (middle, high)
        found[place] = np.exp(high)
    return found
