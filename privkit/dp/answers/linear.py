"""Errors of numbers that are weighted sums of released, independently noisy cells.

Their quantiles come from inverting the sum's characteristic function: `privkit.dp.noise.weighted`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.measurement import Rounding
from privkit.dp.noise.noise import Gaussian, Laplace, Noise
from privkit.dp.noise.weighted import sum_quantile, variance
from privkit.dp.statistics.several import Several

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.answers.release import Release
    from privkit.dp.statistics.statistic import Statistic

#: Weights are rounded up to this share of the largest one of the same release, so that equal sums are seen as equal.
_GRAIN = 2.0**-24


#: The share of what an interval may miss that goes to learning how many rows were rounded.
_ROUNDING_SHARE = 2.0**-20


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """What rounding may add to a number of each group of a release, in canonical order of its keys."""

    rounding: Rounding
    noise: Noise
    cells: NDArray[np.int64]

    def bounds(self, miss: float) -> NDArray[np.float64]:
        """Return each group's bound, which fails with probability at most `miss`."""
        return self.rounding.bounds(self.cells, self.noise, miss)


@dataclass(frozen=True, slots=True, eq=False)
class Errors:
    """The errors of `size` numbers: number `rows[i]` errs by `weights[i]` times the noise of cell `cells[i]`, summed.

    A noisy cell has one name wherever it is used, so that what two numbers share is not counted twice: a release
    minus itself has no error. What rounding adds to a group's number is an error of its own, known by its bound alone,
    and has a name likewise.

    Attributes
    ----------
    size : int
    drawn : mapping
        The noise of each release, by the hash of what was drawn; and its rounding.
    rows, sources, cells : arrays of int64, shape (terms,)
        The number, the place of its release in `drawn`, and the cell of that release.
    weights : array of float64, shape (terms,)
    """

    size: int
    drawn: Mapping[str, Noise | Rounded]
    rows: NDArray[np.int64]
    sources: NDArray[np.int64]
    cells: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def none(cls, size: int) -> Errors:
        """Return the errors of exact numbers."""
        empty = np.zeros(0, dtype=np.int64)
        return cls(size, {}, empty, empty, empty, np.zeros(0))

    @classmethod
    def of_release(cls, release: Release, name: str) -> Errors | None:
        """Return the errors of one of a release's estimates; None if it is no weighted sum of the cells.

        Cells are numbered in the canonical order of the keys, so a replay in another order has the same ones.
        """
        question = release.plan.question
        asked, of, drawn, noise = question.asked, name, release.drawn, release.noise
        if isinstance(asked, Several):
            asked, of, drawn, noise = asked.drawn_for(name, drawn, noise)
        groups, width = drawn.shape
        weights = linear_weights(asked, of, drawn, noise)
        if weights is None:
            return None
        keys, place = question.keys, np.arange(groups)
        if keys is not None:
            order = np.asarray(keys.canonical_order, dtype=np.int64)
            place = np.empty(groups, dtype=np.int64)
            place[order] = np.arange(groups)
        told = release.provenance
        stored = np.empty_like(drawn)
        stored[place] = drawn
        text = f"{told.project}\0{told.entry}\0{told.time}\0".encode()
        if asked is not question.asked:  # of parts that are drawn apart, two may draw the same
            text += json.dumps(asked.canonical(), sort_keys=True).encode()
        mark = hashlib.sha256(text + stored.tobytes()).hexdigest()
        used = np.flatnonzero(weights)
        found = cls(
            groups,
            {mark: noise},
            np.repeat(np.arange(groups), len(used)),
            np.zeros(groups * len(used), dtype=np.int64),
            (place[:, None] * width + used).ravel(),
            np.tile(weights[used], groups),
        )
        rounding = asked.rounding(of)
        if rounding.is_none:
            return found
        rounded = Rounded(rounding, noise, stored)
        source = np.zeros(groups, dtype=np.int64)
        return found.plus(cls(groups, {f"{mark} {of}": rounded}, np.arange(groups), source, place, np.ones(groups)))

    def scaled(self, factors: NDArray[np.float64] | float) -> Errors:
        """Return the errors of the numbers times `factors`, one for all or one for each."""
        factors = np.broadcast_to(np.asarray(factors, dtype=float), self.size)
        return replace(self, weights=self.weights * factors[self.rows])

    def sized(self) -> Errors:
        """Return errors with the sizes of the weights: of sums of independent symmetric noise, equally distributed."""
        return replace(self, weights=np.abs(self.weights))

    def plus(self, other: Errors) -> Errors:
        """Return the errors of the sums of two lists of numbers."""
        drawn = {**self.drawn, **other.drawn}
        places = {mark: place for place, mark in enumerate(drawn)}
        moved = np.array([places[mark] for mark in other.drawn], dtype=np.int64)
        return Errors(
            self.size,
            drawn,
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.sources, moved[other.sources] if len(moved) else other.sources]),
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.weights, other.weights]),
        )._merged()

    def gathered(self, groups: NDArray[np.int64], size: int) -> Errors:
        """Return the errors of sums: number i adds to the sum ``groups[i]``."""
        return replace(self, size=size, rows=groups[self.rows])._merged()

    def repeated(self, size: int) -> Errors:
        """Return the errors of one number, `size` times over."""
        terms = len(self.rows)
        rows = np.repeat(np.arange(size), terms)
        sources, cells = np.tile(self.sources, size), np.tile(self.cells, size)
        return Errors(size, self.drawn, rows, sources, cells, np.tile(self.weights, size))

    def taken(self, places: NDArray[np.int64]) -> Errors:
        """Return the errors of the numbers at `places`, each once, in that order."""
        new = np.full(self.size, -1, dtype=np.int64)
        new[places] = np.arange(len(places))
        kept = new[self.rows] >= 0
        rows, sources, cells = new[self.rows[kept]], self.sources[kept], self.cells[kept]
        return Errors(len(places), self.drawn, rows, sources, cells, self.weights[kept])

    def mapped(self, matrix: NDArray[np.float64]) -> Errors:
        """Return the errors of ``matrix @ numbers``."""
        pairs, columns = np.unique(np.stack([self.sources, self.cells]), axis=1, return_inverse=True)
        dense = np.zeros((self.size, pairs.shape[1]))
        np.add.at(dense, (self.rows, columns.ravel()), self.weights)
        found = matrix @ dense
        rows, places = np.nonzero(found)
        return Errors(len(matrix), self.drawn, rows, pairs[0][places], pairs[1][places], found[rows, places])

    def _merged(self) -> Errors:
        """Return the same errors with one term for each number and cell, and none of weight 0."""
        places = max(len(self.drawn), 1)
        width = int(self.cells.max(initial=0)) + 1
        names = (self.rows * places + self.sources) * width + self.cells
        unique, inverse = np.unique(names, return_inverse=True)
        weights = np.bincount(inverse.ravel(), weights=self.weights, minlength=len(unique))
        kept = weights != 0
        pairs, cells = np.divmod(unique[kept], width)
        rows, sources = np.divmod(pairs, places)
        return Errors(self.size, self.drawn, rows, sources, cells, weights[kept])

    def variances(self) -> NDArray[np.float64]:
        """Return the variance of each error by noise (an upper bound where it is Gaussian)."""
        each = np.array([_variance(noise) for noise in self.drawn.values()] or [0.0])
        found: NDArray[np.float64] = np.zeros(self.size)
        np.add.at(found, self.rows, self.weights**2 * each[self.sources])
        return found

    def half_widths(self, alpha: float) -> NDArray[np.float64]:
        """Return for each number the least h, or slightly more, with P(|error| ≤ h) ≥ 1 − alpha.

        A number of one noisy cell has that noise's own half-width; others see
        :func:`sum_quantile`. Weights are rounded up, which only widens: a sum of symmetric
        unimodal variables spreads when one of them is stretched. Where rounding adds to a number, the sum of its bounds
        is added, with their share of alpha (a millionth, at most) taken from what the noise may miss.
        """
        rounded = np.array([isinstance(noise, Rounded) for noise in self.drawn.values()] or [False])[self.sources]
        if not rounded.any():
            return self._noise_widths(alpha)
        spent = alpha * _ROUNDING_SHARE
        most = int(np.bincount(self.rows[rounded]).max())
        slack = np.zeros(self.size)
        for place, noise in enumerate(self.drawn.values()):
            if isinstance(noise, Rounded):
                own = self.sources == place
                bounds = noise.bounds(spent / most)
                np.add.at(slack, self.rows[own], np.abs(self.weights[own]) * bounds[self.cells[own]])
        kept = ~rounded
        rest = replace(
            self, rows=self.rows[kept], sources=self.sources[kept], cells=self.cells[kept], weights=self.weights[kept]
        )
        return rest._noise_widths(alpha - spent) + slack

    def _noise_widths(self, alpha: float) -> NDArray[np.float64]:
        noises = list(self.drawn.values())
        found = np.zeros(self.size)
        order = np.lexsort((np.abs(self.weights), self.sources, self.rows))
        starts = np.searchsorted(self.rows[order], np.arange(self.size + 1))
        lengths = np.diff(starts)
        own = np.array([0 if isinstance(n, Rounded) else n.half_width(alpha) for n in noises] or [0], dtype=float)
        alone = order[starts[:-1][lengths == 1]]
        found[lengths == 1] = np.abs(self.weights[alone]) * own[self.sources[alone]]
        known: dict[tuple[bytes, bytes], float] = {}
        for length in np.unique(lengths[lengths > 1]):
            rows = np.flatnonzero(lengths == length)
            terms = order[starts[:-1][rows][:, None] + np.arange(length)]
            looks = np.concatenate([np.abs(self.weights[terms]), self.sources[terms]], axis=1)
            _, first, alike = np.unique(looks, axis=0, return_index=True, return_inverse=True)
            widths = np.array([self._spread(terms[place], noises, alpha, known) for place in first])
            found[rows] = widths[alike.ravel()]
        return found

    def _spread(
        self,
        terms: NDArray[np.int64],
        noises: list[Noise | Rounded],
        alpha: float,
        known: dict[tuple[bytes, bytes], float],
    ) -> float:
        sizes, sources = np.abs(self.weights[terms]), self.sources[terms]
        largest = float(sizes.max())
        if exact := bool((sizes == largest).all()):
            sizes = np.ones_like(sizes)
        else:
            for place in np.unique(sources):  # noises differ in scale by orders of magnitude: each has its own grain
                own = sources == place
                top = _up(float(sizes[own].max()) / largest)
                sizes[own] = np.ceil(sizes[own] / largest / top / _GRAIN - 1e-3) * _GRAIN * top
        order = np.lexsort((sizes, sources))
        sizes, sources = sizes[order], sources[order]
        key = (sizes.tobytes(), sources.tobytes())
        if key not in known:
            parts: dict[Noise, list[float]] = {}
            for place in np.unique(sources):
                noise = noises[place]
                assert not isinstance(noise, Rounded)
                parts.setdefault(noise, []).extend(sizes[sources == place].tolist())
            known[key] = sum_quantile({noise: tuple(found) for noise, found in parts.items()}, alpha)
        return known[key] * largest * (1 if exact else 1 + 1e-9)


def _variance(noise: Noise | Rounded) -> float:
    return 0.0 if isinstance(noise, Rounded) else variance(noise)


def _up(share: float) -> float:
    """Return the least float of 24 bits that is at least `share`."""
    mantissa, power = math.frexp(share)
    return math.ldexp(math.ceil(mantissa / _GRAIN - 1e-3) * _GRAIN, power)


def linear_weights(asked: Statistic, name: str, drawn: NDArray[np.int64], noise: Noise) -> NDArray[np.float64] | None:
    """Return w such that the estimate of a group is ``drawn @ w``; None if it is no such sum.

    The candidates are what the statistic makes of one step in each cell. They are taken only if they give back what
    the statistic itself estimates from what was drawn, and nothing where nothing was drawn.
    """
    if not isinstance(noise, Laplace | Gaussian) or name not in asked.linear:
        return None
    told: dict[str, NDArray[Any]] = asked.estimates(np.eye(drawn.shape[1], dtype=np.int64))
    if name not in told:
        return None
    weights = np.asarray(told[name], dtype=float)
    found, own = drawn @ weights, np.asarray(asked.told(drawn, noise)[name], dtype=float)
    return weights if np.allclose(found, own, rtol=1e-9, atol=1e-9 * float(np.abs(weights).max(initial=1))) else None
