"""Cells as codes: equal cells have one code, distinct cells have two; and as keyed hashes, of the value alone.

A hash depends on nobody else's row. Codes come in order where it is needed, and are counted without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import BOOLEAN, FLOAT, OBJECT, OTHER, Cells
from privkit.tally.cells.scalars import number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


def hashed(cells: Cells, salt: bytes) -> NDArray[np.uint64]:
    """Return a keyed 64-bit hash of each cell; equal cells have one. What a missing cell has means nothing.

    Whole numbers have one hash as integers, floats and objects, and texts as text and objects: so the same ids are
    chosen alike on every engine.

    Parameters
    ----------
    cells : Cells
    salt : bytes
        16 bytes.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Cells
    >>> from privkit.tally.cells.cells import INTEGER, Kind
    >>> one, two = (Cells(Kind(INTEGER), np.array([7, 8], dtype=width)) for width in ("int8", "int64"))
    >>> bool((hashed(one, bytes(16)) == hashed(two, bytes(16))).all())
    True
    """
    if cells.codes is not None:
        return np.append(hashed(cells.of_values, salt), np.uint64(0))[cells.codes]
    values = cells.values
    if cells.kind.name == OBJECT:
        return _of_objects(values, salt)
    if isinstance(values, np.ndarray) and values.dtype != object:
        return hash_numbers(_bits(cells), salt)
    return hash_bytes(encoded(values), salt)


def _of_objects(values: NDArray[np.object_], salt: bytes) -> NDArray[np.uint64]:
    """Return hashes of the texts that tell objects."""
    found = np.zeros(len(values), dtype=np.uint64)
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    for place, text in enumerate(values):
        if text is None:
            continue
        if text[0] == "n" and (bits := _number_bits(number_of(text))) is not None:
            numbers[place] = bits
        else:
            texts[place] = (text[1:] if text[0] == "s" else text).encode("utf-8", "surrogatepass")
    if numbers:
        found[list(numbers)] = hash_numbers(np.array(list(numbers.values()), dtype=np.uint64), salt)
    if texts:
        found[list(texts)] = hash_bytes(list(texts.values()), salt)
    return found


def _number_bits(value: Any) -> int | None:
    if isinstance(value, int):
        if -(2**63) <= value < 2**64:
            return value % 2**64
        try:
            same = float(value)
        except OverflowError:
            return None
        if same != value:
            return None
        value = same  # whole, and beyond 64 bits: what a column of floats would hold
    return int(_float_bits(np.array([value]))[0]) if isinstance(value, float) else None


def _bits(cells: Cells) -> NDArray[np.uint64]:
    values = cells.values
    if cells.kind.name == FLOAT:
        return _float_bits(values.astype(np.float64))
    if values.dtype.kind == "u":
        return values.astype(np.uint64, copy=False)
    return values.astype(np.int64, copy=False).view(np.uint64)


def _float_bits(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return 64 bits for each float: of whole ones within 64 bits those of the integer."""
    with np.errstate(invalid="ignore"):
        whole = (np.floor(values) == values) & (values >= -(2.0**63)) & (values < 2.0**64)
        low = np.where(whole & (values < 2.0**63), values, 0.0).astype(np.int64).view(np.uint64)
        high = np.where(whole & (values >= 2.0**63), values, 0.0).astype(np.uint64)
    return np.where(whole, low | high, (values + 0.0).view(np.uint64))


def encoded(values: Any) -> list[bytes]:
    """Return texts, bytes and decimals as bytes; of distinct values, so that there are few."""
    if isinstance(values, np.ndarray):
        return [b"" if value is None else value.encode("utf-8", "surrogatepass") for value in values]
    import pyarrow as pa

    if pa.types.is_decimal(values.type):
        width = values.type.bit_width // 8
        buffer = values.buffers()[1]
        whole = memoryview(buffer)[values.offset * width :] if buffer is not None else memoryview(b"")
        return [bytes(whole[place * width : (place + 1) * width]) for place in range(len(values))]
    offsets, data = _offsets(values)
    return [bytes(data[start:end]) for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]


def _offsets(array: Any) -> tuple[NDArray[Any], memoryview]:
    """Return where each text of an Arrow array begins and ends, and the bytes of all."""
    import pyarrow as pa

    wide = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    _, offsets, data = array.buffers()
    if offsets is None or not len(array):
        return np.zeros(len(array) + 1, dtype=np.int64), memoryview(b"")
    found = np.frombuffer(offsets, dtype=np.int64 if wide else np.int32)[array.offset : array.offset + len(array) + 1]
    return found, memoryview(data) if data is not None else memoryview(b"")


def _keys(salt: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(salt, dtype="<u8", count=2)


def hash_numbers(bits: NDArray[np.uint64], salt: bytes) -> NDArray[np.uint64]:
    """Return a keyed hash of each 64 bits: for each key a bijection."""
    return spread(bits ^ _keys(salt)[0])


def hash_bytes(values: Sequence[bytes], salt: bytes) -> NDArray[np.uint64]:
    """Return a keyed hash of each string of bytes: SipHash, as pandas has it."""
    import pandas as pd

    encoded = np.empty(len(values), dtype=object)
    encoded[:] = list(values)
    found = pd.util.hash_array(encoded, hash_key=salt.hex()[:16], categorize=False)
    return spread(found ^ _keys(salt)[1])


def spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed


#: So many ascending runs are merged as fast as any sort sorts; and so many entries, in whatever order inside of them.
_RUNS, _LOCAL = 100, 8


def sort(keys: NDArray[Any], local: float | None = None) -> NDArray[Any]:
    """Sort integers in place and return them, by what is known of their order: in the same time on all processors.

    Rows often lie by person, or in a few files that do: merging takes such runs a twentieth to a third of the time that
    sorting anew takes. Only keys in no order are left to NumPy's default, which is quick on some processors alone (see
    `privkit.tally.codes.grouped`).

    Parameters
    ----------
    keys : array of integers
    local : float, optional
        How many entries lie together on average that may be in any order, where all before and behind are in order.

    Examples
    --------
    >>> sort(np.array([3, 5, 1, 4])).tolist()
    [1, 3, 4, 5]
    """
    merges = int((keys[1:] < keys[:-1]).sum()) < _RUNS if local is None else local <= _LOCAL
    keys.sort(kind="stable" if merges else None)
    return keys


#: Odd, its bits without a pattern: 2**64 over the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def key_hashes(keys: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Return a number of `width` bits for each key: the same for equal keys, and seldom for others. Changes the keys.

    What is counted by it is counted in a few passes without any order, in the same time on all processors. A count is
    that of its key, or of several: so a low one is proof of how few there are, a high one is none.

    Examples
    --------
    >>> one, two = key_hashes(np.array([7, 3, 7]), 10)[[0, 2]].tolist()
    >>> one == two, 0 <= one < 1024
    (True, True)
    """
    places = keys.view(np.uint64)
    places *= _FACTOR
    places >>= np.uint64(64 - width)
    return places.view(np.int64)


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
    sizes = np.bincount(class_of, minlength=len(distinct)).astype(np.int64)
    return class_of, first_rows(class_of, len(distinct)), sizes


def first_rows(class_of: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return the place of the first row of each class."""
    first = np.zeros(n_classes, dtype=np.int64)
    first[class_of[::-1]] = np.arange(len(class_of) - 1, -1, -1)
    return first


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
