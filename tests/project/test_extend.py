"""A project's budget raised by its owner, and limits of analysts by name: what is said, shown and refused."""

from __future__ import annotations

import json
from fractions import Fraction

import pandas as pd
import pytest

import privkit as pk
from privkit.cli import main

FRAME = pd.DataFrame({"age": [31, 44, 57, 23] * 10, "plan": ["basic", "plus"] * 20})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)


def test_more_is_charged_after_the_owner_extended_it_and_old_answers_replay(project):
    first = FRAME.privacy.dp_count(epsilon=1)
    with pytest.raises(pk.InsufficientBudgetError):
        FRAME.privacy.dp_count(where="age > 40", epsilon=0.5)
    assert project.extend(epsilon=1.5, reason="the board agreed") is None
    assert (project.budget.epsilon, project.remaining.epsilon) == (Fraction("1.5"), Fraction("0.5"))
    FRAME.privacy.dp_count(where="age > 40", epsilon=project.remaining)
    again = FRAME.privacy.dp_count(epsilon=1)
    assert (again.replayed, again.value) == (True, first.value)
    assert project.ledger.verify().charged == project.budget


def test_a_notebook_that_is_run_again_extends_once(project, ledger_path):
    for _ in range(2):
        one = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
        one.extend(epsilon=1.5, reason="the board agreed")
        one.extend(epsilon=2, reason="and again")
    assert len(project.ledger) == 2
    assert pk.open_project("churn", epsilon=1.5, unit=pk.ROW, store=ledger_path).budget.epsilon == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"epsilon": 1}, "is ε = 1 already: nothing would rise. Amounts are new totals"),
        ({"epsilon": 0.5}, "epsilon must be 1 or more: what was granted stays granted. It is the new total"),
        ({"epsilon": -1}, "epsilon=-1"),
        ({"epsilon": "2"}, "epsilon=a str"),
        ({"epsilon": float("nan")}, "epsilon="),
        ({"rho": 2}, "counts in ε, and that is fixed"),
        ({"epsilon": 2, "delta": 1e-6}, "counts in ε, and that is fixed"),
        ({}, r"say to which total. Example: epsilon=2.0"),
        ({"per_analyst": 2}, "no limit of each analyst"),
        ({"per_analyst": {"ada": 2}}, "no limit of each analyst"),
        ({"per_analyst": {}}, "an empty mapping"),
    ],
)
def test_what_raises_nothing_is_refused(project, given, told):
    with pytest.raises(pk.ParameterError, match=told) as caught:
        project.extend(**given, reason="more")
    assert str(caught.value).startswith("extend()")
    assert str(caught.value).endswith("No budget was spent.")
    assert len(project.ledger) == 0


def test_a_reason_must_be_given(project):
    with pytest.raises(pk.ParameterError, match="reason"):
        project.extend(epsilon=2, reason=" ")
    with pytest.raises(pk.errors.PrivkitError, match="reason"):
        project.extend(epsilon=2)
    assert len(project.ledger) == 0


def test_a_simulated_project_says_so():
    lesson = pk.open_project("lesson", epsilon=1, unit=pk.ROW, simulate=True)
    with pytest.raises(pk.errors.SimulatedError, match="not extended"):
        lesson.extend(epsilon=2, reason="more")
    with pytest.raises(pk.ParameterError, match="one analyst"):
        pk.open_project("lesson", epsilon=1, unit=pk.ROW, simulate=True, per_analyst={"ada": 1})


def test_everything_that_shows_the_project_tells_it(project, ledger_path, capsys):
    FRAME.privacy.dp_count(epsilon=0.5)
    project.extend(epsilon=1.5, reason="the board agreed")
    project.extend(epsilon=2, reason="a second <year>")
    event = "the budget was extended to ε = 1.5: the board agreed"
    line = "Extended from ε = 1 to ε = 2: 2 times, last on "
    assert line in repr(project)
    assert "Spent ε = 0.5 in 1 entry, beside 2 extensions." in repr(project)
    assert "a second &lt;year&gt;" in project._repr_html_()
    assert event in repr(project.ledger)
    assert [one.what for one in project.trail][1] == event
    panel = project.panel()
    assert line in panel.still()
    assert event in panel.still()
    panel.close()
    assert main(["ledger", "list", "--store", str(ledger_path)]) == 0
    assert "ε = 1.5 left of ε = 2, 1 entry, beside 2 extensions" in capsys.readouterr().out
    assert main(["ledger", "show", "churn", "--store", str(ledger_path)]) == 0
    assert event in capsys.readouterr().out
    assert main(["ledger", "show", "churn", "--json", "--store", str(ledger_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["terms"]["budget"], told["begun_with"]["budget"]) == (["2", "0"], ["1", "0"])
    assert told["counts"]["extensions"] == 2


def test_the_dossier_and_what_it_writes_tell_it(project):
    FRAME.privacy.dp_count(epsilon=0.5)
    before = pk.dossier(project=project)
    project.extend(epsilon=1.5, reason="the board agreed")
    made = pk.dossier(project=project)
    day = project.account.extensions()[0].time[:10]
    told = f"The budget was extended on {day} to ε = 1.5; until then it was ε = 1 (the board agreed)."
    for text in (made.to_html(), made.to_markdown()):
        assert told in text
    assert "extended" not in before.to_html()
    assert "of ε = 1.5" in repr(made)
    pytest.importorskip("yaml")
    assert f"extended by its owner, on record: to ε = 1.5 on {day}" in " ".join(made.to_registry().split())
    assert "never refilled" in " ".join(before.to_registry().split())
    moved = {one.what: (one.before, one.after) for one in made.compare(before)}
    assert moved["released: extensions"] == ("", "1, the budget is ε = 1.5")
    assert moved["released: left"] == ("ε = 0.5", "ε = 1")


def test_an_attack_on_a_model_takes_the_limit_of_who_asks(ledger_path):
    from privkit.attacks.models.trained import _beside

    project = pk.open_project("m", epsilon=3, unit=pk.ROW, store=ledger_path, analyst="ada", per_analyst={"ada": 2})
    terms = _beside(project).account.terms
    assert (terms.per_analyst.epsilon, terms.allotments) == (2, ())


# -- limits of analysts by name --------------------------------------------------------------------------------------


def test_analysts_are_allotted_different_amounts(ledger_path):
    shares = {"ada": 0.6, "grace": 0.3}
    ada = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path, per_analyst=shares, analyst="ada")
    assert "By analyst: ε = 0.6 for ada; ε = 0.3 for grace; nothing for anybody else." in repr(ada)
    grace = pk.open_project("churn", store=ledger_path, analyst="grace")
    with pytest.raises(pk.InsufficientBudgetError, match=r"0.3 left for one analyst"):
        FRAME.privacy.dp_count(epsilon=0.4, project=grace)
    FRAME.privacy.dp_count(epsilon=0.4, project=ada)
    zaphod = pk.open_project("churn", store=ledger_path, analyst="zaphod")
    with pytest.raises(pk.InsufficientBudgetError, match="for 'zaphod', to whom nothing is allotted"):
        FRAME.privacy.dp_count(where="age > 40", epsilon=0.1, project=zaphod)
    ada.extend(per_analyst={"zaphod": 0.1}, reason="she joins")
    FRAME.privacy.dp_count(where="age > 40", epsilon=0.1, project=zaphod)
    assert ada.ledger.verify().charged.epsilon == Fraction("0.5")
    assert "Extended: on " in repr(ada)
    told = pk.dossier(project=ada).to_html()
    assert "zaphod" not in told  # names of analysts stay in the ledger
    assert "limits of their own" in told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "an empty mapping"),
        ({"ada": -1}, "per_analyst=-1"),
        ({"ada": 0}, "nothing for anybody"),
        ({None: 0}, "nothing for anybody"),
        ({"ada": "much"}, "per_analyst=a str"),
        ({"ada": 0.1, "Ada": 0.2}, "look alike"),
        ({"ada": 0.1, "ada ": 0.2}, "look alike"),
        ({1: 0.1}, "a name"),
        ({"": 0.1}, "printable"),
        ({"a\nb": 0.1}, "printable"),
    ],
)
def test_what_is_no_mapping_of_amounts_by_names_is_refused(ledger_path, given, told):
    with pytest.raises(pk.ParameterError, match=told):
        pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path, per_analyst=given)
    assert not ledger_path.exists() or not pk.budget.ledger.Ledger.open(ledger_path).projects()


def test_everybody_else_stands_under_none(ledger_path):
    shares = {"ada": 0.6, None: 0.1}
    pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path, per_analyst=shares, analyst="bo")
    with pytest.raises(pk.InsufficientBudgetError, match=r"0.1 left"):
        FRAME.privacy.dp_count(epsilon=0.2)
    one = pk.open_project("one", epsilon=1, unit=pk.ROW, store=ledger_path, per_analyst={None: 0.5})
    assert one.account.terms == pk.open_project("one", per_analyst=0.5, store=ledger_path).account.terms
    with pytest.raises(pk.ParameterError, match="by name"):
        pk.open_project("churn", store=ledger_path).extend(per_analyst=0.3, reason="all")


@pytest.mark.parametrize("reason", ["half a character: \ud800", "x" * 501, " ", 5, None])
def test_a_reason_is_a_text_that_a_file_can_hold(project, reason):
    """A ledger only grows: what it cannot write out once, it can never write out again."""
    project.public(age=(18, 100))
    for noted in (
        lambda: project.extend(epsilon=2, reason=reason),
        lambda: project.close(reason),
        lambda: project.remove(reason),
        lambda: project.set_clock_back(reason),
        *([] if reason == " " else [lambda: project.withdraw("age", reason=reason)]),
    ):
        with pytest.raises(pk.ParameterError, match="reason="):
            noted()
    assert len(project.ledger) == 1


def test_a_ledger_with_half_a_character_is_written_to_a_file(project, tmp_path):
    """As keys may have, and as reasons of earlier versions may."""
    project.public(plan=["basic", "half: \ud800"])
    project.account.close("half: \ud800")
    project.ledger.to_json(tmp_path / "ledger.json")
    told = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert told["entries"][1]["question"]["reason"] == "half: \ud800"
    assert told == json.loads(project.ledger.to_json())
    project.ledger.to_csv(tmp_path / "ledger.csv")
