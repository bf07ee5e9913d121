"""(α, k)-anonymity: how large classes are, and how far one sensitive value dominates them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from privkit.anonymity import figures
from privkit.anonymity.class_report import ClassReport, quasi_identifiers, sensitive_attribute
from privkit.anonymity.criteria import AlphaK
from privkit.errors import ParameterError
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import typed
from privkit.values.exact import Exact

if TYPE_CHECKING:
    from privkit.anonymity.criteria.criterion import Number


@dataclass(frozen=True, eq=False, repr=False)
class AlphaKReport(ClassReport):
    """The share of the most frequent sensitive value in each class (Wong, Li, Fu and Wang 2006).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    alpha : Exact
        The largest share, an exact fraction; 0 where the table has no rows.
    """

    symbol: ClassVar[str] = "alpha"
    high: ClassVar[bool] = True

    sensitive: str
    alpha: Exact

    @property
    def k(self) -> int:
        """The size of the smallest class; 0 where the table has no rows."""
        return int(self.classes.sizes.min()) if self.n_classes else 0


@typed
def alpha_k(
    data: object, qi: str | Sequence[str], sensitive: str, *, alpha: Number | None = None, k: int | None = None
) -> AlphaKReport:
    """Tell how far one sensitive value dominates each class, and how small classes are.

    The general (α, k)-anonymity of Wong, Li, Fu and Wang 2006: every class has at least k rows, and each value at most
    a share α of them. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    sensitive : str
        The sensitive attribute.
    alpha, k : number, optional
        Both together add a verdict.

    Returns
    -------
    AlphaKReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `sensitive` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> report = alpha_k(people, "zip", "ill")
    >>> report.alpha, report.k
    (1, 1)
    """
    if (alpha is None) != (k is None):
        raise ParameterError.together("alpha_k", ("alpha", "k"), "alpha= and k= go together. Example: alpha=0.5, k=5.")
    columns = quasi_identifiers(data, qi, "alpha_k")
    column = sensitive_attribute(data, sensitive, columns, "alpha_k")
    criterion = None if alpha is None or k is None else AlphaK(column, alpha, k)
    found = count_values(data, columns, column, function="alpha_k")
    shares = figures.top_shares(found)
    short = None
    if criterion is not None:
        short = ~shares.below(criterion.alpha) | (found.classes.sizes < criterion.k)
    return AlphaKReport(found.classes, shares.floats, criterion, short, column, shares.largest())
