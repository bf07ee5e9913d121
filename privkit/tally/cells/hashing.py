"""Keyed hashes of cells: of the value alone, so that a hash depends on nobody else's row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import FLOAT, OBJECT
from privkit.tally.cells.scalars import number_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Cells


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
