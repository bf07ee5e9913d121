"""Numbers counted in public bins."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.cells import Cells
from privkit.tally.cells.kind import TEXT, Kind
from privkit.tally.cells.numbers import positions_of
from privkit.tally.engines.opening import engine_for
from privkit.tally.persons import bounded_cells, grouped_pairs
from privkit.tally.rows import source_of
from privkit.tally.windows import unit_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


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
    function: str,
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
    >>> from privkit.values.contribution import ONE_ROW
    >>> from privkit.values.keys import Keys
    >>> ages = pd.DataFrame({"age": [0, 9.9, 10, 20, 21, None]})
    >>> binned_counts(ages, "age", [0, 10, 20], ["young", "old"], keys=Keys(("age",), (("young",), ("old",))),
    ...               within=None, unit=None, bounds=ONE_ROW, function="example").tolist()
    [2, 2]
    """
    ends = np.asarray(edges, dtype=np.float64)
    engine = engine_for(data, within, unit, [column], function)
    if unit is None:
        found = engine.positions(column, ends, within)
        counts = found[:, 1:-2:2] + found[:, 2:-1:2]
        counts[:, -1] += found[:, -2]  # at the last edge
        return counts.reshape(-1)
    salt = secrets.token_bytes(16) if salt is None else salt
    total = np.zeros(len(keys), dtype=np.int64)
    others = within.by if within is not None else ()
    for rows in engine.parts(unit_columns(unit)[0], (*others, column, *unit_columns(unit))):
        table = rows.joined({column: _binned(rows[column], ends, labels)})
        total += bounded_cells(grouped_pairs(source_of(table, keys, unit), None), bounds, len(keys), salt)
    return total


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
