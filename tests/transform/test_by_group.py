"""What a change costs the rows of each group: counted by hand, and adding up to what the report says of all."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import privkit as pk


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(0)
    n = 300
    return pd.DataFrame(
        {
            "group": random.choice(["few", "many"], n, p=[0.1, 0.9]),
            "age": random.integers(18, 90, n),
            "zip": random.choice(["8001", "8002", "8050", "9000"], n),
            "plan": random.choice(["a", "b"], n),
        }
    )


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
def test_losses_of_groups_add_up_to_those_of_the_report(frame, method):
    out = pk.anonymize(frame, ["age", "zip", "group"], k=8, suppress=0.2, method=method)
    told = out.by_group("group")
    weights = told["rows"] / len(frame)
    assert told["rows"].tolist() == frame["group"].value_counts()[told.index].tolist()
    assert (told["suppressed"] @ told["rows"]).round(9) == out.suppressed_
    assert told["loss"] @ weights == pytest.approx(out.report.after.utility["loss_arithmetic"])
    for name, loss in out.report.column_losses.items():
        assert told[f"loss of {name}"] @ weights == pytest.approx(loss)
    gone = frame.loc[~out.kept_, "group"].value_counts()
    for group, one in told.iterrows():
        assert one["suppressed"] * one["rows"] == pytest.approx(gone.get(group, 0))


def test_those_who_are_few_lose_more(frame):
    out = pk.anonymize(frame, ["age", "group"], k=15, suppress=0.3)
    told = out.by_group(["group", "plan"])
    assert told.index.names == ["group", "plan"]
    assert told.loc["few", "loss"].min() > told.loc["many", "loss"].max()
    assert pickle.loads(pickle.dumps(out)).by_group(["group", "plan"]).equals(told)


def test_errors_of_perturbed_groups_are_those_by_hand(frame):
    out = pk.add_noise(frame, ["age"], scale=0.3, seed=2)
    told, apart = out.by_group("group"), out.frame["age"] - frame["age"]
    for group, one in told.iterrows():
        own = apart[frame["group"] == group]
        assert one["error of age"] == pytest.approx(own.mean())
        assert one["size of error of age"] == pytest.approx(own.abs().mean())
        assert one["changed"] == pytest.approx((own != 0).mean())
    swapped = pk.pram(frame, ["plan"], keep=0.7, seed=1)
    told = swapped.by_group("group")
    for group, one in told.iterrows():
        rows = frame["group"] == group
        changed = (swapped.frame["plan"] != frame["plan"])[rows].mean()
        assert one["changed plan"] == one["changed"] == pytest.approx(changed)


def test_missing_values_are_a_group_and_have_no_error():
    given = pd.DataFrame({"g": ["a", None, "a", "b"], "x": [1.0, 2.0, None, 40.0]})
    told = pk.round_to(given, "x", base=10).by_group("g")
    assert len(told) == 3
    assert told.loc["a", "error of x"] == -0.5  # 1 becomes 0, and what is missing has no error
    assert told["rows"].sum() == 4


def test_what_has_no_rows_or_no_such_column_is_told(frame):
    out = pk.add_noise(frame, ["age"], scale=0.3)
    with pytest.raises(pk.ColumnNotFoundError, match="goup"):
        out.by_group("goup")
    with pytest.raises(pk.FrameError, match="before it was saved"):
        pickle.loads(pickle.dumps(out)).by_group("group")


def test_noise_weighs_most_on_small_groups(tmp_path):
    people = pd.DataFrame({"sex": ["f", "m"] * 1000, "land": ["big"] * 1996 + ["small"] * 4})
    project = pk.open_project("groups", epsilon=3, unit=pk.ROW, store=tmp_path / "ledger.db")
    keys = {"sex": ["f", "m"], "land": ["big", "small"]}
    release = people.privacy.dp_count(by=["sex", "land"], keys=keys, epsilon=1)
    spent = project.spent
    told = release.by_group("land")
    assert project.spent == spent
    interval, frame = release.interval(), release.value
    relative = (interval.upper - interval.lower) / 2 / frame.abs()
    assert told["answers"].tolist() == [2, 2]
    for land in ("big", "small"):
        own = relative[relative.index.get_level_values("land") == land]
        assert told.loc[land, "relative_error"] == pytest.approx(own.median())
    assert told.loc["big", "dominated"] == 0  # of 998, unless noise of scale 1 is beyond 900
    assert len(release.by_group()) == 4
    assert len(people.privacy.dp_count(epsilon=0.1).by_group()) == 1
    with pytest.raises(pk.ColumnNotFoundError, match="town"):
        release.by_group("town")
