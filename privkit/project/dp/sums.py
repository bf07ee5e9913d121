"""Sums, means, variances and standard deviations under differential privacy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.dp.statistics.person_mean import PersonMean
from privkit.dp.statistics.sums import PersonSum, Sum, one_total_in
from privkit.errors import ParameterError, nothing_spent
from privkit.project.asking import Asking, asks, planned
from privkit.project.known import Known
from privkit.values.arguments import column_name, positive_int, true_or_false
from privkit.values.bounds import ContributionBounds

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.statistics.statistic import Statistic
    from privkit.values.inputs import Frame, Pair


@asks("Price a sum without touching rows. Spends nothing; the parameters are those of :func:`dp_sum`.")
def dp_sum(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: Pair | None = None,
    person_bounds: Pair | None = None,
    clipped: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Sum a column under differential privacy, each number clipped to public bounds. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper)
        Public bounds of one value; values outside are clipped.
    person_bounds : (lower, upper), optional
        In place of `bounds`, where the unit is a column: public bounds of one person's total in a group; with `by`
        and `max_groups`.
    clipped : bool
        Whether to tell the share of rows that lie outside the bounds, `.estimates["clipped"]`, for an eighth more
        noise.
    **asking

    Returns
    -------
    Release
        `.value` is a float, or a Series of float64 indexed by the keys; with `clipped`, `.to_frame()` has the share
        and its interval as well.

    **raises

    Notes
    -----
    Noise of scale L1/ε on exact sums of whole numbers of steps, where a row moves the sum by max(|lower|, |upper|);
    the step is a power of two, at most max(|lower|, |upper|) / 2**29. The proof is in `privkit.dp.statistics.sums`. To
    learn the mean as well, ask :func:`dp_mean`: it gives the sum at the same price.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> bills = pd.DataFrame({"paid": [20.0, 35.5, 1e9] * 500})
    >>> project = pk.open_project("bills", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = dp_sum(bills, "paid", bounds=(0, 100), epsilon=0.5)
    >>> round(release.accuracy), release.loss
    (600, ε = 0.5)
    >>> release = dp_sum(bills, "paid", bounds=(0, 100), clipped=True, epsilon=0.5)
    >>> release.to_frame()["clipped"].round(1).tolist()
    [0.3]
    """
    if person_bounds is None:
        return _bounded(Sum, data, column, by, bounds, clipped, asking)
    _refuse_of_totals(clipped)
    return _person_totals(PersonSum, data, column, by, bounds, person_bounds, dict(asking))


def _refuse_of_totals(clipped: object) -> None:
    """Refuse a share of clipped rows beside persons' totals."""
    if clipped is not False:
        told = "clipped= tells of single values that bounds= clips, not of totals: leave it out with person_bounds=."
        raise ParameterError.together(("clipped", "person_bounds"), told)


def _person_totals(  # noqa: PLR0917
    kind: type[PersonSum] | type[PersonMean],
    data: object,
    column: str,
    by: Any,
    bounds: object,
    totals: object,
    asking: dict[str, Any],
) -> Plan:
    known = Known(asking)

    def statistic(unit: Any) -> PersonSum | PersonMean:
        if unit.is_row or bounds is not None or asking.get("max_rows") or asking.get("per_group"):
            raise ParameterError.together(
                ("person_bounds",),
                "person_bounds= bounds a person's total, so it needs a project whose unit is a column, and stands in "
                "place of bounds=, max_rows= and per_group=. Example: person_bounds=(0, 1000), max_groups=3.",
            )
        ends = known.bounds(column, totals, "person_bounds")
        return kind(column_name(column), ends, unit.window)

    def bounded(default: ContributionBounds | None) -> ContributionBounds:
        groups = asking.get("max_groups")
        if by is None:
            return one_total_in(1)
        if groups is None and default is not None and default.max_groups is not None:
            groups = default.max_groups
        if groups is None:
            raise ParameterError.together(
                ("max_groups",), "person_bounds= with by= needs max_groups=: in how many groups one person counts."
            )
        return one_total_in(positive_int(groups, "max_groups"))

    return planned(data, by, statistic, bounded=bounded, known=known, **asking)


@asks("Price a mean without touching rows. Spends nothing; the parameters are those of :func:`dp_mean`.")
def dp_mean(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: Pair | None = None,
    person_bounds: Pair | None = None,
    clipped: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Average a column under differential privacy, with its sum and count at no further cost. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper)
        Public bounds of one value; values outside are clipped.
    person_bounds : (lower, upper), optional
        In place of `bounds`, where the unit is a column: public bounds of one person's total in a group. The answer is
        the mean of the persons' totals, and its count is of persons; with `by` and `max_groups`.
    clipped : bool
        Whether to tell the share of rows that lie outside the bounds, `.estimates["clipped"]`, for an eighth more
        noise.
    **asking

    Returns
    -------
    Release
        `.value` is the mean, within the bounds; `.to_frame()` has mean, sum and count with their intervals.

    **raises

    Notes
    -----
    Released are Σ(x−lower) and Σ(upper−x): one row moves the pair by upper−lower in all, and mean, sum and count
    follow from it (Fitzsimons, Honaker, Shoemate and Singhal, arXiv 2408.10438). Its interval is Fieller's (1954), and
    has its coverage for every number of rows. The proof is in `privkit.dp.statistics.moments`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"age": [20, 40, 60] * 1000})
    >>> project = pk.open_project("ages", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = dp_mean(people, "age", bounds=(0, 100), accuracy=0.5, assume_rows=3000)
    >>> abs(release.value - 40) < 5, list(release.estimates)
    (True, ['mean', 'sum', 'count'])
    """
    if person_bounds is not None:
        _refuse_of_totals(clipped)
        return _person_totals(PersonMean, data, column, by, bounds, person_bounds, dict(asking))
    return _bounded(Mean, data, column, by, bounds, clipped, asking)


@asks("Price a variance without touching rows. Spends nothing; the parameters are those of :func:`dp_var`.")
def dp_var(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: Pair | None = None,
    clipped: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Estimate a column's variance under differential privacy, with mean, sum and count. Spends budget.

    Reads rows. The variance is that of the population (dividing by n). Mean, sum and count come at no further cost:
    released are the three Bernstein polynomials of degree 2, which split each row's weight of 1; the proof is in
    `privkit.dp.statistics.moments`.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper)
        Public bounds of one value; values outside are clipped.
    clipped : bool
        Whether to tell the share of rows that lie outside the bounds, `.estimates["clipped"]`, for an eighth more
        noise.
    **asking

    Returns
    -------
    Release
        `.value` is the variance; `.to_frame()` has all of them with their intervals.

    **raises
    """
    return _bounded(Variance, data, column, by, bounds, clipped, asking)


@asks("Price a standard deviation without touching rows. Spends nothing; the parameters are those of :func:`dp_std`.")
def dp_std(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: Pair | None = None,
    clipped: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Estimate a column's standard deviation under differential privacy, with variance, mean, sum and count.

    Reads rows. Spends budget. The root of what :func:`dp_var` gives, at the same price.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper)
        Public bounds of one value; values outside are clipped.
    clipped : bool
        Whether to tell the share of rows that lie outside the bounds, `.estimates["clipped"]`, for an eighth more
        noise.
    **asking

    Returns
    -------
    Release
        `.value` is the standard deviation; `.to_frame()` has all of them with their intervals.

    **raises
    """
    return _bounded(Deviation, data, column, by, bounds, clipped, asking)


def _bounded(  # noqa: PLR0917
    kind: type[Mean] | type[Sum], data: object, column: str, by: Any, bounds: object, clipped: object, asking: Asking
) -> Plan:
    with nothing_spent():
        true_or_false(clipped, "clipped")
    known = Known(asking)

    def statistic(_: object) -> Statistic:
        own = kind(column_name(column), known.bounds(column, bounds))
        return WithClipped(own) if clipped else own

    return planned(data, by, statistic, known=known, **asking)
