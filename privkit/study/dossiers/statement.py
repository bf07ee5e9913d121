"""A statement of a project's account: every charge in words, with what it cost and what an attacker gains by it.

It is made of the ledger alone: no row of data is read, and no answer is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from privkit.budget.noted import counts_of
from privkit.budget.notes import NAMES
from privkit.dp.question import PublicSource
from privkit.dp.recorded import KINDS
from privkit.project.ledger_view import describe
from privkit.values.show import printable
from privkit.values.writing import number

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Balance, Counts, Entry
    from privkit.budget.notes import Ending, Extension
    from privkit.budget.terms import ProjectTerms
    from privkit.values.loss import PrivacyLoss

#: What the ledger calls statistics that train a model, and those that make rows.
MODELS, ROWS = (
    frozenset(kind.mark["statistic"] for kind in KINDS.values() if kind.makes == what) for what in ("model", "rows")
)


@dataclass(frozen=True, slots=True)
class Charge:
    """One entry of the ledger that was charged.

    Attributes
    ----------
    entry : int
    time, state : str
    question : str
        In words.
    cost : PrivacyLoss
    advantage, attack_success : float
        The most that any attacker gains by it on one unit, and how often he finds one at 1 % false alarms.
    noise : str
        The mechanism and its scale, where the record has one of each.
    statistics : tuple of str
        What the record calls what was asked.
    clipped, public : tuple of str
        Columns whose values were held within bounds, and the public facts that were used, in words.
    groups : {"", "named", "found"}
        How the groups came to be known; empty where there are none.
    where : bool
        Whether a filter, derived columns or values for missing ones are part of the question.
    draw : int
        1, and one more for each time that the same question was drawn anew.
    versions : tuple of str
        The libraries that drew the noise.
    hash : str
    """

    entry: int
    time: str
    state: str
    question: str
    cost: PrivacyLoss
    advantage: float
    attack_success: float
    noise: str
    statistics: tuple[str, ...]
    clipped: tuple[str, ...]
    public: tuple[str, ...]
    groups: str
    where: bool
    draw: int
    versions: tuple[str, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What a project's ledger tells at one moment.

    Attributes
    ----------
    name : str
    begun : str
        When, in UTC.
    terms : ProjectTerms
    balance : Balance
        With the head of the chain.
    counts : Counts
    charges : tuple of Charge
    analysts : int
        To how many people something was charged; their names stay in the ledger.
    ended : Ending or None
    extensions : tuple of Extension
        How the budget was raised, in order.
    note : str
        What to know of a ledger that is only looked at: that it is a copy, or an older state.
    """

    name: str
    begun: str
    terms: ProjectTerms
    balance: Balance
    counts: Counts
    charges: tuple[Charge, ...]
    analysts: int
    ended: Ending | None
    note: str = ""
    extensions: tuple[Extension, ...] = ()

    @property
    def charged(self) -> PrivacyLoss:
        """What is gone: spent, and reserved."""
        return self.balance.spent + self.balance.reserved

    @property
    def answered(self) -> tuple[Charge, ...]:
        """The charges that have an answer."""
        return tuple(one for one in self.charges if one.state == "committed")

    @property
    def statistics(self) -> frozenset[str]:
        """What was asked, as records call it."""
        return frozenset(name for one in self.charges for name in one.statistics)

    @property
    def noises(self) -> tuple[str, ...]:
        """The mechanisms, each once."""
        return tuple(dict.fromkeys(one.noise.partition(",")[0] for one in self.charges if one.noise))

    @property
    def versions(self) -> tuple[str, ...]:
        """The libraries that drew noise, each version once."""
        return tuple(dict.fromkeys(name for one in self.charges for name in one.versions))


def statement_of(account: Account) -> Statement:
    """Return the statement of an account. Reads the ledger; changes nothing.

    Raises
    ------
    LedgerError
    """
    balance, analysts = account.balance(), set()
    gained = cache(lambda cost: (cost.advantage, cost.attack_success))
    charges = []
    for entry in account.each():
        if entry.seq > balance.entries:  # it came after the balance was struck
            break
        if entry.question.get("statistic") in NAMES:
            continue
        charges.append(_charge(entry, gained))
        analysts.add(entry.analyst)
    known = account.extensions()
    stood = tuple(one for one in known if one.entry <= balance.entries)
    return Statement(
        name=account.name,
        begun=account.begun,
        terms=stood[-1].after if stood else known[0].before if known else account.terms,
        balance=balance,
        counts=counts_of(account, balance),
        charges=tuple(charges),
        analysts=len(analysts),
        ended=account.ended,
        note=account.note,
        extensions=stood,
    )


def _charge(entry: Entry, gained: Callable[[PrivacyLoss], tuple[float, float]]) -> Charge:
    record = entry.question
    parts = list(_parts(record))
    advantage, success = gained(entry.cost)
    names = dict.fromkeys(str(part["statistic"]) for part in parts if isinstance(part.get("statistic"), str))
    clipped = dict.fromkeys(str(part["column"]) for part in parts if part.get("bounds") and part.get("column"))
    keys = record.get("keys")
    return Charge(
        entry=entry.seq,
        time=entry.time,
        state=entry.state,
        question=printable(describe(record)),
        cost=entry.cost,
        advantage=advantage,
        attack_success=success,
        noise=_noise(parts),
        statistics=tuple(names),
        clipped=tuple(clipped),
        public=tuple(_sources(record)),
        groups="" if not record.get("by") else "found" if keys is None else "named",
        where=bool(record.get("selected")),
        draw=entry.draw,
        versions=_versions(entry.answer),
        hash=entry.hash,
    )


def _parts(record: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a record and the records in it, of which statistics are made."""
    if isinstance(record, Mapping):
        yield record
        for name in ("of", "parts"):
            yield from _parts(record.get(name))
    elif isinstance(record, list):
        for one in record:
            yield from _parts(one)


def _noise(parts: list[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(str(part["mechanism"]) for part in parts if part.get("mechanism")))
    scales = dict.fromkeys(str(part["scale"]) for part in parts if part.get("scale"))
    if len(names) != 1 or len(scales) != 1:
        return " and ".join(names)
    try:
        return f"{names[0]}, scale {number(float(*scales))}"
    except ValueError:  # a record of another version
        return names[0]


def _sources(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the public facts that a question used, without who declared them: that stands in the ledger."""
    for told in record.get("public") or ():
        source = PublicSource(str(told.get("what")), str(told.get("column")), told.get("entry"))
        where = "said in the call" if source.entry is None else f"declared in entry {source.entry}"
        late = ", after a check of its rows" if told.get("after_check") else ""
        yield printable(f"{source.what} of {source.column!r} ({where}{late})")


@cache
def _named(versions: str) -> tuple[str, ...]:
    return tuple(f"{name} {version}" for name, version in json.loads(versions).items())


def _versions(answer: str | None) -> tuple[str, ...]:
    """Return the versions that end a stored answer; the answer itself is not taken apart."""
    _, mark, rest = (answer or "").rpartition('"versions":')
    try:
        return _named(rest.removesuffix("}")) if mark else ()
    except (ValueError, AttributeError):
        return ()
