"""What stands in a project's chain beside its charges: facts, its register, extensions of its budget, its end.

Each is an entry that costs nothing, so that every store holds it as it is, `verify` looks at it, and an earlier version
of privkit reads past it. It is found by the index of questions' names, under one that no question has: those are
hexadecimal digits, or begin with their form (`privkit.budget.store.query.FORM`).

The rules, kept when one is written and again by `verify`:

- a note costs nothing, and says what its name says;
- once a release used a fact, it stands: it neither changes nor is withdrawn. Until then it may be corrected or
  withdrawn, and both entries stay; others may be added at any time;
- an extension raises the budget, or limits of analysts, and lowers nothing; from there on they hold;
- a project is closed or removed once, and removed only while nothing was ever charged to it; then nothing follows but
  the ends of what was being answered, and the register of one that was closed: who got a package deletes it later.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.errors.facts import ProjectClosedError, ProjectRemovedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.budget.terms import ProjectTerms
    from privkit.values.loss import PrivacyLoss

#: The questions of notes.
FACTS, CLOSED, REMOVED = "public facts", "the project was closed", "the project was removed"
#: What was handed out, what persons asked for, which drills were held: what a record says is the register's affair.
REGISTER = "register"
#: That the budget is higher from there on: `to` what, by the names of arguments, and why.
EXTENDED = "the budget was extended"
#: The names under which they are found. (Names of the first form are those below "g". An extension is no "note:": an
#: earlier version would take one that it does not know for a breach of the rules; this one it reads past.)
NAMES = {
    FACTS: "note:facts",
    CLOSED: "note:closed",
    REMOVED: "note:removed",
    REGISTER: "note:register",
    EXTENDED: "terms:extended",
}
#: What stands as their answer: an entry that is committed has one.
NOTED = "noted"

#: What is declared: column → kind of fact → {"is": its value, "reason": why it is public, if it was said,
#: "after_check": true where somebody had looked at the column by ``plan.check`` before}; or {"withdrawn": true}.
Declared = dict[str, dict[str, dict[str, Any]]]


def merged(before: Mapping[str, Any], told: Mapping[str, Any]) -> Declared:
    """Return declared facts with later ones beside them, or in their place."""
    found: Declared = {column: dict(kinds) for column, kinds in before.items()}
    for column, kinds in told.items():
        for kind, fact in kinds.items():
            if fact.get("withdrawn") is True:
                found.get(column, {}).pop(kind, None)
                continue
            known = before.get(column, {}).get(kind, {})
            # The same value, said again with a reason, is still one that was said after somebody had looked.
            late = known.get("is") == fact.get("is") and known.get("after_check") is True
            found.setdefault(column, {})[kind] = {**fact, "after_check": True} if late else fact
    return found


def news(before: Mapping[str, Any], told: Mapping[str, Any]) -> Declared:
    """Return what is told and not known yet: another value, or a reason where there was none or another.

    Examples
    --------
    >>> age = {"age": {"bounds": {"is": ["18.0", "100.0"]}}}
    >>> news({}, age) == age, news(age, age)
    (True, {})
    """
    found: Declared = {}
    for column, kinds in told.items():
        for kind, fact in kinds.items():
            known = before.get(column, {}).get(kind)
            if fact.get("withdrawn") is True:
                if known is not None:
                    found.setdefault(column, {})[kind] = fact
            elif known is None or known["is"] != fact["is"] or fact.get("reason") not in (None, known.get("reason")):
                found.setdefault(column, {})[kind] = fact
    return found


def changed(before: Mapping[str, Any], told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return column and kind of each fact that is known with another value, or is to be withdrawn."""
    return [
        (column, kind)
        for column, kinds in told.items()
        for kind, fact in kinds.items()
        if (known := before.get(column, {}).get(kind)) is not None and known["is"] != fact.get("is")
    ]


class Uses:
    """Which entries used the facts that are in force, kept entry by entry.

    A release records the entry of each fact that it used. So one that was planned before a fact was corrected uses the
    fact as it was, and does not bind the corrected one.
    """

    def __init__(self) -> None:
        self.facts: Declared = {}
        self._stands: dict[tuple[str, str], set[int]] = {}
        self._used: dict[tuple[str, str], list[int]] = {}

    def take(self, number: int, name: str | None, question: Mapping[str, Any]) -> None:
        """Take an entry by the name of its question: it declares facts, or may use some."""
        if name == NAMES[FACTS]:
            self.declared(number, question["facts"])
        else:
            self.asked(number, question)

    def declared(self, number: int, told: Mapping[str, Any]) -> None:
        """Take the facts of an entry: a value that changes is one that no release has used."""
        for pair in changed(self.facts, told):
            self._stands.pop(pair, None)
            self._used.pop(pair, None)
        self.facts = merged(self.facts, told)
        for column, kinds in told.items():
            for kind in kinds.keys() & self.facts.get(column, {}).keys():
                self._stands.setdefault((column, kind), set()).add(number)

    def asked(self, number: int, question: Mapping[str, Any]) -> None:
        """Take a question that was charged."""
        for source in question.get("public") or ():
            pair = source["column"], source["what"]
            if source.get("entry") in self._stands.get(pair, ()):
                self._used.setdefault(pair, []).append(number)

    def of(self, told: Mapping[str, Any]) -> dict[tuple[str, str], list[int]]:
        """Return the entries that used each of those facts that would change."""
        return {pair: self._used[pair] for pair in changed(self.facts, told) if pair in self._used}


class Notes:
    """The rules of notes, kept record by record; see this module's.

    Attributes
    ----------
    terms : ProjectTerms
        Those that hold here.
    """

    def __init__(self, terms: ProjectTerms) -> None:
        self._uses = Uses()
        self.ended = ""
        self.terms = terms

    def allows(self, record: Mapping[Any, Any], cost: PrivacyLoss, charged: PrivacyLoss) -> bool:
        """Whether a ledger begins this entry here, after so much was `charged`; then it stands."""
        name = record["key"]
        if self.ended and not (self.ended == CLOSED and name == NAMES[REGISTER]):
            return False
        try:
            if name is None or not (name.startswith("note:") or name == NAMES[EXTENDED]):
                if '"public"' in record["question"]:
                    self._uses.asked(record["entry"], json.loads(record["question"]))
                return True
            told = json.loads(record["question"])
            return cost.main == 0 == cost.delta and self._stands(name, told, charged, record["entry"])
        except (ValueError, TypeError, LookupError, AttributeError):
            return False

    def _stands(self, name: str, question: Mapping[str, Any], charged: PrivacyLoss, number: int) -> bool:
        what, touched = question["statistic"], charged.main > 0 or charged.delta > 0
        if NAMES[what] != name:
            return False
        if what == REGISTER:
            return isinstance(question["record"], dict)
        if what == EXTENDED:
            self.terms = self.terms.extended(question["to"])
            return isinstance(question["reason"], str)
        if what != FACTS:
            self.ended = what
            return what == CLOSED or not touched
        told = question["facts"]
        if self._uses.of(told):
            return False
        self._uses.declared(number, told)
        return True


@dataclass(frozen=True, slots=True)
class Extension:
    """That the budget, or the limits of analysts, were raised.

    Attributes
    ----------
    entry : int
        Its number in the ledger.
    time, analyst, reason : str
        When, by whom and why.
    to : Mapping
        The new amounts, as they were noted.
    before, after : ProjectTerms
    """

    entry: int
    time: str
    analyst: str
    to: Mapping[str, Any]
    reason: str
    before: ProjectTerms
    after: ProjectTerms


@dataclass(frozen=True, slots=True)
class Ending:
    """That a project was closed or removed.

    Attributes
    ----------
    removed : bool
    time, analyst, reason : str
        When, by whom and why.
    """

    removed: bool
    time: str
    analyst: str
    reason: str

    def refuse(self, name: str) -> None:
        """Refuse whatever would go on in the project.

        Raises
        ------
        ProjectClosedError, ProjectRemovedError
        """
        kind = ProjectRemovedError if self.removed else ProjectClosedError
        raise kind.of(name, self.time, self.analyst, self.reason)
