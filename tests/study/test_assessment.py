"""Models assessed: each figure by another way of counting, leakage that is planted is found, no cell value leaves."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import confusion_matrix, r2_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

import privkit as pk
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.attacks import AttackError
from privkit.risk.attackers import Rate
from privkit.study.assessments.performance import Predicted, groups_in

CANARY = "CANARY-7f3a"
#: Numbers are this and some more, so that each of them is a canary too.
FAR = 987_654_321_000


def people(rows, seed, start=0):
    """Return persons of whom every text but the names of groups is a canary; `ill` follows from `a`, with errors."""
    random = np.random.default_rng(seed)
    a = random.normal(size=rows).round(3) + FAR
    return pd.DataFrame(
        {
            "who": [f"{CANARY}-{n}" for n in range(start, start + rows)],
            "a": a,
            "b": random.normal(size=rows).round(3) + FAR,
            "sex": random.choice(["f", "m"], rows),
            "town": np.where(np.arange(rows) < rows - 5, "large", "small"),
            "ill": np.where((a > FAR) ^ (random.random(rows) < 0.2), f"{CANARY}-ill", f"{CANARY}-well"),
        }
    )


TRAIN, TEST = people(300, 0), people(200, 1, 300)
SIDES = {"train": TRAIN, "test": TEST, "target": "ill"}


class Shifted(LogisticRegression):
    """A logistic regression on features that are far from 0."""

    def _near(self, rows):
        return rows - FAR

    def fit(self, rows, y):
        super().fit(self._near(rows), y)
        self.feature_names_in_ = np.array(rows.columns, dtype=object)
        return self

    def predict_proba(self, rows):
        return super().predict_proba(self._near(rows))

    def predict(self, rows):
        return self.classes_[(self.predict_proba(rows)[:, 1] > 0.5).astype(int)]


@pytest.fixture(scope="module")
def shifted():
    return Shifted().fit(TRAIN[["a", "b"]], TRAIN["ill"])


@pytest.fixture(scope="module")
def made(shifted):
    inventory = pk.audit(TRAIN).assign("a", source="the clinic", purpose="diagnosis")
    return pk.assess_model(shifted, unit="who", groups=["sex", "town"], inventory=inventory, validation=TEST, **SIDES)


# -- figures -----------------------------------------------------------------------------------------------------------


def test_each_set_is_judged_as_scikit_learn_does(made, shifted):
    assert [one.name for one in made.sets] == ["train", "validation", "test"]
    for found, frame in zip(made.sets, (TRAIN, TEST, TEST), strict=True):
        guessed, truth = shifted.predict(frame[["a", "b"]]), frame["ill"]
        assert found.score == pytest.approx((guessed == truth).mean())
        assert found.performance.auc == pytest.approx(
            roc_auc_score(truth == shifted.classes_[1], shifted.predict_proba(frame[["a", "b"]])[:, 1])
        )
        no, alarm, miss, yes = confusion_matrix(truth, guessed, labels=shifted.classes_).ravel()
        one = found.performance
        assert (one.missed, one.alarms, one.chosen) == (
            Rate(miss, miss + yes), Rate(alarm, alarm + no), Rate(alarm + yes, len(truth))
        )  # fmt: skip
        assert found.persons == len(frame)
    assert made.gap == pytest.approx(made.train.score - made.test.score)


def test_groups_are_those_of_pandas_and_small_ones_are_folded(made, shifted):
    wrong = shifted.predict(TEST[["a", "b"]]) != TEST["ill"]
    by_sex = wrong.groupby(TEST["sex"]).agg(["size", "mean"])
    found = {one.name: one for one in made.groups if one.by == "sex"}
    assert {name: one.rows for name, one in found.items()} == by_sex["size"].to_dict()
    for name, one in found.items():
        assert one.performance.error == pytest.approx(by_sex.loc[name, "mean"])
        assert one.excess == pytest.approx(by_sex.loc[name, "mean"] - wrong[TEST["sex"] != name].mean())
        assert one.interval[0] < one.excess < one.interval[1]
    large, small = (one for one in made.groups if one.by == "town")
    assert (large.name, large.rows, large.others) == ("large", 195, None)  # of five others nothing is told
    assert (small.name, small.rows, small.performance) == ("1 group of fewer than 20 rows", 5, None)
    frame = made.to_frame()
    assert frame["by"].tolist() == ["set"] * 3 + ["sex"] * 2 + ["town"] * 2
    assert frame["error"].isna().tolist() == [False] * 6 + [True]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.booleans()), min_size=1, max_size=120))
def test_groups_part_the_rows_and_their_errors(rows):
    names = pd.Series([name for name, _ in rows], name="g", dtype=object)
    found = Predicted(np.array([float(wrong) for _, wrong in rows]), classes=True)
    groups = list(groups_in(found, [names]))
    assert sum(one.rows for one in groups) == len(rows)
    told = [one.performance for one in groups if one.performance is not None]
    assert all(one.rows >= 20 for one in told)
    assert sum(one.rows < 20 for one in groups) <= 1
    for one in groups:
        if one.performance is not None and one.others is not None:
            both = one.performance.wrong.hits + one.others.wrong.hits
            assert both == sum(wrong for _, wrong in rows)


def test_numbers_are_judged_by_their_size(made):
    known = TRAIN[["a", "b"]] - FAR
    line = LinearRegression().fit(known[["a"]], known["b"])
    other = (TEST[["a", "b"]] - FAR).assign(sex=TEST["sex"])
    found = pk.assess_model(line, train=known.assign(sex="f"), test=other, target="b", groups="sex")
    guessed = line.predict(other[["a"]])
    assert (found.kind, found.measure) == ("numbers", "R²")
    assert found.test.score == pytest.approx(r2_score(other["b"], guessed))
    assert found.test.performance.error == pytest.approx(np.abs(other["b"] - guessed).mean())
    assert all(one.interval is None for one in found.groups)
    assert found.worse == ()
    assert "R² " in repr(found)


# -- leakage -----------------------------------------------------------------------------------------------------------


def test_rows_and_persons_of_the_training_are_found_in_the_test(shifted):
    clean = pk.assess_model(shifted, unit="who", **SIDES)
    assert (clean.leaks, clean.test.repeated.hits, clean.test.shared_persons) == (False, 0, 0)
    same = TEST.assign(who=[*TRAIN["who"].head(3), *TEST["who"].tail(197)])
    found = pk.assess_model(shifted, unit="who", **{**SIDES, "test": same})
    assert (found.leaks, found.test.shared_persons, found.test.repeated.hits) == (True, 3, 0)
    assert "3 of 200 persons of the test have training rows" in repr(found)
    copied = pd.concat([TEST.tail(150), TRAIN.head(50)])
    found = pk.assess_model(shifted, **{**SIDES, "test": copied})
    assert (found.leaks, found.test.repeated) == (True, Rate(50, 200))
    assert found.test.persons is None


def test_twins_of_coarse_rows_are_no_leak():
    coarse = pd.DataFrame({"x": [0, 1] * 50, "y": [0, 1] * 50})
    guess = DummyClassifier().fit(coarse[["x"]], coarse["y"])
    found = pk.assess_model(guess, train=coarse, test=coarse, target="y")
    assert (found.test.repeated.observed, found.train.repeated.observed, found.leaks) == (1.0, 1.0, False)


# -- features and attacks ----------------------------------------------------------------------------------------------


def test_features_have_the_audits_role_and_the_owners_words(made):
    assert made.features == ("a", "b")
    assert made.without_source == ("b",)
    told = json.loads(made.to_json())
    assert told["features"][0] | {"risk": ""} == {
        "name": "a", "role": made.inventory["a"].role, "risk": "", "source": "the clinic", "purpose": "diagnosis",
    }  # fmt: skip
    assert [one["risk"] for one in told["features"]] == [made.inventory[name].rating for name in ("a", "b")]


def test_an_attack_is_that_of_attack_model_and_leaves_shared_persons_out():
    nearest = KNeighborsClassifier(1).fit(TRAIN[["a", "b"]], TRAIN["ill"])
    both = pd.concat([TEST, TRAIN.head(40)])
    found = pk.assess_model(nearest, train=TRAIN, test=both, target="ill", attack={"shadows": 8, "targets": 60})
    alone = pk.attack_model(
        nearest, TRAIN[["a", "b"]], TEST[["a", "b"]], TRAIN["ill"], TEST["ill"], shadows=8, targets=60
    )
    assert found.attack.n_out == 200
    assert found.attack.strongest.auc == alone.strongest.auc
    again = pk.assess_model(nearest, attack=alone, **SIDES)
    assert again.attack is alone
    assert repr(alone).partition("\n")[0] in repr(again)


# -- what leaves -------------------------------------------------------------------------------------------------------


def test_no_cell_value_but_names_of_groups_leaves(made, tmp_path, ledger_path):
    made.to_json(tmp_path / "a.json")
    project = pk.open_project("study", epsilon=1, unit=pk.ROW, store=ledger_path)
    kept = project.record(made, table="clinic")
    dossier = pk.dossier(project=project, reports=[made], today="2026-11-30")
    texts = [repr(made), made._repr_html_(), (tmp_path / "a.json").read_text(), made.to_frame().to_csv(), repr(kept)]
    texts += [project.measured.path.read_text(), dossier.to_html(), dossier.to_markdown(), dossier.to_json()]
    for text in texts:
        assert CANARY not in text
        assert "98765432" not in text.replace(",", "")
    assert '"m"' not in project.measured.path.read_text()  # a group's name is a value: it is not kept
    assert "| large | town |" not in dossier.to_markdown()  # nor is it in what others get
    assert "| group 1 | town |" in dossier.to_markdown()


def test_a_dossier_counts_what_is_known_of_a_model_by_who_knows_it(made, ledger_path):
    project = pk.open_project("study", epsilon=1, unit=pk.ROW, store=ledger_path)
    assert "No model was assessed" in pk.dossier(project=project).to_markdown()
    page = pk.dossier(project=project, reports=[made]).to_markdown()
    assert "6 of 10 fields on the last model were filled without a person (report 5, ledger 1)" in page
    project.record(made, table="clinic", on="2026-01-31")
    kept = pk.dossier(project=project).to_markdown()
    assert "Model assessment, as it was recorded" in kept
    assert "2026-01-31" in kept


# -- bad input ---------------------------------------------------------------------------------------------------------


def test_what_cannot_be_assessed_says_what_to_type(shifted):
    few = {**SIDES, "test": TEST.head(19)}
    calls = {
        "got 19 rows of test": (AttackError, lambda: pk.assess_model(shifted, **few)),
        "no classifier and no regressor": (AttackError, lambda: pk.assess_model(len, **SIDES)),
        "that is not trained": (ParameterError, lambda: pk.assess_model(LogisticRegression(), **SIDES)),
        "column that is no feature": (ParameterError, lambda: pk.assess_model(shifted, **{**SIDES, "target": "a"})),
        "'a' and 'zzz'|'zzz'": (ColumnNotFoundError, lambda: pk.assess_model(shifted, features=["a", "zzz"], **SIDES)),
        "with 200 values": (ParameterError, lambda: pk.assess_model(shifted, groups="who", **SIDES)),
        "some of": (ParameterError, lambda: pk.assess_model(shifted, attack={"shadow": 8}, **SIDES)),
        "a mapping of its arguments": (ParameterError, lambda: pk.assess_model(shifted, attack=5, **SIDES)),
        "missing answers in y_test": (
            AttackError,
            lambda: pk.assess_model(shifted, **{**SIDES, "test": TEST.assign(ill=TEST["ill"].where(TEST.index > 5))}),
        ),
    }
    for text, (kind, call) in calls.items():
        with pytest.raises(kind, match=text) as caught:
            call()
        assert CANARY not in str(caught.value)
        assert str(caught.value).startswith("assess_model()")
