"""Which classes of a table meet the criteria, and what a search may conclude from those that do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np

from privkit.anonymity.criterion import ClassCounts, Criterion, Part, all_of
from privkit.anonymity.crowds import SuppressionOrder
from privkit.anonymity.figures import ReferencePart
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ksets import Crossing
from privkit.anonymity.population import PopulationPart
from privkit.errors.anonymity import InfeasibleError
from privkit.transform.search.node_classes import Rollup
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.table_risk import TablePart
    from privkit.transform.search.coding import Coding
    from privkit.transform.search.node_classes import Classes
    from privkit.transform.search.task import Population

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
    """Judges classes by criteria, for one table.

    What is kept is found in rounds: classes that break a criterion by themselves go, or beside the table as it was
    given (``reference="input"``); then those that break one beside what is left; then, where the table as a whole
    breaks one, the smallest, as few as will do; and so on until nothing more goes. So what is kept meets all criteria
    by itself, as everyone reads it. Decision 9 says why, and what a search may conclude from it.

    Attributes
    ----------
    table : dict of str to array of int64
        The rows of each value in the table as it was given.
    """

    def __init__(
        self,
        criterion: Criterion,
        coding: Coding,
        limit: int,
        populations: Mapping[Part, Population] = Frozen({}),
    ) -> None:
        self.criterion = criterion
        self.coding = coding
        self.limit = limit
        self.populations = populations
        self.beside_people = [
            part for part in criterion.parts if isinstance(part, PopulationPart) and part in populations
        ]
        #: Parts about every set of some columns: a class is judged by the crowds that it shares with others.
        self.by_sets = [part for part in criterion.parts if isinstance(part, KAnonymity) and part.of is not None]
        apart = [*self.beside_people, *self.by_sets]
        per_class = [part for part in criterion.parts if part.per_class and part not in apart]
        #: Parts about how many persons a class has: counted by pairs, since a table of classes × persons is too large.
        self.by_persons = [part for part in per_class if isinstance(part, KAnonymity) and part.unit is not None]
        by_values = [part for part in per_class if part not in self.by_persons]
        self.whole = [cast("TablePart", part) for part in criterion.parts if not part.per_class]
        self.least = criterion.least_size(coding.n_rows)
        #: Parts that need more than class sizes.
        self.columns = tuple(dict.fromkeys(name for part in per_class for name in part.columns))
        self.table = {name: coding.others[name].totals for name in self.columns}
        moving = [part for part in per_class if isinstance(part, ReferencePart) and part.moves]
        self.per_class = _together(per_class)
        self.moving = _together(moving)
        self.by_values = _together(by_values)
        self.fixed = _together([part for part in by_values if part not in moving])
        #: What every class that is kept meets beside the table as it was given, at every node within the limit.
        self.certain = _together([part for part in by_values if part not in moving] + self._loosened(moving))
        #: The groups of all values of columns, for parts that have a tree over them.
        self._trees_there: dict[Part, Sequence[Ints]] | None = None
        self._crossed_last: tuple[Classes, list[Crossing]] | None = None
        self._laid: dict[tuple[Part, bytes], Sequence[Ints] | None] = {}

    def impossible(self) -> InfeasibleError | None:
        """Return why no class can meet the criteria, whatever is merged or suppressed; None where none is known.

        Of criteria that look at the shares of a class's values alone, one is met by no class of some values if not by
        the even one. With m values and r1 >= ... >= rm, n their sum, the even class has the most values; the largest
        entropy, ln m; the smallest share of the most frequent value, 1 / m; and the smallest r1 / (rl + ... + rm),
        since each of these m - l + 1 counts is at most r1. A class of a population has at most all of its persons.
        """
        n = self.coding.n_rows
        for fitting in self.beside_people if n else ():
            there = self.populations[fitting].coding.n_rows
            if fitting.rows_added and not fitting.met_in(np.array([n]), np.array([there])).all():
                return InfeasibleError.too_few_persons(repr(fitting), there, n)
        alone = self.per_class.parts if self.per_class is not None else ()
        for part in (*alone, *self.by_sets) if n else ():
            if part.columns and not isinstance(part, ReferencePart):
                found = int((self.coding.others[part.columns[0]].totals > 0).sum())
                even = np.ones((1, found), dtype=np.int64)
                if not part.meets(even.sum(axis=1), even, even[0], None).all():
                    return InfeasibleError.too_few_values(repr(part), part.columns[0], found, n)
        return None

    def _loosened(self, moving: Sequence[ReferencePart]) -> list[Part]:
        found = [part.loosened(self.limit, self.table[part.sensitive]) for part in moving]
        return [part for part in found if part is not None]

    def _trees(self, criterion: Criterion, occurs: Mapping[str, NDArray[np.bool_]]) -> dict[Part, Sequence[Ints]]:
        """Return the groups of each level of the sensitive columns' values that occur, for parts with a hierarchy."""
        answer = {}
        for part in criterion.parts:
            if part.columns:
                column = part.columns[0]
                place = (part, occurs[column].tobytes())
                if place not in self._laid:
                    self._laid[place] = part.tree_levels(self.coding.others[column].values[occurs[column]])
                if (levels := self._laid[place]) is not None:
                    answer[part] = levels
        return answer

    def alone(self, part: Criterion) -> Judge:
        """Return the judge of one part alone."""
        return Judge(part, self.coding, self.limit, self.populations)

    @property
    def whole_is_monotone(self) -> bool:
        """Whether the parts that judge the whole table are kept by merging."""
        return all(part.merges for part in self.whole)

    def judge(self, classes: Classes) -> Verdict:
        """Return which classes of a node violate, and what is forced below."""
        small = self._small(classes)
        violating, left = self._judged(classes, small)
        must = np.where(self._too_few(classes), classes.sizes, 0)  # of which a refinement has no more
        if self.by_sets:
            # What a refinement keeps has its crowds by every set here too, and lies in the largest choice that has.
            must = np.where(self._crossed(classes, must > 0), classes.sizes, 0)
        for part in self.beside_people:
            must = np.maximum(must, part.lost_in(classes.sizes, self._people(part, classes)))
        if left is not None and self.certain is not None:
            bad = violating[~small]
            rows = np.zeros(len(bad), dtype=np.int64)
            # A violating class of a convex criterion loses at least one row, however it is split.
            rows[bad] = self.certain.forced(left.chosen(bad))
            must[~small] = np.maximum(must[~small], rows)
        return Verdict(violating, must)

    def violating(self, classes: Classes) -> NDArray[np.bool_]:
        """Return which classes of a table must go, so that the others meet all criteria."""
        return self._judged(classes, self._small(classes))[0]

    def _small(self, classes: Classes) -> NDArray[np.bool_]:
        """Return which classes go by their size, or by that of the population's."""
        small = self._too_few(classes)
        for part in self.beside_people:
            small = small | ~part.met_in(classes.sizes, self._people(part, classes))
        return small

    def _too_few(self, classes: Classes) -> NDArray[np.bool_]:
        """Return which classes have too few rows, or persons, whatever their values."""
        few = classes.sizes < self.least
        for part in self.by_persons:
            few = few | (classes.counts(part.unit, self.coding) < part.k)
        return few

    @cached_property
    def _rollup(self) -> Rollup:
        return Rollup(self.coding)

    def _people(self, part: Part, classes: Classes) -> Ints:
        """Return how many persons of a population fit each class of a node, or of what is made of one."""
        if classes.people is not None:
            return classes.people[part]
        return self.populations[part].fitting(self._rollup, classes)

    def people_of(self, node: tuple[int, ...]) -> dict[Part, Ints]:
        """Return for each combination how many persons of each population fit its class at a node."""
        classes, place = self._rollup.at(node), self._rollup.class_of_combo(node)
        return {part: self._people(part, classes)[place] for part in self.beside_people}

    def fits(self, classes: Classes) -> NDArray[np.bool_]:
        """Return which classes meet the criteria beside `table`: what a recoding builds classes by, one by one."""
        violating = small = self._too_few(classes)
        if (left := self._counted(classes, ~small)) is not None:
            assert self.by_values is not None
            violating = small.copy()
            violating[~small] = ~self.by_values.satisfied(left)
        return ~(self._whole(classes, violating) if self.whole else violating)

    def beside(self, combos: Ints) -> Judge:
        """Return a judge whose `table` is some combinations of the one that was given."""
        inside = np.zeros(len(self.coding.counts), dtype=bool)
        inside[combos] = True
        answer, answer.table = copy(self), {}
        for name in self.columns:
            other = self.coding.others[name]
            rows = np.where(inside[other.combo_of], other.counts, 0)
            answer.table[name] = np.bincount(other.value_of, weights=rows, minlength=len(other.values)).astype(np.int64)
        return answer

    def _counted(self, classes: Classes, chosen: NDArray[np.bool_]) -> ClassCounts | None:
        """Return some classes with the rows of each value; None where no part asks for them."""
        if self.by_values is None or not self.by_values.columns or not chosen.any():
            return None
        counts = {name: classes.matrix(name, chosen) for name in self.by_values.columns}
        return self._beside_table(classes.sizes[chosen], counts)

    def meet(self, sizes: Ints, counts: Mapping[str, Ints]) -> NDArray[np.bool_]:
        """Return which classes, given by the rows of each value in them, meet what classes must, beside `table`."""
        assert self.per_class is not None
        return self.per_class.satisfied(self._beside_table(sizes, counts)) & (sizes >= self.least)

    def _beside_table(self, sizes: Ints, counts: Mapping[str, Ints]) -> ClassCounts:
        if self._trees_there is None:
            asked = [one for one in (self.per_class, self.certain) if one is not None]
            every = {name: np.ones(len(rows), dtype=bool) for name, rows in self.table.items()}
            self._trees_there = {part: levels for one in asked for part, levels in self._trees(one, every).items()}
        return ClassCounts(sizes, counts, self.table, self.coding.n_rows, self._trees_there)

    def _judged(self, classes: Classes, small: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], ClassCounts | None]:
        """Return which classes must go, and those that are large enough with the rows of their values."""
        violating, left = small, self._counted(classes, ~small)
        if left is not None:
            violating = small.copy()
            if self.fixed is not None:
                violating[~small] = ~self.fixed.satisfied(left)
        while True:
            before = violating
            if left is not None and self.moving is not None:
                violating = violating.copy()
                violating[~small] = self._settled(left, violating[~small], self.moving)
            if self.by_sets:
                violating = self._crossed(classes, violating)
            if self.whole:
                violating = self._whole(classes, violating)
            at_once = len(self.whole) < 2 and (self.moving is not None) + bool(self.by_sets) + bool(self.whole) < 2
            if at_once or (violating == before).all():
                break
        if self._lacks_somebody(classes, ~violating):
            violating = np.ones(len(violating), dtype=bool)  # nothing holds, whatever is suppressed
        return violating, left

    @property
    def everybody(self) -> bool:
        """Whether a person of a population in no class breaks a part, so that suppressing mends nothing."""
        return any(part.everybody for part in self.beside_people)

    def _lacks_somebody(self, classes: Classes, kept: NDArray[np.bool_]) -> bool:
        asked = [part for part in self.beside_people if part.everybody]
        there = (int(self._people(part, classes)[kept].sum()) for part in asked)
        return any(n < self.populations[part].coding.n_rows for n, part in zip(there, asked, strict=True))

    def holds(self, classes: Classes) -> bool:
        """Return whether a table meets all criteria as it is."""
        every = np.ones(len(classes.sizes), dtype=bool)
        return not self.violating(classes).any() and not self._lacks_somebody(classes, every)

    def _settled(self, left: ClassCounts, gone: NDArray[np.bool_], moving: Criterion) -> NDArray[np.bool_]:
        """Return which classes go until those that are left meet the moving parts beside one another."""
        kept = ~gone
        while kept.any():
            counts, table, occurs = {}, {}, {}
            for name in moving.columns:
                rows = left.counts[name][kept]
                totals = rows.sum(axis=0)
                occurs[name] = totals > 0
                counts[name], table[name] = rows[:, occurs[name]], totals[occurs[name]]
            met = moving.satisfied(ClassCounts(left.sizes[kept], counts, table, None, self._trees(moving, occurs)))
            if met.all():
                break
            kept[kept] = met
        return ~kept

    def _crossed(self, classes: Classes, gone: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which classes go until those that are left have their crowds by every set of columns."""
        left, before = ~gone, None
        crossings = self._crossings(classes)
        while before is None or (len(crossings) > 1 and (left != before).any()):
            before = left
            for part, crossing in zip(self.by_sets, crossings, strict=True):
                left = crossing.settled(part.k, left)
        return ~left

    def _crossings(self, classes: Classes) -> list[Crossing]:
        """Return the classes by sets, for each part; those of the classes that were asked for last are kept."""
        if self._crossed_last is None or self._crossed_last[0] is not classes:
            labels = list(self._rollup.labels(classes))
            members = {part.unit: classes.members(part.unit, self.coding) for part in self.by_sets if part.unit}
            found = [
                Crossing(labels, part.of or 1, classes.sizes, members.get(part.unit or "")) for part in self.by_sets
            ]
            self._crossed_last = classes, found
        return self._crossed_last[1]

    def _whole(self, classes: Classes, violating: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Suppress the smallest classes, as few as make the table meet the parts that judge it as a whole."""
        left = np.flatnonzero(~violating)
        units = list(dict.fromkeys(part.unit for part in self.whole if part.unit is not None))
        members = {unit: classes.members(unit, self.coding) for unit in units}
        counts = members[units[0]].counts(len(violating)) if units else classes.sizes
        # Equal classes in the order of their keys: a node loses the same ones however it was reached.
        order = left[np.lexsort((classes.keys[left], classes.sizes[left], counts[left]))]
        leaving = SuppressionOrder(
            classes.sizes[order], {unit: found.ordered(order) for unit, found in members.items()}
        )
        numbers = np.arange(len(order) + 1)
        exact = [part.met_without(leaving, numbers) for part in self.whole if not part.estimated]
        gone = int(np.argmax(np.logical_and.reduce(exact))) if exact else 0
        for part in self.whole:
            if part.estimated:
                gone = self._fewest(part, leaving, gone)
        answer = violating.copy()
        answer[order[:gone]] = True
        return answer

    def _fewest(self, part: TablePart, leaving: SuppressionOrder, gone: int) -> int:
        """Return the smallest number of classes, found by halving, without which an estimate is low enough."""

        def meets(count: int) -> bool:
            return bool(part.met_without(leaving, np.array([count]))[0])

        low, high = gone, len(leaving.rows)
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
        """Whether a class that meets the per-class parts meets them with any rows added, and so does the table.

        Not where parts by sets and parts on the whole table take turns in letting classes go: each alone leaves most.
        """
        return all(part.rows_added for part in self.criterion.parts) and not (self.by_sets and self.whole)

    @property
    def least_of_two(self) -> int:
        """A size below which no class by two of the columns has a crowd that is kept."""
        return max(self.least, *(part.k for part in self.by_sets if part.of != 1), 1)


def _together(parts: Sequence[Part]) -> Criterion | None:
    return all_of(*parts) if parts else None
