"""What the side panel reads, on ledgers as they are found."""

import json
import shutil
import sqlite3

import pandas as pd
import pytest

import privkit as pk
from privkit.errors import LedgerError, PrivkitError
from privkit.lab.handlers import STATUSES
from privkit.lab.reading import OutsideRootError, entries_of, projects_in, version_of
from privkit.values.loss import PrivacyLoss


@pytest.fixture
def root(tmp_path):
    """A server's root with a ledger in the folder "study"."""
    store = tmp_path / "root" / "study" / ".privkit" / "ledger.db"
    project = pk.open_project("<img src=x onerror=alert(1)>", epsilon=1, unit=pk.ROW, store=store)
    people = pd.DataFrame({"a": [1, 2, 3]})
    for _ in range(7):
        people.privacy.dp_count(epsilon=0.1, again=True, project=project)
    return tmp_path / "root"


def test_projects_with_exact_amounts(root):
    answer = projects_in(root, "study")
    (project,) = answer["projects"]
    assert answer["ledger"]
    assert (project["spent"]["main"], project["remaining"]["main"], project["entries"]) == ("0.7", "0.3", 7)
    json.dumps(answer)


def test_the_project_that_a_notebook_spent_from_is_known(tmp_path, monkeypatch):
    store = tmp_path / ".privkit" / "ledger.db"
    people = pd.DataFrame({"a": [1, 2, 3]})
    churn, other = (pk.open_project(name, epsilon=1, unit=pk.ROW, store=store) for name in ("churn", "other"))
    for notebook, project in [("one.ipynb", churn), ("two.ipynb", other), ("one.ipynb", churn)]:
        monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / notebook))
        people.privacy.dp_count(epsilon=0.1, again=True, project=project)
    last = {project["name"]: project["used"] for project in projects_in(tmp_path, "", "one.ipynb")["projects"]}
    assert last == {"churn": churn.account.entries()[-1].time, "other": None}
    assert {project["used"] for project in projects_in(tmp_path, "")["projects"]} == {None}


def test_a_ledger_that_goes_while_it_is_read_is_told_as_one_that_is_gone(root, monkeypatch):
    from privkit.lab import reading

    found = reading._ledger

    def going(*place):
        ledger = found(*place)
        shutil.rmtree(root / "study" / ".privkit")
        return ledger

    monkeypatch.setattr(reading, "_ledger", going)
    assert projects_in(root, "study") == {"path": "study", "ledger": False, "projects": []}


def test_a_folder_without_a_ledger_is_calm(root):
    assert projects_in(root, "") == {"path": "", "ledger": False, "projects": []}
    assert projects_in(root, "nowhere")["projects"] == []


def test_entries_come_in_pages_the_newest_first(root):
    name = projects_in(root, "study")["projects"][0]["name"]
    first = entries_of(root, "study", name, limit=3)
    assert [entry["entry"] for entry in first["entries"]] == [7, 6, 5]
    assert first["total"] == 7
    rest = entries_of(root, "study", name, before=5, limit=10)
    assert [entry["entry"] for entry in rest["entries"]] == [4, 3, 2, 1]
    assert entries_of(root, "study", name, before=1)["entries"] == []


def test_no_answer_of_a_release_is_in_a_page(root):
    name = projects_in(root, "study")["projects"][0]["name"]
    assert not {"answer", "key", "hash"} & set(entries_of(root, "study", name)["entries"][0])


def test_reading_changes_nothing(root):
    ledger = root / "study" / ".privkit" / "ledger.db"
    before = ledger.read_bytes()
    projects_in(root, "study")
    assert ledger.read_bytes() == before


def test_a_ledger_that_a_link_leads_to_outside_is_refused(root, tmp_path):
    shutil.copytree(root / "study" / ".privkit", tmp_path / "outside")
    (root / "linked" / ".privkit").mkdir(parents=True)
    (root / "linked" / ".privkit" / "ledger.db").symlink_to(tmp_path / "outside" / "ledger.db")
    with pytest.raises(OutsideRootError):
        projects_in(root, "linked")


def test_damaged_ledgers_are_refused_and_stay_as_they_are(root):
    ledger = root / "study" / ".privkit" / "ledger.db"
    ledger.write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError):
        projects_in(root, "study")
    assert ledger.read_bytes() == b"no database" * 100


def test_a_newer_ledger_is_refused(root):
    with sqlite3.connect(root / "study" / ".privkit" / "ledger.db") as connection:
        connection.execute("PRAGMA user_version = 99999")
    with pytest.raises(LedgerError):
        projects_in(root, "study")


def test_every_error_has_a_status():
    assert STATUSES[-1][0] is PrivkitError
    assert all(400 <= status < 600 for _, status, _ in STATUSES)


def test_a_page_says_where_the_next_begins(root):
    name = projects_in(root, "study")["projects"][0]["name"]
    found, before = [], None
    while True:
        page = entries_of(root, "study", name, before=before, limit=3)
        found += [entry["entry"] for entry in page["entries"]]
        before = page["next"]
        if before is None:
            break
    assert found == [7, 6, 5, 4, 3, 2, 1]


def test_a_number_finds_its_entry_and_no_other(root):
    project = pk.open_project("numbers", epsilon=9, unit=pk.ROW, store=root / "numbers" / ".privkit" / "ledger.db")
    people = pd.DataFrame({"age": [1, 2]})
    for _ in range(12):
        people.privacy.dp_count(epsilon=0.1, again=True, project=project)

    def found(search, **page):
        return [line["entry"] for line in entries_of(root, "numbers", "numbers", search=search, **page)["entries"]]

    # Each is found by its number alone, whatever stands in its columns; #1 finds neither 10, 11 nor 12.
    assert [found(f"#{number}") for number in range(14)] == [[], *([number] for number in range(1, 13)), []]
    assert found("#7 count") == found("count #7 #7") == [7]
    assert found("#7 median") == found("#7 #8") == found("#7", before=7) == []
    assert found("#99999999999999") == []


def test_what_each_person_was_charged_adds_up(root, monkeypatch):
    people = pd.DataFrame({"age": [1, 2]})
    place = root / "persons" / ".privkit" / "ledger.db"
    for analyst, times in (("ann", 3), ("bob", 2)):
        monkeypatch.setenv("PRIVKIT_ANALYST", analyst)
        project = pk.open_project("persons", epsilon=9, unit=pk.ROW, store=place)
        for _ in range(times):
            people.privacy.dp_count(epsilon=0.1, again=True, project=project)
    page = entries_of(root, "persons", "persons")
    assert [(one["analyst"], one["charged"]["main"]) for one in page["persons"]] == [("ann", "0.3"), ("bob", "0.2")]
    (told,) = projects_in(root, "persons")["projects"]
    assert told["spent"]["main"] == "0.5"
    assert entries_of(root, "persons", "persons", search="count")["persons"] == []
    assert entries_of(root, "persons", "persons", before=3)["persons"] == []


def test_a_search_looks_through_all_entries_and_not_only_the_last_page(root):
    project = pk.open_project("search", epsilon=9, unit=pk.ROW, store=root / "search" / ".privkit" / "ledger.db")
    people = pd.DataFrame({"Zip": ["a", "b"], "age": [1, 2]})
    people.privacy.dp_mean("age", by="Zip", keys=["a", "b"], bounds=(0, 9), epsilon=0.5, project=project)
    for _ in range(12):
        people.privacy.dp_count(epsilon=0.1, again=True, project=project)

    def found(search, **page):
        return [line["entry"] for line in entries_of(root, "search", "search", search=search, **page)["entries"]]

    assert found("mean of AGE", limit=5) == [1]
    assert found("zip mean", limit=5) == [1]  # all words, in any order
    assert found("#7") == [7]
    assert found("ε = 0.5") == [1]
    assert found("no such thing") == []
    first = entries_of(root, "search", "search", search="count", limit=5)
    assert [line["entry"] for line in first["entries"]] == [13, 12, 11, 10, 9]
    assert (first["total"], first["next"]) == (13, 9)
    assert found("count", before=first["next"], limit=50) == [8, 7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize("folder", ["a#b", "50%", "a?b", "a b", "%41", "ü", "a&b=c"])
def test_folders_of_any_name_are_read(tmp_path, folder):
    pk.open_project("odd", epsilon=1, unit=pk.ROW, store=tmp_path / folder / ".privkit" / "ledger.db")
    assert projects_in(tmp_path, folder)["projects"][0]["name"] == "odd"


def test_the_version_changes_with_every_charge_and_tells_nothing_else(root):
    seen = {version_of(root, "study"), version_of(root, "study")}
    assert len(seen) == 1
    project = pk.open_project("other", epsilon=1, unit=pk.ROW, store=root / "study" / ".privkit" / "ledger.db")
    for _ in range(3):
        pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.1, again=True, project=project)
        seen.add(version_of(root, "study"))
    assert len(seen) == 4
    assert version_of(root, "") == version_of(root, "nowhere")
    with pytest.raises(OutsideRootError):
        version_of(root, "..")


def test_thousands_of_entries_come_in_pages_of_two_hundred_at_most(tmp_path):
    project = pk.open_project("many", epsilon=5, unit=pk.ROW, store=tmp_path / ".privkit" / "ledger.db")
    for _ in range(250):
        held = project.account.reserve(None, {"statistic": "count"}, PrivacyLoss.of(epsilon=0.001))
        project.account.commit(held, "[1]")
    page = entries_of(tmp_path, "", "many", limit=100_000)
    assert (len(page["entries"]), page["total"], page["next"]) == (200, 250, 51)
