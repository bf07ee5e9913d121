"""Counts of persons.

Counts of rows.

Counts of distinct values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.tally.engines.opening import engine_of
from privkit.tally.keyed import keyed_counts
from privkit.tally.open_groups import distinct_values
from privkit.tally.persons import bounded_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.values.bounds import ContributionBounds


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


def once_in(groups: int) -> str:
    """Return in words how much of one person counts where it does once in a group."""
    return f"each person in at most {groups} {'group' if groups == 1 else 'groups'}, chosen at random"


def anew(window: str) -> str:
    """Say how often a person counts where the unit has a window."""
    period = window.rsplit(" ", 1)[-1]
    return f"a person counts anew in each {period}: over n {period}s up to n times"


@dataclass(frozen=True, slots=True)
class PersonCount(Count):
    """How many persons a group has: the distinct ids of the unit column, in each window anew where the unit has one.

    Attributes
    ----------
    window : str
        The unit's window in words, like " in a month": it belongs to the name of what is counted.

    Notes
    -----
    *Reach.* The contribution is that a person is in a group: one per person and group, by 1. A person counts in at
    most ``max_groups`` groups; in a total, once.
    """

    window: str = ""

    name = "persons"

    @property
    def main(self) -> str:
        """What is counted."""
        return f"{self.name}{self.window}"

    @property
    def linear(self) -> frozenset[str]:
        """The count."""
        return frozenset({self.main})

    def limit(self, bounds: ContributionBounds) -> str:
        """Return in words how much of one person counts."""
        return once_in(bounds.l0)

    def exact(self, data: object, question: Question, function: str) -> NDArray[np.int64]:
        """Count persons exactly, each in at most so many groups."""
        assert question.who is not None
        counts = bounded_counts(data, question.who, question.bounds, question.keys, function=function)
        return counts.reshape(-1, 1)

    def notes(self) -> tuple[str, ...]:
        """Say how often a person counts, where that is more than once."""
        return () if not self.window else (anew(self.window),)

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values; the window is the unit's, which the question records."""
        return {"statistic": self.name}

    def __str__(self) -> str:
        """Return the statistic in words."""
        return f"count of {self.main}"


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
