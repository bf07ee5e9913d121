"""The way to a recoding's loss, cut by cut: beside plain pandas on the frame that is handed out, and as it is drawn."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

mpl.use("Agg")
import matplotlib.pyplot as plt

import privkit as pk

LETTERS = list("abcdefgh")
#: The letters by twos, by fours, and hidden: label → how many of them it covers, and its level.
PAIRS = ["ab", "ab", "cd", "cd", "ef", "ef", "gh", "gh"]
ROWS = list(zip(LETTERS, PAIRS, ["abcd"] * 4 + ["efgh"] * 4, strict=True))
LEVEL = {**dict.fromkeys(LETTERS, 0), "ab": 1, "cd": 1, "ef": 1, "gh": 1, "abcd": 2, "efgh": 2, "*": 3}
COVERS = {label: 8 if label == "*" else len(label) for label in LEVEL}


def hierarchy():
    return pk.Hierarchy.from_rows(ROWS)


def people(seed, rows):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: rng.choice(LETTERS, rows, p=np.arange(8, 0, -1) / 36) for name in ("one", "two")})


def way(out):
    """The path in plain Python: from the labels of the rows that are handed out."""
    rows = [tuple(map(str, row)) for row in out.frame[["one", "two"]].itertuples(index=False)]
    rows += [("*", "*", "gone")] * out.suppressed_
    groups = {}
    for row in rows:
        at = ("gone",) if len(row) == 3 else tuple(LEVEL[cell] for cell in row)
        groups.setdefault(at, []).append([(COVERS[cell] / 8 - 1 / 8) / (1 - 1 / 8) for cell in row[:2]])
    found = sorted(
        groups.items(),
        key=lambda one: (one[0] == ("gone",), round(sum(map(sum, one[1])) / len(one[1]) / 2, 12), one[0]),
    )
    told, lost = [], [0.0, 0.0]
    for at, costs in found:
        lost = [have + sum(cost[place] for cost in costs) / len(rows) for place, have in enumerate(lost)]
        told.append((at, len(costs), math.prod((1 + one) ** 0.5 for one in lost) - 1))
    return told


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(8, 120), st.integers(2, 6), st.sampled_from(["local", "optimal"]))
def test_the_cuts_are_those_of_the_frame(seed, rows, k, method):
    both = dict.fromkeys(("one", "two"), hierarchy())
    out = pk.anonymize(people(seed, rows), ["one", "two"], k=k, suppress=0.1, hierarchies=both, method=method)
    cuts, expected = out.cuts_, way(out)
    assert cuts["loss"].iloc[-1] == pytest.approx(out.report.after.utility["loss"], abs=1e-12)
    assert int(cuts["records"].sum()) == rows
    assert int(cuts.loc[cuts["suppressed"], "records"].sum()) == out.suppressed_
    assert cuts["loss"].is_monotonic_increasing
    assert list(zip(cuts["one"].fillna(-1), cuts["two"].fillna(-1), cuts["records"], strict=True)) == [
        (-1, -1, many) if at == ("gone",) else (*at, many) for at, many, _ in expected
    ]
    assert cuts["loss"].tolist() == pytest.approx([loss for *_, loss in expected], abs=1e-9)


def test_the_path_is_drawn_as_it_is_stated():
    both = dict.fromkeys(("one", "two"), hierarchy())
    out = pk.anonymize(people(1, 400), ["one", "two"], k=5, suppress=0.02, hierarchies=both, method="local")
    assert len(out.cuts_) > 2
    out.plot()
    columns, path = plt.gcf().axes[1:]
    assert columns.get_title(loc="left") == "Loss by column"
    (line,) = (one for one in path.lines if len(one.get_xdata()) > 2)
    assert list(line.get_xdata()) == [0, *(out.cuts_["records"].cumsum() / 400)]
    assert list(line.get_ydata()) == [0, *out.cuts_["loss"]]
    assert line.get_ydata()[-1] == pytest.approx(out.loss_, abs=1e-12)
    assert path.get_title(loc="left") == "Settings, the cheapest for a record first"
    (limit,) = (one for one in path.lines if len(one.get_xdata()) == 2)
    assert list(limit.get_ydata()) == [out.bound_] * 2
    plt.close("all")


def test_one_level_per_column_is_one_cut_and_its_plot_stays():
    out = pk.anonymize(people(2, 300), ["one", "two"], k=5, hierarchies=dict.fromkeys(("one", "two"), hierarchy()))
    assert out.cuts_[["one", "two"]].iloc[0].to_dict() == out.levels_
    out.plot()
    assert len(plt.gcf().axes) == 1
    plt.close("all")


def test_an_empty_table_has_no_cuts():
    out = pk.anonymize(people(0, 8).iloc[:0], ["one", "two"], k=2, method="local")
    assert out.cuts_.empty
    out.plot()
    plt.close("all")
