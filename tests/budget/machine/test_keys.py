"""Keys: 32 random bytes or none, durable before they have a name, and nobody else's (L4, L14)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from budget_terms import eps, release, terms
from crashes import ended, fork

from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.budget.machine import state
from privkit.budget.machine.keys import project_key, read_key, request_key
from privkit.errors import ParameterError

UID = "0" * 32


@pytest.fixture
def key_file(privkit_state):
    assert len(project_key(UID)) == 32
    return privkit_state / "keys" / f"{UID}.key"


SPOILED = ["", "ab", "00" * 32, "no key", "\0" * 64, "é", "ab" * 31, "ab" * 33, "0123456789abcdef" * 4]


@pytest.mark.parametrize("content", SPOILED)
def test_a_file_that_is_no_key_gives_none_and_says_what_that_costs(key_file, content):
    key_file.write_text(content)
    with pytest.warns(UserWarning, match=r"not the 32 random bytes.*every question is charged anew.*backup"):
        assert project_key(UID) is None
    assert key_file.read_text() == content  # it may come from a backup's half: nothing is written over it
    key_file.unlink()
    assert len(project_key(UID)) == 32


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_key_that_was_copied_by_an_editor_is_the_same_key(key_file, end):
    text, key = key_file.read_text(), project_key(UID)
    key_file.write_text(text + end, newline="")
    assert project_key(UID) == key


def test_no_question_gets_an_unkeyed_name(key_file, account):
    for weak in (b"", b"\0", bytes(31)):
        with pytest.raises(ValueError, match="32 bytes"):
            request_key(weak, {"ask": "count"}, b"")
    assert request_key(None, {"ask": "count"}, b"") is None
    release(account, request_key(None, {}, b""))
    release(account, request_key(None, {}, b""))
    assert (account.balance().entries, [entry.key for entry in account.entries()]) == (2, [None, None])


def test_a_key_is_on_the_disk_before_it_has_a_name(monkeypatch, privkit_state):
    acts = []
    fsync, put = os.fsync, state.put

    def noted(handle):
        acts.append(("sync", Path(f"/proc/self/fd/{handle}").readlink().name))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(state, "put", lambda draft, path: (acts.append(("put", path.name)), put(draft, path))[1])
    project_key(UID)
    names = [
        act if name.startswith("privkit") or name in ("keys", f"{UID}.key") else f"{act} draft" for act, name in acts
    ]
    assert names[-3:] == ["sync draft", "put", "sync"], acts
    assert acts[-1] == ("sync", "keys")


def test_a_key_that_could_not_be_synced_is_not_used(monkeypatch, privkit_state):
    def fails(handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.warns(UserWarning, match="charged anew"):
        assert project_key(UID) is None
    assert list((privkit_state / "keys").iterdir()) == []


@pytest.mark.parametrize("shared", [" " * 16, "0" * 64, "ab" * 20, "\t" * 20, "short", "\n", "abcabcabcabcabcabc"])
def test_a_weak_shared_key_is_refused(monkeypatch, shared):
    monkeypatch.setenv("PRIVKIT_KEY", shared)
    with pytest.raises(ParameterError, match=r"PRIVKIT_KEY.*16 characters or more") as caught:
        project_key(UID)
    assert shared.strip() == "" or shared not in str(caught.value)
    assert any("PRIVKIT_KEY" in finding.what for finding in diagnose().findings if finding.level == "problem")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_the_end_of_a_line_makes_no_other_key(monkeypatch, end):
    monkeypatch.setenv("PRIVKIT_KEY", "correct horse battery")
    key = project_key(UID)
    monkeypatch.setenv("PRIVKIT_KEY", "correct horse battery" + end)
    assert project_key(UID) == key


def test_bytes_that_are_no_text_make_a_key(monkeypatch):
    monkeypatch.setitem(os.environb, b"PRIVKIT_KEY", b"\xff\xfecorrect horse battery")
    assert len(project_key(UID)) == 32


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_the_state_is_its_owners_alone_whatever_the_umask(monkeypatch, tmp_path):
    folder = tmp_path / "home" / "state"
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(folder))

    def child():
        os.umask(0)
        assert project_key(UID) is not None
        return 0

    assert ended(fork(child)) == 0
    found = {
        path.name: path.stat().st_mode & 0o777 for path in (folder, folder / "keys", folder / "keys" / f"{UID}.key")
    }
    assert found == {"state": 0o700, "keys": 0o700, f"{UID}.key": 0o600}


@pytest.mark.skipif(os.name != "posix", reason="rights of POSIX")
def test_folders_that_were_open_are_closed_and_the_doctor_tells(key_file, tmp_path):
    Ledger.open(tmp_path / "ledger.db")

    def told():
        return [f"{found.level} {found.what}" for found in diagnose(tmp_path / "ledger.db").findings]

    keys = key_file.parent
    assert not any("others" in what for what in told())
    keys.chmod(0o777)
    assert f"problem others may look into {keys}" in told()
    project_key(UID)
    assert keys.stat().st_mode & 0o777 == 0o700
    keys.parent.chmod(0o755)  # named by the user: it is told of, and left alone
    assert f"note others may look into {keys.parent}" in told()
    key_file.write_text("")
    assert any(what.startswith("problem") and "is no key" in what for what in told())
    assert read_key(key_file) is None


def test_a_home_that_nobody_has_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PRIVKIT_STATE_DIR", "~nosuchuser/state")
    account = Ledger.open(tmp_path / "ledger.db").begin("churn", terms())
    release(account, None)
    with pytest.warns(UserWarning, match="every question is charged anew"):
        assert account.key is None
    assert account.spent == eps(0.1)
    assert any("no home folder" in found.what for found in diagnose(tmp_path / "ledger.db").findings)
