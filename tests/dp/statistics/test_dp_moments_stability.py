"""Sums and moments, attacked: what enters the noise on neighboring frames, against the stated reach."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, duckdb_relation, exact, frames, norms, without_person, without_row
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.dp.statistics.moments import Deviation, Mean, Variance, split
from privkit.dp.statistics.sums import PersonSum, Sum
from privkit.tally.cells.numbers import Grid
from privkit.tally.sums import power_sums
from privkit.values.bounds import ValueBounds

QUICK = settings(max_examples=50)
KEYS = [None, "a", "b", "1", "never"]
INTERVALS = [(0, 10), (-3, 3), (-7.25, -1.5), (0.1, 0.3), (5, 5), (0, 0), (-1e200, 1e200), (0, 1e-200), (1e6, 1e6 + 1)]
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 2, "per_group": 1}]
ROW_STATISTICS = [Sum, Mean, Variance, Deviation]


def statistics(kinds=ROW_STATISTICS):
    return st.builds(
        lambda kind, bounds: kind("x", ValueBounds(float(bounds[0]), float(bounds[1]))),
        st.sampled_from(kinds),
        st.sampled_from(INTERVALS),
    )


def assert_within(moved, question):
    reach = question.sensitivity
    l0, l1, l2, linf = norms(moved)
    assert l0 <= reach.l0
    assert l1 <= reach.l1
    assert l2 <= reach.l2 * (1 + 1e-12)
    assert linf <= reach.linf


@QUICK
@given(frame=frames(), statistic=statistics())
def test_a_row_more_or_less_moves_the_cells_within_the_reach(frame, statistic):
    for question in (ask(statistic), ask(statistic, "k", KEYS)):
        whole = exact(question, frame)
        for place in range(len(frame)):
            assert_within(whole - exact(question, without_row(frame, place)), question)


@QUICK
@given(
    frame=frames(),
    statistic=statistics(),
    bounds=st.sampled_from(PERSONS),
    salt=st.binary(min_size=16, max_size=16),
)
def test_a_person_more_or_less_moves_the_cells_within_the_bounds(frame, statistic, bounds, salt):
    for question in (ask(statistic, **bounds), ask(statistic, "k", KEYS, **bounds)):
        whole = exact(question, frame, salt)
        for person in "pqrs":
            assert_within(whole - exact(question, without_person(frame, person), salt), question)


@QUICK
@given(
    frame=frames(),
    statistic=statistics([PersonSum]),
    groups=st.integers(1, 3),
    salt=st.binary(min_size=16, max_size=16),
)
def test_a_persons_total_moves_the_cells_within_the_person_bounds(frame, statistic, groups, salt):
    question = ask(statistic, "k", KEYS, max_groups=groups, per_group=1)
    whole = exact(question, frame, salt)
    for person in "pqrs":
        assert_within(whole - exact(question, without_person(frame, person), salt), question)


@QUICK
@given(frame=frames(), data=st.data(), bounds=st.sampled_from([{}, *PERSONS]), statistic=statistics())
def test_the_order_of_rows_and_the_index_change_nothing(frame, data, bounds, statistic):
    order = data.draw(st.permutations(range(len(frame))))
    question = ask(statistic, "k", KEYS, **bounds)
    assert (exact(question, frame) == exact(question, frame.iloc[list(order)].reset_index(drop=True))).all()


@pytest.mark.parametrize("bounds", PERSONS)
@pytest.mark.parametrize("kind", ROW_STATISTICS)
def test_the_worst_person_reaches_the_stated_norm(kind, bounds):
    """The bound is tight: somebody at the larger bound moves the cells by all of it."""
    frame = pd.DataFrame({"who": ["p"] * 40, "k": ["a", "b"] * 20, "x": [10.0] * 40})
    question = ask(kind("x", ValueBounds(0.0, 10.0)), "k", ["a", "b"], **bounds)
    assert norms(exact(question, frame))[1] == question.sensitivity.l1


@given(data=st.data(), full=st.one_of(st.integers(1, 9), st.integers(1, 2**31)), degree=st.integers(1, 2))
@settings(max_examples=200)
def test_splitting_is_a_partition_of_each_rows_weight(data, full, degree):
    """By exact fractions: the cells of each row are the Bernstein polynomials, whole, not negative, and add up to M."""
    values = data.draw(st.lists(st.integers(0, full), max_size=8))
    frame = pd.DataFrame({"x": np.array(values, dtype=np.int64)})
    cells = split(power_sums(frame, "x", Grid(1.0, 0, full), degree=degree), full)[0]
    assert cells.sum() == len(values) * full
    for value in values:
        own = split(power_sums(pd.DataFrame({"x": [value]}), "x", Grid(1.0, 0, full), degree=degree), full)[0]
        assert own.sum() == full
        assert (own >= 0).all()
        share = Fraction(value, full)
        for place, cell in enumerate(own):
            exact_cell = full * math.comb(degree, place) * share**place * (1 - share) ** (degree - place)
            assert abs(int(cell) - exact_cell) <= (0 if degree == 1 else 2 * (Fraction(1, 2) + Fraction(1, 2**20)))


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("bits", [15, 30])
def test_the_grid_comes_from_the_bounds_and_fits_its_bits(interval, bits):
    lower, upper = map(float, interval)
    for extent in (upper - lower, max(abs(lower), abs(upper))):
        grid = Grid.fitting(lower, upper, extent, bits=bits)
        assert math.frexp(grid.step)[0] == 0.5  # a power of two
        assert grid.low <= grid.high
        if extent == upper - lower:
            assert grid.range <= 2**bits
            # Far from zero the ends are snapped to the grid of the range; the error is at most half a step.
        if extent == max(abs(lower), abs(upper)):
            assert grid.largest <= 2**bits
        assert abs(Fraction(grid.low) * Fraction(grid.step) - Fraction(lower)) <= Fraction(grid.step) / 2
        assert abs(Fraction(grid.high) * Fraction(grid.step) - Fraction(upper)) <= Fraction(grid.step) / 2


def test_exact_sums_equal_a_sum_of_fractions():
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {"k": rng.choice(["a", "b", "c"], 5000), "x": np.append(rng.normal(50, 40, 4990), [np.nan] * 10)}
    )
    statistic = Sum("x", ValueBounds(-10.0, 100.0))
    sums = exact(ask(statistic, "k", ["a", "b"]), frame)
    for place, key in enumerate(["a", "b"]):
        values = frame.loc[(frame.k == key) & frame.x.notna(), "x"].clip(-10, 100)
        true = sum(Fraction(v) for v in values)
        assert abs(Fraction(int(sums[place])) * Fraction(statistic.step) - true) <= len(values) * Fraction(
            statistic.step
        )


def test_means_and_variances_without_noise_are_those_of_numpy():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"k": rng.choice(["a", "b"], 4000), "x": rng.gamma(2, 30, 4000)})
    for kind in (Mean, Variance, Deviation):
        question = ask(kind("x", ValueBounds(0.0, 100.0)), "k", ["a", "b"])
        found = question.asked.estimates(exact(question, frame).reshape(2, -1))
        groups = frame.assign(x=frame.x.clip(0, 100)).groupby("k").x
        np.testing.assert_allclose(found["mean"], groups.mean(), rtol=1e-5)
        np.testing.assert_allclose(found["sum"], groups.sum(), rtol=1e-5)
        np.testing.assert_allclose(found["count"], groups.count(), rtol=1e-12)
        if kind is not Mean:
            np.testing.assert_allclose(found["var"], groups.var(ddof=0), rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64", "Int64", "int32", "uint8", "bool"])
def test_the_dtype_of_a_number_changes_nothing(dtype):
    values = [0, 1, 1, 0, 1]
    frame = pd.DataFrame({"x": pd.Series(values).astype(dtype)})
    assert exact(ask(Sum("x", ValueBounds(0.0, 1.0))), frame).tolist() == [3 * 2**30]


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb"])
@pytest.mark.parametrize("bounds", [{}, {"max_rows": 2}, {"max_groups": 1, "per_group": 2}])
def test_every_engine_sums_the_same(engine, bounds):
    frame = pd.DataFrame(
        {
            "k": ["a", "b", None, "a", "c", "a"],
            "who": ["p", "p", "q", "q", None, "p"],
            "x": [1.5, 2, 3, math.nan, 5, 99],
        }
    )
    if engine == "duckdb":
        other = duckdb_relation(frame)
    else:
        module = pytest.importorskip(engine.split()[0])
        other = module.DataFrame({name: [None if pd.isna(v) else v for v in frame[name]] for name in frame})
        other = other.lazy() if engine.endswith("lazy") else other
    for kind in (Sum, Mean, Variance):
        question = ask(kind("x", ValueBounds(0.0, 10.0)), "k", [None, "a", "b"], **bounds)
        assert exact(question, other).tolist() == exact(question, frame).tolist()


def test_more_keys_than_a_blocks_counters_give_the_same():
    keys = list(range(20_000))
    frame = pd.DataFrame({"k": np.arange(50_000) % 25_000, "x": np.arange(50_000) % 7})
    sums = exact(ask(Sum("x", ValueBounds(0.0, 8.0)), "k", keys), frame)
    by_hand = frame.groupby("k").x.sum().reindex(keys).to_numpy()
    assert (sums * Sum("x", ValueBounds(0.0, 8.0)).step == by_hand).all()
