"""Numbers on fixed-point grids and among candidates: row by row, without failing, and exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import BOOLEAN, FLOAT, WIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Cells


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


#: From a block of rows to a number per row, and to which rows are missing (None: none is).
Numbers = Callable[[slice], "tuple[NDArray[Any], NDArray[np.bool_] | None]"]
#: Powers of ten up to this one are floats themselves.
_EXACT = 22
#: Integers within a range below this are looked up in a table.
_TABLE = 1 << 16


def floats(cells: Cells) -> NDArray[np.float64]:
    """Return numbers as floats, the nearest where they are not exact; NaN where they are missing."""
    if cells.codes is not None:
        return np.append(floats(cells.of_values), np.nan)[cells.codes]
    if cells.kind.name == WIDE:
        return _decimals(cells.values)
    values = cells.values.astype(np.float64, copy=False)
    return values if cells.missing is None else np.where(cells.missing, np.nan, values)


def _decimals(array: Any) -> NDArray[np.float64]:
    """Return decimals as the nearest floats: no value is out of range."""
    words, scale = decimal_words(array), array.type.scale
    low = words[:, 0].view(np.int64)
    small = np.all(words[:, 1:].view(np.int64) == (low >> 63)[:, None], axis=1)
    whole = np.where(small, low, 0).astype(np.float64)
    small &= np.abs(whole) < 2.0**63
    # One rounding of exact numbers is the nearest float; where there would be two, Python's own numbers have one.
    rough = ~small | (np.where(small, whole, 0).astype(np.int64) != low)
    if not 0 <= scale <= _EXACT:
        rough[:] = True
    found = whole / 10.0 ** min(max(scale, 0), _EXACT)
    if array.null_count:
        missing = np.asarray(array.is_null())
        found[missing], rough = np.nan, rough & ~missing
    if rough.any():
        found[rough] = [_nearest(int(units), scale) for units in decimal_units(words[rough])]
    return found


def _nearest(units: int, scale: int) -> float:
    try:
        return units / 10**scale if scale >= 0 else float(units * 10**-scale)
    except OverflowError:
        return math.inf if units > 0 else -math.inf


def decimal_words(array: Any) -> NDArray[np.uint64]:
    """Return the words of Arrow decimals, least first, as whole numbers of units of the scale; shape (rows, words)."""
    words = array.type.bit_width // 64
    buffer = array.buffers()[1]
    if buffer is None or not len(array):
        return np.zeros((len(array), words), dtype=np.uint64)
    every = np.frombuffer(buffer, dtype="<u8")
    return every[: len(every) // words * words].reshape(-1, words)[array.offset : array.offset + len(array)]


def decimal_units(words: NDArray[np.uint64]) -> NDArray[np.object_]:
    """Return the numbers of `decimal_words` as Python's, which have no end."""
    total = words[:, -1].copy().view(np.int64).astype(object)
    for place in range(words.shape[1] - 2, -1, -1):
        total = total * 2**64 + words[:, place].astype(object)
    return total


def steps_of(cells: Cells, grid: Grid) -> Numbers:
    """Return a function from a block of rows to ``clip(floor(x / step + 1/2), low, high)``, as float64.

    Whole numbers are clipped, and rounded, as whole numbers; infinities are clipped; a missing number has no step.
    """
    if cells.codes is None and isinstance(cells.values, np.ndarray) and cells.values.dtype.kind in "iu":
        return _whole_steps(cells, grid)
    array = _plain_numbers(cells)

    def steps(rows: slice) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
        block = array[rows].astype(np.float64)
        missing = np.isnan(block)
        with np.errstate(over="ignore", invalid="ignore"):
            block /= grid.step
            block += 0.5
            np.floor(block, out=block)
            np.clip(block, grid.low, grid.high, out=block)
        if not missing.any():
            return block, None
        block[missing] = grid.low
        return block, missing

    return steps


def _plain_numbers(cells: Cells) -> NDArray[Any]:
    """Return numbers in one array, NaN where they are missing: over the same memory for plain floats."""
    if cells.codes is None and cells.kind.name == FLOAT:
        return cells.values  # type: ignore[no-any-return]
    if cells.codes is None and cells.kind.name == BOOLEAN and cells.missing is None:
        return cells.values.astype(np.float64)  # type: ignore[no-any-return]
    return floats(cells)


def _whole_steps(cells: Cells, grid: Grid) -> Numbers:
    values = cells.values
    wide = np.uint64 if values.dtype.kind == "u" and values.dtype.itemsize == 8 else np.int64
    limits = np.iinfo(wide)
    # Beyond these every number is clipped to an end of the grid.
    below = _within(grid.low * grid.step - grid.step, math.floor, limits)
    above = _within(grid.high * grid.step + grid.step, math.ceil, limits)
    coarse, fine = int(max(grid.step, 1.0)), int(1.0 / min(grid.step, 1.0))
    half = coarse // 2
    extent = max(abs(below), abs(above)) * fine + half < 2**62

    def steps(rows: slice) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
        block = np.clip(values[rows].astype(wide, copy=False), wide(below), wide(above))
        missing = None if cells.missing is None else cells.missing[rows]
        if extent:
            block = block.astype(np.int64, copy=False)
            block = (block + half) // coarse if coarse > 1 else block * fine
            found = block.astype(np.float64)
        else:  # of bounds beyond 2**62: in Python's own whole numbers
            exact = (block.astype(object) * fine + half) // coarse
            found = np.clip(exact, grid.low, grid.high).astype(np.float64)
        np.clip(found, grid.low, grid.high, out=found)
        if missing is not None and missing.any():
            found[missing] = grid.low
            return found, missing
        return found, None

    return steps


def _within(bound: float, rounded: Callable[[float], int], limits: np.iinfo[Any]) -> int:
    """Return a bound as a whole number of the type."""
    if math.isinf(bound):
        return int(limits.min) if bound < 0 else int(limits.max)
    return min(max(rounded(bound), int(limits.min)), int(limits.max))


def positions_of(cells: Cells, candidates: NDArray[np.float64]) -> Numbers:
    """Return a function from a block of rows to the place of each number among ascending candidates.

    Place 2j is between candidate j-1 and candidate j, place 2j+1 is at candidate j: what `numpy.searchsorted` says of
    the left plus of the right, exactly.
    """
    if cells.codes is None and isinstance(cells.values, np.ndarray) and cells.values.dtype.kind in "iu":
        return _whole_positions(cells, candidates)
    array = _plain_numbers(cells)
    guess = _even(candidates)

    def places(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        block = array[rows].astype(np.float64, copy=False)
        missing = np.isnan(block)
        if missing.any():
            return _searched(candidates, np.where(missing, candidates[0], block), guess), missing
        return _searched(candidates, block, guess), None

    return places


def _even(candidates: NDArray[np.float64]) -> float | None:
    """Return the step of evenly spaced candidates."""
    if len(candidates) < 16:
        return None
    step = float((candidates[-1] - candidates[0]) / (len(candidates) - 1))
    if not (0 < step < np.inf):
        return None
    even = np.abs(candidates - (candidates[0] + step * np.arange(len(candidates)))) < step / 4
    return step if bool(even.all()) else None


def _searched(candidates: NDArray[np.float64], block: NDArray[np.float64], step: float | None) -> NDArray[np.int64]:
    if step is None:
        return np.searchsorted(candidates, block, side="left") + np.searchsorted(candidates, block, side="right")
    last = len(candidates) - 1
    with np.errstate(over="ignore", invalid="ignore"):
        guessed = np.clip((block - candidates[0]) / step, 0, last).astype(np.int64)
    # The guess is checked against the candidates themselves, and mended by one: it is never trusted.
    guessed -= candidates[guessed] > block
    guessed += np.append(candidates, np.inf)[guessed + 1] <= block
    np.minimum(guessed, last, out=guessed)
    at = candidates[guessed]  # of -1 the last candidate, which is not used
    found = 2 * guessed + 2 - (at == block)
    below = block < candidates[0]
    found[below] = 0
    wrong = ~below & ~((at <= block) & (np.append(candidates, np.inf)[guessed + 1] > block) | (block == np.inf))
    if wrong.any():
        found[wrong] = _searched(candidates, block[wrong], None)
    return found


def _whole_positions(cells: Cells, candidates: NDArray[np.float64]) -> Numbers:
    """Compare whole numbers with candidates as whole numbers: c < x if floor(c) < x, and c <= x if ceil(c) <= x."""
    values = cells.values
    unsigned = values.dtype.kind == "u" and values.dtype.itemsize == 8
    wide = np.uint64 if unsigned else np.int64
    limits = np.iinfo(wide)
    floor = [int(each) for each in np.floor(candidates)]
    ceil = [int(each) for each in np.ceil(candidates)]
    # Candidates below all numbers of the type are below every number; those above it are left out.
    left = np.array([max(each, int(limits.min)) for each in floor if each <= int(limits.max)], dtype=wide)
    right = np.array([max(each, int(limits.min)) for each in ceil if each <= int(limits.max)], dtype=wide)
    lower_than_all = sum(each < int(limits.min) for each in floor)
    table = _table(floor[0], ceil[-1], left, right, limits) if not lower_than_all else None

    def places(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        block = values[rows].astype(wide, copy=False)
        if table is not None:
            low, found = table
            at = found[(np.clip(block, wide(low), wide(low + len(found) - 1)) - wide(low)).astype(np.int64, copy=False)]
        else:
            at = np.searchsorted(left, block, side="left") + np.searchsorted(right, block, side="right")
            if lower_than_all:  # candidates clipped to the least number of the type are below it, too
                at += np.where(block == wide(limits.min), lower_than_all, 0)
        missing = None if cells.missing is None else cells.missing[rows]
        return at, missing if missing is not None and missing.any() else None

    return places


def whole_offsets(
    cells: Cells, candidates: NDArray[np.float64]
) -> tuple[Callable[[slice], NDArray[np.int64]], NDArray[np.int64]] | None:
    """Return the distance of each whole number from a least one, and the place of each distance among candidates.

    Counting distances is faster than looking up places row by row. None for other cells, and where candidates are wide.
    """
    values = cells.values
    if cells.codes is not None or cells.missing is not None:
        return None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iu" or values.dtype == np.uint64:
        return None
    limits = np.iinfo(np.int64)
    low, high = math.floor(candidates[0]), math.ceil(candidates[-1])
    if low <= int(limits.min) or high >= int(limits.max):
        return None
    floor, ceil = (rounded(candidates).astype(np.int64) for rounded in (np.floor, np.ceil))
    table = _table(low, high, floor, ceil, limits)
    if table is None:
        return None
    first, found = table
    own = np.iinfo(values.dtype)
    least, most = max(first, int(own.min)), min(first + len(found) - 1, int(own.max))
    if least > most:
        return None
    return lambda rows: np.clip(values[rows], least, most).astype(np.int64, copy=False) - first, found


def _table(
    low: int, high: int, left: NDArray[Any], right: NDArray[Any], limits: np.iinfo[Any]
) -> tuple[int, NDArray[np.int64]] | None:
    """Return the least whole number of a table and the place of each from there on; None where it would be long."""
    first, last = max(low - 1, int(limits.min)), min(high + 1, int(limits.max))
    if last - first >= _TABLE or last < first:
        return None
    every = np.array(range(first, last + 1), dtype=limits.dtype)
    return first, np.searchsorted(left, every, side="left") + np.searchsorted(right, every, side="right")
