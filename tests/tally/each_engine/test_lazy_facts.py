"""Facts that an engine tells in figures are those of the same rows on pandas."""

from __future__ import annotations

import math
from typing import Any

import lazies
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.risk.link import link
from privkit.risk.report import risk
from privkit.risk.suda import suda
from privkit.risk.unicity import unicity
from privkit.tally.columns.facts import ColumnFacts, column_facts
from privkit.tally.engines.native import fetched
from privkit.tally.row_classes import contributions

COLUMNS = "kifb"
ROWS = st.lists(st.tuples(*(st.sampled_from(lazies.POOLS[name]) for name in COLUMNS)), min_size=1, max_size=20).map(
    lambda rows: dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
)


def on_pandas(rows: dict[str, list[Any]]) -> pd.DataFrame:
    types = {"k": "str", "i": "Int64", "b": "boolean"}
    return pd.DataFrame(
        {
            name: pd.Series([math.nan if value is None else value for value in values], dtype="float64")
            if name == "f"
            else pd.Series(values, dtype=types[name])
            for name, values in rows.items()
        }
    )


def figures_of(facts: ColumnFacts) -> tuple[Any, ...]:
    return facts.rows, facts.missing, facts.distinct, facts.singles, facts.separation, facts.whole, facts.sampled


def agree(name: str, rows: dict[str, list[Any]]) -> None:
    there, here = lazies.ENGINES[name][0](rows), on_pandas(rows)
    with fetched() as log:
        found = list(column_facts(there, list(rows)))
        added = contributions(there, ["k", "i"], ["f", "b"])
    assert {each.what for each in log} == {"tally"}
    assert [figures_of(facts) for facts in found] == [figures_of(facts) for facts in column_facts(here, list(rows))]
    assert added == contributions(here, ["k", "i"], ["f", "b"])


@pytest.mark.parametrize("name", ["polars", "duckdb"])
@settings(max_examples=25)
@given(rows=ROWS)
def test_figures_of_columns_are_those_of_pandas(name, rows):
    agree(name, rows)


@pytest.mark.parametrize("name", ["ibis duckdb", "ibis postgres", "spark"])
def test_figures_on_other_engines(name):
    agree(name, lazies.hostile(80, 3, COLUMNS))
    whole = {"k": ["a", "b"], "i": [1, 2], "f": [1.0, -0.0], "b": [True, None]}
    agree(name, whole)
    agree(name, whole | {"f": [1.0, math.inf]})


@pytest.mark.parametrize("name", ["polars", "duckdb", "ibis duckdb", "ibis postgres", "spark"])
def test_a_sample_of_many_values_is_bounded_and_the_same_each_time(name):
    texts = [f"u{place}@example.org" for place in range(6000)]
    there = lazies.ENGINES[name][0]({"k": texts})
    with fetched() as log:
        first = next(column_facts(there, ["k"]))
    assert max(each.rows for each in log) <= 2000
    assert 700 <= first.sampled <= 1000
    assert first.forms == {"e-mail address": 1.0}
    again = lazies.ENGINES[name][0]({"k": texts[::-1]})
    assert next(column_facts(again, ["k"])) == first


def test_whole_numbers_of_any_width_are_whole():
    lazies.part("duckdb")
    relation = lazies.held_duckdb().sql(
        "SELECT sum(i) AS wide, 0.5::DECIMAL(3, 1) AS tenth FROM range(9) t(i) GROUP BY i % 4"
    )
    facts = {each.name: each for each in column_facts(relation, ["wide", "tenth"])}
    assert (facts["wide"].kind, facts["wide"].whole, facts["tenth"].whole) == ("number", True, False)


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_scores_of_classes_are_those_of_their_rows(name):
    rows = lazies.hostile(60, 5, "kib")
    here, there = suda(on_pandas(rows), list(rows), sampling_fraction=0.1), None
    with fetched() as log:
        there = suda(lazies.ENGINES[name][0](rows), list(rows), sampling_fraction=0.1)
    assert [each.what for each in log] == ["tally"]
    assert (there.by_size, there.n_rows, there.n_unique, there.n_special) == (
        here.by_size, here.n_rows, here.n_unique, here.n_special,
    )  # fmt: skip
    assert sorted(there.scores[there.scores > 0]) == sorted(here.scores[here.scores > 0])
    assert sorted(there.dis_scores[there.scores > 0]) == pytest.approx(sorted(here.dis_scores[here.scores > 0]))
    assert list(there.scores.index.names) == list(rows)


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_weights_and_persons_are_counted_by_class(name):
    random = np.random.default_rng(2)
    rows = {"k": random.choice(["a", "b", "c"], 300).tolist(), "i": random.integers(0, 40, 300).tolist()}
    rows["f"] = random.choice([1.5, 2.0, 40.0], 300).tolist()
    here, there = on_pandas(rows), lazies.ENGINES[name][0](rows)
    with fetched() as log:
        found = risk(there, ["k", "i"], weights="f").individual
        points = unicity(there, unit="i", columns=["k", "f"], points=2, persons=40)
    assert {each.what for each in log} == {"tally"}
    expected = risk(here, ["k", "i"], weights="f").individual
    assert (found.highest, found.average, found.rows_at_risk) == pytest.approx(
        (expected.highest, expected.average, expected.rows_at_risk)
    )
    whole = unicity(here, unit="i", columns=["k", "f"], points=2, persons=40)
    assert points.to_frame().shape == whole.to_frame().shape


def test_columns_that_are_compared_and_ids_come_in_one_query():
    """DuckDB gives rows of two queries in two orders, once it works in parallel."""
    lazies.part("duckdb")
    relation = lazies.held_duckdb().sql("SELECT i AS id, i % 1000003 AS zip FROM range(1000) t(i)")
    with fetched() as log:
        found = link(relation, relation, on="zip", truth="id")
    assert [set(each.columns) for each in log] == [{"zip", "id"}] * 2
    assert found.n_right == 1000
