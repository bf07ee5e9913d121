"""Cells as codes: equal cells have one code, distinct cells have two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.cells import BOOLEAN, FLOAT, OTHER, Cells

if TYPE_CHECKING:
    from numpy.typing import NDArray


def coded(cells: Cells) -> tuple[NDArray[np.int64], Cells]:
    """Return a code for each row, -1 where it is missing, and the distinct cells, one for each code from 0.

    Exact: numbers are compared as numbers of their own type, texts and bytes by their bytes, decimals by their value at
    the column's scale, times by their counts. Every code occurs. The order of the codes means nothing.

    Examples
    --------
    >>> from privkit.tally.cells.cells import INTEGER, Kind
    >>> codes, distinct = coded(Cells(Kind(INTEGER), np.array([2**53, 2**53 + 1, 2**53])))
    >>> codes.tolist(), len(distinct)
    ([0, 1, 0], 2)
    """
    if cells.codes is not None:
        inner, distinct = coded(cells.of_values)
        return _occurring(np.append(inner, -1)[cells.codes], distinct)
    values = cells.values
    if cells.kind.name == OTHER:
        return _of_pandas(cells)
    if not isinstance(values, np.ndarray):
        return _of_arrow(cells)
    if values.dtype == object:
        return _of_texts(cells)
    if cells.missing is not None:
        known = ~cells.missing
        codes = np.full(len(values), -1, dtype=np.int64)
        codes[known], distinct = _of_numbers(Cells(cells.kind, values[known]))
        return codes, distinct
    return _of_numbers(cells)


def _of_numbers(cells: Cells) -> tuple[NDArray[np.int64], Cells]:
    import pandas as pd

    values = cells.values
    if cells.kind.name == BOOLEAN:
        values = values.view(np.uint8) if values.dtype == bool else values
    if cells.kind.name == FLOAT:
        values = values + values.dtype.type(0)  # -0.0 is 0.0
    codes, distinct = pd.factorize(values, use_na_sentinel=True)
    found = distinct.astype(bool) if cells.kind.name == BOOLEAN else distinct
    return codes.astype(np.int64, copy=False), Cells(cells.kind, found)


def _of_texts(cells: Cells) -> tuple[NDArray[np.int64], Cells]:
    """Code Python texts by a dict of theirs: exact in every version of pandas, zeros within a text included."""
    once: dict[str, int] = {}
    codes = np.fromiter(
        (-1 if value is None else once.setdefault(value, len(once)) for value in cells.values),
        dtype=np.int64,
        count=len(cells.values),
    )
    if cells.missing is not None:
        codes[cells.missing] = -1
    distinct = np.empty(len(once), dtype=object)
    distinct[:] = list(once)
    return _occurring(codes, Cells(cells.kind, distinct))


def _of_arrow(cells: Cells) -> tuple[NDArray[np.int64], Cells]:
    encoded = cells.values.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    if encoded.indices.null_count:
        codes = np.where(np.asarray(encoded.indices.is_null()), -1, np.nan_to_num(codes))
    codes = codes.astype(np.int64)
    if cells.missing is not None:
        codes[cells.missing] = -1
    return _occurring(codes, Cells(cells.kind, encoded.dictionary))


def _of_pandas(cells: Cells) -> tuple[NDArray[np.int64], Cells]:
    """Code what is of no kind, like intervals and periods, as pandas does: for exact reports alone.

    Raises
    ------
    TypeError
        Where the values cannot be compared; its text may hold a value.
    """
    import pandas as pd

    array = cells.values
    if not hasattr(array, "factorize"):  # Arrow's nested values
        raise TypeError("nested values cannot be compared")
    codes, distinct = pd.factorize(array, use_na_sentinel=True)
    return codes.astype(np.int64, copy=False), Cells(cells.kind, distinct)


def _occurring(codes: NDArray[np.int64], distinct: Cells) -> tuple[NDArray[np.int64], Cells]:
    """Return codes without gaps: values that occur nowhere have none."""
    used = np.zeros(len(distinct) + 1, dtype=bool)
    used[codes] = True  # the last stands for missing
    used = used[:-1]
    if used.all():
        return codes.astype(np.int64, copy=False), distinct
    rank = np.append(np.cumsum(used) - 1, -1)
    return rank[codes].astype(np.int64, copy=False), distinct.at(used)


def packed_codes(columns: list[tuple[NDArray[np.int64], int]]) -> NDArray[np.int64]:
    """Return one code per row for the combination of several, each with a bound above its codes; missing is one value.

    The codes are not without gaps; they stay below 2**62.
    """
    import pandas as pd

    code, bound = columns[0][0] + 1, columns[0][1] + 1
    for more, width in columns[1:]:
        if bound * (width + 1) >= 2**62:  # then distinct combinations never exceed the rows
            code, distinct = pd.factorize(code)
            code, bound = code.astype(np.int64, copy=False), len(distinct)
        code = code * (width + 1) + (more + 1)
        bound *= width + 1
    return code


def classes_of(columns: list[Cells]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return for each row its class by several columns (missing is a value), each class's first row, and its size."""
    import pandas as pd

    found = [coded(cells) for cells in columns]
    code = packed_codes([(codes, len(distinct)) for codes, distinct in found])
    class_of, distinct = pd.factorize(code)
    class_of = class_of.astype(np.int64, copy=False)
    first = np.zeros(len(distinct), dtype=np.int64)
    first[class_of[::-1]] = np.arange(len(class_of) - 1, -1, -1)
    return class_of, first, np.bincount(class_of, minlength=len(distinct)).astype(np.int64)


def narrow_codes(cells: Cells, most: int) -> tuple[NDArray[np.int64], int] | None:
    """Return whole numbers by their distance from the least (-1 missing), and the least; None for other cells.

    Faster than hashing, where they lie within a range below `most`; codes may have gaps.
    """
    values = cells.values
    if cells.codes is not None or not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
        return None
    if not len(values) or (cells.missing is not None and cells.missing.all()):
        return np.full(len(values), -1, dtype=np.int64), 0
    if cells.missing is not None:
        values = np.where(cells.missing, values[np.argmin(cells.missing)], values)
    least = int(values.min())
    if int(values.max()) - least >= most:
        return None
    wide = np.uint64 if values.dtype.kind == "u" else np.int64
    codes = (values.astype(wide, copy=False) - wide(least)).astype(np.int64, copy=False)
    return (codes if cells.missing is None else np.where(cells.missing, -1, codes)), least
