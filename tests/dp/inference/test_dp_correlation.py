"""Correlations from noisy moments: what is summed, what it costs, how often intervals hold and tests err."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, assert_within, count_plan, duckdb_relation, exact, frames, neighbors, norms
from dp_drawn import holds, noisy, rejects_too_often
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.statistics.inference.correlation import Correlation
from privkit.dp.statistics.inference.of_products import products_of
from privkit.tally.products import FULL, moment_sums
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

QUICK = settings(max_examples=50, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 3, "per_group": 1}]
PRICES = [(Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.5})]
ENDS = (ValueBounds(0.0, 10.0), ValueBounds(-3.0, 2.0))
ASKED = Correlation(("x", "z"), ENDS)
UNIT = Correlation(("x", "z"), (ValueBounds(-1.0, 1.0),) * 2)


def doubled(frame):
    """The frame with a second column of numbers, in another order."""
    return frame.assign(z=frame["x"].to_numpy()[::-1])


@QUICK
@given(frame=frames(), bounds=st.sampled_from([{}, *PERSONS]), salt=st.binary(min_size=16, max_size=16))
def test_a_row_or_person_moves_the_sums_within_what_is_declared(frame, bounds, salt):
    frame, question = doubled(frame), ask(ASKED, **bounds)
    whole, reach = exact(question, frame, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        assert_within(whole - exact(question, other, salt), reach)


@pytest.mark.parametrize("bounds", [{"max_rows": 3}, {"max_groups": 1, "per_group": 2}])
def test_the_worst_person_reaches_what_is_declared(bounds):
    frame = pd.DataFrame({"who": ["p"] * 40, "x": [10.0] * 40, "z": [2.0] * 40})
    question = ask(ASKED, **bounds)
    moved = norms(exact(question, frame))
    assert moved[1] == question.sensitivity.l1
    assert moved[2] == pytest.approx(question.sensitivity.l2)
    assert moved[1] > question.sensitivity.l1 / 2  # half of it would not do


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
@pytest.mark.parametrize("bounds", [{}, *PERSONS])
def test_opendp_prices_it_at_what_is_paid(measure, price, bounds):
    plan = count_plan(ask(ASKED, **bounds), measure, **price)
    stated = make_measurement(plan).map(1)
    assert 0.999 * float(plan.loss.main) < stated <= plan.loss.main
    kept = bounds.get("max_rows") or bounds.get("max_groups", 1) * bounds.get("per_group", 1)
    if measure is Measure.PURE:
        assert plan.noise.scale == pytest.approx(15 * FULL * kept)


def test_products_are_those_of_numpy_in_any_order_and_engine():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"who": np.arange(900) // 3, "x": rng.normal(5, 4, 900), "z": rng.integers(-4, 4, 900)})
    frame.loc[7, "x"] = np.nan
    known = frame["x"].notna()
    each = [(frame["x"].clip(0, 10) / 5 - 1)[known], ((frame["z"].clip(-3, 2) + 0.5) / 2.5)[known]]
    wanted = products_of(2)
    assert len(wanted) == 15
    true = [float(np.prod([each[place] for place in of], axis=0).sum()) if of else known.sum() for of in wanted]
    found = moment_sums(frame, ASKED.grids, wanted)
    assert found / FULL == pytest.approx(np.array(true), abs=900 * 2**-21)
    turned = frame.sample(frac=1, random_state=1)
    assert (moment_sums(turned, ASKED.grids, wanted) == found).all()
    assert (moment_sums(duckdb_relation(frame), ASKED.grids, wanted) == found).all()
    assert (exact(ask(ASKED, max_rows=3), frame) == found).all()
    three = products_of(3)  # no product has three different numbers
    assert len(three) == 1 + 4 * 3 + 6 * 3
    assert all(len(set(of)) <= 2 for of in three)


# -- how often it holds ------------------------------------------------------------------------------------------------

DRAWS = 1500


def even(rng, shape):
    x = rng.uniform(-1, 1, shape)
    return x, 0.5 * x + rng.uniform(-0.4, 0.4, shape)


def apart(rng, shape):
    return rng.uniform(-1, 1, shape), rng.uniform(-1, 1, shape)


def skewed(rng, shape):
    both = rng.exponential(1, shape)
    return tuple((both + rng.exponential(0.7, shape)) / 4 - 1 for _ in range(2))


def rare(rng, shape):
    x, y = ((rng.random(shape) < 0.1) * 2.0 - 1 for _ in range(2))
    return x, np.where(rng.random(shape) < 0.6, x, y)


def tight(rng, shape):
    x = rng.uniform(-1, 1, shape)
    return x, 0.9 * x + rng.normal(0, 0.05, shape)


#: Of each case how numbers are drawn, how many rows, and the loss.
DRAWN = {
    "even": (even, 4000, PRICES[0]),
    "independent": (apart, 2000, PRICES[0]),
    "skewed": (skewed, 3000, PRICES[1]),
    "rare and of two values": (rare, 3000, PRICES[1]),
    "tight": (tight, 2000, PRICES[1]),
    "hardly any noise, skewed": (skewed, 300, (Measure.ZERO_CONCENTRATED, {"rho": 200})),
    "hardly any noise, apart": (apart, 60, (Measure.ZERO_CONCENTRATED, {"rho": 200})),
}


def summed(x, y):
    """The cells of each sample, and ρ of all of them."""
    each = [np.clip(one, -1, 1) for one in (x, y)]
    found = [
        np.prod([each[place] for place in of], axis=0).sum(axis=1) if of else np.full(len(x), x.shape[1])
        for of in products_of(2)
    ]
    return np.rint(np.stack(found, axis=1) * FULL).astype(np.int64)


def true_of(law):
    each = [np.clip(one, -1, 1) for one in law(np.random.default_rng(1), (4_000_000,))]
    return 0.0 if law is apart else float(np.corrcoef(*each)[0, 1])


def sampled(case, draws=DRAWS):
    """The noise, and noisy cells of samples."""
    law, rows, (measure, price) = DRAWN[case]
    noise, rng = count_plan(ask(UNIT), measure, **price).noise, np.random.default_rng(9)
    parts = [summed(*law(rng, (100, rows))) for _ in range(draws // 100)]
    return noise, noisy(np.concatenate(parts), noise, rng)


@pytest.mark.parametrize("case", DRAWN)
@pytest.mark.sample(0.14)
def test_intervals_hold_and_tests_err_no_more_than_they_say(case):
    true = true_of(DRAWN[case][0])
    noise, cells = sampled(case)
    lower, upper = UNIT.limits(cells, noise, 0.05)["correlation"]
    hits = ((lower <= true) & (true <= upper)).sum()
    assert holds(hits, DRAWS, 0.95), hits / DRAWS
    assert (upper - lower < 1.9).mean() > 0.95  # and something is said
    if true == 0:
        assert not rejects_too_often((lower > 0).sum() + (upper < 0).sum(), DRAWS, 0.05)


def test_the_fast_path_draws_what_a_release_would():
    rng = np.random.default_rng(4)
    x, z = even(rng, (1, 200))
    frame = pd.DataFrame({"x": x[0], "z": z[0]})
    assert exact(ask(UNIT), frame) / FULL == pytest.approx(summed(x, z)[0] / FULL, abs=200 * 2**-21)


@pytest.mark.parametrize("case", ["even", "tight"])
def test_that_would_be_seen_if_the_noise_were_thought_a_tenth_as_large(case):
    true = true_of(DRAWN[case][0])
    noise, cells = sampled(case, 300)
    lower, upper = UNIT.limits(cells, type(noise)(noise.scale / 10), 0.05)["correlation"]
    assert not holds(((lower <= true) & (true <= upper)).sum(), 300, 0.95)


def test_that_would_be_seen_of_the_textbooks_interval_of_skewed_numbers():
    """(1 − ρ²)²/n is the variance of normal numbers' r; of these it is far larger."""
    true, (_, cells) = true_of(skewed), sampled("hardly any noise, skewed")
    r = UNIT.estimates(cells)["correlation"]
    half = np.tanh(np.arctanh(r) + 1.96 / math.sqrt(300 - 3)) - r, r - np.tanh(np.arctanh(r) - 1.96 / math.sqrt(297))
    assert not holds(((r - half[1] <= true) & (true <= r + half[0])).sum(), DRAWS, 0.95)


def test_without_noise_it_is_pearsons():
    rng = np.random.default_rng(5)
    x, y = rng.normal(5, 2, 400), rng.normal(0, 1, 400)
    frame = pd.DataFrame({"x": x.clip(0, 10), "z": (y + 0.03 * x).clip(-3, 2)})
    cells = exact(ask(ASKED), frame).reshape(1, -1)
    found, told = ASKED.told(cells, None), stats.pearsonr(frame["x"], frame["z"])
    assert found["correlation"][0] == pytest.approx(told.statistic, abs=1e-5)
    assert found["p_value"][0] == pytest.approx(told.pvalue, abs=0.05)
    assert found["count"][0] == 400
    lower, upper = (end[0] for end in ASKED.limits(cells, Laplace(1e-3), 0.05)["correlation"])
    normal = told.confidence_interval(0.95)
    assert upper - lower == pytest.approx(normal.high - normal.low, rel=0.25)


def test_spreads_that_noise_hides_say_so_and_nothing_else():
    noise = Laplace(15.0 * FULL)
    for cells in (
        np.zeros(15, dtype=np.int64),
        -np.full(15, FULL),
        summed(*even(np.random.default_rng(1), (1, 50)))[0],
    ):
        found = UNIT.limits(cells[None], noise, 0.05)["correlation"]
        assert (found[0][0], found[1][0]) == (-1.0, 1.0)
        assert UNIT.tests(cells[None], noise)["p_value"][0] == 1.0
        assert "charged" in UNIT.remarks(cells[None], noise)[0]
        assert UNIT.dominated(*found).all()
        assert all(np.isfinite(values).all() for values in UNIT.told(cells[None], noise).values())


@pytest.mark.sample(0.1)
@pytest.mark.parametrize("part", range(10))
def test_a_p_value_and_its_interval_never_disagree(part):
    noise, cells = sampled("independent", 200)
    cells = cells[part::10]
    p_values = UNIT.tests(cells, noise)["p_value"]
    for alpha in (0.2, 0.05, 0.01):
        lower, upper = UNIT.limits(cells, noise, alpha)["correlation"]
        assert (((lower > 0) | (upper < 0)) == (p_values <= alpha)).all()


# -- asked of a project ------------------------------------------------------------------------------------------------

ROWS = np.arange(30_000)
HOMES = pd.DataFrame({"who": ROWS // 2, "rooms": ROWS % 6 + 1, "size": 20.0 + (ROWS * 37) % 100, "kind": "flat"})
HOMES["rent"] = 200 + 150 * HOMES["rooms"] + 5 * HOMES["size"] + (ROWS * 13) % 41 - 20
ENDS_OF = {"rooms": (1, 6), "size": (20, 120), "rent": (0, 2500)}


def test_it_is_asked_released_replayed_and_shown(ledger_path):
    project = pk.open_project("rents", rho=90, ceiling=100, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": ENDS_OF, "rho": 2}
    names = ["rooms", "size", "rent"]
    plan = HOMES.privacy.plan.dp_correlation(names, **asked)
    assert any("standard error to expect" in note for note in plan.notes)
    assert plan.half_width(0.95) is None
    release = plan.release()
    found, true = release.to_frame().iloc[0], HOMES[names].corr()
    for place, (a, b) in enumerate(itertools.combinations(names, 2)):
        name = f"{a} × {b}"
        lower, upper = (found[f"{name}_{end}" if place else end] for end in ("lower", "upper"))
        assert lower - (upper - lower) < true.loc[a, b] < upper + (upper - lower)
        assert upper - lower < 0.3
    assert found["p_rooms × rent"] == 1e-9
    again = pk.dp_correlation(HOMES, ["rent", "rooms", "size"], **asked)
    assert (again.replayed, project.spent.main) == (True, 2)
    assert again.value["rent × rooms"].iloc[0] == pytest.approx(found["rooms × rent"])
    assert project.ledger.to_frame()["question"].tolist() == ["correlation of rent, rooms and size"]


def test_a_plan_warns_of_few_rows_before_anything_is_spent(ledger_path):
    project = pk.open_project("few", epsilon=9, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": {"size": (20, 120), "rent": (0, 2500)}, "epsilon": 0.1}
    (warned,) = [
        one
        for one in HOMES.privacy.plan.dp_correlation(["size", "rent"], **asked, assume_rows=500).notes
        if one.startswith("WARNING")
    ]
    assert "rows are needed" in warned
    many = HOMES.privacy.plan.dp_correlation(["size", "rent"], **asked, assume_rows=50_000).notes
    (least,) = [one for one in many if one.startswith("below about")]
    rows = int(least.split()[2].replace(",", ""))
    assert 1_000 < rows < 50_000
    noise = HOMES.privacy.plan.dp_correlation(["size", "rent"], **asked).noise
    told = [UNIT._each(UNIT._expected(n)[0], noise)[0].half_width(0.05) for n in (rows, int(rows * 0.9))]
    assert math.isfinite(told[0])
    assert not math.isfinite(told[1])
    assert project.spent.main == 0


def test_persons_and_planned_rows(ledger_path):
    pk.open_project("persons", epsilon=9, unit="who", max_rows=2, store=ledger_path)
    asked = {"bounds": {"size": (20, 120), "rent": (0, 2500)}, "epsilon": 1}
    plan = HOMES.privacy.plan.dp_correlation(["size", "rent"], **asked, assume_rows=10_000)
    assert any("not drawn independently" in note for note in plan.notes)
    one = HOMES.privacy.plan.dp_correlation(["size", "rent"], **asked, max_rows=1, assume_rows=10_000)
    assert one.accuracies["correlation"] < plan.accuracies["correlation"]
    lazy = pk.plan.dp_correlation(duckdb_relation(HOMES), ["size", "rent"], **asked, version="1")
    assert "'size'" in lazy.fetched[0]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        ((["rent", "size"],), {}, pk.PrivkitError, "bounds="),
        ((["rent", "size"],), {"bounds": (0, 100)}, pk.ParameterError, "dict"),
        ((["rent", "size"],), {"bounds": {"size": (0, 100)}}, pk.PrivkitError, "rent"),
        ((["rent", "size"],), {"bounds": {"size": (5, 5), "rent": (0, 9)}}, pk.ParameterError, "constant"),
        ((["rent", "size"],), {"bounds": ENDS_OF}, pk.ParameterError, "those of columns"),
        ((["rent", "rent"],), {"bounds": {"rent": (0, 1)}}, pk.DuplicateColumnError, "rent"),
        ((["rent"],), {"bounds": {"rent": (0, 1)}}, pk.ParameterError, "1 column"),
        (("rent",), {"bounds": {"rent": (0, 1)}}, pk.ParameterError, "1 column"),
        (([f"x{n}" for n in range(11)],), {"bounds": {}}, pk.ParameterError, "from 2 to 10"),
        ((["rent", "kind"],), {"bounds": {"rent": (0, 1), "kind": (0, 1)}}, pk.PrivkitError, "kind"),
        ((["rent", "nope"],), {"bounds": {"rent": (0, 1), "nope": (0, 1)}}, pk.ColumnNotFoundError, "nope"),
        ((3,), {"bounds": ENDS_OF}, pk.PrivkitError, "column"),
        ((["rent", "size"],), {"bounds": {"rent": (0, 1), "size": (0, 1)}, "keys": ["a"]}, pk.KeysError, "keys="),
    ],
)
def test_what_cannot_be_told_is_refused_before_anything_is_spent(ledger_path, args, options, error, says):
    project = pk.open_project("refused", epsilon=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(error, match=says) as caught:
        pk.dp_correlation(HOMES, *args, epsilon=1, **options)
    assert project.spent.main == 0
    assert "No budget was spent" in str(caught.value)


def test_columns_by_whose_names_numbers_would_be_mistaken_are_refused(ledger_path):
    pk.open_project("names", epsilon=9, unit=pk.ROW, store=ledger_path)
    names = ["rooms", "size", "rooms × size", "rent"]
    frame = HOMES.assign(**{"rooms × size": 1.0, "size × rent": 1.0})
    more = {"bounds": {**ENDS_OF, "rooms × size": (0, 9)}, "epsilon": 1}
    assert frame.privacy.plan.dp_correlation(names, **more)
    clash = ["rooms", "size × rent", "rooms × size", "rent"]
    ends = dict.fromkeys(clash, (0, 9))
    with pytest.raises(pk.ParameterError, match="rename"):
        pk.dp_correlation(frame, clash, bounds=ends, epsilon=1)


def test_noise_is_less_in_rho_than_in_epsilon():
    assert isinstance(count_plan(ask(UNIT), PRICES[1][0], **PRICES[1][1]).noise, Gaussian)
