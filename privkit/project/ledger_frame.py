"""A ledger's entries as a frame: beside its columns no more than a page of entries is held."""

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
    parts = [_columns(account, page) for page in account.pages(after=after, most=most)] or [_columns(account, [])]
    # Column by column, and not the frames of all parts at once: they would be there twice.
    whole = {name: pd.concat([part.pop(name) for part in parts], ignore_index=True) for name in list(parts[0])}
    return pd.DataFrame(whole, copy=False)


def _columns(account: Account, entries: Sequence[Entry]) -> dict[str, pd.Series]:
    measure = account.terms.budget.measure
    main, delta = (
        pd.Series([float(amount) for amount in amounts], dtype=float)
        for amounts in ([entry.cost.main for entry in entries], [entry.cost.delta for entry in entries])
    )
    columns = {
        "entry": pd.Series([entry.seq for entry in entries], dtype="int64"),
        "time": _times(account, entries),
        "state": _texts([entry.state for entry in entries]),
        "question": _texts([describe(entry.question) for entry in entries]),
        "rho" if measure.concentrated else "epsilon": main,
    }
    if measure.has_delta:
        columns["delta"] = delta
    return columns | {"analyst": _texts([entry.analyst for entry in entries])}


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


def _times(account: Account, entries: Sequence[Entry]) -> pd.Series:
    """Return the times; what is none is damage, and not told (pandas would quote it)."""
    told = [entry.time for entry in entries]
    found = pd.Series(pd.to_datetime(told, format="%Y-%m-%dT%H:%M:%SZ", utc=True, errors="coerce"))
    if found.hasnans:
        raise LedgerDamagedError.of(account.store, "the time of an entry cannot be read", budget=None)
    return found
