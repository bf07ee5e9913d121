"""The panel in which a question takes shape: free until it is confirmed, and the code that it shows asks the same."""

from __future__ import annotations

import html
import re

import pandas as pd
import pytest

import privkit as pk
from privkit.values.loss import PrivacyLoss
from privkit.view.panels.shape import steps
from privkit.view.panels.spending import beside

pytest.importorskip("ipywidgets")

HOSTILE = '"><img src=x onerror=alert(1)>'


@pytest.fixture
def people():
    return pd.DataFrame({"zip": ["8000", "8001"] * 300, "age": [20, 70, 40] * 200, HOSTILE: ["secret"] * 600})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("shaped", epsilon=1, unit=pk.ROW, store=ledger_path)


@pytest.fixture
def panel(project, people):
    return people.privacy.plan.panel()


def shown(panel):
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", panel.still(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", text))


def mean_of_age(panel):
    panel.statistic.value, panel.column.value = "dp_mean", "age"
    panel.low.value, panel.high.value, panel.rows.value = "0", "100", "300"


def test_shaping_is_free_and_the_figures_are_the_plans(project, people, panel):
    mean_of_age(panel)
    panel.by.value, panel.groups.value, panel.price.value = "zip", "8000, 8001", "0.2"
    plan = people.privacy.plan.dp_mean(
        "age", by="zip", keys=["8000", "8001"], bounds=(0, 100), epsilon=0.2, assume_rows=300
    )
    assert (panel.plan.loss, panel.plan.accuracy) == (plan.loss, plan.accuracy)
    assert "after it, ε = 0.8" in shown(panel)
    assert panel.call() in shown(panel)
    assert panel.call() in repr(panel)
    assert len(project.ledger) == 0


def test_only_a_confirmed_release_spends_and_the_code_replays_it(project, people, panel):
    mean_of_age(panel)
    panel.confirm.click()
    panel.button.click()
    panel.cancel.click()
    panel.confirm.click()
    assert len(project.ledger) == 0
    panel.button.click()
    panel.price.value = "0.05"  # what was asked is not what would be spent: it is asked anew
    panel.confirm.click()
    assert len(project.ledger) == 0
    panel.button.click()
    panel.confirm.click()
    panel.confirm.click()
    assert project.spent == PrivacyLoss.of(epsilon=0.05)
    again = eval(panel.call(), {"df": people})
    assert again.replayed
    assert len(project.ledger) == 1


def test_what_changes_no_question_withdraws_nothing(project, panel):
    panel.by.value, panel.groups.value = "zip", "8000, 8001"
    panel.button.click()
    panel.suppose.value = "300"
    panel.price_number.value += "0"
    panel.groups.value = "8000,8001"
    assert panel.confirm.layout.display == ""
    panel.groups.value = "8000"
    assert panel.confirm.layout.display == "none"
    panel.button.click()
    panel.suppose.value = "301"
    panel.confirm.click()
    assert len(project.ledger) == 1


@pytest.mark.parametrize(
    "fill",
    [
        lambda panel: setattr(panel.statistic, "value", "dp_sum"),  # no bounds
        lambda panel: setattr(panel.by, "value", "zip"),  # no keys
        lambda panel: setattr(panel.price_number, "value", "much"),
        lambda panel: setattr(panel.price_number, "value", "0"),
        lambda panel: setattr(panel.price_number, "value", "nan"),
    ],
)
def test_what_makes_no_question_is_told_and_cannot_be_released(project, panel, fill):
    fill(panel)
    assert panel.plan is None
    assert panel.button.disabled
    assert panel.call() == ""
    assert shown(panel).strip()
    assert repr(panel)
    panel.button.click()
    panel.confirm.click()
    assert len(project.ledger) == 0


def test_an_error_is_told_beside_an_answer_that_is_supposed(project, people, panel):
    panel.suppose.value = "1,200"
    told = beside(panel.plan, 1200.0)
    assert told in shown(panel)
    width = panel.plan.accuracy
    assert f"between {1200 - width:,.0f} and {1200 + width:,.0f}" in told
    assert "%" in told
    median = people.privacy.plan.dp_median("age", bounds=(0, 100), epsilon=0.1)
    assert beside(median, 40.0) == ""  # its error is of ranks
    assert beside(panel.plan, None) == ""


def test_numbers_name_groups_of_numbers(project, people, panel):
    panel.by.value, panel.groups.value = "age", "20, 40"
    assert panel.call() == "df.privacy.dp_count(by='age', keys=[20, 40], epsilon=0.1)"


def test_names_stay_text_and_no_cell_is_told(panel):
    panel.by.value, panel.groups.value = HOSTILE, "x"
    assert "<img" not in panel.still()
    assert "secret" not in panel.still() + repr(panel)


def test_persons_have_a_field_for_their_rows(people, ledger_path):
    table = people.assign(who=range(len(people)))
    pk.open_project("persons", epsilon=1, unit="who", store=ledger_path)
    panel = table.privacy.plan.panel()
    panel.most.value = "1"
    assert panel.most.layout.display == ""
    assert "max_rows=1" in panel.call()


def test_the_slider_goes_by_ones_twos_and_fives():
    assert steps(1)[-7:] == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    assert steps(0.3)[-2:] == ["0.2", "0.3"]


def test_a_project_of_rho_is_asked_by_rho(people, ledger_path):
    pk.open_project("rho", rho=0.5, delta=1e-6, unit=pk.ROW, store=ledger_path)
    panel = people.privacy.plan.panel()
    assert "rho=" in panel.call()
