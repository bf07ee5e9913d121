"""A selection as a plan of the engine's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.tally.cells.cells import BOOLEAN, FLOAT, INTEGER, TEXT, UNSIGNED
from privkit.tally.cells.filling import filled_kind
from privkit.tally.engines.lazy_expressions import Compiler
from privkit.tally.engines.native import COUNT, Column, NotAsked
from privkit.values.expression import nodes
from privkit.values.expression.numbers import as_float

if TYPE_CHECKING:
    from privkit.tally.engines.lazy import LazyEngine
    from privkit.values.expression.nodes import Expression, Scalar
    from privkit.values.expression.selection import Selection


def selected(engine: LazyEngine, chosen: Selection, keep: Sequence[str]) -> LazyEngine:
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
    more = {}
    for found, leaf in leaves.items():
        column = engine.columns[found.columns[0]]
        if isinstance(found, nodes.Prefix):
            if column.kind.name != TEXT:
                raise NotAsked
            more[leaf] = nw.col(found.columns[0]).cast(nw.String).str.head(found.length)
        elif column.form != COUNT:
            raise NotAsked
        else:
            more[leaf] = nw.col(found.columns[0])
    frame = engine.frame.with_columns(**more)
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
    """Return a column in which a value stands for missing: see `privkit.tally.cells.filling`."""
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
