"""Prices by relative accuracy, by the accuracies of several numbers, and fitted to a cap."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.errors.dp import PriceError
from privkit.project.dp.query import dp_query

ASKED = {
    "n": "count",
    "mean": ("mean", "x", (0, 100)),
    "sum": ("sum", "x", (0, 100)),
    "median": ("quantile", "x", 0.5, (0, 100)),
}


@pytest.fixture
def people():
    return pd.DataFrame({"k": ["a", "b"] * 500, "x": np.arange(1000.0) % 100, "who": np.arange(1000) // 4})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("terms", epsilon=50, unit=pk.ROW, store=ledger_path)


def test_a_relative_accuracy_is_a_share_of_the_assumed_answer(project, people):
    plans = people.privacy.plan
    assert plans.dp_count(relative=0.05, assume_rows=1000).loss == plans.dp_count(accuracy=50).loss
    for plan, reference in (
        (plans.dp_sum("x", bounds=(0, 100), relative=0.02, assume_rows=500), 500 * 50),
        (plans.dp_sum("x", bounds=(-10, 50), relative=0.02, assume_rows=500), 500 * 20),
        (plans.dp_mean("x", bounds=(0, 100), relative=0.02, assume_rows=500), 50),
    ):
        assert plan.accuracy <= 0.02 * reference
        cheaper = plan.repriced(plan.loss.main * Fraction(99, 100))
        assert cheaper.accuracy > 0.02 * reference
        assert "relative=0.02" in " ".join(plan.notes)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda p: p.dp_count(relative=0.1), "assume_rows"),
        (lambda p: p.dp_count(relative=0.1, accuracy=3, assume_rows=5), "one of them"),
        (lambda p: p.dp_count(relative=1.5, assume_rows=5), "< 1"),
        (lambda p: p.dp_count(relative="0.1", assume_rows=5), "a str"),
        (lambda p: p.dp_median("x", bounds=(0, 1), relative=0.1, assume_rows=5), "nothing is known in advance"),
        (lambda p: p.dp_var("x", bounds=(0, 1), relative=0.1, assume_rows=5), "nothing is known in advance"),
        (lambda p: p.dp_sum("x", bounds=(-5, 5), relative=0.1, assume_rows=5), "nothing is known in advance"),
    ],
)
def test_a_relative_accuracy_of_nothing_is_refused(project, people, call, words):
    with pytest.raises(pk.ParameterError, match=words):
        call(people.privacy.plan)
    assert project.spent.epsilon == 0


def test_each_number_of_a_plan_has_its_accuracy(project, people):
    plan = people.privacy.plan.dp_query(ASKED, epsilon=1, assume_rows=1000)
    assert list(plan.accuracies) == list(ASKED)
    release = plan.release()
    frame = release.to_frame()
    assert plan.accuracies["sum"] == pytest.approx((frame["sum_upper"] - frame["sum_lower"])[0] / 2)
    mean = people.privacy.plan.dp_mean("x", bounds=(0, 100), epsilon=1)
    assert mean.accuracies["mean"] is None
    assert mean.accuracies["count"] > 0
    assert set(people.privacy.plan.dp_std("x", bounds=(0, 100), epsilon=1).accuracies) == {
        "std",
        "var",
        "mean",
        "sum",
        "count",
    }


def test_a_query_whose_first_number_is_a_sum_tells_the_sums_accuracy(project, people):
    asked = {"sum": ASKED["sum"], "mean": ASKED["mean"]}
    plan = people.privacy.plan.dp_query(asked, epsilon=1)
    assert plan.accuracy == pytest.approx(plan.accuracies["sum"])
    assert plan.accuracy > 100


@pytest.mark.sample(1.0)
@pytest.mark.parametrize(
    ("budget", "asking"),
    [
        ({"epsilon": 50}, {}),
        ({"rho": 50}, {}),
        ({"epsilon": 50, "delta": 1e-4}, {"delta": 1e-6}),
        ({"rho": 50, "delta": 1e-4}, {}),
    ],
    ids=["ε", "ρ", "(ε, δ)", "(ρ, δ)"],
)
def test_wanted_accuracies_are_reached_and_hardly_more_than_reached(ledger_path, people, budget, asking):
    pk.open_project("wanted", unit="who", max_groups=2, per_group=3, store=ledger_path, ceiling=50, **budget)
    wanted = {"n": 60, "mean": 5, "median": 0.2}
    plan = dp_query.plan(people, ASKED, "k", keys=["a", "b"], accuracy=wanted, assume_rows=500, **asking)
    assert all(plan.accuracies[name] <= width for name, width in wanted.items())
    cheaper = plan.repriced(plan.loss.main * Fraction(9, 10))
    assert sum(cheaper.accuracies[name] > width for name, width in wanted.items()) >= 2


def test_a_cap_shares_in_proportion_and_says_so(project, people):
    wanted = {"n": 10, "mean": 1, "median": 0.02}
    asking = {"by": "k", "keys": ["a", "b"], "accuracy": wanted, "assume_rows": 500}
    whole = dp_query.plan(people, ASKED, **asking)
    half = dp_query.plan(people, ASKED, epsilon=whole.loss.main / 2, **asking)
    assert half.loss.main * 2 == whole.loss.main
    assert half.question.asked.shares == whole.question.asked.shares
    assert any("fitted" in note for note in half.notes)
    assert dp_query.plan(people, ASKED, epsilon=whole.loss.main * 2, **asking).loss == whole.loss
    release = half.release()
    assert release.loss == half.loss
    assert dp_query.plan(people, ASKED, epsilon=whole.loss.main / 2, **asking).release().replayed
    assert project.spent == half.loss


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"accuracy": {"n": 3}}, "nothing for"),
        ({"accuracy": {"other": 3}}, "'other'"),
        ({"accuracy": {"n": 3, "mean": -1, "median": 0.1}}, r"accuracy\['mean'\]"),
        ({"accuracy": {"n": 3, "mean": 1, "median": 0.1}}, "assume_rows"),
        ({"accuracy": {"n": 3}, "weights": {"n": 3}}, "not both"),
        ({"accuracy": {"n": 3, "mean": 1, "median": 0.1}, "rho": 1, "assume_rows": 9}, "counts in ε"),
        ({"accuracy": {}}, "nothing for"),
    ],
)
def test_unfit_accuracies_are_refused(project, people, given, words):
    with pytest.raises(pk.ParameterError, match=words) as caught:
        dp_query.plan(people, ASKED, **given)
    assert str(caught.value).endswith("No budget was spent.")


def test_a_batch_is_priced_and_fitted_to_a_cap(project, people):
    plans = people.privacy.plan
    study = project.price(
        [plans.dp_count(accuracy=10), plans.dp_mean("x", bounds=(0, 100), accuracy=1, assume_rows=900)]
    )
    assert study.total.main == sum(plan.loss.main for plan in study.plans)
    fitted = study.fitted(epsilon=0.1)
    assert Fraction(99, 1000) < fitted.total.main <= Fraction(1, 10)
    before, after = (study.plans[0].loss.main / study.total.main, fitted.plans[0].loss.main / fitted.total.main)
    assert float(after) == pytest.approx(float(before), rel=1e-6)
    assert study.fitted(epsilon=100) is study
    assert [plan.release().loss for plan in fitted.plans] == [plan.loss for plan in fitted.plans]
    assert project.spent == fitted.total
    with pytest.raises(PriceError, match="counts in ε"):
        study.fitted(rho=1)
    with pytest.raises(pk.ParameterError):
        study.fitted()


def test_a_plan_at_another_price_keeps_its_mechanism(ledger_path, people):
    pk.open_project("kept", epsilon=5, delta=1e-5, unit="who", max_groups=9, per_group=1, store=ledger_path)
    plan = people.privacy.plan.dp_count("k", keys=["a", "b"], epsilon=1, delta=1e-6, mechanism="laplace")
    assert plan.repriced(2).mechanism == "discrete Laplace"
