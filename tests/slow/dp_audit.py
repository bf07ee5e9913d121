"""ε audits: lower bounds on the loss that was really spent, from releases of worst-case neighbors, for every statistic.

Run as ``python -m pytest -s tests/slow/dp_audit.py``; it prints what was stated and what the draws refute. The bound is
that of Jagielski, Ullman and Oprea 2020, with Clopper-Pearson limits at a confidence of 1 − 1e-6: if an event has
probability p on D and p′ on D′, then ε ≥ ln((p − δ) / p′). Each audit must come close to the stated ε, and must refute
it where the noise is made two thirds of what it should be.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from privkit.dp.measurement import draw, make_measurement
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.counts import Count, DistinctCount, OpenCount, PersonCount
from privkit.dp.statistics.histogram import Histogram, Span, power_edges
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.dp.statistics.quantile import Quantile
from privkit.dp.statistics.statistic import Statistic
from privkit.dp.statistics.sums import PersonSum, Sum
from privkit.dp.statistics.top_k import TopK
from privkit.dp.synthesis import running
from privkit.dp.synthesis.drawing import Filled
from privkit.dp.synthesis.kept import Kept
from privkit.dp.synthesis.synthetic import Synthetic
from privkit.values.bounds import ONE_ROW, ContributionBounds, ValueBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import ROW, PrivacyUnit

CELLS, DRAWS = 2000, 25
MISS = 1e-6
BOUNDS = ValueBounds(0.0, 8.0)
KEYS = public_keys(["k"], range(CELLS))
ROWS4, GROUPED4 = ContributionBounds(max_rows=4), ContributionBounds(max_groups=1, per_group=4)
ONCE = ContributionBounds(max_groups=1, per_group=1)


def epsilon_lower(more: np.ndarray, less: np.ndarray, delta: float = 0.0) -> float:
    """The largest ε that the draws refute, over the events "more than t" and "at most t", in both directions."""
    found = 0.0
    for first, second in ((more, less), (less, more), (-more, -less), (-less, -more)):
        for threshold in np.unique(np.quantile(second, [0.5, 0.9, 0.99, 0.999, 0.9999])):
            true = stats.beta.ppf(MISS, max((first > threshold).sum(), 1e-9), (first <= threshold).sum() + 1)
            false = stats.beta.ppf(1 - MISS, (second > threshold).sum() + 1, max((second <= threshold).sum(), 1e-9))
            if true > delta:
                found = max(found, math.log((true - delta) / false))
    return found


@dataclass(frozen=True)
class Audit:
    """A statistic, whom it protects, and the rows that its worst neighbor has more in every key."""

    asked: Statistic
    bounds: ContributionBounds = ONE_ROW
    column: int = -1
    x: float = 8.0
    before: int = 0
    close: float = 0.8

    @property
    def question(self) -> Question:
        unit = ROW if self.bounds is ONE_ROW else PrivacyUnit("who")
        keys = self.asked.keys(KEYS) if isinstance(self.asked, Histogram) else KEYS
        return Question(self.asked, unit, self.bounds, keys)

    def frame(self, more: bool) -> pd.DataFrame:
        """Each key has some persons with one row, and on D one more with as many as count."""
        rows = max(self.bounds.linf, self.bounds.l1) if more else 0
        key = np.repeat(np.arange(CELLS), self.before + rows)
        place = np.tile(np.arange(self.before + rows), CELLS)
        own = place >= self.before
        x = np.where(own, self.x, place % 2 * 8.0)
        who = np.where(own, key, CELLS * (1 + place) + key)
        return pd.DataFrame({"k": key, "who": who, "x": x, "v": place})


HISTOGRAM = Histogram("x", (0.0, 4.0, 9.0))
MEDIAN = Quantile("x", 1, 2, (1.0, 7.0))
AUDITS = {
    "count": Audit(Count()),
    "count, 4 rows": Audit(Count(), ROWS4),
    "count, 1 group of 4": Audit(Count(), GROUPED4),
    "persons": Audit(PersonCount(), ONCE),
    "histogram": Audit(HISTOGRAM),
    "histogram, 4 rows": Audit(HISTOGRAM, ROWS4),
    "distinct": Audit(DistinctCount(column="v")),
    "distinct, 4 rows": Audit(DistinctCount(column="v"), ROWS4),
    "sum": Audit(Sum("x", BOUNDS)),
    "sum, 4 rows": Audit(Sum("x", BOUNDS), ROWS4),
    "sum of totals": Audit(PersonSum("x", BOUNDS), ONCE),
    "mean, upper cell": Audit(Mean("x", BOUNDS)),
    "mean, lower cell": Audit(Mean("x", BOUNDS), column=0, x=0.0),
    "mean, 1 group of 4": Audit(Mean("x", BOUNDS), GROUPED4),
    "variance": Audit(Variance("x", BOUNDS)),
    "deviation, 4 rows": Audit(Deviation("x", BOUNDS), ROWS4),
    # A choice between two candidates that tie without the row: with permute-and-flip the event's ratio is below e^ε.
    # The row lies on one of them; beyond both it would leave them tied, and tell nothing.
    # Its place is chosen by three fifths of the price.
    "median": Audit(MEDIAN, x=7.0, close=0.18, column=0),
    "median, 1 group of 4": Audit(MEDIAN, GROUPED4, x=7.0, close=0.18, column=0),
    "mean with clipped": Audit(WithClipped(Mean("x", BOUNDS)), x=9.0, close=0.1),
    "sum with clipped": Audit(WithClipped(Sum("x", BOUNDS)), x=9.0, close=0.1, column=1),
}


def drawn(audit: Audit, plan, *, more: bool) -> np.ndarray:
    """The chosen cell of every key; each key counts as an experiment of its own."""
    measurement, frame = make_measurement(plan), audit.frame(more)
    width = audit.asked.width
    if isinstance(audit.asked, Histogram):
        width = len(audit.asked.labels)
    rounds = DRAWS // 4 if isinstance(audit.asked, Quantile) else DRAWS
    cells = [np.array(draw(measurement, frame)).reshape(CELLS, width)[:, audit.column] for _ in range(rounds)]
    return np.concatenate(cells)


def cheated(plan, factor: float = 1.5):
    """The same plan with less noise, at a price that allows it."""
    return replace(
        plan, noise=replace(plan.noise, scale=plan.noise.scale / factor), loss=plan.loss.replace(900, plan.loss.delta)
    )


def told(name: str, stated: float, found: float, loud: float) -> None:
    print(f"{name:40} stated {stated:.3f}   refuted {found:.3f}   with two thirds of the noise {loud:.3f}")


@pytest.mark.parametrize(
    ("name", "epsilon"),
    [(name, 1.0) for name in AUDITS] + [(name, e) for name in ("count", "mean, upper cell") for e in (0.5, 2.0)],
)
def test_no_more_is_spent_than_stated_and_the_audit_can_tell(name, epsilon):
    audit = AUDITS[name]
    plan = make_plan(audit.question, Measure.PURE, Price(epsilon=epsilon))
    found = epsilon_lower(drawn(audit, plan, more=True), drawn(audit, plan, more=False))
    loud = epsilon_lower(drawn(audit, cheated(plan), more=True), drawn(audit, cheated(plan), more=False))
    told(f"{name}, ε", epsilon, found, loud)
    assert found <= epsilon
    assert found > audit.close * epsilon
    if audit.close >= 0.8:
        assert loud > epsilon


@pytest.mark.parametrize("name", ["count", "count, 4 rows", "sum", "mean, upper cell", "variance"])
def test_gaussian_noise_spends_no_more_than_its_rho(name):
    """ρ-zCDP is (ρ + 2√(ρ ln 1/δ), δ) for every δ (Bun and Steinke 2016, proposition 1.3)."""
    audit, rho, delta = AUDITS[name], 0.125, 1e-3
    stated = rho + 2 * math.sqrt(rho * math.log(1 / delta))
    plan = make_plan(audit.question, Measure.ZERO_CONCENTRATED, Price(rho=rho))
    assert plan.mechanism == "discrete Gaussian"
    found = epsilon_lower(drawn(audit, plan, more=True), drawn(audit, plan, more=False), delta)
    quiet = cheated(plan, 3)
    loud = epsilon_lower(drawn(audit, quiet, more=True), drawn(audit, quiet, more=False), delta)
    told(f"{name}, ρ = {rho} at δ = {delta}", stated, found, loud)
    assert found <= stated
    assert loud > stated


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_the_most_frequent_spend_no_more_than_stated(epsilon):
    """Two values that tie on D′; on D one is ahead by a row. The chance to name it moves by at most e^ε."""
    values = public_keys(["k"], [0, 1])
    plan = make_plan(Question(TopK(values, 1), ROW, ONE_ROW), Measure.PURE, Price(epsilon=epsilon))
    measurement = make_measurement(plan)
    sides = [
        np.array([draw(measurement, pd.DataFrame({"k": keys}))[0] for _ in range(20_000)])
        for keys in ([0, 1, 0], [0, 1])
    ]
    found = epsilon_lower(*sides)
    told("top 1", epsilon, found, math.nan)
    assert 0.1 * epsilon < found <= epsilon


def test_bounds_spend_no_more_than_stated():
    question = Question(Span("x", power_edges()), ROW, ONE_ROW)
    plan = make_plan(question, Measure.PURE, Price(epsilon=1))
    measurement = make_measurement(plan)
    bin_of_8 = question.asked.exact(pd.DataFrame({"x": [8.0]}), question)[0].argmax()
    sides = [
        np.array([draw(measurement, pd.DataFrame({"x": xs}))[bin_of_8] for _ in range(20_000)])
        for xs in ([8.0], [math.nan])
    ]
    found = epsilon_lower(*sides)
    told("bounds, ε", 1, found, math.nan)
    assert 0.8 < found <= 1


@pytest.mark.parametrize(
    ("measure", "price"),
    [(Measure.APPROXIMATE, {"epsilon": 1}), (Measure.APPROXIMATE_ZERO_CONCENTRATED, {"rho": 0.125})],
    ids=["Laplace", "Gaussian"],
)
@pytest.mark.parametrize("bounds", [ONE_ROW, GROUPED4], ids=["rows", "1 group of 4"])
def test_a_group_of_one_person_shows_up_with_chance_at_most_delta(measure, price, bounds):
    delta = 0.01
    question = Question(OpenCount(("k",)), ROW if bounds is ONE_ROW else PrivacyUnit("who"), bounds)
    plan = make_plan(question, measure, Price(delta=delta, **price))
    measurement, frame = make_measurement(plan), Audit(Count(), bounds).frame(more=True)
    shown = sum(len(draw(measurement, frame)) for _ in range(DRAWS))
    low, high = (
        stats.beta.ppf(q, shown + side, CELLS * DRAWS - shown + 1 - side) for q, side in ((MISS, 0), (1 - MISS, 1))
    )
    told(f"threshold, {plan.mechanism}, δ", delta, low, high)
    assert low <= delta
    assert high > delta / 5  # thresholds are whole numbers, so that a little is left
    lower = replace(
        plan, noise=replace(plan.noise, threshold=plan.noise.threshold - 3), loss=plan.loss.replace(plan.loss.main, 0.9)
    )
    loud = make_measurement(lower)
    assert stats.binomtest(sum(len(draw(loud, frame)) for _ in range(10)), CELLS * 10, delta, "greater").pvalue < MISS


@pytest.mark.parametrize("epsilon", [1.0])
def test_groups_that_show_up_spend_no_more_than_stated_beside_delta(epsilon):
    """Counts far above the threshold, one row more or less in each: what is released is noise of the stated scale."""
    question = Question(OpenCount(("k",)), ROW, ONE_ROW)
    plan = make_plan(question, Measure.APPROXIMATE, Price(epsilon=epsilon, delta=1e-6))
    measurement, sides = make_measurement(plan), []
    for more in (True, False):
        frame = replace(AUDITS["count"], before=60).frame(more)
        sides.append(np.concatenate([np.array([*draw(measurement, frame).values()]) for _ in range(DRAWS // 2)]))
    found = epsilon_lower(*sides, delta=1e-6)
    told("open groups, ε", epsilon, found, math.nan)
    assert 0.85 * epsilon < found <= epsilon


SYNTHETIC_LEVELS = tuple(public_keys([name], ["a", "b"]) for name in ("u", "v", "w"))
SYNTHETIC_MADE = tuple(Filled(name, name, "str") for name in ("u", "v", "w"))


def ratios(plan, more: int, draws: int) -> np.ndarray:
    """Log-likelihood ratios of all that the rounds tell, of a frame with 3 alike rows and so many more of one person.

    What they move is the first cell of every table; its log-likelihood ratio is bounded
    by its own ε. The place that was chosen is left out, which any attacker may do too.
    """
    asked, noise = plan.question.asked, plan.noise
    most = plan.question.bounds.max_rows or 1
    measurement = make_measurement(plan)._measurement  # without rows, which are post-processing
    who = {"who": ["p", "q", "r", *["s"] * more]}
    frame = pd.DataFrame({**dict.fromkeys(("u", "v", "w"), ["a"] * (3 + more)), **who})
    found = []
    for _ in range(draws):
        kept = Kept.read(asked, np.array(draw(measurement, frame), dtype=np.int64))
        cells = [kept.first[span.start] for span in asked.fit.spans]
        scales = [noise.scale] * len(cells)
        cells += [one.cells[0] for one in kept.held(asked, noise)] + [told[0] for _, told in kept.rounds]
        scales += [noise.testing] * len(asked.held_tables) + [noise.measuring] * len(kept.rounds)
        noisy, width = np.array(cells), np.array(scales)
        if asked.laplace:
            each = (np.abs(noisy - 3) - np.abs(noisy - 3 - most)) / width
        else:
            each = ((noisy - 3) ** 2 - (noisy - 3 - most) ** 2) / (2 * width**2)
        found.append(each.sum())
    return np.array(found)


@pytest.mark.parametrize("held", [Fraction(0), Fraction(1, 5)], ids=["all fitted", "held out"])
@pytest.mark.parametrize("epsilon", [1.0, 2.0])
def test_synthetic_rows_spend_no_more_than_stated(epsilon, held, monkeypatch):
    """All rounds with their choices, as OpenDP draws them; the model between rounds is told by fewer rows, for time."""
    monkeypatch.setattr(running, "_ROWS", 100)
    asked = Synthetic.asks(SYNTHETIC_LEVELS, SYNTHETIC_MADE, target=None, rows=1, rounds=1, laplace=True, held=held)
    plan = make_plan(Question(asked, ROW, ONE_ROW), Measure.PURE, Price(epsilon=epsilon))
    found, loud = refuted(plan, 1)
    print(f"synthetic, held out {float(held):g}: stated {epsilon:.3f}, refuted {found:.3f}, with a third {loud:.3f}")
    assert found <= epsilon
    assert found > 0.3 * epsilon  # the choice is a tenth of a round's price, and sums of Laplace noise tell less than ε
    assert loud > epsilon


def refuted(plan, more: int, draws: int = 12_000, times: int = 3) -> tuple[float, float]:
    """The ε that draws refute, and the one that they refute where the noise is so many times less than it should be."""
    delta, noise = float(plan.loss.delta), plan.noise
    weak = {name: getattr(noise, name) / times for name in ("scale", "choosing", "measuring", "testing")}
    quiet = replace(plan, noise=replace(noise, **weak), loss=plan.loss.replace(900, plan.loss.delta))
    first, second = (
        epsilon_lower(ratios(one, more, draws), ratios(one, 0, draws), delta=delta) for one in (plan, quiet)
    )
    return first, second


@pytest.mark.parametrize("target", [None, "u"], ids=["single columns first", "pairs with a target first"])
@pytest.mark.parametrize("laplace", [True, False], ids=["laplace", "gaussian"])
def test_synthetic_rows_of_persons_spend_no_more_than_stated_at_two(laplace, target, monkeypatch):
    """A person with more rows than count comes or goes; beside δ where the noise is Gaussian."""
    monkeypatch.setattr(running, "_ROWS", 100)
    asked = Synthetic.asks(SYNTHETIC_LEVELS, SYNTHETIC_MADE, target=target, rows=1, rounds=1, laplace=laplace)
    question = Question(asked, PrivacyUnit("who"), ContributionBounds(max_rows=3))
    price = {} if laplace else {"delta": 1e-5, "mechanism": "gaussian"}
    plan = make_plan(question, Measure.PURE if laplace else Measure.APPROXIMATE, Price(epsilon=2.0, **price))
    # Of Gaussian noise, whose loss is ε in rare events alone, so few draws see a small part.
    times = 3 if laplace else 6
    found, loud = refuted(plan, 7, 3_000, times)
    of = "a target" if target else "no target"
    print(f"synthetic, persons, {plan.mechanism}, {of}: stated 2, refuted {found:.3f}, with 1/{times} {loud:.3f}")
    assert found <= 2
    assert found > (0.8 if laplace else 0.1)
    assert loud > 2
