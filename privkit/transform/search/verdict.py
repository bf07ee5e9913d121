"""What a node costs in rows: which of its classes violate the criteria, and which rows every finer node must lose.

Nodes ruled out by one or two columns alone, before any class of the whole table is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.criteria import (
    AverageRisk,
    Criterion,
    KAnonymity,
    KMap,
    LDiversity,
    PopulationUniqueness,
    SampleUniqueness,
    TCloseness,
)
from privkit.anonymity.criteria.criterion import all_of
from privkit.anonymity.figures import tree_levels
from privkit.anonymity.population_uniques import chosen_estimate
from privkit.anonymity.verdicts import forced, least_size, satisfied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding


if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding
    from privkit.transform.search.node_classes import Classes

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Verdict:
    """How the classes of one node stand.

    Attributes
    ----------
    violating : array of bool, shape (n_classes,)
        The classes that must be suppressed at this node.
    forced : array of int64, shape (n_classes,)
        Rows that this node and every refinement of it must suppress.
    """

    violating: NDArray[np.bool_]
    forced: Ints


class Judge:
    """Judges classes by criteria, for one table."""

    def __init__(self, criterion: Criterion, coding: Coding) -> None:
        self.criterion = criterion
        self.coding = coding
        per_class = [part for part in criterion.parts if part.per_class]
        self.whole = [part for part in criterion.parts if not part.per_class]
        self.least = least_size(criterion, coding.n_rows)
        self.per_class = all_of(*per_class) if per_class else None
        #: Parts that need more than class sizes.
        self.columns = tuple(dict.fromkeys(name for part in per_class for name in part.columns))
        self.table = {name: coding.others[name].totals for name in self.columns}

    @cached_property
    def trees(self) -> dict[str, Sequence[Ints]]:
        """The groups of each level of a sensitive column whose t-closeness has a hierarchy."""
        found: dict[str, Sequence[Ints]] = {}
        for part in self.criterion.parts:
            if isinstance(part, TCloseness) and not isinstance(part.distance, str):
                values = self.coding.others[part.sensitive].values
                found[part.sensitive] = tree_levels(part.distance, values, part.sensitive, "anonymize")
        return found

    def alone(self, part: Criterion) -> Judge:
        """Return the judge of one part alone."""
        return Judge(part, self.coding)

    @property
    def whole_is_monotone(self) -> bool:
        """Whether the parts that judge the whole table are kept by merging."""
        return all(part.merges for part in self.whole)

    def judge(self, classes: Classes) -> Verdict:
        """Return which classes violate, and what is forced below."""
        small = classes.sizes < self.least
        violating, must = small, np.where(small, classes.sizes, 0)
        if self.columns and not small.all():
            chosen = ~small
            counts = {name: classes.matrix(name, chosen) for name in self.columns}
            sizes = classes.sizes[chosen]
            assert self.per_class is not None
            keep = satisfied(self.per_class, sizes, counts, self.table, n_rows=self.coding.n_rows, trees=self.trees)
            violating = small.copy()
            violating[chosen] = ~keep
            bad = ~keep
            if bad.any():
                part = {name: matrix[bad] for name, matrix in counts.items()}
                rows = np.zeros(len(sizes), dtype=np.int64)
                # A violating class of a convex criterion loses at least one row, however it is split.
                rows[bad] = forced(self.per_class, sizes[bad], part, self.table, self.trees)
                must[chosen] = rows
        if self.whole:
            violating = self._whole(classes, violating)
        return Verdict(violating, must)

    def _whole(self, classes: Classes, violating: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Suppress the smallest classes, as few as make the table meet the parts that judge it as a whole."""
        left = np.flatnonzero(~violating)
        order = left[np.argsort(classes.sizes[left], kind="stable")]
        sizes = classes.sizes[order]
        rows = np.append(np.cumsum(sizes[::-1])[::-1], 0)
        count = np.arange(len(sizes), -1, -1)
        uniques = np.append(np.cumsum((sizes == 1)[::-1])[::-1], 0)
        meets = np.ones(len(sizes) + 1, dtype=bool)
        for part in self.whole:
            if isinstance(part, AverageRisk):
                meets &= count * part.risk.denominator <= rows * part.risk.numerator
            elif isinstance(part, SampleUniqueness):
                meets &= uniques * part.share.denominator <= rows * part.share.numerator
        gone = int(np.argmax(meets))
        for part in self.whole:
            if isinstance(part, PopulationUniqueness):
                gone = self._fewest(part, sizes, gone)
        answer = violating.copy()
        answer[order[:gone]] = True
        return answer

    def _fewest(self, part: PopulationUniqueness, sizes: Ints, gone: int) -> int:
        """Return the smallest number of classes, found by halving, without which the estimate is low enough."""

        def meets(count: int) -> bool:
            left = sizes[count:]
            if not (left == 1).any():
                return True
            share = chosen_estimate(left, part.population, "anonymize").share
            assert share is not None  # the rule chooses a model that found an answer
            return share <= part.share

        low, high = gone, len(sizes)
        if meets(low):
            return low
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if meets(middle) else (middle + 1, high)
        return low

    def infeasible_below(self, classes: Classes, verdict: Verdict, limit: int) -> bool:
        """Whether this node, and every refinement of it, needs more than `limit` rows suppressed."""
        if int(verdict.forced.sum()) > limit:
            return True
        if limit == 0 and self.criterion.merges:
            # What holds for all classes of a finer node holds for their unions.
            return bool(verdict.violating.any())
        # With the largest classes kept, coarser classes keep a superset of the rows, in no more classes.
        closed = self.whole_is_monotone and self.superset_closed
        return closed and int(classes.sizes[verdict.violating].sum()) > limit

    @cached_property
    def superset_closed(self) -> bool:
        """Whether a class that meets the per-class parts meets them with any rows added."""
        return all(_superset_closed(part) for part in self.criterion.parts if part.per_class)


def _superset_closed(part: Criterion) -> bool:
    return isinstance(part, KAnonymity | KMap) or (isinstance(part, LDiversity) and part.kind == "distinct")


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
