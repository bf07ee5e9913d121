"""Quantiles: the public candidate that is one by noisy ranks, and how far around it the exact one lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.dates import ends
from privkit.dp.measurement import Reach, Sensitivity
from privkit.dp.noise.noise import ALPHA
from privkit.dp.noise.selection import NoisyMax, TwoChoices
from privkit.dp.statistics.ranks import (
    FAR,
    AmongCandidates,
    chosen_pair,
    excess,
    halved,
    make_choices,
    placed,
    rank_scores,
    widths,
)
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.dp import ValueBoundsRequiredError
from privkit.errors.root import type_told
from privkit.values.bounds import ValueBounds, value_bounds
from privkit.values.vouched import vouched

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.tally.cells.cells import Kind
    from privkit.values.expression.selection import Selection
    from privkit.values.loss import PrivacyLoss

#: How many candidates stand between two bounds, where the user names none.
CANDIDATES = 1001
#: The largest denominator of a quantile's probability.
_FINEST = 10_000
_RETIRED = "a quantile is asked at once with an interval"


@dataclass(frozen=True, slots=True)
class Quantile(AmongCandidates, Statistic):
    """The α-quantile of a column, as one of public candidates, with an interval; each number counts at the nearest one.

    Attributes
    ----------
    column : str
    above, of : int
        α = above / of.
    candidates : tuple of float
        Public, ascending.

    Notes
    -----
    Let x be a row's number, taken as the candidate nearest to it (`placed`), which depends on that row alone; α = a/b;
    and F(j) = b·#(x < c_j) − a·n for the candidates c_0 < … < c_m−1 and n rows, F(m) = (b−a)·n. F ascends, and c_j is
    an α-quantile if F(j) ≤ 0 ≤ F(j+1). The score of c_j is −max(0, F(j), −F(j+1)): 0 where it is one, and else by how
    much it is missed in ranks, times b (Smith 2011; the numbers at c_j count on neither side, so that it is found
    however many they are). The best score is 0, since F(0) ≤ 0 ≤ F(m).

    *Reach.* A row adds b−a or −a to F(j), for every j; so it moves F(j), and every score, by at most
    s = max(a, b−a): maxima of numbers that move by at most s move by at most s. A person's P rows of a group move them
    by at most P·s. All are whole numbers.

    *Pairs.* A candidate c_p is chosen together with one of the public widths 0 = w_0 < … < w_k−1 = m − 1, which
    says how many candidates on each side the interval reaches. Let G(i) = min(−F(p − w_i), F(p + w_i + 1)), where a
    side counts as reached, whatever the rows are, if p − w_i ≤ 0, or p + w_i ≥ m − 1; beyond the first width that
    reaches both, p has no more. G ascends, and each row moves it by at most s, as above. The candidates from p −
    w_i to p + w_i hold every α-quantile if G(i) > 0: for then #(x < c) / n lies below α at the lower end, and #(x ≤
    c) / n above it at the upper one. The score of the pair is the less of that of c_p and of −max(0, t − G(i),
    G(i−1) − t), with G(−1) = −∞; each row moves both, and so the less, by at most s. One pair of each p has the
    score of c_p itself: the first width with G ≥ t. So the best pair has 0.

    *Accuracy.* The chosen candidate's score is −t or less with probability at most alpha, where
    t = :meth:`NoisyMax.ahead` ((m − 1)·k): so many pairs have one, at most, and all may be charged to a best one. Else
    it holds a rank that is at most t/b from α·n: a share t/(b·n) of the ranks, where n is taken for granted.

    *Interval.* A pair is wrong if G(i) ≤ 0, and right if G(i) ≥ t. *A wrong pair is chosen with probability at most
    alpha, if t =* :meth:`NoisyMax.ahead` *(2k − 3, alpha).* Of a wrong pair one end e is to blame: e = p + w_i < m − 1
    with F(e + 1) = G(i), or e = p − w_i > 0 with F(e) = −G(i). As F ascends, the score of c_e is G(i) either way; and
    that of the pair is at most G(i) − t. Charge it to the right pair of c_e, whose score is that of c_e. For each
    width but the last, which is never to blame, c_e is the upper end of one pair and the lower end of one, and the
    same pair where the width is 0: 2(k − 1) − 1 charges at most. No number of rows is needed, nor of candidates.

    So much for the numbers as they count. The α-quantiles of the numbers themselves, put between the outer candidates,
    lie at most as far outside as a number from its candidate, for rounding to the nearest keeps the order: the interval
    is drawn to the middles beyond its ends. The pair was drawn for one level (95 %); it holds for lower ones, and at a
    higher one the interval is that of all candidates.
    """

    column: str
    above: int
    of: int
    candidates: tuple[float, ...]

    name = "quantile"
    mark: ClassVar[dict[str, str]] = {"statistic": "quantile", "told": "at once with an interval"}
    noises: ClassVar[tuple[type[Noise], ...]] = (NoisyMax,)

    @property
    def main(self) -> str:
        """A median is called so."""
        return "median" if 2 * self.above == self.of else self.name

    @property
    def reach(self) -> Reach:
        """How far one row moves each score."""
        each = max(self.above, self.of - self.above)
        return Reach(each, float(each), each)

    @property
    def width(self) -> int:
        """Two cells: the place of a candidate, and how many others on each side belong to its interval."""
        return 2

    @property
    def earlier(self) -> Statistic | None:
        """The same quantile as it was asked with an interval by a choice of its own."""
        return DrawnTwice(self.column, self.above, self.of, self.candidates)

    @property
    def ordered(self) -> tuple[object, Fraction] | None:
        """Quantiles of one column among the same candidates do not cross."""
        return (self.column, self.candidates), Fraction(self.above, self.of)

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return (G, P·s), or (1, R·s) where a person has R rows in all: see :class:`NoisyMax`."""
        norms = Sensitivity.of(question.bounds, self.reach)
        l0 = 1 if question.bounds.max_rows is not None else question.bounds.l0
        return Sensitivity(l0, norms.l1, norms.l2, norms.linf)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the exact scores of every group; shape (groups, candidates)."""
        return rank_scores(self.excess(data, question))

    def excess(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return F of every group; shape (groups, candidates + 1). Reads rows."""
        return excess(placed(self.column, self.candidates, data, question), self.above, self.of)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return an OpenDP user measurement: scores of our own proof, choices by OpenDP."""
        assert isinstance(noise, NoisyMax)
        choice, target = noise.choice(loss), self.target(noise)

        def chosen(data: object) -> list[int]:
            found = self.excess(question.rows(data), question)
            return [cell for row in found for cell in chosen_pair(row, choice, target)]

        return make_choices(chosen, noise.stated(question.sensitivity, loss), loss)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return simulated choices."""
        assert isinstance(noise, NoisyMax)
        found, target = self.excess(question.rows(data), question), self.target(noise)

        def choice(scores: NDArray[np.int64]) -> int:
            return int(draw.chosen(scores.reshape(1, -1), noise, loss)[0])

        return np.array([cell for row in found for cell in chosen_pair(row, choice, target)], dtype=np.int64)

    def target(self, noise: Noise) -> int:
        """Return which score the widths of an interval aim at: that of 95 %, and never one beyond all scores."""
        assert isinstance(noise, NoisyMax)
        blamed = max(2 * len(widths(len(self.candidates))) - 3, 0)
        return math.ceil(min(noise.ahead(blamed, ALPHA), FAR // 4))

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the chosen candidates."""
        return {self.main: np.asarray(self.candidates)[cells[:, 0]]}

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return the middles beyond the ends of each interval; those of all candidates at levels above 95 %."""
        values, last = np.asarray(self.candidates), len(self.candidates) - 1
        enough = alpha >= ALPHA and self.target(noise) < FAR // 4
        around = cells[:, 1] if enough else np.full(len(cells), last)
        low, high = np.maximum(cells[:, 0] - around, 0), np.minimum(cells[:, 0] + around, last)
        middle = np.diff(values) / 2 if halved(self.candidates) is not None else np.diff(values)
        less, more = np.concatenate([[0.0], middle]), np.concatenate([middle, [0.0]])
        return {self.main: (values[low] - less[low], values[high] + more[high])}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return by which share of the rows the rank may be off."""
        if rows is None:
            return None
        return min(self.misplaced(noise, alpha) / (self.of * rows), 1.0)

    def misplaced(self, noise: Noise, alpha: float) -> float:
        """Return t such that a candidate that is worse than the best by t is chosen with probability at most alpha."""
        assert isinstance(noise, NoisyMax)
        count = len(self.candidates)
        return noise.ahead((count - 1) * len(widths(count)), alpha)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is chosen, and what an accuracy means."""
        return (
            f"one of {len(self.candidates):,} public candidates {ends(self.candidates, dates)} is chosen, "
            "numbers counting at the nearest, with an interval in the unit of the column; "
            "an accuracy is the share of ranks by which it may be off",
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
        share = "" if self.main != self.name else f"{float(Fraction(self.above, self.of)):g}-"
        return f"{share}{self.main} of {self.column!r}"


@dataclass(frozen=True, slots=True)
class DrawnTwice(Quantile):
    """A quantile as earlier versions answered it: a choice of a candidate, and one of how far around it.

    It is asked no more; what ledgers hold of it is shown and replayed. The first choice had three fifths of ε (two of
    ρ). The widths, each about √2 times the one before, had the scores −max(0, t − G(i), G(i−1) − t) around it, where
    t = :meth:`TwoChoices.target` of all widths but the right one: one that was too narrow was chosen with probability
    at most 5 %. So the intervals hold as those of :class:`Quantile` do.
    """

    mark: ClassVar[dict[str, str]] = {"statistic": "quantile", "told": "with an interval"}
    noises: ClassVar[tuple[type[Noise], ...]] = (TwoChoices,)
    retired = True

    @property
    def earlier(self) -> Statistic | None:
        """The same quantile as it was asked without an interval."""
        return DrawnOnce(self.column, self.above, self.of, self.candidates)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Refuse: both are chosen at once now."""
        raise TypeError(_RETIRED)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Refuse: both are chosen at once now."""
        raise TypeError(_RETIRED)

    def target(self, noise: Noise) -> int:
        """Return which score the widths aimed at."""
        assert isinstance(noise, TwoChoices)
        found, last = [0], len(self.candidates) - 1
        while found[-1] < last:
            found.append(min(math.isqrt(2 * found[-1] ** 2) + 1, last))
        return min(noise.target(len(found) - 1, ALPHA), FAR // 4)

    def misplaced(self, noise: Noise, alpha: float) -> float:
        """Return the same of the first choice."""
        assert isinstance(noise, TwoChoices)
        return noise.misplaced(len(self.candidates) - 1, alpha)


@dataclass(frozen=True, slots=True)
class DrawnOnce(Quantile):
    """A quantile as earlier versions answered it: one choice without an interval.

    It is asked no more; what ledgers hold of it is shown and replayed.
    """

    mark: ClassVar[dict[str, str]] = {"statistic": "quantile"}
    noises: ClassVar[tuple[type[Noise], ...]] = (NoisyMax,)
    retired = True

    @property
    def width(self) -> int:
        """One cell: the place of a candidate."""
        return 1

    @property
    def earlier(self) -> Statistic | None:
        """None: it is the first."""
        return None

    @property
    def ordered(self) -> tuple[object, Fraction] | None:
        """None: what was drawn is shown as it was."""
        return None

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Refuse: it is asked with an interval now."""
        raise TypeError(_RETIRED)

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Refuse: it is asked with an interval now."""
        raise TypeError(_RETIRED)

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Nothing: a single choice says how far its rank may be off, not its value."""
        return {}

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Return by which share of the rows the rank may be off, beyond that of the best candidate."""
        assert isinstance(noise, NoisyMax)
        if rows is None:
            return None
        return min(noise.shortfall(len(self.candidates), alpha) / (self.of * rows), 1.0)

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what was chosen, and what an accuracy meant."""
        return (
            f"one of {len(self.candidates):,} public candidates {ends(self.candidates, dates)} is chosen, "
            "numbers counting at the nearest; its accuracy is the share of rows that its rank may be off by",
        )

    @classmethod
    def wrote(cls, record: Mapping[str, Any]) -> bool:
        """Whether a record is of a quantile without an interval."""
        return "told" not in record and super(DrawnOnce, cls).wrote(record)


def probability(q: object) -> tuple[int, int]:
    """Return the probability of a quantile as a fraction with a denominator up to 10,000.

    Examples
    --------
    >>> probability(0.25)
    (1, 4)
    """
    allowed = "a number between 0 and 1 with at most four decimals"
    if isinstance(q, bool) or hasattr(q, "dtype") or not isinstance(q, int | float | Decimal | Fraction):
        raise ParameterError.of("q", type_told(q), allowed, "Example: q=0.5.")
    try:
        exact = Fraction(repr(q)) if isinstance(q, float) else Fraction(q)
    except (ValueError, OverflowError):
        raise ParameterError.of("q", str(q), allowed, "Example: q=0.5.") from None
    if not 0 < exact < 1 or exact.denominator > _FINEST:
        raise ParameterError.of("q", str(q), allowed, "Example: q=0.5.")
    return exact.numerator, exact.denominator


def public_candidates(bounds: object, candidates: object, column: str) -> tuple[float, ...]:
    """Return the public candidates, ascending."""
    if (bounds is None) == (candidates is None):
        if bounds is None:
            raise ValueBoundsRequiredError.of(column)
        raise ParameterError.together(("bounds", "candidates"), "give bounds= or candidates=, not both.")
    if candidates is None:
        ends = bounds if isinstance(bounds, ValueBounds) else value_bounds(bounds, column)
        if ends.width == 0:
            return (ends.lower,)
        return tuple(ends.lower + ends.width * place / (CANDIDATES - 1) for place in range(CANDIDATES))
    candidates, _ = vouched(candidates)
    if hasattr(candidates, "dtype") or hasattr(candidates, "columns"):
        raise NotPublicError.of("candidates", type(candidates).__name__)
    allowed = "a list of finite numbers, each once"
    if not isinstance(candidates, Sequence) or isinstance(candidates, str) or not candidates:
        raise ParameterError.of("candidates", type_told(candidates), allowed)
    if any(hasattr(value, "dtype") for value in candidates):
        raise NotPublicError.of("candidates", "list of NumPy numbers")
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not math.isfinite(v) for v in candidates):
        raise ParameterError.of("candidates", "a list with something else", allowed)
    numbers = sorted(float(value) + 0.0 for value in candidates)
    if len(set(numbers)) < len(numbers):
        raise ParameterError.of("candidates", "numbers more than once", allowed)
    return tuple(numbers)
