"""Projects by name: begun now, close names, slips taken back; and errors that advise what is accepted."""

from __future__ import annotations

import re
import warnings

import pandas as pd
import pytest

import privkit as pk
from privkit.budget.names import close_names
from privkit.errors.project import MeasurementError, OrphanedReleaseError
from privkit.values.loss import PrivacyLoss

PEOPLE = pd.DataFrame({"plan": ["basic", "plus"] * 50, "age": [20.0, 40.0] * 50})


@pytest.fixture
def store(tmp_path):
    return tmp_path / "ledger.db"


def begin(name, store, **more):
    return pk.open_project(name, **{"epsilon": 1, "unit": pk.ROW, "store": store, **more})


@pytest.mark.parametrize(
    ("name", "known", "close"),
    [
        ("loan 2026", "loans 2026", True),
        ("laon 2026", "loan 2026", True),
        ("LOAN  2026", "loans 2026", True),  # width, case and blanks count for nothing
        ("loan 2026", "loan 2025", False),  # a series
        ("loan 2026", "loan 2O26", True),  # a letter for a digit
        ("abc", "abd", False),
        ("churn", "chrun", True),
        ("churn", "burn", False),
        ("sales", "salaries", False),
        ("churn", "Churn", False),  # looks alike: that is refused
    ],
)
def test_close_names(name, known, close):
    assert close_names(name, [known, "another thing"]) == ([known] if close else [])
    assert close_names(known, [name]) == ([name] if close else [])


def test_a_project_begun_now_says_so_and_warns_of_a_close_name(store):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = begin("loans 2026", store)
        begin("loans 2025", store)
    assert "Begun now, with a fresh budget of ε = 1." in repr(first)
    assert "Begun now" in first._repr_html_()
    PEOPLE.privacy.dp_count(epsilon=0.1, project=first)
    assert "Begun now" not in repr(first)
    assert "Begun now" not in repr(pk.open_project("loans 2026", store=store))
    with pytest.warns(UserWarning, match="the ledger holds 'loans 2026', 'loans 2025', of a close") as caught:
        slip = begin("loan 2026", store)
    steps = re.findall(r"(?:project\.remove|pk\.open_project)\([^)]*\)", str(caught[0].message))
    assert len(steps) == 2
    given = {"project": slip, "pk": pk}
    eval(steps[0], given)
    assert pk.open_project("loans 2026", store=store).spent.epsilon == PrivacyLoss.of(epsilon=0.1).epsilon
    with pytest.raises(pk.ProjectRemovedError, match="new=True"):
        begin("loan 2026", store)
    assert begin("loan 2026", store, epsilon=2, new=True, reason="it is another one").budget.epsilon == 2
    with pytest.raises(pk.ProjectNotFoundError, match=r"If you mean it: pk\.open_project\('loans 2026'\)"):
        pk.open_project("loanss 2026", store=store)


@pytest.mark.parametrize("blank", ["", " ", None, 3])
def test_a_reason_must_be_said(store, blank):
    project = begin("churn", store)
    for ends in (project.close, project.remove):
        with pytest.raises(pk.ParameterError, match="reason"):
            ends(blank)
    assert len(project.ledger) == 0


def test_the_row_as_text_burns_no_name(store):
    for text in ("ROW", "pk.ROW"):
        with pytest.raises(pk.ParameterError, match=r"pk\.ROW, without quotes"):
            begin("churn", store, unit=text)
        with pytest.raises(pk.ParameterError, match=r"pk\.ROW, without quotes"):
            pk.open_project("churn", epsilon=1, unit=text, simulate=True)
    assert begin("churn", store).unit == pk.ROW


def test_a_delta_where_there_is_none_is_not_answered_by_give_delta(store):
    begin("churn", store)
    with pytest.raises(pk.ParameterError, match="Leave delta= out") as caught:
        pk.dp_count(PEOPLE, "plan", epsilon=0.1, delta=1e-6)
    assert "delta=1e-7" not in str(caught.value)
    begin("spread", store, delta=1e-4)
    for call in (
        lambda: pk.dp_top_k(PEOPLE, "plan", 1, epsilon=0.1, delta=1e-6),
        lambda: pk.dp_histogram(PEOPLE, "age", "plan", bins=[0, 50], epsilon=0.1, delta=1e-6),
    ):
        with pytest.raises(pk.KeysError) as caught:
            call()
        assert "delta" not in str(caught.value)
    with pytest.raises(pk.KeysError, match="delta=1e-7"):
        pk.dp_count(PEOPLE, "plan", epsilon=0.1)


@pytest.mark.parametrize("terms", [{"epsilon": 5}, {"rho": 5, "epsilon": None}, {"epsilon": 5, "delta": 1e-4}])
def test_a_ceiling_advises_what_is_accepted(store, terms):
    begin("churn", store, ceiling=0.5, **terms)
    main = "rho" if "rho" in terms else "epsilon"
    with pytest.raises(pk.CeilingError) as caught:
        pk.dp_count(PEOPLE, **{main: 0.6})
    advised = re.search(r"Ask for (\w+)=([\d.]+) at most", str(caught.value))
    assert advised[1] == main
    assert pk.dp_count(PEOPLE, **{advised[1]: float(advised[2])}).loss.main == PrivacyLoss.of(epsilon=0.5).main
    with pytest.warns(UserWarning, match="close name"):
        begin("churns", store, ceiling=1, **terms)
    pk.dp_count(PEOPLE, **{main: 0.6})


def test_errors_of_measurements_tell_that_asking_again_would_fail_alike():
    loss = PrivacyLoss.of(epsilon=0.1)
    assert "again=True" in str(MeasurementError.of(loss, 3))
    assert "fail alike" in str(MeasurementError.of(loss, 3))
    failed = OrphanedReleaseError.of("churn", entry=3, state="failed", cost=loss, price=loss)
    died = OrphanedReleaseError.of("churn", entry=3, state="orphaned", cost=loss, price=loss)
    assert "fails in the same way" in str(failed)
    assert "fails in the same way" not in str(died)


def test_simulated_numbers_say_so_where_they_are_shown():
    pk.open_project("lesson", epsilon=10, unit=pk.ROW, simulate=True, seed=1)
    count = pk.dp_count(PEOPLE, epsilon=1)
    mean = pk.dp_mean(PEOPLE, "age", bounds=(0, 100), epsilon=1)
    lower, upper = mean.interval()
    for number in (count.value, mean.value, lower, upper, *count.interval()):
        assert repr(number).endswith(" (SIMULATED)")
        assert f"{number}".endswith(" (SIMULATED)")
        assert number.simulated
        assert "SIMULATED" not in repr(number + 1)
    assert isinstance(count.value, int)
    assert isinstance(mean.value, float)
    assert mean.to_frame()["simulated"].all()
