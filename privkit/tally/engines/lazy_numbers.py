"""Numbers on a grid and among candidates, in an engine's own expressions: the same answers as on cells.

Everything is decided by public numbers before a row is read: which bounds, which constants, and whether the engine can
do it exactly at all. No step can overflow: numbers are clipped first, whole numbers as whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.cells.cells import BOOLEAN, FLOAT, INTEGER, UNSIGNED, WIDE
from privkit.tally.engines.native import RAW, untold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.tally.cells.numbers import Grid
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.tally.engines.native import Column, Native
    from privkit.values.keys import Keys

#: Whole numbers up to this are floats, and so are their halves up to half of it.
_EXACT = 2**51
#: Candidates up to this are told apart by comparing, whether or not they are evenly spaced.
_FEW = 64
#: Up to this many they are compared even where they are evenly spaced.
_CERTAIN = 8
VALUE, GUESS, AT = "__privkit_value", "__privkit_guess", "__privkit_at"
#: What each kind of whole number holds.
RANGES = {INTEGER: (-(2**63), 2**63 - 1), UNSIGNED: (0, 2**64 - 1)}


@dataclass(frozen=True, slots=True)
class Steps:
    """What makes a column of numbers another one, step by step: each is a column before the next one reads it.

    Attributes
    ----------
    columns : tuple of (name, nw.Expr)
    within : tuple of (int or None, int or None), optional
        Of wide numbers: the whole bounds to which they are clipped before they are floats; see `Native.within`.
    grid : tuple of float, optional
        Of floats on a grid: the arguments of `Native.on_grid`, which is asked first.
    """

    columns: tuple[tuple[str, nw.Expr], ...]
    within: tuple[int | None, int | None] | None = None
    grid: tuple[float, float, float] | None = None

    def then(self, *columns: tuple[str, nw.Expr]) -> Steps:
        """Return these steps and more."""
        return replace(self, columns=(*self.columns, *columns))


def bare(engine: LazyEngine, value: str, by: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return plain columns, and one of numbers, among which NaN may still be: what comes next deals with it."""
    column, source = engine.columns[value], engine
    if column.kind.name == FLOAT and value not in by and not engine.is_plain:
        source = replace(engine, columns={**engine.columns, value: replace(column, form=RAW)})
    return source.plain_rows((*by, value)).select(*by, nw.col(value).alias(VALUE))


def numbered(engine: LazyEngine, value: str, keys: Keys | None, number: Steps) -> nw.LazyFrame[Any]:
    """Return the plain columns of keys, and one of numbers made of a column; NaN becomes null."""
    by = keys.by if keys is not None else ()
    frame = bare(engine, value, by)
    if number.within is not None:
        with untold():
            within = engine.native.within(frame.to_native(), VALUE, engine.columns[value], *number.within)
            frame = nw.from_native(within)
    with untold():
        grid = number.grid and engine.native.on_grid(frame.to_native(), VALUE, *number.grid)
    if grid is not None:
        return nw.from_native(grid).select(*by, VALUE)
    for name, step in number.columns:
        frame = frame.with_columns(step.alias(name))
    return frame.select(*by, VALUE)


def clipped(native: Native, name: str, column: Column, least: float, most: float) -> Steps | None:
    """Return a plain column of numbers as floats from `least` to `most`, exact between; None where that is not exact.

    Whole numbers beyond the bounds may become the next whole number beyond them.
    """
    own = nw.col(name)
    if column.kind.name == FLOAT:
        return Steps(((name, _clipped_floats(own, native.real(least), native.real(most))),))
    if column.kind.name == BOOLEAN:
        truth = nw.when(own).then(native.real(1.0)).otherwise(native.real(0.0))
        return Steps(((name, nw.when(~own.is_null()).then(truth)),))
    if not (least > -_EXACT and most < _EXACT):
        return None
    low, high = math.floor(least), math.ceil(most)
    if column.kind.name == WIDE:
        return _wide(column, low, high)
    first, last = RANGES[column.kind.name]
    low, high = min(max(low, first), last), min(max(high, first), last)
    literal = native.unsigned if column.kind.name == UNSIGNED else nw.lit
    return Steps(((name, _between(own, literal(low), literal(high)).cast(nw.Float64)),))


def _wide(column: Column, low: int, high: int) -> Steps | None:
    import pyarrow as pa

    dtype: Any = column.arrow
    if not pa.types.is_decimal(dtype) or dtype.scale < 0 or dtype.scale > 22:
        return None
    # A literal must fit in the engine's type, whose last digit HUGEINT has not whole.
    largest = 10 ** (min(dtype.precision, 38) - dtype.scale) - 1
    # A bound beyond all whole numbers of the type is none: those of DECIMAL(2, 2) end at 0, which would cut off 0.99.
    ends = low if abs(low) <= largest else None, high if abs(high) <= largest else None
    if (max(largest if end is None else abs(end) for end in ends) + 1) * 10**dtype.scale >= 2**53:
        return None
    return Steps((), ends)


def _clipped_floats(own: nw.Expr, least: nw.Expr, most: nw.Expr) -> nw.Expr:
    """Clip floats; NaN, which some engines hold to be above all numbers, becomes null, and null stays it."""
    above = nw.when(own.is_nan()).then(nw.lit(None, nw.Float64)).otherwise(nw.when(own > most).then(most))
    return (
        nw.when((own >= least) & (own <= most)).then(own).otherwise(nw.when(own < least).then(least).otherwise(above))
    )


def _between(own: nw.Expr, least: nw.Expr, most: nw.Expr) -> nw.Expr:
    """Clip; null stays null, since no branch is taken for it but the last."""
    return nw.when(own < least).then(least).otherwise(nw.when(own > most).then(most).otherwise(own))


def steps(native: Native, name: str, column: Column, grid: Grid) -> Steps | None:
    """Return ``clip(floor(x / step + 1/2), low, high)`` in whole numbers of 64 bits; None where it is not exact."""
    if not (grid.low > -_EXACT and grid.high < _EXACT and 2.0**-1000 <= grid.step <= 2.0**1000):
        return None
    least, most = grid.low * grid.step, grid.high * grid.step
    if not (math.isfinite(least) and math.isfinite(most)):
        return None
    found = clipped(native, name, column, least, most)
    if found is None:
        return None
    number: nw.Expr = nw.col(name)
    if column.kind.name != FLOAT:
        # Whole bounds may be many steps away, so many that scaled numbers would leave 64 bits.
        ends = native.real(grid.low * grid.step), native.real(grid.high * grid.step)
        found = found.then((name, _between(number, *ends)))
    if column.kind.name == FLOAT:
        found = replace(found, grid=(least, most, 1.0 / grid.step))
    if column.kind.name == FLOAT and grid.step > 1:
        # A number so small that its quotient has no float, at which some engines raise, has a quotient of 0 here.
        quarter = grid.step / 4
        small = (number > native.real(-quarter)) & (number < native.real(quarter))
        number = nw.when(small).then(native.real(0.0)).otherwise(number)
    # A power of two: multiplying by its inverse is dividing by it.
    whole = (number * native.real(1.0 / grid.step) + native.real(0.5)).floor().cast(nw.Int64)
    found = found.then((name, whole))
    if column.kind.name != FLOAT:
        found = found.then((name, _between(nw.col(name), nw.lit(grid.low), nw.lit(grid.high))))
    return found


def squares(native: Native, number: nw.Expr, full: int) -> nw.Expr:
    """Return ``floor(v * v / full + 1/2)`` in doubles, as `privkit.tally.engines.eager.squares` does."""
    whole = number.cast(nw.Float64)
    # As a column: some engines take a literal divisor as a factor, which rounds twice.
    divisor = nw.when(~number.is_null()).then(native.real(float(max(full, 1))))
    return (whole * whole / divisor + native.real(0.5)).floor().cast(nw.Int64)


def places(native: Native, name: str, column: Column, candidates: NDArray[np.float64]) -> Steps | None:
    """Return each number's place among ascending candidates: 2j between two of them, 2j + 1 at one.

    None where the engine cannot tell exactly.
    """
    first, last = float(candidates[0]), float(candidates[-1])
    if not (math.isfinite(first) and math.isfinite(last)):
        return None
    # A little beyond the ends, and by far less than a step: a guess from there is at most one off.
    little = float(np.diff(candidates).min(initial=1.0)) / 4
    before = first - little if first - little < first else math.nextafter(first, -math.inf)
    beyond = last + little if last + little > last else math.nextafter(last, math.inf)
    found = clipped(native, name, column, before, beyond)
    if found is None:
        return None
    even = _line(candidates) if len(candidates) > _CERTAIN else None
    if even is not None and _may_guess(first, last, even.step):
        if column.kind.name != FLOAT:  # whole bounds may be many steps away
            near = _between(nw.col(name), native.real(before), native.real(beyond))
            found = found.then((name, near))
        return found.then(*_guessed(native, name, candidates, even))
    if len(candidates) > _FEW:
        return None
    return found.then((name, _compared(native, nw.col(name), candidates, 0, len(candidates))))


def _compared(native: Native, number: nw.Expr, candidates: Sequence[float] | Any, start: int, stop: int) -> nw.Expr:
    """Return the place by comparing with one candidate after another, half of them at a time."""
    if start == stop:
        return nw.when(~number.is_null()).then(nw.lit(2 * start))
    middle = (start + stop) // 2
    here = native.real(float(candidates[middle]))
    below = _compared(native, number, candidates, start, middle)
    above = _compared(native, number, candidates, middle + 1, stop)
    other = nw.when(number == here).then(nw.lit(2 * middle + 1)).otherwise(above)
    return nw.when(number < here).then(below).otherwise(other)


@dataclass(frozen=True, slots=True)
class _Line:
    """Evenly spaced candidates as a formula that gives each of them, but perhaps the last, to the last bit.

    The j-th is ``first + j * factor / divisor``, in doubles and in this order; a divisor of 1 is left out.
    """

    first: float
    factor: float
    divisor: float

    @property
    def step(self) -> float:
        """About how far two of them are apart."""
        return self.factor / self.divisor

    def floats(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the candidates at some places."""
        return self.first + places * self.factor / self.divisor

    def at(self, native: Native, place: nw.Expr) -> nw.Expr:
        """Return the candidate at a place, in the engine."""
        far = place * native.real(self.factor)
        if self.divisor != 1:
            # As a column: some engines take a literal divisor as a factor, which rounds twice.
            far = far / nw.when(~place.is_null()).then(native.real(self.divisor))
        return far + native.real(self.first)


def _line(candidates: NDArray[np.float64]) -> _Line | None:
    """Return the line on which all candidates but the last lie, to the last bit; else None."""
    count = len(candidates) - 1
    if count < 1:
        return None
    first, width = float(candidates[0]), float(candidates[-1]) - float(candidates[0])
    lines = (
        _Line(first, width / count, 1.0),
        _Line(first, float(candidates[1]) - first, 1.0),
        _Line(first, width, float(count)),
    )
    places = np.arange(count, dtype=np.float64)
    with np.errstate(over="ignore"):  # a line that leaves the floats is none
        for line in lines:
            if 0 < line.step < math.inf and bool(np.all(line.floats(places) == candidates[:-1])):
                return line
    return None


def _may_guess(first: float, last: float, step: float) -> bool:
    """Whether a number's distance in steps is known well enough to round it, and never too small for a float.

    With u = 2^-53 and q < 2^46 steps from first to last: differences, sums and products of the guess are off by at
    most 6·u·q < 0.1 steps, and the candidates are from even steps by at most 10·u·2^45 < 0.1 steps.
    """
    largest = max(abs(first), abs(last))
    return largest * 2.0**-45 < step and 2.0**-500 < step < 2.0**500 and largest < 2.0**500


def _guessed(
    native: Native, name: str, candidates: NDArray[np.float64], line: _Line
) -> tuple[tuple[str, nw.Expr], ...]:
    """Return the steps to the place: the nearest candidate is a guess, and the number is compared with it.

    A number is at most 1/2 + 0.1 steps from the candidate g that it is rounded to, and candidates are within 0.1 of
    even steps (`_may_guess`): so all candidates before g are below the number and all after g above it, whichever of
    two it was rounded to, and g itself is compared. Where the last candidate is none of the others' line, g stops
    before it, and the number is compared with the last one too.
    """
    first, last, count = float(candidates[0]), float(candidates[-1]), len(candidates) - 1
    number, guess, at, step = nw.col(name), nw.col(GUESS), nw.col(AT), line.step
    # Steps are added before multiplying and taken off after it: a quotient is never too small for a float.
    guessed = (number - native.real(first) + native.real(1.5 * step)) * native.real(1.0 / step)
    off = line.floats(np.array([float(count)]))[0] != last
    if off:
        guessed = _between(guessed, native.real(1.0), native.real(float(count)))
    place = guess + guess + _beside(number, at)
    return (
        (GUESS, guessed.floor().cast(nw.Float64) - native.real(1.0)),
        (AT, line.at(native, guess)),
        (name, place + _beside(number, native.real(last)) if off else place),
    )


def _beside(number: nw.Expr, candidate: nw.Expr) -> nw.Expr:
    """Return 0 below a candidate, 1 at it, 2 above it (which is asked first: of nearly half of all numbers)."""
    at = nw.when(number == candidate).then(nw.lit(1.0)).otherwise(nw.lit(0.0))
    return nw.when(number > candidate).then(nw.lit(2.0)).otherwise(at)
