"""Rules in the model of drawn rows, beside a brute force: what parts and dependencies leave."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.dp.synthesis.drawing import drawn_rows, weighted
from privkit.dp.synthesis.model import Condition, Measured, Model, Part, Ruled, Rules, model_of


def every_row(rules, names, sizes, free):
    """All combinations of levels that conditions leave, by looking at each."""
    found = []
    for levels in itertools.product(*map(range, sizes)):
        own = dict(zip(names, levels, strict=True))
        if all(
            one.array([sizes[names.index(n)] for n in one.columns])[tuple(own[n] for n in one.columns)]
            for one in rules.conditions
        ) and all(free[axis][level] for axis, level in enumerate(levels)):
            found.append(levels)
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.3, 0.95))
def test_parts_leave_what_a_brute_force_leaves(seed, share):
    rng = np.random.default_rng(seed)
    names, sizes = ("a", "b", "c", "d"), (2, 3, 4, 2)
    conditions = []
    for columns in (("a", "c"), ("b",), ("b", "c"))[: int(rng.integers(1, 4))]:
        shape = [sizes[names.index(name)] for name in columns]
        conditions.append(Condition.of("", columns, rng.random(shape) < share))
    rules = Rules(tuple(conditions))
    allowed = [rng.random(size) < 0.9 for size in sizes]
    told = every_row(rules, names, sizes, allowed)
    parts = rules.parts(names, sizes, allowed)
    tied = {axis for part in parts for axis in part.axes}
    rest = all(allowed[axis].any() for axis in range(4) if axis not in tied)
    assert (all(part.left.any() for part in parts) and rest) == bool(told)
    if told:
        for part in parts:
            assert {tuple(row[axis] for axis in part.axes) for row in told} == set(
                map(tuple, np.argwhere(part.left).tolist())
            )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.05, 0.9))
def test_dependencies_leave_a_row_whatever_the_noisy_tables_say(seed, share):
    """Two of them, with conditions across: of each level of the first that had a row, one is left after both."""
    rng = np.random.default_rng(seed)
    left = rng.random((4, 3, 3)) < share
    left[0, 0, 0] = True
    part = Part((0, 1, 2), left)
    before = part.margin((0,))
    for second in (1, 2):
        part = part.decided(0, second, rng.normal(0, 9, (4, 3)), free=(3,))
    assert (part.margin((0,)) == before).all()
    for second in (1, 2):
        chosen = part.margin((0, second))[:3]
        assert (chosen.sum(axis=1) <= 1).all()


def test_the_other_way_round_and_in_a_row():
    left = np.ones((3, 2), dtype=bool)
    part = Part((0, 1), left).decided(1, 0, np.array([[1.0, 9.0, 2.0], [5.0, 1.0, 1.0]]), free=())
    assert np.argwhere(part.left).tolist() == [[0, 1], [1, 0]]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.02, 0.9))
def test_drawn_rows_obey_random_rules_over_three_columns(seed, share):
    rng = np.random.default_rng(seed)
    sizes = (3, 4, 2, 3)
    left = rng.random((3, 4, 2)) < share
    left[1, 2, 0] = True
    allowed = [np.ones(size, dtype=bool) for size in sizes]
    measured = [Measured((axis,), rng.integers(-5, 50, size), 25.0) for axis, size in enumerate(sizes)]
    measured.append(Measured((0, 3), rng.integers(-5, 50, 9), 25.0))
    model = model_of(measured, sizes, Ruled(allowed, (Part((0, 1, 2), left),)))
    rows, _ = drawn_rows(model, 500, rng)
    assert rows.shape == (500, 4)
    assert left[tuple(rows[:, :3].T)].all()


def test_rows_of_which_the_model_has_none_keep_their_weights():
    """The owner's rules leave rows that the noisy tables say are not there."""
    model = Model(9.0, (np.array([1.0, 0.0]), np.array([1.0, 0.0])), {(0, 1): np.array([[1.0, 0.0], [0.0, 0.0]])})
    found, _ = weighted(model, np.array([[1, 1], [1, 1]]), 4)
    assert found.tolist() == [0.5, 0.5]
