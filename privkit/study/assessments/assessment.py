"""`assess_model`: what a model was trained on, how well it predicts whom, and what it tells of its training rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.attacks.controls import more_than_twins, repeated
from privkit.attacks.models.attack import LEAST, attack_model, score_of
from privkit.attacks.models.report import ModelAttackReport
from privkit.attacks.models.rows import People, people_of
from privkit.attacks.models.trained import Trained, as_they_are, is_trained, kind_of
from privkit.errors import ParameterError
from privkit.errors.attacks import AttackError
from privkit.errors.root import listed, type_told
from privkit.inventory.audit import audit
from privkit.inventory.inventory import Inventory
from privkit.risk.attackers import Rate
from privkit.study.assessments.performance import Group, Performance, Predicted, groups_in, predicted
from privkit.study.written import written
from privkit.tally.codes import factorized
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import row_classes
from privkit.tally.selection import all_columns
from privkit.transform.as_pandas import pandas_frame
from privkit.values.arguments import column_name, public, typed
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.inputs import Frame

    Ints = NDArray[np.int64]

#: What `attack=` may say: arguments of `attack_model`.
_ASKED = ("secret", "repairs", "shadows", "seconds", "targets", "seed")
#: The version of an assessment's JSON.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class DataSet:
    """One of the sets that a model was made and judged with.

    Attributes
    ----------
    name : {"train", "validation", "test"}
    performance : Performance
        How well its rows are predicted: `rows`, `error`, `auc` and others.
    score : float
        Accuracy; of numbers R².
    persons : int or None
        Where a unit was named.
    repeated : Rate
        Rows that equal a training row in all features and the answer; of the training rows, those that equal another.
    twins : Rate
        The same of the training rows: what is usual among rows of different persons.
    shared_persons : int or None
        Its persons of whom there are training rows too; None of the training rows, and without a unit.
    """

    name: Literal["train", "validation", "test"]
    performance: Performance
    score: float
    persons: int | None
    repeated: Rate
    twins: Rate
    shared_persons: int | None

    @property
    def leaks(self) -> bool:
        """Whether it shares persons with the training, or more rows, at 99.9 %, than training rows have twins."""
        return self.name != "train" and (bool(self.shared_persons) or more_than_twins(self.repeated, self.twins))


@public
@dataclass(frozen=True, eq=False, repr=False)
class ModelAssessment(Plotted):
    """A trained model assessed: its sets, features, subgroups and attacks. For the owner's eyes; no release.

    It holds no value of a cell but the names of the groups, by the owner's choice of columns.

    Attributes
    ----------
    model : str
        Its class.
    kind : {"classes", "numbers"}
        What it predicts.
    target : str
    unit : str or None
    features : tuple of str
    sets : tuple of DataSet
        "train", "validation" where given, and "test".
    inventory : Inventory
        The audit of the training rows: of each feature its source and purpose, by the owner's word, role and risk.
    groups : tuple of Group
        How well each group of the test's rows is predicted, beside the others.
    attack : ModelAttackReport or None
        What attacks find of the training rows, beside the test's; None where none were asked for.
    """

    model: str
    kind: Literal["classes", "numbers"]
    target: str
    unit: str | None
    features: tuple[str, ...]
    sets: tuple[DataSet, ...]
    inventory: Inventory
    groups: tuple[Group, ...] = ()
    attack: ModelAttackReport | None = None

    @property
    def measure(self) -> Literal["accuracy", "R²"]:
        """What `score` of a set is."""
        return "accuracy" if self.kind == "classes" else "R²"

    @property
    def train(self) -> DataSet:
        """The rows that the model was trained on."""
        return self.sets[0]

    @property
    def test(self) -> DataSet:
        """The rows that it is judged by."""
        return self.sets[-1]

    @property
    def gap(self) -> float:
        """By how much the training rows are predicted better than the test's: score less score."""
        return self.train.score - self.test.score

    @property
    def leaks(self) -> bool:
        """Whether the validation or the test shares persons, or more rows than by chance, with the training."""
        return any(one.leaks for one in self.sets)

    @property
    def without_source(self) -> tuple[str, ...]:
        """The features of which the owner has not said where they come from."""
        return tuple(name for name in self.features if not self.inventory[name].source)

    @property
    def worse(self) -> tuple[Group, ...]:
        """The groups whose share of wrong answers lies above that of the others, beyond the interval."""
        return tuple(one for one in self.groups if one.interval is not None and one.interval[0] > 0)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per set, and per group of the test.

        `by` ("set", or the column), `name`, `rows`, `error`, `auc`, `chosen`, `missed`, `alarms`, and of groups
        `excess`, `low`, `high`: how much larger the error is than that of the other rows.
        """
        import pandas as pd

        none = (np.nan,) * 3
        rows = [("set", one.name, *_figures(one.performance), *none) for one in self.sets]
        for one in self.groups:
            figures = (one.rows, *none, *none[:2]) if one.performance is None else _figures(one.performance)
            excess = np.nan if one.excess is None else one.excess
            rows.append((one.by, one.name, *figures, excess, *(one.interval or none[:2])))
        heads = ["by", "name", "rows", "error", "auc", "chosen", "missed", "alarms", "excess", "low", "high"]
        return pd.DataFrame(rows, columns=heads)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the assessment as JSON, and write it to `path` where given, whole or not at all.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        features = (self.inventory[name] for name in self.features)
        told = {
            "privkit_model_assessment": _VERSION,
            "model": self.model,
            "predicts": self.kind,
            "target": self.target,
            "unit": self.unit,
            "measure": self.measure,
            "sets": [{**asdict(one), "leaks": one.leaks} for one in self.sets],
            "features": [
                {"name": one.name, "role": one.role, "risk": one.rating, "source": one.source, "purpose": one.purpose}
                for one in features
            ],
            "groups": [{**asdict(one), "excess": one.excess, "interval": one.interval} for one in self.groups],
            "attacks": [] if self.attack is None else _records(self.attack.to_frame()),
        }
        return written(json.dumps(told, ensure_ascii=False, indent=1) + "\n", path)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON has them, without what is not there."""
    return [{str(name): value for name, value in row.items() if value == value} for row in frame.to_dict("records")]  # noqa: PLR0124


def _figures(one: Performance) -> tuple[float, ...]:
    rates = (one.chosen, one.missed, one.alarms)
    auc = np.nan if one.auc is None else one.auc
    return (one.rows, one.error, auc, *(np.nan if rate is None else rate.observed for rate in rates))


@typed
def assess_model(
    model: object,
    *,
    train: Frame,
    test: Frame,
    target: str,
    validation: Frame | None = None,
    features: Sequence[str] | None = None,
    unit: str | None = None,
    groups: str | Sequence[str] = (),
    inventory: Inventory | None = None,
    attack: ModelAttackReport | Mapping[str, Any] | None = None,
) -> ModelAssessment:
    """Assess a trained model by the sets that it was made with: leakage, features, subgroups and attacks.

    1. *Sets.* Rows and persons of each; rows of the test that equal a training row, beside how many training rows
       equal another one; persons who are in both. How well each is predicted.
    2. *Features.* The audit of the training rows: role, risk, and what the inventory says of source and purpose.
    3. *Subgroups.* The error in each group of the test beside that of all other rows, with Newcombe's interval of the
       difference; of two classes also whom the model chooses, misses, and takes wrongly for one. Groups of fewer than
       20 rows are one. Of many groups some lie outside of their 95 % by chance.
    4. *Attacks*, where asked for, by `attack_model`: members are the training rows, controls those of the test that
       share neither row nor person with them.

    Reads rows; exact; spends nothing; trains models for attacks alone. Needs scikit-learn.

    Parameters
    ----------
    model : estimator
        A classifier or regressor with the interface of scikit-learn, trained on `train`.
    train, test : dataframe
        With the features, the target, the unit and the groups.
    target : str
        The column that is predicted; no feature.
    validation : dataframe, optional
        Rows by which the model was chosen.
    features : sequence of str, optional
        By default what the model was trained with, by name; else all columns but the target and the unit.
    unit : str, optional
        A column of ids, to count persons and find those who are in several sets.
    groups : str or sequence of str
        Columns by whose values errors are compared; at most 50 values each.
    inventory : Inventory, optional
        Where the features come from and what for, by the owner's word.
    attack : ModelAttackReport or mapping, optional
        What `attack_model` found of these training rows; or arguments for it (``{}`` for its defaults,
        ``{"shadows": 16, "seconds": 60}``). It trains many models, so none is made by default.

    Returns
    -------
    ModelAssessment
        With ``.to_frame()``, ``.to_json()`` and ``.plot()``; ``project.record(...)`` keeps its figures.

    Raises
    ------
    AttackError
        If the model is none, cannot be asked, or a set has fewer than 20 rows or misses answers.
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    LibraryRequiredError
        Without scikit-learn.

    Examples
    --------
    >>> import privkit as pk
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> df = pk.example("insights").head(400)
    >>> train, test = df.head(200), df.tail(200)
    >>> features = ["age", "call_duration"]
    >>> tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(train[features], train["churned"])
    >>> assessed = pk.assess_model(tree, train=train, test=test, target="churned", groups="plan")
    >>> assessed.features, assessed.leaks, len(assessed.groups), assessed.without_source
    (('age', 'call_duration'), False, 4, ('age', 'call_duration'))
    """
    trained = _trained(model)
    aim, by = column_name(target, "target"), column_names(groups, "groups", empty=True)
    given = {"train": train, **({} if validation is None else {"validation": validation}), "test": test}
    for name, one in given.items():
        open_frame(one, [aim, *by], name)
    names = _named(model, features, aim, unit, train)
    used = list(dict.fromkeys([*names, aim, *by, *([] if unit is None else [column_name(unit, "unit")])]))
    for name, one in given.items():
        open_frame(one, used, name)
    frames = {name: pandas_frame(one)[used].reset_index(drop=True) for name, one in given.items()}
    people = {name: people_of(one[list(names)], one[aim], name) for name, one in frames.items()}
    if few := [name for name, one in people.items() if len(one) < LEAST]:
        raise AttackError.too_few(few[0], len(people[few[0]]), LEAST)
    told = {name: predicted(trained, one) for name, one in people.items()}
    scores = {name: score_of(trained, one) for name, one in people.items()}
    sets, fresh = _sets(frames, told, scores, [*names, aim], unit)
    return ModelAssessment(
        model=trained.name,
        kind=trained.kind,
        target=aim,
        unit=unit,
        features=names,
        sets=sets,
        inventory=audit(frames["train"], inventory=inventory),
        groups=tuple(groups_in(told["test"], [frames["test"][name] for name in by])),
        attack=_attacked(model, people["train"], people["test"].take(fresh), attack),
    )


def _trained(model: object) -> Trained:
    kind = kind_of(model)
    if not is_trained(model):
        raise ParameterError.of("model", f"{type_told(model)} that is not trained", "a trained one: model.fit(X, y)")
    return Trained(model, kind, type(model).__name__, as_they_are)


def _named(model: object, features: object, target: str, unit: object, train: object) -> tuple[str, ...]:
    """Return the features, as they were given, as the model knows them, or all columns but target and unit."""
    if features is None:
        known = getattr(model, "feature_names_in_", None)
        left = [name for name in all_columns(train) if name not in (target, unit)]
        features = left if known is None else [str(name) for name in known]
    names = column_names(features, "features")
    if target in names:
        raise ParameterError.of("target", repr(target), "a column that is no feature: it is what is predicted")
    return names


def _sets(
    frames: Mapping[str, pd.DataFrame],
    answers: Mapping[str, Predicted],
    scores: Mapping[str, float],
    by: list[str],
    unit: str | None,
) -> tuple[tuple[DataSet, ...], Ints]:
    """Return what is told of each set, and the places of the test's rows that share neither row nor person."""
    import pandas as pd

    told: list[DataSet] = []
    n, base = len(frames["train"]), frames["train"]
    fresh = np.arange(len(frames["test"]))
    for name, frame in frames.items():
        both = pd.concat([base, frame], ignore_index=True)
        classes = row_classes(both, by, argument="train").class_of
        shared, twins = repeated(classes, n)
        ids = None if unit is None else factorized(both[unit])[0]
        persons, known = (None, None) if ids is None else _persons(ids, n)
        first = name == "train"
        told.append(
            DataSet(
                name,  # type: ignore[arg-type]
                answers[name].of(np.ones(len(frame), dtype=bool)),
                scores[name],
                persons,
                twins if first else shared,
                twins,
                None if first else known,
            )
        )
        if name == "test":
            apart = ~np.isin(classes[n:], classes[:n])
            if ids is not None:
                apart &= (ids[n:] < 0) | ~np.isin(ids[n:], ids[:n])
            fresh = np.flatnonzero(apart)
    return tuple(told), fresh


def _persons(ids: Ints, n_first: int) -> tuple[int, int]:
    """Return how many persons the rows after the first ones are of, and how many of them stand in the first ones."""
    most = int(ids.max(initial=-1)) + 1
    here = np.bincount(ids[n_first:][ids[n_first:] >= 0], minlength=most) > 0
    there = np.bincount(ids[:n_first][ids[:n_first] >= 0], minlength=most) > 0
    return int(here.sum()), int((here & there).sum())


def _attacked(model: object, members: People, controls: People, attack: object) -> ModelAttackReport | None:
    if attack is None:
        return None
    if isinstance(attack, ModelAttackReport):
        if attack.n_in != len(members):
            told = f"a report on {attack.n_in:,} training rows, where train= has {len(members):,}"
            raise ParameterError.of("attack", told, "one on the same rows: attack_model(model, X_train, X_test, ...)")
        return attack
    if not isinstance(attack, Mapping):
        allowed = "a report of attack_model, or a mapping of its arguments"
        raise ParameterError.of("attack", type_told(attack), allowed, "Example: attack={'shadows': 16}.")
    if unknown := [name for name in attack if name not in _ASKED]:
        raise ParameterError.of("attack", f"{listed(list(map(str, unknown)))} in it", f"some of {listed(_ASKED)}")
    sides = (members.features, controls.features, members.answers, controls.answers)
    return attack_model(model, *sides, **attack)
