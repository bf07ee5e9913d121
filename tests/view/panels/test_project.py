"""The panel of a project: what the ledger's record tells of accuracy, and what is left."""

from __future__ import annotations

import pytest
from panels_shown import shown

from privkit.dp.noise.noise import Laplace
from privkit.dp.recorded import recorded_accuracy, recorded_within
from privkit.errors import LedgerError
from privkit.values.writing import error_text


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
