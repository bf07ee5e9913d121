"""Rows that carry numbers, each person kept within the contribution bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.coding import sort
from privkit.tally.persons import PersonGroups, at_most_groups, by_hash, in_order, least_hashed, row_hashes, starts_of
from privkit.tally.rows import KeptRows, Source, known_rows, over_blocks, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.numbers import Numbers
    from privkit.tally.rows import Persons
    from privkit.values.bounds import ContributionBounds

#: Codes up to this many times the rows are counted in a table, beyond by a hash table.
_SPARSE = 8


def bounded_rows(
    source: Source,
    value: Numbers,
    bounds: ContributionBounds,
    salt: bytes,
    marks: NDArray[np.uint64] | None = None,
) -> KeptRows:
    """Return the rows that count when each person is kept within `bounds`, in any order.

    Rows without an id, a key or a value are left out first, row by row. Then each person is bounded on its own, by a
    keyed hash of (person, key, value, place among equal rows): which rows of a person stay depends on the multiset of
    that person's rows and on the salt, never on the order or on others. Without a unit column every row stays.

    Parameters
    ----------
    value : function
        Each row's number; where `marks` are given a code, whose mark stands for it in the hash, since a code depends
        on which other values occur.
    """
    # What the hash sees of a row's value.
    seen = (lambda values: values.view(np.uint64)) if marks is None else (lambda values: marks[values])
    person, rows = known_rows(source, value)
    if source.who is None:
        return rows
    if bounds.max_rows is not None:
        concerned = np.flatnonzero(_sizes(person) > bounds.max_rows)
        kept = np.ones(len(person), dtype=bool)
        part = KeptRows(rows.place[concerned], rows.values[concerned])
        kept[concerned] = _chosen(source.who, person[concerned], part, person[concerned], bounds.max_rows, salt, seen)
        return KeptRows(rows.place[kept], rows.values[kept])
    pairs, order = by_person_and_key(source, person, rows)
    kept = np.repeat(at_most_groups(pairs, source.who, bounds.l0, salt), pairs.rows)
    concerned = np.flatnonzero(np.repeat(pairs.rows > bounds.linf, pairs.rows) & kept)
    part = KeptRows(rows.place[order[concerned]], rows.values[order[concerned]])
    pair = np.repeat(np.arange(len(pairs.rows)), pairs.rows)[concerned]
    kept[concerned] = _chosen(source.who, person[order[concerned]], part, pair, bounds.linf, salt, seen)
    order = order[kept]
    return KeptRows(rows.place[order], rows.values[order])


def by_person_and_key(
    source: Source, person: NDArray[np.int64], rows: KeptRows
) -> tuple[PersonGroups, NDArray[np.int64]]:
    """Return the pairs of person and key that occur, and the rows in the order of their pairs."""
    bits = (source.cells - 1).bit_length()
    pair, order = in_order((person << bits) | rows.place)
    first = starts_of(pair)
    return PersonGroups.of(pair[first], np.diff(first, append=len(pair)), bits), order


def _sizes(person: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each row how many rows its person has."""
    import pandas as pd

    if int(person.max(initial=0)) > _SPARSE * len(person):
        person = pd.factorize(person)[0]
    return np.bincount(person)[person]


def _chosen(  # noqa: PLR0917
    who: Persons,
    person: NDArray[np.int64],
    rows: KeptRows,
    group: NDArray[np.int64],
    most: int,
    salt: bytes,
    seen: Callable[[NDArray[np.int64]], NDArray[np.uint64]],
) -> NDArray[np.bool_]:
    """Return which rows stay when each `group` (a person, or a person's rows of one key) keeps at most `most`."""
    kept = np.ones(len(person), dtype=bool)
    if not len(person):
        return kept
    group, order = in_order(group)
    person, place, values = person[order], rows.place[order], rows.values[order]

    def hashes(part: slice | NDArray[np.int64], within: NDArray[np.int64] | int) -> NDArray[np.uint64]:
        told = row_hashes(who, person[part], place[part], within, salt)
        return spread(told ^ spread(seen(values[part])))

    hashed = np.concatenate(over_blocks(lambda part: hashes(part, 0), len(person)))
    starts, _, told = by_hash(group, hashed)
    within = _within(told, place, values, len(group) / len(starts))
    again = np.flatnonzero(within)
    hashed[again] = hashes(again, within[again])
    kept[order] = least_hashed(group, hashed, most)
    return kept


def _within(
    told: NDArray[np.uint64], place: NDArray[np.int64], values: NDArray[np.int64], local: float
) -> NDArray[np.int64]:
    """Return the place of each row among those that are equal to it; `told` is the same for equal rows of a group.

    `local` rows lie in a group on average, one group after the other. Rows that differ may have the same `told`, being
    leading bits of hashes: they are told apart by key and value.
    """
    within = np.zeros(len(told), dtype=np.int64)
    ordered = sort(told.copy(), local)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return within
    tied = np.flatnonzero(twice[np.minimum(np.searchsorted(twice, told), len(twice) - 1)] == told)
    order = tied[np.lexsort((values[tied], place[tied], told[tied]))]
    same = (np.diff(told[order]) == 0) & (np.diff(place[order]) == 0) & (np.diff(values[order]) == 0)
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    within[order] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    return within
