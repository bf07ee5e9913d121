"""The probability that a person is unique in a population, from the probability of the person's values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from privkit.errors import ParameterError
from privkit.values.contribution import positive_int
from privkit.values.typed import typed


@dataclass(frozen=True, slots=True)
class PersonUniqueness:
    """How likely a match with one person is to be the right one (Rocher, Hendrickx and de Montjoye 2019).

    Attributes
    ----------
    uniqueness : float
        ξ = (1 - p)^(n - 1): the probability that nobody else in the population has the person's values.
    correctness : float
        κ = (1 - (1 - p)^n) / (n p): the probability that a match is the person.
    """

    uniqueness: float
    correctness: float


@typed
def person_uniqueness(p: float, population: int) -> PersonUniqueness:
    """Return how likely somebody is to be unique in a population whose members have the same values with probability p.

    Reads no rows. p is the probability of one cell of a model of the population, such as a Gaussian copula with
    discrete marginals fitted to the sample: Rocher, Hendrickx and de Montjoye 2019, Nature Communications 10:3069.
    Everything rests on that model: p for rare values is an extrapolation.

    Parameters
    ----------
    p : float
        Above 0, at most 1.
    population : int
        n, the persons of the population.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> found = person_uniqueness(1e-9, 330_000_000)
    >>> round(found.uniqueness, 6), round(found.correctness, 6)
    (0.718924, 0.851746)
    """
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 < p <= 1:
        raise ParameterError.of(
            "person_uniqueness",
            "p",
            str(p) if isinstance(p, int | float) else type(p).__name__,
            "a probability above 0 and at most 1",
        )
    n = (
        population
        if isinstance(population, int) and population > 2**31
        else positive_int(population, "person_uniqueness", "population")
    )
    if p == 1:
        return PersonUniqueness(1.0 if n == 1 else 0.0, 1 / n)
    log = math.log1p(-p)
    return PersonUniqueness(math.exp((n - 1) * log), -math.expm1(n * log) / (n * p))
