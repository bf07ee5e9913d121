"""Groups whose keys are not public, for every statistic: what shows up, what it costs, and what one person moves."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import RARE, about
from dp_asking import WHO, count_plan, frames, norms, without_person
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count, PersonCount
from privkit.dp.statistics.moments import Mean
from privkit.dp.statistics.open_groups import OpenCount, OpenGroups
from privkit.dp.statistics.person_mean import PersonMean
from privkit.dp.statistics.quantile import Quantile
from privkit.dp.statistics.sums import Sum
from privkit.tally.groups import group_counts
from privkit.values.bounds import ONE_ROW, ContributionBounds, ValueBounds
from privkit.values.loss import Measure
from privkit.values.unit import ROW

QUICK = settings(max_examples=40)
ENDS = ValueBounds(0.0, 100.0)
BOUNDS = [ContributionBounds(max_rows=2), ContributionBounds(None, 2, 1), ContributionBounds(None, 1, 3)]
STATISTICS = [Count(), Sum("x", ENDS), Mean("x", ENDS), Quantile("x", 1, 2, (0.0, 50.0, 100.0))]


@QUICK
@given(frame=frames(), bounds=st.sampled_from(BOUNDS), salt=st.binary(min_size=16, max_size=16))
def test_a_person_moves_the_groups_within_the_bounds_for_each_salt(frame, bounds, salt):
    """What others keep does not depend on whether this person's groups occur at all."""
    whole = group_counts(frame, ["k"], "who", bounds, salt=salt)
    for person in "pqrs":
        own = frame[(frame["who"].astype("object") == person).to_numpy()]
        rest = group_counts(without_person(frame, person), ["k"], "who", bounds, salt=salt)
        added = Counter(whole)
        added.subtract(rest)
        moved = {key: count for key, count in added.items() if count}
        assert moved == group_counts(own, ["k"], "who", bounds, salt=salt)
        l0, l1, l2, linf = norms(list(moved.values()))
        assert l0 <= bounds.l0
        assert l1 <= bounds.l1
        assert l2 <= bounds.l2 * (1 + 1e-12)
        assert linf <= bounds.linf


@pytest.mark.parametrize("inner", STATISTICS, ids=str)
@pytest.mark.parametrize(
    ("measure", "price"),
    [(Measure.APPROXIMATE, {"epsilon": 0.7}), (Measure.APPROXIMATE_ZERO_CONCENTRATED, {"rho": 0.1})],
    ids=["(ε, δ)", "(ρ, δ)"],
)
@pytest.mark.parametrize("bounds", [None, *BOUNDS], ids=str)
@pytest.mark.sample(0.3)
def test_both_stages_together_cost_at_most_the_price_and_nearly_all_of_it(inner, measure, price, bounds):
    question = Question(OpenGroups(("k",), inner), ROW if bounds is None else WHO, bounds or ONE_ROW)
    plan = count_plan(question, measure, delta=1e-6, **price)
    main, delta = make_measurement(plan).map(1)
    assert main <= plan.loss.main
    assert delta <= plan.loss.delta
    assert float(main) == pytest.approx(float(plan.loss.main), rel=1e-3)
    first, second = plan.noise.losses
    assert (first + second.replace(second.main, 0)).main == plan.loss.main
    assert second.delta == 0


def test_a_group_of_one_person_shows_up_with_chance_below_delta():
    frame = pd.DataFrame({"k": np.arange(4000), "x": 1.0})
    plan = count_plan(
        Question(OpenGroups(("k",), Sum("x", ENDS)), ROW, ONE_ROW), Measure.APPROXIMATE, epsilon=4, delta=0.01
    )
    measurement = make_measurement(plan)
    shown = sum(len(draw(measurement, frame)) for _ in range(5))
    finding = plan.noise.finding
    chance = math.exp(-(finding.threshold - 1) / finding.scale) / (1 + math.exp(-1 / finding.scale))
    assert chance <= 0.01
    assert about(shown, 20_000, chance)


@pytest.fixture
def people():
    rows = pd.DataFrame({"k": ["a"] * 400 + ["b"] * 300 + ["CANARY-7f3a"], "x": np.arange(701.0) % 100})
    return rows.assign(who=np.arange(701) // 2)


CALLS = {
    "sum": lambda p, **asking: p.dp_sum("x", "k", bounds=(0, 100), **asking),
    "mean": lambda p, **asking: p.dp_mean("x", "k", bounds=(0, 100), **asking),
    "std": lambda p, **asking: p.dp_std("x", "k", bounds=(0, 100), **asking),
    "median": lambda p, **asking: p.dp_median("x", "k", bounds=(0, 100), **asking),
    "nunique": lambda p, **asking: p.dp_nunique("x", "k", **asking),
    "describe": lambda p, **asking: p.dp_describe("x", "k", bounds=(0, 100), **asking),
    "query": lambda p, **asking: p.dp_query({"n": "count", "m": ("mean", "x", (0, 100))}, "k", **asking),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("unit", ["row", "person"])
@pytest.mark.parametrize("simulate", [False, True], ids=["real", "simulated"])
@pytest.mark.sample(0.4)
def test_c25_every_statistic_finds_its_groups(ledger_path, people, name, unit, simulate):
    store = {"simulate": True} if simulate else {"store": ledger_path}
    of = {"unit": pk.ROW} if unit == "row" else {"unit": "who", "max_groups": 2, "per_group": 2}
    project = pk.open_project("open", epsilon=30, delta=1e-5, **of, **store)
    release = CALLS[name](people.privacy, epsilon=8, delta=1e-10)  # by which chance the one of CANARY shows up
    frame = release.to_frame()
    assert frame.index.tolist() == ["a", "b"]
    assert "CANARY" not in repr(release) + release._repr_html_() + repr(release.plan)
    assert (project.spent.epsilon, project.spent.delta) == (8, Fraction("1e-10"))
    again = CALLS[name](people.privacy, epsilon=8, delta=1e-10)
    assert again.replayed
    pd.testing.assert_frame_equal(again.to_frame(), frame)
    nobody = CALLS[name](people.privacy, epsilon=8, delta=1e-10, where="x > 1000")
    assert len(nobody.to_frame()) == 0
    assert nobody._repr_html_()
    assert "no group passed the threshold" in repr(nobody)
    assert "no group passed the threshold" in nobody._repr_html_()


def test_answers_are_those_of_public_keys(ledger_path, people):
    pk.open_project("open", epsilon=200, delta=1e-5, unit=pk.ROW, store=ledger_path, ceiling=100)
    release = people.privacy.dp_sum("x", "k", bounds=(0, 100), epsilon=90, delta=1e-6)
    exact = people.groupby("k")["x"].sum()[["a", "b"]]
    assert (release.value - exact).abs().max() < 100
    lower, upper = release.interval(1 - RARE)
    assert ((lower <= exact) & (exact <= upper)).all()


def test_persons_find_groups_each_once(ledger_path, people):
    pk.open_project("open", epsilon=30, delta=1e-5, unit="who", max_rows=2, store=ledger_path)
    plan = people.privacy.plan.dp_count("k", of="persons", max_groups=1, epsilon=1, delta=1e-6)
    assert isinstance(plan.question.asked, OpenCount)
    release = plan.release()
    assert isinstance(release.plan.question.asked, PersonCount)
    assert (release.value - pd.Series({"a": 200, "b": 150})).abs().max() <= 25
    rows = people.privacy.plan.dp_count("k", epsilon=1, delta=1e-6)
    assert plan.noise.threshold < rows.noise.threshold
    assert f"about {plan.noise.threshold} persons" in " ".join(plan.notes)


def test_the_share_that_finds_the_groups_is_the_users(ledger_path, people):
    project = pk.open_project("open", epsilon=30, delta=1e-5, unit=pk.ROW, store=ledger_path)
    ask = people.privacy.plan.dp_sum
    asking = {"by": "k", "bounds": (0, 100), "epsilon": 1, "delta": 1e-6}
    quarter, half = ask("x", **asking), ask("x", **asking, keys_share=0.5)
    assert quarter.accuracy < half.accuracy
    assert quarter.noise.finding.threshold > half.noise.finding.threshold
    assert quarter.canonical() != half.canonical()
    for bad in (0, 1, 1.5, "0.5", True, float("nan")):
        with pytest.raises(pk.ParameterError, match="keys_share"):
            ask("x", **asking, keys_share=bad)
    with pytest.raises(pk.ParameterError, match="without public keys"):
        ask("x", **asking, keys=["a", "b"], keys_share=0.5)
    assert project.spent.epsilon == 0


def test_accuracy_prices_the_answer_and_the_finding(ledger_path, people):
    pk.open_project("open", epsilon=30, delta=1e-5, unit=pk.ROW, store=ledger_path)
    plan = people.privacy.plan.dp_sum("x", "k", bounds=(0, 100), accuracy=500, delta=1e-6)
    assert plan.accuracy <= 500 < plan.repriced(plan.loss.main * 99 / 100).accuracy


def test_without_delta_keys_are_asked_for(ledger_path, people):
    pk.open_project("open", epsilon=30, delta=1e-5, unit=pk.ROW, store=ledger_path)
    for call in CALLS.values():
        with pytest.raises(pk.KeysError, match="delta="):
            call(people.privacy, epsilon=1)


def test_labels_of_a_cut_are_public_so_no_group_is_searched(ledger_path, people):
    pk.open_project("open", epsilon=30, delta=1e-5, unit=pk.ROW, store=ledger_path)
    plan = people.privacy.plan.dp_count("band", derive={"band": pk.cut("x", [0, 50, 100])}, epsilon=1, delta=1e-6)
    assert type(plan.question.asked) is Count


def test_the_mean_of_persons_totals(ledger_path, people):
    pk.open_project("totals", epsilon=300, unit="who", max_rows=2, store=ledger_path, ceiling=100)
    totals = people.groupby("who")["x"].sum().clip(10, 120)
    release = people.privacy.dp_mean("x", person_bounds=(10, 120), epsilon=90)
    assert isinstance(release.plan.question.asked, PersonMean)
    assert release.value == pytest.approx(totals.mean(), abs=0.2)
    assert release.estimates["count"][0] == pytest.approx(len(totals), abs=2)
    assert release.estimates["sum"][0] == pytest.approx(totals.sum(), abs=60)
    assert "each person's total" in repr(release)
    with pytest.raises(pk.ParameterError, match="person_bounds"):
        people.privacy.dp_mean("x", bounds=(0, 1), person_bounds=(0, 1), epsilon=1)
