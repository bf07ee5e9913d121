"""Which equivalence classes meet a criterion, for all classes of a table at once.

Float arithmetic decides where it is clear; within `_NEAR` of a bound each class is decided again in exact integers,
so that a mask never depends on rounding.

How many rows of a class must go, at least, however finely it is split: the bound that prunes a search.

Most criteria bound a convex function of a class's distribution. If every part of a split class that is kept meets
such a criterion, their union K meets it too. At the class C there is a linear functional w with
``criterion(K) => Σ w_v (share of v in K) <= b`` (a supporting plane). With e = Σ w_v c_v - b n > 0 at C, taking one
row away lowers the excess by at most max(w) - b, so at least ``e / (max(w) - b)`` rows are not in K.
The bound holds for C itself and for every refinement of it, whatever columns are refined.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.criteria import (
    AlphaK,
    BetaLikeness,
    Criterion,
    DeltaDisclosure,
    KAnonymity,
    KMap,
    LDiversity,
    TCloseness,
)
from privkit.anonymity.criteria.ldiversity import is_recursive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

#: Relative distance to a bound below which exact arithmetic decides.
_NEAR = 1e-9


def least_size(criterion: Criterion, n_rows: int) -> int:
    """Return a class size below which the criterion cannot be met: the part of it that is plain k-anonymity.

    Examples
    --------
    >>> least_size(KAnonymity(5) & LDiversity("ill", 3), 100)
    5
    """
    least = 1
    for part in criterion.parts:
        if isinstance(part, AlphaK) or (isinstance(part, KAnonymity) and part.unit is None):
            least = max(least, part.k)
        elif isinstance(part, KMap) and part.estimated:
            least = max(least, part.sample_k(n_rows))
        elif isinstance(part, LDiversity):
            least = max(least, -int(-part.l // 1))
        elif isinstance(part, KAnonymity):
            least = max(least, part.k)  # k persons have at least k rows
    return least


def satisfied(
    criterion: Criterion,
    sizes: Ints,
    counts: Mapping[str, Ints],
    table: Mapping[str, Ints],
    *,
    n_rows: int | None = None,
    trees: Mapping[str, Sequence[Ints]] | None = None,
) -> Mask:
    """Return the mask of the classes that meet every part of a criterion that judges classes.

    Reads tallies only.

    Parameters
    ----------
    criterion : Criterion
        Parts that judge the table as a whole, or need a population's table, are left to the caller.
    sizes : array of int64, shape (n_classes,)
        Rows in each class.
    counts : dict of str to array of int64, shape (n_classes, n_values)
        Rows of each value of each column in `criterion.columns`, per class.
    table : dict of str to array of int64, shape (n_values,)
        The same for the whole table.
    n_rows : int, optional
        Rows of the table, for an estimated `KMap`; by default the sum of `sizes`.
    trees : dict of str to sequence of arrays of int64, shape (n_values,), optional
        The groups of each level, from the values upwards, of a column whose `TCloseness` has a hierarchy.

    Examples
    --------
    >>> ill = np.array([[2, 0], [1, 1]])
    >>> satisfied(LDiversity("ill", 2), ill.sum(axis=1), {"ill": ill}, {"ill": ill.sum(axis=0)}).tolist()
    [False, True]
    """
    total = int(sizes.sum()) if n_rows is None else n_rows
    mask = sizes >= least_size(criterion, total)
    for part in criterion.parts:
        if isinstance(part, KAnonymity) and part.unit is not None:
            mask &= persons(counts[part.unit]) >= part.k
        elif isinstance(part, AlphaK | BetaLikeness | DeltaDisclosure | LDiversity | TCloseness):
            column = part.sensitive
            levels = None if trees is None else trees.get(column)
            mask[mask] &= _one(part, sizes[mask], counts[column][mask], table[column], levels)
    return mask


def persons(counts: Ints) -> Ints:
    """Return how many distinct values each class has."""
    return np.count_nonzero(counts, axis=1)


def _one(part: Criterion, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
    if isinstance(part, LDiversity):
        return _diverse(part, sizes, counts)
    if isinstance(part, TCloseness):
        return _decided(
            distances(part, sizes, counts, table, levels) - float(part.t),
            lambda row: _exact_distance(part, counts[row], table, levels) <= part.t,
        )
    if isinstance(part, BetaLikeness):
        return _decided(*_likeness(part, sizes, counts, table))
    if isinstance(part, DeltaDisclosure):
        return _disclosing(part, sizes, counts, table)
    assert isinstance(part, AlphaK)
    top = counts.max(axis=1, initial=0)
    return np.asarray(top * part.alpha.denominator <= sizes * part.alpha.numerator)


def _decided(gap: Floats, exactly: Callable[[int], bool]) -> Mask:
    """Return gap <= 0, asking `exactly` where rounding could matter."""
    mask = gap <= 0
    for row in np.flatnonzero(np.abs(gap) < _NEAR):
        mask[row] = exactly(int(row))
    return mask


def _diverse(part: LDiversity, sizes: Ints, counts: Ints) -> Mask:
    if part.kind == "distinct":
        return np.asarray(persons(counts) >= int(part.l))
    if part.kind == "entropy":
        bound = np.log(float(part.l))
        return _decided(bound - entropies(sizes, counts), lambda row: _entropy_reached(counts[row], Fraction(part.l)))
    assert part.c is not None
    least = int(part.l)
    top = np.sort(counts, axis=1)[:, ::-1]
    tail = sizes - top[:, : least - 1].sum(axis=1)
    first, c = top[:, 0], part.c
    gap = first - float(c) * tail
    # r1 < c * tail, strictly: decided exactly at and near equality.
    mask = gap < 0
    for row in np.flatnonzero(np.abs(gap) < _NEAR * np.maximum(sizes, 1)):
        mask[row] = is_recursive(tuple(int(count) for count in counts[row] if count), least, c)
    return mask


def entropies(sizes: Ints, counts: Ints) -> Floats:
    """Return the Shannon entropy of each class, in nats."""
    shares = counts / np.maximum(sizes, 1)[:, None]
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)


def _entropy_reached(counts: Ints, bound: Fraction) -> bool:
    # exp(H) >= l, with n the sum: n^n >= l^n Π c^c, in whole numbers.
    present = [int(count) for count in counts if count]
    n = sum(present)
    product = 1
    for count in present:
        product *= count**count
    return bool(n**n * bound.denominator**n >= bound.numerator**n * product)


def distances(part: TCloseness, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None = None) -> Floats:
    """Return the earth mover's distance of each class to the table."""
    gaps = counts / np.maximum(sizes, 1)[:, None] - table / max(int(table.sum()), 1)
    if part.distance == "equal":
        return np.abs(gaps).sum(axis=1) / 2
    if part.distance == "ordered":
        return np.abs(np.cumsum(gaps, axis=1)).sum(axis=1) / max(len(table) - 1, 1)
    assert levels is not None
    return np.mean([np.abs(_merged(gaps, codes)).sum(axis=1) / 2 for codes in levels], axis=0)


def _merged(matrix: NDArray[np.float64], codes: Ints) -> Floats:
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], np.diff(codes[order]) != 0)))
    return np.add.reduceat(matrix[:, order], starts, axis=1)


def _exact_distance(part: TCloseness, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Fraction:
    n, total = int(counts.sum()), int(table.sum())
    gaps = [int(c) * total - int(q) * n for c, q in zip(counts, table, strict=True)]
    if part.distance == "equal":
        return Fraction(sum(map(abs, gaps)), 2 * n * total)
    if part.distance == "ordered":
        running = summed = 0
        for gap in gaps:
            running += gap
            summed += abs(running)
        return Fraction(summed, n * total * max(len(gaps) - 1, 1))
    assert levels is not None
    summed = 0
    for codes in levels:
        merged: dict[int, int] = {}
        for code, gap in zip(codes.tolist(), gaps, strict=True):
            merged[code] = merged.get(code, 0) + gap
        summed += sum(map(abs, merged.values()))
    return Fraction(summed, 2 * n * total * len(levels))


def likeness_caps(part: BetaLikeness, table: Ints) -> Floats:
    """Return the largest share that each value may have in a class."""
    shares = table / max(int(table.sum()), 1)
    gain = np.full(len(table), float(part.beta))
    if part.kind == "enhanced":
        with np.errstate(divide="ignore"):
            gain = np.minimum(gain, -np.log(shares))
    return shares * (1 + gain)


def _likeness(part: BetaLikeness, sizes: Ints, counts: Ints, table: Ints) -> tuple[Floats, Callable[[int], bool]]:
    total = int(table.sum())
    caps = likeness_caps(part, table)
    gap = (counts / np.maximum(sizes, 1)[:, None] - caps).max(axis=1, initial=-np.inf)

    def exactly(row: int) -> bool:
        n = int(counts[row].sum())
        for count, q in zip(counts[row].tolist(), table.tolist(), strict=True):
            if count * total <= q * n:  # no gain
                continue
            gain = Fraction(count * total - q * n, q * n)
            natural = -np.log(q / total) if part.kind == "enhanced" else np.inf
            if gain > part.beta or float(gain) > natural:
                return False
        return True

    return gap, exactly


def _disclosing(part: DeltaDisclosure, sizes: Ints, counts: Ints, table: Ints) -> Mask:
    total = int(table.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.abs(np.log2(counts * float(total)) - np.log2(sizes[:, None] * table.astype(float)))
    logs = np.where(counts > 0, logs, np.inf if part.absent else 0.0)
    logs[:, table == 0] = 0.0
    gap = logs.max(axis=1, initial=0.0) - float(part.delta)
    mask = gap < 0  # strictly

    def exactly(row: int) -> bool:
        # |log2 x| < a/b  <=>  x^b < 2^a and 2^a x^b > 1
        n, a, b = int(counts[row].sum()), part.delta.numerator, part.delta.denominator
        for count, q in zip(counts[row].tolist(), table.tolist(), strict=True):
            if count == 0 or q == 0:
                if q and part.absent:
                    return False
                continue
            ratio = Fraction(count * total, q * n) ** b
            if not (ratio < 2**a and ratio * 2**a > 1):
                return False
        return True

    for row in np.flatnonzero(np.abs(gap) < _NEAR):
        mask[row] = exactly(int(row)) if part.delta.denominator <= 1000 else False
    return mask


#: Taken off before rounding up, so that a float can only understate what is forced.
_SLACK = 1e-6


def forced(
    criterion: Criterion,
    sizes: Ints,
    counts: Mapping[str, Ints],
    table: Mapping[str, Ints],
    trees: Mapping[str, Sequence[Ints]] | None = None,
) -> Ints:
    """Return for each class how many rows no refinement of it can keep.

    Parameters as in `privkit.anonymity.verdicts.satisfied`; classes that are too small are the caller's.

    Examples
    --------
    >>> ill = np.array([[9, 1]])  # at most half of a class may be one value: 8 of the 9 must go
    >>> forced(AlphaK("ill", 0.5, 2), np.array([10]), {"ill": ill}, {"ill": np.array([9, 9])}).tolist()
    [8]
    """
    answer = np.zeros(len(sizes), dtype=np.int64)
    for part in criterion.parts:
        if isinstance(part, KAnonymity) and part.unit is not None:
            np.maximum(answer, np.where(persons(counts[part.unit]) < part.k, sizes, 0), out=answer)
        elif isinstance(part, LDiversity) and part.kind == "distinct":
            np.maximum(answer, np.where(persons(counts[part.sensitive]) < part.l, sizes, 0), out=answer)
        elif isinstance(part, AlphaK | BetaLikeness | DeltaDisclosure | LDiversity | TCloseness):
            levels = None if trees is None else trees.get(part.sensitive)
            rows = _rows(part, sizes, counts[part.sensitive], table[part.sensitive], levels)
            np.maximum(answer, np.minimum(np.ceil(rows - _SLACK), sizes).astype(np.int64), out=answer)
    return answer


def _rows(part: Criterion, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
    if isinstance(part, AlphaK):
        return _over_caps(sizes, counts, np.full(len(table), float(part.alpha)))
    if isinstance(part, BetaLikeness):
        return _over_caps(sizes, counts, likeness_caps(part, table))
    if isinstance(part, DeltaDisclosure):
        # Only the upper side is convex while absent values are let pass.
        return _over_caps(sizes, counts, table / max(int(table.sum()), 1) * 2.0 ** float(part.delta))
    if isinstance(part, TCloseness):
        return _too_far(part, sizes, counts, table, levels)
    assert isinstance(part, LDiversity)
    return _too_uniform(part, sizes, counts)


def _over_caps(sizes: Ints, counts: Ints, caps: Floats) -> Floats:
    """Every value v may have at most a share u_v of what is kept.

    For any set O of values, taking r rows away leaves at least c_O - r rows of O, of at most (n - r) u_O:
    ``r >= (c_O - n u_O) / (1 - u_O)``. O is what is over its cap, taken anew for the rows that are left.
    """
    rows = np.zeros(len(sizes))
    for _ in range(3):
        over = counts > (sizes - rows)[:, None] * caps
        cap = over @ caps
        excess = np.where(over, counts, 0).sum(axis=1) - sizes * cap
        rows = np.maximum(rows, np.where((excess > 0) & (cap < 1), excess / np.where(cap < 1, 1 - cap, 1), 0.0))
    room = np.where(caps < 1, 1 - caps, np.inf)
    alone = np.clip((counts - sizes[:, None] * caps) / room, 0, None).max(axis=1, initial=0.0)
    return np.maximum(rows, alone)


def _support(weights: Floats, bound: Floats, sizes: Ints, counts: Ints) -> Floats:
    excess = (weights * counts).sum(axis=1) - bound * sizes
    steepest = np.where(counts > 0, weights, -np.inf).max(axis=1, initial=-np.inf) - bound
    return np.where((excess > 0) & (steepest > 0), excess / np.where(steepest > 0, steepest, 1), 0.0)


def _too_far(part: TCloseness, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
    shares = table / max(int(table.sum()), 1)
    gaps = counts / np.maximum(sizes, 1)[:, None] - shares
    if part.distance == "equal":
        weights = (gaps > 0).astype(np.float64)
    elif part.distance == "ordered":
        signs = np.sign(np.cumsum(gaps, axis=1))
        # A row with value v moves every cumulated share from v on.
        weights = np.cumsum(signs[:, ::-1], axis=1)[:, ::-1] / max(len(table) - 1, 1)
    else:
        assert levels is not None
        weights = np.zeros_like(gaps)
        for codes in levels:
            groups = np.unique(codes, return_inverse=True)[1]
            weights += (_merged(gaps, codes) > 0)[:, groups] / len(levels)
    return _support(weights, float(part.t) + (weights * shares).sum(axis=1), sizes, counts)


def _too_uniform(part: LDiversity, sizes: Ints, counts: Ints) -> Floats:
    if part.kind == "entropy":
        # The entropy of K is at most its cross entropy with C: Σ p_K ln p_C <= -ln l is needed.
        shares = counts / np.maximum(sizes, 1)[:, None]
        weights = np.log(np.where(shares > 0, shares, 1.0))
        return _support(weights, np.full(len(sizes), -np.log(float(part.l))), sizes, counts)
    assert part.c is not None
    # r1 + c (r1 + ... + r(l-1)) < c n, and the left side is at least that of C's own top values.
    order = np.argsort(-counts, axis=1, kind="stable")
    weights = np.zeros(counts.shape)
    np.put_along_axis(weights, order[:, : int(part.l) - 1], float(part.c), axis=1)
    weights[np.arange(len(counts)), order[:, 0]] += 1
    return _support(weights, np.full(len(sizes), float(part.c)), sizes, counts)
