"""Finding each row's public key: one pass over the rows, in blocks that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.finding import Finder, over_blocks, value_finder
from privkit.tally.cells.scalars import scalar_text
from privkit.tally.cells.told import as_told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.values.keys import Keys

__all__ = ["Finder", "key_finder", "over_blocks"]

#: Codes up to this are looked up in a table, beyond by binary search.
_TABLE = 1 << 22


def key_finder(table: Table, keys: Keys | None) -> Finder:
    """Return a function from a block of rows to the place of each row's key; ``len(keys)`` where a row has none.

    A row's place depends on that row's cells alone: a cell equals a key's value if both are the same value in the
    column's kind, and missing is a value of its own. Without keys every row has place 0.
    """
    if keys is None:
        return lambda rows: np.zeros(rows.stop - rows.start, dtype=np.int32)
    finder: Finder | None = None
    asked = np.zeros(len(keys), dtype=np.int64)
    prefixes = 1
    for place, name in enumerate(keys.by):
        values, ranks = distinct_keys(keys, place)
        column = value_finder(as_told(table[name]) if keys.told else table[name], values)
        asked = asked * (len(values) + 1) + ranks
        if finder is None:
            finder, prefixes = column, len(values)
            continue
        last = place == len(keys.by) - 1
        known, inverse = (asked, np.arange(len(keys))) if last else np.unique(asked, return_inverse=True)
        finder = _joined(finder, column, len(values) + 1, (prefixes + 1) * (len(values) + 1), known)
        prefixes, asked = len(known), inverse.astype(np.int64)
    assert finder is not None  # keys have at least one column
    return finder


def distinct_keys(keys: Keys, place: int) -> tuple[list[object], NDArray[np.int64]]:
    """Return the values that keys have in one column, each once, and where each key's is among them.

    True is not 1, and the two instants of a repeated hour, which Python takes for equal, are two.
    """
    once: dict[str | None, int] = {}
    values: list[object] = []
    ranks = np.empty(len(keys), dtype=np.int64)
    for at, key in enumerate(keys.values):
        value = key[place]
        rank = once.setdefault(scalar_text(value), len(values))
        if rank == len(values):
            values.append(value)
        ranks[at] = rank
    return values, ranks


def _joined(left: Finder, right: Finder, width: int, bound: int, known: NDArray[np.int64]) -> Finder:
    """Return the finder of pairs: the place of left * width + right, below `bound`, among the distinct `known`."""
    if bound <= _TABLE:
        table = np.full(bound, len(known), dtype=np.int32)
        table[known] = np.arange(len(known))
        return lambda rows: table[left(rows).astype(np.int64) * width + right(rows)]
    order = np.argsort(known)
    ranked = known[order]

    def search(rows: slice) -> NDArray[np.int64]:
        code = left(rows).astype(np.int64) * width + right(rows)
        spot = np.minimum(np.searchsorted(ranked, code), len(ranked) - 1)
        return np.where(ranked[spot] == code, order[spot], len(known))

    return search


def whole(work: Callable[[slice], NDArray[np.int64]], rows: int) -> NDArray[np.int64]:
    """Return `work` of all rows in one array."""
    return np.concatenate([np.empty(0, dtype=np.int64), *over_blocks(work, rows)])
