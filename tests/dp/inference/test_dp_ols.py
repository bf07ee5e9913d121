"""Least squares from noisy sums of products: what is summed, what it costs, how often intervals hold and tests err."""

import math

import numpy as np
import pandas as pd
import pytest
from chance import RARE
from dp_asking import ask, assert_within, count_plan, duckdb_relation, exact, frames, neighbors, norms
from dp_drawn import holds, lines, noisy, rejects_too_often
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.statistics.inference.least_squares import Fit, stirred
from privkit.dp.statistics.inference.regression import LeastSquares
from privkit.tally.products import FULL, product_sums
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

QUICK = settings(max_examples=50, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 3, "per_group": 1}]
PRICES = [(Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.5})]
ENDS = (ValueBounds(0.0, 10.0), ValueBounds(-3.0, 2.0))


def fit_of(x="x", y="z", ends=ENDS):
    return LeastSquares(y, (x,), ends)


def doubled(frame):
    """The frame with a second column of numbers, in another order."""
    return frame.assign(z=frame["x"].to_numpy()[::-1])


# -- what one row or person moves --------------------------------------------------------------------------------------


@QUICK
@given(frame=frames(), bounds=st.sampled_from([{}, *PERSONS]), salt=st.binary(min_size=16, max_size=16))
def test_a_row_or_person_moves_the_sums_within_what_is_declared(frame, bounds, salt):
    frame, question = doubled(frame), ask(fit_of(), **bounds)
    whole, reach = exact(question, frame, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        assert_within(whole - exact(question, other, salt), reach)


@QUICK
@given(frame=frames(), data=st.data(), bounds=st.sampled_from([{}, *PERSONS]))
def test_the_order_of_rows_and_the_index_change_nothing(frame, data, bounds):
    frame = doubled(frame)
    order = list(data.draw(st.permutations(range(len(frame)))))
    question = ask(fit_of(), **bounds)
    assert (exact(question, frame) == exact(question, frame.iloc[order].reset_index(drop=True))).all()


@pytest.mark.parametrize("bounds", [{"max_rows": 3}, {"max_groups": 1, "per_group": 2}])
def test_the_worst_person_reaches_what_is_declared(bounds):
    frame = pd.DataFrame({"who": ["p"] * 40, "x": [10.0] * 40, "z": [2.0] * 40})
    question = ask(fit_of(), **bounds)
    moved = norms(exact(question, frame))
    assert moved[1] == question.sensitivity.l1
    assert moved[2] == pytest.approx(question.sensitivity.l2)
    assert moved[1] > question.sensitivity.l1 / 2  # half of it would not do


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
@pytest.mark.parametrize("bounds", [{}, *PERSONS])
def test_opendp_prices_it_at_what_is_paid(measure, price, bounds):
    plan = count_plan(ask(fit_of(), **bounds), measure, **price)
    stated = make_measurement(plan).map(1)
    assert 0.999 * float(plan.loss.main) < stated <= plan.loss.main
    kept = bounds.get("max_rows") or bounds.get("max_groups", 1) * bounds.get("per_group", 1)
    if measure is Measure.PURE:
        assert plan.noise.scale == pytest.approx(6 * FULL * kept)
    elif bounds in ({}, {"max_rows": 1}, {"max_rows": 3}):
        assert plan.noise.scale == pytest.approx(math.sqrt(6) * FULL * kept)


def test_sums_are_those_of_numpy_and_the_same_for_persons_whose_rows_all_count():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"who": np.arange(900) // 3, "x": rng.normal(5, 4, 900), "z": rng.integers(-4, 4, 900)})
    frame.loc[7, "x"] = np.nan
    scaled = [frame["x"].clip(0, 10) / 5 - 1, (frame["z"].clip(-3, 2) + 0.5) / 2.5]
    known = frame["x"].notna()
    matrix = np.stack([np.ones(known.sum()), *(one[known] for one in scaled)])
    true = (matrix @ matrix.T)[np.triu_indices(3)]
    found = product_sums(frame, fit_of().grids)
    assert found / FULL == pytest.approx(true, abs=900 * 2**-22)
    for bounds in ({"max_rows": 3}, {"max_groups": 1, "per_group": 3}):
        assert (exact(ask(fit_of(), **bounds), frame) == found).all()
    few = exact(ask(fit_of(), max_rows=1), frame)
    assert few[0] == 300 * FULL
    relation = product_sums(duckdb_relation(frame), fit_of().grids)
    assert (relation == found).all()


# -- how often it holds ------------------------------------------------------------------------------------------------

DRAWS = 2000


def even(rng, rows, count):
    return rng.uniform(-1, 1, (rows, count))


def skewed(rng, rows, count):
    return 2 * rng.beta(2, 5, (rows, count)) - 1


def correlated(rng, rows, count):
    first = rng.uniform(-1, 1, (rows, 1))
    return np.hstack([first, 0.7 * first + 0.3 * rng.uniform(-1, 1, (rows, count - 1))])


#: Of each case the design, the rows, the predictors, the noise's loss, and whether residuals are skewed.
DRAWN = {
    "even": (even, 2000, 2, PRICES[1], False),
    "Laplace": (even, 5000, 2, PRICES[0], False),
    "skewed": (skewed, 10_000, 2, PRICES[1], False),
    "correlated": (correlated, 10_000, 2, PRICES[1], False),
    "noise leads": (even, 3000, 2, (Measure.ZERO_CONCENTRATED, {"rho": 0.02}), False),
    "skewed residuals": (even, 2000, 1, PRICES[1], True),
    "hardly any noise": (even, 50, 2, (Measure.ZERO_CONCENTRATED, {"rho": 200}), False),
}
SLOPES = np.array([0.1, 0.3, 0.0, -0.2])


def sampled(case, draws=DRAWS):
    """Sums of one sample of rows each: of a few designs with many residuals, which is what the model fixes."""
    design, rows, count, (measure, price), skew = DRAWN[case]
    rng = np.random.default_rng(9)
    asked = LeastSquares("y", tuple(f"x{n}" for n in range(count)), (ValueBounds(-1.0, 1.0),) * (count + 1))
    noise = count_plan(ask(asked), measure, **price).noise
    true = SLOPES[: count + 1]
    for place in range(draws):
        if place % 10 == 0:
            x = np.hstack([np.ones((rows, 1)), design(rng, rows, count)])
        errors = 0.1 * (rng.exponential(1, rows) - 1 if skew else rng.normal(0, 1, rows))
        whole = np.hstack([x, (x @ true + errors)[:, None]])
        sums = (whole.T @ whole)[np.triu_indices(count + 2)]
        yield noise, true, noisy(np.rint(sums * FULL).astype(np.int64), noise, rng)


@pytest.mark.landing
@pytest.mark.parametrize("case", DRAWN)
@pytest.mark.sample(0.14)
def test_intervals_hold_and_tests_err_no_more_than_they_say(case):
    hits, rejected, draws = 0, 0, DRAWS
    for noise, true, cells in sampled(case):
        fit = Fit.of(cells, noise, FULL)
        half = fit.half_widths(np.eye(len(true)), 0.05)
        hits = hits + (np.abs(fit.coefficients - true) <= half)
        rejected += bool(abs(fit.coefficients[-1]) > half[-1])
    assert (hits >= 0.935 * draws).all(), hits / draws
    assert all(holds(each, draws, 0.95) for each in hits), hits / draws
    if not true[-1]:
        assert not rejects_too_often(rejected, draws, 0.05)


@pytest.mark.parametrize("case", ["noise leads", "Laplace"])
def test_that_would_be_seen_if_the_noise_were_thought_a_third_as_large_or_none(case):
    for share in (3, math.inf):
        hits, draws = 0, 300
        for noise, true, cells in sampled(case, draws):
            less = None if share == math.inf else type(noise)(noise.scale / share)
            fit = Fit.of(cells, less, FULL)
            hits += int(abs(fit.coefficients[1] - true[1]) <= fit.half_widths(np.eye(len(true)), 0.05)[1])
        assert not holds(hits, draws, 0.95)


def pivots(sums, true, deviation):
    """What a fit of (1, a, b) errs by, in standard normal numbers, and the χ² of what it leaves."""
    design, y = sums[:, :3, :3], sums[:, :3, 3]
    found = np.linalg.solve(design, y[..., None])[..., 0]
    apart = np.swapaxes(np.linalg.cholesky(design), 1, 2) @ (found - true)[..., None]
    return apart[..., 0].T / deviation, (sums[:, 3, 3] - (y * found).sum(axis=1)) / deviation**2


def test_lines_of_the_fast_path_err_as_those_of_frames_do():
    """Both by the textbook's law, of normal residuals: ``tests/slow/dp_population.py`` draws so."""
    rng, true, rows = np.random.default_rng(8), np.array([0.1, 0.3, 0.0]), 20
    asked, real = LeastSquares("y", ("a", "b"), (ValueBounds(-1.0, 1.0),) * 3), np.zeros((200, 4, 4))
    for own in real:
        a, b = rng.uniform(-1, 1, (2, rows))
        frame = pd.DataFrame({"a": a, "b": b, "y": true[0] + true[1] * a + 0.1 * rng.normal(size=rows)})
        own[np.triu_indices(4)] = exact(ask(asked), frame).ravel() / FULL
        own += np.triu(own, 1).T
    fast = np.concatenate([lines(rng, 20, rows, true, 0.1) for _ in range(20)])
    for sums in (real, fast):
        errors, left = pivots(sums, true, 0.1)
        for each, law in (*((one, stats.norm()) for one in errors), (left, stats.chi2(rows - 3))):
            assert stats.kstest(each, law.cdf).pvalue > RARE


def test_standard_errors_are_near_those_without_noise_where_rows_are_many():
    asked = LeastSquares("y", ("a", "b"), (ValueBounds(-1.0, 1.0),) * 3)
    noise = Gaussian(math.sqrt(10) * FULL)  # ρ = 0.5, by which ε is about 5 at δ = 1e-6
    for rows, most in ((5000, 1.2), (20_000, 1.1), (1_000_000, 1.06)):
        fit, plain = (Fit.of(asked._expected(rows), each, FULL) for each in (noise, None))
        ratio = fit.half_widths(np.eye(3), 0.05) / plain.half_widths(np.eye(3), 0.05)
        assert (ratio < most).all()
        assert (ratio > 1).all()


def test_without_noise_it_is_the_textbooks_fit():
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 10, (400, 2))
    y = 20 + 3 * x[:, 0] - 2 * x[:, 1] + rng.normal(0, 4, 400)
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})
    asked = LeastSquares("y", ("a", "b"), (ValueBounds(0, 10), ValueBounds(0, 10), ValueBounds(-50, 100)))
    cells = exact(ask(asked), frame).reshape(1, -1)
    design = np.column_stack([np.ones(400), x])
    true, squares, *_ = np.linalg.lstsq(design, y, rcond=None)
    found = asked.told(cells, None)
    assert [found[name][0] for name in ("intercept", "a", "b")] == pytest.approx(true, abs=1e-3)
    assert found["r2"][0] == pytest.approx(1 - squares[0] / ((y - y.mean()) ** 2).sum(), abs=1e-4)
    errors = np.sqrt(squares[0] / 397 * np.linalg.inv(design.T @ design).diagonal())
    half = [
        np.ptp([end[0] for end in asked.limits(cells, Laplace(1e-3), 0.05)[n]]) / 2 for n in ("intercept", "a", "b")
    ]
    assert half / (1.966 * errors) == pytest.approx(1.0, abs=0.05)  # a tenth of alpha goes to two limits
    assert found["p_a"][0] == found["p_b"][0] == 1e-9


def test_a_design_that_noise_hides_says_so_and_nothing_else():
    asked, noise = fit_of(), Laplace(6.0 * FULL)
    rng = np.random.default_rng(6)
    one = rng.uniform(-1, 1, 500)
    matrix = np.stack([np.ones(500), one, one * 0.5])
    for cells in (
        np.rint((matrix @ matrix.T)[np.triu_indices(3)] * FULL * 0.05).astype(np.int64),
        np.zeros(6, dtype=np.int64),
        -np.full(6, FULL),
    ):
        found = asked.limits(cells[None], noise, 0.05)
        assert found["x"][0][0] == -math.inf
        assert asked.tests(cells[None], noise)["p_x"][0] == 1.0
        assert "charged" in asked.remarks(cells[None], noise)[0]
        assert asked.dominated(*found["x"]).all()
        assert all(np.isfinite(values).all() for values in asked.told(cells[None], noise).values())
    assert stirred(noise, FULL, 2) > 6 * 2 * math.sqrt(2)


# -- asked of a project ------------------------------------------------------------------------------------------------

ROWS = np.arange(30_000)
HOMES = pd.DataFrame(
    {
        "who": ROWS // 2,
        "rooms": ROWS % 6 + 1,
        "size": 20.0 + (ROWS * 37) % 100,
        "city": ROWS % 7 == 0,
        "kind": np.array(["flat", "house"])[ROWS % 2],
    }
)
HOMES["rent"] = 200 + 150 * HOMES["rooms"] + 5 * HOMES["size"] + 80 * HOMES["city"] + (ROWS * 13) % 41 - 20
ENDS_OF = {"rooms": (1, 6), "size": (20, 120), "city": (0, 1), "rent": (0, 2500)}


def test_it_is_asked_released_replayed_and_shown(ledger_path):
    project = pk.open_project("rents", rho=90, ceiling=100, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": ENDS_OF, "rho": 2}
    plan = HOMES.privacy.plan.dp_ols("rent", ["rooms", "size", "city"], **asked)
    assert any("standard errors to expect" in note for note in plan.notes)
    assert plan.half_width(0.95) is None
    release = plan.release()
    found = release.to_frame().iloc[0]
    for name, true in (("intercept", 200), ("rooms", 150), ("size", 5), ("city", 80)):
        lower, upper = (found[f"{name}_{end}" if name != "intercept" else end] for end in ("lower", "upper"))
        assert lower - (upper - lower) < true < upper + (upper - lower)  # so far out once in 10,000
    assert found["r2"] == pytest.approx(1, abs=0.05)
    assert found["p_rooms"] == 1e-9
    assert release.remarks == ()
    again = pk.dp_ols(HOMES, "rent", ["rooms", "size", "city"], **asked)
    assert (again.replayed, again.value.equals(release.value), project.spent.main) == (True, True, 2)
    assert "least squares of 'rent' by 'rooms', 'size', 'city'" in str(plan.question)


def test_predictors_in_another_order_replay_in_that_order(ledger_path):
    project = pk.open_project("turned", rho=90, ceiling=100, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": ENDS_OF, "rho": 2}
    first = pk.dp_ols(HOMES, "rent", ["rooms", "size", "city"], **asked)
    second = pk.dp_ols(HOMES, "rent", ["size", "city", "rooms"], **asked)
    assert (second.replayed, project.spent.main) == (True, 2)
    assert list(second.value.columns)[:4] == ["intercept", "size", "city", "rooms"]
    one, other = first.to_frame().iloc[0], second.to_frame().iloc[0]
    assert set(one.index) == set(other.index)
    for name in one.index:
        assert other[name] == pytest.approx(one[name], rel=1e-6), name


def test_too_little_of_a_budget_is_charged_and_says_why(ledger_path):
    project = pk.open_project("poor", epsilon=1, unit=pk.ROW, store=ledger_path)
    release = HOMES.head(200).privacy.dp_ols(
        "rent", "rooms", bounds={"rooms": (1, 60), "rent": (0, 2500)}, epsilon=0.002
    )
    assert project.spent.main == release.loss.main
    assert release.remarks[0] in repr(release)
    assert "It was charged" in release._repr_html_()
    assert release.dominated[["intercept", "rooms"]].all(axis=None)  # the count is dominated as a rule, not always


@pytest.mark.parametrize("robust", [False, True])
def test_predictors_that_follow_from_others_are_a_charged_answer_that_says_so(ledger_path, robust):
    """Whether a design is singular depends on the rows, so that a refusal would tell of them: it is an answer."""
    project = pk.open_project("singular", rho=50, ceiling=100, unit=pk.ROW, store=ledger_path)
    frame = HOMES.assign(twice=2 * HOMES["rooms"])
    ends = {"rooms": (1, 6), "twice": (2, 12), "rent": (0, 2500)}
    release = frame.privacy.dp_ols("rent", ["rooms", "twice"], bounds=ends, rho=1, robust=robust)
    assert project.spent.main == 1
    assert "a predictor that follows from others. It was charged" in release.remarks[0]
    found = release.to_frame().iloc[0]
    assert found["rooms_lower"] == -math.inf
    assert found["p_rooms"] == found["p_twice"] == 1.0


def test_a_plan_warns_of_few_rows_before_anything_is_spent(ledger_path):
    project = pk.open_project("few", epsilon=9, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": {"size": (20, 120), "rent": (0, 2500)}, "epsilon": 0.1}
    few = HOMES.privacy.plan.dp_ols("rent", "size", **asked, assume_rows=300)
    (warned,) = [note for note in few.notes if note.startswith("WARNING: with 300 rows the noise would hide")]
    assert "rows are needed at this price" in warned
    assert warned in " ".join(repr(few).split())
    many = HOMES.privacy.plan.dp_ols("rent", "size", **asked)
    assert not any(note.startswith("WARNING") for note in many.notes)
    (least,) = [note for note in many.notes if note.startswith("below about")]
    rows = int(least.split()[2].replace(",", ""))
    assert f"about {rows:,} rows are needed" in warned
    fitted = many.question.asked._fitted
    assert fitted(rows, many.noise)
    assert not fitted(int(rows * 0.9), many.noise)
    assert project.spent.main == 0


def test_persons_and_planned_rows(ledger_path):
    pk.open_project("persons", epsilon=9, unit="who", max_rows=2, store=ledger_path)
    asked = {"bounds": {"size": (20, 120), "rent": (0, 2500)}, "epsilon": 1}
    plan = HOMES.privacy.plan.dp_ols("rent", "size", **asked, assume_rows=10_000)
    assert any("not drawn independently" in note for note in plan.notes)
    one = HOMES.privacy.plan.dp_ols("rent", "size", **asked, max_rows=1, assume_rows=10_000)
    assert one.accuracies["size"] < plan.accuracies["size"]
    assert (
        plan.accuracies["size"]
        < HOMES.privacy.plan.dp_ols("rent", "size", **asked, assume_rows=3000).accuracies["size"]
    )
    assert not any("not drawn independently" in note for note in one.notes)
    lazy = pk.plan.dp_ols(duckdb_relation(HOMES), "rent", "size", **asked, version="1")
    assert "'size'" in lazy.fetched[0]


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("rent", "size"), {}, pk.PrivkitError, "bounds="),
        (("rent", "size"), {"bounds": (0, 100)}, pk.ParameterError, "dict"),
        (("rent", "size"), {"bounds": {"size": (0, 100)}}, pk.PrivkitError, "rent"),
        (("rent", "size"), {"bounds": {"size": (5, 5), "rent": (0, 9)}}, pk.ParameterError, "constant"),
        (("rent", "size"), {"bounds": {**ENDS_OF}}, pk.ParameterError, "bounds"),
        (("rent", ["size", "size"]), {"bounds": ENDS_OF}, pk.DuplicateColumnError, "size"),
        (("rent", "rent"), {"bounds": {"rent": (0, 1)}}, pk.DuplicateColumnError, "rent"),
        (("rent", []), {"bounds": {"rent": (0, 1)}}, pk.ParameterError, "x"),
        (("rent", "kind"), {"bounds": {"rent": (0, 1), "kind": (0, 1)}}, pk.PrivkitError, "kind"),
        (("rent", "nope"), {"bounds": {"rent": (0, 1), "nope": (0, 1)}}, pk.ColumnNotFoundError, "nope"),
        ((3, "size"), {"bounds": ENDS_OF}, pk.PrivkitError, "column"),
        (("rent", 3), {"bounds": ENDS_OF}, pk.PrivkitError, "x"),
        (("rent", "size"), {"bounds": {"rent": (0, 1), "size": (0, 1)}, "keys": ["a"]}, pk.KeysError, "keys="),
        (("rent", "size"), {"bounds": {"rent": (0, 1), "size": (0, 1)}, "by": "kind"}, TypeError, "by"),
        (("rent", [f"x{n}" for n in range(31)]), {"bounds": {}}, pk.ParameterError, "at most 30"),
    ],
)
def test_what_cannot_be_fitted_is_refused_before_anything_is_spent(ledger_path, args, options, error, says):
    project = pk.open_project("refused", epsilon=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(error, match=says) as caught:
        pk.dp_ols(HOMES, *args, epsilon=1, **options)
    assert project.spent.main == 0
    if error is not TypeError:
        assert "No budget was spent" in str(caught.value)


def test_columns_by_whose_names_numbers_would_be_mistaken_are_refused(ledger_path):
    pk.open_project("names", epsilon=9, unit=pk.ROW, store=ledger_path)
    for name in ("intercept", "r2", "count", "lower", "size_upper", "p_size"):
        frame = HOMES.rename(columns={"rooms": name})
        with pytest.raises(pk.ParameterError, match="rename it"):
            pk.dp_ols(frame, "rent", ["size", name], bounds={name: (1, 6), "size": (0, 9), "rent": (0, 9)}, epsilon=1)
