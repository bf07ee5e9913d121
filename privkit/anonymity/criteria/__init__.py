"""Criteria: what a table must satisfy before it may be called anonymized by a stated model. They compose with ``&``."""

from privkit.anonymity.criteria.alpha_k import AlphaK
from privkit.anonymity.criteria.beta_likeness import BetaLikeness
from privkit.anonymity.criteria.criterion import AllOf, Criterion, ValueTree
from privkit.anonymity.criteria.delta_disclosure import DeltaDisclosure
from privkit.anonymity.criteria.kanonymity import KAnonymity
from privkit.anonymity.criteria.ldiversity import LDiversity
from privkit.anonymity.criteria.population import DeltaPresence, KMap
from privkit.anonymity.criteria.table_risk import AverageRisk, PopulationUniqueness, SampleUniqueness
from privkit.anonymity.criteria.tcloseness import TCloseness

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
