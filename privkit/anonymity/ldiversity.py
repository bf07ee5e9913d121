"""l-diversity: how many well-represented values of a sensitive attribute each class holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.anonymity import figures
from privkit.anonymity.class_report import ClassReport, quasi_identifiers, sensitive_attribute
from privkit.anonymity.criteria import LDiversity
from privkit.anonymity.criteria.ldiversity import Kind, diversity_bound, diversity_kind, recursive_factor
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import typed
from privkit.values.exact import Exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criteria.criterion import Number
    from privkit.tally.class_values import ClassValues


@dataclass(frozen=True, eq=False, repr=False)
class LDiversityReport(ClassReport):
    """How diverse each class is in a sensitive attribute (Machanavajjhala et al. 2007).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    kind : {"distinct", "entropy", "recursive"}
    c : Exact or None
        For recursive (c, l)-diversity.
    """

    symbol: ClassVar[str] = "l"

    sensitive: str
    kind: Kind
    c: Exact | None

    @property
    def l(self) -> int | float:  # noqa: E743  # the figure's name
        """The l of the least diverse class; a float for entropy; 0 where the table has no rows.

        For recursive (c, l) the largest l that holds with the given c; 0 where not even l = 1 does.
        """
        least: int | float = self.figures.min().item() if self.n_classes else 0
        return least


@typed
def ldiv(
    data: object,
    qi: str | Sequence[str],
    sensitive: str,
    *,
    l: Number | None = None,  # noqa: E741
    kind: Kind = "distinct",
    c: Number | None = None,
) -> LDiversityReport:
    """Tell how diverse a sensitive attribute is within each class of equal quasi-identifiers.

    With r1 >= r2 >= ... the counts of the values in a class of n rows (Machanavajjhala et al. 2007, "l-diversity:
    privacy beyond k-anonymity"): ``"distinct"`` counts the values; ``"entropy"`` is exp(-Σ ri/n ln(ri/n)), not
    truncated; ``"recursive"`` is the largest l with r1 < c (rl + rl+1 + ...). A missing value is a value like any
    other. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    sensitive : str
        The sensitive attribute.
    l : number, optional
        Adds a verdict. A whole number, for entropy any number of at least 1.
    kind : {"distinct", "entropy", "recursive"}
    c : number, optional
        For ``kind="recursive"``, and needed there.

    Returns
    -------
    LDiversityReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `sensitive` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> ldiv(people, "zip", "ill", l=2)
    l = 1: 1 of 3 rows (33.3 %) falls short of distinct l = 2 in 'ill'.
    The least diverse of 2 classes by 'zip' has 1 value of 'ill'; 1 class falls short.
    next: df.privacy.anonymize(['zip'], pk.LDiversity('ill', 2)) · .worst(10) · .plot()
    """
    kind = diversity_kind(kind, "ldiv")
    factor = recursive_factor(c, kind, "ldiv")
    bound = None if l is None else diversity_bound(l, kind, "ldiv")
    columns = quasi_identifiers(data, qi, "ldiv")
    column = sensitive_attribute(data, sensitive, columns, "ldiv")
    found = count_values(data, columns, column, function="ldiv")
    criterion = None if bound is None else LDiversity(column, bound, kind=kind, c=factor)
    values = diversity_figures(found, kind, factor)
    short = None if criterion is None else ~diverse(found, values, criterion)
    return LDiversityReport(found.classes, values, criterion, short, column, kind, factor)


def diversity_figures(found: ClassValues, kind: Kind, c: Exact | None) -> NDArray[Any]:
    """Return the l of each class."""
    if kind == "distinct":
        return figures.distinct_values(found)
    if kind == "entropy":
        return figures.entropy_values(found)
    assert c is not None  # by recursive_factor
    return figures.recursive_values(found, c)


def diverse(found: ClassValues, values: NDArray[Any], criterion: LDiversity) -> NDArray[np.bool_]:
    """Return which classes meet the criterion, exactly; `values` are their figures."""
    if criterion.kind == "entropy":
        return figures.entropy_reaches(found, values, Exact(criterion.l))
    return np.asarray(values >= criterion.l)
