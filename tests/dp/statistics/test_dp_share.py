"""The share of rows, or of persons, that meet a condition: what is counted, what it costs, how far it may be off."""

import math

import numpy as np
import pandas as pd
import pytest
from chance import at_least
from dp_asking import ask, count_plan, exact
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.share import PersonShare, Share
from privkit.values.loss import Measure

RARE = 1e-9
ROWS_OF = [0, 1, 2, 3, 5, 10, 30, 100, 300, 1000] * 8
PRICES = [(Measure.PURE, {"epsilon": 0.2}), (Measure.ZERO_CONCENTRATED, {"rho": 0.01})]


def frame_of(rows_of):
    """Groups of so many rows, of which a share that differs from group to group meets the condition."""
    rng = np.random.default_rng(3)
    keys = [key for key, rows in enumerate(rows_of) for _ in range(rows)]
    return pd.DataFrame({"k": keys, "x": rng.random(len(keys)) < np.array(keys, dtype=float) / len(rows_of)})


def draws(measure, price, *, times=30):
    """The true numbers, the noise, and the noisy cells of some draws."""
    frame = frame_of(ROWS_OF)
    plan = count_plan(ask(Share("x"), "k", list(range(len(ROWS_OF)))), measure, **price)
    true = Share("x").estimates(exact(plan.question, frame).reshape(len(ROWS_OF), -1))
    measurement = make_measurement(plan)
    cells = [np.array(draw(measurement, frame)).reshape(len(ROWS_OF), -1) for _ in range(times)]
    return true, plan.noise, cells


def hits_of(name, true, noise, cells):
    held = np.array(ROWS_OF) > 0 if name == "share" else np.full(len(ROWS_OF), fill_value=True)
    found = []
    for one in cells:
        lower, upper = Share("x").limits(one, noise, 0.05)[name]
        found.append(((lower <= true[name]) & (true[name] <= upper))[held])
    return np.array(found)


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
def test_intervals_cover_the_exact_share_for_every_number_of_rows(measure, price):
    true, noise, cells = draws(measure, price)
    for name in true:
        hits = hits_of(name, true, noise, cells)
        assert stats.binomtest(int(hits.sum()), hits.size, 0.95, alternative="less").pvalue > RARE, (name, hits.mean())


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
def test_that_would_be_seen_if_the_noise_were_thought_a_third_as_large(measure, price):
    true, noise, cells = draws(measure, price)
    for name in true:
        hits = hits_of(name, true, type(noise)(noise.scale / 3), cells)
        assert stats.binomtest(int(hits.sum()), hits.size, 0.95, alternative="less").pvalue < RARE, (name, hits.mean())


def test_the_planned_half_width_holds_for_the_rows_that_were_assumed():
    true, noise, cells = draws(*PRICES[0])
    for rows in (100, 1000):
        width = Share("x").half_width(noise, 0.05, rows)
        own = np.array(ROWS_OF) >= rows
        errors = np.array([np.abs(Share("x").estimates(one)["share"] - true["share"])[own] for one in cells])
        assert stats.binomtest(int((errors <= width).sum()), errors.size, 0.95, alternative="less").pvalue > RARE


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["p", "q", None]), st.sampled_from([0, 7, None])),
        max_size=12,
    )
)
def test_what_is_counted_are_the_rows_and_the_persons_that_pandas_counts(rows):
    frame = pd.DataFrame(rows, columns=["k", "who", "n"]).astype({"k": object, "who": object})
    frame["x"] = pd.array([None if n is None or pd.isna(n) else n > 3 for n in frame["n"]], dtype="boolean")
    known = frame[frame["x"].notna()]
    cells = exact(ask(Share("x"), "k", ["a", "b"]), frame).reshape(2, 2)
    for key, (without, met) in zip("ab", cells, strict=True):
        own = known[known["k"] == key]["x"].astype(bool)
        assert (without, met) == ((~own).sum(), own.sum())
    by_person = exact(ask(PersonShare("x"), "k", ["a", "b"], max_groups=2, per_group=1), frame).reshape(2, 2)
    for key, (without, met) in zip("ab", by_person, strict=True):
        persons = known[(known["k"] == key) & known["who"].notna()].groupby("who")["x"].any().astype(bool)
        assert (without, met) == ((~persons).sum(), persons.sum())


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["ε", "ρ"])
def test_both_counts_cost_what_one_does(measure, price):
    asked = {"by": "k", "keys": ["a", "b"], "max_groups": 2, "per_group": 3}
    share, count = (count_plan(ask(kind, **asked), measure, **price) for kind in (Share("x"), Count()))
    assert share.noise == count.noise
    norms = [
        (one.question.sensitivity.l1, one.question.sensitivity.l2, one.question.sensitivity.linf)
        for one in (share, count)
    ]
    assert norms[0] == norms[1]
    assert PersonShare("x").reach == share.question.asked.reach


# -- asked of a project ------------------------------------------------------------------------------------------------

PEOPLE = pd.DataFrame(
    {"who": [*"aabbccdd"] * 25, "age": [10, 70, 20, 30, 66, 67, None, 5] * 25, "zip": ["x", "y"] * 100}
)


@pytest.fixture
def project(ledger_path):
    return pk.open_project("shares", epsilon=10**7, ceiling=10**7, unit="who", max_rows=200, store=ledger_path)


def test_without_noise_to_speak_of_it_is_the_share(project):
    of_rows = PEOPLE.privacy.dp_share("age >= 65", epsilon=10**6)
    assert of_rows.value == pytest.approx(3 / 7, abs=1e-6)
    assert of_rows.to_frame()[["met", "count"]].round().iloc[0].tolist() == [75, 175]
    of_persons = pk.dp_share(PEOPLE, "age >= 65", of="persons", epsilon=10**6)
    assert of_persons.value == pytest.approx(2 / 4, abs=1e-6)
    by_zip = pk.dp_share(PEOPLE, "age >= 65", "zip", keys=["x", "y"], epsilon=10**6)
    assert by_zip.value.round(6).tolist() == pytest.approx([25 / 75, 50 / 100])
    lower, upper = by_zip.interval()
    assert ((lower >= 0) & (lower <= by_zip.value) & (by_zip.value <= upper) & (upper <= 1)).all()


def test_one_condition_has_one_question_however_it_is_written(project):
    first = PEOPLE.privacy.dp_share("age >= 65", epsilon=1)
    assert PEOPLE.privacy.dp_share("(age>=65)", epsilon=1).drawn.tolist() == first.drawn.tolist()
    assert "share of rows with (age >= 65)" in str(first.plan.question)


@pytest.mark.parametrize(
    ("where", "error", "says"),
    [
        ("age", pk.ExpressionError, "true or false"),
        ("nope > 1", pk.ColumnNotFoundError, "nope"),
        ("age >=", pk.ExpressionError, "where"),
        (None, pk.PrivkitError, "where"),
        (3, pk.PrivkitError, "where"),
    ],
)
def test_what_is_no_condition_is_refused_before_anything_is_spent(project, where, error, says):
    with pytest.raises(error, match=says) as caught:
        PEOPLE.privacy.dp_share(where, epsilon=1)
    assert "No budget was spent." in str(caught.value)
    assert project.spent.main == 0


def test_whose_share_must_be_said_in_one_of_two_words(project, ledger_path):
    with pytest.raises(pk.ParameterError, match="'rows' or 'persons'"):
        PEOPLE.privacy.dp_share("age >= 65", of="people", epsilon=1)
    unbounded = pk.open_project("no bounds", epsilon=1, unit="who", store=ledger_path)
    with pytest.raises(pk.ParameterError, match="max_groups"):
        pk.dp_share(PEOPLE, "age >= 65", "zip", of="persons", keys=["x"], epsilon=1, project=unbounded)


def test_a_share_of_nothing_has_an_interval_that_says_nothing(ledger_path):
    """Of 400 groups without a row, at least 95 % say that noise dominates, and most that any share is possible."""
    pk.open_project("nothing", epsilon=1, unit=pk.ROW, store=ledger_path)
    keys = list(range(400))
    release = PEOPLE.iloc[:0].privacy.dp_share("age >= 65", "n", keys=keys, derive={"n": "age + 1"}, epsilon=0.01)
    assert release.value.between(0, 1).all()
    lower, upper = release.interval()
    drowned = release.plan.question.asked.dominated(lower.to_numpy(), upper.to_numpy())
    assert at_least(drowned.sum(), 400, 0.95)
    assert at_least(((lower <= 0) & (upper >= 1)).sum(), 400, 0.8)
    alone = PEOPLE.iloc[:0].privacy.dp_share("age >= 65", epsilon=0.01)
    assert math.isfinite(alone.accuracy)


def test_a_column_of_true_and_false_is_a_condition_itself(tmp_path):
    pk.open_project("flags", epsilon=1000, ceiling=1000, unit=pk.ROW, store=tmp_path / "l.db")
    frame = pd.DataFrame({"flag": pd.array([True, False, False, None] * 50, "boolean"), "k": ["a", "b"] * 100})
    assert pk.dp_share(frame, "flag", epsilon=100).value == pytest.approx(1 / 3, abs=0.02)
    with pytest.raises(pk.ParameterError, match=r"derive= has a column '\(age > 5\)'.*No budget was spent"):
        pk.dp_share(frame.assign(age=1), "age > 5", by="(age > 5)", derive={"(age > 5)": "k == 'a'"}, epsilon=1)
