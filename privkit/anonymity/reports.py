"""What reports on classes share, and the check of a composed criterion: each part met or not, and the rows short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.anonymity.criterion import Criterion, Finding
from privkit.errors import ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.errors.arguments import KindError
from privkit.errors.root import type_told
from privkit.tally.cells.scalars import teller_of
from privkit.tally.class_values import matches
from privkit.tally.classes import whole_table
from privkit.tally.coded_classes import CodedTally, count_classes
from privkit.tally.codes import column_codes, have_an_order, is_missing
from privkit.tally.frame import column_names, open_frame
from privkit.values.arguments import column_name, positive_int, public, typed
from privkit.values.show import Plotted
from privkit.values.writing import names, plural

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.classes import Tally
    from privkit.values.inputs import Frame


def first_classes(tally: Tally, rank: NDArray[np.generic], n: object) -> NDArray[np.intp]:
    """Return the positions of the `n` classes of lowest `rank`; equal ranks are ordered by the classes' values.

    Parameters
    ----------
    tally : Tally
    rank : array, shape (n_classes,)
    n : int
        As the user gave it.
    """
    n = min(positive_int(n, "n"), tally.n_classes)
    if n == 0:
        return np.empty(0, dtype=np.intp)
    worst = np.partition(rank, n - 1)[n - 1]
    candidates = np.flatnonzero(rank <= worst)
    keys = tally.keys.iloc[candidates]
    codes = [_ordered_codes(keys[name]) for name in tally.by]
    order = np.lexsort([*reversed(codes), rank[candidates]])
    return candidates[order[:n]]


def _ordered_codes(column: pd.Series) -> NDArray[np.int64]:
    """Return codes in the order of the values; values of several types are ordered by type, then by their text."""
    codes, values = column_codes(column)
    known = values[:-1] if len(values) and is_missing(values[-1]) else values
    try:
        if have_an_order(known) and known.is_monotonic_increasing:
            return codes
    except TypeError:
        pass
    order = sorted(range(len(known)), key=lambda place: _by_type_and_text(known[place]))
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(known))
    rank[len(known) :] = len(known)
    return rank[codes]


def _by_type_and_text(value: object) -> tuple[str, str]:
    """Return what values of several types are ordered by; no method of a foreign type is called."""
    kind = type(value)
    own = teller_of(kind) is not None or kind.__module__.startswith("pandas._libs")
    return kind.__name__, str(value) if own else ""


def class_frame(tally: Tally, positions: NDArray[np.intp], figures: dict[str, Any]) -> pd.DataFrame:
    """Return the values of the classes at `positions` with columns of figures after them.

    A figure whose name is also a quasi-identifier's gets an underscore.
    """
    frame = tally.keys.iloc[positions].reset_index(drop=True)
    for name, values in figures.items():
        while name in frame.columns:
            name += "_"  # noqa: PLW2901
        frame[name] = values
    return frame


def size_figures(tally: Tally, positions: NDArray[np.intp]) -> dict[str, Any]:
    """Return the sizes of some classes: persons and rows where a unit was named, else rows."""
    sizes = {"size": tally.counts[positions]}
    if tally.persons is not None:
        sizes["rows"] = tally.sizes[positions]
    return sizes


def by_figure(name: str, figures: NDArray[Any], sizes: NDArray[np.int64]) -> pd.DataFrame:
    """Return the figures of classes that occur, with `classes`, `rows` and `share_of_rows`, by ascending figure."""
    import pandas as pd

    found, inverse, classes = np.unique(figures, return_inverse=True, return_counts=True)
    rows = np.zeros(len(found), dtype=np.int64)
    np.add.at(rows, inverse, sizes)
    share = rows / rows.sum() if len(rows) else np.empty(0)
    return pd.DataFrame({name: found, "classes": classes, "rows": rows, "share_of_rows": share})


@dataclass(frozen=True, slots=True)
class Telling:
    """What a report on classes says, in parts.

    Attributes
    ----------
    figure : str
        The figure: ``l = 2``.
    sense : str
        What it means, a sentence without its capital.
    goal : str
        The criterion, where one was given: ``distinct l = 3 in 'ill'``.
    remark : str
        What else must be known.
    """

    figure: str
    sense: str
    goal: str = ""
    remark: str = ""


@public
@dataclass(frozen=True, eq=False, repr=False)
class ClassReport(Plotted):
    """A figure for each equivalence class. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    classes : Tally
        The classes. It holds their values, and the text forms of this report show none of them.
    figures : array, shape (n_classes,)
        The figure of each class, in the order of `classes`.
    criterion : Criterion or None
        The criterion to judge by.
    short : array of bool, shape (n_classes,), or None
        The classes that break it.
    """

    #: The figure's name: a column of the frames.
    symbol: ClassVar[str] = "figure"
    #: Whether a high figure is the worse one.
    high: ClassVar[bool] = False

    classes: Tally
    figures: NDArray[Any]
    criterion: Criterion | None
    short: NDArray[np.bool_] | None

    def __init_subclass__(cls) -> None:
        if cls._telling is ClassReport._telling:
            raise KindError.lacks("report", cls.__name__, ["_telling"])

    def _telling(self) -> Telling:
        """Return what it says; each report has its own words."""
        raise NotImplementedError

    @property
    def _among(self) -> str:
        """The classes, in words."""
        return f"{plural(self.n_classes, 'class', 'classes')} by {names(self.qi) or 'no column'}"

    @property
    def qi(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return self.classes.by

    @property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return self.classes.n_rows

    @property
    def n_classes(self) -> int:
        """How many equivalence classes there are."""
        return self.classes.n_classes

    @property
    def satisfied(self) -> bool | None:
        """Whether every class meets the criterion; None where none was given. A table without rows meets all."""
        return None if self.short is None else not self.short.any()

    @property
    def classes_short(self) -> int | None:
        """How many classes break the criterion; None where none was given."""
        return None if self.short is None else int(self.short.sum())

    @property
    def rows_short(self) -> int | None:
        """How many rows are in classes that break the criterion; None where none was given."""
        return None if self.short is None else int(self.classes.sizes[self.short].sum())

    @property
    def share_short(self) -> float | None:
        """The share of these rows, 0 to 1; None where no criterion was given."""
        return None if self.rows_short is None else self.rows_short / self.n_rows if self.n_rows else 0.0

    def worst(self, n: int = 10) -> pd.DataFrame:
        """Return the `n` classes of the worst figure: their quasi-identifiers, `size` and the figure.

        Ordered by the figure, then by value. This shows cell values of the rows at highest risk: for the owner's
        eyes, clear the output before sharing.
        """
        rank = -self.figures if self.high else self.figures
        positions = first_classes(self.classes, rank, n)
        figures = {**size_figures(self.classes, positions), self.symbol: self.figures[positions]}
        return class_frame(self.classes, positions, figures)

    def to_frame(self) -> pd.DataFrame:
        """Return the figures that occur, with `classes`, `rows` and `share_of_rows`, by ascending figure."""
        return by_figure(self.symbol, self.figures, self.classes.sizes)


def judged(report: ClassReport, figure: str, classes: Tally) -> tuple[Finding, NDArray[np.bool_]]:
    """Return the finding of a report with a verdict, and which of `classes` are short."""
    assert report.criterion is not None
    assert report.short is not None  # by the criterion
    finding = Finding(report.criterion, bool(report.satisfied), figure, report.rows_short)
    return finding, aligned(report.short, report.classes, classes)


def aligned(mask: NDArray[np.bool_], theirs: Tally, ours: Tally) -> NDArray[np.bool_]:
    """Return a mask over `theirs` as one over `ours`: the same classes, perhaps in another order."""
    if not ours.by or (isinstance(theirs, CodedTally) and isinstance(ours, CodedTally)):
        return mask  # both are one class, or in ascending order of one key
    aligned: NDArray[np.bool_] = mask[matches(ours, theirs)]
    return aligned


def figure_text(figure: float | Fraction) -> str:
    """Return a figure as a finding shows it."""
    return f"{int(figure)}" if float(figure).is_integer() else f"{float(figure):.4g}"


def quasi_identifiers(
    data: object, qi: str | Sequence[str], *, unit: object = None, empty: bool = False
) -> tuple[str, ...]:
    """Return the quasi-identifiers as names of columns that the frame has; none only where that is `empty`.

    Reads the schema, never a row.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `unit` is one of them.
    """
    columns = column_names(qi, "qi", empty=empty)
    open_frame(data, columns, "qi")
    if unit is None:
        return columns
    one_column(data, unit, "unit")
    if unit in columns:
        raise RoleConflictError.unit(str(unit), columns)
    return columns


def sensitive_attribute(data: object, sensitive: object, qi: Sequence[str]) -> str:
    """Return the name of the sensitive attribute, a column that is no quasi-identifier.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, ParameterError
    RoleConflictError
        If it is one of the quasi-identifiers.
    """
    name = one_column(data, sensitive, "sensitive")
    if name in qi:
        raise RoleConflictError.sensitive(name, qi)
    return name


def one_column(data: object, name: object, argument: str) -> str:
    """Return the name of one column that the frame has."""
    found = column_name(name, argument)
    open_frame(data, (found,), argument)
    return found


def population_size(value: object) -> int:
    """Return the number of persons in a population."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        found = "None" if value is None else str(value) if isinstance(value, int) else type_told(value)
        allowed = "a table of the population or its number of persons (a whole number >= 1)"
        raise ParameterError.of("population", found, allowed)
    return value


@public
@dataclass(frozen=True, eq=False, repr=False)
class CheckReport(Plotted):
    """A composed criterion against a table. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    criterion : Criterion
        What was asked for.
    qi : tuple of str
        The quasi-identifiers.
    findings : tuple of Finding
        One per part.
    n_rows, n_classes : int
    rows_short : int
        Rows in classes that break at least one part.
    starred : int
        Rows with ``*`` in every quasi-identifier, where others have values: a class here, if nobody leaves them out.
    """

    criterion: Criterion
    qi: tuple[str, ...]
    findings: tuple[Finding, ...]
    n_rows: int
    n_classes: int
    rows_short: int
    starred: int = 0

    @property
    def satisfied(self) -> bool:
        """Whether every part is met."""
        return all(finding.met for finding in self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per part: `criterion`, `met`, `figure`, `rows_short`, `paper`."""
        import pandas as pd

        rows = [(repr(f.criterion), f.met, f.figure, f.rows_short, f.criterion.paper) for f in self.findings]
        frame = pd.DataFrame(rows, columns=["criterion", "met", "figure", "rows_short", "paper"])
        return frame.astype({"rows_short": "Int64"})


@typed
def check(data: Frame, qi: str | Sequence[str], criteria: Criterion) -> CheckReport:
    """Tell which parts of a criterion a table meets.

    Reads rows, once per part; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers; ``[]`` for none: then the table is one class, for l-diversity alone.
    criteria : Criterion
        One criterion, or several composed with ``&``.

    Returns
    -------
    CheckReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If a sensitive attribute is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit import KAnonymity, LDiversity
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> check(people, "zip", KAnonymity(1) & LDiversity("ill", 2)).rows_short
    1
    """
    if not isinstance(criteria, Criterion):
        hint = "Example: pk.KAnonymity(5) & pk.LDiversity('churned', 2)."
        raise ParameterError.of("criteria", type_told(criteria), "a criterion", hint)
    columns = quasi_identifiers(data, qi, empty=True)
    classes = count_classes(data, columns) if columns else whole_table(data)
    findings, broken = [], np.zeros(classes.n_classes, dtype=bool)
    for part in criteria.parts:
        finding, short = part.find(data, columns, classes)
        findings.append(finding)
        broken |= short
    rows_short = int(classes.sizes[broken].sum())
    n_rows, n_classes = classes.n_rows, classes.n_classes
    return CheckReport(criteria, columns, tuple(findings), n_rows, n_classes, rows_short, classes.starred)
