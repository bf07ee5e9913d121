"""Estimators: each fit is one release, charged, replayed and told; what scikit-learn does with them; bad input."""

import pickle
import re
import warnings

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from models_drawn import BOUNDS, KEYS, drawn

import privkit as pk

sklearn = pytest.importorskip("sklearn")
import joblib  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import FitFailedWarning  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402

CLASSES = ["no", "yes"]


def logistic(**more):
    return pk.models.DPLogisticRegression(**{"bounds": BOUNDS, "keys": KEYS, "classes": CLASSES, "epsilon": 1, **more})


def linear(**more):
    return pk.models.DPLinearRegression(**{"bounds": {"calls": (0, 20)}, "y_bounds": (0, 90), "epsilon": 1, **more})


def bayes(**more):
    return pk.models.DPNaiveBayes(**{"bounds": BOUNDS, "keys": KEYS, "classes": CLASSES, "epsilon": 1, **more})


def kmeans(**more):
    return pk.models.DPKMeans(**{"n_clusters": 2, "bounds": BOUNDS, "epsilon": 1, **more})


#: Of each model: how it is made, and which of the people's columns it is asked of.
MODELS = {
    "logistic": (logistic, ["calls", "age", "plan", "loyal"], "left"),
    "linear": (linear, ["calls"], "age"),
    "bayes": (bayes, ["calls", "age", "plan", "loyal"], "left"),
    "kmeans": (kmeans, ["calls", "age"], None),
}


@pytest.fixture(params=MODELS)
def case(request, people):
    made, names, response = MODELS[request.param]
    frame, left = people
    y = left if response == "left" else None if response is None else frame[response]
    return made, frame[names], y


def numbers(model):
    """All that a model learned."""
    learned = ("coef_", "intercept_", "cluster_centers_", "class_log_prior_")
    return [np.asarray(getattr(model, name)).ravel() for name in learned if hasattr(model, name)]


def same(one, two):
    return all((a == b).all() for a, b in zip(numbers(one), numbers(two), strict=True))


@pytest.fixture
def project(ledger_path):
    return pk.open_project("churn", epsilon=100, delta=1e-3, ceiling=50, unit=pk.ROW, store=ledger_path)


# -- one release -------------------------------------------------------------------------------------------------------


def test_a_fit_is_one_charge_and_the_same_fit_replays(project, case):
    made, table, y = case
    first = made().fit(table, y)
    assert project.spent.main == 1
    assert len([entry for entry in project.account.entries() if entry.answer is not None]) == 1
    again = made().fit(table.copy(), y)
    assert project.spent.main == 1
    assert again.release_.replayed
    assert not first.release_.replayed
    assert same(first, again)
    fresh = made().fit(table, y, again=True)
    assert project.spent.main == 2
    assert not same(first, fresh)
    made().fit(table[:-1], None if y is None else y[:-1])
    assert project.spent.main == 3


def test_its_provenance_and_price_are_those_of_the_release(project, case):
    made, table, y = case
    model = made().fit(table, y)
    assert model.provenance_.epsilon == 1.0
    assert model.provenance_.entry == model.release_.provenance.entry
    assert "'churn'" in model.release_.provenance.line
    assert model.n_features_in_ == table.shape[1]
    assert list(model.feature_names_in_) == list(table.columns)
    plan = made().plan(table, y)
    assert plan.loss == model.release_.loss
    assert plan.standing.replays


def test_a_plan_spends_and_reads_nothing(project, case):
    made, table, y = case
    plan = made().plan(table[:0], None if y is None else y[:0])
    assert plan.loss.main == 1
    assert project.spent.main == 0


def test_all_is_charged_in_any_measure(tmp_path, case):
    made, table, y = case
    for name, terms, price in (
        ("a", {"rho": 2}, {"rho": 0.5}),
        ("b", {"epsilon": 2, "delta": 1e-5}, {"epsilon": 1, "delta": 1e-6}),
        ("c", {"epsilon": 2}, {"epsilon": 1}),
    ):
        project = pk.open_project(name, unit=pk.ROW, store=tmp_path / "l.db", **terms)
        model = made(**{"epsilon": None, "project": project, **price}).fit(table, y)
        assert project.spent == model.release_.loss


def test_it_predicts_what_is_there(project, people):
    frame, left = people
    table, other = frame, drawn(3000, seed=9)
    true = (other[1] == "yes").to_numpy()
    z = pd.get_dummies(frame[["calls", "age", "plan", "loyal"]])
    plain = LogisticRegression(max_iter=5000).fit(z, left)
    reached = plain.score(pd.get_dummies(other[0])[z.columns], other[1])
    for made in (logistic, bayes):
        model = made(epsilon=5).fit(table, left)
        assert list(model.classes_) == CLASSES
        chances = model.predict_proba(other[0])
        assert chances.shape == (3000, 2)
        assert chances.sum(axis=1) == pytest.approx(1)
        assert (model.predict(other[0]) == np.where(chances[:, 1] > 0.5, "yes", "no")).all()
        assert model.score(other[0], other[1]) > reached - 0.03
        assert chances[true, 1].mean() > chances[~true, 1].mean() + 0.1
    model = linear(bounds={"calls": (0, 20), "age": (18, 90)}, y_bounds=(0, 200), epsilon=30)
    cost = pd.Series(5 * frame["calls"] + frame["age"], name="cost")
    plain = LinearRegression().fit(frame[["calls", "age"]], cost)
    model.fit(frame[["age", "calls"]], cost)
    assert model.coef_[::-1] == pytest.approx(plain.coef_, abs=0.2)
    assert model.predict(other[0][["calls", "age"]]) == pytest.approx(plain.predict(other[0][["calls", "age"]]), abs=8)
    assert "age_lower" in model.release_.to_frame()


def test_coefficients_are_those_of_the_columns(project, people):
    frame, left = people
    model = logistic(epsilon=20, penalty=0).fit(frame, left)
    chances = model.decision_function(frame)
    by_hand = model.intercept_[0] + sum(
        coefficient * (frame[name] if "=" not in name else (frame["plan"] == name.partition("=")[2]))
        for name, coefficient in zip(model.coef_names_, model.coef_[0], strict=True)
    )
    assert chances == pytest.approx(by_hand.to_numpy(), abs=1e-3)
    assert model.n_rows_ == pytest.approx(4000, abs=50)


def test_centers_are_found_and_rows_brought_to_the_nearest(project):
    rng = np.random.default_rng(2)
    true = np.array([[3.0, 30.0], [15.0, 35.0], [10.0, 75.0]])
    rows = np.repeat(true, 12_000, axis=0) + rng.normal(0, 1, (36_000, 2))
    frame = pd.DataFrame(rows, columns=["calls", "age"])
    model = kmeans(n_clusters=3).fit(frame)
    order = [int(np.abs(model.cluster_centers_ - one).sum(axis=1).argmin()) for one in true]
    assert sorted(order) == [0, 1, 2]
    assert model.cluster_centers_[order] == pytest.approx(true, abs=1.5)  # 28 scales of the noise, or more
    assert model.counts_[order] == pytest.approx([12_000] * 3, abs=300)
    assert (model.predict(frame) == np.repeat(order, 12_000)).mean() > 0.99
    assert (kmeans(n_clusters=3).fit_predict(frame) == model.predict(frame)).all()
    assert not hasattr(model, "labels_")


def test_an_array_is_a_frame_of_x0_x1(project, people):
    frame, left = people
    table = frame[["calls", "age"]].to_numpy()
    bounds = {"x0": (0, 20), "x1": (18, 90)}
    model = logistic(bounds=bounds, keys=None).fit(table, left.to_numpy())
    assert list(model.feature_names_in_) == ["x0", "x1"]
    assert (model.predict(table) == model.predict(pd.DataFrame(table, columns=["x0", "x1"]))).all()
    assert kmeans(bounds=bounds).fit(table).cluster_centers_.shape == (2, 2)


def test_public_facts_of_the_project_are_taken(project, people):
    frame, left = people
    project.public(calls=(0, 20), age=(18, 90), plan=["basic", "plus", "pro"], left=CLASSES)
    for made in (logistic, bayes):
        told = made(bounds=None, keys=None, classes=None).fit(frame, left)
        assert same(told, made().fit(frame, left))
        assert len(told.provenance_.public) == 4
    assert project.spent.main == 2


def test_bounds_of_what_is_predicted_stand_with_the_others(project, people):
    x, y = people[0][["calls"]], people[0]["age"]
    one = linear(y_bounds=None, bounds={"calls": (0, 20), "age": (0, 90)}).fit(x, y)
    assert one.coef_ == linear().fit(x, y).coef_
    assert len(project.ledger) == 1  # the same question
    with pytest.raises(pk.ValueBoundsRequiredError, match=r"bounds of 'age': bounds=\{'age': \(lower, upper\), ...\}"):
        linear(y_bounds=None).fit(x, y)
    with pytest.raises(pk.ParameterError, match="of other columns: 'cals'"):
        linear(bounds={"cals": (0, 20)}).fit(x, y)


def test_the_response_may_be_a_column_of_x(project, people):
    frame, left = people
    one = logistic().fit(frame.assign(left=left), "left")
    assert list(one.feature_names_in_) == list(frame.columns)
    assert same(one, logistic().fit(frame, left))
    assert project.spent.main == 1


# -- persons -----------------------------------------------------------------------------------------------------------


def test_persons_are_the_unit_where_the_project_says_so(tmp_path, people):
    frame, left = people
    thrice = pd.concat([frame.assign(who=np.arange(len(frame)))] * 3, ignore_index=True)
    y = pd.concat([left] * 3, ignore_index=True)
    project = pk.open_project("p", epsilon=100, delta=1e-3, unit="who", max_rows=3, store=tmp_path / "l.db")
    model = logistic(delta=1e-6).fit(thrice, y)
    assert "who" not in model.feature_names_in_
    assert model.n_rows_ == pytest.approx(4000, abs=300)  # persons, within 7 deviations
    assert model.score(frame, left) > 0.7
    assert "protects all rows of one 'who'" in model.release_.provenance.line
    plan = logistic(delta=1e-6).plan(thrice, y)
    rows = pk.open_project("r", epsilon=100, delta=1e-3, unit=pk.ROW, store=tmp_path / "l.db")
    alone = logistic(delta=1e-6).plan(frame, left)
    assert plan.scale == alone.scale  # their rows share the weight of one
    assert rows.spent.main == 0
    for made in (linear, bayes, kmeans):
        names = {linear: ["calls"], bayes: list(frame.columns), kmeans: ["calls", "age"]}[made]
        of = None if made is kmeans else thrice["age"] if made is linear else y
        found = made(project=project).fit(thrice[[*names, "who"]], of)
        assert list(found.feature_names_in_) == names
    assert project.spent.main == 4


def test_an_array_has_no_persons(tmp_path, people):
    frame, left = people
    project = pk.open_project("p", epsilon=1, unit="who", max_rows=3, store=tmp_path / "l.db")
    with pytest.raises(pk.ModelError, match="no column 'who', by which this project tells persons apart"):
        logistic(bounds={"x0": (0, 20)}, keys=None).fit(frame[["calls"]].to_numpy(), left)
    with pytest.raises(pk.ColumnNotFoundError, match="who"):
        logistic().fit(frame, left)
    assert project.spent.main == 0


# -- what scikit-learn does --------------------------------------------------------------------------------------------


def test_a_clone_is_untrained_asks_the_same_project_and_charges(project, case):
    made, table, y = case
    model = made(project=project).fit(table, y)
    other = clone(model)
    assert not hasattr(other, "release_")
    assert other.project is project
    assert {**other.get_params(), "project": None} == {**model.get_params(), "project": None}
    other.set_params(epsilon=2).fit(table, y)
    assert project.spent.main == 3


def test_each_fold_charges_and_is_refused_where_the_budget_ends(tmp_path, people):
    frame, left = people
    project = pk.open_project("folds", epsilon=3, unit=pk.ROW, store=tmp_path / "l.db")
    scores = cross_val_score(logistic(), frame, left, cv=3)
    assert (scores > 0.6).all()
    assert project.spent.main == 3
    assert (cross_val_score(logistic(), frame, left, cv=3) == scores).all()  # replayed
    assert project.spent.main == 3
    with pytest.raises(pk.InsufficientBudgetError, match="No budget was spent"):
        cross_val_score(logistic(epsilon=2), frame, left, cv=3, error_score="raise")
    assert project.spent.main == 3


def test_a_search_charges_every_fit(tmp_path, people):
    frame, left = people
    project = pk.open_project("search", epsilon=6, unit=pk.ROW, store=tmp_path / "l.db")
    found = GridSearchCV(logistic(), {"penalty": [0.001, 0.01]}, cv=2).fit(frame, left)
    assert project.spent.main == 5  # two of two folds each, and the best on all rows
    assert found.best_estimator_.release_.loss.main == 1
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        again = GridSearchCV(logistic(epsilon=1), {"penalty": [0.001, 0.02]}, cv=2, refit=False).fit(frame, left)
    assert project.spent.main == 6
    assert np.isnan(again.cv_results_["mean_test_score"]).sum() == 1
    assert any(issubclass(one.category, FitFailedWarning) and "InsufficientBudget" in str(one.message) for one in told)


@pytest.mark.landing
def test_several_processes_are_refused_for_a_project_lives_in_one(project, people):
    frame, left = people
    for model in (logistic(), logistic(project=project)):
        with pytest.raises(pk.NoProjectError, match=r"(?s)n_jobs=1.*No budget was spent"):
            cross_val_score(model, frame, left, cv=2, n_jobs=2, error_score="raise")
    assert project.spent.main == 0
    with joblib.parallel_config(backend="threading"):  # what it tells to do
        scores = cross_val_score(logistic(project=project), frame, left, cv=2, n_jobs=2, error_score="raise")
    assert np.isfinite(scores).all()
    assert project.spent.main == 2


def test_a_trained_model_is_pickled_without_a_project(project, case):
    made, table, y = case
    model = made().fit(table, y)
    other = pickle.loads(pickle.dumps(model))
    assert same(model, other)
    assert (other.predict(table) == model.predict(table)).all()


def test_a_pickled_model_asks_its_own_project_again_and_no_other(project, case, tmp_path):
    made, table, y = case
    model = made(project=project).fit(table, y)
    stored, spent = pickle.dumps(model), project.spent
    other = pickle.loads(stored)
    assert same(model, other)
    assert (other.predict(table) == model.predict(table)).all()
    assert other.fit(table, y).release_.replayed  # it is the current one here
    assert clone(other).fit(table, y).release_.replayed
    second = pk.open_project("second", epsilon=100, unit=pk.ROW, store=tmp_path / "second.db")
    for one in (pickle.loads(stored), pickle.loads(pickle.dumps(other)), clone(pickle.loads(stored))):
        with pytest.raises(pk.NoProjectError, match=rf"(?s)asks the project '{project.name}'.*No budget was spent"):
            one.fit(table, y)
    assert second.spent.main == 0
    assert project.spent == spent
    assert str(tmp_path).encode() not in stored  # neither its ledger's address nor what is in it


# -- bad input ---------------------------------------------------------------------------------------------------------


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
