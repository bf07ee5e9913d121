"""Counts under differential privacy."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.dp.plan import Plan, plan_count
from privkit.dp.question import CountQuestion
from privkit.dp.release import Release
from privkit.errors import KeysError, nothing_spent
from privkit.project.project import Project, current_project
from privkit.project.release import check_frame, release
from privkit.tally.frame import column_names
from privkit.values.contribution import contribution_bounds
from privkit.values.keys import public_keys


def dp_count(
    data: object,
    by: str | Sequence[str] | None = None,
    *,
    keys: object = None,
    epsilon: object = None,
    accuracy: object = None,
    max_rows: int | None = None,
    max_groups: int | None = None,
    per_group: int | None = None,
    version: str | None = None,
    again: bool = False,
    project: Project | None = None,
) -> Release:
    """Count rows under differential privacy, in all or by public keys. Spends budget.

    Reads rows. The same question on the same data returns the stored answer and costs nothing.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    by : str or list of str, optional
        The columns to group by.
    keys : list, dict of lists, or list of tuples, optional
        The groups to release, a public fact; needed with `by`. Rows of no key are not counted.
    epsilon : number, optional
        The loss to spend.
    accuracy : number, optional
        In place of `epsilon`: the half-width of the 95 % interval to reach, in rows.
    max_rows : int, optional
        How many rows of one person count, in all; where the project's unit is a column.
    max_groups, per_group : int, optional
        In place of `max_rows`: how many groups of one person count, and how many rows in each.
    version : str, optional
        The owner's name for this state of the data, in place of its fingerprint.
    again : bool
        Draw fresh noise although the answer is known; charged anew.
    project : Project, optional
        The project to charge; by default the one opened last.

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
    Sundararajan 2012). The proof is in `privkit.dp.stability.make_count`. Each interval is for the count after
    bounding; what is lost by bounding is not in it.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"city": ["Bern"] * 600 + ["Basel"] * 400})
    >>> project = pk.open_project("cities", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> release = people.privacy.dp_count("city", keys=["Basel", "Bern"], epsilon=0.5)
    >>> release.value.index.tolist(), release.accuracy, project.remaining
    (['Basel', 'Bern'], 6, ε = 0.5)
    """
    plan = plan_dp_count(
        data,
        by,
        keys=keys,
        epsilon=epsilon,
        accuracy=accuracy,
        max_rows=max_rows,
        max_groups=max_groups,
        per_group=per_group,
        version=version,
        project=project,
    )
    return plan.release(again=again)


def plan_dp_count(
    data: object,
    by: str | Sequence[str] | None = None,
    *,
    keys: object = None,
    epsilon: object = None,
    accuracy: object = None,
    max_rows: int | None = None,
    max_groups: int | None = None,
    per_group: int | None = None,
    version: str | None = None,
    project: Project | None = None,
) -> Plan:
    """Price a count without touching rows. Spends nothing; ``.release()`` runs it.

    The parameters are those of :func:`dp_count`.

    Returns
    -------
    Plan
        `.loss`, `.accuracy`, `.mechanism`, `.scale`, `.sensitivity`.
    """
    function = "dp_count"
    with nothing_spent():
        project = project if project is not None else current_project(function)
        bounds = contribution_bounds(
            project.unit,
            function,
            max_rows=max_rows,
            max_groups=max_groups,
            per_group=per_group,
            default=project.bounds,
        )
        columns = () if by is None else column_names(by, function, "by")
        if not columns and keys is not None:
            raise KeysError.without_by(function)
        named = public_keys(columns, keys, function) if columns else None
        question = CountQuestion(project.unit, bounds, named)
        check_frame(data, question, function)
        plan = plan_count(question, project.budget.measure, epsilon=epsilon, accuracy=accuracy, function=function)
        left = project.remaining

    def run(again: bool) -> Release:
        return release(project, plan, data, again=again, version=version, function=function)

    return plan.bound_to(run, left)
