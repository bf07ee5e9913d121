"""What scores give away where they are published: few that are certain, unique ones, dominated totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.values.arguments import public

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Of fewer rows, but not of none, something is told; as in `output_check`.
FEW = 5
#: A chance that is nearer to 0 or 1 than this is as good as certain.
_CERTAIN = 0.01


@public
@dataclass(frozen=True, slots=True)
class ScoreFinding:
    """What scores give away, if they are published as they are.

    Attributes
    ----------
    kind : {"certain", "unique", "few", "dominated"}
    rows : int
        How many rows it is true of; 0 where it is not found.
    n : int
        Of how many.
    text : str
        In words.
    """

    kind: str
    rows: int
    n: int
    text: str


def inspected(found: NDArray[Any], classes: tuple[Any, ...] | None) -> tuple[ScoreFinding, ...]:
    """Return what the scores of members give away: by few that are certain, by groups of one, by totals of one.

    *certain*: rows whose chance of a class is within 0.01 of 0 or of 1, where fewer than 5 rows are: that something is
    (nearly) sure is told of few persons. *unique*: rows whose scores no other row has: who knows the score finds the
    row. *few*: rows whose scores 2 to 4 rows share. *dominated*: columns of scores of no sign whose total is one row's
    by more than half, so that a published total or mean tells it nearly (an (n, k) rule with n = 1 and k = 50 %).

    Parameters
    ----------
    found : array, shape (n_rows,) or (n_rows, n_columns)
        Chances by class, or numbers.
    classes : tuple or None
        What the columns stand for; None of numbers, which are not inspected for certainty.

    Examples
    --------
    >>> scores = np.array([0.999, 0.4, 0.4, 0.4, 0.4, 0.4, 0.7])
    >>> [(one.kind, one.rows) for one in inspected(scores, (0, 1))]
    [('certain', 1), ('unique', 2), ('few', 0), ('dominated', 0)]
    """
    n = len(found)
    _, group = np.unique(found, axis=0, return_inverse=True)
    sizes = np.bincount(group.reshape(-1))[group.reshape(-1)] if n else np.zeros(0, dtype=np.int64)
    told = []
    numbers = found.astype(float).reshape(n, -1) if found.dtype.kind in "biuf" else np.empty((n, 0))
    if classes is not None and numbers.size and numbers.min() >= 0 and numbers.max() <= 1 + 1e-6:
        told.append(_certain(numbers))
    unique, few = int((sizes == 1).sum()), int(((sizes > 1) & (sizes < FEW)).sum())
    told.append(ScoreFinding("unique", unique, n, "rows whose score no other row has: who knows it finds the row"))
    told.append(ScoreFinding("few", few, n, f"rows whose score they share with others, fewer than {FEW} in all"))
    if numbers.size:
        told.append(_dominated(numbers))
    return tuple(told)


def _certain(numbers: Floats) -> ScoreFinding:
    flagged = np.zeros(len(numbers), dtype=bool)
    for column in numbers.T:
        for near in (column <= _CERTAIN, column >= 1 - _CERTAIN):
            if 0 < near.sum() < FEW:
                flagged |= near
    text = f"rows whose chance of a class is within {_CERTAIN} of 0 or 1, as that of fewer than {FEW} rows is"
    return ScoreFinding("certain", int(flagged.sum()), len(numbers), text)


def _dominated(numbers: Floats) -> ScoreFinding:
    rows = set()
    for column in numbers.T:
        if column.min() >= 0 and column.max() > column.sum() / 2:
            rows.add(int(column.argmax()))
    text = "rows whose score is more than half of the total of all: a published total or mean tells it nearly"
    return ScoreFinding("dominated", len(rows), len(numbers), text)
