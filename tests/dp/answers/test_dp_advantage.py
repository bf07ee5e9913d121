"""What plans, releases and projects say of the attacker: against dp-accounting, OpenDP, and real attackers."""

from __future__ import annotations

from fractions import Fraction
from math import exp, sqrt

import numpy as np
import pandas as pd
import pytest
from chance import off

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Gaussian, integers
from privkit.dp.opendp import features
from privkit.dp.price import attack_on, peak
from privkit.errors import PrivkitError
from privkit.values.loss import PrivacyLoss

FRAME = pd.DataFrame({"who": [f"p{row % 40}" for row in range(120)], "plan": ["a", "b", "c"] * 40, "x": range(120)})
ASKED = {"by": "plan", "keys": ["a", "b", "c"]}


@pytest.fixture
def opened(tmp_path):
    def open_(name, **terms):
        return pk.open_project(name, store=tmp_path / "l.db", **{"unit": pk.ROW, "ceiling": 100, **terms})

    return open_


# -- dp-accounting -----------------------------------------------------------------------------------------------------


def pld():
    return pytest.importorskip("dp_accounting.pld.privacy_loss_distribution")


@pytest.mark.parametrize("delta", [0, 1e-6, 1e-3])
@pytest.mark.parametrize("epsilon", [0.01, 0.3, 1, 3, 8])
@pytest.mark.sample(0.5)
def test_epsilon_and_delta_agree_with_the_loss_distribution_of_the_worst_mechanism(epsilon, delta):
    common = pytest.importorskip("dp_accounting.pld.common")
    worst = pld().from_privacy_parameters(
        common.DifferentialPrivacyParameters(epsilon, delta), value_discretization_interval=1e-5
    )
    paid = PrivacyLoss.of(epsilon=epsilon, delta=delta)
    assert paid.advantage == pytest.approx(worst.get_delta_for_epsilon(0), rel=1e-4)
    assert paid.attack_success == pytest.approx(least(worst, epsilon, -epsilon), rel=1e-3)


def least(distribution, *corners):
    """Return the least of 0.01·e^ε + δ(ε), ε from −10 to 10: a negative one exchanges the two frames."""
    found = [exp(at) / 100 + distribution.get_delta_for_epsilon(at) for at in (*np.linspace(-10, 10, 201), *corners)]
    return min(found)


@pytest.mark.parametrize("rho", [0.005, 0.0155, 0.1, 0.5, 2])
def test_a_release_with_gaussian_noise_has_the_advantage_that_its_loss_distribution_has(opened, rho):
    plan = pk.plan.dp_count(FRAME, rho=rho, project=opened("rho", rho=10))
    assert type(plan.noise) is Gaussian
    exact = pld().from_discrete_gaussian_mechanism(plan.noise.scale, value_discretization_interval=1e-5)
    assert plan.advantage == pytest.approx(exact.get_delta_for_epsilon(0), rel=1e-3)
    assert exact.get_delta_for_epsilon(0) * (1 - 1e-3) <= plan.advantage < plan.loss.advantage
    assert least(exact) <= plan.attack_success * (1 + 1e-3)


def test_the_figures_of_the_guide():
    """A Gaussian release with ε(1e-6) = 0.94 allows 0.070, where pure ε = 0.94 would allow 0.438."""
    assert peak(1 / sqrt(2 * 0.0155)) == pytest.approx(0.0702, abs=5e-5)
    assert PrivacyLoss.of(epsilon=0.94).advantage == pytest.approx(0.4382, abs=5e-5)


@pytest.mark.parametrize("counts", [(1, 0), (4, 0), (30, 0), (3, 5), (0, 8)])
def test_totals_and_mixtures_in_rho_are_above_the_composed_loss_distribution(counts):
    """Gaussians and Laplaces after each other, each at ρ = 0.05."""
    gaussians, laplaces = counts
    rho = 0.05
    parts = [
        (gaussians, pld().from_discrete_gaussian_mechanism(1 / sqrt(2 * rho), value_discretization_interval=1e-3)),
        (laplaces, pld().from_discrete_laplace_mechanism(sqrt(2 * rho), value_discretization_interval=1e-3)),
    ]
    found = None
    for times, part in parts:
        if times:
            composed = part.self_compose(times)
            found = composed if found is None else found.compose(composed)
    total = PrivacyLoss.of(rho=Fraction(1, 20) * (gaussians + laplaces))
    assert found.get_delta_for_epsilon(0) < total.advantage < 1.5 * found.get_delta_for_epsilon(0)
    assert least(found) < total.attack_success < 1.6 * least(found)


@pytest.mark.parametrize("rho", [0.01, 0.3, 2, 4])
def test_the_success_in_rho_is_the_least_over_the_profile_of_opendp(rho):
    """OpenDP converts ρ to δ(ε) for every ε; 0.01·e^ε + δ(ε) is never below ours, and comes close to it."""
    with features() as dp:
        gaussian = dp.measurements.make_gaussian(integers(dp), dp.metrics.l2_distance(T="f64"), 1 / sqrt(2 * rho))
        profile = dp.combinators.make_zCDP_to_approxDP(gaussian).map(1.0)
        found = [exp(at) / 100 + profile.delta(float(at)) for at in np.linspace(0.01, 8, 400)]
    ours = PrivacyLoss.of(rho=rho).attack_success
    if rho < 3:  # beyond, the complement says more
        assert ours <= min(found) * (1 + 1e-9)
        assert min(found) < ours * 1.001
    else:
        assert ours < min(found)


# -- plans and releases ------------------------------------------------------------------------------------------------


def test_the_noise_may_say_more_than_the_price(opened):
    rho = opened("rho", rho=10)
    laplace = pk.plan.dp_count(FRAME, rho=0.5, mechanism="laplace", project=rho)
    assert laplace.advantage == pytest.approx(PrivacyLoss.of(epsilon=1).advantage, rel=1e-9)
    both = opened("both", epsilon=10, delta=1e-5)
    gaussian = pk.plan.dp_count(FRAME, epsilon=0.94, delta=1e-6, mechanism="gaussian", project=both)
    assert gaussian.advantage < 0.09 < 0.43 < gaussian.loss.advantage
    assert gaussian.attack_success < 0.02 < gaussian.loss.attack_success
    pure = pk.plan.dp_count(FRAME, epsilon=0.94, project=opened("pure", epsilon=10))
    assert pure.advantage == pure.loss.advantage


@pytest.mark.parametrize(
    ("function", "args", "given"),
    [
        ("dp_median", ("x",), {"bounds": (0, 200)}),
        ("dp_query", ({"n": "count", "m": ("mean", "x", (0, 100))},), {}),
        ("dp_top_k", ("plan", 1), {"keys": ["a", "b", "c"]}),
    ],
)
def test_what_is_no_single_vector_of_sums_has_the_advantage_of_its_price(opened, function, args, given):
    plan = getattr(pk.plan, function)(FRAME, *args, rho=0.3, project=opened("rho", rho=10), **given)
    assert (plan.advantage, plan.attack_success) == (plan.loss.advantage, plan.loss.attack_success)


def test_groups_that_show_up_have_the_advantage_of_their_price(opened):
    project = opened("open", rho=10, delta=1e-3, unit="who", max_rows=3)
    plan = pk.plan.dp_count(FRAME, "plan", rho=0.3, delta=1e-4, project=project)
    assert plan.advantage == plan.loss.advantage > PrivacyLoss.of(rho=0.3).advantage


def test_release_project_and_price_tell_one_figure(opened):
    project = opened("pure", epsilon=10)
    assert project.advantage == 0
    assert project.attack_success == 0.01
    plan = pk.plan.dp_count(FRAME, epsilon=0.5, **ASKED)
    price = project.price([plan, pk.plan.dp_count(FRAME.assign(other=1), epsilon=0.5, **ASKED)])
    release = pk.dp_count(FRAME, epsilon=0.5, **ASKED)
    assert release.advantage == plan.advantage == project.advantage == PrivacyLoss.of(epsilon=0.5).advantage
    assert release.attack_success == plan.attack_success == project.attack_success
    pk.dp_count(FRAME, epsilon=0.5, again=True, **ASKED)
    assert project.advantage == price.advantage == PrivacyLoss.of(epsilon=1).advantage


# -- asked for ---------------------------------------------------------------------------------------------------------

TERMS = {
    "pure": ({"epsilon": 30}, {}),
    "both, pure": ({"epsilon": 30, "delta": 0.01}, {"delta": 0}),
    "both": ({"epsilon": 30, "delta": 0.01}, {"delta": 1e-3}),
    "rho": ({"rho": 30}, {}),
    "rho and delta": ({"rho": 30, "delta": 0.01}, {"delta": 1e-3}),
}


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("wanted", [0.3, 0.1, 0.01, Fraction(1, 3), 0.97])
@pytest.mark.sample(0.4)
def test_an_advantage_can_be_asked_for(opened, terms, wanted):
    project, said = opened(terms, **TERMS[terms][0]), TERMS[terms][1]
    for asked in ({}, ASKED):
        plan = pk.plan.dp_count(FRAME, advantage=wanted, project=project, **said, **asked)
        assert Fraction(repr(plan.advantage)) <= Fraction(repr(plan.loss.advantage))
        assert plan.loss.advantage <= float(wanted) + 1e-16
        assert plan.advantage <= wanted
    release = pk.dp_count(FRAME, advantage=wanted, **said)
    again = pk.dp_count(FRAME, advantage=wanted, **said)
    assert again.replayed
    assert again.advantage == release.advantage <= project.advantage <= float(wanted) + 1e-16


def test_what_cannot_be_asked_for_is_refused_and_costs_nothing(opened):
    refused = [
        ("pure", {"advantage": 1}, "a finite number > 0 and < 1"),
        ("pure", {"advantage": 0}, "a finite number > 0 and < 1"),
        ("pure", {"advantage": float("nan")}, "a finite number > 0 and < 1"),
        ("pure", {"advantage": "0.1"}, "a str"),
        ("pure", {"advantage": True}, "a bool"),
        ("pure", {"advantage": 0.1, "epsilon": 1}, "one of them"),
        ("pure", {"advantage": 0.1, "accuracy": 10}, "one of them"),
        ("pure", {"advantage": 0.1, "rho": 1}, "counts in ε"),
        ("pure", {"advantage": 0.1, "delta": 1e-9}, "counts in ε"),
        ("both", {"advantage": 0.1}, r"needs delta=.*delta=0"),
        ("rho and delta", {"advantage": 0.1}, "needs delta="),
        ("both", {"advantage": 1e-4, "delta": 1e-3}, "δ by itself allows an advantage of 0.001"),
        ("rho", {"advantage": 1e-6}, "would need ρ below 1e-09"),
    ]
    for name, given, told in refused:
        project = opened(name, **TERMS[name][0])
        with pytest.raises(PrivkitError, match=told) as caught:
            pk.dp_count(FRAME, project=project, **given)
        assert str(caught.value).endswith("No budget was spent.")
        assert len(project.ledger) == 0


# -- real attackers ----------------------------------------------------------------------------------------------------

GROUPS, TIMES = 2000, 6
#: Groups of one row, each beside one without it, to which the same noise is added.
PAIRS = pd.DataFrame({"group": range(GROUPS)})


def gained(plan):
    """Return how much more often who asks for a row or more says yes with the row than without it, over many draws.

    Of noise that rises up to 0 and falls after it this is the best of all tests.
    """
    from privkit.dp.measurement import draw

    measurement = make_measurement(plan)
    yes = np.array([draw(measurement, PAIRS) for _ in range(TIMES)]) >= 1
    return float(yes[:, :GROUPS].mean() - yes[:, GROUPS:].mean())


@pytest.mark.parametrize(("terms", "paid"), [({"epsilon": 100}, {"epsilon": 1}), ({"rho": 100}, {"rho": 0.1})])
def test_an_attacker_on_drawn_answers_gains_what_is_told_and_no_more(opened, terms, paid):
    asked = {"by": "group", "keys": list(range(2 * GROUPS))}
    plan = pk.plan.dp_count(PAIRS, project=opened("attack", **terms), **asked, **paid)
    found, slack = gained(plan), off(sqrt(0.5), GROUPS * TIMES)  # of two shares, each of a deviation of 1/2 at most
    assert plan.advantage - slack < found < plan.advantage + slack
    # Power: the figure of half the price would be refuted.
    half = plan.repriced(next(iter(paid.values())) / 4)
    assert found > half.advantage + slack


def test_noise_that_is_too_small_would_be_told(opened):
    """What is told follows the noise: with half of it the figure grows, so no figure is by heart."""
    plan = pk.plan.dp_count(FRAME, rho=0.1, project=opened("rho", rho=10))
    less = attack_on(plan.question, Gaussian(plan.noise.scale / 2), plan.loss)
    assert less.advantage > 1.2 * plan.advantage
