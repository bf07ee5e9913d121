"""A model that answers: its kind, its answers, the same model trained anew; or a file of scores in its place."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.errors import LibraryRequiredError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.project.current import current_project
from privkit.project.opening import begin_simulated
from privkit.tally.codes import factorized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.models.rows import People

    Floats = NDArray[np.float64]

#: A chance nearer to 0 or 1 than this is taken for this: an infinite logit says no more.
NEAREST = 1e-5
#: Shows a model persons as they are.
as_they_are: Callable[[People], Any] = attrgetter("features")
#: From features and answers to a trained model.
Train = Callable[["People"], "Trained"]


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model.

    Attributes
    ----------
    model : object
    kind : {"classes", "numbers"}
        What it predicts.
    name : str
        Its class.
    seen : callable
        What the model is shown of persons: their features, or what became of them.
    """

    model: Any
    kind: Literal["classes", "numbers"]
    name: str
    seen: Callable[[People], Any]

    def raw(self, people: People) -> tuple[NDArray[Any], tuple[Any, ...] | None]:
        """Return what the model says of each person, and the classes that columns of chances stand for.

        Chances by class, shape (n_people, n_classes); margins, where there are no chances; else what it predicts.

        Raises
        ------
        AttackError
        """
        failed = ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                shown = self.seen(people)
                for way in ("predict_proba", "decision_function"):
                    if self.kind == "classes" and hasattr(self.model, way):
                        return np.asarray(getattr(self.model, way)(shown), dtype=float), tuple(self.model.classes_)
                return np.asarray(self.model.predict(shown)), None
        except AttackError:
            raise
        except Exception as error:  # noqa: BLE001 - of any library
            failed = type(error).__name__
        raise AttackError.answers_failed(self.name, failed)

    def answers(self, people: People) -> Floats:
        """Return one number a person, the larger the surer the model is of what is true; of numbers, its prediction."""
        found, classes = self.raw(people)
        return told(found, classes, people, self.kind, self.name)

    def right(self, people: People) -> Any:
        """Return which classes are predicted rightly; of numbers, what is predicted."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = np.asarray(self.model.predict(self.seen(people)))
        except Exception as error:  # noqa: BLE001 - of any library
            failed = type(error).__name__
        else:
            return found == people.answers.to_numpy() if self.kind == "classes" else found.astype(float)
        raise AttackError.answers_failed(self.name, failed)


def refuse_unknown(model: Any, members: People) -> None:
    """Refuse members whose answers a trained classifier does not know: it was not trained on these.

    Raises
    ------
    AttackError
    """
    try:
        known = set(model.classes_)
    except (AttributeError, TypeError):  # it predicts numbers, or does not say; its answers are looked at all the same
        return
    unknown = sum(value not in known for value in members.answers.to_numpy())
    if unknown:
        raise AttackError.unknown_answers(type(model).__name__, unknown, len(members))


def told(found: NDArray[Any], classes: tuple[Any, ...] | None, people: People, kind: str, name: str) -> Floats:
    """Return one number a person of what a model answered.

    Of chances log(p / (1 − p)), p being that of the true class, 0 of a class that it does not know; of margins that of
    the true class over the best other; of classes alone 1 where right, else 0; of numbers the number.

    Raises
    ------
    AttackError
        If they are not finite, or not one row a person.
    """
    truth = people.answers.to_numpy()
    if len(found) != len(people) or found.ndim > 2 or (found.ndim == 2 and classes is None):
        raise AttackError.bad_answers(name)
    if kind == "numbers" or classes is not None:
        try:
            found = found.astype(float)
        except (TypeError, ValueError):
            found = np.full(1, np.nan)
        if not np.isfinite(found).all():
            raise AttackError.bad_answers(name)
    if kind == "numbers":
        return found
    if classes is None:
        return (found == truth).astype(float)
    place = {value: at for at, value in enumerate(classes)}
    own = np.array([place.get(value, -1) for value in truth])
    if found.ndim == 1:  # margins of two classes
        return np.where(own == 1, found, -found)
    if found.shape[1] != len(classes):
        raise AttackError.bad_answers(name)
    true = np.where(own >= 0, np.take_along_axis(found, np.maximum(own, 0)[:, None], axis=1)[:, 0], 0.0)
    if found.min(initial=0.0) < 0 or found.max(initial=0.0) > 1 + 1e-6:  # margins of several
        others = found.copy()
        others[np.arange(len(found)), np.maximum(own, 0)] = -np.inf
        return true - others.max(axis=1)
    chance = np.clip(true, NEAREST, 1 - NEAREST)
    return np.round(np.log(chance / (1 - chance)), 9)  # so that equal chances stay equal: 1 − 0.9 is not 0.1 in floats


def library() -> Any:
    """Return scikit-learn's base.

    Raises
    ------
    LibraryRequiredError
    """
    try:
        import sklearn.base
    except ImportError:
        raise LibraryRequiredError.of("scikit-learn", "sklearn") from None
    return sklearn.base


def kind_of(model: Any) -> Literal["classes", "numbers"]:
    """Return what a model predicts.

    Raises
    ------
    AttackError
        If it is no estimator of scikit-learn's kind, or predicts neither.
    """
    base = library()
    if isinstance(model, type) or not all(hasattr(model, way) for way in ("fit", "predict", "get_params")):
        raise AttackError.no_model(type_told(model))
    if base.is_classifier(model):
        return "classes"
    if base.is_regressor(model):
        return "numbers"
    raise AttackError.no_model(type_told(model))


def is_trained(model: Any) -> bool:
    """Whether a model was trained already."""
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except (NotFittedError, TypeError):
        return False
    return True


def trainer(model: Any) -> Train:
    """Return what trains a model like this one anew, from its parameters alone.

    A model of `privkit.models` is trained by the simulator, in a project in memory that ends with the training: its
    noise has the same law, nothing is spent, and no such model is handed out.

    Raises
    ------
    AttackError
        If it cannot be cloned.
    """
    kind, name, failed = kind_of(model), type(model).__name__, ""
    private = type(model).__module__.startswith("privkit.models.")
    try:
        library().clone(model)
    except Exception as error:  # noqa: BLE001 - of any library
        failed = type(error).__name__
    if failed:
        raise AttackError.training_failed(name, failed)

    def train(people: People) -> Trained:
        failed = ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                new = library().clone(model)
                if private:
                    new.set_params(project=_beside(model.project))
                new.fit(people.features, people.answers if private else people.answers.to_numpy())
        except Exception as error:  # noqa: BLE001 - of any library
            failed = type(error).__name__
        if failed:
            raise AttackError.training_failed(name, failed)
        return Trained(new, kind, name, as_they_are)

    return train


def _beside(project: Any) -> Any:
    """Return a project in memory on the terms of one, or of the current one: what is drawn in it is simulated."""
    own = current_project() if project is None else project
    return begin_simulated("attack", own.account.terms.of_one(own.account.analyst), own.bounds)


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
