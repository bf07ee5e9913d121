"""Fuzzy linkage by Splink, a library of probabilistic record linkage (the extra ``linkage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import LinkageError
from privkit.tally.two_tables import Matches

if TYPE_CHECKING:
    from types import ModuleType

    from privkit.tally.two_tables import Kind, Pair, Records

#: Pairs that one pass of training looks at, and that chance agreement is counted on.
_TRAINING, _SAMPLED = 1_000_000, 2_000_000
#: The least share of true matches among the pairs of a training pass that Splink's makers advise.
_FEWEST = 0.005


@dataclass(frozen=True, slots=True)
class FuzzyLinkage:
    """How a fuzzy linkage was made.

    Attributes
    ----------
    probability : float
        Pairs of at least this probability of being one person count as matches, for rows without an equal.
    n_equal : int
        Rows of the data that a row of the other table equals in all columns, up to case and needless spaces. They match
        their equals, however common their values are, as they do exactly.
    comparisons : mapping of str to {"name", "code", "date", "number", "exact"}
        How each column of the data was compared.
    compared_on : tuple of tuples of str
        Only pairs of rows that agree in all columns of one of these were compared; others are never matches.
    n_compared : int
        How many pairs these are at most.
    library : str
        Splink's version.
    """

    probability: float
    n_equal: int
    comparisons: Mapping[str, Kind]
    compared_on: tuple[tuple[str, ...], ...]
    n_compared: int
    library: str


class Model:
    """A Fellegi-Sunter model of two tables, trained without labels.

    A pair agrees in column c to some level with probability m if both rows are of one person, and u if not; the
    pair's odds are the prior's times Π m/u (Fellegi and Sunter 1969, JASA 64(328)). A missing value adds no evidence.
    u is counted on pairs drawn at random; m is fitted by expectation maximization on the pairs that agree in one
    column, for the others, where these hold enough matches, else it is Splink's default. The prior takes every row
    of the smaller table to be in the larger one, 1 / max(n, n'): the attacker's best case.

    Parameters
    ----------
    both : Records
    seed : int
        Of the pairs that u is counted on.
    max_pairs : int
        How many pairs to compare at most.
    """

    def __init__(self, both: Records, seed: int, max_pairs: int) -> None:
        self.splink = _splink()
        self.blocks, self.n_compared = _blocks(both.pair, max_pairs)
        self.settings: dict[str, Any] | None = None
        if self.blocks and len(both.left) and len(both.right):
            with _quiet():
                self.settings = self._trained(both, seed)

    def matches(self, both: Records, probability: float) -> Matches:
        """Return what each left row matches: its equals, else those that it may be with at least this probability.

        A row that an exact join finds is found alike: so no more rows match none, and no fewer match exactly one.
        """
        return equals(both).or_else(self._probable(both, probability))

    def _probable(self, both: Records, probability: float) -> Matches:
        n = len(both.left)
        incomplete = int(np.logical_or.reduce([codes < 0 for codes in both.pair.left]).sum())
        counts, partner = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
        if self.settings is not None and n and len(both.right):
            with _quiet():
                linker = self._linker(both, self.settings)
                found = linker.inference.predict(threshold_match_probability=probability).as_pandas_dataframe()
            here, there = found["unique_id_l"].to_numpy(np.int64), found["unique_id_r"].to_numpy(np.int64)
            counts = np.bincount(here, minlength=n)
            partner[here] = there
        return Matches(counts, np.where(counts == 1, partner, -1), incomplete)

    def _linker(self, both: Records, settings: Any) -> Any:
        import duckdb

        connection = duckdb.connect(":memory:")
        connection.execute("SET enable_progress_bar = false")  # it writes past Python's standard output
        engine = self.splink.DuckDBAPI(connection)
        tables = [
            engine.register(both.left, dataset_display_name="a"),
            engine.register(both.right, dataset_display_name="b"),
        ]
        return self.splink.Linker(tables, settings, log_level=None)

    def _trained(self, both: Records, seed: int) -> dict[str, Any]:
        rules = [self.splink.block_on(*(f"c{place}" for place in block)) for block in self.blocks]
        larger, smaller = max(len(both.left), len(both.right)), min(len(both.left), len(both.right))
        settings = self.splink.SettingsCreator(
            link_type="link_only",
            comparisons=[_comparison(f"c{place}", kind) for place, kind in enumerate(both.kinds)],
            blocking_rules_to_generate_predictions=rules,
            probability_two_random_records_match=1 / max(larger, 2),
            retain_matching_columns=False,
            retain_intermediate_calculation_columns=False,
        )
        linker = self._linker(both, settings)
        linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED, seed=seed + 1)
        if len(both.kinds) > 2:  # by a column that is left alone, no model is determined
            for place in range(len(both.kinds)):
                pairs = _agreeing(both.pair, [place])
                if pairs and smaller / pairs >= _FEWEST:
                    linker.training.estimate_parameters_using_expectation_maximisation(
                        self.splink.block_on(f"c{place}"), max_pairs=_TRAINING if pairs > _TRAINING else None
                    )
        trained: dict[str, Any] = linker.misc.save_model_to_json()
        return trained


def equals(both: Records) -> Matches:
    """Return what each left row equals as the values were given, else what in plain forms."""
    return both.exact.matches().or_else(both.pair.matches())


def _comparison(name: str, kind: Kind) -> Any:
    """Return Splink's comparison of a column: the levels of agreement, from full to none."""
    import splink.comparison_level_library as level
    import splink.comparison_library as comparison

    near: dict[str, list[Any]] = {
        "name": [level.JaroWinklerLevel(name, 0.92), level.JaroWinklerLevel(name, 0.8)],
        "code": [level.DamerauLevenshteinLevel(name, 1)],
        "date": [level.DamerauLevenshteinLevel(name, 1), level.DamerauLevenshteinLevel(name, 2)],
        "number": [level.AbsoluteDifferenceLevel(name, 1)],
        "exact": [],
    }
    same = level.ExactMatchLevel(name, term_frequency_adjustments=kind in {"name", "code"})
    levels = [level.NullLevel(name), same, *near[kind], level.ElseLevel()]
    return comparison.CustomComparison(levels, output_column_name=name)


def _blocks(pair: Pair, most: int) -> tuple[list[tuple[int, ...]], int]:
    """Return the columns, or sets of columns, whose agreeing pairs are few enough to be compared, and how many."""
    width = len(pair.left)
    blocks: list[tuple[int, ...]] = []
    total = 0
    for size in sorted({1, min(2, width), width}):
        free = [subset for subset in combinations(range(width), size) if not any(set(b) <= set(subset) for b in blocks)]
        for count, subset in sorted((_agreeing(pair, subset), subset) for subset in free):
            if count and total + count <= most:
                blocks.append(subset)
                total += count
    return blocks, total


def _agreeing(pair: Pair, columns: Sequence[int]) -> int:
    """Return how many pairs of rows agree in all of some columns; missing agrees with nothing."""
    found = type(pair)([pair.left[place] for place in columns], [pair.right[place] for place in columns]).matches()
    return int(found.counts.sum())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Splink's log to itself, and its errors, whose text may hold values."""
    log = logging.getLogger("splink")
    before = log.level, log.disabled
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    except Exception:  # noqa: BLE001
        raise LinkageError.of() from None
    finally:
        log.setLevel(before[0])


def _splink() -> ModuleType:
    try:
        import splink
        from splink import DuckDBAPI  # noqa: F401  # brings DuckDB
    except ImportError:
        raise LibraryRequiredError.of("Splink", "linkage") from None
    module: ModuleType = splink
    return module
