"""Counts: of rows, of persons, of distinct values, and of the rows of groups that show up by themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.measurement import frames
from privkit.dp.noise.selection import GaussianThreshold, LaplaceThreshold, Stated, texts
from privkit.dp.opendp import features
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.tally.bounding import bounded_counts, person_groups
from privkit.tally.frame import engine_of
from privkit.tally.groups import distinct_values, group_counts, key_values, keyed_counts
from privkit.values.bounds import ONE_ROW
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.values.bounds import ContributionBounds
    from privkit.values.expression.selection import Selection
    from privkit.values.loss import PrivacyLoss


@dataclass(frozen=True, slots=True)
class Count(Statistic):
    """How many rows a group has.

    One row counts for one group, by 1: its reach is 1 in every norm.
    """

    name = "count"
    aggregate = "keyed_counts"
    of_persons = "pairs"

    @property
    def linear(self) -> frozenset[str]:
        """The count."""
        return frozenset({self.main})

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count rows exactly, each person within the bounds."""
        if question.who is not None:
            counts = bounded_counts(data, question.who, question.bounds, question.keys)
        elif question.keys is None:
            counts = np.array([engine_of(data).n_rows()], dtype=np.int64)
        else:
            counts = keyed_counts(data, question.keys)
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

    def showing(self, columns: tuple[str, ...]) -> Statistic | None:
        """Return the count of groups that have enough rows; counts of other things than rows have groups found."""
        return OpenCount(columns) if type(self) is Count else None

    def __str__(self) -> str:
        return "count of rows"


def anew(window: str) -> str:
    """Say how often a person counts where the unit has a window."""
    period = window.rsplit(" ", 1)[-1]
    return f"a person counts anew in each {period}: over n {period}s up to n times"


class OncePerGroup:
    """A statistic in which a person counts once in a group."""

    __slots__ = ()

    once: ClassVar[bool] = True

    def limit(self, bounds: ContributionBounds) -> str:
        """Return in words how much of one person counts."""
        return f"each person in at most {bounds.l0} {'group' if bounds.l0 == 1 else 'groups'}, chosen at random"


@dataclass(frozen=True, slots=True)
class PersonCount(OncePerGroup, Count):
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

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count persons exactly, each in at most so many groups."""
        assert question.who is not None
        counts = bounded_counts(data, question.who, question.bounds, question.keys)
        return counts.reshape(-1, 1)

    def showing(self, columns: tuple[str, ...]) -> OpenCount:
        """Return the count of groups that have enough persons."""
        return OpenCount(columns, persons=True, window=self.window)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say how often a person counts, where that is more than once."""
        return () if not self.window else (anew(self.window),)

    def __str__(self) -> str:
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

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count distinct values exactly, each person within the bounds."""
        counts = distinct_values(data, self.column, keys=question.keys, unit=question.who, bounds=question.bounds)
        return counts.reshape(-1, 1)

    def __str__(self) -> str:
        return f"count of distinct values of {self.column!r}"


@dataclass(frozen=True, slots=True)
class OpenCount(Count):
    """How many rows each group has, of all groups that occur and have enough of them.

    Attributes
    ----------
    by : tuple of str
        The columns.
    persons : bool
        Whether persons are counted: one for each person and group.
    window : str
        The unit's window in words, where persons are counted.

    Notes
    -----
    *Reach.* The groups are the keys of a dictionary of exact counts. What is kept of a person depends on that person's
    rows and on the salt alone (`privkit.tally.groups`); so for each salt a person more or less changes at most L0
    counts, each by at most L∞, all by at most L1 (L2), and a count of 0 is no entry.
    """

    by: tuple[str, ...] = ()
    persons: bool = False
    window: str = ""

    noises = (LaplaceThreshold, GaussianThreshold)
    aggregate = "classes"
    of_persons = "parts"

    @property
    def read(self) -> tuple[str, ...]:
        """The columns of the groups."""
        return self.by

    @property
    def shows(self) -> tuple[str, ...]:
        """The columns of the groups."""
        return self.by

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return the OpenDP measurement from frames to the noisy counts that pass the threshold."""
        assert isinstance(noise, LaplaceThreshold | GaussianThreshold)
        norms = question.sensitivity
        concentrated = isinstance(noise, GaussianThreshold)
        with features() as dp:
            absolute = dp.metrics.absolute_distance(T="f64" if concentrated else "i64")
            metric = dp.metrics.l02inf_distance(absolute) if concentrated else dp.metrics.l01inf_distance(absolute)
            middle, last = (norms.l2, float(norms.linf)) if concentrated else (norms.l1, norms.linf)
            counts = dp.transformations.make_user_transformation(
                *frames(dp),
                texts(dp),
                metric,
                lambda rows: rows.read(lambda data: self.counted(data, question)),
                lambda persons: (persons * norms.l0, persons * middle, persons * last),
            )
            return Stated(counts >> noise.measurement(), noise.stated(norms))

    def counted(self, data: object, question: Question) -> dict[str, int]:
        """Count the rows of every group that occurs, each person within the bounds. Reads rows."""
        rows = question.rows(data)
        return group_counts(rows, self.by, question.who, question.bounds)

    def pairs_of(self, rows: Engine, question: Question) -> Iterator[PersonGroups]:
        """Give, in parts, how many rows each person has in each group that occurs."""
        assert question.who is not None
        found = group_counts(rows, self.by, None, ONE_ROW)
        return (pairs for pairs, _ in person_groups(rows, question.who, shown_keys(self.by, sorted(found))))

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return the simulated counts that pass the threshold."""
        assert isinstance(noise, LaplaceThreshold | GaussianThreshold)
        counts = self.counted(data, question)
        noisy = np.array([*counts.values()], dtype=np.int64) + draw.added(noise, len(counts))
        return {text: int(count) for text, count in zip(counts, noisy, strict=True) if count >= noise.threshold}

    def answered(self, plan: Plan, keys: Sequence[str] | None) -> Plan:
        """Return the plan of the groups that showed up."""
        assert keys is not None
        asked = PersonCount(self.window) if self.persons else Count()
        return replace(plan, question=replace(plan.question, asked=asked, keys=shown_keys(self.by, keys)))

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say how many rows a group needs."""
        return (
            needed(noise, question),
            "that a count is shown at all favors high noise: near the threshold counts tend to be too high",
        )

    @property
    def main(self) -> str:
        """What is counted."""
        return f"persons{self.window}" if self.persons else self.name

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say how often a person counts, where that is more than once."""
        return (anew(self.window),) if self.persons and self.window else ()

    @classmethod
    def wrote(cls, record: Mapping[str, Any]) -> bool:
        """Whether a record is of a count of such groups: of others it does not say who is counted."""
        return "persons" in record and super(OpenCount, cls).wrote(record)

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the count that a record tells."""
        return cls(tuple(record["by"]), record["persons"])

    def __str__(self) -> str:
        what = f"persons{self.window}" if self.persons else "rows"
        return f"count of {what} by {', '.join(self.by)} (groups that pass a threshold)"


def needed(noise: Noise, question: Question) -> str:
    """Say how many rows, or persons, a group needs to show up."""
    threshold, each = getattr(noise, "threshold", 0), question.bounds.linf
    if question.unit.is_row or each == 1:
        what = question.unit.nouns
    else:
        what = f"rows ({math.ceil(threshold / each):,} {question.unit.nouns}, if each has {each})"
    return f"a group shows up if its noisy count reaches {threshold:,}: it needs about {threshold:,} {what}"


def shown_keys(by: tuple[str, ...], texts: Sequence[str]) -> Keys:
    """Return the keys that these texts tell."""
    return Keys(by, tuple(key_values(text) for text in texts), told=True)
