"""Files that are broken, and names that a terminal would obey: privkit's own errors, and nothing obeyed."""

from __future__ import annotations

import gzip
import os
import sqlite3
import stat
from contextlib import closing

import pandas as pd
import pytest

import privkit as pk
from privkit import events as ev
from privkit.budget.store import opening as migration
from privkit.budget.store import schema
from privkit.cli import main
from privkit.errors import PrivkitError
from privkit.errors.ledger import LedgerDamagedError, LedgerPlaceError
from privkit.inventory.inventory import loaded
from privkit.lab.reading import projects_in
from privkit.tally.columns.shapes import form_shares
from privkit.transform.generalize import read_hierarchies

ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202e"


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b'{"a": 1}\n' * 999)[:-9], b"\x1f\x8b\x08junk" * 9],
    ids=["no gzip", "cut short", "broken"],
)
def test_events_that_are_no_gzip_or_are_cut_short(tmp_path, content):
    source, out = tmp_path / "in.ndjson.gz", tmp_path / "out.ndjson"
    source.write_bytes(content)
    with pytest.raises(PrivkitError):
        ev.Recipe([ev.keep("a")]).apply(source, output=out)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("name", ["deep.json", "deep.yaml", "deep.toml"])
def test_recipes_that_are_nested_too_deeply(tmp_path, name):
    deep = "[" * 100_000
    file = tmp_path / name
    file.write_text(f"a = {deep}" if name.endswith("toml") else deep)
    with pytest.raises(PrivkitError):
        ev.Recipe.load(file)


def test_inventories_and_hierarchies_that_are_nested_too_deeply(tmp_path):
    with pytest.raises(PrivkitError):
        loaded("[" * 100_000)
    (tmp_path / "h.toml").write_text("a = " + "[" * 100_000)
    with pytest.raises(PrivkitError):
        read_hierarchies(tmp_path / "h.toml")
    tree = ["a"]
    for number in range(5000):
        tree = {number: tree}
    with pytest.raises(PrivkitError, match="nested too deeply"):
        pk.Hierarchy.from_tree(tree)
    with pytest.raises(PrivkitError, match="a mapping of groups"):
        pk.Hierarchy.from_tree(range(10**7))


def test_yaml_merge_keys_are_read_and_doubled_ones_refused(tmp_path):
    file = tmp_path / "recipe.yaml"
    file.write_text("operations:\n- &first {op: drop, paths: [a]}\n- {<<: *first, paths: [b]}\n")
    assert len(ev.Recipe.load(file).operations) == 2
    file.write_text("operations:\n- &first {op: drop, paths: [a]}\n- {<<: *first, paths: [b], paths: [c]}\n")
    with pytest.raises(PrivkitError, match="doubled"):
        ev.Recipe.load(file)


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.csv", "link.csv"])
def test_a_file_of_hierarchies_names_no_file_elsewhere(tmp_path, name):
    (tmp_path / "secret.csv").write_text("a;b\n")
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "h.toml").write_text(f'[zip]\ncsv = "{name}"\n')
    with pytest.raises(PrivkitError, match="beside"):
        read_hierarchies(folder / "h.toml")
    (folder / "here.csv").write_text("a;b\n")
    (folder / "h.toml").write_text('[zip]\ncsv = "here.csv"\n')
    assert list(read_hierarchies(folder / "h.toml")) == ["zip"]


def test_a_text_of_a_megabyte_is_looked_at_no_further(monkeypatch):
    looked = []

    def look(text):
        looked.append(len(text))
        return True

    monkeypatch.setattr("privkit.tally.columns.shapes.FORMS", ())
    form = type(
        "Form", (), {"name": "x", "strong": True, "matches": lambda _, text: looked.append(len(text)) or True}
    )()
    form_shares(["1" * 10**6, "12"], [form])
    assert max(looked) == 2


def test_what_a_terminal_would_obey_is_spelled_out(ledger_path, capsys, monkeypatch):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    project.account.analyst = ESCAPE  # a foreign ledger: privkit takes no such name
    project.account.commit(project.account.reserve(None, {"statistic": "count"}, project.budget), "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for form in ("csv", "json"):
        main(["ledger", "export", "p", "--store", str(ledger_path), "--format", form])
        told = capsys.readouterr().out
        assert "owned" in told
        assert not set(ESCAPE) & set(told) & {"\x1b", "\x07", "\u202e"}
    frame = pd.DataFrame({f"zip{ESCAPE}": ["8001", "8002"], "age": [1, 2]})
    lattice = pk.lattice(
        frame, list(frame), k=1, hierarchies={name: pk.Hierarchy.from_tree({"x": list(frame[name])}) for name in frame}
    )
    shown = pk.Hierarchy.from_mapping({ESCAPE: f"x{ESCAPE}"}).show()
    for text in (repr(lattice), shown):
        assert "\x1b" not in text
        assert "\x07" not in text
    assert len(project.ledger) == 1


def test_a_damaged_time_is_damage_and_is_not_told(ledger_path):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.1)
    with closing(sqlite3.connect(ledger_path)) as connection:
        connection.execute("DROP TRIGGER privkit_record_UPDATE")
        connection.execute("UPDATE privkit_record SET time = 'CANARY' WHERE state = 'reserved'")
        connection.commit()
    with pytest.raises(LedgerDamagedError) as caught:
        project.ledger.to_frame()
    assert "CANARY" not in str(caught.value)


def test_the_copy_before_a_migration_is_for_its_owner_alone(ledger_path, monkeypatch):
    pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    monkeypatch.setattr(schema, "VERSION", 2)
    monkeypatch.setattr(migration, "STEPS", {1: lambda _: ["ALTER TABLE privkit_record ADD COLUMN remark TEXT"]})
    before = os.umask(0)
    try:
        pk.open_project("p", store=ledger_path)
    finally:
        os.umask(before)
    copy = ledger_path.with_name(f"{ledger_path.name}.format1")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_format_that_never_was_is_damage(ledger_path):
    pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    with closing(sqlite3.connect(ledger_path)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with pytest.raises(LedgerDamagedError, match="which no privkit writes"):
        pk.open_project("p", store=ledger_path)


def test_a_home_of_nobody_is_told(ledger_path, monkeypatch):
    with pytest.raises(LedgerPlaceError):
        pk.open_project("p", epsilon=1, unit=pk.ROW, store="~nosuchuser/ledger.db")
    monkeypatch.setenv("PRIVKIT_STATE_DIR", "~nosuchuser/x")
    pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.warns(UserWarning, match="PRIVKIT_STATE_DIR"):
        pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.1)


def test_a_folder_whose_name_is_too_long_has_no_ledger(tmp_path):
    assert projects_in(tmp_path, "a" * 300)["projects"] == []


@pytest.mark.parametrize(
    "call",
    [
        lambda frame: frame.privacy.dp_value_counts(5, epsilon=0.1),
        lambda frame: frame.privacy.dp_crosstab({}, "a", epsilon=0.1),
        lambda frame: frame.privacy.dp_count(of="nothing", epsilon=0.1),
        lambda frame: frame.privacy.dp_count(epsilon=0.1, project="p"),
        lambda frame: frame.privacy.dp_count(epsilon=0.1, again="yes"),
    ],
)
def test_what_a_question_lacks_is_told_with_what_was_spent(ledger_path, call):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.raises(PrivkitError, match=r"No budget was spent\.$"):
        call(pd.DataFrame({"a": [1]}))
    assert len(project.ledger) == 0
