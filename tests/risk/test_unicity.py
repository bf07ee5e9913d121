from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.risk.unicity import unicity

ROWS = st.lists(st.tuples(st.sampled_from([1, 2, 3, 4, None]), st.sampled_from("abcde")), min_size=1, max_size=30)


@given(ROWS, st.integers(1, 3))
@settings(max_examples=80)
def test_shares_lie_within_what_every_draw_allows(rows, points):
    frame = pd.DataFrame(rows, columns=["who", "cell"]).astype({"who": "Int64"})
    found = unicity(frame, unit="who", columns="cell", points=points)
    persons: dict = {}
    for who, cell in rows:
        if who is not None:
            persons.setdefault(who, set()).add(cell)
    able = {who: own for who, own in persons.items() if len(own) >= points}
    always, ever = 0, 0
    for who, own in able.items():
        alone = [
            not any(set(drawn) <= others for other, others in persons.items() if other != who)
            for drawn in combinations(sorted(own), points)
        ]
        always, ever = always + all(alone), ever + any(alone)
    assert found.by_points[points].n == len(able)
    assert always <= found.by_points[points].hits <= ever
    assert found.n_without_id == sum(who is None for who, _ in rows)


def test_one_point_is_counted_exactly_where_it_needs_no_draw():
    frame = pd.DataFrame({"who": [1, 2, 2, 3], "cell": list("abbb"), "hour": [1, 1, 2, 1]})
    found = unicity(frame, unit="who", columns="cell", points=1)
    assert (found.by_points[1].hits, found.by_points[1].n) == (1, 3)
    assert unicity(frame, unit="who", columns=["cell", "hour"], points=2).by_points[2].observed == 1.0


def test_more_points_single_more_persons_out():
    frame = pd.DataFrame({"who": [p for p in range(60) for _ in range(20)]})
    frame["cell"] = np.random.default_rng(2).integers(0, 41, len(frame))
    shares = unicity(frame, unit="who", columns="cell", points=[1, 3, 6, 9]).to_frame()["share"].tolist()
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]


def test_the_sample_is_bounded_and_repeats():
    frame = pd.DataFrame({"who": range(500), "cell": [n // 2 for n in range(500)]})
    one, two = (unicity(frame, unit="who", columns="cell", points=1, persons=50) for _ in range(2))
    assert one.by_points[1].n == 50
    assert one.by_points == two.by_points


def test_what_it_says_and_bad_input():
    frame = pd.DataFrame({"who": [1, 2], "cell": ["secretvalue", "b"]})
    found = unicity(frame, unit="who", columns="cell", points=[1, 2])
    assert repr(found).startswith("1 known point of 'cell' single out 100 % of 'who'.")
    assert "Persons with fewer points were not tried." in repr(found)
    assert "secret" not in repr(found) + found._repr_html_()
    found.plot()
    assert "no person has as many" in repr(unicity(frame, unit="who", columns="cell", points=5))
    with pytest.raises(RoleConflictError):
        unicity(frame, unit="who", columns=["who", "cell"])
    with pytest.raises(ColumnNotFoundError):
        unicity(frame, unit="whom", columns="cell")
    for bad in ({"points": 0}, {"points": []}, {"persons": 0}, {"points": "x"}, {"seed": -1}):
        with pytest.raises(ParameterError, match=next(iter(bad))):
            unicity(frame, unit="who", columns="cell", **bad)
