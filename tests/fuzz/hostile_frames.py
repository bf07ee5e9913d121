"""Hostile frames: kinds of cells, shapes, libraries.

Every text in a cell holds the one canary, every number the other, so that a message that tells a value is seen.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

CANARY, DIGITS = "CaNaRy7f3a", "7310957"
NUMBER = int(DIGITS)
DAY = dt.date(2026, 1, 31)


class Odd:
    """A cell that refuses whatever is asked of it."""

    def __repr__(self):
        return CANARY

    def __eq__(self, other):
        raise RuntimeError(CANARY)

    __hash__ = None

    def __bool__(self):
        raise ValueError(CANARY)

    def __lt__(self, other):
        raise RuntimeError(CANARY)


def _objects(*values):
    """Return a column that holds these objects by turns."""

    def column(rows):
        made = np.empty(rows, dtype=object)
        for row in range(rows):
            made[row] = values[row % len(values)]
        return pd.Series(made, dtype=object)

    return column


def _of(dtype, *values):
    return lambda rows: pd.Series([values[row % len(values)] for row in range(rows)], dtype=dtype)


def _arrow(kind, *values):
    def column(rows):
        import pyarrow as pa

        return pd.Series([values[row % len(values)] for row in range(rows)], dtype=pd.ArrowDtype(kind(pa)))

    return column


#: Kinds of columns: from a number of rows to a column.
CELLS = {
    "texts": _of("str", CANARY, f"{CANARY} b", None, ""),
    "objects": _objects(CANARY, f"{CANARY}b"),
    "halves of characters": _objects(f"\ud800{CANARY}", CANARY),
    "zero characters": _objects(f"{CANARY}\x00", f"\x00{CANARY}", "\x00"),
    "numbers": _of("int64", NUMBER, NUMBER + 1, -NUMBER),
    "floats": _of("float64", NUMBER + 0.5, float("nan"), float("inf"), -float("inf"), -0.0, 0.0),
    "tiny floats": _of("float16", 0.5, 1.0, float("nan")),
    "largest": _of("uint64", 2**64 - 1, 0, NUMBER),
    "huge": _objects(NUMBER * 10**30, -NUMBER * 10**30, None),
    "nullable": _of("Int64", NUMBER, None),
    "nullable booleans": _of("boolean", True, None, False),
    "booleans": _of("bool", True, False),
    "complex": _of("complex128", NUMBER + 1j, 1j),
    "lists": _objects([CANARY], [NUMBER], []),
    "dicts": _objects({"x": CANARY}, {}, None),
    "sets": _objects({CANARY}, frozenset([CANARY])),
    "tuples": _objects((CANARY,), (CANARY, None)),
    "arrays": _objects(np.array([NUMBER]), np.array([[CANARY]])),
    "columns": _objects(pd.Series([CANARY]), pd.DataFrame({"x": [CANARY]})),
    "bytes": _objects(CANARY.encode(), b"\xff"),
    "decimals": _objects(Decimal(f"{NUMBER}.10"), Decimal("NaN"), Decimal("Infinity"), None),
    "signalling decimals": _objects(Decimal("sNaN"), Decimal(NUMBER)),
    "fractions": _objects(Fraction(NUMBER, 3), Fraction(1, 3)),
    "days": _objects(DAY, None, dt.date(1, 1, 1), dt.date(9999, 12, 31)),
    "moments": _objects(dt.datetime(9999, 12, 31, 23), dt.datetime(1, 1, 1, tzinfo=dt.UTC), pd.NaT),
    "clocks": _objects(dt.time(1, 2), dt.timedelta(days=1)),
    "times": _of("datetime64[ns]", "2026-01-31", None, "1700-01-01"),
    "zones": _of("datetime64[us, Europe/Zurich]", "2026-03-29 00:30+00:00", None),
    "no times": _of("datetime64[ns]", pd.NaT),
    "spans": _of("timedelta64[s]", pd.Timedelta(days=1), None),
    "periods": _of("period[M]", pd.Period("2026-01"), None),
    "intervals": lambda rows: pd.Series(
        pd.cut([NUMBER] * rows, [0, NUMBER, NUMBER + 1]) if rows else [], dtype="object" if not rows else None
    ),
    "categories": lambda rows: pd.Series(pd.Categorical([CANARY, None, "b"] * rows, ["b", CANARY, "unused"])[:rows]),
    "ordered": lambda rows: pd.Series(pd.Categorical([NUMBER, 1] * rows, [NUMBER, 1, 2], ordered=True)[:rows]),
    "mixed categories": lambda rows: pd.Series(pd.Categorical([CANARY, NUMBER, DAY] * rows)[:rows]),
    "mixed": _objects(CANARY, NUMBER, None, float("nan"), DAY, True, b"x", pd.NA, pd.NaT),
    "numbers and texts": _objects(1, "1", 1.0, True, DIGITS),
    "sparse": lambda rows: pd.Series(pd.arrays.SparseArray([0, NUMBER, np.nan][:rows] or [0.0][:rows])).reindex(
        range(rows)
    ),
    "nothing": _objects(None),
    "not a number": _of("float64", float("nan")),
    "odd": _objects(Odd()),
    "classes": _objects(int, len),
    "arrow texts": _arrow(lambda pa: pa.string(), CANARY, None),
    "arrow lists": _arrow(lambda pa: pa.list_(pa.int64()), [NUMBER], None, []),
    "arrow records": _arrow(lambda pa: pa.struct([("x", pa.string())]), {"x": CANARY}, None),
    "arrow decimals": _arrow(lambda pa: pa.decimal128(20, 2), Decimal(f"{NUMBER}.10"), None),
    "arrow days": _arrow(lambda pa: pa.date32(), DAY, None),
    "arrow bytes": _arrow(lambda pa: pa.binary(), CANARY.encode(), None),
    "arrow nothing": _arrow(lambda pa: pa.null(), None),
    "arrow dictionary": _arrow(lambda pa: pa.dictionary(pa.int8(), pa.string()), CANARY, None),
}
#: Those that functions take, so that a call gets past one column to the next.
TAME = ["numbers", "categories", "times", "booleans"]
#: What is done to a plain frame of some columns, to its names and its index.
SHAPES = {
    "plain": lambda frame: frame,
    "doubled": lambda frame: frame.set_axis(["a", "a", *frame.columns[2:]], axis=1),
    "tuples": lambda frame: frame.set_axis([("x", name) for name in frame.columns], axis=1),
    "levels": lambda frame: frame.set_axis(pd.MultiIndex.from_product([["x"], frame.columns]), axis=1),
    "numbers": lambda frame: frame.set_axis(range(frame.shape[1]), axis=1),
    "one number": lambda frame: frame.rename(columns={"d": 2026}),
    "nameless": lambda frame: frame.rename(columns={"b": None}),
    "not a number": lambda frame: frame.rename(columns={"c": float("nan")}),
    "times": lambda frame: frame.set_axis(pd.date_range("2026", periods=frame.shape[1]), axis=1),
    "odd names": lambda frame: frame.rename(columns={"a": "", "b": " ", "c": "x\ny\x1b[2J", "d": "a.b[]\\"}),
    "half names": lambda frame: frame.rename(columns={"a": "\ud800"}),
    "own names": lambda frame: frame.rename(columns={"a": "size", "b": "count", "c": "index", "d": "level_0"}),
    "index of levels": lambda frame: frame.set_index([frame.columns[0], frame.columns[1]], drop=False),
    "doubled index": lambda frame: frame.set_axis([0] * len(frame), axis=0),
    "named index": lambda frame: frame.rename_axis(index="a"),
    "index of times": lambda frame: frame.set_axis(pd.date_range("2026", periods=len(frame), tz="UTC"), axis=0),
    "index of floats": lambda frame: frame.set_axis(np.full(len(frame), np.nan), axis=0),
    "one row": lambda frame: frame.iloc[:1],
    "no rows": lambda frame: frame.iloc[:0],
    "no columns": lambda frame: frame.iloc[:, :0],
    "nothing": lambda frame: frame.iloc[:0, :0],
}
#: What a frame may also be.
LIBRARIES = ("pandas", "polars", "lazy polars", "duckdb")


def frame_of(draw: random.Random, rows: int = 24) -> tuple[str, pd.DataFrame]:
    """Return a frame of drawn kinds and shape, and how it is called."""
    kinds = [draw.choice(list(CELLS) if draw.random() < 0.6 else TAME) for _ in range(5)]
    shape = draw.choice(list(SHAPES)) if draw.random() < 0.5 else "plain"
    frame = pd.DataFrame({name: CELLS[kind](rows) for name, kind in zip([*"abcd", "who"], kinds, strict=True)})
    try:
        return f"{', '.join(kinds)} ({shape})", SHAPES[shape](frame)
    except Exception:  # noqa: BLE001 - pandas takes no such index: no frame of anybody
        return f"{', '.join(kinds)} (plain)", frame


def in_library(frame: pd.DataFrame, library: str) -> object:
    """Return the frame in another library; None where that takes no such frame."""
    try:
        if library == "pandas":
            return frame
        import polars as pl

        made = pl.from_pandas(frame.reset_index(drop=True))
        if library == "duckdb":
            import duckdb

            return duckdb.connect().from_arrow(made.to_arrow())
        return made.lazy() if library.startswith("lazy") else made
    except Exception:  # noqa: BLE001 - the other library's word
        return None
