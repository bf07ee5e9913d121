"""Rows of a lazy engine that are selected here, since a part of the selection is not asked of the engine.

Public keys, and the groups and counts that come of a lazy engine.

A selection as a plan of the engine's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.tally.cells.cells import BOOLEAN, FLOAT, INTEGER, TEXT, UNSIGNED
from privkit.tally.cells.choosing import filled_kind
from privkit.tally.cells.expressions import derived_kinds, selected
from privkit.tally.cells.finding import typed
from privkit.tally.engines.eager import EagerEngine
from privkit.tally.engines.lazy_expressions import Compiler
from privkit.tally.engines.native import COUNT, Column, Native, NotAsked
from privkit.tally.rows import distinct_keys
from privkit.values.expression import nodes
from privkit.values.expression.numbers import as_float

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind, Table
    from privkit.tally.cells.numbers import Grid
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.values.expression.nodes import Expression, Scalar
    from privkit.values.expression.selection import Selection
    from privkit.values.keys import Keys


def plan_of(engine: LazyEngine, chosen: Selection, keep: Sequence[str]) -> LazyEngine:
    """Return the rows that a filter keeps, with derived columns, as a plain lazy frame.

    Raises
    ------
    NotAsked
        If a part of it is not asked of the engine.
    """
    own = [name for name in (*keep, *chosen.columns) if name in engine.columns and name not in chosen.derived]
    frame, columns, leaves = _with_leaves(engine, list(dict.fromkeys(own)), chosen)
    compiler = Compiler(columns, engine.native, leaves)
    if chosen.derive:
        derived = {name: compiler.derived(expression) for name, expression in chosen.derive}
        frame = frame.with_columns(**{name: expression for name, (expression, _) in derived.items()})
        columns = {**columns, **{name: column for name, (_, column) in derived.items()}}
        compiler = Compiler(columns, engine.native, leaves)
    if chosen.where is not None:
        frame = frame.filter(compiler.truth(chosen.where)[0])
    for name, value in chosen.missing:
        if value is None:
            frame = frame.filter(~nw.col(name).is_null())
        else:
            filled, columns[name] = _filled(compiler, name, value)
            frame = frame.with_columns(filled.alias(name))
    names = list(dict.fromkeys(keep))
    return replace(
        engine,
        frame=frame.select(*names) if names else frame,
        columns={name: columns[name] for name in names},
        is_plain=True,
    )


def _with_leaves(
    engine: LazyEngine, own: list[str], chosen: Selection
) -> tuple[nw.LazyFrame[Any], dict[str, Column], dict[Expression, str]]:
    """Return the plain frame of some columns, beside which stand texts' first characters, and dates as they were."""
    expressions = [expression for _, expression in chosen.derive]
    expressions += [chosen.where] if chosen.where is not None else []
    wanted = [found for each in expressions for found in _parts(each) if found.columns[0] in engine.columns]
    leaves = {found: f"__privkit_leaf_{place}" for place, found in enumerate(dict.fromkeys(wanted))}
    columns = {name: engine.columns[name] for name in own}
    if not leaves:
        return engine.plain_of(own), columns, {}
    if engine.is_plain:
        raise NotAsked
    dates, heads = {}, {}
    for found, leaf in leaves.items():
        column = engine.columns[found.columns[0]]
        if isinstance(found, nodes.Prefix):
            if column.kind.name != TEXT:
                raise NotAsked
            heads[leaf] = (found.columns[0], found.length)
        elif column.form != COUNT:
            raise NotAsked
        else:
            dates[leaf] = nw.col(found.columns[0])
    frame = engine.frame.with_columns(**dates) if dates else engine.frame
    frame = engine.native.headed(frame, heads) if heads else frame
    known = engine.native.columns(frame.to_native())
    added = {
        leaf: known[leaf] if isinstance(found, nodes.Prefix) else Column.refused("") for found, leaf in leaves.items()
    }
    plain = replace(engine, frame=frame, columns={**engine.columns, **added}).plain_of([*own, *added])
    # Of a text that is missing (as bytes that are no text are) the first characters are, too.
    there = {
        leaf: nw.when(~nw.col(found.columns[0]).is_null()).then(nw.col(leaf))
        for found, leaf in leaves.items()
        if isinstance(found, nodes.Prefix)
    }
    return plain.with_columns(**there) if there else plain, {**columns, **added}, leaves


def _parts(expression: Expression) -> list[Expression]:
    """Return what an expression asks of columns before they are plain: first characters, and dates of parts."""
    own: list[Expression] = []
    if isinstance(expression, nodes.Prefix | nodes.DatePart) and isinstance(expression.of, nodes.Column):
        own = [expression if isinstance(expression, nodes.Prefix) else expression.of]
    return own + [found for part in expression.parts() for found in _parts(part)]


def _filled(compiler: Compiler, name: str, value: Scalar) -> tuple[nw.Expr, Column]:
    """Return a column in which a value stands for missing: see `privkit.tally.cells.choosing`."""
    import pyarrow as pa

    column = compiler.columns[name]
    kind, native = filled_kind(column.kind, value), compiler.native
    own: nw.Expr = nw.col(name)
    if kind.name == FLOAT:
        if column.kind.name not in (INTEGER, UNSIGNED, FLOAT):
            raise NotAsked
        typed, column = native.real(as_float(value) + 0.0), replace(Column.of(pa.float64()), kind=kind)  # type: ignore[arg-type]
        own = own.cast(nw.Float64)
    elif kind.name == TEXT:
        typed = compiler.text(str(value))
    elif kind.name == BOOLEAN:
        typed = nw.lit(bool(value))
    elif kind.name in (INTEGER, UNSIGNED):
        typed = native.unsigned(int(value))
    else:
        raise NotAsked
    return nw.when(own.is_null()).then(typed).otherwise(own), column


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

    @property
    def library(self) -> str:
        """The module of the frame's library."""
        return self.base.library

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
        return selected(table, self.chosen, tuple(dict.fromkeys(columns)))

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

    def selected(self, chosen: Selection, keep: Sequence[str]) -> EagerEngine:
        """Return the rows that another filter keeps, fetched."""
        names = [name for name in (*keep, *chosen.columns) if name not in chosen.derived]
        return EagerEngine.of_table(self.collect(names)).selected(chosen, keep)

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

    def positions(
        self, value: str, candidates: NDArray[np.float64], keys: Keys | None, *, bins: bool = False
    ) -> NDArray[np.int64]:
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

    def fingerprint(self, key: bytes) -> str | None:
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


def among_keys(
    frame: nw.LazyFrame[Any], keys: Keys, columns: Mapping[str, Column], native: Native
) -> nw.LazyFrame[Any]:
    """Return the rows of a plain frame whose values occur in keys, column by column; where a column's can be named."""
    for place, name in enumerate(keys.by):
        kept = _among(name, columns[name], distinct_keys(keys, place)[0], native)
        if kept is not None:
            frame = frame.filter(kept)
    return frame


def _among(name: str, column: Column, values: Sequence[object], native: Native) -> nw.Expr | None:
    if column.kind.name not in (BOOLEAN, INTEGER, UNSIGNED, TEXT):
        return None
    named: list[Any] = [found for value in values if (found := typed(value, column.kind)) is not None]
    if column.kind.name == TEXT:
        if not all(native.can_name(text) for text in named):
            return None
        named = native.texts(named)
    if column.kind.name == INTEGER:
        named = [number for number in named if -(2**63) <= number < 2**63]
    if column.kind.name == UNSIGNED:
        named = [number for number in named if 0 <= number < 2**63]
        if len(named) < len(values):
            return None
    missing = nw.col(name).is_null()
    kept = nw.col(name).is_in(named) if named else missing
    return kept | missing if None in values else kept


def whole(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return whole numbers of an aggregate; none is 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.fill_null(table.column(name).cast(pa.int64()), 0)
    return np.ascontiguousarray(found.to_numpy(), dtype=np.int64)


def added(place: NDArray[np.int64], counts: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
    """Add up counts by place; the last place is that of no key."""
    total = np.zeros(cells + 1, dtype=np.int64)
    np.add.at(total, place, counts)
    return total[:cells]
