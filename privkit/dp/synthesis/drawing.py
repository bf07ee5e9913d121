"""Rows drawn from a model: by a tree of pairs first, then weighted until all pairs fit, then taken by their weights.

No data: from a model and a generator alone, which is post-processing.

*A tree.* The pairs that tell most (by mutual information, as Chow and Liu 1968) join all columns to a tree. Rows are
drawn along it, column by column, more of them than are needed.

*What is ruled out.* A row that the owner's rules leave no room for gets the levels that they tie together from one that
fits them.

*Weights.* Each pair in turn multiplies the weights of its cells' rows by what they lack: iterative proportional fitting
of the rows' weights, which ends at the weights nearest to equal ones, in relative entropy, whose tables are those of
the model, where there are such (Csiszár 1975).

*Taking.* Rows are ordered, and taken at even steps along their added weights from a random start. So each is taken the
next whole number below or above its expected number of times, and tables err less than of independent draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.synthesis.model import Model
from privkit.values.interrupts import let_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows that are drawn and weighted: so many times those that are needed, but at least, and at most.
_TIMES, _LEAST, _MOST = 2, 20_000, 200_000
#: How often all pairs are put right in turn, and the most that one turn multiplies a weight by.
_TURNS, _MOST_TIMES = 15, 50.0


def drawn_rows(model: Model, rows: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], bool]:
    """Return levels of rows that fit a model, shape (rows, columns), and whether an interrupt ended the weighting.

    Ctrl-C ends the weighting early: rows are then taken by the weights so far.
    """
    base = along_tree(model, min(max(_TIMES * rows, _LEAST), _MOST), rng)
    weights, stopped = weighted(model, base, _TURNS)
    order = np.lexsort(tuple(base.T))
    steps = np.cumsum(weights[order]) * (rows / weights.sum())
    places = np.searchsorted(steps, np.arange(rows) + rng.random())
    taken = base[order[np.minimum(places, len(base) - 1)]]
    return taken[rng.permutation(rows)], stopped


def along_tree(model: Model, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return levels of rows drawn along the tree of pairs that tell most; shape (rows, columns)."""
    columns = len(model.ones)
    tells = np.full((columns, columns), -1.0)
    for (first, second), table in model.pairs.items():
        tells[first, second] = tells[second, first] = information(table)
    found = np.zeros((rows, columns), dtype=np.int64)
    root = int(np.argmax(np.maximum(tells, 0).sum(axis=1)))
    even = (np.arange(rows) + 0.5) / rows
    found[:, root] = _levels(np.cumsum(model.ones[root]), rng.permutation(even))
    joined, left = [root], [axis for axis in range(columns) if axis != root]
    while left:
        best, parent = max(((one, other) for one in left for other in joined), key=lambda pair: tells[pair])
        table = model.expected(min(best, parent), max(best, parent))
        given = table if parent < best else table.T
        chances = np.where(given.sum(axis=1, keepdims=True) > 0, given, model.ones[best][None, :])
        found[:, best] = _given(chances, found[:, parent], rng)
        joined.append(best)
        left.remove(best)
    for part in model.parts:
        found = part.mended(found, model.ones, rng)
    return found


def information(table: NDArray[np.float64]) -> float:
    """Return the mutual information of two columns, in nats.

    Examples
    --------
    >>> round(information(np.eye(2) / 2), 3), round(information(np.full((2, 2), 0.25)), 3)
    (0.693, 0.0)
    """
    apart = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
    some = table > 0
    return float((table[some] * np.log(table[some] / apart[some])).sum())


def _levels(steps: NDArray[np.float64], chances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the levels in whose parts of the added shares numbers between 0 and 1 lie; none of share 0."""
    return np.minimum(np.searchsorted(steps / steps[-1], chances, side="right"), _last(steps))


def _last(steps: NDArray[np.float64]) -> int:
    """Return the last level that has a share."""
    return int(np.searchsorted(steps, steps[-1], side="left"))


def _given(chances: NDArray[np.float64], parent: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return levels by the chances that the parent's level gives, rows of one parent at even steps in random order."""
    found = np.zeros(len(parent), dtype=np.int64)
    order = np.argsort(parent, kind="stable")
    ends = np.searchsorted(parent[order], np.arange(len(chances) + 1))
    for level, row in enumerate(chances):
        own = order[ends[level] : ends[level + 1]]
        if len(own):
            even = (np.arange(len(own)) + rng.random()) / len(own)
            found[own] = _levels(np.cumsum(row), rng.permutation(even))
    return found


def weighted(model: Model, rows: NDArray[np.int64], turns: int) -> tuple[NDArray[np.float64], bool]:
    """Return weights with which the rows' tables are those of the model, and whether an interrupt ended it early."""
    weights = np.full(len(rows), 1 / len(rows))
    try:
        with let_in():
            codes = {pair: rows[:, pair[0]] * table.shape[1] + rows[:, pair[1]] for pair, table in model.pairs.items()}
            for _ in range(turns):
                weights = _turned(model, codes, weights)
    except KeyboardInterrupt:
        return weights, True
    return weights, False


def _turned(
    model: Model, codes: dict[tuple[int, int], NDArray[np.int64]], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights after all pairs were put right in turn; as they were where no row would be left with any."""
    before = weights
    for pair, table in model.pairs.items():
        wanted = table.ravel()
        have = np.bincount(codes[pair], weights=weights, minlength=len(wanted))
        times = np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)
        weights = weights * np.minimum(times, _MOST_TIMES)[codes[pair]]
    whole = float(weights.sum())
    return np.asarray(weights / whole) if whole > 0 else before


def table_of(
    rows: NDArray[np.int64], weights: NDArray[np.float64], pair: tuple[int, int], sizes: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the weighted table of two columns, one cell after the other."""
    code = rows[:, pair[0]] * sizes[pair[1]] + rows[:, pair[1]]
    return np.asarray(np.bincount(code, weights=weights, minlength=sizes[pair[0]] * sizes[pair[1]]), dtype=np.float64)
