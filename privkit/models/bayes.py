"""Naive Bayes from tables, in scikit-learn's manner."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassifierMixin

from privkit.errors import ParameterError, nothing_spent
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.models import ModelError
from privkit.errors.root import type_told
from privkit.models.estimator import Estimator, planned_frame
from privkit.project.dp.features import feature_columns, feature_names, response_classes
from privkit.project.dp.tables import dp_tables
from privkit.project.known import Known
from privkit.tally.frame import engine_of
from privkit.tally.groups import column_kind
from privkit.tally.products import ONE, design_of
from privkit.values.arguments import positive_int, spending
from privkit.values.bounds import ValueBounds
from privkit.values.expression.builders import cut
from privkit.values.keys import Keys, public_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.dp.answers.release import Release
    from privkit.dp.plan import Plan
    from privkit.project.project import Project

#: What stands behind the name of a column of numbers, for the column of its intervals.
_BAND = " (interval)"
#: More intervals than these leave noise alone in most.
_MOST_BINS = 100


def _check_numbers(frame: object, column: str) -> None:
    """Refuse a column that has no numbers to be cut, under the name that was typed. Reads the schema, no row."""
    word, shown = column_kind(frame, column)
    if word not in ("number", "integer"):
        raise ColumnKindError.numbers(column, shown, word)


@spending
class DPNaiveBayes(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Naive Bayes under differential privacy, from one book of noisy tables. `fit` spends budget.

    Parameters
    ----------
    bounds : dict of column → (lower, upper), optional
        Public bounds of the columns of numbers; of those left out, the project's declared ones.
    keys : dict of column → list, optional
        Public levels of the other columns; of those left out, the project's declared ones.
    classes : list, optional
        The public classes; those of true and false need not be named.
    bins : int
        In how many intervals of equal width a column of numbers is cut; what lies outside its bounds counts in the
        outermost.
    smoothing : float
        What is added to each count, in rows, beside what the noise calls for.
    epsilon, rho, delta, max_rows, assume_rows, project : optional
        As of :class:`DPLogisticRegression`.

    Attributes
    ----------
    release_ : Release
        The tables, of :func:`privkit.dp_tables`: ``release_.table("churned", "plan")``.
    classes_ : array of shape (n_classes,)
    class_log_prior_ : array of float64, shape (n_classes,)
    feature_log_prob_ : list of array of float64, shape (n_classes, n_levels + 1)
        Of each feature; the last level stands for all that is no level, or is missing.

    Notes
    -----
    Released is a book of tables, each of y with one feature, at one price: see :func:`privkit.dp_tables`, whose proof
    holds. What follows is post-processing: counts below `smoothing` are raised to it, where a count whose noise has a
    half-width h (95 %) is raised to h/2, so that a level that may be empty says little.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"plan": ["a", "a", "b", "b"] * 500, "left": [True, True, False, True] * 500})
    >>> project = pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> model = pk.models.DPNaiveBayes(keys={"plan": ["a", "b"]}, epsilon=1).fit(people[["plan"]], people["left"])
    >>> model.predict_proba(pd.DataFrame({"plan": ["a", "b"]}))[:, 1].round(1).tolist()
    [1.0, 0.5]
    """

    def __init__(
        self,
        *,
        bounds: Mapping[str, Any] | None = None,
        keys: Mapping[str, Any] | None = None,
        classes: Sequence[Any] | None = None,
        bins: int = 8,
        smoothing: float = 1.0,
        epsilon: object = None,
        rho: object = None,
        delta: object = None,
        max_rows: int | None = None,
        assume_rows: int | None = None,
        project: Project | None = None,
    ) -> None:
        self.bounds = bounds
        self.keys = keys
        self.classes = classes
        self.bins = bins
        self.smoothing = smoothing
        self.epsilon = epsilon
        self.rho = rho
        self.delta = delta
        self.max_rows = max_rows
        self.assume_rows = assume_rows
        self.project = project

    def plan(self, X: object, y: object) -> Plan:  # noqa: N803
        """Return the price of a `fit`. Reads the schema, never a row; spends nothing.

        Parameters
        ----------
        X, y : object
            As of :meth:`fit`.
        """
        return self._plan(X, y)[0]

    def fit(self, X: object, y: object, *, again: bool = False) -> Self:  # noqa: N803
        """Train the model. Spends budget; the same on the same rows replays, and costs nothing. Reads rows.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)
            With the column that tells persons apart, where the project's unit is one; it is no feature.
        y : Series, array or str
            The class of each row, or the name of a column of X.
        again : bool
            Draw fresh noise although the answer is known; charged anew.

        Raises
        ------
        PrivkitError
            One of its kinds; nothing was spent, except after `MeasurementError`.
        """
        plan, response, classes, levels = self._plan(X, y)
        release = self._fitted(plan, list(levels), again=again)
        self._levels = levels
        self.classes_ = np.array([key[0] for key in classes.values])
        each = [self._counts(release, response, own.by[0], classes, own) for own in levels.values()]
        self.feature_log_prob_ = [np.log(counts / counts.sum(axis=1, keepdims=True)) for counts in each]
        own_counts = each[0].sum(axis=1)
        self.class_log_prior_ = np.log(own_counts / own_counts.sum())
        return self

    def _counts(self, release: Release, response: str, name: str, classes: Keys, levels: Keys) -> NDArray[np.float64]:
        """Return the noisy counts of a feature's levels by class, none below what the noise can make of nothing."""
        table = release.table(response, name)
        half = float(((table["upper"] - table["lower"]) / 4).max())
        found = table["count"].to_numpy().reshape(len(classes) + 1, len(levels) + 1)[:-1]
        return np.maximum(found, max(float(self.smoothing), half))

    def _plan(self, X: object, y: object) -> tuple[Plan, str, Keys, dict[str, Keys]]:  # noqa: N803
        """Return the plan, the response, its classes, and the levels of each feature."""
        frame, features, response = planned_frame(self, X, y)
        with nothing_spent():
            self._check()
            features = list(feature_names(features))
            asking = self._asking()
            known = Known(asking)
            classes = response_classes(frame, response, self.classes, known)
            flags = {name: [False, True] for name in features if column_kind(frame, name)[0] == "boolean"}
            if bounded := [name for name in flags if isinstance(self.bounds, Mapping) and name in self.bounds]:
                raise ModelError.flags(bounded[0])
            columns = feature_columns(frame, features, self.bounds, {**flags, **(self.keys or {})}, known)
            derive, levels = {}, {}
            for name, of in columns.items():
                if isinstance(of, ValueBounds):
                    _check_numbers(frame, name)
                    derive[name + _BAND] = self._cut(name, of)
                    levels[name] = public_keys([name + _BAND], list(derive[name + _BAND].labels))
                else:
                    levels[name] = of
            keys = {of.by[0]: [key[0] for key in of.values] for of in (classes, *levels.values())}
            tables = [(response, of.by[0]) for of in levels.values()]
        asked = {"derive": derive or None, **asking}
        plan = dp_tables.plan(frame, tables, keys=keys, **asked)
        return replace(plan, public=(*known.sources, *plan.public)), response, classes, levels

    def _check(self) -> None:
        if positive_int(self.bins, "bins") > _MOST_BINS or self.bins < 2:
            raise ParameterError.of("bins", f"{self.bins:,}", f"from 2 to {_MOST_BINS}")
        smoothing = self.smoothing
        if isinstance(smoothing, bool) or not isinstance(smoothing, int | float) or not 0 < smoothing < math.inf:
            raise ParameterError.of("smoothing", type_told(smoothing), "a number above 0", "Example: 1.")

    def _cut(self, name: str, ends: ValueBounds) -> Any:
        """Return the intervals of a column of numbers, the outermost without an end."""
        inner = [ends.lower + ends.width * place / self.bins for place in range(1, self.bins)]
        return cut(name, [-math.inf, *inner, math.inf])

    def predict_log_proba(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """Return the logarithm of the chance of each class. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array of float64, shape (n_rows, n_classes)
        """
        chosen = self._trained().plan.question.selected
        frame = self._known(X, sorted({name for _, cut in chosen.derive for name in cut.columns}))
        rows = engine_of(frame).selected(chosen, [own.by[0] for own in self._levels.values()])
        vectors = design_of(rows, {own.by[0]: own for own in self._levels.values()}).vectors[:, 1:] / ONE
        none = sum(log[:, -1] for log in self.feature_log_prob_)
        more = np.concatenate([(log[:, :-1] - log[:, -1:]).T for log in self.feature_log_prob_])
        joint = self.class_log_prior_ + none + vectors @ more
        most = joint.max(axis=1, keepdims=True)
        return np.asarray(joint - most - np.log(np.exp(joint - most).sum(axis=1, keepdims=True)))

    def predict_proba(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """Return the chance of each class. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array of float64, shape (n_rows, n_classes)
        """
        return np.asarray(np.exp(self.predict_log_proba(X)))

    def predict(self, X: object) -> NDArray[Any]:  # noqa: N803
        """Return the most likely class. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array, shape (n_rows,)
        """
        likely = self.predict_log_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likely])
