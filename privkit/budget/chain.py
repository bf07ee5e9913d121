"""The chain of a project's records: each holds the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amounts, canonical, loss_from, readable

if TYPE_CHECKING:
    from collections.abc import Mapping

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
