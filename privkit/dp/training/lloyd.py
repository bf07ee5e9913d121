"""k-means by noisy steps of Lloyd's method, from a start that reads no data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from privkit.dp.measurement import Reach
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.dp.training.steps import FULL, UNIT, Feature, Featured, Steps, layer_of, read_features, recorded_features
from privkit.tally.products import ONE, design_of
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.cells.cells import Kind
    from privkit.tally.products import Design
    from privkit.values.expression.selection import Selection

#: Rows that are added up in floats at once: 2**22 of at most 2**30 each stay below 2**53.
_BLOCK = 2**22
#: How many points for each cluster the start is chosen among.
_OFFERED = 50
#: The rows for which a plan tells what to expect, where it was not told how many there are.
_EXAMPLE = 10_000


class Centers(NamedTuple):
    """Where the clusters are.

    Attributes
    ----------
    places : array of float64, shape (clusters, columns)
        Whole numbers from −ONE to ONE.
    counts : array of float64, shape (clusters,)
        The noisy units that were nearest to each before the last step.
    """

    places: NDArray[np.float64]
    counts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lloyd(Featured, Steps, Statistic):
    """Centers of clusters of rows, by the columns' numbers within public bounds.

    Attributes
    ----------
    features : tuple of (str, ValueBounds)
    clusters : int
    steps : int
    start : int
        Which of the public starts is taken.

    Notes
    -----
    *What is estimated.* Lloyd's method for numbers that are clipped to their bounds and brought to [−1, 1] (Blum,
    Dwork, McSherry and Nissim 2005; Su, Cao, Li, Bertino and Jin 2016): each step asks of each cluster how many units
    are nearest to its center, and the sum of their numbers. The start is far apart in the box, as a seeded generator
    has it, and reads no data.

    *Reach.* A row is a vector z of d whole numbers from −F to F, F = 2**14 (`privkit.tally.products`). Its
    nearest center c is where 2·z·c − c·c is largest, the first of several: whole numbers below 2**53 for at most 2**10
    columns, so that it is exact and depends on that row and the public centers alone. Of a unit with m rows each adds
    to its center's d + 1 places the vector (F, z)·2**16/m, cut off to whole numbers: at most G/m in each, G = 2**30.
    That is √(d + 1)·G/m in L2, (d + 1)·G/m in L1, and all rows of the unit together at most m times as much, by the
    triangle inequality. Sums are exact: in blocks of 2**22 rows below 2**53, and of blocks in 64-bit integers.

    *All steps.* `privkit.dp.training.steps` proves what they cost together.
    """

    features: tuple[Feature, ...]
    clusters: int
    steps: int
    start: int

    name = "kmeans"
    makes = "model"

    # -- what is asked -------------------------------------------------------------------------------------------------

    @property
    def numbers(self) -> tuple[str, ...]:
        """The centers, by column and cluster."""
        return tuple(f"{name} [{cluster}]" for cluster in range(self.clusters) for name in self.columns)

    @property
    def steady(self) -> tuple[str, ...]:  # type: ignore[override]
        """The counts."""
        return self._counts

    @property
    def _counts(self) -> tuple[str, ...]:
        return tuple(f"count [{cluster}]" for cluster in range(self.clusters))

    @property
    def main(self) -> str:
        """The first number of the first center."""
        return self.numbers[0]

    @property
    def lines(self) -> tuple[tuple[str, str, str], ...]:
        """The centers, then the counts."""
        return tuple((name, name, "") for name in (*self.numbers, *self._counts))

    @property
    def asked(self) -> Reach:
        """How far one unit moves a step: by its numbers and its count, all at most G."""
        size = len(self.features) + 1
        return Reach(size * UNIT, float(math.isqrt(size * UNIT**2) + 1), UNIT, size * self.clusters)

    # -- rows ----------------------------------------------------------------------------------------------------------

    def design(self, data: object, question: Question) -> Design:
        """Return the rows as vectors. Reads rows."""
        return design_of(data, self.coded, unit=question.who, bounds=question.bounds)

    def begun(self) -> Centers:
        """Return points of the box that lie far apart, of a seeded generator: no data is read."""
        size = len(self.features)
        offered = np.random.default_rng(self.start).uniform(-1, 1, (_OFFERED * self.clusters, size))
        chosen = [offered[0]]
        apart = ((offered - offered[0]) ** 2).sum(axis=1)
        while len(chosen) < self.clusters:
            chosen.append(offered[int(apart.argmax())])
            apart = np.minimum(apart, ((offered - chosen[-1]) ** 2).sum(axis=1))
        # Half-way to the middle, where rows are.
        return Centers(np.rint(np.array(chosen) * (ONE / 2)), np.zeros(self.clusters))

    @staticmethod
    def nearest(vectors: NDArray[np.float64], centers: Centers) -> NDArray[np.int64]:
        """Return the nearest center of rows as vectors without their first place; exact, row by row."""
        places = centers.places
        return np.asarray((2 * (vectors @ places.T) - (places * places).sum(axis=1)).argmax(axis=1))

    def summed(self, design: Design, state: Centers) -> NDArray[np.int64]:
        """Return of each cluster how many units are nearest to it, and the sum of their numbers; exact."""
        found = np.zeros((self.clusters, len(self.features) + 1), dtype=np.int64)
        for first in range(0, len(design), _BLOCK):
            rows = slice(first, first + _BLOCK)
            vectors = design.vectors[rows]
            shared = np.trunc(vectors * FULL / design.together[rows, None])
            nearest = self.nearest(vectors[:, 1:], state)
            for cluster in range(self.clusters):
                found[cluster] += shared[nearest == cluster].sum(axis=0).astype(np.int64)
        return found.reshape(-1)

    # -- answers -------------------------------------------------------------------------------------------------------

    def moved(self, state: Centers, told: NDArray[np.int64]) -> Centers:
        """Return the noisy means within the box; a cluster without a unit, as far as the noise tells, stays."""
        cells = told.reshape(self.clusters, -1).astype(np.float64)
        counts = cells[:, 0] / UNIT
        means = np.rint(cells[:, 1:] / (np.maximum(counts, 1.0)[:, None] * FULL))
        places = np.where(counts[:, None] >= 1.0, np.clip(means, -ONE, ONE), state.places)
        return Centers(places, counts)

    def centers(self, cells: NDArray[np.int64]) -> Centers:
        """Return the centers after all steps, in steps of numbers brought to [−1, 1]."""
        found: Centers = self.path(cells)
        return found

    def estimates(self, cells: NDArray[np.int64]) -> Estimates:
        """Return the centers in units of the columns, and the noisy counts of the last step."""
        middle, half = self.units
        each = [self.centers(row) for row in cells]
        found = np.array([one.places / ONE * half + middle for one in each]).reshape(len(cells), -1)
        counts = np.array([one.counts for one in each]).reshape(len(cells), -1)
        return {
            **dict(zip(self.numbers, found.T, strict=True)),
            **dict(zip(self._counts, counts.T, strict=True)),
        }

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the counts; centers have none."""
        counts, reach = np.array([self.centers(row).counts for row in cells]), self._count_width(noise, alpha)
        return {name: (own - reach, own + reach) for name, own in zip(self._counts, counts.T, strict=True)}

    def _count_width(self, noise: Noise, alpha: float) -> float:
        return layer_of(noise).half_width(alpha) / UNIT

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float | None:
        """Nothing: a center has no interval."""
        return None

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return those of the counts."""
        return {**dict.fromkeys(self.numbers), **dict.fromkeys(self._counts, self._count_width(noise, alpha))}

    def remarks(self, cells: NDArray[np.int64], noise: Noise) -> tuple[str, ...]:
        """Say of which clusters noise decides."""
        counts, reach = self.centers(cells[0]).counts, self._count_width(noise, 0.05)
        lost = [str(cluster) for cluster in range(self.clusters) if counts[cluster] < 2 * reach]
        if not lost:
            return ()
        return (
            f"of {', '.join(lost)} noise decides where the center lies: too few rows, too small a price, too many "
            "clusters or columns. It was charged",
        )

    def unit_of(self, name: str) -> str:
        """Return the column of a center's number."""
        return "" if name in self._counts else name.rpartition(" [")[0]

    def stands_on_zero(self, name: str) -> bool:
        """Whether a number is a count."""
        return name in self._counts

    # -- words ---------------------------------------------------------------------------------------------------------

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is estimated."""
        return (
            *self.clipping,
            "nearest is meant of numbers brought to [−1, 1] by their bounds; the start is public and reads no row; "
            "centers have no interval",
            "to which cluster a row of this table belongs is no release: it is for the owner's eyes",
        )

    def price_notes(self, noise: Noise, question: Question, rows: int | None) -> tuple[str, ...]:
        """Say how far noise moves a center."""
        many = rows or _EXAMPLE
        width = self._count_width(noise, 0.05)
        moved = width * self.clusters / many
        enough = "" if moved < 0.5 else ": this price buys hardly any information"
        return (
            f"with {many:,} {question.unit.nouns} in {self.clusters} clusters of one size, noise moves a center's "
            f"number, of [−1, 1], by ± {error_text(moved)} at most (95 %, in each of {self.steps} steps){enough}",
        )

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        own = {"columns": recorded_features(self.features), "clusters": self.clusters}
        return {**self.mark, **own, "steps": self.steps, "start": self.start}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the clusters that a record tells."""
        numbers = (int(record[name]) for name in ("clusters", "steps", "start"))
        return cls(read_features(record["columns"]), *numbers)

    def __str__(self) -> str:
        """Return the clusters in words."""
        return f"{self.clusters} clusters by {', '.join(repr(name) for name, _ in self.features)}"
