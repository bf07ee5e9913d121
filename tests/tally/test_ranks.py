"""Positions among candidates: integers by a table, other numbers by arithmetic or search, all as by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.tally.sums import positions
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.keys import public_keys

DTYPES = ["int8", "uint8", "int16", "int64", "uint64", "float64", "Int64"]
CANDIDATES = [
    [0.0, 1.0, 2.0, 3.0],
    [0.0, 0.5, 1.0],
    [-3.0, 2.5, 7.0],
    [4.0],
    [-200.0, 300.0],
    [1e300, 2e300],
    [-1e9, 1e9],
]


def by_hand(values, candidates):
    found = np.zeros(2 * len(candidates) + 1, dtype=int)
    for value in values:
        below = sum(c < value for c in candidates)
        found[2 * below + (value in candidates)] += 1
    return found


@settings(max_examples=150)
@given(st.data(), st.sampled_from(DTYPES), st.sampled_from(CANDIDATES), st.booleans())
def test_every_number_is_where_it_is_by_hand(data, dtype, candidates, grouped):
    limits = np.iinfo(dtype.lower() if dtype != "float64" else "int64")
    edges = st.sampled_from([int(limits.min), int(limits.max), 0, 1, 2, 3, 4, 5, 7, 100])
    values = data.draw(st.lists(edges, max_size=25))
    groups_of = [["a", "b", "other"][place % 3] for place in range(len(values))]
    frame = pd.DataFrame({"x": pd.Series(values, dtype=dtype), "k": pd.Series(groups_of, dtype=object)})
    keys = public_keys(["k"], ["a", "b"]) if grouped else None
    found = positions(frame, "x", candidates, keys=keys, bounds=ONE_ROW)
    numbers = [float(value) for value in values]
    groups = (
        [[n for n, k in zip(numbers, frame["k"], strict=True) if k == key] for key in "ab"] if grouped else [numbers]
    )
    assert found.tolist() == [by_hand(group, candidates).tolist() for group in groups]


@pytest.mark.parametrize("dtype", ["int32", "float64"])
def test_persons_are_bounded_alike_whatever_the_type(dtype):
    frame = pd.DataFrame({"x": pd.Series([1, 1, 2, 9, 9], dtype=dtype), "who": list("pppqq")})
    found = positions(frame, "x", [1.0, 5.0], unit="who", bounds=ContributionBounds(max_rows=2), salt=bytes(16))
    assert found.sum() == 4
    assert found[0, 4] == 2
