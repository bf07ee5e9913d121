"""Counts in which no person weighs more than the contribution bounds allow."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.errors import DuplicateColumnError
from privkit.tally.classes import _SIZE, _int64, _to_pandas, grouped_sizes
from privkit.tally.frame import open_frame
from privkit.tally.ids import Persons
from privkit.tally.lookup import Finder, key_finder, over_blocks
from privkit.tally.sampling import in_order, least_hashed, row_hashes, starts_of
from privkit.tally.windows import unit_columns, units

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


def bounded_counts(
    data: object,
    unit: str | PrivacyUnit,
    bounds: ContributionBounds,
    keys: Keys | None = None,
    *,
    salt: bytes | None = None,
    marks: NDArray[np.uint64] | None = None,
    function: str = "bounded_counts",
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
    marks : array of uint64, shape (len(keys),), optional
        What stands for each group in the hash, where its place among the keys depends on the data.

    Returns
    -------
    array of int64, shape (len(keys),) or (1,)

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.contribution import ContributionBounds
    >>> calls = pd.DataFrame({"who": ["a"] * 5 + ["b", None]})
    >>> bounded_counts(calls, "who", ContributionBounds(max_rows=3)).tolist()
    [4]
    """
    salt = secrets.token_bytes(16) if salt is None else salt
    pairs, who = person_groups(data, unit, keys, function)
    if bounds.max_rows is not None:
        kept = at_most_rows(pairs, who, bounds.max_rows, salt, marks)
    else:
        kept = np.where(at_most_groups(pairs, who, bounds.l0, salt, marks), np.minimum(pairs.rows, bounds.linf), 0)
    cells = 1 if keys is None else len(keys)
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
        return cls(person, pair & ((1 << bits) - 1), rows, starts_of(person))

    @property
    def groups(self) -> NDArray[np.int64]:
        """How many groups each person is in, shape (n_persons,)."""
        return np.diff(self.starts, append=len(self.person))


def person_groups(
    data: object, unit: str | PrivacyUnit, keys: Keys | None, function: str
) -> tuple[PersonGroups, Persons]:
    """Return how many rows each person has in each group; rows without an id or a key left out."""
    by = keys.by if keys is not None else ()
    apart = unit_columns(unit)
    if apart[0] in by:
        raise DuplicateColumnError.in_argument(function, "by", [apart[0]])
    needed = tuple(dict.fromkeys((*by, *apart)))
    frame = open_frame(data, function, needed, "columns")
    if not isinstance(frame, nw.LazyFrame) and frame.implementation.is_pandas():
        table, weights = frame.to_native(), None
    else:
        counted = grouped_sizes(frame, needed, function)
        table, weights = _to_pandas(counted.select(*needed)), _int64(counted[_SIZE])
    who = units(table, unit)
    cells = 1 if keys is None else len(keys)
    finder: Finder = (
        (lambda rows: np.zeros(rows.stop - rows.start, dtype=np.int32))
        if keys is None
        else key_finder({name: table[name] for name in by}, keys)
    )
    bits = (cells - 1).bit_length()

    def pairs_of(rows: slice) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        person, place = who.codes[rows], finder(rows)
        known = (person >= 0) & (place < cells)
        pair = (person << bits) | place
        return pair[known], None if weights is None else weights[rows][known]

    found = over_blocks(pairs_of, len(table))
    pair = np.concatenate([np.empty(0, dtype=np.int64), *(pair for pair, _ in found)])
    if weights is None:
        pair.sort()
        first = starts_of(pair)
        rows = np.diff(first, append=len(pair))
    else:
        pair, order = in_order(pair)
        weighed = np.concatenate([weights[:0], *(part for _, part in found if part is not None)])[order]
        first = starts_of(pair)
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
