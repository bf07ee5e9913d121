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
from privkit.values.exact import Exact, exact

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
            (Exact("0.2"), "0.2"),
        ],
        *[(10**30, "1e+30"), (1.25e22, "1.25e+22"), (10**15, "1" + "0" * 15)],
    ],
    ids=repr,
)
def test_every_kind_of_number_is_taken_as_it_is_written(value, text):
    amount = exact(value, "epsilon")
    assert isinstance(amount, Exact)
    assert str(amount) == repr(amount) == f"{amount}" == text


def test_numpy_floats_of_less_precision_are_taken_as_what_they_are():
    assert exact(np.float32(0.5), "epsilon") == Exact("0.5")
    assert exact(np.float32(0.1), "epsilon") == Exact(float(np.float32(0.1)))


def test_zero_and_upper_limits_are_said():
    assert exact(0, "delta", zero=True, below=1) == 0
    for value in (1, 1.0, 2, Decimal(1)):
        with pytest.raises(ParameterError, match=">= 0 and < 1"):
            exact(value, "delta", zero=True, below=1)
    assert str(exact(1e-300, "delta", zero=True, below=1, smallest=Fraction(0))) == "1e-300"
    with pytest.raises(ParameterError, match="least amount is 1e-09"):
        exact(1e-12, "epsilon")


def test_ten_tenths_are_one_and_three_fit_in_three_tenths():
    tenth = Exact(0.1)
    assert tenth * 10 == 1
    assert sum([tenth] * 10, Exact(0)) == 1.0
    assert not tenth + tenth + tenth > Exact(0.3)
    assert tenth + tenth + tenth == 0.3
    assert str(Exact(sum([tenth] * 7, Exact(0)))) == "0.7"
    assert 0.1 + 0.2 != 0.3  # which is why


def test_floats_compare_as_the_decimals_that_they_print_as():
    assert Exact("0.1") == 0.1
    assert not Exact("0.1") < 0.1 < Exact("0.1")
    assert Exact("0.1") <= 0.1 <= Exact("0.1")
    assert Exact("0.1") != 0.1 + 1e-17 * 2
    assert Exact("0.3") < 0.1 + 0.2  # 0.30000000000000004
    assert Exact(1) < math.inf
    assert Exact(1) != math.nan
    assert Exact(1) != "1"


@given(DECIMALS)
@settings(max_examples=200)
def test_text_round_trips(number):
    amount = Exact(number)
    assert amount == Fraction(number)
    assert Exact(str(amount)) == amount
    assert hash(amount) == hash(Fraction(number))


def test_sums_and_products_stay_exact_and_print_as_decimals():
    tenth = Exact("0.1")
    for amount in (
        tenth + tenth,
        2 * tenth,
        tenth * 2,
        Fraction(1, 5) * 1 + Exact(0),
        1 - Exact("0.8"),
        Exact(1) / 5,
        tenth - -tenth,
    ):
        assert (type(amount), str(amount), amount == 0.2) == (Exact, "0.2", True)
    assert (str(-tenth), str(abs(-tenth)), str(sum([tenth] * 3))) == ("-0.1", "0.1", "0.3")
    assert (type(tenth + 0.5), tenth + 0.5) == (float, 0.6)


@given(st.fractions())
def test_fractions_round_trip_too(number):
    assert Exact(str(Exact(number))) == number


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@settings(max_examples=200)
def test_order_is_that_of_the_decimals(one, two):
    first, second = Exact(one), Exact(two)
    assert (first < second) == (Decimal(repr(one)) < Decimal(repr(two))) == (first < two) == (one < second)
    assert (first == second) == (Decimal(repr(one)) == Decimal(repr(two))) == (first == two)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        *[("0.30", "0.3"), ("1e-06", "1e-06"), ("0.001", "0.001"), ("0.0005", "5e-04"), ("1.5e-7", "1.5e-07")],
        *[("-0.25", "-0.25"), ("0", "0"), ("-0", "0"), ("100", "100"), ("12.50", "12.5"), ("1e-100", "1e-100")],
        ("-0.00012", "-1.2e-04"),
    ],
)
def test_printing_is_exact_and_short(amount, text):
    assert str(Exact(amount)) == text
    assert f"{Exact('0.125'):.2f}" == "0.12"
    assert Exact(amount) == Decimal(amount)
