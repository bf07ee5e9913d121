"""The audit of a table: real tables, figures, what it never shows, bounds and bad input."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.examples import example
from privkit.inventory.audit import audit
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE
from privkit.inventory.inventory import Inventory

RNG = np.random.default_rng(20261123)


# -- real tables ---------------------------------------------------------------------------------------------------


def test_the_customer_table_of_a_telecom():
    found = audit(example("insights"))
    assert found.direct == ["msisdn", "email", "account_number"]
    assert found.qi == ["zip", "age"]
    assert [found[name].hipaa for name in ("msisdn", "email", "account_number", "zip", "age")] == list("DFJBC")
    assert found.uniques == 11267
    assert found["email"].unique_share == 1.0
    assert found["email"].rating == found["zip"].rating == "high"
    assert found["email"].action.startswith("drop")


def test_the_shops_released_table(shop):
    found = audit(shop)
    assert found.direct == ["pseudonym"]
    assert found.qi == ["sex", "birth_date", "postcode"]
    assert found.uniques == 1159
    assert found["birth_date"].rating == "high"
    assert found["sex"].rating == "medium", "nearly every birth date has one row, and so tells the sex as well"
    assert "year" in found["birth_date"].action


def test_the_telco_table(telco):
    found = audit(telco)
    assert set(found.qi) >= {"gender", "SeniorCitizen", "Partner", "Dependents", "tenure"} & set(telco.columns)
    assert found.direct == [name for name in telco.columns if name == "customerID"]


def test_distinction_and_separation_equal_those_of_arx():
    place = Path(os.environ.get("PRIVKIT_ORACLE", Path(__file__).parents[3] / "shared" / "oracle"))
    if not (place / "arx.json").exists():
        pytest.skip("ARX's answers are not here: set PRIVKIT_ORACLE to their folder")
    found = audit(pd.read_csv(place / "adult.csv.gz", sep=";"))
    theirs = json.loads((place / "arx.json").read_text())["raw_risk"]["qi9"]["attribute_risks"]
    alone = [row for row in theirs if "|" not in row["qi"]]
    assert len(alone) == 9
    for row in alone:
        assert found[row["qi"]].distinction == pytest.approx(row["distinction"], rel=1e-12)
        assert found[row["qi"]].separation == pytest.approx(row["separation"], rel=1e-12)


def test_contributions_equal_counting_with_pandas(adult):
    columns = ["sex", "age", "race", "income", "education"]
    found = audit(adult[columns], roles={"income": "other", "education": "other"})

    def uniques(names: list[str]) -> int:
        return int((adult.groupby(names)[names[0]].transform("size") == 1).sum())

    assert found.uniques == uniques(["sex", "age", "race"]) == 62
    for name in found.qi:
        rest = [other for other in found.qi if other != name]
        assert found[name].uniques_with_others == 62 - uniques(rest)
    for name in ("income", "education"):
        assert found[name].uniques_with_others == uniques([*found.qi, name]) - 62


# -- what it never shows -------------------------------------------------------------------------------------------


def test_no_cell_value_in_text_html_frame_yaml_or_page(tmp_path):
    frame = pd.DataFrame(
        {
            "email": [f"secret{n}@hidden{n}.org" for n in range(40)],
            "zip": [f"{70000 + n}" for n in range(40)],
            "note": [f"confidential words about person {n} here" for n in range(40)],
            "x9": [f"ZQ{n * 13:05d}" for n in range(40)],
        }
    )
    found = audit(frame)
    told = (
        repr(found)
        + found._repr_html_()
        + found.to_frame().to_string()
        + found.to_yaml()
        + found.to_html(tmp_path / "i.html")
    )
    told += repr(found.check(frame)) + found.check(frame)._repr_html_()
    for column in frame:
        assert not any(value in told for value in frame[column])
    assert "secret" not in told
    assert "shape: AAddddd (100 %)" in told
    assert (tmp_path / "i.html").read_text(encoding="utf-8") == found.to_html()
    assert "Content-Security-Policy" in found.to_html()
    assert "<script" not in found.to_html()


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "a" * 10_000, "two\nlines", "\u202ertl", "{{7*7}}", '"><svg>']
)
def test_hostile_column_names_are_told_as_text(name):
    found = audit(pd.DataFrame({name: [1, 2]}))
    html = found._repr_html_()
    assert "<img" not in html
    assert "<svg" not in html
    assert "\u202e" not in html
    assert len(repr(found)) < 2000
    assert Inventory.from_yaml(found.to_yaml()).columns == (name,)


# -- bounds and bad input ------------------------------------------------------------------------------------------


def test_five_hundred_columns_answer_within_the_limit_or_say_what_was_left_out():
    frame = pd.DataFrame(RNG.integers(0, 50, (300, 500)), columns=[f"c{n}" for n in range(500)])
    whole = audit(frame)
    assert len(whole) == 500
    assert whole.left_out == ()
    short = audit(frame, time_limit=0.02)
    assert len(short) == 500
    assert "time limit" in short.left_out[0]
    assert "Left out: " in repr(short)
    assert short.entries[-1].left_out == "time limit"
    assert short.entries[-1].rating == "medium", "what was not looked at is not low"


def test_columns_whose_names_are_no_text_are_said():
    found = audit(pd.DataFrame({0: ["a"], "zip": ["b"]}))
    assert found.columns == ("zip",)
    assert "columns whose names are no text (1)" in repr(found)


@pytest.mark.parametrize(
    "names", [[0, 1], [("p", "age"), ("p", "zip")], pd.MultiIndex.from_product([["p"], ["a", "b"]])]
)
def test_the_hint_that_names_columns_names_all(names):
    df = pd.DataFrame([["a", "b"]], columns=names)
    told = repr(audit(df))
    assert told.startswith("Inventory: no column was looked at.")
    named = eval(re.search(r"\(2\): (.*) names them", told)[1], {"df": df, "str": str, "map": map})
    assert len(audit(named)) == 2


def test_an_index_that_tells_of_persons_is_said():
    people = pd.DataFrame({"email": ["a@x.org", "b@x.org"], "visits": [1, 2]})
    assert "the index" in audit(people.set_index("email")).left_out[0]
    assert "the index" in audit(people.set_index(pd.Index(["a", "b"]))).left_out[0]
    assert audit(people).left_out == audit(people[people["visits"] > 1]).left_out == ()


def test_nested_values_are_left_out_and_said():
    found = audit(pd.DataFrame({"zip": ["a", "b"], "tags": [[1], [2]]}))
    assert found["tags"].left_out == "values that cannot be compared"
    assert found.uniques == 2


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(), pd.DataFrame({"zip": []}), pd.DataFrame({"zip": [None, None], "x": [np.nan] * 2})]
)
def test_empty_tables_and_columns(frame):
    found = audit(frame)
    assert len(found) == frame.shape[1]
    assert repr(found)
    assert found._repr_html_()
    assert len(found.to_frame()) == frame.shape[1]


def test_other_engines_agree(shop):
    expected = audit(shop).to_frame().drop(columns=["dtype"])
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    for data in (polars.from_pandas(shop), polars.from_pandas(shop).lazy(), duckdb.from_df(shop)):
        found = audit(data).to_frame().drop(columns=["dtype"])
        # An engine may give rows in another order, and so another sample of shapes.
        columns = [name for name in expected if name != "evidence"]
        pd.testing.assert_frame_equal(found[columns], expected[columns])


def test_the_owner_overrules():
    frame = pd.DataFrame({"zip": ["a", "b"], "visits": [1, 1]})
    found = audit(frame, roles={"zip": "other", "visits": "quasi"})
    assert (found["zip"].role, found["zip"].proposed, found["zip"].overruled) == (OTHER, QUASI, True)
    assert found.qi == ["visits"]
    assert "role: yours; proposed was quasi-identifier" in found._repr_html_()
    again = audit(frame, inventory=found.assign("zip", purpose="delivery"))
    assert (again["zip"].role, again["zip"].purpose, again.qi) == (OTHER, "delivery", ["visits"])


def test_bad_input_is_refused():
    frame = pd.DataFrame({"zip": ["a"]})
    with pytest.raises(ColumnNotFoundError, match=r"audit\(\) got roles=") as error:
        audit(frame, roles={"zipp": "quasi"})
    assert error.value.matches == ("zip",)
    with pytest.raises(ParameterError, match="role"):
        audit(frame, roles={"zip": "public"})
    with pytest.raises(ParameterError, match="mapping"):
        audit(frame, roles=["zip"])
    with pytest.raises(ParameterError, match="time_limit"):
        audit(frame, time_limit=0)
    with pytest.raises(ParameterError, match="Inventory"):
        audit(frame, inventory={})
    with pytest.raises(FrameError):
        audit([1])
    with pytest.raises(DuplicateColumnError):
        audit(pd.DataFrame([[1, 2]], columns=["a", "a"]))


@given(st.lists(st.one_of(st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans()), max_size=25))
@settings(max_examples=80)
def test_any_column_gets_an_entry(values):
    found = audit(pd.DataFrame({"x": pd.Series(values, dtype=object)}))
    entry = found["x"]
    assert entry.role in {DIRECT, QUASI, SENSITIVE, OTHER}
    assert repr(found)
    assert found._repr_html_()
    if entry.unique_share is not None:
        assert 0 <= entry.unique_share <= 1
        assert 0 <= entry.separation <= 1


@pytest.mark.parametrize("word", ["NA", "n/a", ".", "#N/A", "NULL"])
@pytest.mark.parametrize("name", ["age", "income", "weight", "fage", "member_id", "zip", "visits"])
def test_a_word_for_missing_does_not_change_what_numbers_are(name, word):
    numbers = [
        str(10_000 + 7 * place) if name in ("member_id", "zip", "income") else str(place % 60) for place in range(400)
    ]
    texts = pd.DataFrame({name: [word if place % 10 == 0 else text for place, text in enumerate(numbers)], "sex": "f"})
    found, plain = audit(texts), audit(texts.assign(**{name: pd.to_numeric(texts[name].mask(texts[name] == word))}))
    assert (found[name].role, found[name].what) == (plain[name].role, plain[name].what)
    assert f"values: 40 times `{word}` among numbers, which is text, not missing" in found[name].evidence
    assert f"words stand for missing values, since they are text: '{name}' (40 times `{word}` among num" in repr(found)
    assert not any("stand for missing" in told for told in plain.left_out)
    lazy = audit(pytest.importorskip("polars").from_pandas(texts).lazy())
    assert (lazy[name].role, lazy[name].what) == (plain[name].role, plain[name].what)
    assert any("among numbers" in told for told in lazy.left_out)


def test_words_among_dates_are_told_and_among_words_are_words():
    days = [f"2020-01-{1 + place % 28:02}" for place in range(56)]
    frame = pd.DataFrame({"when": [*days, "NA"], "colour": ["red", "NA", "blue"] * 19, "only": "NA"})
    assert audit(frame).left_out == (
        "that words stand for missing values, since they are text: 'when' (once `NA` among dates)",
    )
