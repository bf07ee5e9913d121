"""How the tables of a book lie within each other: what a measured table shows of another, by numbers of cells alone.

See `privkit.dp.statistics.books.residuals` for what the letters mean, and for the proofs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: A set of columns, as their places in ascending order.
Axes = tuple[int, ...]


def closure(tables: Sequence[Axes]) -> tuple[Axes, ...]:
    """Return all sets within some table, the empty one first.

    Examples
    --------
    >>> closure([(0, 1), (1, 2)])
    ((), (0,), (1,), (2,), (0, 1), (1, 2))
    """
    found = {part for table in tables for part in within(table)}
    return tuple(sorted(found, key=lambda axes: (len(axes), axes)))


def within(axes: Axes) -> Iterator[Axes]:
    """Give all sets within one, the empty one first and itself last."""
    return chain.from_iterable(combinations(axes, size) for size in range(len(axes) + 1))


@dataclass(frozen=True)
class Shapes:
    """How the sets within some tables lie in each other, by their numbers of cells.

    Attributes
    ----------
    sizes : tuple of int
        How many levels each column has.
    tables : tuple of Axes
        What is asked for.
    """

    sizes: tuple[int, ...]
    tables: tuple[Axes, ...]

    @cached_property
    def sets(self) -> tuple[Axes, ...]:
        """All sets within the tables."""
        return closure(self.tables)

    @cached_property
    def cells(self) -> NDArray[np.float64]:
        """How many cells each set's table has."""
        return np.array([float(math.prod(self.sizes[axis] for axis in axes)) for axes in self.sets])

    @cached_property
    def places(self) -> Mapping[Axes, int]:
        """The place of each set."""
        return {axes: place for place, axes in enumerate(self.sets)}

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The places of all sets A and B of which A lies within B: those of one B after those of another.

        A book of many small tables has few of them, where a matrix of sets by sets would have millions of zeros.
        """
        inner = [self.places[part] for axes in self.sets for part in within(axes)]
        outer = np.repeat(np.arange(len(self.sets)), [2 ** len(axes) for axes in self.sets])
        return np.array(inner, dtype=np.int64), outer

    @cached_property
    def seen(self) -> NDArray[np.float64]:
        """1 / N(B∖A) of each pair: how precisely a table B of variance 1 shows z_A."""
        inner, outer = self.pairs
        return self.cells[inner] / self.cells[outer]

    @cached_property
    def asked(self) -> NDArray[np.int64]:
        """The places of the tables among the sets."""
        return np.array([self.places[axes] for axes in self.tables], dtype=np.int64)

    @cached_property
    def parts(self) -> NDArray[np.float64]:
        """Π_{i ∈ A} (1 − 1/n_i) / N(B∖A)² of each pair: how much of v_A is in the variance of a cell of B's table."""
        inner, _ = self.pairs
        shrunk = np.array([math.prod(1 - 1 / self.sizes[axis] for axis in axes) for axes in self.sets])
        return np.asarray(shrunk[inner] * self.seen**2)

    def shown(self, precision: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return 1 / v_A of each set A: how precisely all sets, measured with these precisions, show z_A."""
        inner, outer = self.pairs
        return np.asarray(np.bincount(inner, self.seen * precision[outer], len(self.sets)), dtype=np.float64)

    def gathered(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each set B gets of weights of the sets, as far as it shows them: Σ_{A ⊆ B} w_A / N(B∖A)."""
        inner, outer = self.pairs
        return np.asarray(np.bincount(outer, self.seen * weights[inner], len(self.sets)), dtype=np.float64)

    def wanted(self, importance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much each v_A counts in the sum of the asked tables' variances, each times its importance."""
        inner, outer = self.pairs
        each = np.zeros(len(self.sets))
        each[self.asked] = importance
        return np.asarray(np.bincount(inner, self.parts * each[outer], len(self.sets)), dtype=np.float64)

    def variances(self, precision: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the variance of a cell of each asked table, where sets are measured with these precisions."""
        inner, outer = self.pairs
        with np.errstate(divide="ignore", invalid="ignore"):  # what is never seen, and is asked by none, is 0 times ∞
            each = np.where(self.parts > 0, self.parts / self.shown(precision)[inner], 0.0)
        return np.asarray(np.bincount(outer, each, len(self.sets))[self.asked])


@lru_cache(maxsize=64)
def shapes_of(sizes: tuple[int, ...], tables: tuple[Axes, ...]) -> Shapes:
    """Return the shapes of tables, kept for the next question about them."""
    return Shapes(sizes, tables)
