"""Expressions on frames: checked against the schema, then evaluated behind the engine's door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from privkit.errors.expression import ExpressionError
from privkit.tally.cells import cells as kinds_of_cells
from privkit.tally.cells.calendar import zone_known
from privkit.tally.cells.choosing import holds
from privkit.tally.frame import engine_of
from privkit.values.expression import checking as kinds_of
from privkit.values.expression.checking import checked
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import Column, Compare, DatePart, Expression, Literal

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind
    from privkit.tally.engines.contract import Engine
    from privkit.values.expression.selection import Selection

#: Kind of cells → what the expression language calls it; others can only be asked whether they are missing.
_WORDS = {
    kinds_of_cells.BOOLEAN: kinds_of.BOOLEAN,
    kinds_of_cells.INTEGER: kinds_of.INTEGER,
    kinds_of_cells.UNSIGNED: kinds_of.NUMBER,
    kinds_of_cells.WIDE: kinds_of.NUMBER,
    kinds_of_cells.FLOAT: kinds_of.NUMBER,
    kinds_of_cells.TEXT: kinds_of.TEXT,
    kinds_of_cells.DATE: kinds_of.DATE,
    kinds_of_cells.OBJECT: kinds_of.OBJECT,
}


def language_kind(kind: Kind) -> str:
    """Return what the expression language calls a kind of cells.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> [language_kind(Kind(name)) for name in ("integer", "wide", "instant", "bytes")]
    ['integer', 'number', 'datetime', 'other']
    """
    if kind.name == kinds_of_cells.INSTANT:
        return kinds_of.MOMENT if kind.zone else kinds_of.DATETIME
    return _WORDS.get(kind.name, kinds_of.OTHER)


def check_selection(data: object, chosen: Selection) -> dict[str, str]:
    """Check a selection against a frame's schema; return the kinds of its columns and of the derived ones.

    Reads the schema, never a row.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ExpressionError
    """
    engine = engine_of(data)
    schema, library = engine.schema, engine.library
    kinds = {name: language_kind(schema[name]) for name in chosen.columns if name in schema}
    known = {name: kinds.get(name, "") for name in schema}  # every name, for the close matches
    for name, expression in chosen.derive:
        if name in known:
            raise ExpressionError.name_taken(name)
        kinds[name] = checked(expression, known, f"derive[{name!r}]", library)
        _check_zones(expression, schema, f"derive[{name!r}]")
    both = known | {name: kinds[name] for name in chosen.derived}
    if chosen.where is not None:
        if checked(chosen.where, both, "where", library) != kinds_of.BOOLEAN:
            rule = "a filter must be true or false for a row."
            raise ExpressionError.types("where", str(chosen.where), rule)
        _check_zones(chosen.where, schema, "where")
    for name, value in chosen.missing:
        literal = Compare("==", Column(name), Literal("" if value is None else value))
        if value is not None or name not in both:
            checked(literal, both, "missing", library)
        if value is not None and name in schema and not holds(schema[name], value):
            rule = f"{name} counts in {schema[name].unit}: a date that it cannot hold cannot stand for missing."
            raise ExpressionError.types("missing", f"{name}: {value}", rule)
    return {name: kind for name, kind in both.items() if kind}


def _check_zones(expression: Expression, schema: Mapping[str, Kind], argument: str) -> None:
    """Refuse a date part, or a cut at days, of a column whose zone's rules are not known."""
    if isinstance(expression, DatePart | DateCut):
        for name in expression.columns:
            zone = schema[name].zone if name in schema else ""
            if zone and not zone_known(zone):
                rule = f"the rules of {name}'s time zone {zone!r} are not known. Convert it to another, like 'UTC'."
                raise ExpressionError.types(argument, expression.text(), rule)
    for part in expression.parts():
        _check_zones(part, schema, argument)


def apply(data: object, chosen: Selection, *, keep: Sequence[str] | None = None) -> Engine:
    """Return the rows that the filter keeps, with the derived columns, and missing values dealt with.

    Every step looks at one row alone, and whatever a row holds it has an answer: so the transformation is stable under
    any metric that counts rows or persons (a row more or less of the frame is at most one more or less of the result).
    A column that the filter names comes out as it went in. Reads rows (on a lazy engine only when the result is used);
    spends nothing.

    Parameters
    ----------
    data : dataframe or Engine
    chosen : Selection
    keep : sequence of str, optional
        The columns of the result, derived ones included; by default all.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ExpressionError

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.expression import selection
    >>> people = pd.DataFrame({"age": [15, 70, 30, None]})
    >>> chosen = selection("age < 65", {"adult": "age >= 18"})
    >>> apply(people, chosen).collect(["adult"])["adult"].values.tolist()
    [False, True]
    """
    engine = engine_of(data, chosen.columns)
    check_selection(engine, chosen)
    names = [*engine.schema, *chosen.derived] if keep is None else list(dict.fromkeys(keep))
    return engine.selected(chosen, names)


def rows_of(frame: pd.DataFrame, chosen: Selection) -> NDArray[np.int64]:
    """Return which rows of a pandas frame a selection keeps, by their places.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.expression.selection import selection
    >>> rows_of(pd.DataFrame({"age": [15, 70, None]}), selection("age < 65")).tolist()
    [0]
    """
    import numpy as np

    places = np.arange(len(frame))
    if not chosen:
        return places
    name = "place"
    while name in (*frame.columns, *chosen.derived):
        name += "_"
    kept = apply(frame.assign(**{name: places}), chosen, keep=[name]).collect([name])[name]
    return np.asarray(kept.values, dtype=np.int64)
