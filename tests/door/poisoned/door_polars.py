"""Polars columns, eager and lazy, cast from integers where Python has no such value."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

import polars as pl
from door_arrow import DATE_KEYS
from door_pandas import MOMENT_KEYS, NAIVE_KEYS, NUMBER_KEYS, TEXT_KEYS
from door_schema import Row, Schema, columns
from door_values import (
    BINARIES,
    DAYS,
    FLOATS,
    INTEGERS,
    LEAST,
    OBJECTS,
    PLAIN_DAYS,
    PLAIN_SECONDS,
    SPANS,
    TEXTS,
    UNSIGNED,
    WIDES,
    ZONES,
    counts,
)

_PER = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def plain(dtype, values):
    return pl.Series("v", list(values), dtype=dtype)


def cast(dtype, values):
    return pl.Series("v", list(values), dtype=pl.Int32 if dtype == pl.Date else pl.Int64).cast(dtype)


def decimals(dtype, values):
    return pl.Series("v", [None if value is None else Decimal(value) for value in values], dtype=dtype)


def _type(dtype, kind, build, ordinary, odd, keys=(), where=None):
    return Schema("polars", dtype, kind, build, ordinary, (*odd, None), keys, where)


def _numbers():
    sizes = {"Int64": 63, "Int32": 31, "Int8": 7, "UInt64": 64, "UInt8": 8, "Int128": 127}
    for name, bits in sizes.items():
        low = 0 if name.startswith("U") else -(2**bits)
        odd = tuple(sorted({n for n in (*INTEGERS, *UNSIGNED, *WIDES, low, 2**bits - 1) if low <= n < 2**bits}))
        kind = {"UInt64": "unsigned", "Int128": "wide"}.get(name, "integer")
        yield _type(name, kind, partial(plain, getattr(pl, name)), (1, 3, 5), odd, NUMBER_KEYS, "v > 2")
    for name in ("Float64", "Float32"):
        yield _type(name, "float", partial(plain, getattr(pl, name)), (1.0, 3.0, 5.0), FLOATS, NUMBER_KEYS, "v > 2.5")
    yield _type("Boolean", "boolean", partial(plain, pl.Boolean), (True,), (False,), (True, False), "v")
    odd = tuple(n for n in WIDES if abs(n) < 10**38)
    yield _type("Decimal(38, 0)", "wide", partial(decimals, pl.Decimal(38, 0)), (1, 3, 5), odd, NUMBER_KEYS, "v > 2")


def _times():
    days = tuple(day for day in DAYS if -(2**31) <= day < 2**31)
    yield _type("Date", "date", partial(cast, pl.Date), PLAIN_DAYS, days, DATE_KEYS, "v >= '2026-01-01'")
    for unit, per in _PER.items():
        ordinary, odd = tuple(second * per for second in PLAIN_SECONDS), (*counts(unit), LEAST)
        made = partial(cast, pl.Datetime(unit))
        yield _type(f"Datetime[{unit}]", "instant", made, ordinary, odd, NAIVE_KEYS, "v >= '2026-01-01'")
        for zone in ZONES[:-1] if unit == "us" else ("Europe/Zurich", "America/New_York"):
            made, where = partial(cast, pl.Datetime(unit, zone)), "v >= '2026-01-01T00:00:00+00:00'"
            yield _type(f"Datetime[{unit}, {zone}]", "instant", made, ordinary, odd, MOMENT_KEYS, where)
        made = partial(cast, pl.Duration(unit))
        yield _type(f"Duration[{unit}]", "duration", made, (1, 60, 3600), (*SPANS, LEAST))
    yield _type("Time", "time", partial(cast, pl.Time), (1, 10**9), (0, 86_399_999_999_999))


def _texts():
    yield _type("String", "text", partial(plain, pl.String), ("a", "b", "c"), TEXTS, TEXT_KEYS, "v != 'c'")
    yield _type("Categorical", "text", partial(plain, pl.Categorical), ("a", "b", "c"), TEXTS, TEXT_KEYS, "v != 'c'")
    enum = pl.Enum(["a", "b", "c", *TEXTS])
    yield _type("Enum", "text", partial(plain, enum), ("a", "b", "c"), TEXTS, TEXT_KEYS, "v != 'c'")
    yield _type("Binary", "bytes", partial(plain, pl.Binary), (b"a", b"b", b"c"), BINARIES)


def _others():
    yield _type("Null", "any", partial(plain, pl.Null), (None,), ())
    days = lambda values: cast(pl.Date, [day if day is None else day % 2**31 for day in values])  # noqa: E731
    yield _type("List(Date)", "other", lambda v: days(v).to_frame().select(pl.concat_list("v"))["v"], PLAIN_DAYS, DAYS)
    yield _type("Struct(Date)", "other", lambda v: days(v).to_frame().select(v=pl.struct("v"))["v"], PLAIN_DAYS, DAYS)
    array = lambda v: days(v).reshape((len(v), 1)) if len(v) else pl.Series("v", [], pl.Array(pl.Date, 1))  # noqa: E731
    yield _type("Array(Date)", "other", array, PLAIN_DAYS, DAYS)
    yield _type("Object", "any", partial(plain, pl.Object), ("a", 1), OBJECTS)


SCHEMAS = (*_numbers(), *_times(), *_texts(), *_others())
#: Polars moves no Python objects lazily.
LAZY = tuple(replace(schema, engine="polars lazy") for schema in SCHEMAS if schema.dtype != "Object")


def frame(schema: Schema, rows: list[Row], tag: str) -> pl.DataFrame | pl.LazyFrame:
    beside = columns(rows)
    made = pl.DataFrame(
        [
            schema.build([row.v for row in rows]).alias("v"),
            pl.Series("k", beside["k"], pl.String),
            pl.Series("who", beside["who"], pl.String),
            pl.Series("x", beside["x"], pl.Float64),
            pl.Series("t", beside["t"], pl.Int32).cast(pl.Date),
            pl.Series(tag, [0] * len(rows), pl.Int64),
        ]
    )
    return made.lazy() if schema.engine == "polars lazy" else made
