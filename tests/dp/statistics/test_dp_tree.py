"""Many quantiles from one tree of counts: exact sums, least squares, what one row moves, and intervals that hold."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import at_most
from dp_asking import NUMBERS, ask, count_plan, exact, frames, nearest, norms, without_person, without_row
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.statistics.quantiles import Tree, percentage, quantiles_of, spread
from privkit.project.dp.quantiles import dp_quantile
from privkit.project.dp.query import dp_query
from privkit.values.loss import Measure

QUICK = settings(max_examples=30)
TENTHS = [(place, 10) for place in range(1, 10)]
ASKED = quantiles_of("x", TENTHS, (-1.0, 0.0, 1.0, 2.0, 9.0))


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_the_tree_fits_its_own_sums_and_its_weights_are_the_adjoint(leaves, seed):
    rng, tree = np.random.default_rng(seed), Tree.over(leaves)
    counts = rng.integers(0, 9, (2, leaves))
    assert tree.counted(counts).shape == (2, tree.nodes)
    assert np.allclose(tree.fitted(tree.counted(counts).astype(float)), counts)
    noisy, of = rng.normal(size=(2, tree.nodes)), rng.normal(size=(3, leaves))
    assert np.allclose(noisy @ tree.weights(of).T, tree.fitted(noisy) @ of.T)


@pytest.mark.parametrize("tree", [Tree(9, 3, 2), Tree(8, 2, 3), Tree(25, 5, 2)])
def test_the_fit_is_the_least_squares_solution(tree):
    sums = tree.counted(np.eye(tree.leaves, dtype=np.int64)).T.astype(float)
    noisy = np.random.default_rng(4).normal(size=tree.nodes)
    solution = np.linalg.lstsq(sums, noisy, rcond=None)[0]
    assert np.allclose(tree.fitted(noisy[None, :])[0], solution)


def test_the_spread_is_that_of_the_worst_cut_and_bounds_every_score():
    tree, leaf = Tree.over(11), np.arange(11)

    def norms_of(score):
        weights = tree.weights(score[None, :])[0]
        return np.linalg.norm(weights), np.abs(weights).max()

    wide, tall = zip(*(norms_of(np.where(leaf < cut, 7.0, -3.0)) for cut in range(1, 11)), strict=True)
    assert spread(tree, 3, 10) == pytest.approx((max(wide), max(tall)))
    for own in range(1, 11, 2):
        l2, linf = norms_of(np.where(leaf < own, 7.0, np.where(leaf > own, -3.0, 0.0)))
        assert l2 <= max(wide) + 1e-9
        assert linf <= max(tall) + 1e-9


@pytest.mark.parametrize("leaves", [3, 5, 21, 301, 603])
@pytest.mark.parametrize(("above", "of"), [(1, 2), (1, 10), (9, 10), (1, 1000), (999, 1000), (1, 10**6), (3, 7)])
@pytest.mark.sample(0.25)
def test_the_spread_found_once_for_all_quantiles_is_that_of_every_cut_and_never_smaller(leaves, above, of):
    tree = Tree.over(leaves)
    leaf, cut = np.arange(leaves)[None, :], np.arange(1, leaves)[:, None]
    weights = tree.weights(np.where(leaf < cut, float(of - above), -float(above)))
    wide, tall = float(np.sqrt((weights**2).sum(axis=1).max())), float(np.abs(weights).max())
    found = spread(tree, above, of)
    assert found == pytest.approx((wide, tall), rel=2e-9)
    assert found[0] >= wide
    assert found[1] >= tall


def test_the_cuts_of_a_tree_are_gone_through_once_however_many_quantiles(monkeypatch):
    tree, seen = Tree(577, 9, 3), []
    plain = Tree.weights
    monkeypatch.setattr(Tree, "weights", lambda self, leaves: seen.append(len(leaves)) or plain(self, leaves))
    for above in range(1, 20):
        spread(tree, above, 20)
    assert sum(seen) == 577, "576 cuts, and all leaves"


BOUNDS = [{}, {"max_rows": 2}, {"max_groups": 1, "per_group": 2}, {"max_groups": 2, "per_group": 1}]


@QUICK
@given(frame=frames(), bounds=st.sampled_from(BOUNDS), salt=st.binary(min_size=16, max_size=16))
def test_a_row_or_person_moves_the_tree_within_the_stated_norms(frame, bounds, salt):
    question = ask(ASKED, "k", [None, "a", "b"], **bounds)
    stated, whole = question.sensitivity, exact(question, frame, salt)
    neighbors = (
        [without_person(frame, person) for person in "pqrs"]
        if bounds
        else [without_row(frame, place) for place in range(len(frame))]
    )
    for other in neighbors:
        l0, l1, l2, linf = norms(whole - exact(question, other, salt))
        assert l0 <= stated.l0
        assert l1 <= stated.l1
        assert l2 <= stated.l2
        assert linf <= stated.linf


def test_the_search_for_counterexamples_would_find_half_the_sensitivity():
    question = ask(ASKED, "k", ["a"])
    frame = pd.DataFrame({"k": ["a"] * 3, "x": [0.5, 1.0, 7.0], "who": ["p"] * 3})
    moved = [norms(exact(question, frame) - exact(question, without_row(frame, place))) for place in range(3)]
    assert max(l1 for _, l1, _, _ in moved) == question.sensitivity.l1 > question.sensitivity.l1 / 2


@QUICK
@given(values=st.lists(st.sampled_from(NUMBERS), max_size=30))
def test_without_noise_each_quantile_is_the_candidate_of_the_best_rank(values):
    frame = pd.DataFrame({"x": pd.Series(values, dtype="float64")})
    cells = ASKED.exact(frame, ask(ASKED))
    known = np.array([nearest(x, ASKED.candidates) for x in frame["x"].dropna()])
    for above, of in TENTHS:
        scores = [abs((of - above) * (known < c).sum() - above * (known > c).sum()) for c in ASKED.candidates]
        chosen = ASKED.estimates(cells)[percentage(above, of)][0]
        assert scores[ASKED.candidates.index(chosen)] == pytest.approx(min(scores), abs=1e-6)


@pytest.mark.parametrize(
    ("measure", "price"), [(Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.1})], ids=["ε", "ρ"]
)
@pytest.mark.sample(0.5)
def test_intervals_hold_the_exact_quantile(measure, price):
    values = np.clip(np.random.default_rng(5).exponential(20, 3000), 0, 100)
    frame, asked = pd.DataFrame({"x": values}), quantiles_of("x", TENTHS, tuple(np.linspace(0, 100, 101)))
    plan = count_plan(ask(asked), measure, **price)
    measurement, tried = make_measurement(plan), 60
    missed = dict.fromkeys(asked.numbers, 0)
    for _ in range(tried):
        limits = asked.limits(np.array([draw(measurement, frame)]), plan.noise, 0.05)
        for name, (above, of) in zip(asked.numbers, asked.probabilities, strict=True):
            lower, upper = (limit[0] for limit in limits[name])
            missed[name] += not lower <= np.quantile(values, above / of, method="inverted_cdf") <= upper
            assert upper - lower < 15
    assert all(at_most(count, tried, 0.05) for count in missed.values())


@pytest.fixture
def people():
    return pd.DataFrame({"k": ["a", "b"] * 500, "x": np.arange(1000.0) / 10})


def test_a_list_of_quantiles_is_a_frame(ledger_path, people):
    project = pk.open_project("tenths", epsilon=50, unit=pk.ROW, store=ledger_path, ceiling=20)
    many = dp_quantile(people, "x", [place / 10 for place in range(9, 0, -1)], bounds=(0, 100), epsilon=20)
    assert many.value.columns.tolist() == [f"{place}0%" for place in range(1, 10)]
    assert np.abs(many.value.iloc[0].to_numpy() - np.arange(10, 100, 10)).max() < 3
    assert {"lower", "20%_lower", "90%_upper"} <= set(many.to_frame())
    few = dp_quantile(people, "x", [0.75, 0.25], "k", keys=["a", "b"], bounds=(0, 100), epsilon=10)
    assert few.value.columns.tolist() == ["25%", "75%"]
    assert few.plan.noise.parts[0].name == "noisy max"
    assert project.spent.epsilon == 30
    assert many._repr_html_()
    assert "10%" in repr(many)
    assert dp_quantile(people, "x", [place / 10 for place in range(1, 10)], bounds=(0, 100), epsilon=20).replayed


@pytest.mark.parametrize("q", [[], [0.5, 0.5], [0.5, 2], [0.5, "a"], [0.5, 0.123456]])
def test_a_list_that_is_none_is_refused(ledger_path, people, q):
    pk.open_project("tenths", epsilon=50, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ParameterError, match="q="):
        dp_quantile.plan(people, "x", q, bounds=(0, 100), epsilon=1)


def test_a_query_reads_many_quantiles_from_one_tree_and_gives_it_all_their_weight(ledger_path, people):
    pk.open_project("tenths", epsilon=50, unit=pk.ROW, store=ledger_path)
    asked = {f"q{place}": ("quantile", "x", place / 10, (0, 100)) for place in range(1, 7)}
    plan = dp_query.plan(people, {"n": "count", **asked}, epsilon=7)
    several = plan.question.asked
    assert [type(part).__name__ for part in several.parts] == ["Count", "Quantiles"]
    assert several.shares == (Fraction(1, 7), Fraction(6, 7))
    release = plan.release()
    assert release.value.columns.tolist() == ["n", *asked]
    assert "q3_lower" in release.to_frame()
    few = dp_query.plan(people, dict(list(asked.items())[:5]), epsilon=7)
    assert len(few.question.asked.parts) == 5
