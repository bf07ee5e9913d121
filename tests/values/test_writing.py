"""How numbers are written: to their own error, never less than a bound, never as certainty."""

from __future__ import annotations

import math
from datetime import datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from privkit.values.writing import (
    chance,
    chance_percent,
    ends,
    error_percent,
    error_text,
    number,
    tens,
    to_error,
    with_error,
    with_interval,
)
from privkit.view.parts.words import day_within

WIDTHS = st.floats(min_value=1e-9, max_value=1e9)
VALUES = st.floats(min_value=-1e9, max_value=1e9)
_LOW = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def read(text):
    """Return the number that a person reads."""
    plain = text.replace(",", "")
    digits, _, power = plain.rpartition("10") if set(plain) & set("⁰¹²³⁴⁵⁶⁷⁸⁹") else (plain, "", "0")
    return Decimal({"": "1", "-": "-1"}.get(digits, digits.rstrip("·"))).scaleb(int(power.translate(_LOW)))


@pytest.mark.parametrize(
    ("value", "width", "told"),
    [
        (4.49, 0.1116, "4.49 ± 0.12"),
        (19_981, 19.89, "19,981 ± 20"),
        (63.24, 3.87, "63.2 ± 4.0"),  # to 67.11, which 63.2 + 3.9 does not reach
        (812, 6, "812 ± 6"),
        (0.33333, 0.0204, "0.333 ± 0.021"),
        (1_234_567, 1_234, "1,234,600 ± 1,300"),
        (-0.001, 0.5, "0.00 ± 0.51"),
        (5, 0, "5 ± 0"),
        (1234.567, 0, "1,234.567 ± 0"),
        (2.0**512, 2.0**500, "1.34078·10¹⁵⁴ ± 3.3·10¹⁵⁰"),
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
    _, both, _ = told.partition(" ± ")
    apart = abs(Decimal(repr(above)) - Decimal(repr(below)))
    assert bool(both) == (apart < unit or upper == lower)
    if not both:
        assert told == f"{to_error(value, (upper - lower) / 2)}, {' to '.join(ends(lower, upper))}"


def _last(text):
    """The power of ten of the last digit that counts."""
    plain = text.replace(",", "")
    if "." in plain:
        return -len(plain.partition(".")[2])
    return len(plain) - max(len(plain.rstrip("0")), 2) if len(plain) > 2 else 0


def told(text):
    """Return from where to where a person reads a number with its error."""
    near, _, half = text.partition(" ± ")
    return read(near) - read(half), read(near) + read(half)


SIZES = st.floats(min_value=-1e300, max_value=1e300)


@given(st.one_of(VALUES, SIZES, st.integers(-(2**64), 2**64)), st.one_of(WIDTHS, st.integers(0, 10**12)))
@example(63.24, 3.87)
def test_a_number_with_its_error_holds_all_that_the_error_reaches(value, width):
    low, high = told(with_error(value, width))
    exact, half = Decimal(repr(value)), Decimal(repr(width))
    assert low <= exact - half
    assert exact + half <= high
    assert high - low <= 2 * half * Decimal("1.17") + 2  # a whole error has no digits after the point


@given(VALUES, WIDTHS, WIDTHS)
@example(63.24, 3.87, 3.87)
def test_an_interval_that_is_told_holds_the_one_that_is_meant(value, below, above):
    lower, upper = value - below, value + above
    text = with_interval(value, lower, upper)
    low, high = told(text) if " ± " in text else map(read, text.partition(", ")[2].split(" to "))
    assert low <= Decimal(repr(lower))
    assert Decimal(repr(upper)) <= high


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
SPANS = st.timedeltas(timedelta(0), timedelta(days=9999))


@given(st.one_of(MOMENTS, MOMENTS.map(datetime.date)), SPANS)
def test_a_date_with_its_error_holds_all_that_the_error_reaches(moment, width):
    whole = not isinstance(moment, datetime)
    width = timedelta(days=width.days) if whole else width
    near, _, half = day_within(moment if whole else pd.Timestamp(moment), width).partition(" ± ")
    least = datetime.fromisoformat(near)
    if half.endswith(("day", "days")):
        reach = timedelta(days=int(read(half.split()[0])))
    else:
        hours, minutes, seconds = map(int, half.split(":"))
        reach = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    exact = datetime.combine(moment, time()) if whole else moment
    assert least - reach <= exact - width
    assert exact + width <= least + reach


@given(st.floats(min_value=1e-9, max_value=0.5))
def test_an_error_in_percent_is_rounded_up(share):
    assert Decimal(repr(share)) <= read(error_percent(share).removesuffix(" %")) / 100 <= Decimal(repr(share * 1.11))


@given(st.floats(min_value=1e16, max_value=1e308), st.booleans())
def test_a_long_number_is_told_by_four_digits_and_its_size(value, negative):
    text = number(-value if negative else value)
    assert len(text) <= 12
    assert abs(read(text) - Decimal(-value if negative else value)) <= Decimal(value) / 1000


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
