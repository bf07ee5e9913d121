"""Figures that several criteria share: of sparse counts, exactly, for reports; and of dense ones, for searches.

Sparse: pure functions of `ClassValues`, whose entries are the combinations of class and value that occur, ordered by
class, then value. Everything is linear in the entries; counts stay whole numbers, so that the ratios are exact.

Criteria that compare each class with a whole table: with which one, and what is left of them where rows leave it.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from privkit.anonymity.criterion import SensitivePart
from privkit.errors import ParameterError
from privkit.errors.root import type_told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Part
    from privkit.tally.class_values import ClassValues

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
Reference = Literal["kept", "input"]
W = TypeVar("W", bound=str)


class ReferencePart(SensitivePart):
    """A criterion on the values of a sensitive attribute in each class beside those in the whole table.

    Attributes
    ----------
    reference : {"kept", "input"}
        With which table a transformation compares its classes: with what it keeps, as everyone does who receives it;
        or with the table as it was given, suppressed rows included, as ARX does.
    """

    __slots__ = ()

    reference: Reference

    @property
    def moves(self) -> bool:
        """Whether suppressing rows moves what classes are compared with."""
        return self.reference == "kept"

    @abstractmethod
    def loosened(self, gone: int, table: Ints) -> Part | None:
        """Return what a class meets beside the `table` where it meets this beside what at most `gone` rows have left.

        What is returned may be weaker, never stronger: a search rules nodes out by it. None where nothing follows.
        """


def one_word(value: object, argument: str, allowed: Sequence[W]) -> W:
    """Return which of some words a value is, or refuse it."""
    for word in allowed:
        if isinstance(value, str) and value == word:
            return word
    *first, last = map(repr, allowed)
    found = repr(value) if isinstance(value, str) else type_told(value)
    raise ParameterError.of(argument, found, f"{', '.join(first)} or {last}")


#: What products may reach in 64 bits.
_ROOM = 2**62
#: Floats of quotients are nearer to each other than this only where the quotients may be equal.
_NEAR = 1e-12
#: A cap nearer to 1 than this bounds nothing.
_NARROW = 1e-3
#: Distance to a bound below which exact arithmetic decides about dense counts.
_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Ratios:
    """Numerators over denominators; a positive number over 0 is infinite.

    Attributes
    ----------
    numerators, denominators : arrays of int64, or of Python integers where 64 bits would not do
        Denominators are not negative.
    """

    numerators: NDArray[np.int64]
    denominators: NDArray[np.int64]

    @property
    def floats(self) -> NDArray[np.float64]:
        """The quotients, rounded."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.numerators.astype(np.float64) / self.denominators.astype(np.float64)

    def below(self, limit: Fraction, *, strict: bool = False) -> NDArray[np.bool_]:
        """Return which ratios are at most `limit`, or below it, exactly.

        Examples
        --------
        >>> ratios = Ratios(np.array([1, 2, 1]), np.array([3, 6, 0]))
        >>> ratios.below(Fraction(1, 3)).tolist(), ratios.below(Fraction(1, 3), strict=True).tolist()
        ([True, True, False], [False, False, False])
        """
        floats = self.floats
        mask: NDArray[np.bool_] = floats < float(limit)
        with np.errstate(invalid="ignore"):
            near = np.flatnonzero(np.abs(floats - float(limit)) <= _NEAR * max(abs(float(limit)), 1))
        left, right = self.numerators[near], self.denominators[near]
        a, b = limit.numerator, limit.denominator
        if max(_largest(left) * b, _largest(right) * abs(a), abs(a), b) >= _ROOM:
            left, right = left.astype(object), right.astype(object)
        mask[near] = left * b < right * a if strict else left * b <= right * a
        return mask

    def largest(self) -> Fraction:
        """Return the largest ratio, exactly; 0 where there is none.

        Examples
        --------
        >>> Ratios(np.array([1, 2]), np.array([3, 5])).largest()
        Fraction(2, 5)
        """
        if not len(self.numerators):
            return Fraction(0)
        floats = self.floats
        near = np.flatnonzero(floats >= floats.max() - _NEAR * max(abs(float(floats.max())), 1))
        pairs = {*zip(self.numerators[near].tolist(), self.denominators[near].tolist(), strict=True)}
        return max(Fraction(numerator, denominator) for numerator, denominator in pairs)


def _largest(values: NDArray[np.int64]) -> int:
    return max((abs(int(value)) for value in (values.max(), values.min())), default=0) if len(values) else 0


def whole(values: NDArray[np.int64], room: int) -> NDArray[np.int64]:
    """Return the values as they are where results up to `room` fit 64 bits, else as Python integers."""
    return values if room < _ROOM else values.astype(object)


def entry_starts(found: ClassValues) -> Ints:
    """Return the place of each class's first entry."""
    return np.searchsorted(found.class_of, np.arange(found.classes.n_classes))


def distinct_values(found: ClassValues) -> Ints:
    """Return how many values each class has: the l of distinct l-diversity."""
    return np.bincount(found.class_of, minlength=found.classes.n_classes)


def shares_and_table(found: ClassValues) -> Ratios:
    """Return p / q of each entry: the share of a value in its class over its share in the table."""
    total = found.classes.n_rows
    sizes = whole(found.classes.sizes, total**2)
    return Ratios(whole(found.counts, total**2) * total, sizes[found.class_of] * found.totals[found.value_of])


def class_maxima(found: ClassValues, values: Floats) -> Floats:
    """Return the largest of the entries' values in each class."""
    return np.maximum.reduceat(values, entry_starts(found)) if len(values) else np.empty(0)


def class_minima(found: ClassValues, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether all of the entries' values are true, for each class."""
    return np.logical_and.reduceat(values, entry_starts(found)) if len(values) else np.empty(0, dtype=bool)


def equal_distances(found: ClassValues, levels: Sequence[Ints] | None = None) -> Ratios:
    r"""Return the earth mover's distance of each class to the table, all values equally far, or along a tree.

    All values equally far: 1/2 Σ abs(p - q) = Σ max(0, p - q), as both p and q add up to 1.

    Along a tree of H levels above the values (level H one root) Li et al. 2007 set the cost of an inner node of
    height h to h/H · min(pos, neg), with pos and neg the sums of its children's positive and negative extras, where
    the extra of a node is the sum of p - q below it. As pos - neg is the node's own extra,
    min(pos, neg) = pos - max(0, extra). Let S(h) = Σ max(0, extra) over the nodes of level h. The nodes of level h cost
    h/H (S(h-1) - S(h)) together, and Σ h (S(h-1) - S(h)) over h = 1..H telescopes to S(0) + ... + S(H-1), because
    S(H) = 0 at the root. So the distance is the mean of S(h) over the levels below the root, and S(h) is the equal
    distance between generalized values.

    Parameters
    ----------
    found : ClassValues
    levels : sequence of arrays of int64, shape (n_values,), optional
        The group of each value at the levels 0, 1, ..., H - 1; by default the values alone.
    """
    total, sizes = found.classes.n_rows, found.classes.sizes
    chosen = [np.arange(len(found.values))] if levels is None else levels
    gains = sum(
        (_gains(found, codes, total, len(chosen)) for codes in chosen), start=np.zeros(len(sizes), dtype=np.int64)
    )
    return Ratios(gains, whole(sizes, total**2 * len(chosen)) * (total * len(chosen)))


def _gains(found: ClassValues, codes: Ints, total: int, parts: int) -> Ints:
    """Return Σ max(0, N c - n C) over the groups of each class, c of n rows in the class and C of N in the table."""
    groups = int(codes.max(initial=-1)) + 1
    if not groups:
        return np.zeros(found.classes.n_classes, dtype=np.int64)
    table = np.bincount(codes, weights=found.totals, minlength=groups).astype(np.int64)
    keys = found.class_of * groups + codes[found.value_of]
    if np.all(keys[1:] > keys[:-1]):
        counts = found.counts
    else:
        keys, inverse = np.unique(keys, return_inverse=True)
        counts = np.bincount(inverse, weights=found.counts).astype(np.int64)
    class_of, group_of = np.divmod(keys, groups)
    room = total**2 * parts
    extras = whole(counts, room) * total - whole(found.classes.sizes, room)[class_of] * table[group_of]
    starts = np.searchsorted(class_of, np.arange(found.classes.n_classes))
    return np.add.reduceat(np.maximum(extras, 0), starts)


def ordered_distances(found: ClassValues) -> Ratios:
    r"""Return the earth mover's distance of each class to the table for values in ascending order.

    Σj abs(P(j) - Q(j)) / (m - 1) over cumulated shares. P is constant between the values that a class has, and Q
    never falls; so each stretch has one place where Q overtakes P, and prefix sums of Q give both sides without a
    loop over j.
    """
    sizes, total, m = found.classes.sizes, found.classes.n_rows, len(found.values)
    if m < 2:
        return Ratios(np.zeros(len(sizes), dtype=np.int64), np.ones(len(sizes), dtype=np.int64))
    room = total**2 * m
    n, starts = whole(sizes, room), entry_starts(found)
    q = np.cumsum(found.totals)
    prefix = whole(np.concatenate(([0], np.cumsum(q))), room)
    cumulated = np.cumsum(found.counts)
    p = cumulated - (cumulated[starts] - found.counts[starts])[found.class_of]
    a = found.value_of
    b = np.append(a[1:], m)
    b[np.append(starts[1:], len(a)) - 1] = m
    of = n[found.class_of]
    target = -(-whole(p, room) * total // of)  # Q(j) >= N P / n from there on
    split = np.clip(np.searchsorted(q, target.astype(np.int64), side="left"), a, b)
    level = whole(p, room) * total
    under = level * (split - a) - of * (prefix[split] - prefix[a])
    over = of * (prefix[b] - prefix[split]) - level * (b - split)
    sums = np.add.reduceat(under + over, starts) + n * prefix[a[starts]]
    return Ratios(sums, n * (total * (m - 1)))


# -- Of dense counts, one row of values per class: for searches over many small tables -------------------------------


def present(counts: Ints) -> Ints:
    """Return how many distinct values each class has."""
    return np.count_nonzero(counts, axis=1)


def decided(gap: Floats, exactly: Callable[[int], bool], *, strict: bool = False) -> NDArray[np.bool_]:
    """Return gap <= 0, or gap < 0, asking `exactly` where rounding could matter."""
    mask = gap < 0 if strict else gap <= 0
    for row in np.flatnonzero(np.abs(gap) < _CLOSE):
        mask[row] = exactly(int(row))
    return mask


def merged(matrix: NDArray[Any], codes: Ints) -> NDArray[Any]:
    """Return the sums of the columns of each group, by ascending group."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], np.diff(codes[order]) != 0)))
    return np.add.reduceat(matrix[:, order], starts, axis=1)


def over_caps(sizes: Ints, counts: Ints, caps: Floats) -> Floats:
    """Every value v may have at most a share u_v of what is kept.

    For any set O of values, taking r rows away leaves at least c_O - r rows of O, of at most (n - r) u_O:
    ``r >= (c_O - n u_O) / (1 - u_O)``. O is what is over its cap, taken anew for the rows that are left.
    """
    caps = np.where(caps > 1 - _NARROW, 1.0, caps)  # dividing by so little would make rows of what is lost to rounding
    rows = np.zeros(len(sizes))
    for _ in range(3):
        over = counts > (sizes - rows)[:, None] * caps
        cap = over @ caps
        excess = np.where(over, counts, 0).sum(axis=1) - sizes * cap
        rows = np.maximum(rows, np.where((excess > 0) & (cap < 1), excess / np.where(cap < 1, 1 - cap, 1), 0.0))
    room = np.where(caps < 1, 1 - caps, np.inf)
    alone = np.clip((counts - sizes[:, None] * caps) / room, 0, None).max(axis=1, initial=0.0)
    return np.maximum(rows, alone)


def support(weights: Floats, bound: Floats, sizes: Ints, counts: Ints) -> Floats:
    """Return the rows to lose by a supporting plane: `Criterion.forced` has the proof."""
    excess = (weights * counts).sum(axis=1) - bound * sizes
    steepest = np.where(counts > 0, weights, -np.inf).max(axis=1, initial=-np.inf) - bound
    over = excess > _CLOSE * np.maximum(sizes, 1)  # a class that meets the bound exactly loses nothing to rounding
    return np.where(over & (steepest > 0), excess / np.where(steepest > 0, steepest, 1), 0.0)
