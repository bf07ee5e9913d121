"""What the explorer tells of values: labels that many records share, and code that applies what is chosen."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.view.panels.lattice import before_after, steps_of_levels
from privkit.view.panels.source import Source

pytest.importorskip("ipywidgets")

AGES = pk.Hierarchy.intervals(5, 10, 30)


@pytest.fixture
def people():
    rng = np.random.default_rng(7)
    table = {"zip": rng.integers(8000, 8012, 900).astype(str), "age": rng.integers(18, 90, 900)}
    return pd.DataFrame(table | {"job": rng.choice(["nurse", "clerk", "miner"], 900, p=[0.6, 0.39, 0.01])})


def shown(panel):
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", panel.still(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", text))


def ladder_of(found, column):
    coding = found.task.coding
    place = list(coding.columns).index(column)
    return coding.ladders[place], np.bincount(coding.combos[place], weights=coding.counts)


@pytest.mark.parametrize("k", [2, 5, 40])
def test_labels_of_an_example_are_those_of_the_same_records_and_of_enough_of_them(people, k):
    found = pk.lattice(people, ["zip", "age"], k=k, hierarchies={"age": AGES}, suppress=0.1)
    told = steps_of_levels(found)
    for column, steps in told.items():
        ladder, _ = ladder_of(found, column)
        alike = np.ones(len(people), dtype=bool)
        values = ladder.values.get_indexer(people[column])
        for place, name in enumerate(steps.chain):
            if name in (None, "*"):
                continue
            level = ladder.levels[place]
            alike &= np.array([str(level.labels[code]) == name for code in level.codes[values]])
        assert alike.sum() >= max(k, 5)
    assert any(name not in (None, "*") for steps in told.values() for name in steps.chain)


def test_no_value_of_the_table_is_told_even_where_a_group_holds_one_alone(people):
    jobs = pk.Hierarchy.from_mapping(
        {"nurse": ("nurse", "care"), "clerk": ("clerk", "office"), "miner": ("pit", "pit")}
    )
    panel = pk.lattice(people, ["job", "zip"], k=2, hierarchies={"job": jobs}, suppress=0.1).panel()
    for level in range(panel.lattice.shape["job"]):
        panel.show({"job": level, "zip": level})
        told = shown(panel) + repr(panel) + "".join(name for name, _ in panel.sliders["job"].options)
        for value in (*people["job"].unique(), *people["zip"].unique()):
            assert value not in told
    assert "as care" in "".join(name for name, _ in panel.sliders["job"].options)


def test_where_persons_count_no_label_is_told(people):
    table = people.assign(who=np.arange(len(people)) // 3)
    panel = pk.lattice(table, ["age"], k=2, unit="who", hierarchies={"age": AGES}).panel()
    for level in range(panel.lattice.shape["age"]):
        before, after = before_after(panel._labels["age"], level)
        assert before == "a value"
        assert not re.search(r"\d\d–\d", after)


def test_the_example_moves_with_the_sliders_in_both_pictures(people):
    panel = pk.lattice(people, ["zip", "age"], k=5, hierarchies={"age": AGES}).panel()
    for level in range(panel.lattice.shape["age"]):
        panel.show({"age": level})
        before, after = before_after(panel._labels["age"], level)
        assert f"age {before} {after}" in shown(panel)
        assert f"'age' {before} → {after}" in repr(panel)


def test_the_code_applies_what_is_chosen(people, monkeypatch):
    monkeypatch.setattr(Source, "here", lambda: Source.of("people.privacy.lattice(qi, k=5).panel()"))
    panel = people.privacy.lattice(["zip", "age"], k=5).panel()
    panel.show({"zip": 2, "age": 2})
    kept = {"people": people, "qi": ["zip", "age"]}
    exec(panel.code(), kept)
    assert kept["anonymized"].levels_ == panel.apply().levels_ == {"zip": 2, "age": 2}
    assert " ".join(panel.code().split()) in shown(panel)
    panel.show({"zip": 0, "age": 0})
    assert panel.code() == ""
    assert "nothing to apply" in shown(panel)


@pytest.mark.parametrize("kind", ["kanon", "risk"])
def test_the_code_of_a_report_applies_it_to_its_table(people, monkeypatch, kind):
    cell = f"people.privacy.{kind}(qi).panel(hierarchies=dict(age=ages))"
    monkeypatch.setattr(Source, "here", lambda: Source.of(cell))
    report = people.privacy.kanon(["zip", "age"], k=4) if kind == "kanon" else people.privacy.risk(["zip", "age"])
    explorer = report.panel(hierarchies={"age": AGES}).explorer
    explorer.show({"zip": 2, "age": 2})
    kept = {"people": people, "ages": AGES}
    exec(explorer.code(), kept)
    expected = explorer.apply(people)
    assert kept["anonymized"].levels_ == expected.levels_
    assert kept["anonymized"].suppressed_ == expected.suppressed_


def test_without_a_cell_the_code_says_what_is_missing_by_its_kind(people):
    panel = people.privacy.lattice(["zip", "age"], k=5).panel()
    panel.show()
    assert panel.code().startswith("anonymized = lattice.apply({")
    explorer = people.privacy.kanon(["zip", "age"], k=5).panel(hierarchies={}).explorer
    explorer.show()
    assert explorer.code().startswith("anonymized = df.privacy.lattice(['zip', 'age'], k=5).apply({")
