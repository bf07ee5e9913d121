"""The aggregates on cells, with NumPy: one pass over the rows, in blocks, by threads where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import Table
from privkit.tally.cells.coding import classes_of, coded
from privkit.tally.cells.numbers import positions_of, steps_of, whole_offsets
from privkit.tally.grid import Grid
from privkit.tally.rows import KeptRows, known_rows, over_blocks, source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from privkit.values.keys import Keys

#: Up to this many counters each block has its own.
_COUNTERS = 1 << 14


def classes(table: Table) -> tuple[Table, NDArray[np.int64]]:
    """Return the distinct combinations of cells and how many rows have each."""
    if not table.columns:
        return Table({}, min(table.rows, 1)), np.array([table.rows] if table.rows else [], dtype=np.int64)
    _, first, sizes = classes_of(list(table.columns.values()))
    return table.at(first), sizes


def keyed_counts(table: Table, keys: Keys) -> NDArray[np.int64]:
    """Count the rows of each key."""
    source = source_of(table, keys)
    blocks = over_blocks(lambda rows: np.bincount(source.place(rows), minlength=len(keys) + 1), len(table))
    counts: NDArray[np.int64] = np.sum([np.zeros(len(keys) + 1, dtype=np.int64), *blocks], axis=0)
    return counts[:-1]


def power_sums(table: Table, value: str, grid: Grid, keys: Keys | None, degree: int) -> NDArray[np.int64]:
    """Sum a column's numbers in each key's rows, and their squares, in steps from the grid's lower end."""
    source, steps = source_of(table, keys), steps_of(table[value], grid)
    if source.cells > _COUNTERS:
        rows = known_rows(source, steps)[1]
        return summed(KeptRows(rows.place, rows.values - grid.low), source.cells, degree, grid.range)

    def work(rows: slice) -> NDArray[np.int64]:
        place = source.place(rows)
        number, missing = steps(rows)
        number -= grid.low
        if missing is not None:
            place = np.where(missing, source.cells, place)
        return _block_sums(place, number, source.cells, degree, grid.range)

    sums = np.zeros((source.cells, degree + 1), dtype=np.int64)
    for block in over_blocks(work, len(source)):
        sums += block
    return sums


def squares(number: NDArray[Any], full: int) -> NDArray[np.float64]:
    """Return floor(v² / full + 1/2) of whole numbers from 0 to `full`, as floats: from 0 to v, in every engine."""
    whole = np.asarray(number, dtype=np.float64)
    return np.floor(whole * whole / max(full, 1) + 0.5)


def _block_sums(
    place: NDArray[np.int64], number: NDArray[np.float64], cells: int, degree: int, full: int
) -> NDArray[np.int64]:
    """Sum in one block; floats hold the sums exactly, since 2**16 rows of 2**31 stay below 2**53."""
    sums = np.empty((cells, degree + 1), dtype=np.int64)
    sums[:, 0] = np.bincount(place, minlength=cells + 1)[:cells]
    sums[:, 1] = np.bincount(place, weights=number, minlength=cells + 1)[:cells]
    if degree > 1:
        sums[:, 2] = np.bincount(place, weights=squares(number, full), minlength=cells + 1)[:cells]
    return sums


def summed(rows: KeptRows, cells: int, degree: int, full: int = 0) -> NDArray[np.int64]:
    """Count and sum rows that count, and their squares on a range of `full`; shape (cells, degree + 1)."""
    sums = np.zeros((cells, degree + 1), dtype=np.int64)
    np.add.at(sums[:, 0], rows.place, 1)
    np.add.at(sums[:, 1], rows.place, rows.values)
    if degree > 1:
        np.add.at(sums[:, 2], rows.place, squares(rows.values, full).astype(np.int64))
    return sums


def positions(table: Table, value: str, candidates: NDArray[np.float64], keys: Keys | None) -> NDArray[np.int64]:
    """Count the rows of each key at each position among ascending candidates."""
    width = 2 * len(candidates) + 1
    if keys is None and (whole := whole_offsets(table[value], candidates)) is not None:
        return _whole_positions(*whole, len(table), width)
    source, find = source_of(table, keys), positions_of(table[value], candidates)
    own = source.cells * width <= _COUNTERS

    def work(rows: slice) -> NDArray[np.int64]:
        place = source.place(rows).astype(np.int64)
        position, missing = find(rows)
        known = place < source.cells
        if missing is not None:
            known &= ~missing
        code = (place * width + position)[known]
        return np.bincount(code, minlength=source.cells * width) if own else code

    total = np.zeros(source.cells * width, dtype=np.int64)
    for block in over_blocks(work, len(source)):
        total += block if own else np.bincount(block, minlength=len(total))
    return total.reshape(source.cells, width)


def _whole_positions(
    offsets: Callable[[slice], NDArray[np.int64]], place: NDArray[np.int64], rows: int, width: int
) -> NDArray[np.int64]:
    blocks = over_blocks(lambda part: np.bincount(offsets(part), minlength=len(place)), rows)
    counts = np.sum([np.zeros(len(place), dtype=np.int64), *blocks], axis=0)
    found = np.zeros((1, width), dtype=np.int64)
    np.add.at(found[0], place, counts)
    return found


def distinct(table: Table, value: str, keys: Keys | None) -> NDArray[np.int64]:
    """Count the distinct cells of a column in each key's rows."""
    source = source_of(table, keys)
    codes, known = coded(table[value])
    return distinct_pairs(known_rows(source, told_apart(codes))[1], source.cells, len(known))


def told_apart(codes: NDArray[np.int64]):  # type: ignore[no-untyped-def]
    """Return codes as numbers, -1 for missing."""

    def value(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
        block = codes[rows]
        missing = block < 0
        return block, missing if missing.any() else None

    return value


def distinct_pairs(rows: KeptRows, cells: int, values: int) -> NDArray[np.int64]:
    """Count the distinct values of each key among rows that count, their values being codes."""
    import pandas as pd

    pairs = rows.place * values + rows.values
    if cells * values <= 4 * len(pairs) + 1024:
        seen = np.zeros(cells * values, dtype=bool)
        seen[pairs] = True
        return seen.reshape(cells, values).sum(axis=1).astype(np.int64)
    return np.bincount(pd.unique(pairs) // max(values, 1), minlength=cells).astype(np.int64)
