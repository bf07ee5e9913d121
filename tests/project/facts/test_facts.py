"""Public facts, said once: used where a call says nothing, told by plans, provenance and ledger, and never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import privkit as pk
from privkit.project.facts import KINDS
from privkit.values.keys import codes_of

PEOPLE = pd.DataFrame(
    {"age": [20.0, 35.0, 50.0, 65.0] * 100, "plan": ["basic", "plus"] * 200, "zip": ["8001", "8002"] * 200}
)
PLANS, ZIPS = ["basic", "plus"], ["8001", "8002"]
FACTS = {
    "age": {"bounds": (0, 100), "bins": [0, 50, 100], "candidates": [20, 35, 50, 65]},
    "plan": PLANS,
    "zip": pk.public_values(pd.Series(ZIPS), reason="list of the post office"),
}
#: What says nothing, and what says the same.
CALLS = {
    "dp_count": [
        ((), {"by": "plan"}, {"keys": PLANS}),
        ((), {"by": ["zip", "plan"]}, {"keys": {"zip": ZIPS, "plan": PLANS}}),
    ],
    "dp_value_counts": [(("plan",), {}, {"keys": PLANS})],
    "dp_crosstab": [(("zip", "plan"), {}, {"keys": {"zip": ZIPS, "plan": PLANS}})],
    "dp_nunique": [(("age", "plan"), {}, {"keys": PLANS})],
    "dp_share": [(("age >= 40", "plan"), {}, {"keys": PLANS})],
    "dp_histogram": [
        (("age",), {}, {"bins": [0, 50, 100]}),
        (("age", "plan"), {}, {"bins": [0, 50, 100], "keys": PLANS}),
    ],
    "dp_sum": [(("age",), {}, {"bounds": (0, 100)}), (("age", "plan"), {}, {"bounds": (0, 100), "keys": PLANS})],
    "dp_mean": [(("age",), {}, {"bounds": (0, 100)})],
    "dp_var": [(("age",), {}, {"bounds": (0, 100)})],
    "dp_std": [(("age",), {}, {"bounds": (0, 100)})],
    "dp_median": [(("age",), {}, {"candidates": [20, 35, 50, 65]}), (("age",), {"bounds": (0, 80)}, {})],
    "dp_quantile": [(("age", [0.25, 0.75]), {}, {"candidates": [20, 35, 50, 65]})],
    "dp_describe": [(("age", "zip"), {}, {"bounds": (0, 100), "keys": ZIPS})],
    "dp_top_k": [(("plan", 1), {}, {"keys": PLANS})],
    "dp_tables": [(([("zip", "plan"), ("zip",)],), {}, {"keys": {"zip": ZIPS, "plan": PLANS}})],
    "dp_synthetic": [((["zip", "plan"],), {"rows": 9}, {"rows": 9, "keys": {"zip": ZIPS, "plan": PLANS}})],
    "dp_difference": [(("age", "plan"), {}, {"bounds": (0, 100), "keys": PLANS})],
    "dp_anova": [(("age", "plan"), {}, {"bounds": (0, 100), "keys": PLANS})],
    "dp_correlation": [
        (
            (["age", "half"],),
            {"bounds": {"half": (0, 1)}, "derive": {"half": "age / 100"}},
            {"bounds": {"half": (0, 1), "age": (0, 100)}},
        )
    ],
    "dp_ols": [
        (
            ("age", "half"),
            {"bounds": {"half": (0, 1)}, "derive": {"half": "age / 100"}},
            {"bounds": {"half": (0, 1), "age": (0, 100)}},
        )
    ],
    "dp_kmeans": [((["age"], 2), {}, {"bounds": {"age": (0, 100)}})],
    "dp_logistic": [
        (("plan", ["age", "zip"]), {}, {"bounds": {"age": (0, 100)}, "keys": {"plan": PLANS, "zip": ZIPS}})
    ],
    "dp_chi2": [(("zip", "plan"), {}, {"keys": {"zip": ZIPS, "plan": PLANS}})],
    "dp_query": [
        (
            ({"n": "count", "m": ("mean", "age"), "q": ("quantile", "age", 0.5)}, "plan"),
            {},
            {"keys": PLANS},
        )
    ],
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_ANALYST", "ada")
    return pk.open_project("facts", epsilon=1000, delta=0.01, unit=pk.ROW, store=tmp_path / "ledger.db")


def cases():
    return [
        pytest.param(name, *case, id=f"{name} {place}")
        for name, found in CALLS.items()
        for place, case in enumerate(found)
    ]


@pytest.mark.parametrize(("name", "positional", "named", "said"), cases())
@pytest.mark.sample(0.4)
def test_a_call_that_says_nothing_asks_what_one_asks_that_says_the_same(project, name, positional, named, said):
    function = getattr(pk, name)
    project.public(FACTS)
    if name == "dp_query":  # it cannot name candidates, and those of the project count before its bounds
        project.withdraw("age", "candidates", reason="another time")
        full = ({"n": "count", "m": ("mean", "age", (0, 100)), "q": ("quantile", "age", 0.5, (0, 100))}, "plan")
    else:
        full = positional
    typed = function(PEOPLE, *full, **{**named, **said}, epsilon=1)
    spent = project.spent
    silent = function(PEOPLE, *positional, **named, epsilon=1)
    assert silent.replayed
    assert project.spent == spent == typed.loss
    assert typed.plan.question == silent.plan.question
    if named != {"bounds": (0, 80)}:
        used = {(source.what, source.column) for source in silent.plan.public}
        assert used
        assert typed.plan.public == typed.provenance.public == ()
        assert all("declared by ada on" in told and "entry 1" in told for told in silent.provenance.public)
        plan = function.plan(PEOPLE, *positional, **named, epsilon=1)
        for told in (repr(plan), plan._repr_html_(), repr(silent), silent._repr_html_()):
            assert "declared by ada on" in told


def test_the_ledger_notes_who_said_it_and_which_release_used_it(project):
    facts = project.public(FACTS)
    assert [(fact.column, fact.kind, fact.source.analyst, fact.source.entry) for fact in facts] == [
        ("age", "bins", "ada", 1),
        ("age", "bounds", "ada", 1),
        ("age", "candidates", "ada", 1),
        ("plan", "keys", "ada", 1),
        ("zip", "keys", "ada", 1),
    ]
    assert facts.find("zip", "keys").source.reason == "list of the post office"
    assert project.spent.epsilon == 0
    PEOPLE.privacy.dp_mean("age", "zip", epsilon=1)
    used = project.account.entry(2).question["public"]
    assert used == [
        {"what": "bounds", "column": "age", "entry": 1},
        {"what": "keys", "column": "zip", "entry": 1, "reason": "list of the post office"},
    ]
    frame = facts.to_frame()
    assert frame["fact"].tolist() == ["bins", "bounds", "candidates", "keys", "keys"]
    assert project.ledger.to_frame()["question"][0].startswith("public facts: bins and bounds and candidates of age")
    assert project.ledger.verify().entries == 2
    for told in (repr(project.ledger), project.ledger._repr_html_(), repr(project), project._repr_html_()):
        assert "ublic facts" in told
    assert "list of the post office" in repr(facts)
    assert "list of the post office" in facts._repr_html_()
    assert "public facts" in project.panel()._picture.value


def test_a_call_wins_over_a_fact(project):
    project.public(FACTS)
    release = PEOPLE.privacy.dp_mean("age", "plan", bounds=(0, 80), keys=["plus"], epsilon=1)
    assert release.value.index.tolist() == ["plus"]
    assert release.plan.question.asked.bounds.upper == 80
    assert release.plan.public == ()
    part = PEOPLE.privacy.plan.dp_count(["plan", "zip"], keys={"zip": ["8001"]}, epsilon=1)  # the other by its fact
    assert part.question.keys.values == (("basic", "8001"), ("plus", "8001"))
    assert PEOPLE.privacy.plan.dp_median("age", bounds=(0, 80), epsilon=1).question.asked.candidates[-1] == 80
    assert PEOPLE.privacy.plan.dp_histogram("age", bins=[0, 100], epsilon=1).question.asked.edges == (0.0, 100.0)


def test_groups_that_shall_show_up_are_asked_for_by_their_share(project):
    project.public(plan=PLANS)
    assert PEOPLE.privacy.plan.dp_count("plan", epsilon=1, delta=1e-4).question.keys is not None
    found = PEOPLE.privacy.plan.dp_count("plan", epsilon=1, delta=1e-4, keys_share=0.25)
    assert found.question.keys is None
    assert found.public == ()


def test_labels_of_derived_columns_stand_beside_facts(project):
    project.public(plan=PLANS)
    bands = {"band": pk.cut("age", [0, 40, 100])}
    plan = PEOPLE.privacy.plan.dp_count(["band", "plan"], derive=bands, epsilon=1)
    assert plan.question.keys.values[:2] == (("[0, 40)", "basic"), ("[0, 40)", "plus"))


def test_other_projects_and_later_sessions(project, tmp_path):
    project.public(FACTS)
    other = pk.open_project("other", epsilon=10, unit=pk.ROW, store=tmp_path / "ledger.db")
    with pytest.raises(pk.ValueBoundsRequiredError):
        PEOPLE.privacy.dp_mean("age", epsilon=1)
    PEOPLE.privacy.dp_mean("age", epsilon=1, project=project)
    assert other.spent.epsilon == 0
    again = pk.open_project("facts", store=tmp_path / "ledger.db")
    assert list(again.public()) == list(project.public())
    assert PEOPLE.privacy.dp_mean("age", epsilon=1).replayed


def test_facts_do_not_change_once_a_release_used_them(project):
    project.public(age=(0, 100))
    project.public(age=(0, 90))  # a slip is mended while nothing used it
    assert project.public().find("age", "bounds").value == (0.0, 90.0)
    PEOPLE.privacy.dp_count(epsilon=1)  # which used no fact
    project.public(age=(0, 95))
    PEOPLE.privacy.dp_mean("age", epsilon=1)
    spent, entries = project.spent, len(project.ledger)
    with pytest.raises(pk.FactsChangedError, match=r"bounds of 'age' \(used by entry 5\)") as caught:
        project.public(age=(0, 100), plan=PLANS)
    assert (caught.value.facts, caught.value.entries) == ((("age", "bounds"),), (5,))
    assert "No budget was spent." in str(caught.value)
    assert "bounds=" in str(caught.value)
    with pytest.raises(pk.FactsChangedError, match="nor is withdrawn"):
        project.withdraw("age")
    project.public(age=(0, 95))
    assert (project.spent, len(project.ledger)) == (spent, entries)
    project.public(plan=PLANS)
    assert len(project.public()) == 2
    assert project.ledger.verify().entries == entries + 1


def test_a_file_beside_the_notebook(project, tmp_path):
    file = tmp_path / "facts.toml"
    file.write_text(
        'plan = ["basic", "plus", "premium"]\n'
        "[age]\nbounds = [18, 100]\nbins = [18, 65, 100]\nreason = 'admission'\n"
        "[zip]\nkeys = {values = ['8001', '8002'], reason = 'post'}\n"
    )
    facts = project.public(file, left=["yes", "no"])
    assert facts.find("age", "bins").source.reason == "admission"
    assert facts.find("zip", "keys").source.reason == "post"
    assert facts.find("left", "keys").value == ("yes", "no")


KEYS = st.one_of(
    st.none(),
    st.booleans(),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
)
NUMBERS = st.lists(st.integers(-1000, 1000), min_size=3, max_size=6, unique=True).map(sorted)


@given(
    keys=st.lists(KEYS, min_size=3, max_size=6, unique_by=lambda key: codes_of([key])[0]),
    edges=NUMBERS,
    name=st.text(st.characters(codec="utf-8"), min_size=1),
)
def test_facts_are_read_from_ledger_and_file_as_they_were_said(tmp_path_factory, keys, edges, name):
    folder = tmp_path_factory.mktemp("facts")
    first = pk.open_project("first", epsilon=1, unit=pk.ROW, store=folder / "ledger.db")
    said = {name: {"keys": keys}, "n": {"bins": edges, "candidates": edges, "bounds": (edges[0], edges[-1])}}
    facts = first.public(said)
    if name != "n":
        assert codes_of(facts.find(name, "keys").value) == codes_of(keys)
        assert facts.find("n", "bins").value == tuple(edges)
        assert facts.find("n", "bounds").value == (edges[0], edges[-1])
    facts.to_toml(folder / "facts.toml")
    second = pk.open_project("second", epsilon=1, unit=pk.ROW, store=folder / "ledger.db")
    again = second.public(folder / "facts.toml")
    for fact in facts:
        code = codes_of if fact.kind == "keys" else tuple
        assert code(again.find(fact.column, fact.kind).value) == code(fact.value)
    assert len(again) == len(facts)
    assert len(second.public(facts.to_toml() and folder / "facts.toml")) == len(second.public(said)) == len(facts)
    assert len(second.ledger) == 1  # said again, and again: noted once


def test_dates_and_instants_as_facts(project):
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", "2026-01-02"] * 50)})
    project.public(day={"keys": [datetime(2026, 1, 1), datetime(2026, 1, 2)]})
    assert min(frame.privacy.dp_count("day", epsilon=5).cells) > 30
    project.public(
        born=[date(2026, 1, 1)], at=pk.public_values(pd.date_range("2026-01-01", periods=3, tz="UTC"), reason="x")
    )
    assert project.public().find("at", "keys").value[0] == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_simulated_project_has_facts_too():
    project = pk.open_project("lesson", epsilon=10, unit=pk.ROW, simulate=True, seed=1)
    project.public(age=(0, 100), plan=PLANS)
    assert PEOPLE.privacy.dp_mean("age", "plan", epsilon=1).plan.public
    with pytest.raises(pk.FactsChangedError):
        project.public(age=(0, 90))
    with pytest.raises(pk.SimulatedError, match="ends with its session"):
        project.remove("a slip")
    project.close("the lesson is over")
    with pytest.raises(pk.ProjectClosedError):
        PEOPLE.privacy.dp_count(epsilon=1)
    assert "ublic facts" in repr(project)


def test_every_kind_of_fact_is_used_by_a_call():
    assert set(KINDS) == {"bounds", "keys", "bins", "candidates"}


def test_a_fact_that_is_declared_after_a_check_says_so_in_plan_provenance_and_ledger(ledger_path):
    project = pk.open_project("looked", epsilon=1, unit=pk.ROW, store=ledger_path)
    people = pd.DataFrame({"age": [20, 30, 40] * 50, "plan": ["a", "b", "c"] * 50})
    project.public(plan=["a", "b", "c"])
    pk.plan.dp_mean(people, "age", bounds=(0, 100), epsilon=0.1).check()
    facts = project.public(age=(18, 50))
    assert facts.find("age", "bounds").source.after_check
    assert not facts.find("plan", "keys").source.after_check
    release = pk.dp_mean(people, "age", "plan", epsilon=0.5)
    assert any("bounds of 'age'" in told and "after a check" in told for told in release.provenance.public)
    assert not any("keys of 'plan'" in told and "after a check" in told for told in release.provenance.public)
    assert "after a check of its rows" in repr(release.plan)
    recorded = project.account.entries()[-1].question["public"]
    assert [source.get("after_check") for source in recorded if source["column"] == "age"] == [True]
    again = pk.open_project("looked", store=ledger_path)
    assert again.facts.find("age", "bounds").source.after_check
    assert project.ledger.verify()


def test_a_reason_that_is_added_later_does_not_take_the_mark_of_a_check_away(ledger_path):
    project = pk.open_project("marked", epsilon=9, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"x": [1.0, 2.0, 500.0]})
    pk.plan.dp_mean(frame, "x", bounds=(0, 9), epsilon=1).check()
    project.public(x=(0, 500))
    from privkit.project import project as module

    module._checked.clear()  # as in another process
    again = pk.open_project("marked", store=ledger_path)
    pk.dp_mean(frame, "x", epsilon=1)
    again.public(x={"bounds": (0, 500), "reason": "handbook"})
    (told,) = pk.dp_mean(frame, "x", epsilon=2).provenance.public
    assert "after a check" in told
    assert "handbook" in told
    assert again.ledger.verify()


@pytest.mark.parametrize("simulated", [False, True])
@pytest.mark.parametrize("closed", [False, True])
def test_facts_are_counted_apart_from_what_was_charged_wherever_entries_are_counted(
    tmp_path, simulated, closed, capsys
):
    """Text, HTML, plot, panel, JSON and the command line say the same."""
    import json

    from privkit.budget.noted import counts_of
    from privkit.cli import main

    store = tmp_path / "ledger.db"
    where = {} if simulated else {"store": store}
    project = pk.open_project("apart", epsilon=5, unit=pk.ROW, simulate=simulated, **where)
    frame = pd.DataFrame({"age": [20, 40], "plan": ["a", "b"]})
    assert "0 entries, ε" in str(project.ledger)
    project.public(age=(0, 100))
    project.public(plan=["a", "b"])
    frame.privacy.dp_count(epsilon=1, project=project)
    project.public(age={"bins": [0, 50, 100]})
    frame.privacy.dp_sum("age", epsilon=1, project=project)
    if closed:
        project.close(reason="done")
    words = "2 entries, beside 3 of public facts"
    ledger, panel = project.ledger, project.panel()
    texts = [str(project), project._repr_html_(), str(ledger), ledger._repr_html_(), panel._picture.value, str(panel)]
    for one in texts:
        assert words in one
        assert not any(f"{count} entries" in one for count in (5, 6))
    assert words in " ".join(ledger.plot().get_title(loc="left").split())
    counts = counts_of(project.account, project.account.balance())
    assert counts == (2, 3, int(closed), 0, 0)
    assert len(ledger.to_frame()) == sum(counts) == len(ledger)
    if simulated:
        return
    told = json.loads(ledger.to_json())["counts"]
    beside = {"facts": 3, "ends": int(closed), "registered": 0, "extensions": 0}
    assert told == {"entries": sum(counts), "charges": 2, **beside}
    assert main(["ledger", "list", "--store", str(store)]) == 0
    assert words in capsys.readouterr().out
    assert main(["ledger", "list", "--store", str(store), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["entries"], row["charges"], row["facts"]) == (sum(counts), 2, 3)
