"""Sums of products of columns on one grid: what regressions and correlations are made of, as exact integers."""

from __future__ import annotations

import secrets
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.engines.opening import engine_for
from privkit.tally.products.vectors import bounded_vectors, scaled
from privkit.tally.units import unit_columns
from privkit.values.bounds import ONE_ROW, ContributionBounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.tally.grid import Grid
    from privkit.values.unit import PrivacyUnit

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

    A number is a whole z from −2**24 to 2**24 (:func:`privkit.tally.products.vectors.scaled`). The product
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
    >>> from privkit.tally.grid import Grid
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
    >>> from privkit.tally.grid import Grid
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
