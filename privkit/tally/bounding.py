"""Counts, and rows that carry numbers, in which no person weighs more than the contribution bounds allow."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.coding import sort
from privkit.tally.codes import in_order, starts
from privkit.tally.frame import engine_for
from privkit.tally.rows import (
    KeptRows,
    Persons,
    Source,
    known_rows,
    over_blocks,
    source_of,
    spread,
    unit_columns,
    units,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.numbers import Numbers
    from privkit.tally.rows import Persons
    from privkit.values.bounds import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


def row_hashes(
    who: Persons, person: NDArray[np.int64], place: NDArray[Any], within: NDArray[np.int64] | int, salt: bytes
) -> NDArray[np.uint64]:
    """Return a keyed hash of (the person's id, the group, the place within both), 64 bits."""
    key = np.frombuffer(salt, dtype="<u8", count=2)[1]
    mixed = who.hashed(person, salt)
    for part in (place, within):
        mixed = spread(mixed ^ spread(np.atleast_1d(part).astype(np.uint64) + key))
    return mixed


def least_hashed(person: NDArray[np.int64], hashed: NDArray[np.uint64], most: int) -> NDArray[np.bool_]:
    """Return for each entry whether its hash is among the `most` least of its person; ties go to the earlier entry.

    `person` is ascending. One sort of (person, leading bits of the hash) finds each person's threshold; persons in
    whom leading bits tie across it are decided by the whole hash, so that the answer never depends on how many bits
    there was room for.
    """
    begins, sizes, packed = by_hash(person, hashed)
    threshold = sort(packed.copy(), len(packed) / max(len(begins), 1))[np.minimum(begins + most, begins + sizes) - 1]
    kept: NDArray[np.bool_] = packed <= np.repeat(threshold, sizes)
    tied = np.repeat(np.add.reduceat(kept, begins, dtype=np.int64) > most, sizes)
    if tied.any():
        entries = np.flatnonzero(tied)
        order = np.lexsort((hashed[entries], person[entries]))
        ranked = person[entries][order]
        first = starts(ranked)
        rank = np.arange(len(ranked)) - np.repeat(first, np.diff(first, append=len(ranked)))
        kept[entries[order]] = rank < most
    return kept


def by_hash(
    person: NDArray[np.int64], hashed: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Return where each person's entries begin, how many there are, and (person, leading bits of the hash) as integers.

    `person` is ascending.
    """
    begins = starts(person)
    sizes = np.diff(begins, append=len(person))
    room = max(1, 64 - max(1, len(begins) - 1).bit_length())
    number = np.repeat(np.arange(len(begins), dtype=np.uint64), sizes)
    return begins, sizes, (number << np.uint64(room)) | (hashed >> np.uint64(64 - room)) if room < 64 else hashed


def bounded_counts(
    data: object,
    unit: str | PrivacyUnit,
    bounds: ContributionBounds,
    keys: Keys | None = None,
    *,
    salt: bytes | None = None,
) -> NDArray[np.int64]:
    """Count rows by public keys, each person within `bounds`.

    Rows without a unit id, and rows of no key, are left out first, row by row. Then each person is bounded on its own:
    with `max_rows` a person over the bound keeps that many rows, chosen by a keyed hash of (person, group, place
    within both); with `max_groups` and `per_group` each group keeps at most `per_group` rows, and a person in too many
    groups keeps those with the least keyed hash of (person, group).

    Stability: what a person adds depends on that person's rows alone (their multiset), and on the salt, which is
    drawn anew; so frames that differ in all rows of one person give counts that differ by what that person adds, which
    the bounds limit in L0, L∞ and L1. Reads rows; spends nothing.

    Parameters
    ----------
    unit : str or PrivacyUnit
        The column that tells persons apart, or a unit: a person within a window counts as one of its own.
    bounds : ContributionBounds
    keys : Keys, optional
        The groups; without them one total.
    salt : bytes, optional
        The hash's key (16 bytes), drawn anew by default so that nobody's rows are favored; given in tests alone.

    Returns
    -------
    array of int64, shape (len(keys),) or (1,)

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ContributionBounds
    >>> calls = pd.DataFrame({"who": ["a"] * 5 + ["b", None]})
    >>> bounded_counts(calls, "who", ContributionBounds(max_rows=3)).tolist()
    [4]
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    cells = 1 if keys is None else len(keys)
    counts = np.zeros(cells, dtype=np.int64)
    for found in person_groups(data, unit, keys):
        counts += bounded_cells(found, bounds, cells, salt)
    return counts


def bounded_cells(
    found: tuple[PersonGroups, Persons],
    bounds: ContributionBounds,
    cells: int,
    salt: bytes,
    marks: NDArray[np.uint64] | None = None,
) -> NDArray[np.int64]:
    """Count the rows of each group that are kept of the persons of one part; shape (cells,).

    Parameters
    ----------
    marks : array of uint64, shape (cells,), optional
        What stands for each group in the hash, where its place among the groups depends on the data.
    """
    pairs, who = found
    if bounds.max_rows is not None:
        kept = at_most_rows(pairs, who, bounds.max_rows, salt, marks)
    else:
        kept = np.where(at_most_groups(pairs, who, bounds.l0, salt, marks), np.minimum(pairs.rows, bounds.linf), 0)
    return np.bincount(pairs.place, weights=kept, minlength=cells).astype(np.int64)


@dataclass(frozen=True, eq=False)
class PersonGroups:
    """The pairs of person and group that occur, ordered by person, then group.

    Attributes
    ----------
    person, place, rows : arrays of int64, shape (n_pairs,)
        The person's code, the place of the group's key, and how many rows the pair has.
    starts : array of int64, shape (n_persons,)
        Where each person's pairs begin.
    """

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, pair: NDArray[np.int64], rows: NDArray[np.int64], bits: int) -> PersonGroups:
        """Return distinct ascending pairs, each ``person << bits | place``, with their rows."""
        person = pair >> bits
        return cls(person, pair & ((1 << bits) - 1), rows, starts(person))

    @property
    def groups(self) -> NDArray[np.int64]:
        """How many groups each person is in, shape (n_persons,)."""
        return np.diff(self.starts, append=len(self.person))


def person_groups(data: object, unit: str | PrivacyUnit, keys: Keys | None) -> Iterator[tuple[PersonGroups, Persons]]:
    """Return how many rows each person has in each group, in parts; rows without an id or a key left out."""
    engine = engine_for(data, keys, unit, ())
    apart = unit_columns(unit)
    if engine.is_lazy and len(apart) == 1:
        from privkit.tally.engines.lazy_persons import placed_persons

        if (parts := placed_persons(engine, apart[0], keys)) is not None:
            for table, place, weights in parts:
                assert keys is not None  # else there is no place
                yield grouped_pairs(Source(table, place.__getitem__, len(keys), units(table, unit)), weights)
            return
        for table, weights in engine.pairs(apart[0], keys):
            yield grouped_pairs(source_of(table, keys, unit), weights)
    else:
        for table in engine.parts(apart[0], (*(keys.by if keys is not None else ()), *apart)):
            yield grouped_pairs(source_of(table, keys, unit), None)


def grouped_pairs(source: Source, weights: NDArray[np.int64] | None) -> tuple[PersonGroups, Persons]:
    """Return the pairs of person and group among rows, each of which may stand for several."""
    who, cells = source.who, source.cells
    assert who is not None
    bits = (cells - 1).bit_length()

    def pairs_of(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        person, place = who.codes[rows], source.place(rows)
        known = (person >= 0) & (place < cells)
        pair = (person << bits) | place
        return pair[known], None if weights is None else weights[rows][known]

    found = over_blocks(pairs_of, len(source))
    pair = np.concatenate([np.empty(0, dtype=np.int64), *(pair for pair, _ in found)])
    if weights is None:
        sort(pair)
        first = starts(pair)
        rows = np.diff(first, append=len(pair))
    else:
        pair, order = in_order(pair)
        weighed = np.concatenate([weights[:0], *(part for _, part in found if part is not None)])[order]
        first = starts(pair)
        rows = np.add.reduceat(weighed, first) if len(first) else weighed
    return PersonGroups.of(pair[first], rows, bits), who


def at_most_rows(
    pairs: PersonGroups, who: Persons, most: int, salt: bytes, marks: NDArray[np.uint64] | None = None
) -> NDArray[np.int64]:
    """Return how many rows of each pair stay when a person keeps at most `most` in all."""
    if not len(pairs.rows):
        return pairs.rows
    over = np.add.reduceat(pairs.rows, pairs.starts) > most
    kept = pairs.rows.copy()
    concerned = np.flatnonzero(np.repeat(over, pairs.groups))
    if not len(concerned):
        return kept
    rows = pairs.rows[concerned]
    row = np.repeat(concerned, rows)
    within = np.arange(len(row)) - np.repeat(np.cumsum(rows) - rows, rows)
    person, place = pairs.person[row], _marked(pairs.place[row], marks)
    hashed = over_blocks(lambda part: row_hashes(who, person[part], place[part], within[part], salt), len(row))
    first = least_hashed(person, np.concatenate(hashed), most)
    kept[concerned] = np.bincount(row[first], minlength=len(kept))[concerned]
    return kept


def at_most_groups(
    pairs: PersonGroups, who: Persons, most: int, salt: bytes, marks: NDArray[np.uint64] | None = None
) -> NDArray[np.bool_]:
    """Return which pairs stay when a person keeps at most `most` groups."""
    kept = np.ones(len(pairs.person), dtype=bool)
    concerned = np.flatnonzero(np.repeat(pairs.groups > most, pairs.groups))
    if len(concerned):
        person, place = pairs.person[concerned], _marked(pairs.place[concerned], marks)
        hashed = np.concatenate(
            over_blocks(lambda part: row_hashes(who, person[part], place[part], 0, salt), len(concerned))
        )
        kept[concerned] = least_hashed(person, hashed, most)
    return kept


def _marked(place: NDArray[np.int64], marks: NDArray[np.uint64] | None) -> NDArray[Any]:
    """Return what stands for each group in the hash."""
    return place if marks is None else marks[place]


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
    first = starts(pair)
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
    begins, _, told = by_hash(group, hashed)
    within = _within(told, place, values, len(group) / len(begins))
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
    begins = np.flatnonzero(np.concatenate(([True], ~same)))
    within[order] = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
    return within
