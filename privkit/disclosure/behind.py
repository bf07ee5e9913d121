"""The rows behind tables: in which cells each row is counted. It reads rows, of which nothing but sums is kept."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.disclosure.cells import COLUMN, FILTER, MISSING, Cells, Key
from privkit.errors.disclosure import DisclosureError
from privkit.tally.codes import factorized
from privkit.tally.predicate import rows_of
from privkit.tally.row_classes import chosen_columns
from privkit.values.arguments import column_name
from privkit.values.expression.selection import selection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.expression.selection import Selection

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Behind:
    """Rows, and the cells that each is counted in.

    Attributes
    ----------
    rows, cells : array of int64, shape (n_pairs,)
        A row and a cell that it is counted in, for each such pair.
    n_rows, n_cells : int
    own : mapping of str to Series
        Further columns that were asked for.
    """

    rows: Ints
    cells: Ints
    n_rows: int
    n_cells: int
    own: Mapping[str, Any]

    @classmethod
    def of(cls, data: object, cells: Cells, own: Sequence[str]) -> Behind:
        """Find the rows of every cell. A filter of a table is a condition, as of ``where=``. Reads rows.

        Raises
        ------
        DisclosureError
            If a category of a row is in no table, so that the tables are not those of these rows.
        ColumnNotFoundError, ExpressionError, FrameError
        """
        variables = {variable for key in cells.keys for variable, _ in key}
        filters: dict[Hashable, Selection] = {name: selection(name) for kind, name in variables if kind == FILTER}
        names = [column_name(name, "tables") for kind, name in variables if kind == COLUMN]
        read = dict.fromkeys([*names, *own, *(name for one in filters.values() for name in one.columns)])
        frame = chosen_columns(data, list(read), "rows")
        kept = {name: np.isin(np.arange(len(frame)), rows_of(frame, one)) for name, one in filters.items()}
        codes = {name: factorized(frame[name]) for name in names}
        pairs = [_counted(group, cells.keys, codes, kept, len(frame)) for group in _by_variables(cells.keys)]
        rows, there = (np.concatenate(one) for one in zip(*pairs, strict=True))
        return cls(rows, there, len(frame), len(cells.counts), {name: frame[name] for name in own})

    def added(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the sum over each cell's rows, in the type of the values: of unsigned ones modulo its size."""
        found = np.zeros(self.n_cells, dtype=values.dtype)
        np.add.at(found, self.cells, values[self.rows])
        return found


def _by_variables(keys: Sequence[Key]) -> list[list[int]]:
    """Return the cells that are counted by the same columns and filters, together."""
    by: dict[Any, list[int]] = {}
    for cell, key in enumerate(keys):
        by.setdefault(frozenset(variable for variable, _ in key), []).append(cell)
    return list(by.values())


def _counted(
    group: Sequence[int],
    keys: Sequence[Key],
    codes: Mapping[Any, tuple[Ints, Any]],
    kept: Mapping[Any, NDArray[np.bool_]],
    n_rows: int,
) -> tuple[Ints, Ints]:
    """Return the rows that are counted in one of some cells, and in which."""
    variables = sorted({variable for variable, _ in keys[group[0]]}, key=repr)
    inside = np.ones(n_rows, dtype=bool)
    for kind, name in variables:
        if kind == FILTER:
            inside &= kept[name]
    names = [name for kind, name in variables if kind == COLUMN]
    number = np.zeros(n_rows, dtype=np.int64)
    places: dict[Any, int] = {}
    for name in names:  # the categories so far, and the next one, as one number
        own, told = codes[name]
        number = number * (len(told) + 1) + own + 1
        number = np.unique(number, return_inverse=True)[1].reshape(-1)
    first = np.unique(number, return_index=True)[1]
    values = {name: [*codes[name][1], MISSING] for name in names}  # a code of -1 is the last
    for cell in group:
        places[frozenset((name, value) for (kind, name), value in keys[cell] if kind == COLUMN)] = cell
    cell_of = np.array(
        [places.get(frozenset((name, values[name][codes[name][0][row]]) for name in names), -1) for row in first],
        dtype=np.int64,
    )
    rows = np.flatnonzero(inside)
    cells = cell_of[number[rows]] if n_rows else rows
    if (cells < 0).any():
        raise DisclosureError.rows_apart()
    return rows, cells
