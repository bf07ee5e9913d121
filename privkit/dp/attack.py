"""What an attacker gains from one release: by its price, or less by the noise that is drawn.

Claim
-----
Of a release, no attacker has more advantage, or more success at 1 % false alarms, than :func:`attack_on` tells.

Proof
-----
*By the price.* The measurement is checked to cost at most its price before it is drawn (`privkit.dp.measurement`), and
`privkit.values.advantage` proves what a loss allows.

*By the noise's own loss.* Where the measurement is one vector of sums with one noise (`Statistic.measurement` itself),
what is released has the loss that OpenDP states for that noise, in the noise's own measure, at the distance that a unit
moves the sums (`privkit.dp.measurement.make_sums`). It may say more than the price where that is in another measure: a
Gaussian that is paid in (ε, δ), a Laplace in ρ. Each loss by itself bounds both figures, so the least of them does.

*By the discrete Gaussian itself.* Let X have independent coordinates, each with the probabilities p of a discrete
Gaussian, which rise up to 0 and fall after it. X and X + e for a unit vector e differ in one coordinate, so their total
variation is Σ_x max(0, p(x) − p(x−1)) = Σ_{x≤0} (p(x) − p(x−1)) = p(0). One unit moves the sums by a vector v of whole
numbers with ‖v‖₁ ≤ L1, which is a walk of ‖v‖₁ such steps. By the triangle inequality the advantage is at most L1·p(0).
What is sampled of a unit's rows mixes such pairs by a salt that does not depend on the data, and total variation is
convex. And 1/p(0) = Σ_x e^(−x²/2σ²) is at least each of its partial sums, and at least σ·√(2π), since by Poisson's
summation it is σ·√(2π)·(1 + 2·Σ_k e^(−2π²σ²k²)).

*Success.* p ≤ q + advantage. ∎
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.statistics.statistic import Statistic
from privkit.values.advantage import ALARMS, up
from privkit.values.loss import Measure, PrivacyLoss

if TYPE_CHECKING:
    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question

#: More than the roundings of a few floats.
_ABOVE = 1 + 1e-12


class Attack(NamedTuple):
    """What any attacker gains on one unit, at most: his advantage, and his success at 1 % false alarms."""

    advantage: float
    success: float


def attack_on(question: Question, noise: Noise, loss: PrivacyLoss) -> Attack:
    """Return what any attacker gains from a release on one unit, at most. Reads nothing."""
    losses, close = [loss], 1.0
    if _one_vector(question) and type(noise) in (Laplace, Gaussian):
        measure = Measure.PURE if type(noise) is Laplace else Measure.ZERO_CONCENTRATED
        if measure.concentrated is not loss.measure.concentrated:
            stated = Fraction(noise.measurement().map(noise.distance(question.sensitivity)))
            losses.append(PrivacyLoss.zero(measure).replace(stated))
        if type(noise) is Gaussian:
            close = question.sensitivity.l1 * peak(noise.scale) * _ABOVE
    advantage = min(close, *(one.advantage for one in losses))
    success = min(one.attack_success for one in losses)
    return Attack(advantage, min(success, up(ALARMS + Fraction(repr(advantage)))))


def _one_vector(question: Question) -> bool:
    """Whether all that is measured is one vector of sums with one noise.

    What groups that showed up were asked has noise of its own, but they were found by another one before.
    """
    found = question.keys is not None and question.keys.told
    return not found and type(question.asked).measurement is Statistic.measurement


def peak(scale: float) -> float:
    """Return the probability of 0 in a discrete Gaussian, to a few roundings from above.

    Examples
    --------
    >>> round(peak(0.5), 4), round(peak(10.0), 5)
    (0.7866, 0.03989)
    """
    few = 1 + 2 * sum(math.exp(-((step / scale) ** 2) / 2) for step in range(1, 5))
    return 1 / max(few, scale * math.sqrt(2 * math.pi))
