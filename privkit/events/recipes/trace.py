"""A recipe followed, and told in plain words: what each rule refers to, what is gone by then, what is covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privkit.errors.events import PathError
from privkit.events.run.flatten import read_events
from privkit.events.run.run import Cover, cover_tree
from privkit.events.run.walk import FieldPath, parse_path
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.operations.operation import Operation
    from privkit.events.recipes.recipe import Recipe


@dataclass
class Trace:
    """What becomes of the fields, by the rules alone.

    Attributes
    ----------
    problems : list of str
        Rules that refer to fields that earlier rules took away.
    fields : dict of str to list of str
        For each path of the events as they come in, what is done with it, in order.
    merged : bool
        Whether events are merged, so that all fields without a rule are dropped.
    only : bool
        Whether fields without a rule are dropped.
    dropped : list of FieldPath
        What rules drop.
    """

    problems: list[str] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    merged: bool = False
    only: bool = False
    dropped: list[FieldPath] = field(default_factory=list)
    _read: list[FieldPath] = field(default_factory=list)
    _strong: list[tuple[FieldPath, bool]] = field(default_factory=list)
    _weak: list[FieldPath] = field(default_factory=list)
    _gone: dict[FieldPath, str] = field(default_factory=dict)
    _erased: dict[FieldPath, str] = field(default_factory=dict)
    _renames: list[tuple[FieldPath, FieldPath]] = field(default_factory=list)
    _left: list[FieldPath] | None = None

    @property
    def covered(self) -> list[tuple[FieldPath, bool]]:
        """Return what is covered, and whether with everything inside.

        A branch that is only renamed is covered by the rules for what is in it, if there are any.
        """
        if self.merged:
            return [(FieldPath(()), True)]
        weak = [
            (path, False)
            for path in self._weak
            if not any(other.below(path) and other.steps != path.steps for other, _ in self._strong)
        ]
        return [*self._strong, *weak]

    @property
    def read_only(self) -> list[FieldPath]:
        """Return the fields that rules go by, and no rule covers."""
        return [
            path
            for path in dict.fromkeys(self._read)
            if not any(path == other or (branch and path.below(other)) for other, branch in self.covered)
        ]

    def output(self, path: FieldPath) -> FieldPath:
        """Return where a field of the events as they come in ends up."""
        for before, after in self._renames:
            if path.below(before):
                path = FieldPath(after.steps + path.steps[len(before.steps) :])
        return path

    def _input(self, path: FieldPath) -> FieldPath:
        for before, after in reversed(self._renames):
            if path.below(after):
                path = FieldPath(before.steps + path.steps[len(after.steps) :])
        return path

    def follow(self, place: str, operation: Operation) -> None:
        """Take in the next rule."""
        for parameter, path in _named(operation):
            reading = parameter not in ("path", "paths")
            self._refers(f"{place}.{parameter}", path, reading=reading)
            if reading and self._left is None:
                self._read.append(self._input(path))
        for path in _paths(operation.targets()):
            self._told(operation, path)
        operation._follow(self, place)

    def drops(self, paths: Sequence[str], place: str) -> None:
        """Note that a rule takes fields out."""
        self.dropped += _paths(paths)
        self._gone |= dict.fromkeys(_paths(paths), f"was dropped by {place}")

    def erases(self, paths: Sequence[str], place: str) -> None:
        """Note that a rule leaves no value of some fields."""
        self._erased |= dict.fromkeys(_paths(paths), f"was erased by {place}")

    def renames(self, path: str, to: str, place: str) -> None:
        """Note that a rule gives a field another name."""
        before = parse_path(path)
        after = FieldPath((*before.steps[:-1], to))
        if after == before:
            return
        self._renames.append((before, after))
        self._gone[before] = f"was renamed to {to!r} by {place}"
        self._gone.pop(after, None)
        if self._left is not None:
            self._left = [after if left == before else left for left in self._left]

    def merges(self, by: Sequence[str], names: Sequence[str]) -> None:
        """Note that a rule leaves the fields of the groups, and those of these names, and no other."""
        self._left = [*_paths(by), *(FieldPath((name,)) for name in names)]
        self.merged = True
        self._gone, self._erased = {}, {}

    def _told(self, operation: Operation, path: FieldPath) -> None:
        if self._left is not None:
            return  # a field of merged events: no field of the events as they come in
        before = self._input(path)
        self.fields.setdefault(str(before), []).append(operation._told_of_field())
        if operation._renames_alone:
            self._weak.append(before)
        else:
            self._strong.append((before, operation.covers_branches))

    def _refers(self, place: str, path: FieldPath, *, reading: bool) -> None:
        if self._left is not None and not any(path.below(left) for left in self._left):
            known = ", ".join(repr(str(left)) for left in self._left)
            self.problems.append(f"{place}: {str(path)!r} is no field of the merged events, which have {known}")
        for gone, why in {**self._gone, **(self._erased if reading else {})}.items():
            if path.below(gone):
                self.problems.append(f"{place}: {str(path)!r} {why}; put this rule before it, or name another field")
                return


def _named(operation: Operation) -> Iterator[tuple[str, FieldPath]]:
    """Yield the paths that a rule refers to, with the parameter."""
    for path in _paths(operation.targets()):
        yield operation._names_by, path
    for parameter, text in operation.reads().items():
        for path in _paths([text]):
            yield parameter, path


def _paths(texts: Sequence[object]) -> list[FieldPath]:
    """Return the texts that are paths."""
    found = []
    for text in texts:
        try:
            found.append(parse_path(text))  # type: ignore[arg-type]
        except (PathError, TypeError):
            continue
    return found


def trace(operations: Sequence[Operation]) -> Trace:
    """Follow the fields through all rules."""
    found = Trace()
    for index, operation in enumerate(operations):
        found.follow(f"operations[{index}]", operation)
    return found


@dataclass(frozen=True, repr=False)
class FieldSeen:
    """What was seen of one field.

    Attributes
    ----------
    path : str
        The field.
    values : int
        How often it holds a value.
    nulls : int
        How often it is null, or an empty list or object.
    """

    path: str
    values: int
    nulls: int


@public
@dataclass(frozen=True, repr=False)
class Description(Shown):
    """What a recipe does with every field.

    Attributes
    ----------
    name, version : str
        Of the recipe.
    fields : dict of str to str
        For each path of the events as they come in, what becomes of it.
    events : tuple of str
        What is done with whole events.
    others : str
        What becomes of fields without a rule.
    unmatched : tuple of str or None
        Fields that were seen and have no rule; None where no events were given.
    seen : tuple of FieldSeen
        Fields that were seen, with how often.
    """

    name: str
    version: str
    fields: dict[str, str]
    events: tuple[str, ...]
    others: str
    unmatched: tuple[str, ...] | None = None
    seen: tuple[FieldSeen, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per field: `path`, `rule`, and what was seen, `values` and `nulls`."""
        import pandas as pd

        seen = {field.path: field for field in self.seen}
        paths = list(dict.fromkeys([*self.fields, *(self.unmatched or ()), *seen]))
        rows = [
            {
                "path": path,
                "rule": self.fields.get(path, ""),
                "values": seen[path].values if path in seen else 0,
                "nulls": seen[path].nulls if path in seen else 0,
            }
            for path in paths
        ]
        return pd.DataFrame(rows, columns=["path", "rule", "values", "nulls"])


def describe(recipe: Recipe, events: Any = None) -> Description:
    """Return what a recipe does with every field; see :meth:`Recipe.describe`."""
    trace = recipe.trace
    fields = {}
    for text, phrases in trace.fields.items():
        output = str(trace.output(parse_path(text)))
        fields[text] = ", then ".join(phrases) + (
            f" (→ {output})" if output != text and "dropped" not in phrases else ""
        )
    whole = tuple(operation.phrase() for operation in recipe.operations if operation._of_events)
    others = "dropped" if trace.only or trace.merged else "refused unless unmatched= is said"
    if events is None:
        return Description(recipe.name, recipe.version, fields, whole, others)
    cover = Cover(cover_tree(trace.covered), drop=False)
    values: dict[str, int] = {}
    nulls: dict[str, int] = {}
    for event in read_events(events):
        _count(event, "", values, nulls)
        cover.check(event)
    seen = tuple(FieldSeen(path, values.get(path, 0), nulls.get(path, 0)) for path in {**values, **nulls})
    return Description(recipe.name, recipe.version, fields, whole, others, tuple(sorted(cover.found)), seen)


def _count(node: Any, at: str, values: dict[str, int], nulls: dict[str, int]) -> None:
    from privkit.events.run.walk import FieldPath

    if type(node) is dict and node:
        if at:
            values[at] = values.get(at, 0) + 1
        for name, value in node.items():
            _count(value, f"{at}.{FieldPath((name,))}" if at else str(FieldPath((name,))), values, nulls)
    elif type(node) is list and node:
        values[at] = values.get(at, 0) + 1
        for item in node:
            _count(item, f"{at}[]", values, nulls)
    else:
        into = nulls if node is None or type(node) in (list, dict) else values
        into[at] = into.get(at, 0) + 1
