"""Two tables with a key, made of two releases of synthetic rows: of persons with their counts, and of events.

No data: all of it is computed from what both releases hold, which is post-processing; it costs nothing more.

Each drawn person gets as many events as the drawn count says. They are taken from the drawn events whose person has
the same levels in all columns that both releases have: all of them in turn, in random order, before one is taken again.
Where there is none, fewer columns have to agree, the last one first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.answers.release import Release
from privkit.dp.answers.synthetic_rows import rows_of, synthetic_of
from privkit.dp.statistics.arranged import canonical_levels
from privkit.dp.synthesis.kept import Kept
from privkit.errors.synthetic import RelatedError, SyntheticError
from privkit.values.arguments import column_name, public, typed
from privkit.values.show import PickledIfReal, Shown, is_simulated

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.synthesis.synthetic import Synthetic


@public
@dataclass(frozen=True, repr=False, eq=False)
class RelatedRows(PickledIfReal, Shown):
    """Synthetic persons and their synthetic events, tied by a key that means nothing.

    Attributes
    ----------
    persons : pandas.DataFrame
        The key first, then the columns of persons.
    events : pandas.DataFrame
        The key first, then the columns of events.
    distances : pandas.DataFrame
        How far both tables lie from each noisy table of their release, as `Release.distances` tells it; the first level
        of the index says which one.
    shared : tuple of str
        The columns of persons that events were chosen by.
    loosened : float
        The share of events for which not all of them could agree.
    simulated : bool
        Whether one of the releases was drawn by the teaching simulator.
    """

    persons: pd.DataFrame
    events: pd.DataFrame
    distances: pd.DataFrame
    shared: tuple[str, ...]
    loosened: float
    simulated: bool = False


@typed
def rows_of_persons(persons: Release, events: Release, *, key: str = "id", count: str = "events") -> RelatedRows:
    """Make two tables with a key of two releases of synthetic rows. Reads no row; spends nothing: post-processing.

    Parameters
    ----------
    persons : Release
        Of `dp_synthetic`, of the frame of persons that `by_person` lays out, the count among its columns.
    events : Release
        Of its frame of events. Columns that both have, with the same keys and cuts, decide which events fit a person.
    key : str
        The name of the key: whole numbers from 0.
    count : str
        The column of `persons` that says how many events each has.

    Returns
    -------
    RelatedRows
        `.persons`, `.events`, and `.distances` from the noisy tables. Counts per person, tables of persons, and tables
        of one event with its person are kept within the noise that both releases state (``.table(...)``). Not kept:
        what events of one person have in common beyond the person's columns, their order, and counts above the largest
        key.

    Raises
    ------
    SyntheticError, RelatedError
        If one of them holds no rows, the count is no column of whole numbers, they share no column, or its keys differ.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> customers = pd.DataFrame({"id": range(900), "plan": ["a", "b", "a"] * 300})
    >>> orders = pd.DataFrame({"id": [*range(900), *range(0, 900, 3)], "big": [True, False, False] * 400})
    >>> frames = pk.by_person(customers, orders, "id", most=2)
    >>> project = pk.open_project("shop", epsilon=40, unit="id", store=ledger_path)
    >>> plans, counts, big = ["a", "b"], [0, 1, 2], [True, False]
    >>> first = frames.persons.privacy.dp_synthetic(
    ...     ["plan", "events"], keys={"plan": plans, "events": counts}, max_rows=1, epsilon=9
    ... )
    >>> second = frames.events.privacy.dp_synthetic(
    ...     ["plan", "big"], keys={"plan": plans, "big": big}, max_rows=2, epsilon=9
    ... )
    >>> made = pk.rows_of_persons(first, second)
    >>> list(made.persons), list(made.events), abs(len(made.events) - 1200) < 60
    (['id', 'plan'], ['id', 'big'], True)
    """
    asked = [_asked(one, name) for one, name in ((persons, "persons"), (events, "events"))]
    name, counted = column_name(key, "key"), column_name(count, "count")
    kept = [Kept.read(one, release.drawn.reshape(-1)) for one, release in zip(asked, (persons, events), strict=True)]
    levels = [one.levels(ask) for one, ask in zip(kept, asked, strict=True)]
    each = _counts(asked[0], levels[0], counted)
    shared = _shared(asked, counted)
    if name in {one.name for ask in asked for one in ask.made}:
        raise RelatedError.taken(name)
    axes = [[_axis(ask, column) for column in shared] for ask in asked]
    owner = np.repeat(np.arange(len(each)), each)
    rng = np.random.default_rng([kept[0].seed, kept[1].seed])
    wanted = levels[0][:, axes[0]]
    taken, loose = matched(wanted[owner], levels[1][:, axes[1]], rng)
    first, second = rows_of(persons).drop(columns=counted), rows_of(events).drop(columns=list(shared))
    first.insert(0, name, np.arange(len(first)))
    chosen = second.iloc[taken].reset_index(drop=True)
    chosen.insert(0, name, owner)
    codes = levels[1][taken]
    codes[:, axes[1]] = wanted[owner]
    simulated = any(map(is_simulated, (persons, events)))
    return RelatedRows(first, chosen, _distances(persons, events, asked, codes), shared, loose, simulated)


def _asked(release: Release, argument: str) -> Synthetic:
    if not isinstance(release, Release):
        raise RelatedError.release(argument)
    if (asked := synthetic_of(release)) is None:
        raise SyntheticError.no_rows()
    return asked


def _axis(asked: Synthetic, column: str) -> int:
    """Return the place of a column's levels."""
    return asked.names.index(next(one.level for one in asked.made if one.name == column))


def _counts(asked: Synthetic, levels: NDArray[np.int64], column: str) -> NDArray[np.int64]:
    """Return how many events each person has; missing counts are none."""
    made = next((one for one in asked.made if one.name == column), None)
    keys = () if made is None else [key[0] for key in canonical_levels(asked.levels[_axis(asked, column)]).values]
    if (
        made is None
        or made.edges
        or not all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in keys)
    ):
        raise RelatedError.count(column)
    return np.array([*keys, 0], dtype=np.int64)[levels[:, _axis(asked, column)]]


def _shared(asked: Sequence[Synthetic], counted: str) -> tuple[str, ...]:
    """Return the columns that both releases have, which must have the same levels."""
    second = {one.name for one in asked[1].made}
    shared = tuple(one.name for one in asked[0].made if one.name in second and one.name != counted)
    if not shared:
        raise RelatedError.nothing_shared()
    for column in shared:
        first, other = (canonical_levels(ask.levels[_axis(ask, column)]).values for ask in asked)
        if first != other:
            raise RelatedError.levels(column)
    return shared


def matched(
    wanted: NDArray[np.int64], pool: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], float]:
    """Return for each wanted row one of a pool with the same levels, each in turn; and the share that agrees in fewer.

    Examples
    --------
    >>> taken, loose = matched(np.array([[0], [1], [1], [2]]), np.array([[1], [0], [1]]), np.random.default_rng(0))
    >>> sorted(taken[1:3].tolist()), int(taken[0]), loose
    ([0, 2], 1, 0.25)
    """
    taken = np.full(len(wanted), -1, dtype=np.int64)
    loose = 0.0
    if not len(pool) or not len(wanted):
        return taken[:0], loose
    for many in range(pool.shape[1], -1, -1):
        left = np.flatnonzero(taken < 0)
        if not len(left):
            break
        both = np.concatenate([wanted[left][:, :many], pool[:, :many]])
        code = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1) if many else np.zeros(len(both), dtype=int)
        asks, has = code[: len(left)], code[len(left) :]
        mixed = rng.permutation(len(pool))
        order = mixed[np.argsort(has[mixed], kind="stable")]
        starts = np.searchsorted(has[order], np.arange(code.max() + 2))
        size = np.diff(starts)[asks]
        by_code = np.argsort(asks, kind="stable")
        turn = np.empty(len(left), dtype=np.int64)
        turn[by_code] = np.arange(len(left)) - np.searchsorted(asks[by_code], asks[by_code])
        some = size > 0
        taken[left[some]] = order[starts[asks[some]] + turn[some] % size[some]]
        if many == pool.shape[1]:
            loose = float((~some).sum()) / len(wanted)
    return taken, loose


def _distances(persons: Release, events: Release, asked: Sequence[Synthetic], codes: NDArray[np.int64]) -> pd.DataFrame:
    """Return how far both tables lie from the noisy ones."""
    import pandas as pd

    first = asked[0].distances(persons.drawn, persons.noise)
    second = asked[1].distances(events.drawn, events.noise, codes)
    return pd.concat({"persons": first, "events": second}, names=["of"])
