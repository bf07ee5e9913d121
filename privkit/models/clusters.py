"""k-means in scikit-learn's manner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from sklearn.base import ClusterMixin

from privkit.dp.training.lloyd import Lloyd
from privkit.models.estimator import Estimator, planned_frame
from privkit.project.dp.models import dp_kmeans
from privkit.values.arguments import spending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from privkit.dp.plan import Plan
    from privkit.project.project import Project


@spending
class DPKMeans(ClusterMixin, Estimator):  # type: ignore[misc]
    """k-means under differential privacy. `fit` spends budget.

    Parameters
    ----------
    n_clusters : int
        How many centers there are.
    bounds : dict of column → (lower, upper), optional
        Public bounds of the columns; of those left out, the project's declared ones. They decide what is near.
    steps : int, optional
        How many steps of Lloyd's method are taken; 6, and 4 where the noise is Laplace's.
    start : int
        Which of the public starts is taken; none reads a row.
    epsilon, rho, delta, max_rows, assume_rows, project : optional
        As of :class:`DPLogisticRegression`.

    Attributes
    ----------
    release_ : Release
        That of :func:`privkit.dp_kmeans`; `provenance_` tells where it comes from.
    cluster_centers_ : array of float64, shape (n_clusters, n_features)
        In units of the columns.
    counts_ : array of float64, shape (n_clusters,)
        The noisy number of rows, or of persons, that were nearest to each.

    Notes
    -----
    The centers are those of :func:`privkit.dp_kmeans`, whose proof holds. To which cluster a row of the training
    belongs (`predict`, `fit_predict`) is for the owner's eyes, and no release; so there is no `labels_`.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"calls": [1.0, 3.0, 7.0, 9.0] * 5000})
    >>> project = pk.open_project("groups", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> model = pk.models.DPKMeans(2, bounds={"calls": (0, 10)}, epsilon=1).fit(people)
    >>> sorted(model.cluster_centers_.round().ravel().tolist())
    [2.0, 8.0]
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        bounds: Mapping[str, Any] | None = None,
        steps: int | None = None,
        start: int = 0,
        epsilon: object = None,
        rho: object = None,
        delta: object = None,
        max_rows: int | None = None,
        assume_rows: int | None = None,
        project: Project | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.bounds = bounds
        self.steps = steps
        self.start = start
        self.epsilon = epsilon
        self.rho = rho
        self.delta = delta
        self.max_rows = max_rows
        self.assume_rows = assume_rows
        self.project = project

    def plan(self, X: object, y: object = None) -> Plan:  # noqa: N803
        """Return the price of a `fit`, with what to expect of it. Reads the schema, never a row; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array
            As of :meth:`fit`.
        y : object, optional
            Not used.
        """
        return self._plan(X)[0]

    def fit(self, X: object, y: object = None, *, again: bool = False) -> Self:  # noqa: N803
        """Find the centers. Spends budget; the same on the same rows replays, and costs nothing. Reads rows.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)
            With the column that tells persons apart, where the project's unit is one; it is no feature.
        y : object, optional
            Not used.
        again : bool
            Draw fresh noise although the answer is known; charged anew.

        Raises
        ------
        PrivkitError
            One of its kinds; nothing was spent, except after `MeasurementError`.
        """
        plan, features = self._plan(X)
        release = self._fitted(plan, features, again=again)
        told = {name: float(values[0]) for name, values in release.estimates.items()}
        many = cast("Lloyd", plan.question.asked).clusters
        self.cluster_centers_ = np.array([[told[f"{name} [{place}]"] for name in features] for place in range(many)])
        self.counts_ = np.array([told[f"count [{place}]"] for place in range(many)])
        return self

    def _plan(self, X: object) -> tuple[Plan, list[str]]:  # noqa: N803
        frame, features, _ = planned_frame(self, X)
        own: dict[str, Any] = {"bounds": self.bounds, "steps": self.steps, "start": self.start}
        return dp_kmeans.plan(frame, features, self.n_clusters, **own, **self._asking()), features

    def predict(self, X: object) -> NDArray[np.int64]:  # noqa: N803
        """Return the nearest center of each row. Reads rows, for the owner's eyes; spends nothing.

        Parameters
        ----------
        X : pandas.DataFrame or array, shape (n_rows, n_features)

        Returns
        -------
        array of int64, shape (n_rows,)
        """
        release = self._trained()
        model = cast("Lloyd", release.plan.question.asked)
        return model.nearest(self._vectors(X, model).vectors[:, 1:], model.centers(release.drawn[0]))

    def fit_predict(self, X: object, y: object = None, **params: Any) -> NDArray[np.int64]:  # noqa: N803
        """Find the centers, which spends budget, and return the nearest of each row, for the owner's eyes.

        Parameters
        ----------
        X : pandas.DataFrame or array
            As of :meth:`fit`.
        y : object, optional
            Not used.
        **params : bool
            Of :meth:`fit`: `again`.

        Returns
        -------
        array of int64, shape (n_rows,)
        """
        return self.fit(X, y, **params).predict(X)
