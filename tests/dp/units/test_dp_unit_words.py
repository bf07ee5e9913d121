"""What is counted is called by the unit's words, wherever it is told."""

import pandas as pd
import pytest

import privkit as pk
from privkit.project.ledger_view import describe


@pytest.fixture
def visits():
    """1,000 persons, each in three months."""
    months = pd.to_datetime(["2026-01-15", "2026-02-15", "2026-03-15"])
    return pd.DataFrame({"who": list(range(1000)) * 3, "day": months.repeat(1000), "k": ["a", "b"] * 1500, "x": 1.0})


@pytest.fixture
def monthly(tmp_path):
    return pk.open_project(
        "months", epsilon=100, delta=1e-3, unit="who", per="month", time="day", store=tmp_path / "l.db"
    )


@pytest.fixture
def whole(tmp_path):
    return pk.open_project("whole", epsilon=100, delta=1e-3, unit="who", store=tmp_path / "l.db")


def everywhere(answer):
    """Every text in which an answer is told."""
    plan = answer.plan
    return [repr(answer), answer._repr_html_(), repr(plan), plan._repr_html_(), answer.provenance.question]


def test_persons_within_a_month_are_called_that_everywhere(monthly, visits):
    answer = visits.privacy.dp_count(of="persons", epsilon=5)
    assert answer.value == pytest.approx(3000, abs=10)
    for told in everywhere(answer):
        assert "persons in a month" in told
    assert "a person counts anew in each month" in repr(answer)
    assert repr(answer).startswith("persons in a month = ")
    assert list(answer.to_frame()) == ["persons in a month", "lower", "upper"]
    assert answer.provenance.bounds == "at most 1 group of one person, 1 row in each, in each month"
    by = visits.privacy.dp_count("k", keys=["a", "b"], of="persons", max_groups=1, epsilon=5)
    assert by.value.name == "persons in a month"
    assert by.total().value == pytest.approx(3000, abs=20)
    assert (by - by).value.tolist() == [0, 0]
    assert answer.plot().get_xlabel() == "persons in a month"


def test_open_groups_count_persons_in_a_month_too(monthly, visits):
    answer = visits.privacy.dp_count("k", of="persons", max_groups=1, epsilon=5, delta=1e-6)
    assert answer.value.name == "persons in a month"
    assert "about" in repr(answer)
    for told in (repr(answer), repr(answer.plan), answer.provenance.question):
        assert "persons in a month" in told
    means = visits.privacy.dp_mean("x", "k", bounds=(0, 1), max_groups=1, per_group=1, epsilon=5, delta=1e-6)
    assert "persons in a month" in repr(means.plan)


@pytest.mark.parametrize("function", ["dp_sum", "dp_mean"])
def test_totals_are_those_of_a_person_in_a_month(monthly, visits, function):
    answer = getattr(visits.privacy, function)("x", person_bounds=(0, 10), epsilon=5)
    told = repr(answer.plan) + answer.provenance.question
    assert "each person's 'x' in a month, in all within" in told
    assert "a person counts anew in each month" in told
    if function == "dp_mean":
        assert "the number of persons in a month" in told


def test_without_a_window_they_are_persons(whole, visits):
    answer = visits.privacy.dp_count(of="persons", epsilon=5)
    assert answer.value == pytest.approx(1000, abs=10)
    assert repr(answer).startswith("persons = ")
    assert "month" not in " ".join(everywhere(answer))
    assert answer.total().value == answer.value


def test_the_ledger_says_what_was_counted():
    window = {"unit_window": ["quarter", "day"]}
    assert describe({"statistic": "persons", **window}) == "persons in a quarter"
    assert describe({"statistic": "count", "persons": True, "by": ["k"], "keys": None, **window}) == (
        "persons in a quarter by k (found groups)"
    )
    assert describe({"statistic": "mean", "of": "person totals", "column": "x", **window}) == (
        "mean of each person's x in a quarter"
    )
    assert describe({"statistic": "count", **window}) == "count"
