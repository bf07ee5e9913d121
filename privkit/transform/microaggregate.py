"""`microaggregate`: numbers replaced by the mean of the k or more records that are most alike (MDAV), or of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.figures import one_word
from privkit.errors import ParameterError
from privkit.errors.anonymity import InfeasibleError
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import row_classes
from privkit.transform.aggregates import FUNCTIONS, LEAST, Behind, notes, numbers_of, shown_aggregates
from privkit.transform.as_pandas import pandas_frame
from privkit.transform.perturbed import Perturbed, perturbed
from privkit.values.arguments import column_name, positive_int, typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.aggregates import Aggregate
    from privkit.values.inputs import Frame

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@typed
def microaggregate(
    data: Frame,
    columns: str | Sequence[str],
    *,
    k: int | None = None,
    within: str | Sequence[str] | None = None,
    function: str = "mean",
    least: int | None = None,
    unit: str | None = None,
    keep_index: bool = False,
) -> Perturbed:
    """Put records into groups of k to 2k - 1 that are alike in `columns`, and give each its group's means.

    MDAV (Domingo-Ferrer and Torra 2005, doi 10.1007/s10618-005-0007-5): the k records nearest to the one farthest
    from the mean, then the k nearest to the one farthest from that, until fewer than 3k are left. Distances are
    Euclidean on standardized columns. Afterwards these columns together are k-anonymous. O(n² / k). Reads rows;
    spends nothing; deterministic up to the order of equal records.

    With `within`, groups lie inside the classes of those columns. Without `k`, each class is one group: as all rows of
    a class then have one value, the classes by `within` and the columns together are those by `within` alone.

    A value is shown where at least `least` persons contribute one; else it is missing in the
    whole group. `privkit.transform.aggregates` says what that promises, and what not.

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
        What the values of a group become. Means are for amounts, medians for grades on a scale: of an odd number of
        values the median is one member's own value, of an even number the mean of two.
    least : int, optional
        The fewest persons with a value whose mean or median is shown; k by default, and 3 without it. Inside the
        classes of an anonymized frame, take its k.
    unit : str, optional
        A column of ids: `least` counts distinct persons instead of rows, and rows without an id as one of their group.
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
    >>> microaggregate(bills, "paid", within="town", least=2).frame["paid"].tolist()
    [11.0, 11.0, 92.0, 92.0]
    """
    if k is None and within is None:
        rule = "say how large a group must be, k=5; or in which classes they lie, within=['zip', 'age']."
        raise ParameterError.together(("k", "within"), rule)
    size = None if k is None else positive_int(k, "k")
    asked = Behind(
        size or LEAST if least is None else positive_int(least, "least"),
        () if unit is None else (column_name(unit, "unit"),),
        least is not None or size is not None,
    )
    one_word(function, "function", FUNCTIONS)
    names = column_names(columns, "columns")
    classes = () if within is None else column_names(within, "within")
    if both := [name for name in names if name in classes]:
        raise ParameterError.of("within", repr(both), "columns that are not aggregated themselves")
    if unit in names:
        raise ParameterError.of("unit", repr(unit), "a column that is not aggregated itself")
    open_frame(data, (*names, *classes), "columns")
    open_frame(data, asked.units, "unit")
    frame = pandas_frame(data)
    table = np.column_stack([numbers_of(frame, name, missing=size is None) for name in names])
    group = row_classes(frame, classes, argument="within").class_of if classes else np.zeros(len(frame), dtype=np.int64)
    if size is not None:
        group = _inside(table, group, size, bool(classes))
    answer, told = frame.copy(), {}
    for place, name in enumerate(names):
        answer[name], told[name] = shown_aggregates(table[:, place], group, function, frame, asked)
    parameters = {"k": k, "within": classes or None, "function": function, "least": asked.least, "unit": unit}
    given = {name: value for name, value in parameters.items() if value is not None}
    found = perturbed(
        frame, answer, data, "microaggregate", parameters=given, columns=names, no_promise=_no_promise(function, told),
        keep_index=keep_index,
        again=partial(
            microaggregate, columns=names, k=k, within=within, function=function, least=least, unit=unit
        ),
    )  # fmt: skip
    for name, one in told.items():
        found.figures_[name] |= {"mean_squared_error": one.mean_squared_error, "hidden": float(one.hidden_values)}
    return found


def _no_promise(function: str, told: Mapping[str, Aggregate]) -> str:
    """Return what groups do not protect from, and what was hidden."""
    outliers = f"the {function}s still tell about outliers."
    promise = f"diversity within a group, or anything about columns that were not aggregated; {outliers}"
    return " ".join([promise, *notes(told, "group")])


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
