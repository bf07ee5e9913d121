"""Cell suppression: each cell is kept as it is or replaced by `*`, by k, by other criteria, or by sets of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.criterion import all_of
from privkit.anonymity.ksets import Crossing
from privkit.errors.anonymity import InfeasibleError
from privkit.tally.cells.coding import first_rows
from privkit.transform.costs import cell_labels, cell_shares, final_classes
from privkit.transform.search.found import cell_costs
from privkit.transform.search.local import Recoding, no_recoding, recode_locally
from privkit.transform.search.node_classes import classes_of
from privkit.transform.search.stars import Stars

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from privkit.transform.search.found import Found
    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

#: Values of a column whose stars are tried without, at most.
_TRIES = 300


def recode_cells(task: Task, find: Callable[[float], Found], deadline: float | None) -> tuple[Recoding, Found]:
    """Return which cells are starred: as few, by their importance, as are found; and the best node, as far as sought.

    Where k of rows is all that is asked, an answer of local recoding is improved (see `stars`); other criteria are met
    by local recoding alone.

    Raises
    ------
    InfeasibleError
        If nothing is found within the suppression limit.
    """
    if task.judge.by_sets:
        found = find(np.inf)
        return _by_sets(task, found, deadline), found
    first, found = recode_locally(task, find, deadline)
    if task.judge.columns or task.judge.whole or not len(task.coding.counts) or not len(task.coding.ladders):
        return first, found
    second = _improved(task, first, deadline)
    return (min((first, second), key=lambda one: one.value(task)) if second is not None else first), found


def _cell_costs(task: Task, levels: Ints, gone: Mask) -> Floats:
    """Return what a starred cell of each column costs; by the slope of the loss where that is a product."""
    costs = np.array([max(float(column[-1].max()), 1e-6) for column in cell_costs(task)])
    if task.measure.name != "loss":
        return costs
    counts, n = task.coding.counts, max(task.coding.n_rows, 1)
    shares = cell_shares(task, levels, gone)
    return costs / (1 + np.array([float(counts @ share) / n for share in shares]))


def _improved(task: Task, first: Recoding, deadline: float | None) -> Recoding | None:
    """Return a better answer for k of rows alone; None where a column has other than two levels."""
    if any(ladder.n_levels != 2 for ladder in task.coding.ladders):
        return None
    starred = (first.levels > 0) | first.gone
    costs = _cell_costs(task, first.levels, first.gone)
    coding = task.coding
    stars = Stars(
        coding.combos, coding.counts, starred, costs, task.allowed, k=max(task.judge.least, 1), limit=task.limit
    )
    found = stars.run(deadline)
    whole: Mask = np.asarray(found.all(axis=0))
    rows = int(coding.counts[whole].sum())
    gone: Mask = whole if rows < stars.k or not stars.whole else np.zeros_like(whole)
    levels = np.where(gone, first.levels, found.astype(np.int64))
    second = Recoding(levels, gone, first.reason).settled(task)
    return second if second.lost(task) <= task.limit else None


# -- k by sets of columns ----------------------------------------------------------------------------------------------


def _by_sets(task: Task, found: Found, deadline: float | None) -> Recoding:
    """Return stars by which each set of columns has its crowds.

    Cells are starred for whole classes, so that classes merge: what held for them and is kept by merging still holds.
    A class without its crowd by some sets loses the column that most of them share, by its cost; where all columns of
    such a set are starred already, others are starred with it, those that lack least. In the end stars that are not
    needed are taken back.
    """
    rest = [part for part in task.criterion.parts if part not in task.judge.by_sets]
    gone = np.zeros(len(task.coding.counts), dtype=bool)
    levels = np.repeat(np.array(task.least_levels, dtype=np.int64)[:, None], len(gone), axis=1)
    reason = ""
    if rest:
        try:
            first, _ = recode_locally(replace(task, criterion=all_of(*rest)), lambda _: found, deadline)
        except InfeasibleError:  # which speaks of the rest alone
            raise no_recoding(task, found, (), "of cells") from None
        levels, gone, reason = first.levels.copy(), first.gone, first.reason
    starting = _Starring(task, levels, gone)
    starting.run()
    options = [Recoding(starting.levels, gone, reason).settled(task)]
    if found.node is not None:
        node = np.repeat(np.array(found.node, dtype=np.int64)[:, None], len(gone), axis=1)
        options.append(Recoding(node, np.zeros(len(gone), dtype=bool), reason).settled(task))
    good = [option for option in options if option.lost(task) <= task.limit]
    if not good:
        raise no_recoding(task, found, options, "of cells")
    return min(good, key=lambda one: one.value(task))


class _Starring:
    """Cells on their way to crowds by every set of columns."""

    def __init__(self, task: Task, levels: Ints, gone: Mask) -> None:
        self.task, self.levels, self.gone = task, levels, gone
        self.costs = _cell_costs(task, levels, gone)
        self.most = np.array(task.most_levels)

    def run(self) -> None:
        """Star until every set has its crowds, or nothing is left to star; then take back what is not needed."""
        while (short := self._short()) is not None:
            class_of, kept, crossing, wrong = short
            if not self._star(class_of, kept, crossing, wrong) and not self._recruit(class_of, kept, crossing, wrong):
                return
        self._take_back()

    def _short(self) -> tuple[Ints, Ints, Crossing, Mask] | None:
        """Return the classes, and which lack their crowd by which sets, of the first part that has such."""
        task = self.task
        class_of, kept = final_classes(task, self.levels, self.gone)
        first = first_rows(class_of, int(class_of.max(initial=-1)) + 1)
        classes = classes_of(task.coding, class_of, kept)
        labels = cell_labels(task, self.levels, kept)[:, first]
        every = np.ones(len(first), dtype=bool)
        for part in task.judge.by_sets:
            members = None if part.unit is None else classes.members(part.unit, task.coding)
            crossing = Crossing(list(labels), part.of or 1, classes.sizes, members)
            wrong = np.array([crossing.crowds(place, every) < part.k for place in range(len(crossing.sets))])
            if wrong.any():
                self.k = part.k
                return class_of, kept, crossing, wrong
        return None

    def _star(self, class_of: Ints, kept: Ints, crossing: Crossing, wrong: Mask) -> bool:
        """Star one column of each class without its crowd; return whether there was one to star."""
        first = first_rows(class_of, int(class_of.max(initial=-1)) + 1)
        now = self.levels[:, kept[first]]
        shared = np.zeros(now.shape)
        for chosen, short in zip(crossing.sets, wrong, strict=True):
            shared[list(chosen)] += short
        worth = np.where(now < self.most[:, None], shared / self.costs[:, None], 0.0)
        column, best = worth.argmax(axis=0), worth.max(axis=0) > 0
        # The column that most classes choose goes first: the others may have their crowds by it.
        votes = np.bincount(column[best], minlength=len(now))
        if not votes.any():
            return False
        most = int(votes.argmax())
        self.levels[most, kept[(best & (column == most))[class_of]]] = self.most[most]
        return True

    def _recruit(self, class_of: Ints, kept: Ints, crossing: Crossing, wrong: Mask) -> bool:
        """Star the columns of a set in more classes, where all that lack its crowd are starred in it."""
        place = int(wrong.any(axis=1).argmax())
        columns = list(crossing.sets[place])
        first = first_rows(class_of, int(class_of.max(initial=-1)) + 1)
        lacking = (self.levels[:, kept[first]] < self.most[:, None])[columns]
        cost = self.costs[columns] @ lacking
        if not (cost > 0).any():
            return False
        order = np.argsort(np.where(cost > 0, cost * crossing.sizes, np.inf), kind="stable")
        order = order[cost[order] > 0]
        enough = int(np.searchsorted(np.cumsum(crossing.sizes[order]), self.k)) + 1
        taken = np.zeros(len(first), dtype=bool)
        taken[order[:enough]] = True
        combos = kept[taken[class_of]]
        self.levels[np.ix_(np.array(columns), combos)] = self.most[columns][:, None]
        return True

    def _take_back(self) -> None:
        """Try each value of each column without its stars, those of most rows first."""
        task, least = self.task, np.array(self.task.least_levels)
        rows = np.where(self.gone, 0, task.coding.counts)
        tries = []
        for column, ladder in enumerate(task.coding.ladders):
            values = task.coding.combos[column]
            stars = np.bincount(
                values, weights=np.where(self.levels[column] > least[column], rows, 0), minlength=len(ladder.values)
            )
            tries += [(-stars[value] * self.costs[column], column, int(value)) for value in np.flatnonzero(stars)]
        before = self._settles()
        for _, column, value in sorted(tries)[:_TRIES]:
            old = self.levels[column].copy()
            self.levels[column, task.coding.combos[column] == value] = least[column]
            if self._short() is not None or (before and not self._settles()):
                self.levels[column] = old

    def _settles(self) -> bool:
        """Return whether nothing more has to be suppressed."""
        return bool((Recoding(self.levels, self.gone).settled(self.task).gone == self.gone).all())
