"""Engines that hold rows elsewhere, or not yet: Polars lazy frames, DuckDB, Ibis, PySpark.

An aggregate is asked of the engine where its expressions give exactly what cells give, and fail on no value; that is
decided by the schema and by public numbers. Else the columns that it needs are fetched, and answered as those of an
eager frame. `LazyEngine.fetches` says which, in words, before anything is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.errors import FrameError
from privkit.errors.engines import EngineError
from privkit.errors.root import type_told
from privkit.tally.cells.cells import OTHER
from privkit.tally.cells.columns import table_of_arrow
from privkit.tally.engines.contract import native_of
from privkit.tally.engines.eager import EagerEngine
from privkit.tally.engines.lazy_bins import binned, stair
from privkit.tally.engines.lazy_numbers import AT, GUESS, VALUE, Steps, numbered, places, squares, steps
from privkit.tally.engines.lazy_rows import FetchedEngine, added, added_up, among_keys, plan_of, told, whole
from privkit.tally.engines.native import (
    BY,
    WORDED,
    Column,
    Native,
    NotAsked,
    arrived,
    grouped_by,
    note,
    refuse_other,
    run_in_batches,
    untold,
)
from privkit.tally.rows import all_rows, key_finder

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind, Table
    from privkit.tally.cells.numbers import Grid
    from privkit.tally.engines.contract import Engine
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys

_ROWS, _PART, _POWER = "__privkit_rows", "__privkit_part", "__privkit_power_"
#: Groups that may come for public keys before the engine is asked for those of the keys alone.
_GROUPS = 1 << 20
#: Rows of one part, and the most parts.
_A_PART, _PARTS = 4_000_000, 32
#: Classes that may travel.
LARGEST = 50_000_000
#: Grids of this range are summed in the engine: 2**31 rows of them stay below 2**63.
_SUMMED = 2**31


@dataclass(frozen=True, eq=False)
class LazyEngine:
    """Rows of a lazy frame.

    Attributes
    ----------
    native : Native
        What brings the engine's columns.
    frame : narwhals.LazyFrame
    columns : mapping of str to Column
    is_plain : bool
        Whether the frame's columns are plain already.
    largest : int
        How many classes may travel.
    """

    native: Native
    frame: nw.LazyFrame[Any]
    columns: Mapping[str, Column]
    is_plain: bool = False
    largest: int = LARGEST
    is_lazy = True

    @classmethod
    def of(cls, data: object, *, largest: int = LARGEST) -> LazyEngine:
        """Return the engine of a lazy frame: the engine's own, or one of Narwhals. Reads the schema, never a row.

        Raises
        ------
        FrameError
            If it is no lazy frame, or one of an engine whose types are not known.
        EngineError
            If the engine cannot tell its schema.

        Examples
        --------
        >>> import polars as pl
        >>> engine = LazyEngine.of(pl.LazyFrame({"zip": ["8004", "8004", None]}))
        >>> engine.schema["zip"].name, engine.n_rows()
        ('text', 3)
        """
        try:
            frame = nw.from_native(data)  # type: ignore[call-overload]
        except TypeError:
            raise FrameError.unsupported(type_told(data)) from None
        with untold():
            native = native_of(frame) if isinstance(frame, nw.LazyFrame) else None
            columns = {} if native is None else native.columns(frame.to_native())
        if own := [name for name in columns if name.startswith((VALUE, _ROWS, _PART, _POWER, GUESS, AT, BY))]:
            raise FrameError.unsupported(f"a frame with a column of privkit's own names ({own[0]!r}): rename it")
        if many := [name for name in columns if name == "*" or re.fullmatch(r"\^.*\$", name, re.DOTALL)]:
            raise FrameError.unsupported(f"a frame with a column {many[0]!r}, by which engines name several: rename it")
        if native is not None:
            return cls(native, frame, columns, False, largest)
        raise FrameError.unsupported(type_told(data))

    @property
    def schema(self) -> Mapping[str, Kind]:
        """The kind of each column."""
        return {name: column.kind for name, column in self.columns.items()}

    @property
    def library(self) -> str:
        """The module of the frame's library."""
        return self.native.library

    # -- what travels ----------------------------------------------------------------------------------------------

    def fetches(
        self,
        aggregate: str,
        columns: Sequence[str],
        value: str | None = None,
        on: Grid | NDArray[np.float64] | None = None,
    ) -> tuple[str, ...]:
        """Say in words what an aggregate of the contract fetches, beside groups and their counts. Reads no row.

        Parameters
        ----------
        aggregate : str
            The name of one of the engine contract's methods.
        columns : sequence of str
            What it needs.
        value : str, optional
            Its column of numbers.
        on : Grid or array of float64, optional
            The grid of sums, or the candidates of positions.

        Examples
        --------
        >>> import polars as pl
        >>> engine = LazyEngine.of(pl.LazyFrame({"who": [1], "x": [1.5]}))
        >>> engine.fetches("power_sums", ["x"], "x"), engine.fetches("parts", ["who", "x"])
        ((), ("the columns 'who' and 'x' of all rows, in parts",))
        """
        if aggregate == "pairs" and self.native.is_here:
            aggregate = "parts"  # where pairs are many (see `lazy_persons`)
        if (words := told(aggregate, columns)) is not None:
            return words
        if aggregate == "positions" and value is not None and not self.columns[value].kind.is_number:
            return told("collect", columns) or ()  # of dates: their counts are placed here
        known = value is None or on is None or self._asked(value, on) is not None
        return () if known else told("collect", columns) or ()

    def _asked(self, value: str, on: Grid | NDArray[np.float64]) -> Steps | None:
        """Return how the engine tells numbers on a grid, or their places among candidates; None: it is not asked."""
        column = self.columns[value]
        if not column.kind.is_number:
            return None
        if isinstance(on, np.ndarray):
            return places(self.native, VALUE, column, on)
        return steps(self.native, VALUE, column, on) if on.range <= _SUMMED else None

    def collect(self, columns: Sequence[str]) -> Table:
        """Fetch the named columns of all rows."""
        if not columns:
            from privkit.tally.cells.cells import Table

            return Table({}, self.n_rows())
        return self._table(self.plain_rows(columns), columns, "rows")

    def parts(self, person: str, columns: Sequence[str]) -> Iterator[Table]:
        """Fetch the named columns in parts, each person's rows in one of them."""
        for part in self._parted(self.plain_rows((person, *columns)), person):
            yield self._table(part, (person, *columns), "rows")

    def n_parts(self) -> int:
        """Return in how many parts rows travel whose persons are kept together."""
        return min(_PARTS, -(-self.n_rows() // _A_PART))

    def _parted(self, frame: nw.LazyFrame[Any], person: str) -> Iterator[nw.LazyFrame[Any]]:
        known = frame.filter(~nw.col(person).is_null())
        if (parts := self.n_parts()) <= 1:
            yield known
            return
        with untold():
            marked = nw.from_native(self.native.in_parts(known.to_native(), person, _PART, parts))
        for part in range(parts):
            yield marked.filter(nw.col(_PART) == part).drop(_PART)

    def plain_rows(self, columns: Sequence[str]) -> nw.LazyFrame[Any]:
        """Return a frame of the named columns alone, plain."""
        names = list(dict.fromkeys(columns))
        refuse_other(self.columns, names, self.native)
        return self.plain_of(names)

    def plain_of(self, names: Sequence[str]) -> nw.LazyFrame[Any]:
        """Return a frame of the named columns, plain; those of no kind as they are."""
        if self.is_plain or not names:
            return self.frame.select(*names) if names else self.frame
        with untold():
            plain = self.native.plain(self.frame.to_native(), {name: self.columns[name] for name in names})
            found: nw.LazyFrame[Any] = nw.from_native(plain)
            return found

    def _worded(self, frame: nw.LazyFrame[Any], columns: Mapping[str, Column]) -> nw.LazyFrame[Any]:
        """Return a plain frame whose wide numbers of no Arrow type are texts, as which they travel."""
        worded = [name for name, column in columns.items() if column.form == WORDED]
        if not worded:
            return frame
        with untold():
            return frame.with_columns(*(nw.col(name).cast(nw.String) for name in worded))

    def _run(self, frame: nw.LazyFrame[Any], what: str) -> pa.Table:
        """Run a plain frame."""
        with untold():
            table = self.native.arrow(frame.to_native())
        note(what, table.column_names, table.num_rows)
        return table

    def came(self, frame: nw.LazyFrame[Any], columns: Sequence[str], what: str) -> tuple[Table, pa.Table]:
        """Run a plain frame; return its columns of the data as cells, and the whole as it came."""
        kept = {name: self.columns[name] for name in dict.fromkeys(columns)}
        found = self._run(self._worded(frame, kept), what)
        with untold():
            return replace(table_of_arrow(arrived(found, kept)), rows=found.num_rows), found

    def _table(self, frame: nw.LazyFrame[Any], columns: Sequence[str], what: str) -> Table:
        return self.came(frame.select(*dict.fromkeys(columns)), columns, what)[0]

    def chunks(self, columns: Sequence[str]) -> Iterator[Table]:
        """Fetch the named columns of all rows, some rows at a time."""
        if not columns:
            yield self.collect(())
            return
        kept = {name: self.columns[name] for name in dict.fromkeys(columns)}
        frame = self._worded(self.plain_rows(columns), kept)
        for found in run_in_batches(self.native, frame.to_native()):
            with untold():
                table = table_of_arrow(arrived(found, kept))
            yield table

    def _added_up(self, columns: Sequence[str], work: Callable[[EagerEngine], NDArray[np.int64]]) -> NDArray[np.int64]:
        """Add up what an aggregate is of some rows at a time, which are fetched."""
        return added_up((EagerEngine.of_table(table) for table in self.chunks(columns)), work)

    def n_rows(self) -> int:
        """Count the rows."""
        return self._n_rows

    @cached_property
    def _n_rows(self) -> int:
        # Of one column that has cells, if there is one: Spark aggregates no frame that has a time of day.
        usable = [name for name in self.columns if self.native.renamed(name) is None]
        known = [name for name in usable if self.columns[name].kind.name != OTHER]
        with untold():
            frame = self.frame.select(known[0]) if 0 < len(known) < len(self.columns) else self.frame
            counted = frame.select(nw.len().alias(_ROWS))
        return int(self.one_row(counted)[_ROWS])

    def classes(self, columns: Sequence[str]) -> tuple[Table, NDArray[np.int64]]:
        """Return the distinct combinations of cells, and how many rows have each."""
        table, found = self.plain_classes(columns)
        return table, whole(found, _ROWS)

    def plain_classes(self, columns: Sequence[str]) -> tuple[Table, pa.Table]:
        """Return the distinct combinations as cells, and as they came: plain, with their rows as the last column."""
        table, found = self.came(self.groups(columns).head(self.largest + 1), columns, "tally")
        if len(table) > self.largest:
            raise EngineError.too_large(list(columns), self.largest)
        return table, found

    def groups(self, columns: Sequence[str]) -> nw.LazyFrame[Any]:
        """Return a plan of the plain distinct combinations, with their rows."""
        return grouped_by(self.native, self.plain_rows(columns), columns, [nw.len().alias(_ROWS)])

    def one_row(self, plan: nw.LazyFrame[Any]) -> dict[str, Any]:
        """Run a plan of one row of numbers."""
        found = self._run(plan, "tally")
        return {name: found.column(name)[0].as_py() for name in found.column_names}

    def fetched(self, plan: nw.LazyFrame[Any], columns: Sequence[str]) -> Table:
        """Run a plan of plain columns."""
        return self._table(plan, columns, "tally")

    def keyed_counts(self, keys: Keys) -> NDArray[np.int64]:
        """Count the rows of each public key."""
        place, found = self._by_keys(self.plain_rows(keys.by), keys, [nw.len().alias(_ROWS)])
        return added(place, whole(found, _ROWS), len(keys))

    def distinct(self, value: str, keys: Keys | None) -> NDArray[np.int64]:
        """Count the distinct cells of a column in each key's rows."""
        by = keys.by if keys is not None else ()
        once = grouped_by(self.native, self._with_value(value, keys), (*by, VALUE), [nw.len().alias(_ROWS)])
        once = once.select(*by, _ROWS)
        place, found = self._by_keys(once, keys, [nw.len().alias(_ROWS)])
        return added(place, whole(found, _ROWS), 1 if keys is None else len(keys))

    def _with_value(self, value: str, keys: Keys | None) -> nw.LazyFrame[Any]:
        """Return the plain columns of keys, and one of values under another name; rows without a value left out."""
        by = keys.by if keys is not None else ()
        frame = self.plain_rows((*by, value))
        return frame.select(*by, nw.col(value).alias(VALUE)).filter(~nw.col(VALUE).is_null())

    def _by_keys(
        self, frame: nw.LazyFrame[Any], keys: Keys | None, aggregates: list[nw.Expr], more: Sequence[str] = ()
    ) -> tuple[NDArray[np.int64], pa.Table]:
        """Group a plain frame by the columns of keys (and `more`); return each group's place among them, and all."""
        by = keys.by if keys is not None else ()
        if not by and not more:
            return np.zeros(1, dtype=np.int64), self._run(frame.select(*aggregates), "tally")
        plan = grouped_by(self.native, frame, (*by, *more), aggregates)
        if keys is None:
            found = self._run(plan, "tally")
            return np.zeros(found.num_rows, dtype=np.int64), found
        table, found = self.came(plan.head(_GROUPS + 1), by, "tally")
        if len(table) > _GROUPS:  # far more groups than keys: those of the keys alone
            frame = among_keys(frame, keys, self.columns, self.native)
            table, found = self.came(grouped_by(self.native, frame, (*by, *more), aggregates), by, "tally")
        return all_rows(key_finder(table, keys), len(table)), found

    # -- numbers ---------------------------------------------------------------------------------------------------

    def power_sums(self, value: str, grid: Grid, keys: Keys | None, degree: int) -> NDArray[np.int64]:
        """Sum the powers of a column's numbers on a grid."""
        by = keys.by if keys is not None else ()
        number = self._asked(value, grid)
        if number is None:
            return self._added_up((*by, value), lambda engine: engine.power_sums(value, grid, keys, degree))
        frame = numbered(self, value, keys, number)
        if grid.low:
            frame = frame.with_columns((nw.col(VALUE) - grid.low).alias(VALUE))
        if degree > 1:
            frame = frame.with_columns(squares(self.native, nw.col(VALUE), grid.range).alias(_POWER))
        aggregates = [nw.col(VALUE).count().alias(_POWER + "0")]
        aggregates += [
            nw.col(each).sum().cast(nw.Int64).alias(f"{_POWER}{n}")
            for n, each in enumerate((VALUE, _POWER)[:degree], 1)
        ]
        place, sums = self._by_keys(frame, keys, aggregates)
        summed = (whole(sums, f"{_POWER}{each}") for each in range(degree + 1))
        return np.column_stack([added(place, each, 1 if keys is None else len(keys)) for each in summed])

    def positions(
        self, value: str, candidates: NDArray[np.float64], keys: Keys | None, *, bins: bool = False
    ) -> NDArray[np.int64]:
        """Count rows between and at ascending candidates."""
        by = keys.by if keys is not None else ()
        place = self._asked(value, candidates)
        if place is None:
            return self._added_up((*by, value), lambda engine: engine.positions(value, candidates, keys))
        known = stair(self.native, self.columns[value], candidates) if bins else None
        rows = numbered(self, value, keys, place) if known is None else binned(self, value, keys, known)
        group, counts = self._by_keys(rows, keys, [nw.len().alias(_ROWS)], [VALUE])
        cells, width = 1 if keys is None else len(keys), 2 * len(candidates) + 1
        there, found = np.asarray(counts.column(VALUE).is_valid()), whole(counts, VALUE)
        total = np.zeros((cells + 1, width), dtype=np.int64)
        of = found if known is None else 2 * known.bins(found) + 2
        np.add.at(total, (group[there], of[there]), whole(counts, _ROWS)[there])
        return total[:cells]

    # -- persons ---------------------------------------------------------------------------------------------------

    def pairs(self, person: str, keys: Keys | None) -> Iterator[tuple[Table, NDArray[np.int64]]]:
        """Return in parts the pairs of person and key's columns that occur, and their rows."""
        columns = (person, *(keys.by if keys is not None else ()))
        frame = self.plain_rows(columns)
        if keys is not None:
            frame = among_keys(frame, keys, self.columns, self.native)
        for part in self._parted(frame, person):
            plan = grouped_by(self.native, part, columns, [nw.len().alias(_ROWS)])
            table, found = self.came(plan, columns, "tally")
            yield table, whole(found, _ROWS)

    def selected(self, chosen: Selection, keep: Sequence[str]) -> Engine:
        """Return the rows that a filter keeps, with derived columns."""
        try:
            with untold():
                return plan_of(self, chosen, keep)
        except NotAsked:
            return FetchedEngine(self, chosen, tuple(dict.fromkeys(keep)))

    def fingerprint(self, key: bytes) -> str | None:
        """Return None: the owner's `version=` stands for the data."""
        return None
