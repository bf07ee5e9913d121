"""What the side panel shows: the projects and entries of one folder's ledger, as JSON values. Never writes.

Words sought in a ledger's entries, from the newest back, by stretches: each a short look into the database.

What reads a ledger is loaded when the first one is read, so that a server starts without it.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from privkit.budget.store.place import FILE, FOLDER
from privkit.errors import PrivkitError
from privkit.values.exact import exact_text

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Entry
    from privkit.budget.ledger import Ledger
    from privkit.budget.paging import Paged
    from privkit.values.loss import PrivacyLoss

#: How many seconds one answer looks for.
SECONDS = 0.5
#: An entry's number, as one writes it.
_NUMBER = re.compile(r"#[0-9]{1,12}")
#: How many entries the database looks through at once, and how many it hands over: a writer waits for no more.
STRETCH, HANDED = 20_000, 1000


def searched(account: Paged, search: str, before: int, limit: int, gone: Callable[[], bool]) -> tuple[list[Entry], int]:
    """Return the last `limit` entries numbered below `before` in which all words stand, backwards; and how far it saw.

    Returns
    -------
    list of Entry
        Fewer where the time was over, somebody left, or there are no more.
    int
        The number of the last entry that was looked at: those below it are for the next page. 1 where none is left.
    """
    from privkit.budget.paging import folded  # loads SQLAlchemy, as every look into a ledger does

    words = folded(search).split()
    numbered = {int(word[1:]) for word in words if _NUMBER.fullmatch(word)}
    if numbered:  # no entry has two numbers, and the one with this number is found at once
        rows = account.entries(after=min(numbered) - 1, until=min(numbered)) if 0 < min(numbered) < before else []
        return [entry for entry in rows if stands(words, line_of(entry))], 1
    until, found, deadline = before - 1, list["Entry"](), time.monotonic() + SECONDS
    while until > 0:
        after = max(until - STRETCH, 0)
        rows = account.sought(words, after=after, until=until, most=HANDED)
        for entry in rows:
            if stands(words, line_of(entry)):
                if len(found) == limit:
                    return found, found[-1].seq
                found.append(entry)
        until = rows[-1].seq - 1 if len(rows) == HANDED else after
        if time.monotonic() >= deadline or gone():
            break
    return found, until + 1


def stands(words: Sequence[str], line: dict[str, Any]) -> bool:
    """Return whether all folded words stand in a line of the side panel; one as ``#7`` is the number of entry 7."""
    from privkit.budget.paging import folded

    told = [f"#{line['entry']}", *(str(line[name] or "") for name in ("what", "notebook", "analyst", "state", "time"))]
    text = folded(" ".join([*told, line["cost"]["text"]]))
    return all(word == f"#{line['entry']}" if _NUMBER.fullmatch(word) else word in text for word in words)


#: Among how many of the last entries the notebook's own are looked for.
RECENT = 100
#: Entries of one answer at most.
PAGE = 200
#: How many seconds a ledger that is being written is waited for.
WAIT = 2.0


def version_of(root: Path, path: str) -> str:
    """Return a word that changes with every write to the folder's ledger, by whichever process; cheap to ask for.

    It is made of the files' times and sizes alone: no ledger is opened. A reader sees it change at the latest when the
    file system's clock has moved on, which is why two writes within one tick may be told as one.

    Raises
    ------
    OutsideRootError
    """
    file = _file(root, path)
    found = []
    for name in (file, file.with_name(f"{FILE}-journal"), file.with_name(f"{FILE}-wal")):
        try:
            state = name.stat()
        except OSError:
            found.append("none")
        else:
            found.append(f"{state.st_ino} {state.st_mtime_ns} {state.st_size}")
    return hashlib.sha256("|".join(found).encode()).hexdigest()[:16]


def projects_in(root: Path, path: str, notebook: str = "") -> dict[str, Any]:
    """Return the projects of the ledger in the folder `path` under `root`; none where there is no ledger.

    Each says when `notebook` spent from it last, as far back as its last entries tell: that is the one in use there.

    Raises
    ------
    OutsideRootError, LedgerError
    """
    from privkit.errors.ledger import LedgerMissingError

    try:
        ledger = _ledger(root, path)
        accounts = [] if ledger is None else [ledger.account(name) for name in ledger.projects()]
        shown = [_project(account, notebook) for account in accounts]
    except LedgerMissingError:  # it went while it was read: as if it had gone before
        ledger, shown = None, []
    return {"path": path, "ledger": ledger is not None, "projects": shown}


def entries_of(
    root: Path,
    path: str,
    project: str,
    *,
    before: int | None = None,
    limit: int = 50,
    search: str = "",
    gone: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Return a page of a project's entries, the newest first.

    A search looks back for half a second at most: what it has found by then is a page, and the next one looks on from
    there. So the first answer comes at once, however long the ledger is.

    Parameters
    ----------
    before : int, optional
        Only entries with a lower number.
    limit : int
        How many at most, up to 200.
    search : str
        Only entries in which all its words stand: in the question, notebook, analyst, state, cost, time or number.
    gone : callable
        Whether nobody waits for the answer any more; then the search ends.

    Returns
    -------
    dict
        With the entries, `total` (how many the project has), `next` (the `before` of the page after it, or None), and
        on the first page, where nothing is sought, `persons` (who was charged how much in all).

    Raises
    ------
    OutsideRootError, LedgerError, ProjectNotFoundError
    """
    ledger = _ledger(root, path)
    page: dict[str, Any] = {"path": path, "project": project, "total": 0, "next": None, "persons": [], "entries": []}
    if ledger is None:
        return page
    account = ledger.account(project)
    total = account.balance().entries
    first = before is None and not search.strip()
    before = total + 1 if before is None else min(total + 1, before)
    limit = min(max(limit, 1), PAGE)
    if search.strip():
        found, reached = searched(account, search, before, limit, gone)
    else:
        reached = max(before - limit, 1)
        found = account.entries(after=reached - 1, until=before - 1)[::-1]
    charged = account.charged_by(until=total) if first else {}
    persons = [{"analyst": name, "charged": _amounts(loss)} for name, loss in charged.items()]
    there = reached if reached > 1 else None
    return {**page, "total": total, "next": there, "persons": persons, "entries": [*map(opened, found)]}


def _file(root: Path, path: str) -> Path:
    return confined(root, folder_under(root, path) / FOLDER / FILE)


def _ledger(root: Path, path: str) -> Ledger | None:
    from privkit.budget.ledger import Ledger

    file = _file(root, path)
    return Ledger.open(file, read_only=True, timeout=WAIT) if os.path.exists(file) else None  # noqa: PTH110 - False too where a name is too long for the file system


def _project(account: Account, notebook: str) -> dict[str, Any]:
    balance = account.balance()
    last = account.entries(after=max(balance.entries - RECENT, 0)) if notebook else []
    used = max((entry.time for entry in last if entry.question.get("notebook") == notebook), default=None)
    budget = balance.budget
    return {
        "name": account.name,
        "measure": budget.measure.value,
        "symbol": budget.measure.symbol,
        "unit": str(account.terms.unit),
        "budget": _amounts(budget),
        "spent": _amounts(balance.spent),
        "reserved": _amounts(balance.reserved),
        "remaining": _amounts(balance.remaining),
        "entries": balance.entries,
        "version": balance.seq,
        "used": used,
    }


def _amounts(loss: PrivacyLoss) -> dict[str, Any]:
    return {
        "text": _plain(loss),
        "main": exact_text(loss.main),
        "value": float(loss.main),
        "delta": exact_text(loss.delta),
        "delta_value": float(loss.delta),
    }


def _plain(loss: PrivacyLoss) -> str:
    """Return a loss in letters that one can type: what is shown is what a search finds."""
    symbol = loss.measure.symbol
    delta = f", δ = {float(loss.delta):g}" if loss.measure.has_delta and loss.delta else ""
    return f"{symbol} = {exact_text(loss.main)}{delta}"


def line_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as a line of the side panel."""
    from privkit.project.ledger_view import describe

    question = entry.question
    return {
        "entry": entry.seq,
        "state": entry.state,
        "time": entry.time,
        "analyst": entry.analyst,
        "what": describe(question),
        "notebook": question.get("notebook"),
        "cost": _amounts(entry.cost),
        "draw": entry.draw,
    }


def opened(entry: Entry) -> dict[str, Any]:
    """Return a line with what it opens to: how far the noise carries the answer, and the code that asks it again.

    Both are made of the record; "" where it does not tell. What was not answered has no code: it would spend.
    """
    from privkit.dp.recorded import recorded_within
    from privkit.project.ledger_view import as_code

    return {
        **line_of(entry),
        "within": recorded_within(entry.question),
        "code": as_code(entry.question) if entry.state == "committed" else "",
    }


# -- folders that a request may name: those under the server's root, and no others -------------------------------------


class OutsideRootError(PrivkitError, PermissionError):
    """A request named a place outside the server's root."""

    # OSError.__str__ would show errno and filename.
    __str__ = PrivkitError.__str__

    @classmethod
    def of(cls) -> OutsideRootError:
        """The path leaves the root, or is no path at all."""
        return cls("the folder must be a relative path under the server's root directory.")


def folder_under(root: Path, path: str) -> Path:
    """Return the folder that `path` names under `root`, links followed.

    Raises
    ------
    OutsideRootError
        For absolute paths, drives, ``..``, NUL, and links that lead outside.

    Examples
    --------
    >>> folder_under(Path("/srv"), "a/../b")
    Traceback (most recent call last):
    ...
    privkit.lab.reading.OutsideRootError: the folder must be a relative path under the server's root directory.
    """
    windows = PureWindowsPath(path)
    if "\0" in path or "\\" in path or windows.drive or PurePosixPath(path).is_absolute() or ".." in path.split("/"):
        raise OutsideRootError.of()
    return confined(root, root / path)


def confined(root: Path, place: Path) -> Path:
    """Return `place` with its links followed, if that lies under `root`.

    Raises
    ------
    OutsideRootError
    """
    resolved = place.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise OutsideRootError.of()
    return resolved
