"""The map of a large lattice comes in pieces: the best setting first, moves in between, and the same map in the end."""

from __future__ import annotations

import asyncio
import html
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("ipywidgets")

import privkit as pk
from privkit.view.panels import lattice as atlases
from privkit.view.panels import panel_of, transform
from privkit.view.panels.lattice import Atlas

QI = ["zip", "age"]


@pytest.fixture
def people(monkeypatch):
    monkeypatch.setattr(transform, "_QUICK", 3)  # what is of 30 nodes here is of thousands there
    monkeypatch.setattr(atlases, "_PIECE", 0)  # a node at a time
    monkeypatch.setattr(atlases, "_TOLD", 0)
    monkeypatch.setattr(atlases, "_REST", 0)
    rng = np.random.default_rng(3)
    return pd.DataFrame({"zip": rng.integers(8000, 8012, 2000).astype(str), "age": rng.integers(18, 90, 2000)})


def kerneled(test):
    """Run a test in a loop, as a kernel runs a cell."""

    async def run():
        await test()

    asyncio.run(run())


async def until(true):
    for _ in range(12_000):  # a minute, on a busy machine
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came")


def test_the_best_setting_is_there_at_once_and_the_map_is_the_same_in_the_end(people):
    async def test():
        panel = panel_of(pk.lattice(people, QI, k=5, suppress=0.05))
        best = pk.anonymize(people, QI, k=5, suppress=0.05)
        assert panel.atlas is None
        assert panel.levels_ == best.levels_
        assert panel.node_["loss"] == pytest.approx(best.loss_)
        assert "0 % of 30 settings judged" in html.unescape(panel._map.value).replace("\xa0", " ")
        assert '<circle class="pk-here"' in panel._map.value  # a picture from the first moment on
        assert "pk-star" not in panel._map.value.split("</style>")[-1]
        told = []
        panel._map.observe(lambda change: told.append(change.new), "value")
        panel.sliders["age"].value = 0  # while it is drawn
        moved, title = dict(panel.levels_), panel._picture.value
        await until(lambda: panel.atlas is not None)
        assert panel.levels_ == moved  # what was chosen stays
        assert panel._picture.value == title
        assert len(told) > 10
        assert panel.trade.layout.display == ""
        whole = Atlas.of(panel.lattice)
        for name in ("levels", "suppressed", "loss", "feasible"):
            assert np.array_equal(getattr(panel.atlas, name), getattr(whole, name))
        assert panel.atlas.told(panel.node_) in html.unescape(panel._map.value).replace("\xa0", " ")

    kerneled(test)


def test_where_none_is_allowed_it_goes_to_the_nearest_unless_somebody_moved(people):
    async def test():
        ill = people.assign(ill="no")  # of one value: nowhere are there two
        found = pk.lattice(ill, QI, pk.LDiversity("ill", 2), suppress=0.05)
        panel, moved = panel_of(found), panel_of(found)
        moved.show({"age": 1})
        chosen = dict(moved.levels_)
        await until(lambda: panel.atlas is not None and moved.atlas is not None)
        assert moved.levels_ == chosen
        assert panel.atlas.best is None
        assert panel.levels_ == panel.atlas.at(panel.atlas.start) != chosen

    kerneled(test)


def test_another_goal_ends_it_and_so_does_closing(people):
    async def test():
        panel = panel_of(pk.lattice(people, QI, k=5))
        other = panel_of(pk.lattice(people, QI, k=6))
        panel.judge(9)
        other.close()
        survey = other._survey
        judged = survey.judged
        assert panel.redraw.layout.display == ""
        await asyncio.sleep(0.2)
        assert panel.atlas is None
        assert survey.judged <= judged + 1
        panel.redraw.click()
        await until(lambda: panel.atlas is not None)
        assert "KAnonymity(9)" in panel._map.value

    kerneled(test)


def test_what_is_stored_while_it_is_drawn_holds_a_map_of_what_is_judged(people):
    async def test():
        panel = panel_of(pk.lattice(people, QI, k=5))
        spots = []
        panel._map.observe(lambda change: spots.append(len(_points(change.new))), "value")
        assert '<img src="data:image/svg+xml' in panel.bundle()["text/html"]
        await until(lambda: panel.atlas is not None)
        assert spots == sorted(spots)
        assert 2 <= spots[0] < spots[-1]
        # Drawn in pieces or at once, the axis is the same: its end is the loss of all at *.
        assert spots[-1] == len(_points("".join(Atlas.of(panel.lattice).ground())))

    kerneled(test)


def _points(drawn):
    return set(re.findall(r"M[\d ]+h0", drawn))


@pytest.mark.parametrize(("asked", "whole"), [(False, True), (True, False), (None, False)])
def test_where_nobody_sits_before_the_notebook_the_map_is_drawn_within_its_cell(people, monkeypatch, asked, whole):
    content = {} if asked is None else {"allow_stdin": asked}  # as nbconvert and papermill say it

    shell = SimpleNamespace(parent_header={"content": content}, user_ns={}, execution_count=1)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    async def test():
        panel = panel_of(pk.lattice(people, QI, k=5))
        assert (panel.atlas is not None) == whole
        panel.close()

    kerneled(test)


def test_many_settings_are_drawn_on_a_ground_without_gaps(people, monkeypatch):
    atlas = Atlas.of(pk.lattice(people, QI, k=5))
    fine = _points("".join(atlas.ground()))
    monkeypatch.setattr(atlases, "_MANY", 1)
    coarse = _points("".join(atlas.ground()))
    assert len(coarse) <= len(fine)
    for x, y in (map(int, re.findall(r"\d+", one)[:2]) for one in fine):
        near = [(x - a, y - b) for a, b in (map(int, re.findall(r"\d+", one)[:2]) for one in coarse)]
        assert min(max(abs(across), abs(down)) for across, down in near) <= 2
