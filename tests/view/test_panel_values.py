"""The panels of plans, reports and lattices, as a kernel without a browser sees them."""

from __future__ import annotations

import html
import importlib.util
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import HTML

import privkit as pk
from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.dp.noise.noise import Laplace
from privkit.dp.recorded import recorded_accuracy, recorded_within
from privkit.errors import LedgerError
from privkit.risk.report import risk
from privkit.transform.lattice import lattice
from privkit.values.show import Paneled
from privkit.values.writing import error_text
from privkit.view.panels import notebook, panel_of
from privkit.view.panels.classes import histogram
from privkit.view.panels.risk import _least
from privkit.view.parts.words import percent

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(1)
    rows = 2000
    return pd.DataFrame(
        {
            "zip": rng.integers(8000, 8015, rows).astype(str),
            "age": rng.integers(18, 90, rows),
            HOSTILE: rng.choice(["f", "m"], rows),
        }
    )


@pytest.fixture
def project(ledger_path):
    return pk.open_project("values", epsilon=1, unit=pk.ROW, store=ledger_path)


def shown(panel):
    parts = "".join(str(widget.value) for widget in _all(panel) if isinstance(widget, HTML))
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", parts, flags=re.DOTALL))


# -- plans -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def plan(project, people):
    return panel_of(people.privacy.plan.dp_count(epsilon=0.2))


def test_a_plan_panel_spends_nothing_by_being_shown_and_moved(project, plan):
    plan.price.value = 0.5
    plan.accuracy.value = 50
    repr(plan), plan._repr_mimebundle_()
    assert len(project.ledger) == 0


@pytest.mark.parametrize("price", [0.01, 0.05, 0.125, 0.7, 1.0])
def test_the_price_moves_the_accuracy(plan, price, people):
    plan.price_number.value = price
    expected = people.privacy.plan.dp_count(epsilon=price)
    assert (plan.plan.loss, plan.plan.accuracy) == (expected.loss, expected.accuracy)
    assert plan.accuracy_number.value == expected.accuracy
    assert plan.price.value == price
    assert f"± {expected.accuracy:g} (95 %)" in shown(plan)


@pytest.mark.parametrize("width", [4, 10, 29, 100])
def test_the_accuracy_finds_the_cheapest_price_of_three_digits(plan, width, people):
    plan.accuracy_number.value = width
    found = float(plan.plan.loss.main)
    assert plan.plan.accuracy <= width
    assert found == float(f"{found:.3g}")
    best = float(people.privacy.plan.dp_count(accuracy=width).loss.main)  # to four digits
    assert best <= found <= best * 1.01
    assert plan.price_number.value == found


def test_what_a_person_moves_stays_where_it_is_put(plan):
    plan.accuracy.value = 20
    assert plan.accuracy.value == 20
    assert plan.accuracy_number.value == plan.plan.accuracy <= 20
    plan.accuracy_number.value = 22.7
    assert plan.accuracy_number.value == 22.7
    assert plan.accuracy.value == plan.plan.accuracy <= 22


def test_the_sliders_go_by_ones_twos_and_fives_and_show_what_lies_between(plan):
    labels = [name for name, _ in plan.price.options]
    assert labels == ["0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    plan.price_number.value = 0.193
    assert (plan.price.value, plan.price.label) == (0.193, "0.193")
    assert plan.accuracy.value == plan.plan.accuracy
    plan.price.index -= 1  # an arrow key
    assert plan.price.value == plan.price_number.value == float(plan.plan.loss.main) == 0.1
    plan.price_number.value = 0.5
    assert [name for name, _ in plan.price.options] == labels  # what lay between is gone


def test_a_mean_has_the_same_panel(project, people):
    plan = panel_of(pk.plan.dp_mean(people, "age", bounds=(0, 100), epsilon=0.2, assume_rows=2000))
    before = plan.plan.accuracy
    plan.accuracy_number.value = before * 2
    assert plan.plan.accuracy <= before * 2
    assert float(plan.plan.loss.main) < 0.2


def test_without_an_accuracy_there_is_no_slider_for_it(project, people):
    plan = panel_of(pk.plan.dp_mean(people, "age", bounds=(0, 100), epsilon=0.2))
    assert plan.accuracy is None
    assert "assume_rows=" in shown(plan)
    plan.price.value = 0.5
    assert "for ε = 0.5" in shown(plan)


def test_in_rho_the_slider_says_rho(ledger_path, people):
    pk.open_project("rho", rho=0.5, unit=pk.ROW, store=ledger_path)
    plan = panel_of(people.privacy.plan.dp_count(rho=0.01))
    assert plan.price.description == "ρ"
    plan.accuracy_number.value = 30
    assert plan.plan.accuracy <= 30


def test_a_release_asks_once(project, plan):
    plan.confirm.click()  # nothing was asked
    assert len(project.ledger) == 0
    plan.button.click()
    assert plan.confirm.description == "Spend ε = 0.2"
    assert len(project.ledger) == 0
    plan.confirm.click()
    plan.confirm.click()  # a double click
    assert len(project.ledger) == 1
    assert plan.release_.loss == project.spent
    assert "20.0 % of what the project had left when this was planned (ε = 1)" in shown(plan)
    *told, steps = repr(plan).splitlines()
    assert told == repr(plan.release_).splitlines()[:-1]
    assert steps == "next: .release_.interval(0.99) · .release_.provenance · .release_.plot()"


def test_a_release_can_be_withdrawn(project, plan):
    plan.button.click()
    plan.cancel.click()
    plan.confirm.click()
    plan.button.click()
    plan.price.value = 0.5  # what was asked is no longer what is shown
    plan.confirm.click()
    assert len(project.ledger) == 0


def test_an_event_that_changes_no_value_withdraws_nothing(project, plan):
    plan.button.click()
    plan.price_number.value = 0.2 + 1e-12  # what a front end may send back of what it was sent
    plan.accuracy_number.value *= 1 + 1e-12
    assert plan.confirm.layout.display == ""
    assert "cannot be taken back" in plan._status.value
    plan.confirm.click()
    assert str(project.spent) == "ε = 0.2"


def test_a_late_cancel_says_nothing_of_what_was_spent(project, plan):
    plan.button.click()
    plan.confirm.click()
    plan.cancel.click()  # Escape, pressed when all is done
    assert "Nothing was spent" not in plan._status.value
    assert "cost ε = 0.2" in plan._status.value


def test_what_is_asked_is_withdrawn_where_a_field_shows_what_fails(project, plan, monkeypatch):
    plan.button.click()
    monkeypatch.setattr(plan, "_at", lambda _: 1 / 0)
    plan.price.value = 0.5
    plan.confirm.click()
    assert len(project.ledger) == 0
    assert plan.confirm.layout.display == "none"
    assert "did not work" in plan._status.value


def test_a_plan_at_another_price_releases_at_that_price_or_says_what_to_type(project, plan):
    plan.price_number.value = 0.3
    plan.button.click()
    plan.confirm.click()
    if plan.plan.run is None:
        assert "epsilon=0.3" in plan._status.value
        assert len(project.ledger) == 0
    else:
        assert str(project.spent) == "ε = 0.3"


def test_a_refused_release_is_told_inside(project, people):
    plan = panel_of(people.privacy.plan.dp_count(epsilon=0.6))
    people.privacy.dp_count(epsilon=0.5)
    plan.button.click()
    plan.confirm.click()
    assert plan.release_ is None
    assert "0.5" in plan._status.value
    assert "<p" in plan._status.value


def test_a_broken_ledger_is_told_inside(plan, ledger_path):
    ledger_path.write_bytes(b"no ledger" * 1000)
    plan.button.click()
    plan.confirm.click()
    assert plan.release_ is None
    assert "Nothing was spent" in plan._status.value or "ledger" in plan._status.value


def test_an_unexpected_failure_tells_its_kind_and_no_value(plan, monkeypatch):
    def fail(self, **_):
        raise RuntimeError("secret value 1234")

    monkeypatch.setattr(type(plan.plan), "release", fail)
    plan.button.click()
    plan.confirm.click()
    assert "RuntimeError" in plan._status.value
    assert "1234" not in plan._status.value


# -- class sizes -------------------------------------------------------------------------------------------------------


def test_the_line_of_k_tells_what_the_report_tells(people):
    report = pk.kanon(people, ["zip", "age"])
    panel = panel_of(report)
    for k in (1, 2, 5, 9, 30):
        panel.slider.value = min(k, panel.slider.max)
        panel.number.value = k
        assert f"{report.rows_below(k):,} of 2,000 rows" in shown(panel) or report.rows_below(k) == 0
        assert panel.report.rows_short == report.rows_below(k)
        assert f"k = {k}" in shown(panel)


def test_persons_are_counted_where_a_unit_was_named(people):
    table = people.assign(person=np.arange(len(people)) // 2)
    panel = panel_of(pk.kanon(table, ["zip"], k=200, unit="person"))
    assert "persons" in shown(panel)


def test_an_empty_table_has_a_panel(people):
    for value in (pk.kanon(people[:0], "zip"), risk(people[:0], "zip")):
        assert "Exact figures" in shown(panel_of(value)) or shown(panel_of(value))


@pytest.mark.parametrize("threshold", [0.5, 0.34, 0.2, 0.1, 0.05])
def test_the_threshold_tells_what_the_report_tells(people, threshold):
    panel = panel_of(risk(people, ["zip", "age"]))
    panel.number.value = threshold
    expected = risk(people, ["zip", "age"], threshold=threshold).prosecutor.rows_at_risk
    assert f"{expected:,} of 2,000 rows" in shown(panel)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), st.integers(1, 3000))
def test_sizes_agree_with_counting_one_by_one(counts, k):
    counts = np.array(counts, dtype=np.int64)
    sizes = Sizes.of(counts, counts)
    assert sizes.rows_below(k) == int(counts[counts < k].sum())
    assert sizes.classes_below(k) == int((counts < k).sum())
    drawn = histogram(sizes, k, f"k = {k}")
    assert f"{sizes.rows_below(k):,} of {int(counts.sum()):,} rows" in drawn
    assert "nan" not in drawn


@given(st.integers(1, 100))
def test_one_over_k_means_k(k):
    assert _least(1 / k) == k


# -- what each column contributes --------------------------------------------------------------------------------------


def short_rows(frame, columns, k):
    """Count the rows in classes of fewer than k by pandas, as a person would."""
    if not columns:
        return len(frame) if len(frame) < k else 0
    sizes = frame.groupby(columns, dropna=False)[frame.columns[0]].transform("size")
    return int((sizes < k).sum())


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", None]), st.booleans()), max_size=40),
    st.integers(1, 12),
)
def test_contributions_are_those_that_pandas_counts(rows, k):
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).astype({"y": object})
    columns = ["x", "y", "z"]
    by_name = {share.column: share for share in Contributions(pk.kanon(frame, columns).tally).shares(k)}
    assert set(by_name) == set(columns)
    for name, share in by_name.items():
        others = [other for other in columns if other != name]
        expected = short_rows(frame.assign(_=0), others, k) if len(frame) else 0
        assert share.without == expected
        assert share.alone == (short_rows(frame.assign(_=0), [name], k) if len(frame) else 0)
        assert share.contribution == (short_rows(frame.assign(_=0), columns, k) if len(frame) else 0) - expected >= 0


def test_contributions_follow_the_line(people):
    panel = panel_of(pk.kanon(people, ["zip", HOSTILE, "age"], k=5))
    for k in (2, 5, 9):
        panel.number.value = k
        short = short_rows(people, ["zip", HOSTILE, "age"], k)
        gone = short - short_rows(people, [HOSTILE, "age"], k)
        assert f"zip: {gone:,} of {short:,}" in repr(panel)
        assert f"{gone:,} ({percent(gone, short)})" in shown(panel)
        assert f"{gone:,} ({percent(gone, short)})" in panel.still().replace("\xa0", " ")


def test_of_one_column_alone_everything_is_its_contribution(people):
    panel = panel_of(risk(people, "age", threshold=0.02))
    short = short_rows(people, ["age"], 50)
    assert f"age: {short:,} of {short:,} (100 %)" in repr(panel)


def test_contributions_and_the_explorer_are_of_persons_where_those_are_counted(people):
    """Their figures equal a count of distinct persons, column by column."""
    table = people.assign(person=np.arange(len(people)) * 7 % 1500)
    table.loc[:3, "person"] = None

    def short(columns: list[str]) -> int:
        frame = table.assign(person=table["person"].where(table["person"].notna(), -1.0 - np.arange(len(table))))
        none = table["person"].isna()
        frame.loc[none, "person"] = -1 - frame.loc[none].groupby(["zip", "age"]).ngroup()
        persons = frame.groupby(columns)["person"].transform("nunique") if columns else frame["person"].nunique()
        return frame.assign(few=persons < 5).groupby("person")["few"].any().sum()

    for report in (pk.kanon(table, ["zip", "age"], k=5, unit="person"), risk(table, ["zip", "age"], unit="person")):
        panel = panel_of(report)
        both = short(["zip", "age"])
        assert f"{both:,} of " in shown(panel)
        for name, other in (("zip", "age"), ("age", "zip")):
            told = f"{both - short([other]):,} of {both:,}"
            assert f"{name}: {told}" in repr(panel)
            assert f"{short([name]):,} by it alone, {short([other]):,} without it" in repr(panel)
        node = report.panel(hierarchies={}).explorer.lattice.node({"zip": 0, "age": 0})
        exact = pk.lattice(table, ["zip", "age"], k=5, unit="person").node({"zip": 0, "age": 0})
        assert node == exact


# -- the lattice -------------------------------------------------------------------------------------------------------


def test_the_explorer_tells_what_the_lattice_tells(people):
    found = lattice(people, ["zip", HOSTILE, "age"], k=5, suppress=0.05)
    panel = panel_of(found)
    for levels in ({"zip": 2}, {"age": 3}, {HOSTILE: 1, "zip": 0}):
        panel.show(levels)
        assert panel.node_ == found.node(panel.levels_)
        assert f"k = {panel.node_['k']}," in shown(panel)
    with_all = {name: size - 1 for name, size in found.shape.items()}
    panel.show(with_all)
    assert "holds with 0 of 2,000 records suppressed" in shown(panel)
    assert panel.lattice.apply(panel.levels_).suppressed_ == 0


@pytest.mark.parametrize("kind", ["kanon", "risk"])
def test_a_report_with_hierarchies_explores_its_own_classes(people, kind):
    qi, steps = ["zip", "age"], {"age": pk.Hierarchy.intervals(10, 30)}
    report = pk.kanon(people, qi, k=5) if kind == "kanon" else risk(people, qi)
    panel = report.panel(hierarchies=steps)
    expected = lattice(people, qi, k=5, hierarchies=steps)
    for levels in ({"zip": 0, "age": 0}, {"zip": 1, "age": 1}, {"zip": 4, "age": 2}):
        panel.explorer.show(levels)
        assert panel.explorer.node_ == expected.node(levels)
        assert sorted(panel.explorer.lattice.sizes(levels)) == sorted(expected.sizes(levels))
        assert f"At {{'zip': {levels['zip']}, 'age': {levels['age']}}}: k = " in repr(panel)
    panel.explorer.show()
    done, qi_steps = panel.explorer.apply(people), dict(hierarchies=steps)
    assert done.levels_ == pk.anonymize(people, qi, k=5, **qi_steps).levels_  # it began and ends at the optimum
    assert ".explorer.apply(df)" in html.unescape(shown(panel))


def test_the_explorer_of_a_report_is_judged_by_the_line(people):
    panel = pk.kanon(people, ["zip", "age"], k=5).panel(hierarchies={})
    panel.explorer.show({"age": 2})
    for k in (2, 9, 20):
        panel.number.value = k
        expected = lattice(people, ["zip", "age"], k=k).node(panel.explorer.levels_)
        assert panel.explorer.node_ == expected
        assert f"KAnonymity({k})" in shown(panel)
    risky = risk(people, ["zip", "age"]).panel(hierarchies={})
    risky.number.value = 0.1
    assert risky.explorer.node_ == lattice(people, ["zip", "age"], k=10).node(risky.explorer.levels_)


def test_a_table_with_too_few_rows_for_k_has_an_explorer(people):
    for rows in (0, 3):
        panel = pk.kanon(people[:rows], ["zip", "age"], k=5).panel(hierarchies={})
        assert (panel.explorer is None) == (rows == 0)
        assert repr(panel)


def test_the_explorer_begins_at_the_optimum_and_its_map_is_that_of_all_nodes(people):
    qi = ["zip", "age"]
    found = lattice(people, qi, k=5, suppress=0.05)
    panel, nodes = panel_of(found), found.nodes()
    best = pk.anonymize(people, qi, k=5, suppress=0.05)
    assert panel.node_["loss"] == nodes.loc[nodes["feasible"], "loss"].min() == pytest.approx(best.loss_)
    assert panel.levels_ == {name: best.levels_[name] for name in qi}
    told = panel.atlas.told(panel.node_)
    assert f"{nodes['feasible'].sum()} of {len(nodes)} settings are allowed" in told
    assert "(○)" in told
    assert told in html.unescape(panel._map.value).replace("\xa0", " ")
    assert panel.then() == ".apply()"
    panel.show({"zip": 0, "age": 0})
    assert not panel.node_["feasible"]
    assert panel.then() == ".show()"
    panel.show()
    assert panel.node_["feasible"]


def test_a_setting_that_is_beaten_is_told_so(people):
    panel = panel_of(lattice(people, ["zip", "age"], k=5, suppress=0.05))
    table = panel.lattice.nodes()
    for place in range(len(table)):
        panel.show(panel.atlas.at(place))
        node = table.loc[place]
        better = table[(table["suppressed"] <= node["suppressed"]) & (table["loss"] < node["loss"])]
        assert ("and loses less" in panel.atlas.beaten(panel.node_)) == bool(len(better))
        assert (place in panel.atlas.frontier()) <= (not len(better))


def test_the_trade_off_and_a_click_on_the_map_move_the_sliders(people):
    panel = panel_of(lattice(people, ["zip", "age"], k=5, suppress=0.05))
    for place in panel.atlas.frontier():
        panel.trade.value = place
        assert panel.levels_ == panel.atlas.at(place) == {name: s.value for name, s in panel.sliders.items()}
    x, y = (axis.tolist() for axis in panel.atlas._spots())
    for place in (0, 3, len(x) - 1):
        panel.spot.value = f"{x[place]},{y[place]}"
        assert (panel.node_["suppressed"], panel.node_["loss"]) == (
            panel.atlas.suppressed[place],
            pytest.approx(panel.atlas.loss[place]),
        )
    before = panel.levels_
    panel.spot.value = "no,spot"
    assert panel.levels_ == before


def test_the_map_holds_one_point_per_spot_and_levels_are_named_by_what_is_common(people):
    panel = panel_of(lattice(people, ["zip", "age"], k=5))
    assert panel._map.value.count("<path") == 2
    assert "pk-star" in panel._map.value
    assert "pk-here" in panel._map.value
    assert not set(people["zip"].astype(str)) & {
        word.strip(",") for o in panel.sliders["zip"].options for word in o[0].split()
    }
    counted = lattice(people.assign(who=range(len(people))), ["zip"], k=5, unit="who")
    assert not any(", as " in name for name, _ in panel_of(counted).sliders["zip"].options)


def test_a_large_lattice_has_no_map_until_it_is_asked_for(people, monkeypatch):
    from privkit.view.panels import transform

    monkeypatch.setattr(transform, "_QUICK", 3)
    panel = panel_of(lattice(people, ["zip", "age"], k=5))
    panel.judge(7)
    assert panel.atlas is None
    assert panel.redraw.layout.display == ""
    panel.redraw.click()
    assert panel.atlas is not None
    assert "KAnonymity(7)" in panel._map.value
    monkeypatch.setattr(transform, "MOST", 3)
    larger = panel_of(lattice(people, ["zip", "age"], k=5))
    assert larger.atlas is None
    assert larger.levels_ == pk.anonymize(people, ["zip", "age"], k=5).levels_
    assert repr(larger)


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
        for widget in _all(panel):
            assert "<img" not in str(getattr(widget, "value", ""))
            assert getattr(widget, "description_allow_html", False) is False


def _all(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


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
        for widget in _all(panel):
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


@pytest.mark.parametrize("scale", [0.05, 0.3, 0.9, 1.0, 5.0, 9.99, 10.000000000000002, 123.4, 5e4])
def test_the_accuracy_of_a_recorded_count_is_the_one_that_was_planned(scale):
    record = {"statistic": "count", "mechanism": "discrete Laplace", "scale": repr(scale)}
    assert recorded_accuracy(record) == Laplace(scale).half_width()
    assert recorded_within(record) == f"± {error_text(Laplace(scale).half_width())}"


def test_the_accuracy_of_what_is_no_count_is_not_guessed():
    assert recorded_within({"statistic": "var", "mechanism": "discrete Laplace", "scale": "1.0"}) == ""
    assert recorded_within({"statistic": "count", "mechanism": "other", "scale": "1.0"}) == ""
    assert recorded_within({}) == ""


def test_what_is_left_is_told_by_public_facts(project, people):
    panel = project.panel()
    people.privacy.dp_count(epsilon=0.3)
    assert "About 2 more like the last one: count at ± 10, for ε = 0.3 each." in shown(panel)
    people.privacy.dp_count(epsilon=0.6)
    assert "No more like the last one" in shown(panel)
    panel.close()


def test_a_ledger_that_is_gone_is_told(project, ledger_path):
    panel = project.panel()
    ledger_path.unlink()
    panel.look()
    assert "cannot be read" in shown(panel)
    with pytest.raises(LedgerError):
        project.account.balance()
    panel.close()


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


@pytest.mark.parametrize("code", ["<Zone>", "'ab'", "('str',)", "('moon', 'x')", ""])
def test_a_table_whose_record_has_keys_that_nothing_reads_tells_no_accuracy(code):
    record = {
        "statistic": "tables",
        "columns": {"a": [code]},
        "told": [],
        "tables": [["a"]],
        "importance": ["1"],
        "noise": "laplace",
        "measured": [[["a"], "1"]],
        "mechanism": "discrete Laplace",
        "scale": "10",
    }
    assert recorded_accuracy(record) is None
    assert recorded_accuracy({**record, "columns": {"a": ["('str', 'x')"]}}) == Laplace(10.0).half_width()
