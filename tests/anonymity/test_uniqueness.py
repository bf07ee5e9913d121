from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from privkit.anonymity.uniqueness import (
    fit_pitman,
    pitman,
    population_uniqueness,
    slide_negative_binomial,
    zayatz,
)
from privkit.errors import ParameterError

SIZES = np.repeat([1, 2, 3, 4, 10], [60, 10, 4, 3, 2])


def test_pitman_and_zayatz_on_stored_figures():
    theta, alpha = fit_pitman(SIZES)
    assert theta == pytest.approx(21.990670, abs=5e-6)
    assert alpha == pytest.approx(0.614512, abs=1e-6)
    assert pitman(SIZES, 2300) == pytest.approx(385.1002, abs=1e-4)
    assert zayatz(SIZES, 2300) == pytest.approx(596.0036, abs=1e-4)
    assert pitman(SIZES, 500) == pytest.approx(150.7652, abs=1e-4)
    assert zayatz(SIZES, 500) == pytest.approx(163.9653, abs=1e-4)


def test_pitman_at_its_boundary():
    sizes = np.repeat([1, 2, 3], [4, 2, 1])
    theta, alpha = fit_pitman(sizes)
    assert alpha == 0
    assert theta == pytest.approx(7.2369, abs=1e-4)
    assert pitman(sizes, 110) == theta


def test_pitman_has_no_solution_where_all_or_none_are_alone():
    assert fit_pitman(np.ones(5, dtype=np.int64)) is None
    assert fit_pitman(np.array([5])) is None
    assert population_uniqueness(np.ones(5, dtype=np.int64), 1000, "check").model == "Zayatz"


def test_slide_negative_binomial_finds_what_was_simulated():
    rng = np.random.default_rng(7)
    population = 1 + rng.negative_binomial(0.7, 0.1, 20_000)
    sample = rng.binomial(population, 0.2)
    estimate = slide_negative_binomial(sample[sample > 0], int(population.sum()))
    assert estimate == pytest.approx((population == 1).sum(), rel=0.1)


def test_an_estimate_above_the_population_is_no_solution():
    sizes = np.repeat([1, 2], [253, 2])
    assert pitman(sizes, 4814) > 4814
    estimate = population_uniqueness(sizes, 4814, "check")
    assert estimate.model == "Zayatz"
    assert estimate.share <= 1


def test_the_rule_names_its_model():
    assert population_uniqueness(SIZES, 2300, "check").model == "Pitman"
    assert population_uniqueness(SIZES, 500, "check").model in {"SNB", "Zayatz"}
    assert population_uniqueness(np.array([2, 3]), 500, "check").uniques == 0
    everybody = population_uniqueness(SIZES, int(SIZES.sum()), "check")
    assert (everybody.uniques, everybody.model) == (60, "none needed")
    with pytest.raises(ParameterError, match="at least the table's number of rows, 124"):
        population_uniqueness(SIZES, 100, "check")


def test_estimates_agree_with_arx_on_adult(adult):
    oracle = Path(os.environ.get("PRIVKIT_ORACLE", Path(__file__).parents[3] / "shared" / "oracle"))
    if not (oracle / "arx.json").exists():
        pytest.skip("the oracle's folder is not here (PRIVKIT_ORACLE)")
    answers = json.loads((oracle / "arx.json").read_text(encoding="utf-8"))["raw_risk"]["qi9"]["risk"]["population"]
    sizes = adult.groupby(list(adult.columns), dropna=False).size().to_numpy()
    for answer in answers[:2]:
        assert zayatz(sizes, answer["population_size"]) == pytest.approx(answer["zayatz"], rel=1e-6)
        assert pitman(sizes, answer["population_size"]) == pytest.approx(answer["pitman"], rel=1e-3)
