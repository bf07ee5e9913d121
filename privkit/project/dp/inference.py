"""Comparisons and tests under differential privacy, of the population: with noise and sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.dates import limit_names
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.inference.chi2 import MOST_CELLS, Chi2
from privkit.dp.statistics.inference.difference import Difference
from privkit.dp.statistics.inference.regression import LeastSquares
from privkit.dp.statistics.moments import Mean, Variance
from privkit.dp.statistics.share import Share
from privkit.errors import DuplicateColumnError, KeysError, ParameterError, nothing_spent
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.dp.features import column_bounds, condition_column, given_bounds, refuse_constant
from privkit.project.known import Known
from privkit.tally.frame import column_names, engine_of
from privkit.tally.groups import column_kind, dated_keys
from privkit.values.arguments import column_name, true_or_false
from privkit.values.expression.selection import selection
from privkit.values.keys import Keys, public_keys

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.values.bounds import ValueBounds
    from privkit.values.inputs import Frame, Pair, Pairs

#: More predictors than these leave nothing of any budget: the noise grows with the square of their number.
_MOST = 30
#: Of robust intervals: their products grow with the fourth power.
_MOST_ROBUST = 10


@asks("Price a comparison of two groups; spends nothing. The parameters are those of :func:`dp_difference`.")
def dp_difference(data: Frame, value: str, group: str, *, bounds: Pair | None = None, **asking: Unpack[Asking]) -> Plan:
    """Compare the means, or the shares, of two groups under differential privacy: A against B. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    value : str
        A column of numbers, whose means are compared; or a condition on single rows, like ``"churned == 'yes'"``, of
        which the shares of rows are. Of a column of true and false it is the shares.
    group : str
        The column of the groups. `keys` names the two of them: ``keys=["new", "old"]`` asks for new less old.
    bounds : (lower, upper)
        Public bounds of one number; numbers outside are clipped. Not of a condition.
    **asking

    Returns
    -------
    Release
        `.value` is a frame of one row: difference, both means (or shares), both counts and the p-value of no
        difference; `.to_frame()` has them with their intervals.

    **raises

    Notes
    -----
    Estimated are the means of the *clipped* numbers in the population from which the rows were drawn, independently of
    each other. Intervals and p-value hold the noise and the sampling, each group with its own variance (Welch 1947);
    they rest on many rows, as Welch's own do. Released are counts, sums and sums of squares of both groups, at the
    price of one mean. The proof is in `privkit.dp.statistics.inference.difference`, with what rests on many rows.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> visits = pd.DataFrame({"page": ["new", "old"] * 3000, "minutes": [4.0, 3.0, 6.0, 4.0, 5.0, 2.0] * 1000})
    >>> project = pk.open_project("visits", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = dp_difference(visits, "minutes", "page", keys=["new", "old"], bounds=(0, 10), epsilon=0.5)
    >>> row = release.to_frame().iloc[0]
    >>> bool(1.8 < row["lower"] < row["difference"] < row["upper"] < 2.2 and row["p_value"] < 0.001)
    True
    """
    with nothing_spent():
        known, shared = Known(asking), dict[str, Any](asking)
        groups = _two(data, group, known, asking)
        inner: Mean
        if _is_condition(data, value, bounds, asking):
            inner = Share(condition_column(data, value, "value", shared, groups.by))
        else:
            inner = Variance(column_name(value, "value"), known.bounds(value, bounds))
            refuse_constant({value: inner.bounds})
    return planned(data, None, lambda _: Difference(inner, groups), known=known, **{**shared, "keys": None})


@asks("Price a test of independence; spends nothing. The parameters are those of :func:`dp_chi2`.")
def dp_chi2(data: Frame, a: str, b: str, **asking: Unpack[Asking]) -> Plan:
    """Test whether two columns are independent under differential privacy. Spends budget.

    Reads rows. It is a test on a noisy crosstab, which costs what one count does; its null distribution has the noise
    in it, which the textbook's has not.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    a, b : str
        The two columns. `keys` names all their public values: ``keys={"sex": ["f", "m"], "plan": [...]}``.
    **asking
        `accuracy` is the half-width of one cell's count.

    Returns
    -------
    Release
        `.value` is a frame of one row: the statistic, Cramér's V, the p-value, how many rows there are, and the least
        count that is expected of a cell. `.remarks` says where that one is too small for the p-value to be trusted.

    **raises

    Notes
    -----
    The statistic is Σ (O − E)² / (E + v) over the noisy counts O, with E what independence expects by the noisy margins
    and v the variance of the noise: without noise it is Pearson's. Its law under independence is simulated, noise
    included, 9,999 times (Gaboardi, Lim, Rogers and Vadhan 2016), from what was released alone and always alike, so
    that a replay says the same. Cramér's V has what independence and noise alone give taken off. More is in
    `privkit.dp.statistics.inference.chi2`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"plan": ["basic", "plus"] * 2000, "left": ["no", "no", "yes", "no"] * 1000})
    >>> project = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> test = dp_chi2(people, "plan", "left", keys={"plan": ["basic", "plus"], "left": ["no", "yes"]}, epsilon=0.5)
    >>> bool(test.value["p_value"].iloc[0] <= 0.001), round(float(test.value["cramers_v"].iloc[0]), 1)
    (True, 0.6)
    """
    with nothing_spent():
        known, shared = Known(asking), dict[str, Any](asking)
        statistic = Chi2(Count(), _pairs(data, (column_name(a), column_name(b)), known, asking))
    return planned(data, None, lambda _: statistic, known=known, **{**shared, "keys": None})


@asks("Price a regression; spends nothing. The parameters are those of :func:`dp_ols`.")
def dp_ols(
    data: Frame,
    y: str,
    x: str | Sequence[str],
    *,
    bounds: Pairs | None = None,
    robust: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Fit a column by others with least squares under differential privacy: coefficients with intervals. Spends budget.

    Reads rows; of lazy engines the columns are fetched, which the plan tells. The same question on the same data
    returns the stored answer and costs nothing. An intercept is always fitted.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    y : str
        The column of numbers that is predicted.
    x : str or list of str
        The columns of numbers that predict it; true and false count as 1 and 0.
    bounds : dict of column → (lower, upper)
        Public bounds of the numbers of each column; numbers outside are clipped. Of columns that are left out, the
        project's declared ones.
    robust : bool
        Whether intervals and p-values hold where residuals spread unequally, or where the line is but the best one
        (heteroskedasticity-consistent). Sums of products of up to four numbers are released too, at the same price, so
        that the noise on the coefficients is larger: the plan tells how much. Of up to 10 predictors.
    **asking
        `accuracy` is the half-width of the intercept's interval, for numbers that spread evenly within their bounds.

    Returns
    -------
    Release
        `.value` is a frame of one row: the intercept and the slopes by their columns' names, R², how many rows there
        are, and the p-value of each slope's being 0; `.to_frame()` has them with their intervals. `.remarks` says where
        the noise leaves nothing to be fitted, which is charged.

    **raises

    Notes
    -----
    Released are the noisy sums of all products of two of the columns (and 1), brought to [−1, 1] by their bounds, at
    once. Estimated are the coefficients of the *clipped* numbers in the population; intervals hold the noise and the
    sampling (after Ferrando, Wang and Sheldon 2022), where residuals spread alike for all predictors; where they do
    not, those of ``robust=True`` do (White 1980). The proof is in `privkit.dp.statistics.inference.regression`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> homes = pd.DataFrame({"rooms": [1, 2, 3, 4, 5] * 4000, "rent": [700, 1100, 1300, 1700, 1900] * 4000})
    >>> project = pk.open_project("rents", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> asked = {"bounds": {"rooms": (1, 5), "rent": (0, 3000)}, "epsilon": 1}
    >>> row = dp_ols(homes, "rent", "rooms", **asked).to_frame().iloc[0]
    >>> bool(abs(row["rooms"] - 300) < 20), bool(row["rooms_lower"] < row["rooms"] < row["rooms_upper"])
    (True, True)
    """
    with nothing_spent():
        known = Known(asking)
        response, predictors = column_name(y), column_names(x, "x")
        most = _MOST_ROBUST if true_or_false(robust, "robust") else _MOST
        if len(predictors) > most:
            raise ParameterError.of("x", f"{len(predictors):,} columns", f"at most {most}{' where robust' * robust}")
        ends = ends_of(data, (*predictors, response), bounds, known, asking)
        statistic = LeastSquares(response, predictors, ends, robust)
        _check_names(statistic)
    return planned(data, None, lambda _: statistic, known=known, **asking)


def ends_of(
    data: object,
    columns: tuple[str, ...],
    bounds: object,
    known: Known,
    asking: Mapping[str, object],
    *,
    argument: str = "x",
) -> tuple[ValueBounds, ...]:
    """Return the public bounds of each column, none of which are equal; `argument` names the columns."""
    if twice := [name for name in dict.fromkeys(columns) if columns.count(name) > 1]:
        raise DuplicateColumnError.in_argument(argument, twice)
    check_columns(data, columns, "columns", asking)
    given = given_bounds(bounds, columns, "x and y" if argument == "x" else argument)
    found = {name: column_bounds(known, name, given.get(name)) for name in columns}
    refuse_constant(found)
    return tuple(found.values())


def _check_names(statistic: LeastSquares) -> None:
    """Refuse columns by whose names two numbers of the answer would be called alike."""
    slopes = statistic.predictors
    ends = [end for name in ("intercept", *slopes, "count") for end in limit_names(name, "intercept")]
    others = {*ends, "intercept", "r2", "count", *(f"p_{name}" for name in slopes)}
    if taken := [name for name in slopes if name in others]:
        raise ParameterError.together(
            ("x",), f"a column called {taken[0]!r} would be taken for another number of the answer: rename it."
        )


def _pairs(data: object, columns: tuple[str, str], known: Known, asking: Mapping[str, object]) -> Keys:
    """Return all pairs of two columns' public values."""
    where, derive, missing = (asking.get(name) for name in ("where", "derive", "missing"))
    names = column_names(list(columns), "b")
    keys = known.keys(names, asking.get("keys"), selection(where, derive, missing, column=None))
    if keys is None:
        check_columns(data, names, "columns", asking)
        raise KeysError.required(names, with_delta=False)
    found = dated_keys(data, public_keys(names, keys))
    each = [
        dict(zip(codes, values, strict=True))
        for codes, values in zip(found.codes, zip(*found.values, strict=True), strict=True)
    ]
    if len(found) != len(each[0]) * len(each[1]):
        raise KeysError.shape("of some pairs of values alone", "those of both columns: a dict of two lists")
    if min(map(len, each)) < 2:
        raise KeysError.shape("of a single value of one column", "at least two values of each")
    if len(found) > MOST_CELLS:
        raise KeysError.shape(f"of {len(found):,} pairs", f"of at most {MOST_CELLS:,} pairs: name fewer values")
    return replace(found, values=tuple(product(*(one.values() for one in each))))


def groups_of(data: object, group: object, known: Known, asking: Mapping[str, object]) -> Keys:
    """Return the public groups of one column."""
    columns = column_names([column_name(group, "group")], "group")
    where, derive, missing = (asking.get(name) for name in ("where", "derive", "missing"))
    keys = known.keys(columns, asking.get("keys"), selection(where, derive, missing, column=None))
    if keys is None:
        check_columns(data, columns, "group", asking)
        raise KeysError.required(columns, with_delta=False)
    return dated_keys(data, public_keys(columns, keys))


def _two(data: object, group: object, known: Known, asking: Mapping[str, object]) -> Keys:
    """Return the two public groups."""
    found = groups_of(data, group, known, asking)
    if len(found) != 2:
        raise KeysError.shape(f"of {len(found):,} groups", "the two that are compared: keys=['new', 'old']")
    return found


def _is_condition(data: object, value: object, bounds: object, asking: Mapping[str, object]) -> bool:
    """Whether a condition is asked of, and no column of numbers. Reads the schema."""
    derive = asking.get("derive")
    derived = isinstance(value, str) and isinstance(derive, Mapping) and value in derive
    named = isinstance(value, str) and value in engine_of(data).schema
    if derived or not isinstance(value, str) or (bounds is not None and value.isidentifier()):
        return False
    if named and (bounds is not None or column_kind(data, value)[0] != "boolean"):
        return False
    if bounds is not None:
        raise ParameterError.together(
            ("bounds",), "bounds= is for a column of numbers; value= is a condition, which is met or not."
        )
    return True
