"""Plans say what a lazy engine sends, and it sends no more."""

import datetime as dt

import pandas as pd
import pytest

import privkit as pk

pl = pytest.importorskip("polars")
FRAME = pl.DataFrame(
    {
        "who": list(range(50)) * 2,
        "k": ["a", "b"] * 50,
        "x": [float(n) for n in range(100)],
        "day": [dt.datetime(2026, 1, 1)] * 100,
    }
)
ALONE = "The engine reckons by itself"


@pytest.fixture(params=["row", "person", "month"])
def unit(request, tmp_path):
    named = {"row": {"unit": pk.ROW}, "person": {"unit": "who", "max_rows": 2}}
    month = {"unit": "who", "per": "month", "time": "day", "max_rows": 2}
    pk.open_project("p", epsilon=100, delta=1e-3, store=tmp_path / "l.db", **named.get(request.param, month))
    return request.param


BOUNDED = {"bounds": (0, 100), "epsilon": 1}
CALLS = {
    "count": lambda ask: ask.dp_count(epsilon=1),
    "count by": lambda ask: ask.dp_count("k", keys=["a"], epsilon=1),
    "open": lambda ask: ask.dp_count("k", epsilon=1, delta=1e-6),
    "nunique": lambda ask: ask.dp_nunique("k", epsilon=1),
    "sum": lambda ask: ask.dp_sum("x", **BOUNDED),
    "std": lambda ask: ask.dp_std("x", "k", keys=["a"], **BOUNDED),
    "median": lambda ask: ask.dp_median("x", **BOUNDED),
    "histogram": lambda ask: ask.dp_histogram("x", bins=[0, 50, 100], epsilon=1),
    "describe": lambda ask: ask.dp_describe("x", **BOUNDED),
    "mean of open groups": lambda ask: ask.dp_mean("x", "k", delta=1e-6, **BOUNDED),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.sample(0.4)
def test_a_plan_says_what_a_lazy_engine_sends(unit, name):
    plan = CALLS[name](FRAME.lazy().privacy.plan)
    told = repr(plan)
    assert plan.fetched is not None
    assert ("Fetched from the engine: " in told) != (ALONE in told)
    assert told.count("etched from") == plan._repr_html_().count("etched from") == 1
    if unit == "row" and "open" not in name:
        assert ALONE in told
    if unit != "row":
        assert "'who'" in told
    assert plan.repriced(0.5).fetched == plan.fetched
    assert "etched from" not in repr(plan.release())


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "frame",
    [FRAME, pd.DataFrame(FRAME.to_dict(as_series=False)).astype({"day": "datetime64[s]"})],
    ids=["polars", "pandas"],
)
@pytest.mark.sample(0.25)
def test_of_rows_that_lie_here_nothing_is_said(unit, name, frame):
    plan = CALLS[name](frame.privacy.plan)
    assert plan.fetched is None
    assert "etched from" not in repr(plan)
