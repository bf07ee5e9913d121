"""Tables that overlap, fitted to each other in closed form, and what each number of theirs errs.

Let x be the exact counts of all combinations of the columns' levels (never built), n_i the number of levels of column
i, and for a set A of columns M_A x its table: x added up over all other columns. Every row has one level of every
column, so all tables are sums of one x. Of each *measured* set B a noisy table y_B = M_B x + e_B is given, the e_B
independent, each of uncorrelated numbers of mean 0 and one variance s_B².

Claim
-----
The least squares estimate of M_T x, for T within a measured set, is

    x̂_T = Σ_{A ⊆ T} (ẑ_A, each number over all levels of T∖A) / N(T∖A),    N(S) = Π_{i ∈ S} n_i,
    ẑ_A = v_A · Σ_{B ⊇ A} P_A (y_B added up over B∖A) / (s_B² N(B∖A)),      1 / v_A = Σ_{B ⊇ A} 1 / (s_B² N(B∖A)),

where B runs over the measured sets and P_A takes the mean off along every axis of A. It is unbiased, of all unbiased
linear estimates it has the least variance in every number, the tables add up, and every number of x̂_T has the variance

    Σ_{A ⊆ T} v_A · Π_{i ∈ A} (1 − 1/n_i) / N(T∖A)².

Proof
-----
Let J_i be the matrix of n_i × n_i whose entries are 1/n_i, and C_i = 1 − J_i; both are projections, and J_i C_i = 0.
Over the columns of T the projections Q_A = ⊗_{i∈A} C_i ⊗_{i∈T∖A} J_i, one for each A ⊆ T, are orthogonal to each other
and add up to the identity, the product of all (C_i + J_i). Q_A of a table is P_A of its margin by A, spread evenly over
the levels of T∖A, hence

    M_T x = Σ_{A ⊆ T} z_A / N(T∖A), each number over all levels of T∖A,    with z_A = P_A M_A x.           (1)

*What is seen of z_A.* For B ⊇ A let r_{A,B} = P_A (y_B added up over B∖A). Its mean is z_A. The sum of N(B∖A) numbers
of variance s_B² has the variance s_B² N(B∖A), so its covariance is s_B² N(B∖A) P_A. For A ≠ A′, both within B, r_{A,B}
and r_{A′,B} are uncorrelated: they are linear in Q_A y_B and Q_{A′} y_B, whose covariance is s_B² Q_A Q_{A′} = 0. Of
different B they are independent. And y_B is known from all its r_{A,B} by (1), so nothing is lost.

*Least squares.* So the z_A are parameters without a common constraint (each ranges over the image of P_A, and any
choice of them belongs to some x), each seen by its own r_{A,B}, all with the same covariance P_A but for a factor. By
the theorem of Gauss and Markov the best unbiased linear estimate of z_A is the mean of its r_{A,B}, weighted by one
over these factors: ẑ_A, of covariance v_A P_A. The best estimate of a linear function of all z_A is that function of
the ẑ_A: x̂_T by (1). The ẑ_A being uncorrelated, and the diagonal of P_A being Π_{i∈A} (1 − 1/n_i) everywhere, the
variance follows. Added up over a column i of T, (1) loses the terms with i in A, whose sums over that axis are 0, and
gains the factor n_i in the others: x̂_{T∖i}. So the tables add up. ∎

It is one sum over axes and one mean taken off for each pair of sets: linear in the number of cells. The decomposition
is that of Barak et al. 2007 and of ResidualPlanner (Xiao, He, Zhang and Kifer 2023, arXiv 2305.08175); here whole
tables are measured, so that integer noise does it.

*The law of an error.* Put together, number t of x̂_T weighs number b of y_B by Σ_{A ⊆ T∩B} (v_A / (s_B² N(B∖A))) /
N(T∖A) · Π_{i∈A} (δ(t_i, b_i) − 1/n_i), which depends on b only through the set S of columns of T∩B in which t and b
agree. So the error is a sum of independent noise with few different weights, the same for every t, and its law is known
exactly (:meth:`Fit.terms`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.noise.weighted import alike
from privkit.dp.statistics.books.shapes import Axes, Shapes, within

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Fit:
    """The least squares fit of all tables to the measured ones.

    Attributes
    ----------
    shapes : Shapes
    measured : tuple of Axes
    variance : tuple of float
        Of the noise of each measured table, or anything in proportion to it.
    """

    shapes: Shapes
    measured: tuple[Axes, ...]
    variance: tuple[float, ...]

    @cached_property
    def _columns(self) -> NDArray[np.int64]:
        return np.array([self.shapes.places[axes] for axes in self.measured], dtype=np.int64)

    @cached_property
    def weights(self) -> tuple[dict[Axes, float], ...]:
        """How much each measured table B counts in the ẑ_A of the sets A within it: v_A / (s_B² N(B∖A))."""
        found = [[self.shapes.places[part] for part in within(axes)] for axes in self.measured]
        inner, many = np.array([place for places in found for place in places]), [len(places) for places in found]
        over = np.repeat(self.shapes.cells[self._columns] * np.asarray(self.variance), many)
        seen = self.shapes.cells[inner] / over
        shares = (seen / np.bincount(inner, seen, len(self.shapes.sets))[inner]).tolist()
        each = iter(shares)
        return tuple({part: next(each) for part in within(axes)} for axes in self.measured)

    @cached_property
    def deviations(self) -> Mapping[Axes, float]:
        """The deviation of a cell of each asked table, in what the variances are in proportion to."""
        precision = np.zeros(len(self.shapes.sets))
        np.add.at(precision, self._columns, 1 / np.asarray(self.variance))
        return dict(zip(self.shapes.tables, np.sqrt(self.shapes.variances(precision)).tolist(), strict=True))

    @cached_property
    def ordered(self) -> tuple[Axes, ...]:
        """The asked tables, those first whose cells have the largest variance."""
        return tuple(sorted(self.shapes.tables, key=lambda axes: -self.deviations[axes]))

    @cached_property
    def _counted_in(self) -> Mapping[Axes, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """The places of the measured tables that count in the ẑ_A of each set A, and how much."""
        found: dict[Axes, tuple[list[int], list[float]]] = {axes: ([], []) for axes in self.shapes.sets}
        for column, shares in enumerate(self.weights):
            for part, share in shares.items():
                found[part][0].append(column)
                found[part][1].append(share)
        return {axes: (np.array(places, dtype=np.int64), np.array(own)) for axes, (places, own) in found.items()}

    @cached_property
    def spans(self) -> tuple[slice, ...]:
        """Where each measured table's cells lie among all."""
        ends = np.cumsum([0, *(int(self.shapes.cells[place]) for place in self._columns)]).tolist()
        return tuple(slice(start, end) for start, end in pairwise(ends))

    @property
    def width(self) -> int:
        """How many cells are measured."""
        return self.spans[-1].stop

    def shape(self, axes: Axes) -> tuple[int, ...]:
        """Return how many levels each column of a table has."""
        return tuple(self.shapes.sizes[axis] for axis in axes)

    def residuals(self, noisy: NDArray[np.float64]) -> dict[Axes, NDArray[np.float64]]:
        """Return ẑ_A of every set, from the measured cells one after the other."""
        summed: dict[Axes, NDArray[np.float64]] = {
            axes: np.zeros(self.shape(axes), dtype=np.float64) for axes in self.shapes.sets
        }
        for axes, span, shares in zip(self.measured, self.spans, self.weights, strict=True):
            known = {axes: noisy[span].reshape(self.shape(axes))}
            for part in reversed(shares):  # the largest first: the smaller ones are sums of them
                summed[part] += shares[part] * added_up(known, part, axes)
        return {axes: centered(table) for axes, table in summed.items()}

    def table(self, residuals: Mapping[Axes, NDArray[np.float64]], axes: Axes) -> NDArray[np.float64]:
        """Return x̂_T."""
        found = np.zeros(self.shape(axes))
        for part in within(axes):
            spread = tuple(self.shapes.sizes[axis] if axis in part else 1 for axis in axes)
            found += residuals[part].reshape(spread) / self._over(axes, part)
        return found

    def matrix(self, axes: Axes) -> NDArray[np.float64]:
        """Return how much each measured cell weighs in each cell of x̂_T; shape (cells, width): small tables alone."""
        blocks = []
        for other, shares in zip(self.measured, self.weights, strict=True):
            both = tuple(axis for axis in axes if axis in other)
            block = np.zeros((*self.shape(axes), *self.shape(other)))
            for part in within(both):
                block += shares[part] / self._over(axes, part) * self._centered(axes, other, part)
            blocks.append(block.reshape(math.prod(self.shape(axes)), -1))
        return np.concatenate(blocks, axis=1)

    def _centered(self, axes: Axes, other: Axes, part: Axes) -> NDArray[np.float64]:
        """Return Π_{i ∈ A} (δ(t_i, b_i) − 1/n_i) for all cells of two tables, in a shape that fits those of both."""
        found = np.ones((1,) * (len(axes) + len(other)))
        for axis in part:
            many = self.shapes.sizes[axis]
            shape = [1] * (len(axes) + len(other))
            shape[axes.index(axis)] = shape[len(axes) + other.index(axis)] = many
            found = found * (np.eye(many) - 1 / many).reshape(shape)
        return found

    def terms(self, axes: Axes) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return what a number of x̂_T is a sum of: places of measured tables, sizes of weights, and how many have each.

        The weights for all S ⊆ T are made axis by axis: a part A without the axis stands as it is, one with it times
        1 − 1/n_i where both agree there, and −1/n_i where not. In an axis that B lacks they cannot agree, so to an S
        within T∩B belong N(B∖T) · Π_{i ∈ T∩B∖S} (n_i − 1) cells. Terms that are alike are one kind
        (:func:`privkit.dp.noise.weighted.alike`); `which` tells of tables of one noise the first.
        """
        bits, others = {axis: 1 << place for place, axis in enumerate(axes)}, np.ones(1)
        weights = np.zeros((2 ** len(axes), len(self.measured)))
        for part in within(axes):
            places, shares = self._counted_in[part]
            weights[sum(bits[axis] for axis in part), places] = shares / self._over(axes, part)
        for axis, bit in bits.items():
            size, halves = self.shapes.sizes[axis], weights.reshape(-1, 2, bit, len(self.measured))
            halves[:, 0] -= halves[:, 1] / size
            halves[:, 1] += halves[:, 0]
            others = np.concatenate([others, others * (size - 1)])
        inside = self._members[:, list(axes)]
        common = inside @ np.array(list(bits.values()), dtype=np.int64)
        agree, which = np.nonzero((np.arange(len(weights))[:, None] & ~common) == 0)
        sizes = np.abs(weights[agree, which])
        outside = self.shapes.cells[self._columns] / np.where(inside, self.shape(axes), 1).prod(axis=1)
        counts = outside[which] * others[common[which] & ~agree]
        kept = (counts > 0) & (sizes > _NOTHING)
        return alike(self._first_alike[which[kept]], sizes[kept], counts[kept])

    @cached_property
    def _members(self) -> NDArray[np.bool_]:
        """Whether each measured table has each column."""
        found = np.zeros((len(self.measured), len(self.shapes.sizes)), dtype=np.bool_)
        for place, axes in enumerate(self.measured):
            found[place, list(axes)] = True
        return found

    @cached_property
    def _first_alike(self) -> NDArray[np.int64]:
        """Of each measured table the first one whose noise has the same variance."""
        _, first, which = np.unique(np.asarray(self.variance), return_index=True, return_inverse=True)
        return np.asarray(first[which.ravel()], dtype=np.int64)

    def known_terms(self, axes: Axes) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the same as :meth:`terms`, kept as long as there are not too many of them."""
        if (found := self._terms.get(axes)) is None:
            found = self.terms(axes)
            if len(found[0]) * len(self.shapes.tables) > _KEPT:  # then the last ones alone
                self._terms.clear()
            self._terms[axes] = found
        return found

    @cached_property
    def _terms(self) -> dict[Axes, tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]]:
        return {}

    def _over(self, axes: Axes, part: Axes) -> float:
        return float(math.prod(self.shapes.sizes[axis] for axis in axes if axis not in part))


#: Weights below this are what rounding leaves of none.
_NOTHING = 1e-13
#: Terms that a fit keeps, of all tables: of very many they would fill the memory.
_KEPT = 1_000_000


def centered(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a table with the mean taken off along every axis."""
    for axis in range(table.ndim):
        table = table - table.mean(axis=axis, keepdims=True)
    return table


def added_up(known: dict[Axes, NDArray[np.float64]], part: Axes, whole: Axes) -> NDArray[np.float64]:
    """Return the margin by `part` of a table, from the smallest known one that holds it; `known` learns it."""
    if part not in known:
        axis = next(one for one in whole if one not in part)
        larger = tuple(sorted((*part, axis)))
        known[part] = added_up(known, larger, whole).sum(axis=larger.index(axis))
    return known[part]


@lru_cache(maxsize=16)
def fit_of(shapes: Shapes, measured: tuple[Axes, ...], variance: tuple[float, ...]) -> Fit:
    """Return the fit, kept for the next question about it."""
    return Fit(shapes, measured, variance)


#: Multiples that are finer than this say nothing.
_FINEST = 40


def summed_exactly(fit: Fit, noisy: NDArray[np.float64]) -> tuple[Mapping[Axes, NDArray[np.float64]], float]:
    """Return all tables within the asked ones, and g: what the number of a table of one cell may be off by rounding.

    Parameters
    ----------
    fit : Fit
    noisy : array, shape (width,)
        The measured cells.

    Notes
    -----
    *Claim.* The tables are floats of which every sum along axes is exactly the number of the smaller table, in whatever
    order it is taken. Each number lies within g, a power of two, times its table's number of cells of the fitted one.

    *Proof.* Tables that add up are told by their numbers outside the last levels: those of the last level of a column
    are margins less the others. So the numbers of every set outside all last levels are rounded to multiples of g =
    2^-k, and the rest is reckoned from them by differences. For two columns and the axis that is filled last: Σ_i x[i,
    last] = Σ_i (m[i] − Σ_j x[i, j]) = (sum of all) − Σ_j n[j], with m and n the two margins, which is what n[last] was
    made by; for more columns the same, axis by axis. All numbers are multiples of g. With k such that the sizes of all
    numbers of any table add up to at most 2^47 g, every sum and difference on the way is a multiple of g below 2^53 g,
    which a float holds: nothing is rounded again. A number with last levels in the columns Z is a sum, with signs, of
    at most Π_{i∈Z} n_i rounded ones, each off by at most g / 2, and so are the fitted ones of each other but for
    floating-point roundings far below g. ∎

    Where one table alone is measured, all fitted numbers are sums of its own, which are whole: with g = 1 each is
    rounded to itself, and is off by nothing.
    """
    residuals = fit.residuals(noisy)
    fitted = {axes: fit.table(residuals, axes) for axes in fit.shapes.sets}
    largest = max(float(np.abs(table).sum()) for table in fitted.values())
    finest = 0 if len(fit.measured) == 1 else _FINEST
    power = min(finest, 46 - math.ceil(math.log2(1 + largest)))
    found: dict[Axes, NDArray[np.float64]] = {}
    for axes, table in fitted.items():  # smaller sets come first
        exact = np.ldexp(np.round(np.ldexp(table, power)), -power)
        for place in range(len(axes)):
            exact = np.moveaxis(exact, place, 0)
            exact[-1] = found[axes[:place] + axes[place + 1 :]] - exact[:-1].sum(axis=0)
            exact = np.moveaxis(exact, 0, place)
        found[axes] = exact
    return found, 0.0 if power == finest == 0 else math.ldexp(1.0, -power)
