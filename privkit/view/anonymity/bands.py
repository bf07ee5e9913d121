"""Class sizes and figures in bands, for a table of a few lines and a plot of a few bars."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.view.parts.words import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.kanonymity import KAnonymityReport
    from privkit.anonymity.reports import ClassReport

#: Where bands of class sizes begin.
_EDGES = (1, 2, 3, 5, 11, 21, 51, 101, 1001, 10_001)
#: Up to so many whole figures have a band each; else there are so many bands of equal width.
_MOST = 10


@dataclass(frozen=True, slots=True)
class Band:
    """The classes whose size or figure lies in a range.

    Attributes
    ----------
    name : str
        The range as one reads it on an axis.
    classes, rows : int
    rows_short : int
        Rows in classes that fall short.
    """

    name: str
    classes: int
    rows: int
    rows_short: int

    @property
    def short(self) -> bool:
        """Whether all rows of the band fall short."""
        return 0 < self.rows == self.rows_short


def bands(report: KAnonymityReport) -> list[Band]:
    """Return the bands from size 1 to the largest class; the required k begins one."""
    counts = report.tally.counts
    if not len(counts):
        return []
    required = report.required or 1
    edges = np.array(sorted({*_EDGES, required}))
    edges = edges[edges <= max(counts.max(), 1)]
    highs = [*(edges[1:] - 1).tolist(), int(counts.max())]
    labels = [
        f"{low:,}" if low == high else f"{low:,}–{high:,}" for low, high in zip(edges.tolist(), highs, strict=True)
    ]
    return _filled(np.searchsorted(edges, counts, side="right") - 1, labels, report.tally.sizes, counts < required)


def figure_bands(report: ClassReport) -> list[Band]:
    """Return the bands of a report's figures, from the least to the largest."""
    figures = np.asarray(report.figures, dtype=np.float64)
    short = np.zeros(len(figures), dtype=bool) if report.short is None else report.short
    finite = figures[np.isfinite(figures)]
    distinct = np.unique(finite)[: _MOST + 1]
    if len(distinct) <= _MOST and all(value.is_integer() for value in distinct.tolist()):
        labels = [number(value) for value in distinct.tolist()]
        place = np.searchsorted(distinct, figures)
    else:
        edges = _round_edges(float(finite.min()), float(finite.max()))
        labels = [f"{number(low)}–{number(high)}" for low, high in itertools.pairwise(edges)]
        place = np.clip(np.searchsorted(edges, figures, side="right") - 1, 0, len(labels) - 1)
    if len(finite) < len(figures):
        place = np.where(np.isfinite(figures), place, len(labels))
        labels.append("∞")
    return _filled(place, labels, report.classes.sizes, short)


def _round_edges(low: float, high: float) -> list[float]:
    """Return edges of at most ten equal bands around the figures, at round numbers.

    Examples
    --------
    >>> _round_edges(0.04, 0.75)
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    """
    rough = max((high - low) / (_MOST - 1), 1e-9)
    scale = math.floor(math.log10(rough))
    step = next(step for step in (1, 2, 5, 10) if step * 10.0**scale >= rough * (1 - 1e-9))
    first, last = math.floor(low / (step * 10.0**scale)), math.ceil(high / (step * 10.0**scale))
    return [float(f"{step * place}e{scale}") for place in range(first, max(last, first + 1) + 1)]


def _filled(
    place: NDArray[np.int64], labels: list[str], sizes: NDArray[np.int64], short: NDArray[np.bool_]
) -> list[Band]:
    n = len(labels)
    classes = np.bincount(place, minlength=n)
    rows = np.bincount(place, weights=sizes, minlength=n).astype(np.int64)
    rows_short = np.bincount(place, weights=np.where(short, sizes, 0), minlength=n).astype(np.int64)
    columns = (labels, classes.tolist(), rows.tolist(), rows_short.tolist())
    return [Band(*values) for values in zip(*columns, strict=True)]
