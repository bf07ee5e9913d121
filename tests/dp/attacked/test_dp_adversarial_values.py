"""The adversarial cases about bounds, values and columns of every ``dp_*`` function, by their numbers."""

import inspect
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, exact
from dp_attacked import CANARY, FUNCTIONS, refused

import privkit as pk
from privkit.dp.statistics.moments import Mean
from privkit.project import asking, dp
from privkit.project.dp import counts, plan, sums
from privkit.values.bounds import ValueBounds
from privkit.values.kinds import read_all

read_all(dp)

BOUNDED = [name for name, (_, asked) in FUNCTIONS.items() if isinstance(asked.get("bounds"), tuple)]


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
