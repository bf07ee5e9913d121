"""Counts under differential privacy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.statistics.counts import Count, DistinctCount, PersonCount
from privkit.dp.statistics.histogram import Histogram
from privkit.dp.statistics.share import PersonShare, Share
from privkit.errors import DuplicateColumnError, ParameterError, nothing_spent
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.root import type_told
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.dp.features import condition_column
from privkit.project.known import Known
from privkit.tally.cells.cells import OBJECT
from privkit.tally.frame import column_names, engine_of
from privkit.tally.groups import date_kind
from privkit.values.arguments import column_name, positive_int
from privkit.values.bounds import ContributionBounds
from privkit.values.expression.builders import cut
from privkit.values.expression.days import DateCut
from privkit.values.keys import Keys
from privkit.values.vouched import vouched

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.values.inputs import Condition, Day, Frame, Points
    from privkit.values.unit import PrivacyUnit


@asks("Price a count without touching rows. Spends nothing; ``.release()`` runs it.")
def dp_count(
    data: Frame,
    by: str | Sequence[str] | None = None,
    *,
    of: str = "rows",
    **asking: Unpack[Asking],
) -> Plan:
    """Count rows, or persons, under differential privacy, in all or by public keys. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    by : str or list of str, optional
        The columns to group by.
    of : {"rows", "persons"}
        What is counted. Persons are the ids of the project's unit column; in a total each counts once, by groups in at
        most `max_groups` of them. Where the unit has a window, a person counts anew in each of them, and the answer is
        called by that: "persons in a month".
    **asking

    Returns
    -------
    Release
        `.value` is an int, or a Series of int64 indexed by the keys; `.interval(0.95)`, `.accuracy`, `.loss`.

    Raises
    ------
    NoProjectError, ColumnNotFoundError, KeysError, NotPublicError, BoundsRequiredError, ParameterError
        Nothing was spent.
    InsufficientBudgetError, CeilingError
        Nothing was spent.
    MeasurementError
        The price stays spent.

    Notes
    -----
    Discrete Laplace noise of scale L1/ε on exact counts, where L1 is what one person can move: 1 for the row as unit,
    `max_rows`, or `max_groups` · `per_group` (Dwork, McSherry, Nissim and Smith 2006; Ghosh, Roughgarden and
    Sundararajan 2012). In projects that count in ρ, discrete Gaussian noise of scale L2/√(2ρ) (Canonne, Kamath and
    Steinke 2020). A histogram over disjoint groups costs no more than one count (Dwork and Roth 2014, section 3.3).
    Where keys are not public, leave `keys` out and give `delta`, in a project with a δ: groups whose noisy count passes
    a threshold show up, and the plan says how many rows that takes (`privkit.dp.noise.selection`).
    The proof is in `privkit.dp.measurement.make_sums`. Each interval is for the count after bounding; what is lost by
    bounding is not in it.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"city": ["Bern"] * 600 + ["Basel"] * 400})
    >>> project = pk.open_project("cities", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = people.privacy.dp_count("city", keys=["Basel", "Bern"], epsilon=0.5)
    >>> release.value.index.tolist(), release.accuracy, project.remaining
    (['Basel', 'Bern'], 6, ε = 0.5)
    """
    if of == "persons":
        bounded = _in_groups(by, asking)
        return planned(data, by, partial(_persons), bounded=bounded, **asking)
    _whose(of)
    return planned(data, by, lambda _: Count(), **asking)


def _kept(unit: PrivacyUnit) -> str:
    return "single rows" if unit.max_rows is None else f"{unit}, of whom no id tells"


def _persons(unit: PrivacyUnit) -> PersonCount:
    if unit.is_row:
        raise ParameterError.together(
            ("of",), f"of='persons' needs a project whose unit is a column. This one protects {_kept(unit)}."
        )
    return PersonCount(unit.window)


def _in_groups(by: object, asking: Mapping[str, Any]) -> Callable[[ContributionBounds | None], ContributionBounds]:
    """Return how many groups a person counts in: as the call says, else the project, else it must be said."""

    def bounded(default: ContributionBounds | None) -> ContributionBounds:
        idle = [name for name in ("max_rows", "per_group", "max_groups") if asking.get(name) is not None]
        if idle and (by is None or idle != ["max_groups"]):
            rule = "of='persons' counts each person once" + (
                ", so that no bound is needed."
                if by is None
                else " in each group: max_groups= alone bounds in how many."
            )
            raise ParameterError.together(idle, rule)
        if by is None:
            return ContributionBounds(max_groups=1, per_group=1)
        given = asking.get("max_groups")
        if given is None and default is not None:
            return ContributionBounds(max_groups=default.l0, per_group=1)
        if given is None:
            raise ParameterError.together(
                ("max_groups",), "of='persons' by groups needs max_groups=: in how many one person counts."
            )
        return ContributionBounds(max_groups=positive_int(given, "max_groups"), per_group=1)

    return bounded


@asks("Price the counts of values; spends nothing. The parameters are those of :func:`dp_value_counts`.")
def dp_value_counts(data: Frame, column: str, **asking: Unpack[Asking]) -> Plan:
    """Count the rows of each public value of a column under differential privacy. Spends budget.

    Reads rows. The same as :func:`dp_count` by that column: give the values as `keys`.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        The column whose values are counted.
    **asking

    Returns
    -------
    Release
    """
    return planned(data, column_name(column), lambda _: Count(), **asking)


@asks("Price a histogram; spends nothing. The parameters are those of :func:`dp_histogram`.")
def dp_histogram(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bins: Points | None = None,
    every: str | None = None,
    start: Day | None = None,
    end: Day | None = None,
    **asking: Unpack[Asking],
) -> Plan:
    """Count the numbers, or the dates, of a column in public bins under differential privacy. Spends budget.

    Reads rows. One row is in one bin, so the whole histogram costs what one count does.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers, or of dates.
    by : str or list of str, optional
        The columns to group by.
    bins : list of number, or of days
        The edges, ascending; bins are closed on the left, the last one of numbers on both sides. A public fact; by
        default the one that the project declares.
    every : {"day", "week", "month", "quarter", "year"}, optional
        In place of `bins`, for a column of dates: windows of the calendar, those that hold a day from `start` to `end`,
        each as a whole, as of :func:`cut`.
    start, end : date or str, optional
        The first and the last day; public facts.
    **asking

    Returns
    -------
    Release
        `.value` is a Series indexed by the bins (within the keys of `by`).

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"age": [10, 30, 31, 70]})
    >>> project = pk.open_project("bins", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> dp_histogram(people, "age", bins=[0, 18, 65, 120], epsilon=0.5).value.index.tolist()
    ['[0, 18)', '[18, 65)', '[65, 120]']
    >>> orders = pd.DataFrame({"ordered": pd.date_range("2026-01-01", periods=400, freq="h")})
    >>> release = dp_histogram(orders, "ordered", every="week", start="2026-01-01", end="2026-01-17", epsilon=0.5)
    >>> release.value.index.tolist()
    ['2025-12-29', '2026-01-05', '2026-01-12']
    """
    with nothing_spent():
        known = Known(asking)
        if bins is None and every is None:
            check_columns(data, [column_name(column)], "column", asking)
        windows = _windows(data, column, bins, {"every": every, "start": start, "end": end}, known)
    if windows is not None:
        return _by_windows(data, column, by, windows, known, asking)
    with nothing_spent():
        statistic = Histogram(column_name(column), known.bins(column, bins))
        if by is not None and column in column_names(by, "by"):
            raise DuplicateColumnError.in_argument("column", [column])
    return planned(data, by, lambda _: statistic, grouped=statistic.keys, known=known, **asking)


def _windows(data: object, column: object, bins: object, calendar: Mapping[str, Any], known: Known) -> DateCut | None:
    """Return the bins of dates that are asked for; None where bins are of numbers."""
    name = column_name(column)
    told = known.days(name, {"bins": bins, **calendar})
    if told is not None:
        found = cut(name, **told)
        assert isinstance(found, DateCut)
        return found
    dates = date_kind(data, name) is not None
    if bins is None and (dates or not known.declares("bins", name)):
        example = "bins=[0, 18, 65], or for dates every='week', start='2026-01-01', end='2026-12-31'"
        raise ParameterError.of("bins", "None", "a list of the public edges", f"Example: {example}.")
    if dates:
        example = "every='week', start='2026-01-01', end='2026-12-31'"
        raise ParameterError.of(
            "bins", type_told(vouched(bins)[0]), f"a list of days, for {name!r} holds dates", f"Or: {example}."
        )
    return None


def _by_windows(  # noqa: PLR0917
    data: object, column: str, by: str | Sequence[str] | None, windows: DateCut, known: Known, asking: Mapping[str, Any]
) -> Plan:
    """Return the plan of a count by windows: a derived column whose labels are its keys."""
    name, derive = f"{windows.every or 'days'} of {column}", asking.get("derive")
    with nothing_spent():
        _check_dates(data, column, "every" if windows.every else "bins", asking)
        if isinstance(derive, Mapping) and name in derive:
            raise ParameterError.together(
                ["derive"], f"derive= has a column {name!r}, which is how the bins are called."
            )
    if derive is None or isinstance(derive, Mapping):
        asking = {**asking, "derive": {**(derive or {}), name: windows}}

    def grouped(by: Keys | None) -> Keys:
        if by is None:
            return Keys((name,), tuple((label,) for label in windows.labels))
        return replace(
            by, by=(*by.by, name), values=tuple((*key, each) for key in by.values for each in windows.labels)
        )

    return planned(data, by, lambda _: Count(), grouped=grouped, known=known, **asking)


def _check_dates(data: object, column: str, argument: str, asking: Mapping[str, Any]) -> None:
    """Refuse bins of dates of a column that has none, by the names that the caller wrote. Reads the schema, no row.

    Raises
    ------
    ColumnNotFoundError, ColumnKindError
    """
    check_columns(data, [column], "column", asking)
    engine = engine_of(data)
    kind = engine.schema.get(column)
    if kind is None or not kind.has_dates:
        shown, word = ("", "") if kind is None else (kind.shown, kind.name if kind.name == OBJECT else kind.word)
        raise ColumnKindError.windows(column, shown, word, argument, engine.library)


@asks("Price a count of distinct values; spends nothing. The parameters are those of :func:`dp_nunique`.")
def dp_nunique(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    **asking: Unpack[Asking],
) -> Plan:
    """Count the distinct values of a column under differential privacy, in all or by public keys. Spends budget.

    Reads rows; missing values are left out. The proof is in `privkit.dp.statistics.counts`.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        The column whose different values are counted.
    by : str or list of str, optional
        The columns to group by.
    **asking

    Returns
    -------
    Release
    """
    return planned(data, by, lambda _: DistinctCount(column_name(column)), **asking)


@asks("Price a share; spends nothing. The parameters are those of :func:`dp_share`.")
def dp_share(  # type: ignore[misc]  # `where` is the condition here
    data: Frame,
    where: Condition,
    by: str | Sequence[str] | None = None,
    *,
    of: str = "rows",
    **asking: Unpack[Asking],
) -> Plan:
    """Tell the share of rows, or of persons, that meet a condition under differential privacy. Spends budget.

    Reads rows. Two counts at the price of one: of those that meet the condition, and of those that do not. Rows of
    which this cannot be known, since a value is missing, are left out.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    where : str
        The condition on single rows, over the frame's columns and those of `derive`:
        ``"age >= 65 and plan == 'basic'"``.
    by : str or list of str, optional
        The columns to group by.
    of : {"rows", "persons"}
        Whose share it is. A person meets the condition by any row, and counts once in a total, by groups in at most
        `max_groups` of them.
    **asking

    Returns
    -------
    Release
        `.value` is the share, between 0 and 1; `.to_frame()` has share, met and count with their intervals.

    **raises

    Notes
    -----
    Its interval is Fieller's (1954), and has its coverage for every number of rows. The proof is in
    `privkit.dp.statistics.share`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"age": [20, 40, 70] * 1000})
    >>> project = pk.open_project("shares", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = dp_share(people, "age >= 65", epsilon=0.5)
    >>> abs(release.value - 1 / 3) < 0.05, list(release.estimates)
    (True, ['share', 'met', 'count'])
    """
    with nothing_spent():
        name = condition_column(data, where, "where", asking, () if by is None else column_names(by, "by"))
        _whose(of)
    if of == "rows":
        return planned(data, by, lambda _: Share(name), **asking)

    def persons(unit: PrivacyUnit) -> PersonShare:
        return PersonShare(name, window=_persons(unit).window)

    return planned(data, by, persons, bounded=_in_groups(by, asking), **asking)


def _whose(of: object) -> None:
    """Refuse what is neither rows nor persons."""
    if of not in ("rows", "persons"):
        shown = repr(of) if isinstance(of, str) else type_told(of)
        raise ParameterError.of("of", shown, "'rows' or 'persons'")
