"""Bytes of a column, hashed stream by stream; Arrow arrays by recursion over their buffers, never as Python objects."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.cells import OBJECT, Kind
from privkit.tally.cells.columns import object_cells

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


def feed_objects(streams: Streams, name: str, values: NDArray[np.object_]) -> None:
    """Go on with Python objects: with the text of each cell, missing for whatever has none."""
    cells = object_cells(values, Kind(OBJECT))
    texts = digests_of(streams.seed, [text.encode("utf-8", "surrogatepass") for text in cells.values])
    assert cells.codes is not None
    feed_coded(streams, name, texts, cells.codes)


def arrow_type(dtype: Any) -> list[Any]:
    """Return what tells an Arrow type, as nested lists of text.

    Types that hold the same values in another form are one: 32-bit, 64-bit and viewing offsets, and the indexes of
    dictionaries. Names of what a list or a map holds do not count: a Parquet file changes them.

    Raises
    ------
    UntoldError
        For unions, views of lists, run-end encodings, and for dictionaries of nested values.

    Examples
    --------
    >>> import pyarrow as pa
    >>> arrow_type(pa.struct([("when", pa.list_(pa.timestamp("us", "UTC")))]))
    ['struct', ['when', ['list', ['timestamp[us, tz=UTC]']]]]
    >>> arrow_type(pa.large_string()) == arrow_type(pa.string())
    True
    """
    import pyarrow as pa

    if (nested := _nested_type(dtype)) is not None:
        return nested
    if (text := _text_of(dtype)) is not None:
        return [text]
    if pa.types.is_null(dtype) or pa.types.is_boolean(dtype) or _width(dtype) is not None:
        return [str(dtype)]
    raise UntoldError


def _nested_type(dtype: Any) -> list[Any] | None:
    """Return what tells a type that is made of others; None for one that is not."""
    import pyarrow as pa

    types = pa.types
    told: list[Any] | None = None
    if isinstance(dtype, pa.BaseExtensionType):
        told = ["extension", str(dtype.extension_name), arrow_type(dtype.storage_type)]
    elif types.is_dictionary(dtype):
        told = ["dictionary", arrow_type(dtype.value_type)]
        if len(told[1]) > 1:
            raise UntoldError
    elif types.is_struct(dtype):
        fields = [dtype.field(place) for place in range(dtype.num_fields)]
        told = ["struct", *([field.name, arrow_type(field.type)] for field in fields)]
    elif types.is_map(dtype):
        told = ["map", arrow_type(dtype.key_type), arrow_type(dtype.item_type)]
    elif types.is_fixed_size_list(dtype):
        told = ["fixed_size_list", dtype.list_size, arrow_type(dtype.value_type)]
    elif types.is_list(dtype) or types.is_large_list(dtype):
        told = ["list", arrow_type(dtype.value_type)]
    return told


def _text_of(dtype: Any) -> str | None:
    """Return "string" or "binary" for a type of either; None for others."""
    import pyarrow as pa

    types = pa.types
    view = types.is_string_view(dtype) or types.is_binary_view(dtype)
    if view:  # older versions of Arrow have views that they cannot read
        try:
            pa.array([], type=dtype).cast(_large(dtype))
        except (pa.ArrowException, NotImplementedError):
            raise UntoldError from None
    if types.is_string(dtype) or types.is_large_string(dtype) or types.is_string_view(dtype):
        return "string"
    return "binary" if view or types.is_binary(dtype) or types.is_large_binary(dtype) else None


def _large(dtype: Any) -> Any:
    import pyarrow as pa

    return pa.large_string() if pa.types.is_string_view(dtype) else pa.large_binary()


def _width(dtype: Any) -> int | None:
    """Return how many bytes one value takes; None where that is not fixed."""
    import pyarrow as pa

    types = pa.types
    if types.is_fixed_size_binary(dtype):
        return int(dtype.byte_width)
    fixed = (types.is_integer, types.is_floating, types.is_temporal, types.is_decimal)
    return int(dtype.bit_width) // 8 if any(is_one(dtype) for is_one in fixed) else None


def feed_arrow(streams: Streams, found: Any, name: str = "") -> None:
    """Go on with an Arrow column, chunk after chunk. Its type must have passed :func:`arrow_type`."""
    for chunk in getattr(found, "chunks", [found]):
        _feed(streams, name, chunk)


def _feed(streams: Streams, name: str, array: Any) -> None:
    import pyarrow as pa

    types = pa.types
    while isinstance(array, pa.ExtensionArray):
        array = array.storage
    if not len(array):
        return
    dtype = array.type
    if types.is_dictionary(dtype):
        _feed_dictionary(streams, name, array)
        return
    missing = None if types.is_null(dtype) or not array.null_count else _missing(array)
    streams.missing(name, missing, len(array))
    if types.is_struct(dtype):
        for place, child in enumerate(array.flatten()):  # cut to the struct's rows, missing where the struct is
            _feed(streams, f"{name}.{place}", child)
    elif types.is_fixed_size_list(dtype):
        size = dtype.list_size
        edges = np.arange(array.offset, array.offset + len(array) + 1, dtype=np.int64) * size
        _feed(streams, f"{name}.0", _kept_rows(array.values, edges, missing))
    elif types.is_map(dtype) or types.is_list(dtype) or types.is_large_list(dtype):
        _feed_list(streams, name, array, missing)
    elif _text_of(dtype) is not None:
        _feed_text(streams, name, array, missing)
    elif types.is_boolean(dtype):
        feed_numbers(streams, name, _bits(array.buffers()[1], array), missing)
    elif (width := _width(dtype)) is not None:
        feed_numbers(streams, name, _fixed(array, width), missing)


def _missing(array: Any) -> NDArray[np.bool_]:
    return ~_bits(array.buffers()[0], array).view(np.bool_)


def _bits(buffer: Any, array: Any) -> NDArray[np.uint8]:
    """Return the bits of a buffer that belong to the array's rows, one in a byte."""
    first, last = array.offset, array.offset + len(array)
    packed = np.frombuffer(buffer, dtype=np.uint8)[first // 8 : -(-last // 8)]
    return np.unpackbits(packed, bitorder="little")[first % 8 : first % 8 + len(array)]


def _fixed(array: Any, width: int) -> NDArray[Any]:
    """Return values of fixed width: floats as such, since each NaN is one, all others as raw bytes."""
    import pyarrow as pa

    if not width:
        return np.empty(0, dtype=np.uint8)
    raw = f"f{width}" if pa.types.is_floating(array.type) else f"u{width}" if width in (1, 2, 4, 8) else f"V{width}"
    found = np.frombuffer(array.buffers()[1], dtype=raw, count=array.offset + len(array))
    return found[array.offset :]


def _edges(array: Any) -> NDArray[Any]:
    """Return where each text or list begins, and where the last one ends."""
    import pyarrow as pa

    types, dtype = pa.types, array.type
    large = types.is_large_string(dtype) or types.is_large_binary(dtype) or types.is_large_list(dtype)
    found = np.frombuffer(array.buffers()[1], dtype=np.int64 if large else np.int32)
    return found[array.offset : array.offset + len(array) + 1]


def _shown(edges: NDArray[Any], missing: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return the edges without what stands under missing values, and which elements are left; None if nothing does."""
    lengths = np.diff(edges)
    if not lengths[missing].any():
        return edges, None
    kept = np.repeat(~missing, lengths)
    return np.concatenate([[0], np.cumsum(np.where(missing, 0, lengths), dtype=np.int64)]), kept


def _feed_text(streams: Streams, name: str, array: Any, missing: NDArray[np.bool_] | None) -> None:
    import pyarrow as pa

    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        array = array.cast(_large(array.type))
    edges = _edges(array)
    shown, kept = (edges, None) if missing is None else _shown(edges, missing)
    feed_ends(streams, name, shown[1:], int(shown[0]))
    data = array.buffers()[2]
    if data is not None and edges[-1] > edges[0]:
        text = np.frombuffer(data, dtype=np.uint8)[int(edges[0]) : int(edges[-1])]
        streams.feed(name, text if kept is None else text[kept])


def _feed_list(streams: Streams, name: str, array: Any, missing: NDArray[np.bool_] | None) -> None:
    import pyarrow as pa

    if pa.types.is_map(array.type):  # the keys and items of a map forget where their structs begin
        array = array.view(pa.list_(pa.struct([array.type.key_field, array.type.item_field])))
    edges = _edges(array)
    shown = edges if missing is None else _shown(edges, missing)[0]
    feed_ends(streams, name, shown[1:], int(shown[0]))
    _feed(streams, f"{name}.0", _kept_rows(array.values, edges, missing))


def _kept_rows(values: Any, edges: NDArray[Any], missing: NDArray[np.bool_] | None) -> Any:
    """Return the elements of the lists between `edges`, without those under missing lists."""
    import pyarrow as pa

    kept = None if missing is None else _shown(edges, missing)[1]
    if kept is None:
        return values.slice(int(edges[0]), int(edges[-1] - edges[0]))
    while isinstance(values, pa.ExtensionArray):
        values = values.storage
    return values.take(pa.array(np.flatnonzero(kept) + int(edges[0])))


def _feed_dictionary(streams: Streams, name: str, array: Any) -> None:
    """Go on with the digests of each row's value: how its dictionary is ordered does not matter, nor what is unused."""
    values, indices = array.dictionary, array.indices
    missing = _missing(indices) if indices.null_count else None
    codes = _fixed(indices, indices.type.bit_width // 8).astype(np.int64)
    if missing is not None:
        codes[missing] = -1
    if len(values) > len(codes):
        import pyarrow as pa

        used, codes = np.unique(codes, return_inverse=True)
        if missing is not None:  # -1 comes first
            used, codes = used[1:], codes - 1
        values = values.take(pa.array(used))
    streams.missing(name, None, len(codes))
    feed_coded(streams, name, digests_of(streams.seed, _entries(values)), codes)


def _entries(values: Any) -> list[bytes | memoryview | None]:
    """Return the bytes of each value of a dictionary, None for missing ones."""
    import pyarrow as pa

    while isinstance(values, pa.ExtensionArray):
        values = values.storage
    if not len(values) or pa.types.is_null(values.type):
        return [None] * len(values)
    found: list[bytes | memoryview | None]
    if _text_of(values.type) is not None:
        if pa.types.is_string_view(values.type) or pa.types.is_binary_view(values.type):
            values = values.cast(_large(values.type))
        data, edges = memoryview(values.buffers()[2] or b""), _edges(values).tolist()
        found = [data[start:end] for start, end in pairwise(edges)]
    else:
        boolean = pa.types.is_boolean(values.type)
        numbers = _bits(values.buffers()[1], values) if boolean else _fixed(values, _width(values.type) or 0)
        numbers = plain(numbers)
        found = [number.tobytes() for number in numbers] if len(numbers) else [b""] * len(values)
    if values.null_count:
        return [None if gone else value for value, gone in zip(found, _missing(values).tolist(), strict=True)]
    return found
