"""Choices by noisy scores: the public candidate whose rank is nearest to a quantile's, the most frequent of values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from privkit.dp.measurement import frames
from privkit.dp.noise.selection import NoisyMax
from privkit.dp.opendp import features
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.statistic import Estimates, Limits, Reach, Sensitivity, Statistic
from privkit.errors import ParameterError
from privkit.tally.looking import Extent
from privkit.tally.ranks import positions
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.simulate import Simulator
    from privkit.tally.engines.contract import Engine
    from privkit.values.loss import PrivacyLoss

#: How many candidates stand between two bounds, where the user names none.
CANDIDATES = 1001
#: The largest denominator of a quantile's probability.
_FINEST = 10_000


@dataclass(frozen=True, slots=True)
class Quantile(Statistic):
    """The candidate c whose share of smaller numbers is nearest to α, each number taken as the nearest candidate.

    Attributes
    ----------
    column : str
    above, of : int
        α = above / of.
    candidates : tuple of float
        Public, ascending.

    Notes
    -----
    Let x be a row's number, taken as the candidate nearest to it (`placed`), which depends on that row alone. The score
    of a candidate is −|(b−a)·#(x < c) − a·#(x > c)| with α = a/b: 0 where c is the α-quantile (Smith 2011).

    *Reach.* A row adds to the inner difference b−a (it is smaller), −a (it is larger) or 0, for every candidate; so
    one row moves every score by at most s = max(a, b−a), by the reverse triangle inequality, and a person's P rows of
    a group by at most P·s. The scores are whole numbers.
    """

    column: str
    above: int
    of: int
    candidates: tuple[float, ...]

    name = "quantile"
    aggregate = "positions"
    noises = (NoisyMax,)
    needs_rows = True

    @property
    def linear(self) -> frozenset[str]:
        """None: a candidate is chosen."""
        return frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of numbers."""
        return (self.column,)

    @property
    def main(self) -> str:
        """A median is called so."""
        return "median" if 2 * self.above == self.of else self.name

    @property
    def reach(self) -> Reach:
        """How far one row moves each score."""
        each = max(self.above, self.of - self.above)
        return Reach(each, float(each), each)

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return (G, P·s), or (1, R·s) where a person has R rows in all: see :class:`NoisyMax`."""
        norms = Sensitivity.of(question.bounds, self.reach)
        l0 = 1 if question.bounds.max_rows is not None else question.bounds.l0
        return Sensitivity(l0, norms.l1, norms.l2, norms.linf)

    def extents(self) -> tuple[Extent, ...]:
        """Return the ends of the candidates."""
        return (Extent(self.column, self.candidates[0], self.candidates[-1], "taken as the outermost candidate"),)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the exact scores of every group; shape (groups, candidates)."""
        counts = placed(self.column, self.candidates, data, question)
        return rank_scores(counts, self.above, self.of)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return an OpenDP user measurement: scores of our own proof, choices by OpenDP."""
        assert isinstance(noise, NoisyMax)
        return make_choices(question, noise, loss)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return simulated choices."""
        return draw.chosen(self.exact(question.rows(data), question), noise, loss)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the chosen candidates."""
        return {self.main: np.asarray(self.candidates)[cells[:, 0]]}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Nothing: a choice says how far its rank may be off, not its value."""
        return {}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return by which share of the rows the rank may be off, beyond that of the best candidate."""
        assert isinstance(noise, NoisyMax)
        if rows is None:
            return None
        return min(noise.shortfall(len(self.candidates), alpha) / (self.of * rows), 1.0)

    def notes(self) -> tuple[str, ...]:
        """Say what is chosen, and what an accuracy means."""
        return (
            f"one of {len(self.candidates):,} public candidates from {self.candidates[0]:g} to {self.candidates[-1]:g} "
            "is chosen, numbers counting at the nearest; its accuracy is the share of rows that its rank may be off by",
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        own = {**self.mark, "column": self.column, "probability": f"{self.above}/{self.of}"}
        return {**own, "candidates": [repr(value) for value in self.candidates]}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the quantile that a record tells."""
        above, _, of = record["probability"].partition("/")
        return cls(record["column"], int(above), int(of), tuple(map(float, record["candidates"])))

    def __str__(self) -> str:
        """Return the statistic in words."""
        share = "" if self.main != self.name else f"{float(Fraction(self.above, self.of)):g}-"
        return f"{share}{self.main} of {self.column!r}"


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
        return make_choices(question, noise, loss)

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


def placed(column: str, candidates: Sequence[float], data: object, question: Question) -> NDArray[np.int64]:
    """Count the rows of every group at each candidate, each person within the bounds. Reads rows.

    A number counts at the candidate that is nearest to it, the upper one of two; so a number's candidate depends on
    that number alone, and order is kept. Else many rows that share a value between two candidates would leave all of
    these equally far from a rank amid them, and the choice to chance.

    Shape (groups, 2 · candidates + 1): see :func:`privkit.tally.ranks.positions`; nothing is between candidates.
    """
    ends = halved(candidates)
    counts = positions(
        data,
        column,
        ends if ends is not None else candidates,
        keys=question.keys,
        unit=question.who,
        bounds=question.bounds,
    )
    return counts if ends is None else at_nearest(counts, len(candidates))


def halved(candidates: Sequence[float]) -> tuple[float, ...] | None:
    """Return the candidates with the middles between them; None where no float lies between two.

    On even candidates the middles lie on their line, as floats have it.

    Examples
    --------
    >>> halved([0.0, 1.0, 4.0])
    (0.0, 0.5, 1.0, 2.5, 4.0)
    """
    first, count = candidates[0], len(candidates) - 1
    if not count:
        return None
    width = candidates[-1] - first
    if all(first + width * place / count == value for place, value in enumerate(candidates)):
        found = tuple(first + width * place / (2 * count) for place in range(2 * count + 1))
    else:
        middles = [low + (high - low) / 2 for low, high in pairwise(candidates)]
        found = (*(value for pair in zip(candidates, middles, strict=False) for value in pair), candidates[-1])
    return found if all(low < high for low, high in pairwise(found)) else None


def at_nearest(counts: NDArray[np.int64], candidates: int) -> NDArray[np.int64]:
    """Return counts of positions among the candidates from those among the candidates and their middles.

    Examples
    --------
    >>> at_nearest(np.array([[1, 0, 2, 3, 0, 4, 0]]), 2).tolist()  # 0, and 1, in whose middle are 3
    [[0, 3, 0, 7, 0]]
    """
    found = np.zeros((len(counts), 2 * candidates + 1), dtype=np.int64)
    found[:, 1::2] = np.pad(counts, ((0, 0), (1, 0))).reshape(len(counts), candidates, 4).sum(axis=2)
    return found


def rank_scores(counts: NDArray[np.int64], above: int, of: int) -> NDArray[np.int64]:
    """Return −|(b−a)·#below − a·#above| of every candidate, from the counts of positions.

    Examples
    --------
    >>> rank_scores(np.array([[1, 1, 0, 0, 1]]), 1, 2).tolist()  # 0.5, 1 and 7 among the candidates 1 and 2
    [[0, -1]]
    """
    below = np.cumsum(counts, axis=1)[:, 0:-1:2]
    larger = counts.sum(axis=1, keepdims=True) - np.cumsum(counts, axis=1)[:, 1::2]
    scores: NDArray[np.int64] = -np.abs((of - above) * below - above * larger)
    return scores


def make_choices(question: Question, noise: NoisyMax, loss: PrivacyLoss) -> Any:
    """Return the choice of the best candidate in every group as an OpenDP user measurement.

    Claim
    -----
    If D and D′ differ in one person, the loss is at most ``noise.costs(question.sensitivity, loss)``.

    Proof
    -----
    The choices of distinct groups use independent noise, so given the exact scores they compose: the loss is at most
    the sum over groups of OpenDP's map at the L∞ distance of that group's scores. A person has rows in at most G
    groups, in each of which the scores move by at most P·s (the statistic's docstring), which gives G · map(P·s); with
    R rows in all, r_g in group g, it is Σ map(r_g·s) ≤ map(R·s). What is kept of a person depends on that person's rows
    and on the salt alone, as in `privkit.dp.measurement.make_sums`. ∎
    """
    choice = noise.choice(loss)
    stated = noise.stated(question.sensitivity, loss)

    def choose(data: object) -> list[int]:
        scores = question.asked.exact(question.rows(data), question)
        found: list[int] = []
        for row in scores:
            best = choice(np.ascontiguousarray(row))
            found.extend(best if isinstance(best, list) else [best])
        return found

    with features() as dp:
        measure = (
            dp.measures.zero_concentrated_divergence() if loss.measure.concentrated else dp.measures.max_divergence()
        )
        return dp.measurements.make_user_measurement(
            *frames(dp), measure, lambda rows: rows.read(choose), lambda persons: persons * stated
        )


def probability(q: object) -> tuple[int, int]:
    """Return the probability of a quantile as a fraction with a denominator up to 10,000.

    Examples
    --------
    >>> probability(0.25)
    (1, 4)
    """
    allowed = "a number between 0 and 1 with at most four decimals"
    if isinstance(q, bool) or hasattr(q, "dtype") or not isinstance(q, int | float | Decimal | Fraction):
        raise ParameterError.of("q", f"a {type(q).__name__}", allowed, "Example: q=0.5.")
    try:
        exact = Fraction(repr(q)) if isinstance(q, float) else Fraction(q)
    except (ValueError, OverflowError):
        raise ParameterError.of("q", str(q), allowed, "Example: q=0.5.") from None
    if not 0 < exact < 1 or exact.denominator > _FINEST:
        raise ParameterError.of("q", str(q), allowed, "Example: q=0.5.")
    return exact.numerator, exact.denominator
