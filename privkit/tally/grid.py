"""Fixed-point grids: how a number becomes a whole one, so that sums are exact whatever the engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: A grid's whole numbers are at most 2**51, so that 64-bit floats hold them, and their halves, exactly.
_WHOLE = 51
#: The finest step; below it numbers are too small to be divided by a step.
_FINEST = -1000


@dataclass(frozen=True, slots=True)
class Grid:
    """A fixed-point grid, made of public bounds alone.

    A number x becomes the whole number ``clip(floor(x / step + 1/2), low, high)``, whatever x is: clipping comes last,
    so that no rounding leaves the range.

    Attributes
    ----------
    step : float
        A power of two.
    low, high : int
        The bounds in steps, at most 2**51 in size.

    Examples
    --------
    >>> Grid.fitting(0, 500, 500, bits=30)
    Grid(step=4.76837158203125e-07, low=0, high=1048576000)
    """

    step: float
    low: int
    high: int

    @classmethod
    def fitting(cls, lower: float, upper: float, extent: float, *, bits: int) -> Grid:
        """Return the finest grid on which `extent` takes at most 2**bits steps, and a bound at most 2**51.

        Floats near a bound are no finer than 2**-53 of it, so that narrow bounds far from 0 lose hardly anything.
        Where both bounds are one number of the grid, every number is clipped to it, and none is rounded.
        """
        largest = max(abs(lower), abs(upper))
        if not largest:
            return WholeGrid(1.0, 0, 0)
        powers = [_FINEST, math.ceil(math.log2(largest)) - _WHOLE]
        if extent > 0:
            powers.append(math.ceil(math.log2(extent)) - bits)
        step = 2.0 ** max(powers)
        while True:
            grid = cls(step, math.floor(lower / step + 0.5), math.floor(upper / step + 0.5))
            taken = grid.range if extent == upper - lower else max(grid.range, grid.largest)
            if taken <= 2**bits and grid.largest <= 2**_WHOLE:
                exact = lower == upper == grid.low * step
                return WholeGrid(step, grid.low, grid.high) if exact else grid
            step *= 2.0

    @property
    def range(self) -> int:
        """How many steps lie between the bounds."""
        return self.high - self.low

    @property
    def largest(self) -> int:
        """The largest absolute value, in steps."""
        return max(abs(self.low), abs(self.high))

    @property
    def rounding(self) -> float:
        """How far a number, clipped to the bounds, may lie from its place on the grid, in the number's own unit.

        Half a step, and what 64-bit floats add. A number that no float holds (a decimal, say) is read as one that is at
        most 2**-50 of it away; clipping brings the two no farther apart, so that this is ``largest * 2**-50`` steps at
        most. x / step is exact, for the step is a power of two; adding 1/2 rounds once more, by
        ``(largest + 1) * 2**-53`` steps at most. Adding and `floor` are monotone, and the ends of the grid are made of
        the bounds in the same way, so that clipping before and after come to the same.

        Examples
        --------
        >>> Grid(0.25, 0, 40).rounding  # half a step, and next to nothing
        0.1250000000000182
        """
        return (0.5 + (self.largest + 1) * 2.0**-49) * self.step


class WholeGrid(Grid):
    """A grid for numbers that lie on it already, so that nothing is rounded.

    Examples
    --------
    >>> Grid.fitting(3, 3, 3, bits=30).rounding, Grid.fitting(0, 0, 0, bits=30).rounding
    (0.0, 0.0)
    """

    __slots__ = ()

    @property
    def rounding(self) -> float:
        """Nothing."""
        return 0.0
