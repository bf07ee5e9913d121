"""Intervals of numbers, in decimals: what label a number has depends on the hierarchy and the column's type alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.transform.decimals import WIDE, Decimals, TooLongError, decimal, end_of, finite_of, infinite_ends
from privkit.transform.hierarchies.ladder import STAR, Level, top

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: A number that a person gives: an edge, a width, a bound.
Number = int | float | Decimal
#: Where a group begins and ends, as counts; None for an open end; twice the same infinity for infinite values alone.
Span = tuple[int | float | None, int | float | None]
#: Shares below this would be taken for none.
_LEAST = 1e-12
#: Longer numbers are written with an exponent, if that is shorter.
_LONG = 25


@dataclass(frozen=True)
class Intervals:
    """Half-open intervals [a, b), by a width or by edges at each level.

    Numbers, widths and edges are the decimals that they are written as, and are compared as such: a number's label
    always holds it, and no other row has a say in it. Columns of whole numbers (by their type) are labeled "10-19",
    others "[10, 20)". Infinite values lie in the group beyond an end; where intervals of a width go on without one,
    they are a group of their own, "inf" or "-inf".

    Attributes
    ----------
    steps : tuple of number or of tuple of number
        A width, or the edges, of each level. What lies below the first edge or from the last on is one group each.
    lower, upper : number or None
        Values below or from there on are coded as one group each (bottom and top coding).
    degrees : bool
        Whether they are parts of a circle, labeled "47.0 to 47.5".
    """

    steps: tuple[Number | tuple[Number, ...], ...]
    lower: Number | None = None
    upper: Number | None = None
    degrees: bool = False

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Cut the values at each level's edges."""
        laid = _Laid.of(self, values, column)
        levels = [laid.level(place) for place in range(len(self.steps))]
        return [*levels, top(len(values))], laid.base

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", *map(self.name_of, self.steps), STAR]

    def name_of(self, step: Number | tuple[Number, ...]) -> str:
        """Return what a level is called."""
        if isinstance(step, tuple):
            return f"{len(step) - 1} intervals"
        return f"{written(step)}°" if self.degrees else self.words_of(step)

    def words_of(self, step: Number | tuple[Number, ...]) -> str:
        """Return what a level leaves of a value."""
        if self.degrees and not isinstance(step, tuple):
            return f"cells of {written(step)}°"
        if not isinstance(step, tuple):
            return f"intervals of {written(step)}"
        if len(step) == 1:
            return f"below {written(step[0])}, and from there on"
        widths = {decimal(b) - decimal(a) for a, b in pairwise(step)}
        kept = f"intervals of {written(widths.pop())}" if len(widths) == 1 else f"{len(step) - 1} intervals"
        return f"{kept} from {written(step[0])} to {written(step[-1])}"


def written(number: Number) -> str:
    """Return a number as it is written, without an exponent.

    Examples
    --------
    >>> written(0.1), written(5.0), written(1e-7)
    ('0.1', '5', '0.0000001')
    """
    exact = Decimals.of([number])
    return shown(int(exact.counts[0]), exact.places)


def shown(count: int, places: int, *, fixed: int = 0, plain: bool = False) -> str:
    """Return ``count / 10**places`` as it is written, with at least `fixed` digits after the point.

    Always exactly; with an exponent where that is much shorter, and `plain` does not forbid it.

    Examples
    --------
    >>> shown(-250, 2), shown(7, 3), shown(120, 0), shown(5, 1, fixed=2), shown(5, 200)
    ('-2.5', '0.007', '120', '0.50', '5E-200')
    """
    whole, rest = divmod(abs(int(count)), 10**places)
    digits = (f"{rest:0{places}d}".rstrip("0") if rest else "").ljust(fixed, "0")
    written = f"{'-' if count < 0 else ''}{whole}{'.' if digits else ''}{digits}"
    if len(written) <= _LONG or fixed or plain:
        return written
    return min(written, str(Decimal(int(count)).scaleb(-places, WIDE).normalize(WIDE)), key=len)


@dataclass(frozen=True, eq=False)
class _Laid:
    """Intervals and the values of one column, as counts of the same power of ten.

    Attributes
    ----------
    rule : Intervals
    counts : array, shape (n_values,)
        The values; infinite ones lie outside of everything else.
    ends : array of int64, shape (n_values,)
        -1 and 1 for infinite values, else 0.
    steps : list
        Widths, or arrays of edges.
    lower, upper : int or None
    places : int
    whole : bool
        Whether labels are those of whole numbers.
    low, high : int
        What a loss is measured against, [low, high).
    """

    rule: Intervals
    counts: NDArray[Any]
    ends: NDArray[np.int64]
    steps: Sequence[Any]
    lower: int | None
    upper: int | None
    places: int
    whole: bool
    low: int
    high: int

    @classmethod
    def of(cls, rule: Intervals, values: pd.Index, column: str) -> _Laid:
        """Read the values.

        Raises
        ------
        HierarchyError
        """
        flat = [number for step in rule.steps for number in (step if isinstance(step, tuple) else (step,))]
        given = Decimals.of([decimal(number) for number in (*flat, rule.lower or 0, rule.upper or 0)])
        numbers, ends = _read(values, given.places, column)
        whole = given.places == 0 and not rule.degrees and _are_whole(values)
        places = max(given.places, numbers.places)
        counts, told = numbers.at(places).counts, given.at(places).counts.tolist()
        lower = None if rule.lower is None else told[-2]
        upper = None if rule.upper is None else told[-1]
        parts = iter(told)
        steps = [[next(parts) for _ in step] if isinstance(step, tuple) else next(parts) for step in rule.steps]
        finite = counts[ends == 0]
        low, high = _domain(finite, (lower, upper), _tails(steps, lower, upper), 10**places if whole else 0)
        if ends.any():
            counts = _with_ends(counts, ends, [low, high, *told])
        if counts.dtype != object and any(abs(number) >= 2**62 for number in told):
            counts = counts.astype(object)
        return cls(rule, counts, ends, steps, lower, upper, places, whole, low, high)

    @property
    def base(self) -> float:
        """The share of one raw value."""
        return 10**self.places / (self.high - self.low) if self.whole else 0.0

    def level(self, number: int) -> Level:
        """Return the groups of one level."""
        rule, step = self.rule, self.steps[number]
        codes, spans = self._by_edges(step) if isinstance(step, list) else self._by_width(step)
        shares = np.array([self._share(*span) for span in spans], dtype=np.float64)
        fixed = decimal(rule.steps[number]).as_tuple().exponent if rule.degrees else 0  # type: ignore[arg-type]
        labels = [self._label(low, high, -int(fixed)) for low, high in spans]
        given = rule.steps[number]
        return Level(rule.name_of(given), codes, labels, shares, rule.words_of(given))

    def _by_edges(self, edges: list[int]) -> tuple[NDArray[np.int64], list[Span]]:
        kind = object if max(map(abs, edges)) >= 2**62 else self.counts.dtype
        place = np.searchsorted(np.array(edges, dtype=kind), self.counts, side="right")
        present, codes = np.unique(place, return_inverse=True)
        ends = [None, *edges, None]
        return codes.astype(np.int64), [(ends[spot], ends[spot + 1]) for spot in present]

    def _by_width(self, width: int) -> tuple[NDArray[np.int64], list[Span]]:
        start, counts = self.lower or 0, self.counts
        place = (counts - start) // width
        first, last = (int(place.min()), int(place.max())) if len(place) else (0, 0)
        if self.lower is not None:
            place = np.where(counts < self.lower, first - 1, place)
        if self.upper is not None:
            place = np.where(counts >= self.upper, last + 1, place)
        alone = {first - 2: -math.inf, last + 2: math.inf}
        if self.lower is None:
            place = np.where(self.ends < 0, first - 2, place)
        if self.upper is None:
            place = np.where(self.ends > 0, last + 2, place)
        present, codes = np.unique(place, return_inverse=True)
        spans: list[Span] = []
        for spot in present.tolist():
            low = start + spot * width
            if spot in alone:
                spans.append((alone[spot], alone[spot]))
            elif self.lower is not None and spot == first - 1:
                spans.append((None, self.lower))
            elif self.upper is not None and spot == last + 1:
                spans.append((self.upper, None))
            else:
                spans.append((low, low + width if self.upper is None else min(low + width, self.upper)))
        return codes.astype(np.int64), spans

    def _share(self, low: float | None, high: float | None) -> float:
        if low is not None and low == high:  # one value, and infinite
            return self.base or _LEAST
        start = self.low if low is None else max(low, self.low)
        end = self.high if high is None else min(high, self.high)
        return min(max((end - start) / (self.high - self.low), self.base or _LEAST), 1.0)

    def _label(self, low: Any, high: Any, fixed: int) -> str:
        if low is not None and low == high:
            return str(low)
        if low is None or high is None:
            return f"< {self._text(high)}" if low is None else f">= {self._text(low)}"
        if self.rule.degrees:
            return f"{shown(low, self.places, fixed=fixed)} to {shown(high, self.places, fixed=fixed)}"
        if not self.whole:
            return "[{}, {})".format(*self._pair(low, high))
        return self._text(low) if high - low == 1 else "{}-{}".format(*self._pair(low, high - 1))

    def _pair(self, low: int, high: int) -> tuple[str, str]:
        """Return both ends in one way of writing: with exponents where both are shorter so, else with all digits."""
        first, last = self._text(low), self._text(high)
        if ("E" in first) == ("E" in last) or 0 in (low, high):
            return first, last
        return shown(low, self.places, plain=True), shown(high, self.places, plain=True)

    def _text(self, count: int | None) -> str:
        return shown(count or 0, self.places)


def _read(values: pd.Index, places: int, column: str) -> tuple[Decimals, NDArray[np.int64]]:
    """Return values as decimals, and which of them lie at an infinite end: -1, 0, 1; these are 0 among the decimals.

    Raises
    ------
    HierarchyError
    """
    ends = infinite_ends(values)
    try:
        return Decimals.of(finite_of(values, ends), places), ends
    except TooLongError:
        raise HierarchyError.too_long(column) from None
    except ValueError:
        kind = f"values of type {values.inferred_type}"
        raise HierarchyError.column_type(column, "numbers", kind) from None


def _with_ends(counts: NDArray[Any], ends: NDArray[np.int64], all_else: list[int]) -> NDArray[Any]:
    """Put infinite values one step outside of everything else."""
    below = min(int(counts.min()), *all_else) - 1
    above = max(int(counts.max()), *all_else) + 1
    answer = counts.astype(object)
    answer[ends < 0], answer[ends > 0] = below, above
    return answer


def _are_whole(values: pd.Index) -> bool:
    """Whether a column is of whole numbers, by its type; where Python objects are kept, by that of each."""
    if values.dtype != object:
        return getattr(values.dtype, "kind", "") in "biu"
    return all(isinstance(value, Integral) for value in values)


def _tails(steps: Sequence[Any], lower: int | None, upper: int | None) -> tuple[int | None, int | None]:
    """Return from where on values are one at every level."""
    if any(not isinstance(step, list) for step in steps):
        return lower, upper
    return min(step[0] for step in steps), max(step[-1] for step in steps)


def _domain(
    counts: NDArray[Any], bounds: tuple[int | None, int | None], tails: tuple[int | None, int | None], one: int
) -> tuple[int, int]:
    """Return the range that a loss is measured against: that of the values, and of the bounds where these are given.

    Beyond the bounds it goes on by at most the range between them: one outlier, that the last group holds anyway, does
    not make all other intervals count for nothing.
    """
    low, high = (int(counts.min()), int(counts.max()) + one) if len(counts) else (0, 1)
    lower, upper = bounds
    low = low if lower is None else min(low, lower)
    high = high if upper is None else max(high, upper)
    first, last = tails
    span = (high if last is None else last) - (low if first is None else first)
    if first is not None and span > 0:
        low = max(low, first - span)
    if last is not None and span > 0:
        high = min(high, last + span)
    return low, max(high, low + max(one, 1))


def interval_steps(
    widths: Sequence[Any], edges: Sequence[Sequence[Any]] | None
) -> tuple[Number | tuple[Number, ...], ...]:
    """Return the levels' widths or edges, checked: positive, ascending. Infinite edges are open ends, as all ends are.

    Raises
    ------
    ValueError, TypeError
    """
    if edges is None:
        steps = [_number(width) for width in widths]
        if any(decimal(step) <= 0 for step in steps):
            raise ValueError("widths")
        return tuple(steps)
    levels = []
    for level in edges:
        given = list(level)
        given = given[1:] if given and end_of(given[0]) < 0 else given
        given = given[:-1] if given and end_of(given[-1]) > 0 else given
        numbers = tuple(_number(edge) for edge in given)
        if len(level) < 2 or not numbers or any(decimal(a) >= decimal(b) for a, b in pairwise(numbers)):
            raise ValueError("edges")
        levels.append(numbers)
    return tuple(levels)


def bound_of(value: Any) -> Number | None:
    """Return a bound of intervals; None for none, and for an infinite one.

    Raises
    ------
    ValueError, TypeError
    """
    return None if value is None or end_of(value) else _number(value)


def _number(value: Any) -> Number:
    number = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        raise TypeError("number")
    decimal(number)
    return number


def cell_of(value: Any, degrees: Number) -> str:
    """Return the name of the cell, `degrees` wide, in which a coordinate lies.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> cell_of(47.37, 0.5), cell_of(-0.04, 0.1), cell_of(0.3, 0.1)
    ('47.0 to 47.5', '-0.1 to 0.0', '0.3 to 0.4')
    """
    number, width = Decimals.of([value]), Decimals.of([degrees])
    places = max(number.places, width.places)
    step = int(width.at(places).counts[0])
    low = int(number.at(places).counts[0]) // step * step
    return f"{shown(low, places, fixed=width.places)} to {shown(low + step, places, fixed=width.places)}"
