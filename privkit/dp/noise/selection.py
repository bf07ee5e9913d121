"""Noise for a choice: the best of several candidates, by noisy scores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.dp.noise.noise import Noise, integers
from privkit.dp.opendp import features
from privkit.values.loss import Measure, PrivacyLoss

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.statistics.statistic import Sensitivity


@dataclass(frozen=True, slots=True)
class NoisyMax(Noise):
    """Report noisy max: every candidate's score gets noise, and the best is named (Dwork and Roth 2014, section 3.3).

    With exponential noise for ε (the permute-and-flip mechanism, McKenna and Sheldon 2020) and Gumbel noise for ρ (the
    exponential mechanism, McSherry and Talwar 2007; Cesar and Rogers 2021). The selection, its noise and the loss of
    one choice are OpenDP's.

    A choice per group is made on disjoint rows. A person in G groups, who moves each group's scores by at most d,
    costs G · map(d). Where the person has R rows in all, r_g of them in group g, the cost is Σ map(r_g · s). That is at
    most map(R · s), since map is linear (ε) or quadratic (ρ) and so superadditive. `Sensitivity.l0` and `linf` of a
    selection are (G, d) or (1, R · s).
    """

    top: int = 1
    monotonic: bool = False

    name = "noisy max"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure.PURE,
        Measure.APPROXIMATE,
        Measure.ZERO_CONCENTRATED,
        Measure.APPROXIMATE_ZERO_CONCENTRATED,
    )

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> NoisyMax:
        """Return the least noise within the loss."""
        once = cls(1.0, **kind).costs(sensitivity, loss)
        ratio = once / loss.main
        scale = math.sqrt(ratio) if loss.measure.concentrated else float(ratio)
        while Fraction(cls(scale, **kind).stated(sensitivity, loss)) > loss.main:
            scale = math.nextafter(scale, math.inf)
        return cls(scale, **kind)

    def costs(self, sensitivity: Sensitivity, loss: PrivacyLoss) -> Fraction:
        """Return what all choices together cost, from OpenDP's map of one."""
        return sensitivity.l0 * Fraction(self.choice(loss).map(sensitivity.linf))

    def stated(self, sensitivity: Sensitivity, loss: PrivacyLoss) -> float:
        """Return the least float that is at least what all choices cost: OpenDP states losses as floats.

        The price must hold it, too: nine tenths are no float, and the next one above them is beyond a price of 0.9.
        """
        amount = self.costs(sensitivity, loss)
        value = float(amount)
        return value if Fraction(value) >= amount else math.nextafter(value, math.inf)

    def choice(self, loss: PrivacyLoss) -> Any:
        """Return OpenDP's measurement of one choice, in the measure of `loss`."""
        with features() as dp:
            metric = dp.metrics.linf_distance(T="i64", monotonic=self.monotonic)
            concentrated = loss.measure.concentrated
            measure = dp.measures.zero_concentrated_divergence() if concentrated else dp.measures.max_divergence()
            if self.top == 1:
                return dp.measurements.make_noisy_max(integers(dp), metric, measure, self.scale)
            return dp.measurements.make_noisy_top_k(integers(dp), metric, measure, self.top, self.scale)

    def measurement(self) -> Any:
        """A selection is made by :meth:`choice`."""
        raise TypeError("a selection has no additive measurement")

    def distance(self, sensitivity: Sensitivity) -> float:
        """Return how far one person moves the scores of one group."""
        return sensitivity.linf

    def half_width(self, alpha: float = 0.05) -> int:
        """Return by how much the score of the best may be lost in each of one candidate."""
        return math.ceil(self.scale * math.log(1 / alpha))

    def shortfall(self, candidates: int, alpha: float) -> float:
        """Return t with P(score of the chosen < best score − t) ≤ alpha: scale · ln(candidates / alpha).

        The noises are exponential, or Gumbel: a candidate worse than the best by t wins with probability at most
        exp(−t / scale) (McSherry and Talwar 2007, theorem 6; permute-and-flip is never worse).
        """
        return self.scale * math.log(candidates / alpha)

    def chance(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density of the exponential noise."""
        import numpy as np

        return np.where(errors >= 0, np.exp(-np.abs(errors) / self.scale) / self.scale, 0.0)

    def combined(self, weights: NDArray[np.float64], alpha: float = 0.05) -> NDArray[np.float64]:
        """A selection has no sums of noise."""
        raise TypeError("a selection has no additive noise")
