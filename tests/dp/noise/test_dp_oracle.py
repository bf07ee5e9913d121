"""OpenDP's own dataframe route, asked the same question, needs the same noise."""

import pytest
from dp_asking import ask, count_plan, count_question, length_of

from privkit.dp.statistics.sums import Sum
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

EPSILONS = [0.35, 0.7, 3.3]


@pytest.fixture(scope="module")
def polars():
    polars = pytest.importorskip("polars")
    import opendp.prelude as dp

    dp.enable_features("contrib")
    table = polars.LazyFrame({"k": ["a", "b"] * 50, "who": list(range(50)) * 2})
    try:
        stated(dp, table, 1, epsilon=1.0, by="k")
    except Exception as error:  # noqa: BLE001
        pytest.skip(f"this OpenDP has no route through polars {polars.__version__}: {type(error).__name__}")
    return dp, table


def stated(dp, table, contributions, *, by=None, **loss):
    """The scale that OpenDP's Context finds for the count."""
    margins = [dp.polars.Margin(by=[by], invariant="keys")] if by else []
    context = dp.Context.compositor(
        data=table,
        privacy_unit=dp.unit_of(contributions=contributions),
        privacy_loss=dp.loss_of(**loss),
        split_evenly_over=1,
        margins=margins,
    )
    query = context.query().group_by(by) if by else context.query()
    count = length_of(dp)
    plan = query.agg(count) if by else query.select(count)
    return plan.summarize()["scale"][0]


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("by", [None, "k"])
@pytest.mark.sample(0.16)
def test_rows_as_units(polars, epsilon, by):
    question = count_question(by, ["a", "b"]) if by else count_question()
    assert count_plan(question, epsilon=epsilon).scale == pytest.approx(
        stated(*polars, 1, epsilon=epsilon, by=by), rel=1e-9
    )


@pytest.mark.parametrize("epsilon", EPSILONS[:2])
@pytest.mark.sample(0.5)
def test_persons_with_groups_and_rows_in_each(polars, epsilon):
    dp, _ = polars
    bounds = [dp.polars.Bound(by=["k"], num_groups=3, per_group=5)]
    ours = count_plan(count_question("k", ["a", "b"], max_groups=3, per_group=5), epsilon=epsilon)
    assert ours.scale == pytest.approx(stated(*polars, bounds, epsilon=epsilon, by="k"), rel=1e-9)


def test_persons_with_rows_in_all(polars):
    ours = count_plan(count_question("k", ["a", "b"], max_rows=15), epsilon=0.7)
    assert ours.scale == pytest.approx(stated(*polars, 15, epsilon=0.7, by="k"), rel=1e-9)


def stated_sum(dp, table, contributions, bounds, **loss):
    import polars

    context = dp.Context.compositor(
        data=table,
        privacy_unit=dp.unit_of(contributions=contributions),
        privacy_loss=dp.loss_of(**loss),
        split_evenly_over=1,
        margins=[dp.polars.Margin(by=["k"], invariant="keys", max_length=10_000)],
    )
    summed = polars.col("x").fill_null(0).dp.sum(bounds)
    return context.query().group_by("k").agg(summed).summarize()["scale"][0]


@pytest.mark.parametrize("bounds", [(0, 500), (-20, 10)])
@pytest.mark.parametrize("contributions", [1, 15])
@pytest.mark.sample(0.25)
def test_clipped_sums_of_whole_numbers(polars, bounds, contributions):
    """OpenDP sums whole numbers exactly, as we do; its grid is 1."""
    dp, table = polars
    import polars as pl

    whole = table.with_columns(x=pl.lit(3, dtype=pl.Int64))
    asked = {} if contributions == 1 else {"max_rows": contributions}
    ours = count_plan(ask(Sum("x", ValueBounds(*map(float, bounds))), "k", ["a", "b"], **asked), epsilon=0.7)
    assert ours.scale == pytest.approx(stated_sum(dp, whole, contributions, bounds, epsilon=0.7), rel=1e-9)


@pytest.mark.parametrize("rho", [0.05, 0.5])
@pytest.mark.parametrize("groups", [None, 3])
@pytest.mark.sample(0.25)
def test_gaussian_noise_under_rho(polars, rho, groups):
    dp, table = polars
    bounds = 15 if groups is None else [dp.polars.Bound(by=["k"], num_groups=groups, per_group=5)]
    asked = {"max_rows": 15} if groups is None else {"max_groups": groups, "per_group": 5}
    ours = count_plan(count_question("k", ["a", "b"], **asked), Measure.ZERO_CONCENTRATED, rho=rho)
    assert ours.mechanism == "discrete Gaussian"
    assert ours.scale == pytest.approx(stated(dp, table, bounds, rho=rho, by="k"), rel=1e-9)


def test_gaussian_noise_under_epsilon_and_delta():
    """OpenDP's Context prices ρ and converts; ours may not need more noise than that at the same (ε, δ)."""
    ours = count_plan(
        count_question("k", ["a", "b"]), Measure.APPROXIMATE, epsilon=0.7, delta=1e-7, mechanism="gaussian"
    )
    from opendp.combinators import make_fix_delta, make_zCDP_to_approxDP

    measurement = make_fix_delta(make_zCDP_to_approxDP(ours.noise.measurement()), 1e-7)
    assert measurement.map(1.0)[0] <= 0.7
    less = type(ours.noise)(ours.noise.scale * (1 - 1e-6))
    assert make_fix_delta(make_zCDP_to_approxDP(less.measurement()), 1e-7).map(1.0)[0] > 0.7


@pytest.mark.parametrize(("above", "of"), [(1, 2), (1, 4), (3, 4)])
@pytest.mark.parametrize("groups", [None, 3])
@pytest.mark.sample(0.16)
def test_quantiles(polars, above, of, groups):
    import polars as pl

    from privkit.dp.statistics.quantile import Quantile

    dp, table = polars
    contributions = 1 if groups is None else [dp.polars.Bound(by=["k"], num_groups=groups, per_group=5)]
    candidates = [0.0, 1.0, 2.0]
    context = dp.Context.compositor(
        data=table.with_columns(x=pl.lit(3.0)),
        privacy_unit=dp.unit_of(contributions=contributions),
        privacy_loss=dp.loss_of(epsilon=0.7),
        split_evenly_over=1,
        margins=[dp.polars.Margin(by=["k"], invariant="keys", max_length=10_000)],
    )
    asked = pl.col("x").fill_nan(0.0).fill_null(0.0).dp.quantile(above / of, candidates)
    scale = context.query().group_by("k").agg(asked).summarize()["scale"][0]
    bounds = {} if groups is None else {"max_groups": groups, "per_group": 5}
    ours = count_plan(ask(Quantile("x", above, of, tuple(candidates)), "k", ["a", "b"], **bounds), epsilon=0.7)
    # The place and its interval are one choice, which OpenDP prices so.
    assert ours.noise.scale == pytest.approx(scale, rel=1e-6)
