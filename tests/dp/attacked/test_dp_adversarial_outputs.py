"""The adversarial cases about expressions, outputs and questions of every ``dp_*`` function, by their numbers."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, exact, frames, norms, without_person, without_row
from dp_attacked import CANARY, FUNCTIONS, refused
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dp_adversarial import ledger_seen, observed

import privkit as pk
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.project.dp import counts, sums
from privkit.values.expression import cut, selection

# -- D: expressions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "where", [lambda row: True, len, "x.map_elements(f)", "@x > 1", "__import__('os')", "x.max()", "[x for x in k]", 3]
)
@pytest.mark.sample(0.12)
def test_a30_filters_are_expressions_and_never_code(project, people, name, where):
    if name == "dp_describe" and where == 3:
        pytest.skip("one function is enough for this type")
    with pytest.raises(pk.PrivkitError) as caught:
        asked = {**FUNCTIONS[name][1], "where": where}
        FUNCTIONS[name][0](people.drop(columns="k").assign(k="a"), **asked, epsilon=0.1)
    assert str(caught.value).endswith("No budget was spent.")
    assert len(project.ledger) == 0


def test_d31_division_by_nothing_has_an_answer(project, people):
    release = counts.dp_count(people, where="1 / (x - 1) > 0", epsilon=1)
    assert exact(release.plan.question, people).tolist() == [2]


def test_d32_a_filter_on_one_person_is_charged_like_any_other(project, people):
    for who in ("p", "nobody"):
        counts.dp_count(people, where=f"who == '{who}'", epsilon=0.25)
    assert project.spent.epsilon == 0.5


def test_d33_no_patterns(project, people):
    with pytest.raises(pk.PrivkitError):
        counts.dp_count(people, where="k.str.contains('a+')", epsilon=1)


def test_d34_d35_there_is_no_exact_or_unbounded_statistic(people):
    offered = [name for name in dir(pk.plan) if name.startswith("dp_")]
    assert not {"dp_min", "dp_max", "dp_first", "dp_head", "dp_sample"} & set(offered)


@settings(max_examples=20)
@given(frame=frames(), salt=st.binary(min_size=16, max_size=16))
def test_filters_and_derived_columns_keep_the_stability(frame, salt):
    chosen = selection("band != 'low' or k == 'a'", {"band": cut("x", [0, 1], labels=["low"])})
    keys = ("low", None)
    for bounds in ({}, {"max_rows": 2}):
        base = ask(Count(), "band", list(keys), **bounds)
        question = Question(base.asked, base.unit, base.bounds, base.keys, chosen)
        whole = exact(question, frame, salt)
        if bounds:
            rests = [without_person(frame, person) for person in "pq"]
        else:
            rests = [without_row(frame, place) for place in range(min(3, len(frame)))]
        for rest in rests:
            assert norms(whole - exact(question, rest, salt))[1] <= question.sensitivity.l1


# -- E: outputs ----------------------------------------------------------------------------------------------


def test_a39_means_of_few_rows_stay_in_their_bounds_and_are_flagged(project):
    frame = pd.DataFrame({"x": [0.2, 0.4]})
    flagged = 0
    for _ in range(10):
        release = sums.dp_mean(frame, "x", bounds=(0, 1), epsilon=0.1, again=True)
        assert 0 <= release.value <= 1
        flagged += release.dominated
        assert np.isfinite(release.to_frame().to_numpy()).all()
    assert flagged >= 4  # each fails to be flagged about as often as its interval misses


def test_a40_counts_are_signed_and_unbiased(project):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    release = counts.dp_count(frame, "x", keys=list(range(1000, 3000)), epsilon=0.1)
    assert (release.value < 0).any()
    assert abs(release.value.mean()) < 6.1 * math.sqrt(200 / 2000)


def test_a43_the_stored_number_is_the_released_one(project, people):
    release = sums.dp_sum(people, "x", bounds=(0, 10), epsilon=1)
    stored = project.account.entries()[0].answer
    assert str(int(release.drawn[0, 0])) in stored
    assert release.value == int(release.drawn[0, 0]) * release.plan.question.asked.step


def test_a44_a_copied_release_carries_no_frame(project, people):
    import copy

    release = sums.dp_mean(people, "x", bounds=(0, 10), epsilon=1)
    held = copy.copy(release)
    assert held.value == release.value
    assert CANARY not in repr(vars(release.provenance))
    assert not any(isinstance(value, pd.DataFrame) for value in vars(release).values())
    assert release.plan.run is None


# -- F and paired data sets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.5, Decimal("0.50"), np.float64(0.5)])
def test_f46_cosmetic_differences_make_no_other_question(project, people, epsilon):
    first = sums.dp_mean(people, "x", "k", keys=["a", "b"], bounds=(0, 10), epsilon=0.5)
    again = sums.dp_mean(people, "x", ["k"], keys=["b", "a"], bounds=[0.0, 10], epsilon=epsilon)
    assert again.replayed
    assert again.value["a"] == first.value["a"]
    assert project.spent.epsilon == 0.5


@pytest.mark.parametrize("change", [{"bounds": (0, 11)}, {"keys": ["a"]}, {"where": "x > 0"}, {"epsilon": 0.51}])
def test_f46_another_question_is_charged(project, people, change):
    asked = {"keys": ["a", "b"], "bounds": (0, 10), "epsilon": 0.5}
    sums.dp_mean(people, "x", "k", **asked)
    assert not sums.dp_mean(people, "x", "k", **{**asked, **change}).replayed


def test_f55_amounts_of_another_measure_are_refused(project, people):
    refused(pk.ParameterError, people, "dp_sum", "rho", rho=0.1, epsilon=None)
    refused(pk.ParameterError, people, "dp_sum", "delta", delta=1e-7)


PAIRS = {
    "a person more": ([1.0, 2.0], [1.0, 2.0, 3.0]),
    "nobody": ([], [5.0]),
    "a missing value": ([1.0], [1.0, None]),
    "far out": ([1.0], [1e300]),
    "infinite": ([1.0], [math.inf]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.sample(0.1)
def test_paired_data_sets_differ_in_nothing_but_the_noise(tmp_path, pair, name, monkeypatch):
    function, asked = FUNCTIONS[name]
    monkeypatch.setattr(counts, "dp_count", function)
    seen = []
    for side, values in enumerate(PAIRS[pair]):
        project = pk.open_project("p", epsilon=5, unit=pk.ROW, store=tmp_path / f"{side}.db")
        rows = len(values)
        frame = pd.DataFrame(
            {
                "x": pd.Series(values, dtype="float64"),
                "k": pd.Series(["a"] * rows, dtype="str"),
                "g": pd.Series([1] * rows, dtype="int64"),
                "who": pd.Series([str(row) for row in range(rows)], dtype="str"),
            }
        )
        seen.append(seen_of(function, frame, asked, project))
    assert seen[0] == seen[1]


def seen_of(function, frame, asked, project):
    release = function(frame, **asked, epsilon=1)
    value = release.value
    shape = (
        (value.dtypes.tolist(), value.index.tolist(), value.columns.tolist())
        if hasattr(value, "columns")
        else (str(value.dtype), value.index.tolist())
        if hasattr(value, "index") and hasattr(value, "dtype")
        else type(value)
    )
    facts = {key: fact for key, fact in release.provenance.to_dict().items() if key != "time"}
    return shape, release.plan.canonical(), release.plan.notes, facts, ledger_seen(project), list(release.to_frame())


def test_observed_is_shared():
    assert callable(observed)
