"""A doctor's look at a ledger: everything that can be checked, told as findings, with nothing changed."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import inspect

from privkit.budget.ledger import Ledger
from privkit.budget.machine.keys import read_key, shared_key
from privkit.budget.machine.state import recall_all, state_folder
from privkit.budget.store import schema
from privkit.budget.store.file_system import kind_of, unknown_words, vouching
from privkit.budget.store.opening import there
from privkit.budget.store.place import Place, ledger_place
from privkit.errors.root import PrivkitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privkit.budget.account import Account
    from privkit.budget.entry import State

#: File systems that do not outlive a container or a restart.
_FLEETING = frozenset({"overlay", "tmpfs", "ramfs", "devtmpfs"})
_SETTLE = "Open its project once: this settles what was under way."
_RESTORE = "Restore it from a backup."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    level : {"ok", "note", "problem"}
    what : str
        What was found.
    hint : str
        What to do; empty if nothing.
    """

    level: Literal["ok", "note", "problem"]
    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings about a ledger.

    Attributes
    ----------
    store : str
    findings : tuple of Finding
    """

    store: str
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether nothing is a problem."""
        return all(finding.level != "problem" for finding in self.findings)

    def __repr__(self) -> str:
        """Return the verdict, then the findings, problems first."""
        order = ("problem", "note", "ok")
        found = sorted(self.findings, key=lambda finding: order.index(finding.level))
        lines = [f"The ledger at {self.store} {'is in order' if self.healthy else 'needs attention'}."]
        for finding in found:
            lines.append(f"  {finding.level:<8}{finding.what}")
            if finding.hint:
                lines.append(f"          → {finding.hint}")
        return "\n".join(lines)


def diagnose(store: str | os.PathLike[str] | None = None) -> Diagnosis:
    """Look at a ledger and everything around it. Changes nothing, spends nothing, and raises for no fault it finds.

    Parameters
    ----------
    store : path or str, optional
        As for :meth:`privkit.budget.ledger.Ledger.open`.
    """
    try:
        place = ledger_place(store)
    except PrivkitError as error:
        # Never what was typed: it is no address, so nothing in it is known to be no secret.
        return Diagnosis(getattr(error, "store", "..."), (Finding("problem", _first(error), _rest(error)),))
    findings = [*_of_place(place), *_of_file(place), *_of_state(place)]
    try:
        ledger = Ledger.open(store, read_only=True)
        names = ledger.projects()
    except PrivkitError as error:
        return Diagnosis(place.shown, (*findings, Finding("problem", _first(error), _rest(error))))
    findings += _of_server(ledger)
    for name in names:
        findings += _of_project(ledger, name)
    for account in ledger.removed():
        findings += _of_removed(account)
    return Diagnosis(place.shown, tuple(findings))


def _of_place(place: Place) -> Iterator[Finding]:
    if place.path is None:
        return
    kind = place.file_system
    known = kind_of(kind)
    if known == "network":
        yield Finding("problem", f"it lies on a network file system ({kind})", "Keep it on a local disk.")
    elif known == "unknown":
        yield Finding("note", unknown_words(kind, "the ledger"), vouching(kind))
    elif kind in _FLEETING and not place.temporary:
        yield Finding(
            "note", f"it lies on {kind}, which ends with its container", "Keep it on a volume, or on PostgreSQL."
        )
    else:
        yield Finding("ok", f"it lies on {kind}, a local file system")
    if place.temporary:
        yield Finding(
            "note", "it lies in a folder for temporary files: no anchor watches it", "Keep real ones elsewhere."
        )


def _of_file(place: Place) -> Iterator[Finding]:
    path = place.path
    try:
        if path is None or not there(path, place):
            return
    except PrivkitError as error:
        yield Finding("problem", _first(error), _rest(error))
        return
    if not os.access(path, os.R_OK):
        yield Finding(
            "problem", "you may not read the file: it belongs to somebody else", "Ask its owner for the right."
        )
        return
    if os.name == "posix" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Finding("note", "others may write to the file", f"chmod 600 {path}")
    journal = path.with_name(path.name + "-journal").exists()
    if journal:
        yield Finding("note", "a journal lies beside it: a program is writing, or was killed", _SETTLE)
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            yield from _of_pages(connection)
    except sqlite3.Error as error:
        yield Finding("problem", f"SQLite cannot read it ({type(error).__name__})", _SETTLE if journal else _RESTORE)


def _of_pages(connection: sqlite3.Connection) -> Iterator[Finding]:
    found = connection.execute("PRAGMA integrity_check(3)").fetchall()
    if found == [("ok",)]:
        yield Finding("ok", f"all its pages fit together (SQLite {sqlite3.sqlite_version})")
    else:
        yield Finding("problem", f"its pages do not fit together ({len(found)} faults or more)", "Restore a backup.")
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    if missing := [
        f"{table}_{act}" for table in schema.TABLES for act in ("UPDATE", "DELETE") if f"{table}_{act}" not in names
    ]:
        yield Finding("problem", f"{len(missing)} of the triggers that let rows only be added are gone", "Verify it.")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "delete":
        yield Finding("note", f"its journal mode is {mode}", "Opening it for a release sets it back.")


def _of_state(place: Place) -> Iterator[Finding]:
    yield from _of_keys()
    try:
        folder = state_folder()
    except OSError:
        yield Finding("problem", "there is no home folder for keys and anchors", "Set PRIVKIT_STATE_DIR.")
        return
    if not folder.exists():
        yield Finding("note", f"there is no state folder at {folder} yet: no keys, so no replay")
    for anchor in recall_all():
        if anchor.store == place.shown and place.path is not None and not os.path.exists(place.path):  # noqa: PTH110
            yield Finding("problem", f"this machine remembers project {anchor.name!r} here", "Restore the file.")


def _of_keys() -> Iterator[Finding]:
    """Look at the shared key, and at all that must be the owner's alone: folders, keys, anchors."""
    try:
        shared_key()
    except PrivkitError as error:
        yield Finding("problem", _first(error), _rest(error))
    with suppress(OSError):
        folder = state_folder()
        for path in (folder, folder / "keys", folder / "anchors"):
            if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
                told = "so no key can be kept there, and no older copy of a ledger is noticed"
                yield Finding("problem", f"{path} cannot be written, {told}", "Set PRIVKIT_STATE_DIR.")
            if os.name == "posix" and path.is_dir() and path.stat().st_mode & 0o077:
                # What lies in a folder that others may write can be replaced, whatever its own rights are.
                level: Literal["note", "problem"] = "problem" if path.stat().st_mode & 0o022 else "note"
                yield Finding(level, f"others may look into {path}", f"chmod 700 {path}")
        for path in [*folder.glob("keys/*.key"), *folder.glob("anchors/*.json")]:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                yield Finding("problem", f"others may read {path}", f"chmod 600 {path}")
            if path.suffix == ".key" and read_key(path) is None:
                told = f"{path} is no key: its project replays nothing, and every question is charged anew"
                yield Finding("problem", told, "Put its backup back; or move it away, and a new key is made.")


def _of_server(ledger: Ledger) -> Iterator[Finding]:
    store = ledger._store
    if store.dialect == "sqlite":
        return
    with store.reading() as connection:
        for setting in ("fsync", "full_page_writes"):
            if connection.exec_driver_sql(f"SHOW {setting}").scalar_one() != "on":
                yield Finding("problem", f"the server's {setting} is off", "A loss of power can lose what was spent.")
        guards = ", ".join(f"to_regclass('{table}')" for table in schema.TABLES)
        triggers = connection.exec_driver_sql(
            f"SELECT count(*) FROM pg_trigger WHERE tgrelid IN ({guards}) AND NOT tgisinternal AND tgenabled = 'O'"  # noqa: S608
        ).scalar_one()
        if triggers < len(schema.TABLES):
            yield Finding("problem", "triggers that let rows only be added are gone", "Verify it.")
        version = inspect(connection).dialect.server_version_info
        yield Finding("ok", f"PostgreSQL {'.'.join(map(str, version or ()))} answers")


def _of_project(ledger: Ledger, name: str) -> Iterator[Finding]:
    try:
        account = ledger.account(name)
        told = account.verify()
    except PrivkitError as error:
        yield Finding("problem", f"project {name!r}: {_first(error)}", _rest(error))
        return
    yield Finding("ok", f"project {name!r}: {told.entries} entries hold, {told.charged} charged")
    yield from _of_entries(account)


def _of_removed(account: Account) -> Iterator[Finding]:
    try:
        account.verify()
    except PrivkitError as error:
        yield Finding("problem", f"removed project {account.name!r}: {_first(error)}", _rest(error))
        return
    if (found := account.ended) is not None:
        told = f"a project {account.name!r} was removed on {found.time[:10]} by {found.analyst}"
        yield Finding("ok", f"{told}: nothing was ever charged to it")


def _of_notes(account: Account) -> Iterator[Finding]:
    if (found := account.ended) is not None:
        yield Finding("note", f"project {account.name!r} was closed on {found.time[:10]} by {found.analyst}")
    for one in account.extensions():
        told = f"project {account.name!r} was extended on {one.time[:10]} by {one.analyst}"
        yield Finding("note", f"{told}: a budget of {one.after.budget} from entry {one.entry} on")
    if facts := account.facts():
        told = f"project {account.name!r}: public facts are declared in {len(facts)} entries"
        yield Finding("ok", f"{told}, the last by {facts[-1].analyst} on {facts[-1].time[:10]}")


def _of_entries(account: Account) -> Iterator[Finding]:
    if account.note:
        yield Finding("note", account.note, "To go on from it: pk.open_project(..., store=..., adopt=True).")
    if account.unwatched:
        yield Finding("problem", account.unwatched)
    yield from _of_notes(account)
    states: tuple[tuple[State, str], ...] = (("orphaned", "Asking again costs again: again=True."), ("reserved", ""))
    for state, hint in states:
        if found := account.numbers_of(state, 10):
            yield Finding("note", f"project {account.name!r}: {state} entries {', '.join(map(str, found))}", hint)
    try:
        keyless = account.key is None
    except PrivkitError as error:  # the one that everybody shares may be too weak
        yield Finding("problem", f"project {account.name!r}: {_first(error)}", _rest(error))
        return
    if keyless:
        yield Finding(
            "note", f"project {account.name!r} has no key: nothing replays", "Check PRIVKIT_STATE_DIR or PRIVKIT_KEY."
        )
    with account._book.store.reading() as connection:
        now, clock = account._book.store.now(connection), account._book.head(connection).sums.clock
    if now < clock:
        yield Finding(
            "note", f"the clock is behind the last entry ({clock})", "Entries keep their order; set the clock."
        )


def _first(error: PrivkitError) -> str:
    return error.message.partition("\n")[0]


def _rest(error: PrivkitError) -> str:
    return error.message.partition("\n")[2]
