"""Public keys: named by the user, unique, never taken from data unseen."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.errors import KeysError, NotPublicError
from privkit.values.keys import Keys, _coded_value, public_keys, public_values

VALUES = st.one_of(
    st.text(max_size=3), st.integers(-3, 3), st.floats(allow_infinity=False), st.none(), st.dates(), st.booleans()
)


def keys(values, by=("x",)) -> Keys:
    return public_keys(by, values, "dp_count")


@pytest.mark.parametrize(
    "doubled",
    [
        *[["a", "a"], [1, 1.0], [1, True], [0, False], [0.0, -0.0], [None, math.nan], [math.nan, float("nan")]],
        *[
            [dt.date(2026, 1, 1)] * 2,
            [
                dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                dt.datetime(2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            ],
        ],
        *[{"x": ["a", "a"]}, {"x": [1, True]}],
    ],
    ids=repr,
)
def test_values_that_are_equal_are_one_key(doubled):
    with pytest.raises(KeysError, match=r"dp_count\(\) got keys with 1 doubled value\."):
        keys(doubled)


def test_doubled_tuples_are_refused_too():
    for values in ([("a", 1), ("a", 1.0)], {"x": ["a"], "y": [1, 1]}):
        with pytest.raises(KeysError, match="doubled value"):
            keys(values, ("x", "y"))


def test_keys_of_other_text_or_type_are_different():
    assert len(keys(["1", 1, "01", "ä", "a\u0308", " 1", "", None, 0.5])) == 9
    assert len(keys([dt.date(2026, 1, 1), dt.datetime(2026, 1, 1)])) == 2


@pytest.mark.parametrize(
    "held",
    [
        *[
            pd.Series(["a"]),
            pd.Index(["a"]),
            pd.Categorical(["a"]),
            np.array(["a"]),
            pd.array(["a"]),
            pd.DataFrame({"x": ["a"]}),
        ],
        *[
            [np.int64(1)],
            [np.str_("a"), "b"],
            [np.float64(1)],
            [np.bool_(True)],
            [np.datetime64("2026-01-01")],
            pd.RangeIndex(3),
        ],
    ],
    ids=lambda value: type(value).__name__,
)
def test_containers_of_data_are_refused_unless_vouched_for(held):
    with pytest.raises(NotPublicError, match=r"(?s)dp_count\(\) got keys as a .*pk\.public_values"):
        keys(held)
    if isinstance(held, pd.DataFrame):
        return
    vouched = keys(public_values(held, reason="printed on the form")) if not isinstance(held, list) else None
    if vouched is not None:
        assert vouched.reason == "printed on the form"
        assert len(vouched) == len(held)
        assert keys({"x": public_values(held, reason="one column of it")}).reason == "one column of it"


def test_polars_series_are_refused_too():
    polars = pytest.importorskip("polars")
    with pytest.raises(NotPublicError):
        keys(polars.Series(["a"]))
    assert keys(public_values(polars.Series(["a", "b"]), reason="list")).values == (("a",), ("b",))


@pytest.mark.parametrize("reason", [None, "", "  ", 3])
def test_vouching_needs_a_reason(reason):
    with pytest.raises(NotPublicError, match="reason="):
        public_values(["a"], reason=reason)


def test_the_wrapper_shows_no_values():
    assert repr(public_values(["CANARY"], reason="list")) == "pk.public_values(..., reason='list')"


@pytest.mark.parametrize(
    "values",
    [
        *[
            "abc",
            b"abc",
            3,
            3.5,
            {},
            [],
            (),
            range(0),
            {"y": [1]},
            {"x": [1], "y": [1]},
            {"x": []},
            {"x": "abc"},
            lambda: [1],
            iter([1]),
        ],
        *[[["a"]], [("a",)], [{"a"}], [Decimal(1)], [1j], [b"a"], [object()], [dt.timedelta(1)]],
    ],
    ids=lambda value: type(value).__name__,
)
def test_keys_of_another_shape_are_refused(values):
    with pytest.raises(KeysError, match=r"dp_count\(\) got keys"):
        keys(values)


@pytest.mark.parametrize("values", [["ab"], [("a",)], [("a", 1, 2)], [["a", 1]], {"x": ["a"]}, [("a", [1])], "ab"])
def test_keys_of_several_columns_need_one_value_for_each(values):
    with pytest.raises(KeysError):
        keys(values, ("x", "y"))


def test_missing_keys_are_explained():
    with pytest.raises(KeysError, match=r"dp_count\(by='x'\) needs keys="):
        keys(None)
    with pytest.raises(KeysError, match=r"keys=\{'x': \['a', 'b'\], 'y'"):
        keys(None, ("x", "y"))


def test_no_error_tells_a_value():
    for bad in (["CANARY", "CANARY"], ["CANARY", ["CANARY"]], pd.Series(["CANARY"]), {"x": "CANARY"}):
        with pytest.raises((KeysError, NotPublicError)) as error:
            keys(bad)
        assert "CANARY" not in str(error.value)


def test_a_product_keeps_the_users_order():
    found = keys({"y": [2, 1], "x": ["b", "a"]}, ("x", "y"))
    assert found.values == (("b", 2), ("b", 1), ("a", 2), ("a", 1))
    assert keys([("b", 2), ("a", None)], ("x", "y")).values == (("b", 2), ("a", None))
    assert keys(range(2)).values == ((0,), (1,))


def test_sets_have_an_order_that_does_not_depend_on_the_run():
    assert keys({"b", "a", "c"}).values == (("a",), ("b",), ("c",))


@given(st.lists(VALUES, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_canonical_form_does_not_depend_on_the_users_order(values, random):
    try:
        one = keys(values)
    except KeysError:
        return
    two = keys(random.sample(values, len(values)))
    assert one.canonical() == two.canonical()
    assert [one.values[i] for i in one.canonical_order] == [two.values[i] for i in two.canonical_order] or 1 in values
    assert sorted(one.canonical_order) == list(range(len(one)))
    assert len(set(one.canonical())) == len(one)


def test_canonical_form_tells_types_and_columns_apart():
    assert keys([1]).canonical() != keys(["1"]).canonical()
    assert keys([1]).canonical() != keys([True]).canonical()
    assert keys([None]).canonical() != keys(["None"]).canonical()
    assert keys([("a", "b")], ("x", "y")).canonical() != keys([("b", "a")], ("x", "y")).canonical()
    assert keys([("a', 'b", "")], ("x", "y")).canonical() != keys([("a", "b")], ("x", "y")).canonical()


def test_keys_that_are_equal_have_one_canonical_form():
    """1 and 1.0 select the same rows, so a question with one is the question with the other."""
    assert keys([1]).canonical() == keys([1.0]).canonical()
    assert keys([0.0]).canonical() == keys([-0.0]).canonical()
    assert keys([math.nan]).canonical() == keys([None]).canonical()


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_the_text_of_a_key_is_that_of_its_values(values):
    given_keys = Keys(("x", "y"), tuple(values))
    spelled = [repr([_coded_value(value) for value in key]) for key in values]
    assert given_keys.canonical() == sorted(spelled)
    for place, samples in enumerate(given_keys.samples):
        assert {type(value) for value in samples} == {type(key[place]) for key in values}


def test_lists_of_texts_are_kept_apart_by_columns_reason_and_order():
    lists = {"x": ["a", "b"], "y": ["c"]}
    made = keys(lists, ("x", "y"))
    assert made.values == (("a", "c"), ("b", "c"))
    assert keys({"y": ["c"], "x": ["a", "b"]}, ("x", "y")) == made
    assert keys(lists, ("y", "x")).values == (("c", "a"), ("c", "b"))
    assert keys(public_values(lists, reason="list"), ("x", "y")).reason == "list"
    lists["x"].append("z")
    assert len(made) == 2
    assert len(keys(lists, ("x", "y"))) == 3
    with pytest.raises(KeysError, match="1 doubled value"):
        keys({"x": ["a"], "y": ["c", "c"]}, ("x", "y"))
