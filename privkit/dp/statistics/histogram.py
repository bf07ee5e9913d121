"""Histograms: counts of numbers in public bins.

A paid estimate of the bounds of a column, by powers of two.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from privkit.dp.measurement import Reach
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.statistic import Estimates, Limits
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.root import type_told
from privkit.tally.looking import Extent
from privkit.tally.sums import binned_counts, binned_groups
from privkit.values.bounds import ONE_ROW
from privkit.values.keys import Keys
from privkit.values.unit import ROW
from privkit.values.vouched import vouched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.bounding import PersonGroups
    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.values.expression.selection import Selection


@dataclass(frozen=True, slots=True)
class Histogram(Count):
    """How many rows have a number in each public bin.

    Notes
    -----
    *Reach.* A row's bin depends on that row alone, and is one at most; so bins are keys like others, and one row moves
    one cell by 1.

    Attributes
    ----------
    column : str
    edges : tuple of float
        The bins' edges, ascending; bins are closed on the left, the last one on both sides.
    """

    column: str = ""
    edges: tuple[float, ...] = ()

    name = "count"
    mark: ClassVar[dict[str, str]] = {"statistic": "histogram"}
    aggregate = "positions"
    of_persons = "parts"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of numbers."""
        return (self.column,)

    @property
    def labels(self) -> tuple[str, ...]:
        """The bins' names."""
        last = len(self.edges) - 2
        return tuple(
            f"[{low:g}, {high:g}{']' if place == last else ')'}"
            for place, (low, high) in enumerate(pairwise(self.edges))
        )

    def keys(self, by: Keys | None) -> Keys:
        """Return the groups: those of `by`, each with every bin."""
        if by is None:
            return Keys((self.column,), tuple((label,) for label in self.labels))
        return replace(
            by, by=(*by.by, self.column), values=tuple((*k, label) for k in by.values for label in self.labels)
        )

    def typed_keys(self, question: Question) -> Keys | None:
        """Return the keys that the frame's own columns must fit: all but the bins."""
        keys = question.keys
        if keys is None or len(keys.by) == 1:
            return None
        return replace(keys, by=keys.by[:-1], values=tuple(dict.fromkeys(key[:-1] for key in keys.values)))

    def bins_of(self, column: str) -> bool:
        """Whether the keys of a column are its bins."""
        return column == self.column

    def told_keys(self, question: Question) -> Keys | None:
        """Return the keys beside its bins, which it tells itself."""
        return self.typed_keys(question)

    def extents(self) -> tuple[Extent, ...]:
        """Return the outer edges of the bins."""
        return (Extent(self.column, self.edges[0], self.edges[-1], "left out"),)

    def matched(self, rows: Engine, question: Question) -> tuple[Keys, NDArray[np.int64]] | None:
        """Count the rows of each bin, within each key."""
        if question.keys is None:
            return None
        return question.keys, self.exact(rows, replace(question, unit=ROW, bounds=ONE_ROW)).reshape(-1)

    def pairs_of(self, rows: Engine, question: Question) -> Iterator[PersonGroups]:
        """Give, in parts, how many rows each person has in each bin, within each key."""
        assert question.who is not None
        keys, within = question.keys or self.keys(None), self.typed_keys(question)
        found = binned_groups(rows, self.column, self.edges, self.labels, keys=keys, within=within, unit=question.who)
        return (pairs for pairs, _ in found)

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count the rows of each bin exactly, each person within the bounds."""
        assert question.keys is not None
        counts = binned_counts(
            data,
            self.column,
            self.edges,
            self.labels,
            keys=question.keys,
            within=self.typed_keys(question),
            unit=question.who,
            bounds=question.bounds,
        )
        return counts.reshape(-1, 1)

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return {**self.mark, "column": self.column, "edges": [repr(edge) for edge in self.edges]}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the histogram that a record tells."""
        return cls(record["column"], tuple(map(float, record["edges"])))

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what is left out."""
        ends = f"[{self.edges[0]:,.10g}, {self.edges[-1]:,.10g}]"
        missing = "" if selected.fills(self.column) else ", and missing ones,"
        return (f"values of {self.column!r} outside {ends}{missing} are left out",)

    def __str__(self) -> str:
        many = len(self.edges) - 1
        return f"histogram of {self.column!r} in {many:,} {'bin' if many == 1 else 'bins'}"


def bin_edges(bins: object) -> tuple[float, ...]:
    """Return the public edges of bins, or refuse them.

    Raises
    ------
    NotPublicError, ParameterError
    """
    bins, _ = vouched(bins)
    if hasattr(bins, "dtype") or hasattr(bins, "columns"):
        raise NotPublicError.of("bins", type(bins).__name__)
    allowed = "a list of at least two ascending finite numbers, the edges"
    if not isinstance(bins, Sequence) or isinstance(bins, str) or len(bins) < 2:
        raise ParameterError.of("bins", type_told(bins), allowed, "Example: bins=[0, 18, 65, 120].")
    if any(hasattr(edge, "dtype") for edge in bins):
        raise NotPublicError.of("bins", "list of NumPy numbers")
    if any(isinstance(edge, bool) or not isinstance(edge, int | float) or not math.isfinite(edge) for edge in bins):
        raise ParameterError.of("bins", "a list with something else", allowed)
    edges = tuple(float(edge) + 0.0 for edge in bins)
    if any(high <= low for low, high in pairwise(edges)) or len({f"{edge:g}" for edge in edges}) < len(edges):
        raise ParameterError.of("bins", "edges that do not ascend (or agree in six digits)", allowed)
    return edges


#: Bins end at these powers of two, on both sides of 0, and at 0 itself. Beyond the largest whole numbers of 64 bits
#: they are coarser, up to 2**1022, so that few bins more hold all that there is.
_POWERS = (*range(-20, 65), 80, 96, 128, 192, 256, 512, 1022)
#: As earlier versions had them: what is stored counts by these.
_EARLIER = range(-20, 64)
#: Bounds stay away from 0 only if at most so large a part of the rows may lie between.
_BETWEEN = 0.1
#: The chance that a bin without a row is taken for one with rows, over all bins.
_MISTAKEN = 0.01
#: How the ledger tells the bins.
_TOLD, _TOLD_EARLIER = "powers of two, -20 to 64, then to 1022", "powers of two, -20 to 63"


def power_edges(*, earlier: bool = False) -> tuple[float, ...]:
    """Return the public edges: 0, and powers of two on both sides of it, up to 2**1022.

    Examples
    --------
    >>> len(power_edges()), power_edges()[-2:] == (2.0**512, 2.0**1022)
    (185, True)
    """
    sizes = [2.0**power for power in (_EARLIER if earlier else _POWERS)]
    return (*(-size for size in reversed(sizes)), 0.0, *sizes)


@dataclass(frozen=True, slots=True)
class Span(Histogram):
    """Bounds that hold nearly all numbers of a column, to the next power of two.

    A histogram over the powers of two gets noise; the bounds are the outer edges of the bins whose noisy counts exceed
    what noise alone reaches with a chance of 1 % over all bins (Wilson et al. 2020, section 3.4.3, calls it approximate
    bounds). A bound stays away from 0 only where few rows lie between, as far as the noise tells: at most a tenth of
    those that stand out, with 95 %. Everything after the noise is post-processing.

    Notes
    -----
    *Reach.* That of a histogram: one row moves one bin by 1.
    """

    name = "bounds"
    of_bins = True

    @property
    def earlier(self) -> Span | None:
        """The same by the bins of earlier versions, which ended at 2**63."""
        return None if self._is_earlier else Span(self.column, power_edges(earlier=True))

    @property
    def _is_earlier(self) -> bool:
        return self.edges == power_edges(earlier=True)

    @property
    def reach(self) -> Reach:
        """One bin by 1; all bins are cells of one group."""
        return Reach(width=len(self.edges) - 1)

    @property
    def linear(self) -> frozenset[str]:
        """None: two bounds are chosen by the counts."""
        return frozenset()

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Count the rows of every bin; shape (1, bins)."""
        binned = Question(self, question.unit, question.bounds, self.keys(None), question.selected)
        return Histogram.exact(self, data, binned).reshape(1, -1)

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
        lower, upper = bins[standing[0]][0], bins[standing[-1]][1]
        if (
            not self._is_earlier
            and lower > 0
            and self._some_between(row, standing, slice(len(bins) // 2, standing[0]), typical)
        ):
            lower = 0.0
        if (
            not self._is_earlier
            and upper < 0
            and self._some_between(row, standing, slice(standing[-1] + 1, len(bins) // 2), typical)
        ):
            upper = 0.0
        return [lower, upper]

    def _some_between(self, row: NDArray[np.int64], standing: NDArray[np.int64], bins: slice, typical: float) -> bool:
        """Whether more than a tenth of the rows that stand out may lie in other bins.

        The sum of k bins has noise of at most √(2k) times the scale, and is 1.645 of that too small with 5 %.
        """
        between = float(row[bins].sum()) + 1.645 * typical * math.sqrt(2 * (bins.stop - bins.start))
        return between > _BETWEEN * float(row[standing].sum())

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Nothing: bounds are an estimate of their own."""
        return {}

    def canonical(self) -> dict[str, object]:
        """Return the statistic as JSON values."""
        return {**self.mark, "column": self.column, "edges": _TOLD_EARLIER if self._is_earlier else _TOLD}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Self:
        """Return the estimate that a record tells."""
        return cls(record["column"], power_edges(earlier=record["edges"] == _TOLD_EARLIER))

    def notes(self, selected: Selection, dates: Kind | None = None) -> tuple[str, ...]:
        """Say what the bounds are."""
        return (
            "the bounds are powers of two, or 0; rare values beyond them may be cut off",
            "[0, 0] says that no bin stood out: ask with a larger ε",
        )

    def __str__(self) -> str:
        return f"bounds of {self.column!r}"
