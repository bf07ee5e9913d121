"""Contribution bounds and their norms."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.errors import BoundsRequiredError, ParameterError
from privkit.values.arguments import positive_int
from privkit.values.bounds import ONE_ROW, ContributionBounds, contribution_bounds
from privkit.values.unit import ROW, PrivacyUnit

WHO = PrivacyUnit("who")


@given(st.integers(1, 4), st.integers(1, 3), st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_the_norms_bound_every_vector_within_the_bounds_and_are_reached(groups, per_group, vector):
    bounds = ContributionBounds(max_groups=groups, per_group=per_group)
    vectors = [v for v in product(range(per_group + 1), repeat=4) if sum(x > 0 for x in v) <= groups]
    assert max(sum(x > 0 for x in v) for v in vectors) == bounds.l0
    assert max(max(v) for v in vectors) == bounds.linf
    assert max(map(sum, vectors)) == bounds.l1
    assert math.isclose(max(math.hypot(*v) for v in vectors), bounds.l2)
    total = ContributionBounds(max_rows=max(sum(vector), 1))
    assert sum(x > 0 for x in vector) <= total.l0
    assert max(vector) <= total.linf
    assert sum(vector) <= total.l1
    assert math.hypot(*vector) <= total.l2


def test_one_row_is_the_unit_of_rows():
    assert contribution_bounds(ROW) is ONE_ROW
    assert (ONE_ROW.l0, ONE_ROW.linf, ONE_ROW.l1, ONE_ROW.l2) == (1, 1, 1, 1.0)
    for given_ in ({"max_rows": 1}, {"max_groups": 1}, {"per_group": 1}):
        with pytest.raises(ParameterError, match="unit column"):
            contribution_bounds(ROW, **given_)


def test_the_call_goes_before_the_project_and_one_of_them_is_needed():
    default = ContributionBounds(max_rows=9)
    assert contribution_bounds(WHO, default=default) is default
    assert contribution_bounds(WHO, max_rows=2, default=default) == ContributionBounds(max_rows=2)
    grouped = contribution_bounds(WHO, max_groups=3, per_group=5, default=default)
    assert grouped == ContributionBounds(max_groups=3, per_group=5)
    with pytest.raises(BoundsRequiredError, match=r"privkit needs max_rows=: .* all rows of one 'who'"):
        contribution_bounds(WHO)


@pytest.mark.parametrize(
    "given_",
    [
        {"max_groups": 1},
        {"per_group": 1},
        {"max_rows": 1, "max_groups": 1, "per_group": 1},
        {"max_rows": 1, "per_group": 1},
    ],
)
def test_bounds_that_contradict_each_other_are_refused(given_):
    with pytest.raises(ParameterError):
        contribution_bounds(WHO, **given_)


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, 1.0, math.nan, math.inf, True, "3", 2**31, 10**30, [3], np.float64(3), np.array([3])]
)
@pytest.mark.parametrize("names", [("max_rows",), ("max_groups", "per_group"), ("per_group", "max_groups")])
def test_a_bound_is_a_whole_number_above_zero(value, names):
    with pytest.raises(ParameterError, match=rf"privkit got {names[0]}=") as error:
        contribution_bounds(WHO, **dict.fromkeys(names, 3) | {names[0]: value})
    assert error.value.argument == names[0]


def test_numpy_integers_are_numbers():
    assert positive_int(np.int64(3), "max_rows") == 3
    assert type(positive_int(np.uint8(3), "max_rows")) is int
    assert positive_int(2**31 - 1, "max_rows") == 2**31 - 1


def test_bounds_are_said_in_words():
    assert str(ContributionBounds(max_rows=10)) == "at most 10 rows of one person"
    assert str(ContributionBounds(max_groups=3, per_group=5)) == "at most 3 groups of one person, 5 rows in each"
