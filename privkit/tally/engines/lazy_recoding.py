"""New columns for old ones in the engine: rows stay there, and the classes that were fetched say what becomes of them.

Every column that is looked at is joined to a small table value → code, and the codes to a small table of the classes
that are kept. So equality is that of plain columns, as in `privkit.tally.engines.native`; missing, which equals nothing
in a join, has a code of its own. A row of a value or of a class that the search did not see, since the engine's data
changed in between, is joined to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.engines.native import WORDED, untold

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

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
    names = _Names(list(engine.columns))
    with untold(engine.function):
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
