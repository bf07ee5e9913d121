"""Intervals of time (pandas' Period): by their first days, at levels longer than they are themselves."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import privkit as pk
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.hierarchies.proposals import proposal

PERIODS = ("day", "week", "month", "quarter", "year", "decade")
LENGTHS = {"min": -1, "h": -1, "D": 0, "W-SUN": 1, "W-WED": 1, "M": 2, "2M": 2, "Q": 3, "Q-FEB": 3, "Y": 4, "Y-MAR": 4}


@given(freq=st.sampled_from(list(LENGTHS)), days=st.lists(st.dates(), min_size=1, max_size=20, unique=True))
def test_longer_levels_are_those_of_the_first_day_and_no_other_tells_more_than_the_value(freq, days):
    values = pd.Series(pd.PeriodIndex(days, freq=freq)).drop_duplicates(ignore_index=True)
    starts = pd.Series([value.asfreq("D", how="start") for value in values], dtype="period[D]")
    starts = starts.dt.year.map("{:04d}".format) + starts.dt.strftime("-%m-%d").str[-6:]  # the oracle: ISO text
    rule = Hierarchy.dates(*PERIODS)
    for place, period in enumerate(PERIODS):
        found = rule.apply(values, period).tolist()
        if place > LENGTHS[freq]:
            assert found == rule.apply(starts, period).tolist()
        else:
            assert found == [str(value) for value in values]


@pytest.mark.parametrize(
    ("freq", "periods"),
    [
        ("h", "day, month, quarter, year, decade"),
        ("D", "month, quarter, year, decade"),
        ("W", "month, quarter, year, decade"),
        ("M", "quarter, year, decade"),
        ("Q", "year, decade"),
        ("Y", "decade"),
    ],
)
@pytest.mark.parametrize("kind", ["period", "object"])
def test_what_is_proposed_is_longer_than_the_values(freq, periods, kind):
    column = pd.Series(pd.period_range("2026-01", periods=3, freq=freq), name="paid")
    rule, why, doubt = proposal(column.astype(object) if kind == "object" else column)
    assert ", ".join(rule.periods) == periods
    assert why == f"Proposed from the type of paid: intervals of time, by their first days; {periods}."
    assert doubt == ""


def test_months_become_quarters_and_missing_ones_stay_missing():
    months = pd.Series(pd.period_range("2026-01", periods=12, freq="M").repeat(2)).where(
        lambda column: column.index > 1
    )
    frame = pd.DataFrame({"paid": months})
    found = pk.anonymize(frame, ["paid"], k=4, suppress=0.1, keep_index=True)
    assert found.levels_ == {"paid": 1}
    assert found.frame["paid"].dropna().unique().tolist() == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
    assert found.frame.privacy.kanon(["paid"]).k >= 4
    assert pk.audit(frame)["paid"].what == "date"


def test_years_that_no_date_has_are_no_other_years():
    strange = pd.Series(pd.PeriodIndex.from_ordinals([-(10**6), 10**9], freq="M"))
    found = Hierarchy.dates("year").apply(strange, "year").tolist()
    assert found == [str(value.year) if value.year > 0 else found[0] for value in strange]
    assert len(set(found)) == 2


def test_a_release_refuses_them_with_two_ways_that_run(tmp_path):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "ledger.db")
    df = pd.DataFrame({"paid": pd.period_range("2026-01", periods=4, freq="M")})
    with pytest.raises(pk.ColumnKindError, match="take each interval at its start") as refused:
        pk.dp_count(df, by="paid", keys=["2026-01"], epsilon=0.1, project=project)
    told = str(refused.value)
    for way in ("df.astype({'paid': 'str'})", "df.assign(**{'paid': df['paid'].dt.start_time})"):
        assert way in told
        changed = eval(way, {"df": df})
        assert pk.plan.dp_count(changed, by="paid", keys=["2026-01-01"], epsilon=0.1, project=project)
