"""Taking equivalence classes out of a tally, in an order that does not depend on the rows' order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.packed import column_codes
from privkit.values.contribution import positive_int

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally


def first_classes(tally: Tally, rank: NDArray[np.generic], n: object, function: str) -> NDArray[np.intp]:
    """Return the positions of the `n` classes of lowest `rank`; equal ranks are ordered by the classes' values.

    Parameters
    ----------
    tally : Tally
    rank : array, shape (n_classes,)
    n : int
        As the user gave it.
    """
    n = min(positive_int(n, function, "n"), tally.n_classes)
    if n == 0:
        return np.empty(0, dtype=np.intp)
    worst = np.partition(rank, n - 1)[n - 1]
    candidates = np.flatnonzero(rank <= worst)
    keys = tally.keys.iloc[candidates]
    codes = [_ordered_codes(keys[name]) for name in tally.by]
    order = np.lexsort([*reversed(codes), rank[candidates]])
    return candidates[order[:n]]


def _ordered_codes(column: pd.Series) -> NDArray[np.int64]:
    """Return codes in the order of the values; values of several types are ordered by type, then by their text."""
    codes, values = column_codes(column)
    known = values.dropna()
    try:
        if known.is_monotonic_increasing:
            return codes
    except TypeError:
        pass
    order = sorted(range(len(known)), key=lambda place: (type(known[place]).__name__, str(known[place])))
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(known))
    rank[len(known) :] = len(known)
    return rank[codes]


def class_frame(tally: Tally, positions: NDArray[np.intp], figures: dict[str, Any]) -> pd.DataFrame:
    """Return the values of the classes at `positions` with columns of figures after them.

    A figure whose name is also a quasi-identifier's gets an underscore.
    """
    frame = tally.keys.iloc[positions].reset_index(drop=True)
    for name, values in figures.items():
        while name in frame.columns:
            name += "_"  # noqa: PLW2901
        frame[name] = values
    return frame


def size_figures(tally: Tally, positions: NDArray[np.intp]) -> dict[str, Any]:
    """Return the sizes of some classes: persons and rows where a unit was named, else rows."""
    sizes = {"size": tally.counts[positions]}
    if tally.persons is not None:
        sizes["rows"] = tally.sizes[positions]
    return sizes
