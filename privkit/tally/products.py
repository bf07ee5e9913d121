"""Rows as vectors of whole numbers, the design of a model made of them, and sums of products: what fits are made of.

Columns are brought to [−1, 1], and each person's rows are kept within the bounds.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.numbers import Grid, steps_of
from privkit.tally.frame import engine_for
from privkit.tally.rows import all_rows, key_finder, source_of, spread, unit_columns
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.values.unit import PrivacyUnit


def scaled(table: Table, columns: Mapping[str, Grid], full: int) -> tuple[list[NDArray[np.float64]], NDArray[np.bool_]]:
    """Return z of every column in every row, and which rows have all of them.

    A number x has v = clip(floor(x / step + 1/2), low, high) − low on its column's grid of range M, and
    z = floor((2v − M) / M · full + 1/2), a whole number from −full to full (0 where M is 0). Every operation looks at
    one row alone.

    Examples
    --------
    >>> from privkit.tally.cells.cells import FLOAT, Cells, Kind, Table
    >>> from privkit.tally.cells.numbers import Grid
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

    A column with a grid has one place, its number brought to [−1, 1] (:func:`privkit.tally.products.scaled`);
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
    return all_rows(key_finder(table, keys), len(table)).astype(np.int64, copy=False)


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


#: What 1 is in steps: 2**24, so that products of two are exact in 64-bit floats, and 2**31 rows fit in 64 bits.
FULL = 2**24

#: Rows whose products are summed at once: they stay in a processor's cache, and their sums below 2**53 as floats.
_BLOCK = 2**14

#: A product of numbers, as their places in ascending order.
Product = tuple[int, ...]


def product_sums(
    data: object,
    columns: Mapping[str, Grid],
    *,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds = ONE_ROW,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Sum all products of two of the numbers 1, z₁, …, zₘ over the rows, each z a column brought to [−1, 1].

    A number is a whole z from −2**24 to 2**24 (:func:`privkit.tally.products.scaled`). The product
    of two counts as floor(z·z′ / 2**24 + 1/2), from −2**24 to 2**24: every operation looks at one row alone, and sums
    are of whole numbers, so that neither the order of rows nor the engine matters. A row with a missing value in any
    column is left out. With a `unit` each person is bounded first (:func:`privkit.tally.bounding.bounded_rows`): a
    row's mark is made of all its numbers. Reads rows, fetching the columns; spends nothing.

    Returns
    -------
    array of int64, shape ((m + 1)·(m + 2) / 2,)
        The upper half of the matrix of sums, row by row: first 2**24 times the number of rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.tally.cells.numbers import Grid
    >>> frame = pd.DataFrame({"x": [0, 10, 10], "y": [0.0, 4.0, None]})
    >>> (product_sums(frame, {"x": Grid(1.0, 0, 10), "y": Grid(1.0, 0, 4)}) / FULL).tolist()  # (−1, −1) and (1, 1)
    [2.0, 0.0, 0.0, 2.0, 2.0, 2.0]
    """
    return moment_sums(data, columns, products(len(columns)), unit=unit, bounds=bounds, salt=salt)


def products(count: int) -> tuple[Product, ...]:
    """Return all products of two of 1 and so many numbers, by the numbers' places: 1, each by itself, pairs.

    Examples
    --------
    >>> products(2)
    ((), (0,), (1,), (0, 0), (0, 1), (1, 1))
    """
    return tuple(part for size in range(3) for part in combinations_with_replacement(range(count), size))


def moment_sums(
    data: object,
    columns: Mapping[str, Grid],
    wanted: Sequence[Product],
    *,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds = ONE_ROW,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Sum products of up to four of the numbers z over the rows: as :func:`product_sums`, any that are wanted.

    A product of three counts as that of its first two, rounded as there, with the third, and one of four as that of
    two such products: each a whole number from −2**24 to 2**24 that depends on one row alone. Reads rows, fetching the
    columns; spends nothing.

    Parameters
    ----------
    wanted : sequence of tuple of int
        Each by the places of its numbers among the columns; ``()`` counts rows.

    Returns
    -------
    array of int64, shape (len(wanted),)
        In steps of 2**-24.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.tally.cells.numbers import Grid
    >>> frame = pd.DataFrame({"x": [0, 10, 5], "y": [0.0, 4.0, 3.0]})  # (−1, −1), (1, 1) and (0, 1/2)
    >>> grids = {"x": Grid(1.0, 0, 10), "y": Grid(1.0, 0, 4)}
    >>> (moment_sums(frame, grids, [(), (1,), (0, 1, 1), (1, 1, 1, 1)]) / FULL).tolist()
    [3.0, 0.5, 0.0, 2.0625]
    """
    engine = engine_for(data, None, unit, list(columns))
    salt = secrets.token_bytes(16) if salt is None else salt
    names = tuple(columns)
    if unit is None:
        each, known = scaled(engine.collect(names), columns, FULL)
        return _sums([z[known] for z in each], wanted)
    needed = (*names, *unit_columns(unit))
    found = np.zeros(len(wanted), dtype=np.int64)
    for table in engine.parts(unit_columns(unit)[0], needed):
        each, known = scaled(table, columns, FULL)
        _, kept = bounded_vectors(table, [z.astype(np.int64) for z in each], known, unit, bounds, salt)
        found += _sums(list(kept.T.astype(np.float64)), wanted)
    return found


def _sums(each: Sequence[NDArray[np.float64]], wanted: Sequence[Product]) -> NDArray[np.int64]:
    """Return the sums of products, of which those of one row are whole numbers of steps."""
    found = np.zeros(len(wanted), dtype=np.int64)
    for first in range(0, len(each[0]), _BLOCK):
        found += _block_sums([z[first : first + _BLOCK] for z in each], wanted)
    return found


def _block_sums(each: Sequence[NDArray[np.float64]], wanted: Sequence[Product]) -> NDArray[np.int64]:
    """Return the sums of a few rows, whose products of two are kept for those of more that are made of them."""
    known: dict[Product, NDArray[np.float64]] = {(place,): z for place, z in enumerate(each)}

    def multiplied(of: Product) -> NDArray[np.float64]:
        if of in known:
            return known[of]
        cut = min(len(of) - 1, 2)  # of two numbers each, so that the one of a pair serves all that it stands in
        found: NDArray[np.float64] = np.floor(multiplied(of[:cut]) * multiplied(of[cut:]) / FULL + 0.5)
        if len(of) == 2:
            known[of] = found
        return found

    return np.array([int(multiplied(of).sum()) if of else len(each[0]) * FULL for of in wanted], dtype=np.int64)
