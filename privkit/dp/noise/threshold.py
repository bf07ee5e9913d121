"""Noise and thresholds for groups whose keys are not public: those show up that have enough rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.dp.noise.noise import Gaussian, Laplace, costs_at_most
from privkit.dp.opendp import features
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.writing import number

if TYPE_CHECKING:
    from privkit.dp.statistics.reach import Sensitivity


@dataclass(frozen=True, slots=True)
class LaplaceThreshold(Laplace):
    """Discrete Laplace noise on the counts of all groups that occur; noisy counts below the threshold are not released.

    A group that occurs in only one of two neighboring frames has at most L∞ rows, so that it shows up with a chance
    that the threshold keeps below δ (Korolova, Kenthapadi, Mishra and Ntoulas 2009; Wilson et al. 2020). Noise,
    threshold and the map to (ε, δ) are OpenDP's.
    """

    threshold: int = 0

    spends_delta = True
    name = "discrete Laplace with threshold"
    measures: ClassVar[tuple[Measure, ...]] = (Measure.APPROXIMATE,)

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> LaplaceThreshold:
        """Return the least noise and the least threshold within the loss."""
        scale = sensitivity.l1 / float(loss.main)
        high = sensitivity.linf + math.ceil(scale * 100) + 1
        while Fraction(cls(scale, high).stated(sensitivity)[0]) > loss.main:
            scale = math.nextafter(scale, math.inf)
        return cls(
            scale,
            _least_threshold(lambda t: costs_at_most(cls(scale, t).stated(sensitivity), loss), high, sensitivity.linf),
        )

    def told(self, step: float) -> str:
        """Return the noise, and from which noisy count on a group is shown."""
        return f"{Laplace(self.scale).told(step)}, groups shown from {number(self.threshold)} on"

    def stated(self, sensitivity: Sensitivity) -> tuple[float, float]:
        """Return the loss: what OpenDP states for a threshold lower by 1.

        OpenDP releases counts that reach the threshold, and its δ is the chance to exceed it (OpenDP 0.16): for whole
        numbers, to reach the threshold is to exceed the one below.
        """
        stated: tuple[float, float] = self._at(self.threshold - 1).map(
            (sensitivity.l0, sensitivity.l1, sensitivity.linf)
        )
        return stated

    def measurement(self) -> Any:
        """Return the OpenDP measurement from counts by text to those that reach the threshold."""
        return self._at(self.threshold)

    def _at(self, threshold: int) -> Any:
        with features() as dp:
            metric = dp.metrics.l01inf_distance(dp.metrics.absolute_distance(T="i64"))
            return dp.measurements.make_laplace_threshold(texts(dp), metric, self.scale, threshold)


@dataclass(frozen=True, slots=True)
class GaussianThreshold(Gaussian):
    """Discrete Gaussian noise on the counts of all groups that occur, with a threshold, for (ρ, δ); OpenDP's."""

    threshold: int = 0

    name = "discrete Gaussian with threshold"
    measures: ClassVar[tuple[Measure, ...]] = (Measure.APPROXIMATE_ZERO_CONCENTRATED,)

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> GaussianThreshold:
        """Return the least noise and the least threshold within the loss."""
        scale = sensitivity.l2 / math.sqrt(2 * loss.main)
        high = sensitivity.linf + math.ceil(scale * 40) + 1
        while Fraction(cls(scale, high).stated(sensitivity)[0]) > loss.main:
            scale = math.nextafter(scale, math.inf)
        return cls(
            scale,
            _least_threshold(lambda t: costs_at_most(cls(scale, t).stated(sensitivity), loss), high, sensitivity.linf),
        )

    def told(self, step: float) -> str:
        """Return the noise, and from which noisy count on a group is shown."""
        return (
            f"{Gaussian.name} noise, scale {number(self.scale * step)}, groups shown from {number(self.threshold)} on"
        )

    def stated(self, sensitivity: Sensitivity) -> tuple[float, float]:
        """Return the loss: what OpenDP states for a threshold lower by 1.

        OpenDP releases counts that reach the threshold, and its δ is the chance to exceed it (OpenDP 0.16): for whole
        numbers, to reach the threshold is to exceed the one below.
        """
        stated: tuple[float, float] = self._at(self.threshold - 1).map(
            (sensitivity.l0, sensitivity.l2, float(sensitivity.linf))
        )
        return stated

    def measurement(self) -> Any:
        """Return the OpenDP measurement from counts by text to those that reach the threshold."""
        return self._at(self.threshold)

    def _at(self, threshold: int) -> Any:
        with features() as dp:
            metric = dp.metrics.l02inf_distance(dp.metrics.absolute_distance(T="f64"))
            return dp.measurements.make_gaussian_threshold(texts(dp), metric, self.scale, threshold)


def texts(dp: Any) -> Any:
    """Return OpenDP's domain of counts by text."""
    return dp.domains.map_domain(dp.domains.atom_domain(T="String"), dp.domains.atom_domain(T="i64"))


def _least_threshold(fits: Any, high: int, linf: int) -> int:
    """Return the least threshold that fits; OpenDP prices none below L∞, and we price one lower."""
    while not fits(high):
        high *= 2
    low = linf + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return high


@dataclass(frozen=True, slots=True)
class Stated:
    """A measurement with the loss of one person, which is at least what its own map says."""

    measurement: Any
    loss: tuple[float, float]

    def map(self, persons: int) -> tuple[float, float]:
        """Return the loss of one person."""
        assert persons == 1
        return self.loss

    def __call__(self, rows: Any) -> Any:
        """Draw."""
        return self.measurement(rows)
