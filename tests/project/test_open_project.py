"""Opening projects: their terms, their place, and what is refused."""

import sqlite3
from fractions import Fraction

import pandas as pd
import pytest

import privkit as pk


@pytest.fixture
def people():
    return pd.DataFrame({"customer_id": [1, 1, 2, 3], "plan": ["a", "a", "b", "a"]})


def test_a_new_project_has_all_of_its_budget(ledger_path):
    project = pk.open_project("churn", epsilon=1.0, delta=1e-6, unit="customer_id", max_rows=10, store=ledger_path)
    assert project.remaining.epsilon == 1
    assert project.remaining.delta == Fraction(1, 10**6)
    assert project.spent.epsilon == 0
    assert str(project.remaining) == "ε = 1, δ = 10⁻⁶"


def test_the_default_ledger_lies_beside_the_notebook_and_is_ignored_by_git(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pk.open_project("churn", epsilon=1, unit=pk.ROW)
    assert (tmp_path / ".privkit" / "ledger.db").is_file()
    assert (tmp_path / ".privkit" / ".gitignore").read_text().strip() == "*"


@pytest.mark.parametrize("form", ["path", "text", "url"])
def test_store_takes_a_path_or_a_url(form, ledger_path, people):
    store = {"path": ledger_path, "text": str(ledger_path), "url": f"sqlite:///{ledger_path}"}[form]
    project = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=store)
    people.privacy.dp_count(epsilon=0.5)
    assert pk.open_project("churn", store=ledger_path).remaining == project.remaining
    assert ledger_path.is_file()


def test_the_ledger_uses_a_rollback_journal(ledger_path):
    pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    with sqlite3.connect(ledger_path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_reopening_by_name_or_with_the_same_terms_keeps_what_was_spent(ledger_path, people):
    pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(epsilon=0.25)
    assert pk.open_project("churn", store=ledger_path).spent.epsilon == 0.25
    assert pk.open_project("churn", epsilon=1.0, unit=pk.ROW, store=ledger_path).spent.epsilon == 0.25


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"epsilon": 2, "unit": pk.ROW}, "budget"),
        ({"epsilon": 1, "delta": 1e-6, "unit": pk.ROW}, "budget"),
        ({"epsilon": 1, "unit": "customer_id"}, "unit"),
        ({"rho": 1, "unit": pk.ROW}, "budget"),
    ],
)
def test_reopening_on_other_terms_is_refused(ledger_path, other, differing):
    pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ProjectMismatchError, match=r"pk\.open_project\('churn'\)") as caught:
        pk.open_project("churn", store=ledger_path, **other)
    assert caught.value.differences == (differing,)


def test_a_name_alone_does_not_begin_a_project(ledger_path):
    pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ProjectNotFoundError, match="'churn'"):
        pk.open_project("chrun", store=ledger_path)


def test_a_name_alone_makes_no_ledger(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pk.PrivkitError):
        pk.open_project("churn")
    assert not (tmp_path / ".privkit").exists()


def test_the_unit_must_be_said(ledger_path):
    with pytest.raises(pk.ParameterError, match=r"pk\.ROW"):
        pk.open_project("churn", epsilon=1, store=ledger_path)


@pytest.mark.parametrize("epsilon", [0, -1, float("nan"), float("inf"), "1", True, None, 1e-300])
def test_a_budget_must_be_a_finite_number_above_zero(epsilon, ledger_path):
    with pytest.raises(pk.PrivkitError):
        pk.open_project("churn", epsilon=epsilon, unit=pk.ROW, store=ledger_path)
    assert not ledger_path.exists()


@pytest.mark.parametrize("delta", [1, 2.0, -1e-9, float("nan"), "0"])
def test_delta_must_lie_between_zero_and_one(delta, ledger_path):
    with pytest.raises(pk.ParameterError, match="delta"):
        pk.open_project("churn", epsilon=1, delta=delta, unit=pk.ROW, store=ledger_path)


def test_one_ledger_holds_many_projects_and_the_last_opened_is_current(ledger_path, people):
    first = pk.open_project("first", epsilon=1, unit=pk.ROW, store=ledger_path)
    second = pk.open_project("second", epsilon=1, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(epsilon=0.5)
    people.privacy.dp_count(epsilon=0.25, project=first)
    assert (first.spent.epsilon, second.spent.epsilon) == (0.25, 0.5)


def test_a_failed_opening_leaves_the_current_project(ledger_path, people):
    project = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.ProjectMismatchError):
        pk.open_project("churn", epsilon=2, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(epsilon=0.5)
    assert project.spent.epsilon == 0.5


def test_no_project_is_open(people):
    with pytest.raises(pk.NoProjectError, match="No budget was spent"):
        people.privacy.dp_count(epsilon=0.1)
