"""A ledger's entries as a frame, built by pages: no page of entries outlives the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from privkit.errors.ledger import LedgerDamagedError
from privkit.project.ledger_view import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry


def entries_frame(account: Account, after: int, most: int | None) -> pd.DataFrame:
    """Return a frame with a row per entry; see :meth:`privkit.project.ledger_view.LedgerView.to_frame`."""
    parts = [_part(account, page) for page in account.pages(after=after, most=most)]
    return pd.concat(parts, ignore_index=True) if parts else _part(account, [])


def _part(account: Account, entries: Sequence[Entry]) -> pd.DataFrame:
    measure = account.terms.budget.measure
    columns: dict[str, Any] = {
        "entry": [entry.seq for entry in entries],
        "time": _times(account, entries),
        "state": [entry.state for entry in entries],
        "question": [describe(entry.question) for entry in entries],
        "rho" if measure.concentrated else "epsilon": [float(entry.cost.main) for entry in entries],
    }
    if measure.has_delta:
        columns["delta"] = [float(entry.cost.delta) for entry in entries]
    return pd.DataFrame(columns | {"analyst": [entry.analyst for entry in entries]})


def _times(account: Account, entries: Sequence[Entry]) -> pd.DatetimeIndex:
    """Return the times; what is none is damage, and not told (pandas would quote it)."""
    found = pd.to_datetime([entry.time for entry in entries], format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce")
    if found.hasnans:
        raise LedgerDamagedError.of(account.store, "the time of an entry cannot be read", budget=None)
    return found
