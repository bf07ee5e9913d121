"""Of every kind of statistic: a question, its exact answers by NumPy alone, and whether a release holds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from dp_asking import ask
from scipy import stats

from privkit.dp.measurement import draw, make_measurement
from privkit.dp.plan import Plan, Price, make_plan
from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.counts import Count, DistinctCount, OpenCount, PersonCount
from privkit.dp.statistics.histogram import Histogram, Span, power_edges
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.dp.statistics.open_groups import OpenGroups
from privkit.dp.statistics.person_mean import PersonMean
from privkit.dp.statistics.quantile import Quantile
from privkit.dp.statistics.quantiles import quantiles_of
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.share import PersonShare, Share
from privkit.dp.statistics.statistic import Statistic
from privkit.dp.statistics.sums import PersonSum, Sum
from privkit.dp.statistics.top_k import TopK, TopTable
from privkit.values.bounds import ValueBounds
from privkit.values.expression.selection import selection
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

#: At least so many of 2,000 releases are to hold; fewer than 0.935 of them were seen by chance in one of 400 tables.
LEVEL, SEEN = 0.95, 0.935
#: A test that holds fails by chance once in 10^9 runs.
RARE = 1e-9

_DRAWN = np.random.default_rng(8)
_N = 300
#: Numbers that no grid holds, some of them outside the bounds; words of which some are hardly rarer than others.
X = np.where(np.arange(_N) % 9 == 0, 150.0, _DRAWN.gamma(2.0, 15.0, _N)) + 1 / 3
WORDS = np.array([f"w{place}" for place in np.minimum(_DRAWN.geometric(0.25, _N), 12)])
FRAME = pd.DataFrame({"x": X, "k": np.where(np.arange(_N) % 3, "a", "b"), "word": WORDS, "who": np.arange(_N) // 2})
ENDS = ValueBounds(0.0, 100.0)
LINE = tuple(float(place) / 2 for place in range(201))
CUT = np.clip(X, 0, 100)
A = FRAME["k"].to_numpy() == "a"
TOTALS = np.clip(np.bincount(FRAME["who"], weights=X), 0, 200)
ALL_WORDS = [f"w{place}" for place in range(1, 16)]
COUNTS = np.array([(word == WORDS).sum() for word in ALL_WORDS])

#: From what was drawn, and its plan, to whether each of its numbers holds.
Holds = Callable[[Any, Plan], Mapping[str, Any]]


@dataclass(frozen=True)
class Covered:
    """A question of a kind, and what tells whether a release of it holds."""

    question: Any
    holds: Holds
    measure: Measure = Measure.PURE
    price: Mapping[str, Any] | None = None

    def plan(self) -> Plan:
        """The plan."""
        price = self.price or ({"rho": 0.5} if self.measure.concentrated else {"epsilon": 1})
        return make_plan(self.question, self.measure, Price(**price))

    def hits(self, releases: int) -> dict[str, int]:
        """Of so many releases, how many hold each number."""
        plan = self.plan()
        measurement, seen = make_measurement(plan), {}
        for _ in range(releases):
            for name, held in self.holds(draw(measurement, FRAME), plan).items():
                seen[name] = seen.get(name, 0) + int(np.all(held))
        return seen


def within(**true: Any) -> Holds:
    """What holds if the 95 % interval of each number holds the true one; of one group, the first."""

    def holds(drawn: Any, plan: Plan) -> Mapping[str, Any]:
        cells = np.array(drawn, dtype=np.int64).reshape(plan.question.groups, -1)
        limits = plan.question.asked.limits(cells, plan.noise, 1 - LEVEL)
        assert true.keys() == limits.keys()
        return {name: limits[name][0][0] <= true[name] <= limits[name][1][0] for name in true}

    return holds


def moments(x: Any) -> dict[str, float]:
    """The exact moments of clipped numbers."""
    return {"mean": x.mean(), "sum": math.fsum(x), "count": len(x), "var": x.var(), "std": x.std()}


def some(x: Any, *names: str) -> dict[str, float]:
    """Some of them."""
    return {name: moments(x)[name] for name in names}


def named_rightly(drawn: Any, plan: Plan) -> dict[str, bool]:
    """Whether named values fall short by no more than was told, and the true ones are among the possible."""
    cells, asked = np.array(drawn, dtype=np.int64).reshape(1, -1), plan.question.asked
    named = [ALL_WORDS.index(word) for word in asked.estimates(cells)["top"][0]]
    rest = np.delete(COUNTS, named)
    told = {"short by": COUNTS[named].min() + plan.accuracy >= rest.max()}
    table = asked.possible(cells, plan.noise, 1 - LEVEL)
    if table is not None:
        surely = [word for word, count in zip(ALL_WORDS, COUNTS, strict=True) if (count < COUNTS).sum() < asked.k]
        told["possible"] = set(surely) <= set(table["value"])
    return told


def shown(**true: Any) -> Holds:
    """What holds if the interval of group a does, once it showed up: it is far above the threshold."""

    def holds(drawn: Any, plan: Plan) -> Mapping[str, Any]:
        asked = plan.question.asked.answered(plan, sorted(drawn))
        cells = np.array([np.atleast_1d(drawn[key]) for key in sorted(drawn)], dtype=np.int64)
        limits = asked.question.asked.limits(cells, asked.noise, 1 - LEVEL)
        return {name: limits[name][0][0] <= true[name] <= limits[name][1][0] for name in true}

    return holds


def at(share: float) -> float:
    """The exact quantile of the numbers, within the candidates."""
    return float(np.quantile(CUT, share, method="inverted_cdf"))


ONCE = {"max_groups": 1, "per_group": 1}
OPEN = {"measure": Measure.APPROXIMATE, "price": {"epsilon": 2, "delta": 1e-5}}
RHO = Measure.ZERO_CONCENTRATED
TENTHS = [(1, 10), (1, 4), (1, 2), (3, 5), (3, 4), (9, 10)]
FEW = Several(
    (Mean("x", ENDS), Quantile("x", 1, 4, LINE), Quantile("x", 1, 2, LINE)),
    (1, 1, 1),
    (("mean", 0, "mean"), ("q", 1, "quantile"), ("m", 2, "median")),
)


def _meets(kind: type[Share], **bounds: Any) -> Any:
    question = ask(kind("(x > 30)"), **bounds)
    return replace(question, selected=selection(None, {"(x > 30)": "x > 30"}, None, column="(x > 30)"))


def _cases() -> dict[str, Covered]:
    from fractions import Fraction

    thirds = replace(FEW, shares=(Fraction(1, 3),) * 3)
    words = public_keys(["word"], ALL_WORDS)
    met, persons = int((X > 30).sum()), int((np.bincount(FRAME["who"], weights=X > 30) > 0).sum())
    found: dict[str, Covered] = {
        "Count": Covered(ask(Count()), within(count=_N)),
        "Count in ρ": Covered(ask(Count()), within(count=_N), RHO),
        "PersonCount": Covered(ask(PersonCount(), **ONCE), within(persons=_N // 2)),
        "DistinctCount": Covered(ask(DistinctCount("word")), within(nunique=len(set(WORDS)))),
        "Histogram": Covered(
            replace(ask(Histogram("x", (0.0, 30.0, 60.0))), keys=Histogram("x", (0.0, 30.0, 60.0)).keys(None)),
            within(count=int((X < 30).sum())),
        ),
        "Share": Covered(_meets(Share), within(share=met / _N, met=met, count=_N)),
        "PersonShare": Covered(
            _meets(PersonShare, **ONCE), within(share=persons / (_N // 2), met=persons, count=_N // 2)
        ),
        "Sum": Covered(ask(Sum("x", ENDS)), within(sum=math.fsum(CUT))),
        "Sum in ρ": Covered(ask(Sum("x", ENDS)), within(sum=math.fsum(CUT)), RHO),
        "PersonSum": Covered(ask(PersonSum("x", ValueBounds(0.0, 200.0)), **ONCE), within(sum=math.fsum(TOTALS))),
        "Mean": Covered(ask(Mean("x", ENDS)), within(**some(CUT, "mean", "sum", "count"))),
        "Mean in ρ": Covered(ask(Mean("x", ENDS)), within(**some(CUT, "mean", "sum", "count")), RHO),
        "PersonMean": Covered(
            ask(PersonMean("x", ValueBounds(0.0, 200.0)), **ONCE), within(**some(TOTALS, "mean", "sum", "count"))
        ),
        "Variance": Covered(ask(Variance("x", ENDS)), within(**some(CUT, "var", "mean", "sum", "count"))),
        "Deviation": Covered(ask(Deviation("x", ENDS)), within(**moments(CUT))),
        "WithClipped": Covered(
            ask(WithClipped(Deviation("x", ENDS))), within(**moments(CUT), clipped=float((X > 100).mean()))
        ),
        "WithClipped in ρ": Covered(
            ask(WithClipped(Mean("x", ENDS))),
            within(**some(CUT, "mean", "sum", "count"), clipped=float((X > 100).mean())),
            RHO,
        ),
        "Quantile": Covered(ask(Quantile("x", 1, 2, LINE)), within(median=at(0.5))),
        "Quantile, a tenth": Covered(ask(Quantile("x", 9, 10, LINE)), within(quantile=at(0.9))),
        "Quantile in ρ": Covered(ask(Quantile("x", 1, 4, LINE)), within(quantile=at(0.25)), RHO),
        "Quantiles": Covered(
            ask(quantiles_of("x", TENTHS, LINE)), within(**{f"{100 * a / b:g}%": at(a / b) for a, b in TENTHS})
        ),
        "Several": Covered(ask(thirds), within(mean=CUT.mean(), q=at(0.25), m=at(0.5))),
        "TopK": Covered(ask(TopK(words, 3)), named_rightly),
        "TopTable": Covered(ask(TopTable(words, 3)), named_rightly),
        "TopTable in ρ": Covered(ask(TopTable(words, 3)), named_rightly, RHO),
        "OpenCount": Covered(ask(OpenCount(("k",))), shown(count=int(A.sum())), **OPEN),
        "OpenGroups": Covered(
            ask(OpenGroups(("k",), Mean("x", ENDS))), shown(**some(CUT[A], "mean", "sum", "count")), **OPEN
        ),
        # Bounds have no interval: they hold most of the numbers, of a column that fills its powers of two.
        "Span": Covered(ask(Span("x", power_edges())), _holds_most),
    }
    return found


def _holds_most(drawn: Any, plan: Plan) -> dict[str, bool]:
    lower, upper = plan.question.asked.estimates(np.array(drawn).reshape(1, -1))["bounds"][0]
    return {"nine tenths": ((lower <= X) & (upper >= X)).mean() >= 0.9}


CASES = _cases()


def kinds_of(case: Covered) -> set[type[Statistic]]:
    """The kinds of statistic that a case asks."""
    asked = case.question.asked
    return {type(asked), *map(type, getattr(asked, "parts", ())), type(getattr(asked, "inner", asked))}


def is_enough(hits: int, releases: int) -> bool:
    """Whether so many hits are what a level of 95 % gives."""
    return bool(stats.binomtest(hits, releases, LEVEL, alternative="less").pvalue > RARE)
