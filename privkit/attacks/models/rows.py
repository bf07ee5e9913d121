"""Features and answers of members and controls, as the model takes them: a pandas frame or an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.controls import refuse_members
from privkit.errors import FrameError, ParameterError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized
from privkit.tally.row_classes import chosen_columns, row_classes
from privkit.tally.selection import all_columns, unnamed_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

#: What names columns by text.
NAMED = "one whose columns are named by text: X.set_axis([*map(str, X.columns)], axis=1)"
_TABLE = "a frame of pandas, Polars or Arrow, or an array of two dimensions: a row a person"


@dataclass(frozen=True, eq=False)
class People:
    """Persons as a model sees them.

    Attributes
    ----------
    features : pandas.DataFrame or array, shape (n_people, n_features)
    answers : pandas.Series
        What is to be predicted of each.
    """

    features: Any
    answers: pd.Series

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names; x0, x1, ... of an array."""
        if isinstance(self.features, np.ndarray):
            return tuple(f"x{place}" for place in range(self.features.shape[1]))
        return tuple(self.features.columns)

    def take(self, places: Ints) -> People:
        """Return some of the persons."""
        chosen = self.features[places] if isinstance(self.features, np.ndarray) else self.features.iloc[places]
        return People(chosen, self.answers.iloc[places])

    def beside(self, other: People) -> People:
        """Return these persons, and the others after them."""
        import pandas as pd

        both = [self.features, other.features]
        joined = np.concatenate(both) if isinstance(both[0], np.ndarray) else pd.concat(both, ignore_index=True)
        return People(joined, pd.concat([self.answers, other.answers], ignore_index=True))

    def column(self, name: str) -> pd.Series:
        """Return one feature."""
        import pandas as pd

        place = self.names.index(name)
        found = self.features[:, place] if isinstance(self.features, np.ndarray) else self.features.iloc[:, place]
        return pd.Series(found).reset_index(drop=True)

    def changed(self, name: str, value: Any) -> People:
        """Return the same persons, all with one value of a feature."""
        place = self.names.index(name)
        new = self.features.copy()
        if isinstance(new, np.ndarray):
            new[:, place] = value
        else:
            same = self.features.iloc[:, place].dtype
            new[new.columns[place]] = _filled(value, len(new), same, new.index)
        return People(new, self.answers)

    def frame(self, target: str) -> pd.DataFrame:
        """Return features and answers as one frame, the answers last."""
        import pandas as pd

        table = pd.DataFrame(self.features, columns=list(self.names)).reset_index(drop=True)
        return table.assign(**{target: self.answers.array})


def _filled(value: Any, many: int, dtype: Any, index: Any) -> pd.Series:
    import pandas as pd

    return pd.Series([value] * many, dtype=dtype, index=index)


def people_of(X: object, y: object, which: str, *, scores: bool = False) -> People:  # noqa: N803
    """Return features and answers of members (`which` is "in") or of controls ("out").

    Frames of other libraries than pandas are fetched as pandas frames, and shown to the model as such. Where they are
    `scores`, one number or class a row may stand for a table.

    Raises
    ------
    ParameterError
        For what is no table of features, or no one answer a row.
    AttackError
        If an answer is missing, or there are not as many as rows.
    """
    import pandas as pd

    X = _stood(X) if scores else X  # noqa: N806
    y = _lying(y)
    if isinstance(X, pd.DataFrame):
        all_columns(X)
        if n := unnamed_columns(X):
            raise ParameterError.of(f"X_{which}", f"a frame with {n} columns whose names are no text", NAMED)
        features: Any = X.reset_index(drop=True)
    elif isinstance(X, (np.ndarray, list, tuple)):
        features = _array(X, f"X_{which}")
    else:
        features = _fetched(X, f"X_{which}")
    if y is None or isinstance(y, (str, bytes, dict, set)) or not hasattr(y, "__len__"):
        raise ParameterError.of(f"y_{which}", type_told(y), "one answer a row")
    try:
        answers = pd.Series(np.asarray(y)) if not isinstance(y, pd.Series) else y.reset_index(drop=True)
    except ValueError:  # of several dimensions, or lists that are not equally long
        raise ParameterError.of(f"y_{which}", type_told(y), "one answer a row") from None
    if len(answers) != len(features):
        raise AttackError.lengths(which, len(features), len(answers))
    if missing := int((factorized(answers)[0] < 0).sum()):
        raise AttackError.no_answer(f"y_{which}", missing)
    return People(features, answers)


def _stood(scores: Any) -> Any:
    """Return one number or class a row as a table of one column; all else as it is."""
    try:
        return np.asarray(scores)[:, None] if hasattr(scores, "__len__") and np.ndim(scores) == 1 else scores
    except ValueError:  # lists that are not equally long are told of later
        return scores


def _lying(answers: Any) -> Any:
    """Return a table of one column as its column; all else as it is."""
    import pandas as pd

    if len(getattr(answers, "shape", ())) != 2 or answers.shape[1] != 1:
        return answers
    return answers.iloc[:, 0] if isinstance(answers, pd.DataFrame) else np.asarray(answers)[:, 0]


def _fetched(X: object, argument: str) -> pd.DataFrame:  # noqa: N803
    try:
        names = all_columns(X)
    except FrameError:
        raise ParameterError.of(argument, type_told(X), _TABLE) from None
    return chosen_columns(X, names, argument).reset_index(drop=True)


def _array(X: Any, argument: str) -> NDArray[Any]:  # noqa: N803
    try:
        found = np.asarray(X)
    except ValueError:
        raise ParameterError.of(argument, type_told(X), _TABLE) from None
    if found.ndim != 2 or found.dtype.kind not in "biufOUS" or not found.shape[1]:
        told = f"{type_told(X)} of {found.ndim} dimensions and type {found.dtype}"
        raise ParameterError.of(argument, told, _TABLE)
    return found


def refuse_shared(members: People, controls: People) -> None:
    """Refuse controls some of whom are members.

    Raises
    ------
    AttackError
    """
    import pandas as pd

    table = pd.concat([members.frame("answer "), controls.frame("answer ")], ignore_index=True)
    refuse_members(row_classes(table, list(table.columns), argument="X_in").class_of, len(members))
