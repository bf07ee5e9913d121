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

*What the owner rules out* (`privkit.dp.synthesis.model`) has share 0 in both, before margins are put right. Of a column
that another one decides, the shares are those that the deciding one's levels bring.

What the owner says of every row: combinations of levels that no row has, and columns that another one decides.

No data: from public statements, and from noisy tables, which is post-processing.

*Conditions.* Columns that conditions name together are one part. Of each part all combinations of levels are laid out,
and those that a condition rules out are marked: what is left is what rows may have. So it is known before anything is
paid whether any row is left, and rows are checked by one look-up.

*Dependencies.* Where the owner says that a column decides another (``city -> country``), each level gets the one level
that the noisy table of both tells most of, among those with which some row is left. One after another, each choice
leaves a row: of the levels with a row left, the chosen pair has one, so that a later choice finds one too. Missing
values, and those that are no key, decide nothing: they may stand for several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from privkit.dp.statistics.books.residuals import fit_of
from privkit.dp.statistics.books.shapes import Axes, shapes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Combinations of levels that columns which conditions tie together may have.
MOST_COMBINATIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, as the combinations of levels that it leaves.

    Attributes
    ----------
    text : str
        As the owner said it.
    columns : tuple of str
        The columns of levels, by name in ascending order.
    left : str
        One bit for each combination, the last column fastest, in hexadecimal digits; levels in canonical order.
    """

    text: str
    columns: tuple[str, ...]
    left: str

    @classmethod
    def of(cls, text: str, columns: tuple[str, ...], left: NDArray[np.bool_]) -> Condition:
        """Return the condition that leaves these combinations."""
        return cls(text, columns, np.packbits(left.reshape(-1)).tobytes().hex())

    def array(self, shape: Sequence[int]) -> NDArray[np.bool_]:
        """Return which combinations it leaves, in the shape of the columns' levels."""
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(self.left), dtype=np.uint8), count=math.prod(shape))
        return bits.astype(bool).reshape(shape)


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the owner says of every row.

    Attributes
    ----------
    conditions : tuple of Condition
    decided : tuple of (str, str)
        Columns of levels, of which the first decides the second; none before what decides it.
    """

    conditions: tuple[Condition, ...] = ()
    decided: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is said."""
        return bool(self.conditions or self.decided)

    def groups(self, names: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the columns that are tied together, as their places; each in one group at most."""
        groups: list[set[int]] = []
        for columns in (*(one.columns for one in self.conditions), *self.decided):
            own = {names.index(name) for name in columns}
            touched = [group for group in groups if group & own]
            groups = [*(group for group in groups if not group & own), own.union(*touched)]
        return sorted(tuple(sorted(group)) for group in groups)

    def parts(self, names: Sequence[str], sizes: Sequence[int], allowed: Sequence[NDArray[np.bool_]]) -> list[Part]:
        """Return what rows may have, by each group of columns."""
        found = []
        for axes in self.groups(names):
            left = np.ones([sizes[axis] for axis in axes], dtype=bool)
            for axis in axes:
                left &= _spread(allowed[axis], (axis,), axes)
            for one in self.conditions:
                own = tuple(names.index(name) for name in one.columns)
                if set(own) <= set(axes):
                    left &= _spread(one.array([sizes[axis] for axis in own]), own, axes)
            found.append(Part(axes, left))
        return found

    def canonical(self) -> dict[str, Any]:
        """Return it as JSON values; nothing where nothing is said, as it was before there were any."""
        if not self:
            return {}
        conditions = [[one.text, list(one.columns), one.left] for one in self.conditions]
        return {"rules": {"conditions": conditions, "decided": [list(pair) for pair in self.decided]}}

    @classmethod
    def recorded(cls, record: Mapping[str, Any]) -> Rules:
        """Return the rules that a record tells."""
        told = record.get("rules") or {"conditions": [], "decided": []}
        conditions = tuple(Condition(text, tuple(columns), left) for text, columns, left in told["conditions"])
        return cls(conditions, tuple((first, second) for first, second in told["decided"]))


#: Nothing is said.
NO_RULES = Rules()


@dataclass(frozen=True, eq=False)
class Part:
    """Columns that are tied together, and the combinations of their levels that rows may have.

    Attributes
    ----------
    axes : tuple of int
        Ascending.
    left : array of bool
        Of the shape of their levels.
    """

    axes: tuple[int, ...]
    left: NDArray[np.bool_]

    def margin(self, axes: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return which levels, or pairs of levels, some row is left with."""
        others = tuple(place for place, axis in enumerate(self.axes) if axis not in axes)
        return np.asarray(self.left.any(axis=others))

    def decided(self, first: int, second: int, table: NDArray[np.float64], free: Sequence[int]) -> Part:
        """Return the part where each level of one column has one of another, that of which the table tells most.

        Parameters
        ----------
        table : array, shape (levels of first, levels of second)
            Noisy counts: released before.
        free : sequence of int
            Levels of the first column that decide nothing.
        """
        possible = self.margin(tuple(sorted((first, second))))
        possible = possible if first < second else possible.T
        best = np.where(possible, table, -np.inf).argmax(axis=1)
        kept = np.zeros_like(possible)
        kept[np.arange(len(kept)), best] = True
        kept[list(free)] = True
        own = (first, second) if first < second else (second, first)
        return replace(self, left=self.left & _spread(kept if first < second else kept.T, own, self.axes))

    def mended(
        self, rows: NDArray[np.int64], ones: Sequence[NDArray[np.float64]], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return rows of which all may be: the others get their levels of this part from one that may, at random.

        Where none may, from the combinations that are left, by the product of their levels' shares.
        """
        own = rows[:, list(self.axes)]
        right = self.left[tuple(own.T)]
        if right.all():
            return rows
        wrong = np.flatnonzero(~right)
        if right.any():
            donors = own[right][rng.integers(int(right.sum()), size=len(wrong))]
        else:
            combinations = np.argwhere(self.left)
            weights = np.prod([ones[axis][combinations[:, place]] for place, axis in enumerate(self.axes)], axis=0)
            weights = weights + 1e-12
            donors = combinations[rng.choice(len(combinations), size=len(wrong), p=weights / weights.sum())]
        found = rows.copy()
        found[wrong[:, None], list(self.axes)] = donors
        return found


def _spread(table: NDArray[np.bool_], own: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a table of some axes, in a shape that fits one of more."""
    shape = [1] * len(axes)
    for place, axis in enumerate(own):
        shape[axes.index(axis)] = table.shape[place]
    order = np.argsort([axes.index(axis) for axis in own])
    return np.asarray(np.transpose(table, order).reshape(shape))


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
