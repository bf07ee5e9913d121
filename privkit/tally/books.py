"""Counts of several tables in one pass: every row in exactly one cell of each.

A column's levels are its public values, and one more for all else: another value, or a missing one that is none of
them. So no row is left out of one table and in another, and tables add up.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.finding import Finder, value_finder
from privkit.tally.cells.showing import as_told
from privkit.tally.frame import engine_of
from privkit.tally.rows import Source, over_blocks, unit_columns, units
from privkit.values.bounds import ONE_ROW, ContributionBounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.cells.numbers import Numbers
    from privkit.tally.engines.contract import Engine
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

#: Combinations of levels that one 64-bit number tells apart; a row has two such numbers.
WORD = 2**62
#: Rows whose levels are in memory at once.
_ROWS = 1 << 20


def words(sizes: Sequence[int]) -> tuple[slice, slice] | None:
    """Return which columns each of a row's two numbers tells of; None where two are too few.

    Examples
    --------
    >>> words([3, 2**60, 3]), words([2**62] * 3)
    ((slice(0, 1, None), slice(1, 3, None)), None)
    """
    for cut in range(len(sizes) + 1):
        if math.prod(sizes[cut:]) < WORD:
            return (slice(0, cut), slice(cut, len(sizes))) if math.prod(sizes[:cut]) < WORD else None
    return None


def table_counts(
    data: object,
    levels: Sequence[Keys],
    tables: Sequence[tuple[int, ...]],
    *,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds = ONE_ROW,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Count the rows of each cell of each table, one table after the other, the last column fastest.

    Stability: a row is in one cell of each table, which depends on that row alone. With a `unit`, rows without an id
    are left out, and each person's rows are bounded first, once for all tables (`privkit.tally.bounding`): what is kept
    of a person depends on that person's rows and on the salt alone. Reads rows; exact; spends nothing.

    Parameters
    ----------
    levels : sequence of Keys
        Of each column its public values; what is none of them has the level after the last.
    tables : sequence of tuple of int
        Each by the places of its columns, ascending.
    unit : str or PrivacyUnit, optional
    bounds : ContributionBounds
        With `max_rows`.
    salt : bytes, optional
        For the choice among a person's rows; drawn anew by default, given in tests alone.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.keys import Keys
    >>> people = pd.DataFrame({"sex": ["f", "m", "f", None], "old": [True, False, False, True]})
    >>> levels = [Keys(("sex",), (("f",), ("m",))), Keys(("old",), ((False,), (True,)))]
    >>> table_counts(people, levels, [(0,), (0, 1)]).tolist()
    [2, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 0]
    """
    names = [keys.by[0] for keys in levels]
    sizes = [len(keys) + 1 for keys in levels]
    engine = engine_of(data, names)
    largest = sorted(map(frozenset, tables), key=len, reverse=True)
    held: set[frozenset[int]] = set()
    for one in largest:
        if one not in held:
            held.update(frozenset(part) for size in range(len(one)) for part in combinations(one, size))
    within = [table for table in tables if frozenset(table) not in held]
    found = {table: np.zeros([sizes[axis] for axis in table], dtype=np.int64) for table in dict.fromkeys(within)}
    if unit is None:
        rows = _rows(engine, levels)
    else:
        rows = _bounded(engine, levels, unit, bounds, secrets.token_bytes(16) if salt is None else salt)
    for codes, weights in rows:
        found = {table: counts + _counted(codes, weights, table, sizes) for table, counts in found.items()}
    margins = [_margin(found, table) for table in tables]
    return np.concatenate([np.empty(0, dtype=np.int64), *(margin.reshape(-1) for margin in margins)])


def _margin(found: dict[tuple[int, ...], NDArray[np.int64]], table: tuple[int, ...]) -> NDArray[np.int64]:
    """Return a table as it was counted, or from the smallest one that holds it."""
    if table in found:
        return found[table]
    holding = min((one for one in found if set(table) < set(one)), key=lambda one: found[one].size)
    margin = found[holding].sum(axis=tuple(place for place, axis in enumerate(holding) if axis not in table))
    return np.asarray(margin, dtype=np.int64)


def _counted(
    codes: Sequence[NDArray[np.int64]], weights: NDArray[np.int64] | None, table: tuple[int, ...], sizes: Sequence[int]
) -> NDArray[np.int64]:
    """Count rows, each standing for so many, by some of their codes; exact, for fewer than 2**53 rows."""
    shape = [sizes[axis] for axis in table]
    if not table:
        rows = len(codes[0]) if weights is None else int(weights.sum())
        return np.asarray(rows, dtype=np.int64)
    place = codes[table[0]].astype(np.int64)
    for axis in table[1:]:
        place *= sizes[axis]
        place += codes[axis]
    return np.bincount(place, weights=weights, minlength=math.prod(shape)).astype(np.int64).reshape(shape)


def _finders(table: Table, levels: Sequence[Keys]) -> list[Finder]:
    """Return for each column a function from a block of rows to their levels."""
    found = []
    for keys in levels:
        cells = as_told(table[keys.by[0]]) if keys.told else table[keys.by[0]]
        found.append(value_finder(cells, [key[0] for key in keys.values], exactly=keys.told))
    return found


def _rows(engine: Engine, levels: Sequence[Keys]) -> Iterator[tuple[list[NDArray[np.int64]], NDArray[np.int64] | None]]:
    """Give the levels of rows, or of their classes and how many rows each has, some at a time."""
    names = list(dict.fromkeys(keys.by[0] for keys in levels))
    table, weights = engine.classes(names) if engine.is_lazy else (engine.collect(names), None)
    finders = _finders(table, levels)
    for start in range(0, max(len(table), 1), _ROWS):
        many = min(_ROWS, len(table) - start)

        def part(block: slice, start: int = start) -> list[NDArray[np.int64]]:
            return [finder(slice(block.start + start, block.stop + start)) for finder in finders]

        blocks = over_blocks(part, many)
        empty = [np.empty(0, dtype=np.int64)]
        codes = [np.concatenate([*empty, *(block[axis] for block in blocks)]) for axis in range(len(levels))]
        yield codes, None if weights is None else weights[start : start + many]


def _bounded(
    engine: Engine, levels: Sequence[Keys], unit: str | PrivacyUnit, bounds: ContributionBounds, salt: bytes
) -> Iterator[tuple[list[NDArray[np.int64]], None]]:
    """Give the levels of the rows that are kept of persons.

    A row is told apart by two numbers, which hold all its levels: the one stands for its key, the other for its value.
    """
    names = list(dict.fromkeys(keys.by[0] for keys in levels))
    sizes = [len(keys) + 1 for keys in levels]
    cut = words(sizes)
    assert cut is not None  # refused before
    for table in engine.parts(unit_columns(unit)[0], (*names, *unit_columns(unit))):
        finders = _finders(table, levels)

        first, second = _word(finders[cut[0]], sizes[cut[0]]), _word(finders[cut[1]], sizes[cut[1]])
        source = Source(table, first, math.prod(sizes[cut[0]]), units(table, unit))
        kept = bounded_rows(source, _never_missing(second), bounds, salt)
        yield [*_apart(kept.place, sizes[cut[0]]), *_apart(kept.values, sizes[cut[1]])], None


def _word(finders: Sequence[Finder], sizes: Sequence[int]) -> Finder:
    """Return a function from a block of rows to the number that holds some of their levels."""

    def word(block: slice) -> NDArray[np.int64]:
        code = np.zeros(block.stop - block.start, dtype=np.int64)
        for finder, size in zip(finders, sizes, strict=True):
            code = code * size + finder(block)
        return code

    return word


def _never_missing(word: Finder) -> Numbers:
    """Return what a column of numbers is, of which none is missing."""
    return lambda block: (word(block), None)


def _apart(code: NDArray[np.int64], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the levels that a number holds."""
    found = []
    for size in reversed(sizes):
        code, level = np.divmod(code, size)
        found.append(level)
    return found[::-1]
