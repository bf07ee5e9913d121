"""The same table on every engine, from plain Python lists."""

from __future__ import annotations

import math

import pandas as pd

#: Name of the engine → how a frame is made of a dict of lists (None is missing, NaN stands in float columns alone).
PANDAS = {
    "pandas numpy": lambda columns: pd.DataFrame({name: _numpy(values) for name, values in columns.items()}),
    "pandas object": lambda columns: pd.DataFrame(
        {name: pd.Series(values, dtype=object) for name, values in columns.items()}
    ),
    "pandas nullable": lambda columns: pd.DataFrame({name: _nullable(values) for name, values in columns.items()}),
    "pandas python text": lambda columns: pd.DataFrame(
        {name: _text(values, "python") for name, values in columns.items()}
    ),
    "pandas arrow": lambda columns: pd.DataFrame({name: _arrow(values) for name, values in columns.items()}),
    "pandas categorical": lambda columns: pd.DataFrame(
        {name: _categorical(values) for name, values in columns.items()}
    ),
}
OTHERS = {
    "polars": lambda columns: _polars(columns),
    "polars lazy": lambda columns: _polars(columns).lazy(),
    "duckdb": lambda columns: _duckdb(columns),
    "pyarrow": lambda columns: _polars(columns).to_arrow(),
}
ENGINES = PANDAS | OTHERS


def _kind(values: list) -> type | None:
    kinds = {type(value) for value in values if value is not None}
    return next(iter(kinds)) if len(kinds) == 1 else None


def _numpy(values: list) -> pd.Series:
    if _kind(values) is float:
        return pd.Series([math.nan if value is None else value for value in values], dtype="float64")
    if _kind(values) is int and None not in values:
        return pd.Series(values, dtype="int64")
    return pd.Series(values, dtype="str" if _kind(values) is str else None)


def _nullable(values: list) -> pd.Series:
    return pd.Series(values, dtype={float: "Float64", int: "Int64", bool: "boolean"}.get(_kind(values)))


def _text(values: list, storage: str) -> pd.Series:
    return pd.Series(values, dtype=pd.StringDtype(storage)) if _kind(values) is str else _numpy(values)


def _arrow(values: list) -> pd.Series:
    import pyarrow as pa

    types = {float: pa.float64(), int: pa.int64(), str: pa.large_string(), bool: pa.bool_()}
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, type=types.get(_kind(values), pa.large_string()))))


def _categorical(values: list) -> pd.Series:
    distinct = list(dict.fromkeys(value for value in values if value is not None and value == value))
    extra = {str: "never", int: 10**6, float: 1e6}.get(_kind(values))
    return pd.Series(pd.Categorical(values, categories=distinct if extra is None else [extra, *distinct]))


def _polars(columns: dict[str, list]):
    import polars as pl

    types = {float: pl.Float64, int: pl.Int64, str: pl.String, bool: pl.Boolean}
    return pl.DataFrame(
        {name: pl.Series(name, values, dtype=types.get(_kind(values), pl.String)) for name, values in columns.items()}
    )


def _duckdb(columns: dict[str, list]):
    import duckdb

    return duckdb.from_arrow(_polars(columns).to_arrow())
