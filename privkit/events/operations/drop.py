"""Dropping, keeping and erasing fields; keeping a random share of the events, or of the subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from privkit.events.operations.operation import (
    Operation,
    Problem,
    ValueOperation,
    number_problem,
    path_problems,
    paths_of,
)
from privkit.events.run.walk import Change, Step, each_item, each_place, parse_path, reader
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.events.recipes.trace import Trace
    from privkit.events.run.run import Run
    from privkit.events.run.walk import FieldPath


@dataclass(frozen=True)
class Drop(Operation):
    """Takes fields out of the events, with everything inside."""

    paths: tuple[str, ...]

    op = "drop"
    covers_branches = True

    def phrase(self) -> str:
        """Return what becomes of a field."""
        return "dropped"

    def _follow(self, trace: Trace, place: str) -> None:
        trace.drops(self.paths, place)

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""

        def out(parent: Any, at: Any) -> None:
            del parent[at]
            count[0] += 1

        def named(path: FieldPath) -> Step:
            name = path.name

            def step(parent: dict[str, Any]) -> None:
                if name in parent:
                    del parent[name]
                    count[0] += 1

            return step

        return [
            _every_element(path, count) if path.name is None else each_item(path, named) or each_place(path, out)
            for path in self.parsed()
        ]


def _every_element(path: FieldPath, count: list[int]) -> Step:
    from privkit.events.run.walk import FieldPath

    def empty(parent: Any, at: Any) -> None:
        if type(parent[at]) is list:
            count[0] += len(parent[at])
            parent[at] = []

    return each_place(FieldPath(path.steps[:-1]), empty)


@dataclass(frozen=True)
class Keep(Operation):
    """Passes fields on unchanged, with everything inside."""

    paths: tuple[str, ...]
    only: bool = False

    op = "keep"
    covers_branches = True
    _passes_on = True

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if not isinstance(self.only, bool):
            yield "only", "must be true or false"

    def phrase(self) -> str:
        """Return what becomes of a field."""
        return "kept as it is"

    def _follow(self, trace: Trace, place: str) -> None:
        trace.only = trace.only or self.only is True

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return no step: nothing is touched."""
        return []


@dataclass(frozen=True)
class Erase(ValueOperation):
    """Replaces what is in a field by a fixed text, or null."""

    paths: tuple[str, ...]
    replacement: str | None = None

    op = "erase"
    covers_branches = True

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if self.replacement is not None and not isinstance(self.replacement, str):
            yield "replacement", "must be a text, or left out for null"

    def phrase(self) -> str:
        """Return what becomes of a field."""
        return "erased (null)" if self.replacement is None else f"erased (the text {self.replacement!r} in its place)"

    def _follow(self, trace: Trace, place: str) -> None:
        trace.erases(self.paths, place)

    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""
        replacement = self.replacement
        return lambda value: replacement


@typed
def drop(*paths: str) -> Drop:
    """Take fields out of the events, with everything inside.

    Parameters
    ----------
    *paths : str
        Fields or whole branches: ``"shipping"``, ``"products[].name"``.

    Returns
    -------
    Drop
        An operation of a :class:`Recipe`.

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.keep("id"), ev.drop("shipping", "products[].name")])
    >>> recipe.apply([{"id": 1, "shipping": {"to": "A"}, "products": [{"name": "tea"}]}]).events
    [{'id': 1, 'products': [{}]}]
    """
    return Drop(paths_of(paths))


@typed
def keep(*paths: str, only: bool = False) -> Keep:
    """Pass fields on unchanged, with everything inside: the rule that says so knowingly.

    Parameters
    ----------
    *paths : str
        Fields or whole branches.
    only : bool
        Whether all fields that no rule of the recipe names are dropped. Otherwise they are refused,
        unless :meth:`Recipe.apply` is asked to do something else with them.

    Returns
    -------
    Keep

    Examples
    --------
    >>> from privkit import events as ev
    >>> ev.Recipe([ev.keep("status", only=True)]).apply([{"status": "paid", "to": "A"}]).events
    [{'status': 'paid'}]
    """
    return Keep(paths_of(paths), only)


@typed
def erase(*paths: str, replacement: str | None = None) -> Erase:
    """Replace what is in a field by null, or by one fixed text: for free text.

    The field stays, so that the shape of the events does. Null stays null.

    Parameters
    ----------
    *paths : str
        Fields or whole branches.
    replacement : str, optional
        The text to write instead; null by default.

    Returns
    -------
    Erase

    Examples
    --------
    >>> from privkit import events as ev
    >>> ev.Recipe([ev.erase("note", replacement="***")]).apply([{"note": "call Ada"}, {"note": None}]).events
    [{'note': '***'}, {'note': None}]
    """
    return Erase(paths_of(paths), replacement)


_DOMAIN = b"privkit.events/sample/1"
_PRECISION = 2**53


@dataclass(frozen=True)
class Sample(Operation):
    """Keeps each event, or all events of a subject, with one probability."""

    share: float
    by: str | None = None
    key: Key | KeySource | None = None

    op = "sample"
    _of_events = True

    def targets(self) -> tuple[str, ...]:
        """Return no path: fields stay as they are."""
        return ()

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from number_problem("share", self.share, 0, 1, open_low=True)
        if (self.key is None) != (self.by is None):
            yield "by", "and key go together: whole subjects are kept by HMAC(key, subject)"
        if self.key is not None and not isinstance(self.key, Key | KeySource):
            yield "key", "must be bytes, an ev.Key or an ev.KeySource"
        if self.by is not None:
            yield from path_problems("by", self.by)
            if isinstance(self.by, str) and "[]" in self.by:
                yield "by", "lies in a list; name one field of the event"

    def phrase(self) -> str:
        """Return what becomes of the events."""
        what = f"all events of a {self.by}" if self.by else "each event"
        return f"{what} kept with probability {self.share:g}"

    def _of_what_stays(self) -> Sample:
        return replace(self, share=1.0)

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return the step that drops the others; counts those that were dropped."""
        key = run.key(self.key) if self.key is not None else None
        read = reader(parse_path(self.by)) if self.by is not None else None
        below = round(self.share * _PRECISION)

        def step(event: dict[str, Any]) -> bool:
            parts = () if read is None else (_DOMAIN, run.subject(read(event)))
            if run.draw(key, _PRECISION, *parts) < below:
                return True
            count[0] += 1
            return False

        return [step if self.by is None else run.told(step, parse_path(self.by), self)]


@typed
def sample(share: float, *, by: str | None = None, key: bytes | Key | KeySource | None = None) -> Sample:
    """Keep each event with one probability; with `by`, all events of a subject or none.

    Parameters
    ----------
    share : float
        The probability, above 0 and up to 1.
    by : str, optional
        The subject's field, outside lists; goes with `key`. It is read when the rule's turn comes. An event without a
        subject is drawn by its position.
    key : bytes, Key or KeySource, optional
        At least 32 random bytes. Without it, events are drawn from the system's randomness, anew in every run.

    Returns
    -------
    Sample

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.sample(0.5, by="who", key=bytes(range(32))), ev.keep("who")])
    >>> len(recipe.apply([{"who": "Ada"}] * 10).events) in (0, 10)
    True
    """
    return Sample(share, by, as_key(key))
