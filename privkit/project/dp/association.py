"""How numbers go together with groups, and with each other, in the population: with noise and sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.statistics.inference.anova import MOST_GROUPS, Anova
from privkit.dp.statistics.inference.correlation import Correlation, alike
from privkit.dp.statistics.moments import Variance
from privkit.errors import KeysError, ParameterError, nothing_spent
from privkit.project.asking import Asking, asks, planned
from privkit.project.dp.inference import ends_of, groups_of
from privkit.project.known import Known
from privkit.tally.frame import column_names
from privkit.values.arguments import column_name

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.values.inputs import Frame, Names, Pair, Pairs

#: More columns than these leave little of any budget: the noise grows with the number of their pairs.
_MOST = 10


@asks("Price a comparison of several groups; spends nothing. The parameters are those of :func:`dp_anova`.")
def dp_anova(data: Frame, value: str, group: str, *, bounds: Pair | None = None, **asking: Unpack[Asking]) -> Plan:
    """Test whether the means of several groups are equal under differential privacy. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    value : str
        A column of numbers. (Of a condition ask :func:`dp_chi2`, of two groups :func:`dp_difference`.)
    group : str
        The column of the groups. `keys` names two of them or more: ``keys=["north", "south", "west"]``.
    bounds : (lower, upper)
        Public bounds of one number; numbers outside are clipped.
    **asking
        `accuracy` is the half-width of one group's count.

    Returns
    -------
    Release
        `.value` is a frame of one row: F, η² (the part of the spread that lies between groups), the p-value, how many
        rows there are, and how many the smallest group has. `.remarks` says where that one is too small for the p-value
        to be trusted.

    **raises

    Notes
    -----
    Compared are the means of the *clipped* numbers. Released are counts, sums and sums of squares of all groups, at the
    price of one mean. F has the variance of the noise in its denominator: without noise it is Fisher's. Its law under
    equal means is simulated 9,999 times with the noise in it and with each group's own spread (after Krishnamoorthy, Lu
    and Mathew 2007), from what was released alone and always alike, so that a replay says the same. More is in
    `privkit.dp.statistics.inference.anova`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> minutes = [4.0, 5.0, 6.0, 2.0, 3.0, 5.0] * 1000
    >>> calls = pd.DataFrame({"plan": ["basic", "plus", "pro"] * 2000, "minutes": minutes})
    >>> project = pk.open_project("calls", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> test = dp_anova(calls, "minutes", "plan", keys=["basic", "plus", "pro"], bounds=(0, 10), epsilon=0.5)
    >>> bool(test.value["p_value"].iloc[0] <= 0.001), bool(0.4 < test.value["eta2"].iloc[0] < 0.6)
    (True, True)
    """
    with nothing_spent():
        known, shared = Known(asking), dict[str, Any](asking)
        groups = groups_of(data, group, known, asking)
        if len(groups) < 2:
            raise KeysError.shape("of a single group", "at least two, whose means are compared")
        if len(groups) > MOST_GROUPS:
            raise KeysError.shape(f"of {len(groups):,} groups", f"at most {MOST_GROUPS}: name fewer")
        ends = known.bounds(column_name(value), bounds)
        if not ends.width:
            raise ParameterError.together(
                ("bounds",), f"the bounds of {value!r} are equal, so that it is constant: nothing follows from it."
            )
        statistic = Anova(Variance(value, ends), groups)
    return planned(data, None, lambda _: statistic, known=known, **{**shared, "keys": None})


@asks("Price correlations; spends nothing. The parameters are those of :func:`dp_correlation`.")
def dp_correlation(data: Frame, columns: Names, *, bounds: Pairs | None = None, **asking: Unpack[Asking]) -> Plan:
    """Tell Pearson's correlation of two columns, or of all pairs of several, under differential privacy. Spends budget.

    Reads rows; of lazy engines the columns are fetched, which the plan tells. The same question on the same data
    returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    columns : list of str
        From two to ten columns of numbers; true and false count as 1 and 0.
    bounds : dict of column → (lower, upper)
        Public bounds of the numbers of each column; numbers outside are clipped. Of columns that are left out, the
        project's declared ones.
    **asking
        `accuracy` is the half-width of the interval of a correlation near 0, for numbers that spread evenly within
        their bounds; it needs `assume_rows`.

    Returns
    -------
    Release
        `.value` is a frame of one row: the correlation of two columns as ``correlation``, of more as ``a × b``; how
        many rows there are; and the p-values of no correlation. `.to_frame()` has them with their intervals. `.remarks`
        says of which pairs the noise leaves nothing to be said, which is charged.

    **raises

    Notes
    -----
    Released are the noisy sums of the products of up to four numbers of two columns, brought to [−1, 1] by their
    bounds, at once: 15 for two columns. Estimated are the correlations of the *clipped* numbers in the population;
    intervals hold the noise and the sampling, and ask nothing of the numbers' law, since the fourth moments tell how
    far r itself varies. The proof is in `privkit.dp.statistics.inference.correlation`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> homes = pd.DataFrame({"rooms": [1, 2, 3, 4, 5] * 4000, "rent": [700, 1100, 1300, 1700, 1900] * 4000})
    >>> project = pk.open_project("rents", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> asked = {"bounds": {"rooms": (1, 5), "rent": (0, 3000)}, "epsilon": 1}
    >>> row = dp_correlation(homes, ["rooms", "rent"], **asked).to_frame().iloc[0]
    >>> bool(row["correlation"] > 0.9), bool(row["lower"] <= row["correlation"] <= row["upper"])
    (True, True)
    """
    with nothing_spent():
        known = Known(asking)
        names = column_names(columns, "columns")
        if not 2 <= len(names) <= _MOST:
            told = f"{len(names):,} {'column' if len(names) == 1 else 'columns'}"
            raise ParameterError.of(
                "columns", told, f"from 2 to {_MOST} columns", "Example: columns=['age', 'income']."
            )
        statistic = Correlation(names, ends_of(data, names, bounds, known, asking, argument="columns"))
        if (taken := alike(names)) is not None:
            raise ParameterError.together(
                ("columns",), f"two numbers of the answer would be called {taken!r}: rename a column."
            )
    return planned(data, None, lambda _: statistic, known=known, **asking)
