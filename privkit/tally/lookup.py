"""Finding each row's public key: one pass over the rows, in blocks that stay in the cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.keys import Keys

T = TypeVar("T")

#: From a block of rows to one whole number per row.
Finder: TypeAlias = "Callable[[slice], NDArray[Any]]"

#: Rows of a block: its arrays fit in the second-level cache.
_BLOCK = 1 << 16
#: Rows from which threads pay for themselves.
_THREADED = 1 << 19
#: Codes up to this are looked up in a table, beyond by binary search.
_TABLE = 1 << 22


def over_blocks(work: Callable[[slice], T], rows: int) -> list[T]:
    """Return `work` of each block of rows, in order, by threads where there are many."""
    blocks = [slice(start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK)]
    workers = min(4, os.cpu_count() or 1)
    if rows < _THREADED or workers == 1:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, blocks))


def key_finder(columns: dict[str, pd.Series], keys: Keys) -> Finder:
    """Return a function from a block of rows to the place of each row's key; ``len(keys)`` where a row has none.

    A row's place depends on that row's values alone: two values are the same where Python's ``==`` says so, and
    missing (null, None, NaN) is a value of its own.
    """
    finder: Finder | None = None
    asked = np.zeros(len(keys), dtype=np.int64)
    prefixes = 1
    for place, name in enumerate(keys.by):
        values = list(dict.fromkeys(key[place] for key in keys.values))
        ranks = {value: rank for rank, value in enumerate(values)}
        column = column_finder(columns[name], values)
        asked = asked * (len(values) + 1) + np.array([ranks[key[place]] for key in keys.values], dtype=np.int64)
        if finder is None:
            finder, prefixes = column, len(values)
            continue
        last = place == len(keys.by) - 1
        known, inverse = (asked, np.arange(len(keys))) if last else np.unique(asked, return_inverse=True)
        finder = _joined(finder, column, len(values) + 1, (prefixes + 1) * (len(values) + 1), known)
        prefixes, asked = len(known), inverse.astype(np.int64)
    assert finder is not None  # keys have at least one column
    return finder


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


def column_finder(column: pd.Series, values: Sequence[object]) -> Finder:
    """Return a function from a block of rows to each row's place among `values`, ``len(values)`` for others."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = pd.Series(dtype.categories)
        of_category = column_finder(categories, values)(slice(0, len(categories)))
        missing = values.index(None) if None in values else len(values)
        table = np.append(of_category, missing).astype(np.int32)
        codes = column.cat.codes.to_numpy()
        return lambda rows: table[codes[rows]]
    if (text := _arrow_text(column)) is not None and all(isinstance(value, str | None) for value in values):
        return _text_finder(text, values)
    if isinstance(dtype, np.dtype) and dtype.kind in "iu" and (table_finder := _integer_finder(column, values)):
        return table_finder
    codes, distinct, others = factorized(column)
    known = _places(distinct.tolist(), values)
    table = np.array([*known[:-1], *[len(values)] * len(others), known[-1]], dtype=np.int32)
    return lambda rows: table[codes[rows]]


def _places(distinct: Sequence[object], values: Sequence[object]) -> list[int]:
    """Return the place of each distinct value among `values`, and last that of missing."""
    table = {value: place for place, value in enumerate(values) if value is not None}
    missing = values.index(None) if None in values else len(values)
    return [*(table.get(value, len(values)) for value in distinct), missing]


def factorized(column: pd.Series) -> tuple[NDArray[np.int64], Any, list[Any]]:
    """Return a code per row, -1 for missing, an array of what the codes stand for, and values that equal no other.

    Values that Python cannot hash (a list, say) come last, each with a code of its own. What the other values become
    does not depend on whether there are such ones.
    """
    import pandas as pd

    try:
        codes, distinct = pd.factorize(plain_floats(column), use_na_sentinel=True)
    except TypeError:
        values = np.empty(len(column), dtype=object)
        values[:] = column.tolist()
        hashable = np.array([_hashable(value) for value in values], dtype=bool)
        codes = np.empty(len(values), dtype=np.int64)
        codes[hashable], found = pd.factorize(values[hashable], use_na_sentinel=True)
        codes[~hashable] = len(found) + np.arange((~hashable).sum())
        return codes, found, values[~hashable].tolist()
    return codes.astype(np.int64, copy=False), distinct, []


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def plain_floats(column: pd.Series) -> pd.Series:
    """Return a float column of an extension type as NumPy floats, in which NaN is missing and 0.0 has no sign."""
    import pandas as pd

    if isinstance(column.dtype, np.dtype) or getattr(column.dtype, "kind", "") != "f":
        return column
    values = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
    return pd.Series(values, index=column.index, name=column.name)


def _arrow_text(column: pd.Series) -> Any:
    """Return the Arrow array of a text column, or None."""
    chunked = getattr(column.array, "_pa_array", None)
    if chunked is None:
        return None
    import pyarrow as pa

    return (
        chunked.combine_chunks() if pa.types.is_string(chunked.type) or pa.types.is_large_string(chunked.type) else None
    )


def _text_finder(array: Any, values: Sequence[object]) -> Finder:
    import pyarrow as pa
    import pyarrow.compute as pc

    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    whole = pa.concat_arrays(chunks) if len(chunks) != 1 else chunks[0]
    # A lone surrogate cannot stand in Arrow text: another text in its place keeps the places.
    encodable = [value if value is None or _is_utf8(value) else None for value in values]
    sought = [place for place, value in enumerate(values) if value is None or encodable[place] is not None]
    table = np.append(np.array(sought, dtype=np.int32), np.int32(len(values)))
    value_set = pa.array([encodable[place] for place in sought], type=whole.type)

    def find(rows: slice) -> NDArray[np.int32]:
        found = pc.index_in(whole.slice(rows.start, rows.stop - rows.start), value_set)
        places: NDArray[np.int32] = (found.fill_null(-1) if found.null_count else found).to_numpy(zero_copy_only=False)
        return places if len(sought) == len(values) and not found.null_count else table[places]

    return find


def _is_utf8(text: object) -> bool:
    try:
        str(text).encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer_finder(column: pd.Series, values: Sequence[object]) -> Finder | None:
    """Return a finder by a table over the range of the keys, or None where the range is wide."""
    whole = {
        int(value): place for place, value in enumerate(values) if isinstance(value, int | float) and value % 1 == 0
    }
    low, high = (min(whole), max(whole)) if whole else (0, 0)
    array = column.to_numpy()
    limits = np.iinfo(array.dtype)
    low, high = max(low, int(limits.min)), min(high, int(limits.max))
    if high - low >= _TABLE or high < low:
        return None
    span = high - low + 1
    table = np.full(span + 1, len(values), dtype=np.int32)
    for value, place in whole.items():
        if low <= value <= high:
            table[value - low] = place
    widest = np.uint64 if array.dtype.kind == "u" else np.int64
    first, last = widest(low), widest(high)

    def find(rows: slice) -> NDArray[np.int32]:
        block = array[rows].astype(widest, copy=False)
        inside = (block >= first) & (block <= last)
        # Where a value lies outside, the difference may wrap: it is not used.
        return table[np.where(inside, block - first, widest(span))]

    return find
