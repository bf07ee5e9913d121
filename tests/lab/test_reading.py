"""What the side panel reads, on ledgers as they are found."""

import json
import shutil
import sqlite3

import pandas as pd
import pytest

import privkit as pk
from privkit.errors import LedgerError, PrivkitError
from privkit.lab.folder import OutsideRootError
from privkit.lab.handlers import STATUSES
from privkit.lab.reading import entries_of, projects_in


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
