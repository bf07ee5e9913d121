"""Pitman's fit against SciPy's maximum of the same likelihood, on 200 sets of columns of the bundled tables."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "anonymity"))

import numpy as np
from test_population_uniques import column_sets, meets_scipys_maximum

import privkit as pk
from privkit.anonymity.population_uniques import population_uniques

LOOK = (Path(__file__).parents[2] / "docs" / "look.md").read_text(encoding="utf-8")
COLUMNS = {
    "adult": [
        ["age", "education", "occupation"],
        ["age", "sex", "race", "occupation"],
        ["age", "workclass", "marital-status"],
        ["education", "occupation", "native-country"],
        ["age", "native-country", "education", "marital-status"],
    ],
    "insights": [["zip", "age"], ["age", "plan", "zip"]],
}


def test_pitmans_fit_reaches_the_maximum_that_scipy_finds_on_200_sets():
    fitted = [meets_scipys_maximum(*each) for each in column_sets(("adult", "shop", "insights", "cdr"), 70)]
    assert sum(fitted) >= 150


def test_the_estimates_are_as_near_to_known_populations_as_the_page_says():
    """Samples of heavy-tailed columns and of the bundled tables, whose uniques are counted: docs/look.md, the table."""
    ratios = {fraction: [] for fraction in (0.01, 0.05, 0.1, 0.3)}
    for codes in populations():
        truth = int((np.bincount(codes) == 1).sum())
        for fraction, found in ratios.items():
            for seed in range(5):
                drawn = np.random.default_rng(seed).choice(len(codes), int(len(codes) * fraction), replace=False)
                sizes = np.unique(codes[drawn], return_counts=True)[1]
                found.append(population_uniques(sizes, len(codes)).estimate.uniques / truth)
    told = [line.strip("| ").split(" | ") for line in LOOK.splitlines() if line.startswith("| 0.")]
    assert len(told) == len(ratios)
    for fraction, *figures in told:
        found = np.quantile(ratios[float(fraction)], [0, 0.1, 0.5, 0.9, 1])
        assert np.allclose(found, [float(figure) for figure in figures], atol=0.006)


def populations():
    """Yield populations by the class of each person."""
    for exponent in (1.2, 1.5, 2.0):
        for seed in range(2):
            yield np.unique(np.random.default_rng(seed).zipf(exponent, 100_000), return_inverse=True)[1]
    for name, sets in COLUMNS.items():
        for columns in sets:
            yield pk.example(name).groupby(columns, observed=True, dropna=False).ngroup().to_numpy()
