"""t-closeness: how far each class's distribution of a sensitive attribute is from the table's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.anonymity import figures
from privkit.anonymity.class_report import ClassReport, quasi_identifiers, sensitive_attribute
from privkit.anonymity.criteria import TCloseness
from privkit.anonymity.criteria.criterion import share
from privkit.anonymity.criteria.tcloseness import ground_distance
from privkit.anonymity.figures import tree_levels
from privkit.errors import FrameError
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number
    from privkit.anonymity.figures import Ratios
    from privkit.tally.class_values import ClassValues
    from privkit.values.exact import Exact


@dataclass(frozen=True, eq=False, repr=False)
class TClosenessReport(ClassReport):
    """The earth mover's distance of each class to the table (Li, Li and Venkatasubramanian 2007).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    distance : "equal", "ordered" or a hierarchy
        How far values are from each other.
    t : Exact
        The largest distance, an exact fraction; 0 where the table has no rows.
    """

    symbol: ClassVar[str] = "t"
    high: ClassVar[bool] = True

    sensitive: str
    distance: object
    t: Exact


@typed
def tclose(
    data: object,
    qi: str | Sequence[str],
    sensitive: str,
    *,
    t: Number | None = None,
    distance: object = "equal",
) -> TClosenessReport:
    """Tell how far the classes' distributions of a sensitive attribute are from the table's.

    With p and q the shares of the m values in a class and in the table (Li, Li and Venkatasubramanian 2007,
    "t-closeness"): ``"equal"`` is 1/2 Σ abs(pi - qi); ``"ordered"`` is Σi abs(Σj<=i (pj - qj)) / (m - 1) over ascending
    values (a categorical's order, missing last); a hierarchy gives the mean of the equal distance over its levels
    below the root. A missing value is a value like any other. Reads rows; exact; spends nothing.

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
    1/3
    """
    ground_distance(distance, "tclose")
    bound = None if t is None else share(t, "tclose", "t")
    columns = quasi_identifiers(data, qi, "tclose")
    column = sensitive_attribute(data, sensitive, columns, "tclose")
    found = count_values(data, columns, column, function="tclose")
    ratios = distances(found, distance, column, "tclose")
    criterion = None if bound is None else TCloseness(column, bound, distance=distance)
    short = None if bound is None else ~ratios.below(bound)
    return TClosenessReport(found.classes, ratios.floats, criterion, short, column, distance, ratios.largest())


def distances(found: ClassValues, distance: object, column: str, function: str) -> Ratios:
    """Return the distance of each class to the table, as exact ratios."""
    if distance == "equal":
        return figures.equal_distances(found)
    if distance == "ordered":
        _check_order(found.values, column, function)
        return figures.ordered_distances(found)
    return figures.equal_distances(found, tree_levels(distance, found.values, column, function))


def _check_order(values: Any, column: str, function: str) -> None:
    try:
        ordered = values.dropna().is_monotonic_increasing
    except TypeError:
        ordered = False
    if not ordered:
        hint = "distance='ordered' needs values of one type that can be sorted; or take distance='equal'."
        raise FrameError.column_type(function, column, "object with values of several types", hint)
