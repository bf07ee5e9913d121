"""Groups whose keys are not public: those show up that have enough rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.dp.measurement import frames
from privkit.dp.noise.noise import Gaussian, Laplace, Noise, costs_at_most
from privkit.dp.opendp import features
from privkit.dp.statistics.counts import Count, PersonCount, anew
from privkit.tally.open_groups import group_counts, key_values
from privkit.values.keys import Keys
from privkit.values.loss import Measure, PrivacyLoss

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.dp.statistics.statistic import Sensitivity


@dataclass(frozen=True, slots=True)
class LaplaceThreshold(Laplace):
    """Discrete Laplace noise on the counts of all groups that occur; noisy counts below the threshold are not released.

    A group that occurs in only one of two neighboring frames has at most L∞ rows, so that it shows up with a chance
    that the threshold keeps below δ (Korolova, Kenthapadi, Mishra and Ntoulas 2009; Wilson et al. 2020). Noise,
    threshold and the map to (ε, δ) are OpenDP's.
    """

    threshold: int = 0

    name = "discrete Laplace with threshold"
    measures: ClassVar[tuple[Measure, ...]] = (Measure.APPROXIMATE,)

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> LaplaceThreshold:
        """Return the least noise and the least threshold within the loss."""
        scale = sensitivity.l1 / float(loss.main)
        high = sensitivity.linf + math.ceil(scale * 100) + 1
        while Fraction(cls(scale, high).stated(sensitivity)[0]) > loss.main:
            scale = math.nextafter(scale, math.inf)
        return cls(
            scale,
            _least_threshold(lambda t: costs_at_most(cls(scale, t).stated(sensitivity), loss), high, sensitivity.linf),
        )

    def stated(self, sensitivity: Sensitivity) -> tuple[float, float]:
        """Return the loss: what OpenDP states for a threshold lower by 1.

        OpenDP releases counts that reach the threshold, and its δ is the chance to exceed it (OpenDP 0.16): for whole
        numbers, to reach the threshold is to exceed the one below.
        """
        stated: tuple[float, float] = self._at(self.threshold - 1).map(
            (sensitivity.l0, sensitivity.l1, sensitivity.linf)
        )
        return stated

    def measurement(self) -> Any:
        """Return the OpenDP measurement from counts by text to those that reach the threshold."""
        return self._at(self.threshold)

    def _at(self, threshold: int) -> Any:
        with features() as dp:
            metric = dp.metrics.l01inf_distance(dp.metrics.absolute_distance(T="i64"))
            return dp.measurements.make_laplace_threshold(texts(dp), metric, self.scale, threshold)


@dataclass(frozen=True, slots=True)
class GaussianThreshold(Gaussian):
    """Discrete Gaussian noise on the counts of all groups that occur, with a threshold, for (ρ, δ); OpenDP's."""

    threshold: int = 0

    name = "discrete Gaussian with threshold"
    measures: ClassVar[tuple[Measure, ...]] = (Measure.APPROXIMATE_ZERO_CONCENTRATED,)

    @classmethod
    def for_loss(cls, sensitivity: Sensitivity, loss: PrivacyLoss, **_: Any) -> GaussianThreshold:
        """Return the least noise and the least threshold within the loss."""
        scale = sensitivity.l2 / math.sqrt(2 * loss.main)
        high = sensitivity.linf + math.ceil(scale * 40) + 1
        while Fraction(cls(scale, high).stated(sensitivity)[0]) > loss.main:
            scale = math.nextafter(scale, math.inf)
        return cls(
            scale,
            _least_threshold(lambda t: costs_at_most(cls(scale, t).stated(sensitivity), loss), high, sensitivity.linf),
        )

    def stated(self, sensitivity: Sensitivity) -> tuple[float, float]:
        """Return the loss: what OpenDP states for a threshold lower by 1.

        OpenDP releases counts that reach the threshold, and its δ is the chance to exceed it (OpenDP 0.16): for whole
        numbers, to reach the threshold is to exceed the one below.
        """
        stated: tuple[float, float] = self._at(self.threshold - 1).map(
            (sensitivity.l0, sensitivity.l2, float(sensitivity.linf))
        )
        return stated

    def measurement(self) -> Any:
        """Return the OpenDP measurement from counts by text to those that reach the threshold."""
        return self._at(self.threshold)

    def _at(self, threshold: int) -> Any:
        with features() as dp:
            metric = dp.metrics.l02inf_distance(dp.metrics.absolute_distance(T="f64"))
            return dp.measurements.make_gaussian_threshold(texts(dp), metric, self.scale, threshold)


def texts(dp: Any) -> Any:
    """Return OpenDP's domain of counts by text."""
    return dp.domains.map_domain(dp.domains.atom_domain(T="String"), dp.domains.atom_domain(T="i64"))


def _least_threshold(fits: Any, high: int, linf: int) -> int:
    """Return the least threshold that fits; OpenDP prices none below L∞, and we price one lower."""
    while not fits(high):
        high *= 2
    low = linf + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return high


@dataclass(frozen=True, slots=True)
class Stated:
    """A measurement with the loss of one person, which is at least what its own map says."""

    measurement: Any
    loss: tuple[float, float]

    def map(self, persons: int) -> tuple[float, float]:
        """Return the loss of one person."""
        assert persons == 1
        return self.loss

    def __call__(self, rows: Any) -> Any:
        """Draw."""
        return self.measurement(rows)


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
    rows and on the salt alone (`privkit.tally.open_groups`); so for each salt a person more or less changes at most L0
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
        rows = question.rows(data, "dp_count")
        return group_counts(rows, self.by, question.who, question.bounds, function="dp_count")

    def answered(self, plan: Plan, keys: Sequence[str]) -> Plan:
        """Return the plan of the groups that showed up."""
        asked = PersonCount(self.window) if self.persons else Count()
        return replace(plan, question=replace(plan.question, asked=asked, keys=shown_keys(self.by, keys)))

    def price_notes(self, noise: Noise, question: Question) -> tuple[str, ...]:
        """Say how many rows a group needs."""
        return (
            needed(noise, question),
            "that a count is shown at all favors high noise: near the threshold counts tend to be too high",
        )

    @property
    def main(self) -> str:
        """What is counted."""
        return f"persons{self.window}" if self.persons else self.name

    def notes(self) -> tuple[str, ...]:
        """Say how often a person counts, where that is more than once."""
        return (anew(self.window),) if self.persons and self.window else ()

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values; the window is the unit's, which the question records."""
        return {"statistic": self.name, "by": self.by, "persons": self.persons}

    def __str__(self) -> str:
        """Return the statistic in words."""
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
