"""Bins told by a stair in the engine: the counts of exact comparisons, at every edge and beside it."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import test_engines_contract as contract
from engine_tables import postgres_table
from hypothesis import given
from hypothesis import strategies as st
from lazies import held_duckdb, part

from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.engines.lazy_bins import Stair, stair
from privkit.tally.engines.native import fetched
from privkit.tally.engines.of_duckdb import DuckdbNative, duckdb_column
from privkit.tally.engines.of_ibis import PostgresNative
from privkit.tally.engines.of_polars import PolarsNative

case = contract.case

EDGES = {
    "tens": list(range(0, 501, 10)),
    "one": [0, 500],
    "halves about 0": [-2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1],
    "tenths": [0, 0.1, 0.2, 0.3, 0.4, 0.5],
    "tenths, added up": [0.1 * step for step in range(12)],
    "ages": [0, 18, 65, 120],
    "from a half": [0.5, 10.5, 20.5, 510.5],
    "two of them without a whole number": [0.2, 0.5, 0.7, 3, 501],
    "beyond all unsigned": [-100, -50, -1],
    "the largest": [2.0**53 - 2, 2.0**53, 2.0**53 + 2, 2.0**63, 2.0**64],
    "far": [-1e300, 0, 1e300],
    "the smallest": [-5e-324, 0, 5e-324, 1e-323],
    "many, uneven": contract.CANDIDATES["many, uneven"],
}
NATIVES = {"duckdb": DuckdbNative(), "polars": PolarsNative(), "postgres": PostgresNative()}
FLOAT, WHOLE = duckdb_column("DOUBLE", ""), duckdb_column("BIGINT", "")


def bins_of(counts):
    """Return the counts of bins closed on the left, the last one on both sides, of those of positions."""
    counts = np.asarray(counts)
    found = counts[:, 1:-2:2] + counts[:, 2:-1:2]
    found[:, -1] += counts[:, -2]
    return found


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("value", "iufw")
@pytest.mark.sample(0.06)
def test_bins_of_hostile_rows(case, value, edges):
    if value not in case.columns:
        pytest.skip("no such type there")
    exact = [Fraction(each) for each in EDGES[edges]]
    for keys in (None, contract.KEYS[0]):
        place = [0] * contract.ROWS if keys is None else contract.place_of(case, keys)
        expected = np.zeros((1 if keys is None else len(keys), len(exact) - 1), dtype=np.int64)
        for row, number in enumerate(case.values(value)):
            if number is None or place[row] is None or number in (float("inf"), float("-inf")):
                continue
            for at, (low, high) in enumerate(pairwise(exact)):
                last = at == len(exact) - 2
                expected[place[row], at] += low <= Fraction(number) < high or (last and Fraction(number) == high)
        found = case.engine.positions(value, np.array(EDGES[edges], dtype=float), keys, bins=True)
        assert bins_of(found).tolist() == expected.tolist()


def beside(edges):
    """Return edges, the floats beside them, middles, and what is far or no number."""
    middles = (edges[:-1] + edges[1:]) / 2
    found = np.concatenate([edges, middles])
    found = np.concatenate([found, np.nextafter(found, np.inf), np.nextafter(found, -np.inf)])
    return np.concatenate([found, [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, np.inf, -np.inf, np.nan]])


def counted(numbers, edges):
    inside = numbers[(numbers >= edges[0]) & (numbers <= edges[-1])]
    at = np.minimum(np.searchsorted(edges, inside, "right"), len(edges) - 1) - 1
    return np.bincount(at, minlength=len(edges) - 1).tolist()


@pytest.mark.parametrize("edges", EDGES)
def test_the_floats_beside_edges(edges):
    import polars as pl

    ends = np.array(EDGES[edges], dtype=float)
    numbers = beside(ends)
    table = pl.DataFrame({"x": numbers})
    for lazy in (table.lazy(), held_duckdb().from_arrow(table.to_arrow())):
        with fetched() as log:
            found = LazyEngine.of(lazy).positions("x", ends, None, bins=True)
        assert bins_of(found).tolist() == [counted(numbers, ends)]
        assert {each.what for each in log} == {"tally"} or edges == "many, uneven"


def test_no_float_makes_postgres_raise():
    rows = ["5e-324", "-5e-324", "1.7e308", "-1.7e308", "'infinity'", "'-infinity'", "'nan'", "0", "9.999", "10"]
    engine = LazyEngine.of(postgres_table("f float8", *rows))
    numbers = np.array([float(row.strip("'")) for row in rows])
    for edges in EDGES.values():
        ends = np.array(edges, dtype=float)
        assert bins_of(engine.positions("f", ends, None, bins=True)).tolist() == [counted(numbers, ends)]


@given(st.data())
def test_a_stair_tells_every_float_and_every_whole_number(data):
    native = NATIVES[data.draw(st.sampled_from(sorted(NATIVES)))]
    numbers = st.one_of(
        st.floats(-1e6, 1e6), st.integers(-1000, 1000).map(float), st.integers(-99, 99).map(lambda each: each / 10)
    )
    edges = np.array(sorted(data.draw(st.sets(numbers, min_size=2, max_size=12)))) + 0.0
    for column in (FLOAT, WHOLE):
        known = stair(native, column, edges)
        if known is None:
            continue
        tried = beside(edges) if column is FLOAT else np.unique(np.floor(beside(edges)[:-5]))
        tried = tried[(tried >= edges[0]) & (tried <= edges[-1])]
        expected = np.minimum(np.searchsorted(edges, tried, "right"), len(edges) - 1) - 1
        with np.errstate(under="ignore"):
            stairs = known.at(tried)
        found = known.bins(stairs.astype(np.int64))
        assert np.minimum(found, len(edges) - 2).tolist() == expected.tolist()
        assert np.all(np.abs(stairs) < 2**52)
        assert len(np.unique(stairs)) <= 5000


def test_edges_that_no_stair_tells_are_compared():
    ends = np.array(EDGES["tenths, added up"])
    assert stair(DuckdbNative(), FLOAT, ends) is None
    # The check has power: this stair is wrong at an edge, or beside one.
    tenths = Stair(0.0, 10.0, 1.0, ends[0], ends[-1], ends[1:-1])
    assert not tenths.tells(np.nextafter(ends[1:-1], -np.inf))
    tried = beside(ends)[:-9]
    tried = tried[(tried >= ends[0]) & (tried < ends[-1])]
    assert (
        tenths.bins(tenths.at(tried).astype(np.int64)).tolist() != (np.searchsorted(ends, tried, "right") - 1).tolist()
    )


def test_few_groups_come_in_place_of_bins():
    """Many whole numbers within the edges, or beyond them, make no more groups than there are stairs."""
    rows = held_duckdb().sql("SELECT range::DOUBLE AS x FROM range(-100000, 1000000)")
    ends = np.array([0.0, 18, 65, 120, 1000])
    with fetched() as log:
        found = LazyEngine.of(rows).positions("x", ends, None, bins=True)
    assert bins_of(found).tolist() == [[18, 47, 55, 881]]
    assert sum(each.rows for each in log) <= 1001


def test_the_largest_hugeints_are_clipped_behind_ibis():
    """Ibis tells HUGEINT as a decimal of 38 digits, to which its numbers of 39 cannot be brought."""
    ibis = part("ibis")
    connection = held_duckdb()
    connection.execute("CREATE TABLE t(w HUGEINT, d DECIMAL(38, 0), e DECIMAL(20, 3))")
    most, wide = 2**127 - 1, 10**38 - 1
    rows = f"({most}, {wide}, 99999999999999999.999), (-{most}, -{wide}, -99999999999999999.999), (7, 7, 7.5)"
    connection.execute(f"INSERT INTO t VALUES {rows}, (NULL, NULL, NULL)")
    engine = LazyEngine.of(ibis.duckdb.from_connection(connection).table("t"))
    for name, middle in (("w", 7), ("d", 7), ("e", 7.5)):
        assert engine.power_sums(name, Grid(0.5, -4, 20), None, 1).tolist() == [[3, 24 + 0 + int(2 * middle) + 4]]
        assert engine.positions(name, np.array([0.0, 2.5, 500.0]), None).tolist() == [[1, 0, 0, 0, 1, 0, 1]]
