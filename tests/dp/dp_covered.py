"""Of every kind of statistic: a question, its exact answers by NumPy alone, and whether a release holds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from dp_asking import ask
from scipy import stats

from privkit.dp.measurement import draw, make_measurement
from privkit.dp.plan import Plan, make_plan
from privkit.dp.price import Price
from privkit.dp.question import EVERY_ROW
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.counts import Count, DistinctCount, OpenCount, PersonCount
from privkit.dp.statistics.histogram import Histogram, Span, power_edges
from privkit.dp.statistics.inference.anova import Anova
from privkit.dp.statistics.inference.chi2 import Chi2
from privkit.dp.statistics.inference.correlation import Correlation
from privkit.dp.statistics.inference.difference import Difference
from privkit.dp.statistics.inference.regression import LeastSquares
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
from privkit.dp.synthesis.drawing import Filled
from privkit.dp.synthesis.synthetic import Synthetic
from privkit.dp.training.lloyd import Lloyd
from privkit.dp.training.logistic import Logistic
from privkit.dp.training.steps import featured
from privkit.values.bounds import ValueBounds
from privkit.values.expression.selection import selection
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import PrivacyUnit

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
#: Both rows of most persons lie in two months, those of some in one.
FRAME["on"] = pd.Timestamp("2026-01-15") + pd.to_timedelta(40 * (np.arange(_N) % 2 * (np.arange(_N) % 5 > 0)), unit="D")
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
        assert true.keys() == limits.keys()
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


MEETS = selection(None, {"(x > 30)": "x > 30"}, None, column="(x > 30)")


def _meets(kind: type[Share], **bounds: Any) -> Any:
    return replace(ask(kind("(x > 30)"), **bounds), selected=MEETS)


# -- groups that show up, and persons in windows: by kind, the exact answers on any rows ------------------------------


def clipped(rows: pd.DataFrame) -> Any:
    """The numbers as they count."""
    return rows["x"].to_numpy().clip(0, 100)


def totals(rows: pd.DataFrame, by: Any = "who") -> Any:
    """The totals of persons as they count."""
    return rows.groupby(by)["x"].sum().to_numpy().clip(0, 200)


def met(rows: pd.DataFrame, by: Any = "who") -> dict[str, float]:
    """The persons with a row that meets the condition."""
    each = (rows["x"] > 30).groupby([rows[name] for name in np.atleast_1d(by)]).any()
    return {"share": each.mean(), "met": each.sum(), "count": len(each)}


def nearest(rows: pd.DataFrame, share: float) -> float:
    """A quantile of the numbers as they count."""
    return float(np.quantile(clipped(rows), share, method="inverted_cdf"))


def cut_off(rows: pd.DataFrame) -> float:
    """The share of rows outside the bounds."""
    return float((rows["x"] > 100).mean())


def _few() -> Several:
    from fractions import Fraction

    return replace(FEW, shares=(Fraction(1, 3),) * 3)


#: Of each kind that may be asked of groups that show up: an example, and its exact answers on the rows of one group.
OF_GROUPS: dict[str, tuple[Statistic, Callable[[pd.DataFrame], dict[str, float]]]] = {
    "Count": (Count(), lambda rows: {"count": len(rows)}),
    "PersonCount": (PersonCount(), lambda rows: {"persons": rows["who"].nunique()}),
    "DistinctCount": (DistinctCount("word"), lambda rows: {"nunique": rows["word"].nunique()}),
    "Share": (
        Share("(x > 30)"),
        lambda rows: {"share": (rows["x"] > 30).mean(), "met": (rows["x"] > 30).sum(), "count": len(rows)},
    ),
    "PersonShare": (PersonShare("(x > 30)"), met),
    "Sum": (Sum("x", ENDS), lambda rows: {"sum": math.fsum(clipped(rows))}),
    "PersonSum": (PersonSum("x", ValueBounds(0.0, 200.0)), lambda rows: {"sum": math.fsum(totals(rows))}),
    "Mean": (Mean("x", ENDS), lambda rows: some(clipped(rows), "mean", "sum", "count")),
    "PersonMean": (
        PersonMean("x", ValueBounds(0.0, 200.0)),
        lambda rows: some(totals(rows), "mean", "sum", "count"),
    ),
    "Variance": (Variance("x", ENDS), lambda rows: some(clipped(rows), "var", "mean", "sum", "count")),
    "Deviation": (Deviation("x", ENDS), lambda rows: moments(clipped(rows))),
    "WithClipped": (
        WithClipped(Sum("x", ENDS)),
        lambda rows: {"sum": math.fsum(clipped(rows)), "clipped": cut_off(rows)},
    ),
    "Quantile": (Quantile("x", 1, 2, LINE), lambda rows: {"median": nearest(rows, 0.5)}),
    "Quantiles": (
        quantiles_of("x", TENTHS, LINE),
        lambda rows: {f"{100 * a / b:g}%": nearest(rows, a / b) for a, b in TENTHS},
    ),
    "Several": (
        _few(),
        lambda rows: {"mean": clipped(rows).mean(), "q": nearest(rows, 0.25), "m": nearest(rows, 0.5)},
    ),
}
#: Kinds that stand in no groups that show up, and why.
NOT_OF_GROUPS = {
    "Histogram": "its bins are its keys, which are public",
    "TopK": "it names values of all rows together",
    "TopTable": "it names values of all rows together",
    "Span": "bounds are of all rows together",
    "OpenCount": "it finds the groups itself",
    "OpenGroups": "it finds the groups itself",
    "Synthetic": "it has public levels of each column, and one for all others",
    "Tables": "it has public levels of each column, and one for all others",
    "Difference": "its two groups are its own, and public",
    "Chi2": "its groups are its own, and public",
    "Anova": "its groups are its own, and public",
    "LeastSquares": "it is a fit of all rows",
    "Correlation": "it is of all rows",
    "Lloyd": "its groups are its own",
    "Logistic": "it is a model of all rows",
}
#: Kinds that have no interval, and why: they hold something else, which their case looks at.
WITHOUT_INTERVAL = {
    "TopK": "named values, each with by how much it may fall short",
    "TopTable": "named values, each with by how much it may fall short",
    "Span": "powers of two that hold most of the numbers",
}
#: Kinds of many intervals under one name, of which the case looks at some.
OF_MANY = {"Tables", "Synthetic"}
#: Of each kind that counts persons: its example within months, and the exact answers.
IN_MONTHS = [FRAME["who"].rename("who"), FRAME["on"].dt.month.rename("month")]
IN_WINDOWS: dict[str, tuple[Statistic, dict[str, float]]] = {
    "PersonCount": (PersonCount(" in a month"), {"persons in a month": float(len({*zip(*IN_MONTHS, strict=True)}))}),
    "PersonShare": (
        PersonShare("(x > 30)", window=" in a month"),
        met(FRAME.assign(month=IN_MONTHS[1]), ["who", "month"]),
    ),
    "PersonSum": (
        PersonSum("x", ValueBounds(0.0, 200.0), " in a month"),
        {"sum": math.fsum(totals(FRAME, IN_MONTHS))},
    ),
    "PersonMean": (
        PersonMean("x", ValueBounds(0.0, 200.0), " in a month"),
        some(totals(FRAME, IN_MONTHS), "mean", "sum", "count"),
    ),
}


def _of_groups(name: str, *, concentrated: bool) -> Covered:
    """Releases of a kind of groups that show up: how often it holds the answers of the first of them."""
    asked, true = OF_GROUPS[name]
    bounds = {"max_groups": 2, "per_group": 1} if asked.once else {}
    question = replace(ask(OpenGroups(("k",), asked), **bounds), selected=MEETS if "Share" in name else EVERY_ROW)
    price = {"rho": 2, "delta": 1e-5} if concentrated else {"epsilon": 4, "delta": 1e-5}
    measure = Measure.APPROXIMATE_ZERO_CONCENTRATED if concentrated else Measure.APPROXIMATE
    return Covered(question, shown(**true(FRAME[A])), measure, price)


def _in_windows(name: str) -> Covered:
    """Releases of a kind of persons who count anew in each month."""
    asked, true = IN_WINDOWS[name]
    question = replace(ask(asked, **ONCE), unit=PrivacyUnit("who", "month", "on"))
    return Covered(replace(question, selected=MEETS if "Share" in name else EVERY_ROW), within(**true))


_LEVELS = (public_keys(["k"], ["b", "a"]), public_keys(["word"], ["w3", "w1", "w2"]))
_ASKED = (("word", "k"), ("k",))
BOOK, BOOK_IN_RHO = (Tables.of(_LEVELS, _ASKED, laplace=laplace) for laplace in (True, False))
_W = [np.isin(WORDS, [word]) for word in ("w3", "w1", "w2")]
_W.append(~np.logical_or.reduce(_W))
_K = [~A, A, np.zeros(_N, dtype=bool)]
BOOK_CELLS = np.array([*((w & k).sum() for w in _W for k in _K), *(k.sum() for k in _K)])


def _all_within(drawn: Any, plan: Plan) -> dict[str, bool]:
    """Whether the intervals of some cells hold: of a value, of all other values, and of a margin."""
    cells = np.array(drawn, dtype=np.int64).reshape(1, -1)
    lower, upper = plan.question.asked.limits(cells, plan.noise, 1 - LEVEL)["count"]
    held = (lower <= BOOK_CELLS) & (upper >= BOOK_CELLS)
    return {"a value": held[0], "other values": held[11], "a margin": held[12]}


_MADE = (Filled("k", "k", "str"), Filled("word", "word", "str"))
ROWS, ROWS_IN_RHO = (
    Synthetic.asks(_LEVELS, _MADE, target=None, rows=5, rounds=1, laplace=laplace) for laplace in (True, False)
)


def _of_first(drawn: Any, plan: Plan) -> dict[str, bool]:
    """Whether the intervals of two cells of the first round hold: of a value, and of all other values."""
    cells = np.array(drawn, dtype=np.int64).reshape(1, -1)
    lower, upper = plan.question.asked.limits(cells, plan.noise, 1 - LEVEL)["count"]
    exact = np.array([*(k.sum() for k in _K), *(w.sum() for w in _W)])
    held = (lower <= exact) & (upper >= exact)
    return {"a value": held[0], "other values": held[6]}


MODEL = Logistic(
    "k",
    public_keys(["k"], ["a", "b"]),
    featured({"x": ENDS, "word": public_keys(["word"], ["w3", "w1"])}),
    4,
    Fraction(1),
    Fraction(1, 1000),
)


CLUSTERS = Lloyd(featured({"x": ENDS}), 2, 1, 0)  # of one step, whose centers are public
_AWAY = np.abs(np.floor((CUT / 50 - 1) * 2**14 + 0.5)[:, None] - CLUSTERS.begun().places.ravel())
NEAREST = {f"count [{one}]": float((_AWAY.argmin(axis=1) == one).sum()) for one in range(2)}


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
        "Logistic": Covered(ask(MODEL), within(count=_N)),
        "Logistic in ρ": Covered(ask(MODEL, max_rows=2), within(count=_N // 2), RHO),
        "Lloyd": Covered(ask(CLUSTERS), within(**NEAREST)),
        "Lloyd in ρ": Covered(ask(CLUSTERS), within(**NEAREST), RHO),
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
        "Difference": Covered(
            ask(Difference(Variance("x", ENDS), public_keys(["k"], ["a", "b"]))),
            within(
                difference=CUT[A].mean() - CUT[~A].mean(),
                mean_a=CUT[A].mean(),
                mean_b=CUT[~A].mean(),
                count_a=A.sum(),
                count_b=(~A).sum(),
            ),
        ),
        "LeastSquares": Covered(
            ask(LeastSquares("x", ("who",), (ValueBounds(0.0, 150.0), ENDS))),
            within(
                **dict(zip(("who", "intercept"), np.polyfit(FRAME["who"], CUT, 1), strict=True)),
                count=_N,
            ),
            price={"epsilon": 50},
        ),
        "Anova": Covered(ask(Anova(Variance("x", ENDS), public_keys(["k"], ["a", "b"]))), within(count=_N)),
        "Correlation": Covered(
            ask(Correlation(("x", "who"), (ENDS, ValueBounds(0.0, 150.0)))),
            within(correlation=np.corrcoef(CUT, FRAME["who"])[0, 1], count=_N),
            price={"epsilon": 50},
        ),
        "Chi2": Covered(
            ask(Chi2(Count(), public_keys(["k", "word"], {"k": ["a", "b"], "word": ALL_WORDS}))), within(count=_N)
        ),
        "WithClipped": Covered(
            ask(WithClipped(Deviation("x", ENDS))), within(**moments(CUT), clipped=float((X > 100).mean()))
        ),
        "WithClipped in ρ": Covered(
            ask(WithClipped(Mean("x", ENDS))),
            within(**some(CUT, "mean", "sum", "count"), clipped=float((X > 100).mean())),
            RHO,
        ),
        "WithClipped of a sum": Covered(
            ask(WithClipped(Sum("x", ENDS))), within(sum=math.fsum(CUT), clipped=float((X > 100).mean()))
        ),
        "WithClipped of a sum in ρ": Covered(
            ask(WithClipped(Sum("x", ENDS))), within(sum=math.fsum(CUT), clipped=float((X > 100).mean())), RHO
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
        "Synthetic": Covered(ask(ROWS), _of_first),
        "Synthetic in ρ": Covered(ask(ROWS_IN_RHO), _of_first, RHO),
        "Tables": Covered(ask(BOOK), _all_within),
        "Tables in ρ": Covered(ask(BOOK_IN_RHO), _all_within, RHO),
        # Bounds have no interval: they hold most of the numbers, of a column that fills its powers of two.
        "Span": Covered(ask(Span("x", power_edges())), _holds_most),
    }
    for concentrated in (False, True):
        for name in OF_GROUPS:
            found[f"groups: {name}{' in ρ' * concentrated}"] = _of_groups(name, concentrated=concentrated)
    found |= {f"months: {name}": _in_windows(name) for name in IN_WINDOWS}
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
