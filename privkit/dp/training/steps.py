"""Steps of training: each asks a sum over persons of its own, which depends on the noisy answers so far.

Claim
-----
Let the k-th of T questions be a vector of whole numbers, chosen by the noisy answers to those before, that one unit
moves by at most d in L1 (Laplace noise of scale b) or in L2 (Gaussian noise of scale s). All answers together cost
T·d / b in ε, or T·d² / (2 s²) in ρ.

Proof
-----
For every fixed history of answers the k-th question is one function of the frame, which one unit moves by at most d; so
with its noise it costs d / b, or d² / (2 s²). Losses of measurements of one frame add up where each is chosen by the
answers to the earlier ones, in ε (Dwork and Roth 2014, theorem 3.16) and in ρ (Bun and Steinke 2016, lemma 2.3). What
is made of the answers besides, a model, costs nothing. ∎

OpenDP's adaptive composition draws them: it holds the price of each step beforehand, refuses a question that would cost
more, and one beyond the last. Its map states the loss of all. In (ε, δ) it is stated in ρ and converted once.

Which rows of a person count is drawn once for all steps, by a salt that does not depend on the data. For each salt the
above holds, and so it does for the mixture (`privkit.dp.measurement.make_sums`).

What a model knows of a row: numbers within public bounds, and public levels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.dp.measurement import Reach, Sensitivity, frames
from privkit.dp.noise.noise import Laplace, in_measure, integers
from privkit.dp.noise.rounds import LayeredGaussian, LayeredLaplace
from privkit.dp.opendp import features
from privkit.dp.statistics.arranged import canonical_levels
from privkit.dp.statistics.sums import grid_of
from privkit.tally.bounding import person_groups
from privkit.tally.looking import Extent
from privkit.tally.products import ONE
from privkit.values.bounds import ONE_ROW, ValueBounds
from privkit.values.keys import Keys, decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.dp.simulate import Simulator
    from privkit.dp.statistics.statistic import Read
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.numbers import Grid
    from privkit.tally.engines.contract import Engine
    from privkit.tally.products import Design
    from privkit.values.bounds import ContributionBounds
    from privkit.values.loss import PrivacyLoss


#: A column with the public bounds of its numbers, or with its public levels.
Feature = tuple[str, ValueBounds | Keys]


class Featured:
    """A statistic of rows as vectors of public columns.

    Attributes
    ----------
    features : tuple of (str, ValueBounds or Keys)
        Of each column, by name in ascending order: the bounds of its numbers, or its levels in canonical order.
    """

    __slots__ = ()

    features: tuple[Feature, ...]

    @property
    def ends(self) -> dict[str, ValueBounds]:
        """The public bounds of each column of numbers."""
        return {name: of for name, of in self.features if isinstance(of, ValueBounds)}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return tuple(self.ends)

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of each column of numbers."""
        return {name: (ends.lower, ends.upper) for name, ends in self.ends.items()}

    @property
    def read(self) -> tuple[str, ...]:
        """Every column that it reads."""
        return tuple(name for name, _ in self.features)

    @property
    def coded(self) -> dict[str, Grid | Keys]:
        """What each column is brought to whole numbers by: a grid made of its bounds alone, or its levels."""
        return {
            name: of if isinstance(of, Keys) else grid_of(of.lower, of.upper, of.width) for name, of in self.features
        }

    @property
    def named(self) -> tuple[str, ...]:
        """The name of each place of a vector after the first: a column, or a column and its level."""
        return tuple(
            name if isinstance(of, ValueBounds) else f"{name}={key[0]}"
            for name, of in self.features
            for key in (of.values if isinstance(of, Keys) else ((),))
        )

    @property
    def levels(self) -> list[int]:
        """How many levels each column with levels has."""
        return [len(of) for _, of in self.features if isinstance(of, Keys)]

    @property
    def units(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The middle and the half of each place after the first: a number x counts as (x − middle) / half."""
        middle, half = [], []
        for _, of in self.features:
            if isinstance(of, Keys):
                middle += [0.0] * len(of)
                half += [1.0] * len(of)
            else:
                grid = grid_of(of.lower, of.upper, of.width)
                half.append(grid.range * grid.step / 2)
                middle.append(grid.low * grid.step + half[-1])
        return np.array(middle), np.array(half)

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which numbers are clipped."""
        return tuple(Extent(name, ends.lower, ends.upper, "clipped") for name, ends in self.ends.items())

    @property
    def clipping(self) -> tuple[str, ...]:
        """In words, what is clipped, and what counts as no level."""
        found = []
        if self.ends:
            each = "; ".join(f"{name!r} to {ends}" for name, ends in self.ends.items())
            found.append(f"values are clipped: {each}; rows in which one of them is missing are left out")
        if self.levels:
            found.append("a value that is none of its column's levels, or is missing, counts as no level there")
        return tuple(found)


def featured(columns: Mapping[str, ValueBounds | Keys]) -> tuple[Feature, ...]:
    """Return columns as a statistic holds them, so that an answer does not depend on their order."""
    return tuple((name, canonical_levels(of) if isinstance(of, Keys) else of) for name, of in sorted(columns.items()))


def recorded_features(features: Sequence[Feature]) -> dict[str, Any]:
    """Return columns as JSON values."""
    return {name: of.canonical() if isinstance(of, ValueBounds) else {"levels": of.codes[0]} for name, of in features}


def read_features(record: Mapping[str, Any]) -> tuple[Feature, ...]:
    """Return the columns that JSON values tell.

    Raises
    ------
    LookupError, TypeError, ValueError
        If they are no such columns.
    """
    found: dict[str, ValueBounds | Keys] = {}
    for name, told in record.items():
        if isinstance(told, Mapping):
            found[name] = Keys((name,), tuple((decoded(code),) for code in told["levels"]))
        else:
            lower, upper = map(float, told)
            found[name] = ValueBounds(lower, upper)
    return featured(found)


#: What 1 is in steps of the grid that sums are made on: that of a vector times that of what it is weighted with.
FULL = 2**16
UNIT = ONE * FULL


class Steps(ABC):
    """A statistic whose cells are the noisy answers of all steps, one after the other.

    Attributes
    ----------
    steps : int
        How many there are.
    """

    __slots__ = ()

    steps: int

    noises: ClassVar[tuple[type[Noise], ...]] = (LayeredLaplace, LayeredGaussian)
    framed: ClassVar[bool] = True
    needs_rows: ClassVar[bool] = True
    aggregate: ClassVar[str] = "collect"

    # -- what a model says ---------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def asked(self) -> Reach:
        """How far one unit moves the answer to one step."""

    @abstractmethod
    def design(self, data: object, question: Question) -> Design:
        """Return the rows as vectors, each unit within the contribution bounds. Reads rows."""

    @abstractmethod
    def begun(self) -> Any:
        """Return the state before the first step, made of public facts alone."""

    @abstractmethod
    def summed(self, design: Design, state: Any) -> NDArray[np.int64]:
        """Return the exact answer to a step; private until noise is added."""

    @abstractmethod
    def moved(self, state: Any, told: NDArray[np.int64]) -> Any:
        """Return the state after the noisy answer to a step: a post-processing."""

    # -- what follows --------------------------------------------------------------------------------------------------

    @property
    def linear(self) -> frozenset[str]:
        """None: a model is no weighted sum."""
        return frozenset()

    @property
    def reach(self) -> Reach:
        """How far one unit moves the answer to one step; of cells there are those of all steps."""
        one = self.asked
        return Reach(one.l1, one.l2, one.linf, one.width * self.steps)

    @property
    def width(self) -> int:
        """How many cells all steps have."""
        return self.asked.width * self.steps

    @property
    def step(self) -> float:
        """What one step of the grid is worth: 2**-30 of a gradient, or of a count, of 1."""
        return 1 / UNIT

    def noise_told(self, noise: Noise) -> str:
        """Return the noise of one step in plain words, with its scale, and how often it is drawn."""
        return f"{self.steps:,} times {layer_of(noise).told(self.step)}"

    def kind(self, question: Question) -> dict[str, Any]:
        """Return what the noise must know: each step has the same share of the loss."""
        return {"shares": (Fraction(1, self.steps),) * self.steps}

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return how far one unit moves one step: once where an id tells persons, whose rows share one weight."""
        return Sensitivity.of(question.bounds if question.who is None else ONE_ROW, self.reach)

    def limit(self, bounds: ContributionBounds) -> str:
        """Return in words how much of one person counts."""
        return f"{bounds}, the others left out at random; those that count share the weight of one"

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what the question asks of an engine: the columns themselves."""
        yield "collect" if question.who is None else "parts", question.columns, None

    def pairs_of(self, rows: Engine, question: Question) -> Iterator[PersonGroups]:
        """Give, in parts, how many rows each person has, in all."""
        assert question.who is not None
        return (pairs for pairs, _ in person_groups(rows, question.who, None))

    def trained(self, answered: Callable[[Any, int], NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the answers to all steps, given what answers a state at its place; shape (1, width)."""
        state, answers = self.begun(), []
        for place in range(self.steps):
            told = answered(state, place)
            answers.append(told)
            state = self.moved(state, told)
        return np.concatenate(answers).reshape(1, -1)

    def path(self, cells: NDArray[np.int64]) -> Any:
        """Return the state after all steps, by their noisy answers; shape (width,)."""
        state = self.begun()
        for told in cells.reshape(self.steps, -1):
            state = self.moved(state, told)
        return state

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the answers to all steps of a training without noise; shape (1, width)."""
        design = self.design(data, question)
        return self.trained(lambda state, _: self.summed(design, state))

    def simulated(self, data: object, question: Question, noise: Noise, loss: PrivacyLoss, draw: Simulator) -> Any:
        """Return the answers to all steps with a simulator's noise. Reads rows."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        layers, design = noise.layers, self.design(question.rows(data), question)

        def noised(state: Any, place: int) -> NDArray[np.int64]:
            told = self.summed(design, state)
            return told + draw.added(layers[place], told.size)

        return self.trained(noised).reshape(-1)

    def measurement(self, question: Question, noise: Noise, loss: PrivacyLoss) -> Any:
        """Return what draws all steps by OpenDP's adaptive composition. Reads nothing."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        return Training(self, question, noise.layers, loss)

    def recorded_noise(self, record: Mapping[str, Any]) -> Noise:
        """Return the noise that a recorded question was answered with."""
        for kind in (LayeredLaplace, LayeredGaussian):
            if kind.name == record["mechanism"]:
                return kind(float(record["scale"]) / self.step, (Fraction(1, self.steps),) * self.steps)
        raise ValueError("it was answered with other noise")


def layer_of(noise: Noise) -> Noise:
    """Return the noise of one step."""
    return noise.layers[0] if isinstance(noise, LayeredLaplace | LayeredGaussian) else noise


class Training:
    """A measurement of several steps: what OpenDP's adaptive composition is asked, one after the other.

    Parameters
    ----------
    model : Steps
    question : Question
    layers : sequence of Noise
        That of each step.
    loss : PrivacyLoss
        In whose measure the price is stated.
    """

    def __init__(self, model: Steps, question: Question, layers: Sequence[Noise], loss: PrivacyLoss) -> None:
        self._model, self._question, self._layers = model, question, layers
        norms = question.sensitivity
        self._laplace = isinstance(layers[0], Laplace)
        self._moved: Any = norms.l1 if self._laplace else norms.l2
        with features() as dp:
            # Older versions know it by the second name alone.
            make = (
                getattr(dp.combinators, "make_adaptive_composition", None) or dp.combinators.make_sequential_composition
            )
            measure = dp.measures.max_divergence() if self._laplace else dp.measures.zero_concentrated_divergence()
            each = [layer.measurement().map(self._moved) for layer in layers]
            self._composed = make(*frames(dp), measure, 1, each)
            self._stated = in_measure(self._composed, loss)

    def map(self, persons: int) -> Any:
        """Return what all steps cost, as OpenDP states it."""
        return self._stated.map(persons)

    def __call__(self, rows: Any) -> list[int]:
        """Draw the answers to all steps."""
        model, layers = self._model, self._layers
        asked, design = self._composed(rows), _Once(model, self._question)

        def noised(state: Any, place: int) -> NDArray[np.int64]:
            step = self._step(lambda data: model.summed(design.of(data), state))
            return np.array(asked(step >> layers[place].measurement()), dtype=np.int64)

        return [int(cell) for cell in model.trained(noised)[0]]

    def _step(self, summed: Callable[[object], NDArray[np.int64]]) -> Any:
        """Return one step as an OpenDP transformation from frames to whole numbers."""
        moved = self._moved
        with features() as dp:
            metric = dp.metrics.l1_distance(T="i64") if self._laplace else dp.metrics.l2_distance(T="f64")
            return dp.transformations.make_user_transformation(
                *frames(dp), integers(dp), metric, lambda rows: rows.read(summed), lambda units: units * moved
            )


class _Once:
    """The design of a frame, read at the first step."""

    def __init__(self, model: Steps, question: Question) -> None:
        self._model, self._question = model, question
        self._design: Design | None = None

    def of(self, data: object) -> Design:
        if self._design is None:
            self._design = self._model.design(self._question.rows(data), self._question)
        return self._design
