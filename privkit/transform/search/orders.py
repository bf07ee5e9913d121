"""Orders in which nodes of a lattice are looked at, and sums that all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def middles(low: int, high: int) -> list[int]:
    """Return the numbers from low to high, the middle first, then the middles of both halves, and so on.

    Examples
    --------
    >>> middles(0, 6)
    [3, 1, 5, 0, 2, 4, 6]
    """
    answer, spans = [], [(low, high)]
    while spans:
        first, last = spans.pop(0)
        if first > last:
            continue
        middle = (first + last) // 2
        answer.append(middle)
        spans += [(first, middle - 1), (middle + 1, last)]
    return answer


def outer_sum(columns: Sequence[Floats]) -> Floats:
    """Return the array of all sums of one entry per column."""
    total = np.zeros(())
    for column in columns:
        total = np.add.outer(total, column)
    return np.asarray(total)
