"""What is drawn of a release is what it says: each bar, point, whisker and cell is a number of its frame."""

from __future__ import annotations

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.dp.dates import limits_in
from privkit.values.writing import to_error

SEXES, PLANS = ["f", "m"], ["a", "b", "c"]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def ask(ledger_path):
    rng = np.random.default_rng(5)
    rows = 3000
    pk.open_project("drawn", epsilon=100, unit=pk.ROW, store=ledger_path)
    return pd.DataFrame(
        {
            "sex": rng.choice(SEXES, rows),
            "plan": rng.choice(PLANS, rows),
            "zip": rng.integers(0, 90, rows).astype(str),
            "age": rng.integers(18, 90, rows),
            "age_too": rng.integers(18, 90, rows),
        }
    ).privacy


def whiskers(axes, across):
    """Return the ends of all whiskers, in the direction of the numbers."""
    ends = [segment[:, 0 if across else 1] for part in axes.collections for segment in part.get_segments()]
    return np.sort(np.array(ends), axis=1)


def framed(release):
    frame = release.to_frame()
    return [np.asarray(frame[frame.columns[place]], dtype=float) for place in (0, 1, 2)]


@pytest.mark.parametrize("count", [3, 90])
def test_bars_of_counts_and_their_whiskers(ask, count):
    release = ask.dp_count("zip", keys=[str(place) for place in range(count)], epsilon=1)
    axes, across = release.plot(), count > 14
    values, lower, upper = framed(release)
    drawn = [bar.get_width() if across else bar.get_height() for bar in axes.patches]
    assert np.allclose(drawn, values)
    assert np.allclose(whiskers(axes, across), np.column_stack([lower, upper]))
    names = [text.get_text() for text in (axes.get_yticklabels() if across else axes.get_xticklabels())]
    places = axes.get_yticks() if across else axes.get_xticks()
    assert names == [str(place) for place in places]
    assert len(names) <= 60
    foot = axes.figure._supxlabel.get_text()
    told = "ε = 1 · an attacker's advantage is at most 0.463 · protects one row · intervals hold in 95 %"
    assert " ".join(foot.split()) == told


def test_means_are_points_on_an_axis_near_them(ask):
    release = ask.dp_mean("age", "plan", keys=PLANS, bounds=(18, 90), epsilon=3)
    axes = release.plot()
    values, lower, upper = framed(release)
    assert not axes.patches
    assert np.allclose(axes.lines[0].get_ydata(), values)
    assert np.allclose(whiskers(axes, across=False), np.column_stack([lower, upper]))
    assert axes.get_ylim()[0] > 0


@pytest.mark.parametrize("by", [{}, {"by": "plan", "keys": PLANS}])
def test_a_mean_of_less_than_nobody_is_drawn_within_its_interval(ask, by):
    """Noise has taken all rows and more: what its cells contradict least is at an end of the bounds."""
    release = ask.dp_mean("age", bounds=(18, 90), epsilon=1, **by)
    drawn = np.tile([[0, -8 * release.plan.question.asked.full]], (len(release.drawn), 1))
    beside = replace(release, drawn=drawn)
    values, lower, upper = framed(beside)
    assert ((lower > 18) & (lower <= values) & (values <= upper)).all()
    axes = beside.plot()
    axes.figure.canvas.draw()
    assert np.allclose(axes.lines[0].get_ydata() if by else axes.lines[0].get_xdata(), values)


def test_an_interval_without_ends_is_drawn_and_told(ask):
    """Noise can make a small fit singular, and a small ratio anything: the picture says so, as the text does."""
    fit = ask.dp_ols("age", "age_too", bounds={"age": (18, 90), "age_too": (-1e9, 1e9)}, epsilon=0.1)
    assert not np.isfinite(fit.to_frame()[["lower", "upper"]].to_numpy()).any()
    figure = fit.plot().figure
    figure.canvas.draw()
    told = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert told.count("−∞ to ∞") == 2
    lesson = pk.open_project("lesson", epsilon=1, unit=pk.ROW, simulate=True, seed=7)
    count = ask.dp_count(where="age == 0", epsilon=0.1, project=lesson)
    share = count / count
    assert not np.isfinite(share.interval()).any()
    assert "−∞ to ∞" in repr(share)
    share.plot().figure.canvas.draw()


def test_a_histogram_has_the_axis_of_its_column(ask):
    release = ask.dp_histogram("age", bins=[18, 30, 60, 90], epsilon=1)
    axes = release.plot()
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches] == [(18, 30), (30, 60), (60, 90)]
    assert np.allclose([bar.get_height() for bar in axes.patches], framed(release)[0])


def test_a_crosstab_is_a_table_with_its_numbers(ask):
    release = ask.dp_crosstab("plan", "sex", keys={"plan": PLANS, "sex": SEXES}, epsilon=1)
    axes = release.plot()
    shown = np.asarray(axes.images[0].get_array(), dtype=float)
    frame = release.to_frame()
    told = {text.get_position(): float(text.get_text().replace(",", "")) for text in axes.texts}
    for row, plan in enumerate(PLANS):
        for column, sex in enumerate(SEXES):
            expected = frame["count"].loc[(plan, sex)]
            assert shown[row, column] == pytest.approx(expected)
            assert told[column, row] == pytest.approx(expected, abs=0.5)
    assert [text.get_text() for text in axes.get_yticklabels()] == PLANS


def test_all_quantiles_are_drawn(ask):
    cuts = [0.1, 0.25, 0.5, 0.75, 0.9]
    release = ask.dp_quantile("age", cuts, bounds=(18, 90), epsilon=2)
    axes = release.plot()
    names = [f"{100 * cut:g}%" for cut in cuts]
    assert [text.get_text() for text in axes.get_xticklabels()] == names
    assert list(axes.lines[0].get_ydata()) == [release.to_frame()[name].iloc[0] for name in names]
    grouped = ask.dp_quantile("age", cuts, "sex", keys=SEXES, bounds=(18, 90), epsilon=2)
    fan, frame = grouped.plot(), grouped.to_frame()
    bars, marks = fan.collections[::2], fan.collections[1::2]  # of each quantile its intervals, then its points
    for name, reached, points in zip(names, bars, marks, strict=True):
        assert points.get_label() == name
        assert list(points.get_offsets()[:, 1]) == list(frame[name])
        lower, upper = limits_in(frame, name, names[0])
        ends = np.sort([segment[:, 1] for segment in reached.get_segments()], axis=1)
        assert np.allclose(ends, np.column_stack([lower, upper]))
    places = np.concatenate([points.get_offsets()[:, 0] for points in marks])
    assert len(set(places.round(6))) == len(names) * len(SEXES)  # none lies on another


def parts_of(axes):
    return [part for part in axes.figure.axes if part is not axes]


def test_each_of_several_numbers_has_a_chart_with_its_own_axis_and_unit(ask):
    release = ask.dp_describe("age", bounds=(18, 90), epsilon=5)
    axes, frame = release.plot(), release.to_frame()
    parts = parts_of(axes)
    assert [part.get_title(loc="left") for part in parts] == ["count", "mean", "std", "quantiles"]
    assert [part.get_xlabel() for part in parts] == ["rows", "age", "age", ""]
    assert parts[3].get_ylabel() == "age"
    for part, name in zip(parts, ("count", "mean", "std"), strict=False):
        assert list(part.lines[0].get_xdata()) == [frame[name].iloc[0]]
    assert list(parts[3].lines[0].get_ydata()) == [frame[name].iloc[0] for name in ("25%", "50%", "75%")]
    mine = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    release.plot(ax=mine)
    assert [part.get_title(loc="left") for part in mine.child_axes] == ["count", "mean", "std", "quantiles"]


def test_a_query_by_group_never_has_two_statistics_on_one_axis(ask):
    asked = {"n": "count", "m": ("mean", "age", (18, 90)), "s": ("sum", "age", (0, 90)), "v": ("var", "age", (18, 90))}
    release = ask.dp_query(asked, "plan", keys=PLANS, epsilon=5)
    parts, frame = parts_of(release.plot()), release.to_frame()
    assert [part.get_title(loc="left") for part in parts] == list(asked)
    assert [part.get_ylabel() for part in parts] == ["rows", "age", "age", "age²"]
    for part, name in zip(parts, asked, strict=True):
        totals = [bar.get_height() for bar in part.patches]
        drawn = totals or list(part.lines[0].get_ydata())
        assert bool(totals) == (name in "ns"), "bars stand on zero: totals alone"
        assert np.allclose(drawn, frame[name])
        prefix = "" if name == "n" else f"{name}_"
        ends = np.column_stack([frame[f"{prefix}lower"], frame[f"{prefix}upper"]])
        assert np.allclose(whiskers(part, across=False), ends)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_charts_do_not_cover_each_other_nor_the_title(ask, count):
    asked = {f"sum {place}": ("sum", "age", (0, 90 + place)) for place in range(count)}
    axes = ask.dp_query(asked, "plan", keys=PLANS, epsilon=5).plot()
    axes.figure.canvas.draw()
    boxes = [part.get_tightbbox() for part in parts_of(axes)]
    assert len(boxes) == count
    title = axes._left_title.get_window_extent()
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert not box.overlaps(title)


def test_where_nothing_was_released_the_figure_says_so(ask, ledger_path):
    pk.open_project("nothing", epsilon=1, delta=1e-6, unit=pk.ROW, store=ledger_path)
    axes = ask.dp_count("zip", epsilon=0.01, delta=1e-9).plot()
    assert [text.get_text() for text in axes.texts] == ["no group passed the threshold"]


def test_the_best_node_of_a_lattice_is_the_one_that_loses_least(ask):
    lattice = ask.lattice(["sex", "age"], k=5, suppress=0.02)
    axes, nodes = lattice.plot(), lattice.nodes()
    (star,) = [points for points in axes.collections if points.get_label() == "loses least"]
    assert star.get_offsets()[0][1] == nodes.loc[nodes["feasible"], "loss"].min()


def test_a_level_of_unknown_height_has_words_and_no_bar(ask):
    found = ask.generalize({"zip": (pk.Hierarchy.redact(), 1), "age": (pk.Hierarchy.intervals(5, 10), 1)})
    axes = found.plot()
    widths = {
        label.get_text(): bar.get_width() for label, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)
    }
    told = [text.get_text() for text in axes.texts]
    assert widths["zip"] == 0
    assert any("level 1" in text for text in told)
    assert 0 < widths["age"] < 1


def test_a_book_s_first_pair_is_a_table_with_its_numbers_rounded_to_their_error(ask):
    """In full they would run into each other: fitted counts are no whole numbers."""
    release = ask.dp_tables([("plan", "sex")], keys={"plan": PLANS, "sex": SEXES}, epsilon=1)
    axes = release.plot()
    frame = release.table("plan", "sex")
    told = {text.get_position(): text.get_text() for text in axes.texts}
    rows, columns = ([*levels, "(other or missing)"] for levels in (PLANS, SEXES))
    assert len(told) == len(frame) == len(rows) * len(columns)
    for (plan, sex), (count, low, high) in frame.iterrows():
        assert told[columns.index(sex), rows.index(plan)] == to_error(count, (high - low) / 2)
