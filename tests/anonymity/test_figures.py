from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from privkit.anonymity import alpha_k, beta_likeness, figures, ldiversity
from privkit.anonymity.criterion import ClassCounts
from privkit.anonymity.figures import Ratios
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.tcloseness import TCloseness
from privkit.tally.class_values import ClassValues
from privkit.tally.classes import Tally
from privkit.tally.coded_classes import count_values

ROWS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 6)), min_size=1, max_size=40)
TREE = [np.arange(7), np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 0, 0, 0, 1, 1, 1])]


def counted(rows):
    return count_values(pd.DataFrame(rows, columns=["zip", "ill"]), "zip", "ill")


def groups_of(rows) -> dict[str, Counter]:
    classes: dict[str, Counter] = {}
    for zip_, ill in rows:
        classes.setdefault(zip_, Counter())[ill] += 1
    return classes


def shares(counter: Counter, values) -> list[Fraction]:
    return [Fraction(counter[value], sum(counter.values())) for value in values]


def by_class(found, ratios: Ratios) -> dict[str, Fraction]:
    pairs = zip(ratios.numerators.tolist(), ratios.denominators.tolist(), strict=True)
    return dict(zip(found.classes.keys["zip"], (Fraction(a, b) for a, b in pairs), strict=True))


def tree_distance(p: list[Fraction], q: list[Fraction], levels: list[list[int]]) -> Fraction:
    """The definition of Li et al. 2007 to the letter: costs of inner nodes by their children's extras."""
    height = len(levels)
    extras = {(0, place): a - b for place, (a, b) in enumerate(zip(p, q, strict=True))}
    parent = {(0, place): (1, levels[1][place]) if height > 1 else (1, 0) for place in range(len(p))}
    for h in range(1, height):
        for place in range(len(p)):
            parent[h, levels[h][place]] = (h + 1, levels[h + 1][place] if h + 1 < height else 0)
    cost = Fraction(0)
    for h in range(1, height + 1):
        children: dict[tuple, list[Fraction]] = {}
        for node, above in parent.items():
            if above[0] == h:
                children.setdefault(above, []).append(extras[node])
        for node, found in children.items():
            extras[node] = sum(found)
            pos = sum((e for e in found if e > 0), Fraction(0))
            neg = -sum((e for e in found if e < 0), Fraction(0))
            cost += Fraction(h, height) * min(pos, neg)
    return cost


@given(ROWS)
@settings(max_examples=80)
def test_distances_agree_with_the_definitions_in_fractions(rows):
    found, classes = counted(rows), groups_of(rows)
    values = sorted({ill for _, ill in rows})
    table = shares(Counter(ill for _, ill in rows), values)
    equal, ordered = by_class(found, figures.equal_distances(found)), by_class(found, figures.ordered_distances(found))
    levels = [np.unique(codes[values], return_inverse=True)[1] for codes in TREE]
    tree = by_class(found, figures.equal_distances(found, levels))
    for name, counter in classes.items():
        p = shares(counter, values)
        gaps = [a - b for a, b in zip(p, table, strict=True)]
        assert equal[name] == sum(map(abs, gaps)) / 2
        running = [sum(gaps[: i + 1]) for i in range(len(gaps))]
        assert ordered[name] == (sum(map(abs, running)) / (len(gaps) - 1) if len(gaps) > 1 else 0)
        assert tree[name] == tree_distance(p, table, [level.tolist() for level in levels])


@given(ROWS, st.fractions(Fraction(1, 10), 5, max_denominator=20))
@settings(max_examples=80)
def test_diversities_agree_with_the_definitions(rows, c):
    found, classes = counted(rows), groups_of(rows)
    names = found.classes.keys["zip"].tolist()
    distinct = dict(zip(names, figures.distinct_values(found).tolist(), strict=True))
    entropy = dict(zip(names, ldiversity.entropy_values(found).tolist(), strict=True))
    recursive = dict(zip(names, ldiversity.recursive_values(found, Fraction(c)).tolist(), strict=True))
    for name, counter in classes.items():
        assert distinct[name] == len(counter)
        p = [count / sum(counter.values()) for count in counter.values()]
        assert entropy[name] == pytest.approx(math.exp(-sum(x * math.log(x) for x in p)), rel=1e-12)
        r = sorted(counter.values(), reverse=True)
        assert recursive[name] == max((l for l in range(1, len(r) + 1) if r[0] < c * sum(r[l - 1 :])), default=0)  # noqa: E741


@given(ROWS)
@settings(max_examples=60)
def test_ratios_to_the_table_agree_with_the_definitions(rows):
    found, classes = counted(rows), groups_of(rows)
    table = Counter(ill for _, ill in rows)
    names = found.classes.keys["zip"].tolist()
    ratios, gained, top = (
        figures.shares_and_table(found),
        beta_likeness.relative_gains(found),
        alpha_k.top_shares(found),
    )
    for place, (class_, value) in enumerate(zip(found.class_of, found.value_of, strict=True)):
        counter, ill = classes[names[class_]], found.values[value]
        expected = Fraction(counter[ill], sum(counter.values())) / Fraction(table[ill], len(rows))
        assert Fraction(int(ratios.numerators[place]), int(ratios.denominators[place])) == expected
        assert Fraction(int(gained.numerators[place]), int(gained.denominators[place])) == expected - 1
    for name, share in by_class(found, top).items():
        assert share == Fraction(max(classes[name].values()), sum(classes[name].values()))


@given(ROWS, st.fractions(0, 1, max_denominator=12), st.sampled_from(["equal", "ordered"]))
@settings(max_examples=60)
def test_sparse_and_dense_decide_alike(rows, t, distance):
    found = counted(rows)
    classes = ClassCounts(found.classes.sizes, {"ill": found.matrix()}, {"ill": found.totals})
    criterion = TCloseness("ill", t, distance=distance)
    ratios = figures.equal_distances(found) if distance == "equal" else figures.ordered_distances(found)
    assert (ratios.below(t) == criterion.satisfied(classes)).all()
    bound = 1 + 3 * t
    reached = ldiversity.entropy_reaches(found, ldiversity.entropy_values(found), Fraction(bound))
    expected = LDiversity("ill", bound, kind="entropy").satisfied(classes)
    assert (reached == expected).all()


def test_entropy_of_equal_counts_reaches_their_number_exactly():
    for m in range(1, 40):
        found = counted([("a", ill) for ill in range(m)] * 3)
        values = ldiversity.entropy_values(found)
        assert values.tolist() == [m]
        assert ldiversity.entropy_reaches(found, values, Fraction(m)).all()
        assert not ldiversity.entropy_reaches(found, values, Fraction(m) + Fraction(1, 10**9)).any()


def test_entropy_near_a_bound_is_decided_in_whole_numbers():
    # (2, 1, 1): exp(H) = 2^1.5, irrational; its nearest floats lie on both sides.
    found = counted([("a", 0), ("a", 0), ("a", 1), ("a", 2)])
    values = ldiversity.entropy_values(found)
    below, above = Fraction(Fraction(math.nextafter(2**1.5, 0))), Fraction(Fraction(math.nextafter(2**1.5, 4)))
    assert ldiversity.entropy_reaches(found, values, below).all() == (below**2 <= 8)
    assert not ldiversity.entropy_reaches(found, values, above).any()


# -- fixtures of the literature ---------------------------------------------------------------------------------------


def test_counts_three_two_one():
    found = counted([("a", 0)] * 3 + [("a", 1)] * 2 + [("a", 2)])
    assert figures.distinct_values(found).tolist() == [3]
    assert ldiversity.entropy_values(found)[0] == pytest.approx(2.749459, abs=1e-6)
    assert ldiversity.recursive_values(found, Fraction(1)).tolist() == [1]
    assert ldiversity.recursive_values(found, Fraction("1.0001")).tolist() == [2]


def test_salaries_of_li_and_others():
    """Salaries 3k to 11k; the classes of their table 5 and the values that they compute."""
    salaries = {"first": (3, 4, 5), "second": (6, 8, 11), "third": (7, 9, 10)}
    found = counted([(name, salary) for name, three in salaries.items() for salary in three])
    assert by_class(found, figures.ordered_distances(found)) == {
        "first": Fraction(3, 8),
        "second": Fraction(1, 6),
        "third": Fraction(17, 72),
    }
    assert float(Fraction(17, 72)) == pytest.approx(0.236111, abs=1e-6)


def test_half_and_half_against_half_and_quarters():
    rows = [("a", 0), ("a", 1), ("b", 0), ("b", 2)]
    found = counted(rows)
    assert by_class(found, figures.equal_distances(found))["a"] == Fraction(1, 4)


def test_one_leaf_against_a_uniform_tree():
    found = counted([("x", 0), ("y", 1), ("y", 2), ("y", 3)])
    levels = [np.arange(4), np.array([0, 0, 1, 1])]
    assert by_class(found, figures.equal_distances(found, levels))["x"] == Fraction(5, 8)


def test_hierarchical_distance_stays_exact_where_32_and_64_bits_would_not():
    scale = 3_000_000_000
    found = counted([("x", 0), ("y", 1), ("y", 2), ("y", 3)])
    tally = found.classes
    sizes, counts = tally.sizes * scale, found.counts * scale
    classes = Tally(tally.by, sizes, None, tally.table)
    large = ClassValues(classes, found.values, found.class_of, found.value_of, counts)
    levels = [np.arange(4), np.array([0, 0, 1, 1])]
    for figure in (
        figures.equal_distances,
        figures.ordered_distances,
        lambda each: figures.equal_distances(each, levels),
    ):
        assert by_class(large, figure(large)) == by_class(found, figure(found))
    assert beta_likeness.relative_gains(large).largest() == beta_likeness.relative_gains(found).largest()


# -- ratios -----------------------------------------------------------------------------------------------------------

WHOLE = st.integers(0, 2**40)


@given(st.lists(st.tuples(WHOLE, st.integers(1, 2**40)), min_size=1, max_size=8), st.fractions(0, 3), st.booleans())
@settings(max_examples=100)
def test_ratios_compare_as_fractions_do(pairs, limit, strict):
    ratios = Ratios(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]))
    limits = [limit, *(Fraction(a, b) for a, b in pairs)]
    for bound in limits:
        expected = [Fraction(a, b) < bound if strict else Fraction(a, b) <= bound for a, b in pairs]
        assert ratios.below(bound, strict=strict).tolist() == expected
    assert ratios.largest() == max(Fraction(a, b) for a, b in pairs)


@given(ROWS, st.sampled_from(["ab", "cd", "abc"]))
@settings(max_examples=60)
def test_merging_classes_makes_none_less_diverse_or_farther(rows, merged):
    assume(len(groups_of(rows)) > 1)
    coarse = [("m" if zip_ in merged else zip_, ill) for zip_, ill in rows]
    fine, after = counted(rows), counted(coarse)
    assert figures.distinct_values(after).min() >= figures.distinct_values(fine).min()
    assert ldiversity.entropy_values(after).min() >= ldiversity.entropy_values(fine).min() * (1 - 1e-12)
    assert ldiversity.recursive_values(after, Fraction(2)).min() >= ldiversity.recursive_values(fine, Fraction(2)).min()
    assert figures.equal_distances(after).largest() <= figures.equal_distances(fine).largest()
    assert figures.ordered_distances(after).largest() <= figures.ordered_distances(fine).largest()
    assert beta_likeness.relative_gains(after).largest() <= beta_likeness.relative_gains(fine).largest()
    assert alpha_k.top_shares(after).largest() <= alpha_k.top_shares(fine).largest()
