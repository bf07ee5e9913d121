"""The panel of a plan: price and accuracy, a release that asks once, and what a failure tells."""

from __future__ import annotations

import pytest
from panels_shown import shown

import privkit as pk
from privkit.view.panels import panel_of


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
