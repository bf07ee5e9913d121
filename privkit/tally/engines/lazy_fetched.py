"""Rows of a lazy engine that are selected here, since a part of the selection is not asked of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.expressions import derived_kinds, selected
from privkit.tally.engines.eager import EagerEngine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Table
    from privkit.tally.cells.kind import Kind
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.tally.grid import Grid
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys


def added_up(engines: Iterable[EagerEngine], work: Callable[[EagerEngine], NDArray[np.int64]]) -> NDArray[np.int64]:
    """Add up an aggregate of several engines' rows; where there is none, that of no rows is asked for by the caller."""
    total: NDArray[np.int64] | None = None
    for engine in engines:
        found = work(engine)
        total = found if total is None else total + found
    assert total is not None  # there is one engine at least
    return total


def told(aggregate: str, columns: Sequence[str]) -> tuple[str, ...] | None:
    """Say in words what an aggregate fetches whatever the engine; None where that is for the engine to tell."""
    rows = {"collect": "", "parts": ", in parts", "pairs": ", each pair of a person and a group once, in parts"}
    if aggregate in rows:
        return (f"{listed(columns)} of all rows{rows[aggregate]}",)
    return (f"the distinct values of {listed(columns)}",) if aggregate == "classes" else None


class FetchedEngine:
    """Rows whose columns are fetched, some rows at a time, and then selected.

    Parameters
    ----------
    base : LazyEngine
    chosen : Selection
    keep : tuple of str
        Its columns.
    """

    is_lazy = True

    def __init__(self, base: LazyEngine, chosen: Selection, keep: tuple[str, ...]) -> None:
        self.base, self.chosen = base, chosen
        kinds = derived_kinds(base.schema, chosen)
        self.schema: Mapping[str, Kind] = {name: kinds[name] for name in keep}

    # -- what travels ----------------------------------------------------------------------------------------------

    def fetches(
        self,
        aggregate: str,
        columns: Sequence[str],
        value: str | None = None,
        on: Grid | NDArray[np.float64] | None = None,
    ) -> tuple[str, ...]:
        """Say in words what an aggregate fetches: columns of all rows, whatever it is."""
        return self.base.fetches("parts" if aggregate == "pairs" else "collect", self._own(columns))

    def _own(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns of the base that some columns, and the filter, are made of."""
        derived = self.chosen.derived
        return tuple(dict.fromkeys((*(name for name in columns if name not in derived), *self.chosen.columns)))

    def _selected(self, table: Table, columns: Sequence[str]) -> Table:
        return selected(table, self.chosen, tuple(dict.fromkeys(columns)), self.base.function)

    def _chunks(self, columns: Sequence[str]) -> Iterator[EagerEngine]:
        for table in self.base.chunks(self._own(columns)):
            yield EagerEngine.of_table(self._selected(table, columns))

    def collect(self, columns: Sequence[str]) -> Table:
        """Fetch the named columns of the rows that are kept."""
        return self._selected(self.base.collect(self._own(columns)), columns)

    def parts(self, person: str, columns: Sequence[str]) -> Iterator[Table]:
        """Fetch the named columns in parts, each person's rows in one of them."""
        if person in self.chosen.derived or person in dict(self.chosen.missing):  # is another one in the base
            yield self.collect((person, *columns))
            return
        for table in self.base.parts(person, self._own((person, *columns))):
            yield self._selected(table, (person, *columns))

    def selected(self, chosen: Selection, keep: Sequence[str], function: str) -> EagerEngine:
        """Return the rows that another filter keeps, fetched."""
        names = [name for name in (*keep, *chosen.columns) if name not in chosen.derived]
        return EagerEngine.of_table(self.collect(names)).selected(chosen, keep, function)

    # -- aggregates ------------------------------------------------------------------------------------------------

    def n_rows(self) -> int:
        """Count the rows that are kept."""
        return sum(engine.n_rows() for engine in self._chunks(()))

    def classes(self, columns: Sequence[str]) -> tuple[Table, NDArray[np.int64]]:
        """Return the distinct combinations of cells, and how many rows have each."""
        return EagerEngine.of_table(self.collect(columns)).classes(columns)

    def keyed_counts(self, keys: Keys) -> NDArray[np.int64]:
        """Count the rows of each public key."""
        return added_up(self._chunks(keys.by), lambda engine: engine.keyed_counts(keys))

    def power_sums(self, value: str, grid: Grid, keys: Keys | None, degree: int) -> NDArray[np.int64]:
        """Sum the powers of a column's numbers on a grid."""
        return added_up(self._chunks(_with(value, keys)), lambda each: each.power_sums(value, grid, keys, degree))

    def positions(self, value: str, candidates: NDArray[np.float64], keys: Keys | None) -> NDArray[np.int64]:
        """Count rows between and at ascending candidates."""
        return added_up(self._chunks(_with(value, keys)), lambda each: each.positions(value, candidates, keys))

    def distinct(self, value: str, keys: Keys | None) -> NDArray[np.int64]:
        """Count the distinct cells of a column in each key's rows."""
        return EagerEngine.of_table(self.collect(_with(value, keys))).distinct(value, keys)

    def pairs(self, person: str, keys: Keys | None) -> Iterator[tuple[Table, NDArray[np.int64]]]:
        """Return in parts the pairs of person and key's columns that occur, and their rows."""
        by = keys.by if keys is not None else ()
        for table in self.parts(person, by):
            yield EagerEngine.of_table(table).classes((person, *by))

    def fingerprint(self, key: bytes, function: str) -> str | None:
        """Return None: the owner's `version=` stands for the data."""
        return None


def _with(value: str, keys: Keys | None) -> tuple[str, ...]:
    return (*(keys.by if keys is not None else ()), value)


def listed(columns: Sequence[str]) -> str:
    """Return columns in words."""
    quoted = [repr(name) for name in dict.fromkeys(columns)]
    if len(quoted) == 1:
        return f"the column {quoted[0]}"
    return f"the columns {', '.join(quoted[:-1])} and {quoted[-1]}"
