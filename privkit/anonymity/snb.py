"""Population uniques by the slide negative binomial model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def snb(j: NDArray[np.int64], counts: NDArray[np.int64], population: int) -> tuple[float | None, dict[str, float], str]:
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
    n = int((j * counts).sum())
    fraction = n / population
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


def classes_in_population(j: NDArray[np.int64], counts: NDArray[np.int64], fraction: float) -> float:
    """Estimate K, the classes of the population (Shlosser's estimator in the form of Haas and Stokes 1998).

    K = u + s1 · [Σ i π² (1 - π²)^(i-1) s_i / Σ s_i (1 - π)^i ((1 + π)^i - 1)]
               · [Σ (1 - π)^i s_i / Σ i π (1 - π)^(i-1) s_i]².
    """
    i, s = j.astype(np.float64), counts.astype(np.float64)
    w = 1 - fraction
    seen = np.sum(i * fraction**2 * (1 - fraction**2) ** (i - 1) * s)
    # (1 - π)^i ((1 + π)^i - 1) = (1 - π²)^i - (1 - π)^i, which does not overflow.
    twice = np.sum(s * ((1 - fraction**2) ** i - w**i))
    unseen = np.sum(w**i * s)
    once = np.sum(i * fraction * w ** (i - 1) * s)
    if not twice or not once:
        return float("nan")
    return float(s.sum() + s[j == 1].sum() * seen / twice * (unseen / once) ** 2)


def expected_small_classes(log_a: Floats, logit_b: Floats, fraction: float) -> tuple[Floats, Floats]:
    """Return ln(s1 / K) and ln(s2 / K) that the model expects."""
    a, b = np.exp(log_a), 1 / (1 + np.exp(-logit_b))
    q, w = 1 / (1 + np.exp(logit_b)), 1 - fraction
    h = 1 - q * w
    log_power = a * (np.log(b) - np.log(h))
    first = np.log(fraction) + log_power + np.log1p(a * q * w / h)
    second = (
        np.log(a)
        + log_power
        + 2 * np.log(fraction)
        + np.log(q)
        + np.log(2 - (1 - a) * q * w)
        - np.log(2)
        - 2 * np.log(h)
    )
    return first, second


def _solve(classes: float, fraction: float, s1: float, s2: float) -> tuple[float, float] | None:
    """Return a and b that solve both equations: Newton from the best points of a grid, in ln a and logit b."""
    goal = np.log([s1 / classes, s2 / classes])
    grid_a, grid_b = np.meshgrid(np.linspace(-6, 5, 45), np.linspace(-14, 6, 61))
    starts = np.stack([grid_a.ravel(), grid_b.ravel()])
    errors = np.sum((np.stack(expected_small_classes(starts[0], starts[1], fraction)) - goal[:, None]) ** 2, axis=0)
    for place in np.argsort(errors)[:8]:
        point = _newton(starts[:, place], goal, fraction)
        if point is not None:
            return float(np.exp(point[0])), float(1 / (1 + np.exp(-point[1])))
    return None


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
