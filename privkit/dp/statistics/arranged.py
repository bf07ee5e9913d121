"""How the tables of a book are arranged: columns, levels and keys of their cells, as they are shown and kept.

What is measured and kept goes by the columns' names and their levels in canonical order, so that an answer does not
depend on how it was asked for. What is shown has the columns and levels in the order in which they were named.

One count of a frame for all tables that are measured of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.values.keys import Keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.measurement import Rows
    from privkit.dp.question import Question
    from privkit.dp.statistics.books.shapes import Axes
    from privkit.dp.statistics.books.tables import Tables


#: The level of a column that stands for all values that are not its public ones.
OTHER = "(other or missing)"
#: What stands, in a frame of all tables, for the columns that a table adds up.
ALL = "(all)"


class Arranged:
    """Tables by public levels of columns.

    Attributes
    ----------
    levels : tuple of Keys
        Of each column, by name in ascending order, its public values in the order in which they were named.
    tables : tuple of Axes
        Each as the places of its columns in `levels`, ascending.
    asked : tuple of tuple of str
        The same tables in the order, and with the columns in the order, in which they were asked for.
    """

    levels: tuple[Keys, ...]
    tables: tuple[Axes, ...]
    asked: tuple[tuple[str, ...], ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(keys.by[0] for keys in self.levels)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many levels each column has."""
        return tuple(len(keys) + 1 for keys in self.levels)

    def cells_of(self, names: Sequence[str]) -> int:
        """Return how many cells a table has."""
        return math.prod(self.sizes[axis] for axis in self.axes(names))

    def axes(self, names: Sequence[str]) -> Axes:
        """Return the places of columns, ascending."""
        return tuple(sorted(self.names.index(name) for name in names))

    def holds(self, names: Sequence[str]) -> bool:
        """Whether columns stand in one asked table, each once."""
        if not set(names) <= set(self.names) or len(set(names)) < len(names):
            return False
        return any(set(self.axes(names)) <= set(axes) for axes in self.tables)

    def shown(self, table: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
        """Return a table with columns and levels in the order in which they were named."""
        axes = self.axes(names)
        turned = np.transpose(table, [axes.index(self.names.index(name)) for name in names])
        for place, name in enumerate(names):
            keys = self.levels[self.names.index(name)]
            where = np.empty(len(keys) + 1, dtype=np.int64)
            where[keys.canonical_order] = np.arange(len(keys))
            where[-1] = len(keys)
            turned = np.take(turned, where, axis=place)
        return turned

    def keys_of(self, names: Sequence[str]) -> Keys | None:
        """Return the keys of a table; None of the total."""
        return keys_of(self.levels, names)


def told_table(names: Sequence[str]) -> str:
    """Return what a table is called.

    Examples
    --------
    >>> told_table(("sex", "age")), told_table(())
    ('sex × age', 'total')
    """
    return " × ".join(names) or "total"


def canonical_levels(keys: Keys) -> Keys:
    """Return a column's levels in canonical order."""
    return Keys(keys.by, tuple(keys.values[place] for place in keys.canonical_order), keys.reason, keys.told)


def keys_of(levels: Sequence[Keys], names: Sequence[str]) -> Keys | None:
    """Return the keys of a table, each column with its levels and the one for all else; None of the total."""
    if not names:
        return None
    of = {keys.by[0]: [*(key[0] for key in keys.values), OTHER] for keys in levels}
    return Keys(tuple(names), tuple(product(*(of[name] for name in names))))


@lru_cache(maxsize=4)
def all_keys(levels: tuple[Keys, ...], asked: tuple[tuple[str, ...], ...]) -> Keys:
    """Return keys of all tables' cells: the table, and the level of each column, or that all are added up."""
    columns = list(dict.fromkeys(name for names in asked for name in names))
    first = "table"
    while first in columns:
        first += "_"
    rows: list[tuple[Any, ...]] = []
    for names in asked:
        keys = keys_of(levels, names)
        places = {name: place for place, name in enumerate(names)}
        of = [places.get(name) for name in columns]
        for key in ((),) if keys is None else keys.values:
            rows.append((told_table(names), *(ALL if place is None else key[place] for place in of)))
    return Keys((first, *columns), tuple(rows))


class Counted:
    """The exact counts of one frame for all measured tables, which are counted once."""

    def __init__(self, asked: Tables, question: Question) -> None:
        self._asked, self._question = asked, question
        self._rows: Rows | None = None
        self._cells: NDArray[np.int64] | None = None

    def table(self, rows: Rows, place: int) -> NDArray[np.int64]:
        """Return the cells of one measured table; after the last one nothing is kept."""
        if self._rows is not rows or self._cells is None:
            self._cells = rows.read(lambda data: self._asked.exact(self._question.rows(data), self._question)).reshape(
                -1
            )
            self._rows = rows
        spans = self._asked.fit.spans
        found = self._cells[spans[place]]
        if place == len(spans) - 1:
            self._rows = self._cells = None
        return found


class Flat:
    """A composed measurement whose answers come one after the other."""

    def __init__(self, measurement: Any) -> None:
        self.measurement = measurement

    def map(self, units: int) -> Any:
        """Return what OpenDP states that it costs."""
        return self.measurement.map(units)

    def __call__(self, rows: Any) -> list[int]:
        """Draw all tables."""
        return [int(cell) for table in self.measurement(rows) for cell in table]
