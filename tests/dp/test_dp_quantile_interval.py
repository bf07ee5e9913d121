"""A quantile's interval: its scores, its law, what it holds, and how little the point loses by it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, count_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.selection import NoisyMax, TwoChoices, leads
from privkit.dp.statistics.quantile import DrawnOnce, Quantile
from privkit.dp.statistics.ranks import excess, rank_scores, two_choices, width_scores, widths
from privkit.dp.statistics.statistic import recorded_statistic
from privkit.errors.dp import PriceError
from privkit.project.dp.quantiles import dp_median, dp_quantile
from privkit.project.dp.query import dp_describe, dp_query
from privkit.values.loss import Measure, PrivacyLoss

RARE = 1e-9
LINE = tuple(float(place) for place in range(12))
PROBABILITIES = [(1, 2), (1, 4), (9, 10), (1, 3)]


def excess_of(values, above, of):
    """F, by hand: of·#(x < c) − above·n for every candidate, and beyond the last."""
    at = np.clip(np.floor(np.asarray(values, dtype=float) + 0.5), 0, len(LINE) - 1)
    return np.array([of * int((at < c).sum()) - above * len(at) for c in (*LINE, math.inf)])


VALUES = st.lists(st.sampled_from([-3.0, 0.0, 0.4, 1.0, 1.0, 5.0, 5.2, 6.0, 11.0, 90.0]), max_size=14)


@given(values=VALUES, q=st.sampled_from(PROBABILITIES))
def test_the_scores_are_those_by_hand(values, q):
    found = Quantile("x", *q, LINE).excess(
        pd.DataFrame({"x": pd.Series(values, dtype=float)}), ask(Quantile("x", *q, LINE))
    )
    assert found[0].tolist() == excess_of(values, *q).tolist()
    assert rank_scores(found)[0].tolist() == [
        min(0, -one, two) for one, two in zip(found[0], found[0][1:], strict=False)
    ]
    assert rank_scores(found).max() == 0


@settings(max_examples=200)
@given(values=VALUES, one=st.floats(-5, 20), q=st.sampled_from(PROBABILITIES), target=st.integers(0, 40))
def test_no_row_moves_a_score_by_more_than_declared(values, one, q, target):
    reach = Quantile("x", *q, LINE).reach.linf
    whole, rest = excess_of([*values, one], *q), excess_of(values, *q)
    assert np.abs(whole - rest)[1:-1].max() <= reach
    assert np.abs(rank_scores(whole[None]) - rank_scores(rest[None])).max() <= reach
    for place in range(len(LINE)):
        first, second = (width_scores(side, place, target) for side in (whole, rest))
        assert len(first) == len(second)  # which widths there are is public
        assert np.abs(first - second).max() <= reach


@pytest.mark.parametrize("q", PROBABILITIES)
def test_some_row_moves_a_score_of_a_width_by_all_that_is_declared(q):
    """The test above has power: half of what is declared would be found too little."""
    reach = Quantile("x", *q, LINE).reach.linf
    rest = [2.0] * 5 + [9.0] * 5
    moved = [
        np.abs(
            width_scores(excess_of([*rest, one], *q), 6, target) - width_scores(excess_of(rest, *q), 6, target)
        ).max()
        for one in (0.0, 11.0)
        for target in range(30)
    ]
    assert max(moved) == reach


@settings(max_examples=200)
@given(values=VALUES.filter(len), q=st.sampled_from(PROBABILITIES), place=st.integers(0, 11), target=st.integers(1, 40))
def test_what_misses_a_quantile_scores_no_more_than_minus_the_target(values, q, place, target):
    at = np.clip(np.floor(np.array(values) + 0.5), 0, 11)
    share = q[0] / q[1]
    ends = [np.quantile(at, share, method=method) for method in ("inverted_cdf", "averaged_inverted_cdf")]
    scores = width_scores(excess_of(values, *q), place, target)
    assert scores.max() == 0
    for width, score in zip(widths(len(LINE)), scores, strict=False):
        if not all(place - width <= end <= place + width for end in ends):
            assert score <= -target


@pytest.mark.parametrize("loss", [PrivacyLoss.of(epsilon=1), PrivacyLoss.of(rho=0.2)], ids=["ε", "ρ"])
def test_the_worst_scores_miss_by_hardly_less_than_allowed_and_no_more(loss):
    """One right width, and all others wrong by the target: the bound of the proof is met, and not by much."""
    others, alpha, draws = 20, 0.05, 20_000
    noise = TwoChoices.for_loss(ask(Quantile("x", 1, 2, LINE)).sensitivity, loss)
    scores = np.array([-noise.target(others, alpha)] * others + [0], dtype=np.int64)
    choice = noise.second.choice(loss)
    missed = sum(choice(scores) != others for _ in range(draws))
    assert stats.binomtest(missed, draws, alpha, alternative="greater").pvalue > RARE
    assert missed > 0.6 * alpha * draws
    halved = np.array([-noise.target(others, alpha) // 2] * others + [0], dtype=np.int64)
    missed = sum(choice(halved) != others for _ in range(draws // 10))
    assert stats.binomtest(missed, draws // 10, alpha, alternative="greater").pvalue < RARE


def test_leads_are_those_of_the_exact_laws():
    """Of k others, each x scales behind: permute-and-flip in closed form, and the exponential mechanism."""
    for others in (1, 5, 40):
        p = math.exp(-leads(others, 0.05, concentrated=False))
        assert 1 - (1 - (1 - p) ** (others + 1)) / ((others + 1) * p) <= 0.05 + 1e-9
        p = math.exp(-leads(others, 0.05, concentrated=True))
        assert others * p / (1 + others * p) == pytest.approx(0.05)
    assert leads(0, 0.05, concentrated=False) == 0


@pytest.mark.parametrize(
    ("measure", "price", "times"),
    [(Measure.PURE, {"epsilon": 1}, 2), (Measure.ZERO_CONCENTRATED, {"rho": 0.1}, 2)],
    ids=["ε", "ρ"],
)
@pytest.mark.parametrize("q", [(1, 2), (9, 10)])
def test_the_point_errs_at_most_twice_as_much_as_by_one_draw(measure, price, times, q):
    """Against the same scores, chosen by all of the price; on evenly spread numbers, where ranks are values."""
    frame = pd.DataFrame({"x": np.arange(2000) / 20})
    question = ask(Quantile("x", *q, tuple(np.linspace(0, 100, 1001))))
    plan = count_plan(question, measure, **price)
    measurement = make_measurement(plan)
    scores = question.asked.exact(frame, question)[0]
    choice = NoisyMax.for_loss(question.sensitivity, plan.loss).choice(plan.loss)
    true, draws = np.quantile(frame.x, q[0] / q[1], method="inverted_cdf"), 500
    ours = np.array([question.asked.candidates[draw(measurement, frame)[0]] for _ in range(draws)])
    alone = np.array([question.asked.candidates[choice(scores)] for _ in range(draws)])
    errors = [np.sqrt(np.mean((found - true) ** 2)) for found in (ours, alone)]
    assert errors[0] < times * errors[1]


def test_many_equal_numbers_are_found_however_many_they_are():
    values = np.random.default_rng(0).choice([1.0, 2.0, 3.0, 4.0, 5.0], p=[0.05, 0.05, 0.1, 0.6, 0.2], size=5000)
    question = ask(Quantile("x", 1, 2, tuple(np.linspace(1, 5, 1001))))
    plan = count_plan(question, epsilon=1)
    cells = np.array([draw(make_measurement(plan), pd.DataFrame({"x": values})) for _ in range(20)])
    assert set(question.asked.estimates(cells)[question.asked.main]) == {4.0}
    lower, upper = question.asked.limits(cells, plan.noise, 0.05)[question.asked.main]
    assert (lower.min(), upper.max()) == pytest.approx((3.998, 4.002))


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_give_wide_intervals(rows):
    question = ask(Quantile("x", 1, 2, LINE))
    plan = count_plan(question, epsilon=0.5)
    cells = np.array([draw(make_measurement(plan), pd.DataFrame({"x": [4.0] * rows})) for _ in range(60)])
    lower, upper = question.asked.limits(cells, plan.noise, 0.05)[question.asked.main]
    assert ((lower == 0) & (upper == 11)).mean() > 0.8
    one = count_plan(ask(Quantile("x", 1, 2, (3.0,))), epsilon=0.5)
    assert draw(make_measurement(one), pd.DataFrame({"x": [4.0] * rows})) == [0, 0]


def test_without_noise_the_narrowest_interval_is_chosen():
    first = second = np.argmax
    place, width = two_choices(excess_of([5.0] * 40 + [1.0, 11.0], 1, 2), first, second, 3)
    assert (place, width) == (5, 0)


# -- as people ask -----------------------------------------------------------------------------------------------------


@pytest.fixture
def people():
    return pd.DataFrame({"k": ["a", "b"] * 2000, "x": np.random.default_rng(2).gamma(2, 15, 4000)})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("medians", epsilon=100, unit=pk.ROW, store=ledger_path)


def test_a_median_has_an_interval_in_the_columns_unit(people, project):
    release = dp_median(people, "x", bounds=(0, 200), epsilon=1)
    lower, upper = release.interval()
    assert lower <= people.x.median() <= upper
    assert lower <= release.value <= upper < lower + 8
    assert f"{release.accuracy:.3g}" == f"{(upper - lower) / 2:.3g}"
    assert f"= {release.value:.3g}"[:5] in repr(release)
    assert "(95 %)" in repr(release)
    assert list(release.to_frame()) == ["median", "lower", "upper"]
    assert tuple(release.interval(0.5)) == (lower, upper)
    assert tuple(release.interval(0.99)) == (0, 200)
    by = dp_median(people, "x", "k", keys=["a", "b"], bounds=(0, 200), epsilon=1)
    assert (by.to_frame()["lower"] < by.value).all()
    assert by.plot() is not None


@pytest.mark.parametrize("accuracy", [0.51, 1, 1000])
def test_an_accuracy_beyond_half_of_the_ranks_is_refused_however_it_is_asked(people, project, accuracy):
    price = {"accuracy": accuracy, "assume_rows": 4000}
    asked = {"m": ("quantile", "x", 0.5, (0, 200))}
    ways = [
        lambda: dp_median(people, "x", bounds=(0, 200), **price),
        lambda: dp_quantile(people, "x", [0.1, 0.5], bounds=(0, 200), **price),
        lambda: dp_quantile(people, "x", [place / 10 for place in range(1, 9)], bounds=(0, 200), **price),
        lambda: dp_query(people, asked, accuracy={"m": accuracy}, assume_rows=4000),
    ]
    for way in ways:
        with pytest.raises(PriceError, match=r"share of ranks, at most 0\.5"):
            way()
    assert project.spent.epsilon == 0
    assert "± 2.0 % of ranks (95 %)" in repr(
        dp_median.plan(people, "x", bounds=(0, 200), accuracy=0.02, assume_rows=4000)
    )


@pytest.mark.parametrize("way", ["list", "query", "describe", "tree"])
def test_quantiles_of_one_call_never_cross(people, project, way):
    names = ["25%", "50%", "75%"]
    for _ in range(6):
        if way == "describe":
            found = dp_describe(people, "x", bounds=(0, 200), epsilon=0.05, again=True)
        elif way == "list":
            found = dp_quantile(people, "x", [0.75, 0.25, 0.5], bounds=(0, 200), epsilon=0.02, again=True)
        elif way == "tree":
            q = [place / 20 for place in range(1, 20)]
            found = dp_quantile(people, "x", q, bounds=(0, 200), epsilon=0.1, again=True)
            names = found.value.columns.tolist()
        else:
            asked = {name: ("quantile", "x", int(name[:-1]) / 100, (0, 200)) for name in ("75%", "25%", "50%")}
            found = dp_query(people, asked, epsilon=0.02, again=True)
        table = found.to_frame().iloc[0]
        first = found.plan.question.statistic
        lower, upper = ([table["" + f"{n}_{end}" if n != first else end] for n in names] for end in ("lower", "upper"))
        for numbers in (table[names].tolist(), lower, upper):
            assert numbers == sorted(numbers)
        assert all(low <= value <= high for low, value, high in zip(lower, table[names], upper, strict=True))


def test_what_earlier_versions_asked_is_known_by_its_record_and_no_longer_drawn():
    now, before = Quantile("x", 1, 2, LINE), DrawnOnce("x", 1, 2, LINE)
    assert now.earlier == before
    for one in (now, before):
        assert recorded_statistic(one.canonical()) == one
        assert type(recorded_statistic(one.canonical())) is type(one)
    with pytest.raises(TypeError):
        make_measurement(count_plan(ask(before), epsilon=1))


def test_excess_counts_what_lies_between_neighboring_floats_upwards():
    assert excess(np.array([[1, 2, 4, 8, 16]]), 1, 2).tolist() == [[-31, -25, 31]]
