"""One line of the ledger, and a reservation that is to become one.

What a project has spent, at one moment.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.values.loss import PrivacyLoss


#: An entry begins as reserved and ends once; every one of them is charged.
State = Literal["reserved", "committed", "failed", "orphaned"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge, with the answer that it paid for.

    Attributes
    ----------
    seq : int
        The entry's number, counted from 1 in each project.
    state : {"reserved", "committed", "failed", "orphaned"}
        Reserved: being answered. Orphaned: its process ended or was interrupted before the answer was stored.
    time : str
        When it was reserved: UTC, to the second, and never before the entry before it.
    analyst : str
    question : Mapping
        The canonical question; public facts only.
    cost : PrivacyLoss
        What was charged.
    answer : str or None
        The released, noisy answer, byte for byte as it was stored.
    kind : str or None
        What kind of failure it was, in one word that does not depend on the data.
    draw : int
        1, and one more for each ``again=True`` of the same question.
    key : str or None
        The keyed name of the question and its data.
    hash : str
        The hash of its last record.
    holder : str
        The process that charged it, by hashes.
    """

    seq: int
    state: State
    time: str
    analyst: str
    question: Mapping[str, Any]
    cost: PrivacyLoss
    answer: str | None = None
    kind: str | None = None
    draw: int = 1
    key: str | None = None
    hash: str = ""
    holder: str = ""


class Counts(NamedTuple):
    """How many entries a project has, by what they are.

    Attributes
    ----------
    charges : int
        Entries that were charged: releases, and those that failed or were interrupted.
    facts : int
        Entries that declare public facts, or withdraw them; they cost nothing.
    ends : int
        1 where the project was closed or removed, else 0.
    registered : int
        Entries of the register of packages, requests and drills; they cost nothing.
    extensions : int
        Entries that extend the budget; they cost nothing.
    """

    charges: int
    facts: int
    ends: int = 0
    registered: int = 0
    extensions: int = 0


@dataclass(frozen=True, slots=True)
class Charged:
    """What a project had been charged right after one of its entries.

    Attributes
    ----------
    seq : int
        The entry's number.
    time : str
    total : PrivacyLoss
        All that was charged up to and with it.
    """

    seq: int
    time: str
    total: PrivacyLoss


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Reservation:
    """A charge that is durable and not yet answered. It ends once: by `commit`, `fail` or `orphan` of its account.

    Attributes
    ----------
    seq : int
        The entry's number.
    cost : PrivacyLoss
        What was charged.
    time : str
        When, in UTC.
    """

    seq: int
    cost: PrivacyLoss
    time: str
    token: str = field(default_factory=partial(secrets.token_hex, 12), repr=False)
    pid: int = field(default_factory=os.getpid, repr=False)


#: The reservations that some thread of this process still has in hand.
in_hand: WeakValueDictionary[str, Reservation] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Balance:
    """What a project has spent, at one moment.

    Attributes
    ----------
    budget, spent, reserved, remaining : PrivacyLoss
        The budget is the sum of the three others. Spent is all that is answered, failed or orphaned.
    entries : int
        How many entries there are.
    seq, hash : int, str
        The head of the chain.
    """

    budget: PrivacyLoss
    spent: PrivacyLoss
    reserved: PrivacyLoss
    remaining: PrivacyLoss
    entries: int
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The same question's entry, without an answer."""

    seq: int
    state: State
    time: str
    cost: PrivacyLoss
