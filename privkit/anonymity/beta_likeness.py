"""β-likeness: how much more frequent a sensitive value becomes within a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np

from privkit.anonymity.figures import (
    Ratios,
    Reference,
    ReferencePart,
    class_maxima,
    class_minima,
    decided,
    one_word,
    over_caps,
    shares_and_table,
)
from privkit.anonymity.reports import ClassReport, Telling, figure_text, judged, quasi_identifiers, sensitive_attribute
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import column_name, public, typed
from privkit.values.exact import exact_text, positive
from privkit.values.writing import label, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Finding, Floats, Ints, Mask, Number
    from privkit.tally.class_values import ClassValues
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


_KINDS = ("basic", "enhanced")


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class BetaLikeness(ReferencePart):
    """No value gains more than β in relative frequency (Cao and Karras 2012).

    With p and q the shares of a value in a class and in the table, for each value with p > q:

    - ``"basic"`` (definition 2): (p - q) / q <= β;
    - ``"enhanced"`` (definition 3): (p - q) / q <= min(β, -ln q).

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    beta : number
        Above 0.
    kind : {"basic", "enhanced"}
    reference : {"kept", "input"}
        Whether a transformation compares its classes with the rows that it keeps, or with all that were given.

    Examples
    --------
    >>> BetaLikeness("ill", 1, kind="enhanced")
    BetaLikeness('ill', 1, kind='enhanced')
    """

    paper: ClassVar[str] = "Cao and Karras 2012, Publishing microdata with a robust privacy guarantee, PVLDB 5(11)"

    sensitive: str
    beta: Fraction
    kind: Literal["basic", "enhanced"] = field(default="basic", kw_only=True)
    reference: Reference = field(default="kept", kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(
            self,
            sensitive: str,
            beta: Number,
            *,
            kind: Literal["basic", "enhanced"] = "basic",
            reference: Reference = "kept",
        ) -> None: ...

    def __post_init__(self) -> None:
        column_name(self.sensitive, "sensitive")
        object.__setattr__(self, "beta", positive(self.beta, "beta"))
        one_word(self.kind, "kind", _KINDS)
        one_word(self.reference, "reference", get_args(Reference))

    def loosened(self, gone: int, table: Ints) -> BetaLikeness | None:
        """Return the basic criterion with (1 + β) n / (n - gone) - 1.

        What is left of a value's rows is at most all of them, of at least n - gone rows: q' <= q n / (n - gone). And
        p <= (1 + β) q', in both kinds, where p > q'; else p <= q' as well.
        """
        n = int(table.sum())
        if gone >= n:
            return None
        return BetaLikeness(self.sensitive, (1 + self.beta) * Fraction(n, n - gone) - 1)

    def caps(self, table: Ints) -> Floats:
        """Return the largest share that each value may have in a class."""
        shares = table / max(int(table.sum()), 1)
        gain = np.full(len(table), float(self.beta))
        if self.kind == "enhanced":
            with np.errstate(divide="ignore"):
                gain = np.minimum(gain, -np.log(shares))
        return shares * (1 + gain)

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes have no value above its cap."""
        gap = (counts / np.maximum(sizes, 1)[:, None] - self.caps(table)).max(axis=1, initial=-np.inf)
        return decided(gap, lambda row: self._met(counts[row], table))

    def _met(self, counts: Ints, table: Ints) -> bool:
        n, total = int(counts.sum()), int(table.sum())
        for count, q in zip(counts.tolist(), table.tolist(), strict=True):
            if count * total <= q * n:  # no gain
                continue
            gain = Fraction(count * total - q * n, q * n)
            natural = -np.log(q / total) if self.kind == "enhanced" else np.inf
            if gain > self.beta or float(gain) > natural:
                return False
        return True

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return the rows over the caps."""
        return over_caps(sizes, counts, self.caps(table))

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the largest gain, and the classes with one above β."""
        report = beta_likeness(data, qi, self.sensitive, beta=self.beta, kind=self.kind)
        return judged(report, f"β = {figure_text(report.beta)}", classes)


@public
@dataclass(frozen=True, eq=False, repr=False)
class BetaLikenessReport(ClassReport):
    """The largest relative gain (p - q) / q of a sensitive value in each class (Cao and Karras 2012).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    kind : {"basic", "enhanced"}
    beta : Fraction
        The largest gain, an exact fraction; at least 0.
    """

    symbol: ClassVar[str] = "beta"
    high: ClassVar[bool] = True

    criterion: BetaLikeness | None
    sensitive: str
    kind: Literal["basic", "enhanced"]
    beta: Fraction

    def _telling(self) -> Telling:
        of = f"'{label(self.sensitive)}'"
        part = self.criterion
        goal = "" if part is None else f"{self.kind} β = {exact_text(part.beta)} in {of}"
        return Telling(
            f"β = {number(float(self.beta))}",
            f"in {self._among} a value of {of} is up to {number(float(1 + self.beta))} times "
            "as frequent as in the table",
            goal,
        )


@typed
def beta_likeness(
    data: Frame,
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
    Fraction(1, 2)
    """
    one_word(kind, "kind", _KINDS)
    bound = None if beta is None else positive(beta, "beta")
    columns = quasi_identifiers(data, qi)
    column = sensitive_attribute(data, sensitive, columns)
    found = count_values(data, columns, column)
    gains = relative_gains(found)
    largest = class_maxima(found, gains.floats)
    criterion = None if bound is None else BetaLikeness(column, bound, kind=kind)
    short = None if criterion is None else ~alike(found, criterion)
    return BetaLikenessReport(found.classes, largest, criterion, short, column, kind, max(gains.largest(), Fraction(0)))


def alike(found: ClassValues, criterion: BetaLikeness) -> NDArray[np.bool_]:
    """Return which classes meet the criterion."""
    gains = relative_gains(found)
    met = gains.below(criterion.beta)
    if criterion.kind == "enhanced":
        natural = -np.log(found.totals / max(found.classes.n_rows, 1))
        # A value that does not gain is not bounded; where q = 1 there is no gain, and the bound is 0.
        met &= (gains.numerators <= 0) | (gains.floats <= natural[found.value_of])
    return class_minima(found, met)


def relative_gains(found: ClassValues) -> Ratios:
    """Return (p - q) / q of each entry: the relative gain that β-likeness bounds."""
    ratios = shares_and_table(found)
    return Ratios(ratios.numerators - ratios.denominators, ratios.denominators)
