"""Bounded counts: nobody weighs more than the bounds allow, and nobody's rows touch another person's."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from engines import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from test_classes import NO_MISSING_INTEGER

from privkit.errors import ColumnNotFoundError, DuplicateColumnError
from privkit.tally import rows as ids
from privkit.tally.bounding import bounded_counts, least_hashed
from privkit.tally.cells import finding
from privkit.tally.cells.coding import hashed
from privkit.tally.cells.columns import cells_of_series
from privkit.tally.rows import persons
from privkit.values.bounds import ContributionBounds
from privkit.values.keys import public_keys

SALT = bytes(range(16))
KEYS = public_keys(["x"], ["a", "b", "c", "d", None])
IDS = {
    "text": st.sampled_from(["p", "q", "r", "", "p\0", "p\0q", "ä"]),
    "whole": st.sampled_from([0, 1, 2, -5, 2**40, -(2**63), 2**63 - 1]),
    "near": st.integers(-3, 3),
    "float": st.sampled_from([0.0, -0.0, 0.5, 1.0, math.inf, -math.inf, 1e300]),
}
BOUNDS = st.one_of(
    st.builds(ContributionBounds, max_rows=st.integers(1, 6)),
    st.builds(ContributionBounds, max_groups=st.integers(1, 4), per_group=st.integers(1, 3)),
)
CELLS = st.sampled_from(["a", "b", "c", "d", None, "unasked"])


def rows_of(kind: str, size: int = 30) -> st.SearchStrategy[list[tuple]]:
    return st.lists(st.tuples(st.none() | IDS[kind], CELLS), max_size=size)


def frame_of(rows: list[tuple], engine: str = "pandas object") -> object:
    return ENGINES[engine]({"who": [row[0] for row in rows], "x": [row[1] for row in rows]})


def counts(rows: list[tuple], bounds: ContributionBounds, salt: bytes = SALT, keys=KEYS) -> np.ndarray:
    return bounded_counts(frame_of(rows), "who", bounds, keys, salt=salt)


def norms(moved: np.ndarray) -> tuple[int, int, int, float]:
    size = np.abs(moved)
    return int((size > 0).sum()), int(size.max(initial=0)), int(size.sum()), float(np.sqrt((size**2).sum()))


@pytest.mark.parametrize("kind", IDS)
@pytest.mark.parametrize("keys", [KEYS, None], ids=["keyed", "total"])
@given(st.data())
@settings(max_examples=60)
def test_one_person_more_moves_the_counts_within_the_bounds(kind, keys, data):
    """The search for a counterexample to the stability of dp_count, for each salt."""
    others = data.draw(rows_of(kind))
    person = data.draw(IDS[kind])
    others = [row for row in others if row[0] != person]
    theirs = [(person, x) for x in data.draw(st.lists(CELLS, max_size=20))]
    both = data.draw(st.permutations(others + theirs))
    bounds, salt = data.draw(BOUNDS), data.draw(st.binary(min_size=16, max_size=16))
    moved = counts(both, bounds, salt, keys) - counts(others, bounds, salt, keys)
    l0, linf, l1, l2 = norms(moved)
    assert (moved >= 0).all()
    assert l0 <= bounds.l0
    assert linf <= bounds.linf
    assert l1 <= bounds.l1
    assert l2 <= bounds.l2 + 1e-9
    np.testing.assert_array_equal(moved, counts(theirs, bounds, salt, keys))


@given(rows_of("near"), BOUNDS, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_order_of_rows_never_matters(rows, bounds, random):
    shuffled = random.sample(rows, len(rows))
    np.testing.assert_array_equal(counts(rows, bounds), counts(shuffled, bounds))


@given(rows_of("near"), BOUNDS)
@settings(max_examples=60)
def test_a_person_keeps_as_much_as_the_bounds_allow(rows, bounds):
    """Each person alone: never more rows of a group than there are, and the bound is used up where it can be."""
    for person in {row[0] for row in rows} - {None}:
        theirs = Counter(row[1] for row in rows if row[0] == person and row[1] != "unasked")
        kept = dict(
            zip((key[0] for key in KEYS.values), counts([r for r in rows if r[0] == person], bounds), strict=True)
        )
        assert all(kept[x] <= theirs[x] for x in kept)
        if bounds.max_rows is not None:
            assert sum(kept.values()) == min(bounds.max_rows, theirs.total())
        else:
            assert sum(count > 0 for count in kept.values()) == min(bounds.max_groups, len(theirs))
            assert all(count in (0, min(theirs[x], bounds.per_group)) for x, count in kept.items())


@pytest.mark.parametrize("kind", ["text", "near", "whole", "float"])
@given(st.data())
@settings(max_examples=20)
def test_every_engine_keeps_the_same_rows(kind, data):
    rows, bounds = data.draw(rows_of(kind)), data.draw(BOUNDS)
    expected = counts(rows, bounds).tolist()
    for engine in ENGINES:
        if kind == "whole" and engine in NO_MISSING_INTEGER and any(row[0] is None for row in rows):
            continue
        assert bounded_counts(frame_of(rows, engine), "who", bounds, KEYS, salt=SALT).tolist() == expected, engine


@pytest.mark.parametrize(
    "value", [0, -1, 2**53, 2**63 - 1024, 2**63, 2**64 - 2048, -(2**63), 2**64, -(2**64), int(1e300)]
)
def test_a_whole_number_has_one_hash_whatever_column_it_stands_in(value):
    told = [pd.Series([value], dtype=object), pd.Series([float(value)])]
    told += [pd.Series([value], dtype="int64")] if -(2**63) <= value < 2**63 else []
    told += [pd.Series([value], dtype="uint64")] if 0 <= value < 2**64 else []
    assert len({int(hashed(cells_of_series(column), SALT)[0]) for column in told}) == 1


@given(rows_of("near", 60), BOUNDS, st.integers(1, 70))
@settings(max_examples=30)
def test_blocks_and_few_bits_of_hash_give_the_same_counts(rows, bounds, block):
    expected = counts(rows, bounds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "_BLOCK", block)
        patch.setattr(ids, "_NARROW", 0)  # ids are numbered instead of taken as codes
        np.testing.assert_array_equal(counts(rows, bounds), expected)
        patch.setattr(finding, "_THREADED", 0)
        np.testing.assert_array_equal(counts(rows, bounds), expected)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40), st.integers(1, 5))
@settings(max_examples=80)
def test_the_least_hashes_are_kept_also_where_leading_bits_tie(entries, most):
    entries.sort(key=lambda entry: entry[0])
    person = np.array([entry[0] for entry in entries])
    hashed = np.array([entry[1] for entry in entries], dtype=np.uint64)  # all leading bits are 0
    kept = least_hashed(person, hashed, most)
    for one in set(person.tolist()):
        theirs = np.flatnonzero(person == one)
        least = sorted(theirs, key=lambda place: (hashed[place], place))[:most]
        assert set(theirs[kept[theirs]]) == set(least)


def test_rows_without_an_id_are_left_out():
    rows = [(None, "a")] * 50 + [(1, "a"), (math.nan, "b"), (2, "b")]
    assert counts(rows, ContributionBounds(max_rows=3)).tolist() == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("engine", ENGINES)
def test_frames_without_rows_or_persons(engine):
    for rows in ([], [(None, "a")], [("p", "unasked")]):
        for bounds in (ContributionBounds(max_rows=2), ContributionBounds(max_groups=1, per_group=2)):
            assert bounded_counts(frame_of(rows, engine), "who", bounds, KEYS).tolist() == [0] * 5


def test_equal_numbers_are_one_person_whatever_their_type_and_truth_is_another():
    rows = [(1, "a"), (1.0, "a"), (Decimal(1), "a"), ("1", "a"), (True, "a")]
    assert counts(rows, ContributionBounds(max_rows=2)).tolist() == [4, 0, 0, 0, 0]


@pytest.mark.landing
def test_no_row_and_no_group_is_favored():
    """Over many salts, each of a person's rows and groups is kept equally often (chi-square, p below 1e-9 fails)."""
    rows = [("p", x) for x, times in (("a", 8), ("b", 2), ("c", 1), ("d", 1)) for _ in range(times)]
    draws = 4_000
    rng = np.random.default_rng(20261123)
    salts = [rng.bytes(16) for _ in range(draws)]
    kept = sum(counts(rows, ContributionBounds(max_rows=3), salt) for salt in salts)
    expected = np.array([8, 2, 1, 1, 0]) * draws * 3 / 12
    assert ((kept[:4] - expected[:4]) ** 2 / expected[:4]).sum() < 45
    groups = sum(counts(rows, ContributionBounds(max_groups=2, per_group=1), salt) for salt in salts)
    assert ((groups[:4] - draws / 2) ** 2 / (draws / 2)).sum() < 45


def test_persons_are_sampled_independently_of_each_other():
    rows = [(person, x) for person in range(2_000) for x in "abcd"]
    kept = counts(rows, ContributionBounds(max_groups=1, per_group=1))[:4]
    assert kept.sum() == 2_000
    assert ((kept - 500) ** 2 / 500).sum() < 45


def test_a_salt_is_drawn_anew_each_time():
    frame = frame_of([("p", x) for x in "abcd" * 5])
    bounds = ContributionBounds(max_groups=1, per_group=1)
    assert len({tuple(bounded_counts(frame, "who", bounds, KEYS)) for _ in range(40)}) > 1


def test_the_hash_of_an_id_depends_on_the_salt_and_on_nobody_else():
    values = [0, 1, -1, 2**63 - 1, -(2**63), 0.5, "a", "ä", "\ud800", b"a", pd.Timestamp("2026-01-01"), 10**30, True]
    together = hashed(cells_of(values), SALT)
    assert len(set(together.tolist())) == len(values)
    assert together.tolist() == [int(hashed(cells_of([value]), SALT)[0]) for value in values]
    assert not set(together.tolist()) & set(hashed(cells_of(values), SALT[::-1]).tolist())
    for equal in (1, 1.0, Decimal(1)):
        assert hashed(cells_of([equal]), SALT) == hashed(cells_of([1]), SALT)
    for column in (pd.Series([7, 5, 7]), pd.Series([7.0, 5, math.nan]), pd.Series([7, 5], dtype="UInt8")):
        cells = cells_of_series(column)
        found = persons(cells)
        known = found.codes >= 0
        assert found.hashed(found.codes[known], SALT).tolist() == hashed(cells, SALT)[known].tolist()


def cells_of(values):
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return cells_of_series(pd.Series(objects, dtype=object))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "uint64", "Int64", "UInt64", "int64[pyarrow]"])
def test_ids_at_the_ends_of_their_type_are_told_apart(kind):
    limits = np.iinfo(kind.lower().removesuffix("[pyarrow]"))
    values = [limits.min, limits.max, limits.min + 1, limits.max - 1]
    frame = pd.DataFrame({"who": pd.Series(values * 3, dtype=kind)})
    assert bounded_counts(frame, "who", ContributionBounds(max_rows=2)).tolist() == [8]
    few = pd.DataFrame({"who": pd.Series([limits.max, limits.max - 1] * 3, dtype=kind)})
    assert bounded_counts(few, "who", ContributionBounds(max_rows=2)).tolist() == [4]


def test_the_unit_must_be_a_column_and_no_key():
    frame = pd.DataFrame({"who": [1], "x": ["a"]})
    with pytest.raises(ColumnNotFoundError, match="whom"):
        bounded_counts(frame, "whom", ContributionBounds(max_rows=1))
    with pytest.raises(DuplicateColumnError, match="who"):
        bounded_counts(frame, "who", ContributionBounds(max_rows=1), public_keys(["who"], [1]))
