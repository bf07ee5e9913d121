"""What the ledger keeps of synthetic rows, as whole numbers: what was measured, a seed, and the rows.

One after the other: the cells of the first round's tables, and of those that are held out; how many later rounds there
were; of each the pair's place and its cells; whether drawing was stopped; the seed; how many rows there are; and of
each row one or two numbers that hold its levels (`privkit.tally.books.words`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.noise.weighted import variance
from privkit.dp.synthesis.model import Measured
from privkit.tally.books import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.noise.rounds import RoundsGaussian, RoundsLaplace
    from privkit.dp.synthesis.synthetic import Synthetic


@dataclass(frozen=True, eq=False)
class Kept:
    """The answer.

    Attributes
    ----------
    first : array of int64
        The noisy cells of the first round, and of the tables that are held out.
    rounds : tuple of (place, cells)
        What each later round measured.
    seed : int
    stopped : bool
        Whether an interrupt ended the drawing of the rows.
    packed : array of int64, shape (rows, words)
    """

    first: NDArray[np.int64]
    rounds: tuple[tuple[int, NDArray[np.int64]], ...]
    seed: int
    stopped: bool
    packed: NDArray[np.int64]

    @classmethod
    def of(
        cls, asked: Synthetic, noise: Noise, drawn: list[int], rounds: list[tuple[int, list[int]]], seed: int
    ) -> Kept:
        """Return what was measured, without rows yet."""
        told = tuple((place, np.array(cells, dtype=np.int64)) for place, cells in rounds)
        return cls(np.array(drawn, dtype=np.int64), told, seed, False, np.empty((0, 1), dtype=np.int64))

    @classmethod
    def read(cls, asked: Synthetic, cells: NDArray[np.int64]) -> Kept:
        """Return the answer that numbers hold."""
        at = asked.width + asked.held_width
        first, many, at = cells[:at], int(cells[at]), at + 1
        rounds = []
        for _ in range(many):
            place = int(cells[at])
            width = math.prod(asked.sizes[axis] for axis in asked.pairs[place])
            rounds.append((place, cells[at + 1 : at + 1 + width]))
            at += 1 + width
        stopped, seed, rows = (int(one) for one in cells[at : at + 3])
        packed = cells[at + 3 :]
        return cls(first, tuple(rounds), seed, bool(stopped), packed.reshape(rows, -1) if rows else packed[:, None])

    @property
    def cells(self) -> list[int]:
        """The numbers that hold it."""
        found = [*self.first.tolist(), len(self.rounds)]
        for place, cells in self.rounds:
            found += [place, *cells.tolist()]
        return [*found, int(self.stopped), self.seed, len(self.packed), *self.packed.reshape(-1).tolist()]

    def measured(self, asked: Synthetic, noise: RoundsLaplace | RoundsGaussian) -> list[Measured]:
        """Return all noisy tables."""
        first, later = variance(noise.one), variance(noise.later) if self.rounds else 0.0
        spans = zip(asked.tables, asked.fit.spans, strict=True)
        return [
            *(Measured(axes, self.first[span], first) for axes, span in spans),
            *(Measured(asked.pairs[place], cells, later) for place, cells in self.rounds),
        ]

    def held(self, asked: Synthetic, noise: RoundsLaplace | RoundsGaussian) -> list[Measured]:
        """Return the noisy tables that are held out."""
        found, at = [], asked.width
        for axes in asked.held_tables:
            width = math.prod(asked.sizes[axis] for axis in axes)
            found.append(Measured(axes, self.first[at : at + width], variance(noise.apart)))
            at += width
        return found

    def with_rows(self, asked: Synthetic, levels: NDArray[np.int64], *, stopped: bool) -> Kept:
        """Return the same with rows."""
        parts = [part for part in _parts(asked.sizes) if part.stop > part.start]
        packed = np.zeros((len(levels), len(parts)), dtype=np.int64)
        for place, part in enumerate(parts):
            for axis in range(part.start, part.stop):
                packed[:, place] = packed[:, place] * asked.sizes[axis] + levels[:, axis]
        return replace(self, packed=packed, stopped=stopped)

    def levels(self, asked: Synthetic) -> NDArray[np.int64]:
        """Return the levels of the rows; shape (rows, columns)."""
        found = np.zeros((len(self.packed), len(asked.sizes)), dtype=np.int64)
        for place, part in enumerate(part for part in _parts(asked.sizes) if part.stop > part.start):
            code = self.packed[:, place]
            for axis in range(part.stop - 1, part.start - 1, -1):
                code, found[:, axis] = np.divmod(code, asked.sizes[axis])
        return found


class WithRows:
    """A measurement whose answer is followed by rows that fit it."""

    def __init__(self, measurement: Any, asked: Synthetic, noise: Noise) -> None:
        self._measurement, self._asked, self._noise = measurement, asked, noise

    def map(self, units: int) -> Any:
        """Return what OpenDP states that it costs."""
        return self._measurement.map(units)

    def __call__(self, rows: Any) -> list[int]:
        """Measure, and draw rows."""
        return self._asked.with_rows(self._measurement(rows), self._noise)


def _parts(sizes: tuple[int, ...]) -> tuple[slice, slice]:
    """Return which columns each number of a row tells of."""
    found = words(sizes)
    assert found is not None  # refused before
    return found
