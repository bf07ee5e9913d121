"""How numbers are written: to their own error, never less than a bound, never as certainty."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from privkit.values.writing import chance, chance_percent, ends, error_text, tens, to_error, with_error, with_interval

WIDTHS = st.floats(min_value=1e-9, max_value=1e9)
VALUES = st.floats(min_value=-1e9, max_value=1e9)
_LOW = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def read(text):
    """Return the number that a person reads."""
    plain = text.replace(",", "")
    digits, _, power = plain.rpartition("10") if set(plain) & set("⁰¹²³⁴⁵⁶⁷⁸⁹") else (plain, "", "0")
    return Decimal(digits.rstrip("·") or "1").scaleb(int(power.translate(_LOW)))


@pytest.mark.parametrize(
    ("value", "width", "told"),
    [
        (4.49, 0.1116, "4.49 ± 0.12"),
        (19_981, 19.89, "19,981 ± 20"),
        (812, 6, "812 ± 6"),
        (0.33333, 0.0204, "0.333 ± 0.021"),
        (1_234_567, 1_234, "1,234,600 ± 1,300"),
        (-0.001, 0.5, "0.00 ± 0.50"),
        (5, 0, "5 ± 0"),
        (5.25, math.inf, "5.25 ± ∞"),
        (5.25, None, "5.25"),
    ],
)
def test_a_number_is_rounded_to_its_error(value, width, told):
    assert with_error(value, width) == told


@given(VALUES, WIDTHS, st.floats(-1.5, 1.5))
def test_an_interval_that_reaches_farther_on_one_side_is_told_by_its_ends(value, width, skew):
    lower, upper = value - width * (1 + skew), value + width * (1 - skew)
    below, above = value - lower, upper - value
    told = with_interval(value, lower, upper)
    unit = Decimal(1).scaleb(_last(error_text((upper - lower) / 2)))
    _, both, half = told.partition(" ± ")
    apart = abs(Decimal(repr(above)) - Decimal(repr(below)))
    assert bool(both) == (apart < unit or upper == lower)
    if both:  # never narrower than the interval is
        assert Decimal(half.replace(",", "")) >= max(Decimal(repr(below)), Decimal(repr(above))) or upper == lower
    else:
        assert told == f"{to_error(value, (upper - lower) / 2)}, {' to '.join(ends(lower, upper))}"


def _last(text):
    """The power of ten of the last digit that counts."""
    plain = text.replace(",", "")
    if "." in plain:
        return -len(plain.partition(".")[2])
    return len(plain) - max(len(plain.rstrip("0")), 2) if len(plain) > 2 else 0


@given(WIDTHS)
def test_an_error_is_rounded_up_by_less_than_a_tenth(width):
    told = float(read(error_text(width)))
    assert width <= told * (1 + 1e-15)
    assert told <= width * 1.1 * (1 + 1e-12)
    digits = error_text(width).replace(",", "").replace(".", "").strip("0")
    assert len(digits) <= 2


@given(VALUES, WIDTHS)
def test_a_number_is_off_by_at_most_half_of_the_last_digit_of_its_error(value, width):
    told = read(to_error(value, width))
    assert abs(told - Decimal(repr(value))) <= read(error_text(width)) / 20 * (1 + Decimal("1e-12")) + Decimal(
        "0.5"
    ) * (float(width).is_integer())
    assert to_error(value, width) != "-0"


@given(VALUES, WIDTHS)
def test_an_interval_is_rounded_outwards(value, width):
    lower, upper = value - width, value + width
    assume(lower < upper)
    low, high = ends(lower, upper)
    assert read(low) <= Decimal(repr(lower))
    assert read(high) >= Decimal(repr(upper))
    span = max(upper - lower, float(Decimal(repr(upper)) - Decimal(repr(lower))))  # where floats are no finer than it
    assert float(read(high) - read(low)) <= span * 1.11 + 2 * float(lower).is_integer()


@given(st.floats(min_value=1e-300, max_value=1, exclude_max=True))
def test_a_bound_of_a_chance_is_rounded_up_and_never_reads_as_certainty(bound):
    for told in (read(chance(bound)), read(chance_percent(bound).removesuffix(" %")) / 100):
        assert Decimal(repr(bound)) <= told <= Decimal(repr(bound)) * Decimal("1.011")
        assert told < 1


def test_the_ends_of_chances():
    assert (chance(0.0), chance(1.0), chance_percent(1.0), chance_percent(0.0)) == ("0", "1", "100 %", "0 %")


@given(st.integers(1, 10**6), st.integers(-30, 30))
def test_an_amount_as_a_power_of_ten_is_the_same_amount(digits, power):
    amount = Decimal(digits).scaleb(power)
    assert Fraction(read(tens(f"{amount:f}"))) == Fraction(amount)
    assert "e" not in tens(f"{amount:f}")


def test_a_fraction_stays_one():
    assert tens("1/3") == "1/3"
    assert tens("1e-06") == "10⁻⁶"
