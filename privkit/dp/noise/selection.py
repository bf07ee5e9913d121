"""Noise for a choice: the best of several candidates, by noisy scores; or the groups that have enough rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.dp.noise.compound import Compound
from privkit.dp.noise.noise import Gaussian, Laplace, Noise, costs_at_most, float_above, integers
from privkit.dp.opendp import features
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.writing import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.measurement import Sensitivity


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
    moved = "the score of a candidate"
    measures: ClassVar[tuple[Measure, ...]] = Laplace.measures

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
        return float_above(self.costs(sensitivity, loss))

    def choice(self, loss: PrivacyLoss) -> Any:
        """Return OpenDP's measurement of one choice, in the measure of `loss`."""
        return _choice(self.scale, self.top, self.monotonic, loss.measure.concentrated)

    def measurement(self) -> Any:
        """A selection is made by :meth:`choice`."""
        raise TypeError("a selection has no additive measurement")

    def told(self, step: float) -> str:
        """Return how the choice is made, and the scale of the noise on the scores."""
        return f"chosen by noisy max, scale {number(self.scale * step)}"

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

    def ahead(self, times: int, alpha: float) -> float:
        """Return how far right candidates must lie ahead: see :func:`leads_each`."""
        return self.scale * leads_each(times, alpha)

    def chance(self, errors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the density of the exponential noise."""
        import numpy as np

        return np.where(errors >= 0, np.exp(-np.abs(errors) / self.scale) / self.scale, 0.0)

    def combined(self, weights: NDArray[np.float64], alpha: float = 0.05) -> NDArray[np.float64]:
        """A selection has no sums of noise."""
        raise TypeError("a selection has no additive noise")


# Made once for the plan that finds its scale and the release that draws by it, as those of `privkit.dp.noise.noise`.
@lru_cache(maxsize=256)
def _choice(scale: float, top: int, monotonic: bool, concentrated: bool) -> Any:
    with features() as dp:
        metric = dp.metrics.linf_distance(T="i64", monotonic=monotonic)
        measure = dp.measures.zero_concentrated_divergence() if concentrated else dp.measures.max_divergence()
        if top == 1:
            return dp.measurements.make_noisy_max(integers(dp), metric, measure, scale)
        return dp.measurements.make_noisy_top_k(integers(dp), metric, measure, top, scale)


#: Of a price in ε and in ρ, the share that chose a place; the rest said how far around it the answer may lie.
PLACING = {False: Fraction(3, 5), True: Fraction(2, 5)}


@dataclass(frozen=True, slots=True)
class TwoChoices(Compound):
    """The noise that chooses a place, and the noise that then chooses how far around it the answer may lie.

    By it quantiles were answered that ledgers hold (`privkit.dp.statistics.quantile.DrawnTwice`); none is drawn by it.

    The second choice is made by scores that the first one has released a part of, and for each result of the first it
    costs at most the same. So the losses of both add up (adaptive composition: Dwork and Roth 2014, theorem 3.16; Bun
    and Steinke 2016, lemma 2.3), in every group as in :class:`NoisyMax`.

    Attributes
    ----------
    scale : float
        Of the first.
    around : float
        Of the second.
    concentrated : bool
        Whether the noises are Gumbel's, for ρ; exponential ones, for ε, carry a little less far.
    """

    around: float = 0.0
    concentrated: bool = True

    name = "repeated noisy max"
    moved = NoisyMax.moved
    measures: ClassVar[tuple[Measure, ...]] = NoisyMax.measures

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> TwoChoices:
        """Return the least noise of each choice within its share of the loss."""
        share = PLACING[loss.measure.concentrated]
        scales = [NoisyMax.for_loss(sensitivity, loss.replace(loss.main * part)).scale for part in (share, 1 - share)]
        found = cls(scales[0], scales[1], loss.measure.concentrated)
        while Fraction(found.stated(sensitivity, loss)) > loss.main:
            found = cls(found.scale, math.nextafter(found.around, math.inf), found.concentrated)
        return found

    def told(self, step: float) -> str:
        """Return how both choices are made, and the scales of the noise on their scores."""
        return f"{self.leading.told(step)} (of its interval {number(self.around * step)})"

    @property
    def leading(self) -> NoisyMax:
        """The noise of the place."""
        return NoisyMax(self.scale)

    @property
    def second(self) -> NoisyMax:
        """The noise of how far around it."""
        return NoisyMax(self.around)

    def costs(self, sensitivity: Sensitivity, loss: PrivacyLoss) -> Fraction:
        """Return what all choices of both kinds cost."""
        return self.leading.costs(sensitivity, loss) + self.second.costs(sensitivity, loss)

    def stated(self, sensitivity: Sensitivity, loss: PrivacyLoss) -> float:
        """Return the least float that is at least that: OpenDP states losses as floats."""
        return float_above(self.costs(sensitivity, loss))

    def misplaced(self, others: int, alpha: float) -> float:
        """Return t such that a place worse than the best by t or more is chosen with probability at most alpha."""
        return self.scale * leads(others, alpha, concentrated=self.concentrated)

    def target(self, others: int, alpha: float) -> int:
        """Return the same of the second choice, as a whole number."""
        return math.ceil(self.around * leads(others, alpha, concentrated=self.concentrated))


def leads_each(times: int, alpha: float) -> float:
    """Return x such that wrong candidates are chosen with probability at most alpha, if each lies x behind a right one.

    In scales of the noise, where each wrong candidate can be charged to a right one whose score is x scales above its
    own, and each right one is charged at most `times` times. *Proof.* Let p_j = exp((score_j − best) / scale), and w be
    charged to r: p_w ≤ δ·p_r with δ = exp(−x) ≤ 1. By Gumbel noise a candidate is chosen with a chance proportional to
    p_j, so w is with at most δ times the chance of r. By exponential noise, which is permute-and-flip (Ding et al.
    2021), each candidate comes at a uniform moment, and the first one is taken whose coin, of chance p_j, shows heads:
    P(j) = ∫ p_j · Π_{i≠j} (1 − u·p_i) du over u from 0 to 1. Under the integral those of w and r have all factors in
    common but p_w·(1 − u·p_r) and p_r·(1 − u·p_w), and the first is at most δ times the second; so again
    P(w) ≤ δ·P(r). Summed over all wrong ones: P(wrong) ≤ times·δ·P(right) ≤ times·δ·(1 − P(wrong)). Hence
    P(wrong) ≤ times·δ / (1 + times·δ), which is alpha for x = ln(times·(1 − alpha) / alpha). ∎

    Examples
    --------
    >>> round(leads_each(21, 0.05), 3), leads_each(0, 0.05)
    (5.989, 0.0)
    """
    return max(math.log(times * (1 - alpha) / alpha), 0.0) if times else 0.0


def leads(others: int, alpha: float, *, concentrated: bool) -> float:
    """Return x such that the best score leads safely over `others` that are worse by x scales of the noise or more.

    Then one of these is chosen with probability at most alpha. *Proof.* Let p = exp(−x). With exponential noise
    another's is larger than the best one's by x scales with probability p/2, for either is the larger one with
    probability 1/2, and by how much has no memory; all of them together: at most others · p/2. With Gumbel noise the
    chances are those of the exponential mechanism, proportional to exp(score / scale): at most
    others · p / (1 + others · p). ∎

    Examples
    --------
    >>> round(leads(20, 0.05, concentrated=False), 3), round(leads(20, 0.05, concentrated=True), 3)
    (5.298, 5.94)
    """
    if not others:
        return 0.0
    ratio = others * (1 - alpha) / alpha if concentrated else others / (2 * alpha)
    return max(math.log(ratio), 0.0)


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
        return cls(*_least(cls, sensitivity.l1 / float(loss.main), 100, sensitivity, loss))

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
        return cls(*_least(cls, sensitivity.l2 / math.sqrt(2 * loss.main), 40, sensitivity, loss))

    def told(self, step: float) -> str:
        """Return the noise, and from which noisy count on a group is shown."""
        return f"{Gaussian(self.scale).told(step)}, groups shown from {number(self.threshold)} on"

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


def _least(kind: Any, scale: float, far: int, sensitivity: Sensitivity, loss: PrivacyLoss) -> tuple[float, int]:
    """Return the least scale, from one that roundings alone may raise, and the least threshold within the loss.

    OpenDP prices no threshold below L∞, and we price one lower. The search begins `far` scales above it.
    """
    high = sensitivity.linf + math.ceil(scale * far) + 1
    while Fraction(kind(scale, high).stated(sensitivity)[0]) > loss.main:
        scale = math.nextafter(scale, math.inf)

    def fits(threshold: int) -> bool:
        return costs_at_most(kind(scale, threshold).stated(sensitivity), loss)

    while not fits(high):
        high *= 2
    low = sensitivity.linf + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return scale, high


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
