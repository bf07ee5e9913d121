"""Class sizes in bands, for a table of a few lines and a plot of a few bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from privkit.anonymity.kanon import KAnonymityReport

#: Where bands begin.
_EDGES = (1, 2, 3, 5, 11, 21, 51, 101, 1001, 10_001)


@dataclass(frozen=True, slots=True)
class Band:
    """The classes of sizes `low` to `high`.

    Attributes
    ----------
    low, high : int
    classes, rows : int
    short : bool
        Whether all these classes are smaller than the required k.
    """

    low: int
    high: int
    classes: int
    rows: int
    short: bool

    @property
    def name(self) -> str:
        """Return the sizes as one reads them on an axis."""
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,}–{self.high:,}"


def bands(report: KAnonymityReport) -> list[Band]:
    """Return the bands from size 1 to the largest class; the required k begins one."""
    counts = report.tally.counts
    if not len(counts):
        return []
    required = report.required or 1
    edges = np.array(sorted({*_EDGES, required}))
    edges = edges[edges <= max(counts.max(), 1)]
    place = np.searchsorted(edges, counts, side="right") - 1
    classes = np.bincount(place, minlength=len(edges))
    rows = np.bincount(place, weights=report.tally.sizes, minlength=len(edges))
    highs = [*(int(edge) - 1 for edge in edges[1:]), int(counts.max())]
    return [
        Band(int(low), high, int(in_classes), int(in_rows), bool(low < required))
        for low, high, in_classes, in_rows in zip(edges, highs, classes, rows, strict=True)
    ]
