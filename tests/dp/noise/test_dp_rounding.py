"""Intervals hold the exact bounded answer, the grid's rounding included: exact fractions are the oracle."""

from fractions import Fraction
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from dp_asking import WHO, ask, exact

import privkit as pk
from privkit.dp.answers.linear import Errors
from privkit.dp.answers.release import Provenance, Release
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.dp.statistics.person_mean import PersonMean
from privkit.dp.statistics.sums import PersonSum, Sum
from privkit.tally.cells.numbers import Grid
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

DRAWS, ALPHA = 400, 0.05
#: At most so many of 400 intervals miss with a chance of 1e-6, if each misses with 5 %.
MISSES = 44
INTERVALS = [(0, 1), (-3, 7), (0.1, 0.3), (0.1, 100 / 3), (1e6, 1e6 + 1), (1.7e12, 1.7e12 + 60), (-1e-9, 1e9)]
#: Rows, and shares of them at places within the bounds, each a fraction of a step off the grid.
SIZES = [100_000, 1_000_000]
SPREADS = {
    "one value": [(0.3, 1.0)],
    "two values": [(0.25, 0.5), (0.75, 0.5)],
    "at the ends": [(0.0, 0.7), (1.0, 0.3)],
    "three values": [(0.1, 0.2), (0.5, 0.5), (0.9, 0.3)],
}


def placed(grid, bounds, share, off):
    """The float nearest to the place at `share` of the grid, `off` steps beside it, within the bounds."""
    place = Fraction(grid.low + round(share * grid.range)) + Fraction(off)
    return min(max(float(place * Fraction(grid.step)), bounds.lower), bounds.upper)


def rows_of(grid, bounds, spread, rows, off):
    """Distinct values, and how many rows have each."""
    counts = [int(rows * share) for _, share in spread]
    return [placed(grid, bounds, share, off) for share, _ in spread], counts


def truth(values, counts):
    """Count, sum, mean and variance, exactly."""
    rows = sum(counts)
    total = sum(Fraction(value) * count for value, count in zip(values, counts, strict=True))
    mean = total / rows
    spread = sum((Fraction(value) - mean) ** 2 * count for value, count in zip(values, counts, strict=True)) / rows
    return {"count": Fraction(rows), "sum": total, "mean": mean, "var": spread}


def drawn(noise, cells, seed):
    """The cells with noise, many times over."""
    rng = np.random.default_rng(seed)
    if isinstance(noise, Gaussian):
        return cells + np.rint(rng.normal(0, noise.scale, (DRAWS, len(cells)))).astype(np.int64)
    chance = -np.expm1(-1 / noise.scale)
    return cells + rng.geometric(chance, (DRAWS, len(cells))) - rng.geometric(chance, (DRAWS, len(cells)))


def missed(limits, exact_value):
    lower, upper = limits
    return sum(
        not Fraction(float(low)) <= exact_value <= Fraction(float(high)) for low, high in zip(lower, upper, strict=True)
    )


def misses(statistic, question, values, counts, noise, seed=1):
    """How many of the intervals miss, for each number."""
    frame = pd.DataFrame({"x": np.repeat(values, counts)})
    cells = drawn(noise, exact(question, frame), seed)
    found, told = statistic.limits(cells, noise, ALPHA), truth(values, counts)
    count = {name: missed(found[name], told[name]) for name in found if name != "std"}
    if "std" in found:
        squares = tuple([Fraction(float(limit)) ** 2 for limit in side] for side in found["std"])
        count["std"] = sum(not low <= told["var"] <= high for low, high in zip(*squares, strict=True))
    return count


def noise_of(kind, question, epsilon):
    reach = question.sensitivity
    return kind((reach.l1 if kind is Laplace else reach.l2) / epsilon)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("statistic", [Sum, Mean, Deviation])
@pytest.mark.sample(0.2)
def test_intervals_hold_the_exact_bounded_answer(statistic, interval, rows):
    bounds = ValueBounds(*map(float, interval))
    asked = statistic("x", bounds)
    question = ask(asked)
    for seed, (spread, off) in enumerate([(spread, off) for spread in SPREADS.values() for off in (0.49, -0.25)]):
        values, counts = rows_of(asked.grid, bounds, spread, rows, off)
        for noise in (noise_of(Laplace, question, 1.0), noise_of(Gaussian, question, 1e3)):
            found = misses(asked, question, values, counts, noise, seed)
            assert max(found.values()) <= MISSES, (found, spread, off, noise)


@pytest.mark.parametrize("statistic", [Sum, Mean, Deviation])
@pytest.mark.parametrize("interval", [(0, 1), (-3, 7)])
def test_with_little_noise_they_hold_by_the_rounding_term_alone(statistic, interval):
    """The power of the test above: the same intervals without the term miss nearly always."""
    bounds = ValueBounds(*map(float, interval))
    asked = statistic("x", bounds)
    question = ask(asked)
    noise = noise_of(Laplace, question, 1e6)
    values, counts = rows_of(asked.grid, bounds, SPREADS["one value"], 1_000_000, 0.49)
    assert max(misses(asked, question, values, counts, noise).values()) <= MISSES
    with mock.patch.object(Grid, "rounding", 0.0):
        found = misses(asked, question, values, counts, noise)
    assert found["sum"] == DRAWS
    assert statistic is Sum or found["mean"] == DRAWS


def test_the_deviation_of_rounded_squares_holds_by_their_term_alone():
    asked = Deviation("x", ValueBounds(0.0, 1.0))
    question, grid = ask(asked), asked.grid
    quarter = grid.range // 4
    places = [
        next(v for v in range(start, grid.range) if 0.45 < (v * v / grid.range) % 1 < 0.5)
        for start in (quarter, 3 * quarter)
    ]
    values, counts = [place * grid.step for place in places], [500_000, 500_000]
    noise = noise_of(Laplace, question, 1e7)
    assert max(misses(asked, question, values, counts, noise).values()) <= MISSES
    with mock.patch.object(Variance, "_square_rounding", 0.0), mock.patch.object(Grid, "rounding", 0.0):
        assert misses(asked, question, values, counts, noise)["var"] > MISSES


@pytest.mark.parametrize("statistic", [PersonSum, PersonMean])
def test_intervals_of_persons_totals_hold_the_exact_answer(statistic):
    """Each of 2,000 persons has 500 rows, each rounded by half a step: the totals move by 250 steps."""
    bounds = ValueBounds(0.0, 1000.0)
    asked = statistic("x", bounds)
    question = ask(asked, max_groups=1, per_group=1)
    assert question.who == WHO
    persons, each = 2_000, 500
    value = placed(asked.grid, bounds, 0.0003, 0.49)
    frame = pd.DataFrame({"who": np.repeat(np.arange(persons), each), "x": value})
    noise = noise_of(Laplace, question, 1e6)
    cells = drawn(noise, exact(question, frame), 5)
    mean = Fraction(value) * each
    told = {"sum": mean * persons, "mean": mean, "count": Fraction(persons)}
    for name, limits in asked.limits(cells, noise, ALPHA).items():
        assert missed(limits, told[name]) <= MISSES, name
    with mock.patch.object(Grid, "rounding", 0.0):
        assert missed(asked.limits(cells, noise, ALPHA)["sum"], told["sum"]) == DRAWS


def released(asked, question, cells, epsilon, place=0):
    plan = make_plan(question, Measure.PURE, Price(epsilon=epsilon))
    told = Provenance("q", "row", "1", plan.mechanism, plan.scale, "-", "p", place, str(place), {})
    return Release(plan, np.asarray(cells, dtype=np.int64).reshape(1, -1), told, replayed=False)


@pytest.mark.parametrize("statistic", [Sum, Mean, Deviation])
def test_what_is_made_of_sums_holds_the_exact_answer(statistic):
    """Sums, differences and ratios of released sums carry the rounding along; what is shared cancels."""
    bounds = ValueBounds(0.0, 1.0)
    asked = statistic("x", bounds)
    question = ask(asked)
    values, counts = rows_of(asked.grid, bounds, SPREADS["one value"], 1_000_000, 0.49)
    cells = exact(question, pd.DataFrame({"x": np.repeat(values, counts)}))
    one, two = (released(asked, question, cells, 1e6, place).estimate("sum") for place in (1, 2))
    total = truth(values, counts)["sum"]
    sums = (one + two, 2 * total), (one - two, Fraction(0)), (one / 7, total / 7)
    for made, true in (*sums, (one / two, Fraction(1))):
        lower, upper = made.interval()
        assert Fraction(lower) <= true <= Fraction(upper)
    assert (one - one).interval() == (0.0, 0.0)
    with mock.patch.object(Grid, "rounding", 0.0):
        bare = released(asked, question, cells, 1e6).estimate("sum").interval()
    assert bare.upper < float(total)
    errors = Errors.of_release(released(asked, question, cells, 1e6), "sum")
    assert errors.half_widths(ALPHA)[0] >= 0.49 * asked.grid.step * 1_000_000


#: Both bounds one number: on the grid, 0, and beside it.
EQUAL = [(3, 3), (-2.5, -2.5), (0, 0), (0.1, 0.1)]


@pytest.mark.parametrize("interval", [*INTERVALS, *EQUAL])
def test_a_grid_moves_no_number_farther_than_it_says(interval):
    """Floats of every size, and whole numbers and decimals that no float holds."""
    bounds = ValueBounds(*map(float, interval))
    lower, upper = Fraction(bounds.lower), Fraction(bounds.upper)
    rng = np.random.default_rng(3)
    for extent in (bounds.width, bounds.largest):
        grid = Grid.fitting(bounds.lower, bounds.upper, extent, bits=30)
        shares = [Fraction(int(n), 10**18) for n in rng.integers(0, 10**18, 200)] + [Fraction(0), Fraction(1)]
        for share in shares:
            true = lower + share * (upper - lower)
            place = np.clip(np.floor(float(true) / grid.step + 0.5), grid.low, grid.high)
            assert abs(Fraction(int(place)) * Fraction(grid.step) - true) <= Fraction(grid.rounding)


def test_the_public_calls_hold_a_column_that_is_half_a_step_off(tmp_path):
    """A million equal numbers, which a grid of 15 bits moved by many widths of the interval."""
    pk.open_project("half", epsilon=100, unit=pk.ROW, store=tmp_path / "l.db")
    value = (9830 + 0.49) / 32768
    data = pd.DataFrame({"x": np.full(1_000_000, value)})
    true = truth([value], [1_000_000])
    for found in (
        data.privacy.dp_std("x", bounds=(0, 1), epsilon=8),
        data.privacy.dp_mean("x", bounds=(0, 1), epsilon=8),
    ):
        frame = found.to_frame(level=1 - 1e-9)
        for name, exact_value in true.items():
            prefix = "" if name == found.plan.question.statistic else f"{name}_"
            if f"{prefix}lower" in frame:
                assert frame[f"{prefix}lower"][0] <= exact_value <= frame[f"{prefix}upper"][0], name
        assert frame["mean_upper" if "mean_upper" in frame else "upper"][0] - value < 1e-5
    told = data.privacy.dp_describe("x", bounds=(0, 1), epsilon=8).to_frame(level=1 - 1e-9)
    assert told["mean_lower"][0] <= value <= told["mean_upper"][0]


def test_equal_bounds_on_the_grid_round_nothing():
    """Whatever a number is it counts as the bound, so that a sum is off by the noise alone."""
    noise = Laplace(10.0)
    assert [Sum("x", ValueBounds(b, b)).half_width(noise, ALPHA, None) for b in (0.0, 3.0)] == [
        noise.half_width(ALPHA) * Sum("x", ValueBounds(b, b)).step for b in (0.0, 3.0)
    ]
    assert Sum("x", ValueBounds(0.1, 0.1)).grid.rounding > 0
