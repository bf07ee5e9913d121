"""Finding each row's cell among public values, which are brought to the column's kind once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from privkit.tally.cells import cells as kinds
from privkit.tally.cells.cells import Cells, Kind
from privkit.tally.cells.coding import coded
from privkit.tally.cells.scalars import _NANOSECONDS, scalar_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T")

#: From a block of rows to one whole number per row.
Finder: TypeAlias = "Callable[[slice], NDArray[Any]]"

#: Rows of a block: its arrays fit in the second-level cache.
_BLOCK = 1 << 16
#: Rows from which threads pay for themselves.
_THREADED = 1 << 19
#: Ranges of whole numbers up to this are looked up in a table, beyond by a hash table.
_TABLE = 1 << 22


def over_blocks(work: Callable[[slice], T], rows: int) -> list[T]:
    """Return `work` of each block of rows, in order, by threads where there are many."""
    blocks = [slice(start, min(start + _BLOCK, rows)) for start in range(0, rows, _BLOCK)]
    workers = min(4, os.cpu_count() or 1)
    if rows < _THREADED or workers == 1:
        return [work(block) for block in blocks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, blocks))


def typed(value: object, kind: Kind) -> object | None:
    """Return a public value as what the cells of a kind hold; None if no cell of the kind can hold it.

    Whole numbers and floats are compared exactly: 2**53 + 1 is no float, and 0.1 is no float of 32 bits. Among decimals
    a number is the decimal that was typed.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> typed(3.0, Kind("integer")), typed(2**53 + 1, Kind("float")), typed("3", Kind("integer"))
    (3, None, None)
    """
    if kind.name == kinds.OBJECT:
        return scalar_text(value)
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    if kind.name == kinds.BOOLEAN:
        return value if isinstance(value, bool) else None
    if kind.name in (kinds.INTEGER, kinds.UNSIGNED):
        return int(value) if number and _is_finite(value) and value == int(value) else None  # type: ignore[call-overload]
    if kind.name == kinds.FLOAT and number:
        try:
            return float(value) if float(value) == value else None  # type: ignore[arg-type]
        except OverflowError:
            return None
    if kind.name == kinds.WIDE and number:
        # A decimal is meant as it is typed: 19.9 is 19.90, as in a filter, and as in SQL.
        return Decimal(repr(value) if isinstance(value, float) else value) if _is_finite(value) else None  # type: ignore[arg-type]
    if kind.name == kinds.TEXT and isinstance(value, str):
        return value
    if kind.name == kinds.DATE and isinstance(value, date) and not isinstance(value, datetime):
        return int((scalar_text(value) or "d0")[1:])
    if kind.name == kinds.INSTANT and isinstance(value, datetime) and (value.tzinfo is not None) == bool(kind.zone):
        text = scalar_text(value)
        count, rest = divmod(int(text[1:]), _NANOSECONDS[kind.unit]) if text else (0, 1)
        return None if rest else count
    return None


def _is_finite(value: object) -> bool:
    """Whether a number is one; a whole number may be too large for a float."""
    return isinstance(value, int) or math.isfinite(value)  # type: ignore[arg-type]


def value_finder(cells: Cells, values: Sequence[object], *, exactly: bool = False) -> Finder:
    """Return a function from a block of rows to each row's place among public values, ``len(values)`` for others.

    None among the values stands for missing. The type of a column of Python objects promises nothing, and no value may
    be refused by what its cells are. There values that are all numbers, all texts or all dates stand also for cells
    that write them in another type, like "8001" and 8001; values of several types tell these apart, and `exactly` says
    so too. In either case a row's place depends on that row and on the public values alone.

    Examples
    --------
    >>> cells = Cells(Kind(kinds.INTEGER), np.array([5, 7, 5]))
    >>> value_finder(cells, [7, 5.0])(slice(0, 3)).tolist()
    [1, 0, 1]
    """
    nobody = len(values)
    missing = next((place for place, value in enumerate(values) if value is None), nobody)
    if cells.codes is not None:
        inner = value_finder(cells.of_values, values, exactly=exactly)(slice(0, len(cells.of_values)))
        table, codes = np.append(inner, missing).astype(np.int32), cells.codes
        return lambda rows: table[codes[rows]]
    sought: dict[Any, int] = {}
    for place, value in enumerate(values):
        if value is not None and (own := typed(value, cells.kind)) is not None:
            sought.setdefault(own, place)
            if cells.kind.name == kinds.OBJECT and isinstance(value, float) and math.isfinite(value):
                # Among objects there may be decimals: the number as it is typed.
                sought.setdefault(scalar_text(Decimal(repr(value))), place)
    if cells.kind.name == kinds.OBJECT and not exactly:
        sought = {**_written_otherwise(values), **sought}
    if not isinstance(cells.values, np.ndarray):
        return _arrow_finder(cells, sought, nobody, missing)
    if cells.values.dtype == object:
        return _coded_finder(cells, sought, nobody, missing)
    finder = _number_finder(cells, sought, nobody)
    plain = cells.missing is None and cells.kind.name != kinds.FLOAT
    return finder if plain else _beside_missing(cells, finder, missing)


#: Types of public values; those of dates are one.
_KINDS = {str: str, bool: bool, int: float, float: float}


def _written_otherwise(values: Sequence[object]) -> dict[str, int]:
    """Return the cells of other types that write one of the values, and one alone; none for values of several types.

    Examples
    --------
    >>> _written_otherwise([8001, 2.5]), _written_otherwise(["2024-01-31", "7", "07"])
    ({'s8001': 0, 's2.5': 1}, {'d19753': 0, 'n7': 1})
    >>> _written_otherwise([8001, "8002"])
    {}
    """
    if len({_KINDS.get(type(value), date) for value in values if value is not None}) > 1:
        return {}
    found: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        for other in _other_types(value):
            if (cell := scalar_text(other)) is not None:
                found.setdefault(cell, []).append(place)
    return {cell: places[0] for cell, places in found.items() if len(places) == 1}


def _other_types(value: object) -> list[object]:
    """Return what a value may be written as, without loss: numbers and dates as texts, and the other way round."""
    if isinstance(value, str):
        return [*_numbers_of(value), *_days_of(value)]
    if isinstance(value, datetime):
        midnight = value.tzinfo is None and (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return [value.date(), value.date().isoformat()] if midnight and not getattr(value, "nanosecond", 0) else []
    if isinstance(value, date):
        return [value.isoformat()]
    return [str(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _numbers_of(text: str) -> list[object]:
    """Return the number that prints as a text."""
    for kind in (int, float):
        try:
            if len(text) < 400 and str(number := kind(text)) == text:
                return [number]
        except ValueError:
            pass
    return []


def _days_of(text: str) -> list[object]:
    """Return the day that ISO 8601 writes as a text."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return []
    return [day] if day is not None and day.isoformat() == text else []


def _beside_missing(cells: Cells, finder: Finder, missing: int) -> Finder:
    """Return the finder with the place of missing rows in place of what their buffers hold."""
    values, mask = cells.values, cells.missing

    def find(rows: slice) -> NDArray[Any]:
        gone = np.isnan(values[rows]) if mask is None else mask[rows]
        found = finder(rows)
        return np.where(gone, missing, found) if gone.any() else found

    return find


def _coded_finder(cells: Cells, sought: dict[Any, int], nobody: int, missing: int) -> Finder:
    """Find Python texts, or texts of objects, by their codes."""
    codes, distinct = coded(cells)
    places = [sought.get(value, nobody) for value in distinct.values]
    table = np.array([*places, missing], dtype=np.int32)
    return lambda rows: table[codes[rows]]


def _arrow_finder(cells: Cells, sought: dict[Any, int], nobody: int, missing: int) -> Finder:
    import pyarrow as pa
    import pyarrow.compute as pc

    array = cells.values
    kept: list[Any] = []
    places: list[int] = []
    for value, place in sought.items():
        try:  # a lone surrogate cannot stand in Arrow text, nor every number in a decimal
            pa.array([value], type=array.type)
        except (pa.ArrowException, UnicodeEncodeError, ValueError, TypeError):
            continue
        kept.append(value)
        places.append(place)
    value_set = pa.array(kept, type=array.type)
    table = np.array([*places, nobody], dtype=np.int32)
    straight = places == list(range(nobody))
    holes = array.null_count > 0
    mask = cells.missing

    def find(rows: slice) -> NDArray[Any]:
        block = array.slice(rows.start, rows.stop - rows.start)
        found = pc.index_in(block, value_set)
        spots = (found.fill_null(-1) if found.null_count else found).to_numpy(zero_copy_only=False)
        at = spots if straight and not found.null_count else table[spots]
        gone = np.asarray(block.is_null()) if holes else None
        if mask is not None:
            gone = mask[rows] if gone is None else gone | mask[rows]
        return at if gone is None or not gone.any() else np.where(gone, missing, at)

    return find


def _number_finder(cells: Cells, sought: dict[Any, int], nobody: int) -> Finder:
    values = cells.values
    if values.dtype == bool:
        table = np.array([sought.get(False, nobody), sought.get(True, nobody)], dtype=np.int32)
        return lambda rows: table[values[rows].view(np.uint8)]
    if values.dtype.kind == "f":
        return _hashed_finder(values, sought, nobody, np.float64)
    limits = np.iinfo(values.dtype)
    fits = {value: place for value, place in sought.items() if int(limits.min) <= value <= int(limits.max)}
    wide = np.uint64 if values.dtype.kind == "u" else np.int64
    low, high = (min(fits), max(fits)) if fits else (0, 0)
    if high - low >= _TABLE:
        return _hashed_finder(values, fits, nobody, wide)
    span = high - low + 1
    table = np.full(span + 1, nobody, dtype=np.int32)
    for value, place in fits.items():
        table[value - low] = place
    first, last = wide(low), wide(high)

    def find(rows: slice) -> NDArray[np.int32]:
        block = values[rows].astype(wide, copy=False)
        inside = (block >= first) & (block <= last)
        # Where a value lies outside, the difference may wrap: it is not used.
        return table[np.where(inside, block - first, wide(span))]

    return find


def _hashed_finder(values: NDArray[Any], sought: dict[Any, int], nobody: int, wide: Any) -> Finder:
    import pandas as pd

    index = pd.Index(np.array(list(sought), dtype=wide))
    table = np.array([*sought.values(), nobody], dtype=np.int32)
    index.get_indexer(np.array([], dtype=wide))  # builds its hash table, before threads share it

    def find(rows: slice) -> NDArray[np.int32]:
        block = values[rows].astype(wide, copy=False)
        return table[index.get_indexer(block + wide(0) if wide is np.float64 else block)]

    return find
