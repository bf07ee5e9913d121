"""System calls that fail along a release: what is said, what is charged, and what the ledger holds afterwards.

Run ``python -m pytest tests/slow/system_faults.py -s`` where strace may trace; some minutes. A process opens a project
and waits; strace lets one of its calls on the ledger's or the state's files fail, or all of a kind from there on, as
on a broken or a full disk; then the same question is asked again without a fault.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "budget"))

from interrupts import free

#: Every how manyeth call of a kind fails: all of the rare ones, some of the many.
_EACH = {
    **dict.fromkeys(("fdatasync", "fsync", "rename", "unlink", "link", "ftruncate", "write", "mkdir"), 1),
    **{"openat": 2, "pwrite64": 4, "pread64": 12, "fcntl": 12, "newfstatat": 16, "read": 2, "lseek": 3},
}
_FAULTS = {"write": ("EIO", "ENOSPC"), "pwrite64": ("EIO", "ENOSPC"), "fdatasync": ("EIO", "ENOSPC"), "fsync": ("EIO",)}
_FAULTS |= {"openat": ("EIO", "ENOSPC", "EMFILE"), "rename": ("EIO", "ENOSPC"), "fcntl": ("EIO", "ENOLCK")}
#: What fails from one call on, too, as on a broken or a full disk; the others are the asker's own talk as well.
_LASTING = ("pwrite64", "fdatasync", "rename", "unlink", "openat", "fcntl", "pread64")
_CHILD = """
import json, sys, warnings
import pandas as pd, privkit as pk
project = pk.open_project("faults", epsilon=1000, unit=pk.ROW, store=sys.argv[1])
frame = pd.DataFrame({"x": range(100)})
frame.privacy.dp_count(where="x != -1", epsilon=0.01)

def ask(number):
    told = {"shown": None, "replayed": False, "error": "", "said": ""}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = frame.privacy.dp_count(where=f"x != {number}", epsilon=0.01)
            told |= {"shown": found.value, "replayed": found.replayed}
        except BaseException as error:
            raw = "" if isinstance(error, pk.PrivkitError) else "RAW "
            said = " ".join([str(error), *getattr(error, "__notes__", [])])
            told |= {"error": raw + type(error).__name__, "said": said}
    return told | {"warned": " ".join(str(warning.message) for warning in warned)}

print("ready", flush=True)
for line in sys.stdin:
    number, again = json.loads(line)
    told = ask(number)
    if again:
        balance = project.account.balance()
        told |= {"entries": balance.entries, "reserved": str(balance.reserved.main)}
        told |= {"verified": project.ledger.verify().entries}
        told |= {"last": project.account.entry(balance.entries).state}
    print(json.dumps(told), flush=True)
"""


class Asker:
    """A process with an open project, whose system calls can be traced and let fail."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "ledger.db"
        env = os.environ | {"PRIVKIT_STATE_DIR": str(folder / "state")}
        command = [sys.executable, "-c", _CHILD, str(self.path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, number: int, *, again: bool) -> dict:
        self.process.stdin.write(json.dumps([number, again]) + "\n")
        self.process.stdin.flush()
        told = self.process.stdout.readline()
        assert told, "the process ended"
        return json.loads(told)

    def traced(self, number: int, *options: str) -> tuple[dict, list[str]]:
        """Ask while strace looks on; return what was told, and the calls of the asking thread."""
        log = self.folder / "strace"
        log.unlink(missing_ok=True)
        command = ["strace", "-y", "-o", str(log), *options, "-p", str(self.process.pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started = tracer.stderr.readline()
        if "attached" not in started:
            raise OSError(started.strip())
        told = self.ask(number, again=False)
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        return told, log.read_text().splitlines()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def asker(tmp_path):
    """An asker that can be traced; skips where none can."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    # Not in a folder for temporary files, whose ledgers have no anchor.
    folder = Path.home() / f".privkit_faults_{os.getpid()}"
    folder.mkdir()
    asker = Asker(folder)
    try:
        asker.traced(0, "-e", "trace=fdatasync")
    except OSError as error:
        asker.end()
        shutil.rmtree(folder)
        pytest.skip(f"strace may not trace here: {error}")
    yield asker
    asker.end()
    shutil.rmtree(folder)


def chosen(calls: list[str], folder: Path) -> list[tuple[str, int, str]]:
    """Return which calls are to fail: their kind, their place among those of their kind, and the error.

    Only those that name the folder of the ledger and of the state; a place counts all calls of the kind.
    """
    counts, ours, found = Counter(), Counter(), []
    for line in calls:
        name = line.split("(")[0]
        counts[name] += 1
        if str(folder) not in line or name not in _EACH:
            continue
        if ours[name] % _EACH[name] == 0:
            found += [(name, counts[name], error) for error in _FAULTS.get(name, ("EIO",))]
        ours[name] += 1
    return found


def faulty(asker: Asker, number: int, name: str, place: str, error: str, before: int) -> tuple[str, int]:
    """Ask with a fault and once more without; return what became of it, and how many entries there are then."""
    fault = f"{name}:error={error}:when={place}"
    told, calls = asker.traced(number, "-e", f"trace={name}", "-e", f"inject={fault}")
    hit = [line for line in calls if "(INJECTED)" in line]
    after = asker.ask(number, again=True)
    where = f"{fault}: {told}, then {after}\n{hit[:3]}"
    assert free(asker.path), f"a lock outlived the call: {where}"
    assert not told["error"].startswith("RAW"), where
    assert not after["error"].startswith("RAW"), where
    assert after["verified"] == after["entries"], where
    assert (after["reserved"], after["last"] == "reserved") == ("0", False), where
    charged = after["entries"] - before
    if told["shown"] is not None and "charged anew" in told["warned"]:  # without the key there is no replay, as is said
        assert (after["replayed"], charged) == (False, 2), where
        outcome = "shown, told that it is not replayed"
    elif told["shown"] is not None:  # L1: stored and charged, whatever failed
        assert (after["replayed"], after["shown"], charged) == (True, told["shown"], 1), where
        outcome = "shown"
    elif "No budget was spent." in told["said"]:
        assert (after["error"], after["replayed"], charged) == ("", False, 1), where  # asked anew now
        outcome = "refused, nothing spent"
    else:
        number = re.search(r"ledger entry (\d+)", told["said"])
        assert number is not None, where  # what was charged is said
        assert int(number[1]) == before + 1, where
        stays = "not known" not in told["said"]
        outcome = f"{'spent' if stays else 'not known'}, then {'answered' if after['shown'] is not None else 'orphan'}"
        assert charged == 1 or not stays, where
        assert after["error"] in ("", "OrphanedReleaseError"), where
    if not hit:
        outcome = "not reached"
    return outcome, after["entries"]


def test_no_fault_of_a_system_call_gives_noise_without_a_charge(asker):
    _, calls = asker.traced(1)
    faults = [
        (name, f"{place}{more}", error)
        for name, place, error in chosen(calls, asker.folder)
        for more in (("", "+") if name in _LASTING else ("",))
    ]
    found = Counter()
    entries = asker.ask(2, again=True)["entries"]
    for number, (name, place, error) in enumerate(faults, 10):
        outcome, entries = faulty(asker, number, name, place, error, entries)
        found[outcome] += 1
    print(f"\n{sum(found.values())} faults of {len(set(faults))}: {dict(found)}", end=" ")
    assert sum(found.values()) - found["not reached"] >= 60
