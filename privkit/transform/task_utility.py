"""How well a classifier does that is trained on what `anonymize` hands out.

The area under the curve of some scores against others, and its interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import ParameterError
from privkit.tally.frame import column_names, open_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.anonymized import Anonymized

    Floats = NDArray[np.float64]


def area(members: Floats, controls: Floats) -> float:
    """Return how often a member's score is above a control's, ties counted half: the area under the ROC curve.

    Examples
    --------
    >>> area(np.array([3.0, 2.0]), np.array([1.0, 2.0]))
    0.875
    """
    if not len(members) or not len(controls):
        return 0.5
    ordered = np.sort(controls)
    below = np.searchsorted(ordered, members, side="left") + np.searchsorted(ordered, members, side="right")
    return float(below.sum()) / (2 * len(members) * len(controls))


def area_interval(value: float, members: int, controls: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of an area: all θ with |θ − value| ≤ z·√V(θ), which is of use at 0 and 1 too.

    V(θ) = θ(1 − θ)·(1 + n·(1 − θ)/(2 − θ) + n·θ/(1 + θ)) / (members · controls), n = (members + controls)/2 − 1
    (Newcombe 2006, Statistics in Medicine 25, 559-573, method 5; V is Hanley and McNeil's 1982 with one n for both).
    At θ = 1/2 it is the variance of the rank sum where both have one distribution, (members + controls + 1) / (12 ·
    members · controls), exactly. It takes persons for independent draws, for the one model that was attacked.

    Examples
    --------
    >>> [round(end, 3) for end in area_interval(0.5, 100, 100)]
    [0.421, 0.579]
    >>> [round(end, 3) for end in area_interval(1.0, 50, 50)]
    [0.96, 1.0]
    """
    if not members or not controls:
        return 0.0, 1.0
    z, n = NormalDist().inv_cdf((1 + confidence) / 2), (members + controls) / 2 - 1

    def inside(theta: float) -> bool:
        spread = theta * (1 - theta) * (1 + n * (1 - theta) / (2 - theta) + n * theta / (1 + theta))
        return abs(theta - value) <= z * math.sqrt(spread / (members * controls))

    return _end(inside, value, 0.0), _end(inside, value, 1.0)


def _end(inside: Callable[[float], bool], start: float, far: float) -> float:
    """Return where the interval ends towards `far`, by halving: what lies between `start` and the end is inside."""
    if start == far:
        return far
    near = start
    for _ in range(60):
        middle = (near + far) / 2
        if inside(middle):
            near = middle
        else:
            far = middle
    return near


@dataclass(frozen=True)
class TaskUtility:
    """Accuracy of one model trained on the original rows, and on the result. Exact side: for the owner's eyes.

    Attributes
    ----------
    before, after : float
        Cross-validated accuracy with the original and with the transformed features, on the rows that were kept.
    baseline : float
        Accuracy of always guessing the most frequent value.
    folds : int
    """

    before: float
    after: float
    baseline: float
    folds: int

    @property
    def kept(self) -> float:
        """The share of the gain over the baseline that is left; 0 to 1, or more by chance."""
        gain = self.before - self.baseline
        return (self.after - self.baseline) / gain if gain > 0 else 1.0

    def __repr__(self) -> str:
        """Return both accuracies, and the baseline between which to read them."""
        return (
            f"accuracy {self.before:.3f} → {self.after:.3f} ({self.kept:.0%} of the gain over guessing is left).\n"
            f"Always guessing the most frequent value: {self.baseline:.3f}. {self.folds}-fold cross-validation."
        )


def classifier_accuracy(
    data: pd.DataFrame, out: Anonymized, *, target: str, features: Sequence[str], model: Any = None, folds: int = 5
) -> TaskUtility:
    """Train a classifier for `target` on the features before and after, and compare (as in Iyengar 2002, by a model).

    Both are trained and tested on the kept rows, so that suppression does not favor either.

    Parameters
    ----------
    data : pandas.DataFrame
        The frame that was anonymized.
    out : Anonymized
        The result of `anonymize`.
    target : str
        The column to predict; no quasi-identifier.
    features : sequence of str
        The columns to predict from.
    model : scikit-learn classifier, optional
        By default logistic regression on one-hot encoded features.
    folds : int
        Folds of the stratified cross-validation.

    Raises
    ------
    ParameterError
        Without scikit-learn, or where `target` has one value.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_score
    except ImportError:
        raise ParameterError.together(
            ("model",), 'scikit-learn is needed: install "jupyter-privkit[sklearn]".'
        ) from None
    names = column_names(features, "features")
    open_frame(data, [*names, target], "features")
    kept = data.loc[out.kept_]
    truth = kept[target].astype(str).to_numpy()
    counts = np.unique(truth, return_counts=True)[1]
    if len(counts) < 2 or counts.min() < folds:
        raise ParameterError.of("target", repr(target), f"a column of at least two values with {folds} rows each")
    estimator = model if model is not None else LogisticRegression(max_iter=1000)
    splits = StratifiedKFold(folds, shuffle=True, random_state=0)

    def score(frame: pd.DataFrame) -> float:
        return float(cross_val_score(estimator, _one_hot(frame[list(names)]), truth, cv=splits).mean())

    return TaskUtility(score(kept), score(out.frame), float(counts.max() / counts.sum()), folds)


def _one_hot(frame: pd.DataFrame) -> NDArray[np.float64]:
    import pandas as pd

    return pd.get_dummies(frame.astype(str)).to_numpy(dtype=np.float64)
