"""Noise: how much of it a loss buys, and how far it carries an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from typing import Any

from privkit.dp.engine import features, opendp
from privkit.values.exact import Exact

#: The share of intervals that may miss, where nothing else is said.
ALPHA = 0.05
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Laplace:
    """Discrete Laplace noise on a vector of integers (Ghosh, Roughgarden and Sundararajan 2012).

    Each cell gets an independent integer with P(x) ∝ exp(−|x| / scale). For vectors that one person moves by at most
    `l1` in L1, the loss is ε = l1 / scale (Dwork, McSherry, Nissim and Smith 2006). The sampler and the proof of its
    privacy are OpenDP's.

    Attributes
    ----------
    scale : float
        In units of the answer.
    """

    scale: float

    name = "discrete Laplace"

    @classmethod
    def for_epsilon(cls, l1: int, epsilon: Fraction) -> Laplace:
        """Return the least noise whose loss, as OpenDP states it, is at most `epsilon`.

        The quotient l1/ε can round down, and so cost slightly more than ε: the scale is raised float by float until
        OpenDP's own map stays within what was asked.
        """
        scale = l1 / float(epsilon)
        while Fraction(cls(scale).measurement().map(l1)) > epsilon:
            scale = math.nextafter(scale, math.inf)
        return cls(scale)

    @classmethod
    def epsilon_for_accuracy(cls, l1: int, half_width: float, alpha: float = ALPHA) -> Exact:
        """Return the least ε, to four digits and rounded up, with which (1−alpha) of the errors are at most `half_width`."""
        bound = math.floor(half_width) + 1  # OpenDP's accuracy is strict: |error| < bound
        scale = opendp().accuracy.accuracy_to_discrete_laplacian_scale(float(bound), alpha)
        epsilon = Decimal(l1) / Decimal(scale)
        return Exact(Context(prec=_DIGITS, rounding=ROUND_CEILING).plus(epsilon))

    def half_width(self, alpha: float = ALPHA) -> int:
        """Return the least h with P(|error| ≤ h) ≥ 1 − alpha, for one cell."""
        strict = opendp().accuracy.discrete_laplacian_scale_to_accuracy(self.scale, alpha)
        return math.ceil(strict) - 1

    def measurement(self) -> Any:
        """Return the OpenDP measurement from integer vectors to noisy integer vectors."""
        with features() as dp:
            return dp.measurements.make_laplace(
                dp.domains.vector_domain(dp.domains.atom_domain(T="i64")), dp.metrics.l1_distance(T="i64"), self.scale
            )
