"""A package that was handed out, as the register knows it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from privkit.study.register import APPROVALS, DELETION, PACKAGE, REVOCATION, today, told
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    from privkit.budget.entry import Entry


#: Kinds of tables that are under differential privacy; every other one is not.
NOISY = frozenset({"release", "synthetic rows", "derived"})


@public
@dataclass(frozen=True, eq=False, repr=False)
class SharedPackage(Shown):
    """A package that was handed out, as the register knows it. Holds no cell value.

    Attributes
    ----------
    id : int
        The number of its entry in the project's ledger.
    project, file, recipient, purpose, basis, means : str
        Its file's name without the folder; `means` of re-identification that the recipient has, in the words that were
        given.
    expires : datetime.date
        Until when the recipient may keep it.
    approvals : tuple of str
        Who approved it.
    tables : tuple of (str, str, tuple of int)
        Name, kind, and the ledger's entries that it comes from.
    made, by : str
        When it was made, in UTC, and by whom.
    sha256 : str
        Of the archive.
    deleted : datetime.date or None
        When the recipient deleted it, once that is confirmed.
    confirmed_by, revoked : str
        Who confirmed it; why it was revoked. Empty where that has not happened.
    """

    id: int
    project: str
    file: str
    recipient: str
    purpose: str
    basis: str
    means: str
    expires: date
    approvals: tuple[str, ...]
    tables: tuple[tuple[str, str, tuple[int, ...]], ...]
    made: str
    by: str
    sha256: str
    deleted: date | None = None
    confirmed_by: str = ""
    revoked: str = ""

    @property
    def state(self) -> str:
        """What is to be known of it today: "deleted", "revoked", "expired" or "handed out"."""
        if self.deleted is not None:
            return "deleted"
        if self.revoked:
            return "revoked"
        return "expired" if self.expires < today() else "handed out"

    @property
    def without_noise(self) -> tuple[tuple[str, str], ...]:
        """Name and kind of the tables that are not under differential privacy: checked counts, anonymized rows."""
        return tuple((name, kind) for name, kind, _ in self.tables if kind not in NOISY)

    def is_due(self, on: date) -> bool:
        """Whether its deletion is to be confirmed by a day: it was revoked, or that is its last day or later."""
        return self.deleted is None and (bool(self.revoked) or self.expires <= on)


def packages_of(project: str, entries: Iterable[Entry]) -> dict[int, SharedPackage]:
    """Return the packages that stand in a register, by their numbers, as later records left them."""
    found: dict[int, SharedPackage] = {}
    for entry, record in told(entries, PACKAGE, DELETION, REVOCATION):
        if record["what"] == PACKAGE:
            texts = {name: record[name] for name in ("file", "recipient", "purpose", "basis", "means")}
            found[entry.seq] = SharedPackage(
                id=entry.seq,
                project=project,
                **texts,
                expires=date.fromisoformat(record["expires"]),
                approvals=tuple(record["approvals"]),
                tables=tuple((one["name"], one["kind"], tuple(one["entries"])) for one in record["tables"]),
                made=entry.time,
                by=entry.analyst,
                sha256=json.loads(entry.answer or "")["sha256"],
            )
            continue
        known = found[record["package"]]
        if record["what"] == REVOCATION:
            changed = replace(known, revoked=record["reason"])
        else:
            changed = replace(known, deleted=date.fromisoformat(record["on"]), confirmed_by=record["by"])
        found[known.id] = changed
    return found


def required_approvals(entries: Iterable[Entry]) -> int:
    """Return how many persons must approve a package, by the latest word of the owner."""
    return max([0, *(record["approvals"] for _, record in [*told(entries, APPROVALS)][-1:])])
