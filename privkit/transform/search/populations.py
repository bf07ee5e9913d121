"""Populations beside a table: on the same hierarchies, counted at the same nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.criterion import all_of
from privkit.anonymity.population import PopulationPart
from privkit.anonymity.reports import quasi_identifiers
from privkit.tally.class_values import matches
from privkit.tally.coded_classes import count_classes
from privkit.tally.codes import packed
from privkit.transform.search.node_classes import Rollup
from privkit.transform.source import recoded

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Criterion, Part
    from privkit.tally.classes import Tally
    from privkit.transform.search.coding import Coding
    from privkit.transform.search.node_classes import Classes

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """The persons of a population by the quasi-identifiers of a table.

    Attributes
    ----------
    keys : pandas.DataFrame
        Their classes, one row each.
    coding : Coding
        The classes on the ladders of the table, whose values are those of both.
    """

    keys: pd.DataFrame
    coding: Coding

    @cached_property
    def rollup(self) -> Rollup:
        """Its classes at any node."""
        return Rollup(self.coding)

    def fitting(self, table: Rollup, classes: Classes) -> Ints:
        """Return how many persons fit each class of a node of the table."""
        if table.packed:
            theirs = self.rollup.at(classes.node)
            return _found(theirs.keys, theirs.sizes, classes.keys)
        n = len(table.coding.counts)
        both = [np.concatenate(pair) for pair in zip(table.coding.combos, self.coding.combos, strict=True)]
        ladders = zip(table.coding.ladders, classes.node, both, strict=True)
        codes = packed([ladder.levels[level].codes[values] for ladder, level, values in ladders])[0]
        known, place = np.unique(codes[n:], return_inverse=True)
        sizes = np.bincount(place, weights=self.coding.counts, minlength=len(known)).astype(np.int64)
        return _found(known, sizes, np.unique(codes[:n]))  # in the order of the classes, which codes do not change

    def generalized(self, levels: Ints) -> pd.DataFrame:
        """Return one row per person, generalized as the table is."""
        classes = recoded(self.keys, self.coding, levels, np.ones(len(self.keys), dtype=bool))
        people = np.repeat(np.arange(len(self.keys)), self.coding.counts[self.coding.row_combo])
        return classes.iloc[people].reset_index(drop=True)


def _found(known: Ints, sizes: Ints, wanted: Ints) -> Ints:
    if not len(known):
        return np.zeros(len(wanted), dtype=np.int64)
    place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[place] == wanted, sizes[place], 0)


def populations_of(criterion: Criterion, table: pd.DataFrame, columns: tuple[str, ...]) -> dict[PopulationPart, Tally]:
    """Return the classes of each population that a criterion comes with. Reads their rows.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError
    FrameError
        If one is no dataframe, or a column is of another kind than the table's.
    """
    answer = {}
    for part in criterion.parts:
        if isinstance(part, PopulationPart) and part.compares_tables:
            quasi_identifiers(part.population, columns)
            answer[part] = count_classes(part.population, columns)
            matches(count_classes(table, columns), answer[part])
    return answer


def as_handed_out(criterion: Criterion, populations: Mapping[Part, Population], levels: Any) -> Criterion:
    """Return a criterion whose populations are generalized as the frame is that is handed out: so it can be checked."""
    if not populations:
        return criterion
    parts = [
        replace(part, population=populations[part].generalized(levels)) if part in populations else part  # type: ignore[type-var]
        for part in criterion.parts
    ]
    return all_of(*parts)
