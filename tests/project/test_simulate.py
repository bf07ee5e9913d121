"""The teaching mode through the public API: loud, seeded, and apart from every ledger."""

import pandas as pd
import pytest

import privkit as pk
from privkit.errors import SimulatedError

PEOPLE = pd.DataFrame({"plan": ["a", "b"] * 50})


def test_a_class_sees_the_same_marked_noise_and_no_file_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answers = []
    for _ in range(2):
        project = pk.open_project("class", epsilon=1, unit=pk.ROW, simulate=True, seed=1)
        release = PEOPLE.privacy.dp_count("plan", keys=["a", "b"], epsilon=0.25)
        answers.append(release.value.tolist())
        assert "SIMULATED" in repr(release)
        assert "SIMULATED" in repr(project)
        assert "SIMULATED" in repr(PEOPLE.privacy.plan.dp_count(epsilon=0.25))
    assert answers[0] == answers[1]
    assert project.spent.epsilon == 0.25
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SimulatedError):
        project.ledger.to_csv()


def test_its_budget_ends_like_a_real_one():
    pk.open_project("class", epsilon=0.3, unit=pk.ROW, simulate=True, seed=1)
    with pytest.raises(pk.InsufficientBudgetError):
        PEOPLE.privacy.dp_count(epsilon=0.5)


@pytest.mark.parametrize("beside", [{"store": "x.db"}, {"adopt": True}, {"analyst": "ada"}])
def test_what_belongs_to_a_ledger_is_refused(beside):
    with pytest.raises(pk.ParameterError, match="ledger"):
        pk.open_project("class", epsilon=1, unit=pk.ROW, simulate=True, **beside)


def test_real_noise_has_no_seed(ledger_path):
    with pytest.raises(pk.ParameterError, match="seed"):
        pk.open_project("real", epsilon=1, unit=pk.ROW, seed=1, store=ledger_path)
    assert not ledger_path.exists()


def test_releases_add_up_for_free(ledger_path):
    project = pk.open_project("real", epsilon=1, unit=pk.ROW, store=ledger_path)
    release = PEOPLE.privacy.dp_count("plan", keys=["a", "b"], epsilon=0.5)
    assert release.total().value == release.value.sum()
    assert (release - release).accuracy.tolist() == [0, 0]
    assert release.non_negative().value.min() >= 0
    assert project.spent.epsilon == 0.5


def test_a_ceiling_is_what_it_is_set_to():
    project = pk.open_project("class", epsilon=100, unit=pk.ROW, simulate=True, seed=1, ceiling=50)
    PEOPLE.privacy.dp_count(epsilon=20)
    assert project.spent.epsilon == 20
    pk.open_project("class", epsilon=100, unit=pk.ROW, simulate=True, seed=1, ceiling=0.5)
    with pytest.raises(pk.CeilingError):
        PEOPLE.privacy.dp_count(epsilon=0.9)


@pytest.mark.parametrize("limit", [{"per_analyst": 1}, {"window": (30, 1)}], ids=str)
def test_limits_beside_the_budget_hold_as_in_a_ledger(limit, ledger_path):
    for simulate in ({"simulate": True, "seed": 1}, {"store": ledger_path}):
        pk.open_project("class", epsilon=100, unit=pk.ROW, **simulate, **limit)
        PEOPLE.privacy.dp_count(epsilon=0.9, again=True)
        with pytest.raises(pk.InsufficientBudgetError):
            PEOPLE.privacy.dp_count(epsilon=0.9, again=True)


@pytest.mark.parametrize("wrong", [{"ceiling": -1}, {"per_analyst": "a"}, {"window": 3}], ids=str)
def test_limits_that_are_none_are_refused(wrong):
    with pytest.raises(pk.ParameterError, match=next(iter(wrong))):
        pk.open_project("class", epsilon=1, unit=pk.ROW, simulate=True, **wrong)
