"""What a loss means: the most that any attacker gains from an answer, whatever he knows, about one unit.

An attacker sees the answer and says whether one unit is in the data or not. His *advantage* is how much more often he
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
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

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
