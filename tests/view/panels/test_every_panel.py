"""What holds of every panel: pictures, texts and names, parts of its own, and what to type next."""

from __future__ import annotations

import importlib.util
import re

import pandas as pd
import pytest
from panels_shown import HOSTILE, all_widgets

import privkit as pk
from privkit.risk.report import risk
from privkit.transform.lattice import lattice
from privkit.values.show import Paneled
from privkit.view.panels import notebook, panel_of

# -- all of them -------------------------------------------------------------------------------------------------------


@pytest.fixture
def panels(project, people):
    return [
        project.panel(),
        panel_of(people.privacy.plan.dp_count(HOSTILE, keys=["f", "m"], epsilon=0.1)),
        panel_of(pk.kanon(people, ["zip", HOSTILE])),
        panel_of(risk(people, ["zip", HOSTILE])),
        panel_of(lattice(people, ["zip", HOSTILE], k=5)),
        pk.kanon(people, ["zip", HOSTILE], k=5).panel(hierarchies={}),
        risk(people, ["zip", HOSTILE]).panel(hierarchies={}),
    ]


def test_beside_every_widget_stand_a_picture_and_a_text(panels):
    for panel in panels:
        bundle = panel._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert 'class="privkit"' in bundle["text/html"]
        images = re.findall(r"<img[^>]*>", bundle["text/html"])
        assert all(
            re.fullmatch(r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="" width="560">', one) for one in images
        )
        assert "<script" not in bundle["text/html"]
        assert "<svg" not in bundle["text/html"]  # its labels would run together where a notebook is not trusted
        assert bundle["text/plain"] == panel._repr_mimebundle_()["text/plain"]
        assert "privkit-panel" in panel._dom_classes


def test_hostile_names_are_escaped_wherever_they_stand(panels):
    for panel in panels[1:]:
        assert "&lt;img" in panel.still()
        for widget in all_widgets(panel):
            assert "<img" not in str(getattr(widget, "value", ""))
            assert getattr(widget, "description_allow_html", False) is False


def test_no_two_widgets_share_a_part(panels, people):
    """What a cell made is closed with all its parts when it runs again: a shared layout would be closed for both."""
    more = people.privacy.plan.panel(), people.privacy.plan.panel()
    parts = [part.model_id for panel in (*panels, *more) for part in {*_made_of(panel)}]
    assert len(parts) == len(set(parts))


def _made_of(panel):
    from privkit.view.panels.notebook import _parts

    found = list(_parts(panel))
    owners = [part for part in found if hasattr(part, "layout")]
    assert len({part.layout.model_id for part in owners}) == len({part.model_id for part in owners})
    return found


def test_every_control_has_words(panels):
    for panel in panels:
        for widget in all_widgets(panel):
            if hasattr(widget, "description") and not hasattr(widget, "placeholder"):
                assert widget.description or widget.layout.display == "none"


def test_without_ipywidgets_the_picture_stands_alone(people, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("privkit.view.panels.find_spec", lambda name: None if name == "ipywidgets" else found(name))
    still = panel_of(pk.kanon(people, "zip"))
    assert "stands still" in still._repr_html_()
    assert repr(still).startswith("k = ")


def test_a_value_that_is_paneled_finds_its_panel(people):
    report = pk.kanon(people, "zip")
    assert type(Paneled.panel(report)).__name__ == "KPanel"


def test_what_has_no_panel_is_refused():
    with pytest.raises(TypeError):
        panel_of(object())


# -- the ledger's record -----------------------------------------------------------------------------------------------


def test_a_cell_that_runs_again_closes_what_its_earlier_run_made(monkeypatch):
    report = pk.example("insights").head(50).privacy.kanon(["zip", "age"], k=5)
    running = [("cell a", 1)]
    monkeypatch.setattr(notebook, "_running", lambda: running[0])
    one, two = report.panel(), report.panel()
    running[0] = ("cell b", 2)
    other = report.panel()
    assert all(panel.comm is not None for panel in (one, two, other))  # two of one run, and another cell's
    running[0] = ("cell a", 3)
    again = report.panel()
    assert [panel.comm is None for panel in (one, two, other, again)] == [True, True, False, False]
    assert all(part.comm is None for part in notebook._parts(one))


def test_what_to_type_next_is_the_panels_own():
    """A step that begins with a point is one of what is shown: of the panel, not of the report behind it."""
    frame = pd.DataFrame({"zip": list("aaabbc") * 3, "age": [30, 30, 31, 40, 41, 50] * 3})
    ages = {"age": pk.Hierarchy.intervals(10), "zip": dict.fromkeys("abc", "*")}
    panels = [
        pk.kanon(frame, ["zip", "age"], k=5).panel(),
        pk.kanon(frame, ["zip", "age"], k=5).panel(hierarchies=ages),
        pk.risk(frame, ["zip", "age"]).panel(hierarchies=ages),
        pk.lattice(frame, ["zip", "age"], k=3, hierarchies=ages).panel(),
    ]
    for panel in panels:
        steps = repr(panel).rpartition("\nnext: ")[2].split(" · ")
        assert steps
        for step in steps:
            if step.startswith("."):
                found = panel
                for name in step[1:].partition("(")[0].split("."):
                    found = getattr(found, name)
        if getattr(panel, "explorer", None) is not None:
            assert steps[0] == panel.explorer.then()
        if step.endswith("apply()"):
            assert panel.apply().levels_ == panel.levels_
    assert repr(panels[-1]).endswith("next: .apply()")
