"""What attacks on a model find: by the attack's name, persons at risk, what scores give away, and repairs beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from privkit.attacks.claims import Attack, Attacks, Compared, claimed
from privkit.attacks.controls import newcombe, rate_of
from privkit.risk.attackers import Rate
from privkit.values.arguments import positive_int, public
from privkit.values.exact import share
from privkit.values.loss import ALARMS

if TYPE_CHECKING:
    from fractions import Fraction

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Of fewer rows, but not of none, something is told; as in `output_check`.
FEW = 5
#: A chance that is nearer to 0 or 1 than this is as good as certain.
_CERTAIN = 0.01


@public
@dataclass(frozen=True, slots=True)
class ScoreFinding:
    """What scores give away, if they are published as they are.

    Attributes
    ----------
    kind : {"certain", "unique", "few", "dominated"}
    rows : int
        How many rows it is true of; 0 where it is not found.
    n : int
        Of how many.
    text : str
        In words.
    """

    kind: str
    rows: int
    n: int
    text: str


def inspected(found: NDArray[Any], classes: tuple[Any, ...] | None) -> tuple[ScoreFinding, ...]:
    """Return what the scores of members give away: by few that are certain, by groups of one, by totals of one.

    *certain*: rows whose chance of a class is within 0.01 of 0 or of 1, where fewer than 5 rows are: that something is
    (nearly) sure is told of few persons. *unique*: rows whose scores no other row has: who knows the score finds the
    row. *few*: rows whose scores 2 to 4 rows share. *dominated*: columns of scores of no sign whose total is one row's
    by more than half, so that a published total or mean tells it nearly (an (n, k) rule with n = 1 and k = 50 %).

    Parameters
    ----------
    found : array, shape (n_rows,) or (n_rows, n_columns)
        Chances by class, or numbers.
    classes : tuple or None
        What the columns stand for; None of numbers, which are not inspected for certainty.

    Examples
    --------
    >>> scores = np.array([0.999, 0.4, 0.4, 0.4, 0.4, 0.4, 0.7])
    >>> [(one.kind, one.rows) for one in inspected(scores, (0, 1))]
    [('certain', 1), ('unique', 2), ('few', 0), ('dominated', 0)]
    """
    n = len(found)
    _, group = np.unique(found, axis=0, return_inverse=True)
    sizes = np.bincount(group.reshape(-1))[group.reshape(-1)] if n else np.zeros(0, dtype=np.int64)
    told = []
    numbers = found.astype(float).reshape(n, -1) if found.dtype.kind in "biuf" else np.empty((n, 0))
    if classes is not None and numbers.size and numbers.min() >= 0 and numbers.max() <= 1 + 1e-6:
        told.append(_certain(numbers))
    unique, few = int((sizes == 1).sum()), int(((sizes > 1) & (sizes < FEW)).sum())
    told.append(ScoreFinding("unique", unique, n, "rows whose score no other row has: who knows it finds the row"))
    told.append(ScoreFinding("few", few, n, f"rows whose score they share with others, fewer than {FEW} in all"))
    if numbers.size:
        told.append(_dominated(numbers))
    return tuple(told)


def _certain(numbers: Floats) -> ScoreFinding:
    flagged = np.zeros(len(numbers), dtype=bool)
    for column in numbers.T:
        for near in (column <= _CERTAIN, column >= 1 - _CERTAIN):
            if 0 < near.sum() < FEW:
                flagged |= near
    text = f"rows whose chance of a class is within {_CERTAIN} of 0 or 1, as that of fewer than {FEW} rows is"
    return ScoreFinding("certain", int(flagged.sum()), len(numbers), text)


def _dominated(numbers: Floats) -> ScoreFinding:
    rows = set()
    for column in numbers.T:
        if column.min() >= 0 and column.max() > column.sum() / 2:
            rows.add(int(column.argmax()))
    text = "rows whose score is more than half of the total of all: a published total or mean tells it nearly"
    return ScoreFinding("dominated", len(rows), len(numbers), text)


@dataclass(frozen=True, eq=False)
class ModelAttack(Compared):
    """What one attack on a model finds.

    Attributes
    ----------
    name : str
    needs : str
        What the attacker must know, and what counts as a find.
    rate : Rate
        Members of whom what the attacker claims is true: that they are members, where at most about 1 in 100 others are
        claimed wrongly (the true positive rate at 1 % false positives); of attribute inference, that he guesses right.
    control : Rate
        The same of persons whom the model was not trained on.
    auc : float or None
        How often a member's score is above a control's; 0.5 is a coin's. None of attribute inference.
    auc_interval : tuple of float or None
        95 %, by Newcombe's method 5 (`privkit.transform.task_utility`).
    baseline : Rate or None
        Of attribute inference: members of whom the commonest value is right.
    """

    name: str
    needs: str
    rate: Rate
    control: Rate
    auc: float | None = None
    auc_interval: tuple[float, float] | None = None
    baseline: Rate | None = None

    @property
    def found(self) -> bool:
        """Whether members are told from controls: the interval of `excess` lies above 0, or that of `auc` above 0.5."""
        return self.interval[0] > 0 or (self.auc_interval is not None and self.auc_interval[0] > 0.5)

    @property
    def power(self) -> float | None:
        """The least excess that so many persons would have shown, at `control`; None where not even a full one is."""
        for hits in range(self.control.hits, self.rate.n + 1):
            if newcombe(Rate(hits, self.rate.n), self.control)[0] > 0:
                return hits / self.rate.n - self.control.observed
        return None


class ShadowModels(Attack):
    """Members told from others by models that were trained with and without each (`privkit.attacks.models.figures`)."""

    name, words = "lira", "shadow models"
    needs = (
        "the person's features and what is to be predicted, the model's answer, the other training rows, and "
        "how to train such a model; a find is that the model was trained on the person"
    )


class PlainScores(Attack):
    """Members told from others by how surely, or how rightly, the model answers."""

    name, words = "scores", "plain scores"
    needs = (
        "the person's features and what is to be predicted, and the model's answer; a find is that the model "
        "was trained on the person"
    )


class FeatureInference(Attack):
    """A feature guessed by what the model answers (`privkit.attacks.models.figures`)."""

    name, words = "inference", "attribute inference"
    needs = (
        "the person's other features and what is to be predicted of him; a find is the right value of the feature that "
        "is missing"
    )


@public
@dataclass(frozen=True, eq=False, repr=False)
class ModelAttackReport(Attacks[ModelAttack]):
    """What attacks on a trained model find: a mapping by the attack's name. For the owner's eyes; no release.

    ``"lira"`` (shadow models), ``"scores"`` (plain answers) and ``"inference"`` (an attribute), each with ``.rate``,
    ``.control``, ``.excess``, ``.interval``, ``.auc``, ``.auc_interval`` and ``.power``. What could not be tried is
    not among them. It holds no value of a cell: persons are named by their position in `X_in`.

    Attributes
    ----------
    attacks : mapping of str to ModelAttack
    model : str
        The class of the model, or "stored scores".
    kind : {"classes", "numbers"}
        What it predicts.
    measure : {"accuracy", "R²"}
    score_in, score_out : float
        How well it predicts the members, and the controls.
    n_in, n_out : int
        Members and controls that were given.
    n_attacked : int
        How many of each were attacked.
    n_shadows, asked : int
        Shadow models that were trained, and that were asked for.
    stopped : bool
        Whether the time was up before all was done.
    secret : str or None
        The feature that attribute inference guesses.
    outputs : tuple of ScoreFinding
        What the members' scores give away where they are published.
    repairs : mapping of str to ModelAttackReport
        The same attacks on what could replace the model.
    trained : bool
        Whether the model came untrained, and was trained on the members here.
    """

    attacks: Mapping[str, ModelAttack]
    model: str
    kind: Literal["classes", "numbers"]
    measure: Literal["accuracy", "R²"]
    score_in: float
    score_out: float
    n_in: int
    n_out: int
    n_attacked: int
    n_shadows: int
    asked: int
    stopped: bool
    secret: str | None
    outputs: tuple[ScoreFinding, ...]
    repairs: Mapping[str, ModelAttackReport]
    trained: bool
    _positions: NDArray[np.int64]
    _scores: tuple[Floats, Floats]

    @property
    def strongest(self) -> ModelAttack:
        """The attack on membership that is judged by: LiRA where it was tried, else plain scores."""
        return self.attacks.get("lira", self.attacks["scores"])

    @property
    def reversed(self) -> bool:
        """Whether the controls answer as members would: all of the interval of some attack's `auc` lies below 0.5."""
        return any(one.auc_interval is not None and one.auc_interval[1] < 0.5 for one in self.attacks.values())

    def found_at(self, alarms: float | Fraction = ALARMS) -> ModelAttack:
        """Return what the strongest attack finds where another share of others may be named wrongly.

        Parameters
        ----------
        alarms : float or Fraction
            The false positive rate that is allowed, between 0 and 1.

        Returns
        -------
        ModelAttack
            With `rate`, `control`, `excess` and `interval` at that.

        Raises
        ------
        ParameterError
        """
        allowed, one = share(alarms, "alarms", zero=False), self.strongest
        members, controls = self._scores
        rate, control = (rate_of(claimed(scores, controls, allowed)) for scores in (members, controls))
        return replace(one, rate=rate, control=control)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per attack: `attack`, `rate`, `control`, `excess`, `low`, `high`, `auc`, `auc_low`, ..."""
        import pandas as pd

        heads = ["attack", "rate", "control", "excess", "low", "high", "auc", "auc_low", "auc_high", "power"]
        rows = []
        for name, one in self.attacks.items():
            told = (one.auc, *(one.auc_interval or (None, None)), one.power)
            numbers = (np.nan if value is None else value for value in told)
            rows.append((name, one.rate.observed, one.control.observed, one.excess, *one.interval, *numbers))
        return pd.DataFrame(rows, columns=heads)

    def compared(self) -> pd.DataFrame:
        """Return a row for the model as it is, and for each repair: how well it predicts, and what it gives away.

        `model`, `score` (accuracy or R² on the controls), `attack` (the strongest one), `auc`, `auc_low`, `auc_high`,
        `rate` (at 1 % false alarms), `control`, `excess`, `low`, `high`.
        """
        import pandas as pd

        heads = ["model", "score", "attack", "auc", "auc_low", "auc_high", "rate", "control", "excess", "low", "high"]
        rows = []
        for name, report in {"as it is": self, **self.repairs}.items():
            one = report.strongest
            area = (one.auc, *(one.auc_interval or (np.nan, np.nan)))
            rates = (one.rate.observed, one.control.observed, one.excess, *one.interval)
            rows.append((name, report.score_out, one.name, *area, *rates))
        return pd.DataFrame(rows, columns=heads)

    def at_risk(self, n: int = 10) -> pd.DataFrame:
        """Return the members who are most surely told to be such, by position. For the owner's eyes: it names persons.

        Parameters
        ----------
        n : int
            How many.

        Returns
        -------
        pandas.DataFrame
            `position` in `X_in`, from 0; `score`, of the strongest attack; `false_alarms`, the share of controls who
            score as high; `claimed`, whether the person is among those that `rate` counts.
        """
        import pandas as pd

        many = positive_int(n, "n")
        members, controls = self._scores
        order = np.argsort(-members, kind="stable")[:many]
        alarms = 1 - np.searchsorted(np.sort(controls), members[order], side="left") / max(len(controls), 1)
        told = {"position": self._positions[order], "score": members[order], "false_alarms": alarms}
        return pd.DataFrame(told).assign(claimed=claimed(members, controls)[order])
