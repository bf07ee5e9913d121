"""What a book's strategy costs, by brute force: all small frames with all their neighbors, and OpenDP's composition."""

import warnings
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, exact

from privkit.dp.noise.noise import Laplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.statistics.books.shapes import shapes_of
from privkit.dp.statistics.books.strategy import strategy
from privkit.dp.statistics.books.tables import Tables
from privkit.values.bounds import ContributionBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import rows as rows_unit

LEVELS = (public_keys(["k"], ["b", "a"]), public_keys(["word"], ["w1"]), public_keys(["flag"], [True]))
ASKED = tuple(part for size in (0, 1, 2, 3) for part in combinations(("k", "word", "flag"), size))
#: All rows that there can be but for other values, which all count as one.
ROWS = [*product(["a", "b", "z"], ["w1", "other"], [True, False])]
PRICES = {True: (Measure.PURE, {"epsilon": 0.7}), False: (Measure.ZERO_CONCENTRATED, {"rho": 0.7})}


def plan_of(laplace, most=1):
    book = Tables.of(LEVELS, ASKED, laplace=laplace)
    measure, price = PRICES[laplace]
    if most == 1:
        return make_plan(ask(book), measure, Price(**price))
    return make_plan(Question(book, rows_unit(most), ContributionBounds(max_rows=most)), measure, Price(**price))


def cells_of(plan, rows):
    """The exact cells that the noise is added to."""
    return exact(
        plan.question, pd.DataFrame(list(rows), columns=["k", "word", "flag"]).astype({"flag": "bool"})
    ).ravel()


def cost(plan, moved, *, halved=1.0):
    """The loss of a change of all cells, by closed formulas of each table's noise: Σ ‖·‖₁/b, or Σ ‖·‖₂²/2s²."""
    found = 0.0
    for layer, span in zip(plan.noise.layers, plan.question.asked.fit.spans, strict=True):
        own, scale = np.abs(moved[span].astype(float)), layer.scale * halved
        found += own.sum() / scale if isinstance(layer, Laplace) else (own**2).sum() / (2 * scale**2)
    return found


@pytest.mark.parametrize("laplace", [True, False], ids=["ε", "ρ"])
def test_no_neighbor_of_any_small_frame_costs_more_than_the_price(laplace):
    plan = plan_of(laplace)
    known = {rows: cells_of(plan, rows) for size in (0, 1, 2) for rows in combinations_with_replacement(ROWS, size)}
    costs = [
        cost(plan, own - known[tuple(other for place, other in enumerate(rows) if place != gone)])
        for rows, own in known.items()
        for gone in range(len(rows))
    ]
    assert len(costs) == 12 + 2 * 78
    assert max(costs) <= 0.7 * (1 + 1e-12)
    assert min(costs) > 0.7 * (1 - 1e-9)  # every row reaches it: nothing is paid for and not used
    assert min(cost(plan, own, halved=0.9) for rows, own in known.items() if len(rows) == 1) > 0.7 * 1.1  # it has power


@pytest.mark.parametrize("most", [2, 5])
@pytest.mark.parametrize("laplace", [True, False], ids=["ε", "ρ"])
def test_rows_of_one_person_cost_the_most_where_they_are_alike(laplace, most):
    plan = plan_of(laplace, most)
    costs = {rows: cost(plan, cells_of(plan, rows)) for rows in combinations_with_replacement(ROWS, 2)}
    largest = max(costs.values())
    bound = 0.7 * (2 / most if laplace else (2 / most) ** 2)
    assert largest == pytest.approx(bound, rel=1e-9)
    assert {rows for rows, own in costs.items() if own > largest * (1 - 1e-9)} >= {(row, row) for row in ROWS}


@pytest.mark.parametrize("laplace", [True, False], ids=["ε", "ρ"])
@pytest.mark.parametrize("most", [1, 3])
def test_opendp_composes_the_tables_to_the_price(laplace, most):
    """Its own measurements of vectors, one for each table with that table's noise, in its own composition."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    plan = plan_of(laplace, most)
    if laplace:
        space, make = (dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")), dp.m.make_laplace
    else:
        space, make = (dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64")), dp.m.make_gaussian
    composed = dp.c.make_composition([make(*space, layer.scale) for layer in plan.noise.layers])
    stated = Fraction(composed.map(most if laplace else float(most)))
    assert 0.7 * (1 - 1e-9) < stated <= Fraction("0.7")


@pytest.mark.parametrize("weight", [Fraction(1, 10**9), Fraction(10**9), Fraction(10) ** 300])
def test_importances_that_lie_far_apart_pass_without_a_warning(weight):
    shapes = shapes_of((3, 2), ((0,), (1,)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, shares = strategy(shapes, (Fraction(1), weight), squared=True)
    assert sum(shares) == 1
