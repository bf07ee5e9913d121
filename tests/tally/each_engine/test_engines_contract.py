"""Every lazy engine gives the tallies that Python gives, on hostile rows, and fetches no rows for them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest
from lazies import ENGINES, hostile

from privkit.tally.cells.numbers import Grid
from privkit.tally.engines import lazy as lazy_module
from privkit.tally.engines import lazy_persons
from privkit.tally.engines.contract import Engine
from privkit.tally.engines.eager import EagerEngine
from privkit.tally.engines.lazy import LazyEngine
from privkit.tally.engines.native import fetched
from privkit.values.keys import Keys

ROWS = 400
NAMES = {"k": "text", "i": "integer", "u": "unsigned", "f": "float", "b": "boolean", "d": "date", "t": "instant"}
NAMES |= {"z": "instant", "w": "wide", "y": "bytes", "p": "wide", "q": "wide"}


class Case:
    """An engine and the rows that are in it."""

    def __init__(self, name, *, with_empty=True):
        make, columns = ENGINES[name]
        self.name, self.columns = name, columns
        self.rows = hostile(ROWS, 7, columns)
        self.engine = LazyEngine.of(make(self.rows))
        self.empty = LazyEngine.of(make({column: [] for column in columns})) if with_empty else None

    def values(self, column):
        """Return what Python says of each cell: None is missing, NaN too."""
        return [None if value != value else value for value in self.rows[column]]


@pytest.fixture(scope="module", params=[name for name in ENGINES if name != "spark"])
def case(request):
    return Case(request.param, with_empty=request.param != "ibis postgres")


def cell(cells, row):
    """Return one cell as Python has it."""
    if cells.is_missing()[row]:
        return None
    value = cells.values[row if cells.codes is None else cells.codes[row]]
    for plain in ("as_py", "item"):
        value = getattr(value, plain)() if hasattr(value, plain) else value
    return value + 0.0 if isinstance(value, float) else value


def listed(table, column):
    return [cell(table[column], row) for row in range(len(table))]


def test_the_schema_tells_the_kinds(case):
    assert isinstance(case.engine, Engine)
    assert {name: kind.name for name, kind in case.engine.schema.items()} == {
        name: NAMES[name] for name in case.columns
    }
    assert case.engine.schema["t"].zone == ""
    assert case.engine.schema["z"].zone != ""
    assert case.engine.schema["t"].unit == "us"


def test_what_arrives_is_what_is_there(case):
    table = case.engine.collect(list(case.columns))
    rows = sorted(zip(*(listed(table, name) for name in case.columns), strict=True), key=repr)
    there = sorted(zip(*(case.values(name) for name in case.columns), strict=True), key=lambda row: repr(positive(row)))
    assert rows == [positive(row) for row in there]


def positive(row):
    return tuple(value + 0.0 if isinstance(value, float) else value for value in row)


@pytest.mark.parametrize("columns", ["k", "i", "u", "f", "b", "d", "t", "z", "w", "y", "kb", "ifw", "kidt"])
@pytest.mark.sample(0.4)
def test_classes_are_those_of_exact_values(case, columns):
    if not set(columns) <= set(case.columns):
        pytest.skip("no such type there")
    with fetched() as log:
        table, sizes = case.engine.classes(list(columns))
    found = dict(zip(zip(*(listed(table, name) for name in columns), strict=True), sizes.tolist(), strict=True))
    assert found == Counter(zip(*(positive(case.values(name)) for name in columns), strict=True))
    assert {each.what for each in log} == {"tally"}


KEYS = [
    Keys(("k",), (("a",), ("A",), ("é",), ("",), (None,), ("never",), ("\ud800",), ("a\0",))),
    Keys(("i",), ((2**53,), (2**53 + 1,), (-(2**63),), (3,), (2**70,), (None,))),
    Keys(("f",), ((0.0,), (0.1,), (float("inf"),), (7,), (None,))),
    Keys(("b",), ((True,), (None,))),
    Keys(("k", "i"), (("a", 3), ("a", 2**53), (None, None), ("A", 3), ("never", 1))),
    Keys(("w",), ((0,), (7,), (0.5,), (None,))),
]


def place_of(case, keys):
    """Return for each row the place of its key."""
    known = {key: place for place, key in enumerate(keys.values)}
    rows = zip(*(case.values(name) for name in keys.by), strict=True)
    return [known.get(row, known.get(positive(row))) for row in rows]


@pytest.mark.parametrize("keys", KEYS, ids=lambda keys: "".join(keys.by))
@pytest.mark.parametrize("groups", [1 << 20, 3], ids=["all groups", "those of the keys"])
@pytest.mark.sample(0.4)
def test_counts_by_public_keys(case, keys, groups, monkeypatch):
    if groups == 3 and keys.by == ("w",):
        pytest.skip("decimals are not named in a plan")
    monkeypatch.setattr(lazy_module, "_GROUPS", groups)
    counted = Counter(place_of(case, keys))
    with fetched() as log:
        found = case.engine.keyed_counts(keys)
    assert found.tolist() == [counted[place] for place in range(len(keys))]
    assert {each.what for each in log} == {"tally"}


GRIDS = [Grid(2.0**-21, 0, 500 * 2**21), Grid(0.25, -28, 2000), Grid(1.0, 0, 500), Grid(4.0, -3, 126)]
GRIDS += [Grid(0.5, 10, 14), Grid(1.0, 3, 3), Grid(2.0**-10, -1, 1)]


def steps(value, grid):
    """Return a number on the grid: exact for whole numbers and decimals, in doubles for doubles."""
    if isinstance(value, float):
        if math.isinf(value):
            return grid.high if value > 0 else grid.low
        scaled = value / grid.step + 0.5
        if math.isinf(scaled):
            return grid.high if scaled > 0 else grid.low
        found = math.floor(scaled)
    else:
        found = math.floor(Fraction(value) / Fraction(grid.step) + Fraction(1, 2))
    return min(max(found, grid.low), grid.high)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("value", "iufbwpq")
@pytest.mark.sample(0.08)
def test_sums_of_powers_on_a_grid(case, value, grid):
    if value not in case.columns:
        pytest.skip("no such type there")
    for keys in (None, KEYS[0]):
        place = [0] * ROWS if keys is None else place_of(case, keys)
        expected = np.zeros((1 if keys is None else len(keys), 3), dtype=object)
        for row, number in enumerate(case.values(value)):
            if number is not None and place[row] is not None:
                own = steps(number, grid) - grid.low
                square = math.floor(float(own) * float(own) / float(max(grid.range, 1)) + 0.5)
                expected[place[row]] += [1, own, square]
        with fetched() as log:
            found = case.engine.power_sums(value, grid, keys, 2)
            assert case.engine.power_sums(value, grid, keys, 1).tolist() == found[:, :2].tolist()
        assert found.dtype == np.int64
        assert found.tolist() == expected.tolist()
        assert {each.what for each in log} == {"tally"}


CANDIDATES = {
    "few": [0.0, 2.5, 500.0],
    "one": [0.5],
    "even": list(np.linspace(0, 500, 1001)),
    "even, not binary": list(np.linspace(-0.3, 7.1, 101)),
    "even, not from the first": [0.1 * step for step in range(40)],
    "uneven": sorted({0.0, 500.0, 7.0, *(float(x) for x in np.geomspace(0.01, 500, 40))}),
    "narrow": list(np.linspace(499.9999999, 500.0000001, 20)),
    "large": [-1e300, 0.0, 1e300],
    "many, uneven": sorted({0.0, 0.1, 0.5, 7.0, 500.0, *(float(x) for x in np.geomspace(0.01, 500, 200))}),
}
FETCHED = {"large": "iuwpq", "many, uneven": "iufbwpq"}


@pytest.mark.parametrize("candidates", CANDIDATES)
@pytest.mark.parametrize("value", "iufbwpq")
@pytest.mark.sample(0.04)
def test_places_among_candidates(case, value, candidates):
    if value not in case.columns:
        pytest.skip("no such type there")
    exact = [Fraction(each) for each in CANDIDATES[candidates]]
    for keys in (None, KEYS[0]):
        place = [0] * ROWS if keys is None else place_of(case, keys)
        expected = np.zeros((1 if keys is None else len(keys), 2 * len(exact) + 1), dtype=np.int64)
        for row, number in enumerate(case.values(value)):
            if number is None or place[row] is None:
                continue
            if isinstance(number, float) and math.isinf(number):
                at = 2 * len(exact) if number > 0 else 0
            else:
                number = Fraction(number)
                at = sum(each < number for each in exact) + sum(each <= number for each in exact)
            expected[place[row], at] += 1
        with fetched() as log:
            found = case.engine.positions(value, np.array(CANDIDATES[candidates]), keys)
        assert found.tolist() == expected.tolist()
        asked = value not in FETCHED.get(candidates, "")
        assert ({each.what for each in log} == {"tally"}) == asked
        assert (case.engine.fetches("positions", [value], value, np.array(CANDIDATES[candidates])) == ()) == asked


@pytest.mark.parametrize("value", "kiufbdtzwy")
@pytest.mark.sample(0.4)
def test_distinct_values(case, value):
    if value not in case.columns:
        pytest.skip("no such type there")
    keys = KEYS[1]
    seen = defaultdict(set)
    for at, own in zip(place_of(case, keys), positive(case.values(value)), strict=True):
        if own is not None:
            seen[at].add(own)
    with fetched() as log:
        assert case.engine.distinct(value, keys).tolist() == [len(seen[place]) for place in range(len(keys))]
        assert case.engine.distinct(value, None).tolist() == [len(set().union(*seen.values()))]
    assert {each.what for each in log} == {"tally"}


@pytest.mark.parametrize("person", "kifdwy")
@pytest.mark.parametrize("rows", [4_000_000, 50], ids=["one part", "parts"])
@pytest.mark.sample(0.4)
def test_pairs_of_person_and_key(case, person, rows, monkeypatch):
    monkeypatch.setattr(lazy_module, "_A_PART", rows)
    keys = Keys(("b", "t"), ((True, None), (False, None), (None, None)))  # times cannot be named in a plan
    found, seen = Counter(), set()
    parts = list(case.engine.pairs(person, keys))
    for table, counts in parts:
        pairs = list(zip(listed(table, person), listed(table, "b"), listed(table, "t"), strict=True))
        assert len(set(pairs)) == len(pairs)
        persons = {pair[0] for pair in pairs}
        assert not persons & seen
        seen |= persons
        found.update(dict(zip(pairs, counts.tolist(), strict=True)))
    every = Counter(zip(*(positive(case.values(name)) for name in (person, "b", "t")), strict=True))
    assert found == {pair: rows for pair, rows in every.items() if pair[0] is not None}
    assert len(parts) == -(-ROWS // rows)


PLACED = {
    "k": (("a",), ("A",), ("é",), ("nowhere",), ("",)),
    "i": ((2**53,), (2**53 + 1,), (-7,), (2**70,), (0.5,)),
    "u": ((2**64 - 1,), (0,), (-1,)),
    "b": ((True,), (False,)),
    "kb": (("a", True), ("A", True), ("a", False)),
}


@pytest.mark.parametrize("by", PLACED)
@pytest.mark.parametrize("person", "kify")
@pytest.mark.parametrize("worth", [0.0, 2.0], ids=["rows", "pairs"])
@pytest.mark.parametrize("rows", [4_000_000, 50], ids=["one part", "parts"])
@pytest.mark.sample(0.06)
def test_persons_with_the_places_of_their_keys(case, by, person, worth, rows, monkeypatch):
    if person in by or not set(by) <= set(case.rows):
        pytest.skip("no such column, or one for both")
    monkeypatch.setattr(lazy_module, "_A_PART", rows)
    monkeypatch.setattr(lazy_persons, "_WORTH", worth)
    keys = Keys(tuple(by), PLACED[by])
    parts = lazy_persons.placed_persons(case.engine, person, keys)
    if not case.engine.native.is_here:
        assert parts is None
        return
    found, seen = Counter(), set()
    for table, place, weights in parts:
        persons = listed(table, person)
        assert not set(persons) & seen
        seen |= set(persons)
        ones = np.ones(len(place), dtype=np.int64) if weights is None else weights
        for pair, many in zip(zip(persons, place.tolist(), strict=True), ones.tolist(), strict=True):
            assert weights is None or pair not in found
            found[pair] += many
    who = positive(case.values(person))
    expected = Counter(pair for pair in zip(who, place_of(case, keys), strict=True) if None not in pair)
    assert found == expected


def test_keys_that_cannot_be_joined_by_have_no_places(case):
    for keys in (None, Keys(("k",), (("a",), (None,))), Keys(("f",), ((0.5,),)), Keys(("k",), (("a",),), told=True)):
        assert lazy_persons.placed_persons(case.engine, "i", keys) is None


def test_parts_hold_all_rows_of_a_person(case, monkeypatch):
    monkeypatch.setattr(lazy_module, "_A_PART", 50)
    seen, rows = set(), 0
    for table in case.engine.parts("i", ["k", "f"]):
        persons = set(listed(table, "i"))
        assert not persons & seen
        seen |= persons
        rows += len(table)
    assert seen == set(case.values("i")) - {None}
    assert rows == sum(value is not None for value in case.values("i"))


def test_no_rows(case):
    if case.empty is None:
        pytest.skip("made of one table")
    engine, keys = case.empty, KEYS[0]
    assert engine.n_rows() == 0
    assert engine.keyed_counts(keys).tolist() == [0] * len(keys)
    assert engine.power_sums("f", Grid(1.0, 0, 5), None, 1).tolist() == [[0, 0]]
    assert engine.positions("i", np.array([1.0, 2.0]), None).tolist() == [[0] * 5]
    assert engine.positions("i", np.array(CANDIDATES["many, uneven"]), None).sum() == 0
    assert engine.distinct("k", None).tolist() == [0]
    assert len(engine.classes(["k", "i"])[1]) == 0
    assert sum(len(table) for table, _ in engine.pairs("i", keys)) == 0
    assert len(engine.collect(["k", "w", "t"])) == 0


@pytest.mark.sample(0.5)
def test_the_same_as_in_memory(case):
    eager = EagerEngine.of_table(case.engine.collect(list(case.columns)))
    for keys in KEYS:
        assert eager.keyed_counts(keys).tolist() == case.engine.keyed_counts(keys).tolist()
        for value in "ifbw":
            grid = Grid(0.25, -28, 2000)
            assert (
                eager.power_sums(value, grid, keys, 2).tolist() == case.engine.power_sums(value, grid, keys, 2).tolist()
            )
