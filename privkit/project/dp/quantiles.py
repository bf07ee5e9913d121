"""Quantiles, medians, bounds and the most frequent values under differential privacy."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Unpack

from privkit.dp.statistics.histogram import Span, power_edges
from privkit.dp.statistics.quantile import Quantile, probability
from privkit.dp.statistics.quantiles import ENOUGH, percentage, quantiles_of
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.top_k import TopK, TopTable
from privkit.errors import KeysError, ParameterError, nothing_spent
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.dp.dates import check_undated, date_candidates
from privkit.project.known import Known
from privkit.tally.groups import date_kind, dated_keys
from privkit.values.arguments import column_name, positive_int
from privkit.values.keys import public_keys

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.statistics.statistic import Statistic


@asks("Price a quantile; spends nothing. The parameters are those of :func:`dp_quantile`.")
def dp_quantile(
    data: object,
    column: str,
    q: float | Sequence[float],
    by: str | Sequence[str] | None = None,
    *,
    bounds: object = None,
    candidates: object = None,
    **asking: Unpack[Asking],
) -> Plan:
    """Choose quantiles among public candidates under differential privacy. Spends budget.

    Reads rows; missing values are left out. Each comes with an interval in the unit of the column. `accuracy` is a
    share of ranks, at most 0.5 (0.01: the rank is within one percent of the rows; of a list, that of each), and needs
    `assume_rows`. Each quantile is chosen by noisy scores, and a list of them shares the loss. Six or more are read
    from one tree of noisy counts, at the same price however many they are. There is no `clipped`: a number outside the
    bounds counts at the outermost candidate, which moves no quantile that lies within them.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers, or of dates: then the answer is a date, and so are bounds and candidates.
    q : float or list of float
        The probability, between 0 and 1; 0.5 is the median.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper), optional
        Public bounds: the candidates are 1,001 numbers evenly between them; of dates whole days, or whole seconds.
    candidates : list of number, optional
        In place of `bounds`: the public candidates.
    **asking

    Returns
    -------
    Release
        `.value` is a candidate, or a Series of them indexed by the keys. For a list it is a frame with a column for
        each ("25%", "50%" ...), which do not cross. `.interval()` and `.to_frame()` have the intervals, at 95 %; at
        higher levels that of one quantile is all candidates, for it is drawn once.

    Notes
    -----
    The scores, the interval and their proofs are in `privkit.dp.statistics.quantile`, the selection is OpenDP's. The
    tree and its proof are in `privkit.dp.statistics.quantiles` (Hay, Rastogi, Miklau and Suciu 2010).

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"age": [*range(101)] * 20})
    >>> project = pk.open_project("medians", epsilon=2, unit=pk.ROW, store=ledger_path)
    >>> middle = dp_quantile(people, "age", 0.5, candidates=list(range(0, 121)), epsilon=0.5)
    >>> 40 <= middle.interval().lower <= middle.value <= middle.interval().upper <= 60
    True
    >>> dp_quantile(people, "age", [0.25, 0.5, 0.75], bounds=(0, 120), epsilon=0.5).value.columns.tolist()
    ['25%', '50%', '75%']
    >>> orders = pd.DataFrame({"on": pd.date_range("2026-01-01", periods=1000, freq="h")})
    >>> dp_quantile(orders, "on", 0.5, bounds=("2026-01-01", "2026-03-01"), epsilon=0.2).value.month
    1
    """
    with nothing_spent():
        known, dates = Known(asking), date_kind(data, column_name(column))
        if dates is None:
            check_undated(data, column, bounds=bounds, candidates=candidates)
            numbers = known.candidates(column_name(column), bounds, candidates)
        else:
            numbers = date_candidates(dates, column, *known.dates(column, bounds, candidates))
        statistic = _statistic(column, q, numbers)
    return planned(data, by, lambda _: statistic, dates=dates, known=known, **asking)


def _statistic(column: str, q: object, numbers: tuple[float, ...]) -> Statistic:
    """Return one quantile, a few that share the loss, or many of one tree."""
    if not isinstance(q, list | tuple):
        return Quantile(column, *probability(q), numbers)
    several = [probability(one) for one in q]
    if not several or len(set(several)) < len(several):
        raise ParameterError.of("q", "an empty list or one twice", "a probability, or a list of distinct ones")
    if len(several) >= ENOUGH:
        return quantiles_of(column, several, numbers)
    parts = tuple(Quantile(column, *one, numbers) for one in sorted(several, key=lambda one: Fraction(*one)))
    outputs = tuple((percentage(part.above, part.of), place, part.main) for place, part in enumerate(parts))
    return Several(parts, (Fraction(1, len(parts)),) * len(parts), outputs)


@asks("Price a median; spends nothing. The parameters are those of :func:`dp_median`.")
def dp_median(
    data: object,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: object = None,
    candidates: object = None,
    **asking: Unpack[Asking],
) -> Plan:
    """Choose the median among public candidates under differential privacy. Spends budget.

    Reads rows. It is ``dp_quantile(data, column, 0.5, ...)``. There is no `clipped`: a number outside the bounds counts
    at the outermost candidate, which moves no median that lies within them.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers, or of dates.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper), optional
        Public bounds: the candidates are 1,001 numbers evenly between them; of dates whole days, or whole seconds.
    candidates : list of number, optional
        In place of `bounds`: the public candidates.
    **asking

    Returns
    -------
    Release
    """
    return dp_quantile.plan(data, column, 0.5, by, bounds=bounds, candidates=candidates, **asking)


@asks("Price a choice of the most frequent values; spends nothing. The parameters are those of :func:`dp_top_k`.")
def dp_top_k(data: object, column: str, k: int, **asking: Unpack[Asking]) -> Plan:
    """Name the k most frequent of public values under differential privacy. Spends budget.

    Reads rows. The most frequent come first. Of two ways the one is taken that falls short by fewer rows: a noisy count
    of every value, which tells besides which could be among the k (`.possible`); or k choices one after another, where
    one person can be in many groups.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        The column whose values are ranked; `keys` are the public candidates.
    k : int
        How many.
    **asking

    Returns
    -------
    Release
        `.value` is a list of values; `.accuracy` says by how many rows one of them may fall short of one that is not
        named; `.possible` has the values that could be among the k, with their counts, or is None.

    Notes
    -----
    The proofs are in `privkit.dp.statistics.top_k`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"plan": ["basic"] * 900 + ["plus"] * 500 + ["pro"] * 20})
    >>> project = pk.open_project("plans", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = dp_top_k(people, "plan", 2, keys=["basic", "plus", "pro", "none"], epsilon=1)
    >>> release.value, release.possible["value"].tolist()
    (['basic', 'plus'], ['basic', 'plus'])
    """
    with nothing_spent():
        known = Known(asking)
        keys = known.keys([column_name(column)], asking.get("keys"))
        if keys is None:
            check_columns(data, [column], "column", asking)
            raise KeysError.required([column], with_delta=False)
        values = dated_keys(data, public_keys([column], keys))
        number = positive_int(k, "k")
        if number > len(values):
            raise ParameterError.of("k", str(number), f"at most the number of keys, {len(values)}")
    rest = Asking(**{**asking, "keys": None})
    plans = [planned(data, None, lambda _: TopTable(values, number), known=known, **rest)]
    if asking.get("mechanism") is None:  # one that is named is of noise that is added, so to counts
        plans.append(planned(data, None, lambda _: TopK(values, number), known=known, **rest))
    return min(plans, key=lambda plan: (plan.loss.main, plan.accuracy))


@asks("Price an estimate of bounds; spends nothing. The parameters are those of :func:`dp_bounds`.")
def dp_bounds(data: object, column: str, **asking: Unpack[Asking]) -> Plan:
    """Estimate bounds of a column under differential privacy, to the next power of two. Spends budget.

    Reads rows. Bounds from public knowledge are better, and cost nothing; these are for columns of which nothing is
    known. What comes out may be given on as ``bounds=tuple(release.value)``.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers.
    **asking

    Returns
    -------
    Release
        `.value` is [lower, upper]; the method and its proof are in `privkit.dp.statistics.histogram`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> bills = pd.DataFrame({"paid": [3.0, 120.0, 480.0] * 500})
    >>> project = pk.open_project("unknown", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> lower, upper = dp_bounds(bills, "paid", epsilon=0.5).value  # mostly 2 and 512
    >>> lower <= 3 < 480 <= upper
    True
    """
    return planned(data, None, lambda _: Span(column_name(column), power_edges()), **asking)
