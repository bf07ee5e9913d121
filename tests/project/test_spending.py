"""Spending: exact amounts, replay, refusals that spend nothing, and crashes that hide nothing."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
from fractions import Fraction

import pandas as pd
import pytest

import privkit as pk


@pytest.fixture
def people():
    return pd.DataFrame({"who": [1, 1, 2, 3], "plan": ["a", "a", "b", "a"], "age": [30, 30, 40, 50]})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("churn", epsilon=1.0, unit=pk.ROW, store=ledger_path)


def test_three_tenths_fit_in_three_tenths_and_nothing_after_them(ledger_path, people):
    project = pk.open_project("exact", epsilon=0.3, unit=pk.ROW, store=ledger_path)
    for _ in range(3):
        people.privacy.dp_count(epsilon=0.1, again=True)
    assert project.remaining.epsilon == 0
    with pytest.raises(pk.InsufficientBudgetError):
        people.privacy.dp_count(epsilon=1e-9, again=True)
    assert project.spent.epsilon == Fraction("0.3")


def test_the_same_question_is_replayed_at_no_cost(project, people):
    first = people.privacy.dp_count("plan", keys=["a", "b", "c"], epsilon=0.25)
    again = people.copy().privacy.dp_count("plan", keys=["c", "b", "a"], epsilon=0.25)
    assert again.replayed
    assert not first.replayed
    assert again.value.to_dict() == first.value.to_dict()
    assert list(again.value.index) == ["c", "b", "a"]
    assert project.spent.epsilon == 0.25


@pytest.mark.parametrize(
    ("terms", "name", "most"), [({"epsilon": 99}, "epsilon", 10), ({"rho": 99, "ceiling": 3}, "rho", 3)]
)
def test_a_plan_that_the_ceiling_refuses_says_so(ledger_path, people, terms, name, most):
    project = pk.open_project("high", unit=pk.ROW, store=ledger_path, **terms)
    fits, above = (people.privacy.plan.dp_count(**{name: price}) for price in (most, most + 1))
    assert "would be refused" not in str(fits)
    assert re.search(rf"the project refuses one release above \w = {most}, its ceiling: this one", str(above))
    with pytest.raises(pk.CeilingError):
        above.release()
    assert fits.release().provenance.entry == 1
    assert project.spent == fits.loss


def test_again_draws_anew_and_is_charged(project, people):
    people.privacy.dp_count(epsilon=0.25)
    fresh = people.privacy.dp_count(epsilon=0.25, again=True)
    assert not fresh.replayed
    assert project.spent.epsilon == 0.5
    assert people.privacy.dp_count(epsilon=0.25).value == fresh.value


@pytest.mark.parametrize(
    "change",
    [
        lambda df: df.assign(age=[30, 30, 40, 51]),
        lambda df: df.iloc[:3],
        lambda df: df.rename(columns={"age": "years"}),
        lambda df: df.astype({"age": float}),
    ],
    ids=["value", "rows", "name", "dtype"],
)
def test_a_changed_frame_is_a_new_question(project, people, change):
    people.privacy.dp_count(epsilon=0.25)
    assert not change(people).privacy.dp_count(epsilon=0.25).replayed
    assert project.spent.epsilon == 0.5


def test_a_declared_version_stands_for_the_data(project, people):
    first = people.privacy.dp_count(epsilon=0.25, version="2026-11")
    second = people.iloc[:2].privacy.dp_count(epsilon=0.25, version="2026-11")
    assert second.replayed
    assert second.value == first.value


def test_a_question_asked_by_accuracy_is_the_one_asked_by_its_price(project, people):
    by_accuracy = people.privacy.dp_count(accuracy=10)
    assert people.privacy.dp_count(epsilon=by_accuracy.loss.epsilon).replayed


def test_replay_survives_a_restart(ledger_path, privkit_state):
    script = textwrap.dedent(
        """
        import sys, pandas as pd, privkit as pk
        pk.open_project("p", epsilon=1, unit=pk.ROW, store=sys.argv[1])
        release = pd.DataFrame({"a": [1, 2, 3]}).privacy.dp_count(epsilon=0.1)
        print(release.value, release.replayed)
        """
    )
    answers = [
        subprocess.run([sys.executable, "-c", script, ledger_path], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    (first, fresh), (second, replayed) = (answer.split() for answer in answers)
    assert (first, fresh, replayed) == (second, "False", "True")


def test_what_is_left_is_told_in_the_answers_own_unit_and_only_where_it_is_another_accuracy(ledger_path, people):
    project = pk.open_project("large", epsilon=30, unit=pk.ROW, ceiling=100, store=ledger_path)
    with pytest.raises(pk.InsufficientBudgetError) as caught:  # both are ± 0
        people.privacy.dp_count(epsilon=40, project=project)
    assert "Ways on: epsilon=30, or replay" in str(caught.value)
    people.privacy.dp_count(epsilon=29, project=project)
    bounds = {"bounds": (0, 100), "assume_rows": 1000, "project": project}
    with pytest.raises(pk.InsufficientBudgetError, match=r"± 1\.3 % of ranks instead of ± 0\.62 % of ranks"):
        people.privacy.dp_median("age", epsilon=2, **bounds)


def test_an_overdrawn_budget_is_refused_with_ways_on(project, people):
    people.privacy.dp_count(epsilon=0.8)
    with pytest.raises(pk.InsufficientBudgetError) as caught:
        people.privacy.dp_count(epsilon=0.5)
    assert str(caught.value) == (
        "this plan needs ε = 0.5; project 'churn' has ε = 0.2 of 1 left (short by 0.3).\n"
        "Ways on: epsilon=0.2 (each count ± 15 instead of ± 6), or replay an earlier release: project.ledger.\n"
        "No budget was spent."
    )
    assert caught.value.short.epsilon == Fraction("0.3")
    assert project.spent.epsilon == Fraction("0.8")
    people.privacy.dp_count(epsilon=0.2)


def test_a_remainder_too_small_to_price_is_still_told_as_an_overdrawn_budget(ledger_path, people):
    budget = Fraction(1) + Fraction(1, 10**10)
    project = pk.open_project("crumbs", epsilon=budget, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(epsilon=1)
    with pytest.raises(pk.InsufficientBudgetError, match=r"Ways on: replay an earlier release: project\.ledger\."):
        people.privacy.dp_count(epsilon=0.5)
    assert project.spent.epsilon == 1


def test_one_release_above_the_ceiling_is_refused(ledger_path, people):
    project = pk.open_project("rich", epsilon=100, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.CeilingError, match="No budget was spent"):
        people.privacy.dp_count(epsilon=10.5)
    assert project.spent.epsilon == 0
    with pytest.raises(pk.CeilingError, match="10³⁰⁰"):
        people.privacy.dp_count(epsilon=1e300)


REFUSED = {
    "unknown column": (dict(by="plam", keys=["a"], epsilon=0.1), pk.ColumnNotFoundError, "Close matches: 'plan'"),
    "keys missing": (dict(by="plan", epsilon=0.1), pk.KeysError, "needs keys="),
    "keys doubled": (dict(by="plan", keys=["a", "a"], epsilon=0.1), pk.KeysError, "must be unique"),
    "keys without by": (dict(keys=["a"], epsilon=0.1), pk.KeysError, "without by="),
    "keys of another type": (dict(by="age", keys=["a"], epsilon=0.1), pk.KeysError, "'age'"),
    "keys from a Series": (dict(by="plan", keys=pd.Series(["a"]), epsilon=0.1), pk.NotPublicError, "public_values"),
    "keys from an array": (dict(by="plan", keys=pd.Series(["a"]).unique(), epsilon=0.1), pk.NotPublicError, "public"),
    "no price": (dict(), pk.ParameterError, "epsilon=, advantage=, accuracy= or relative="),
    "two prices": (dict(epsilon=0.1, accuracy=5), pk.ParameterError, "one of them"),
    "zero": (dict(epsilon=0), pk.ParameterError, "finite number > 0"),
    "negative": (dict(epsilon=-1), pk.ParameterError, "finite number > 0"),
    "nan": (dict(epsilon=float("nan")), pk.ParameterError, "finite number > 0"),
    "infinite": (dict(epsilon=float("inf")), pk.ParameterError, "finite number > 0"),
    "text": (dict(epsilon="1"), pk.ParameterError, "finite number > 0"),
    "true": (dict(epsilon=True), pk.ParameterError, "finite number > 0"),
    "accuracy of zero": (dict(accuracy=0), pk.ParameterError, "accuracy"),
    "bounds for rows": (dict(epsilon=0.1, max_rows=3), pk.ParameterError, "unit column"),
    "version": (dict(epsilon=0.1, version=7), pk.ParameterError, "version"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_and_nothing_is_spent(case, project, people):
    arguments, error, words = REFUSED[case]
    with pytest.raises(error) as caught:
        people.privacy.dp_count(**arguments)
    assert words in str(caught.value)
    assert str(caught.value).endswith("No budget was spent.")
    assert len(project.ledger) == 0
    people.privacy.dp_count(epsilon=1)


def test_a_frame_without_the_unit_column_is_refused(ledger_path, people):
    project = pk.open_project("persons", epsilon=1, unit="customer_id", max_rows=2, store=ledger_path)
    with pytest.raises(pk.ColumnNotFoundError, match="No budget was spent") as caught:
        people.privacy.dp_count(epsilon=0.1)
    assert "all rows of one 'customer_id'" in str(caught.value)
    assert project.spent.epsilon == 0


def test_a_unit_column_needs_contribution_bounds(ledger_path, people):
    pk.open_project("persons", epsilon=1, unit="who", store=ledger_path)
    with pytest.raises(pk.BoundsRequiredError, match="max_rows"):
        people.privacy.dp_count(epsilon=0.1)
    assert people.privacy.dp_count(epsilon=0.1, max_rows=2).plan.sensitivity["L1"] == 2
    plan = people.privacy.plan.dp_count("plan", keys=["a"], epsilon=0.1, max_groups=3, per_group=5)
    assert plan.sensitivity["L1"] == 15


def test_a_plan_touches_no_row_and_spends_nothing(project):
    polars = pytest.importorskip("polars")

    def touched(_):
        raise AssertionError("rows were read")

    frame = polars.LazyFrame({"plan": ["a"]}).map_batches(touched, schema={"plan": polars.String})
    with pytest.raises(Exception, match="rows were read"):
        frame.collect()
    plan = pk.plan.dp_count(frame, "plan", keys=["a", "b"], epsilon=0.25)
    assert (plan.loss.epsilon, plan.accuracy) == (0.25, 12)
    assert len(project.ledger) == 0


def test_a_plan_releases(project, people):
    plan = people.privacy.plan.dp_count(epsilon=0.25)
    assert plan.release().loss == plan.loss
    assert people.privacy.dp_count(epsilon=0.25).replayed


def test_a_failed_measurement_keeps_its_price_and_tells_nothing(project, people, monkeypatch):
    from privkit.dp import measurement as stability

    def failing(*_, **__):
        raise ValueError("CANARY-7f3a")

    monkeypatch.setattr(stability, "exact_cells", failing)
    with pytest.raises(pk.MeasurementError) as caught:
        people.privacy.dp_count("plan", keys=["a"], epsilon=0.25)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert project.spent.epsilon == 0.25
    assert project.ledger.to_frame()["state"].tolist() == ["failed"]


def test_an_interrupt_keeps_the_price(project, people, monkeypatch):
    from privkit.dp import measurement as stability

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(stability, "exact_cells", interrupted)
    with pytest.raises(KeyboardInterrupt):
        people.privacy.dp_count("plan", keys=["a"], epsilon=0.25)
    assert project.spent.epsilon == 0.25
    assert project.ledger.to_frame()["state"].tolist() == ["orphaned"]


def spend_until_refused(store, spends):
    people = pd.DataFrame({"a": range(50)})
    project = pk.open_project("shared", store=store)
    done = 0
    for _ in range(spends):
        try:
            people.privacy.dp_count(epsilon=0.01, again=True, project=project)
            done += 1
        except pk.InsufficientBudgetError:
            pass
    return done


@pytest.mark.landing
def test_four_processes_never_overdraw(ledger_path):
    project = pk.open_project("shared", epsilon=0.5, unit=pk.ROW, store=ledger_path)
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        done = pool.starmap(spend_until_refused, [(ledger_path, 20)] * 4)
    assert sum(done) == 50
    assert project.spent.epsilon == 0.5
    assert project.remaining.epsilon == 0
    project.ledger.verify()


KILLED = """
import os, signal, sys, pandas as pd, privkit as pk
from privkit.project import release
pk.open_project("p", epsilon=1, unit=pk.ROW, store=sys.argv[1])
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
release.draw = die
pd.DataFrame({"a": [1, 2, 3]}).privacy.dp_count(epsilon=0.4)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="SIGKILL is a POSIX signal")
def test_a_kill_between_reserve_and_commit_leaves_the_amount_visible(ledger_path, privkit_state):
    done = subprocess.run([sys.executable, "-c", KILLED, ledger_path], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    project = pk.open_project("p", store=ledger_path)
    assert project.remaining.epsilon == Fraction("0.6")
    assert project.ledger.to_frame()["state"].tolist() == ["orphaned"]
    with pytest.raises(pk.PrivkitError, match=r"0\.4"):
        pd.DataFrame({"a": [1, 2, 3]}).privacy.dp_count(epsilon=0.4)
    assert project.remaining.epsilon == Fraction("0.6")
    assert os.environ["PRIVKIT_STATE_DIR"] == str(privkit_state)


def test_what_is_left_can_be_spent_as_it_stands(people, ledger_path):
    project = pk.open_project("rest", epsilon=0.3, unit=pk.ROW, store=ledger_path)
    people.privacy.dp_count(epsilon=0.1)
    assert repr(project.remaining) == "ε = 0.2"
    assert people.privacy.plan.dp_count(epsilon=project.remaining).loss == project.remaining
    people.privacy.dp_count("plan", keys=["a", "b"], epsilon=project.remaining)
    assert repr(project.remaining) == "ε = 0"
    assert project.spent.epsilon == Fraction("0.3")
    for argument in ("epsilon", "accuracy"):
        with pytest.raises(pk.PrivkitError, match=rf"{argument}=.*No budget was spent"):
            people.privacy.dp_count("plan", keys=["a", "b", "c"], **{argument: project.remaining})
