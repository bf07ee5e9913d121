"""The attacker's advantage and success: closed forms, their direction of rounding, and attackers who reach them."""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from math import exp, isclose, log, sqrt, tanh

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.values.loss import ALARMS, Measure, PrivacyLoss, amount_for, up

FINE = Context(prec=120)
AMOUNTS = st.fractions(min_value=Fraction(1, 10**12), max_value=40)
DELTAS = st.sampled_from([Fraction(0), Fraction(1, 10**9), Fraction(1, 10**6), Fraction(1, 100)])
CHANCES = st.fractions(min_value=Fraction(1, 1000), max_value=Fraction(999, 1000))


def loss(measure, main, delta=Fraction(0)):
    return PrivacyLoss.zero(measure).replace(main, delta if measure.has_delta else Fraction(0))


def fine(value):
    return FINE.divide(Decimal(value.numerator), Decimal(value.denominator))


def read(value):
    """Return what a float reads as."""
    return Fraction(repr(value))


# -- the figures -------------------------------------------------------------------------------------------------------


def test_the_published_figures():
    # tanh(ε/2) and e^ε/(1 + e^ε): Dwork and Roth 2014, chapter 2; Yeom et al. 2018, theorem 1, is above it.
    for epsilon, told in ((0.1, 0.04996), (1, 0.46212), (3, 0.90515), (8, 0.99933)):
        assert isclose(PrivacyLoss.of(epsilon=epsilon).advantage, told, abs_tol=5e-6)
        assert isclose(PrivacyLoss.of(epsilon=epsilon).advantage, tanh(epsilon / 2), rel_tol=1e-12)
    assert isclose(PrivacyLoss.of(epsilon=1, delta=0.01).advantage, (exp(1) - 1 + 0.02) / (exp(1) + 1), rel_tol=1e-12)
    assert PrivacyLoss.of(rho=0.02).advantage == 0.1
    assert isclose(PrivacyLoss.of(rho=2).advantage, sqrt(1 - exp(-2)), rel_tol=1e-12)
    assert isclose(PrivacyLoss.of(rho=0.02, delta=0.01).advantage, 0.11, rel_tol=1e-12)


def test_the_success_at_one_percent():
    assert isclose(PrivacyLoss.of(epsilon=1).attack_success, 0.01 * exp(1), rel_tol=1e-12)
    assert isclose(PrivacyLoss.of(epsilon=8).attack_success, 1 - 0.99 * exp(-8), rel_tol=1e-12)
    assert isclose(PrivacyLoss.of(epsilon=1, delta=0.1).attack_success, 0.01 * exp(1) + 0.1, rel_tol=1e-12)
    assert isclose(PrivacyLoss.of(rho=0.5).attack_success, exp(-((sqrt(log(100)) - sqrt(0.5)) ** 2)), rel_tol=1e-12)


@pytest.mark.parametrize("measure", Measure)
def test_nothing_spent_allows_nothing_and_much_allows_certainty(measure):
    assert loss(measure, Fraction(0)).advantage == 0
    assert loss(measure, Fraction(0)).attack_success == 0.01
    for main in (Fraction(600), Fraction(10) ** 300):
        assert loss(measure, main).advantage == loss(measure, main).attack_success == 1


@pytest.mark.parametrize("measure", Measure)
def test_figures_grow_with_the_loss(measure):
    mains = [Fraction(10) ** power for power in range(-9, 3)] + [Fraction(step, 10) for step in range(1, 60)]
    for figure in ("advantage", "attack_success"):
        told = [getattr(loss(measure, main), figure) for main in sorted(mains)]
        assert told == sorted(told)
        assert all(0 < one <= 1 for one in told)
        if measure.has_delta:
            assert getattr(loss(measure, Fraction(1), Fraction(1, 50)), figure) > getattr(
                loss(measure, Fraction(1)), figure
            )


# -- rounding ----------------------------------------------------------------------------------------------------------


@given(AMOUNTS, DELTAS)
def test_epsilon_is_rounded_up_and_by_no_more_than_a_float_needs(epsilon, delta):
    grown = Fraction(FINE.exp(fine(epsilon)))
    exact = (grown - 1 + 2 * delta) / (grown + 1)
    told = read(loss(Measure.APPROXIMATE, epsilon, delta).advantage)
    assert exact <= told <= exact * (1 + Fraction(1, 10**15)) + Fraction(1, 10**44)
    found = min(grown / 100 + delta, 1 - (Fraction(99, 100) - delta) / grown, Fraction(1))
    told = read(loss(Measure.APPROXIMATE, epsilon, delta).attack_success)
    assert found <= told <= found * (1 + Fraction(1, 10**15)) + Fraction(1, 10**44)


@given(AMOUNTS, DELTAS)
def test_rho_is_rounded_up_and_by_no_more_than_a_float_needs(rho, delta):
    squares = rho / 2, 1 - Fraction(FINE.exp(-fine(rho)))
    exact = min(1, Fraction(FINE.sqrt(fine(min(squares)))) + delta)
    told = read(loss(Measure.APPROXIMATE_ZERO_CONCENTRATED, rho, delta).advantage)
    assert exact - Fraction(1, 10**100) <= told <= exact * (1 + Fraction(1, 10**15)) + Fraction(1, 10**44)


def test_a_float_reads_as_the_decimal_that_it_prints_as():
    assert up(Fraction(3, 10)) == 0.3
    assert Fraction(0.3) < Fraction(3, 10)  # the float beside it lies below, but reads as it
    assert read(up(Fraction(1, 3))) >= Fraction(1, 3)
    assert up(Fraction(2)) == 1.0
    assert read(up(1 - Fraction(1, 10**30))) >= 1 - Fraction(1, 10**30)


@given(CHANCES, DELTAS, st.booleans())
def test_an_advantage_asked_for_is_never_exceeded_and_nearly_reached(wanted, delta, concentrated):
    if delta >= wanted:
        return
    main = amount_for(wanted, delta, concentrated=concentrated)
    measure = Measure.APPROXIMATE_ZERO_CONCENTRATED if concentrated else Measure.APPROXIMATE
    told = read(loss(measure, main, delta).advantage)
    assert told <= wanted or (concentrated and told <= read(up(wanted)))
    if not concentrated:
        assert told >= wanted - Fraction(1, 10**8)
        more = loss(measure, main * (1 + Fraction(1, 10**7)), delta)
        assert read(more.advantage) > wanted  # the next price would exceed it
    elif wanted < Fraction(7, 10):
        assert told >= wanted - Fraction(1, 10**15)


# -- attackers who reach the bound -------------------------------------------------------------------------------------


def best(pairs, alarms=None):
    """Return the greatest advantage, or success at so many false alarms, of any test: Neyman and Pearson 1933."""
    if alarms is None:
        return sum((max(p - q, Fraction(0)) for p, q in pairs), Fraction(0))
    found = Fraction(0)
    for p, q in sorted(pairs, key=lambda pair: pair[0] / pair[1] if pair[1] else 10**99, reverse=True):
        taken = min(Fraction(1), alarms / q) if q else Fraction(1)
        found, alarms = found + taken * p, alarms - taken * q
    return found


@pytest.mark.parametrize("grown", [Fraction(11, 10), Fraction(3), Fraction(50), Fraction(3000)])
@pytest.mark.parametrize("delta", [Fraction(0), Fraction(1, 200)])
def test_the_worst_mechanism_reaches_the_bounds(grown, delta):
    """The bounds are the least that hold for all: randomized response, with δ of plain truth, reaches both."""
    truth, lie = (1 - delta) * grown / (1 + grown), (1 - delta) / (1 + grown)
    pairs = [(delta, Fraction(0)), (truth, lie), (lie, truth), (Fraction(0), delta)]
    # ε rounded down by 1e-40 at most: the figures then lie within that of those of the pair.
    epsilon = Fraction(FINE.ln(fine(grown)))
    paid = loss(Measure.APPROXIMATE, epsilon, delta)
    for told, reached in ((paid.advantage, best(pairs)), (paid.attack_success, best(pairs, ALARMS))):
        assert reached - Fraction(1, 10**40) <= read(told) <= reached + Fraction(1, 10**14)


def gaussian(scale, shift, reach=400):
    """Return the probabilities of a discrete Gaussian and of it moved, on the integers."""
    weights = {x: Fraction(exp(-(x * x) / (2 * scale * scale))) for x in range(-reach, reach + 1)}
    whole = sum(weights.values())
    return [
        (weights.get(x, Fraction(0)) / whole, weights.get(x - shift, Fraction(0)) / whole)
        for x in range(-reach, reach + shift + 1)
    ]


@pytest.mark.parametrize("rho", [0.005, 0.05, 0.5, 1, 2, 4])
@pytest.mark.parametrize("shift", [1, 3])
def test_no_test_of_a_discrete_gaussian_gains_more_than_rho_allows(rho, shift):
    pairs = gaussian(shift / sqrt(2 * rho), shift)
    paid = PrivacyLoss.of(rho=rho)
    assert best(pairs) < read(paid.advantage) < 2 * best(pairs)
    assert best(pairs, ALARMS) < read(paid.attack_success) < 4 * best(pairs, ALARMS)


def test_the_continuous_gaussian_would_promise_too_much():
    """At ρ = 2 it says 0.683; a discrete Gaussian, and a noisy maximum, tell more."""
    from statistics import NormalDist

    promised = 2 * NormalDist().cdf(sqrt(2 * 2) / 2) - 1
    reached = float(best(gaussian(0.5, 1)))
    assert round(promised, 3) == 0.683
    assert round(reached, 3) == 0.787
    assert promised < reached < PrivacyLoss.of(rho=2).advantage
