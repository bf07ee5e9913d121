"""The same rows on every lazy engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

#: Where PostgreSQL is, without the dialect that SQLAlchemy has in its addresses.
SERVER = os.environ.get("PRIVKIT_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")

DECIMALS = (
    "0.000",
    "0.5",
    "-0.001",
    "499.999",
    "500.001",
    "99999999999999999.999",
    "7",
    "-99999999999999999.999",
    "0.125",
)
#: Values of each column, hostile ones first; times are counts of days and microseconds.
POOLS: dict[str, list[Any]] = {
    "k": ["a", "A", "é", "e\u0301", "", " a", "a ", "8004", "\U0001f600", "'; --", "\\x61", None],
    "i": [-(2**63), 2**63 - 1, 2**53, 2**53 + 1, 0, 1, 2, 3, 499, 500, 501, -7, None],
    "u": [0, 2**64 - 1, 2**64 - 2, 2**63, 2**53 + 1, 1, 500, None],
    "f": [
        float("nan"),
        float("inf"),
        float("-inf"),
        1e308,
        -1e308,
        5e-324,
        -5e-324,
        -0.0,
        0.0,
        0.1,
        0.25,
        -0.25,
        0.5,
        2.5,
        499.99999999999994,
        500.0,
        500.00000000000006,
        1 / 3,
        7.0,
        2.0**53,
        0.49999999999999994,
        None,
    ],
    "b": [True, False, None],
    "d": [-719_162, -719_163, 2_932_896, 2_932_897, 0, -1, 20_514, 5_000_000, -2_000_000, None],
    "t": [
        0,
        -1,
        1,
        1_792_000_000_123_456,
        253_402_300_799_999_999,
        253_402_300_800_000_000,
        -62_135_596_800_000_000,
        -62_135_596_800_000_001,
        10**18,
        -(10**17),
        86_399_999_999,
        86_400_000_000,
        None,
    ],
    "z": [0, -1, 1_761_440_400_000_000, 1_761_444_000_000_000, 253_402_300_799_999_999, 10**18, None],
    "w": [*map(Decimal, DECIMALS), None],
    "y": [b"", b"\x00", b"\xff", b"a", b"A", b"a\x00", None],
    # Types that end amid a whole number.
    "p": [*map(Decimal, ("99.99", "-99.99", "99.50", "99.00", "0.25", "7.00", "-0.50")), None],
    "q": [*map(Decimal, ("0.99", "-0.99", "0.50", "0.25", "0.75", "0.00")), None],
}
TYPES = {
    "k": pa.large_string(),
    "s": pa.large_string(),
    "i": pa.int64(),
    "u": pa.uint64(),
    "f": pa.float64(),
    "b": pa.bool_(),
    "d": pa.date32(),
    "t": pa.timestamp("us"),
    "z": pa.timestamp("us", "UTC"),
    "w": pa.decimal128(20, 3),
    "y": pa.large_binary(),
    "p": pa.decimal128(4, 2),
    "q": pa.decimal128(2, 2),
}


def hostile(rows: int, seed: int, columns: str) -> dict[str, list[Any]]:
    """Return rows of every value, and as many more as asked for."""
    generator = np.random.default_rng(seed)
    return {name: [POOLS[name][place] for place in generator.integers(0, len(POOLS[name]), rows)] for name in columns}


def arrow(rows: dict[str, list[Any]]) -> pa.Table:
    """Return rows as an Arrow table; times by their counts."""
    plain = {"d": pa.int32(), "t": pa.int64(), "z": pa.int64()}
    return pa.table(
        {name: pa.array(values, type=plain.get(name, TYPES[name])).cast(TYPES[name]) for name, values in rows.items()}
    )


def polars(rows: dict[str, list[Any]]) -> Any:
    import polars as pl

    return pl.from_arrow(arrow(rows)).lazy()


#: Before 1.5 a relation of DuckDB does not hold its connection.
_HELD: list[Any] = []


def held_duckdb() -> Any:
    """Return a connection to an empty DuckDB that is there until the tests end."""
    import duckdb

    _HELD.append(duckdb.connect())
    return _HELD[-1]


def duckdb(rows: dict[str, list[Any]]) -> Any:
    connection = held_duckdb()
    connection.register("rows_", arrow(rows))
    connection.execute("SET TimeZone = 'Europe/Zurich'; CREATE TABLE hostile AS SELECT * FROM rows_")
    return connection.table("hostile")


def ibis_duckdb(rows: dict[str, list[Any]]) -> Any:
    ibis = part("ibis")
    backend = ibis.duckdb.connect()
    backend.con.register("rows_", arrow(rows))
    backend.con.execute("CREATE TABLE hostile AS SELECT * FROM rows_")
    return backend.table("hostile")


@lru_cache(maxsize=1)
def postgres_backend() -> Any:
    ibis = part("ibis")
    from urllib.parse import urlsplit

    found = urlsplit(SERVER)
    try:
        backend = ibis.postgres.connect(
            host=found.hostname, port=found.port, user=found.username, database=found.path.strip("/")
        )
    except Exception as error:  # noqa: BLE001
        missing(f"no PostgreSQL at {found.hostname} (set PRIVKIT_TEST_POSTGRES): {type(error).__name__}")
    return backend


def postgres(rows: dict[str, list[Any]]) -> Any:
    """Return the rows as a temporary table of PostgreSQL."""
    kinds = {"k": "text", "s": "text"}
    kinds |= {"i": "bigint", "f": "float8", "b": "boolean", "d": "int", "t": "bigint", "z": "bigint"}
    kinds |= {"w": "numeric(20, 3)", "y": "bytea", "p": "numeric(4, 2)", "q": "numeric(2, 2)"}
    made = {
        "d": "date '1970-01-01' + d",
        "t": "timestamp '1970-01-01' + (t / 86400000000) * interval '1 day' + (t % 86400000000) * interval '1 us'",
        "z": "timezone('UTC', timestamp '1970-01-01' + (z / 86400000000) * interval '1 day'"
        " + (z % 86400000000) * interval '1 us')",
    }
    backend = postgres_backend()
    declared = ", ".join(f"{name} {kinds[name]}" for name in rows)
    selected = ", ".join(f"{made.get(name, name)} AS {name}" for name in rows)
    with backend.con.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS hostile, staged; CREATE TEMPORARY TABLE staged ({declared})")
        places = ", ".join(["%s"] * len(rows))
        cursor.executemany(f"INSERT INTO staged VALUES ({places})", list(zip(*rows.values(), strict=True)))
        cursor.execute(f"CREATE TEMPORARY TABLE hostile AS SELECT {selected} FROM staged")
    backend.con.commit()
    return backend.table("hostile")


@lru_cache(maxsize=1)
def session() -> Any:
    sql = part("pyspark.sql")
    try:
        found = (
            sql.SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.session.timeZone", "Europe/Zurich")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
    except Exception as error:  # noqa: BLE001
        missing(f"Spark does not start (it needs Java 17): {type(error).__name__}")
    found.sparkContext.setLogLevel("OFF")
    return found


def spark(rows: dict[str, list[Any]]) -> Any:
    import tempfile

    import pyarrow.parquet as pq

    with tempfile.NamedTemporaryFile(suffix=".parquet", delete=False) as file:
        pq.write_table(arrow(rows), file.name)
    return session().read.parquet(file.name)


#: Engine → what makes its frame, and the columns that it has types for.
ENGINES: dict[str, tuple[Callable[[dict[str, list[Any]]], Any], str]] = {
    "polars": (polars, "kiufbdtzwypq"),
    "duckdb": (duckdb, "kiufbdtzwypq"),
    "ibis duckdb": (ibis_duckdb, "kiufbdtzwypq"),
    "ibis postgres": (postgres, "kifbdtzwypq"),
    "spark": (spark, "kifbdtzwypq"),
}


def part(name: str) -> Any:
    """Return a library, or skip; in CI it must be there."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError:
        missing(f"{name} is not installed")


def missing(reason: str) -> Any:
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
