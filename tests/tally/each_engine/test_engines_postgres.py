"""Types that PostgreSQL alone has, its own notions of equality and its infinities."""

from __future__ import annotations

import numpy as np
import pytest
import test_engines_contract as contract
from engine_tables import classes, postgres_table
from lazies import postgres_backend

import privkit as pk
from privkit.errors import ColumnKindError, FrameError
from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.lazy import LazyEngine
from privkit.values.keys import Keys


def test_infinities_of_postgres_are_values_and_nan_is_missing():
    times = ("'infinity'", "'-infinity'", "'1970-01-02'", "NULL", "'4713-01-01 BC'", "'0001-01-01'", "'9999-12-31'")
    last = ("'294247-01-10 04:00:54.775806'", "'294247-01-10 04:00:54.775807'", "'294276-12-31 23:59:59.999999'")
    rows = [f"{each}::date, {each}::timestamp, ({each}::text || '+00')::timestamptz" for each in times[2:3]]
    rows += [f"{each}::date, {each}::timestamp, {each}::timestamptz" for each in (*times[:2], *times[3:], *last)]
    engine = LazyEngine.of(postgres_table("d date, t timestamp, z timestamptz", *rows))
    assert sorted(classes(engine, "t").values()) == [1] * len(rows)
    assert sorted(classes(engine, "z").values()) == [1] * len(rows)
    assert sorted(classes(engine, "d").values()) == [1, 1, 1, 1, 1, 1, 1, 1, 2]
    counts = np.array([key for key in classes(engine, "t") if key is not None])
    assert counts.max() == 2**63 - 1
    numbers = LazyEngine.of(postgres_table("w numeric(20, 2), n numeric", "'NaN', 1", "1.50, 'NaN'", "7, 2"))
    assert {name: kind.name for name, kind in numbers.schema.items()} == {"w": "wide", "n": "other"}
    assert sorted(map(str, classes(numbers, "w"))) == ["1.50", "7.00", "None"]
    assert numbers.power_sums("w", Grid(0.5, 0, 20), None, 1).tolist() == [[2, 3 + 14]]


def test_no_float_makes_postgres_raise():
    floats = ("5e-324", "-5e-324", "1.7e308", "-1.7e308", "'infinity'", "'-infinity'", "'nan'", "2.2e-308", "0")
    engine = LazyEngine.of(postgres_table("f float8", *floats))
    for grid in (Grid(2.0**-40, 0, 2**20), Grid(2.0**40, -5, 5), Grid(2.0**900, -5, 5), Grid(2.0**-900, -5, 5)):
        found = engine.power_sums("f", grid, None, 2)
        assert found[0, 0] == len(floats) - 1
        assert found[0, 1] == sum(
            contract.steps(float(x.strip("'")), grid) - grid.low for x in floats if "nan" not in x
        )
    for step in (1e-100, 1.0, 1e100):
        assert engine.positions("f", step * np.arange(-10.0, 11.0), None).sum() == len(floats) - 1


def test_collations_of_postgres_make_no_two_texts_one():
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(
            "CREATE COLLATION IF NOT EXISTS privkit_alike"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    engine = LazyEngine.of(
        postgres_table("k text COLLATE privkit_alike, c char(3)", "'a', 'x'", "'A', 'x '", "'a', 'y'")
    )
    assert classes(engine, "k") == {"a": 2, "A": 1}
    assert engine.keyed_counts(Keys(("k",), (("A",), ("a",)))).tolist() == [1, 2]
    assert sorted(classes(engine, "c").values()) == [1, 2]


def test_types_of_postgres_without_cells_are_refused_by_the_schema():
    table = postgres_table("u uuid, j jsonb, t time, v interval, a int[], i int2, r real", "NULL, " * 6 + "1.5")
    engine = LazyEngine.of(table)
    expected = dict(u="text", j="other", t="time", v="other", a="other", i="integer", r="float")
    assert {name: kind.name for name, kind in engine.schema.items()} == expected
    assert classes(engine, "r") == {1.5: 1}
    assert classes(engine, "u") == {None: 1}


def test_every_type_of_postgres_has_a_kind_or_is_refused_by_the_schema(ledger_path):
    """Enums are told as text, oids as whole numbers and money as decimals; some types no library of the way knows."""
    backend = postgres_backend()
    with backend.con.cursor() as cursor:
        cursor.execute(
            "SELECT format_type(oid, NULL) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace"
            " AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A' AND typname !~ '^(reg|pg_|_)' ORDER BY 1"
        )
        found = [name for (name,) in cursor.fetchall()]
        cursor.execute("DROP TYPE IF EXISTS pg_temp.mood CASCADE; CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok')")
    backend.con.commit()
    assert {"money", "oid", "citext"} & {*found} == {"money", "oid"}
    wide = ("numeric(38, 0)", "numeric(75, 5)", "numeric(76, 0)", "interval year to month")
    project = pk.open_project("types", epsilon=1000, unit=pk.ROW, store=ledger_path)
    refused = []
    for declared in (*found, *wide, "pg_temp.mood"):
        table = postgres_table(f"x {declared}, y int", "NULL, 1", "NULL, 2")
        assert pk.kanon(table, ["y"]).k == 1, declared
        assert len(pk.audit(table).to_frame()) == 2, declared
        before = project.remaining
        try:
            pk.dp_nunique(table, "x", epsilon=0.1)
            assert pk.kanon(table, ["x"]).k == 2
        except ColumnKindError:
            refused.append(declared)
            assert project.remaining == before
            with pytest.raises(FrameError):
                pk.kanon(table, ["x"])
            continue
        if LazyEngine.of(table).schema["x"].is_number:
            pk.dp_sum(table, "x", bounds=(0, 1), epsilon=0.1)
    assert {"money", "jsonb", "inet", "interval year to month"} <= {*refused}
    assert not {"pg_temp.mood", "oid", "bigint", "text", "numeric(38, 0)", "uuid", "date"} & {*refused}


def test_enums_and_oids_of_postgres_are_told_apart_by_their_words_and_numbers(ledger_path):
    with postgres_backend().con.cursor() as cursor:
        cursor.execute("DROP TYPE IF EXISTS pg_temp.mood CASCADE; CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok')")
    rows = ["'ok', 4294967295, 'sad', 1", "'ok', 4294967295, 'sad', 1", "'sad', 7, 'ok', 2", "NULL, NULL, NULL, NULL"]
    table = postgres_table("m pg_temp.mood, o oid, id pg_temp.mood, y int", *rows)
    assert classes(LazyEngine.of(table), "m") == {"ok": 2, "sad": 1, None: 1}
    assert classes(LazyEngine.of(table), "o") == {4294967295: 2, 7: 1, None: 1}
    project = pk.open_project("first letters", epsilon=1e6, unit=pk.ROW, store=ledger_path, ceiling=1e6)
    asked = {"derive": {"p": pk.prefix("m", 1)}, "keys": ["o", "s"], "epsilon": 1e5, "project": project}
    assert pk.plan.dp_count(table, "p", **asked).fetched == ()
    assert pk.dp_count(table, "p", **asked).value.tolist() == [2, 1]
    assert pk.dp_count(table, where="prefix(m, 1) == 'o'", epsilon=1e5, project=project).value == 2
    out = pk.anonymize(table, ["m"], k=2, suppress=0.5).frame.to_pyarrow()
    assert sorted(out.column("m").to_pylist()) == ["ok", "ok"]
    for unit in ("id", "o"):
        project = pk.open_project(f"by {unit}", epsilon=1e9, unit=unit, store=ledger_path, ceiling=1e9)
        asked = {"keys": ["ok", "sad"], "epsilon": 1e5, "project": project}
        assert pk.dp_count(table, "m", max_rows=2, **asked).value.tolist() == [2, 1]
        total = pk.dp_sum(table, "y", person_bounds=(0, 10), epsilon=1e5, project=project).value
        assert abs(total - 4) < 0.01
