"""The equivalence classes of a node: rolled up from the smallest finer classes already known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.grouping import grouped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.coding import Coding

    Ints = NDArray[np.int64]

_KEPT = 64
_DENSE_BITS = 16


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
    """

    node: tuple[int, ...]
    keys: Ints
    sizes: Ints
    entries: dict[str, tuple[Ints, Ints]]
    bits: dict[str, int]
    widths: dict[str, int]

    def matrix(self, column: str, chosen: NDArray[np.bool_]) -> Ints:
        """Return the rows of each value in the chosen classes, shape (n_chosen, n_values)."""
        class_of, value, counts = self.sparse(column)
        place = np.cumsum(chosen) - 1
        known = chosen[class_of]
        dense = np.zeros((int(chosen.sum()), self.widths[column]), dtype=np.int64)
        dense[place[class_of[known]], value[known]] = counts[known]
        return dense

    def sparse(self, column: str) -> tuple[Ints, Ints, Ints]:
        """Return class, value and rows of each entry."""
        keys, counts = self.entries[column]
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
        self._nested = tuple(ladder.nested for ladder in coding.ladders)
        self._nodes = np.zeros((0, len(coding.shape)), dtype=np.int64)
        self._kept: list[Classes] = []
        self.grouped = 0

    @cached_property
    def _raw(self) -> Classes:
        keys = self.coding.keys
        entries = {
            name: ((keys[other.combo_of] << self.bits[name]) | other.value_of, other.counts)
            for name, other in self.coding.others.items()
        }
        return Classes((0,) * len(self.coding.shape), keys, self.coding.counts, entries, self.bits, self.widths)

    def at(self, node: Sequence[int], *, keep: bool = False) -> Classes:
        """Return the classes of `node`; `keep` them for later roll-ups."""
        node = tuple(int(level) for level in node)
        self.grouped += 1
        if not self.packed:
            return self._wide(node)
        base = self._smallest(node)
        mask = self.coding.mask(node)
        keys, sizes = grouped(base.keys & mask, base.sizes)
        entries = {}
        for name, (entry_keys, counts) in base.entries.items():
            bits = self.bits[name]
            entries[name] = grouped(entry_keys & ((mask << bits) | ((1 << bits) - 1)), counts)
        classes = Classes(node, keys, sizes, entries, self.bits, self.widths)
        if keep:
            self._keep(classes)
        return classes

    def _smallest(self, node: tuple[int, ...]) -> Classes:
        if not self._kept:
            return self._raw
        finer = np.ones(len(self._kept), dtype=bool)
        for place, level in enumerate(node):
            finer &= self._nested[place][self._nodes[:, place], level]
        found = np.flatnonzero(finer)
        if len(found) == 0:
            return self._raw
        best = min(found, key=lambda number: len(self._kept[number].keys))
        return self._kept[best]

    def _keep(self, classes: Classes) -> None:
        if len(self._kept) >= _KEPT:
            # The largest helps least.
            drop = max(range(len(self._kept)), key=lambda number: len(self._kept[number].keys))
            del self._kept[drop]
            self._nodes = np.delete(self._nodes, drop, axis=0)
        self._kept.append(classes)
        self._nodes = np.vstack([self._nodes, classes.node])

    def _wide(self, node: tuple[int, ...]) -> Classes:
        codes = self.coding.node_codes(node)
        keys, place = np.unique(codes, return_inverse=True)
        sizes = np.bincount(place, weights=self.coding.counts, minlength=len(keys)).astype(np.int64)
        entries = {
            name: grouped((place[other.combo_of] << self.bits[name]) | other.value_of, other.counts)
            for name, other in self.coding.others.items()
        }
        return Classes(node, np.arange(len(keys)), sizes, entries, self.bits, self.widths)

    def class_of_combo(self, node: Sequence[int]) -> Ints:
        """Return for each combination the place of its class in `at(node)`."""
        if self.packed:
            keys = self.coding.keys & self.coding.mask(node)
            return np.unique(keys, return_inverse=True)[1].astype(np.int64)
        return np.unique(self.coding.node_codes(node), return_inverse=True)[1].astype(np.int64)

    def groups(self, classes: Classes, column: int, chosen: NDArray[np.bool_]) -> Ints:
        """Return the group, at the node's level, of the chosen classes in one column."""
        level = classes.node[column]
        codes = self.coding.ladders[column].levels[level].codes
        if not self.packed:
            first = self._first(classes)
            return codes[self.coding.combos[column, first[chosen]]]
        keys = classes.keys[chosen] & int(self.coding.masks[column][level])
        known, group = self._lookup(column, level)
        return group[np.searchsorted(known, keys)]

    def _first(self, classes: Classes) -> Ints:
        place = self.class_of_combo(classes.node)
        first = np.zeros(len(classes.keys), dtype=np.int64)
        first[place] = np.arange(len(place))
        return first

    def _lookup(self, column: int, level: int) -> tuple[Ints, Ints]:
        cache = self.__dict__.setdefault("_lookups", {})
        if (column, level) not in cache:
            coding, ladder = self.coding, self.coding.ladders[column]
            keys = np.zeros(len(ladder.values), dtype=np.int64)
            shift = sum(bits for earlier in coding.ladders[:column] for _, bits in earlier.fields)
            for rank, bits in ladder.fields:
                keys |= rank << shift
                shift += bits
            known, first = np.unique(keys & int(coding.masks[column][level]), return_index=True)
            cache[column, level] = known, ladder.levels[level].codes[first]
        return cache[column, level]
