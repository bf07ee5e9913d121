"""Which classes are large enough among what is left: found for many nodes at once, without grouping what cannot be.

Levels nest: what is in a class of fewer than k rows at a node is in no larger one at any finer node; and rows only
leave. So a class that is not large enough never will be, and only the records of those that are have to be looked at
again. Most nodes have none, and are told so in blocks:

The classes of a block's nodes lie within those of the levels that are the highest of each column in it. What is in no
large class there is left out in the whole block; what is left of the nodes is counted and grouped.

Classes that are large enough, at many nodes in one call: what may be in one is counted by a hash, then grouped.

Records of one class have one hash, so a count below k says that the class is smaller; a count of k or more may be a
collision, and says nothing. (Park, Chen and Yu 1995 do so for sets of items.) What may be in a large class, a tenth as
a rule, is grouped exactly. No call sorts more than a few keys, so they take as long on all processors.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.coding import key_hashes
from privkit.tally.codes import distinct, starts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
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


#: Nodes of a block, and blocks of a larger one.
_BLOCK = 64
#: Combinations that are grouped in one call: so few that the table they are hashed in stays near the processor.
_GROUPED = 1 << 16
#: Combinations of large classes that are remembered; those of more nodes are looked for again.
_REMEMBERED = 8_000_000


@dataclass(frozen=True, eq=False)
class Large:
    """Classes of one node that were large enough when they were looked for.

    Attributes
    ----------
    combos, group : arrays of int64, shape (n_combos,)
        Their combinations, and the class of each; classes in ascending order of their keys.
    cost : array of float64, shape (n_classes,)
        What a record of each costs.
    """

    combos: Ints
    group: Ints
    cost: Floats


class LargeClasses:
    """Looks for classes of at least `least` rows at nodes of a lattice, among combinations that only leave.

    Parameters
    ----------
    coding : Coding
    costs : list of list of array
        Per column and level what a record in each group costs.
    nodes : array of int64, shape (n_nodes, n_columns)
        The levels of the nodes that are asked for by their place.
    least : int
    check : callable
        Called between steps; what it raises ends the work.
    """

    def __init__(
        self, coding: Coding, costs: Sequence[Sequence[Floats]], nodes: Ints, least: int, check: Callable[[], None]
    ) -> None:
        self.coding, self.nodes, self.least, self.check = coding, nodes, least, check
        self.counting = Counting(coding, least)
        self.rows = self.counting.rows
        self.cost_of = [
            np.array([cost[step.codes] for cost, step in zip(column, ladder.levels, strict=True)])
            for column, ladder in zip(costs, coding.ladders, strict=True)
        ]
        self.nested = all(bool(ladder.nested[np.triu_indices(ladder.n_levels)].all()) for ladder in coding.ladders)
        self.rank = _neighbors_rank(nodes)
        self.known: dict[int, Large] = {}
        self.remembered = 0

    def look(self, due: Ints, price: Floats, left: Mask) -> None:
        """Set the price of some nodes to what a record of their cheapest large class costs; infinite without one.

        Parameters
        ----------
        due : array of int64
            The places of the nodes.
        price : array of float64, shape (n_nodes,)
            It is changed.
        left : array of bool, shape (n_combos,)
            The combinations that are left.
        """
        seen = np.array([place in self.known for place in due.tolist()], dtype=bool)
        if seen.any():
            self._look_again(due[seen], price, left)
        new = due[~seen]
        if len(new):
            price[new] = np.inf
            pending: list[tuple[Ints, Ints]] = []
            pairs = 0
            for found in self._narrowed(new[np.argsort(self.rank[new])], np.flatnonzero(left)):
                pending.append(found)
                pairs += len(found[1])
                if pairs >= _GROUPED:
                    self._remember(pending, price)
                    pending, pairs = [], 0
            self._remember(pending, price)

    def at(self, place: int, left: Mask) -> Large | None:
        """Return the large classes of a node among what is left; some may have become too small since."""
        if place in self.known:
            return self.known[place]
        return self.of(self.nodes[place], np.flatnonzero(left))

    def of(self, node: Ints, combos: Ints) -> Large | None:
        """Return the large classes that some combinations form at a node."""
        grouped = self._grouped(node[None, :], np.zeros(len(combos), dtype=np.int64), combos)
        return next((found for _, found in grouped), None)

    def _look_again(self, places: Ints, price: Floats, left: Mask) -> None:
        found = [self.known[place] for place in places.tolist()]
        n_classes = np.array([len(one.cost) for one in found])
        first = np.cumsum(n_classes) - n_classes
        combos = np.concatenate([one.combos for one in found])
        group = np.concatenate([one.group for one in found])
        group += np.repeat(first, [len(one.combos) for one in found])
        cost = np.concatenate([one.cost for one in found])
        sizes = np.bincount(group, weights=self.rows[combos] * left[combos], minlength=len(cost))
        cost[sizes < self.least] = np.inf
        price[places] = np.minimum.reduceat(cost, first)
        for place in places[price[places] == np.inf].tolist():
            self.remembered -= len(self.known.pop(place).combos)

    def _remember(self, pending: list[tuple[Ints, Ints]], price: Floats) -> None:
        if not pending:
            return
        owner, combos = (np.concatenate(part) for part in zip(*pending, strict=True))
        begin = starts(owner)
        number = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(owner))))
        places = owner[begin]
        for index, found in self._grouped(self.nodes[places], number, combos):
            place = int(places[index])
            price[place] = found.cost.min()
            if self.remembered + len(found.combos) <= _REMEMBERED:
                self.remembered += len(found.combos)
                self.known[place] = found

    # -- what may be large ------------------------------------------------------------------------------------------

    def _narrowed(self, places: Ints, combos: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Yield nodes, and combinations of them that may be in a large class; all of a node at once."""
        self.check()
        if len(places) > _BLOCK and self.nested:
            size = _BLOCK
            while size * _BLOCK < len(places):
                size *= _BLOCK
            blocks = np.split(places, range(size, len(places), size))
            highest = np.array([self.nodes[block].max(axis=0) for block in blocks])
            number, inside = self.counting.maybe(highest, combos)
            ends = np.searchsorted(number, np.arange(len(blocks) + 1))
            for block, begin, end in zip(blocks, ends[:-1].tolist(), ends[1:].tolist(), strict=True):
                if begin < end:
                    yield from self._narrowed(block, inside[begin:end])
            return
        step = max(CELLS // max(len(combos), 1), 1)
        for begin in range(0, len(places), step):
            own = places[begin : begin + step]
            number, inside = self.counting.maybe(self.nodes[own], combos)
            yield own[number], inside

    # -- what is large ----------------------------------------------------------------------------------------------

    def _grouped(self, nodes: Ints, number: Ints, combos: Ints) -> Iterator[tuple[int, Large]]:
        """Yield nodes by their number, those with large classes, and these.

        Parameters
        ----------
        nodes : array of int64, shape (n_nodes, n_columns)
        number, combos : arrays of int64, shape (n_pairs,)
            The pairs of node and combination; all of a node lie together.
        """
        owner, codes, group = self.counting.large(nodes, number, combos)
        if not len(owner):
            return
        inside = group >= 0
        order = np.argsort(codes, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        group, combos, number, owner = rank[group[inside]], combos[inside], number[inside], owner[order]
        lead = np.empty(len(owner), dtype=np.int64)
        lead[group] = combos
        cost = self._cost(nodes[owner], lead)
        classes = np.searchsorted(owner, np.arange(len(nodes) + 1)).tolist()
        pairs = starts(number)
        for begin, end in zip(pairs.tolist(), [*pairs[1:].tolist(), len(number)], strict=True):
            index = int(number[begin])
            first, last = classes[index], classes[index + 1]
            yield index, Large(combos[begin:end], group[begin:end] - first, cost[first:last])

    def _cost(self, nodes: Ints, lead: Ints) -> Floats:
        """Return what a record costs at a node, for each pair of them."""
        answer = np.zeros(len(lead))
        for place, table in enumerate(self.cost_of):
            answer += table[nodes[:, place], self.coding.combos[place, lead]]
        return answer


def _neighbors_rank(nodes: Ints) -> Ints:
    """Return the rank of each node in an order in which neighbors lie near one another: Morton's, bit by bit."""
    bits = int(nodes.max(initial=0)).bit_length()
    digits = [(nodes[:, column] >> bit) & 1 for bit in range(bits) for column in range(nodes.shape[1] - 1, -1, -1)]
    rank = np.empty(len(nodes), dtype=np.int64)
    rank[np.lexsort(digits) if digits else np.arange(len(nodes))] = np.arange(len(nodes))
    return rank
