"""k, l and t on a map: every field's figures are those of the package's reports."""

from __future__ import annotations

import re

import pytest
from pieces_in_node import data_of, in_node

import privkit as pk

NODES = [(code, age) for code in range(4) for age in range(4)]


@pytest.fixture
def data():
    return data_of(pk.teach.klt_map())


def at(levels):
    """Return the patients at these levels, by the package's hierarchies."""
    ages = pk.Hierarchy.intervals(10, 20, lower=20, upper=80)
    hierarchies = {"zip": pk.Hierarchy.redact(), "age": ages}
    chosen = {name: (hierarchies[name], level) for name, level in zip(("zip", "age"), levels, strict=True)}
    return pk.generalize(pk.teach.patients(), chosen).frame


def test_the_page_holds_the_patients_of_the_frame(data):
    held = [(zips[0], int(ages[0]), data["secrets"][secret]) for zips, ages, secret in data["rows"]]
    assert held == list(pk.teach.patients().itertuples(index=False, name=None))


@pytest.mark.parametrize("levels", NODES)
def test_each_field_of_the_map_is_what_the_reports_say(levels, data):
    table, qi = at(levels), ["zip", "age"]
    found = in_node("klt_map", f"return f.figures(given, {levels[0]}, {levels[1]});", data["rows"])
    assert found["k"] == pk.kanon(table, qi).k
    assert found["l"] == pk.ldiv(table, qi, "illness").l
    assert found["t"] == pytest.approx(float(pk.tclose(table, qi, "illness").t), abs=1e-12)
    kinds = table.groupby(qi, observed=True)["illness"].transform("nunique")
    assert found["out"] == int((kinds == 1).sum())


def test_classes_are_what_pandas_groups(data):
    for levels in NODES:
        groups = at(levels).groupby(["zip", "age"], observed=True).indices.values()
        found = in_node("klt_map", f"return f.classes(given, {levels[0]}, {levels[1]});", data["rows"])
        assert sorted(found) == sorted(list(map(int, one)) for one in groups)


def test_the_sentence_is_true_and_the_map_has_what_it_teaches(data):
    code = "return given[1].map(([code, age]) => f.figures(given[0], code, age));"
    found = in_node("klt_map", code, [data["rows"], NODES])
    told = found[10]
    numbers = [int(one) for one in re.findall(r"\d+", pk.teach.klt_map().sentence)]
    assert numbers == [2, 48, told["k"] - 1, told["k"], told["out"], 1]
    assert told["l"] == 1
    assert told["k"] > 2
    assert told["out"] > 0
    assert [one for one in found[:-1] if one["out"] == 0], "some field is left where nothing is out"
    assert found[-1]["t"] == pytest.approx(0, abs=1e-12)


def test_patients_are_the_same_every_time():
    assert pk.teach.patients().equals(pk.teach.patients())
