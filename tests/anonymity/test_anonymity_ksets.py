"""k by sets of columns: every figure against a brute force, the largest choice of rows, and what is monotone."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.anonymity.ksets import Crossing, set_size
from privkit.errors import ParameterError
from privkit.errors.anonymity import InfeasibleError

QI = ["a", "b", "c"]
ROWS = st.lists(
    st.tuples(st.sampled_from("xy"), st.sampled_from("xyz"), st.sampled_from("xyz") | st.none(), st.integers(0, 3)),
    min_size=1,
    max_size=16,
)


def frame_of(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*QI, "who"])


def crowd(frame: pd.DataFrame, row: int, columns, unit: bool) -> int:
    """Return how many rows, or persons, agree with a row; missing agrees with missing."""
    told = frame[QI].fillna("missing")
    same = (told[list(columns)] == told.loc[row, list(columns)]).all(axis=1)
    return int(frame.loc[same, "who"].nunique()) if unit else int(same.sum())


@given(rows=ROWS, of=st.integers(1, 4), k=st.integers(1, 4), unit=st.booleans())
@settings(max_examples=150)
def test_every_figure_is_that_of_a_brute_force(rows, of, k, unit):
    frame = frame_of(rows)
    report = pk.ksets(frame, QI, of=of, k=k, unit="who" if unit else None)
    sets = list(combinations(QI, min(of, 3)))
    crowds = {one: [crowd(frame, row, one, unit) for row in frame.index] for one in sets}
    assert set(report.sets) == set(sets)
    assert report.k == min(chain(*crowds.values()))
    assert report.rows_short == sum(min(each) < k for each in zip(*crowds.values(), strict=True))
    assert report.satisfied == (report.rows_short == 0)
    assert report.sets_short == sum(min(of_set) < k for of_set in crowds.values())
    assert min(crowds[report.weakest]) == report.k
    told = report.to_frame().set_index("columns")
    for one, of_set in crowds.items():
        assert told.loc[[one], "k"].item() == min(of_set)
        assert told.loc[[one], "rows_short"].item() == sum(size < k for size in of_set)
    if of >= 3:
        assert report.k == pk.kanon(frame, QI, unit="who" if unit else None).k
    assert pk.ksets(frame, QI, of=max(of - 1, 1)).k >= pk.ksets(frame, QI, of=of).k


@given(rows=ROWS, of=st.integers(1, 3), k=st.integers(1, 4))
@settings(max_examples=80)
def test_what_is_kept_is_the_largest_choice_that_has_its_crowds(rows, of, k):
    """Against all subsets of the classes."""
    frame = frame_of(rows[:9]).fillna("missing")
    classes = frame.groupby(QI).size().reset_index(name="n")
    codes = [pd.factorize(classes[name])[0].astype(np.int64) for name in QI]
    sizes = classes["n"].to_numpy()
    kept = Crossing(codes, of, sizes).settled(k, np.ones(len(sizes), dtype=bool))
    best = ()
    for n in range(len(classes), -1, -1):
        for chosen in combinations(range(len(classes)), n):
            part = classes.iloc[list(chosen)]
            if all((part.groupby(list(one))["n"].transform("sum") >= k).all() for one in combinations(QI, of)):
                best = max(best, chosen, key=lambda some: sizes[list(some)].sum())
    assert tuple(np.flatnonzero(kept)) == tuple(best)


@pytest.mark.parametrize("unit", [None, "who"])
@given(rows=ROWS, of=st.integers(1, 2), k=st.integers(2, 4), suppress=st.sampled_from([0, 0.3]))
@settings(max_examples=60)
def test_the_search_finds_the_best_of_all_nodes_that_hold(unit, rows, of, k, suppress):
    """The optimum, by judging every node of the lattice by itself: no bound, no tag, no pair is ruled out."""
    frame = frame_of(rows).fillna({"c": "missing"})
    goal = pk.KAnonymity(k, unit=unit, of=of)
    if len(frame) < k:
        return
    nodes = pk.lattice(frame, QI, goal, suppress=suppress).nodes()
    good = nodes[nodes["feasible"]]
    try:
        out = pk.anonymize(frame, QI, goal, suppress=suppress)
    except InfeasibleError:
        assert good.empty
        return
    assert out.loss_ == pytest.approx(good["loss"].min(), abs=1e-12)
    for node in nodes.to_dict("records"):  # coarser nodes need no more suppressed
        finer = nodes[(nodes[QI] <= [node[name] for name in QI]).all(axis=1)]
        assert (finer["suppressed"] >= node["suppressed"]).all()
    assert pk.check(out.frame, QI, goal).satisfied


@given(rows=ROWS, of=st.integers(1, 2), k=st.integers(2, 4), unit=st.booleans())
@settings(max_examples=60)
def test_cells_hold_by_a_brute_force(rows, of, k, unit):
    frame = frame_of(rows).fillna({"c": "missing"})
    try:
        out = pk.anonymize(
            frame, QI, pk.KAnonymity(k, unit="who" if unit else None, of=of), suppress=0.2, method="cells"
        )
    except InfeasibleError:
        return
    left = out.frame.astype(dict.fromkeys(QI, str))
    for one in combinations(QI, of):
        assert all(crowd(left, row, one, unit) >= k for row in left.index)


def test_pairs_ask_for_less_than_all_columns_together():
    adult = pk.example("adult").head(3000)
    qi = ["sex", "age", "race", "education"]
    pairs = pk.anonymize(adult, qi, pk.KAnonymity(5, of=2))
    assert pairs.loss_ < pk.anonymize(adult, qi, k=5).loss_
    assert pk.anonymize(adult, qi, pk.KAnonymity(5, of=4)).loss_ == pk.anonymize(adult, qi, k=5).loss_
    stars = pk.anonymize(adult, qi, pk.KAnonymity(5, of=2), method="cells", suppress=0)
    assert stars.loss_ < pairs.loss_
    assert pk.ksets(stars.frame, qi, k=5).satisfied


def test_lazy_frames_have_the_same_figures():
    pl = pytest.importorskip("polars")
    adult = pk.example("adult").head(500)
    there = pk.ksets(pl.from_pandas(adult).lazy(), ["sex", "age", "race"], k=5)
    here = pk.ksets(adult, ["sex", "age", "race"], k=5)
    assert (there.k, there.rows_short, there.n_unique) == (here.k, here.rows_short, here.n_unique)


@pytest.mark.parametrize("of", [0, -1, 1.5, "2", True])
def test_a_wrong_number_of_columns_is_refused(of):
    for call in (lambda: pk.KAnonymity(5, of=of), lambda: pk.ksets(frame_of([("x", "y", "z", 1)]), QI, of=of)):
        with pytest.raises(ParameterError, match="of"):
            call()


def test_sets_that_nobody_waits_for_are_refused():
    with pytest.raises(ParameterError, match="sets"):
        set_size(10, 40)
    wide = pd.DataFrame({f"c{i}": ["a", "b"] for i in range(40)})
    with pytest.raises(ParameterError, match="Take a smaller of="):
        pk.anonymize(wide, list(wide), pk.KAnonymity(2, of=10))


def test_an_empty_table_satisfies_every_k():
    report = pk.ksets(frame_of([]), QI, k=5)
    assert report.satisfied
    assert report.k == 0
    assert "no rows" in repr(report)


# -- which sets are weak -----------------------------------------------------------------------------------------------


@given(rows=ROWS, of=st.integers(1, 4), k=st.integers(1, 4) | st.none(), unit=st.booleans())
@settings(max_examples=80)
def test_the_weak_sets_and_their_smallest_classes_are_those_of_a_brute_force(rows, of, k, unit):
    frame = frame_of(rows)
    report = pk.ksets(frame, QI, of=of, k=k, unit="who" if unit else None)
    crowds = {one: [crowd(frame, row, one, unit) for row in frame.index] for one in combinations(QI, min(of, len(QI)))}
    below = report.k + 1 if k is None else k
    assert set(report.weak) == {one for one, sizes in crowds.items() if min(sizes) < below}
    told = dict(report.by_sets.sets)
    assert told == {one: min(sizes) for one, sizes in crowds.items()}
    assert [told[one] for one in report.weak] == sorted(told[one] for one in report.weak)
    assert bool(report.by_sets.told) == bool(report.weak)
    smallest = report.smallest(1000)
    values = frame[QI].fillna("missing")
    expected = sorted(
        (sizes[place], one, tuple(values.loc[place, list(one)]))
        for one, sizes in crowds.items()
        for place in values.drop_duplicates(list(one)).index
    )
    found = sorted(
        (row["size"], row["columns"], tuple("missing" if pd.isna(row[name]) else row[name] for name in row["columns"]))
        for row in smallest.to_dict("records")
    )
    assert found == expected
    assert smallest["size"].is_monotonic_increasing
    assert report.smallest(2)["size"].tolist() == smallest["size"].tolist()[:2]
    for row in smallest.to_dict("records"):
        assert all(row[name] is None for name in QI if name not in row["columns"])


PAIRS = pd.DataFrame(
    {
        "zip": [*"aaaabbbb", "c"],
        "sex": [*"mmffmmff", "m"],
        "job": [*"xyxyxyxy", "x"],
        "age": [1, 1, 1, 1, 2, 2, 2, 2, 1],
    }
)


def test_check_report_and_result_tell_which_sets_are_weak_in_text_and_html_and_plot():
    goal = pk.KAnonymity(2, of=2)
    qi = ["zip", "sex", "job", "age"]
    report = pk.ksets(PAIRS, qi, of=2, k=2)
    weak = "('zip', 'sex') with k = 1"
    assert report.weak == (("zip", "sex"), ("zip", "job"), ("zip", "age"))
    check = PAIRS.privacy.check(qi, goal)
    assert weak in check.findings[0].figure
    assert check.to_frame()["figure"].str.contains("zip").all()
    out = pk.anonymize(PAIRS, qi, goal, suppress=0, hierarchies={"zip": dict.fromkeys("abc", "*")})
    for one in (report, check, out, out.report):
        told = str(one) + one._repr_html_().replace("&#x27;", "'").replace("&#39;", "'")
        assert told.count("3 of 6 sets fall short") == 2, told
        assert told.count(weak) == 2
    assert report.plot().get_yticklabels()[0].get_text().startswith("zip")
    assert out.report.before.by_sets[repr(goal)].k == 1
    after = out.report.after.by_sets[repr(goal)]
    assert after.k == pk.ksets(out.frame, qi, of=2).k >= 2
    assert not after.weak
    assert out.report.to_frame().loc["k by any 2 of 4 columns"].tolist() == [1, after.k]


@given(rows=ROWS, of=st.integers(1, 3), k=st.integers(1, 4), unit=st.booleans())
@settings(max_examples=40)
def test_a_result_has_the_figures_of_its_own_table(rows, of, k, unit):
    frame, who = frame_of(rows), "who" if unit else None
    goal = pk.KAnonymity(k, unit=who, of=of)
    try:
        out = pk.anonymize(frame, QI, goal, suppress=1.0)
    except InfeasibleError:
        return
    for table, standing in ((frame, out.report.before), (out.frame, out.report.after)):
        assert standing.by_sets[repr(goal)].sets == pk.ksets(table, QI, of=of, k=k, unit=who).by_sets.sets


@pytest.mark.parametrize("unit", [None, "who"])
@pytest.mark.parametrize("of", [1, 2, 9])
def test_an_empty_table_is_answered_everywhere(of, unit):
    empty = frame_of([]).astype({"a": str, "b": str, "c": str, "who": "Int64"})
    goal, report = pk.KAnonymity(3, of=of, unit=unit), pk.ksets(empty, QI, of=of, k=3, unit=unit)
    assert (report.k, report.weak, report.satisfied, report.rows_short) == (0, (), True, 0)
    assert report.smallest().empty
    assert [*report.smallest()] == ["columns", *QI, "size"]
    assert (report.to_frame()["k"] == 0).all()
    report.plot()
    assert pk.check(empty, QI, goal).satisfied
    for method in ("optimal", "cells"):
        out = pk.anonymize(empty, QI, goal, method=method)
        assert len(out.frame) == 0
        assert out.report.satisfied
        assert "columns k 0 → 0" in str(out) or of == 1
        assert out._repr_html_()
        out.plot()
    lattice = pk.lattice(empty, QI, goal)
    assert lattice.nodes()["feasible"].all()
    assert lattice.apply(dict.fromkeys(QI, 0)).report.satisfied
