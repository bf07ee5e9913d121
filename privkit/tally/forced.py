"""How many rows of a class must go, at least, however finely it is split: the bound that prunes a search.

Most criteria bound a convex function of a class's distribution. If every part of a split class that is kept meets
such a criterion, their union K meets it too. At the class C there is a linear functional w with
``criterion(K) => Σ w_v (share of v in K) <= b`` (a supporting plane). With e = Σ w_v c_v - b n > 0 at C, taking one
row away lowers the excess by at most max(w) - b, so at least ``e / (max(w) - b)`` rows are not in K.
The bound holds for C itself and for every refinement of it, whatever columns are refined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.satisfied import _merged, likeness_caps, persons
from privkit.values.criteria import AlphaK, BetaLikeness, Criterion, DeltaDisclosure, KAnonymity, LDiversity, TCloseness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

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

    Parameters as in `privkit.tally.satisfied.satisfied`; classes that are too small are the caller's.

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
