"""How many persons of the population are unique, estimated from the sample: models with their limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.pitman import pitman
from privkit.anonymity.snb import snb

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Up to this sampling fraction the rule of Dankar et al. takes Pitman's model.
_SMALL_FRACTION = 0.1

_SOURCES = {
    "zayatz": "Zayatz 1991, equivalence-class model; Dankar et al. 2012, BMC Med Inform Decis Mak 12:66, appendix A",
    "pitman": "Hoshino 2001, Applying Pitman's sampling formula to microdata disclosure risk assessment, JOS 17(4)",
    "snb": "Chen and Keller-McNulty 1998, JOS 14(1), slide negative binomial, equations derived anew; "
    "number of classes by Shlosser in the form of Haas and Stokes 1998",
}
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
    """

    estimates: Mapping[str, UniquenessEstimate]
    chosen: str
    population: int
    rows: int

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


def population_uniques(sizes: NDArray[np.int64], population: int) -> UniquenessEstimates:
    """Estimate how many persons of a population are unique, by three models.

    Parameters
    ----------
    sizes : array of int64, shape (n_classes,)
        The class sizes of a simple random sample of the population.
    population : int
        N, at least the number of rows.

    Examples
    --------
    >>> sizes = np.repeat([1, 2, 3, 4, 10], [60, 10, 4, 3, 2])
    >>> found = population_uniques(sizes, 2300)
    >>> found.chosen, round(found.estimate.uniques, 4)
    ('pitman', 385.1002)
    """
    n = int(sizes.sum())
    j, counts = np.unique(sizes, return_counts=True)
    uniques = int(counts[j == 1].sum())
    fitted: dict[str, tuple[float | None, dict[str, float], str]]
    if not uniques or n == population:
        # Where everybody is in the sample, its uniques are the population's.
        fitted = {name: (float(uniques), {}, "") for name in _SOURCES}
    else:
        fitted = {
            "zayatz": zayatz(j, counts, population),
            "pitman": pitman(j, counts, population),
            "snb": snb(j, counts, population),
        }
    estimates = {
        name: _estimate(name, *found, n=n, population=population, s1=uniques) for name, found in fitted.items()
    }
    return UniquenessEstimates(MappingProxyType(estimates), _dankar(estimates, n / population), population, n)


def _estimate(
    model: str, uniques: float | None, parameters: dict[str, float], why: str, *, n: int, population: int, s1: int
) -> UniquenessEstimate:
    if uniques is not None and not 0 <= uniques <= population:
        uniques, why = None, "The estimate lies outside the population."
    fraction = n / population if population else 1.0
    share = None if uniques is None else uniques / population if population else 0.0
    sample = None if uniques is None else min(1.0, uniques * fraction / s1) if s1 else 0.0
    return UniquenessEstimate(
        model, uniques, share, sample, fraction, MappingProxyType(parameters), _SOURCES[model], why or _LIMITS
    )


def _dankar(estimates: Mapping[str, UniquenessEstimate], fraction: float) -> str:
    if fraction <= _SMALL_FRACTION:
        return "pitman" if estimates["pitman"].valid else "zayatz"
    slide, classes = estimates["snb"].uniques, estimates["zayatz"].uniques
    return "snb" if slide is not None and classes is not None and slide < classes else "zayatz"


def zayatz(
    j: NDArray[np.int64], counts: NDArray[np.int64], population: int
) -> tuple[float | None, dict[str, float], str]:
    r"""Estimate population uniques by Zayatz's equivalence-class model.

    P(F = 1 \\| f = 1) = s1 H(1; N, 1, n) / Σ_j s_j H(1; N, j, n) with the hypergeometric probability
    H(1; N, j, n) = j C(N - j, n - 1) / C(N, n); S1 = s1 P / π. The ratios C(N - j, n - 1) / C(N - 1, n - 1) are
    products of (N - n - i + 1) / (N - i) over i < j, which large N leaves exact.
    """
    n = int((j * counts).sum())
    steps = np.arange(1, int(j.max()), dtype=np.float64)
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(population - n - steps + 1, 0.0)) - np.log(population - steps)
    ratios = np.exp(np.concatenate(([0.0], np.cumsum(logs))))[j - 1]
    s1 = float(counts[j == 1].sum())
    probability = s1 / float(np.sum(counts * j * ratios))
    return s1 * probability * population / n, {"probability": probability}, ""
