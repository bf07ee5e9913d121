from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.examples import example
from privkit.inventory.audit import audit
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE, meaning_of_name
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


# -- detection -----------------------------------------------------------------------------------------------------


def digits(length: int, n: int = 2000) -> list[str]:
    return ["".join(map(str, row)) for row in RNG.integers(0, 10, (n, length))]


def luhn_numbers(n: int = 300) -> list[str]:
    found = []
    for body in digits(15, n):
        total = sum(
            (2 * int(d) - 9 * (int(d) > 4)) if place % 2 == 0 else int(d) for place, d in enumerate(reversed(body))
        )
        found.append(body + str(-total % 10))
    return found


VALUES = {
    "e-mail address": [f"user{n}@example.org" for n in range(300)],
    "URL": [f"https://example.org/people/{n}" for n in range(300)],
    "device identifier": [f"00:1b:44:11:{n // 256:02x}:{n % 256:02x}" for n in range(300)],
    "unique code": [f"0b9f{n:04x}-0000-4000-8000-000000000000" for n in range(300)],
    "IP address": [f"2001:db8::{n:x}" for n in range(300)],
    "phone number": [f"+41 44 {n:03d} 12 34" for n in range(300)],
    "social security number": [f"{100 + n}-{10 + n % 80}-{1000 + n}" for n in range(300)],
    "date": [f"19{n % 90 + 10}-0{n % 9 + 1}-1{n % 9}" for n in range(300)],
    "payment card number": luhn_numbers(),
}


@pytest.mark.parametrize("what", VALUES)
def test_strong_forms_are_found_without_a_name(what):
    entry = audit(pd.DataFrame({"x1": VALUES[what]}))["x1"]
    assert entry.what == what
    assert entry.role == (QUASI if what == "date" else DIRECT)
    assert any(reason.startswith("values: 100 %") for reason in entry.evidence)


@pytest.mark.parametrize(
    ("name", "values", "not_this"),
    [
        ("reference", digits(9), "social security number"),
        ("order_number", digits(16), "payment card number"),
        ("created_unix", [str(1_700_000_000 + 7 * n) for n in range(2000)], "medical record number"),
        ("software", [f"{n % 9}.{n % 7}.{n % 5}.{n % 11}" for n in range(2000)], "IP address"),
        ("amount", digits(7), "phone number"),
    ],
)
def test_look_alikes_need_the_name(name, values, not_this):
    assert audit(pd.DataFrame({name: values}))[name].what != not_this


def test_national_numbers_are_checked_where_python_stdnum_is_installed():
    bsn = pytest.importorskip("stdnum.nl.bsn")
    valid = [number for number in digits(9, 3000) if bsn.is_valid(number)]
    entry = audit(pd.DataFrame({"x1": valid}))["x1"]
    assert (entry.what, entry.role, entry.hipaa) == ("national number of a person", DIRECT, "K")
    assert "100 % of" in entry.evidence[0]
    assert "Dutch BSN" in entry.evidence[0]
    assert audit(pd.DataFrame({"x1": digits(9)}))["x1"].what != "national number of a person"


def test_phone_numbers_are_checked_where_phonenumbers_is_installed():
    pytest.importorskip("phonenumbers")
    swiss = [f"4179{n:07d}" for n in range(2_000_000, 2_000_300)]
    for values in (swiss, list(map(int, swiss)), ["00" + number for number in swiss]):
        entry = audit(pd.DataFrame({"x1": values}))["x1"]
        assert (entry.what, entry.role, entry.hipaa) == ("phone number", DIRECT, "D")
        assert "valid phone number" in entry.evidence[0]
    local = audit(pd.DataFrame({"x1": [f"079 {n:07d}" for n in range(2_000_000, 2_000_300)]}))["x1"]
    assert local.what != "phone number"
    for length in range(9, 16):
        assert audit(pd.DataFrame({"x1": digits(length)}))["x1"].what != "phone number"
    stamps = [1_700_000_000_000 + 977 * n for n in range(300)]
    assert audit(pd.DataFrame({"x1": stamps}))["x1"].what != "phone number"


@pytest.mark.parametrize("form", ["{f} {l}", "{l}, {f}", "Dr. {f} {l}", "{f} M. {l}", "{f}", "upper", "lower"])
def test_names_of_persons_are_found_by_their_values(form, register):
    persons = register[["first_name", "last_name"]].drop_duplicates()
    plain = {"upper": "{f} {l}", "lower": "{f} {l}"}.get(form, form)
    values = [plain.format(f=first, l=last) for first, last in persons.itertuples(index=False)]
    values = [value.upper() if form == "upper" else value.lower() if form == "lower" else value for value in values]
    entry = audit(pd.DataFrame({"shipping.to": values}))["shipping.to"]
    assert (entry.what, entry.role, entry.hipaa) == ("name", DIRECT, "A")
    assert "common given name" in "; ".join(entry.evidence)
    assert not any(name in "; ".join(entry.evidence) for name in persons["first_name"].unique())


TOWNS = """New York, Los Angeles, San Diego, San Jose, San Antonio, Santa Barbara, Dallas, Austin, Charlotte, Jackson,
    Madison, St. Louis, Saint Paul, Zürich, Genf, Basel, Bern, Lausanne, Winterthur, Luzern, Berlin, Hamburg, München,
    Köln, Frankfurt am Main, Paris, Lyon, Marseille, Florence, Roma, Milano, Napoli, Madrid, Barcelona, Sevilla, Lisboa,
    Port Elizabeth, Santa Maria, São Paulo, Rio de Janeiro, Fort Worth, El Paso, Las Vegas, Virginia Beach, Houston"""
GOODS = """Vitamin C, Pain Relief, Red Shirt, Blue Jeans, Garden Hose, Olive Oil, Green Tea, Night Cream, Coffee Beans,
    Running Shoes, Desk Lamp, Water Bottle, Rain Jacket, Table Tennis, Jack Daniels, Apple Juice, Hand Soap, Hair Dryer,
    Power Bank, Phone Case, Sun Glasses, Bath Towel, Kitchen Knife, Camping Tent, Rose Water, Winter Boots"""
TRADES = """Sales Manager, Software Engineer, Nurse, Head of Marketing, Data Scientist, Office Assistant, Truck Driver,
    Bus Driver, Teacher, Chef de Cuisine, Lawyer, Accountant, Product Owner, Project Manager, Dentist, Plumber, Baker,
    Electrician, Machine Operator, Farmer, Fisher, Judge, Police Officer, Fire Fighter, Pilot, Carpenter"""
FIRMS = """Acme Corp, Globex, Initech, Umbrella Ltd, Stark Industries, Wayne Enterprises, Wonka AG, Hooli, Soylent Inc,
    Cyberdyne Systems, Tyrell Corporation, Aperture Science, Black Mesa, Vandelay Industries, Dunder Mifflin, Prestige
    Worldwide, Massive Dynamic, Oscorp, LexCorp, Gringotts Bank, Duff Beer, Paper Street Soap, Sterling Cooper"""


@pytest.mark.parametrize("values", [TOWNS, GOODS, TRADES, FIRMS])
def test_words_that_name_no_persons_raise_no_alarm(values):
    words = [" ".join(value.split()) for value in values.split(",")]
    assert len(words) >= 20
    frame = pd.DataFrame({"x1": words * 5})
    entry = audit(frame)["x1"]
    assert (entry.what, entry.role) == ("", OTHER)


def test_few_names_or_names_among_other_values_raise_no_alarm(register):
    names = register["first_name"].unique().tolist()
    assert audit(pd.DataFrame({"x1": names[:5] * 50}))["x1"].role == OTHER
    mixed = [value for name in names[:30] for value in (name, f"{name} 7", "n/a 3")] * 3
    assert audit(pd.DataFrame({"x1": mixed}))["x1"].what != "name"


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("ssn", digits(9), "social security number"),
        ("client_ip", [f"10.0.{n // 256}.{n % 256}" for n in range(300)], "IP address"),
        ("NHS number", digits(10), "medical record number"),
    ],
)
def test_weak_forms_count_with_the_name(name, values, what):
    assert audit(pd.DataFrame({name: values}))[name].what == what


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Vorname", DIRECT), ("lastName", DIRECT), ("name", DIRECT), ("customer_name", DIRECT), ("E-Mail", DIRECT),
        ("phone_number", DIRECT), ("accountNumber", DIRECT), ("licensePlate", DIRECT), ("userId", DIRECT),
        ("street", DIRECT), ("driver_license_no", DIRECT), ("PLZ", QUASI), ("zip3", QUASI),
        ("Geburtsdatum", QUASI), ("date_of_birth", QUASI), ("sexo", QUASI),
        ("native-country", QUASI), ("maritalStatus", QUASI), ("latitude", QUASI), ("ageGroup", QUASI),
        ("diagnosis_code", SENSITIVE), ("religion", SENSITIVE), ("yearly_income", SENSITIVE),
        ("plan_name", None), ("email_verified", None), ("phone_type", None), ("ip_count", None), ("orders", None),
        ("filename", None), ("message", None),
    ],
)  # fmt: skip
def test_names_in_several_languages(name, role):
    meaning = meaning_of_name(name)
    assert (meaning.role if meaning else None) == role


def test_values_speak_against_a_name():
    frame = pd.DataFrame({"email": [True, False] * 50, "PhoneService": ["Yes", "No"] * 50})
    assert [entry.role for entry in audit(frame)] == [OTHER, OTHER]


def test_codes_that_tell_all_rows_apart_identify_but_measures_do_not():
    frame = pd.DataFrame({"x1": [f"Q{n * 7919 % 10007}" for n in range(500)], "x2": RNG.random(500), "x3": ["a"] * 500})
    found = audit(frame)
    assert [entry.role for entry in found] == [DIRECT, OTHER, OTHER]
    assert found["x2"].rating == "high"
    assert found["x1"].hipaa == "R"


def test_times_and_free_text():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    frame = pd.DataFrame(
        {
            "x1": [start + timedelta(hours=n) for n in range(40)],
            "x3": pd.period_range("2020", periods=40, freq="D"),
            "x4": [(start + timedelta(days=n)).date() for n in range(40)],
            "x2": [f"the patient number {n} said that it hurt" for n in range(40)],
        }
    )
    found = audit(frame)
    assert [found[name].role for name in ("x3", "x4")] == [QUASI, QUASI]
    assert (found["x1"].role, found["x2"].role, found["x2"].what) == (QUASI, SENSITIVE, "free text")
    assert "read it" in found["x2"].action


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
