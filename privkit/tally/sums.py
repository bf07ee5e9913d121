"""Sums of powers on a fixed-point grid: exact integers, whatever the engine and the order of the rows."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows, by_person_and_key
from privkit.tally.lookup import over_blocks
from privkit.tally.persons import at_most_groups
from privkit.tally.rows import Grid, KeptRows, known_rows, open_source, stepped
from privkit.values.contribution import ONE_ROW, ContributionBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

#: Up to this many keys each block has counters of its own.
_COUNTERS = 1 << 14


def power_sums(
    data: object,
    value: str,
    grid: Grid,
    *,
    keys: Keys | None = None,
    degree: int = 1,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds = ONE_ROW,
    salt: bytes | None = None,
    function: str = "power_sums",
) -> NDArray[np.int64]:
    """Sum the powers 0 to `degree` of a column's numbers in each key's rows, in steps from the grid's lower end.

    A number x counts as ``v = clip(round(x / step), low, high) - low``, a whole number from 0 to ``grid.range``; its
    powers are whole too, so every sum is exact: any engine and any order of the rows give the same. Rows whose value
    is missing (null, NaN) are left out, ±inf is clipped; rows of no key are left out. With a `unit` each person is
    bounded first (:func:`privkit.tally.bounding.bounded_rows`). Reads rows; spends nothing.

    Parameters
    ----------
    value : str
        A column of numbers.
    grid : Grid
        With ``grid.range ** degree`` at most 2**31, so that 2**31 rows fit in 64 bits.
    degree : int
        The highest power.
    unit : str or PrivacyUnit, optional
        The column that tells persons apart.
    bounds : ContributionBounds
        How much of one person counts.
    salt : bytes, optional
        For the choice among a person's rows; drawn anew by default, given in tests alone.

    Returns
    -------
    array of int64, shape (n_keys, degree + 1)
        Counts, sums, sums of squares ...

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.keys import public_keys
    >>> bills = pd.DataFrame({"shop": ["a", "a", "b"], "paid": [1.25, 99.0, float("nan")]})
    >>> keys = public_keys(["shop"], ["a", "b"], "example")
    >>> power_sums(bills, "paid", Grid(0.25, 0, 40), keys=keys).tolist()
    [[2, 45], [0, 0]]
    """
    source = open_source(data, keys, unit, [value], function=function)
    steps = stepped(source.table[value], grid)
    if unit is not None:
        rows = bounded_rows(source, steps, bounds, secrets.token_bytes(16) if salt is None else salt)
        return _summed(KeptRows(rows.place, rows.values - grid.low), source.cells, degree)
    if source.cells > _COUNTERS:
        rows = known_rows(source, steps)[1]
        return _summed(KeptRows(rows.place, rows.values - grid.low), source.cells, degree)

    def work(rows: slice) -> NDArray[np.int64]:
        place, number = source.place(rows), steps(rows)
        number -= grid.low
        missing = np.isnan(number)
        if missing.any():
            place, number = np.where(missing, source.cells, place), np.where(missing, 0.0, number)
        return _block_sums(place, number, source.cells, degree)

    sums = np.zeros((source.cells, degree + 1), dtype=np.int64)
    for block in over_blocks(work, len(source)):
        sums += block
    return sums


def _block_sums(place: NDArray[np.int64], number: NDArray[np.float64], cells: int, degree: int) -> NDArray[np.int64]:
    """Sum the powers in one block; floats hold them exactly, since 2**16 rows of 2**30 stay below 2**53."""
    sums = np.empty((cells, degree + 1), dtype=np.int64)
    sums[:, 0] = np.bincount(place, minlength=cells + 1)[:cells]
    power = number
    for exponent in range(1, degree + 1):
        sums[:, exponent] = np.bincount(place, weights=power, minlength=cells + 1)[:cells]
        power = power * number
    return sums


def _summed(rows: KeptRows, cells: int, degree: int) -> NDArray[np.int64]:
    sums = np.zeros((cells, degree + 1), dtype=np.int64)
    power = np.ones(len(rows.place), dtype=np.int64)
    for exponent in range(degree + 1):
        np.add.at(sums[:, exponent], rows.place, power)
        power = power * rows.values
    return sums


def person_sums(
    data: object,
    value: str,
    grid: Grid,
    *,
    unit: str | PrivacyUnit,
    groups: int,
    keys: Keys | None = None,
    salt: bytes | None = None,
    function: str = "person_sums",
) -> NDArray[np.int64]:
    """Add up each person's numbers within each key, clip that total to the grid, and sum the totals by key.

    A row counts as ``clip(round(x / step), -m, m)`` with m the grid's largest, so that the total of a person is a
    whole number; clipped, it lies between ``grid.low`` and ``grid.high``. A person in more than `groups` keys keeps
    that many. Returns counts of persons and sums of totals in steps from 0, shape (n_keys, 2). Reads rows; spends
    nothing.
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    source = open_source(data, keys, unit, [value], function=function)
    assert source.who is not None
    wide = Grid(grid.step, -grid.largest, grid.largest)
    person, rows = known_rows(source, stepped(source.table[value], wide))
    pairs, order = by_person_and_key(source, person, rows)
    first = np.cumsum(pairs.rows) - pairs.rows
    totals = np.add.reduceat(rows.values[order], first) if len(first) else rows.values
    kept = at_most_groups(pairs, source.who, groups, salt)
    return _summed(KeptRows(pairs.place[kept], np.clip(totals[kept], grid.low, grid.high)), source.cells, 1)
