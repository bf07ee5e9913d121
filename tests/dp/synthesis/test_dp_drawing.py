"""The model of measured tables and rows drawn of it: margins, levels, numbers in their bins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.dp.synthesis.drawing import Filled, drawn_rows, information, uniform, weighted
from privkit.dp.synthesis.model import Measured, Model, Ruled, model_of, on_simplex, with_margins

# -- the model, and rows that fit --------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(-100, 100), min_size=1, max_size=7), total=st.floats(0.1, 50))
def test_the_simplex_projection_is_the_nearest_one(values, total):
    found = on_simplex(np.array(values), total)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(total)
    rng = np.random.default_rng(0)
    own = ((found - values) ** 2).sum()
    for other in rng.dirichlet(np.ones(len(values)), size=50) * total:
        assert own <= ((other - values) ** 2).sum() + 1e-6


def test_without_noise_the_model_is_what_was_measured_and_rows_have_its_tables():
    rng = np.random.default_rng(3)
    sizes, joint = (3, 4, 2), rng.dirichlet(np.ones(24)).reshape(3, 4, 2)
    counts = np.round(joint * 20_000).astype(np.int64)
    pairs = [(0, 1), (0, 2), (1, 2)]
    measured = [Measured(p, counts.sum(axis=({0, 1, 2} - {*p}).pop()).ravel(), 1e-9) for p in pairs]
    model = model_of(measured, sizes, Ruled([np.ones(n, dtype=bool) for n in sizes]))
    assert model.rows == pytest.approx(counts.sum())
    for pair in pairs:
        exact = counts.sum(axis=({0, 1, 2} - {*pair}).pop()) / counts.sum()
        assert np.abs(model.pairs[pair] - exact).max() < 1e-5
    made, stopped = drawn_rows(model, 5_000, np.random.default_rng(1))
    assert not stopped
    for pair in pairs:
        table = np.zeros([sizes[axis] for axis in pair])
        np.add.at(table, (made[:, pair[0]], made[:, pair[1]]), 1 / len(made))
        assert np.abs(table - model.pairs[pair]).sum() / 2 < 0.02  # independent draws are about twice as far


def test_noise_alone_says_that_columns_are_independent_and_signal_says_that_they_are_not():
    rng = np.random.default_rng(5)
    even = np.full(100, 100.0)
    allowed = [np.ones(10, dtype=bool)] * 2

    def model(cells):
        return model_of([Measured((0, 1), np.rint(cells).astype(np.int64), 400.0)], (10, 10), Ruled(allowed))

    found = [information(model(even + rng.normal(0, 20, 100)).pairs[0, 1]) for _ in range(20)]
    assert np.mean(found) < 0.002  # the noise itself is about 0.02
    assert information(model(np.diag(np.full(10, 1000.0)).ravel() + rng.normal(0, 20, 100)).pairs[0, 1]) > 1.5


def test_levels_that_a_type_cannot_hold_are_never_drawn():
    allowed = [np.array([True, True, False]), np.array([True, True, True])]
    measured = [Measured((0, 1), np.array([5, 5, 5, 5, 5, 5, 90, 90, 90], dtype=np.int64), 1.0)]
    model = model_of(measured, (3, 3), Ruled(allowed))
    made, _ = drawn_rows(model, 400, np.random.default_rng(0))
    assert set(made[:, 0]) == {0, 1}
    assert set(made[:, 1]) == {0, 1, 2}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999))
def test_margins_are_put_right(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(5))
    found = with_margins(rng.random((3, 5)), first, second)
    assert np.allclose(found.sum(axis=1), first, atol=1e-3)
    assert np.allclose(found.sum(axis=0), second, atol=1e-6)


# -- values ------------------------------------------------------------------------------------------------------------


def test_the_uniform_numbers_are_what_they_were():
    """Stored answers rest on them."""
    assert uniform(1, 2, 2).tolist() == [
        [0.5118216247002567, 0.9504636963259353],
        [0.14415961271963373, 0.9486494471372439],
    ]


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True).map(sorted),
    half=st.booleans(),
    right=st.booleans(),
    dtype=st.sampled_from(["int64", "Int64", "int8", "float64", "Float64", "float32"]),
)
def test_values_lie_in_their_bins_and_have_the_type(edges, half, right, dtype):
    own = tuple(edge + 0.5 * half for edge in map(float, edges))
    one = Filled("x", "x", dtype, own, right)
    if one.is_whole and any(first >= after for first, after in one.bins()):
        return
    codes = np.repeat(np.arange(len(own) - 1), 40)
    chances = np.concatenate([[0.0, 1 - 2**-53], uniform(3, len(codes) - 2, 1)[:, 0]])
    found = one.values(codes, (), chances)
    assert str(found.dtype) == dtype
    closed = "right" if right else "left"
    again = pd.cut(found.astype(float), list(own), right=right, labels=False)
    if dtype != "float32":  # which rounds to an edge
        assert again.tolist() == codes.tolist(), closed


def test_weights_that_cannot_fit_stay_finite():
    ones = (np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0]))
    model = Model(10.0, ones, {(0, 1): np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 0.0]])})
    found, stopped = weighted(model, np.array([[0, 0], [1, 0], [0, 0]]), 5)
    assert np.isfinite(found).all()
    assert found[1] == pytest.approx(0.5)
    assert not stopped
