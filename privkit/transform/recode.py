"""Typed columns from levels: ordered categories where a column has one level, categories where levels vary by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.transform.hierarchies.ladder import STAR
from privkit.transform.hierarchies.table import text

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.hierarchies.ladder import Ladder
    from privkit.transform.search.coding import Coding

    Ints = NDArray[np.int64]


def recoded(frame: pd.DataFrame, coding: Coding, levels: Ints, kept: NDArray[np.bool_]) -> pd.DataFrame:
    """Return `frame` with its quasi-identifiers generalized, without the rows that are not `kept`.

    Parameters
    ----------
    levels : array of int64, shape (n_columns, 1) or (n_columns, n_combos)
        The level of each column, for all rows or by combination.
    kept : array of bool, shape (n_rows,)
        Rows that stay.
    """
    rows = coding.row_combo[kept]
    answer = frame.loc[kept].copy() if not kept.all() else frame.copy()
    for place, ladder in enumerate(coding.ladders):
        chosen = levels[place]
        values = coding.combos[place]
        if (chosen == chosen[:1]).all():
            level = int(chosen[0]) if len(chosen) else 0
            if level == 0:
                continue
            column = _one_level(ladder, level, values, rows)
        else:
            column = _many_levels(ladder, chosen, values, rows)
        answer[ladder.column] = _series(column, answer.index)
    return answer


def _series(column: pd.Categorical, index: pd.Index) -> pd.Series:
    import pandas as pd

    return pd.Series(column, index=index)


def _one_level(ladder: Ladder, level: int, values: Ints, rows: Ints) -> pd.Categorical:
    import pandas as pd

    step = ladder.levels[level]
    codes = step.codes[values][rows]
    used = np.unique(codes)
    used = np.array([code for code in used if step.labels[code] is not None], dtype=np.int64)
    place = np.full(len(step.labels), -1, dtype=np.int64)
    place[used] = np.arange(len(used))
    labels = pd.Index([step.labels[code] for code in used], dtype=None if len(used) else object)
    return pd.Categorical.from_codes(place[codes], categories=labels, ordered=True)


def _many_levels(ladder: Ladder, levels: Ints, values: Ints, rows: Ints) -> pd.Categorical:
    import pandas as pd

    offsets = np.cumsum([0, *[len(step.labels) for step in ladder.levels]])
    codes = np.array([step.codes for step in ladder.levels])
    group = (offsets[levels] + codes[levels, values])[rows]
    names = mixed_labels(ladder)
    used = np.unique(group)
    labels = list(dict.fromkeys(names[code] for code in used if names[code] is not None))
    place = {label: number for number, label in enumerate(labels)}
    lookup = np.full(len(names), -1, dtype=np.int64)
    for code in used:
        lookup[code] = place.get(names[code], -1)
    return pd.Categorical.from_codes(lookup[group], categories=pd.Index(labels, dtype=object))


def mixed_labels(ladder: Ladder) -> list[Any]:
    """Return the labels of all groups of all levels as text; one text never stands for two different groups."""
    names: list[Any] = []
    meaning: dict[str, frozenset[int]] = {}
    for number, step in enumerate(ladder.levels):
        for code, label in enumerate(step.labels):
            if label is None:
                names.append(None)
                continue
            leaves = frozenset(np.flatnonzero(step.codes == code).tolist())
            name = text(label)
            if meaning.setdefault(name, leaves) != leaves:
                name = f"{name} (level {number})"
                meaning.setdefault(name, leaves)
            names.append(name)
    return names


def starred(frame: pd.DataFrame, columns: Sequence[str], suppressed: NDArray[np.bool_]) -> pd.DataFrame:
    """Return `frame` with ``*`` in the named columns of the suppressed rows."""
    import pandas as pd

    answer = frame.copy()
    for column in columns:
        cells = answer[column]
        if isinstance(cells.dtype, pd.CategoricalDtype):
            if STAR not in cells.cat.categories:
                cells = cells.cat.add_categories([STAR])
        else:
            cells = cells.astype(object)
        answer[column] = cells.mask(suppressed, STAR)
    return answer
