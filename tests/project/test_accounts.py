"""What a project tells of its budget: prices, headroom, conversions, exports, and the command line."""

import json
import math
from fractions import Fraction

import pandas as pd
import pytest

import privkit as pk
from privkit.cli import main
from privkit.dp.price import epsilon_at
from privkit.values.loss import PrivacyLoss


@pytest.fixture
def people():
    return pd.DataFrame({"plan": ["a", "b", "a"]})


@pytest.fixture
def project(ledger_path, people):
    project = pk.open_project("study", epsilon=1, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(epsilon=0.25)
    return project


def test_a_study_is_priced_before_it_runs(project, people):
    plans = [people.privacy.plan.dp_count(epsilon=0.25), people.privacy.plan.dp_count("plan", keys=["a"], epsilon=0.5)]
    price = project.price(plans)
    assert (price.total.epsilon, price.fits) == (0.5, True), "the first replays"
    assert len(project.ledger) == 1
    over = project.price([*plans, people.privacy.plan.dp_count(epsilon=0.5)])
    assert not over.fits
    assert over.short.epsilon == 0.25
    assert "short" in repr(over)
    assert over.to_frame()["amount"].tolist() == [0, 0.5, 0.5]
    with pytest.raises(pk.ParameterError):
        project.price("all of it")


def test_what_replays_costs_nothing_in_a_study(project, people):
    """By the ledger, or since two plans ask the same; what runs then is charged what was told."""
    again, new = people.privacy.plan.dp_count(epsilon=0.25), people.privacy.plan.dp_count(epsilon=0.5)
    other = people.assign(plan=["b", "b", "a"]).privacy.plan.dp_count(epsilon=0.5)
    plans = [again, new, people.copy().privacy.plan.dp_count(epsilon=0.5), other]
    price = project.price(plans)
    assert price.replays == ("entry 1", "", "plan 2", "")
    assert [cost.epsilon for cost in price.costs] == [0, 0.5, 0, 0.5]
    assert (price.total.epsilon, price.short.epsilon) == (1, 0.25)
    assert price.to_frame()["amount"].sum() == 1
    assert "nothing, replays entry 1" in repr(price)
    assert "nothing, replays plan 2" in price._repr_html_()
    price.plot()
    less = price.fitted(epsilon=0.5)
    assert [plan.loss.epsilon for plan in less.plans] == [0.25, 0.25, 0.25, 0.25], "what replays stays as it is"
    assert less.replays == ("entry 1", "entry 1", "entry 1", "")
    for plan in plans[:3]:
        plan.release()
    assert project.spent.epsilon == 0.75


def test_plans_alone_and_of_data_without_a_name_are_charged_each(project, people):
    import polars as pl

    lazy = pl.from_pandas(people).lazy()
    plans = [pk.plan.dp_count(lazy, epsilon=0.25) for _ in range(2)]
    assert project.price(plans).total.epsilon == 0.5
    named = [pk.plan.dp_count(lazy, epsilon=0.25, version="v") for _ in range(2)]
    assert project.price(named).total.epsilon == 0.25


def test_a_plan_that_replays_says_so_also_once_it_was_shown(project, people):
    plan = people.privacy.plan.dp_count(epsilon=0.5)
    assert "after it, ε = 0.25" in repr(plan)
    assert plan.cost == plan.loss
    plan.release()
    told = repr(plan)
    assert told.splitlines()[0].endswith("at no cost: it replays entry 2, which cost ε = 0.5")
    assert "left" not in told
    assert "Entry 2 of the project answers it: it replays at no cost." in told
    assert (plan.cost.epsilon, plan.loss.epsilon) == (0, 0.5)
    assert "next: .release()" in told


def test_headroom_counts_what_would_still_be_admitted(project, people):
    assert project.headroom(people.privacy.plan.dp_count(epsilon=0.25)).times == 3


def gaussian_epsilon(rho, delta):
    """Return the exact ε of one Gaussian mechanism of this ρ (Balle and Wang 2018, theorem 8), by bisection."""
    mu = math.sqrt(2 * rho)

    def normal(x):
        return math.erfc(-x / math.sqrt(2)) / 2

    low, high = 0.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        spent = normal(mu / 2 - middle / mu) - math.exp(middle) * normal(-mu / 2 - middle / mu)
        low, high = (middle, high) if spent > delta else (low, middle)
    return high


@pytest.mark.parametrize("rho", [0.01, 0.1, 1])
@pytest.mark.parametrize("delta", [1e-2, 1e-6, 1e-9])
def test_conversions_lie_between_the_exact_gaussian_and_the_simple_bound(rho, delta):
    simple = rho + 2 * math.sqrt(rho * math.log(1 / delta))  # Bun and Steinke 2016, proposition 1.3
    assert gaussian_epsilon(rho, delta) <= epsilon_at(PrivacyLoss.of(rho=rho), delta) <= simple


def test_conversions_at_the_edges():
    assert epsilon_at(PrivacyLoss.of(epsilon=1, delta=1e-6), 1e-6) == 1
    assert epsilon_at(PrivacyLoss.of(epsilon=1, delta=1e-6), 1e-7) == math.inf
    assert epsilon_at(PrivacyLoss.of(rho=0, zero=True), 1e-6) == 0


def test_a_rho_project_tells_its_curve(ledger_path, people):
    project = pk.open_project("curve", rho=0.5, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(rho=0.1, project=project)
    assert project.epsilon_at(1e-6) == epsilon_at(PrivacyLoss.of(rho=0.1), 1e-6)
    assert project.epsilon_at(1e-9) > project.epsilon_at(1e-6)


def test_the_optimal_composition_lies_between_one_release_and_the_sum(ledger_path, people):
    pytest.importorskip("dp_accounting")
    project = pk.open_project("tight", epsilon=5, unit=pk.ROW, store=ledger_path)
    assert project.tighter_epsilon(1e-6) == 0
    people.privacy.dp_count(epsilon=0.1)
    assert 0.09 < project.tighter_epsilon(1e-6) <= 0.1
    for _ in range(49):
        people.privacy.dp_count(epsilon=0.1, again=True)
    advanced = 0.1 * math.sqrt(2 * 50 * math.log(1e6)) + 50 * 0.1 * (math.exp(0.1) - 1)  # Dwork and Roth 2014, 3.20
    assert 0.1 < project.tighter_epsilon(1e-6) < min(advanced, 5)
    assert project.epsilon_at(1e-6) == 5


def binomial_delta(epsilon, times, target):
    """Return the exact δ of `times` worst (ε, 0) mechanisms at `target` (Kairouz, Oh and Viswanath 2015)."""
    p = math.exp(epsilon) / (1 + math.exp(epsilon))
    terms = (
        math.comb(times, i) * (p ** (times - i) * (1 - p) ** i - math.exp(target) * p**i * (1 - p) ** (times - i))
        for i in range(times + 1)
    )
    return sum(max(term, 0) for term in terms)


@pytest.mark.parametrize(("epsilon", "times"), [(0.1, 20), (0.5, 7)])
def test_the_optimal_composition_is_no_lower_than_the_exact_one(epsilon, times):
    pytest.importorskip("dp_accounting")
    from privkit.dp.price import tighter_epsilon

    told = tighter_epsilon([PrivacyLoss.of(epsilon=epsilon)] * times, 1e-6)
    assert binomial_delta(epsilon, times, told) <= 1e-6
    assert binomial_delta(epsilon, times, told - 0.02) > 1e-6


def test_exports_are_exact(project, tmp_path):
    rows = project.ledger.to_csv().splitlines()
    assert rows[1].startswith("1,")
    assert ",0.25," in rows[1]
    project.ledger.to_json(tmp_path / "ledger.json")
    told = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert told["spent"][0] == "0.25"
    assert project.ledger.odometer().total.epsilon == 0.25
    assert project.ledger.verify().entries == 1


def test_limits_of_an_analyst_hold_beside_the_total(ledger_path, people):
    pk.open_project("team", epsilon=1, unit=pk.ROW, per_analyst=0.3, analyst="ada", store=ledger_path)
    people.privacy.dp_count(epsilon=0.3)
    with pytest.raises(pk.InsufficientBudgetError):
        people.privacy.dp_count(epsilon=0.1)
    project = pk.open_project("team", analyst="bob", store=ledger_path)
    people.privacy.dp_count(epsilon=0.3, again=True)
    assert project.spent.epsilon == Fraction("0.6")


def test_a_window_holds_and_warns(ledger_path, people):
    with pytest.warns(UserWarning, match="renews nothing"):
        project = pk.open_project("paced", epsilon=1, unit=pk.ROW, window=(30, 0.2), store=ledger_path)
    people.privacy.dp_count(epsilon=0.2)
    with pytest.raises(pk.InsufficientBudgetError):
        people.privacy.dp_count(epsilon=0.1)
    assert project.remaining.epsilon == Fraction("0.8")


def test_the_command_line_looks_and_changes_nothing(project, ledger_path, capsys):
    before = ledger_path.read_bytes()
    store = ["--store", str(ledger_path)]
    assert main(["ledger", "list", *store]) == 0
    assert "study: ε = 0.25 spent, ε = 0.75 left of ε = 1, 1 entry" in capsys.readouterr().out
    assert main(["ledger", "list", "--json", *store]) == 0
    assert json.loads(capsys.readouterr().out)[0]["project"] == "study"
    assert main(["ledger", "show", "study", *store]) == 0
    assert main(["ledger", "verify", *store]) == 0
    assert main(["ledger", "export", "study", "--format", "json", *store]) == 0
    assert (
        json.loads(capsys.readouterr().out.split("\n", 3)[-1].partition("{")[2].join(["{", ""]))["project"] == "study"
    )
    assert main(["ledger", "doctor", *store]) in {0, 3}
    assert main(["ledger", "show", "none", *store]) == 1
    assert ledger_path.read_bytes() == before
