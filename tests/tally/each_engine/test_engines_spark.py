"""Spark by the same contract, in few questions: each takes it a second."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import test_engines_bins as bins
import test_engines_contract as contract
import test_engines_selected as in_engines
from lazies import session

from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.predicate import apply
from privkit.values.expression import selection


@pytest.fixture(scope="module")
def case():
    return contract.Case("spark", with_empty=False)


def test_kinds_and_cells(case):
    contract.test_the_schema_tells_the_kinds(case)
    contract.test_what_arrives_is_what_is_there(case)


def test_counts(case, monkeypatch):
    contract.test_classes_are_those_of_exact_values(case, "kidt")
    contract.test_counts_by_public_keys(case, contract.KEYS[4], 3, monkeypatch)


@pytest.mark.parametrize("value", ["i", "f", "w", "p"])
def test_sums_of_powers_on_a_grid(case, value):
    contract.test_sums_of_powers_on_a_grid(case, value, contract.GRIDS[1])


@pytest.mark.parametrize("value", ["f", "i"])
def test_places_among_candidates(case, value):
    contract.test_places_among_candidates(case, value, "even, not binary")
    bins.test_bins_of_hostile_rows(case, value, "tens")


def test_distinct_values_and_pairs(case, monkeypatch):
    contract.test_distinct_values(case, "f")
    contract.test_pairs_of_person_and_key(case, "k", 150, monkeypatch)


def test_public_values_and_windows_are_those_of_memory(case):
    """All in one question: recodings, choices and cuts of dates, of text, whole numbers, doubles and dates."""
    names = ("area", "sign", "odd", "size", "fits", "quarter", "century")
    chosen = selection("size is not missing or not odd", {name: in_engines.DERIVED[name] for name in names})
    found, there = apply(case.engine, chosen, keep=names), in_engines.in_memory(case, chosen, names)
    assert isinstance(found, LazyEngine)
    assert in_engines.rows_of(found, names) == in_engines.rows_of(there, names)


def test_text_under_a_collation_is_told_apart_by_its_bytes():
    plain = "SELECT explode(array('a', 'A', 'a', cast(X'ff' AS string))) AS k"
    frame = session().sql(f"SELECT k COLLATE UTF8_LCASE AS k FROM ({plain})")
    table, counts = LazyEngine.of(frame).classes(["k"])
    found = {contract.cell(table["k"], row): int(counts[row]) for row in range(len(table))}
    assert found == {"a": 2, "A": 1, None: 1}  # bytes that are no text are missing


def test_types_without_cells_are_refused_by_the_schema():
    frame = session().sql("SELECT map(1, 2) AS m, array(1) AS l, interval '1' month AS v, interval '1' day AS d")
    assert [kind.name for kind in LazyEngine.of(frame).schema.values()] == ["other", "other", "other", "duration"]


CONNECTED = """
import os, sys
os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
from pyspark.sql import SparkSession
spark = (
    SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "2").getOrCreate()
)
import numpy as np
from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.lazy import LazyEngine
from privkit.values.keys import Keys
rows = "VALUES ('a', 1, 0.5D), ('A', 2, double('nan')), ('a', NULL, double('inf')) AS t(k, i, f)"
engine = LazyEngine.of(spark.sql(f"SELECT * FROM {rows}"))
assert type(engine.frame.to_native()).__module__.startswith("pyspark.sql.connect"), type(engine.frame.to_native())
keys = Keys(("k",), (("a",), ("A",)))
assert engine.keyed_counts(keys).tolist() == [2, 1]
assert engine.power_sums("f", Grid(0.25, 0, 8), keys, 1).tolist() == [[2, 10], [0, 0]]
assert engine.positions("i", np.array([1.0, 2.0]), None).tolist() == [[0, 1, 0, 1, 0]]
assert sum(len(table) for table in engine.parts("i", ["k"])) == 2
print("connected")
spark.stop()
"""


def test_spark_connect():
    pytest.importorskip("grpc", reason="Spark Connect needs its parts: pip install 'pyspark[connect]'")
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", CONNECTED], capture_output=True, text=True, timeout=300, cwd=root, check=False
    )
    assert "connected" in done.stdout, done.stderr[-2000:]
