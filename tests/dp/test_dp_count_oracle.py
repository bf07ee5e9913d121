"""OpenDP's own dataframe route, asked the same question, needs the same noise."""

import pytest
from dp_asking import count_plan, count_question

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
    count = dp.len(signed=True) if hasattr(dp, "len") else dp.polars.dp_len(signed=True)
    plan = query.agg(count) if by else query.select(count)
    return plan.summarize()["scale"][0]


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("by", [None, "k"])
def test_rows_as_units(polars, epsilon, by):
    question = count_question(by, ["a", "b"]) if by else count_question()
    assert count_plan(question, epsilon=epsilon).scale == pytest.approx(
        stated(*polars, 1, epsilon=epsilon, by=by), rel=1e-9
    )


@pytest.mark.parametrize("epsilon", EPSILONS[:2])
def test_persons_with_groups_and_rows_in_each(polars, epsilon):
    dp, _ = polars
    bounds = [dp.polars.Bound(by=["k"], num_groups=3, per_group=5)]
    ours = count_plan(count_question("k", ["a", "b"], max_groups=3, per_group=5), epsilon=epsilon)
    assert ours.scale == pytest.approx(stated(*polars, bounds, epsilon=epsilon, by="k"), rel=1e-9)


def test_persons_with_rows_in_all(polars):
    ours = count_plan(count_question("k", ["a", "b"], max_rows=15), epsilon=0.7)
    assert ours.scale == pytest.approx(stated(*polars, 15, epsilon=0.7, by="k"), rel=1e-9)
