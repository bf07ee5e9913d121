"""What is asked of a transformation, checked and encoded, and which classes of a node meet it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from privkit.anonymity.criterion import ClassCounts, Criterion, Part, all_of
from privkit.anonymity.kanonymity import KAnonymity
from privkit.errors import DuplicateColumnError, ParameterError
from privkit.errors.anonymity import InfeasibleError, RoleConflictError
from privkit.tally.frame import column_names, open_frame
from privkit.transform.generalize import resolve
from privkit.transform.search.coding import Coding, encode
from privkit.transform.search.measures import Measure, measure
from privkit.transform.source import Known, source_of
from privkit.values.arguments import kind
from privkit.values.exact import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Part
    from privkit.anonymity.table_risk import TablePart
    from privkit.transform.hierarchies.hierarchy import Hierarchy
    from privkit.transform.hierarchies.ladder import Ladder
    from privkit.transform.search.coding import Coding
    from privkit.transform.search.node_classes import Classes
    from privkit.transform.source import Source

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
        self.whole = [cast("TablePart", part) for part in criterion.parts if not part.per_class]
        self.least = criterion.least_size(coding.n_rows)
        self.per_class = all_of(*per_class) if per_class else None
        #: Parts that need more than class sizes.
        self.columns = tuple(dict.fromkeys(name for part in per_class for name in part.columns))
        self.table = {name: coding.others[name].totals for name in self.columns}

    @cached_property
    def trees(self) -> dict[Part, Sequence[Ints]]:
        """The groups of each level of the sensitive column, for parts with a hierarchy over it."""
        found = {
            part: part.tree_levels(self.coding.others[part.columns[0]].values)
            for part in self.criterion.parts
            if part.columns
        }
        return {part: levels for part, levels in found.items() if levels is not None}

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
            assert self.per_class is not None
            counts = {name: classes.matrix(name, chosen) for name in self.columns}
            left = ClassCounts(classes.sizes[chosen], counts, self.table, self.coding.n_rows, self.trees)
            bad = ~self.per_class.satisfied(left)
            violating = small.copy()
            violating[chosen] = bad
            if bad.any():
                rows = np.zeros(len(bad), dtype=np.int64)
                # A violating class of a convex criterion loses at least one row, however it is split.
                rows[bad] = self.per_class.forced(left.chosen(bad))
                must[chosen] = rows
        if self.whole:
            violating = self._whole(classes, violating)
        return Verdict(violating, must)

    def _whole(self, classes: Classes, violating: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Suppress the smallest classes, as few as make the table meet the parts that judge it as a whole."""
        left = np.flatnonzero(~violating)
        order = left[np.argsort(classes.sizes[left], kind="stable")]
        sizes = classes.sizes[order]
        numbers = np.arange(len(sizes) + 1)
        exact = [part.met_without(sizes, numbers) for part in self.whole if not part.estimated]
        gone = int(np.argmax(np.logical_and.reduce(exact))) if exact else 0
        for part in self.whole:
            if part.estimated:
                gone = self._fewest(part, sizes, gone)
        answer = violating.copy()
        answer[order[:gone]] = True
        return answer

    def _fewest(self, part: TablePart, sizes: Ints, gone: int) -> int:
        """Return the smallest number of classes, found by halving, without which an estimate is low enough."""

        def meets(count: int) -> bool:
            return bool(part.met_without(sizes, np.array([count]))[0])

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
        return all(part.rows_added for part in self.criterion.parts if part.per_class)


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


@dataclass(frozen=True, eq=False)
class Task:
    """A table, its quasi-identifiers with hierarchies, and what must hold afterwards.

    Attributes
    ----------
    source : Source
        Where the rows lie.
    coding : Coding
        Their tally.
    criterion : Criterion
        What every class must meet.
    limit : int
        How many records may be suppressed.
    hierarchies, proposed
        What is used for each column, and for which it was proposed.
    utility, weights
        As given.
    allowed : tuple of (int, int)
        The lowest and the highest level of each column of the coding.
    """

    source: Source
    coding: Coding
    criterion: Criterion
    limit: int
    hierarchies: dict[str, Hierarchy]
    proposed: tuple[str, ...]
    utility: str
    weights: Mapping[str, float] | None
    allowed: tuple[tuple[int, int], ...]
    qi: tuple[str, ...]

    @cached_property
    def judge(self) -> Judge:
        """The judge of this table's classes."""
        return Judge(self.criterion, self.coding)

    @cached_property
    def measure(self) -> Measure:
        """The utility measure on this table."""
        return measure(self.utility, self.coding, self.weights)

    @property
    def most_levels(self) -> tuple[int, ...]:
        """The highest level that each column may have; 0 for those that must not change."""
        return tuple(most for _, most in self.allowed)

    @property
    def least_levels(self) -> tuple[int, ...]:
        """The lowest level that each column may have."""
        return tuple(least for least, _ in self.allowed)


def prepare(
    data: object,
    qi: str | Sequence[str],
    criteria: Criterion | None,
    *,
    k: int | None,
    hierarchies: Mapping[str, object] | None,
    suppress: float,
    utility: str,
    weights: Mapping[str, float] | None,
    keep: Sequence[str],
    levels: Mapping[str, object] | None,
    unit: str | None,
) -> Task:
    """Check what was asked and tally the table, with its columns in alphabetical order: theirs means nothing."""
    columns = column_names(qi, "qi")
    criterion = criterion_of(criteria, k, unit)
    told = data.frame if isinstance(data, Known) else data
    open_frame(told, columns, "qi")
    open_frame(told, criterion.columns, "criteria")
    for part in criterion.parts:
        if both := [name for name in part.columns if name in columns]:
            refused = RoleConflictError.unit if part.counts_units else RoleConflictError.sensitive
            raise refused(both[0], columns)
    kept = column_names(keep, "keep", empty=True)
    if strange := [name for name in kept if name not in columns]:
        raise ParameterError.of("keep", repr(strange), f"among the quasi-identifiers {list(columns)}")
    _weights(weights, columns)
    share = _share(suppress)
    source = source_of(data, tuple(dict.fromkeys((*columns, *criterion.columns))))
    _doubled(source.frame)
    for part in criterion.parts:
        if 0 < source.n_rows < part.rows_needed:
            raise InfeasibleError.too_few_rows(part.rows_needed, source.n_rows)
    chosen, proposed = resolve(source.frame, columns, hierarchies or {})
    laid = {name: chosen[name] for name in sorted(columns)}
    coding = encode(source.frame, laid, criterion.columns, rows=source.rows)
    limit = int(share * source.n_rows)
    asked = {**_levels(levels, columns, kept), **dict.fromkeys(kept, 0)}
    allowed = tuple(_allowed(ladder, asked.get(ladder.column)) for ladder in coding.ladders)
    return Task(source, coding, criterion, limit, chosen, proposed, utility, weights, allowed, columns)


def _levels(levels: object, columns: tuple[str, ...], kept: tuple[str, ...]) -> dict[str, object]:
    if levels is None:
        return {}
    if not isinstance(levels, Mapping):
        raise ParameterError.of("levels", kind(levels), _LEVELS)
    if strange := [name for name in levels if name not in columns or name in kept]:
        allowed = f"about the quasi-identifiers {list(columns)} that keep= does not name"
        raise ParameterError.of("levels", f"levels of {strange!r}", allowed)
    return dict(levels)


_LEVELS = "a dict column → level, or column → (lowest level, highest level)"


def _allowed(ladder: Ladder, asked: object) -> tuple[int, int]:
    """Return the lowest and the highest level of a column; None leaves an end open.

    Raises
    ------
    HierarchyError
        If there is no such level.
    ParameterError
        If the lowest is above the highest.
    """
    pair = asked if isinstance(asked, tuple | list) else (asked, asked)
    if len(pair) != 2:
        raise ParameterError.of("levels", f"{len(pair)} levels for {ladder.column!r}", _LEVELS)
    ends = tuple(ladder.number(end if given is None else given) for given, end in zip(pair, (0, -1), strict=True))
    if ends[0] > ends[1]:
        found = f"{ends} for {ladder.column!r}"
        raise ParameterError.of("levels", found, _LEVELS, "The lowest must not be above the highest.")
    return ends[0], ends[1]


def criterion_of(criteria: object, k: int | None, unit: str | None) -> Criterion:
    """Return the criterion that `criteria`, `k` and `unit` ask for together."""
    if criteria is not None and not isinstance(criteria, Criterion):
        raise ParameterError.of(
            "criteria", f"a {type(criteria).__name__}", "criteria joined by &", "Example: pk.KAnonymity(5)."
        )
    if criteria is None and k is None:
        raise ParameterError.together(
            ("criteria", "k"),
            "say what must hold: k=5, or criteria such as pk.KAnonymity(5) & pk.LDiversity('ill', 2).",
        )
    parts: list[Part] = list(criteria.parts) if isinstance(criteria, Criterion) else []
    if k is not None:
        parts.insert(0, KAnonymity(k))
    if unit is not None:
        if not any(part.counts_units for part in parts):
            raise ParameterError.together(
                ("unit",), "unit= counts persons for k-anonymity; add k= or pk.KAnonymity(k)."
            )
        parts = [part.with_unit(unit) for part in parts]
    for part in parts:
        if part.compares_tables:
            raise ParameterError.of(
                "criteria",
                f"{type(part).__name__} with a table of the population",
                "criteria on the table itself",
                "Check the result instead: pk.kmap(out.frame, ...); or give the number of persons: "
                "pk.KMap(k, population=1_000_000).",
            )
    return all_of(*parts)


def _doubled(frame: pd.DataFrame) -> None:
    if not frame.columns.is_unique:
        raise DuplicateColumnError.in_frame(frame.columns[frame.columns.duplicated()].unique().tolist())


def _share(suppress: Any) -> Fraction:
    share = Fraction(exact(suppress, "suppress", zero=True, smallest=Fraction(0)))
    if share > 1:
        raise ParameterError.of(
            "suppress", str(float(share)), "a share of the rows from 0 to 1", "Example: 0.02 for 2 %."
        )
    return share


def _weights(weights: object, columns: tuple[str, ...]) -> None:
    if weights is None:
        return
    allowed = "a dict column → weight, with finite weights >= 0 of quasi-identifiers, not all 0"
    if not isinstance(weights, Mapping):
        raise ParameterError.of("weights", f"a {type(weights).__name__}", allowed)
    numbers = list(weights.values())
    if (
        any(name not in columns for name in weights)
        or any(
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")
            for value in numbers
        )
        or (set(weights) == set(columns) and not any(numbers))
    ):
        raise ParameterError.of("weights", repr(dict(weights)), allowed)
