"""What moved between two dossiers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.errors import ParameterError
from privkit.errors.root import listed
from privkit.errors.study import DossierError
from privkit.inventory.column_entry import day
from privkit.study.written import writing
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.study.dossiers.dossier import Dossier

#: The version of a dossier's JSON.
VERSION = 1


class Change(NamedTuple):
    """One figure or field that moved; an empty text where it was not there."""

    what: str
    before: str
    after: str


@public
@dataclass(frozen=True, eq=False, repr=False)
class DossierChanges(Shown):
    """What moved between two dossiers: figures and fields, before and after.

    Attributes
    ----------
    earlier, later : str
        The days on which they were made.
    changes : tuple of Change
        Each with `what`, `before` and `after`, in the order of the later dossier.
    """

    earlier: str
    later: str
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per change: `what`, `before`, `after`."""
        import pandas as pd

        return pd.DataFrame(list(self.changes), columns=["what", "before", "after"], dtype="object")


def figures(one: Dossier) -> Iterator[tuple[str, str]]:
    """Yield each figure of a dossier in words, by its name."""
    if (inventory := one.inventory) is not None:
        yield "held: columns", f"{len(inventory):,}"
        yield "held: rows", f"{inventory.rows:,}"
        yield "held: direct identifiers", listed(inventory.direct)
        yield "held: quasi-identifiers", listed(inventory.qi)
        yield "held: sample uniques", "not counted" if inventory.uniques is None else f"{inventory.uniques:,}"
    counts: dict[str, int] = {}
    for report in one.reports:
        kind = type(report).__name__
        counts[kind] = counts.get(kind, 0) + 1
        yield f"report: {kind} {counts[kind]}", repr(report).partition("\n")[0]
    if (told := one.statement) is not None:
        yield "released: charges", f"{len(told.charges):,}"
        yield "released: charged", str(told.charged)
        yield "released: left", str(told.balance.remaining)
        if told.extensions:
            yield "released: extensions", f"{len(told.extensions):,}, the budget is {told.balance.budget}"
        yield "released: ledger's head", f"record {told.balance.seq}, {told.balance.hash}"
    if one.sharing is not None:
        yield "shared: register", repr(one.sharing).partition("\n")[0]
        yield from ((f"shared: package {each.id}", repr(each).partition("\n")[0]) for each in one.sharing)
    if one.requests is not None:
        yield "asked: requests", repr(one.requests).partition("\n")[0]
        yield "asked: drills", f"{len(one.drills):,}"
    yield "dossier: filled without a person", str(one.coverage)
    yield "dossier: open questions", f"{len(one.open_questions):,}"


def changes_between(before: Mapping[str, str], after: Mapping[str, str], earlier: str, later: str) -> DossierChanges:
    """Return what differs between the facts of two dossiers.

    Examples
    --------
    >>> [tuple(one) for one in changes_between({"a": "1", "b": "2"}, {"b": "3", "c": "4"}, "", "").changes]
    [('b', '2', '3'), ('c', '', '4'), ('a', '1', '')]
    """
    names = [*after, *(name for name in before if name not in after)]
    each = (Change(name, before.get(name, ""), after.get(name, "")) for name in names)
    return DossierChanges(earlier, later, tuple(one for one in each if one.before != one.after))


def facts_in(path: Path) -> tuple[dict[str, str], str]:
    """Return the facts of the dossier in a JSON file, and the day on which it was made.

    Raises
    ------
    DossierError
        If the file holds no dossier. Nothing of it is quoted.
    FileError
        If it cannot be read.
    """
    with writing(path, "read"):
        text = path.read_bytes()
    try:
        told: Any = json.loads(text.decode())
    except (ValueError, RecursionError):  # its text quotes the file
        raise DossierError.of([f"{path.name!r} is no JSON."]) from None
    facts = told.get("facts") if isinstance(told, dict) and told.get("privkit_dossier") == VERSION else None
    try:
        made = day(told["made"], "made") if isinstance(facts, dict) else None
    except (LookupError, ParameterError):
        made = None
    if not isinstance(facts, dict) or made is None or not all(isinstance(one, str) for one in facts.values()):
        raise DossierError.of([f"{path.name!r} is no dossier of this version ({VERSION})."])
    return facts, made.isoformat()
