"""What statistics of several columns have in common that are read from sums of their products."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from privkit.dp.statistics.reach import Reach
from privkit.dp.statistics.sums import grid_of
from privkit.tally.looking import Extent
from privkit.tally.products import FULL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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

    if TYPE_CHECKING:

        @property
        def columns(self) -> tuple[str, ...]:
            """The columns."""

        @property
        def width(self) -> int:
            """How many products are summed."""

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
