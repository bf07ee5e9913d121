"""Where the numbers of each key fall among public candidates.

Numbers counted in public bins.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.cells import TEXT, Cells, Kind
from privkit.tally.cells.numbers import positions_of
from privkit.tally.engines.opening import engine_for, needed
from privkit.tally.persons import bounded_cells, grouped_pairs
from privkit.tally.rows import source_of
from privkit.tally.units import unit_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.persons import PersonGroups
    from privkit.tally.units import Persons
    from privkit.values.bounds import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


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
