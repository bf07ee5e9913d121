"""Answers of a model that is not here: a file of scores stands for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.attacks.models.trained import Trained, as_they_are
from privkit.errors.attacks import AttackError
from privkit.tally.codes import factorized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.models.rows import People

#: Answers of more different numbers are numbers that were predicted, not classes.
_CLASSES = 20


@dataclass(frozen=True, eq=False)
class Stored(Trained):
    """A model that answers what is stored: features of persons are its answers.

    Attributes
    ----------
    classes : tuple or None
        What columns of chances stand for; None where classes, or numbers, were predicted.
    """

    classes: tuple[Any, ...] | None = None

    def raw(self, people: People) -> tuple[NDArray[Any], tuple[Any, ...] | None]:
        """Return the stored answers."""
        found = np.asarray(people.features)
        if self.classes is None:
            return found[:, 0], None
        if found.shape[1] == 1:
            second = found[:, 0].astype(float)
            found = np.column_stack([1 - second, second])
        return found, self.classes

    def right(self, people: People) -> Any:
        """Return which classes are predicted rightly; of numbers, what is predicted."""
        found, classes = self.raw(people)
        if self.kind == "numbers":
            return found.astype(float)
        truth = people.answers.to_numpy()
        return (found if classes is None else np.array(classes, dtype=object)[found.argmax(axis=1)]) == truth


def stored(members: People, controls: People) -> Stored:
    """Return the model that gave the answers which stand in the features' place.

    Several columns are chances of the classes of `y` in their order; one column of numbers from 0 to 1 where `y` has
    two classes is the chance of the second; else a column is what was predicted, numbers or classes.

    Raises
    ------
    AttackError
        If columns are not as many as classes, or scores are not finite numbers.
    """
    both = members.beside(controls)
    values = np.asarray(both.features)
    _, known = factorized(both.answers, ordered=True)
    words = values.dtype.kind not in "biuf"
    if not words and not np.isfinite(values.astype(float)).all():
        raise AttackError.bad_answers("stored scores")
    kind: Literal["classes", "numbers"] = "classes"
    classes: tuple[Any, ...] | None = tuple(known)
    if values.shape[1] > 1:
        if words or values.shape[1] != len(known):
            raise AttackError.bad_answers("stored scores")
    elif words:
        classes = None
    elif not (len(known) == 2 and values.min() >= 0 and values.max() <= 1):
        classes = None
        kind = "numbers" if both.answers.dtype.kind in "iuf" and len(known) > _CLASSES else "classes"
        kind = "numbers" if both.answers.dtype.kind == "f" else kind
    return Stored(None, kind, "stored scores", as_they_are, classes)
