from __future__ import annotations

import json
import math
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

mpl.use("Agg")

import privkit as pk
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.project.release import decode_answer
from privkit.values.bounds import ContributionBounds
from privkit.values.keys import Keys
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.unit import ROW, PrivacyUnit
from privkit.values.writing import ends, to_error
from privkit.view import plots
from privkit.view.html import interval
from privkit.view.parts.sheet import Drawn, sheet

from .test_markup import HOSTILE, Outline

ONE = ContributionBounds()


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def plan_of(keys=None, *, by="city", unit=ROW, bounds=ONE, measure=Measure.PURE, epsilon=0.5):
    named = None if keys is None else Keys((by,), tuple((key,) for key in keys))
    return make_plan(Question(Count(), unit, bounds, named), measure, Price(epsilon=epsilon))


def release_of(cells, keys=None, *, project="census", replayed=False, **asked):
    plan = plan_of(keys, **asked)
    order = range(len(cells)) if keys is None else plan.question.keys.canonical_order
    answer = json.dumps({"cells": [cells[place] for place in order], "versions": {"opendp": "0.16.0"}})
    time = "2026-11-23T05:00:00Z"
    return decode_answer(plan, answer, project=project, entry=3, time=time, replayed=replayed)


def words_of(markup):
    return " ".join(Outline(markup).text.split())


def test_a_total_reads_answer_first_and_next_last():
    lines = repr(release_of([1003])).splitlines()
    assert lines[0] == "count = 1,003 ± 6 (95 %)"
    assert lines[1] == "Cost ε = 0.5, once: entry 3 of project 'census'. Asked again, it replays at no cost."
    assert lines[-1] == "next: .interval(0.99) · .provenance · .plot()"


def test_counts_by_key_are_listed_in_the_order_that_was_asked():
    release = release_of([20, -1, 1234], ["b", "a", None])
    lines = repr(release).splitlines()
    assert lines[0] == "count by 'city': 3 numbers, each ± 6 (95 %)"
    assert [line.split() for line in lines[1:4]] == [["b", "20"], ["a", "-1"], ["missing", "1,234"]]
    assert "b2014 to 26" in words_of(release._repr_html_())


def crossed_of(cells, keys, names=("plan", "churned")):
    question = Question(Count(), ROW, ONE, Keys(names, tuple(keys)))
    plan = make_plan(question, Measure.PURE, Price(epsilon=0.5))
    answer = json.dumps({"cells": [cells[place] for place in plan.question.keys.canonical_order], "versions": {}})
    return decode_answer(plan, answer, project="census", entry=3, time="2026-11-23T05:00:00Z", replayed=False)


def test_two_columns_are_a_table_of_both_in_a_text_too():
    keys = [(plan, churned) for plan in ("basic", "plus") for churned in ("yes", "no")]
    lines = repr(crossed_of([20, 1234, -1, 7], keys)).splitlines()
    assert lines[1] == "  count: plan downwards, churned across"
    assert [line.split() for line in lines[2:5]] == [
        ["plan", "yes", "no"],
        ["basic", "20", "1,234"],
        ["plus", "-1", "7"],
    ]


@pytest.mark.parametrize(("wide", "across"), [(4, True), (30, False)])
def test_a_table_of_both_is_as_wide_as_a_terminal_at_most(wide, across):
    keys = [(f"{plan:x<{wide}}", f"{other:x<{wide}}") for plan in "ab" for other in "cdef"]
    text = repr(crossed_of(list(range(8)), keys))
    assert ("downwards" in text) == across
    assert all(len(line) <= 80 for line in text.splitlines() if line.startswith("  "))
    assert [text.count(f" {number}") >= 1 for number in range(8)] == [True] * 8


@pytest.mark.parametrize("count", [20, 21, 60])
def test_a_long_release_is_cut_at_twenty_numbers_and_says_so(count):
    release = release_of(list(range(count)), [f"k{place}" for place in range(count)])
    listed = [line for line in repr(release).splitlines() if re.match(r"  k\d", line)]
    assert len(listed) == 20
    assert release._repr_html_().count('class="pk-range"') == 20
    for output in (repr(release), words_of(release._repr_html_())):
        assert (f"{count - 20} more: .to_frame()" in output) == (count > 20)


@pytest.mark.parametrize("value", [release_of([5]), release_of([1, 2], ["a", "b"]), plan_of(), plan_of(["a"])])
def test_html_says_what_the_text_says(value):
    shown = words_of(value._repr_html_())
    for line in repr(value).splitlines():
        for part in line.split():
            assert part in shown


@pytest.mark.parametrize("keys", [None, ["a"]])
def test_a_replay_reads_as_the_first_answer_did(keys):
    drawn, again = (release_of([7], keys, replayed=replayed) for replayed in (False, True))
    assert again.replayed
    assert repr(drawn) == repr(again)
    assert drawn._repr_html_() == again._repr_html_()


def test_where_a_release_comes_from_is_folded_away():
    outline = Outline(release_of([5])._repr_html_())
    assert "details" in outline.tags
    assert "open" not in outline.attributes
    for told in ("discrete Laplace", "scale 2", "2026-11-23T05:00:00Z", "opendp 0.16.0", "one row"):
        assert told in outline.text


@given(st.lists(st.integers(-500, 50_000), min_size=1, max_size=6), st.integers(0, 200))
@settings(max_examples=100)
def test_the_drawn_interval_is_the_interval(values, width):
    low, high = min(0, *(value - width for value in values)), max(1, *(value + width for value in values))
    for cell in (Drawn(value, value - width, value + width, low, high) for value in values):
        pieces = re.findall(r'class="([^"]+)" style="width: ([\d.]+)%"', interval(cell))
        ends, total = {}, 0.0
        for kind, share in pieces:
            total += float(share)
            ends[kind] = low + (high - low) * total / 100
        assert total <= 100.1
        near = 0.0004 * (high - low)  # four pieces, each rounded to 0.01 %
        assert abs(low + (high - low) * total / 100 - cell.upper) <= near
        if width:
            assert abs(ends["pk-bar pk-band pk-value"] - cell.value) <= near
        if "pk-bar" in ends:
            assert abs(ends["pk-bar"] - cell.lower) <= near


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_keys_stay_text(name):
    unit, bounds = PrivacyUnit(name), ContributionBounds(max_rows=2)
    release = release_of([5], [name], by=name, unit=unit, bounds=bounds, project=name)
    for value in (release, release.plan):
        outline = Outline(value._repr_html_())
        assert not outline.open
        assert not {"script", "img", "svg", "b"} & set(outline.tags)
        assert not any(attribute.startswith("on") or attribute in {"src", "href"} for attribute in outline.attributes)
        for output in (value._repr_html_(), repr(value)):
            assert "\u202e" not in output
            assert "\x00" not in output
            assert len(output) < 12_000
        assert len(repr(value).splitlines()) < 9
        plots.draw(value).figure.canvas.draw()


def test_a_plan_tells_its_price_and_what_the_project_keeps():
    plan = plan_of(["a", "b"]).bound_to(lambda again: None, lambda: PrivacyLoss.of(epsilon=0.8))
    lines = repr(plan).splitlines()
    assert lines[0] == "count by 'city': 2 numbers, each ± 6 (95 %), for ε = 0.5 in all"
    assert lines[1] == "The project has ε = 0.8 left; after it, ε = 0.3."
    assert lines[-1] == "next: .release() · .panel()"


def test_a_plan_that_does_not_fit_names_the_amount_that_does():
    plan = plan_of().bound_to(lambda again: None, lambda: PrivacyLoss.of(epsilon=0.1))
    assert repr(plan).splitlines()[1] == (
        "The project has ε = 0.1 left: ε = 0.4 short, unless the answer is in the ledger already."
    )
    assert repr(plan).splitlines()[-1] == "next: epsilon=0.1 · project.ledger · .panel()"
    spent = plan_of().bound_to(lambda again: None, lambda: PrivacyLoss.zero(Measure.PURE))
    assert repr(spent).splitlines()[-1] == "next: project.ledger · .panel()"


def test_a_plan_alone_does_not_offer_a_release():
    assert ".release()" not in repr(plan_of())


def test_a_delta_that_is_not_asked_for_is_not_told():
    assert "δ" not in repr(plan_of(measure=Measure.APPROXIMATE))


def test_plots_show_the_numbers_and_their_intervals():
    release = release_of([30, 10], ["a", "b"])
    axes = release.plot()
    assert [bar.get_height() for bar in axes.patches] == [30, 10]
    (stems,) = axes.containers[1].lines[2]
    assert [tuple(segment[:, 1]) for segment in stems.get_segments()] == [(24, 36), (4, 16)]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "b"]
    (stem,) = release_of([30]).plot().containers[0].lines[2]
    assert [tuple(segment[:, 0]) for segment in stem.get_segments()] == [(24, 36)]


@pytest.mark.parametrize("epsilon", [0.01, 0.5, 5])
def test_the_plot_of_a_plan_is_the_noise_it_buys(epsilon):
    plan = plan_of(epsilon=epsilon)
    line = plots.draw(plan).lines[0]
    chance = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
    ratio = math.exp(-1 / plan.scale)
    assert chance[0] == pytest.approx((1 - ratio) / (1 + ratio))
    assert all(place == round(place) for place in chance)
    if len(chance) == max(chance) - min(chance) + 1:
        inside = sum(share for place, share in chance.items() if abs(place) <= plan.accuracy)
        assert 0.95 <= inside <= 1


def test_a_value_without_a_view_is_refused():
    with pytest.raises(TypeError, match="has no sheet"):
        sheet(object())
    with pytest.raises(TypeError, match="no value of privkit"):
        plots.draw(object())


def test_each_number_has_its_interval_beside_it_where_none_is_told_for_all(ledger_path):
    import pandas as pd

    people = pd.DataFrame({"plan": ["a", "b"] * 300, "age": range(600), "on": [True, False, False] * 200}).privacy
    pk.open_project("errors", epsilon=100, unit=pk.ROW, store=ledger_path)
    asked = {"by": "plan", "keys": ["a", "b"], "epsilon": 5}
    bounds = {"bounds": (0, 600)}
    for release in (
        people.dp_share("on", **asked),
        people.dp_mean("age", **bounds, **asked),
        people.dp_median("age", **bounds, **asked),
    ):
        frame, lines = release.to_frame(), repr(release).splitlines()
        assert "±" not in lines[0]
        for key, line in zip("ab", lines[1:3], strict=True):
            low, high = frame["lower"][key], frame["upper"][key]
            shown = to_error(frame.iloc[:, 0][key], (high - low) / 2)
            assert line.split() == [key, shown, *f"({' to '.join(ends(low, high))})".split()]
            for told in (shown, " to ".join(ends(low, high))):
                assert told in Outline(release._repr_html_()).text, "the page says the same"
    counted = repr(people.dp_count(**asked)).splitlines()
    assert counted[0].endswith("each ± 0 (95 %)")
    assert not any("±" in line or " to " in line for line in counted[1:3])


class Cells(Outline):
    """The words of each cell, row by row."""

    def __init__(self, markup):
        self.rows = []
        super().__init__(markup)

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        super().handle_data(data)
        if {"td", "th"} & {*self.open} and not self.drawn:
            self.rows[-1][-1] += data


@pytest.mark.parametrize("levels", [2, 12, 13])
def test_few_groups_of_two_columns_are_one_table_of_both(ledger_path, levels):
    import pandas as pd

    cities = [f"c{place}" for place in range(levels)]
    people = pd.DataFrame({"sex": ["f", "m"] * 60, "city": (cities * 60)[:120], "age": range(120)}).privacy
    pk.open_project("crossed", epsilon=100, unit=pk.ROW, store=ledger_path)
    asked = {"keys": {"city": cities, "sex": ["m", "f"]}, "epsilon": 1}
    for release in (
        people.dp_crosstab("city", "sex", **asked),
        people.dp_mean("age", by=["city", "sex"], bounds=(0, 120), **asked),
    ):
        name, frame = release.plan.question.statistic, release.to_frame()
        rows = Cells(release._repr_html_()).rows
        if levels > 12:
            assert not any(row[1:] == ["m", "f"] for row in rows)
            assert f"  {cities[0]}, m " in repr(release)  # a line for each group, and how many are left out
            assert "more: .to_frame()" in repr(release)
            continue
        start = rows.index(["city", "m", "f"])
        assert [row[0] for row in rows[start + 1 : start + 1 + levels]] == cities
        for city, *told in rows[start + 1 : start + 1 + levels]:
            for sex, cell in zip("mf", told, strict=True):
                value, low, high = frame.loc[(city, sex), [name, "lower", "upper"]]
                own = " to ".join(ends(low, high)) if name == "mean" else ""
                assert cell == to_error(value, (high - low) / 2) + own
        text = repr(release)  # the same table, with the errors that it has in a text
        lines = [line.split() for line in text.splitlines()]
        assert ["city", "m", "f"] in lines
        assert [line[0] for line in lines if line and line[0] in cities] == cities
        assert "more: .to_frame()" not in text
        assert "more: .to_frame()" not in Outline(release._repr_html_()).text


def test_an_estimate_of_bounds_says_of_what_its_accuracy_is(ledger_path):
    import pandas as pd

    project = pk.open_project("bounds", epsilon=9, unit=pk.ROW, store=ledger_path)
    wide = pd.DataFrame({"x": [2.0**500] * 400 + [-(2.0**90)] * 400})
    plan = wide.privacy.plan.dp_bounds("x", epsilon=4)
    assert repr(plan).startswith("bounds of 'x' by counts of bins ± ")
    assert "moves the counts of bins by at most 1" in repr(plan)
    release = plan.release()
    assert release.value == [-(2.0**96), 2.0**512]  # all that it says, exactly
    assert repr(release).startswith("bounds of 'x' = -7.923·10²⁸ to 1.341·10¹⁵⁴\n")
    for text in (repr(release), Outline(release._repr_html_()).text, repr(project.ledger), release.provenance.line):
        assert not re.search(r"[0-9,]{30}", text)


def test_bounds_are_told_as_they_were_typed(ledger_path):
    import pandas as pd

    pk.open_project("typed", epsilon=9, unit=pk.ROW, store=ledger_path)
    for low, high in ((0, 1234567), (-0.1234567, 1e140)):
        plan = pd.DataFrame({"x": [1.0]}).privacy.plan.dp_sum("x", bounds=(low, high), epsilon=1)
        found = re.search(r"clipped to \[(.*?), (.*?)\]", repr(plan))
        assert [float(end) for end in found.groups()] == [low, high]
        assert f"rounded to multiples of {high}." in repr(plan.release().rounded(high))
