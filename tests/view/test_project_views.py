from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

mpl.use("Agg")

import privkit as pk
from privkit.errors import LedgerError
from privkit.values.loss import PrivacyLoss
from privkit.view import plots

from .test_markup import HOSTILE, Outline


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def people():
    return pd.DataFrame({"city": ["Bern"] * 60 + ["Basel"] * 40})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("census", epsilon=1, unit=pk.ROW, store=ledger_path)


def words_of(markup):
    return " ".join(Outline(markup).text.split())


def held(project, epsilon=0.1, question=None):
    return project.account.reserve(None, question or {"statistic": "count"}, PrivacyLoss.of(epsilon=epsilon))


def test_a_project_says_what_is_left_first(project, people):
    assert repr(project).splitlines()[0] == "project 'census': ε = 1 of 1 left"
    people.privacy.dp_count(epsilon=0.2)
    lines = repr(project).splitlines()
    assert lines[0] == "project 'census': ε = 0.8 of 1 left"
    assert lines[1] == "Spent ε = 0.2 in 1 entry."
    assert lines[-1] == "next: df.privacy.plan.dp_count(accuracy=10) · .ledger · .panel()"


@pytest.mark.parametrize("more", [{"unit": pk.ROW}, {"unit": "who"}, {"unit": "who", "max_rows": 3}])
@pytest.mark.parametrize("budget", [{"epsilon": 1}, {"rho": 1}, {"epsilon": 0.01, "delta": 1e-6}])
def test_the_first_step_of_a_project_runs_and_spends_nothing(ledger_path, people, more, budget):
    project = pk.open_project("first", **budget, **more, store=ledger_path)
    plan = eval(repr(project).splitlines()[-1].removeprefix("next: ").split(" · ")[0], {"df": people.assign(who=1)})
    assert isinstance(plan, pk.Plan)
    assert len(project.ledger) == 0


def test_what_is_reserved_is_told_apart_from_what_is_spent(project):
    reservation = held(project, 0.3)
    assert "Reserved ε = 0.3" in repr(project)
    shown = project._repr_html_()
    assert "ε: 0 spent, 0.3 reserved, 0.7 left of 1" in shown
    assert re.search(r'class="pk-bar pk-held" style="width: 30.00%"', shown)
    project.account.commit(reservation, "{}")
    assert "Reserved" not in repr(project)
    assert 'class="pk-bar" style="width: 30.00%"' in project._repr_html_()


def test_the_bar_is_a_meter_with_words(project, people):
    people.privacy.dp_count(epsilon=0.25)
    shown = project._repr_html_()
    for attribute in ('role="meter"', 'aria-valuenow="25.0"', 'aria-label="privacy budget in ε"'):
        assert attribute in shown
    assert 'aria-valuetext="ε: 0.25 spent, 0 reserved, 0.75 left of 1"' in shown


def test_a_delta_has_a_bar_of_its_own(ledger_path):
    project = pk.open_project("both", epsilon=1, delta=1e-6, unit=pk.ROW, store=ledger_path)
    assert repr(project).splitlines()[0] == "project 'both': ε = 1 of 1, δ = 10⁻⁶ of 10⁻⁶ left"
    assert project._repr_html_().count('role="meter"') == 2


def test_amounts_read_as_the_decimals_that_were_typed(project, people):
    for city in (["Bern"], ["Basel"], ["Bern", "Basel"]):
        people.privacy.dp_count("city", keys=city, epsilon=0.1)
    assert repr(project.ledger).splitlines()[0] == "ledger of project 'census': 3 entries, ε = 0.3 of 1 charged"
    assert "/" not in repr(project)


def test_the_ledger_lists_each_entry_once(project, people):
    people.privacy.dp_count("city", keys=["Bern", "Basel"], epsilon=0.2)
    people.privacy.dp_count(epsilon=0.1)
    people.privacy.dp_count(epsilon=0.1)  # replays
    lines = repr(project.ledger).splitlines()
    assert lines[0] == "ledger of project 'census': 2 entries, ε = 0.3 of 1 charged"
    assert [line.split()[0] for line in lines[1:-1]] == ["entry", "1", "2"]
    assert "count by city (2 keys)" in lines[2]
    assert lines[-1] == "next: .to_frame() · .verify()"
    shown = words_of(project.ledger._repr_html_())
    for told in ("count by city (2 keys)", "ε = 0.2", "committed", ".verify()"):
        assert told in shown


def test_an_empty_ledger_says_so(project):
    assert "Nothing has been asked yet." in repr(project.ledger)
    assert "Nothing has been asked yet." in project.ledger._repr_html_()


def test_a_long_ledger_shows_its_last_twenty_entries(project):
    for _ in range(23):
        project.account.commit(held(project, 0.01), "{}")
    lines = repr(project.ledger).splitlines()
    numbers = [int(line.split()[0]) for line in lines if re.match(r"  \d", line)]
    assert numbers == list(range(4, 24))
    assert "  … 3 earlier entries: .to_frame()" in lines
    assert project.ledger._repr_html_().count('scope="row"') == 20


def test_analysts_are_named_where_there_are_several(project, ledger_path, monkeypatch):
    project.account.commit(held(project), "{}")
    assert "analyst" not in repr(project.ledger)
    monkeypatch.setenv("PRIVKIT_ANALYST", "somebody else")
    again = pk.open_project("census", store=ledger_path)
    again.account.commit(held(again), "{}")
    assert "somebody else" in repr(again.ledger)
    assert "somebody else" in again.ledger._repr_html_()


def test_a_ledger_that_cannot_be_read_is_told_not_raised(project, ledger_path):
    ledger_path.write_bytes(b"not a ledger" * 1000)
    for value in (project, project.ledger):
        assert repr(value).splitlines()[0] == "project 'census': its ledger cannot be read."
        assert "damaged" in repr(value)
        assert "damaged" in value._repr_html_()
    with pytest.raises(LedgerError):
        project.account.balance()


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.isprintable() and len(name) < 200])
def test_hostile_names_stay_text(name, ledger_path):
    project = pk.open_project(name, epsilon=1, unit=name, max_rows=1, store=ledger_path)
    project.account.commit(held(project, question={"statistic": name, "by": [name], "keys": []}), "{}")
    for value in (project, project.ledger):
        outline = Outline(value._repr_html_())
        assert not outline.open
        assert not {"script", "img", "svg", "b"} & set(outline.tags)
        assert not any(attribute.startswith("on") or attribute in {"src", "href"} for attribute in outline.attributes)
        plots.draw(value).figure.canvas.draw()


def test_plots_show_the_shares_and_the_way_to_them(project, people):
    people.privacy.dp_count(epsilon=0.25)
    people.privacy.dp_count("city", keys=["Bern"], epsilon=0.5)
    held(project, 0.125)
    bars = plots.draw(project).patches
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 0.75), (0.75, 0.125), (0.875, 0.125)]
    way, limit = plots.draw(project.ledger).lines
    assert list(way.get_ydata()) == [0, 0.25, 0.75, 0.875, 0.875]
    assert set(limit.get_ydata()) == {1}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_price_of_a_study_says_the_same_as_text_and_as_html(project, people, name):
    plan = people.assign(**{name: 1.0}).privacy.plan
    plans = [
        plan.dp_count("city", keys=["Bern", "Basel"], epsilon=0.25),
        plan.dp_mean(name, bounds=(0, 1), epsilon=0.5),
    ]
    for asked, told in (
        (plans, "It fits"),
        ([*plans, plan.dp_mean(name, bounds=(0, 2), epsilon=0.5)], "ε = 0.25 short"),
    ):
        price = project.price(asked)
        shown = Outline(price._repr_html_())
        answer, first, *_, reason, _ = repr(price).splitlines()
        assert told in reason
        assert first == "  count of rows by city (2 keys): ε = 0.25, ± 12"
        for told_too in (answer, reason, "count of rows by city (2 keys)", "ε = 0.25", "± 12"):
            assert told_too in shown.text
        assert shown.tags.count("td") == 2 * len(asked)
        assert not {"img", "script", "a"} & set(shown.tags)


def test_a_long_study_names_its_first_plans_and_how_many_follow(project, people):
    price = project.price([people.privacy.plan.dp_count(epsilon=0.01 * n) for n in range(1, 26)])
    assert "… 5 more" in repr(price)
    assert "… 5 more" in words_of(price._repr_html_())


def test_an_odometer_draws_what_each_analyst_was_charged(project, monkeypatch):
    empty = project.ledger.odometer()
    assert "<table" not in empty._repr_html_()
    held(project, 0.25)
    project.account.analyst = HOSTILE[0]
    held(project, 0.5)
    shown = project.ledger.odometer()._repr_html_()
    assert HOSTILE[0] not in shown
    assert re.findall(r'role="meter"[^>]*aria-valuenow="([0-9.]+)"', shown) == ["75.0", "25.0", "50.0"]
    assert "ε = 0.75 charged in 2 entries, ε = 0.25 left." in words_of(shown)
    assert "left after it" in words_of(shown)


def test_an_odometer_lists_the_last_twenty_entries(project):
    for _ in range(22):
        held(project, 0.01)
    shown = project.ledger.odometer()._repr_html_()
    assert "2 earlier entries: .to_rows()" in words_of(shown)
    assert shown.count('<th scope="row">') == 1 + 20


@pytest.mark.parametrize(("epsilon", "drawn", "short"), [(0.25, "25.0", False), (1.5, "100.0", True)])
def test_headroom_draws_one_release_beside_what_is_left(project, epsilon, drawn, short):
    shown = project.account.headroom(PrivacyLoss.of(epsilon=epsilon))._repr_html_()
    assert f'aria-valuenow="{drawn}"' in shown
    assert ('"pk-bar pk-short"' in shown) == short


def test_headroom_where_nothing_is_left(project):
    held(project, 1)
    assert '"pk-bar pk-short"' in project.account.headroom(PrivacyLoss.of(epsilon=0.1))._repr_html_()
