"""A paid estimate of the bounds of a column, by powers of two."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.histogram import Histogram
from privkit.dp.question import Question
from privkit.dp.sensitivity import Reach
from privkit.dp.statistic import Estimates, Limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise import Noise

#: Bins end at these powers of two, on both sides of 0, and at 0 itself.
_POWERS = range(-20, 64)
#: The chance that a bin without a row is taken for one with rows, over all bins.
_MISTAKEN = 0.01


def power_edges() -> tuple[float, ...]:
    """Return the public edges: 0 and powers of two on both sides of it."""
    sizes = [2.0**power for power in _POWERS]
    return (*(-size for size in reversed(sizes)), 0.0, *sizes)


@dataclass(frozen=True, slots=True)
class Span(Histogram):
    """Bounds that hold nearly all numbers of a column, to the next power of two.

    A histogram over the powers of two gets noise; the bounds are the outer edges of the bins whose noisy counts exceed
    what noise alone reaches with a chance of 1 % over all bins (Wilson et al. 2020, section 3.4.3, calls it approximate
    bounds). Everything after the noise is post-processing.

    Notes
    -----
    *Reach.* That of a histogram: one row moves one bin by 1.
    """

    name = "bounds"

    @property
    def reach(self) -> Reach:
        """One bin by 1; all bins are cells of one group."""
        return Reach(width=len(self.edges) - 1)

    def exact(self, data: object, question: Question, function: str) -> NDArray[np.int64]:
        """Count the rows of every bin; shape (1, bins)."""
        binned = Question(self, question.unit, question.bounds, self.keys(None), question.selected)
        return Histogram.exact(self, data, binned, function).reshape(1, -1)

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the noisy counts' bounds as one pair; needs the noise, see :meth:`ends`."""
        found = np.empty(len(cells), dtype=object)
        for place, row in enumerate(cells):
            found[place] = self.ends(row)
        return {self.name: found}

    def ends(self, row: NDArray[np.int64]) -> list[float]:
        """Return the outer edges of the bins that stand out; [0, 0] where none does.

        What noise reaches is told by the cells themselves: nearly all bins are empty, so their median absolute size
        gives the scale of the noise.
        """
        typical = float(np.median(np.abs(row))) / 0.6931 + 1.0
        reached = typical * float(np.log(len(row) / _MISTAKEN))
        standing = np.flatnonzero(row > reached)
        if not len(standing):
            return [0.0, 0.0]
        bins = list(pairwise(self.edges))
        return [bins[standing[0]][0], bins[standing[-1]][1]]

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Nothing: bounds are an estimate of their own."""
        return {}

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return {"statistic": self.name, "column": self.column, "edges": "powers of two, -20 to 63"}

    def notes(self) -> tuple[str, ...]:
        """Say what the bounds are."""
        return (
            "the bounds are powers of two, or 0; rare values beyond them may be cut off",
            "[0, 0] says that no bin stood out: ask with a larger ε",
        )

    def __str__(self) -> str:
        """Return the statistic in words."""
        return f"bounds of {self.column!r}"
