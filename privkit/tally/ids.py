"""Persons told apart by an id: a code for each row, and a keyed hash of the id itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.lookup import factorized

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Integer ids within a range below this serve as their own codes.
_NARROW = 2**31


@dataclass(frozen=True, eq=False)
class Persons:
    """The person of each row.

    Attributes
    ----------
    codes : array of int64, shape (n_rows,)
        Which person, below 2**31; -1 for a row without an id. A code depends on who else is in the data.
    hashed : function
        From codes and a salt of 16 bytes to a keyed hash, uint64, of each code's id: of the id, not of the code, so
        that it depends on nobody else.
    """

    codes: NDArray[np.int64]
    hashed: Callable[[NDArray[np.int64], bytes], NDArray[np.uint64]]


def persons(column: pd.Series) -> Persons:
    """Return the person of each row. Two ids are one person where Python's ``==`` says so; a list is no id."""
    whole = _whole_numbers(column)
    if whole is not None:
        values, missing = whole
        least = int(values.min(initial=0))
        if int(values.max(initial=0)) - least < _NARROW:
            codes = (values - values.dtype.type(least)).astype(np.int64, copy=False)
            if missing is not None:
                codes = np.where(missing, -1, codes)
            return Persons(codes, lambda of, salt: spread(_wrapped(of, least) ^ _keys(salt)[0]))
    codes, distinct, others = factorized(column)
    if others:
        codes = np.where(codes < len(distinct), codes, -1)
    return Persons(codes, lambda of, salt: _hashed_ids(distinct, of, salt))


def _whole_numbers(column: pd.Series) -> tuple[NDArray[Any], NDArray[np.bool_] | None] | None:
    """Return an integer column's values (0 where missing) and where they are missing; None for other types."""
    import pandas as pd

    if not pd.api.types.is_integer_dtype(column.dtype) or isinstance(column.dtype, pd.SparseDtype):
        return None
    if isinstance(column.dtype, np.dtype):
        return _wide(column.to_numpy()), None
    missing = column.isna().to_numpy()
    dtype = np.uint64 if "uint" in str(column.dtype).lower() else np.int64
    return column.to_numpy(dtype=dtype, na_value=0), missing if missing.any() else None


def _wide(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.uint64 if values.dtype.kind == "u" else np.int64, copy=False)


def _wrapped(codes: NDArray[np.int64], least: int) -> NDArray[np.uint64]:
    return codes.astype(np.uint64) + np.uint64(least % 2**64)


def _keys(salt: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(salt, dtype="<u8", count=2)


def _hashed_ids(distinct: Any, codes: NDArray[np.int64], salt: bytes) -> NDArray[np.uint64]:
    needed = np.flatnonzero(np.bincount(codes, minlength=len(distinct)))
    table = np.zeros(len(distinct), dtype=np.uint64)
    table[needed] = hash_values(distinct[needed].tolist(), salt)
    return table[codes]


def hash_values(values: Sequence[object], salt: bytes) -> NDArray[np.uint64]:
    """Return a keyed 64-bit hash of each value: numbers that are equal have one, whatever their type."""
    hashed = np.zeros(len(values), dtype=np.uint64)
    numbers: list[tuple[int, int]] = []
    texts: list[tuple[int, str]] = []
    for place, value in enumerate(values):
        if isinstance(value, str):
            texts.append((place, value))
        elif (bits := _number_bits(value)) is not None:
            numbers.append((place, bits))
        else:
            texts.append((place, _described(value)))
    if numbers:
        where, bits_of = zip(*numbers, strict=True)
        hashed[list(where)] = spread(np.array(bits_of, dtype=np.uint64) ^ _keys(salt)[0])
    if texts:
        where, text_of = zip(*texts, strict=True)
        hashed[list(where)] = _hash_texts(text_of, salt)
    return hashed


def _number_bits(value: Any) -> int | None:
    """Return 64 bits for a number, equal for equal numbers; None for what is no number."""
    try:
        if value == (whole := int(value)):
            return whole % 2**64
        return hash(value) % 2**64 if value == float(value) else None
    except (TypeError, ValueError, OverflowError):
        return None


def _described(value: Any) -> str:
    try:
        return f"{type(value).__name__}:{value.isoformat() if hasattr(value, 'isoformat') else repr(value)}"
    except ValueError:  # integers of thousands of digits have no decimal text
        return type(value).__name__


def _hash_texts(texts: Sequence[str], salt: bytes) -> NDArray[np.uint64]:
    import pandas as pd

    encoded = np.empty(len(texts), dtype=object)
    encoded[:] = [text.encode("utf-8", "surrogatepass") for text in texts]
    hashed = pd.util.hash_array(encoded, hash_key=salt.hex()[:16], categorize=False)
    return spread(hashed ^ _keys(salt)[1])


def spread(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the finalizer of SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed
