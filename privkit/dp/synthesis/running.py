"""The rounds: tables of pairs that are chosen, measured and fitted, one after another.

Claim
-----
With R the most rows of one unit, each score of a choice moves by at most R where one unit's rows come or go.

Proof
-----
The score of a pair is Σ_c |n_c − m_c| − q, with n_c the exact counts, m_c whole numbers and q a whole number that are
computed from what was released before: public. A row more or less adds ±1 to one n_c, and so moves one summand by at
most 1, up or down; R rows move the sum by at most R. All are integers, so nothing is rounded. The counts of all tables
are made once, of the same rows, each person's bounded first with one salt (`privkit.tally.books`), so that for each
salt both claims, this one and that of `privkit.dp.statistics.books.tables`, hold of the same rows. ∎
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from privkit.dp.noise.selection import NoisyMax
from privkit.dp.noise.weighted import variance
from privkit.dp.synthesis.drawing import along_tree, table_of, weighted
from privkit.dp.synthesis.model import Measured, Model, Ruled, model_of
from privkit.progress import bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.noise.rounds import RoundsGaussian, RoundsLaplace
    from privkit.dp.simulate import Simulator
    from privkit.dp.statistics.books.residuals import Axes

#: Rows by which a model's tables are told between rounds, and how often they are weighted.
_ROWS, _TURNS = 8_000, 4
#: The mean size of noise of deviation 1, about; and in how many deviations a cell counts as one that holds noise.
_MEAN_SIZE, _FULL = 0.8, 3.0


class Draws(Protocol):
    """What draws noise: OpenDP, or a simulator."""

    def first(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a table of the first round with noise."""

    def later(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a later table with noise."""

    def apart(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a table that is held out with noise."""

    def choice(self, scores: NDArray[np.int64]) -> int:
        """Return the place of the best noisy score."""


class Measuring:
    """Noise by OpenDP's measurements, as :func:`privkit.dp.noise.rounds.make_rounds` prices them."""

    def __init__(self, noise: RoundsLaplace | RoundsGaussian) -> None:
        self._first = noise.one.measurement()
        self._later = noise.later.measurement() if noise.shape.later else None
        self._apart = noise.apart.measurement() if noise.shape.held else None
        self._choice = NoisyMax(noise.choosing).choice(noise.natural) if noise.shape.chosen else None

    def first(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a table of the first round with noise."""
        return [int(cell) for cell in self._first(np.ascontiguousarray(cells))]

    def later(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a later table with noise."""
        assert self._later is not None
        return [int(cell) for cell in self._later(np.ascontiguousarray(cells))]

    def apart(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a table that is held out with noise."""
        assert self._apart is not None
        return [int(cell) for cell in self._apart(np.ascontiguousarray(cells))]

    def choice(self, scores: NDArray[np.int64]) -> int:
        """Return the place of the best noisy score."""
        assert self._choice is not None
        return int(self._choice(np.ascontiguousarray(scores)))


@dataclass(frozen=True)
class Simulating:
    """Noise by a simulator, which protects nobody."""

    noise: RoundsLaplace | RoundsGaussian
    draw: Simulator

    def first(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a table of the first round with noise."""
        return self._added(self.noise.one, cells)

    def later(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a later table with noise."""
        return self._added(self.noise.later, cells)

    def apart(self, cells: NDArray[np.int64]) -> list[int]:
        """Return a table that is held out with noise."""
        return self._added(self.noise.apart, cells)

    def _added(self, noise: Noise, cells: NDArray[np.int64]) -> list[int]:
        found: list[int] = (cells + self.draw.added(noise, len(cells))).tolist()
        return found

    def choice(self, scores: NDArray[np.int64]) -> int:
        """Return the place of the best noisy score."""
        return int(self.draw.chosen(scores[None, :], NoisyMax(self.noise.choosing), self.noise.natural)[0])


@dataclass(frozen=True)
class Run:
    """What the rounds measure.

    Attributes
    ----------
    sizes : tuple of int
        How many levels each column has.
    ruled : Ruled
        What rows may have.
    first, pairs : tuple of Axes
        The tables of the first round, and those of which later rounds measure some.
    later : int
        How many of them.
    held : tuple of int
        The places among the tables of the first round and `pairs`, one after the other, of those that are held out.
    progress : bool
        Whether a bar shows the rounds.
    """

    sizes: tuple[int, ...]
    ruled: Ruled
    first: tuple[Axes, ...]
    pairs: tuple[Axes, ...]
    later: int
    held: tuple[int, ...] = ()
    progress: bool = False

    def transcript(
        self,
        counts: Sequence[NDArray[np.int64]],
        noise: RoundsLaplace | RoundsGaussian,
        draws: Draws,
        seed: int,
    ) -> tuple[list[int], list[tuple[int, list[int]]]]:
        """Return the noisy first tables and those held out, one after the other, and each later place and noisy table.

        Ctrl-C after the first round ends the rounds: what was measured until then is returned.

        Parameters
        ----------
        counts : sequence of array
            The exact tables: those of the first round, then all pairs. Private.
        seed : int
            Of the rows by which a model's tables are told: public, and nothing rests on it.
        """
        drawn: list[int] = []
        measured: list[Measured] = []
        for axes, table in zip(self.first, counts, strict=False):
            noisy = draws.first(table)
            drawn += noisy
            measured.append(Measured(axes, np.array(noisy, dtype=np.int64), variance(noise.one)))
        for place in self.held:  # never among what is fitted
            drawn += draws.apart(counts[place])
        rounds: list[tuple[int, list[int]]] = []
        try:
            with bar(self.progress and self.later > 0, "dp_synthetic", "rounds") as tell:
                for place in range(self.later):
                    rounds.append(self._round(counts[len(self.first) :], measured, rounds, noise, draws, seed))
                    if tell is not None:
                        tell(place + 1, self.later)
        except KeyboardInterrupt:
            pass  # what was charged stays charged; what was measured is the answer
        return drawn, rounds

    def _round(  # noqa: PLR0917
        self,
        counts: Sequence[NDArray[np.int64]],
        measured: list[Measured],
        rounds: list[tuple[int, list[int]]],
        noise: RoundsLaplace | RoundsGaussian,
        draws: Draws,
        seed: int,
    ) -> tuple[int, list[int]]:
        taken = {place for place, _ in rounds}
        left = [place for place in range(len(self.pairs)) if place not in taken]
        if noise.shape.chosen:
            scores = self._scores([counts[place] for place in left], left, measured, noise, seed + len(rounds))
            place = left[draws.choice(scores)]
        else:
            place = left[0]
        noisy = draws.later(counts[place])
        measured.append(Measured(self.pairs[place], np.array(noisy, dtype=np.int64), variance(noise.later)))
        return place, noisy

    def _scores(
        self,
        counts: Sequence[NDArray[np.int64]],
        left: Sequence[int],
        measured: Sequence[Measured],
        noise: RoundsLaplace | RoundsGaussian,
        seed: int,
    ) -> NDArray[np.int64]:
        """Return by how many rows each pair is off in the model, less what the noise of measuring it would be."""
        pairs = [self.pairs[place] for place in left]
        told = self.told(self.model(measured), pairs, seed)
        deviation = max(variance(noise.later), 1e-300) ** 0.5
        scores = []
        for exact, expected in zip(counts, told, strict=True):
            held = float(np.minimum(_FULL * expected / deviation, 1.0).sum())
            scores.append(score(exact, expected, round(_MEAN_SIZE * deviation * held)))
        return np.array(scores, dtype=np.int64)

    def told(self, model: Model, pairs: Sequence[Axes], seed: int) -> list[NDArray[np.int64]]:
        """Return the counts of pairs as a model has them, rounded to whole numbers."""
        rows = along_tree(model, _ROWS, np.random.default_rng(seed))
        weights, stopped = weighted(model, rows, _TURNS)
        if stopped:
            raise KeyboardInterrupt
        found = [table_of(rows, weights, (pair[0], pair[1]), self.sizes) for pair in pairs]
        return [np.rint(model.rows * table).astype(np.int64) for table in found]

    def model(self, measured: Sequence[Measured]) -> Model:
        """Return the model of what was measured."""
        return model_of(measured, self.sizes, self.ruled)


def score(exact: NDArray[np.int64], expected: NDArray[np.int64], less: int) -> int:
    """Return Σ |exact − expected| − less: moved by at most as many as rows come or go."""
    return int(np.abs(exact - expected).sum()) - less
