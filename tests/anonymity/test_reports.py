"""Reports of criteria: figures against stored answers, what they say and never show, and what bad input gets."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.alpha_k import alpha_k
from privkit.anonymity.beta_likeness import beta_likeness
from privkit.anonymity.delta_disclosure import delta_disclosure
from privkit.anonymity.kanonymity import kanon
from privkit.anonymity.ldiversity import LDiversity, ldiv
from privkit.anonymity.reports import check
from privkit.anonymity.tcloseness import TCloseness, tclose
from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.errors.anonymity import RoleConflictError

CASES = [
    ("adult", "raw", "adult"),
    ("adult", "raw_5", "adult"),
    ("adult", "age_level_3_education_level_2", "adult_generalized"),
    ("telco", "without_tenure", "telco"),
]


@pytest.mark.parametrize(("data", "case", "fixture"), CASES)
def test_every_figure_agrees_with_the_stored_answers(data, case, fixture, expected, request):
    answer, frame = expected[data][case], request.getfixturevalue(fixture)
    sensitive = {"adult": ("occupation", "income"), "telco": ("PaymentMethod", "Churn")}[data]
    distinct = ldiv(frame, answer["qi"], sensitive[0])
    assert distinct.l == answer[f"distinct_l_{sensitive[0]}"]
    assert (distinct.n_rows, distinct.n_classes) == (answer["rows"], answer["classes"])
    entropy = ldiv(frame, answer["qi"], sensitive[0], kind="entropy")
    assert entropy.l == pytest.approx(answer[f"entropy_l_{sensitive[0]}"], rel=1e-12)
    closeness = tclose(frame, answer["qi"], sensitive[1])
    assert float(closeness.t) == pytest.approx(answer[f"t_{sensitive[1]}_equal_distance"], rel=1e-12)
    assert closeness.t.denominator > 1
    if answer["k"] == 1:
        assert entropy.l == 1


# -- what they hold and say -------------------------------------------------------------------------------------------


def in_order(frame):
    return frame.assign(ill=pd.Categorical(frame["ill"], sorted(set(frame["ill"])), ordered=True))


CALLS = {
    "ldiv": lambda frame: ldiv(frame, "zip", "ill", l=3),
    "ldiv entropy": lambda frame: ldiv(frame, "zip", "ill", l=2.5, kind="entropy"),
    "ldiv recursive": lambda frame: ldiv(frame, "zip", "ill", l=2, kind="recursive", c=2),
    "tclose": lambda frame: tclose(frame, "zip", "ill", t=0.1),
    "tclose ordered": lambda frame: tclose(in_order(frame), "zip", "ill", t=0.1, distance="ordered"),
    "beta": lambda frame: beta_likeness(frame, "zip", "ill", beta=0.1),
    "beta enhanced": lambda frame: beta_likeness(frame, "zip", "ill", beta=0.1, kind="enhanced"),
    "delta": lambda frame: delta_disclosure(frame, "zip", "ill", delta=0.1),
    "delta absent": lambda frame: delta_disclosure(frame, "zip", "ill", delta=9, absent=True),
    "alpha": lambda frame: alpha_k(frame, "zip", "ill", alpha=0.3, k=3),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_reports_say_the_answer_the_reason_and_what_to_type_without_values(call):
    frame = pd.DataFrame({"zip": ["zipsecret"] * 3 + ["other"] * 2, "ill": ["illsecret", "b", "c", "b", "b"]})
    report = call(frame)
    lines = repr(report).splitlines()
    assert "of 5 rows" in lines[0]
    assert "short of" in lines[0]
    assert "short." in lines[1]
    assert lines[-1].startswith("next: df.privacy.anonymize(['zip'], pk.")
    html = report._repr_html_()
    assert "secret" not in repr(report) + html
    assert 'role="meter"' in html
    report.plot()
    assert list(report.worst(1).columns) == ["zip", "size", report.symbol]
    assert report.to_frame()["rows"].sum() == 5
    assert report.share_short == report.rows_short / 5
    with pytest.raises(AttributeError):
        report.criterion = None


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_table_without_rows_is_said(call):
    report = call(pd.DataFrame({"zip": pd.Series([], dtype=str), "ill": pd.Series([], dtype=str)}))
    assert (report.satisfied, report.rows_short, report.share_short) == (True, 0, 0.0)
    assert "no rows" in repr(report)
    assert len(report.worst()) == len(report.to_frame()) == 0
    report._repr_html_()
    report.plot()


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "two\nlines", "a" * 10_000, "r\u202el", "nul\x00"])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_hostile_names_stay_text(call, name):
    frame = pd.DataFrame({"zip": list("aab"), "ill": list("xyx")})
    report = call(frame)
    object.__setattr__(report, "sensitive", name)
    for shown in (repr(report), report._repr_html_()):
        assert "\u202e" not in shown
        assert "\x00" not in shown
        assert len(re.sub(r"(?s)<style.*</style>", "", shown)) < 4_800
    assert "<img" not in report._repr_html_()
    assert len(repr(report).splitlines()) == 3


def test_no_verdict_without_a_bound():
    frame = pd.DataFrame({"zip": list("aab"), "ill": list("xyx")})
    for report in (
        ldiv(frame, "zip", "ill"),
        tclose(frame, "zip", "ill"),
        beta_likeness(frame, "zip", "ill"),
        delta_disclosure(frame, "zip", "ill"),
        alpha_k(frame, "zip", "ill"),
    ):
        assert (report.satisfied, report.rows_short, report.classes_short, report.share_short) == (None,) * 4
        assert "short" not in repr(report)
        report._repr_html_()
        report.plot()


def test_worst_lists_classes_by_figure_then_by_value():
    frame = pd.DataFrame({"zip": list("ccbbaa"), "l": [0, 0, 1, 1, 1, 1], "ill": list("xyxxxx")})
    worst = ldiv(frame, ["zip", "l"], "ill").worst(2)
    assert worst.to_dict("list") == {"zip": ["a", "b"], "l": [1, 1], "size": [2, 2], "l_": [1, 1]}
    assert tclose(frame, "zip", "ill").worst(1)["zip"].tolist() == ["c"]


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_other_engines_agree(engine, telco):
    module = pytest.importorskip(engine)
    data = module.from_pandas(telco) if engine == "polars" else module.from_df(telco)
    qi = ["gender", "SeniorCitizen", "Partner", "Dependents"]
    assert ldiv(data, qi, "PaymentMethod", l=3).rows_short == ldiv(telco, qi, "PaymentMethod", l=3).rows_short
    assert tclose(data, qi, "Churn").t == tclose(telco, qi, "Churn").t
    assert tclose(data, qi, "tenure", distance="ordered").t == tclose(telco, qi, "tenure", distance="ordered").t


def test_figures_are_exact_fractions(telco):
    qi = ["gender", "Partner"]
    counted = telco.groupby(qi)["Churn"].value_counts().unstack()
    yes, n = counted["Yes"].to_numpy(), counted.sum(axis=1).to_numpy()
    table = Fraction(int(yes.sum()), int(n.sum()))
    expected = max(abs(Fraction(int(a), int(b)) - table) for a, b in zip(yes, n, strict=True))
    assert tclose(telco, qi, "Churn").t == expected
    assert tclose(telco, qi, "Churn", t=expected).satisfied
    assert not tclose(telco, qi, "Churn", t=expected - Fraction(1, 10**15)).satisfied
    gain = max((Fraction(int(a), int(b)) - table) / table for a, b in zip(yes, n, strict=True))
    no_gain = max((1 - Fraction(int(a), int(b)) - (1 - table)) / (1 - table) for a, b in zip(yes, n, strict=True))
    assert beta_likeness(telco, qi, "Churn").beta == max(gain, no_gain)
    assert alpha_k(telco, qi, "Churn").alpha == max(
        max(Fraction(int(a), int(b)), 1 - Fraction(int(a), int(b))) for a, b in zip(yes, n, strict=True)
    )


# -- bad input --------------------------------------------------------------------------------------------------------


@pytest.fixture
def people() -> pd.DataFrame:
    return pd.DataFrame({"zip_code": ["a", "b"], "age": [1, 2], "ill": ["x", "y"]})


@pytest.mark.parametrize("report", [ldiv, tclose, beta_likeness, delta_disclosure, alpha_k])
def test_columns_are_checked_before_rows_are_read(report, people):
    with pytest.raises(ColumnNotFoundError, match=rf"{report.__name__}\(\) got qi=") as error:
        report(people, ["zipcode"], "ill")
    assert error.value.matches == ("zip_code",)
    with pytest.raises(ColumnNotFoundError, match="sensitive="):
        report(people, "age", "illl")
    with pytest.raises(RoleConflictError, match="one value in each class"):
        report(people, ["age", "ill"], "ill")
    with pytest.raises(DuplicateColumnError):
        report(people, ["age", "age"], "ill")
    with pytest.raises(DuplicateColumnError):
        report(pd.concat([people, people[["ill"]]], axis=1), "age", "ill")
    with pytest.raises(ParameterError, match="sensitive"):
        report(people, "age", ["ill"])
    with pytest.raises(FrameError):
        report(np.zeros((2, 2)), "age", "ill")
    nested = pl.DataFrame({"age": [1, 2], "ill": [["x"], ["y"]]})
    with pytest.raises(FrameError, match="'ill'"):
        report(nested, "age", "ill")
    assert repr(report(people.assign(ill=[["x"], ["y"]]), "age", "ill"))  # of objects, each a value of its own


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda d: ldiv(d, "age", "ill", l=0), "l"),
        (lambda d: ldiv(d, "age", "ill", l=1.5), "l"),
        (lambda d: ldiv(d, "age", "ill", l=0.5, kind="entropy"), "l"),
        (lambda d: ldiv(d, "age", "ill", kind="other"), "kind"),
        (lambda d: ldiv(d, "age", "ill", kind="recursive"), "kind, c"),
        (lambda d: ldiv(d, "age", "ill", c=2), "kind, c"),
        (lambda d: tclose(d, "age", "ill", t=2), "t"),
        (lambda d: tclose(d, "age", "ill", distance="far"), "distance"),
        (lambda d: beta_likeness(d, "age", "ill", beta=0), "beta"),
        (lambda d: beta_likeness(d, "age", "ill", kind="other"), "kind"),
        (lambda d: delta_disclosure(d, "age", "ill", delta=math.nan), "delta"),
        (lambda d: delta_disclosure(d, "age", "ill", absent="yes"), "absent"),
        (lambda d: alpha_k(d, "age", "ill", alpha=0.5), "alpha, k"),
        (lambda d: alpha_k(d, "age", "ill", alpha=0, k=2), "alpha"),
        (lambda d: ldiv(d, "age", "ill").worst(0), "n"),
    ],
)
def test_parameters_out_of_range_are_refused(call, argument, people):
    with pytest.raises(ParameterError) as error:
        call(people)
    assert error.value.argument == argument


def test_the_order_of_categories_holds_whatever_their_type():
    # Text is of Python objects on pandas 2, and where somebody asks for it.
    grades = pd.Index(["low", "mid", "high"], dtype=object)
    frame = pd.DataFrame({"zip": list("aaabbb"), "grade": ["low", "mid", "high"] * 2})
    frame.loc[2, "grade"] = "low"
    found = {}
    for name, categories in (("objects", grades), ("texts", pd.Index(list(grades), dtype="str"))):
        column = pd.Categorical(frame["grade"], categories=categories, ordered=True)
        found[name] = tclose(frame.assign(grade=column), "zip", "grade", distance="ordered").t
    numbers = frame.assign(grade=frame["grade"].map({"low": 0, "mid": 1, "high": 2}))
    assert found["objects"] == found["texts"] == tclose(numbers, "zip", "grade", distance="ordered").t


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_rows_without_any_value_are_a_class_and_the_reports_say_so(engine):
    rows = {"zip": ["8004", "8004", "*", "8005", "8005"], "age": ["30", "30", "*", "*", "*"], "ill": list("aabab")}
    whole, left = engine(rows), pd.DataFrame(rows).drop(index=2)
    for call in (
        lambda frame: kanon(frame, ["zip", "age"]),
        lambda frame: ldiv(frame, ["zip", "age"], "ill"),
        lambda frame: check(frame, ["zip", "age"], LDiversity("ill", 1)),
    ):
        assert "1 row has `*` in every quasi-identifier, and is a class here" in repr(call(whole))
        assert "`*`" not in repr(call(left))
    told = pd.DataFrame(rows)
    assert kanon(told[told[["zip", "age"]].ne("*").any(axis=1)], ["zip", "age"]).k == 2
    assert "`*`" not in repr(kanon(engine({"zip": ["*"] * 3}), "zip"))  # nobody has a value: nothing was suppressed
    assert "`*`" not in repr(kanon(engine({"zip": [1, 2], "age": ["*", "*"]}), ["zip", "age"]))


@pytest.mark.parametrize("join", [lambda a, b: a and b, lambda a, b: a or b, lambda a, b: not a, lambda a, b: bool(a)])
def test_criteria_are_joined_by_no_words_of_logic(join):
    goal = LDiversity("ill", 2)
    with pytest.raises(ParameterError, match=r"neither true nor false.*\n?.*Join them by &: LDiversity\('ill', 2\) & "):
        join(goal, goal)
    with pytest.raises(ParameterError, match="neither"):
        join(goal & TCloseness("ill", 0.1), goal)


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
@given(ills=st.lists(st.sampled_from(["flu", "cold", "gout", None]), max_size=8), bound=st.integers(1, 4))
@settings(max_examples=15)
def test_without_quasi_identifiers_a_table_is_one_class(engine, ills, bound):
    rows = {"ill": pd.Series(ills, dtype="str"), "all": ["x"] * len(ills)}
    data = pd.DataFrame(rows) if engine is pd.DataFrame else pl.from_pandas(pd.DataFrame(rows)).pipe(engine)
    for kind in ("distinct", "entropy"):
        without, one = ldiv(data, [], "ill", l=bound, kind=kind), ldiv(data, "all", "ill", l=bound, kind=kind)
        assert (without.n_classes, without.n_rows) == (one.n_classes, one.n_rows) == (bool(ills), len(ills))
        assert (without.l, without.satisfied, without.rows_short) == (one.l, one.satisfied, one.rows_short)
        found = check(data, [], LDiversity("ill", bound, kind=kind) & LDiversity("all", 1))
        assert (found.satisfied, found.rows_short) == (one.satisfied, one.rows_short)
        assert len(without.to_frame()) == bool(ills)
        assert "anonymize" not in repr(without) + repr(found)
    with pytest.raises(ParameterError, match="qi=an empty list"):
        kanon(data, [])
