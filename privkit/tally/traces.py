"""Persons and their points (places, purchases), as codes: what unicity counts on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.showing import series_of
from privkit.tally.classes import grouped_sizes
from privkit.tally.engines.opening import lazy_engine
from privkit.tally.frame import column_names
from privkit.tally.packed import packed
from privkit.tally.subsets import chosen_columns, codes_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Traces:
    """The distinct points of each person, both ways round.

    Attributes
    ----------
    n_persons, n_points : int
    points, starts : arrays of int64
        The points of person i are ``points[starts[i]:starts[i + 1]]``, ascending.
    persons, point_starts : arrays of int64
        The persons of point j are ``persons[point_starts[j]:point_starts[j + 1]]``, ascending.
    without_id : int
        Rows without a person, which were left out.
    """

    n_persons: int
    n_points: int
    points: Ints
    starts: Ints
    persons: Ints
    point_starts: Ints
    without_id: int


def traces(data: object, unit: str, columns: str | Sequence[str], *, function: str) -> Traces:
    """Return the distinct points of each person, a point being the values of some columns. Reads rows; spends nothing.

    Missing is a value of its own in a point; rows without an id are left out. Of a lazy frame each pair of a person and
    a point is fetched once.
    """
    names = column_names(columns, function, "columns")
    table, rows = _once(data, [unit, *names], function)
    who, n_persons = codes_of(table[unit], function)
    point = packed([codes_of(table[name], function)[0] for name in names])[0]
    known = who < n_persons
    distinct_points, point = np.unique(point[known], return_inverse=True)
    person = who[known]
    n_points = len(distinct_points)
    pairs = np.unique(person * max(n_points, 1) + point)
    person, point = np.divmod(pairs, max(n_points, 1))
    order = np.argsort(point, kind="stable")
    return Traces(
        n_persons,
        n_points,
        point,
        np.searchsorted(person, np.arange(n_persons + 1)),
        person[order],
        np.searchsorted(point[order], np.arange(n_points + 1)),
        int(rows[~known].sum()),
    )


def _once(data: object, columns: list[str], function: str) -> tuple[pd.DataFrame, Ints]:
    """Return rows, or the classes of a lazy frame, and how many rows each stands for."""
    import pandas as pd

    if (engine := lazy_engine(data, function, columns)) is None:
        table = chosen_columns(data, columns, function, "columns")
        return table, np.ones(len(table), dtype=np.int64)
    cells, rows = grouped_sizes(engine, columns, function)
    return pd.DataFrame({name: series_of(cells[name]) for name in columns}), rows
