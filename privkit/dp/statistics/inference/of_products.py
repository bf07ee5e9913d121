"""What statistics of several columns have in common that are read from sums of their products.

The correlation of two numbers from noisy sums of products, and how far noise and sampling carry it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement, pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from privkit.dp.measurement import Reach
from privkit.dp.noise.sampling import least_level, widths
from privkit.dp.statistics.sums import grid_of
from privkit.tally.looking import Extent
from privkit.tally.products import FULL, Product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.dp.statistics.statistic import Read
    from privkit.tally.cells.numbers import Grid
    from privkit.values.bounds import ValueBounds


#: More rows than these nobody has.
_MOST = 10**11


def least_rows(told: Callable[[int], bool]) -> int | None:
    """Return of how many rows an answer says something, rounded up to two digits; None where no number would do.

    Parameters
    ----------
    told : callable
        Whether so many rows are enough; where they are, more are.

    Examples
    --------
    >>> least_rows(lambda rows: rows >= 1234), least_rows(lambda rows: rows >= 7), least_rows(lambda rows: False)
    (1300, 7, None)
    """
    if not told(_MOST):
        return None
    low, high = 0, _MOST
    while high - low > max(high // 100, 1):
        middle = math.isqrt(max(low, 1) * high) if low * 2 < high else (low + high) // 2
        middle = min(max(middle, low + 1), high - 1)
        low, high = (low, middle) if told(middle) else (middle, high)
    digit = 10 ** max(len(str(high)) - 2, 0)
    return -(-high // digit) * digit


def hidden(least: int | None, rows: int | None, what: str) -> tuple[str, ...]:
    """Say, before anything is spent, with how few rows the noise would leave nothing to be told of `what`.

    Parameters
    ----------
    least : int or None
        With how many rows something is told of numbers that spread evenly within their bounds.
    rows : int or None
        How many are assumed; None if that was not said.
    """
    if least is None:
        return (f"at this price the noise hides {what} with whatever number of rows: it would be charged all the same",)
    more = "numbers that spread less than evenly within their bounds need more"
    if rows is not None and rows < least:
        return (
            f"WARNING: with {rows:,} rows the noise would hide {what}, and the answer say nothing, though it is "
            f"charged: about {least:,} rows are needed at this price; {more}",
        )
    return (f"below about {least:,} rows the noise would hide {what}, and the answer say nothing: {more}",)


class OfProducts:
    """Sums of products of columns, each brought to [−1, 1] by its public bounds.

    Attributes
    ----------
    columns : tuple of str
    ends : tuple of ValueBounds
        Of each of them; none of width 0.
    width : int
        How many products are summed.

    Notes
    -----
    *Reach.* Each number is brought to [−1, 1] in steps of 2**-24, and so is each product of them
    (`privkit.tally.products`). A row adds to each of the w sums a whole number between −F and F, F = 2**24, which
    depends on that row alone; or nothing to any, where a value is missing. So it moves all w cells by at most w·F in
    L1, √w·F in L2 and F in L∞, all of which a row at the corner of all bounds reaches. What is kept of a person is one
    choice for all cells, made of that person's rows and a salt alone.
    """

    __slots__ = ()

    ends: tuple[ValueBounds, ...]

    framed: ClassVar[bool] = True
    needs_rows: ClassVar[bool] = True
    steady: ClassVar[tuple[str, ...]] = ("count",)
    aggregate: ClassVar[str] = "collect"

    if TYPE_CHECKING:

        @property
        def columns(self) -> tuple[str, ...]:
            """The columns."""

        @property
        def width(self) -> int:
            """How many products are summed."""

    @property
    def linear(self) -> frozenset[str]:
        """None: what is made of products is a quotient."""
        return frozenset()

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of each column."""
        return {name: (ends.lower, ends.upper) for name, ends in zip(self.columns, self.ends, strict=True)}

    @property
    def grids(self) -> dict[str, Grid]:
        """The grid of each column, made of its bounds alone."""
        return {
            name: grid_of(ends.lower, ends.upper, ends.width)
            for name, ends in zip(self.columns, self.ends, strict=True)
        }

    @property
    def step(self) -> float:
        """What one step of a sum is worth, of products of numbers between −1 and 1."""
        return 1 / FULL

    @property
    def reach(self) -> Reach:
        """The size of each cell, in all of them."""
        return Reach(self.width * FULL, math.nextafter(math.sqrt(self.width), math.inf) * FULL, FULL, self.width)

    def reads(self, question: Question) -> Iterator[Read]:
        """Give what the question asks of an engine: the columns themselves, for no engine sums products."""
        yield "collect" if question.who is None else "parts", question.columns, None

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which numbers are clipped."""
        return tuple(
            Extent(name, ends.lower, ends.upper, "clipped") for name, ends in zip(self.columns, self.ends, strict=True)
        )

    def clipping(self) -> str:
        """Say in words to what numbers are clipped."""
        each = "; ".join(f"{name!r} to {ends}" for name, ends in zip(self.columns, self.ends, strict=True))
        return f"values are clipped: {each}; rows in which one of them is missing are left out"


#: The share of alpha that goes to each of the four limits on which an interval rests: of n, of both spreads, of e².
_LIMIT = 1 / 40
#: By how many times what noise may do to a column's spread that spread must exceed.
_CLEAR = 2.0
#: Fewer rows than this, as far as the noise tells, say nothing.
_FEWEST = 5

#: A polynomial in the numbers of one row: from products to their factors.
Polynomial = dict[Product, float]


@dataclass(frozen=True, eq=False)
class Pair:
    """The moments of two numbers, and how far their correlation errs.

    Attributes
    ----------
    sums : array, shape (width,)
        Noisy sums of products.
    noise : Noise or None
    count : int
        Of how many numbers products were summed.
    x, y : int
        The places of the two.
    """

    sums: NDArray[np.float64]
    noise: Noise | None
    count: int
    x: int
    y: int

    def _weights(self, of: Polynomial) -> NDArray[np.float64]:
        """Return a polynomial's sum as weights of the cells that a pair has, in one row."""
        places, found = places_of(2), np.zeros((1, len(products_of(2))))
        for product, factor in of.items():
            found[0, places[product]] += factor
        return found

    @cached_property
    def _own(self) -> NDArray[np.float64]:
        """The sums of the pair's own products: those of two numbers by themselves."""
        places, two = places_of(self.count), (self.x, self.y)
        return self.sums[[places[tuple(sorted(two[place] for place in of))] for of in products_of(2)]]

    def _sum(self, of: Polynomial) -> float:
        return float((self._weights(of) @ self._own)[0])

    @cached_property
    def _about(self) -> tuple[Polynomial, Polynomial, Polynomial]:
        """(x−μ)², (x−μ)(y−ν) and (y−ν)² as polynomials."""
        means = np.clip(self._own[1:3] / max(float(self._own[0]), 1.0), -1.0, 1.0)
        x, y = ({(place,): 1.0, (): -float(mean)} for place, mean in enumerate(means))
        return multiplied(x, x), multiplied(x, y), multiplied(y, y)

    @cached_property
    def _moments(self) -> tuple[float, float, float]:
        """Their noisy sums."""
        xx, xy, yy = (self._sum(one) for one in self._about)
        return xx, xy, yy

    @property
    def correlation(self) -> float:
        """r, which noise may carry beyond 1; 0 where a spread is none."""
        xx, xy, yy = self._moments
        return xy / math.sqrt(xx * yy) if min(xx, yy) > 0 else 0.0

    @cached_property
    def _errors(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weights of the cells in the sums of e and e²; spreads are above 0."""
        (xx, xy, yy), (spread, _, other) = self._about, self._moments
        ratio, r = math.sqrt(other / spread), float(np.clip(self.correlation, -1.0, 1.0))
        error = added(xy, scaled(xx, -r / 2 * ratio), scaled(yy, -r / 2 / ratio))
        return self._weights(error), self._weights(multiplied(error, error))

    def half_width(self, alpha: float) -> float:
        """Return how far r errs with probability 1 − alpha; infinite where the noise hides a spread.

        The proof is in `privkit.dp.statistics.inference.correlation`.
        """
        limit = alpha * _LIMIT
        (xx, _, yy), (spread, _, other) = self._about, self._moments
        least = float(self._own[0]) - float(widths(self.noise, np.full((1, 1), 1 / FULL), 2 * limit)[0])
        if min(spread, other) <= 0 or least < _FEWEST:
            return math.inf
        stirred = widths(self.noise, np.vstack([self._weights(xx), self._weights(yy)]) / FULL, 2 * limit)
        if spread <= _CLEAR * stirred[0] or other <= _CLEAR * stirred[1]:
            return math.inf
        error, squares = self._errors
        above = float(widths(self.noise, squares / FULL, 2 * limit)[0])
        sampling = np.array([max(float((squares @ self._own)[0]), 0.0) + above]) * (1 + 3 / least)
        half = widths(self.noise, error / FULL, alpha * (1 - 4 * _LIMIT), sampling, least - 3)
        return float(half[0]) / math.sqrt(spread * other)

    @property
    def p_value(self) -> float:
        """The least alpha whose interval leaves out 0."""
        size = abs(self.correlation)
        return float(least_level(lambda alpha: np.array([size > self.half_width(alpha)]), 1)[0])


def multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the product of two polynomials.

    Examples
    --------
    >>> multiplied({(0,): 1.0, (): -2.0}, {(0,): 1.0, (): 2.0})
    {(0, 0): 1.0, (0,): 0.0, (): -4.0}
    """
    found: Polynomial = {}
    for one, factor in left.items():
        for other, more in right.items():
            product = tuple(sorted((*one, *other)))
            found[product] = found.get(product, 0.0) + factor * more
    return found


def scaled(of: Polynomial, factor: float) -> Polynomial:
    """Return a polynomial times a number."""
    return {product: factor * own for product, own in of.items()}


def added(*each: Polynomial) -> Polynomial:
    """Return the sum of polynomials."""
    found: Polynomial = {}
    for of in each:
        for product, factor in of.items():
            found[product] = found.get(product, 0.0) + factor
    return found


@lru_cache(maxsize=16)
def products_of(count: int) -> tuple[Product, ...]:
    """Return all products of up to four of so many numbers, of at most two different ones: 1, each by itself, pairs."""
    every = (of for size in range(5) for of in combinations_with_replacement(range(count), size))
    return tuple(of for of in every if sum(one != other for one, other in pairwise(of)) <= 1)


@lru_cache(maxsize=16)
def places_of(count: int) -> Mapping[Product, int]:
    """Return the place of each of these products."""
    return {of: place for place, of in enumerate(products_of(count))}
