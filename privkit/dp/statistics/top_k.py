"""The most frequent of public values: chosen one after another, or read from a noisy count of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.measurement import Sensitivity
from privkit.dp.noise.noise import Gaussian, Laplace, Noise
from privkit.dp.noise.selection import NoisyMax
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.ranks import make_choices
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.dp.simulate import Simulator
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.values.expression.selection import Selection
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
    noises: ClassVar[tuple[type[Noise], ...]] = (NoisyMax,)
    falls_short = True

    @property
    def linear(self) -> frozenset[str]:
        """None: values are chosen."""
        return frozenset()

    @property
    def read(self) -> tuple[str, ...]:
        """The column whose values are ranked."""
        return self.values.by

    @property
    def own_keys(self) -> tuple[Keys, ...]:
        """The candidates."""
        return (self.values,)

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

    def matched(self, rows: Engine, question: Question) -> tuple[Keys, NDArray[np.int64]]:
        """Count the rows of each candidate."""
        return self.values, rows.keyed_counts(self.values)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the exact counts of all candidates; shape (1, candidates)."""
        counted = Question(Count(), question.unit, question.bounds, self.values)
        return Count().exact(data, counted).reshape(1, -1)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return an OpenDP user measurement: counts of our own proof, the choice by OpenDP."""
        assert isinstance(noise, NoisyMax)
        choice = noise.choice(loss)

        def chosen(data: object) -> list[int]:
            best = choice(np.ascontiguousarray(self.exact(question.rows(data), question)[0]))
            return best if isinstance(best, list) else [best]

        return make_choices(chosen, noise.stated(question.sensitivity, loss), loss)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return a simulated choice."""
        return draw.chosen(self.exact(question.rows(data), question), noise, loss)

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

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
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
        many = "most frequent" if self.k == 1 else f"{self.k} most frequent"
        return f"{many} of {len(self.values):,} public values of {self.values.by[0]!r}"


@dataclass(frozen=True, slots=True)
class TopTable(TopK):
    """The k most frequent of public values by a noisy count of each, which tells besides which could be among the k.

    It is better than k choices one after another where a person moves all counts together by less than k times what he
    moves one of them: noise of scale L1 / ε stands on each count, in place of k · L∞ / ε.

    Notes
    -----
    *Reach.* That of counts by key: a row is in one group, and moves its count by 1.

    *Which could be among them.* With probability 1 − alpha every noisy count of the m values errs by h at most, where h
    is the half-width of one at alpha / m. Then a value whose noisy count is more than 2h below the k-th largest is less
    frequent than k others, and so is none of the k most frequent. All others could be.

    *Falling short.* Likewise a value that is named has a noisy count at least as large as one that is not, so that its
    exact one is at most 2h smaller.
    """

    mark: ClassVar[dict[str, str]] = {"statistic": "top", "told": "by a table"}
    noises: ClassVar[tuple[type[Noise], ...]] = (Laplace, Gaussian)

    @property
    def width(self) -> int:
        """A cell for each value."""
        return len(self.values)

    @property
    def earlier(self) -> Statistic | None:
        """The same by choices one after another."""
        return TopK(self.values, self.k)

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return that of the counts."""
        return Sensitivity.of(question.bounds, self.reach)

    def kind(self, question: Question) -> dict[str, Any]:
        """Nothing: the noise is added to counts."""
        return {}

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return the noisy counts."""
        return Statistic.measurement(self, question, noise, loss)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return simulated counts."""
        return Statistic.simulated(self, data, question, noise, loss, draw)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the values with the largest noisy counts, as one list; of equals those that were named first."""
        return TopK.estimates(self, np.argsort(-cells, axis=1, kind="stable")[:, : self.k])

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return by how many rows a chosen value may fall short of one that was not chosen."""
        return 2.0 * noise.half_width(alpha / len(self.values))

    def possible(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> dict[str, list[Any]]:
        """Return the values that could be among the k, with their counts, in descending order of these."""
        row = cells[0]
        order = np.argsort(-row, kind="stable")
        could = order[row[order] >= row[order[self.k - 1]] - 2 * noise.half_width(alpha / len(self.values))]
        each = noise.half_width(alpha)
        return {
            "value": [self.values.values[place][0] for place in could],
            "count": row[could].tolist(),
            "lower": (row[could] - each).tolist(),
            "upper": (row[could] + each).tolist(),
            "named": (np.arange(len(could)) < self.k).tolist(),
        }

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what comes out."""
        return ("each value is counted with noise; .possible has those that could be among the most frequent",)
