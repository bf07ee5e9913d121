"""Privacy measures, losses counted in them, and what a loss means to whom an answer protects.

It is told as what any attacker gains from an answer on one unit, at most, whatever else he knows. An attacker sees the
answer and says whether the unit is in the data or not. His *advantage* is how much more often he
says so where it is than where it is not: true less false positives, the total variation of the answers to two
neighboring frames. 0 is a coin's, 1 is certainty. His *success* is how often he finds a unit that is there, while he
wrongly names one that is not in at most 1 of 100 cases.

Both are bounds for every neighboring pair and every test, and are rounded up. The arithmetic has 60 digits and a guard
of 45; a float that is returned is read as the decimal that it prints as, like every amount that a person types.

Proofs
------
Let P and Q be the distributions of the answers to neighboring frames, S the answers at which the attacker says yes,
p = P(S), q = Q(S).

*(ε, δ).* p ≤ e^ε·q + δ, and 1 − q ≤ e^ε·(1 − p) + δ, since the definition holds of the complement with P and Q
exchanged. Their sum is 1 + p − q ≤ e^ε·(1 − (p − q)) + 2δ, so p − q ≤ (e^ε − 1 + 2δ)/(e^ε + 1); with δ = 0 this is
tanh(ε/2) (Kairouz, Oh and Viswanath 2015, theorem 2.1, have the whole region). At q ≤ f the two say p ≤ e^ε·f + δ and
p ≤ 1 − e^−ε·(1 − f − δ).

*ρ.* D_α(P‖Q) ≤ α·ρ for all α > 1 (Bun and Steinke 2016, definition 1.1); at α → 1 KL(P‖Q) ≤ ρ. So p − q is at most
√(KL/2) (Pinsker) and √(1 − e^−KL) (Bretagnolle and Huber 1978). For every ε and α, p ≤ e^ε·f + δ(ε) with δ(ε) =
e^((α−1)(αρ−ε))·(1 − 1/α)^α/(α−1) (Canonne, Kamath and Steinke 2020, proposition 7). The least of that over ε is
f^(1−1/α)·e^((α−1)ρ), which is also what the monotonicity of D_α says of the event S by itself: p^α·q^(1−α) ≤
e^((α−1)αρ). The least of it over α, at α = √(ln(1/f)/ρ), is e^−(√ln(1/f) − √ρ)² where ρ < ln(1/f), and 1 beyond. The
same of the complement, with P and Q exchanged, is 1 − f ≤ e^−(√ln(1/(1−p)) − √ρ)²: p ≤ 1 − e^−(√ρ + √ln(1/(1−f)))².

*(ρ, δ).* P = (1−δ)·P′ + δ·P″ and Q likewise, with P′, Q′ within ρ (Bun and Steinke 2016, definition 8.1). So the total
variation is larger by at most δ. And p ≤ (1−δ)·p′ + δ, where q′ ≤ q/(1−δ). Both bounds g(f) of p′ are infima of
functions that are concave in f, so (1−δ)·g(f/(1−δ)) ≤ g(f), and p ≤ g(f) + δ.

No 2Φ(√(2ρ)/2) − 1 is used: that is the continuous Gaussian's, and less than a discrete one's (0.683 against 0.787 at
ρ = 2). ∎
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from fractions import Fraction

from privkit.errors import ParameterError
from privkit.values.arguments import public
from privkit.values.exact import Amounts, exact
from privkit.values.writing import amount_shown


class Measure(Enum):
    """How privacy loss is counted. One per project; conversions are for reports only."""

    PURE = "ε"
    APPROXIMATE = "(ε, δ)"
    ZERO_CONCENTRATED = "ρ"
    APPROXIMATE_ZERO_CONCENTRATED = "(ρ, δ)"

    def __init__(self, symbols: str) -> None:
        #: Whether the loss is counted in ρ rather than ε.
        self.concentrated = "ρ" in symbols
        #: What its main amount is written as.
        self.symbol = "ρ" if self.concentrated else "ε"
        #: Whether the measure has a δ.
        self.has_delta = "δ" in symbols


@public
@dataclass(frozen=True, slots=True)
class PrivacyLoss(Amounts):
    """An exact amount of privacy loss, or of budget.

    A loss reads as its amounts (``ε = 0.3``), and may be said where one of them is asked for:
    ``epsilon=project.remaining`` asks for all the ε that is left. The amounts themselves are fractions, the decimals
    that were written: a float is the binary number beside one, so that ``loss.epsilon == 0.1`` is False. Compare with
    ``Fraction("0.1")`` or ``Decimal("0.1")`` (equal amounts have equal hashes), or ``float(loss.epsilon) == 0.1``;
    ``float(loss.epsilon)`` is also what plots and formats take.

    Losses of one measure add up (basic composition: Dwork and Roth 2014, theorem 3.16; for zCDP Bun and
    Steinke 2016, lemma 2.3) and are ordered only where every component is.

    Attributes
    ----------
    measure : Measure
    epsilon, rho : Fraction or None
        The main amount; the one that the measure does not use is None.
    delta : Fraction
        0 in measures without δ.

    Examples
    --------
    >>> tenth = PrivacyLoss.of(epsilon=0.1)
    >>> tenth + tenth + tenth
    ε = 0.3
    >>> (tenth + tenth + tenth).fits(PrivacyLoss.of(epsilon=0.3))
    True
    >>> PrivacyLoss.of(epsilon=1, delta=1e-6)
    ε = 1, δ = 10⁻⁶
    >>> tenth.epsilon, tenth.epsilon == Fraction("0.1"), tenth.epsilon == 0.1, float(tenth.epsilon)
    (Fraction(1, 10), True, False, 0.1)
    >>> PrivacyLoss.of(epsilon=tenth + tenth)
    ε = 0.2
    """

    measure: Measure
    epsilon: Fraction | None = None
    rho: Fraction | None = None
    delta: Fraction = field(default=Fraction(0))

    @classmethod
    def of(cls, *, epsilon: object = None, rho: object = None, delta: object = None, zero: bool = False) -> PrivacyLoss:
        """Return the loss that the amounts name, its measure chosen by which of them are given.

        Raises
        ------
        ParameterError
            If neither or both of `epsilon` and `rho` are given, or an amount is out of range.
        """
        if (epsilon is None) == (rho is None):
            raise ParameterError.together(
                ("epsilon", "rho"), "give epsilon= or rho=, one of them. Example: epsilon=1.0."
            )
        none = Fraction(0)
        spread = Fraction(0) if delta is None else exact(delta, "delta", zero=True, below=1, smallest=none)
        if epsilon is not None:
            measure = Measure.PURE if spread == 0 else Measure.APPROXIMATE
            return cls(measure, epsilon=exact(epsilon, "epsilon", zero=zero), delta=spread)
        measure = Measure.ZERO_CONCENTRATED if spread == 0 else Measure.APPROXIMATE_ZERO_CONCENTRATED
        return cls(measure, rho=exact(rho, "rho", zero=zero), delta=spread)

    @classmethod
    def zero(cls, measure: Measure) -> PrivacyLoss:
        """Return no loss, in `measure`."""
        return loss_of(measure, Fraction(0))

    def replace(self, main: Fraction, delta: Fraction = Fraction(0)) -> PrivacyLoss:
        """Return a loss of the same measure with other amounts."""
        return loss_of(self.measure, Fraction(main), Fraction(delta))

    @property
    def main(self) -> Fraction:
        """The amount of ε or ρ."""
        amount = self.rho if self.measure.concentrated else self.epsilon
        assert amount is not None  # by construction
        return amount

    def amount(self, argument: str) -> Fraction | None:
        """Return the amount that an argument of that name asks for: `epsilon`, `rho` or `delta`."""
        return {"epsilon": self.epsilon, "rho": self.rho, "delta": self.delta}.get(argument)

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit: true less false positives, rounded up.

        ε: tanh(ε/2). (ε, δ): (e^ε − 1 + 2δ)/(e^ε + 1). ρ: the smaller of √(ρ/2) and √(1 − e^−ρ), plus δ.
        `privkit.values.loss` has the proofs.

        Examples
        --------
        >>> round(PrivacyLoss.of(epsilon=1).advantage, 3), PrivacyLoss.of(rho=0.02).advantage
        (0.462, 0.1)
        """
        return advantage(self.main, self.delta, concentrated=self.measure.concentrated)

    @property
    def attack_success(self) -> float:
        """How often an attacker with 1 % false alarms finds a unit that is there, at most; rounded up.

        Examples
        --------
        >>> round(PrivacyLoss.of(epsilon=1).attack_success, 4)
        0.0272
        """
        return success(self.main, self.delta, concentrated=self.measure.concentrated)

    def _same(self, other: PrivacyLoss) -> None:
        if self.measure is not other.measure:
            raise TypeError(f"losses in {self.measure.value} and {other.measure.value} do not compose")

    def __add__(self, other: PrivacyLoss) -> PrivacyLoss:
        """Compose with another loss of the same measure."""
        self._same(other)
        return loss_of(self.measure, self.main + other.main, self.delta + other.delta)

    def __sub__(self, other: PrivacyLoss) -> PrivacyLoss:
        """Return what is left of this budget after `other`; components may be negative."""
        self._same(other)
        return loss_of(self.measure, self.main - other.main, self.delta - other.delta)

    def fits(self, budget: PrivacyLoss) -> bool:
        """Whether every component is at most that of `budget`."""
        self._same(budget)
        return self.main <= budget.main and self.delta <= budget.delta

    def shortfall(self, budget: PrivacyLoss) -> PrivacyLoss:
        """Return by how much each component exceeds that of `budget` (0 where it does not)."""
        over = self - budget
        return loss_of(self.measure, max(over.main, Fraction(0)), max(over.delta, Fraction(0)))

    def __str__(self) -> str:
        """Return the amounts with their symbols, exactly."""
        text = f"{self.measure.symbol} = {amount_shown(self.main)}"
        return f"{text}, δ = {amount_shown(self.delta)}" if self.measure.has_delta else text

    __repr__ = __str__


def loss_of(measure: Measure, main: Fraction, delta: Fraction = Fraction(0)) -> PrivacyLoss:
    """Return the loss of so much ε or ρ, whichever the measure counts in, and δ.

    Examples
    --------
    >>> loss_of(Measure.ZERO_CONCENTRATED, Fraction(1, 10))
    ρ = 0.1
    """
    if measure.concentrated:
        return PrivacyLoss(measure, rho=main, delta=delta)
    return PrivacyLoss(measure, epsilon=main, delta=delta)


#: At which share of false alarms the attacker's success is told.
ALARMS = Fraction(1, 100)

_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-(10**9), Emax=10**9)
#: More than all roundings of one figure together: each is below 1e-59 of numbers of at most 1e13 times the result.
_GUARD = Fraction(1, 10**45)
#: From here on e^ε is so large that only 1 is told.
_CERTAIN = 500
#: Digits of an ε that is found from an advantage, rounded down.
_DIGITS = 9


def advantage(main: Fraction, delta: Fraction, *, concentrated: bool) -> float:
    """Return the greatest advantage that a loss in ε (or in ρ where `concentrated`) and δ allows, rounded up.

    Examples
    --------
    >>> none = Fraction(0)
    >>> round(advantage(Fraction(1), none, concentrated=False), 3)
    0.462
    >>> advantage(Fraction(1, 50), none, concentrated=True), advantage(none, none, concentrated=True)
    (0.1, 0.0)
    """
    if not concentrated and main >= _CERTAIN:
        return 1.0
    if not concentrated:
        grown = _exp(main)
        return up(_guarded((grown - 1 + 2 * delta) / (grown + 1), exact=main == 0))
    near = _root(main / 2)
    if main > Fraction(3, 2):  # below, it is never the smaller one
        near = min(near, _root(1 - max(_exp(-min(main, Fraction(_CERTAIN))) - _GUARD, Fraction(0))))
    return up(near + delta)


def success(main: Fraction, delta: Fraction, *, concentrated: bool) -> float:
    """Return the most that an attacker with 1 % false alarms finds of what is there, rounded up.

    Examples
    --------
    >>> none = Fraction(0)
    >>> [round(success(Fraction(epsilon), none, concentrated=False), 4) for epsilon in (1, 8)]
    [0.0272, 0.9997]
    >>> round(success(Fraction(1, 50), none, concentrated=True), 4)
    0.018
    """
    if main >= _CERTAIN:
        return 1.0
    if main == 0:
        return up(ALARMS + delta)
    if not concentrated:
        grown = _exp(main)
        return up(_guarded(min(ALARMS * grown + delta, 1 - (1 - ALARMS - delta) / grown)))
    alarms, calm = _root_of_log(1 / ALARMS), _root_of_log(1 / (1 - ALARMS))
    root = _root(main)
    near = _exp(-((alarms - root) ** 2)) if root < alarms else Fraction(1)
    return up(_guarded(min(near, 1 - _exp(-((root + calm) ** 2))) + delta))


def amount_for(wanted: Fraction, delta: Fraction, *, concentrated: bool) -> Fraction:
    """Return the loss, in ε or ρ, at which no attacker's advantage is above `wanted`; it is above `delta`, below 1.

    ρ = 2·(a − δ)², exactly; ε = ln((1 + a − 2δ)/(1 − a)), in nine digits, rounded down.

    Examples
    --------
    >>> float(amount_for(Fraction(1, 10), Fraction(0), concentrated=False))
    0.200670695
    >>> amount_for(Fraction(1, 10), Fraction(0), concentrated=True)
    Fraction(1, 50)
    """
    if concentrated:
        return 2 * (wanted - delta) ** 2
    found = Fraction(_EXACT.ln(_decimal((1 + wanted - 2 * delta) / (1 - wanted)))) - _GUARD
    if found <= 0:  # so little that 45 digits do not tell it from nothing
        return Fraction(0)
    step = Fraction(10) ** (math.floor(math.log10(found)) - _DIGITS + 1)
    return found // step * step


def up(value: Fraction) -> float:
    """Return the least float that reads as at least `value`, of what is a chance: at most 1.

    A float reads as the shortest decimal that it prints as; so 3/10 is 0.3, which in binary lies a little below.
    """
    if value >= 1:
        return 1.0
    found = float(value)
    while Fraction(repr(found)) < value:
        found = math.nextafter(found, math.inf)
    return min(found, 1.0)


def _guarded(value: Fraction, *, exact: bool = False) -> Fraction:
    return value if exact else value + _GUARD


def _decimal(value: Fraction) -> Decimal:
    return _EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _exp(power: Fraction) -> Fraction:
    return Fraction(_EXACT.exp(_decimal(power)))


def _root_of_log(value: Fraction) -> Fraction:
    return Fraction(_EXACT.sqrt(_EXACT.ln(_decimal(value))))


def _root(value: Fraction) -> Fraction:
    """Return the square root: exactly where it is a fraction, else a little above."""
    above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if (above**2, below**2) == (value.numerator, value.denominator):
        return Fraction(above, below)
    return Fraction(_EXACT.sqrt(_decimal(value))) + _GUARD
