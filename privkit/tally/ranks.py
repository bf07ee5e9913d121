"""Where the numbers of each key fall among public candidates."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.lookup import over_blocks
from privkit.tally.rows import floats, open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

#: Integers within a range below this are looked up in a table.
_TABLE = 1 << 16
#: Up to this many counters each block has its own.
_COUNTERS = 1 << 14


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
    source = open_source(data, keys, unit, [value], function=function)
    ends, width = np.asarray(candidates, dtype=np.float64), 2 * len(candidates) + 1
    whole = _whole_numbers(source.table[value], ends)
    if whole is not None and keys is None and unit is None:
        return whole.counted(len(source), width)
    find = _finder(source.table[value], ends) if whole is None else whole.find
    if unit is not None:
        rows = bounded_rows(source, find, bounds, secrets.token_bytes(16) if salt is None else salt)
        counts = np.bincount(rows.place * width + rows.values, minlength=source.cells * width)
        return counts.reshape(source.cells, width).astype(np.int64)

    def work(rows: slice) -> NDArray[np.int64]:
        place, position = source.place(rows).astype(np.int64), find(rows)
        known = (place < source.cells) & ~np.isnan(position)
        code = place[known] * width + position[known].astype(np.int64)
        return np.bincount(code, minlength=source.cells * width) if source.cells * width <= _COUNTERS else code

    total = np.zeros(source.cells * width, dtype=np.int64)
    for block in over_blocks(work, len(source)):
        total += block if source.cells * width <= _COUNTERS else np.bincount(block, minlength=len(total))
    return total.reshape(source.cells, width)


@dataclass(frozen=True, eq=False)
class _WholeNumbers:
    """A column of integers and the position of each integer from `low` to `high`; those outside have the ends' own."""

    array: NDArray[Any]
    low: int
    high: int
    position: NDArray[np.int64]

    def _places(self, rows: slice) -> NDArray[np.int64]:
        return np.clip(self.array[rows], self.low, self.high).astype(np.int64, copy=False) - self.low

    def find(self, rows: slice) -> NDArray[np.int64]:
        """Return the positions of a block of rows."""
        return self.position[self._places(rows)]

    def counted(self, rows: int, width: int) -> NDArray[np.int64]:
        """Return how many rows each position has; shape (1, width)."""
        blocks = over_blocks(lambda part: np.bincount(self._places(part), minlength=len(self.position)), rows)
        counts = np.sum([np.zeros(len(self.position), dtype=np.int64), *blocks], axis=0)
        found = np.zeros((1, width), dtype=np.int64)
        np.add.at(found[0], self.position, counts)
        return found


def _whole_numbers(column: pd.Series, candidates: NDArray[np.float64]) -> _WholeNumbers | None:
    """Return an integer column's positions by a table, or None for other columns and wide candidates."""
    if not (isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu"):
        return None
    array = column.to_numpy()
    low, high = math.floor(candidates[0]) - 1, math.ceil(candidates[-1]) + 1
    if high - low >= _TABLE or low < -(2**53) or high > 2**53:
        return None
    every = np.arange(low, high + 1, dtype=np.float64)
    position = np.searchsorted(candidates, every, side="left") + np.searchsorted(candidates, every, side="right")
    limits = np.iinfo(array.dtype)
    least, most = max(low, int(limits.min)), min(high, int(limits.max))
    return _WholeNumbers(array, least, most, position[least - low : most - low + 1]) if least <= most else None


def _finder(column: pd.Series, candidates: NDArray[np.float64]) -> Callable[[slice], NDArray[Any]]:
    """Return a function from a block of rows to positions, as floats; NaN where the value is missing."""
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiu"
    array = column.to_numpy() if plain else floats(column)
    steps = np.diff(candidates)
    step = steps[0] if len(steps) and np.allclose(steps, steps[0], rtol=1e-9, atol=0) else None
    last = 2.0 * len(candidates)

    def find(rows: slice) -> NDArray[np.float64]:
        block = array[rows].astype(np.float64)
        if step is None or step == 0:
            missing = np.isnan(block)
            found = np.searchsorted(candidates, block, side="left") + np.searchsorted(candidates, block, side="right")
            return np.where(missing, np.nan, found)
        with np.errstate(over="ignore", invalid="ignore"):
            block -= candidates[0]
            block /= step
            # Between two candidates floor and ceil differ by one and add up to an even number after the shift.
            return np.clip(np.floor(block) + np.ceil(block) + 1.0, 0.0, last)

    return find
