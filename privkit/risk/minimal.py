"""Minimal sample uniques: the smallest sets of columns by which a row is alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from privkit.tally.codes import packed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bits = NDArray[np.uint8]
    Subset = tuple[int, ...]

T = TypeVar("T")

#: Bits that fit in a sorted integer.
_BITS = 63
#: Classes from which threads pay for themselves.
_THREADED = 1 << 17
#: What the marks of one size of subsets may take.
_MOST_BYTES = 1 << 30
#: Subsets of one size beyond which the search is not begun.
_MOST_SUBSETS = 2_000_000
#: Tables of counts up to this many cells per class are counted without sorting.
_CELLS = 4


@dataclass
class Minimal:
    """What the search found, size by size.

    Attributes
    ----------
    counts : dict
        For each set of columns that has minimal sample uniques, how many.
    by_size : dict
        For each size, how many of its sets are minimal for each class, an array of int64 of shape (n_classes,).
    unique : dict
        For each set of columns that was searched, how many rows are alone in it.
    searched : int
        Up to which size all sets of columns were searched.
    stopped : str
        Why larger sets were left out; empty where none were.
    """

    counts: dict[Subset, int] = field(default_factory=dict)
    by_size: dict[int, Ints] = field(default_factory=dict)
    unique: dict[Subset, int] = field(default_factory=dict)
    searched: int = 0
    stopped: str = ""


class _TimeOutError(Exception):
    pass


def minimal_uniques(
    codes: Ints,
    sizes: Ints,
    *,
    largest: int,
    seconds: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Minimal:
    r"""Return the minimal sample uniques of each class (Elliot, Manning and Ford 2002; Manning, Haglin and Keane 2008).

    A row is unique on a set S of columns if no other row has its values there; then it is so on every superset. S is
    minimal for the row if it is unique on S and on no S \ {j}. So sizes are walked upwards, keeping for each set of the
    last size one bit per sample unique: whether it is unique there. On S only rows that are unique on no S \ {j} remain
    to be counted: a row that is unique already meets no other on S.

    Parameters
    ----------
    codes : array of int64, shape (n_columns, n_classes)
    sizes : array of int64, shape (n_classes,)
    largest : int
        The largest set of columns to search.
    seconds : float, optional
        After which the search stops; the size that it was at is then left out as a whole.
    progress : function, optional
        Is told how many sets are done, of how many.
    """
    work = _Work(codes, sizes, None if seconds is None else time.monotonic() + seconds)
    found = Minimal()
    columns = len(codes)
    total = sum(comb(columns, size) for size in range(1, largest + 1))
    marks: dict[Subset, Bits] = {}
    done = 0
    for size in range(1, largest + 1):
        if comb(columns, size) > _MOST_SUBSETS or comb(columns, size) * len(work.singles) // 8 > _MOST_BYTES:
            found.stopped = "memory"
            break
        try:
            told = None if progress is None else partial(_told, progress, done, total)
            marks = _level(work, list(combinations(range(columns), size)), marks, found, told)
        except _TimeOutError:
            found.stopped = "time"
            break
        done += len(marks)
        found.searched = size
    return found


def _told(progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _level(
    work: _Work,
    subsets: list[Subset],
    below: dict[Subset, Bits],
    found: Minimal,
    told: Callable[[int], None] | None,
) -> dict[Subset, Bits]:
    """Search all sets of one size, add to `found` when the last of them is done, and return their marks."""

    def one(subset: Subset) -> tuple[Subset, Bits, Ints, int]:
        return subset, *work.search(subset, below)

    marks: dict[Subset, Bits] = {}
    counts, unique = {}, {}
    per_class = np.zeros(work.n_classes, dtype=np.int64)
    for subset, bits, classes, alone in _mapped(one, subsets, work.n_classes):
        marks[subset], unique[subset] = bits, alone
        if len(classes):
            counts[subset] = len(classes)
            per_class[classes] += 1
        if told is not None:
            told(len(marks))
    found.counts.update(counts)
    found.unique.update(unique)
    if counts:
        found.by_size[len(subsets[0])] = per_class
    return marks


def _mapped(function: Callable[[Subset], T], subsets: list[Subset], n_classes: int) -> Iterator[T]:
    if n_classes < _THREADED or (os.cpu_count() or 1) == 1:
        yield from map(function, subsets)
        return
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        yield from pool.map(function, subsets)


class _Work:
    """The classes as packed keys, and the search of one set of columns."""

    def __init__(self, codes: Ints, sizes: Ints, deadline: float | None) -> None:
        self.codes, self.deadline = codes, deadline
        self.n_classes = len(sizes)
        self.singles = np.flatnonzero(sizes == 1)
        self.others = np.flatnonzero(sizes > 1)
        self.widths = [int(column.max(initial=0)) + 1 for column in codes]
        # Sample uniques first: the place of a class then tells whether it is one.
        self.order = np.concatenate([self.singles, self.others])
        self.columns = [np.ascontiguousarray(column[self.order]) for column in codes]
        self.tail = np.arange(len(self.singles), self.n_classes)
        self._pack()

    def _pack(self) -> None:
        """Put all codes and the class's place in one integer, where they fit."""
        self.place_bits = max(self.n_classes - 1, 1).bit_length()
        bits = [max(width - 1, 1).bit_length() for width in self.widths]
        self.keys: Ints | None = None
        if sum(bits) + self.place_bits > _BITS:
            return
        keys, shift, self.masks = np.arange(self.n_classes, dtype=np.int64), self.place_bits, []
        for column, width in zip(self.columns, bits, strict=True):
            keys |= column << shift
            self.masks.append(((1 << width) - 1) << shift)
            shift += width
        self.keys = keys

    def search(self, subset: Subset, below: dict[Subset, Bits]) -> tuple[Bits, Ints, int]:
        """Return the marks of who is unique on `subset`, the classes it is minimal for, and how many are unique."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise _TimeOutError
        n = len(self.singles)
        covered = np.zeros((n + 7) // 8, dtype=np.uint8)
        if len(subset) > 1:
            for place in range(len(subset)):
                covered |= below[subset[:place] + subset[place + 1 :]]
        known = np.unpackbits(covered, count=n).astype(bool)
        if known.all():
            return covered, np.empty(0, dtype=np.int64), n
        new = self._alone(subset, known)
        known[new] = True
        return np.packbits(known), self.singles[new], int(known.sum())

    def _alone(self, subset: Subset, known: NDArray[np.bool_]) -> Ints:
        """Return the places of the sample uniques outside `known` that are alone on `subset`."""
        cells = 1
        for column in subset:
            cells *= self.widths[column]
        if cells <= _CELLS * self.n_classes:
            return self._counted(subset, cells, known)
        left = np.concatenate([np.flatnonzero(~known), self.tail])
        if self.keys is None:
            keys = packed([self.columns[column][left] for column in subset])[0]
            order = np.argsort(keys, kind="stable")
            keys, places = keys[order], left[order]
        else:
            mask = sum(self.masks[column] for column in subset) | ((1 << self.place_bits) - 1)
            ranked = np.sort(self.keys[left] & mask)
            keys, places = ranked >> self.place_bits, ranked & ((1 << self.place_bits) - 1)
        differs = np.concatenate(([True], keys[1:] != keys[:-1], [True]))
        alone = places[differs[1:] & differs[:-1]]
        return np.sort(alone[alone < len(self.singles)])

    def _counted(self, subset: Subset, cells: int, known: NDArray[np.bool_]) -> Ints:
        """Count every cell in a table. A row outside `known` meets nobody of `known`, so all may be counted."""
        key = self.columns[subset[0]]
        for column in subset[1:]:
            key = key * self.widths[column] + self.columns[column]
        alone = np.bincount(key, minlength=cells) == 1
        return np.flatnonzero(alone[key[: len(self.singles)]] & ~known)
