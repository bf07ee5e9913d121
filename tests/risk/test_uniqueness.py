from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.pitman import digamma, digammas
from privkit.anonymity.snb import classes_in_population, expected_small_classes
from privkit.anonymity.uniqueness_models import population_uniques
from privkit.errors import ParameterError
from privkit.risk.copula import person_uniqueness
from privkit.tally.coded_classes import count_classes

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


def test_estimates_equal_those_of_arx(arx, arx_adult):
    """All but SNB, whose formula there gives no value."""
    for found in arx["raw_risk"].values():
        sizes = count_classes(arx_adult, found["qi"].split(",")).sizes
        for theirs in found["risk"]["population"]:
            ours = population_uniques(sizes, theirs["population_size"])
            assert ours["zayatz"].uniques == pytest.approx(theirs["zayatz"], rel=1e-9)
            assert ours["pitman"].uniques == pytest.approx(theirs["pitman"], rel=1e-6)
            if theirs["dankar_model"] == "PITMAN":
                assert ours.chosen == "pitman"
            else:
                assert ours.chosen in {"zayatz", "snb"}


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


@pytest.mark.parametrize(("p", "xi", "kappa"), [(1e-9, 0.718924, 0.851746), (3e-9, 0.371577, 0.634771)])
def test_the_fixture_of_rocher(p, xi, kappa):
    found = person_uniqueness(p, 330_000_000)
    assert found.uniqueness == pytest.approx(xi, abs=5e-7)
    assert found.correctness == pytest.approx(kappa, abs=5e-7)


def test_person_uniqueness_at_the_ends_and_beyond():
    assert person_uniqueness(1, 1).uniqueness == 1.0
    assert person_uniqueness(1.0, 4).correctness == 0.25
    assert person_uniqueness(1e-300, 7).correctness == pytest.approx(1)
    assert person_uniqueness(1e-10, 8_000_000_000).uniqueness == pytest.approx(math.exp(-0.8), rel=1e-9)
    for p in (0, -1, 1.5, "x", True, float("nan")):
        with pytest.raises(ParameterError):
            person_uniqueness(p, 10)
    with pytest.raises(ParameterError):
        person_uniqueness(0.5, 0)


def test_digamma_equals_scipy():
    special = pytest.importorskip("scipy.special")
    x = np.geomspace(1e-6, 1e9, 400)
    assert digammas(x) == pytest.approx(special.digamma(x), rel=1e-12, abs=1e-13)
    assert [digamma(value) for value in x.tolist()] == pytest.approx(digammas(x).tolist(), rel=1e-14)
