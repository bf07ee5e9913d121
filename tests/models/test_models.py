"""Estimators: each fit is one release, charged, replayed and told; persons where they are the unit."""

import numpy as np
import pandas as pd
import pytest
from models_drawn import drawn
from models_made import CLASSES, bayes, kmeans, linear, logistic, same

import privkit as pk

sklearn = pytest.importorskip("sklearn")
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402

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
