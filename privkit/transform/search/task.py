"""What is asked of a transformation, checked and encoded: the common beginning of every search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from privkit.anonymity.criterion import Criterion, Part, all_of
from privkit.anonymity.kanonymity import KAnonymity
from privkit.errors import DuplicateColumnError, ParameterError
from privkit.errors.anonymity import InfeasibleError, RoleConflictError
from privkit.tally.frame import column_names, open_frame
from privkit.transform.generalize import resolve
from privkit.transform.search.coding import Coding, encode
from privkit.transform.search.measures import Measure, measure
from privkit.transform.search.verdict import Judge
from privkit.transform.source import Known, source_of
from privkit.values.exact import exact

if TYPE_CHECKING:
    import pandas as pd

    from privkit.transform.hierarchies.hierarchy import Hierarchy
    from privkit.transform.source import Source


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
    utility, weights, keep
        As given.
    """

    source: Source
    coding: Coding
    criterion: Criterion
    limit: int
    hierarchies: dict[str, Hierarchy]
    proposed: tuple[str, ...]
    utility: str
    weights: Mapping[str, float] | None
    keep: tuple[str, ...]
    qi: tuple[str, ...]
    function: str

    @cached_property
    def judge(self) -> Judge:
        """The judge of this table's classes."""
        return Judge(self.criterion, self.coding)

    @cached_property
    def measure(self) -> Measure:
        """The utility measure on this table."""
        return measure(self.utility, self.coding, self.weights, self.function)

    @property
    def most_levels(self) -> tuple[int, ...]:
        """The highest level of each column; 0 for those that must not change."""
        return tuple(
            0 if name in self.keep else size - 1
            for name, size in zip(self.coding.columns, self.coding.shape, strict=True)
        )


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
    unit: str | None,
    function: str,
) -> Task:
    """Check what was asked and tally the table, with its columns in alphabetical order: theirs means nothing."""
    columns = column_names(qi, function, "qi")
    criterion = criterion_of(criteria, k, unit, function)
    told = data.frame if isinstance(data, Known) else data
    open_frame(told, function, columns, "qi")
    open_frame(told, function, criterion.columns, "criteria")
    for part in criterion.parts:
        if both := [name for name in part.columns if name in columns]:
            refused = RoleConflictError.unit if part.counts_units else RoleConflictError.sensitive
            raise refused(function, both[0], columns)
    kept = column_names(keep, function, "keep", empty=True)
    if strange := [name for name in kept if name not in columns]:
        raise ParameterError.of(function, "keep", repr(strange), f"among the quasi-identifiers {list(columns)}")
    _weights(weights, columns, function)
    share = _share(suppress, function)
    source = source_of(data, tuple(dict.fromkeys((*columns, *criterion.columns))), function)
    _doubled(source.frame, function)
    for part in criterion.parts:
        if 0 < source.n_rows < part.rows_needed:
            raise InfeasibleError.too_few_rows(function, part.rows_needed, source.n_rows)
    chosen, proposed = resolve(source.frame, columns, hierarchies or {}, function)
    laid = {name: chosen[name] for name in sorted(columns)}
    coding = encode(source.frame, laid, criterion.columns, function, rows=source.rows)
    limit = int(share * source.n_rows)
    return Task(source, coding, criterion, limit, chosen, proposed, utility, weights, kept, columns, function)


def criterion_of(criteria: object, k: int | None, unit: str | None, function: str) -> Criterion:
    """Return the criterion that `criteria`, `k` and `unit` ask for together."""
    if criteria is not None and not isinstance(criteria, Criterion):
        raise ParameterError.of(
            function, "criteria", f"a {type(criteria).__name__}", "criteria joined by &", "Example: pk.KAnonymity(5)."
        )
    if criteria is None and k is None:
        raise ParameterError.together(
            function,
            ("criteria", "k"),
            "say what must hold: k=5, or criteria such as pk.KAnonymity(5) & pk.LDiversity('ill', 2).",
        )
    parts: list[Part] = list(criteria.parts) if isinstance(criteria, Criterion) else []
    if k is not None:
        parts.insert(0, KAnonymity(k))
    if unit is not None:
        if not any(part.counts_units for part in parts):
            raise ParameterError.together(
                function, ("unit",), "unit= counts persons for k-anonymity; add k= or pk.KAnonymity(k)."
            )
        parts = [part.with_unit(unit) for part in parts]
    for part in parts:
        if part.compares_tables:
            raise ParameterError.of(
                function,
                "criteria",
                f"{type(part).__name__} with a table of the population",
                "criteria on the table itself",
                "Check the result instead: pk.kmap(out.frame, ...); or give the number of persons: "
                "pk.KMap(k, population=1_000_000).",
            )
    return all_of(*parts)


def _doubled(frame: pd.DataFrame, function: str) -> None:
    if not frame.columns.is_unique:
        raise DuplicateColumnError.in_frame(function, frame.columns[frame.columns.duplicated()].unique().tolist())


def _share(suppress: Any, function: str) -> Fraction:
    share = Fraction(exact(suppress, function, "suppress", zero=True, smallest=Fraction(0)))
    if share > 1:
        raise ParameterError.of(
            function, "suppress", str(float(share)), "a share of the rows from 0 to 1", "Example: 0.02 for 2 %."
        )
    return share


def _weights(weights: object, columns: tuple[str, ...], function: str) -> None:
    if weights is None:
        return
    allowed = "a dict column → weight, with finite weights >= 0 of quasi-identifiers, not all 0"
    if not isinstance(weights, Mapping):
        raise ParameterError.of(function, "weights", f"a {type(weights).__name__}", allowed)
    numbers = list(weights.values())
    if (
        any(name not in columns for name in weights)
        or any(
            isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")
            for value in numbers
        )
        or (set(weights) == set(columns) and not any(numbers))
    ):
        raise ParameterError.of(function, "weights", repr(dict(weights)), allowed)
