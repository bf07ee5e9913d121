from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, FrameError, ParameterError
from privkit.errors.risk import SearchLimitError
from privkit.risk import minimal
from privkit.risk.suda import suda

GUIDELINE = pd.DataFrame(
    {
        "residence": ["U", "U", "U", "U", "R", "U", "U", "U", "U", "U"],
        "gender": ["F", "F", "F", "M", "F", "M", "F", "M", "F", "F"],
        "education": ["SI", "SI", "PI", "SC", "SC", "SC", "PC", "PS", "SI", "SI"],
        "labor": ["E", "E", "N", "E", "U", "E", "N", "U", "N", "N"],
    }
)


def brute(rows: list[tuple], largest: int) -> tuple[list[int], Counter]:
    """Every set of columns, every pair of rows."""
    scores, sizes = [0] * len(rows), Counter()
    for place, row in enumerate(rows):
        minimal_sets: list[set[int]] = []
        for size in range(1, largest + 1):
            for subset in combinations(range(len(row)), size):
                if any(known <= set(subset) for known in minimal_sets):
                    continue
                if sum(all(other[column] == row[column] for column in subset) for other in rows) == 1:
                    minimal_sets.append(set(subset))
                    scores[place] += factorial(len(row) - size)
                    sizes[size] += 1
    return scores, sizes


def test_the_guideline_example():
    found = suda(GUIDELINE, list(GUIDELINE), sampling_fraction=0.01)
    assert found.scores.tolist() == [0, 0, 6, 0, 12, 0, 6, 10, 0, 0]
    assert dict(found.by_size) == {1: 4, 2: 5}
    assert found.dis == pytest.approx(0.00668896, abs=5e-9)
    assert found.dis_scores.round(6).tolist() == [0, 0, 0.004987, 0, 0.011383, 0, 0.004987, 0.009167, 0, 0]
    assert (found.n_unique, found.n_special, found.complete, found.searched) == (4, 4, True, 4)
    assert found.by_column["education"] == 5 / 9


def test_the_example_of_the_book():
    frame = pd.DataFrame(
        {
            "age": ["20s"] * 7 + ["60s"],
            "gender": list("mmmmfffm"),
            "income": ["50+", "50+"] + ["50-"] * 6,
            "education": ["hs"] * 4 + ["uni", "hs", "mid", "uni"],
        }
    )
    assert suda(frame, list(frame)).scores.tolist() == [0, 0, 0, 0, 4, 2, 6, 8]


def test_nine_columns_of_adult(adult):
    """The same figures as by all 511 group-bys in pandas; sizes 1 and 2 are counted by it here and below."""
    found = suda(adult, list(adult.columns))
    assert dict(found.by_size) == {1: 2, 2: 1204, 3: 14890, 4: 26029, 5: 15983, 6: 4172, 7: 498, 8: 31}
    assert found.n_unique == 15512
    by_hand = sum(int((adult[name].value_counts() == 1).sum()) for name in adult.columns)
    assert found.by_size[1] == by_hand


def test_pairs_of_columns_of_adult_by_pandas(adult):
    alone = {name: adult.groupby(name)[name].transform("size").eq(1).to_numpy() for name in adult.columns}
    pairs = 0
    for a, b in combinations(adult.columns, 2):
        unique = adult.groupby([a, b])[a].transform("size").eq(1).to_numpy()
        pairs += int((unique & ~alone[a] & ~alone[b]).sum())
    assert suda(adult, list(adult.columns), max_size=2).by_size[2] == pairs


TABLES = st.integers(1, 5).flatmap(
    lambda columns: st.lists(
        st.tuples(*[st.one_of(st.none(), st.integers(0, 3))] * columns), min_size=0, max_size=14
    ).map(lambda rows: (columns, rows))
)


@given(TABLES, st.integers(1, 6), st.sampled_from(["keys", "no keys", "sorted"]))
@settings(max_examples=120)
def test_scores_equal_brute_force(table, largest, way):
    columns, rows = table
    largest = min(largest, columns)
    names = [f"c{place}" for place in range(columns)]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    before = minimal._BITS, minimal._CELLS
    # The three ways to count, each of which large tables take.
    minimal._BITS = 0 if way == "no keys" else before[0]
    minimal._CELLS = before[1] if way == "keys" else 0
    try:
        found = suda(frame, names, max_size=largest)
    finally:
        minimal._BITS, minimal._CELLS = before
    scores, sizes = brute(rows, largest)
    assert found.scores.tolist() == scores
    assert dict(found.by_size) == dict(sizes)
    assert found.n_unique == sum(count == 1 for count in Counter(rows).values())
    assert (found.stopped == "size") == (largest < columns)
    ranked = found.to_frame()
    assert ranked["msus"].sum() == sum(sizes.values())
    for names_of, unique in zip(ranked["columns"], ranked["unique_rows"], strict=True):
        assert unique == int((frame.groupby(list(names_of), dropna=False)[names_of[0]].transform("size") == 1).sum())


def test_threads_find_the_same(adult, monkeypatch):
    one = suda(adult, list(adult.columns[:6]))
    monkeypatch.setattr(minimal, "_THREADED", 1)
    assert dict(suda(adult, list(adult.columns[:6])).by_size) == dict(one.by_size)


@given(st.permutations(range(10)))
@settings(max_examples=15)
def test_scores_follow_the_rows(order):
    shuffled = GUIDELINE.iloc[list(order)]
    found = suda(shuffled, list(GUIDELINE)[::-1])
    assert found.scores.index.tolist() == list(order)
    assert found.scores.sort_index().tolist() == [0, 0, 6, 0, 12, 0, 6, 10, 0, 0]


def test_the_columns_that_single_out_are_ranked():
    ranked = suda(GUIDELINE, list(GUIDELINE)).to_frame()
    assert ranked.iloc[0].to_dict() == {"columns": ("education",), "size": 1, "msus": 3, "unique_rows": 3}
    assert ranked["msus"].is_monotonic_decreasing


def test_other_engines_agree():
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    for data in (polars.from_pandas(GUIDELINE), polars.from_pandas(GUIDELINE).lazy(), duckdb.from_df(GUIDELINE)):
        assert dict(suda(data, list(GUIDELINE)).by_size) == {1: 4, 2: 5}


# -- bounds --------------------------------------------------------------------------------------------------------


def wide(rows: int, columns: int) -> pd.DataFrame:
    random = np.random.default_rng(3)
    return pd.DataFrame(random.integers(0, 4, (rows, columns)), columns=[f"c{place}" for place in range(columns)])


def test_the_time_limit_leaves_out_whole_sizes_and_says_so():
    frame = wide(3000, 24)
    found = suda(frame, list(frame), time_limit=0.3)
    assert found.stopped == "time"
    assert not found.complete
    assert found.searched < 24
    assert f"sets of more than {found.searched} column" in repr(found)
    if found.searched:
        again = suda(frame, list(frame), max_size=found.searched, time_limit=None)
        assert dict(again.by_size) == dict(found.by_size)


def test_memory_bounds_the_search(monkeypatch):
    monkeypatch.setattr(minimal, "_MOST_SUBSETS", 60)
    frame = wide(200, 12)
    found = suda(frame, list(frame))
    assert (found.stopped, found.searched) == ("memory", 1)
    assert "memory" in repr(found)


def test_too_many_columns_are_refused():
    frame = wide(5, 61)
    with pytest.raises(SearchLimitError, match="at most 60"):
        suda(frame, list(frame))


def test_sixteen_columns_and_more_do_not_overflow():
    frame = pd.DataFrame({f"c{place}": [place, place, -1] for place in range(22)})
    found = suda(frame, list(frame), max_size=1)
    assert found.scores.tolist() == [0, 0, 22 * factorial(21)]
    assert suda(frame, list(frame), max_size=1, sampling_fraction=0.1).dis_scores.iloc[2] > 0


def test_a_progress_bar_when_asked(capsys, monkeypatch):
    monkeypatch.setattr("privkit.progress.PATIENCE", 0)
    suda(GUIDELINE, list(GUIDELINE), progress=True)
    assert "15/15" in capsys.readouterr().err
    suda(GUIDELINE, list(GUIDELINE))
    assert capsys.readouterr().err == ""


# -- what it says, and bad input -----------------------------------------------------------------------------------


def test_repr_tells_sizes_and_no_value():
    frame = pd.DataFrame({"zip": ["secretvalue", "b", "b"], "age": [1, 1, 2]})
    found = suda(frame, ["zip", "age"], sampling_fraction=0.5)
    assert repr(found).splitlines()[0] == "3 of 3 rows (100 %) are sample uniques, some by 1 column alone."
    assert "secret" not in repr(found) + found._repr_html_()
    found.plot()


def test_tables_without_uniques_or_rows():
    for frame in (pd.DataFrame({"a": [1, 1]}), pd.DataFrame({"a": []})):
        found = suda(frame, "a", sampling_fraction=0.1)
        assert (dict(found.by_size), found.scores.sum(), found.dis, found.dis_scores.sum()) == ({}, 0, 0.0, 0)
        assert "No row of" in repr(found)
        assert found._repr_html_()
        found.plot()


@pytest.mark.parametrize(
    "options",
    [{"max_size": 0}, {"max_size": 1.5}, {"time_limit": 0}, {"time_limit": "1"}, {"sampling_fraction": 0},
     {"sampling_fraction": 2}, {"time_limit": float("nan")}],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(options):
    with pytest.raises(ParameterError, match=next(iter(options))):
        suda(GUIDELINE, "gender", **options)


def test_bad_columns_and_frames_are_refused():
    with pytest.raises(ColumnNotFoundError, match=r"suda\(\) got qi="):
        suda(GUIDELINE, ["gender", "labour"])
    with pytest.raises(ParameterError):
        suda(GUIDELINE, [])
    with pytest.raises(FrameError):
        suda([1], "a")
    with pytest.raises(FrameError, match="'a'"):
        suda(pl.DataFrame({"a": [[1], [2]]}), "a")
