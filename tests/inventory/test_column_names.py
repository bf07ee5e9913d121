from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privkit.inventory.column_names import DIRECT, QUASI, SENSITIVE, meaning_of_name, plain, said_by, words_of

WORDS = tomllib.loads(files("privkit.inventory").joinpath("words.toml").read_text(encoding="utf-8"))


def phrases(kind: str) -> list[tuple[str, str]]:
    return [
        (" ".join(phrase.split()), line["what"])
        for line in WORDS["meaning"]
        for phrase in line.get(kind, "").split(",")
        if phrase.strip()
    ]


@pytest.mark.parametrize("kind", ["names", "values"])
def test_no_phrase_stands_twice_and_all_are_plain(kind):
    found = phrases(kind)
    assert len(found) == len(dict(found))
    assert all(" ".join(words_of(phrase)) == phrase for phrase, _ in found if "*" not in phrase)
    assert all(phrase == plain(phrase) for phrase, _ in found)


def test_every_phrase_says_what_its_line_says():
    wrong = []
    for phrase, what in phrases("names"):
        if "*" in phrase:
            continue
        found = meaning_of_name(phrase)
        if (found.what if found else "") != what:
            wrong.append((phrase, what, found and found.what))
    assert wrong == []


@given(st.sampled_from([phrase for phrase, _ in phrases("names") if "*" not in phrase]), st.sampled_from("_-. "))
def test_names_say_the_same_in_every_writing(phrase, between):
    words, expected = phrase.split(), meaning_of_name(phrase)
    assert meaning_of_name(between.join(words)) == expected
    assert meaning_of_name(between.join(words).upper()) == expected
    if not any(char.isdigit() for char in phrase):
        assert meaning_of_name(words[0] + "".join(word.capitalize() for word in words[1:])) == expected


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("diabetes", "health"), ("hepatitis_b", "health"), ("tumor", "health"), ("covid", "health"),
        ("pregnancies", "health"), ("smokeintensity", "health"), ("chroniccough", "health"), ("allergies", "health"),
        ("hospitalizations", "health"), ("viral_load", "health"), ("genotype", "health"), ("Medikamente", "health"),
        ("n_prescriptions", "health"), ("ethnicity", "race or ethnic origin"), ("Religion", "religion or belief"),
        ("church_attendance", "religion or belief"), ("union_member", "trade union"), ("Gewerkschaft", "trade union"),
        ("sexual_orientation", "sexual orientation or sex life"), ("political_party", "politics"),
        ("vote_choice", "politics"), ("face_embedding", "biometric identifier"), ("felonies", "criminal record"),
    ],
)  # fmt: skip
def test_what_articles_9_and_10_of_the_gdpr_protect_is_known_and_said(name, what):
    found = meaning_of_name(name)
    assert found.what == what
    assert found.article == (10 if what == "criminal record" else 9)


@pytest.mark.parametrize(
    "name", ["id", "ID", "ids", "patient", "customers", "person", "Member", "student_no", "playerID", "employeeNumber",
             "patient_ref", "subject", "user", "Kundennummer"]
)  # fmt: skip
def test_codes_of_persons_in_the_singular_the_plural_and_bare(name):
    assert meaning_of_name(name).role == DIRECT


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("cities", QUASI), ("zip_codes", QUASI), ("birthMonth", QUASI), ("number_of_children", QUASI),
        ("Género", QUASI), ("wages", SENSITIVE), ("e-mails", DIRECT), ("address_1", DIRECT), ("names", DIRECT),
    ],
)  # fmt: skip
def test_plurals_numbers_and_accents(name, role):
    assert meaning_of_name(name).role == role


@pytest.mark.parametrize(
    "name",
    [
        "user_email_count", "user_segment", "user_is_active", "user_agent_family", "age_of_account",
        "passport_required", "ssn_present", "email_domain", "zip_count", "city_size", "birth_order",
        "zipcode_population", "email_count", "user_score", "account_type", "phone_count", "login_days", "n_users",
        "order_id", "product_name", "total_accounts", "password_length", "weekday",
    ],
)  # fmt: skip
def test_what_only_tells_about_an_identifier_is_none(name):
    assert meaning_of_name(name) is None


@pytest.mark.parametrize("name", ["pan_day", "account_never_delinq_percent", "phone_service", "card_balance"])
def test_amounts_counts_and_flags_are_no_direct_identifiers(name):
    found = meaning_of_name(name)
    assert found is None or found.role != DIRECT


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (["Catholic", "Muslim", "Jewish", "none"], "religion or belief"),
        (["Heterosexual", "Bisexual", "Other"], "sexual orientation or sex life"),
        (["Strong Democrat", "Republican", "Independent"], "politics"),
        (["Black or African American", "Asian", "White", "Other"], "race or ethnic origin"),
        (["Never married", "Divorced", "Widowed"], "family status"),
        (["m", "f"], "sex"), (["Type 2 diabetes", "asthma", "healthy"], "health"),
    ],
)  # fmt: skip
def test_values_say_what_they_are(values, what):
    assert said_by(values).meaning.what == what


@pytest.mark.parametrize(
    "values", [["red", "green", "blue"], ["yes", "no"], ["low", "high"], ["x", "gay"], ["a"] * 500]
)
def test_values_that_say_nothing(values):
    said = said_by(values)
    assert said is None or said.meaning is None


@pytest.mark.parametrize("name", ["{}grp", "{}_grp", "{}cat", "{}_band", "{}band", "{}_group", "{}Cat"])
@pytest.mark.parametrize(
    ("word", "what"),
    [("age", "age"), ("race", "race or ethnic origin"), ("income", "money of a person"), ("bmi", "body measure")],
)
def test_groups_of_values_hold_what_the_values_held(name, word, what):
    found = meaning_of_name(name.format(word))
    assert found is not None
    assert found.what == what


@pytest.mark.parametrize("name", ["bobcat", "copycat", "concat", "broadband", "catgrp", "grp", "cat", "band"])
def test_words_that_end_as_groups_do_say_nothing(name):
    assert meaning_of_name(name) is None
