"""`attack_model`: a trained model attacked by who it was trained on, and what could stand in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.claims import Attack, claimed
from privkit.attacks.controls import rate_of
from privkit.attacks.models.figures import inferred, limited, ratios, secret_of
from privkit.attacks.models.repairs import repairing
from privkit.attacks.models.report import (
    FeatureInference,
    ModelAttack,
    ModelAttackReport,
    PlainScores,
    ShadowModels,
    inspected,
)
from privkit.attacks.models.rows import People, people_of, refuse_shared
from privkit.attacks.models.trained import (
    Train,
    Trained,
    as_they_are,
    is_trained,
    kind_of,
    refuse_unknown,
    stored,
    trainer,
)
from privkit.errors import ParameterError
from privkit.errors.attacks import AttackError
from privkit.transform.task_utility import area, area_interval
from privkit.values.arguments import positive_int, typed, whole
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: Of fewer rows no interval is worth reading; with fewer shadow models no law of the answers is.
LEAST, LEAST_SHADOWS = 20, 8


@typed
def attack_model(
    model: object,
    X_in: object,  # noqa: N803
    X_out: object,  # noqa: N803
    y_in: object,
    y_out: object,
    *,
    secret: str | None = None,
    repairs: Mapping[str, object] | None = None,
    shadows: int = 32,
    seconds: int = 120,
    targets: int = 2_000,
    seed: int = 0,
) -> ModelAttackReport:
    """Attack a trained model: whom was it trained on, and what does it tell of a feature? Classifiers and regressors.

    As many members (rows of the training) as controls (rows like them that were not) are attacked:

    1. *LiRA.* In each of `shadows` / 2 rounds the attacked persons are halved at random, and the model is trained
       anew on each half, together with the members who are not attacked: as many rows as it was trained on. So half
       of the shadow models were trained with each person. His score is the likelihood ratio of the model's answer
       under both (`privkit.attacks.models.figures` has the formula): of classes log(p / (1 − p)), p being the chance of
       the true one; of numbers what is predicted.
    2. *Scores.* How sure the model is of what is true; of numbers −|y − ŷ|.
    3. *Inference.* Which value of one feature fits the model's answer best (`privkit.attacks.models.figures`).

    A claim is a score that at most about 1 in 100 persons reach who are not members, by a threshold that other such
    persons give (`privkit.attacks.claims` has the proof); the difference to controls has Newcombe's interval. Intervals
    are of persons like these, for this one model. An attack that finds nothing is no proof that another would not.

    Reads rows, and trains models. Spends nothing: models of `privkit.models` are trained anew by the simulator, whose
    noise has the same law, and are not handed out. Needs scikit-learn.

    Parameters
    ----------
    model : estimator, or None
        A classifier or regressor with the interface of scikit-learn, also a pipeline. One that is not trained yet is
        trained on the members first. None where `X_in` and `X_out` are what some model answered: chances of the classes
        in their order, shape (n_rows, n_classes); of two classes that of the second, shape (n_rows,); predicted numbers
        or classes.
    X_in, X_out : dataframe or array, shape (n_rows, n_features)
        Features of the rows that the model was trained on, and of others like them: those of a random split. A frame
        of Polars, Arrow or another library is shown to the model as a pandas frame with the same columns.
    y_in, y_out : one value a row
        What is to be predicted.
    secret : str, optional
        The feature that is guessed: of at most 30 values; by default the most diverse such. An array's are x0, x1, ...
    repairs : mapping, optional
        What could replace the model, by a name; attacked in the same way, on the same halves. An estimator,
        such as a model of `privkit.models`; or a function from the rows to train on, a frame with the answers last
        (named as `y_in` is, else ``"y"``), to rows instead of them (synthetic, perturbed, or what `anonymize` gives,
        whose levels are then those of all rows that the model is asked about), or to a trained model. What a function
        spends is spent, at each of its ``shadows + 1`` calls: let it ask a project that is opened with
        ``simulate=True``.
    shadows : int
        How many shadow models; fewer than 32 understate what is found. Rounded up to a pair.
    seconds : int
        After so many seconds no further training begins; what was found until then is reported.
    targets : int
        How many members, and how many controls, are attacked at most.
    seed : int
        Of who is attacked, and of the halves. The model's own randomness is its own.

    Returns
    -------
    ModelAttackReport

    Raises
    ------
    AttackError
        If there are fewer than 20 rows of a side, controls are members, features differ, an answer is missing, a
        member's is no class that the model knows, or the model is no estimator, cannot be trained anew, or asked.
    LibraryRequiredError
        Without scikit-learn.
    FrameError, ParameterError
    PrivkitError
        What a call of privkit in a repair raises.

    References
    ----------
    Carlini, Chien, Nasr, Song, Terzis and Tramèr 2022 (IEEE S&P), Membership inference attacks from first principles;
    Yeom, Giacomelli, Fredrikson and Jha 2018 (CSF), Privacy risk in machine learning.

    Examples
    --------
    >>> import numpy as np, privkit as pk
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> random = np.random.default_rng(0)
    >>> X, y = random.normal(size=(200, 3)), random.integers(0, 2, 200)
    >>> nearest = KNeighborsClassifier(1).fit(X[:100], y[:100])     # it keeps every row
    >>> report = pk.attack_model(nearest, X[:100], X[100:], y[:100], y[100:], shadows=8)
    >>> report.found, report["scores"].auc > 0.7
    (('lira', 'scores'), True)
    """
    asked, end = positive_int(shadows, "shadows"), positive_int(seconds, "seconds")
    if asked < LEAST_SHADOWS:
        raise ParameterError.of("shadows", str(asked), f"{LEAST_SHADOWS} or more: of fewer no law of answers is told")
    most, start = positive_int(targets, "targets"), whole(seed, "seed")
    members, controls = (
        people_of(X_in, y_in, "in", scores=model is None),
        people_of(X_out, y_out, "out", scores=model is None),
    )
    for what, side in (("X_in", members), ("X_out", controls)):
        if len(side) < LEAST:
            raise AttackError.too_few(what, len(side), LEAST)
    if X_in is X_out:
        raise AttackError.shared_rows(len(controls), len(controls))
    if members.names != controls.names:
        same = len(members.names) == len(controls.names)
        raise AttackError.unlike(*(f"{len(one.names):,} features" for one in (members, controls)), same=same)
    bench = _Bench(members, controls, min(most, len(members), len(controls)), start, asked + asked % 2)
    if model is None:
        if secret is not None or repairs:
            raise ParameterError.together(
                ("secret", "repairs"), "secret= and repairs= need a model, which can be asked."
            )
        return bench.report(stored(members, controls), None, None, monotonic(), trained_here=False)
    kind_of(model)
    refuse_shared(members, controls)
    return _attacked(bench, model, secret, _named(repairs), target=_target(y_in, members), seconds=end)


def _attacked(
    bench: _Bench, model: Any, secret: object, repairs: Mapping[str, object], *, target: str, seconds: int
) -> ModelAttackReport:
    """Attack a model, and then what could stand in its place; each has its share of the time."""
    everybody = bench.members.beside(bench.controls)
    guessed = secret_of(everybody, secret)
    # What cannot be trained is refused before anything is.
    ways = [repairing(place, one, model, target, everybody) for place, one in enumerate(repairs.values(), 1)]
    train, ready, began = trainer(model), is_trained(model), monotonic()
    if ready:
        refuse_unknown(model, bench.members)
    ends = [began + seconds * (place + 1) / (len(ways) + 1) for place in range(len(ways) + 1)]
    own = Trained(model, kind_of(model), type(model).__name__, as_they_are)
    report = bench.report(own if ready else train(bench.members), train, guessed, ends[0], trained_here=not ready)
    found = {}
    for name, way, until in zip(repairs, ways, ends[1:], strict=True):
        found[name] = bench.report(way(bench.members), way, guessed, until, trained_here=True)
    return replace(report, repairs=Frozen(found))


def _named(repairs: object) -> Mapping[str, object]:
    if repairs is None:
        return {}
    if not isinstance(repairs, Mapping) or not all(isinstance(name, str) for name in repairs):
        raise ParameterError.of("repairs", "something else", "a mapping of names to models or functions")
    return repairs


def _target(y: object, members: People) -> str:
    """Return the name of what is predicted, which no feature has."""
    name = getattr(y, "name", None)
    told = name if isinstance(name, str) and name else "y"
    while told in members.names:
        told += "_"
    return told


@dataclass(frozen=True, eq=False)
class _Bench:
    """Members and controls, and how many of each are attacked."""

    members: People
    controls: People
    many: int
    seed: int
    asked: int

    def report(
        self, trained: Trained, train: Train | None, secret: str | None, until: float, *, trained_here: bool
    ) -> ModelAttackReport:
        """Attack one model; `train` trains it anew, where it can be."""
        random = np.random.default_rng([self.seed, 2])
        attacked, rest = _chosen(len(self.members), self.many, random)
        chosen, _ = _chosen(len(self.controls), self.many, random)
        members, controls = self.members.take(attacked), self.controls.take(chosen)
        both = members.beside(controls)
        observed = trained.answers(both)
        shadows, inside = self._shadows(both, self.members.take(rest), train, until, random)
        scores: dict[type[Attack], Floats] = {}
        if len(shadows) >= LEAST_SHADOWS:
            scores[ShadowModels] = (limited if trained.kind == "classes" else ratios)(observed, shadows, inside)
        scores[PlainScores] = observed if trained.kind == "classes" else -np.abs(observed - _numbers(both))
        found = {kind.name: _judged(kind, one[: self.many], one[self.many :]) for kind, one in scores.items()}
        guessing = train is not None and secret is not None and monotonic() < until
        if guessing and secret is not None:
            found[FeatureInference.name] = inferred(trained, members, controls, secret)
        strongest = next(iter(scores.values()))
        return ModelAttackReport(
            attacks=Frozen(found), model=trained.name, kind=trained.kind,
            measure="accuracy" if trained.kind == "classes" else "R²",
            score_in=score_of(trained, self.members), score_out=score_of(trained, self.controls),
            n_in=len(self.members), n_out=len(self.controls), n_attacked=self.many,
            n_shadows=len(shadows), asked=0 if train is None else self.asked,
            stopped=train is not None and (len(shadows) < self.asked or (secret is not None and not guessing)),
            secret=secret if guessing else None, outputs=inspected(*trained.raw(members)),
            repairs=Frozen({}), trained=trained_here,
            _positions=attacked, _scores=(strongest[: self.many], strongest[self.many :]),
        )  # fmt: skip

    def _shadows(
        self, both: People, rest: People, train: Train | None, until: float, random: np.random.Generator
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the answers of models that were trained on halves of those who are attacked, and who was in which.

        Two models, on a half and on the other, come together, so that of each person as many were trained with him as
        without.
        """
        answers, inside = [], []
        for _ in range(0, self.asked if train is not None else 0, 2):
            if monotonic() > until:
                break
            assert train is not None
            side = np.zeros(len(both), dtype=bool)
            side[random.permutation(len(both))[: len(both) // 2]] = True
            for one in (side, ~side):
                answers.append(train(both.take(np.flatnonzero(one)).beside(rest)).answers(both))
                inside.append(one)
        shape = (len(answers), len(both))
        return np.array(answers).reshape(shape), np.array(inside, dtype=bool).reshape(shape)


def _chosen(count: int, many: int, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return who is attacked, in an order of no meaning, and the others."""
    order = random.permutation(count)
    return order[:many], order[many:]


def _judged(kind: type[Attack], members: Floats, controls: Floats) -> ModelAttack:
    value = area(members, controls)
    rate, control = (rate_of(claimed(one, controls)) for one in (members, controls))
    around = area_interval(value, len(members), len(controls))
    return ModelAttack(kind.name, kind.needs, rate, control, value, around)


def _numbers(people: People) -> Floats:
    return np.asarray(people.answers.to_numpy(), dtype=float)


def score_of(trained: Trained, people: People) -> float:
    """Return the share of classes that are predicted rightly; of numbers R²."""
    found = trained.right(people)
    if trained.kind == "classes":
        return float(np.mean(found))
    truth = _numbers(people)
    spread = float(((truth - truth.mean()) ** 2).sum())
    return 1 - float(((found - truth) ** 2).sum()) / spread if spread else 0.0
