"""Numbers on a grid and among candidates, against exact fractions, for every width of integer and of float."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.tally.cells.cells import FLOAT, INTEGER, Cells, Kind, Table
from privkit.tally.cells.numbers import Grid, steps_of
from privkit.tally.engines.eager import EagerEngine

INTEGERS = ["int8", "uint8", "int16", "int32", "int64", "uint64"]
FLOATS = [0.0, -0.0, 1.5, 2.0, 2.25, 1e300, -1e300, math.inf, -math.inf, math.nan, 3.0, 7.0, 19.9, 100.0, 2.0**-1074]
STARTS = [0.0, -10.0, 1.0, -(2.0**63), 2.0**63, 1e19, 18.0, 2.0**53, -0.5, 127.0]


@st.composite
def numbers(draw):
    """Cells of numbers, and what they hold: exact, None where missing."""
    kind = draw(st.sampled_from([*INTEGERS, "float64", "float32"]))
    if kind.startswith("float"):
        with np.errstate(over="ignore"):
            values = np.array(draw(st.lists(st.sampled_from(FLOATS), max_size=20)), dtype=np.float64).astype(kind)
        return Cells(Kind(FLOAT), values), [None if math.isnan(x) else x for x in values.tolist()]
    limits = np.iinfo(kind)
    ends = [limits.min, limits.min + 1, limits.max - 1, limits.max]
    near = [x for x in range(-3, 130) if limits.min <= x <= limits.max]
    held = draw(st.lists(st.sampled_from(ends) | st.sampled_from(near), max_size=20))
    missing = np.array(draw(st.lists(st.booleans(), min_size=len(held), max_size=len(held))), dtype=bool)
    cells = Cells(Kind(INTEGER), np.array(held, dtype=kind), missing if missing.any() else None)
    return cells, [None if gone else x for x, gone in zip(held, missing, strict=True)]


def below(candidate, x):
    return x > 0 if isinstance(x, float) and math.isinf(x) else Fraction(candidate) < Fraction(x)


@given(
    numbers(),
    st.sampled_from(STARTS),
    st.sampled_from([1.0, 10.0, 100.0, 4096.0, 1e4]),
    st.sampled_from([2, 5, 21, 101]),
)
@settings(max_examples=300)
def test_every_number_stands_where_fractions_say(drawn, start, width, count):
    cells, held = drawn
    candidates = np.unique(np.linspace(start, start + width, count))
    expected = [0] * (2 * len(candidates) + 1)
    for x in held:
        if x is not None:
            at = sum(below(c, x) for c in candidates.tolist())
            same = sum(not math.isinf(x) and Fraction(c) == Fraction(x) for c in candidates.tolist())
            expected[2 * at + same] += 1
    table = Table({"x": cells}, len(held))
    assert EagerEngine.of_table(table).positions("x", candidates, None)[0].tolist() == expected


@given(
    numbers(),
    st.sampled_from([(0, 500), (-3, 3), (0.5, 0.75), (100, 1e6), (-(2**62), 2**62), (1e12, 1e12 + 60), (0, 1e-300)]),
)
@settings(max_examples=300)
def test_every_number_is_clipped_to_the_step_that_fractions_say(drawn, bounds):
    cells, held = drawn
    grid = Grid.fitting(*bounds, bounds[1] - bounds[0], bits=30)
    found, missing = steps_of(cells, grid)(slice(0, len(held)))
    for place, x in enumerate(held):
        if x is None:
            assert missing is not None
            assert missing[place]
        elif math.isinf(x):
            assert found[place] == (grid.high if x > 0 else grid.low)
        elif isinstance(x, int) or abs(x) < 2**50:
            exact = math.floor(Fraction(x) / Fraction(grid.step) + Fraction(1, 2))
            assert found[place] == min(max(exact, grid.low), grid.high)


@pytest.mark.parametrize("value", [19.9, 1.0, 2.0, 4.0, 5.0])
def test_equal_floats_stand_at_their_candidate(value):
    """A place computed by dividing lands beside candidates that no binary fraction is."""
    candidates = np.linspace(0, 100, 1001) if value == 19.9 else np.linspace(1, 5, 5)
    cells = Cells(Kind(FLOAT), np.full(1000, value))
    place = int(np.searchsorted(candidates, value))
    at = 2 * place + 1 if candidates[place] == value else 2 * place
    assert EagerEngine.of_table(Table({"x": cells}, 1000)).positions("x", candidates, None)[0, at] == 1000
