"""Public keys, and the groups and counts that come of a lazy engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.cells.finding import over_blocks, typed, value_finder
from privkit.tally.cells.kind import BOOLEAN, INTEGER, TEXT, UNSIGNED
from privkit.tally.cells.told import as_told
from privkit.tally.engines.native import Column, Native
from privkit.tally.lookup import distinct_keys

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.values.keys import Keys


def key_places(table: Table, keys: Keys) -> NDArray[np.int64]:
    """Return for each row of a small table the place of its key; ``len(keys)`` where it has none."""
    code, asked = np.zeros(len(table), dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    found = np.ones(len(table), dtype=bool)
    for place, name in enumerate(keys.by):
        values, own = distinct_keys(keys, place)
        finder = value_finder(as_told(table[name]) if keys.told else table[name], values)
        rank = np.concatenate([np.empty(0, dtype=np.int64), *over_blocks(finder, len(table))])
        found &= rank < len(values)
        # Combinations are numbered anew after every column, so that numbers stay small.
        together = np.append(code, asked) * (len(values) + 1) + np.append(rank, own)
        joined = np.unique(together, return_inverse=True)[1]
        code, asked = joined[: len(table)], joined[len(table) :]
    of_code = np.full(max(int(code.max(initial=0)), int(asked.max(initial=0))) + 1, len(keys), dtype=np.int64)
    of_code[asked] = np.arange(len(keys))
    return np.where(found, of_code[code], len(keys))


def among_keys(
    frame: nw.LazyFrame[Any], keys: Keys, columns: Mapping[str, Column], native: Native
) -> nw.LazyFrame[Any]:
    """Return the rows of a plain frame whose values occur in keys, column by column; where a column's can be named."""
    for place, name in enumerate(keys.by):
        kept = _among(name, columns[name], distinct_keys(keys, place)[0], native)
        if kept is not None:
            frame = frame.filter(kept)
    return frame


def _among(name: str, column: Column, values: Sequence[object], native: Native) -> nw.Expr | None:
    if column.kind.name not in (BOOLEAN, INTEGER, UNSIGNED, TEXT):
        return None
    named: list[Any] = [found for value in values if (found := typed(value, column.kind)) is not None]
    if column.kind.name == TEXT:
        if not all(native.can_name(text) for text in named):
            return None
        named = native.texts(named)
    if column.kind.name == INTEGER:
        named = [number for number in named if -(2**63) <= number < 2**63]
    if column.kind.name == UNSIGNED:
        named = [number for number in named if 0 <= number < 2**63]
        if len(named) < len(values):
            return None
    missing = nw.col(name).is_null()
    kept = nw.col(name).is_in(named) if named else missing
    return kept | missing if None in values else kept


def whole(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return whole numbers of an aggregate; none is 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.fill_null(table.column(name).cast(pa.int64()), 0)
    return np.ascontiguousarray(found.to_numpy(), dtype=np.int64)


def added(place: NDArray[np.int64], counts: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """Add up counts by place; the last place is that of no key."""
    total = np.zeros(cells + 1, dtype=np.int64)
    np.add.at(total, place, counts)
    return total[:cells]
