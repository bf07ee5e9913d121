"""Microaggregation inside classes: what holds keeps to hold, and the loss is what a brute force finds."""

from __future__ import annotations

import statistics

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.errors import FrameError, ParameterError
from privkit.errors.anonymity import InfeasibleError

ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from("mf"),
        st.integers(0, 9) | st.none(),
        st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3)) | st.none(),
        st.sampled_from("xyz"),
    ),
    min_size=3,
    max_size=30,
)
QI = ["zip", "sex", "age"]


def frame_of(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["zip", "sex", "age", "paid", "ill"])
    return frame.astype({"age": "Int64", "paid": "float64"})


def known(values) -> list[float]:
    return [float(value) for value in values if not pd.isna(value)]


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
@pytest.mark.parametrize("function", ["mean", "median"])
@given(rows=ROWS, suppress=st.sampled_from([0, 0.3]), diverse=st.booleans())
@settings(max_examples=40)
@pytest.mark.sample(0.5)
def test_classes_with_aggregates_are_those_that_were_judged(method, function, rows, suppress, diverse):
    frame = frame_of(rows)
    goal = pk.KAnonymity(2) & pk.LDiversity("ill", 2) if diverse else pk.KAnonymity(2)
    how = {"age": function, "paid": function}
    try:
        out = pk.anonymize(frame, QI, goal, suppress=suppress, method=method, microaggregate=how)
    except InfeasibleError:
        return
    told = pk.check(out.frame, [*QI, "paid"], goal)
    assert told.satisfied == out.report.satisfied is True
    assert pk.kanon(out.frame, [*QI, "paid"]).k == out.report.after.k
    assert told.n_classes == out.report.after.classes
    given_rows = frame[out.kept_].reset_index(drop=True)
    for name in how:
        errors = []
        for _, rows_of_class in out.frame.groupby(list(out.qi), observed=True, dropna=False):
            before = known(given_rows.loc[rows_of_class.index, name])
            after = rows_of_class[name]
            assert after.nunique(dropna=False) == 1
            if len(before) < 2:  # k, and rows are persons here
                assert after.isna().all()
                rest = known(given_rows[name])
                errors += [(value - statistics.fmean(rest)) ** 2 for value in before]
                continue
            made = statistics.fmean(before) if function == "mean" else statistics.median(before)
            assert after.iloc[0] == pytest.approx(made)
            errors += [(value - after.iloc[0]) ** 2 for value in before]
        expected = statistics.fmean(errors) if errors else 0.0
        assert out.report.aggregates[name].mean_squared_error == pytest.approx(expected)


def test_one_class_loses_the_whole_variance_and_a_class_of_equals_loses_nothing():
    frame = pd.DataFrame({"zip": ["a"] * 6, "age": [20, 30, 40, 50, 60, 70]})
    one = pk.anonymize(frame, ["zip", "age"], k=5, microaggregate={"age": "mean"}).report.aggregates["age"]
    assert one.mean_squared_error == pytest.approx(one.variance)
    assert one.share == pytest.approx(1)
    same = frame.assign(age=41)
    none = pk.anonymize(same, ["zip", "age"], k=5, microaggregate={"age": "mean"})
    assert none.report.aggregates["age"].mean_squared_error == none.report.aggregates["age"].share == 0
    assert "mean squared error of age" in none.report.to_frame().index
    assert "Each class has its mean in place of the values of: age" in repr(none)
    assert "age" not in none.leaving_.columns


def test_suppressed_rows_do_not_show_their_own_value():
    frame = pd.DataFrame({"zip": ["a"] * 20 + ["b"], "age": [*range(20, 40), 99]})
    out = pk.anonymize(
        frame, ["zip", "age"], k=5, suppress=0.1, keep=["zip"], microaggregate={"age": "mean"}, keep_index=True
    )
    assert out.suppressed_ == 1
    whole = out.with_suppressed()
    assert np.isnan(whole["age"].iloc[-1])
    assert whole["zip"].iloc[-1] == "*"
    assert (whole["age"].iloc[:-1] == 29.5).all()


def test_an_anonymizer_aggregates_next_month_by_itself():
    march = pd.DataFrame({"zip": ["a"] * 5 + ["b"] * 5, "age": range(10)})
    treat = pk.Anonymizer(["zip", "age"], k=5, suppress=0, microaggregate={"age": "median"}).fit(march)
    april = treat.transform(march.assign(age=march["age"] + 100))
    assert april.frame["age"].tolist() == [102.0] * 5 + [107.0] * 5
    assert april.report.aggregates["age"].mean_squared_error == pytest.approx(2)


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"microaggregate": ["age"]}, ParameterError, "a dict column"),
        ({"microaggregate": {"age": "mode"}}, ParameterError, "'mean' or 'median'"),
        ({"microaggregate": {"zip": "mean"}}, FrameError, "must hold numbers"),
        ({"microaggregate": {"agee": "mean"}}, pk.ColumnNotFoundError, "Close matches: 'age'"),
        ({"microaggregate": {"age": "mean"}, "keep": ["age"]}, ParameterError, "keep"),
        ({"microaggregate": {"age": "mean"}, "levels": {"age": 1}}, ParameterError, "levels"),
        ({"microaggregate": {"age": "mean"}, "hierarchies": {"age": {1: "*"}}}, ParameterError, "hierarchies"),
        ({"microaggregate": {"age": "mean"}, "qi": ["age"]}, ParameterError, "must be left"),
        ({"microaggregate": {"far": "mean"}}, FrameError, "infinite values"),
        ({"microaggregate": {"age": "mean"}, "criteria": pk.KAnonymity(2, of=1)}, ParameterError, "inside a class"),
        (
            {"microaggregate": {"age": "mean"}, "criteria": pk.LDiversity("age", 2), "qi": ["zip"]},
            ParameterError,
            "not",
        ),
    ],
)
def test_what_cannot_be_aggregated_is_refused_before_anything_is_searched(asked, error, words):
    frame = pd.DataFrame({"zip": list("aabb"), "age": [1, 2, 3, 4], "far": [1.0, np.inf, 2.0, 3.0]})
    how = {"qi": ["zip", "age"], "criteria": pk.KAnonymity(2)} | asked
    with pytest.raises(error, match=words):
        pk.anonymize(frame, how.pop("qi"), how.pop("criteria"), **how)


@given(rows=ROWS, k=st.integers(1, 3))
@settings(max_examples=60)
def test_groups_of_k_lie_inside_their_classes(rows, k):
    frame = frame_of(rows).fillna({"paid": 0.0})
    least = frame.groupby("zip").size().min()
    if least < k:
        with pytest.raises(InfeasibleError, match=r"\d rows? in its smallest class"):
            pk.microaggregate(frame, "paid", k=k, within="zip")
        return
    found = pk.microaggregate(frame, "paid", k=k, within="zip").frame
    for _, rows_of_class in found.groupby("zip"):
        assert rows_of_class.groupby("paid").size().min() >= k
        before = frame.loc[rows_of_class.index, "paid"]
        assert rows_of_class["paid"].mean() == pytest.approx(before.mean(), abs=1e-9)
    if frame["zip"].nunique() == 1:
        pd.testing.assert_frame_equal(found, pk.microaggregate(frame, "paid", k=k).frame)


def test_microaggregate_says_what_it_needs():
    frame = pd.DataFrame({"zip": list("aabb"), "age": [1, 2, 3, None]})
    with pytest.raises(ParameterError, match="within="):
        pk.microaggregate(frame, "age")
    with pytest.raises(ParameterError, match="within"):
        pk.microaggregate(frame, ["age", "zip"], within="zip")
    with pytest.raises(FrameError, match="missing or infinite"):
        pk.microaggregate(frame, "age", k=2, within="zip")
    found = pk.microaggregate(frame, "age", within="zip", least=1)
    assert found.frame["age"].tolist() == [1.5, 1.5, 3.0, 3.0]
    assert found.figures_["age"]["mean_squared_error"] == pytest.approx((0.25 + 0.25 + 0) / 3)
    with pytest.raises(ParameterError, match="unit"):
        pk.microaggregate(frame, "age", within="zip", unit="age")
    with pytest.raises(pk.ColumnNotFoundError):
        pk.microaggregate(frame, "age", within="zip", unit="who")


# -- over how many persons ---------------------------------------------------------------------------------------------

PEOPLE = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(0, 5).map(float) | st.none(),
        st.sampled_from(["p", "q", "r", "s", "t", None]),
        st.sampled_from("xy"),
    ),
    min_size=1,
    max_size=30,
)
#: Goals → how many must stand behind a value, and by which column; None where rows are persons.
GOALS = {
    pk.KAnonymity(2): (2, None),
    pk.KAnonymity(2, unit="id"): (2, "id"),
    pk.KAnonymity(4, unit="id") & pk.KAnonymity(2): (4, "id"),
    pk.KAnonymity(1): (3, None),
    pk.KAnonymity(1, unit="id"): (3, "id"),
    pk.LDiversity("ill", 2): (3, None),
    pk.TCloseness("ill", 0.4): (3, None),
    pk.TCloseness("ill", 0.4) & pk.KAnonymity(3): (3, None),
    pk.AlphaK("ill", 0.9, 4): (4, None),
}


def persons(rows: pd.DataFrame, unit: str | None) -> int:
    """Return who stands behind the values of `rows`, counted as nobody here counts."""
    there = [row for row in rows.to_dict("records") if not pd.isna(row["paid"])]
    return len(there) if unit is None else len({None if pd.isna(row[unit]) else row[unit] for row in there})


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
@pytest.mark.parametrize("function", ["mean", "median"])
@given(rows=PEOPLE, goal=st.sampled_from(list(GOALS)), suppress=st.sampled_from([0, 0.5]))
@settings(max_examples=60)
@pytest.mark.sample(0.5)
def test_each_value_that_is_shown_has_as_many_persons_behind_it_as_the_goal_names(
    method, function, rows, goal, suppress
):
    frame = pd.DataFrame(rows, columns=["zip", "paid", "id", "ill"]).astype({"paid": "float64"})
    least, unit = GOALS[goal]
    try:
        out = pk.anonymize(frame, "zip", goal, suppress=suppress, method=method, microaggregate={"paid": function})
    except InfeasibleError:
        return
    before, told = frame[out.kept_].reset_index(drop=True), out.report.aggregates["paid"]
    hidden_classes = hidden_values = 0
    for _, shown in out.frame.groupby("zip", observed=True, dropna=False):
        own = before.loc[shown.index]
        enough = persons(own, unit) >= least
        assert shown["paid"].notna().all() if enough else shown["paid"].isna().all()
        hidden_classes += not enough and bool(own["paid"].notna().any())
        hidden_values += 0 if enough else int(own["paid"].notna().sum())
    assert (told.least, told.units) == (least, () if unit is None else (unit,))
    assert (told.hidden_classes, told.hidden_values) == (hidden_classes, hidden_values)
    assert ("Hidden" in " ".join(out.report.aggregate_notes)) == (hidden_values > 0)
    assert out.report.to_frame().loc["hidden values of paid", "after"] == hidden_values
    assert 0 <= told.share <= 1 + 1e-9 or function == "median"


@given(rows=PEOPLE, least=st.none() | st.integers(1, 4), unit=st.sampled_from([None, "id"]))
@settings(max_examples=80)
def test_microaggregate_within_classes_shows_what_enough_persons_stand_behind(rows, least, unit):
    frame = pd.DataFrame(rows, columns=["zip", "paid", "id", "ill"]).astype({"paid": "float64"})
    found = pk.microaggregate(frame, "paid", within="zip", least=least, unit=unit)
    hidden = 0
    for _, shown in found.frame.groupby("zip"):
        own = frame.loc[shown.index]
        enough = persons(own, unit) >= (least or 3)
        assert shown["paid"].notna().all() if enough else shown["paid"].isna().all()
        hidden += 0 if enough else int(own["paid"].notna().sum())
    assert found.figures_["paid"]["hidden"] == hidden
    assert ("Hidden" in found.no_promise) == (hidden > 0)


def test_a_person_of_many_rows_fills_no_group_alone():
    frame = pd.DataFrame({"id": [1, 1, 1, 2, 3, 4], "paid": [9.0, 9.1, 9.2, 1.0, 1.1, 1.2]})
    assert pk.microaggregate(frame, "paid", k=3).frame["paid"].notna().all()
    assert pk.microaggregate(frame, "paid", k=3, unit="id").frame["paid"].isna().tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (pk.KAnonymity(2), "Hidden, as fewer than 2 rows of a class have a value: 'paid' in 1 class (1 value)."),
        (
            pk.KAnonymity(2, unit="id"),
            "Hidden, as fewer than 2 persons (by 'id') of a class have a value: 'paid' in 2 classes (3 values).",
        ),
        (
            pk.TCloseness("ill", 0.9),
            "Hidden, as fewer than 3 rows of a class have a value: 'paid' in 2 classes (3 values); no k was named.",
        ),
    ],
)
def test_the_report_says_what_is_hidden_and_why_and_shows_no_value(goal, words):
    frame = pd.DataFrame(
        {
            "zip": list("aabbccc"),
            "paid": [70.5, None, 33.25, 33.25, 1.0, 2.0, 3.0],
            "id": [1, 2, 3, 3, 4, 5, 6],
            "ill": list("xyxyxyx"),
        }
    )
    frame.loc[len(frame)] = ["b", None, 7, "y"]
    out = pk.anonymize(frame, "zip", goal, suppress=0, keep=["zip"], microaggregate={"paid": "mean"})
    assert out.report.aggregate_notes == [words]
    assert "70.5" not in repr(out)
    assert "70.5" not in out.frame.to_csv()


def test_a_median_is_called_what_it_is():
    frame = pd.DataFrame({"zip": ["a"] * 5, "paid": [10.0, 20.0, 31.7, 40.0, 50.0]})
    out = pk.anonymize(frame, "zip", k=5, microaggregate={"paid": "median"})
    assert out.frame["paid"].tolist() == [31.7] * 5
    assert "one member's own value" in out.report.aggregate_notes[0]
    assert "one member's own value" in pk.microaggregate(frame, "paid", k=5, function="median").no_promise
    assert not pk.anonymize(frame, "zip", k=5, microaggregate={"paid": "mean"}).report.aggregate_notes


@pytest.mark.parametrize("how", [{"paid": "mean"}, {"age": "median", "paid": "mean"}, {}])
def test_whatever_tells_the_loss_says_that_aggregated_columns_are_not_in_it(how):
    frame = pd.DataFrame(
        {"zip": [*"aabbccdd"], "sex": [*"mfmfmfmf"], "age": range(8), "paid": [1.0, 2, 3, 4, 5, 6, 7, 99]}
    )
    qi = ["zip", "sex", "age"]
    out = pk.anonymize(frame, qi, pk.KAnonymity(2), microaggregate=how or None, suppress=0)
    assert out.report.not_counted == tuple(how)
    assert set(out.report.column_losses) == set(qi) - set(how)
    # What the words say: the measure is the same whatever the aggregated column holds.
    other = frame.assign(paid=frame["paid"] ** 2)
    assert pk.anonymize(other, qi, pk.KAnonymity(2), microaggregate=how or None, suppress=0).loss_ == out.loss_
    words = f"(loss of {', '.join(map(repr, how))} not counted: aggregated)"
    html = [one._repr_html_().replace("&#x27;", "'") for one in (out, out.report)]
    titles = [" ".join(one.plot().get_title(loc="left").split()) for one in (out, out.report)]
    for told in (str(out), str(out.report), *html, *titles):
        assert (words in told) == bool(how)
    assert str(out).splitlines()[0].count(words) == bool(how)
    assert html[0].count("not counted</td>") == len(how)
