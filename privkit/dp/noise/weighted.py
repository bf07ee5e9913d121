"""The law of weighted sums of independent noise, by inverting its characteristic function."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.noise.noise import Gaussian, Laplace, Noise

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: The smoothing's deviation, in those of the sum; and how many of the smoothing's own deviations are given away for it.
_SMOOTH, _GIVEN = 0.01, 3.0
#: P(|Z| <= 3) of a normal variable, rounded down.
_INSIDE = 0.9973
#: What numbers beyond the period, and rounding, may add to a tail.
_SPARE = 1e-9
#: Noise that is 0 but for this probability is left out.
_NEGLIGIBLE = 1e-13


def variance(noise: Noise) -> float:
    """Return the noise's variance, in steps; of the discrete Gaussian, which has no closed form, the bound scale².

    Discrete Laplace: 2q/(1−q)² = 1 / (2·sinh²(1/2s)) with q = exp(−1/s). Discrete Gaussian: at most scale²
    (Canonne, Kamath and Steinke 2020, corollary 9).

    Examples
    --------
    >>> round(variance(Laplace(10.0)), 2), variance(Gaussian(3.0))
    (199.83, 9.0)
    """
    if isinstance(noise, Laplace):
        half = 1 / (2 * noise.scale)
        return 0.0 if half > 300 else 1 / (2 * math.sinh(half) ** 2)
    assert isinstance(noise, Gaussian)
    return noise.scale**2


def variances(scales: NDArray[np.float64], *, laplace: bool) -> NDArray[np.float64]:
    """Return the same of many scales; 0 where noise is 0 but for a negligible probability."""
    if not laplace:
        return scales**2
    stirs = 2 * np.exp(-1 / scales) > _NEGLIGIBLE
    return np.where(stirs, 1 / (2 * np.sinh(1 / (2 * np.where(stirs, scales, 1.0))) ** 2), 0.0)


def sum_quantile(terms: Mapping[Noise, tuple[float, ...]], alpha: float) -> float:
    """Return h with P(|Σ w·X| ≤ h) ≥ 1 − alpha for independent noises X, never too small and about 2 % too large.

    Let S be the sum, and Y = S + Z with Z normal of deviation τ, independent of S. If |S| > h and |Z| ≤ 3τ then
    |Y| > h − 3τ, so P(|S| > h) ≤ P(|Y| > h − 3τ) / P(|Z| ≤ 3τ). The characteristic function of Y is the product of
    those of the noises, which are known, and of exp(−τ²t²/2), so that it vanishes beyond t = 8/τ. Taken at the
    multiples of 2π/T it gives the probability of [−h, h] for Y wrapped on the period T, exactly (Poisson's sum); T is
    so long that what is wrapped is below 1e-9, which is given away besides.

    Parameters
    ----------
    terms : mapping
        For each noise, the sizes of the weights of its cells.
    alpha : float

    Examples
    --------
    >>> one = sum_quantile({Laplace(10.0): (1.0,)}, 0.05)
    >>> one, Laplace(10.0).half_width(0.05)
    (30.0, 30)
    >>> sum_quantile({Gaussian(10.0): (1.0,) * 100}, 0.05) / 100  # near the normal 1.96
    1.99
    """
    told = tuple((noise, tuple(sorted(map(abs, weights)))) for noise, weights in terms.items())
    return _quantile(told, alpha)


@lru_cache(maxsize=4096)
def _quantile(terms: tuple[tuple[Noise, tuple[float, ...]], ...], alpha: float) -> float:
    kept = [
        (noise, *np.unique([weight for weight in weights if weight > 0], return_counts=True))
        for noise, weights in terms
        if _stirs(noise)
    ]
    kept = [(noise, sizes, counts) for noise, sizes, counts in kept if len(sizes)]
    if not kept:
        return 0.0
    deviation = math.sqrt(sum(variance(noise) * float((sizes**2 * counts).sum()) for noise, sizes, counts in kept))
    largest = max(float(sizes[-1]) for _, sizes, _ in kept)
    smooth = _SMOOTH * max(deviation, largest / 2)
    period = 60 * max(deviation, largest)
    times = np.arange(1, int(8 / smooth / (2 * math.pi / period)) + 2) * (2 * math.pi / period)
    shape = np.exp(-((smooth * times) ** 2) / 2)
    for noise, sizes, counts in kept:
        for size, count in zip(sizes, counts, strict=True):
            shape *= _characteristic(noise, size * times) ** count
    reach = _inverted(shape, times, period, alpha * _INSIDE - _SPARE) + _GIVEN * smooth
    if len({float(size) for _, sizes, _ in kept for size in sizes}) == 1:  # the sum is a multiple of its one weight
        return math.floor(reach / largest) * largest
    return reach


def _inverted(shape: NDArray[np.floating[Any]], times: NDArray[np.floating[Any]], period: float, alpha: float) -> float:
    """Return the least h with P(|Y| ≤ h) ≥ 1 − alpha, to a millionth of the period, from the upper side."""
    weights = shape / times * (4 / period)
    low, high = 0.0, period / 2
    while high - low > period * 1e-7:
        middle = (low + high) / 2
        inside = 2 * middle / period + float(weights @ np.sin(middle * times))
        low, high = (low, middle) if inside >= 1 - alpha else (middle, high)
    return high


def _stirs(noise: Noise) -> bool:
    return not isinstance(noise, Laplace) or 2 * math.exp(-1 / noise.scale) > _NEGLIGIBLE


def _characteristic(noise: Noise, times: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return E exp(itX).

    Discrete Laplace: sinh²(1/2s) / (sinh²(1/2s) + sin²(t/2)). Discrete Gaussian: by its sum for small scales; else by
    Poisson's sum, Σ exp(−s²(t+2πk)²/2) over all whole k, normalized.
    """
    if isinstance(noise, Laplace):
        square = math.sinh(1 / (2 * noise.scale)) ** 2
        return square / (square + np.sin(times / 2) ** 2)
    scale = noise.scale
    if scale < 1:
        places = np.arange(0, math.ceil(9 * scale) + 1)  # what lies beyond has a chance below 1e-17
        chances = np.exp(-((places / scale) ** 2) / 2) * np.where(places > 0, 2, 1)  # of x and −x together
        # Σ chance·cos(x·t) is a Chebyshev series in cos(t).
        return np.asarray(np.polynomial.chebyshev.chebval(np.cos(times), chances)) / chances.sum()
    around = np.arange(-3, 4) * 2 * math.pi
    reduced = np.remainder(times + math.pi, 2 * math.pi) - math.pi
    found = sum(np.exp(-((scale * (reduced + turn)) ** 2) / 2) for turn in around)
    return np.asarray(found) / np.exp(-((scale * around) ** 2) / 2).sum()


#: Binary digits of a weight; how far from its mean, in deviations, what falls away may be, and how often it is not.
_DIGITS, _FAR, _RARE = 40, 1e5, 1e-10


def alike(
    which: NDArray[np.int64], sizes: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the terms of a sum, those of one noise whose weights differ by roundings of floats alone as one kind.

    Parameters
    ----------
    which : array of int64, shape (n,)
        The place of each kind's noise.
    sizes, counts : arrays, shape (n,)
        The size of its weight, above 0, and how many terms have it.

    Examples
    --------
    >>> import numpy as np
    >>> terms = np.array([0, 1, 0]), np.array([0.1 + 0.2, 1.0, 0.3]), np.array([2.0, 1.0, 3.0])
    >>> [each.tolist() for each in alike(*terms)]
    [[0, 1], [0.3000000000001819, 1.0], [5.0, 1.0]]
    """
    mantissa, power = np.frexp(sizes)
    near = np.ldexp(np.round(np.ldexp(mantissa, _DIGITS)), power - _DIGITS)
    order = np.lexsort((near, which))
    which, near, counts = which[order], near[order], counts[order]
    starts = np.flatnonzero(np.r_[True, (np.diff(which) != 0) | (np.diff(near) != 0)][: len(which)])
    return which[starts], near[starts], np.add.reduceat(counts, starts) if len(starts) else counts


#: What is left of a characteristic function, where its further factors, all at most 1, are not reckoned any more.
_GONE = 1e-25
#: Factors that are taken one by one, before the others are taken together where something is left.
_FIRST = 8


def counted_quantile(
    noises: Sequence[Noise],
    which: NDArray[np.int64],
    sizes: NDArray[np.float64],
    counts: NDArray[np.float64],
    alpha: float,
) -> float:
    """Return h with P(|Σ w·X| ≤ h) ≥ 1 − alpha: as :func:`sum_quantile`, of a sum with very many terms of few kinds.

    The noises are all discrete Laplace, or all discrete Gaussian. All their characteristic functions lie between 0 and
    1, so a product that has fallen below 1e-25 stays below it, and is taken as 0: the sum over frequencies is off by
    less than their number times that, which is far within what is given away for rounding. For Gaussian noise the
    period may be 20 deviations, since a sum of them is subgaussian with its deviation (Canonne, Kamath and Steinke
    2020, corollary 17): beyond 10 lies less than 1e-21.

    Weights may have been rounded by :func:`alike`, each by at most 2^-40 of itself. That moves the sum by at most D =
    2^-40 · Σ |w·X|, whose mean is at most 2^-40 · Σ |w|·(deviation of X), and whose deviation is at most 2^-40 times
    that of the sum. By Chebyshev's inequality D is above its mean by 1e5 such deviations with a probability of at most
    1e-10: both are given away.

    Parameters
    ----------
    noises : sequence of Noise
    which : array of int64, shape (n,)
        The place of each kind's noise.
    sizes, counts : arrays, shape (n,)
        The size of its weight, and how many terms have it.

    Examples
    --------
    >>> import numpy as np
    >>> two = np.array([0, 1]), np.array([1.0, 0.5]), np.array([1.0, 4.0])
    >>> counted_quantile([Gaussian(10.0), Gaussian(10.0)], *two, 0.05) / 10 / 2**0.5  # near the normal 1.96
    1.99...
    """
    kept = (sizes > 0) & (counts > 0)
    which, sizes, counts = which[kept], sizes[kept], counts[kept]
    laplace = isinstance(noises[0], Laplace)
    scales = np.array([noise.scale for noise in noises])
    shares = variances(scales, laplace=laplace)[which] * sizes**2 * counts
    order = np.argsort(-shares, kind="stable")[: int((shares > 0).sum())]
    if not len(order):
        return 0.0
    which, sizes, counts = which[order], sizes[order], counts[order]
    if len(order) == 1 and counts[0] == 1:
        return float(sizes[0]) * noises[which[0]].half_width(alpha)
    scales, shares = scales[which], shares[order]
    deviation, largest = math.sqrt(float(shares.sum())), float(sizes.max())
    rounded = 2.0**-_DIGITS * (float(np.sqrt(shares * counts).sum()) + _FAR * deviation)
    smooth = _SMOOTH * max(deviation, largest / 2)
    period = (60 if laplace else 20) * max(deviation, largest)
    times = np.arange(1, int(8 / smooth / (2 * math.pi / period)) + 2) * (2 * math.pi / period)
    shape = np.exp(-((smooth * times) ** 2) / 2)
    blocks = [slice(place, place + 1) for place in range(min(_FIRST, len(order)))]
    blocks += [slice(start, start + 64) for start in range(_FIRST, len(order), 64)]
    alive = np.arange(len(times))
    for block in blocks:
        if not laplace and _is_normal(scales[block.start :], sizes[block.start :], float(times[alive[-1]])):
            shape[alive] *= np.exp(-float(shares[block.start :].sum()) * times[alive] ** 2 / 2)
            break
        rest = slice(block.start, None)
        if laplace and len(order) - block.start > 64 and _is_smooth(scales[rest], sizes[rest], float(times[alive[-1]])):
            shape[alive] *= np.exp(_read_off(scales[rest], sizes[rest], counts[rest], times[alive]))
            break
        shape[alive] *= np.exp(_logarithm(scales[block], sizes[block], counts[block], times[alive], laplace=laplace))
        alive = alive[shape[alive] > _GONE]
        if not len(alive):
            break
    inside = (alpha - _RARE) * _INSIDE - _SPARE
    return _inverted(shape[alive], times[alive], period, inside) + _GIVEN * smooth + rounded


def _is_normal(scales: NDArray[np.float64], sizes: NDArray[np.float64], last: float) -> bool:
    """Whether each factor is exp(−(size·scale·t)²/2) for all t up to `last`, as far as floats tell.

    By Poisson's sum it is that times 1 + Σ exp(−2π·scale²·(π|k| − |u|)·|k|), k ≠ 0, |u| = size·t, but for a constant as
    near to 1: where |u| ≤ π/2 and the scale is 2 or more, nearer than 1e-16.
    """
    return bool((scales >= 2).all() and float(sizes.max()) * last <= math.pi / 2)


def _logarithm(
    scales: NDArray[np.float64],
    sizes: NDArray[np.float64],
    counts: NDArray[np.float64],
    times: NDArray[np.floating[Any]],
    *,
    laplace: bool,
) -> NDArray[np.floating[Any]]:
    """Return the logarithm of the characteristic function of a sum of terms."""
    factors = _characteristics(scales, np.outer(sizes, times), laplace=laplace)
    return np.asarray(counts @ np.log(factors))


#: Places at which the logarithm for many small terms is reckoned, to read it off everywhere else.
_NODES = 24


def _is_smooth(scales: NDArray[np.float64], sizes: NDArray[np.float64], last: float) -> bool:
    """Whether :func:`_read_off` is as good as reckoning term by term, for all t up to `last`."""
    return float((scales * sizes).max()) * last <= 0.5 and float(sizes.max()) * last <= math.pi / 2


def _read_off(
    scales: NDArray[np.float64],
    sizes: NDArray[np.float64],
    counts: NDArray[np.float64],
    times: NDArray[np.floating[Any]],
) -> NDArray[np.floating[Any]]:
    """Return the logarithm for many discrete Laplace terms, from its values at a few places by interpolation in t².

    A term's logarithm, log sinh²(1/2s) − log(sinh²(1/2s) + sin²(u/2)) with u = size·t, is analytic in u² but where sin²(u/2)
    = −sinh²(1/2s), so at u = ±i/s + 2πk. With s·size·last ≤ 1/2 and size·last ≤ π/2 all these lie, in x = t² on [0, last²]
    scaled to [−1, 1], outside the ellipse of semi-axes that add up to 9 + √80 = 17.9. Chebyshev's interpolation with n
    nodes then errs by less than 5·M / 16^n (Trefethen 2013, theorem 8.2), M the largest size there: with 24 by less
    than 1e-20 for any sum that is not gone.
    """  # noqa: E501 - a formula
    end = float(times[-1]) ** 2
    angles = (np.arange(_NODES) + 0.5) * math.pi / _NODES
    known = _logarithm(scales, sizes, counts, np.sqrt((np.cos(angles) + 1) / 2 * end), laplace=True)
    return np.asarray(np.polynomial.chebyshev.chebval(2 * times**2 / end - 1, _series(known, angles)))


def _series(known: NDArray[np.floating[Any]], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Chebyshev series through values at the zeros cos(angles) of the polynomial of that degree."""
    found = np.cos(np.outer(np.arange(len(angles)), angles)) @ known * (2 / len(angles))
    found[0] /= 2
    return np.asarray(found)


def _characteristics(
    scales: NDArray[np.float64], times: NDArray[np.floating[Any]], *, laplace: bool
) -> NDArray[np.floating[Any]]:
    """Return E exp(itX), a row for each scale, at least the least positive float that has a logarithm worth having.

    For discrete Gaussians of scale 1 and more the terms of Poisson's sum beyond the nearest ones are below 1e-19 of it.
    """
    least = 1e-300
    if laplace:
        square = np.sinh(1 / (2 * np.maximum(scales, 1e-3)))[:, None] ** 2
        return np.maximum(square / (square + np.sin(times / 2) ** 2), least)
    if (scales < 1).any():
        rows = [_characteristic(Gaussian(float(s)), row) for s, row in zip(scales, times, strict=True)]
        return np.maximum(np.stack(rows), least)
    wide = scales[:, None]
    reduced = np.remainder(times + math.pi, 2 * math.pi) - math.pi
    found = sum(np.exp(-((wide * (reduced + turn)) ** 2) / 2) for turn in (-2 * math.pi, 0.0, 2 * math.pi))
    return np.maximum(found / (1 + 2 * np.exp(-((wide * 2 * math.pi) ** 2) / 2)), least)
