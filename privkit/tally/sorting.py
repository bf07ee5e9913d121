"""Order where it is needed, by what is known of the keys; and counting without any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: So many ascending runs are merged as fast as any sort sorts; and so many entries, in whatever order inside of them.
_RUNS, _LOCAL = 100, 8


def sort(keys: NDArray[Any], local: float | None = None) -> NDArray[Any]:
    """Sort integers in place and return them, by what is known of their order: in the same time on all processors.

    Rows often lie by person, or in a few files that do: merging takes such runs a twentieth to a third of the time that
    sorting anew takes. Only keys in no order are left to NumPy's default, which is quick on some processors alone (see
    `privkit.tally.codes.grouped`).

    Parameters
    ----------
    keys : array of integers
    local : float, optional
        How many entries lie together on average that may be in any order, where all before and behind are in order.

    Examples
    --------
    >>> sort(np.array([3, 5, 1, 4])).tolist()
    [1, 3, 4, 5]
    """
    merges = int((keys[1:] < keys[:-1]).sum()) < _RUNS if local is None else local <= _LOCAL
    keys.sort(kind="stable" if merges else None)
    return keys


#: Odd, its bits without a pattern: 2**64 over the golden ratio (Knuth, The Art of Computer Programming 3, 6.4).
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def hashed(keys: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Return a number of `width` bits for each key: the same for equal keys, and seldom for others. Changes the keys.

    What is counted by it is counted in a few passes without any order, in the same time on all processors. A count is
    that of its key, or of several: so a low one is proof of how few there are, a high one is none.

    Examples
    --------
    >>> one, two = hashed(np.array([7, 3, 7]), 10)[[0, 2]].tolist()
    >>> one == two, 0 <= one < 1024
    (True, True)
    """
    places = keys.view(np.uint64)
    places *= _FACTOR
    places >>= np.uint64(64 - width)
    return places.view(np.int64)
