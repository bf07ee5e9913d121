"""Hierarchies given as rules, total by construction: redaction, dates, rare values, places, intervals of fixed edges.

And the rule that is proposed for a column, from its type and range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.transform.hierarchies.ladder import STAR, Level, text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_PERIODS = ("day", "week", "month", "quarter", "year", "decade")


def grouped(name: str, labels: Sequence[Any], shown: Callable[[Any], Any] = lambda label: label) -> Level:
    """Return a level from one label per value; the share is that of the distinct values."""
    ordered = sorted(set(labels))
    place = {label: number for number, label in enumerate(ordered)}
    codes = np.array([place[label] for label in labels], dtype=np.int64)
    shares = np.bincount(codes, minlength=len(ordered)) / max(len(labels), 1)
    return Level(name, codes, [shown(label) for label in ordered], shares)


def top(n_values: int) -> Level:
    """Return the level at which all values are one."""
    return Level(STAR, np.zeros(n_values, dtype=np.int64), [STAR], np.ones(1))


@dataclass(frozen=True)
class Redact:
    """Characters of a code hidden one after the other, from one end."""

    side: str = "right"
    char: str = "*"
    step: int = 1
    length: int | None = None

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Hide `step` more characters at each level."""
        texts = [text(value) for value in values]
        length = self.length or max((len(entry) for entry in texts), default=1)
        hidden = range(self.step, length, self.step)
        levels = [grouped(f"{count} hidden", [self._hide(entry, count) for entry in texts]) for count in hidden]
        return [*levels, top(len(texts))], 1 / max(len(texts), 1)

    def _hide(self, entry: str, count: int) -> str:
        count = min(count, len(entry))
        stars = self.char * count
        return entry[: len(entry) - count] + stars if self.side == "right" else stars + entry[count:]

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", f"{self.step} more hidden from the {self.side} at each level", STAR]


@dataclass(frozen=True)
class Dates:
    """Points in time by ever longer periods."""

    periods: tuple[str, ...] = ("day", "month", "quarter", "year", "decade")

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Name the period of each value; ISO weeks nest in no month, which the search takes into account."""
        import pandas as pd

        try:
            times = pd.DatetimeIndex(pd.to_datetime(pd.Series(values, dtype=None)))
        except (ValueError, TypeError):  # its text may hold a value
            kind = f"values of type {values.inferred_type}"
            raise HierarchyError.column_type(column, "dates (pd.to_datetime)", kind) from None
        levels = [grouped(period, _period_labels(times, period)) for period in self.periods]
        return [*levels, top(len(times))], 1 / max(len(times), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", *self.periods, STAR]


def _period_labels(times: pd.DatetimeIndex, period: str) -> list[str]:
    if period == "day":
        return times.strftime("%Y-%m-%d").tolist()
    if period == "week":
        parts = times.isocalendar()
        return [f"{year:04d}-W{week:02d}" for year, week in zip(parts["year"], parts["week"], strict=True)]
    if period == "month":
        return times.strftime("%Y-%m").tolist()
    if period == "quarter":
        return [f"{year:04d}-Q{quarter}" for year, quarter in zip(times.year, times.quarter, strict=True)]
    if period == "year":
        return [f"{year:04d}" for year in times.year]
    return [f"{year // 10 * 10:04d}s" for year in times.year]


@dataclass(frozen=True)
class Rare:
    """Values with few rows become one. It looks at counts, so it belongs to the exact side only."""

    other: str
    below: int

    def levels(self, values: pd.Index, column: str, counts: Sequence[int] | None = None) -> tuple[list[Level], float]:
        """Put the values with fewer than `below` rows into one group."""
        counts = counts if counts is not None else [self.below] * len(values)
        labels = [
            self.other if count < self.below else text(value) for value, count in zip(values, counts, strict=True)
        ]
        return [grouped("rare", labels), top(len(values))], 1 / max(len(values), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", f"values with fewer than {self.below} rows: {self.other}", STAR]


@dataclass(frozen=True)
class Function:
    """Levels from functions of a value, each coarser than the one before."""

    steps: tuple[tuple[str, Callable[[Any], Any]], ...]

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Apply each function to the distinct values."""
        levels = [grouped(name, [step(value) for value in values]) for name, step in self.steps]
        return [*levels, top(len(values))], 1 / max(len(values), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", *[name for name, _ in self.steps], STAR]


def grid_cell(degrees: float) -> Callable[[Any], str]:
    """Return the function that names the cell, `degrees` wide, in which a coordinate lies.

    Examples
    --------
    >>> grid_cell(0.5)(47.37), grid_cell(0.1)(-0.04)
    ('47.0 to 47.5', '-0.1 to 0.0')
    """
    places = max(
        0,
        -int(np.floor(np.log10(degrees)))
        + (0 if np.isclose(degrees * 10 ** -np.floor(np.log10(degrees)) % 1, 0) else 1),
    )

    def cell(value: Any) -> str:
        # Rounding first keeps 0.3 in the cell that starts at 0.3.
        low = np.floor(np.round(float(value) / degrees, 9)) * degrees
        return f"{low + 0.0:.{places}f} to {low + degrees:.{places}f}"

    return cell


@dataclass(frozen=True)
class Intervals:
    """Half-open intervals [a, b), by a width or by edges at each level.

    Attributes
    ----------
    steps : tuple of float or of tuple of float
        A width, or the edges, of each level.
    lower, upper : float or None
        Values below or from there on are coded as one group each (bottom and top coding).
    """

    steps: tuple[float | tuple[float, ...], ...]
    lower: float | None = None
    upper: float | None = None

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Cut the values at each level's edges."""
        numbers = _numbers(values, column)
        whole = bool(len(numbers)) and bool((numbers == np.floor(numbers)).all()) and self._whole()
        low, high = self._domain(numbers, whole)
        size = max(high - low, 1e-300)
        levels = [self._level(step, numbers, low, high, whole) for step in self.steps]
        return [*levels, top(len(numbers))], (1 / size if whole else 0.0)

    def describe(self) -> list[str]:
        """Return one line per level."""
        names = [
            f"{len(step) - 1} intervals" if isinstance(step, tuple) else f"width {step:.12g}" for step in self.steps
        ]
        return ["value", *names, STAR]

    def _whole(self) -> bool:
        edges = [edge for step in self.steps for edge in (step if isinstance(step, tuple) else (step,))]
        return all(float(edge).is_integer() for edge in [*edges, self.lower or 0, self.upper or 0])

    def _domain(self, numbers: NDArray[np.float64], whole: bool) -> tuple[float, float]:
        low, high = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 1.0)
        high += 1 if whole else 0
        low = min(low, self.lower) if self.lower is not None else low
        high = max(high, self.upper) if self.upper is not None else high
        return low, high if high > low else max(low + 1, float(np.nextafter(low, np.inf)))

    def _level(
        self, step: float | tuple[float, ...], numbers: NDArray[np.float64], low: float, high: float, whole: bool
    ) -> Level:
        if isinstance(step, tuple):
            edges, name = np.array(step, dtype=np.float64), f"{len(step) - 1} intervals"
        else:
            edges, name = self._edges(step, low, high), f"width {step:.12g}"
        place = np.searchsorted(edges, numbers, side="right")  # 0: below the first edge; len: from the last on
        bounds = np.concatenate(([min(low, edges[0])], edges, [max(high, edges[-1])]))
        present = np.unique(place)
        codes = np.searchsorted(present, place).astype(np.int64)
        widths = np.clip(np.minimum(bounds[present + 1], high) - np.maximum(bounds[present], low), 0, None)
        floor = 1 / (high - low) if whole else 1e-12
        shares = np.clip(widths / (high - low), floor, 1.0)
        return Level(name, codes, [_label(edges, spot, whole) for spot in present], shares)

    def _edges(self, width: float, low: float, high: float) -> NDArray[np.float64]:
        start = self.lower if self.lower is not None else math.floor(low / width) * width
        end = self.upper if self.upper is not None else high
        count = max(1, math.ceil(round((end - start) / width, 9)))
        edges = start + width * np.arange(count + 1, dtype=np.float64)
        if self.upper is not None:
            edges[-1] = self.upper
        return edges


def _numbers(values: pd.Index, column: str) -> NDArray[np.float64]:
    try:
        return np.asarray([float(value) for value in values], dtype=np.float64)
    except (ValueError, TypeError):  # its text may hold a value
        kind = f"values of type {values.inferred_type}"
        raise HierarchyError.column_type(column, "numbers", kind) from None


def _label(edges: NDArray[np.float64], place: int, whole: bool) -> str:
    if place == 0:
        return f"< {edges[0]:.12g}"
    if place == len(edges):
        return f">= {edges[-1]:.12g}"
    low, high = edges[place - 1], edges[place]
    if not whole:
        return f"[{low:.12g}, {high:.12g})"
    return f"{low:.0f}" if high - low == 1 else f"{low:.0f}-{high - 1:.0f}"


def interval_steps(
    widths: Sequence[Any], edges: Sequence[Sequence[float]] | None
) -> tuple[float | tuple[float, ...], ...]:
    """Return the levels' widths or edges, checked: positive, ascending."""
    steps = (
        [tuple(float(edge) for edge in level) for level in edges] if edges is not None else [float(w) for w in widths]
    )
    for step in steps:
        if isinstance(step, tuple):
            if len(step) < 2 or any(a >= b for a, b in pairwise(step)):
                raise ValueError("edges")
        elif not (math.isfinite(step) and step > 0):
            raise ValueError("widths")
    return tuple(steps)


#: Up to so many different values, numbers and codes are taken for categories.
_FEW = 12


def proposal(column: pd.Series) -> tuple[Dates | Function | Intervals | Redact, str]:
    """Return a rule for a column by its type and range, and a note that says which and why.

    Intervals for numbers, periods for dates, redaction for codes of one length, else keep-or-star.

    Examples
    --------
    >>> import pandas as pd
    >>> proposal(pd.Series(["8004", "8051", "3012"], name="zip"))[1]
    'Proposed from the type of zip: text of one length; hides one character more at each level.'
    """
    rule, why = _proposed(column)
    return rule, f"Proposed from the type of {column.name}: {why}."


def _proposed(column: pd.Series) -> tuple[Dates | Function | Intervals | Redact, str]:
    import pandas as pd

    values, dtype = column.dropna(), column.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return Function(()), "yes or no; keeps the value or hides it"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return Dates(), "dates; day, month, quarter, year, decade"
    if pd.api.types.is_numeric_dtype(dtype) and values.nunique() > _FEW:
        widths = _widths(float(values.max()) - float(values.min()))
        shown = ", ".join(f"{width:g}" for width in widths)
        return Intervals(interval_steps(widths, None)), f"numbers; intervals of width {shown}"
    if pd.api.types.is_string_dtype(dtype) and len(values):
        texts = values.astype(str)
        first, even = len(texts.iloc[0]), texts.str.len().nunique() == 1
        many = values.nunique() > _FEW and first <= 12 and texts.str.isalnum().all()
        if first > 1 and even and (many or texts.str.fullmatch(r"[0-9]+").all()):
            return Redact(), "text of one length; hides one character more at each level"
    return Function(()), "categories; keeps the value or hides it"


def _widths(span: float) -> list[float]:
    """Return about four nested widths, from a twentieth of the span up to about half of it."""
    if not (span > 0 and math.isfinite(span)):
        return [1.0]
    scale = 10 ** math.floor(math.log10(span / 20))
    width = next(step * scale for step in (1, 2, 5, 10) if step * scale >= span / 20)
    widths = [width]
    while widths[-1] * 2 < span:
        widths.append(widths[-1] * 2)
    return widths
