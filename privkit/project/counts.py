"""Counts under differential privacy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from privkit.dp.count import Count
from privkit.project.asking import Asking, planned, shares_asking

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.release import Release


@shares_asking
def dp_count(
    data: object, by: str | Sequence[str] | None = None, *, again: bool = False, **asking: Unpack[Asking]
) -> Release:
    """Count rows under differential privacy, in all or by public keys. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    by : str or list of str, optional
        The columns to group by.
    again : bool
        Draw fresh noise although the answer is known; charged anew.
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
    The proof is in `privkit.dp.stability.make_sums`. Each interval is for the count after bounding; what is lost by
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
    return plan_dp_count(data, by, **asking).release(again=again)


@shares_asking
def plan_dp_count(data: object, by: str | Sequence[str] | None = None, **asking: Unpack[Asking]) -> Plan:
    """Price a count without touching rows. Spends nothing; ``.release()`` runs it.

    The parameters are those of :func:`dp_count`.

    Returns
    -------
    Plan
        `.loss`, `.accuracy`, `.mechanism`, `.scale`, `.sensitivity`.
    """
    return planned("dp_count", data, by, lambda _: Count(), **asking)
