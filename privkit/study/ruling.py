"""What was found about one rule of a policy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ruling:
    """One rule of a policy against what was found.

    Attributes
    ----------
    rule : str
        Its table and name, as ``"goal.k"``.
    limit : str
        What the policy asks.
    found : str
        What the table, its inventory or the ledger has. No cell value.
    met : bool
    line : int or None
        Where the policy asks it; None where the policy is no file.
    rows_short : int or None
        Rows that break it; None where the rule is not about rows.
    columns : tuple of str
        The columns that break it.
    """

    rule: str
    limit: str
    found: str
    met: bool
    line: int | None = None
    rows_short: int | None = None
    columns: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What was asked and what was found, in one line."""
        rows = f"; {self.rows_short:,} row{'' if self.rows_short == 1 else 's'} short" if self.rows_short else ""
        return f"{self.rule}: asked {self.limit}, found {self.found}{rows}."
