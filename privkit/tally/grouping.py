"""Grouping integers: the one call that every search repeats, on the tally and never on rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 63


def grouped(
    keys: NDArray[np.int64], counts: NDArray[np.int64], bits: tuple[int, int] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys in ascending order and the sum of their counts.

    Where key and count fit together in 63 bits they are sorted as one integer, which is several times faster
    than an argsort.

    Parameters
    ----------
    keys : array of int64, shape (n,)
        Not negative.
    counts : array of int64, shape (n,)
        Not negative.
    bits : tuple of int, optional
        How many bits keys and counts take at most, where the caller knows.

    Examples
    --------
    >>> keys, sums = grouped(np.array([7, 3, 7]), np.array([1, 5, 2]))
    >>> keys.tolist(), sums.tolist()
    ([3, 7], [5, 3])
    """
    if len(keys) == 0:
        return keys, counts
    key_bits, width = bits or (int(keys.max()).bit_length(), int(counts.max()).bit_length())
    if key_bits + width <= _BITS:
        packed = keys << width
        packed |= counts
        packed.sort()
        keys, counts = packed >> width, packed & ((1 << width) - 1)
    else:
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
    first = starts(keys)
    return keys[first], np.add.reduceat(counts, first)


def starts(ordered: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where runs of equal entries begin.

    Examples
    --------
    >>> starts(np.array([4, 4, 6])).tolist()
    [0, 2]
    """
    changes = np.empty(len(ordered), dtype=bool)
    changes[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=changes[1:])
    return changes.nonzero()[0]


def distinct(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct codes in ascending order, and the place of each row's code among them.

    By hashing: at a million rows four times as fast as `numpy.unique` with its inverse.
    """
    import pandas as pd

    place, found = pd.factorize(codes)
    order = np.argsort(found, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return found[order], rank[place]
