"""Two totals, one person: its noise, its difference and its costs are the package's."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from pieces_in_node import data_of, in_node

import privkit as pk
from privkit.values.loss import PrivacyLoss


@pytest.fixture
def data():
    return data_of(pk.teach.two_totals())


def test_the_totals_are_what_pandas_finds_and_differ_by_one_person(data):
    frame = pd.DataFrame({"name": data["names"], "francs": data["values"]})
    found = in_node("two_totals", "return given.map((_, left) => f.totals(given, left));", data["values"])
    for left, (every, others) in enumerate(found):
        assert every == frame["francs"].sum()
        assert others == frame.drop(index=left)["francs"].sum()
        assert every - others == data["values"][left]
    assert 0 < min(data["values"]) <= max(data["values"]) <= data["most"]
    assert len(set(data["names"])) == len(data["values"])


def test_scale_and_costs_are_those_of_a_project(data, ledger_path):
    project = pk.open_project("class", epsilon=10, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"francs": data["values"]})
    for days, table in enumerate([frame, frame.iloc[1:]]):
        plan = pk.plan.dp_sum(table, "francs", bounds=(0, data["most"]), epsilon=1, project=project)
        assert plan.scale == in_node("two_totals", f"return f.scale({data['most']}, 1);")
        plan.release()
        assert float(project.spent.main) == days + 1
    assert in_node("two_totals", "return f.spent(1);") == float(project.spent.main)
    right = in_node("two_totals", "return f.limit(f.spent(1));")
    assert right == pytest.approx((1 + PrivacyLoss.of(epsilon=2).advantage) / 2, rel=1e-12)


@pytest.mark.parametrize(("most", "epsilon"), [(50, 1.0), (50, 10.0), (3, 2.0)])
def test_the_differences_are_two_laws_convolved(most, epsilon):
    """By brute force: the sum over all pairs of noises."""
    reach = int(60 * most / epsilon)
    code = f"""const all = []; for (let x = -{reach}; x <= {reach}; x++) all.push(chance({epsilon} / {most}, x));
      return [all, given.map((d) => f.differs({most}, {epsilon}, d)), f.within({most}, {epsilon}, 5),
        f.spread({most}, {epsilon})];"""
    places = list(range(-40, 41))
    one, told, within, spread = in_node("two_totals", code, places)
    law = np.convolve(one, one)
    middle = 2 * reach
    assert told == pytest.approx([law[middle + place] for place in places], rel=1e-9)
    assert within == pytest.approx(law[middle - 5 : middle + 6].sum(), rel=1e-9)
    assert spread == pytest.approx(np.sqrt(law @ (np.arange(len(law)) - middle) ** 2.0), rel=1e-6)


def test_the_differences_are_those_of_the_noise_that_privkit_draws():
    from privkit.dp.noise.noise import Laplace

    size = 20_000
    drawn = np.array(Laplace(50 / 10).measurement()([0] * (2 * size))).reshape(2, size)
    within = in_node("two_totals", "return f.within(50, 10, 5);")
    # Six standard errors of a share.
    error = 6 * np.sqrt(within * (1 - within) / size)
    assert (abs(drawn[0] - drawn[1]) <= 5).mean() == pytest.approx(within, abs=error)
    assert abs(in_node("two_totals", "return f.within(50, 8, 5);") - within) > error, "the test has power"


def test_the_sentence_says_what_the_formulas_say(data):
    every, others, spread = in_node("two_totals", "return [...f.totals(given, 0), f.spread(50, 1)];", data["values"])
    told = [int(found) for found in re.findall(r"\d+", pk.teach.two_totals().sentence)]
    assert told == [every, others, every - others, 1, round(spread)]
    assert max(data["values"]) < round(spread)
