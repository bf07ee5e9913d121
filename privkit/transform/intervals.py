"""Hierarchies of intervals for numbers: fixed edges, never quantiles of the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.transform import HierarchyError
from privkit.transform.ladder import STAR, Level
from privkit.transform.rules import top

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Intervals:
    """Half-open intervals [a, b), by a width or by edges at each level.

    Attributes
    ----------
    steps : tuple of float or of tuple of float
        A width, or the edges, of each level.
    lower, upper : float or None
        Values below or from there on are coded as one group each (bottom and top coding).
    """

    steps: tuple[float | tuple[float, ...], ...]
    lower: float | None = None
    upper: float | None = None

    def levels(self, values: pd.Index, column: str, function: str) -> tuple[list[Level], float]:
        """Cut the values at each level's edges."""
        numbers = _numbers(values, column, function)
        whole = bool(len(numbers)) and bool((numbers == np.floor(numbers)).all()) and self._whole()
        low, high = self._domain(numbers, whole)
        size = max(high - low, 1e-300)
        levels = [self._level(step, numbers, low, high, whole) for step in self.steps]
        return [*levels, top(len(numbers))], (1 / size if whole else 0.0)

    def describe(self) -> list[str]:
        """Return one line per level."""
        names = [
            f"{len(step) - 1} intervals" if isinstance(step, tuple) else f"width {step:.12g}" for step in self.steps
        ]
        return ["value", *names, STAR]

    def _whole(self) -> bool:
        edges = [edge for step in self.steps for edge in (step if isinstance(step, tuple) else (step,))]
        return all(float(edge).is_integer() for edge in [*edges, self.lower or 0, self.upper or 0])

    def _domain(self, numbers: NDArray[np.float64], whole: bool) -> tuple[float, float]:
        low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
        high += 1 if whole else 0
        low = min(low, self.lower) if self.lower is not None else low
        high = max(high, self.upper) if self.upper is not None else high
        return low, high if high > low else max(low + 1, float(np.nextafter(low, np.inf)))

    def _level(
        self, step: float | tuple[float, ...], numbers: NDArray[np.float64], low: float, high: float, whole: bool
    ) -> Level:
        if isinstance(step, tuple):
            edges, name = np.array(step, dtype=np.float64), f"{len(step) - 1} intervals"
        else:
            edges, name = self._edges(step, low, high), f"width {step:.12g}"
        place = np.searchsorted(edges, numbers, side="right")  # 0: below the first edge; len: from the last on
        bounds = np.concatenate(([min(low, edges[0])], edges, [max(high, edges[-1])]))
        present = np.unique(place)
        codes = np.searchsorted(present, place).astype(np.int64)
        widths = np.clip(np.minimum(bounds[present + 1], high) - np.maximum(bounds[present], low), 0, None)
        floor = 1 / (high - low) if whole else 1e-12
        shares = np.clip(widths / (high - low), floor, 1.0)
        return Level(name, codes, [_label(edges, spot, whole) for spot in present], shares)

    def _edges(self, width: float, low: float, high: float) -> NDArray[np.float64]:
        start = self.lower if self.lower is not None else math.floor(low / width) * width
        end = self.upper if self.upper is not None else high
        count = max(1, math.ceil(round((end - start) / width, 9)))
        edges = start + width * np.arange(count + 1, dtype=np.float64)
        if self.upper is not None:
            edges[-1] = self.upper
        return edges


def _numbers(values: pd.Index, column: str, function: str) -> NDArray[np.float64]:
    try:
        return np.asarray([float(value) for value in values], dtype=np.float64)
    except (ValueError, TypeError):  # its text may hold a value
        kind = f"values of type {values.inferred_type}"
        raise HierarchyError.column_type(function, column, "numbers", kind) from None


def _label(edges: NDArray[np.float64], place: int, whole: bool) -> str:
    if place == 0:
        return f"< {edges[0]:.12g}"
    if place == len(edges):
        return f">= {edges[-1]:.12g}"
    low, high = edges[place - 1], edges[place]
    if not whole:
        return f"[{low:.12g}, {high:.12g})"
    return f"{low:.0f}" if high - low == 1 else f"{low:.0f}-{high - 1:.0f}"


def interval_steps(
    widths: Sequence[Any], edges: Sequence[Sequence[float]] | None
) -> tuple[float | tuple[float, ...], ...]:
    """Return the levels' widths or edges, checked: positive, ascending."""
    steps = (
        [tuple(float(edge) for edge in level) for level in edges] if edges is not None else [float(w) for w in widths]
    )
    for step in steps:
        if isinstance(step, tuple):
            if len(step) < 2 or any(a >= b for a, b in pairwise(step)):
                raise ValueError("edges")
        elif not (math.isfinite(step) and step > 0):
            raise ValueError("widths")
    return tuple(steps)
