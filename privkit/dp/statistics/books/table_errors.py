"""How far the cells of a book of tables err, as plan and answer tell it: one law for all cells of a table."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from privkit.dp.noise.layers import LayeredGaussian, LayeredLaplace
from privkit.dp.noise.weighted import counted_quantile, variance
from privkit.dp.statistics.arranged import Arranged, told_table
from privkit.dp.statistics.books.residuals import Axes, Fit, fit_of, shapes_of
from privkit.dp.statistics.books.strategy import split_shares

if TYPE_CHECKING:
    from privkit.dp.noise.noise import Noise


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
        """Return the half-width of the table that errs most.

        Tables are looked at in order of their variances. One is left out if it cannot be the one: by Chebyshev's
        inequality, and of Gaussian noise, which is subgaussian, by its tail bound.
        """
        each = np.array([max(variance(layer), 1e-300) for layer in self.layers(noise)])
        spread = {}
        for axes in self.tables:
            which, sizes, counts = self.fit.known_terms(axes)
            spread[axes] = math.sqrt(float((each[which] * sizes**2 * counts).sum()))
        most = 0.0
        at_most = (
            1 / math.sqrt(alpha) if self.laplace else min(1 / math.sqrt(alpha), math.sqrt(2 * math.log(2 / alpha)))
        )
        near = NormalDist().inv_cdf(1 - alpha / 2)
        for axes in sorted(self.tables, key=lambda one: -spread[one]):
            bound = at_most * spread[axes]
            if not self.laplace:  # a discrete Gaussian lies within 1 of a Gaussian: gaussian_quantile
                _, sizes, counts = self.fit.known_terms(axes)
                bound = min(bound, near * spread[axes] + float((sizes * counts).sum()))
            if bound > most:
                most = max(most, self.reached(axes, noise, alpha))
        return most

    def compared(self, noise: Noise, alpha: float) -> list[TableTold]:
        """Return what a plan says of each asked table, in the order in which they were asked for."""
        assert isinstance(noise, LayeredLaplace | LayeredGaussian)
        shares, told = split_shares(self.importance, squared=self.laplace), []
        for names in self.asked:
            axes = self.axes(names)
            alone = noise.split(shares[self.tables.index(axes)])
            told.append(
                TableTold(
                    told_table(names), self.cells_of(names), self.reached(axes, noise, alpha), alone.half_width(alpha)
                )
            )
        return told


@lru_cache(maxsize=4096)
def _reached(fit: Fit, axes: Axes, noise: LayeredLaplace | LayeredGaussian, alpha: float) -> float:
    return counted_quantile(noise.layers, *fit.known_terms(axes), alpha)
