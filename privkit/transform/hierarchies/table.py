"""Hierarchies given as a table: one row per value, one label per level (ARX's CSV form).

A hierarchy drawn as a tree of text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.transform.hierarchies.ladder import STAR, Level
from privkit.values.files import write_whole
from privkit.values.show import printable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Table:
    """Rows of labels; column 0 is the value itself.

    Attributes
    ----------
    rows : tuple of tuple
        ``(value, label at level 1, label at level 2, ...)``.
    names : tuple of str
        The levels' names.
    other : str or None
        The label for values that no row has; None to refuse them.
    """

    rows: tuple[tuple[Any, ...], ...]
    names: tuple[str, ...]
    other: str | None = None

    @classmethod
    def of(
        cls, rows: Iterable[Sequence[Any]], function: str, names: Sequence[str] = (), *, starred: bool = False
    ) -> Table:
        """Check rows: equally long, no value twice with different labels; `starred`: the last level is ``*``."""
        try:
            table = tuple(dict.fromkeys(tuple(row) for row in rows))
        except TypeError:
            raise HierarchyError(f"{function}() needs rows of labels: (value, label at level 1, ...).") from None
        if not table:
            raise HierarchyError.empty(function)
        width = len(table[0])
        for number, row in enumerate(table, start=1):
            if len(row) != width:
                raise HierarchyError.ragged(function, number, len(row), width)
        if doubled := len(table) - len({row[0] for row in table}):
            raise HierarchyError.doubled(function, doubled)
        roots = {row[-1] for row in table}
        if width == 1 or len(roots) > 1 or (starred and roots != {STAR}):
            table = tuple((*row, STAR) for row in table)
        return cls(table, tuple(names) or _names(len(table[0])))

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each value, by its text."""
        return {text(row[0]): place for place, row in enumerate(self.rows)}

    def find(self, values: pd.Index) -> list[int]:
        """Return the row of each value; -1 where there is none."""
        return [self.places.get(text(value), -1) for value in values]

    def levels(self, values: pd.Index, column: str, function: str) -> tuple[list[Level], float]:
        """Lay the table on `values`."""
        found = np.array(self.find(values), dtype=np.int64)
        if (lacking := int((found < 0).sum())) and self.other is None:
            raise HierarchyError.unmapped(function, column, lacking, len(values))
        rows = [*self.rows, (None, *[self.other] * (len(self.names) - 2), self.rows[0][-1])] if lacking else self.rows
        found = np.where(found < 0, len(self.rows), found)
        domain = len(rows)
        levels = []
        for place in range(1, len(self.names)):
            groups: dict[Any, int] = {}
            codes = np.array([groups.setdefault(row[place], len(groups)) for row in rows], dtype=np.int64)
            shares = np.bincount(codes) / domain
            levels.append(Level(self.names[place], codes[found], list(groups), shares))
        return levels, 1 / domain

    def order(self, values: pd.Index) -> list[int]:
        """Return where each value stands in the table."""
        return self.find(values)

    def describe(self) -> list[str]:
        """Return one line per level."""
        groups = [len({row[place] for row in self.rows}) for place in range(len(self.names))]
        return [
            f"{name}: {count} {'group' if count == 1 else 'groups'}"
            for name, count in zip(self.names, groups, strict=True)
        ]


def _names(width: int) -> tuple[str, ...]:
    return ("value", *(f"level {place}" for place in range(1, width - 1)), STAR)


def text(value: Any) -> str:
    """Return the text under which a value is looked up: 39, 39.0 and "39" are one.

    Examples
    --------
    >>> text(39.0), text("39"), text(True)
    ('39', '39', 'True')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def read_rows(path: str | Path, sep: str, encoding: str) -> list[list[str]]:
    """Read a hierarchy file: no header, column 0 the value."""
    content = Path(path).read_text(encoding=encoding).removeprefix("\ufeff")
    return [row for row in csv.reader(io.StringIO(content), delimiter=sep) if row]


def write_rows(path: str | Path, rows: Iterable[Sequence[Any]], sep: str, encoding: str) -> None:
    """Write a hierarchy file that `read_rows` and ARX read."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=sep, lineterminator="\n").writerows([[text(cell) for cell in row] for row in rows])
    write_whole(path, buffer.getvalue(), encoding=encoding)


def from_tree(tree: Mapping[Any, Any] | Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a tree of nested mappings whose leaves are lists of values.

    Shorter branches repeat their lowest group's label, so that every value has one label per level.

    Examples
    --------
    >>> from_tree({"work": {"paid": ["private", "state"], "unpaid": ["family"]}})
    [('private', 'paid', 'work'), ('state', 'paid', 'work'), ('family', 'unpaid', 'work')]
    """
    paths: list[tuple[Any, ...]] = []

    def walk(node: Any, above: tuple[Any, ...]) -> None:
        if isinstance(node, Mapping):
            for label, child in node.items():
                walk(child, (label, *above))
        else:
            paths.extend(
                (leaf, *above) for leaf in ([node] if isinstance(node, str) or not isinstance(node, Iterable) else node)
            )

    try:
        walk(tree, ())
    except RecursionError:
        raise HierarchyError("Hierarchy.from_tree() got a tree that is nested too deeply.") from None
    depth = max((len(path) for path in paths), default=0)
    return [(path[0], *[path[1] if len(path) > 1 else path[0]] * (depth - len(path)), *path[1:]) for path in paths]


def drawn(rows: Sequence[Sequence[Any]], limit: int) -> str:
    """Return the tree of rows ``(value, level 1, ..., top)``, at most `limit` lines.

    Examples
    --------
    >>> print(drawn([("a", "x", "*"), ("b", "x", "*"), ("c", "y", "*")], 10))
    *
    ├── x
    │   ├── a
    │   └── b
    └── y
        └── c
    """
    tree: dict[Any, Any] = {}
    for row in rows:
        node = tree
        for label in reversed(row):
            node = node.setdefault("missing" if label is None else printable(text(label)), {})
    lines: list[str] = []
    _draw(tree, "", lines, top=True)
    more = [f"... and {len(lines) - limit} more lines: .show(limit={len(lines)})"] if len(lines) > limit else []
    return "\n".join([*lines[:limit], *more])


def _draw(node: dict[Any, Any], indent: str, lines: list[str], *, top: bool = False) -> None:
    for place, (label, children) in enumerate(node.items()):
        last = place == len(node) - 1
        lines.append(label if top else f"{indent}{'└── ' if last else '├── '}{label}")
        _draw(children, indent if top else indent + ("    " if last else "│   "), lines)
