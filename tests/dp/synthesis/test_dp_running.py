"""The rounds behind synthetic rows: what a choice moves by, what rounds cost, an audit, what is kept."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import WHO
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise import rounds as rounds_noise
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.synthesis.drawing import Filled
from privkit.dp.synthesis.kept import Kept
from privkit.dp.synthesis.running import Measuring, score
from privkit.dp.synthesis.synthetic import Synthetic
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import ROW, rows

LEVELS = tuple(public_keys([name], ["a", "b"]) for name in ("u", "v", "w"))
MADE = tuple(Filled(name, name, "str") for name in ("u", "v", "w"))


def asked(**given_):
    return Synthetic.asks(LEVELS, MADE, **{"target": None, "rows": 5, "rounds": 2, "laplace": False, **given_})


def question(statistic, unit=ROW, bounds=ONE_ROW):
    return Question(statistic, unit, bounds)


def plan_of(statistic, measure=None, unit=ROW, bounds=ONE_ROW, **price):
    measure = measure or (Measure.PURE if statistic.laplace else Measure.ZERO_CONCENTRATED)
    return make_plan(question(statistic, unit, bounds), measure, Price(**price))


# -- what one unit moves -----------------------------------------------------------------------------------------------


def test_a_row_moves_a_score_by_at_most_one_and_some_rows_do():
    """Brute force: every small table, every neighbor, every public table to compare with."""
    moved = set()
    for exact in itertools.product(range(3), repeat=3):
        for expected in itertools.product((-1, 0, 1, 2), repeat=3):
            base = score(np.array(exact), np.array(expected), 7)
            for cell in range(3):
                more = np.array(exact)
                more[cell] += 1
                moved.add(score(more, np.array(expected), 7) - base)
    assert moved == {-1, 1}  # tight both ways: a score that is declared monotonic, or moved by half, is caught


@settings(max_examples=40, deadline=None)
@given(data=st.data(), most=st.integers(1, 3), salt=st.binary(min_size=16, max_size=16))
def test_a_person_moves_every_table_and_every_score_by_at_most_its_rows(data, most, salt):
    many = data.draw(st.integers(1, 12))
    cells = st.lists(st.sampled_from(["a", "b", "x", None]), min_size=many, max_size=many)
    frame = pd.DataFrame({name: data.draw(cells) for name in ("u", "v", "w", "who")})
    statistic, bounds = asked(), ContributionBounds(max_rows=most)
    told = question(statistic, WHO, bounds)
    expected = [
        np.array(data.draw(st.lists(st.integers(-3, 9), min_size=9, max_size=9)), dtype=np.int64)
        for _ in statistic.pairs
    ]
    found = statistic._counts(frame, told, salt)
    for person in frame["who"].dropna().unique():
        rest = frame[frame["who"] != person].reset_index(drop=True)
        without = statistic._counts(rest, told, salt)
        for one, other in zip(found, without, strict=True):
            assert np.abs(one - other).sum() <= most
        for pair, public in enumerate(expected):
            place = len(statistic.tables) + pair
            assert abs(score(found[place], public, 3) - score(without[place], public, 3)) <= most
    norms = statistic.sensitivity(told)
    assert (norms.l0, norms.l1, norms.l2, norms.linf) == (1, most, most, most)


# -- what it costs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize("laplace", [True, False])
@pytest.mark.parametrize("later", [0, 1, 2, 3])
@pytest.mark.parametrize("target", [None, "u"])
@pytest.mark.sample(0.3)
def test_the_loss_is_that_of_all_rounds_by_closed_formulas(laplace, most, later, target):
    unit = ROW if most == 1 else rows(most)
    price = {"epsilon": 0.7} if laplace else {"rho": 0.7}
    bounds = ONE_ROW if most == 1 else ContributionBounds(max_rows=most)
    statistic = asked(rounds=later, laplace=laplace, target=target)
    plan = plan_of(statistic, unit=unit, bounds=bounds, **price)
    noise, shape = plan.noise, plan.question.asked.shape
    if laplace:
        loss = shape.first * most / noise.scale
        loss += shape.later * most / noise.measuring if shape.later else 0
        loss += shape.later * 2 * most / noise.choosing if shape.chosen else 0  # not monotonic: twice the distance
    else:
        loss = shape.first * most**2 / (2 * noise.scale**2)
        loss += shape.later * most**2 / (2 * noise.measuring**2) if shape.later else 0
        loss += shape.later * (2 * most / noise.choosing) ** 2 / 8 if shape.chosen else 0
    stated = Fraction(make_measurement(plan).map(1))
    assert loss == pytest.approx(0.7, rel=1e-9)
    assert 0.7 * (1 - 1e-9) < stated <= Fraction("0.7")


def test_two_units_cost_twice_in_epsilon_and_four_times_in_rho():
    for laplace, times in ((True, 2), (False, 4)):
        made = make_measurement(plan_of(asked(laplace=laplace), **({"epsilon": 1} if laplace else {"rho": 1})))
        assert made.map(2) == pytest.approx(times * made.map(1))


def test_in_epsilon_and_delta_it_is_converted_once():
    plan = plan_of(asked(), measure=Measure.APPROXIMATE, epsilon=1, delta=1e-6, mechanism="gaussian")
    epsilon, delta = make_measurement(plan).map(1)
    assert epsilon <= 1
    assert delta <= 1e-6
    assert epsilon > 0.999


def test_a_price_below_what_the_rounds_cost_is_refused(monkeypatch):
    plan = plan_of(asked(), rho=0.5)
    really = rounds_noise.stated_in_all
    monkeypatch.setattr(rounds_noise, "stated_in_all", lambda *args: 2 * really(*args))
    with pytest.raises(RuntimeError, match="below the loss"):
        make_measurement(plan)


# -- an audit ----------------------------------------------------------------------------------------------------------


def audited(statistic, noise, many):
    """The largest ε that draws on two worst-case neighbors refute, of the whole transcript of rounds."""
    from scipy import stats

    run = statistic.run
    base = np.array([0] * 9, dtype=np.int64)
    counts = [np.array([3, 0, 0])] * 3 + [base + np.eye(9, dtype=np.int64)[0] * 3] * 3
    more = [table + (np.arange(len(table)) == 0) for table in counts]
    events = []
    for tables in (counts, more):
        draws, told = Measuring(noise), []
        for _ in range(many):
            first, later = run.transcript(tables, noise, draws, 5)
            # The log-likelihood ratio of Laplace noise on what the row moved: the best test.
            cells = [first[0], first[3], first[6], *(cells[0] for _, cells in later)]
            scales = [noise.scale] * 3 + [noise.measuring] * len(later)
            exact = [3] * len(cells)
            told.append(sum((abs(c - x) - abs(c - x - 1)) / s for c, x, s in zip(cells, exact, scales, strict=True)))
        events.append(np.array(told))
    less, over = events
    found = 0.0
    for threshold in np.quantile(over, [0.3, 0.5, 0.7]):
        true = stats.beta.ppf(1e-4, max((over > threshold).sum(), 1e-9), (over <= threshold).sum() + 1)
        false = stats.beta.ppf(1 - 1e-4, (less > threshold).sum() + 1, max((less <= threshold).sum(), 1e-9))
        found = max(found, math.log(true / false))
    return found


@pytest.mark.landing
def test_an_audit_stays_below_epsilon_and_refutes_noise_that_is_too_small():
    statistic = asked(laplace=True, rounds=2)
    epsilon = 2.0
    noise = plan_of(statistic, epsilon=epsilon).noise
    assert audited(statistic, noise, 600) <= epsilon
    weak = type(noise)(noise.scale / 8, noise.shares, noise.choosing / 8, noise.measuring / 8, noise.shape)
    assert audited(statistic, weak, 600) > epsilon  # the test has power


# -- what is kept, and what a round chooses ----------------------------------------------------------------------------


def test_what_is_kept_reads_as_it_was_written():
    statistic = asked(rounds=2)
    rng = np.random.default_rng(1)
    first = rng.integers(-9, 9, statistic.width).tolist()
    later = [(2, rng.integers(-9, 9, 9).tolist()), (0, rng.integers(-9, 9, 9).tolist())]
    levels = rng.integers(0, 3, (17, 3))
    kept = Kept.of(first, later, 5).with_rows(statistic, levels, stopped=True)
    again = Kept.read(statistic, np.array(json.loads(json.dumps(kept.cells)), dtype=np.int64))
    assert again.cells == kept.cells
    assert again.levels(statistic).tolist() == levels.tolist()
    assert (again.stopped, again.seed, [place for place, _ in again.rounds]) == (True, 5, [2, 0])


def test_rounds_choose_the_pair_that_fits_worst():
    """With hardly any noise the pair that depends is measured, not one that does not."""
    rng = np.random.default_rng(2)
    u = rng.choice(["a", "b"], 4000)
    frame = pd.DataFrame({"u": u, "v": rng.choice(["a", "b"], 4000), "w": u})
    plan = plan_of(asked(rounds=1), rho=50)
    drawn = draw(make_measurement(plan), frame)
    kept = Kept.read(plan.question.asked, np.array(drawn, dtype=np.int64))
    assert [plan.question.asked.pairs[place] for place, _ in kept.rounds] == [(0, 2)]
    made = plan.question.asked.frame(np.array(drawn, dtype=np.int64).reshape(1, -1))
    assert len(made) == 5
