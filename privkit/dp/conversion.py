"""Losses told in other measures, for reports: converted by OpenDP, and never charged."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from privkit.dp.engine import features
from privkit.dp.noise import integers
from privkit.errors import ParameterError
from privkit.values.exact import exact

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
    spread = (
        exact(delta, "epsilon_at", "delta", below=1, smallest=Fraction(0), hint="Example: delta=1e-6.") - loss.delta
    )
    if loss.main == 0:
        return 0.0 if spread >= 0 else math.inf
    if not loss.measure.concentrated:
        return math.inf if spread < 0 else float(loss.main)
    return math.inf if spread <= 0 else _converted(float(loss.main), float(spread))


def _converted(rho: float, delta: float) -> float:
    """Return OpenDP's conversion of ρ, taken from a Gaussian measurement that costs at least it."""
    if not math.isfinite(rho):
        raise ParameterError.of("epsilon_at", "loss", str(rho), "finite")
    scale = 1 / math.sqrt(2 * rho)
    with features() as dp:
        while True:
            gaussian = dp.measurements.make_gaussian(integers(dp), dp.metrics.l2_distance(T="f64"), scale)
            if gaussian.map(1.0) >= rho:
                return float(dp.combinators.make_zCDP_to_approxDP(gaussian).map(1.0).epsilon(delta))
            scale = math.nextafter(scale, 0.0)
