"""The ledger of one project, as its owner sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.export import to_csv, to_json
from privkit.values.show import Plotted
from privkit.values.unit import PrivacyUnit

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.account import Account
    from privkit.budget.odometer import Odometer
    from privkit.budget.verification import Verification


class LedgerView(Plotted):
    """Every reservation and release of a project, in order. Get it from ``project.ledger``."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __len__(self) -> int:
        return len(self.account.entries())

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a row per entry: when, what, by whom, what it cost, and whether it was answered.

        Amounts are floats here, for reading and plotting; ``project.spent`` is exact.
        """
        import pandas as pd

        measure = self.account.terms.budget.measure
        main = "rho" if measure.concentrated else "epsilon"
        rows = [
            {
                "entry": entry.seq,
                "time": pd.Timestamp(entry.time),
                "state": entry.state,
                "question": describe(entry.question),
                main: float(entry.cost.main),
                **({"delta": float(entry.cost.delta)} if measure.has_delta else {}),
                "analyst": entry.analyst,
            }
            for entry in self.account.entries()
        ]
        return pd.DataFrame(
            rows,
            columns=["entry", "time", "state", "question", main, *(["delta"] if measure.has_delta else []), "analyst"],
        )

    def odometer(self) -> Odometer:
        """Return what the releases have cost, one after the other: it tells, and refuses nothing."""
        return self.account.odometer()

    def to_csv(self, path: str | Path | None = None) -> str | None:
        """Return the entries as CSV, or write them to `path`; amounts are exact, formulas are defused."""
        return _given(to_csv(self.account), path)

    def to_json(self, path: str | Path | None = None) -> str | None:
        """Return terms, balance, head of the chain and entries as JSON, or write them to `path`."""
        return _given(to_json(self.account), path)

    def verify(self) -> Verification:
        """Check the chain of entries from the first to the last, and return a short summary.

        Raises
        ------
        LedgerTamperedError
            Naming the first entry that does not fit.
        """
        return self.account.verify()


def _given(text: str, path: str | Path | None) -> str | None:
    if path is None:
        return text
    Path(path).write_text(text, encoding="utf-8", newline="")
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
