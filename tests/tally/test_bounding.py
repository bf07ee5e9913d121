"""Rows with numbers within the bounds: against a choice spelled out person by person, for the same salt."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.tally import bounding
from privkit.tally import rows as ids
from privkit.tally import rows as rows_of
from privkit.tally.bounding import bounded_rows, row_hashes
from privkit.tally.cells import finding
from privkit.tally.cells.numbers import Grid, floats
from privkit.tally.codes import in_order
from privkit.tally.frame import engine_of
from privkit.tally.rows import spread
from privkit.tally.sums import person_sums
from privkit.values.bounds import ContributionBounds
from privkit.values.keys import public_keys

SALT = bytes(range(16))
KEYS = public_keys(["x"], ["a", "b", "c", None])
CELLS = st.sampled_from(["a", "b", "c", None, "unasked"])
#: Of few persons, groups and values many rows are equal, and many persons are over the bounds.
ROWS = st.lists(
    st.tuples(st.none() | st.integers(-3, 3), CELLS, st.none() | st.integers(-2, 2)), max_size=40
) | st.lists(
    st.tuples(st.sampled_from([0, 1, 7]), st.sampled_from(["a", "b"]), st.integers(0, 1)), min_size=8, max_size=40
)
BOUNDS = st.one_of(
    st.builds(ContributionBounds, max_rows=st.integers(1, 6)),
    st.builds(ContributionBounds, max_groups=st.integers(1, 4), per_group=st.integers(1, 3)),
)


def source_of(rows, keys=KEYS):
    columns = {"who": pd.array([row[0] for row in rows], dtype="Int64"), "x": [row[1] for row in rows]}
    frame = pd.DataFrame(columns | {"y": pd.array([row[2] for row in rows], dtype="Float64")})
    table = engine_of(frame).collect(["who", "x", "y"])
    return rows_of.source_of(table, keys, "who")


def kept(rows, bounds, keys=KEYS):
    source = source_of(rows, keys)
    numbers = floats(source.table["y"])
    found = bounded_rows(source, lambda part: (numbers[part], np.isnan(numbers[part])), bounds, SALT)
    return Counter(zip(found.place.tolist(), found.values.tolist(), strict=True))


def hash_of(rows, who, place, within, value=None):
    """Return the keyed hash of one row, or of a person's group where no value is named."""
    source = source_of(rows)
    code = np.array([source.who.codes[[row[0] for row in rows].index(who)]])
    found = row_hashes(source.who, code, np.array([place]), np.array([within]), SALT)
    return int((found if value is None else spread(found ^ spread(np.array([value]).view(np.uint64))))[0])


def spelled(rows, bounds, keyed=True):
    """Return what stays, person by person, by the documented rule."""
    theirs = defaultdict(Counter)
    names = [key[0] for key in KEYS.values]
    for who, cell, value in rows:
        if who is not None and value is not None and (not keyed or cell in names):
            theirs[who][names.index(cell) if keyed else 0, value] += 1
    stays = Counter()
    for who, have in theirs.items():
        hashed = [
            (hash_of(rows, who, place, within, value), place, value)
            for (place, value), times in have.items()
            for within in range(times)
        ]
        if bounds.max_rows is not None:
            chosen = sorted(hashed)[: bounds.max_rows]
        else:
            places = sorted({place for place, _ in have}, key=lambda place: hash_of(rows, who, place, 0))
            groups = [[row for row in hashed if row[1] == place] for place in places[: bounds.l0]]
            chosen = [row for group in groups for row in sorted(group)[: bounds.linf]]
        stays.update((place, value) for _, place, value in chosen)
    return stays


@given(ROWS, BOUNDS)
@settings(max_examples=120)
def test_the_rows_that_stay_are_those_of_the_rule(rows, bounds):
    assert kept(rows, bounds) == spelled(rows, bounds)
    assert kept(rows, bounds, None) == spelled(rows, bounds, keyed=False)


@given(ROWS, BOUNDS, st.integers(1, 50), st.randoms())
@settings(max_examples=60)
def test_order_blocks_threads_and_codes_change_nothing(rows, bounds, block, random):
    expected = kept(rows, bounds)
    mixed = list(rows)
    random.shuffle(mixed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finding, "_BLOCK", block)
        patch.setattr(finding, "_THREADED", 0)
        patch.setattr(ids, "_NARROW", 0)
        patch.setattr(bounding, "_SPARSE", 0)
        assert kept(mixed, bounds) == expected


@given(ROWS, BOUNDS)
@settings(max_examples=60)
def test_one_bit_of_hash_tells_rows_apart_as_well(rows, bounds):
    expected, by_hash = kept(rows, bounds), bounding.by_hash

    def short(person, hashed):
        starts, sizes, packed = by_hash(person, hashed)
        number = np.repeat(np.arange(len(starts), dtype=np.uint64), sizes)
        assert len(packed) == len(number)
        return starts, sizes, (number << np.uint64(1)) | (hashed >> np.uint64(63))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounding, "by_hash", short)
        patch.setattr(bounding, "by_hash", short)
        assert kept(rows, bounds) == expected


@given(st.lists(st.integers(0, 2**62) | st.integers(0, 5), max_size=30))
def test_codes_are_put_in_order_whatever_their_size(values):
    codes = np.array(values, dtype=np.int64)
    ordered, order = in_order(codes)
    expected = np.argsort(codes, kind="stable")
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_array_equal(ordered, codes[expected])


@given(ROWS, st.integers(1, 4))
@settings(max_examples=60)
def test_totals_are_those_of_each_person_and_key(rows, groups):
    frame = source_of(rows).table
    found = person_sums(frame, "y", Grid(1.0, -3, 3), unit="who", groups=groups, keys=KEYS, salt=SALT)
    names = [key[0] for key in KEYS.values]
    totals = defaultdict(int)
    for who, cell, value in rows:
        if who is not None and value is not None and cell in names:
            totals[who, names.index(cell)] += value
    expected = np.zeros((len(KEYS), 2), dtype=np.int64)
    for (who, place), total in totals.items():
        theirs = sorted({at for one, at in totals if one == who}, key=lambda at: hash_of(rows, who, at, 0))
        if place in theirs[:groups]:
            expected[place] += (1, np.clip(total, -3, 3))
    np.testing.assert_array_equal(found, expected)
