"""A fact that was a slip is withdrawn or corrected, until a release uses it; the ledger keeps all of it."""

import json

import pandas as pd
import pytest
from sqlalchemy import create_engine, text

import privkit as pk
from privkit.budget.notes import Uses

PEOPLE = pd.DataFrame({"age": [20, 40, 60] * 100, "plan": ["a", "b", "c"] * 100})
PLANS = ["a", "b", "c"]


@pytest.fixture(params=["ledger", "simulated"])
def project(request, tmp_path):
    if request.param == "simulated":
        return pk.open_project("slips", epsilon=100, unit=pk.ROW, simulate=True, seed=1)
    return pk.open_project("slips", epsilon=100, unit=pk.ROW, store=tmp_path / "ledger.db")


def verified(project):
    return project.simulated or bool(project.ledger.verify())


def test_a_slip_is_withdrawn_for_free_and_the_ledger_keeps_both(project):
    project.public(age={"bounds": (0, 1000), "bins": [0, 500, 1000]}, plan=PLANS)
    PEOPLE.privacy.dp_count(epsilon=1)
    left = project.withdraw("age", "bounds", reason="a zero too many")
    assert [(fact.column, fact.kind) for fact in left] == [("age", "bins"), ("plan", "keys")]
    assert len(project.ledger) == 3
    assert (project.spent.epsilon, len(project.account.facts())) == (1, 2)
    told = project.ledger.to_frame()["question"].tolist()
    assert told[2] == "public facts withdrawn: bounds of age"
    assert "withdrawn" in repr(project.ledger)
    assert "a zero too many" in json.dumps(project.account.facts()[1].question)
    with pytest.raises(pk.ValueBoundsRequiredError):
        PEOPLE.privacy.dp_mean("age", epsilon=1)
    assert len(project.withdraw("age")) == 1
    with pytest.raises(pk.FactsError, match=r"finds no facts of 'age' in force.*keys of 'plan'"):
        project.withdraw("age")
    project.public(age=(0, 100))
    assert PEOPLE.privacy.dp_mean("age", epsilon=1).plan.question.asked.bounds.upper == 100
    assert verified(project)


def test_a_release_that_used_a_fact_is_named(project):
    project.public(age=(0, 100), plan=PLANS)
    for _ in range(7):
        PEOPLE.privacy.dp_mean("age", epsilon=1, again=True)
    for wrong in (lambda: project.withdraw("age"), lambda: project.public(age=(0, 90))):
        with pytest.raises(pk.FactsChangedError, match="used by entries 2, 3, 4, 5, 6 and 2 more") as caught:
            wrong()
        assert caught.value.entries == (2, 3, 4, 5, 6, 7, 8)
        assert "another project" in str(caught.value)
    project.public(plan=["a", "b", "d"])  # which nothing used
    assert verified(project)


def test_what_a_call_said_itself_binds_no_fact(project):
    project.public(age=(0, 1000))
    PEOPLE.privacy.dp_mean("age", bounds=(0, 90), epsilon=1)
    assert project.public(age=(0, 100)).find("age", "bounds").value == (0, 100)


def test_a_reason_that_is_added_does_not_unbind_a_fact(project):
    project.public(age=(0, 100))
    PEOPLE.privacy.dp_mean("age", epsilon=1)
    project.public(age={"bounds": (0, 100), "reason": "law"})
    with pytest.raises(pk.FactsChangedError, match="used by entry 2"):
        project.public(age=(0, 90))


def test_a_plan_of_the_earlier_value_does_not_bind_the_corrected_one(project):
    project.public(age=(0, 1000))
    plan = PEOPLE.privacy.plan.dp_mean("age", epsilon=1)
    project.public(age=(0, 100))
    plan.release()
    assert project.public(age=(0, 90)).find("age", "bounds").value == (0, 90)
    assert verified(project)


@pytest.mark.parametrize(("kind", "reason"), [("bonds", ""), (3, ""), (None, 3)])
def test_what_is_no_kind_and_no_reason(project, kind, reason):
    project.public(age=(0, 100))
    with pytest.raises(pk.ParameterError):
        project.withdraw("age", kind, reason=reason)
    assert len(project.ledger) == 1


def test_a_closed_project_withdraws_nothing(project):
    project.public(age=(0, 100))
    project.close("done")
    with pytest.raises(pk.ProjectClosedError):
        project.withdraw("age")


def test_facts_are_not_counted_among_charges(project):
    project.public(age=(0, 100))
    project.public(plan=PLANS)
    PEOPLE.privacy.dp_count(epsilon=1)
    for view in (repr(project), project._repr_html_()):
        assert "in 1 entry, beside 2 of public facts." in view
    project.close("done")
    assert "in 1 entry, beside 2 of public facts." in repr(project)


def test_verify_finds_a_fact_that_was_changed_after_its_use(tmp_path, monkeypatch):
    """With the gate open, what it refuses is what `verify` finds."""
    project = pk.open_project("slips", epsilon=100, unit=pk.ROW, store=tmp_path / "ledger.db")
    project.public(age=(0, 100))
    PEOPLE.privacy.dp_mean("age", epsilon=1)
    with monkeypatch.context() as patch:
        patch.setattr(Uses, "of", lambda *_: {})
        project.public(age=(0, 90))
    with pytest.raises(pk.LedgerTamperedError, match="breaks the rules of a ledger"):
        project.ledger.verify()


def test_a_record_of_earlier_versions_reads_and_binds(tmp_path):
    """Their facts and questions are the same JSON: what used a fact binds it, as it did."""
    project = pk.open_project("old", epsilon=100, unit=pk.ROW, store=tmp_path / "ledger.db")
    project.public(age=(0, 100))
    PEOPLE.privacy.dp_mean("age", epsilon=1)
    with create_engine(f"sqlite:///{tmp_path / 'ledger.db'}").connect() as connection:
        names = [row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type='table'"))]
        stored = [row for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))]
    assert '"is":["0.0","100.0"]' in str(stored)
    assert "withdrawn" not in str(stored)


def test_a_new_project_does_not_take_the_place_of_a_closed_one(tmp_path):
    store = tmp_path / "ledger.db"
    pk.open_project("done", epsilon=1, unit=pk.ROW, store=store).close("the study is over")
    for new in ({"epsilon": 1, "unit": pk.ROW}, {"epsilon": 2, "unit": "who"}):
        with pytest.raises(pk.ProjectClosedError, match=r"was closed on .*the study is over") as caught:
            pk.open_project("done", **new, store=store, new=True, reason="once more")
        assert "pk.open_project('done')" in str(caught.value)
        assert "pk.open_project('done 2', epsilon=1.0" in str(caught.value)
        assert str(caught.value).endswith("No budget was spent.")
    assert "Closed on" in repr(pk.open_project("done", store=store))  # to replay
    assert pk.open_project("done 2", epsilon=1, unit=pk.ROW, store=store).remaining.epsilon == 1
