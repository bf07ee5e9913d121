"""The budget game: its noise is the package's, its refusals are the ledger's, and its best is the best of all."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from pieces_in_node import data_of, in_node

import privkit as pk


@pytest.fixture
def data():
    return data_of(pk.teach.budget_game())


def test_the_scales_are_those_of_plans(data):
    project = pk.open_project("school", epsilon=10, unit=pk.ROW, simulate=True, seed=1)
    frame = pd.DataFrame({"figure": [0, 1]})
    code = "return given.wishes.map((w) => [1, 5, 20].map((p) => f.scale(w, p, given.of_one)));"
    for wish, scales in zip(data["wishes"], in_node("budget_game", code, data), strict=True):
        for parts, scale in zip((1, 5, 20), scales, strict=True):
            part = Fraction(parts, data["of_one"])
            plan = pk.plan.dp_sum(frame, "figure", bounds=(0, wish["most"]), epsilon=part, project=project)
            assert plan.scale == pytest.approx(scale, rel=1e-6)


@pytest.mark.sample(1.0)
@pytest.mark.parametrize(("most", "parts"), [(1, 5), (1, 20), (60, 5)])
def test_the_mean_errors_are_those_of_the_noise_that_privkit_draws(most, parts, data):
    from privkit.dp.noise.noise import Laplace

    size = 200_000
    drawn = np.abs(np.array(Laplace(most * data["of_one"] / parts).measurement()([0] * size), dtype=float))
    error = in_node("budget_game", f"return f.error({{most: {most}}}, {parts}, given);", data["of_one"])
    assert abs(drawn.mean() - error) <= 6 * drawn.std() / math.sqrt(size)
    other = in_node("budget_game", f"return f.error({{most: {most}}}, {parts + 1}, given);", data["of_one"])
    assert abs(drawn.mean() - other) > 6 * drawn.std() / math.sqrt(size), "the test has power"


@pytest.mark.parametrize("given", [[5] * 8, [20] + [1] * 7, [6] + [5] * 7, [5] * 7 + [6], [1] * 8])
def test_what_is_refused_is_what_a_project_refuses(given, data, ledger_path):
    total = data["parts"] // data["of_one"]
    project = pk.open_project("school", epsilon=total, unit=pk.ROW, store=ledger_path)
    frame, refused = pd.DataFrame({"figure": [0, 1]}), False
    for wish, parts in zip(data["wishes"], given, strict=True):
        asked = {"bounds": (0, wish["most"]), "epsilon": Fraction(parts, data["of_one"]), "project": project}
        try:
            pk.dp_sum(frame, "figure", again=True, **asked)
        except pk.InsufficientBudgetError:
            refused = True
    allowed, spent = in_node("budget_game", f"return [f.allowed({given}, given), f.spent({given})];", data["parts"])
    assert allowed is not refused
    assert refused or project.spent.main == Fraction(spent, data["of_one"])


def test_the_best_is_the_best_of_all_sharings(data):
    """By dynamic programming over all ways to share the parts."""
    wishes, parts, of_one = data["wishes"], data["parts"], data["of_one"]

    def error(wish, given):
        decay = math.exp(-given / of_one / wish["most"])
        return 2 * decay / (1 - decay**2) / wish["wished"]

    least = {0: 0.0}
    for wish in wishes:
        least = {
            total: min(
                before + error(wish, total - used) for used, before in least.items() if 1 <= total - used <= parts
            )
            for total in range(1, parts + 1)
            if any(used < total for used in least)
        }
    code = """const b = f.best(given.wishes, given.parts, given.of_one);
      return [b, f.score(given.wishes, b, given.of_one)];"""
    given, found = in_node("budget_game", code, data)
    assert sum(given) == parts
    assert max(given) <= parts // 2, "the sliders reach it"
    assert found == pytest.approx(least[parts] / len(wishes), rel=1e-9)


def test_the_sentence_says_what_the_formulas_say(data):
    equal, best = in_node(
        "budget_game",
        """const w = given.wishes, s = (parts) => f.score(w, parts, given.of_one);
        return [s(w.map(() => given.parts / w.length)), s(f.best(w, given.parts, given.of_one))];""",
        data,
    )
    told = [float(one) for one in re.findall(r"\d+(?:\.\d+)?", pk.teach.budget_game().sentence)]
    assert told == [2, round(equal, 2), round(best, 2)]
    assert best < equal
