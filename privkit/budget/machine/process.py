"""Who holds a reservation: a process, told apart from others and found alive or dead.

The presence of a process, told to colleagues by the server: a measurement may take longer than any lease (L5).

A process on another machine cannot be seen. So each process that charges holds a lock of the server's that is named
after it, by the connection of its charge, which stays open until that is answered (`Store.hold`); the server lets go of
it when the process ends, or cannot be reached any more. While it is held, nobody takes the process's reservations for
orphans, however old they are. Where it is not held, a lease counts as before: an early version of privkit holds none,
and a connection can break.

The lock is shared and excludes nobody: nothing waits for it.

What a process runs: a notebook, or a script.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from sqlalchemy import text

from privkit.budget.canonical import readable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, as recorded with its reservations.

    Attributes
    ----------
    machine, boot, space : str
        Keyed only by hashing: the machine, its last start, and the process-id namespace (containers).
    pid : int
    started : str
        When the process started, by the kernel's count; empty where it cannot be known.
    """

    machine: str
    boot: str
    space: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Holder:
        """Return the holder that this process is."""
        machine, boot, space = _surroundings()
        pid = os.getpid()
        return cls(machine, boot, space, pid, _started(pid) or "")

    @classmethod
    @readable
    def parse(cls, text: str) -> Holder:
        """Read what :meth:`__str__` wrote."""
        machine, boot, space, pid, started = text.split(":")
        return cls(machine, boot, space, int(pid), started)

    def __str__(self) -> str:
        """Return the stored form."""
        return f"{self.machine}:{self.boot}:{self.space}:{self.pid}:{self.started}"

    def alive(self) -> bool | None:
        """Whether the process still lives; None where this cannot be seen from here.

        One start of one kernel has one boot id: so a machine is known by it while it runs, with a network card or
        without. Only what it was before its last start needs the machine's own name.
        """
        machine, boot, space = _surroundings()
        if self.boot and boot:
            if self.boot != boot:
                return False if machine and self.machine == machine else None
        elif not machine or self.machine != machine:
            return None
        if self.space != space or os.name != "posix":
            return None
        return _started(self.pid) == self.started if self.started else _exists(self.pid)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # no signal, only the question
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@lru_cache(maxsize=1)
def _surroundings() -> tuple[str, str, str]:
    boot, space = _short(_read("/proc/sys/kernel/random/boot_id")), _short(_link("/proc/self/ns/pid"))
    return _short(_machine()), boot, space


def _machine() -> str:
    """Return what tells this machine apart from others and outlives a restart; empty where nothing does.

    A machine without a network card gets a number that is drawn anew by each process, which tells nothing.
    """
    node = uuid.getnode()
    drawn = bool(node >> 40 & 1)  # RFC 4122, 4.5: the multicast bit marks a node number that is random
    parts = [_read("/etc/machine-id"), "" if drawn else str(node)]
    return "|".join([platform.node(), *parts]) if any(parts) else ""


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """Return the start time of a live process on Linux, in clock ticks since boot; None if there is none."""
    stat = _read(f"/proc/{pid}/stat")
    if not stat:
        return None
    # The command's name may hold spaces and parentheses: fields count from the last ")". A zombie is dead.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


_SHOWN = text("SELECT pg_advisory_lock_shared(:key)")
_HELD = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND classid::bigint = :high AND objid::bigint = :low)"
)


def show(connection: Connection) -> None:
    """Let the server tell of this process, as long as this connection is open; nothing on SQLite.

    Before a charge, on the connection that makes it: who sees the charge sees that its process is there. A connection
    is shown once: the lock outlives the transaction, whatever becomes of that.
    """
    if connection.dialect.name != "sqlite" and connection.info.get(_SHOWN) is None:
        connection.execute(_SHOWN, {"key": _key(Holder.this())})
        connection.info[_SHOWN] = True


def seen(connection: Connection, holder: Holder) -> bool:
    """Whether the server tells that a process is there; False on SQLite, where processes see each other or not."""
    if connection.dialect.name == "sqlite":
        return False
    key = _key(holder) & (2**64 - 1)
    return bool(connection.execute(_HELD, {"high": key >> 32, "low": key & (2**32 - 1)}).scalar_one())


def _key(holder: Holder) -> int:
    """Return the name of a process's lock: 64 bits, signed."""
    return int.from_bytes(hashlib.sha256(f"privkit holder {holder}".encode()).digest()[:8], "big", signed=True)


def _jupyter() -> str:
    """Return the name by which the Jupyter server tells its kernels what they run, without its folder."""
    return PurePath(os.environ.get("JPY_SESSION_NAME", "")).name


def notebook_name() -> str | None:
    """Return the file name of the notebook that runs this kernel, without its folder; None elsewhere."""
    return name if (name := _jupyter()).endswith(".ipynb") else None


def program_name() -> str:
    """Return the name of the notebook or script, without its folder, which may hold names; empty where none is known.

    VS Code writes it among the notebook's own names.
    """
    main = sys.modules.get("__main__")
    names = (_jupyter(), getattr(main, "__vsc_ipynb_file__", None), getattr(main, "__file__", None))
    return next((PurePath(str(name)).name for name in names if name), "")
