"""Logistic regression by steps of clipped gradients, as whole numbers on a grid."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from privkit.dp.measurement import Reach
from privkit.dp.noise.noise import ALPHA
from privkit.dp.noise.weighted import sum_quantile, variance
from privkit.dp.statistics.inference.regression import INTERCEPT
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.dp.training.steps import FULL, UNIT, Feature, Featured, Steps, layer_of, read_features, recorded_features
from privkit.tally.products import ONE, design_of
from privkit.values.exact import exact_text
from privkit.values.keys import Keys, decoded
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.tally.products import Design
    from privkit.values.expression.selection import Selection

#: What a weight of 1 is in steps, and the largest weight: scores of a thousand columns stay below 2**53.
WEIGHT, LARGEST = 2**20, 2**28
#: Scores are looked up in steps of 2**-10, from −16 to 16.
_FINE, _ENDS = 2**10, 16
#: Rows whose gradients are added up in floats at once: 2**22 of at most 2**30 each stay below 2**53.
_BLOCK = 2**22
#: By how much smaller the weight of the count is than the clipping norm.
_COUNT = 8
#: How much of its speed a step keeps.
_KEPT = 0.8
#: The least mean square that a place is taken to have: rarer levels would be led by their noise.
_RARE = 0.2
#: The rows for which a plan tells what to expect, where it was not told how many there are.
_EXAMPLE = 10_000
#: From which deviation on noise alone decides a coefficient, of numbers in [−1, 1]: odds change by more than e².
DROWNED = 2.0


class State(NamedTuple):
    """Where a training stands.

    Attributes
    ----------
    weights, speed : array of float64, shape (width,)
    counted : int
        The sum of the noisy counts so far.
    step : int
    mean : array of float64, shape (width,)
        The sum of the weights of the last quarter of the steps.
    squares : array of float64, shape (width,)
        The noisy mean square of each place, from `_RARE` to 1.
    """

    weights: NDArray[np.float64]
    speed: NDArray[np.float64]
    counted: int
    step: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]


@lru_cache(maxsize=1)
def _chances() -> NDArray[np.float64]:
    """Return σ(s) in steps for scores s from −16 to 16, in steps of 2**-10."""
    scores = range(-_ENDS * _FINE, _ENDS * _FINE + 1)
    return np.array([round(FULL / (1 + math.exp(-score / _FINE))) for score in scores], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Logistic(Featured, Steps, Statistic):
    """The chance of one of two public classes, by public columns: coefficients of a logistic regression.

    Attributes
    ----------
    response : str
    classes : Keys
        The two classes; the coefficients are those of the second.
    features : tuple of (str, ValueBounds or Keys)
    steps : int
    clip : Fraction
        The largest L2 norm of one unit's gradient.
    penalty : Fraction
        λ of λ/2·‖β‖², which the mean loss has added; the intercept is not penalized.

    Notes
    -----
    *What is estimated.* The coefficients that make the mean over units of the mean logistic loss of each unit's rows
    least, for numbers that are clipped to their bounds and brought to [−1, 1], with the penalty and the clipping of
    gradients: full-batch gradient descent (Song, Chaudhuri and Sarwate 2013; Bassily, Smith and Thakurta 2014), with
    Nesterov's momentum, the mean of the last quarter of its weights (Polyak and Juditsky 1992). The first step asks of
    each place of the vectors for its mean square s, and a place is trained 1/s times as fast (Jacobi), so that a rare
    level is learned as soon as a common one.

    *Reach.* A row is a vector x of whole numbers (`privkit.tally.products`). The score x·w of public whole
    weights w is exact in 64-bit floats, in whatever order it is added up: |x| ≤ 2**14, |w| ≤ 2**28, at most 2**10
    places and a constant, so that every partial sum stays within 2**53. σ is looked up in a public table at the score,
    rounded and clipped. So the residual r, a whole number of 2**-16, depends on that row alone: no kernel of a library,
    no order of rows and no other row has a part in it. Of a unit with m rows each counts as r·x with r cut off at r/m,
    and at C/(m·‖x‖₂). So a row has a norm of at most C/m, and all rows of a unit together at most C, by the triangle
    inequality; a unit is one row where no id tells units apart, m = 1. To C come two roundings of 2**-53, for which
    2**-40 of it is added. A vector x has at most z entries that are not 0: one for the constant, one for each column
    (of the levels of a column one at most). So ‖r·x‖₁ ≤ √z·‖r·x‖₂, and all rows together have at most √z·C in L1. To
    each unit's sum its count is added, one place of weight W = C/8: √(C² + W²) in L2, √z·C + W in L1, C in L∞. The
    first step adds x·x in place of r·x, place by place, each square as a whole number of at most K/m with K = C/√z: of
    at most z of them, so that the same bounds hold. Sums of whole numbers below 2**30 are exact in blocks of 2**22
    rows, and those of blocks in 64-bit integers.

    *All steps.* `privkit.dp.training.steps` proves what they cost together.

    *What comes along.* The noisy count, the mean of those of all steps, is how many units there are; gradients are
    divided by it. No other number of the data enters.
    """

    response: str
    classes: Keys
    features: tuple[Feature, ...]
    steps: int
    clip: Fraction
    penalty: Fraction

    name = "logistic"
    makes = "model"
    steady = ("count",)

    # -- what is asked -------------------------------------------------------------------------------------------------

    @property
    def read(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return (*(name for name, _ in self.features), self.response)

    @property
    def main(self) -> str:
        """The first coefficient."""
        return INTERCEPT

    @property
    def numbers(self) -> tuple[str, ...]:
        """The coefficients."""
        return (INTERCEPT, *self.named)

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The coefficients."""
        return tuple((name, name, "") for name in self.numbers)

    @property
    def most(self) -> int:
        """How many places of a row's vector are not 0, at most."""
        return 1 + len(self.features)

    @property
    def norm(self) -> int:
        """C: the clipping norm, in steps of a gradient."""
        return math.floor(self.clip * UNIT)

    @property
    def counted(self) -> int:
        """W: what one unit adds to the count."""
        return max(self.norm // _COUNT, 1)

    @property
    def asked(self) -> Reach:
        """How far one unit moves a step: by its clipped gradient and its count."""
        norm, more = self.norm * (1 + 2.0**-40), 1 + 2.0**-40
        l1 = math.ceil(norm * math.sqrt(self.most) * more) + self.counted
        l2 = math.ceil(math.hypot(norm, self.counted) * more)
        return Reach(l1, float(l2), math.ceil(norm), len(self.numbers) + 1)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def design(self, data: object, question: Question) -> Design:
        """Return the rows as vectors. Reads rows."""
        return design_of(data, self.coded, self.classes, unit=question.who, bounds=question.bounds)

    def begun(self) -> State:
        """Return weights of 0."""
        none = np.zeros(len(self.numbers))
        return State(none, none, 0, 0, none, none + 1)

    def summed(self, design: Design, state: State) -> NDArray[np.int64]:
        """Return the sum of squares, or of clipped gradients where weights are about to be, and the count; exact."""
        each = self._squares if state.step == 0 else partial(self._gradients, state)
        found = np.zeros(len(self.numbers), dtype=np.int64)
        for first in range(0, len(design), _BLOCK):
            rows = slice(first, first + _BLOCK)
            found += each(design.vectors[rows], design.places[rows], design.together[rows]).astype(np.int64)
        return np.append(found, design.units * self.counted)

    @property
    def square(self) -> int:
        """K: what a square of 1 adds to the first step."""
        return math.floor(self.norm / math.sqrt(self.most))

    def _squares(
        self, vectors: NDArray[np.float64], _: NDArray[np.int64], together: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        return np.asarray(np.trunc((vectors / ONE) ** 2 * (self.square / together)[:, None]).sum(axis=0))

    def _gradients(
        self, state: State, vectors: NDArray[np.float64], places: NDArray[np.int64], together: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        ahead = state.weights + _KEPT * state.speed
        weights = np.clip(np.floor(ahead * WEIGHT + 0.5), -LARGEST, LARGEST)
        scores = np.floor(vectors @ weights / (ONE * WEIGHT // _FINE) + 0.5)
        at = np.clip(scores, -_ENDS * _FINE, _ENDS * _FINE).astype(np.int64) + _ENDS * _FINE
        residuals = _chances()[at] - FULL * places
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        most = np.floor(self.norm / (together * norms))
        return np.asarray(np.clip(np.trunc(residuals / together), -most, most) @ vectors)

    # -- answers -------------------------------------------------------------------------------------------------------

    def moved(self, state: State, told: NDArray[np.int64]) -> State:
        """Return the weights after one step along the noisy mean gradient, which is at most C long."""
        counted, step = state.counted + int(told[-1]), state.step + 1
        many = max(counted / (step * self.counted), 1.0)
        if state.step == 0:
            squares = np.clip(told[:-1].astype(np.float64) / (self.square * many), _RARE, 1.0)
            return state._replace(counted=counted, step=step, squares=squares)
        gradient = told[:-1].astype(np.float64) / (UNIT * many)
        gradient *= min(1.0, float(self.clip) / max(float(np.sqrt(gradient @ gradient)), 1e-300))
        ahead = state.weights + _KEPT * state.speed
        shrunk = float(self.penalty) * ahead
        shrunk[0] = 0.0
        speed = _KEPT * state.speed - (gradient + shrunk) * (self._rate / state.squares)
        weights = np.clip(state.weights + speed, -LARGEST / WEIGHT, LARGEST / WEIGHT)
        later = step > self.steps - self._meant
        mean = state.mean + weights if later else state.mean
        return State(weights, speed, counted, step, mean, state.squares)

    @property
    def _rate(self) -> float:
        """How far a step goes: 5/z.

        Let each place be divided by the root of its mean square. The places of one column then have the unit matrix as
        their second moments, and those of z columns together are nowhere above z (Cauchy and Schwarz), so that the mean
        loss is nowhere more curved than z/4. With the momentum of `_KEPT` steps up to 5.5/z do not diverge.
        """
        return 5 / self.most

    @property
    def _meant(self) -> int:
        """Of how many steps the weights are averaged."""
        return (self.steps + 2) // 4

    def weights(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the weights of 1 and of numbers brought to [−1, 1]; shape (width,)."""
        state: State = self.path(cells)
        return state.mean / self._meant

    def scores(self, design: Design, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the logarithms of the odds of rows as vectors, by the noisy answers; shape (n_rows,)."""
        return np.asarray(design.vectors @ self.weights(cells) / ONE)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the coefficients in units of the columns, and how many units there are."""
        middle, half = self.units
        found = np.array([self.weights(row) for row in cells]).reshape(len(cells), -1)
        slopes = found[:, 1:] / half
        told = dict(zip(self.named, slopes.T, strict=True))
        return {INTERCEPT: found[:, 0] - slopes @ middle, **told, "count": self._count(cells)}

    def _count(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        counts = cells.reshape(len(cells), self.steps, -1)[:, :, -1]
        return counts.sum(axis=1) / (self.steps * self.counted)

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the count; coefficients have none."""
        count, reach = self._count(cells), self._count_width(noise, alpha)
        return {"count": (count - reach, count + reach)}

    def _count_width(self, noise: Noise, alpha: float) -> float:
        weight = 1 / (self.steps * self.counted)
        return sum_quantile({layer_of(noise): (weight,) * self.steps}, alpha)

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Nothing: a coefficient has no interval."""
        return None

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return that of the count."""
        return {**dict.fromkeys(self.numbers), "count": self._count_width(noise, alpha)}

    def stirred(self, noise: Noise, rows: float) -> float:
        """Return by about how much noise moves the weight of a number that spreads evenly in [−1, 1]: one deviation.

        The mean loss of one such number is near a parabola of curvature 1/12 (a fourth of its variance), on which each
        step is linear in the noise of all steps; its mean square is 1/3.
        """
        size, rate = self.steps - 1, self._rate * 3
        weights, speed, mean = np.zeros(size), np.zeros(size), np.zeros(size)
        for step in range(size):
            pull = (weights + _KEPT * speed) * (1 / 12 + float(self.penalty))
            pull[step] += 1.0
            speed = _KEPT * speed - rate * pull
            weights = weights + speed
            mean += weights / self._meant if step >= size - self._meant else 0.0
        one = math.sqrt(variance(layer_of(noise))) / (UNIT * max(rows, 1.0))
        return one * float(np.sqrt(mean @ mean))

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say where noise decides the coefficients, with as few rows as there may be."""
        moved = self.stirred(noise, float(self.limits(cells[:1], noise, ALPHA)["count"][0][0]))
        if moved < DROWNED:
            return ()
        return (
            f"noise moves the weight of a number in [−1, 1] by ± {error_text(moved)} (one deviation): it decides what "
            "the model says. Too few rows, too small a price, or too many columns. It was charged",
        )

    def unit_of(self, name: str) -> str:
        """Nothing: a coefficient is of logarithms of odds."""
        return ""

    def stands_on_zero(self, name: str) -> bool:
        """Whether a number is a count."""
        return name == "count"

    # -- words ---------------------------------------------------------------------------------------------------------

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is estimated."""
        return (
            *self.clipping,
            f"rows whose {self.response!r} is neither class are left out",
            f"a gradient is clipped to a norm of {exact_text(self.clip)}; coefficients have no interval",
            "what is predicted for a row of this table, and how well, is no release: it is for the owner's eyes",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say how far noise moves a coefficient."""
        many = rows or _EXAMPLE
        moved = self.stirred(noise, many)
        enough = "" if moved < DROWNED else ": this price buys hardly any information"
        units = question.unit.nouns
        return (
            f"with {many:,} {units}, noise moves the weight of a number in [−1, 1] by about ± {error_text(moved)} (one "
            f"deviation, {self.steps} steps){enough}",
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return {
            **self.mark,
            "column": self.response,
            "classes": self.classes.codes[0],
            "columns": recorded_features(self.features),
            "steps": self.steps,
            "clip": exact_text(self.clip),
            "penalty": exact_text(self.penalty),
        }

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the model that a record tells."""
        classes = Keys((record["column"],), tuple((decoded(code),) for code in record["classes"]))
        steps, clip, penalty = int(record["steps"]), Fraction(record["clip"]), Fraction(record["penalty"])
        return cls(record["column"], classes, read_features(record["columns"]), steps, clip, penalty)

    def __str__(self) -> str:
        """Return the model in words."""
        return f"logistic regression of {self.response!r} by {', '.join(repr(name) for name, _ in self.features)}"


def clip_for(numbers: int, levels: int) -> Fraction:
    """Return the clipping norm for so many columns of numbers and of levels: that of numbers that spread evenly.

    ‖x‖² is 1 for the constant, 1 for each column of levels, and a third for a number that spreads evenly in [−1, 1].

    Examples
    --------
    >>> clip_for(1, 7)
    Fraction(2887, 1000)
    """
    return Fraction(math.ceil(1000 * math.sqrt(1 + numbers / 3 + levels)), 1000)
