"""What a goal that is not met is told: the nearest node, whether it is the best, and hints that run."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.errors.anonymity import InfeasibleError
from privkit.transform.hierarchies.hierarchy import Hierarchy

#: Levels that do not nest: pairs at even places, then pairs at odd places.
CROSSING = Hierarchy.from_rows([(zip_, str(zip_ // 2), "abc"[(zip_ + 1) // 2 % 3]) for zip_ in range(5)])
NESTED = Hierarchy.from_rows([(zip_, str(zip_ // 2), "ab"[zip_ // 4]) for zip_ in range(5)])
ROWS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from("mf"), st.sampled_from("xyz")), min_size=4, max_size=40)
GOALS = [
    pk.KAnonymity(3),
    pk.KAnonymity(6) & pk.LDiversity("ill", 2),
    pk.LDiversity("ill", 3),
    pk.TCloseness("ill", 0.2),
    pk.KAnonymity(4, of=1),
    pk.KAnonymity(4, of=1) & pk.TCloseness("ill", 0.3),
]


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
@given(
    rows=ROWS, goal=st.sampled_from(GOALS), top=st.sampled_from([(0, 2), (0, 1), 0]), nested=st.booleans(),
    suppress=st.sampled_from([0, 0.1]),
)  # fmt: skip
@settings(max_examples=120)
def test_the_best_node_is_the_best_and_a_hint_runs(method, rows, goal, top, nested, suppress):
    if method == "local" and any(getattr(part, "of", None) for part in goal.parts):
        return
    frame = pd.DataFrame(rows, columns=["zip", "sex", "ill"])
    how = {"hierarchies": {"zip": NESTED if nested else CROSSING}, "levels": {"zip": top, "sex": 0}}
    if method == "cells":
        how = {"levels": {"sex": 0}}
    try:
        pk.anonymize(frame, ["zip", "sex"], goal, suppress=suppress, method=method, **how)
    except InfeasibleError as error:
        told, needed = str(error), error.suppressed
    else:
        return
    if "no node of the lattice" not in told:  # no class of the values can meet it
        return
    cells = {"hierarchies": dict.fromkeys(["zip", "sex"], Hierarchy.star())} if method == "cells" else {}
    nodes = pk.lattice(frame, ["zip", "sex"], goal, suppress=suppress, **how, **cells).nodes()
    assert needed <= len(frame)
    assert needed <= nodes["suppressed"].min() or "others may need fewer" in told
    if "The best one" in told:
        assert needed == nodes["suppressed"].min()
    if (hint := re.search(r"suppress=(\d\.\d+)", told)) is not None:
        again = pk.anonymize(frame, ["zip", "sex"], goal, suppress=float(hint[1]), method=method, **how)
        assert again.suppressed_ <= float(hint[1]) * len(frame)


def test_where_levels_do_not_nest_the_nearest_that_was_judged_is_not_called_the_best():
    zips, jobs, sexes = "34123430440032313443223", "24130202234403213421142", "mffffmfffmffmmmffmmmmff"
    frame = pd.DataFrame({"zip": [int(one) for one in zips], "job": [int(one) for one in jobs], "sex": list(sexes)})
    how = {"hierarchies": {"zip": CROSSING, "job": CROSSING}, "levels": {"zip": (0, 2), "job": (0, 2), "sex": 0}}
    least = pk.lattice(frame, ["zip", "job", "sex"], k=3, suppress=0.2, **how).nodes()["suppressed"].min()
    with pytest.raises(InfeasibleError, match="others may need fewer") as caught:
        pk.anonymize(frame, ["zip", "job", "sex"], k=3, suppress=0.2, **how)
    assert least < caught.value.suppressed, "the case that is tested"


def test_where_levels_nest_the_coarsest_is_the_best():
    frame = pd.DataFrame({"zip": [0, 1, 2, 3] * 3 + [4], "sex": "m"})
    how = {"hierarchies": {"zip": NESTED}, "levels": {"zip": (0, 2), "sex": 0}}
    with pytest.raises(InfeasibleError, match="The best one") as caught:
        pk.anonymize(frame, ["zip", "sex"], k=6, suppress=0, **how)
    assert caught.value.suppressed == 1


def test_cells_by_sets_tell_what_is_needed_and_not_the_whole_table():
    frame = pd.DataFrame({"zip": [0] * 10 + [1], "sex": list("mf") * 5 + ["m"]})
    with pytest.raises(InfeasibleError) as caught:
        pk.anonymize(frame, ["zip", "sex"], pk.KAnonymity(5, of=1), suppress=0, method="cells", keep=["zip"])
    assert caught.value.suppressed == 1


def test_a_node_that_was_chosen_is_not_told_of_as_the_whole_lattice():
    frame = pd.DataFrame({"zip": [0, 0, 0, 1], "sex": "m"})
    nodes = pk.lattice(frame, ["zip", "sex"], k=2, suppress=0, hierarchies={"zip": NESTED})
    with pytest.raises(InfeasibleError, match="would suppress 1 of 4 records") as caught:
        nodes.apply({"zip": 0, "sex": 0})
    assert "no node" not in str(caught.value)
    assert len(nodes.apply({"zip": 1, "sex": 0}).frame) == 4


def test_no_larger_share_is_hinted_at_where_nobody_may_be_suppressed():
    town = pd.DataFrame({"zip": [0, 1, 2, 3], "sex": "m"})
    goal = pk.DeltaPresence(0.4, 0.6, population=town)
    with pytest.raises(InfeasibleError) as caught:
        pk.anonymize(town.iloc[:1], ["zip", "sex"], goal, hierarchies={"zip": NESTED}, levels={"zip": (0, 2), "sex": 0})
    assert "suppress=" not in str(caught.value)
