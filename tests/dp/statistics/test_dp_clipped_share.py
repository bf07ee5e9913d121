"""The share of clipped rows beside a number: what it costs, that it is the share, and which statistics tell it."""

import inspect
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, count_plan, exact

import privkit as pk
from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.moments import Deviation, Mean
from privkit.dp.statistics.sums import Sum
from privkit.errors import CallError
from privkit.project import dp
from privkit.project.asking import FUNCTIONS
from privkit.values.bounds import ValueBounds
from privkit.values.kinds import read_all
from privkit.values.loss import Measure

read_all(dp)

X = np.r_[np.full(900, 20.0), np.full(60, 500.0), np.full(40, -3.0)]
FRAME = pd.DataFrame({"x": X, "k": ["a", "b"] * 500, "who": np.arange(1000) // 4, "on": pd.Timestamp("2026-01-01")})
ENDS = {"bounds": (0, 100)}
#: Those that take bounds and tell no clipped rows, and why: said in their docstrings.
WITHOUT = {
    "dp_quantile": "a number outside the bounds counts at the",
    "dp_median": "a number outside the bounds counts",
}
#: Those that estimate what is true of clipped numbers in a population, and say so: bounds are of another kind there.
OF_A_POPULATION = {"dp_difference", "dp_anova", "dp_correlation", "dp_kmeans", "dp_logistic", "dp_ols"}
#: Those that take them and tell them, with what they are asked.
WITH = {"dp_sum": ("x",), "dp_mean": ("x",), "dp_var": ("x",), "dp_std": ("x",), "dp_describe": ("x",)}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("clipped", epsilon=10**6, ceiling=10**6, unit=pk.ROW, store=ledger_path)


def test_whatever_takes_bounds_tells_clipped_rows_or_says_why_not():
    assert FUNCTIONS.keys() >= {name for name in dir(pk) if name.startswith("dp_") and getattr(pk, name)}  # loaded
    takes = {name for name, one in FUNCTIONS.items() if "bounds" in inspect.signature(one).parameters}
    assert takes == WITH.keys() | WITHOUT.keys() | OF_A_POPULATION
    for name in OF_A_POPULATION:
        assert "clipped" in (inspect.getdoc(FUNCTIONS[name]) or "")


@pytest.mark.parametrize("name", WITH)
@pytest.mark.parametrize("by", [{}, {"by": "k", "keys": ["a", "b"]}])
def test_the_share_is_that_of_the_rows_outside_the_bounds(project, name, by):
    release = getattr(FRAME.privacy, name)(*WITH[name], **ENDS, **by, clipped=True, epsilon=10**4)
    frame = release.to_frame()
    assert frame["clipped"].tolist() == pytest.approx([0.1] * len(frame), abs=1e-3)
    assert (frame["clipped_lower"] <= frame["clipped"]).all()
    assert (frame["clipped"] <= frame["clipped_upper"]).all()
    assert (frame["clipped_upper"] - frame["clipped_lower"] < 1e-2).all()
    assert any("12.5 % more noise" in note for note in release.plan.notes)
    assert "share of clipped rows" in str(release.plan.question)
    plain = getattr(FRAME.privacy, name)(*WITH[name], **ENDS, **by, epsilon=10**4)
    assert "clipped" not in plain.estimates
    assert plain.plan.canonical() != release.plan.canonical()


@pytest.mark.parametrize("name", WITHOUT)
def test_the_reason_why_not_is_told(project, name):
    assert WITHOUT[name] in " ".join((inspect.getdoc(FUNCTIONS[name]) or "").split())
    with pytest.raises(CallError, match="clipped"):
        getattr(FRAME.privacy, name)("x", **ENDS, clipped=True, epsilon=1)


@pytest.mark.parametrize("name", WITH)
@pytest.mark.parametrize("clipped", [1, "yes", None, np.True_])
def test_the_switch_is_true_or_false(project, name, clipped):
    with pytest.raises(pk.ParameterError, match="clipped="):
        getattr(FRAME.privacy, name)(*WITH[name], **ENDS, clipped=clipped, epsilon=1)
    assert project.spent.epsilon == 0


def test_persons_totals_tell_no_clipped_rows(ledger_path):
    project = pk.open_project("persons", epsilon=10, unit="who", store=ledger_path)
    for name in ("dp_sum", "dp_mean"):
        with pytest.raises(pk.ParameterError, match=r"clipped=.*person_bounds="):
            getattr(FRAME.privacy, name)("x", person_bounds=(0, 10), epsilon=1, clipped=True)
    assert project.spent.epsilon == 0


@pytest.mark.parametrize(
    ("asked", "inner"),
    [
        ({"a": "sum"}, Sum),
        ({"a": "mean"}, Mean),
        ({"a": "count"}, Mean),
        ({}, Mean),
        ({"a": "sum", "b": "count"}, Mean),
        ({"a": "sum", "b": "std"}, Deviation),
    ],
)
def test_in_a_query_it_comes_from_what_else_is_measured_of_the_column(project, asked, inner):
    wanted = {name: (kind, "x", (0, 100)) for name, kind in asked.items()} | {"cut": ("clipped", "x", (0, 100))}
    release = FRAME.privacy.dp_query(wanted, epsilon=10**4)
    (part,) = release.plan.question.asked.parts
    assert part == WithClipped(inner("x", ValueBounds(0.0, 100.0)))
    assert release.to_frame()["cut"].tolist() == pytest.approx([0.1], abs=1e-3)
    true = {"sum": X.clip(0, 100).sum(), "mean": X.clip(0, 100).mean(), "count": 1000, "std": X.clip(0, 100).std()}
    assert all(release.to_frame()[n].iloc[0] == pytest.approx(true[k], rel=1e-2) for n, k in asked.items())


def test_other_bounds_of_the_column_are_measured_apart(project):
    plan = FRAME.privacy.plan.dp_query({"a": ("sum", "x", (0, 50)), "cut": ("clipped", "x", (0, 100))}, epsilon=1)
    assert [type(part) for part in plan.question.asked.parts] == [Sum, WithClipped]


def test_missing_numbers_are_no_rows_and_infinite_ones_are_clipped():
    odd = pd.DataFrame({"x": [math.nan, math.inf, -math.inf, 0.0, 10.0, 10.000001, None]})
    statistic = WithClipped(Sum("x", ValueBounds(0.0, 10.0)))
    cells = exact(ask(statistic), odd).reshape(1, -1)
    assert cells[0, 1:].tolist() == [3 * statistic.weight, 2 * statistic.weight]
    assert statistic.estimates(cells)["clipped"].tolist() == [0.6]


# -- OpenDP as the oracle of the composition ---------------------------------------------------------------------------

BOUNDS = [(0.0, 500.0), (-20.0, 10.0), (5.0, 5.0), (0.0, 0.0)]


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("contributions", [1, 15])
@pytest.mark.parametrize("epsilon", [0.35, 0.7, 3.3])
@pytest.mark.sample(0.3)
def test_it_costs_what_opendp_composes_of_a_sum_and_a_table_of_two_counts(bounds, contributions, epsilon):
    """OpenDP composes a clipped sum in steps and counts by two categories, with our noise: it states our price."""
    dp, ours, step = _plan(bounds, contributions, Measure.PURE, epsilon=epsilon)
    stated = _composed(dp, ours, step, contributions, pure=True)
    assert stated == pytest.approx(epsilon, rel=1e-9)


@pytest.mark.parametrize("bounds", BOUNDS[:2])
@pytest.mark.parametrize("contributions", [1, 15])
def test_and_under_rho(bounds, contributions):
    dp, ours, step = _plan(bounds, contributions, Measure.ZERO_CONCENTRATED, rho=0.2)
    stated = _composed(dp, ours, step, contributions, pure=False)
    assert stated == pytest.approx(0.2, rel=1e-9)


def _plan(bounds, contributions, measure, **price):
    import opendp.prelude as dp

    dp.enable_features("contrib")
    statistic = WithClipped(Sum("x", ValueBounds(*bounds)))
    asked = {} if contributions == 1 else {"max_rows": contributions}
    plan = count_plan(ask(statistic, **asked), measure, **price)
    return dp, plan, statistic


def _composed(dp, plan, statistic, contributions, *, pure):
    """What OpenDP states of both parts together, from its own sums and counts of rows."""
    grid, noise = statistic.inner.grid, plan.noise.scale
    low, high = (int(end) for end in (grid.low, grid.low + grid.range))
    if max(abs(low), abs(high)) == 0:
        low, high = 0, 1  # where both bounds are 0 any noise does
    rows = dp.vector_domain(dp.atom_domain(T="i64")), dp.symmetric_distance()
    metric, add = ("L1Distance<i64>", dp.m.then_laplace) if pure else ("L2Distance<f64>", dp.m.then_gaussian)
    clipped = rows >> dp.t.then_clamp((low, high)) >> dp.t.then_sum()
    table = rows >> dp.t.then_count_by_categories(categories=[0, 1], null_category=False, MO=metric)
    parts = [clipped >> add(noise), table >> add(noise / statistic.weight)]
    return float(sum(Fraction(part.map(contributions)) for part in parts))
