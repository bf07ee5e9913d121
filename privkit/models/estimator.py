"""What all models have in common: their data as one frame, the release of their training, copies without a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone

from privkit.errors import nothing_spent
from privkit.errors.calls import calling
from privkit.errors.models import ModelError
from privkit.errors.project import NoProjectError
from privkit.errors.root import type_told
from privkit.project.current import current_project
from privkit.project.project import Project
from privkit.tally.groups import column_kind
from privkit.tally.looking import outside
from privkit.tally.products import Design, design_of
from privkit.values.show import warn

if TYPE_CHECKING:
    import pandas as pd

    from privkit.dp.answers.release import Release
    from privkit.dp.plan import Plan
    from privkit.dp.training.steps import Featured
    from privkit.values.bounds import ValueBounds

#: In the place of y, where a model has none.
_NO_RESPONSE = object()
#: What a model says of its price, and whom it asks.
SHARED = ("epsilon", "rho", "delta", "max_rows", "assume_rows", "project")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A project that a model asked in the process in which it was pickled.

    Attributes
    ----------
    name : str
    uid : str
        By which its ledger knows it.
    """

    name: str
    uid: str


class Estimator(BaseEstimator):  # type: ignore[misc]
    """A model whose training is one release.

    Attributes
    ----------
    release_ : Release
        What was drawn, with its price and provenance.
    feature_names_in_ : array of str
    n_features_in_ : int
    """

    release_: Release
    feature_names_in_: Any
    n_features_in_: int
    project: Project | Elsewhere | None

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: in place of a project, which is a handle in this process, its name."""
        state: dict[str, Any] = super().__getstate__()
        if not isinstance(asked := state.get("project"), Project):
            return state
        return {**state, "project": Elsewhere(asked.name, asked.account.uid)}

    def __sklearn_clone__(self) -> Self:
        """Return an untrained model of the same parameters, which asks the same project: a project is not copied."""
        shared = {"project": self.project}
        told = {name: value for name, value in self.get_params(deep=False).items() if name not in shared}
        return type(self)(**{name: clone(value, safe=False) for name, value in told.items()}, **shared)

    @property
    def provenance_(self) -> Any:
        """Where the model comes from: what one publishes beside it."""
        return self._trained().provenance

    def _asking(self) -> dict[str, Any]:
        """Return what is said of the price, of persons and of the project."""
        told = {name: getattr(self, name, None) for name in SHARED}
        if told["project"] is not None:
            told["project"] = self._project()
        return {name: value for name, value in told.items() if value is not None}

    def _project(self) -> Project:
        """Return the project that is asked.

        Raises
        ------
        NoProjectError
            If it was open where the model was pickled, and is not the current one here: none other is charged.
        """
        if not isinstance(self.project, Elsewhere):
            return current_project() if self.project is None else self.project
        with suppress(NoProjectError):
            if (found := current_project()).account.uid == self.project.uid:
                return found
        raise NoProjectError.elsewhere(self.project.name)

    def _frame(self, X: object, y: object) -> tuple[pd.DataFrame, list[str], str]:  # noqa: N803
        """Return X and y as one frame, the columns that are features, and y's name; reads no row.

        Raises
        ------
        ModelError
        """
        import pandas as pd

        unit = self._project().unit
        frame = _table(X, unit.column)
        features = [name for name in frame.columns if name not in unit.columns]
        if y is _NO_RESPONSE:
            return frame, features, ""
        if isinstance(y, str):
            return frame, [name for name in features if name != y], y
        values = y if isinstance(y, pd.Series) else _column(y)
        if len(values) != len(frame):
            raise ModelError.lengths(len(frame), len(values))
        if isinstance(values.name, str) and values.name in features:
            raise ModelError.response_among(values.name)
        name = values.name if isinstance(values.name, str) else "y"
        while name in frame.columns:
            name += "_"
        return frame.assign(**{name: values.array}), features, name

    def _fitted(self, plan: Plan, features: list[str], *, again: bool) -> Release:
        """Release the training, and remember its features."""
        with calling("fit"):
            self.release_ = plan.release(again=again)
        self.feature_names_in_ = np.array(features, dtype=object)
        self.n_features_in_ = len(features)
        return self.release_

    def _trained(self) -> Release:
        found: Release | None = getattr(self, "release_", None)
        if found is None:
            raise ModelError.unfitted(type(self).__name__)
        return found

    def _known(self, X: object, numbers: Iterable[str]) -> pd.DataFrame:  # noqa: N803
        """Return X as a frame with the columns that the model was trained on, some of them numbers. Reads no row."""
        self._trained()
        frame = _table(X, None)
        names = list(self.feature_names_in_)
        if not _is_frame(X) and frame.shape[1] != len(names):
            raise ModelError.width(frame.shape[1], len(names))
        if lacking := [name for name in names if name not in frame.columns]:
            raise ModelError.columns(lacking)
        for name in numbers:
            word, shown = column_kind(frame, name)
            if word not in ("number", "integer", "boolean"):
                raise ModelError.numbers(name, shown)
        return frame[names]

    def _vectors(self, X: object, model: Featured) -> Design:  # noqa: N803
        """Return rows as the model sees them, for the owner's eyes: numbers clipped to their bounds, which is said.

        Raises
        ------
        ModelError
            Also where a number is missing.
        """
        frame = self._known(X, model.ends)
        self._say_clipped(frame, model.ends)
        design = design_of(frame, model.coded)
        if len(design) != len(frame):
            raise ModelError.missing()
        return design

    def _say_clipped(self, frame: pd.DataFrame, bounds: Mapping[str, ValueBounds]) -> None:
        """Say which numbers lie outside their bounds. Reads rows."""
        for name, ends in bounds.items():
            found = outside(frame, name, (ends.lower, ends.upper))
            if beyond := found.below + found.above:
                told = f"{beyond:,} of {found.values:,} numbers of {name!r} lie outside {ends}"
                warn(f"{told}; they are clipped, as in the training")


def _is_frame(found: object) -> bool:
    import pandas as pd

    return isinstance(found, pd.DataFrame)


def _table(X: Any, unit: str | None) -> pd.DataFrame:  # noqa: N803
    """Return a frame as it is, and an array as one whose columns are called x0, x1, ..."""
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X
    if not isinstance(X, np.ndarray | list | tuple):
        raise ModelError.kind("X", type_told(X), _made_of(X))
    if unit is not None:
        raise ModelError.without_ids(unit)
    try:
        found = np.asarray(X)
    except ValueError:  # lists that are not equally long
        raise ModelError.kind("X", type_told(X)) from None
    if found.ndim != 2 or found.dtype.kind not in "biuf":
        raise ModelError.kind("X", f"{type_told(X)} of {found.ndim} dimensions and type {found.dtype}")
    return pd.DataFrame(found, columns=[f"x{place}" for place in range(found.shape[1])])


def _made_of(X: object) -> str:  # noqa: N803
    """Return how a pandas frame is made of another library's, or of one column; nothing of what is no table."""
    if hasattr(X, "collect"):
        return "X.collect().to_pandas()"
    ways = {"to_pandas": "X.to_pandas()", "to_frame": "X.to_frame()", "df": "X.df()", "toPandas": "X.toPandas()"}
    return next((way for name, way in ways.items() if hasattr(X, name)), "")


def _column(y: Any) -> pd.Series[Any]:
    """Return one value a row as a Series."""
    import pandas as pd

    if y is None or isinstance(y, Mapping | str | bytes) or not hasattr(y, "__len__"):
        raise ModelError.kind("y", type_told(y))
    found = np.asarray(y)
    if found.ndim != 1:
        raise ModelError.kind("y", f"{type_told(y)} of {found.ndim} dimensions")
    return pd.Series(found)


def planned_frame(model: Estimator, X: object, y: object = _NO_RESPONSE) -> tuple[pd.DataFrame, list[str], str]:  # noqa: N803
    """Return the frame that a model asks of, its features and the response: what is refused spends nothing."""
    with nothing_spent():
        return model._frame(X, y)
