"""How a paper is drafted: what is known is written down, and what only a person can say is marked, and noted.

Known are an inventory, and what a project's ledger and register tell at one moment.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.study.dossiers.terms import letter_of
from privkit.study.sharing import Sharing
from privkit.study.written import in_a_cell

if TYPE_CHECKING:
    from privkit.inventory.column_entry import ColumnEntry
    from privkit.inventory.inventory import Inventory
    from privkit.project.project import Project
    from privkit.study.shared_package import SharedPackage
    from privkit.values.loss import PrivacyLoss
    from privkit.values.unit import PrivacyUnit


@dataclass(frozen=True, slots=True)
class Budget:
    """What a project promises, by its ledger.

    Attributes
    ----------
    name : str
    total, charged : PrivacyLoss
    unit : PrivacyUnit
        Whom it protects.
    packages : tuple of SharedPackage
        What was handed out and is not known to be deleted.
    without_noise : frozenset of str
        The kinds of tables that were ever handed out and are not under differential privacy.
    """

    name: str
    total: PrivacyLoss
    charged: PrivacyLoss
    unit: PrivacyUnit
    packages: tuple[SharedPackage, ...]
    without_noise: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """What papers are made of.

    Attributes
    ----------
    title : str
    made : datetime.date
    inventory : Inventory
    budget : Budget or None
    """

    title: str
    made: date
    inventory: Inventory
    budget: Budget | None

    @property
    def entries(self) -> tuple[ColumnEntry, ...]:
        """The columns."""
        return self.inventory.entries

    @property
    def letters(self) -> frozenset[str]:
        """The points of Art. 6(1) GDPR that the owner's words name; an empty one where those of a column name none."""
        return frozenset(letter_of(entry.legal_basis) for entry in self.entries)


def budget_of(project: Project | None) -> Budget | None:
    """Return what a project promises. Reads the ledger; changes nothing.

    Raises
    ------
    LedgerError
    """
    if project is None:
        return None
    packages = Sharing(project).packages
    out = tuple(one for one in packages if one.deleted is None)
    plain = frozenset(kind for one in packages for _, kind in one.without_noise)
    return Budget(project.name, project.budget, project.spent + project.reserved, project.unit, out, plain)


#: So many columns are named where a page must stay one.
_FEW = 8
#: What Markdown reads at the beginning of a line: an item of a list, or the line below a heading.
_BEGINS = re.compile(r"\A(?=[-+=])|\A(\d+)(?=[.)])")


class Blank(NamedTuple):
    """What a person must fill in: how it is called, what is asked, and in which papers it stands."""

    id: str
    ask: str
    papers: tuple[str, ...]


@cache
def wording() -> Mapping[str, Any]:
    """Return what ``papers.toml`` holds: the blanks, and the questions to a vendor."""
    return tomllib.loads(files(__package__).joinpath("papers.toml").read_text(encoding="utf-8"))


def words(value: object) -> str:
    r"""Return a text as Markdown in which nothing is markup, no list, no heading and no link.

    Examples
    --------
    >>> print(words("- <b>a</b> www.x.org"), words("1. http://x.org"), sep="\n")
    \- \<b\>a\</b\> www\.x.org
    1\. http\://x.org
    """
    text = in_a_cell(value).strip()
    text = re.sub(r"(?i)\b(www)\.", r"\1\\.", text.replace("://", "\\://"))
    return _BEGINS.sub(lambda found: f"{found[1] or ''}\\", text)


def named(names: Iterable[str], most: int | None = _FEW) -> str:
    """Return names in a row, the first few of them.

    Examples
    --------
    >>> named(["zip", "age"]), named("abcdefghij", most=2), named([])
    ('zip, age', 'a, b and 8 more', '–')
    """
    every = list(names)
    shown = every if most is None else every[:most]
    more = f" and {len(every) - len(shown):,} more" if len(every) > len(shown) else ""
    return f"{', '.join(map(words, shown))}{more}" if every else "–"


class Draft:
    """One paper that is being written: its lines, and what is still to be filled in.

    Parameters
    ----------
    said : Mapping
        What a person says of blanks, by their names.
    missing : Mapping
        What the inventory lacks: what is asked, by its id.
    """

    def __init__(self, said: Mapping[str, str], missing: Mapping[str, str]) -> None:
        self._said, self._missing = said, missing
        self.asked: dict[str, str] = {}

    def blank(self, name: str) -> str:
        """Return what a person said of a blank; else a mark that shows, which is noted."""
        if (said := self._said.get(name)) is not None:
            return words(said)
        return self._marked(name, wording()["blank"][name]["ask"])

    def lacks(self, fact: str) -> str:
        """Return a mark for what the owner has not said of some columns; nothing where all is said."""
        name = f"inventory.{fact}"
        return self._marked(name, self._missing[name]) if name in self._missing else ""

    def _marked(self, name: str, ask: str) -> str:
        self.asked[name] = ask
        return f"**[TO BE FILLED, {words(name)}: {words(ask)}]**"


def sayings(entries: Sequence[ColumnEntry], fact: str) -> dict[str, list[str]]:
    """Return what the owner says of a fact, each saying once, with the names of the columns that it is said of.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.inventory.audit import audit
    >>> found = audit(pd.DataFrame({"zip": ["8004"], "age": [30]})).assign("age", purpose="tariffs")
    >>> sayings(found.entries, "purpose")
    {'tariffs': ['age']}
    """
    told: dict[str, list[str]] = {}
    for entry in entries:
        value = getattr(entry, fact)
        for one in value if isinstance(value, tuple) else [value]:
            if one and (text := str(one).strip()):
                told.setdefault(text, []).append(entry.name)
    return told


def said_of(entries: Sequence[ColumnEntry], fact: str, most: int | None = _FEW) -> str:
    """Return what the owner says of a fact in one line; with the columns where it is not said of all of them."""
    told = sayings(entries, fact)
    every = len(entries)
    return "; ".join(
        words(text) if len(names) == every else f"{words(text)} ({named(names, most)})" for text, names in told.items()
    )
