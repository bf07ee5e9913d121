"""Local recoding: what it loses, that it holds, and what the default says of it; and how classes are rolled up."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.tally.codes import grouped
from privkit.transform.anonymize import search
from privkit.transform.search import large_classes
from privkit.transform.search.coding import Coding
from privkit.transform.search.large_classes import LargeClasses
from privkit.transform.search.local import Peeling, _peeled
from privkit.transform.search.node_classes import Rollup
from privkit.transform.search.search import Search
from privkit.transform.search.task import prepare
from privkit.values.writing import percent

FOLDER = Path(os.environ.get("PRIVKIT_ORACLE", Path(__file__).parents[4] / "shared" / "oracle"))
oracle = pytest.mark.skipif(not (FOLDER / "arx.json").exists(), reason="ARX's stored answers are not here")


@pytest.fixture(scope="module")
def arx_adult():
    return pd.read_csv(FOLDER / "adult.csv.gz", sep=";")


@pytest.fixture(scope="module")
def arx_rungs(arx_adult):
    return {name: pk.Hierarchy.read_csv(FOLDER / f"adult_hierarchy_{name}.csv") for name in arx_adult.columns}


def task_of(frame, qi, criterion, suppress=0.0, hierarchies=None):
    return prepare(
        frame, qi, criterion, k=None, hierarchies=hierarchies, suppress=suppress, utility="loss", weights=None,
        keep=(), levels=None, unit=None,
    )  # fmt: skip


def distances(frame, qi, sensitive, table):
    """The equal distance of each class to a table, in plain pandas."""
    counts = pd.crosstab([frame[name].astype(str) for name in qi], frame[sensitive].astype(str))
    shares = table.astype(str).value_counts(normalize=True)
    counts = counts.reindex(columns=shares.index, fill_value=0)
    return (counts.div(counts.sum(axis=1), axis=0) - shares).abs().sum(axis=1) / 2, counts.sum(axis=1)


@oracle
@pytest.mark.parametrize("suppress", [0.02, 0.147])
def test_under_t_closeness_local_recoding_loses_less_than_arx(suppress, arx_adult, arx_rungs):
    # ARX's: 0.4559 with 4,424 records suppressed.
    qi = [name for name in arx_adult.columns if name != "occupation"]
    goal = pk.KAnonymity(5) & pk.TCloseness("occupation", 0.2, reference="input")
    out = arx_adult.privacy.anonymize(
        qi, goal, suppress=suppress, method="local", utility="loss_arithmetic",
        hierarchies={name: arx_rungs[name] for name in qi},
    )  # fmt: skip
    assert out.loss_ <= (0.4559 if suppress > 0.1 else 0.46)
    assert out.suppressed_ <= suppress * len(arx_adult)
    assert out.report.satisfied
    found, sizes = distances(out.frame, qi, "occupation", arx_adult["occupation"])
    assert found.max() <= 0.2 + 1e-12
    assert sizes.min() >= 5


@oracle
@pytest.mark.parametrize(("k", "most"), [(2, 0.0217), (5, 0.0523), (25, 0.1141)])
def test_for_k_alone_local_recoding_loses_no_more_than_was_found(k, most, arx_adult, arx_rungs):
    out = arx_adult.privacy.anonymize(list(arx_adult.columns), k=k, hierarchies=arx_rungs, method="local")
    assert out.loss_ <= most
    assert out.frame.groupby(list(arx_adult.columns), observed=True).size().min() >= k


@pytest.mark.parametrize("goal", [pk.TCloseness("occupation", 0.3), pk.BetaLikeness("income", 1.5)])
def test_what_holds_holds_of_the_frame_beside_what_is_kept(goal):
    adult = pk.example("adult").iloc[:6000]
    rungs = pk.example_hierarchies("adult")
    qi = ["sex", "age", "race", "marital-status", "education"]
    how = {"hierarchies": {name: rungs[name] for name in qi}, "suppress": 0.05}
    out = adult.privacy.anonymize(qi, pk.KAnonymity(5) & goal, method="local", **how)
    best = adult.privacy.anonymize(qi, pk.KAnonymity(5) & goal, **how)
    assert out.report.satisfied
    assert out.frame.privacy.check(qi, out.criteria).satisfied
    assert out.loss_ < best.loss_
    if isinstance(goal, pk.TCloseness):
        assert distances(out.frame, qi, "occupation", out.frame["occupation"])[0].max() <= 0.3 + 1e-12


def test_the_default_says_what_local_recoding_would_lose():
    frame = pk.example("insights").drop(columns=["msisdn", "email", "account_number"])
    out = frame.privacy.anonymize(["zip", "age"], k=5)
    local = frame.privacy.anonymize(["zip", "age"], k=5, method="local")
    assert local.loss_ <= out.local_loss_ < 0.5 * out.loss_
    assert f"loss = {out.local_loss_:.4f}, with levels that differ" in repr(out)
    assert f"{percent(1 - out.local_loss_ / out.loss_)} less" in repr(out)
    assert local.local_loss_ is None
    assert "would lose" not in repr(local)
    assert pickle.loads(pickle.dumps(out)).local_loss_ == out.local_loss_


def test_where_nothing_is_lost_nothing_is_said():
    frame = pd.DataFrame({"sex": list("fm") * 10})
    out = frame.privacy.anonymize(["sex"], k=5)
    assert out.loss_ == 0
    assert "would lose" not in repr(out)


@pytest.mark.parametrize("goal", [pk.KAnonymity(3), pk.KAnonymity(3) & pk.TCloseness("ill", 0.2)])
def test_a_stopped_run_still_gives_what_holds(goal):
    random = np.random.default_rng(3)
    frame = pd.DataFrame({name: random.integers(0, 9, 300) for name in ("a", "b", "c")})
    frame["ill"] = random.choice(list("xyz"), 300)
    out = frame.privacy.anonymize(["a", "b", "c"], goal, method="local", suppress=0, time_limit=1e-9)
    assert "time limit" in out.reason
    assert out.report.satisfied
    assert out.frame.privacy.check(["a", "b", "c"], out.criteria).satisfied


def test_sweeps_keep_the_limit_and_put_each_combination_in_one_class():
    adult = pk.example("adult").iloc[:4000]
    rungs = pk.example_hierarchies("adult")
    qi = ["sex", "age", "race", "education"]
    goal = pk.KAnonymity(5) & pk.TCloseness("occupation", 0.35, reference="input")
    for suppress in (0, 0.1):
        task = task_of(adult, qi, goal, suppress, {name: rungs[name] for name in qi})
        peeling = Peeling(task, None, task.judge)
        recoding = _peeled(peeling)
        levels, gone = recoding.levels, recoding.gone
        assert task.coding.counts[gone].sum() <= suppress * len(adult)
        found = peeling.partition.class_of[~gone]
        assert (found >= 0).all()
        for place, ladder in enumerate(task.coding.ladders):  # one level and one label in each class
            label = [
                (level, ladder.levels[level].codes[value])
                for level, value in zip(levels[place][~gone], task.coding.combos[place][~gone], strict=True)
            ]
            assert pd.DataFrame({"class": found, "label": label}).groupby("class")["label"].nunique().max() == 1


NODES = st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=12)


@given(rows=st.lists(st.tuples(*[st.integers(0, 19)] * 3), min_size=2, max_size=60), nodes=NODES)
@settings(max_examples=60)
def test_classes_of_a_node_do_not_depend_on_the_nodes_before(rows, nodes):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    frame["ill"] = frame["a"] % 3
    bands = pk.Hierarchy.intervals(2, 4)
    goal = pk.KAnonymity(2) & pk.LDiversity("ill", 2)
    coding = task_of(frame, ["a", "b", "c"], goal, 0, dict.fromkeys("abc", bands)).coding
    rollup = Rollup(coding)
    for node in nodes:
        allowed = tuple(min(level, size - 1) for level, size in zip(node, coding.shape, strict=True))
        classes = rollup.at(allowed)
        groups = pd.DataFrame(
            {
                name: ladder.levels[level].codes[coding.combos[place]][coding.row_combo]
                for place, (name, ladder, level) in enumerate(zip("abc", coding.ladders, allowed, strict=True))
            }
        )
        assert sorted(classes.sizes.tolist()) == sorted(groups.groupby(list("abc")).size().tolist())
        assert (np.diff(classes.keys) > 0).all()
        both = groups.assign(ill=frame["ill"].to_numpy()).groupby([*"abc", "ill"]).size()
        assert sorted(classes.entries["ill"][1].tolist()) == sorted(both.tolist())


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), min_size=1, max_size=50))
def test_grouping_is_the_same_with_and_without_runs(pairs):
    keys, counts = (np.array(part, dtype=np.int64) for part in zip(*pairs, strict=True))
    truth = pd.Series(counts).groupby(keys).sum()
    for runs in (False, True):
        found, sums = grouped(keys, counts, runs=runs)
        assert found.tolist() == truth.index.tolist()
        assert sums.tolist() == truth.tolist()


@given(rows=st.lists(st.tuples(*[st.integers(0, 9)] * 2), min_size=4, max_size=30), k=st.integers(2, 4))
@settings(max_examples=40)
def test_a_search_below_a_loss_finds_the_best_node_or_none(rows, k):
    frame = pd.DataFrame(rows, columns=["a", "b"])
    task = task_of(frame, ["a", "b"], pk.KAnonymity(k), 0.2, dict.fromkeys("ab", pk.Hierarchy.intervals(2, 4)))
    best = search(task, None, None)
    if best.node is None:
        return
    again = search(task, None, None, best.loss)
    assert (again.node, again.loss) == (best.node, best.loss)
    less = search(task, None, None, best.loss / 2)
    assert less.bound <= best.loss / 2 + 1e-9
    assert less.node is None or less.loss >= best.loss


def brute_peeling(task):
    """Cut off classes node by node, each grouped by pandas: what peeling by k alone means."""
    from privkit.transform.search import local

    peeling = Peeling(task, None, task.judge)
    average, price = peeling.prices()
    codes = [
        [[ladder.levels[level].codes[value] for value in column] for level in range(ladder.n_levels)]
        for ladder, column in zip(task.coding.ladders, task.coding.combos, strict=True)
    ]
    counts = pd.Series(task.coding.counts)
    left, cut, top = set(range(len(counts))), [], sum(max(level.max() for level in column) for column in peeling.costs)
    steps = np.geomspace(min(0.01, top), max(top, 0.01), local._STEPS) if top else []
    for step in [*steps, np.inf]:
        for place in np.argsort(average, kind="stable"):
            if price[place] > step:
                continue
            node = peeling.nodes[place].tolist()
            classes = {}
            for combo in sorted(left):
                classes.setdefault(tuple(codes[i][level][combo] for i, level in enumerate(node)), []).append(combo)
            price[place] = np.inf
            for label, combos in classes.items():
                if counts[combos].sum() < task.judge.least:
                    continue
                cost = 0.0
                for costs, level, code in zip(peeling.costs, node, label, strict=True):
                    cost += costs[level][code]
                if cost <= step:
                    cut.append((tuple(node), tuple(combos)))
                    left -= set(combos)
                else:
                    price[place] = min(price[place], cost)
            if counts[sorted(left)].sum() < task.judge.least:
                return set(cut)
    return set(cut)


BANDS = {
    "a tree": pk.Hierarchy.intervals(2, 4),
    "levels that do not nest": pk.Hierarchy.intervals(2, 3, 8),
}


@pytest.mark.parametrize("bands", BANDS)
@pytest.mark.parametrize("packed", [True, False])
@given(rows=st.lists(st.tuples(*[st.integers(0, 11)] * 3), min_size=5, max_size=40), k=st.integers(1, 5))
@settings(max_examples=25)
@pytest.mark.sample(0.5)
def test_peeling_by_blocks_and_hashes_cuts_what_node_by_node_cuts(bands, packed, rows, k):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    task = task_of(frame, ["a", "b", "c"], pk.KAnonymity(k), 0, dict.fromkeys("abc", BANDS[bands]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_classes, "_BLOCK", 3)
        patch.setattr(large_classes, "_GROUPED", 40)
        patch.setattr(large_classes, "_REMEMBERED", 60)
        if not packed:
            patch.setattr(Coding, "is_packed", property(lambda _: False))
        peeling = Peeling(task, None, task.judge)
        peeling.run()
    found, class_of = set(), peeling.partition.class_of
    for number in range(peeling.n_classes):
        combos = np.flatnonzero(class_of == number)
        found.add((tuple(peeling.partition.levels[:, combos[0]].tolist()), tuple(combos.tolist())))
    assert found == brute_peeling(task)
    assert peeling.rows == task.coding.counts[class_of < 0].sum()


def test_what_is_large_is_never_left_out_and_little_else_is_looked_at():
    adult = pk.example("adult").iloc[:3000]
    rungs = pk.example_hierarchies("adult")
    qi = ["age", "education", "occupation", "marital-status", "race"]
    task = task_of(adult, qi, pk.KAnonymity(5), 0, {name: rungs[name] for name in qi})
    peeling = Peeling(task, None, task.judge)
    classes = LargeClasses(task.coding, peeling.costs, peeling.nodes, 5, lambda: None)
    combos = np.arange(len(task.coding.counts))
    pairs = large = 0
    for owner, maybe in classes._narrowed(np.argsort(classes.rank), combos):
        for place in np.unique(owner).tolist():
            found = classes.of(peeling.nodes[place], combos)
            inside = set(maybe[owner == place].tolist())
            truth = set() if found is None else set(found.combos.tolist())
            assert truth <= inside
            pairs, large = pairs + len(inside), large + len(truth)
    assert large <= pairs < 1.2 * large
    every = [classes.of(node, combos) for node in peeling.nodes]
    assert large == sum(len(found.combos) for found in every if found is not None)


@given(rows=st.lists(st.tuples(*[st.integers(0, 19)] * 3), min_size=2, max_size=60), k=st.integers(1, 6), nodes=NODES)
@settings(max_examples=60)
def test_rows_that_are_counted_by_hashes_are_no_more_than_are_lost(rows, k, nodes):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    bands = dict.fromkeys("abc", pk.Hierarchy.intervals(2, 4))
    rollup = Rollup(task_of(frame, ["a", "b", "c"], pk.KAnonymity(2), 1.0, bands).coding)
    for node in nodes:
        allowed = tuple(min(level, size - 1) for level, size in zip(node, rollup.coding.shape, strict=True))
        sizes = rollup.at(allowed).sizes
        assert 0 <= rollup.lost_at_least(allowed, k) <= sizes[sizes < k].sum()


@pytest.mark.parametrize("utility", ["loss", "entropy", "discernibility"])
@pytest.mark.parametrize("goal", [pk.KAnonymity(4), pk.KAnonymity(4) & pk.LDiversity("occupation", 2)])
def test_a_search_that_counts_by_hashes_finds_and_judges_the_same(goal, utility):
    adult = pk.example("adult").iloc[:1500]
    rungs = pk.example_hierarchies("adult")
    qi = ["age", "education", "race", "marital-status"]
    for suppress in (0, 0.03, 0.2):
        task = prepare(
            adult, qi, goal, k=None, hierarchies={name: rungs[name] for name in qi}, suppress=suppress,
            utility=utility, weights=None, keep=(), levels=None, unit=None,
        )  # fmt: skip
        found = search(task, None, None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Rollup, "lost_at_least", lambda *_: 0)
            slow = search(task, None, None)
        assert (found.node, found.loss, found.suppressed, found.judged) == (
            slow.node, slow.loss, slow.suppressed, slow.judged,
        )  # fmt: skip


def test_most_nodes_are_told_by_their_hashes_alone(monkeypatch):
    adult = pk.example("adult")
    rungs = pk.example_hierarchies("adult")
    qi = ["age", "education", "occupation", "race", "marital-status", "sex"]
    task = task_of(adult, qi, pk.KAnonymity(5), 0.02, {name: rungs[name] for name in qi})
    looked, look = [], Search.look
    monkeypatch.setattr(Search, "look", lambda self, node: looked.append(node) or look(self, node))
    found = search(task, None, None)
    assert len(looked) < found.judged / 2
