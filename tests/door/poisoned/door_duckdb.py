"""DuckDB columns, written in its own SQL: values are texts of it."""

from __future__ import annotations

import itertools
from functools import cache

import duckdb
from door_arrow import DATE_KEYS
from door_pandas import MOMENT_KEYS, NAIVE_KEYS, NUMBER_KEYS, TEXT_KEYS
from door_schema import Row, Schema, columns
from door_values import FLOATS, INTEGERS, TEXTS, UNSIGNED, WIDES, ZONES

_ZONES = ("UTC", "Europe/Zurich", "America/New_York")


def written(text: str) -> str:
    """Return a text as SQL, without any character that SQL's own text cannot hold."""
    parts = [f"'{part.replace(chr(39), chr(39) * 2)}'" for part in text.split("\0")]
    return "(" + " || chr(0) || ".join(parts) + ")"


def _type(dtype, kind, ordinary, odd, keys=(), where=None):
    return Schema("duckdb", dtype, kind, list, tuple(map(str, ordinary)), (*map(str, odd), "NULL"), keys, where)


def _numbers():
    sizes = {"BIGINT": 63, "INTEGER": 31, "TINYINT": 7, "UBIGINT": 64, "UTINYINT": 8, "HUGEINT": 127, "UHUGEINT": 128}
    for name, bits in sizes.items():
        low = 0 if name.startswith("U") else -(2**bits)
        odd = sorted({n for n in (*INTEGERS, *UNSIGNED, *WIDES, low, 2**bits - 1) if low <= n < 2**bits})
        kind = {"UBIGINT": "unsigned", "HUGEINT": "wide", "UHUGEINT": "wide"}.get(name, "integer")
        yield _type(name, kind, (1, 3, 5), odd, NUMBER_KEYS, "v > 2")
    for name in ("DOUBLE", "FLOAT"):
        odd = [f"'{value!r}'::DOUBLE" for value in FLOATS if name == "DOUBLE" or abs(value) < 3e38 or value != value]
        yield _type(name, "float", (1.0, 3.0, 5.0), odd, NUMBER_KEYS, "v > 2.5")
    yield _type("BOOLEAN", "boolean", ("true",), ("false",), (True, False), "v")
    for name, most in (("DECIMAL(38,0)", 10**38), ("DECIMAL(18,0)", 10**18), ("DECIMAL(20,0)", 10**20)):
        odd = (*[n for n in WIDES if abs(n) < most], most - 1)
        yield _type(name, "wide", (1, 3, 5), odd, NUMBER_KEYS, "v > 2")
    yield _type("DECIMAL(38,10)", "wide", (1, 3, 5), ("0.0000000001", "9" * 28 + ".9", "2.5"), NUMBER_KEYS, "v > 2.5")


def _texts():
    ordinary, odd = map(written, "abc"), [written(text) for text in TEXTS]
    ordinary = tuple(ordinary)
    for name in ("VARCHAR", "VARCHAR COLLATE NOCASE", "VARCHAR COLLATE NOACCENT"):
        kind = "text" if name == "VARCHAR" else "any"
        yield _type(name, kind, ordinary, odd, TEXT_KEYS, "v != 'c'")
    enum = "ENUM('a', 'b', 'c', '', 'A', 'a ')"
    yield _type(enum, "text", ordinary, ("''", "'A'", "'a '"), TEXT_KEYS, "v != 'c'")
    blobs = (r"'\x00'", "''", r"'a\x00'", r"'\xFF\xFE'", "'A'")
    yield _type("BLOB", "bytes", ("'a'::BLOB", "'b'::BLOB"), [f"{blob}::BLOB" for blob in blobs])
    yield _type("BIT", "any", ("'101'::BIT", "'0'::BIT"), ("'0000000000'::BIT",))
    nil = "00000000-0000-0000-0000-000000000000"
    ids = [f"'{nil[:-1]}{place}'::UUID" for place in (1, 2, 0)]
    yield _type("UUID", "any", ids[:2], (ids[2], f"'{nil.replace('0', 'f')}'::UUID"))


def _times():
    days = ("'2026-01-01'", "'2026-01-02'", "'2025-01-01'")
    odd = ("'infinity'", "'-infinity'", "'0001-01-01'", "'0001-01-01 (BC)'", "'4000-01-01 (BC)'")
    odd += ("'9999-12-31'", "'10000-01-01'", "'200000-06-01'", "'1970-01-01'", "'1969-12-31'")
    yield _type("DATE", "date", days, odd, DATE_KEYS, "v >= '2026-01-01'")
    hours = ("'2026-01-01'", "'2026-01-01 01:00'", "'2025-01-01'")
    late = ("'9999-12-31 23:59:59.999999'", "'9999-12-31 12:00:00'", "'2025-10-26 02:30'", "'2025-03-30 02:30'")
    for name in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"):
        yield _type(name, "instant", hours, (*odd, *late), NAIVE_KEYS, "v >= '2026-01-01'")
    near = ("'infinity'", "'1970-01-01'", "'1677-09-22'", "'2262-04-11 23:47:16.854775806'")
    yield _type("TIMESTAMP_NS", "instant", hours, near, NAIVE_KEYS, "v >= '2026-01-01'")
    # DuckDB 1.4 wants seconds before a zone.
    zoned = tuple(f"{hour[:-1]}{':00' if ':' in hour else ' 00:00:00'}+00'" for hour in hours)
    moments = (*odd, *late, "'2025-10-26 00:30:00+00'", "'2025-10-26 01:30:00+00'", "'2025-11-02 05:30:00+00'")
    for zone in _ZONES:
        name = f"TIMESTAMPTZ in {zone}"
        yield _type(name, "instant", zoned, moments, MOMENT_KEYS, "v >= '2026-01-01T00:00:00+00:00'")
    yield _type("TIME", "time", ("'00:00:01'", "'12:00'"), ("'00:00'", "'24:00:00'", "'23:59:59.999999'"))
    yield _type("TIMETZ", "any", ("'00:00:01+00'", "'12:00:00+05:30'"), ("'00:00:00+15:59'", "'24:00:00-15:59'"))
    lengths = ("'178956970 years'", "'-178956970 years'", "'2147483647 days'", "'0 days'", "'1 month -30 days'")
    yield _type("INTERVAL", "any", ("'1 day'", "'1 hour'"), [f"{length}::INTERVAL" for length in lengths])


def _others():
    dates = ("'2026-01-01'", "'2026-01-02'")
    odd = ("'infinity'", "'10000-01-01'", "'4000-01-01 (BC)'")
    yield _type("DATE[]", "other", [f"[{d}::DATE]" for d in dates], [f"[{d}::DATE]" for d in odd])
    yield _type("STRUCT(d DATE)", "other", [f"{{'d': {d}::DATE}}" for d in dates], [f"{{'d': {d}::DATE}}" for d in odd])
    yield _type("MAP(DATE, DATE)", "other", [f"MAP {{{d}::DATE: {d}::DATE}}" for d in dates], ())


SCHEMAS = (*_numbers(), *_texts(), *_times(), *_others())
assert set(_ZONES) <= set(ZONES)
_NUMBER = itertools.count()


_HELD: list[duckdb.DuckDBPyConnection] = []


def held() -> duckdb.DuckDBPyConnection:
    """Return a new connection that is there until the tests end: before 1.5 a relation does not hold its own."""
    _HELD.append(duckdb.connect())
    return _HELD[-1]


def new_connection(zone: str) -> duckdb.DuckDBPyConnection:
    found = duckdb.connect()
    found.execute("set threads = 1")
    found.execute(f"set timezone = '{zone}'")
    return found


connection = cache(new_connection)


def frame(
    schema: Schema, rows: list[Row], tag: str, con: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyRelation:
    """Return a relation on a table of its own, in the connection of the type's zone or another."""
    dtype, _, zone = schema.dtype.partition(" in ")
    con, name = con or connection(zone or "UTC"), f"t{next(_NUMBER)}"
    con.execute(f"create table {name} (v {dtype}, k VARCHAR, who VARCHAR, x DOUBLE, t DATE, {tag} BIGINT)")
    beside = columns(rows)
    for place, row in enumerate(rows):
        others = [None if value is None else value for value in (beside["k"][place], beside["who"][place])]
        con.execute(
            f"insert into {name} values ({row.v or 'NULL'}, ?, ?, ?, DATE '1970-01-01' + ?::INTEGER, 0)",
            [*others, row.x, row.t],
        )
    return con.table(name)
