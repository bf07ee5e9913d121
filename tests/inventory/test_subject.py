from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, FrameError, ParameterError
from privkit.inventory.subject import erase_subject, find_subject

TABLES = {
    "orders": pd.DataFrame({"who": [71, 72, 71], "item": ["a", "b", "c"]}, index=[5, 5, 9]),
    "calls": pd.DataFrame({"caller": ["71", "72"], "called": ["72", "71"]}),
    "plans": pd.DataFrame({"plan": ["a", "b"]}),
}


def test_every_column_is_searched():
    found = find_subject(TABLES, 71)
    assert found.to_frame().to_dict("list") == {
        "table": ["orders", "calls", "calls"],
        "column": ["who", "caller", "called"],
        "rows": [2, 1, 1],
    }
    assert found.mentions == ()
    assert (found.n_rows, found.found, found.searched) == (4, True, ("orders", "calls", "plans"))
    assert found.rows("orders")["item"].tolist() == ["a", "c"]
    assert find_subject(TABLES, "71").n_rows == 4
    assert not find_subject(TABLES, "071").found


def test_a_value_that_is_no_id_is_told_but_is_nobody():
    visits = pd.DataFrame(
        {"id": [5, 6, 5, 7], "age": [6, 5, 41, 5], "bili": [1.1, 5.0, 0.3, 5.0], "visits": [5, 1, 1, 1]}
    )
    found = find_subject({"visits": visits}, 5)
    assert found.to_frame().to_dict("list") == {"table": ["visits"], "column": ["id"], "rows": [2]}
    assert {place.column: place.rows for place in found.mentions} == {"age": 2, "bili": 2, "visits": 1}
    assert found.rows()["id"].tolist() == [5, 5]
    assert "visits: 2 rows by 'bili'" in repr(found)
    assert find_subject(visits, 5, on="age").n_rows == 2
    assert find_subject(visits, 5, on="age").mentions == ()


def test_a_value_that_stands_in_no_column_of_ids_is_said_to():
    found = find_subject(pd.DataFrame({"id": [1, 2], "age": [5, 6]}), 5)
    assert not found.found
    assert repr(found).startswith("The id stands in no column of ids of 1 table.")
    without = find_subject(pd.DataFrame({"xq": [5, 6], "age": [5, 5]}), 5)
    assert ([place.column for place in without.places], without.mentions[0].column) == (["xq"], "age")
    index = find_subject(pd.DataFrame({"xq": [5, 6]}, index=pd.Index([6, 5], name="patient_id")), 5)
    assert (index.places[0].column, index.mentions[0].column) == ("patient_id", "xq")


IDS = st.integers(0, 5)


@given(st.lists(st.tuples(IDS, IDS, IDS, IDS), min_size=1, max_size=8), IDS)
def test_each_cell_that_has_the_id_is_a_place_or_a_mention_and_the_rows_are_of_the_places(cells, person):
    frame = pd.DataFrame(cells, columns=["id", "age", "bili", "xq"])
    found = find_subject(frame, person)
    told = {place.column: place.rows for place in (*found.places, *found.mentions)}
    assert told == {name: n for name in frame if (n := int((frame[name] == person).sum()))}
    assert found.rows().equals(frame[frame["id"] == person])


def test_one_column_per_table():
    found = find_subject(TABLES, 71, on={"orders": "who", "calls": "caller"})
    assert (found.n_rows, found.not_searched) == (3, ("plans",))
    assert "Not searched, for want of the column: 'plans'." in repr(found)
    assert find_subject(TABLES["orders"], 71.0, on="who").rows().index.tolist() == [5, 9]


def test_erasure_leaves_the_given_tables_and_tells_mentions():
    erased = erase_subject(TABLES, 71, on={"orders": "who", "calls": "caller"})
    assert erased.removed == {"orders": 2, "calls": 1}
    assert erased.frames["orders"]["who"].tolist() == [72]
    assert erased.frames["plans"] is TABLES["plans"]
    assert [(place.table, place.column, place.rows) for place in erased.mentions] == [("calls", "called", 1)]
    assert len(TABLES["orders"]) == 3
    assert not find_subject(erased.frames, 71, on={"orders": "who", "calls": "caller"}).found
    assert erase_subject(TABLES["orders"], 71, on="who").frame["who"].tolist() == [72]
    assert erase_subject(TABLES["orders"], 99, on="who").n_removed == 0


def test_reports_show_no_id_and_say_what_they_cannot_reach():
    frame = pd.DataFrame({"who": ["idsecret", "other"], "ref": ["other", "idsecret"]})
    found, erased = find_subject(frame, "idsecret"), erase_subject(frame, "idsecret", on="who")
    for report in (found, erased):
        told = repr(report) + report._repr_html_()
        assert "idsecret" not in told
        assert "releases" in told
        assert "packages" in told
        assert "backups" in told
    assert repr(find_subject(frame, "nobody")).startswith("The id stands in none of 1 table.")
    assert repr(erased).startswith("1 row left out of 1 table; the tables given are unchanged.")
    assert "Still mentioned" in repr(erased)


def test_types_of_ids_and_missing_values():
    frame = pd.DataFrame(
        {
            "a": pd.Series([1, None, 3], dtype="Int64"),
            "b": [1.0, None, 3.5],
            "c": pd.Categorical(["1", None, "x"]),
            "d": pd.Series([1, "1", [1]], dtype=object),
        }
    )
    found = find_subject(frame, 1).to_frame()
    assert dict(zip(found["column"], found["rows"], strict=True)) == {"a": 1, "b": 1, "c": 1, "d": 2}
    assert find_subject(frame, 3.5).n_rows == 1
    large = pd.DataFrame({"who": [2**60 + 1, 2**60]})
    assert find_subject(large, 2**60 + 1).n_rows == 1


def test_polars_stays_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"who": [1, 2, 1]})
    assert erase_subject(frame, 1, on="who").frame["who"].to_list() == [2]
    assert find_subject(frame, 1).rows().height == 2
    with pytest.raises(FrameError, match="collect it first"):
        find_subject(frame.lazy(), 1)


def test_bad_input_is_refused():
    for bad in (None, float("nan"), [1], "", True):
        with pytest.raises(ParameterError, match="id"):
            find_subject(TABLES, bad)
    with pytest.raises(ColumnNotFoundError) as error:
        find_subject(TABLES, 1, on="whom")
    with pytest.raises(ColumnNotFoundError) as error:
        find_subject(TABLES, 1, on={"orders": "whom"})
    assert error.value.matches == ("who",)
    with pytest.raises(ParameterError, match="tables"):
        find_subject(TABLES, 1, on={"orders": "who", "nowhere": "who"})
    with pytest.raises(ParameterError):
        find_subject({}, 1)
    with pytest.raises(FrameError):
        find_subject({"a": 3}, 1)
    with pytest.raises(ParameterError, match="on"):
        erase_subject(TABLES, 1, on=None)
    with pytest.raises(ParameterError, match="table"):
        find_subject(TABLES, 1).rows()


def test_an_index_is_searched_like_a_column():
    people = pd.DataFrame({"who": [7, 8, 7], "plan": list("abc")}).set_index("who")
    found = find_subject(people, 7)
    assert found.to_frame().to_dict("list") == {"table": ["data"], "column": ["who"], "rows": [2]}
    assert found.rows()["plan"].tolist() == ["a", "c"]
    erased = erase_subject(people, "7", on="who", keep_index=True)
    assert (erased.frame["plan"].tolist(), erased.frame.index.tolist(), erased.n_removed) == (["b"], [8], 2)
    unnamed = pd.DataFrame({"index": [1, 2], "x": [3, 4]}, index=["p", "q"])
    assert find_subject(unnamed, "q").places[0].column == "index 0"
    levels = pd.DataFrame({"x": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 5), ("b", 6)], names=["zip", None]))
    assert find_subject(levels, 6).to_frame()["column"].tolist() == ["index"]
    assert not find_subject(pd.DataFrame({"x": [5, 6]}), 1).found


def test_several_tables_without_names():
    tables = [pd.DataFrame({"who": [1, 2]}), pd.DataFrame({"who": [1, 1], "to": [2, 3]})]
    assert find_subject(tables, 1).to_frame()["table"].tolist() == ["0", "1"]
    erased = erase_subject(tables, 2, on="who")
    assert dict(erased.removed) == {"0": 1, "1": 0}
    assert [(place.table, place.column) for place in erased.mentions] == [("1", "to")]
    with pytest.raises(ParameterError):
        find_subject([], 1)


def test_what_lies_within_lists_and_texts_is_said_to_be_unreached():
    found = find_subject(pd.DataFrame({"a": [["7"], ["8"]], "b": ["call 7", ""]}), 7)
    assert not found.found
    assert "within longer texts, lists or nested values" in repr(found)
