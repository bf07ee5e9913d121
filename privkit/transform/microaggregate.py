"""`microaggregate`: numbers replaced by the mean of the k or more records that are most alike (MDAV), or of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError, ParameterError
from privkit.errors.anonymity import InfeasibleError
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import row_classes
from privkit.transform.costs import Aggregate
from privkit.transform.perturbed import Perturbed, number_column, perturbed
from privkit.transform.source import is_lazy, pandas_frame
from privkit.values.arguments import kind, positive_int, typed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.anonymized import Anonymized

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: What the values of a group may become.
FUNCTIONS = ("mean", "median")


@typed
def microaggregate(
    data: object,
    columns: str | Sequence[str],
    *,
    k: int | None = None,
    within: str | Sequence[str] | None = None,
    function: str = "mean",
    keep_index: bool = False,
) -> Perturbed:
    """Put records into groups of k to 2k - 1 that are alike in `columns`, and give each its group's means.

    MDAV (Domingo-Ferrer and Torra 2005, doi 10.1007/s10618-005-0007-5): the k records nearest to the one farthest
    from the mean, then the k nearest to the one farthest from that, until fewer than 3k are left. Distances are
    Euclidean on standardized columns. Afterwards these columns together are k-anonymous. O(n² / k). Reads rows;
    spends nothing; deterministic up to the order of equal records.

    With `within`, groups lie inside the classes of those columns. Without `k`, each class is one group: as all rows of
    a class then have one value, the classes by `within` and the columns together are those by `within` alone.

    Parameters
    ----------
    data : dataframe
        Of a lazy frame all rows and columns are fetched.
    columns : str or sequence of str
        Numbers. None may be missing where groups of k are made; where classes are the groups, missing ones get the
        value of their class.
    k : int, optional
        The least size of a group; needed without `within`.
    within : str or sequence of str, optional
        Columns whose classes the groups lie in, such as the quasi-identifiers of an anonymized frame.
    function : {"mean", "median"}
        What the values of a group become.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError
    InfeasibleError
        If the table, or a class, has fewer than k rows.

    Examples
    --------
    >>> import pandas as pd
    >>> bills = pd.DataFrame({"town": list("aabb"), "paid": [10.0, 12.0, 90.0, 94.0]})
    >>> microaggregate(bills, "paid", k=2).frame["paid"].tolist()
    [11.0, 11.0, 92.0, 92.0]
    >>> microaggregate(bills, "paid", within="town").frame["paid"].tolist()
    [11.0, 11.0, 92.0, 92.0]
    """
    if k is None and within is None:
        rule = "say how large a group must be, k=5; or in which classes they lie, within=['zip', 'age']."
        raise ParameterError.together(("k", "within"), rule)
    size = None if k is None else positive_int(k, "k")
    checked_function(function, "function")
    names = column_names(columns, "columns")
    classes = () if within is None else column_names(within, "within")
    if both := [name for name in names if name in classes]:
        raise ParameterError.of("within", repr(both), "columns that are not aggregated themselves")
    open_frame(data, (*names, *classes), "columns")
    frame = pandas_frame(data)
    table = np.column_stack([_numbers(frame, name, missing=size is None) for name in names])
    group = row_classes(frame, classes, argument="within").class_of if classes else np.zeros(len(frame), dtype=np.int64)
    if size is not None:
        group = _inside(table, group, size, bool(classes))
    answer = frame.copy()
    for place, name in enumerate(names):
        answer[name] = aggregated(table[:, place], group, function)
    promise = (
        "diversity within a group, or anything about columns that were not aggregated; "
        f"the {function}s still tell about outliers."
    )
    parameters = {"k": k, "within": classes or None, "function": function}
    given = {name: value for name, value in parameters.items() if value is not None}
    found = perturbed(
        frame,
        answer,
        data,
        "microaggregate",
        parameters=given,
        columns=names,
        no_promise=promise,
        keep_index=keep_index,
    )
    for place, name in enumerate(names):
        found.figures_[name]["mean_squared_error"] = squared_error(table[:, place], answer[name].to_numpy())
    return found


def checked_function(function: object, argument: str) -> None:
    """Refuse what is no function of a group's values."""
    if function not in FUNCTIONS:
        raise ParameterError.of(argument, repr(function) if isinstance(function, str) else kind(function), _ALLOWED)


_ALLOWED = "'mean' or 'median'"


def _numbers(frame: pd.DataFrame, name: str, *, missing: bool) -> Floats:
    """Return a column as floats, NaN for missing where that is allowed."""
    values: Floats = np.asarray(
        number_column(frame, name).astype("float64").to_numpy(dtype=np.float64, na_value=np.nan)
    )
    bad = np.isinf(values) if missing else ~np.isfinite(values)
    if bad.any():
        what = "infinite" if missing else "missing or infinite"
        raise FrameError.column_type(name, str(frame[name].dtype), f"It has {what} values: drop or fill them first.")
    return values


def _inside(table: Floats, class_of: Ints, k: int, classes: bool) -> Ints:
    """Return groups of k and more inside each class."""
    sizes = np.bincount(class_of)
    if 0 < sizes.min(initial=k) < k:
        raise InfeasibleError.too_few_rows(k, int(sizes.min()), "rows in its smallest class" if classes else "rows")
    group, number = np.zeros(len(table), dtype=np.int64), 0
    order, ends = np.argsort(class_of, kind="stable"), np.cumsum(sizes)
    for rows in np.split(order, ends[:-1]) if len(ends) else ():
        group[rows] = mdav(table[rows], k) + number
        number = int(group[rows].max()) + 1
    return group


def aggregated(values: Floats, group: Ints, function: str) -> Floats:
    """Return for each row the mean, or median, of its group's values that are not missing: one float per group.

    Examples
    --------
    >>> aggregated(np.array([1.0, 4.0, np.nan, 7.0]), np.array([0, 0, 0, 1]), "mean").tolist()
    [2.5, 2.5, 2.5, 7.0]
    """
    import pandas as pd

    if not len(values):
        return values
    of_groups = pd.Series(values).groupby(group).agg(function)
    return np.asarray(of_groups.reindex(range(int(group.max()) + 1)).to_numpy()[group], dtype=np.float64)


def squared_error(before: Floats, after: Floats) -> float:
    """Return the mean squared difference where a value was there; 0 where none was."""
    there = ~np.isnan(before)
    return float(((after[there] - before[there]) ** 2).mean()) if there.any() else 0.0


# -- as a part of `anonymize` ------------------------------------------------------------------------------------------


def asked_aggregates(asked: object, qi: str | Sequence[str], **others: object) -> tuple[dict[str, str], list[str]]:
    """Return what columns become inside their classes, and the quasi-identifiers that form these.

    Raises
    ------
    ParameterError
        If no column is left to form classes, or one has another part to play as well.
    """
    columns = list(column_names(qi, "qi"))
    if asked is None:
        return {}, columns
    if not isinstance(asked, Mapping) or not all(isinstance(name, str) for name in asked):
        raise ParameterError.of("microaggregate", kind(asked), f"a dict column → {_ALLOWED}")
    for name, function in asked.items():
        checked_function(function, f"microaggregate[{name!r}]")
    for argument, used in others.items():
        if both := [name for name in used or () if name in asked]:  # type: ignore[attr-defined]
            raise ParameterError.of(argument, repr(both), "columns that microaggregate= does not name")
    if not (left := [name for name in columns if name not in asked]):
        rule = "a quasi-identifier that is not aggregated must be left: the classes are formed by it."
        raise ParameterError.together(("qi", "microaggregate"), rule)
    return dict(asked), left


def check_aggregates(data: object, asked: Mapping[str, str]) -> None:
    """Refuse columns that are not there or hold no numbers, before anything is searched; and rows of an engine.

    Raises
    ------
    ColumnNotFoundError, FrameError
    """
    open_frame(data, tuple(asked), "microaggregate")
    if is_lazy(data):
        hint = "Take microaggregate(out.frame, columns, within=qi) of what anonymize() hands out."
        raise FrameError.rows_elsewhere("microaggregate=", hint)
    frame = pandas_frame(data)
    for name in asked:
        _numbers(frame, name, missing=True)


def with_aggregates(out: Anonymized, asked: Mapping[str, str]) -> Anonymized:
    """Return a result in which numbers are those of their class: all rows of a class have one value.

    So the classes by the quasi-identifiers and these columns are the classes by the quasi-identifiers: every criterion
    on them that holds keeps to hold. The loss is the mean squared error of the rows that are kept, as in ARX.
    """
    if not asked:
        return out
    import narwhals as nw

    source, group = out.source[out.kept_], row_classes(out.frame, out.qi).class_of
    made, told = {}, {}
    for name, function in asked.items():
        before = _numbers(source, name, missing=True)
        made[name] = aggregated(before, group, function)
        variance = float(np.nanvar(before)) if (~np.isnan(before)).any() else 0.0
        told[name] = Aggregate(function, squared_error(before, made[name]), variance)
    frame: Any = out.frame
    if hasattr(frame, "iloc"):
        frame = frame.assign(**made)
    else:
        here = nw.from_native(frame, eager_only=True)
        series = [nw.new_series(name, values, backend=here.implementation) for name, values in made.items()]
        frame = here.with_columns(*series).to_native()
    return replace(out, frame=frame, report=replace(out.report, aggregates=told))


def mdav(table: Floats, k: int) -> NDArray[np.int64]:
    """Return the group of each row, shape (n_rows,)."""
    if not len(table):
        return np.empty(0, dtype=np.int64)
    spread = table.std(axis=0)
    scaled = (table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    group = np.full(len(table), -1, dtype=np.int64)
    left, number = np.arange(len(table)), 0
    while len(left) >= 3 * k:
        far = scaled[left[_distances(scaled[left], scaled[left].mean(axis=0)).argmax()]]
        left, first = _nearest(scaled, left, far, k)
        group[first] = number
        other = scaled[left[_distances(scaled[left], far).argmax()]]
        left, second = _nearest(scaled, left, other, k)
        group[second] = number + 1
        number += 2
    if len(left) >= 2 * k:
        far = scaled[left[_distances(scaled[left], scaled[left].mean(axis=0)).argmax()]]
        left, first = _nearest(scaled, left, far, k)
        group[first] = number
        number += 1
    group[left] = number
    return group


def _distances(rows: Floats, point: Floats) -> Floats:
    return np.asarray(((rows - point) ** 2).sum(axis=1))


def _nearest(
    scaled: Floats, left: NDArray[np.int64], point: Floats, k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = np.argsort(_distances(scaled[left], point), kind="stable")
    chosen = left[order[:k]]
    return np.delete(left, order[:k]), chosen
