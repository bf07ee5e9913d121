"""Sequential numbers in the place of values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.events.encoding import encoded
from privkit.events.mapping_store import MappingStore, as_store, column_of, column_per
from privkit.events.operation import Operation, Problem, by_problems, paths_of
from privkit.events.path import parse_path
from privkit.events.walk import Step, each_value, each_value_by, for_texts
from privkit.values.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from privkit.events.path import FieldPath
    from privkit.events.run import Run


@dataclass(frozen=True)
class Number(Operation):
    """Puts 1, 2, 3 ... in the place of values, in the order in which they first appear."""

    paths: tuple[str, ...]
    scope: str | None = None
    per: str | None = None
    start: int = 1
    mapping: MappingStore | None = None

    op = "number"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if self.scope is not None and (not isinstance(self.scope, str) or not self.scope):
            yield "scope", "must be a name that fields share"
        if isinstance(self.start, bool) or not isinstance(self.start, int):
            yield "start", "must be a whole number"
        if isinstance(self.per, str):
            yield from by_problems(self.targets(), self.per, "per")

    def phrase(self) -> str:
        """Return what becomes of a field."""
        scope = f", shared in the scope {self.scope!r}" if self.scope else ""
        stored = f", kept in {self.mapping}" if self.mapping is not None else ""
        return f"numbered from {self.start}{scope}{f', anew for each {self.per}' if self.per else ''}{stored}"

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        return [run.told(self._step(run, path, count), path, self) for path in self.parsed()]

    def _step(self, run: Run, path: FieldPath, count: list[int]) -> Step:
        column, start = column_of(path, self.scope), self.start
        assign = run.numbers if self.mapping is None else run.session(self.mapping).number

        if self.per is None:
            return each_value(path, for_texts(lambda value: assign(column, encoded(value), start)), count)

        def change(value: Any, per: Any, at: tuple[int, ...]) -> int:
            return assign(column_per(column, per), encoded(value), start)

        return each_value_by(path, parse_path(self.per), change, count)


@typed
def number(
    *paths: str,
    scope: str | None = None,
    per: str | None = None,
    start: int = 1,
    mapping: MappingStore | str | Path | None = None,
) -> Number:
    """Put 1, 2, 3 ... in the place of values, in the order in which they first appear.

    Needs no key, and tells the order of first appearance. Every distinct value is remembered while the recipe runs,
    and, with a store, for the runs after it.

    Parameters
    ----------
    *paths : str
        Fields that hold one value each.
    scope : str, optional
        A name. Fields of one scope are numbered together; by default each field by itself.
    per : str, optional
        A field. Numbers start anew for each of its values.
    start : int
        The first number.
    mapping : MappingStore or path, optional
        Where the numbers are kept for later runs.

    Returns
    -------
    Number

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.number("items[].id")])
    >>> recipe.apply([{"items": [{"id": "p7"}, {"id": "p2"}]}, {"items": [{"id": "p2"}]}]).events
    [{'items': [{'id': 1}, {'id': 2}]}, {'items': [{'id': 2}]}]
    """
    return Number(paths_of(paths), scope, per, start, as_store(mapping))
