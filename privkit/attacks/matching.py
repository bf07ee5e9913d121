"""Which shared rows fit a person, and which lie nearest: what the attacks on tables are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.columns import Column

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float32]

#: Cells of one block of a table of persons and classes, or of distances.
_BLOCK = 30_000_000


@dataclass(frozen=True, eq=False)
class Targets:
    """Persons whom an attacker looks for, by what he knows of them.

    Attributes
    ----------
    values : array of int64, shape (n_targets, n_columns)
        Their values' codes.
    places : array of float32, shape (n_targets, n_dimensions)
        Where they stand.
    own : array of int64, shape (n_targets,), or None
        The shared row that is each one's, -1 for none; None where nobody knows.
    """

    values: Ints
    places: Floats
    own: Ints | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, eq=False)
class Rows:
    """A table that an attacker sees.

    Attributes
    ----------
    cells : array of int64, shape (n_rows, n_columns)
    places : array of float32, shape (n_rows, n_dimensions)
    """

    cells: Ints
    places: Floats

    def __len__(self) -> int:
        return len(self.cells)


@dataclass(frozen=True, eq=False)
class Fit:
    """Which classes of rows each target fits, by some columns.

    Attributes
    ----------
    target, found : array of int64, shape (n_pairs,)
        Each pair of a target and a class that it fits.
    class_of : array of int64, shape (n_rows,)
        Each row's class.
    first : array of int64, shape (n_classes,)
        A row of each.
    sizes : array of int64, shape (n_classes,)
    n_targets : int
    """

    target: Ints
    found: Ints
    class_of: Ints
    first: Ints
    sizes: Ints
    n_targets: int

    @cached_property
    def rows(self) -> Ints:
        """How many rows fit each target; shape (n_targets,)."""
        return np.bincount(self.target, self.sizes[self.found], minlength=self.n_targets).astype(np.int64)


def fitting(columns: Sequence[Column], places: Sequence[int], targets: Targets, table: Rows) -> Fit:
    """Return which rows fit each target by the columns at `places`. Codes in, codes out: it reads no rows."""
    theirs = [table.cells[:, place] for place in places]
    mine = [columns[place].cell_of[targets.values[:, place]] for place in places]
    loose = [place for place in places if columns[place].fits is not None]
    keys, _ = packed([np.concatenate(both) for both in zip(theirs, mine, strict=True)])
    _, first, class_of, sizes = np.unique(
        keys[: len(table)], return_index=True, return_inverse=True, return_counts=True
    )
    if not loose:
        distinct = keys[: len(table)][first]
        wanted = keys[len(table) :]
        at = np.minimum(np.searchsorted(distinct, wanted), max(len(distinct) - 1, 0))
        hit = distinct[at] == wanted if len(distinct) else np.zeros(len(wanted), dtype=bool)
        return Fit(np.flatnonzero(hit), at[hit], class_of, first, sizes, len(targets))
    target, found = _loosely(columns, places, targets, table.cells[first])
    return Fit(target, found, class_of, first, sizes, len(targets))


def _loosely(columns: Sequence[Column], places: Sequence[int], targets: Targets, classes: Ints) -> tuple[Ints, Ints]:
    """Return the pairs of targets and classes that fit, where a value may fit several cells."""
    step = max(1, _BLOCK // max(len(classes), 1))
    pairs = []
    for start in range(0, len(targets), step):
        block = targets.values[start : start + step]
        good = np.ones((len(block), len(classes)), dtype=bool)
        for place in places:
            column, cells = columns[place], classes[:, place]
            values, back = np.unique(block[:, place], return_inverse=True)
            one = column.cell_of[values][:, None] == cells if column.fits is None else column.fits[values][:, cells]
            good &= one[back]
        here, there = np.nonzero(good)
        pairs.append((here + start, there))
    return np.concatenate([a for a, _ in pairs]), np.concatenate([b for _, b in pairs])


@dataclass(frozen=True, eq=False)
class Near:
    """The two nearest rows of each target: their distances, and which the nearest is."""

    first: Floats
    second: Floats
    row: Ints

    def beside(self, other: Near) -> Near:
        """Return the two nearest of two sets of rows."""
        nearer = other.first < self.first
        first = np.where(nearer, other.first, self.first)
        second = np.minimum(np.maximum(self.first, other.first), np.minimum(self.second, other.second))
        return Near(first, second, np.where(nearer, other.row, self.row))


def nearest(targets: Floats, rows: Floats, edges: Sequence[int] = ()) -> list[Near]:
    """Return the two nearest rows of each target among the rows up to each of `edges`, ascending; by default all.

    Distances are Euclidean, of matrix products in blocks. It reads no rows. O(n · m · d).
    """
    ends = [*edges] or [len(rows)]
    step = max(1, _BLOCK // max(len(rows), 1))
    squares = np.einsum("ij,ij->i", rows, rows)
    found: list[list[Near]] = [[] for _ in ends]
    for start in range(0, len(targets), step):
        block = targets[start : start + step]
        apart = squares - 2 * (block @ rows.T)
        apart += np.einsum("ij,ij->i", block, block)[:, None]
        before, so_far = 0, _nothing(len(block))
        for place, end in enumerate(ends):
            if end > before:
                so_far = so_far.beside(_two(apart[:, before:end], before))
            before = max(before, end)
            found[place].append(so_far)
    return [
        Near(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("first", "second", "row")))
        if parts else _nothing(0)
        for parts in found
    ]  # fmt: skip


def _nothing(count: int) -> Near:
    far = np.full(count, np.inf, dtype=np.float32)
    return Near(far, far, np.full(count, -1, dtype=np.int64))


def _two(squared: Floats, start: int) -> Near:
    """Return the least and the second least distance in each row of a block, which is used up."""
    every = np.arange(len(squared))
    row = squared.argmin(axis=1)
    first = squared[every, row].copy()
    squared[every, row] = np.inf
    second = squared.min(axis=1)
    squared[every, row] = first
    return Near(_rooted(first), _rooted(second), row + start)


#: Squared distances are told to so many digits: what is less is rounding, and would tell ties apart at random.
_DIGITS = 5


def _rooted(squared: Floats) -> Floats:
    return np.sqrt(np.maximum(np.round(squared, _DIGITS), 0))
