"""The dossier: what it tells is what the parts say, what only a person knows is asked, and what is refused."""

from __future__ import annotations

import json
from fractions import Fraction

import pandas as pd
import pytest
from dossier_drawn import CANARY, WAYS, table

import privkit as pk
from privkit import cli
from privkit.study.dossiers.form import Answer, Coverage, NotApplicable, answered, fields

# -- what it says --------------------------------------------------------------------------------------------------


def test_each_charge_is_the_ledgers(study):
    made, project = study
    entries = [one for one in project.account.entries() if one.question["statistic"] != "public facts"]
    assert [(one.entry, one.cost, one.hash) for one in made.statement.charges] == [
        (one.seq, one.cost, one.hash) for one in entries
    ]
    assert len(entries) == 10
    assert sum((one.cost.main for one in made.statement.charges), Fraction(0)) == project.spent.main
    assert all(one.advantage == one.cost.advantage for one in made.statement.charges)
    page = made.to_html()
    assert made.statement.balance.hash in page
    for told in (
        "discrete Laplace, scale 10",
        "bounds of &#x27;age&#x27; (declared in entry 1)",
        "count by ill (2 keys)",
    ):
        assert told in page


def test_most_is_filled_without_a_person_and_counted_by_form(study):
    made, _ = study
    assert all(part.share >= 0.7 for part in made.coverage.forms.values())
    assert made.coverage.total.share >= 0.7
    told = json.loads(made.to_json())
    for form, part in told["coverage"].items():  # counted once more, from what was written
        own = [one for one in told["fields"] if one["id"].startswith(f"{form}.") and one["state"] != "not applicable"]
        filled = [one for one in own if one["state"] == "filled" and one["source"] != "person"]
        assert part == {"filled": len(filled), "applicable": len(own)}
    assert [len([one for one in fields() if one.form == form]) for form in told["coverage"]] == [35, 24, 3]


def test_what_does_not_apply_is_counted_on_neither_side():
    one, two, three = fields()[:3]
    states = [
        Answer(one, "filled", "ledger", "x"),
        Answer(two, "asked", "person"),
        Answer(three, "not applicable", "ledger"),
    ]
    assert Coverage.of(states).forms["registry"] == (1, 2)


def test_what_only_a_person_knows_is_asked_by_name_and_never_invented(study):
    made, _ = study
    asked = lambda field: field.source == "person" or field.id == "nist.8"  # noqa: E731 - its register has no package
    person = [field.id for field in fields() if asked(field)]
    assert [one.id for one in made.open_questions] == person
    with pytest.raises(AssertionError, match=r"registry\.basic\.data_curators"):
        answered({"registry.basic.data_curators": "somebody"}, {})
    assert answered({"nist.8": NotApplicable("nothing")}, {})[42].state == "not applicable"
    bare = pk.dossier(table())
    asked = {one.id for one in bare.open_questions}
    assert {"inventory.purpose", "inventory.legal_basis", "inventory.retention", "dossier.review"} <= asked
    assert {"wp216.linkability", "wp216.inference"} <= asked
    assert bare.coverage.forms["registry"].applicable == bare.coverage.forms["nist"].applicable == 0


def test_hazards_follow_the_projects_terms(tmp_path):
    frame = table().assign(who=range(120))

    def told(name, **terms):
        project = pk.open_project(name, store=tmp_path / "l.db", **terms)
        asked = {"rho": 0.01} if "rho" in terms else {"epsilon": 0.1, "delta": terms["delta"] and 1e-7}
        pk.dp_count(frame, project=project, **asked)
        made = pk.dossier(project=project)
        return {one.field.id: one for one in made.answers}

    by_person = told("person", rho=1, delta=None, unit="who", max_rows=3)
    assert by_person["nist.2"].state == "not applicable"
    assert by_person["nist.4"].value.startswith("No: all rows of one 'who'")
    assert "at most 3 rows" in by_person["nist.13"].value
    assert by_person["registry.dp_variant.variant_name"].value == "Zero-concentrated DP"
    assert by_person["registry.privacy_loss.privacy_parameters"].value == {"rho": 0.01}
    by_row = told("row", epsilon=30, delta=1e-6, unit=pk.ROW)
    assert by_row["nist.4"].state == "asked"  # whether a person has several rows, nothing here tells
    assert by_row["nist.5"].state == "filled"
    assert by_row["registry.dp_variant.variant_name"].value == "Approximate DP"


def test_what_left_without_noise_is_told_by_the_register_and_no_word_of_a_person_replaces_it(tmp_path):
    frame = table()
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    count = pk.dp_count(frame, epsilon=0.1, project=project)
    checked = pk.output_check(pd.crosstab([1] * 40 + [2] * 40, [3] * 80, margins=True))
    partner = {"recipient": "City", "purpose": "planning", "basis": "contract", "expires": "2099-01-01"}
    project.package(count, path=tmp_path / "a.zip", **partner)
    said = {"nist.8": "nothing", "nist.1": "no", "nist.20": "two analysts"}
    hazards = {one.field.id: one for one in pk.dossier(project=project, answers=said).answers}
    assert hazards["nist.8"].text == "nothing"  # noise is in all that the register knows
    assert hazards["nist.1"].text.startswith("Charged ε = 0.1 of ε = 1")
    assert hazards["nist.1"].text.endswith("A person says: no")
    assert {name: hazards[name].source for name in said} == {
        "nist.8": "person",
        "nist.1": "ledger",
        "nist.20": "person",
    }
    out = project.package({"by plan": checked}, path=tmp_path / "b.zip", **partner)
    project.sharing.confirm_deletion(out.id, by="City")  # it was out all the same
    made = pk.dossier(project=project, answers=said)
    told = next(one for one in made.answers if one.field.id == "nist.8")
    assert f"YES, by the register: package {out.id} for City ('by plan', checked counts)." in told.text
    assert told.source == "ledger"
    assert told.text.endswith("A person says: nothing")
    assert "package 2" not in told.text


def test_a_model_that_was_assessed_is_no_model_that_does_not_apply(tmp_path):
    rows = pd.DataFrame({"x": range(60), "y": ["a", "b"] * 30})
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    told = lambda made: next(one for one in made.answers if one.field.id == "nist.15")  # noqa: E731
    assert told(pk.dossier(project=project)).state == "not applicable"
    from sklearn.dummy import DummyClassifier

    always = DummyClassifier().fit(rows[["x"]], rows["y"])
    model = pk.assess_model(always, train=rows, test=rows.head(40), target="y")
    assert (
        told(pk.dossier(project=project, reports=[model])).text
        == "DummyClassifier, as it was assessed: no attack was tried."
    )
    project.record(model, table="clinic", on="2026-01-31")
    assert told(pk.dossier(project=project)).text == "clinic, recorded on 2026-01-31: no attack was recorded."


def test_a_preset_is_compared_exactly():
    eleven = pd.DataFrame({"zip": ["a"] * 11 + ["b"] * 12})  # its risk as a float is above 1/11
    made = pk.dossier(reports=[pk.risk(eleven, "zip")]).to_markdown()
    row = {
        name: line for line in made.splitlines() for name in ("cell\\_11", "cell\\_20") if line.startswith(f"| {name}")
    }
    assert "✓ 9.1 %: within" in row["cell\\_11"]
    assert "✗ 9.1 %: above" in row["cell\\_20"]


def test_the_register_is_told_as_it_stood_and_what_became_of_it_has_moved(tmp_path):
    people = pd.DataFrame({"email": ["a@x.org", "b@x.org"]})
    project = pk.open_project("shared", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db", analyst=CANARY)
    release = people.privacy.dp_count(epsilon=0.5, project=project)
    assert "dossier.recipients" in {one.id for one in pk.dossier(project=project).open_questions}
    agreed = {"purpose": "teaching", "basis": "contract", "expires": "2999-12-31"}
    package = project.package({"all": release}, path=tmp_path / "a.zip", recipient="Uni Bern", **agreed)
    project.requests.open("access")
    project.breach_drill(pk.audit(people), persons=3, scenario="a lost disk")
    made = pk.dossier(project=project)
    assert "dossier.recipients" not in {one.id for one in made.open_questions}
    project.sharing.revoke(package.id, reason="a mistake")
    project.sharing.confirm_deletion(package.id, by="Bern")
    project.requests.open("erasure")
    text = made.to_markdown()
    shared, asked = (text.partition(f"## {head}")[2].partition("\n## ")[0] for head in ("Who rec", "What persons"))
    for found in ("| 2 | Uni Bern | all (release of entry 1) | teaching | contract | 2999-12-31 | – | handed out |",):
        assert found in shared
    assert "deleted" not in shared
    assert project.account.entry(2).analyst == CANARY
    assert not [way for way in WAYS if CANARY in getattr(made, way)()]  # names of analysts stay in the ledger
    assert "1 request of data subjects" in asked
    assert "a lost disk" in asked
    moved = {one.what: one.after for one in pk.dossier(project=project).compare(made)}
    assert moved[f"shared: package {package.id}"].endswith("Uni Bern: deleted.")
    assert moved["asked: requests"].startswith("2 requests")


# -- what is refused -----------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_quoted(tmp_path):
    frame = table()
    simulated = pk.open_project("s", epsilon=1, unit=pk.ROW, simulate=True, seed=1)
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    wrong = [frame, pk.dp_count(frame, epsilon=0.1, project=project), pk.audit(frame), {"zip": CANARY}, frame["zip"]]
    answers = {
        "nist.99": CANARY,
        "nist.8": "  ",
        "registry.privacy_loss.privacy_parameters": CANARY,
        "registry.basic.publication_date": CANARY,
        "registry.basic.data_product_sector": CANARY,
        "registry.basic.data_curators": [CANARY, 5],
        CANARY[:3]: 1,
    }
    with pytest.raises(pk.DossierError) as caught:
        pk.dossier(project=simulated, reports=wrong, answers=answers)
    assert len(caught.value.problems) == 13
    assert CANARY not in str(caught.value)
    for given in ({}, {"reports": []}):
        with pytest.raises(pk.DossierError, match="Nothing was given"):
            pk.dossier(**given)
    for given in ({"project": "p"}, {"inventory": frame}, {"reports": "all"}, {"review": "soon"}, {"answers": 5}):
        with pytest.raises(pk.ParameterError):
            pk.dossier(frame, **given)


def test_answers_come_from_a_file_too(tmp_path):
    path = tmp_path / "answers.toml"
    path.write_text('[registry.basic]\ndata_curators = ["Ada"]\npublication_date = 2026-11-30\n[nist]\n8 = "nothing"\n')
    told = {
        one.field.id: one.value
        for one in pk.dossier(table(), answers=path).answers
        if one.source == "person" and one.state == "filled"
    }
    assert told == {
        "registry.basic.data_curators": ("Ada",),
        "registry.basic.publication_date": "2026-11-30",
        "nist.8": "nothing",
    }
    path.write_text(f"[{CANARY}")
    with pytest.raises(pk.DossierError, match="no TOML") as caught:
        pk.dossier(table(), answers=path)
    assert CANARY not in str(caught.value)
    with pytest.raises(pk.FileError):
        pk.dossier(table(), answers=tmp_path / "none.toml")


def test_names_of_files_that_say_nothing_are_refused(study, tmp_path):
    made, _ = study
    for name in ("d.pdf", "d", "a/d.html", "d\0.html"):
        with pytest.raises(pk.FileError):
            made.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


# -- in the shell --------------------------------------------------------------------------------------------------


def test_the_command_writes_looks_only_and_compares(tmp_path, monkeypatch, capsys):
    pytest.importorskip("yaml")
    monkeypatch.chdir(tmp_path)
    table().to_csv("t.csv", index=False)
    pk.audit(table()).to_yaml("i.yaml")
    project = pk.open_project("p", epsilon=1, unit=pk.ROW)
    pk.dp_count(table(), epsilon=0.1, project=project)
    entries = len(project.ledger)
    asked = ["dossier", "t.csv", "--project", "p", "--inventory", "i.yaml"]
    assert cli.main([*asked, "--out", "d.html", "--out", "d.json", "--review", "2027-11-30"]) == 0
    assert "1 charge, ε = 0.1 of ε = 1" in capsys.readouterr().out
    assert len(project.ledger) == entries
    assert cli.main([*asked, "--compare", "d.json"]) == 0
    assert "dossier.review" not in capsys.readouterr().out
    assert cli.main([*asked, "--compare", "d.json", "--json"]) == 0
    moved = json.loads(capsys.readouterr().out)
    assert [one["what"] for one in moved["changes"]] == ["dossier: open questions"]
    assert cli.main([*asked, "--out", "e.html", "--out", "e.pdf"]) == 1
    assert not (tmp_path / "e.html").exists()
    assert cli.main(["dossier", "t.csv"]) == 0
    assert "Dossier of 't.csv'" in capsys.readouterr().out
    assert cli.main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["privkit_dossier"] == 1
    assert cli.main([*asked, "--out", "d.html"]) == 1  # it is there
    assert cli.main([*asked, "--out", "i.yaml", "--force"]) == 1
    assert cli.main(["dossier", "--project", "nobody"]) == 1
    assert cli.main(["dossier"]) == 1
    assert CANARY not in capsys.readouterr().err + (tmp_path / "d.html").read_text(encoding="utf-8")
