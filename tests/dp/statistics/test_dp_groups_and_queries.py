"""Groups that show up by a threshold, and several statistics in one release."""

import json
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import about
from dp_asking import WHO, count_plan, frames, norms, salted, without_person, without_row
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.question import Question
from privkit.dp.statistics.counts import OpenCount
from privkit.project.dp.counts import dp_count
from privkit.project.dp.query import dp_describe, dp_query, several_of
from privkit.project.known import Known
from privkit.tally.groups import group_counts, key_text, key_values
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.loss import Measure
from privkit.values.unit import ROW

QUICK = settings(max_examples=25)
OPEN = Question(OpenCount(("k",)), ROW, ONE_ROW)


def difference(more, less):
    return [more.get(key, 0) - less.get(key, 0) for key in {*more, *less}]


@QUICK
@given(frame=frames())
def test_a_row_more_or_less_moves_one_group_by_one(frame):
    whole = group_counts(frame, ["k"], None, ONE_ROW)
    assert sum(whole.values()) == len(frame)
    for place in range(len(frame)):
        moved = difference(whole, group_counts(without_row(frame, place), ["k"], None, ONE_ROW))
        assert norms(moved)[:2] == (1, 1)


@QUICK
@given(frame=frames(), bounds=st.sampled_from([ContributionBounds(max_rows=2), ContributionBounds(None, 2, 1)]))
def test_one_persons_groups_stay_within_the_bounds(frame, bounds):
    """Of one person alone; the choices of others are independent, and drawn uniformly."""
    for person in "pqrs":
        own = frame[(frame["who"].astype("object") == person).to_numpy()]
        l0, l1, l2, linf = norms(list(group_counts(own, ["k"], "who", bounds).values()))
        assert l0 <= bounds.l0
        assert l1 <= bounds.l1
        assert l2 <= bounds.l2 * (1 + 1e-12)
        assert linf <= bounds.linf


@QUICK
@given(frame=frames())
def test_where_nobody_is_over_the_bounds_a_person_moves_only_the_own_groups(frame):
    wide = ContributionBounds(max_rows=20)
    with salted(b"0123456789abcdef"):
        whole = group_counts(frame, ["k"], "who", wide)
        for person in "pqrs":
            own = frame[(frame["who"].astype("object") == person).to_numpy()]
            rest = group_counts(without_person(frame, person), ["k"], "who", wide)
            assert {k: v for k, v in (Counter(whole) - Counter(rest)).items() if v} == group_counts(
                own, ["k"], "who", wide
            )


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False), st.dates())))
def test_keys_come_back_as_they_were(values):
    back = key_values(key_text(values))
    assert back == tuple(values)
    assert [type(value) for value in back] == [type(value) for value in values]


def test_a_group_of_one_person_shows_up_with_chance_below_delta_and_hardly_less():
    frame = pd.DataFrame({"k": np.arange(4000)})
    plan = count_plan(OPEN, Measure.APPROXIMATE, epsilon=1, delta=0.01)
    measurement = make_measurement(plan)
    shown = sum(len(draw(measurement, frame)) for _ in range(5))
    # P(1 + noise >= threshold) of discrete Laplace noise; of whole numbers the next lower threshold is too low.
    chance = math.exp(-(plan.noise.threshold - 1)) / (1 + math.exp(-1))
    assert 0.01 / math.e < chance <= 0.01
    assert about(shown, 20_000, chance)


@pytest.mark.parametrize(
    ("measure", "price"),
    [(Measure.APPROXIMATE, {"epsilon": 0.7}), (Measure.APPROXIMATE_ZERO_CONCENTRATED, {"rho": 0.1})],
)
@pytest.mark.parametrize("bounds", [ContributionBounds(max_rows=3), ContributionBounds(max_groups=4, per_group=5)])
def test_the_threshold_is_the_least_that_fits(measure, price, bounds):
    question = Question(OPEN.asked, WHO, bounds)
    plan = count_plan(question, measure, delta=1e-7, **price)
    make_measurement(plan)
    lower = type(plan.noise)(plan.noise.scale, plan.noise.threshold - 1)
    assert lower.stated(question.sensitivity)[1] > 1e-7
    assert f"reaches {plan.noise.threshold:,}" in " ".join(plan.notes)


@pytest.fixture
def people():
    return pd.DataFrame({"k": ["a"] * 400 + ["b"] * 300 + ["CANARY-7f3a"], "x": np.arange(701.0)})


def test_c24_c25_groups_show_up_where_delta_is_spent(ledger_path, people):
    project = pk.open_project("open", epsilon=3, delta=1e-5, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.KeysError, match="delta="):
        dp_count(people, "k", epsilon=1)
    release = dp_count(people, "k", epsilon=1, delta=1e-10)  # by which chance the one of CANARY shows up
    assert release.value.index.tolist() == ["a", "b"]
    assert "CANARY" not in repr(release) + release.plan.question.__repr__()
    assert (project.spent.epsilon, project.spent.delta) == (1, Fraction("1e-10"))
    again = dp_count(people, "k", epsilon=1, delta=1e-10)
    assert again.replayed
    assert again.value.equals(release.value)
    nobody = dp_count(people, ["k", "x"], epsilon=1, delta=1e-13)  # 701 groups of one row
    assert len(nobody.value) == 0
    assert "no group passed the threshold" in repr(nobody)
    assert nobody._repr_html_()
    assert "CANARY" not in json.dumps([entry.answer for entry in project.account.entries()])


def test_c25_a_project_without_delta_has_no_groups_without_keys(ledger_path, people):
    pk.open_project("pure", epsilon=3, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ParameterError, match="delta"):
        dp_count.plan(people, "k", keys=["a"], epsilon=1, delta=1e-6)
    with pytest.raises(pk.ParameterError, match="counts in ε"):
        dp_count.plan(people, "k", epsilon=1, delta=1e-6)


# -- several statistics --------------------------------------------------------------------------------------

ASKED = {
    "n": "count",
    "m": ("mean", "x", (0, 1000)),
    "s": ("sum", "x", (0, 1000)),
    "q": ("quantile", "x", 0.5, (0, 1000)),
}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("several", epsilon=5, unit=pk.ROW, store=ledger_path)


def test_what_comes_from_the_same_sums_is_measured_once(project, people):
    plan = dp_query.plan(people, ASKED, "k", keys=["a", "b"], epsilon=1, weights={"n": 2})
    assert len(plan.noise.parts) == 3
    assert [str(loss) for loss in plan.noise.losses] == [f"ε = {amount}" for amount in ("0.5", "0.25", "0.25")]
    release = plan.release()
    assert release.value.columns.tolist() == list(ASKED)
    assert project.spent.epsilon == 1
    assert abs(release.value.loc["a", "n"] - 400) < 100
    frame = release.to_frame()
    assert (frame["lower"] <= frame["n"]).all()
    assert (frame["m_lower"] <= frame["m_upper"]).all()


def test_a46_the_order_of_asking_and_the_names_make_no_other_question(project, people):
    first = dp_query(people, ASKED, epsilon=1)
    turned = {f"my_{name}": ASKED[name] for name in reversed(ASKED)}
    second = dp_query(people, turned, epsilon=1)
    assert second.replayed
    assert second.value["my_n"].tolist() == first.value["n"].tolist()
    assert not dp_query(people, {**ASKED, "v": ("var", "x", (0, 1000))}, epsilon=1).replayed


def test_ten_parts_cost_exactly_the_whole(project, people):
    asked = {f"s{n}": ("sum", "x", (0, n + 1)) for n in range(10)}
    plan = dp_query.plan(people, asked, epsilon=1)
    assert sum((Fraction(loss.main) for loss in plan.noise.losses), Fraction(0)) == 1
    assert make_measurement(plan).map(1)[0] <= 1
    assert make_measurement(plan).map(1)[0] > Fraction(999, 1000)


def test_a_description_is_like_pandas(project):
    frame = pd.DataFrame({"x": np.linspace(0, 100, 20_001)})
    described = dp_describe(frame, "x", bounds=(0, 100), epsilon=2).value.iloc[0]
    exact = frame["x"].describe()
    assert described.index.tolist() == ["count", "mean", "std", "25%", "50%", "75%"]
    for name in described.index:
        assert described[name] == pytest.approx(exact[name], rel=0.05)


@pytest.mark.parametrize(
    ("statistics", "weights"),
    [
        ({}, None),
        ([], None),
        ({"n": "max"}, None),
        ({"n": ("mean", "x")}, None),
        ({"n": ("max", "x", (0, 1))}, None),
        ({1: "count"}, None),
        ({"n": "count"}, {"m": 1}),
        ({"n": "count"}, {"n": 0}),
        ({"n": "count"}, {"n": float("nan")}),
        ({"n": ("mean", "x", (1, 0))}, None),
        ({"n": ("quantile", "x", 2, (0, 1))}, None),
        ({"n": lambda df: df}, None),
    ],
)
def test_a35_unknown_statistics_and_weights_are_refused(statistics, weights):
    with pytest.raises(pk.PrivkitError):
        several_of(statistics, weights, Known({}))
