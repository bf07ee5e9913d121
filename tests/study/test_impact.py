"""An impact assessment for the CNIL's application: keys and ids are its own, what a person must say is left out."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.study.dossiers.form import impact_fields
from privkit.study.dossiers.impact import pia_schema

CANARY = "CANARY-7f3a"
#: The ids of the application's architecture (version 4.1.0), by section and item.
IDS = [
    *range(111, 114), *range(121, 124), *range(211, 216), *range(221, 228), *range(321, 327), *range(331, 337),
    *range(341, 347),
]  # fmt: skip


@cache
def frame() -> pd.DataFrame:
    rows = range(60)
    return pd.DataFrame({"zip": [f"{CANARY}-{n % 6}" for n in rows], "age": [987_650_000 + n % 4 for n in rows]})


def owned(**more: object) -> pk.Inventory:
    said = {
        "purpose": "churn by area",
        "legal_basis": "legitimate interest",
        "source": "the shop",
        "stored": "a warehouse",
        "access": "two analysts",
        "retention": "2027-12-31",
        "recipients": ["data processor"],
    }
    return pk.audit(frame(), roles={"zip": "quasi", "age": "quasi"}).assign(["zip", "age"], **{**said, **more})


def read(made: pk.Dossier) -> dict[int, dict[str, object]]:
    told = json.loads(made.to_pia())
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(pia_schema()).validate(told)
    return {one["reference_to"]: one["data"] for one in told["answers"]}


def by(made: pk.Dossier) -> Counter[str]:
    return Counter(one.source if one.state == "filled" else one.state for one in made.impact)


def test_the_ids_are_the_applications_and_each_question_is_counted_once():
    assert [int(field.name) for field in impact_fields()] == IDS
    kinds = {int(field.name): field.kind for field in impact_fields()}
    assert {kinds[n] for n in IDS if n < 300} == {"text"}
    assert {kinds[n] for n in IDS if n > 300 and n % 10 <= 4} == {"texts"}
    assert {kinds[n] for n in IDS if n > 300 and n % 10 >= 5} == {"level"}
    coarse = frame().privacy.generalize({"age": 1}, hierarchies={"age": pk.Hierarchy.intervals(10)})
    made = pk.dossier(frame(), inventory=owned(), reports=[coarse, coarse])
    assert by(made) == {"inventory": 8, "report": 1, "not applicable": 1, "asked": 26}
    assert set(made.coverage.forms) == {"registry", "nist", "wp216"}  # no aim
    assert not [one for one in made.open_questions if one.id.startswith("pia.")]
    assert "Of 36 questions: 8 filled by the inventory, 1 by results and the ledger, 1 without an object, 26 open" in (
        made.to_markdown()
    )
    told = json.loads(made.to_pia())
    titles = [one["title"] for one in told["measures"]]
    assert titles == ["Coarser values", "Coarser values (2)"] == read(made)[324]["list"]
    assert len(json.loads(made.to_json())["impact"]) == 36


def test_what_is_known_stands_under_its_question_and_nothing_else():
    data = read(pk.dossier(inventory=owned()))
    assert set(data) == {111, 121, 122, 123, 211, 212, 213, 215, 222}
    assert data[212]["text"] == "<p>legitimate interest.</p>"
    assert data[222]["text"] == "<p>No column is held on consent.</p>"
    assert "Kept until: 2027-12-31." in data[121]["text"]
    assert data[122]["text"].startswith("<p>From: the shop. Stored: a warehouse.")
    half = pk.dossier(inventory=owned().assign("age", purpose="", legal_basis="", source=""))
    assert "No purpose is said of &#x27;age&#x27;" in read(half)[213]["text"]
    assert 222 not in read(half)  # what age is held on is not known
    assert (
        read(pk.dossier(inventory=owned(consent="on 2 May", legal_basis="consent")))[222]["text"] == "<p>on 2 May.</p>"
    )
    bare = read(pk.dossier(frame()))
    assert set(bare) == {121}
    assert not [one for one in json.loads(pk.dossier(frame()).to_pia())["pia"].values() if one == "privkit"]


def test_a_project_is_a_measure_and_its_ledger_is_only_looked_at(tmp_path):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db", analyst=CANARY)
    frame().privacy.dp_count(epsilon=0.25, project=project)
    before = len(project.ledger)
    made = pk.dossier(project=project, inventory=owned())
    assert read(made)[324]["list"] == ["Differential privacy"]
    (measure,) = json.loads(made.to_pia())["measures"]
    assert "a budget of ε = 1, of which ε = 0.25 is charged; protected is one row." in measure["content"]
    assert len(project.ledger) == before
    assert CANARY not in made.to_pia()


def test_a_persons_answers_fill_the_rest_each_of_its_kind():
    texts = {f"pia.{n}": f"said {n}" for n in IDS if n < 300}
    lists = {f"pia.{n}": [f"said {n}", "more"] for n in IDS if n > 300 and n % 10 <= 4}
    levels = {"pia.325": 3, "pia.326": "4: often", "pia.335": "2", "pia.336": "1, seldom", "pia.345": 1, "pia.346": 2}
    made = pk.dossier(inventory=owned(), answers={**texts, **lists, **levels})
    assert by(made) == {"person": 36}
    data = read(made)
    assert list(data) == IDS
    assert data[326] == {"text": "<p>often</p>", "gauge": 4, "list": []}
    assert data[325] == {"text": "", "gauge": 3, "list": []}
    assert data[341] == {"text": None, "gauge": None, "list": ["said 341", "more"]}
    wrong = {"pia.325": 5, "pia.326": "0: never", "pia.335": True, "pia.345": "often", "pia.111": 3, "pia.999": CANARY}
    with pytest.raises(pk.DossierError) as caught:
        pk.dossier(inventory=owned(), answers=wrong)
    assert len(caught.value.problems) == 6
    assert CANARY not in str(caught.value)


def test_the_file_is_known_by_its_name(tmp_path):
    made = pk.dossier(inventory=owned(), today="2026-11-30")
    path = made.save(tmp_path / "churn.PIA.json")
    assert path.read_text(encoding="utf-8") == made.to_pia()
    assert made.save(tmp_path / "churn.json").read_text(encoding="utf-8") == made.to_json()
    with pytest.raises(pk.FileError):
        made.save(tmp_path / ".pia.json")
    assert json.loads(made.to_pia())["pia"]["created_at"] == "2026-11-30T00:00:00.000Z"


@settings(max_examples=40)
@given(
    st.text(min_size=1, max_size=20).filter(str.strip), st.sampled_from(["<script>a</script>", "</p>", "&lt;", "\0"])
)
def test_hostile_names_and_words_are_only_text(text, more):
    inventory = pk.audit(pd.DataFrame({text + more: [1]}))
    inventory = inventory.assign(list(inventory.columns), purpose=more + text, source=text, retention="2027-12-31")

    class Page(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert (tag, attrs) == ("p", [])

    for one in read(pk.dossier(inventory=inventory)).values():
        Page().feed(one["text"])
        assert one["text"].count("<") == 2
        assert one["text"].isprintable()


def test_no_cell_value_leaves():
    coarse = frame().privacy.generalize({"age": 1}, hierarchies={"age": pk.Hierarchy.intervals(10)})
    told = pk.dossier(frame(), inventory=owned(), reports=[coarse, pk.kanon(frame(), ["zip", "age"])]).to_pia()
    assert CANARY not in told
    assert "98765" not in told
