"""A median in a query is the median alone, at its share: the same statistic, noise, cells and interval."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_covered import is_enough

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.statistics.quantile import Quantile

#: 999 rows, of which the quantiles are single numbers.
X = np.random.default_rng(4).gamma(2.0, 15.0, 999).round(1)
PEOPLE = pd.DataFrame({"x": X, "k": ["a", "b", "c"] * 333, "on": pd.date_range("2026-01-01", periods=999, freq="h")})
ENDS = (0, 100)
ASKED = {
    "n": "count",
    "mean": ("mean", "x", ENDS),
    "total": ("sum", "x", ENDS),
    "middle": ("median", "x", ENDS),
    "high": ("quantile", "x", 0.9, ENDS),
}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("together", epsilon=10**6, ceiling=10**6, unit=pk.ROW, store=ledger_path)


def parts(plan):
    several = plan.question.asked
    return {name: (several.parts[at], plan.noise.parts[at], plan.noise.losses[at]) for name, at, _ in several.outputs}


@pytest.mark.parametrize("weights", [None, {"middle": 3, "high": 2}])
@pytest.mark.sample(0.5)
def test_each_part_is_what_it_is_alone_at_its_share(project, weights):
    plan = PEOPLE.privacy.plan.dp_query(ASKED, epsilon=1, weights=weights)
    for name, q, call in (("middle", 0.5, "dp_median"), ("high", 0.9, "dp_quantile")):
        part, noise, loss = parts(plan)[name]
        more = {} if call == "dp_median" else {"q": q}
        alone = getattr(PEOPLE.privacy.plan, call)("x", bounds=ENDS, epsilon=loss.main, **more)
        assert (part, noise, loss) == (alone.question.asked, alone.noise, alone.loss)
    assert sum(loss.main for loss in plan.noise.losses) == plan.loss.main


def test_what_all_parts_cost_by_opendp_is_within_the_price(project):
    plan = PEOPLE.privacy.plan.dp_query(ASKED, "k", keys=[*"abc"], epsilon=Fraction(7, 10))
    measurement = make_measurement(plan)
    stated = [Fraction(one.map(1)) for one in measurement.measurements]
    assert len(stated) == len(plan.question.asked.parts) == 4  # rows; mean and sum; two quantiles
    assert sum(stated) == measurement.map(1)[0] <= Fraction(7, 10)
    assert sum(stated) > Fraction(6999, 10_000)  # and nothing is given away


def test_each_interval_has_its_level(project):
    plan = PEOPLE.privacy.plan.dp_query(ASKED, epsilon=2)
    measurement, asked = make_measurement(plan), plan.question.asked
    true = {"n": 999, "mean": X.clip(0, 100).mean(), "total": X.clip(0, 100).sum()}
    true |= {name: np.quantile(X, q, method="inverted_cdf") for name, q in (("middle", 0.5), ("high", 0.9))}
    seen = dict.fromkeys(true, 0)
    for _ in range(150):
        cells = np.array(draw(measurement, PEOPLE), dtype=np.int64).reshape(1, -1)
        for name, (lower, upper) in asked.limits(cells, plan.noise, 0.05).items():
            seen[name] += bool(lower[0] <= true[name] <= upper[0])
    assert all(is_enough(hits, 150) for hits in seen.values()), seen


def test_a_median_is_told_as_one_and_does_not_cross_a_quantile(project):
    release = PEOPLE.privacy.dp_query(ASKED, "k", keys=[*"abc"], epsilon=10**5)
    own = PEOPLE.groupby("k")["x"]
    assert (release.value["middle"] - own.median()).abs().max() <= 0.1
    assert (release.value["middle"] <= release.value["high"]).all()
    assert "median" in str(release.plan.question)
    frame = release.to_frame()
    assert {"middle", "middle_lower", "middle_upper", "high_lower"} <= {*frame}
    assert (frame["middle_lower"] <= frame["middle"]).all()
    assert (frame["middle"] <= frame["middle_upper"]).all()


def test_a_median_is_the_half_quantile_and_one_of_six_of_a_tree(project):
    plan = PEOPLE.privacy.plan.dp_query({"a": ("median", "x", ENDS), "b": ("quantile", "x", 0.5, ENDS)}, epsilon=1)
    assert len(plan.question.asked.parts) == 1
    many = {f"q{q}": ("quantile", "x", q / 10, ENDS) for q in (1, 2, 3, 4, 6)} | {"m": ("median", "x", ENDS)}
    plan = PEOPLE.privacy.plan.dp_query(many, epsilon=1)
    assert [type(part).__name__ for part in plan.question.asked.parts] == ["Quantiles"]
    assert ("m", 0, "50%") in plan.question.asked.outputs


def test_declared_candidates_count_as_they_do_alone(project):
    project.public(x={"bounds": (0, 100), "candidates": [0, 10, 20, 30, 100]})
    plan = PEOPLE.privacy.plan.dp_query({"m": ("median", "x"), "mean": ("mean", "x")}, epsilon=1)
    alone = PEOPLE.privacy.plan.dp_median("x", epsilon=1)
    assert parts(plan)["m"][0] == alone.question.asked == Quantile("x", 1, 2, (0.0, 10.0, 20.0, 30.0, 100.0))
    assert {source.what for source in plan.public} == {"candidates", "bounds"}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("median", "x", 0.5, ENDS), "'median', column, bounds"),
        (("median",), "'median', column, bounds"),
        (("median", "nope", ENDS), "nope"),
        (("median", "x", ENDS[::-1]), "lower <= upper"),
        (("median", "x"), "bounds"),
        (("median", "on", ("2026-01-01", "2026-02-01")), "'on' holds dates.*dp_median"),
        (("quantile", "on", 0.5, ("2026-01-01", "2026-02-01")), "'on' holds dates.*dp_quantile"),
    ],
)
def test_what_is_no_median_is_refused_and_costs_nothing(project, asked, says):
    with pytest.raises(pk.PrivkitError, match=says) as caught:
        PEOPLE.privacy.dp_query({"n": "count", "m": asked}, epsilon=1)
    assert "No budget was spent." in str(caught.value)
    assert project.spent.main == 0
