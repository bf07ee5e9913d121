"""pandas columns as cells."""

from __future__ import annotations

from datetime import timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import (
    BOOLEAN,
    DURATION,
    FLOAT,
    INSTANT,
    INTEGER,
    OBJECT,
    OTHER,
    TEXT,
    UNSIGNED,
    Cells,
    Kind,
)
from privkit.tally.cells.scalars import teller_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_OF_NUMPY = {"b": BOOLEAN, "i": INTEGER, "u": UNSIGNED, "f": FLOAT, "O": OBJECT}
_TIMES = {"M": INSTANT, "m": DURATION}
#: What counts as missing in pandas' columns of times.
_NOT_A_TIME = np.iinfo(np.int64).min
#: Types of Python whose equal values are one value, so that a cell's text is made once for all of them.
_KEPT = (str, int, bool, bytes)


def kind_of_pandas(dtype: Any) -> Kind:
    """Return the kind of a pandas column by its dtype alone.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> kind_of_pandas(np.dtype("uint8")).name, kind_of_pandas(pd.CategoricalDtype(["a"])).name
    ('unsigned', 'text')
    """
    import pandas as pd

    shown = str(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        inner = kind_of_pandas(dtype.categories.dtype)
        return Kind(inner.name, inner.unit, inner.zone, shown)
    if isinstance(dtype, pd.SparseDtype):
        inner = kind_of_pandas(dtype.subtype)
        return Kind(inner.name, inner.unit, inner.zone, shown)
    if isinstance(dtype, pd.ArrowDtype):
        from privkit.tally.cells.arrow import kind_of_arrow

        return kind_of_arrow(dtype.pyarrow_dtype)
    if isinstance(dtype, pd.DatetimeTZDtype):
        # A fixed offset may have any name, "UTC" among them.
        zone = str(timezone(dtype.tz.utcoffset(None))) if type(dtype.tz) is timezone else str(dtype.tz)
        return Kind(INSTANT, dtype.unit, zone, shown)
    if isinstance(dtype, pd.StringDtype):
        return Kind(TEXT, shown=shown)
    plain = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    if isinstance(plain, np.dtype):
        if plain.kind in _TIMES:
            return Kind(_TIMES[plain.kind], np.datetime_data(plain)[0], shown=shown)
        if plain.kind in _OF_NUMPY and (plain.kind != "f" or plain.itemsize <= 8):
            return Kind(_OF_NUMPY[plain.kind], shown=shown)
    return Kind(OTHER, shown=shown)


def cells_of_series(column: pd.Series) -> Cells:
    """Return a pandas column as cells, over the same memory where that is possible. Never fails on a value."""
    import pandas as pd

    array: Any = column.array
    kind = kind_of_pandas(column.dtype)
    if kind.name == OTHER:
        return Cells(kind, array)
    if isinstance(array, pd.Categorical):
        categories = cells_of_series(pd.Series(array.categories)).of_values_alone()
        return Cells(kind, categories.values, categories.missing, array.codes)
    if isinstance(column.dtype, pd.SparseDtype):
        return cells_of_series(pd.Series(array.to_dense()))
    if hasattr(array, "_pa_array"):
        from privkit.tally.cells.arrow import cells_of_arrow

        found = cells_of_arrow(array._pa_array)
        return Cells(kind, found.values, found.missing, found.codes)
    if hasattr(array, "_mask") and hasattr(array, "_data"):  # nullable integers, floats and booleans
        return _masked(kind, array._data, array._mask)
    if hasattr(array, "asi8"):  # times with or without a zone, durations
        return _counted(kind, array.asi8)
    if kind.name == TEXT:
        return _texts(kind, np.asarray(array, dtype=object))
    values = column.to_numpy()
    if values.dtype.kind in _TIMES:
        return _counted(kind, values.view(np.int64))
    return object_cells(values, kind) if kind.name == OBJECT else _widened(kind, values)


def _masked(kind: Kind, values: NDArray[Any], mask: NDArray[np.bool_]) -> Cells:
    if not mask.any():
        return _widened(kind, values)
    if kind.name == FLOAT:
        return _widened(kind, np.where(mask, values.dtype.type(np.nan), values))
    return Cells(kind, values, mask)


def _widened(kind: Kind, values: NDArray[Any]) -> Cells:
    """Return numbers as they are, but halves, which many functions of NumPy and pandas cannot take."""
    return Cells(kind, values.astype(np.float32) if values.dtype == np.float16 else values)


def _counted(kind: Kind, counts: NDArray[np.int64]) -> Cells:
    missing = counts == _NOT_A_TIME
    return Cells(kind, counts, missing if missing.any() else None)


def _texts(kind: Kind, values: NDArray[np.object_]) -> Cells:
    """Return Python texts; of a subclass of str, whose comparisons may be its own, only NumPy's is one."""
    plain = [
        value if type(value) is str else str.__str__(value) if type(value) is np.str_ else None for value in values
    ]
    found = np.empty(len(plain), dtype=object)
    found[:] = plain
    return Cells(kind, found)


def object_cells(values: NDArray[np.object_], kind: Kind) -> Cells:
    """Return Python objects as texts that tell type and value, each text once (`privkit.tally.cells.scalars`)."""
    types = np.fromiter(map(id, map(type, values)), dtype=np.int64, count=len(values))
    codes = np.full(len(values), -1, dtype=np.int64)
    texts: dict[str, int] = {}
    for each in np.unique(types):
        places = np.flatnonzero(types == each)
        exact = type(values[places[0]])
        teller = teller_of(exact)
        if teller is None:
            continue
        codes[places] = _told(values[places], teller, kept=exact in _KEPT, texts=texts)
    found = np.empty(len(texts), dtype=object)
    found[:] = list(texts)
    return Cells(kind, found, None, codes)


def _told(values: NDArray[np.object_], teller: Any, *, kept: bool, texts: dict[str, int]) -> NDArray[np.int64]:
    """Return a code for each value of one exact type, its text in `texts`; -1 where it has none."""
    from privkit.tally.cells.scalars import scalar_text

    def code(value: object) -> int:
        text = scalar_text(value)
        return -1 if text is None else texts.setdefault(text, len(texts))

    if not kept:
        return np.fromiter((code(value) for value in values), dtype=np.int64, count=len(values))
    once: dict[Any, int] = {}
    places = np.fromiter((once.setdefault(value, len(once)) for value in values), dtype=np.int64, count=len(values))
    return np.fromiter((code(value) for value in once), dtype=np.int64, count=len(once))[places]
