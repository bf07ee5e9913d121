"""l-diversity: how many well-represented values of a sensitive attribute each class holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from privkit.anonymity.criterion import SensitivePart
from privkit.anonymity.figures import Ratios, decided, distinct_values, entry_starts, one_word, present, support
from privkit.anonymity.reports import ClassReport, Telling, figure_text, judged, quasi_identifiers, sensitive_attribute
from privkit.errors import ParameterError
from privkit.tally.coded_classes import count_values
from privkit.values.arguments import column_name, positive_int, public, typed
from privkit.values.exact import exact_text, positive
from privkit.values.writing import label, number, plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Finding, Floats, Ints, Mask, Number
    from privkit.tally.class_values import ClassValues
    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame

Kind = Literal["distinct", "entropy", "recursive"]


@public
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class LDiversity(SensitivePart):
    """Each class is diverse in a sensitive attribute (Machanavajjhala et al. 2007).

    With r1 >= r2 >= ... >= rm the counts of the values in a class, n their sum:

    - ``"distinct"``: m >= l;
    - ``"entropy"``: exp(-Σ ri/n ln(ri/n)) >= l (definition 4.1, with l and not ln l on the right);
    - ``"recursive"``: r1 < c (rl + ... + rm), strictly (definition 4.2).

    A missing value is a value like any other. All three are kept when classes merge.

    Parameters
    ----------
    sensitive : str
        The sensitive attribute.
    l : int, or for entropy any number
        At least 1.
    kind : {"distinct", "entropy", "recursive"}
    c : number, optional
        For ``"recursive"`` alone, and needed there; above 0.

    Examples
    --------
    >>> LDiversity("ill", 3, kind="recursive", c=4)
    LDiversity('ill', 3, kind='recursive', c=4)
    """

    paper: ClassVar[str] = "Machanavajjhala et al. 2007, l-diversity: privacy beyond k-anonymity, TKDD 1(1)"

    sensitive: str
    l: int | Fraction  # noqa: E741  # the criterion's name
    kind: Kind = field(default="distinct", kw_only=True)
    c: Fraction | None = field(default=None, kw_only=True)

    if TYPE_CHECKING:  # amounts are given as numbers and held exactly

        def __init__(self, sensitive: str, l: Number, *, kind: Kind = "distinct", c: Number | None = None) -> None: ...  # noqa: E741

    def __post_init__(self) -> None:
        column_name(self.sensitive, "sensitive")
        object.__setattr__(self, "kind", one_word(self.kind, "kind", get_args(Kind)))
        object.__setattr__(self, "l", diversity_bound(self.l, self.kind))
        object.__setattr__(self, "c", recursive_factor(self.c, self.kind))

    @property
    def rows_added(self) -> bool:
        """Whether more rows never break it: they make no value rarer than absent."""
        return self.kind == "distinct"

    def smallest(self, n_rows: int) -> int:
        """Return l: each of l values has a row."""
        return -int(-self.l // 1)

    def meets(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Mask:
        """Return which classes are diverse."""
        if self.kind == "distinct":
            return np.asarray(present(counts) >= int(self.l))
        if self.kind == "entropy":
            gap = np.log(float(self.l)) - entropies(sizes, counts)
            return decided(gap, lambda row: entropy_reached(counts[row].tolist(), self.l))
        assert self.c is not None
        least, c = int(self.l), self.c
        top = np.sort(counts, axis=1)[:, ::-1]
        gap = top[:, 0] - float(c) * (sizes - top[:, : least - 1].sum(axis=1))
        near = np.maximum(sizes, 1)  # r1 < c * tail, strictly: decided exactly at and near equality
        return decided(gap / near, lambda row: is_recursive(tuple(counts[row].tolist()), least, c), strict=True)

    def rows_lost(self, sizes: Ints, counts: Ints, table: Ints, levels: Sequence[Ints] | None) -> Floats:
        """Return all rows of classes with too few values, or what the supporting plane at the class says."""
        if self.kind == "distinct":
            return np.where(present(counts) < int(self.l), sizes, 0.0)
        if self.kind == "entropy":
            # The entropy of K is at most its cross entropy with C: Σ p_K ln p_C <= -ln l is needed.
            shares = counts / np.maximum(sizes, 1)[:, None]
            weights = np.log(np.where(shares > 0, shares, 1.0))
            return support(weights, np.full(len(sizes), -np.log(float(self.l))), sizes, counts)
        assert self.c is not None
        # r1 + c (r1 + ... + r(l-1)) < c n, and the left side is at least that of C's own top values.
        order = np.argsort(-counts, axis=1, kind="stable")
        weights = np.zeros(counts.shape)
        np.put_along_axis(weights, order[:, : int(self.l) - 1], float(self.c), axis=1)
        weights[np.arange(len(counts)), order[:, 0]] += 1
        return support(weights, np.full(len(sizes), float(self.c)), sizes, counts)

    def find(self, data: Frame, qi: tuple[str, ...], classes: Tally) -> tuple[Finding, Mask]:
        """Return the l of the least diverse class, and the classes below the criterion's."""
        report = ldiv(data, qi, self.sensitive, l=self.l, kind=self.kind, c=self.c)
        return judged(report, f"l = {figure_text(report.l)}", classes)


def diversity_bound(bound: object, kind: Kind) -> int | Fraction:
    """Return l: a whole number, or any number for entropy, of at least 1."""
    if kind != "entropy":
        return positive_int(bound, "l")
    number = positive(bound, "l")
    if number < 1:
        raise ParameterError.of("l", exact_text(number), "a number >= 1")
    return number


def recursive_factor(c: object, kind: Kind) -> Fraction | None:
    """Return c, which the recursive kind needs and the others have no use for."""
    if kind == "recursive":
        if c is None:
            rule = (
                "kind='recursive' needs c=: the most frequent value may occur less than c times as often as the rest."
            )
            raise ParameterError.together(("kind", "c"), f"{rule} Example: c=4.")
        return positive(c, "c")
    if c is not None:
        raise ParameterError.together(("kind", "c"), f"c= belongs to kind='recursive', not to {kind!r}.")
    return None


def is_recursive(counts: tuple[int, ...], bound: int, c: Fraction) -> bool:
    """Return whether counts of one class satisfy recursive (c, l), exactly.

    Examples
    --------
    >>> from fractions import Fraction
    >>> [is_recursive((3, 2, 1), 2, Fraction(c)) for c in ("1", "1.01")]
    [False, True]
    """
    ordered = sorted(counts, reverse=True)
    return ordered[0] < c * sum(ordered[bound - 1 :])


@public
@dataclass(frozen=True, eq=False, repr=False)
class LDiversityReport(ClassReport):
    """How diverse each class is in a sensitive attribute (Machanavajjhala et al. 2007).

    Attributes
    ----------
    sensitive : str
        The sensitive attribute.
    kind : {"distinct", "entropy", "recursive"}
    c : Fraction or None
        For recursive (c, l)-diversity.
    """

    symbol: ClassVar[str] = "l"

    criterion: LDiversity | None
    sensitive: str
    kind: Kind
    c: Fraction | None

    def _telling(self) -> Telling:
        of = f"'{label(self.sensitive)}'"
        c = "" if self.c is None else f" with c = {exact_text(self.c)}"
        least = {
            "distinct": f"has {plural(int(self.l), 'value')} of {of}",
            "entropy": f"is as diverse as {number(self.l)} equally frequent values of {of}",
            "recursive": f"reaches recursive l = {number(self.l)}{c} in {of}",
        }[self.kind]
        part = self.criterion
        goal = "" if part is None else f"{self.kind} l = {number(float(part.l))}{c} in {of}"
        return Telling(f"l = {number(self.l)}", f"the least diverse of {self._among} {least}", goal)

    @property
    def l(self) -> int | float:  # noqa: E743  # the figure's name
        """The l of the least diverse class; a float for entropy; 0 where the table has no rows.

        For recursive (c, l) the largest l that holds with the given c; 0 where not even l = 1 does.
        """
        least: int | float = self.figures.min().item() if self.n_classes else 0
        return least


@typed
def ldiv(
    data: Frame,
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
        The quasi-identifiers; ``[]`` for none, and the table is one class.
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
    kind = one_word(kind, "kind", get_args(Kind))
    factor = recursive_factor(c, kind)
    bound = None if l is None else diversity_bound(l, kind)
    columns = quasi_identifiers(data, qi, empty=True)
    column = sensitive_attribute(data, sensitive, columns)
    found = count_values(data, columns, column)
    criterion = None if bound is None else LDiversity(column, bound, kind=kind, c=factor)
    values = diversity_figures(found, kind, factor)
    short = None if criterion is None else ~diverse(found, values, criterion)
    return LDiversityReport(found.classes, values, criterion, short, column, kind, factor)


def diversity_figures(found: ClassValues, kind: Kind, c: Fraction | None) -> NDArray[Any]:
    """Return the l of each class."""
    if kind == "distinct":
        return distinct_values(found)
    if kind == "entropy":
        return entropy_values(found)
    assert c is not None  # by recursive_factor
    return recursive_values(found, c)


def diverse(found: ClassValues, values: NDArray[Any], criterion: LDiversity) -> NDArray[np.bool_]:
    """Return which classes meet the criterion, exactly; `values` are their figures."""
    if criterion.kind == "entropy":
        return entropy_reaches(found, values, Fraction(criterion.l))
    return np.asarray(values >= criterion.l)


def entropy_values(found: ClassValues) -> Floats:
    """Return exp(entropy) of each class: the l of entropy l-diversity, a number and no truncated one.

    With counts c of sum n, H = ln n - Σ c ln c / n. Where all counts of a class are equal it is their number, exactly.
    """
    sizes, starts = found.classes.sizes, entry_starts(found)
    if not len(sizes):
        return np.empty(0)
    logs = np.add.reduceat(found.counts * np.log(found.counts), starts)
    values: Floats = np.exp(np.log(sizes) - logs / sizes)
    even = np.maximum.reduceat(found.counts, starts) == np.minimum.reduceat(found.counts, starts)
    return np.where(even, distinct_values(found), values)


def entropy_reaches(found: ClassValues, values: Floats, bound: Fraction) -> NDArray[np.bool_]:
    """Return which classes have exp(entropy) >= bound, deciding near cases in whole numbers.

    exp(H) >= a/b  <=>  n^n b^n >= a^n Π c^c.
    """
    mask: NDArray[np.bool_] = values >= float(bound)
    starts = np.append(entry_starts(found), len(found.counts))
    known: dict[tuple[int, ...], bool] = {}
    for place in np.flatnonzero(np.abs(values - float(bound)) < 1e-9 * float(bound)):
        counts = np.sort(found.counts[starts[place] : starts[place + 1]])
        counts //= np.gcd.reduce(counts)  # shares, and so the entropy, stay the same
        key = tuple(counts.tolist())
        if key not in known:
            known[key] = entropy_reached(key, bound)
        mask[place] = known[key]
    return mask


def entropy_reached(counts: Sequence[int], bound: int | Fraction) -> bool:
    """Return whether exp(entropy) of a class's counts is at least a/b: n^n b^n >= a^n Π c^c, in whole numbers."""
    n, product = sum(counts), 1
    for count in counts:
        product *= count**count
    reached: bool = n**n * bound.denominator**n >= bound.numerator**n * product
    return reached


def recursive_values(found: ClassValues, c: Fraction) -> Ints:
    """Return the largest l of each class for which it is recursive (c, l)-diverse; 0 where none is.

    With counts r1 >= r2 >= ... the condition r1 < c (rl + ... + rm) gets harder with l: count the l that meet it.
    """
    sizes, starts = found.classes.sizes, entry_starts(found)
    if not len(sizes):
        return np.empty(0, dtype=np.int64)
    order = np.lexsort((-found.counts, found.class_of))
    counts = found.counts[order]
    before = np.cumsum(counts) - counts  # of all entries before, of all classes
    tails = sizes[found.class_of] - (before - before[starts][found.class_of])
    firsts = counts[starts][found.class_of]
    met = Ratios(firsts, tails).below(c, strict=True)
    return np.add.reduceat(met.astype(np.int64), starts)


def entropies(sizes: Ints, counts: Ints) -> Floats:
    """Return the Shannon entropy of each class, in nats."""
    shares = counts / np.maximum(sizes, 1)[:, None]
    return -(shares * np.log(np.where(shares > 0, shares, 1))).sum(axis=1)
