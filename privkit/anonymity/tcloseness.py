"""t-closeness: how far each class's distribution of a sensitive attribute is from the table's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, get_args, runtime_checkable

import numpy as np

from privkit.anonymity.figures import (
    Ratios,
    Reference,
    ReferencePart,
    decided,
    equal_distances,
    merged,
    one_word,
    ordered_distances,
    support,
)
from privkit.anonymity.reports import ClassReport, Telling, figure_text, judged, quasi_identifiers, sensitive_attribute
from privkit.errors import FrameError, ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.errors.root import type_told
from privkit.tally.coded_classes import count_values
from privkit.tally.codes import have_an_order, is_missing
from privkit.values.arguments import column_name, public, typed
from privkit.values.exact import exact_text, share
from privkit.values.writing import label, number

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Finding, Floats, Ints, Mask, Number
    from privkit.tally.class_values import ClassValues
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class TCloseness(ReferencePart):
    """The earth mover's distance of each class to the table is at most `t` (Li, Li and Venkatasubramanian 2007).

    With p the shares of the values in a class, q those in the table, m the number of values:

    - ``"equal"``: 1/2 Σ |pi - qi|;
    - ``"ordered"``: Σi |Σj<=i (pj - qj)| / (m - 1), for values in ascending order (text: an ordered categorical's);
      missing is the last;
    - a hierarchy of H levels above the values, level H one root: the mean over levels 0 to H - 1 of the equal
      distance between the generalized distributions, which is the paper's hierarchical distance (`equal_distances`
      has the proof).

    All are convex in p, so merging classes keeps the criterion.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    t : number
        0 to 1; exact, as the decimal that is written.
    distance : "equal", "ordered", or a hierarchy
        A `pk.Hierarchy`, or a mapping from values to their labels at level 1, 2, ...
    reference : {"kept", "input"}
        Whether a transformation compares its classes with the rows that it keeps, or with all that were given.

    Examples
    --------
    >>> TCloseness("salary", 0.2, distance="ordered")
    TCloseness('salary', 0.2, distance='ordered')
    """

    paper: ClassVar[str] = "Li, Li and Venkatasubramanian 2007, t-closeness, ICDE"

    sensitive: str
    t: Fraction
    distance: str | ValueTree | Mapping[Any, Any] = field(default="equal", kw_only=True)
    reference: Reference = field(default="kept", kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(
            self,
            sensitive: str,
            t: Number,
            *,
            distance: str | ValueTree | Mapping[Any, Any] = "equal",
            reference: Reference = "kept",
        ) -> None: ...

    def __post_init__(self) -> None:
        column_name(self.sensitive, "sensitive")
        object.__setattr__(self, "t", share(self.t, "t"))
        ground_distance(self.distance)
        one_word(self.reference, "reference", get_args(Reference))

    def loosened(self, gone: int, table: Ints) -> TCloseness | None:
        """Return the criterion with t + gone / n.

        With q' what is left of q where a share λ <= gone / n of the rows leaves, q = (1 - λ) q' + λ s for some s. All
        three distances are metrics, convex, and at most 1: D(q', q) <= λ D(q', s) <= λ, so D(p, q) <= D(p, q') + λ.
        Distances along an order or a tree are measured anew where a value vanishes, so that nothing follows there.
        """
        n = int(table.sum())
        t = self.t + Fraction(gone, n) if n else Fraction(1)
        vanishing = self.distance != "equal" and bool((table[table > 0] <= gone).any())
        return None if vanishing or t >= 1 else replace(self, t=t)

    def tree_levels(self, values: pd.Index) -> Sequence[Ints] | None:
        """Return the groups of the values at each level of the hierarchy, where there is one."""
        named = isinstance(self.distance, str)
        return None if named else tree_levels(self.distance, values, self.sensitive)

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes are near enough."""
        gap = self.distances(sizes, counts, table, levels) - float(self.t)
        return decided(gap, lambda row: self._exact_distance(counts[row], table, levels) <= self.t)

    def distances(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return the earth mover's distance of each class to the table."""
        gaps = counts / np.maximum(sizes, 1)[:, None] - table / max(int(table.sum()), 1)
        if self.distance == "equal":
            return np.abs(gaps).sum(axis=1) / 2
        if self.distance == "ordered":
            return np.abs(np.cumsum(gaps, axis=1)).sum(axis=1) / max(len(table) - 1, 1)
        assert levels is not None
        return np.mean([np.abs(merged(gaps, codes)).sum(axis=1) / 2 for codes in levels], axis=0)

    def _exact_distance(self, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Fraction:
        n, total = int(counts.sum()), int(table.sum())
        gaps = np.array([int(c) * total - int(q) * n for c, q in zip(counts, table, strict=True)], dtype=object)
        if self.distance == "ordered":
            return Fraction(sum(map(abs, np.cumsum(gaps))), n * total * max(len(gaps) - 1, 1))
        chosen = [np.arange(len(gaps))] if levels is None else levels
        moved = sum(sum(map(abs, merged(gaps[None, :], codes)[0])) for codes in chosen)
        return Fraction(moved, 2 * n * total * len(chosen))

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return what the supporting plane at the class says."""
        shares = table / max(int(table.sum()), 1)
        gaps = counts / np.maximum(sizes, 1)[:, None] - shares
        if self.distance == "equal":
            weights = (gaps > 0).astype(np.float64)
        elif self.distance == "ordered":
            signs = np.sign(np.cumsum(gaps, axis=1))
            # A row with value v moves every cumulated share from v on.
            weights = np.cumsum(signs[:, ::-1], axis=1)[:, ::-1] / max(len(table) - 1, 1)
        else:
            assert levels is not None
            weights = np.zeros_like(gaps)
            for codes in levels:
                groups = np.unique(codes, return_inverse=True)[1]
                weights += (merged(gaps, codes) > 0)[:, groups] / len(levels)
        return support(weights, float(self.t) + (weights * shares).sum(axis=1), sizes, counts)

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the largest distance, and the classes that are farther than t."""
        report = tclose(data, qi, self.sensitive, t=self.t, distance=self.distance)
        return judged(report, f"t = {figure_text(report.t)}", classes)


def ground_distance(distance: str | ValueTree | Mapping[Any, Any]) -> object:
    """Return the ground distance, or refuse it."""
    if isinstance(distance, str):
        if distance in ("equal", "ordered"):
            return distance
    elif is_tree(distance):
        return distance
    found = repr(distance) if isinstance(distance, str) else type_told(distance)
    raise ParameterError.of("distance", found, "'equal', 'ordered' or a hierarchy")


@public
@dataclass(frozen=True, eq=False, repr=False)
class TClosenessReport(ClassReport):
    """The earth mover's distance of each class to the table (Li, Li and Venkatasubramanian 2007).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    distance : "equal", "ordered" or a hierarchy
        How far values are from each other.
    t : Fraction
        The largest distance, an exact fraction; 0 where the table has no rows.
    """

    symbol: ClassVar[str] = "t"
    high: ClassVar[bool] = True

    criterion: TCloseness | None
    sensitive: str
    distance: str | ValueTree | Mapping[Any, Any]
    t: Fraction

    def _telling(self) -> Telling:
        of = f"'{label(self.sensitive)}'"
        distance = self.distance if isinstance(self.distance, str) else "hierarchical"
        part = self.criterion
        goal = "" if part is None else f"t = {exact_text(part.t)} in {of} ({distance} distance)"
        return Telling(
            f"t = {number(float(self.t))}",
            f"of {self._among} the farthest from the table in {of} ({distance} distance) "
            f"is {number(float(self.t))} away",
            goal,
        )


@typed
def tclose(
    data: Frame,
    qi: str | Sequence[str],
    sensitive: str,
    *,
    t: Number | None = None,
    distance: str | ValueTree | Mapping[Any, Any] = "equal",
) -> TClosenessReport:
    """Tell how far the classes' distributions of a sensitive attribute are from the table's.

    With p and q the shares of the m values in a class and in the table (Li, Li and Venkatasubramanian 2007,
    "t-closeness"): ``"equal"`` is 1/2 Σ abs(pi - qi); ``"ordered"`` is Σi abs(Σj<=i (pj - qj)) / (m - 1) over ascending
    values (of text, an ordered categorical's; missing last); a hierarchy gives the mean of the equal distance over its
    levels below the root. A missing value is a value like any other. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    sensitive : str
        The sensitive attribute.
    t : number, optional
        0 to 1; adds a verdict.
    distance : "equal", "ordered" or a hierarchy
        A `pk.Hierarchy`, or a mapping from each value to its labels at level 1, 2, ...

    Returns
    -------
    TClosenessReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    HierarchyError
        If the hierarchy lacks a value.
    RoleConflictError
        If `sensitive` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> tclose(people, "zip", "ill").t
    Fraction(1, 3)
    """
    ground_distance(distance)
    bound = None if t is None else share(t, "t")
    columns = quasi_identifiers(data, qi)
    column = sensitive_attribute(data, sensitive, columns)
    found = count_values(data, columns, column)
    if distance == "ordered":
        check_order(data, column, found.values)
    ratios = distances(found, distance, column)
    criterion = None if bound is None else TCloseness(column, bound, distance=distance)
    short = None if bound is None else ~ratios.below(bound)
    return TClosenessReport(found.classes, ratios.floats, criterion, short, column, distance, ratios.largest())


def distances(found: ClassValues, distance: str | ValueTree | Mapping[Any, Any], column: str) -> Ratios:
    """Return the distance of each class to the table, as exact ratios."""
    if distance == "equal":
        return equal_distances(found)
    if distance == "ordered":
        return ordered_distances(found)
    return equal_distances(found, tree_levels(distance, found.values, column))


def check_order(data: object, column: str, values: pd.Index) -> None:
    """Refuse values without an order, and text whose order nobody has told; of two values any order is the same.

    Raises
    ------
    FrameError
    """
    import pandas as pd

    dtype = data[column].dtype if isinstance(data, pd.DataFrame) else None
    if len(values) <= 2 or (isinstance(dtype, pd.CategoricalDtype) and dtype.ordered):
        return
    known = values[:-1] if len(values) and is_missing(values[-1]) else values
    try:
        ordered = have_an_order(known) and known.is_monotonic_increasing
    except TypeError:
        ordered = False
    if not ordered:
        hint = "distance='ordered' needs values of one type that can be sorted; or take distance='equal'."
        raise FrameError.column_type(column, "object with values of several types", hint)
    if any(isinstance(value, str) for value in known):
        hint = (
            "distance='ordered' would take the alphabet for its order. Say which one it has: "
            f"df[{column!r}] = pd.Categorical(df[{column!r}], [least, ..., most], ordered=True); "
            "or take distance='equal'."
        )
        raise FrameError.column_type(column, "text", hint)


@runtime_checkable
class ValueTree(Protocol):
    """What a hierarchy offers to a criterion: the group of each value, level by level, up to one root.

    `pk.Hierarchy` is one. A mapping from each value to its label, or its labels at level 1, 2, ..., serves as well.
    """

    def lay(self, values: Any, column: str) -> Any:
        """Return an object whose ``levels``, from the values to the root, have ``codes``: one group per value."""
        ...


def is_tree(distance: object) -> bool:
    """Return whether `distance` gives groups of values.

    Examples
    --------
    >>> is_tree({"flu": "lung", "ulcer": "stomach"}), is_tree("flu")
    (True, False)
    """
    return isinstance(distance, Mapping | ValueTree)


def tree_levels(tree: object, values: pd.Index, column: str) -> list[NDArray[np.int64]]:
    """Return the group of each value at the levels of a tree below its root, from the values themselves upwards.

    The root is the lowest level at which one group covers the whole hierarchy, or above the last where none does:
    a second root on top of it (a ``*`` over "any") would make all distances smaller and tell nothing.
    Missing is a group of its own below the root.

    Parameters
    ----------
    tree : hierarchy or mapping
        What `pk.TCloseness` takes.
    values : pandas.Index
        The column's values; missing, where it occurs, is the last.
    column : str
        For the errors.

    Raises
    ------
    HierarchyError
        If the tree lacks a value.

    Examples
    --------
    >>> import pandas as pd
    >>> parts = {"flu": ("lung", "any"), "asthma": ("lung", "any"), "ulcer": ("stomach", "any")}
    >>> [codes.tolist() for codes in tree_levels(parts, pd.Index(["flu", "asthma", "ulcer"]), "ill")]
    [[0, 1, 2], [0, 0, 1]]
    """
    if isinstance(tree, Mapping):
        return _mapped(tree, values, column)
    levels: Any = tree.lay(values, column).levels  # type: ignore[attr-defined]  # a ValueTree
    root = next((place for place, level in enumerate(levels) if place and _is_root(level)), len(levels) - 1)
    return [np.asarray(level.codes, dtype=np.int64) for level in levels[: max(root, 1)]]


def _is_root(level: Any) -> bool:
    labels = [place for place, label in enumerate(level.labels) if label is not None]
    return len(labels) == 1 and bool(level.shares[labels[0]] > 1 - 1e-12)


def _mapped(tree: Mapping[Any, Any], values: pd.Index, column: str) -> list[NDArray[np.int64]]:
    known = [value for value in values if not is_missing(value)]
    if lacking := sum(value not in tree for value in known):
        raise HierarchyError.unmapped(column, lacking, len(known))
    paths = {value: _path(labels) for value, labels in tree.items()}
    rows = list(paths.values())
    height = len(rows[0]) if rows else 0
    for row, path in enumerate(rows, start=1):
        if len(path) != height:
            raise HierarchyError.ragged(row, len(path), height)
    root = next((level for level in range(height) if len({path[level] for path in rows}) == 1), height)
    levels = [np.arange(len(values))]
    for level in range(root):
        groups: dict[Any, int] = {}
        codes = [groups.setdefault(paths[value][level], len(groups)) for value in known]
        codes += [len(groups)] * (len(values) - len(known))
        levels.append(np.array(codes, dtype=np.int64))
    return levels


def _path(labels: Any) -> tuple[Any, ...]:
    return tuple(labels) if isinstance(labels, tuple | list) else (labels,)
