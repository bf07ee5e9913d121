"""Frames come back as frames, with their dtypes and index."""

from __future__ import annotations

import warnings

import pandas as pd
import polars as pl
import pytest

import privkit.events.tables as tables
from privkit import events as ev
from privkit.errors.events import EventsInputError, UnmatchedFieldsError


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "who": ["Ada", None, "Bob"],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "kind": pd.Categorical(["x", "y", "x"]),
            "at": pd.to_datetime(["2024-05-16 13:47", None, "2024-05-17 01:02"]),
            "lines": [[{"p": 1.5, "who": "Eve"}], [], None],
            "place": [{"zip": "8004"}, {"zip": None}, None],
        },
        index=["a", "b", "c"],
    )


@pytest.fixture
def recipe(key):
    return ev.Recipe(
        [
            ev.pseudonymize("who", "lines[].who", key=key, scope="person"),
            ev.truncate_time("at", "day"),
            ev.coarsen("place.zip", prefix=2),
            ev.coarsen("lines[].p", round=1),
            ev.keep("n", "kind"),
        ]
    )


def test_pandas_keeps_index_dtypes_and_missing(frame, recipe):
    before = frame.copy(deep=True)
    out = recipe.apply(frame, keep_index=True).events
    pd.testing.assert_frame_equal(frame, before)
    assert list(out.columns) == list(frame.columns)
    assert list(out.index) == ["a", "b", "c"]
    pd.testing.assert_frame_equal(recipe.apply(frame).events, out.reset_index(drop=True))
    pd.testing.assert_series_equal(out["n"], frame["n"])
    pd.testing.assert_series_equal(out["kind"], frame["kind"])
    assert out["at"].dtype == frame["at"].dtype
    assert out["at"].tolist()[0] == pd.Timestamp("2024-05-16")
    assert out["who"].isna().tolist() == [False, True, False]
    assert out["lines"].iloc[0][0]["p"] == 2.0
    assert out["place"].iloc[0] == {"zip": "80"}


def test_polars_gives_what_pandas_gives(recipe):
    rows = [
        {
            "who": "Ada",
            "n": 1,
            "kind": "x",
            "at": "2024-05-16T13:47",
            "lines": [{"p": 1.5, "who": "E"}],
            "place": {"zip": "8004"},
        },
        {"who": None, "n": None, "kind": "y", "at": None, "lines": [], "place": {"zip": None}},
    ]
    out = recipe.apply(pl.DataFrame(rows)).events
    assert isinstance(out, pl.DataFrame)
    assert out.to_dicts() == recipe.apply(rows).events
    assert out.schema["n"] == pl.Int64


def test_rows_that_are_dropped_or_set_apart_leave_the_others_at_their_index(frame, key):
    sampled = ev.Recipe([ev.sample(0.5, by="who", key=key), ev.keep("who")])
    kept = sampled.apply(frame, unmatched="drop", keep_index=True).events
    assert set(kept.index) < {"a", "b", "c"} or len(kept) == 3
    assert all(
        kept.loc[at, "who"] == frame.loc[at, "who"]
        for at in kept.index
        if kept.loc[at, "who"] is not None and at != "b"
    )
    bad = frame.assign(who=["Ada", 7, "Bob"])
    coarse = ev.Recipe([ev.coarsen("who", prefix=1)])
    result = coarse.apply(bad, unmatched="drop", on_error="quarantine", keep_index=True)
    assert result.events["who"].to_dict() == {"a": "A", "c": "B"}
    assert [apart.position for apart in result.quarantined] == [2]


def test_merging_a_frame_gives_a_new_index(frame):
    out = ev.Recipe([ev.merge(by="kind", count="rows", at_least=1)]).apply(frame).events
    assert out.to_dict("list") == {"kind": ["x", "y"], "rows": [2, 1]}


def test_empty_frames_stay_frames(key):
    empty = pd.DataFrame({"who": pd.Series(dtype="str"), "n": pd.Series(dtype="int64"), "gone": pd.Series(dtype="str")})
    out = ev.Recipe([ev.pseudonymize("who", key=key), ev.keep("n"), ev.drop("gone")]).apply(empty).events
    assert list(out.columns) == ["who", "n"]
    assert out["n"].dtype == "int64"


def test_columns_without_a_rule_are_refused(frame):
    with pytest.raises(UnmatchedFieldsError) as caught:
        ev.Recipe([ev.keep("n")]).apply(frame)
    assert "place.zip" in caught.value.paths


@pytest.mark.parametrize("columns", [["a", "a"], ["a", 0]])
def test_columns_need_names_of_their_own(columns):
    with pytest.raises(EventsInputError, match="each once"):
        ev.Recipe([ev.keep("a")]).apply(pd.DataFrame([[1, 2]], columns=columns))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_pseudonymize_changes_its_columns_alone(make, key):
    data = {"unit.id": ["x", "y", "x"], "spend": [1, 2, 3]}
    out = tables.pseudonymize(make(data), "unit.id", key=key)
    assert type(out) is make
    tokens = list(out["unit.id"])
    assert tokens[0] == tokens[2] != tokens[1]
    assert list(out["spend"]) == [1, 2, 3]
    other = tables.pseudonymize(make({"who": ["x"]}), ["who"], key=key, scope="person")
    again = tables.pseudonymize(make({"whom": ["x"]}), ["whom"], key=key, scope="person")
    assert list(other["who"]) == list(again["whom"])


def test_pseudonymize_warns_of_direct_identifiers_that_stay(key):
    people = pd.DataFrame({"email": ["a@b.org", "c@d.org"], "name": ["Anna Smith", "Ben Jones"], "age": [1, 2]})
    with pytest.warns(UserWarning, match=r"as it is: 'name'\.") as caught:
        tables.pseudonymize(people, "email", key=key)
    assert "Anna" not in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tables.pseudonymize(people, ["email", "name"], key=key)


def test_pseudonymize_refuses_what_is_not_there(key):
    with pytest.raises(KeyError, match="Close matches: 'email'"):
        tables.pseudonymize(pd.DataFrame({"email": ["a"]}), "e_mail", key=key)
    with pytest.raises(EventsInputError):
        tables.pseudonymize([{"email": "a"}], "email", key=key)
    with pytest.raises(EventsInputError):
        tables.events([{"email": "a"}], ev.Recipe([ev.keep("email")]))


def test_flat_frames_of_numbers_as_ids_have_the_tokens_of_their_numbers(key):
    whole = tables.pseudonymize(pd.DataFrame({"id": [1, 2]}), "id", key=key)
    holed = tables.pseudonymize(pd.DataFrame({"id": [1, None, 2]}), "id", key=key)
    assert holed["id"].dropna().tolist() == whole["id"].tolist()


@pytest.mark.parametrize("per", [None, "shop"])
def test_pseudonyms_leave_the_other_columns_as_they_are(per):
    big = pd.array([2**62 + 1, None, 5], "Int64")
    frame = pd.DataFrame({"id": ["a", "b", "a"], 2024: big, "shop": pd.Categorical(["x", "y", "x"])}, index=[7, 7, 9])
    frame[("a", "b")] = [[1], [2], [3]]
    hidden = frame.privacy.pseudonymize("id", key=bytes(range(32)), per=per, keep_index=True)
    assert list(hidden.columns) == list(frame.columns)
    pd.testing.assert_frame_equal(hidden.drop(columns="id"), frame.drop(columns="id"))
    assert hidden["id"].nunique() == 2
    assert not set(hidden["id"]) & set("ab")
    assert frame["id"].tolist() == ["a", "b", "a"]


@pytest.mark.parametrize("dtype", ["Int64", "UInt64", "int64[pyarrow]", "Int32", "Float64", "string", "boolean"])
@pytest.mark.parametrize("operation", [ev.keep("a"), ev.rename("a", to="b")], ids=["kept", "renamed"])
def test_a_column_keeps_its_type_under_another_name(dtype, operation):
    values = {"string": ["x", "y"], "boolean": [True, False]}.get(dtype, [123_456, 7])
    frame = pd.DataFrame({"a": pd.Series([*values, None], dtype=dtype)})
    found = ev.Recipe([operation]).apply(frame).events
    column = found[found.columns[0]]
    assert (column.dtype, column.dropna().tolist(), column.isna().sum()) == (frame["a"].dtype, values, 1)
