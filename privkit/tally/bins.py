"""Numbers sorted into public bins, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.rows import floats, needed_columns

if TYPE_CHECKING:
    import pandas as pd


def binned(
    data: object, column: str, edges: Sequence[float], labels: Sequence[str], others: Sequence[str], *, function: str
) -> pd.DataFrame:
    """Return a pandas frame of `others` and of `column`, its numbers replaced by the labels of their bins.

    Bins are closed on the left, the last one on both sides, as in :func:`numpy.histogram`; numbers outside all bins,
    and missing ones, are missing. A row's bin depends on that row alone. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> ages = pd.DataFrame({"age": [0, 9.9, 10, 20, 21, None]})
    >>> binned(ages, "age", [0, 10, 20], ["young", "old"], [], function="example")["age"].tolist()
    ['young', 'young', 'old', 'old', nan, nan]
    """
    import pandas as pd

    table = needed_columns(data, [*others, column], function)
    numbers = floats(table[column])
    places = np.searchsorted(np.asarray(edges, dtype=np.float64), numbers, side="right") - 1
    places[numbers == edges[-1]] = len(labels) - 1
    places[(places >= len(labels)) | np.isnan(numbers)] = -1
    found = {name: table[name] for name in others}
    return pd.DataFrame(
        {**found, column: pd.Categorical.from_codes(places, categories=pd.Index(list(labels)))}, index=table.index
    )
