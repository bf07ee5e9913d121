"""Independence of two columns by a noisy crosstab: what is counted, what it costs, how often the test errs."""

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, assert_within, count_plan, exact, frames, neighbors, norms
from dp_drawn import noisy, rejects_too_often
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Laplace
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.inference.chi2 import TABLES, Chi2
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

QUICK = settings(max_examples=50, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 9, "per_group": 1}]
PRICES = [(Measure.PURE, {"epsilon": 0.5}), (Measure.ZERO_CONCENTRATED, {"rho": 0.1})]


def pairs(rows, columns):
    return public_keys(["k", "w"], {"k": [*rows], "w": [*columns]})


ASKED = Chi2(Count(), pairs("ab", "uvw"))


def crossed(frame):
    """The frame with a second column of words, made of its numbers."""
    return frame.assign(w=["u" if n == 1 else "v" if n == 2 else None for n in frame["x"]])


@QUICK
@given(frame=frames(), bounds=st.sampled_from([{}, *PERSONS]), salt=st.binary(min_size=16, max_size=16))
def test_a_row_or_person_moves_the_table_within_what_is_declared(frame, bounds, salt):
    frame, question = crossed(frame), ask(ASKED, **bounds)
    whole, reach = exact(question, frame, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        assert_within(whole - exact(question, other, salt), reach)


@pytest.mark.parametrize("bounds", PERSONS)
def test_the_worst_person_reaches_what_is_declared(bounds):
    rows = [(k, c) for k in "ab" for c in "uvw"] * 20
    frame = pd.DataFrame(rows, columns=["k", "w"]).assign(who="p")
    question = ask(ASKED, **bounds)
    moved = norms(exact(question, frame))
    assert moved[1] == question.sensitivity.l1
    assert moved[1] > question.sensitivity.l1 / 2  # half of it would not do


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
def test_opendp_prices_it_like_a_crosstab(measure, price):
    plan = count_plan(ask(ASKED), measure, **price)
    stated = make_measurement(plan).map(1)
    assert 0.999 * float(plan.loss.main) < stated <= plan.loss.main
    assert plan.noise == count_plan(ask(Count(), ["k", "w"], ASKED.groups), measure, **price).noise


def test_without_noise_it_is_pearsons_test():
    rng = np.random.default_rng(2)
    for _ in range(4):
        table = rng.multinomial(900, rng.dirichlet(np.full(6, 8.0))).reshape(2, 3)
        found = ASKED.told(table.reshape(1, -1), None)
        told = stats.chi2_contingency(table, correction=False)
        assert found["chi2"][0] == pytest.approx(told.statistic)
        assert found["least_expected"][0] == pytest.approx(told.expected_freq.min())
        error = 5 * np.sqrt(told.pvalue * (1 - told.pvalue) / TABLES) + 0.01
        assert found["p_value"][0] == pytest.approx(told.pvalue, abs=error)
        assert found["cramers_v"][0] <= stats.contingency.association(table, correction=False)


def independent(rng, rows, shares, draws):
    """Tables of so many rows, drawn from the product of margins."""
    chances = np.outer(*shares).reshape(-1)
    return rng.multinomial(rows, chances, size=draws)


#: Of each case the margins, the rows and the loss.
NULLS = {
    "even": (([0.5, 0.5], [0.3, 0.3, 0.4]), 2000, PRICES[0]),
    "in ρ": (([0.5, 0.5], [0.3, 0.3, 0.4]), 1000, PRICES[1]),
    "noise leads": (([0.5, 0.5], [0.3, 0.3, 0.4]), 500, (Measure.PURE, {"epsilon": 0.1})),
    "a rare value": (([0.9, 0.1], [0.05, 0.25, 0.7]), 3000, PRICES[0]),
    "hardly any noise": (([0.5, 0.5], [0.3, 0.3, 0.4]), 300, (Measure.PURE, {"epsilon": 20})),
}
DRAWS, FEW = 2000, 399


def test_the_fast_path_draws_what_a_release_would():
    (table,) = independent(np.random.default_rng(3), 200, *NULLS["even"][:1], 1)
    labels = [(k, w) for k in "ab" for w in "uvw"]
    frame = pd.DataFrame([label for label, count in zip(labels, table, strict=True) for _ in range(count)])
    assert exact(ask(ASKED), frame.set_axis(["k", "w"], axis=1)).ravel().tolist() == table.tolist()


@pytest.mark.parametrize("case", NULLS)
@pytest.mark.sample(0.2)
def test_the_test_errs_no_more_than_it_says(case):
    shares, rows, (measure, price) = NULLS[case]
    noise = count_plan(ask(ASKED), measure, **price).noise
    rng = np.random.default_rng(6)
    cells = noisy(independent(rng, rows, shares, DRAWS), noise, rng)
    p_values = np.array([ASKED.tested(table, noise, FEW)[2] for table in ASKED._tables(cells)])
    for alpha in (0.1, 0.05, 0.01):
        assert not rejects_too_often((p_values <= alpha).sum(), DRAWS, alpha), alpha
    if case != "noise leads":
        assert (p_values <= 0.05).mean() > 0.025  # and not much less: it has power


def test_that_would_be_seen_of_the_textbooks_null_which_has_no_noise_in_it():
    shares, rows, (measure, price) = NULLS["noise leads"]
    noise = count_plan(ask(ASKED), measure, **price).noise
    rng = np.random.default_rng(6)
    cells = noisy(independent(rng, rows, shares, DRAWS), noise, rng)
    p_values = np.array([ASKED.tested(table, None, FEW)[2] for table in ASKED._tables(cells)])
    assert rejects_too_often((p_values <= 0.05).sum(), DRAWS, 0.05)


def test_dependence_is_found_and_its_strength_told():
    rng = np.random.default_rng(7)
    chances = np.array([[0.25, 0.15, 0.1], [0.1, 0.15, 0.25]]).reshape(-1)
    noise = Laplace(2.0)
    cells = noisy(rng.multinomial(2000, chances, size=100), noise, rng)
    found = [ASKED.tested(table, noise, FEW) for table in ASKED._tables(cells)]
    assert np.mean([p <= 0.01 for _, _, p in found]) == 1.0
    true = np.sqrt(
        ((chances - 1 / 6 * np.array([1.05, 0.9, 1.05] * 2)) ** 2 / (np.array([1.05, 0.9, 1.05] * 2) / 6)).sum()
    )
    assert np.mean([strength for _, strength, _ in found]) == pytest.approx(true, abs=0.02)


def test_the_same_counts_say_the_same_and_too_few_rows_are_remarked():
    noise = Laplace(2.0)
    many, few = np.array([[200, 150, 180, 190, 160, 170]]), np.array([[20, 3, 8, 19, 1, -2]])
    assert ASKED.told(many, noise)["p_value"] == ASKED.told(many, noise)["p_value"]
    assert ASKED.remarks(many, noise) == ()
    (said,) = ASKED.remarks(few, noise)
    assert "below 5 and the noise of ± " in said
    for odd in (np.zeros((1, 6), dtype=np.int64), np.full((1, 6), -9), np.array([[0, 0, 0, 50, 40, 30]])):
        found = ASKED.told(odd, noise)
        assert all(np.isfinite(values).all() for values in found.values())
        assert 0 < found["p_value"][0] <= 1


# -- asked of a project ------------------------------------------------------------------------------------------------

ROWS = np.arange(6000)
PEOPLE = pd.DataFrame(
    {
        "plan": np.array(["basic", "plus", "pro"])[ROWS % 3],
        "left": (ROWS % 3 == 0) & (ROWS % 2 == 0),
        "age": 18 + ROWS % 60,
    }
)
KEYS = {"plan": ["basic", "plus", "pro"], "left": [True, False]}


def test_it_is_asked_released_and_shown(ledger_path):
    project = pk.open_project("independent", epsilon=9, unit=pk.ROW, store=ledger_path)
    release = PEOPLE.privacy.dp_chi2("plan", "left", keys=KEYS, epsilon=1)
    found = release.value.iloc[0]
    assert list(release.value.columns) == ["chi2", "cramers_v", "p_value", "count", "least_expected"]
    assert found["p_value"] == pytest.approx(1 / (1 + TABLES))
    assert found["cramers_v"] == pytest.approx(np.sqrt(2 / 5), abs=0.03)
    assert release.remarks == ()
    again = PEOPLE.privacy.dp_chi2("plan", "left", keys=KEYS, epsilon=1)
    assert (again.replayed, project.spent.main) == (True, 1)
    assert again.value.equals(release.value)
    small = PEOPLE.head(30).privacy.dp_chi2("plan", "left", keys=KEYS, epsilon=5)  # 5/3 rows expected
    assert small.remarks[0] in repr(small)
    assert "take the p-value for a rough one" in small._repr_html_()


def test_a_derived_column_brings_its_labels(ledger_path):
    pk.open_project("bands", epsilon=9, unit=pk.ROW, store=ledger_path)
    asked = {"derive": {"band": pk.cut("age", [18, 40, 78])}, "keys": {"plan": KEYS["plan"]}}
    plan = PEOPLE.privacy.plan.dp_chi2("plan", "band", **asked, epsilon=1)
    assert plan.question.asked.shape == (3, 2)


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("plan", "left"), {}, pk.KeysError, "needs keys="),
        (("plan", "left"), {"keys": {"plan": ["basic"], "left": [True, False]}}, pk.KeysError, "at least two"),
        (("plan", "left"), {"keys": [("basic", True), ("plus", False), ("pro", True)]}, pk.KeysError, "both columns"),
        (("plan", "left"), {"keys": {"plan": ["basic", "plus"]}}, pk.KeysError, "left|columns"),
        (("plan", "plan"), {"keys": {"plan": ["basic", "plus"]}}, pk.PrivkitError, "plan"),
        (("plan", "nope"), {"keys": {"plan": ["a", "b"], "nope": [1, 2]}}, pk.ColumnNotFoundError, "nope"),
        (("plan", "left"), {"keys": {"plan": [1, 2], "left": [True, False]}}, pk.PrivkitError, "plan"),
        ((3, "left"), {"keys": KEYS}, pk.PrivkitError, "column"),
    ],
)
def test_what_cannot_be_tested_is_refused_before_anything_is_spent(ledger_path, args, options, error, says):
    project = pk.open_project("refused", epsilon=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(error, match=says) as caught:
        pk.dp_chi2(PEOPLE, *args, epsilon=1, **options)
    assert "No budget was spent" in str(caught.value)
    assert project.spent.main == 0


def test_columns_and_values_in_another_order_are_the_same_question(ledger_path):
    project = pk.open_project("turned", epsilon=9, unit=pk.ROW, store=ledger_path)
    first = PEOPLE.privacy.dp_chi2("plan", "left", keys=KEYS, epsilon=1)
    turned = {"left": [False, True], "plan": ["pro", "basic", "plus"]}
    second = PEOPLE.privacy.dp_chi2("left", "plan", keys=turned, epsilon=1)
    assert (second.replayed, project.spent.main) == (True, 1)
    assert second.value.equals(first.value)
    assert "'left' and 'plan' (2 × 3)" in str(second.plan.question)
    assert project.ledger.to_frame()["question"].tolist() == ["chi2 of left and plan"]


def test_values_of_another_type_are_the_same_question(ledger_path):
    project = pk.open_project("typed", epsilon=9, unit=pk.ROW, store=ledger_path)
    for ages in ([18, 19], [19.0, 18.0]):
        PEOPLE.privacy.dp_chi2("plan", "age", keys={"plan": KEYS["plan"], "age": ages}, epsilon=1)
    assert project.spent.main == 1


def test_a_table_that_would_take_minutes_is_refused_before_anything_is_spent(ledger_path):
    project = pk.open_project("large", epsilon=9, unit=pk.ROW, store=ledger_path)
    keys = {"age": list(range(51)), "size": list(range(50))}
    with pytest.raises(pk.KeysError, match="2,550 pairs"):
        pk.dp_chi2(PEOPLE.assign(size=1), "age", "size", keys=keys, epsilon=1)
    assert project.spent.main == 0


def test_tables_under_independence_are_drawn_some_at_a_time_and_once(monkeypatch):
    from privkit.dp.statistics import of_groups
    from privkit.dp.statistics.inference import chi2

    sizes = []
    reckoned = chi2._statistic

    def counting(tables, spread):
        sizes.append(tables.size)
        return reckoned(tables, spread)

    monkeypatch.setattr(chi2, "_statistic", counting)
    monkeypatch.setattr(of_groups, "_AT_ONCE", 6_000)
    table = np.array([[200.0, 151.0, 180.0], [190.0, 160.0, 170.0]])
    first = ASKED.tested(table, Laplace(2.0), TABLES)
    assert max(sizes) <= 6_000
    assert sum(sizes) == (TABLES + 1) * 6
    assert ASKED.tested(table, Laplace(2.0), TABLES) == first
    assert sum(sizes) == (TABLES + 1) * 6
