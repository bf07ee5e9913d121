"""A hierarchy's levels on the values of one column; and hierarchies that come as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FileError
from privkit.errors.anonymity import HierarchyError
from privkit.errors.calls import called
from privkit.tally.classes import STAR  # the label of what is wholly generalized
from privkit.values.files import line_end, write_whole
from privkit.values.show import printable

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Level:
    """One level, on the distinct values of a column.

    Attributes
    ----------
    name : str
        What the level is called.
    codes : array of int64, shape (n_values,)
        The group of each value.
    labels : list, length n_groups
        The label of each group, in the hierarchy's order.
    shares : array of float64, shape (n_groups,)
        The share of the domain that the group covers, in (0, 1].
    words : str
        What the level leaves of a value: "first two digits". In a ladder no other level has this name or these words.
    """

    name: str
    codes: NDArray[np.int64]
    labels: list[Any]
    shares: NDArray[np.float64]
    words: str


def top(n_values: int) -> Level:
    """Return the level at which all values are one."""
    return Level(STAR, np.zeros(n_values, dtype=np.int64), [STAR], np.ones(1), "hidden")


@dataclass(frozen=True, eq=False)
class Ladder:
    """The levels of one column, from the raw values (level 0) upwards.

    Attributes
    ----------
    column : str
        The column.
    values : pandas.Index, shape (n_values,)
        Its distinct values; missing, where it occurs, is the last.
    levels : tuple of Level
        Level 0 holds the values themselves.
    base : float
        The share of a single raw value, which counts as no loss.
    """

    column: str
    values: pd.Index
    levels: tuple[Level, ...]
    base: float

    @cached_property
    def n_levels(self) -> int:
        """How many levels there are, the raw values included."""
        return len(self.levels)

    @property
    def leaves(self) -> float:
        """How many raw values the domain has."""
        return 1 / self.base if self.base else float(max(len(self.values), 1))

    def lost(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what cells that cover such shares of the domain lost: none where one covers no more than a value."""
        return (share - self.base) / (1 - self.base) if self.base < 1 else 0.0 * share

    @cached_property
    def nested(self) -> NDArray[np.bool_]:
        """Whether each group of level i lies within one group of level j; shape (n_levels, n_levels)."""
        answer = np.eye(self.n_levels, dtype=bool)
        for fine in range(self.n_levels):
            for coarse in range(fine + 1, self.n_levels):
                answer[fine, coarse] = _within(self.levels[fine].codes, self.levels[coarse].codes)
        return answer

    @cached_property
    def fields(self) -> tuple[tuple[NDArray[np.int64], int], ...]:
        """For each level the bits that tell a group from its siblings, per value, and how many bits they are.

        A level's group is known from its own field together with the fields of the levels that it nests in.
        In a tree that is the path from the root; a level that nests in no other but the top (weeks, say)
        gets a field that stands alone.
        """
        fields: list[tuple[NDArray[np.int64], int]] = [(np.empty(0, np.int64), 0)] * self.n_levels
        for place in reversed(range(self.n_levels)):
            code = self.levels[place].codes
            above = [p for p in range(place + 1, self.n_levels) if self.nested[place, p]]
            rank = _rank_within(code, self.levels[above[0]].codes if above else np.zeros_like(code))
            fields[place] = (rank, int(rank.max(initial=0)).bit_length())
        return tuple(fields)

    @cached_property
    def width(self) -> int:
        """How many bits the fields of a value take together."""
        return sum(bits for _, bits in self.fields)

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """The fields of each value side by side in one integer, where they fit."""
        keys, shift = np.zeros(len(self.values), dtype=np.int64), 0
        for rank, bits in self.fields:
            keys |= rank << shift
            shift += bits
        return keys

    def number(self, level: object) -> int:
        """Return a level's number, given by number, by name, or in the words for what it leaves of a value.

        Raises
        ------
        HierarchyError
            If there is none.
        """
        names = [step.name for step in self.levels]
        if isinstance(level, str) and level.startswith("width ") and level not in names:
            level = f"intervals of {level.removeprefix('width ')}"  # as such levels were called once
        for told in (names, [step.words for step in self.levels]):
            if isinstance(level, str) and level in told:
                return told.index(level)
        if isinstance(level, int | np.integer) and not isinstance(level, bool) and -len(names) <= level < len(names):
            return int(level) % len(names)
        raise HierarchyError.level(self.column, level, names)

    def groups(self, levels: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the group of each value, given by its code, at a level of its own; numbered from level to level."""
        offsets = np.cumsum([0, *[len(step.labels) for step in self.levels]])
        return offsets[levels] + np.array([step.codes for step in self.levels])[levels, values]

    def categories(self, level: int, values: NDArray[np.int64], index: pd.Index) -> pd.Series:
        """Return the labels of values, given by their codes, as categories in the hierarchy's order."""
        import pandas as pd

        step = self.levels[level]
        codes = step.codes[values]
        there = np.flatnonzero(np.bincount(codes, minlength=len(step.labels)))  # NumPy's unique of so few is slow
        used = np.array([code for code in there if step.labels[code] is not None], dtype=np.int64)
        place = np.full(len(step.labels), -1, dtype=np.int64)
        place[used] = np.arange(len(used))
        shown = [step.labels[code] for code in used]
        try:
            labels = pd.Index(shown, dtype=None if shown else object)
        except UnicodeEncodeError:  # half a character is no text for Arrow
            labels = pd.Index(shown, dtype=object)
        return pd.Series(pd.Categorical.from_codes(place[codes], categories=labels, ordered=True), index=index)


def worded(levels: Sequence[Level]) -> tuple[Level, ...]:
    """Return the levels with words that mean one of them each: those that another has too tell the level's number."""
    answer: list[Level] = []
    for place, step in enumerate(levels):
        taken = {one.words for one in answer} | {one.name for one in levels if one is not step}
        words = step.words
        while words in taken:
            words += f" (level {place})"
        answer.append(replace(step, words=words))
    return tuple(answer)


def _within(fine: NDArray[np.int64], coarse: NDArray[np.int64]) -> bool:
    first = np.zeros(int(fine.max(initial=-1)) + 1, dtype=np.int64)
    first[fine] = coarse
    return bool((first[fine] == coarse).all())


def _rank_within(code: NDArray[np.int64], parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each group's number among the groups of the same parent."""
    width = int(code.max(initial=0)) + 1
    pairs, place = np.unique(parent * width + code, return_inverse=True)
    owner = pairs // width
    start = np.searchsorted(owner, owner)
    return (np.arange(len(pairs)) - start)[place].astype(np.int64)


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
    def of(cls, rows: Iterable[Sequence[Any]], names: Sequence[str] = (), *, starred: bool = False) -> Table:
        """Check rows: equally long, no value twice with different labels; `starred`: the last level is ``*``."""
        try:
            table = tuple(dict.fromkeys(tuple(row) for row in rows))
        except TypeError:
            raise HierarchyError(f"{called()} needs rows of labels: (value, label at level 1, ...).") from None
        if not table:
            raise HierarchyError.empty()
        width = len(table[0])
        for number, row in enumerate(table, start=1):
            if len(row) != width:
                raise HierarchyError.ragged(number, len(row), width)
        if doubled := len(table) - len({row[0] for row in table}):
            raise HierarchyError.doubled(doubled)
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
        return [self.places.get(text(value), -1) for value in values.tolist()]

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Lay the table on `values`."""
        found = np.array(self.find(values), dtype=np.int64)
        if (lacking := int((found < 0).sum())) and self.other is None:
            raise HierarchyError.unmapped(column, lacking, len(values))
        rows = [*self.rows, (None, *[self.other] * (len(self.names) - 2), self.rows[0][-1])] if lacking else self.rows
        found = np.where(found < 0, len(self.rows), found)
        laid = _laid(rows) if lacking else self._laid
        levels = [
            Level(self.names[place], codes[found], list(groups), shares, self._words(place, groups))
            for place, (codes, groups, shares) in enumerate(laid, start=1)
        ]
        return levels, 1 / len(rows)

    @cached_property
    def _laid(self) -> list[tuple[NDArray[np.int64], dict[Any, int], NDArray[np.float64]]]:
        return _laid(self.rows)

    def _words(self, place: int, groups: Mapping[Any, int]) -> str:
        """Return the name that a level was given, or how many groups it has."""
        if list(groups) == [STAR]:
            return "hidden"
        if self.names[place] != _names(len(self.names))[place]:
            return self.names[place]
        return f"{len(groups)} {'group' if len(groups) == 1 else 'groups'}"

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


def _laid(rows: Sequence[tuple[Any, ...]]) -> list[tuple[NDArray[np.int64], dict[Any, int], NDArray[np.float64]]]:
    """Return for each level above the values the group of each row, the number of each label, and each one's share."""
    answer = []
    for labels in list(zip(*rows, strict=True))[1:]:
        groups: dict[Any, int] = {}
        codes = np.array([groups.setdefault(label, len(groups)) for label in labels], dtype=np.int64)
        answer.append((codes, groups, np.bincount(codes) / len(rows)))
    return answer


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
    try:
        with Path(path).open(encoding=encoding, newline="") as file:  # a line's end within quotes is a value's
            content = file.read().removeprefix("\ufeff")
    except (UnicodeError, LookupError):
        content = None
    except (OSError, ValueError) as error:  # the latter of a name that no file can have
        why = getattr(error, "strerror", None) or "no file has such a name"
        hint = "A text names a file in ARX's form; pk.Hierarchy makes hierarchies by rules."
        raise FileError.of(Path(path).name, f"it cannot be read as a hierarchy ({why})", hint) from None
    if content is None:  # outside: what Python says holds bytes of the file
        raise HierarchyError.encoding(encoding)
    return [row for row in csv.reader(io.StringIO(content, newline=""), delimiter=sep) if row]


def write_rows(path: str | Path, rows: Iterable[Sequence[Any]], sep: str, encoding: str) -> None:
    """Write a hierarchy file that `read_rows` and ARX read."""
    buffer = io.StringIO()
    cells = [[text(cell) for cell in row] for row in rows]
    end = line_end(cell for row in cells for cell in row)
    csv.writer(buffer, delimiter=sep, lineterminator=end).writerows(cells)
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
