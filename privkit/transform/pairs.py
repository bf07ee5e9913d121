"""Nodes ruled out by one or two columns alone, before any class of the whole table is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privkit.transform.coding import Coding

#: Pairs of columns with more cells than this are left to the search.
_CELLS = 200_000


def pair_failures(coding: Coding, least: int, limit: int) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """Yield for pairs of columns which pairs of levels need more than `limit` rows suppressed.

    With all other columns at their top, classes smaller than `least` hold the fewest rows that they can; so where
    they hold more than `limit`, every node with these two levels, or finer ones, fails as well.

    Yields
    ------
    tuple of int, int, array of bool, shape (levels of one, levels of the other)
    """
    for one in range(len(coding.ladders)):
        for two in range(one + 1, len(coding.ladders)):
            first, second = coding.ladders[one], coding.ladders[two]
            width = len(second.values)
            if len(first.values) * width > _CELLS:
                continue
            cell = coding.combos[one] * width + coding.combos[two]
            table = (
                np.bincount(cell, weights=coding.counts, minlength=len(first.values) * width)
                .reshape(-1, width)
                .astype(np.float64)
            )
            failed = np.zeros((first.n_levels, second.n_levels), dtype=bool)
            for low in range(first.n_levels):
                rows = _summed(table, first.levels[low].codes, len(first.levels[low].labels))
                for other in range(second.n_levels):
                    cells = _summed(rows.T, second.levels[other].codes, len(second.levels[other].labels))
                    failed[low, other] = cells[cells < least].sum() > limit
            yield one, two, failed


def _summed(table: NDArray[np.float64], codes: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """Return the table with the rows of each group added up."""
    if groups == len(codes) and (codes == np.arange(groups)).all():
        return table
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(groups))
    present = np.append(starts[1:], len(codes)) > starts
    answer = np.zeros((groups, table.shape[1]))
    answer[present] = np.add.reduceat(table[order], starts[present], axis=0)
    return answer
