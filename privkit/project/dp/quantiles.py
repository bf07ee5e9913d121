"""Quantiles, medians, bounds and the most frequent values under differential privacy.

Public candidates of a column of dates: what bounds and candidates come to, as counts of the column's unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.statistics.histogram import Span, power_edges
from privkit.dp.statistics.quantile import CANDIDATES, Quantile, probability
from privkit.dp.statistics.quantiles import ENOUGH, percentage, quantiles_of
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.top_k import TopK, TopTable
from privkit.errors import KeysError, NotPublicError, ParameterError, nothing_spent
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.dp import ValueBoundsRequiredError
from privkit.errors.root import type_told
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.known import Known
from privkit.tally.cells.calendar import A_SECOND, moment_count
from privkit.tally.cells.cells import DATE, OBJECT, TEXT
from privkit.tally.frame import engine_of
from privkit.tally.groups import date_kind, dated, dated_keys
from privkit.values.arguments import column_name, positive_int
from privkit.values.keys import public_keys

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.statistics.statistic import Statistic
    from privkit.tally.cells.cells import Kind
    from privkit.values.inputs import Ends, Frame, Points, Share


#: Floats hold whole seconds of nanoseconds up to here (from 1824 to 2115), and beyond it every second one.
_EXACT = 2**62
_EXAMPLE = "bounds=('2026-01-01', '2026-12-31')"


def date_candidates(kind: Kind, column: str, bounds: object, candidates: object) -> tuple[float, ...]:
    """Return the public candidates of a column of dates, ascending: whole days, or whole seconds of datetimes.

    They are counts of the column's unit, and exact as floats.

    Parameters
    ----------
    kind : Kind
        Of the column.
    bounds : (date, date), optional
        The candidates are 1,001 dates between them, as even as days or seconds allow; each day where there are fewer.
    candidates : list of date, optional

    Raises
    ------
    ParameterError, NotPublicError, ZoneError

    Notes
    -----
    A date is a whole number of its column's unit, and that number alone says which candidate it counts at: what
    `privkit.dp.statistics.quantile` proves of numbers holds as it stands. Dates are made of the chosen counts, which is
    post-processing.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> date_candidates(Kind("date", "D"), "on", ("1970-01-01", "1970-01-04"), None)
    (0.0, 1.0, 2.0, 3.0)
    """
    if (bounds is None) == (candidates is None):
        if bounds is None:
            raise ValueBoundsRequiredError.dates(column)
        raise ParameterError.together(("bounds", "candidates"), "give bounds= or candidates=, not both.")
    if candidates is None:
        if not isinstance(bounds, list | tuple) or len(bounds) != 2:
            hint = f"Example: {_EXAMPLE}."
            raise ParameterError.of(
                "bounds", type_told(bounds), f"two days or datetimes, for {column!r} holds dates", hint
            )
        low, high = (_count(end, kind, "bounds", column) for end in bounds)
        if high < low:
            raise ParameterError.of("bounds", "an earlier end than its start", "two dates in their order")
        return _between(low, high, kind)
    if not isinstance(candidates, Sequence) or isinstance(candidates, str) or not candidates:
        if hasattr(candidates, "dtype") or hasattr(candidates, "columns"):
            raise NotPublicError.of("candidates", type(candidates).__name__)
        raise ParameterError.of("candidates", type_told(candidates), "a list of dates, each once")
    found = sorted(_count(each, kind, "candidates", column) for each in candidates)
    if len(set(found)) < len(found):
        raise ParameterError.of("candidates", "dates more than once", "a list of dates, each once")
    return tuple(map(float, found))


def check_undated(data: object, column: str, **given: object) -> None:
    """Refuse dates as bounds or candidates of a column whose type is text or none: the column's type is what is wrong.

    Raises
    ------
    ColumnKindError
    """
    engine = engine_of(data)
    if (kind := engine.schema.get(column)) is None or kind.name not in (TEXT, OBJECT):
        return
    for argument, values in given.items():
        if isinstance(values, list | tuple) and any(_is_date(value) for value in values):
            raise ColumnKindError.undated(column, kind.shown, kind.name, argument, engine.library)


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, date) or (isinstance(value, str) and bool(datetime.fromisoformat(value)))
    except ValueError:
        return False


def _between(low: int, high: int, kind: Kind) -> tuple[float, ...]:
    """Return even candidates from one count to another."""
    step = _step(kind, 0)
    many = (high - low) // step
    if many < CANDIDATES:
        places = [low + step * place for place in range(many + 1)]
    else:
        places = [low + (many * place // (CANDIDATES - 1)) * step for place in range(CANDIDATES)]
    return tuple(dict.fromkeys(float(place - place % _step(kind, abs(place))) for place in places))


def _step(kind: Kind, size: int) -> int:
    """Return what a candidate of this size is a multiple of, so that a float holds it."""
    if kind.name == DATE:
        return 1
    return A_SECOND[kind.unit] * (2 if size >= _EXACT else 1)


def _count(value: Any, kind: Kind, argument: str, column: str) -> int:
    """Return a date as a count of the column's unit."""
    if hasattr(value, "dtype"):
        raise NotPublicError.of(argument, f"list of {type(value).__name__}")
    found = dated(value, kind, argument, column)
    words = "days" if kind.name == DATE else "days, or datetimes of whole seconds"
    allowed = f"{words}, for {column!r} holds {kind.word}s"
    if isinstance(found, str) or not hasattr(found, "isoformat") or found != found:  # noqa: PLR0124  # NaT
        raise ParameterError.of(argument, f"{type_told(value)} among them", allowed, f"Example: {_EXAMPLE}.")
    if kind.name == DATE and hasattr(found, "hour"):
        raise ParameterError.of(argument, "a time of a day among them", allowed)
    if getattr(found, "nanosecond", 0) or getattr(found, "microsecond", 0):
        raise ParameterError.of(argument, "a part of a second among them", allowed)
    count = moment_count(found.isoformat(), kind)
    whole = int(count)
    if count != whole or abs(whole) >= 2**63 or whole % _step(kind, abs(whole)):
        hint = f"Count in microseconds: df[{column!r}].astype('datetime64[us]')."
        allowed = "a moment that nanoseconds reach, from 1824 to 2115 of whole seconds, else of even ones"
        raise ParameterError.of(argument, f"a moment beyond {column!r}", allowed, hint)
    return whole


@asks("Price a quantile; spends nothing. The parameters are those of :func:`dp_quantile`.")
def dp_quantile(
    data: Frame,
    column: str,
    q: Share | Sequence[Share],
    by: str | Sequence[str] | None = None,
    *,
    bounds: Ends | None = None,
    candidates: Points | None = None,
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
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: Ends | None = None,
    candidates: Points | None = None,
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
def dp_top_k(data: Frame, column: str, k: int, **asking: Unpack[Asking]) -> Plan:
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
def dp_bounds(data: Frame, column: str, **asking: Unpack[Asking]) -> Plan:
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
