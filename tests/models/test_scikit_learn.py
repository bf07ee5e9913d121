"""What scikit-learn does with estimators: clones, folds and searches that charge, processes, pickles."""

import pickle
import warnings

import numpy as np
import pytest
from models_made import logistic, same

import privkit as pk

sklearn = pytest.importorskip("sklearn")
import joblib  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import FitFailedWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402


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
