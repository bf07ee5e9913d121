"""Bad input of estimators: data, parameters and numbers, told in words, with nothing spent."""

import re

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from models_made import MODELS, bayes, kmeans, linear, logistic

import privkit as pk

sklearn = pytest.importorskip("sklearn")


def frame_of(**columns):
    return pd.DataFrame(columns)


BAD = {
    "a number": (5, ["no"], pk.ModelError),
    "a text": ("x", ["no"], pk.ModelError),
    "one dimension": (np.ones(3), ["no"] * 3, pk.ModelError),
    "an array of objects": (np.array([["a"]], dtype=object), ["no"], pk.ModelError),
    "ragged lists": ([[1.0], [1.0, 2.0]], ["no"] * 2, pk.ModelError),
    "too few answers": (frame_of(calls=[1.0, 2.0]), ["no"], pk.ModelError),
    "no answers": (frame_of(calls=[1.0]), None, pk.PrivkitError),
    "answers of two dimensions": (frame_of(calls=[1.0]), [["no"]], pk.ModelError),
    "a column without bounds": (frame_of(other=[1.0]), ["no"], pk.PrivkitError),
    "no columns": (pd.DataFrame(index=[0]), ["no"], pk.PrivkitError),
    "columns that are no text": (pd.DataFrame({0: [1.0]}), ["no"], pk.PrivkitError),
    "two columns of one name": (pd.DataFrame([[1.0, 2.0]], columns=["calls", "calls"]), ["no"], pk.PrivkitError),
    "no such response": (frame_of(calls=[1.0]), "gone", pk.PrivkitError),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("made", [logistic, bayes, linear])
@pytest.mark.sample(0.3)
def test_bad_data_is_told_and_nothing_is_spent(project, made, name):
    table, y, error = BAD[name]
    more = {} if made is linear else {"keys": None}
    with pytest.raises(error) as told:
        made(bounds={"calls": (0, 20)}, **more).fit(table, y)
    assert "No budget was spent." in str(told.value)
    assert project.spent.main == 0


@pytest.mark.parametrize("name", ["a number", "a text", "one dimension", "ragged lists", "a column without bounds"])
def test_bad_data_of_clusters_is_told(project, name):
    with pytest.raises(pk.PrivkitError, match="No budget was spent"):
        kmeans(bounds={"calls": (0, 20)}).fit(BAD[name][0])
    assert project.spent.main == 0


WRONG = {
    "logistic": [
        {"steps": 0},
        {"clip": "1"},
        {"penalty": None},
        {"classes": ["a"]},
        {"classes": pd.Series(["a", "b"])},
    ],
    "bayes": [{"bins": 1}, {"bins": 101}, {"bins": "8"}, {"smoothing": 0}, {"smoothing": "1"}, {"classes": ["no"]}],
    "linear": [{"y_bounds": (5, 5)}, {"y_bounds": None}, {"bounds": {"calls": (3, 3)}}],
    "kmeans": [
        {"n_clusters": 0},
        {"n_clusters": 101},
        {"steps": -1},
        {"start": -1},
        {"bounds": {"calls": (1, 1), "age": (0, 1)}},
    ],
}


@pytest.mark.parametrize(("name", "more"), [(name, one) for name, each in WRONG.items() for one in each])
def test_bad_parameters_are_told_when_it_is_trained(project, people, name, more):
    made, names, response = MODELS[name]
    frame, left = people
    y = left if response == "left" else None if response is None else frame[response]
    model = made(**more)  # a constructor looks at nothing, as scikit-learn wants it
    with pytest.raises(pk.PrivkitError, match="No budget was spent"):
        model.fit(frame[names], y)
    assert project.spent.main == 0


def test_without_a_project_it_says_so(people):
    with pytest.raises(pk.NoProjectError):
        logistic().fit(*people)


def test_a_price_that_buys_nothing_with_the_rows_that_are_known_is_refused(project, people):
    with pytest.raises(pk.ModelError, match=r"would say next to nothing.*No budget was spent"):
        logistic(epsilon=0.001, assume_rows=4000).fit(*people)
    assert project.spent.main == 0
    assert logistic(epsilon=1, assume_rows=4000).fit(*people).release_.loss.main == 1


def test_what_is_not_trained_predicts_nothing(case):
    made, table, _ = case
    with pytest.raises(pk.ModelError, match="is not trained"):
        made().predict(table)


def test_what_lies_outside_the_bounds_is_clipped_and_that_is_said(project, people):
    frame, left = people
    for made, names, response in MODELS.values():
        y = left if response == "left" else None if response is None else frame[response]
        model = made().fit(frame[names], y)
        far, near = frame[names].head(3).assign(calls=99.0), frame[names].head(3).assign(calls=20.0)
        if made is bayes:
            assert (model.predict(far) == model.predict(near)).all()
            continue
        with pytest.warns(UserWarning, match=r"3 of 3 numbers of 'calls' lie outside \[0, 20\]; they are clipped"):
            found = model.predict(far)
        assert (found == model.predict(near)).all()


def test_what_cannot_be_predicted_is_told(project, case):
    made, table, y = case
    model = made().fit(table, y)
    with pytest.raises(pk.ModelError, match="X without 'calls'"):
        model.predict(table.drop(columns="calls"))
    with pytest.raises(pk.ModelError, match=r"columns, but the model was trained on"):
        model.predict(np.ones((2, 7)))
    if made is not bayes:
        with pytest.raises(pk.ModelError, match="a number is missing"):
            model.predict(table.head(2).assign(calls=[1.0, None]))
    assert len(model.predict(table[:0])) == 0
    assert len(model.predict(table.iloc[::-1, ::-1])) == len(table)


@pytest.mark.parametrize("kind", [str, "datetime64[s]"])
def test_numbers_that_are_none_any_more_are_refused_in_words(project, case, kind):
    made, x, y = case
    model = made().fit(x, y)
    with pytest.raises(pk.ParameterError, match=r"whose 'calls' is of the type .* trained on numbers there"):
        model.predict(x.astype({"calls": int}).astype({"calls": kind}))


@pytest.mark.parametrize(
    ("made_of", "way"),
    [
        (lambda frame: pl.from_pandas(frame), "X.to_pandas()"),
        (lambda frame: pl.from_pandas(frame).lazy(), "X.collect().to_pandas()"),
        (lambda frame: duckdb.from_df(frame), "X.df()"),
        (lambda frame: frame["calls"], "X.to_frame()"),
    ],
)
def test_frames_of_other_libraries_are_told_how_they_become_one_of_pandas(project, people, made_of, way):
    frame, left = people
    other = made_of(frame[["calls"]])
    with pytest.raises(pk.ModelError, match=re.escape(f"of two dimensions: {way}.")):
        linear().fit(other, left)
    made = eval(way, {"X": other})
    assert list(made.columns) == ["calls"]
    with pytest.raises(pk.ModelError, match=r"of two dimensions\. No budget"):
        linear().fit(3, left)
    assert project.spent.main == 0


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1", "2"], "'calls' holds text"),
        (pd.to_timedelta([1, 2], unit="h"), "'calls' holds durations"),
        (pd.Series([1, 2], dtype=object), "'calls' has the type object"),
        ([True, False], "'calls' holds true and false, .* Leave its bounds= out"),
    ],
)
def test_naive_bayes_names_the_column_as_it_was_typed(project, values, words):
    """It told of intervals, and of keys, that nobody had typed."""
    frame = pd.DataFrame({"calls": values, "left": [True, False]})
    with pytest.raises(pk.PrivkitError, match=words):
        pk.models.DPNaiveBayes(bounds={"calls": (0, 9)}, epsilon=1).fit(frame, "left")
    assert project.spent.main == 0


def test_the_response_among_the_features_is_refused(project, people):
    """Naive Bayes was charged for predicting a column by itself; the others asked for facts about ``y_``."""
    frame, left = people
    both = frame[["calls"]].assign(left=left.to_numpy())
    for made in (logistic, bayes):
        with pytest.raises(pk.ModelError, match="'left', by which y is called"):
            made().fit(both, both["left"])
    with pytest.raises(pk.ModelError, match="'calls', by which y is called"):
        linear().plan(frame[["calls"]], frame["calls"])
    assert project.spent.main == 0


def test_clipped_numbers_are_told_at_the_line_of_the_caller(project, case):
    made, x, y = case
    model = made().fit(x, y)
    if isinstance(model, pk.models.DPNaiveBayes):
        return
    with pytest.warns(UserWarning, match="outside") as caught:
        model.predict(x.assign(calls=1e6))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("made", [logistic, linear, bayes])
def test_no_response_is_refused_in_words(project, people, made):
    with pytest.raises(pk.ParameterError, match="got y as None"):
        made().fit(people[0][["calls"]], None)
    assert project.spent.main == 0


def test_levels_and_classes_that_lack_are_asked_for_as_they_are_given(project, people):
    frame, left = people
    with pytest.raises(pk.KeysError, match=r"keys= for 'plan'.*(?s:.*)Example: keys=\{'plan': \['no', 'yes'\]\}"):
        logistic(keys=None).fit(frame[["calls", "age", "plan"]], left)
    with pytest.raises(pk.KeysError, match=r"classes=\['no', 'yes'\]"):
        logistic(classes=None).fit(frame[["calls", "age", "plan", "loyal"]], left)
