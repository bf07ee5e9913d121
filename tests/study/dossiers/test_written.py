"""What leaves of a dossier: no cell value, pages that stand alone, the registry form, whole files, changes."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from dossier_drawn import CANARY, WAYS, table

import privkit as pk
from privkit.study.dossiers.registry import SCHEMA, record, schema

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
