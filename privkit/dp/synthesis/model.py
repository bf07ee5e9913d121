"""What noisy tables say of all pairs of columns: the least squares fit, drawn towards independence by its own noise.

No data: all of this is computed from released numbers, which is post-processing.

The fit is that of `privkit.dp.statistics.books.residuals`: tables of one and of two columns that agree with each other,
by the residuals of what was measured (ReM: Mullins et al. 2024, arXiv 2410.01091; AIM+GReM: arXiv 2602.05674). It is
unbiased, and so it has negative cells, and noise in cells where nobody is. Two steps make a model of it:

*One column.* The nearest counts, in squares, that are not negative and have the same sum (the projection on the
simplex: Duchi et al. 2008).

*Two columns.* Let e be the counts that the one-column tables give if both columns are independent, and r = x̂ − e. The
noise of r has a known variance v. Were the true deviation of cell c of variance τ² e_c, as that of counts is in
proportion to their size, the best linear guess of it from r_c is r_c · τ² e_c / (τ² e_c + v). τ² is estimated from the
table itself by moments, Σ e_c (r_c² − v) / Σ e_c², and is 0 where this is negative: then the noise explains all, and
the columns count as independent (a rule of empirical Bayes, as of Efron and Morris 1973). Where a pair was not
measured, nothing is said of it.

*What the owner rules out* (`privkit.dp.synthesis.rules`) has share 0 in both, before margins are put right. Of a column
that another one decides, the shares are those that the deciding one's levels bring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from privkit.dp.statistics.books.residuals import Axes, fit_of, shapes_of
from privkit.dp.synthesis.rules import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How often the two margins of a pair are put right in turn.
_TURNS = 20


class Measured(NamedTuple):
    """A noisy table: its columns, its cells, and the variance of their noise."""

    axes: Axes
    cells: NDArray[np.int64]
    variance: float


@dataclass(frozen=True, eq=False)
class Model:
    """Shares of rows by each column, and by each pair of columns that was measured.

    Attributes
    ----------
    rows : float
        How many rows there are, by the fit; at least 1.
    ones : tuple of array
        Of each column the shares of its levels; they add up to 1.
    pairs : dict
        From two columns to the shares of their cells, shape (levels, levels).
    parts : tuple of Part
        What rows may have.
    """

    rows: float
    ones: tuple[NDArray[np.float64], ...]
    pairs: dict[tuple[int, int], NDArray[np.float64]]
    parts: tuple[Part, ...] = ()

    def expected(self, first: int, second: int) -> NDArray[np.float64]:
        """Return the shares of a pair's cells as the model has them, or by independence where it was not measured."""
        found = self.pairs.get((first, second))
        return np.outer(self.ones[first], self.ones[second]) if found is None else found


@dataclass(frozen=True, eq=False)
class Ruled:
    """What rows may have.

    Attributes
    ----------
    allowed : sequence of array of bool
        Of each column, which levels.
    parts : tuple of Part
        Of columns that are tied together, which combinations.
    decided : tuple of (int, int, sequence of int)
        Two columns of which the first decides the second, and the levels of the first that decide nothing.
    """

    allowed: Sequence[NDArray[np.bool_]]
    parts: tuple[Part, ...] = ()
    decided: tuple[tuple[int, int, Sequence[int]], ...] = field(default=())

    def levels(self) -> list[NDArray[np.bool_]]:
        """Return which levels of each column some row is left with."""
        found = list(self.allowed)
        for part in self.parts:
            for axis in part.axes:
                found[axis] = found[axis] & part.margin((axis,))
        return found


def model_of(measured: Sequence[Measured], sizes: tuple[int, ...], ruled: Ruled) -> Model:
    """Return the model of noisy tables, of one or two columns each, that have every column. Reads nothing.

    Parameters
    ----------
    sizes : tuple of int
        How many levels each column has.
    ruled : Ruled
        What rows may have.
    """
    tables = tuple(dict.fromkeys(one.axes for one in measured))
    every = tuple(dict.fromkeys([(axis,) for axis in range(len(sizes))]))
    shapes = shapes_of(sizes, tuple(sorted({*tables, *every}, key=lambda axes: (len(axes), axes))))
    fit = fit_of(shapes, tuple(one.axes for one in measured), tuple(max(one.variance, 1e-300) for one in measured))
    residuals = fit.residuals(np.concatenate([one.cells for one in measured]).astype(np.float64))
    rows = max(float(fit.table(residuals, ())), 1.0)
    fitted = {axes: fit.table(residuals, axes) for axes in {*every, *tables}}
    ones, parts = _ruled(fitted, ruled)
    precision: dict[Axes, float] = {}
    for one in measured:
        precision[one.axes] = precision.get(one.axes, 0.0) + 1 / max(one.variance, 1e-300)
    left = {pair: part.margin(pair) for part in parts for pair in combinations(part.axes, 2)}
    pairs = {}
    for axes in dict.fromkeys([*(axes for axes in tables if len(axes) == 2), *left]):
        first, second = ones[axes[0]], ones[axes[1]]
        drawn = expected = rows * np.outer(first, second)
        if axes in precision:
            drawn = _towards(fitted[axes], expected, 1 / precision[axes])
        pairs[axes[0], axes[1]] = with_margins(drawn, first, second, left.get((axes[0], axes[1])))
    return Model(rows, ones, pairs, parts)


def _ruled(
    fitted: dict[Axes, NDArray[np.float64]], ruled: Ruled
) -> tuple[tuple[NDArray[np.float64], ...], tuple[Part, ...]]:
    """Return the shares of each column, and what rows may have once every dependency has its levels."""
    parts = list(ruled.parts)
    for first, second, free in ruled.decided:
        pair = (first, second) if first < second else (second, first)
        table = fitted[pair] if first < second else fitted[pair].T
        place = next(place for place, part in enumerate(parts) if first in part.axes)
        parts[place] = parts[place].decided(first, second, table, free)
    levels = Ruled(ruled.allowed, tuple(parts)).levels()
    ones = [_shares(fitted[axis,], levels[axis]) for axis in range(len(levels))]
    for first, second, _ in ruled.decided:
        pair = (first, second) if first < second else (second, first)
        part = next(part for part in parts if first in part.axes)
        left, table = part.margin(pair), fitted[pair]
        left, table = (left, table) if first < second else (left.T, table.T)
        given = np.where(left, np.maximum(table, 0) + 1e-9, 0.0)
        given = given / np.where((whole := given.sum(axis=1, keepdims=True)) > 0, whole, 1.0)
        ones[second] = ones[first] @ given
    return tuple(ones), tuple(parts)


def _shares(counts: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the nearest shares to counts, of the levels that are allowed: none negative, in sum 1."""
    own = np.where(allowed)[0]
    total = max(float(counts[own].sum()), 1.0)
    found = np.zeros(len(counts))
    found[own] = on_simplex(counts[own], total) / total
    return found / found.sum()


def on_simplex(values: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Return the nearest numbers, in squares, that are not negative and add up to a total.

    Examples
    --------
    >>> on_simplex(np.array([3.0, 2.0, -1.0]), 4.0).tolist()
    [2.5, 1.5, 0.0]
    """
    ordered = np.sort(values)[::-1]
    over = (np.cumsum(ordered) - total) / np.arange(1, len(values) + 1)
    last = int(np.flatnonzero(ordered > over)[-1])
    return np.asarray(np.maximum(values - over[last], 0.0))


def _towards(fitted: NDArray[np.float64], expected: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    """Return a table drawn towards the expected one, by how much of its deviation the noise explains."""
    off = fitted - expected
    squares = float((expected**2).sum())
    spread = max(float((expected * (off**2 - noise)).sum()) / squares, 0.0) if squares > 0 else 0.0
    if not spread:
        return expected
    return np.asarray(np.maximum(expected + off * (spread * expected / (spread * expected + noise)), 0.0))


def with_margins(
    table: NDArray[np.float64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    left: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """Return shares with the margins of two columns, by iterative proportional fitting (Deming and Stephan 1940).

    Parameters
    ----------
    left : array of bool, optional
        The cells that rows may have; others stay 0, and margins that they cannot have are met as far as can be.
    """
    found = table / max(float(table.sum()), 1e-300)
    apart = np.outer(first, second) if left is None else np.where(left, np.outer(first, second), 0.0)
    found = np.where(apart > 0, found + 1e-9 * apart, 0.0)
    for _ in range(_TURNS):
        for axis, margin in ((1, first), (0, second)):
            have = found.sum(axis=axis, keepdims=True)
            want = np.expand_dims(margin, axis)
            found = found * np.divide(want, have, out=np.zeros_like(have), where=have > 0)
    return found


def all_pairs(columns: int) -> list[tuple[int, int]]:
    """Return all pairs of columns."""
    return list(combinations(range(columns), 2))
