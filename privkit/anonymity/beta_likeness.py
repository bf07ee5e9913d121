"""β-likeness: how much more frequent a sensitive value becomes within a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from privkit.anonymity import figures
from privkit.anonymity.class_report import ClassReport, quasi_identifiers, sensitive_attribute
from privkit.anonymity.criteria import BetaLikeness
from privkit.anonymity.criteria.beta_likeness import likeness_kind
from privkit.anonymity.criteria.criterion import positive
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import typed
from privkit.values.exact import Exact

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criteria.criterion import Number
    from privkit.tally.class_values import ClassValues


@dataclass(frozen=True, eq=False, repr=False)
class BetaLikenessReport(ClassReport):
    """The largest relative gain (p - q) / q of a sensitive value in each class (Cao and Karras 2012).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    kind : {"basic", "enhanced"}
    beta : Exact
        The largest gain, an exact fraction; at least 0.
    """

    symbol: ClassVar[str] = "beta"
    high: ClassVar[bool] = True

    sensitive: str
    kind: Literal["basic", "enhanced"]
    beta: Exact


@typed
def beta_likeness(
    data: object,
    qi: str | Sequence[str],
    sensitive: str,
    *,
    beta: Number | None = None,
    kind: Literal["basic", "enhanced"] = "basic",
) -> BetaLikenessReport:
    """Tell by how much values of a sensitive attribute gain in frequency within classes.

    The gain of a value is (p - q) / q, with p and q its shares in the class and in the table (Cao and Karras 2012,
    "Publishing microdata with a robust privacy guarantee"). ``"enhanced"`` also bounds it by -ln q.
    Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    sensitive : str
        The sensitive attribute.
    beta : number, optional
        Above 0; adds a verdict.
    kind : {"basic", "enhanced"}

    Returns
    -------
    BetaLikenessReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `sensitive` is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> beta_likeness(people, "zip", "ill").beta
    0.5
    """
    likeness_kind(kind, "beta_likeness")
    bound = None if beta is None else positive(beta, "beta_likeness", "beta")
    columns = quasi_identifiers(data, qi, "beta_likeness")
    column = sensitive_attribute(data, sensitive, columns, "beta_likeness")
    found = count_values(data, columns, column, function="beta_likeness")
    gains = figures.gains(found)
    largest = figures.class_maxima(found, gains.floats)
    criterion = None if bound is None else BetaLikeness(column, bound, kind=kind)
    short = None if criterion is None else ~alike(found, criterion)
    return BetaLikenessReport(found.classes, largest, criterion, short, column, kind, max(gains.largest(), Exact(0)))


def alike(found: ClassValues, criterion: BetaLikeness) -> NDArray[np.bool_]:
    """Return which classes meet the criterion."""
    gains = figures.gains(found)
    met = gains.below(criterion.beta)
    if criterion.kind == "enhanced":
        natural = -np.log(found.totals / max(found.classes.n_rows, 1))
        # A value that does not gain is not bounded; where q = 1 there is no gain, and the bound is 0.
        met &= (gains.numerators <= 0) | (gains.floats <= natural[found.value_of])
    return figures.class_minima(found, met)
