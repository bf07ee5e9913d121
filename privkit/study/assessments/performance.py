"""How well a model predicts some rows, and each group of them: errors, the area under the curve, whom it chooses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.controls import newcombe
from privkit.attacks.models.attack import LEAST
from privkit.errors import ParameterError
from privkit.risk.attackers import Rate
from privkit.tally.codes import column_codes, is_missing
from privkit.transform.task_utility import area, area_interval

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.attacks.models.rows import People
    from privkit.attacks.models.trained import Trained

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

#: More groups are no groups: each would have few rows.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Performance:
    """How well some rows are predicted. Rates have `hits`, `n`, `observed`, and Wilson's interval `low` to `high`.

    Attributes
    ----------
    rows : int
    error : float
        The share of wrong answers; of numbers the mean of |y − ŷ|.
    wrong : Rate or None
        Wrong answers; None of numbers.
    auc : float or None
        Of two classes, how often a row of the second is scored above one of the first; None where the model has no
        scores, or a class no rows.
    auc_interval : tuple of float or None
        95 %, by Newcombe's method 5 (`privkit.transform.task_utility`).
    chosen, missed, alarms : Rate or None
        Of two classes: rows that are predicted to be of the second; rows of the second that are not (false negatives);
        rows of the first that are (false positives).
    """

    rows: int
    error: float
    wrong: Rate | None = None
    auc: float | None = None
    auc_interval: tuple[float, float] | None = None
    chosen: Rate | None = None
    missed: Rate | None = None
    alarms: Rate | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """How well a group of the test's rows is predicted, beside all its other rows.

    Attributes
    ----------
    by, name : str
        The column, and its value; groups of fewer than 20 rows are one.
    rows : int
    performance : Performance or None
        None where there are fewer than 20 rows.
    others : Performance or None
        The same of all other rows.
    """

    by: str
    name: str
    rows: int
    performance: Performance | None
    others: Performance | None

    @property
    def excess(self) -> float | None:
        """How much larger the error is than that of the others; None without one of both."""
        return None if self.performance is None or self.others is None else self.performance.error - self.others.error

    @property
    def interval(self) -> tuple[float, float] | None:
        """Newcombe's interval of `excess`, 95 %, of this group alone; None of numbers."""
        if self.performance is None or self.others is None:
            return None
        own, others = self.performance.wrong, self.others.wrong
        return None if own is None or others is None else newcombe(own, others)


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a model predicts of some rows, row by row. It is never handed out.

    Attributes
    ----------
    errors : array of float64, shape (n_rows,)
        1 where the answer is wrong, else 0; of numbers |y − ŷ|.
    classes : bool
    second, chosen : array of bool or None
        Of two classes: which rows are of the second, and which are predicted to be.
    scores : array of float64 or None
        Of two classes: the larger the surer the model is of the second.
    """

    errors: Floats
    classes: bool
    second: Bools | None = None
    chosen: Bools | None = None
    scores: Floats | None = None

    def of(self, rows: Bools) -> Performance:
        """Return how well some of the rows are predicted; at least one."""
        errors, many = self.errors[rows], int(rows.sum())
        if not self.classes:
            return Performance(many, float(errors.mean()))
        wrong = Rate(int(errors.sum()), many)
        if self.second is None or self.chosen is None:
            return Performance(many, wrong.observed, wrong)
        second, chosen = self.second[rows], self.chosen[rows]
        value = ends = None
        if self.scores is not None and second.any() and not second.all():
            above, below = self.scores[rows][second], self.scores[rows][~second]
            value = area(above, below)
            ends = area_interval(value, len(above), len(below))
        return Performance(
            many, wrong.observed, wrong, value, ends,
            chosen=_rate(chosen, second | ~second), missed=_rate(~chosen, second), alarms=_rate(chosen, ~second),
        )  # fmt: skip


def _rate(hits: Bools, among: Bools) -> Rate:
    return Rate(int((hits & among).sum()), int(among.sum()))


def predicted(trained: Trained, people: People) -> Predicted:
    """Return what a model predicts of some rows. Reads rows.

    Raises
    ------
    AttackError
        If it cannot be asked about them.
    """
    right, truth = trained.right(people), people.answers.to_numpy()
    if trained.kind == "numbers":
        return Predicted(np.abs(right - truth.astype(float)), classes=False)
    errors = (~np.asarray(right, dtype=bool)).astype(float)
    known = tuple(getattr(trained.model, "classes_", ()))
    if len(known) != 2:
        return Predicted(errors, classes=True)
    second = np.asarray(truth == known[1], dtype=bool)
    found, classes = trained.raw(people)
    scores = None if classes is None else found[:, 1] if found.ndim == 2 else found
    return Predicted(errors, True, second, np.asarray(second == (errors == 0), dtype=bool), scores)


def groups_in(found: Predicted, columns: Sequence[pd.Series]) -> Iterator[Group]:
    """Yield how well each group of some columns is predicted; groups of few rows are one, and of too few none.

    Raises
    ------
    ParameterError
        If a column has more than 50 values.
    """
    for column in columns:
        by = str(column.name)
        codes, values = column_codes(column.reset_index(drop=True))
        if len(values) > _MOST:
            told = f"{by!r}, a column with {len(values):,} values"
            raise ParameterError.of("groups", told, f"columns with at most {_MOST}: make bands of it before")
        sizes = np.bincount(codes, minlength=len(values))
        for code in np.flatnonzero(sizes >= LEAST):
            yield _group(found, by, _named(values[int(code)]), codes == code)
        few = sizes[codes] < LEAST
        if few.any():
            small = int((sizes < LEAST).sum())
            yield _group(found, by, f"{small:,} group{'' if small == 1 else 's'} of fewer than {LEAST} rows", few)


def _named(value: Any) -> str:
    return "missing" if is_missing(value) else str(value)


def _group(found: Predicted, by: str, name: str, rows: Bools) -> Group:
    own, others = (found.of(one) if int(one.sum()) >= LEAST else None for one in (rows, ~rows))
    return Group(by, name, int(rows.sum()), own, others)
