"""Facts of a column, and of combinations of columns, that an engine tells in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sys import float_info
from typing import TYPE_CHECKING

import narwhals as nw

from privkit.tally.cells.kind import FLOAT, INTEGER, UNSIGNED, WIDE
from privkit.tally.engines.native import untold

if TYPE_CHECKING:
    from privkit.tally.cells.cells import Cells
    from privkit.tally.engines.lazy import LazyEngine

_ROWS, _PART = "__privkit_rows", "__privkit_part"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the groups of one column's values are like.

    Attributes
    ----------
    rows, missing : int
        Rows, and those without a value.
    distinct, singles : int
        Groups, and those of one row; missing is one group.
    together : float
        Σ c (c - 1) over the groups, exact below 2**53.
    whole : bool
        Whether the column holds whole numbers alone.
    """

    rows: int
    missing: int
    distinct: int
    singles: int
    together: float
    whole: bool


def figures(engine: LazyEngine, name: str) -> Figures:
    """Return the figures of a column's groups: one row is fetched.

    Raises
    ------
    FrameError, EngineError
    """
    own, rows = nw.col(name), nw.col(_ROWS)
    wide = rows.cast(nw.Float64)
    is_float = engine.columns[name].kind.name == FLOAT
    with untold(engine.function):
        grouped = engine.groups((name,)).with_columns(
            _one(own.is_null(), rows).alias("missing"),
            _one(rows == 1, nw.lit(1)).alias("singles"),
            (wide * (wide - 1)).alias("together"),
            (_one(~_whole(engine, own), nw.lit(1)) if is_float else nw.lit(0)).alias("broken"),
        )
        told = grouped.select(
            rows.sum().alias("rows"),
            nw.len().alias("distinct"),
            *(nw.col(each).sum() for each in ("missing", "singles", "together", "broken")),
        )
    row = engine.one_row(told)
    counts = {each: int(row[each] or 0) for each in ("rows", "distinct", "missing", "singles", "broken")}
    whole = _is_whole(engine, name) or (is_float and not counts["broken"])
    return Figures(
        counts["rows"], counts["missing"], counts["distinct"], counts["singles"], float(row["together"] or 0), whole
    )


def _one(where: nw.Expr, value: nw.Expr) -> nw.Expr:
    return nw.when(where).then(value).otherwise(nw.lit(0))


def _whole(engine: LazyEngine, own: nw.Expr) -> nw.Expr:
    """Return whether a plain float is a whole number, or missing; infinity is none.

    Engines round down by a cast to 64 bits that may raise: only numbers that fit are rounded. Larger ones are whole.
    """
    real = engine.native.real
    finite = (own >= real(-float_info.max)) & (own <= real(float_info.max))
    fits = (own > real(-(2.0**53))) & (own < real(2.0**53))
    small = nw.when(fits).then(own).otherwise(real(0.0))
    return own.is_null() | (finite & (small == small.floor()))


def _is_whole(engine: LazyEngine, name: str) -> bool:
    column = engine.columns[name]
    return column.kind.name in (INTEGER, UNSIGNED) or (
        column.kind.name == WIDE and getattr(column.arrow, "scale", 1) == 0
    )


def singles(engine: LazyEngine, columns: Sequence[str]) -> int:
    """Count the rows that are alone by some columns; one number is fetched.

    Raises
    ------
    FrameError, EngineError
    """
    if not columns:
        return int(engine.n_rows() == 1)
    with untold(engine.function):
        told = engine.groups(columns).filter(nw.col(_ROWS) == 1).select(nw.len().alias("singles"))
    return int(engine.one_row(told)["singles"])


def sampled(engine: LazyEngine, name: str, distinct: int, most: int) -> Cells:
    """Fetch about `most` of a column's `distinct` values, at most twice as many, missing left out.

    Where there are more, those whose hash in the engine says so: the same ones each time, whatever the rows' order.

    Raises
    ------
    FrameError, EngineError
    """
    with untold(engine.function):
        frame = engine.groups((name,)).select(name).filter(~nw.col(name).is_null())
        if distinct > most:
            marked = engine.native.in_parts(frame.to_native(), name, _PART, -(-distinct // most))
            frame = nw.from_native(marked).filter(nw.col(_PART) == 0).select(name).head(2 * most)
    return engine.fetched(frame, (name,))[name]
