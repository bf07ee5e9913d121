"""Indexes of released groups, in which 1 and True stay two: pandas takes them for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.values.keys import Keys, codes_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def index_of(keys: Keys) -> pd.Index:
    """Return an index of groups, in the order of the keys.

    Examples
    --------
    >>> index_of(Keys(("k", "v"), ((1, "a"), (True, "a")))).tolist()
    [(1, 'a'), (True, 'a')]
    """
    import pandas as pd

    if len(keys.by) == 1:
        return pd.Index([key[0] for key in keys.values], name=keys.by[0])
    if not any(_merged(column) for column in zip(*keys.values, strict=True)):
        return pd.MultiIndex.from_tuples(keys.values, names=keys.by)
    levels, places = [], []
    for column, codes in zip(zip(*keys.values, strict=True), keys.codes, strict=True):
        ranks = {code: rank for rank, code in enumerate(dict.fromkeys(codes))}
        first = dict(zip(reversed(codes), reversed(column), strict=True))
        levels.append(pd.Index([first[code] for code in ranks], dtype=object))
        places.append([ranks[code] for code in codes])
    return pd.MultiIndex(levels=levels, codes=places, names=list(keys.by), verify_integrity=False)


def _merged(column: Sequence[Any]) -> bool:
    """Whether Python takes two different values of a column for one."""
    return bool in (types := set(map(type, column))) and bool(types & {int, float})


def rows_of(index: pd.Index) -> list[tuple[str, ...]]:
    """Return a text of each group's values; two have the same only if they are the same group."""
    columns = [index.get_level_values(place).tolist() for place in range(index.nlevels)]
    return list(zip(*map(codes_of, columns), strict=True))


def places_in(index: pd.Index, wanted: pd.Index) -> NDArray[np.int64]:
    """Return the place of each wanted group in an index; -1 for one that is not there."""
    table = {row: place for place, row in enumerate(rows_of(index))}
    return np.array([table.get(row, -1) for row in rows_of(wanted)], dtype=np.int64)


def margin_of(index: pd.Index, kept: Sequence[str]) -> tuple[NDArray[np.int64], pd.Index]:
    """Return for each group the place of its margin by some columns, and the index of the margins."""
    others = [name for name in index.names if name not in kept]
    margin: Any = index.droplevel(others) if others else index  # type: ignore[arg-type]
    if len(kept) > 1:
        margin = margin.reorder_levels(list(kept))
    rows = rows_of(margin)
    ranks = {row: rank for rank, row in enumerate(dict.fromkeys(rows))}
    first = dict(zip(reversed(rows), reversed(range(len(rows))), strict=True))
    return np.array([ranks[row] for row in rows], dtype=np.int64), margin[[first[row] for row in ranks]]
