"""New columns for old ones in the engine: rows stay there, and the classes that were fetched say what becomes of them.

Every column that is looked at is joined to a small table value → code, and the codes to a small table of the classes
that are kept. So equality is that of plain columns, as in `privkit.tally.engines.native`; missing, which equals nothing
in a join, has a code of its own. A row of a value or of a class that the search did not see, since the engine's data
changed in between, is joined to nothing.

Facts of a column, and of combinations of columns, that an engine tells in a few numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from sys import float_info
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.cells.cells import FLOAT, INTEGER, UNSIGNED, WIDE
from privkit.tally.engines.native import WORDED, refuse_names, untold

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Cells
    from privkit.tally.engines.lazy import LazyEngine

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Mapped:
    """A column whose values have codes.

    Attributes
    ----------
    name : str
    codes : array of int64
        The code of each class that was fetched, from 0; equal values have equal codes.
    labels : list, optional
        What stands in place of the values, by code; None is missing. Without it the column stays as it is.
    """

    name: str
    codes: Ints
    labels: list[Any] | None = None


@dataclass(frozen=True, eq=False)
class Kept:
    """The classes whose rows are kept.

    Attributes
    ----------
    codes : array of int64, shape (n_kept, n_columns)
        Their codes, each combination once.
    labels : dict
        Of some columns: what stands in place of the values, by class.
    """

    codes: Ints
    labels: Mapping[str, list[Any]] = field(default_factory=dict)


def recoded(engine: LazyEngine, came: pa.Table, mapped: Sequence[Mapped], kept: Kept | None = None) -> Any:
    """Return the engine's own frame with other values in some columns, and without the rows that are not kept.

    Nothing is run. Rows whose value has no code become missing where all rows are kept, and else are left out.

    Parameters
    ----------
    engine : LazyEngine
    came : pyarrow.Table
        The classes as they came (`LazyEngine.plain_classes`), to which the codes of `mapped` belong.
    mapped : sequence of Mapped
    kept : Kept, optional
        By default all rows.
    """
    refuse_names(engine.native, list(engine.columns))  # they all come along
    names = _Names(list(engine.columns))
    with untold():
        frame = _coded(engine, came, mapped, names)
        if kept is not None:
            frame = frame.join(
                _sent(engine, _kept_table(mapped, kept, names)),
                how="inner",
                left_on=[names.code(place) for place in range(len(mapped))],
                right_on=[names.kept(place) for place in range(len(mapped))],
            )
        new = {each.name: names.label(place) for place, each in enumerate(mapped) if each.labels is not None}
        new |= {name: names.new(place) for place, name in enumerate(kept.labels if kept is not None else ())}
        return frame.select(*(nw.col(new.get(name, name)).alias(name) for name in engine.columns)).to_native()


class _Names:
    """Names of columns that no column of the frame has, in whatever letters."""

    def __init__(self, taken: Sequence[str]) -> None:
        self.start = "__privkit"
        while any(name.casefold().startswith(self.start) for name in taken):
            self.start += "_"

    def key(self, place: int) -> str:
        return f"{self.start}_key_{place}"

    def value(self, place: int) -> str:
        return f"{self.start}_value_{place}"

    def code(self, place: int) -> str:
        return f"{self.start}_code_{place}"

    def label(self, place: int) -> str:
        return f"{self.start}_label_{place}"

    def kept(self, place: int) -> str:
        return f"{self.start}_kept_{place}"

    def new(self, place: int) -> str:
        return f"{self.start}_new_{place}"


def _coded(engine: LazyEngine, came: pa.Table, mapped: Sequence[Mapped], names: _Names) -> nw.LazyFrame[Any]:
    """Return the frame with a code, and where there are labels a label, for each mapped column."""
    import pyarrow as pa

    own = {names.key(place): (each.name, engine.columns[each.name]) for place, each in enumerate(mapped)}
    frame: nw.LazyFrame[Any] = nw.from_native(engine.native.joined(engine.frame.to_native(), own))
    by_text = {key for key, (_, column) in own.items() if column.form == WORDED}  # they travelled as texts
    if not engine.native.joins_decimals:
        by_text |= {key for key, (_, column) in own.items() if pa.types.is_decimal(column.arrow)}
    if by_text:
        frame = frame.with_columns(*(nw.col(key).cast(nw.String) for key in sorted(by_text)))
    for place, each in enumerate(mapped):
        key, code, label = nw.col(names.key(place)), names.code(place), names.label(place)
        table, missing = _value_table(came.column(each.name), each, names, place)
        sent = _sent(engine, table)
        if names.key(place) in by_text:
            sent = sent.with_columns(nw.col(names.value(place)).cast(nw.String))
        frame = frame.join(sent, how="left", left_on=names.key(place), right_on=names.value(place))
        if missing is None:
            continue
        more = [nw.when(key.is_null()).then(nw.lit(missing)).otherwise(nw.col(code)).alias(code)]
        if each.labels is not None and each.labels[missing] is not None:
            told = nw.lit(_labels(each.labels)[missing].as_py())
            more.append(nw.when(key.is_null()).then(told).otherwise(nw.col(label)).alias(label))
        frame = frame.with_columns(*more)
    return frame


def _value_table(values: pa.ChunkedArray, each: Mapped, names: _Names, place: int) -> tuple[pa.Table, int | None]:
    """Return each value with its code (and label), and the code of missing where it occurs."""
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = np.asarray(pc.is_null(values))
    missing = int(each.codes[absent][0]) if absent.any() else None
    value, code = names.value(place), names.code(place)
    known = pa.table({value: values, code: pa.array(each.codes)}).filter(pa.array(~absent))
    distinct = known.group_by([value, code]).aggregate([])
    if each.labels is not None:
        distinct = distinct.append_column(names.label(place), _labels(each.labels).take(distinct.column(code)))
    return distinct, missing


def _kept_table(mapped: Sequence[Mapped], kept: Kept, names: _Names) -> pa.Table:
    import pyarrow as pa

    columns = {names.kept(place): pa.array(kept.codes[:, place]) for place in range(len(mapped))}
    return pa.table(columns | {names.new(place): _labels(found) for place, found in enumerate(kept.labels.values())})


def _sent(engine: LazyEngine, table: pa.Table) -> nw.LazyFrame[Any]:
    found: nw.LazyFrame[Any] = nw.from_native(engine.native.sent(engine.frame.to_native(), table))
    return found


def _labels(labels: Sequence[Any]) -> pa.Array:
    """Return labels as Arrow: whole numbers and floats where all are, else text."""
    import pyarrow as pa

    kinds = {type(label) for label in labels if label is not None}
    if kinds == {int} and all(label is None or -(2**63) <= label < 2**63 for label in labels):
        return pa.array(labels, type=pa.int64())
    if kinds == {float}:
        return pa.array(labels, type=pa.float64())
    return pa.array([None if label is None else str(label) for label in labels], type=pa.string())


_ROWS, _PART = "__privkit_rows", "__privkit_part"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the groups of one column's values are like.

    Attributes
    ----------
    rows, missing : int
        Rows, and those without a value.
    distinct : int
        Groups; missing is one of them.
    spread : tuple of int
        Groups whose rows lie in each of some bands.
    together : float
        Σ c (c - 1) over the groups, exact below 2**53.
    whole : bool
        Whether the column holds whole numbers alone.
    """

    rows: int
    missing: int
    distinct: int
    spread: tuple[int, ...]
    together: float
    whole: bool


def figures(engine: LazyEngine, name: str, bands: Sequence[int]) -> Figures:
    """Return the figures of a column's groups: one row is fetched.

    Parameters
    ----------
    engine : LazyEngine
    name : str
    bands : sequence of int
        The rows at which each band of groups begins, ascending from 1.

    Raises
    ------
    FrameError, EngineError
    """
    own, rows = nw.col(name), nw.col(_ROWS)
    wide = rows.cast(nw.Float64)
    is_float = engine.columns[name].kind.name == FLOAT
    band = {f"band_{low}": rows >= low for low in bands}
    with untold():
        grouped = engine.groups((name,)).with_columns(
            _one(own.is_null(), rows).alias("missing"),
            *(_one(reached, nw.lit(1)).alias(key) for key, reached in band.items()),
            (wide * (wide - 1)).alias("together"),
            (_one(~_whole(engine, own), nw.lit(1)) if is_float else nw.lit(0)).alias("broken"),
        )
        told = grouped.select(
            rows.sum().alias("rows"),
            nw.len().alias("distinct"),
            *(nw.col(each).sum() for each in ("missing", *band, "together", "broken")),
        )
    row = engine.one_row(told)
    counts = {each: int(row[each] or 0) for each in ("rows", "distinct", "missing", "broken", *band)}
    reached = [*(counts[key] for key in band), 0]
    whole = _is_whole(engine, name) or (is_float and not counts["broken"])
    spread = tuple(more - fewer for more, fewer in pairwise(reached))
    return Figures(counts["rows"], counts["missing"], counts["distinct"], spread, float(row["together"] or 0), whole)


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
    with untold():
        told = engine.groups(columns).filter(nw.col(_ROWS) == 1).select(nw.len().alias("singles"))
    return int(engine.one_row(told)["singles"])


def combinations(engine: LazyEngine, columns: Sequence[str]) -> int:
    """Count the different combinations of some columns, missing as a value; one number is fetched.

    Raises
    ------
    FrameError, EngineError
    """
    with untold():
        told = engine.groups(columns).select(nw.len().alias("combinations"))
    return int(engine.one_row(told)["combinations"])


def sampled(engine: LazyEngine, name: str, distinct: int, most: int) -> Cells:
    """Fetch about `most` of a column's `distinct` values, at most twice as many, missing left out.

    Where there are more, those whose hash in the engine says so: the same ones each time, whatever the rows' order.

    Raises
    ------
    FrameError, EngineError
    """
    with untold():
        frame = engine.groups((name,)).select(name).filter(~nw.col(name).is_null())
        if distinct > most:
            marked = engine.native.in_parts(frame.to_native(), name, _PART, -(-distinct // most))
            frame = nw.from_native(marked).filter(nw.col(_PART) == 0).select(name).head(2 * most)
    return engine.fetched(frame, (name,))[name]
