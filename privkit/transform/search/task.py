"""What is asked of a transformation, checked and encoded.

Populations beside a table: on the same hierarchies, counted at the same nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.criterion import Criterion, all_of
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ksets import set_size
from privkit.anonymity.population import PopulationPart
from privkit.anonymity.reports import quasi_identifiers
from privkit.anonymity.tcloseness import TCloseness, check_order
from privkit.errors import DuplicateColumnError, ParameterError
from privkit.errors.anonymity import InfeasibleError, RoleConflictError
from privkit.errors.root import type_told
from privkit.tally.class_values import matches
from privkit.tally.coded_classes import count_classes
from privkit.tally.codes import packed, starts
from privkit.tally.frame import column_names, open_frame
from privkit.transform.search.coding import Coding, encode, joined, resolve
from privkit.transform.search.judge import Judge
from privkit.transform.search.measures import Measure, measure
from privkit.transform.search.node_classes import Rollup
from privkit.transform.source import Known, recoded, source_of
from privkit.values.exact import exact, exact_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Part
    from privkit.tally.classes import Tally
    from privkit.transform.hierarchies.hierarchy import Hierarchy
    from privkit.transform.hierarchies.ladder import Ladder
    from privkit.transform.search.node_classes import Classes
    from privkit.transform.source import Source
    from privkit.values.inputs import Share

    Ints = NDArray[np.int64]
    #: The order of values by group, and where each group begins.
    Groups = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Population:
    """The persons of a population by the quasi-identifiers of a table.

    Attributes
    ----------
    keys : pandas.DataFrame
        Their classes, one row each.
    coding : Coding
        The classes on the ladders of the table, whose values are those of both.
    """

    keys: pd.DataFrame
    coding: Coding

    @cached_property
    def rollup(self) -> Rollup:
        """Its classes at any node."""
        return Rollup(self.coding)

    def fitting(self, table: Rollup, classes: Classes) -> Ints:
        """Return how many persons fit each class of a node of the table."""
        if table.packed:
            theirs = self.rollup.at(classes.node)
            return _found(theirs.keys, theirs.sizes, classes.keys)
        n = len(table.coding.counts)
        both = [np.concatenate(pair) for pair in zip(table.coding.combos, self.coding.combos, strict=True)]
        ladders = zip(table.coding.ladders, classes.node, both, strict=True)
        codes = packed([ladder.levels[level].codes[values] for ladder, level, values in ladders])[0]
        known, place = np.unique(codes[n:], return_inverse=True)
        sizes = np.bincount(place, weights=self.coding.counts, minlength=len(known)).astype(np.int64)
        return _found(known, sizes, np.unique(codes[:n]))  # in the order of the classes, which codes do not change

    def generalized(self, levels: Ints) -> pd.DataFrame:
        """Return one row per person, generalized as the table is."""
        classes = recoded(self.keys, self.coding, levels, np.ones(len(self.keys), dtype=bool))
        people = np.repeat(np.arange(len(self.keys)), self.coding.counts[self.coding.row_combo])
        return classes.iloc[people].reset_index(drop=True)


def _found(known: Ints, sizes: Ints, wanted: Ints) -> Ints:
    if not len(known):
        return np.zeros(len(wanted), dtype=np.int64)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, sizes[place], 0)


def populations_of(criterion: Criterion, table: pd.DataFrame, columns: tuple[str, ...]) -> dict[PopulationPart, Tally]:
    """Return the classes of each population that a criterion comes with. Reads their rows.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError
    FrameError
        If one is no dataframe, or a column is of another kind than the table's.
    """
    answer = {}
    for part in criterion.parts:
        if isinstance(part, PopulationPart) and part.compares_tables:
            quasi_identifiers(part.population, columns)
            answer[part] = count_classes(part.population, columns)
            matches(count_classes(table, columns), answer[part])
    return answer


def as_handed_out(criterion: Criterion, populations: Mapping[Part, Population], levels: Any) -> Criterion:
    """Return a criterion whose populations are generalized as the frame is that is handed out: so it can be checked."""
    if not populations:
        return criterion
    parts = [
        replace(part, population=populations[part].generalized(levels)) if part in populations else part  # type: ignore[type-var]
        for part in criterion.parts
    ]
    return all_of(*parts)


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
    if not len(coding.counts):
        return
    rows = coding.counts.astype(np.float64)
    laid = [[_grouping(level.codes) for level in ladder.levels] for ladder in coding.ladders]
    for one in range(len(coding.ladders)):
        for two in range(one + 1, len(coding.ladders)):
            first, second = coding.ladders[one], coding.ladders[two]
            width = len(second.values)
            if len(first.values) * width > _CELLS:
                continue
            cell = coding.combos[one] * width + coding.combos[two]
            counts = np.bincount(cell, weights=rows, minlength=len(first.values) * width)
            table = counts.astype(np.float64, copy=False).reshape(-1, width)
            failed = np.zeros((first.n_levels, second.n_levels), dtype=bool)
            others, ends = _at_once(laid[two])
            for low, groups in enumerate(laid[one]):
                cells = _summed(np.ascontiguousarray(_summed(table, groups).T), others)
                lost = np.where(cells < least, cells, 0).sum(axis=1)
                failed[low] = np.add.reduceat(lost, ends) > limit
            yield one, two, failed


def _grouping(codes: NDArray[np.int64]) -> Groups:
    """Return the order of values by group, and where each group that has some begins."""
    order = np.argsort(codes, kind="stable")
    return order, starts(codes[order])


def _at_once(levels: Sequence[Groups]) -> tuple[Groups, NDArray[np.int64]]:
    """Return the groups of all levels, one level behind the other, and where each level's begin."""
    shifts = np.cumsum([0, *[len(order) for order, _ in levels]])
    begins = [first + shift for (_, first), shift in zip(levels, shifts, strict=False)]
    ends = np.cumsum([0, *[len(first) for _, first in levels[:-1]]])
    return (np.concatenate([order for order, _ in levels]), np.concatenate(begins)), ends


def _summed(table: NDArray[np.float64], groups: Groups) -> NDArray[np.float64]:
    """Return the table with the rows of each group added up."""
    order, first = groups
    return np.add.reduceat(table[order], first, axis=0)


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
    populations: Mapping[Part, Population] = field(default_factory=dict)

    @cached_property
    def judge(self) -> Judge:
        """The judge of this table's classes."""
        return Judge(self.criterion, self.coding, self.limit, self.populations)

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
    suppress: Share,
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
        if part.known_together is not None:
            set_size(part.known_together, len(columns))
        if both := [name for name in part.columns if name in columns]:
            refused = RoleConflictError.unit if part.counts_units else RoleConflictError.sensitive
            raise refused(both[0], columns)
    kept = column_names(keep, "keep", empty=True)
    if strange := [name for name in kept if name not in columns]:
        raise ParameterError.of("keep", repr(strange), f"among the quasi-identifiers {list(columns)}")
    check_weights(weights, columns)
    share = _share(suppress)
    source = source_of(data, tuple(dict.fromkeys((*columns, *criterion.columns))))
    _doubled(source.frame)
    for part in criterion.parts:
        if 0 < source.n_rows < part.rows_needed:
            raise InfeasibleError.too_few_rows(part.rows_needed, source.n_rows)
    people = populations_of(criterion, source.frame, columns)
    values = {name: joined([source.frame[name], *(tally.keys[name] for tally in people.values())]) for name in columns}
    chosen, proposed = resolve(values, columns, hierarchies or {})
    laid = {name: chosen[name] for name in sorted(columns)}
    beside = list(people.values())
    coding = encode(source.frame, laid, criterion.columns, rows=source.rows, beside=beside)
    for part in criterion.parts:
        if isinstance(part, TCloseness) and part.distance == "ordered":
            check_order(source.frame, part.sensitive, coding.others[part.sensitive].values)
    everybody = any(part.everybody for part in people)
    limit = 0 if everybody else int(share * source.n_rows)
    populations: dict[Part, Population] = {
        part: Population(tally.keys, there) for (part, tally), there in zip(people.items(), coding.beside, strict=True)
    }
    asked = {**_levels(levels, columns, kept), **dict.fromkeys(kept, 0)}
    allowed = tuple(_allowed(ladder, asked.get(ladder.column)) for ladder in coding.ladders)
    return Task(source, coding, criterion, limit, chosen, proposed, utility, weights, allowed, columns, populations)


def _levels(levels: object, columns: tuple[str, ...], kept: tuple[str, ...]) -> dict[str, object]:
    if levels is None:
        return {}
    if not isinstance(levels, Mapping):
        raise ParameterError.of("levels", type_told(levels), _LEVELS)
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
        raise ParameterError.of("criteria", type_told(criteria), "criteria joined by &", "Example: pk.KAnonymity(5).")
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
    return all_of(*parts)


def _doubled(frame: pd.DataFrame) -> None:
    if not frame.columns.is_unique:
        raise DuplicateColumnError.in_frame(frame.columns[frame.columns.duplicated()].unique().tolist())


def _share(suppress: Any) -> Fraction:
    share = exact(suppress, "suppress", zero=True, smallest=Fraction(0))
    if share > 1:
        raise ParameterError.of(
            "suppress", exact_text(share), "a share of the rows from 0 to 1", "Example: 0.02 for 2 %."
        )
    return share


def check_weights(weights: object, columns: tuple[str, ...], argument: str = "weights") -> None:
    """Refuse what gives no weights to columns."""
    if weights is None:
        return
    allowed = "a dict column → weight, with finite weights >= 0 of quasi-identifiers, not all 0"
    if not isinstance(weights, Mapping):
        raise ParameterError.of(argument, type_told(weights), allowed)
    numbers = list(weights.values())
    if (
        any(name not in columns for name in weights)
        or any(
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")
            for value in numbers
        )
        or (set(weights) == set(columns) and not any(numbers))
    ):
        raise ParameterError.of(argument, repr(dict(weights)), allowed)
