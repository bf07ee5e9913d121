"""Rows as vectors of whole numbers: columns brought to [−1, 1], and each person's rows kept within the bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.numbers import steps_of
from privkit.tally.rows import source_of
from privkit.tally.units import spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.grid import Grid
    from privkit.values.bounds import ContributionBounds
    from privkit.values.unit import PrivacyUnit


def scaled(table: Table, columns: Mapping[str, Grid], full: int) -> tuple[list[NDArray[np.float64]], NDArray[np.bool_]]:
    """Return z of every column in every row, and which rows have all of them.

    A number x has v = clip(floor(x / step + 1/2), low, high) − low on its column's grid of range M, and
    z = floor((2v − M) / M · full + 1/2), a whole number from −full to full (0 where M is 0). Every operation looks at
    one row alone.

    Examples
    --------
    >>> from privkit.tally.cells.cells import FLOAT, Cells, Kind, Table
    >>> from privkit.tally.grid import Grid
    >>> table = Table({"x": Cells(Kind(FLOAT), np.array([0.0, 10.0, 12.0]))}, 3)
    >>> scaled(table, {"x": Grid(1.0, 0, 10)}, 4)[0][0].tolist()
    [-4.0, 4.0, 4.0]
    """
    known = np.ones(len(table), dtype=bool)
    each = []
    for name, grid in columns.items():
        steps, missing = steps_of(table[name], grid)(slice(0, len(table)))
        if missing is not None:
            known &= ~missing
        places = steps.astype(np.float64) - grid.low
        each.append(np.clip(np.floor((2 * places - grid.range) * (full / max(grid.range, 1)) + 0.5), -full, full))
    return each, known


def bounded_vectors(  # noqa: PLR0917
    table: Table,
    columns: Sequence[NDArray[np.int64]],
    known: NDArray[np.bool_],
    unit: str | PrivacyUnit,
    bounds: ContributionBounds,
    salt: bytes,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the unit of each row that counts, and its vector, each unit within the bounds; in any order.

    A row is told by a code of its unit and all its numbers, and in the hash by a mark of its numbers alone: what is
    kept of a person depends on the multiset of that person's rows and on the salt.

    Parameters
    ----------
    columns : sequence of arrays of int64, shape (n_rows,)
    known : array of bool, shape (n_rows,)
        Which rows have all of them; the others are left out.

    Returns
    -------
    array of int64, shape (n_kept,)
        A code of each row's unit, which depends on who else is in the table.
    array of int64, shape (n_kept, n_columns)
    """
    source = source_of(table, None, unit)
    assert source.who is not None
    if not known.any():
        return np.zeros(0, dtype=np.int64), np.zeros((0, len(columns)), dtype=np.int64)
    stacked = np.stack([source.who.codes, *columns], axis=1)[known]
    distinct, code = np.unique(stacked, axis=0, return_inverse=True)
    marks = np.zeros(len(distinct), dtype=np.uint64)
    for column in distinct.T[1:]:
        marks = spread(marks ^ spread(np.ascontiguousarray(column).view(np.uint64)))
    codes = np.zeros(len(table), dtype=np.float64)
    codes[known] = code.ravel()
    rows = bounded_rows(source, lambda part: (codes[part], ~known[part]), bounds, salt, marks)
    kept = distinct[rows.values]
    return kept[:, 0], kept[:, 1:]
