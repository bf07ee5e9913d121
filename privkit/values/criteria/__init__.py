"""Criteria: what a table must satisfy before it may be called anonymized by a stated model. They compose with ``&``."""

from privkit.values.criteria.alphak import AlphaK
from privkit.values.criteria.base import AllOf, Criterion
from privkit.values.criteria.disclosure import DeltaDisclosure
from privkit.values.criteria.kanonymity import KAnonymity
from privkit.values.criteria.kmap import KMap
from privkit.values.criteria.ldiversity import LDiversity
from privkit.values.criteria.likeness import BetaLikeness
from privkit.values.criteria.presence import DeltaPresence
from privkit.values.criteria.risk import AverageRisk, PopulationUniqueness, SampleUniqueness
from privkit.values.criteria.tcloseness import TCloseness
from privkit.values.criteria.tree import ValueTree

__all__ = [
    "AllOf",
    "AlphaK",
    "AverageRisk",
    "BetaLikeness",
    "Criterion",
    "DeltaDisclosure",
    "DeltaPresence",
    "KAnonymity",
    "KMap",
    "LDiversity",
    "PopulationUniqueness",
    "SampleUniqueness",
    "TCloseness",
    "ValueTree",
]
