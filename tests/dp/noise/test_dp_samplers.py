"""The laws of every mechanism in use: drawn values fit the stated scale, and do not fit 1.1 times it."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from chance import RARE, about
from dp_asking import ask, count_plan, count_question, length_of
from scipy import stats

from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.noise.selection import NoisyMax
from privkit.dp.question import Question
from privkit.dp.statistics.counts import OpenCount
from privkit.dp.statistics.top_k import TopK
from privkit.values.bounds import ONE_ROW
from privkit.values.keys import public_keys
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.unit import ROW

#: So many groups, drawn so often, tell a scale of 1.1 times with a noncentrality of 236, where 74 is the limit.
GROUPS, TIMES = 2000, 24


def law(noise, reach):
    """P(x), x = −reach … reach, summed by hand."""
    places = np.arange(-reach, reach + 1)
    weights = np.exp(
        -np.abs(places) / noise.scale if isinstance(noise, Laplace) else -((places / noise.scale) ** 2) / 2
    )
    return places, weights / weights.sum()


def goodness(errors, noise, least=None):
    """Chi-square p-value, tails pooled to 10 expected; of the values from `least` on alone, where that is given."""
    places, chances = law(noise, int(60 * noise.scale) + 60)
    if least is not None:
        chances = np.where(places >= least, chances, 0)
        chances = chances / chances.sum()
    kept = chances * len(errors) >= 10
    seen = Counter(errors.tolist())
    observed = np.array([seen[place] for place in places[kept]], dtype=float)
    expected = chances[kept] * len(errors)
    rest = len(errors) - observed.sum(), len(errors) - expected.sum()
    if rest[1] > 1:
        observed, expected = np.append(observed, rest[0]), np.append(expected, rest[1])
    return stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue


MECHANISMS = {
    "Laplace": (Measure.PURE, {"epsilon": 0.5}, Laplace(2.0)),
    "Gaussian in ρ": (Measure.ZERO_CONCENTRATED, {"rho": 0.02}, Gaussian(5.0)),
    "Gaussian in (ε, δ)": (Measure.APPROXIMATE, {"epsilon": 1, "delta": 1e-5, "mechanism": "gaussian"}, None),
}


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.sample(0.4)
def test_additive_noise_has_the_stated_law_and_no_other(name):
    measure, price, noise = MECHANISMS[name]
    plan = count_plan(count_question("k", range(GROUPS)), measure, **price)
    noise = noise or plan.noise
    assert plan.scale == pytest.approx(noise.scale, rel=1e-12)
    frame = pd.DataFrame({"k": np.repeat(np.arange(GROUPS), 3)})
    measurement = make_measurement(plan)
    errors = np.concatenate([np.array(draw(measurement, frame)) for _ in range(12)]) - 3
    assert goodness(errors, noise) > RARE
    for factor in (1.1, 1 / 1.1):
        assert goodness(errors, type(noise)(noise.scale * factor)) < RARE


@pytest.mark.parametrize(
    ("measure", "price"),
    [(Measure.APPROXIMATE, {"epsilon": 0.5}), (Measure.APPROXIMATE_ZERO_CONCENTRATED, {"rho": 0.02})],
    ids=["Laplace", "Gaussian"],
)
@pytest.mark.sample(0.5)
def test_open_groups_show_up_and_err_by_the_stated_law(measure, price):
    """Groups at the threshold itself: half and a little more show up, with the upper part of the noise."""
    plan = count_plan(Question(OpenCount(("k",)), ROW, ONE_ROW), measure, delta=1e-3, **price)
    rows = plan.noise.threshold
    frame = pd.DataFrame({"k": np.repeat(np.arange(GROUPS), rows)})
    measurement = make_measurement(plan)
    drawn = [np.array([*draw(measurement, frame).values()]) - rows for _ in range(TIMES)]
    errors = np.concatenate(drawn)
    assert errors.min() == 0
    noise = (Laplace if measure is Measure.APPROXIMATE else Gaussian)(plan.noise.scale)
    places, chances = law(noise, 400)
    assert about(len(errors), GROUPS * TIMES, chances[places >= 0].sum())
    assert goodness(errors, noise, 0) > RARE
    for factor in (1.1, 1 / 1.1):
        assert goodness(errors, type(noise)(noise.scale * factor), 0) < RARE


def permute_and_flip(scores, scale):
    """The chances of each candidate, summed over all orders (McKenna and Sheldon 2020)."""
    from itertools import permutations

    flips = np.exp((np.array(scores) - max(scores)) / scale)
    chances = np.zeros(len(scores))
    orders = list(permutations(range(len(scores))))
    for order in orders:
        left = 1.0
        for place in order:
            chances[place] += left * flips[place] / len(orders)
            left *= 1 - flips[place]
    return chances


def exponential_mechanism(scores, scale):
    weights = np.exp((np.array(scores) - max(scores)) / scale)
    return weights / weights.sum()


@pytest.mark.parametrize(
    ("loss", "chances"),
    [(PrivacyLoss.of(epsilon=1), permute_and_flip), (PrivacyLoss.of(rho=0.1), exponential_mechanism)],
    ids=["ε", "ρ"],
)
@pytest.mark.sample(0.5)
def test_choices_have_the_stated_law_and_no_other(loss, chances):
    # One good candidate among equals tells scales apart best: noncentrality 239 or more, where 51 is the limit.
    scores, scale, draws = [0, -8, -8, -8, -8, -8], 4.0, 30_000
    choice = NoisyMax(scale).choice(loss)
    given = np.array(scores, dtype=np.int64)
    seen = np.bincount([choice(given) for _ in range(draws)], minlength=6)
    assert stats.chisquare(seen, chances(scores, scale) * draws).pvalue > RARE
    for factor in (1.1, 1 / 1.1):
        assert stats.chisquare(seen, chances(scores, scale * factor) * draws).pvalue < RARE


def test_the_best_of_several_are_drawn_one_after_another():
    """Noisy top-k with k = 2: the first choice has the law of a single one at the scale that was priced."""
    values = public_keys(["k"], ["a", "b", "c"])
    plan = count_plan(ask(TopK(values, 2)), epsilon=1)
    measurement = make_measurement(plan)
    frame = pd.DataFrame({"k": ["a"] * 3 + ["b"] * 2 + ["c"]})
    drawn = np.array([draw(measurement, frame) for _ in range(6000)])
    seen = np.bincount(drawn[:, 0], minlength=3)
    assert stats.chisquare(seen, permute_and_flip([3, 2, 1], plan.noise.scale) * len(drawn)).pvalue > RARE
    assert (drawn[:, 0] != drawn[:, 1]).all()


# -- OpenDP's own route ----------------------------------------------------------------------------------------


@pytest.mark.sample(1.0)
@pytest.mark.parametrize(("epsilon", "delta", "grouped"), [(0.7, 1e-6, (3, 5)), (2.0, 1e-9, None)])
def test_opendp_needs_the_same_scale_and_threshold_for_open_groups(epsilon, delta, grouped):
    """Its threshold is lower by the one that it does not price: it releases counts equal to the threshold."""
    polars = pytest.importorskip("polars")
    import opendp.prelude as dp

    from privkit.values.bounds import ContributionBounds
    from privkit.values.unit import PrivacyUnit

    dp.enable_features("contrib")
    table = polars.LazyFrame({"k": ["a", "b"] * 50, "who": list(range(50)) * 2})
    contributions = 1 if grouped is None else [dp.polars.Bound(by=["k"], num_groups=grouped[0], per_group=grouped[1])]
    context = dp.Context.compositor(
        data=table,
        privacy_unit=dp.unit_of(contributions=contributions),
        privacy_loss=dp.loss_of(epsilon=epsilon, delta=delta),
        split_evenly_over=1,
    )
    stated = context.query().group_by("k").agg(length_of(dp)).summarize()
    bounds = ONE_ROW if grouped is None else ContributionBounds(None, *grouped)
    unit = ROW if grouped is None else PrivacyUnit("who")
    plan = count_plan(Question(OpenCount(("k",)), unit, bounds), Measure.APPROXIMATE, epsilon=epsilon, delta=delta)
    assert plan.scale == pytest.approx(stated["scale"][0], rel=1e-6)
    assert plan.noise.threshold == stated["threshold"][0] + 1
