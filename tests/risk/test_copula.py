from __future__ import annotations

import builtins
import math

import numpy as np
import pandas as pd
import pytest

from privkit.errors import ParameterError
from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import PopulationError, SearchLimitError
from privkit.risk.copula import copula_uniqueness, person_uniqueness
from privkit.risk.report import risk

stats = pytest.importorskip("scipy.stats")
gaussian = pytest.importorskip("privkit.risk.copula")

CORRELATION = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]])


def people(n: int, seed: int, levels: tuple[int, ...] = (40, 25, 30)) -> pd.DataFrame:
    normal = np.random.default_rng(seed).multivariate_normal(np.zeros(3), CORRELATION, n)
    uniform = stats.norm.cdf(normal)
    return pd.DataFrame({f"c{place}": (uniform[:, place] ** 2 * size).astype(int) for place, size in enumerate(levels)})


def test_cells_are_those_of_a_multivariate_normal():
    edges = [np.array([0, 0.3, 0.8, 1.0]), np.array([0, 0.5, 1.0]), np.array([0, 0.1, 0.6, 1.0])]
    model = gaussian.GaussianCopula(edges, CORRELATION)
    codes = np.array([[a, b, c] for a in range(3) for b in range(2) for c in range(3)]).T
    normal = stats.multivariate_normal(np.zeros(3), CORRELATION)
    cuts = [np.clip(stats.norm.ppf(edge), -9, 9) for edge in edges]
    exact = [
        normal.cdf(
            [cuts[i][code + 1] for i, code in enumerate(cell)],
            lower_limit=[cuts[i][code] for i, code in enumerate(cell)],
        )
        for cell in codes.T
    ]
    assert model.cells(codes) == pytest.approx(exact, abs=2e-4)
    assert model.cells(codes).sum() == pytest.approx(1, abs=1e-3)


def test_independent_columns_have_cells_that_are_products():
    model = gaussian.GaussianCopula([np.array([0, 0.2, 1.0]), np.array([0, 0.7, 1.0])], np.eye(2))
    assert model.cells(np.array([[0, 1], [0, 1]])) == pytest.approx([0.14, 0.24], rel=1e-9)


def test_the_correlation_of_the_model_is_found():
    frame = people(20_000, seed=1)
    model = gaussian.fitted([frame[name].to_numpy() for name in frame])
    assert model.correlation == pytest.approx(CORRELATION, abs=0.05)


@pytest.mark.parametrize("fraction", [0.02, 0.2])
def test_the_truth_of_a_simulated_population_is_met(fraction):
    population = people(30_000, seed=2)
    alone = population.groupby(list(population))["c0"].transform("size") == 1
    sample = population.sample(frac=fraction, random_state=3)
    found = copula_uniqueness(sample, list(population), population=len(population), rows=600)
    assert found.uniqueness == pytest.approx(alone.mean(), abs=0.05)
    assert found.sampling_fraction == pytest.approx(fraction)
    told = alone.loc[found.per_row.index]
    assert found.per_row["uniqueness"][told].mean() > 2 * found.per_row["uniqueness"][~told].mean()


def test_each_row_follows_the_formulas():
    frame = people(500, seed=4)
    found = copula_uniqueness(frame, list(frame), population=10**6, rows=20)
    for row in found.per_row.itertuples():
        person = person_uniqueness(row.cell, 10**6)
        assert row.uniqueness == pytest.approx(person.uniqueness, rel=1e-9)
        assert row.correctness == pytest.approx(person.correctness, rel=1e-6)


def test_one_value_and_one_column():
    constant = pd.DataFrame({"a": ["x"] * 10, "b": ["y"] * 10})
    assert copula_uniqueness(constant, ["a", "b"], population=100).uniqueness == 0.0
    assert copula_uniqueness(pd.DataFrame({"a": range(50)}), "a", population=50).uniqueness == pytest.approx(0.98**49)


def test_the_risk_report_has_it_when_asked():
    frame = people(500, seed=4)
    qi = list(frame)
    found = risk(frame, qi, population=10_000, copula=True)
    alone = copula_uniqueness(frame, qi, population=10_000)
    assert found.copula.uniqueness == alone.uniqueness
    assert "Gaussian copula (Rocher et al. 2019)" in repr(found)
    assert "Gaussian copula (Rocher et al. 2019)" in found._repr_html_()
    assert risk(frame, qi, population=10_000).copula is None
    assert risk(frame, qi, population=frame, copula=True).copula.sampling_fraction == 1.0
    for bad in ({}, {"population": 10_000, "unit": "id"}):
        with pytest.raises(ParameterError, match="copula"):
            risk(frame.assign(id=range(500)), qi, copula=True, **bad)


def test_what_it_says_and_bad_input(monkeypatch):
    frame = pd.DataFrame({"zip": ["secretvalue", "b"] * 20})
    found = copula_uniqueness(frame, "zip", population=1000)
    assert "secret" not in repr(found) + found._repr_html_() + found.to_frame().to_string()
    assert "Gaussian copula" in repr(found)
    assert "sampling fraction 0.04" in repr(found)
    with pytest.raises(PopulationError):
        copula_uniqueness(frame, "zip", population=5)
    with pytest.raises(PopulationError):
        copula_uniqueness(frame.iloc[:0], "zip", population=5)
    for bad in ({"population": "all"}, {"population": 100, "rows": 0}):
        with pytest.raises(ParameterError):
            copula_uniqueness(frame, "zip", **bad)
    wide = pd.DataFrame(np.zeros((5, 21)), columns=[f"c{n}" for n in range(21)])
    with pytest.raises(SearchLimitError):
        copula_uniqueness(wide, list(wide), population=100)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("scipy"):
            raise ImportError
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(LibraryRequiredError, match=r"jupyter-privkit\[risk\]"):
        copula_uniqueness(frame.assign(b=1), ["zip", "b"], population=1000)


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
