"""The noise of tables that are measured in rounds, some of them chosen by what the rounds before have told.

Claim
-----
Let one unit move each table by at most d in L1 and in L2, and each score of a choice by at most d. The first round
measures k tables with noise of one scale, and h tables that are held out with noise of another; each of T later rounds
measures one table, which a noisy maximum may choose before. Together that costs, in ε, k · d / b₀ + h · d / b₂ +
T · (d / b₁ + c), and in ρ, k · d² / (2 s₀²) + h · d² / (2 s₂²) + T · (d² / (2 s₁²) + c), where c is what OpenDP states
for one choice, or 0 where nothing is chosen.

Proof
-----
What a later round measures, and by which scores, depends on the data through what earlier rounds have released alone.
For each of their results it costs at most what stands above: the bounds d hold for every table and for every public
table that a score compares it with. So the losses add up (adaptive composition: Dwork and Roth 2014, theorem 3.16; Bun
and Steinke 2016, lemma 2.3). An end before the last round releases a part of the same, which is post-processing. Each
term is what OpenDP's own map states, added as exact fractions and rounded up. ∎

In (ε, δ) the composition is made in ρ and converted once, by OpenDP.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from privkit.dp.measurement import frames
from privkit.dp.noise.noise import Gaussian, Laplace, Noise, costs_at_most, float_above, in_measure, least_that
from privkit.dp.noise.selection import NoisyMax
from privkit.dp.opendp import features
from privkit.values.loss import Measure, PrivacyLoss, loss_of

if TYPE_CHECKING:
    from privkit.dp.measurement import Sensitivity


def composed(measurements: Sequence[Any]) -> Any:
    """Return OpenDP's composition of measurements of the same input."""
    with features() as dp:
        make = getattr(dp.combinators, "make_composition", None) or dp.combinators.make_basic_composition
        return make(list(measurements))


#: What a scale is raised by, where OpenDP's map, whose roundings all go up, is above the price.
RAISED = 1 + 2.0**-50


@lru_cache(maxsize=16)
def _factors(spread: Callable[[Fraction], float], shares: tuple[Fraction, ...]) -> tuple[float, ...]:
    """Return what the scale of each table is in the scale of the one with the least share: the same for every loss."""
    least = min(shares)
    return tuple(spread(least / share) for share in shares)


class Layered(ABC):
    """What both kinds have in common: noise of a scale for each of several tables, by their shares of the loss.

    Attributes
    ----------
    single : type
        The noise of one table alone.

    Notes
    -----
    *Claim.* Let each of k tables be a vector of whole numbers that one unit moves by at most d in L1 and in L2.
    Independent noise of scale b_j (Laplace) or s_j (Gaussian) on table j costs Σ d / b_j in ε, or Σ d² / (2 s_j²) in ρ,
    together.

    *Proof.* Each table by itself costs d / b_j, or d² / (2 s_j²) (Dwork, McSherry, Nissim and Smith 2006; Canonne,
    Kamath and Steinke 2020), and losses of measurements of the same frame add up (Dwork and Roth 2014, theorem 3.16;
    Bun and Steinke 2016, lemma 2.3). With shares w_j that add up to 1, b_j = b / w_j and s_j = s / √w_j make that d / b
    and d² / (2 s²): what one table with all of the loss would cost. OpenDP's map of the composition is asked, and the
    scale raised until it agrees. ∎

    Of thousands of tables the map's roundings add up to more than a hundred raises, and each asks for all tables: so
    the number of raises is searched for (`least_that`).

    In (ε, δ) the composition is made in ρ and converted once.
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
        noise = cls.near_loss(sensitivity, loss, **kind)
        scales = [noise.scale]

        def fits(many: int) -> bool:
            while len(scales) <= many:
                scales.append(scales[-1] * RAISED)
            raised: Any = cls(scales[many], noise.shares)  # type: ignore[call-arg]
            whole = in_measure(composed([part.measurement() for part in raised.layers]), loss)
            return costs_at_most(whole.map(raised.distance(sensitivity)), loss)

        return cast("Self", cls(scales[least_that(fits)], noise.shares))  # type: ignore[call-arg]

    @classmethod
    def near_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Self:
        """Return the noise but for the roundings of OpenDP's map."""
        one, shares = cls.single.for_loss(sensitivity, loss), kind["shares"]
        return cls(one.scale / cls.spread(min(shares)), shares)  # type: ignore[call-arg,attr-defined,no-any-return]

    @cached_property
    def layers(self) -> tuple[Noise, ...]:
        """The noise of each table, reckoned once: hundreds of tables ask for it."""
        return tuple(self.single(self.scale * factor) for factor in _factors(self.spread, self.shares))

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


#: Of the loss of a round in which a table is chosen, the share that chooses it.
CHOOSING = Fraction(1, 10)

Kind = TypeVar("Kind", bound="RoundsLaplace | RoundsGaussian")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many tables are measured first, how many in rounds after it, whether these are chosen, and the first's share.

    Attributes
    ----------
    first, later : int
    chosen : bool
    share : Fraction
        Of what is not held out, what the first round gets; all of it where there is no later one.
    held : int
        How many tables are held out: measured, and never fitted.
    held_share : Fraction
        Of the loss, what they get.
    """

    first: int
    later: int
    chosen: bool
    share: Fraction
    held: int = 0
    held_share: Fraction = Fraction(0)


def stated_in_all(noise: RoundsLaplace | RoundsGaussian, sensitivity: Sensitivity) -> Fraction:
    """Return what all rounds cost, in the noise's natural measure: OpenDP's maps, added exactly."""
    shape = noise.shape
    first = Fraction(noise.one.measurement().map(noise.distance(sensitivity)))
    found = shape.first * first
    if shape.held:
        found += shape.held * Fraction(noise.apart.measurement().map(noise.distance(sensitivity)))
    if shape.later:
        found += shape.later * Fraction(noise.later.measurement().map(noise.distance(sensitivity)))
    if shape.chosen:
        found += shape.later * Fraction(NoisyMax(noise.choosing).choice(noise.natural).map(sensitivity.linf))
    return found


def within_price(noise: Kind, sensitivity: Sensitivity, loss: PrivacyLoss) -> Kind:
    """Return the noise, its scales raised until what OpenDP states of it is within the price."""
    while not costs_at_most(make_rounds(lambda _: [], noise, sensitivity, loss).map(1), loss):
        scales = {name: getattr(noise, name) * RAISED for name in ("scale", "choosing", "measuring", "testing")}
        noise = replace(noise, **scales)
    return noise


def make_rounds(
    run: Callable[[object], list[int]],
    noise: RoundsLaplace | RoundsGaussian,
    sensitivity: Sensitivity,
    loss: PrivacyLoss,
) -> Any:
    """Return the rounds as an OpenDP measurement of frames, in the measure of `loss`. Reads nothing.

    Parameters
    ----------
    run : callable
        Runs them on a frame; see the module for what it may do, and for the proof of what that costs. For d units the
        loss is d times that in ε, and d² times that in ρ, by the same proof with d · L1 and d · L2.
    """
    stated, concentrated = float_above(stated_in_all(noise, sensitivity)), noise.natural.measure.concentrated
    with features() as dp:
        measure = dp.measures.zero_concentrated_divergence() if concentrated else dp.measures.max_divergence()
        made = dp.measurements.make_user_measurement(
            *frames(dp),
            measure,
            lambda rows: rows.read(run),
            lambda units: stated * (units * units if concentrated else units),
        )
        return in_measure(made, loss)


@dataclass(frozen=True)
class Rounds(Layered):
    """What both kinds have in common: the noise of the first round's tables, of later ones, and of choices.

    Attributes
    ----------
    choosing, measuring : float
        The scales of a later round's choice and of its table; 0 where there is none.
    shape : Shape
    testing : float
        The scale of tables that are held out; 0 where there are none.
    """

    choosing: float = 0.0
    measuring: float = 0.0
    shape: Shape = Shape(1, 0, chosen=False, share=Fraction(1))
    testing: float = 0.0

    @classmethod
    @abstractmethod
    def stated(cls, sensitivity: Sensitivity, scale: float) -> Fraction:
        """Return what one table costs with noise of a scale, in the natural measure, as an exact fraction."""

    @classmethod
    @abstractmethod
    def of(cls, amount: Fraction) -> PrivacyLoss:
        """Return an amount as a loss in the measure in which its parts are stated."""

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Self:
        """Return the least noise within the loss, by the shares of the shape."""
        one, (first, table, choice, held) = cls.single.for_loss(sensitivity, loss), _shares(kind["shape"])
        price = cls.of(choice * cls.stated(sensitivity, one.scale))
        choosing = NoisyMax.for_loss(sensitivity, price).scale if choice else 0.0
        scale, measuring = one.scale / cls.spread(first), one.scale / cls.spread(table) if table else 0.0
        testing = one.scale / cls.spread(held) if held else 0.0
        make: Any = cls
        made = make(scale, kind["shares"], choosing, measuring, kind["shape"], testing)
        return cast("Self", within_price(made, sensitivity, loss))

    @classmethod
    def near_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **kind: Any) -> Self:
        """Return the same: its rounds are alike, so that few are asked."""
        return cls.for_loss(sensitivity, loss, **kind)

    @property
    def natural(self) -> PrivacyLoss:
        """A loss in the measure in which its parts are stated."""
        return self.of(Fraction(1))

    @property
    def one(self) -> Noise:
        """The noise of a table of the first round."""
        return self.single(self.scale)

    @property
    def later(self) -> Noise:
        """The noise of a later round's table."""
        return self.single(self.measuring)

    @property
    def apart(self) -> Noise:
        """The noise of a table that is held out."""
        return self.single(self.testing)


@dataclass(frozen=True, slots=True)
class RoundsLaplace(Rounds, LayeredLaplace):
    """Discrete Laplace noise on tables that are measured in rounds; the scale is that of the first round's tables."""

    @classmethod
    def stated(cls, sensitivity: Sensitivity, scale: float) -> Fraction:
        """Return d / b."""
        return Fraction(sensitivity.l1) / Fraction(scale)

    @classmethod
    def of(cls, amount: Fraction) -> PrivacyLoss:
        """Return an amount of ε."""
        return loss_of(Measure.PURE, amount)


@dataclass(frozen=True, slots=True)
class RoundsGaussian(Rounds, LayeredGaussian):
    """Discrete Gaussian noise on tables that are measured in rounds; the scale is that of the first round's tables."""

    @classmethod
    def stated(cls, sensitivity: Sensitivity, scale: float) -> Fraction:
        """Return d² / (2 s²)."""
        return Fraction(sensitivity.l2) ** 2 / (2 * Fraction(scale) ** 2)

    @classmethod
    def of(cls, amount: Fraction) -> PrivacyLoss:
        """Return an amount of ρ."""
        return loss_of(Measure.ZERO_CONCENTRATED, amount)


def _shares(shape: Shape) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Return the shares of the loss of one first table, one later table, one choice, and one that is held out."""
    rest = 1 - shape.held_share if shape.held else Fraction(1)
    held = shape.held_share / shape.held if shape.held else Fraction(0)
    if not shape.later:
        return rest / shape.first, Fraction(0), Fraction(0), held
    each = rest * (1 - shape.share) / shape.later
    choice = each * CHOOSING if shape.chosen else Fraction(0)
    return rest * shape.share / shape.first, each - choice, choice, held
