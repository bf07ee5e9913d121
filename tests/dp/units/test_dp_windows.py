"""A unit within a calendar window: told apart exactly, bounded on its own, stated wherever the project is."""

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, exact, norms
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.budget.terms import ProjectTerms
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.sums import Sum
from privkit.project.dp.counts import dp_count
from privkit.tally.cells.columns import cells_of_series
from privkit.tally.frame import engine_of
from privkit.tally.rows import units
from privkit.tally.rows import windows as windows_of_cells
from privkit.values.bounds import ContributionBounds, ValueBounds
from privkit.values.loss import PrivacyLoss
from privkit.values.unit import PERIODS, PrivacyUnit

QUICK = settings(max_examples=40)
#: pandas' own names of the periods: the oracle.
ALIASES = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
DATES = st.datetimes(pd.Timestamp("1900-01-01").to_pydatetime(), pd.Timestamp("2100-12-31").to_pydatetime())


def windows(column, per):
    return windows_of_cells(cells_of_series(column), per)


def units_of(frame, unit):
    return units(engine_of(frame).collect(unit.columns), unit)


@st.composite
def visits(draw):
    """Rows of persons at dates near the borders of windows, with missing ids and dates."""
    rows = draw(st.integers(0, 16))
    near = st.sampled_from(
        ["2025-12-31 23:59", "2026-01-01 00:00", "2026-01-05 09:00", "2026-03-31 12:00", "2026-04-01 00:00", None]
    )
    return pd.DataFrame(
        {
            "who": pd.Series(
                draw(st.lists(st.sampled_from(["p", "q", None]), min_size=rows, max_size=rows)), dtype=object
            ),
            "on": pd.to_datetime(pd.Series(draw(st.lists(near, min_size=rows, max_size=rows)), dtype=object)),
            "k": pd.Series(draw(st.lists(st.sampled_from(["a", "b"]), min_size=rows, max_size=rows)), dtype=object),
            "x": pd.Series(draw(st.lists(st.sampled_from([0.0, 3.0, np.inf, np.nan]), min_size=rows, max_size=rows))),
        }
    )


@given(st.lists(DATES, min_size=1, max_size=20), st.sampled_from(PERIODS))
def test_windows_are_those_of_pandas(dates, per):
    column = pd.Series(pd.to_datetime(dates))
    found, periods = windows(column, per), column.dt.to_period(ALIASES[per])
    for place in range(len(dates)):
        assert ((found == found[place]) == (periods == periods[place]).to_numpy()).all()
    order = np.argsort(column.to_numpy(), kind="stable")
    assert (np.diff(found[order]) >= 0).all()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York", "Etc/GMT+1"])
def test_a_date_outside_the_years_1_to_9999_is_in_no_window_like_a_missing_one(unit, zone):
    edge = np.array([np.iinfo(np.int64).max, np.iinfo(np.int64).min + 1, 0, np.iinfo(np.int64).min], dtype="int64")
    column = pd.Series(edge.view(f"datetime64[{unit}]"))
    if zone is not None:
        column = column.dt.tz_localize("UTC").dt.tz_convert(zone)
    for per in PERIODS:
        found = windows(column, per)
        none = found == np.iinfo(np.int64).min
        assert none.tolist() == ([False, False, False, True] if unit == "ns" else [True, True, False, True])


@pytest.mark.parametrize(
    "cast",
    [
        lambda s: s.dt.tz_localize("Asia/Tokyo"),
        lambda s: s.astype("timestamp[us][pyarrow]"),
        lambda s: s.astype("timestamp[ns][pyarrow]").dt.tz_localize("Europe/Berlin"),
        lambda s: s.astype("date32[pyarrow]"),
        lambda s: s.astype("category"),
        lambda s: s.dt.tz_localize("America/Port-au-Prince"),
    ],
    ids=["zone", "arrow", "arrow with zone", "arrow date", "categories", "underscore"],
)
def test_every_kind_of_date_tells_the_same_local_window(cast):
    plain = pd.Series(pd.to_datetime(["2026-01-01 00:30", "2025-12-31 23:30", None, "2026-04-01 12:00"]))
    for per in PERIODS:
        assert windows(cast(plain), per).tolist() == windows(plain, per).tolist()


@QUICK
@given(frame=visits(), per=st.sampled_from(PERIODS))
def test_rows_are_of_one_unit_where_person_and_window_agree(frame, per):
    codes = units_of(frame, PrivacyUnit("who", per, "on")).codes
    period = frame["on"].dt.to_period(ALIASES[per])
    for i in range(len(frame)):
        known = frame["who"][i] is not None and not pd.isna(frame["on"][i])
        assert (codes[i] >= 0) == known
        for j in range(i):
            if known and codes[j] >= 0:
                assert (codes[i] == codes[j]) == (frame["who"][i] == frame["who"][j] and period[i] == period[j])


@QUICK
@given(frame=visits(), per=st.sampled_from(PERIODS), salt=st.binary(min_size=16, max_size=16))
def test_a_units_hash_is_that_of_its_own_id_and_window(frame, per, salt):
    found = units_of(frame, PrivacyUnit("who", per, "on"))
    known = np.flatnonzero(found.codes >= 0)
    hashed = found.hashed(found.codes[known], salt)
    for place, row in enumerate(known):
        alone = units_of(frame.iloc[[row]], PrivacyUnit("who", per, "on"))
        assert alone.hashed(alone.codes, salt) == hashed[place]
    assert len(np.unique(hashed)) == len(np.unique(found.codes[known]))


BOUNDS = [ContributionBounds(max_rows=1), ContributionBounds(max_rows=2), ContributionBounds(max_groups=1, per_group=2)]


@QUICK
@given(frame=visits(), bounds=st.sampled_from(BOUNDS), salt=st.binary(min_size=16, max_size=16))
def test_what_one_person_has_in_one_window_moves_the_answer_within_the_bounds(frame, bounds, salt):
    """And what the same person has in other windows stays as it was, for each salt."""
    unit = PrivacyUnit("who", "quarter", "on")
    asked = [Count(), Sum("x", ValueBounds(0.0, 3.0))]
    for statistic in asked:
        question = ask(statistic, "k", ["a", "b"])
        question = Question(statistic, unit, bounds, question.keys)
        whole, norm = exact(question, frame, salt), question.sensitivity
        period = frame["on"].dt.to_period("Q")
        parts = np.zeros_like(whole)
        for person in ("p", "q"):
            for quarter in period.dropna().unique():
                own = ((frame["who"] == person) & (period == quarter)).to_numpy()
                moved = whole - exact(question, frame[~own], salt)
                l0, l1, l2, linf = norms(moved)
                assert (l0 <= norm.l0, l1 <= norm.l1, l2 <= norm.l2 * (1 + 1e-12), linf <= norm.linf) == (True,) * 4
                assert (moved == exact(question, frame[own], salt)).all()
                parts += moved
        assert (parts == whole).all()


def test_a_window_bounds_each_window_alone():
    frame = pd.DataFrame({"who": ["p"] * 10, "on": pd.to_datetime(["2026-01-10"] * 5 + ["2026-04-10"] * 5)})
    question = Question(Count(), PrivacyUnit("who", "quarter", "on"), ContributionBounds(max_rows=2))
    assert exact(question, frame).tolist() == [4]
    yearly = Question(Count(), PrivacyUnit("who", "year", "on"), ContributionBounds(max_rows=2))
    assert exact(yearly, frame).tolist() == [2]


@pytest.fixture
def project(ledger_path):
    return pk.open_project(
        "visits", epsilon=10, unit="who", per="quarter", time="on", max_rows=2, store=ledger_path, ceiling=10
    )


@pytest.fixture
def calls():
    days = pd.to_datetime(["2026-01-10", "2026-02-10", "2026-03-10", "2026-04-10"] * 100)
    return pd.DataFrame({"who": np.repeat(np.arange(100), 4), "on": days, "k": ["a"] * 400})


def test_the_plan_and_the_project_say_what_is_protected(project, calls):
    plan = calls.privacy.plan.dp_count(epsilon=1)
    told = str(plan)
    assert "all rows of one 'who' within one quarter of 'on'" in told
    assert "over n of them a person loses up to n times as much" in told
    assert plan.sensitivity["L1"] == 2
    assert "within one quarter" in repr(project)
    assert plan.release().provenance.unit == "all rows of one 'who' within one quarter of 'on'"


def test_the_release_counts_each_window(project, calls):
    assert abs(calls.privacy.dp_count(epsilon=9).value - 300) <= 20


def test_a_lazy_engine_counts_the_same(project, calls):
    pl = pytest.importorskip("polars")
    assert abs(dp_count(pl.from_pandas(calls), epsilon=9).value - 300) <= 20


def test_the_window_is_a_term_of_the_project(project, ledger_path):
    again = pk.open_project("visits", store=ledger_path)
    assert again.unit == PrivacyUnit("who", "quarter", "on")
    for other in ({"unit": "who"}, {"unit": "who", "per": "year", "time": "on"}):
        with pytest.raises(pk.ProjectMismatchError):
            pk.open_project("visits", epsilon=10, store=ledger_path, **other)


def test_terms_without_a_window_are_written_as_before():
    terms = ProjectTerms(PrivacyLoss.of(epsilon=1), PrivacyUnit("who")).completed()
    assert "unit_window" not in terms.to_json()
    windowed = ProjectTerms(PrivacyLoss.of(epsilon=1), PrivacyUnit("who", "week", "on")).completed()
    assert ProjectTerms.from_json(windowed.to_json()) == windowed
    assert ProjectTerms.from_json(terms.to_json()) == terms


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"unit": "who", "per": "decade", "time": "on"}, "'decade'"),
        ({"unit": "who", "per": 3, "time": "on"}, "an int"),
        ({"unit": "who", "per": "week"}, "the column of dates"),
        ({"unit": "who", "time": "on"}, "one of 'day'"),
        ({"unit": "who", "per": "week", "time": "who"}, "the column of dates"),
        ({"unit": pk.ROW, "per": "week", "time": "on"}, "protects single rows"),
    ],
)
def test_a_window_without_its_parts_is_refused(ledger_path, given, words):
    with pytest.raises(pk.ParameterError, match=words):
        pk.open_project("bad", epsilon=1, store=ledger_path, **given)


def test_a_column_of_no_dates_is_refused_by_its_type(project, calls):
    with pytest.raises(pk.ColumnKindError, match="needs dates") as caught:
        calls.assign(on="2026-01-01 CANARY-7f3a").privacy.dp_count(epsilon=1)
    assert "CANARY" not in str(caught.value)
    with pytest.raises(pk.ColumnNotFoundError, match="within one quarter"):
        calls.drop(columns="on").privacy.dp_count(epsilon=1)
    assert project.spent.epsilon == 0


def test_a_time_zone_without_known_rules_is_refused_by_the_schema(project, calls):
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pandas(calls)
    there = table.set_column(1, "on", table["on"].cast(pa.timestamp("us", "Mars/Base")))
    for frame in (there, there.slice(0, 0)):
        with pytest.raises(pk.ColumnKindError, match="time zone 'Mars/Base' are not known"):
            dp_count(frame, epsilon=1)
    assert project.spent.epsilon == 0


def test_another_window_is_another_question(project, calls):
    plan = calls.privacy.plan.dp_count(epsilon=1)
    assert plan.canonical()["unit_window"] == ["quarter", "on"]


@pytest.mark.parametrize("missing", [{"who": 7}, {"on": "2026-01-01"}, {"k": "none", "who": 7}])
def test_no_value_stands_for_a_missing_id_or_date_of_the_unit(project, calls, missing):
    """It would put rows of nobody among those of one person, who may then move the answer by twice the bound."""
    with pytest.raises(pk.UnitColumnError, match="tells apart what is protected"):
        calls.privacy.dp_count(epsilon=1, missing=missing)
    assert project.spent.epsilon == 0
    assert calls.privacy.plan.dp_count(epsilon=1, missing={"who": "drop", "k": "none"}).sensitivity["L1"] == 2
