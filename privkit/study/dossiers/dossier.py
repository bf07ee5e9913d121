"""A dossier: what is held, who could be found, what was changed and released, in one document and in forms of others.

It computes no figure: every one is that of the part that knows it. It reads the ledger and reports, and rows only for
the audit, where a table is given. Nothing here can spend.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import FileError, ParameterError
from privkit.errors.root import type_told
from privkit.errors.study import DossierError
from privkit.inventory.audit import audit
from privkit.inventory.column_entry import day, day_or_today
from privkit.inventory.inventory import Inventory
from privkit.project.project import Project
from privkit.study.assessments.quarters import Quarters, quarters
from privkit.study.dossiers.changes import DossierChanges, changes_between, facts_in, figures
from privkit.study.dossiers.form import Answer, Coverage, NotApplicable, answered, checked, fields, impact_fields
from privkit.study.dossiers.hazards import hazards
from privkit.study.dossiers.impact import as_pia, found_of, measures
from privkit.study.dossiers.registry import as_yaml, registry, tier_of
from privkit.study.dossiers.reports import CHANGED, FOUND, opinion, problems_of
from privkit.study.dossiers.statement import Statement, statement_of
from privkit.study.drill import BreachDrill, drills
from privkit.study.open_facts import Open, open_facts, read_answers
from privkit.study.requests import SubjectRequests
from privkit.study.sharing import Sharing
from privkit.study.written import written
from privkit.values.arguments import public, typed
from privkit.values.show import Shown, _view, is_simulated

if TYPE_CHECKING:
    from privkit.values.inputs import Frame

#: What a file is, by the end of its name → the method that writes it.
_WAYS = {
    ".pia.json": "to_pia",
    ".html": "to_html",
    ".md": "to_markdown",
    ".json": "to_json",
    ".yaml": "to_registry",
    ".yml": "to_registry",
}


def way_of(path: Path) -> str:
    """Return the method that writes a file of this name.

    Raises
    ------
    FileError
        If its name says nothing.
    """
    name = path.name.lower()
    end = next((end for end in _WAYS if name.endswith(end)), name)
    if end != name:
        return _WAYS[end]
    raise FileError.of(path.name, f"its name ends with none of {', '.join(_WAYS)}", "They say what is written.")


@public
@dataclass(frozen=True, eq=False, repr=False)
class Dossier(Shown):
    """What is known of a table, its project and its results, at one moment. For the owner's eyes; no release.

    It holds exact figures of the reports in it, and no value of a cell. What only a person can say is asked by name,
    and never invented.

    Attributes
    ----------
    title : str
    made : datetime.date
    review : datetime.date or None
        When it is to be looked at again.
    inventory : Inventory or None
    reports : tuple
        Reports and results.
    statement : Statement or None
        What the ledger told when it was made: every charge in words, and the head of the chain.
    answers : tuple of Answer
        Every field of the forms: filled, asked, or not applicable.
    sharing : Sharing or None
        Who received what, by the project's register as it stood then; None without a project.
    requests : SubjectRequests or None
        What persons asked for, likewise.
    drills : tuple of BreachDrill
        The drills that were held.
    impact : tuple of Answer
        The 36 questions of an impact assessment by the CNIL's method, each with who fills it; no coverage counts them.
    quarters : Quarters or None
        What was measured, spent, asked and shared over time, likewise.
    """

    title: str
    made: date
    review: date | None
    inventory: Inventory | None
    reports: tuple[object, ...]
    statement: Statement | None
    answers: tuple[Answer, ...]
    sharing: Sharing | None = None
    requests: SubjectRequests | None = None
    drills: tuple[BreachDrill, ...] = ()
    impact: tuple[Answer, ...] = ()
    quarters: Quarters | None = None

    @property
    def found(self) -> tuple[Any, ...]:
        """The reports on who could be found."""
        return tuple(one for one in self.reports if isinstance(one, FOUND))

    @property
    def changed(self) -> tuple[Any, ...]:
        """The results that changed rows."""
        return tuple(one for one in self.reports if isinstance(one, CHANGED))

    @property
    def coverage(self) -> Coverage:
        """How much of the forms was filled without a person: `.forms`, `.total.share`."""
        return Coverage.of(self.answers)

    @cached_property
    def open_questions(self) -> tuple[Open, ...]:
        """What only a person can say: fields of the forms, and what the inventory lacks."""
        asked = (Open(one.field.id, one.field.ask) for one in self.answers if one.state == "asked")
        return (*asked, *open_facts(self.inventory or ()), *self._unsaid())

    def _unsaid(self) -> Iterator[Open]:
        if self.review is None:
            yield Open("dossier.review", "When is this dossier to be looked at again?")
        if not self.sharing and not any(entry.recipients for entry in self.inventory or ()):
            yield Open("dossier.recipients", "Who received the data or results of it, for what, and until when?")

    @cached_property
    def facts(self) -> dict[str, str]:
        """What `compare` goes by: each figure and each field in words, by its name."""
        told = dict(figures(self))
        for one in self.answers:
            told[one.field.id] = one.text if one.state == "filled" else one.state
        return told

    def to_html(self, path: str | Path | None = None) -> str:
        """Return one page of HTML: light, dark and print, without scripts or outside files; and write it to `path`.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        return written(_view("document").page(self), path)

    def to_markdown(self, path: str | Path | None = None) -> str:
        """Return the same as Markdown, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        return written(_view("document").markdown(self), path)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the same as JSON, for programs and for `compare`, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        told = _view("document").plain(self)
        return written(json.dumps(told, indent=1, ensure_ascii=False) + "\n", path)

    def to_registry(self, path: str | Path | None = None) -> str:
        """Return a record for the OpenDP Deployments Registry as YAML, and write it to `path` where given.

        Fields that are open are left out, and asked for in comments above it: such a record is a draft. Its schema is
        that of 15 July 2026. Needs PyYAML (the extra ``yaml``).

        Raises
        ------
        FileError
            If it cannot be written.
        LibraryRequiredError
        """
        return written(as_yaml(self.answers), path)

    def to_pia(self, path: str | Path | None = None) -> str:
        """Return an impact assessment as JSON for the CNIL's PIA application, and write it to `path` where given.

        A draft: questions that are open are left out, and nobody is named in it. Keys and ids are those of the
        application's own files; it was not tried in the built application.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        told = as_pia(self.title, self.made, self.impact, measures(self.statement, self.reports))
        return written(json.dumps(told, indent=1, ensure_ascii=False) + "\n", path)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the dossier to a file, whole or not at all, by the end of its name; return the path.

        Parameters
        ----------
        path : path
            Ending in ``.html``, ``.md``, ``.json``, ``.yaml`` (the record for the registry), or ``.pia.json`` (for the
            CNIL's application).

        Raises
        ------
        FileError
            If its name ends otherwise, or it cannot be written.
        LibraryRequiredError
        """
        place = Path(path)
        getattr(self, way_of(place))(place)
        return place

    def compare(self, earlier: Dossier | str | os.PathLike[str]) -> DossierChanges:
        """Return what moved since an earlier dossier: figures and fields, before and after.

        Parameters
        ----------
        earlier : Dossier or path
            A dossier, or the JSON file of one.

        Raises
        ------
        DossierError
            If the file holds no dossier.
        FileError
            If it cannot be read.
        """
        if isinstance(earlier, Dossier):
            return changes_between(earlier.facts, self.facts, earlier.made.isoformat(), self.made.isoformat())
        if not isinstance(earlier, str | os.PathLike):
            raise ParameterError.of("earlier", type_told(earlier), "a Dossier, or the path of the JSON file of one")
        facts, made = facts_in(Path(earlier))
        return changes_between(facts, self.facts, made, self.made.isoformat())


@typed
def dossier(
    data: Frame | None = None,
    *,
    project: Project | None = None,
    inventory: Inventory | None = None,
    reports: Sequence[object] = (),
    answers: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    review: date | str | None = None,
    title: str = "",
    today: date | str | None = None,
) -> Dossier:
    """Make a dossier of what is given: for a data protection officer, an ethics board, a partner, a regulator.

    Every figure is that of the part that knows it: the audit, the reports, the project's ledger. What only a person can
    say is asked by name. Reads rows only for the audit, where `data` is given; the ledger is only looked at; spends
    nothing. It holds no value of a cell.

    Parameters
    ----------
    data : dataframe, optional
        A table to audit; with `inventory`, the owner's words are taken from there.
    project : Project, optional
        Whose releases are listed, with what each cost. A simulated one is refused.
    inventory : Inventory, optional
        What the columns are for, by the owner's word.
    reports : sequence, optional
        Reports and results: of `kanon`, `check`, `risk`, `link`, `attack`, `anonymize`, `gate` and others.
    answers : mapping or path, optional
        What a person says of fields that are open, by their ids (``dossier.open_questions`` names them): a mapping,
        nested or with dots, or a TOML file.
    review : date or str, optional
        When the dossier is to be looked at again.
    title : str
        By default the project's name.
    today : date or str, optional
        The day that it is made; by default today in UTC, as in the ledger.

    Returns
    -------
    Dossier
        With ``.save(path)``, ``.to_html()``, ``.to_markdown()``, ``.to_json()``, ``.to_registry()``, ``.coverage``,
        ``.open_questions`` and ``.compare(earlier)``.

    Raises
    ------
    DossierError
        Tells at once everything that is wrong with `reports` and `answers`, or that nothing was given.
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    FileError
        If the file of answers cannot be read.
    LedgerError
        If the ledger cannot be read.

    Examples
    --------
    >>> import privkit as pk
    >>> people = pk.example("insights").head(500)
    >>> made = pk.dossier(people, reports=[pk.kanon(people, ["zip", "age"])])
    >>> made.coverage.forms["wp216"].filled, made.open_questions[-1].id
    (1, 'dossier.recipients')
    """
    if not isinstance(reports, Sequence) or isinstance(reports, str | bytes):
        raise ParameterError.of("reports", type_told(reports), "a list of reports and results")
    for name, one, kind in (("project", project, Project), ("inventory", inventory, Inventory)):
        if one is not None and not isinstance(one, kind):
            raise ParameterError.of(name, type_told(one), f"{'an' if name == 'inventory' else 'a'} {kind.__name__}")
    if not isinstance(title, str):
        raise ParameterError.of("title", type_told(title), "a text")
    made = day_or_today(today, "today")
    again = None if review is None else day(review, "review")
    if again is not None and again < made:
        raise ParameterError.of("review", "a day before the dossier is made", f"{made.isoformat()} or later")
    said = _said(project, reports, answers, given=any(one is not None for one in (data, project, inventory)))
    looked = inventory if data is None else audit(data, inventory=inventory)
    told = None if project is None else statement_of(project.account)
    held = _register(project)
    found = _filled(told, looked, reports, said, held)
    return Dossier(
        title=title or (told.name if told is not None else "a table"),
        made=made,
        review=again,
        inventory=looked,
        reports=tuple(reports),
        statement=told,
        answers=answered(found, said),
        impact=answered(dict(found_of(told, looked, reports)), said, impact_fields()),
        **held,
    )


def _register(project: Project | None) -> dict[str, Any]:
    """Return what a project's register holds, as it stands now."""
    if project is None:
        return {}
    return {
        "sharing": Sharing(project).as_it_stands(),
        "requests": SubjectRequests(project).as_it_stands(),
        "drills": drills(project),
        "quarters": quarters(project),
    }


def _filled(
    told: Statement | None,
    inventory: Inventory | None,
    reports: Sequence[object],
    said: Mapping[str, Any],
    held: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what fills the forms; those about a deployment do not apply where there is no project."""
    found: dict[str, Any] = dict(opinion(reports, inventory))
    if told is None:
        why = NotApplicable("No project was given, so that nothing was released.")
        return found | {field.id: why for field in fields() if field.form in {"registry", "nist"}}
    known = hazards(told, inventory, reports, held["sharing"].packages, held["quarters"].latest)
    found |= {**dict(registry(told, inventory)), **dict(known)}
    return found | {"registry.tier": tier_of(answered(found, said))}


def _said(project: object, reports: Sequence[object], answers: object, *, given: bool) -> dict[str, Any]:
    """Return what a person says, checked; refuse what a dossier cannot be made of, all problems at once."""
    problems = list(problems_of(reports))
    if is_simulated(project):
        problems.append("project= is simulated: it protects nobody, and has no ledger.")
    if not given and not reports:
        problems.append("Nothing was given: no table, project, inventory or report.")
    said: dict[str, Any] = {}
    try:
        said = checked(read_answers(answers))
    except DossierError as error:
        problems += error.problems
    if problems:
        raise DossierError.of(problems)
    return said
