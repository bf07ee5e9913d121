"""How often books of tables hold the exact counts, and tests and fits the population: a fast path, and real releases.

Run as ``python tests/slow/dp_population.py [releases] [draws] [name ...]``; it prints the tables
that ``docs/proofs.md`` shows. The fast path draws cells and noise without frames; a real release is one of OpenDP's
measurement, of a frame of rows drawn anew. Both are judged by a binomial interval of 99.9 %. Of regressions it tells
how much further than without privacy their slopes err, and how much wider their intervals are.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "dp"))
sys.path.insert(0, str(Path(__file__).parents[1] / "dp" / "inference"))

from dp_asking import ask, count_plan
from dp_drawn import holds, lines, moments, noisy, rejects_too_often
from test_dp_correlation import apart, even, rare, skewed, summed, tight, true_of
from test_dp_ols_robust import DRAWN as UNEQUAL
from test_dp_ols_robust import summed as products_of

from privkit.dp.measurement import draw, make_measurement
from privkit.dp.simulate import drawn
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.inference.anova import Anova
from privkit.dp.statistics.inference.chi2 import Chi2
from privkit.dp.statistics.inference.correlation import Correlation
from privkit.dp.statistics.inference.difference import Difference
from privkit.dp.statistics.inference.least_squares import Fit
from privkit.dp.statistics.inference.regression import LeastSquares
from privkit.dp.statistics.moments import Variance
from privkit.tally.products import FULL
from privkit.values.bounds import ValueBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

EPSILON = (Measure.PURE, {"epsilon": 1})
RHO = (Measure.ZERO_CONCENTRATED, {"rho": 0.5})
#: From the cells of one draw to what is counted: hits or rejections, one for each number.
Told = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes
    ----------
    plan : Plan
    cells : callable
        From a generator and a number of draws to so many rows of exact cells.
    frame : callable
        From a generator to a frame of rows.
    judged : callable
        From the noisy cells of one draw to hits.
    tests : bool
        Whether hits are rejections of what is so, of which there may be 5 % at most; else 95 % must hit at least.
    null : int, optional
        Which of the numbers is truly 0: its test errs where its interval does not hold.
    """

    plan: object
    cells: Callable
    frame: Callable
    judged: Told
    tests: bool = False
    null: int | None = None

    def fast(self, draws: int) -> np.ndarray:
        """Return the hits of so many draws without frames."""
        rng, hits = np.random.default_rng(11), 0
        for many in [100] * (draws // 100):
            for cells in self._noisy(self.cells(rng, many), rng):
                hits = hits + self.judged(cells)
        return np.atleast_1d(hits)

    def _noisy(self, cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        noise, asked = self.plan.noise, self.plan.question.asked
        if not isinstance(asked, Tables):
            return noisy(cells, noise, rng)
        shape = [(layer, span.stop - span.start) for layer, span in zip(noise.layers, asked.fit.spans, strict=True)]
        return cells + np.stack([np.concatenate([drawn(layer, size, rng) for layer, size in shape]) for _ in cells])

    def real(self, releases: int) -> np.ndarray:
        """Return the hits of so many releases of frames."""
        rng, hits, measurement = np.random.default_rng(12), 0, make_measurement(self.plan)
        for _ in range(releases):
            hits = hits + self.judged(np.array(draw(measurement, self.frame(rng)), dtype=np.int64).ravel())
        return np.atleast_1d(hits)


def book(laplace: bool) -> Case:
    """All tables of up to two of four columns: 500 rows, which stay the same."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({f"c{n}": rng.integers(0, 2 + n, 500).astype(str) for n in range(4)})
    levels = tuple(public_keys([f"c{n}"], [str(value) for value in range(2 + n)]) for n in range(4))
    every = tuple(part for size in (1, 2) for part in itertools.combinations(frame.columns, size))
    measure, price = EPSILON if laplace else (Measure.ZERO_CONCENTRATED, {"rho": 0.1})
    asked = Tables.of(levels, every, laplace=laplace)
    plan = count_plan(ask(asked), measure, **price)
    cells = asked.exact(frame, plan.question)
    exact = asked.estimates(cells)["count"]

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        lower, upper = asked.limits(drawn_cells.reshape(1, -1), plan.noise, 0.05)["count"]
        return (lower <= exact) & (exact <= upper)

    return Case(plan, lambda rng, many: np.repeat(cells, many, axis=0), lambda rng: frame, judged)


def two(rows: tuple[int, int], price: tuple, deviations: tuple[float, float]) -> Case:
    """Two groups of clipped normal numbers of mean 5 each, which differ in nothing but their spread."""
    ends = ValueBounds(0.0, 10.0)
    asked = Difference(Variance("x", ends), public_keys(["k"], ["a", "b"]))
    plan = count_plan(ask(asked), price[0], **price[1])

    def numbers(rng: np.random.Generator, many: int, place: int) -> np.ndarray:
        return np.clip(rng.normal(5.0, deviations[place], (many, rows[place])), 0, 10)

    def cells(rng: np.random.Generator, many: int) -> np.ndarray:
        each = [moments(numbers(rng, many, place) / 10, asked.inner.full, asked.inner.degree) for place in (0, 1)]
        return np.stack(each, axis=1).reshape(many, -1)

    def frame(rng: np.random.Generator) -> pd.DataFrame:
        x = np.concatenate([numbers(rng, 1, place)[0] for place in (0, 1)])
        return pd.DataFrame({"k": np.repeat(["a", "b"], rows), "x": x})

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        lower, upper = (end[0] for end in asked.limits(drawn_cells.reshape(1, -1), plan.noise, 0.05)["difference"])
        return np.array([lower <= 0 <= upper])

    return Case(plan, cells, frame, judged, null=0)


def crosstab(rows: int, price: tuple, shares: tuple) -> Case:
    """Two independent columns, tested at 5 %."""
    words = [[f"{letter}{n}" for n in range(len(one))] for letter, one in zip("uv", shares, strict=True)]
    asked = Chi2(Count(), public_keys(["a", "b"], dict(zip("ab", words, strict=True))))
    plan = count_plan(ask(asked), price[0], **price[1])

    def cells(rng: np.random.Generator, many: int) -> np.ndarray:
        return rng.multinomial(rows, np.outer(*shares).reshape(-1), size=many)

    def frame(rng: np.random.Generator) -> pd.DataFrame:
        columns = zip("ab", words, shares, strict=True)
        return pd.DataFrame({name: rng.choice(own, rows, p=share) for name, own, share in columns})

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        (table,) = asked._tables(drawn_cells.reshape(1, -1))
        return np.array([asked.tested(table, plan.noise, 399)[2] <= 0.05])

    return Case(plan, cells, frame, judged, tests=True)


def means(rows: tuple[int, ...], price: tuple, deviations: tuple[float, ...]) -> Case:
    """Groups of clipped normal numbers of mean 5 each, tested at 5 %."""
    words = [f"g{place}" for place in range(len(rows))]
    asked = Anova(Variance("x", ValueBounds(0.0, 10.0)), public_keys(["k"], words))
    plan = count_plan(ask(asked), price[0], **price[1])

    def numbers(rng: np.random.Generator, many: int) -> list[np.ndarray]:
        each = zip(rows, deviations, strict=True)
        return [np.clip(rng.normal(5.0, deviation, (many, size)), 0, 10) for size, deviation in each]

    def cells(rng: np.random.Generator, many: int) -> np.ndarray:
        each = [moments(own / 10, asked.inner.full, asked.inner.degree) for own in numbers(rng, many)]
        return np.stack(each, axis=1).reshape(many, -1)

    def frame(rng: np.random.Generator) -> pd.DataFrame:
        return pd.DataFrame({"k": np.repeat(words, rows), "x": np.concatenate([own[0] for own in numbers(rng, 1)])})

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        return np.array([asked.tested(drawn_cells, plan.noise, 399)[2] <= 0.05])

    return Case(plan, cells, frame, judged, tests=True)


def together(rows: int, price: tuple, law: Callable) -> Case:
    """Two columns of numbers."""
    asked = Correlation(("x", "z"), (ValueBounds(-1.0, 1.0),) * 2)
    plan, true = count_plan(ask(asked), price[0], **price[1]), true_of(law)

    def cells(rng: np.random.Generator, many: int) -> np.ndarray:
        return summed(*law(rng, (many, rows)))

    def frame(rng: np.random.Generator) -> pd.DataFrame:
        return pd.DataFrame(dict(zip("xz", law(rng, (rows,)), strict=True)))

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        lower, upper = (end[0] for end in asked.limits(drawn_cells.reshape(1, -1), plan.noise, 0.05)["correlation"])
        return np.array([lower <= true <= upper])

    return Case(plan, cells, frame, judged, null=None if true else 0)


SLOPES, DEVIATION = np.array([0.1, 0.3, 0.0]), 0.2


def line(rows: int, epsilon: float) -> Case:
    """A response by two even predictors, the second of which has no part in it; in (ε, δ) of δ = 1e-6."""
    asked = LeastSquares("y", ("a", "b"), (ValueBounds(-1.0, 1.0), ValueBounds(-1.0, 1.0), ValueBounds(-2.0, 2.0)))
    plan = count_plan(ask(asked), Measure.APPROXIMATE, epsilon=epsilon, delta=1e-6)

    def frame(rng: np.random.Generator) -> pd.DataFrame:
        a, b = rng.uniform(-1, 1, (2, rows))
        return pd.DataFrame({"a": a, "b": b, "y": SLOPES[0] + SLOPES[1] * a + DEVIATION * rng.normal(size=rows)})

    def cells(rng: np.random.Generator, many: int) -> np.ndarray:
        halved = np.diag([1.0, 1.0, 1.0, 0.5])  # the bounds of y are twice those of the others
        found = halved @ lines(rng, many, rows, SLOPES, DEVIATION) @ halved
        return np.rint(found[:, *np.triu_indices(4)] * FULL).astype(np.int64)

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        told = asked.limits(drawn_cells.reshape(1, -1), plan.noise, 0.05)
        each = zip(("intercept", "a", "b"), SLOPES, strict=True)
        return np.array([told[name][0][0] <= true <= told[name][1][0] for name, true in each])

    return Case(plan, cells, frame, judged, null=2)


def beside_none(case: Case, draws: int) -> str:
    """Return how far a line's first slope errs, and how wide its interval is, over those without privacy."""
    asked, noise, rng = case.plan.question.asked, case.plan.noise, np.random.default_rng(13)
    exact = np.concatenate([case.cells(rng, 10) for _ in range(draws // 10)])
    loud = noisy(exact, noise, rng)
    off, own = (asked.estimates(cells)["a"] - SLOPES[1] for cells in (loud, exact))
    lower, upper = asked.limits(loud, noise, 0.05)["a"]
    turned = asked._units()[0][1:2]
    # A tenth of alpha goes to two limits, which a fit without noise does not need: so this is Student's interval.
    plain = np.array([Fit.of(row, None, FULL).half_widths(turned, 0.05 / 0.9)[0] for row in exact])
    further, wider = np.sqrt((off**2).mean() / (own**2).mean()), np.median((upper - lower) / 2 / plain)
    return f"standard error {further:.3f}, width of the interval {wider:.3f} of those without privacy"


def spread(law: Callable, true: tuple[float, ...], rows: int, price: tuple, *, robust: bool) -> Case:
    """A response whose residuals spread unequally, or a curve: laws of the fast tests, with robust intervals or not."""
    asked = LeastSquares("y", ("x0", "x1"), (ValueBounds(-1.0, 1.0),) * 3, robust)
    plan = count_plan(ask(asked), price[0], **price[1])

    def cells(rng: np.random.Generator, many: int) -> np.ndarray:
        return np.stack([products_of(law(rng, rows), robust) for _ in range(many)])

    def frame(rng: np.random.Generator) -> pd.DataFrame:
        return pd.DataFrame(dict(zip(("x0", "x1", "y"), law(rng, rows), strict=True)))

    def judged(drawn_cells: np.ndarray) -> np.ndarray:
        told = asked.limits(drawn_cells.reshape(1, -1), plan.noise, 0.05)
        ends = [told[name] for name in ("intercept", "x0", "x1")]
        return np.array([low[0] <= own <= high[0] for (low, high), own in zip(ends, true, strict=True)])

    return Case(plan, cells, frame, judged, null=2)


LINES: dict[str, Callable[[], Case]] = {
    f"dp_ols {rows:,} rows, ε = {epsilon:g}": lambda rows=rows, epsilon=epsilon: line(rows, epsilon)
    for rows in (5_000, 20_000, 100_000, 1_000_000)
    for epsilon in (0.3, 1)
}
THIRDS = ([0.5, 0.5], [0.3, 0.3, 0.4])
CASES: dict[str, Callable[[], Case]] = {
    "dp_tables, ε = 1": lambda: book(laplace=True),
    "dp_tables, ρ = 0.1": lambda: book(laplace=False),
    "dp_difference 500 + 500, ε = 1": lambda: two((500, 500), EPSILON, (2.0, 2.0)),
    "dp_difference 60 + 40, ρ = 0.5": lambda: two((60, 40), RHO, (2.0, 2.0)),
    "dp_difference 400 + 3000, ε = 1, spreads 4 : 1": lambda: two((400, 3000), EPSILON, (4.0, 1.0)),
    "dp_chi2 2000 rows, ε = 0.5": lambda: crosstab(2000, (Measure.PURE, {"epsilon": 0.5}), THIRDS),
    "dp_chi2 1000 rows, ρ = 0.1": lambda: crosstab(1000, (Measure.ZERO_CONCENTRATED, {"rho": 0.1}), THIRDS),
    "dp_chi2 500 rows, ε = 0.1": lambda: crosstab(500, (Measure.PURE, {"epsilon": 0.1}), THIRDS),
    "dp_anova 3 × 500, ε = 1": lambda: means((500,) * 3, EPSILON, (2, 2, 2)),
    "dp_anova 60 + 40 + 50, ρ = 0.5": lambda: means((60, 40, 50), RHO, (2, 2, 2)),
    "dp_anova 400 + 2000 + 150, ε = 1, spreads 4 : 1 : 2": lambda: means((400, 2000, 150), EPSILON, (4, 1, 2)),
    "dp_anova 3 × 300, ε = 0.1": lambda: means((300,) * 3, (Measure.PURE, {"epsilon": 0.1}), (2, 2, 2)),
    "dp_correlation 4000 rows, ε = 1": lambda: together(4000, EPSILON, even),
    "dp_correlation 2000 rows apart, ε = 1": lambda: together(2000, EPSILON, apart),
    "dp_correlation 3000 skewed rows, ρ = 0.5": lambda: together(3000, RHO, skewed),
    "dp_correlation 3000 rows of two values, ρ = 0.5": lambda: together(3000, RHO, rare),
    "dp_correlation 2000 rows near a line, ρ = 0.5": lambda: together(2000, RHO, tight),
    **{
        f"dp_ols {case}, {'robust' if robust else 'not robust'}": lambda of=of, robust=robust: spread(
            *of, robust=robust
        )
        for case, of in UNEQUAL.items()
        for robust in (True, False)
    },
    **LINES,
}


def told(hits: np.ndarray, draws: int, case: Case) -> str:
    """Return the least share of a number that held, and that of wrong rejections, and what is wrong with them."""
    if case.tests:
        return f"erred {hits[0] / draws:.4f}{' TOO OFTEN' if rejects_too_often(hits[0], draws, 0.05) else ''}"
    low = sum(not holds(each, draws, 0.95) for each in hits)
    erred = "" if case.null is None else f", erred {1 - hits[case.null] / draws:.4f}"
    return f"held {hits.min() / draws:.4f} (mean {hits.mean() / draws:.4f}){erred}{f' {low} TOO SELDOM' if low else ''}"


def main() -> None:
    """Print a line for each case."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("releases", type=int, nargs="?", default=2000)
    asked.add_argument("draws", type=int, nargs="?", default=10_000)
    asked.add_argument("names", nargs="*", help="parts of the names of cases")
    given = asked.parse_args()
    releases, draws = given.releases, given.draws
    for name, make in CASES.items():
        if given.names and not any(word in name for word in given.names):
            continue
        case = make()
        fast = told(case.fast(draws), draws, case) if draws else "–"
        print(f"{name:50} fast {draws:,}: {fast}", flush=True)
        real = told(case.real(releases), releases, case) if releases else "–"
        print(f"{name:50} real {releases:,}: {real}", flush=True)
        if name in LINES:
            print(f"{name:50} {beside_none(case, 1000)}", flush=True)


if __name__ == "__main__":
    main()
