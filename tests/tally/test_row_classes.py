from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.tally.row_classes import contributions

COLUMNS = ["a", "b", "c", "d"]


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 30))
    cell = st.sampled_from(["x", "y", "z", None])
    frame = pd.DataFrame({name: draw(st.lists(cell, min_size=rows, max_size=rows)) for name in COLUMNS[:3]})
    frame["d"] = frame["a"].map({"x": "1", "y": "1", "z": "2"})  # told by a
    return frame.astype(object)


def uniques(frame: pd.DataFrame, names: list[str]) -> int:
    if not names:
        return int(len(frame) == 1)
    return sum(size == 1 for size in frame.fillna("missing").groupby(names).size())


def tells(frame: pd.DataFrame, one: str, other: str) -> bool:
    plain = frame.fillna("missing")
    more = len(plain[[one, other]].drop_duplicates()) - plain[one].nunique()
    if plain[other].nunique() < 2 or more > 0.05 * plain[one].nunique():
        return False
    if more == 0 and plain[one].nunique() == plain[other].nunique():  # a copy
        return True
    # How many more there were, were the rows of the other column in any other order.
    shares = [count / len(plain) for count in Counter(plain[other]).values()]
    chance = sum(sum(1 - (1 - share) ** rows for share in shares) - 1 for rows in Counter(plain[one]).values())
    return chance >= 10 and more <= chance / 4


@given(tables())
@settings(max_examples=150)
def test_what_columns_add_equals_counting_with_pandas(frame):
    qi = ["a", "b", "d"]
    found = contributions(frame, qi, ["c"])
    assert found.uniques == uniques(frame, qi)
    assert found.gained == {"c": uniques(frame, [*qi, "c"]) - found.uniques}
    for name in qi:
        rest = [other for other in qi if other != name]
        apart = [other for other in rest if not tells(frame, other, name) and not tells(frame, name, other)]
        without = found.uniques - uniques(frame, rest)
        beside = uniques(frame, [*apart, name]) - uniques(frame, apart)
        expected = max(without, beside) if len(apart) < len(rest) else without
        finest = sorted(apart, key=lambda other: (-frame[other].fillna("missing").nunique(), other))
        while finest and not expected and found.uniques and frame[name].fillna("missing").nunique() > 1:
            apart.remove(finest.pop(0))
            expected = max(uniques(frame, [*apart, name]) - uniques(frame, apart), 0)
        assert found.lost[name] == expected
        assert found.told.get(name, ()) == tuple(other for other in rest if tells(frame, other, name))


@given(tables())
@settings(max_examples=80)
def test_a_column_and_its_copy_have_the_same_blame_and_none_less_for_the_copy(frame):
    found = contributions(frame.assign(twin=frame["b"]), ["a", "b", "twin"], [])
    assert found.lost["b"] == found.lost["twin"]
    alone = contributions(frame, ["a", "b"], [])
    if not alone.told:
        assert found.lost["b"] == alone.lost["b"]


@given(tables())
@settings(max_examples=30)
def test_lazy_frames_agree(frame):
    polars = pytest.importorskip("polars")
    lazy = polars.from_pandas(frame.astype("str")).lazy()
    assert contributions(lazy, COLUMNS, []) == contributions(lazy.collect().to_pandas(), COLUMNS, [])
