"""What comes with a number besides the number: who else could be among the most frequent, what was clipped, bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from chance import RARE, at_most
from dp_asking import ask, count_plan

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.statistics.histogram import Span, power_edges
from privkit.dp.statistics.top_k import TopK
from privkit.values.keys import public_keys

KEYS = [f"k{place}" for place in range(20)]


@pytest.fixture
def people():
    rng = np.random.default_rng(5)
    rows = 6000
    return pd.DataFrame(
        {
            "who": np.arange(rows) // 3,
            "k": [KEYS[place] for place in np.minimum(rng.geometric(0.15, rows) - 1, 19)],
            "x": np.where(np.arange(rows) % 10 == 0, 1e6, 10_000.0),
        }
    )


@pytest.fixture
def project(ledger_path):
    return pk.open_project("told", epsilon=1000, unit=pk.ROW, store=ledger_path)


def test_many_are_read_from_a_table_and_one_is_chosen(people, project):
    """Of rows, L1 is L∞: a table has less noise from two on."""
    one = pk.dp_top_k(people, "k", 1, keys=KEYS, epsilon=0.5)
    ten = pk.dp_top_k(people, "k", 10, keys=KEYS, epsilon=0.3)
    assert (one.plan.mechanism, one.possible) == ("noisy max", None)
    assert ten.plan.mechanism == "discrete Laplace"
    assert ten.plan.scale == pytest.approx(1 / 0.3)
    assert "short by more than" in repr(one)
    assert "could be among them" in repr(ten)
    found = ten.possible
    assert found["value"].tolist()[:10] == ten.value
    assert found["named"].tolist() == [True] * 10 + [False] * (len(found) - 10)
    assert (found["count"].diff().dropna() <= 0).all()
    assert ((found["lower"] < found["count"]) & (found["count"] < found["upper"])).all()


def test_one_after_another_is_chosen_where_a_person_is_in_many_groups(people, ledger_path):
    project = pk.open_project("groups", epsilon=100, unit="who", store=ledger_path)
    asked = {"keys": KEYS, "epsilon": 1, "max_groups": 15, "per_group": 1, "project": project}
    plan = pk.plan.dp_top_k(people, "k", 3, **asked)
    assert plan.mechanism == "noisy max"
    table = pk.plan.dp_top_k(people, "k", 3, mechanism="laplace", **asked)
    assert plan.accuracy < table.accuracy
    few = pk.plan.dp_top_k(people, "k", 3, **{**asked, "max_groups": 1})
    assert few.mechanism == "discrete Laplace"


def test_a_table_errs_less_than_choices_one_after_another(people, project):
    """Ten of twenty at ε = 0.02: how many of the true ten are named, summed over draws."""
    true = set(people["k"].value_counts().index[:10])
    ways = {}
    for mechanism in (None, "peel"):
        if mechanism is None:
            drawn = [pk.dp_top_k(people, "k", 10, keys=KEYS, epsilon=0.02, again=True).value for _ in range(40)]
        else:
            drawn = _peeled(people)
        ways[mechanism] = sum(len(true & set(one)) for one in drawn)
    assert ways[None] > ways["peel"]


def _peeled(people):
    question = ask(TopK(public_keys(["k"], KEYS), 10))
    measurement = make_measurement(count_plan(question, epsilon=0.02))
    return [[KEYS[place] for place in draw(measurement, people)] for _ in range(40)]


def test_a_clipped_mean_says_so_and_how_much_is_clipped(people, project):
    plain = pk.dp_mean(people, "x", bounds=(0, 200_000), epsilon=10)
    told = pk.dp_mean(people, "x", bounds=(0, 200_000), epsilon=10, clipped=True)
    for one in (plain, told):
        assert repr(one).startswith("mean of 'x' clipped to [0, 200000] = ")
        assert "clipped to [0, 200000]" in one.provenance.question
        assert one.to_frame().columns.name == "clipped to [0, 200000]"
    assert list(told.estimates) == ["mean", "sum", "count", "clipped"]
    frame = told.to_frame(level=1 - RARE).iloc[0]
    assert frame["clipped_lower"] < 0.1 < frame["clipped_upper"] < 0.11
    assert told.plan.scale == pytest.approx(plain.plan.scale * 9 / 8, rel=1e-6)
    assert any("12.5 % more noise" in note for note in told.plan.notes)
    surely = told.interval(1 - RARE)
    assert surely.lower < 29_000 < surely.upper
    again = pk.dp_mean(people, "x", bounds=(0, 200_000), epsilon=10, clipped=True)
    assert again.replayed
    spread = pk.dp_std(people, "x", bounds=(0, 200_000), epsilon=10, clipped=True)
    assert 0.08 < spread.estimates["clipped"][0] < 0.12


def test_nothing_is_clipped_where_the_bounds_are_wide_or_all_where_they_are_one(people, project):
    wide = pk.dp_mean(people, "x", bounds=(0, 2e6), epsilon=10, clipped=True).to_frame(level=1 - RARE).iloc[0]
    assert wide["clipped_lower"] == 0
    assert wide["clipped"] < 0.01
    point = pk.dp_mean(people, "x", bounds=(5, 5), epsilon=10, clipped=True).to_frame().iloc[0]
    assert point["clipped"] > 0.99


@pytest.mark.parametrize("clipped", [1, "yes", None])
def test_clipped_is_true_or_false(people, project, clipped):
    with pytest.raises(pk.ParameterError, match="clipped="):
        pk.dp_mean(people, "x", bounds=(0, 10), epsilon=1, clipped=clipped)
    assert project.spent.epsilon == 0


def test_totals_tell_nothing_of_clipped_rows(people, ledger_path):
    project = pk.open_project("persons", epsilon=10, unit="who", store=ledger_path)
    with pytest.raises(pk.ParameterError, match="clipped"):
        pk.dp_mean(people, "x", person_bounds=(0, 10), epsilon=1, clipped=True)
    assert project.spent.epsilon == 0


@pytest.mark.parametrize("size", [2.0**63, 2.0**64, 1e30, 1e300])
@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_reach_numbers_beyond_64_bits(project, size, sign):
    frame = pd.DataFrame({"x": np.full(500, sign * size)})
    lower, upper = pk.dp_bounds(frame, "x", epsilon=1).value
    assert lower <= sign * size <= upper
    assert (lower, upper) != (0, 0)


def test_bounds_of_unsigned_whole_numbers(project):
    frame = pd.DataFrame({"x": np.full(5000, 2**63 + 5, dtype="uint64")})  # enough to leave 0 out
    assert pk.dp_bounds(frame, "x", epsilon=4).value == [2.0**63, 2.0**64]


@pytest.mark.parametrize("rows", [60, 100, 300, 2000])
@pytest.mark.parametrize("sign", [1, -1])
def test_bounds_of_numbers_down_to_0_cut_off_less_than_a_tenth(rows, sign):
    """The outer bound is wrong in 1 % of draws at most, and the inner one cuts off more in 5 %."""
    x, tried = np.random.default_rng(rows).uniform(0, 0.5, rows), 100
    question, frame = ask(Span("x", power_edges())), pd.DataFrame({"x": sign * x})
    measurement = make_measurement(count_plan(question, epsilon=1))
    ends = [question.asked.ends(np.array(draw(measurement, frame))) for _ in range(tried)]
    inner, outer = np.abs([end[::sign] for end in ends]).T
    assert at_most((outer != 0.5).sum(), tried, 0.01)
    assert at_most(sum((x < end).mean() >= 0.1 for end in inner), tried, 0.05)


@pytest.mark.parametrize(("rows", "fewer"), [(50, False), (5000, True)])
@pytest.mark.parametrize("name", ["dp_mean", "dp_std"])
@pytest.mark.parametrize("by", [{}, {"by": "g", "keys": ["a", "b"]}])
def test_rows_that_were_assumed_in_vain_are_told_with_the_answer(tmp_path, rows, fewer, name, by):
    """The accuracy that was asked for rests on them; that they are not there is told by the released counts."""
    pk.open_project("assumed", epsilon=1000, unit=pk.ROW, store=tmp_path / "l.db")
    people = pd.DataFrame({"x": [1.0, 4.0] * 1000, "g": ["a", "b"] * 1000})
    release = getattr(people.privacy, name)("x", bounds=(0, 5), epsilon=5, assume_rows=rows, **by)
    assert bool(release.remarks) is fewer
    assert ("fewer rows than the 5,000 that were assumed" in repr(release)) is fewer
    assert ("fewer rows than the 5,000 that were assumed" in release._repr_html_()) is fewer
    plan = getattr(people.privacy.plan, name)("x", bounds=(0, 5), epsilon=5, assume_rows=rows, **by)
    assert f"the accuracy assumes at least {rows:,} rows in each group" in plan.notes
