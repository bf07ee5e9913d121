"""What moves a statistic by more than it says would get too little noise: one unit more is added, and compared.

The units that are added lie where they move most: on the bounds, far outside them, in one group or in all, in as many
rows as a person may have and in more. The other half of a proof, that nothing else moves further, is in the docstrings.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from test_every_statistic import EXAMPLES, OF_PERSONS, PLANS, TERMS, ZIPS

import privkit as pk
from privkit.dp.measurement import exact_cells
from privkit.dp.recorded import KINDS
from privkit.dp.statistics.statistic import Statistic

TESTS = Path(__file__).parents[1]
SALT = bytes(range(16))
#: Kinds whose measurement is not one vector of sums with noise, and where what moves it is searched.
OWN = {
    "DrawnOnce": "statistics/test_dp_quantile_interval.py",
    "DrawnTwice": "statistics/test_dp_quantile_interval.py",
    "Lloyd": "training/test_dp_kmeans.py",
    "Logistic": "training/test_dp_logistic_step.py",
    "OpenCount": "attacked/test_dp_odd_values.py",
    "OpenGroups": "statistics/test_dp_unknown_keys.py",
    "Quantile": "statistics/test_dp_quantile_interval.py",
    "Several": "attacked/test_dp_neighbors.py",
    "Synthetic": "synthesis/test_dp_running.py",
    "Tables": "books/test_dp_tables.py",
    "TopK": "attacked/test_dp_neighbors.py",
    "TopTable": "attacked/test_dp_neighbors.py",
}
DAY = pd.Timestamp("2026-03-05")
#: One row each, at the ends of the bounds and beyond, in a known group and in none.
EXTREMES = [
    {"zip": zip_code, "plan": plan, "age": age, "spend": spend, "day": DAY}
    for (zip_code, plan), (age, spend) in product(
        [(ZIPS[0], PLANS[0]), (ZIPS[2], PLANS[1]), (None, PLANS[0])],
        [(18, 0.0), (80, 100.0), (10**9, 1e9), (-(10**9), -1e9), (40, 60.0), (39, np.nan)],
    )
]


@pytest.fixture(scope="module")
def frame():
    rows = range(60)
    return pd.DataFrame(
        {
            "who": [f"p{row % 23:02d}" for row in rows],
            "zip": [ZIPS[(row * 7 + row // 5) % 3] for row in rows],
            "plan": [PLANS[(row // 3) % 2] for row in rows],
            "age": [18 + (row * 13) % 60 for row in rows],
            "spend": [(row * 17 % 400) / 4 for row in rows],
            "day": pd.to_datetime([f"2026-{1 + row % 6:02d}-{1 + row % 28:02d}" for row in rows]),
        }
    )


def units_of(name):
    """Give the rows of one unit: a row, three rows of nobody's id, or the rows of a person that is new."""
    if "persons" not in name:
        rows = 3 if "bounded" in name else 1
        yield from ([one] * rows for one in EXTREMES)
        return
    for rows in (1, 3, 8):
        yield from ([one] * rows for one in EXTREMES)
    yield EXTREMES


def cases():
    for name, (terms, price) in TERMS.items():
        groups = [EXAMPLES, *([OF_PERSONS] if "per" in terms or "max_rows" in terms else [])]
        for function, calls in ((function, calls) for group in groups for function, calls in group.items()):
            for place, (args, options) in enumerate(calls):
                yield pytest.param(
                    name, function, args, options | price, id=f"{name}-{function}-{place}-{len(options)}"
                )


def exactly(data, question):
    with mock.patch("secrets.token_bytes", return_value=SALT):
        return exact_cells(data, question).astype(object)


def moved(frame, question, unit):
    """Return by how much a unit more moves the cells."""
    more = pd.DataFrame([{"who": "somebody new", **row} for row in unit]).astype({"day": frame["day"].dtype})
    return exactly(pd.concat([frame, more], ignore_index=True), question) - exactly(frame, question)


def too_far(difference, sensitivity):
    return (
        abs(difference).sum() > sensitivity.l1
        or float((difference * difference).sum()) ** 0.5 > sensitivity.l2 * (1 + 1e-12)
        or abs(difference).max(initial=0) > sensitivity.linf
    )


def test_every_kind_with_noise_of_its_own_says_where_its_reach_is_searched():
    own = {kind.__name__ for kind in KINDS.values() if kind.measurement is not Statistic.measurement}
    assert own == OWN.keys(), f"give the test of its reach in OWN: {own ^ OWN.keys()}"
    for file in OWN.values():
        text = (TESTS / "dp" / file).read_text(encoding="utf-8")
        assert any(word in text for word in ("moves", "neighbor")), file


@pytest.mark.sample(0.25)
@pytest.mark.parametrize(("name", "function", "args", "options"), [*cases()])
def test_one_unit_moves_no_statistic_further_than_it_says(tmp_path, frame, name, function, args, options):
    project = pk.open_project(name, store=tmp_path / "l.db", ceiling=100, **TERMS[name][0])
    question = getattr(pk.plan, function)(frame, *args, **options, project=project).question
    if type(question.asked).__name__ in OWN:
        return
    for unit in units_of(name):
        difference = moved(frame, question, unit)
        assert not too_far(difference, question.sensitivity), (unit, difference, question.sensitivity)


def test_a_reach_that_is_too_small_is_seen(tmp_path, frame, monkeypatch):
    """Power: of a statistic that is ten times as large, the sensitivity is not."""
    from privkit.dp.statistics.counts import Count

    project = pk.open_project("rows", store=tmp_path / "l.db", epsilon=10, unit=pk.ROW)
    question = pk.plan.dp_count(frame, epsilon=1, project=project).question
    honest = Count.exact
    monkeypatch.setattr(Count, "exact", lambda self, data, asked: 10 * honest(self, data, asked))
    assert too_far(moved(frame, question, [EXTREMES[0]]), question.sensitivity)
