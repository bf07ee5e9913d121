"""`anonymize` end to end: results, frames, options, and what bad input gets."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from transform_people import AGE, HOW, QI, ZIP, sizes

import privkit as pk
from privkit.anonymity.alpha_k import AlphaK
from privkit.anonymity.beta_likeness import BetaLikeness
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.population import KMap
from privkit.anonymity.reports import check
from privkit.anonymity.table_risk import AverageRisk, PopulationUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.errors import ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
from privkit.errors.anonymity import HierarchyError, InfeasibleError, PromiseBrokenError, RoleConflictError
from privkit.transform.anonymize import Anonymizer, anonymize
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.lattice import lattice
from privkit.values.writing import percent


@pytest.mark.parametrize("method", ["optimal", "local"])
def test_result_holds_and_tells(people, method):
    out = anonymize(people, QI, k=5, suppress=0.05, method=method, keep_index=True, **HOW)
    assert sizes(out.frame).min() >= 5
    assert out.suppressed_ == len(people) - len(out.frame) == (~out.kept_).sum() <= 30
    assert out.frame.index.equals(people.index[out.kept_])
    assert list(out.frame.columns) == list(people.columns)
    pd.testing.assert_series_equal(out.frame["paid"], people.loc[out.kept_, "paid"])
    assert out.proposed_ == ("sex",)
    assert out.report.satisfied
    assert not out.report.before.criteria["KAnonymity(5)"]
    assert out.report.after.k == sizes(out.frame).min()
    assert out.report.after.classes == out.classes_ == len(sizes(out.frame))
    assert repr(out).startswith(f"KAnonymity(5) holds: loss = {out.loss_:.4f}")
    assert out.to_frame().loc["k", "after"] == out.report.after.k
    assert out.plot() is not None
    assert set(out.levels_) == set(QI)


@pytest.mark.parametrize("method", ["optimal", "local"])
def test_a_recipient_of_adult_finds_what_was_promised(method):
    """Beside the table as it was given, β = 0.5 held; beside the frame handed out it was 1.021."""
    adult, rungs = pk.example("adult"), pk.example_hierarchies("adult")
    qi = ["sex", "marital-status", "education"]
    goal = KAnonymity(5) & BetaLikeness("income", 0.5)
    out = anonymize(adult, qi, goal, hierarchies={name: rungs[name] for name in qi}, suppress=0.2, method=method)
    assert out.report.satisfied
    assert check(out.frame, qi, goal).satisfied


def test_cells_are_kept_as_they_are_or_not_shown(people):
    out = anonymize(people, QI, k=3, method="cells", suppress=0, keep_index=True)
    assert sizes(out.frame).min() >= 3
    assert out.suppressed_ == 0
    stars = out.frame[QI].astype(str) == "*"
    assert (stars | (out.frame[QI].astype(str) == people[QI].astype(str))).all(axis=None)
    assert out.report.column_losses == pytest.approx(stars.mean().to_dict())
    assert f"zip {percent(stars['zip'].mean())}" in repr(out)
    dear = anonymize(people, QI, k=3, method="cells", suppress=0, importance={"age": 20})
    assert dear.report.column_losses["age"] < out.report.column_losses["age"]
    assert dear.report.column_losses["zip"] > out.report.column_losses["zip"]
    kept = anonymize(people, QI, k=3, method="cells", suppress=0.5, keep=["sex"])
    assert set(kept.frame["sex"]) <= {"f", "m"}
    assert not kept.proposed_


def test_the_given_frame_is_not_changed(people):
    before = people.copy(deep=True)
    anonymize(people, QI, k=5, **HOW)
    pd.testing.assert_frame_equal(people, before)


def test_columns_are_typed_and_survive_csv(people, tmp_path):
    out = anonymize(people, QI, k=5, suppress=0.05, **HOW)
    for name, level in out.levels_.items():
        if level == 0:
            assert out.frame[name].dtype == people[name].dtype
        else:
            assert out.frame[name].cat.ordered
            assert set(out.frame[name]) == set(out.frame[name].cat.categories)
    out.frame.to_csv(tmp_path / "out.csv", index=False)
    again = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert sorted(sizes(again)) == sorted(sizes(out.frame))


def test_suppressed_records_can_be_shown_with_stars(people):
    out = anonymize(people, QI, k=5, suppress=0.05, keep_index=True, **HOW)
    assert out.suppressed_
    whole = out.with_suppressed()
    assert whole.index.equals(people.index)
    plain = anonymize(people, QI, k=5, suppress=0.05, **HOW).with_suppressed()
    pd.testing.assert_frame_equal(plain, whole.reset_index(drop=True))
    assert (whole.loc[~out.kept_, QI].astype(str) == "*").all(axis=None)
    pd.testing.assert_series_equal(whole["paid"], people["paid"])


def test_identifiers_that_were_left_in_are_pointed_out(people):
    named = people.assign(mail=[f"u{n}@example.org" for n in range(len(people))])
    out = anonymize(named, QI, k=5, suppress=0.05, **HOW)
    assert out.identifying_ == ("who", "mail")
    assert "But 'who', 'mail' leave unchanged" in repr(out).splitlines()[0]
    kept = anonymize(named, QI, k=5, suppress=0.05, keep_index=True, **HOW)
    assert "But 'who', 'mail' and the index leave unchanged" in repr(kept).splitlines()[0]
    assert "u1@" not in repr(out)
    alone = anonymize(people.drop(columns="who").reset_index(drop=True), QI, k=5, suppress=0.05, **HOW)
    assert alone.identifying_ == ()
    assert "But" not in repr(alone)


@pytest.mark.parametrize(
    "criterion", [LDiversity("rare", 2), TCloseness("rare", 0.1), LDiversity("rare", 1.3, kind="entropy")]
)
def test_rare_sensitive_values_do_not_spoil_local_recoding(people, criterion):
    rare = people.assign(rare=(np.arange(len(people)) % 7 == 0).astype(str))
    best = anonymize(rare, QI, criterion, k=3, suppress=0, **HOW)
    local = anonymize(rare, QI, criterion, k=3, suppress=0, method="local", **HOW)
    assert local.loss_ < 0.8 * best.loss_
    assert local.report.satisfied


def test_methods_agree_on_their_order(people):
    best = anonymize(people, QI, k=5, suppress=0.05, **HOW)
    local = anonymize(people, QI, k=5, suppress=0.05, method="local", **HOW)
    assert local.loss_ < best.loss_
    assert best.optimal_
    assert not local.optimal_


def test_levels_can_be_applied_by_hand(people):
    out = anonymize(people, QI, k=5, suppress=0.2, keep_index=True, **HOW)
    hand = generalize(people, out.levels_, hierarchies=out.hierarchies, keep_index=True).frame
    pd.testing.assert_frame_equal(hand.loc[out.kept_, QI].astype(str), out.frame[QI].astype(str))


def test_weights_and_kept_columns_steer_the_search(people):
    kept = anonymize(people, QI, k=5, suppress=0.3, keep=["sex"], **HOW)
    assert kept.levels_["sex"] == 0
    dear = anonymize(people, QI, k=5, suppress=0.05, weights={"zip": 50}, **HOW)
    cheap = anonymize(people, QI, k=5, suppress=0.05, weights={"zip": 0.01}, **HOW)
    assert dear.levels_["zip"] < cheap.levels_["zip"]
    local = anonymize(people, QI, k=5, suppress=0.3, keep=["sex"], method="local", **HOW)
    assert set(local.frame["sex"]) <= {"f", "m"}


def test_persons_are_counted_where_a_unit_is_named(people):
    out = anonymize(people, QI, k=4, unit="who", suppress=0.1, **HOW)
    assert out.frame.groupby(QI, observed=True)["who"].nunique().min() >= 4
    assert repr(out.criteria) == "KAnonymity(4, unit='who')"


def test_missing_quasi_identifiers_are_values_and_no_row_is_lost(people):
    holes = people.copy()
    holes.loc[holes.index[::7], "age"] = np.nan
    holes.loc[holes.index[::11], "zip"] = None
    out = anonymize(holes, QI, k=3, suppress=0.3, **HOW)
    assert len(out.frame) + out.suppressed_ == len(holes)
    assert sizes(out.frame).min() >= 3


def test_polars_comes_back_as_polars(people):
    out = anonymize(pl.from_pandas(people.reset_index(drop=True)), QI, k=5, suppress=0.05, **HOW)
    assert isinstance(out.frame, pl.DataFrame)
    assert out.frame.group_by(QI).len()["len"].min() >= 5
    assert out.loss_ == anonymize(people, QI, k=5, suppress=0.05, **HOW).loss_


def test_categories_never_seen_are_no_classes(people):
    typed = people.assign(sex=pd.Categorical(people["sex"], categories=["f", "m", "x"]))
    assert (
        anonymize(typed, QI, k=5, suppress=0.05, **HOW).loss_ == anonymize(people, QI, k=5, suppress=0.05, **HOW).loss_
    )


def test_mixed_types_in_one_column():
    frame = pd.DataFrame({"code": [1, "1", "a", 2.5, None, "a"] * 3, "x": ["u"] * 18})
    out = anonymize(frame, ["code", "x"], k=3, suppress=0)
    assert sizes(out.frame, ["code", "x"]).min() >= 3


def test_estimates_of_the_population_as_criteria(people):
    for criterion in (KMap(5, population=100_000), PopulationUniqueness(0.001, population=100_000), AverageRisk(0.1)):
        out = anonymize(people, QI, criterion, suppress=0.05, **HOW)
        assert out.report.satisfied


def test_hierarchical_closeness(people):
    tree = {"flu": "lung", "cold": "lung", "gout": "joint"}
    out = anonymize(people, QI, TCloseness("ill", 0.1, distance=tree), k=5, suppress=0.2, **HOW)
    assert out.report.satisfied


def test_weeks_branch_off_and_the_optimum_is_still_found():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "day": pd.Timestamp("2026-01-20") + pd.to_timedelta(random.integers(0, 25, 60), "D"),
            "sex": random.choice(list("fm"), 60),
        }
    )
    how = {"hierarchies": {"day": Hierarchy.dates("day", "week", "month", "year")}, "suppress": 0.1}
    for utility in ("loss", "discernibility"):
        out = anonymize(frame, ["day", "sex"], k=6, utility=utility, **how)
        nodes = lattice(frame, ["day", "sex"], k=6, utility=utility, **how).nodes()
        assert out.loss_ == pytest.approx(nodes.loc[nodes["feasible"], "loss"].min())
    local = anonymize(frame, ["day", "sex"], k=6, method="local", **how)
    assert sizes(local.frame, ["day", "sex"]).min() >= 6


@pytest.mark.parametrize("method", ["optimal", "local"])
def test_no_rows_and_one_row(people, method):
    none = anonymize(people.iloc[:0], QI, k=5, method=method, **HOW)
    assert len(none.frame) == 0
    assert none.suppressed_ == 0
    one = anonymize(people.iloc[:1], QI, k=1, method=method, **HOW)
    assert one.loss_ == 0
    assert len(one.frame) == 1


def test_k_larger_than_the_table(people):
    with pytest.raises(InfeasibleError, match="the table has 10 rows") as caught:
        anonymize(people.iloc[:10], QI, k=11, **HOW)
    assert caught.value.suppressed == 10


def test_criteria_that_no_node_meets_say_what_the_best_node_reaches(people):
    with pytest.raises(InfeasibleError, match=r"no node of the lattice meets KAnonymity\(301\)") as caught:
        anonymize(people, QI, k=301, levels={"sex": 0}, **HOW)
    assert caught.value.suppressed == int(
        (people["sex"].value_counts() < 301).to_numpy() @ people["sex"].value_counts()
    )
    assert caught.value.limit == 12
    with pytest.raises(InfeasibleError, match="suppress") as caught:
        anonymize(people, QI, k=5, keep=QI, suppress=0.01, **HOW)
    share = caught.value.suppressed / 600
    assert (
        anonymize(people, QI, k=5, keep=QI, suppress=min(1, share + 0.001), **HOW).suppressed_
        == caught.value.suppressed
    )


EVEN = [LDiversity("ill", 3), LDiversity("ill", 2.5, kind="entropy"), LDiversity("ill", 3, kind="entropy")]
EVEN += [LDiversity("ill", two, kind="recursive", c=c) for two, c in ((2, 0.4), (2, 0.5), (2, 2), (3, 9))]
EVEN += [AlphaK("ill", alpha, 1) for alpha in (0.3, 0.34, 0.5)] + [KAnonymity(3, unit="ill")]


@pytest.mark.parametrize("criterion", EVEN, ids=repr)
@pytest.mark.parametrize("values", [1, 2, 3, 4])
@pytest.mark.sample(0.15)
def test_what_no_class_of_the_values_can_meet_is_refused_at_once_and_nothing_else_is(criterion, values):
    met = []  # every class of up to six rows of each value
    for counts in itertools.product(range(7), repeat=values):
        if any(counts):
            rows = pd.DataFrame(
                {"zip": "1", "ill": [str(value) for value in range(values) for _ in range(counts[value])]}
            )
            met.append(check(rows, ["zip"], criterion).satisfied)
            if met[-1]:
                break
    frame = pd.DataFrame({"zip": list("12") * 6 * values, "ill": [str(n) for n in range(values)] * 12})
    if any(met):
        assert len(anonymize(frame, ["zip"], criterion).frame)
        return
    for suppress in (0.02, 1):
        with pytest.raises(InfeasibleError, match=f"'ill' has {values} ") as caught:
            anonymize(frame, ["zip"], criterion, suppress=suppress)
        assert "suppress=" not in str(caught.value)
    with pytest.raises(InfeasibleError, match="the population has 2 persons"):
        anonymize(frame, ["zip"], KMap(3, population=frame[["zip"]].head(2)))


def test_suppressing_all_is_no_way_on_and_an_empty_table_is_said_to_be_one():
    frame = pd.DataFrame({"zip": list("1122"), "ill": list("aaab")})
    with pytest.raises(InfeasibleError) as caught:
        anonymize(frame, ["zip"], AlphaK("ill", 0.5, 3))
    assert "suppress=1.000" not in str(caught.value)
    out = anonymize(frame, ["zip"], AlphaK("ill", 0.5, 3), suppress=1)
    assert (len(out.frame), out.suppressed_) == (0, 4)
    assert "holds of an empty table, nothing is left" in repr(out).splitlines()[0]
    assert "nothing is left" not in repr(anonymize(frame, ["zip"], k=2))


def test_a_sensitive_column_is_no_quasi_identifier(people):
    with pytest.raises(RoleConflictError, match="ill"):
        anonymize(people, [*QI, "ill"], LDiversity("ill", 2), **HOW)
    with pytest.raises(RoleConflictError, match="who"):
        anonymize(people, [*QI, "who"], k=2, unit="who", **HOW)


def test_duplicate_columns_are_refused(people):
    doubled = people.rename(columns={"paid": "age"})
    with pytest.raises(DuplicateColumnError, match="age"):
        anonymize(doubled, QI, k=2, **HOW)
    with pytest.raises(DuplicateColumnError, match="zip"):
        anonymize(people, ["zip", "zip"], k=2)


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"k": 0}, ParameterError, "k=0"),
        ({"k": 2, "suppress": -0.1}, ParameterError, "suppress"),
        ({"k": 2, "suppress": 1.5}, ParameterError, "share of the rows"),
        ({"k": 2, "suppress": True}, ParameterError, "suppress"),
        ({}, ParameterError, "say what must hold"),
        ({"k": 2, "utility": "beauty"}, ParameterError, "utility='beauty'"),
        ({"k": 2, "method": "magic"}, ParameterError, "'optimal', 'local' or 'cells'"),
        ({"k": 2, "importance": {"zip": 2}}, ParameterError, "importance= is of cells"),
        ({"k": 2, "method": "cells", "importance": {"ill": 2}}, ParameterError, "importance="),
        ({"k": 2, "method": "cells", "weights": {"zip": 2}}, ParameterError, "importance= is its weights="),
        ({"k": 2, "method": "cells", "hierarchies": {"zip": ZIP}}, ParameterError, "without hierarchies="),
        ({"k": 2, "keep": ["ill"]}, ParameterError, "keep"),
        ({"k": 2, "weights": {"ill": 1}}, ParameterError, "weights"),
        ({"k": 2, "weights": {"zip": -1}}, ParameterError, "weights"),
        ({"k": 2, "time_limit": 0}, ParameterError, "time_limit"),
        ({"k": 2, "hierarchies": {"city": ZIP}}, HierarchyError, "city"),
        ({"k": 2, "hierarchies": {"zip": 7}}, ParameterError, "hierarchies"),
        ({"criteria": "k=5"}, ParameterError, "criteria joined by &"),
        ({"criteria": LDiversity("illness", 2)}, ColumnNotFoundError, "'ill'"),
        ({"unit": "who", "criteria": LDiversity("ill", 2)}, ParameterError, "unit="),
    ],
)
def test_wrong_arguments_say_what_to_type(people, wrong, error, match):
    with pytest.raises(error, match=match):
        anonymize(people, QI, **wrong)


def test_other_objects_are_no_frames():
    with pytest.raises(FrameError):
        anonymize([1, 2], ["a"], k=2)


def test_lattice_tells_every_node(people):
    found = lattice(people, QI, k=5, suppress=0.05, **HOW)
    nodes = found.nodes()
    assert len(nodes) == found.n_nodes == math.prod(found.shape.values())
    best = nodes[nodes["feasible"]].nsmallest(1, "loss").iloc[0]
    out = anonymize(people, QI, k=5, suppress=0.05, **HOW)
    assert best["loss"] == pytest.approx(out.loss_)
    node = {name: int(best[name]) for name in QI}
    applied = found.apply(node)
    assert len(applied.frame) == len(people) - best["suppressed"]
    assert sizes(applied.frame).min() == best["k"]
    with pytest.raises(InfeasibleError):
        found.apply({"zip": 0})
    assert "nodes" in repr(found)


def test_next_month_is_treated_alike_or_the_broken_promise_is_told(people):
    treat = Anonymizer(QI, k=5, suppress=0.05, **HOW).fit(people)
    again = treat.transform(people)
    pd.testing.assert_frame_equal(again.frame, treat.fitted_.frame)
    few = people.iloc[:40]
    with pytest.raises(PromiseBrokenError, match="new rows lie in classes") as caught:
        treat.transform(few)
    assert caught.value.rows > 2
    left = treat.transform(few, broken="suppress")
    assert left.suppressed_ == caught.value.rows
    assert left.frame.empty or sizes(left.frame).min() >= 5
    with pytest.raises(ParameterError, match="fit"):
        Anonymizer(QI, k=5).transform(people)
    assert "fit" in repr(Anonymizer(QI, k=5))
    assert "Levels" in repr(treat)


def test_generalize_alone_says_that_it_promises_nothing(people):
    out = generalize(people, {"zip": 2, "age": "width 10"}, hierarchies={"zip": ZIP, "age": AGE})
    assert out.levels_ == {"zip": 2, "age": 2}
    assert "promises nothing" in repr(out)
