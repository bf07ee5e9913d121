"""How rows are matched, beside a brute force: scores, the nearest rows, and who fits a label."""

from __future__ import annotations

from itertools import product

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

import privkit as pk
from privkit.attacks.columns import Told, columns_of
from privkit.attacks.matching import Near, Rows, Targets, fitting, nearest
from privkit.attacks.scores import Seen, Sides, TableAttacker

mpl.use("Agg")


def drawn(n: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {name: random.integers(0, size, n).astype(str) for name, size in zip("abcd", (4, 5, 3, 6), strict=True)}
    )


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_a_brute_force(seed):
    known, shared = drawn(60, seed), drawn(90, seed + 100)
    columns = columns_of(known, shared, list("abcd"), {}, np.random.default_rng(0))
    targets = Targets(np.column_stack([one.values for one in columns]), np.zeros((60, 1), np.float32))
    table = Rows(np.column_stack([one.cells for one in columns]), np.zeros((90, 1), np.float32))
    seen = Seen(columns, Sides((0, 2), (1, 3), 3), targets, table, None, None, None)
    kinds = TableAttacker.kinds()
    found = {name: kinds[name].scored(seen) for name in ("singling_out", "linkability", "inference")}
    shares = {name: shared[name].value_counts(normalize=True) for name in "abcd"}
    for place, (_, person) in enumerate(known.iterrows()):
        fits = {name: shared[name] == person[name] for name in "abcd"}
        whole = fits["a"] & fits["b"] & fits["c"] & fits["d"]
        alone = -sum(np.log(shares[name][person[name]]) for name in "abcd") if whole.sum() == 1 else -np.inf
        assert found["singling_out"].scores[place] == pytest.approx(alone)
        one, other = (fits["a"] & fits["c"]).sum(), (fits["b"] & fits["d"]).sum()
        linked = -np.log(one * other / 90) - np.log(whole.sum()) if whole.any() else -np.inf
        assert found["linkability"].scores[place] == pytest.approx(linked)
        there = shared.loc[fits["a"] & fits["b"] & fits["c"], "d"].value_counts()
        best = set(there.index[there == there.max()]) if len(there) else set()
        if len(best) == 1:
            right = best == {person["d"]}
            assert found["inference"].right[place] == right
            lift = np.log(there.max() / there.sum() / shares["d"][person["d"]]) if right else -np.inf
            rare = -sum(np.log(shares[name][person[name]]) for name in "abc")
            assert found["inference"].scores[place] == pytest.approx(lift + rare)
        elif not best:
            assert not found["inference"].right[place]


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_rows_are_those_of_a_tree(seed):
    random = np.random.default_rng(seed)
    targets, rows = random.normal(size=(70, 4)).astype(np.float32), random.normal(size=(200, 4)).astype(np.float32)
    for end, near in zip((0, 1, 60, 200), nearest(targets, rows, (0, 1, 60, 200)), strict=True):
        if end < 2:
            assert np.isinf(near.second).all()
            continue
        apart, place = cKDTree(rows[:end]).query(targets, k=2)
        assert near.first == pytest.approx(apart[:, 0], abs=1e-3)
        assert near.second == pytest.approx(apart[:, 1], abs=1e-3)
        assert (near.row == place[:, 0]).all()
    one, other = nearest(targets, rows[:90])[0], nearest(targets, rows[90:])[0]
    whole = nearest(targets, rows)[0]
    both = one.beside(Near(other.first, other.second, other.row + 90))
    assert both.first == pytest.approx(whole.first, abs=1e-3)
    assert both.second == pytest.approx(whole.second, abs=1e-3)
    assert (both.row == whole.row).all()


@pytest.mark.parametrize("method", ["optimal", "local", "cells"])
def test_everybody_fits_the_label_that_became_of_him_and_nobody_else_by_chance_alone(method):
    frame = pd.DataFrame(
        {
            "age": [*range(20, 60)] * 3,
            "zip": [f"80{n % 9}{n % 4}" for n in range(120)],
            "x": [n % 7 for n in range(120)],
        }
    )
    out = pk.anonymize(frame, ["age", "zip"], k=3, method=method, suppress=0.1)
    level = out.levels_ if method == "optimal" else dict.fromkeys(out.levels_)
    told = {name: Told(out.hierarchies[name], level[name]) for name in ("age", "zip")}
    columns = columns_of(frame, out.frame, ["age", "zip"], told, np.random.default_rng(0))
    kept = np.flatnonzero(out.kept_)
    targets = Targets(np.column_stack([one.values for one in columns])[kept], np.zeros((len(kept), 1), np.float32))
    table = Rows(np.column_stack([one.cells for one in columns]), np.zeros((len(kept), 1), np.float32))
    fit = fitting(columns, [0, 1], targets, table)
    own = fit.class_of
    pairs = set(zip(fit.target.tolist(), fit.found.tolist(), strict=True))
    assert all((place, own[place]) in pairs for place in range(len(kept)))
    assert (fit.rows >= 3).all()  # k
    labels = out.frame.astype(str).to_numpy()[:, :2]
    ladders = {name: out.hierarchies[name] for name in told}
    for place, klass in list(product(range(0, len(kept), 17), range(len(fit.first)))):
        row = labels[fit.first[klass]]
        expected = all(_may_be(frame[name], frame[name].iloc[kept[place]], row[i], ladders[name])
                       for i, name in enumerate(told))  # fmt: skip
        if method == "optimal":
            assert ((place, klass) in pairs) == expected


def _may_be(column: pd.Series, value: object, label: str, hierarchy: pk.Hierarchy) -> bool:
    """Whether a label is that of a value at any level, as `Hierarchy.apply` has it."""
    ladder = hierarchy.lay(pd.Index(column.unique()), "c", None)
    one = column[column == value].head(1)
    return any(
        str(hierarchy.apply(pd.concat([one, column]), level).iloc[0]) == label for level in range(ladder.n_levels)
    )
