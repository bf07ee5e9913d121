"""One step of logistic regression: what one row or person moves, and that its sums are exact."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, duckdb_relation, frames, neighbors, norms, salted
from dp_trained import model
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.training.logistic import _KEPT, FULL, LARGEST, WEIGHT, State, _chances
from privkit.tally.products import ONE
from privkit.values.bounds import ContributionBounds

QUICK = settings(max_examples=60, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 3, "per_group": 1}]


def answered(frame):
    return frame.assign(y=np.where(frame["x"].fillna(0).to_numpy() > 1, "yes", "no"))


def anywhere(data, width, size=6.0):
    """A state that no training need reach: what holds, holds for any history."""
    draws = st.lists(st.floats(-size, size), min_size=width, max_size=width)
    weights, speed = (np.array(data.draw(draws)) for _ in range(2))
    return State(weights, speed, 7, data.draw(st.sampled_from([0, 2])), np.zeros(width), np.ones(width))


def step_of(asked, question, frame, state, salt=b"0123456789abcdef"):
    with salted(salt):
        return asked.summed(asked.design(frame, question), state)


@QUICK
@given(
    frame=frames(),
    bounds=st.sampled_from([{}, *PERSONS]),
    salt=st.binary(min_size=16, max_size=16),
    clip=st.sampled_from(["0.001", "0.3", "1.5", "1.8"]),
    data=st.data(),
)
def test_a_row_or_person_moves_a_step_within_what_is_declared_whatever_was_answered(frame, bounds, salt, clip, data):
    frame, asked = answered(frame), model(clip)
    question, state = ask(asked, **bounds), anywhere(data, len(asked.numbers))
    whole, reach = step_of(asked, question, frame, state, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        _, l1, l2, linf = norms(whole - step_of(asked, question, other, state, salt))
        assert l1 <= reach.l1
        assert l2 <= reach.l2
        assert linf <= reach.linf


@pytest.mark.parametrize("bounds", [{}, {"max_rows": 1}, {"max_rows": 40}, {"max_groups": 1, "per_group": 7}])
def test_the_worst_row_or_person_reaches_nearly_all_of_it(bounds):
    asked = model("1")
    rows = 40 if bounds else 1
    frame = pd.DataFrame({"who": ["p"] * rows, "x": [10.0] * rows, "k": ["a"] * rows, "y": ["no"] * rows})
    question = ask(asked, **bounds)
    state = State(np.array([9.0, 9, 9, 9, 9]), np.zeros(5), 0, 1, np.zeros(5), np.ones(5))
    moved = norms(step_of(asked, question, frame, state))
    assert moved[2] == pytest.approx(question.sensitivity.l2, rel=1e-3)  # half of it would not do
    assert moved[1] == pytest.approx(question.sensitivity.l1, rel=1e-3)


def test_rows_of_one_person_without_an_id_cost_as_many_times_as_much():
    asked = model()
    one = ask(asked)
    many = replace(one, unit=pk.rows(4), bounds=ContributionBounds(max_rows=4))
    assert many.sensitivity.l2 == 4 * one.sensitivity.l2
    assert ask(asked, max_rows=4).sensitivity == one.sensitivity  # with an id they share the weight of one


@QUICK
@given(frame=frames(), data=st.data(), bounds=st.sampled_from([{}, *PERSONS]))
def test_the_order_of_rows_and_the_index_change_nothing(frame, data, bounds):
    frame, asked = answered(frame), model()
    order = list(data.draw(st.permutations(range(len(frame)))))
    question, state = ask(asked, **bounds), anywhere(data, len(asked.numbers))
    one, two = (step_of(asked, question, of, state) for of in (frame, frame.iloc[order].reset_index(drop=True)))
    assert (one == two).all()


def test_sums_are_exact_integers_whatever_a_library_does():
    """Python's own whole numbers, row by row, are the oracle; and each row adds the same wherever it stands."""
    rng = np.random.default_rng(4)
    rows = 4001
    frame = pd.DataFrame(
        {
            "x": rng.uniform(-3, 13, rows),
            "k": rng.choice(["a", "b", "1", "?"], rows),
            "y": rng.choice(["no", "yes"], rows),
        }
    )
    asked = model("1.1")
    question = ask(asked)
    state = State(rng.normal(0, 3, 5), rng.normal(0, 1, 5), 0, 1, np.zeros(5), np.ones(5))
    whole = step_of(asked, question, frame, state)
    weights = [int(one) for one in np.floor((state.weights + _KEPT * state.speed) * WEIGHT + 0.5)]
    total = [0] * 6
    design = asked.design(frame, question)
    for vector, place in zip(design.vectors, design.places, strict=True):
        x = [int(one) for one in vector]
        score = math.floor(
            Fraction(sum(a * b for a, b in zip(x, weights, strict=True)), ONE * WEIGHT // 1024) + Fraction(1, 2)
        )
        chance = int(_chances()[min(max(score, -16 * 1024), 16 * 1024) + 16 * 1024])
        most = math.isqrt(asked.norm**2 // sum(a * a for a in x))
        residual = min(max(chance - FULL * int(place), -most), most)
        total = [*(t + residual * a for t, a in zip(total, x, strict=False)), total[-1] + asked.counted]
    assert whole.tolist() == total
    cuts = [0, 1, 17, 1000, 1001, rows]
    parts = [step_of(asked, question, frame.iloc[a:b], state) for a, b in pairwise(cuts)]
    assert (sum(parts) == whole).all()


def test_weights_as_large_as_can_be_keep_scores_exact():
    assert (1 + 1000) * ONE * LARGEST < 2**53
    assert 2**22 * FULL * ONE < 2**53


def test_what_counts_of_a_person_is_the_mean_of_the_rows():
    one = pd.DataFrame({"x": [1.0, 4.0, 8.0], "k": ["a", "b", "?"], "y": ["no", "yes", "no"], "who": ["p", "q", "r"]})
    thrice = pd.concat([one] * 3, ignore_index=True)
    asked = model("0.9")
    state = State(np.array([0.2, 0.5, -1.0, 0.3, 0.1]), np.zeros(5), 0, 1, np.zeros(5), np.ones(5))
    single = step_of(asked, ask(asked), one, state)
    for frame in (one, thrice):
        found = step_of(asked, ask(asked, max_rows=5), frame, state)
        assert found[-1] == single[-1]  # persons are counted exactly
        assert np.abs(found - single).max() <= 3 * 3 * ONE  # one step of a residual for each row


def test_rows_without_an_answer_or_a_number_are_left_out_and_unknown_levels_count_as_none():
    frame = pd.DataFrame({"x": [1.0, None, 3.0, 20.0], "k": ["a", "a", "a", "zz"], "y": ["no", "no", None, "yes"]})
    design = model().design(frame, ask(model()))
    assert design.units == 2
    assert (design.vectors / ONE).tolist() == [[1, 0, 1, 0, -0.79998779296875], [1, 0, 0, 0, 1]]


def test_other_engines_give_the_same_design():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"who": np.arange(60) // 3, "x": rng.uniform(0, 10, 60), "k": rng.choice(["a", "b"], 60), "y": "no"}
    )
    asked = model()
    state = State(rng.normal(0, 1, 5), np.zeros(5), 0, 1, np.zeros(5), np.ones(5))
    for bounds in ({}, {"max_rows": 2}):
        question = ask(asked, **bounds)
        one, two = (step_of(asked, question, of, state) for of in (frame, duckdb_relation(frame)))
        if not bounds:
            assert (one == two).all()
        assert one[-1] == two[-1]
