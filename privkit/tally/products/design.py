"""The design of a model: each row as a vector of whole numbers, of public columns, levels and bounds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.numbers import steps_of
from privkit.tally.engines.opening import engine_for
from privkit.tally.grid import Grid
from privkit.tally.products.vectors import bounded_vectors, scaled
from privkit.tally.rows import key_finder, whole
from privkit.tally.units import unit_columns
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.values.unit import PrivacyUnit

#: What 1 is in steps: 2**14, so that products with weights of 2**28 of a thousand columns are exact in 64-bit floats.
ONE = 2**14


@dataclass(frozen=True, eq=False)
class Design:
    """Rows as vectors; private until noise is added to what is made of them.

    Attributes
    ----------
    vectors : array of float64, shape (n_rows, width)
        Whole numbers from −ONE to ONE: ONE, then each column's number, or ONE at its level and 0 at the others.
    places : array of int64, shape (n_rows,)
        The place of each row's response among its public values; 0 where there is none.
    together : array of int64, shape (n_rows,)
        How many rows of the same unit there are, this one with them; 1 where no id tells units apart.
    units : int
        How many units there are: rows, or persons of whom a row counts.
    """

    vectors: NDArray[np.float64]
    places: NDArray[np.int64]
    together: NDArray[np.int64]
    units: int

    def __len__(self) -> int:
        return len(self.vectors)


def design_of(
    data: object,
    columns: Mapping[str, Grid | Keys],
    response: Keys | None = None,
    *,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds = ONE_ROW,
    salt: bytes | None = None,
) -> Design:
    """Return the rows as vectors of whole numbers, each unit within the contribution bounds.

    A column with a grid has one place, its number brought to [−1, 1] (:func:`privkit.tally.products.vectors.scaled`);
    one with keys has a place for each, and a value that is none of them, or missing, is at none. A row in which a
    number is missing, or whose response is none of its public values, is left out. Whether a row counts, and its
    vector, depend on that row alone; with a `unit`, on that unit's rows and the salt (:mod:`privkit.tally.bounding`).
    Reads rows, fetching the columns; spends nothing.

    Parameters
    ----------
    columns : mapping of str to Grid or Keys
        In the order of the vectors' places.
    response : Keys, optional
        The public values of one column.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.keys import public_keys
    >>> frame = pd.DataFrame({"x": [0, 10, None], "plan": ["a", "c", "b"], "left": [True, False, True]})
    >>> plans, left = public_keys(["plan"], ["a", "b"]), public_keys(["left"], [False, True])
    >>> found = design_of(frame, {"x": Grid(1.0, 0, 10), "plan": plans}, left)
    >>> (found.vectors / ONE).tolist(), found.places.tolist()
    ([[1.0, -1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]], [1, 0])
    """
    names = (*columns, *(() if response is None else response.by))
    engine = engine_for(data, None, unit, list(names))
    if unit is None:
        coded, known = _coded(engine.collect(names), columns, response)
        rows = np.stack(coded, axis=1)[known]
        return _design(rows, columns, np.ones(len(rows), dtype=np.int64), len(rows))
    salt = secrets.token_bytes(16) if salt is None else salt
    parts, together, units = [], [], 0
    for table in engine.parts(unit_columns(unit)[0], (*names, *unit_columns(unit))):
        who, rows = bounded_vectors(table, *_coded(table, columns, response), unit, bounds, salt)
        parts.append(rows)
        _, place, many = np.unique(who, return_inverse=True, return_counts=True)
        together.append(many[place])
        units += len(many)
    width = len(columns) + 1
    rows = np.concatenate([np.zeros((0, width), dtype=np.int64), *parts])
    return _design(rows, columns, np.concatenate([np.zeros(0, dtype=np.int64), *together]), units)


def _coded(
    table: Table, columns: Mapping[str, Grid | Keys], response: Keys | None
) -> tuple[list[NDArray[np.int64]], NDArray[np.bool_]]:
    """Return a whole number of each column and of the response, and which rows count."""
    numbers, known = scaled(table, {name: of for name, of in columns.items() if isinstance(of, Grid)}, ONE)
    each = iter(numbers)
    coded = [next(each).astype(np.int64) if isinstance(of, Grid) else _places(table, of) for of in columns.values()]
    if response is None:
        return [*coded, np.zeros(len(table), dtype=np.int64)], known
    place = _places(table, response)
    return [*coded, place], known & (place < len(response))


def _places(table: Table, keys: Keys) -> NDArray[np.int64]:
    return whole(key_finder(table, keys), len(table)).astype(np.int64, copy=False)


def _design(
    rows: NDArray[np.int64], columns: Mapping[str, Grid | Keys], together: NDArray[np.int64], units: int
) -> Design:
    """Return the design of coded rows: levels become places of their own."""
    widths = [1 if isinstance(of, Grid) else len(of) for of in columns.values()]
    vectors = np.zeros((len(rows), 1 + sum(widths)))
    vectors[:, 0] = ONE
    first = 1
    for column, (of, width) in zip(rows.T, zip(columns.values(), widths, strict=True), strict=False):
        if isinstance(of, Grid):
            vectors[:, first] = column
        else:
            found = np.flatnonzero(column < width)
            vectors[found, first + column[found]] = ONE
        first += width
    return Design(vectors, rows[:, -1], together, units)


def numbers_of(data: object, columns: Mapping[str, Grid]) -> NDArray[np.float64]:
    """Return the numbers of some columns within their grids, NaN where one is missing. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> numbers_of(pd.DataFrame({"x": [1, 99, None]}), {"x": Grid(1.0, 0, 10)}).tolist()
    [[1.0], [10.0], [nan]]
    """
    table = engine_for(data, None, None, list(columns)).collect(list(columns))
    found = np.full((len(table), len(columns)), np.nan)
    for place, (name, grid) in enumerate(columns.items()):
        steps, missing = steps_of(table[name], grid)(slice(0, len(table)))
        known = slice(None) if missing is None else ~missing
        found[known, place] = steps[known] * grid.step
    return found
