"""Rows of a schema alone: types, marks, the same seed, and that no row is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.errors.synthetic import MockError, SyntheticError

TYPES = {
    "text": "str",
    "whole": "int64",
    "small": "uint8",
    "some": "Int64",
    "part": "float32",
    "flag": "bool",
    "maybe": "boolean",
    "kind": "category",
    "at": "datetime64[us]",
    "there": "datetime64[ns, Europe/Zurich]",
    "day": "date",
    "any": "object",
}


def test_rows_have_the_types_and_a_mark():
    made = pk.mock(TYPES, 40)
    assert len(made) == 40
    assert list(made.columns) == [*TYPES, "mock"]
    assert made["mock"].all()
    for name, dtype in TYPES.items():
        assert str(made[name].dtype) == ("object" if dtype == "date" else dtype)
    assert made["there"].dt.year.eq(2000).all()


def test_a_frame_gives_its_schema_and_no_cell():
    frame = pd.DataFrame({"who": ["CANARY"] * 5, "n": [123_456_789] * 5, "mock": [1.5] * 5})
    made = pk.mock(frame, 200)
    assert "CANARY" not in made.to_csv()
    assert made["n"].max() < 100
    assert list(made.columns) == ["who", "n", "mock", "mock_"]
    assert made.equals(pk.mock(frame.iloc[:0], 200))  # rows make no difference
    assert made["who"].dtype == frame["who"].dtype


def test_public_keys_and_bins_are_used():
    made = pk.mock({"sex": "str", "age": "int64"}, 400, keys={"sex": ["f", None]}, cuts={"age": [18, 30, 65]})
    assert set(made["sex"].dropna()) == {"f"}
    assert made["sex"].isna().mean() == pytest.approx(0.5, abs=0.1)
    assert made["age"].between(18, 64).all()
    assert (made["age"] < 30).mean() == pytest.approx(0.5, abs=0.1)  # bins alike, numbers alike within


def test_the_same_seed_gives_the_same_rows_and_columns_do_not_depend_on_each_other():
    first, second, third = pk.mock(TYPES, 30), pk.mock(TYPES, 30), pk.mock(TYPES, 30, seed=1)
    assert first.equals(second)
    assert not first.equals(third)
    many = pk.mock({"a": "float64", "b": "float64"}, 5000)
    assert abs(np.corrcoef(many["a"], many["b"])[0, 1]) < 0.06


def test_no_rows_are_an_empty_frame_of_the_same_types():
    assert pk.mock(TYPES, 0).dtypes.equals(pk.mock(TYPES, 1).dtypes)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"schema": {}}, "without a column"),
        ({"schema": {"a": "nonsense"}}, "none that pandas knows"),
        ({"schema": {1: "str"}}, "as a name"),
        ({"keys": {"b": [1]}}, "'b'"),
        ({"keys": [1]}, "a dict"),
        ({"cuts": {"a": [0, 1]}, "keys": {"a": [1]}}, "keys and cuts"),
        ({"rows": 10**7}, "at most"),
    ],
)
def test_what_cannot_be_made_is_refused(call, words):
    with pytest.raises(MockError, match=words):
        pk.mock(**{"schema": {"a": "int64"}, "rows": 3, **call})


@pytest.mark.parametrize(
    ("dtype", "keys"), [("uint8", [300]), ("int64", ["x"]), ("Int16", [1, 2.5]), ("int8", [10**400])]
)
def test_keys_that_the_type_does_not_hold_are_refused(dtype, keys):
    with pytest.raises(SyntheticError, match=f"no whole numbers that its type, {dtype}, holds"):
        pk.mock({"a": dtype}, 3, keys={"a": keys})
    assert pk.mock({"a": dtype}, 3, keys={"a": [1, 2.0]})["a"].dtype == dtype


def test_bins_that_cannot_be_filled_are_refused():
    with pytest.raises(SyntheticError, match="reach beyond what int8 holds"):
        pk.mock({"a": "int8"}, 3, cuts={"a": [0, 1000]})
