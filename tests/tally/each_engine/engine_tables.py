"""Tables of one engine, made of declared columns and rows, and the classes that it tells of a column."""

from __future__ import annotations

import test_engines_contract as contract
from lazies import held_duckdb, postgres_backend


def classes(engine, column):
    table, sizes = engine.classes([column])
    return dict(zip(contract.listed(table, column), sizes.tolist(), strict=True))


def relation(declared, *rows):
    connection = held_duckdb()
    connection.execute(f"CREATE TABLE t({declared})")
    for row in rows:
        connection.execute(f"INSERT INTO t VALUES ({row})")
    return connection.table("t")


def postgres_table(declared, *rows):
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS special; CREATE TEMPORARY TABLE special ({declared})")
        for row in rows:
            cursor.execute(f"INSERT INTO special VALUES ({row})")
    backend.con.commit()
    return backend.table("special")
