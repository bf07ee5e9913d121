from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.anonymity.population_models import classes_in_population, expected_small_classes, inverse_sum, pitman
from privkit.anonymity.population_uniques import (
    chosen_estimate,
    population_uniques,
)
from privkit.errors.risk import PopulationError
from privkit.tally.coded_classes import count_classes

pytestmark = pytest.mark.filterwarnings("error")
SIZES = np.repeat([1, 2, 3, 4, 10], [60, 10, 4, 3, 2])


def test_the_fixture_for_a_small_sampling_fraction():
    found = population_uniques(SIZES, 2300)
    assert found["pitman"].parameters["theta"] == pytest.approx(21.990670, abs=5e-6)
    assert found["pitman"].parameters["alpha"] == pytest.approx(0.614512, abs=5e-7)
    assert found["pitman"].uniques == pytest.approx(385.1002, abs=5e-5)
    assert found["pitman"].share == pytest.approx(0.16743, abs=5e-6)
    assert found["zayatz"].parameters["probability"] == pytest.approx(0.535539, abs=5e-7)
    assert found["zayatz"].uniques == pytest.approx(596.0036, abs=5e-5)
    assert (found.chosen, found.estimate.sampling_fraction) == ("pitman", 124 / 2300)


def test_the_fixture_for_a_large_sampling_fraction():
    found = population_uniques(SIZES, 500)
    assert found["pitman"].uniques == pytest.approx(150.7652, abs=5e-5)
    assert found["zayatz"].parameters["probability"] == pytest.approx(0.677723, abs=5e-7)
    assert found["zayatz"].uniques == pytest.approx(163.9653, abs=5e-5)
    assert found.chosen == ("snb" if found["snb"].uniques < found["zayatz"].uniques else "zayatz")


def test_the_fixture_at_the_boundary_of_pitmans_model():
    pitman = population_uniques(np.repeat([1, 2, 3], [4, 2, 1]), 110)["pitman"]
    assert pitman.parameters["alpha"] == 0.0
    assert pitman.parameters["theta"] == pytest.approx(7.2369, abs=5e-5)
    assert pitman.uniques == pytest.approx(7.2369, abs=5e-5)


def log_likelihood(theta: float, alpha: float, sizes: list[int]) -> float:
    u, n = len(sizes), sum(sizes)
    total = sum(math.log(theta + i * alpha) for i in range(1, u)) - sum(math.log(theta + i) for i in range(1, n))
    return total + sum(math.log(step - alpha) for size in sizes for step in range(1, size))


def test_pitmans_parameters_are_a_maximum_of_the_likelihood():
    sizes = SIZES.tolist()
    fitted = population_uniques(SIZES, 2300)["pitman"].parameters
    best = log_likelihood(fitted["theta"], fitted["alpha"], sizes)
    for theta in np.geomspace(0.1, 1000, 60):
        for alpha in np.linspace(0, 0.99, 60):
            assert log_likelihood(theta, alpha, sizes) <= best + 1e-9


def test_zayatz_by_the_hypergeometric_definition():
    j, s = np.unique(SIZES, return_counts=True)
    n, population = int(SIZES.sum()), 500

    def h(size: int) -> float:
        return size * math.comb(population - size, n - 1) / math.comb(population, n)

    share = s[0] * h(1) / sum(count * h(int(size)) for size, count in zip(j, s, strict=True))
    assert population_uniques(SIZES, population)["zayatz"].parameters["probability"] == pytest.approx(share, rel=1e-12)


def simulated(classes: int, a: float, b: float, fraction: float, seed: int) -> tuple[int, np.ndarray, int]:
    random = np.random.default_rng(seed)
    population = 1 + random.negative_binomial(a, b, classes)
    sample = random.binomial(population, fraction)
    return int((population == 1).sum()), sample[sample > 0], int(population.sum())


@pytest.mark.parametrize("fraction", [0.2, 0.5])
def test_snb_finds_the_truth_of_its_own_model(fraction):
    true, sample, population = simulated(20_000, 0.7, 0.1, fraction, seed=5)
    found = population_uniques(sample, population)["snb"]
    assert found.uniques == pytest.approx(true, rel=0.06)
    assert found.parameters["classes"] == pytest.approx(20_000, rel=0.03)


def test_snb_equations_are_the_coefficients_of_the_generating_function():
    a, b, fraction = 0.7, 0.1, 0.2

    def generating(z: float) -> float:
        s = 1 - fraction + fraction * z
        return s * (b / (1 - (1 - b) * s)) ** a

    step = 1e-3
    first = (generating(step) - generating(-step)) / (2 * step)
    second = (generating(step) - 2 * generating(0) + generating(-step)) / step**2 / 2
    logs = expected_small_classes(np.log(a), np.log(b / (1 - b)), fraction)
    assert np.exp(logs[0]) == pytest.approx(first, rel=1e-5)
    assert np.exp(logs[1]) == pytest.approx(second, rel=1e-5)


def test_shlosser_on_the_stated_simulation():
    _, sample, _ = simulated(20_000, 0.7, 0.1, 0.2, seed=11)
    assert classes_in_population(*np.unique(sample, return_counts=True), 0.2) == pytest.approx(20_000, rel=0.03)
    _, rare, _ = simulated(20_000, 0.7, 0.1, 0.05, seed=11)
    assert classes_in_population(*np.unique(rare, return_counts=True), 0.05) > 40_000, "why Dankar's rule has a limit"


def test_large_classes_do_not_overflow():
    found = population_uniques(np.array([1, 1, 2, 300_000]), 2**40)
    assert found["zayatz"].valid
    assert all(estimate.uniques is None or np.isfinite(estimate.uniques) for estimate in found.values())


@given(st.lists(st.integers(1, 12), min_size=1, max_size=40), st.integers(0, 3000))
@settings(max_examples=60)
def test_every_estimate_is_a_number_of_persons_or_says_why_not(sizes, more):
    population = sum(sizes) + more
    found = population_uniques(np.array(sizes), population)
    for estimate in found.values():
        assert estimate.note
        assert estimate.source
        if estimate.valid:
            assert 0 <= estimate.uniques <= population
            assert 0 <= estimate.sample_share <= 1
    if more == 0 or 1 not in sizes:
        assert {estimate.uniques for estimate in found.values()} == {float(sizes.count(1))}


def test_all_uniques_leave_pitman_without_an_answer():
    found = population_uniques(np.ones(10, dtype=np.int64), 1000)
    assert not found["pitman"].valid
    assert "sample unique" in found["pitman"].note
    assert found.chosen == "zayatz"


def test_pitman_has_no_solution_for_one_class_alone():
    assert not population_uniques(np.array([1]), 100)["pitman"].valid
    assert pitman(np.array([5]), np.array([1]), 100)[0] is None


def test_an_estimate_above_the_population_is_no_solution():
    sizes = np.repeat([1, 2], [253, 2])
    assert pitman(np.array([1, 2]), np.array([253, 2]), 4814)[0] > 4814
    estimate = chosen_estimate(sizes, 4814)
    assert estimate.title == "Zayatz"
    assert estimate.share <= 1


def test_the_rule_names_its_model():
    assert chosen_estimate(SIZES, 2300).title == "Pitman"
    assert chosen_estimate(SIZES, 500).title in {"SNB", "Zayatz"}
    assert chosen_estimate(np.array([2, 3]), 500).uniques == 0
    everybody = chosen_estimate(SIZES, int(SIZES.sum()))
    assert (everybody.uniques, everybody.title) == (60, "none needed")
    with pytest.raises(PopulationError, match="a population of 100, but the data has 124 persons"):
        chosen_estimate(SIZES, 100)


def test_sums_of_inverses_equal_those_added_up_and_scipys_digamma():
    special = pytest.importorskip("scipy.special")
    for start in np.geomspace(1e-9, 1e12, 60).tolist():
        terms = np.array([0, 1, 2, 11, 12, 13, 40, 1000])
        added = [math.fsum(1 / (start + i) for i in range(n)) for n in terms.tolist()]
        assert inverse_sum(start, terms) == pytest.approx(added, rel=2e-15)
        many = inverse_sum(start, 10**9)
        assert many == pytest.approx(special.digamma(start + 10**9) - special.digamma(start), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("multiple", [20, 100, 1000])
def test_a_false_root_just_above_zero_is_not_taken(adult, multiple):
    """The likelihood's slope once cancelled to noise at α = 1e-8, where the search ended: 1,959 for any population."""
    qi = ["marital-status", "native-country", "age", "race", "sex", "workclass"]
    found = population_uniques(count_classes(adult, qi).sizes, multiple * len(adult))["pitman"]
    assert found.parameters["theta"] == pytest.approx(138.755, rel=1e-5)
    assert found.parameters["alpha"] == pytest.approx(0.59334, rel=1e-5)
    assert found.uniques == pytest.approx({20: 20_013, 100: 52_009, 1000: 203_904}[multiple], rel=2e-4)


def test_shlossers_estimator_holds_for_large_classes(adult):
    """(1 + π)^j once overflowed, so that the criterion lost the model which the report had."""
    qi = ["income", "sex", "native-country", "education"]
    found = population_uniques(count_classes(adult, qi).sizes, 3 * len(adult))
    assert (found.chosen, round(found.estimate.uniques, 2)) == ("snb", 433.55)


def likelihood(theta: float, alpha: float, j: np.ndarray, counts: np.ndarray) -> float:
    gammaln = pytest.importorskip("scipy.special").gammaln
    n, u = int((j * counts).sum()), int(counts.sum())
    steps = np.log(theta + np.arange(1, u) * alpha).sum() - (gammaln(theta + n) - gammaln(theta + 1))
    return float(steps + (counts * (gammaln(j - alpha) - gammaln(1 - alpha))).sum())


def maximum(j: np.ndarray, counts: np.ndarray) -> float:
    """Return the greatest likelihood that SciPy finds from several starts, in ln(θ + α) and logit α."""
    optimize = pytest.importorskip("scipy.optimize")

    def loss(point: np.ndarray) -> float:
        alpha = 1 / (1 + np.exp(-point[1]))
        return -likelihood(np.exp(point[0]) - alpha, alpha, j, counts)

    options = {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 2000}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SciPy looks outside the model's range, too
        starts = ([np.log(100), 0], [np.log(5), -3])
        found = [optimize.minimize(loss, start, method="Nelder-Mead", options=options).fun for start in starts]
    return max(-value for value in found if np.isfinite(value))


def column_sets(names: tuple[str, ...], n: int) -> list[tuple[str, tuple[str, ...]]]:
    """Return sets of columns of the bundled tables, drawn the same way each time; ids make every row unique."""
    random = np.random.default_rng(2)
    sets = []
    for name in names:
        frame = pk.example(name)
        columns = [column for column in frame.columns if frame[column].nunique() < len(frame) / 3]
        for _ in range(n):
            k = int(random.integers(1, min(7, len(columns)) + 1))
            sets.append((name, tuple(random.choice(columns, k, replace=False).tolist())))
    return sets


def meets_scipys_maximum(name: str, columns: tuple[str, ...]) -> bool:
    """Whether the fit is no worse than SciPy's; False where there is nothing to fit."""
    sizes = pk.example(name).groupby(list(columns), dropna=False, observed=True).size().to_numpy()
    j, counts = np.unique(sizes, return_counts=True)
    _, fitted, _ = pitman(j, counts, int(sizes.sum()) * 20)
    if 1 not in j or not fitted:
        return False
    ours, best = likelihood(fitted["theta"], fitted["alpha"], j, counts), maximum(j, counts)
    assert ours >= best - 1e-8 * abs(best), (name, columns, fitted)
    return True


def test_pitmans_fit_reaches_the_maximum_that_scipy_finds():
    assert sum(meets_scipys_maximum(*each) for each in column_sets(("adult", "shop", "insights"), 3)) >= 5


@pytest.mark.parametrize("multiple", [1, 1.5, 8, 20, 1000])
@pytest.mark.parametrize(("name", "columns"), column_sets(("adult", "insights"), 2))
@pytest.mark.sample(0.4)
def test_the_criterions_figure_is_the_risk_reports(name, columns, multiple):
    frame = pk.example(name)
    population = int(multiple * len(frame))
    report = pk.risk(frame, columns, population=population).uniqueness
    limit = report.estimate.share
    criterion = pk.PopulationUniqueness(0, population=population)
    finding = pk.check(frame, columns, criterion).findings[0]
    shown = f"{int(limit)}" if float(limit).is_integer() else f"{limit:.4g}"
    assert finding.figure == f"population uniques = {shown} ({report.estimate.title})"
    assert chosen_estimate(count_classes(frame, columns).sizes, population) == report.estimate
