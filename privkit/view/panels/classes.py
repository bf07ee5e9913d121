"""What panels show of classes: their sizes with a line that moves, and what each column contributes to those below."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.class_values import coarser
from privkit.view.html import block
from privkit.view.panels.base import WIDTH, box, drawing, line, words
from privkit.view.parts.markup import Markup, note, tag
from privkit.view.parts.sheet import Meter, Row, Table
from privkit.view.parts.words import label, number, percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally

#: Where bars begin; the last one that is needed holds all that is larger.
_EDGES = (1, 2, 3, 4, 5, 6, 8, 11, 16, 21, 51, 101, 1001, 10_001)
#: More bars than this have smaller words.
_ROOMY = 9
_LEFT, _RIGHT, _TOP, _BOTTOM = 12, WIDTH - 12, 26, 150


@dataclass(frozen=True, eq=False)
class Sizes:
    """Class sizes in order, so that any line through them is told at once.

    Attributes
    ----------
    counts, rows : arrays of int64, shape (n_classes,)
        What a class is measured in, ascending; and its rows.
    """

    counts: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, counts: NDArray[np.int64], rows: NDArray[np.int64]) -> Sizes:
        """Return the sizes in ascending order of `counts`."""
        order = np.argsort(counts, kind="stable")
        return cls(counts[order], rows[order])

    @cached_property
    def _until(self) -> NDArray[np.int64]:
        return np.concatenate(([0], np.cumsum(self.rows)))

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self._until[-1])

    @property
    def smallest(self) -> int:
        """The size of the smallest class; 0 where there are none."""
        return int(self.counts[0]) if len(self.counts) else 0

    @property
    def largest(self) -> int:
        """The size of the largest class; 0 where there are none."""
        return int(self.counts[-1]) if len(self.counts) else 0

    def classes_below(self, k: float) -> int:
        """Return how many classes are smaller than `k`."""
        return int(np.searchsorted(self.counts, k, side="left"))

    def rows_below(self, k: float) -> int:
        """Return how many rows are in classes smaller than `k`."""
        return int(self._until[self.classes_below(k)])

    @cached_property
    def edges(self) -> list[int]:
        """Where the bars begin, and after them where the last one ends."""
        begins = [edge for edge in _EDGES if edge <= max(self.largest, 1)]
        return [*begins, max(self.largest, begins[-1]) + 1]


def histogram(sizes: Sizes, k: float, sign: str, unit: str = "class size (rows)") -> Markup:
    """Return the rows by the size of their class, with a line at `k`: what stands left of it is pale and outlined."""
    edges = sizes.edges
    bars = list(itertools.pairwise(edges))
    rows = [sizes.rows_below(high) - sizes.rows_below(low) for low, high in bars]
    short = [max(min(sizes.rows_below(k), sizes.rows_below(high)) - sizes.rows_below(low), 0) for low, high in bars]
    wide, top = (_RIGHT - _LEFT) / len(bars), max([*rows, 1])
    small = len(bars) > _ROOMY
    shapes = [line("pk-axis", (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM))]
    for place, ((low, high), total, under) in enumerate(zip(bars, rows, short, strict=True)):
        x, tall = _LEFT + place * wide + 3, (_BOTTOM - _TOP) / top
        shapes += [
            box("pk-under", x, _BOTTOM - under * tall, wide - 6, under * tall) if under else Markup(),
            box("pk-fill", x, _BOTTOM - total * tall, wide - 6, (total - under) * tall),
            words(x + wide / 2 - 3, _BOTTOM + 14, _range(low, high, last=place == len(bars) - 1), small=small),
        ]
        if total:
            above = _BOTTOM - total * tall - 3
            shapes.append(words(x + wide / 2 - 3, above, percent(total, sizes.n_rows), small=small))
    at = _LEFT + wide * float(np.interp(k, edges, range(len(edges))))
    shapes += [line("pk-limit", (at, _TOP - 8), (at, _BOTTOM)), _signed(at, sign), words(WIDTH / 2, _BOTTOM + 30, unit)]
    told = f"{number(sizes.rows_below(k))} of {number(sizes.n_rows)} rows are left of the line at {sign}"
    return drawing(f"rows by class size: {told}", *shapes, height=_BOTTOM + 36)


def _signed(at: float, sign: str) -> Markup:
    """Write what the line stands for beside it, where there is room."""
    right = at < WIDTH / 2
    return words(at + (4 if right else -4), _TOP - 10, sign, "start" if right else "end")


def _range(low: int, high: int, *, last: bool) -> str:
    """Return which sizes a bar stands for, in six letters at most.

    Examples
    --------
    >>> _range(5, 6, last=False), _range(101, 1001, last=False), _range(1001, 1463, last=True)
    ('5', '101–1k', '1k+')
    """

    def short(size: int) -> str:
        return str(size) if size < 1000 else f"{size // 1000}k"

    if low + 1 == high:
        return short(low) if low < 1000 else number(low)
    return f"{short(low)}+" if last else f"{short(low)}–{short(high - 1)}"


_PERSONS = "What each column contributes is counted for rows, and here classes are measured in persons."


@dataclass(frozen=True, slots=True)
class Share:
    """One column's part in the rows that fall short of a class size k.

    Attributes
    ----------
    column : str
    alone : int
        Rows that fall short by this column alone.
    without : int
        Rows that fall short by all the other columns.
    contribution : int
        Rows that fall short with the column, and would not without it.
    """

    column: str
    alone: int
    without: int
    contribution: int


class Columns:
    """The columns of a tally, and what each contributes at any k."""

    def __init__(self, tally: Tally, function: str) -> None:
        self.counted = tally.persons is None
        if not self.counted:
            return
        found = coarser(tally, function=function)
        self._all = Sizes.of(tally.sizes, tally.sizes)
        self._alone = {name: Sizes.of(sizes, sizes) for name, sizes in found.alone.items()}
        self._without = {name: Sizes.of(sizes, sizes) for name, sizes in found.without.items()}

    def shares(self, k: int) -> list[Share]:
        """Return each column's part, the largest contribution first; empty where classes are measured in persons.

        Merging classes only makes them larger, so no row falls short without a column that does not with it.
        """
        if not self.counted:
            return []
        short = self._all.rows_below(k)
        shares = [
            Share(name, self._alone[name].rows_below(k), without.rows_below(k), short - without.rows_below(k))
            for name, without in self._without.items()
        ]
        return sorted(shares, key=lambda share: -share.contribution)

    def html(self, k: int) -> Markup:
        """Return the table, or why there is none."""
        if not self.counted:
            return note(_PERSONS)
        short = self._all.rows_below(k)
        rows: list[Row] = [
            [
                label(share.column, 40),
                share.alone,
                share.without,
                f"{number(share.contribution)} ({percent(share.contribution, short)})",
                Meter(share.contribution / short if short else 0, _told(share, short), short=True),
            ]
            for share in self.shares(k)
        ]
        heads = ["column", "by it alone", "without it", "contribution", ""]
        caption = f"What each column contributes: rows in classes of fewer than {number(k)}"
        return tag("div", block(Table(heads, rows, caption)))

    def lines(self, k: int) -> list[str]:
        """Return the same as text."""
        if not self.counted:
            return [_PERSONS]
        short = self._all.rows_below(k)
        told = [f"  {_told(share, short)}" for share in self.shares(k)]
        return [f"What each column contributes: rows in classes of fewer than {number(k)}", *told]


def _told(share: Share, short: int) -> str:
    return (
        f"{label(share.column, 40)}: {number(share.contribution)} of {number(short)} "
        f"({percent(share.contribution, short)}); {number(share.alone)} by it alone, {number(share.without)} without it"
    )
