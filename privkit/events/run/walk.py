r"""Reaching fields in events: a path becomes a closure once, and the closure meets every event.

Null is left alone everywhere: there is nothing in it to change. Where the way to a field is missing, null, or of
another kind than the path says, nothing is done: whether such a place is covered is asked elsewhere
(:mod:`privkit.events.run.run`).

Paths of fields in nested events: ``shipping.zip``, ``products[].price``, ``tags[]``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from privkit.errors.events import PathError


@dataclass(frozen=True, slots=True)
class FieldPath:
    r"""Where a field is: names, and None for "every element of the list".

    Examples
    --------
    >>> parse_path("products[].price").steps
    ('products', None, 'price')
    >>> str(FieldPath(("products", None, "unit.price")))
    'products[].unit\\.price'
    """

    steps: tuple[str | None, ...]

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            text += "[]" if step is None else f"{'.' if text else ''}{_escaped(step)}"
        return text

    @property
    def name(self) -> str | None:
        """The last step; None where the path ends with ``[]``."""
        return self.steps[-1]

    @property
    def lists(self) -> int:
        """How many lists lie on the way."""
        return self.steps.count(None)

    def below(self, other: FieldPath) -> bool:
        """Whether this is `other` or lies inside it."""
        return self.steps[: len(other.steps)] == other.steps

    def head(self, lists: int) -> tuple[str | None, ...]:
        """Return the steps up to and with the `lists`-th ``[]``."""
        at = 0
        for _ in range(lists):
            at = self.steps.index(None, at) + 1
        return self.steps[:at]

    def template(self) -> str:
        """Return the path as a template for positions in its lists: ``products[%d].price``."""
        return str(self).replace("%", "%%").replace("[]", "[%d]")


def _escaped(name: str) -> str:
    return "".join(f"\\{char}" if char in "\\.[]" else char for char in name)


@lru_cache(maxsize=1024)
def parse_path(text: str) -> FieldPath:
    r"""Read a path. A dot, bracket or backslash in a name is written with a backslash before it.

    Raises
    ------
    PathError
        If it is no path.

    Examples
    --------
    >>> parse_path(r"unit\.price").steps
    ('unit.price',)
    """
    if not isinstance(text, str):
        raise PathError.of(text, "it must be text")
    steps: list[str | None] = []
    name, at, open_name = "", 0, True
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            name, at = name + text[at + 1], at + 1
        elif char in ".[":
            if open_name:
                _take(steps, name, text)
            name, open_name = "", char == "."
            if char == "[":
                at = _bracket(text, at)
                steps.append(None)
        elif char == "]" or not open_name:
            raise PathError.of(text, "brackets stand as '[]', with a dot after them")
        else:
            name += char
        at += 1
    if open_name:
        _take(steps, name, text)
    return FieldPath(tuple(steps))


def _take(steps: list[str | None], name: str, text: str) -> None:
    if not name:
        raise PathError.of(text, "a name is empty")
    steps.append(name)


def _bracket(text: str, at: int) -> int:
    if text[at : at + 2] != "[]":
        raise PathError.of(text, "a rule holds for every element of a list, written '[]'")
    return at + 1


#: Changes an event in place; False drops it.
Step: TypeAlias = Callable[[dict[str, Any]], "bool | None"]
#: From a value to the value in its place.
Change: TypeAlias = Callable[[Any], Any]
#: From a value, the value it goes by, and the positions in the lists on the way.
ChangeBy: TypeAlias = Callable[[Any, Any, tuple[int, ...]], Any]
#: How many texts are remembered by one rule while it runs.
_CACHE = 1 << 13


def each_value(path: FieldPath, change: Change, count: list[int]) -> Step:
    """Return a step that replaces every value at `path` by ``change(value)`` and counts them."""
    match path.steps:
        case (str(name),):
            return _flat(name, change, count)
        case (str(outer), str(name)):
            return _inside(outer, _flat(name, change, count))
        case (str(outer), None, str(name)):
            return _in_list(outer, _flat(name, change, count))
    return each_place(path, _replacing(change, count))


def _flat(name: str, change: Change, count: list[int]) -> Step:
    def step(event: dict[str, Any]) -> None:
        value = event.get(name)
        if value is not None:
            event[name] = change(value)
            count[0] += 1

    return step


def _inside(outer: str, inner: Step) -> Step:
    def step(event: dict[str, Any]) -> None:
        branch = event.get(outer)
        if type(branch) is dict:
            inner(branch)

    return step


def _in_list(outer: str, inner: Step) -> Step:
    def step(event: dict[str, Any]) -> None:
        items = event.get(outer)
        if type(items) is list:
            for item in items:
                if type(item) is dict:
                    inner(item)

    return step


def each_item(path: FieldPath, inner: Callable[[FieldPath], Step]) -> Step | None:
    """Return ``inner`` for the last name of a path of one of the usual shapes, reached without recursion; else None."""
    match path.steps:
        case (str(),):
            return inner(path)
        case (str(outer), str(name)):
            return _inside(outer, inner(FieldPath((name,))))
        case (str(outer), None, str(name)):
            return _in_list(outer, inner(FieldPath((name,))))
    return None


def _replacing(change: Change, count: list[int]) -> Callable[[Any, Any], None]:
    def visit(parent: Any, at: Any) -> None:
        value = parent[at]
        if value is not None:
            parent[at] = change(value)
            count[0] += 1

    return visit


def each_place(path: FieldPath, visit: Callable[[Any, Any], None]) -> Step:
    """Return a step that calls ``visit(parent, name or index)`` for every place that `path` names and the event has."""
    if len(path.steps) == 1:
        name = path.steps[0]

        def top(event: dict[str, Any]) -> None:
            if name in event:
                visit(event, name)

        return top
    return lambda event: _descend(event, path.steps, visit)


def _descend(node: Any, steps: tuple[str | None, ...], visit: Callable[[Any, Any], None]) -> None:
    step, rest = steps[0], steps[1:]
    if step is None:
        if type(node) is list:
            for index in range(len(node)):
                visit(node, index) if not rest else _descend(node[index], rest, visit)
    elif type(node) is dict and step in node:
        visit(node, step) if not rest else _descend(node[step], rest, visit)


def each_parent(path: FieldPath, visit: Callable[[dict[str, Any]], None]) -> Step:
    """Return a step that calls ``visit(parent)`` for every object that may hold the field `path` names."""
    if len(path.steps) == 1:
        return visit
    above = FieldPath(path.steps[:-1])

    def at(parent: Any, key: Any) -> None:
        if type(parent[key]) is dict:
            visit(parent[key])

    return each_place(above, at)


def each_value_by(path: FieldPath, by: FieldPath | None, change: ChangeBy, count: list[int]) -> Step:
    """Return a step that replaces every value at `path` by ``change(value, value at by, positions)``.

    `by` is read anew in each element of the lists that both paths share; None where there is none.
    """
    if (quick := _quick_by(path, by, change, count)) is not None:
        return quick
    level = by.lists if by is not None else 0
    shared = path.head(level)
    read = reader(FieldPath(by.steps[len(shared) :])) if by is not None else _nothing

    def descend(node: Any, steps: tuple[str | None, ...], key: Any, to_shared: int, at: tuple[int, ...]) -> None:
        if to_shared == 0:
            key = read(node)
        step, rest = steps[0], steps[1:]
        for place, where in _places(node, step, at):
            if rest:
                descend(node[place], rest, key, to_shared - 1, where)
            elif node[place] is not None:
                node[place] = change(node[place], key, where)
                count[0] += 1

    return lambda event: descend(event, path.steps, None, len(shared), ())


def _quick_by(path: FieldPath, by: FieldPath | None, change: ChangeBy, count: list[int]) -> Step | None:
    """Return the same step without recursion, for the usual shapes: one name, or a name in a list of objects."""
    if by is None or by.lists == 0:
        read = _nothing if by is None else reader(by)
        match path.steps:
            case (str(name),):

                def flat(event: dict[str, Any]) -> None:
                    value = event.get(name)
                    if value is not None:
                        event[name] = change(value, read(event), ())
                        count[0] += 1

                return flat
            case (str(outer), None, str(name)):

                def in_list(event: dict[str, Any]) -> None:
                    items = event.get(outer)
                    if type(items) is list:
                        key = read(event)
                        for index, item in enumerate(items):
                            if type(item) is dict and (value := item.get(name)) is not None:
                                item[name] = change(value, key, (index,))
                                count[0] += 1

                return in_list
    return None


def _places(node: Any, step: str | None, at: tuple[int, ...]) -> list[tuple[Any, tuple[int, ...]]]:
    if step is None:
        return [(index, (*at, index)) for index in range(len(node))] if type(node) is list else []
    return [(step, at)] if type(node) is dict and step in node else []


def _nothing(node: Any) -> None:
    return None


def reader(path: FieldPath) -> Change:
    """Return a function that reads the one value at a path without lists; None where it is missing."""
    names = path.steps
    if len(names) == 1:
        name = names[0]
        return lambda node: node.get(name) if type(node) is dict else None

    def read(node: Any) -> Any:
        for name in names:
            if type(node) is not dict:
                return None
            node = node.get(name)
        return node

    return read


def values_at(node: Any, steps: tuple[str | None, ...]) -> list[Any]:
    """Return all values at a path, null included."""
    if not steps:
        return [node]
    step, rest = steps[0], steps[1:]
    if step is None:
        return [value for item in node for value in values_at(item, rest)] if type(node) is list else []
    return values_at(node[step], rest) if type(node) is dict and step in node else []


def for_texts(change: Change) -> Change:
    """Return the same function, which remembers what it gave for texts (1, 1.0 and True are one key of a dict)."""
    known: dict[str, Any] = {}

    def remembered(value: Any) -> Any:
        if type(value) is not str:
            return change(value)
        found = known.get(value)
        if found is None:
            if len(known) >= _CACHE:
                known.clear()
            found = known[value] = change(value)
        return found

    return remembered
