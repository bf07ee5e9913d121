"""Counts in which no person weighs more than the contribution bounds allow."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from privkit.tally.classes import _SIZE, _int64, _to_pandas, grouped_sizes
from privkit.tally.frame import open_frame
from privkit.tally.keyed import key_places

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys


def bounded_counts(
    data: object,
    unit: str,
    bounds: ContributionBounds,
    keys: Keys | None = None,
    *,
    salt: bytes | None = None,
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
    unit : str
        The column that tells persons apart.
    bounds : ContributionBounds
    keys : Keys, optional
        The groups; without them one total.
    salt : bytes, optional
        The hash's key, drawn anew by default so that nobody's rows are favored; given in tests alone.

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
    person, place, rows, ids = _person_groups(data, unit, keys, function)
    cells = 1 if keys is None else len(keys)
    if bounds.max_rows is not None:
        kept = _at_most_rows(person, place, rows, ids, bounds.max_rows, salt)
    else:
        kept = _at_most_groups(person, place, np.minimum(rows, bounds.linf), ids, bounds.l0, salt)
    return np.bincount(place, weights=kept, minlength=cells).astype(np.int64)


def _person_groups(
    data: object, unit: str, keys: Keys | None, function: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], pd.Index]:
    """Return (person, key place, rows) of each pair that occurs, ordered by person, and the persons' ids."""
    import pandas as pd

    by = keys.by if keys is not None else ()
    frame = open_frame(data, function, list(dict.fromkeys([*by, unit])), "columns")
    if not isinstance(frame, nw.LazyFrame) and frame.implementation.is_pandas():
        native = frame.to_native()
        columns, rows = native, None
    else:
        table = grouped_sizes(frame, tuple(dict.fromkeys([*by, unit])), function)
        columns, rows = _to_pandas(table.select(*table.columns[:-1])), _int64(table[_SIZE])
    person, ids = pd.factorize(columns[unit], use_na_sentinel=True)
    place = np.zeros(len(person), dtype=np.int64) if keys is None else key_places({n: columns[n] for n in by}, keys)
    known = (person >= 0) & (place >= 0)
    if not known.all():
        person, place = person[known], place[known]
        rows = None if rows is None else rows[known]
    width = 1 if keys is None else len(keys)
    pair = person.astype(np.int64) * width + place
    if rows is None:
        pair = np.sort(pair)
        starts = np.flatnonzero(np.r_[len(pair) > 0, pair[1:] != pair[:-1]])
        rows = np.diff(np.r_[starts, len(pair)])
    else:
        order = np.argsort(pair)
        starts, rows = np.flatnonzero(np.ones(len(pair), dtype=bool)), rows[order]
        pair = pair[order]
    person, place = np.divmod(pair[starts], width)
    return person, place, rows, pd.Index(ids)


def _at_most_rows(
    person: NDArray[np.int64], place: NDArray[np.int64], rows: NDArray[np.int64], ids: pd.Index, most: int, salt: bytes
) -> NDArray[np.int64]:
    """Return how many rows of each pair stay when a person keeps at most `most` in all."""
    total = np.bincount(person, weights=rows, minlength=len(ids)).astype(np.int64)
    over = total[person] > most
    kept = rows.copy()
    if not over.any():
        return kept
    pairs = np.flatnonzero(over)
    row = np.repeat(pairs, rows[pairs])
    within = np.arange(len(row)) - np.repeat(np.cumsum(rows[pairs]) - rows[pairs], rows[pairs])
    first = _first_by_hash(person[row], _hashed(ids, person[row], place[row], within, salt), most)
    kept[pairs] = 0
    np.add.at(kept, row[first], 1)
    return kept


def _at_most_groups(
    person: NDArray[np.int64], place: NDArray[np.int64], rows: NDArray[np.int64], ids: pd.Index, most: int, salt: bytes
) -> NDArray[np.int64]:
    """Return how many rows of each pair stay when a person keeps at most `most` groups."""
    over = np.bincount(person, minlength=len(ids))[person] > most
    kept = rows.copy()
    if not over.any():
        return kept
    pairs = np.flatnonzero(over)
    hashed = _hashed(ids, person[pairs], place[pairs], np.zeros(len(pairs), dtype=np.int64), salt)
    first = _first_by_hash(person[pairs], hashed, most)
    dropped = np.setdiff1d(pairs, pairs[first], assume_unique=True)
    kept[dropped] = 0
    return kept


def _first_by_hash(person: NDArray[np.int64], hashed: NDArray[np.uint64], most: int) -> NDArray[np.int64]:
    """Return the places of the `most` entries of each person with the least hash."""
    order = np.lexsort((hashed, person))
    ranked = person[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    rank = np.arange(len(ranked)) - np.repeat(starts, np.diff(np.r_[starts, len(ranked)]))
    return order[rank < most]


def _hashed(
    ids: pd.Index, person: NDArray[np.int64], place: NDArray[np.int64], within: NDArray[np.int64], salt: bytes
) -> NDArray[np.uint64]:
    """Return a keyed hash of (the person's id, the group, the place within both), 64 bits.

    The id itself is hashed, not its code: a code depends on who else is in the data.
    """
    import pandas as pd

    needed, where = np.unique(person, return_inverse=True)
    base = pd.util.hash_array(np.asarray(ids[needed].astype(object)), hash_key=salt.hex()[:16], categorize=False)
    keyed = np.frombuffer(salt, dtype=np.uint64)
    mixed = _mix(base ^ keyed[0])[where]
    for part in (place, within):
        mixed = _mix(mixed ^ _mix(part.astype(np.uint64) + keyed[1]))
    return mixed


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
