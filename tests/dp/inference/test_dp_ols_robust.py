"""Robust least squares: what products of four cost, and that intervals hold where residuals spread unequally."""

import math

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, assert_within, count_plan, exact, frames, neighbors, norms
from dp_drawn import holds, noisy, rejects_too_often
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.statistics.inference.least_squares import LIFT, all_products
from privkit.dp.statistics.inference.regression import LeastSquares
from privkit.tally.products import FULL
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

QUICK = settings(max_examples=40, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 3, "per_group": 1}]
EPSILON, RHO = (Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.5})
ENDS = (ValueBounds(0.0, 10.0), ValueBounds(-3.0, 2.0))
ONE = LeastSquares("z", ("x",), ENDS, robust=True)


def of(count, ends=(-1.0, 1.0)):
    """The robust fit of y by so many columns."""
    return LeastSquares("y", tuple(f"x{n}" for n in range(count)), (ValueBounds(*ends),) * (count + 1), robust=True)


# -- what one row or person moves --------------------------------------------------------------------------------------


@QUICK
@given(frame=frames(), bounds=st.sampled_from([{}, *PERSONS]), salt=st.binary(min_size=16, max_size=16))
def test_a_row_or_person_moves_the_sums_within_what_is_declared(frame, bounds, salt):
    frame = frame.assign(z=frame["x"].to_numpy()[::-1])
    question = ask(ONE, **bounds)
    whole, reach = exact(question, frame, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        assert_within(whole - exact(question, other, salt), reach)


@pytest.mark.parametrize("bounds", [{"max_rows": 3}, {"max_groups": 1, "per_group": 2}])
def test_the_worst_person_reaches_what_is_declared(bounds):
    frame = pd.DataFrame({"who": ["p"] * 40, "x": [10.0] * 40, "z": [2.0] * 40})
    question = ask(ONE, **bounds)
    moved = norms(exact(question, frame))
    assert moved[1] == question.sensitivity.l1
    assert moved[2] == pytest.approx(question.sensitivity.l2)
    assert moved[3] == question.sensitivity.linf


@pytest.mark.parametrize(("measure", "price"), [EPSILON, RHO], ids=["ε", "ρ"])
@pytest.mark.parametrize("bounds", [{}, *PERSONS])
@pytest.mark.parametrize("asked", [ONE, of(3)], ids=["one", "three"])
@pytest.mark.sample(0.4)
def test_opendp_prices_it_at_what_is_paid(measure, price, bounds, asked):
    plan = count_plan(ask(asked, **bounds), measure, **price)
    stated = make_measurement(plan).map(1)
    assert 0.999 * float(plan.loss.main) < stated <= plan.loss.main
    if not bounds:
        two, more = {1: (6, 6), 3: (15, 50)}[len(asked.predictors)]
        norm = LIFT * two + more if measure is Measure.PURE else math.sqrt(LIFT**2 * two + more)
        assert plan.noise.scale == pytest.approx(norm * FULL)


def test_products_are_those_that_a_residuals_square_asks_for():
    for count, width in ((1, 12), (2, 31), (3, 65), (10, 1353)):
        wanted = all_products(count, fourth=True)
        assert len(wanted) == len(set(wanted)) == width
        every = np.arange(count + 1)
        needed = {()}
        for i in (None, *every[:-1]):
            for j in (None, *every[:-1]):
                for k in (None, *every):
                    needed |= {tuple(sorted(int(n) for n in (i, j, k, m) if n is not None)) for m in (None, *every)}
        assert set(wanted) == needed


def test_sums_are_those_of_numpy_whatever_the_order_of_predictors():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"x0": rng.uniform(-1, 1, 40_000), "x1": rng.beta(2, 5, 40_000), "y": rng.normal(0, 0.4, 40_000)}
    )
    frame.loc[5, "x1"] = np.nan  # more than a block of rows, one of them left out
    found = exact(ask(of(2)), frame)
    columns = frame.clip(-1, 1).dropna()[["x0", "x1", "y"]].to_numpy().T
    for own, product in zip(found, all_products(2, fourth=True), strict=True):
        true = math.fsum(np.prod(columns[list(product)], axis=0)) if product else 39_999
        assert own / FULL / (LIFT if len(product) <= 2 else 1) == pytest.approx(true, abs=40_000 * 2**-22)
    turned = LeastSquares("y", ("x1", "x0"), (ValueBounds(-1.0, 1.0),) * 3, robust=True)
    assert (exact(ask(turned), frame) == found).all()
    noise = Gaussian(30.0 * FULL)
    (one, other) = (each.limits(found[None], noise, 0.05) for each in (of(2), turned))
    for name in ("intercept", "x0", "x1"):
        assert one[name][0] == pytest.approx(other[name][0], rel=1e-9)
        assert one[name][1] == pytest.approx(other[name][1], rel=1e-9)
    (p_one, p_other) = (each.tests(found[None], noise) for each in (of(2), turned))
    assert p_one["p_x1"] == pytest.approx(p_other["p_x1"])


def test_without_noise_it_is_the_sandwich_of_the_rows():
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 10, (400, 2))
    y = 20 + 3 * x[:, 0] - 2 * x[:, 1] + rng.normal(0, 1, 400) * (0.2 + x[:, 0] ** 2 / 10)
    frame = pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "y": y})
    asked = LeastSquares(
        "y", ("x0", "x1"), (ValueBounds(0, 10), ValueBounds(0, 10), ValueBounds(-60, 100)), robust=True
    )
    cells = exact(ask(asked), frame).reshape(1, -1)
    design = np.column_stack([np.ones(400), x])
    true, *_ = np.linalg.lstsq(design, y, rcond=None)
    bread, left = np.linalg.inv(design.T @ design), y - design @ true
    meat = (design * (left**2)[:, None]).T @ design
    errors = np.sqrt((bread @ meat @ bread).diagonal() * 400 / 397)  # HC1
    names = ("intercept", "x0", "x1")
    found = asked.told(cells, None)
    assert [found[name][0] for name in names] == pytest.approx(true, abs=1e-2)
    half = [np.ptp([end[0] for end in asked.limits(cells, Laplace(1e-3), 0.05)[name]]) / 2 for name in names]
    assert half / (1.966 * errors) == pytest.approx(1.0, abs=0.05)  # a tenth of alpha goes to two limits
    plain = LeastSquares(asked.response, asked.predictors, asked.ends)
    even = plain.limits(exact(ask(plain), frame).reshape(1, -1), Laplace(1e-3), 0.05)
    assert half[1] > 1.15 * np.ptp([end[0] for end in even["x0"]]) / 2


# -- how often it holds ------------------------------------------------------------------------------------------------

DRAWS = 300


def fan(rng, rows):
    """Residuals that spread the more, the further out x lies: two predictors, of which the second has no part in y."""
    x = rng.uniform(-1, 1, (2, rows))
    return np.stack(
        [
            *x,
            0.1 + 0.3 * x[0] + 0.02 * rng.normal(size=rows) + 0.25 * np.abs(x).max(axis=0) ** 3 * rng.normal(size=rows),
        ]
    )


def curve(rng, rows):
    """A curve, whose best line is asked for."""
    x = rng.uniform(-1, 1, (2, rows))
    return np.stack([*x, 0.3 * x[0] ** 3 + 0.05 * rng.normal(size=rows)])


def alike(rng, rows):
    """Residuals that spread alike."""
    x = rng.uniform(-1, 1, (2, rows))
    return np.stack([*x, 0.1 + 0.3 * x[0] + 0.1 * rng.normal(size=rows)])


def tail(rng, rows):
    """Skewed predictors, a few of which lie far out, where residuals spread widely."""
    x = 2 * rng.beta(1, 6, (2, rows)) - 1
    return np.stack([*x, 0.2 * x[0] + 0.12 * (x[0] + 1) * rng.normal(size=rows)])


#: Of each case the law, its best line, the rows and the price.
DRAWN = {
    "fan": (fan, (0.1, 0.3, 0.0), 5000, RHO),
    "fan, Laplace": (fan, (0.1, 0.3, 0.0), 10_000, EPSILON),
    "fan, noise leads": (fan, (0.1, 0.3, 0.0), 5000, (Measure.ZERO_CONCENTRATED, {"rho": 0.02})),
    "fan, hardly any noise": (fan, (0.1, 0.3, 0.0), 2000, (Measure.ZERO_CONCENTRATED, {"rho": 200})),
    "a curve": (curve, (0.0, 0.18, 0.0), 3000, RHO),
    "alike": (alike, (0.1, 0.3, 0.0), 3000, RHO),
    "a tail": (tail, (0.0, 0.2, 0.0), 5000, RHO),
}


def summed(columns, robust=True):
    """The cells of rows, by floats: what products are summed to but for rounding."""
    *x, y = columns
    wanted = all_products(len(x), fourth=robust)
    whole = np.stack([np.ones_like(y), *columns])
    two = np.einsum("in,jn->ijn", whole, whole)
    upper = [*zip(*np.triu_indices(len(whole)), strict=True)]
    each = np.stack([two[i, j] for i, j in upper])
    four = each @ each.T
    known = {tuple(int(n) - 1 for n in (i, j) if n): place for place, (i, j) in enumerate(upper)}
    pairs = [(known[of[:2]], known[of[2:]]) for of in wanted]
    lift = [LIFT if robust and len(of) <= 2 else 1 for of in wanted]
    return np.rint([four[i, j] * FULL * more for (i, j), more in zip(pairs, lift, strict=True)]).astype(np.int64)


def sampled(case, draws=DRAWS, robust=True):
    """The plan, the best line, and noisy cells of so many samples."""
    law, true, rows, (measure, price) = DRAWN[case]
    asked = of(2) if robust else LeastSquares("y", ("x0", "x1"), (ValueBounds(-1.0, 1.0),) * 3)
    plan, rng = count_plan(ask(asked), measure, **price), np.random.default_rng(7)
    cells = (noisy(summed(law(rng, rows), robust), plan.noise, rng) for _ in range(draws))
    return asked, plan.noise, np.array(true), cells


def judged(asked, noise, true, cells):
    """How often each interval held, and how often the last slope's, which is 0, did not."""
    hits, rejected, draws = 0, 0, 0
    for own in cells:
        told = asked.limits(own[None], noise, 0.05)
        ends = np.array([[end[0] for end in told[name]] for name in ("intercept", "x0", "x1")])
        inside = (ends[:, 0] <= true) & (true <= ends[:, 1])
        hits, rejected, draws = hits + inside, rejected + (not inside[-1]), draws + 1
    return hits, rejected, draws


@pytest.mark.parametrize("case", DRAWN)
@pytest.mark.sample(0.14)
def test_intervals_hold_and_tests_err_no_more_than_they_say(case):
    hits, rejected, draws = judged(*sampled(case))
    assert all(holds(each, draws, 0.95) for each in hits), hits / draws
    assert not rejects_too_often(rejected, draws, 0.05)


def test_that_would_be_seen_of_intervals_that_take_residuals_to_spread_alike():
    hits, _, draws = judged(*sampled("fan", 500, robust=False))
    assert not holds(hits[1], draws, 0.95), hits / draws
    assert hits[1] < 0.93 * draws


def test_that_would_be_seen_if_the_noise_were_thought_a_third_as_large():
    asked, noise, true, cells = sampled("fan, noise leads", 300)
    hits, _, draws = judged(asked, type(noise)(noise.scale / 3), true, cells)
    assert not all(holds(each, draws, 0.95) for each in hits)


@pytest.mark.parametrize("law", [fan, curve, alike, tail])
def test_the_fast_path_draws_what_a_release_would(law):
    columns = np.clip(law(np.random.default_rng(2), 3000), -1, 1)
    frame = pd.DataFrame(dict(zip(("x0", "x1", "y"), columns, strict=True)))
    for robust in (True, False):
        asked = of(2) if robust else LeastSquares("y", ("x0", "x1"), (ValueBounds(-1.0, 1.0),) * 3)
        assert exact(ask(asked), frame) == pytest.approx(summed(columns, robust), abs=3000 * 8)


def test_it_hardly_widens_intervals_of_many_rows_that_spread_alike():
    rng, noise = np.random.default_rng(1), Gaussian(math.sqrt(10 * LIFT**2 + 21) * FULL)  # ρ = 0.5
    columns = alike(rng, 100_000)
    plain = LeastSquares("y", ("x0", "x1"), (ValueBounds(-1.0, 1.0),) * 3)
    wide, narrow = (
        np.ptp([end[0] for end in asked.limits(summed(columns, asked.robust)[None], own, 0.05)["x0"]])
        for asked, own in ((of(2), noise), (plain, Gaussian(math.sqrt(10) * FULL)))
    )
    assert 0.98 < wide / narrow < 1.1


# -- asked of a project ------------------------------------------------------------------------------------------------

ROWS = np.arange(20_000)
HOMES = pd.DataFrame({"who": ROWS // 2, "rooms": ROWS % 6 + 1, "size": 20.0 + (ROWS * 37) % 100})
HOMES["rent"] = 200 + 150 * HOMES["rooms"] + 5 * HOMES["size"] + ((ROWS * 13) % 41 - 20) * HOMES["rooms"]
BOUNDS = {"rooms": (1, 6), "size": (20, 120), "rent": (0, 2500)}


def test_it_is_asked_released_replayed_and_another_question(ledger_path):
    project = pk.open_project("rents", rho=90, ceiling=100, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": BOUNDS, "rho": 2}
    plan = HOMES.privacy.plan.dp_ols("rent", ["size", "rooms"], robust=True, **asked)
    assert any("21 more sums: noise on the coefficients is 1.1 times" in note for note in plan.notes)
    assert any("may spread unequally (robust)" in note for note in plan.notes)
    release = plan.release()
    assert "with robust intervals" in repr(release)
    again = HOMES.privacy.dp_ols("rent", ["rooms", "size"], robust=True, **asked)
    assert (again.replayed, project.spent.main) == (True, 2)
    assert again.to_frame()["rooms"].tolist() == pytest.approx(release.to_frame()["rooms"].tolist())
    plain = HOMES.privacy.dp_ols("rent", ["rooms", "size"], **asked)
    assert (plain.replayed, project.spent.main) == (False, 4)
    assert "robust" not in plain.plan.question.asked.canonical()
    assert again.plan.question.asked.canonical()["robust"] is True
    assert LeastSquares.recorded(again.plan.question.asked.canonical()) == again.plan.question.asked
    found = release.to_frame().iloc[0]
    for name, true in (("rooms", 150), ("size", 5)):
        lower, upper = found[f"{name}_lower"], found[f"{name}_upper"]
        assert lower - (upper - lower) < true < upper + (upper - lower)


def test_of_persons_it_costs_their_rows(ledger_path):
    pk.open_project("persons", rho=9, unit="who", max_rows=2, store=ledger_path)
    one, two = (
        HOMES.privacy.plan.dp_ols(
            "rent", "size", robust=True, bounds={"size": (20, 120), "rent": (0, 2500)}, rho=1, **more
        )
        for more in ({"max_rows": 1}, {})
    )
    assert two.noise.scale == pytest.approx(2 * one.noise.scale)


@pytest.mark.parametrize(
    ("x", "more", "error", "says"),
    [
        ("size", {"robust": "yes"}, pk.PrivkitError, "robust"),
        ("size", {"robust": 1}, pk.PrivkitError, "robust"),
        ([f"x{n}" for n in range(11)], {"robust": True}, pk.ParameterError, "at most 10 where robust"),
    ],
)
def test_what_cannot_be_fitted_is_refused_before_anything_is_spent(ledger_path, x, more, error, says):
    project = pk.open_project("refused", rho=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(error, match=says) as caught:
        pk.dp_ols(HOMES, "rent", x, bounds={"size": (20, 120), "rent": (0, 2500)}, rho=1, **more)
    assert "No budget was spent" in str(caught.value)
    assert project.spent.main == 0


def test_a_design_that_noise_hides_says_so_and_nothing_else():
    found = ONE.limits(np.zeros((1, 12), dtype=np.int64), Laplace(30.0 * FULL), 0.05)
    assert found["x"][0][0] == -math.inf
    assert ONE.tests(np.zeros((1, 12), dtype=np.int64), Laplace(30.0 * FULL))["p_x"][0] == 1.0
    assert "charged" in ONE.remarks(np.zeros((1, 12), dtype=np.int64), Laplace(30.0 * FULL))[0]
