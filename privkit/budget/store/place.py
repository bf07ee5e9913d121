"""Addresses of ledgers: what may be shown of one, and what is no address of a ledger at all.

A secret can stand anywhere in an address that was typed: as a password, in the query, after an ``@`` that was not
escaped, in libpq's ``key=value`` form, in the address of another program. So nothing that was typed is shown, but for
what is on a list: a known scheme, a host, a port and a database whose characters can be nothing else.

Where a ledger lives: a file beside the notebook, a named file, or a PostgreSQL database.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from privkit.budget.store.file_system import ALLOW, file_system, kind_of
from privkit.errors.ledger import LedgerPlaceError, LedgerReadOnlyError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


#: The schemes that a ledger's address may have, as SQLAlchemy writes them.
SQLITE = ("sqlite", "sqlite+pysqlite")
POSTGRESQL = ("postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgres")
#: Schemes that may be named in a message; any other word before a colon may be part of a secret.
_KNOWN = frozenset(
    {*SQLITE, *POSTGRESQL, "sqlite+pysqlcipher", "sqlite+aiosqlite", "postgresql+asyncpg", "postgresql+pg8000"}
    | {"mysql", "mysql+pymysql", "mariadb", "oracle", "mssql", "mssql+pyodbc", "duckdb", "jdbc", "odbc", "file"}
    | {"http", "https", "s3", "gs", "mongodb", "redis", "snowflake", "bigquery", "cockroachdb"}
)
_EXAMPLE = "Example: store='ledger.db', or store='postgresql+psycopg://db.example/privacy'."

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+._-]+):")
_KEY_VALUE = re.compile(r"^\s*[A-Za-z_][\w ]*=|(?:password|passwd|pwd)\s*=", re.IGNORECASE)
_USERINFO = re.compile(r":.*@", re.DOTALL)  # a password may hold a slash
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+(?:%[\w.-]+)?")
_DATABASE = re.compile(r"[\w.\- ]*")


def shown_url(url: URL) -> str:
    """Return a server's address as it may be shown: scheme, host, port and database, and nothing else.

    The user is left out with the password: who mistypes one writes it in the place of the other.

    Examples
    --------
    >>> from sqlalchemy.engine import make_url
    >>> shown_url(make_url("postgresql+psycopg://ada:secret@db.example:5433/privacy?sslpassword=secret"))
    'postgresql://db.example:5433/privacy'
    """
    host = url.host if url.host and _HOST.fullmatch(url.host) else ""
    host = f"[{host}]" if ":" in host else host
    port = f":{url.port}" if host and url.port else ""
    database = url.database if url.database and _DATABASE.fullmatch(url.database) else ""
    return f"postgresql://{host}{port}/{database}"


def shown_store(store: str) -> str:
    """Return a stored place as it may be shown: a file's path as it is, an address by :func:`shown_url`.

    Earlier versions wrote more of an address into anchors than may be shown.

    Examples
    --------
    >>> shown_store("postgresql+psycopg://ada@db.example/privacy?sslpassword=secret")
    'postgresql://db.example/privacy'
    >>> shown_store("/home/ada/.privkit/ledger.db")
    '/home/ada/.privkit/ledger.db'
    """
    if not is_address(store):
        return store
    try:
        url = read_url(store)
    except LedgerPlaceError:
        return shown_scheme(store)
    return shown_scheme(store) if url.drivername in SQLITE else shown_url(url)


def shown_scheme(store: object) -> str:
    """Return what may be shown of something that is no ledger's address: its scheme, if that is a known one."""
    found = _SCHEME.match(store) if isinstance(store, str) else None
    scheme = found[1].lower() if found is not None else ""
    return f"{scheme}://..." if scheme in _KNOWN else "..."


def is_address(store: str) -> bool:
    """Whether a text is meant as an address, by its scheme."""
    return "://" in store


def check_file_name(named: str) -> None:
    """Refuse what is no file's name but an address, or part of one: it must never become a file.

    Raises
    ------
    LedgerPlaceError
        Without what was typed.
    """
    if not named or "\0" in named:
        raise LedgerPlaceError.of("...", "that is no file name", _EXAMPLE)
    if _KEY_VALUE.search(named):
        why = "that looks like libpq's form 'host=... password=...', which is neither a file nor a URL"
    elif _SCHEME.match(named) or (_USERINFO.search(named) and not _in_a_folder(named)):
        why = "that looks like an address, and it is not one that privkit knows"
    else:
        return
    raise LedgerPlaceError.of(shown_scheme(named), why, f"{_EXAMPLE} If it is a file, name its folder too: './...'.")


def _in_a_folder(named: str) -> bool:
    """Whether a name begins with a folder that is there, so that it is a file's whatever it looks like."""
    folder = os.path.dirname(named)  # noqa: PTH120 - a Path forgets a leading "./"
    return bool(folder) and os.path.isdir(folder)  # noqa: PTH112


def read_url(store: str) -> URL:
    """Return an address read by SQLAlchemy, and checked: all of it must be what it seems to be.

    Raises
    ------
    LedgerPlaceError
        Without what was typed.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    scheme = store.partition("://")[0]
    if scheme not in (*SQLITE, *POSTGRESQL) or store != store.strip():
        raise LedgerPlaceError.of(shown_scheme(store), _why_not(store, scheme), _EXAMPLE)
    try:
        url = make_url(store)
    except (ArgumentError, ValueError):  # told below, outside: what they say holds what was typed
        url = None
    if url is None:
        raise LedgerPlaceError.of(f"{scheme}://...", "it is no SQLAlchemy URL", f"{_ESCAPE} {_EXAMPLE}")
    if why := _wrong(url, store) or ("it holds more than one @" if store.count("@") > 1 else ""):
        raise LedgerPlaceError.of(f"{scheme}://...", why, f"{_ESCAPE} {_EXAMPLE}")
    return url


_ESCAPE = "Characters of a password are written as %40 for @, %2F for /, %3A for :, and better left to ~/.pgpass."


def _why_not(store: str, scheme: str) -> str:
    if store != store.strip():
        return "there is a blank before or after it"
    if scheme.lower() in (*SQLITE, *POSTGRESQL):
        return "its scheme is written in lower case"
    if "pysqlcipher" in scheme.lower():
        return "privkit does not encrypt files, and would write a plain one (put it on an encrypted disk)"
    return "privkit keeps ledgers in SQLite and PostgreSQL"


def _wrong(url: URL, store: str) -> str:
    """Return what is wrong with an address, in words that hold none of it; empty if nothing is."""
    if url.drivername in SQLITE:
        if url.host or url.username or url.password or url.port:
            return "a file has no host, user or password (a path begins with a third slash)"
        asked = {part.partition("=")[0] for part in store.partition("?")[2].split("&") if part}
        if unknown := asked - {"mode", "uri", "cache", "timeout"}:
            return f"{len(unknown)} of its parameters are none of mode, uri, cache and timeout"
        return ""
    before, at, _ = store.partition("://")[2].rpartition("@")
    if at and set(before) & set("/?#"):
        # What follows the @ may be a host, or the end of what was meant as a path or a parameter.
        return "there is a '/', '?' or '#' before its @"
    hosts = url.query.get("host", ())
    if (isinstance(hosts, tuple) and hosts) or "," in f"{url.host or ''}{hosts or ''}":
        return "it names several hosts, and a ledger has one"
    if url.host and not _HOST.fullmatch(url.host):
        return "its host holds characters that no host's name has"
    if url.port is not None and not 0 < url.port < 65536:
        return "its port is no port"
    if url.database and not _DATABASE.fullmatch(url.database):
        return "its database's name holds other characters than letters, digits, '_', '-', '.' and blanks"
    return ""


#: The ledger's folder and file where no other place is named.
FOLDER, FILE = ".privkit", "ledger.db"


@dataclass(frozen=True)
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

    @cached_property
    def shown(self) -> str:
        """The place as text, without secrets: what messages and anchors hold."""
        if self.path is not None:
            return str(self.path)
        assert self.url is not None
        return shown_url(self.url)

    @cached_property
    def temporary(self) -> bool:
        """Whether it lies in a folder for temporary files, which no anchor watches."""
        if self.path is None:
            return False
        return any(self.path.is_relative_to(Path(folder).resolve()) for folder in _temporary_folders())

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


def _in_memory(store: str) -> LedgerPlaceError:
    error = LedgerPlaceError.of(store, "a ledger in memory forgets what was spent", "Name a file: store='ledger.db'.")
    assert isinstance(error, LedgerPlaceError)
    return error
