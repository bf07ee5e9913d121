"""Cells and blocks of a sheet in words: what Markdown and JSON hold of them."""

from __future__ import annotations

from functools import singledispatch
from numbers import Real
from typing import Any

from privkit.values.writing import amount_shown, ends, to_error
from privkit.view.parts.sheet import (
    Between,
    Budget,
    Chip,
    Code,
    Counted,
    Drawn,
    Folded,
    Hinted,
    Meter,
    Name,
    Pile,
    Share,
    Spread,
    Stacked,
    Verdict,
)
from privkit.view.parts.words import number, percent


@singledispatch
def words(found: object) -> str:
    """Return a cell, or a block that is no table, in words.

    Examples
    --------
    >>> words(Share(1, 4)), words(Verdict(False, "falls short")), words(None), words(1234)
    ('25.0 %', '✗ falls short', '', '1,234')
    """
    return "" if found is None else str(found)


@words.register(Real)
def _number(found: Any) -> str:
    return number(found)


@words.register
def _share(found: Share) -> str:
    return percent(found.part, found.whole)


@words.register
def _meter(found: Meter) -> str:
    return found.label


@words.register
def _counted(found: Counted) -> str:
    return f"{number(found.count)} ({percent(found.count, found.whole)})"


@words.register
def _between(found: Between) -> str:
    said = percent if found.shares else number
    return f"{said(found.low)} to {said(found.high)}"


@words.register
def _drawn(found: Drawn) -> str:
    low, high = ends(found.lower, found.upper)
    return f"{to_error(found.value, (found.upper - found.lower) / 2)} ({low} to {high})"


@words.register(Name)
@words.register(Code)
@words.register(Hinted)
@words.register(Chip)
def _text(found: Name | Code | Hinted | Chip) -> str:
    return found.text


@words.register
def _spread(found: Spread) -> str:
    return found.words


@words.register
def _folded(found: Folded) -> str:
    return "; ".join([found.text, *found.reasons])


@words.register
def _pile(found: Pile) -> str:
    """Return what stands below each other; a bar says what stands beside it."""
    return ", ".join(filter(None, (words(cell) for cell in found.cells if not isinstance(cell, Meter))))


@words.register
def _stacked(found: Stacked) -> str:
    return "; ".join(found.lines)


@words.register
def _verdict(found: Verdict) -> str:
    sign = "–" if found.met is None else "✓" if found.met else "✗"
    return f"{sign} {found.text}"


@words.register
def _budget(found: Budget) -> str:
    spent, reserved, left, budget = map(amount_shown, (found.spent, found.reserved, found.left, found.budget))
    return f"{found.symbol}: {spent} spent, {reserved} reserved, {left} left of {budget}"
