from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.errors import FrameError
from privkit.tally.cells.coding import key_hashes, sort
from privkit.tally.class_values import value_counts
from privkit.tally.coded_classes import count_values
from privkit.tally.codes import column_codes, factorized, tells

CODES = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 3)), max_size=40)


def differing(pairs: list[tuple[int, int]]) -> tuple[int, int]:
    """Return how many pairs of rows there are, and how many differ in the second column."""
    both = list(combinations(pairs, 2))
    return len(both), sum(one[1] != two[1] for one, two in both)


@given(CODES)
def test_one_column_tells_another_as_counting_all_pairs_of_rows_says(rows):
    known = [row for row in rows if min(row) >= 0]
    pairs, apart = differing(known)
    groups = [[row for row in known if row[0] == value] for value in {row[0] for row in known}]
    within, left = map(sum, zip(*map(differing, groups), strict=True)) if groups else (0, 0)
    chance = Fraction(apart, pairs or 1)
    enough = sum(len(group) - 1 for group in groups) * chance >= 10
    teller, told = np.array(rows, dtype=np.int64).reshape(-1, 2).T
    assert tells(teller, told) == (enough and Fraction(left, within) <= chance / 20)


@pytest.mark.parametrize("seed", range(20))
def test_columns_drawn_apart_do_not_tell_each_other(seed):
    random = np.random.default_rng(seed)
    codes = [random.integers(0, most, 300) for most in (2, 5, 40, 290, 3000)]
    codes.append((random.random(300) < 0.02).astype(np.int64))
    assert not any(tells(one, two) for place, one in enumerate(codes) for two in codes[:place] + codes[place + 1 :])


def test_a_few_wrong_rows_do_not_hide_that_one_column_tells_another_and_many_do():
    random = np.random.default_rng(1)
    day = random.integers(0, 60, 2000)
    year = day // 10
    wrong = random.integers(0, 6, 2000)
    assert tells(day, np.where(random.random(2000) < 0.02, wrong, year))
    assert not tells(day, np.where(random.random(2000) < 0.2, wrong, year))
    assert not tells(year, day)


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("kind", ["string_view", "binary_view"])
def test_views_of_texts_are_coded_as_texts_however_many_rows_there_are(kind, rows):
    cells = pa.array((["a", None, "b"] if kind == "string_view" else [b"a", None, b"b"])[:rows], getattr(pa, kind)())
    codes, values = factorized(pd.Series(pd.array(cells, dtype=pd.ArrowDtype(cells.type))))
    assert codes.tolist() == [0, -1, 1][:rows]
    assert len(values) == max(rows - 1, min(rows, 1))


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("ordered", [False, True])
def test_values_of_which_pandas_has_no_index_are_refused_by_their_type_however_many_rows_there_are(rows, ordered):
    kind = pa.month_day_nano_interval()
    cells = pa.array([(1, 2, 3), None, (0, 2, 3)][:rows], kind)
    with pytest.raises(FrameError, match="of type month_day_nano_interval"):
        factorized(pd.Series(pd.array(cells, dtype=pd.ArrowDtype(kind)), name="v"), ordered=ordered)


def test_durations_beyond_python_have_a_missing_one_behind_them():
    cells = pa.array([2**62, None, -(2**62)], pa.duration("s"))
    frame = pd.DataFrame({"k": ["a"] * 3, "v": pd.Series(pd.array(cells, dtype=pd.ArrowDtype(cells.type)))})
    for found in (count_values(frame, "k", "v"), value_counts(frame, "k", "v")):
        assert (len(found.values), found.matrix().tolist()) == (3, [[1, 1, 1]])
        assert found.values.isna().tolist() == [False, False, True]


@pytest.mark.parametrize("values", [["a", "b"], ["a", "a"], ["a", None, None], [1, 1, 2], [1.5, None], [None, None]])
def test_runs_are_coded_as_their_values_whatever_these_are(values):
    runs = pc.run_end_encode(pa.array(values, type=pa.string() if values == [None, None] else None))
    column = pd.Series(pd.arrays.ArrowExtensionArray(pa.chunked_array([runs])), name="v")
    plain = pd.Series(pd.array(values, dtype=pd.ArrowDtype(runs.type.value_type)), name="v")
    for ordered in (False, True):
        codes, distinct = factorized(column, ordered=ordered)
        expected, known = factorized(plain, ordered=ordered)
        assert codes.tolist() == expected.tolist()
        assert list(distinct) == list(known)


def test_instants_beyond_pythons_calendar_stand_before_a_missing_value():
    for zone in (None, "America/New_York", "Australia/Lord_Howe"):
        ends = pd.Series([2**63 - 1, -(2**63) + 1, None], dtype="Int64").astype("datetime64[us]")
        column = ends if zone is None else ends.dt.tz_localize("UTC").dt.tz_convert(zone)
        codes, values = column_codes(column)
        assert codes.tolist() == [1, 0, 2]
        assert len(values) == 3


@given(st.lists(st.integers(0, 2**62), max_size=300), st.sampled_from([None, 1.0, 50.0]), st.booleans())
def test_keys_are_in_order_whatever_was_said_of_them(keys, local, ordered):
    keys = np.array(sorted(keys) if ordered else keys, dtype=np.int64)
    assert sort(keys.copy(), local).tolist() == sorted(keys.tolist())
    assert sort(keys.astype(np.uint64), local).tolist() == sorted(keys.tolist())


def test_runs_are_merged_and_keys_without_order_are_sorted():
    kinds = []

    class Told(np.ndarray):
        def sort(self, kind=None):
            kinds.append(kind)
            super().sort(kind=kind)

    random = np.random.default_rng(0)
    for keys, local in [
        (np.arange(1000), None), (np.tile(np.arange(100), 10), None), (random.integers(0, 1000, 1000), None),
        (random.integers(0, 1000, 1000), 2.0), (random.integers(0, 1000, 1000), 20.0),
    ]:  # fmt: skip
        sort(keys.view(Told), local)
    assert kinds == ["stable", "stable", None, "stable", None]


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=50), st.integers(1, 40))
def test_equal_keys_have_one_hash(keys, width):
    keys = np.array([*keys, keys[0]], dtype=np.int64)
    told = key_hashes(keys.copy(), width)
    assert told[0] == told[-1]
    assert 0 <= told.min() <= told.max() < 2**width
