"""Where a ledger lives: a file beside the notebook, a named file, or a PostgreSQL database."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from privkit.budget.file_system import ALLOW, file_system, kind_of
from privkit.errors.ledger import LedgerPlaceError

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
        """The place as text, without a password: what messages and anchors hold."""
        if self.path is not None:
            return str(self.path)
        assert self.url is not None
        return self.url.set(password=None).difference_update_query(["password"]).render_as_string(hide_password=True)

    @property
    def temporary(self) -> bool:
        """Whether it lies in a folder for temporary files, which no anchor watches."""
        if self.path is None:
            return False
        folders = {tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"}  # noqa: S108 - compared with, not written to
        return any(self.path.is_relative_to(Path(folder).resolve()) for folder in folders)

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
    if isinstance(store, str) and "://" in store:
        return _address(store)
    if isinstance(store, str | os.PathLike):
        named = os.fspath(store)
        if named == ":memory:":
            raise _in_memory(named)
        if not named or "\0" in named:
            raise LedgerPlaceError.of(named, "that is no file name", "Example: store='ledger.db'.")
        return _file(Path(named).expanduser(), named)
    raise LedgerPlaceError.of(
        type(store).__name__, "it must be a path or a SQLAlchemy URL", "Example: store='sqlite:///ledger.db'."
    )


def _address(store: str) -> Place:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(store)
    except (ArgumentError, ValueError):
        raise LedgerPlaceError.of(
            store.partition("://")[0] + "://...", "it is no SQLAlchemy URL", "Example: store='sqlite:///ledger.db'."
        ) from None
    backend = url.get_backend_name()
    if backend == "sqlite":
        name = url.database or ""
        if name in ("", ":memory:") or url.query.get("mode") == "memory":
            raise _in_memory(store)
        return _file(Path(name.removeprefix("file:")), store, read_only=url.query.get("mode") == "ro")
    if backend in ("postgresql", "postgres"):
        return Place(url=url.set(drivername="postgresql+psycopg"))
    raise LedgerPlaceError.of(
        f"{url.drivername}://...",
        "privkit keeps ledgers in SQLite and PostgreSQL",
        "Example: store='sqlite:///ledger.db'.",
    )


def _file(path: Path, named: str, *, read_only: bool = False) -> Place:
    path = Path(os.path.abspath(path)).resolve()  # noqa: PTH100 - an absolute path first, for broken links
    if path.is_dir():
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


def _in_memory(store: str) -> LedgerPlaceError:
    error = LedgerPlaceError.of(store, "a ledger in memory forgets what was spent", "Name a file: store='ledger.db'.")
    assert isinstance(error, LedgerPlaceError)
    return error
