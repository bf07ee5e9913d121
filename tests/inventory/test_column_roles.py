from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from privkit.inventory.audit import audit
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE, Role, said_by
from privkit.inventory.column_roles import propose
from privkit.tally.columns.facts import column_facts

RNG = np.random.default_rng(20261128)
ROWS = 500


def few(most: int) -> np.ndarray:
    return RNG.integers(0, most, ROWS)


def test_counts_and_flags_about_identifiers_are_none():
    names = [
        "user_email_count", "user_segment", "user_is_active", "user_agent_family", "age_of_account",
        "passport_required", "ssn_present", "email_domain", "zip_count", "city_size", "birth_order",
        "zipcode_population", "email_count", "user_score", "account_type", "phone_count",
    ]  # fmt: skip
    found = audit(pd.DataFrame({name: few(5) for name in names}))
    assert {entry.name: entry.role for entry in found} == dict.fromkeys(names, OTHER)


def test_pandemic_days_and_shares_of_accounts_are_no_numbers_of_cards_and_accounts():
    found = audit(pd.DataFrame({"pan_day": few(100), "account_never_delinq_percent": RNG.random(ROWS).round(3)}))
    assert found.direct == []


@pytest.mark.parametrize(
    ("values", "role"),
    [
        (np.arange(ROWS), DIRECT),  # one after the other
        (RNG.permutation(np.arange(10**6, 10**6 + 40 * ROWS, 40)), DIRECT),  # of one length
        (np.arange(-ROWS // 2, ROWS // 2), OTHER),  # no code is negative
        (np.exp(RNG.normal(10, 3, ROWS)).astype(np.int64), OTHER),  # amounts: of all lengths
    ],
)
def test_whole_numbers_that_nearly_all_differ_are_codes_unless_they_are_amounts(values, role):
    assert audit(pd.DataFrame({"x1": values}))["x1"].role == role


def test_a_measure_is_no_code_however_many_values_it_has():
    numbers = RNG.permutation(np.arange(10**6, 10**6 + ROWS))
    assert audit(pd.DataFrame({"total_amount": numbers}))["total_amount"].role == OTHER


@pytest.mark.parametrize("name", ["patient", "customer", "person", "member", "id", "student_no"])
def test_a_repeating_id_is_proposed_as_the_unit(name):
    frame = pd.DataFrame({name: np.arange(ROWS) // 4, "zip": few(9).astype(str), "visit": few(4)})
    found = audit(frame)
    assert (found[name].role, found.unit) == (DIRECT, name)
    assert f"unit='{name}'" in repr(found)
    assert audit(frame.drop_duplicates(name)).unit is None


def test_an_id_with_few_digits_or_a_word_with_two_values_is_no_code():
    found = audit(pd.DataFrame({"pid": few(7), "member": RNG.choice(["yes", "no"], ROWS), "patient": few(2)}))
    assert found.direct == []
    assert found.unit is None


def test_values_tell_where_names_do_not():
    frame = pd.DataFrame(
        {
            "q1": RNG.choice(["Catholic", "Muslim", "Jewish"], ROWS),
            "q2": RNG.choice(["asthma", "diabetes", "none"], ROWS),
            "q3": RNG.choice(["male", "female"], ROWS),
            "race": RNG.choice(["5k", "half-marathon"], ROWS),
        }
    )
    found = audit(frame)
    assert [entry.role for entry in found] == [SENSITIVE, SENSITIVE, QUASI, OTHER]
    assert found["q1"].what == "religion or belief"
    told = "; ".join("; ".join(entry.evidence) for entry in found)
    assert "Catholic" not in told
    assert "GDPR, article 9" in told


def test_a_plain_name_is_one_of_persons_where_the_table_tells_of_persons():
    things = pd.DataFrame({"name": [f"pump {n}" for n in range(ROWS)], "horsepower": few(300)})
    assert audit(things)["name"].role == OTHER
    assert audit(things.assign(age=few(90)))["name"].role == DIRECT


def test_two_persons_are_persons_under_a_name_and_a_flag_is_none():
    found = audit(
        pd.DataFrame({"name": ["Anna Smith", "Ben Jones"] * 30, "first_name": ["yes", "no"] * 30, "age": [1, 2] * 30})
    )
    assert found.direct == ["name"]


def test_what_is_unknown_among_columns_about_health_is_taken_to_be_about_it():
    frame = pd.DataFrame(
        {"age": few(90), "diabetes": few(2), "smoker": few(2), "cholesterol": few(200), "xq7": few(30)}
    )
    assert audit(frame)["xq7"].what == "health, by its neighbors"
    assert audit(frame[["age", "diabetes", "xq7"]])["xq7"].role == OTHER
    assert audit(frame.assign(weekday=few(7)))["weekday"].role == OTHER


@pytest.mark.parametrize("dirty", ["Dresden ", "dresden", "Dresden", " Dresden", "Ｄresden"])
def test_dirt_that_splits_classes_is_told(dirty):
    found = audit(pd.DataFrame({"city": ["Dresden", dirty, "Bern", "Köln"] * 20}))
    assert found["city"].dirty == (dirty != "Dresden")
    assert ("Dirt splits classes" in repr(found)) == bool(found["city"].dirty)
    assert "resden" not in repr(found) + "; ".join(found["city"].evidence)


def test_leading_zeros_are_dirt_in_texts_alone():
    assert audit(pd.DataFrame({"zip": ["1067", "01067", "8004"]}))["zip"].dirty == 1
    assert audit(pd.DataFrame({"zip": [1067, 1067, 8004]}))["zip"].dirty == 0
    assert audit(pd.DataFrame({"name": ["Zoë", "Zoe\u0308", "Zoe"]}))["name"].dirty == 1


def test_columns_that_tell_the_same_share_their_blame():
    zips = RNG.integers(0, 100, ROWS)
    frame = pd.DataFrame({"zip": zips.astype(str), "city": (zips // 3).astype(str), "age": few(60)})
    found = audit(frame)
    alone = audit(frame.drop(columns="city"))["zip"].uniques_with_others
    assert found["zip"].uniques_with_others == alone > 0
    assert found["city"].uniques_with_others > 0
    assert "others: 'zip' tells it as well" in found["city"].evidence
    twice = audit(frame[["zip", "age"]].assign(plz=frame["zip"]))
    assert twice["zip"].uniques_with_others == twice["plz"].uniques_with_others == alone


WORDS = tomllib.loads(files("privkit.inventory").joinpath("words.toml").read_text(encoding="utf-8"))
PHRASES = [phrase.split() for line in WORDS["meaning"] for phrase in line["names"].split(",") if "*" not in phrase]
#: Every phrase of a name that is known, each as the name of a column.
NAMES = sorted({"_".join(words) for words in PHRASES if words})


def roles_of(values: list[object]) -> dict[str, Role]:
    """Return the role of a column of these values under each name, each in a table of its own."""
    facts = next(column_facts(pd.DataFrame({"x": values * 30}), ["x"], look=said_by))
    return {name: propose(replace(facts, name=name)).role for name in NAMES}


FLAGS = {
    "words": ["no", "yes"],
    "in German": ["Ja", "Nein"],
    "with blanks": ["Yes", "No", "Unknown"],
    "numbers": [0, 1],
}


@pytest.mark.parametrize("how", FLAGS)
def test_a_yes_or_no_is_the_same_however_it_is_written(how):
    assert roles_of(FLAGS[how]) == roles_of([False, True])


@pytest.mark.parametrize("name", ["ethnicity", "race", "black", "hispanic", "nonwhite", "asian", "race/ethnicity"])
@pytest.mark.parametrize("values", [["no", "yes"], [0, 1], [True, False], ["group A", "group B"]])
def test_race_is_known_by_a_flag_and_where_the_word_has_one_sense_by_its_name_alone(name, values):
    two_senses = name in {"race", "black", "asian"} and values[0] == "group A"
    assert audit(pd.DataFrame({name: values * 100}))[name].role == (OTHER if two_senses else QUASI)


@pytest.mark.parametrize("name", ["ht", "weight", "height", "bmi"])
def test_a_flag_is_no_measure_of_a_body(name):
    frame = pd.DataFrame({"age": few(90), name: few(2)})
    assert audit(frame)[name].role == OTHER
    assert audit(frame.assign(**{name: few(60) + 140}))[name].role == QUASI


def test_numbers_that_most_rows_lack_and_times_are_no_codes():
    codes = pd.Series(RNG.permutation(np.arange(1000, 1000 + ROWS)))
    assert audit(pd.DataFrame({"x1": codes}))["x1"].role == DIRECT
    assert audit(pd.DataFrame({"x1": codes.where(codes.index < 0.27 * ROWS)}))["x1"].role == OTHER
    assert audit(pd.DataFrame({"pctime": codes}))["pctime"].role == OTHER
    some = audit(pd.DataFrame({"x1": codes.where(codes.index < 0.9 * ROWS)}))["x1"]
    assert "uniqueness: nearly every row that has one has a value of its own" in some.evidence


@pytest.mark.parametrize("written", ["{},{:02d}", "{}.{:02d}", "1.{},{:02d}", "1'{}.{:02d}"])
def test_amounts_that_were_read_as_texts_are_no_codes(written):
    texts = [written.format(100 + n, n % 90) for n in range(300)]
    assert audit(pd.DataFrame({"total": texts})).by_role(OTHER) == ["total"]


@pytest.mark.parametrize("written", ["2023.{:05d}", "0{}.12", "A{}.50", "{}-50", "2023,{:03d}"])
def test_codes_with_a_point_stay_codes(written):
    texts = [written.format(100 + n) for n in range(300)]
    assert audit(pd.DataFrame({"total": texts})).direct == ["total"]
