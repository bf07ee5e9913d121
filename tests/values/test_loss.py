"""Privacy losses add up exactly, in one measure."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.errors import ParameterError
from privkit.values.loss import Measure, PrivacyLoss

of = PrivacyLoss.of
AMOUNTS = st.fractions(min_value=Fraction(1, 10**6), max_value=100)


@pytest.mark.parametrize(
    ("given_", "measure", "text"),
    [
        ({"epsilon": 0.5}, Measure.PURE, "ε = 0.5"),
        ({"epsilon": 0.5, "delta": 0}, Measure.PURE, "ε = 0.5"),
        ({"epsilon": 1, "delta": 1e-6}, Measure.APPROXIMATE, "ε = 1, δ = 10⁻⁶"),
        ({"rho": 0.25}, Measure.ZERO_CONCENTRATED, "ρ = 0.25"),
        ({"rho": 0.25, "delta": 1e-9}, Measure.APPROXIMATE_ZERO_CONCENTRATED, "ρ = 0.25, δ = 10⁻⁹"),
    ],
)
def test_the_amounts_choose_the_measure(given_, measure, text):
    loss = of(**given_)
    assert (loss.measure, str(loss), repr(loss)) == (measure, text, text)
    assert loss.measure.concentrated == ("rho" in given_)
    assert loss.measure.has_delta == (loss.delta > 0)
    assert PrivacyLoss.zero(measure) + loss == loss
    assert loss.main == next(iter(given_.values()))


@pytest.mark.parametrize("amounts", [{}, {"epsilon": 1, "rho": 1}, {"delta": 1e-6}])
def test_one_of_epsilon_and_rho_must_be_given(amounts):
    with pytest.raises(ParameterError, match="epsilon= or rho="):
        of(**amounts)


@pytest.mark.parametrize(
    "amounts",
    [{"epsilon": value} for value in (0, -1, math.nan, math.inf, 1e-300, True, "1")]
    + [{"rho": value} for value in (0, -1, math.nan, True)]
    + [{"epsilon": 1, "delta": value} for value in (1, 2, 1.0, -1e-9, math.nan, True, "0")],
    ids=repr,
)
def test_amounts_go_through_the_gate(amounts):
    with pytest.raises(ParameterError):
        of(**amounts)


@given(st.lists(AMOUNTS, min_size=1, max_size=20))
def test_losses_add_up_exactly_in_any_order(amounts):
    losses = [of(epsilon=amount, delta=Fraction(1, 10**6)) for amount in amounts]
    zero = PrivacyLoss.zero(Measure.APPROXIMATE)
    total = sum(losses, zero)
    assert total == sum(reversed(losses), zero)
    assert (total.main, total.delta) == (sum(amounts), Fraction(len(amounts), 10**6))
    assert total - losses[0] == sum(losses[1:], zero)


@given(AMOUNTS, AMOUNTS)
def test_a_loss_fits_if_no_component_is_over(one, two):
    spent, budget = of(epsilon=one), of(epsilon=two)
    assert spent.fits(budget) == (one <= two)
    assert spent.shortfall(budget).main == max(one - two, 0)
    assert spent.fits(spent)
    assert (spent.shortfall(budget) == PrivacyLoss.zero(Measure.PURE)) == spent.fits(budget)


def test_delta_counts_as_well():
    assert not of(epsilon=1, delta=1e-5).fits(of(epsilon=2, delta=1e-6))
    assert str(of(epsilon=1, delta=1e-5).shortfall(of(epsilon=2, delta=1e-6))) == "ε = 0, δ = 9·10⁻⁶"


def test_ten_tenths_fit_and_no_eleventh():
    budget, spent = of(epsilon=1.0), PrivacyLoss.zero(Measure.PURE)
    for _ in range(10):
        assert (spent + of(epsilon=0.1)).fits(budget)
        spent = spent + of(epsilon=0.1)
    assert (budget - spent).main == 0
    assert not (spent + of(epsilon=1e-9)).fits(budget)


def test_measures_do_not_mix():
    for one, two in ((of(epsilon=1), of(rho=1)), (of(epsilon=1), of(epsilon=1, delta=1e-6))):
        for mix in (lambda a, b: a + b, lambda a, b: a - b, PrivacyLoss.fits, PrivacyLoss.shortfall):
            with pytest.raises(TypeError, match="do not compose"):
                mix(one, two)


def test_a_loss_is_frozen_and_hashable():
    with pytest.raises(AttributeError):
        of(epsilon=1).delta = 0
    assert len({of(epsilon=0.1), of(epsilon=Fraction(1, 10))}) == 1
