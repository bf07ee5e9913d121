"""Public keys: named by the user, unique, never taken from data unseen."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from decimal import Decimal
from enum import Enum, IntEnum
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.errors import KeysError, NotPublicError
from privkit.values.keys import Keys, _coded_value, codes_of, public_keys, public_values

VALUES = st.one_of(
    st.text(max_size=3), st.integers(-3, 3), st.floats(allow_infinity=False), st.none(), st.dates(), st.booleans()
)


def keys(values, by=("x",)) -> Keys:
    return public_keys(by, values)


@pytest.mark.parametrize(
    "doubled",
    [
        *[["a", "a"], [1, 1.0], [True, True], [0.0, -0.0], [None, math.nan], [math.nan, float("nan")]],
        *[
            [dt.date(2026, 1, 1)] * 2,
            [
                dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
                dt.datetime(2026, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            ],
        ],
        *[{"x": ["a", "a"]}, {"x": [1, 1.0]}],
    ],
    ids=repr,
)
def test_values_that_are_equal_are_one_key(doubled):
    with pytest.raises(KeysError, match=r"privkit got keys with 1 doubled value\."):
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
    with pytest.raises(NotPublicError, match=r"(?s)privkit got keys as an? .*pk\.public_values"):
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
    with pytest.raises(KeysError, match=r"privkit got keys"):
        keys(values)


@pytest.mark.parametrize("values", [["ab"], [("a",)], [("a", 1, 2)], [["a", 1]], {"x": ["a"]}, [("a", [1])], "ab"])
def test_keys_of_several_columns_need_one_value_for_each(values):
    with pytest.raises(KeysError):
        keys(values, ("x", "y"))


def test_missing_keys_are_explained():
    with pytest.raises(KeysError, match=r"privkit needs keys="):
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


ZURICH = ZoneInfo("Europe/Zurich")
FIRST, SECOND = (dt.datetime(2025, 10, 26, 2, 30, tzinfo=ZURICH, fold=fold) for fold in (0, 1))


@pytest.mark.parametrize(
    "apart",
    [
        [1, True],
        [0, False, "0", None],
        [True, 1.0, "a"],
        [FIRST, SECOND],
        [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)],
        [dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=5))), dt.datetime(9999, 1, 1, tzinfo=dt.UTC)],
        [2**53, 2**53 + 1, float(2**54)],
    ],
    ids=repr,
)
def test_values_that_are_not_the_same_are_keys_of_their_own(apart):
    """Python takes True for 1, and the two instants of a repeated hour for equal; rows do not."""
    found = keys(apart)
    assert len(found) == len(apart)
    assert len(set(found.canonical())) == len(apart)
    assert [type(value) for (value,) in found.values] == [type(value) for value in apart]
    pairs = keys({"x": apart, "y": ["a"]}, ("x", "y"))
    assert len(pairs.without(("y",))) == len(apart)
    assert len(pairs.without(("x",))) == 1


def test_one_instant_in_two_zones_is_one_key():
    with pytest.raises(KeysError, match="1 doubled value"):
        keys([SECOND, SECOND.astimezone(dt.UTC)])
    with pytest.raises(KeysError, match="1 doubled value"):
        keys([FIRST, dt.datetime(2025, 10, 26, 0, 30, tzinfo=dt.UTC)])
    assert keys([FIRST]).canonical() == keys([FIRST.astimezone(dt.UTC)]).canonical()
    assert keys([pd.Timestamp(FIRST)]).canonical() == keys([FIRST]).canonical()


def test_keys_are_equal_only_if_their_values_are_the_same():
    assert keys([1, "a"]) == keys([1, "a"])
    assert keys([1]) != keys([True])
    assert keys([FIRST]) != keys([SECOND])
    assert keys([1]) != [1]
    assert hash(keys([1])) == hash(keys([1]))


def test_samples_have_one_value_of_each_type():
    found = keys([1, 2, True, "a", None, FIRST, SECOND, dt.datetime(2026, 1, 1)])
    assert sorted(type(value).__name__ for value in found.samples[0]) == [
        "NoneType",
        "bool",
        "datetime",
        "datetime",
        "int",
        "str",
    ]


def test_members_of_an_enumeration_are_the_values_that_they_are():
    class Plan(str, Enum):  # noqa: UP042  # of before Python 3.11, too
        BASIC = "basic"

    class Level(IntEnum):
        LOW = 1

    assert [(type(value), value) for (value,) in keys([Plan.BASIC, Level.LOW]).values] == [(str, "basic"), (int, 1)]
    with pytest.raises(KeysError, match="1 doubled value"):
        keys([Plan.BASIC, "basic"])


def test_what_cannot_be_written_is_refused_and_no_time_is_missing():
    with pytest.raises(KeysError, match="thousands of digits"):
        keys([10**5000])
    assert keys([pd.NaT]).values == ((None,),)


def test_found_decimals_are_told_by_value():
    """They come from groups that showed up; nobody names them."""
    assert codes_of([Decimal("1.0"), Decimal("0.5"), Decimal("0.10"), Decimal("0.1"), 0.1]) == [
        "('int', '1')",
        "('float', '0.5')",
        "('Decimal', '0.1')",
        "('Decimal', '0.1')",
        "('float', '0.1')",
    ]


def test_what_other_calls_asked_of_keys_is_not_pickled_with_them():
    keys = public_keys(["zip"], ["8001", "8002"])
    before = pickle.dumps(keys)
    assert keys.samples
    assert pickle.dumps(keys) == before
    assert pickle.loads(before) == keys
