"""How diverse each class is in a sensitive attribute, and how far from the table: figures of sparse counts.

Pure functions of `ClassValues`, whose entries are the combinations of class and value that occur, ordered by class,
then value. Everything is linear in the entries; counts stay whole numbers, so that the ratios are exact.
`satisfied` decides the same on dense matrices, for searches over many small tables.

Ratios of whole numbers, one per class: compared with a bound, and their largest, exactly.

The groups of an attribute's values along a tree, for the hierarchical distance between distributions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.anonymity import HierarchyError
from privkit.values.exact import Exact

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


#: What products may reach in 64 bits.
_ROOM = 2**62
#: Floats of quotients are nearer to each other than this only where the quotients may be equal.
_NEAR = 1e-12


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

    def largest(self) -> Exact:
        """Return the largest ratio, exactly; 0 where there is none.

        Examples
        --------
        >>> Ratios(np.array([1, 2]), np.array([3, 5])).largest()
        0.4
        """
        if not len(self.numerators):
            return Exact(0)
        floats = self.floats
        near = np.flatnonzero(floats >= floats.max() - _NEAR * max(abs(float(floats.max())), 1))
        pairs = {*zip(self.numerators[near].tolist(), self.denominators[near].tolist(), strict=True)}
        return Exact(max(Fraction(numerator, denominator) for numerator, denominator in pairs))


def _largest(values: NDArray[np.int64]) -> int:
    return max((abs(int(value)) for value in (values.max(), values.min())), default=0) if len(values) else 0


def whole(values: NDArray[np.int64], room: int) -> NDArray[np.int64]:
    """Return the values as they are where results up to `room` fit 64 bits, else as Python integers."""
    return values if room < _ROOM else values.astype(object)


if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.tally.class_values import ClassValues
    from privkit.values.exact import Exact

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def entry_starts(found: ClassValues) -> Ints:
    """Return the place of each class's first entry."""
    return np.searchsorted(found.class_of, np.arange(found.classes.n_classes))


def distinct_values(found: ClassValues) -> Ints:
    """Return how many values each class has: the l of distinct l-diversity."""
    return np.bincount(found.class_of, minlength=found.classes.n_classes)


def entropy_values(found: ClassValues) -> Floats:
    """Return exp(entropy) of each class: the l of entropy l-diversity, a number and no truncated one.

    With counts c of sum n, H = ln n - Σ c ln c / n. Where all counts of a class are equal it is their number, exactly.
    """
    sizes, starts = found.classes.sizes, entry_starts(found)
    if not len(sizes):
        return np.empty(0)
    logs = np.add.reduceat(found.counts * np.log(found.counts), starts)
    values: Floats = np.exp(np.log(sizes) - logs / sizes)
    even = np.maximum.reduceat(found.counts, starts) == np.minimum.reduceat(found.counts, starts)
    return np.where(even, distinct_values(found), values)


def entropy_reaches(found: ClassValues, values: Floats, bound: Exact) -> NDArray[np.bool_]:
    """Return which classes have exp(entropy) >= bound, deciding near cases in whole numbers.

    exp(H) >= a/b  <=>  n^n b^n >= a^n Π c^c.
    """
    mask: NDArray[np.bool_] = values >= float(bound)
    starts = np.append(entry_starts(found), len(found.counts))
    known: dict[tuple[int, ...], bool] = {}
    for place in np.flatnonzero(np.abs(values - float(bound)) < 1e-9 * float(bound)):
        counts = np.sort(found.counts[starts[place] : starts[place + 1]])
        counts //= np.gcd.reduce(counts)  # shares, and so the entropy, stay the same
        key = tuple(counts.tolist())
        if key not in known:
            known[key] = _entropy_reached(key, bound)
        mask[place] = known[key]
    return mask


def _entropy_reached(counts: tuple[int, ...], bound: Exact) -> bool:
    n, product = sum(counts), 1
    for count in counts:
        product *= count**count
    reached: bool = n**n * bound.denominator**n >= bound.numerator**n * product
    return reached


def recursive_values(found: ClassValues, c: Exact) -> Ints:
    """Return the largest l of each class for which it is recursive (c, l)-diverse; 0 where none is.

    With counts r1 >= r2 >= ... the condition r1 < c (rl + ... + rm) gets harder with l: count the l that meet it.
    """
    sizes, starts = found.classes.sizes, entry_starts(found)
    if not len(sizes):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((-found.counts, found.class_of))
    counts = found.counts[order]
    before = np.cumsum(counts) - counts  # of all entries before, of all classes
    tails = sizes[found.class_of] - (before - before[starts][found.class_of])
    firsts = counts[starts][found.class_of]
    met = Ratios(firsts, tails).below(c, strict=True)
    return np.add.reduceat(met.astype(np.int64), starts)


def top_shares(found: ClassValues) -> Ratios:
    """Return the share of the most frequent value in each class: the α of (α, k)-anonymity."""
    if not found.classes.n_classes:
        return Ratios(found.counts, found.counts)
    return Ratios(np.maximum.reduceat(found.counts, entry_starts(found)), found.classes.sizes)


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


def shares_and_table(found: ClassValues) -> Ratios:
    """Return p / q of each entry: the share of a value in its class over its share in the table."""
    total = found.classes.n_rows
    sizes = whole(found.classes.sizes, total**2)
    return Ratios(whole(found.counts, total**2) * total, sizes[found.class_of] * found.totals[found.value_of])


def gains(found: ClassValues) -> Ratios:
    """Return (p - q) / q of each entry: the relative gain that β-likeness bounds."""
    ratios = shares_and_table(found)
    return Ratios(ratios.numerators - ratios.denominators, ratios.denominators)


def class_maxima(found: ClassValues, values: Floats) -> Floats:
    """Return the largest of the entries' values in each class."""
    return np.maximum.reduceat(values, entry_starts(found)) if len(values) else np.empty(0)


def class_minima(found: ClassValues, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether all of the entries' values are true, for each class."""
    return np.logical_and.reduceat(values, entry_starts(found)) if len(values) else np.empty(0, dtype=bool)


def tree_levels(tree: object, values: pd.Index, column: str, function: str) -> list[NDArray[np.int64]]:
    """Return the group of each value at the levels of a tree below its root, from the values themselves upwards.

    The root is the lowest level at which one group covers the whole hierarchy, or above the last where none does:
    a second root on top of it (a ``*`` over "any") would make all distances smaller and tell nothing.
    Missing is a group of its own below the root.

    Parameters
    ----------
    tree : hierarchy or mapping
        What `pk.TCloseness` takes.
    values : pandas.Index
        The column's values; missing, where it occurs, is the last.
    column, function : str
        For the errors.

    Raises
    ------
    HierarchyError
        If the tree lacks a value.

    Examples
    --------
    >>> import pandas as pd
    >>> parts = {"flu": ("lung", "any"), "asthma": ("lung", "any"), "ulcer": ("stomach", "any")}
    >>> [codes.tolist() for codes in tree_levels(parts, pd.Index(["flu", "asthma", "ulcer"]), "ill", "tclose")]
    [[0, 1, 2], [0, 0, 1]]
    """
    if isinstance(tree, Mapping):
        return _mapped(tree, values, column, function)
    levels: Any = tree.lay(values, column, function).levels  # type: ignore[attr-defined]  # a ValueTree
    root = next((place for place, level in enumerate(levels) if place and _is_root(level)), len(levels) - 1)
    return [np.asarray(level.codes, dtype=np.int64) for level in levels[: max(root, 1)]]


def _is_root(level: Any) -> bool:
    labels = [place for place, label in enumerate(level.labels) if label is not None]
    return len(labels) == 1 and bool(level.shares[labels[0]] > 1 - 1e-12)


def _mapped(tree: Mapping[Any, Any], values: pd.Index, column: str, function: str) -> list[NDArray[np.int64]]:
    import pandas as pd

    known = [value for value in values if not pd.isna(value)]
    if lacking := sum(value not in tree for value in known):
        raise HierarchyError.unmapped(function, column, lacking, len(known))
    paths = {value: _path(labels) for value, labels in tree.items()}
    rows = list(paths.values())
    height = len(rows[0]) if rows else 0
    for row, path in enumerate(rows, start=1):
        if len(path) != height:
            raise HierarchyError.ragged(function, row, len(path), height)
    root = next((level for level in range(height) if len({path[level] for path in rows}) == 1), height)
    levels = [np.arange(len(values))]
    for level in range(root):
        groups: dict[Any, int] = {}
        codes = [groups.setdefault(paths[value][level], len(groups)) for value in known]
        codes += [len(groups)] * (len(values) - len(known))
        levels.append(np.array(codes, dtype=np.int64))
    return levels


def _path(labels: Any) -> tuple[Any, ...]:
    return tuple(labels) if isinstance(labels, tuple | list) else (labels,)
