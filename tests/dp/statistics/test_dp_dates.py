"""Dates: counted by windows of the calendar, their quantiles, and keys however they are written; on every engine."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.dp.dates import told_dates
from privkit.tally.cells.cells import Kind

SURE = 50  # noise of 0 but with a chance of 4e-22
HOURS = pd.date_range("2025-12-27", periods=1500, freq="h")


@pytest.fixture
def project(tmp_path):
    return pk.open_project("dates", epsilon=1e6, delta=0.5, ceiling=1e4, unit=pk.ROW, store=tmp_path / "l.db")


def frames() -> dict[str, object]:
    plain = pd.DataFrame({"on": HOURS, "g": ["a", "b"] * 750})
    plain.loc[3, "on"] = None
    polars = pytest.importorskip("polars").from_pandas(plain)
    import duckdb

    return {
        "pandas": plain,
        "pandas arrow": plain.astype({"on": "timestamp[ms][pyarrow]"}),
        "polars": polars,
        "polars lazy": polars.lazy(),
        "duckdb": duckdb.from_arrow(polars.to_arrow()),
        "pyarrow": polars.to_arrow(),
    }


ENGINES = ["pandas", "pandas arrow", "polars", "polars lazy", "duckdb", "pyarrow"]


@pytest.mark.parametrize("every", ["day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.sample(0.4)
def test_orders_per_window_are_those_of_pandas(project, engine, every):
    found = pk.dp_histogram(
        frames()[engine], "on", every=every, start="2025-12-20", end="2026-01-31", epsilon=SURE, version="1"
    ).value
    frequency = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}[every]
    periods = HOURS.delete(3).to_period(frequency)
    expected = pd.Series(periods).value_counts()
    for period in pd.period_range("2025-12-20", "2026-01-31", freq=frequency):
        label = {"month": str(period), "year": str(period), "quarter": str(period).replace("Q", "-Q")}
        assert found.pop(label.get(every, str(period.start_time.date()))) == expected.get(period, 0)
    assert found.empty


def test_a_histogram_of_dates_is_a_count_by_a_cut_and_replays_as_one(project):
    frame = frames()["pandas"]
    asked = {"every": "month", "start": "2025-12-01", "end": "2026-02-01"}
    one = frame.privacy.dp_histogram("on", by="g", keys=["a", "b"], epsilon=1, **asked)
    again = frame.privacy.dp_count(
        ["g", "month of on"], keys={"g": ["a", "b"]}, derive={"month of on": pk.cut("on", **asked)}, epsilon=1
    )
    assert again.replayed
    assert again.value.equals(one.value)
    assert one.value.index.names == ["g", "month of on"]
    bins = frame.privacy.dp_histogram("on", bins=[dt.date(2026, 1, 1), "2026-01-11"], epsilon=SURE).value
    assert bins.to_dict() == {"[2026-01-01, 2026-01-11)": 240}
    assert len(project.ledger.to_frame()) == 2
    project.ledger.verify()


def test_windows_of_instants_are_those_of_their_own_zone(project):
    moments = pd.to_datetime(["2026-01-31T23:30Z", "2026-02-01T00:30Z", "2026-03-29T01:30Z"])
    asked = {"every": "month", "start": "2026-01-01", "end": "2026-03-31", "epsilon": SURE}
    for zone, counts in (("UTC", [1, 1, 1]), ("Europe/Zurich", [0, 2, 1]), ("America/New_York", [2, 0, 1])):
        frame = pd.DataFrame({"on": moments.tz_convert(zone)})
        assert pk.dp_histogram(frame, "on", **asked).value.tolist() == counts


def test_parts_of_dates_bring_their_keys(project):
    frame = frames()["pandas"]
    found = frame.privacy.dp_count("m", derive={"m": pk.month("on")}, epsilon=SURE).value
    expected = HOURS.delete(3).month.value_counts()
    assert found.to_dict() == {month: expected.get(month, 0) for month in range(1, 13)}
    assert (
        len(frame.privacy.dp_count(["w", "h"], derive={"w": pk.weekday("on"), "h": pk.hour("on")}, epsilon=1).value)
        == 168
    )
    shown = frame.privacy.dp_count(
        "m", derive={"m": pk.month("on")}, epsilon=SURE, delta=1e-6
    )  # as before: they show up
    assert set(shown.value.index) == {12, 1, 2}
    with pytest.raises(pk.KeysError, match="needs keys"):
        frame.privacy.dp_count("y", derive={"y": pk.year("on")}, epsilon=1)


# -- keys --------------------------------------------------------------------------------------------------------------

WAYS = [dt.date(2026, 1, 1), dt.datetime(2026, 1, 1), pd.Timestamp("2026-01-01"), "2026-01-01", "2026-01-01T00:00"]


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "datetime64[s]", "timestamp[us][pyarrow]", "date32[pyarrow]"])
def test_a_key_of_a_date_is_one_however_it_is_written(project, dtype):
    days = HOURS if "32" not in dtype else HOURS.normalize()
    frame = pd.DataFrame(
        {"on": pd.Series(days).dt.date.astype(dtype) if "32" in dtype else pd.Series(days).astype(dtype)}
    )
    found = [frame.privacy.dp_count("on", keys=[way], epsilon=SURE) for way in WAYS]
    assert {release.value.iloc[0] for release in found} == {24 if "32" in dtype else 1}
    assert [release.replayed for release in found] == [False, True, True, True, True]
    with pytest.raises(pk.KeysError, match="doubled"):
        frame.privacy.dp_count("on", keys=WAYS[:2], epsilon=1)
    with pytest.raises(pk.KeysError, match="of type text"):
        frame.privacy.dp_count("on", keys=["yesterday"], epsilon=1)
    assert frame.privacy.dp_top_k("on", 1, keys=["2026-01-01", "2031-01-01"], epsilon=SURE).value == [
        found[0].value.index[0]
    ]


def test_dates_without_a_zone_where_zones_differ_are_refused_and_nothing_is_spent(project):
    zurich = ZoneInfo("Europe/Zurich")
    frame = pd.DataFrame({"z": HOURS.tz_localize("UTC").tz_convert(zurich), "on": HOURS})
    aware = dt.datetime(2026, 1, 1, tzinfo=zurich)
    for naive in ("2026-01-01", dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 8)):
        with pytest.raises(pk.ZoneError, match=r"has no time zone(.|\n)*No budget was spent"):
            frame.privacy.dp_count("z", keys=[naive], epsilon=1)
        with pytest.raises(pk.ZoneError, match=r"'z' is datetime with time zone"):
            frame.privacy.dp_median("z", bounds=(naive, aware), epsilon=1)
    for zoned in (aware, "2026-01-01T00:00Z"):
        with pytest.raises(pk.ZoneError, match="without a time zone"):
            frame.privacy.dp_count("on", keys=[zoned], epsilon=1)
        with pytest.raises(pk.ZoneError, match="without a time zone"):
            frame.privacy.dp_quantile("on", 0.25, candidates=["2026-01-01", zoned], epsilon=1)
    assert len(project.ledger) == 0
    one = frame.privacy.dp_count("z", keys=[aware], epsilon=SURE)
    assert one.value.tolist() == [1]
    assert frame.privacy.dp_count("z", keys=["2025-12-31T23:00Z"], epsilon=SURE).replayed
    assert issubclass(pk.ZoneError, pk.KeysError)
    assert issubclass(pk.ZoneError, pk.ParameterError)


# -- medians -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_median_of_datetimes_is_the_nearest_candidate_to_the_real_one(project, engine):
    found = pk.dp_median(frames()[engine], "on", bounds=("2025-12-01", "2026-12-01"), epsilon=SURE, version="1").value
    real = HOURS.delete(3).to_series().quantile(0.5, interpolation="lower")
    assert isinstance(found, pd.Timestamp)
    assert abs(found - real) <= pd.Timedelta(days=365) / 1000


def test_quantiles_of_days_are_days(project):
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=number % 101) for number in range(1010)]
    frame = pd.DataFrame({"on": pd.Series(days).astype("date32[pyarrow]"), "g": ["a", "b"] * 505})
    one = frame.privacy.dp_median("on", bounds=("2026-01-01", "2026-12-31"), epsilon=SURE)
    assert one.value == dt.date(2026, 2, 20)
    several = frame.privacy.dp_quantile(
        "on", [0.25, 0.5], "g", keys=["a", "b"], bounds=("2026-01-01", "2026-12-31"), epsilon=2 * SURE
    )
    assert [type(value) for value in several.value["25%"]] == [dt.date, dt.date]
    tree = frame.privacy.dp_quantile(
        "on", [n / 10 for n in range(1, 8)], bounds=("2026-01-01", "2026-12-31"), epsilon=SURE
    )
    told = tree.to_frame()
    assert (told["lower"] <= told["10%"]).all()
    assert (told["10%"] <= told["upper"]).all()
    assert told["50%"].iloc[0] == one.value
    chosen = frame.privacy.dp_median("on", candidates=["2026-02-01", dt.date(2026, 3, 1)], epsilon=SURE)
    assert chosen.value == dt.date(2026, 3, 1)
    for release in (one, several, tree):
        assert "2026-0" in repr(release)
        assert "2026-0" in release._repr_html_()
        assert "from 2026-01-01 to 2026-12-31" in " ".join(release.plan.notes)
        release.plot()


def test_a_median_of_instants_comes_in_their_zone_and_replays(project):
    frame = pd.DataFrame({"z": HOURS.tz_localize("UTC").tz_convert("Europe/Zurich")})
    bounds = ("2025-12-01T00:00+01:00", dt.datetime(2026, 12, 1, tzinfo=ZoneInfo("Europe/Zurich")))
    one = frame.privacy.dp_median("z", bounds=bounds, epsilon=1)
    assert str(one.value.tz) == "Europe/Zurich"
    again = frame.privacy.dp_median("z", bounds=("2025-11-30T23:00Z", bounds[1]), epsilon=1)
    assert again.replayed
    assert again.value == one.value
    assert project.ledger.verify()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_candidates_are_exact_in_every_unit(project, unit):
    """Whole seconds as floats: what comes out is what was typed, to the nanosecond."""
    for typed in ("1700-01-01T00:00:02", "2026-11-29T02:10:11", "2100-02-28T23:59:59"):
        frame = pd.DataFrame({"on": pd.Series(pd.to_datetime([typed] * 9)).astype(f"datetime64[{unit}]")})
        candidates = ["1690-01-01", typed, "2110-01-01"]
        assert frame.privacy.dp_median("on", candidates=candidates, epsilon=SURE).value == pd.Timestamp(typed)


def test_candidates_between_dates_are_exact_however_far_they_are():
    from privkit.project.dp.quantiles import date_candidates

    for unit, far in (("ns", "2262-04-11"), ("us", "9999-12-31"), ("s", "9999-12-31")):
        found = date_candidates(Kind("instant", unit), "on", ("1678-01-01T00:00:02", far), None)
        told = told_dates(Kind("instant", unit), np.array(found))
        assert list(told) == sorted(set(told))
        assert {moment.microsecond for moment in pd.DatetimeIndex(told)} == {0}
        assert str(told[0]) == "1678-01-01 00:00:02"
        assert str(told[-1].date()) == far


def test_the_end_of_an_interval_never_leaves_out_what_it_held():
    days = Kind("date", "D")
    assert told_dates(days, np.array([0.5]))[0] == dt.date(1970, 1, 1)
    assert told_dates(days, np.array([0.5]), up=True)[0] == dt.date(1970, 1, 2)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "needs bounds=.first, last., two days"),
        ({"bounds": (0, 1)}, "an int among them"),
        ({"bounds": ("2026-01-01",)}, "two days or datetimes"),
        ({"bounds": ("2026-02-01", "2026-01-01")}, "in their order"),
        ({"bounds": ("2026-01-01", "soon")}, "a str among them"),
        ({"bounds": ("2026-01-01", pd.NaT)}, "among them"),
        ({"bounds": ("2026-01-01", "2026-01-01T00:00:00.5")}, "a part of a second"),
        ({"bounds": ("2026-01-01", "2027-01-01"), "candidates": ["2026-01-01"]}, "not both"),
        ({"candidates": []}, "a list of dates"),
        ({"candidates": ["2026-01-01", dt.date(2026, 1, 1)]}, "more than once"),
    ],
)
def test_bounds_that_are_no_dates_are_refused_before_anything_is_spent(project, given, told):
    with pytest.raises((pk.ParameterError, pk.BoundsRequiredError), match=rf"{told}(.|\n)*No budget was spent"):
        frames()["pandas"].privacy.dp_median("on", epsilon=1, **given)
    with pytest.raises(pk.NotPublicError):
        frames()["pandas"].privacy.dp_median("on", epsilon=1, bounds=(HOURS[0].to_datetime64(), HOURS[1]))
    assert len(project.ledger) == 0


def test_histograms_say_what_they_need(project):
    frame = frames()["pandas"]
    for given, told in (
        ({}, "every='week'"),
        ({"bins": [1, 2]}, "holds dates"),
        ({"bins": ["2026-01-01", "2026-02-01"], "every": "week"}, "in its place"),
        ({"every": "week"}, "all three"),
        (
            {"every": "week", "start": "2026-01-01", "end": "2026-02-01", "derive": {"week of on": "g == 'a'"}},
            "the bins are called",
        ),
    ):
        with pytest.raises(pk.ParameterError, match=rf"{told}(.|\n)*No budget was spent"):
            frame.privacy.dp_histogram("on", epsilon=1, **given)
    with pytest.raises(pk.ColumnKindError, match="every=, which counts the dates"):
        frame.privacy.dp_histogram("g", every="week", start="2026-01-01", end="2026-02-01", epsilon=1)


def test_what_a_lazy_engine_sends_for_a_median_of_dates_is_told(project):
    lazy = frames()["polars lazy"]
    assert pk.plan.dp_median(lazy, "on", bounds=("2026-01-01", "2026-02-01"), epsilon=1).fetched == (
        "the column 'on' of all rows",
    )


def test_a_plan_tells_which_missing_values_its_condition_leaves_out(project):
    frame = pd.DataFrame({"x": [1.0, 99, None, None]})
    plan = frame.privacy.plan.dp_count(where="x != 99", epsilon=SURE)
    note = next(note for note in plan.notes if "'x' is missing" in note)
    assert plan.release().value == 1
    hint = note.partition("add: ")[2]
    kept = frame.privacy.plan.dp_count(where=f"x != 99 {hint}", epsilon=SURE)
    assert kept.release().value == 3 == (frame["x"] != 99).sum()  # as pandas has it
    assert not [note for note in kept.notes if "is missing" in note and "leaves out" in note]
    choice = {"g": pk.when("x > 50", "large").otherwise("small")}
    plan = frame.privacy.plan.dp_count("g", derive=choice, epsilon=SURE)
    assert plan.release().value.to_dict() == {"large": 1, "small": 3}
    assert any("pk.when('x is missing', ...)" in note for note in plan.notes)


def test_days_as_keys_of_moments_say_that_they_are_midnight_and_finer_text_is_not_cut_off(ledger_path):
    pk.open_project("midnight", epsilon=99, unit=pk.ROW, store=ledger_path)
    moments = pd.to_datetime(["2026-01-05", "2026-01-05 10:00", "2026-01-06"], format="mixed")
    frame = pd.DataFrame({"t": moments})
    plan = pk.plan.dp_count(frame, "t", keys=["2026-01-05"], epsilon=1)
    assert any("midnight" in note and "pk.cut('t', every='day'" in note for note in plan.notes)
    exact = pk.plan.dp_count(frame, "t", keys=["2026-01-05T10:00"], epsilon=1)
    assert not any("midnight" in note for note in exact.notes)
    with pytest.raises(pk.KeysError):
        pk.plan.dp_count(frame, "t", keys=["2026-01-05T10:00:00.0000001"], epsilon=1)
    whole = {"derive": {"day": pk.cut("t", every="day", start="2026-01-05", end="2026-01-06")}}
    assert pk.plan.dp_count(frame, "day", epsilon=9, **whole).check().to_frame()["count"].tolist() == [2, 1]


@pytest.mark.parametrize("grouped", [{}, {"by": "g", "keys": ["a", "b"]}, {"by": "g", "delta": 1e-6}])
def test_notes_tell_candidates_as_dates_whatever_the_groups(project, grouped):
    plans = frames()["pandas"].privacy.plan
    bounds = ("2026-01-01", "2026-12-31")
    for plan in (
        plans.dp_median("on", bounds=bounds, epsilon=1, **grouped),
        plans.dp_quantile("on", [0.25, 0.5], bounds=bounds, epsilon=1, **grouped),
    ):
        told = [note for note in plan.notes if "public candidates" in note]
        assert told
        for note in told:
            assert "from 2026-01-01 00:00:00 to 2026-12-31 00:00:00" in note
