"""What landed versions wrote opens, verifies, shows and replays; recipes and hierarchies give what they gave."""

from __future__ import annotations

import json

import pandas as pd
import pinned_landed
import pytest
import yaml
from pinned_asked import PRICE, answered, asked, numbers_of, people
from pinned_landed import KEY, LANDED

import privkit as pk
from privkit import events as ev

FOLDERS = sorted(path.name for path in LANDED.iterdir())
QUESTIONS = [(kind, name) for kind, questions in asked().items() for name in questions]


@pytest.fixture(scope="module", params=FOLDERS)
def landed(request):
    return LANDED / request.param


@pytest.fixture(scope="module")
def projects(landed, tmp_path_factory):
    """Return each project of a copy of the landed ledger, opened by its name alone."""
    folder = tmp_path_factory.mktemp("landed")
    with pinned_landed.in_its_own_state(folder):
        store = pinned_landed.copied_ledger(folder, landed)
        yield {kind: pk.open_project(kind, store=store) for kind in asked()}


@pytest.fixture(scope="module")
def stored(landed):
    return json.loads((landed / "answers.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _its_key(monkeypatch):
    monkeypatch.setenv("PRIVKIT_KEY", pinned_landed.SECRET)


@pytest.mark.parametrize("kind", asked())
def test_a_ledger_verifies_and_exports_the_same_bytes(projects, landed, kind):
    project = projects[kind]
    assert project.ledger.verify().entries == len(project.ledger) >= len(asked()[kind])
    # Line breaks of the export may change; what it says may not.
    told = json.loads(project.ledger.to_json())
    assert told.pop("counts")["entries"] == len(told["entries"])  # told since
    assert told == json.loads((landed / f"{kind}.json").read_bytes())
    if (landed / f"{kind}.csv").exists():
        assert project.ledger.to_csv() == (landed / f"{kind}.csv").read_bytes().decode()


def test_its_entries_are_of_every_state(projects):
    states = projects["persons"].ledger.to_frame()["state"]
    assert set(states) == {"committed", "failed", "orphaned"}
    assert "ledger of project 'persons'" in repr(projects["persons"].ledger)


@pytest.mark.parametrize(("kind", "name"), QUESTIONS, ids=".".join)
@pytest.mark.sample(0.2)
def test_a_question_replays_its_answer_at_no_charge(projects, stored, kind, name):
    if f"{kind}.{name}" not in stored:
        pytest.skip("a later version asks it")
    project = projects[kind]
    before = project.spent, len(project.ledger)
    release = answered(asked()[kind][name], project, PRICE, people())
    assert release.replayed
    assert (project.spent, len(project.ledger)) == before
    # A median is called one since then.
    expected = {"median" if column == "quantile" else column: told for column, told in stored[f"{kind}.{name}"].items()}
    found = {"median" if column == "quantile" else column: told for column, told in numbers_of(release).items()}
    assert found == expected


@pytest.mark.parametrize("kind", asked())
def test_a_declared_version_replays_whatever_the_rows_are(projects, kind):
    project = projects[kind]
    before = len(project.ledger)
    release = answered((pk.dp_count, (), {}), project, PRICE, people().head(9), version="2026-11")
    assert release.replayed
    assert len(project.ledger) == before


def test_what_was_not_asked_is_charged(landed, tmp_path):
    """The replays above mean something: of other rows, or of another question, there is no answer."""
    with pinned_landed.in_its_own_state(tmp_path):
        project = pk.open_project("rows", store=pinned_landed.copied_ledger(tmp_path, landed))
        spent = project.spent.epsilon
        assert not answered((pk.dp_count, (), {}), project, PRICE, people().head(239)).replayed
        assert not answered((pk.dp_count, (), {"where": "age > 41"}), project, PRICE, people()).replayed
        assert project.spent.epsilon == spent + 2 * PRICE


@pytest.mark.parametrize("kind", ["toml", "yaml", "json"])
def test_a_recipe_file_gives_the_recipe(landed, kind):
    made_since = {"masked"}
    for name, made in pinned_landed.recipes().items():
        if not (landed / f"recipe_{name}.{kind}").exists():
            assert name in made_since
            continue
        loaded = ev.Recipe.load(landed / f"recipe_{name}.{kind}", keys={"1b398903": KEY})
        assert loaded.to_dict() == made.to_dict()
        assert repr(loaded) == repr(made)


def test_a_recipe_file_writes_the_same_bytes(landed, tmp_path):
    names = [name for name in pinned_landed.recipes() if (landed / f"recipe_{name}.toml").exists()]
    loaded = {name: ev.Recipe.load(landed / f"recipe_{name}.toml", keys={"1b398903": KEY}) for name in names}
    for name, content in pinned_landed.recipe_outputs(tmp_path, loaded, whole=False).items():
        assert content == (LANDED.parent / "recipes" / name).read_bytes(), name


def test_files_of_hierarchies_are_read(landed, tmp_path):
    for name, made in pinned_landed.hierarchies().items():
        read = pk.Hierarchy.read_csv(landed / f"hierarchy_{name}.csv")
        assert sorted(read.to_rows()) == sorted(made.to_rows())
    out = tmp_path / "out.csv"
    pinned_landed.anonymized_by_command(out, "--hierarchies", str(landed / "hierarchies.toml"), landed=landed)
    assert out.read_bytes() == (landed / "anonymized.csv").read_bytes()


def test_an_inventory_is_read(landed):
    read = pk.Inventory.from_yaml(landed / "inventory.yaml")
    # What the audit of that version judged stands in the file; that of today may know better.
    judged = ["proposed_role", "rating", "what", "action", "hipaa", "evidence", "uniques_with_others", "dirty"]
    now = pinned_landed.inventory().to_frame()
    pd.testing.assert_frame_equal(read.to_frame().drop(columns=judged), now.drop(columns=judged))
    for entry, written in zip(read, yaml.safe_load((landed / "inventory.yaml").read_text())["columns"], strict=True):
        told = [entry.proposed, entry.what, entry.hipaa, entry.uniques_with_others, list(entry.evidence)]
        assert told == [written["proposed"], written.get("what", ""), written.get("hipaa", ""),
                        written.get("uniques_with_others"), written.get("evidence", [])]  # fmt: skip
    assert read.check(people(), today="2027-01-01").of("new column") == []
