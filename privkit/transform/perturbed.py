"""What a perturbation of values gives back: the new frame, what it cost, and what it does not promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError
from privkit.tally.codes import factorized
from privkit.tally.row_classes import by_group
from privkit.tally.selection import handed_out, without_traces
from privkit.transform.as_pandas import native, pandas_frame
from privkit.values.arguments import public
from privkit.values.show import Attackable, Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


@public
@dataclass(frozen=True, eq=False, repr=False)
class Perturbed(Attackable, Plotted):
    """A frame in which values of some columns were changed, and what that does not promise.

    Attributes
    ----------
    frame : dataframe
        The new frame; rows keep their order, under plain row numbers or their index.
    method : str
        What was done.
    columns : tuple of str
        Where.
    parameters : dict
        With which parameters.
    changed_ : int
        Rows in which any of the columns has another value.
    n_rows : int
        All rows.
    figures_ : dict of str to dict
        Per column what it cost: mean and standard deviation before and after, correlation of old and new values
        (numbers), or the share of unchanged values.
    no_promise : str
        What the method does not protect from.
    """

    frame: Any
    method: str
    columns: tuple[str, ...]
    parameters: dict[str, Any]
    changed_: int
    n_rows: int
    figures_: dict[str, dict[str, float]]
    no_promise: str
    #: What made it, of other rows, and the rows that it was made of: personal data, which no file of it has.
    _again: Callable[[Any], Perturbed] | None = None
    _source: pd.DataFrame | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled or copied: not the rows that were given."""
        return self.__dict__ | {"_again": None, "_source": None}

    def by_group(self, columns: str | Sequence[str]) -> pd.DataFrame:
        """Return what the change cost the rows of each group. Reads rows; spends nothing; for the owner's eyes.

        Parameters
        ----------
        columns : str or sequence of str
            Groups by their values, as they were before.

        Returns
        -------
        pandas.DataFrame
            A row for each group: `rows`, the share of rows that are `changed`, and for each changed column of numbers
            the mean `error of` it, which is its bias, and the mean `size of error of` it; for another column the share
            of its values that are `changed`.

        Raises
        ------
        FrameError
            For a result that was copied or read from a file: the rows that it was made of stayed behind.
        ColumnNotFoundError, DuplicateColumnError, ParameterError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> people = pd.DataFrame({"sex": ["f", "m"] * 3, "age": [21, 38, 27, 36, 33, 90]})
        >>> pk.top_bottom(people, "age", lower=18, upper=60).by_group("sex")["error of age"].tolist()
        [0.0, -10.0]
        """
        if self._source is None:
            raise FrameError.rows_elsewhere("by_group()", "Take the result as the call gave it, before it was saved.")
        after = pandas_frame(self.frame)
        return by_group(self._source, columns, _errors(self._source, after, self.columns))

    def to_frame(self) -> pd.DataFrame:
        """Return the figures, one row per column."""
        import pandas as pd

        return pd.DataFrame.from_dict(self.figures_, orient="index")


#: What pandas calls objects that are numbers.
_OF_PYTHON = ("decimal", "integer", "floating", "mixed-integer-float")


def number_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of numbers: of a type for them, or of Python's, such as the decimals of a database.

    Raises
    ------
    FrameError
        If it holds something else.
    """
    import pandas as pd

    column, told = frame[name], pd.api.types
    try:
        column.isna()
        of_python = column.dtype == object and told.infer_dtype(column, skipna=True) in _OF_PYTHON
    except ArithmeticError:  # a signaling NaN cannot be compared, which pandas tries
        of_python = False
    typed_as_such = told.is_numeric_dtype(column.dtype) and not told.is_bool_dtype(column.dtype)
    if not typed_as_such and not of_python:
        raise FrameError.column_type(name, str(column.dtype), "It must hold numbers.")
    return column


def perturbed(
    before: pd.DataFrame,
    after: pd.DataFrame,
    data: object,
    method: str,
    *,
    columns: tuple[str, ...],
    parameters: dict[str, Any],
    no_promise: str,
    keep_index: bool,
    again: Callable[[Any], Perturbed],
) -> Perturbed:
    """Return the result with its figures; its frame under plain row numbers, or its index where that is to be kept.

    `again` makes such a result of other rows.
    """
    changed = np.zeros(len(before), dtype=bool)
    figures = {}
    for name in columns:
        old, new = before[name], after[name]
        other = _differ(old, new)
        changed |= other
        figures[name] = {"unchanged": 1 - float(other.mean()) if len(other) else 1.0} | _moments(old, new)
    frame = native(handed_out(without_traces(after), keep_index=keep_index), data)
    return Perturbed(
        frame, method, columns, parameters, int(changed.sum()), len(before), figures, no_promise, again, before
    )


def _differ(old: pd.Series, new: pd.Series) -> NDArray[np.bool_]:
    """Return where two columns have different values; missing is like missing."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(old.dtype):
        return ~((old == new) | (old.isna() & new.isna())).fillna(False).to_numpy(dtype=bool)
    codes, _ = factorized(pd.concat([old, new], ignore_index=True))  # objects may refuse to be compared
    return codes[: len(old)] != codes[len(old) :]


def _moments(old: pd.Series, new: pd.Series) -> dict[str, float]:
    import pandas as pd

    if not pd.api.types.is_numeric_dtype(old.dtype) or pd.api.types.is_bool_dtype(old.dtype):
        return {}
    old, new = old.astype("float64"), new.astype("float64")
    both = len(old) > 1 and old.std() > 0 and new.std() > 0
    return {
        "mean_before": float(old.mean()), "mean_after": float(new.mean()),
        "std_before": float(old.std()), "std_after": float(new.std()),
        "correlation": float(old.corr(new)) if both else float("nan"),
    }  # fmt: skip


def _errors(before: pd.DataFrame, after: pd.DataFrame, columns: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Return how each row's values differ: whether any `changed`, and of numbers the `error` and its size."""
    import pandas as pd

    found: dict[str, NDArray[np.float64]] = {"changed": np.zeros(len(before))}
    for name in columns:
        other = _differ(before[name], after[name])
        found["changed"] = np.maximum(found["changed"], other)
        if pd.api.types.is_numeric_dtype(before[name].dtype) and not pd.api.types.is_bool_dtype(before[name].dtype):
            old, new = (one[name].to_numpy(dtype=np.float64, na_value=np.nan) for one in (before, after))
            apart = np.where(np.isfinite(new - old), new - old, 0.0)  # what is missing in both has no error
            found |= {f"error of {name}": apart, f"size of error of {name}": np.abs(apart)}
        else:
            found[f"changed {name}"] = other.astype(np.float64)
    return found
