"""Where the numbers of each key fall among public candidates."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.numbers import positions_of
from privkit.tally.engines.opening import engine_for, needed
from privkit.tally.rows import source_of
from privkit.tally.windows import unit_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
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
    function: str = "positions",
) -> NDArray[np.int64]:
    """Count the rows of each key at each position among ascending candidates; shape (n_keys, 2 · n_candidates + 1).

    Position 2j is between candidate j−1 and candidate j, position 2j+1 is at candidate j. Missing values are left out,
    ±inf stand at the ends. With a `unit` each person is bounded first. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.contribution import ONE_ROW
    >>> positions(pd.DataFrame({"x": [0.5, 1, 7]}), "x", [1.0, 2.0], bounds=ONE_ROW).tolist()
    [[1, 1, 0, 0, 1]]
    """
    ends = np.asarray(candidates, dtype=np.float64)
    engine = engine_for(data, keys, unit, [value], function)
    if unit is None:
        return engine.positions(value, ends, keys)
    salt = secrets.token_bytes(16) if salt is None else salt
    cells, width = 1 if keys is None else len(keys), 2 * len(ends) + 1
    counts = np.zeros(cells * width, dtype=np.int64)
    for table in engine.parts(unit_columns(unit)[0], needed(value, keys, unit)):
        rows = bounded_rows(source_of(table, keys, unit), positions_of(table[value], ends), bounds, salt)
        counts += np.bincount(rows.place * width + rows.values, minlength=len(counts))
    return counts.reshape(cells, width)
