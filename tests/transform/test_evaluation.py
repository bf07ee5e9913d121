"""Comparing synthetic rows with real ones: figures made another way, a copy, noise, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.errors.synthetic import EvaluationError
from privkit.transform.evaluation import _auc, evaluate


def people(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    rich = rng.random(rows) < np.where(age > 45, 0.8, 0.2)
    return pd.DataFrame(
        {
            "age": age,
            "plan": pd.Categorical(rng.choice(["basic", "plus"], rows)),
            "rich": rich,
            "city": np.where(rng.random(rows) < 0.1, None, rng.choice(["Bern", "Basel"], rows)),
        }
    )


def test_distances_are_the_total_variation_by_pandas():
    real, made = people(), people(400, 1)
    found = evaluate(real, made, columns=["plan", "rich", "city"]).distances
    for names in [("plan",), ("city",), *itertools.combinations(["plan", "rich", "city"], 2)]:
        parts = [
            frame[list(names)].astype(object).fillna("missing").value_counts(normalize=True) for frame in (real, made)
        ]
        exact = parts[0].subtract(parts[1], fill_value=0).abs().sum() / 2
        assert found.loc[" × ".join(names), "distance"] == pytest.approx(exact)


@pytest.mark.parametrize(("real", "made"), [(7, 49), (49, 3), (600, 401), (1, 1)])
def test_tables_with_nothing_in_common_are_one_apart_and_not_nearly(real, made):
    """Shares as fractions of binary digits add up to a little less, which read as "more than 99.9 %"."""
    frames = [
        pd.DataFrame({name: [f"{side}{row}" for row in range(many)] for name in ("a", "b")})
        for side, many in (("real", real), ("made", made))
    ]
    found = evaluate(*frames)
    assert (found.distances["distance"] == 1).all()
    assert found.mean() == 1
    assert "pairs of columns 100 % off" in repr(found)


def test_a_copy_is_at_no_distance_and_cannot_be_told_apart():
    real = people()
    found = evaluate(real, real.sample(frac=1, random_state=1), target="rich", by="plan")
    assert found.distances["distance"].max() == 0
    assert found.propensity < 0.55
    assert found.synthetic > 0.7
    assert found.measure == "AUC"
    assert found.groups["rows"].sum() == len(real) // 2


def test_rows_that_have_nothing_in_common_are_told_apart_and_teach_nothing():
    real = people()
    made = real.assign(age=99, rich=np.random.default_rng(3).random(len(real)) < 0.5)
    found = evaluate(real, made, target="rich")
    assert found.propensity > 0.95
    assert found.synthetic < 0.6 < found.real


def test_of_many_numbers_it_is_a_regression():
    real = people(800).assign(spend=lambda f: f["age"] * 2.0 + np.random.default_rng(1).normal(0, 1, len(f)))
    found = evaluate(real, real.iloc[::-1], target="spend", by="plan")
    assert found.measure == "R²"
    assert found.real > 0.9
    assert {"error real", "error synthetic"} <= set(found.groups.columns)


def test_the_auc_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 300)
    chances = rng.dirichlet(np.ones(3), 300)
    chances[:50] = chances[0]  # ties
    exact = metrics.roc_auc_score(truth, chances, multi_class="ovr", average="weighted")
    assert _auc(chances, truth) == pytest.approx(exact)


def test_it_is_marked_for_the_owners_eyes_and_never_to_be_packaged():
    found = evaluate(people(), people(seed=1))
    assert "never to be packaged" in repr(found)
    assert "never to be packaged" in found._repr_html_()
    assert "owner" in found._repr_html_()
    assert not hasattr(found, "provenance")


def test_the_same_frames_give_the_same_figures_and_dates_are_compared():
    real = people().assign(day=pd.date_range("2026-01-01", periods=600, tz="Europe/Zurich"))
    made = real.assign(day=real["day"].where(real.index > 300))
    first, second = (evaluate(real, made, target="rich") for _ in range(2))
    assert first.distances.equals(second.distances)
    assert (first.propensity, first.real) == (second.propensity, second.real)
    assert first.distances.loc["day", "distance"] == pytest.approx(301 / 600, abs=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"synthetic": people()[["age"]]}, r"share 1 column\."),
        ({"synthetic": people()[[]]}, r"share 0 columns\."),
        ({"synthetic": people().iloc[:0]}, "no rows"),
        ({"target": "spend"}, "'spend'"),
        ({"by": "plan"}, "target="),
        ({"target": "rich", "by": "zip"}, "'zip'"),
        ({"target": "one"}, "one value"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, words):
    real = people().assign(one=1)
    given = {"synthetic": real, **call}
    with pytest.raises(EvaluationError, match=words):
        evaluate(real, **given)


def test_a_frame_that_is_none_or_lacks_a_column_is_refused():
    with pytest.raises(pk.FrameError):
        evaluate([1], people())
    with pytest.raises(pk.ColumnNotFoundError):
        evaluate(people(), people(), columns=["age", "zip"])


@pytest.mark.parametrize("numbers", [[np.nan] * 6, [np.inf, -np.inf, 1e308, -1e308, 1, 2], [1, *[np.nan] * 5]])
def test_columns_of_no_number_and_of_infinite_ones_are_compared_too(numbers):
    frame = pd.DataFrame({"a": numbers * 10, "b": range(60)})
    assert "AUC" in repr(pk.evaluate(frame, frame))
    assert "AUC" in repr(pk.evaluate(frame, frame, target="b"))


@pytest.mark.parametrize(
    "column",
    [
        pd.period_range("2026-01", periods=60, freq="M"),
        pd.interval_range(0, 60),
        pd.array([complex(row % 7, 1) for row in range(60)]),
        pd.Categorical(pd.period_range("2026-01", periods=60, freq="M")),
    ],
    ids=["periods", "intervals", "complex", "categories of periods"],
)
def test_a_copy_of_columns_of_rare_types_is_at_no_distance(column):
    frame = pd.DataFrame({"a": column, "b": list("abc") * 20})
    found = pk.evaluate(frame, frame.copy(deep=True))
    assert found.distances["distance"].max() == 0
    assert 0 < pk.evaluate(frame, frame.assign(a=frame["a"].iloc[0])).distances.loc["a", "distance"] < 1


def test_columns_whose_names_are_no_text_are_refused_with_a_way_on():
    frame = pd.DataFrame(np.arange(60).reshape(20, 3), columns=[0, "b", "c"])
    with pytest.raises(EvaluationError, match=r"names of 1 of the shared columns are no text.*rename\(columns=str\)"):
        pk.evaluate(frame, frame)
    assert pk.evaluate(frame.rename(columns=str), frame.rename(columns=str)).columns == ("0", "b", "c")
    assert pk.evaluate(frame, frame, columns=["b", "c"]).mean() == 0


def test_columns_of_two_types_are_named():
    """Else all values differ, and nobody is told why."""
    real = pd.DataFrame({"x": [1, 2, 3] * 20, "y": list("abc") * 20})
    found = pk.evaluate(real, real.assign(x=real["x"].astype(str)))
    assert [name for name, *_ in found.types] == ["x"]
    assert "x is int64 in the real rows" in str(found)
    assert pk.evaluate(real, real.assign(x=real["x"].astype(float))).types == ()
