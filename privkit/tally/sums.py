"""Bounded sums on a fixed-point grid: exact integers, whatever the engine and the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.tally.classes import Tally, _int64, one_missing
from privkit.tally.frame import column_names, open_frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZE, _SUM = "__privkit_size", "__privkit_sum"


@dataclass(frozen=True, eq=False)
class ClassSums:
    """The sum of a column in each class, after clipping, in steps of the grid.

    Attributes
    ----------
    classes : Tally
        The classes; their sizes count the rows whose value is not missing.
    sums : array of int64, shape (n_classes,)
        Sums in steps: the sum of a class is ``sums * step``.
    step : float
        The grid's step, a power of two.
    """

    classes: Tally
    sums: NDArray[np.int64]
    step: float


def bounded_sums(
    data: object,
    by: str | Sequence[str],
    value: str,
    *,
    lower: float,
    upper: float,
    step: float,
    function: str = "bounded_sums",
) -> ClassSums:
    """Sum ``floor(clip(value, lower, upper) / step)`` within each class.

    The floor of a quotient by a power of two is exact, so that every engine, and every order of the rows, gives
    the same integers; with bounds on the grid each row adds a whole number between lower/step and upper/step.
    Missing values (null and NaN) are left out; ±inf is clipped. Reads rows; spends nothing.

    Parameters
    ----------
    by : str or sequence of str
        The columns; empty for one total.
    lower, upper : float
        The bounds, multiples of `step`.
    step : float
        A power of two, with at most 2**30 steps between 0 and either bound, so that 2**32 rows fit in 64 bits.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> bills = pd.DataFrame({"shop": ["a", "a", "b"], "paid": [1.25, 99.0, float("nan")]})
    >>> summed = bounded_sums(bills, "shop", "paid", lower=0, upper=10, step=0.25)
    >>> (summed.sums * summed.step).tolist()
    [11.25]
    """
    columns = column_names(by, function, "by", empty=True)
    if value in columns:
        raise DuplicateColumnError.in_argument(function, "value", [value])
    frame = open_frame(data, function, [*columns, value], "columns").select(*columns, value)
    if not frame.collect_schema()[value].is_numeric():
        raise FrameError.column_type(function, value, str(frame.collect_schema()[value]), "It must hold numbers.")
    steps = (nw.col(value).cast(nw.Float64).clip(lower, upper) / step).floor().cast(nw.Int64)
    present = one_missing(frame, function).filter(~nw.col(value).is_null(), ~nw.col(value).is_nan())
    rows = present.with_columns(steps.alias(_SUM))
    aggregates = (nw.len().alias(_SIZE), nw.col(_SUM).sum())
    table = rows.group_by(*columns).agg(*aggregates) if columns else rows.select(*aggregates)
    table = table.collect("pandas") if isinstance(table, nw.LazyFrame) else table
    return ClassSums(Tally(columns, _int64(table[_SIZE]), None, table.select(*columns)), _int64(table[_SUM]), step)
