"""The classes of one table among those of another, by their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import FrameError
from privkit.tally.packed import column_codes, packed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally


def matches(left: Tally, right: Tally, function: str) -> NDArray[np.int64]:
    """Return the place in `right` of each class of `left`; -1 where `right` lacks it.

    Missing matches missing; whole numbers match floats of the same value.

    Parameters
    ----------
    left, right : Tally
        By the same columns.
    function : str
        Who asks, for the error.

    Raises
    ------
    FrameError
        If a column is of different kinds in the two, so that nothing could match.
    """
    import pandas as pd

    codes = []
    for name in left.by:
        ours, theirs = left.keys[name], right.keys[name]
        a, b = _kind(ours), _kind(theirs)
        if a != b and {a, b} <= {"numbers", "dates", "text"}:
            hint = "Give it the same type in both: .astype(...)."
            raise FrameError.column_type(function, name, f"{a} in the table and {b} in the population", hint)
        both = pd.concat([_plain(ours), _plain(theirs)], ignore_index=True)
        codes.append(column_codes(both)[0])
    keys, _ = packed(codes)
    mine, other = keys[: left.n_classes], keys[left.n_classes :]
    if not len(other):
        return np.full(len(mine), -1, dtype=np.int64)
    order = np.argsort(other)
    place = np.minimum(np.searchsorted(other[order], mine), len(other) - 1)
    return np.where(other[order][place] == mine, order[place], -1)


def _plain(column: pd.Series) -> pd.Series:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(column.cat.categories.dtype if not column.isna().any() else object)
    return column


def _kind(column: pd.Series) -> str:
    """Return what the column's values are, as far as it decides whether they can be equal to others."""
    import pandas as pd

    found = pd.api.types.infer_dtype(_plain(column), skipna=True)
    if found in {"integer", "floating", "mixed-integer-float", "decimal", "boolean", "complex"}:
        return "numbers"
    if found in {"datetime64", "datetime", "date", "period"}:
        return "dates"
    return "text" if found in {"string", "unicode"} else found
