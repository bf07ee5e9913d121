"""Persons and the places of their keys, of an engine that runs in this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.cells.cells import BOOLEAN, INTEGER, TEXT, UNSIGNED
from privkit.tally.cells.finding import typed
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.engines.native import grouped_by, untold

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.engines.native import Column
    from privkit.values.keys import Keys

_PLACE, _FIRST, _ROWS = "__privkit_part_place", "__privkit_part", "__privkit_rows"
#: The first part is this many times smaller than the others.
_SMALLER = 16
#: Pairs are grouped in the engine where there are fewer than this share of the rows.
_WORTH = 0.25

#: Persons, the place of each one's key, and how many rows each stands for; None for one.
Part = tuple["Table", "NDArray[np.int64]", "NDArray[np.int64] | None"]


def placed_persons(engine: object, person: str, keys: Keys | None) -> Iterator[Part] | None:
    """Return the persons of a lazy engine's rows and the places of their keys among public ones, in parts.

    All rows of a person are in one part; rows without a person or of no key are left out. Keys become places by a join
    in the engine, whose plain values are equal where the cells are. A small part is grouped to pairs of person and
    place there; it shows whether that saves rows. Where it does not, as pairs are nearly as many as rows, the other
    parts come row by row: sorting two whole numbers here costs less than their hash table there.

    Returns
    -------
    iterator of (Table, array, array or None), or None
        None where rows would travel far, and where keys cannot be joined by: without keys, with missing among them, or
        of a kind that has no plain values of its own.

    Examples
    --------
    >>> import polars as pl
    >>> from privkit.values.keys import public_keys
    >>> engine = LazyEngine.of(pl.LazyFrame({"who": [7, 7, 8, None], "zip": ["8004", "8005", "8004", "8004"]}))
    >>> [(table, place, rows)] = placed_persons(engine, "who", public_keys(["zip"], ["8003", "8004"]))
    >>> sorted(table["who"].values.tolist()), place.tolist(), rows
    ([7, 8], [1, 1], None)
    """
    if keys is None or not isinstance(engine, LazyEngine) or not engine.native.is_here:
        return None
    sent = _sent(engine, keys)
    return None if sent is None else _parts(engine, person, keys, sent)


def _sent(engine: LazyEngine, keys: Keys) -> pa.Table | None:
    """Return public keys as plain values with their places; None where they cannot be joined by."""
    import pyarrow as pa

    if keys.told:
        return None
    columns = [engine.columns[name] for name in keys.by]
    if any(column.kind.name not in (BOOLEAN, INTEGER, UNSIGNED, TEXT) for column in columns):
        return None
    found: dict[tuple[Any, ...], int] = {}
    for place, key in enumerate(keys.values):
        plain = [_plain(engine, value, column) for value, column in zip(key, columns, strict=True)]
        if None in key or tuple(plain) in found:
            return None
        if None not in plain:  # else no cell can have it
            found[tuple(plain)] = place
    values = list(zip(*found, strict=True)) or [()] * len(columns)
    arrays = [pa.array(list(each), _type(engine, column)) for each, column in zip(values, columns, strict=True)]
    places = pa.array(list(found.values()), pa.int32())
    return pa.table([*arrays, places], names=[*keys.by, _PLACE])


def _plain(engine: LazyEngine, value: object, column: Column) -> Any:
    own: Any = typed(value, column.kind)
    if column.kind.name in (INTEGER, UNSIGNED) and own is not None:
        least, most = (-(2**63), 2**63) if column.kind.name == INTEGER else (0, 2**64)
        return own if least <= own < most else None
    if column.kind.name == TEXT and own is not None:
        return engine.native.texts([own])[0] if engine.native.can_name(own) else None
    return own


def _type(engine: LazyEngine, column: Column) -> pa.DataType:
    import pyarrow as pa

    text = pa.large_binary() if engine.native.encodes_text else pa.large_string()
    return {BOOLEAN: pa.bool_(), INTEGER: pa.int64(), UNSIGNED: pa.uint64(), TEXT: text}[column.kind.name]


def _parts(engine: LazyEngine, person: str, keys: Keys, sent: pa.Table) -> Iterator[Part]:
    plain = engine.plain_rows((person, *keys.by))
    with untold():
        rows = plain.filter(~nw.col(person).is_null())
        keyed = nw.from_native(engine.native.sent(rows.to_native(), sent))
    parts = engine.n_parts()
    if parts <= 1:
        yield _fetched(engine, person, _joined(rows, keyed, keys, person), grouped=False)
        return
    with untold():
        native = engine.native.in_parts(rows.to_native(), person, _FIRST, parts * _SMALLER)
        marked: nw.LazyFrame[Any] = nw.from_native(native)
    first = _joined(marked.filter(nw.col(_FIRST) < 1), keyed, keys, person)
    table, place, weights = _fetched(engine, person, first, grouped=True)
    yield table, place, weights
    grouped = len(place) < _WORTH * int(weights.sum()) if weights is not None else False
    for part in range(parts):
        low, high = max(part * _SMALLER, 1), (part + 1) * _SMALLER
        some = marked.filter((nw.col(_FIRST) >= low) & (nw.col(_FIRST) < high))
        yield _fetched(engine, person, _joined(some, keyed, keys, person), grouped=grouped)


def _joined(rows: Any, keyed: Any, keys: Keys, person: str) -> nw.LazyFrame[Any]:
    with untold():
        joined: nw.LazyFrame[Any] = rows.join(keyed, on=list(keys.by), how="inner").select(person, _PLACE)
        return joined


def _fetched(engine: LazyEngine, person: str, plan: nw.LazyFrame[Any], *, grouped: bool) -> Part:
    if grouped:
        plan = grouped_by(engine.native, plan, (person, _PLACE), [nw.len().alias(_ROWS)])
    table, found = engine.came(plan, (person,), "tally" if grouped else "rows")
    place = found.column(_PLACE).to_numpy()
    return table, place, found.column(_ROWS).to_numpy().astype(np.int64) if grouped else None
