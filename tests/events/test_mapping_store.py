"""Mapping stores reverse random tokens until they are forgotten."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from privkit import events as ev
from privkit.errors.events import MappingStoreError


@pytest.fixture
def store(tmp_path):
    return ev.MappingStore(tmp_path / "who.db")


def rule(store, **more):
    return ev.Recipe([ev.pseudonymize("to", mapping=store, **more), ev.keep("t")])


def test_tokens_are_random_consistent_across_runs_and_reversible(store):
    first = rule(store).apply([{"to": "Ada"}, {"to": 7}, {"to": "Ada"}]).events
    second = rule(ev.MappingStore(store.path)).apply([{"to": "Ada"}]).events
    assert first[0] == first[2] == second[0]
    assert len(first[0]["to"]) == 32
    assert [store.original(event["to"], "to") for event in first] == ["Ada", 7, "Ada"]
    assert len(store) == 2


def test_scopes_and_tenants_are_told_apart(store):
    out = rule(store, scope="person", per="t").apply([{"to": "Ada", "t": 1}, {"to": "Ada", "t": 2}]).events
    assert out[0]["to"] != out[1]["to"]
    assert store.original(out[1]["to"], scope="person", per=2) == "Ada"
    with pytest.raises(MappingStoreError, match="does not know"):
        store.original(out[1]["to"], scope="person", per=1)


def test_numbers_go_on_where_the_last_run_ended(store):
    recipe = ev.Recipe([ev.number("to", mapping=store)])
    assert [event["to"] for event in recipe.apply([{"to": "a"}, {"to": "b"}]).events] == [1, 2]
    assert [event["to"] for event in recipe.apply([{"to": "c"}, {"to": "a"}]).events] == [3, 1]
    assert store.original(3, "to") == "c"


def test_the_file_is_private(store):
    rule(store).apply([{"to": "Ada"}])
    if os.name == "posix":
        assert store.path.stat().st_mode & 0o777 == 0o600


def test_forgetting_destroys_the_file_and_its_content(store):
    token = rule(store).apply([{"to": "CANARY-7f3a"}]).events[0]["to"]
    handle = os.open(store.path, os.O_RDONLY)  # what the disk holds, when the name is gone
    store.forget()
    assert b"CANARY" not in os.read(handle, 1 << 20)
    os.close(handle)
    assert not store.path.exists()
    with pytest.raises(MappingStoreError, match="forgotten"):
        store.original(token, "to")
    again = rule(ev.MappingStore(store.path)).apply([{"to": "CANARY-7f3a"}]).events[0]["to"]
    assert again != token


def test_one_person_can_be_forgotten(store):
    ada, bob = (event["to"] for event in rule(store).apply([{"to": "CANARY-Ada"}, {"to": "Bob"}]).events)
    assert store.forget_value("CANARY-Ada") == 1
    assert store.original(bob, "to") == "Bob"
    with pytest.raises(MappingStoreError):
        store.original(ada, "to")
    assert b"CANARY" not in store.path.read_bytes()


def test_a_run_that_fails_leaves_no_mapping(store):
    recipe = ev.Recipe([ev.number("to", mapping=store), ev.truncate_time("t", "day")])
    with pytest.raises(ValueError, match="event 2"):
        recipe.apply([{"to": "a"}, {"to": "b", "t": "no time"}])
    assert len(store) == 0


def test_a_store_in_use_by_another_process_is_refused(store):
    script = f"""
        import sys
        from privkit import events as ev
        with ev.MappingStore({str(store.path)!r}).session():
            print("open", flush=True)
            sys.stdin.read()
    """
    other = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline().strip() == "open"
        with pytest.raises(MappingStoreError, match="in use by another run"):
            rule(store).apply([{"to": "Ada"}])
        with pytest.raises(MappingStoreError, match="in use"):
            store.forget()
    finally:
        other.communicate("")
    assert rule(store).apply([{"to": "Ada"}]).n_out == 1


def test_other_files_are_no_stores(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("no database at all, but long enough to be one " * 50)
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE people (name)")
    connection.close()
    for path in (text, other):
        before = path.read_bytes()
        with pytest.raises(MappingStoreError, match="no mapping store"):
            rule(ev.MappingStore(path)).apply([{"to": "Ada"}])
        assert path.read_bytes() == before
    with pytest.raises(MappingStoreError, match="there is no mapping store"):
        len(ev.MappingStore(tmp_path / "none.db"))


def test_key_and_store_exclude_each_other(store, key):
    with pytest.raises(ValueError, match="exclude each other"):
        ev.Recipe([ev.pseudonymize("to", key=key, mapping=store)])
