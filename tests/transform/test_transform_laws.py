"""Laws that hold for every table, hierarchy and criterion, against an independent brute force."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import transform_brute as brute
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.alpha_k import AlphaK
from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.criterion import ClassCounts
from privkit.anonymity.delta_disclosure import DeltaDisclosure
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.table_risk import AverageRisk, SampleUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError, InfeasibleError
from privkit.transform.anonymize import Anonymizer, anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice
from privkit.transform.search.measures import MEASURES

# value → labels at each level; the second is a chain, the third no tree.
TABLES = {
    "job": {"a": ("a", "x", "*"), "b": ("b", "x", "*"), "c": ("c", "y", "*"), "d": ("d", "y", "*")},
    "town": {str(n): (str(n), f"{n // 2 * 2}+", f"{n // 4 * 4}+", "*") for n in range(6)},
    "week": {"1": ("1", "A", "p", "*"), "2": ("2", "A", "q", "*"), "3": ("3", "B", "q", "*")},
}
ROW = st.fixed_dictionaries(
    {name: st.sampled_from(sorted(table)) for name, table in TABLES.items()}
    | {"ill": st.sampled_from(["flu", "cold", "gout"]), "who": st.integers(0, 5)}
)
TABLE = st.lists(ROW, min_size=3, max_size=20)
QI = list(TABLES)


def hierarchies(names=QI):
    return {name: Hierarchy.from_mapping({key: labels[1:] for key, labels in TABLES[name].items()}) for name in names}


def alone(ok):
    """Judge a class by itself."""
    return lambda members, kept, given: kept is not None or ok(members)


def beside(ok, first=lambda members: True):
    """Judge a class beside what is kept, once `first` has judged it by itself."""
    return lambda members, kept, given: first(members) if kept is None else ok(members, kept)


def beside_input(ok):
    """Judge a class beside the table as it was given."""
    return lambda members, kept, given: kept is not None or ok(members, given)


def is_k2(members):
    return brute.is_k(members, 2)


CRITERIA = {
    "k2": (KAnonymity(2), alone(is_k2)),
    "k3 and two persons": (
        KAnonymity(3) & KAnonymity(2, unit="who"),
        alone(lambda members: brute.is_k(members, 3) and brute.is_persons(members, 2, "who")),
    ),
    "distinct": (LDiversity("ill", 2), alone(lambda members: brute.is_distinct(members, "ill", 2))),
    "entropy": (LDiversity("ill", 2, kind="entropy"), alone(lambda members: brute.is_entropy(members, "ill", 2))),
    "recursive": (
        LDiversity("ill", 2, kind="recursive", c=2),
        alone(lambda members: brute.is_recursive(members, "ill", 2, 2)),
    ),
    "t": (
        KAnonymity(2) & TCloseness("ill", 0.3),
        beside(lambda members, table: brute.is_close(members, table, "ill", 0.3), is_k2),
    ),
    "t beside the input": (
        KAnonymity(2) & TCloseness("ill", 0.3, reference="input"),
        beside_input(lambda members, table: is_k2(members) and brute.is_close(members, table, "ill", 0.3)),
    ),
    "t ordered": (
        TCloseness("ill", 0.2, distance="ordered"),
        beside(lambda members, table: brute.is_close(members, table, "ill", 0.2, ordered=True)),
    ),
    "beta": (BetaLikeness("ill", 1), beside(lambda members, table: brute.is_beta(members, table, "ill", 1))),
    "beta beside the input": (
        BetaLikeness("ill", 1, reference="input"),
        beside_input(lambda members, table: brute.is_beta(members, table, "ill", 1)),
    ),
    "disclosure": (
        KAnonymity(2) & DeltaDisclosure("ill", 1),
        beside(lambda members, table: brute.is_disclosure(members, table, "ill", 1), is_k2),
    ),
}


def frame_of(rows):
    return pd.DataFrame(rows).astype({"ill": pd.CategoricalDtype(["cold", "flu", "gout"], ordered=True)})


def search(rows, name, **how):
    criterion, ok = CRITERIA[name]
    frame = frame_of(rows)
    given_hierarchies = how.pop("hierarchies", None) or hierarchies()
    try:
        return anonymize(frame, QI, criterion, hierarchies=given_hierarchies, **how), ok
    except InfeasibleError:
        return None, ok


@pytest.mark.parametrize("name", CRITERIA)
@given(rows=TABLE, suppress=st.sampled_from([0, 0.1, 0.5, 1]))
@settings(max_examples=15)
@pytest.mark.sample(0.25)
def test_optimal_is_the_least_loss_of_all_nodes(name, rows, suppress):
    out, ok = search(rows, name, suppress=suppress)
    limit = math.floor(suppress * len(rows) + 1e-9)
    best = brute.best_node(rows, TABLES, ok, limit)
    if suppress < 1:
        assert (out is None) == (best is None)
    elif out is None:  # an empty table would do: no class that holds rows can
        assert math.isclose(best, 1)
    if out is not None:
        assert out.optimal_
        assert math.isclose(out.loss_, best, rel_tol=1e-9, abs_tol=1e-9)
        assert out.suppressed_ <= limit


@pytest.mark.parametrize("name", CRITERIA)
@pytest.mark.parametrize("method", ["optimal", "local"])
@given(rows=TABLE, suppress=st.sampled_from([0, 0.2]))
@settings(max_examples=10)
@pytest.mark.sample(0.2)
def test_result_meets_the_criteria_when_read_again(name, method, rows, suppress):
    out, ok = search(rows, name, suppress=suppress, method=method)
    if out is None:
        return
    again = out.frame.astype(object).to_dict("records")
    assert len(again) == len(rows) - out.suppressed_
    groups = list(brute.classes(again, QI).values())
    assert brute.standing(groups, ok, rows) == set(range(len(groups)))
    # Nothing else changed.
    left = [row for row, kept in zip(rows, out.kept_, strict=True) if kept]
    assert [row["ill"] for row in again] == [row["ill"] for row in left]


@pytest.mark.parametrize("name", CRITERIA)
@given(rows=TABLE, suppress=st.sampled_from([0, 0.2]))
@settings(max_examples=15)
@pytest.mark.sample(0.25)
def test_local_is_never_worse_than_optimal(name, rows, suppress):
    best, _ = search(rows, name, suppress=suppress)
    local, _ = search(rows, name, suppress=suppress, method="local")
    if best is not None:
        assert local is not None
        assert local.loss_ <= best.loss_ + 1e-9


@given(
    rows=TABLE,
    seed=st.integers(0, 9),
    name=st.sampled_from(sorted(CRITERIA)),
    method=st.sampled_from(["optimal", "local"]),
)
@settings(max_examples=40)
def test_order_of_rows_index_and_columns_mean_nothing(rows, seed, name, method):
    criterion, _ = CRITERIA[name]
    frame = frame_of(rows)
    random = np.random.default_rng(seed)
    order = random.permutation(len(rows))
    mixed = frame.iloc[order, random.permutation(frame.shape[1])].set_index(pd.Index(random.integers(0, 3, len(rows))))
    names = [QI[place] for place in random.permutation(len(QI))]
    try:
        one = anonymize(frame, QI, criterion, hierarchies=hierarchies(), suppress=0.2, method=method)
    except InfeasibleError:
        with pytest.raises(InfeasibleError):
            anonymize(mixed, names, criterion, hierarchies=hierarchies(names), suppress=0.2, method=method)
        return
    two = anonymize(mixed, names, criterion, hierarchies=hierarchies(names), suppress=0.2, method=method)
    assert one.levels_ == two.levels_
    assert one.loss_ == pytest.approx(two.loss_, abs=1e-12)
    assert one.suppressed_ == two.suppressed_
    assert (one.kept_[order] == two.kept_).all()
    ours = one.frame[QI].astype(str).iloc[np.argsort(np.argsort(order[two.kept_]))] if one.kept_.all() else None
    if ours is not None:
        assert (one.frame[QI].astype(str).to_numpy()[order] == two.frame[QI].astype(str).to_numpy()).all()


@given(
    rows=TABLE, node=st.tuples(st.integers(0, 2), st.integers(0, 3)), up=st.tuples(st.integers(0, 2), st.integers(0, 3))
)
@settings(max_examples=60)
def test_generalizing_never_lowers_k_nor_l(rows, node, up):
    fine = dict(zip(["job", "town"], node, strict=True))
    coarse = {name: max(level, other) for (name, level), other in zip(fine.items(), up, strict=True)}
    found = lattice(pd.DataFrame(rows), ["job", "town"], LDiversity("ill", 1), hierarchies=hierarchies(["job", "town"]))
    assert found.node(coarse)["k"] >= found.node(fine)["k"]

    def least(levels):
        again = brute.generalized(rows, {name: TABLES[name] for name in levels}, levels)
        return min(len({row["ill"] for row in members}) for members in brute.classes(again, list(levels)).values())

    assert least(coarse) >= least(fine)


@given(rows=TABLE, name=st.sampled_from(sorted(MEASURES)), suppress=st.sampled_from([0, 0.2, 1]))
@settings(max_examples=60)
def test_optimum_of_every_measure_is_the_least_of_all_nodes(rows, name, suppress):
    columns = ["job", "town"]
    frame = pd.DataFrame(rows)
    try:
        out = anonymize(frame, columns, k=2, hierarchies=hierarchies(columns), suppress=suppress, utility=name)
    except InfeasibleError:
        return
    nodes = lattice(frame, columns, k=2, hierarchies=hierarchies(columns), suppress=suppress, utility=name).nodes()
    best = nodes.loc[nodes["feasible"], "loss"].min()
    assert out.loss_ == pytest.approx(best, abs=1e-9)
    # The report counts from the cells of the result; the search counted from classes.
    assert out.report.after.utility[name] == pytest.approx(out.loss_, rel=1e-9, abs=1e-9)


CLASS = st.lists(st.integers(0, 5), min_size=3, max_size=3).filter(sum)
ONE = [
    AlphaK("ill", 0.5, 1),
    BetaLikeness("ill", 0.5),
    TCloseness("ill", 0.25),
    TCloseness("ill", 0.2, distance="ordered"),
    LDiversity("ill", 2, kind="entropy"),
    LDiversity("ill", 2, kind="recursive", c=1.5),
    LDiversity("ill", 2),
]


@pytest.mark.parametrize("criterion", ONE, ids=repr)
@given(counts=CLASS, others=CLASS)
@settings(max_examples=60)
def test_forced_never_exceeds_what_the_best_subset_loses(criterion, counts, others):
    """Every subset that meets the criterion leaves out at least what `forced` says."""
    table = np.array(counts) + np.array(others)
    matrix = np.array([counts])
    claim = int(criterion.forced(ClassCounts(matrix.sum(axis=1), {"ill": matrix}, {"ill": table}))[0])
    grid = np.stack(np.meshgrid(*[np.arange(count + 1) for count in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[grid.sum(axis=1) > 0]
    good = criterion.satisfied(ClassCounts(grid.sum(axis=1), {"ill": grid}, {"ill": table}, int(table.sum())))
    least = sum(counts) - (int(grid[good].sum(axis=1).max()) if good.any() else 0)
    assert claim <= least


def fewest(sizes, risk=None, share=None):
    """Return the fewest records to leave out, smallest classes first, until the table meets the criterion."""
    sizes = sorted(sizes)
    for gone in range(len(sizes) + 1):
        left = sizes[gone:]
        uniques = sum(size == 1 for size in left)
        if (risk is None or len(left) <= risk * sum(left)) and (share is None or uniques <= share * sum(left)):
            return sum(sizes[:gone])
    raise AssertionError


@given(
    rows=TABLE,
    tenths=st.integers(1, 9),
    suppress=st.sampled_from([0, 0.2, 0.6]),
    whole=st.sampled_from(["risk", "share"]),
)
@settings(max_examples=40)
def test_criteria_on_the_whole_table_leave_out_the_fewest_and_find_the_optimum(rows, tenths, suppress, whole):
    columns = ["job", "town"]
    criterion = {"risk": AverageRisk, "share": SampleUniqueness}[whole](tenths / 10)
    how = {"hierarchies": hierarchies(columns), "suppress": suppress}
    nodes = lattice(pd.DataFrame(rows), columns, criterion, **how).nodes()
    for node in nodes.to_dict("records"):
        levels = {name: node[name] for name in columns}
        coarse = brute.generalized(rows, {name: TABLES[name] for name in columns}, levels)
        sizes = [len(members) for members in brute.classes(coarse, columns).values()]
        assert node["suppressed"] == fewest(sizes, **{whole: Fraction(tenths, 10)})
    feasible = nodes[nodes["feasible"]]
    if feasible.empty:
        with pytest.raises(InfeasibleError):
            anonymize(pd.DataFrame(rows), columns, criterion, **how)
    else:
        out = anonymize(pd.DataFrame(rows), columns, criterion, **how)
        assert out.loss_ == pytest.approx(feasible["loss"].min(), abs=1e-9)


def within_range(highest):
    return st.tuples(st.integers(0, highest), st.integers(0, highest)).map(sorted).map(tuple)


RANGES = st.fixed_dictionaries({"job": within_range(2), "town": within_range(3), "week": within_range(3)})


@given(
    rows=TABLE, within=RANGES, suppress=st.sampled_from([0, 0.2]), utility=st.sampled_from(["loss", "discernibility"])
)
@settings(max_examples=80)
def test_levels_stay_within_their_range_and_are_the_best_there(rows, within, suppress, utility):
    frame = pd.DataFrame(rows)
    how = {"k": 2, "suppress": suppress, "utility": utility, "hierarchies": hierarchies()}
    every = lattice(frame, QI, **how).nodes()
    for name, (least, most) in within.items():
        every = every[every[name].between(least, most)]
    limited = lattice(frame, QI, levels=within, **how)
    assert limited.n_nodes == len(every)
    assert limited.nodes().equals(every.reset_index(drop=True))
    feasible = every[every["feasible"]]
    if feasible.empty:
        with pytest.raises(InfeasibleError):
            anonymize(frame, QI, levels=within, **how)
    else:
        out = anonymize(frame, QI, levels=within, **how)
        assert out.optimal_
        assert out.loss_ == pytest.approx(feasible["loss"].min(), abs=1e-9)
        assert all(least <= out.levels_[name] <= most for name, (least, most) in within.items())


@given(rows=TABLE, within=RANGES, suppress=st.sampled_from([0, 0.5]))
@settings(max_examples=80)
def test_local_recoding_keeps_every_cell_within_its_range(rows, within, suppress):
    try:
        out = anonymize(
            pd.DataFrame(rows), QI, k=2, suppress=suppress, hierarchies=hierarchies(), levels=within, method="local"
        )
    except InfeasibleError:
        return
    for name, (least, most) in within.items():
        told = out.frame[name].astype(str).tolist()
        values = [row[name] for row, kept in zip(rows, out.kept_, strict=True) if kept]
        for value, label in zip(values, told, strict=True):
            assert label.split(" (level")[0] in TABLES[name][value][least : most + 1]
    for members in brute.classes(out.frame.astype(object).to_dict("records"), QI).values():
        assert len(members) >= 2


@pytest.mark.parametrize(
    "levels",
    [{"job": (2, 1)}, {"who": 1}, {"job": (0, 1, 2)}, ["job"], {"job": 1, "town": (1, 2)}, {"job": ()}],
    ids=str,
)
def test_levels_that_cannot_be_are_refused(levels):
    rows = [{"job": "a", "town": "0", "week": "1"}] * 3
    with pytest.raises(ParameterError, match="levels"):
        anonymize(pd.DataFrame(rows), QI, k=2, hierarchies=hierarchies(), levels=levels, keep=["town"])
    with pytest.raises(HierarchyError, match="its levels are 0 to"):
        lattice(pd.DataFrame(rows), QI, k=2, hierarchies=hierarchies(), levels={"job": (0, 9)})


def test_levels_by_name_open_ends_and_the_anonymizer():
    frame = pd.DataFrame({"zip": ["8004", "8005", "8051", "8052"], "age": [31, 38, 52, 57]})
    how = {"k": 1, "hierarchies": {"zip": Hierarchy.redact(), "age": Hierarchy.intervals(10, 20)}}
    assert anonymize(frame, ["zip", "age"], levels={"zip": ("1 hidden", None), "age": "width 20"}, **how).levels_ == {
        "zip": 1, "age": 2
    }  # fmt: skip
    treat = Anonymizer(["zip", "age"], levels={"zip": (2, None)}, **how).fit(frame)
    assert treat.levels_ == {"zip": 2, "age": 0}
    assert treat.transform(frame).frame["zip"].tolist() == ["80**"] * 4
    found = lattice(frame, ["zip", "age"], levels={"zip": (2, 3)}, **how)
    assert not found.node({"zip": 1, "age": 0})["feasible"]
    with pytest.raises(ParameterError, match="within"):
        found.apply({"zip": 1, "age": 0})
    assert found.apply({"zip": 2, "age": 0}).levels_ == {"zip": 2, "age": 0}


def test_levels_stay_within_their_range_where_only_dives_are_made(monkeypatch):
    monkeypatch.setattr("privkit.transform.search.search.LARGEST", 1)
    frame = pd.DataFrame([{"job": "a", "town": "0", "week": "1"}, {"job": "a", "town": "1", "week": "2"}] * 3)
    out = anonymize(frame, QI, k=1, suppress=0, hierarchies=hierarchies(), levels={"job": (1, 2), "town": (2, 3)})
    assert not out.optimal_
    assert out.levels_ == {"job": 1, "town": 2, "week": 0}
    assert out.bound_ <= out.loss_
