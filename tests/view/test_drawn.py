"""What is drawn of a release is what it says: each bar, point, whisker and cell is a number of its frame."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import privkit as pk

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
    for name, points in zip(names, fan.collections, strict=True):
        assert points.get_label() == name
        assert list(points.get_offsets()[:, 1]) == list(frame[name])


def test_several_numbers_have_a_part_of_the_figure_each(ask):
    release = ask.dp_describe("age", bounds=(18, 90), epsilon=5)
    axes, frame = release.plot(), release.to_frame()
    parts = axes.figure.axes[1:]
    assert [part.get_xlabel() for part in parts] == ["count", "mean", "std", "quantiles"]
    for part, name in zip(parts, ("count", "mean", "std"), strict=False):
        assert list(part.lines[0].get_ydata()) == [frame[name].iloc[0]]
    assert list(parts[3].lines[0].get_ydata()) == [frame[name].iloc[0] for name in ("25%", "50%", "75%")]
    mine = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    release.plot(ax=mine)
    assert [part.get_xlabel() for part in mine.child_axes] == ["count", "mean", "std", "quantiles"]


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
