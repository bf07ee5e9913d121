"""The noise: its law, its price, and what it says about its accuracy, against closed forms of our own."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import count_plan, count_question
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import Sensitivity, draw, make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace, within
from privkit.values.loss import PrivacyLoss

#: A test that holds fails by chance once in 10^9 runs.
RARE = 1e-9
ROWS = 1000


def laplace_tail(scale, bound):
    """P(|X| > bound) of the discrete Laplace: 2 q^(bound+1) / (1 + q), with q = e^(-1/scale)."""
    q = math.exp(-1 / scale)
    return 2 * q ** (bound + 1) / (1 + q)


def least_half_width(scale, alpha):
    width = 0
    while laplace_tail(scale, width) > alpha:
        width += 1
    return width


def goodness(errors, scale):
    """Chi-square p-value of the errors under the discrete Laplace, tails pooled to 5 expected a cell."""
    n, q = len(errors), math.exp(-1 / scale)
    reach = 0
    while n * laplace_tail(scale, reach) / 2 >= 5:
        reach += 1
    cells = range(-reach + 1, reach)
    expected = [n * (1 - q) / (1 + q) * q ** abs(cell) for cell in cells]
    tail = n * laplace_tail(scale, reach - 1) / 2
    seen = Counter(int(np.clip(error, -reach, reach)) for error in errors)
    observed = [seen[-reach], *(seen[cell] for cell in cells), seen[reach]]
    return stats.chisquare(observed, [tail, *expected, tail]).pvalue


def for_epsilon(l1, epsilon):
    return Laplace.for_loss(Sensitivity(1, l1, float(l1), l1), PrivacyLoss.of(epsilon=epsilon))


@pytest.fixture(scope="module")
def errors():
    """40,000 released counts at ε = 1, drawn by the whole measurement, less the exact count."""
    keys = list(range(400))
    frame = pd.DataFrame({"k": np.repeat(keys, 5)})
    measurement = make_measurement(count_plan(count_question("k", keys), epsilon=1))
    return np.concatenate([np.array(draw(measurement, frame)) - 5 for _ in range(100)])


def test_the_mean_error_at_epsilon_one_is_that_of_the_discrete_laplace():
    measurement = make_measurement(count_plan(epsilon=1))
    frame = pd.DataFrame({"x": range(ROWS)})
    drawn = np.array([draw(measurement, frame)[0] for _ in range(1500)]) - ROWS
    q = math.exp(-1)
    expected = 2 * q / (1 - q**2)
    assert expected == pytest.approx(0.8509, abs=1e-4)
    spread = math.sqrt(2 * q / (1 - q) ** 2 - expected**2)
    assert abs(np.abs(drawn).mean() - expected) < 6.1 * spread / math.sqrt(len(drawn))  # p about 1e-9


def test_the_noise_has_the_stated_law(errors):
    assert goodness(errors, 1.0) > RARE


@pytest.mark.parametrize("fudge", [1 / 1.1, 1.1])
def test_the_test_of_the_law_has_power(errors, fudge):
    """The same draws must not pass for noise of another scale, nor noise of another scale for these."""
    assert goodness(errors, fudge) < RARE


def test_the_cells_are_independent(errors):
    rows = errors.reshape(100, 400)
    pairs = np.corrcoef(rows[:, :-1].ravel(), rows[:, 1:].ravel())[0, 1]
    assert abs(pairs) < 6.1 / math.sqrt(rows[:, 1:].size)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.99])
def test_intervals_cover_as_stated(errors, level):
    width = Laplace(1.0).half_width(1 - level)
    covered = int((np.abs(errors) <= width).sum())
    exact = 1 - laplace_tail(1.0, width)
    assert exact >= level
    assert stats.binomtest(covered, len(errors), exact).pvalue > RARE
    assert stats.binomtest(covered, len(errors), level, alternative="less").pvalue > RARE


@settings(max_examples=200)
@given(scale=st.floats(0.05, 1e4), alpha=st.floats(0.001, 0.6))
def test_half_widths_are_the_least_that_hold(scale, alpha):
    width = Laplace(scale).half_width(alpha)
    assert laplace_tail(scale, width) <= alpha * (1 + 1e-9)
    assert width == 0 or laplace_tail(scale, width - 1) > alpha * (1 - 1e-9)


@pytest.mark.parametrize(
    ("scale", "alpha"), [(1.0, 0.05), (10.0, 0.05), (2.857142857142857, 0.05), (0.1, 0.05), (100.0, 0.01)]
)
def test_half_widths_equal_an_independent_count(scale, alpha):
    assert Laplace(scale).half_width(alpha) == least_half_width(scale, alpha)


@settings(max_examples=200)
@given(l1=st.integers(1, 100), width=st.integers(1, 100_000))
def test_asking_by_accuracy_takes_the_least_epsilon(l1, width):
    epsilon = count_plan(count_question(max_rows=l1), accuracy=width).loss.epsilon
    assert for_epsilon(l1, epsilon).half_width() <= width
    less = Fraction(epsilon * Fraction(998, 1000))  # four digits: one step is at most a thousandth
    assert for_epsilon(l1, less).half_width() >= width
    assert laplace_tail(l1 / float(less), width) > 0.05


@settings(max_examples=300)
@given(l1=st.integers(1, 10**6), epsilon=st.decimals("0.0001", "10", places=4))
def test_what_is_charged_is_never_less_than_what_opendp_states(l1, epsilon):
    asked = Fraction(epsilon)
    noise = for_epsilon(l1, asked)
    assert Fraction(noise.measurement().map(l1)) <= asked
    assert noise.scale == pytest.approx(l1 / float(asked), rel=1e-14)  # and no more noise than needed


@settings(max_examples=300)
@given(l1=st.integers(1, 2**62), epsilon=st.decimals("1e-9", "1000", places=12).filter(bool))
def test_the_scale_is_the_first_float_from_the_quotient_on_whose_loss_is_within_the_price(l1, epsilon):
    """A stored answer is found by it: the way on which it is found must not change its last bit."""
    sensitivity, loss = Sensitivity(1, l1, float(l1), l1), PrivacyLoss.of(epsilon=Fraction(epsilon))
    scale = l1 / float(loss.main)
    while not within(Laplace(scale), sensitivity, loss):
        scale = math.nextafter(scale, math.inf)
    assert Laplace.for_loss(sensitivity, loss).scale == scale


@pytest.mark.parametrize("epsilon", [0.35, 0.7, 3.3])
def test_scales_that_round_down_are_raised(epsilon):
    """1/ε rounds down for these, and would cost slightly more than ε."""
    plan = count_plan(epsilon=epsilon)
    assert Fraction(Laplace(1 / epsilon).measurement().map(1)) > Fraction(epsilon)
    assert plan.scale > 1 / epsilon
    assert Fraction(make_measurement(plan).map(1)) <= plan.loss.epsilon


@pytest.mark.parametrize("epsilon", [1e5, 1e6, 1e9])
def test_a_loss_beyond_floats_is_within_no_price_and_no_error_of_opendp(epsilon):
    """Of too little noise OpenDP's map overflows: it is not taken, and the search for the least goes on."""
    noise = Gaussian.for_loss(Sensitivity(1, 1, 1.0, 1), PrivacyLoss.of(epsilon=epsilon, delta=1e-6))
    assert 0 < noise.scale < 1
    assert within(noise, Sensitivity(1, 1, 1.0, 1), PrivacyLoss.of(epsilon=epsilon, delta=1e-6))
    assert not within(
        Gaussian(noise.scale / 1e6), Sensitivity(1, 1, 1.0, 1), PrivacyLoss.of(epsilon=epsilon, delta=1e-6)
    )


def test_a_measurement_dearer_than_its_price_is_not_made():
    plan = count_plan(epsilon=1)
    object.__setattr__(plan, "noise", Laplace(0.5))
    with pytest.raises(RuntimeError, match="below the loss"):
        make_measurement(plan)


def test_noise_is_not_seeded_by_numpy_or_random():
    import random

    measurement, frame = make_measurement(count_plan(epsilon=0.01)), pd.DataFrame({"x": [1]})
    drawn = set()
    for _ in range(5):
        np.random.seed(1)
        random.seed(1)
        drawn.add(draw(measurement, frame)[0])
    assert len(drawn) > 1


def test_our_features_leave_the_users_choice_as_it_was():
    from opendp.mod import GLOBAL_FEATURES

    before = set(GLOBAL_FEATURES)
    make_measurement(count_plan(epsilon=1))
    assert set(GLOBAL_FEATURES) == before


def test_features_stay_on_until_the_last_thread_is_done():
    from opendp.mod import GLOBAL_FEATURES

    from privkit.dp.opendp import features

    before = set(GLOBAL_FEATURES)
    first, second = features(), features()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert {"contrib", "honest-but-curious"} <= set(GLOBAL_FEATURES)
    second.__exit__(None, None, None)
    assert set(GLOBAL_FEATURES) == before


@pytest.mark.parametrize("groups", [1, 3, 5, 7])
@pytest.mark.parametrize("terms", [{"epsilon": 100}, {"rho": 100}, {"epsilon": 100, "delta": 1e-6}], ids=str)
@pytest.mark.sample(0.3)
def test_choices_of_several_groups_cost_no_more_than_their_price_as_opendp_states_it(tmp_path, terms, groups):
    # Nine tenths are no float: the float above it, which is what all choices cost, was beyond the price.
    options = {"unit": "who", "max_groups": groups, "per_group": 1, "store": tmp_path / "l.db", "ceiling": 50}
    project = pk.open_project("choices", **options, **terms)
    frame = pd.DataFrame({"who": range(60), "age": [20 + n % 40 for n in range(60)], "k": ["x", "y", "z"] * 20})
    of = "rho" if "rho" in terms else "epsilon"
    for price in (0.1, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9, 1, Fraction(1, 3)):
        release = pk.dp_median(frame, "age", by="k", keys=["x", "y"], bounds=(0, 100), project=project, **{of: price})
        assert release.loss.main == Fraction(str(price) if isinstance(price, float) else price)
