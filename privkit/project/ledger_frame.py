"""A ledger's entries as a frame: beside its columns no more than a page of entries is held."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

import pandas as pd

from privkit.errors.ledger import LedgerDamagedError
from privkit.project.ledger_view import describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.budget.account import Account
    from privkit.budget.entry import Entry

    _Row = tuple[int, str, str, str, float, float, str]

#: So many rows make one part: of small ones, what surrounds each needs much memory, and of large ones, their making.
_ROWS = 2_000


def entries_frame(account: Account, after: int, most: int | None) -> pd.DataFrame:
    """Return a frame with a row per entry; see :meth:`privkit.project.ledger_view.LedgerView.to_frame`."""
    rows: list[_Row] = []
    parts = []
    for page in account.pages(after=after, most=most):
        rows += map(_row, page)
        if len(rows) >= _ROWS:
            parts.append(_columns(account, rows))
            rows.clear()
    if rows or not parts:
        parts.append(_columns(account, rows))
    # Column by column, and not the frames of all parts at once: they would be there twice.
    whole = {name: pd.concat([part.pop(name) for part in parts], ignore_index=True) for name in list(parts[0])}
    return pd.DataFrame(whole, copy=False)


def _row(entry: Entry) -> _Row:
    main, delta = float(entry.cost.main), float(entry.cost.delta)
    return entry.seq, entry.time, intern(entry.state), describe(entry.question), main, delta, intern(entry.analyst)


def _columns(account: Account, rows: Sequence[_Row]) -> dict[str, pd.Series]:
    measure = account.terms.budget.measure
    columns = {
        "entry": pd.Series([row[0] for row in rows], dtype="int64"),
        "time": _times(account, [row[1] for row in rows]),
        "state": _texts([row[2] for row in rows]),
        "question": _texts([row[3] for row in rows]),
        "rho" if measure.concentrated else "epsilon": pd.Series([row[4] for row in rows], dtype=float),
        "delta": pd.Series([row[5] for row in rows], dtype=float),
        "analyst": _texts([row[6] for row in rows]),
    }
    if not measure.has_delta:
        del columns["delta"]
    return columns


def _texts(texts: Sequence[str]) -> pd.Series:
    """Return texts as a column of the kind that pandas makes of them, in no more memory than they need.

    Arrow's own allocator keeps what a buffer grew to, up to twice its text, for each part of a long ledger; that of the
    system gives the rest back.
    """
    kind: Any = pd.Series([], dtype="str").dtype
    if getattr(kind, "storage", "") != "pyarrow":
        return pd.Series(texts, dtype="str")
    import pyarrow as pa

    return pd.Series(kind.__from_arrow__(pa.array(texts, pa.large_string(), memory_pool=pa.system_memory_pool())))


def _times(account: Account, times: list[str]) -> pd.Series:
    """Return the times; what is none is damage, and not told (pandas would quote it)."""
    found = pd.Series(pd.to_datetime(times, format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce"))
    if found.hasnans:
        raise LedgerDamagedError.of(account.store, "the time of an entry cannot be read", budget=None)
    return found
