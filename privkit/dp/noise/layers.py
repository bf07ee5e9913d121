"""Noise on several tables of one frame, each of its own scale, by OpenDP's composition.

Claim
-----
Let each of k tables be a vector of whole numbers that one unit moves by at most d in L1 and in L2. Independent noise of
scale b_j (Laplace) or s_j (Gaussian) on table j costs Σ d / b_j in ε, or Σ d² / (2 s_j²) in ρ, together.

Proof
-----
Each table by itself costs d / b_j, or d² / (2 s_j²) (Dwork, McSherry, Nissim and Smith 2006; Canonne, Kamath and
Steinke 2020), and losses of measurements of the same frame add up (Dwork and Roth 2014, theorem 3.16; Bun and Steinke
2016, lemma 2.3). With shares w_j that add up to 1, b_j = b / w_j and s_j = s / √w_j make that d / b and d² / (2 s²):
what one table with all of the loss would cost. OpenDP's map of the composition is asked, and the scale raised until it
agrees. ∎

In (ε, δ) the composition is made in ρ and converted once.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from privkit.dp.noise.noise import Gaussian, Laplace, Noise, costs_at_most, in_measure
from privkit.dp.opendp import features

if TYPE_CHECKING:
    from privkit.dp.statistics.statistic import Sensitivity
    from privkit.values.loss import PrivacyLoss


def composed(measurements: Sequence[Any]) -> Any:
    """Return OpenDP's composition of measurements of the same input."""
    with features() as dp:
        make = getattr(dp.combinators, "make_composition", None) or dp.combinators.make_basic_composition
        return make(list(measurements))


#: What a scale is raised by, where OpenDP's map, whose roundings all go up, is above the price.
RAISED = 1 + 2.0**-50


class Layered(ABC):
    """What both kinds have in common: noise of a scale for each of several tables, by their shares of the loss.

    Attributes
    ----------
    single : type
        The noise of one table alone.
    """

    single: ClassVar[type[Noise]]

    scale: float
    shares: tuple[Fraction, ...]

    @staticmethod
    @abstractmethod
    def spread(share: Fraction) -> float:
        """Return what the scale of a table is divided by whose loss is a share of another's."""

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Self:
        """Return the least noise within the loss."""
        one, shares = cls.single.for_loss(sensitivity, loss), kind["shares"]
        noise: Any = cls(one.scale / cls.spread(min(shares)), shares)  # type: ignore[call-arg]
        while True:
            whole = in_measure(composed([part.measurement() for part in noise.layers]), loss)
            if costs_at_most(whole.map(noise.distance(sensitivity)), loss):
                return cast("Self", noise)
            noise = cls(noise.scale * RAISED, shares)  # type: ignore[call-arg]

    @cached_property
    def layers(self) -> tuple[Noise, ...]:
        """The noise of each table, reckoned once: hundreds of tables ask for it."""
        return tuple(self.split(share) for share in self.shares)

    @cached_property
    def _least(self) -> Fraction:
        return min(self.shares)

    @cached_property
    def _hashed(self) -> int:
        return hash((self.scale, self.shares))

    def __hash__(self) -> int:
        """Return the hash of the scale and the shares, reckoned once."""
        return self._hashed

    def split(self, share: Fraction) -> Noise:
        """Return the noise of a table that is answered alone with a share of the loss."""
        return self.single(self.scale * self.spread(self._least / share))


@dataclass(frozen=True)
class LayeredLaplace(Layered, Laplace):
    """Discrete Laplace noise on each of several tables; the scale is the largest, that of the table with least loss.

    Attributes
    ----------
    shares : tuple of Fraction
        Each table's share of ε.
    """

    shares: tuple[Fraction, ...] = (Fraction(1),)

    single: ClassVar[type[Noise]] = Laplace
    __hash__ = Layered.__hash__

    @staticmethod
    def spread(share: Fraction) -> float:
        """Return the share: ε is d / b."""
        return float(share)


@dataclass(frozen=True)
class LayeredGaussian(Layered, Gaussian):
    """Discrete Gaussian noise on each of several tables; the scale is the largest, that of the table with least loss.

    Attributes
    ----------
    shares : tuple of Fraction
        Each table's share of ρ.
    """

    shares: tuple[Fraction, ...] = (Fraction(1),)

    single: ClassVar[type[Noise]] = Gaussian
    __hash__ = Layered.__hash__

    @staticmethod
    def spread(share: Fraction) -> float:
        """Return the root of the share: ρ is d² / (2 s²)."""
        return math.sqrt(share)
