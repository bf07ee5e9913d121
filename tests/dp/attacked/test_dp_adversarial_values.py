"""The adversarial cases about bounds, values, expressions and outputs of every ``dp_*`` function, by their numbers."""

import inspect
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, exact, frames, norms, without_person, without_row
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dp_adversarial import ledger_seen, observed

import privkit as pk
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.moments import Mean
from privkit.project import asking, dp
from privkit.project.dp import association, counts, inference, models, plan, quantiles, query, sums, synthetic, tables
from privkit.values.bounds import ValueBounds
from privkit.values.expression import cut, selection
from privkit.values.kinds import read_all

read_all(dp)

CANARY = "CANARY-7f3a"
FUNCTIONS = {
    "dp_count": (counts.dp_count, {}),
    "dp_value_counts": (counts.dp_value_counts, {"column": "k", "keys": ["a", "b"]}),
    "dp_crosstab": (tables.dp_crosstab, {"index": "k", "columns": "g", "keys": {"k": ["a"], "g": [1, 2]}}),
    "dp_histogram": (counts.dp_histogram, {"column": "x", "bins": [0, 1, 10]}),
    "dp_nunique": (counts.dp_nunique, {"column": "k"}),
    "dp_share": (counts.dp_share, {"where": "x > 1"}),
    "dp_sum": (sums.dp_sum, {"column": "x", "bounds": (0, 10)}),
    "dp_mean": (sums.dp_mean, {"column": "x", "bounds": (0, 10)}),
    "dp_var": (sums.dp_var, {"column": "x", "bounds": (0, 10)}),
    "dp_std": (sums.dp_std, {"column": "x", "bounds": (0, 10)}),
    "dp_quantile": (quantiles.dp_quantile, {"column": "x", "q": 0.25, "bounds": (0, 10)}),
    "dp_median": (quantiles.dp_median, {"column": "x", "candidates": [0, 5, 10]}),
    "dp_top_k": (quantiles.dp_top_k, {"column": "k", "k": 1, "keys": ["a", "b"]}),
    "dp_bounds": (quantiles.dp_bounds, {"column": "x"}),
    "dp_difference": (
        inference.dp_difference,
        {"value": "x", "group": "k", "keys": ["a", "b"], "bounds": (0, 10)},
    ),
    "dp_anova": (association.dp_anova, {"value": "x", "group": "k", "keys": ["a", "b"], "bounds": (0, 10)}),
    "dp_correlation": (
        association.dp_correlation,
        {"columns": ["x", "half"], "derive": {"half": "x / 2"}, "bounds": {"x": (0, 10), "half": (0, 5)}},
    ),
    "dp_ols": (
        inference.dp_ols,
        {"y": "x", "x": "half", "derive": {"half": "x / 2"}, "bounds": {"x": (0, 10), "half": (0, 5)}},
    ),
    "dp_kmeans": (models.dp_kmeans, {"x": ["x"], "clusters": 2, "bounds": {"x": (0, 10)}}),
    "dp_logistic": (
        models.dp_logistic,
        {
            "y": "k",
            "x": ["half", "g"],
            "derive": {"half": "x / 2"},
            "bounds": {"half": (0, 5)},
            "keys": {"k": ["a", "b"], "g": [1, 2]},
        },
    ),
    "dp_chi2": (inference.dp_chi2, {"a": "k", "b": "g", "keys": {"k": ["a", "b"], "g": [1, 2]}}),
    "dp_query": (query.dp_query, {"statistics": {"n": "count", "m": ("mean", "x", (0, 10))}}),
    "dp_tables": (tables.dp_tables, {"tables": [("k", "g"), ("k",)], "keys": {"k": ["a"], "g": [1, 2]}}),
    "dp_synthetic": (synthetic.dp_synthetic, {"columns": ["k", "g"], "keys": {"k": ["a"], "g": [1, 2]}}),
    "dp_describe": (query.dp_describe, {"column": "x", "bounds": (0, 10)}),
}
BOUNDED = [name for name, (_, asked) in FUNCTIONS.items() if isinstance(asked.get("bounds"), tuple)]


@pytest.fixture
def people():
    return pd.DataFrame(
        {"who": ["p", "p", "q", None], "k": ["a", "b", "a", CANARY], "g": [1, 2, 2, 3], "x": [1.0, 2.0, math.nan, 4e9]}
    )


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rows", epsilon=50, unit=pk.ROW, store=ledger_path)


def refused(error, frame, name, words="", **changed):
    function, asked = FUNCTIONS[name]
    with pytest.raises(error) as caught:
        function(frame, **{"epsilon": 0.1, **asked, **changed})
    told = str(caught.value)
    assert words in told, told
    assert told.endswith("No budget was spent."), told
    assert CANARY not in told
    assert caught.value.__cause__ is None


def test_every_function_is_attacked_here():
    lacking = set(asking.FUNCTIONS) - set(FUNCTIONS)
    assert not lacking, f"give a call of {lacking} in FUNCTIONS, which tests/dp/attacked/test_dp_secrecy.py takes too"


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.sample(0.5)
def test_every_function_answers_replays_and_has_a_plan_of_the_same_parameters(project, people, name):
    function, asked = FUNCTIONS[name]
    release = function(people, **asked, epsilon=0.5)
    assert function(people, **asked, epsilon=0.5).replayed
    assert project.spent.epsilon == 0.5
    priced = getattr(plan, name)(people, **asked, epsilon=0.5)
    assert priced.canonical() == release.plan.canonical()
    names = set(inspect.signature(function).parameters)
    assert names - set(inspect.signature(getattr(plan, name)).parameters) == {"again"}
    for text in (repr(release), release._repr_html_(), repr(priced)):
        assert CANARY not in text


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("epsilon", [0, -1, math.nan, math.inf, 1e-300, True, "1"], ids=repr)
@pytest.mark.sample(0.12)
def test_a1_epsilon_is_a_finite_number_above_zero(project, people, name, epsilon):
    refused(pk.ParameterError, people, name, "must be a finite number > 0", epsilon=epsilon)
    assert len(project.ledger) == 0


BAD = [(100, 0), (math.nan, 1), (0, math.inf), (-1e308, 1e308), (0,), (0, 1, 2), ("0", "1"), (True, False), {0, 1}, 5]


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("bounds", BAD, ids=repr)
@pytest.mark.sample(0.25)
def test_a5_bounds_are_two_finite_numbers_in_order(project, people, name, bounds):
    refused(pk.ParameterError, people, name, "'x'", bounds=bounds)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("bounds", [None, "auto"])
def test_a6_bounds_must_be_said(project, people, name, bounds):
    refused(pk.BoundsRequiredError, people, name, "public knowledge", bounds=bounds)


@pytest.mark.parametrize("name", BOUNDED)
def test_a6_bounds_that_may_come_from_the_data_are_refused_by_their_type(project, people, name):
    for bounds in [(people.x.min(), people.x.max()), (0, np.int64(5)), np.array([0, 5]), pd.Series([0, 5])]:
        refused(pk.NotPublicError, people, name, "public_values", bounds=bounds)


def test_a6_the_owner_may_vouch_for_bounds(project, people):
    bounds = pk.public_values(np.array([0, 5]), reason="the scale of the form")
    (source,) = sums.dp_sum(people, "x", bounds=bounds, epsilon=1).plan.public
    assert (source.what, source.reason) == ("bounds", "the scale of the form")
    assert sums.dp_sum(people, "x", bounds=(Decimal(0), Decimal("5")), epsilon=1).replayed  # the same question


@pytest.mark.parametrize("name", ["dp_sum", "dp_mean", "dp_var", "dp_std"])
def test_a7_equal_bounds_are_a_scaled_count_and_say_so(project, people, name):
    function, asked = FUNCTIONS[name]
    release = function(people, **{**asked, "bounds": (5, 5)}, epsilon=1)
    assert "scaled count" in " ".join(release.plan.notes)
    if name == "dp_mean":
        assert release.value == 5
    assert np.isfinite(release.value)
    nothing = function(people, **{**asked, "bounds": (0, 0)}, epsilon=1)
    assert "so each counts as 0" in " ".join(nothing.plan.notes)
    assert name != "dp_sum" or nothing.accuracy < 10


@pytest.mark.parametrize("name", ["seed", "random_state", "scale", "invariant", "contributions"])
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.sample(0.12)
def test_a8_a9_c26_what_would_undo_the_noise_is_no_parameter(project, people, function, name):
    call, asked = FUNCTIONS[function]
    with pytest.raises(TypeError, match=name):
        call(people, **asked, epsilon=1, **{name: 1})
    assert len(project.ledger) == 0


@pytest.mark.parametrize("name", [*BOUNDED, "dp_histogram"])
@pytest.mark.parametrize("dtype", ["object", "str", "category", "datetime64[ns]", "timedelta64[ns]", "complex128"])
@pytest.mark.sample(0.3)
def test_b12_b14_columns_that_are_declared_as_something_else_are_refused_by_their_type(project, name, dtype):
    values = {"object": [1, 2, CANARY], "str": ["1", CANARY], "category": ["1", CANARY]}.get(dtype, [0, 1])
    frame = pd.DataFrame({"x": pd.Series(values).astype(dtype)}).assign(k="a")
    if dtype.startswith("datetime") and name in {"dp_quantile", "dp_histogram"}:  # which take dates, by days
        refused(pk.ParameterError, frame, name, "days")
    else:
        told = {"datetime64[ns]": "dp_median", "timedelta64[ns]": "total_seconds"}.get(dtype, "astype")
        refused(TypeError, frame, name, told)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float32", "uint8", "uint16", "bool", "float16"])
def test_b11_b14_every_declared_number_is_summed_as_a_number(project, dtype):
    frame = pd.DataFrame({"x": pd.Series([1, 0, 1]).astype(dtype)})
    release = sums.dp_sum(frame, "x", bounds=(0, 1), epsilon=10)
    assert type(release.value) is float
    assert release.plan.scale == 0.1


def test_b11_a_missing_value_changes_neither_the_type_nor_the_noise(project):
    whole = pd.DataFrame({"x": [1, 2, 3]})
    holed = pd.DataFrame({"x": [1, 2, None]})
    assert whole.x.dtype != holed.x.dtype
    one, two = (sums.dp_sum(frame, "x", bounds=(0, 5), epsilon=1) for frame in (whole, holed))
    assert (one.plan.scale, type(one.value), one.plan.noise) == (two.plan.scale, type(two.value), two.plan.noise)


def test_b15_missing_is_dropped_and_infinity_clipped():
    frame = pd.DataFrame({"x": [math.nan, None, math.inf, -math.inf, 3.0]})
    question = ask(Mean("x", ValueBounds(0.0, 10.0)))
    found = question.asked.estimates(exact(question, frame).reshape(1, 2))
    assert (found["count"][0], found["sum"][0]) == (3, 13)


def test_b16_b17_sums_neither_overflow_nor_round():
    frame = pd.DataFrame({"x": [2**62, 2**62, 2**62, -(2**62)]})
    question = ask(Mean("x", ValueBounds(-(2.0**62), 2.0**62)))
    assert exact(question, frame).sum() == 4 * question.asked.full
    many = pd.DataFrame({"x": np.full(100_000, 0.1)})
    parts = [exact(ask(Mean("x", ValueBounds(0.0, 1.0))), many.iloc[place::7]) for place in range(7)]
    assert (sum(parts) == exact(ask(Mean("x", ValueBounds(0.0, 1.0))), many)).all()


@pytest.mark.parametrize(
    "name", ["dp_sum", "dp_mean", "dp_nunique", "dp_quantile", "dp_top_k", "dp_histogram", "dp_query"]
)
def test_b19_the_unit_column_is_neither_a_value_nor_a_group(ledger_path, people, name):
    project = pk.open_project("persons", epsilon=5, unit="x", max_rows=2, store=ledger_path)
    function, asked = FUNCTIONS[name]
    asked = {**asked, "column": "x"} if "column" in asked else asked
    with pytest.raises(pk.ParameterError, match="of='persons'"):
        function(people, **asked, epsilon=1)
    with pytest.raises(pk.ParameterError, match="of='persons'"):
        counts.dp_count(people, "x", keys=[1.0], epsilon=1)
    assert len(project.ledger) == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"max_rows": 5}, "no bound is needed"),
        ({"max_groups": 2}, "no bound is needed"),
        ({"max_groups": 2, "per_group": 3, "by": "x", "keys": [1.0]}, "max_groups= alone"),
        ({"max_rows": 3, "by": "x", "keys": [1.0]}, "max_groups= alone"),
    ],
)
def test_bounds_that_mean_nothing_for_persons_are_refused_and_not_passed_over(ledger_path, people, more, told):
    project = pk.open_project("bounds of persons", epsilon=5, unit="who", max_rows=2, store=ledger_path)
    frame = people.assign(who=range(len(people)))
    for function, own in ((counts.dp_count, {}), (counts.dp_share, {"where": "x > 0"})):
        with pytest.raises(pk.ParameterError, match=told):
            function(frame, of="persons", epsilon=1, **{**own, **more})
    assert len(project.ledger) == 0


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ({"column": "nope", "bounds": (0, 1)}, "column"),
        ({"column": "x", "bounds": (0, 1), "where": "nope > 1"}, "where"),
    ],
)
def test_a_column_that_is_not_there_is_told_under_the_argument_that_named_it(ledger_path, people, asked, argument):
    pk.open_project("arguments", epsilon=5, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ColumnNotFoundError) as error:
        pk.dp_sum(people, **asked, epsilon=1)
    assert f"{argument}" in str(error.value)
    assert "by=" not in str(error.value)


# -- D: expressions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "where", [lambda row: True, len, "x.map_elements(f)", "@x > 1", "__import__('os')", "x.max()", "[x for x in k]", 3]
)
@pytest.mark.sample(0.12)
def test_a30_filters_are_expressions_and_never_code(project, people, name, where):
    if name == "dp_describe" and where == 3:
        pytest.skip("one function is enough for this type")
    with pytest.raises(pk.PrivkitError) as caught:
        FUNCTIONS[name][0](
            people.drop(columns="k").assign(k="a"), **{**FUNCTIONS[name][1], "where": where}, epsilon=0.1
        )
    assert str(caught.value).endswith("No budget was spent.")
    assert len(project.ledger) == 0


def test_d31_division_by_nothing_has_an_answer(project, people):
    release = counts.dp_count(people, where="1 / (x - 1) > 0", epsilon=1)
    assert exact(release.plan.question, people).tolist() == [2]


def test_d32_a_filter_on_one_person_is_charged_like_any_other(project, people):
    for who in ("p", "nobody"):
        counts.dp_count(people, where=f"who == '{who}'", epsilon=0.25)
    assert project.spent.epsilon == 0.5


def test_d33_no_patterns(project, people):
    with pytest.raises(pk.PrivkitError):
        counts.dp_count(people, where="k.str.contains('a+')", epsilon=1)


def test_d34_d35_there_is_no_exact_or_unbounded_statistic(people):
    offered = [name for name in dir(pk.plan) if name.startswith("dp_")]
    assert not {"dp_min", "dp_max", "dp_first", "dp_head", "dp_sample"} & set(offered)


@settings(max_examples=20)
@given(frame=frames(), salt=st.binary(min_size=16, max_size=16))
def test_filters_and_derived_columns_keep_the_stability(frame, salt):
    chosen = selection("band != 'low' or k == 'a'", {"band": cut("x", [0, 1], labels=["low"])})
    keys = ("low", None)
    for bounds in ({}, {"max_rows": 2}):
        base = ask(Count(), "band", list(keys), **bounds)
        question = Question(base.asked, base.unit, base.bounds, base.keys, chosen)
        whole = exact(question, frame, salt)
        if bounds:
            rests = [without_person(frame, person) for person in "pq"]
        else:
            rests = [without_row(frame, place) for place in range(min(3, len(frame)))]
        for rest in rests:
            assert norms(whole - exact(question, rest, salt))[1] <= question.sensitivity.l1


# -- E: outputs ----------------------------------------------------------------------------------------------


def test_a39_means_of_few_rows_stay_in_their_bounds_and_are_flagged(project):
    frame = pd.DataFrame({"x": [0.2, 0.4]})
    flagged = 0
    for _ in range(10):
        release = sums.dp_mean(frame, "x", bounds=(0, 1), epsilon=0.1, again=True)
        assert 0 <= release.value <= 1
        flagged += release.dominated
        assert np.isfinite(release.to_frame().to_numpy()).all()
    assert flagged >= 4  # each fails to be flagged about as often as its interval misses


def test_a40_counts_are_signed_and_unbiased(project):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    release = counts.dp_count(frame, "x", keys=list(range(1000, 3000)), epsilon=0.1)
    assert (release.value < 0).any()
    assert abs(release.value.mean()) < 6.1 * math.sqrt(200 / 2000)


def test_a43_the_stored_number_is_the_released_one(project, people):
    release = sums.dp_sum(people, "x", bounds=(0, 10), epsilon=1)
    stored = project.account.entries()[0].answer
    assert str(int(release.drawn[0, 0])) in stored
    assert release.value == int(release.drawn[0, 0]) * release.plan.question.asked.step


def test_a44_a_copied_release_carries_no_frame(project, people):
    import copy

    release = sums.dp_mean(people, "x", bounds=(0, 10), epsilon=1)
    held = copy.copy(release)
    assert held.value == release.value
    assert CANARY not in repr(vars(release.provenance))
    assert not any(isinstance(value, pd.DataFrame) for value in vars(release).values())
    assert release.plan.run is None


# -- F and paired data sets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.5, Decimal("0.50"), np.float64(0.5)])
def test_f46_cosmetic_differences_make_no_other_question(project, people, epsilon):
    first = sums.dp_mean(people, "x", "k", keys=["a", "b"], bounds=(0, 10), epsilon=0.5)
    again = sums.dp_mean(people, "x", ["k"], keys=["b", "a"], bounds=[0.0, 10], epsilon=epsilon)
    assert again.replayed
    assert again.value["a"] == first.value["a"]
    assert project.spent.epsilon == 0.5


@pytest.mark.parametrize("change", [{"bounds": (0, 11)}, {"keys": ["a"]}, {"where": "x > 0"}, {"epsilon": 0.51}])
def test_f46_another_question_is_charged(project, people, change):
    asked = {"keys": ["a", "b"], "bounds": (0, 10), "epsilon": 0.5}
    sums.dp_mean(people, "x", "k", **asked)
    assert not sums.dp_mean(people, "x", "k", **{**asked, **change}).replayed


def test_f55_amounts_of_another_measure_are_refused(project, people):
    refused(pk.ParameterError, people, "dp_sum", "rho", rho=0.1, epsilon=None)
    refused(pk.ParameterError, people, "dp_sum", "delta", delta=1e-7)


PAIRS = {
    "a person more": ([1.0, 2.0], [1.0, 2.0, 3.0]),
    "nobody": ([], [5.0]),
    "a missing value": ([1.0], [1.0, None]),
    "far out": ([1.0], [1e300]),
    "infinite": ([1.0], [math.inf]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.sample(0.1)
def test_paired_data_sets_differ_in_nothing_but_the_noise(tmp_path, pair, name, monkeypatch):
    function, asked = FUNCTIONS[name]
    monkeypatch.setattr(counts, "dp_count", function)
    seen = []
    for side, values in enumerate(PAIRS[pair]):
        project = pk.open_project("p", epsilon=5, unit=pk.ROW, store=tmp_path / f"{side}.db")
        rows = len(values)
        frame = pd.DataFrame(
            {
                "x": pd.Series(values, dtype="float64"),
                "k": pd.Series(["a"] * rows, dtype="str"),
                "g": pd.Series([1] * rows, dtype="int64"),
                "who": pd.Series([str(row) for row in range(rows)], dtype="str"),
            }
        )
        seen.append(seen_of(function, frame, asked, project))
    assert seen[0] == seen[1]


def seen_of(function, frame, asked, project):
    release = function(frame, **asked, epsilon=1)
    value = release.value
    shape = (
        (value.dtypes.tolist(), value.index.tolist(), value.columns.tolist())
        if hasattr(value, "columns")
        else (str(value.dtype), value.index.tolist())
        if hasattr(value, "index") and hasattr(value, "dtype")
        else type(value)
    )
    facts = {key: fact for key, fact in release.provenance.to_dict().items() if key != "time"}
    return shape, release.plan.canonical(), release.plan.notes, facts, ledger_seen(project), list(release.to_frame())


def test_observed_is_shared():
    assert callable(observed)
