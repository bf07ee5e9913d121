"""How many persons of a population are unique, estimated from a sample's class sizes: three models with their limits.

Estimates, not bounds. The criterion `PopulationUniqueness` and the risk report take their figure from here.

Where persons have rows in several classes, the models look at the pairs of a person and a class. Of m persons with n
pairs the population of N has about N n / m, and the sampling fraction of pairs is that of persons, m / N. They say with
which probability q a class of one person of the sample has one person of the population. A person of the sample
who is alone in j classes is unique in one of them at least with probability 1 - (1 - q)^j, taking the classes as
independent; the sum of these over m / N are the population's uniques. With one class per person that is the models' own
figure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.population_models import pitman, snb, zayatz
from privkit.errors.risk import PopulationError
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.anonymity.population_models import Fitted
    from privkit.tally.classes import Members

    Ints = NDArray[np.int64]

_SMALL_FRACTION = 0.1  # up to it the rule of Dankar et al. takes Pitman's model
_SOURCES = {
    "zayatz": "Zayatz 1991, equivalence-class model; Dankar et al. 2012, BMC Med Inform Decis Mak 12:66, appendix A",
    "pitman": "Hoshino 2001, Applying Pitman's sampling formula to microdata disclosure risk assessment, JOS 17(4)",
    "snb": "Chen and Keller-McNulty 1998, JOS 14(1), slide negative binomial, equations derived anew; "
    "number of classes by Shlosser in the form of Haas and Stokes 1998",
}
_TITLES = {"zayatz": "Zayatz", "pitman": "Pitman", "snb": "SNB"}
_LIMITS = "No single estimator performs well across all conditions (Dankar et al. 2012)."


@dataclass(frozen=True, slots=True)
class UniquenessEstimate:
    """The population uniques that one model estimates.

    Attributes
    ----------
    model : {"zayatz", "pitman", "snb"}
        The model's name.
    uniques : float or None
        Persons of the population who are alone in their class; None where the model found no answer.
    share : float or None
        The same as a share of the population.
    sample_share : float or None
        The estimated share of the sample uniques that are population uniques, at most 1; 0 where there are none.
    sampling_fraction : float
        n / N.
    parameters : mapping of str to float
        What was fitted.
    source, note : str
        The paper; and the model's limits, or why it found no answer.
    """

    model: str
    uniques: float | None
    share: float | None
    sample_share: float | None
    sampling_fraction: float
    parameters: Mapping[str, float]
    source: str
    note: str

    @property
    def valid(self) -> bool:
        """Whether the model found an answer."""
        return self.uniques is not None

    @property
    def title(self) -> str:
        """The model's name in a sentence; "none needed" where the sample alone gives the answer."""
        return "none needed" if self.valid and not self.parameters else _TITLES[self.model]


@dataclass(frozen=True, slots=True)
class UniquenessEstimates(Mapping[str, UniquenessEstimate]):
    """The estimates of all models, by name, and the one that the rule of Dankar et al. chooses.

    Attributes
    ----------
    estimates : mapping of str to UniquenessEstimate
    chosen : str
        Up to a sampling fraction of 0.1 Pitman (Zayatz where Pitman finds no answer); above it the smaller of SNB
        and Zayatz (Zayatz where SNB finds none).
    population, rows : int
        N and n.
    persons : int or None
        m, where persons were counted.
    """

    estimates: Mapping[str, UniquenessEstimate]
    chosen: str
    population: int
    rows: int
    persons: int | None = None

    def __getitem__(self, model: str) -> UniquenessEstimate:
        """Return one model's estimate."""
        return self.estimates[model]

    def __iter__(self):  # type: ignore[no-untyped-def]
        """Iterate over the models' names."""
        return iter(self.estimates)

    def __len__(self) -> int:
        """Return how many models there are."""
        return len(self.estimates)

    @property
    def estimate(self) -> UniquenessEstimate:
        """The estimate that the rule chooses."""
        return self.estimates[self.chosen]


def population_uniques(sizes: Ints, population: int, members: Members | None = None) -> UniquenessEstimates:
    """Estimate how many of N persons are unique, by three models, from the class sizes of a simple random sample.

    With `members`, `sizes` are persons of each class, and the sample is one of persons.

    Examples
    --------
    >>> sizes = np.repeat([1, 2, 3, 4, 10], [60, 10, 4, 3, 2])
    >>> found = population_uniques(sizes, 2300)
    >>> found.chosen, round(found.estimate.uniques, 4)
    ('pitman', 385.1002)
    """
    sample = _sample(sizes, population, members)
    estimates = Frozen({model: sample.estimate(model) for model in _MODELS})
    persons = None if members is None else members.n_persons
    return UniquenessEstimates(estimates, sample.chosen(), population, sample.n, persons)


def chosen_estimate(sizes: Ints, population: int, members: Members | None = None) -> UniquenessEstimate:
    """Return the estimate that the rule of Dankar et al. chooses, fitting no model that the rule does not ask.

    Raises `PopulationError` if the population is smaller than the sample.
    """
    least = int(sizes.sum()) if members is None else members.n_known
    if least > population:
        raise PopulationError.smaller(population, least)
    sample = _sample(sizes, population, members)
    return sample.estimate(sample.chosen())


def _sample(sizes: Ints, population: int, members: Members | None) -> _Sample:
    found = np.unique(sizes, return_counts=True)
    if members is None:
        return _Sample(*found, population, population)
    persons, pairs = members.n_persons, len(members.class_of)
    # Rows without an id may be more persons than there are.
    whole = max(population, persons)
    pairs_there = whole * pairs // persons if persons else population
    alone = np.bincount(members.among(sizes == 1))[1:]
    return _Sample(*found, pairs_there, population, None if persons == pairs else alone)


@dataclass
class _Sample:
    """The class sizes j that occur, ascending, how many classes have each, and N; each model is fitted once.

    `people` are the persons of the population, where N are pairs of a person and a class, and `alone` tells how many
    persons of the sample are alone in 1, 2, ... classes, where some have several.
    """

    j: Ints
    counts: Ints
    population: int
    people: int
    alone: Ints | None = None

    def __post_init__(self) -> None:
        self.n = int((self.j * self.counts).sum())
        self.uniques = int(self.counts[self.j == 1].sum())
        self.fraction = self.n / self.population if self.population else 1.0
        self.found: dict[str, UniquenessEstimate] = {}

    def estimate(self, model: str) -> UniquenessEstimate:
        """Return one model's estimate. Where everybody is in the sample, its uniques are the population's."""
        if model in self.found:
            return self.found[model]
        fitted: Fitted = (float(self.uniques), {}, "")
        if self.uniques and self.n < self.population:
            fitted = _MODELS[model](self.j, self.counts, self.population)
        uniques, parameters, why = fitted
        if uniques is not None and not 0 <= uniques <= self.population:
            uniques, why = None, "The estimate lies outside the population."
        sample = None if uniques is None else min(1.0, uniques * self.fraction / self.uniques) if self.uniques else 0.0
        if sample is not None and self.alone is not None:
            singled = float(np.sum(self.alone * (1 - (1 - sample) ** np.arange(1, len(self.alone) + 1))))
            uniques = singled / self.fraction if self.fraction else 0.0
        share = None if uniques is None else uniques / self.people if self.people else 0.0
        told = (Frozen(parameters), _SOURCES[model], why or _LIMITS)
        self.found[model] = UniquenessEstimate(model, uniques, share, sample, self.fraction, *told)
        return self.found[model]

    def chosen(self) -> str:
        """Return the model that the rule of Dankar et al. takes. Zayatz's always has an answer."""
        if self.fraction <= _SMALL_FRACTION:
            return "pitman" if self.estimate("pitman").valid else "zayatz"
        slide, classes = self.estimate("snb").uniques, self.estimate("zayatz").uniques
        return "snb" if slide is not None and classes is not None and slide < classes else "zayatz"


_MODELS: dict[str, Callable[[Ints, Ints, int], Fitted]] = {"zayatz": zayatz, "pitman": pitman, "snb": snb}
