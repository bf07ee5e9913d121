"""Every result that can be drawn is: on new axes in privkit's style, or on the user's, with labels and no formula."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

import privkit as pk
from privkit import events as ev
from privkit.view.plots.theme import BAR, OKABE_ITO, THEMES

HOSTILE = "$\\frac{a}$ <img src=x>"


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(3)
    rows = 400
    return pd.DataFrame(
        {
            "zip": rng.integers(8000, 8015, rows).astype(str),
            "age": rng.integers(18, 90, rows),
            HOSTILE: rng.choice(["f", "m"], rows),
            "spend": rng.uniform(0, 50, rows),
        }
    )


@pytest.fixture
def results(people, ledger_path):
    project = pk.open_project("plots", epsilon=10, unit=pk.ROW, store=ledger_path)
    ask, qi = people.privacy, ["zip", HOSTILE]
    plan, mean = ask.plan.dp_count(epsilon=0.5), ask.plan.dp_mean("spend", bounds=(0, 50), epsilon=0.5)
    out, sexes = ask.anonymize(qi, k=3, suppress=0.1), {"by": HOSTILE, "keys": ["f", "m"]}
    answer = ask.dp_count(**sexes, epsilon=0.5)
    recipe = ev.Recipe([ev.drop("who"), ev.coarsen("zip", prefix=2)])
    return {
        "plan": plan,
        "plan of a mean": mean,
        "release": ask.dp_count(epsilon=0.5),
        "release by group": answer,
        "means": ask.dp_mean("spend", **sexes, bounds=(0, 50), epsilon=0.5),
        "median": ask.dp_median("age", bounds=(18, 90), epsilon=0.5),
        "histogram": ask.dp_histogram("age", bins=[18, 30, 60, 90], epsilon=0.5),
        "ratio": pk.ratio(answer, answer),
        "project": project,
        "ledger": project.ledger,
        "price of a study": project.price([plan, mean]),
        "kanon": ask.kanon(qi, k=5),
        "ldiv": ask.ldiv("zip", HOSTILE),
        "tclose": ask.tclose("zip", HOSTILE),
        "check": ask.check(qi, pk.KAnonymity(5)),
        "risk": ask.risk(qi),
        "suda": ask.suda(["zip", "age", HOSTILE]),
        "copula": pk.copula_uniqueness(people, qi, population=100_000, rows=100),
        "link": ask.link(people[:50], on=["zip", "age"]),
        "inventory": ask.audit(),
        "anonymized": out,
        "its report": out.report,
        "lattice": ask.lattice(qi, k=3),
        "generalized": ask.generalize({"zip": 1}),
        "perturbed": ask.add_noise("spend", scale=2.0),
        "events": recipe.apply([{"who": "a", "zip": "8004"}, {"who": "b", "zip": "8004"}]).report(),
    }


NAMES = [
    *("plan", "plan of a mean", "release", "release by group", "means", "median", "histogram", "ratio", "project"),
    *("ledger", "price of a study", "kanon", "ldiv", "tclose", "check", "risk", "suda", "copula", "link", "inventory"),
    *("anonymized", "its report", "lattice", "generalized", "perturbed", "events"),
]


def test_every_result_is_drawn_and_labeled(results):
    assert list(results) == NAMES
    for name, value in results.items():
        plt.close("all")
        axes = value.plot()
        assert isinstance(axes, Axes), name
        assert axes.get_xlabel() or axes.get_ylabel(), name
        assert axes.get_title(loc="left") or axes.get_title(), name
        assert axes.get_xlabel() or not axes.get_xticks().size, name
        assert axes.get_ylabel() or not axes.get_yticks().size or name == "project", name
        axes.figure.canvas.draw()  # a formula would fail here
        assert max(len(line) for line in axes.get_title(loc="left").splitlines()) <= 80, name


def test_a_plot_goes_where_it_is_told_and_leaves_the_users_style(results):
    for name, value in results.items():
        plt.close("all")
        _, mine = plt.subplots()
        before = len(plt.get_fignums())
        assert value.plot(ax=mine) is mine, name
        assert len(plt.get_fignums()) == before, name
        assert mine.has_data() or mine.texts, name


def test_what_is_drawn_stays_inside_the_figure(results):
    for name, value in results.items():
        plt.close("all")
        axes = value.plot()
        figure = axes.figure
        figure.canvas.draw()
        page = figure.bbox
        low, high = axes.get_xlim()
        ticks = [label for label in axes.get_xticklabels() if low <= label.get_position()[0] <= high]
        for text in [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *ticks, *axes.texts]:
            if not text.get_text() or not text.get_visible():
                continue
            box = text.get_window_extent()
            assert box.x0 >= page.x0 - 1, (name, text.get_text())
            assert box.x1 <= page.x1 + 1, (name, text.get_text())
            assert box.y1 <= page.y1 + 1, (name, text.get_text())


def test_colors_are_those_that_everybody_tells_apart(results):
    allowed = {color.lower() for color in OKABE_ITO.values()} | {THEMES["light"].ink, "#ffffff", "#000000"}
    for name, value in results.items():
        plt.close("all")
        axes = value.plot()
        drawn = {to_hex(patch.get_facecolor()) for patch in axes.patches}
        drawn |= {
            to_hex(ln.get_markeredgecolor() if ln.get_linestyle() == "None" else ln.get_color()) for ln in axes.lines
        }
        assert drawn <= allowed, name


def test_names_are_text_and_never_a_formula(results):
    axes = results["release by group"].plot()
    assert HOSTILE in axes.get_xlabel()
    assert any(HOSTILE[:10] in label.get_text() for label in results["inventory"].plot().get_yticklabels())
    assert re.search(r"criterion", results["check"].plot().get_ylabel())


@pytest.mark.parametrize("name", THEMES)
def test_bars_stand_out_from_the_ground_and_whiskers_from_bars(name):
    used = THEMES[name]
    ground, good, ink = (np.array(to_rgb(color)) for color in (used.ground, used.good, used.ink))
    bar = BAR * good + (1 - BAR) * ground
    assert _contrast(bar, ground) >= 3
    assert _contrast(ink, bar) >= 3
    assert _contrast(ink, ground) >= 4.5


def _contrast(one, other):
    low, high = sorted(_luminance(color) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(color):
    linear = np.where(color <= 0.03928, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
