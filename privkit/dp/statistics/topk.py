"""The most frequent of public values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.noise.selection import NoisyMax
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.quantile import make_choices
from privkit.dp.statistics.statistic import Estimates, Limits, Sensitivity, Statistic
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.simulate import Simulator
    from privkit.values.loss import PrivacyLoss


@dataclass(frozen=True, slots=True)
class TopK(Statistic):
    """The k most frequent of public values, in order, without their counts.

    Attributes
    ----------
    values : Keys
        The public candidates.
    k : int

    Notes
    -----
    *Reach.* The scores are counts. A person more moves none of them down, and each of them up by at most L∞ of the
    contribution bounds; the direction is the same for all, which halves the noise (``monotonic``).
    """

    values: Keys
    k: int

    name = "top"
    aggregate = "keyed_counts"
    of_persons = "pairs"
    noises = (NoisyMax,)

    @property
    def linear(self) -> frozenset[str]:
        """None: values are chosen."""
        return frozenset()

    @property
    def read(self) -> tuple[str, ...]:
        """The column whose values are ranked."""
        return self.values.by

    def typed_keys(self, question: Question) -> Keys | None:
        """Return the candidates."""
        return self.values

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return one choice, of scores that one person moves by L∞."""
        norms = Sensitivity.of(question.bounds, self.reach)
        return Sensitivity(1, norms.l1, norms.l2, norms.linf)

    def kind(self, question: Question) -> dict[str, Any]:
        """How the noise selects."""
        return {"top": self.k, "monotonic": True}

    def exact(self, data: object, question: Question, function: str) -> NDArray[np.int64]:
        """Return the exact counts of all candidates; shape (1, candidates)."""
        counted = Question(Count(), question.unit, question.bounds, self.values)
        return Count().exact(data, counted, function).reshape(1, -1)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return an OpenDP user measurement: counts of our own proof, the choice by OpenDP."""
        assert isinstance(noise, NoisyMax)
        return make_choices(question, noise, loss)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return a simulated choice."""
        return draw.chosen(self.exact(question.rows(data, "dp_*"), question, "dp_*"), noise, loss)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the chosen values, the most frequent first, as one list."""
        found = np.empty(1, dtype=object)
        found[0] = [self.values.values[place][0] for place in cells[0]]
        return {self.name: found}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Nothing: a choice has no interval."""
        return {}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return by how many rows a chosen value may fall short of one that was not chosen."""
        assert isinstance(noise, NoisyMax)
        return noise.shortfall(len(self.values) * self.k, alpha)

    def notes(self) -> tuple[str, ...]:
        """Say what comes out."""
        return ("the values alone are released, in order; ask dp_count for their counts",)

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values; the order of candidates matters to what is stored."""
        own = {**self.mark, "column": self.values.by[0], "k": self.k}
        return {**own, "candidates": [repr(value[0]) for value in self.values.values]}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the choice that a record tells, with the texts of its candidates in place of them."""
        return cls(Keys((record["column"],), tuple((text,) for text in record["candidates"])), record["k"])

    def __str__(self) -> str:
        """Return the statistic in words."""
        return f"{self.k} most frequent values of {self.values.by[0]!r}"
