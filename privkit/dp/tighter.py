"""What a project's charges come to under the optimal composition: a report, never the filter."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from privkit.dp.conversion import epsilon_at
from privkit.errors import ParameterError
from privkit.errors.library import LibraryRequiredError
from privkit.values.exact import exact
from privkit.values.loss import PrivacyLoss


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
    spread = float(exact(delta, "tighter_epsilon", "delta", below=1, smallest=Fraction(0)))
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
        raise ParameterError.of("tighter_epsilon", "delta", str(delta), "a δ that these losses can have")
    return min(plain, tighter)


def _worst(loss: PrivacyLoss) -> Any:
    """Return the privacy loss distribution of the worst mechanism with this ε and δ, rounded upwards."""
    try:
        from dp_accounting.pld import common, privacy_loss_distribution
    except ImportError:
        raise LibraryRequiredError.of("tighter_epsilon", "dp-accounting", "accounting") from None
    above = math.nextafter(float(loss.main), math.inf), math.nextafter(float(loss.delta), 1.0) if loss.delta else 0.0
    return privacy_loss_distribution.from_privacy_parameters(common.DifferentialPrivacyParameters(*above))
