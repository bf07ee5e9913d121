"""Verification of a project's chain: each hash, each total, and each rule that the records must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import loss_from
from privkit.budget.chain import Sums, first_link, link, sets_back
from privkit.errors.ledger import LedgerTamperedError
from privkit.values.loss import PrivacyLoss

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from privkit.budget.terms import ProjectTerms


@dataclass(frozen=True, slots=True)
class Verification:
    """A chain that holds.

    Attributes
    ----------
    project : str
    entries, records : int
        How many were checked.
    charged : PrivacyLoss
        What they charge together, summed anew.
    head : str
        The hash of the last record: print it beside a report, and an older copy can be told from this one.
    """

    project: str
    entries: int
    records: int
    charged: PrivacyLoss
    head: str

    def __repr__(self) -> str:
        """Return the answer, and what to keep."""
        return (
            f"The ledger of {self.project!r} holds: {self.entries} {'entry' if self.entries == 1 else 'entries'}, "
            f"{self.records} {'record' if self.records == 1 else 'records'}, "
            f"{self.charged} charged.\nHead: record {self.records}, {self.head[:16]}"
        )


def verify_chain(
    store: str, project: Mapping[Any, Any], records: Iterable[Mapping[Any, Any]], terms: ProjectTerms
) -> Verification:
    """Check the records of a project, in order.

    Raises
    ------
    LedgerTamperedError
        Naming the first bad entry.
    """
    zero = PrivacyLoss.zero(terms.budget.measure)
    last, sums, seq = project["hash"], Sums.start(zero), 0
    if first_link(**{field: project[field] for field in ("uid", "name", "terms", "begun", "note")}) != last:
        raise LedgerTamperedError.of(store, project["name"], entry=0, record=0, found="do not fit their hash")
    open_costs: dict[int, PrivacyLoss] = {}
    owned: dict[str, PrivacyLoss] | None = None if terms.per_analyst is None else {}
    for record in records:
        if found := _wrong(record, seq, last):
            raise LedgerTamperedError.of(store, project["name"], entry=record["entry"], record=seq + 1, found=found)
        expected = _follow(record, sums, open_costs, owned, zero)
        if expected is None or expected.to_json() != record["sums"]:
            found = "breaks the rules of a ledger" if expected is None else "has totals that do not add up"
            raise LedgerTamperedError.of(store, project["name"], entry=record["entry"], record=seq + 1, found=found)
        last, sums, seq = record["hash"], expected, record["seq"]
    return Verification(project["name"], sums.entries, seq, sums.spent, last)


def _wrong(record: Mapping[Any, Any], seq: int, last: str) -> str:
    """Return what is wrong with a record as a link of the chain; empty if nothing is."""
    if record["seq"] != seq + 1:
        return f"follows record {seq}, so a record is missing"
    if record["prev"] != last:
        return "does not refer to the record before it"
    try:
        fits = link(record) == record["hash"]
    except (TypeError, ValueError):  # something else than text stands where text should
        fits = False
    return "" if fits else "does not fit its hash"


def _follow(
    record: Mapping[Any, Any],
    sums: Sums,
    open_costs: dict[int, PrivacyLoss],
    owned: dict[str, PrivacyLoss] | None,
    zero: PrivacyLoss,
) -> Sums | None:
    """Return the totals that a record must have; None if no ledger writes such a record here."""
    number = record["entry"]
    if record["state"] == "reserved":
        cost = loss_from((record["main"], record["delta"]), zero)
        back = record["time"] < sums.clock and not (cost == zero and sets_back(record["question"]))
        if number != sums.entries + 1 or back:
            return None
        open_costs[number] = cost
        own = None
        if owned is not None:
            own = owned.get(record["analyst"], zero)
            owned[record["analyst"]] = own + cost
        return sums.reserved(cost, record["time"], own)
    if number not in open_costs or (record["state"] == "committed") != (record["answer"] is not None):
        return None
    return sums.ended(open_costs.pop(number))
