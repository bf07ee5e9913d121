"""The equivalence classes of a node: rolled up from the smallest finer classes already known.

Orders in which nodes of a lattice are looked at, and sums that all of them have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.coding import first_rows, key_hashes
from privkit.tally.codes import grouped, in_order, starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Part
    from privkit.tally.classes import Members
    from privkit.transform.search.coding import Coding

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def middles(low: int, high: int) -> list[int]:
    """Return the numbers from low to high, the middle first, then the middles of both halves, and so on.

    Examples
    --------
    >>> middles(0, 6)
    [3, 1, 5, 0, 2, 4, 6]
    """
    answer, spans = [], [(low, high)]
    while spans:
        first, last = spans.pop(0)
        if first > last:
            continue
        middle = (first + last) // 2
        answer.append(middle)
        spans += [(first, middle - 1), (middle + 1, last)]
    return answer


def outer_sum(columns: Sequence[Floats]) -> Floats:
    """Return the array of all sums of one entry per column."""
    total = np.zeros(())
    for column in columns:
        total = np.add.outer(total, column)
    return np.asarray(total)


_KEPT = 96
#: Classes are kept where they are so much fewer than those they were made from.
_SMALLER = 0.7
#: One column in how many makes a stem, and how many stems are kept.
_STEM, _STEMS = 3, 256
_DENSE_BITS = 16
#: Places per class where classes are counted by a hash.
_ROOM = 2


@dataclass(frozen=True, eq=False)
class Classes:
    """Classes in ascending order of their keys.

    Attributes
    ----------
    node : tuple of int
        The levels.
    keys, sizes : arrays of int64, shape (n_classes,)
        The class's key (with other columns' values left out) and its rows.
    entries : dict
        Per other column ``(keys << bits | value, counts)``, in ascending order.
    bits : dict
        The width of each other column's value.
    people : dict, optional
        Per criterion on a population, the persons that fit each class; else it is looked up by `node`.
    labels : array of int64, shape (n_columns, n_classes), optional
        The label of each class in each column, as a code; else it is looked up by `node`.
    """

    node: tuple[int, ...]
    keys: Ints
    sizes: Ints
    entries: dict[str, tuple[Ints, Ints]]
    bits: dict[str, int]
    widths: dict[str, int]
    people: Mapping[Part, Ints] | None = None
    labels: Ints | None = None

    def matrix(self, column: str, chosen: NDArray[np.bool_]) -> Ints:
        """Return the rows of each value in the chosen classes, shape (n_chosen, n_values)."""
        class_of, value, counts = self.sparse(column)
        place = np.cumsum(chosen) - 1
        known = chosen[class_of]
        dense = np.zeros((int(chosen.sum()), self.widths[column]), dtype=np.int64)
        dense[place[class_of[known]], value[known]] = counts[known]
        return dense

    def members(self, column: str, coding: Coding) -> Members:
        """Return the persons of each class, by a column of ids."""
        return coding.others[column].members(*self.sparse(column))

    def counts(self, column: str | None, coding: Coding) -> Ints:
        """Return the persons of each class, by a column of ids; its rows where there is none."""
        return self.sizes if column is None else self.members(column, coding).counts(len(self.sizes))

    def sparse(self, column: str) -> tuple[Ints, Ints, Ints]:
        """Return class, value and rows of each entry."""
        keys, counts = self.entries[column]
        if not len(keys):
            return keys, keys, counts
        owner = keys >> self.bits[column]
        class_of = np.cumsum(np.concatenate(([0], (owner[1:] != owner[:-1]).astype(np.int64))))
        return class_of, keys & ((1 << self.bits[column]) - 1), counts


class Rollup:
    """Groups the combinations of a `Coding` at any node, from the smallest finer classes that it keeps."""

    def __init__(self, coding: Coding) -> None:
        self.coding = coding
        self.bits = {name: max(len(other.values) - 1, 1).bit_length() for name, other in coding.others.items()}
        self.widths = {name: max(len(other.values), 1) for name, other in coding.others.items()}
        self.packed = coding.is_packed and coding.bits + max(self.bits.values(), default=0) <= 62
        self._count_bits = max(coding.n_rows, 1).bit_length()
        self._nested = tuple(ladder.nested for ladder in coding.ladders)
        self._trees = all(bool(np.triu(nested).sum() == np.triu(np.ones_like(nested)).sum()) for nested in self._nested)
        self._nodes = np.zeros((_KEPT, len(coding.shape)), dtype=np.int64)
        self._rows = np.zeros(_KEPT, dtype=np.int64)
        self._kept: list[Classes] = []
        self._stems: dict[tuple[int, ...], Classes] = {}
        self._tables: dict[tuple[int, int], NDArray[np.float64]] = {}
        self._lookups: dict[tuple[int, int], tuple[Ints, Ints]] = {}

    @cached_property
    def raw(self) -> Classes:
        """The combinations themselves."""
        if not self.packed:
            return self._wide((0,) * len(self.coding.shape))
        return self._raw

    @cached_property
    def _raw(self) -> Classes:
        keys, order = in_order(self.coding.keys)
        node, sizes = (0,) * len(self.coding.shape), self.coding.counts[order]
        return Classes(node, keys, sizes, self._entries(self.coding.keys), self.bits, self.widths)

    def _entries(self, keys: Ints) -> dict[str, tuple[Ints, Ints]]:
        """Return the entries of each other column by the keys of the combinations."""
        return {
            name: grouped((keys[other.combo_of] << self.bits[name]) | other.value_of, other.counts)
            for name, other in self.coding.others.items()
        }

    @cached_property
    def _telling(self) -> list[int]:
        """The columns of stems: those that tell most, by their entropy, first."""
        entropies = []
        for ladder, codes in zip(self.coding.ladders, self.coding.combos, strict=True):
            rows = np.bincount(codes, weights=self.coding.counts, minlength=len(ladder.values))
            shares = rows[rows > 0] / max(self.coding.n_rows, 1)
            entropies.append(float((shares * np.log(shares)).sum()))
        return np.argsort(entropies, kind="stable").tolist()[: -(-len(entropies) // _STEM)]

    def at(self, node: Sequence[int]) -> Classes:
        """Return the classes of `node`, and keep them for later roll-ups where that pays."""
        node = tuple(int(level) for level in node)
        if not self.packed:
            return self._wide(node)
        base = self._base(node)
        classes = self.merged(base, node)
        if len(classes.keys) < _SMALLER * len(base.keys):
            self._keep(classes)
        return classes

    def lost_at_least(self, node: Sequence[int], least: int) -> int:
        """Return a number of rows that a node's classes of fewer than `least` hold together, or more.

        Classes are counted by a hash of their keys, which may put several together: those that are counted apart, or
        with others that are few, are no larger.
        """
        if not self.packed or least < 2:
            return 0
        node = tuple(int(level) for level in node)
        base = self._base(node)
        width = (_ROOM * len(base.keys)).bit_length()
        places = key_hashes(base.keys & self.coding.mask(node), width)
        rows = np.bincount(places, weights=base.sizes, minlength=1 << width)
        return int(rows[rows < least].sum())

    def _base(self, node: tuple[int, ...]) -> Classes:
        return min(self._smallest(node), self._stem(node), key=lambda classes: len(classes.keys))

    def merged(self, base: Classes, node: tuple[int, ...]) -> Classes:
        """Return the classes of `node` from those of a node that nests in it."""
        if not self.packed:
            return self._wide(node)
        mask = self.coding.mask(node)
        widths = (self.coding.bits, self._count_bits)
        entries, keys, sizes = {}, None, None
        for name, (entry_keys, counts) in base.entries.items():
            bits = self.bits[name]
            masked = entry_keys & ((mask << bits) | ((1 << bits) - 1))
            entry = grouped(masked, counts, (widths[0] + bits, widths[1]), runs=True)
            entries[name] = entry
            if keys is None:
                owner = entry[0] >> bits
                first = starts(owner)
                keys, sizes = owner[first], np.add.reduceat(entry[1], first) if len(first) else entry[1]
        if keys is None or sizes is None:
            keys, sizes = grouped(base.keys & mask, base.sizes, widths, runs=True)
        return Classes(node, keys, sizes, entries, self.bits, self.widths)

    def _smallest(self, node: tuple[int, ...]) -> Classes:
        count = len(self._kept)
        if not count:
            return self._raw
        nodes = self._nodes[:count]
        if self._trees:
            finer = (nodes <= np.array(node)).all(axis=1)
        else:
            finer = np.ones(count, dtype=bool)
            for place, level in enumerate(node):
                finer &= self._nested[place][nodes[:, place], level]
        if not finer.any():
            return self._raw
        return self._kept[int(np.where(finer, self._rows[:count], np.iinfo(np.int64).max).argmin())]

    def _stem(self, node: tuple[int, ...]) -> Classes:
        """Return the classes of the columns that tell most at the node's levels, with all others raw.

        Many nodes share a stem. A search goes from coarse nodes to finer ones: what it has seen is of no use for what
        comes, stems are. Each is made from that of one column less.
        """
        stem, classes = (0,) * len(node), self._raw
        for place in self._telling:
            if not node[place] or not self._nested[place][0, node[place]]:
                continue
            stem = (*stem[:place], node[place], *stem[place + 1 :])
            if stem == node:
                break
            if (found := self._stems.get(stem)) is None:
                if len(self._stems) >= _STEMS:
                    break
                found = self._stems[stem] = self.merged(classes, stem)
            classes = found
        return classes

    def _keep(self, classes: Classes) -> None:
        place = len(self._kept)
        if place < _KEPT:
            self._kept.append(classes)
        else:
            place = int(self._rows.argmax())  # the largest helps least
            self._kept[place] = classes
        self._nodes[place], self._rows[place] = classes.node, len(classes.keys)

    def _wide(self, node: tuple[int, ...]) -> Classes:
        codes = self.coding.node_codes(node)
        keys, place = np.unique(codes, return_inverse=True)
        sizes = np.bincount(place, weights=self.coding.counts, minlength=len(keys)).astype(np.int64)
        return Classes(node, np.arange(len(keys)), sizes, self._entries(place), self.bits, self.widths)

    def class_of_combo(self, node: Sequence[int]) -> Ints:
        """Return for each combination the place of its class in `at(node)`."""
        keys = self.coding.keys & self.coding.mask(node) if self.packed else self.coding.node_codes(node)
        return np.unique(keys, return_inverse=True)[1].astype(np.int64)

    def groups(self, classes: Classes, column: int, chosen: NDArray[np.bool_]) -> Ints:
        """Return the group, at the node's level, of the chosen classes in one column."""
        level = classes.node[column]
        codes = self.coding.ladders[column].levels[level].codes
        if not self.packed:
            first = first_rows(self.class_of_combo(classes.node), len(classes.keys))
            return codes[self.coding.combos[column, first[chosen]]]
        keys = classes.keys[chosen] & int(self.coding.masks[column][level])
        known, group = self._lookup(column, level)
        return group[np.searchsorted(known, keys)]

    def labels(self, classes: Classes) -> Ints:
        """Return the label of each class in each column, as a code; shape (n_columns, n_classes)."""
        if classes.labels is not None:
            return classes.labels
        every = np.ones(len(classes.sizes), dtype=bool)
        columns = range(len(self.coding.ladders))
        return np.array([self.groups(classes, column, every) for column in columns]).reshape(len(columns), len(every))

    def shares(self, classes: Classes, column: int, chosen: Ints) -> NDArray[np.float64]:
        """Return the share of the domain that the chosen classes cover in one column."""
        level, coding = classes.node[column], self.coding
        shares = coding.ladders[column].levels[level].shares
        width = coding.ladders[column].width
        if not self.packed or width > _DENSE_BITS:
            mask = np.zeros(len(classes.keys), dtype=bool)
            mask[chosen] = True
            return shares[self.groups(classes, column, mask)]
        table = self._tables.get((column, level))
        shift = coding.shifts[column]
        if table is None:
            known, group = self._lookup(column, level)
            table = self._tables[column, level] = np.zeros(1 << width)
            table[known >> shift] = shares[group]
        return table[(classes.keys[chosen] >> shift) & ((1 << width) - 1)]

    def _lookup(self, column: int, level: int) -> tuple[Ints, Ints]:
        cache = self._lookups
        if (column, level) not in cache:
            coding, ladder = self.coding, self.coding.ladders[column]
            keys = (ladder.keys << coding.shifts[column]) & int(coding.masks[column][level])
            known, first = np.unique(keys, return_index=True)
            cache[column, level] = known, ladder.levels[level].codes[first]
        return cache[column, level]


def classes_of(coding: Coding, class_of: Ints, combos: Ints) -> Classes:
    """Return the classes that some combinations form, ready to be judged."""
    n_classes = int(class_of.max(initial=-1)) + 1
    sizes = np.bincount(class_of, weights=coding.counts[combos], minlength=n_classes).astype(np.int64)
    entries, bits, widths = {}, {}, {}
    place = np.full(len(coding.counts), -1, dtype=np.int64)
    place[combos] = class_of
    for name, other in coding.others.items():
        bits[name], widths[name] = max(len(other.values) - 1, 1).bit_length(), max(len(other.values), 1)
        owner = place[other.combo_of]
        known = owner >= 0
        entries[name] = grouped((owner[known] << bits[name]) | other.value_of[known], other.counts[known])
    return Classes((), np.arange(n_classes), sizes, entries, bits, widths)
