"""Sums of powers on a fixed-point grid: exact integers, whatever the engine and the order of the rows."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows, by_person_and_key
from privkit.tally.cells.numbers import steps_of
from privkit.tally.engines.kernels import summed
from privkit.tally.engines.opening import engine_for, needed
from privkit.tally.grid import Grid
from privkit.tally.persons import at_most_groups
from privkit.tally.rows import KeptRows, known_rows, source_of
from privkit.tally.units import unit_columns
from privkit.values.bounds import ONE_ROW, ContributionBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.persons import PersonGroups
    from privkit.tally.units import Persons
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


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
) -> NDArray[np.int64]:
    """Count the rows of each key, and sum their numbers, and squares, in steps from the grid's lower end.

    A number x counts as ``v = clip(floor(x / step + 1/2), low, high) - low``, a whole number from 0 to M, the grid's
    range; its square counts as ``q = floor(v * v / M + 1/2)``, reckoned in 64-bit floats, a whole number from 0 to v
    (0 where M is 0). So every sum is one of whole numbers, and exact: any engine and any order of the rows give the
    same. Rows whose value is missing (null, NaN) are left out, ±inf is clipped; rows of no key are left out. With a
    `unit` each person is bounded first (:func:`privkit.tally.bounding.bounded_rows`). Reads rows; spends nothing.

    Parameters
    ----------
    value : str
        A column of numbers.
    grid : Grid
        With a range of at most 2**31, so that 2**31 rows fit in 64 bits.
    degree : {1, 2}
        Whether squares are summed too.
    unit : str or PrivacyUnit, optional
        The column that tells persons apart.
    bounds : ContributionBounds
        How much of one person counts.
    salt : bytes, optional
        For the choice among a person's rows; drawn anew by default, given in tests alone.

    Returns
    -------
    array of int64, shape (n_keys, degree + 1)
        Counts, sums of v, sums of q.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.keys import public_keys
    >>> bills = pd.DataFrame({"shop": ["a", "a", "b"], "paid": [1.25, 99.0, float("nan")]})
    >>> keys = public_keys(["shop"], ["a", "b"])
    >>> power_sums(bills, "paid", Grid(0.25, 0, 40), keys=keys).tolist()
    [[2, 45], [0, 0]]
    >>> power_sums(bills, "paid", Grid(0.25, 0, 40), keys=keys, degree=2).tolist()  # 5 and 40: 25/40 and 40
    [[2, 45, 41], [0, 0, 0]]
    """
    engine = engine_for(data, keys, unit, [value])
    if unit is None:
        return engine.power_sums(value, grid, keys, degree)
    salt = secrets.token_bytes(16) if salt is None else salt
    sums = np.zeros((1 if keys is None else len(keys), degree + 1), dtype=np.int64)
    for table in engine.parts(unit_columns(unit)[0], needed(value, keys, unit)):
        source = source_of(table, keys, unit)
        rows = bounded_rows(source, steps_of(table[value], grid), bounds, salt)
        sums += summed(KeptRows(rows.place, rows.values - grid.low), source.cells, degree, grid.range)
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
) -> NDArray[np.int64]:
    """Add up each person's numbers within each key, clip that total to the grid, and sum the totals by key.

    A row counts as ``clip(floor(x / step + 1/2), -m, m)`` with m the grid's largest, so that the total of a person is a
    whole number; clipped, it lies between ``grid.low`` and ``grid.high``. A person in more than `groups` keys keeps
    that many. Returns counts of persons and sums of totals in steps from 0, shape (n_keys, 2). Reads rows; spends
    nothing.
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    sums = np.zeros((1 if keys is None else len(keys), 2), dtype=np.int64)
    for pairs, who, totals in person_totals_of(data, value, grid, unit=unit, keys=keys):
        kept = at_most_groups(pairs, who, groups, salt)
        rows = KeptRows(pairs.place[kept], np.clip(totals[kept], grid.low, grid.high))
        sums += summed(rows, len(sums), 1)
    return sums


def person_totals_of(
    data: object, value: str, grid: Grid, *, unit: str | PrivacyUnit, keys: Keys | None = None, beyond: int = 0
) -> Iterator[tuple[PersonGroups, Persons, NDArray[np.int64]]]:
    """Give, in parts, the pairs of person and key that occur, and the total of each in steps, before it is clipped.

    A number counts as the largest that the grid has at most, or as one `beyond` it by so many steps.
    """
    engine = engine_for(data, keys, unit, [value])
    wide = Grid(grid.step, -grid.largest - beyond, grid.largest + beyond)
    for table in engine.parts(unit_columns(unit)[0], needed(value, keys, unit)):
        source = source_of(table, keys, unit)
        assert source.who is not None
        person, rows = known_rows(source, steps_of(table[value], wide))
        pairs, order = by_person_and_key(source, person, rows)
        first = np.cumsum(pairs.rows) - pairs.rows
        totals = np.add.reduceat(rows.values[order], first) if len(first) else rows.values
        yield pairs, source.who, totals
