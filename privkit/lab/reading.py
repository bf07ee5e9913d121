"""What the side panel shows: the projects and entries of one folder's ledger, as JSON values. Never writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.ledger import Ledger
from privkit.budget.place import FOLDER
from privkit.lab.folder import confined, folder_under

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Entry
    from privkit.values.loss import PrivacyLoss

#: Entries of one answer at most.
PAGE = 200


def projects_in(root: Path, path: str) -> dict[str, Any]:
    """Return the projects of the ledger in the folder `path` under `root`; none where there is no ledger.

    Raises
    ------
    OutsideRootError, LedgerError
    """
    ledger = _ledger(root, path)
    accounts = [] if ledger is None else [ledger.account(name) for name in ledger.projects()]
    return {"path": path, "ledger": ledger is not None, "projects": [_project(account) for account in accounts]}


def entries_of(root: Path, path: str, project: str, *, before: int | None = None, limit: int = 50) -> dict[str, Any]:
    """Return a page of a project's entries, the newest first.

    Parameters
    ----------
    before : int, optional
        Only entries with a lower number.
    limit : int
        How many at most, up to 200.

    Raises
    ------
    OutsideRootError, LedgerError, ProjectNotFoundError
    """
    ledger = _ledger(root, path)
    if ledger is None:
        return {"path": path, "project": project, "total": 0, "entries": []}
    account = ledger.account(project)
    total = account.balance().entries
    last = total if before is None else min(total, before - 1)
    first = max(last - min(max(limit, 1), PAGE), 0)
    entries = [entry for entry in account.entries(after=first) if entry.seq <= last]
    return {"path": path, "project": project, "total": total, "entries": [_entry(e) for e in reversed(entries)]}


def _ledger(root: Path, path: str) -> Ledger | None:
    file = folder_under(root, path) / FOLDER / "ledger.db"
    if not file.exists():
        return None
    return Ledger.open(f"sqlite:///file:{confined(root, file)}?mode=ro&uri=true", create=False, timeout=2)


def _project(account: Account) -> dict[str, Any]:
    balance = account.balance()
    budget = balance.budget
    return {
        "name": account.name,
        "measure": budget.measure.value,
        "symbol": "ρ" if budget.measure.concentrated else "ε",
        "unit": str(account.terms.unit),
        "budget": _amounts(budget),
        "spent": _amounts(balance.spent),
        "reserved": _amounts(balance.reserved),
        "remaining": _amounts(balance.remaining),
        "entries": balance.entries,
        "version": balance.seq,
    }


def _amounts(loss: PrivacyLoss) -> dict[str, Any]:
    return {"text": str(loss), "main": str(loss.main), "value": float(loss.main), "delta": str(loss.delta)}


def _entry(entry: Entry) -> dict[str, Any]:
    question = entry.question
    by = list(question.get("by") or [])
    return {
        "entry": entry.seq,
        "state": entry.state,
        "time": entry.time,
        "analyst": entry.analyst,
        "statistic": question.get("statistic"),
        "by": by,
        "notebook": question.get("notebook"),
        "cost": _amounts(entry.cost),
        "draw": entry.draw,
    }
