"""Every verdict against a brute force in fractions, in any order of rows and columns, and after merging."""

from __future__ import annotations

import math
from fractions import Fraction

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.anonymity.alpha_k import AlphaK, alpha_k
from privkit.anonymity.beta_likeness import BetaLikeness, beta_likeness
from privkit.anonymity.criterion import ClassCounts
from privkit.anonymity.delta_disclosure import DeltaDisclosure, delta_disclosure
from privkit.anonymity.ldiversity import LDiversity, ldiv
from privkit.anonymity.tcloseness import TCloseness, tclose
from privkit.tally.coded_classes import count_values

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 1), st.sampled_from(["x", "y", "z", None])), max_size=30
)


def frame_of(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["zip", "sex", "ill"])
    return frame.astype({"zip": object, "ill": object, "sex": int})


def classes_of(rows) -> dict:
    classes: dict = {}
    for zip_, sex, ill in rows:
        counts = classes.setdefault((zip_, sex), {})
        counts[ill] = counts.get(ill, 0) + 1
    return classes


def met_by_hand(criterion, counts: dict, table: dict, n_rows: int) -> bool:
    n = sum(counts.values())
    p = {ill: Fraction(counts.get(ill, 0), n) for ill in table}
    q = {ill: Fraction(table[ill], n_rows) for ill in table}
    r = sorted(counts.values(), reverse=True)
    match criterion:
        case LDiversity(kind="distinct"):
            return len(r) >= criterion.l
        case LDiversity(kind="entropy"):
            return n**n * criterion.l.denominator**n >= criterion.l.numerator**n * math.prod(c**c for c in r)
        case LDiversity(kind="recursive"):
            return r[0] < criterion.c * sum(r[criterion.l - 1 :])
        case TCloseness():
            return sum(abs(p[ill] - q[ill]) for ill in table) / 2 <= criterion.t
        case BetaLikeness():
            gains = {ill: (p[ill] - q[ill]) / q[ill] for ill in table if p[ill] > q[ill]}
            natural = criterion.kind == "basic" or all(gain <= -math.log(q[ill]) for ill, gain in gains.items())
            return natural and all(gain <= criterion.beta for gain in gains.values())
        case DeltaDisclosure():
            bound = Fraction(2) ** int(criterion.delta)
            return all((1 / bound < p[ill] / q[ill] < bound) if p[ill] else not criterion.absent for ill in table)
        case AlphaK():
            return n >= criterion.k and all(share <= criterion.alpha for share in p.values())
    raise AssertionError


SHARES = st.fractions(0, 1, max_denominator=8)
JUDGED = st.one_of(
    st.builds(LDiversity, st.just("ill"), st.integers(1, 4)),
    st.builds(lambda bound: LDiversity("ill", 1 + 3 * bound, kind="entropy"), SHARES),
    st.builds(
        lambda bound, c: LDiversity("ill", bound, kind="recursive", c=c + Fraction(1, 8)), st.integers(1, 4), SHARES
    ),
    st.builds(TCloseness, st.just("ill"), SHARES),
    st.builds(
        lambda b, k: BetaLikeness("ill", 4 * b + Fraction(1, 8), kind=k), SHARES, st.sampled_from(["basic", "enhanced"])
    ),
    st.builds(lambda d, a: DeltaDisclosure("ill", d, absent=a), st.integers(1, 3), st.booleans()),
    st.builds(lambda a, k: AlphaK("ill", a or 1, k), SHARES, st.integers(1, 4)),
)


def judge(frame, criterion):
    qi = ["zip", "sex"]
    match criterion:
        case LDiversity():
            return ldiv(frame, qi, "ill", l=criterion.l, kind=criterion.kind, c=criterion.c)
        case TCloseness():
            return tclose(frame, qi, "ill", t=criterion.t)
        case BetaLikeness():
            return beta_likeness(frame, qi, "ill", beta=criterion.beta, kind=criterion.kind)
        case DeltaDisclosure():
            return delta_disclosure(frame, qi, "ill", delta=criterion.delta, absent=criterion.absent)
        case AlphaK():
            return alpha_k(frame, qi, "ill", alpha=criterion.alpha, k=criterion.k)
    raise AssertionError


@given(ROWS, JUDGED)
@settings(max_examples=200)
def test_every_verdict_agrees_with_brute_force_in_fractions(rows, criterion):
    frame, classes = frame_of(rows), classes_of(rows)
    table: dict = {}
    for counts in classes.values():
        for ill, count in counts.items():
            table[ill] = table.get(ill, 0) + count
    bad = [counts for counts in classes.values() if not met_by_hand(criterion, counts, table, len(rows))]
    report = judge(frame, criterion)
    assert report.criterion == criterion
    assert report.classes_short == len(bad)
    assert report.rows_short == sum(sum(counts.values()) for counts in bad)
    assert report.satisfied == (not bad)
    found = count_values(frame, ["zip", "sex"], "ill")
    if not rows:
        return
    dense = criterion.satisfied(ClassCounts(found.classes.sizes, {"ill": found.matrix()}, {"ill": found.totals}))
    assert int((~dense).sum()) == len(bad)


@given(ROWS, JUDGED, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_order_of_rows_columns_and_index_never_matter(rows, criterion, random):
    frame = frame_of(rows)
    order = list(range(len(frame)))
    random.shuffle(order)
    shuffled = frame.iloc[order][["ill", "sex", "zip"]]
    shuffled.index = [random.choice("ab") for _ in order]
    one, two = judge(frame, criterion), judge(shuffled, criterion)
    assert repr(one) == repr(two)
    pd.testing.assert_frame_equal(one.worst(4), two.worst(4))
    pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())


@given(ROWS, JUDGED)
@settings(max_examples=100)
def test_merging_classes_keeps_what_merges(rows, criterion):
    frame = frame_of(rows)
    if criterion.merges and judge(frame, criterion).satisfied:
        assert judge(frame.assign(sex=0), criterion).satisfied
        assert judge(frame.assign(zip="a"), criterion).satisfied


def test_disclosure_without_absent_values_breaks_by_merging():
    # Class b has the value at just above half the table's share; merged with a, which lacks it, it falls to below.
    rows = [("a", 0, "x")] * 4 + [("b", 0, "x")] * 7 + [("b", 0, "y")] * 1 + [("c", 0, "y")] + [("c", 0, "x")] * 3
    frame = frame_of(rows)
    criterion = DeltaDisclosure("ill", Fraction(1))
    fine = delta_disclosure(frame, "zip", "ill", delta=criterion.delta)
    merged = frame.assign(zip=frame["zip"].replace("b", "a"))
    assert bool(fine.short[[0, 1]].any()) is False
    assert delta_disclosure(merged, "zip", "ill", delta=criterion.delta).classes_short == 1
    assert not criterion.merges
