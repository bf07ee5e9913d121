"""Counts of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.statistic import Estimates, Limits, Statistic
from privkit.tally.engines.opening import engine_of
from privkit.tally.keyed import keyed_counts
from privkit.tally.persons import bounded_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise import Noise
    from privkit.dp.question import Question


@dataclass(frozen=True, slots=True)
class Count(Statistic):
    """How many rows a group has.

    One row counts for one group, by 1: its reach is 1 in every norm.
    """

    name = "count"
    aggregate = "keyed_counts"
    of_persons = "pairs"

    def exact(self, data: object, question: Question, function: str) -> NDArray[np.int64]:
        """Count rows exactly, each person within the bounds."""
        if question.who is not None:
            counts = bounded_counts(data, question.who, question.bounds, question.keys, function=function)
        elif question.keys is None:
            counts = np.array([engine_of(data, function).n_rows()], dtype=np.int64)
        else:
            counts = keyed_counts(data, question.keys, function=function)
        return counts.reshape(-1, 1)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the noisy counts: signed integers."""
        return {self.main: cells[:, 0]}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the counts less and more the half-width."""
        width = noise.half_width(alpha)
        return {self.main: (cells[:, 0] - width, cells[:, 0] + width)}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> int:
        """Return the noise's own half-width, in rows."""
        return noise.half_width(alpha)

    def reference(self, rows: int) -> float:
        """Return the rows."""
        return float(rows)

    def __str__(self) -> str:
        """Return the statistic in words."""
        return "count of rows"
