"""Counts of persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.dp.count import Count
from privkit.tally.persons import bounded_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.question import Question
    from privkit.values.contribution import ContributionBounds


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
