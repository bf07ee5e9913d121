"""Models under differential privacy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.dates import limit_names
from privkit.dp.statistics.inference.regression import INTERCEPT
from privkit.dp.training.lloyd import Lloyd
from privkit.dp.training.logistic import Logistic, clip_for
from privkit.dp.training.steps import featured
from privkit.errors import KeysError, ParameterError, PrivkitError, nothing_spent
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.current import current_project
from privkit.project.dp.features import feature_columns, feature_names, named_keys, number_columns, response_classes
from privkit.project.known import Known
from privkit.values.arguments import column_name, positive_int, whole
from privkit.values.exact import exact
from privkit.values.expression.selection import selection
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.values.bounds import ValueBounds
    from privkit.values.inputs import Frame, Pairs

#: More places of a vector than these are not trained on: sums would not be exact.
MOST_PLACES = 1000
#: More steps than these only spread the loss thinner.
MOST_STEPS = 1000
#: How many steps are taken where nothing is said: Laplace noise grows with their number, Gaussian with its root.
GAUSSIAN_STEPS, LAPLACE_STEPS = 32, 13
#: At a low price fewer Laplace steps: there the noise of more costs more than they find. Chosen on other tables than
#: those that the figures in docs/models.md are of.
CHEAP_STEPS = 9
#: What a low price is; tanh(ε / 2) is the advantage that an ε allows.
_CHEAP = {"epsilon": Fraction(1, 2), "advantage": Fraction("0.2449")}
GAUSSIAN_LLOYD, LAPLACE_LLOYD = 6, 4
#: More clusters than these hold noise alone.
MOST_CLUSTERS = 100
#: The least clipping norm: below it gradients lose their digits.
_LEAST_CLIP = Fraction(1, 1000)


@asks("Price a logistic regression; spends nothing. The parameters are those of :func:`dp_logistic`.")
def dp_logistic(
    data: Frame,
    y: str,
    x: str | Sequence[str],
    *,
    bounds: Pairs | None = None,
    steps: int | None = None,
    clip: float | None = None,
    penalty: float = 0.001,
    **asking: Unpack[Asking],
) -> Plan:
    """Train a logistic regression of two classes by other columns under differential privacy. Spends budget.

    Reads rows; of lazy engines the columns are fetched, which the plan tells. The same question on the same data
    returns the stored answer and costs nothing. `privkit.models.DPLogisticRegression` is the same in scikit-learn's
    manner, and predicts.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    y : str
        The column of the two classes. `keys` names them, the one whose chance is predicted last:
        ``keys={"churned": ["no", "yes"]}``; a column of true and false needs none.
    x : str or list of str
        The columns that predict it: numbers within `bounds`, and columns whose values `keys` names.
    bounds : dict of column → (lower, upper)
        Public bounds of the numbers of each column; numbers outside are clipped. Of columns that are left out, the
        project's declared ones; true and false count as 1 and 0.
    steps : int, optional
        How many steps are taken, two at least; 32, and 13 where the noise is Laplace's (9 where ε is below 1/2).
    clip : float, optional
        The largest norm of one unit's gradient, where each number lies in [−1, 1]; by default that of numbers that
        spread evenly.
    penalty : float
        λ of λ/2·‖β‖², for numbers in [−1, 1].
    **asking

    Returns
    -------
    Release
        `.value` is a frame of one row: the intercept and a coefficient for each column of numbers (by its name) and
        each level (as ``plan=basic``), and how many rows or persons there are. `.remarks` says where the noise decides
        what the model says, which is charged.

    Raises
    ------
    PrivkitError
        One of its kinds; nothing was spent, except after `MeasurementError`. An accuracy cannot be asked for.

    Notes
    -----
    Full-batch gradient steps of clipped gradients of each unit, as whole numbers that are summed exactly, with noise on
    each step, all at one price. Of a person all rows that count share the weight of one. The proofs are in
    `privkit.dp.training.logistic` and `privkit.dp.training.steps`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"calls": [0, 2, 4, 6, 5, 8, 9, 10] * 2500, "left": ([False] * 4 + [True] * 4) * 2500})
    >>> project = pk.open_project("churn", epsilon=1, delta=1e-6, unit=pk.ROW, store=ledger_path)
    >>> asked = {"bounds": {"calls": (0, 10)}, "epsilon": 0.5, "delta": 1e-7}
    >>> row = dp_logistic(people, "left", "calls", **asked).to_frame().iloc[0]
    >>> bool(row["calls"] > 0.2), bool(-8 < row["intercept"] < -1), bool(19_000 < row["count"] < 21_000)
    (True, True, True)
    """
    with nothing_spent():
        known, shared = Known(asking), dict[str, Any](asking)
        response, names = column_name(y, "y"), feature_names(x)
        if response in names:
            raise ParameterError.together(("x",), f"the column {response!r} would predict itself: leave it out of x=.")
        chosen = selection(*(asking.get(name) for name in ("where", "derive", "missing")))
        check_columns(data, (*names, response), "columns", asking)
        keys = named_keys(asking.get("keys"), (*names, response))
        classes = response_classes(data, response, keys.get(response), known, chosen)
        if len(classes) != 2:
            raise KeysError.shape(
                f"of {len(classes):,} classes of {response!r}", "two of them: the model tells two apart"
            )
        columns = feature_columns(data, names, bounds, keys, known, chosen)
        statistic = Logistic(
            response,
            classes,
            featured(columns),
            _steps(steps, asking, (GAUSSIAN_STEPS, CHEAP_STEPS if _cheap(asking) else LAPLACE_STEPS), least=2),
            _clip(clip, columns),
            _penalty(penalty),
        )
        _check(statistic)
    return planned(data, None, lambda _: statistic, known=known, **{**shared, "keys": None})


@asks("Price a clustering; spends nothing. The parameters are those of :func:`dp_kmeans`.")
def dp_kmeans(
    data: Frame,
    x: str | Sequence[str],
    clusters: int,
    *,
    bounds: Pairs | None = None,
    steps: int | None = None,
    start: int = 0,
    **asking: Unpack[Asking],
) -> Plan:
    """Find the centers of clusters by k-means under differential privacy. Spends budget.

    Reads rows; of lazy engines the columns are fetched, which the plan tells. The same question on the same data
    returns the stored answer and costs nothing. `privkit.models.DPKMeans` is the same in scikit-learn's manner.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    x : str or list of str
        The columns of numbers; true and false count as 1 and 0.
    clusters : int
        How many centers there are.
    bounds : dict of column → (lower, upper)
        Public bounds of the numbers of each column; numbers outside are clipped. Of columns that are left out, the
        project's declared ones.
    steps : int, optional
        How many steps of Lloyd's method are taken; 6, and 4 where the noise is Laplace's.
    start : int
        Which of the public starts is taken: another one may find other clusters, and is charged.
    **asking

    Returns
    -------
    Release
        `.value` is a frame of one row: each center's numbers (as ``age [0]``), and how many rows or persons were
        nearest to each (``count [0]``), which have intervals. `.remarks` says of which clusters noise decides.

    Raises
    ------
    PrivkitError
        One of its kinds; nothing was spent, except after `MeasurementError`. An accuracy cannot be asked for.

    Notes
    -----
    Numbers are brought to [−1, 1] by their bounds, so that these decide what is near. Each step asks of each cluster
    how many units are nearest to it, and the sum of their numbers, with noise, all steps at one price. Of a person all
    rows that count share the weight of one. The proofs are in `privkit.dp.training.lloyd` and `steps`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"calls": [1.0, 3.0, 7.0, 9.0] * 5000})
    >>> project = pk.open_project("groups", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> centers = dp_kmeans(people, "calls", 2, bounds={"calls": (0, 10)}, epsilon=1).value.iloc[0]
    >>> sorted([round(float(centers["calls [0]"])), round(float(centers["calls [1]"]))])
    [2, 8]
    """
    with nothing_spent():
        known, shared = Known(asking), dict[str, Any](asking)
        names, many = feature_names(x), positive_int(clusters, "clusters")
        if many > MOST_CLUSTERS:
            raise ParameterError.of("clusters", f"{many:,}", f"at most {MOST_CLUSTERS}")
        if asking.get("keys") is not None:
            raise KeysError.without_by()
        chosen = selection(*(asking.get(name) for name in ("where", "derive", "missing")))
        check_columns(data, names, "columns", asking)
        columns = number_columns(data, names, bounds, known, chosen)
        taken = _steps(steps, asking, (GAUSSIAN_LLOYD, LAPLACE_LLOYD))
        statistic = Lloyd(featured(columns), many, taken, whole(start, "start", below=2**63))
        if "count" in columns:
            raise ParameterError.together(
                ("x",), "a column called 'count' would be taken for another number of the answer: rename it."
            )
    return planned(data, None, lambda _: statistic, known=known, **shared)


def _cheap(asking: Mapping[str, Any]) -> bool:
    """Whether the price that is asked is low; what is no price is told later."""
    with suppress(PrivkitError):
        return any(exact(asking[name], name) < most for name, most in _CHEAP.items() if asking.get(name) is not None)
    return False


def _steps(steps: object, asking: Mapping[str, Any], usual: tuple[int, int], least: int = 1) -> int:
    """Return how many steps are taken: of the usual ones the first for Gaussian noise, the second for Laplace's."""
    if steps is None:
        measure = (found if (found := asking.get("project")) is not None else current_project()).account.measure
        mechanism, delta = asking.get("mechanism"), asking.get("delta")
        gaussian = measure.concentrated or (measure.has_delta and delta is not None and delta != 0)
        return usual[0] if gaussian and mechanism != "laplace" else usual[1]
    many = positive_int(steps, "steps")
    if not least <= many <= MOST_STEPS:
        told = f"from {least} to {MOST_STEPS:,}"
        raise ParameterError.of("steps", f"{many:,}", told, "More only spread the loss thinner.")
    return many


def _clip(clip: object, columns: Mapping[str, ValueBounds | Keys]) -> Fraction:
    levels = sum(isinstance(of, Keys) for of in columns.values())
    if clip is None:
        return clip_for(len(columns) - levels, levels)
    found = exact(clip, "clip", smallest=_LEAST_CLIP, hint="Example: clip=1.")
    return min(found, Fraction(isqrt(len(columns) + 1) + 1))  # no gradient is longer than that


def _penalty(penalty: object) -> Fraction:
    found = exact(penalty, "penalty", zero=True, smallest=Fraction(0), hint="Example: penalty=0.001.")
    if found > 1:
        raise ParameterError.of("penalty", str(float(found)), "at most 1: more leaves nothing of the coefficients")
    return found


def _check(model: Logistic) -> None:
    """Refuse what is too wide, and names by which two numbers of the answer would be called alike."""
    names = model.named
    if len(names) > MOST_PLACES:
        told = f"{len(names):,} columns and levels"
        raise ParameterError.of("x", told, f"at most {MOST_PLACES:,}", "Group rare levels with pk.recode.")
    others = {INTERCEPT, "count", *limit_names("count", INTERCEPT), *limit_names(INTERCEPT, INTERCEPT)}
    taken = [name for place, name in enumerate(names) if name in others or name in names[:place]]
    if taken:
        raise ParameterError.together(
            ("x",), f"two numbers of the answer would be called {taken[0]!r}: rename the column."
        )
