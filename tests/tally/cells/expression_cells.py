"""Cells of every kind and form, what each is exactly, and one expression computed on them."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from privkit.tally.cells.cells import (
    BOOLEAN,
    BYTES,
    DATE,
    DURATION,
    FLOAT,
    INSTANT,
    INTEGER,
    OBJECT,
    TEXT,
    UNSIGNED,
    WIDE,
    Cells,
    Kind,
    Table,
)
from privkit.tally.cells.columns import cells_of_arrow
from privkit.tally.cells.scalars import scalar_text

COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS = st.sampled_from(list(COMPARE))
WIDEST = Context(prec=200)
LENGTH = {"D": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@contextmanager
def silence() -> Iterator[None]:
    """Let every warning fail the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def near(*numbers: int) -> list[int]:
    return [number + more for number in numbers for more in (-1, 0, 1)]


WHOLE = near(0, 65, 2**53, -(2**53), 2**63 - 2, -(2**63) + 1)
UNSIGNED_WHOLE = near(1, 65, 2**53, 2**63, 2**64 - 2)
REAL = [0.0, -0.0, 0.5, -2.5, 65.0, 1e308, -1e308, 5e-324, math.inf, -math.inf, 2.0**53, 2.0**63, 0.1, 1 / 3]
DIGITS = [0, 1, -1, 10, 65_00, 10**18, 2**64 * 100, 10**38 - 1, -(10**38) + 1, 123_456_789]
TEXTS = ["", "a", "ab", "abc", "Ä", "äb", "😀x", "65", "a\0b", "e\u0301", "ß"]
LONE = ["\ud800", "a\udfff"]
OBJECTS = [
    *("a", "b", "65", "", "\ud800"),
    *(0, 1, -1, 2**53 + 1, 10**30, 0.5, -0.0, 65.0, math.inf, -math.inf, Decimal("0.1"), Decimal("1E-30")),
    *(True, False, b"a", pd.Timestamp("2026-01-01")),
]
COUNTS = [*near(0, -(2**63) + 1, 2**63 - 2, 86_400, 20_454, 1_767_225_600, 1_767_225_600 * 10**6), -719_162, 2_932_896]
MADE = {
    "i64": (Kind(INTEGER), WHOLE, np.int64),
    "i8": (Kind(INTEGER), [0, 1, -128, 127, 65], np.int8),
    "u64": (Kind(UNSIGNED), UNSIGNED_WHOLE, np.uint64),
    "u8": (Kind(UNSIGNED), [0, 1, 255, 65], np.uint8),
    "f64": (Kind(FLOAT), REAL, np.float64),
    "f32": (Kind(FLOAT), [0.0, -0.0, 0.1, 65.0, math.inf, -math.inf, 3.4e38, 1e-45], np.float32),
    "w0": (Kind(WIDE), [number * 1000 for number in DIGITS[:7]], pa.decimal128(38, 0)),
    "w2": (Kind(WIDE), DIGITS, pa.decimal128(38, 2)),
    "w9": (Kind(WIDE), [*DIGITS, 10**75, -(10**75)], pa.decimal256(76, 9)),
    "bool": (Kind(BOOLEAN), [True, False], np.bool_),
    "text": (Kind(TEXT), TEXTS, pa.large_string()),
    "short": (Kind(TEXT), TEXTS, pa.string()),
    "python": (Kind(TEXT), [*TEXTS, *LONE], object),
    "object": (Kind(OBJECT), OBJECTS, "object"),
    "date": (Kind(DATE, "D"), COUNTS, np.int64),
    "local_s": (Kind(INSTANT, "s"), COUNTS, np.int64),
    "local_ns": (Kind(INSTANT, "ns"), COUNTS, np.int64),
    "zoned_us": (Kind(INSTANT, "us", "Europe/Zurich"), COUNTS, np.int64),
    "zoned_ms": (Kind(INSTANT, "ms", "America/New_York"), COUNTS, np.int64),
    "span": (Kind(DURATION, "us"), COUNTS, np.int64),
    "bytes": (Kind(BYTES), [b"", b"a", b"\0"], pa.large_binary()),
}
NUMBERS = ["i64", "i8", "u64", "u8", "f64", "f32", "w0", "w2", "w9"]
STRINGS = ["text", "short", "python"]
DATED = {"date": ["date"], "datetime": ["local_s", "local_ns"], "moment": ["zoned_us", "zoned_ms"]}


def cells_of(name: str, values: list, coded: bool = False) -> Cells:
    """Return cells that hold the values (None: missing); with `coded`, each value once."""
    kind, _, form = MADE[name]
    if coded or form == "object":
        kept = list({scalar_text(value): value for value in values if value is not None}.items())
        places = {text: place for place, (text, _) in enumerate(kept)}
        codes = np.array([-1 if value is None else places[scalar_text(value)] for value in values], dtype=np.int64)
        if form == "object":
            texts = np.empty(len(kept), dtype=object)
            texts[:] = [text for text, _ in kept]
            return Cells(kind, texts, None, codes)
        own = cells_of(name, [value for _, value in kept])
        return Cells(kind, own.values, own.missing, codes)
    missing = np.array([value is None for value in values], dtype=bool)
    if isinstance(form, pa.DataType):
        if kind.name == WIDE:
            values = [None if value is None else Decimal(value).scaleb(-form.scale, WIDEST) for value in values]
        return cells_of_arrow(pa.array(values, type=form))
    if form is object:
        found = np.empty(len(values), dtype=object)
        found[:] = values
        return Cells(kind, found)
    filler = math.nan if kind.name == FLOAT else 1
    plain = np.array([filler if value is None else value for value in values], dtype=form)
    return Cells(kind, plain, None if kind.name == FLOAT or not missing.any() else missing)


def columns_of(*names: str, least: int = 0) -> st.SearchStrategy[dict[str, list]]:
    row = st.tuples(*(st.none() | st.sampled_from(MADE[name][1]) for name in names))
    return st.lists(row, min_size=least, max_size=8).map(
        lambda rows: {name: [row[place] for row in rows] for place, name in enumerate(names)}
    )


def table_of(columns: dict[str, list], coded: bool = False) -> Table:
    rows = len(next(iter(columns.values())))
    return Table({name: cells_of(name, values, coded) for name, values in columns.items()}, rows)


LITERALS = st.sampled_from(
    [*WHOLE, *UNSIGNED_WHOLE, *REAL, 2**70, -(2**70), 10**400, 0.01, 0.015, 1e18, 6.5, -128, 128]
)
MOMENTS = {
    "date": {"1970-01-01": 0, "2026-01-01": 20_454 * LENGTH["D"], "0001-01-01": -719_162 * LENGTH["D"]},
    "datetime": {
        "2026-01-01": 1_767_225_600 * 10**9,
        "1970-01-01T00:00:00.000001": 10**3,
        "9999-12-31T23:59:59.999999": (2_932_897 * 86_400 * 10**6 - 1) * 10**3,
    },
    "moment": {
        "2026-01-01T00:00+00:00": 1_767_225_600 * 10**9,
        "2026-01-01T01:00:00.5+01:00": 1_767_225_600 * 10**9 + 5 * 10**8,
        "1969-12-31T23:59:59.999999Z": -(10**3),
    },
}
