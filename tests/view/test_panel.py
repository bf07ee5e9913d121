from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pandas as pd
import pytest

import privkit as pk
from privkit.budget.store.store import TIMEOUT
from privkit.testing.ledger_states import damaged, locked, missing, newer
from privkit.values.loss import PrivacyLoss
from privkit.view.panels.project import BudgetPanel


@pytest.fixture
def people():
    return pd.DataFrame({"city": ["Bern"] * 60 + ["Basel"] * 40})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("census", epsilon=1, unit=pk.ROW, store=ledger_path)


@pytest.fixture
def panel(project):
    panel = project.panel()
    yield panel
    panel.close()


def shown(panel):
    return panel.children[0].value


def test_it_follows_when_this_process_spends(panel, people):
    assert "ε = 1 of 1 left" in shown(panel)
    people.privacy.dp_count(epsilon=0.2)
    assert "ε = 0.8 of 1 left" in shown(panel)
    assert "committed" in shown(panel)
    people.privacy.dp_count(epsilon=0.2)  # replays
    assert "ε = 0.8 of 1 left" in shown(panel)


def test_it_shows_a_reservation_while_it_is_measured(project, panel):
    reservation = project.account.reserve(None, {"statistic": "count"}, PrivacyLoss.of(epsilon=0.3))
    assert "0.3 reserved" in shown(panel)
    project.account.commit(reservation, "{}")
    assert "0 reserved" in shown(panel)


def test_two_projects_on_one_ledger_have_one_panel(project, panel, people, ledger_path):
    again = pk.open_project("census", store=ledger_path)
    assert again.panel() is panel
    people.privacy.dp_count(epsilon=0.5, project=again)
    assert "ε = 0.5 of 1 left" in shown(panel)


def test_projects_in_one_ledger_have_panels_of_their_own(project, panel, people, ledger_path):
    other = pk.open_project("other", epsilon=3, unit=pk.ROW, store=ledger_path)
    theirs = other.panel()
    people.privacy.dp_count(epsilon=0.5, project=other)
    assert "ε = 2.5 of 3 left" in shown(theirs)
    assert "ε = 1 of 1 left" in shown(panel)
    theirs.close()


def test_it_sees_what_another_process_spent_when_it_looks(project, panel, ledger_path):
    code = (
        "import sys, pandas as pd, privkit as pk\n"
        "pk.open_project('census', store=sys.argv[1])\n"
        "pd.DataFrame({'a': [1]}).privacy.dp_count(epsilon=0.25)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(ledger_path)], env=os.environ, check=True, timeout=120)
    assert "ε = 1 of 1 left" in shown(panel)
    panel.look()
    assert "ε = 0.75 of 1 left" in shown(panel)


def test_looking_at_an_unchanged_ledger_draws_nothing(panel, monkeypatch):
    monkeypatch.setattr(BudgetPanel, "refresh", lambda self: pytest.fail("drawn again"))
    panel.look()


def test_beside_the_widget_stand_a_still_picture_and_a_stable_text(project, panel, people):
    people.privacy.dp_count(epsilon=0.2)
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "ε = 0.8 of 1 left" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    told = bundle["text/plain"].splitlines()
    assert [line for line in told if line in repr(project).splitlines()] == repr(project).splitlines()
    assert "About 4 more like the last one: count at ± 15, for ε = 0.2 each." in told
    assert "About 4 more like the last one: count at ± 15, for ε = 0.2 each." in bundle["text/html"].replace(
        "\xa0", " "
    )
    assert project.ledger.to_frame()["time"].iloc[0].strftime("%H:%M:%S") in bundle["text/plain"]
    assert bundle["text/plain"] == project.panel()._repr_mimebundle_()["text/plain"]


def test_a_broken_ledger_is_told_inside_and_the_panel_recovers(panel, ledger_path):
    before = ledger_path.read_bytes()
    ledger_path.write_bytes(b"not a ledger" * 1000)
    panel.look()
    assert "its ledger cannot be read" in shown(panel)
    assert "its ledger cannot be read" in panel._repr_mimebundle_()["text/html"]
    ledger_path.write_bytes(before)
    panel.look()
    assert "ε = 1 of 1 left" in shown(panel)


@pytest.mark.parametrize("state", [damaged, newer, locked, missing])
def test_a_ledger_that_cannot_be_read_is_told_soon_and_calmly_and_comes_back(panel, ledger_path, state):
    whole = ledger_path.read_bytes()
    try:
        with state(ledger_path):
            started = time.monotonic()
            panel.look()
            assert time.monotonic() - started < TIMEOUT / 3  # the kernel does not stand still as long as a release may
            assert "its ledger cannot be read" in shown(panel)
            assert "Traceback" not in shown(panel)
            assert "its ledger cannot be read" in repr(panel)
    finally:
        ledger_path.write_bytes(whole)
    panel.look()
    assert "ε = 1 of 1 left" in shown(panel)


def test_a_closed_panel_listens_no_more_and_is_made_anew(project, people):
    panel = project.panel()
    panel.close()
    before = shown(panel)
    people.privacy.dp_count(epsilon=0.2)
    assert shown(panel) == before
    again = project.panel()
    assert again is not panel
    assert "ε = 0.8 of 1 left" in shown(again)
    again.close()


def cells(html):
    """Return the rows of the releases' table, each as a mapping of head to cell."""
    cell = re.compile(r"<t[hd][^>]*>(?:<div[^>]*>)?([^<]*)<")
    texts = [cell.findall(row) for row in re.findall(r"<tr>.*?</tr>", html.replace("\xa0", " "))]
    return [dict(zip(texts[0], row, strict=True)) for row in texts[1:]]


def test_the_releases_are_told_with_what_they_cost_and_how_often_they_were_replayed(panel, people):
    cities = ["Basel", "Bern"]
    people.privacy.dp_count(epsilon=0.2)
    people.privacy.dp_count("city", keys=cities, epsilon=0.1, where="city != 'Chur'")
    for _ in range(3):
        people.privacy.dp_count(epsilon=0.2)
    panel.look()  # as after a cell
    second, first = cells(shown(panel))
    assert first["question"] == "count"
    assert second["question"] == "count by city (2 keys) where (city != &#x27;Chur&#x27;)"
    assert [(row["cost"], row["accuracy"], row["replays"]) for row in (first, second)] == [
        ("ε = 0.2", "± 15", "3"),
        ("ε = 0.1", "± 30", "0"),
    ]
    assert first["who"]
    assert "the ledger does not keep them" in shown(panel)


def test_replays_do_not_outlive_the_kernel(panel, people):
    people.privacy.dp_count(epsilon=0.2)
    before = panel.still()
    people.privacy.dp_count(epsilon=0.2)
    assert panel.still() == before
    assert "replays" not in "".join(cells(before)[0])


def test_a_simulated_project_has_a_panel_that_says_so(people):
    project = pk.open_project("lesson", epsilon=1, unit=pk.ROW, simulate=True, seed=1)
    people.privacy.dp_count(epsilon=0.2)
    panel = project.panel()
    for told in (shown(panel), panel.still(), repr(panel)):
        assert "SIMULATED: drawn by a seeded teaching simulator" in told
    panel.close()


def test_it_says_that_the_ledger_is_no_access_control(panel):
    assert "no access control" in shown(panel)


def test_ipywidgets_is_loaded_by_the_panel_alone():
    code = "import sys, privkit.view.sheets.project, privkit.view.html; print('ipywidgets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "False"
