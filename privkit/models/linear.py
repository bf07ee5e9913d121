"""Linear and logistic regression in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from privkit.dp.statistics.inference.regression import INTERCEPT, LeastSquares
from privkit.dp.statistics.sums import grid_of
from privkit.dp.training.logistic import DROWNED, Logistic
from privkit.errors import nothing_spent
from privkit.errors.models import ModelError
from privkit.models.estimator import Estimator, planned_frame
from privkit.project.dp.inference import dp_ols
from privkit.project.dp.models import dp_logistic
from privkit.tally.products import numbers_of
from privkit.values.arguments import spending
from privkit.values.writing import error_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.dp.plan import Plan
    from privkit.project.project import Project


@spending
class DPLinearRegression(RegressorMixin, Estimator):  # type: ignore[misc]
    """Least squares under differential privacy, with intervals of the coefficients. `fit` spends budget.

    Parameters
    ----------
    bounds : dict of column → (lower, upper), optional
        Public bounds of the features, and of what is predicted by y's name; of those left out, the project's declared
        ones.
    y_bounds : (lower, upper), optional
        Public bounds of what is predicted, where y has no name of its own.
    robust : bool
        Whether intervals of the coefficients hold where residuals spread unequally (:func:`privkit.dp_ols`).
    epsilon, rho, delta : number, optional
        What `fit` spends, in the project's measure.
    max_rows : int, optional
        How many rows of one person count, where the project's unit is a column.
    assume_rows : int, optional
        How many rows are publicly known to be there.
    project : Project, optional
        The project to charge; by default the one opened last.

    Attributes
    ----------
    release_ : Release
        That of :func:`privkit.dp_ols`: ``release_.to_frame()`` has intervals and p-values, `provenance_` tells where
        they come from.
    coef_ : array of float64, shape (n_features,)
        In the order of the features.
    intercept_ : float

    Notes
    -----
    The coefficients are those of :func:`privkit.dp_ols`, at its price and with its proof. What is predicted for rows
    of the training, and how well, is for the owner's eyes, and no release.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> homes = pd.DataFrame({"rooms": [1, 2, 3, 4, 5] * 4000, "rent": [700, 1100, 1300, 1700, 1900] * 4000})
    >>> project = pk.open_project("rents", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> model = pk.models.DPLinearRegression(bounds={"rooms": (1, 5)}, y_bounds=(0, 3000), epsilon=1)
    >>> bool(abs(model.fit(homes[["rooms"]], homes["rent"]).coef_[0] - 300) < 20)
    True
    """

    def __init__(
        self,
        *,
        bounds: Mapping[str, Any] | None = None,
        y_bounds: object = None,
        robust: bool = False,
        epsilon: object = None,
        rho: object = None,
        delta: object = None,
        max_rows: int | None = None,
        assume_rows: int | None = None,
        project: Project | None = None,
    ) -> None:
        self.bounds = bounds
        self.y_bounds = y_bounds
        self.robust = robust
        self.epsilon = epsilon
        self.rho = rho
        self.delta = delta
        self.max_rows = max_rows
        self.assume_rows = assume_rows
        self.project = project

    def plan(self, X: object, y: object) -> Plan:  # noqa: N803
        """Return the price of a `fit`, with what to expect of it. Reads the schema, never a row; spends nothing.

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
            The number of each row, or the name of a column of X.
        again : bool
            Draw fresh noise although the answer is known; charged anew.

        Raises
        ------
        PrivkitError
            One of its kinds; nothing was spent, except after `MeasurementError`.
        """
        plan, features = self._plan(X, y)
        release = self._fitted(plan, features, again=again)
        told = {name: float(values[0]) for name, values in release.estimates.items()}
        self.coef_ = np.array([told[name] for name in features])
        self.intercept_ = told[INTERCEPT]
        return self

    def _plan(self, X: object, y: object) -> tuple[Plan, list[str]]:  # noqa: N803
        frame, features, response = planned_frame(self, X, y)
        bounds = self.bounds
        if self.y_bounds is not None and (bounds is None or isinstance(bounds, Mapping)):
            bounds = {**(bounds or {}), response: self.y_bounds}
        return dp_ols.plan(frame, response, features, bounds=bounds, robust=self.robust, **self._asking()), features

    def predict(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """Return the predicted numbers. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array of float64, shape (n_rows,)
            Of features clipped to their bounds, which is said.
        """
        model = cast("LeastSquares", self._trained().plan.question.asked)
        numbers = self._numbers(X, dict(zip(model.columns, model.ends, strict=True)))
        return np.asarray(numbers @ self.coef_ + self.intercept_)

    def _numbers(self, X: object, ends: Mapping[str, Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the features as numbers within their bounds."""
        frame = self._known(X, self.feature_names_in_)
        self._say_clipped(frame, {name: ends[name] for name in frame.columns})
        grids = {name: grid_of(of.lower, of.upper, of.width) for name, of in ends.items() if name in frame.columns}
        found = numbers_of(frame, {name: grids[name] for name in frame.columns})
        if np.isnan(found).any():
            raise ModelError.missing()
        return found


@spending
class DPLogisticRegression(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Logistic regression of two classes under differential privacy. `fit` spends budget.

    Parameters
    ----------
    bounds : dict of column → (lower, upper), optional
        Public bounds of the columns of numbers; of those left out, the project's declared ones.
    keys : dict of column → list, optional
        Public levels of the other columns; of those left out, the project's declared ones.
    classes : list of two, optional
        The two public classes, the one whose chance is predicted last; those of true and false need not be named.
    epsilon, rho, delta : number, optional
        What `fit` spends, in the project's measure.
    steps : int, optional
        How many steps are taken, two at least; 32, and 13 where the noise is Laplace's (9 where ε is below 1/2).
    clip : float, optional
        The largest norm of one unit's gradient, where each number lies in [−1, 1].
    penalty : float
        λ of λ/2·‖β‖², for numbers in [−1, 1].
    max_rows : int, optional
        How many rows of one person count, where the project's unit is a column.
    assume_rows : int, optional
        How many rows are publicly known to be there: a price that buys no information with them is refused.
    project : Project, optional
        The project to charge; by default the one opened last.

    Attributes
    ----------
    release_ : Release
        What was drawn, with its price; `provenance_` tells where the model comes from.
    classes_ : array of shape (2,)
    coef_ : array of float64, shape (1, n_coefficients)
        In units of the columns, in the order of `coef_names_`: a column of numbers has one, one of levels one for each.
    coef_names_ : tuple of str
    intercept_ : array of float64, shape (1,)
    n_rows_ : float
        The noisy number of rows, or of persons.

    Notes
    -----
    What is learned is what :func:`privkit.dp_logistic` releases, whose proofs hold. What is predicted for rows that the
    model was trained on, and how well (`score`, `cross_val_score`, what `GridSearchCV` chooses by), is read from them
    without noise: it is for the owner's eyes, and no release. Each `fit` on other rows is charged: five folds cost five
    times the price. The same `fit` on the same rows replays, and costs nothing.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"calls": [0, 2, 4, 6, 5, 8, 9, 10] * 2500, "left": ([False] * 4 + [True] * 4) * 2500})
    >>> project = pk.open_project("churn", epsilon=1, delta=1e-6, unit=pk.ROW, store=ledger_path)
    >>> model = pk.models.DPLogisticRegression(bounds={"calls": (0, 10)}, epsilon=0.5, delta=1e-7)
    >>> model.fit(people[["calls"]], people["left"]).predict(pd.DataFrame({"calls": [1, 9]})).tolist(), project.spent
    ([False, True], ε = 0.5, δ = 10⁻⁷)
    """

    def __init__(
        self,
        *,
        bounds: Mapping[str, Any] | None = None,
        keys: Mapping[str, Any] | None = None,
        classes: Sequence[Any] | None = None,
        epsilon: object = None,
        rho: object = None,
        delta: object = None,
        steps: int | None = None,
        clip: float | None = None,
        penalty: float = 0.001,
        max_rows: int | None = None,
        assume_rows: int | None = None,
        project: Project | None = None,
    ) -> None:
        self.bounds = bounds
        self.keys = keys
        self.classes = classes
        self.epsilon = epsilon
        self.rho = rho
        self.delta = delta
        self.steps = steps
        self.clip = clip
        self.penalty = penalty
        self.max_rows = max_rows
        self.assume_rows = assume_rows
        self.project = project

    def plan(self, X: object, y: object) -> Plan:  # noqa: N803
        """Return the price of a `fit`, with what to expect of it. Reads the schema, never a row; spends nothing.

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
        plan, features = self._plan(X, y)
        with nothing_spent():
            model = cast("Logistic", plan.question.asked)
            moved = 0.0 if plan.rows is None else model.stirred(plan.noise, plan.rows)
            if moved >= DROWNED:
                raise ModelError.no_information(error_text(moved), plan.rows or 0)
        release = self._fitted(plan, features, again=again)
        told = {name: values[0] for name, values in release.estimates.items()}
        self.classes_ = np.array([key[0] for key in model.classes.values])
        self.coef_names_ = model.named
        self.coef_ = np.array([[told[name] for name in model.named]])
        self.intercept_ = np.array([told[INTERCEPT]])
        self.n_rows_ = float(told["count"])
        return self

    def _plan(self, X: object, y: object) -> tuple[Plan, list[str]]:  # noqa: N803
        frame, features, response = planned_frame(self, X, y)
        keys = {name: of for name, of in dict(self.keys or {}).items() if name in features}
        if self.classes is not None:
            keys[response] = self.classes
        own: dict[str, Any] = {"steps": self.steps, "clip": self.clip, "penalty": self.penalty}
        plan = dp_logistic.plan(
            frame, response, features, bounds=self.bounds, keys=keys or None, **own, **self._asking()
        )
        return plan, features

    def decision_function(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """Return the logarithm of the odds of the second class. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array of float64, shape (n_rows,)
        """
        release = self._trained()
        model = cast("Logistic", release.plan.question.asked)
        return np.asarray(model.scores(self._vectors(X, model), release.drawn[0]))

    def predict_proba(self, X: object) -> NDArray[np.float64]:  # noqa: N803
        """Return the chance of each class. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array of float64, shape (n_rows, 2)
        """
        second = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.stack([1 - second, second], axis=1)

    def predict(self, X: object) -> NDArray[Any]:  # noqa: N803
        """Return the more likely class. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array, shape (n_rows,)
        """
        likely = (self.decision_function(X) > 0).astype(np.int64)
        return np.asarray(self.classes_[likely])
