# ruff: noqa: N803, N806 - X as scikit-learn has it
"""Kinds of trained models and of input that are attacked: pipelines, frames, stored scores, a time limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_sides import sides

import privkit as pk
from privkit.attacks.models.trained import told

sklearn = pytest.importorskip("sklearn")
from sklearn.dummy import DummyClassifier  # noqa: E402
from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC, LinearSVC  # noqa: E402


@pytest.mark.parametrize(
    "model", [make_pipeline(StandardScaler(), LogisticRegression()), LinearSVC(), SVC(probability=False)]
)
def test_pipelines_margins_words_and_arrays_are_taken(model):
    X_in, X_out, y_in, y_out = sides(60)
    words = [side.map({0: "no", 1: "yes"}) for side in (y_in, y_out)]
    found = pk.attack_model(model, X_in.to_numpy(), X_out.to_numpy(), *words, shadows=8)
    assert list(found) == ["lira", "scores", "inference"]
    assert found.secret == "x4"
    three = [(side["a"] > 0).astype(int) + (side["b"] > 0) for side in (X_in, X_out)]
    assert 0 < pk.attack_model(model, X_in, X_out, *three, shadows=8)["lira"].auc < 1


@pytest.mark.parametrize("kind", ["polars", "lazy", "arrow", "lists"])
def test_frames_of_other_libraries_are_attacked_as_pandas_frames_are(kind):
    import polars as pl
    import pyarrow as pa

    X_in, X_out, y_in, y_out = sides(60)
    ways = {
        "polars": (pl.from_pandas, pl.from_pandas),
        "lazy": (lambda X: pl.from_pandas(X).lazy(), lambda y: pl.Series(y.name, y.tolist())),
        "arrow": (pa.Table.from_pandas, lambda y: pa.array(y.tolist())),
        "lists": (lambda X: X, lambda y: y.tolist()),
    }
    of_frame, of_column = ways[kind]
    model = KNeighborsClassifier(1).fit(X_in, y_in)
    given = [*map(of_frame, (X_in, X_out)), *map(of_column, (y_in, y_out))]
    repairs = {"blind": lambda rows: DummyClassifier().fit(rows[["a"]], rows.iloc[:, -1])}
    found = pk.attack_model(model, *given, shadows=8, seed=3, repairs=repairs)
    same = pk.attack_model(model, X_in, X_out, y_in, y_out, shadows=8, seed=3, repairs=repairs)
    pd.testing.assert_frame_equal(found.to_frame(), same.to_frame())
    pd.testing.assert_frame_equal(found.compared(), same.compared())


def test_a_class_that_a_model_does_not_know_has_no_chance():
    from privkit.attacks.models.rows import People

    people = People(pd.DataFrame({"a": [1, 2]}), pd.Series(["x", "z"]))
    answers = told(np.array([[0.5, 0.5], [0.5, 0.5]]), ("x", "y"), people, "classes", "it")
    assert answers[0] == 0
    assert answers[1] < -10


def test_members_who_are_not_attacked_stay_in_every_training():
    X_in, X_out, y_in, y_out = sides(150)
    found = pk.attack_model(KNeighborsClassifier(1), X_in, X_out[:50], y_in, y_out[:50], shadows=8)
    assert found.n_attacked == 50
    assert found.n_in == 150
    few = pk.attack_model(KNeighborsClassifier(1), X_in, X_out, y_in, y_out, shadows=8, targets=30)
    assert few.n_attacked == few["lira"].rate.n == 30


def test_stored_scores_are_attacked_as_the_model_is():
    X_in, X_out, y_in, y_out = sides()
    model = RandomForestClassifier(10, random_state=0).fit(X_in, y_in)
    whole = pk.attack_model(model, X_in, X_out, y_in, y_out, shadows=8)
    scores = [model.predict_proba(side) for side in (X_in, X_out)]
    both = pk.attack_model(None, *scores, y_in, y_out)
    second = pk.attack_model(None, *(one[:, 1:] for one in scores), y_in, y_out)
    for of in (np.asarray, list, pd.Series):
        lying = pk.attack_model(None, *(of(one[:, 1]) for one in scores), y_in.to_frame(), y_out.to_numpy()[:, None])
        assert lying["scores"].auc == whole["scores"].auc
    words = pk.attack_model(None, *(model.predict(side)[:, None].astype(str) for side in (X_in, X_out)),
                            y_in.astype(str), y_out.astype(str))  # fmt: skip
    assert list(both) == ["scores"] == list(words)
    assert both["scores"].auc == second["scores"].auc == whole["scores"].auc
    assert both.score_out == second.score_out == whole.score_out == words.score_out
    assert "Stored scores" in repr(both)
    numbers = sides(numbers=True)
    found = pk.attack_model(None, numbers[2].to_frame() + 0.01, numbers[3].to_frame() + 1, *numbers[2:])
    assert found.kind == "numbers"
    assert found["scores"].auc == 1.0


def test_a_time_limit_tells_what_was_found_until_then(monkeypatch):
    import privkit.attacks.models.attack as module

    clock = iter(np.arange(0.0, 1e6, 1.0))
    monkeypatch.setattr(module, "monotonic", lambda: float(next(clock)))
    X_in, X_out, y_in, y_out = sides(60)
    found = pk.attack_model(KNeighborsClassifier(1), X_in, X_out, y_in, y_out, shadows=32, seconds=6)
    assert found.stopped
    assert 8 <= found.n_shadows < 32
    assert "time was up" in repr(found)
    short = pk.attack_model(KNeighborsClassifier(1), X_in, X_out, y_in, y_out, shadows=32, seconds=1)
    assert list(short) == ["scores"]
    assert "Too few shadow models" in repr(short)
