"""A quantile's interval: its scores, its law, what it holds, and how little the point loses by it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from chance import RARE, at_least
from dp_asking import ask, count_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.selection import NoisyMax, TwoChoices, leads, leads_each
from privkit.dp.statistics.quantile import DrawnOnce, DrawnTwice, Quantile
from privkit.dp.statistics.ranks import chosen_pair, excess, pair_scores, pairs, rank_scores, widths
from privkit.dp.statistics.statistic import recorded_statistic
from privkit.errors.dp import PriceError
from privkit.project.dp.quantiles import dp_median, dp_quantile
from privkit.project.dp.query import dp_describe, dp_query
from privkit.values.loss import Measure, PrivacyLoss

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
    assert np.abs(pair_scores(whole, target) - pair_scores(rest, target)).max() <= reach


@pytest.mark.parametrize("q", PROBABILITIES)
def test_some_row_moves_a_score_of_a_width_by_all_that_is_declared(q):
    """The test above has power: half of what is declared would be found too little."""
    reach = Quantile("x", *q, LINE).reach.linf
    rest = [2.0] * 5 + [9.0] * 5
    place, _ = pairs(len(LINE))
    moved = [
        np.abs((pair_scores(excess_of([*rest, one], *q), 200) - pair_scores(excess_of(rest, *q), 200))[place == 6])
        for one in (0.0, 11.0)  # so far a target is missed by widths, not by places
    ]
    assert max(found.max() for found in moved) == reach


def wrong_pairs(excess, q):
    """Which pairs do not hold both the least and the greatest α-quantile, by hand."""
    last = len(excess) - 2
    holds = [j for j in range(last + 1) if excess[j] <= 0 <= excess[j + 1]]
    place, width = pairs(last + 1)
    return (place - width > holds[0]) | (place + width < holds[-1])


@settings(max_examples=200)
@given(values=VALUES.filter(len), q=st.sampled_from(PROBABILITIES), target=st.integers(1, 40))
def test_each_wrong_pair_lies_the_target_behind_the_right_pair_of_one_of_its_ends(values, q, target):
    """The proof's charges, by brute force: how far each wrong pair is behind, and how many a right one has to bear."""
    found = excess_of(values, *q)
    at = np.clip(np.floor(np.array(values) + 0.5), 0, 11)
    ends = [np.quantile(at, q[0] / q[1], method=method) for method in ("inverted_cdf", "averaged_inverted_cdf")]
    (place, width), scores, wrong = pairs(len(LINE)), pair_scores(found, target), wrong_pairs(found, q)
    assert scores.max() == 0
    assert all(wrong[(place - width > end) | (place + width < end)].all() for end in ends)
    own = rank_scores(found[None])[0]
    right = [int(np.flatnonzero((place == e) & ~wrong)[np.argmax(scores[(place == e) & ~wrong])]) for e in range(12)]
    assert [scores[one] for one in right] == own.tolist()
    borne = np.zeros(len(LINE), dtype=int)
    for p, w, score in zip(place[wrong], width[wrong], scores[wrong], strict=True):
        to_blame = [e for e in {p - w, p + w} if 0 <= e <= 11 and score <= own[e] - target]
        assert to_blame
        borne[to_blame] += 1
    assert borne.max(initial=0) <= 2 * len(widths(len(LINE))) - 3


def law_of(scores, scale, *, concentrated):
    """The exact chance of each score: the exponential mechanism's, or that of permute and flip by its integral."""
    p = np.exp((scores - scores.max()) / scale)
    if concentrated:
        return p / p.sum()
    nodes, weights = np.polynomial.legendre.leggauss(300)
    nodes, weights = (nodes + 1) / 2, weights / 2
    each, place, count = np.unique(p, return_inverse=True, return_counts=True)
    tails = np.exp((count * np.log1p(-nodes[:, None] * each)).sum(axis=1))
    return np.array([(weights * one / (1 - nodes * one) * tails).sum() for one in each])[place]


def missed(excess, scale, target, *, concentrated):
    """How often a choice at once misses a quantile, by the exact law."""
    chance = law_of(pair_scores(excess, target).astype(float), scale, concentrated=concentrated)
    assert chance.sum() == pytest.approx(1, abs=1e-6)
    return float(chance[wrong_pairs(excess, None)].sum())


SCALE = 40.0
#: Numbers that leave a wide gap in which every candidate is a median, one alone, a slope, and few rows.
WORST = {
    "a gap": np.concatenate([np.full(300, -9999), np.zeros(401), np.full(301, 9999)]),
    "all": np.concatenate([[-9999], np.zeros(1000), [9999]]),
    "one": np.concatenate([np.full(501, -9999), np.full(501, 9999)]),
    "beside a lump": np.concatenate([np.full(501, -9999), np.full(501, 7)]),
    "steep": np.arange(-501, 501) * 33,
    "a slope": np.arange(-501, 501),
    "few": np.concatenate([np.full(200, -5), np.full(300, -1), np.full(502, 5)]),
}


@pytest.mark.parametrize("concentrated", [True, False], ids=["ρ", "ε"])
@pytest.mark.parametrize("case", WORST)
def test_whatever_the_rows_the_exact_law_misses_at_most_5_percent(case, concentrated):
    target = SCALE * leads_each(2 * len(widths(1001)) - 3, 0.05)
    assert missed(WORST[case], SCALE, math.ceil(target), concentrated=concentrated) <= 0.05


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.integers(0, 60), min_size=1, max_size=40), at=st.floats(0, 1), concentrated=st.booleans())
def test_no_rows_are_found_of_which_more_is_missed(steps, at, concentrated):
    excess = np.concatenate([[0], np.cumsum(steps)])
    target = SCALE * leads_each(max(2 * len(widths(len(steps))) - 3, 0), 0.05)
    chosen_at = np.round(excess - at * excess[-1]).astype(np.int64)
    assert missed(chosen_at, SCALE, math.ceil(target), concentrated=concentrated) <= 0.05


@pytest.mark.parametrize("concentrated", [True, False], ids=["ρ", "ε"])
def test_a_target_half_as_far_would_be_seen_to_miss_more(concentrated):
    """The two tests above have power; and the bound of the proof is not far from the worst that is found."""
    target = SCALE * leads_each(2 * len(widths(1001)) - 3, 0.05)
    assert missed(WORST["a gap"], SCALE, math.ceil(target / 2), concentrated=concentrated) > 0.1
    assert missed(WORST["a gap"], SCALE, math.ceil(target), concentrated=concentrated) > 0.01


@pytest.mark.parametrize("loss", [PrivacyLoss.of(epsilon=1), PrivacyLoss.of(rho=0.2)], ids=["ε", "ρ"])
@pytest.mark.sample(0.5)
def test_the_choice_of_a_pair_has_that_law(loss):
    """OpenDP's choice among all pairs, beside the law that the tests above reckon with."""
    noise = NoisyMax.for_loss(ask(Quantile("x", 1, 2, LINE)).sensitivity, loss)
    scores = pair_scores(excess_of([2.0] * 4 + [3.0, 5.0, 6.0], 1, 2), math.ceil(noise.ahead(5, 0.05)))
    choice, draws = noise.choice(loss), 20_000
    counts = np.bincount([choice(scores) for _ in range(draws)], minlength=len(scores))
    expected = draws * law_of(scores.astype(float), noise.scale, concentrated=loss.measure.concentrated)
    rare = expected < 10
    seen, due = (np.append(side[~rare], side[rare].sum()) for side in (counts, expected))
    assert stats.chisquare(seen, due * seen.sum() / due.sum()).pvalue > RARE


@pytest.mark.parametrize("loss", [PrivacyLoss.of(epsilon=1), PrivacyLoss.of(rho=0.2)], ids=["ε", "ρ"])
@pytest.mark.sample(0.5)
def test_wrong_candidates_are_chosen_as_often_as_the_proof_allows_and_no_more(loss):
    """`leads_each` by draws: one right candidate that bears all wrong ones meets the bound, or half of it."""
    times, alpha, draws = 20, 0.05, 20_000
    noise = NoisyMax.for_loss(ask(Quantile("x", 1, 2, LINE)).sensitivity, loss)
    choice = noise.choice(loss)
    scores = np.array([-math.ceil(noise.ahead(times, alpha))] * times + [0], dtype=np.int64)
    found = sum(choice(scores) != times for _ in range(draws))
    assert stats.binomtest(found, draws, alpha, alternative="greater").pvalue > RARE
    assert found > 0.3 * alpha * draws
    scores = np.array([-math.ceil(noise.ahead(times, alpha)) // 2] * times + [0], dtype=np.int64)
    found = sum(choice(scores) != times for _ in range(draws // 10))
    assert stats.binomtest(found, draws // 10, alpha, alternative="greater").pvalue < RARE


def test_leads_are_those_of_the_exact_laws():
    """Of k others, each x scales behind: permute-and-flip in closed form, and the exponential mechanism."""
    for others in (1, 5, 40):
        for lead in (leads(others, 0.05, concentrated=False), leads_each(others, 0.05)):
            p = math.exp(-lead)
            assert 1 - (1 - (1 - p) ** (others + 1)) / ((others + 1) * p) <= 0.05 + 1e-9
        p = math.exp(-leads_each(others, 0.05))
        assert others * p / (1 + others * p) == pytest.approx(0.05)
        assert leads_each(others, 0.05) == leads(others, 0.05, concentrated=True)
    assert leads(0, 0.05, concentrated=False) == leads_each(0, 0.05) == 0


@pytest.mark.parametrize("price", [{"epsilon": 1}, {"rho": 0.1}], ids=["ε", "ρ"])
@pytest.mark.parametrize("q", [(1, 2), (9, 10)])
def test_the_point_errs_hardly_more_than_by_one_draw(price, q):
    """Against the same scores at all of the price: by the exact laws, on evenly spread numbers."""
    frame = pd.DataFrame({"x": np.arange(2000) / 20})
    question = ask(Quantile("x", *q, tuple(np.linspace(0, 100, 1001))))
    measure = Measure.PURE if "epsilon" in price else Measure.ZERO_CONCENTRATED
    plan = count_plan(question, measure, **price)
    found, concentrated = question.asked.excess(frame, question), measure.concentrated
    true = np.quantile(frame.x, q[0] / q[1], method="inverted_cdf")
    squares = (np.array(question.asked.candidates) - true) ** 2
    pair = law_of(
        pair_scores(found[0], question.asked.target(plan.noise)).astype(float),
        plan.noise.scale,
        concentrated=concentrated,
    )
    alone = NoisyMax.for_loss(question.sensitivity, plan.loss).scale
    once = law_of(rank_scores(found)[0].astype(float), alone, concentrated=concentrated)
    assert math.sqrt(pair @ squares[pairs(len(squares))[0]]) < 1.25 * math.sqrt(once @ squares)


@pytest.mark.parametrize("concentrated", [True, False], ids=["ρ", "ε"])
@pytest.mark.parametrize("rows", [200, 2_000, 20_000])
@pytest.mark.parametrize("count", [11, 41, 101, 1001])
@pytest.mark.parametrize("q", [(1, 2), (9, 10)])
@pytest.mark.sample(0.25)
def test_however_coarse_the_candidates_the_point_errs_at_most_twice_as_much(concentrated, rows, count, q):
    """By the exact laws: two choices, as they were before, err 120 times as much where candidates are coarse."""
    at = np.minimum(((np.arange(rows) + 0.5) / rows * (count - 1) + 0.5).astype(int), count - 1)
    excess = q[1] * np.concatenate([[0], np.cumsum(np.bincount(at, minlength=count))]) - q[0] * rows
    scale, scores = max(q[0], q[1] - q[0]) * 5.0, rank_scores(excess[None])[0].astype(float)
    target = math.ceil(scale * leads_each(2 * len(widths(count)) - 3, 0.05))
    pair = law_of(pair_scores(excess, target).astype(float), scale, concentrated=concentrated)
    true = q[0] / q[1] * (count - 1)
    once = (law_of(scores, scale, concentrated=concentrated) * (np.arange(count) - true) ** 2).sum()
    assert (pair * (pairs(count)[0] - true) ** 2).sum() <= 4 * once


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
    assert at_least(((lower == 0) & (upper == 11)).sum(), 60, 0.95)
    one = count_plan(ask(Quantile("x", 1, 2, (3.0,))), epsilon=0.5)
    assert draw(make_measurement(one), pd.DataFrame({"x": [4.0] * rows})) == [0, 0]


def test_without_noise_the_narrowest_interval_is_chosen():
    assert chosen_pair(excess_of([5.0] * 40 + [1.0, 11.0], 1, 2), np.argmax, 3) == (5, 0)


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
    spare = (upper - lower) / 2  # by the exact law the interval misses once in 15,000 draws, and twice as wide in 5·10⁷
    assert lower - spare <= people.x.median() <= upper + spare
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
    now, between, before = (kind("x", 1, 2, LINE) for kind in (Quantile, DrawnTwice, DrawnOnce))
    assert (now.earlier, between.earlier, before.earlier) == (between, before, None)
    for one in (now, between, before):
        assert recorded_statistic(one.canonical()) == one
        assert type(recorded_statistic(one.canonical())) is type(one)
    for one in (between, before):
        with pytest.raises(TypeError):
            make_measurement(count_plan(ask(one), epsilon=1))


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        (
            [0.25, 0.5, 0.75],
            ["1/4", "1/2", "3/4"],
        ),  # landed ledgers hold them ascending, "1/2" written before "1/4" or not
        ([0.75, 0.125, 0.5], ["1/8", "1/2", "3/4"]),
        ({"a": ("quantile", "x", 0.25, (0, 11)), "b": ("median", "x", (0, 11))}, ["1/2", "1/4"]),  # by their records
    ],
)
def test_earlier_versions_told_parts_in_this_order(ledger_path, asked, order, monkeypatch):
    people = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    project = pk.open_project("earlier", epsilon=1, unit=pk.ROW, store=ledger_path)
    monkeypatch.setattr(type(project.account), "holds", lambda *_: True)
    ask_of = people.privacy.plan
    plan = (
        ask_of.dp_query(asked, epsilon=1)
        if isinstance(asked, dict)
        else ask_of.dp_quantile("x", asked, bounds=(0, 11), epsilon=1)
    )
    _, *forms = plan.asked_as()
    assert len(forms) == 2
    for form in forms:
        assert [part["probability"] for part in form.canonical()["parts"]] == order


def test_what_was_drawn_in_two_choices_is_shown_as_it_was():
    """Its intervals, its accuracy and its words, to the last digit: those of version 1's landed ledgers."""
    question = ask(DrawnTwice("x", 9, 10, tuple(np.linspace(0, 100, 1001))))
    for price, accuracy, target in (({"epsilon": 1}, 0.0276, 237), ({"rho": 0.1}, 0.0314, 153)):
        plan = count_plan(question, **({"measure": Measure.ZERO_CONCENTRATED} if "rho" in price else {}), **price)
        assert isinstance(plan.noise, TwoChoices)
        assert question.asked.half_width(plan.noise, 0.05, 1000) == pytest.approx(accuracy, rel=0.01)
        assert question.asked.target(plan.noise) == target
        lower, upper = question.asked.limits(np.array([[900, 12]]), plan.noise, 0.05)["quantile"]
        assert (lower[0], upper[0]) == pytest.approx((88.75, 91.25))


def test_excess_counts_what_lies_between_neighboring_floats_upwards():
    assert excess(np.array([[1, 2, 4, 8, 16]]), 1, 2).tolist() == [[-31, -25, 31]]
