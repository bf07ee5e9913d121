"""Newcombe's interval of a difference, against his paper's table and an independent computation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from privkit.attacks.claims import claimed, threshold
from privkit.attacks.controls import newcombe
from privkit.risk.attackers import Rate, excess_risk

#: Newcombe 1998, Statistics in Medicine 17, table II, method 10.
PAPER = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("first", "second", "ends"), PAPER)
def test_the_interval_is_the_papers(first, second, ends):
    assert newcombe(Rate(*first), Rate(*second)) == pytest.approx(ends, abs=6e-5)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's interval as the roots of the score test, found numerically."""
    z, share = norm.ppf(0.975), hits / n

    def beyond(p: float) -> float:
        return (share - p) ** 2 - z**2 * p * (1 - p) / n

    low = 0.0 if not hits else brentq(beyond, 1e-12, share) if share < 1 else brentq(beyond, 1e-12, 1 - 1e-12)
    high = 1.0 if hits == n else brentq(beyond, share, 1 - 1e-12) if share else brentq(beyond, 1e-9, 1 - 1e-12)
    return low, high


@pytest.mark.parametrize(("first", "second"), [((3, 40), (9, 50)), ((200, 5000), (50, 5000)), ((7, 9), (1, 30))])
def test_the_interval_is_that_of_a_numerical_score_test(first, second):
    (low, high), (lower, upper) = wilson(*first), wilson(*second)
    p, q = first[0] / first[1], second[0] / second[1]
    expected = (p - q - np.hypot(p - low, upper - q), p - q + np.hypot(high - p, q - lower))
    assert newcombe(Rate(*first), Rate(*second)) == pytest.approx(expected, abs=1e-6)


def test_the_figures_of_formulas_4_8():
    attack, control = Rate(60, 1000), Rate(40, 1000)
    assert (attack.center, attack.error) == pytest.approx((0.061684, 0.014787), abs=1e-6)
    assert (control.center, control.error) == pytest.approx((0.041760, 0.012249), abs=1e-6)
    found = excess_risk(attack, control)
    assert (found.value, found.low, found.high) == pytest.approx((0.020792, 0.000922, 0.040662), abs=1e-6)


def test_the_interval_covers_the_difference_as_often_as_it_says():
    random = np.random.default_rng(5)
    covered = 0
    for hits, others in zip(random.binomial(500, 0.03, 2000), random.binomial(500, 0.01, 2000), strict=True):
        low, high = newcombe(Rate(int(hits), 500), Rate(int(others), 500))
        covered += low <= 0.02 <= high
    assert 0.935 <= covered / 2000 <= 0.985
    assert newcombe(Rate(0, 0), Rate(1, 5)) == (-1.0, 1.0)


@pytest.mark.parametrize("draw", ["normal", "few values", "mostly nothing"])
def test_claims_about_persons_like_the_judges_are_one_in_a_hundred_at_most(draw):
    """The claim of `claimed`, tried: its bound is (n·a + 1)/(n + 1) for a fold of n judges."""
    random, named, tried = np.random.default_rng(3), 0, 0
    for _ in range(200):
        scores = random.normal(size=1200)
        if draw == "few values":
            scores = np.round(scores)
        if draw == "mostly nothing":
            scores[random.random(1200) < 0.95] = -np.inf
        named += int(claimed(scores[:400], scores[400:]).sum())
        tried += 400
    most = (400 * 0.01 + 1) / 401
    assert named / tried <= most + 4 * np.sqrt(most / tried)
    if draw == "normal":
        assert named / tried >= 0.008  # it does claim


def test_nobody_is_claimed_by_a_tie_and_no_judge_judges_himself():
    assert not claimed(np.ones(50), np.ones(50)).any()
    assert threshold(np.array([])) == np.inf
    scores = np.arange(20.0)
    assert claimed(scores, scores).tolist() == [False] * 19 + [True]
