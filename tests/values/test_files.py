"""A file is there whole or not at all, whoever writes it."""

from __future__ import annotations

import os
import stat
import threading

import pandas as pd
import pytest

import privkit as pk
from privkit import events as ev
from privkit.commands.table import write_table
from privkit.values.files import whole_file, write_whole

FRAME = pd.DataFrame({"zip": ["8004", "8005"], "n": [1, 2]})


def project(path):
    return pk.open_project("p", epsilon=1, unit=pk.ROW, store=path.parent / "l.db")


#: Everything that writes a file which a person names.
WRITERS = {
    "recipe.toml": lambda path: ev.Recipe([ev.keep("a")], name="r").save(path),
    "recipe.json": lambda path: ev.Recipe([ev.keep("a")], name="r").save(path),
    "hierarchy.csv": lambda path: pk.Hierarchy.from_mapping({"8004": ["80**", "*"], "8005": ["80**", "*"]}).write_csv(
        path
    ),
    "inventory.yaml": lambda path: FRAME.privacy.audit().to_yaml(path),
    "inventory.html": lambda path: FRAME.privacy.audit().to_html(path),
    "ledger.csv": lambda path: project(path).ledger.to_csv(path),
    "ledger.json": lambda path: project(path).ledger.to_json(path),
    "table.csv": lambda path: write_table(FRAME, path, ","),
    "table.csv.gz": lambda path: write_table(FRAME, path, ","),
    "events.ndjson": lambda path: _events(path),
}


def _events(path):
    source = path.with_name("in.ndjson")
    source.write_text('{"a": 1}\n')
    ev.Recipe([ev.keep("a")]).apply(source, output=path)


@pytest.mark.parametrize("name", WRITERS)
def test_no_draft_stays_and_what_stood_there_keeps_its_mode_and_its_link(name, tmp_path):
    path, behind = tmp_path / "out" / name, tmp_path / "elsewhere" / name
    path.parent.mkdir()
    behind.parent.mkdir()
    behind.write_text("before")
    behind.chmod(0o640)
    path.symlink_to(behind)
    WRITERS[name](path)
    assert path.is_symlink()
    assert behind.read_bytes() != b"before"
    assert stat.S_IMODE(behind.stat().st_mode) == 0o640
    assert not [file for folder in (path.parent, behind.parent) for file in folder.glob(".*.part")]


@pytest.mark.parametrize("name", WRITERS)
def test_where_the_disk_is_full_the_file_before_stays(name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_text("before")

    def full(self, target):
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises((OSError, pk.errors.PrivkitError)):
        WRITERS[name](path)
    monkeypatch.undo()
    assert path.read_text() == "before"
    assert not list(tmp_path.glob(".*.part"))


def test_a_folder_that_is_not_there_is_told_by_the_name_asked_for(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "none" / "a.txt", "x")
    assert caught.value.filename == str(tmp_path / "none" / "a.txt")


def test_a_pipe_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_whole(tmp_path / "pipe", ["a", "b"])
    reader.join(10)
    assert got == ["ab"]


def test_what_fails_in_between_leaves_nothing(tmp_path):
    def parts():
        yield "half"
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "a.txt", parts())
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "b.txt") as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_a_packed_table_is_packed(tmp_path):
    write_table(FRAME, tmp_path / "t.csv.gz", ",")
    assert (tmp_path / "t.csv.gz").read_bytes()[:2] == b"\x1f\x8b"
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv.gz", dtype={"zip": str}), FRAME)


def test_the_longest_name_will_do(tmp_path):
    path = tmp_path / ("x" * 255)
    write_whole(path, "all")
    assert path.read_text() == "all"
    with pytest.raises(OSError, match="too long") as caught:
        write_whole(tmp_path / ("x" * 256), "all")
    assert caught.value.filename.endswith("x" * 256)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_leaves_what_came_meanwhile_as_it_is(tmp_path, monkeypatch, links):
    if not links:

        def none(*_):
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", none)
    for place in (tmp_path / "file", tmp_path / "folder", tmp_path / "link"):
        with pytest.raises(FileExistsError, match=place.name), whole_file(place, new=True) as draft:
            draft.write_text("later")
            if place.name == "file":
                place.write_text("first")
            elif place.name == "folder":
                place.mkdir()
            else:
                place.symlink_to(tmp_path / "nowhere")
    assert (tmp_path / "file").read_text() == "first"
    with whole_file(tmp_path / "new", durable=True, new=True) as draft:
        draft.write_text("mine")
    assert (tmp_path / "new").read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "folder", "link", "new"]
