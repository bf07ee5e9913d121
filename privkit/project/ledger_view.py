"""The ledger of one project, as its owner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.account import Account


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

    def verify(self) -> Any:
        """Check the chain of entries from the first to the last.

        Raises
        ------
        LedgerError
            Naming the first entry that does not fit.
        """
        return self.account.verify()


def describe(question: Mapping[str, Any]) -> str:
    """Return a recorded question in words."""
    by = question.get("by") or []
    text = str(question.get("statistic", "release"))
    return f"{text} by {', '.join(by)} ({len(question.get('keys') or [])} keys)" if by else text
