"""Grouping integers: the one call that every search repeats, on the tally and never on rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BITS = 63


def grouped(keys: NDArray[np.int64], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys in ascending order and the sum of their counts.

    Where key and count fit together in 63 bits they are sorted as one integer, which is several times faster
    than an argsort.

    Parameters
    ----------
    keys : array of int64, shape (n,)
        Not negative.
    counts : array of int64, shape (n,)
        Not negative.

    Examples
    --------
    >>> keys, sums = grouped(np.array([7, 3, 7]), np.array([1, 5, 2]))
    >>> keys.tolist(), sums.tolist()
    ([3, 7], [5, 3])
    """
    if len(keys) == 0:
        return keys, counts
    width = int(counts.max()).bit_length()
    if int(keys.max()).bit_length() + width <= _BITS:
        packed = (keys << width) | counts
        packed.sort()
        keys, counts = packed >> width, packed & ((1 << width) - 1)
    else:
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[starts], np.add.reduceat(counts, starts)


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
