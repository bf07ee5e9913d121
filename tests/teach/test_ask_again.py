"""Ask again: its noise, errors and costs are the package's."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from pieces_in_node import in_node

import privkit as pk
from privkit.values.loss import PrivacyLoss


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1.0, 4.0])
def test_the_deviation_is_that_of_the_chances(epsilon):
    """By the second moment of the law itself, summed over its support."""
    code = """let sum = 0; for (let x = -3000; x <= 3000; x++) sum += x * x * chance(given, x);
      return [Math.sqrt(sum), f.deviation(given)];"""
    summed, stated = in_node("ask_again", code, epsilon)
    assert stated == pytest.approx(summed, rel=1e-9)
    from privkit.teach.piece import deviation

    assert deviation(epsilon) == pytest.approx(stated, rel=1e-12)


def test_the_errors_are_those_of_the_noise_that_privkit_draws():
    from privkit.dp.noise.noise import Laplace

    epsilon, times, rounds = 0.5, 100, 400
    drawn = np.array(Laplace(1 / epsilon).measurement()([0] * (times * rounds))).reshape(rounds, times)
    code = "return [f.error(given, 1, false), f.error(given, 100, false), f.error(given, 100, true)];"
    one, many, replayed = in_node("ask_again", code, epsilon)
    # The mean square of N draws of kurtosis 6 errs by √(5/N): six of these are 0.07 and 0.43 of it.
    assert np.mean(drawn**2) == pytest.approx(one**2, rel=0.07)
    assert np.mean(drawn.mean(axis=1) ** 2) == pytest.approx(many**2, rel=0.43)
    assert replayed == one


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("again", [False, True])
def test_the_costs_are_what_a_project_charges(times, again, ledger_path):
    project = pk.open_project("club", epsilon=10, unit=pk.ROW, store=ledger_path)
    members = pd.DataFrame({"name": list("abcdefgh")})
    answers = [
        pk.dp_count(members, epsilon=0.5, project=project, again=again and asked > 0).value for asked in range(times)
    ]
    spent = in_node("ask_again", f"return f.spent(0.5, {times}, {str(not again).lower()});")
    assert float(project.spent.main) == spent
    assert again or len(set(answers)) == 1


def test_nothing_asked_costs_nothing():
    assert in_node("ask_again", "return [f.spent(0.5, 0, true), f.spent(0.5, 0, false)];") == [0, 0]


@pytest.mark.parametrize("times", [1, 3, 20])
def test_the_limit_of_all_answers_is_what_privkit_tells_of_their_loss(times):
    limit = in_node("ask_again", f"return f.limit(f.spent(0.5, {times}, false));")
    assert limit == pytest.approx((1 + PrivacyLoss.of(epsilon=0.5 * times).advantage) / 2, rel=1e-12)


def test_the_sentence_says_what_the_formulas_say():
    one, many, spent = in_node("ask_again", "return [f.error(0.5, 1), f.error(0.5, 100), f.spent(0.5, 100, false)];")
    told = [float(found) for found in re.findall(r"\d+(?:\.\d+)?", pk.teach.ask_again().sentence)]
    assert told == [0.5, round(one, 1), 100, round(many, 2), spent]
    assert many == pytest.approx(one / math.sqrt(100))
