"""The dossier: what it tells is what the parts say, what only a person knows is asked, no cell value leaves."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from html.parser import HTMLParser

import pandas as pd
import pytest

import privkit as pk
from privkit import cli
from privkit import events as ev
from privkit.study.dossiers.form import Answer, Coverage, NotApplicable, answered, fields
from privkit.study.dossiers.registry import SCHEMA, record, schema

CANARY = "CANARY-7f3a"
HOSTILE = "<script>alert(1)</script>|[x](y)\n# `b`"
PERSON = {
    "registry": {
        "basic": {
            "data_curators": ["Telco Ltd"],
            "data_product_region": "Switzerland",
            "publication_date": "2026-11-30",
        },
        "administrative": {"registry_authors": ["Ada"]},
    }
}
WAYS = ("to_html", "to_markdown", "to_json", "to_registry")


def table(rows: int = 120) -> pd.DataFrame:
    """Return persons of whom every text is a canary, and every number one too."""
    numbers = range(rows)
    return pd.DataFrame(
        {
            "zip": [f"{CANARY}-{n % 40}" for n in numbers],
            "age": [987_650_000 + n % 30 for n in numbers],
            "ill": [f"{CANARY}-ill-{n % 3}" for n in numbers],
            "email": [f"{CANARY}{n}@x.org" for n in numbers],
        }
    )


def owned(frame: pd.DataFrame) -> pk.Inventory:
    found = pk.audit(frame, roles={"zip": "quasi", "age": "quasi", "ill": "sensitive", "email": "direct"})
    return found.assign(
        list(found.columns),
        purpose="churn by area",
        legal_basis="Art. 6(1)(f) GDPR",
        source="the shop",
        stored="a warehouse in Zürich",
        access="two analysts",
        retention="2027-12-31",
        recipients=["data processor"],
    )


def reports(frame: pd.DataFrame) -> list[object]:
    qi, half = ["zip", "age"], len(frame) // 2
    spread = pk.Hierarchy.intervals(5, 10)
    goal = pk.KAnonymity(2) & pk.LDiversity("ill", 2)
    return [
        pk.kanon(frame, qi, k=5),
        pk.ldiv(frame, qi, "ill", l=2),
        pk.check(frame, qi, goal),
        pk.risk(frame, qi),
        pk.suda(frame, qi),
        pk.link(frame, frame.head(half), on=qi),
        pk.attack(frame.head(half), frame.head(half), control=frame.tail(half), columns=[*qi, "ill"]),
        pk.gate(frame, {"goal": {"qi": qi, "k": 5}, "roles": {"forbid": ["direct"]}}),
        owned(frame).check(frame.drop(columns="ill"), today="2028-01-01"),
        pk.output_check(pd.crosstab(frame["ill"], frame["age"] % 2)),
        pk.anonymize(frame, qi, k=3, suppress=0.5, hierarchies={"age": spread}),
        pk.anonymize(frame, qi, k=3, method="local", suppress=0.5).report,
        pk.generalize(frame, {"age": 1}, hierarchies={"age": spread}),
        pk.pram(frame, "ill", seed=1),
        pk.ksets(frame, qi, of=2, k=3),
        pk.unicity(frame, unit="email", columns=["zip"], points=1, persons=10),
        ev.Recipe([ev.drop("email"), *map(ev.keep, [*qi, "ill"])]).apply(frame),
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A project with ten releases, and the dossier of it."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIVKIT_STATE_DIR", str(folder / "state"))
        frame = table()
        project = pk.open_project("churn", epsilon=5, unit=pk.ROW, store=folder / "ledger.db")
        project.public(age=(0, 100))
        for place in range(8):
            pk.dp_count(frame, where=f"age > {place}", epsilon=0.1, project=project)
        pk.dp_mean(frame, "age", epsilon=0.3, project=project)
        pk.dp_count(frame, "ill", keys=["flu", "cold"], epsilon=0.2, project=project)
        before = project.spent, len(project.ledger)
        made = pk.dossier(
            frame,
            project=project,
            inventory=owned(frame),
            reports=reports(frame),
            review="2027-11-30",
            today="2026-11-30",
        )
        assert (project.spent, len(project.ledger)) == before
        return made, project


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


# -- what leaves ---------------------------------------------------------------------------------------------------


def test_no_cell_value_leaves(study):
    made, _ = study
    for way in WAYS:
        text = getattr(made, way)()
        assert CANARY not in text
        assert not re.search(r"\b98765\d{4}\b", text)  # a hash has another length
    assert CANARY not in repr(made) + made._repr_html_() + json.dumps(made.facts)


class Page(HTMLParser):
    """What a page is made of: every tag closed, nothing loaded, nothing run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not [name for name, _ in attrs if name in {"src", "href", "srcset"} or name.startswith("on")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_stands_alone_and_hostile_names_are_only_text(tmp_path):
    frame = table().rename(columns={"zip": HOSTILE, "ill": "STYLE"})
    project = pk.open_project("TITLE BODY", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    pk.dp_count(frame, HOSTILE, keys=["a"], epsilon=0.1, project=project)
    inventory = pk.audit(frame).assign(HOSTILE, purpose=HOSTILE, source=HOSTILE, recipients=[HOSTILE])
    made = pk.dossier(project=project, inventory=inventory, reports=[pk.kanon(frame, HOSTILE)], title=HOSTILE)
    page = Page(made.to_html())
    assert not page.open
    assert not page.seen & {"script", "link", "img", "iframe", "object", "svg"}
    assert "alert(1)" in "".join(page.words)
    assert made.to_html().count("<body>") == 1
    lines = made.to_markdown().splitlines()
    assert not [line for line in lines if "<" in line.replace("\\<", "")]
    wide: int | None = None
    for line in lines:  # each row of a table has as many cells as its head
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else None
        assert wide is None or cells in (None, wide)
        wide = cells
    assert pk.dossier(project=project).to_registry().count("\nurl_slug: title-body\n") == 1


def test_the_record_fits_the_registrys_schema(study):
    yaml, jsonschema = pytest.importorskip("yaml"), pytest.importorskip("jsonschema")
    made, project = study
    check = jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())
    draft = made.to_registry()
    assert SCHEMA in draft.splitlines()[0]
    lacking = {error.message.split("'")[1] for error in check.iter_errors(yaml.safe_load(draft))}
    asked = {one.field.name.split(".")[-1] for one in made.answers if one.state == "asked" and one.field.required}
    assert lacking == asked  # a draft lacks what a person must say, and nothing else
    assert all(f"# open: basic.{name}: " in draft for name in ("data_curators", "data_product_region"))
    whole = pk.dossier(project=project, inventory=made.inventory, answers=PERSON)
    told = yaml.safe_load(whole.to_registry())
    check.validate(told)
    assert (told["status"], told["tier"]) == ("Draft", 1)  # the sector is still open
    assert told["deployment"]["privacy_loss"]["privacy_parameters"] == {"epsilon": 1.3}
    assert told["deployment"]["basic"]["publication_date"] == "2026-11-30"
    assert not list(check.iter_errors(told | {"tier": 3}))
    assert list(check.iter_errors(told | {"tier": 4}))
    assert list(check.iter_errors(told | {"surprise": 1}))


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_the_tier_is_that_up_to_which_nothing_is_open(tier, tmp_path):
    project = pk.open_project("tiers", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    pk.dp_count(table(), epsilon=0.1, project=project)
    asked = [one.field for one in pk.dossier(project=project).answers if one.state == "asked"]
    words = {"date": "2026-11-30", "texts": ["Ada"]}
    said = {one.id: one.choices[0] if one.choices else words.get(one.kind, "said") for one in asked if one.tier <= tier}
    made = pk.dossier(project=project, answers=said)
    assert record(made.answers)["tier"] == tier
    told = [one for one in made.answers if one.field.id in said]
    assert {one.source for one in told} == {"person"}
    assert made.coverage == pk.dossier(project=project).coverage  # a person's words are not counted


@pytest.mark.parametrize("name", ["d.html", "d.md", "d.json", "d.yaml"])
def test_a_file_is_whole_or_not_there(name, study, tmp_path, monkeypatch):
    made, _ = study
    assert (
        made.save(tmp_path / name).read_text(encoding="utf-8")
        == getattr(made, WAYS[["html", "md", "json", "yaml"].index(name[2:])])()
    )
    before = (tmp_path / name).read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(pk.FileError, match="No space"):
        made.save(tmp_path / name)
    assert (tmp_path / name).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_what_moved_is_told_from_a_value_as_from_its_file(study, tmp_path):
    made, project = study
    path = made.save(tmp_path / "q1.json")
    assert not made.compare(made).changes
    assert not made.compare(path).changes
    later = pk.dossier(project=project, answers=PERSON, today="2027-03-01")
    moved = {one.what: (one.before, one.after) for one in later.compare(path)}
    assert later.compare(path).changes == later.compare(made).changes
    assert moved["registry.basic.data_curators"] == ("asked", "Telco Ltd")
    assert moved["held: columns"] == ("4", "")
    assert "registry.url_slug" not in moved
    assert list(later.compare(made).to_frame().columns) == ["what", "before", "after"]
    steered = json.dumps({"privkit_dossier": 1, "made": "\x1b[2J", "facts": {}})
    for text in ("[]", '{"privkit_dossier": 1}', "{", CANARY, steered):
        path.write_text(text)
        with pytest.raises(pk.DossierError) as caught:
            made.compare(path)
        assert CANARY not in str(caught.value)
    with pytest.raises(pk.FileError):
        made.compare(tmp_path / "none.json")
    with pytest.raises(pk.FileError, match=r"^\.: it cannot be read"):
        made.compare(".")
    half = pk.dossier(project=project, title="a\ud800")
    with pytest.raises(pk.ParameterError, match="half of a character"):
        half.save(tmp_path / "half.json")
    assert not (tmp_path / "half.json").exists()


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
