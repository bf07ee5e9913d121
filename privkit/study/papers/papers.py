"""Paper for people, drafted from an inventory and a project: what is known is written, what is not is asked.

It computes no figure, reads no row, and spends nothing. Nothing that only a person knows is invented.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from privkit.errors import FileError, ParameterError
from privkit.errors.root import close_matches, listed, type_told
from privkit.errors.study import DossierError, PapersError
from privkit.inventory.column_entry import day_or_today
from privkit.inventory.inventory import Inventory
from privkit.project.project import Project
from privkit.study.open_facts import open_facts, read_answers
from privkit.study.papers.drafting import Blank, Draft, Known, budget_of, wording
from privkit.study.papers.texts import notice, policy, training, vendors
from privkit.study.written import writing
from privkit.values.arguments import public, typed
from privkit.values.show import Shown, is_simulated

_PAPERS: Mapping[str, Callable[[Known, Draft], Iterator[str]]] = {
    "policy": policy,
    "notice": notice,
    "training": training,
    "vendors": vendors,
}


@public
@dataclass(frozen=True, eq=False, repr=False)
class Papers(Shown, Mapping[str, str]):
    """Four papers as Markdown to edit, by name: ``"policy"``, ``"notice"``, ``"training"`` and ``"vendors"``.

    Drafts, not advice on law. They hold names of columns and the owner's words, and no value of a cell.

    Attributes
    ----------
    title : str
    made : datetime.date
    texts : mapping of str to str
        The papers by name.
    open : tuple of Blank
        What only a person can fill in: `id`, `ask`, and the `papers` in which it is marked.
    """

    title: str
    made: date
    texts: Mapping[str, str]
    open: tuple[Blank, ...]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def policy(self) -> str:
        """A page on how the data are handled, for those who handle them."""
        return self.texts["policy"]

    @property
    def notice(self) -> str:
        """A notice to the persons themselves, in plain words (GDPR, Art. 13 and 14)."""
        return self.texts["notice"]

    @property
    def training(self) -> str:
        """An hour of training from the notebooks, with minutes."""
        return self.texts["training"]

    @property
    def vendors(self) -> str:
        """Questions to a vendor, with what each answer means (GDPR, Art. 28)."""
        return self.texts["vendors"]

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> tuple[Path, ...]:
        """Write the papers into a folder, all or none, as ``policy.md`` and so on; return their paths.

        Parameters
        ----------
        folder : path
            It is made where it is not there.
        overwrite : bool
            Whether papers that are there, which somebody may have edited, are written anew.

        Raises
        ------
        FileError
            If one of them is there, or cannot be written.
        """
        place = Path(folder)
        paths = tuple(place / f"{name}.md" for name in self.texts)
        with writing(place):
            there = [path.name for path in paths if os.path.lexists(path)]
            if there and not overwrite:
                raise FileError.of(there[0], "it is there, and somebody may have edited it", "Say overwrite=True.")
            if irregular := [path.name for path in paths if path.is_dir()]:
                raise FileError.of(irregular[0], "it is a folder")
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=place, prefix=".papers") as drafts:
                for path, text in zip(paths, self.texts.values(), strict=True):
                    Path(drafts, path.name).write_text(text, encoding="utf-8", newline="")
                for path in paths:  # all of them are written: they only get their names
                    Path(drafts, path.name).replace(path)
        return paths


@typed
def papers(
    inventory: Inventory,
    *,
    project: Project | None = None,
    answers: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    title: str = "",
    today: date | str | None = None,
) -> Papers:
    """Draft a policy, a notice to customers, an hour of training and questions to vendors, as Markdown to edit.

    What the inventory and the project's ledger know is written down; what only a person can say is marked in the text
    and listed in ``.open``. Reads no rows; the ledger is only looked at; spends nothing.

    Parameters
    ----------
    inventory : Inventory
        What the columns are for, by the owner's word: ``df.privacy.audit().assign(...)``.
    project : Project, optional
        Whose budget and register the papers state. A simulated one is refused.
    answers : mapping or path, optional
        What a person says of blanks, by their ids (``papers.open`` names them): a mapping, or a TOML file. What the
        inventory lacks is said there, by `assign`.
    title : str
        What the data are called in the papers; by default by the project's name, else "the data".
    today : date or str, optional
        The day that they are made; by default today in UTC, as in the ledger.

    Returns
    -------
    Papers
        With ``.policy``, ``.notice``, ``.training``, ``.vendors``, ``.open`` and ``.save(folder)``.

    Raises
    ------
    PapersError
        Tells at once everything that is wrong with `answers` and `project`.
    ParameterError
    FileError
        If the file of answers cannot be read.
    LedgerError
        If the ledger cannot be read.

    Examples
    --------
    >>> import privkit as pk
    >>> df = pk.example("insights").head(100)
    >>> inventory = pk.audit(df).assign("zip", purpose="churn by area", legal_basis="consent")
    >>> made = pk.papers(inventory, answers={"contact": "privacy@telco.example"}, today="2026-11-30")
    >>> list(made), made.open[0].id, made.open[0].papers
    (['policy', 'notice', 'training', 'vendors'], 'inventory.purpose', ('policy', 'notice'))
    >>> [line for line in made.notice.splitlines() if "agreed" in line]
    ['- We may, because you agreed to it (Art. 6(1)(a)).']
    """
    if not isinstance(inventory, Inventory):
        raise ParameterError.of("inventory", type_told(inventory), "an Inventory", "Example: df.privacy.audit().")
    if project is not None and not isinstance(project, Project):
        raise ParameterError.of("project", type_told(project), "a Project")
    if not isinstance(title, str):
        raise ParameterError.of("title", type_told(title), "a text")
    made = day_or_today(today, "today")
    said = _said(answers, project)
    budget = budget_of(project)
    named = title.strip() or (f"the data of {budget.name}" if budget is not None else "the data")
    known = Known(named, made, inventory, budget)
    missing = {one.id: one.ask for one in open_facts(inventory, every=True)}
    drafts = {name: Draft(said, missing) for name in _PAPERS}
    texts = {name: _text(write(known, drafts[name])) for name, write in _PAPERS.items()}
    return Papers(named, made, texts, tuple(_open(drafts)))


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _open(drafts: Mapping[str, Draft]) -> Iterator[Blank]:
    """Yield each blank once, with the papers in which it is marked."""
    asks = {name: ask for draft in drafts.values() for name, ask in draft.asked.items()}
    for name, ask in asks.items():
        yield Blank(name, ask, tuple(paper for paper, draft in drafts.items() if name in draft.asked))


def _said(answers: object, project: object) -> dict[str, str]:
    """Return what a person says of blanks; refuse what is none of them, all problems at once."""
    problems: list[str] = []
    if is_simulated(project):
        problems.append("project= is simulated: it protects nobody, and has no ledger.")
    given: Mapping[Any, Any] = {}
    try:
        given = read_answers(answers)
    except DossierError as error:
        problems += error.problems
    for name, value in given.items():
        if name not in wording()["blank"]:
            problems.append(_unknown(name))
        elif not isinstance(value, str) or not value.strip():
            problems.append(f"{name!r} is {type_told(value)} that does not fit: it must be a text, not blank.")
    if problems:
        raise PapersError.of(problems)
    return dict(given)


def _unknown(name: object) -> str:
    if not isinstance(name, str):
        return f"answers= has {type_told(name)}, which is the name of no blank."
    if name.startswith("inventory."):
        return f"answers= has {name!r}, which the inventory says: inventory.assign(columns, ...)."
    near = close_matches(name, wording()["blank"])
    return f"answers= has {name!r}, which is no blank." + (f" Near: {listed(near)}." if near else "")
