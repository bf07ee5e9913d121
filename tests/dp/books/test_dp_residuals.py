"""The fit of a book against a brute force, its strategy against the optimum, and the law of its errors."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.noise import weighted
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.noise.weighted import counted_quantile, sum_quantile
from privkit.dp.statistics.books.residuals import Fit, summed_exactly
from privkit.dp.statistics.books.shapes import closure, shapes_of
from privkit.dp.statistics.books.strategy import strategy

# -- the fit, against generalized least squares with explicit matrices -------------------------------------------------


def marginal(sizes, axes):
    """The matrix that adds the cells of all combinations up to a table."""
    found = np.ones((1, 1))
    for axis, size in enumerate(sizes):
        found = np.kron(found, np.eye(size) if axis in axes else np.ones((1, size)))
    return found


def subsets(columns):
    return [part for size in range(columns + 1) for part in itertools.combinations(range(columns), size)]


@st.composite
def designs(draw):
    """Sizes, asked tables, measured tables that hold them, and variances."""
    sizes = tuple(draw(st.lists(st.integers(2, 4), min_size=1, max_size=3)))
    every = subsets(len(sizes))
    tables = tuple(sorted(draw(st.sets(st.sampled_from(every), min_size=1, max_size=4)), key=lambda t: (len(t), t)))
    largest = [one for one in tables if not any(set(one) < set(other) for other in tables)]
    more = draw(st.sets(st.sampled_from(closure(tables)), max_size=4))
    measured = tuple(sorted({*largest, *more}, key=lambda t: (len(t), t)))
    variances = tuple(draw(st.lists(st.floats(0.1, 10), min_size=len(measured), max_size=len(measured))))
    return sizes, tables, measured, variances


@settings(max_examples=25, deadline=None)
@given(design=designs(), seed=st.integers(0, 99))
def test_the_fit_is_generalized_least_squares(design, seed):
    sizes, tables, measured, variances = design
    fit = Fit(shapes_of(sizes, tables), measured, variances)
    matrix = np.concatenate([marginal(sizes, axes) for axes in measured])
    noise = np.concatenate([np.full(span.stop - span.start, v) for span, v in zip(fit.spans, variances, strict=True)])
    noisy = np.random.default_rng(seed).normal(size=len(matrix)) * 10
    weighted = matrix.T / noise
    covariance = np.linalg.pinv(weighted @ matrix, rcond=1e-10, hermitian=True)
    best = covariance @ weighted @ noisy
    residuals = fit.residuals(noisy)
    precision = np.zeros(len(fit.shapes.sets))
    for axes, one in zip(measured, variances, strict=True):
        precision[fit.shapes.places[axes]] = 1 / one
    for axes, told in zip(tables, fit.shapes.variances(precision), strict=True):
        own = marginal(sizes, axes)
        assert np.allclose(own @ best, fit.table(residuals, axes).ravel(), atol=1e-8)
        assert np.allclose(np.diag(own @ covariance @ own.T), told)  # every cell of a table has the same variance
        weights = own @ covariance @ weighted
        assert np.allclose(weights, fit.matrix(axes), atol=1e-8)
        which, each, counts = fit.terms(axes)
        assert told == pytest.approx((np.array(variances)[which] * each**2 * counts).sum())
        for row in weights[:: max(len(weights) - 1, 1)]:  # and the same law: its first and its last
            mine = sorted(round(one, 6) for one in np.abs(row) if one > 1e-9)
            theirs = [round(float(one), 6) for one, many in zip(each, counts, strict=True) for _ in range(int(many))]
            assert np.allclose(mine, sorted(one for one in theirs if one > 1e-9), atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(design=designs(), seed=st.integers(0, 99), scale=st.sampled_from([1.0, 1e3, 1e6]))
def test_tables_add_up_exactly_and_lie_near_the_fit(design, seed, scale):
    sizes, tables, measured, variances = design
    fit = Fit(shapes_of(sizes, tables), measured, variances)
    noisy = np.round(np.random.default_rng(seed).normal(size=fit.width) * scale)
    found, grain = summed_exactly(fit, noisy)
    residuals = fit.residuals(noisy)
    for axes, table in found.items():
        off = grain * table.size
        if len(measured) == 1:  # sums of whole numbers, which Python adds up
            design = marginal(sizes, axes) @ np.linalg.pinv(marginal(sizes, measured[0]))
            assert grain == 0
            assert table.ravel().tolist() == np.round(design @ noisy).tolist()
            off = 1e-6
        assert np.abs(table - fit.table(residuals, axes)).max() <= off
        for place in range(len(axes)):
            margin = found[axes[:place] + axes[place + 1 :]]
            assert (table.sum(axis=place) == margin).all()  # equal floats
            assert (np.flip(table, axis=place).sum(axis=place) == margin).all()  # in whatever order


# -- the strategy ------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 12), min_size=1, max_size=6),
    data=st.data(),
    squared=st.booleans(),
)
def test_no_table_is_worse_than_by_the_split(sizes, data, squared):
    every = subsets(len(sizes))[1:]
    tables = tuple(
        sorted(data.draw(st.sets(st.sampled_from(every), min_size=1, max_size=12)), key=lambda t: (len(t), t))
    )
    importance = tuple(Fraction(data.draw(st.integers(1, 9))) for _ in tables)
    shapes = shapes_of(tuple(sizes), tables)
    measured, shares = strategy(shapes, importance, squared=squared)
    assert sum(shares) == 1
    assert all(share > 0 for share in shares)
    power = 2 if squared else 1
    precision = np.zeros(len(shapes.sets))
    for axes, share in zip(measured, shares, strict=True):
        precision[shapes.sets.index(axes)] = float(share) ** power
    roots = np.array([float(one) ** (1 / (power + 1)) for one in importance])
    alone = (roots.sum() / roots) ** power * (1 + 1e-4)  # but for the rounding of the split
    assert (shapes.variances(precision) <= alone * (1 + 1e-9)).all()


def test_the_strategy_is_within_its_own_bound_of_the_optimum():
    """By a search of another kind: random steps on the simplex find nothing better."""
    shapes = shapes_of((3, 5, 4), tuple(subsets(3)[1:]))
    measured, shares = strategy(shapes, (Fraction(1),) * len(shapes.tables), squared=False)
    precision = np.zeros(len(shapes.sets))
    for axes, share in zip(measured, shares, strict=True):
        precision[shapes.sets.index(axes)] = float(share)
    best = shapes.variances(precision).sum()
    rng = np.random.default_rng(1)
    for size in (0.3, 0.03, 0.003):
        for _ in range(2000):
            other = precision * np.exp(size * rng.normal(size=len(precision))) + 1e-4 * rng.random(len(precision))
            assert shapes.variances(other / other.sum()).sum() >= best * (1 - 2e-4)


# -- the law of the errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [Laplace(0.4), Laplace(5.0), Gaussian(0.6), Gaussian(2.0), Gaussian(12.0)])
def test_the_law_is_that_of_the_terms_one_by_one(noise):
    sizes, counts = np.array([1.0, 0.4, 0.05]), np.array([1.0, 3.0, 40.0])
    found = counted_quantile([noise], np.zeros(3, dtype=np.int64), sizes, counts, 0.05)
    every = tuple(itertools.chain.from_iterable([float(s)] * int(c) for s, c in zip(sizes, counts, strict=True)))
    assert found == pytest.approx(sum_quantile({noise: every}, 0.05), rel=2e-3)


@pytest.mark.parametrize("scale", [0.5, 1.5, 4.0])
@pytest.mark.parametrize("kind", [Laplace, Gaussian])
def test_the_half_width_holds_by_the_law_itself(kind, scale):
    """Convolved exactly, on a lattice: P(|Σ w·X| ≤ h) is at least 95 %, and little more than needed."""
    weights, counts = [8, 3, 1], [1, 2, 5]
    reach = np.arange(-int(60 * scale) - 8, int(60 * scale) + 9)
    chance = kind(scale).chance(reach.astype(float))
    chance = chance / chance.sum()
    law = np.ones(1)
    for weight, many in zip(weights, counts, strict=True):
        spread = np.zeros((len(reach) - 1) * weight + 1)
        spread[::weight] = chance
        for _ in range(many):
            law = np.convolve(law, spread)
    places = np.arange(len(law)) - len(law) // 2
    found = counted_quantile(
        [kind(scale)], np.zeros(3, dtype=np.int64), np.array(weights, float), np.array(counts, float), 0.05
    )
    assert law[np.abs(places) <= found].sum() >= 0.95
    assert law[np.abs(places) <= found * 0.9 - 1].sum() < 0.95


# -- very many tables --------------------------------------------------------------------------------------------------


def test_many_small_terms_are_read_off_as_one_by_one(monkeypatch):
    """What makes thousands of tables quick changes no figure; and it is what is used."""
    rng, used = np.random.default_rng(4), []
    noises = [Laplace(float(scale)) for scale in np.exp(rng.normal(3, 0.3, 200))]
    terms = np.arange(200), np.where(np.arange(200) < 3, 1.0, np.exp(rng.normal(-3, 0.5, 200))), np.full(200, 4.0)
    read_off = weighted._read_off
    monkeypatch.setattr(weighted, "_read_off", lambda *given: used.append(given) or read_off(*given))
    found = counted_quantile(noises, *terms, 0.05)
    assert used
    assert np.abs(read_off(*used[0]) - weighted._logarithm(*used[0], laplace=True)).max() < 1e-11
    monkeypatch.setattr(weighted, "_is_smooth", lambda *given: False)
    assert counted_quantile(noises, *terms, 0.05) == pytest.approx(found, rel=1e-6)


def test_a_book_of_more_columns_than_a_word_has_bits(tmp_path):
    """66 columns: sets of columns do not fit in 64 bits."""
    frame = pd.DataFrame({f"c{place:02}": [0, 1] * 20 for place in range(66)})
    keys = {name: [0, 1] for name in frame}
    pk.open_project("wide", rho=2, unit=pk.ROW, store=tmp_path / "ledger.db")
    tables = pk.dp_tables(frame, order=1, columns=list(frame), keys=keys, rho=1)
    assert tables.table("c65").shape == (3, 3)
    assert len(tables.plan.tables) == 66
