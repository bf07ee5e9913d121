"""Groups whose keys are not public: each number stands under the group that it belongs to, in every statistic."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.dp.statistics.counts import shown_keys
from privkit.tally.groups import group_counts
from privkit.values.bounds import ONE_ROW


@pytest.fixture(params=["row", "person"])
def spent(request, tmp_path):
    unit = {"unit": pk.ROW} if request.param == "row" else {"unit": "who", "max_groups": 1, "per_group": 1}
    pk.open_project("labels", epsilon=10**6, delta=1e-3, ceiling=10**6, store=tmp_path / "l.db", **unit)
    return {"epsilon": 200, "delta": 1e-6}


def frame(values, **more):
    column = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    return pd.DataFrame({"who": np.arange(len(column)), "k": column, "x": 1.0, **more})


def found(answer):
    """The answer by type and value of its group: True is not 1 here."""
    return {(type(key).__name__, str(key)): value for key, value in answer.value.items()}


MIXED = [1] * 1000 + [True] * 2000 + ["a"] * 3000 + ["b"] * 500


@pytest.mark.parametrize("start", ["1", "True", "a"])
def test_true_and_one_are_groups_of_their_own_in_every_statistic(spent, start):
    """Whichever comes first, and whatever stands beside it."""
    values = sorted(MIXED, key=lambda value: str(value) != start)
    data = frame(values, v=[{"1": 10.0, "True": 20.0, "a": 30.0, "b": 40.0}[str(value)] for value in values])
    sizes = {("int", "1"): 1000, ("bool", "True"): 2000, ("str", "a"): 3000, ("str", "b"): 500}
    ask = data.privacy
    for answer, exact in (
        (ask.dp_count("k", **spent), sizes),
        (ask.dp_sum("x", "k", bounds=(0, 1), **spent), sizes),
        (ask.dp_nunique("x", "k", **spent), dict.fromkeys(sizes, 1)),
    ):
        assert found(answer) == pytest.approx(exact, abs=2)
        repr(answer), answer.to_frame(), answer._repr_html_()
    means = {("int", "1"): 10, ("bool", "True"): 20, ("str", "a"): 30, ("str", "b"): 40}
    assert found(ask.dp_mean("v", "k", bounds=(0, 100), **spent)) == pytest.approx(means, abs=2)


def test_one_is_one_group_whatever_its_type(spent):
    data = frame([1] * 700 + [1.0] * 700 + [Decimal(1)] * 600 + [True] * 1000)
    exact = {("int", "1"): 2000, ("bool", "True"): 1000}
    assert found(data.privacy.dp_count("k", **spent)) == pytest.approx(exact, abs=2)
    assert found(data.privacy.dp_sum("x", "k", bounds=(0, 1), **spent)) == pytest.approx(exact, abs=2)


@pytest.mark.parametrize("dtype", ["int64", "float64", "Int64", "Float64", object])
def test_one_missing_number_renames_no_group(spent, dtype):
    """Pandas makes floats of whole numbers where one is missing."""
    zips = [8004] * 500 + [8005] * 500
    values = pd.Series(zips, dtype="int64") if dtype == "int64" else pd.Series([*zips, None]).astype(dtype)
    data = frame(values)
    exact = {("int", "8004"): 500, ("int", "8005"): 500}
    for answer in (data.privacy.dp_count("k", **spent), data.privacy.dp_sum("x", "k", bounds=(0, 1), **spent)):
        assert found(answer) == pytest.approx(exact, abs=2)


@pytest.mark.parametrize("first", [0, 1])
def test_the_instants_of_a_repeated_hour_are_two_groups(spent, first):
    hours = [pd.Timestamp(f"2025-10-26 0{hour}:00", tz="UTC").tz_convert("Europe/Zurich") for hour in (0, 1)]
    counts = (1000, 600)
    values = [hours[first]] * counts[first] + [hours[1 - first]] * counts[1 - first]
    data = frame(pd.Series(values))
    for answer in (data.privacy.dp_count("k", **spent), data.privacy.dp_sum("x", "k", bounds=(0, 1), **spent)):
        told = {pd.Timestamp(key).tz_convert("UTC").hour: value for key, value in answer.value.items()}
        assert told == pytest.approx({0: 1000, 1: 600}, abs=2)


def test_public_keys_of_a_repeated_hour_are_two_groups(spent):
    hours = [pd.Timestamp(f"2025-10-26 0{hour}:00", tz="UTC").tz_convert("Europe/Zurich") for hour in (0, 1)]
    data = frame(pd.Series([hours[0]] * 1000 + [hours[1]] * 600))
    keys = [hour.to_pydatetime() for hour in hours]
    assert data.privacy.dp_count("k", keys=keys, epsilon=200).value.tolist() == pytest.approx([1000, 600], abs=2)
    assert data.privacy.dp_count("k", keys=keys[::-1], epsilon=200).value.tolist() == pytest.approx([600, 1000], abs=2)


def test_the_second_stage_asks_for_the_groups_of_the_first():
    """Each text of the first stage is one key of the second, and no two are the same."""
    days = [dt.date(2026, 1, 1), dt.datetime(2026, 1, 1)]
    values = [1, 1.0, True, 0, False, "1", "True", None, *days, 0.5, float("inf")]
    texts = sorted(group_counts(frame(values), ["k"], None, ONE_ROW))
    keys = shown_keys(("k",), texts)
    assert len(keys) == len(texts) == len(set(keys.canonical())) == 11


def test_true_and_one_stay_two_in_tables_totals_and_differences(tmp_path):
    """pandas' indexes take them for one; what is computed from releases does not."""
    pk.open_project("tables", epsilon=10**6, ceiling=10**6, unit=pk.ROW, store=tmp_path / "l.db")
    data = pd.DataFrame({"k": pd.Series([1] * 100 + [True] * 200 + [0.5] * 50, dtype=object), "s": ["a", "b"] * 175})
    keys = {"k": [1, True, 0.5], "s": ["a", "b"]}
    cells = data.privacy.dp_count(["k", "s"], keys=keys, epsilon=200)
    assert [tuple(map(type, row)) for row in cells.value.index] == [(int, str)] * 2 + [(bool, str)] * 2 + [
        (float, str)
    ] * 2
    assert cells.value.tolist() == pytest.approx([50, 50, 100, 100, 25, 25], abs=2)
    margin = cells.total("k")
    assert [type(key) for key in margin.value.index] == [int, bool, float]
    assert margin.value.tolist() == pytest.approx([100, 200, 50], abs=2)
    other = data.privacy.dp_count(
        ["k", "s"], keys=[(True, "a"), (1, "a"), (0.5, "b"), (True, "b"), (1, "b"), (0.5, "a")], epsilon=150
    )
    assert (cells - other).value.tolist() == pytest.approx([0] * 6, abs=4)
    totals = data.privacy.dp_count("k", keys=[True, 0.5, 1], epsilon=200)
    whole = pk.consistent(cells, totals)
    assert whole[1].value.tolist() == pytest.approx([200, 50, 100], abs=2)
    assert repr(cells)
    assert cells._repr_html_()
