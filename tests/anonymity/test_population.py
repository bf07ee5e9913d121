from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.alpha_k import AlphaK
from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.kanonymity import KAnonymity, kanon
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.population import KMap, kmap
from privkit.anonymity.presence import DeltaPresence, delta_presence
from privkit.anonymity.reports import check
from privkit.anonymity.table_risk import AverageRisk, PopulationUniqueness, SampleUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.errors import ColumnNotFoundError, FrameError, ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.errors.risk import PopulationError
from privkit.tally.class_values import matches
from privkit.tally.coded_classes import count_classes


@pytest.fixture
def register() -> pd.DataFrame:
    """Classes of 5, 4, 20 and 3 persons: the population of the worked example."""
    return pd.DataFrame({"zip": list("a" * 5 + "b" * 4 + "c" * 20 + "d" * 3), "ill": ["x", "y"] * 16})


@pytest.fixture
def sample() -> pd.DataFrame:
    return pd.DataFrame({"zip": list("a" + "bb" + "cc" + "ddd"), "ill": list("xyxyxyxy")})


def test_k_map_counts_in_the_population(sample, register):
    report = kmap(sample, "zip", population=register, k=4)
    assert (report.k, report.rows_short, report.satisfied, report.n_absent) == (3, 3, False, 0)
    assert sorted(report.figures.tolist()) == [3, 4, 5, 20]
    assert report.worst(2).to_dict("list") == {"zip": ["d", "b"], "size": [3, 2], "population": [3, 4]}
    assert "3 of 8 rows" in repr(report)
    assert kmap(sample, "zip", population=register, k=3).satisfied


def test_k_map_of_classes_that_the_population_lacks(sample, register):
    report = kmap(sample, "zip", population=register[register["zip"] != "d"], k=1)
    assert (report.k, report.n_absent, report.rows_short) == (0, 1, 3)
    assert "lacks 1 class of the table" in repr(report)
    assert "lacks 1 class of the table" in report._repr_html_()


def test_k_map_estimated_from_the_number_of_persons(adult):
    qi = ["sex", "age", "race"]
    report = kmap(adult, qi, population=317_238_626, k=5)
    assert report.rows_short == kanon(adult, qi, k=2).rows_short
    assert "estimate" in repr(report)
    generous = kmap(adult[adult["race"] == "White"], "sex", population=25_000 * 12)
    least = generous.figures.min()
    found = KMap(generous.k, population=300_000).sample_k(generous.n_rows)
    beyond = KMap(generous.k + 1, population=300_000).sample_k(generous.n_rows)
    assert found <= least < beyond
    with pytest.raises(PopulationError, match="a population of"):
        kmap(adult, qi, population=100)


def test_presence_of_the_worked_example(sample, register):
    report = delta_presence(sample, "zip", population=register, low=0.2, high=0.5)
    assert (report.low, report.highest) == (Fraction(1, 10), Fraction(1))
    assert report.rows_short == 2 + 3  # c: 0.1, d: 1
    assert report.satisfied is False
    assert delta_presence(sample, "zip", population=register, low=0.1, high=1).satisfied


def test_presence_counts_persons_outside_the_table(sample, register):
    report = delta_presence(sample[sample["zip"] != "a"], "zip", population=register, low=0.05, high=1)
    assert (report.low, report.n_outside, report.rows_short, report.satisfied) == (0, 5, 0, False)
    assert "5 persons of the population are in no class" in repr(report)
    assert delta_presence(sample[sample["zip"] != "a"], "zip", population=register, low=0, high=1).satisfied


def test_presence_in_a_population_that_does_not_hold_the_table(sample, register):
    report = delta_presence(sample, "zip", population=register.iloc[:-1], low=0, high=1)
    assert (report.n_absent, report.satisfied, report.rows_short) == (1, False, 3)
    assert "does not hold the table" in report._repr_html_()


ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 2)), max_size=20)


@given(ROWS, ROWS)
@settings(max_examples=60)
def test_population_sizes_agree_with_counting_by_hand(rows, rest):
    people = rows + rest
    frame, register = (
        pd.DataFrame(each, columns=["zip", "age"]).astype({"zip": object, "age": float}) for each in (rows, people)
    )
    report = kmap(frame, ["zip", "age"], population=register.sample(frac=1, random_state=1))
    assert report.k == min((people.count(row) for row in rows), default=0)
    presence = delta_presence(frame, ["zip", "age"], population=register)
    shares = [Fraction(rows.count(row), people.count(row)) for row in people]
    assert presence.highest == max(shares, default=0)
    assert presence.low == min(shares, default=0)


def test_matching_tells_missing_categories_and_whole_floats():
    left = pd.DataFrame({"zip": pd.Categorical(["a", None], categories=["z", "a"]), "age": [1, 2]})
    right = pd.DataFrame({"zip": [None, "b", "a"], "age": [2.0, 1.0, 1.0]})
    ours, theirs = count_classes(left, ["zip", "age"]), count_classes(right, ["zip", "age"])
    place = matches(ours, theirs)
    assert (place >= 0).all()
    found = theirs.keys.iloc[place].reset_index(drop=True)
    assert found["age"].tolist() == ours.keys["age"].tolist()
    assert found["zip"].isna().tolist() == ours.keys["zip"].isna().tolist()


def test_columns_of_another_kind_in_the_population_are_refused(sample, register):
    numbered = register.assign(zip=range(len(register)))
    for report in (kmap, delta_presence):
        with pytest.raises(FrameError, match="text in the table and numbers in the population"):
            report(sample, "zip", population=numbered)
        with pytest.raises(ColumnNotFoundError):
            report(sample, ["zip", "ill"], population=register[["zip"]])


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda d: kmap(d, "zip", population=None), "population"),
        (lambda d: kmap(d, "zip", population=0), "population"),
        (lambda d: kmap(d, "zip", population=100, k=0), "k"),
        (lambda d: kmap(d, "zip", population=100, significance=2), "significance"),
        (lambda d: delta_presence(d, "zip", population=d, low=0.5), "low, high"),
        (lambda d: delta_presence(d, "zip", population=d, low=0.5, high=0.1), "low, high"),
        (lambda d: delta_presence(d, "zip", population=100), "population"),
        (lambda d: check(d, "zip", 5), "criteria"),
        (lambda d: check(d, "zip", None), "criteria"),
    ],
)
def test_parameters_out_of_range_are_refused(call, argument, sample):
    with pytest.raises(ParameterError) as error:
        call(sample)
    assert error.value.argument == argument


# -- check ------------------------------------------------------------------------------------------------------------


def test_check_tells_each_part_and_the_rows_short_of_any(sample, register):
    criterion = (
        KAnonymity(2)
        & LDiversity("ill", 2)
        & TCloseness("ill", 0.4)
        & BetaLikeness("ill", 1)
        & DeltaDisclosure("ill", 2)
        & AlphaK("ill", 0.7, 1)
        & KMap(4, population=register)
        & DeltaPresence(0, 0.9, population=register)
        & AverageRisk(0.5)
        & SampleUniqueness(0.1)
        & PopulationUniqueness(0.5, population=32)
    )
    report = check(sample, "zip", criterion)
    found = {type(finding.criterion).__name__: (finding.met, finding.rows_short) for finding in report.findings}
    assert found == {
        "KAnonymity": (False, 1),
        "LDiversity": (False, 1),
        "TCloseness": (False, 1),
        "BetaLikeness": (True, 0),
        "DeltaDisclosure": (True, 0),
        "AlphaK": (False, 1),
        "KMap": (False, 3),
        "DeltaPresence": (False, 3),
        "AverageRisk": (True, None),
        "SampleUniqueness": (False, None),
        "PopulationUniqueness": (True, None),
    }
    assert report.rows_short == 4
    assert report.satisfied is False
    lines = repr(report).splitlines()
    assert lines[0] == "not met: 7 of 11 criteria. 4 of 8 rows (50.0 %) fall short."
    assert "  not met  KAnonymity(2): k = 1, 1 row short" in lines
    table = report.to_frame()
    assert table["met"].tolist() == [finding.met for finding in report.findings]
    assert table["rows_short"].isna().sum() == 3
    assert "Sweeney" in report._repr_html_()


def test_check_of_what_is_met():
    frame = pd.DataFrame({"zip": list("aabb"), "ill": list("xyxy"), "who": list("pqrs")})
    report = check(frame, "zip", KAnonymity(2, unit="who") & LDiversity("ill", 2) & TCloseness("ill", 0))
    assert report.satisfied
    assert report.rows_short == 0
    assert repr(report).startswith("met: all 3 criteria.\n")
    assert repr(check(frame, "zip", KAnonymity(2))).startswith("met: the criterion.")
    assert check(frame.head(0), "zip", KAnonymity(2) & AverageRisk(0.1) & SampleUniqueness(0)).satisfied


def test_check_counts_rows_short_once_on_every_way_through_the_door(telco):
    polars = pytest.importorskip("polars")
    qi = ["gender", "Partner", "tenure"]
    criterion = KAnonymity(12) & LDiversity("PaymentMethod", 4) & TCloseness("Churn", 0.3)
    report = check(telco, qi, criterion)
    assert check(polars.from_pandas(telco), qi, criterion).rows_short == report.rows_short
    sizes = telco.groupby(qi)[qi[0]].transform("size")
    values = telco.groupby(qi)["PaymentMethod"].transform("nunique")
    churn = (telco["Churn"] == "Yes").groupby([telco[name] for name in qi]).transform("mean")
    far = (churn - (telco["Churn"] == "Yes").mean()).abs() > 0.3
    assert report.rows_short == int(((sizes < 12) | (values < 4) | far).sum())


def test_check_on_columns_too_wide_for_one_integer():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": rng.permutation(3000) for i in range(6)})
    doubled = pd.concat([frame, frame.iloc[:10]], ignore_index=True).assign(ill="x")
    report = check(doubled, list(frame.columns), KAnonymity(2) & LDiversity("ill", 2))
    assert [finding.rows_short for finding in report.findings] == [2990, 3010]
    assert report.rows_short == 3010


def test_check_refuses_a_sensitive_quasi_identifier(sample):
    with pytest.raises(RoleConflictError):
        check(sample, ["zip", "ill"], LDiversity("ill", 2))
