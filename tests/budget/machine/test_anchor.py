"""What this machine remembers of a ledger: moved, copied, older, lost and second ledgers are noticed (L8, L9, L11)."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from pathlib import Path

import pytest
from budget_terms import eps, release, terms

from privkit.budget.doctor import diagnose
from privkit.budget.ledger import Ledger
from privkit.budget.store.place import Place
from privkit.errors import ParameterError
from privkit.errors.ledger import LedgerDamagedError, LedgerMissingError, LedgerMovedError
from privkit.project.project import Project

pytestmark = pytest.mark.usefixtures("watched")


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    return tmp_path / "a" / "ledger.db"


@pytest.fixture
def account(path):
    account = Ledger.open(path).begin("churn", terms(3))
    release(account, "first", 0.5)
    return account


def test_an_older_copy_put_back_is_refused_before_it_spends_l8(path, account, tmp_path):
    shutil.copy(path, tmp_path / "old.db")
    release(account, "second", 1)
    shutil.copy(tmp_path / "old.db", path)
    for attempt in (lambda: release(account, "third", 1), lambda: Ledger.open(path).account("churn"), account.verify):
        with pytest.raises(LedgerMovedError, match=r"older than this machine remembers.*ends at 2") as caught:
            attempt()
        assert "No budget was spent." in str(caught.value)
    assert account.spent == eps(0.5)


def test_adopting_an_older_copy_charges_what_it_forgot_l3_l8(path, account, tmp_path):
    shutil.copy(path, tmp_path / "old.db")
    release(account, "second", 1)
    shutil.copy(tmp_path / "old.db", path)
    adopted = Ledger.open(path, adopt=True).account("churn")
    assert adopted.spent == eps(1.5)
    assert [entry.state for entry in adopted.entries()] == ["committed", "orphaned"]
    assert adopted.verify().charged == eps(1.5)
    assert release(Ledger.open(path).account("churn"), "third", 1).seq == 3


def test_a_branch_at_the_same_length_is_told_apart_l8(path, account, tmp_path, monkeypatch):
    shutil.copy(path, tmp_path / "branch.db")
    release(account, "second", 1)
    with monkeypatch.context() as context:  # another machine, with another memory
        context.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "other"))
        release(Ledger.open(tmp_path / "branch.db").account("churn"), "else", 0.25)
    shutil.copy(tmp_path / "branch.db", path)
    with pytest.raises(LedgerMovedError, match=r"record 3 of project 'churn' differs"):
        Ledger.open(path).account("churn")
    adopted = Ledger.open(path, adopt=True).account("churn")
    assert adopted.spent == eps(0.75 + 1.5)  # all that either branch charged: what they share cannot be told
    assert release(adopted, "on", 0.25).state == "committed"


@pytest.mark.parametrize("entries", [0, 1, 2, 5])
@pytest.mark.parametrize("known", [0, 1, 3])
@pytest.mark.sample(0.5)
def test_what_others_added_is_no_other_chain_l8(path, tmp_path, monkeypatch, entries, known):
    mine = Ledger.open(path).begin("churn", terms(3))
    for index in range(known):
        release(mine, f"mine{index}")
    with monkeypatch.context() as context:  # a colleague's machine
        context.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "other"))
        theirs = Ledger.open(path).account("churn")
        for index in range(entries):
            release(theirs, f"theirs{index}")
    assert release(Ledger.open(path).account("churn"), "next").seq == known + entries + 1
    assert release(mine, "last").seq == known + entries + 2
    assert mine.verify().entries == known + entries + 2


def test_a_copied_folder_names_both_places_l11(path, account, tmp_path):
    copy = tmp_path / "b" / "ledger.db"
    shutil.copy(path, copy)
    with pytest.raises(LedgerMovedError) as caught:
        Ledger.open(copy).account("churn")
    assert (caught.value.expected, caught.value.found) == (str(path), str(copy))
    assert str(path) in str(caught.value)
    assert str(copy) in str(caught.value)
    assert "adopt=True" in str(caught.value)
    moved = Ledger.open(copy, adopt=True).account("churn")
    release(moved, "second", 1)
    with pytest.raises(LedgerMovedError):  # now the first one is the stale copy
        release(account, "third", 1)


def test_a_second_project_of_the_name_needs_a_reason_l11(path, account, tmp_path):
    other = tmp_path / "b" / "ledger.db"
    with pytest.raises(LedgerMovedError, match="with a fresh budget"):
        Ledger.open(other).begin("churn", terms(3))
    with pytest.raises(ParameterError, match="reason"):
        Ledger.open(other, new=True)
    second = Ledger.open(other, new=True, reason="other people: the 2027 survey").begin("churn", terms(3))
    assert second.spent == eps(0)
    assert second.uid != account.uid
    assert Ledger.open(path).account("churn").spent == eps(0.5)
    assert Ledger.open(other).account("churn").spent == eps(0)


def test_a_deleted_ledger_is_not_begun_again_silently_l9(path, account):
    path.unlink()
    for create in (True, False):
        with pytest.raises(LedgerMissingError, match="it held 'churn'"):
            Ledger.open(path, create=create)
    assert not path.exists()
    with pytest.raises(LedgerMissingError):
        release(account, "second", 1)
    fresh = Ledger.open(path, new=True, reason="lost with the disk").begin("churn", terms(3))
    assert fresh.spent == eps(0)
    assert Ledger.open(path).account("churn").uid == fresh.uid


def test_another_ledger_in_the_place_of_the_known_one_is_refused_l9(path, account, tmp_path):
    fresh = tmp_path / "b" / "ledger.db"
    Ledger.open(fresh)
    shutil.copy(fresh, path)
    with pytest.raises(LedgerMovedError, match=r"with ε = 0.5 spent, and is now another one without it"):
        Ledger.open(path).begin("churn", terms(3))


def test_a_symbolic_link_is_the_file_it_points_to_l11(path, account, tmp_path):
    link = tmp_path / "b" / "link.db"
    link.symlink_to(path)
    assert release(Ledger.open(link).account("churn"), "second", 1).seq == 2
    assert account.spent == eps(1.5)


@pytest.mark.parametrize("left", [b"", b"\0" * 405])
def test_an_anchor_that_a_loss_of_power_emptied_is_told_and_written_anew(path, account, privkit_state, left):
    file = privkit_state / "anchors" / f"{account.uid}.json"
    file.write_bytes(left)
    with pytest.warns(UserWarning, match="as a loss of power may leave it"):
        Ledger.open(path).account("churn")
    assert json.loads(file.read_text())["seq"] == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        release(Ledger.open(path).account("churn"), "second", 0.5)


def test_the_first_anchor_is_on_the_disk_before_it_has_a_name(path, monkeypatch):
    acts = []
    fsync, replace = os.fsync, Path.replace

    def noted(handle):
        acts.append(("sync", Path(f"/proc/self/fd/{handle}").readlink().suffixes[:1]))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Path, "replace", lambda self, to: (acts.append(("named", [to.suffix])), replace(self, to))[1])
    account = Ledger.open(path).begin("churn", terms(3))
    assert acts[-3:] == [("sync", [".json"]), ("named", [".json"]), ("sync", [])], acts
    acts.clear()
    release(account, "first", 0.5)
    assert acts == [("named", [".json"])]  # no more than SQLite's own at each release


def test_an_anchor_never_goes_back_and_a_damaged_one_refuses_l9(path, account, privkit_state):
    file = privkit_state / "anchors" / f"{account.uid}.json"
    before = json.loads(file.read_text())
    release(account, "second", 1)
    after = json.loads(file.read_text())
    assert (before["seq"], after["seq"], after["spent"]) == (1, 3, ["1.5", "0"])
    file.write_text("{")
    with pytest.raises(LedgerDamagedError, match="what this machine remembers"):
        release(account, "third", 1)


def test_nothing_private_is_remembered_and_for_the_user_alone_l14(account, privkit_state):
    file = privkit_state / "anchors" / f"{account.uid}.json"
    assert set(json.loads(file.read_text())) == {
        *("uid", "name", "store", "seq", "hash", "measure", "spent", "ledger", "home")
    }
    assert account.key is not None
    key = privkit_state / "keys" / f"{account.uid}.key"
    assert (file.stat().st_mode & 0o77, key.stat().st_mode & 0o77) == (0, 0)


def test_ledgers_in_temporary_folders_are_not_watched(tmp_path, monkeypatch, privkit_state):
    monkeypatch.undo()
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(privkit_state))
    account = Ledger.open(tmp_path / "ledger.db").begin("churn", terms(3))
    release(account, "k")
    assert not (privkit_state / "anchors").exists()


def test_a_machine_without_a_state_folder_spends_without_replay(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "file" / "below"))
    account = Ledger.open(tmp_path / "ledger.db").begin("churn", terms(3))
    with pytest.warns(UserWarning, match="every question is charged anew"):
        assert account.key is None
    assert release(account, None).state == "committed"


def test_a_damaged_key_is_told_and_a_team_shares_one_l4(account, privkit_state, monkeypatch):
    assert account.key
    file = privkit_state / "keys" / f"{account.uid}.key"
    file.write_text("no key")
    with pytest.warns(UserWarning, match="cannot be used"):
        assert account.key is None
    monkeypatch.setenv("PRIVKIT_KEY", "correct horse battery")
    shared = account.key
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(privkit_state / "a colleague"))
    assert account.key == shared
    monkeypatch.setenv("PRIVKIT_KEY", "short")
    with pytest.raises(ParameterError, match="PRIVKIT_KEY"):
        account.key


def test_a_place_that_is_gone_is_told_so_l11(path, account, tmp_path):
    path.unlink()
    with pytest.raises(LedgerMovedError, match=r"which is no longer there.*\n?Restore the known one"):
        Ledger.open(tmp_path / "b" / "ledger.db").begin("churn", terms(3))


def test_an_anchor_that_cannot_be_kept_is_told_everywhere_l8(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "file" / "state"))
    monkeypatch.setenv("PRIVKIT_KEY", "correct horse battery")
    with pytest.warns(UserWarning, match="an older copy of it, put back, would let the same budget be spent again"):
        account = Ledger.open(path).begin("churn", terms(3))
    project = Project(account)
    told = [repr(project), project._repr_html_(), project.panel().still(), repr(diagnose(path)), account.unwatched]
    assert all("this machine cannot remember" in text for text in told)
    assert not diagnose(path).healthy
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    release(account, "k")
    assert account.unwatched == ""
    assert "cannot remember" not in repr(project)


def test_anchors_that_stop_being_written_warn_at_the_charge_once_l8(account, monkeypatch):
    monkeypatch.setattr("privkit.budget.book.remember", lambda *_, **__: False)
    monkeypatch.setattr("privkit.budget.book.writable", lambda name: False)
    with pytest.warns(UserWarning, match="Set PRIVKIT_STATE_DIR"):
        release(account, "second", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        release(account, "third", 1)


def test_a_working_directory_is_no_temporary_folder_l8(tmp_path, monkeypatch):
    monkeypatch.undo()
    folder = Path("/opt")  # where Python falls back to the working directory, nothing there is temporary
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(folder))
    monkeypatch.chdir(folder)
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    assert not Place(path=folder / "ledger.db").temporary
    monkeypatch.setenv("TMPDIR", str(folder))
    assert Place(path=folder / "ledger.db").temporary


def test_projects_are_found_across_folders(tmp_path, capsys):
    from privkit import cli

    places = {"churn": "north", "loans": "south"}
    for name, folder in places.items():
        (tmp_path / folder).mkdir()
        release(Ledger.open(tmp_path / folder / "ledger.db").begin(name, terms(1)), "first", 0.25)
    assert cli.main(["ledger", "list", "--everywhere"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [f"{name}: ε = 0.25 charged, {tmp_path / at / 'ledger.db'}" for name, at in places.items()]
    (tmp_path / "south" / "ledger.db").unlink()
    for word in ("LOAN", "south"):
        assert cli.main(["ledger", "list", "--find", word, "--json"]) == 0
        [row] = json.loads(capsys.readouterr().out)
        assert (row["project"], row["there"]) == ("loans", False)
    assert cli.main(["ledger", "list", "--find", "nothing"]) == 0
    assert "no project with that in its name or place. Those in folders for temporary" in capsys.readouterr().out
