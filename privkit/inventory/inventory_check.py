"""Checking data against its inventory: new columns, retention passed, purposes missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from privkit.inventory.column_entry import ColumnEntry, day_or_today, kept_too_long
from privkit.inventory.column_names import DIRECT, SENSITIVE, said_by
from privkit.inventory.column_roles import propose
from privkit.tally.columns.facts import column_facts
from privkit.tally.selection import all_columns
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from privkit.inventory.inventory import Inventory

Kind = Literal["new column", "column gone", "type changed", "retention passed", "purpose missing",
               "legal basis missing", "direct identifier kept"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that data and inventory do not agree on, or that minimization asks about.

    Attributes
    ----------
    kind : str
    column : str
    text : str
        What was found, and what to do.
    """

    kind: Kind
    column: str
    text: str


@public
@dataclass(frozen=True, eq=False, repr=False)
class InventoryCheck(Shown):
    """The findings of a check. For the owner's eyes; no legal advice.

    Attributes
    ----------
    findings : tuple of Finding
    columns : int
        How many columns the data has.
    today : datetime.date
        The day that retention was judged by.
    """

    findings: tuple[Finding, ...]
    columns: int
    today: date

    def of(self, kind: Kind) -> list[str]:
        """Return the columns with a kind of finding."""
        return [finding.column for finding in self.findings if finding.kind == kind]

    def to_frame(self) -> pd.DataFrame:
        """Return a row per finding: `kind`, `column`, `text`."""
        import pandas as pd

        rows = [(finding.kind, finding.column, finding.text) for finding in self.findings]
        return pd.DataFrame(rows, columns=["kind", "column", "text"])


def check_inventory(inventory: Inventory, data: object, *, today: date | str | None = None) -> InventoryCheck:
    """Compare data with its inventory, and tell what minimization asks about.

    Columns that the inventory lacks, or that are gone; types that changed; proposals for new columns; retention that
    has passed; personal columns without a purpose or (sensitive ones) a legal basis; direct identifiers that are still
    there. Reads rows; exact; spends nothing.

    Parameters
    ----------
    inventory : Inventory
    data : dataframe
    today : date or str, optional
        The day to judge retention by; by default today in UTC, as in the ledger.

    Raises
    ------
    DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.inventory.audit import audit
    >>> known = audit(pd.DataFrame({"zip": ["8004"]})).assign("zip", purpose="delivery")
    >>> check_inventory(known, pd.DataFrame({"zip": ["8004"], "email": ["a@x.org"]})).of("new column")
    ['email']
    """
    judged = day_or_today(today, "today")
    names = all_columns(data)
    new = [name for name in names if name not in inventory.columns]
    findings = [_new(facts) for facts in column_facts(data, new, look=said_by)]
    findings += [
        Finding("column gone", name, "The inventory lists it, the data lacks it: take it out of the inventory.")
        for name in inventory.columns
        if name not in names
    ]
    present = [entry for entry in inventory if entry.name in names]
    findings += _types(data, present)
    for entry in present:
        findings += _of_entry(entry, judged)
    return InventoryCheck(tuple(findings), len(names), judged)


def _new(facts: object) -> Finding:
    found = propose(facts)  # type: ignore[arg-type]
    looks = f"looks like {found.what}, {found.role}" if found.what else f"proposed role: {found.role}"
    return Finding("new column", facts.name, f"Not in the inventory; {looks}. Add it with a purpose, or drop it.")  # type: ignore[attr-defined]


def _noun(role: str) -> str:
    return "sensitive attribute" if role == SENSITIVE else role


def _types(data: object, present: list[ColumnEntry]) -> Iterator[Finding]:
    named = [entry.name for entry in present]
    for entry, facts in zip(present, column_facts(data, named, deadline=0.0), strict=True):
        if entry.dtype and entry.dtype != facts.dtype:
            text = f"Was {entry.dtype}, is {facts.dtype}: run the audit again."
            yield Finding("type changed", entry.name, text)


def _of_entry(entry: ColumnEntry, today: date) -> Iterator[Finding]:
    if entry.retention is not None and kept_too_long(entry, today):
        yield Finding("retention passed", entry.name, f"May be kept until {entry.retention.isoformat()}: delete it.")
    if entry.personal and not entry.purpose:
        yield Finding(
            "purpose missing",
            entry.name,
            f"No purpose for this {_noun(entry.role)}: name why it is needed, or drop it.",
        )
    if entry.role == SENSITIVE and not entry.legal_basis:
        yield Finding(
            "legal basis missing", entry.name, "A sensitive column without a legal basis: name it, or drop it."
        )
    if entry.role == DIRECT:
        yield Finding("direct identifier kept", entry.name, "Pseudonymize it, or move it to a table of its own.")
