"""Every kind of statistic holds what its intervals say, in a few releases; the table of 2,000 is in ``tests/slow``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dp_covered import CASES, is_enough, kinds_of

from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.recorded import KINDS

FEW = 120


def test_every_kind_has_a_case():
    asked = set().union(*map(kinds_of, CASES.values()))
    assert {kind for kind in KINDS.values() if not kind.retired} == asked


@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_the_exact_answer(name):
    for number, hits in CASES[name].hits(FEW).items():
        assert is_enough(hits, FEW), (number, hits)


NOISES = [Laplace(0.7), Laplace(6.0), Laplace(3e9), Gaussian(0.9), Gaussian(7.0), Gaussian(3e9)]


@pytest.mark.parametrize("noise", NOISES)
def test_one_step_narrower_an_interval_of_a_count_or_sum_holds_less_often(noise):
    """By the law itself: a half-width is the least that holds 95 %, in steps of a count or of a sum's grid."""
    width = noise.half_width(0.05)
    assert inside(noise, width) >= 0.95 - 1e-12
    assert width == 0 or inside(noise, width - 1) < 0.95


def inside(noise, width):
    """P(|error| ≤ width): Laplace noise in closed form, Gaussian noise by sums, or by Euler and Maclaurin."""
    if isinstance(noise, Laplace):
        return 1 - 2 * math.exp(-(width + 1) / noise.scale) / (1 + math.exp(-1 / noise.scale))
    if noise.scale > 1e5:
        return math.erf((width + 0.5) / noise.scale / math.sqrt(2))
    places = np.arange(-int(12 * noise.scale) - 3, int(12 * noise.scale) + 4)
    chance = np.exp(-((places / noise.scale) ** 2) / 2)
    return chance[np.abs(places) <= width].sum() / chance.sum()
