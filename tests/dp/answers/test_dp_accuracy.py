"""Intervals and half-widths hold as stated: for sums of several noises, for ratios, for every statistic."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import at_least
from dp_asking import ask, count_plan, exact
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.noise.weighted import sum_quantile
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.dp.statistics.sums import Sum
from privkit.errors.dp import MechanismError, PriceError
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

RARE = 1e-9
BOUNDS = ValueBounds(-20.0, 80.0)


def assert_covers(hits, level):
    hits = np.asarray(hits)
    assert stats.binomtest(int(hits.sum()), hits.size, level, alternative="less").pvalue > RARE, hits.mean()


@pytest.mark.parametrize("noise", [Laplace(50.0), Gaussian(50.0), Laplace(1.0), Gaussian(0.8)])
@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.7, 0.3], [1.0, 0.0], [1.0, -1.0, 1.0], [0.5, 1.0, -0.2]])
@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.sample(0.15)
def test_weighted_sums_of_noise_stay_within_their_half_width(noise, weights, level):
    rng = np.random.default_rng(5)
    if isinstance(noise, Laplace):
        q = 1 - math.exp(-1 / noise.scale)
        drawn = rng.geometric(q, (20_000, len(weights))) - rng.geometric(q, (20_000, len(weights)))
    else:
        support = np.arange(-400, 401)
        chance = np.exp(-((support / noise.scale) ** 2) / 2)
        drawn = rng.choice(support, p=chance / chance.sum(), size=(20_000, len(weights)))
    width = noise.combined(np.array([weights]), 1 - level)[0]
    hits = np.abs(drawn @ np.array(weights)) <= width
    assert_covers(hits, level)
    if noise.scale == 50:  # and it is not much too wide
        assert hits.mean() < level + 0.02


@pytest.mark.parametrize("noise", [Laplace(50.0), Gaussian(50.0), Laplace(2.0**29), Laplace(0.7), Gaussian(0.8)])
@pytest.mark.parametrize("cells", [4, 5, 6, 15, 60, 400])
@pytest.mark.parametrize("kind", ["alike", "mixed"])
@pytest.mark.sample(0.15)
def test_sums_of_many_cells_have_the_width_that_their_law_gives_them(noise, cells, kind):
    """As of the rows of a whole test of independence: partial fractions of alike weights cancel beyond a few cells."""
    rng = np.random.default_rng(11)
    weights = np.ones(cells) if kind == "alike" else rng.choice([0.25, 0.5, 1.0, -1.0], cells)
    total = np.zeros(20_000)
    for weight in weights:
        if isinstance(noise, Laplace):
            q = -math.expm1(-1 / noise.scale)
            total += weight * (rng.geometric(q, total.size) - rng.geometric(q, total.size))
        else:
            support = np.arange(-400, 401)
            chance = np.exp(-((support / noise.scale) ** 2) / 2)
            total += weight * rng.choice(support, p=chance / chance.sum(), size=total.size)
    for alpha in (0.05, 1 - 0.95, 0.2, 0.01):  # the second is what `interval(0.95)` misses, in floats
        wide, width = float(noise.combined(weights[None, :], alpha)[0]), sum_quantile({noise: tuple(weights)}, alpha)
        assert_covers(np.abs(total) <= wide, 1 - alpha)
        assert_covers(np.abs(total) <= width, 1 - alpha)
        if noise.scale >= 50:  # and neither is much too wide
            assert (np.abs(total) <= width).mean() < 1 - alpha + 0.02
            assert wide < 2.1 * width + cells
    assert noise.combined(weights[None, :], 0.05)[0] == pytest.approx(noise.combined(weights[None, :], 1 - 0.95)[0])


@settings(max_examples=60)
@given(scale=st.floats(0.5, 900), alpha=st.sampled_from([0.2, 0.05, 0.01]))
def test_the_half_width_of_gaussian_noise_is_the_least_that_holds(scale, alpha):
    width = Gaussian(scale).half_width(alpha)
    support = np.arange(-int(12 * scale) - 3, int(12 * scale) + 4)
    chance = np.exp(-((support / scale) ** 2) / 2)
    chance /= chance.sum()
    assert chance[np.abs(support) > width].sum() <= alpha * (1 + 1e-6)
    assert width == 0 or chance[np.abs(support) > width - 1].sum() > alpha * (1 - 1e-6)


def frame_of(rows_of):
    rng = np.random.default_rng(3)
    keys = [key for key, rows in enumerate(rows_of) for _ in range(rows)]
    return pd.DataFrame({"k": keys, "x": rng.gamma(2.0, 15.0, len(keys))})


@pytest.mark.parametrize("kind", [Sum, Mean, Variance, Deviation])
@pytest.mark.parametrize(
    ("measure", "price"), [(Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.1})], ids=["ε", "ρ"]
)
@pytest.mark.sample(0.25)
def test_intervals_cover_the_exact_answer_for_every_number_of_rows(kind, measure, price):
    """Groups of 0 to 1,000 rows: where noise dominates, too."""
    rows_of = [0, 1, 2, 3, 5, 10, 30, 100, 300, 1000] * 10
    frame = frame_of(rows_of)
    question = ask(kind("x", BOUNDS), "k", list(range(len(rows_of))))
    plan = count_plan(question, measure, **price)
    statistic = question.asked
    true = statistic.estimates(exact(question, frame).reshape(len(rows_of), -1))
    measurement = make_measurement(plan)
    hits = {name: [] for name in true}
    for _ in range(30):
        cells = np.array(draw(measurement, frame)).reshape(len(rows_of), -1)
        for name, (lower, upper) in statistic.limits(cells, plan.noise, 0.05).items():
            assert (lower <= upper).all()
            hits[name].append((lower <= true[name]) & (true[name] <= upper))
    for name, hit in hits.items():
        defined = np.array(rows_of) > 0  # without rows there is no mean to cover
        assert_covers(np.array(hit)[:, defined] if name not in ("sum", "count") else hit, 0.95)


@pytest.mark.parametrize("kind", [Mean, Variance, Deviation])
def test_the_planned_half_width_holds_where_the_rows_are_as_assumed(kind):
    rows = 400
    frame = frame_of([rows] * 50)
    question = ask(kind("x", BOUNDS), "k", list(range(50)))
    plan = count_plan(question, epsilon=1, assume_rows=rows)
    measurement = make_measurement(plan)
    true = question.asked.estimates(exact(question, frame).reshape(50, -1))[kind.name]
    errors = []
    for _ in range(40):
        found = question.asked.estimates(np.array(draw(measurement, frame)).reshape(50, -1))[kind.name]
        errors.append(np.abs(found - true))
    assert_covers(np.array(errors) <= plan.accuracy, 0.95)


def test_asking_a_mean_by_accuracy_finds_the_least_price():
    question = ask(Mean("x", BOUNDS))
    plan = count_plan(question, accuracy=0.5, assume_rows=5000)
    assert plan.accuracy <= 0.5
    less = count_plan(question, epsilon=float(plan.loss.epsilon) * 0.998, assume_rows=5000)
    assert less.accuracy > 0.5
    with pytest.raises(PriceError, match="assume_rows="):
        count_plan(question, accuracy=0.5)
    with pytest.raises(PriceError, match="cannot reach"):
        count_plan(question, accuracy=1e-9, assume_rows=1)
    assert count_plan(question, epsilon=1).accuracy is None


@pytest.mark.parametrize(
    "asked", [[0.5, 0.9], [0.25, 0.5], [0.1, 0.2, 0.3, 0.5, 0.7, 0.9], [0.5, 0.6, 0.7, 0.8, 0.95, 0.05]]
)
@pytest.mark.parametrize("terms", [{"epsilon": 1000}, {"rho": 1000}], ids=["ε", "ρ"])
def test_an_accuracy_that_is_asked_of_several_quantiles_is_that_of_each(ledger_path, asked, terms):
    people = frame_of([50])
    pk.open_project("each", unit=pk.ROW, store=ledger_path, **terms)
    ask = {"bounds": (0, 100), "assume_rows": 5000}
    plan = people.privacy.plan.dp_quantile("x", asked, accuracy=0.1, **ask)
    assert plan.accuracy == max(plan.accuracies.values()) <= 0.1
    less = {next(iter(terms)): float(plan.loss.main) * 0.99}
    assert max(people.privacy.plan.dp_quantile("x", asked, **less, **ask).accuracies.values()) > 0.1
    named = {f"q{q}": ("quantile", "x", q, (0, 100)) for q in asked}
    query = people.privacy.plan.dp_query(named, accuracy=0.1, assume_rows=5000)
    assert max(query.accuracies.values()) <= 0.1


def test_a_mean_with_sum_and_count_errs_half_as_much_as_two_releases():
    """The joint release against half of ε for a clipped sum and half for a count, at the same guarantee."""
    bounds, rows, epsilon = ValueBounds(0.0, 500.0), 1111, 1.0
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"k": np.repeat(np.arange(200), rows), "x": np.clip(rng.gamma(1.5, 60, 200 * rows), 0, 500)})
    question = ask(Mean("x", bounds), "k", list(range(200)))
    plan = count_plan(question, epsilon=epsilon)
    true, times = frame.groupby("k").x.agg(["sum", "mean"]).to_numpy(), 20
    measurement, errors = make_measurement(plan), {"sum": [], "mean": [], "count": []}
    for _ in range(times):
        found = question.asked.estimates(np.array(draw(measurement, frame)).reshape(200, 2))
        for name, exact_ones in zip(errors, (*true.T, rows), strict=True):
            errors[name].append(found[name] - exact_ones)
    # The mean square of n errors of kurtosis 6 errs by √(5/n), which is 0.035 of it: the bounds are ten times as far.
    rmse = {name: float(np.sqrt(np.mean(np.square(each)))) for name, each in errors.items()}
    two = np.sqrt(2) * 500 / (epsilon / 2)
    assert rmse["sum"] < 0.6 * two
    assert rmse["mean"] < 0.6 * 2.5
    assert rmse["count"] < 2.4


def test_means_lie_in_the_bounds_and_say_when_noise_dominates():
    question = ask(Mean("x", ValueBounds(0.0, 1.0)), "k", list(range(300)))
    plan = count_plan(question, epsilon=0.1)
    cells = np.array(draw(make_measurement(plan), frame_of([2] * 300))).reshape(300, 2)
    found = question.asked.estimates(cells)["mean"]
    assert ((found >= 0) & (found <= 1)).all()
    lower, upper = question.asked.limits(cells, plan.noise, 0.05)["mean"]
    assert at_least(question.asked.dominated(lower, upper).sum(), 300, 0.95)


@pytest.mark.parametrize(
    ("measure", "price", "mechanism"),
    [
        (Measure.PURE, {"epsilon": 1}, "discrete Laplace"),
        (Measure.APPROXIMATE, {"epsilon": 1}, "discrete Laplace"),
        (Measure.APPROXIMATE, {"epsilon": 1, "delta": 1e-7, "mechanism": "gaussian"}, "discrete Gaussian"),
        (Measure.ZERO_CONCENTRATED, {"rho": 0.5}, "discrete Gaussian"),
        (Measure.ZERO_CONCENTRATED, {"rho": 0.5, "mechanism": "laplace"}, "discrete Laplace"),
        (Measure.APPROXIMATE_ZERO_CONCENTRATED, {"rho": 0.5}, "discrete Gaussian"),
    ],
)
def test_each_measure_has_its_mechanism_and_what_opendp_states_fits_the_price(measure, price, mechanism):
    plan = count_plan(ask(Sum("x", BOUNDS)), measure, **price)
    assert plan.mechanism == mechanism
    assert plan.loss.measure is measure
    make_measurement(plan)  # compares OpenDP's map with the price


def test_the_better_mechanism_is_chosen_where_delta_is_given():
    one = count_plan(ask(Sum("x", BOUNDS)), Measure.APPROXIMATE, epsilon=1, delta=1e-7)
    many = ask(Sum("x", BOUNDS), "k", ["a", "b"], max_groups=200, per_group=1)
    wide = count_plan(many, Measure.APPROXIMATE, epsilon=1, delta=1e-7)
    assert (one.mechanism, one.loss.delta) == ("discrete Laplace", 0)
    assert (wide.mechanism, wide.loss.delta) == ("discrete Gaussian", Fraction("1e-7"))


@pytest.mark.parametrize(
    ("measure", "price", "error"),
    [
        (Measure.PURE, {"rho": 1}, PriceError),
        (Measure.ZERO_CONCENTRATED, {"epsilon": 1}, PriceError),
        (Measure.PURE, {"epsilon": 1, "delta": 1e-6}, PriceError),
        (Measure.PURE, {"epsilon": 1, "mechanism": "gaussian"}, MechanismError),
        (Measure.PURE, {"epsilon": 1, "mechanism": "secret"}, MechanismError),
        (Measure.PURE, {"epsilon": 1, "mechanism": 3}, MechanismError),
        (Measure.PURE, {"epsilon": 1, "accuracy": 3}, PriceError),
        (Measure.PURE, {}, PriceError),
    ],
)
def test_unfitting_prices_are_refused(measure, price, error):
    with pytest.raises(error):
        count_plan(ask(Sum("x", BOUNDS)), measure, **price)
