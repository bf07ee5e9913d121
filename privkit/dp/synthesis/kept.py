"""What the ledger keeps of synthetic rows, as whole numbers: what was measured, a seed, and the rows.

One after the other: the cells of the first round's tables, and of those that are held out; how many later rounds there
were; of each the pair's place and its cells; whether drawing was stopped; the seed; how many rows there are; and of
each row one or two numbers that hold its levels (`privkit.tally.books.words`).

How close the rows are to the noisy tables that they were drawn to fit, and which columns these say nothing of, is told
from what was released alone, which is post-processing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.noise.noise import ALPHA, Noise
from privkit.dp.noise.weighted import variance
from privkit.dp.synthesis.model import Measured
from privkit.tally.books import words
from privkit.values.writing import level_text, percent

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

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
    def of(cls, drawn: list[int], rounds: list[tuple[int, list[int]]], seed: int) -> Kept:
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


#: Names that a remark tells, and the deviations beyond which a sum of cells is no noise.
_NAMED, _DEVIATIONS = 5, 8


def distances(
    asked: Synthetic, kept: Kept, noise: RoundsLaplace | RoundsGaussian, codes: NDArray[np.int64]
) -> pd.DataFrame:
    """Return how far the tables of rows, told by their levels, lie from the noisy ones: `Release.distances`.

    Noisy cells may be below 0, and add up to anything; shares are no further apart than by all of them.
    """
    import pandas as pd

    told, measured = [], kept.measured(asked, noise)
    total = asked.run.model(measured).rows
    for one in (*measured, *kept.held(asked, noise)):
        sizes = [asked.sizes[axis] for axis in one.axes]
        places = np.ravel_multi_index(tuple(codes[:, axis] for axis in one.axes), sizes)
        have = np.bincount(places, minlength=len(one.cells)) / max(len(codes), 1)
        off = float(np.abs(have - one.cells / total).sum()) / 2
        alone = float(np.sqrt(2 * one.variance / np.pi)) * len(one.cells) / total / 2
        name = " × ".join(asked.names[axis] for axis in one.axes)
        told.append((name, len(one.cells), min(off, 1.0), min(alone, 1.0)))
    frame = pd.DataFrame(told, columns=["table", "cells", "distance", "noise"])
    frame["held_out"] = np.arange(len(frame)) >= len(measured)
    return frame.set_index("table")


def drowned(asked: Synthetic, cells: NDArray[np.int64], noise: Noise) -> list[str]:
    """Say of which columns no level surely has a row, all levels of all columns together (95 %)."""
    found, alpha = [], ALPHA / sum(asked.sizes)
    for one in asked.made:
        _, values, rounding = asked.margin(cells.reshape(1, -1), (one.level,))
        reach = asked.reached(asked.axes((one.level,)), noise, alpha)
        if not (values > reach + rounding).any():
            found.append(one.name)
    if not found:
        return []
    whole = len(found) == len(asked.made)
    return [
        f"of {'all columns' if whole else _named(found)} no count is above 0 by more than its noise (all together, "
        f"{level_text(1 - ALPHA)}): {'rows' if whole else 'these'} may be drawn from noise alone"
    ]


def ruled_out(asked: Synthetic, kept: Kept, noise: RoundsLaplace | RoundsGaussian) -> list[str]:
    """Say where rows have, far beyond the noise, what no drawn row may have: by the types, or by what is stated.

    Of each noisy table those cells are added up; the sum is told from noise where it is beyond 8 of its deviations,
    which noise alone passes in fewer than 1 of 100,000 tables.
    """
    ruled, measured = asked.ruled, kept.measured(asked, noise)
    allowed, total = ruled.levels(), asked.run.model(measured).rows
    found: dict[tuple[int, ...], float] = {}
    for one in measured:
        table = one.cells.reshape([asked.sizes[axis] for axis in one.axes])
        gone: dict[tuple[int, ...], NDArray[np.int64]]
        gone = {(axis,): np.compress(~allowed[axis], table, axis=place) for place, axis in enumerate(one.axes)}
        for part in ruled.parts:
            if len(one.axes) == 2 and set(one.axes) <= set(part.axes):
                each = np.outer(*(allowed[axis] for axis in one.axes))
                gone[one.axes] = table[each & ~part.margin(one.axes)]
        for axes, lost in gone.items():
            if lost.size and lost.sum() > _DEVIATIONS * np.sqrt(lost.size * one.variance):
                found[axes] = max(found.get(axes, 0.0), min(float(lost.sum() / total), 1.0))
    if not found:
        return []
    names = {one.level: one.name for one in asked.made}
    told = [" × ".join(names[asked.names[axis]] for axis in axes) for axes in found]
    return [
        f"by the noisy tables about {percent(max(found.values()))} of the rows have of {_named(told)} what no drawn "
        "row may have: look at the keys, the cuts, and what is stated"
    ]


def _named(names: list[str]) -> str:
    """Return some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(map(repr, names[:_NAMED])) + (f" and {more} more" if more > 0 else "")
