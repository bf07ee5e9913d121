"""What panels show of classes: their sizes with a line that moves, and what each column contributes to those below."""

from __future__ import annotations

import itertools

import numpy as np

from privkit.anonymity.class_sizes import Contribution, Contributions, Sizes
from privkit.view.html import block
from privkit.view.panels.base import WIDTH, box, drawing, line, words
from privkit.view.parts.markup import Markup, tag
from privkit.view.parts.sheet import Meter, Row, Table
from privkit.view.parts.words import label, number, percent

#: Where bars begin; the last one that is needed holds all that is larger.
_EDGES = (1, 2, 3, 4, 5, 6, 8, 11, 16, 21, 51, 101, 1001, 10_001)
#: More bars than this have smaller words.
_ROOMY = 9
_LEFT, _RIGHT, _TOP, _BOTTOM = 12, WIDTH - 12, 26, 150
#: Room for a bar's share between the highest bar and what the line stands for.
_ABOVE = 14


def histogram(sizes: Sizes, k: float, sign: str, unit: str = "class size (rows)", what: str = "rows") -> Markup:
    """Return the rows by the size of their class, with a line at `k`: what stands left of it is pale and outlined.

    `what` is counted: persons, each by the least of its classes, where `sizes` are of them.
    """
    begins = [edge for edge in _EDGES if edge <= max(sizes.largest, 1)]
    edges = [*begins, max(sizes.largest, begins[-1]) + 1]
    bars = list(itertools.pairwise(edges))
    rows = [sizes.rows_below(high) - sizes.rows_below(low) for low, high in bars]
    short = [max(min(sizes.rows_below(k), sizes.rows_below(high)) - sizes.rows_below(low), 0) for low, high in bars]
    wide, top = (_RIGHT - _LEFT) / len(bars), max([*rows, 1])
    small = len(bars) > _ROOMY
    shapes = [line("pk-axis", (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM))]
    for place, ((low, high), total, under) in enumerate(zip(bars, rows, short, strict=True)):
        x, tall = _LEFT + place * wide + 3, (_BOTTOM - _TOP - _ABOVE) / top
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
    told = f"{number(sizes.rows_below(k))} of {number(sizes.n_rows)} {what} are left of the line at {sign}"
    return drawing(f"{what} by class size: {told}", *shapes, height=_BOTTOM + 36)


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


def contributions(columns: Contributions, k: int) -> Markup:
    """Return what each column contributes to the classes below `k`."""
    short = columns.short(k)
    rows: list[Row] = [
        [
            label(share.column, 40),
            share.alone,
            share.without,
            f"{number(share.contribution)} ({percent(share.contribution, short)})",
            Meter(share.contribution / short if short else 0, _told(share, short), short=True),
        ]
        for share in columns.shares(k)
    ]
    heads = ["column", "by it alone", "without it", "contribution", ""]
    caption = f"What each column contributes: {columns.what} in classes of fewer than {number(k)}"
    return tag("div", block(Table(heads, rows, caption, fits=True)))


def contribution_lines(columns: Contributions, k: int) -> list[str]:
    """Return the same as text."""
    short = columns.short(k)
    told = [f"  {_told(share, short)}" for share in columns.shares(k)]
    return [f"What each column contributes: {columns.what} in classes of fewer than {number(k)}", *told]


def _told(share: Contribution, short: int) -> str:
    return (
        f"{label(share.column, 40)}: {number(share.contribution)} of {number(short)} "
        f"({percent(share.contribution, short)}); {number(share.alone)} by it alone, {number(share.without)} without it"
    )
