"""Labels of intervals: both ends are written in one way."""

from __future__ import annotations

import re
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.transform.hierarchies.hierarchy import Hierarchy


def test_a_round_number_of_many_digits_is_written_as_its_neighbor_is():
    numbers = pd.Series([10**25 + n for n in range(12)], dtype=object)
    labels = Hierarchy.intervals(10).apply(numbers, 1).unique().tolist()
    assert labels == [f"{10**25}-{10**25 + 9}", f"{10**25 + 10}-{10**25 + 19}"]
    assert Hierarchy.intervals(5e299).apply(pd.Series([2e300]), 1).tolist() == ["[2E+300, 2.5E+300)"]


@given(st.integers(22, 60), st.integers(-3, 3), st.sampled_from([7, 10, 1000]))
def test_both_ends_say_the_interval_and_only_both_have_exponents(power, off, width):
    number = 10**power + off
    (label,) = Hierarchy.intervals(width).apply(pd.Series([number], dtype=object), 1).tolist()
    first, last = re.fullmatch(r"(\S+?)-(\S+)", label).groups()
    assert ("E" in first) == ("E" in last)
    low, high = int(Decimal(first)), int(Decimal(last))  # exact, as sums of decimals are not
    assert low <= number <= high == low + width - 1


@pytest.mark.parametrize(
    ("texts", "doubted"),
    [
        ([f"{50 + n},5" for n in range(30)], True),
        ([f"1.{100 + n},25" for n in range(30)] + ["7"], True),
        ([f"1,{100 + n}" for n in range(30)], False),  # thousands, or not
        ([f"{n},{n}" for n in ("a", "b", "c", "d")], False),
        ([f"0{n},5" for n in range(1, 9)], False),  # codes
    ],
)
def test_texts_with_a_decimal_comma_are_said_to_be_such(texts, doubted):
    frame = pd.DataFrame({"weight": texts, "plan": ["a"] * len(texts)})
    told = repr(frame.privacy.anonymize(["weight"], k=2))
    assert ("'weight' holds numbers with a decimal comma" in told) == doubted
