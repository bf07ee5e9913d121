"""Rates of success of an attack, with intervals; and the risk that remains above a control."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that was observed, and Wilson's interval for what it estimates.

    The center (s + z²/2) / (n + z²) and the half-width z / (n + z²) · √(s (n - s) / n + z²/4) are Wilson's (1927), as
    Anonymeter uses them (Giomi et al. 2023). The interval treats the rows as independent draws.

    Attributes
    ----------
    hits, n : int
        Successes and trials.
    confidence : float
        Of the interval.
    """

    hits: int
    n: int
    confidence: float = 0.95

    @property
    def observed(self) -> float:
        """Hits / n; 0 without trials."""
        return self.hits / self.n if self.n else 0.0

    @property
    def center(self) -> float:
        """The middle of the interval."""
        z = _z(self.confidence)
        return (self.hits + z**2 / 2) / (self.n + z**2)

    @property
    def error(self) -> float:
        """Half the width of the interval."""
        z = _z(self.confidence)
        spread = self.hits * (self.n - self.hits) / self.n if self.n else 0.0
        return z / (self.n + z**2) * math.sqrt(spread + z**2 / 4)

    @property
    def low(self) -> float:
        """The interval's lower end, at least 0."""
        return max(self.center - self.error, 0.0)

    @property
    def high(self) -> float:
        """The interval's upper end, at most 1."""
        return min(self.center + self.error, 1.0)


@dataclass(frozen=True, slots=True)
class ExcessRisk:
    """What an attack gains above the same attack on a control: (a - c) / (1 - c), with the errors propagated.

    Attributes
    ----------
    value, low, high : float
        Within 0 and 1.
    """

    value: float
    low: float
    high: float


def excess_risk(attack: Rate, control: Rate) -> ExcessRisk:
    """Return the risk of an attack beyond a control (Giomi et al. 2023, Anonymeter, PoPETs 2023(2)).

    Examples
    --------
    >>> found = excess_risk(Rate(60, 1000), Rate(40, 1000))
    >>> round(found.value, 6), round(found.low, 6), round(found.high, 6)
    (0.020792, 0.000922, 0.040662)
    """
    a, c = attack.center, control.center
    value = (a - c) / (1 - c)
    error = math.hypot(attack.error / (1 - c), control.error * (a - 1) / (1 - c) ** 2)
    return ExcessRisk(_unit(value), _unit(value - error), _unit(value + error))


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
