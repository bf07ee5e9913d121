"""What stands in a project's chain beside its charges: public facts, that it was closed, that it was removed.

Each is an entry that costs nothing, so that every store holds it as it is, `verify` looks at it, and an earlier version
of privkit reads past it. It is found by the index of questions' names, under one that no question has: those are
hexadecimal digits, or begin with their form (`privkit.budget.machine.keys.FORM`).

The rules, kept when one is written and again by `verify`:

- a note costs nothing, and says what its name says;
- once anything was charged, no fact that was declared changes: others may be added;
- a project is closed or removed once, and removed only while nothing was ever charged to it; then nothing follows but
  the ends of what was being answered.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.errors.facts import ProjectClosedError, ProjectRemovedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.values.loss import PrivacyLoss

#: The questions of notes.
FACTS, CLOSED, REMOVED = "public facts", "the project was closed", "the project was removed"
#: The names under which they are found. (Names of the first form are those below "g".)
NAMES = {FACTS: "note:facts", CLOSED: "note:closed", REMOVED: "note:removed"}
#: What stands as their answer: an entry that is committed has one.
NOTED = "noted"

#: What is declared: column → kind of fact → {"is": its value, "reason": why it is public, if it was said,
#: "after_check": true where somebody had looked at the column by ``plan.check`` before}.
Declared = dict[str, dict[str, dict[str, Any]]]


def merged(before: Mapping[str, Any], told: Mapping[str, Any]) -> Declared:
    """Return declared facts with later ones beside them, or in their place."""
    found: Declared = {column: dict(kinds) for column, kinds in before.items()}
    for column, kinds in told.items():
        for kind, fact in kinds.items():
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
            if known is None or known["is"] != fact["is"] or fact.get("reason") not in (None, known.get("reason")):
                found.setdefault(column, {})[kind] = fact
    return found


def changed(before: Mapping[str, Any], told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return column and kind of each fact that is known with another value."""
    return [
        (column, kind)
        for column, kinds in told.items()
        for kind, fact in kinds.items()
        if (known := before.get(column, {}).get(kind)) is not None and known["is"] != fact["is"]
    ]


class Notes:
    """The rules of notes, kept record by record; see this module's."""

    def __init__(self) -> None:
        self.facts: Declared = {}
        self.ended = False

    def allows(self, record: Mapping[Any, Any], cost: PrivacyLoss, charged: PrivacyLoss) -> bool:
        """Whether a ledger begins this entry here, after so much was `charged`; then it stands."""
        if self.ended:
            return False
        name = record["key"]
        if name is None or not name.startswith("note:"):
            return True
        try:
            return cost.main == 0 == cost.delta and self._stands(name, json.loads(record["question"]), charged)
        except (ValueError, TypeError, LookupError, AttributeError):
            return False

    def _stands(self, name: str, question: Mapping[str, Any], charged: PrivacyLoss) -> bool:
        what, touched = question["statistic"], charged.main > 0 or charged.delta > 0
        if NAMES[what] != name:
            return False
        if what != FACTS:
            self.ended = True
            return what == CLOSED or not touched
        told = question["facts"]
        if touched and changed(self.facts, told):
            return False
        self.facts = merged(self.facts, told)
        return True


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
