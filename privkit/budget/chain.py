"""The chain of a project's records: each holds the hash of the one before it.

Verification of a project's chain: each hash, each total, and each rule that the records must keep.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amounts, canonical, loss_from, readable
from privkit.budget.names import called
from privkit.budget.notes import Notes
from privkit.budget.odometer import Before, Recent, exceeded
from privkit.errors.ledger import LedgerTamperedError
from privkit.values.loss import PrivacyLoss

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from privkit.budget.terms import ProjectTerms
    from privkit.values.loss import PrivacyLoss


#: What a record's hash covers: all of it but the hash itself. The project is covered by the chain's first link.
FIELDS = (
    "seq",
    "entry",
    "state",
    "key",
    "draw",
    "time",
    "analyst",
    "holder",
    "token",
    "question",
    "main",
    "delta",
    "answer",
    "kind",
    "sums",
    "prev",
)


#: The question of an entry that sets the clock back. Only its time may be before that of the entry before it.
SET_BACK = "the clock was set back"
#: The question of an entry that charges again what an older copy of the ledger lacked: it may be more than was left,
#: and has no answer.
FORGOTTEN = "what an older copy forgot"


def sets_back(question: str) -> bool:
    """Whether a stored question is that of an entry that sets the clock back."""
    return bool(json.loads(question).get("statistic") == SET_BACK)


def first_link(uid: str, name: str, terms: str, begun: str, note: str) -> str:
    """Return the hash of a project's row, which the first record refers to."""
    return _sha256(canonical({"uid": uid, "name": name, "terms": terms, "begun": begun, "note": note}))


def link(record: Mapping[Any, Any]) -> str:
    """Return the hash of a record, in hexadecimal.

    Empty fields are left out, so that a later format can add some and keep the hashes of what is there.
    """
    return _sha256(canonical({field: record[field] for field in FIELDS if record[field] is not None}))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sums:
    """Running totals after a record.

    Attributes
    ----------
    entries : int
        How many entries there are.
    clock : str
        The latest time of a reservation; it never goes back.
    spent : PrivacyLoss
        All that was charged, whatever became of it.
    held, pending : PrivacyLoss, int
        What of it is unanswered, and how many entries that is.
    own : PrivacyLoss or None
        Of a reserved record, in a project that limits each analyst: what its analyst was charged so far.
    """

    entries: int
    clock: str
    spent: PrivacyLoss
    held: PrivacyLoss
    pending: int
    own: PrivacyLoss | None = None

    @classmethod
    def start(cls, zero: PrivacyLoss) -> Sums:
        """Return the totals before the first record."""
        return cls(entries=0, clock="", spent=zero, held=zero, pending=0)

    def reserved(self, cost: PrivacyLoss, time: str, own: PrivacyLoss | None) -> Sums:
        """Return the totals after one more reservation by an analyst who was charged `own` before."""
        mine = None if own is None else own + cost
        return Sums(self.entries + 1, time, self.spent + cost, self.held + cost, self.pending + 1, mine)

    def ended(self, cost: PrivacyLoss) -> Sums:
        """Return the totals after an entry got its end: it stays charged."""
        return replace(self, held=self.held - cost, pending=self.pending - 1, own=None)

    def to_json(self) -> str:
        """Return the stored form."""
        own = None if self.own is None else amounts(self.own)
        return canonical([self.entries, self.clock, amounts(self.spent), amounts(self.held), self.pending, own])

    @classmethod
    @readable
    def from_json(cls, text: str, zero: PrivacyLoss) -> Sums:
        """Read what :meth:`to_json` wrote; `zero` names the measure."""
        entries, clock, spent, held, pending, own = json.loads(text)
        return cls(entries, clock, loss_from(spent, zero), loss_from(held, zero), pending, own and loss_from(own, zero))


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
    rules = _Rules(terms)
    for record in records:
        found = _wrong(record, seq, last)
        if not found:
            found, sums = rules.follow(record, sums)
        if not found and sums.to_json() != record["sums"]:
            found = "has totals that do not add up"
        if found:
            raise LedgerTamperedError.of(store, project["name"], entry=record["entry"], record=seq + 1, found=found)
        last, seq = record["hash"], record["seq"]
    return Verification(called(project["name"]), sums.entries, seq, sums.spent, last)


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


_BREAKS = "breaks the rules of a ledger"


class _Rules:
    """What may follow in a chain, kept record by record: only what a ledger on these terms writes."""

    def __init__(self, terms: ProjectTerms) -> None:
        self._notes = Notes(terms)
        self._open: dict[int, PrivacyLoss] = {}
        self._forgotten: set[int] = set()
        self._owned: dict[str, PrivacyLoss] = {}
        self._recent = Recent(terms.window, PrivacyLoss.zero(terms.budget.measure))

    def follow(self, record: Mapping[Any, Any], sums: Sums) -> tuple[str, Sums]:
        """Return what is wrong with a record, empty if nothing is, and the totals that it must have."""
        number = record["entry"]
        if record["state"] == "reserved":
            return self._begun(number, record, sums)
        answered = record["state"] == "committed"
        if number not in self._open or answered != (record["answer"] is not None):
            return _BREAKS, sums
        if answered and number in self._forgotten:
            return _BREAKS, sums
        return "", sums.ended(self._open.pop(number))

    def _begun(self, number: int, record: Mapping[Any, Any], sums: Sums) -> tuple[str, Sums]:
        zero, time = sums.spent - sums.spent, record["time"]
        cost = loss_from((record["main"], record["delta"]), zero)
        back = time < sums.clock and not (cost == zero and sets_back(record["question"]))
        if number != sums.entries + 1 or back or not self._notes.allows(record, cost, sums.spent):
            return _BREAKS, sums
        analyst, terms = record["analyst"], self._notes.terms
        own = self._owned.get(analyst, zero)
        before = Before(sums.spent, own, self._recent.of(sums.spent, time), analyst)
        if cost != zero and exceeded(terms, cost, before):
            if json.loads(record["question"]).get("statistic") != FORGOTTEN:
                return "is charged more than the terms allowed that held there", sums
            self._forgotten.add(number)
        self._open[number] = cost
        limited = terms.per_analyst is not None
        after = sums.reserved(cost, time, own if limited else None)
        if limited:
            self._owned[analyst] = own + cost
        self._recent.add(time, after.spent)
        return "", after
