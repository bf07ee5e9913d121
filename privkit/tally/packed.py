"""Several columns of codes as one integer, so that grouping them again is one NumPy call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.factorized import factorized

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Packed codes stay below this, so that one more factor never overflows 64 bits unseen.
_LARGEST = 2**62


def column_codes(column: pd.Series) -> tuple[NDArray[np.int64], pd.Index]:
    """Return each row's code and the values that the codes stand for; missing is the last code.

    The values are in ascending order where they can be compared, so that codes do not depend on row order.
    """
    import pandas as pd

    codes, values = factorized(column, "column_codes", ordered=True)
    if (missing := codes < 0).any():
        codes = np.where(missing, len(values), codes)
        values = pd.Index([*values, None], dtype=object)
    return codes, pd.Index(values, dtype=values.dtype)  # pandas 2 would guess another from objects


def packed(columns: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], int]:
    """Return one code per row for the combination of several codes, and a bound above all of them.

    Ranks are taken anew whenever the product of the columns' ranges would leave 62 bits; then distinct
    combinations never exceed the rows, so that one more column always fits.
    """
    code, bound = columns[0].astype(np.int64), int(columns[0].max(initial=-1)) + 1
    for column in columns[1:]:
        width = int(column.max(initial=-1)) + 1
        if bound * max(width, 1) >= _LARGEST:
            distinct, code = np.unique(code, return_inverse=True)
            bound = len(distinct)
        code, bound = code * width + column, bound * width
    return code, bound
