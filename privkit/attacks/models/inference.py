"""Attribute inference on a model: which value of one feature makes its answer fit what is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.attacks.models.report import ModelAttack
from privkit.errors import ParameterError
from privkit.risk.attackers import Rate
from privkit.tally.codes import factorized
from privkit.values.arguments import column_name

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from privkit.attacks.models.rows import People
    from privkit.attacks.models.trained import Trained

#: A feature of more values is not guessed.
MOST = 30
NEEDS = (
    "the person's other features and what is to be predicted of him; a find is the right value of the feature that is "
    "missing"
)


def secret_of(people: People, secret: object) -> str | None:
    """Return the feature that is guessed: the one asked for, or the most diverse of at most 30 values; None without.

    Raises
    ------
    ParameterError
        If the one asked for is no feature, or has one value, or more than 30.
    """
    if secret is not None:
        name = column_name(secret, "secret")
        if name not in people.names:
            raise ParameterError.of("secret", repr(name), "one of the features")
        if not 2 <= len(factorized(people.column(name))[1]) <= MOST:
            raise ParameterError.of("secret", repr(name), f"a feature of 2 to {MOST} different values")
        return name
    best: tuple[float, str] | None = None
    for name in people.names:
        codes, values = factorized(people.column(name))
        if 2 <= len(values) <= MOST and len(values) < len(people) / 2:
            shares = np.bincount(codes[codes >= 0]) / len(people)
            diverse = 1 - float((shares**2).sum())
            if best is None or diverse > best[0]:
                best = (diverse, name)
    return None if best is None else best[1]


def inferred(trained: Trained, members: People, controls: People, secret: str) -> ModelAttack:
    """Guess a feature of members and of controls: the value v with the largest P(y | x, v)·P(v).

    P(y | x, v) is the chance that the model gives what is true of the person with v in the feature's place (Fredrikson,
    Jha and Ristenpart 2015, CCS); of a regressor N(y; ŷ(x, v), σ²), σ² being its mean squared error on the controls; of
    margins and plain classes the surest, the commonest first. P(v) is v's share of members and controls. What
    members lose beyond what it says of everybody is the difference to the controls (Yeom, Giacomelli, Fredrikson
    and Jha 2018, CSF). Persons without the feature are left out.
    """
    both = members.beside(controls)
    codes, values = factorized(both.column(secret))
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    order = np.argsort(-counts, kind="stable")
    fits = np.stack([_fit(trained, both.changed(secret, values[place])) for place in order], axis=1)
    if trained.kind == "numbers":
        truth = controls.answers.to_numpy().astype(float)
        error = float(((trained.answers(controls) - truth) ** 2).mean())
        fits = fits / (2 * error) if error > 0 else fits
    guess = order[(fits + np.log(np.maximum(counts[order], 1) / counts.sum())).argmax(axis=1)]
    known, many = codes >= 0, len(members)
    inside = np.arange(len(codes)) < many
    rates = [_rate((guess == codes)[known & side]) for side in (inside, ~inside)]
    return ModelAttack("inference", NEEDS, rates[0], rates[1], baseline=_rate((codes == order[0])[known & inside]))


def _fit(trained: Trained, people: People) -> NDArray[np.float64]:
    """Return log P(y | x, v), up to what is the same for all v; of numbers the squared error, negative."""
    found = trained.answers(people)
    if trained.kind == "numbers":
        return np.asarray(-((found - people.answers.to_numpy().astype(float)) ** 2))
    return -np.logaddexp(0.0, -found)  # log p of a logit


def _rate(hits: NDArray[Any]) -> Rate:
    return Rate(int(hits.sum()), len(hits))
