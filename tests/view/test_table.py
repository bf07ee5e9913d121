"""Tables to publish, by great_tables."""

from __future__ import annotations

import re
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.errors import LibraryRequiredError, ParameterError
from privkit.view.plots.theme import theme_named

HOSTILE = "<b>a</b> & `x` **y**"


@pytest.fixture
def project(tmp_path):
    return pk.open_project("p", epsilon=100, store=tmp_path / "ledger.db", unit=pk.ROW)


@pytest.fixture
def frame():
    days = pd.date_range("2026-01-01", periods=400, freq="h")
    return pd.DataFrame({HOSTILE: ["<i>", None] * 200, "day": days, "x": np.arange(400.0) % 7})


def test_dates_are_dates_and_a_missing_key_is_named(project, frame):
    asked = {"by": HOSTILE, "keys": ["<i>", None], "epsilon": 5}
    page = pk.dp_median(frame, "day", bounds=("2026-01-01", "2026-02-01"), **asked).table().as_raw_html()
    assert ">missing<" in page
    assert page.count("2026-01-") >= 6  # two medians with two ends each
    assert "1767" not in page  # no count of seconds


def test_names_and_keys_are_text_and_no_markup(project, frame):
    page = pk.dp_count(frame, by=HOSTILE, keys=["<i>", None], epsilon=5).table().as_raw_html()
    assert "<i>" not in page.replace("<i>None</i>", "")
    assert "&lt;i&gt;" in page
    assert "<b>a" not in page
    assert "**y**" in page


def test_every_group_has_a_row(project):
    keys = list(range(90))
    release = pk.dp_count(pd.DataFrame({"k": np.arange(900) % 90}), "k", keys=keys, epsilon=1)
    assert release.table().as_raw_html().count(" to ") >= 90


def test_what_was_made_of_a_release_tells_of_what(project, frame):
    made = pk.dp_count(frame, by="x", keys=list(range(7)), epsilon=1).non_negative()
    page = made.table().as_raw_html()
    assert "entry 1" in page
    assert "intervals hold in 95 %" in page


def test_simulated_numbers_say_so():
    pk.open_project("s", epsilon=1, simulate=True, unit=pk.ROW)
    page = pk.dp_count(pd.DataFrame({"x": [1]}), epsilon=1).table().as_raw_html()
    assert "SIMULATED" in page


def test_themes(project, frame):
    release = pk.dp_count(frame, epsilon=1)
    assert "#111111" in release.table(theme="dark").as_raw_html()
    with pytest.raises(ParameterError, match="theme"):
        release.table(theme="pink")


def test_without_the_library_its_extra_is_named(project, frame, monkeypatch):
    release = pk.dp_count(frame, epsilon=1)
    monkeypatch.setitem(sys.modules, "great_tables", None)
    with pytest.raises(LibraryRequiredError, match=r"jupyter-privkit\[tables\]"):
        release.table()


def test_each_cell_has_a_ground_of_its_own_in_every_theme(project):
    """A notebook in a dark theme gives a table's rows its own ground, on which the ink of a light table is not seen."""
    people = pd.DataFrame({"plan": ["a", "b"] * 200})
    release = people.privacy.dp_count("plan", keys=["a", "b"], epsilon=1)
    for theme in ("light", "dark", "print"):
        colors = theme_named(theme, None)
        page = release.table(theme=theme).as_raw_html()
        (name,) = re.findall(r'<div id="([^"]*)"', page)
        assert re.search(rf"#{name} \.gt_row {{ background-color: {colors.ground};", page)
        assert page.count('class="gt_row') == 2 * 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # great_tables warns of what LaTeX cannot show
        assert "tabular" in release.table().as_latex()
