"""Exact amounts, and the one strict gate that they come through."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ParameterError
from privkit.values.exact import as_written, exact, exact_text
from privkit.values.loss import Measure, PrivacyLoss

DECIMALS = st.decimals(min_value="-1e12", max_value="1e12", allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    "value",
    [
        *[0, 0.0, -0.0, -1, -0.1, math.nan, math.inf, -math.inf, 1e-300, 9e-10, Fraction(1, 10**10)],
        *[True, False, np.True_, "1", "", b"1", 1j, None, [1], (1,), {1}, np.array([1.0]), np.array(1j), object()],
        *[Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal(0), Decimal("-1"), np.float64("nan"), np.inf],
        *[np.datetime64(1, "D"), np.str_("1"), Fraction(0)],
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0],
)
def test_what_is_no_positive_finite_number_is_refused(value):
    with pytest.raises(ParameterError, match=r"privkit got epsilon=.*must be a finite number > 0") as error:
        exact(value, "epsilon")
    assert error.value.argument == "epsilon"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(1, "1"), (0.1, "0.1"), (0.35, "0.35"), (1e-9, "1e-09"), (Decimal("0.50"), "0.5"), (Fraction(1, 3), "1/3")],
        *[
            (np.float64(0.1), "0.1"),
            (np.int8(3), "3"),
            (np.uint64(7), "7"),
            (np.array(2.5), "2.5"),
            (Fraction("0.2"), "0.2"),
        ],
        *[(10**30, "1e+30"), (1.25e22, "1.25e+22"), (10**15, "1" + "0" * 15)],
    ],
    ids=repr,
)
def test_every_kind_of_number_is_taken_as_it_is_written(value, text):
    amount = exact(value, "epsilon")
    assert type(amount) is Fraction
    assert exact_text(amount) == text


def test_numpy_floats_of_less_precision_are_taken_as_what_they_are():
    assert exact(np.float32(0.5), "epsilon") == Fraction("0.5")
    assert exact(np.float32(0.1), "epsilon") == as_written(float(np.float32(0.1)))


def test_zero_and_upper_limits_are_said():
    assert exact(0, "delta", zero=True, below=1) == 0
    for value in (1, 1.0, 2, Decimal(1)):
        with pytest.raises(ParameterError, match=">= 0 and < 1"):
            exact(value, "delta", zero=True, below=1)
    assert exact_text(exact(1e-300, "delta", zero=True, below=1, smallest=Fraction(0))) == "1e-300"
    with pytest.raises(ParameterError, match="least amount is 1e-09"):
        exact(1e-12, "epsilon")


def test_ten_tenths_are_one_and_three_fit_in_three_tenths():
    tenth = as_written(0.1)
    assert tenth * 10 == sum([tenth] * 10) == 1
    assert tenth + tenth + tenth == as_written(0.3)
    assert exact_text(sum([tenth] * 7, Fraction(0))) == "0.7"
    assert 0.1 + 0.2 != 0.3  # which is why


def test_an_amount_is_the_decimal_that_was_written_and_no_binary_number_beside_it():
    tenth = PrivacyLoss.of(epsilon=0.1).epsilon
    assert tenth == Fraction("0.1") == Decimal("0.1")
    assert tenth != 0.1
    assert float(tenth) == 0.1
    assert len({tenth, Fraction("0.1"), Decimal("0.1")}) == 1  # equal amounts, equal hashes
    assert len({tenth, 0.1}) == 2
    assert as_written(0.3) < as_written(0.1 + 0.2)  # 0.30000000000000004


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.fractions() | DECIMALS, min_size=2, max_size=4))
@settings(max_examples=200)
def test_equal_amounts_have_equal_hashes(numbers):
    amounts = [as_written(number) for number in numbers]
    for one in [*amounts, *numbers]:
        for two in amounts:
            assert one != two or hash(one) == hash(two)


@given(DECIMALS)
@settings(max_examples=200)
def test_text_round_trips(number):
    amount = as_written(number)
    assert amount == Fraction(number)
    assert Fraction(exact_text(amount)) == amount


@given(st.fractions())
def test_fractions_round_trip_too(number):
    assert Fraction(exact_text(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=200)
def test_a_float_is_read_as_it_prints_and_printed_as_it_was_read(number):
    amount = as_written(number)
    assert amount == Fraction(Decimal(repr(number)))
    assert float(exact_text(amount)) == number


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=200)
def test_order_is_that_of_the_decimals(one, two):
    assert (as_written(one) < as_written(two)) == (Decimal(repr(one)) < Decimal(repr(two))) == (one < two)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        *[("0.30", "0.3"), ("1e-06", "1e-06"), ("0.001", "0.001"), ("0.0005", "5e-04"), ("1.5e-7", "1.5e-07")],
        *[("-0.25", "-0.25"), ("0", "0"), ("-0", "0"), ("100", "100"), ("12.50", "12.5"), ("1e-100", "1e-100")],
        *[("-0.00012", "-1.2e-04"), ("1/3", "1/3"), ("-2/6", "-1/3")],
    ],
)
def test_printing_is_exact_and_short(amount, text):
    assert exact_text(Fraction(amount)) == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("NaN"), "one"])
def test_what_is_no_number_is_no_amount(number):
    with pytest.raises((ValueError, OverflowError)):
        as_written(number)


def test_a_loss_may_be_said_where_one_of_its_amounts_is_asked_for():
    left = PrivacyLoss.of(epsilon=0.7, delta=1e-6)
    assert exact(left, "epsilon") == Fraction("0.7")
    assert exact(left, "delta") == Fraction("1e-6")
    assert exact(PrivacyLoss.of(rho=0.2), "rho") == Fraction("0.2")


@pytest.mark.parametrize(
    ("loss", "argument"),
    [
        (PrivacyLoss.of(rho=0.2), "epsilon"),
        (PrivacyLoss.of(epsilon=0.2), "rho"),
        (PrivacyLoss.of(epsilon=0.2), "accuracy"),
        (PrivacyLoss.of(epsilon=0.2), "ceiling"),
        (PrivacyLoss.zero(Measure.PURE), "epsilon"),
        (PrivacyLoss.of(epsilon=0.2) - PrivacyLoss.of(epsilon=0.3), "epsilon"),
    ],
    ids=str,
)
def test_a_loss_without_that_amount_is_refused(loss, argument):
    with pytest.raises(ParameterError, match=f"got {argument}=.*must be a finite number > 0"):
        exact(loss, argument)
