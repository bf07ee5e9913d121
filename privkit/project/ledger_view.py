"""The ledger of one project, as its owner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.budget.export import to_csv, to_json
from privkit.values.show import Plotted

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
    """Return a recorded question in words."""
    by = question.get("by") or []
    text = str(question.get("statistic", "release"))
    return f"{text} by {', '.join(by)} ({len(question.get('keys') or [])} keys)" if by else text
