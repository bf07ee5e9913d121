"""Times are drawn in their order on an axis of time, dates that are answers too; what was chosen has a picture."""

from __future__ import annotations

import datetime as dt
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num, num2date

import privkit as pk
from privkit.view.parts.words import dates_text
from privkit.view.sheets.released.numbers import spans

DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=place) for place in range(60)]
PLANS = ["a", "b", "c"]
SURE = 50


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    rows = 2000
    moments = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 60 * 24, rows), unit="h")
    return pd.DataFrame(
        {
            "on": moments,
            "day": moments.normalize(),
            "text": moments.strftime("%Y-%m-%d"),
            "plan": rng.choice(PLANS, rows),
            "city": [f"city {place}" for place in rng.geometric(0.2, rows)],
            "age": rng.integers(18, 90, rows),
        }
    )


@pytest.fixture
def ask(frame, ledger_path):
    pk.open_project("times", epsilon=1e5, ceiling=1e4, unit=pk.ROW, store=ledger_path)
    return frame.privacy


def bars(axes):
    return [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in axes.patches]


def drawn_days(axes):
    return [num2date(place).date() for place, _ in bars(axes)]


@pytest.mark.parametrize("column", ["day", "text"])
def test_days_go_from_left_to_right_in_their_order_however_they_were_named(ask, column):
    keys = DAYS[::-1] if column == "day" else [day.isoformat() for day in DAYS[30:] + DAYS[:30]]
    release = ask.dp_count(column, keys=keys, epsilon=SURE)
    axes = release.plot()
    assert drawn_days(axes) == DAYS
    counts = release.to_frame()["count"].sort_index()
    assert [height for _, height in bars(axes)] == counts.tolist()
    axes.figure.canvas.draw()
    names = [text.get_text() for text in axes.get_xticklabels() if text.get_text()]
    assert 2 <= len(names) <= 9
    boxes = [text.get_window_extent() for text in axes.get_xticklabels() if text.get_text()]
    assert not any(one.overlaps(two) for one, two in itertools.pairwise(boxes))
    assert axes.get_xlabel() == column
    assert axes.get_ylabel() == "count"


@pytest.mark.parametrize(
    ("every", "begin", "length"),
    [("week", "2025-12-29", 7), ("month", "2026-01-01", 31), ("quarter", "2026-01-01", 90)],
)
def test_a_window_is_drawn_where_it_lies_and_as_wide_as_it_is(ask, every, begin, length):
    cut = pk.cut("on", every=every, start="2026-01-01", end="2026-05-30")
    axes = ask.dp_count("w", derive={"w": cut}, keys=list(cut.labels)[::-1], epsilon=SURE).plot()
    assert len(axes.patches) == len(cut.labels)
    places = [place for place, _ in bars(axes)]
    assert places == sorted(places)
    assert places[0] == pytest.approx(date2num(pd.Timestamp(begin)) + length / 2)
    assert axes.patches[0].get_width() == pytest.approx(0.86 * length)


def test_moments_stand_at_their_time_in_their_zone(frame, ledger_path):
    frame["on"] = frame["on"].dt.tz_localize("America/New_York", ambiguous="NaT", nonexistent="NaT")
    pk.open_project("zoned", epsilon=1e5, ceiling=1e4, unit=pk.ROW, store=ledger_path)
    keys = [pd.Timestamp("2026-01-01", tz="America/New_York") + pd.Timedelta(hours=place) for place in (5, 3, 1, 2, 9)]
    axes = frame.privacy.dp_count("on", keys=keys, epsilon=SURE).plot()
    assert [place for place, _ in bars(axes)] == pytest.approx(sorted(date2num(key) for key in keys))
    many = [pd.Timestamp("2026-01-01", tz="America/New_York") + pd.Timedelta(hours=place) for place in range(20)]
    axes = frame.privacy.dp_count("on", keys=many, epsilon=SURE).plot()
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_xticklabels()][:2] == ["Jan-01", "03:00"], "midnight in New York"


def test_a_key_of_missing_values_is_told_aside(ask, frame):
    frame.loc[frame["plan"] == "a", "day"] = pd.NaT
    release = frame.privacy.dp_count("day", keys=[*DAYS[:20], None], epsilon=SURE)
    axes = release.plot()
    assert drawn_days(axes) == DAYS[:20]
    assert [text.get_text() for text in axes.texts] == [f"missing: {release.value.iloc[-1]}"]


def test_means_of_windows_are_points_and_each_statistic_has_its_own_axis_of_time(ask):
    cut = pk.cut("on", every="week", start="2026-01-01", end="2026-02-28")
    axes = ask.dp_describe("age", "w", derive={"w": cut}, bounds=(18, 90), epsilon=SURE).plot()
    parts = [part for part in axes.figure.axes if part is not axes]
    assert [part.get_title(loc="left") for part in parts] == ["count", "mean", "std", "quantiles"]
    assert len(parts[0].patches) == len(cut.labels)
    assert not parts[1].patches
    assert parts[0].get_xlim() == parts[1].get_xlim()


@pytest.mark.parametrize(
    ("part", "names"),
    [
        (pk.weekday("on"), ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
        (pk.month("on"), ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]),
        (pk.hour("on"), [str(place) for place in range(0, 24, 2)]),
    ],
)
def test_parts_of_dates_stand_in_their_order(ask, part, names):
    keys = list(part.brings)[::-1]
    release = ask.dp_count("p", derive={"p": part}, keys=keys, epsilon=SURE)
    axes = release.plot()
    assert [height for _, height in bars(axes)] == release.value.sort_index().tolist()
    assert [text.get_text() for text in axes.get_xticklabels()] == names


def test_times_of_a_table_go_from_left_to_right(ask):
    cut = pk.cut("on", every="week", start="2026-01-01", end="2026-02-28")
    asked = {"derive": {"w": cut}, "epsilon": SURE}
    by_time = ask.dp_count(["w", "plan"], keys={"w": list(cut.labels)[::-1], "plan": PLANS}, **asked)
    for release in (by_time, ask.dp_count(["plan", "w"], keys={"plan": PLANS}, **asked)):
        axes, frame = release.plot(), release.to_frame()["count"]
        assert [text.get_text() for text in axes.get_xticklabels()] == list(cut.labels)
        assert [text.get_text() for text in axes.get_yticklabels()] == PLANS
        shown = np.asarray(axes.images[0].get_array(), dtype=float)
        for (row, plan), (column, week) in itertools.product(enumerate(PLANS), enumerate(cut.labels)):
            key = (week, plan) if frame.index.names[0] == "w" else (plan, week)
            assert shown[row, column] == frame.loc[key]


@pytest.mark.parametrize(
    "keys", [["8004", "8005", "2026"], ["2026-01", "other", "more"], ["2026-13", "2026-01", "2026-02"]]
)
def test_what_are_no_times_stays_by_name(ask, frame, keys):
    frame["text"] = "8004"
    axes = frame.privacy.dp_count("text", keys=keys, epsilon=SURE).plot()
    assert [text.get_text() for text in axes.get_xticklabels()] == keys


# -- dates that are answers --------------------------------------------------------------------------------------------

BOUNDS = {"bounds": ("2026-01-01", "2026-03-31")}


def centers(axes):
    return list(axes.lines[0].get_xdata())


@pytest.mark.parametrize("column", ["on", "day"])
def test_a_median_of_dates_is_drawn_on_an_axis_of_time_with_its_interval(ask, column):
    release = ask.dp_median(column, **BOUNDS, epsilon=1)
    axes = release.plot()
    low, high = release.interval()
    assert centers(axes) == [pytest.approx(date2num(release.value))]
    (stem,) = [part.get_segments()[0] for part in axes.collections]
    assert stem[:, 0] == pytest.approx([date2num(low), date2num(high)])
    axes.figure.canvas.draw()
    left, right = axes.get_xlim()
    shown = [text.get_text() for text in axes.get_xticklabels() if left <= text.get_position()[0] <= right]
    assert shown
    assert not any(name.replace(",", "").isdigit() and len(name) > 4 for name in shown), "no count of seconds"
    assert axes.get_xlabel() == column


def test_quantiles_of_dates_stand_below_each_other_and_have_a_chart_each_where_there_are_groups(ask):
    cuts = [0.1, 0.25, 0.5, 0.75]
    for levels in (cuts, [0.05, *cuts, 0.9, 0.95]):
        release = ask.dp_quantile("on", levels, **BOUNDS, epsilon=SURE)
        axes = release.plot()
        names = [f"{100 * level:g}%" for level in levels]
        assert [text.get_text() for text in axes.get_yticklabels()] == names
        assert centers(axes) == pytest.approx([date2num(release.value[name].iloc[0]) for name in names])
    grouped = ask.dp_quantile("on", cuts, "plan", keys=PLANS, **BOUNDS, epsilon=SURE)
    axes = grouped.plot()
    parts = [part for part in axes.figure.axes if part is not axes]
    assert [part.get_title(loc="left") for part in parts] == ["10%", "25%", "50%", "75%"]
    for part in parts:
        expected = [date2num(moment) for moment in grouped.value[part.get_title(loc="left")]]
        assert centers(part) == pytest.approx(expected)


# -- what was chosen ---------------------------------------------------------------------------------------------------

CITIES = [f"city {place}" for place in range(1, 25)]


def test_the_most_frequent_are_drawn_with_their_counts_and_what_else_could_be(ask):
    release = ask.dp_top_k("city", 8, keys=CITIES, epsilon=0.125)
    table = release.possible
    assert table is not None
    assert not table["named"].all()
    axes = release.plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == table["value"].tolist()
    assert [bar.get_width() for bar in axes.patches] == table["count"].tolist()
    assert [not bar.get_hatch() for bar in axes.patches] == table["named"].tolist()
    ends = [tuple(line.get_xdata()) for line in axes.lines]
    assert ends == list(zip(table["lower"], table["upper"], strict=True))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["named", "could be among them"]
    foot = " ".join(axes.figure._supxlabel.get_text().split())
    assert "intervals hold in 95 %" in foot
    assert f"none is short by more than {release.plan.accuracy:g} rows of one that is not named" in foot
    assert ".plot()" in repr(release).splitlines()[-1]


def test_values_chosen_one_after_another_are_listed_by_rank(frame, ledger_path):
    pk.open_project("chosen", epsilon=1e5, ceiling=1e4, unit="id", store=ledger_path)
    people = frame.assign(id=range(len(frame)))
    release = people.privacy.dp_top_k("city", 2, keys=CITIES, max_groups=9, per_group=1, epsilon=SURE)
    assert release.possible is None
    axes = release.plot()
    assert [text.get_text() for text in axes.texts] == release.cells[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["1", "2"]
    assert not axes.patches


def test_bounds_are_a_range_with_its_ends(ask):
    release = ask.dp_bounds("age", epsilon=SURE)
    axes = release.plot()
    assert list(axes.lines[0].get_xdata()) == release.cells[0]
    assert axes.get_xlabel() == "age"


# -- which keys are times ----------------------------------------------------------------------------------------------


class Asked:
    """A question as far as its keys go."""

    def __init__(self, values, derive=()):
        from privkit.values.expression.selection import Selection
        from privkit.values.keys import Keys

        self.keys = Keys(("on",), tuple((value,) for value in values))
        self.selected = Selection(derive=tuple(derive))


@pytest.mark.parametrize(
    "values",
    [
        ["2026-01-01", "2026-02"],
        ["2026-01", "2026-02", "2026-Q1"],
        [dt.date(2026, 1, 1), dt.date(9999, 12, 31)],
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 2)],
        ["2026-02-30", "2026-02-29"],
        [pd.NaT, dt.date(2026, 1, 1), None],
        [1, 2, 3],
        ["a"],
    ],
)
def test_odd_keys_never_fail(values):
    found = spans(Asked(values))
    assert found is None or len(found) == len(values)


def test_kinds_of_names_are_not_mixed_up():
    assert spans(Asked(["2026-01-01", 3])) is None
    assert spans(Asked(["2026-01", "x", "y"])) is None
    assert spans(Asked([dt.date(2026, 1, 1), dt.date(2026, 1, 2), None])) is not None


@pytest.mark.parametrize(
    ("moments", "told"),
    [
        (("2013-07-02 17:28:19", "2013-06-23 10:42:14", "2013-07-12 00:14:23.5"),
         ("2013-07-02", "2013-06-23 to 2013-07-13")),
        (("2013-07-02 17:28:19", "2013-06-23", "2013-07-12"), ("2013-07-02", "2013-06-23 to 2013-07-12")),
        (("2013-07-02 17:28:19", "2013-07-02 12:00:59", "2013-07-02 19:00:01"),
         ("2013-07-02 17:28", "2013-07-02 12:00 to 2013-07-02 19:01")),
        (("2013-07-02 17:28:19.3", "2013-07-02 17:26:00.2", "2013-07-02 17:31:00.4"),
         ("2013-07-02 17:28:19", "2013-07-02 17:26:00 to 2013-07-02 17:31:01")),
        (("2013-07-02 17:28:19.3", "2013-07-02 17:28:19.2", "2013-07-02 17:28:20"),
         ("2013-07-02 17:28:19.300000", "2013-07-02 17:28:19.200000 to 2013-07-02 17:28:20")),
        (("2026-03-29 03:10+02:00", "2026-03-28 23:00+01:00", "2026-03-29 04:00:01+02:00"),
         ("2026-03-29 03:10+02:00", "2026-03-28 23:00+01:00 to 2026-03-29 04:01+02:00")),
    ],
)  # fmt: skip
def test_moments_are_told_as_exactly_as_their_interval_warrants(moments, told):
    """Never an interval that is narrower than the one that is meant, and no seconds where days are uncertain."""
    value, lower, upper = map(pd.Timestamp, moments)
    if lower.tzinfo is not None:
        value, lower, upper = (each.tz_convert("Europe/Zurich") for each in (value, lower, upper))
    assert dates_text(value, lower, upper) == told
    low, high = map(pd.Timestamp, told[1].split(" to "))
    assert low <= lower
    assert upper <= high
