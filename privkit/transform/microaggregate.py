"""`microaggregate`: numbers replaced by the mean of the k or more records that are most alike (MDAV)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import FrameError
from privkit.errors.anonymity import InfeasibleError
from privkit.tally.frame import column_names, open_frame
from privkit.transform.perturb import Perturbed, number_column, perturbed
from privkit.transform.source import pandas_frame
from privkit.values.arguments import positive_int, typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@typed
def microaggregate(data: object, columns: str | Sequence[str], *, k: int) -> Perturbed:
    """Put records into groups of k to 2k - 1 that are alike in `columns`, and give each its group's means.

    MDAV (Domingo-Ferrer and Torra 2005, doi 10.1007/s10618-005-0007-5): the k records nearest to the one farthest
    from the mean, then the k nearest to the one farthest from that, until fewer than 3k are left. Distances are
    Euclidean on standardized columns. Afterwards these columns together are k-anonymous. O(n² / k). Reads rows;
    spends nothing; deterministic up to the order of equal records.

    Parameters
    ----------
    data : dataframe
        Of a lazy frame all rows and columns are fetched.
    columns : str or sequence of str
        Numbers, none missing.
    k : int
        The least size of a group.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError
    InfeasibleError
        If the table has fewer than k rows.

    Examples
    --------
    >>> import pandas as pd
    >>> bills = pd.DataFrame({"paid": [10.0, 12.0, 90.0, 94.0]})
    >>> microaggregate(bills, "paid", k=2).frame["paid"].tolist()
    [11.0, 11.0, 92.0, 92.0]
    """
    k = positive_int(k, "k")
    names = column_names(columns, "columns")
    open_frame(data, names, "columns")
    frame = pandas_frame(data)
    table = np.column_stack([number_column(frame, name).astype("float64").to_numpy() for name in names]).astype(
        np.float64
    )
    for name, column in zip(names, table.T, strict=True):
        if not np.isfinite(column).all():
            raise FrameError.column_type(
                name, str(frame[name].dtype), "It has missing or infinite values: drop or fill them first."
            )
    if 0 < len(table) < k:
        raise InfeasibleError.too_few_rows(k, len(table))
    answer = frame.copy()
    group = mdav(table, k)
    sizes = np.bincount(group) if len(group) else np.zeros(0)
    for place, name in enumerate(names):
        means = np.bincount(group, weights=table[:, place]) / sizes if len(group) else np.zeros(0)
        answer[name] = means[group] if len(group) else answer[name].astype("float64")
    promise = (
        "diversity within a group, or anything about columns that were not aggregated; "
        "the means still tell about outliers."
    )
    return perturbed(frame, answer, data, "microaggregate", parameters={"k": k}, columns=names, no_promise=promise)


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
