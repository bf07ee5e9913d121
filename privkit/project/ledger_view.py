"""The ledger of one project, as its owner sees it.

A ledger's entries as a frame, built by pages: no page of entries outlives the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from privkit.budget.export import csv_parts, json_parts
from privkit.errors.ledger import LedgerDamagedError
from privkit.risk.minimal import bar
from privkit.values.arguments import whole
from privkit.values.files import write_whole
from privkit.values.show import Plotted
from privkit.values.unit import PrivacyUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from privkit.budget.account import Account
    from privkit.budget.chain import Verification
    from privkit.budget.entry import Entry
    from privkit.budget.odometer import Odometer


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


class LedgerView(Plotted):
    """Every reservation and release of a project, in order. Get it from ``project.ledger``."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __len__(self) -> int:
        return self.account.balance().entries

    def to_frame(self, *, after: int = 0, most: int | None = None) -> pd.DataFrame:
        """Return a frame with a row per entry: when, what, by whom, what it cost, and whether it was answered.

        Amounts are floats here, for reading and plotting; ``project.spent`` is exact.

        Parameters
        ----------
        after : int
            Only entries numbered above it: of a long ledger, ``after=len(ledger) - 1000`` gives the last thousand.
        most : int, optional
            How many entries at most; all by default.

        Raises
        ------
        LedgerDamagedError
            If what is stored cannot be read.
        """
        after = whole(after, "ledger.to_frame", "after")
        return entries_frame(self.account, after, None if most is None else whole(most, "ledger.to_frame", "most"))

    def odometer(self) -> Odometer:
        """Return what the releases have cost, one after the other: it tells, and refuses nothing."""
        return self.account.odometer()

    def to_csv(self, path: str | Path | None = None) -> str | None:
        """Return the entries as CSV, or write them to `path`; amounts are exact, formulas are defused."""
        return _given(csv_parts(self.account), path)

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Return terms, balance, head of the chain and entries as JSON, or write them to `path`."""
        return _given(json_parts(self.account), path)

    def verify(self, *, progress: bool = False) -> Verification:
        """Check the chain of entries from the first to the last, and return a short summary.

        Parameters
        ----------
        progress : bool
            Whether to show on standard error how far it is.

        Raises
        ------
        LedgerTamperedError
            Naming the first entry that does not fit.
        """
        with bar(progress, "verify", "records") as tell:
            return self.account.verify(tell)


def _given(parts: Iterable[str], path: str | Path | None) -> str | None:
    if path is None:
        return "".join(parts)
    write_whole(path, parts)
    return None


def describe(question: Mapping[str, Any]) -> str:
    """Return a recorded question in words: the statistic, its column, its groups, and which rows it counts.

    Examples
    --------
    >>> describe({"statistic": "mean", "column": "age", "by": ["zip"], "keys": ["8004", "8005"]})
    'mean of age by zip (2 keys)'
    >>> describe({"parts": [{"statistic": "sum", "column": "age"}, {"statistic": "count"}], "keys": None})
    'sum of age and count'
    >>> describe({"statistic": "count", "selected": {"where": "(age > 65)"}})
    'count where (age > 65)'
    >>> describe({"statistic": "persons", "unit_window": ["month", "day"]})
    'persons in a month'
    """
    by = question.get("by") or []
    parts = question.get("parts") or [question]
    window = PrivacyUnit(None, *(question.get("unit_window") or ())).window
    asked = " and ".join(dict.fromkeys(_asked(part, by, window) for part in parts))
    groups = f" by {', '.join(by)} ({len(question.get('keys') or [])} keys)" if by else ""
    where = (question.get("selected") or {}).get("where")
    return f"{asked}{groups}" + (f" where {where}" if where else "")


def _asked(part: Mapping[str, Any], by: Sequence[str], window: str) -> str:
    statistic, column = str(part.get("statistic", "release")), part.get("column")
    totals = part.get("of") == "person totals"
    if part.get("persons"):
        statistic = "persons"
    whose = "each person's " if totals else ""
    asked = f"{statistic} of {whose}{column}" if column and column not in by else statistic
    return f"{asked}{window}" if totals or statistic == "persons" else asked
