"""Classes that are large enough, at many nodes in one call: what may be in one is counted by a hash, then grouped.

Records of one class have one hash, so a count below k says that the class is smaller; a count of k or more may be a
collision, and says nothing. (Park, Chen and Yu 1995 do so for sets of items.) What may be in a large class, a tenth as
a rule, is grouped exactly. No call sorts more than a few keys, so they take as long on all processors.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.coding import key_hashes
from privkit.tally.codes import distinct, starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding

    Ints = NDArray[np.int64]

#: Bits of a key that is hashed column by column.
_BITS = 63
#: Cells of one call: nodes × combinations.
CELLS = 1 << 18


class Counting:
    """Finds the classes of at least `least` rows that combinations of a coding form at nodes of its lattice."""

    def __init__(self, coding: Coding, least: int) -> None:
        self.coding, self.least = coding, least
        self.rows = coding.counts.astype(np.float64)

    def maybe(self, nodes: Ints, combos: Ints) -> tuple[Ints, Ints]:
        """Return the numbers of nodes, ascending, and combinations of each that may be in a large class there.

        What is left out is in none: the rows of a class have one hash, so those of its hash are no fewer.
        """
        shape = len(nodes), len(combos)
        # With few rows to a crowd, chance makes many: more places then.
        width = max(((2 if self.least > 3 else 8) * shape[1]).bit_length(), 6)
        places = key_hashes(self._keys(nodes, combos), width)
        places += (np.arange(shape[0]) << width)[:, None]
        flat = places.ravel()
        weights = np.empty(shape)
        weights[:] = self.rows[combos]
        crowded = np.bincount(flat, weights=weights.ravel(), minlength=shape[0] << width) >= self.least
        number, place = np.divmod(np.flatnonzero(crowded.take(flat)), max(shape[1], 1))
        return number, combos[place]

    def _keys(self, nodes: Ints, combos: Ints) -> Ints:
        """Return a key for the class of each combination at each node; where keys are wide, seldom one for several."""
        if self.coding.is_packed:
            return self.coding.keys[combos] & self._masks(nodes)[:, None]
        keys = np.zeros((len(nodes), len(combos)), dtype=np.int64)
        for place, ladder in enumerate(self.coding.ladders):
            table = np.array([step.codes for step in ladder.levels])
            keys ^= table[nodes[:, place][:, None], self.coding.combos[place, combos]]
            keys = key_hashes(keys, _BITS)
        return keys

    def large(self, nodes: Ints, number: Ints, combos: Ints) -> tuple[Ints, Ints, Ints]:
        """Return the large classes among pairs of a node and a combination.

        Parameters
        ----------
        nodes : array of int64, shape (n_nodes, n_columns)
        number, combos : arrays of int64, shape (n_pairs,)
            The pairs; all of a node lie together, nodes in ascending order.

        Returns
        -------
        owner, code : arrays of int64, shape (n_classes,)
            The number of each class's node, ascending, and a code in the order of the classes of a node. Those of a
            node come in the order of their first combinations.
        group : array of int64, shape (n_pairs,)
            The class of each pair; -1 for none.
        """
        import pandas as pd

        codes, bits = self._codes(nodes, number, combos)
        codes |= number << bits
        place, codes = pd.factorize(codes)
        sizes = np.bincount(place, weights=self.rows[combos], minlength=len(codes))
        found = np.flatnonzero(sizes >= self.least)
        rank = np.full(len(codes), -1, dtype=np.int64)
        rank[found] = np.arange(len(found))
        return codes[found] >> bits, codes[found], rank[place]

    def _codes(self, nodes: Ints, number: Ints, combos: Ints) -> tuple[Ints, int]:
        """Return a code for the class of each pair, in the order of the classes of its node, and its bits."""
        if self.coding.is_packed:
            codes, bits = self.coding.keys[combos] & self._masks(nodes)[number], self.coding.bits
            if bits + len(nodes).bit_length() < 64:
                return codes, bits
            codes = distinct(codes)[1]
        else:
            begin = np.append(starts(number), len(number)).tolist()
            parts = [
                distinct(self.coding.node_codes(nodes[number[low]].tolist(), combos[low:high]))[1]
                for low, high in pairwise(begin)
            ]
            codes = np.concatenate(parts) if parts else number
        return codes, int(codes.max(initial=0)).bit_length()

    def _masks(self, nodes: Ints) -> Ints:
        answer = np.zeros(len(nodes), dtype=np.int64)
        for place, masks in enumerate(self.coding.masks):
            answer |= masks[nodes[:, place]]
        return answer


class Spread:
    """The rows of each value of some columns in each combination, added up for classes."""

    def __init__(self, coding: Coding, columns: tuple[str, ...]) -> None:
        self.entries = {}
        for name in columns:
            other = coding.others[name]
            order = np.argsort(other.combo_of, kind="stable")
            begin = np.searchsorted(other.combo_of[order], np.arange(len(coding.counts) + 1))
            rows = other.counts[order].astype(np.float64)
            self.entries[name] = begin, np.diff(begin), other.value_of[order], rows, len(other.values)

    def counts(self, combos: Ints, class_of: Ints, n_classes: int) -> dict[str, Ints]:
        """Return per column the rows of each value in each class; shape (n_classes, n_values)."""
        answer = {}
        for name, (begin, length, value, rows, width) in self.entries.items():
            lengths = length[combos]
            ends = np.cumsum(lengths)
            place = np.repeat(begin[combos] - ends + lengths, lengths)
            place += np.arange(len(place))
            cell = np.repeat(class_of * width, lengths)
            cell += value[place]
            counts = np.bincount(cell, weights=rows[place], minlength=n_classes * width)
            answer[name] = counts.astype(np.int64).reshape(n_classes, width)
        return answer
