"""Noise: how much of it a loss buys, and how far it carries an answer.

Tails of weighted sums of independent noise, bounded from above.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.dp.opendp import features, opendp, stated_loss
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.writing import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from privkit.dp.measurement import Sensitivity


#: Weights closer than this are drawn apart, upwards.
_APART = 1.001
#: Up to how many cells partial fractions are exact enough: four alike cost nine of a float's sixteen digits.
_FEW = 4


def laplace_quantile(weights: NDArray[np.float64], scale: float, alpha: float) -> NDArray[np.float64]:
    """Return h with P(|Σ wᵢ·Xᵢ| ≤ h) ≥ 1 − alpha for independent discrete Laplace Xᵢ, one h per row of weights.

    A discrete Laplace is a difference of two geometric variables, which are exponential ones rounded down; so it
    differs from a Laplace variable of the same scale, on the same probability space, by less than 1, and the sum by
    less than Σ|wᵢ|. For Laplace variables with distinct bᵢ = |wᵢ|·scale the characteristic function Π 1/(1 + bᵢ²t²)
    splits into partial fractions, so P(|S| > h) = Σ cᵢ·exp(−h/bᵢ) with cᵢ = Π_{j≠i} bᵢ² / (bᵢ² − bⱼ²). Weights too
    close to tell apart are raised by a thousandth: a sum of symmetric unimodal variables only spreads when one of
    them is stretched, so h errs to the wide side. The shares cᵢ of k alike weights are of size 500^(k−1) and cancel
    each other, so that floats hold few cells: of more h is Chernoff's, wider than `weighted.sum_quantile`.

    Parameters
    ----------
    weights : array, shape (n, k)
    """
    if weights.shape[1] > _FEW:
        return _above(np.abs(weights), alpha) * scale + np.abs(weights).sum(axis=1)
    slack = np.abs(weights).sum(axis=1)
    sizes = np.sort(np.abs(weights), axis=1)
    sizes[:, 0] = np.maximum(sizes[:, 0], sizes[:, -1] * 1e-6)
    for column in range(1, sizes.shape[1]):
        sizes[:, column] = np.maximum(sizes[:, column], sizes[:, column - 1] * _APART)
    squares = sizes**2
    shares = np.ones_like(sizes)
    for own in range(sizes.shape[1]):
        for other in range(sizes.shape[1]):
            if own != other:
                shares[:, own] *= squares[:, own] / np.where(
                    squares[:, own] == squares[:, other], 1, squares[:, own] - squares[:, other]
                )
    low, high = np.zeros(len(sizes)), sizes.sum(axis=1) * (np.log(1 / alpha) + 1) * 2
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            tail = (shares * np.exp(-middle[:, None] / sizes)).sum(axis=1)
        missing = tail > alpha
        low, high = np.where(missing, middle, low), np.where(missing, high, middle)
    return np.where(slack > 0, high * scale + slack, 0.0)


def gaussian_quantile(weights: NDArray[np.float64], scale: float, alpha: float) -> NDArray[np.float64]:
    """Return h with P(|Σ wᵢ·Xᵢ| ≤ h) ≥ 1 − alpha for independent discrete Gaussian Xᵢ, one h per row of weights.

    A discrete Gaussian X has P(X ≥ m) ≤ P(N ≥ m − 1) for the Gaussian N of the same scale (Canonne, Kamath and Steinke
    2020, proposition 25), on both sides; so both can stand on one probability space with |X − N| ≤ 1, and the sum
    differs by at most Σ|wᵢ| from a Gaussian of deviation scale·√Σwᵢ².

    Parameters
    ----------
    weights : array, shape (n, k)
    """
    z = NormalDist().inv_cdf(1 - alpha / 2)
    widths: NDArray[np.float64] = z * scale * np.sqrt((weights**2).sum(axis=1)) + np.abs(weights).sum(axis=1)
    return widths


def _above(sizes: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return h for continuous Laplace variables of these scales: 2·Π 1/(1 − bᵢ²t²)·e^(−th) for any t (Chernoff)."""
    most = np.maximum(sizes.max(axis=1, initial=0.0), np.finfo(float).tiny)
    shares = (sizes / most[:, None]) ** 2
    each = [(np.log(2 / alpha) - np.log1p(-shares * t**2).sum(axis=1)) / t for t in np.linspace(0.005, 0.995, 199)]
    return np.asarray(np.min(each, axis=0) * np.where(sizes.any(axis=1), most, 0.0))


#: The share of intervals that may miss, where nothing else is said.
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Noise(ABC):
    """Independent noise of one scale on each integer of a vector.

    Attributes
    ----------
    scale : float
        In steps of the answer's grid.
    """

    scale: float

    name: ClassVar[str]
    #: The measures in which it can be priced, the natural one first.
    measures: ClassVar[tuple[Measure, ...]]
    #: Whether it costs δ, where some is given.
    spends_delta: ClassVar[bool] = True
    #: What one person moves, and the noise stands on.
    moved: ClassVar[str] = "the answer"

    @classmethod
    @abstractmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Noise:
        """Return the least noise whose loss, as OpenDP states it, is at most `loss`."""

    @classmethod
    def near_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Noise:
        """Return that noise, or one that differs by roundings alone, where it is quicker to have: to search by."""
        return cls.for_loss(sensitivity, loss, **kind)

    @abstractmethod
    def measurement(self) -> Any:
        """Return the OpenDP measurement from integer vectors to noisy integer vectors, in its natural measure."""

    @property
    def used(self) -> tuple[str, ...]:
        """The names of all mechanisms that are used."""
        return (self.name,)

    def told(self, step: float) -> str:
        """Return the noise in plain words, with its scale where one step of what it stands on is worth `step`."""
        return f"{self.name} noise, scale {number(self.scale * step)}"

    @abstractmethod
    def distance(self, sensitivity: Sensitivity) -> float:
        """Return the sensitivity in the norm that counts for this noise."""

    @abstractmethod
    def half_width(self, alpha: float = ALPHA) -> int:
        """Return the least h with P(|error| ≤ h) ≥ 1 − alpha, for one cell."""

    @abstractmethod
    def chance(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of each error, in steps; for fine grids it is a density per step."""

    @abstractmethod
    def combined(self, weights: NDArray[np.float64], alpha: float = ALPHA) -> NDArray[np.float64]:
        """Return half-widths for weighted sums of independent cells: P(|Σ w·error| ≤ h) ≥ 1 − alpha, never too small.

        Parameters
        ----------
        weights : array, shape (n, k)
            One row per sum of k cells.
        """


@dataclass(frozen=True, slots=True)
class Laplace(Noise):
    """Discrete Laplace noise on a vector of integers (Ghosh, Roughgarden and Sundararajan 2012).

    Each cell gets an independent integer with P(x) ∝ exp(−|x| / scale). For vectors that one person moves by at most
    L1, the loss is ε = L1 / scale (Dwork, McSherry, Nissim and Smith 2006). In ρ it costs ε²/2 (Bun and Steinke 2016,
    proposition 1.4), converted by OpenDP. The sampler and the proof of its privacy are OpenDP's.
    """

    name = "discrete Laplace"
    spends_delta = False
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure.PURE,
        Measure.APPROXIMATE,
        Measure.ZERO_CONCENTRATED,
        Measure.APPROXIMATE_ZERO_CONCENTRATED,
    )

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> Laplace:
        """Return the least noise within the loss.

        The quotient L1/ε can round down, and so cost slightly more than ε: the scale is raised float by float until
        OpenDP's own map stays within what was asked. OpenDP states the least float that is not below L1/scale; so no
        scale below L1/ε, for the largest float ε that is not above the price, needs to be tried.
        """
        epsilon = math.sqrt(2 * loss.main) if loss.measure.concentrated else float(loss.main)
        scale = sensitivity.l1 / epsilon
        if not loss.measure.concentrated:
            scale = max(scale, float_above(sensitivity.l1 / Fraction(float_below(loss.main))))
        while not within(cls(scale), sensitivity, loss):
            scale = math.nextafter(scale, math.inf)
        return cls(scale)

    def measurement(self) -> Any:
        """Return the OpenDP measurement, in ε."""
        return _laplace(self.scale)

    def distance(self, sensitivity: Sensitivity) -> float:
        """Return the L1 sensitivity."""
        return sensitivity.l1

    def half_width(self, alpha: float = ALPHA) -> int:
        """Return the least h with P(|error| ≤ h) ≥ 1 − alpha, for one cell; OpenDP's accuracy is strict."""
        if self.scale * -math.log(alpha / 2) <= 1:  # P(error ≠ 0) = 2q / (1 + q) < 2q ≤ alpha, with q = exp(−1/scale)
            return 0
        strict: float = opendp().accuracy.discrete_laplacian_scale_to_accuracy(self.scale, alpha)
        return math.ceil(strict) - 1

    def chance(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return P(x) = tanh(1/2s) · exp(−|x|/s)."""
        return math.tanh(1 / (2 * self.scale)) * np.exp(-np.abs(errors) / self.scale)

    def combined(self, weights: NDArray[np.float64], alpha: float = ALPHA) -> NDArray[np.float64]:
        """Return half-widths for weighted sums: see :func:`privkit.dp.noise.noise.laplace_quantile`."""
        return laplace_quantile(weights, self.scale, alpha)


@dataclass(frozen=True, slots=True)
class Gaussian(Noise):
    """Discrete Gaussian noise on a vector of integers (Canonne, Kamath and Steinke 2020).

    Each cell gets an independent integer with P(x) ∝ exp(−x² / (2·scale²)). For vectors that one person moves by at
    most L2, the loss is ρ = (L2 / scale)² / 2. In (ε, δ) it costs what OpenDP converts ρ to. The sampler and the proof
    of its privacy are OpenDP's.
    """

    name = "discrete Gaussian"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure.ZERO_CONCENTRATED,
        Measure.APPROXIMATE_ZERO_CONCENTRATED,
        Measure.APPROXIMATE,
    )

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> Gaussian:
        """Return the least noise within the loss: in closed form for ρ, by search over OpenDP's map for (ε, δ)."""
        if loss.measure.concentrated:
            scale = sensitivity.l2 / math.sqrt(2 * loss.main)
        else:
            scale = _least(lambda scale: within(cls(scale), sensitivity, loss), sensitivity.l2)
        while not within(cls(scale), sensitivity, loss):
            scale = math.nextafter(scale, math.inf)
        return cls(scale)

    def measurement(self) -> Any:
        """Return the OpenDP measurement, in ρ."""
        return _gaussian(self.scale)

    def distance(self, sensitivity: Sensitivity) -> float:
        """Return the L2 sensitivity."""
        return sensitivity.l2

    def half_width(self, alpha: float = ALPHA) -> int:
        """Return the least h with P(|error| ≤ h) ≥ 1 − alpha, for one cell; OpenDP's accuracy is strict.

        Its sum over integers is slow for large scales. There P(|error| > h) is at most that of a continuous Gaussian
        beyond h + 1/2: beyond one deviation the density is convex, so that it is nowhere above its mean over the step
        around an integer; and its sum over all integers is at least its integral (by Poisson's formula all terms of
        the difference are positive). One step narrower the bound fails, but for a part of some scale**-2.
        """
        if self.scale > 1e3 and (z := NormalDist().inv_cdf(1 - alpha / 2)) >= 1:
            return math.ceil(z * self.scale * (1 + 2.0**-50) - 0.5)
        if self.scale > 1e3:
            return math.ceil(float(self.combined(_one(), alpha)[0]))
        strict: float = opendp().accuracy.discrete_gaussian_scale_to_accuracy(self.scale, alpha)
        return math.ceil(strict) - 1

    def chance(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return P(x) ∝ exp(−x²/2s²), normalized over the integers."""
        reach = np.arange(-int(8 * self.scale) - 1, int(8 * self.scale) + 2) if self.scale < 1e4 else None
        total = self.scale * math.sqrt(2 * math.pi) if reach is None else np.exp(-((reach / self.scale) ** 2) / 2).sum()
        return np.exp(-((errors / self.scale) ** 2) / 2) / total

    def combined(self, weights: NDArray[np.float64], alpha: float = ALPHA) -> NDArray[np.float64]:
        """Return half-widths for weighted sums: see :func:`privkit.dp.noise.noise.gaussian_quantile`."""
        return gaussian_quantile(weights, self.scale, alpha)


# A plan finds its scale by what OpenDP states of the noise, and its release draws that noise: made once for both, and
# for other questions at the same price. OpenDP's measurements do not change, and may be used by several threads.
@lru_cache(maxsize=256)
def _laplace(scale: float) -> Any:
    with features() as dp:
        return dp.measurements.make_laplace(integers(dp), dp.metrics.l1_distance(T="i64"), scale)


@lru_cache(maxsize=256)
def _gaussian(scale: float) -> Any:
    with features() as dp:
        return dp.measurements.make_gaussian(integers(dp), dp.metrics.l2_distance(T="f64"), scale)


def _one() -> NDArray[np.float64]:
    return np.ones((1, 1))


def integers(dp: Any) -> Any:
    """Return OpenDP's domain of vectors of 64-bit integers."""
    return dp.domains.vector_domain(dp.domains.atom_domain(T="i64"))


def in_measure(measurement: Any, loss: PrivacyLoss) -> Any:
    """Return an OpenDP measurement in the measure of `loss`, converted by OpenDP where it is stated in another."""
    stated = str(measurement.output_measure)
    if stated != ("MaxDivergence" if loss.measure.concentrated else "ZeroConcentratedDivergence"):
        return measurement
    with features() as dp:
        if loss.measure.concentrated:
            return dp.combinators.make_pureDP_to_zCDP(measurement)
        approximate = dp.combinators.make_zCDP_to_approxDP(measurement)
        return dp.combinators.make_fix_delta(approximate, float_below(loss.delta))


def float_below(amount: Fraction) -> float:
    """Return the largest float that is at most `amount`."""
    value = float(amount)
    return math.nextafter(value, -math.inf) if Fraction(value) > amount else value


def float_above(amount: Fraction) -> float:
    """Return the least float that is at least `amount`."""
    value = float(amount)
    return math.nextafter(value, math.inf) if Fraction(value) < amount else value


def with_delta(stated: Any) -> tuple[Any, Any]:
    """Return what OpenDP states, ε or ρ or a pair with δ, as a pair."""
    return stated if isinstance(stated, tuple) else (stated, 0.0)


def costs_at_most(stated: object, loss: PrivacyLoss) -> bool:
    """Return whether what OpenDP states, ε or ρ or a pair with δ, is at most `loss`; exact."""
    main, delta = with_delta(stated)
    if not (math.isfinite(main) and math.isfinite(delta)):
        return False
    return Fraction(main) <= loss.main and Fraction(delta) <= loss.delta


def within(noise: Noise, sensitivity: Sensitivity, loss: PrivacyLoss) -> bool:
    """Return whether the noise, as OpenDP states it, costs at most `loss`."""
    measurement = in_measure(noise.measurement(), loss)
    return costs_at_most(stated_loss(measurement, noise.distance(sensitivity)), loss)


def _least(fits: Any, start: float) -> float:
    """Return the least scale that fits, to a relative 2**-40, by doubling and halving."""
    low, high = 0.0, start
    while not fits(high):
        low, high = high, high * 2
    while high - low > high * 2**-40:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def least_that(fits: Callable[[int], bool]) -> int:
    """Return the least number from 0 on that fits, where all after one that fits do; it asks few where it is small.

    Examples
    --------
    >>> least_that(lambda many: many >= 0), least_that(lambda many: many >= 1), least_that(lambda many: many >= 133)
    (0, 1, 133)
    """
    low, high = -1, 0
    while not fits(high):
        low, high = high, 2 * high + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
