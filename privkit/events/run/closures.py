"""A recipe as closures, made once and run over every event."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.events import EventError, UnmatchedFieldsError
from privkit.events.operations.drop import Drop
from privkit.events.operations.merge import Groups, Merge
from privkit.events.operations.operation import path_problems
from privkit.events.run.plain import Unfit, encoded, plain_event
from privkit.events.run.run import Cover, Run, cover_tree
from privkit.events.run.walk import Step, parse_path, reader

if TYPE_CHECKING:
    from privkit.events.recipes.recipe import Recipe
    from privkit.events.run.ndjson import Progress


@dataclass(frozen=True)
class SetApart:
    """An event that was set apart: its number from 1 (in a file its line), and why, without a value."""

    position: int
    reason: str


@dataclass
class Account:
    """What one run counts.

    Attributes
    ----------
    n_in, n_out : int
        Events that came in, and went out.
    n_sampled_out, n_merged, n_groups_left_out : int
        Events that sampling dropped, that went into groups, and groups that were too small.
    rules : list of list of int
        For each rule, how many values it touched (a list of one number, which the rule counts up).
    apart : list of SetApart
        The first thousand of the events that were set apart.
    n_apart : int
        How many there are.
    unmatched : dict of str to int
        Fields without a rule, and in how many places they were met.
    subjects : array of int
        For each event that went out, the number of its subject, -1 without one; empty if none was named.
    """

    rules: list[list[int]]
    n_in: int = 0
    n_out: int = 0
    n_sampled_out: int = 0
    n_merged: int = 0
    n_groups_left_out: int = 0
    n_apart: int = 0
    apart: list[SetApart] = field(default_factory=list)
    unmatched: dict[str, int] = field(default_factory=dict)
    subjects: array[int] = field(default_factory=lambda: array("q"))
    complete: bool = False
    last_reason: str = ""

    def set_apart(self, position: int, reason: str) -> None:
        """Note an event that was set apart."""
        self.n_apart += 1
        self.last_reason = reason
        if len(self.apart) < 1000:
            self.apart.append(SetApart(position, reason))


class Engine:
    """One run of a recipe over events.

    Parameters
    ----------
    recipe : Recipe
        The rules.
    unmatched : str
        What is done with fields that no rule covers.
    on_error : str
        What is done with events that cannot be treated.
    subject : str or None
        The field of the person.
    place : str
        What a position counts: "event" or "line".
    """

    def __init__(
        self, recipe: Recipe, unmatched: str, on_error: str, subject: str | None, place: str = "event"
    ) -> None:
        self.recipe, self.place = recipe, place
        self.account = Account([[0] for _ in recipe.operations])
        self._run = Run()
        self._raise = on_error == "raise"
        self._refuse = unmatched == "refuse" and not recipe.trace.only
        drop = recipe.trace.only or unmatched == "drop"
        # What rules only read (by=, per=) stays until they have read it, and goes at the end.
        self._read_only = recipe.trace.read_only if drop else []
        covered = [*recipe.trace.covered, *((path, True) for path in self._read_only)]
        self._cover = Cover(cover_tree(covered), drop=drop)
        self.account.unmatched = self._cover.found
        self._subject = None if subject is None else reader(parse_path(subject))
        self._codes: dict[bytes, int] = {}
        try:
            self._stages = self._compiled()
        except BaseException:
            self._run.close()
            raise

    def _compiled(self) -> list[tuple[list[Step], Groups | None]]:
        stages: list[tuple[list[Step], Groups | None]] = []
        steps: list[Step] = []
        for operation, count in zip(self.recipe.operations, self.account.rules, strict=True):
            if isinstance(operation, Merge):
                stages.append((steps, operation.collector(self._run, count)))
                steps = []
            else:
                steps.extend(operation.compile(self._run, count))
        if self._read_only:
            gone = tuple(str(self.recipe.trace.output(path)) for path in self._read_only)
            steps.extend(Drop(gone).compile(self._run, [0]))
        return [*stages, (steps, None)]

    @property
    def refused(self) -> bool:
        """Whether fields without a rule were met, so that the run only lists the others by now."""
        return self._refuse and bool(self._cover.found)

    def treat(self, event: dict[str, Any], position: int) -> dict[str, Any] | None:
        """Return the event after all rules, in place; None where it does not go out (yet).

        Raises
        ------
        EventError
            If a rule cannot treat it and errors are raised.
        """
        account = self.account
        account.n_in += 1
        self._run.position = position
        try:
            code = -1 if self._subject is None else self._code(self._subject(event))
            self._cover.check(event)
            if self._refuse and self._cover.found:
                return None
            treated, failed = self._stage(0, event)
        except Unfit as unfit:
            treated, failed = None, ("", str(unfit))
        if failed is not None:
            self.fail(position, *failed)
        elif treated is not None:
            account.n_out += 1
            if self._subject is not None:
                account.subjects.append(code)
        return treated

    def _stage(self, number: int, event: dict[str, Any]) -> tuple[dict[str, Any] | None, tuple[str, str] | None]:
        """Return the event after one stage, None where it does not go out; and the path and reason of a failure."""
        steps, groups = self._stages[number]
        step: Step | None = None
        try:
            for step in steps:  # blamed where it fails
                if step(event) is False:
                    self.account.n_sampled_out += 1
                    return None, None
            if groups is not None:
                step = None
                groups.add(event)
                self.account.n_merged += 1
                return None, None
        except Unfit as unfit:
            return None, (("", str(unfit)) if step is None else self._run.blame(step, unfit))
        return event, None

    def _code(self, subject: Any) -> int:
        if subject is None:
            return -1
        try:
            name = encoded(subject)
        except Unfit as unfit:
            raise Unfit(f"subject: {unfit}") from None
        return self._codes.setdefault(name, len(self._codes))

    def fail(self, position: int, path: str, reason: str) -> None:
        """Set an event apart, or raise.

        Raises
        ------
        EventError
            If errors are raised.
        """
        if self._raise:
            raise EventError.of(position, self.place, path, reason)
        self.account.set_apart(position, reason)

    def finish(self) -> Iterator[dict[str, Any]]:
        """Yield the merged events, and close the books.

        Raises
        ------
        UnmatchedFieldsError
            If fields without a rule were met and are refused.
        """
        if self.refused:
            raise UnmatchedFieldsError.of(self.recipe.name, sorted(self._cover.found))
        for number, (_, groups) in enumerate(self._stages):
            if groups is None:
                continue
            events, left_out = groups.finish()
            self.account.n_groups_left_out += left_out
            for position, event in enumerate(events, 1):
                self._run.position = position
                if (treated := self._merged(number + 1, event, position)) is not None:
                    self.account.n_out += 1
                    yield treated

    def _merged(self, stage: int, event: dict[str, Any], position: int) -> dict[str, Any] | None:
        treated, failed = self._stage(stage, event)
        if failed is not None:
            self.fail(position, *failed)
        return treated

    def commit(self) -> None:
        """Make new mappings durable: the output is complete."""
        self._run.commit()
        self.account.complete = True

    def close(self) -> None:
        """Give up what the run holds."""
        self._run.close()


def subject_problem(subject: object) -> str | None:
    """Return what is wrong with the path of the subject."""
    for _, text in path_problems("subject", subject):
        return text
    return f"{subject!r} lies in a list; name one field of the event" if "[]" in str(subject) else None


_POLICIES = ("refuse", "drop", "keep")


@dataclass(frozen=True)
class Options:
    """What :meth:`Recipe.apply` was asked for beside the events."""

    unmatched: str = "refuse"
    output: str | Path | None = None
    on_error: str = "raise"
    quarantine: str | Path | None = None
    subject: str | None = None
    progress: bool | Callable[[Progress], object] = False
    keep_index: bool = False

    def check(self) -> None:
        """Refuse values that are not allowed.

        Raises
        ------
        ParameterError
        """
        if self.unmatched not in _POLICIES:
            raise ParameterError.of("unmatched", repr(self.unmatched), "'refuse', 'drop' or 'keep'")
        if self.on_error not in ("raise", "quarantine"):
            raise ParameterError.of("on_error", repr(self.on_error), "'raise' or 'quarantine'")
        if self.subject is not None and (problem := subject_problem(self.subject)) is not None:
            raise ParameterError.together(["subject"], problem)

    def engine(self, recipe: Recipe, place: str = "event") -> Engine:
        """Return a fresh run."""
        return Engine(recipe, self.unmatched, self.on_error, self.subject, place)


def treated(engine: Engine, events: Iterable[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each event that goes out with its position, from 0; merged ones with -1. Closes the run at the end.

    Raises
    ------
    UnmatchedFieldsError, EventError
    """
    try:
        for position, event in enumerate(events):
            try:
                own, reason = plain_event(event), ""
            except Unfit as unfit:
                own, reason = {}, str(unfit)
            if reason:
                engine.account.n_in += 1
                engine.fail(position + 1, "", reason)
                continue
            out = engine.treat(own, position + 1)
            if out is not None:
                yield position, out
        for event in engine.finish():
            yield -1, event
        engine.commit()
    finally:
        engine.close()
