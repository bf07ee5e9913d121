"""A recorded question as code: it asks the same, and so it replays at no cost; or there is no code."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest

import privkit as pk
from privkit.project.ledger_view import as_code

PEOPLE = pd.DataFrame(
    {
        "zip": ["a", "it's"] * 50,
        "age": range(100),
        "who": [n // 2 for n in range(100)],
        "day": pd.date_range("2024-01-01", periods=100),
    }
)
ASKED = {
    "count": lambda p: p.dp_count(epsilon=0.1),
    "counts": lambda p: p.dp_count(by=["zip", "age"], keys={"zip": ["a"], "age": [1, 2]}, epsilon=0.01),
    "text": lambda p: p.dp_count(by="zip", keys=["it's", "a"], where="age >= 10 and zip == 'a'", epsilon=0.1),
    "sum": lambda p: p.dp_sum("age", bounds=(0, 99.5), epsilon=0.125),
    "mean": lambda p: p.dp_mean("age", bounds=(-5, 100), by="zip", keys=["a"], epsilon=0.1),
}
#: What the code does not say as yet.
UNSAID = {
    "std": lambda p: p.dp_std("age", bounds=(0, 100), epsilon=0.1),
    "var": lambda p: p.dp_var("age", bounds=(0, 100), epsilon=0.1),
    "median": lambda p: p.dp_median("age", bounds=(0, 100), epsilon=0.1),
    "share": lambda p: p.dp_share("age > 3", epsilon=0.1),
    "missing": lambda p: p.dp_sum("age", bounds=(0, 100), missing={"age": 3}, epsilon=0.1),
    "derived": lambda p: p.dp_count(by="band", derive={"band": pk.cut("age", [18, 65])}, epsilon=0.1),
    "third": lambda p: p.dp_count(epsilon=Fraction(1, 3)),
}


def replays(project):
    (entry,) = project.account.entries()
    code = as_code(entry.question)
    if code:
        assert eval(code, {"df": PEOPLE, "pk": pk}).replayed
        assert len(project.ledger) == 1
    return code


@pytest.mark.parametrize("name", ASKED)
def test_the_code_replays(name, ledger_path):
    project = pk.open_project("recalled", epsilon=1, unit=pk.ROW, store=ledger_path)
    ASKED[name](PEOPLE.privacy)
    assert replays(project)


@pytest.mark.parametrize("name", ["count", "sum", "mean"])
def test_the_code_replays_by_rho(name, ledger_path):
    project = pk.open_project("rho", rho=1, delta=1e-6, unit=pk.ROW, store=ledger_path)
    asked = {
        "count": lambda p: p.dp_count(rho=0.1),
        "sum": lambda p: p.dp_sum("age", bounds=(0, 9), rho=0.1, mechanism="laplace"),
        "mean": lambda p: p.dp_mean("age", bounds=(0, 9), rho=0.1),
    }
    asked[name](PEOPLE.privacy)
    assert replays(project)


@pytest.mark.parametrize("limits", [{"max_rows": 3}, {"max_groups": 2, "per_group": 1}])
def test_the_code_keeps_what_one_person_may_give(limits, ledger_path):
    project = pk.open_project("persons", epsilon=1, unit="who", store=ledger_path)
    PEOPLE.privacy.dp_count(by="zip", keys=["a"], epsilon=0.1, **limits)
    assert replays(project)


@pytest.mark.parametrize("name", UNSAID)
def test_what_cannot_be_said_whole_has_no_code_that_would_spend(name, ledger_path):
    project = pk.open_project("unsaid", epsilon=1, unit=pk.ROW, store=ledger_path)
    UNSAID[name](PEOPLE.privacy)
    replays(project)


@pytest.mark.parametrize("record", [{}, {"statistic": "count"}, {"statistic": "count", "loss": {}, "mechanism": 3}])
def test_a_damaged_record_has_none(record):
    assert as_code(record) == ""
