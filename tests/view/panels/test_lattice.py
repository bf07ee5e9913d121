"""The explorer of a lattice and that in a report's panel: nodes, the optimum, the map and its clicks."""

from __future__ import annotations

import html

import pytest
from panels_shown import HOSTILE, shown

import privkit as pk
from privkit.risk.report import risk
from privkit.transform.lattice import lattice
from privkit.view.panels import panel_of


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
