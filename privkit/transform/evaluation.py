"""How well synthetic rows stand for real ones: exact figures of the real rows, for their owner's eyes alone.

None of them is a release, and none may be packaged with the rows: each is an exact function of real rows. What may
leave is ``release.distances``, which is computed from what was released.

*Distance* of a table: the total variation between its shares in both frames, from 0 to 1. Numbers and dates are put in
bins that hold a twentieth of the real rows each.

*Propensity.* A classifier tells real rows from synthetic ones; its cross-validated AUC is 0.5 where it cannot (Snoke,
Raab, Nowok, Dibben and Slavkovic 2018).

*Train on synthetic, test on real.* A classifier (of many numbers: a regression) for the target is trained on one half
of the real rows, and one on the synthetic rows; both are tested on the other half (Esteban, Hyland and Rätsch 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.engines import LibraryRequiredError
from privkit.errors.synthetic import EvaluationError
from privkit.tally.codes import column_codes
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import by_group
from privkit.transform.as_pandas import pandas_frame
from privkit.transform.task_utility import area
from privkit.values.arguments import column_name, public, typed
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.inputs import Frame

#: Bins of numbers; distinct values of a target of numbers up to which it counts as classes; rows that are looked at.
_BINS, _CLASSES, _MOST = 20, 10, 50_000


@public
@dataclass(frozen=True, repr=False, eq=False)
class Evaluation(Plotted):
    """What `evaluate` found: exact figures of real rows, for the owner's eyes, never to be packaged.

    Attributes
    ----------
    rows : tuple of int
        Of the original, and of the synthetic frame.
    columns : tuple of str
    distances : pandas.DataFrame
        For each table of one and of two columns its `cells`, the `distance` of the synthetic rows, and `chance`: how
        far a random half of the real rows is from the other, which good rows do not get below.
    propensity : float or None
        The AUC of telling real rows from synthetic ones; None without scikit-learn.
    target : str or None
    real, synthetic : float or None
        How well the target is predicted on real rows, by training on real and on synthetic ones.
    measure : str
        What `real` and `synthetic` are: "AUC", or "R²" of many numbers.
    groups : pandas.DataFrame or None
        For each group of `by`: `rows` of the test, and the error of both, as a share of wrong answers, or of numbers
        the mean size of the error.
    types : tuple of tuple of str
        Columns that hold numbers or dates in one frame alone, and so are compared value by value: name, and both types.
    """

    rows: tuple[int, int]
    columns: tuple[str, ...]
    distances: pd.DataFrame
    propensity: float | None
    target: str | None = None
    real: float | None = None
    synthetic: float | None = None
    measure: str = ""
    groups: pd.DataFrame | None = None
    types: tuple[tuple[str, str, str], ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the distances, the largest first."""
        return self.distances.sort_values("distance", ascending=False)

    def mean(self, columns: int = 2) -> float:
        """Return the mean distance of the tables of one, or of two columns."""
        sizes = self.distances.index.str.count(" × ") + 1
        return float(self.distances["distance"][sizes == columns].mean())


@typed
def evaluate(
    original: Frame,
    synthetic: Frame,
    *,
    target: str | None = None,
    by: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
) -> Evaluation:
    """Compare anybody's synthetic rows with the real ones. Reads rows; spends nothing; for the owner's eyes alone.

    Every figure is an exact function of real rows. None may be packaged with the synthetic rows, or handed on.

    Parameters
    ----------
    original, synthetic : dataframe
        With the same columns.
    target : str, optional
        A column to predict from the others.
    by : str or list of str, optional
        Groups of the real rows in which to tell the errors of the predictions; needs `target`.
    columns : list of str, optional
        The columns to compare; by default all that both have.

    Returns
    -------
    Evaluation

    Raises
    ------
    EvaluationError
        If the frames share fewer than two columns, have no rows, or the target has one value.
    LibraryRequiredError
        With a target, if scikit-learn is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> real = pd.DataFrame({"sex": ["f", "m"] * 50, "age": list(range(20, 70)) * 2})
    >>> report = evaluate(real, real.assign(age=30), columns=["sex", "age"])
    >>> report.rows, report.distances.loc[["sex", "age"], "distance"].round(2).tolist()  # 30 is in a bin of 4 %
    ((100, 100), [0.0, 0.96])
    """
    for one in (original, synthetic):
        open_frame(one)
    frames = [pandas_frame(one) for one in (original, synthetic)]
    names = _shared(frames, columns)
    aim = None if target is None else column_name(target, "target")
    groups = () if by is None else column_names(by, "by")
    if aim is not None and aim not in names:
        raise EvaluationError.target(aim)
    if groups and aim is None:
        raise EvaluationError.by()
    if missing := [name for name in groups if name not in names]:
        raise EvaluationError.target(missing[0])
    real, made = (_some(frame[list(names)]) for frame in frames)
    codes = [_codes(real[name], made[name]) for name in names]
    distances = _distances(names, codes, len(real))
    features = [_features(real[name], made[name]) for name in names]
    found: dict[str, Any] = {}
    if aim is not None:
        found = _predicted(real, made, features, names.index(aim), groups)
    told = _propensity(features, len(real))
    return Evaluation((len(frames[0]), len(frames[1])), names, distances, told, aim, **found, types=_apart(real, made))


def _apart(real: pd.DataFrame, made: pd.DataFrame) -> tuple[tuple[str, str, str], ...]:
    """Return the columns that hold numbers or dates in one frame alone, with both types."""
    each = ((name, real[name], made[name]) for name in real.columns)
    return tuple((str(n), str(a.dtype), str(b.dtype)) for n, a, b in each if _is_numeric(a) != _is_numeric(b))


def _shared(frames: Sequence[pd.DataFrame], columns: object) -> tuple[str, ...]:
    if columns is not None:
        names = column_names(columns, "columns")
        for frame in frames:
            open_frame(frame, names, "columns")
    else:
        both = [name for name in frames[0].columns if name in frames[1].columns]
        names = tuple(name for name in both if isinstance(name, str))
        if len(names) < len(both):
            raise EvaluationError.names(len(both) - len(names))
    if len(names) < 2:
        raise EvaluationError.columns(len(names))
    if not all(len(frame) for frame in frames):
        raise EvaluationError.rows()
    return names


def _some(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, or as many as are looked at, the same every time."""
    own = frame if len(frame) <= _MOST else frame.sample(_MOST, random_state=0)
    return own.reset_index(drop=True)


def _joint(real: pd.Series, made: pd.Series) -> pd.Series:
    """Return both as one column, whose values are told apart as those of either are.

    As objects, which columns of two types may hold; among them each period, interval or complex number is its own.
    """
    import pandas as pd

    both = pd.concat([real, made], ignore_index=True)
    if isinstance(both.dtype, pd.IntervalDtype):  # of one type, so that texts tell them apart
        return both.astype(str).astype(object).where(both.notna(), None)
    alone = isinstance(both.dtype, pd.PeriodDtype) or both.dtype.kind == "c"
    return both if alone else both.astype(object)


def _is_numeric(*columns: pd.Series) -> bool:
    """Whether columns hold numbers, or dates, that bins can hold."""
    import pandas as pd
    from pandas.api import types

    def holds(column: pd.Series) -> bool:
        dates = types.is_datetime64_any_dtype(column) and not isinstance(column.dtype, pd.ArrowDtype)
        numbers = types.is_numeric_dtype(column) and not types.is_complex_dtype(column)
        return (dates or numbers) and not types.is_bool_dtype(column)

    return all(map(holds, columns))


def _floats(column: pd.Series) -> NDArray[np.float64]:
    """Return numbers, or moments as seconds since 1970; NaN where there is none."""
    from pandas.api import types

    if types.is_datetime64_any_dtype(column):
        moments = column.dt.tz_localize(None) if getattr(column.dtype, "tz", None) is not None else column
        whole = moments.to_numpy(dtype="datetime64[us]").astype(np.int64) / 1e6
        return np.where(column.isna().to_numpy(), np.nan, whole)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _codes(real: pd.Series, made: pd.Series) -> NDArray[np.int64]:
    """Return codes of both, one after the other; of numbers the bins of the real ones, missing ones the last."""
    if not _is_numeric(real, made):
        return column_codes(_joint(real, made))[0]
    numbers = np.concatenate([_floats(real), _floats(made)])
    own = numbers[: len(real)]
    known = own[np.isfinite(own)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(known) else np.empty(0)
    return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="right")).astype(np.int64)


def _features(real: pd.Series, made: pd.Series) -> NDArray[np.float64]:
    """Return what a model reads of a column, of both frames: numbers as they are, all else by codes."""
    if _is_numeric(real, made):
        return np.concatenate([_floats(real), _floats(made)])
    return column_codes(_joint(real, made))[0].astype(np.float64)


def _distances(names: Sequence[str], codes: Sequence[NDArray[np.int64]], many: int) -> pd.DataFrame:
    import pandas as pd

    half = np.random.default_rng(0).permutation(many) < many // 2
    sets = [(place,) for place in range(len(names))] + list(combinations(range(len(names)), 2))
    told = []
    for axes in sets:
        code = np.zeros(len(codes[0]), dtype=np.int64)
        for axis in axes:
            code = code * (int(codes[axis].max()) + 1) + codes[axis]
        code = np.unique(code, return_inverse=True)[1]
        real, made = code[:many], code[many:]
        cells = int(code.max()) + 1
        off = _variation(real, made, cells)
        told.append((" × ".join(names[axis] for axis in axes), cells, off, _variation(real[half], real[~half], cells)))
    return pd.DataFrame(told, columns=["table", "cells", "distance", "chance"]).set_index("table")


def _variation(one: NDArray[np.int64], other: NDArray[np.int64], cells: int) -> float:
    """Return the total variation between the shares of codes."""
    counts = [np.bincount(codes, minlength=cells).astype(np.int64) for codes in (one, other)]
    many = [max(len(codes), 1) for codes in (one, other)]
    apart = int(np.abs(counts[0] * many[1] - counts[1] * many[0]).sum())  # whole numbers: of nothing in common it is 1
    return apart / (2 * many[0] * many[1])


#: Numbers of a column below which they may all lie in one fold.
_FEWEST = 30


def _bounded(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers of which trees take each: none infinite, nor so large that a mean of two is.

    Missing ones stay, but where a column has so few numbers that a part of the rows may have none, which trees refuse.
    """
    few = (~np.isnan(table)).sum(axis=0) < _FEWEST
    table[:, few] = np.nan_to_num(table[:, few], nan=-np.inf)
    return np.clip(table, -1e300, 1e300)


def _propensity(features: Sequence[NDArray[np.float64]], many: int) -> float | None:
    """Return the AUC of telling real rows from synthetic ones; None without scikit-learn, or for too few rows."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.model_selection import cross_val_score
    except ImportError:
        return None
    table = _bounded(np.stack(features, axis=1))
    truth = np.arange(len(table)) < many
    if min(truth.sum(), (~truth).sum()) < 10:
        return None
    order = np.random.default_rng(0).permutation(len(table))
    model = HistGradientBoostingClassifier(random_state=0, max_iter=50)
    found = cross_val_score(model, table[order], truth[order], cv=3, scoring="roc_auc")
    return float(np.mean(found))


def _predicted(
    real: pd.DataFrame,
    made: pd.DataFrame,
    features: Sequence[NDArray[np.float64]],
    aim: int,
    groups: tuple[str, ...],
) -> dict[str, Any]:
    """Return how well a target is predicted by training on real, and on synthetic rows."""
    try:
        import sklearn.ensemble  # noqa: F401
    except ImportError:
        raise LibraryRequiredError.of("scikit-learn", "sklearn") from None
    name, many = real.columns[aim], len(real)
    table = _bounded(np.stack([column for place, column in enumerate(features) if place != aim], axis=1))
    truth = features[aim]
    numbers = _is_numeric(real[name], made[name]) and len(np.unique(truth[:many])) > _CLASSES
    test = np.random.default_rng(0).permutation(many) >= many // 2
    places = {"real": np.flatnonzero(~test), "synthetic": np.arange(many, len(truth))}
    tested = np.flatnonzero(test)
    known = np.isfinite(truth)  # rows without a target teach nothing
    places = {key: own[known[own]] for key, own in places.items()}
    tested = tested[known[tested]]
    if not numbers:
        truth = np.unique(truth, return_inverse=True)[1].reshape(-1).astype(np.float64)
    if any(len(np.unique(truth[own])) < 2 for own in (*places.values(), tested)):
        raise EvaluationError.one_value(str(name))
    scores, errors = {}, {}
    for key, own in places.items():
        scores[key], errors[key] = _fitted(table, truth, own, tested, numbers=numbers)
    told = {f"error {key}": own for key, own in errors.items()}
    found = by_group(real.iloc[tested], groups, told) if groups else None
    return {**scores, "measure": "R²" if numbers else "AUC", "groups": found}


def _fitted(
    table: NDArray[np.float64],
    truth: NDArray[np.float64],
    own: NDArray[np.int64],
    tested: NDArray[np.int64],
    *,
    numbers: bool,
) -> tuple[float, NDArray[np.float64]]:
    """Return how well a model does on the tested rows, and its error in each."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if numbers:
        fitted = HistGradientBoostingRegressor(random_state=0).fit(table[own], truth[own])
        errors = np.abs(fitted.predict(table[tested]) - truth[tested])
        spread = float(((truth[tested] - truth[tested].mean()) ** 2).sum())
        return 1 - float((errors**2).sum()) / spread, errors
    model = HistGradientBoostingClassifier(random_state=0).fit(table[own], truth[own])
    chances = np.zeros((len(tested), int(truth.max()) + 1))
    chances[:, model.classes_.astype(np.int64)] = model.predict_proba(table[tested])
    wrong = (chances.argmax(axis=1) != truth[tested]).astype(np.float64)
    return _auc(chances, truth[tested].astype(np.int64)), wrong


def _auc(chances: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Return the area under the curve, of several classes the mean over them by their rows."""
    classes, weights = np.unique(truth, return_counts=True)
    found = [area(chances[truth == own, own], chances[truth != own, own]) for own in classes]
    return float(np.average(found, weights=weights))
