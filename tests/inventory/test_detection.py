"""What the audit finds by values and by names: forms, numbers with check digits, persons, codes, times and texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from privkit.inventory.audit import audit
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE, meaning_of_name

RNG = np.random.default_rng(20261123)


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
