"""Every kind of statistic holds what its intervals say, in a few releases; the table of 2,000 is in ``tests/slow``."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dp_covered import CASES, IN_WINDOWS, NOT_OF_GROUPS, OF_GROUPS, OF_MANY, WITHOUT_INTERVAL, is_enough, kinds_of

from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.recorded import KINDS

FEW = 120


def test_every_kind_has_a_case():
    asked = set().union(*map(kinds_of, CASES.values()))
    assert {kind for kind in KINDS.values() if not kind.retired} == asked


def test_every_kind_is_covered_where_groups_show_up_and_where_persons_count_anew_or_has_a_reason():
    kinds = {name: kind for name, kind in KINDS.items() if not kind.retired}
    assert OF_GROUPS.keys().isdisjoint(NOT_OF_GROUPS)
    assert kinds.keys() == OF_GROUPS.keys() | NOT_OF_GROUPS.keys()
    assert all(type(asked).__name__ == name for name, (asked, _) in OF_GROUPS.items())
    windowed = {name for name, kind in kinds.items() if "window" in kind.__dataclass_fields__ and name != "OpenCount"}
    assert windowed == IN_WINDOWS.keys()
    assert all(asked.window for asked, _ in IN_WINDOWS.values())


def test_whatever_has_an_interval_has_it_in_the_table():
    """Each number that a case's release has limits of is one that the case looks at; others say what they hold."""
    for name, case in CASES.items():
        held = case.hits(1)
        alone = {kind.__name__ for kind in kinds_of(case)} & (WITHOUT_INTERVAL.keys() | OF_MANY)
        plan = case.plan()
        if alone or plan.question.asked.shows:  # of groups that show up, `shown` compares the names itself
            assert held
            continue
        cells = np.ones((plan.question.groups, plan.question.asked.width), dtype=np.int64)
        assert held.keys() == plan.question.asked.limits(cells, plan.noise, 0.05).keys(), name


@pytest.mark.parametrize("name", CASES)
@pytest.mark.sample(0.1)
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
