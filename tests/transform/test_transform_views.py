"""Text, HTML and plots of transformations: the answer first, no cell values, names escaped."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from privkit.transform.anonymize import anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice
from privkit.transform.perturb import pram

HOSTILE = "<b>zip</b>"
FRAME = pd.DataFrame({HOSTILE: ["sec1", "sec2", "oth1", "oth2"] * 3, "ill": list("xy") * 6})


@pytest.fixture(params=["optimal", "local"])
def out(request):
    return anonymize(FRAME, [HOSTILE], k=5, suppress=0, hierarchies={HOSTILE: Hierarchy.redact()}, method=request.param)


def test_text_and_html_say_the_same_and_show_no_values(out):
    text, html = repr(out), out._repr_html_()
    assert text.splitlines()[0].startswith("KAnonymity(5) holds: loss = ")
    assert text.splitlines()[-1].startswith("next: .frame")
    assert "KAnonymity(5) holds" in html
    assert HOSTILE not in html
    assert "&lt;b&gt;zip" in html
    for shown in (text, html, repr(out.report), out.report._repr_html_()):
        assert "sec" not in shown
        assert "oth1" not in shown


def test_every_value_has_both_forms():
    values = [
        generalize(FRAME, {HOSTILE: (Hierarchy.redact(), 1)}),
        lattice(FRAME, [HOSTILE], k=2),
        pram(FRAME, HOSTILE, seed=1),
    ]
    for value in values:
        assert "next: " in repr(value)
        assert HOSTILE not in value._repr_html_()
        assert "sec1" not in repr(value) + value._repr_html_()


def test_plot_has_one_bar_per_column(out):
    assert len(out.plot().patches) == 1


def test_one_node_was_judged_and_large_figures_are_read_with_their_thousands():
    frame = pd.DataFrame({"a": ["x"] * 3000})
    out = anonymize(frame, "a", k=2, method="local", levels={"a": 0})
    assert "of which 1 node was judged." in repr(out)
    wide = pd.DataFrame({"a": range(2000)})
    report = anonymize(wide, "a", k=2).report
    assert not re.search(r"\de[+-]\d", repr(report) + report._repr_html_())
    assert re.search(r"\d,\d{3}", repr(report))
