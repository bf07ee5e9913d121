"""Arrow columns, in a pyarrow.Table and in pandas' ArrowDtype, built of buffers where Python has no such value."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal, localcontext
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from door_pandas import MOMENT_KEYS, NAIVE_KEYS, NUMBER_KEYS, TEXT_KEYS
from door_pandas import frame as pandas_frame
from door_schema import Row, Schema, columns
from door_values import (
    BINARIES,
    DAY,
    DAYS,
    FLOATS,
    INTEGERS,
    PER_SECOND,
    PLAIN_DAYS,
    PLAIN_SECONDS,
    SPANS,
    TEXTS,
    TIMES,
    UNSIGNED,
    WIDES,
    ZONES,
    counts,
)

DATE_KEYS = tuple(dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in PLAIN_DAYS)


def plain(kind, values):
    return pa.array(values, type=kind)


def viewed(kind, values):
    return pa.array(values, type=pa.int32() if kind.bit_width == 32 else pa.int64()).view(kind)


def halves(_, values):
    found = np.array([0 if v is None else v for v in values], dtype="float16")
    return pa.array(found, type=pa.float16(), mask=np.array([v is None for v in values], dtype=bool))


def decimals(kind, values):
    with localcontext(prec=80):
        return pa.array([None if v is None else Decimal(v).scaleb(-kind.scale) for v in values], type=kind)


def coded(inner, kind, values):
    """Return a dictionary whose values are those that occur, each twice: codes are no identity."""
    distinct = list(dict.fromkeys(repr(value) for value in values if value is not None))
    kept = {repr(value): value for value in values if value is not None}
    codes = [None if v is None else distinct.index(repr(v)) + len(distinct) * (n % 2) for n, v in enumerate(values)]
    known = inner(kind, [kept[name] for name in distinct] * 2)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int16()), known)


def runs(inner, kind, values):
    return pa.RunEndEncodedArray.from_arrays(pa.array(range(1, len(values) + 1), pa.int32()), inner(kind, list(values)))


def listed(inner, kind, values):
    offsets = np.arange(len(values) + 1, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), inner(kind, list(values)))


def struct(inner, kind, values):
    return pa.StructArray.from_arrays([inner(kind, list(values))], ["part"])


def _type(dtype, kind, build, ordinary, odd, keys=(), where=None):
    return Schema("pyarrow", dtype, kind, build, ordinary, (*odd, None), keys, where)


def _numbers():
    for name in ("int64", "int32", "int8", "uint64", "uint8"):
        info, kind = np.iinfo(name), getattr(pa, name)()
        odd = tuple(sorted({n for n in (*INTEGERS, *UNSIGNED, info.min, info.max) if info.min <= n <= info.max}))
        word = "unsigned" if name == "uint64" else "integer"
        yield _type(name, word, partial(plain, kind), (1, 3, 5), odd, NUMBER_KEYS, "v > 2")
    yield _type("halffloat", "float", partial(halves, None), (1.0, 3.0, 5.0), FLOATS[:7], NUMBER_KEYS, "v > 2.5")
    for name in ("float32", "float64"):
        made = partial(plain, getattr(pa, name)())
        yield _type(name, "float", made, (1.0, 3.0, 5.0), FLOATS, NUMBER_KEYS, "v > 2.5")
    yield _type("bool", "boolean", partial(plain, pa.bool_()), (True,), (False,), (True, False), "v")
    for kind, most in ((pa.decimal128(38, 0), 10**38), (pa.decimal128(20, 0), 10**20), (pa.decimal256(76, 0), 10**76)):
        odd = (*[n for n in WIDES if abs(n) < most], most - 1)
        yield _type(f"{kind}", "wide", partial(decimals, kind), (1, 3, 5), odd, NUMBER_KEYS, "v > 2")
    odd = (*[n for n in WIDES if abs(n) < 10**38], 1, 10**10 + 1, 10**38 - 1)
    cents = partial(decimals, pa.decimal128(38, 10))
    yield _type("decimal128(38, 10)", "wide", cents, (10**10, 3 * 10**10, 5 * 10**10), odd, NUMBER_KEYS, "v > 2.5")
    small = (10**24 + 1, 10**24 + 2, 10**24 + 3, 10**38 - 1, 0)
    made = partial(decimals, pa.decimal128(38, 25))
    yield _type("decimal128(38, 25)", "wide", made, (10**24, 3 * 10**25, 5 * 10**25), small, NUMBER_KEYS, "v > 2.5")


def _texts():
    for name in ("string", "large_string", "string_view"):
        yield _type(name, "text", partial(plain, getattr(pa, name)()), ("a", "b", "c"), TEXTS, TEXT_KEYS, "v != 'c'")
    for name in ("binary", "large_binary", "binary_view"):
        yield _type(name, "bytes", partial(plain, getattr(pa, name)()), (b"a", b"b", b"c"), BINARIES)
    sixteen = partial(plain, pa.binary(16))
    yield _type("fixed_size_binary", "bytes", sixteen, (b"a" * 16, b"b" * 16), (b"\0" * 16, b"\xff" * 16))


def _times():
    odd_days = tuple(day for day in DAYS if -(2**31) <= day < 2**31)
    yield _type("date32", "date", partial(viewed, pa.date32()), PLAIN_DAYS, odd_days, DATE_KEYS, "v >= '2026-01-01'")
    per_day = DAY * 1000
    days64 = tuple(day * per_day for day in (*odd_days, 100_000_000_000))
    ordinary = tuple(day * per_day for day in PLAIN_DAYS)
    yield _type("date64", "date", partial(viewed, pa.date64()), ordinary, days64, DATE_KEYS, "v >= '2026-01-01'")
    for unit, per in PER_SECOND.items():
        ordinary = tuple(second * per for second in PLAIN_SECONDS)
        made = partial(viewed, pa.timestamp(unit))
        yield _type(f"timestamp[{unit}]", "instant", made, ordinary, counts(unit), NAIVE_KEYS, "v >= '2026-01-01'")
        for zone in ZONES if unit == "us" else ("Europe/Zurich", "America/New_York"):
            made, where = partial(viewed, pa.timestamp(unit, zone)), "v >= '2026-01-01T00:00:00+00:00'"
            yield _type(f"timestamp[{unit}, {zone}]", "instant", made, ordinary, counts(unit), MOMENT_KEYS, where)
        yield _type(f"duration[{unit}]", "duration", partial(viewed, pa.duration(unit)), (1, 60, 3600), SPANS)
        kind = pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
        yield _type(f"{kind}", "time", partial(viewed, kind), (per, 60 * per), tuple(n * per for n in TIMES))


def _others():
    yield _type("null", "any", lambda values: pa.nulls(len(values)), (None,), ())
    zoned = pa.timestamp("us", "Europe/Zurich")
    moments = tuple(second * 10**6 for second in PLAIN_SECONDS)
    for name, wrap in (("dictionary", coded), ("run_end_encoded", runs)):
        kind = "text" if wrap is coded else "any"
        yield _type(
            f"{name} of string", kind, partial(wrap, plain, pa.string()), ("a", "b", "c"), TEXTS, TEXT_KEYS, "v != 'c'"
        )
        kind = "instant" if wrap is coded else "any"
        yield _type(f"{name} of instants", kind, partial(wrap, viewed, zoned), moments, counts("us"), MOMENT_KEYS)
        kind = "integer" if wrap is coded else "any"
        yield _type(
            f"{name} of int64", kind, partial(wrap, plain, pa.int64()), (1, 3, 5), INTEGERS, NUMBER_KEYS, "v > 2"
        )
    for name, wrap in (("list", listed), ("struct", struct)):
        yield _type(f"{name} of date32", "other", partial(wrap, viewed, pa.date32()), PLAIN_DAYS, DAYS)
        yield _type(f"{name} of instants", "other", partial(wrap, viewed, zoned), moments, counts("us"))
        yield _type(f"{name} of text", "other", partial(wrap, plain, pa.string()), ("a", "b"), TEXTS)
    interval = pa.month_day_nano_interval()
    yield _type(
        "interval", "other", partial(plain, interval), ((1, 1, 1), (0, 0, 0)), ((2**31 - 1, -(2**31), 2**63 - 1),)
    )
    ids = lambda values: pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(16)))  # noqa: E731
    if hasattr(pa, "uuid"):
        yield _type("uuid", "any", ids, (b"a" * 16, b"b" * 16), (b"\0" * 16, b"\xff" * 16))


SCHEMAS = (*_numbers(), *_texts(), *_times(), *_others())


def _in_pandas(schema: Schema) -> Schema:
    def build(values):
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([schema.build(values)])))

    return replace(schema, engine="pandas arrow", build=build)


PANDAS = tuple(_in_pandas(schema) for schema in SCHEMAS)


def frame(schema: Schema, rows: list[Row], tag: str) -> pa.Table:
    beside = columns(rows)
    return pa.table(
        {
            "v": schema.build([row.v for row in rows]),
            "k": pa.array(beside["k"], pa.string()),
            "who": pa.array(beside["who"], pa.string()),
            "x": pa.array(beside["x"], pa.float64()),
            "t": pa.array(beside["t"], pa.int32()).view(pa.date32()),
            tag: pa.array([0] * len(rows), pa.int64()),
        }
    )


__all__ = ["PANDAS", "SCHEMAS", "frame", "pandas_frame"]
