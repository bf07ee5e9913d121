"""Bins in an engine's own expressions: rows outside are filtered away, and what is left takes one step of arithmetic.

`privkit.tally.engines.lazy_numbers.places` tells a number that is at an edge from one above it, which takes a
comparison with the nearest edge in every row. Bins that are closed on the left need no such thing where a *stair* is
known, a function that never falls, and that is higher at each inner edge than right below it: then it is at least as
high in a bin as at the bin's lower edge, and lower than at the next one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.cells.cells import FLOAT, INTEGER, UNSIGNED
from privkit.tally.engines.lazy_numbers import RANGES, VALUE, bare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.engines.lazy import LazyEngine
    from privkit.tally.engines.native import Column, Native
    from privkit.values.keys import Keys

#: How many stairs there are to one, beside what the edges suggest: whole numbers, halves, tenths and so on.
_FACTORS = (1.0, 2.0, 4.0, 10.0, 20.0, 100.0, 1000.0)
#: How many stairs there are to a bin.
_FINER = (1, 2, 3, 4, 5, 8)
#: Groups that may come in place of bins.
_STAIRS = 4096
#: Numbers on stairs up to this are whole ones of doubles.
_EXACT = 2.0**51


@dataclass(frozen=True, slots=True)
class Stair:
    """The stair ``floor((x - start) * factor)``, or ``floor((x - start) / divisor)``, in doubles; without a start of 0.

    Each of its operations rounds a larger number to one that is as large at least, so it never falls. It is asked of
    numbers from the first edge to the last.

    Attributes
    ----------
    start : float
    factor : float
        0: it is divided.
    divisor : float
    first, last : float
        The outer edges.
    inner : array of float64
        The least numbers of all bins but the first.
    """

    start: float
    factor: float
    divisor: float
    first: float
    last: float
    inner: NDArray[np.float64]

    @property
    def fineness(self) -> float:
        """About how many stairs there are to one."""
        return self.factor or 1 / self.divisor

    def at(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the stairs of numbers."""
        away = numbers - self.start if self.start else numbers
        return np.floor(away * self.factor if self.factor else away / self.divisor)

    def tells(self, below: NDArray[np.float64]) -> bool:
        """Whether it tells each bin from the one before, whose largest numbers are given; and by few whole numbers."""
        with np.errstate(over="ignore", invalid="ignore"):
            most = max(abs(self.first - self.start), abs(self.last - self.start)) * self.fineness
            if not ((self.last - self.first) * self.fineness <= _STAIRS and most < _EXACT):
                return False
            return bool(np.all(self.at(below) < self.at(self.inner)))

    def asked(self, native: Native, number: nw.Expr) -> nw.Expr:
        """Return the stair of a column of floats, in the engine."""
        away = number - native.real(self.start) if self.start else number
        scaled = away * native.real(self.factor) if self.factor else away / native.real(self.divisor)
        return scaled.floor().cast(nw.Int64)

    def bins(self, stairs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the bins, from 0, that stairs belong to."""
        return np.searchsorted(self.at(self.inner), stairs, side="right")


def stair(native: Native, column: Column, edges: NDArray[np.float64]) -> Stair | None:
    """Return a stair that tells the bins between ascending edges in a plain column of numbers; None: there is none.

    Whether it does is seen at the edges alone, which are public. Where a product that is too small for a float is an
    error in the engine, only factors from 1 are tried, which make none.
    """
    if column.kind.name not in (FLOAT, INTEGER, UNSIGNED) or len(edges) < 2 or not np.all(np.isfinite(edges)):
        return None
    first, last, inner = float(edges[0]), float(edges[-1]), edges[1:-1]
    below = np.nextafter(inner, -np.inf)
    if column.kind.name != FLOAT:
        if not (first > -_EXACT and last < _EXACT):
            return None
        inner = np.ceil(inner)
        below = inner - 1
    tried = [
        found
        for factor, divisor in _scales(native, edges)
        for start in dict.fromkeys((0.0, first))
        if (found := Stair(start, factor, divisor, first, last, inner)).tells(below)
    ]
    return min(tried, key=lambda each: each.fineness, default=None)


def _scales(native: Native, edges: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """Yield factors, 0 beside a divisor."""
    with np.errstate(over="ignore"):
        widths = {float(np.diff(edges).min()), float((edges[-1] - edges[0]) / (len(edges) - 1))}
    for width in widths:
        if native.divides and 1 < width < math.inf:
            yield 0.0, width
    with np.errstate(over="ignore"):
        factors = {*_FACTORS, *(float(np.float64(finer) / width) for width in widths for finer in _FINER)}
    yield from ((each, 1.0) for each in factors if (2.0**-500 if native.rounds_to_zero else 1) <= each < math.inf)


def binned(engine: LazyEngine, value: str, keys: Keys | None, known: Stair) -> nw.LazyFrame[Any]:
    """Return the plain columns of keys, and the stairs of numbers; rows outside all bins are left out."""
    by = keys.by if keys is not None else ()
    inside, number = _within(engine.native, VALUE, engine.columns[value], known)
    frame = bare(engine, value, by).filter(inside)
    return frame.with_columns(known.asked(engine.native, number).alias(VALUE))


def _within(native: Native, name: str, column: Column, known: Stair) -> tuple[nw.Expr, nw.Expr]:
    """Return whether a plain column's number is from the first edge to the last, and the number as a float.

    Missing numbers and NaN, which is above all numbers or compares with none, are not.
    """
    own = nw.col(name)
    if column.kind.name == FLOAT:
        return (own >= native.real(known.first)) & (own <= native.real(known.last)), own
    literal = native.unsigned if column.kind.name == UNSIGNED else nw.lit
    # Literals of the column's type: beside it lies nothing, of which there is nothing from 1 to 0, either.
    least, most = RANGES[column.kind.name]
    low, high = math.ceil(known.first), math.floor(known.last)
    if low > most or high < least:
        low, high = 1, 0
    return (own >= literal(max(low, least))) & (own <= literal(min(high, most))), own.cast(nw.Float64)
