"""Clipping: bias, noise and error are the package's."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from pieces_in_node import data_of, in_node

import privkit as pk

CASES = [(upper, epsilon) for upper in (20, 120, 300, 600) for epsilon in (0.1, 0.5, 2.0)]


@pytest.fixture
def data():
    return data_of(pk.teach.clipping())


def test_the_scale_is_that_of_a_plan(data):
    project = pk.open_project("class", epsilon=10, unit=pk.ROW, simulate=True, seed=1)
    frame = pd.DataFrame({"minutes": data["values"]})
    scales = in_node("clipping", "return given.map(([u, e]) => f.scale(u, e));", CASES)
    for (upper, epsilon), scale in zip(CASES, scales, strict=True):
        plan = pk.plan.dp_sum(frame, "minutes", bounds=(0, upper), epsilon=epsilon, project=project)
        assert plan.scale == pytest.approx(scale, rel=1e-6)


def test_totals_and_bias_are_what_pandas_finds(data):
    values = pd.Series(data["values"])
    code = "return given[1].map((u) => [f.total(given[0], u), f.bias(given[0], u), f.clipped(given[0], u)]);"
    for upper, found in zip(data["uppers"], in_node("clipping", code, [data["values"], data["uppers"]]), strict=True):
        total = values.clip(upper=upper).sum()
        assert found == [total, values.sum() - total, (values > upper).sum()]


@pytest.mark.parametrize(("upper", "epsilon"), [(20, 0.5), (120, 0.5), (240, 2.0)])
def test_the_error_is_that_of_answers_with_the_noise_of_privkit(upper, epsilon, data):
    from privkit.dp.noise.noise import Laplace

    values, size = pd.Series(data["values"]), 20_000
    answers = values.clip(upper=upper).sum() + np.array(Laplace(upper / epsilon).measurement()([0] * size), dtype=float)
    error = in_node("clipping", f"return f.error(given, {upper}, {epsilon});", data["values"])
    # The noise's mean square errs by √(5/size) = 1.6 %, by the root 0.8 %: six of these.
    assert np.sqrt(np.mean((answers - values.sum()) ** 2)) == pytest.approx(error, rel=0.05)


def test_the_best_bound_is_the_best_of_all_and_lies_within(data):
    given = [data["values"], data["uppers"]]
    for epsilon in (0.1, 0.5, 2.0):
        errors = in_node("clipping", f"return given[1].map((u) => f.error(given[0], u, {epsilon}));", given)
        best = in_node("clipping", f"return f.best(given[0], given[1], {epsilon});", given)
        assert best == data["uppers"][int(np.argmin(errors))]
    from privkit.teach.totals import best_upper

    assert data["uppers"][0] < best_upper() < data["uppers"][-1]
    assert best_upper() == in_node("clipping", "return f.best(given[0], given[1], 0.3);", given)


def test_the_sentence_says_what_the_formulas_say(data):
    told = re.findall(r"by ([\d,]+) if (?:each is clipped )?to (\d+)", pk.teach.clipping().sentence)
    assert len(told) == 3
    for error, upper in told:
        found = in_node("clipping", f"return f.error(given, {upper}, 0.3);", data["values"])
        assert int(error.replace(",", "")) == round(found)
    assert f"for {sum(data['values']):,} minutes" in pk.teach.clipping().sentence
