"""How much of the loss each table of a strategy gets, so that all tables that are asked for err least.

Claim
-----
The shares that :func:`strategy` returns are positive fractions that add up to 1, and with them no asked table has a
larger variance than where the loss is split among the asked tables as is best for their importance (equally, if all
weigh alike), each answered by its own part alone.

Proof
-----
The first is by construction (:func:`_rounded`). For the second: with the shares of that split themselves, each table is
measured as precisely as there, and the fit errs by no more in any number, being best among all unbiased linear
estimates (`privkit.dp.statistics.books.residuals`). So this split is one that is allowed; among the shares on the line
from it to the best ones those are taken that lie farthest from it of the ones that are looked at and allowed, by the
variances themselves, after rounding. ∎

*The best shares.* With Gaussian noise a table's precision is its share p_B of ρ, and the variance of the asked tables,
weighted by importance, is F(p) = Σ_A c_A / q_A with q_A = Σ_B p_B / N(B∖A) and c_A ≥ 0: convex. By Cauchy's inequality
1/Σ x_B ≤ Σ λ_B² / x_B for weights λ that add up to 1, with equality at λ_B = x_B / Σ x, so F is below Σ_B p̃_B² g_B /
p_B, g_B = Σ_A c_A / (N(B∖A) q_A²) taken at p̃, and equal there. The least of that bound is at p_B ∝ p̃_B √g_B: a step
that never raises F (Silvey, Titterington and Torsney 1978). Since Σ p_B g_B = F and F is convex, the optimum is at
least 2F − max g: the search ends where that is near F. With Laplace noise the precision is the square of the share of
ε, the same bound gives shares ∝ (p̃² g)^(1/3) of precisions p̃, which never raises F either; but F is not convex in
them, so that several starts are tried.

How far the cells of a book of tables err, as plan and answer tell it: one law for all cells of a table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from privkit.dp.noise.rounds import LayeredGaussian, LayeredLaplace
from privkit.dp.noise.weighted import counted_quantile
from privkit.dp.statistics.arranged import Arranged, told_table
from privkit.dp.statistics.books.residuals import Fit, fit_of
from privkit.dp.statistics.books.shapes import Axes, shapes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.statistics.books.shapes import Shapes


#: Shares are whole multiples of one over this.
GRAIN = 1_000_000
#: How near to the optimum the search comes, and how many steps it takes at most.
_NEAR, _STEPS = 1e-4, 2000
#: Shares below this part of an equal one are not worth a table of their own.
_LEAST = 0.02
#: By how many deviations, and weights, half-widths may be told larger than they need be: `counted_quantile`.
_SMOOTHED = 0.05
#: How often importance is raised where a table is worse than by the plain split.
_RAISES = 6


def split_shares(importance: tuple[Fraction, ...], *, squared: bool) -> tuple[Fraction, ...]:
    """Return how a loss is best split, where every table is answered by its own part: equally, if all weigh alike.

    Σ w / p is least at p ∝ √w, and Σ w / p² at p ∝ ∛w, by Lagrange's rule.
    """
    if len(set(importance)) == 1:
        return (Fraction(1, len(importance)),) * len(importance)
    best = np.array([float(one) for one in importance]) ** (1 / 3 if squared else 1 / 2)
    return tuple(Fraction(int(share), GRAIN) for share in _rounded(np.maximum(best / best.sum(), 1 / GRAIN), least=0))


@lru_cache(maxsize=64)
def strategy(
    shapes: Shapes, importance: tuple[Fraction, ...], *, squared: bool
) -> tuple[tuple[Axes, ...], tuple[Fraction, ...]]:
    """Return the tables to measure, and their shares of the loss.

    Parameters
    ----------
    shapes : Shapes
        The asked tables.
    importance : tuple of Fraction
        Of each of them.
    squared : bool
        Whether a precision is the square of its share, as of ε with Laplace noise; else the share itself, as of ρ.

    Examples
    --------
    >>> from privkit.dp.statistics.books.shapes import shapes_of
    >>> shapes = shapes_of((3, 4), ((0,), (1,), (0, 1)))
    >>> measured, shares = strategy(shapes, (Fraction(1),) * 3, squared=False)
    >>> measured, [round(float(share), 2) for share in shares]
    (((0,), (1,), (0, 1)), [0.3, 0.28, 0.42])
    """
    power = 2 if squared else 1
    alone = split_shares(importance, squared=squared)
    split = np.zeros(len(shapes.sets))
    split[shapes.asked] = [float(share) for share in alone]
    allowed = split[shapes.asked] ** -power
    with np.errstate(all="ignore"):  # far-apart importances: a start that overflows is worse than the others
        best = _best(shapes, np.array([float(one) for one in importance]), allowed, split, power)
    for part in np.linspace(1, 0, 21):
        shares = _rounded(part * best + (1 - part) * split, _LEAST / len(shapes.tables))
        if _worst(shapes, shares, allowed, power) <= 1:
            break
    else:  # of rounding alone: the split itself, as it is
        return tuple(shapes.tables), alone
    used = np.flatnonzero(shares)
    return tuple(shapes.sets[p] for p in used), tuple(Fraction(int(shares[p]), GRAIN) for p in used)


def _worst(shapes: Shapes, shares: NDArray[np.int64], allowed: NDArray[np.float64], power: int) -> float:
    """Return the largest variance of an asked table in those of the plain split."""
    found = shapes.variances((shares / GRAIN) ** power) / allowed
    return float(np.where(np.isfinite(found), found, np.inf).max()) * (1 - 1e-12)


def _best(
    shapes: Shapes,
    importance: NDArray[np.float64],
    allowed: NDArray[np.float64],
    split: NDArray[np.float64],
    power: int,
) -> NDArray[np.float64]:
    """Return the best shares; where a table comes out worse than by the split, with more importance for it."""
    weights = importance.copy()
    found = split
    for _ in range(_RAISES):
        wanted = shapes.wanted(weights)
        each = [_descended(shapes, wanted, start, power) for start in _starts(shapes, split, power)]
        found = min(each, key=lambda one: float((wanted / shapes.shown(one**power)).sum()))
        ratios = shapes.variances(found**power) / allowed
        if ratios.max() <= 1:
            break
        weights *= np.maximum(ratios, 1) ** 2
    return found


def _starts(shapes: Shapes, split: NDArray[np.float64], power: int) -> Iterator[NDArray[np.float64]]:
    """Give shares to start from: all sets alike; where F is not convex, also the asked tables, and the largest ones."""
    alike = np.full(len(split), 1 / len(split))
    yield (alike + split) / 2
    if power == 1:
        return
    yield 0.9 * split + 0.1 * alike
    largest = np.bincount(shapes.pairs[0]) == 1  # in no other set
    yield 0.9 * largest / largest.sum() + 0.1 * alike
    total = np.zeros(len(split))
    total[: len(split) - int(largest.sum()) or 1] = 1
    yield 0.5 * total / total.sum() + 0.5 * largest / largest.sum()


def _descended(
    shapes: Shapes, wanted: NDArray[np.float64], shares: NDArray[np.float64], power: int
) -> NDArray[np.float64]:
    """Return shares after steps that never raise F, up to the optimum (of those near the start, where power is 2)."""
    before = np.inf
    for _ in range(_STEPS):
        precision = shares**power
        shown = shapes.shown(precision)
        slope = shapes.gathered(wanted / shown**2)
        value = float((wanted / shown).sum())
        if power == 1 and float(slope.max()) - value <= _NEAR * value:
            break
        if power == 2 and before - value <= _NEAR * 1e-3 * value:
            break
        before = value
        shares = shares * np.sqrt(slope) if power == 1 else np.cbrt(precision**2 * slope)
        shares = shares / shares.sum()
    return shares


def _rounded(shares: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Return whole multiples of one over `GRAIN` that add up to 1; shares below the least are left out.

    Tables that are alike have shares that differ by the roundings of floats alone. They are alike again before it is
    decided which of them get a multiple more: the first ones, whatever the machine, so that a book is one question.
    """
    kept = np.where(shares >= least, shares, 0.0)
    exact = np.round(kept / kept.sum() * GRAIN, 6)
    found = np.floor(exact + 1e-9).astype(np.int64)
    left = GRAIN - int(found.sum())
    found[np.argsort(found - exact, kind="stable")[:left]] += 1
    return found


class TableTold(NamedTuple):
    """What a plan says of one table: its cells, and half of the widths of their 95 % intervals.

    Attributes
    ----------
    name : str
    cells : int
    accuracy, split : float
        By the plan; and where every table is answered by itself, with its part of the loss.
    """

    name: str
    cells: int
    accuracy: float
    split: float


class TableErrors(Arranged):
    """Tables that are measured by a strategy and fitted to each other: how far their cells err.

    Attributes
    ----------
    importance : tuple of Fraction
        Of each table.
    laplace : bool
        Whether the noise is Laplace noise.
    measured : tuple of Axes
        What is measured.
    shares : tuple of Fraction
        Each one's share of the loss.
    """

    importance: tuple[Fraction, ...]
    laplace: bool
    measured: tuple[Axes, ...]
    shares: tuple[Fraction, ...]

    @cached_property
    def fit(self) -> Fit:
        """The fit of all tables to the measured ones, by what the shares make of their noise.

        The variance of a table's noise is in proportion to 1 / share (Gaussian), or 1 / share² (Laplace: for scales
        below 1, where nearly nothing is hidden, it falls faster; then the fit is not quite the best, and intervals hold
        all the same).
        """
        power = 2 if self.laplace else 1
        relative = tuple(float(1 / share**power) for share in self.shares)
        return fit_of(shapes_of(self.sizes, self.tables), self.measured, relative)

    def layers(self, noise: Noise) -> tuple[Noise, ...]:
        """Return the noise of each measured table."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        return noise.layers

    def reached(self, axes: Axes, noise: Noise, alpha: float) -> float:
        """Return h with P(|error| ≤ h) ≥ 1 − alpha, of each cell of a table, whatever the table's cell is."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        return _reached(self.fit, axes, noise, alpha)

    def half_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return the half-width of the table that errs most."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        return _widest(self.fit, noise, alpha)

    def least_width(self, noise: Noise, alpha: float, rows: int | None) -> float:
        """Return the half-width of the table whose cells have the largest variance: most often it is the one."""
        return self.reached(self.fit.ordered[0], noise, alpha)

    def compared(self, noise: Noise, alpha: float) -> Iterator[TableTold]:
        """Give what a plan says of each asked table, in the order in which they were asked for."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        shares = dict(zip(self.tables, split_shares(self.importance, squared=self.laplace), strict=True))
        for names in self.asked:
            axes = self.axes(names)
            alone, own = noise.split(shares[axes]).half_width(alpha), self.reached(axes, noise, alpha)
            yield TableTold(told_table(names), self.cells_of(names), own, alone)


@lru_cache(maxsize=64)
def _widest(fit: Fit, noise: LayeredLaplace | LayeredGaussian, alpha: float) -> float:
    """Return the half-width of the table that errs most.

    Tables are looked at in order of their variances. One is left out if it cannot be the one: by Chebyshev's
    inequality, and of Gaussian noise, which is subgaussian, by its tail bound. The variance of discrete Laplace noise
    is at most 2·scale², since sinh(x) ≥ x; that of the other at most scale².
    """
    laplace, most = isinstance(noise, LayeredLaplace), 0.0
    near, tail = NormalDist().inv_cdf(1 - alpha / 2), math.sqrt(2 * math.log(2 / alpha))
    unit = noise.layers[0].scale * math.sqrt((2 if laplace else 1) / fit.variance[0]) * (1 + 1e-9)
    for axes in fit.ordered:
        spread = fit.deviations[axes] * unit
        told = _SMOOTHED * (spread + 1)
        bound = spread * (1 / math.sqrt(alpha) if laplace else min(1 / math.sqrt(alpha), tail)) + told
        if not laplace and bound > most:  # a discrete Gaussian lies within 1 of a Gaussian: gaussian_quantile
            _, sizes, counts = fit.known_terms(axes)
            bound = min(bound, near * spread + float((sizes * counts).sum()) + told)
        if bound > most:
            most = max(most, _reached(fit, axes, noise, alpha))
    return most


@lru_cache(maxsize=16_384)
def _reached(fit: Fit, axes: Axes, noise: LayeredLaplace | LayeredGaussian, alpha: float) -> float:
    which, sizes, counts = fit.known_terms(axes)
    used, places = np.unique(which, return_inverse=True)
    layers = tuple(noise.layers[place] for place in used.tolist())
    return _of_one_law(layers, places.astype(np.int64).tobytes(), sizes.tobytes(), counts.tobytes(), alpha)


@lru_cache(maxsize=512)
def _of_one_law(layers: tuple[Noise, ...], which: bytes, sizes: bytes, counts: bytes, alpha: float) -> float:
    """Return the half-width of sums of one law: of thousands of tables most have the same as another one."""
    each = (np.frombuffer(sizes, dtype=np.float64), np.frombuffer(counts, dtype=np.float64))
    return counted_quantile(layers, np.frombuffer(which, dtype=np.int64), *each, alpha)
