"""Numbers of each key: sums of powers on a fixed-point grid, and where they fall among public candidates.

Exact integers, whatever the engine and the order of the rows.

Numbers counted in public bins.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import at_most_groups, bounded_cells, bounded_rows, by_person_and_key, grouped_pairs
from privkit.tally.cells.cells import TEXT, Cells, Kind
from privkit.tally.cells.numbers import Grid, positions_of, steps_of
from privkit.tally.engines.eager import summed
from privkit.tally.frame import engine_for, needed
from privkit.tally.rows import KeptRows, known_rows, source_of, unit_columns
from privkit.values.bounds import ONE_ROW, ContributionBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.bounding import PersonGroups
    from privkit.tally.rows import Persons
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


def positions(
    data: object,
    value: str,
    candidates: Sequence[float],
    *,
    keys: Keys | None = None,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Count the rows of each key at each position among ascending candidates; shape (n_keys, 2 · n_candidates + 1).

    Position 2j is between candidate j−1 and candidate j, position 2j+1 is at candidate j. Missing values are left out,
    ±inf stand at the ends. With a `unit` each person is bounded first. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ONE_ROW
    >>> positions(pd.DataFrame({"x": [0.5, 1, 7]}), "x", [1.0, 2.0], bounds=ONE_ROW).tolist()
    [[1, 1, 0, 0, 1]]
    """
    ends = np.asarray(candidates, dtype=np.float64)
    engine = engine_for(data, keys, unit, [value])
    if unit is None:
        return engine.positions(value, ends, keys)
    salt = secrets.token_bytes(16) if salt is None else salt
    cells, width = 1 if keys is None else len(keys), 2 * len(ends) + 1
    counts = np.zeros(cells * width, dtype=np.int64)
    for table in engine.parts(unit_columns(unit)[0], needed(value, keys, unit)):
        rows = bounded_rows(source_of(table, keys, unit), positions_of(table[value], ends), bounds, salt)
        counts += np.bincount(rows.place * width + rows.values, minlength=len(counts))
    return counts.reshape(cells, width)


def binned_counts(
    data: object,
    column: str,
    edges: Sequence[float],
    labels: Sequence[str],
    *,
    keys: Keys,
    within: Keys | None,
    unit: str | PrivacyUnit | None,
    bounds: ContributionBounds,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Count the rows of each bin, within each key of other columns.

    Bins are closed on the left, the last one on both sides, as in :func:`numpy.histogram`; numbers outside all bins,
    and missing ones, are left out. A row's bin depends on that row alone. With a `unit` each person is bounded first,
    over all bins. Reads rows; spends nothing.

    Parameters
    ----------
    keys : Keys
        The groups: those of `within`, each with every label as the value of `column`.
    within : Keys, optional
        The keys of the other columns.

    Returns
    -------
    array of int64, shape (len(keys),)

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ONE_ROW
    >>> from privkit.values.keys import Keys
    >>> ages = pd.DataFrame({"age": [0, 9.9, 10, 20, 21, None]})
    >>> binned_counts(ages, "age", [0, 10, 20], ["young", "old"], keys=Keys(("age",), (("young",), ("old",))),
    ...               within=None, unit=None, bounds=ONE_ROW).tolist()
    [2, 2]
    """
    ends = np.asarray(edges, dtype=np.float64)
    engine = engine_for(data, within, unit, [column])
    if unit is None:
        found = engine.positions(column, ends, within, bins=True)
        counts = found[:, 1:-2:2] + found[:, 2:-1:2]
        counts[:, -1] += found[:, -2]  # at the last edge
        return counts.reshape(-1)
    salt = secrets.token_bytes(16) if salt is None else salt
    total = np.zeros(len(keys), dtype=np.int64)
    for pairs in binned_groups(engine, column, edges, labels, keys=keys, within=within, unit=unit):
        total += bounded_cells(pairs, bounds, len(keys), salt)
    return total


def binned_groups(
    data: object,
    column: str,
    edges: Sequence[float],
    labels: Sequence[str],
    *,
    keys: Keys,
    within: Keys | None,
    unit: str | PrivacyUnit,
) -> Iterator[tuple[PersonGroups, Persons]]:
    """Give, in parts, how many rows each person has in each bin, within each key; see :func:`binned_counts`."""
    ends = np.asarray(edges, dtype=np.float64)
    others = within.by if within is not None else ()
    engine = engine_for(data, within, unit, [column])
    for rows in engine.parts(unit_columns(unit)[0], (*others, column, *unit_columns(unit))):
        table = rows.joined({column: _binned(rows[column], ends, labels)})
        yield grouped_pairs(source_of(table, keys, unit), None)


def _binned(cells: Cells, edges: NDArray[np.float64], labels: Sequence[str]) -> Cells:
    """Return the label of each number's bin."""
    position, missing = positions_of(cells, edges)(slice(0, len(cells)))
    place = (position - 1) // 2  # of what lies below all edges -1
    place[position == 2 * len(labels) + 1] = len(labels) - 1
    place[position > 2 * len(labels) + 1] = -1
    if missing is not None:
        place[missing] = -1
    values = np.empty(len(labels), dtype=object)
    values[:] = list(labels)
    return Cells(Kind(TEXT), values, None, place)
