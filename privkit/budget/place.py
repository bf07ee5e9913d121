"""Where a ledger lives: a file beside the notebook, a named file, or a PostgreSQL database."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from privkit.budget.address import SQLITE, check_file_name, is_address, read_url, shown_url
from privkit.budget.file_system import ALLOW, file_system, kind_of
from privkit.errors.ledger import LedgerPlaceError, LedgerReadOnlyError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

#: The ledger's folder and file where no other place is named.
FOLDER, FILE = ".privkit", "ledger.db"


@dataclass(frozen=True, slots=True)
class Place:
    """A ledger's place.

    Attributes
    ----------
    path : Path or None
        The SQLite file, with symbolic links followed; None on a server.
    url : sqlalchemy.URL or None
        The server's address; None for a file.
    read_only : bool
        Whether the address asks for reading only.
    """

    path: Path | None = None
    url: URL | None = None
    read_only: bool = False

    @property
    def shown(self) -> str:
        """The place as text, without secrets: what messages and anchors hold."""
        if self.path is not None:
            return str(self.path)
        assert self.url is not None
        return shown_url(self.url)

    @property
    def temporary(self) -> bool:
        """Whether it lies in a folder for temporary files, which no anchor watches."""
        if self.path is None:
            return False
        return any(self.path.is_relative_to(folder) for folder in _resolved(frozenset(_temporary_folders())))

    @property
    def file_system(self) -> str:
        """The file system's type, as the system names it; empty where that cannot be known."""
        return "" if self.path is None else file_system(self.path.parent)


def ledger_place(store: str | os.PathLike[str] | None) -> Place:
    """Return the place that a user named: None, a path, or a SQLAlchemy URL.

    Raises
    ------
    LedgerPlaceError
        For memory, folders, network file systems and databases that privkit does not know.
    """
    if store is None:
        return _file(Path.cwd() / FOLDER / FILE, f"{FOLDER}/{FILE}")
    named = os.fspath(store) if isinstance(store, os.PathLike) else store
    if not isinstance(named, str):
        raise LedgerPlaceError.of(
            type(store).__name__, "it must be a path or a SQLAlchemy URL", "Example: store='sqlite:///ledger.db'."
        )
    if is_address(named):
        return _address(named)
    if named == ":memory:":
        raise _in_memory(named)
    check_file_name(named)
    return _file(Path(named), named, home=True)


def _address(store: str) -> Place:
    url = read_url(store)
    if url.drivername not in SQLITE:
        # The driver that privkit uses, in an encoding that holds every name, whatever the server's default is.
        return Place(url=url.set(drivername="postgresql+psycopg").update_query_dict({"client_encoding": "utf8"}))
    name = (url.database or "").removeprefix("file:")
    if name in ("", ":memory:") or url.query.get("mode") == "memory":
        raise _in_memory("sqlite://...")
    check_file_name(name)
    return _file(Path(name), name, read_only=url.query.get("mode") == "ro")


def _file(path: Path, named: str, *, read_only: bool = False, home: bool = False) -> Place:
    try:
        path = path.expanduser() if home else path
        path = Path(os.path.abspath(path)).resolve()  # noqa: PTH100 - an absolute path first, for broken links
        folder = path.is_dir()
    except PermissionError:
        raise LedgerReadOnlyError.denied(named) from None
    except (OSError, RuntimeError):  # a loop of links, a name that is too long, a home folder that nobody has
        raise LedgerPlaceError.of(named, "that path leads nowhere", "Example: store='ledger.db'.") from None
    if folder:
        raise LedgerPlaceError.of(named, "it is a folder", f"Name the file: store={str(Path(named) / FILE)!r}.")
    place = Place(path=path, read_only=read_only)
    name = "a share" if sys.platform == "win32" and str(path).startswith("\\\\") else place.file_system
    if name == "a share" or kind_of(name) == "network":
        raise LedgerPlaceError.of(
            named,
            f"it lies on a network file system ({name}), where locks are not reliable",
            "Keep it on a local disk, or share one on PostgreSQL: store='postgresql+psycopg://...'."
            + ("" if name == "a share" else f" If you know that locks hold there: {ALLOW}={name}."),
        )
    return place


def _temporary_folders() -> set[str]:
    """Return the folders for temporary files.

    Python takes the working directory for one where no other can be written; a ledger there is not temporary.
    """
    folders = {"/tmp", "/var/tmp", "/dev/shm"}  # noqa: S108 - compared with, not written to
    found = tempfile.gettempdir()
    named = {os.path.abspath(value) for name in ("TMPDIR", "TEMP", "TMP") if (value := os.environ.get(name))}  # noqa: PTH100
    if found in named or Path(found) != Path.cwd():
        folders.add(found)
    return folders


@lru_cache(maxsize=8)  # each transaction asks
def _resolved(folders: frozenset[str]) -> list[Path]:
    return [Path(folder).resolve() for folder in folders]


def _in_memory(store: str) -> LedgerPlaceError:
    error = LedgerPlaceError.of(store, "a ledger in memory forgets what was spent", "Name a file: store='ledger.db'.")
    assert isinstance(error, LedgerPlaceError)
    return error
