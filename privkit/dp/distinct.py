"""Counts of distinct values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.dp.count import Count
from privkit.tally.distinct import distinct_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.question import Question


@dataclass(frozen=True, slots=True)
class DistinctCount(Count):
    """How many distinct values a column has in each group; missing values are left out.

    Notes
    -----
    *Reach.* Let S_p be the pairs (group, value) of what is kept of person p's rows. A group's answer is the number of
    its values in the union of all S_p, so a person more adds at most |S_p| in all and takes nothing away: at most one
    for each contribution. For rows as units a row is one pair.
    """

    column: str = ""

    name = "nunique"
    aggregate = "distinct"
    of_persons = "collect"

    @property
    def read(self) -> tuple[str, ...]:
        """The column, of any type."""
        return (self.column,)

    def exact(self, data: object, question: Question, function: str) -> NDArray[np.int64]:
        """Count distinct values exactly, each person within the bounds."""
        counts = distinct_values(
            data,
            self.column,
            keys=question.keys,
            unit=question.who,
            bounds=question.bounds,
            function=function,
        )
        return counts.reshape(-1, 1)

    def __str__(self) -> str:
        """Return the statistic in words."""
        return f"count of distinct values of {self.column!r}"
