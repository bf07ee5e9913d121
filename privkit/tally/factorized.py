"""pandas columns as codes: the one way in which exact reports tell their values apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError
from privkit.tally.cells.coding import coded
from privkit.tally.cells.kind import OBJECT, OTHER, TEXT
from privkit.tally.cells.reading import cells_of_series, kind_of_pandas

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def factorized(column: pd.Series, function: str, *, ordered: bool = False) -> tuple[NDArray[np.int64], Any]:
    """Return each row's code, -1 for missing, and the distinct values as pandas has them.

    Exact, as `privkit.tally.cells` says: of objects 1 and 1.0 are one value, True is another; texts with a zero in them
    are told apart. Objects of types that have no text (a list, say) are missing there and each its own here, since an
    owner's report must not take persons for one.

    Parameters
    ----------
    ordered : bool
        Values in ascending order, where they have one.

    Raises
    ------
    FrameError
        If the values cannot be compared.
    """
    import pandas as pd

    kind = kind_of_pandas(column.dtype)
    try:
        if kind.name in (OBJECT, TEXT) and _of_python(column):
            return _of_objects(column, ordered)
        codes, values = _of_pandas(plain_floats(column), ordered)
    except TypeError:
        hint = "Take its parts as columns of their own."
        raise FrameError.column_type(function, str(column.name), str(column.dtype), hint) from None
    return codes.astype(np.int64, copy=False), pd.Index(values) if kind.name != OTHER else values


def _of_python(column: pd.Series) -> bool:
    """Whether the column's values, or those of its categories, are Python objects."""
    import pandas as pd

    dtype = column.dtype.categories.dtype if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype
    return getattr(dtype, "storage", "python" if isinstance(dtype, np.dtype) and dtype.kind == "O" else "") == "python"


def _of_pandas(column: pd.Series, ordered: bool) -> tuple[NDArray[Any], Any]:
    import pandas as pd

    if ordered:
        try:
            return pd.factorize(column, sort=True, use_na_sentinel=True)
        except TypeError:  # values without an order
            pass
    return pd.factorize(column, use_na_sentinel=True)


def _of_objects(column: pd.Series, ordered: bool) -> tuple[NDArray[np.int64], Any]:
    import pandas as pd

    cells = cells_of_series(column)
    codes, distinct = coded(cells)
    strange = np.flatnonzero((codes < 0) & column.notna().to_numpy())
    if len(strange):
        codes = codes.copy()
        codes[strange], _ = pd.factorize(column.iloc[strange].astype(object))
        codes[strange] += len(distinct)
    first = np.zeros(int(codes.max(initial=-1)) + 2, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    shown = column.iloc[first[:-1]]
    values = pd.Index(shown.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else shown)
    if ordered:
        try:
            rank_of, values = pd.factorize(values, sort=True)
        except TypeError:
            return codes, values
        if len(values) == len(rank_of):
            return np.append(rank_of, -1)[codes].astype(np.int64), values
        values = pd.Index(shown)  # pandas takes for one what is two
    return codes, values


def plain_floats(column: pd.Series) -> pd.Series:
    """Return a float column of an extension type as NumPy floats, in which NaN is missing and 0.0 has no sign."""
    import pandas as pd

    if isinstance(column.dtype, np.dtype) or getattr(column.dtype, "kind", "") != "f":
        return column
    values = column.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
    return pd.Series(values, index=column.index, name=column.name)
