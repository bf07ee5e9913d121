"""Three models of how many of a population are unique, fitted to the class sizes of a sample; each with its paper.

A model takes the sizes j that occur, ascending, how many classes have each, and the population N. It returns the
population's uniques, what was fitted, and why it found no answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    #: The uniques, where the model found an answer; what was fitted; and why it found none.
    Fitted = tuple[float | None, dict[str, float], str]


def zayatz(j: Ints, counts: Ints, population: int) -> Fitted:
    r"""Estimate population uniques by Zayatz's equivalence-class model.

    P(F = 1 \\| f = 1) = s1 H(1; N, 1, n) / Σ_j s_j H(1; N, j, n) with the hypergeometric probability
    H(1; N, j, n) = j C(N - j, n - 1) / C(N, n); S1 = s1 P / π. The ratios C(N - j, n - 1) / C(N - 1, n - 1) are
    products of (N - n - i + 1) / (N - i) over i < j, which large N leaves exact.
    """
    n = int((j * counts).sum())
    steps = np.arange(1, int(j.max()), dtype=np.float64)
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(population - n - steps + 1, 0.0)) - np.log(population - steps)
    ratios = np.exp(np.concatenate(([0.0], np.cumsum(logs))))[j - 1]
    s1 = float(counts[j == 1].sum())
    probability = s1 / float(np.sum(counts * j * ratios))
    # s1 P / n is at most 1: rounding alone could leave the population.
    return min(s1 * probability * population / n, float(population)), {"probability": probability}, ""


_LARGEST_ALPHA = 1 - 1e-9  # that is told from 1
_LARGE = 12  # from here on the asymptotic series of the digamma function is exact to double precision
#: Below this (u - 1) α / θ six powers of it are exact to double precision, and the closed forms have lost 3 digits.
_FLAT = 1e-3


def pitman(j: Ints, counts: Ints, population: int) -> Fitted:
    """Estimate population uniques by Pitman's sampling formula, fitted by maximum likelihood (Hoshino 2001).

    L(θ, α) = Π_{i=1}^{u-1} (θ + iα) / Π_{i=1}^{n-1} (θ + i) · Π_j [Π_{l=1}^{j-1} (l - α)]^{s_j};
    E[S1] = Γ(θ + 1) / Γ(θ + α) N^α. Sums are differences of digammas, so that the cost does not grow with n.
    """
    n, u = int((j * counts).sum()), int(counts.sum())
    if u == n:
        return None, {}, "Every row is a sample unique: the likelihood grows up to α = 1."
    if u == 1:
        return None, {}, "One class alone determines no model."

    def slope(alpha: float) -> float:  # of the likelihood's logarithm at its best θ
        sums = float(np.sum(counts * inverse_sum(1 - alpha, j - 1)))
        return _small_sums(_theta_and_alpha(alpha, n, u), alpha, u)[1] - sums

    rises = slope(0.0) > 0
    if rises and slope(_LARGEST_ALPHA) > 0:
        return None, {}, "The likelihood has no maximum below α = 1."
    alpha = _root(slope, 0.0, _LARGEST_ALPHA) if rises else 0.0
    both = _theta_and_alpha(alpha, n, u)
    theta = both - alpha
    uniques = math.exp(math.lgamma(theta + 1) - math.lgamma(both) + alpha * math.log(population))
    return uniques, {"theta": theta, "alpha": alpha}, ""


def _theta_and_alpha(alpha: float, n: int, u: int) -> float:
    """Return θ + α, for the θ > -α at which the likelihood is largest for this α.

    Its slope Σ 1/(θ + iα) - Σ 1/(θ + i) falls from +∞ at -α to below 0 (as u < n), so it has a root.
    """

    def slope(log: float) -> float:
        both = math.exp(log)
        return _small_sums(both, alpha, u)[0] - float(inverse_sum(both - alpha + 1, n - 1))

    low, high = math.log(1e-12), 1.0
    while slope(high) >= 0 and high < 60:
        high += 2
    return math.exp(_root(slope, low, high))


def _small_sums(both: float, alpha: float, u: int) -> tuple[float, float]:
    """Return Σ 1 / (θ + iα) and Σ i / (θ + iα) over i = 1 ... u - 1, for `both` = θ + α.

    The closed forms D/α and (u - 1 - θ D/α) / α, D = Σ 1 / (θ/α + i), cancel to noise as α nears 0, where a search for
    the likelihood's maximum would take a zero of the noise for it. There both are power series in α/θ instead, whose
    coefficients are the sums of the powers of i.
    """
    m, theta = u - 1, both - alpha
    if m * alpha >= _FLAT * theta:
        inverses = float(inverse_sum(both / alpha, m)) / alpha
        return inverses, (m - theta * inverses) / alpha
    first, second = m * (m + 1) / 2, m * (m + 1) * (2 * m + 1) / 6
    fourth, fifth = second * (3 * m * m + 3 * m - 1) / 5, first**2 * (2 * m * m + 2 * m - 1) / 3
    sixth = second * (3.0 * m**4 + 6.0 * m**3 - 3 * m + 1) / 7
    sums = (float(m), first, second, first**2, fourth, fifth, sixth)
    powers = [(-alpha / theta) ** k / theta for k in range(6)]
    inverses = math.fsum(power * total for power, total in zip(powers, sums[:-1], strict=True))
    return inverses, math.fsum(power * total for power, total in zip(powers, sums[1:], strict=True))


def inverse_sum(start: float, terms: Any) -> Any:
    """Return Σ_{i=0}^{terms-1} 1 / (start + i) for start > 0 and each number of terms.

    This is ψ(start + terms) - ψ(start). Up to `_LARGE` the terms are added; of the others the asymptotic series of ψ
    (Abramowitz and Stegun 6.3.18) are subtracted from each other term by term, so that nothing cancels.

    Examples
    --------
    >>> inverse_sum(1.0, np.array([0, 1, 2])).tolist()
    [0.0, 1.0, 1.5]
    """
    single = max(0, math.ceil(_LARGE - start))
    added = np.concatenate(([0.0], np.cumsum(1 / (start + np.arange(single)))))[np.minimum(terms, single)]
    low, rest = start + single, np.maximum(terms - single, 0).astype(np.float64)
    high = low + rest
    return added + np.log1p(rest / low) + rest / (2 * low * high) + _tail(low) - _tail(high)


def _tail(x: Any) -> Any:
    """Return ln(x) - 1/(2x) - ψ(x) for large x."""
    r = 1 / x**2
    return r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that is positive at `low` and negative at `high` changes sign (Illinois and bisection).

    The secant of the bracket, where the value of an end that stays is halved; every fourth step bisects.
    """
    at_low, at_high = function(low), function(high)
    for step in range(400):
        middle = (low + high) / 2 if step % 4 == 3 else low + (high - low) * at_low / (at_low - at_high)
        if not low < middle < high:
            middle = (low + high) / 2
        if middle in {low, high} or high - low <= 1e-14 * max(abs(low), abs(high)):
            break
        if (value := function(middle)) == 0:
            return middle
        if value > 0:
            low, at_low, at_high = middle, value, at_high / 2
        else:
            high, at_high, at_low = middle, value, at_low / 2
    return (low + high) / 2


def snb(j: Ints, counts: Ints, population: int) -> Fitted:
    """Estimate population uniques by the slide negative binomial model F = 1 + NB(a, b).

    With q = 1 - b, w = 1 - π, h = 1 - q w, of K classes in the population

        s1 = K π (b/h)^a (1 + a q w / h)
        s2 = K a b^a π² q (2 - (1 - a) q w) / (2 h^(a + 2))
        S1 = K b^a

    Each class of F persons is sampled as a binomial (F, π): the generating function of the sample size f is
    s G(s), s = w + π z, with G(s) = (b / (1 - q s))^a; s1 and s2 are K times its first two coefficients in z.
    K is estimated by `classes_in_population`; a and b solve the first two equations. For π well below 0.1 that
    estimate of K is too high, and so is S1: the reason why the rule of Dankar et al. uses the model above 0.1 only.
    """
    fraction = int((j * counts).sum()) / population
    s1, s2 = float(counts[j == 1].sum()), float(counts[j == 2].sum())
    if not s2:
        return None, {}, "No class has two rows, which the model needs."
    classes = classes_in_population(j, counts, fraction)
    if not np.isfinite(classes):
        return None, {}, "The number of classes in the population could not be estimated."
    found = _solve(classes, fraction, s1, s2)
    if found is None:
        return None, {"classes": classes}, "The model's equations have no solution for these class sizes."
    a, b = found
    return classes * b**a, {"classes": classes, "a": a, "b": b}, ""


def classes_in_population(j: Ints, counts: Ints, fraction: float) -> float:
    """Estimate K, the classes of the population (Shlosser's estimator in the form of Haas and Stokes 1998).

    K = u + s1 · [Σ i π² (1 - π²)^(i-1) s_i / Σ s_i (1 - π)^i ((1 + π)^i - 1)]
               · [Σ (1 - π)^i s_i / Σ i π (1 - π)^(i-1) s_i]².
    """
    i, s, w = j.astype(np.float64), counts.astype(np.float64), 1 - fraction
    seen = np.sum(i * fraction**2 * (1 - fraction**2) ** (i - 1) * s)
    # (1 - π)^i ((1 + π)^i - 1) = (1 - π²)^i - (1 - π)^i, which does not overflow.
    twice = np.sum(s * ((1 - fraction**2) ** i - w**i))
    unseen, once = np.sum(w**i * s), np.sum(i * fraction * w ** (i - 1) * s)
    if not twice or not once:
        return float("nan")
    return float(s.sum() + s[j == 1].sum() * seen / twice * (unseen / once) ** 2)


def expected_small_classes(log_a: Floats, logit_b: Floats, fraction: float) -> tuple[Floats, Floats]:
    """Return ln(s1 / K) and ln(s2 / K) that the model expects."""
    a, b, q, w = np.exp(log_a), 1 / (1 + np.exp(-logit_b)), 1 / (1 + np.exp(logit_b)), 1 - fraction
    h = 1 - q * w
    both = np.log(fraction) + a * (np.log(b) - np.log(h))
    first = both + np.log1p(a * q * w / h)
    second = np.log(fraction * a * q * (2 - (1 - a) * q * w) / 2) + both - 2 * np.log(h)
    return first, second


def _solve(classes: float, fraction: float, s1: float, s2: float) -> tuple[float, float] | None:
    """Return a and b that solve both equations: Newton from the best points of a grid, in ln a and logit b."""
    goal = np.log([s1 / classes, s2 / classes])
    starts = np.stack(np.meshgrid(np.linspace(-6, 5, 45), np.linspace(-14, 6, 61))).reshape(2, -1)
    errors = np.sum((np.stack(expected_small_classes(starts[0], starts[1], fraction)) - goal[:, None]) ** 2, axis=0)
    with np.errstate(all="ignore"):  # a step may lead out of what floats hold, and is then halved
        points = (_newton(starts[:, place], goal, fraction) for place in np.argsort(errors)[:8])
        point = next((point for point in points if point is not None), None)
        return None if point is None else (float(np.exp(point[0])), float(1 / (1 + np.exp(-point[1]))))


def _newton(point: Floats, goal: Floats, fraction: float) -> Floats | None:
    def miss(at: Floats) -> Floats:
        return np.array(expected_small_classes(at[0], at[1], fraction)) - goal

    step = 1e-6
    for _ in range(100):
        error = miss(point)
        if np.abs(error).max() < 1e-10:
            return point
        slopes = np.column_stack([(miss(point + step * unit) - error) / step for unit in np.eye(2)])
        try:
            move = np.linalg.solve(slopes, -error)
        except np.linalg.LinAlgError:
            return None
        scale = min(1.0, 2.0 / max(float(np.abs(move).max()), 1e-12))
        while scale > 1e-6 and not np.sum(miss(point + scale * move) ** 2) < np.sum(error**2):
            scale /= 2
        if scale <= 1e-6:
            return None
        point = point + scale * move
    return None
