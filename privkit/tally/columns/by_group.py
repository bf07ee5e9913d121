"""What something cost the rows of each group: what is kept of everybody may be lost of a few.

A recoding judged by its mean may leave out mostly those who are few, and noise of one size weighs more on small numbers
(NIST SP 800-226 on systemic and statistical bias). Exact figures of the rows, for the owner's eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import column_codes
from privkit.tally.frame import column_names, open_frame

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def groups_of(frame: pd.DataFrame, names: Sequence[str]) -> tuple[pd.Index, Ints]:
    """Return the groups by some columns, and each row's place among them. Missing values are a group."""
    import pandas as pd

    coded = {name: column_codes(frame[name].reset_index(drop=True)) for name in names}
    keys, place = np.unique(np.stack([codes for codes, _ in coded.values()], axis=1), axis=0, return_inverse=True)
    levels = [values.take(keys[:, at]) for at, (_, values) in enumerate(coded.values())]
    named = levels[0].rename(names[0]) if len(names) == 1 else pd.MultiIndex.from_arrays(levels, names=tuple(names))
    return named, place.reshape(-1)


def by_group(frame: pd.DataFrame, columns: object, figures: dict[str, Floats]) -> pd.DataFrame:
    """Return how many rows each group has, and the mean of each figure over them.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows as they were.
    columns : str or sequence of str
        Groups by their values.
    figures : dict of str to array of float64, shape (n_rows,)

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, ParameterError
    """
    import pandas as pd

    names = column_names(columns, "columns")
    open_frame(frame, names, "columns")
    index, place = groups_of(frame, names)
    rows = np.bincount(place, minlength=len(index))
    means = {name: np.bincount(place, weights=own, minlength=len(index)) / rows for name, own in figures.items()}
    return pd.DataFrame({"rows": rows, **means}, index=index)
