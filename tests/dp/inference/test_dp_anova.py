"""Equal means of several groups by noisy moments: what is counted, what it costs, how often the test errs."""

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, assert_within, count_plan, exact, frames, neighbors, norms
from dp_drawn import moments, noisy, rejects_too_often
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Laplace
from privkit.dp.statistics import of_groups
from privkit.dp.statistics.inference import anova
from privkit.dp.statistics.inference.anova import SAMPLES, Anova
from privkit.dp.statistics.moments import Variance
from privkit.values.bounds import ValueBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

QUICK = settings(max_examples=50, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 9, "per_group": 1}]
PRICES = [(Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.5})]
ENDS = ValueBounds(0.0, 10.0)


def asked(groups="abA"):
    return Anova(Variance("x", ENDS), public_keys(["k"], [*groups]))


@QUICK
@given(frame=frames(), bounds=st.sampled_from([{}, *PERSONS]), salt=st.binary(min_size=16, max_size=16))
def test_a_row_or_person_moves_all_groups_within_what_is_declared(frame, bounds, salt):
    question = ask(asked(), **bounds)
    whole, reach = exact(question, frame, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        assert_within(whole - exact(question, other, salt), reach)


@pytest.mark.parametrize("bounds", PERSONS)
def test_the_worst_person_reaches_what_is_declared(bounds):
    frame = pd.DataFrame({"who": ["p"] * 60, "k": ["a", "b", "A"] * 20, "x": [10.0] * 60})
    question = ask(asked(), **bounds)
    moved = norms(exact(question, frame))
    assert moved[1] == question.sensitivity.l1
    assert moved[1] > question.sensitivity.l1 / 2  # half of it would not do


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
def test_opendp_prices_it_like_a_variance_by_keys(measure, price):
    plan = count_plan(ask(asked()), measure, **price)
    stated = make_measurement(plan).map(1)
    assert 0.999 * float(plan.loss.main) < stated <= plan.loss.main
    assert plan.noise == count_plan(ask(Variance("x", ENDS), ["k"], ["a", "b", "A"]), measure, **price).noise


def test_without_noise_it_is_fishers_test():
    rng = np.random.default_rng(2)
    for effect in (0.0, 0.3, 0.6):
        sizes = [40, 60, 90]
        each = [np.clip(rng.normal(5 + place * effect, 1.5, size), 0, 10) for place, size in enumerate(sizes)]
        frame = pd.DataFrame({"k": np.repeat(["a", "b", "A"], sizes), "x": np.concatenate(each)})
        found = asked().told(exact(ask(asked()), frame).reshape(1, -1), None)
        told = stats.f_oneway(*each)
        assert found["f"][0] == pytest.approx(told.statistic, rel=1e-5)
        error = 5 * np.sqrt(told.pvalue * (1 - told.pvalue) / SAMPLES) + 0.02
        assert found["p_value"][0] == pytest.approx(told.pvalue, abs=error)
        within = sum(((one - one.mean()) ** 2).sum() for one in each)
        between = told.statistic * 2 * within / (sum(sizes) - 3)
        spread = within / (sum(sizes) - 3)  # η² less what equal means give: ω² but for a part of 1/n
        assert found["eta2"][0] == pytest.approx(max(between - 2 * spread, 0) / (between + within), abs=0.02)
        assert (found["count"][0], found["least_count"][0]) == (pytest.approx(190), pytest.approx(40))


#: Of each case the rows and the deviation of each group, and the loss.
NULLS = {
    "even": ((500, 500, 500), (2, 2, 2), PRICES[0]),
    "few rows, in ρ": ((60, 40, 50), (2, 2, 2), PRICES[1]),
    "unequal spreads": ((400, 2000, 150), (4, 1, 2), PRICES[0]),
    "noise leads": ((300, 300, 300), (2, 2, 2), (Measure.PURE, {"epsilon": 0.1})),
    "hardly any noise": ((30, 30, 30), (2, 2, 2), (Measure.ZERO_CONCENTRATED, {"rho": 200})),
}
DRAWS, FEW = 1500, 399


def drawn_p_values(case, draws, thought=None):
    """P-values of samples whose means are equal, by a test that thinks of so much noise; by default of what it is."""
    sizes, deviations, (measure, price) = NULLS[case]
    noise, rng = count_plan(ask(asked()), measure, **price).noise, np.random.default_rng(6)
    full, degree = asked().inner.full, asked().inner.degree
    each = [
        moments(np.clip(rng.normal(5, deviation, (draws, size)), 0, 10) / 10, full, degree)
        for size, deviation in zip(sizes, deviations, strict=True)
    ]
    cells = noisy(np.stack(each, axis=1).reshape(draws, -1), noise, rng)
    return np.array([asked().tested(row, noise if thought is None else thought, FEW)[2] for row in cells])


@pytest.mark.parametrize("case", NULLS)
@pytest.mark.sample(0.2)
def test_the_test_errs_no_more_than_it_says(case):
    p_values = drawn_p_values(case, DRAWS)
    for alpha in (0.1, 0.05, 0.01):
        assert not rejects_too_often((p_values <= alpha).sum(), DRAWS, alpha), alpha
    assert (p_values <= 0.05).mean() > 0.025  # and not much less: it has power


def test_that_would_be_seen_of_a_null_distribution_without_noise_in_it():
    p_values = drawn_p_values("noise leads", 300, thought=Laplace(1e-3))
    assert rejects_too_often((p_values <= 0.05).sum(), 300, 0.05)


def test_the_fast_path_draws_what_a_release_would():
    rng = np.random.default_rng(3)
    x = np.clip(rng.normal(5, 2, (2, 50)), 0, 10)
    frame = pd.DataFrame({"k": np.repeat(["a", "b"], 50), "x": x.ravel()})
    own = asked("ab")
    fast = moments(x / 10, own.inner.full, 2).reshape(-1)
    assert exact(ask(own), frame) / own.inner.full == pytest.approx(fast / own.inner.full, abs=50 / own.inner.full)


def test_different_means_are_found_and_the_part_between_groups_told():
    rng = np.random.default_rng(7)
    means, noise = (4.5, 5.0, 5.5), Laplace(2.0 * asked().inner.full)
    each = [moments(np.clip(rng.normal(mean, 1, (60, 700)), 0, 10) / 10, asked().inner.full, 2) for mean in means]
    cells = noisy(np.stack(each, axis=1).reshape(60, -1), noise, rng)
    found = [asked().tested(row, noise, FEW) for row in cells]
    assert np.mean([p <= 0.01 for _, _, p in found]) == 1.0
    true = np.var(means) / (np.var(means) + 1)
    assert np.mean([strength for _, strength, _ in found]) == pytest.approx(true, abs=0.02)


def test_the_same_numbers_say_the_same_and_small_groups_are_remarked():
    full = asked().inner.full
    noise = Laplace(2.0 * full)
    many, few = (np.array([[60, 80, 60] * 2 + [part, part, part]]) * full for part in (60, 3))
    assert asked().told(many, noise)["p_value"] == asked().told(many, noise)["p_value"]
    assert asked().remarks(many, noise) == ()
    (said,) = asked().remarks(few, noise)
    assert "below 10 and the noise of ± " in said
    for odd in (
        np.zeros((1, 9), dtype=np.int64),
        np.full((1, 9), -9 * full),
        np.array([[0, 0, 0, 50, 40, 30, 1, 0, 0]]),
    ):
        found = asked().told(odd, noise)
        assert all(np.isfinite(values).all() for values in found.values())
        assert 0 < found["p_value"][0] <= 1
        assert 0 <= found["eta2"][0] <= 1


def test_samples_are_drawn_some_at_a_time_and_once(monkeypatch):
    sizes = []
    reckoned = anova._squares

    def counting(moments, noise, full):
        sizes.append(len(moments))
        return reckoned(moments, noise, full)

    monkeypatch.setattr(anova, "_squares", counting)
    monkeypatch.setattr(of_groups, "_AT_ONCE", 9_000)
    cells = np.array([[60, 80, 61] * 3]) * asked().inner.full
    first = asked().tested(cells, Laplace(2.0), SAMPLES)
    assert max(sizes) <= 1_000
    assert sum(sizes) == SAMPLES + 1
    assert asked().tested(cells, Laplace(2.0), SAMPLES) == first
    assert sum(sizes) == SAMPLES + 1


# -- asked of a project ------------------------------------------------------------------------------------------------

ROWS = np.arange(6000)
PEOPLE = pd.DataFrame({"plan": np.array(["basic", "plus", "pro"])[ROWS % 3], "age": 18.0 + ROWS % 60})
PEOPLE["minutes"] = (ROWS * 7) % 20 + 3.0 * (ROWS % 3)
PLANS = ["basic", "plus", "pro"]


def test_it_is_asked_released_replayed_and_shown(ledger_path):
    project = pk.open_project("means", epsilon=9, unit=pk.ROW, store=ledger_path)
    more = {"bounds": (0, 30), "epsilon": 1}
    release = PEOPLE.privacy.dp_anova("minutes", "plan", keys=PLANS, **more)
    found = release.value.iloc[0]
    assert list(release.value.columns) == ["f", "eta2", "p_value", "count", "least_count"]
    assert found["p_value"] == pytest.approx(1 / (1 + SAMPLES))
    assert found["eta2"] == pytest.approx(6 / (6 + 33.25), abs=0.03)
    assert release.remarks == ()
    again = PEOPLE.privacy.dp_anova("minutes", "plan", keys=["pro", "basic", "plus"], **more)
    assert (again.replayed, project.spent.main) == (True, 1)
    assert again.value.equals(release.value)
    assert "in 3 groups of 'plan': f = " in repr(release)
    assert project.ledger.to_frame()["question"].tolist() == ["anova of minutes by plan"]
    small = PEOPLE.head(15).privacy.dp_anova("minutes", "plan", keys=PLANS, bounds=(0, 30), epsilon=5)  # 5 rows each
    assert small.remarks[0] in repr(small)
    assert "take the p-value for a rough one" in small._repr_html_()


def test_a_derived_column_brings_its_labels(ledger_path):
    pk.open_project("bands", epsilon=9, unit=pk.ROW, store=ledger_path)
    asking = {"derive": {"band": pk.cut("age", [18, 40, 60, 78])}, "bounds": (0, 30), "epsilon": 1}
    assert len(PEOPLE.privacy.plan.dp_anova("minutes", "band", **asking).question.asked.groups) == 3


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("minutes", "plan"), {}, pk.KeysError, "needs keys="),
        (("minutes", "plan"), {"keys": ["basic"]}, pk.KeysError, "at least two"),
        (("minutes", "plan"), {"keys": [f"p{n}" for n in range(501)]}, pk.KeysError, "at most 500"),
        (("minutes", "plan"), {"keys": PLANS, "bounds": None}, pk.PrivkitError, "bounds="),
        (("minutes", "plan"), {"keys": PLANS, "bounds": (5, 1)}, pk.PrivkitError, "bounds"),
        (("minutes", "plan"), {"keys": PLANS, "bounds": (5, 5)}, pk.ParameterError, "constant"),
        (("plan", "plan"), {"keys": PLANS}, pk.PrivkitError, "plan"),
        (("minutes", "nope"), {"keys": PLANS}, pk.ColumnNotFoundError, "nope"),
        (("minutes", "plan"), {"keys": [1, 2]}, pk.PrivkitError, "plan"),
        ((3, "plan"), {"keys": PLANS}, pk.PrivkitError, "column"),
    ],
)
def test_what_cannot_be_tested_is_refused_before_anything_is_spent(ledger_path, args, options, error, says):
    project = pk.open_project("refused", epsilon=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(error, match=says) as caught:
        pk.dp_anova(PEOPLE, *args, **{"bounds": (0, 30), "epsilon": 1, **options})
    assert "No budget was spent" in str(caught.value)
    assert project.spent.main == 0
