"""pandas columns of every family of types."""

from __future__ import annotations

import datetime as dt
from functools import partial

import numpy as np
import pandas as pd
from door_schema import Row, Schema, columns
from door_values import (
    FLOATS,
    INTEGERS,
    LEAST,
    OBJECTS,
    PER_SECOND,
    PLAIN_SECONDS,
    SPANS,
    SURROGATES,
    TEXTS,
    UNSIGNED,
    ZONES,
    counts,
)

#: NumPy's and pandas' 64-bit pattern of what is not a time.
_NAT = LEAST
NUMBER_KEYS, TEXT_KEYS = (1, 3, 5), ("a", "b", "")
MOMENT_KEYS = tuple(dt.datetime.fromtimestamp(second, dt.UTC) for second in PLAIN_SECONDS)
NAIVE_KEYS = tuple(key.replace(tzinfo=None) for key in MOMENT_KEYS)


def objects(values):
    held = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):  # one by one: NumPy would look into lists
        held[place] = value
    return pd.Series(held, dtype=object)


def numpy(dtype, values):
    with np.errstate(all="ignore"):
        made = np.array([np.nan if value is None else value for value in values], dtype=dtype)
    return pd.Series(made)


def nullable(dtype, values):
    data, mask = np.zeros(len(values), dtype=dtype.lower().replace("boolean", "bool")), np.zeros(len(values), bool)
    for place, value in enumerate(values):
        mask[place] = value is None
        if value is not None:
            data[place] = value
    kinds = {"b": pd.arrays.BooleanArray, "f": pd.arrays.FloatingArray}
    return pd.Series(kinds.get(data.dtype.kind, pd.arrays.IntegerArray)(data, mask))


def text(storage, values):
    return pd.Series(
        pd.array(
            list(values), dtype=pd.StringDtype(**({"na_value": np.nan} if storage == "str" else {"storage": storage}))
        )
    )


def instants(unit, zone, values):
    made = np.array([_NAT if value is None else value for value in values], dtype=np.int64).view(f"M8[{unit}]")
    column = pd.Series(made)
    return column if zone is None else column.dt.tz_localize("UTC").dt.tz_convert(zone)


def spans(unit, values):
    return pd.Series(np.array([_NAT if value is None else value for value in values], np.int64).view(f"m8[{unit}]"))


def categories(inner, values):
    """Categories are part of the type: all values that the schema may hold, whoever holds them."""
    made, known = inner
    codes = [-1 if value is None else known.index(value) for value in values]
    return pd.Series(pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(pd.Index(made(known)))))


def _numbers():
    for dtype in ("int64", "int32", "int8", "uint64", "uint8"):
        info = np.iinfo(dtype)
        odd = tuple(sorted({n for n in (*INTEGERS, *UNSIGNED, info.min, info.max) if info.min <= n <= info.max}))
        kind = "unsigned" if dtype == "uint64" else "integer"
        yield Schema("pandas", dtype, kind, partial(numpy, dtype), (1, 3, 5), odd, NUMBER_KEYS, "v > 2")
        family = dtype.replace("i", "I", 1).replace("uI", "UI")
        yield Schema("pandas", family, kind, partial(nullable, family), (1, 3, 5), (*odd, None), NUMBER_KEYS, "v > 2")
    for dtype in ("float64", "float32", "float16", "longdouble"):
        kind = "any" if dtype == "longdouble" else "float"
        yield Schema("pandas", dtype, kind, partial(numpy, dtype), (1.0, 3.0, 5.0), FLOATS, NUMBER_KEYS, "v > 2.5")
    for dtype in ("Float64", "Float32"):
        made = partial(nullable, dtype)
        yield Schema("pandas", dtype, "float", made, (1.0, 3.0, 5.0), (*FLOATS, None), NUMBER_KEYS, "v > 2.5")
    yield Schema("pandas", "bool", "boolean", partial(numpy, "bool"), (True,), (False, True), (True, False), "v")
    yield Schema(
        "pandas", "boolean", "boolean", partial(nullable, "boolean"), (True,), (False, None), (True, False), "v"
    )
    yield Schema("pandas", "complex128", "other", partial(numpy, "complex128"), (1j, 2.0), (complex("nan"), 3.0))


def _times():
    for unit in PER_SECOND:
        plain = tuple(second * PER_SECOND[unit] for second in PLAIN_SECONDS)
        odd = (*counts(unit), None)
        where = "v >= '2026-01-01'"
        yield Schema(
            "pandas", f"datetime64[{unit}]", "instant", partial(instants, unit, None), plain, odd, NAIVE_KEYS, where
        )
        for zone in ZONES if unit == "us" else ("Europe/Zurich", "America/New_York"):
            name, made = f"datetime64[{unit}, {zone}]", partial(instants, unit, zone)
            yield Schema("pandas", name, "instant", made, plain, odd, MOMENT_KEYS, "v >= '2026-01-01T00:00:00+00:00'")
        yield Schema("pandas", f"timedelta64[{unit}]", "duration", partial(spans, unit), (1, 60, 3600), (*SPANS, None))
    yield Schema(
        "pandas",
        "period[M]",
        "other",
        lambda values: pd.Series(
            pd.arrays.PeriodArray(np.array([_NAT if v is None else v for v in values], np.int64), dtype="period[M]")
        ),
        (1, 2),
        (LEAST + 1, 2**62, None),
    )
    yield Schema(
        "pandas",
        "interval",
        "other",
        lambda values: pd.Series(
            pd.arrays.IntervalArray.from_arrays(
                numpy("float64", values), numpy("float64", [None if v is None else v + 1 for v in values])
            )
        ),
        (1.0, 2.0),
        (1e308, None),
    )


def _texts():
    for storage in ("str", "python", "pyarrow"):
        odd = (*TEXTS, None, *(SURROGATES if storage == "python" else ()))
        yield Schema(
            "pandas", f"string[{storage}]", "text", partial(text, storage), ("a", "b", "c"), odd, TEXT_KEYS, "v != 'c'"
        )
    yield Schema(
        "pandas", "object", "object", objects, ("a", 1, "b"), (*OBJECTS, None), ("a", "b", "nobody"), "v != 'c'"
    )
    yield Schema("pandas", "object text", "object", objects, ("a", "b", "c"), (*OBJECTS, None), TEXT_KEYS, "v != 'c'")
    known = ("a", "b", "c", *TEXTS, *SURROGATES)
    for name, made in (("object", lambda known: objects(known)), ("str", lambda known: text("python", known))):
        build = partial(categories, (made, known))
        yield Schema(
            "pandas", f"category of {name}", "text", build, ("a", "b", "c"), (*known[3:], None), TEXT_KEYS, "v != 'c'"
        )
    whole = (1, 3, 5, *INTEGERS)
    build = partial(categories, (partial(numpy, "int64"), whole))
    yield Schema("pandas", "category of int64", "integer", build, (1, 3, 5), (*INTEGERS, None), NUMBER_KEYS, "v > 2")
    moments = tuple(second * 10**6 for second in PLAIN_SECONDS) + counts("us")
    build = partial(categories, (partial(instants, "us", "Europe/Zurich"), moments))
    yield Schema("pandas", "category of instants", "instant", build, moments[:3], (*moments[3:], None), MOMENT_KEYS)


SCHEMAS = (*_numbers(), *_times(), *_texts())


def frame(schema: Schema, rows: list[Row], tag: str) -> pd.DataFrame:
    """Return the rows as a frame; `tag` names a column, so that no two questions are asked of one frame."""
    beside = columns(rows)
    return pd.DataFrame(
        {
            "v": schema.build([row.v for row in rows]),
            "k": pd.Series(beside["k"], dtype=pd.StringDtype(na_value=np.nan)),
            "who": pd.Series(beside["who"], dtype=pd.StringDtype(na_value=np.nan)),
            "x": pd.Series(beside["x"], dtype="float64"),
            "t": pd.Series(np.array(beside["t"], dtype="int64").view("M8[D]").astype("M8[s]")),
            tag: pd.Series([0] * len(rows), dtype="int64"),
        }
    )
