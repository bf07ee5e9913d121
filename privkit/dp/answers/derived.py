"""Numbers made of released ones: post-processing, with propagated errors and their sources. No data.

The tables of a book, one by one: what a release of several tables gives to show, and to compute on with; and how much
noise weighs on the answers of each group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from privkit.dp.answers.arithmetic import Limits, Released, added, index_of, ratio, subtracted
from privkit.dp.answers.linear import Errors
from privkit.dp.answers.postprocess import non_negative, rounded, suppressed, total
from privkit.dp.noise.noise import ALPHA, Noise
from privkit.dp.plan import miss
from privkit.dp.statistics.arranged import told_table
from privkit.dp.statistics.books.tables import Tables
from privkit.errors import ColumnNotFoundError
from privkit.errors.disclosure import TablesError
from privkit.tally.frame import column_names
from privkit.values.arguments import column_name, public
from privkit.values.keys import Keys
from privkit.values.loss import PrivacyLoss
from privkit.values.show import PickledIfReal

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.answers.release import Release
    from privkit.dp.statistics.books.residuals import Axes
    from privkit.values.inputs import Quantity


class Interval(NamedTuple):
    """An interval around each released number; `lower` and `upper` are numbers, or Series indexed by the keys."""

    lower: Any
    upper: Any


@dataclass(frozen=True, slots=True)
class Source:
    """A release that a derived number is made of.

    Attributes
    ----------
    project : str
    entry : int
        The ledger's number.
    question : str
    loss : PrivacyLoss
        What the release cost when it was drawn; what is derived costs nothing.
    simulated : bool
        Whether the answer was drawn by the teaching simulator.
    """

    project: str
    entry: int
    question: str
    loss: PrivacyLoss
    simulated: bool = False

    def __str__(self) -> str:
        """Return where the release stands."""
        return f"entry {self.entry} of project {self.project!r}: {self.question}"


@public
@dataclass(frozen=True, repr=False, eq=False)
class Derived(PickledIfReal, Released):
    """Numbers computed from released ones alone, so that they cost nothing (post-processing).

    Differential privacy is closed under it: Dwork and Roth 2014, proposition 2.1.

    Attributes
    ----------
    name : str
        What the numbers are.
    values : array, shape (groups,)
    index : pandas.Index or None
        The groups; None for one number.
    limits : callable
        Gives lower and upper limits that hold with probability 1 − alpha, each number's for itself.
    sources : tuple of Source
        The releases that it is made of.
    steps : tuple of str
        What was done, in order.
    notes : tuple of str
        What a careful reader should know.
    errors : Errors or None
        The errors, if the numbers are weighted sums of noisy cells; then one can compute on with them.
    tables : callable or None
        Of several tables, gives one of them by its columns, with all that was done.
    """

    name: str
    values: NDArray[Any]
    index: Any
    limits: Limits
    sources: tuple[Source, ...]
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    errors: Errors | None = None
    tables: Callable[[tuple[str, ...]], Derived] | None = None

    @property
    def simulated(self) -> bool:
        """Whether a source was drawn by the teaching simulator."""
        return any(source.simulated for source in self.sources)

    @property
    def value(self) -> Any:
        """The numbers: one, or a Series indexed by the groups."""
        return self._shaped(self.values)

    @property
    def accuracy(self) -> Any:
        """Half the width of the 95 % interval, for each number."""
        lower, upper = self.limits(ALPHA)
        return self._shaped((upper - lower) / 2)

    @property
    def deviation(self) -> Any:
        """The standard deviation of each number's error (an upper bound); None where it is no sum of noisy cells."""
        return None if self.errors is None else self._shaped(np.sqrt(self.errors.variances()))

    def interval(self, level: float = 1 - ALPHA) -> Interval:
        """Return an interval around each number that holds the exact bounded answer with probability `level`, or more.

        Each interval stands for itself; all of them together hold less often.
        """
        lower, upper = self.limits(miss(level))
        return Interval(self._shaped(lower), self._shaped(upper))

    def to_frame(self, level: float = 1 - ALPHA) -> pd.DataFrame:
        """Return a frame with a row per group: the number and its interval."""
        import pandas as pd

        lower, upper = self.limits(miss(level))
        columns = {self.name: self.values, "lower": lower, "upper": upper}
        if self.simulated:
            columns["simulated"] = np.ones(len(self.values), dtype=bool)
        return pd.DataFrame(columns, index=pd.RangeIndex(1) if self.index is None else self.index)

    def table(
        self,
        *columns: str,
        level: float = 1 - ALPHA,
        theme: Literal["auto", "light", "dark", "print"] = "light",
    ) -> Any:
        """Return the table by some columns as a frame; without columns, all numbers as a table to publish.

        Of several tables it is one of them, to which was done what was done to all; of other sums it is their margin.

        Parameters
        ----------
        *columns : str
            In the order of the index.
        level : float
            Of the frame's intervals.
        theme : {"auto", "light", "dark", "print"}
            Without columns, the ground of the table to publish.

        Returns
        -------
        pandas.DataFrame or great_tables.GT
            The number, `lower` and `upper`, indexed by the keys.

        Raises
        ------
        TablesError, ParameterError
            If there is no such table, or what was done to the numbers leaves no sums.
        LibraryRequiredError
            Without columns, where great_tables is not installed: it comes with the extra ``tables``.
        """
        if not columns:
            return super().table(theme=theme)
        return self.total(*columns).to_frame(level)

    def by_group(self, columns: str | Sequence[str] | None = None, *, level: float = 1 - ALPHA) -> pd.DataFrame:
        """Return how much noise weighs on the numbers of each group: small groups bear most of it. Costs nothing.

        See :meth:`Release.by_group`. Noise dominates a number whose 95 % interval holds 0.

        Parameters
        ----------
        columns : str or sequence of str, optional
            Columns of the groups; by default all, so that each number is a group.
        level : float
            Of the intervals.

        Returns
        -------
        pandas.DataFrame
            A row for each group: `answers`, the share of them that noise `dominated`, and the median `relative_error`.

        Raises
        ------
        ColumnNotFoundError, ParameterError
        """
        lower, upper = self.limits(ALPHA)
        return weights_of_noise(self, (lower <= 0) & (upper >= 0), columns, level)

    def non_negative(self) -> Derived:
        """Return the numbers clipped at 0; it biases small ones upwards."""
        return self._stepped(non_negative)

    def rounded(self, base: float = 1) -> Derived:
        """Return the numbers rounded to multiples of `base`."""
        return self._stepped(partial(rounded, base=base))

    def suppressed(self, below: float) -> Derived:
        """Return the numbers without those below a limit."""
        return self._stepped(partial(suppressed, below=below))

    def total(self, *columns: str | list[str], by: str | list[str] | None = None) -> Derived:
        """Return the sum of the numbers, or of those that agree in some columns; of several tables, one of them."""
        names = named(columns, by)
        return total(self, names or None) if self.tables is None else self.tables(tuple(names))

    def _stepped(self, step: Callable[[Any], Derived]) -> Derived:
        """Return what a step makes of the numbers; of several tables, of any that is asked for."""
        found, tables = step(self), self.tables
        return found if tables is None else replace(found, tables=partial(_table_stepped, step, tables))

    def __len__(self) -> int:
        return len(self.values)

    def __add__(self, other: object) -> Derived:
        """Return the sum with another released number, or with a public one."""
        return added(self, other)

    __radd__ = __add__

    def __sub__(self, other: object) -> Derived:
        """Return the difference from another released number, or from a public one."""
        return subtracted(self, other)

    def __truediv__(self, other: Release | Derived | Quantity) -> Derived:
        """Return the ratio to another released number, with its Fieller interval, or to a public one."""
        return ratio(self, other)

    def _derived(self, name: str | None) -> Derived | None:
        return self if name in (None, self.name) else None

    def _shaped(self, values: NDArray[Any]) -> Any:
        if self.index is None:
            return values[0].item()
        import pandas as pd

        name = f"{self.name} (SIMULATED)" if self.simulated else self.name
        return pd.Series(values, index=self.index, name=name)


def _table_stepped(
    step: Callable[[Any], Derived], tables: Callable[[tuple[str, ...]], Derived], names: tuple[str, ...]
) -> Derived:
    return step(tables(names))


def told_apart(numbers: Sequence[Derived], keys: Keys | None) -> Derived:
    """Return several numbers of the same groups as one list: a row for each group and number, by its name.

    Parameters
    ----------
    numbers : sequence of Derived
        At least one.
    keys : Keys or None
        Their groups.
    """
    groups = ((),) if keys is None else keys.values
    by = () if keys is None else keys.by
    which = "number"
    while which in by:
        which += "_"
    rows = Keys((*by, which), tuple((*key, one.name) for key in groups for one in numbers))
    limits = partial(_limits_apart, tuple(one.limits for one in numbers))
    values = np.stack([one.values for one in numbers], axis=1).ravel()
    return replace(numbers[0], name="value", values=values, index=index_of(rows), limits=limits, errors=None)


def _limits_apart(limits: Sequence[Limits], alpha: float) -> tuple[NDArray[Any], NDArray[Any]]:
    each = [one(alpha) for one in limits]
    lower, upper = (np.stack([ends[side] for ends in each], axis=1).ravel() for side in (0, 1))
    return lower, upper


#: Terms of the errors of one table that are kept, so that sums and ratios of it can be computed.
_MOST_TERMS = 4_000_000


def named(columns: Sequence[str | list[str]], by: str | list[str] | None) -> list[str]:
    """Return the columns that were named one by one, in lists, or by name."""
    given = [*columns, *([] if by is None else [by])]
    return [name for one in given for name in ([one] if isinstance(one, str) else list(one))]


def book_of(release: Release) -> Tables | None:
    """Return what is asked, where it is several tables."""
    asked = release.plan.question.asked
    return asked if isinstance(asked, Tables) else None


def table_of(release: Release, book: Tables, by: Sequence[str]) -> Derived:
    """Return one table of a book, or one that lies within it.

    Its intervals come from the law of its errors, the same for every cell; sums and ratios of it from the same law of
    theirs, where its errors are few enough to be told one by one.

    Raises
    ------
    TablesError
    """
    names = tuple(column_name(name) for name in by)
    if not book.holds(names):
        raise TablesError.not_held(names, [told_table(one) for one in book.asked])
    keys, values, grain = book.margin(release.drawn, names)
    question, place = release.plan.question, release.provenance
    simulated = bool(getattr(release, "simulated", False))
    return Derived(
        book.main,
        values,
        None if keys is None else index_of(keys),
        partial(_table_limits, values, book, book.axes(names), release.noise, grain),
        (Source(place.project, place.entry, place.question, release.loss, simulated),),
        errors=_errors(release, book, names),
        notes=() if question.unit.is_row else (f"the numbers are those after bounding: {question.bounds}",),
    )


def _table_limits(  # noqa: PLR0917
    values: NDArray[np.float64], book: Tables, axes: Axes, noise: Noise, grain: float, alpha: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    width = book.reached(axes, noise, alpha) + grain
    return values - width, values + width


def _errors(release: Release, book: Tables, names: tuple[str, ...]) -> Errors | None:
    """Return the errors of a table's cells, as weights of the noise of what was measured; None if they are too many."""
    size = book.cells_of(names)
    if size * book.width > _MOST_TERMS:
        return None
    told = release.provenance
    text = f"{told.project}\0{told.entry}\0{told.time}\0".encode() + release.drawn.tobytes()
    mark = hashlib.sha256(text).hexdigest()
    weights = book.weights_of(names)
    rows, columns = np.nonzero(np.abs(weights) > 1e-13)
    ends = np.array([span.stop for span in book.fit.spans])
    sources = np.searchsorted(ends, columns, side="right")
    starts = np.array([span.start for span in book.fit.spans])
    drawn = {f"{mark} {place}": layer for place, layer in enumerate(book.layers(release.noise))}
    return Errors(size, drawn, rows, sources, columns - starts[sources], weights[rows, columns])


def weights_of_noise(
    found: Derived, dominated: NDArray[np.bool_], columns: str | Sequence[str] | None, level: float
) -> pd.DataFrame:
    """Return the groups' answers, the share that noise dominates, and their relative error: see `Release.by_group`.

    Parameters
    ----------
    found : Derived
        The answers; of several numbers each is one, in a row of its name.
    dominated : array of bool, shape (n_answers,)
    """
    import pandas as pd

    alpha = miss(level)
    index = pd.RangeIndex(1, name="all") if found.index is None else found.index
    names = list(index.names) if columns is None else list(column_names(columns, "columns"))
    if missing := [name for name in names if name not in index.names]:
        raise ColumnNotFoundError.of("columns", names, missing, [str(name) for name in index.names])
    lower, upper = found.limits(alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = (upper - lower) / 2 / np.abs(found.values)
    told = pd.DataFrame({"answers": 1, "dominated": dominated, "relative_error": relative}, index)
    by = told.groupby(level=names, sort=False, dropna=False)
    return by.agg({"answers": "sum", "dominated": "mean", "relative_error": "median"})


def noise_by_group(release: Release, columns: str | Sequence[str] | None, level: float) -> pd.DataFrame:
    """Return the same of a release, whose statistic says where noise dominates an answer."""
    dominated, asked = release.dominated, release.plan.question.asked
    if asked.framed:
        dominated = dominated[[name for name in asked.numbers if name in dominated]]
    return weights_of_noise(release.estimate(), np.ravel(dominated), columns, level)
