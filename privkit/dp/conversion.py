"""Losses told in other measures, for reports: converted by OpenDP, and never charged.

What a project's charges come to under the optimal composition: a report, never the filter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.dp.noise.noise import integers
from privkit.dp.opendp import features
from privkit.errors import ParameterError
from privkit.errors.engines import LibraryRequiredError
from privkit.values.exact import exact
from privkit.values.loss import PrivacyLoss

if TYPE_CHECKING:
    from privkit.values.loss import PrivacyLoss


def epsilon_at(loss: PrivacyLoss, delta: object) -> float:
    """Return the ε with which a loss is (ε, δ)-differential privacy; infinite where δ is too small for it.

    A ρ is converted by OpenDP (Bun and Steinke 2016, proposition 1.3, with the tighter bound of Canonne, Kamath and
    Steinke 2020, proposition 7). A loss in (ρ, δ₀) holds with what is left of δ after δ₀. Spends nothing.

    Parameters
    ----------
    loss : PrivacyLoss
    delta : number
        Above 0 and below 1; compare it with one over the number of persons, as is publicly known.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from privkit.values.loss import PrivacyLoss
    >>> epsilon_at(PrivacyLoss.of(epsilon=0.5), 1e-6)
    0.5
    >>> 0.9 < epsilon_at(PrivacyLoss.of(rho=0.1), 1e-2) < 1.46
    True
    """
    spread = exact(delta, "delta", below=1, smallest=Fraction(0), hint="Example: delta=1e-6.") - loss.delta
    if loss.main == 0:
        return 0.0 if spread >= 0 else math.inf
    if not loss.measure.concentrated:
        return math.inf if spread < 0 else float(loss.main)
    return math.inf if spread <= 0 else _converted(float(loss.main), float(spread))


def _converted(rho: float, delta: float) -> float:
    """Return OpenDP's conversion of ρ, taken from a Gaussian measurement that costs at least it."""
    if not math.isfinite(rho):
        raise ParameterError.of("loss", str(rho), "finite")
    scale = 1 / math.sqrt(2 * rho)
    with features() as dp:
        while True:
            gaussian = dp.measurements.make_gaussian(integers(dp), dp.metrics.l2_distance(T="f64"), scale)
            if gaussian.map(1.0) >= rho:
                return float(dp.combinators.make_zCDP_to_approxDP(gaussian).map(1.0).epsilon(delta))
            scale = math.nextafter(scale, 0.0)


def tighter_epsilon(losses: Iterable[PrivacyLoss] | Mapping[PrivacyLoss, int], delta: object) -> float:
    """Return the ε with which several losses together are (ε, δ)-differential privacy, tighter than their sum.

    Each loss (εᵢ, δᵢ) is taken as the worst mechanism that has it, and these are composed optimally (Kairouz, Oh and
    Viswanath 2015, "The composition theorem for differential privacy") by the privacy loss distributions of the
    `dp-accounting` library, rounded upwards. It holds for prices that were fixed before the first answer was seen: so
    it is told in reports, and what may still be spent is decided by sums. Losses in ρ add up, and are converted by
    OpenDP. Never more than the sum. Spends nothing.

    Parameters
    ----------
    losses : iterable of PrivacyLoss, or mapping of PrivacyLoss to int
        Of one measure; a mapping says how many times each occurs.
    delta : number
        Above 0 and below 1.

    Raises
    ------
    ParameterError
    LibraryRequiredError
        If `dp-accounting` is not installed.
    """
    spread = float(exact(delta, "delta", below=1, smallest=Fraction(0)))
    counted = Counter(losses)
    if not counted:
        return 0.0
    total = PrivacyLoss.zero(next(iter(counted)).measure)
    for loss, times in counted.items():
        total += loss.replace(loss.main * times, loss.delta * times)
    plain = epsilon_at(total, delta)
    if total.measure.concentrated or total.main == 0:
        return plain
    found = None
    for loss, times in counted.items():
        composed = _worst(loss).self_compose(times)
        found = composed if found is None else found.compose(composed)
    assert found is not None
    tighter = float(found.get_epsilon_for_delta(spread))
    if math.isnan(tighter):
        raise ParameterError.of("delta", str(delta), "a δ that these losses can have")
    return min(plain, tighter)


def _worst(loss: PrivacyLoss) -> Any:
    """Return the privacy loss distribution of the worst mechanism with this ε and δ, rounded upwards."""
    try:
        from dp_accounting.pld import common, privacy_loss_distribution
    except ImportError:
        raise LibraryRequiredError.of("dp-accounting", "accounting") from None
    above = math.nextafter(float(loss.main), math.inf), math.nextafter(float(loss.delta), 1.0) if loss.delta else 0.0
    return privacy_loss_distribution.from_privacy_parameters(common.DifferentialPrivacyParameters(*above))
