"""Tables without an id, in which one person has at most k rows: ``unit=pk.rows(k)``."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pandas as pd
import pytest
from dp_asking import length_of

import privkit as pk
from privkit.budget.canonical import UnreadableError
from privkit.budget.terms import ProjectTerms
from privkit.dp.measurement import make_measurement
from privkit.values.loss import PrivacyLoss
from privkit.values.unit import PrivacyUnit

K = 36
BY = {"by": "k", "keys": ["a", "b"]}


@pytest.fixture
def frame():
    return pd.DataFrame({"k": ["a", "b"] * 50, "x": range(100)})


@pytest.fixture
def opened(ledger_path):
    def made(name="months", unit=None, **terms):
        budget = terms or {"epsilon": 100}
        return pk.open_project(name, unit=pk.rows(K) if unit is None else unit, store=ledger_path, **budget)

    return made


# -- OpenDP as oracle: its dataframe route with `contributions`, and the maps of its own measurements ----------------


@pytest.fixture(scope="module")
def polars():
    polars = pytest.importorskip("polars")
    import opendp.prelude as dp

    dp.enable_features("contrib")
    table = polars.LazyFrame({"k": ["a", "b"] * 50, "x": [*range(100)], "y": [3.0] * 100})
    try:
        stated(dp, table, length_of(dp), {"epsilon": 1.0})
    except Exception as error:  # noqa: BLE001
        pytest.skip(f"this OpenDP has no route through polars {polars.__version__}: {type(error).__name__}")
    return dp, table


def stated(dp, table, expression, loss, by=None, **margin):
    """The scale that OpenDP's Context finds where one person contributes at most K rows."""
    margins = [dp.polars.Margin(by=[by], invariant="keys", **margin)] if by else []
    margins = margins or ([dp.polars.Margin(by=[], **margin)] if margin else [])
    context = dp.Context.compositor(
        data=table,
        privacy_unit=dp.unit_of(contributions=K),
        privacy_loss=dp.loss_of(**loss),
        split_evenly_over=1,
        margins=margins,
    )
    query = context.query().group_by(by).agg(expression) if by else context.query().select(expression)
    return query.summarize()["scale"][0]


@pytest.mark.parametrize("loss", [{"epsilon": 0.35}, {"epsilon": 3.3}, {"rho": 0.05}, {"rho": 0.7}], ids=str)
@pytest.mark.parametrize("by", [None, "k"])
def test_counts_need_the_noise_that_opendp_states(polars, opened, frame, loss, by):
    dp, table = polars
    opened(**({"epsilon": 10} if "epsilon" in loss else {"rho": 1}))
    plan = pk.plan.dp_count(frame, **(BY if by else {}), **loss)
    assert plan.scale == pytest.approx(stated(dp, table, length_of(dp), loss, by), rel=1e-9)


@pytest.mark.parametrize("bounds", [(0, 500), (-20, 10)])
def test_sums_need_the_noise_that_opendp_states(polars, opened, frame, bounds):
    import polars as pl

    dp, table = polars
    opened()
    plan = pk.plan.dp_sum(frame, "x", bounds=bounds, epsilon=0.7, **BY)
    summed = pl.col("x").fill_null(0).dp.sum(bounds)
    assert plan.scale == pytest.approx(stated(dp, table, summed, {"epsilon": 0.7}, "k", max_length=10_000), rel=1e-9)


@pytest.mark.parametrize("above", [1, 3])
def test_quantiles_need_the_noise_that_opendp_states(polars, opened, frame, above):
    import polars as pl

    dp, table = polars
    opened()
    candidates = [0.0, 10.0, 20.0, 40.0]
    plan = pk.plan.dp_quantile(frame, "x", above / 4, candidates=candidates, epsilon=0.7)
    asked = pl.col("y").fill_nan(0.0).fill_null(0.0).dp.quantile(above / 4, candidates)
    # One choice, of the place and its interval, at the whole price.
    assert plan.noise.scale == pytest.approx(stated(dp, table, asked, {"epsilon": 0.7}, max_length=10_000), rel=1e-6)


@pytest.mark.parametrize("loss", [{"epsilon": 0.5}, {"rho": 0.1}], ids=str)
def test_a_threshold_is_the_least_that_opendp_prices_for_so_many_rows(opened, frame, loss):
    """All k rows may be in a group of their own: L0 = L1 = L2 = L∞ = k, and neither ε nor δ is divided by k."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    opened(delta=1e-4, **({"epsilon": 10} if "epsilon" in loss else {"rho": 1}))
    plan = pk.plan.dp_count(frame, by="k", delta=1e-6, **loss)
    domain = dp.map_domain(dp.atom_domain(T="String"), dp.atom_domain(T="i64"))
    if "epsilon" in loss:
        metric, distances = dp.l01inf_distance(dp.absolute_distance(T="i64")), (K, K, K)
    else:
        metric, distances = dp.l02inf_distance(dp.absolute_distance(T="f64")), (K, float(K), float(K))
    make = dp.m.make_laplace_threshold if "epsilon" in loss else dp.m.make_gaussian_threshold

    def costs(threshold):
        # OpenDP's δ is the chance to exceed the threshold, and we release what reaches it.
        main, delta = make(domain, metric, plan.noise.scale, threshold - 1).map(distances)
        return Fraction(main) <= plan.loss.main and Fraction(delta) <= plan.loss.delta

    assert costs(plan.noise.threshold)
    assert not costs(plan.noise.threshold - 1)
    assert make_measurement(plan).map(1)[1] <= plan.loss.delta


def test_dividing_the_price_by_k_would_not_keep_it():
    """What group privacy makes of (ε/k, δ/k) is more than δ: so the distances go into the map, not the price."""
    epsilon = 1
    factor = (math.exp(epsilon) - 1) / (K * (math.exp(epsilon / K) - 1))
    assert factor == pytest.approx(1.69, abs=0.005)


def test_a_group_that_one_person_fills_shows_up_with_chance_at_most_delta(opened):
    """By the exact law of the noise, and as it would be with a threshold for one row."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    alone = pd.DataFrame({"k": ["mine"] * K})
    opened(epsilon=10, delta=1e-3)
    plan = pk.plan.dp_count(alone, by="k", epsilon=1, delta=1e-3)

    def chance(noise):  # P(K + noise >= threshold) of discrete Laplace noise
        q = math.exp(-1 / noise.scale)
        return q ** (noise.threshold - K) / (1 + q)

    assert chance(plan.noise) <= 1e-3
    pk.open_project("single", epsilon=10, delta=1e-3, unit=pk.ROW, simulate=True)
    one = pk.plan.dp_count(alone, by="k", epsilon=1, delta=1e-3)
    assert chance(one.noise) > 0.9


def test_a_tree_moves_by_k_in_each_of_its_levels(opened, frame):
    opened()
    plan = pk.plan.dp_quantile(frame, "x", [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9], bounds=(0, 100), epsilon=1)
    depth = plan.question.asked.tree.depth
    assert depth >= 2
    assert plan.sensitivity["L1"] == K * depth
    assert plan.sensitivity["L2"] == pytest.approx(K * math.sqrt(depth), rel=1e-12)
    assert plan.sensitivity["L2"] >= K * math.sqrt(depth)
    assert plan.sensitivity["L∞"] == K


def test_each_statistic_moves_by_k_times_as_much_as_by_a_row(opened, frame):
    query = {"n": "count", "s": ("sum", "x", (0, 50))}
    asked = {
        "dp_count": ((), BY),
        "dp_crosstab": (("k", "k2"), {"keys": {"k": ["a", "b"], "k2": [0, 1]}}),
        "dp_histogram": (("x",), {"bins": [0, 10, 100]}),
        "dp_nunique": (("x",), BY),
        "dp_share": (("x > 3",), BY),
        "dp_sum": (("x",), {"bounds": (0, 50), **BY}),
        "dp_mean": (("x",), {"bounds": (0, 50), **BY}),
        "dp_var": (("x",), {"bounds": (0, 50)}),
        "dp_bounds": (("x",), {}),
        "dp_median": (("x",), {"bounds": (0, 50)}),
        "dp_top_k": (("k", 1), {"keys": ["a", "b"]}),
        "dp_describe": (("x",), {"bounds": (0, 50)}),
        "dp_difference": (("x", "k"), {"bounds": (0, 50), "keys": ["a", "b"]}),
        "dp_anova": (("x", "k"), {"bounds": (0, 50), "keys": ["a", "b"]}),
        "dp_correlation": ((["x", "k2"],), {"bounds": {"x": (0, 50), "k2": (0, 1)}}),
        "dp_ols": (("x", "k2"), {"bounds": {"x": (0, 50), "k2": (0, 1)}}),
        "dp_kmeans": ((["x", "k2"], 2), {"bounds": {"x": (0, 50), "k2": (0, 1)}}),
        "dp_logistic": (("k", ["x", "k2"]), {"bounds": {"x": (0, 50)}, "keys": {"k": ["a", "b"], "k2": [0, 1]}}),
        "dp_chi2": (("k", "k2"), {"keys": {"k": ["a", "b"], "k2": [0, 1]}}),
        "dp_query": ((query,), {}),
        "dp_synthetic": ((["k", "k2"],), {"keys": {"k": ["a", "b"], "k2": [0, 1]}}),
        "dp_tables": (([("k",), ("k", "k2")],), {"keys": {"k": ["a", "b"], "k2": [0, 1]}}),
    }
    frame = frame.assign(k2=[0, 1] * 50)
    for function, (args, options) in asked.items():
        found = []
        for unit in (pk.ROW, pk.rows(K)):
            opened(f"{function} {unit}", unit)
            plan = getattr(pk.plan, function)(frame, *args, **options, epsilon=1)
            main, delta = price if isinstance(price := make_measurement(plan).map(1), tuple) else (price, 0)
            assert (0.999 < main <= 1, delta) == (True, 0), function
            parts = getattr(plan.question.asked, "parts", (plan.question.asked,))
            found.append([replace(plan.question, asked=part).sensitivity for part in parts])
        for one, many in zip(*found, strict=True):
            for norm in ("l1", "l2", "linf"):
                assert getattr(many, norm) == pytest.approx(K * getattr(one, norm), rel=1e-12), (function, norm)
                assert getattr(many, norm) >= K * getattr(one, norm) * (1 - 1e-15)


# -- what is refused, and what is recorded ---------------------------------------------------------------------------


@pytest.mark.parametrize("most", [0, -1, 2.0, "36", None, True, 2**31])
def test_what_is_no_number_of_rows_is_refused(most):
    with pytest.raises(pk.ParameterError, match=r"rows\(\) got most="):
        pk.rows(most)


def test_one_row_is_the_row():
    assert pk.rows(1) is pk.ROW
    assert pk.rows(2) != pk.ROW
    assert repr(pk.rows(K)) == "pk.rows(36)"
    assert eval(repr(pk.rows(K))) == pk.rows(K)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda frame: pk.dp_count(frame, of="persons", epsilon=1), "of='persons'"),
        (lambda frame: pk.dp_share(frame, "x > 3", of="persons", epsilon=1), "of='persons'"),
        (lambda frame: pk.dp_count(frame, max_rows=3, epsilon=1), "contribution bounds"),
        (lambda frame: pk.dp_count(frame, max_groups=3, per_group=1, epsilon=1, **BY), "contribution bounds"),
        (lambda frame: pk.dp_sum(frame, "x", person_bounds=(0, 9), epsilon=1), "person_bounds="),
    ],
)
def test_what_needs_an_id_is_refused_and_costs_nothing(opened, frame, call, words):
    project = opened()
    with pytest.raises(pk.ParameterError, match=words) as error:
        call(frame)
    assert "No budget was spent" in str(error.value)
    assert project.remaining == project.budget


@pytest.mark.parametrize(
    "terms",
    [
        {"unit": pk.rows(K), "per": "month", "time": "day"},
        {"unit": pk.rows(K), "max_rows": 3},
        *({"unit": text} for text in ("ROW", "row", "pk.ROW", " pk.rows(36) ", "privkit.ROW", "rows", "rows(36)")),
    ],
    ids=str,
)
def test_a_unit_that_is_none_is_refused_before_the_name_is_taken(ledger_path, frame, terms):
    with pytest.raises(pk.ParameterError):
        pk.open_project("taken", epsilon=1, store=ledger_path, **terms)
    project = pk.open_project("taken", epsilon=1, unit="k", max_rows=2, store=ledger_path)  # the name is free
    assert project.unit == PrivacyUnit("k")


def test_the_bound_is_recorded_and_told_as_vouched_for(opened, ledger_path, frame):
    opened()
    release = pk.dp_count(frame, epsilon=1)
    assert release.provenance.unit == "36 rows of one person"
    assert "at most 36 rows of one person, as was vouched for" in release.provenance.bounds
    assert "vouched for (unit=pk.rows(36))" in repr(release.plan)
    again = pk.open_project("months", store=ledger_path)
    assert again.unit == pk.rows(K)
    assert pk.dp_count(frame, epsilon=1).replayed
    with pytest.raises(pk.ProjectMismatchError, match="36 rows of one person"):
        pk.open_project("months", epsilon=100, unit=pk.rows(K + 1), store=ledger_path)
    with pytest.raises(pk.ProjectMismatchError):
        pk.open_project("months", epsilon=100, unit=pk.ROW, store=ledger_path)
    assert "Protects 36 rows of one person." in repr(again)


def test_terms_are_read_as_they_were_written():
    terms = ProjectTerms(PrivacyLoss.of(epsilon=1), pk.rows(K)).completed()
    assert ProjectTerms.from_json(terms.to_json()) == terms
    row = ProjectTerms(PrivacyLoss.of(epsilon=1), pk.ROW).completed()
    assert '"unit":null' in row.to_json()  # as earlier versions wrote it
    for damage in ('{"rows":1}', '{"rows":true}', '{"rows":"36"}', "{}"):
        with pytest.raises(UnreadableError):
            ProjectTerms.from_json(terms.to_json().replace('{"rows":36}', damage))


@pytest.mark.parametrize("loss", [{"epsilon": 2}, {"rho": 0.5}], ids=str)
def test_groups_of_other_statistics_are_found_by_the_same_threshold(opened, frame, loss):
    """All k rows of one person may open a group: the first stage counts rows, within the unit's own bound."""
    opened(delta=1e-4, **({"epsilon": 10} if "epsilon" in loss else {"rho": 1}))
    plan = pk.plan.dp_mean(frame, "x", by="k", bounds=(0, 50), delta=1e-6, keys_share=0.25, **loss)
    (main,) = loss
    counted = pk.plan.dp_count(frame, by="k", delta=1e-6, **{main: Fraction(loss[main]) / 4})
    assert plan.noise.finding == counted.noise
    assert plan.question.asked.groups_of(plan.question).sensitivity.l1 == K
