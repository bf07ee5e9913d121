"""Filters and derived columns: asked of the engine where it says the same, else evaluated on what is fetched."""

from __future__ import annotations

from collections import Counter

import pytest
import test_engines_contract as contract
from lazies import ENGINES

from privkit.tally.cells.numbers import Grid
from privkit.tally.engines.eager import EagerEngine
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.engines.lazy_rows import FetchedEngine
from privkit.tally.engines.native import fetched
from privkit.tally.predicate import apply
from privkit.values.expression import cut, recode, selection, when
from privkit.values.keys import Keys


@pytest.fixture(scope="module", params=[name for name in ENGINES if name != "spark"])
def case(request):
    return contract.Case(request.param, with_empty=False)


#: Asked of every engine: no row travels for it.
ASKED = [
    "i > 2",
    "i >= 9007199254740993",
    "i == 2.5",
    "i < 1e30",
    "i in [0, 1, 2, 3, 499, 9007199254740993]",
    "i not in [3]",
    "f <= 0.1",
    "f == 0",
    "f != 500.0",
    "f > -1e400",
    "not (f > 0.25 or b)",
    "b",
    "b == True and i is not missing",
    "f is missing or k is missing",
    "k == 'a'",
    "k in ['a', 'é', 'never', '']",
    "k > 'a'",
    "k < 'é'",
    "k >= '\\\\x61'",
    "d >= '2026-03-01'",
    "d == '0001-01-01'",
    "t < '9999-12-31T23:59:59.999999'",
    "t >= '1970-01-01'",
    "year(t) == 2026",
    "year(d) < 5 or year(d) == 9999",
    "month(t) == 12 and day(t) == 31",
    "hour(t) in [0, 23]",
    "weekday(d) == 4",
    "y is missing",
    "w is not missing",
    "i == i",
    "prefix(k, 1) == 'a'",
    "prefix(k, 2) in ['80', 'a', ' a', 'e\u0301']",
]
#: Asked of Polars alone, or of none: the columns named are fetched.
ELSEWHERE = {
    "f * 2 > 1": ["polars"],
    "f / i > 0.5": ["polars"],
    "i % 7 == 3": ["polars"],
    "i // 2.5 >= f": ["polars"],
    "(f - f) is missing": ["polars"],
    "w > 0.5": [],
    "w == 7": [],
    "f > i": [],
    "k == prefix(k, 3)": ["polars", "duckdb", "ibis duckdb", "ibis postgres"],
}
KEPT = ["k", "i", "f"]


def rows_of(engine, columns):
    table = engine.collect(columns)
    return Counter(zip(*(contract.listed(table, name) for name in columns), strict=True))


def in_memory(case, chosen, keep):
    eager = EagerEngine.of_table(case.engine.collect(list(case.columns)))
    return eager.selected(chosen, keep)


@pytest.mark.parametrize("where", [*ASKED, *ELSEWHERE])
@pytest.mark.sample(0.1)
def test_filters_keep_the_rows_that_they_keep_in_memory(case, where):
    chosen = selection(where)
    found = apply(case.engine, chosen, keep=KEPT)
    asked = where in ASKED or case.name in ELSEWHERE[where]
    assert isinstance(found, LazyEngine if asked else FetchedEngine)
    expected = rows_of(in_memory(case, chosen, KEPT), KEPT)
    assert rows_of(found, KEPT) == expected
    with fetched() as log:
        assert found.n_rows() == sum(expected.values())
    assert {each.what for each in log} == ({"tally"} if asked else {"rows"})
    if not asked:
        assert {name for each in log for name in each.columns} == set(chosen.columns)


KEYS = {"band": (("low",), ("Low",)), "zip": (("a",), ("A",)), "year": ((2026,),), "old": ((True,),)}
DERIVED = {
    "old": "i >= 3",
    "band": None,
    "year": "year(t)",
    "hour": "hour(t)",
    "zip": "prefix(k, 2)",
    "copy": "f",
    "area": recode("k", {"a": "letter", "é": "letter", "never": None}, other="other"),
    "sign": recode("i", {0: 1, 1: 1, 2: None, 3: -1.5, 499: 2, 9007199254740993: 3}),
    "odd": recode("i", {1: True, 2: False, 3: True}),
    "size": when("f is missing", "none").when("f > 0.25 or b", None).otherwise("small"),
    "fits": when("i > 2 and f < 1", True).otherwise(False),
    "week": cut("t", every="week", start="2025-12-30", end="2026-03-01"),
    "quarter": cut("d", every="quarter", start="2025-12-30", end="2026-03-01"),
    "century": cut("d", ["0001-01-01", "1900-01-01", "2000-01-01", "9998-12-31"]),
    "late": cut("t", ["0001-01-01", "2262-01-01", "9998-12-31"]),
    "that": recode("t", {"2026-01-01": 1, "1970-01-01T00:00:00.000001": 2}, other=0),
}


@pytest.mark.sample(0.5)
def test_derived_columns_are_those_of_memory(case):
    from privkit.values.expression.nodes import Column, Cut

    derive = dict(DERIVED, band=Cut(Column("f"), (-1, 0.25, 2.5, 500), ("low", "Low", "high")))
    chosen = selection("old or band == 'low'", derive)
    keep = [*derive, "k", "w"]
    found, there = apply(case.engine, chosen, keep=keep), in_memory(case, chosen, keep)
    assert isinstance(found, LazyEngine)
    assert {name: kind.name for name, kind in found.schema.items()} == {n: k.name for n, k in there.schema.items()}
    assert rows_of(found, keep) == rows_of(there, keep)
    for name in ("band", "zip", "year", "old"):  # grouped by, each under the engine's own rules
        keys = Keys((name,), KEYS[name])
        assert found.keyed_counts(keys).tolist() == there.keyed_counts(keys).tolist()
    grid = Grid(0.25, -28, 2000)
    assert found.power_sums("copy", grid, None, 2).tolist() == there.power_sums("copy", grid, None, 2).tolist()


@pytest.mark.parametrize(
    "missing",
    [{"i": 7}, {"i": 0.5}, {"f": 3}, {"k": "none"}, {"b": False}, {"i": "drop", "k": "drop"}, {"f": "drop"}],
    ids=str,
)
@pytest.mark.sample(0.4)
def test_what_stands_for_missing(case, missing):
    chosen = selection(None, None, missing)
    found, there = (
        apply(case.engine, chosen, keep=[*KEPT, "b"]),
        in_memory(case, chosen, [*KEPT, "b"]),
    )
    assert isinstance(found, LazyEngine)
    assert rows_of(found, [*KEPT, "b"]) == rows_of(there, [*KEPT, "b"])
    assert {name: kind.name for name, kind in found.schema.items()} == {n: k.name for n, k in there.schema.items()}


def test_what_is_fetched_is_counted_as_in_memory(case):
    chosen = selection("w > 0.5 or w is missing", {"year": "year(z)"}, {"i": 7})
    keep = ["k", "i", "f", "year"]
    found, there = apply(case.engine, chosen, keep=keep), in_memory(case, chosen, keep)
    keys = Keys(("k",), (("a",), ("A",), (None,)))
    assert isinstance(found, FetchedEngine)
    assert rows_of(found, keep) == rows_of(there, keep)
    assert found.keyed_counts(keys).tolist() == there.keyed_counts(keys).tolist()
    assert found.distinct("f", keys).tolist() == there.distinct("f", keys).tolist()
    grid = Grid(0.25, -28, 2000)
    assert found.power_sums("f", grid, keys, 1).tolist() == there.power_sums("f", grid, keys, 1).tolist()
    for person in ("f", "i", "year"):
        pairs = Counter()
        for table, counts in found.pairs(person, keys):
            rows = zip(contract.listed(table, person), contract.listed(table, "k"), strict=True)
            pairs.update(dict(zip(rows, counts.tolist(), strict=True)))
        assert with_person(pairs) == with_person(rows_of(there, [person, "k"]))
    assert found.fetches("power_sums", ["f"], "f") == ("the columns 'f', 'i', 'w' and 'z' of all rows",)


def with_person(pairs):
    return {pair: rows for pair, rows in pairs.items() if pair[0] is not None}
