"""Losses of power: a disk that stops in the midst of writing, and what the ledger on it holds after a restart.

Run ``python -m pytest tests/slow/power_loss.py -s`` as root on Linux; a minute or two. The disk is an ext4 file system
on a loop device; ``EXT4_IOC_SHUTDOWN`` stops it at once, so that all is lost of what was not synced: with
``NOLOGFLUSH`` the file system's own journal too, as in a real loss of power.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import traceback
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "budget"))

from budget_terms import eps, terms
from crashes import check, ended, fork, note, writer

import privkit as pk
from privkit.budget.ledger import Ledger
from privkit.budget.machine.keys import SIZE
from privkit.budget.store.place import Place

ROUNDS = int(os.environ.get("PRIVKIT_TEST_LOSSES", "24"))
_SHUTDOWN, _LOGFLUSH, _NOLOGFLUSH = 0x8004587D, 1, 2
#: What needs a disk that can be lost, and has none here.
_NEEDED = ("mkfs.ext4", "mount", "umount")


class Disk:
    """An ext4 file system in a file, which can lose its power."""

    def __init__(self, folder: Path) -> None:
        self.image, self.root = folder / "disk.img", folder / "disk"
        self.root.mkdir()
        with self.image.open("wb") as file:
            file.truncate(128 << 20)
        self._run("mkfs.ext4", "-q", "-F", self.image)

    def start(self) -> None:
        self._run("mount", "-o", "loop", self.image, self.root)

    def lose_power(self, flag: int) -> None:
        handle = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", flag))
        finally:
            os.close(handle)

    def stop(self) -> None:
        if self.root.is_mount():
            self._run("umount", self.root)

    @staticmethod
    def _run(*command: object) -> None:
        try:
            subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            raise OSError(f"{command[0]}: {error.stderr.strip()}") from None


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A disk with a state folder on it; skips where there can be none."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if sys.platform != "linux" or missing or os.geteuid() != 0:
        pytest.skip(f"needs Linux, root and {', '.join(_NEEDED)}; missing here: {missing or 'Linux or root'}")
    disk = Disk(tmp_path)
    try:
        disk.start()
        disk.lose_power(_NOLOGFLUSH)
        disk.stop()
        disk.start()
    except OSError as error:
        disk.stop()
        pytest.skip(f"a loop device with ext4 cannot be mounted, or not stopped, here: {error}")
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(disk.root / "state"))
    monkeypatch.setenv("PRIVKIT_ANALYST", "ada")
    monkeypatch.setattr(Place, "temporary", False)  # its anchors count, though it lies in a folder of pytest's
    yield disk
    disk.stop()


def asker(store: Path, history: Path) -> None:
    """Release by whole calls, and note what was shown; begins the project if nobody did."""
    project = pk.open_project(_whole(store), epsilon=10**6, unit=pk.ROW, store=store)
    frame = pd.DataFrame({"x": range(50)})
    note(history, "begun", project.account.uid)
    while True:
        number = random.randrange(10**9)
        note(history, number, frame.privacy.dp_count(where=f"x != {number}", epsilon=0.01).value)


def _whole(store: Path) -> str:
    return f"whole {store.parent.name}"


def lost(disk: Disk, seconds: float, flag: int, works: list) -> None:
    """Let processes work on a disk, take its power away, and start it again."""
    running = [fork(partial(told_by_privkit, work, disk)) for work in works]
    time.sleep(seconds)
    disk.lose_power(flag)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    disk.stop()
    disk.start()


def told_by_privkit(work, disk: Disk) -> None:
    """Note what a process raised that is no error of privkit's, when its disk went away."""
    try:
        work()
    except pk.PrivkitError:
        pass
    except BaseException as error:  # noqa: BLE001 - told by the test
        note(disk.image.with_name("raw"), type(error).__name__, *traceback.format_tb(error.__traceback__)[-2:])


def replays(store: Path, history: Path) -> int:
    """Ask again for all that was shown; return how much that was. The key and the answers must be there."""
    lines = [line.split() for line in history.read_text().splitlines()] if history.exists() else []
    shown = [line for line in lines if line[0] != "begun"]
    if not lines:
        return 0  # the power went before the project was begun
    project = pk.open_project(_whole(store), store=store)
    assert project.account.uid == lines[0][1]
    assert len(project.account.key or b"") == SIZE or not shown
    frame = pd.DataFrame({"x": range(50)})
    before = project.account.balance().entries
    for number, value in shown:
        again = frame.privacy.dp_count(where=f"x != {number}", epsilon=0.01)
        assert again.replayed, f"an answer that was shown is lost: {number}"
        assert str(again.value) == value
    assert project.account.balance().entries == before
    frame.privacy.dp_count(where="x != -1", epsilon=0.01, again=True)  # and it goes on
    assert project.ledger.verify().entries == before + 1
    assert project.account.unwatched == ""
    return len(shown)


def test_losses_of_power_lose_nothing_that_was_shown(disk, tmp_path):
    """Half of the rounds go on with a ledger, and half begin a new one just before the power goes."""
    told = {"losses": 0, "drawn": 0, "shown": 0, "orphans": 0, "whole calls": 0}
    for number in range(ROUNDS):
        fresh, flag = number % 2 == 1, (_NOLOGFLUSH, _NOLOGFLUSH, _LOGFLUSH)[number % 3]
        store = disk.root / (f"fresh{number}" if fresh else "kept") / "ledger.db"
        if not store.parent.exists():
            store.parent.mkdir()
            Ledger.open(store).begin(f"churn{number}" if fresh else "churn", terms(1000))
        name = f"churn{number}" if fresh else "churn"
        ours = [tmp_path / f"{store.parent.name}.{number}.{index}" for index in range(2)]
        whole = tmp_path / f"{store.parent.name}.whole"
        works = [partial(writer, store, file, 40, eps(0.01), name) for file in ours]
        lost(disk, random.uniform(0.03, 1.5), flag, [*works, partial(asker, store, whole)])
        found = check(store, eps(1000), sorted(tmp_path.glob(f"{store.parent.name}.*.[01]")), name)
        assert found.violations == (), found
        told["losses"] += 1
        told["whole calls"] += replays(store, whole)
        if fresh or number >= ROUNDS - 2:
            told["drawn"] += found.drawn
            told["shown"] += found.shown
            told["orphans"] += found.orphans
    print(f"\n{told}", end=" ")
    assert told["shown"] > 0
    raw = disk.image.with_name("raw")
    assert not raw.exists(), raw.read_text()


def test_the_disk_does_lose_what_is_not_synced(disk, tmp_path, monkeypatch):
    """The test above has power: a ledger that syncs nothing loses answers that were shown."""
    monkeypatch.setattr("privkit.budget.store.store._DURABLE", ("PRAGMA synchronous=OFF",))
    store = disk.root / "ledger.db"
    Ledger.open(store).begin("churn", terms(1000))
    os.sync()
    for number in range(5):
        file = tmp_path / f"history{number}"
        lost(disk, 0.5, _NOLOGFLUSH, [partial(writer, store, file, 40, eps(0.01))])
        try:
            found = check(store, eps(1000), [file])
        except pk.errors.LedgerError:
            return
        if found.violations:
            return
    pytest.fail("nothing was lost")
