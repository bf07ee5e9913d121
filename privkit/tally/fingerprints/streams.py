"""Bytes of a column, hashed stream by stream.

Names of columns, which in pandas may be any objects, told exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.scalars import scalar_text, teller_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: How many rows are looked at in one go where something must be copied: they stay in the processor's cache.
BLOCK = 1 << 17


class UntoldError(Exception):
    """A type has no digest. Raised by the schema alone, before a row is read."""


class Streams:
    """What one column holds, as streams of bytes, each hashed by xxh3 (128 bits) under a secret seed.

    A column is taken apart by its type into streams that together give it back: where values are missing, the values,
    the ends of texts and lists, and those of what is nested. Each goes on from chunk to chunk, so chunks do not matter.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._hashers: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def feed(self, name: str, values: NDArray[Any]) -> None:
        """Go on with the stream `name`; `values` are contiguous."""
        if not values.nbytes:
            return
        hasher = self._hashers.get(name)
        if hasher is None:
            from xxhash import xxh3_128

            hasher = self._hashers[name] = xxh3_128(seed=self.seed)
        hasher.update(values.reshape(-1).view(np.uint8).data)
        self._sizes[name] = self._sizes.get(name, 0) + values.nbytes

    def counted(self, name: str, more: int) -> int:
        """Return how much of `name` was there so far, and add to it."""
        before = self._counts.get(name, 0)
        self._counts[name] = before + more
        return before

    def missing(self, name: str, missing: NDArray[np.bool_] | None, rows: int) -> None:
        """Go on with the places of missing values: so that columns without any are not slower for it."""
        before = self.counted(name, rows)
        if missing is not None:
            self.feed(f"{name} missing", np.flatnonzero(missing) + before)

    def told(self) -> bytes:
        """Return what tells all streams: their names, lengths and hashes."""
        parts = []
        for name in sorted(self._hashers):
            parts.append(framed(name.encode()) + self._sizes[name].to_bytes(8, "little") + self._hashers[name].digest())
        return b"".join(parts)


def framed(text: bytes) -> bytes:
    """Return the text with its length before it, so that what is joined can be told apart."""
    return len(text).to_bytes(8, "little") + text


def plain(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> NDArray[Any]:
    """Return values, contiguous, with zeros where they are missing and the same bits in every NaN."""
    if values.dtype.kind == "f":
        odd = np.isnan(values)
        if odd.any():
            values = np.where(odd, values.dtype.type(np.nan), values)
    if missing is not None:
        values = np.where(missing, np.zeros((), dtype=values.dtype), values)
    return np.ascontiguousarray(values)


def feed_numbers(streams: Streams, name: str, values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> None:
    """Go on with a stream of values of fixed width."""
    if missing is None and values.dtype.kind != "f" and values.flags.c_contiguous:
        streams.feed(name, values)
        return
    for start in range(0, len(values), BLOCK):
        rows = slice(start, start + BLOCK)
        streams.feed(name, plain(values[rows], None if missing is None else missing[rows]))


def feed_ends(streams: Streams, name: str, ends: NDArray[Any], begin: int) -> None:
    """Go on with the ends of texts or lists: counted from the first one of the column, as 64-bit integers."""
    if not len(ends):
        return
    move = streams.counted(f"{name} ends", int(ends[-1]) - begin) - begin
    if not move and ends.dtype == np.int64 and ends.flags.c_contiguous:
        streams.feed(f"{name} ends", ends)
        return
    for start in range(0, len(ends), BLOCK):
        streams.feed(f"{name} ends", ends[start : start + BLOCK].astype(np.int64) + move)


def digests_of(seed: int, values: list[bytes | memoryview | None]) -> NDArray[np.uint8]:
    """Return 16 bytes for each value, and zeros for what is missing and in a last row; shape (values + 1, 16)."""
    from xxhash import xxh3_128_digest

    nothing = bytes(16)
    told = [nothing if value is None else xxh3_128_digest(value, seed=seed) for value in values]
    return np.frombuffer(b"".join([*told, nothing]), dtype=np.uint8).reshape(-1, 16)


def feed_coded(streams: Streams, name: str, digests: NDArray[np.uint8], codes: NDArray[Any]) -> None:
    """Go on with a stream of the digests of each row's value; a code of -1 is missing."""
    for start in range(0, len(codes), BLOCK):
        streams.feed(name, digests[codes[start : start + BLOCK]])


def column_name(name: object) -> tuple[str, list[Any]]:
    """Return a column's name for reading, and what tells it exactly, as nested lists of text.

    Raises
    ------
    UntoldError
        If it is an object whose type is not one of those that cells may have.

    Examples
    --------
    >>> column_name("zip"), column_name(("a", 1))
    (('zip', ['szip']), ('(a, n1)', ['tuple', ['sa'], ['n1']]))
    """
    import pandas as pd

    if type(name) is str:
        return name, ["s" + name]
    if type(name) is tuple:
        parts = [column_name(part) for part in name]
        return f"({', '.join(label for label, _ in parts)})", ["tuple", *(told for _, told in parts)]
    text = scalar_text(name)
    if text is None and not (name is None or name is pd.NA or name is pd.NaT or teller_of(type(name)) is not None):
        raise UntoldError
    return text or "missing", [text]
