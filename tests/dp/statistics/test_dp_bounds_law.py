"""Whatever public bounds are accepted can be measured: no plan is charged that must fail."""

import contextlib
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.errors import ParameterError

FRAME = pd.DataFrame(
    {
        "who": ["p", "p", "q", "r", None, "s"],
        "k": ["a", "b", "a", "b", "a", None],
        "x": [0.0, -1e308, 1e308, 1.7e12 + 30, 5e-324, np.nan],
        "n": [0, -(2**63), 2**63 - 1, 1_700_000_000_030, 1, 2**53 + 1],
    }
)
BY_BOUNDS = ["dp_sum", "dp_mean", "dp_var", "dp_std", "dp_median", "dp_quantile", "dp_describe"]


@st.composite
def intervals(draw):
    """Bounds of every size: subnormal, huge, and narrow far from 0."""
    lower = draw(st.floats(-9e149, 9e149))
    if draw(st.booleans()):
        return tuple(sorted((lower, draw(st.floats(-9e149, 9e149)))))
    upper = lower
    for _ in range(draw(st.integers(0, 3))):
        upper = math.nextafter(upper, math.inf)
    return lower, min(upper + draw(st.sampled_from([0.0, 1e-9, 1.0, 60.0])), 9e149)


@pytest.fixture
def asking(request, ledger_path):
    unit = {"unit": pk.ROW} if request.param == "row" else {"unit": "who", "max_rows": 2}
    pk.open_project("law", epsilon=10**9, ceiling=10**9, store=ledger_path, **unit)
    return request.param


#: Of whom, and what, is asked; of persons also their totals.
ASKED = [(of, function) for of in ("row", "person") for function in BY_BOUNDS]
ASKED += [("person", "dp_sum of persons"), ("person", "dp_mean of persons")]


def released(function, column, bounds, **more):
    plan = getattr(FRAME.privacy.plan, function)
    with contextlib.suppress(ParameterError):  # refused before anything is charged
        told = plan(column, bounds=bounds, epsilon=1, **more) if bounds is not None else plan(column, epsilon=1, **more)
        assert str(told)
        found = told.release(again=True)
        assert repr(found)
        if found.has_interval:
            found.interval()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])  # one ledger for all examples
@given(bounds=intervals(), column=st.sampled_from(["x", "n"]), keyed=st.booleans())
@example((1.7e12, 1.7e12 + 60), "n", True)
@example((0.0, 5e-324), "x", False)
@example((-9e149, 9e149), "x", False)
@example((9e149, 9e149), "x", True)
@example((0.1, 0.1), "x", True)
@pytest.mark.parametrize(("asking", "function"), ASKED, indirect=["asking"])
@pytest.mark.sample(0.25)
def test_every_plan_that_is_accepted_can_be_measured(asking, function, bounds, column, keyed):
    more = {"by": "k", "keys": ["a", "b"]} if keyed and function != "dp_describe" else {}
    more |= {"q": 0.25} if function == "dp_quantile" else {}
    function, _, persons = function.partition(" of ")
    if persons:
        bounds, more = None, {"person_bounds": bounds, **more, **({"max_groups": 1} if keyed else {})}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        released(function, column, bounds, **more)
