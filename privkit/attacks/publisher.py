"""What somebody publishes, as an attack asks it: a function from a frame and a column to counts by value."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import PrivkitError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: What is asked of a frame and a column: counts by value.
Publish = Callable[[Any, str], Any]


def exactly(frame: Any, column: str) -> Any:
    """Return exact counts by value: what every other answer is compared with."""
    return frame[column].value_counts()


@dataclass(eq=False)
class Asked:
    """A publisher that is asked about rows of one frame, and how often it was.

    Attributes
    ----------
    publish : callable
    frame : pandas.DataFrame
    codes : dict of str to array of int64, shape (n_rows,)
        Each row's value in each column, -1 for missing.
    values : dict of str to list
        The values, by code.
    calls : int
    """

    publish: Publish
    frame: pd.DataFrame
    codes: dict[str, Ints] = field(default_factory=dict)
    values: dict[str, Sequence[Hashable]] = field(default_factory=dict)
    calls: int = 0

    @classmethod
    def of(cls, publish: Publish, frame: pd.DataFrame) -> Asked:
        """Return a publisher with the values of a frame's columns. Reads rows."""
        found = {name: factorized(frame[name]) for name in frame.columns}
        codes = {name: one[0] for name, one in found.items()}
        return cls(publish, frame, codes, {name: list(one[1]) for name, one in found.items()})

    def exact(self) -> Asked:
        """Return the same rows with a publisher that counts exactly."""
        return Asked(exactly, self.frame, self.codes, self.values)

    def with_secrets(self, column: str, codes: Ints) -> Asked:
        """Return the same publisher on rows with other values in one column, taken from other rows."""
        first = np.zeros(len(self.values[column]), dtype=np.int64)
        first[self.codes[column]] = np.arange(len(self.frame))
        changed = self.frame.assign(**{column: self.frame[column].array[first[codes]]})
        return Asked(self.publish, changed, self.codes | {column: codes}, self.values)

    def counts(self, rows: Ints, column: str) -> Floats:
        """Return the published counts of some rows, by the code of each value; 0 for values that were not answered.

        Raises
        ------
        AttackError
            If the function fails, or answers with something else than numbers by value.
        PrivkitError
            What a call of privkit in it raises, such as that the budget is spent.
        """
        if self.publish is exactly:  # nobody is asked: these are counted here
            codes = self.codes[column][rows]
            return np.bincount(codes[codes >= 0], minlength=len(self.values[column])).astype(np.float64)
        self.calls += 1
        failed = ""
        answer: Any = None
        try:
            answer = self.publish(self.frame.iloc[rows].reset_index(drop=True), column)
        except PrivkitError:
            raise
        except Exception as error:  # noqa: BLE001  # its text may hold values
            failed = type(error).__name__
        if failed:
            raise AttackError.publisher_failed(failed)
        if not isinstance(answer, Mapping) and not hasattr(answer, "to_dict"):
            raise AttackError.no_counts(type_told(answer))
        told = answer if isinstance(answer, Mapping) else answer.to_dict()
        try:
            found = np.array([float(told.get(value, 0.0)) for value in self.values[column]])
        except (TypeError, ValueError):
            found = np.array([np.nan])
        if not np.isfinite(found).all():
            raise AttackError.no_counts("values that are no finite numbers")
        return found
