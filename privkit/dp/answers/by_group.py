"""How much noise weighs on the answers of each group. No data: computed from what was released."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.plan import miss
from privkit.errors import ColumnNotFoundError
from privkit.tally.frame import column_names

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.answers.derived import Derived
    from privkit.dp.answers.release import Release


def weights_of_noise(
    found: Derived, dominated: NDArray[np.bool_], columns: str | Sequence[str] | None, level: float
) -> pd.DataFrame:
    """Return the groups' answers, the share that noise dominates, and their relative error: see `Release.by_group`.

    Parameters
    ----------
    found : Derived
        The answers; of several numbers each is one, in a row of its name.
    dominated : array of bool, shape (n_answers,)
    """
    import pandas as pd

    alpha = miss(level)
    index = pd.RangeIndex(1, name="all") if found.index is None else found.index
    names = list(index.names) if columns is None else list(column_names(columns, "columns"))
    if missing := [name for name in names if name not in index.names]:
        raise ColumnNotFoundError.of("columns", names, missing, [str(name) for name in index.names])
    lower, upper = found.limits(alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (upper - lower) / 2 / np.abs(found.values)
    told = pd.DataFrame({"answers": 1, "dominated": dominated, "relative_error": relative}, index)
    by = told.groupby(level=names, sort=False, dropna=False)
    return by.agg({"answers": "sum", "dominated": "mean", "relative_error": "median"})


def dominated_in(release: Release) -> NDArray[np.bool_]:
    """Return whether noise dominates each answer, in the order of its estimates."""
    found, asked = release.dominated, release.plan.question.asked
    if asked.framed:
        found = found[[name for name in asked.numbers if name in found]]
    return np.ravel(found)
